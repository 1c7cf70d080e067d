//! Read again: UTF-8 or GBK that a program took for Latin or Cyrillic letters -> the text that it was.
//!
//! Whoever saves a page in the wrong encoding turns each byte into a letter. The bytes are still told by the letters,
//! and bytes that make Chinese text in long runs were Chinese text.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

use encoding_rs::{Encoding, GBK};

use super::chars::{is_cjk_punctuation, is_han};
use super::damage::is_common;
use crate::model::{Mapped, Repair, Rewrite};

/// The upper half of the encodings that such programs take for given, Latin ones first. Bytes that are no letter stand
/// for themselves.
const PAGES: [&str; 8] = [
    "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ\u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ",
    "ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\u{98}™љ›њќћџ\u{a0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{ad}®Ї°±Ііґµ¶·ё№є»јЅѕїАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя",
    "ҖҒӮғ„…ҶҮҲүҠӢҢҚҺҸҗ‘’“”•–—ҳҷҡӣңқһҹ\u{a0}ЎўЈӨҘҰ§Ё©Ә«¬ӯ®Ҝ°ұІіҙө¶·ё№ә»јҪҫҝАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя",
    "ђЂѓЃёЁєЄѕЅіІїЇјЈљЉњЊћЋќЌўЎџЏюЮъЪаАбБцЦдДеЕфФгГ«»░▒▓│┤хХиИ╣║╗╝йЙ┐└┴┬├─┼кК╚╔╩╦╠═╬¤лЛмМнНоОп┘┌█▄Пя▀ЯрРсСтТуУжЖвВьЬ№\u{ad}ыЫзЗшШэЭщЩчЧ§■\u{a0}",
    "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмноп░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀рстуфхцчшщъыьэюяЁёЄєЇїЎў°∙·√№¤■\u{a0}",
    "─│┌┐└┘├┤┬┴┼▀▄█▌▐░▒▓⌠■∙√≈≤≥\u{a0}⌡°²·÷═║╒ё╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡Ё╢╣╤╥╦╧╨╩╪╫╬©юабцдефгхийклмнопярстужвьызшэщчъЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ",
    "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ†°Ґ£§•¶І®©™Ђђ≠Ѓѓ∞±≤≥іµґЈЄєЇїЉљЊњјЅ¬√ƒ≈∆«»…\u{a0}ЋћЌќѕ–—“”‘’÷„ЎўЏџ№Ёёяабвгдежзийклмнопрстуфхцчшщъыьэю€",
    // Arabic, which would turn the line around.
    "€\u{67e}‚ƒ„…†‡ˆ‰\u{679}‹Œ\u{686}\u{698}\u{688}\u{6af}‘’“”•–—\u{6a9}™\u{691}›œ\u{200c}\u{200d}\u{6ba}\u{a0}\u{60c}¢£¤¥¦§¨©\u{6be}«¬\u{ad}®¯°±²³´µ¶·¸¹\u{61b}»¼½¾\u{61f}\u{6c1}\u{621}\u{622}\u{623}\u{624}\u{625}\u{626}\u{627}\u{628}\u{629}\u{62a}\u{62b}\u{62c}\u{62d}\u{62e}\u{62f}\u{630}\u{631}\u{632}\u{633}\u{634}\u{635}\u{636}×\u{637}\u{638}\u{639}\u{63a}\u{640}\u{641}\u{642}\u{643}à\u{644}â\u{645}\u{646}\u{647}\u{648}çèéêë\u{649}\u{64a}îï\u{64b}\u{64c}\u{64d}\u{64e}ô\u{64f}\u{650}÷\u{651}ù\u{652}ûü\u{200e}\u{200f}\u{6d2}",
];

/// Fewer Chinese characters come about by chance.
const FEWEST: usize = 4;

/// The text with every such run as the text that it was; what cannot be read is U+FFFD.
pub(super) fn recoded(text: Mapped, repairs: &mut BTreeSet<Repair>) -> Mapped {
    let Some(reading) = Reading::of(text.text()) else { return text };
    let source = text.text();
    let mut out = Rewrite::new(&text);
    let mut kept = 0;
    for run in runs(source) {
        let words = source.get(run.clone()).unwrap_or_default();
        for (piece, words) in reading.pieces(words) {
            let piece = run.start + piece.start..run.start + piece.end;
            out.keep(kept..piece.start);
            out.put(&words, piece.clone());
            kept = piece.end;
        }
    }
    out.keep(kept..source.len());
    repairs.insert(Repair::Encoding);
    out.finish()
}

/// Cheap test: letters that stand for the first byte of a Chinese character, with another letter behind each.
pub(super) fn may_be_recoded(text: &str) -> bool {
    let bytes = text.as_bytes();
    let in_row = |at: usize| matches!(bytes.get(at + 2), Some(0xc2..=0xdb | 0xe2));
    memchr::memchr3_iter(0xc3, 0xd0, 0xd1, bytes).filter(|at| in_row(*at)).nth(FEWEST - 1).is_some()
}

/// How letters become bytes, and bytes text.
#[derive(Debug, Clone, Copy)]
struct Reading {
    letters: &'static BTreeMap<char, u8>,
    code: Code,
}

/// The byte for which each letter of each page stands.
static LETTERS: LazyLock<Vec<BTreeMap<char, u8>>> =
    LazyLock::new(|| PAGES.iter().map(|page| page.chars().zip(0x80..=0xff).collect()).collect());

/// Bytes of letters that tell enough about a text.
const SAMPLE: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    Utf8,
    Gbk,
}

impl Reading {
    /// The one that gives most Chinese; `None` if none gives enough to be certain.
    fn of(text: &str) -> Option<Reading> {
        if !may_be_recoded(text) {
            return None;
        }
        let mut left = SAMPLE;
        let sample = |row: &&str| {
            let enough = left == 0;
            left = left.saturating_sub(row.len());
            !enough
        };
        let rows: Vec<&str> =
            runs(text).filter_map(|run| text.get(run)).take_while(sample).collect();
        let utf8 = LETTERS.iter().map(|letters| Reading { letters, code: Code::Utf8 });
        let gbk = LETTERS.first().map(|letters| Reading { letters, code: Code::Gbk });
        let counted = utf8.chain(gbk).map(|reading| {
            let pieces = rows.iter().flat_map(|row| reading.pieces(row));
            let (mut han, mut lost) = (0, 0);
            for (_, words) in pieces {
                han += words.chars().filter(|c| is_han(*c)).count();
                lost += words.matches('\u{fffd}').count();
            }
            (reading, han, lost)
        });
        let (reading, ..) = counted
            .filter(|(_, han, lost)| FEWEST <= *han && lost * 4 <= *han)
            .max_by_key(|(reading, han, lost)| (han - lost, reading.code == Code::Utf8))?;
        Some(reading)
    }

    /// The bytes that letters stand for, with the place of each; `None` for what is no letter of the page.
    fn byte(self, c: char) -> Option<u8> {
        match c {
            // What was U+00A0 and is a blank now.
            ' ' => Some(0xa0),
            '\u{80}'..='\u{9f}' => u8::try_from(u32::from(c)).ok(),
            _ => self.letters.get(&c).copied(),
        }
    }

    /// Parts of a run that are other text, and that text.
    fn pieces(self, row: &str) -> Vec<(Range<usize>, String)> {
        match self.code {
            Code::Utf8 => self.utf8(row),
            Code::Gbk => self.gbk(row).into_iter().collect(),
        }
    }

    fn utf8(self, row: &str) -> Vec<(Range<usize>, String)> {
        let letters: Vec<(usize, usize, Option<u8>)> =
            row.char_indices().map(|(at, c)| (at, at + c.len_utf8(), self.byte(c))).collect();
        let mut pieces: Vec<(Range<usize>, String)> = Vec::new();
        let mut rest = letters.as_slice();
        while let Some((&(start, behind, byte), others)) = rest.split_first() {
            let length = match byte {
                Some(0xc2..=0xdf) => 2,
                Some(0xe0..=0xef) => 3,
                Some(0xf0..=0xf4) => 4,
                _ => 0,
            };
            let sequence = rest.get(..length.min(rest.len())).unwrap_or_default();
            let bytes: Option<Vec<u8>> = sequence.iter().map(|(.., byte)| *byte).collect();
            let word = bytes.and_then(|mut bytes| {
                // A blank at the end of a line went with the other blanks there.
                if bytes.len() == 2 && length == 3 {
                    bytes.push(0xa0);
                }
                String::from_utf8(bytes).ok()
            });
            match (word.filter(|word| !word.is_empty()), sequence.last()) {
                (Some(word), Some(&(_, end, _))) => {
                    pieces.push((start..end, word));
                    rest = rest.get(sequence.len()..).unwrap_or_default();
                }
                _ => {
                    // Of a character whose other bytes are lost.
                    if byte.is_some_and(|byte| 0x80 <= byte) && row.get(start..behind) != Some(" ")
                    {
                        pieces.push((start..behind, "\u{fffd}".to_owned()));
                    }
                    rest = others;
                }
            }
        }
        // One lost character has up to two bytes left.
        pieces.dedup_by(|next, before| {
            let same =
                next.1 == "\u{fffd}" && before.1 == "\u{fffd}" && before.0.end == next.0.start;
            if same {
                before.0.end = next.0.end;
            }
            same
        });
        let reads = pieces.iter().filter(|(_, word)| word.chars().any(is_text)).count();
        if reads * 2 < pieces.len() { Vec::new() } else { pieces }
    }

    /// A whole run of GBK, in everyday characters.
    fn gbk(self, row: &str) -> Option<(Range<usize>, String)> {
        let row = row.trim_end_matches(' ');
        let bytes: Vec<u8> = row.chars().map(|c| self.byte(c)).collect::<Option<_>>()?;
        let words = decoded(GBK, &bytes)?;
        let (mut common, mut all) = (0, 0);
        for c in words.chars() {
            all += 1;
            common += usize::from(
                is_cjk_punctuation(c) || c == '\u{3000}' || (is_han(c) && is_common(c)),
            );
        }
        (2 <= all && common * 10 >= all * 9).then_some((0..row.len(), words))
    }
}

fn decoded(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    let words = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    Some(words.into_owned())
}

fn is_text(c: char) -> bool {
    is_han(c)
        || is_cjk_punctuation(c)
        || matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}')
}

/// Runs of letters beyond ASCII that no Chinese text is made of; a blank may be one of them.
fn runs(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let is_letter = |c: char| matches!(c, '\u{80}'..='\u{6ff}' | '\u{200c}'..='\u{25ff}');
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text.get(from..)?.find(is_letter)?;
        let rest = text.get(start..)?;
        let mut end = 0;
        for (at, c) in rest.char_indices() {
            if is_letter(c) {
                end = at + c.len_utf8();
            } else if c != ' ' || end < at {
                break;
            }
        }
        from = start + end;
        Some(start..from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORY: &str = "近日，江城警方破获一起侵犯公民个人信息案，抓获犯罪嫌疑人九名。";

    /// As a program shows text that it takes to be in the encoding with this upper half.
    fn misread(bytes: &[u8], page: &str) -> String {
        let letter = |byte: &u8| match byte.checked_sub(0x80) {
            Some(upper) => page.chars().nth(usize::from(upper)).unwrap(),
            None => char::from(*byte),
        };
        bytes.iter().map(letter).collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut repairs = BTreeSet::new();
        let out = recoded(Mapped::verbatim(text), &mut repairs);
        assert_eq!(out.text(), expected);
        assert_eq!(repairs.contains(&Repair::Encoding), text != expected);
    }

    #[test]
    fn every_code_page() {
        for page in PAGES {
            assert_eq!(page.chars().count(), 128);
            let text = format!("<p>{}</p> 2023\n", misread(STORY.as_bytes(), page));
            check(&text, &format!("<p>{STORY}</p> 2023\n"));
        }
        let (gbk, ..) = GBK.encode(STORY);
        check(&misread(&gbk, PAGES[0]), STORY);
    }

    #[test]
    fn lost_bytes() {
        // 江 has lost its last byte; blanks that do not break a line became plain blanks.
        let bytes: Vec<u8> =
            STORY.bytes().enumerate().filter(|(i, _)| *i != 11).map(|(_, byte)| byte).collect();
        check(&misread(&bytes, PAGES[2]), &STORY.replace('江', "\u{fffd}"));
        let spaced = misread("全国公安机关破获大案，查获大量信息".as_bytes(), PAGES[0]);
        check(&spaced.replace('\u{a0}', " "), "全国公安机关破获大案，查获大量信息");
        let lines = misread("江城警方通报\n往日文章\n相关文章".as_bytes(), PAGES[2]);
        check(&lines.replace('\u{a0}', ""), "江城警方通报\n往日文章\n相关文章");
    }

    #[test]
    fn other_languages_stay() {
        for text in [
            "Привет, мир! Это обычный русский текст о безопасности.",
            "Où est-il? Ça été créé à l’été, très tôt: « déjà vu ».",
            "网络安全（Überprüfung）与 naïve façade",
            STORY,
            "3×5＝15，±2℃，α粒子",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn each_character_maps_to_its_letters() {
        let text = misread(STORY.as_bytes(), PAGES[0]);
        let out = recoded(Mapped::verbatim(text.as_str()), &mut BTreeSet::new());
        let source = out.to_source(9..12);
        assert_eq!(text.get(source), Some(misread("江".as_bytes(), PAGES[0]).as_str()));
    }
}
