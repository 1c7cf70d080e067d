//! Tell formats apart: by what the content shows first, by the name's ending second.

use super::{Stop, blank, delimited, encoding, html, jsonl, markdown, table};
use crate::model::{Encoding, Format, RejectReason};

/// How many bytes show a binary format.
pub(super) const MAGIC: usize = 512;
/// How many bytes show what a text holds.
pub(super) const TEXT_HEAD: usize = 256 << 10;
/// How much of them shows a page.
const HEAD: usize = 4096;

/// A format that its first bytes show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Zip,
    Tar,
    Warc,
    Pdf,
    /// Rows in columns.
    Table(table::Layout),
    /// Known and not read; what to say about it.
    Foreign(&'static str),
}

/// A text that holds many records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Json(jsonl::Layout),
    /// Cells, and what stands between them.
    Delimited(u8),
}

/// First bytes of binary formats.
const MAGICS: &[(&[u8], Kind)] = &[
    (b"%PDF-", Kind::Pdf),
    (b"PK\x03\x04", Kind::Zip),
    (b"PK\x05\x06", Kind::Zip),
    (b"PAR1", Kind::Table(table::Layout::Parquet)),
    (b"ARROW1\0\0", Kind::Table(table::Layout::ArrowFile)),
    (b"\xff\xff\xff\xff", Kind::Table(table::Layout::ArrowStream)),
    (b"WARC/", Kind::Warc),
    (b"PARE", Kind::Foreign("an encrypted Parquet table; save it without a key")),
    (b"FEA1", Kind::Foreign("an old Feather table; save it as Parquet or Arrow")),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        Kind::Foreign("an old Office document; save it as text or HTML"),
    ),
    (b"{\\rtf", Kind::Foreign("an RTF document; save it as text or HTML")),
    (b"SQLite format 3\0", Kind::Foreign("a SQLite database; export it as JSON lines")),
    (b"MIME-Version:", Kind::Foreign("an MHTML page or mail; save it as HTML")),
    (b"From: <Saved by", Kind::Foreign("an MHTML page; save it as HTML")),
    (b"\x89PNG\r\n", Kind::Foreign("a PNG image")),
    (b"\xff\xd8\xff", Kind::Foreign("a JPEG image")),
    (b"GIF8", Kind::Foreign("a GIF image")),
    (b"RIFF", Kind::Foreign("an image, a sound or a film")),
    (b"\x00\x00\x01\x00", Kind::Foreign("an icon")),
    (b"wOFF", Kind::Foreign("a font")),
    (b"wOF2", Kind::Foreign("a font")),
    (b"ID3", Kind::Foreign("a sound")),
    (b"7z\xbc\xaf\x27\x1c", Kind::Foreign("a 7z archive; unpack it")),
    (b"Rar!\x1a\x07", Kind::Foreign("a RAR archive; unpack it")),
    (b"\x04\x22\x4d\x18", Kind::Foreign("an LZ4 file; unpack it or use gzip or zstd")),
    (b"\x7fELF", Kind::Foreign("a program")),
    (b"MZ\x90", Kind::Foreign("a program")),
];

/// Endings of files that hold no articles unless their content says so.
const NO_ARTICLES: &[&str] = &["css", "js", "mjs", "map", "svg", "xml", "csv", "tsv", "tab"];

/// The binary format that the first bytes show; `name` is without `.gz` and the like.
pub(super) fn of_bytes(head: &[u8], name: &str) -> Option<Kind> {
    let known = MAGICS.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, kind)| *kind);
    let tar = head.get(257..262).is_some_and(|magic| magic == b"ustar")
        || (ending(name) == "tar" && old_tar(head));
    known.or(tar.then_some(Kind::Tar))
}

/// Whether a block is a header of the time before `ustar`: its bytes add up to the sum in it.
fn old_tar(head: &[u8]) -> bool {
    let Some(block) = head.get(..512) else { return false };
    let sum = |at: usize, byte: u8| u32::from(if (148..156).contains(&at) { b' ' } else { byte });
    let added: u32 = block.iter().enumerate().map(|(at, byte)| sum(at, *byte)).sum();
    let printed = block.get(148..156).unwrap_or_default();
    let digits: String =
        printed.iter().filter(|b| b.is_ascii_digit()).map(|b| char::from(*b)).collect();
    u32::from_str_radix(&digits, 8) == Ok(added)
}

/// The records that a text holds, and its encoding as far as its head tells; `None` for one document.
pub(super) fn of_text_file(head: &[u8], name: &str) -> Option<(Container, Option<Encoding>)> {
    let ending = ending(name);
    let json = matches!(ending.as_str(), "jsonl" | "ndjson" | "json");
    let cells = matches!(ending.as_str(), "csv" | "tsv" | "tab");
    let wide = matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..]);
    let bare = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if !(json || cells || wide || matches!(bare, [b'{' | b'[', ..])) {
        return None;
    }
    // The head may end inside a character, hardly ever inside one that is a line's last.
    let line =
        head.iter().rposition(|byte| *byte == b'\n').filter(|_| !wide && TEXT_HEAD <= head.len());
    let lines = head.get(..line.map_or(head.len(), |at| at + 1)).unwrap_or(head);
    let (text, encoding) = match encoding::decode(lines.to_vec()) {
        Ok(decoded) => (decoded.text, Some(decoded.encoding)),
        Err(_) => (String::from_utf8_lossy(lines).into_owned(), None),
    };
    if of_text(&text).is_some() {
        return None;
    }
    if let Some(layout) = jsonl::layout(&text, json) {
        return Some((Container::Json(layout), encoding));
    }
    let delimiter = cells.then(|| delimited::delimiter(&text)).flatten()?;
    Some((Container::Delimited(delimiter), encoding))
}

/// What a document is; `name` is without `.gz` and the like.
pub(super) fn of_document(text: &str, name: &str) -> Result<Format, Stop> {
    if let Some(format) = of_text(text) {
        return Ok(format);
    }
    let ending = ending(name);
    if NO_ARTICLES.contains(&ending.as_str()) {
        let detail = format!("a .{ending} file without an article in it");
        return Err(Stop::new(RejectReason::UnknownFormat, detail));
    }
    Ok(match ending.as_str() {
        "md" | "markdown" => Format::Markdown,
        "html" | "htm" | "xhtml" | "shtml" => Format::Html,
        _ => Format::Txt,
    })
}

fn ending(name: &str) -> String {
    name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase()
}

/// What the text itself shows to be; `None` for plain text.
pub(super) fn of_text(text: &str) -> Option<Format> {
    let start = text.trim_start_matches(blank);
    if start.starts_with("---") && markdown::has_front_matter(text) {
        return Some(Format::Markdown);
    }
    (start.starts_with('<') && html::is_html(head(start))).then_some(Format::Html)
}

fn head(text: &str) -> &str {
    text.get(..text.floor_char_boundary(HEAD)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, text: &str, expected: Format) {
        let format = match of_text_file(text.as_bytes(), name) {
            Some((Container::Json(layout), _)) => layout.format(),
            Some((Container::Delimited(_), _)) => Format::Csv,
            None => of_document(text, name).unwrap(),
        };
        assert_eq!(format, expected, "{name}: {text}");
    }

    #[test]
    fn content_goes_before_the_ending() {
        check("a.txt", "警方通报", Format::Txt);
        check("a", "警方通报", Format::Txt);
        check("a.log", "警方通报", Format::Txt);
        check("a.md", "# 警方通报", Format::Markdown);
        check("a.txt", "---\ntitle: 通报\n---\n正文", Format::Markdown);
        check("a.txt", "\u{feff}\n---\r\ntitle: 通报\r\n---\r\n正文", Format::Markdown);
        check("a.txt", "---\n一条分隔线\n---\n正文", Format::Txt);
        check("a.txt", "<!DOCTYPE html><p>通报", Format::Html);
        check("a.md", "\n<HTML><body>通报", Format::Html);
        check("a.txt", "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"x\"><html>", Format::Html);
        check("a.txt", "<!-- saved from url=(0014)about:internet -->\n<html>", Format::Html);
        check("a.txt", "<div class=\"a\"><p>通报</p></div>", Format::Html);
        check("a.txt", "<通报>关于一起案件", Format::Txt);
        check("a.html", "通报", Format::Html);
        check("a.txt", "{\"title\": \"通报\"}\n{\"title\": \"通报\"}", Format::Jsonl);
        check("a.jsonl", "{broken\n", Format::Jsonl);
        check("a.txt", "{broken\n", Format::Txt);
        check("a.json", "[{\"title\": \"通报\"}]", Format::Json);
        check("a.json", "{\n \"title\": \"通报\"\n}", Format::Json);
        check("a.txt", "[通报] 一起案件", Format::Txt);
        check("a.csv", "标题,正文\n通报,文", Format::Csv);
        check("a.tsv", "title\ttext\n通报\t文", Format::Csv);
    }

    #[test]
    fn refuses_what_holds_no_articles() {
        let stop = of_document("a,b\n1,2", "a.csv").unwrap_err();
        assert_eq!(stop.reason, RejectReason::UnknownFormat);
        assert!(of_document("<?xml version=\"1.0\"?><rss></rss>", "feed.xml").is_err());
        assert_eq!(of_bytes(b"%PDF-1.7", "a"), Some(Kind::Pdf));
        assert_eq!(of_bytes("警方".as_bytes(), "a"), None);
    }
}
