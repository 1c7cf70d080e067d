//! Tree: the blocks of a page, every one closed, without what is never shown; known before any parser sees it.

use std::ops::Range;

use super::tokens::{Token, Tokens, attribute, attributes};
use crate::acquire::Stop;
use crate::model::RejectReason;

/// The depths of all blocks together that a parser is given; a rich page has 100,000.
const MAX_WEIGHT: usize = 1_000_000;
/// Escaped characters times bytes of a page that a parser is given.
const MAX_LOOKING_AHEAD: usize = 1 << 33;

/// Whether what stands in an element is text of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Yes,
    /// Navigation, footers, side columns.
    Chrome,
    /// Scripts, forms, hidden parts, readings above characters.
    Never,
}

/// A step through the page. Every `Open` has its `Close`, properly nested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    Text(Range<usize>),
    Open {
        tag: &'static str,
        attributes: Range<usize>,
        shown: Shown,
    },
    Close {
        tag: &'static str,
        at: usize,
    },
    /// Links never reach across the edge of a block: they are closed before it and opened again after it.
    OpenLink,
    CloseLink,
    Break(usize),
}

/// The page as a walk through its blocks.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    source: &'a str,
    events: Vec<Event>,
    /// The depths of all blocks and links together.
    weight: usize,
}

struct Builder<'a> {
    source: &'a str,
    events: Vec<Event>,
    /// Tag and the place of its event.
    open: Vec<(&'static str, usize)>,
    linked: bool,
    weight: usize,
}

impl<'a> Tree<'a> {
    /// Refuses a page whose blocks nest deeper than `max_depth`: parsers take quadratic time for those.
    pub(super) fn of(source: &'a str, max_depth: usize) -> Result<Self, Stop> {
        let mut builder =
            Builder { source, events: Vec::new(), open: Vec::new(), linked: false, weight: 0 };
        for token in Tokens::new(source) {
            match token {
                Token::Text(at) => builder.events.push(Event::Text(at)),
                Token::Raw(_) => {}
                Token::Start { name, attributes, closed } => {
                    builder.start(&name, attributes, closed);
                    if builder.open.len() > max_depth {
                        let detail = format!("elements nested more than {max_depth} deep");
                        return Err(Stop::over("max_html_depth", RejectReason::TooDeep, detail));
                    }
                }
                Token::End { name, at } => builder.end(&name, at),
            }
        }
        builder.finish();
        Ok(Tree { source, events: builder.events, weight: builder.weight })
    }

    pub(super) fn events(&self) -> &[Event] {
        &self.events
    }

    /// The page in plain, well-formed HTML for a parser: blocks, links and text.
    ///
    /// `None` for a page that would keep the parser busy for more than a second or two: it looks
    /// from every block up to the root, and from every escaped character ahead through its text.
    pub(super) fn html(&self) -> Option<String> {
        if self.weight > MAX_WEIGHT {
            return None;
        }
        let html = self.write();
        let escaped = html.bytes().filter(|byte| matches!(byte, b'&' | 0xa0)).count();
        (escaped.saturating_mul(html.len()) <= MAX_LOOKING_AHEAD).then_some(html)
    }

    fn write(&self) -> String {
        let mut html = String::with_capacity(self.source.len());
        let mut hidden = 0_usize;
        for event in &self.events {
            match event {
                Event::Open { shown, .. } if hidden > 0 || *shown == Shown::Never => {
                    hidden += 1;
                }
                Event::Close { .. } if hidden > 0 => hidden -= 1,
                _ if hidden > 0 => {}
                Event::Text(at) => {
                    let text = self.source.get(at.clone()).unwrap_or_default();
                    html.push_str(&text.replace('<', "&lt;").replace('>', "&gt;"));
                }
                Event::Open { tag, attributes: at, .. } => {
                    html.push('<');
                    html.push_str(tag);
                    for (name, value) in attributes(self.source, at.clone()) {
                        let value = self.source.get(value).unwrap_or_default();
                        if matches!(&*name, "class" | "id" | "role") && !value.contains('"') {
                            html.push_str(&format!(" {name}=\"{value}\""));
                        }
                    }
                    html.push('>');
                }
                Event::Close { tag, .. } => html.push_str(&format!("</{tag}>")),
                Event::OpenLink => html.push_str("<a href=\"/\">"),
                Event::CloseLink => html.push_str("</a>"),
                Event::Break(_) => html.push_str("<br>"),
            }
        }
        html
    }
}

/// The tag that stands for an element, and whether its content is shown; `None` where only its content counts.
fn element(name: &str) -> Option<(&'static str, Shown)> {
    const KEPT: &[&str] = &[
        "p",
        "div",
        "section",
        "article",
        "main",
        "header",
        "blockquote",
        "pre",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "caption",
        "tbody",
        "tr",
        "td",
        "th",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    ];
    if let Some(kept) = KEPT.iter().find(|kept| **kept == name) {
        return Some((kept, Shown::Yes));
    }
    Some(match name {
        "thead" | "tfoot" => ("tbody", Shown::Yes),
        "center" | "form" | "fieldset" | "address" | "details" | "summary" | "hgroup"
        | "figure" | "figcaption" | "menu" | "dir" => ("div", Shown::Yes),
        "nav" => ("nav", Shown::Chrome),
        "footer" => ("footer", Shown::Chrome),
        "aside" => ("aside", Shown::Chrome),
        "noscript" | "template" | "select" | "datalist" | "textarea" | "button" | "svg"
        | "math" | "object" | "applet" | "video" | "audio" | "canvas" | "rt" | "rp" | "dialog" => {
            ("span", Shown::Never)
        }
        custom if custom.contains('-') => ("div", Shown::Yes),
        _ => return None,
    })
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

/// Where a search for an open tag ends.
fn bounds(tag: &str) -> &'static [&'static str] {
    match tag {
        "table" => &[],
        "td" | "th" | "tr" | "tbody" | "caption" => &["table"],
        "li" => &["ul", "ol", "td", "th", "table"],
        "dt" | "dd" => &["dl", "td", "th", "table"],
        _ => &["td", "th", "caption", "table"],
    }
}

/// The tags of which an open one ends where `tag` starts.
fn ended_by(tag: &str) -> &'static [&'static str] {
    match tag {
        "li" => &["li"],
        "dt" | "dd" => &["dt", "dd"],
        "td" | "th" => &["td", "th", "caption"],
        "tr" => &["tr", "caption"],
        "tbody" => &["tbody", "tr", "caption"],
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => &["h1", "h2", "h3", "h4", "h5", "h6"],
        _ => &[],
    }
}

impl Builder<'_> {
    fn is_hidden(&self, at: &Range<usize>) -> bool {
        let value = |name| attribute(self.source, at, name);
        value("hidden").is_some()
            || value("style").and_then(|style| self.source.get(style)).is_some_and(|style| {
                let style = style.to_ascii_lowercase().replace(' ', "");
                style.split(';').any(|rule| rule.starts_with("display:none"))
            })
    }

    fn start(&mut self, name: &str, attributes: Range<usize>, closed: bool) {
        match name {
            "br" | "hr" => return self.events.push(Event::Break(attributes.end)),
            "a" => return self.link(attribute(self.source, &attributes, "href").is_some()),
            "html" | "body" | "head" => return,
            _ if is_void(name) => return,
            _ => {}
        }
        let (tag, shown) = match element(name) {
            found if self.is_hidden(&attributes) => {
                (found.map_or("span", |(tag, _)| tag), Shown::Never)
            }
            Some(found) => found,
            None => return,
        };
        if closed && (name == "svg" || name.contains('-')) {
            return;
        }
        let at = attributes.end;
        if tag != "span" {
            self.close_nearest(&["p"], bounds("p"), at);
            self.close_nearest(ended_by(tag), bounds(tag), at);
        }
        self.at_edge(|builder| {
            builder.open.push((tag, builder.events.len()));
            builder.weight += builder.open.len();
            builder.events.push(Event::Open { tag, attributes, shown });
        });
    }

    fn end(&mut self, name: &str, at: usize) {
        match name {
            "a" => self.link(false),
            // A stray </br> is a break in every browser.
            "br" => self.events.push(Event::Break(at)),
            _ => {
                let tag = element(name).map_or("span", |(tag, _)| tag);
                self.close_nearest(&[tag], bounds(tag), at);
            }
        }
    }

    /// Closes the innermost open tag of `tags` and all inside it, unless one of `bounds` stands between.
    fn close_nearest(&mut self, tags: &[&str], bounds: &[&str], at: usize) {
        let inner =
            self.open.iter().rposition(|(tag, _)| tags.contains(tag) || bounds.contains(tag));
        if let Some(inner) = inner
            && self.open.get(inner).is_some_and(|(tag, _)| tags.contains(tag))
        {
            self.at_edge(|builder| builder.close_to(inner, at));
        }
    }

    fn close_to(&mut self, depth: usize, at: usize) {
        while self.open.len() > depth
            && let Some((tag, _)) = self.open.pop()
        {
            self.events.push(Event::Close { tag, at });
        }
    }

    fn link(&mut self, open: bool) {
        if self.linked {
            self.events.push(Event::CloseLink);
        }
        if open {
            self.weight += 1 + self.open.len();
            self.events.push(Event::OpenLink);
        }
        self.linked = open;
    }

    fn at_edge(&mut self, step: impl FnOnce(&mut Self)) {
        let linked = self.linked;
        self.link(false);
        step(self);
        self.link(linked);
    }

    /// What the page never closes would hide all the rest of it, so it hides nothing.
    fn finish(&mut self) {
        self.link(false);
        for (_, event) in &self.open {
            if let Some(Event::Open { shown, .. }) = self.events.get_mut(*event) {
                *shown = Shown::Yes;
            }
        }
        self.close_to(0, self.source.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &str) {
        assert_eq!(Tree::of(source, 256).unwrap().html().unwrap(), expected, "{source}");
    }

    #[test]
    fn makes_pages_well_formed() {
        check("<p>一<p>二", "<p>一</p><p>二</p>");
        check("<P CLASS=x>一<b>二</b></P>", "<p class=\"x\">一二</p>");
        check(
            "<ul><li>一<li>二<ul><li>三</ul></ul>",
            "<ul><li>一</li><li>二<ul><li>三</li></ul></li></ul>",
        );
        check(
            "<table><tr><td>一<td>二</div><tr><td>三</table>",
            "<table><tr><td>一</td><td>二</td></tr><tr><td>三</td></tr></table>",
        );
        check("<p>一<div>二</p>三</div>", "<p>一</p><div>二三</div>");
        check(
            "<div><a href=x>一<p>二</p></div>三</a>",
            "<div><a href=\"/\">一</a><p><a href=\"/\">二</a></p><a href=\"/\"></a></div><a href=\"/\">三</a>",
        );
        check("<a name=x>一", "一");
        check("一<br>二<hr/>三</br>", "一<br>二<br>三<br>");
        check("1 < 2<<!-- -->div>", "1 &lt; 2&lt;div&gt;");
        check("<h1>一<h2>二</h2>", "<h1>一</h1><h2>二</h2>");
        check("<my-card>一</my-card><form>二</form>", "<div>一</div><div>二</div>");
    }

    #[test]
    fn leaves_out_what_is_never_shown() {
        check("<script>x</script><style>y</style><title>z</title>一", "一");
        check("<div style='color:red; DISPLAY: none'>x<p>y</p></div>一<p hidden>z</p>", "一");
        check("<div style='visibility: hidden'>一</div>", "<div>一</div>");
        check("<ruby>赵<rt>zhao</rt></ruby><button>x</button><svg><path d=''/></svg>一", "赵一");
        check("<span style='display:none'>x<span>y</span>z</span>一", "z一");
        check("<div hidden>一<p>二", "<div>一<p>二</p></div>");
    }

    #[test]
    fn refuses_deep_nesting() {
        let deep = |tag: &str, n: usize| {
            Tree::of(&tag.repeat(n), 256).map(|_| ()).map_err(|stop| stop.reason)
        };
        assert_eq!(deep("<div>", 256), Ok(()));
        assert_eq!(deep("<div>", 257), Err(RejectReason::TooDeep));
        assert_eq!(deep("<table><tr><td>", 100), Err(RejectReason::TooDeep));
        assert_eq!(deep("<ul><li>", 1000), Err(RejectReason::TooDeep));
        assert_eq!(deep("<p>", 100_000), Ok(()));
        assert_eq!(deep("<b><i><a href=x>", 100_000), Ok(()));
        assert_eq!(deep("<div></div>", 100_000), Ok(()));
        assert_eq!(deep("<b><div></b>", 1000), Err(RejectReason::TooDeep));
        assert_eq!(deep("<div><table><tr><td></div>", 1000), Err(RejectReason::TooDeep));
    }
}
