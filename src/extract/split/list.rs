//! Cases told as a list: 案例一, numbered items, one case each.

use std::ops::Range;

use super::super::scan::Scan;
use super::super::text::{is_han, piece};
use super::tells::{case_like, is_case_name, is_foreign, opens_with_name};
use super::unit::{Kind, Style, Unit, is_section_heading};
use super::{Passage, passage};

/// The style of the list whose items are cases, if there is one.
pub(super) fn case_list(scan: &Scan<'_>, units: &[Unit]) -> Option<Style> {
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

/// The cases of a list, one an item; and those that only a table of contents names.
pub(super) fn listed(scan: &Scan<'_>, units: &[Unit], style: Style) -> Vec<Passage> {
    let items = items(scan, units, style).into_iter().filter(|item| item_is_case(scan, item));
    let mut passages: Vec<Passage> =
        items.map(|item| passage(scan, item_span(&item), None)).collect();
    let squeezed = |range: &Range<usize>| -> String {
        piece(scan.text, range.clone()).chars().filter(|mark| is_han(*mark)).collect()
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

/// The units of each item of one style: its marked line and what follows, up to the next mark, advice or comment.
fn items<'u>(scan: &Scan<'_>, units: &'u [Unit], style: Style) -> Vec<Vec<&'u Unit>> {
    let mut items: Vec<Vec<&Unit>> = Vec::new();
    let mut open = false;
    for unit in units {
        let words = piece(scan.text, unit.span.clone());
        match &unit.kind {
            Kind::Item(found) if *found == style && !is_section_heading(scan, words) => {
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

fn item_span(item: &[&Unit]) -> Range<usize> {
    let start = item.first().map_or(0, |unit| unit.span.start);
    start..item.last().map_or(start, |unit| unit.span.end)
}
