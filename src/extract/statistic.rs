//! Statistics: published totals and shares about more than one case, with period, place and campaign.

use std::ops::Range;

use super::quantity::Quantity;
use super::scan::{Scan, unit};
use super::split::Passage;
use super::text::{piece, sentence_at, tail, within};
use crate::knowledge::patterns::RoleRule;
use crate::model::{Date, Found, Statistic};

/// The totals and shares of a text, apart from the figures of its cases.
pub(super) fn statistics(scan: &Scan<'_>, passages: &[Passage]) -> Vec<Statistic> {
    let mut found: Vec<Statistic> = Vec::new();
    for quantity in &scan.quantities {
        let Some(rule) = scan.role(quantity, &scan.patterns.metrics) else { continue };
        let at = quantity.span.start;
        let inside =
            passages.iter().any(|passage| passage.span.contains(&at)) || between(passages, at);
        if !is_published_total(scan, quantity, rule, inside) {
            continue;
        }
        let value = quantity.number.value;
        let told = found.iter().any(|known| {
            known.metric == rule.role && known.number.value.value.total_cmp(&value).is_eq()
        });
        if !told {
            found.push(statistic(scan, quantity, rule));
        }
    }
    found
}

/// Whether a byte lies between the cases of a list: comment on one of them.
fn between(passages: &[Passage], at: usize) -> bool {
    let (Some(first), Some(last)) = (passages.first(), passages.last()) else { return false };
    let named = passages.iter().filter(|passage| passage.headline.is_some()).count();
    3 <= named && first.span.start < at && at < last.span.start
}

/// Whether a number is about many cases: its sentence or paragraph counts cases or speaks of a country, a province or a period.
fn is_published_total(scan: &Scan<'_>, quantity: &Quantity, rule: &RoleRule, inside: bool) -> bool {
    let sentence = sentence_at(&scan.sentences, quantity.span.start);
    let line = scan.line_at(quantity.span.start);
    let lists = &scan.patterns.lists.statistic;
    let has = |range: &Range<usize>, class: &str| scan.hits_of(range, class).next().is_some();
    let counts = |range: &Range<usize>| {
        within(&scan.quantities, range.clone()).iter().any(|other| scan.is_case_count(other))
    };
    if has(&sentence, "foreign") || quantity.weak {
        return false;
    }
    if rule.role == "share" {
        let of_crime =
            |range: &Range<usize>| lists.of_crime.stands_in(piece(scan.text, range.clone()));
        // Below a heading, or in a paragraph that spoke of cases before, a share needs no such word of its own.
        let heading = two_before(scan, &line);
        let heading = sentence_at(&scan.lines, heading.end.saturating_sub(2));
        let headed = piece(scan.text, heading.clone()).chars().count() <= 30 && of_crime(&heading);
        return !inside
            && !has(&line, "foreign")
            && (of_crime(&(line.start..sentence.end)) || headed);
    }
    let of_enforcement = ["arrest", "solve", "prosecute", "judge", "enforcement"]
        .iter()
        .any(|class| has(&sentence, class));
    if !of_enforcement {
        return false;
    }
    if rule.role.starts_with("cases_") && quantity.number.value < 2.0 {
        return false;
    }
    let words = piece(scan.text, sentence.clone());
    let of_one_case =
        lists.of_one_case.stands_in(words) && !lists.campaign_of_case.stands_in(words);
    if inside {
        return counts(&sentence)
            && lists.of_many.stands_in(words)
            && !words.contains("涉及全国")
            && !of_one_case;
    }
    let of_justice = lists.metrics_of_many.holds(&rule.role);
    // A sum or a count of cases of a whole year or country.
    let of_country = (rule.role == "amount_yuan"
        || ["cases_", "persons_", "suspects_"].iter().any(|kind| rule.role.starts_with(kind)))
        && lists.whole_country.stands_in(words);
    let of_year = rule.role == "amount_yuan"
        && within(&scan.moments, sentence.clone())
            .iter()
            .any(|moment| moment.start.is_some_and(|date| date.month().is_none()));
    (of_justice
        || of_country
        || of_year
        || counts(&sentence)
        || counts(&line)
        || has(&sentence, "scope")
        || has(&line, "scope"))
        && !of_one_case
}

fn statistic(scan: &Scan<'_>, quantity: &Quantity, rule: &RoleRule) -> Statistic {
    let sentence = sentence_at(&scan.sentences, quantity.span.start);
    let line = scan.line_at(quantity.span.start);
    let (period_start, period_end) = period(scan, line.start..quantity.span.start);
    Statistic {
        metric: rule.role.clone(),
        subject: rule.subject.clone().or_else(|| subject(scan, quantity)),
        number: Found::new(quantity.number, quantity.span.clone(), rule.name.clone()),
        unit: Some(unit(quantity).to_owned()).filter(|unit| !unit.is_empty()),
        period_start,
        period_end,
        division: division(scan, &sentence)
            .or_else(|| division(scan, &(line.start..quantity.span.start))),
        campaign: campaign(scan, &two_before(scan, &line), &line).map(|found| found.value),
    }
}

/// The two lines before a line.
fn two_before(scan: &Scan<'_>, line: &Range<usize>) -> Range<usize> {
    let i = scan.lines.partition_point(|other| other.start < line.start);
    let start = scan.lines.get(i.saturating_sub(2)).map_or(line.start, |other| other.start);
    start..line.start.max(start)
}

/// The period nearest before a number. 2020年以来 has a start and no end; 2021年 is its own start and end.
fn period(scan: &Scan<'_>, range: Range<usize>) -> (Option<Date>, Option<Date>) {
    let Some(moment) =
        within(&scan.moments, range).iter().rev().find(|moment| moment.start.is_some())
    else {
        return (None, None);
    };
    let after = piece(scan.text, moment.span.end..scan.text.len());
    let since = after.starts_with("以来")
        || after.starts_with('起')
        || piece(scan.text, moment.span.clone()).ends_with("以来");
    let end = if since { None } else { moment.end.or(moment.start) };
    (moment.start, end)
}

fn division(scan: &Scan<'_>, range: &Range<usize>) -> Option<String> {
    let body = within(&scan.bodies, range.clone()).iter().find_map(|body| scan.code_of(body));
    let nation = &scan.patterns.lists.statistic.nation;
    if nation.stands_in(piece(scan.text, range.clone())) && body.is_none() {
        return Some("000000".to_owned());
    }
    body.or_else(|| within(&scan.places, range.clone()).first().map(|place| place.code.clone()))
}

/// The campaign named in a line, else the only one named in the whole text.
pub(super) fn campaign(
    scan: &Scan<'_>,
    whole: &Range<usize>,
    near: &Range<usize>,
) -> Option<Found<String>> {
    let first = |range: &Range<usize>| {
        let words = piece(scan.text, range.clone());
        let names = scan.patterns.campaigns.iter().filter_map(|campaign| {
            campaign.regex.captures(words)?.get(1).map(|name| (name.start(), name.as_str()))
        });
        let (at, name) = names.min_by_key(|(at, _)| *at)?;
        let start = range.start + at;
        Some(Found::new(name.to_owned(), start..start + name.len(), "campaign"))
    };
    first(near).or_else(|| first(whole))
}

/// What a number counts, in the article's words: the run of words before it (案件3.6万起) or behind it (79起换脸案件).
pub(super) fn subject(scan: &Scan<'_>, quantity: &Quantity) -> Option<String> {
    let lists = &scan.patterns.lists.statistic;
    let (before, after) = scan.around(quantity);
    let clause = before.rsplit(['，', '。', '；', '、', '：', '\n', '（']).next().unwrap_or("");
    let begin =
        lists.before_subject.iter().filter_map(|word| Some(clause.rfind(word)? + word.len()));
    let mut words = clause.get(begin.max().unwrap_or(0)..).unwrap_or("");
    while let Some(rest) = lists.after_subject.iter().find_map(|word| words.strip_suffix(word)) {
        words = rest;
    }
    let words = tail(words, 24);
    let words = words.trim_matches(['“', '”', ' ']);
    if 2 <= words.chars().count() {
        return Some(words.to_owned());
    }
    let following: String = after
        .chars()
        .take_while(|mark| {
            super::text::is_han(*mark) || matches!(mark, '“' | '”') || mark.is_ascii_alphanumeric()
        })
        .take(24)
        .collect();
    (2 <= following.chars().count()).then(|| following.trim_matches(['“', '”']).to_owned())
}
