//! Decode: bytes to text, by marks, validity and how plausible the Chinese is that comes out.

use std::sync::LazyLock;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::Stop;
use crate::model::{Encoding, RejectReason};

/// A text and how it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) text: String,
    pub(super) encoding: Encoding,
    /// Some bytes were no text; they are U+FFFD now.
    pub(super) damaged: bool,
}

/// Decided on this much, counted from the first byte that is not ASCII.
const SAMPLE: usize = 64 << 10;
/// Looked through for control characters.
const CONTROLS_SAMPLE: usize = 64 << 10;
/// What the detector of web pages gets to see; it is slow.
const DETECTOR_SAMPLE: usize = 8 << 10;
/// Where a page declares its encoding.
const DECLARED_WITHIN: usize = 4 << 10;
/// At least this share of the characters must be common ones.
const PLAUSIBLE: f64 = 0.8;
/// The best reading must be this much better than the next.
const MARGIN: f64 = 0.1;
/// Where the detector hears another language, this share must be the most frequent characters.
const FREQUENT_SHARE: f64 = 0.1;
/// What the page's own word, or the detector's, adds to a reading.
const VOICE: f64 = 0.15;

/// The text of `bytes`. A leading byte order mark stays, as U+FEFF.
pub(super) fn decode(bytes: Vec<u8>) -> Result<Decoded, Stop> {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) if !has_controls(text.as_bytes()) => return Ok(utf8(text)),
        // UTF-16 may be valid UTF-8 too, with zeros and control characters in it.
        Ok(text) => match unmarked_utf16(text.as_bytes()) {
            Some(encoding) => return finish(text.as_bytes(), encoding),
            None => return Ok(utf8(text)),
        },
        Err(error) => error.into_bytes(),
    };
    match marked(&bytes)? {
        Some(encoding) => finish(&bytes, encoding),
        None => match line_by_line(&bytes) {
            Some(decoded) => Ok(decoded),
            None => finish(&bytes, undeclared(&bytes)?),
        },
    }
}

/// The text of a document of which a server said the encoding; its bytes are believed first.
pub(super) fn decode_declared(
    bytes: Vec<u8>,
    charset: Option<&'static encoding_rs::Encoding>,
) -> Result<Decoded, Stop> {
    let said = Encoding::ALL
        .iter()
        .copied()
        .find(|encoding| charset.is_some_and(|charset| same_family(charset, *encoding)));
    decode_within(bytes, said)
}

/// The text of a record in a file that reads as `hint`, which counts where the record alone tells nothing.
pub(super) fn decode_within(bytes: Vec<u8>, hint: Option<Encoding>) -> Result<Decoded, Stop> {
    match String::from_utf8(bytes) {
        Ok(text) if !has_controls(text.as_bytes()) => Ok(utf8(text)),
        Ok(text) => decode(text.into_bytes()),
        Err(error) => {
            let bytes = error.into_bytes();
            let Some(hint) = hint else { return decode(bytes) };
            decode(bytes.clone()).or_else(|_| finish(&bytes, hint))
        }
    }
}

fn utf8(text: String) -> Decoded {
    Decoded { text, encoding: Encoding::Utf8, damaged: false }
}

fn has_controls(bytes: &[u8]) -> bool {
    // No early end inside a block, so that many bytes are compared at once.
    let in_block = |block: &[u8]| block.iter().fold(false, |found, byte| found | is_control(*byte));
    bytes.chunks(1024).any(in_block)
}

/// Refuses a text with more than a few control characters: it is no text.
pub(super) fn refuse_controls(text: &str) -> Result<(), Stop> {
    let sample = head(text.as_bytes(), CONTROLS_SAMPLE);
    if !has_controls(sample) || controls(sample) * 200 <= sample.len().max(400) {
        return Ok(());
    }
    Err(Stop::new(RejectReason::UnknownFormat, "binary: full of control characters"))
}

fn controls(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| is_control(**byte)).count()
}

fn is_control(byte: u8) -> bool {
    (byte < 0x20) & !(0x09..=0x0d).contains(&byte) & (byte != 0x1b) | (byte == 0x7f)
}

/// What a byte order mark says.
fn marked(bytes: &[u8]) -> Result<Option<Encoding>, Stop> {
    Ok(match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
            return Err(Stop::new(RejectReason::UnknownEncoding, "UTF-32; save it as UTF-8"));
        }
        [0xff, 0xfe, ..] => Some(Encoding::Utf16Le),
        [0xfe, 0xff, ..] => Some(Encoding::Utf16Be),
        [0x84, 0x31, 0x95, 0x33, ..] => Some(Encoding::Gb18030),
        _ => None,
    })
}

/// UTF-16 without a mark, where nearly all of it reads as common text.
fn unmarked_utf16(bytes: &[u8]) -> Option<Encoding> {
    let readings = [Encoding::Utf16Le, Encoding::Utf16Be].map(|encoding| {
        let (text, _) = codec(encoding).decode_without_bom_handling(head(bytes, SAMPLE));
        (Reading::of(&text, true).plausible(), encoding)
    });
    let [le, be] = readings;
    let (share, encoding) = if le.0 >= be.0 { le } else { be };
    (share > 0.9).then_some(encoding)
}

/// The encoding of bytes that are not valid UTF-8 and carry no mark.
fn undeclared(bytes: &[u8]) -> Result<Encoding, Stop> {
    if memchr::memchr(0, bytes).is_some()
        && let Some(encoding) = unmarked_utf16(bytes)
    {
        return Ok(encoding);
    }
    let first = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
    let sample = head(bytes.get(first..).unwrap_or(bytes), SAMPLE);
    let declared = declared(head(bytes, DECLARED_WITHIN));
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(head(sample, DETECTOR_SAMPLE), true);
    let detected = detector.guess(None, Utf8Detection::Allow);

    let read_as = |&encoding: &Encoding| {
        let wide = is_wide(encoding);
        // Pairs of bytes are counted from the start of the file.
        let from = if wide { head(bytes, SAMPLE) } else { sample };
        let (text, _) = codec(encoding).decode_without_bom_handling(from);
        let reading = Reading::of(&text, wide);
        let voices = [declared, Some(detected)].into_iter().flatten();
        let voices = voices.filter(|named| same_family(named, encoding)).map(|_| VOICE);
        (reading.score() + voices.sum::<f64>(), reading, encoding)
    };
    let mut readings: Vec<_> = Encoding::ALL.iter().map(read_as).collect();
    readings.sort_by(|a, b| b.0.total_cmp(&a.0));
    // Korean in EUC-KR reads as common Chinese characters, but not as those that Chinese is full of.
    let foreign = !Encoding::ALL.iter().any(|encoding| same_family(detected, *encoding));
    if let [(best, reading, encoding), (next, ..), ..] = readings.as_slice()
        && reading.plausible() >= PLAUSIBLE
        && best - next >= MARGIN
        && (!foreign || reading.frequent() >= FREQUENT_SHARE || is_wide(*encoding))
    {
        return Ok(*encoding);
    }
    if controls(head(bytes, CONTROLS_SAMPLE)) * 100 > bytes.len().min(CONTROLS_SAMPLE) {
        return Err(Stop::new(RejectReason::UnknownFormat, "binary: full of control characters"));
    }
    // Text in another script with a few damaged bytes: not plausible Chinese, but no other encoding either.
    let invalid: usize = bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    if invalid * 100 <= bytes.len() {
        return Ok(Encoding::Utf8);
    }
    let detail = format!("no encoding gives plausible Chinese; it looks like {}", detected.name());
    Err(Stop::new(RejectReason::UnknownEncoding, detail))
}

/// What `charset=` in the head of a page names.
fn declared(head: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let head = head.to_ascii_lowercase();
    let (_, name) = head.split_at_checked(memchr::memmem::find(&head, b"charset=")? + 8)?;
    let name: Vec<u8> = name
        .iter()
        .skip_while(|byte| matches!(byte, b'"' | b'\''))
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        .copied()
        .collect();
    encoding_rs::Encoding::for_label(&name)
}

fn is_wide(encoding: Encoding) -> bool {
    matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be)
}

fn same_family(named: &'static encoding_rs::Encoding, encoding: Encoding) -> bool {
    named == codec(encoding) || (named == encoding_rs::GBK && encoding == Encoding::Gb18030)
}

pub(super) fn codec(encoding: Encoding) -> &'static encoding_rs::Encoding {
    match encoding {
        Encoding::Utf8 => UTF_8,
        Encoding::Utf16Le => UTF_16LE,
        Encoding::Utf16Be => UTF_16BE,
        Encoding::Gb18030 => GB18030,
        Encoding::Big5 => BIG5,
    }
}

fn finish(bytes: &[u8], encoding: Encoding) -> Result<Decoded, Stop> {
    let (text, damaged) = codec(encoding).decode_without_bom_handling(bytes);
    if damaged {
        let lost = memchr::memmem::find_iter(text.as_bytes(), "\u{fffd}").count();
        let ascii = text.bytes().filter(u8::is_ascii).count();
        let characters = text.chars().count();
        // Judged against what damage can show in; a page is mostly ASCII markup.
        let readable = (characters - ascii).max(characters / 100);
        if lost * 5 > readable.max(5) {
            let detail = format!("{lost} damaged places in {readable} characters as {encoding}");
            return Err(Stop::new(RejectReason::UnknownEncoding, detail));
        }
    }
    Ok(Decoded { text: text.into_owned(), encoding, damaged })
}

/// A file that was put together from UTF-8 and GB 18030: each line in its own encoding.
///
/// `None` unless there are lines of both, each of which reads as Chinese in one of them only.
fn line_by_line(bytes: &[u8]) -> Option<Decoded> {
    let lines = || bytes.split_inclusive(|byte| *byte == b'\n');
    // Nearly always there is none of one of them, which the first look tells.
    let utf8: usize = lines().filter(|line| is_chinese_utf8(line)).map(<[u8]>::len).sum();
    if utf8 == 0 {
        return None;
    }
    let others: usize = lines().filter(|line| is_chinese_gb(line)).map(<[u8]>::len).sum();
    if others == 0 {
        return None;
    }
    let most = if others <= utf8 { Encoding::Utf8 } else { Encoding::Gb18030 };
    let mut text = String::with_capacity(bytes.len());
    for line in lines() {
        let own = match most {
            Encoding::Gb18030 if is_chinese_utf8(line) => Encoding::Utf8,
            Encoding::Utf8 if is_chinese_gb(line) => Encoding::Gb18030,
            most => most,
        };
        text.push_str(&codec(own).decode_without_bom_handling(line).0);
    }
    Some(Decoded { text, encoding: most, damaged: true })
}

/// Valid UTF-8 with Chinese in it; two characters of GB 18030 may be that by chance.
fn is_chinese_utf8(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_ok_and(|line| reads_as_chinese(&Reading::of(line, false)))
}

/// No UTF-8, and valid GB 18030 with Chinese in it.
fn is_chinese_gb(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_err()
        && GB18030
            .decode_without_bom_handling_and_without_replacement(line)
            .is_some_and(|line| reads_as_chinese(&Reading::of(&line, false)))
}

fn reads_as_chinese(reading: &Reading) -> bool {
    const FEWEST: u32 = 4;
    FEWEST <= reading.characters && PLAUSIBLE <= reading.plausible() && 0 < reading.frequent
}

fn head(bytes: &[u8], n: usize) -> &[u8] {
    bytes.get(..n).unwrap_or(bytes)
}

/// How a text reads: what share of it is what Chinese articles are made of.
#[derive(Debug, Default)]
struct Reading {
    characters: u32,
    common: u32,
    frequent: u32,
}

impl Reading {
    /// Counts all characters, or only those beyond ASCII (which every encoding reads alike).
    fn of(text: &str, with_ascii: bool) -> Self {
        let mut reading = Reading::default();
        for c in text.chars().filter(|c| with_ascii || !c.is_ascii()) {
            reading.characters += 1;
            reading.common += u32::from(COMMON.holds(c));
            reading.frequent += u32::from(FREQUENT.contains(c));
        }
        reading
    }

    fn plausible(&self) -> f64 {
        f64::from(self.common) / f64::from(self.characters.max(1))
    }

    fn frequent(&self) -> f64 {
        f64::from(self.frequent) / f64::from(self.characters.max(1))
    }

    fn score(&self) -> f64 {
        self.plausible() + self.frequent()
    }
}

/// About a third of any Chinese text is one of these; in a wrong reading hardly any is.
const FREQUENT: &str = "，。、：的一是不了在人有我他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年\
    生自会那后能对着事其里所去行过家十用发天如然作方成者多日都三小军二无同么经法当起与好看学进种将还分此心前面又定见只主没公从\
    這為來個們說國時會後對著過發無經當與學進種將還從案件警信息民安法院\u{3000}";

/// Characters of everyday Chinese: the first levels of GB 2312 and Big5, punctuation, ASCII.
struct Common(Vec<u64>);

static COMMON: LazyLock<Common> = LazyLock::new(|| {
    let mut common = Common(vec![0; 0x1_0000 / 64]);
    let mut add = |codec: &'static encoding_rs::Encoding, leads: std::ops::RangeInclusive<u8>| {
        for (lead, trail) in leads.flat_map(|lead| (0x40..=0xfe).map(move |trail| (lead, trail))) {
            // Below A1 stand rare characters that GBK added.
            if codec == GB18030 && trail < 0xa1 {
                continue;
            }
            let pair = [lead, trail];
            let (text, _) = codec.decode_without_bom_handling(&pair);
            text.chars()
                .filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c))
                .for_each(|c| common.add(c));
        }
    };
    add(GB18030, 0xb0..=0xd7);
    add(BIG5, 0xa4..=0xc6);
    let punctuation = "\t\n\r\u{a0}·×÷°—–‘’“”…‰′″※→←↑↓−≥≤≈■□▲△▼●○◆◇★☆①②③④⑤⑥⑦⑧⑨⑩〇㎡℃‧•﹑\u{feff}āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü";
    punctuation.chars().for_each(|c| common.add(c));
    let ranges =
        [' '..='~', '\u{3000}'..='\u{3020}', '\u{ff01}'..='\u{ff5e}', 'ⅰ'..='ⅹ', 'Ⅰ'..='Ⅻ'];
    ranges.into_iter().flatten().for_each(|c| common.add(c));
    common
});

impl Common {
    fn place(c: char) -> (usize, u64) {
        let code = usize::try_from(u32::from(c)).unwrap_or(usize::MAX);
        (code / 64, 1 << (code % 64))
    }

    fn add(&mut self, c: char) {
        let (word, bit) = Common::place(c);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    fn holds(&self, c: char) -> bool {
        let (word, bit) = Common::place(c);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }
}

#[cfg(test)]
#[path = "encoding_tests.rs"]
mod tests;
