//! Unwrap: text with Markdown or HTML in it -> the text a reader sees.

use std::collections::BTreeSet;
use std::ops::Range;

use memchr::{memchr, memmem};

use super::fold;
use super::layout::Shape;
use super::lines::lines;
use crate::knowledge::boilerplate::{Boilerplate, Kind};
use crate::model::{Format, Mapped, Repair, Rewrite};

/// The text without markup, and the first heading that the markup showed.
pub(super) struct Plain {
    pub(super) text: Mapped,
    pub(super) heading: Option<String>,
    /// How the lines of the text are set, where that was looked at.
    pub(super) shape: Option<Shape>,
}

/// Removes markup; lists of links to other articles go with it, as nothing else shows later that they were links.
pub(super) fn plain(
    text: Mapped,
    format: Format,
    boilerplate: &Boilerplate,
    repairs: &mut BTreeSet<Repair>,
) -> Plain {
    let dialect = dialect(text.text(), format);
    if dialect == Dialect::Plain && memchr::memchr2(b'<', b'&', text.text().as_bytes()).is_none() {
        return Plain { text, heading: None, shape: None };
    }
    let lines = lines(text.text());
    let dropped = match dialect {
        Dialect::Markdown => link_lists(text.text(), &lines, boilerplate),
        Dialect::Plain => Vec::new(),
    };
    let setting = match dialect {
        // Nearly no Markdown is set in columns, for which alone empty lines count.
        Dialect::Markdown => Setting::Tight,
        Dialect::Plain => Setting::Spaced,
    };
    let (mut out, heading, length) = written(&text, &lines, &dropped, dialect, setting);
    let mut shape = None;
    if setting == Setting::Tight {
        let found = Shape::of(out.text());
        if found.is_wrapped() {
            (out, ..) = written(&text, &lines, &dropped, dialect, Setting::Spaced);
        } else {
            shape = Some(found);
        }
    }
    if length != text.text().len() {
        repairs.insert(Repair::Markup);
    }
    Plain { text: out, heading, shape }
}

/// The text without markup, its first heading, and how long it is with its empty lines.
fn written(
    text: &Mapped,
    lines: &[Range<usize>],
    dropped: &[bool],
    dialect: Dialect,
    setting: Setting,
) -> (Mapped, Option<String>, usize) {
    let mut writer = Writer {
        source: text.text(),
        specials: Specials::new(text.text(), dialect),
        out: Rewrite::new(text),
        pending: 0..0,
        dialect,
        setting,
        length: 0,
        line: 0,
        line_break: None,
        heading: None,
    };
    // One empty line says as much as many.
    let mut breaks = 0;
    let mut dropped = dropped.iter();
    for line in lines {
        let before = writer.length;
        let dropped = dropped.next().is_some_and(|dropped| *dropped);
        if !dropped && !line.is_empty() {
            writer.line(line.clone());
        }
        breaks = if before < writer.length { 1 } else { breaks + 1 };
        if breaks <= 2 && line.end < writer.source.len() {
            writer.end_line(line.end);
        }
    }
    writer.flushed();
    (writer.out.finish(), writer.heading, writer.length)
}

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setting {
    /// With the empty lines and blanks that the source has around them.
    Spaced,
    /// Without, nearly always.
    Tight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Markdown,
    /// Stars and brackets mean themselves; only tags and entities are markup.
    Plain,
}

/// Text of another kind is Markdown if it has a link of that form: `张**` in plain text is a masked name.
fn dialect(text: &str, format: Format) -> Dialect {
    let shows = || memmem::find(text.as_bytes(), b"](http").is_some();
    if format == Format::Markdown || shows() { Dialect::Markdown } else { Dialect::Plain }
}

/// Which lines belong to a list of links: three in a row, or any behind a heading such as 推荐阅读.
fn link_lists(text: &str, lines: &[Range<usize>], boilerplate: &Boilerplate) -> Vec<bool> {
    let mut marks = link_marks(text).peekable();
    if marks.peek().is_none() {
        return Vec::new();
    }
    let mut dropped = vec![false; lines.len()];
    let mut run: Vec<usize> = Vec::new();
    let mut above = "";
    let names_a_list = |line: &str| {
        let line = bare(line).trim_matches('*');
        line.len() <= 60 && boilerplate.matches(line).any(|rule| rule.kind == Kind::List)
    };
    let mut close = |run: &mut Vec<usize>, above: &str| {
        if 3 <= run.len() || (!run.is_empty() && names_a_list(above)) {
            for i in run.iter().copied() {
                if let Some(flag) = dropped.get_mut(i) {
                    *flag = true;
                }
            }
        }
        run.clear();
    };
    for (i, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        while marks.next_if(|mark| *mark < line.start).is_some() {}
        let linked = marks.peek().is_some_and(|mark| *mark < line.end);
        let line = text.get(line.clone()).unwrap_or_default();
        // A line of that length has words, and so has one that begins with them.
        let marks = linked || (line.len() < 16 && !begins_with_words(line));
        let words = if marks { bare(line) } else { line };
        if words.is_empty() || (linked && is_image(words)) {
            continue;
        }
        if linked && is_links(words) {
            run.push(i);
        } else {
            close(&mut run, above);
            above = words;
        }
    }
    close(&mut run, above);
    dropped
}

/// The line begins with what no mark of Markdown is.
fn begins_with_words(line: &str) -> bool {
    line.as_bytes().first().is_some_and(|&b| 0xe4 <= b || b.is_ascii_alphanumeric())
}

/// A line without its quote, list and heading marks.
fn bare(line: &str) -> &str {
    let bytes = line.as_bytes();
    let end = bytes.trim_ascii_end().len();
    let is_mark = |b: &u8| matches!(b, b'>' | b'#' | b' ' | b'\t');
    let mut start = bytes.iter().take_while(|b| is_mark(b)).count();
    for mark in *b"*-+" {
        if bytes.get(start..start + 2) == Some([mark, b' '].as_slice()) {
            start += 2;
        }
        start += bytes.get(start..).unwrap_or_default().iter().take_while(|&&b| b == b' ').count();
    }
    line.get(start..end).unwrap_or_default()
}

fn is_image(words: &str) -> bool {
    words.starts_with("![") && words.ends_with(')') && link_marks(words).take(2).count() == 1
}

/// Where `](` stands.
fn link_marks(words: &str) -> impl Iterator<Item = usize> + '_ {
    let bytes = words.as_bytes();
    memchr::memchr_iter(b']', bytes).filter(|at| bytes.get(at + 1) == Some(&b'('))
}

/// Nothing but links and what separates them.
fn is_links(words: &str) -> bool {
    let mut rest = words;
    let mut links = 0;
    loop {
        let outside = rest.trim_start_matches(|c: char| {
            c.is_ascii_digit()
                || matches!(
                    c,
                    ' ' | '*'
                        | '|'
                        | '/'
                        | '·'
                        | '•'
                        | '.'
                        | '、'
                        | ','
                        | '-'
                        | '▶'
                        | '●'
                        | '►'
                        | '_'
                )
        });
        if outside.is_empty() {
            return 0 < links;
        }
        let Some(after) = outside.strip_prefix('[').or_else(|| outside.strip_prefix("![")) else {
            return false;
        };
        let Some(end) = link_end(after) else { return false };
        links += 1;
        rest = after.get(end..).unwrap_or_default();
    }
}

/// Where a link ends whose text starts here: behind the `)` of `text](address)`.
fn link_end(text: &str) -> Option<usize> {
    let label = label_end(text.as_bytes())?;
    address_end(text.as_bytes(), label).map(|(end, _)| end)
}

const LONGEST_LABEL: usize = 2048;
const LONGEST_ADDRESS: usize = 8192;

/// The `]` that closes a label, with brackets inside balanced.
fn label_end(bytes: &[u8]) -> Option<usize> {
    let near = bytes.get(..LONGEST_LABEL).unwrap_or(bytes);
    let mut depth = 0_usize;
    let mut at = 0;
    // A piece of a line, in which no line break stands.
    while let Some(found) = memchr::memchr3(b'[', b']', b'\\', near.get(at..)?) {
        at += found;
        match near.get(at) {
            Some(b'\\') => at += 1,
            Some(b'[') => depth += 1,
            Some(b']') if depth == 0 => return Some(at),
            _ => depth -= 1,
        }
        at += 1;
    }
    None
}

/// Where `](address)` ends whose `]` stands at `at`; false if the text stops inside the address.
fn address_end(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    if bytes.get(at + 1) != Some(&b'(') {
        return None;
    }
    let mut depth = 0_usize;
    let rest = bytes.get(at + 2..)?;
    let near = rest.get(..LONGEST_ADDRESS).unwrap_or(rest);
    for i in memchr::memchr3_iter(b'(', b')', b'\n', near) {
        match near.get(i) {
            Some(b'(') => depth += 1,
            Some(b')') if depth == 0 => return Some((at + 2 + i + 1, true)),
            Some(b')') => depth -= 1,
            _ => {
                let address = rest.get(..i)?;
                // A record that was cut off inside an address.
                return address.is_ascii().then_some((at + 2 + i, false));
            }
        }
    }
    (rest.len() < LONGEST_ADDRESS && rest.is_ascii()).then_some((bytes.len(), false))
}

struct Writer<'a> {
    source: &'a str,
    specials: Specials<'a>,
    out: Rewrite<'a>,
    /// What is to be kept and not yet written: neighbours are written at once.
    pending: Range<usize>,
    dialect: Dialect,
    setting: Setting,
    /// How much would be written with all blanks and empty lines.
    length: usize,
    /// Where the line begins that is being written.
    line: usize,
    /// The end of the line before, not yet written.
    line_break: Option<usize>,
    heading: Option<String>,
}

impl<'a> Writer<'a> {
    fn keep(&mut self, mut range: Range<usize>) {
        self.length += range.len();
        if self.setting == Setting::Tight && self.opens_line() {
            let words = self.source.as_bytes().get(range.clone()).unwrap_or_default();
            range.start += words.iter().take_while(|&&b| b == b' ').count();
            if !range.is_empty() {
                self.break_line();
            }
        }
        self.append(range);
    }

    fn append(&mut self, range: Range<usize>) {
        if range.is_empty() {
        } else if self.pending.end == range.start {
            self.pending.end = range.end;
        } else {
            self.out.keep(std::mem::replace(&mut self.pending, range));
        }
    }

    /// How much has been written, or will be.
    fn len(&self) -> usize {
        self.out.written().len() + self.pending.len()
    }

    /// Nothing of the line has been written.
    fn opens_line(&self) -> bool {
        self.len() == self.line
    }

    /// Writes `c`, which stands for `range`.
    fn put(&mut self, c: char, range: Range<usize>) {
        self.length += c.len_utf8();
        if self.setting == Setting::Tight {
            if c == '\n' {
                self.trim();
            }
            if self.opens_line() {
                if matches!(c, ' ' | '\n') {
                    return;
                }
                self.break_line();
            }
        }
        self.flushed().put(c.encode_utf8(&mut [0; 4]), range);
        if c == '\n' {
            self.line = self.len();
        }
    }

    /// The line ends with the line break at `at`.
    fn end_line(&mut self, at: usize) {
        if self.setting == Setting::Spaced {
            return self.keep(at..at + 1);
        }
        self.length += 1;
        self.trim();
        if !self.opens_line() {
            self.line = self.len();
            self.line_break = Some(at);
        }
    }

    /// Writes the line break that was held back until another line has words.
    fn break_line(&mut self) {
        if let Some(at) = self.line_break.take() {
            self.append(at..at + 1);
            self.line = self.len();
        }
    }

    /// Takes blanks off the end of the line.
    fn trim(&mut self) {
        let bytes = self.source.as_bytes();
        while self.line < self.len()
            && self.pending.start < self.pending.end
            && bytes.get(self.pending.end - 1) == Some(&b' ')
        {
            self.pending.end -= 1;
        }
    }

    /// What has been written, all of it.
    fn flushed(&mut self) -> &mut Rewrite<'a> {
        self.out.keep(std::mem::take(&mut self.pending));
        &mut self.out
    }

    fn line(&mut self, line: Range<usize>) {
        let Some(mut words) = self.source.get(line.clone()) else { return };
        let mut range = line;
        if self.dialect == Dialect::Markdown {
            words = words.trim();
            // Most lines begin with words.
            if begins_with_words(words) {
                let start = words.as_ptr().addr() - self.source.as_ptr().addr();
                return self.inline(start..start + words.len(), 0);
            }
            if is_rule(words) || words.starts_with("```") || words.starts_with("~~~") {
                return;
            }
            let marked = words;
            words = words.trim_start_matches(['>', ' ']);
            words = strip_item(words);
            let levels = words.bytes().take_while(|&b| b == b'#').count();
            let is_heading = (1..=6).contains(&levels)
                && words.as_bytes().get(levels).is_none_or(|&b| b == b' ');
            if is_heading {
                words = words.trim_matches(['#', ' ']);
            }
            if marked.starts_with('|') && marked.len() > 1 {
                words = words.trim_matches(['|', ' ']);
            }
            let start = words.as_ptr().addr() - self.source.as_ptr().addr();
            range = start..start + words.len();
            let written = if is_heading { self.flushed().written().len() } else { 0 };
            self.inline(range.clone(), 0);
            if is_heading && self.heading.is_none() {
                let words = self.flushed().written().get(written..).unwrap_or_default().trim();
                self.heading = Some(words.to_owned()).filter(|words| !words.is_empty());
            }
            return;
        }
        self.inline(range, 0);
    }

    /// Copies a piece of a line without its inline markup.
    fn inline(&mut self, range: Range<usize>, depth: u32) {
        let bytes = self.source.as_bytes();
        let mut kept = range.start;
        let mut at = range.start;
        let mut bold = false;
        loop {
            at = self.specials.first(at);
            let Some(rest) = bytes.get(at..range.end) else { break };
            match piece(rest, depth) {
                Piece::None => at += 1,
                Piece::Stars(n) => {
                    if self.stars_are_markup(at, n, &range, &mut bold) {
                        self.keep(kept..at);
                        kept = at + n;
                    }
                    at += n;
                }
                Piece::Drop(n) => {
                    self.keep(kept..at);
                    at += n;
                    kept = at;
                }
                Piece::Link { label, len } => {
                    self.keep(kept..at);
                    self.inline(at + label.start..at + label.end, depth + 1);
                    at += len;
                    kept = at;
                }
                Piece::Put(words, n) => {
                    self.keep(kept..at);
                    self.put(words, at..at + n);
                    at += n;
                    kept = at;
                }
            }
        }
        self.keep(kept..range.end);
    }

    /// Stars are emphasis unless they stand for something: `110***234`, `张**、李**`, `2*3`.
    fn stars_are_markup(&self, at: usize, n: usize, line: &Range<usize>, open: &mut bool) -> bool {
        let before = self.source.get(line.start..at).and_then(|s| s.chars().next_back());
        let rest = self.source.get(at + n..line.end).unwrap_or_default();
        let after = rest.chars().next();
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        if digit(before) && digit(after) {
            return false;
        }
        if *open || 4 <= n {
            // Four are one emphasis closed and the next opened.
            *open &= 4 <= n;
            return true;
        }
        let in_word = before.is_some_and(char::is_alphanumeric);
        let closed = rest.contains('*');
        let opens = match after {
            // The end of emphasis that began on an earlier line.
            None => return !in_word,
            Some('、' | '，' | '。' | '；' | '）') => before.is_none(),
            Some(_) if n == 1 => closed && !in_word,
            Some(_) => closed || !in_word,
        };
        *open = opens;
        opens
    }
}

/// Where bytes stand that may be markup, asked from the start of a text to its end.
struct Specials<'a> {
    bytes: &'a [u8],
    dialect: Dialect,
    /// The next one of each kind.
    next: [usize; 3],
}

impl<'a> Specials<'a> {
    fn new(text: &'a str, dialect: Dialect) -> Self {
        let mut specials = Specials { bytes: text.as_bytes(), dialect, next: [0; 3] };
        specials.next = [0, 1, 2].map(|kind| specials.find(kind, 0));
        specials
    }

    fn find(&self, kind: usize, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        let found = match (kind, self.dialect) {
            (0, _) => memchr::memchr2(b'<', b'&', rest),
            (1, Dialect::Markdown) => memchr::memchr3(b'[', b'\\', b']', rest),
            (_, Dialect::Markdown) => memchr::memchr3(b'!', b'*', b'`', rest),
            (_, Dialect::Plain) => None,
        };
        found.map_or(usize::MAX, |found| from + found)
    }

    /// The first at `from` or behind it; `from` never goes back.
    fn first(&mut self, from: usize) -> usize {
        for kind in 0..3 {
            if self.next.get(kind).is_some_and(|next| *next < from) {
                let found = self.find(kind, from);
                if let Some(next) = self.next.get_mut(kind) {
                    *next = found;
                }
            }
        }
        let [tag, bracket, mark] = self.next;
        tag.min(bracket).min(mark)
    }
}

/// A line of dashes, stars or table borders.
fn is_rule(words: &str) -> bool {
    let marks = || words.bytes().filter(|b| matches!(b, b'-' | b'*' | b'_' | b'=')).count();
    words.bytes().all(|b| matches!(b, b'-' | b'*' | b'_' | b'=' | b'|' | b':' | b' '))
        && 3 <= marks()
}

/// `* item` -> `item`.
fn strip_item(words: &str) -> &str {
    ["* ", "- ", "+ "]
        .iter()
        .find_map(|mark| words.strip_prefix(mark))
        .unwrap_or(words)
        .trim_start()
}

/// What stands at the start of a piece of text.
enum Piece {
    None,
    Drop(usize),
    Stars(usize),
    Link { label: Range<usize>, len: usize },
    Put(char, usize),
}

const DEEPEST: u32 = 8;

fn piece(bytes: &[u8], depth: u32) -> Piece {
    match bytes {
        [b'\\', next, ..] if next.is_ascii_punctuation() => Piece::Put(char::from(*next), 2),
        [b'!', b'[', rest @ ..] => match image_end(rest) {
            Some(end) => Piece::Drop(end + 2),
            None => Piece::None,
        },
        [b'[', rest @ ..] if depth < DEEPEST => match label_end(rest) {
            Some(label) => match address_end(rest, label) {
                Some((end, _)) => Piece::Link { label: 1..label + 1, len: end + 1 },
                None => Piece::None,
            },
            None => Piece::None,
        },
        // The tail of a link whose label began on an earlier line.
        [b']', b'(', rest @ ..] if rest.starts_with(b"http") || rest.starts_with(b"/") => {
            match address_end(bytes, 0) {
                Some((end, _)) => Piece::Drop(end),
                None => Piece::None,
            }
        }
        [b'*', ..] => Piece::Stars(bytes.iter().take_while(|&&b| b == b'*').count()),
        [b'`', ..] => Piece::Drop(1),
        [b'<', rest @ ..] => tag(rest),
        [b'&', rest @ ..] => entity(rest),
        _ => Piece::None,
    }
}

fn image_end(rest: &[u8]) -> Option<usize> {
    let label = label_end(rest)?;
    address_end(rest, label).map(|(end, _)| end)
}

const TAGS: &[&str] = &[
    "a",
    "abbr",
    "article",
    "b",
    "big",
    "blockquote",
    "br",
    "center",
    "code",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "iframe",
    "img",
    "input",
    "ins",
    "kbd",
    "label",
    "li",
    "mark",
    "nav",
    "ol",
    "p",
    "picture",
    "pre",
    "s",
    "section",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "video",
    "wbr",
];

/// `<br>` becomes a line break, the end of a cell a blank; other tags of HTML, comments and `<https://…>` go.
fn tag(rest: &[u8]) -> Piece {
    if rest.starts_with(b"!--") {
        return match memmem::find(rest, b"-->") {
            Some(end) => Piece::Drop(end + 4),
            None => Piece::None,
        };
    }
    let Some(end) = memchr(b'>', rest.get(..rest.len().min(1024)).unwrap_or_default()) else {
        return Piece::None;
    };
    let inside = rest.get(..end).unwrap_or_default();
    if inside.starts_with(b"http://")
        || inside.starts_with(b"https://")
        || inside.starts_with(b"mailto:")
    {
        return Piece::Drop(end + 2);
    }
    let closing = inside.first() == Some(&b'/');
    let name = inside.get(usize::from(closing)..).unwrap_or_default();
    let len = name.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    let plain_end = name.get(len).is_none_or(|b| b.is_ascii_whitespace() || *b == b'/');
    let name = name.get(..len).unwrap_or_default().to_ascii_lowercase();
    let known = std::str::from_utf8(&name).is_ok_and(|name| TAGS.contains(&name));
    if !known || !plain_end {
        return Piece::None;
    }
    match name.as_slice() {
        b"br" => Piece::Put('\n', end + 2),
        b"p" | b"div" | b"li" | b"tr" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6"
            if closing =>
        {
            Piece::Put('\n', end + 2)
        }
        // Cells of a row are words apart.
        b"td" | b"th" if closing => Piece::Put(' ', end + 2),
        _ => Piece::Drop(end + 2),
    }
}

const ENTITIES: &[(&str, char)] = &[
    ("nbsp;", ' '),
    ("amp;", '&'),
    ("lt;", '<'),
    ("gt;", '>'),
    ("quot;", '"'),
    ("apos;", '\''),
    ("ldquo;", '“'),
    ("rdquo;", '”'),
    ("lsquo;", '‘'),
    ("rsquo;", '’'),
    ("mdash;", '—'),
    ("ndash;", '–'),
    ("hellip;", '…'),
    ("middot;", '·'),
    ("bull;", '•'),
    ("times;", '×'),
    ("emsp;", ' '),
    ("ensp;", ' '),
    ("yen;", '¥'),
    ("lsaquo;", '‹'),
    ("rsaquo;", '›'),
];

fn entity(rest: &[u8]) -> Piece {
    if let [b'#', number @ ..] = rest {
        let (digits, radix) = match number {
            [b'x' | b'X', hex @ ..] => (hex, 16),
            _ => (number, 10),
        };
        let len = digits.iter().take(7).take_while(|b| b.is_ascii_hexdigit()).count();
        let value = digits.get(..len).and_then(|d| std::str::from_utf8(d).ok());
        let value = value.and_then(|d| u32::from_str_radix(d, radix).ok()).and_then(char::from_u32);
        return match (value, digits.get(len)) {
            (Some(c), Some(b';')) => {
                let end = rest.len() - digits.len() + len + 2;
                fold::character(c).map_or(Piece::Drop(end), |c| Piece::Put(c, end))
            }
            _ => Piece::None,
        };
    }
    match ENTITIES.iter().find(|(name, _)| rest.starts_with(name.as_bytes())) {
        Some((name, c)) => Piece::Put(*c, name.len() + 1),
        None => Piece::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: Format, text: &str, expected: &str) {
        let mut repairs = BTreeSet::new();
        let boilerplate = Boilerplate::builtin().unwrap();
        let plain = plain(Mapped::verbatim(text), format, &boilerplate, &mut repairs);
        assert_eq!(plain.text.text(), expected, "{text}");
    }

    #[test]
    fn markdown() {
        let check = |text, expected| check(Format::Markdown, text, expected);
        check("# 通报", "通报");
        check("**1、甲地警方**破案", "1、甲地警方破案");
        check("前![](https://a.cn/x_(1).png)后", "前后");
        check("见[通报](https://a.cn \"t\")。", "见通报。");
        check("[![图](https://a.cn/1.png)](https://a.cn)正文", "正文");
        check("> 引文", "引文");
        check("* 一项", "一项");
        check("| 甲 | 乙 |\n| --- | --- |\n| 丙 | 丁 |", "甲 | 乙\n丙 | 丁");
        check("a\\*b\\_c", "a*b_c");
        check("被告人张**、李**犯罪", "被告人张**、李**犯罪");
        check("身份证110***234", "身份证110***234");
        check("**甲****乙**", "甲乙");
        check("第一行<br>第二行&nbsp;&amp;&#8220;", "第一行\n第二行 &“");
        check("甲 ![](http://a.cn)\n\n\n![](http://a.cn) 乙 <br> 丙<br>\n丁", "甲\n乙\n丙\n丁");
        check("若x<y且a>b", "若x<y且a>b");
        check(
            "<table><tr><th>地区</th><th>件数</th></tr><tr><td>江城</td><td>12</td></tr></table>",
            "地区 件数 \n江城 12 \n",
        );
        check("---", "");
        check("前文![](https://a.cn/x_", "前文");
    }

    #[test]
    fn plain_text_keeps_its_stars() {
        check(Format::Txt, "王**、赵**", "王**、赵**");
        check(Format::Txt, "**甲**![](http://a.cn/1.png)", "甲");
    }

    #[test]
    fn lists_of_links_go() {
        let check = |text, expected| check(Format::Markdown, text, expected);
        check("正文。\n[甲](http://a)\n\n[乙](http://b)\n* [丙](http://c)\n完", "正文。\n完");
        check("推荐阅读\n\n[某地破案](http://a)", "推荐阅读");
        check("据[甲](http://a)报道\n[乙](http://b)", "据甲报道\n乙");
    }

    #[test]
    fn first_heading() {
        let boilerplate = Boilerplate::builtin().unwrap();
        let text = Mapped::verbatim("前言\n## **某地**通报 ##\n# 二");
        let plain = plain(text, Format::Markdown, &boilerplate, &mut BTreeSet::new());
        assert_eq!(plain.heading.as_deref(), Some("某地通报"));
    }
}
