//! Tokens: tags and text of a page with their places, as browsers cut them.

use std::borrow::Cow;
use std::ops::Range;

/// A piece of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Characters, references among them.
    Text(Range<usize>),
    /// What stands inside a script, style, title and the like; its start tag came just before.
    Raw(Range<usize>),
    /// A start tag, its name in lower case.
    Start { name: Cow<'a, str>, attributes: Range<usize>, closed: bool },
    /// An end tag, its name in lower case.
    End { name: Cow<'a, str>, at: usize },
}

/// Cuts a page into tokens, in one pass.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    source: &'a str,
    at: usize,
    raw: Option<Cow<'a, str>>,
    /// Raw elements that are never closed from here on, so that nobody looks again.
    unclosed: Vec<Cow<'a, str>>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Tokens { source, at: 0, raw: None, unclosed: Vec::new() }
    }

    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// The content of the raw element that was just opened.
    fn raw(&mut self, name: Cow<'a, str>) -> Option<Token<'a>> {
        if self.unclosed.contains(&name) {
            return None;
        }
        let start = self.at;
        let end = memchr::memmem::find_iter(self.rest().as_bytes(), "</").find(|at| {
            let tag = self.source.as_bytes().get(start + at + 2..).unwrap_or_default();
            let after = tag.get(name.len());
            tag.get(..name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()))
                && !after.is_some_and(u8::is_ascii_alphanumeric)
        });
        let Some(end) = end else {
            // A script runs to the end of the page; a title that is not closed was a slip.
            if matches!(&*name, "script" | "style") {
                self.at = self.source.len();
                return Some(Token::Raw(start..self.at));
            }
            self.unclosed.push(name);
            return None;
        };
        self.at = start + end;
        Some(Token::Raw(start..self.at))
    }

    fn tag_end(&self, from: usize) -> Option<usize> {
        let bytes = self.source.as_bytes().get(from..)?;
        let (mut quote, mut after_equals) = (None, false);
        for (i, &byte) in bytes.iter().enumerate() {
            match (quote, byte) {
                (Some(open), _) if open == byte => quote = None,
                (Some(_), _) => {}
                (None, b'>') => return Some(from + i),
                (None, b'"' | b'\'') if after_equals => (quote, after_equals) = (Some(byte), false),
                (None, b'=') => after_equals = true,
                (None, _) => after_equals &= byte.is_ascii_whitespace(),
            }
        }
        None
    }

    /// Past a comment, declaration or instruction.
    fn skip_markup(&mut self) {
        let rest = self.rest();
        let end = if rest.starts_with("<!-->") || rest.starts_with("<!--->") {
            rest.find('>').map(|at| at + 1)
        } else if let Some(comment) = rest.strip_prefix("<!--") {
            memchr::memmem::find(comment.as_bytes(), b"-->").map(|at| at + 7)
        } else {
            memchr::memchr(b'>', rest.as_bytes()).map(|at| at + 1)
        };
        self.at += end.unwrap_or(rest.len());
    }

    fn tag(&mut self) -> Option<Token<'a>> {
        let start = self.at;
        let rest = self.rest();
        let (end_tag, name_at) =
            if rest.starts_with("</") { (true, start + 2) } else { (false, start + 1) };
        let named = self.source.get(name_at..)?;
        let name = named.bytes().position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'));
        let name = lower(named.get(..name.unwrap_or(named.len()))?);
        let attributes = name_at + name.len();
        let Some(close) = self.tag_end(attributes) else {
            self.at = self.source.len();
            return None;
        };
        self.at = close + 1;
        if end_tag {
            return Some(Token::End { name, at: start });
        }
        let closed = self.source.get(..close).is_some_and(|tag| tag.ends_with('/'));
        if matches!(
            &*name,
            "script" | "style" | "title" | "textarea" | "iframe" | "noembed" | "noframes" | "xmp"
        ) {
            self.raw = Some(name.clone());
        }
        Some(Token::Start { name, attributes: attributes..close, closed })
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(name) = self.raw.take()
            && let Some(token) = self.raw(name)
        {
            return Some(token);
        }
        loop {
            let start = self.at;
            let bytes = self.source.as_bytes();
            let markup = |at: &usize| {
                matches!(bytes.get(at + 1), Some(b'a'..=b'z' | b'A'..=b'Z' | b'/' | b'!' | b'?'))
            };
            let less = memchr::memchr_iter(b'<', self.rest().as_bytes()).map(|at| start + at);
            let end = { less }.find(markup).unwrap_or(bytes.len());
            if start < end {
                self.at = end;
                return Some(Token::Text(start..end));
            }
            match (bytes.get(end + 1)?, bytes.get(end + 2)) {
                (b'/', Some(byte)) if byte.is_ascii_alphabetic() => return self.tag(),
                (b'/' | b'!' | b'?', _) => self.skip_markup(),
                _ => return self.tag(),
            }
        }
    }
}

/// Names in lower case and values (still escaped) of the attributes at `at`.
pub(super) fn attributes(source: &str, at: Range<usize>) -> Attributes<'_> {
    Attributes { text: source.get(at.clone()).unwrap_or_default(), offset: at.start }
}

/// The place of the attribute's value.
pub(super) fn attribute(source: &str, at: &Range<usize>, name: &str) -> Option<Range<usize>> {
    attributes(source, at.clone()).find(|(found, _)| *found == name).map(|(_, value)| value)
}

#[derive(Debug)]
pub(super) struct Attributes<'a> {
    text: &'a str,
    offset: usize,
}

impl Attributes<'_> {
    fn skip(&mut self, n: usize) {
        self.text = self.text.get(n..).unwrap_or_default();
        self.offset += n;
    }

    fn skip_space(&mut self) {
        self.skip(self.text.len() - self.text.trim_ascii_start().len());
    }

    fn until(&self, stop: impl Fn(char) -> bool) -> usize {
        self.text.find(stop).unwrap_or(self.text.len())
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (Cow<'a, str>, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.until(|c| !c.is_ascii_whitespace() && c != '/');
        self.skip(start);
        // An equals sign first is part of the name.
        let length = 1 + self.text.get(1..).map_or(0, |rest| {
            rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '='))
                .unwrap_or(rest.len())
        });
        let length =
            if self.text.is_char_boundary(1) { length } else { self.until(|c| c.is_ascii()) };
        let name = lower(self.text.get(..length).filter(|name| !name.is_empty())?);
        self.skip(length);
        self.skip_space();
        if !self.text.starts_with('=') {
            return Some((name, self.offset..self.offset));
        }
        self.skip(1);
        self.skip_space();
        let quote = self.text.chars().next().filter(|c| matches!(c, '"' | '\''));
        self.skip(usize::from(quote.is_some()));
        let length = match quote {
            Some(quote) => self.until(|c| c == quote),
            None => self.until(|c| c.is_ascii_whitespace()),
        };
        let value = self.offset..self.offset + length;
        self.skip(length + usize::from(quote.is_some()));
        Some((name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `t:text`, `r:raw`, `name[attributes]`, `/name`.
    fn shown(source: &str) -> String {
        let show = |token| match token {
            Token::Text(at) => format!("t:{}", source.get(at).unwrap()),
            Token::Raw(at) => format!("r:{}", source.get(at).unwrap()),
            Token::Start { name, attributes: at, .. } => {
                let all = attributes(source, at)
                    .map(|(name, value)| format!("{name}={}", source.get(value).unwrap()));
                format!("{name}[{}]", all.collect::<Vec<_>>().join(","))
            }
            Token::End { name, .. } => format!("/{name}"),
        };
        Tokens::new(source).map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn tokens() {
        let check = |source: &str, expected: &str| assert_eq!(shown(source), expected, "{source}");
        check("一<p>二</P>三", "t:一 p[] t:二 /p t:三");
        check("<a HREF='x>y' b=\"1\" c=2 d>z", "a[href=x>y,b=1,c=2,d=] t:z");
        check("<br/><img src=a/b />", "br[] img[src=a/b]");
        check("1 < 2 <3 a<", "t:1 < 2 <3 a<");
        check("<!-- <p> -->一<!DOCTYPE html><?xml?></ x>二", "t:一 t:二");
        check("<!-->一<!--->二<!-- 未完", "t:一 t:二");
        check("<script>a<b</p></SCRIPT >一", "script[] r:a<b</p> /script t:一");
        check("<title>一<b>二</title>", "title[] r:一<b>二 /title");
        check("<title>一<p>二", "title[] t:一 p[] t:二");
        check("<style>一", "style[] r:一");
        check("<p class=甲 乙=丙>", "p[class=甲,乙=丙]");
        check("<p =a ==b>", "p[=a==b]");
        check("一<p", "t:一");
        check("<p title='未完>一", "");
        check("<x-y>一</x-y>", "x-y[] t:一 /x-y");
    }
}
