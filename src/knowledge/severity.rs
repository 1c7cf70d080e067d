//! Severity: the tier of a case under the 2017 judicial interpretation, where its numbers allow one.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::problem::{Problem, parse_toml};
use crate::model::Date;

/// How serious a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// The numbers told reach no threshold, or none is told: lower than serious is never claimed.
    Unknown,
    /// 情节严重.
    Serious,
    /// 情节特别严重.
    EspeciallySerious,
}

impl Tier {
    /// The name that stands in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Unknown => "unknown",
            Tier::Serious => "serious",
            Tier::EspeciallySerious => "especially_serious",
        }
    }
}

/// What is known of a case.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Facts<'a> {
    /// Codes of the facet `data_type`.
    pub data_types: &'a [&'a str],
    /// The least number of items that the words allow.
    pub records: Option<f64>,
    /// The least illegal gain in yuan that the words allow.
    pub illegal_gain: Option<f64>,
    /// Access came by duty or service.
    pub insider: bool,
    /// Bought for a lawful business.
    pub business_buyer: bool,
    /// When the case was acted on; a date that is not known counts as after the interpretation.
    pub action_date: Option<Date>,
    /// The code of the charge.
    pub offence_code: Option<&'a str>,
}

/// The thresholds.
#[derive(Debug, Clone, PartialEq)]
pub struct Severity {
    offence: String,
    valid_from: Date,
    especially: f64,
    insider: f64,
    gain: f64,
    buyer_gain: f64,
    /// Items of each class; `None` where no number suffices.
    classes: Vec<(String, Option<f64>)>,
    /// The class of each data type.
    class_of: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    offence: String,
    valid_from: Spanned<String>,
    especially: Spanned<f64>,
    insider: Spanned<f64>,
    gain: Spanned<f64>,
    buyer_gain: Spanned<f64>,
    class: Vec<Spanned<RawClass>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClass {
    name: String,
    items: Option<f64>,
    data_types: Vec<String>,
}

impl Severity {
    /// The compiled-in thresholds.
    pub fn builtin() -> Result<Severity, Vec<Problem>> {
        Severity::parse("severity.toml", include_str!("severity.toml"))
    }

    /// Reads a file with the keys of `severity.toml`; all its problems at once.
    pub fn parse(file: &str, text: &str) -> Result<Severity, Vec<Problem>> {
        let raw: RawFile = parse_toml(file, text).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        let mut report =
            |span, message: String| problems.push(Problem::at(file, text, span, message));
        for number in [&raw.especially, &raw.insider, &raw.gain, &raw.buyer_gain] {
            let value = *number.as_ref();
            if !(value.is_finite() && 0.0 < value) {
                report(number.span(), format!("{value} is not above 0"));
            }
        }
        let valid_from = raw.valid_from.as_ref().parse().ok().and_then(Date::from_civil);
        if valid_from.is_none() {
            report(raw.valid_from.span(), format!("`{}` is no day", raw.valid_from.as_ref()));
        }
        let (mut classes, mut class_of) = (Vec::new(), BTreeMap::new());
        for spanned in raw.class {
            let span = spanned.span();
            let class = spanned.into_inner();
            if class.items.is_some_and(|items| !(items.is_finite() && 0.0 < items)) {
                report(span.clone(), format!("items of class {} is not above 0", class.name));
            }
            for code in class.data_types {
                if class_of.insert(code.clone(), classes.len()).is_some() {
                    report(span.clone(), format!("{code} stands in two classes"));
                }
            }
            classes.push((class.name, class.items));
        }
        match valid_from {
            Some(valid_from) if problems.is_empty() => Ok(Severity {
                offence: raw.offence,
                valid_from,
                especially: raw.especially.into_inner(),
                insider: raw.insider.into_inner(),
                gain: raw.gain.into_inner(),
                buyer_gain: raw.buyer_gain.into_inner(),
                classes,
                class_of,
            }),
            _ => Err(problems),
        }
    }

    /// Every data type that has a class, so that a caller can check it against the taxonomy.
    pub fn data_types(&self) -> impl Iterator<Item = &str> {
        self.class_of.keys().map(String::as_str)
    }

    /// The tier and the rule that gave it (`items-a`, `gain`...); the highest where several apply.
    ///
    /// Only what certainly holds: a total over several data types is measured by the class that asks for most
    /// items, which is the least that the sum over the classes (art. 5 para. 1 (6)) can come to. `None` for
    /// another charge or an earlier date, a year or month that may be earlier included.
    pub fn tier(&self, facts: &Facts<'_>) -> Option<(Tier, String)> {
        let earlier = |date: Date| date.first_day() < self.valid_from.first_day();
        if facts.offence_code != Some(self.offence.as_str())
            || facts.action_date.is_some_and(earlier)
        {
            return None;
        }
        let (class, items) = self.class(facts.data_types);
        let factor = if facts.insider { self.insider } else { 1.0 };
        if facts.business_buyer && items.is_none_or(|items| self.most_items() <= items) {
            let reached = facts.illegal_gain.is_some_and(|gain| self.buyer_gain <= gain);
            return Some(if reached {
                (Tier::Serious, "buyer-gain".to_owned())
            } else {
                unknown()
            });
        }
        let by_items = match (facts.records, items) {
            (Some(records), Some(items)) => self.reached(records, items * factor),
            (_, _) => Tier::Unknown,
        };
        let by_gain =
            facts.illegal_gain.map_or(Tier::Unknown, |gain| self.reached(gain, self.gain * factor));
        Some(match by_items.max(by_gain) {
            Tier::Unknown => unknown(),
            tier if tier == by_items => (tier, format!("items-{class}")),
            tier => (tier, "gain".to_owned()),
        })
    }

    /// The class of several data types that asks for most items. Types without one do not count beside others.
    fn class(&self, data_types: &[&str]) -> (&str, Option<f64>) {
        let classes =
            data_types.iter().filter_map(|code| self.classes.get(*self.class_of.get(*code)?));
        let counted = classes.clone().filter(|(_, items)| items.is_some());
        let known = counted.max_by(|a, b| a.1.unwrap_or(0.0).total_cmp(&b.1.unwrap_or(0.0)));
        let most = || self.classes.iter().find(|(_, items)| *items == Some(self.most_items()));
        match known.or_else(|| if data_types.is_empty() { most() } else { classes.clone().next() })
        {
            Some((name, items)) => (name, *items),
            None => ("", None),
        }
    }

    fn most_items(&self) -> f64 {
        self.classes.iter().filter_map(|(_, items)| *items).fold(0.0, f64::max)
    }

    fn reached(&self, value: f64, threshold: f64) -> Tier {
        if threshold * self.especially <= value {
            Tier::EspeciallySerious
        } else if threshold <= value {
            Tier::Serious
        } else {
            Tier::Unknown
        }
    }
}

fn unknown() -> (Tier, String) {
    (Tier::Unknown, "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: Facts<'_> = Facts {
        data_types: &[],
        records: None,
        illegal_gain: None,
        insider: false,
        business_buyer: false,
        action_date: None,
        offence_code: Some("253-1"),
    };

    fn check(facts: Facts<'_>, expected: Option<&str>) {
        let found = Severity::builtin().unwrap().tier(&facts);
        let found = found.map(|(tier, rule)| format!("{} {rule}", tier.name()));
        assert_eq!(found.as_deref(), expected, "{facts:?}");
    }

    #[test]
    fn items() {
        let case = |data_types, records| Facts { data_types, records: Some(records), ..CASE };
        check(case(&["location"], 49.0), Some("unknown unknown"));
        check(case(&["location"], 50.0), Some("serious items-a"));
        check(case(&["location"], 500.0), Some("especially_serious items-a"));
        check(case(&["health"], 500.0), Some("serious items-b"));
        check(case(&["communications"], 60.0), Some("unknown unknown"));
        check(case(&["communications_content"], 60.0), Some("serious items-a"));
        check(case(&["phone"], 50_000.0), Some("especially_serious items-other"));
        check(case(&[], 5000.0), Some("serious items-other"));
        check(case(&["location", "phone"], 4999.0), Some("unknown unknown"));
        check(case(&["location", "enterprise"], 50.0), Some("serious items-a"));
        check(case(&["enterprise"], 1e9), Some("unknown unknown"));
        check(Facts { insider: true, ..case(&["phone"], 2500.0) }, Some("serious items-other"));
        check(
            Facts { insider: true, ..case(&["phone"], 25_000.0) },
            Some("especially_serious items-other"),
        );
        check(CASE, Some("unknown unknown"));
    }

    #[test]
    fn gain() {
        let case = |gain| Facts { illegal_gain: Some(gain), ..CASE };
        check(case(4999.0), Some("unknown unknown"));
        check(case(5000.0), Some("serious gain"));
        check(case(50_000.0), Some("especially_serious gain"));
        check(Facts { insider: true, ..case(2500.0) }, Some("serious gain"));
        check(Facts { records: Some(5000.0), ..case(50_000.0) }, Some("especially_serious gain"));
        check(Facts { records: Some(5000.0), ..case(5000.0) }, Some("serious items-other"));
        check(Facts { business_buyer: true, ..case(49_999.0) }, Some("unknown unknown"));
        check(Facts { business_buyer: true, ..case(5e6) }, Some("serious buyer-gain"));
        let finance = Facts { business_buyer: true, data_types: &["finance"], ..case(5000.0) };
        check(finance, Some("serious gain"));
    }

    #[test]
    fn other_charges_and_earlier_dates_have_no_tier() {
        let case = Facts { records: Some(1e6), ..CASE };
        let on = |year, month, day| Facts { action_date: Date::new(year, month, day), ..case };
        check(Facts { offence_code: Some("266"), ..case }, None);
        check(Facts { offence_code: None, ..case }, None);
        check(on(2017, Some(5), Some(31)), None);
        check(on(2017, Some(6), Some(1)), Some("especially_serious items-other"));
        check(on(2017, None, None), None);
        check(on(2017, Some(6), None), Some("especially_serious items-other"));
    }

    #[test]
    fn files_are_refused() {
        let text = include_str!("severity.toml");
        let check = |from: &str, to: &str, expected: &str| {
            let problems = Severity::parse("s.toml", &text.replace(from, to)).unwrap_err();
            let message = &problems.first().unwrap().message;
            assert!(message.contains(expected), "{message}");
        };
        check("\"identity\"", "\"location\"", "location stands in two classes");
        check("2017-06-01", "2017", "`2017` is no day");
        check("insider = 0.5", "insider = 0", "0 is not above 0");
        check("insider = 0.5", "", "missing field `insider`");
        check("gain = 5000\n", "gain = 5000\ncolour = 1\n", "unknown field `colour`");
    }
}
