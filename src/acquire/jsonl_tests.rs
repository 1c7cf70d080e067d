//! Records of JSON files, whole and broken.

use super::*;
use crate::acquire::{RawFile, read_all};
use crate::model::{Metadata, RawArticle, Reject};

type Shown = (u32, Result<String, (RejectReason, String)>);

fn decode(text: &str, layout: Layout, config: &Config) -> Vec<Result<RawArticle, Reject>> {
    let path = match layout {
        Layout::Lines => "a.jsonl",
        Layout::Values => "a.json",
    };
    read_all(RawFile::in_memory(path.to_owned(), text.into()), config)
}

fn read(text: &str, layout: Layout) -> Vec<Shown> {
    let show = |record: Result<RawArticle, Reject>| match record {
        Ok(article) => (article.id.record, Ok(article.text.text().to_owned())),
        Err(reject) => (reject.id.record, Err((reject.reason, reject.detail))),
    };
    decode(text, layout, &Config::default()).into_iter().map(show).collect()
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
    check(&deep, Err("line 1: limits.max_json_depth: nested more than 64 deep"));
}

#[test]
fn lines_keep_their_numbers() {
    let records = read("{\"text\":\"一\"}\n\n \r\n{broken\r\n{\"text\":\"二\"}\r\n", Layout::Lines);
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
    assert_eq!(
        read("[]", Layout::Values),
        [(0, Err((RejectReason::Empty, "holds no records".to_owned())))]
    );
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
    let records = decode(line, Layout::Lines, &Config::default());
    let document = records[0].as_ref().unwrap();
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
    for (text, layout) in [
        (
            format!("{{\"text\":\"{}\"}}\n", "文".repeat(20)) + &"{\"text\":\"文\"}\n".repeat(3),
            Layout::Lines,
        ),
        (
            format!("[{{\"text\":\"{}\"}}", "文".repeat(20)) + &",{\"text\":\"文\"}".repeat(3),
            Layout::Values,
        ),
    ] {
        let found = decode(&text, layout, &config);
        let reasons: Vec<_> =
            found.iter().map(|record| record.as_ref().err().map(|reject| reject.reason)).collect();
        let expected = [Some(RejectReason::TooLarge), None, Some(RejectReason::TooManyRecords)];
        assert_eq!(reasons, expected);
        let last = found[2].as_ref().unwrap_err();
        assert_eq!(last.id.record, 2);
        assert!(last.detail.starts_with("limits.max_records: "), "{}", last.detail);
    }
    let config = Config { max_json_depth: 3, ..Config::default() };
    let read = |text: &str| {
        decode(text, Layout::Lines, &config).remove(0).map(|_| ()).map_err(|r| r.reason)
    };
    assert_eq!(read(r#"{"text": "文", "a": [[1]]}"#), Ok(()));
    assert_eq!(read(r#"{"text": "文", "a": [[[1]]]}"#), Err(RejectReason::TooDeep));
}

#[test]
fn cuts_anywhere() {
    // The same values whatever pieces they come in.
    let text = br#" [{"a":"x\"y\\"},[1,{"b":"]"}], 7 ,"z,",{"c":{}}] {"d":1}"#;
    let cut = |size: usize| {
        let mut cut = Cut::default();
        let mut ends = Vec::new();
        let (mut from, mut at) = (2, 2);
        while at < text.len() {
            let chunk = &text[at..(at + size).min(text.len())];
            match cut.end(chunk) {
                Some(n) => {
                    ends.push(str::from_utf8(&text[from..at + n]).unwrap());
                    at += n;
                    while at < text.len() && b", ]".contains(&text[at]) {
                        at += 1;
                    }
                    from = at;
                    cut = Cut::default();
                }
                None => at += chunk.len(),
            }
        }
        ends
    };
    let expected =
        [r#"{"a":"x\"y\\"}"#, r#"[1,{"b":"]"}]"#, "7 ", r#""z,""#, r#"{"c":{}}"#, r#"{"d":1}"#];
    for size in 1..text.len() {
        assert_eq!(cut(size), expected, "{size}");
    }
}
