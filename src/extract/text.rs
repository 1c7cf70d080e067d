//! Positions in a text: pieces, sentences, and the found things inside a range.

use std::ops::Range;

/// The piece of `text`, empty where the range does not fit.
pub(super) fn piece(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or("")
}

/// Something with a place in the text.
pub(super) trait Spanned {
    /// Byte range.
    fn span(&self) -> Range<usize>;
}

impl Spanned for crate::knowledge::patterns::Hit {
    fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

/// The items that start inside `range`; `items` are sorted by start.
pub(super) fn within<T: Spanned>(items: &[T], range: Range<usize>) -> &[T] {
    let from = items.partition_point(|item| item.span().start < range.start);
    let to = items.partition_point(|item| item.span().start < range.end);
    items.get(from..to.max(from)).unwrap_or(&[])
}

/// The lines of a text without their line ends.
pub(super) fn lines(text: &str) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text.as_bytes()).chain([text.len()]) {
        if start < end {
            lines.push(start..end);
        }
        start = end + 1;
    }
    lines
}

/// The sentences of a text: up to and with 。！？； or the end of the line.
pub(super) fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    for line in lines(text) {
        let mut start = line.start;
        for (at, mark) in piece(text, line.clone()).char_indices() {
            if matches!(mark, '。' | '！' | '？' | '；' | '!' | '?' | ';') {
                let end = line.start + at + mark.len_utf8();
                sentences.push(start..end);
                start = end;
            }
        }
        if start < line.end {
            sentences.push(start..line.end);
        }
    }
    sentences
}

/// The sentence that holds byte `at`; `sentences` are sorted.
pub(super) fn sentence_at(sentences: &[Range<usize>], at: usize) -> Range<usize> {
    let i = sentences.partition_point(|sentence| sentence.start <= at);
    i.checked_sub(1).and_then(|i| sentences.get(i)).cloned().unwrap_or(at..at)
}

/// The last `count` characters of a text.
pub(super) fn tail(text: &str, count: usize) -> &str {
    let start = text.char_indices().rev().nth(count.saturating_sub(1)).map_or(0, |(at, _)| at);
    text.get(start..).unwrap_or(text)
}

/// The first `count` characters of a text.
pub(super) fn head(text: &str, count: usize) -> &str {
    let end = text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

/// Whether a character is a Han character.
pub(super) fn is_han(mark: char) -> bool {
    matches!(mark, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '〇')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_sentences_within_lines() {
        let text = "甲。乙；丙\n丁";
        let found: Vec<&str> =
            sentences(text).into_iter().map(|range| piece(text, range)).collect();
        assert_eq!(found, ["甲。", "乙；", "丙", "丁"]);
        assert_eq!(tail("一二三", 2), "二三");
        assert_eq!(head("一二三", 2), "一二");
    }
}
