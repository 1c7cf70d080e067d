//! Gold: articles that people annotated, one JSON object a line.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::knowledge::problem::Problem;

/// An annotated article.
#[derive(Debug, Clone, Deserialize)]
pub struct Gold {
    /// The last part of its path.
    pub file: String,
    /// The title as printed.
    pub title: Option<String>,
    /// The publisher as printed.
    pub publisher: Option<String>,
    /// `2023-05-17`.
    pub published: Option<String>,
    /// Does it tell of a case or a total?
    pub relevant: bool,
    /// The cases that it tells, in order.
    pub cases: Vec<GoldCase>,
    /// The totals and shares that it tells, in order.
    pub statistics: Vec<GoldStatistic>,
}

/// An annotated case.
#[derive(Debug, Clone, Deserialize)]
pub struct GoldCase {
    /// The first suspect, defendant or company named.
    pub lead: Option<String>,
    /// The body that handled it.
    pub agency: Option<String>,
    /// GB/T 2260 code.
    pub division: Option<String>,
    /// The charge.
    pub offence: Option<String>,
    /// How far it had gone.
    pub stage: Option<String>,
    /// As much of the date as is told: `2023`, `2023-05` or `2023-05-17`.
    pub action_date: Option<String>,
    /// Price per item.
    pub price_yuan: Option<GoldPrice>,
    /// Facet to codes.
    #[serde(default)]
    pub labels: BTreeMap<String, Vec<String>>,
    /// Fields and facets on which careful readers differ: not counted.
    #[serde(default, rename = "_optional")]
    pub optional: BTreeSet<String>,
    /// The case may be absent or present.
    #[serde(default, rename = "_optional_row")]
    pub optional_row: bool,
    /// The measures, each a [`GoldNumber`], and whatever else annotators note.
    #[serde(flatten)]
    pub rest: BTreeMap<String, serde_json::Value>,
}

/// A number with its hedge.
#[derive(Debug, Clone, Deserialize)]
pub struct GoldNumber {
    /// The number; the lower bound of a range.
    pub v: f64,
    /// The qualifier.
    pub q: Option<String>,
}

/// A price range, or one price.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct GoldPrice {
    /// The one price.
    pub v: Option<f64>,
    /// The lowest.
    pub lo: Option<f64>,
    /// The highest.
    pub hi: Option<f64>,
}

/// An annotated total or share.
#[derive(Debug, Clone, Deserialize)]
pub struct GoldStatistic {
    /// Such as `cases_solved`.
    pub metric: String,
    /// What it counts.
    pub subject: Option<String>,
    /// A share is a fraction.
    pub value: GoldNumber,
    /// The row may be absent or present.
    #[serde(default, rename = "_optional_row")]
    pub optional_row: bool,
}

impl GoldCase {
    /// The number annotated under this name.
    pub fn number(&self, name: &str) -> Option<GoldNumber> {
        GoldNumber::deserialize(self.rest.get(name)?).ok()
    }

    /// Do careful readers differ about this field?
    pub fn disputes_field(&self, field: &str) -> bool {
        self.optional.contains(field) || (field == "price" && self.optional.contains("price_yuan"))
    }

    /// Do careful readers differ about the labels of this facet?
    pub fn disputes_facet(&self, facet: &str) -> bool {
        let named = |name: &str| self.optional.contains(name);
        named(facet) || named("labels") || named(&format!("labels.{facet}"))
    }
}

/// Reads annotated articles, or reports every line that is none.
pub fn parse(file: &str, text: &str) -> Result<Vec<Gold>, Vec<Problem>> {
    let (mut gold, mut problems) = (Vec::new(), Vec::new());
    for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(article) => gold.push(article),
            Err(error) => problems.push(Problem {
                file: file.to_owned(),
                line: i + 1,
                column: error.column(),
                message: without_position(&error.to_string()),
            }),
        }
    }
    if problems.is_empty() { Ok(gold) } else { Err(problems) }
}

/// `serde_json` counts lines inside the line that it was given.
fn without_position(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).to_owned()
}

#[test]
fn lines() {
    let good =
        r#"{"file":"a.md","relevant":true,"cases":[{"lead":"卢某","suspects":{"v":3,"q":"over"},
        "_optional":["labels.use"]}],"statistics":[]}"#
            .replace('\n', " ");
    let gold = parse("gold.jsonl", &format!("{good}\n\n")).unwrap();
    let case = &gold[0].cases[0];
    assert_eq!(case.number("suspects").map(|n| (n.v, n.q)), Some((3.0, Some("over".to_owned()))));
    assert!(case.disputes_facet("use") && !case.disputes_facet("method"));
    let problems = parse("gold.jsonl", "{\n{}").unwrap_err();
    assert_eq!(problems[1].to_string(), "gold.jsonl:2:2: missing field `file`");
}
