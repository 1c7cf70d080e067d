//! Folding: a text as dedupe compares it, letters and digits alone.

use std::ops::Range;

/// Text without what reprints change: white space, punctuation, case, full-width letters, links.
///
/// In UTF-16, so that nearly every character is one unit. Digits stay, since `罚款3万元` and
/// `罚款5万元` are two facts. The script is taken as it is.
pub(super) fn fold(text: &str) -> Vec<u16> {
    let mut units = Vec::new();
    fold_into(text, &mut units);
    units
}

/// The same, into a buffer that is used again.
pub(super) fn fold_into(text: &str, units: &mut Vec<u16>) {
    units.clear();
    // No character has more units than bytes.
    units.resize(text.len(), 0);
    let mut slots = units.iter_mut();
    walk(text, |_, unit| {
        if let Some(slot) = slots.next() {
            *slot = unit;
        }
        true
    });
    let left = slots.len();
    units.truncate(text.len() - left);
}

/// The bytes of `text` that a range of its folded units was made from.
pub(super) fn unfold(text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let (mut count, mut start, mut end) = (0, None, None);
    walk(text, |at, _| {
        if count == range.start {
            start = Some(at.start);
        }
        if count < range.end {
            end = Some(at.end);
        }
        count += 1;
        count < range.end
    });
    Some(start?..end?)
}

/// Where each folded unit begins in the text, and at last where the text ends.
pub(super) fn places(text: &str) -> Vec<usize> {
    let mut places = Vec::new();
    walk(text, |at, _| {
        places.push(at.start);
        true
    });
    places.push(text.len());
    places
}

/// Gives each unit that counts, and the bytes it was made from, until told to stop.
///
/// Chinese characters, digits and letters of ASCII go a short way: they are nearly all of a text.
fn walk(text: &str, mut put: impl FnMut(Range<usize>, u16) -> bool) {
    let mut rest = text.as_bytes();
    // Wrapping, so that nothing is left of it where places are not asked for.
    let at = |rest: &[u8], len: usize| {
        let at = text.len().wrapping_sub(rest.len());
        at..at.wrapping_add(len)
    };
    loop {
        // A run of characters from U+5000 to U+9FFF.
        while let [a @ 0xe5..=0xe9, b, c, tail @ ..] = rest {
            if !put(at(rest, 3), three(*a, *b, *c)) {
                return;
            }
            rest = tail;
        }
        // A run of ASCII.
        while let [a @ 0..=0x7f, tail @ ..] = rest {
            let folded = ASCII.get(usize::from(*a)).copied().unwrap_or(0);
            if folded == b'h' && is_link(rest) {
                rest = rest.get(link_len(rest)..).unwrap_or_default();
                continue;
            }
            if folded != 0 && !put(at(rest, 1), u16::from(folded)) {
                return;
            }
            rest = tail;
        }
        let (unit, tail) = match rest {
            // U+3000 to U+303F: spaces, stops, quotation marks; U+2000 to U+203F: dashes and more.
            [0xe3 | 0xe2, 0x80, _, tail @ ..] => (None, tail),
            [0xe4, b @ 0xb8..=0xbf, c, tail @ ..] => (Some(three(0xe4, *b, *c)), tail),
            [0xef, b @ 0xbc..=0xbd, c, tail @ ..] => (halfwidth(three(0xef, *b, *c)), tail),
            [0xe5..=0xe9, _, _, ..] => continue,
            [] => return,
            _ => {
                let here = at(rest, 1).start;
                let Some(c) = text.get(here..).and_then(|rest| rest.chars().next()) else { return };
                if c.is_alphanumeric() {
                    for lower in c.to_lowercase() {
                        for unit in lower.encode_utf16(&mut [0; 2]) {
                            if !put(at(rest, c.len_utf8()), *unit) {
                                return;
                            }
                        }
                    }
                }
                (None, rest.get(c.len_utf8()..).unwrap_or_default())
            }
        };
        if let Some(unit) = unit
            && !put(at(rest, 3), unit)
        {
            return;
        }
        rest = tail;
    }
}

/// What a character of ASCII becomes; 0 where it does not count.
#[expect(clippy::indexing_slicing, reason = "a constant: the compiler has checked it")]
const ASCII: [u8; 256] = {
    let mut folded = [0; 256];
    let mut c = 0_u8;
    while c < 128 {
        if c.is_ascii_alphanumeric() {
            folded[c as usize] = c.to_ascii_lowercase();
        }
        c += 1;
    }
    folded
};

/// The unit that three bytes of UTF-8 stand for.
fn three(a: u8, b: u8, c: u8) -> u16 {
    u16::from(a & 0x0f) << 12 | u16::from(b & 0x3f) << 6 | u16::from(c & 0x3f)
}

/// The letter or digit that a full-width one, U+FF00 to U+FF7F, stands for; other signs do not count.
fn halfwidth(unit: u16) -> Option<u16> {
    let half = u8::try_from(unit.checked_sub(0xfee0)?).ok()?;
    if half.is_ascii() {
        return half.is_ascii_alphanumeric().then(|| u16::from(half.to_ascii_lowercase()));
    }
    char::from_u32(u32::from(unit)).is_some_and(char::is_alphanumeric).then_some(unit)
}

fn is_link(rest: &[u8]) -> bool {
    rest.starts_with(b"http://") || rest.starts_with(b"https://")
}

/// Bytes up to the first that an address cannot hold.
fn link_len(rest: &[u8]) -> usize {
    let in_link = |b: &u8| b.is_ascii_graphic() && !b"()<>\"'".contains(b);
    rest.iter().take_while(|b| in_link(b)).count()
}

/// Length in units of the shingles that sketches and comparisons are made of.
pub(super) const GRAM: usize = 5;

/// Odd constants with no structure, for hashing.
const A: u64 = 0x9e37_79b9_7f4a_7c15;
const B: u64 = 0xd6e8_feb8_6659_fd93;
const C: u64 = 0xff51_afd7_ed55_8ccd;

/// A hash of every run of [`GRAM`] units, in order; the upper bits are the best.
pub(super) fn gram_hashes(units: &[u16]) -> impl Iterator<Item = u64> + '_ {
    let (first, rest) = units.split_at(units.len().min(GRAM - 1));
    // The units before the next one, four in a word.
    let mut before = first.iter().fold(0, |before, &unit| slide(before, unit));
    rest.iter().map(move |&unit| {
        let hash = gram_hash(before, unit);
        before = slide(before, unit);
        hash
    })
}

fn slide(before: u64, unit: u16) -> u64 {
    before >> 16 | u64::from(unit) << 48
}

fn gram_hash(before: u64, unit: u16) -> u64 {
    let hash = before.wrapping_mul(A) ^ u64::from(unit).wrapping_add(1).wrapping_mul(B);
    (hash ^ hash >> 32).wrapping_mul(C)
}

/// Adds a unit to a hash of the units before it, for texts of any length.
pub(super) fn step(hash: u64, unit: u16) -> u64 {
    hash.wrapping_mul(A).wrapping_add(value(unit))
}

/// Takes from a hash the unit that was added `size` units ago; `power` is [`power`] of `size`.
pub(super) fn unstep(hash: u64, unit: u16, power: u64) -> u64 {
    hash.wrapping_sub(value(unit).wrapping_mul(power))
}

/// What `size` steps make of what was added before them.
pub(super) fn power(size: u16) -> u64 {
    A.wrapping_pow(u32::from(size))
}

/// What a unit adds to a hash; not 0, so that repeated units count.
fn value(unit: u16) -> u64 {
    u64::from(unit) + 1
}

/// Brings every bit of a hash to its upper bits.
pub(super) fn spread(hash: u64) -> u64 {
    (hash ^ hash >> 29).wrapping_mul(C)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, folded: &str) {
        assert_eq!(String::from_utf16(&fold(text)).unwrap(), folded);
    }

    #[test]
    fn folds() {
        check("被告人　王某，罚款3万元。", "被告人王某罚款3万元");
        check("ＡＰＰ下載 App!", "app下載app");
        check("见 https://a.example.cn/x?y=1 原文", "见原文");
        check("http 协议，ｈttp", "http协议http");
        check("…—  \n", "");
        check("㐀䶵一龥鿿、䷀", "㐀䶵一龥鿿");
        check("𠮷野家Ünïcode ＃１（￥）ｱ", "𠮷野家ünïcode1ｱ");
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
        let units: Vec<u16> = "某市警方通报甲某市警方通报".encode_utf16().collect();
        let hashes: Vec<u64> = gram_hashes(&units).collect();
        assert_eq!(hashes.len(), units.len() - GRAM + 1);
        assert_eq!(hashes.first(), hashes.get(7));
        assert_eq!(hashes.iter().collect::<std::collections::BTreeSet<_>>().len(), 7);
        assert_eq!(gram_hashes(&units[..4]).count(), 0);
    }
}
