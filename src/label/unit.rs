//! Cuts a passage into sentences and clauses, and leaves out the parts that comment and do not tell.

use std::ops::Range;

use crate::knowledge::lexicon::Lexicon;

/// A sentence of a passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sentence {
    /// Where it stands in the body, with its full stop.
    pub span: Range<usize>,
    /// Where its clauses start; the first is the start of the sentence.
    pub starts: Vec<usize>,
}

impl Sentence {
    /// The clauses, which together are the sentence.
    pub(super) fn clauses(&self) -> impl Iterator<Item = Range<usize>> {
        let ends = self.starts.iter().skip(1).copied().chain([self.span.end]);
        self.starts.iter().copied().zip(ends).map(|(start, end)| start..end)
    }
}

/// The sentences of `body[range]` that tell something, in order.
pub(super) fn sentences(body: &str, range: Range<usize>, lexicon: &Lexicon) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut aside = false;
    let mut at = range.start;
    for line in body.get(range).unwrap_or_default().split_inclusive('\n') {
        if lexicon.opens_aside(line) {
            aside = true;
        } else if lexicon.closes_aside(line) {
            aside = false;
        }
        if !aside {
            cut(line, at, &mut sentences);
        }
        at += line.len();
    }
    sentences
}

/// Cuts one line, which starts at byte `base` of the body.
fn cut(line: &str, base: usize, sentences: &mut Vec<Sentence>) {
    let mut sentence = Sentence { span: base..base, starts: vec![base] };
    let mut previous = ' ';
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = base + at + c.len_utf8();
        let next = chars.peek().map_or(' ', |(_, next)| *next);
        let number = previous.is_ascii_digit() && next.is_ascii_digit();
        sentence.span.end = end;
        if "。！？!?；;\n".contains(c) {
            let done =
                std::mem::replace(&mut sentence, Sentence { span: end..end, starts: vec![end] });
            sentences.push(done);
        } else if "，：".contains(c) || (",:".contains(c) && !number) {
            sentence.starts.push(end);
        }
        previous = c;
    }
    if !sentence.span.is_empty() {
        sentences.push(sentence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &[&[&str]]) {
        let lexicon = Lexicon::builtin().unwrap();
        let found: Vec<Vec<&str>> = sentences(body, 0..body.len(), &lexicon)
            .iter()
            .map(|sentence| sentence.clauses().map(|clause| body.get(clause).unwrap()).collect())
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn cuts() {
        check("甲，乙。丙", &[&["甲，", "乙。"], &["丙"]]);
        check("卖得1,200元,10:30被抓", &[&["卖得1,200元,", "10:30被抓"]]);
        check("一行\n二行", &[&["一行\n"], &["二行"]]);
        check("", &[]);
    }
}
