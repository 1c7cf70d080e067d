//! Tell formats apart: by what the content shows first, by the name's ending second.

use super::{Stop, blank, html, jsonl, markdown};
use crate::model::{Format, RejectReason};

/// How much of a text is looked at.
const HEAD: usize = 4096;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One record.
    Document(Format),
    /// Many.
    Json(jsonl::Layout),
}

/// First bytes of formats that are not read, and what to say about them.
const FOREIGN: &[(&[u8], &str)] = &[
    (b"%PDF-", "a PDF document; extract its text first"),
    (b"PK\x03\x04", "a ZIP archive or Office document; unpack it or save it as text or HTML"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document; save it as text or HTML"),
    (b"{\\rtf", "an RTF document; save it as text or HTML"),
    (b"PAR1", "a Parquet table; export it as JSON lines"),
    (b"ARROW1", "an Arrow table; export it as JSON lines"),
    (b"SQLite format 3\0", "a SQLite database; export it as JSON lines"),
    (b"WARC/", "a web archive; extract its pages first"),
    (b"MIME-Version:", "an MHTML page or mail; save it as HTML"),
    (b"From: <Saved by", "an MHTML page; save it as HTML"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "an image, a sound or a film"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"ID3", "a sound"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it"),
    (b"Rar!\x1a\x07", "a RAR archive; unpack it"),
    (b"BZh", "a bzip2 file; unpack it or use gzip or zstd"),
    (b"\xfd7zXZ\0", "an xz file; unpack it or use gzip or zstd"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
];

/// Endings of files that hold no articles unless their content says so.
const NO_ARTICLES: &[&str] = &["css", "js", "mjs", "map", "svg", "xml", "csv", "tsv"];

/// What the bytes are, if they are a known format that is not read.
pub(super) fn foreign(bytes: &[u8]) -> Option<&'static str> {
    let known = FOREIGN.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, what)| *what);
    let tar = bytes.get(257..262).is_some_and(|magic| magic == b"ustar");
    known.or(tar.then_some("a tar archive; unpack it"))
}

/// What the text of a file holds; `name` is without `.gz` and the like.
pub(super) fn of_file(text: &str, name: &str) -> Result<Kind, Stop> {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    let ending = ending.as_str();
    if let Some(format) = of_text(text) {
        return Ok(Kind::Document(format));
    }
    if let Some(layout) = jsonl::layout(text, matches!(ending, "jsonl" | "ndjson" | "json")) {
        return Ok(Kind::Json(layout));
    }
    if NO_ARTICLES.contains(&ending) {
        let detail = format!("a .{ending} file without an article in it");
        return Err(Stop::new(RejectReason::UnknownFormat, detail));
    }
    Ok(Kind::Document(match ending {
        "md" | "markdown" => Format::Markdown,
        "html" | "htm" | "xhtml" | "shtml" => Format::Html,
        _ => Format::Txt,
    }))
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
        let format = match of_file(text, name).unwrap() {
            Kind::Document(format) => format,
            Kind::Json(layout) => layout.format(),
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
    }

    #[test]
    fn refuses_what_holds_no_articles() {
        let stop = of_file("a,b\n1,2", "a.csv").unwrap_err();
        assert_eq!(stop.reason, RejectReason::UnknownFormat);
        assert!(of_file("<?xml version=\"1.0\"?><rss></rss>", "feed.xml").is_err());
        assert_eq!(foreign(b"%PDF-1.7"), Some("a PDF document; extract its text first"));
        assert_eq!(foreign("警方".as_bytes()), None);
    }
}
