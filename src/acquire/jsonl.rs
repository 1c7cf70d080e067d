//! JSON: one record a line, or an array of records; a broken one does not harm the others.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::{Map, Value};

use super::{Config, Document, Stop, blank, fields, format, html, length, read_document, within};
use crate::model::{Format, Mapped, Metadata, RejectReason};

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
}

/// One record: its place, its size, and its document with whether its bytes were damaged.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) index: u32,
    pub(super) bytes: u64,
    pub(super) document: Result<(Document, bool), Stop>,
}

/// The layout, if the text is JSON; `named` tells that the file's name says so.
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
    named.then_some(Layout::Lines)
}

/// The records of a JSON text; those beyond the limit are one reject.
pub(super) fn records(text: &str, layout: Layout, config: &Config) -> Vec<Record> {
    let found: Box<dyn Iterator<Item = (usize, Range<usize>)>> = match layout {
        Layout::Lines => Box::new(lines(text)),
        Layout::Values => Box::new(Values { text, at: 0 }.enumerate()),
    };
    let mut records = Vec::new();
    for (index, at) in found {
        let bytes = length(at.len());
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        if records.len() >= usize::try_from(config.max_records).unwrap_or(usize::MAX) {
            let detail = format!("more than {} records; the rest is not read", config.max_records);
            let document = Err(Stop::new(RejectReason::TooManyRecords, detail));
            records.push(Record { index, bytes: length(text.len() - at.start), document });
            break;
        }
        let document = within(bytes, config)
            .and_then(|()| record(text.get(at).unwrap_or_default(), config))
            .map_err(|stop| Stop { detail: place(layout, index, &stop.detail), ..stop });
        records.push(Record { index, bytes, document });
    }
    records
}

fn place(layout: Layout, index: u32, detail: &str) -> String {
    match layout {
        Layout::Lines => format!("line {}: {detail}", u64::from(index) + 1),
        Layout::Values => format!("record {}: {detail}", u64::from(index) + 1),
    }
}

/// Lines that are not blank, counted with those that are.
fn lines(text: &str) -> impl Iterator<Item = (usize, Range<usize>)> {
    let mut at = 0;
    let lines = text.split_inclusive('\n').enumerate().map(move |(index, line)| {
        let start = at + (line.len() - line.trim_start_matches(blank).len());
        at += line.len();
        (index, start..(at - (line.len() - line.trim_end_matches(blank).len())).max(start))
    });
    lines.filter(|(_, at)| !at.is_empty())
}

/// The values of an outermost array, or values that follow each other.
struct Values<'a> {
    text: &'a str,
    at: usize,
}

impl Iterator for Values<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let rest = self.text.get(self.at..)?;
        let between = |c: char| blank(c) || c == ',' || c == ']';
        let value = rest.trim_start_matches(between);
        let outermost = self.at == 0 && value.starts_with('[');
        let value = if outermost { value.get(1..)?.trim_start_matches(between) } else { value };
        let start = self.text.len() - value.len();
        self.at = start + value_length(value);
        (start < self.at).then_some(start..self.at)
    }
}

/// Up to the bracket that closes the first, or the comma after a bare value.
fn value_length(text: &str) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (i, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return i + usize::from(depth == 1),
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return i,
            _ => {}
        }
    }
    text.trim_end_matches(blank).len()
}

/// One record's document, and whether its bytes were damaged.
fn record(json: &str, config: &Config) -> Result<(Document, bool), Stop> {
    let (object, damaged) = match object(json) {
        Ok(object) => (object, false),
        Err(error) => match mended(json).map(|json| self::object(&json)) {
            Some(Ok(object)) => (object, true),
            Some(Err(_)) | None => return Err(Stop::new(RejectReason::BadRecord, error)),
        },
    };
    let fields = &config.fields;
    let find = |names| first(&object, names, |_| true);
    let meta = Metadata {
        title: find(&fields.title).map(|title| html::unescape(&title).into_owned()),
        publisher: first(&object, &fields.publisher, |value| !fields::is_address(value)),
        url: find(&fields.url),
        published: find(&fields.published),
    };
    let Some(text) = find(&fields.text).or_else(|| meta.title.clone()) else {
        let names: Vec<_> = object.keys().take(12).map(String::as_str).collect();
        let detail = format!("no text and no title among its fields ({})", names.join(", "));
        return Err(Stop::new(RejectReason::BadRecord, detail));
    };
    let format = format::of_text(&text).unwrap_or(Format::Txt);
    let mut document = read_document(Mapped::verbatim(text), format, config)?;
    let inner = document.meta;
    document.meta = Metadata {
        title: meta.title.or(inner.title),
        publisher: meta.publisher.or(inner.publisher),
        url: meta.url.or(inner.url),
        published: meta.published.or(inner.published),
    };
    Ok((document, damaged))
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

/// The value of the first name that has a wanted one.
fn first(
    object: &Map<String, Value>,
    names: &[String],
    wanted: impl Fn(&str) -> bool,
) -> Option<String> {
    let values = names.iter().filter_map(|name| {
        let like =
            || object.iter().find(|(key, _)| fields::same(key, name)).map(|(_, value)| value);
        words(object.get(name).or_else(like)?)
    });
    { values }.find(|value| wanted(value))
}

/// What a value prints; the strings of a list are paragraphs.
fn words(value: &Value) -> Option<String> {
    let words = match value {
        Value::String(words) => words.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(parts) => {
            let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
            parts?.join("\n")
        }
        Value::Null | Value::Bool(_) | Value::Object(_) => return None,
    };
    let trimmed = words.trim_matches(blank);
    (!fields::is_nothing(trimmed)).then(|| trimmed.to_owned())
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
mod tests {
    use super::*;

    type Shown = (u32, Result<String, (RejectReason, String)>);

    fn read(text: &str, layout: Layout) -> Vec<Shown> {
        let show = |record: Record| {
            let document = record.document.map(|(document, _)| document.text.text().to_owned());
            (record.index, document.map_err(|stop| (stop.reason, stop.detail)))
        };
        records(text, layout, &Config::default()).into_iter().map(show).collect()
    }

    fn check(line: &str, expected: Result<&str, &str>) {
        let records = read(line, Layout::Lines);
        let [(0, got)] = records.as_slice() else { panic!("{records:?}") };
        let got = got.as_ref().map(String::as_str).map_err(|(_, detail)| detail.as_str());
        assert_eq!(got, expected, "{line}");
    }

    #[test]
    fn texts_of_records() {
        check(r#"{"text": "通报"}"#, Ok("通报"));
        check(r#"{"正文": "通报", "标题": "题"}"#, Ok("通报"));
        check(r#"{"content": "", "body": "通报"}"#, Ok("通报"));
        check(r#"{"Content": ["一", "二"]}"#, Ok("一\n二"));
        check(r#"{"content": null, "title": "题"}"#, Ok("题"));
        check(r#"{"content": "<p>一</p><p>二&amp;三</p>"}"#, Ok("一\n二&三"));
        check(r#"{"content": "---\ntitle: 题\n---\n文"}"#, Ok("文"));
        check("{\"text\": \"一\t二\u{1}三\"}", Ok("一\t二 三"));
        check(r#"{"text": "一\ud83d\"二", "author": NaN}"#, Ok("一\u{fffd}\"二"));
        check(r#"{"text": "一\ud83d\ude00二"}"#, Ok("一😀二"));
    }

    #[test]
    fn broken_records() {
        check("{\"text\": \"一", Err("line 1: EOF while parsing a string at column 13"));
        check("[1]", Err("line 1: not a JSON object"));
        check(
            r#"{"id": 1, "tags": []}"#,
            Err("line 1: no text and no title among its fields (id, tags)"),
        );
        check("{}", Err("line 1: no text and no title among its fields ()"));
        check(r#"{"text": "<p></p>"}"#, Err("line 1: neither text nor title"));
        let deep = format!("{{\"text\": {}1{}}}", "[".repeat(500), "]".repeat(500));
        check(&deep, Err("line 1: recursion limit exceeded at column 136"));
    }

    #[test]
    fn lines_keep_their_numbers() {
        let records =
            read("{\"text\":\"一\"}\n\n \r\n{broken\r\n{\"text\":\"二\"}\r\n", Layout::Lines);
        let indices: Vec<_> = records.iter().map(|(index, text)| (*index, text.is_ok())).collect();
        assert_eq!(indices, [(0, true), (3, false), (4, true)]);
    }

    #[test]
    fn arrays_and_objects() {
        let expected = |texts: &[&str]| -> Vec<(u32, Result<String, _>)> {
            (0..).zip(texts).map(|(i, text)| (i, Ok((*text).to_owned()))).collect()
        };
        let array = "[\n {\"text\": \"一 ] } \\\" ,\"},\n {\"text\": \"二\", \"x\": [{}, []]}\n]\n";
        assert_eq!(read(array, Layout::Values), expected(&["一 ] } \" ,", "二"]));
        assert_eq!(
            read("{\n\"text\": \"一\"\n}\n{\n\"text\": \"二\"\n}", Layout::Values),
            expected(&["一", "二"])
        );
        assert_eq!(read("[]", Layout::Values), []);
        let broken = read(
            "[{\"text\": \"一\"}, 5, {\"text\" \"二\"}, {\"text\": \"三\"}, {\"text\": \"四",
            Layout::Values,
        );
        let ok: Vec<_> = broken.iter().map(|(_, text)| text.is_ok()).collect();
        assert_eq!(ok, [true, false, false, true, false]);
    }

    #[test]
    fn metadata_by_the_names_of_fields() {
        let line = r#"{"title": " 题 ", "author": "甲", "source": "某报", "publishTime": 1678933261, "fetch_time": "x", "link": "https://example.com", "text": "文"}"#;
        let records = records(line, Layout::Lines, &Config::default());
        let (document, _) = records[0].document.as_ref().unwrap();
        let some = |words: &str| Some(words.to_owned());
        let expected = Metadata {
            title: some("题"),
            publisher: some("某报"),
            url: some("https://example.com"),
            published: some("1678933261"),
        };
        assert_eq!(document.meta, expected);
    }

    #[test]
    fn limits() {
        let config = Config { max_records: 2, max_record_bytes: 30, ..Config::default() };
        let text =
            format!("{{\"text\":\"{}\"}}\n", "文".repeat(20)) + &"{\"text\":\"文\"}\n".repeat(3);
        let found = records(&text, Layout::Lines, &config);
        let reasons: Vec<_> =
            found.iter().map(|r| r.document.as_ref().err().map(|stop| stop.reason)).collect();
        assert_eq!(
            reasons,
            [Some(RejectReason::TooLarge), None, Some(RejectReason::TooManyRecords)]
        );
        assert_eq!((found[2].index, found[2].bytes), (2, 30));
    }
}
