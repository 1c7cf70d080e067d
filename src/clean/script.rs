//! Convert: traditional script and pinyin glosses -> simplified script.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;

use super::chars::is_han;
use crate::model::{Mapped, Repair, Rewrite, Script};

/// The text in simplified script, and the script it was in.
pub(super) fn simplified(text: Mapped, repairs: &mut BTreeSet<Repair>) -> (Mapped, Script) {
    let count = Count::of(text.text());
    let script = count.script();
    if count.traditional == 0 {
        return (text, script);
    }
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
    let count = Count::of(words);
    if count.traditional == 0 || count.simplified > count.traditional {
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
            if c < '\u{3400}' || !is_han(c) {
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
    let script = |code: u32| {
        let Some(c) = char::from_u32(code) else { return 0 };
        let mut buffer = [0; 4];
        let word = c.encode_utf8(&mut buffer);
        if !in_gb2312(word) {
            return if *convert(word) == *word { 0 } else { TRADITIONAL };
        }
        let (_, _, unknown) = encoding_rs::BIG5.encode(word);
        let has_traditional =
            to_traditional.as_ref().is_some_and(|table| table.convert(word) != *word);
        if unknown && has_traditional { SIMPLIFIED } else { 0 }
    };
    Table((FIRST..=LAST).map(script).collect())
});

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
