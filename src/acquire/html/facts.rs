//! Facts: what a page says of itself - title, publisher, address, date of publication.

use std::ops::Range;

use serde_json::Value;

use super::entities::unescape;
use super::lines::Line;
use super::tokens::{Token, Tokens, attribute};
use crate::acquire::fields;
use crate::model::{Mapped, Metadata, Rewrite};

/// What Chinese government sites must carry; the article's own title, without the site.
const OWN_TITLE: &[&str] = &["articletitle"];
/// Names in `<meta>` (`name`, `property`, `itemprop`), the best first.
const TITLE: &[&str] = &["og:title", "weibo:article:title", "twitter:title", "headline"];
const PUBLISHER: &[&str] =
    &["contentsource", "source", "article:publisher", "mediaid", "og:site_name", "author"];
const URL: &[&str] = &["og:url", "url", "weibo:article:url"];
const PUBLISHED: &[&str] = &[
    "article:published_time",
    "og:published_time",
    "pubdate",
    "publishdate",
    "publish_date",
    "publish-date",
    "publishtime",
    "publish_time",
    "datepublished",
    "og:release_date",
    "release_date",
    "weibo:article:create_at",
    "apub:time",
    "bytedance:published_time",
    "dc.date.issued",
    "dcterms.issued",
    "date",
];
/// Ids of elements that name a fact on widespread platforms.
const IDS: &[(&str, Fact)] = &[
    ("activity-name", Fact::Title),
    ("js_name", Fact::Publisher),
    ("publish_time", Fact::Published),
    ("pubtime", Fact::Published),
    ("pubtime_baidu", Fact::Published),
    ("source_baidu", Fact::Publisher),
];
/// What a script says before the date, where the page itself is filled in by that script.
const SCRIPTED: &[&str] =
    &["var createTime = '", "var createTime = \"", "var ct = \"", "var ct = '"];
/// The name of a platform is not that of a publisher.
const PLATFORMS: &[&str] = &["微信公众平台"];
/// What stands before the publisher, and before the date, in a line of labels.
const SOURCE_LABELS: &[&str] = &["来源", "信息来源", "文章来源", "稿件来源", "新闻来源"];
const DATE_LABELS: &[&str] =
    &["发布时间", "发布日期", "发表时间", "发表日期", "发稿时间", "时间", "日期"];
/// Where one page names another fact after the one looked for.
const NEXT_LABELS: &[&str] = &[
    "作者",
    "编辑",
    "责任编辑",
    "记者",
    "时间",
    "发布",
    "日期",
    "浏览",
    "点击",
    "阅读",
    "字号",
    "字体",
];
/// A longer line is a paragraph, not a line of labels.
const LABELS_WITHIN: usize = 300;
/// No fact is longer, in bytes.
const LONGEST: usize = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    Title,
    Publisher,
    Published,
}

/// A title and where it stands in the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Title {
    words: String,
    at: Range<usize>,
}

impl Title {
    pub(super) fn mapped(&self, source: &Mapped) -> Mapped {
        if source.text().get(self.at.clone()) == Some(self.words.as_str()) {
            return source.slice(self.at.clone());
        }
        let mut rewrite = Rewrite::new(source);
        rewrite.put(&self.words, self.at.clone());
        rewrite.finish()
    }
}

/// What a page says of itself.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) title: Option<Title>,
    publisher: Option<String>,
    url: Option<String>,
    published: Option<String>,
}

impl Facts {
    pub(super) fn metadata(self) -> Metadata {
        Metadata {
            title: self.title.map(|title| title.words),
            publisher: self.publisher,
            url: self.url,
            published: self.published,
        }
    }
}

/// Reads the facts from the tags of a page, and from its lines what the tags do not tell.
pub(super) fn read(source: &str, page: &[Line]) -> Facts {
    let seen = Seen::of(source);
    let labels = Labels::of(source, page);
    let address = |url: &String| fields::is_address(url);
    let by_id =
        |fact| seen.by_id.iter().find(|(found, _)| *found == fact).map(|(_, title)| title.clone());
    let publisher = by_id(Fact::Publisher).map(|title| title.words);
    let named = |words: &String| !PLATFORMS.contains(&words.as_str()) && !fields::is_address(words);
    Facts {
        title: seen.title(by_id(Fact::Title)),
        publisher: publisher.or_else(|| seen.meta(PUBLISHER, named)).or(labels.publisher),
        url: seen
            .canonical
            .clone()
            .filter(address)
            .or_else(|| seen.meta(URL, address))
            .or_else(|| saved_from(source)),
        published: seen
            .meta(PUBLISHED, |_| true)
            .or_else(|| by_id(Fact::Published).map(|title| title.words))
            .or_else(|| seen.time.clone())
            .or_else(|| seen.scripted.clone())
            .or(labels.published),
    }
}

/// Browsers note where a page was saved from.
fn saved_from(source: &str) -> Option<String> {
    let head = source.get(..source.floor_char_boundary(2000))?;
    let (_, note) = head.split_once("saved from url=(")?;
    let (url, _) = note.split_once(')')?.1.split_once("-->")?;
    let url = url.trim();
    fields::is_address(url).then(|| url.to_owned())
}

/// Everything in the tags that may tell a fact.
#[derive(Debug, Default)]
struct Seen {
    meta: Vec<(String, Title)>,
    by_id: Vec<(Fact, Title)>,
    title: Option<Title>,
    heading: Option<Title>,
    canonical: Option<String>,
    time: Option<String>,
    scripted: Option<String>,
}

/// An element whose text is being read.
struct Open {
    name: String,
    /// `None` for a heading.
    fact: Option<Fact>,
    words: String,
    at: Range<usize>,
}

impl Seen {
    fn of(source: &str) -> Self {
        let mut seen = Seen::default();
        let mut open: Option<Open> = None;
        let mut raw = String::new();
        for token in Tokens::new(source) {
            match token {
                Token::Text(at) => {
                    if let Some(open) = &mut open
                        && open.words.len() < LONGEST
                    {
                        let text = source.get(at.clone()).unwrap_or_default();
                        if open.words.is_empty() && !text.trim().is_empty() {
                            open.at = at.start..at.start;
                        }
                        open.words.push_str(&unescape(text));
                        open.at.end = at.start + text.trim_end().len();
                    }
                }
                Token::Raw(at) => seen.raw(source, &raw, at),
                Token::Start { name, attributes, .. } => {
                    seen.start(source, &name, &attributes);
                    let id = attribute(source, &attributes, "id").and_then(|id| source.get(id));
                    let fact =
                        IDS.iter().find(|(known, _)| id == Some(known)).map(|(_, fact)| *fact);
                    if open.is_none() && (fact.is_some() || name == "h1") {
                        open = Some(Open {
                            name: name.clone().into_owned(),
                            fact,
                            words: String::new(),
                            at: 0..0,
                        });
                    }
                    raw = name.into_owned();
                }
                Token::End { name, .. } => {
                    if let Some(done) = open.take_if(|open| open.name == name) {
                        seen.close(done);
                    }
                }
            }
        }
        seen
    }

    fn start(&mut self, source: &str, name: &str, at: &Range<usize>) {
        let value = |name: &str| attribute(source, at, name);
        let words = |name: &str| {
            let words = unescape(source.get(value(name)?)?).trim().to_owned();
            (!words.is_empty() && words.len() < LONGEST).then_some(words)
        };
        match name {
            "meta" => {
                let key = words("property").or_else(|| words("name")).or_else(|| words("itemprop"));
                if let (Some(key), Some(content), Some(at)) =
                    (key, words("content"), value("content"))
                {
                    self.meta.push((key.to_ascii_lowercase(), Title { words: content, at }));
                }
            }
            "link" if words("rel").is_some_and(|rel| rel.eq_ignore_ascii_case("canonical")) => {
                self.canonical = self.canonical.take().or_else(|| words("href"));
            }
            "time" => self.time = self.time.take().or_else(|| words("datetime")),
            _ => {}
        }
    }

    fn raw(&mut self, source: &str, name: &str, at: Range<usize>) {
        let text = source.get(at.clone()).unwrap_or_default();
        match name {
            "title" if self.title.is_none() => {
                let words = spaced(&unescape(text));
                let from = at.start + (text.len() - text.trim_start().len());
                let at = from..from + text.trim().len();
                self.title = (!words.is_empty()).then_some(Title { words, at });
            }
            "script" if self.scripted.is_none() => {
                self.scripted = scripted_date(text).or_else(|| linked_data_date(text));
            }
            _ => {}
        }
    }

    fn close(&mut self, done: Open) {
        let title = Title { words: spaced(&done.words), at: done.at };
        if title.words.is_empty() {
            return;
        }
        match done.fact {
            Some(fact) => self.by_id.push((fact, title)),
            None => self.heading = self.heading.take().or(Some(title)),
        }
    }

    fn meta_title(&self, names: &[&str], wanted: impl Fn(&String) -> bool) -> Option<&Title> {
        names.iter().find_map(|name| {
            let same = |(key, title): &&(String, Title)| key == name && wanted(&title.words);
            self.meta.iter().find(same).map(|(_, title)| title)
        })
    }

    fn meta(&self, names: &[&str], wanted: impl Fn(&String) -> bool) -> Option<String> {
        self.meta_title(names, wanted).map(|title| title.words.clone())
    }

    /// The title as the article has it, without the name of the site.
    fn title(&self, by_id: Option<Title>) -> Option<Title> {
        if let Some(title) = by_id.or_else(|| self.meta_title(OWN_TITLE, |_| true).cloned()) {
            return Some(title);
        }
        let whole = self.meta_title(TITLE, |_| true).or(self.title.as_ref());
        match (&self.heading, whole) {
            // Many sites set their own name as the first heading, so the two must agree.
            (Some(heading), Some(whole)) if whole.words.contains(&heading.words) => {
                Some(heading.clone())
            }
            (_, Some(whole)) => Some(without_site(whole)),
            (Some(heading), None) => Some(heading.clone()),
            (None, None) => None,
        }
    }
}

/// One space between words, none at the ends.
fn spaced(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Cuts `_某网` and `- 某网` off, as long as what is left is the longer part.
fn without_site(title: &Title) -> Title {
    let mut words = title.words.as_str();
    while let Some((at, mark)) = words.char_indices().rev().find(|(_, c)| "_|-–—".contains(*c))
    {
        let (before, after) = words.split_at(at);
        let after = after.get(mark.len_utf8()..).unwrap_or_default();
        let joined = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let inside_word =
            mark == '-' && joined(before.chars().next_back()) && joined(after.chars().next());
        let site = after.trim().chars().count();
        let left = before.trim_end_matches(|c: char| c.is_whitespace() || "_|-–—".contains(c));
        if inside_word || site == 0 || site > 15 || left.chars().count() < site.max(5) {
            break;
        }
        words = left;
    }
    // References inside make the two of different length.
    let exact = title.at.len() == title.words.len();
    let end = if exact { title.at.start + words.len() } else { title.at.end };
    Title { words: words.to_owned(), at: title.at.start..end }
}

fn scripted_date(script: &str) -> Option<String> {
    SCRIPTED.iter().find_map(|before| {
        let (_, value) = script.split_once(before)?;
        let value = value.get(..value.find(['\'', '"'])?)?;
        let is_date = (10..=25).contains(&value.len()) && value.starts_with(['1', '2']);
        is_date.then(|| value.to_owned())
    })
}

/// The date in a block of linked data.
fn linked_data_date(script: &str) -> Option<String> {
    if !script.contains("datePublished") && !script.contains("pubDate") {
        return None;
    }
    let data: Value = serde_json::from_str(script.trim()).ok()?;
    let list = data.get("@graph").unwrap_or(&data);
    let objects = list.as_array().map_or(std::slice::from_ref(list), Vec::as_slice);
    let date = |object: &Value| {
        let date = object.get("datePublished").or_else(|| object.get("pubDate"))?;
        Some(date.as_str()?.trim().to_owned())
    };
    objects.iter().find_map(date)
}

/// Facts in lines such as `来源：某报 2023-03-16 10:00 字号`.
#[derive(Debug, Default)]
struct Labels {
    publisher: Option<String>,
    published: Option<String>,
}

impl Labels {
    fn of(source: &str, page: &[Line]) -> Self {
        let mut labels = Labels::default();
        for line in page.iter().filter(|line| line.size <= LABELS_WITHIN) {
            let text = line.text(source);
            let publisher =
                SOURCE_LABELS.iter().find_map(|label| labelled(&text, label)).and_then(word);
            let dated = match &publisher {
                Some(_) => Some(text.as_str()),
                None => DATE_LABELS.iter().find_map(|label| labelled(&text, label)),
            };
            labels.published = labels.published.or_else(|| printed_date(dated?));
            labels.publisher = labels.publisher.or(publisher);
        }
        labels
    }
}

/// What follows `label` and a colon. The label stands alone: 案发时间 is not 时间.
fn labelled<'a>(line: &'a str, label: &str) -> Option<&'a str> {
    let mut found = line.match_indices(label).filter_map(|(at, _)| {
        let (before, rest) = line.split_at_checked(at)?;
        let value = rest.get(label.len()..)?.trim_start().strip_prefix(['：', ':'])?.trim_start();
        (!before.ends_with(char::is_alphabetic)).then_some(value)
    });
    found.next()
}

/// The word up to the next blank, bracket or label.
fn word(value: &str) -> Option<String> {
    let end = value.find(|c: char| c.is_whitespace() || "|｜】］)）；;，,。".contains(c));
    let word = value.get(..end.unwrap_or(value.len()))?;
    let label =
        |next: &&str| word.find(&format!("{next}：")).or_else(|| word.find(&format!("{next}:")));
    let end = NEXT_LABELS.iter().filter_map(label).min();
    let word = word.get(..end.unwrap_or(word.len()))?;
    (!word.is_empty()).then(|| word.to_owned())
}

/// The first date with a year, and the time that follows it, as printed.
fn printed_date(line: &str) -> Option<String> {
    let years = line.match_indices(['1', '2']).map(|(at, _)| at);
    for at in years {
        let rest = line.get(at..)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let after = rest.get(4..).unwrap_or_default();
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        if digits != 4
            || before.is_some_and(|c| c.is_ascii_digit())
            || !after.starts_with(['-', '/', '.', '年'])
        {
            continue;
        }
        let part = |c: char| c.is_ascii_digit() || "-/.年月日时分秒:： ".contains(c);
        let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
        return Some(rest.get(..end)?.trim_end_matches(['-', '/', '.', ' ', ':', '：']).to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::{lines::lines, tree::Tree};
    use super::*;

    fn facts(html: &str) -> Metadata {
        read(html, &lines(html, &Tree::of(html, 99).unwrap(), true)).metadata()
    }

    #[test]
    fn titles() {
        let check = |html: &str, expected: Option<&str>| {
            assert_eq!(facts(html).title.as_deref(), expected, "{html}");
        };
        check("<title>警方破获一起案件_某某网</title>", Some("警方破获一起案件"));
        check("<title>警方破获一起案件 - 法治频道 - 某某网</title>", Some("警方破获一起案件"));
        check("<title>警方破获一起案件|某某日报</title>", Some("警方破获一起案件"));
        check("<title>2021-2023年案件通报</title>", Some("2021-2023年案件通报"));
        check("<title>APP-SDK</title>", Some("APP-SDK"));
        check("<title>通报_某某网</title>", Some("通报_某某网"));
        check("<title>“净网—2023”行动通报</title>", Some("“净网—2023”行动通报"));
        check("<title> 一 &ldquo;内鬼&rdquo;\n 案 </title>", Some("一 “内鬼” 案"));
        check("<title>一起案件_某网</title><h1>某市公安局</h1>", Some("一起案件_某网"));
        check(
            "<title>一起泄露信息案件_某网</title><h1>一起泄露<br>信息案件</h1>",
            Some("一起泄露信息案件"),
        );
        check(
            "<meta property='og:title' content='警方通报案件'><title>x</title>",
            Some("警方通报案件"),
        );
        check("<meta name=ArticleTitle content='通报-某网'><h1>别的</h1>", Some("通报-某网"));
        check("<h1 id='activity-name'> 通报 </h1><title></title>", Some("通报"));
        check("<h1>通报</h1>", Some("通报"));
        check("<p>通报</p>", None);
    }

    #[test]
    fn publishers() {
        let check = |html: &str, expected: Option<&str>| {
            assert_eq!(facts(html).publisher.as_deref(), expected, "{html}");
        };
        check(
            "<meta name='ContentSource' content='某报'><meta name=author content=甲>",
            Some("某报"),
        );
        check("<meta name=author content=甲><p>来源：某报</p>", Some("甲"));
        check(
            "<meta property=og:site_name content=微信公众平台><a id=js_name> 平安某地 </a>",
            Some("平安某地"),
        );
        check("<p>来源：某报 作者：甲 2023-03-16</p>", Some("某报"));
        check("<p>2023-03-16 【来源：某报】</p>", Some("某报"));
        check("<p>来源：某报作者：甲</p>", Some("某报"));
        check("<p>信息来源：某部</p>", Some("某部"));
        check("<p>信息来源不明。</p><p>数据来源：某院</p>", None);
        check("<meta name=source content='http://example.com'>", None);
    }

    #[test]
    fn dates_and_addresses() {
        let check = |html: &str, published: Option<&str>, url: Option<&str>| {
            let facts = facts(html);
            assert_eq!(
                (facts.published.as_deref(), facts.url.as_deref()),
                (published, url),
                "{html}"
            );
        };
        let url = Some("https://example.com/a");
        check(
            "<meta property='article:published_time' content='2023-03-16T10:00:00+08:00'><link rel=canonical href='https://example.com/a'>",
            Some("2023-03-16T10:00:00+08:00"),
            url,
        );
        check(
            "<meta name=PubDate content='2023-03-16 10:00'><meta property=og:url content='https://example.com/a'>",
            Some("2023-03-16 10:00"),
            url,
        );
        check(
            "<!-- saved from url=(0021)https://example.com/a -->\n<time datetime='2023-03-16'>昨天</time>",
            Some("2023-03-16"),
            url,
        );
        check("<em id=publish_time>2023年3月16日 10:00</em>", Some("2023年3月16日 10:00"), None);
        check("<script>var ct = \"1678933261\";</script>", Some("1678933261"), None);
        check(
            "<script>var createTime = '2023-03-16 10:21';</script>",
            Some("2023-03-16 10:21"),
            None,
        );
        check(
            "<script type='application/ld+json'>{\"pubDate\": \"2023-03-16T08:00:00\"}</script>",
            Some("2023-03-16T08:00:00"),
            None,
        );
        check(
            "<p>发布时间：2023年03月16日 10:00 来源：某报</p>",
            Some("2023年03月16日 10:00"),
            None,
        );
        check("<p>2023-03-16 10:00:00　来源：某报</p>", Some("2023-03-16 10:00:00"), None);
        check("<p>案发时间：2021年3月5日</p><p>2021年3月5日发布</p>", None, None);
        check("<p>2023年3月16日，警方</p><link rel=canonical href='/a'>", None, None);
    }
}
