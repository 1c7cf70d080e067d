//! Tell: what kind of character one is.

/// A set of characters that take three bytes in UTF-8, asked by their bytes: nearly all of Chinese does.
pub(super) struct WideSet(Vec<u64>);

impl WideSet {
    pub(super) fn of(holds: impl Fn(char) -> bool) -> WideSet {
        let mut set = WideSet(vec![0; 16 << 6]);
        for c in ('\u{800}'..='\u{ffff}').filter(|c| holds(*c)) {
            let code = usize::try_from(u32::from(c)).unwrap_or(0);
            if let Some(row) = set.0.get_mut(code >> 6) {
                *row |= 1 << (code & 63);
            }
        }
        set
    }

    /// Whether the character with these bytes is in it.
    pub(super) fn holds(&self, [lead, second, third]: [u8; 3]) -> bool {
        let row = usize::from(lead & 0xf) << 6 | usize::from(second & 0x3f);
        self.0.get(row).is_some_and(|row| row >> (third & 0x3f) & 1 == 1)
    }
}

/// From `at` on, behind as much printable ASCII as is quickly skipped: eight bytes at once.
pub(super) fn behind_ascii(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let word = u64::from_ne_bytes(*word);
        // The top bit of a byte is set in the first if it is not ASCII, then if below a blank, then if above `~`.
        let odd = word | word.wrapping_sub(ONES * 0x20) | word.wrapping_add(ONES);
        if odd & (ONES << 7) != 0 {
            break;
        }
        at += 8;
    }
    at
}

/// A Chinese character, `〇` and the repeat mark `々` included.
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{323af}'
        | '\u{f900}'..='\u{faff}' | '々' | '〇')
}

/// Punctuation that Chinese text is set with: it never needs a blank beside it.
pub(super) fn is_cjk_punctuation(c: char) -> bool {
    matches!(
        c,
        '，' | '。'
            | '、'
            | '；'
            | '：'
            | '？'
            | '！'
            | '（'
            | '）'
            | '“'
            | '”'
            | '‘'
            | '’'
            | '《'
            | '》'
            | '〈'
            | '〉'
            | '【'
            | '】'
            | '「'
            | '」'
            | '『'
            | '』'
            | '…'
    )
}

/// Closes a sentence, perhaps behind a closing quote: `。”`, `！`.
pub(super) fn ends_sentence(line: &str) -> bool {
    let closing = ['”', '’', '）', ')', '」', '』', '》', '"'];
    let bare = line.trim_end_matches(closing);
    bare.ends_with(['。', '！', '？', '!', '?', '…', '；', '：', ':', ';'])
        || (bare.len() < line.len() && bare.ends_with('.'))
}

/// Reads like a sentence rather than a heading.
pub(super) fn has_sentence_mark(line: &str) -> bool {
    let bytes = line.as_bytes();
    // ， ； 。 by their last byte.
    let wide = |at: usize| {
        let mark = at.checked_sub(2).and_then(|start| bytes.get(start..=at));
        matches!(mark, Some(b"\xef\xbc\x8c" | b"\xef\xbc\x9b" | b"\xe3\x80\x82"))
    };
    memchr::memchr3_iter(0x8c, 0x9b, 0x82, bytes).any(wide)
        || memchr::memchr2(b',', b';', bytes).is_some()
}

/// Columns a line takes on a page: two for a wide character, one for a narrow one.
pub(super) fn columns(line: &str) -> usize {
    // By the first byte of each character: those from U+2000 on begin with E2 or more.
    let width = |byte: &u8| u8::from(byte & 0xc0 != 0x80) + u8::from(0xe2 <= *byte);
    // In sums that fit a byte, so that many are made at once.
    let widths = |part: &[u8]| usize::from(part.iter().map(width).sum::<u8>());
    line.as_bytes().chunks(96).map(widths).sum()
}

/// Letters and digits only, for comparing two copies of a line.
pub(super) fn essence(line: &str) -> impl Iterator<Item = char> + '_ {
    line.chars().filter(|c| is_word(*c))
}

/// A letter or digit of any script, Chinese first: it is asked for every character of a text.
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { is_han(c) || c.is_alphanumeric() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_ends() {
        let check =
            |line: &str, expected: bool| assert_eq!(ends_sentence(line), expected, "{line}");
        check("警方已立案。", true);
        check("他说：“已经报案。”", true);
        check("共抓获犯罪嫌疑", false);
        check("（案例）", false);
    }

    #[test]
    fn sentence_marks() {
        let check =
            |line: &str, expected: bool| assert_eq!(has_sentence_mark(line), expected, "{line}");
        check("案发，后", true);
        check("案发；", true);
        check("。", true);
        check("a, b", true);
        check("典型案例（三）：某公司", false);
        check("", false);
    }

    #[test]
    fn widths() {
        assert_eq!(columns("抓获12人"), 8);
    }
}
