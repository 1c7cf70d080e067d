//! Whole pages.

use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::{prop_assert, proptest};

use super::*;
use crate::acquire::Config;

const PARAGRAPHS: &[&str] = &[
    "　　近日，某省某市公安局网安支队根据群众举报，成功侦破一起侵犯公民个人信息案，抓获犯罪嫌疑人7名。",
    "　　经查，犯罪嫌疑人钱某在某快递公司任职期间，利用职务之便查询客户的姓名、电话和住址，并以每条2元的价格出售。",
    "　　警方共查获公民个人信息30余万条，涉案金额达60余万元。目前，案件正在进一步办理之中。",
    "　　警方提醒：请妥善保管个人信息，发现泄露请及时报警，不要点击来历不明的链接。",
];

fn read_page(html: &str) -> Document {
    read(Mapped::verbatim(html), &Config::default()).unwrap()
}

fn page(body: &str) -> String {
    let links: String =
        (0..30).map(|i| format!("<li><a href='/{i}'>相关新闻第{i}条标题文字</a></li>")).collect();
    format!(
        "<!DOCTYPE html><html><head><title>警方侦破一起侵犯公民个人信息案_某某网</title>\
         <script>var a = '<p>脚本里的文字，不是正文。</p>';</script></head><body>\
         <div class='header'><ul class='menu'>{links}</ul></div>\
         <div class='wrap'><h1>警方侦破一起侵犯公民个人信息案</h1>\
         <div class='info'>2023-03-16 10:00 来源：某某日报 字号：大 中 小</div>{body}</div>\
         <div class='sidebar'><h3>热门</h3><ul>{links}</ul></div><div class='footer'>版权所有 备案号123</div></body></html>"
    )
}

fn paragraphs(open: &str, close: &str) -> String {
    PARAGRAPHS.iter().map(|text| format!("{open}{text}{close}\n")).collect()
}

/// Every window of eight Chinese characters in a line stands, in order, in the bytes it maps to.
fn check_windows(html: &str, text: &Mapped) -> Result<(), String> {
    let mut line_start = 0;
    for line in text.text().split_inclusive('\n') {
        let places: Vec<(usize, char)> = line.char_indices().collect();
        for window in places
            .windows(8)
            .filter(|w| w.iter().all(|(_, c)| ('\u{4e00}'..='\u{9fff}').contains(c)))
        {
            let end = window[7].0 + window[7].1.len_utf8();
            let source =
                html.get(text.to_source(line_start + window[0].0..line_start + end)).unwrap();
            let mut there = source.chars();
            if !window.iter().all(|(_, c)| there.any(|found| found == *c)) {
                return Err(format!("{:?} maps to {source:?}", line.get(window[0].0..end)));
            }
        }
        line_start += line.len();
    }
    Ok(())
}

fn check_article(html: &str) {
    let document = read_page(html);
    let text = document.text.text();
    for paragraph in PARAGRAPHS {
        assert!(
            text.lines().any(|line| line.trim() == paragraph.trim()),
            "{paragraph} is not a line of\n{text}"
        );
    }
    for noise in ["相关新闻", "脚本", "版权"] {
        assert!(!text.contains(noise), "{noise} in\n{text}");
    }
    check_windows(html, &document.text).unwrap();
    assert_eq!(document.meta.title.as_deref(), Some("警方侦破一起侵犯公民个人信息案"));
    assert_eq!(document.meta.publisher.as_deref(), Some("某某日报"));
    assert_eq!(document.meta.published.as_deref(), Some("2023-03-16 10:00"));
}

#[test]
fn articles_of_all_makes() {
    check_article(&page(&format!("<div class='content'>{}</div>", paragraphs("<p>", "</p>"))));
    check_article(&page(&format!(
        "<div id='zoom'>{}</div>",
        paragraphs("<p><span style='x'>", "</span></p>")
    )));
    check_article(&page(&format!("<div class='txt'>{}</div>", paragraphs("", "<br><br>"))));
    check_article(&page(&format!("<div class='txt'>{}</div>", paragraphs("", "<br>"))));
    check_article(&page(&format!("<table><tr><td>{}</td></tr></table>", paragraphs("<p>", ""))));
    check_article(&page(&format!(
        "<div style='visibility: hidden; opacity: 0;'>{}</div>",
        paragraphs("<section><p>", "</p></section>")
    )));
    check_article(&page(&format!("<article>{}</article>", paragraphs("<div>", "</div>"))));
}

#[test]
fn tables_and_lists_in_articles() {
    let table = "<table><tr><th>地区</th><th>案件数量</th></tr><tr><td>某某市</td><td>12起案件</td></tr></table><ul><li>第一，不轻信来电，不乱点链接；<li>第二，不外泄密码。</ul>";
    let html = page(&format!("<div class='content'>{}{table}</div>", paragraphs("<p>", "</p>")));
    let document = read_page(&html);
    for line in [
        "地区\t案件数量",
        "某某市\t12起案件",
        "第一，不轻信来电，不乱点链接；",
        "第二，不外泄密码。",
    ] {
        assert!(
            document.text.text().lines().any(|found| found == line),
            "{line} in\n{}",
            document.text.text()
        );
    }
    check_windows(&html, &document.text).unwrap();
}

#[test]
fn short_pages() {
    let check =
        |html: &str, expected: &str| assert_eq!(read_page(html).text.text(), expected, "{html}");
    check("<p>警方通报</p><p>一起案件</p>", "警方通报\n一起案件");
    check("没有标签", "没有标签");
    check("\u{feff}<html><body><nav>首页</nav>警方通报", "警方通报");
    check("<html><head><title>一起案件的通报_某某网</title></head><body></body>", "一起案件的通报");
    check("<html><head><title>一&ldquo;案&rdquo;</title></head>", "一“案”");
    let html = "<title>一起案件的通报_某某网</title>";
    let text = read_page(html).text;
    assert_eq!(html.get(text.to_source(0..text.text().len())).unwrap(), "一起案件的通报");
}

#[test]
fn hostile_pages_end_soon() {
    let stop = read(Mapped::verbatim("<div>".repeat(100_000)), &Config::default()).unwrap_err();
    assert_eq!(stop.reason, crate::model::RejectReason::TooDeep);
    // As deep as allowed, in the two megabytes of stack that a test thread has.
    assert_eq!(read_page(&format!("{}一", "<div>".repeat(256))).text.text(), "一");
    let pieces = [
        "<div>一</div>",
        "<b>一",
        "<a href=x>一",
        "<p class=a>一，二。",
        "&nbsp;",
        "<title>",
        "<!--",
        "<!-- -->",
        "</div>",
        "<table><tr><td>一，",
        "<i><p>一</i>",
        "<x y='",
        "<a b=c ",
        "<",
        "<svg><title>",
        "一",
    ];
    for piece in pieces {
        let html = piece.repeat(300_000 / piece.len());
        let _ = read(Mapped::verbatim(html), &Config::default());
    }
    let attributes: String = (0..100_000).map(|i| format!(" a{i}=1")).collect();
    assert_eq!(read_page(&format!("<p{attributes}>一</p>")).text.text(), "一");
}

proptest! {
    #[test]
    fn every_page_maps_back(pieces in proptest::collection::vec(prop_oneof![
        4 => proptest::sample::select(PARAGRAPHS).prop_map(str::to_owned),
        2 => "[一-龥]{1,12}",
        1 => "[ -~]{0,8}",
        4 => proptest::sample::select(&["<p>", "</p>", "<div>", "</div>", "<div class=content>", "<br>", "<b>", "</b>", "<a href=x>", "</a>",
            "<table>", "<tr>", "<td>", "</table>", "<ul>", "<li>", "</ul>", "<h2>", "</h2>", "<nav>", "</nav>", "<span hidden>", "</span>",
            "\n", "&nbsp;", "&ldquo;", "<script>", "</script>", "<!--", "-->", "<", "&", "<title>", "</title>", "<blockquote>", "<section>"][..]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => Just("\u{3000}".to_owned()),
    ], 0..60)) {
        let html = pieces.concat();
        if let Ok(document) = read(Mapped::verbatim(html.as_str()), &Config::default()) {
            let windows = check_windows(&html, &document.text);
            prop_assert!(windows.is_ok(), "{:?}", windows);
        }
    }
}
