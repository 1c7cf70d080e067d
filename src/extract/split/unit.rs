//! Lines of an article by what they are: headings, marked items, advice, running text, examples.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::super::scan::Scan;
use super::super::text::piece;
use super::tells::{case_like, is_one_case};

/// What a line is in the build of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A line without a sentence.
    Heading,
    /// A line that starts with an item mark; the mark's style.
    Item(Style),
    /// Advice, comment, outlook.
    Boundary,
    /// What parts the items of a digest: a bare number, a section's name, the link to an item's source.
    Break,
    /// Running text.
    Text,
    /// A sentence or two that tell a case as an example.
    Exemplar,
}

/// How an item of a list is marked, the outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Style {
    /// 案例一
    Case,
    /// 一、
    Han,
    /// （一）
    HanBracket,
    /// 1、
    Digit,
    /// （1）
    DigitBracket,
    /// ①
    Circle,
}

/// A line, or a part of one.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

/// The lines of a text, with the examples told inside them apart.
pub(super) fn units(scan: &Scan<'_>) -> Vec<Unit> {
    let mut units = Vec::new();
    for line in &scan.lines {
        let words = piece(scan.text, line.clone());
        let is_title = line.start == 0 && line.end < scan.text.len() && !words.contains('。');
        let length = words.chars().count();
        // 276人落网！某地警方摧毁一团伙 is a headline for all its marks.
        let is_sentence = !is_title
            && (words.contains(['。', '；'])
                || 45 < length && words.contains(['！', '？'])
                || 60 < length
                // 近日，某地公安机关破获一起案件: the first sentence of a report without its full stop.
                || words.contains('，')
                    && scan.hits_of(line, "recent").any(|hit| hit.span.start == line.start));
        let kind = if is_boundary(scan, line) && !opens_case_name(scan, line) {
            Kind::Boundary
        } else if scan.patterns.breaks.iter().any(|opening| opening.regex.is_match(words)) {
            Kind::Break
        } else if let Some(style) = style_of(words) {
            Kind::Item(style)
        } else if is_sentence || words.ends_with(['，', '：', ',']) {
            Kind::Text
        } else {
            Kind::Heading
        };
        if matches!(kind, Kind::Text | Kind::Item(_) | Kind::Boundary) {
            units.extend(with_exemplars(scan, line, kind));
        } else {
            units.push(Unit { span: line.clone(), kind });
        }
    }
    units
}

pub(super) fn style_of(line: &str) -> Option<Style> {
    static CASE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:【|\[|◆|■|●|▲)?(?:典型)?案例(?:之)?\s*[一二三四五六七八九十0-9]{1,3}")
            .expect("valid")
    });
    static HAN: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("^[一二三四五六七八九十]{1,3}[、．.]").expect("valid"));
    static HAN_BRACKET: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("^[（(][一二三四五六七八九十]{1,3}[）)]").expect("valid"));
    static DIGIT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^[0-9]{1,2}(?:、|．|\.\s*[^0-9\s])").expect("valid"));
    static DIGIT_BRACKET: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("^[（(][0-9]{1,2}[）)]").expect("valid"));
    static CIRCLE: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[①-⑳]").expect("valid"));
    [
        (Style::Case, &CASE),
        (Style::Han, &HAN),
        (Style::HanBracket, &HAN_BRACKET),
        (Style::Digit, &DIGIT),
        (Style::DigitBracket, &DIGIT_BRACKET),
        (Style::Circle, &CIRCLE),
    ]
    .into_iter()
    .find_map(|(style, regex)| regex.is_match(line).then_some(style))
}

/// Whether a line is advice, comment or outlook, and not the commonplace that opens a telling
/// (随着网络的发展…某市公安局破获一起案件).
fn is_boundary(scan: &Scan<'_>, line: &Range<usize>) -> bool {
    let words = piece(scan.text, line.clone());
    let Some(boundary) =
        scan.patterns.boundaries.iter().find(|boundary| boundary.regex.is_match(words))
    else {
        return false;
    };
    let named = scan.first_lead(line).is_some();
    let tells = case_like(scan, line) && (is_one_case(scan, words) || named);
    // 近年来…。近日，某地一名学生被判处…: the telling comes after the commonplace.
    let later = || {
        scan.sentences
            .iter()
            .filter(|sentence| line.start < sentence.start && sentence.end <= line.end)
            .any(|sentence| {
                scan.hits_of(sentence, "recent").any(|hit| hit.span.start == sentence.start)
                    && case_like(scan, sentence)
            })
    };
    !(tells || &*boundary.name == "outlook" && (named || later()))
}

/// A line whose opening words look like advice may still be the name of a case.
fn opens_case_name(scan: &Scan<'_>, line: &Range<usize>) -> bool {
    let words = piece(scan.text, line.clone());
    words.trim_end_matches('。').ends_with('案') && words.chars().count() < 60
}

/// Cuts the sentences that tell examples out of a line.
fn with_exemplars(scan: &Scan<'_>, line: &Range<usize>, kind: Kind) -> Vec<Unit> {
    let sentences = scan
        .sentences
        .iter()
        .filter(|sentence| line.start <= sentence.start && sentence.end <= line.end);
    let starts: Vec<usize> = sentences
        .filter(|sentence| {
            let words = piece(scan.text, (*sentence).clone());
            scan.patterns.exemplars.iter().any(|exemplar| exemplar.regex.is_match(words))
        })
        .map(|sentence| sentence.start)
        .collect();
    let Some(first) = starts.first() else { return vec![Unit { span: line.clone(), kind }] };
    let mut units = Vec::new();
    if line.start < *first {
        units.push(Unit { span: line.start..*first, kind });
    }
    let limits = starts.iter().skip(1).copied().chain([line.end]);
    for (start, limit) in starts.iter().zip(limits) {
        let end = end_of_example(scan, *start, limit);
        units.push(Unit { span: *start..end, kind: Kind::Exemplar });
        if end < limit {
            units.push(Unit { span: end..limit, kind: Kind::Text });
        }
    }
    units
}

/// An example goes on as long as the next sentence speaks of the same persons or of what became of them.
fn end_of_example(scan: &Scan<'_>, start: usize, limit: usize) -> usize {
    let lists = &scan.patterns.lists.split;
    // A paragraph that opens with the example tells nothing else, unless it draws a conclusion.
    let whole = scan.lines.iter().any(|line| line.start == start);
    let goes_on = |sentence: &Range<usize>| {
        let words = piece(scan.text, sentence.clone());
        let refers = lists.goes_on.opens(words) || scan.first_lead(sentence).is_some();
        if whole { !lists.conclusions.opens(words) } else { refers }
    };
    let sentences =
        scan.sentences.iter().filter(|sentence| start <= sentence.start && sentence.end <= limit);
    let mut end = limit;
    for (i, sentence) in sentences.enumerate() {
        if 0 < i && !goes_on(sentence) {
            break;
        }
        end = sentence.end;
    }
    end
}

/// Whether a line is the heading of a part of one case (一、基本案情).
pub(super) fn is_section_heading(scan: &Scan<'_>, words: &str) -> bool {
    let bare = words.trim_start_matches(|mark: char| {
        "一二三四五六七八九十、（）()0123456789.．【】 ".contains(mark)
    });
    scan.patterns.lists.split.sections.opens(bare) && bare.chars().count() <= 14
}

pub(super) fn is_short(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let words = piece(scan.text, range.clone());
    !words.contains(['。', '；']) && words.chars().count() <= 45
}

/// The clauses of a headline: parted by ；, / or ｜.
pub(super) fn clauses(text: &str, line: &Range<usize>) -> Vec<Range<usize>> {
    let mut clauses = Vec::new();
    let mut start = line.start;
    for (at, mark) in piece(text, line.clone()).char_indices() {
        if matches!(mark, '；' | ';' | '/' | '｜' | '|' | '丨') {
            clauses.push(start..line.start + at);
            start = line.start + at + mark.len_utf8();
        }
    }
    clauses.push(start..line.end);
    clauses.retain(|clause| clause.start < clause.end);
    clauses
}
