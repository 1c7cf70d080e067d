//! Cases told in free paragraphs: a paragraph opens a case, continues it, or has nothing to do with it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::super::scan::Scan;
use super::super::text::{head, piece, within};
use super::tells::{
    all_differ, case_like, codes, compatible, count, exemplar_is_case, is_case_name, is_foreign,
    is_one_case, is_private, is_total, local_bodies, title_case,
};
use super::unit::{Kind, Style, Unit, is_section_heading, is_short};
use super::{Passage, passage};

/// Cases told in free paragraphs: a paragraph opens a case, continues it, or has nothing to do with it.
pub(super) fn free(scan: &Scan<'_>, units: &[Unit]) -> Vec<Passage> {
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
                let like = case_like(scan, &unit.span)
                    || heading.as_ref().is_some_and(|heading| {
                        told_with_heading(scan, units, i, heading, &unit.span)
                    });
                // A private suit or news from abroad has nothing to do with the case before it.
                if !like && (is_private(scan, &unit.span) || is_foreign(scan, &unit.span)) {
                    open = false;
                    heading = None;
                    continue;
                }
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
                    && passages.last().is_some_and(|last| related(scan, &unit.span, last))
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

/// Whether an item of a digest tells a case only together with its heading (罚款85万元！某高校泄露数据).
fn told_with_heading(
    scan: &Scan<'_>,
    units: &[Unit],
    i: usize,
    heading: &Range<usize>,
    range: &Range<usize>,
) -> bool {
    is_headline_of(scan, units, i, heading)
        && 0 < count(scan, range, "crime") + count(scan, range, "arrest")
        && count(scan, range, "foreign") == 0
        && title_case(scan, heading)
        && case_like(scan, &(heading.start..range.end))
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
fn related(scan: &Scan<'_>, range: &Range<usize>, current: &Passage) -> bool {
    if is_total(scan, range)
        && within(&scan.names, range.clone()).is_empty()
        && !is_one_case(scan, piece(scan.text, range.clone()))
    {
        return false;
    }
    // A body of the same place that judges goes on with the case (某市中级人民法院二审维持原判).
    let judged = || {
        let here = codes(scan, range);
        0 < count(scan, range, "judge")
            && !here.is_empty()
            && !all_differ(&here, &codes(scan, &current.span))
    };
    !within(&scan.names, range.clone()).is_empty()
        || judged()
        || 0 < count(scan, range, "accused") + count(scan, range, "anaphora")
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

/// The styles of marks that part the items of a digest: four marks or more that are no sections of one story.
fn digest_marks(scan: &Scan<'_>, units: &[Unit]) -> BTreeSet<Style> {
    let styles = units.iter().filter_map(|unit| match unit.kind {
        Kind::Item(style) if !is_section_heading(scan, piece(scan.text, unit.span.clone())) => {
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
