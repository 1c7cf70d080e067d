//! Fonts: the codes of a shown string become characters and widths.

use std::collections::HashMap;

use lopdf::{Dictionary, Document, Object};

/// A stream of a font may not become larger.
const MAX_STREAM: usize = 8 << 20;
/// Codes that one range of a map may name.
const MAX_RANGE: u32 = 0x1_0000;
/// All codes that a font may name.
const MAX_CODES: usize = 0x2_0000;
/// A font reaches no deeper into other objects.
const MAX_LOOKS: usize = 8;

/// What a code is drawn as.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Glyph {
    /// Its characters; empty if the font does not tell.
    pub(super) text: String,
    /// Its width, where the size of the font is 1.
    pub(super) width: f64,
    /// Whether it is the single byte 32, to which word spacing applies.
    pub(super) is_space: bool,
}

/// A font as far as text goes.
#[derive(Debug)]
pub(super) struct Font {
    codes: Codes,
    widths: HashMap<u32, f64>,
    default_width: f64,
    /// Whether lines run downwards.
    pub(super) vertical: bool,
}

/// How codes are cut, and what they mean.
#[derive(Debug)]
enum Codes {
    /// One byte each.
    Bytes { unicode: HashMap<u32, String>, encoding: Vec<String> },
    /// Two bytes each, meant by a map in the file.
    Pairs { unicode: HashMap<u32, String> },
    /// As an encoding of Chinese has them.
    Known(&'static encoding_rs::Encoding),
}

impl Font {
    pub(super) fn of(font: &Dictionary, document: &Document) -> Self {
        let unicode = get(font, b"ToUnicode", document)
            .and_then(|object| object.as_stream().ok())
            .and_then(|stream| stream.get_plain_content_with_limit(MAX_STREAM).ok())
            .map(|map| to_unicode(&map))
            .unwrap_or_default();
        if font.get(b"Subtype").and_then(Object::as_name).is_ok_and(|kind| kind == b"Type0") {
            return Font::composite(font, unicode, document);
        }
        let encoding = match unicode.is_empty() {
            true => byte_meanings(font, document),
            false => Vec::new(),
        };
        let first = get(font, b"FirstChar", document).and_then(|first| first.as_i64().ok());
        let first = first.and_then(|first| u32::try_from(first).ok()).unwrap_or(0);
        let widths = get(font, b"Widths", document).and_then(|widths| widths.as_array().ok());
        let widths =
            widths.into_iter().flatten().zip(first..).filter_map(|(width, code)| {
                Some((code, number(resolve(width, document)?)? / 1000.0))
            });
        Font {
            codes: Codes::Bytes { unicode, encoding },
            widths: widths.take(256).collect(),
            default_width: 0.5,
            vertical: false,
        }
    }

    fn composite(font: &Dictionary, unicode: HashMap<u32, String>, document: &Document) -> Self {
        let name = get(font, b"Encoding", document).and_then(|name| name.as_name().ok());
        let name = name.map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default();
        let codes = match known(&name) {
            Some(encoding) if unicode.is_empty() => Codes::Known(encoding),
            Some(_) | None => Codes::Pairs { unicode },
        };
        let inner = get(font, b"DescendantFonts", document)
            .and_then(|list| list.as_array().ok()?.first())
            .and_then(|inner| resolve(inner, document)?.as_dict().ok());
        let default = inner.and_then(|inner| number(get(inner, b"DW", document)?));
        let widths = inner.and_then(|inner| get(inner, b"W", document)?.as_array().ok());
        Font {
            // The widths are those of glyphs, which only such a code names itself.
            widths: match codes {
                Codes::Pairs { .. } => {
                    widths.map(|list| ranges(list, document)).unwrap_or_default()
                }
                Codes::Bytes { .. } | Codes::Known(_) => HashMap::new(),
            },
            codes,
            default_width: default.unwrap_or(1000.0) / 1000.0,
            vertical: name.ends_with("-V"),
        }
    }

    /// The glyphs of a string.
    pub(super) fn glyphs(&self, string: &[u8]) -> Vec<Glyph> {
        let width = |code: u32| self.widths.get(&code).copied().unwrap_or(self.default_width);
        match &self.codes {
            Codes::Bytes { unicode, encoding } => {
                let glyph = |byte: &u8| {
                    let text = unicode.get(&u32::from(*byte)).or(encoding.get(usize::from(*byte)));
                    Glyph {
                        text: text.cloned().unwrap_or_default(),
                        width: width(u32::from(*byte)),
                        is_space: *byte == b' ',
                    }
                };
                string.iter().map(glyph).collect()
            }
            Codes::Pairs { unicode } => {
                let glyph = |pair: &[u8]| {
                    let code = pair.iter().fold(0, |code, byte| code << 8 | u32::from(*byte));
                    let text = unicode.get(&code).cloned().unwrap_or_default();
                    Glyph { text, width: width(code), is_space: false }
                };
                string.chunks(2).map(glyph).collect()
            }
            Codes::Known(encoding) => {
                let (text, _) = encoding.decode_without_bom_handling(string);
                let glyph = |c: char| {
                    let narrow = c.is_ascii();
                    Glyph {
                        text: c.to_string(),
                        width: if narrow { self.default_width / 2.0 } else { self.default_width },
                        is_space: c == ' ',
                    }
                };
                text.chars().map(glyph).collect()
            }
        }
    }
}

/// The encoding behind a predefined map of Chinese codes.
fn known(name: &str) -> Option<&'static encoding_rs::Encoding> {
    let has = |part: &str| name.contains(part);
    if has("UCS2") || has("UTF16") {
        Some(encoding_rs::UTF_16BE)
    } else if has("UTF8") {
        Some(encoding_rs::UTF_8)
    } else if name.starts_with("GB") {
        Some(encoding_rs::GB18030)
    } else if name.starts_with("B5") || name.starts_with("ETen") || name.starts_with("HK") {
        Some(encoding_rs::BIG5)
    } else {
        None
    }
}

/// What each byte means in a font without a map: by its encoding, its named differences among them.
fn byte_meanings(font: &Dictionary, document: &Document) -> Vec<String> {
    let Ok(encoding) = font.get_font_encoding_with_limit(document, MAX_STREAM) else {
        return Vec::new();
    };
    (0..=u8::MAX).map(|byte| encoding.bytes_to_string(&[byte]).unwrap_or_default()).collect()
}

/// The widths of glyphs: `first [w w w]` or `first last w`, again and again.
fn ranges(list: &[Object], document: &Document) -> HashMap<u32, f64> {
    let mut widths = HashMap::new();
    let code = |object: &Object| u32::try_from(resolve(object, document)?.as_i64().ok()?).ok();
    let mut rest = list;
    while let [first, second, after @ ..] = rest {
        let Some(start) = code(first) else { break };
        if let Some(Object::Array(each)) = resolve(second, document) {
            let known = each.iter().map(|width| resolve(width, document).and_then(number));
            for (width, code) in known.zip(start..) {
                widths.insert(code, width.unwrap_or(1000.0) / 1000.0);
            }
            rest = after;
        } else if let ([width, after @ ..], Some(end)) = (after, code(second)) {
            let width = resolve(width, document).and_then(number).unwrap_or(1000.0) / 1000.0;
            for code in (start..=end).take(usize::try_from(MAX_RANGE).unwrap_or(0)) {
                widths.insert(code, width);
            }
            rest = after;
        } else {
            break;
        }
        if widths.len() > MAX_CODES {
            break;
        }
    }
    widths
}

/// The object behind references.
pub(super) fn resolve<'a>(object: &'a Object, document: &'a Document) -> Option<&'a Object> {
    let mut object = object;
    for _ in 0..MAX_LOOKS {
        match object {
            Object::Reference(id) => object = document.get_object(*id).ok()?,
            other => return Some(other),
        }
    }
    None
}

/// An entry of a dictionary.
pub(super) fn get<'a>(
    dictionary: &'a Dictionary,
    key: &[u8],
    document: &'a Document,
) -> Option<&'a Object> {
    resolve(dictionary.get(key).ok()?, document)
}

/// A whole or broken number.
pub(super) fn number(object: &Object) -> Option<f64> {
    object.as_float().ok().map(f64::from).filter(|number| number.is_finite())
}

/// What the codes of a font mean, as its map says.
fn to_unicode(map: &[u8]) -> HashMap<u32, String> {
    let mut unicode = HashMap::new();
    let mut words = Words { text: map };
    let mut recent: Vec<Word> = Vec::new();
    while let Some(word) = words.next()
        && unicode.len() < MAX_CODES
    {
        let Word::Name(name) = word else {
            recent.push(word);
            continue;
        };
        match name.as_slice() {
            b"endbfchar" => {
                for pair in recent.chunks_exact(2) {
                    if let [Word::Hex(code), Word::Hex(text)] = pair {
                        unicode.insert(value(code), utf16(text));
                    }
                }
            }
            b"endbfrange" => read_ranges(&recent, &mut unicode),
            _ => {}
        }
        recent.clear();
    }
    unicode
}

fn read_ranges(words: &[Word], unicode: &mut HashMap<u32, String>) {
    let mut rest = words;
    while let [Word::Hex(first), Word::Hex(last), after @ ..] = rest {
        let (first, last) = (value(first), value(last));
        let codes = first..=last.min(first.saturating_add(MAX_RANGE));
        match after {
            [Word::Hex(text), after @ ..] => {
                let start: Vec<char> = utf16(text).chars().collect();
                let (head, tail) = start.split_at(start.len().saturating_sub(1));
                let tail = tail.first().map_or(0, |c| u32::from(*c));
                for (code, step) in codes.zip(0_u32..) {
                    let c = char::from_u32(tail.saturating_add(step));
                    unicode.insert(code, head.iter().copied().chain(c).collect());
                }
                rest = after;
            }
            [Word::Open, after @ ..] => {
                let end = after.iter().position(|word| *word == Word::Close).unwrap_or(after.len());
                for (code, word) in codes.zip(after.iter().take(end)) {
                    if let Word::Hex(text) = word {
                        unicode.insert(code, utf16(text));
                    }
                }
                rest = after.get(end + 1..).unwrap_or_default();
            }
            _ => break,
        }
    }
}

fn value(code: &[u8]) -> u32 {
    code.iter().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

fn utf16(bytes: &[u8]) -> String {
    let (text, _) = encoding_rs::UTF_16BE.decode_without_bom_handling(bytes);
    text.chars().filter(|c| *c != '\0').collect()
}

/// A word of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Hex(Vec<u8>),
    Open,
    Close,
    Name(Vec<u8>),
}

/// Cuts a map into words.
struct Words<'a> {
    text: &'a [u8],
}

impl Iterator for Words<'_> {
    type Item = Word;

    fn next(&mut self) -> Option<Word> {
        self.text = self.text.trim_ascii_start();
        let (first, rest) = self.text.split_first()?;
        match first {
            b'[' => {
                self.text = rest;
                Some(Word::Open)
            }
            b']' => {
                self.text = rest;
                Some(Word::Close)
            }
            b'<' if rest.first() != Some(&b'<') => {
                let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
                let digits: Vec<u8> = rest
                    .iter()
                    .take(end.min(1024))
                    .filter_map(|digit| char::from(*digit).to_digit(16))
                    .filter_map(|digit| u8::try_from(digit).ok())
                    .collect();
                self.text = rest.get(end + 1..).unwrap_or_default();
                let byte = |pair: &[u8]| match pair {
                    [high, low] => high << 4 | low,
                    [high] => high << 4,
                    _ => 0,
                };
                Some(Word::Hex(digits.chunks(2).map(byte).collect()))
            }
            b'%' => {
                let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                self.text = rest.get(end..).unwrap_or_default();
                self.next()
            }
            _ => {
                let stop = |byte: &u8| byte.is_ascii_whitespace() || b"[]<%".contains(byte);
                let end = rest.iter().position(stop).unwrap_or(rest.len()) + 1;
                let (name, after) = self.text.split_at_checked(end)?;
                self.text = after;
                Some(Word::Name(name.to_vec()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps() {
        let map = b"/CIDInit /ProcSet findresource begin\n1 begincodespacerange <0000> <FFFF> endcodespacerange\n\
            2 beginbfchar\n<0003> <8B66>\n<0004> <65B9 901A>\nendbfchar % done\n\
            3 beginbfrange\n<0010><0012><0041>\n<0020> <0021> [<6848> <4EF6>]\n<0030> <0030> <D83DDE00>\nendbfrange";
        let unicode = to_unicode(map);
        let mut all: Vec<(u32, &str)> =
            unicode.iter().map(|(code, text)| (*code, text.as_str())).collect();
        all.sort_unstable();
        let expected = [
            (3, "警"),
            (4, "方通"),
            (0x10, "A"),
            (0x11, "B"),
            (0x12, "C"),
            (0x20, "案"),
            (0x21, "件"),
            (0x30, "😀"),
        ];
        assert_eq!(all, expected);
        assert!(to_unicode(b"1 beginbfrange <0> <FFFFFFFF> <0041> endbfrange").len() <= 0x1_0001);
        assert!(to_unicode(b"beginbfchar <41 endbfchar >>> [ <").is_empty());
    }
}
