//! Sift: a line -> whether it can hold any of some words at all, several times as fast as looking for them.

/// Lets every line through that holds one of its words, in either case of Latin letters, and few others.
///
/// It follows the first characters of all words at once: two of a word that begins in Chinese, three of a word that
/// begins in ASCII. Each character is told as a set of places it takes in some word.
#[derive(Debug)]
pub(super) struct Sieve {
    ascii: [u8; 128],
    /// By the low bits of the character's code.
    others: Vec<u8>,
    /// Which character follows which where enough of a word is seen, a bit for each.
    pairs: Vec<u64>,
}

const OTHERS: usize = 1 << 13;
const PAIRS: usize = 1 << 14;

/// A word of one character.
const ALONE: u8 = 1;
/// The two first characters of a longer word.
const PAIR: [u8; 2] = [1 << 1, 1 << 2];
/// The three first characters of a word that begins in ASCII.
const TRIPLE: [u8; 3] = [1 << 3, 1 << 4, 1 << 5];
/// Where words begin.
const FIRST: u8 = ALONE | PAIR[0] | TRIPLE[0];
/// Where enough of a word is seen.
const LAST: u8 = ALONE | PAIR[1] | TRIPLE[2];

impl Sieve {
    pub(super) fn new<'a>(words: impl Iterator<Item = &'a str>) -> Sieve {
        let pairs = vec![0; PAIRS / 64];
        let mut sieve = Sieve { ascii: [0; 128], others: vec![0; OTHERS], pairs };
        for word in words {
            let chars: Vec<char> = word.chars().collect();
            let places: &[u8] = match chars.as_slice() {
                [] => &[],
                [_] => &[ALONE],
                [first, _, _, ..] if first.is_ascii() => &TRIPLE,
                [_, _, ..] => &PAIR,
            };
            let cases = |c: &char| [c.to_ascii_lowercase(), c.to_ascii_uppercase()];
            for (c, place) in chars.iter().zip(places) {
                for c in cases(c) {
                    *sieve.places(c) |= place;
                }
            }
            let mut last = chars.iter().take(places.len()).rev();
            if let (Some(last), Some(before)) = (last.next(), last.next()) {
                for (before, last) in
                    cases(before).into_iter().flat_map(|c| cases(last).map(|last| (c, last)))
                {
                    let slot = slot(code(before), code(last));
                    if let Some(word) = sieve.pairs.get_mut(slot / 64) {
                        *word |= 1 << (slot % 64);
                    }
                }
            }
        }
        sieve
    }

    fn places(&mut self, c: char) -> &mut u8 {
        let code = code(c);
        #[expect(clippy::indexing_slicing, reason = "both tables are as long as what is looked up")]
        if c.is_ascii() { &mut self.ascii[code] } else { &mut self.others[code % OTHERS] }
    }

    /// False only if the line holds none of the words.
    pub(super) fn passes(&self, line: &str) -> bool {
        let low = |byte: u8| usize::from(byte & 0x3f);
        let mut rest = line.as_bytes();
        let (mut seen, mut before) = (0, 0);
        loop {
            let (code, behind) = match *rest {
                [] => return false,
                [byte @ 0..=0x7f, ref behind @ ..] => (usize::from(byte), behind),
                [lead @ 0xe0..=0xef, second, third, ref behind @ ..] => {
                    (usize::from(lead & 0xf) << 12 | low(second) << 6 | low(third), behind)
                }
                [lead @ 0xc0..=0xdf, second, ref behind @ ..] => {
                    (usize::from(lead & 0x1f) << 6 | low(second), behind)
                }
                [lead, second, third, last, ref behind @ ..] => {
                    let high = usize::from(lead & 7) << 18 | low(second) << 12;
                    (high | low(third) << 6 | low(last), behind)
                }
                [..] => return true,
            };
            rest = behind;
            let places = match self.ascii.get(code) {
                Some(places) => *places,
                None => self.others.get(code % OTHERS).copied().unwrap_or(u8::MAX),
            };
            seen = (seen << 1 | FIRST) & places;
            if seen & LAST != 0 && (seen & ALONE != 0 || self.follows(before, code)) {
                return true;
            }
            before = code;
        }
    }

    fn follows(&self, before: usize, code: usize) -> bool {
        let slot = slot(before, code);
        self.pairs.get(slot / 64).is_none_or(|word| word >> (slot % 64) & 1 == 1)
    }
}

fn code(c: char) -> usize {
    usize::try_from(u32::from(c)).unwrap_or(0)
}

fn slot(before: usize, code: usize) -> usize {
    (before.wrapping_mul(0x9e5) ^ code) % PAIRS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_words_pass() {
        let words = ["阅读", "赞", "read more", "©", "QQ", "京ICP", "，作者", "𠮷野家"];
        let sieve = Sieve::new(words.into_iter());
        for line in [
            "请阅读全文",
            "点个赞",
            "Read More",
            "© 2023",
            "加qq群",
            "京icp备",
            "，作者张三",
            "a𠮷野家",
        ] {
            assert!(sieve.passes(line), "{line}");
        }
        for line in ["", "请者", "，读", "请读", "阅", "rely", "q", "近日，某县警方通报一起案件"]
        {
            assert!(!sieve.passes(line), "{line}");
        }
    }
}
