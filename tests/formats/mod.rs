//! Formats: a file for every format, encoding and packing gives the same article, and one for every damage its reject.

use std::collections::BTreeSet;
use std::path::Path;

use anjuan::acquire::{self, Config, Entry};
use anjuan::model::{RawArticle, Reject, RejectReason};

use crate::root;

/// What every article says, however it is written.
const TEXT: [&str; 3] = [
    "近日，云岭市公安局网安支队侦破一起侵犯公民个人信息案，抓获犯罪嫌疑人7名，查获公民个人信息30余万条，涉案金额60余万元。",
    "经查，2022年3月至8月，钱某在当地一家快递公司任职期间，利用职务之便查询客户的姓名、电话和住址，以每条2元的价格出售给赵某，获利5万余元。",
    "2023年2月14日，云岭市某区人民法院以侵犯公民个人信息罪判处被告人钱某有期徒刑三年，并处罚金人民币六万元。",
];

fn config() -> Config {
    Config { worker: Some(env!("CARGO_BIN_EXE_anjuan").into()), ..Config::default() }
}

/// Every record below a folder.
fn records(folder: &Path) -> Vec<Result<RawArticle, Reject>> {
    let read = |entry| match entry {
        Entry::File { path, full, .. } => {
            let file = acquire::open(&full, path, &config()).unwrap();
            acquire::read_all(file, &config())
        }
        Entry::Rejected(reject) => vec![Err(reject)],
    };
    acquire::list(folder).unwrap().into_iter().flat_map(read).collect()
}

#[test]
fn the_same_article_in_every_format() {
    let mut files = BTreeSet::new();
    for record in records(&root().join("tests/formats/read")) {
        let article = record.unwrap_or_else(|reject| panic!("{}: {}", reject.id, reject.detail));
        let name = article.id.to_string();
        // The two PDF tell other things as well, or less.
        if !name.contains("mapped.pdf") {
            for paragraph in TEXT {
                let whole = article.text.text().lines().any(|line| line.trim() == paragraph);
                assert!(whole, "{name} lacks {paragraph}:\n{}", article.text.text());
            }
        }
        assert!(!article.text.text().contains("第3个栏目"), "{name} keeps the menu");
        assert!(!article.text.text().contains("版权所有"), "{name} keeps the footer");
        assert!(article.repairs.is_empty(), "{name}: {:?}", article.repairs);
        files.insert(article.id.file);
    }
    assert_eq!(files.len(), 30, "{files:#?}");
}

#[test]
fn a_newspaper_page_is_read_column_by_column() {
    let folder = root().join("tests/formats/read");
    let article = records(&folder)
        .into_iter()
        .flatten()
        .find(|article| article.id.file == "newspaper.pdf")
        .unwrap();
    let lines: Vec<&str> = article.text.text().lines().collect();
    let expected = [
        "快递员倒卖客户信息 云岭警方抓获七人",
        TEXT[0],
        TEXT[1],
        TEXT[2],
        "警方提醒，企业应当管好内部账号，员工不得超出工作需要查询客户资料。",
        "云岭检察机关通报办案情况",
        "本报讯 记者孙某从云岭市人民检察院获悉，2022年全市检察机关共起诉侵犯公民个人信息案件48件，涉及92人。",
        "其中，内部人员泄露信息的案件占两成以上，主要集中在快递、房产中介和教育培训行业。",
        "检察机关同步提起公益诉讼6件，推动4家企业整改。",
        "警方提示",
    ];
    assert_eq!(lines.get(..expected.len()), Some(expected.as_slice()));
    assert_eq!(article.meta.title.as_deref(), Some("快递员倒卖客户信息 云岭警方抓获七人"));
}

#[test]
fn a_reject_for_every_damage() {
    let expected = [
        ("binary.txt", RejectReason::UnknownFormat),
        ("blank.txt", RejectReason::Empty),
        ("bomb-in-bomb.txt.gz", RejectReason::RatioExceeded),
        ("bomb.txt.gz", RejectReason::RatioExceeded),
        ("bomb.txt.zst", RejectReason::RatioExceeded),
        ("deep.gz", RejectReason::TooDeep),
        ("deep.html", RejectReason::TooDeep),
        ("deep.jsonl", RejectReason::TooDeep),
        ("empty.jsonl.gz", RejectReason::Empty),
        ("empty.txt", RejectReason::Empty),
        ("korean.txt", RejectReason::UnknownEncoding),
        ("locked.pdf", RejectReason::Encrypted),
        ("no-columns.csv", RejectReason::UnknownFormat),
        ("no-text.html", RejectReason::NoText),
        ("no-text.md", RejectReason::NoText),
        ("office.docx", RejectReason::UnknownFormat),
        ("picture.png", RejectReason::UnknownFormat),
        ("records.jsonl", RejectReason::BadRecord),
        ("records.jsonl", RejectReason::BadRecord),
        ("records.jsonl", RejectReason::BadRecord),
        ("rows.parquet", RejectReason::TooManyRecords),
        ("scanned.pdf", RejectReason::NoTextLayer),
        ("torn.parquet", RejectReason::BadRecord),
        ("torn.pdf", RejectReason::BadRecord),
        ("torn.txt.gz", RejectReason::BadCompression),
        ("torn.warc", RejectReason::Empty),
        ("torn.warc", RejectReason::BadRecord),
        ("torn.zip", RejectReason::BadCompression),
        ("utf32.txt", RejectReason::UnknownEncoding),
    ];
    let found: Vec<(String, RejectReason)> = records(&root().join("tests/formats/rejected"))
        .into_iter()
        .filter_map(|record| record.err().map(|reject| (reject.id.file, reject.reason)))
        .collect();
    let expected: Vec<_> =
        expected.iter().map(|(file, reason)| ((*file).to_owned(), *reason)).collect();
    assert_eq!(found, expected);
}
