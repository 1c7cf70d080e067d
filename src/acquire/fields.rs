//! Fields: under which names sources print text, title, publisher, address and date.

use super::record::read_document;
use super::{Config, Document, Stop, blank, format, html};
use crate::model::{Format, Mapped, Metadata, RejectReason};

/// Named values of a record, as printed.
pub(super) type Row = Vec<(String, String)>;

/// Names of fields in JSON records and front matter, the best first.
///
/// Case, `_`, `-` and spaces do not count: `publish_time` is also `publishTime`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// The text.
    pub text: Vec<String>,
    /// The title.
    pub title: Vec<String>,
    /// Who published it; a byline only where nothing else tells.
    pub publisher: Vec<String>,
    /// The address.
    pub url: Vec<String>,
    /// The publication date. The time of a download is none.
    pub published: Vec<String>,
}

impl Default for Fields {
    fn default() -> Self {
        Fields {
            text: names(
                "text content body article article_content article_body main_text full_text \
                 markdown html content_html raw_content raw_text \
                 正文 内容 全文 文本 文章内容 文章正文 新闻内容",
            ),
            title: names("title headline article_title subject 标题 文章标题 新闻标题 题目"),
            publisher: names(
                "source publisher account account_name mp_name nickname site_name site media \
                 media_name 来源 公众号 公众号名称 媒体 媒体名称 发布机构 发布单位 出处 \
                 author byline 作者",
            ),
            url: names(
                "url link article_url source_url original_url permalink href \
                 链接 网址 原文链接 文章链接",
            ),
            published: names(
                "published published_at published_time publish_time publish_date pub_date \
                 pub_time date_published date datetime post_time post_date posted_at \
                 release_time release_date time \
                 发布时间 发布日期 发表时间 发表日期 发文时间 日期 时间",
            ),
        }
    }
}

fn names(list: &str) -> Vec<String> {
    list.split_whitespace().map(str::to_owned).collect()
}

fn letters(name: &str) -> impl Iterator<Item = u8> {
    let kept = |byte: &u8| !matches!(byte, b'_' | b'-' | b' ');
    name.bytes().filter(kept).map(|byte| byte.to_ascii_lowercase())
}

/// Whether two field names mean the same field.
pub(super) fn same(a: &str, b: &str) -> bool {
    a == b || (a.is_ascii() && letters(a).eq(letters(b)))
}

/// The document that a record's fields hold.
pub(super) fn document(mut row: Row, config: &Config) -> Result<Document, Stop> {
    let fields = &config.fields;
    let meta = Metadata {
        title: words(&row, &fields.title, |_| true).map(|title| html::unescape(title).into_owned()),
        publisher: words(&row, &fields.publisher, |value| !is_address(value)).map(str::to_owned),
        url: words(&row, &fields.url, |_| true).map(str::to_owned),
        published: words(&row, &fields.published, |_| true).map(str::to_owned),
    };
    let text = place(&row, &fields.text, |_| true)
        .and_then(|at| row.get_mut(at))
        .map(|(_, value)| std::mem::take(value));
    let Some(text) = text.or_else(|| meta.title.clone()) else {
        let names: Vec<_> = row.iter().take(12).map(|(name, _)| name.as_str()).collect();
        let detail = format!("no text and no title among its fields ({})", names.join(", "));
        return Err(Stop::new(RejectReason::BadRecord, detail));
    };
    let trimmed = text.trim_matches(blank);
    let text = if trimmed.len() == text.len() { text } else { trimmed.to_owned() };
    let format = format::of_text(&text).unwrap_or(Format::Txt);
    let mut document = read_document(Mapped::verbatim(text), format, config)?;
    let inner = document.meta;
    document.meta = Metadata {
        title: meta.title.or(inner.title),
        publisher: meta.publisher.or(inner.publisher),
        url: meta.url.or(inner.url),
        published: meta.published.or(inner.published),
    };
    Ok(document)
}

/// Where the value of the first name stands that has a wanted one.
fn place(row: &Row, names: &[String], wanted: impl Fn(&str) -> bool) -> Option<usize> {
    let holds = |at: &usize| {
        let value = row.get(*at).map_or("", |(_, value)| value.trim_matches(blank));
        !is_nothing(value) && wanted(value)
    };
    names.iter().find_map(|name| {
        let exact = row.iter().position(|(key, _)| key == name);
        exact.or_else(|| row.iter().position(|(key, _)| same(key, name))).filter(holds)
    })
}

fn words<'a>(row: &'a Row, names: &[String], wanted: impl Fn(&str) -> bool) -> Option<&'a str> {
    let at = place(row, names, wanted)?;
    row.get(at).map(|(_, value)| value.trim_matches(blank))
}

/// Whether a field that should name a publisher holds an address.
pub(super) fn is_address(value: &str) -> bool {
    value.starts_with("http://") || value.starts_with("https://")
}

/// Whether a value is how some program printed that there is none.
pub(super) fn is_nothing(value: &str) -> bool {
    value.is_empty() || ["null", "~", "none", "nan"].iter().any(|no| value.eq_ignore_ascii_case(no))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields() {
        assert!(same("publishTime", "publish_time"));
        assert!(same("Pub-Date", "pub_date"));
        assert!(!same("fetch_date", "date"));
        assert!(same("来源", "来源"));
        let fields = Fields::default();
        let place = |name: &str| fields.publisher.iter().position(|n| n == name);
        assert!(place("source") < place("author"));
    }
}
