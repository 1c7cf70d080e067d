//! Folding: a text as dedupe compares it, letters and digits alone.

use std::ops::Range;

/// Text without what reprints change: white space, punctuation, case, full-width letters, links.
///
/// Digits stay, since `罚款3万元` and `罚款5万元` are two facts. The script is taken as it is.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    // Most characters stay as they are: they are copied in runs.
    let mut kept = 0..0;
    walk(text, |at, printed, c| {
        let same = printed == c;
        if same && kept.end == at {
            kept.end += c.len_utf8();
            return;
        }
        folded.push_str(text.get(kept.clone()).unwrap_or_default());
        kept = at..at;
        if same {
            kept.end += c.len_utf8();
        } else {
            folded.push(c);
        }
    });
    folded.push_str(text.get(kept).unwrap_or_default());
    folded
}

/// The bytes of `text` that a range of its folded characters was made from.
pub(super) fn unfold(text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let (mut count, mut start, mut end) = (0, None, None);
    walk(text, |at, printed, _| {
        if count == range.start {
            start = Some(at);
        }
        if count < range.end {
            end = Some(at + printed.len_utf8());
        }
        count += 1;
    });
    Some(start?..end?)
}

/// Gives each character that counts: where it stands, as printed, and folded.
fn walk(text: &str, mut put: impl FnMut(usize, char, char)) {
    let mut skip_to = 0;
    for (at, c) in text.char_indices() {
        if at < skip_to {
            continue;
        }
        match c {
            'h' if starts_link(text, at) => skip_to = at + link_len(text, at),
            '\u{4e00}'..='\u{9fff}' | 'a'..='z' | '0'..='9' => put(at, c, c),
            'A'..='Z' => put(at, c, c.to_ascii_lowercase()),
            '\0'..='\u{7f}' | '\u{3000}'..='\u{303f}' => {}
            '\u{ff01}'..='\u{ff5e}' => {
                if let Some(half) = halfwidth(c).filter(char::is_ascii_alphanumeric) {
                    put(at, c, half.to_ascii_lowercase());
                }
            }
            c if c.is_alphanumeric() => c.to_lowercase().for_each(|lower| put(at, c, lower)),
            _ => {}
        }
    }
}

/// The ASCII character that a full-width one stands for.
fn halfwidth(c: char) -> Option<char> {
    u32::from(c).checked_sub(0xfee0).and_then(char::from_u32)
}

fn starts_link(text: &str, at: usize) -> bool {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    rest.starts_with(b"http://") || rest.starts_with(b"https://")
}

/// Bytes up to the first that an address cannot hold.
fn link_len(text: &str, at: usize) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    let in_link = |b: &u8| b.is_ascii_graphic() && !b"()<>\"'".contains(b);
    rest.iter().take_while(|b| in_link(b)).count()
}

/// Length in characters of the shingles that sketches and comparisons are made of.
pub(super) const GRAM: usize = 5;

/// An odd constant with no structure, for hashing characters.
pub(super) const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// A hash of every run of [`GRAM`] characters, in order.
pub(super) fn gram_hashes(chars: &[char]) -> impl Iterator<Item = u64> + '_ {
    let drop = BASE.wrapping_pow(5);
    let mut hash = chars.iter().take(GRAM).fold(0, |hash, &c| step(hash, c));
    let first = (chars.len() >= GRAM).then_some(hash);
    let rest = chars.iter().zip(chars.iter().skip(GRAM)).map(move |(&old, &new)| {
        hash = step(hash, new).wrapping_sub(value(old).wrapping_mul(drop));
        hash
    });
    first.into_iter().chain(rest).map(spread)
}

/// Adds a character to a hash of the characters before it.
pub(super) fn step(hash: u64, c: char) -> u64 {
    hash.wrapping_mul(BASE).wrapping_add(value(c))
}

/// What a character adds to a hash; not 0, so that repeated characters count.
pub(super) fn value(c: char) -> u64 {
    u64::from(c) + 1
}

/// Brings every bit of a hash to its upper bits.
fn spread(hash: u64) -> u64 {
    (hash ^ (hash >> 29)).wrapping_mul(0xff51_afd7_ed55_8ccd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, folded: &str) {
        assert_eq!(fold(text), folded);
    }

    #[test]
    fn folds() {
        check("被告人　王某，罚款3万元。", "被告人王某罚款3万元");
        check("ＡＰＰ下載 App!", "app下載app");
        check("见 https://a.example.cn/x?y=1 原文", "见原文");
        check("http 协议，ｈttp", "http协议http");
        check("…—  \n", "");
    }

    #[test]
    fn unfolds() {
        let text = "「甲市」警方，\n通报：ＡＢ案";
        assert_eq!(unfold(text, &(0..4)).and_then(|range| text.get(range)), Some("甲市」警方"));
        assert_eq!(unfold(text, &(5..8)).and_then(|range| text.get(range)), Some("报：ＡＢ"));
        assert_eq!(unfold(text, &(20..21)), None);
    }

    #[test]
    fn equal_grams_have_equal_hashes() {
        let chars: Vec<char> = "某市警方通报甲某市警方通报".chars().collect();
        let hashes: Vec<u64> = gram_hashes(&chars).collect();
        assert_eq!(hashes.len(), chars.len() - GRAM + 1);
        assert_eq!(hashes.first(), hashes.get(7));
        assert_eq!(hashes.iter().collect::<std::collections::BTreeSet<_>>().len(), 7);
        assert_eq!(gram_hashes(&chars[..4]).count(), 0);
    }
}
