//! Whether words tell a case, a total of many, or something else.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::agency::Body;
use super::super::scan::Scan;
use super::super::text::{head, piece, within};
use super::unit::clauses;
use crate::knowledge::patterns::Opening;

/// Whether a range tells of something done against somebody: enough to be (part of) a case.
pub(super) fn case_like(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let words = piece(scan.text, range.clone());
    let named = scan.first_lead(range).is_some();
    let local = local_bodies(scan, range).next().is_some();
    let crime = 0 < count(scan, range, "crime") + count(scan, range, "suspect")
        || !within(&scan.charges, range.clone()).is_empty();
    let one = matches(&scan.patterns.new_case, words);
    if (is_abroad(scan) || 0 < count(scan, range, "foreign")) && !local {
        return false;
    }
    if is_total(scan, range) && !named && !is_one_case(scan, words)
        || is_announcement(scan, range)
        || is_private(scan, range)
        || matches(&scan.patterns.questions, words)
    {
        return false;
    }
    let accused = 0 < count(scan, range, "suspect");
    let fined = 0 < count(scan, range, "administrative");
    // A penalty on a firm or a person of a place is a case whatever it is for.
    let penalised = fined
        && (local && (named || one || 0 < count(scan, range, "penalised"))
            || tells_role(scan, range, &["fine_yuan"])
                && (named || !within(&scan.places, range.clone()).is_empty()));
    let reported = local && crime && 0 < count(scan, range, "report");
    let seized = named && local && 0 < count(scan, range, "arrest") + count(scan, range, "judge");
    // A body without its place, but with what it did counted: 公安机关抓获犯罪嫌疑人12名.
    let counted = crime
        && has_action(scan, range)
        && !within(&scan.bodies, range.clone()).is_empty()
        && tells_role(scan, range, &["suspects", "groups", "prison_months", "records"]);
    penalised
        || reported
        || seized
        || counted
        || crime
            && (has_action(scan, range) && (named || local || one)
                || accused && (named || (local && one))
                || named && local && one)
}

/// Whether a number of a range feeds one of these columns.
fn tells_role(scan: &Scan<'_>, range: &Range<usize>, roles: &[&str]) -> bool {
    within(&scan.quantities, range.clone()).iter().filter(|quantity| !quantity.weak).any(
        |quantity| {
            scan.role(quantity, &scan.patterns.roles)
                .is_some_and(|rule| roles.contains(&rule.role.as_str()))
        },
    )
}

fn matches(openings: &[Opening], words: &str) -> bool {
    openings.iter().any(|opening| opening.regex.is_match(words))
}

/// A line that only says that cases were published (公安部公布8起典型案例).
pub(super) fn is_announcement(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let words = piece(scan.text, range.clone());
    !words.contains('。') && matches(&scan.patterns.announcements, words)
}

/// A suit between private parties: nobody charges anybody with a crime.
pub(super) fn is_private(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let words = piece(scan.text, range.clone());
    let charged = ["罪", "公诉", "刑", "公益诉讼", "嫌疑人"];
    matches(&scan.patterns.civil, words)
        && !charged.iter().any(|word| words.contains(word))
        && count(scan, range, "arrest") + count(scan, range, "solve") == 0
}

/// Whether the whole article plays in another country: its first line names one and no body of here.
fn is_abroad(scan: &Scan<'_>) -> bool {
    scan.lines.first().is_some_and(|title| {
        title.end < scan.text.len()
            && piece(scan.text, title.clone()).chars().count() <= 80
            && 0 < count(scan, title, "foreign")
            && clauses(scan.text, title).len() == 1
            && local_bodies(scan, title).next().is_none()
    })
}

/// A clause of a headline that tells a case: an act of enforcement and a place, a name, a count of persons or a sum.
pub(super) fn title_case(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let words = piece(scan.text, range.clone());
    let counted = within(&scan.quantities, range.clone())
        .iter()
        .filter(|quantity| !quantity.weak)
        .any(|quantity| {
            scan.role(quantity, &scan.patterns.roles).is_some_and(|rule| rule.role != "none")
        });
    // 涉案金额 says that somebody investigates.
    let investigated = words.contains("涉案") && tells_role(scan, range, &["amount_involved_yuan"]);
    case_like(scan, range)
        || (has_action(scan, range) || investigated)
            && !is_total(scan, range)
            && !is_announcement(scan, range)
            && !matches(&scan.patterns.questions, words)
            && count(scan, range, "foreign") == 0
            && (local_bodies(scan, range).next().is_some() || counted)
}

/// An example needs a fact of its own: a name, a place, a body, a number or a date.
pub(super) fn exemplar_is_case(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let crime = 0 < count(scan, range, "crime")
        || !within(&scan.charges, range.clone()).is_empty()
        || 0 < count(scan, range, "judge");
    let named = scan.first_lead(range).is_some();
    let placed = !within(&scan.places, range.clone()).is_empty();
    let counted = within(&scan.quantities, range.clone()).iter().any(|quantity| {
        !quantity.weak
            && scan
                .role(quantity, &scan.patterns.roles)
                .is_some_and(|rule| rule.role != "none" && rule.role != "fine_yuan")
    });
    let abroad = 0 < count(scan, range, "foreign")
        || is_abroad(scan) && local_bodies(scan, range).next().is_none();
    crime && (named || placed || counted) && !abroad
}

/// A line that is the name of a case with a body or a person in it.
pub(super) fn is_case_name(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let words = piece(scan.text, range.clone());
    words.ends_with('案')
        && !words.contains(['。', '，'])
        && (local_bodies(scan, range).next().is_some() || scan.first_lead(range).is_some())
}

pub(super) fn opens_with_name(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let first = head(piece(scan.text, range.clone()), 60).len();
    let opening = range.start..range.start + first;
    within(&scan.names, opening.clone()).iter().any(|name| !name.bystander)
        || local_bodies(scan, &opening).next().is_some()
}

pub(super) fn is_one_case(scan: &Scan<'_>, words: &str) -> bool {
    matches(&scan.patterns.one_case, words)
}

/// Whether a range gives totals of many cases rather than tells one.
pub(super) fn is_total(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    within(&scan.quantities, range.clone()).iter().any(|quantity| scan.is_case_count(quantity))
        || 0 < count(scan, range, "scope")
            && local_bodies(scan, range).next().is_none()
            && !is_one_case(scan, piece(scan.text, range.clone()))
}

/// Whether a paragraph is about another country: nobody accused here, no body and no name of here.
pub(super) fn is_foreign(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let named = scan.first_lead(range).is_some();
    0 < count(scan, range, "foreign")
        && !named
        && count(scan, range, "accused") == 0
        && local_bodies(scan, range).next().is_none()
}

pub(super) fn has_action(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    ["arrest", "solve", "judge", "prosecute", "administrative", "public_interest"]
        .iter()
        .any(|class| 0 < count(scan, range, class))
}

pub(super) fn count(scan: &Scan<'_>, range: &Range<usize>, class: &str) -> usize {
    scan.hits_of(range, class).count()
}

/// Bodies of a place smaller than the nation.
pub(super) fn local_bodies<'a>(
    scan: &'a Scan<'_>,
    range: &Range<usize>,
) -> impl Iterator<Item = &'a Body> {
    within(&scan.bodies, range.clone()).iter().filter(|body| body.specific && !body.speaker)
}

pub(super) fn codes(scan: &Scan<'_>, range: &Range<usize>) -> BTreeSet<String> {
    local_bodies(scan, range).filter_map(|body| scan.code_of(body)).collect()
}

pub(super) fn all_differ(new: &BTreeSet<String>, old: &BTreeSet<String>) -> bool {
    !new.is_empty()
        && !old.is_empty()
        && new.iter().all(|new| old.iter().all(|old| !compatible(new, old)))
}

/// Whether one of two divisions contains the other (or they are the same).
pub(super) fn compatible(a: &str, b: &str) -> bool {
    let significant = |code: &str| {
        let trimmed = code.trim_end_matches('0');
        let length = trimmed.len().div_ceil(2) * 2;
        code.get(..length).unwrap_or(code).to_owned()
    };
    let (a, b) = (significant(a), significant(b));
    a.starts_with(&b) || b.starts_with(&a)
}
