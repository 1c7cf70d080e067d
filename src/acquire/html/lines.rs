//! Lines: the shown text of a page, one block a line, each character with its place in the source.

use std::ops::Range;

use super::entities::reference;
use super::tree::{Event, Shown, Tree};
use crate::model::{Mapped, Rewrite};

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// These bytes of the source.
    Keep(Range<usize>),
    /// A character that stands for these bytes.
    Put(char, Range<usize>),
}

/// A line of text as a reader of the page sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    pieces: Vec<Piece>,
    /// Bytes of text, and of that in links.
    pub(super) size: usize,
    pub(super) linked: usize,
    /// The block that it begins in, counted in the order in which they open; 0 for the page itself.
    pub(super) block: usize,
}

impl Line {
    /// From its first character to its last.
    pub(super) fn source(&self) -> Range<usize> {
        let at = |piece: &Piece| match piece {
            Piece::Keep(at) | Piece::Put(_, at) => at.clone(),
        };
        match (self.pieces.first(), self.pieces.last()) {
            (Some(first), Some(last)) => at(first).start..at(last).end,
            (None, _) | (_, None) => 0..0,
        }
    }

    /// Its characters.
    pub(super) fn text(&self, source: &str) -> String {
        let mut text = String::with_capacity(self.size);
        for piece in &self.pieces {
            match piece {
                Piece::Keep(at) => text.push_str(source.get(at.clone()).unwrap_or_default()),
                Piece::Put(c, _) => text.push(*c),
            }
        }
        text
    }

    fn write(&self, rewrite: &mut Rewrite<'_>) {
        for piece in &self.pieces {
            match piece {
                Piece::Keep(at) => rewrite.keep(at.clone()),
                Piece::Put(c, at) => rewrite.put(c.encode_utf8(&mut [0; 4]), at.clone()),
            }
        }
    }

    /// Cuts white space off both ends.
    fn trim(&mut self, source: &str) {
        let text = |at: &Range<usize>| source.get(at.clone()).unwrap_or_default();
        while let Some(last) = self.pieces.last_mut() {
            match last {
                Piece::Put(c, _) if c.is_whitespace() => {}
                Piece::Put(..) => break,
                Piece::Keep(at) => {
                    at.end = at.start + text(at).trim_end().len();
                    if at.start < at.end {
                        break;
                    }
                }
            }
            self.pieces.pop();
        }
        let blank = self.pieces.iter_mut().position(|piece| match piece {
            Piece::Put(c, _) => !c.is_whitespace(),
            Piece::Keep(at) => {
                at.start = at.end - text(at).trim_start().len();
                at.start < at.end
            }
        });
        self.pieces.drain(..blank.unwrap_or(self.pieces.len()));
    }
}

/// The lines of a page; those inside navigation and footers only if `with_chrome`.
pub(super) fn lines(source: &str, tree: &Tree<'_>, with_chrome: bool) -> Vec<Line> {
    let mut writer = Writer {
        source,
        lines: Vec::new(),
        line: Line::default(),
        gap: None,
        linked: false,
        pre: 0,
        blocks: 0,
        open: Vec::new(),
    };
    let mut hidden = 0_usize;
    for event in tree.events() {
        match event {
            Event::Open { tag, attributes, shown } => {
                let skipped = *shown == Shown::Never || (*shown == Shown::Chrome && !with_chrome);
                if hidden > 0 || skipped {
                    hidden += 1;
                }
                writer.edge(tag, attributes.end);
                writer.pre += usize::from(*tag == "pre");
                writer.blocks += 1;
                writer.open.push(writer.blocks);
            }
            Event::Close { tag, at } => {
                hidden = hidden.saturating_sub(1);
                writer.edge(tag, *at);
                writer.pre -= usize::from(*tag == "pre");
                writer.open.pop();
            }
            Event::Break(_) => writer.end_line(),
            Event::OpenLink => writer.linked = true,
            Event::CloseLink => writer.linked = false,
            Event::Text(at) if hidden == 0 => writer.text(at.clone()),
            Event::Text(_) => {}
        }
    }
    writer.end_line();
    writer.lines
}

/// The lines as a text that maps to the page.
pub(super) fn mapped(source: &Mapped, lines: &[Line]) -> Mapped {
    let mut rewrite = Rewrite::new(source);
    for line in lines {
        if !rewrite.written().is_empty() {
            let start = line.source().start;
            rewrite.put("\n", start..start);
        }
        line.write(&mut rewrite);
    }
    rewrite.finish()
}

/// What separates two words of a line.
struct Gap {
    at: Range<usize>,
    /// A new cell begins.
    cell: bool,
}

struct Writer<'a> {
    source: &'a str,
    lines: Vec<Line>,
    line: Line,
    gap: Option<Gap>,
    linked: bool,
    pre: usize,
    /// Blocks that have opened so far, and the numbers of those that are open.
    blocks: usize,
    open: Vec<usize>,
}

impl Writer<'_> {
    fn edge(&mut self, tag: &str, at: usize) {
        match tag {
            "span" => {}
            "td" | "th" => self.gap = Some(Gap { at: at..at, cell: true }),
            _ => self.end_line(),
        }
    }

    fn end_line(&mut self) {
        self.gap = None;
        let mut line = std::mem::take(&mut self.line);
        line.trim(self.source);
        if !line.pieces.is_empty() {
            self.lines.push(line);
        }
    }

    fn text(&mut self, at: Range<usize>) {
        let mut from = at.start;
        while let Some(rest) = self.source.get(from..at.end).filter(|rest| !rest.is_empty()) {
            let spaces = rest.len() - rest.trim_ascii_start().len();
            if spaces > 0 {
                self.space(from..from + spaces);
                from += spaces;
            } else if let Some((c, length)) = reference(rest) {
                self.character(c, from..from + length);
                from += length;
            } else {
                let stop = |c: char| c.is_ascii_whitespace() || c == '&';
                let first = rest.chars().next().map_or(0, char::len_utf8);
                let length = rest.get(first..).and_then(|more| more.find(stop));
                let end = length.map_or(at.end, |length| from + first + length);
                self.run(from..end);
                from = end;
            }
        }
    }

    fn space(&mut self, at: Range<usize>) {
        let spaces = self.source.get(at.clone()).unwrap_or_default();
        if self.pre > 0 && spaces.contains('\n') {
            return self.end_line();
        }
        match &mut self.gap {
            Some(gap) => gap.at.end = at.end,
            None => self.gap = Some(Gap { at, cell: false }),
        }
    }

    fn character(&mut self, c: char, at: Range<usize>) {
        if c.is_ascii_whitespace() {
            return self.space(at);
        }
        self.separate(c);
        self.line.pieces.push(Piece::Put(c, at));
        self.count(c.len_utf8());
    }

    fn run(&mut self, at: Range<usize>) {
        let first = self.source.get(at.clone()).and_then(|run| run.chars().next());
        self.separate(first.unwrap_or(' '));
        self.count(at.len());
        self.line.pieces.push(Piece::Keep(at));
    }

    fn count(&mut self, size: usize) {
        if self.line.size == 0 {
            self.line.block = self.open.last().copied().unwrap_or(0);
        }
        self.line.size += size;
        self.line.linked += if self.linked { size } else { 0 };
    }

    /// Writes the gap before `next`. A line end between two Chinese characters separates nothing.
    fn separate(&mut self, next: char) {
        let Some(gap) = self.gap.take() else { return };
        let last = match self.line.pieces.last() {
            Some(Piece::Keep(at)) => {
                self.source.get(at.clone()).and_then(|run| run.chars().next_back())
            }
            Some(Piece::Put(c, _)) => Some(*c),
            None => return,
        };
        let spaces = self.source.get(gap.at.clone()).unwrap_or_default();
        let wide = !next.is_ascii() && last.is_some_and(|last| !last.is_ascii());
        if gap.cell {
            self.line.pieces.push(Piece::Put('\t', gap.at));
        } else if spaces == " " {
            self.line.pieces.push(Piece::Keep(gap.at));
        } else if !(wide && spaces.contains('\n')) {
            self.line.pieces.push(Piece::Put(' ', gap.at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expected: &[&str]) {
        let source = Mapped::verbatim(html);
        let tree = Tree::of(html, 256).unwrap();
        let lines = lines(html, &tree, false);
        let texts: Vec<String> = lines.iter().map(|line| line.text(html)).collect();
        assert_eq!(texts, expected, "{html}");
        let mapped = mapped(&source, &lines);
        assert_eq!(mapped.text(), expected.join("\n"));
        // What is not rewritten stands at the place it maps to.
        for (at, c) in
            mapped.text().char_indices().filter(|(_, c)| !c.is_ascii() && !"\u{a0}“”…".contains(*c))
        {
            assert_eq!(
                html.get(mapped.to_source(at..at + c.len_utf8())).unwrap(),
                c.to_string(),
                "{html} at {at}"
            );
        }
    }

    #[test]
    fn one_block_a_line() {
        check("<h1>题</h1><p>一<b>二</b>三</p>四<div>五</div>", &["题", "一二三", "四", "五"]);
        check("<p>　　近日，&nbsp;警方 </p>\n<p>&emsp;\u{3000}\n</p>", &["近日，\u{a0}警方"]);
        check("<p>警方\n    通报 A\n B</p>", &["警方通报 A B"]);
        check("一<br>二<br/><br>三", &["一", "二", "三"]);
        check("&ldquo;内鬼&rdquo;&hellip;", &["“内鬼”…"]);
        check("<pre>一\n  二 三\n</pre>", &["一", "二 三"]);
        check("1 &lt; 2 &amp;amp; 3", &["1 < 2 &amp; 3"]);
        check("a&b & c", &["a&b & c"]);
        check("", &[]);
    }

    #[test]
    fn tables_and_lists() {
        check("<ul><li>一<li>二 <ol><li>三</ol></ul>", &["一", "二", "三"]);
        check(
            "<table><tr><th>省</th><th>数</th></tr><tr><td>某省<td> 12 </tr></table>",
            &["省\t数", "某省\t12"],
        );
        check("<dl><dt>一<dd>二</dl>", &["一", "二"]);
    }

    #[test]
    fn no_chrome() {
        check(
            "<nav><ul><li>首页</ul></nav><p>文</p><footer>版权<p>所有</footer><aside>x</aside>",
            &["文"],
        );
        check("<p>赵<script>x</script><button>y</button>某</p>", &["赵某"]);
    }

    #[test]
    fn links_are_counted() {
        let html = "<p>一<a href=x>二三</a></p>";
        let lines = lines(html, &Tree::of(html, 9).unwrap(), true);
        assert_eq!((lines[0].size, lines[0].linked), (9, 6));
        assert_eq!(html.get(lines[0].source()).unwrap(), "一<a href=x>二三");
    }
}
