//! Link: tellings of the same case by several articles get one case.

use std::collections::BTreeMap;

use crate::model::{Case, Date, Measure, Number, Qualifier};

/// One telling of a case, as linking sees it.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    /// The article's number; two cases of one article are never one.
    pub article: usize,
    /// What was read.
    pub case: &'a Case,
    /// When the article was published.
    pub published: Option<Date>,
}

/// For each telling the index of the telling that stands for its case (itself where it is the first).
///
/// Every member agrees with the first of its group, which is the earliest published; the order of `tellings`
/// matters only between equals.
pub fn link(tellings: &[Telling<'_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..tellings.len()).collect();
    order.sort_by_key(|i| {
        let telling = tellings.get(*i);
        (telling.and_then(|telling| telling.published).map_or(i32::MAX, Date::days), *i)
    });
    let mut first_of: Vec<usize> = (0..tellings.len()).collect();
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for i in order {
        let Some(telling) = tellings.get(i) else { continue };
        let Some(key) = key(telling.case) else { continue };
        let known = groups.entry(key).or_default();
        let same = known.iter().copied().find(|first| {
            let apart = members.get(first).is_none_or(|list| {
                list.iter()
                    .filter_map(|member| tellings.get(*member))
                    .all(|member| member.article != telling.article)
            });
            apart && tellings.get(*first).is_some_and(|first| same_case(first, telling))
        });
        match same {
            Some(first) => {
                if let Some(slot) = first_of.get_mut(i) {
                    *slot = first;
                }
                members.entry(first).or_default().push(i);
            }
            None => {
                known.push(i);
                members.entry(i).or_default().push(i);
            }
        }
    }
    first_of
}

/// What tellings of one case have in common for certain: the lead's name, or without one the place.
fn key(case: &Case) -> Option<String> {
    match (&case.lead, &case.division) {
        (Some(lead), _) => Some(format!("lead {}", lead.value.name)),
        (None, Some(division)) => Some(format!("place {}", division.value)),
        (None, None) => None,
    }
}

/// Whether two tellings with the same key tell the same case: compatible place and charge, and enough that agrees.
fn same_case(a: &Telling<'_>, b: &Telling<'_>) -> bool {
    let (x, y) = (a.case, b.case);
    let places = match (&x.division, &y.division) {
        (Some(x), Some(y)) => contains(&x.value, &y.value) || contains(&y.value, &x.value),
        (None, _) | (_, None) => true,
    };
    let charges = match (&x.offence, &y.offence) {
        (Some(x), Some(y)) => {
            x.value.name == y.value.name || (x.value.code.is_some() && x.value.code == y.value.code)
        }
        (None, _) | (_, None) => true,
    };
    if !places || !charges {
        return false;
    }
    let (agree, differ) = compare(x, y);
    let dated =
        x.action_date.as_ref().zip(y.action_date.as_ref()).is_some_and(|(x, y)| x.value == y.value);
    let same_agency =
        x.agency.as_ref().zip(y.agency.as_ref()).is_some_and(|(x, y)| x.value.name == y.value.name);
    let named = x.lead.is_some();
    let evidence = agree + usize::from(dated) + usize::from(same_agency && named);
    let needed = if named { 2 } else { 3 };
    // A place must be told on both sides unless three facts agree: 王某 is everywhere.
    let placed = x.division.is_some() && y.division.is_some();
    differ <= agree
        && needed + usize::from(!placed) <= evidence + usize::from(placed && named && 0 < agree)
}

fn contains(outer: &str, inner: &str) -> bool {
    let trimmed = outer.trim_end_matches('0');
    let length = trimmed.len().div_ceil(2) * 2;
    outer.get(..length).is_some_and(|prefix| inner.starts_with(prefix))
}

/// How many measures agree and how many differ between two cases.
fn compare(a: &Case, b: &Case) -> (usize, usize) {
    let both = Measure::ALL
        .iter()
        .filter_map(|measure| Some((a.numbers.get(measure)?, b.numbers.get(measure)?)));
    both.fold((0, 0), |(agree, differ), (x, y)| {
        if agrees(&x.value, &y.value) { (agree + 1, differ) } else { (agree, differ + 1) }
    })
}

/// Whether two numbers can be tellings of one: equal, or one hedged so that it allows the other.
pub fn agrees(a: &Number, b: &Number) -> bool {
    let loose = |x: &Number, y: &Number| match x.qualifier {
        Qualifier::Exact => false,
        Qualifier::Over => x.value <= y.value && y.value < x.value * 1.2,
        Qualifier::Nearly => y.value <= x.value && x.value * 0.8 < y.value,
        Qualifier::About => (x.value - y.value).abs() <= x.value * 0.1,
        Qualifier::Several | Qualifier::Range => {
            x.low.is_none_or(|low| low <= y.value) && x.high.is_some_and(|high| y.value <= high)
        }
    };
    (a.value - b.value).abs() <= a.value.abs() * 1e-9 || loose(a, b) || loose(b, a)
}

/// How precise a number is told, the best last: for choosing one of several tellings.
pub fn precision(number: &Number) -> u8 {
    match number.qualifier {
        Qualifier::Exact => 5,
        Qualifier::About => 4,
        Qualifier::Over | Qualifier::Nearly => 3,
        Qualifier::Range => 2,
        Qualifier::Several => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Found, Lead, LeadKind};

    fn case(lead: Option<&str>, division: &str, numbers: &[(Measure, f64)]) -> Case {
        Case {
            ordinal: 1,
            span: 0..1,
            headline: None,
            lead: lead.map(|name| {
                Found::new(Lead { name: name.to_owned(), kind: LeadKind::Person }, 0..1, "test")
            }),
            agency: None,
            division: Some(Found::new(division.to_owned(), 0..1, "test")),
            offence: None,
            stage: None,
            action_date: None,
            numbers: numbers
                .iter()
                .map(|(measure, value)| (*measure, Found::new(Number::exact(*value), 0..1, "test")))
                .collect(),
            price: None,
            campaign: None,
            confidence: 0.5,
        }
    }

    fn check(cases: &[Case], expected: &[usize]) {
        let tellings: Vec<Telling<'_>> = cases
            .iter()
            .enumerate()
            .map(|(article, case)| Telling { article, case, published: None })
            .collect();
        assert_eq!(link(&tellings), expected);
    }

    #[test]
    fn joins_tellings_that_agree() {
        let suspects = Measure::Suspects;
        let gain = Measure::IllegalGain;
        check(
            &[
                case(Some("丁某"), "320000", &[(suspects, 12.0), (gain, 50000.0)]),
                case(Some("丁某"), "320100", &[(suspects, 12.0)]),
                case(Some("丁某"), "330000", &[(suspects, 12.0)]),
                case(Some("丁某"), "320000", &[(suspects, 30.0), (gain, 50001.0)]),
                case(None, "320000", &[(suspects, 12.0)]),
            ],
            &[0, 0, 2, 3, 4],
        );
    }
}
