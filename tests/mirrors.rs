//! Laws of input: an article tells the same whatever format, encoding and script it comes in.

use std::fmt::Write as _;

use anjuan::acquire::RawFile;
use anjuan::config::Config;
use anjuan::read::read;
use encoding_rs::{BIG5, GB18030};
use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use pinyin::ToPinyin;
use serde_json::json;

use crate::{KNOWLEDGE, RULES};

const TITLE: &str = "芜湖警方侦破一起侵犯公民个人信息案";
const PARAGRAPHS: [&str; 3] = [
    "2023年3月，芜湖市公安局破获一起侵犯公民个人信息案，抓获犯罪嫌疑人12名，查获公民个人信息300余万条，涉案金额50万元。",
    "经查，犯罪嫌疑人钱某利用在某物流公司工作的便利，将客户的电话和地址出售给他人，非法获利8万元。",
    "目前，钱某等12人已被依法采取刑事强制措施，案件正在进一步办理之中。",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Simplified,
    Traditional,
    /// With the reading behind every third character, as mirrors have it.
    Glossed,
}

fn written(words: &str, script: Script) -> String {
    if script == Script::Simplified {
        return words.to_owned();
    }
    let traditional = OpenCC::from_config(BuiltinConfig::S2t).unwrap().convert(words);
    if script == Script::Traditional {
        return traditional;
    }
    let mut glossed = String::new();
    for (i, c) in traditional.chars().enumerate() {
        glossed.push(c);
        if let Some(reading) = c.to_pinyin().filter(|_| i % 3 == 0) {
            let _ = write!(glossed, "({})", reading.with_tone());
        }
    }
    glossed
}

/// The article as a file of this kind.
fn document(format: &str, script: Script) -> String {
    let title = written(TITLE, script);
    let paragraphs = PARAGRAPHS.map(|words| written(words, script));
    let body = paragraphs.join("\n\n");
    match format {
        "txt" => format!("{title}\n\n{body}\n"),
        "md" => format!("---\ntitle: {title}\n---\n\n# {title}\n\n{body}\n"),
        "html" => {
            let paragraphs: String =
                paragraphs.iter().map(|words| format!("<p>{words}</p>\n")).collect();
            format!(
                "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>\n<h1>{title}</h1>\n<div class=\"content\">\n{paragraphs}</div></body></html>\n"
            )
        }
        _ => format!("{}\n", json!({"title": title, "content": body})),
    }
}

/// The bytes of a text; `None` where the encoding has not all of its characters.
fn encoded(text: &str, encoding: &str) -> Option<Vec<u8>> {
    let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| {
        text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>()
    };
    let known = |(bytes, _, unknown): (std::borrow::Cow<'_, [u8]>, _, bool)| {
        (!unknown).then(|| bytes.into_owned())
    };
    match encoding {
        "utf-8" => Some(text.as_bytes().to_vec()),
        "utf-8 with mark" => Some(format!("\u{feff}{text}").into_bytes()),
        "utf-16le" => Some(wide(&format!("\u{feff}{text}"), u16::to_le_bytes)),
        "utf-16be" => Some(wide(&format!("\u{feff}{text}"), u16::to_be_bytes)),
        "gb18030" => known(GB18030.encode(text)),
        // The encoder writes what it lacks as references, which only pages may have.
        _ => known(BIG5.encode(text)),
    }
}

/// What the article tells, in words: title, text below it, cases with every value and its evidence, labels.
fn told(path: &str, bytes: Vec<u8>) -> String {
    let file = RawFile::in_memory(path.to_owned(), bytes);
    let readings = read(file, &Config::default(), &RULES, &KNOWLEDGE);
    let mut words = String::new();
    for (article, told) in readings.into_iter().map(Result::unwrap) {
        let body = article.body.text();
        let _ = writeln!(words, "{:?}\n{}", article.title, below_title(body));
        for (case, labels) in told.extracted.cases.iter().zip(&told.labels) {
            let evidence = |span: std::ops::Range<usize>| body.get(span).unwrap();
            let mut line = |name: &str, value: Option<(String, std::ops::Range<usize>)>| {
                if let Some((value, span)) = value {
                    let _ = writeln!(words, "{name}: {value} from {}", evidence(span));
                }
            };
            line("lead", case.lead.as_ref().map(|f| (f.value.name.clone(), f.span.clone())));
            line("agency", case.agency.as_ref().map(|f| (f.value.name.clone(), f.span.clone())));
            line("division", case.division.as_ref().map(|f| (f.value.clone(), f.span.clone())));
            line("offence", case.offence.as_ref().map(|f| (f.value.name.clone(), f.span.clone())));
            line("stage", case.stage.as_ref().map(|f| (f.value.to_string(), f.span.clone())));
            line("date", case.action_date.as_ref().map(|f| (f.value.to_string(), f.span.clone())));
            for (measure, found) in &case.numbers {
                let value = format!("{} {}", found.value.value, found.value.qualifier);
                line(measure.name(), Some((value, found.span.clone())));
            }
            for label in labels {
                line(&label.facet, Some((label.code.clone(), label.span.0..label.span.1)));
            }
        }
    }
    words
}

/// Pages have the title outside their text.
fn below_title(body: &str) -> &str {
    body.strip_prefix(TITLE).map_or(body, str::trim_start)
}

#[test]
fn an_article_tells_the_same_however_it_comes() {
    let expected = told("a.txt", document("txt", Script::Simplified).into_bytes());
    for part in ["suspects: 12 exact", "records: 3000000 over", "lead: 钱某", "method: "] {
        assert!(expected.contains(part), "{part} is not in {expected}");
    }
    let mut n_ways = 0;
    for script in [Script::Simplified, Script::Traditional, Script::Glossed] {
        for format in ["txt", "md", "html", "jsonl"] {
            let text = document(format, script);
            for encoding in ["utf-8", "utf-8 with mark", "utf-16le", "utf-16be", "gb18030", "big5"]
            {
                let Some(bytes) = encoded(&text, encoding) else { continue };
                n_ways += 1;
                let path = format!("a.{format}");
                assert_eq!(told(&path, bytes), expected, "{format}, {encoding}, {script:?}");
            }
        }
    }
    assert!(60 <= n_ways, "{n_ways}");
}
