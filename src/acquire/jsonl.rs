//! JSON: one record a line, or an array of records; a broken one does not harm the others.

use std::borrow::Cow;
use std::io::BufRead;

use serde_json::{Map, Value};

use super::fields::Row;
use super::input::{Input, LineEnd, read_line};
use super::record::Content;
use super::walk::{Halt, Place, Walk, as_utf8};
use super::{Config, Stop, blank, length};
use crate::model::{Encoding, Format, RejectReason};

/// What the parser says of JSON nested deeper than it ever reads.
const TOO_DEEP: &str = "recursion limit exceeded";

/// How records stand in a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Each line is one.
    Lines,
    /// They stand in an array, or one after another over several lines.
    Values,
}

impl Layout {
    pub(super) fn format(self) -> Format {
        match self {
            Layout::Lines => Format::Jsonl,
            Layout::Values => Format::Json,
        }
    }

    /// The detail with the place of its record.
    pub(super) fn place(self, index: u32, detail: &str) -> String {
        match self {
            Layout::Lines => format!("line {}: {detail}", u64::from(index) + 1),
            Layout::Values => format!("record {}: {detail}", u64::from(index) + 1),
        }
    }
}

/// The layout, if the head of the text is JSON; `named` tells that the file's name says so.
pub(super) fn layout(text: &str, named: bool) -> Option<Layout> {
    let start = text.trim_start_matches(blank);
    if let Some(inside) = start.strip_prefix('[')
        && (inside.trim_start().starts_with('{') || (named && inside.trim_start().starts_with(']')))
    {
        return Some(Layout::Values);
    }
    let line = start.lines().next().unwrap_or_default();
    let is_object = |json: Option<&str>| json.is_some_and(|json| object(json).is_ok());
    if start.starts_with('{') && is_object(Some(line)) {
        return Some(Layout::Lines);
    }
    // An object over several lines; otherwise lines, the first of them broken.
    let first = value_length(start);
    if named && line.len() < first && is_object(start.get(..first)) {
        return Some(Layout::Values);
    }
    // A record so long that its head shows no end.
    let long = text.len() > 1 << 17 && line.len() == start.len();
    let opens = start.strip_prefix('{').is_some_and(|inside| inside.trim_start().starts_with('"'));
    (named || (long && opens)).then_some(Layout::Lines)
}

/// Cuts a JSON text into its records.
pub(super) fn read(
    walk: &mut Walk<'_>,
    place: &mut Place,
    input: Input<'_>,
    layout: Layout,
    encoding: Option<Encoding>,
) -> Result<(), Halt> {
    // In the old encodings a bracket or backslash may be half of a character.
    let input = as_utf8(input, encoding, layout == Layout::Values);
    let values = |bytes| Content::Json { bytes, layout, hint: encoding };
    match layout {
        Layout::Lines => lines(walk, place, input, values),
        Layout::Values => self::values(walk, place, input, values),
    }
}

fn too_large(place: &Place, layout: Layout, bytes: u64, config: &Config) -> Content {
    let detail = format!("a record of {bytes} bytes, at most {} are read", config.max_record_bytes);
    let stop = Stop::over("max_record", RejectReason::TooLarge, detail);
    Content::Rejected(Stop { detail: layout.place(place.next, &stop.detail), ..stop })
}

/// Lines that are not blank, counted with those that are.
fn lines(
    walk: &mut Walk<'_>,
    place: &mut Place,
    mut input: Input<'_>,
    content: impl Fn(Vec<u8>) -> Content,
) -> Result<(), Halt> {
    let limit = walk.config.max_record_bytes;
    let mut line = Vec::new();
    loop {
        let (size, end) = read_line(&mut input, &mut line, limit)?;
        match end {
            LineEnd::None => return Ok(()),
            LineEnd::Cut => {
                let content = too_large(place, Layout::Lines, size, walk.config);
                walk.give_next(place, size, content)?;
            }
            LineEnd::Whole => {
                let bare = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line).trim_ascii();
                let is_blank = |bare: &[u8]| {
                    bare.len() < 64
                        && str::from_utf8(bare).is_ok_and(|text| text.chars().all(blank))
                };
                if is_blank(bare) {
                    place.next = place.next.saturating_add(1);
                } else {
                    walk.give_next(place, length(bare.len()), content(bare.to_vec()))?;
                }
            }
        }
    }
}

/// The values of an outermost array, or values that follow each other.
fn values(
    walk: &mut Walk<'_>,
    place: &mut Place,
    mut input: Input<'_>,
    content: impl Fn(Vec<u8>) -> Content,
) -> Result<(), Halt> {
    let limit = walk.config.max_record_bytes;
    skip(&mut input, b"")?;
    if input.fill_buf()?.first() == Some(&b'[') {
        input.consume(1);
    }
    loop {
        skip(&mut input, b",]}")?;
        let (mut value, mut size, mut cut) = (Vec::new(), 0, Cut::default());
        let mut ended = false;
        while !ended {
            let chunk = input.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            let end = cut.end(chunk);
            ended = end.is_some();
            let n = end.unwrap_or(chunk.len());
            size += length(n);
            if size <= limit {
                value.extend_from_slice(chunk.get(..n).unwrap_or_default());
            }
            input.consume(n);
        }
        if size == 0 && !ended {
            return Ok(());
        }
        if size > limit {
            let content = too_large(place, Layout::Values, size, walk.config);
            walk.give_next(place, size, content)?;
        } else {
            value.truncate(value.trim_ascii_end().len());
            walk.give_next(place, length(value.len()), content(value))?;
        }
    }
}

/// Passes over white space and `also`.
fn skip(input: &mut impl BufRead, also: &[u8]) -> Result<(), Halt> {
    loop {
        let chunk = input.fill_buf()?;
        let between = |byte: &u8| {
            byte.is_ascii_whitespace() || also.contains(byte) || b"\xef\xbb\xbf".contains(byte)
        };
        let n = chunk.iter().take_while(|byte| between(byte)).count();
        let done = n < chunk.len() || chunk.is_empty();
        input.consume(n);
        if done {
            return Ok(());
        }
    }
}

/// Where a value stands between its brackets and quotes.
#[derive(Debug, Default)]
struct Cut {
    depth: usize,
    quoted: bool,
    escaped: bool,
}

impl Cut {
    /// Where in `chunk` the value ends: past the bracket that closes the first, or at the comma after a bare value.
    fn end(&mut self, chunk: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = chunk.get(at) {
            if self.escaped {
                self.escaped = false;
            } else if self.quoted {
                let rest = chunk.get(at..).unwrap_or_default();
                at += memchr::memchr2(b'"', b'\\', rest)?;
                match chunk.get(at) {
                    Some(b'"') => self.quoted = false,
                    _ => self.escaped = true,
                }
            } else {
                match byte {
                    b'"' => self.quoted = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' if self.depth <= 1 => return Some(at + self.depth.min(1)),
                    b'}' | b']' => self.depth -= 1,
                    b',' if self.depth == 0 => return Some(at),
                    _ => {}
                }
            }
            at += 1;
        }
        None
    }
}

fn value_length(text: &str) -> usize {
    let end = Cut::default().end(text.as_bytes());
    end.unwrap_or_else(|| text.trim_end_matches(blank).len())
}

/// The named values of a JSON object, and whether it had to be mended.
pub(super) fn row(json: &str, config: &Config) -> Result<(Row, bool), Stop> {
    let (object, is_mended) = match object(json) {
        Ok(object) => (object, false),
        Err(error) if error.contains(TOO_DEEP) => {
            return Err(too_deep(config));
        }
        Err(error) => match mended(json).map(|json| self::object(&json)) {
            Some(Ok(object)) => (object, true),
            Some(Err(_)) | None => return Err(Stop::new(RejectReason::BadRecord, error)),
        },
    };
    if object.values().any(|value| deeper(value, config.max_json_depth.saturating_sub(1))) {
        return Err(too_deep(config));
    }
    Ok((object.into_iter().map(|(name, value)| (name, words(value))).collect(), is_mended))
}

fn too_deep(config: &Config) -> Stop {
    let detail = format!("nested more than {} deep", config.max_json_depth);
    Stop::over("max_json_depth", RejectReason::TooDeep, detail)
}

/// Whether a value nests deeper. The parser itself goes no deeper than 128.
fn deeper(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(values) => depth == 0 || values.iter().any(|value| deeper(value, depth - 1)),
        Value::Object(object) => {
            depth == 0 || object.values().any(|value| deeper(value, depth - 1))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn object(json: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(json) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_),
        ) => Err("not a JSON object".to_owned()),
        Err(error) => Err(error.to_string().replace(" at line 1 column", " at column")),
    }
}

/// What a value prints, nothing for what is no text; the strings of a list are paragraphs.
fn words(value: Value) -> String {
    match value {
        Value::String(words) => words,
        Value::Number(number) => number.to_string(),
        Value::Array(parts) => {
            let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
            parts.unwrap_or_default().join("\n")
        }
        Value::Null | Value::Bool(_) | Value::Object(_) => String::new(),
    }
}

/// The record with the mistakes of common writers put right: control characters and halves of
/// surrogate pairs inside strings, `NaN` outside. `None` if there are none.
fn mended(json: &str) -> Option<String> {
    let mut out = String::with_capacity(json.len() + 16);
    let (mut quoted, mut at) = (false, 0);
    while let Some(rest) = json.get(at..)
        && let Some(c) = rest.chars().next()
    {
        let (words, taken): (Cow<'_, str>, usize) = match c {
            '\\' if quoted => escape(rest),
            '\t' if quoted => ("\\t".into(), 1),
            c if quoted && c < ' ' => ("\\u0020".into(), 1),
            'N' if !quoted && rest.starts_with("NaN") => ("null".into(), 3),
            '"' => {
                quoted = !quoted;
                ("\"".into(), 1)
            }
            _ => (rest.get(..c.len_utf8())?.into(), c.len_utf8()),
        };
        out.push_str(&words);
        at += taken;
    }
    (out != json).then_some(out)
}

/// An escape at the start of `rest`, and how long it is; half a pair becomes U+FFFD.
fn escape(rest: &str) -> (Cow<'_, str>, usize) {
    let unit = |at: usize| {
        let digits = rest.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let kept = |n: usize| (Cow::Borrowed(rest.get(..n).unwrap_or(rest)), n.min(rest.len()));
    match (unit(0), unit(6)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => kept(12),
        (Some(0xd800..=0xdfff), _) => ("\\ufffd".into(), 6),
        (Some(_), _) => kept(6),
        (None, _) => {
            kept(1 + rest.get(1..).and_then(|c| c.chars().next()).map_or(0, char::len_utf8))
        }
    }
}

#[cfg(test)]
#[path = "jsonl_tests.rs"]
mod tests;
