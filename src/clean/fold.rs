//! Fold: characters written in odd ways -> the one way the rest of the text is written.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::chars::{has_sentence_mark, is_cjk_punctuation, is_han};
use super::lines::each_line;
use crate::model::{Mapped, Repair, Rewrite};

/// The characters of which U+2F00 and its followers are copies (PDF files are full of them).
const RADICALS: &str = "一丨丶丿乙亅二亠人儿入八冂冖冫几凵刀力勹匕匚匸十卜卩厂厶又口囗土士夂夊夕大女子宀寸小尢尸屮山巛工己巾干幺广廴廾弋弓彐彡彳心戈戶手支攴文斗斤方无日曰月木欠止歹殳毋比毛氏气水火爪父爻爿片牙牛犬玄玉瓜瓦甘生用田疋疒癶白皮皿目矛矢石示禸禾穴立竹米糸缶网羊羽老而耒耳聿肉臣自至臼舌舛舟艮色艸虍虫血行衣襾見角言谷豆豕豸貝赤走足身車辛辰辵邑酉釆里金長門阜隶隹雨靑非面革韋韭音頁風飛食首香馬骨高髟鬥鬯鬲鬼魚鳥鹵鹿麥麻黃黍黑黹黽鼎鼓鼠鼻齊齒龍龜龠";

/// What one character becomes.
enum Folded {
    Same,
    Gone,
    Width(char),
    Blank,
}

fn folded(c: char) -> Folded {
    match c {
        '\n' | ' '..='~' => Folded::Same,
        '\t'
        | '\u{a0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{3000}' => Folded::Blank,
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e01ef}' => Folded::Gone,
        '０'..='９'
        | 'Ａ'..='Ｚ'
        | 'ａ'..='ｚ'
        | '％'
        | '＋'
        | '－'
        | '／'
        | '＠'
        | '＃'
        | '＆'
        | '＝'
        | '＂'
        | '＇'
        | '＊'
        | '＿'
        | '｜'
        | '＜'
        | '＞'
        | '＄' => narrow(c),
        '\u{2f00}'..='\u{2fd5}' => {
            let nth = usize::try_from(u32::from(c) - 0x2f00).unwrap_or(usize::MAX);
            RADICALS.chars().nth(nth).map_or(Folded::Same, Folded::Width)
        }
        '｡' => Folded::Width('。'),
        '､' => Folded::Width('、'),
        _ => Folded::Same,
    }
}

/// One character on its own; `None` if it is invisible.
pub(super) fn character(c: char) -> Option<char> {
    match folded(c) {
        Folded::Same => Some(c),
        Folded::Gone => None,
        Folded::Width(folded) => Some(folded),
        Folded::Blank => Some(' '),
    }
}

fn narrow(c: char) -> Folded {
    char::from_u32(u32::from(c) - 0xfee0).map_or(Folded::Same, Folded::Width)
}

/// Drops invisible characters, folds widths: one character for one character.
pub(super) fn characters(text: Mapped, repairs: &mut BTreeSet<Repair>) -> Mapped {
    let source = text.text();
    let bytes = source.as_bytes();
    let mut out: Option<Rewrite<'_>> = None;
    let mut kept = 0;
    let mut next = 0;
    while let Some(&byte) = bytes.get(next) {
        let at = next;
        // Most of a text, settled without a look at the table: ASCII, and the block of Chinese characters.
        match byte {
            b'\n' | b' '..=b'~' => {
                next += 1;
                continue;
            }
            0xe4..=0xe9 => {
                next += 3;
                continue;
            }
            _ => {}
        }
        let Some(c) = source.get(at..).and_then(|rest| rest.chars().next()) else { break };
        next += c.len_utf8();
        let folded = match c {
            '．' if between_digits(source, at, c) => Folded::Width('.'),
            _ => folded(c),
        };
        if matches!(folded, Folded::Same) {
            continue;
        }
        let out = out.get_or_insert_with(|| Rewrite::new(&text));
        out.keep(kept..at);
        kept = at + c.len_utf8();
        match folded {
            Folded::Same => {}
            Folded::Gone => {
                if c != '\r' {
                    repairs.insert(Repair::Invisible);
                }
            }
            Folded::Width(wide) => {
                out.put(wide.encode_utf8(&mut [0; 4]), at..kept);
                repairs.insert(Repair::Width);
            }
            Folded::Blank => out.put(" ", at..kept),
        }
    }
    match out {
        None => text,
        Some(mut out) => {
            out.keep(kept..source.len());
            out.finish()
        }
    }
}

fn between_digits(text: &str, at: usize, c: char) -> bool {
    let digit = |c: Option<char>| c.is_some_and(|c| matches!(c, '0'..='9' | '０'..='９'));
    digit(text.get(..at).and_then(|s| s.chars().next_back()))
        && digit(text.get(at + c.len_utf8()..).and_then(|s| s.chars().next()))
}

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
    let bytes = line.as_bytes();
    bytes.iter().any(is_special) && !line.is_ascii()
}

/// A character that Chinese text sets otherwise than others, or not at all.
fn is_special(byte: &u8) -> bool {
    const SPECIAL: [bool; 256] = table(b" \"!(),.:;?");
    SPECIAL.get(usize::from(*byte)).is_some_and(|special| *special)
}

/// Which bytes are in a set.
pub(super) const fn table(set: &[u8]) -> [bool; 256] {
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
        while let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(is_special)) {
            at += found;
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
    if !words.contains(['(', ')']) {
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

    fn check(text: &str, expected: &str) {
        let fold = |text: &str| {
            let repairs = &mut BTreeSet::new();
            spacing(characters(Mapped::verbatim(text), repairs), repairs).text().to_owned()
        };
        assert_eq!(fold(text), expected, "{text}");
        assert_eq!(fold(expected), expected, "twice: {text}");
    }

    #[test]
    fn invisible_and_wide() {
        check("网\u{200b}安\u{feff}部\u{ad}门", "网安部门");
        check("查获１２０Ｇ数据，占３．６％", "查获120G数据，占3.6%");
        check("⼈民法院", "人民法院");
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
