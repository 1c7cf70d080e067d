//! Delimited: CSV and TSV, whose first row names the columns.

use std::cell::Cell;
use std::rc::Rc;

use csv::{ByteRecord, ReaderBuilder};

use super::fields::{Row, same};
use super::input::Input;
use super::limits::Rationed;
use super::record::{Content, Form};
use super::walk::{Halt, Place, Walk, as_utf8};
use super::{Config, Stop, blank, encoding, length};
use crate::model::{Encoding, Format, RejectReason};

/// What may stand between cells.
const DELIMITERS: &[u8] = b",\t;|";
/// More than this is read ahead of a row.
const AHEAD: u64 = 256 << 10;

/// What stands between the cells of the first line; `None` if nothing does.
pub(super) fn delimiter(text: &str) -> Option<u8> {
    let line = text.trim_start_matches(blank).lines().next()?;
    let count = |delimiter: &u8| line.bytes().filter(|byte| byte == delimiter).count();
    // The first of those that are equally frequent.
    let most = DELIMITERS.iter().rev().max_by_key(|delimiter| count(delimiter))?;
    let alone = count(most) == 0 && !line.is_empty();
    if alone { Some(b',') } else { Some(*most).filter(|most| count(most) > 0) }
}

/// Cuts a table into its rows.
pub(super) fn read(
    walk: &mut Walk<'_>,
    place: &mut Place,
    input: Input<'_>,
    delimiter: u8,
    encoding: Option<Encoding>,
) -> Result<(), Halt> {
    let config = walk.config;
    let most = config.max_record_bytes;
    let left = Rc::new(Cell::new(most.saturating_add(AHEAD)));
    let detail = format!("a row of more than {most} bytes; the rest is not read");
    let stop = Stop::over("max_record", RejectReason::TooLarge, detail);
    let input = as_utf8(input, encoding, true);
    let input = Rationed { inner: input, left: Rc::clone(&left), stop };
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(input);
    let form = Form { encoding: encoding.unwrap_or(Encoding::Utf8), damaged: false };

    let mut cells = ByteRecord::new();
    if !next(&mut reader, &mut cells)? {
        return Ok(());
    }
    let names: Vec<String> =
        cells.iter().map(|name| decoded(name, encoding).0.trim_matches(blank).to_owned()).collect();
    if !tells(&names, config) {
        let detail = format!("no column of texts or titles among {}", names.join(", "));
        let detail: String = detail.chars().take(300).collect();
        return Err(Stop::new(RejectReason::UnknownFormat, detail).into());
    }
    loop {
        left.set(most.saturating_add(AHEAD));
        if !next(&mut reader, &mut cells)? {
            return Ok(());
        }
        let bytes = length(cells.as_slice().len());
        let content = if bytes <= most {
            let (row, damaged) = row(&names, &cells, encoding);
            Content::Row { row, format: Format::Csv, form: Form { damaged, ..form } }
        } else {
            let detail = format!("a row of {bytes} bytes, at most {most} are read");
            Content::Rejected(Stop::over("max_record", RejectReason::TooLarge, detail))
        };
        walk.give_next(place, bytes, content)?;
    }
}

fn next<R: std::io::Read>(
    reader: &mut csv::Reader<R>,
    cells: &mut ByteRecord,
) -> Result<bool, Halt> {
    reader.read_byte_record(cells).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error) => Halt::from(error),
        other => Halt::Stop(Stop::new(RejectReason::BadRecord, format!("{other:?}"))),
    })
}

/// Whether one of the columns holds what an article is made of.
fn tells(names: &[String], config: &Config) -> bool {
    let known = config.fields.text.iter().chain(&config.fields.title);
    known.into_iter().any(|known| names.iter().any(|name| same(name, known)))
}

/// The cells under their names, and whether bytes of them were damaged.
fn row(names: &[String], cells: &ByteRecord, encoding: Option<Encoding>) -> (Row, bool) {
    let mut damaged = false;
    let named = names.iter().zip(cells).map(|(name, cell)| {
        let (words, broken) = decoded(cell, encoding);
        damaged |= broken;
        (name.clone(), words)
    });
    (named.collect(), damaged)
}

/// A cell as text, and whether it was damaged.
fn decoded(cell: &[u8], encoding: Option<Encoding>) -> (String, bool) {
    let utf8 = match str::from_utf8(cell) {
        // What was damaged has been replaced where the whole was made UTF-8.
        Ok(text) => {
            return (
                text.to_owned(),
                encoding != Some(Encoding::Utf8) && text.contains('\u{fffd}'),
            );
        }
        Err(_) => String::from_utf8_lossy(cell),
    };
    match encoding::decode_within(cell.to_vec(), encoding) {
        Ok(decoded) => (decoded.text, decoded.damaged),
        Err(_) => (utf8.into_owned(), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acquire::{RawFile, read_all};

    fn check(path: &str, bytes: impl Into<Vec<u8>>, expected: &[Result<(&str, &str), &str>]) {
        let records =
            read_all(RawFile::in_memory(path.to_owned(), bytes.into()), &Config::default());
        let shown: Vec<_> = records
            .iter()
            .map(|record| match record {
                Ok(article) => {
                    Ok((article.meta.title.as_deref().unwrap_or_default(), article.text.text()))
                }
                Err(reject) => Err(reject.detail.as_str()),
            })
            .collect();
        assert_eq!(shown, expected, "{path}");
    }

    #[test]
    fn rows() {
        check("a.csv", "标题,正文\n题,文\n", &[Ok(("题", "文"))]);
        check("a.csv", "\u{feff}Title;Body\r\n题;文\r\n", &[Ok(("题", "文"))]);
        check("a.tsv", "id\ttitle\ttext\n1\t题\t\"一\n二\"\n", &[Ok(("题", "一\n二"))]);
        check("a.csv", "正文\n一\n\n二\n", &[Ok(("", "一")), Ok(("", "二"))]);
        check("a.csv", "title,text\n\"\"\"甲\"\"\",\"一,二\"\n", &[Ok(("\"甲\"", "一,二"))]);
        // Too few or too many cells harm nobody.
        check("a.csv", "title,text\n题\n甲,文,多\n", &[Ok(("题", "题")), Ok(("甲", "文"))]);
    }

    #[test]
    fn rows_without_a_text() {
        let none = "row 1: no text and no title among its fields (id, text)";
        check("a.csv", "id,text\n7,\n8,文\n", &[Err(none), Ok(("", "文"))]);
        check("a.csv", "id,text\n", &[Err("holds no records")]);
        check("a.csv", "a,b\n1,2\n", &[Err("no column of texts or titles among a, b")]);
    }

    #[test]
    fn encodings() {
        let text = "标题,正文\n题,近日，某市警方破获一起侵犯公民个人信息案，抓获犯罪嫌疑人3名。\n";
        let article = "近日，某市警方破获一起侵犯公民个人信息案，抓获犯罪嫌疑人3名。";
        let (gb, ..) = encoding_rs::GB18030.encode(text);
        check("a.csv", gb.as_ref(), &[Ok(("题", article))]);
        let wide: Vec<u8> =
            format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        check("a.csv", wide, &[Ok(("题", article))]);
    }

    #[test]
    fn an_open_quote_ends_at_the_limit() {
        let config = Config { max_record_bytes: 1 << 20, ..Config::default() };
        let text = format!("text\n一\n\"{}", "二\n".repeat(2 << 20));
        let records = read_all(RawFile::in_memory("a.csv".into(), text.into()), &config);
        assert_eq!(records.len(), 2);
        let reject = records[1].as_ref().unwrap_err();
        assert_eq!(reject.reason, RejectReason::TooLarge);
        assert!(reject.detail.starts_with("limits.max_record: "), "{}", reject.detail);
    }
}
