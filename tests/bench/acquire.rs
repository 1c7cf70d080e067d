//! Acquire: every format, from bytes in memory to raw articles.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anjuan::acquire::RawFile;
use serde_json::json;

use crate::Measure;
use crate::read::articles;

/// About so many bytes are read in each run.
const SIZE: usize = 8 << 20;

pub(crate) fn measures() -> Vec<Measure> {
    let article = sample("mirror/2023-03-18-五起典型案例-转载.txt");
    let article = String::from_utf8(article).unwrap();
    let page = page(&article);
    let text = article.repeat(4).into_bytes();
    let markdown = format!("---\ntitle: 通报\naccount: 某地检察\n---\n\n{article}").into_bytes();
    let lines = lines(&article);
    let array = format!("[{}]", lines.trim_end().replace('\n', ",")).into_bytes();
    let lines = lines.into_bytes();
    let (gbk, ..) = encoding_rs::GB18030.encode(&article);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&lines).unwrap();
    vec![
        documents("acquire text", "a.txt", text),
        documents("acquire text in gb18030", "a.txt", gbk.into_owned()),
        documents("acquire markdown", "a.md", markdown),
        documents("acquire html", "a.html", page.into_bytes()),
        documents("acquire html, sample", "a.html", sample("portal/2019-06-25-清源3号.html")),
        documents("acquire wechat sample", "a.md", sample("wechat/2023-03-17-五起典型案例.md")),
        container("acquire jsonl", "a.jsonl", &lines, lines.len()),
        container("acquire json array", "a.json", &array, array.len()),
        container("acquire csv", "a.csv", &cells(&article), cells(&article).len()),
        container(
            "acquire jsonl.gz (unpacked)",
            "a.jsonl.gz",
            &gzip.finish().unwrap(),
            lines.len(),
        ),
        container(
            "acquire jsonl.zst (unpacked)",
            "a.jsonl.zst",
            &zstd::encode_all(lines.as_slice(), 3).unwrap(),
            lines.len(),
        ),
    ]
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("raw").join(name)).unwrap()
}

/// A saved page of a portal: most of it is not the article.
fn page(article: &str) -> String {
    let menu: String = (0..60)
        .map(|i| format!("<li class=\"item item-{i}\"><a href=\"https://news.example.com/channel/{i}/index.html\" target=\"_blank\" title=\"栏目\">第{i}个栏目的名称</a></li>\n"))
        .collect();
    let paragraphs: String = article
        .lines()
        .map(|line| format!("<p style=\"text-indent: 2em; line-height: 1.8;\"><span style=\"font-size: 16px;\">{line}</span></p>\n"))
        .collect();
    let script = "<script>var config = {url: 'https://stat.example.com/c.js', id: 12345}; (function() { if (a < b) { load(config); } })();</script>\n".repeat(40);
    let style = ".box { margin: 0 auto; width: 1000px; } .box .item a { color: #333; text-decoration: none; }\n".repeat(60);
    format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>五起典型案例_某某新闻网</title>\n<style>{style}</style>{script}</head>\n\
         <body><div class=\"header\"><ul class=\"nav\">{menu}</ul></div><div class=\"main\"><div class=\"left\"><h1>五起典型案例</h1>\
         <div class=\"info\">2023-03-18 10:00 来源：某某日报</div><div class=\"content\" id=\"zoom\">{paragraphs}</div>\
         <div class=\"share\"><a href=\"#\">分享</a></div></div><div class=\"right\"><h3>热点</h3><ul>{menu}</ul></div></div>\
         <div class=\"footer\">{script}<p>版权所有 某某新闻网</p></div></body></html>"
    )
}

fn lines(article: &str) -> String {
    let record = |i: usize| {
        json!({"id": i, "title": "五起典型案例", "source": "某某日报", "publish_time": "2023-03-18 10:00:00",
               "url": format!("https://news.example.com/{i}.html"), "content": article})
    };
    (0..SIZE / article.len()).map(|i| format!("{}\n", record(i))).collect()
}

fn cells(article: &str) -> Vec<u8> {
    let row = format!("7,五起典型案例,某某日报,\"{}\"\n", article.replace('"', "\"\""));
    ["编号,标题,来源,正文\n", &row.repeat(SIZE / article.len())].concat().into_bytes()
}

/// The same document again and again.
fn documents(name: &'static str, path: &'static str, bytes: Vec<u8>) -> Measure {
    let times = (SIZE / bytes.len()).max(1);
    Measure::new(name, bytes.len() * times, move || {
        (0..times).map(|_| read(path, bytes.clone())).sum()
    })
}

fn container(name: &'static str, path: &'static str, bytes: &[u8], size: usize) -> Measure {
    let bytes = bytes.to_vec();
    Measure::new(name, size, move || read(path, bytes.clone()))
}

/// How many bytes of text the records of a file have.
fn read(path: &str, bytes: Vec<u8>) -> usize {
    let articles = articles(RawFile::in_memory(path.to_owned(), bytes));
    let size: usize = articles.iter().map(|article| article.text.text().len()).sum();
    assert!(size > 0, "{path} gives no text");
    size
}
