//! Markdown: front matter becomes metadata, the rest is the text.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Config, Document, blank, fields, html, without_mark};
use crate::model::{Mapped, Metadata, Rewrite};

/// Front matter is not longer than this.
const MAX_FRONT_MATTER: usize = 64 << 10;
/// A key is a word or two.
const MAX_KEY: usize = 40;

/// Whether the text opens with front matter.
pub(super) fn has_front_matter(text: &str) -> bool {
    front_matter(text).is_some()
}

/// The text below the front matter, or the title where there is nothing below.
pub(super) fn read(source: Mapped, config: &Config) -> Document {
    let Some(front) = front_matter(source.text()) else {
        return Document { text: without_mark(source), meta: Metadata::default() };
    };
    let find = |names: &[String]| front.find(source.text(), names, |_| true);
    let title = find(&config.fields.title);
    let publisher = front.find(source.text(), &config.fields.publisher, |v| !fields::is_address(v));
    let url = find(&config.fields.url);
    let published = find(&config.fields.published);
    let mut text = source.slice(front.end..source.text().len());
    if text.text().trim_start_matches(blank).is_empty()
        && let Some(title) = &title
    {
        text = title.mapped(&source);
    }
    // Titles often come from the heads of pages, references and all.
    let words = |value: Option<Value>| value.map(|value| html::unescape(&value.words).into_owned());
    let meta = Metadata {
        title: words(title),
        publisher: words(publisher),
        url: url.map(|url| url.words),
        published: words(published),
    };
    Document { text, meta }
}

/// The keys and values between two lines of `---`.
#[derive(Debug, PartialEq, Eq)]
struct FrontMatter {
    /// Key, and what stands after its colon up to the next key.
    entries: Vec<(Range<usize>, Range<usize>)>,
    /// Where the text below starts.
    end: usize,
}

/// A value as printed, quotes taken off, and where it stands.
#[derive(Debug)]
struct Value {
    words: String,
    at: Range<usize>,
}

impl Value {
    fn mapped(&self, source: &Mapped) -> Mapped {
        if source.text().get(self.at.clone()) == Some(self.words.as_str()) {
            return source.slice(self.at.clone());
        }
        let mut rewrite = Rewrite::new(source);
        rewrite.put(&self.words, self.at.clone());
        rewrite.finish()
    }
}

impl FrontMatter {
    /// The value of the first name that has one.
    fn find(&self, text: &str, names: &[String], wanted: impl Fn(&str) -> bool) -> Option<Value> {
        names.iter().find_map(|name| {
            let mut same = self.entries.iter().filter(|(key, _)| {
                text.get(key.clone()).is_some_and(|key| fields::same(key, name))
            });
            same.find_map(|(_, at)| value(text, at.clone()).filter(|value| wanted(&value.words)))
        })
    }
}

/// `None` unless a closed block of lines that are mostly `key: value` opens the text.
fn front_matter(text: &str) -> Option<FrontMatter> {
    let start = text.len() - text.trim_start_matches(blank).len();
    let mut entries: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    let mut strays = 0;
    let mut at = start;
    for (number, line) in text.get(start..)?.split_inclusive('\n').enumerate() {
        let here = at..at + line.len();
        at = here.end;
        let bare = line.trim_end();
        match (number, bare) {
            (0, "---") => {}
            (0, _) => return None,
            (_, "---" | "...") => {
                let plausible = !entries.is_empty() && strays <= entries.len();
                return plausible.then_some(FrontMatter { entries, end: at });
            }
            _ if here.end - start > MAX_FRONT_MATTER => return None,
            _ => match (key(line), entries.last_mut()) {
                (Some(key), _) => {
                    let key = here.start..here.start + key.len();
                    entries.push((key.clone(), key.end + 1..here.end));
                }
                // More of the value above, whether indented as YAML asks or not.
                (None, Some((_, value))) => {
                    value.end = here.end;
                    let belongs = bare.is_empty() || line.starts_with([' ', '\t', '-', '#']);
                    strays += usize::from(!belongs);
                }
                (None, None) => strays += usize::from(!bare.is_empty()),
            },
        }
    }
    None
}

/// The key that a line opens with.
fn key(line: &str) -> Option<&str> {
    let (key, rest) = line.split_once(':')?;
    let named = !key.is_empty()
        && key.len() <= MAX_KEY
        && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '.'))
        && !key.starts_with([' ', '-']);
    (named && !rest.starts_with("//")).then_some(key)
}

/// What a value says: read as YAML where that is needed and works, as it stands otherwise.
///
/// Much front matter is written by programs that know no YAML: `title: [通报] 一起案件: "内鬼"`.
fn value(text: &str, at: Range<usize>) -> Option<Value> {
    let raw = text.get(at.clone())?;
    let trimmed = raw.trim();
    let from = at.start + (raw.len() - raw.trim_start().len());
    let at = from..from + trimmed.len();
    if fields::is_nothing(trimmed) {
        return None;
    }
    let needs_yaml =
        trimmed.starts_with(['"', '\'', '|', '>', '&', '!', '*', '-']) || trimmed.contains('\n');
    if needs_yaml && let Some(words) = yaml(raw) {
        let words = words.trim();
        // Inside quotes nothing was escaped: the words stand there.
        let at = match trimmed.find(words) {
            Some(inner) if !words.is_empty() => from + inner..from + inner + words.len(),
            _ => at,
        };
        return (!fields::is_nothing(words)).then(|| Value { words: words.to_owned(), at });
    }
    let bare = without_quotes(trimmed);
    let from = from + if bare.len() < trimmed.len() { 1 } else { 0 };
    let words = bare.lines().map(str::trim).collect::<Vec<_>>().join(" ").replace("\\\"", "\"");
    (!fields::is_nothing(&words)).then_some(Value { words, at: from..from + bare.len() })
}

/// A scalar, or the first of a list.
fn yaml(value: &str) -> Option<String> {
    let entry = format!("k:{value}");
    let scalar = serde_saphyr::from_str::<BTreeMap<String, String>>(&entry);
    let found = scalar.ok().and_then(|mut entry| entry.remove("k"));
    found.or_else(|| {
        let list = serde_saphyr::from_str::<BTreeMap<String, Vec<String>>>(&entry).ok()?;
        list.into_values().next()?.into_iter().next()
    })
}

fn without_quotes(words: &str) -> &str {
    ['"', '\'']
        .iter()
        .find_map(|&quote| words.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        read(Mapped::verbatim(text), &Config::default())
    }

    fn check_title(value: &str, expected: Option<&str>) {
        let text = format!("---\ntitle: {value}\nsource: 某报\n---\n正文");
        let document = document(&text);
        assert_eq!(document.meta.title.as_deref(), expected, "{value}");
        assert_eq!(document.meta.publisher.as_deref(), Some("某报"), "{value}");
        assert_eq!(document.text.text(), "正文");
    }

    #[test]
    fn titles_as_programs_write_them() {
        check_title("警方通报一起案件", Some("警方通报一起案件"));
        check_title("  警方通报  ", Some("警方通报"));
        check_title("通报: 一起案件", Some("通报: 一起案件"));
        check_title("[通报] 一起案件", Some("[通报] 一起案件"));
        check_title("[通报]", Some("[通报]"));
        check_title("@所有人 注意", Some("@所有人 注意"));
        check_title("%5的人不知道", Some("%5的人不知道"));
        check_title("#净网# 通报", Some("#净网# 通报"));
        check_title("通报 #净网", Some("通报 #净网"));
        check_title("`内鬼`落网", Some("`内鬼`落网"));
        check_title("*重要* 通报", Some("*重要* 通报"));
        check_title("| 通报 | 案件", Some("| 通报 | 案件"));
        check_title("\"内鬼\"落网", Some("\"内鬼\"落网"));
        check_title("\"警方通报\"", Some("警方通报"));
        check_title("'it''s 通报'", Some("it's 通报"));
        check_title("\"他说\"好\"的\"", Some("他说\"好\"的"));
        check_title("\"\\u901a报\"", Some("通报"));
        check_title("|\n  第一行\n  第二行", Some("第一行\n第二行"));
        check_title(">-\n  第一行\n  第二行", Some("第一行 第二行"));
        check_title("第一行\n第二行", Some("第一行 第二行"));
        check_title("- 通报", Some("- 通报"));
        check_title("\n  - 通报\n  - 二", Some("通报"));
        check_title("\\\"内鬼\\\"落网", Some("\"内鬼\"落网"));
        check_title("&#8220;内鬼&#8221;落网", Some("“内鬼”落网"));
        check_title("110", Some("110"));
        check_title("2023.10", Some("2023.10"));
        check_title("yes", Some("yes"));
        check_title("null", None);
        check_title("", None);
        check_title("\"\"", None);
        check_title("!!binary 通报", Some("!!binary 通报"));
        check_title("&a 通报", Some("通报"));
    }

    #[test]
    fn fields_by_their_names() {
        let text = "---\nauthor: 记者甲\nsource: https://example.com/feed\naccount: 平安某地\n\
            crawl_time: 2025-01-01\nfetch_date: 2025-01-02\nPub-Date: '2023-03-16'\nlink: https://example.com/a\n\
            tags:\n  - 案件\n  - 通报\n---\n\n# 通报\n";
        let document = document(text);
        let expected = Metadata {
            title: None,
            publisher: Some("平安某地".into()),
            url: Some("https://example.com/a".into()),
            published: Some("2023-03-16".into()),
        };
        assert_eq!(document.meta, expected);
        assert_eq!(document.text.text(), "\n# 通报\n");
        let at = document.text.text().find("通报").unwrap();
        let source = document.text.to_source(at..at + 6);
        assert_eq!(text.get(source.clone()).unwrap(), "通报");
        assert!(source.start > text.find("---\n\n").unwrap());
    }

    #[test]
    fn a_title_alone_is_a_text() {
        for (text, title) in [
            ("---\ntitle: 一起案件\n---\n", "一起案件"),
            ("\u{feff}---\r\ntitle: \"一起案件\"\r\n---\r\n \r\n", "一起案件"),
            ("---\ntitle: \"一\\u8d77案件\"\n---", "一起案件"),
        ] {
            let document = document(text);
            assert_eq!(document.text.text(), title);
            assert_eq!(document.meta.title.as_deref(), Some(title));
            let source = text.get(document.text.to_source(0..title.len())).unwrap();
            assert!(source.trim_matches('"').starts_with("一"), "{source}");
        }
        assert_eq!(document("---\nurl: x\n---\n").text.text(), "");
    }

    #[test]
    fn rules_are_no_front_matter() {
        for text in [
            "---\n正文\n---\n正文",
            "---\n\n---\n正文",
            "---\ntitle: 未完",
            "--- \nhttp://example.com\n---\n",
            "---\n通报如下:\n一\n二\n三\n---\n",
            "正文\n---\ntitle: a\n---\n",
        ] {
            assert_eq!(document(text).text.text(), text, "{text}");
            assert_eq!(document(text).meta, Metadata::default());
        }
        assert_eq!(document("\u{feff}正文").text.text(), "正文");
        assert_eq!(document("\u{feff}正文").text.to_source(0..3), 3..6);
    }
}
