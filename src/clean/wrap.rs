//! Unwrap: lines that a program cut after so many characters -> the lines it cut.
//!
//! Such a program counts characters, marks of markup among them, and cuts words and addresses; so its cuts are
//! mended before anything else is read. Lines set to a width, as in print, are the business of the layout.

use std::collections::BTreeSet;
use std::ops::Range;

use super::lines::{each_line, lines};
use crate::model::{Mapped, Repair, Rewrite};

/// Lines this long are cut text at the earliest, and at the latest.
const LENGTHS: Range<usize> = 16..101;
/// Fewer lines of one length come about by chance.
const FEWEST: usize = 4;
/// One line in so many may be longer than the cut lines.
const LONGER: usize = 5;

/// Joins lines that were all cut at the same length.
pub(super) fn unwrapped(text: Mapped, repairs: &mut BTreeSet<Repair>) -> Mapped {
    let source = text.text();
    let Some(length) = cut_length(source) else { return text };
    let mut out = Rewrite::new(&text);
    let mut kept = 0;
    let lines = lines(source);
    for (line, next) in lines.iter().zip(lines.iter().skip(1)) {
        let words = source.get(line.clone()).unwrap_or_default();
        let next = source.get(next.clone()).unwrap_or_default();
        if is_prose(words) && chars(words) == length && continues(next) {
            out.keep(kept..line.start + words.trim_end_matches('\r').len());
            kept = line.end + 1;
        }
    }
    out.keep(kept..source.len());
    repairs.insert(Repair::HardWraps);
    out.finish()
}

/// The length at which lines were cut: many that go on in the next have it, hardly one is longer.
fn cut_length(text: &str) -> Option<usize> {
    let mut going_on = [0_usize; LENGTHS.end];
    let mut lines = each_line(text).peekable();
    while let Some(line) = lines.next() {
        let Some(next) = lines.peek() else { break };
        // Code and tables of numbers have lines of one length as well.
        let may_count = (LENGTHS.start..LENGTHS.end * 3).contains(&line.len());
        if may_count
            && !line.is_ascii()
            && continues(next)
            && line.bytes().any(is_han_lead)
            && is_prose(line)
            && let Some(count) = going_on.get_mut(chars(line))
        {
            *count += 1;
        }
    }
    let counts = LENGTHS.start..;
    let counts = counts.zip(going_on.iter().skip(LENGTHS.start).copied());
    let (length, count) = counts.max_by_key(|(_, count)| *count)?;
    let is_longer = |line: &&str| length < line.len() && length < chars(line) && is_prose(line);
    (FEWEST <= count && each_line(text).filter(is_longer).count() * LONGER <= count)
        .then_some(length)
}

/// The first byte of nearly every Chinese character.
fn is_han_lead(byte: u8) -> bool {
    matches!(byte, 0xe4..=0xe9)
}

/// A line that such a program would cut: no heading, and no link, as it knows some Markdown.
fn is_prose(line: &str) -> bool {
    let bytes = line.as_bytes();
    let link = |at: usize| bytes.get(at + 1) == Some(&b'(');
    !line.starts_with('#') && !memchr::memchr_iter(b']', bytes).any(link)
}

/// Characters of a line without its indent.
fn chars(line: &str) -> usize {
    let words = line.trim_end_matches('\r').trim_start_matches('\u{3000}');
    words.bytes().filter(|byte| byte & 0xc0 != 0x80).count()
}

/// May go on with the sentence of the line above.
fn continues(line: &str) -> bool {
    !line.starts_with(['\u{3000}', '#']) && !line.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORY: &str = "近日，某县警方侦破一起侵犯公民个人信息案，涉案的ABC科技有限公司以开发APP为名，通过SDK组件收集用户的IMEI、MAC地址（International Mobile Equipment Identity）和通讯录，再以每条0.5元的价格卖给XYZ广告联盟，民警在2个月内先后抓获12人。";

    fn cut(paragraph: &str, length: usize) -> String {
        let chars: Vec<char> = paragraph.chars().collect();
        let lines: Vec<String> = chars.chunks(length).map(|line| line.iter().collect()).collect();
        lines.join("\n")
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let out = unwrapped(Mapped::verbatim(text), &mut BTreeSet::new());
        assert_eq!(out.text(), expected);
    }

    #[test]
    fn cut_lines() {
        let address = "详见https://example.org/news/2023/content_1234567.html";
        let text =
            format!("# 通报\n\n　　{}\n\n　　{}\n\n　　完\n", cut(STORY, 21), cut(address, 21));
        check(&text, &format!("# 通报\n\n　　{STORY}\n\n　　{address}\n\n　　完\n"));
        let text = format!("{}\r\n\r\n完", cut(STORY, 30).replace('\n', "\r\n"));
        check(&text, &format!("{STORY}\r\n\r\n完"));
    }

    #[test]
    fn lines_that_stay() {
        let check = |text: &str| check(text, text);
        check(&format!("{STORY}\n{STORY}\n{STORY}"));
        // Verses and lists have lines of one length, but longer ones beside them.
        check(&format!("{}{STORY}\n{STORY}\n", "第一项：某县公安局网安大队移送案件\n".repeat(9)));
        check(&"赞\n在看\n".repeat(40));
        check(&"0x90, 0x90, 0x31, 0xc0, 0x50,\n".repeat(40));
        // Columns differ in their number of characters.
        check(
            "去年5月，某县警方接到\n群众举报，称收到大量骚\n扰电话。经查，有人把业\n主信息卖给装修公司，从",
        );
        check("");
    }
}
