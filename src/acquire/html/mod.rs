//! HTML: a saved page becomes the lines of its article, each character with its place in the page.

mod align;
mod entities;
mod facts;
mod lines;
mod prose;
mod tokens;
mod tree;

pub(super) use entities::unescape;

use dom_smoothie::Readability;

use super::{Config, Document, Stop, blank, without_mark};
use crate::model::Mapped;
use lines::Line;
use tree::Tree;

/// Chinese says in 200 characters what the usual 500 of English say.
const ARTICLE_CHARACTERS: usize = 200;
/// An article that leaves out more of the page's prose than this is not the whole article.
const COVERED: f64 = 0.6;

/// Whether a text that starts with `<` is a page or a piece of one.
pub(super) fn is_html(head: &str) -> bool {
    const FIRST: &[&str] = &[
        "html",
        "head",
        "body",
        "meta",
        "title",
        "link",
        "script",
        "style",
        "base",
        "div",
        "p",
        "span",
        "section",
        "article",
        "main",
        "header",
        "table",
        "ul",
        "ol",
        "h1",
        "h2",
        "h3",
        "h4",
        "br",
        "center",
        "font",
        "img",
        "strong",
        "b",
        "a",
        "em",
        "blockquote",
        "figure",
        "noscript",
    ];
    let head = head.to_ascii_lowercase();
    if head.starts_with("<!") || head.starts_with("<?") {
        return head.contains("<!doctype html") || head.contains("<html");
    }
    let name = head.trim_start_matches('<');
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let ended = head.get(1 + name.len()..).unwrap_or_default();
    FIRST.contains(&name)
        && ended.starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/'))
}

/// The article of a page: its main text where one stands out, all its blocks otherwise.
pub(super) fn read(source: Mapped, config: &Config) -> Result<Document, Stop> {
    let source = without_mark(source);
    let tree = Tree::of(source.text(), config.max_html_depth)?;
    let page = lines::lines(source.text(), &tree, true);
    let body = lines::lines(source.text(), &tree, false);
    let facts = facts::read(source.text(), &page);
    let mut text = match prose::core(source.text(), &tree, &body) {
        Some(core) => lines::mapped(&source, &core),
        None => {
            article(&source, &tree, &page, &body).unwrap_or_else(|| lines::mapped(&source, &body))
        }
    };
    if text.text().trim_start_matches(blank).is_empty()
        && let Some(title) = &facts.title
    {
        text = title.mapped(&source);
    }
    Ok(Document { text, meta: facts.metadata() })
}

/// The main text, unless none stands out or it lacks much of the page's prose.
fn article(source: &Mapped, tree: &Tree<'_>, page: &[Line], body: &[Line]) -> Option<Mapped> {
    let config = dom_smoothie::Config {
        char_threshold: ARTICLE_CHARACTERS,
        disable_json_ld: true,
        ..dom_smoothie::Config::default()
    };
    let mut parser = Readability::new(tree.html()?, None, Some(config)).ok()?;
    let found = parser.parse().ok()?;
    // The parser may wrap and unwrap blocks, so there is no depth to gate any more.
    let content = Tree::of(&found.content, usize::MAX).ok()?;
    let found: Vec<String> = lines::lines(&found.content, &content, true)
        .iter()
        .map(|line| line.text(&found.content))
        .collect();
    let article = align::align(source, page, found.iter().map(String::as_str));
    (!found.is_empty() && covers(&article, source.text(), body)).then_some(article)
}

fn covers(article: &Mapped, source: &str, body: &[Line]) -> bool {
    let mut at = 0;
    let mut kept: Vec<_> = Vec::new();
    for line in article.text().split('\n') {
        kept.push(article.to_source(at..at + line.len()));
        at += line.len() + 1;
    }
    kept.sort_by_key(|range| (range.start, range.end));
    let is_kept = |line: &&Line| {
        let middle = line.source().start.midpoint(line.source().end);
        let before = kept.partition_point(|range| range.start <= middle);
        kept.get(..before)
            .is_some_and(|ranges| ranges.iter().rev().take(3).any(|range| middle < range.end))
    };
    let is_prose = |line: &&Line| prose::is_prose(line, source);
    let size = |lines: &mut dyn Iterator<Item = &Line>| lines.map(|line| line.size).sum::<usize>();
    let prose = size(&mut body.iter().filter(is_prose));
    let covered = size(&mut body.iter().filter(is_prose).filter(is_kept));
    let share = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    prose > 0 && share(covered) >= COVERED * share(prose)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
