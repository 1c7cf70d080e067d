//! Where one case ends and the next begins: numbered lists, 案例一, headings, free paragraphs, examples inside commentary.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::agency::Body;
use super::scan::Scan;
use super::text::{head, piece, within};

/// The telling of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passage {
    /// All of it, headings included.
    pub(super) span: Range<usize>,
    /// Its own heading.
    pub(super) headline: Option<Range<usize>>,
    /// Its name (丁某等人…案), where it has one.
    pub(super) case_name: Option<Range<usize>>,
    /// Other places where the same case is told: the title, a summary.
    pub(super) retold: Vec<Range<usize>>,
}

impl Passage {
    /// Every range that tells the case, the main one first.
    pub(super) fn ranges(&self) -> Vec<Range<usize>> {
        std::iter::once(self.span.clone()).chain(self.retold.iter().cloned()).collect()
    }
}

/// What a line is in the build of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Style {
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

#[derive(Debug, Clone)]
struct Unit {
    span: Range<usize>,
    kind: Kind,
}

/// The passages of a text that tell a case, in order.
pub(super) fn split(scan: &Scan<'_>) -> Vec<Passage> {
    let units = units(scan);
    let passages = match case_list(scan, &units) {
        Some(style) => listed(scan, &units, style),
        None => free(scan, &units),
    };
    let passages = merged(scan, passages);
    let mut passages: Vec<Passage> =
        passages.into_iter().flat_map(|passage| apart(scan, passage)).collect();
    passages.sort_by_key(|passage| passage.span.start);
    if let [only] = passages.as_mut_slice() {
        // The title and the summary before the telling speak of the only case.
        only.retold = units
            .iter()
            .filter(|unit| unit.span.end <= only.span.start && !matches!(unit.kind, Kind::Boundary))
            .filter(|unit| {
                !is_total(scan, &unit.span)
                    && (has_action(scan, &unit.span) || 0 < count(scan, &unit.span, "crime"))
            })
            .map(|unit| unit.span.clone())
            .collect();
    }
    passages
}

fn style_of(line: &str) -> Option<Style> {
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

fn units(scan: &Scan<'_>) -> Vec<Unit> {
    let mut units = Vec::new();
    for line in &scan.lines {
        let words = piece(scan.text, line.clone());
        let is_sentence = words.contains(['。', '！', '？', '；']) || 60 < words.chars().count();
        let kind = if scan.patterns.boundaries.iter().any(|boundary| boundary.regex.is_match(words))
            && !opens_case_name(scan, line)
            // 随着网络的发展…某市公安局破获一起案件: a commonplace opens the telling itself.
            && !(case_like(scan, line) && is_one_case(words))
        {
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
    let goes_on = |sentence: &Range<usize>| {
        let words = piece(scan.text, sentence.clone());
        let refers = [
            "经查",
            "经审",
            "据查",
            "最终",
            "法院",
            "该",
            "其",
            "被告人",
            "案发",
            "目前",
            "随后",
            "之后",
            "后",
        ]
        .iter()
        .any(|word| words.starts_with(word));
        refers || scan.first_lead(sentence).is_some()
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

fn count(scan: &Scan<'_>, range: &Range<usize>, class: &str) -> usize {
    scan.hits_of(range, class).count()
}

fn has_action(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    ["arrest", "solve", "judge", "prosecute", "administrative", "public_interest"]
        .iter()
        .any(|class| 0 < count(scan, range, class))
}

/// Whether a range tells of something done against somebody: enough to be (part of) a case.
fn case_like(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let named = scan.first_lead(range).is_some();
    let local = local_bodies(scan, range).next().is_some();
    let crime = 0 < count(scan, range, "crime") + count(scan, range, "suspect")
        || !within(&scan.charges, range.clone()).is_empty();
    let one = is_one_case(piece(scan.text, range.clone()));
    if 0 < count(scan, range, "foreign") && !local {
        return false;
    }
    if is_total(scan, range) && !named && !one {
        return false;
    }
    let accused = 0 < count(scan, range, "suspect");
    // A penalty on a firm or a person of a place is a case whatever it is for.
    let penalised = 0 < count(scan, range, "administrative")
        && local
        && (named || one || 0 < count(scan, range, "penalised"));
    let reported = local && crime && 0 < count(scan, range, "report");
    let seized = named && local && 0 < count(scan, range, "arrest") + count(scan, range, "judge");
    penalised
        || reported
        || seized
        || crime
            && (has_action(scan, range) && (named || local || one)
                || accused && (named || (local && one))
                || named && local && one)
}

fn is_one_case(words: &str) -> bool {
    static ONE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("(?:一起|该起|一宗|这起|1起|该案|此案|本案)[^，。；]{0,40}案?|(?:一个|1个|该|打掉一|捣毁一)[^。；]{0,60}(?:团伙|窝点)").expect("valid")
    });
    ONE.is_match(words)
}

/// Whether a range gives totals of many cases rather than tells one.
fn is_total(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    within(&scan.quantities, range.clone()).iter().any(|quantity| scan.is_case_count(quantity))
        || 0 < count(scan, range, "scope")
            && local_bodies(scan, range).next().is_none()
            && !is_one_case(piece(scan.text, range.clone()))
}

/// Bodies of a place smaller than the nation.
fn local_bodies<'a>(scan: &'a Scan<'_>, range: &Range<usize>) -> impl Iterator<Item = &'a Body> {
    within(&scan.bodies, range.clone()).iter().filter(|body| body.specific && !body.speaker)
}

fn codes(scan: &Scan<'_>, range: &Range<usize>) -> BTreeSet<String> {
    local_bodies(scan, range).filter_map(|body| scan.code_of(body)).collect()
}

/// Whether one of two divisions contains the other (or they are the same).
fn compatible(a: &str, b: &str) -> bool {
    let significant = |code: &str| {
        let trimmed = code.trim_end_matches('0');
        let length = trimmed.len().div_ceil(2) * 2;
        code.get(..length).unwrap_or(code).to_owned()
    };
    let (a, b) = (significant(a), significant(b));
    a.starts_with(&b) || b.starts_with(&a)
}

fn all_differ(new: &BTreeSet<String>, old: &BTreeSet<String>) -> bool {
    !new.is_empty()
        && !old.is_empty()
        && new.iter().all(|new| old.iter().all(|old| !compatible(new, old)))
}

const SECTION_WORDS: [&str; 22] = [
    "基本案情",
    "案情回顾",
    "案情简介",
    "案情",
    "案件回顾",
    "裁判结果",
    "裁判",
    "判决",
    "法院审理",
    "典型意义",
    "调查",
    "履职",
    "诉讼过程",
    "关键词",
    "要旨",
    "办案",
    "办理",
    "处理结果",
    "法院裁判",
    "检察履职",
    "指控与证明",
    "意见",
];

fn is_section_heading(words: &str) -> bool {
    let bare = words.trim_start_matches(|mark: char| {
        "一二三四五六七八九十、（）()0123456789.．【】 ".contains(mark)
    });
    SECTION_WORDS.iter().any(|section| bare.starts_with(section)) && bare.chars().count() <= 14
}

/// The style of the list whose items are cases, if there is one.
fn case_list(scan: &Scan<'_>, units: &[Unit]) -> Option<Style> {
    let styles = [
        Style::Case,
        Style::Han,
        Style::HanBracket,
        Style::Digit,
        Style::DigitBracket,
        Style::Circle,
    ];
    let counted = styles.into_iter().map(|style| {
        let items = items(scan, units, style);
        let cases = items.iter().filter(|item| item_is_case(scan, item)).count();
        (style, cases, items.len())
    });
    counted
        .filter(|(style, cases, items)| match style {
            Style::Case => 1 <= *cases,
            Style::Han | Style::HanBracket | Style::Digit | Style::DigitBracket | Style::Circle => {
                2 <= *cases && *items <= 2 * cases
            }
        })
        .max_by_key(|(style, cases, _)| (*style == Style::Case, *cases))
        .map(|(style, _, _)| style)
}

/// The units of each item of one style: its marked line and what follows, up to the next mark, advice or comment.
fn items<'u>(scan: &Scan<'_>, units: &'u [Unit], style: Style) -> Vec<Vec<&'u Unit>> {
    let mut items: Vec<Vec<&Unit>> = Vec::new();
    let mut open = false;
    for unit in units {
        let words = piece(scan.text, unit.span.clone());
        match &unit.kind {
            Kind::Item(found) if *found == style && !is_section_heading(words) => {
                items.push(vec![unit]);
                open = true;
            }
            Kind::Item(found) if *found < style => open = false,
            Kind::Boundary | Kind::Break => open = false,
            Kind::Text if open && style != Style::Case && is_foreign(scan, &unit.span) => {
                open = false;
                // The headings directly before belong to what follows.
                if let Some(item) = items.last_mut() {
                    while 1 < item.len()
                        && item.last().is_some_and(|last| last.kind == Kind::Heading)
                    {
                        item.pop();
                    }
                }
            }
            Kind::Item(_) | Kind::Heading | Kind::Text | Kind::Exemplar => {
                if open && let Some(item) = items.last_mut() {
                    item.push(unit);
                }
            }
        }
    }
    // Lines of a table of contents have nothing behind them.
    items.retain(|item| {
        1 < item.len()
            || item.iter().any(|unit| piece(scan.text, unit.span.clone()).contains(['。', '，']))
    });
    items
}

/// Whether a paragraph is about another country: nobody accused here, no body and no name of here.
fn is_foreign(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let named = scan.first_lead(range).is_some();
    0 < count(scan, range, "foreign")
        && !named
        && count(scan, range, "accused") == 0
        && local_bodies(scan, range).next().is_none()
}

fn item_span(item: &[&Unit]) -> Range<usize> {
    let start = item.first().map_or(0, |unit| unit.span.start);
    start..item.last().map_or(start, |unit| unit.span.end)
}

/// An item is a case where its opening (not an example inside it) tells one.
fn item_is_case(scan: &Scan<'_>, item: &[&Unit]) -> bool {
    // 案例三, then the name of a case: what follows tells it, whatever its words.
    let heading = item.iter().skip(1).take_while(|unit| unit.kind == Kind::Heading);
    if heading.into_iter().any(|unit| is_case_name(scan, &unit.span)) {
        return true;
    }
    let plain: Vec<&Unit> =
        item.iter().filter(|unit| unit.kind != Kind::Exemplar).copied().collect();
    let whole = item_span(&plain);
    let opening = plain
        .iter()
        .find(|unit| unit.kind != Kind::Heading)
        .map_or(whole.clone(), |unit| unit.span.clone());
    let opening = whole.start..opening.end;
    case_like(scan, &opening)
        || (case_like(scan, &whole) && (opens_with_name(scan, &whole) || item.len() <= 8))
}

fn opens_with_name(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let first = head(piece(scan.text, range.clone()), 60).len();
    let opening = range.start..range.start + first;
    within(&scan.names, opening.clone()).iter().any(|name| !name.bystander)
        || local_bodies(scan, &opening).next().is_some()
}

/// The cases of a list, one an item; and those that only a table of contents names.
fn listed(scan: &Scan<'_>, units: &[Unit], style: Style) -> Vec<Passage> {
    let items = items(scan, units, style).into_iter().filter(|item| item_is_case(scan, item));
    let mut passages: Vec<Passage> =
        items.map(|item| passage(scan, item_span(&item), None)).collect();
    let squeezed = |range: &Range<usize>| -> String {
        piece(scan.text, range.clone()).chars().filter(|mark| super::text::is_han(*mark)).collect()
    };
    let told: Vec<String> = passages.iter().map(|passage| squeezed(&passage.span)).collect();
    let only_named = units.iter().filter(|unit| {
        matches!(unit.kind, Kind::Item(found) if found != style) && is_case_name(scan, &unit.span)
    });
    for unit in only_named {
        let words: String = squeezed(&unit.span)
            .trim_start_matches(|mark| "一二三四五六七八九十".contains(mark))
            .to_owned();
        if !told.iter().any(|told| told.contains(&words)) {
            passages.push(passage(scan, unit.span.clone(), None));
        }
    }
    passages.sort_by_key(|passage| passage.span.start);
    passages
}

/// A line that is the name of a case with a body or a person in it.
fn is_case_name(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let words = piece(scan.text, range.clone());
    words.ends_with('案')
        && !words.contains(['。', '，'])
        && (local_bodies(scan, range).next().is_some() || scan.first_lead(range).is_some())
}

/// A passage with its heading and the name of its case.
fn passage(scan: &Scan<'_>, span: Range<usize>, heading: Option<Range<usize>>) -> Passage {
    let first_line =
        scan.lines.iter().find(|line| line.start <= span.start && span.start < line.end);
    let first_sentence = scan
        .sentences
        .iter()
        .find(|sentence| sentence.start <= span.start && span.start < sentence.end);
    let names_case = |range: &Range<usize>| {
        let words = piece(scan.text, range.clone()).trim_end_matches(['。', '；', ' ']);
        (words.ends_with('案') || words.ends_with("案件"))
            && words.chars().count() <= 80
            && !words.contains(['，', '：'])
            && !words.contains("一起")
    };
    // 案例一 alone on a line: the name may be broken over the next lines.
    let named_lines =
        scan.lines.iter().filter(|line| span.start <= line.start && line.end <= span.end).take(5);
    let joined = named_lines
        .take_while(|line| !piece(scan.text, (*line).clone()).contains(['。', '【']))
        .map(|line| span.start..line.end)
        .filter(|range| names_case(range))
        .last();
    let case_name = first_sentence
        .filter(|sentence| names_case(sentence))
        .cloned()
        .or(joined)
        .or(heading.clone().filter(|heading| names_case(heading)));
    let own_heading = first_line
        .filter(|line| {
            line.end <= span.end
                && !piece(scan.text, (*line).clone()).contains('。')
                && piece(scan.text, (*line).clone()).chars().count() <= 60
        })
        .cloned();
    let headline = case_name.clone().or(heading).or(own_heading);
    Passage { span, headline, case_name, retold: Vec::new() }
}

/// Cases told in free paragraphs: a paragraph opens a case, continues it, or has nothing to do with it.
fn free(scan: &Scan<'_>, units: &[Unit]) -> Vec<Passage> {
    // A page of one line is only its headline: each clause of it may be a case.
    if let [line] = scan.lines.as_slice()
        && piece(scan.text, line.clone()).chars().count() <= 120
    {
        let clauses = clauses(scan.text, line).into_iter();
        return clauses
            .filter(|clause| title_case(scan, clause))
            .map(|clause| passage(scan, clause, None))
            .collect();
    }
    let mut passages: Vec<Passage> = Vec::new();
    let mut open = false;
    let mut heading: Option<Range<usize>> = None;
    let marks = digest_marks(scan, units);
    for (i, unit) in units.iter().enumerate() {
        match unit.kind {
            Kind::Boundary | Kind::Break => {
                open = false;
                heading = None;
            }
            Kind::Item(style) if marks.contains(&style) && is_short(scan, &unit.span) => {
                open = false;
                heading = Some(unit.span.clone());
            }
            Kind::Heading => {
                heading = Some(unit.span.clone());
            }
            Kind::Exemplar => {
                if exemplar_is_case(scan, &unit.span) {
                    passages.push(passage(scan, unit.span.clone(), None));
                }
                open = false;
            }
            Kind::Text | Kind::Item(_) => {
                if matches!(unit.kind, Kind::Item(style) if marks.contains(&style)) {
                    open = false;
                }
                let like = case_like(scan, &unit.span);
                let named = heading.as_ref().is_some_and(|heading| is_case_name(scan, heading));
                let starts_new = named
                    || like
                        && introduces(
                            scan,
                            &unit.span,
                            passages.last().filter(|_| open),
                            heading.is_some(),
                        );
                if starts_new || (like && !open) {
                    let own =
                        heading.take().filter(|heading| is_headline_of(scan, units, i, heading));
                    let start = own.as_ref().map_or(unit.span.start, |heading| heading.start);
                    let start = if own.is_none() {
                        earlier_start(scan, units, i, passages.last())
                    } else {
                        start
                    };
                    let mut new = passage(scan, unit.span.clone(), own);
                    new.span.start = start;
                    passages.push(new);
                    open = true;
                } else if open
                    && related(scan, &unit.span)
                    && let Some(last) = passages.last_mut()
                    && (heading.is_none() || continues(scan, &unit.span, last))
                {
                    last.span.end = unit.span.end;
                }
                heading = None;
            }
        }
    }
    passages
}

/// The styles of marks that part the items of a digest: four marks or more that are no sections of one story.
fn digest_marks(scan: &Scan<'_>, units: &[Unit]) -> BTreeSet<Style> {
    let styles = units.iter().filter_map(|unit| match unit.kind {
        Kind::Item(style) if !is_section_heading(piece(scan.text, unit.span.clone())) => {
            Some(style)
        }
        Kind::Item(_)
        | Kind::Heading
        | Kind::Boundary
        | Kind::Break
        | Kind::Text
        | Kind::Exemplar => None,
    });
    let mut counts: BTreeMap<Style, usize> = BTreeMap::new();
    for style in styles {
        *counts.entry(style).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| 4 <= *count).map(|(style, _)| style).collect()
}

fn is_short(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let words = piece(scan.text, range.clone());
    !words.contains(['。', '；']) && words.chars().count() <= 45
}

/// Behind a new heading a paragraph goes on with the case only if it shares a name or a place with it, or names none.
fn continues(scan: &Scan<'_>, range: &Range<usize>, current: &Passage) -> bool {
    if 0 < count(scan, range, "foreign") && local_bodies(scan, range).next().is_none() {
        return false;
    }
    let names = |range: &Range<usize>| -> BTreeSet<&str> {
        within(&scan.names, range.clone())
            .iter()
            .map(|name| piece(scan.text, name.span.clone()))
            .collect()
    };
    let (new, old) = (names(range), names(&current.span));
    !new.is_disjoint(&old) || !all_differ(&codes(scan, range), &codes(scan, &current.span))
}

/// The clauses of a headline: parted by ；, / or ｜.
fn clauses(text: &str, line: &Range<usize>) -> Vec<Range<usize>> {
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

/// A clause of a headline that tells a case: an act of enforcement and a place, a name, a count of persons or a sum.
fn title_case(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let counted = within(&scan.quantities, range.clone())
        .iter()
        .filter(|quantity| !quantity.weak)
        .any(|quantity| {
            scan.role(quantity, &scan.patterns.roles).is_some_and(|rule| rule.role != "none")
        });
    case_like(scan, range)
        || (has_action(scan, range)
            && !is_total(scan, range)
            && count(scan, range, "foreign") == 0
            && (local_bodies(scan, range).next().is_some() || counted))
}

/// Where a telling starts: the paragraphs directly before that speak of the same place (接到线索, 在工作中发现) belong to it.
fn earlier_start(scan: &Scan<'_>, units: &[Unit], i: usize, last: Option<&Passage>) -> usize {
    let Some(unit) = units.get(i) else { return 0 };
    let own = codes(scan, &unit.span);
    let free_from = last.map_or(0, |last| last.span.end);
    let mut start = unit.span.start;
    for before in units.get(..i).unwrap_or(&[]).iter().rev() {
        let other = codes(scan, &before.span);
        let same_place = own.iter().any(|own| other.iter().any(|other| compatible(own, other)));
        if before.kind != Kind::Text
            || before.span.start < free_from
            || !same_place
            || is_total(scan, &before.span)
        {
            break;
        }
        start = before.span.start;
    }
    start
}

/// The heading directly before a unit is its own, unless it is the article's title.
fn is_headline_of(scan: &Scan<'_>, units: &[Unit], i: usize, heading: &Range<usize>) -> bool {
    let is_title = scan.lines.first().is_some_and(|line| line == heading);
    !is_title
        && i.checked_sub(1)
            .and_then(|before| units.get(before))
            .is_some_and(|unit| unit.span == *heading)
}

/// Whether a paragraph opens another case than the one being told.
fn introduces(
    scan: &Scan<'_>,
    range: &Range<usize>,
    current: Option<&Passage>,
    after_heading: bool,
) -> bool {
    let Some(current) = current else { return true };
    let words = piece(scan.text, range.clone());
    let opening = range.start..range.start + head(words, 24).len();
    let recent = 0 < count(scan, &opening, "recent")
        || within(&scan.moments, opening.clone())
            .iter()
            .any(|moment| moment.span.start < range.start + 18);
    let body_first = local_bodies(scan, &opening).next().is_some();
    let (new, old) = (codes(scan, range), codes(scan, &current.span));
    (recent || body_first || after_heading) && all_differ(&new, &old)
}

/// Whether a paragraph speaks of the case being told.
fn related(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    if is_total(scan, range)
        && within(&scan.names, range.clone()).is_empty()
        && !is_one_case(piece(scan.text, range.clone()))
    {
        return false;
    }
    !within(&scan.names, range.clone()).is_empty()
        || 0 < count(scan, range, "accused") + count(scan, range, "anaphora")
}

/// An example needs a fact of its own: a name, a place, a body, a number or a date.
fn exemplar_is_case(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let crime = 0 < count(scan, range, "crime")
        || !within(&scan.charges, range.clone()).is_empty()
        || 0 < count(scan, range, "judge");
    let named = scan.first_lead(range).is_some();
    let placed = !within(&scan.places, range.clone()).is_empty();
    let counted = within(&scan.quantities, range.clone())
        .iter()
        .any(|quantity| !quantity.weak && !quantity.unit.is_empty());
    crime && (named || placed || counted) && count(scan, range, "foreign") == 0
}

/// Passages that tell the same case become one: the same first name and a compatible place.
fn merged(scan: &Scan<'_>, passages: Vec<Passage>) -> Vec<Passage> {
    let mut kept: Vec<Passage> = Vec::new();
    for passage in passages {
        let lead = scan.first_name(&passage.span);
        let same = kept.iter_mut().find(|known| {
            let known_lead = scan.first_name(&known.span);
            let places = !all_differ(&codes(scan, &passage.span), &codes(scan, &known.span));
            lead.is_some() && known_lead == lead && places && !listed_apart(scan, known, &passage)
        });
        match same {
            Some(known) => known.retold.push(passage.span),
            None => kept.push(passage),
        }
    }
    kept
}

/// Cuts off the verdict of an earlier proceeding against somebody else (从其处购买信息的某某，此前已被判处…) as a case of its own.
fn apart(scan: &Scan<'_>, passage: Passage) -> Vec<Passage> {
    static EARLIER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("(?:此前|先前|早前|已另案|另案)(?:已)?(?:被|由)[^，。；]{0,20}(?:判处|判决)")
            .expect("valid")
    });
    let lead = scan.first_name(&passage.span);
    let of_another = |sentence: &&Range<usize>| {
        passage.span.start < sentence.start
            && sentence.end <= passage.span.end
            && EARLIER.is_match(piece(scan.text, (*sentence).clone()))
            && within(&scan.names, (*sentence).clone())
                .last()
                .is_some_and(|name| Some(piece(scan.text, name.span.clone())) != lead)
    };
    let Some(sentence) = scan.sentences.iter().find(of_another).cloned() else {
        return vec![passage];
    };
    let from =
        within(&scan.names, sentence.clone()).last().map_or(sentence.start, |name| name.span.start);
    let other =
        Passage { span: from..sentence.end, headline: None, case_name: None, retold: Vec::new() };
    // What follows the earlier verdict is left to the main case only where it ends the telling.
    let main = Passage { span: passage.span.start..from, ..passage };
    vec![main, other]
}

/// Two items of one list are two cases even where their first names agree (王某 is everybody).
fn listed_apart(scan: &Scan<'_>, a: &Passage, b: &Passage) -> bool {
    let style = |passage: &Passage| style_of(piece(scan.text, passage.span.clone()));
    let exemplar = |passage: &Passage| {
        scan.patterns
            .exemplars
            .iter()
            .any(|exemplar| exemplar.regex.is_match(piece(scan.text, passage.span.clone())))
    };
    (style(a).is_some() && style(a) == style(b)) || (exemplar(a) && exemplar(b))
}
