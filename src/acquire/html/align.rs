//! Align: lines that a parser gave back, found again in the page they came from.

use std::ops::Range;

use memchr::memmem;

use super::lines::{Line, mapped};
use crate::model::{Mapped, Rewrite};

/// Shorter pieces of a line are found anywhere, so they prove nothing.
const SHORTEST: usize = 9;
/// All searches together may read the page this many times.
const READINGS: usize = 64;

/// `texts` as one text, a line each, that maps to the page with these lines.
///
/// White space does not count. Lines are looked for after the last one found, then anywhere; where only
/// parts of a line are found, the rest maps to the place reached.
pub(super) fn align<'a>(
    source: &Mapped,
    page: &[Line],
    texts: impl Iterator<Item = &'a str>,
) -> Mapped {
    let stream = without_spaces(&mapped(source, page));
    let budget = stream.text().len().saturating_mul(READINGS);
    let mut search = Search { stream: stream.text(), reached: 0, budget };
    let mut rewrite = Rewrite::new(&stream);
    for text in texts {
        let dense: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if dense.is_empty() {
            continue;
        }
        let parts = search.parts(&dense);
        if !rewrite.written().is_empty() {
            let start = parts.first().map_or(0, |part| part.at.start);
            rewrite.put("\n", start..start);
        }
        write(&mut rewrite, text, &parts);
    }
    rewrite.finish()
}

fn without_spaces(page: &Mapped) -> Mapped {
    let mut rewrite = Rewrite::new(page);
    let mut at = 0;
    for word in page.text().split(char::is_whitespace) {
        rewrite.keep(at..at + word.len());
        at += word.len();
        at += page.text().get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    }
    rewrite.finish()
}

/// Some bytes of a line without spaces, and where they stand in the stream; an empty place if they were not found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    length: usize,
    at: Range<usize>,
}

struct Search<'a> {
    stream: &'a str,
    reached: usize,
    budget: usize,
}

impl Search<'_> {
    /// The parts of a line, whole if it is found whole.
    fn parts(&mut self, line: &str) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut rest = line;
        while !rest.is_empty() {
            let (length, found) = self.longest(rest, parts.is_empty());
            let at = match found {
                Some(start) => start..start + length,
                None => self.reached..self.reached,
            };
            self.reached = at.end;
            match parts.last_mut() {
                Some(Part { length: before, at: last })
                    if last.start == last.end && found.is_none() =>
                {
                    *before += length;
                }
                _ => parts.push(Part { length, at }),
            }
            rest = rest.get(length..).unwrap_or_default();
        }
        parts
    }

    /// The next part to take from `rest`: all of it, or as much as follows its first few characters.
    fn longest(&mut self, rest: &str, whole: bool) -> (usize, Option<usize>) {
        if whole && let Some(at) = self.find(rest) {
            return (rest.len(), Some(at));
        }
        let key = rest.get(..rest.ceil_char_boundary(SHORTEST)).unwrap_or(rest);
        let Some(at) = self.find(key) else {
            return (rest.chars().next().map_or(1, char::len_utf8), None);
        };
        let there = self.stream.get(at..).unwrap_or_default();
        let same = rest.chars().zip(there.chars()).take_while(|(a, b)| a == b);
        (same.map(|(c, _)| c.len_utf8()).sum(), Some(at))
    }

    fn find(&mut self, words: &str) -> Option<usize> {
        let stream = self.stream.as_bytes();
        let ahead = self.search(words, self.reached..stream.len());
        ahead.or_else(|| self.search(words, 0..(self.reached + words.len()).min(stream.len())))
    }

    fn search(&mut self, words: &str, within: Range<usize>) -> Option<usize> {
        let bytes = self.stream.as_bytes().get(within.clone())?;
        if self.budget < words.len() {
            return None;
        }
        let found = memmem::find(bytes, words.as_bytes());
        self.budget = self.budget.saturating_sub(found.unwrap_or(bytes.len()));
        found.map(|at| within.start + at)
    }
}

/// Writes a line with its white space, each part from its place.
fn write(rewrite: &mut Rewrite<'_>, text: &str, parts: &[Part]) {
    let mut rest = text;
    for part in parts {
        let Part { mut length, mut at } = part.clone();
        while length > 0 {
            let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let Some((piece, after)) = rest.split_at_checked(word.min(length)) else { return };
            let Some(space) = rest.chars().next().filter(|_| piece.is_empty()) else {
                let end = (at.start + piece.len()).min(at.end);
                if at.start < end {
                    rewrite.keep(at.start..end);
                } else {
                    rewrite.put(piece, at.clone());
                }
                (at.start, length, rest) = (end, length - piece.len(), after);
                continue;
            };
            rewrite.put(space.encode_utf8(&mut [0; 4]), at.start..at.start);
            rest = rest.get(space.len_utf8()..).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{lines::lines, tree::Tree};
    use super::*;

    fn check(html: &str, texts: &[&str], expected: &[&str]) {
        let source = Mapped::verbatim(html);
        let page = lines(html, &Tree::of(html, 99).unwrap(), true);
        let aligned = align(&source, &page, texts.iter().copied());
        assert_eq!(aligned.text(), texts.join("\n"));
        let mut at = 0;
        let places: Vec<&str> = texts
            .iter()
            .map(|text| {
                let range = at..at + text.len();
                at = range.end + 1;
                html.get(aligned.to_source(range)).unwrap()
            })
            .collect();
        assert_eq!(places, expected);
    }

    #[test]
    fn finds_lines_again() {
        check("<p>一二</p><p>三四</p>", &["一二", "三四"], &["一二", "三四"]);
        check("<p>一<b>二</b>\n 三</p>", &["一二 三"], &["一<b>二</b>\n 三"]);
        check("<p>&ldquo;一&rdquo;</p>", &["“一”"], &["&ldquo;一&rdquo;"]);
        check("<p>甲</p><p>乙</p><p>甲</p>", &["乙", "甲"], &["乙", "甲"]);
        check("<p>甲</p><p>乙</p>", &["乙", "甲"], &["乙", "甲"]);
    }

    #[test]
    fn finds_parts_of_lines() {
        let html = "<p>警方近日通报，广告抓获嫌疑人三名。</p>";
        check(html, &["警方近日通报，抓获嫌疑人三名。"], &["警方近日通报，广告抓获嫌疑人三名。"]);
        check("<p>警方通报</p>", &["没有的话", "警方通报"], &["", "警方通报"]);
    }
}
