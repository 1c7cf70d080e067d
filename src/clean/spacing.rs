//! Set: blanks and punctuation in odd places -> as Chinese text has them.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::chars::{has_sentence_mark, is_cjk_punctuation, is_han};
use super::lines::each_line;
use crate::model::{Mapped, Repair, Rewrite};

/// Sets blanks and punctuation as Chinese text has them, line by line.
pub(super) fn spacing(text: Mapped, repairs: &mut BTreeSet<Repair>) -> Mapped {
    let source = text.text();
    let mut edits = Edits { out: None, kept: 0, text: &text };
    let mut start = 0;
    for line in each_line(source) {
        if needs_care(line) {
            Line::new(line, start).write(&mut edits, repairs);
        }
        start += line.len() + 1;
    }
    match edits.finish() {
        Some(out) => out,
        None => text,
    }
}

/// A line with Chinese in it and something that might have to be set otherwise.
fn needs_care(line: &str) -> bool {
    !line.is_ascii() && next_special(line.as_bytes()).is_some()
}

/// A character that Chinese text sets otherwise than others, or not at all.
fn is_special(byte: &u8) -> bool {
    const SPECIAL: [bool; 256] = table(b" \"!(),.:;?");
    SPECIAL.get(usize::from(*byte)).is_some_and(|special| *special)
}

/// Where the first special character stands.
fn next_special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let mut at = 0;
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        // All of them are from 20 to 3F: a byte that is none of these is not zero here.
        let near = (u64::from_ne_bytes(*block) & (ONES * 0xe0)) ^ (ONES * 0x20);
        let any = near.wrapping_sub(ONES) & !near & (ONES << 7) != 0;
        if any && block.iter().any(is_special) {
            break;
        }
        at += 8;
    }
    bytes.get(at..)?.iter().position(is_special).map(|found| at + found)
}

/// Which bytes are in a set.
const fn table(set: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut rest = set;
    while let [byte, others @ ..] = rest {
        #[expect(clippy::indexing_slicing, reason = "a byte is less than 256")]
        {
            table[*byte as usize] = true;
        }
        rest = others;
    }
    table
}

struct Edits<'a> {
    text: &'a Mapped,
    out: Option<Rewrite<'a>>,
    kept: usize,
}

impl Edits<'_> {
    fn replace(&mut self, start: usize, end: usize, words: &str) {
        let out = self.out.get_or_insert_with(|| Rewrite::new(self.text));
        out.keep(self.kept..start);
        if !words.is_empty() {
            out.put(words, start..end);
        }
        self.kept = end;
    }

    fn finish(self) -> Option<Mapped> {
        let mut out = self.out?;
        out.keep(self.kept..self.text.text().len());
        Some(out.finish())
    }
}

/// One line under repair.
struct Line<'a> {
    words: &'a str,
    start: usize,
    /// Sentences rather than a heading: its blanks mean nothing. Asked of few lines.
    prose: OnceCell<bool>,
    /// Straight quotes come in pairs.
    quotes: bool,
    /// Byte offsets of the parentheses, opening and closing, that are set wide.
    wide: Vec<usize>,
}

impl<'a> Line<'a> {
    fn new(words: &'a str, start: usize) -> Self {
        let quotes = words.bytes().filter(|&b| b == b'"').count();
        let quotes = quotes != 0 && quotes.is_multiple_of(2) && words.chars().any(is_han);
        Line { words, start, prose: OnceCell::new(), quotes, wide: wide_parentheses(words, quotes) }
    }

    fn prose(&self) -> bool {
        *self.prose.get_or_init(|| has_sentence_mark(self.words))
    }

    fn write(&self, edits: &mut Edits<'_>, repairs: &mut BTreeSet<Repair>) {
        let bytes = self.words.as_bytes();
        // The last character written and where the one behind it stands; else the one in the text is the last.
        let mut written: Option<(usize, Option<char>)> = Some((0, None));
        let mut open = false;
        let mut at = 0;
        while let Some(found) = bytes.get(at..).and_then(next_special) {
            at += found;
            // A blank between two Latin words stays.
            let word = |at: Option<usize>| at.and_then(|at| bytes.get(at));
            let word = |at| word(at).is_some_and(u8::is_ascii_alphanumeric);
            if bytes.get(at) == Some(&b' ') && word(at.checked_sub(1)) && word(Some(at + 1)) {
                at += 1;
                continue;
            }
            let Some(&c) = bytes.get(at) else { break };
            let c = char::from(c);
            let before = match written {
                Some((end, last)) if end == at => last,
                _ => self.words.get(..at).and_then(|head| head.chars().next_back()),
            };
            let here = self.start + at;
            if c == ' ' {
                let rest = bytes.get(at..).unwrap_or_default();
                let end = at + rest.iter().take_while(|&&b| b == b' ').count();
                let after = self.words.get(end..).and_then(|tail| tail.chars().next());
                let after = after.map(|c| self.upcoming(end, c, open));
                if self.blank_goes(before, after, at, end) {
                    edits.replace(here, self.start + end, "");
                    if before.is_some() && after.is_some() {
                        repairs.insert(Repair::Spacing);
                    }
                    written = Some((end, before));
                } else {
                    if end - at > 1 {
                        edits.replace(here, self.start + end, " ");
                    }
                    written = Some((end, Some(' ').filter(|_| before.is_some())));
                }
                at = end;
                continue;
            }
            let now = match c {
                '"' if self.quotes => {
                    open = !open;
                    if open { '“' } else { '”' }
                }
                '(' if self.wide.contains(&at) => '（',
                ')' if self.wide.contains(&at) => '）',
                ',' | ':' | ';' | '?' | '!' | '.' => self.punctuation(c, before, at),
                _ => c,
            };
            at += 1;
            if now != c {
                edits.replace(here, here + 1, now.encode_utf8(&mut [0; 4]));
                repairs.insert(Repair::Width);
            }
            written = Some((at, Some(now)));
        }
    }

    /// The character as it will be written.
    fn upcoming(&self, at: usize, c: char, open: bool) -> char {
        match c {
            '"' if self.quotes && open => '”',
            '"' if self.quotes => '“',
            '(' if self.wide.contains(&at) => '（',
            ')' if self.wide.contains(&at) => '）',
            _ => c,
        }
    }

    /// `3100 余起` and `“ 内鬼 ”` have blanks that mean nothing; `A公司 B公司` in a heading has not.
    fn blank_goes(&self, before: Option<char>, after: Option<char>, at: usize, end: usize) -> bool {
        let (Some(before), Some(after)) = (before, after) else {
            // One leading blank is kept, as it marks a paragraph; none at the end.
            return after.is_none();
        };
        if is_cjk_punctuation(before) || is_cjk_punctuation(after) {
            return self.prose() || self.quotes || !is_closing(before) || is_closing(after);
        }
        if self.prose() && is_han(before) && matches!(after, ',' | ':' | ';' | '?' | '!') {
            return true;
        }
        let narrow = |c: char| c.is_ascii_alphanumeric() || c == '%';
        match (is_han(before), is_han(after)) {
            (true, true) => {
                let lone_before = self.word_before(at) == 1;
                let lone_after = self.word_after(end) == 1;
                (lone_before && lone_after)
                    || (self.prose() && !self.runs_in(at) && !self.in_title(at))
            }
            (true, false) if narrow(after) => self.prose() || self.token_ends_in_blank(end),
            (false, true) if narrow(before) => self.prose() || self.token_starts_in_blank(at),
            _ => false,
        }
    }

    /// Between the marks 《 and 》.
    fn in_title(&self, at: usize) -> bool {
        let head = self.words.get(..at).unwrap_or_default();
        let mut depth = 0_usize;
        for (_, mark) in head.match_indices(['《', '》']) {
            depth = if mark == "《" { depth + 1 } else { depth.saturating_sub(1) };
        }
        0 < depth
    }

    /// Characters of the Chinese word that ends here.
    fn word_before(&self, at: usize) -> usize {
        let head = self.words.get(..at).unwrap_or_default();
        head.chars().rev().take_while(|c| is_han(*c)).take(2).count()
    }

    fn word_after(&self, at: usize) -> usize {
        let tail = self.words.get(at..).unwrap_or_default();
        tail.chars().take_while(|c| is_han(*c)).take(2).count()
    }

    /// A heading that the sentence follows on the same line: `案情回顾 去年3月，某地…`.
    fn runs_in(&self, at: usize) -> bool {
        let head = self.words.get(..at).unwrap_or_default().trim_start();
        let mut chars = 0;
        head.chars().all(|c| {
            chars += 1;
            chars <= 30 && c != ' ' && !matches!(c, '。' | '，' | ',' | '；')
        }) && 4 <= chars
    }

    /// Chinese punctuation, or what becomes it.
    fn sets_off(&self, c: char) -> bool {
        is_cjk_punctuation(c) || matches!(c, '(' | ')') || (c == '"' && self.quotes)
    }

    fn token_ends_in_blank(&self, start: usize) -> bool {
        let tail = self.words.get(start..).unwrap_or_default();
        let rest =
            tail.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '%'));
        rest.is_empty() || rest.starts_with(|c: char| c == ' ' || self.sets_off(c))
    }

    fn token_starts_in_blank(&self, end: usize) -> bool {
        let head = self.words.get(..end).unwrap_or_default();
        let rest =
            head.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '%'));
        rest.is_empty() || rest.ends_with(|c: char| c == ' ' || self.sets_off(c) || is_han(c))
    }

    /// Narrow punctuation between Chinese words is set wide; in numbers, times and addresses it stays.
    fn punctuation(&self, c: char, before: Option<char>, at: usize) -> char {
        let after = self.words.get(at + 1..).unwrap_or_default().char_indices();
        let after = after.map(|(i, c)| (at + 1 + i, c)).find(|(_, c)| *c != ' ');
        let after = after.map(|(i, c)| if c == '(' && self.wide.contains(&i) { '（' } else { c });
        let chinese = |c: Option<char>| c.is_some_and(|c| is_han(c) || is_cjk_punctuation(c));
        let ends = after.is_none();
        let digit = after.is_some_and(|c| c.is_ascii_digit());
        let quote = after == Some('"') && self.quotes;
        let wide = match c {
            '.' => is_last(before, ends),
            ':' | ',' if before.is_some_and(is_han) => {
                chinese(after) || ends || digit || quote || self.prose_word(after)
            }
            ';' | '?' | '!' if chinese(before) => chinese(after) || ends || digit || quote,
            ',' | ':' if chinese(before) => chinese(after) || ends || quote || digit,
            ',' | ';' => {
                before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '%')
                    && after.is_some_and(is_han)
            }
            _ => false,
        };
        if !wide {
            return c;
        }
        match c {
            ',' => '，',
            ':' => '：',
            ';' => '；',
            '?' => '？',
            '!' => '！',
            '.' => '。',
            _ => c,
        }
    }

    /// A Latin word behind a Chinese clause: `据介绍,AI换脸…`.
    fn prose_word(&self, after: Option<char>) -> bool {
        self.prose() && after.is_some_and(|c| c.is_ascii_uppercase() || c == '(')
    }
}

fn is_closing(c: char) -> bool {
    matches!(
        c,
        '）' | '】'
            | '》'
            | '」'
            | '』'
            | '，'
            | '。'
            | '、'
            | '；'
            | '：'
            | '？'
            | '！'
            | '”'
            | '’'
            | '…'
    )
}

fn is_last(before: Option<char>, ends: bool) -> bool {
    ends && before.is_some_and(is_han)
}

/// Parentheses of which one side or the inside is Chinese, in pairs; a pair may be half wide already.
fn wide_parentheses(words: &str, quotes: bool) -> Vec<usize> {
    let chinese = |c: char| is_han(c) || is_cjk_punctuation(c) || (c == '"' && quotes);
    let mut wide = Vec::new();
    if memchr::memchr2(b'(', b')', words.as_bytes()).is_none() {
        return wide;
    }
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut before: Option<char> = None;
    for (at, mut c) in words.char_indices() {
        match c {
            '(' => open.push((at, before.is_some_and(chinese))),
            '（' => open.push((at, true)),
            ')' | '）' => {
                if let Some((start, behind_chinese)) = open.pop() {
                    let inside = words.get(start..at).unwrap_or_default();
                    if behind_chinese || c == '）' || inside.chars().any(is_han) {
                        wide.extend([start, at]);
                        c = '）';
                    }
                }
            }
            _ => {}
        }
        if c != ' ' {
            before = Some(c);
        }
    }
    wide
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clean::fold::characters;

    fn check(text: &str, expected: &str) {
        let fold = |text: &str| {
            let repairs = &mut BTreeSet::new();
            spacing(characters(Mapped::verbatim(text), repairs), repairs).text().to_owned()
        };
        assert_eq!(fold(text), expected, "{text}");
        assert_eq!(fold(expected), expected, "twice: {text}");
    }

    #[test]
    fn blanks() {
        check("抓获嫌疑人 3100 余名,涉案 AI 技术。", "抓获嫌疑人3100余名，涉案AI技术。");
        check("利用 \" 内鬼 \" 泄露 , 牟利。", "利用“内鬼”泄露，牟利。");
        check("识 别 验 证", "识别验证");
        check("甲地破案 乙地收网", "甲地破案 乙地收网");
        check("某市警方通报 2022年抓获9人", "某市警方通报 2022年抓获9人");
        check("某市抓获 9 人", "某市抓获9人");
        check("we have two words", "we have two words");
        check("使用 Visual Studio 编写。", "使用Visual Studio编写。");
        check("\u{3000}\u{3000}近日，某地", " 近日，某地");
    }

    #[test]
    fn punctuation() {
        check("他说:好,走!", "他说：好，走！");
        check("10:30发布,共1,200条", "10:30发布，共1,200条");
        check("刑法修正案(九)施行", "刑法修正案（九）施行");
        check("(二）依法追诉，（三)追赃", "（二）依法追诉，（三）追赃");
        check("see f(x), then", "see f(x), then");
        check("案件已办结.", "案件已办结。");
        check("\"甲\"\"乙\"等公司", "“甲”“乙”等公司");
        check("图5\"屏\"\"", "图5\"屏\"\"");
    }
}
