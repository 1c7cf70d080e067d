//! Mend: GBK text whose bytes were torn apart by a gloss -> the characters that stood there.
//!
//! Some mirrors put readings between the two bytes of a character. The first byte is lost as `?`, and every byte
//! behind it pairs with the wrong neighbour until a byte that is a letter of ASCII ends the run.

use std::collections::BTreeSet;

use encoding_rs::GBK;

use super::chars::is_han;
use super::gloss::{Gloss, gloss_at, gloss_inside, reads_exactly};
use super::script::{in_gb2312, simplified_words};
use crate::model::{Mapped, Repair, Rewrite};

/// Mends every torn place of which only one reading is possible; the others stay as they are.
pub(super) fn mended(text: Mapped, repairs: &mut BTreeSet<Repair>) -> Mapped {
    let source = text.text();
    let mut out: Option<Rewrite<'_>> = None;
    let mut kept = 0;
    for (at, c) in source.char_indices() {
        if at < kept || !matches!(c, '?' | '\u{fffd}' | '？') {
            continue;
        }
        let Some((words, end)) = mend(source, at, at + c.len_utf8()) else { continue };
        let out = out.get_or_insert_with(|| Rewrite::new(&text));
        out.keep(kept..at);
        out.put(&words, at..end);
        kept = end;
    }
    match out {
        None => text,
        Some(mut out) => {
            out.keep(kept..source.len());
            repairs.insert(Repair::DamagedBytes);
            out.finish()
        }
    }
}

/// What stood from the lost byte at `at` to the end of the run, and where that is.
fn mend(text: &str, at: usize, behind: usize) -> Option<(String, usize)> {
    let gloss = gloss_inside(text, behind);
    let run = run_at(text, gloss.map_or(behind, |gloss| gloss.end))?;
    let next = gloss_at(text, run.end);
    match gloss {
        Some(gloss) => Some((torn_inside(&run, gloss, next)?, run.end)),
        None => {
            let next = next?;
            let words = torn_before(&run, next, text.get(run.end..)?)?;
            // A lost byte right behind a letter is a question mark.
            let before = text.get(..at)?.chars().next_back();
            before.is_none_or(|c| !c.is_ascii_alphanumeric()).then_some((words, run.end))
        }
    }
}

/// Wrongly paired bytes and the place where they end.
struct Run {
    bytes: Vec<u8>,
    end: usize,
}

const LONGEST_RUN: usize = 24;

/// Wide characters and the ASCII letter that is the second byte of the last true character.
fn run_at(text: &str, start: usize) -> Option<Run> {
    let mut bytes = Vec::new();
    for (at, c) in text.get(start..)?.char_indices().take(LONGEST_RUN) {
        let (pair, _, unknown) = GBK.encode(text.get(start + at..start + at + c.len_utf8())?);
        if unknown {
            return None;
        }
        bytes.extend_from_slice(&pair);
        if c.is_ascii() {
            let second_byte = matches!(c, '@'..='~');
            return second_byte.then_some(Run { bytes, end: start + at + 1 });
        }
    }
    None
}

/// `?qì)狻⒕W`: the gloss tells the first character.
fn torn_inside(run: &Run, gloss: Gloss<'_>, next: Option<Gloss<'_>>) -> Option<String> {
    let fits = |words: &String| {
        words.chars().next().is_some_and(|c| reads_exactly(c, gloss.syllable))
            && ends_in(words, next)
    };
    let mut candidates: Vec<String> =
        (0x81..=0xfe).filter_map(|lead| decoded(lead, run)).filter(fits).collect();
    if 1 < candidates.len() {
        candidates.retain(|words| words.chars().next().is_some_and(is_common));
    }
    match candidates.as_mut_slice() {
        [only] => Some(std::mem::take(only)),
        _ => None,
    }
}

/// `?鞍稻W(wǎng)`: nothing tells the first character unless it opens what is closed further on.
fn torn_before(run: &Run, next: Gloss<'_>, after: &str) -> Option<String> {
    let sentence = after.split(['。', '！', '\n']).next().unwrap_or_default();
    let closes = |open: char, close: char| {
        let closing = sentence.find(close);
        closing.is_some_and(|at| sentence.find(open).is_none_or(|other| at < other))
    };
    let words = decoded(0xa1, run)?;
    let opens = match words.chars().next()? {
        '“' => closes('“', '”'),
        '《' => closes('《', '》'),
        _ => false,
    };
    (opens && ends_in(&words, Some(next))).then_some(words)
}

/// The run behind a lead byte, if all of it is plain Chinese text.
fn decoded(lead: u8, run: &Run) -> Option<String> {
    let mut bytes = vec![lead];
    bytes.extend_from_slice(&run.bytes);
    let words = GBK.decode_without_bom_handling_and_without_replacement(&bytes)?;
    let plain = |c: char| {
        is_han(c)
            || matches!(
                c,
                '“' | '”'
                    | '《'
                    | '》'
                    | '、'
                    | '，'
                    | '。'
                    | '：'
                    | '；'
                    | '（'
                    | '）'
                    | '·'
                    | '—'
                    | '…'
            )
    };
    words.chars().all(plain).then(|| words.into_owned())
}

fn ends_in(words: &str, next: Option<Gloss<'_>>) -> bool {
    let Some(next) = next else { return true };
    words.chars().next_back().is_some_and(|c| reads_exactly(c, next.syllable))
}

/// Among the 3755 everyday characters, in either script.
pub(super) fn is_common(c: char) -> bool {
    let simplified = simplified_words(c.encode_utf8(&mut [0; 4]));
    let (bytes, _, _) = GBK.encode(&simplified);
    in_gb2312(&simplified) && bytes.first().is_some_and(|lead| *lead <= 0xd7)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tears `before` + `han` + `after` as the mirrors do: the gloss goes between the bytes of `han`.
    fn torn(before: &str, han: &str, syllable: &str, after: &str) -> String {
        let (bytes, _, _) = GBK.encode(han);
        let (rest, _, _) = GBK.encode(after);
        let mut shifted = vec![bytes[1]];
        shifted.extend_from_slice(&rest);
        let (shifted, _, damaged) = GBK.decode(&shifted);
        assert!(!damaged, "{after}");
        format!("{before}?{syllable}){shifted}")
    }

    fn check(text: &str, expected: &str) {
        let out = mended(Mapped::verbatim(text), &mut BTreeSet::new());
        assert_eq!(out.text(), expected);
    }

    #[test]
    fn torn_text() {
        check("煤?qì)狻⒕W(wǎng)購用戶", "煤氣、網(wǎng)購用戶");
        check(&torn("煤", "氣", "qì", "、醫"), "煤氣、醫");
        check("發布?鞍稻W(wǎng)”數據", "發布“暗網(wǎng)”數據");
    }

    #[test]
    fn what_is_not_certain_stays() {
        check("真的嗎?鞍稻W(wǎng)站", "真的嗎?鞍稻W(wǎng)站");
        check("是誰?他(tā)說", "是誰?他(tā)說");
        check("what? (yes)", "what? (yes)");
        check("?", "?");
    }
}
