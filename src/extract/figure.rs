//! Figures: which number of a case feeds which column, and what becomes of the others.

use std::collections::BTreeMap;
use std::ops::Range;

use super::quantity::Quantity;
use super::scan::{Scan, unit};
use super::split::Passage;
use super::text::{piece, sentence_at, within};
use crate::knowledge::patterns::RoleRule;
use crate::model::{Figure, Found, Measure, Number, Price, Qualifier};

/// The numbers of one case: its measures, its price, and every figure of its passages.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) numbers: BTreeMap<Measure, Found<Number>>,
    pub(super) price: Option<Found<Price>>,
    pub(super) all: Vec<Figure>,
}

/// A number that could feed a column.
#[derive(Debug)]
struct Candidate<'a> {
    quantity: &'a Quantity,
    rule: &'a RoleRule,
    /// In the telling itself, not in a title or summary.
    main: bool,
    /// Who it is said of: `None` where nobody is named.
    of_lead: Option<bool>,
    /// One of several amounts of information that a sentence lists: a part, not a total.
    part: bool,
    /// One end of a range over several persons (…不等).
    varied: bool,
}

/// Reads the numbers of a case whose lead is `lead`, leaving out the published totals that start at `totals`.
pub(super) fn figures(
    scan: &Scan<'_>,
    passage: &Passage,
    lead: Option<&str>,
    ordinal: u32,
    totals: &[usize],
) -> Figures {
    let mut figures = Figures::default();
    let mut candidates: BTreeMap<&str, Vec<Candidate<'_>>> = BTreeMap::new();
    for (i, range) in passage.ranges().into_iter().enumerate() {
        for quantity in within(&scan.quantities, range)
            .iter()
            .filter(|quantity| !totals.contains(&quantity.span.start))
        {
            let rule = scan.role(quantity, &scan.patterns.roles);
            // 一条, 一个 before a noun are articles more often than amounts.
            let rule = rule.filter(|rule| {
                let weak = ["records", "accounts", "victims", "suspects"];
                !(quantity.weak && weak.contains(&rule.role.as_str()))
            });
            figures.all.push(figure(scan, quantity, rule, ordinal));
            if let Some(rule) = rule {
                let of_lead = lead.and_then(|lead| is_said_of(scan, quantity, lead));
                candidates.entry(rule.role.as_str()).or_default().push(Candidate {
                    quantity,
                    rule,
                    main: i == 0,
                    of_lead,
                    varied: super::text::head(scan.around(quantity).1, 12).contains("不等"),
                    part: false,
                });
            }
        }
    }
    if let Some(records) = candidates.get_mut("records") {
        mark_parts(scan, records);
    }
    for measure in Measure::ALL {
        let Some(list) = candidates.get(measure.name()) else { continue };
        let Some(best) = choose(*measure, list) else { continue };
        let found =
            Found::new(best.quantity.number, best.quantity.span.clone(), best.rule.name.clone());
        figures.numbers.insert(*measure, found);
    }
    figures.price = candidates.get("price").and_then(|list| list.first()).map(|first| {
        let number = first.quantity.number;
        let price = Price {
            low: number.low.unwrap_or(number.value),
            high: number.high.unwrap_or(number.value),
        };
        Found::new(price, first.quantity.span.clone(), first.rule.name.clone())
    });
    figures
}

/// 通话记录3万条、短信2万条、通讯录1万条: amounts that one sentence lists are parts.
fn mark_parts(scan: &Scan<'_>, candidates: &mut [Candidate<'_>]) {
    let starts: Vec<usize> = candidates
        .iter()
        .map(|candidate| sentence_at(&scan.sentences, candidate.quantity.span.start).start)
        .collect();
    for (candidate, start) in candidates.iter_mut().zip(&starts) {
        candidate.part = 3 <= starts.iter().filter(|other| *other == start).count();
    }
}

/// A number that nothing claimed has the role `none`.
pub(super) fn figure(
    scan: &Scan<'_>,
    quantity: &Quantity,
    rule: Option<&RoleRule>,
    ordinal: u32,
) -> Figure {
    let (role, name) = rule.map_or(("none".to_owned(), "no-role".into()), |rule| {
        (rule.role.clone(), rule.name.clone())
    });
    Figure {
        case: Some(ordinal),
        role,
        number: Found::new(quantity.number, quantity.span.clone(), name),
        unit: unit(quantity).to_owned(),
        subject: super::statistic::subject(scan, quantity),
    }
}

/// Whether a number is said of the lead: the person named nearest before it in its sentence, or one of a list
/// that ends there (分别判处杨某、尹某…); `None` where nobody is named.
fn is_said_of(scan: &Scan<'_>, quantity: &Quantity, lead: &str) -> Option<bool> {
    let sentence: Range<usize> = sentence_at(&scan.sentences, quantity.span.start);
    let names = within(&scan.names, sentence.start..quantity.span.start);
    let mut end = names.iter().rfind(|name| !name.bystander)?.span.end;
    for name in names.iter().rev().filter(|name| !name.bystander) {
        let between = piece(scan.text, name.span.end..end);
        let joined = name.span.end == end || matches!(between, "、" | "和" | "及" | "与");
        if !joined {
            break;
        }
        if piece(scan.text, name.span.clone()) == lead {
            return Some(true);
        }
        end = name.span.start;
    }
    Some(false)
}

/// The number that a column takes: for terms and fines the lead's own, for gains the total or the lead's, else the largest.
fn choose<'a, 'b>(measure: Measure, candidates: &'b [Candidate<'a>]) -> Option<&'b Candidate<'a>> {
    let by_lead = matches!(measure, Measure::Fine | Measure::PrisonMonths | Measure::IllegalGain);
    let own = matches!(measure, Measure::Fine | Measure::PrisonMonths);
    let mut best: Option<(&Candidate<'_>, Preference)> = None;
    for candidate in candidates {
        let number = candidate.quantity.number;
        // A range over several defendants is nobody's own term, and another's term is not the lead's.
        let varied = own && candidate.varied;
        if varied
            || own && (number.qualifier == Qualifier::Range || candidate.of_lead == Some(false))
        {
            continue;
        }
        let weight = if by_lead { 0.0 } else { number.value };
        // A headline rounds a gain, but the largest total of records or persons may stand only there.
        let main = candidate.main || !by_lead;
        let key = (
            !candidate.part,
            main,
            candidate.rule.rank,
            by_lead && candidate.of_lead == Some(true),
            weight,
        );
        if best.as_ref().is_none_or(|(_, known)| greater(&key, known)) {
            best = Some((candidate, key));
        }
    }
    best.map(|(candidate, _)| candidate)
}

/// Whether it is a total, in the telling itself, the rank of its rule, whether it is the lead's, its size.
type Preference = (bool, bool, i64, bool, f64);

fn greater(a: &Preference, b: &Preference) -> bool {
    (a.0, a.1, a.2, a.3).cmp(&(b.0, b.1, b.2, b.3)).then(a.4.total_cmp(&b.4)).is_gt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::Rules;
    use crate::knowledge::Knowledge;

    /// Which rule reads which value in a sentence.
    fn readings(
        text: &str,
        rules: &Rules<'_>,
        of: impl Fn(&Scan<'_>) -> Vec<(String, f64)>,
    ) -> Vec<(String, f64)> {
        of(&Scan::new(text, None, rules))
    }

    fn check(list: &[RoleRule], rules: &Rules<'_>) {
        let mut wrong = Vec::new();
        for rule in list {
            let read = |text: &str| {
                readings(text, rules, |scan| {
                    let quantities = scan.quantities.iter();
                    quantities
                        .filter_map(|quantity| {
                            Some((
                                scan.role(quantity, list)?.name.to_string(),
                                quantity.number.value,
                            ))
                        })
                        .collect()
                })
            };
            for example in &rule.finds {
                let found = read(&example.text);
                let wanted = (rule.name.to_string(), example.value);
                if !found.contains(&wanted) {
                    wrong.push(format!(
                        "{}: wants {} in {}, got {found:?}",
                        rule.name, example.value, example.text
                    ));
                }
            }
            for text in &rule.ignores {
                let found = read(text);
                if found.iter().any(|(name, _)| *name == *rule.name) {
                    wrong.push(format!("{}: fires on {text}", rule.name));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn every_rule_does_what_its_examples_say() {
        let knowledge = Knowledge::load().unwrap();
        let rules = Rules::new(&knowledge);
        check(&knowledge.patterns.roles, &rules);
        check(&knowledge.patterns.metrics, &rules);
    }
}
