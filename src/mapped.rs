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

    /// The number of the run that holds output byte `at`.
    fn run_at(&self, at: usize) -> usize {
        self.runs.partition_point(|run| run.out <= at).saturating_sub(1)
    }

    /// The same, where it is most likely `near` or one of the next.
    fn run_from(&self, near: usize, at: usize) -> usize {
        const NEAR: usize = 8;
        let starts_by = |i: usize| self.runs.get(i).is_some_and(|run| run.out <= at);
        if starts_by(near) {
            for i in near..near + NEAR {
                if !starts_by(i + 1) {
                    return i;
                }
            }
        }
        self.run_at(at)
    }

    /// The source bytes that the output range was made from.
    ///
    /// Inside rewritten words the whole rewritten piece counts. An empty range maps to an empty one.
    pub fn to_source(&self, range: Range<usize>) -> Range<usize> {
        let first = self.run_at(range.start);
        self.between(first, range).0
    }

    /// The source bytes of an output range that starts in run `first`, and the run in which it ends.
    fn between(&self, first: usize, range: Range<usize>) -> (Range<usize>, usize) {
        let start = match self.runs.get(first) {
            Some(run) if run.verbatim => {
                (run.src + (range.start - run.out)).min(run.src + run.src_len)
            }
            Some(run) => run.src,
            None => 0,
        };
        if range.end <= range.start {
            return (start..start, first);
        }
        let last = self.run_from(first, range.end - 1);
        let end = match self.runs.get(last) {
            Some(run) if run.verbatim => {
                (run.src + (range.end - run.out)).min(run.src + run.src_len)
            }
            Some(run) => run.src + run.src_len,
            None => start,
        };
        (start..end.max(start), last)
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
    /// The run of the old text at which the last piece ended: the next piece mostly starts there.
    near: usize,
}

impl<'a> Rewrite<'a> {
    /// Nothing written yet.
    pub fn new(old: &'a Mapped) -> Self {
        let text = String::with_capacity(old.text.len());
        let map = SourceMap { runs: Vec::with_capacity(old.map.runs.len() + 16), len: 0 };
        Rewrite { old, text, map, near: 0 }
    }

    /// Copies `range` of the old text (byte offsets on character boundaries; anything else is left out).
    pub fn keep(&mut self, range: Range<usize>) {
        let Some(piece) = self.old.text.get(range.clone()) else { return };
        if piece.is_empty() {
            return;
        }
        self.text.push_str(piece);
        let old = &self.old.map;
        self.near = old.run_from(self.near, range.start);
        let mut at = range.start;
        while let Some(run) = old.runs.get(self.near) {
            let run_end = old.runs.get(self.near + 1).map_or(old.len, |next| next.out);
            let end = run_end.min(range.end);
            let src = if run.verbatim {
                run.src + (at - run.out)..run.src + (end - run.out)
            } else {
                run.src..run.src + run.src_len
            };
            self.map.push(end - at, src, run.verbatim);
            at = end;
            if range.end <= at {
                break;
            }
            self.near += 1;
        }
    }

    /// Writes `words`, which stand for `range` of the old text.
    pub fn put(&mut self, words: &str, range: Range<usize>) {
        self.text.push_str(words);
        let first = self.old.map.run_from(self.near, range.start);
        let (src, last) = self.old.map.between(first, range);
        self.near = last;
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
