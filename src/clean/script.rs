//! Convert: traditional script and pinyin glosses -> simplified script.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;

use super::chars::{WideSet, behind_ascii, is_han};
use crate::model::{Mapped, Repair, Rewrite, Script};

/// The text in simplified script, and the script it was in.
pub(super) fn simplified(text: Mapped, repairs: &mut BTreeSet<Repair>) -> (Mapped, Script) {
    let script = match kind(text.text()) {
        Kind::Other => return (text, Script::Other),
        Kind::Simplified => return (text, Script::Hans),
        Kind::Traditional => Count::of(text.text()).script(),
    };
    let source = text.text();
    let mut out = Rewrite::new(&text);
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        let end = start + line.len();
        let here = Count::of(line);
        if here.traditional == 0 {
            out.keep(start..end);
        } else if here.simplified > here.traditional {
            // A traditional character in a simplified sentence: the words around it are right as they are.
            singly(&mut out, line, start);
        } else {
            convert_line(&mut out, line, start);
        }
        start = end;
    }
    let out = out.finish();
    if out.text() == source {
        return (text, script);
    }
    repairs.insert(Repair::Traditional);
    (out, script)
}

/// A short string, such as a title, in simplified script.
pub(super) fn simplified_words(words: &str) -> String {
    if kind(words) != Kind::Traditional {
        return words.to_owned();
    }
    let count = Count::of(words);
    if count.simplified > count.traditional {
        return words.to_owned();
    }
    convert(words)
}

fn convert_line(out: &mut Rewrite<'_>, line: &str, start: usize) {
    let converted = convert(line);
    if line.chars().count() != converted.chars().count() {
        return put_middle(out, line, &converted, start);
    }
    let mut kept = start;
    for ((at, old), new) in line.char_indices().zip(converted.chars()) {
        if old != new {
            out.keep(kept..start + at);
            kept = start + at + old.len_utf8();
            out.put(new.encode_utf8(&mut [0; 4]), start + at..kept);
        }
    }
    out.keep(kept..start + line.len());
}

/// Where characters do not pair up, what differs is one piece.
fn put_middle(out: &mut Rewrite<'_>, line: &str, converted: &str, start: usize) {
    let same = |(a, b): &(char, char)| a == b;
    let head: usize =
        line.chars().zip(converted.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let (old, new) =
        (line.get(head..).unwrap_or_default(), converted.get(head..).unwrap_or_default());
    let tail: usize =
        old.chars().rev().zip(new.chars().rev()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let end = line.len() - tail;
    out.keep(start..start + head);
    out.put(new.get(..new.len() - tail).unwrap_or_default(), start + head..start + end);
    out.keep(start + end..start + line.len());
}

fn singly(out: &mut Rewrite<'_>, line: &str, start: usize) {
    let mut kept = start;
    for (at, c) in line.char_indices() {
        if TABLE.script(c) == TRADITIONAL {
            let end = start + at + c.len_utf8();
            out.keep(kept..start + at);
            out.put(&convert(c.encode_utf8(&mut [0; 4])), start + at..end);
            kept = end;
        }
    }
    out.keep(kept..start + line.len());
}

/// Hong Kong forms first, as Taiwan's table does not know them; then Taiwan's, which knows 接著.
static TO_SIMPLIFIED: LazyLock<Vec<OpenCC>> = LazyLock::new(|| {
    [BuiltinConfig::Hk2s, BuiltinConfig::Tw2s]
        .into_iter()
        .filter_map(|c| OpenCC::from_config(c).ok())
        .collect()
});

fn convert(words: &str) -> String {
    let converted =
        TO_SIMPLIFIED.iter().fold(words.to_owned(), |words, table| table.convert(&words));
    // To the second table, 么 (from 麼) is a traditional form of 幺, which hardly any text has.
    if words.contains('幺') { converted } else { converted.replace('幺', "么") }
}

/// What the characters of a text tell at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// No Chinese at all.
    Other,
    /// Chinese, and nothing in traditional script only.
    Simplified,
    /// Something in traditional script only.
    Traditional,
}

/// Looks at every character, but not longer than it must.
pub(super) fn kind(text: &str) -> Kind {
    let bytes = text.as_bytes();
    let traditional = &*ONLY_TRADITIONAL;
    let mut kind = Kind::Other;
    let mut at = 0;
    while let Some(&lead) = bytes.get(at) {
        match lead {
            0xe4..=0xe9 => {
                let wide = bytes.get(at..).and_then(|rest| rest.first_chunk());
                if wide.is_some_and(|wide| traditional.holds(*wide)) {
                    return Kind::Traditional;
                }
                kind = Kind::Simplified;
                at += 3;
            }
            0..=0x7f => at = behind_ascii(bytes, at + 1),
            0xe3 | 0xef | 0xf0.. if kind == Kind::Other => {
                let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
                if is_counted(c) {
                    kind = Kind::Simplified;
                }
                at += c.len_utf8();
            }
            0xf0.. => at += 4,
            0xe0.. => at += 3,
            _ => at += 2,
        }
    }
    kind
}

/// Chinese characters proper, without marks such as 々.
fn is_counted(c: char) -> bool {
    '\u{3400}' <= c && is_han(c)
}

/// How many characters of a text belong to one script only.
struct Count {
    traditional: usize,
    simplified: usize,
    han: usize,
}

impl Count {
    fn of(text: &str) -> Count {
        let mut count = Count { traditional: 0, simplified: 0, han: 0 };
        if text.is_ascii() {
            return count;
        }
        let table = &*TABLE;
        for c in text.chars() {
            if !is_counted(c) {
                continue;
            }
            count.han += 1;
            match table.script(c) {
                TRADITIONAL => count.traditional += 1,
                SIMPLIFIED => count.simplified += 1,
                _ => {}
            }
        }
        count
    }

    fn script(&self) -> Script {
        match (self.traditional, self.simplified) {
            _ if self.han == 0 => Script::Other,
            (0, _) => Script::Hans,
            (_, 0) => Script::Hant,
            (t, s) if t * 10 < s => Script::Hans,
            (t, s) if s * 10 < t => Script::Hant,
            (_, _) => Script::Mixed,
        }
    }
}

const TRADITIONAL: u8 = 1;
const SIMPLIFIED: u8 = 2;

struct Table(Vec<u8>);

impl Table {
    /// [`TRADITIONAL`], [`SIMPLIFIED`] or 0.
    fn script(&self, c: char) -> u8 {
        let at = usize::try_from(u32::from(c).wrapping_sub(FIRST)).unwrap_or(usize::MAX);
        self.0.get(at).copied().unwrap_or(0)
    }
}

const FIRST: u32 = 0x4e00;
const LAST: u32 = 0x9fff;

/// A character is evidence of traditional script if it has a simplified form and the mainland's GB 2312 does not
/// know it (著 and 乾 are in both), of simplified script if it has a traditional form and Big5 does not know it.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let to_traditional = OpenCC::from_config(BuiltinConfig::S2t).ok();
    // Encoders look characters up one by one; decoding all there is takes no time.
    let gb2312 = known(encoding_rs::GBK, 0xb0..=0xf7, 0xa1..=0xfe);
    let big5 = known(encoding_rs::BIG5, 0xa1..=0xfe, 0x40..=0xfe);
    let script = |code: u32| {
        let Some(c) = char::from_u32(code) else { return 0 };
        let mut buffer = [0; 4];
        let word = c.encode_utf8(&mut buffer);
        if !gb2312.contains(&c) {
            return if *convert(word) == *word { 0 } else { TRADITIONAL };
        }
        let has_traditional =
            || to_traditional.as_ref().is_some_and(|table| table.convert(word) != *word);
        if !big5.contains(&c) && has_traditional() { SIMPLIFIED } else { 0 }
    };
    Table((FIRST..=LAST).map(script).collect())
});

static ONLY_TRADITIONAL: LazyLock<WideSet> =
    LazyLock::new(|| WideSet::of(|c| TABLE.script(c) == TRADITIONAL));

/// The characters of an encoding whose first and second bytes are in these ranges.
fn known(
    encoding: &'static encoding_rs::Encoding,
    first: RangeInclusive<u8>,
    second: RangeInclusive<u8>,
) -> BTreeSet<char> {
    let pairs = first.flat_map(|first| second.clone().map(move |second| [first, second]));
    pairs
        .filter_map(|pair| {
            encoding
                .decode_without_bom_handling_and_without_replacement(&pair)
                .and_then(|word| word.chars().next())
        })
        .collect()
}

/// Whether GB 2312 has the character: both bytes of its GBK code from A1 up, the first at most F7.
pub(super) fn in_gb2312(word: &str) -> bool {
    let (bytes, _, unknown) = encoding_rs::GBK.encode(word);
    !unknown && matches!(*bytes, [0xb0..=0xf7, 0xa1..=0xfe])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str, script: Script) {
        let source = Mapped::verbatim(text);
        let (out, found) = simplified(source, &mut BTreeSet::new());
        assert_eq!(out.text(), expected);
        assert_eq!(found, script, "{text}");
    }

    #[test]
    fn scripts() {
        check("著名的乾隆瓷瓶", "著名的乾隆瓷瓶", Script::Hans);
        check("公安機關破獲一宗著名案件", "公安机关破获一宗著名案件", Script::Hant);
        check("隨著網絡發展，後來乾隆年間的古董", "随着网络发展，后来乾隆年间的古董", Script::Hant);
        check("3000餘條資料", "3000余条资料", Script::Hant);
        check("衞生部門", "卫生部门", Script::Hant);
        check("為什麼這麼說，怎么辦", "为什么这么说，怎么办", Script::Hant);
        check("hello", "hello", Script::Other);
        check(
            "公安机关侦办陶喆著作权案，发现涉案账号出现獲取",
            "公安机关侦办陶喆著作权案，发现涉案账号出现获取",
            Script::Mixed,
        );
    }

    #[test]
    fn every_character_maps_to_its_own() {
        let (out, _) = simplified(Mapped::verbatim("查獲資料"), &mut BTreeSet::new());
        assert_eq!(out.to_source(3..6), 3..6);
    }
}
