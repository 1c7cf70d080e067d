//! Read: one line of JSON into the numbers, shares, sums, ages, dates and places of its text, one line out.

mod numbers;
mod plain;

use std::ops::Range;

use jiff::civil;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::numbers::{named_shares, numbers, ordinals};
use self::plain::Plain;
use super::numerals::parse_number;
use super::quantity::{Quantity, UnitKind, quantities};
use super::time::{Days, loose_moments};
use crate::knowledge::measure::Measures;
use crate::knowledge::timewords::TimeWords;
use crate::model::{Date, Number, Qualifier};

/// Finds the places of a text: byte range and the code, or the name where no code fits.
pub type Places<'p> = dyn Fn(&str) -> Vec<(Range<usize>, String)> + 'p;

#[derive(Deserialize)]
struct Question {
    id: Value,
    text: String,
    #[serde(default)]
    ref_date: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    id: Value,
    mentions: Vec<Mention>,
}

/// One thing found; offsets in characters of the text as given.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Mention {
    start: usize,
    end: usize,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lo: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hi: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<&'static str>,
}

/// Answers a line `{"id","text","ref_date"}` with `{"id","mentions":[{"start","end","kind",…}]}`.
///
/// Both days of a period are inclusive. A number inside a sum or share is a mention of its own.
///
/// # Errors
/// What is wrong with the line, for a person.
pub fn spans_line(line: &str, places: &Places<'_>) -> Result<String, String> {
    let question: Question = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let mentions = mentions(&question.text, question.ref_date.as_deref(), places)?;
    let answer = Answer { id: question.id, mentions };
    serde_json::to_string(&answer).map_err(|error| error.to_string())
}

fn mentions(
    text: &str,
    reference: Option<&str>,
    places: &Places<'_>,
) -> Result<Vec<Mention>, String> {
    let (measures, words) = knowledge()?;
    let plain = Plain::new(text);
    let mut mentions = Vec::new();
    for (span, value) in numbers(plain.text(), measures) {
        mentions.push(Mention::new(&plain, span, "number").value(value));
    }
    for (span, value) in ordinals(plain.text()) {
        mentions.push(Mention::new(&plain, span, "ordinal").value(value));
    }
    for (span, value) in named_shares(plain.text()) {
        mentions.push(Mention::new(&plain, span, "percent").value(value));
    }
    for quantity in quantities(plain.text(), measures) {
        mentions.extend(of_quantity(&plain, &quantity, measures));
    }
    // A text that is nothing but a number leaves its unit to the field that it stands in: a sum.
    if let Some(number) = sum_without_unit(plain.text()) {
        let mut mention = Mention::new(&plain, 0..plain.text().len(), "money").number(number, 1.0);
        mention.unit = Some("CNY".to_owned());
        mentions.push(mention);
    }
    let reference = match reference {
        Some(text) if !text.is_empty() => parse_reference(text)?,
        _ => None,
    };
    for days in loose_moments(plain.text(), reference, words) {
        mentions.push(of_days(&plain, &days));
    }
    let original: Vec<usize> = text.char_indices().map(|(byte, _)| byte).collect();
    for (span, place) in places(text) {
        let character = |byte: usize| original.partition_point(|start| *start < byte);
        let coded = place.bytes().all(|b| b.is_ascii_digit());
        mentions.push(Mention {
            start: character(span.start),
            end: character(span.end),
            kind: "location",
            value: coded.then(|| Value::from(place.clone())),
            lo: None,
            hi: None,
            unit: Some(if coded { String::new() } else { place }),
            q: None,
        });
    }
    mentions.sort_by_key(|mention| (mention.start, mention.end));
    Ok(mentions)
}

/// The built-in words, read once.
fn knowledge() -> Result<&'static (Measures, TimeWords), String> {
    static KNOWLEDGE: std::sync::OnceLock<Result<(Measures, TimeWords), String>> =
        std::sync::OnceLock::new();
    let load = || {
        let message = |problems: Vec<crate::knowledge::problem::Problem>| {
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        let measures = Measures::built_in().map_err(message)?;
        let words = TimeWords::built_in().map_err(message)?;
        Ok((measures, words))
    };
    KNOWLEDGE.get_or_init(load).as_ref().map_err(Clone::clone)
}

/// `2023`, `2023-05` or `2023-05-17`; `None` for a year that a [`Date`] cannot hold.
fn parse_reference(text: &str) -> Result<Option<Date>, String> {
    let wrong = || format!("ref_date is {text}, expected a date such as 2023-05-17");
    let parts: Option<Vec<i16>> = text.split('-').map(|part| part.parse().ok()).collect();
    let (year, month, day) = match *parts.ok_or_else(wrong)?.as_slice() {
        [year] => (year, None, None),
        [year, month] => (year, i8::try_from(month).ok(), None),
        [year, month, day] => (year, i8::try_from(month).ok(), i8::try_from(day).ok()),
        _ => return Err(wrong()),
    };
    Ok(Date::new(year, month, day))
}

impl Mention {
    fn new(plain: &Plain, span: Range<usize>, kind: &'static str) -> Mention {
        let span = plain.characters(span);
        Mention {
            start: span.start,
            end: span.end,
            kind,
            value: None,
            lo: None,
            hi: None,
            unit: None,
            q: None,
        }
    }

    fn value(mut self, value: f64) -> Mention {
        self.value = Some(Value::from(value));
        self
    }

    fn number(mut self, number: Number, sign: f64) -> Mention {
        self.q = Some(number.qualifier.name());
        if number.qualifier != Qualifier::Range {
            return self.value(sign * number.value);
        }
        self.lo = number.low.map(Value::from);
        self.hi = number.high.map(Value::from);
        self
    }
}

/// Shares, sums and ages; what else is counted stands among the numbers.
fn of_quantity(plain: &Plain, quantity: &Quantity, measures: &Measures) -> Option<Mention> {
    let text = plain.text();
    let printed = text.get(quantity.span.clone())?;
    let mut span = quantity.span.clone();
    let mut unit = None;
    let kind = match quantity.kind {
        UnitKind::Percent => {
            let number = text.get(quantity.number_span.clone())?;
            if quantity.unit == "分之" && !number.starts_with(['百', '千', '仟', '佰', '万'])
            {
                return None;
            }
            "percent"
        }
        UnitKind::Yuan | UnitKind::Currency => {
            let iso = measures.opening(&quantity.unit).and_then(|measure| measure.iso.clone());
            unit = if printed.starts_with('$') { Some("Dollar".to_owned()) } else { iso };
            "money"
        }
        UnitKind::Age => "age",
        _ => return None,
    };
    let mut sign = 1.0;
    if let Some(at) = numbers::minus_before(text, span.start) {
        span.start = at;
        sign = -1.0;
    }
    let mut mention = Mention::new(plain, span, kind).number(quantity.number, sign);
    mention.unit = unit;
    Some(mention)
}

/// 5万, 15k左右, 三四百块: a whole text that is hedged or written with a scale, and so hardly a code.
fn sum_without_unit(text: &str) -> Option<Number> {
    let text = text.strip_suffix('块').unwrap_or(text);
    let number = parse_number(text)?;
    let scaled = |c: char| "十百千万亿kKwW块".contains(c);
    (number.qualifier != Qualifier::Exact || text.contains(scaled)).then_some(number)
}

fn of_days(plain: &Plain, days: &Days) -> Mention {
    let print = |day: Option<civil::Date>| Some(day.map_or(Value::Null, |d| d.to_string().into()));
    if days.first.is_some() && days.first == days.last {
        let mention = Mention::new(plain, days.span.clone(), "date");
        return Mention { value: print(days.first), ..mention };
    }
    let mention = Mention::new(plain, days.span.clone(), "date_period");
    Mention { lo: print(days.first), hi: print(days.last), ..mention }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, kind: &str, expected: &str) {
        let line = serde_json::json!({"id": 1, "text": text, "ref_date": "2023-08-11"}).to_string();
        let answer: Value =
            serde_json::from_str(&spans_line(&line, &|_| Vec::new()).unwrap()).unwrap();
        let found: Vec<String> = answer["mentions"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|m| m["kind"] == kind)
            .map(|m| match &m["value"] {
                Value::Null => format!("{}..{} {}-{}", m["start"], m["end"], m["lo"], m["hi"]),
                value => format!("{}..{} {value}", m["start"], m["end"]),
            })
            .collect();
        assert_eq!(found.join("; "), expected, "{text}");
    }

    #[test]
    fn numbers_and_shares() {
        check("１２．５ 萬條", "number", "0..6 125000.0");
        check("共七 百 二十人", "number", "1..7 720.0");
        check("占百分之四十", "percent", "1..6 0.4");
        check("下降-3.5%", "percent", "2..7 -0.035");
        check("罚款３０萬元", "money", "2..6 300000.0");
        check("每条3至5元", "money", "2..6 3.0-5.0");
        check("36岁", "age", "0..3 36.0");
    }

    #[test]
    fn days() {
        check("2021年3月5日", "date", "0..9 \"2021-03-05\"");
        check("2021年3月", "date_period", "0..7 \"2021-03-01\"-\"2021-03-31\"");
    }

    #[test]
    fn wrong_lines() {
        assert!(spans_line("{", &|_| Vec::new()).is_err());
        let line = r#"{"id": "a", "text": "", "ref_date": "May"}"#;
        assert!(spans_line(line, &|_| Vec::new()).unwrap_err().contains("May"));
    }
}
