//! Rejoin: lines as they were set -> one paragraph a line.

use std::collections::BTreeSet;
use std::ops::Range;

use super::chars::{columns, ends_sentence, has_sentence_mark, is_han};
use super::lines::{each_line, lines};
use crate::model::{Mapped, Repair, Rewrite};

/// One paragraph a line, no empty lines, no blanks at either end of a line.
pub(super) struct Layout {
    pub(super) text: Mapped,
    /// The source was set in lines of one width, as newspapers and PDF files are.
    pub(super) wrapped: bool,
    /// Which lines begin with an indent in the source; only told for wrapped text.
    pub(super) indents: Vec<usize>,
}

/// Joins the lines of a text that was broken at a fixed width; else only drops empty lines.
///
/// `shape` is that of the text, where it is known already.
pub(super) fn layout(text: Mapped, shape: Option<Shape>, repairs: &mut BTreeSet<Repair>) -> Layout {
    let shape = shape.unwrap_or_else(|| Shape::of(text.text()));
    if !shape.is_wrapped() {
        let text = if shape.tight { text } else { paragraphs(&text) };
        return Layout { text, wrapped: false, indents: Vec::new() };
    }
    let source = text.text();
    let mut lines = without_page_numbers(set_lines(source));
    measure_blocks(&mut lines);
    let mut out = Rewrite::new(&text);
    let mut indents = Vec::new();
    let mut n_lines = 0;
    let mut before: Option<Line<'_>> = None;
    for line in lines {
        if let Some(before) = before {
            let gap = before.range.end..line.range.start;
            match glue(&before, &line) {
                Glue::Break if source.get(gap.clone()) == Some("\n") => out.keep(gap),
                Glue::Break => out.put("\n", gap),
                Glue::Join => {
                    let columns = line.after_gap;
                    repairs.insert(if columns { Repair::Columns } else { Repair::HardWraps });
                    if words_meet(before.words, line.words) {
                        out.put(" ", gap);
                    }
                    n_lines -= 1;
                }
            }
        }
        if line.indent {
            indents.push(n_lines);
        }
        out.keep(line.range.clone());
        n_lines += 1;
        before = Some(line);
    }
    Layout { text: out.finish(), wrapped: true, indents }
}

/// The lines that are not empty, without blanks at their ends.
fn paragraphs(text: &Mapped) -> Mapped {
    let source = text.text();
    let mut out = Rewrite::new(text);
    // Neighbours are written at once.
    let mut pending = 0..0;
    let mut start = 0;
    for line in each_line(source) {
        let words = line.trim();
        let words_start = start + (line.len() - line.trim_start().len());
        start += line.len() + 1;
        if words.is_empty() {
            continue;
        }
        if pending.is_empty() {
            pending.start = words_start;
        } else if words_start == pending.end + 1 {
            // One line break, and nothing else, since the line before.
        } else {
            let line_break = source.get(pending.end..words_start).and_then(|gap| gap.find('\n'));
            let line_break = pending.end + line_break.unwrap_or(0);
            if line_break == pending.end {
                pending.end += 1;
                out.keep(pending);
            } else {
                out.keep(pending);
                out.keep(line_break..line_break + 1);
            }
            pending = words_start..words_start;
        }
        pending.end = words_start + words.len();
    }
    out.keep(pending);
    out.finish()
}

#[derive(Debug, Clone)]
struct Line<'a> {
    words: &'a str,
    range: Range<usize>,
    indent: bool,
    /// Empty lines stand before it, or it is the first.
    after_gap: bool,
    width: usize,
    /// Width to which the lines around it are filled.
    full: usize,
    /// Stands in a block of one to three lines without a comma or full stop.
    heading: bool,
}

fn set_lines(source: &str) -> Vec<Line<'_>> {
    let ranges = lines(source);
    let mut found: Vec<Line<'_>> = Vec::with_capacity(ranges.len());
    let mut gap = true;
    for range in ranges {
        let raw = source.get(range.clone()).unwrap_or_default();
        let words = raw.trim();
        if words.is_empty() {
            gap = true;
            continue;
        }
        let start = range.start + (raw.len() - raw.trim_start().len());
        found.push(Line {
            words,
            range: start..start + words.len(),
            indent: raw.starts_with(char::is_whitespace),
            after_gap: std::mem::take(&mut gap),
            width: columns(words),
            full: 0,
            heading: false,
        });
    }
    found
}

const FEWEST_BREAKS: usize = 6;
/// Wider lines are paragraphs, not lines of a page.
const WIDEST_LINE: usize = 100;
const NARROWEST_LINE: usize = 14;
/// Lines of one column differ by no more than this, in columns.
const UNEVEN: usize = 4;

/// How the lines of a text are set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    n_lines: usize,
    /// Lines that hold a comma and break off inside the sentence, as wide as the next line.
    broken: usize,
    /// No empty lines, and no blanks at either end of a line.
    tight: bool,
}

impl Shape {
    pub(super) fn of(text: &str) -> Shape {
        let mut shape = Shape { n_lines: 0, broken: 0, tight: true };
        let mut before = "";
        for line in each_line(text) {
            let words = line.trim();
            shape.tight &= words.len() == line.len() && (!words.is_empty() || text.is_empty());
            if words.is_empty() {
                continue;
            }
            shape.n_lines += 1;
            shape.broken += usize::from(breaks(before, words));
            before = words;
        }
        shape
    }

    pub(super) fn is_wrapped(&self) -> bool {
        FEWEST_BREAKS <= self.broken && self.n_lines <= self.broken * 6
    }
}

/// Whether a line breaks off to go on in the next.
fn breaks(line: &str, next: &str) -> bool {
    // A column takes one byte at least and three at most.
    let (shortest, longest) = (line.len().min(next.len()), line.len().max(next.len()));
    if WIDEST_LINE * 3 < longest
        || shortest < NARROWEST_LINE - UNEVEN
        || (shortest + UNEVEN) * 3 < longest
    {
        return false;
    }
    if !has_sentence_mark(line) || ends_sentence(line) {
        return false;
    }
    let width = columns(line);
    (NARROWEST_LINE..=WIDEST_LINE).contains(&width)
        && width.abs_diff(columns(next)) <= UNEVEN
        && line.contains(is_han)
}

fn without_page_numbers(lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
    let mut kept: Vec<Line<'_>> = Vec::with_capacity(lines.len());
    let mut dropped = false;
    for mut line in lines {
        let bare = line.words.trim_matches(|c: char| !c.is_alphanumeric());
        if bare.len() <= 4 && bare.bytes().all(|b| b.is_ascii_digit()) && line.after_gap {
            dropped = true;
            continue;
        }
        line.after_gap |= std::mem::take(&mut dropped);
        kept.push(line);
    }
    kept
}

/// Tells every line the width of its block (lines with no gap or indent between them) and whether it is a heading.
fn measure_blocks(lines: &mut [Line<'_>]) {
    for block in lines.chunk_by_mut(|_, next| !next.after_gap) {
        let mut widths: Vec<usize> = block.iter().map(|line| line.width).collect();
        widths.sort_unstable();
        let full =
            widths.get((widths.len() * 4).div_ceil(5).saturating_sub(1)).copied().unwrap_or(0);
        let heading = block.len() <= 3
            && block.iter().all(|line| !has_sentence_mark(line.words) && !line.indent);
        for line in block {
            line.full = full;
            line.heading = heading;
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Glue {
    Break,
    Join,
}

/// Lines this much short of their block's width were still broken by the page, not by the writer.
const RAGGED: usize = 4;
/// The first line of a paragraph is set two characters in.
const INDENT: usize = 4;

fn glue(before: &Line<'_>, line: &Line<'_>) -> Glue {
    if line.indent {
        return Glue::Break;
    }
    let ended = ends_sentence(before.words);
    let first = before.after_gap && !before.heading;
    let filled = before.full <= before.width + RAGGED + if first { INDENT } else { 0 };
    let joins = if line.after_gap {
        !ended && filled && !before.heading && !line.heading && before.full.abs_diff(line.full) <= 8
    } else if ended {
        filled
            && before.full <= before.width + 1
            && !starts_item(line.words)
            && !before.words.ends_with(['：', ':'])
    } else {
        filled && before.width <= before.full + 8
    };
    if joins { Glue::Join } else { Glue::Break }
}

/// `1、`, `（一）`, `二、`, `●`.
fn starts_item(words: &str) -> bool {
    let rest = words.trim_start_matches(['（', '(']);
    let number: usize = rest
        .chars()
        .take_while(|c| c.is_ascii_digit() || "一二三四五六七八九十".contains(*c))
        .map(char::len_utf8)
        .sum();
    let after = rest.get(number..).and_then(|rest| rest.chars().next());
    words.starts_with(['●', '■', '◆', '•', '▲', '①', '②', '③', '④', '⑤'])
        || (0 < number && after.is_some_and(|c| matches!(c, '、' | '.' | '．' | '）' | ')')))
}

/// Latin words on both sides of a line break need a blank.
fn words_meet(before: &str, after: &str) -> bool {
    before.chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric() || c == ',')
        && after.chars().next().is_some_and(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let out = layout(Mapped::verbatim(text), None, &mut BTreeSet::new());
        assert_eq!(out.text.text(), expected);
        let again = layout(Mapped::verbatim(expected), None, &mut BTreeSet::new());
        assert_eq!(again.text.text(), expected);
    }

    #[test]
    fn paragraphs_stay() {
        check("  甲地通报  \n\n\n　近日，破案。\n完\n", "甲地通报\n近日，破案。\n完");
        check("", "");
    }

    #[test]
    fn newspaper_columns() {
        let page = " 去年5月，某县警方接到\n群众举报，称收到大量骚\n扰电话。经查，有人把业\n主信息卖给装修公司，从\n\n中牟利。民警随后在多地\n收网，抓获涉案人员十二\n名，扣押电脑、手机等作\n案工具一批。\n\n物业人员出卖住户\n信息被抓\n\n 今年1月，某市公安局网\n安支队又侦破一起同类的\n案件。";
        let expected = "去年5月，某县警方接到群众举报，称收到大量骚扰电话。经查，有人把业主信息卖给装修公司，从中牟利。民警随后在多地收网，抓获涉案人员十二名，扣押电脑、手机等作案工具一批。\n物业人员出卖住户信息被抓\n今年1月，某市公安局网安支队又侦破一起同类的案件。";
        let out = layout(Mapped::verbatim(page), None, &mut BTreeSet::new());
        assert_eq!(out.text.text(), expected);
        assert!(out.wrapped);
    }

    #[test]
    fn lines_of_as_many_characters() {
        let story = "近日，某县警方侦破一起侵犯公民个人信息案，涉案的ABC科技有限公司以开发APP为名，通过SDK组件收集用户的IMEI、MAC地址和通讯录，再以每条0.5元的价格卖给XYZ广告联盟，民警在2个月内先后抓获12人，查封服务器3台，冻结资金200余万元。目前，案件正在进一步办理之中，警方提醒市民谨慎授权。";
        let chars: Vec<char> = story.chars().collect();
        let set: Vec<String> = chars.chunks(16).map(|line| line.iter().collect()).collect();
        let out = layout(
            Mapped::verbatim(format!("通报\n\n{}", set.join("\n"))),
            None,
            &mut BTreeSet::new(),
        );
        assert_eq!(out.text.text(), format!("通报\n{story}"));
        assert!(out.wrapped);
    }

    #[test]
    fn lists_are_not_joined() {
        let list = "视频\n小程序\n赞\n在看\n分享\n留言\n收藏\n听过\n关注\n取消\n允许\n分析";
        check(list, list);
    }
}
