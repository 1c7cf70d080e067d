//! Where one case ends and the next begins: numbered lists, 案例一, headings, free paragraphs, examples inside commentary.

mod free;
mod list;
mod tells;
mod unit;

use std::ops::Range;

use self::free::free;
use self::list::{case_list, listed};
use self::tells::{all_differ, codes, count, has_action, is_announcement, is_total, title_case};
use self::unit::{Kind, clauses, style_of, units};
use super::scan::Scan;
use super::text::{piece, within};

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

/// The passages of a text that tell a case, in order.
pub(super) fn split(scan: &Scan<'_>) -> Vec<Passage> {
    let units = units(scan);
    if scan.lines.len() == 1 && !scan.text.contains('。') {
        return title_alone(scan);
    }
    let passages = match case_list(scan, &units) {
        Some(style) => listed(scan, &units, style),
        None => free(scan, &units),
    };
    let passages = merged(scan, passages);
    let mut passages: Vec<Passage> =
        passages.into_iter().flat_map(|passage| apart(scan, passage)).collect();
    passages.sort_by_key(|passage| passage.span.start);
    if passages.is_empty() {
        passages = title_alone(scan);
    }
    if let [only] = passages.as_mut_slice() {
        // The title and the summary before the telling speak of the only case.
        only.retold = units
            .iter()
            .filter(|unit| unit.span.end <= only.span.start && !matches!(unit.kind, Kind::Boundary))
            .filter(|unit| is_summary(scan, &unit.span, only))
            .map(|unit| unit.span.clone())
            .collect();
    }
    passages
}

/// Whether words before the only case speak of it too: the title, the lines directly before, or a paragraph with its
/// place or its first name.
fn is_summary(scan: &Scan<'_>, range: &Range<usize>, case: &Passage) -> bool {
    let told = has_action(scan, range) || 0 < count(scan, range, "crime");
    let (here, there) = (codes(scan, range), codes(scan, &case.span));
    let apart = all_differ(&here, &there)
        || 0 < count(scan, range, "foreign")
        || clauses(scan.text, range).len() != 1;
    let lead = scan.first_name(&case.span);
    let named = lead.is_some()
        && within(&scan.names, range.clone())
            .iter()
            .any(|name| Some(piece(scan.text, name.span.clone())) == lead);
    let lines = scan.lines.partition_point(|line| line.end <= range.end);
    let before = scan.lines.partition_point(|line| line.start < case.span.start);
    let near = before.saturating_sub(lines) < 3;
    let of_it = range.start == 0 || near || named || (!here.is_empty() && !there.is_empty());
    told && of_it && !apart && !is_total(scan, range) && !is_announcement(scan, range)
}

/// The cases that only the title tells, where hardly anything follows it.
fn title_alone(scan: &Scan<'_>) -> Vec<Passage> {
    const LITTLE: usize = 120;
    let Some(title) = scan.lines.first() else { return Vec::new() };
    let rest = piece(scan.text, title.end..scan.text.len()).chars().count();
    let length = piece(scan.text, title.clone()).chars().count();
    if LITTLE < rest || LITTLE < length || piece(scan.text, title.clone()).contains('。') {
        return Vec::new();
    }
    let clauses = clauses(scan.text, title).into_iter();
    clauses
        .filter(|clause| title_case(scan, clause))
        .map(|clause| passage(scan, clause, None))
        .collect()
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
    let is_earlier = |words: &str| {
        scan.patterns.earlier_verdict.iter().any(|opening| opening.regex.is_match(words))
    };
    let lead = scan.first_name(&passage.span);
    let of_another = |sentence: &&Range<usize>| {
        passage.span.start < sentence.start
            && sentence.end <= passage.span.end
            && is_earlier(piece(scan.text, (*sentence).clone()))
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
