//! Text that knows where it came from: every byte maps back to bytes of the source, through every rewrite.

use std::ops::Range;

/// A run of output bytes and the source bytes it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    out: usize,
    src: usize,
    src_len: usize,
    /// The same bytes on both sides, so that positions inside correspond.
    verbatim: bool,
}

/// Where each byte of a text came from: byte ranges of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceMap {
    /// Sorted by `out`, which starts at 0 and leaves no gap.
    runs: Vec<Run>,
    len: usize,
}

impl SourceMap {
    fn push(&mut self, out_len: usize, src: Range<usize>, verbatim: bool) {
        if out_len == 0 {
            return;
        }
        let src_len = src.end.saturating_sub(src.start);
        if let Some(last) = self.runs.last_mut()
            && last.verbatim
            && verbatim
            && last.src + last.src_len == src.start
        {
            last.src_len += src_len;
        } else {
            self.runs.push(Run { out: self.len, src: src.start, src_len, verbatim });
        }
        self.len += out_len;
    }

    /// The run that holds output byte `at`, and its output length.
    fn run_at(&self, at: usize) -> Option<(Run, usize)> {
        let i = self.runs.partition_point(|run| run.out <= at).checked_sub(1)?;
        let run = *self.runs.get(i)?;
        let end = self.runs.get(i + 1).map_or(self.len, |next| next.out);
        Some((run, end - run.out))
    }

    /// The source bytes that the output range was made from.
    ///
    /// Inside rewritten words the whole rewritten piece counts. An empty range maps to an empty one.
    pub fn to_source(&self, range: Range<usize>) -> Range<usize> {
        let start = match self.run_at(range.start) {
            Some((run, _)) if run.verbatim => {
                (run.src + (range.start - run.out)).min(run.src + run.src_len)
            }
            Some((run, _)) => run.src,
            None => 0,
        };
        if range.end <= range.start {
            return start..start;
        }
        let end = match self.run_at(range.end - 1) {
            Some((run, _)) if run.verbatim => {
                (run.src + (range.end - run.out)).min(run.src + run.src_len)
            }
            Some((run, _)) => run.src + run.src_len,
            None => start,
        };
        start..end.max(start)
    }
}

/// A text and the map from its bytes to bytes of the source it was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapped {
    text: String,
    map: SourceMap,
}

impl Mapped {
    /// A text that is its own source.
    pub fn verbatim(text: impl Into<String>) -> Self {
        let text = text.into();
        let mut map = SourceMap::default();
        map.push(text.len(), 0..text.len(), true);
        Mapped { text, map }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The source bytes that `range` of the text was made from.
    pub fn to_source(&self, range: Range<usize>) -> Range<usize> {
        self.map.to_source(range)
    }

    /// Only `range` of the text (byte offsets on character boundaries).
    pub fn slice(&self, range: Range<usize>) -> Mapped {
        let mut rewrite = Rewrite::new(self);
        rewrite.keep(range);
        rewrite.finish()
    }
}

/// Writes a new text from an old one, piece by piece, and keeps the map.
#[derive(Debug)]
pub struct Rewrite<'a> {
    old: &'a Mapped,
    text: String,
    map: SourceMap,
}

impl<'a> Rewrite<'a> {
    /// Nothing written yet.
    pub fn new(old: &'a Mapped) -> Self {
        Rewrite { old, text: String::with_capacity(old.text.len()), map: SourceMap::default() }
    }

    /// Copies `range` of the old text (byte offsets on character boundaries; anything else is left out).
    pub fn keep(&mut self, range: Range<usize>) {
        let Some(piece) = self.old.text.get(range.clone()) else { return };
        self.text.push_str(piece);
        let mut at = range.start;
        while at < range.end {
            let Some((run, run_len)) = self.old.map.run_at(at) else { break };
            let end = (run.out + run_len).min(range.end);
            let src = if run.verbatim {
                run.src + (at - run.out)..run.src + (end - run.out)
            } else {
                run.src..run.src + run.src_len
            };
            self.map.push(end - at, src, run.verbatim);
            at = end;
        }
    }

    /// Writes `words`, which stand for `range` of the old text.
    pub fn put(&mut self, words: &str, range: Range<usize>) {
        self.text.push_str(words);
        let src = self.old.map.to_source(range);
        self.map.push(words.len(), src, false);
    }

    /// What has been written so far.
    pub fn written(&self) -> &str {
        &self.text
    }

    /// The new text with its map.
    pub fn finish(self) -> Mapped {
        Mapped { text: self.text, map: self.map }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_through_two_rewrites() {
        let source = Mapped::verbatim("a(x)bc d");
        let mut first = Rewrite::new(&source);
        first.keep(0..1);
        first.keep(4..8);
        let first = first.finish();
        assert_eq!(first.text(), "abc d");
        assert_eq!(first.to_source(1..2), 4..5);
        let mut second = Rewrite::new(&first);
        second.keep(0..1);
        second.put("BBB", 1..3);
        second.keep(4..5);
        let second = second.finish();
        assert_eq!(second.text(), "aBBBd");
        assert_eq!(second.to_source(1..2), 4..6);
        assert_eq!(second.to_source(0..5), 0..8);
        assert_eq!(second.to_source(4..5), 7..8);
        assert_eq!(second.to_source(4..4), 7..7);
    }
}
