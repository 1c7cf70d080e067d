//! Text as a reader of numbers wants it: simplified, half-width, without blanks inside numbers; each character knows
//! where it stood.

use std::ops::Range;

/// Characters of numbers and dates that foreign or older text writes differently.
const SAME: &[(char, char)] = &[
    ('億', '亿'),
    ('萬', '万'),
    ('兩', '两'),
    ('倆', '两'),
    ('俩', '两'),
    ('貳', '贰'),
    ('陸', '陆'),
    ('點', '点'),
    ('個', '个'),
    ('負', '负'),
    ('幾', '几'),
    ('數', '数'),
    ('餘', '余'),
    ('過', '过'),
    ('後', '后'),
    ('週', '周'),
    ('圓', '圆'),
    ('銭', '钱'),
    ('錢', '钱'),
    ('塊', '块'),
    ('對', '对'),
    ('雙', '双'),
    ('號', '号'),
    ('當', '当'),
    ('這', '这'),
    ('從', '从'),
    ('間', '间'),
    ('農', '农'),
    ('曆', '历'),
    ('節', '节'),
    ('閏', '闰'),
    ('臘', '腊'),
    ('時', '时'),
    ('內', '内'),
    ('張', '张'),
    ('條', '条'),
    ('歲', '岁'),
    ('％', '%'),
    ('．', '.'),
    ('－', '-'),
    ('／', '/'),
];

/// A plain rendering of a text.
#[derive(Debug)]
pub(super) struct Plain {
    text: String,
    /// Byte offset here of each character kept, and its index there.
    origin: Vec<(usize, usize)>,
}

impl Plain {
    pub(super) fn new(original: &str) -> Plain {
        let printed: Vec<char> = original.chars().collect();
        let characters: Vec<char> = printed.iter().copied().map(same).collect();
        let mut plain = Plain { text: String::with_capacity(original.len()), origin: Vec::new() };
        for (index, c) in characters.iter().copied().enumerate() {
            if c == ' ' && inside_number(&characters, index) {
                continue;
            }
            plain.origin.push((plain.text.len(), index));
            plain.text.push(group_comma(&characters, index, &printed).unwrap_or(c));
        }
        plain
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The characters of the original that a byte range comes from.
    pub(super) fn characters(&self, span: Range<usize>) -> Range<usize> {
        let index = |byte: usize| self.origin.partition_point(|(at, _)| *at < byte);
        let start = self.origin.get(index(span.start)).map_or(0, |(_, from)| *from);
        let last = index(span.end).checked_sub(1).and_then(|index| self.origin.get(index));
        start..last.map_or(start, |(_, from)| from + 1)
    }
}

fn same(c: char) -> char {
    match c {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '＋' | '＾' => {
            char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c)
        }
        '\u{a0}' | '\u{3000}' => ' ',
        _ => SAME.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to),
    }
}

/// ， between full-width digits groups them as , does.
fn group_comma(characters: &[char], index: usize, printed: &[char]) -> Option<char> {
    let near = |offset: isize| index.checked_add_signed(offset).and_then(|i| characters.get(i));
    let digits = [-1, 1, 2, 3].iter().all(|o| near(*o).is_some_and(char::is_ascii_digit));
    let wide = characters.get(index) == Some(&'，')
        && digits
        && printed.get(index + 1).is_some_and(|c| ('０'..='９').contains(c));
    wide.then_some(',')
}

/// A blank between two characters of one number: 一百 五 十, 7万 5千, 百 分 之 5.
fn inside_number(characters: &[char], index: usize) -> bool {
    let word = |c: &char| {
        "〇零一二两三四五六七八九壹贰叁肆伍陆柒捌玖十百千万亿兆拾佰仟几余点分之又成折个百负"
            .contains(*c)
    };
    const BLANKS: usize = 8;
    let before =
        characters.get(..index).and_then(|c| c.iter().rev().take(BLANKS).find(|c| **c != ' '));
    let after = characters.get(index..).and_then(|c| c.iter().take(BLANKS).find(|c| **c != ' '));
    let (Some(before), Some(after)) = (before, after) else { return false };
    let scale = |c: &char| "十百千万亿兆拾佰仟余分又成折个k".contains(*c);
    if before.is_ascii_digit() {
        return scale(after);
    }
    if after.is_ascii_digit() {
        return "十百千万亿兆之又负".contains(*before);
    }
    word(before) && word(after)
}
