//! Whole files of every format, encoding and packing, and every reason to reject one.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use proptest::proptest;

use super::*;

const TEXT: &str = "某市警方破获一起侵犯公民个人信息案，抓获犯罪嫌疑人3名。";

fn decode_as(path: &str, bytes: impl Into<Vec<u8>>) -> Vec<Result<RawArticle, Reject>> {
    decode(RawFile { path: path.to_owned(), bytes: bytes.into() }, &Config::default())
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn check(path: &str, bytes: impl Into<Vec<u8>>, format: Format, encoding: Encoding, text: &str) {
    let records = decode_as(path, bytes);
    let [Ok(article)] = records.as_slice() else { panic!("{path}: {records:?}") };
    assert_eq!(
        (article.format, article.encoding, article.text.text()),
        (format, encoding, text),
        "{path}"
    );
    assert_eq!(article.id, ArticleId { file: path.to_owned(), record: 0 });
    assert!(article.repairs.is_empty());
}

fn check_reject(path: &str, bytes: impl Into<Vec<u8>>, reason: RejectReason) {
    let bytes = bytes.into();
    let size = length(bytes.len());
    let records = decode_as(path, bytes);
    let [Err(reject)] = records.as_slice() else { panic!("{path}: {records:?}") };
    assert_eq!(
        (reject.reason, reject.stage),
        (reason, RejectStage::Acquire),
        "{path}: {}",
        reject.detail
    );
    assert!(!reject.detail.is_empty());
    assert!(reject.bytes <= size);
}

#[test]
fn formats_encodings_and_packings() {
    let (gb, ..) = encoding_rs::GB18030.encode(TEXT);
    let wide: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let markdown = format!("---\ntitle: 通报\n---\n{TEXT}");
    let html = format!("<!DOCTYPE html><p>{TEXT}</p>");
    let line = format!("{{\"text\": \"{TEXT}\"}}\n");
    check("a.txt", TEXT, Format::Txt, Encoding::Utf8, TEXT);
    check("a.txt", format!("\u{feff}{TEXT}"), Format::Txt, Encoding::Utf8, TEXT);
    check("a.txt", gb.as_ref(), Format::Txt, Encoding::Gb18030, TEXT);
    check("a.txt", wide.as_slice(), Format::Txt, Encoding::Utf16Le, TEXT);
    check("a.md", TEXT, Format::Markdown, Encoding::Utf8, TEXT);
    check("a.txt", markdown.as_str(), Format::Markdown, Encoding::Utf8, TEXT);
    check("a.html", html.as_str(), Format::Html, Encoding::Utf8, TEXT);
    check("a.html", TEXT, Format::Html, Encoding::Utf8, TEXT);
    check("a.jsonl", line.as_str(), Format::Jsonl, Encoding::Utf8, TEXT);
    check("a.json", format!("[{line}]"), Format::Json, Encoding::Utf8, TEXT);
    for packed in [
        gz(line.as_bytes()),
        zstd::encode_all(line.as_bytes(), 1).unwrap(),
        gz(&gz(line.as_bytes())),
    ] {
        check("a.jsonl.gz", packed.clone(), Format::Jsonl, Encoding::Utf8, TEXT);
        check("a", packed, Format::Jsonl, Encoding::Utf8, TEXT);
    }
    check("a.md.gz", gz(TEXT.as_bytes()), Format::Markdown, Encoding::Utf8, TEXT);
    check(
        "a.txt.zst",
        zstd::encode_all(gb.as_ref(), 1).unwrap(),
        Format::Txt,
        Encoding::Gb18030,
        TEXT,
    );
    check("a.txt.gz", TEXT, Format::Txt, Encoding::Utf8, TEXT);
}

#[test]
fn every_reason() {
    check_reject("a.txt", "", RejectReason::Empty);
    check_reject("a.txt", " \n\u{3000}\u{feff}\r\n", RejectReason::Empty);
    check_reject("a.txt.gz", gz(b""), RejectReason::Empty);
    check_reject("a.json", "[]", RejectReason::Empty);
    check_reject("a.md", "---\nurl: x\n---\n\n", RejectReason::NoText);
    check_reject("a.html", "<html><body><script>x</script>", RejectReason::NoText);
    check_reject("a.pdf", "%PDF-1.4\n%\u{e2}\u{e3}", RejectReason::UnknownFormat);
    check_reject("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), RejectReason::UnknownFormat);
    check_reject("a.txt", [TEXT.as_bytes(), &[0; 50]].concat(), RejectReason::UnknownFormat);
    check_reject("a.csv", "a,b\n1,2", RejectReason::UnknownFormat);
    check_reject("a.txt", b"\xff\xfe\0\0A\0\0\0".as_slice(), RejectReason::UnknownEncoding);
    check_reject("a.gz", b"\x1f\x8b\x08broken".as_slice(), RejectReason::BadCompression);
    check_reject("a.gz", gz(&vec![b' '; 8 << 20]), RejectReason::RatioExceeded);
    check_reject("a.html", "<div>".repeat(300), RejectReason::TooDeep);
    check_reject("a.jsonl", "{\"text\": 1", RejectReason::BadRecord);
    let config = Config { max_record_bytes: 10, ..Config::default() };
    let records = decode(RawFile { path: "a.txt".into(), bytes: TEXT.into() }, &config);
    assert_eq!(records[0].as_ref().unwrap_err().reason, RejectReason::TooLarge);
}

#[test]
fn one_bad_line_harms_no_other() {
    let text = "{\"text\": \"一\", \"title\": \"甲\"}\n\n{\"text\": \n{\"id\": 7}\r\n{\"content\": \"二\"}";
    let records = decode_as("2024/a.jsonl", text);
    let shown: Vec<_> = records
        .iter()
        .map(|record| match record {
            Ok(article) => (article.id.record, article.text.text().to_owned()),
            Err(reject) => (reject.id.record, reject.detail.clone()),
        })
        .collect();
    let expected = [
        (0, "一"),
        (2, "line 3: EOF while parsing a value at column 8"),
        (3, "line 4: no text and no title among its fields (id)"),
        (4, "二"),
    ];
    assert_eq!(shown, expected.map(|(index, text)| (index, text.to_owned())));
    assert_eq!(records[0].as_ref().unwrap().bytes, 31);
}

#[test]
fn damage_is_a_repair() {
    let mut bytes = TEXT.repeat(20).into_bytes();
    bytes[100] = 0xff;
    let records = decode_as("a.txt", bytes);
    let article = records[0].as_ref().unwrap();
    assert_eq!(article.repairs, BTreeSet::from([Repair::Encoding]));
    // In a file of lines only the damaged ones are marked.
    let mut bytes = format!("{{\"text\": \"{TEXT}\"}}\n").repeat(3).into_bytes();
    bytes[20] = 0xff;
    let records = decode_as("a.jsonl", bytes);
    let repaired: Vec<bool> =
        records.iter().map(|r| !r.as_ref().unwrap().repairs.is_empty()).collect();
    assert_eq!(repaired, [true, false, false]);
}

#[test]
fn offsets_point_into_the_decoded_file() {
    let files = [
        ("a.txt", format!("\u{feff}开头{TEXT}")),
        ("a.md", format!("---\r\ntitle: 通报\r\n---\r\n# 题\r\n{TEXT}")),
        ("a.html", format!("<html><head><title>x</title></head><body><p>题</p><p>{TEXT}</p>")),
    ];
    for (path, file) in files {
        let records = decode_as(path, file.as_str());
        let text = &records[0].as_ref().unwrap().text;
        let at = text.text().find(TEXT).unwrap();
        assert_eq!(file.get(text.to_source(at..at + TEXT.len())).unwrap(), TEXT, "{path}");
    }
}

proptest! {
    #[test]
    fn any_bytes_give_records(bytes: Vec<u8>, name in "[a-z]\\.(txt|md|html|jsonl|json|gz)") {
        assert!(!decode_as(&name, bytes).is_empty());
    }

    #[test]
    fn any_text_gives_records(text in "(---\n|<p>|<html>|\\{\"text\":|[\\[\\]{}:,\"\n]|title: |\\PC){0,40}", name in "[a-z]\\.(txt|md|html|jsonl|json)") {
        assert!(!decode_as(&name, text).is_empty());
    }
}
