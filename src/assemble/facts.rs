//! Facts: the columns that mentions and cases share, from one telling and from several.

use std::collections::BTreeSet;

use super::{Telling, count, facet_of};
use crate::knowledge::Knowledge;
use crate::knowledge::severity::{Facts as Grounds, Tier};
use crate::link::{agrees, precision};
use crate::model::{Case, Label, LeadKind, Measure, Number, Qualifier};
use crate::privacy::Privacy;
use crate::publish::rows;

/// The columns that mentions and cases share, from one telling.
pub(super) fn facts(
    case: &Case,
    labels: &[Label],
    knowledge: &Knowledge,
    privacy: &Privacy,
) -> (rows::Facts, Option<String>) {
    let codes = |facet: &str| -> BTreeSet<&str> {
        labels
            .iter()
            .filter(|label| facet_of(knowledge, &label.facet, &label.code) == facet)
            .map(|label| label.code.as_str())
            .collect()
    };
    let joined = |facet: &str| {
        let codes: Vec<&str> = codes(facet).into_iter().collect();
        (!codes.is_empty()).then(|| codes.join(","))
    };
    let masked = |text: &str| privacy.text(text).into_owned();
    let division = case.division.as_ref().and_then(|code| knowledge.divisions.get(&code.value));
    let mut facts = rows::Facts {
        lead: case.lead.as_ref().map(|lead| match lead.value.kind {
            LeadKind::Person => privacy.name(&lead.value.name),
            LeadKind::Company => masked(&lead.value.name),
        }),
        lead_kind: case.lead.as_ref().map(|lead| lead.value.kind),
        agency: case.agency.as_ref().map(|agency| masked(&agency.value.name)),
        agency_kind: case.agency.as_ref().map(|agency| agency.value.kind),
        division_code: case.division.as_ref().map(|code| code.value.clone()),
        province: division.map(|division| division.province.clone()),
        city: division.and_then(|division| division.city.clone()),
        county: division.and_then(|division| division.county.clone()),
        offence: case.offence.as_ref().map(|offence| masked(&offence.value.name)),
        offence_code: case.offence.as_ref().and_then(|offence| offence.value.code.clone()),
        stage: case.stage.as_ref().map(|stage| stage.value),
        action_date: case.action_date.as_ref().map(|date| date.value.days()),
        action_date_precision: case.action_date.as_ref().map(|date| date.value.precision()),
        price_low_yuan: case.price.as_ref().map(|price| price.value.low),
        price_high_yuan: case.price.as_ref().map(|price| price.value.high),
        methods: joined("method"),
        data_types: joined("data_type"),
        industries: joined("industry"),
        uses: joined("use"),
        campaign: case.campaign.as_ref().map(|campaign| masked(&campaign.value)),
        confidence: case.confidence,
        ..rows::Facts::default()
    };
    let hedge = case.price.as_ref().map(|price| {
        if price.value.low < price.value.high { Qualifier::Range } else { Qualifier::Exact }
    });
    (facts.price_low_yuan_q, facts.price_high_yuan_q) = (hedge, hedge);
    for (measure, number) in &case.numbers {
        facts.set_measure(*measure, &number.value);
    }
    let low = |measure: Measure| {
        case.numbers.get(&measure).map(|number| number.value.low.unwrap_or(number.value.value))
    };
    let data_types: Vec<&str> =
        codes("data_type").into_iter().chain(codes("data_type_fine")).collect();
    let tier = knowledge.severity.tier(&Grounds {
        data_types: &data_types,
        records: low(Measure::Records),
        illegal_gain: low(Measure::IllegalGain),
        insider: codes("method").contains("insider"),
        business_buyer: false,
        action_date: case.action_date.as_ref().map(|date| date.value),
        offence_code: case.offence.as_ref().and_then(|offence| offence.value.code.as_deref()),
    });
    let rule = tier.map(|(tier, rule)| {
        facts.severity = Some(match tier {
            Tier::Serious => rows::Severity::Serious,
            Tier::EspeciallySerious => rows::Severity::EspeciallySerious,
            Tier::Unknown => rows::Severity::Unknown,
        });
        rule.to_owned()
    });
    (facts, rule)
}

/// The words come from the most trusted telling, then the latest; each measure from the latest that states it,
/// or a more precise one that agrees with that.
pub(super) fn best_facts(tellings: &[Telling<'_>]) -> rows::Facts {
    let trusted = tellings.iter().max_by(|a, b| {
        let order = a.case.confidence.total_cmp(&b.case.confidence);
        order.then(a.published().cmp(&b.published())).then(b.id.cmp(&a.id))
    });
    let Some(trusted) = trusted else { return rows::Facts::default() };
    let mut facts = trusted.facts.clone();
    for measure in Measure::ALL {
        let numbers = tellings
            .iter()
            .filter_map(|telling| Some((telling, &telling.case.numbers.get(measure)?.value)));
        // The latest figure stands, as a correction must; of those that agree with it the most precise.
        let Some((_, latest)) = numbers.clone().max_by_key(|(telling, _)| age(telling)) else {
            continue;
        };
        let best = numbers
            .filter(|(_, number)| agrees(latest, number))
            .max_by_key(|(telling, number)| (precision(number), age(telling)));
        if let Some((_, number)) = best {
            facts.set_measure(*measure, number);
        }
    }
    facts
}

/// Later tellings are greater; the id decides between those of one day.
fn age<'t>(telling: &'t Telling<'_>) -> (i32, std::cmp::Reverse<&'t str>) {
    (telling.published(), std::cmp::Reverse(telling.id.as_str()))
}

/// On how many measures two tellings of a case cannot both be right.
pub(super) fn conflicts(tellings: &[Telling<'_>]) -> i64 {
    let disagree = |measure: &&Measure| {
        let numbers: Vec<&Number> = tellings
            .iter()
            .filter_map(|telling| Some(&telling.case.numbers.get(measure)?.value))
            .collect();
        numbers.iter().enumerate().any(|(i, a)| numbers.iter().skip(i + 1).any(|b| !agrees(a, b)))
    };
    count(Measure::ALL.iter().filter(disagree).count())
}
