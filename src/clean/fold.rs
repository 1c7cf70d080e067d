//! Fold: characters written in odd ways -> the one way the rest of the text is written.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::chars::{WideSet, behind_ascii, is_han};
use crate::knowledge::look_alikes::LookAlikes;
use crate::model::{Mapped, Repair, Rewrite};

/// The characters compiled in, which are checked with all other knowledge.
static LOOK_ALIKES: LazyLock<Option<LookAlikes>> = LazyLock::new(|| LookAlikes::builtin().ok());

/// What one character becomes.
enum Folded {
    Same,
    Gone,
    Width(char),
    /// What it looks like and stands for.
    Meant(char),
    Blank,
}

fn folded(c: char) -> Folded {
    match c {
        '\n' | ' '..='~' => Folded::Same,
        '\t'
        | '\u{a0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{3000}' => Folded::Blank,
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e01ef}' => Folded::Gone,
        '０'..='９'
        | 'Ａ'..='Ｚ'
        | 'ａ'..='ｚ'
        | '％'
        | '＋'
        | '－'
        | '／'
        | '＠'
        | '＃'
        | '＆'
        | '＝'
        | '＂'
        | '＇'
        | '＊'
        | '＿'
        | '｜'
        | '＜'
        | '＞'
        | '＄' => narrow(c),
        '｡' => Folded::Width('。'),
        '､' => Folded::Width('、'),
        _ => Folded::Same,
    }
}

/// The same, where it depends on what stands before and after it.
fn folded_at(text: &str, at: usize, c: char) -> Folded {
    let (before, after) = (
        || text.get(..at).unwrap_or_default(),
        || text.get(at + c.len_utf8()..).unwrap_or_default(),
    );
    match c {
        '．' if between_digits(text, at, c) => Folded::Width('.'),
        '，' if is_thousands(before(), after()) => Folded::Width(','),
        '．' | '，' => Folded::Same,
        PRIVATE_FIRST..=PRIVATE_LAST | '\u{f0000}'..='\u{10ffff}' => {
            // An icon stands by itself. Among words it may be a word in a font of the page's own; nobody can tell which.
            let word = |c: Option<char>| c.is_some_and(|c| is_han(c) || c.is_ascii_digit());
            let inside = word(before().chars().next_back()) && word(after().chars().next());
            if inside { Folded::Same } else { Folded::Gone }
        }
        _ => match folded(c) {
            Folded::Same => {
                let meant = LOOK_ALIKES.as_ref().filter(|known| known.has(c));
                let meant = meant.and_then(|known| known.meant(c, before(), after()));
                meant.map_or(Folded::Same, Folded::Meant)
            }
            folded => folded,
        },
    }
}

const PRIVATE_FIRST: char = '\u{e000}';
const PRIVATE_LAST: char = '\u{f8ff}';

/// A comma between these groups of a number, `1，026名`: three digits behind it, and a measure word at the end.
fn is_thousands(before: &str, after: &str) -> bool {
    const MEASURES: &str = "名人万亿元条个起件份部台张次户家项组辆套";
    let part = |c: char| c.is_ascii_digit() || c == '，';
    let head = before.trim_end_matches(part);
    let tail = after.trim_start_matches(part);
    let head_groups = before.get(head.len()..).unwrap_or_default();
    let tail_groups = after.get(..after.len() - tail.len()).unwrap_or_default();
    let mut groups = head_groups.split('，').chain(tail_groups.split('，'));
    let first = groups.next().unwrap_or_default();
    let fits = (1..=3).contains(&first.len()) && !first.starts_with('0');
    let measure = tail.trim_start_matches(['余', '多']).chars().next();
    let joined =
        head.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '．' | ','));
    fits && groups.all(|group| group.len() == 3)
        && !joined
        && measure.is_some_and(|c| MEASURES.contains(c))
}

/// One character on its own; `None` if it is invisible.
pub(super) fn character(c: char) -> Option<char> {
    match folded_at("", 0, c) {
        Folded::Same => Some(c),
        Folded::Gone => None,
        Folded::Width(folded) | Folded::Meant(folded) => Some(folded),
        Folded::Blank => Some(' '),
    }
}

/// The wide characters that are folded, or may be, but for the comma.
static ODD: LazyLock<WideSet> = LazyLock::new(|| {
    let known = LOOK_ALIKES.as_ref();
    let private = |c| (PRIVATE_FIRST..=PRIVATE_LAST).contains(&c);
    let folds = |c| !matches!(folded(c), Folded::Same);
    WideSet::of(|c| c == '．' || private(c) || folds(c) || known.is_some_and(|known| known.has(c)))
});

fn narrow(c: char) -> Folded {
    char::from_u32(u32::from(c) - 0xfee0).map_or(Folded::Same, Folded::Width)
}

/// Drops invisible characters, folds widths: one character for one character.
pub(super) fn characters(text: Mapped, repairs: &mut BTreeSet<Repair>) -> Mapped {
    let source = text.text();
    let bytes = source.as_bytes();
    let mut out: Option<Rewrite<'_>> = None;
    let mut kept = 0;
    let mut next = 0;
    let is_digit =
        |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    while let Some(&byte) = bytes.get(next) {
        let at = next;
        // Most of a text, settled without a look at the character: ASCII, and the block of Chinese characters.
        match byte {
            b' '..=b'~' => {
                next = behind_ascii(bytes, at + 1);
                continue;
            }
            b'\n' => {
                next += 1;
                continue;
            }
            0xe4..=0xe9 => {
                next += 3;
                while let Some(0xe4..=0xe9) = bytes.get(next) {
                    next += 3;
                }
                continue;
            }
            0xe0..=0xef => {
                let wide = bytes.get(at..).and_then(|rest| rest.first_chunk());
                let comma = |wide: &[u8; 3]| wide == "，".as_bytes() && is_digit(at.checked_sub(1));
                if wide.is_some_and(|wide| !ODD.holds(*wide) && !comma(wide)) {
                    next += 3;
                    continue;
                }
            }
            // Letters of Latin and so on; those of Greek and Russian look like some of them.
            0xc3..=0xcd | 0xd2..=0xdf => {
                next += 2;
                continue;
            }
            // Emoji, but not letters of mathematics.
            0xf0..=0xf2 if bytes.get(at + 1) != Some(&0x9d) => {
                next += 4;
                continue;
            }
            _ => {}
        }
        let Some(c) = source.get(at..).and_then(|rest| rest.chars().next()) else { break };
        next += c.len_utf8();
        let folded = folded_at(source, at, c);
        if matches!(folded, Folded::Same) {
            continue;
        }
        let out = out.get_or_insert_with(|| Rewrite::new(&text));
        out.keep(kept..at);
        kept = at + c.len_utf8();
        match folded {
            Folded::Same => {}
            Folded::Gone => {
                if c != '\r' {
                    repairs.insert(Repair::Invisible);
                }
            }
            Folded::Width(wide) => {
                out.put(wide.encode_utf8(&mut [0; 4]), at..kept);
                repairs.insert(Repair::Width);
            }
            Folded::Meant(meant) => {
                out.put(meant.encode_utf8(&mut [0; 4]), at..kept);
                repairs.insert(Repair::LookAlike);
            }
            Folded::Blank => out.put(" ", at..kept),
        }
    }
    match out {
        None => text,
        Some(mut out) => {
            out.keep(kept..source.len());
            out.finish()
        }
    }
}

/// Whether [`characters`] would change anything.
pub(super) fn has_odd(words: &str) -> bool {
    let odd = |(at, c): (usize, char)| {
        !c.is_ascii_graphic() && !matches!(folded_at(words, at, c), Folded::Same)
    };
    words.char_indices().any(odd)
}

fn between_digits(text: &str, at: usize, c: char) -> bool {
    let digit = |c: Option<char>| c.is_some_and(|c| matches!(c, '0'..='9' | '０'..='９'));
    digit(text.get(..at).and_then(|s| s.chars().next_back()))
        && digit(text.get(at + c.len_utf8()..).and_then(|s| s.chars().next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let fold =
            |text: &str| characters(Mapped::verbatim(text), &mut BTreeSet::new()).text().to_owned();
        assert_eq!(fold(text), expected, "{text}");
        assert_eq!(fold(expected), expected, "twice: {text}");
    }

    #[test]
    fn invisible_and_wide() {
        check("网\u{200b}安\u{feff}部\u{ad}门", "网安部门");
        check("查获１２０Ｇ数据，占３．６％", "查获120G数据，占3.6%");
        check("⼈民法院", "人民法院");
    }

    #[test]
    fn look_alikes() {
        check("下载АРP，输入𝟔位数", "下载APP，输入6位数");
        check("女性⻋主", "女性车主");
        check("Россия", "Россия");
    }

    #[test]
    fn private_use() {
        check("分享 \u{e605}\n[\u{f099}]", "分享 \n[]");
        // A number that only the page's own font shows.
        check("抓获\u{e3b1}名嫌疑人", "抓获\u{e3b1}名嫌疑人");
    }

    #[test]
    fn thousands() {
        check("抓获1，026名", "抓获1,026名");
        check("涉案1，200，000余元", "涉案1,200,000余元");
        check("版本3.7.1，360手机", "版本3.7.1，360手机");
        check("抓获5人，120名学生", "抓获5人，120名学生");
        check("共12，3456人", "共12，3456人");
        check("编号0，026个", "编号0，026个");
        check("选1，200为答案", "选1，200为答案");
    }
}
