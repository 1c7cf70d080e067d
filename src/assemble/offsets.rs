//! Offsets: where the bytes of a text stand in characters.

/// Character positions of a text, found fast: how many characters stand before every 256th byte.
#[derive(Debug, Default)]
pub(super) struct Offsets {
    before: Vec<usize>,
}

/// Bytes between two known positions.
const BLOCK: usize = 256;

impl Offsets {
    pub(super) fn new(text: &str) -> Self {
        let mut total = 0;
        let before = text.as_bytes().chunks(BLOCK).map(|block| {
            let here = total;
            total += starts(block);
            here
        });
        Offsets { before: before.collect() }
    }

    /// The number of characters before byte `at`.
    pub(super) fn chars(&self, text: &str, at: usize) -> i64 {
        let block = (at / BLOCK).min(self.before.len().saturating_sub(1));
        let known = self.before.get(block).copied().unwrap_or(0);
        let rest = text.as_bytes().get(block * BLOCK..at).map_or(0, starts);
        i64::try_from(known + rest).unwrap_or(i64::MAX)
    }
}

/// How many characters start in these bytes of UTF-8.
fn starts(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

#[test]
fn counts_characters() {
    let text = "个人信息abc".repeat(100);
    let offsets = Offsets::new(&text);
    for (chars, (at, _)) in text.char_indices().enumerate() {
        assert_eq!(offsets.chars(&text, at), i64::try_from(chars).unwrap());
    }
    assert_eq!(offsets.chars(&text, text.len()), 700);
}
