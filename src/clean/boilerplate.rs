//! Prune: the article's lines and the page's lines -> the article's lines.

use std::collections::BTreeSet;
use std::ops::Range;

use super::chars::{essence, has_sentence_mark};
use super::lines::lines;
use crate::knowledge::boilerplate::{Boilerplate, Kind};
use crate::model::{Mapped, Repair, Rewrite};

/// What the article is called and who printed it: their lines are told from furniture by these.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) title: Option<&'a str>,
    pub(super) publisher: Option<&'a str>,
    /// Set in columns: headings may stand anywhere.
    pub(super) wrapped: bool,
}

/// Keeps the lines of the article, its title once.
pub(super) fn pruned(
    text: Mapped,
    names: Names<'_>,
    boilerplate: &Boilerplate,
    repairs: &mut BTreeSet<Repair>,
) -> Mapped {
    let source = text.text();
    let ranges = lines(source);
    let mut page: Vec<Line<'_>> =
        ranges.iter().map(|range| Line::new(source, range, boilerplate)).collect();
    keep_titles(&mut page, names.title);
    drop_byline(&mut page, names.publisher);
    for article in articles(&mut page) {
        drop_tail(article);
        drop_lists(article);
        drop_lines(article);
        drop_navigation(article);
        if !names.wrapped {
            drop_closing_titles(article);
        }
    }
    if page.iter().all(|line| line.kept) {
        return text;
    }
    let mut out = Rewrite::new(&text);
    for line in page.iter().filter(|line| line.kept && !line.words.is_empty()) {
        if !out.written().is_empty() {
            out.keep(line.range.start - 1..line.range.start);
        }
        out.keep(line.range.clone());
    }
    repairs.insert(Repair::Boilerplate);
    out.finish()
}

struct Line<'a> {
    words: &'a str,
    range: Range<usize>,
    /// What rules say of it, a bit for each kind.
    kinds: u8,
    /// A sentence of the article, as far as its shape tells.
    story: bool,
    /// The title: never furniture.
    title: bool,
    kept: bool,
}

impl<'a> Line<'a> {
    fn new(source: &'a str, range: &Range<usize>, boilerplate: &Boilerplate) -> Self {
        let words = source.get(range.clone()).unwrap_or_default();
        let kinds = boilerplate.matches(words).fold(0, |kinds, rule| kinds | bit(rule.kind));
        let story = kinds == 0 && 75 <= words.len() && has_sentence_mark(words);
        Line { words, range: range.clone(), kinds, story, title: false, kept: true }
    }

    fn is(&self, kind: Kind) -> bool {
        self.kinds & bit(kind) != 0
    }

    fn is_story(&self) -> bool {
        self.story
    }
}

fn bit(kind: Kind) -> u8 {
    match kind {
        Kind::Line => 1,
        Kind::Head => 2,
        Kind::Tail => 4,
        Kind::End => 8,
        Kind::List => 16,
        // Said of names only.
        Kind::Name => 0,
    }
}

/// The first copy of the title stays, others go.
fn keep_titles(page: &mut [Line<'_>], title: Option<&str>) {
    let Some(title) = title else { return };
    let mut seen = false;
    for line in page.iter_mut().filter(|line| line.words.len() < title.len() * 2) {
        if essence(line.words).eq(essence(title)) {
            line.title = !seen;
            line.kept = !seen;
            seen = true;
        }
    }
}

/// The account's name on a line of its own says nothing; what stands between it and the title are authors.
fn drop_byline(page: &mut [Line<'_>], publisher: Option<&str>) {
    const NEAR_TITLE: usize = 6;
    let Some(publisher) = publisher.filter(|name| !name.is_empty()) else { return };
    let start = page.iter().position(|line| line.title).map(|at| at + 1);
    let short = |line: &Line<'_>| line.words.len() <= 60 && !has_sentence_mark(line.words);
    let head = page.iter().skip(start.unwrap_or(0));
    let head = head.filter(|line| line.kept).take_while(|line| short(line)).take(NEAR_TITLE);
    let account = head.filter(|line| line.words == publisher).last().map(|line| line.range.start);
    if let (Some(start), Some(account)) = (start, account) {
        for line in page.iter_mut().skip(start).take_while(|line| line.range.start < account) {
            line.kept = false;
        }
    }
    for line in page.iter_mut().filter(|line| line.words == publisher && !line.title) {
        line.kept = false;
    }
}

/// The articles of a page, mostly one: each ends at a footer, which is dropped.
fn articles<'p, 'a>(page: &'p mut [Line<'a>]) -> Vec<&'p mut [Line<'a>]> {
    let mut articles = Vec::new();
    let mut rest = page;
    while let Some(footer) = footer(rest) {
        let Some((article, behind)) = std::mem::take(&mut rest).split_at_mut_checked(footer.end)
        else {
            break;
        };
        drop_behind(article, footer.start);
        articles.push(article);
        rest = behind;
    }
    articles.push(rest);
    articles
}

/// The lines of the first footer: up to where text follows again, or all that is left.
fn footer(page: &[Line<'_>]) -> Option<Range<usize>> {
    /// Lines that no rule knows, such as the account's name, in a row.
    const UNKNOWN: usize = 2;
    /// Bytes of titles that are an article of their own.
    const ENOUGH: usize = 400;
    let mut unknown = 0;
    let told = page.iter().position(Line::is_story).unwrap_or(0);
    let start = told + page.iter().skip(told).position(|l| l.is(Kind::End) && !l.title)?;
    let mut end = start + 1;
    for (i, line) in page.iter().enumerate().skip(end) {
        if line.is(Kind::End) || line.is(Kind::Line) {
            (end, unknown) = (i + 1, 0);
        } else if !line.words.is_empty() {
            unknown += 1;
        }
        if UNKNOWN < unknown || line.is_story() {
            break;
        }
    }
    let more = || page.iter().skip(end);
    let told: usize = more().filter(|line| line.kinds == 0).map(|l| l.words.len()).sum();
    let goes_on = more().any(Line::is_story) || ENOUGH <= told;
    Some(start..if goes_on { end } else { page.len() })
}

fn drop_behind(page: &mut [Line<'_>], start: usize) {
    for line in page.iter_mut().skip(start).filter(|line| !line.title) {
        line.kept = false;
    }
}

/// Everything behind a line that closes the article, if it is little and no long paragraph is in it.
fn drop_tail(page: &mut [Line<'_>]) {
    const LONG: usize = 400;
    let is_long = |line: &Line<'_>| line.kept && line.is_story() && LONG <= line.words.len();
    let last_long = page.iter().rposition(is_long).unwrap_or(0);
    let total: usize = page.iter().map(|line| line.words.len()).sum();
    let mut behind = total;
    let mut story = false;
    let mut closing = None;
    for (i, line) in page.iter().enumerate() {
        let closes = line.is(Kind::Tail) && line.kept && !line.title;
        if story && closes && last_long <= i && behind * 3 <= total {
            closing = Some(i);
            break;
        }
        behind -= line.words.len();
        story |= line.is_story();
    }
    if let Some(start) = closing {
        drop_behind(page, start);
    }
}

/// A heading such as 往期回顾 and the titles under it, up to the next sentence.
fn drop_lists(page: &mut [Line<'_>]) {
    const MOST_TITLES: usize = 30;
    let mut titles_left = 0_usize;
    for line in page.iter_mut().filter(|line| line.kept && !line.title) {
        if line.is(Kind::List) {
            titles_left = MOST_TITLES;
            line.kept = false;
        } else if titles_left > 0 {
            if is_title(line.words) {
                line.kept = false;
                titles_left -= 1;
            } else {
                titles_left = 0;
            }
        }
    }
}

/// The title of another article: short and not a sentence. Case headings (案例一) are none.
fn is_title(words: &str) -> bool {
    let length = words.chars().count();
    let numbered = words.starts_with(['一', '二', '三', '（'])
        || words.starts_with("案例")
        || words.starts_with("典型案例");
    !numbered
        && length <= 60
        && !words.contains('。')
        && !words.ends_with(['；', '，', '：', ':', '”'])
}

fn drop_lines(page: &mut [Line<'_>]) {
    let mut head = true;
    for line in page.iter_mut().filter(|line| line.kept && !line.title) {
        head &= !line.is_story();
        let goes = line.is(Kind::Line)
            || line.is(Kind::Tail)
            || line.is(Kind::End)
            || (head && line.is(Kind::Head));
        line.kept = !goes && !line.words.is_empty();
    }
}

/// A menu above the article: many lines of a word or two.
fn drop_navigation(page: &mut [Line<'_>]) {
    const MENU: usize = 6;
    let head = page.iter().position(Line::is_story).unwrap_or(0);
    let is_word = |line: &Line<'_>| line.words.chars().count() <= 8 && !line.title;
    let mut head: Vec<&mut Line<'_>> = page.iter_mut().take(head).filter(|l| l.kept).collect();
    for run in head.chunk_by_mut(|a, b| is_word(a) == is_word(b)) {
        let menu = MENU <= run.len() && run.iter().all(|line| is_word(line));
        for line in run.iter_mut().filter(|_| menu) {
            line.kept = false;
        }
    }
}

/// A reading list without a heading: titles, and nothing behind them.
fn drop_closing_titles(page: &mut [Line<'_>]) {
    const FEWEST: usize = 5;
    let closing = |line: &&mut Line<'_>| {
        !line.title
            && is_title(line.words)
            && 10 <= line.words.chars().count()
            && !line.words.starts_with(|c: char| c.is_ascii_digit())
            && !line.words.contains(['，', '、', ',', '%'])
    };
    if !page.iter().any(Line::is_story) {
        return;
    }
    let titles = page.iter_mut().rev().filter(|line| line.kept).take_while(closing);
    let titles: Vec<&mut Line<'_>> = titles.collect();
    if FEWEST <= titles.len() {
        for line in titles {
            line.kept = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(title: Option<&str>, publisher: Option<&str>, text: &str, expected: &str) {
        let boilerplate = Boilerplate::builtin().unwrap();
        let names = Names { title, publisher, wrapped: false };
        let out = pruned(Mapped::verbatim(text), names, &boilerplate, &mut BTreeSet::new());
        assert_eq!(out.text(), expected);
    }

    const STORY: &str =
        "近日，某县公安局网安大队破获一起侵犯公民个人信息案，抓获犯罪嫌疑人五名，扣押电脑三台。";

    #[test]
    fn account_page() {
        let text = format!(
            "某县破获大案\n某县破获大案\n原创\n张三\n县网安\n关键词\n{STORY}\n来源：县报\n县网安\n轻触阅读原文\n：\n，\n视频"
        );
        check(Some("某县破获大案"), Some("县网安"), &text, &format!("某县破获大案\n{STORY}"));
    }

    #[test]
    fn title_only() {
        check(
            Some("某县破获大案"),
            None,
            "某县破获大案\n：\n，\n。\n视频\n小程序\n赞",
            "某县破获大案",
        );
    }

    #[test]
    fn reading_lists() {
        let text = format!("{STORY}\n往期回顾\n某市公布八起案例\n两人贩卖信息被判刑\n{STORY}");
        check(None, None, &text, &format!("{STORY}\n{STORY}"));
        let cases = format!("相关案例\n案例一\n{STORY}\n案例二\n{STORY}");
        check(None, None, &cases, &cases);
    }

    #[test]
    fn every_article_of_a_digest() {
        const FOOTER: &str = "预览时标签不可点\n微信扫一扫\n关注该公众号\n轻触阅读原文\n县网安\n向上滑动看下一个\n知道了\n：\n，\n。\n视频\n小程序\n赞";
        const OTHER: &str =
            "目前，该案已移送检察机关审查起诉，涉案平台被责令整改，两家中介公司被处以罚款。";
        let text = format!(
            "今日要闻\n1.某县破获大案\n{STORY}\n{FOOTER}\n2.某市公布进展\n以下文章来源于某某法治\n{OTHER}\n{FOOTER}"
        );
        let expected = format!("今日要闻\n1.某县破获大案\n{STORY}\n2.某市公布进展\n{OTHER}");
        check(None, None, &text, &expected);
        // What follows the last footer without a sentence is furniture.
        let text = format!("{STORY}\n{FOOTER}\n某某法治\n两人贩卖信息被判刑");
        check(None, None, &text, STORY);
        // An end mark closes its own article only.
        let text = format!("{STORY}\n{STORY}\nEND\n投稿须知\n{FOOTER}\n{OTHER}");
        check(None, None, &text, &format!("{STORY}\n{STORY}\n{OTHER}"));
    }

    #[test]
    fn articles_without_a_sentence() {
        let titles: Vec<String> =
            (1..8).map(|i| format!("第{i}期：某县网安大队侦办的公民个人信息案件")).collect();
        let titles = titles.join("\n");
        let text = format!("{titles}\n轻触阅读原文\n县网安\n赞\n{titles}\n轻触阅读原文\n赞");
        check(None, None, &text, &format!("{titles}\n{titles}"));
    }

    #[test]
    fn disclaimers_cut_only_a_tail() {
        let text = format!("{STORY}\n{STORY}\n免责声明\n内容来自网络。");
        check(None, None, &text, &format!("{STORY}\n{STORY}"));
        let long = STORY.repeat(4);
        let text = format!("{long}\n{long}\n免责声明\n某市公布进展\n{long}");
        check(None, None, &text, &format!("{long}\n{long}\n某市公布进展\n{long}"));
        let text = format!("免责声明\n{STORY}\n{STORY}");
        check(None, None, &text, &format!("{STORY}\n{STORY}"));
    }
}
