//! Whole files of every format, encoding and packing, and every reason to reject one.

use std::collections::BTreeSet;
use std::io::Write;

use arrow::array::RecordBatch;
use flate2::{Compression, write::GzEncoder};
use proptest::proptest;

use super::*;
use crate::model::{ArticleId, Encoding, Format, RejectStage, Repair};

const TEXT: &str = "某市警方破获一起侵犯公民个人信息案，抓获犯罪嫌疑人3名。";

fn decode_as(path: &str, bytes: impl Into<Vec<u8>>) -> Vec<Result<RawArticle, Reject>> {
    read_all(RawFile::in_memory(path.to_owned(), bytes.into()), &Config::default())
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
    for packed in [gz(line.as_bytes()), zst(line.as_bytes()), gz(&gz(line.as_bytes()))] {
        check("a.jsonl.gz", packed.clone(), Format::Jsonl, Encoding::Utf8, TEXT);
        check("a", packed, Format::Jsonl, Encoding::Utf8, TEXT);
    }
    check("a.md.gz", gz(TEXT.as_bytes()), Format::Markdown, Encoding::Utf8, TEXT);
    check("a.txt.zst", zst(&gb), Format::Txt, Encoding::Gb18030, TEXT);
    check("a.txt.gz", TEXT, Format::Txt, Encoding::Utf8, TEXT);
}

#[test]
fn every_reason() {
    let mut seen = BTreeSet::new();
    let mut check = |path: &str, bytes: &[u8], reason: RejectReason| {
        check_reject(path, bytes, reason);
        seen.insert(reason);
    };
    check("a.txt", b"", RejectReason::Empty);
    check("a.txt", " \n\u{3000}\u{feff}\r\n".as_bytes(), RejectReason::Empty);
    check("a.txt.gz", &gz(b""), RejectReason::Empty);
    check("a.json", b"[]", RejectReason::Empty);
    check("a.zip", &zip(&[]), RejectReason::Empty);
    check("a.md", b"---\nurl: x\n---\n\n", RejectReason::NoText);
    check("a.html", b"<html><body><script>x</script>", RejectReason::NoText);
    check("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", RejectReason::UnknownFormat);
    check("a.txt", &[TEXT.as_bytes(), &[0; 50]].concat(), RejectReason::UnknownFormat);
    check("a.csv", b"a,b\n1,2", RejectReason::UnknownFormat);
    check("a.docx", &zip(&[("[Content_Types].xml", b"x")]), RejectReason::UnknownFormat);
    check("a.txt", b"\xff\xfe\0\0A\0\0\0", RejectReason::UnknownEncoding);
    check("a.gz", b"\x1f\x8b\x08broken", RejectReason::BadCompression);
    check("a.zip", b"PK\x03\x04broken", RejectReason::BadCompression);
    check("a.gz", &gz(&vec![b' '; 8 << 20]), RejectReason::RatioExceeded);
    check("a.html", "<div>".repeat(300).as_bytes(), RejectReason::TooDeep);
    check("a.jsonl", b"{\"text\": 1", RejectReason::BadRecord);
    check("a.parquet", b"PAR1 broken", RejectReason::BadRecord);
    check("a.arrow", b"ARROW1\0\0 broken", RejectReason::BadRecord);
    check("a.pdf", b"%PDF-1.4\n%\xe2\xe3", RejectReason::BadRecord);
    check("a.pdf", include_bytes!("pdf/scanned.pdf"), RejectReason::NoTextLayer);
    check("a.pdf", include_bytes!("pdf/locked.pdf"), RejectReason::Encrypted);
    // Elsewhere: the disk, names, limits, and the process that reads apart.
    seen.extend([RejectReason::Unreadable, RejectReason::SpecialFile, RejectReason::BadName]);
    seen.extend([RejectReason::TooLarge, RejectReason::TooManyRecords]);
    seen.extend([RejectReason::TimeLimit, RejectReason::ReaderFailed, RejectReason::NotChinese]);
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), RejectReason::ALL);
}

#[test]
fn every_limit() {
    let lines = "{\"text\": \"一\"}\n".repeat(3);
    let zeros = gz(&vec![b' '; 4 << 20]);
    let rows = table(3, parquet_of);
    let stored = Config::default;
    let cases: [(&str, Config, &str, Vec<u8>); 12] = [
        ("max_record", Config { max_record_bytes: 10, ..stored() }, "a.txt", TEXT.into()),
        (
            "max_record",
            Config { max_record_bytes: 10, ..stored() },
            "a.jsonl",
            lines.clone().into(),
        ),
        (
            "max_record",
            Config { max_record_bytes: 10, ..stored() },
            "a.csv",
            format!("text\n{TEXT}\n").into(),
        ),
        (
            "max_decompressed",
            Config { max_decompressed_bytes: 1 << 20, ..stored() },
            "a.txt.gz",
            zeros.clone(),
        ),
        ("max_ratio", stored(), "a.txt.gz", zeros),
        ("max_records", Config { max_records: 2, ..stored() }, "a.jsonl", lines.clone().into()),
        ("max_records", Config { max_records: 2, ..stored() }, "a.parquet", rows),
        (
            "max_entries",
            Config { max_entries: 1, ..stored() },
            "a.zip",
            zip(&[("a.txt", TEXT.as_bytes()), ("b.txt", TEXT.as_bytes())]),
        ),
        (
            "max_archive_depth",
            Config { max_archive_depth: 1, ..stored() },
            "a.txt.gz",
            gz(&gz(TEXT.as_bytes())),
        ),
        (
            "max_html_depth",
            Config { max_html_depth: 8, ..stored() },
            "a.html",
            "<div>".repeat(9).into(),
        ),
        (
            "max_json_depth",
            Config { max_json_depth: 2, ..stored() },
            "a.jsonl",
            b"{\"text\": [[1]]}".to_vec(),
        ),
        (
            "max_pages",
            Config { max_pages: 1, ..stored() },
            "a.pdf",
            include_bytes!("pdf/columns.pdf").to_vec(),
        ),
    ];
    for (limit, config, path, bytes) in cases {
        let records = read_all(RawFile::in_memory(path.to_owned(), bytes), &config);
        let reject = records.iter().rev().find_map(|record| record.as_ref().err());
        let reject = reject.unwrap_or_else(|| panic!("{limit}: nothing rejected"));
        let named = reject.detail.contains(&format!("limits.{limit}: "));
        assert!(named, "{limit}: {} {}", reject.reason, reject.detail);
    }
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = ::zip::write::SimpleFileOptions::default()
        .compression_method(::zip::CompressionMethod::Deflated);
    for (name, bytes) in files {
        archive.start_file(*name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ::tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(length(bytes.len()));
        header.set_mode(0o644);
        header.set_cksum();
        archive.append_data(&mut header, name, *bytes).unwrap();
    }
    archive.into_inner().unwrap()
}

fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// A table of so many rows with columns 标题, 正文 and a date.
fn table(rows: usize, write: fn(&RecordBatch) -> Vec<u8>) -> Vec<u8> {
    use arrow::array::{ArrayRef, Date32Array, StringArray};
    let titles = StringArray::from(vec![Some("题"); rows]);
    let texts = StringArray::from(vec![Some(TEXT); rows]);
    let dates = Date32Array::from(vec![Some(19_432); rows]);
    let columns: [(&str, ArrayRef); 3] = [
        ("标题", std::sync::Arc::new(titles)),
        ("正文", std::sync::Arc::new(texts)),
        ("date", std::sync::Arc::new(dates)),
    ];
    write(&RecordBatch::try_from_iter(columns).unwrap())
}

fn parquet_of(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let properties = parquet::file::properties::WriterProperties::builder()
        .set_compression(parquet::basic::Compression::SNAPPY)
        .build();
    let schema = batch.schema();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut bytes, schema, Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn arrow_of(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = arrow::ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

fn stream_of(batch: &RecordBatch) -> Vec<u8> {
    let mut writer =
        arrow::ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

fn warc() -> Vec<u8> {
    let page = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>{TEXT}</p>");
    let head = "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://example.com/a\r\n";
    let entry = format!("{head}Content-Length: {}\r\n\r\n{page}\r\n\r\n", page.len());
    entry.repeat(2).into_bytes()
}

type Pack = fn(&[u8]) -> Vec<u8>;

#[test]
fn containers_in_every_packing() {
    let line = format!("{{\"标题\": \"题\", \"正文\": \"{TEXT}\", \"date\": \"2023-03-16\"}}\n");
    let containers: Vec<(&str, Vec<u8>, Format)> = vec![
        ("a.jsonl", line.repeat(2).into(), Format::Jsonl),
        ("a.json", format!("[{line},\n{line}]").into(), Format::Json),
        (
            "a.csv",
            format!("标题,date,正文\n题,2023-03-16,{TEXT}\n题,2023-03-16,{TEXT}\n").into(),
            Format::Csv,
        ),
        (
            "a.tsv",
            format!("标题\tdate\t正文\n题\t2023-03-16\t{TEXT}\n题\t2023-03-16\t{TEXT}").into(),
            Format::Csv,
        ),
        ("a.parquet", table(2, parquet_of), Format::Parquet),
        ("a.arrow", table(2, arrow_of), Format::Arrow),
        ("a.arrows", table(2, stream_of), Format::Arrow),
        ("a.warc", warc(), Format::Warc),
    ];
    let packings: [(&str, Pack); 5] =
        [("", <[u8]>::to_vec), (".gz", gz), (".zst", zst), (".bz2", bz2), (".xz", xz)];
    for ((name, bytes, format), (ending, pack)) in containers
        .iter()
        .flat_map(|container| packings.iter().map(move |packing| (container, packing)))
    {
        let packed = pack(bytes);
        let in_zip = zip(&[("news/", b""), (name, &packed), (".DS_Store", b"x")]);
        let in_tar = pack(&tar(&[(name, &packed)]));
        for (path, bytes, inside) in [
            (format!("{name}{ending}"), packed.clone(), String::new()),
            ("a.zip".to_owned(), in_zip, format!("!/{name}")),
            (format!("a.tar{ending}"), in_tar, format!("!/{name}")),
        ] {
            let records = decode_as(&path, bytes);
            assert_eq!(records.len(), 2, "{path}: {records:?}");
            for (i, record) in (0..).zip(records) {
                let article = record.unwrap_or_else(|reject| panic!("{path}: {}", reject.detail));
                assert_eq!(article.id, ArticleId { file: format!("{path}{inside}"), record: i });
                assert_eq!((article.format, article.text.text()), (*format, TEXT), "{path}");
                if *format != Format::Warc {
                    assert_eq!(article.meta.title.as_deref(), Some("题"), "{path}");
                    assert_eq!(article.meta.published.as_deref(), Some("2023-03-16"), "{path}");
                }
            }
        }
    }
}

#[test]
fn an_archive_of_everything() {
    let broken = gz(TEXT.as_bytes());
    let inner = tar(&[("c.txt", TEXT.as_bytes()), ("c.txt", TEXT.as_bytes())]);
    let files: [(&str, &[u8]); 6] = [
        ("a/一.txt", TEXT.as_bytes()),
        ("a/broken.txt.gz", &broken[..20]),
        ("a/picture.png", b"\x89PNG\r\n\x1a\n"),
        ("inner.tar", &inner),
        ("__MACOSX/a.txt", b"x"),
        ("z.md", TEXT.as_bytes()),
    ];
    for (path, bytes) in [("a.zip", zip(&files)), ("a.tgz", gz(&tar(&files)))] {
        let shown: Vec<(String, Option<RejectReason>)> = decode_as(path, bytes)
            .into_iter()
            .map(|record| match record {
                Ok(article) => (article.id.file, None),
                Err(reject) => (reject.id.file, Some(reject.reason)),
            })
            .collect();
        let expected = [
            ("a/一.txt", None),
            ("a/broken.txt.gz", Some(RejectReason::BadCompression)),
            ("a/picture.png", Some(RejectReason::UnknownFormat)),
            ("inner.tar!/c.txt", None),
            ("inner.tar!/c.txt (2)", None),
            ("z.md", None),
        ];
        let expected = expected.map(|(name, reason)| (format!("{path}!/{name}"), reason));
        assert_eq!(shown, expected);
    }
}

#[test]
fn what_came_before_a_break_stays() {
    let lines: String = (0..2000).map(|i| format!("{{\"text\": \"第{i}条：{TEXT}\"}}\n")).collect();
    for packed in [gz(lines.as_bytes()), bz2(lines.as_bytes()), xz(lines.as_bytes())] {
        let records = decode_as("a.jsonl.gz", &packed[..packed.len() * 9 / 10]);
        let (last, whole) = records.split_last().unwrap();
        assert!(whole.iter().all(Result::is_ok));
        let reject = last.as_ref().unwrap_err();
        assert_eq!(reject.reason, RejectReason::BadCompression);
        assert_eq!(reject.id.record, u32::try_from(whole.len()).unwrap());
    }
}

#[test]
fn a_receiver_may_have_had_enough() {
    let lines = format!("{{\"text\": \"{TEXT}\"}}\n").repeat(10);
    let mut n = 0;
    records(RawFile::in_memory("a.jsonl".into(), lines.into()), &Config::default(), &mut |_| {
        n += 1;
        if n == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(n, 3);
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
    fn any_bytes_give_records(bytes: Vec<u8>, name in "[a-z]\\.(txt|md|html|jsonl|json|gz|csv|tsv|zip|tar|pdf|parquet|arrow|warc)") {
        assert!(!decode_as(&name, bytes).is_empty());
    }

    #[test]
    fn any_text_gives_records(text in "(---\n|<p>|<html>|\\{\"text\":|[\\[\\]{}:,\"\n]|title: |\\PC){0,40}", name in "[a-z]\\.(txt|md|html|jsonl|json)") {
        assert!(!decode_as(&name, text).is_empty());
    }
}
