//! Evidence: every value read from an article with its words, the sentence they stand in, and the rule.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use crate::assemble::Told;
use crate::model::{Article, Case, Figure, Found, Label, Number, Price, Statistic};

/// One value, and why it is what it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// The column that it feeds.
    pub column: String,
    /// As the table prints it.
    pub value: String,
    /// The words that it was read from.
    pub words: String,
    /// The sentence that they stand in.
    pub sentence: String,
    /// Where the words start in the body, in characters.
    pub start: usize,
    /// Where they end in the body, in characters.
    pub end: usize,
    /// The rule that read them.
    pub rule: String,
}

impl Evidence {
    fn new(
        body: &str,
        column: &str,
        value: impl fmt::Display,
        span: &Range<usize>,
        rule: &str,
    ) -> Self {
        let chars = |end: usize| body.get(..end).map_or(0, |text| text.chars().count());
        Evidence {
            column: column.to_owned(),
            value: value.to_string(),
            words: body.get(span.clone()).unwrap_or_default().to_owned(),
            sentence: sentence(body, span).to_owned(),
            start: chars(span.start),
            end: chars(span.end),
            rule: rule.to_owned(),
        }
    }

    fn found<T>(body: &str, column: &str, found: &Found<T>, value: impl fmt::Display) -> Self {
        Evidence::new(body, column, value, &found.span, &found.rule)
    }
}

/// Everything that was read of one case, in the order of the columns; its labels come last.
pub fn of_case(article: &Article, case: &Case, labels: &[Label]) -> Vec<Evidence> {
    let body = article.body.text();
    let mut all = Vec::new();
    if let Some(found) = &case.headline {
        all.push(Evidence::found(body, "headline", found, &found.value));
    }
    if let Some(found) = &case.lead {
        all.push(Evidence::found(body, "lead", found, &found.value.name));
    }
    if let Some(found) = &case.agency {
        all.push(Evidence::found(body, "agency", found, &found.value.name));
    }
    if let Some(found) = &case.division {
        all.push(Evidence::found(body, "division_code", found, &found.value));
    }
    if let Some(found) = &case.offence {
        all.push(Evidence::found(body, "offence", found, &found.value.name));
    }
    if let Some(found) = &case.stage {
        all.push(Evidence::found(body, "stage", found, found.value));
    }
    if let Some(found) = &case.action_date {
        all.push(Evidence::found(body, "action_date", found, found.value));
    }
    for (measure, found) in &case.numbers {
        all.push(Evidence::found(body, measure.name(), found, number(&found.value)));
    }
    if let Some(found) = &case.price {
        all.push(Evidence::found(body, "price", found, price(found.value)));
    }
    if let Some(found) = &case.campaign {
        all.push(Evidence::found(body, "campaign", found, &found.value));
    }
    all.extend(labels.iter().map(|label| {
        Evidence::new(body, &label.facet, &label.code, &(label.span.0..label.span.1), &label.rule)
    }));
    all
}

/// A total or share; the metric stands for the column.
pub fn of_statistic(article: &Article, statistic: &Statistic) -> Evidence {
    let found = &statistic.number;
    Evidence::found(article.body.text(), &statistic.metric, found, number(&found.value))
}

/// A number, whatever it was used for; the role stands for the column.
pub fn of_figure(article: &Article, figure: &Figure) -> Evidence {
    let found = &figure.number;
    let value = format!("{} {}", number(&found.value), figure.unit);
    Evidence::found(article.body.text(), &figure.role, found, value.trim_end())
}

/// Each case of what was told with its labels.
pub fn cases(told: &Told) -> impl Iterator<Item = (&Case, &[Label])> {
    let labels = told.labels.iter().map(Vec::as_slice).chain(std::iter::repeat(&[] as &[Label]));
    told.extracted.cases.iter().zip(labels)
}

/// `3000 over`; an exact number has no hedge to show.
fn number(number: &Number) -> String {
    match number.qualifier {
        crate::model::Qualifier::Exact => number.value.to_string(),
        qualifier => format!("{} {qualifier}", number.value),
    }
}

/// `0.4` or `0.4-1`.
fn price(price: Price) -> String {
    let Price { low, high } = price;
    if (high - low).abs() < f64::EPSILON { low.to_string() } else { format!("{low}-{high}") }
}

/// The sentence around a span: from the end of the one before to its own full stop.
fn sentence<'t>(body: &'t str, span: &Range<usize>) -> &'t str {
    let Some(words) = body.get(span.clone()) else { return "" };
    let ends = ['。', '！', '？', '\n'];
    let start = body.get(..span.start).and_then(|before| before.rfind(ends).map(|at| (before, at)));
    let start = start.map_or(0, |(before, at)| {
        at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
    });
    // The words may end with the full stop itself.
    let end = match words.chars().next_back() {
        Some(last) if ends.contains(&last) => span.end,
        _ => body.get(span.end..).and_then(|rest| rest.find(ends)).map_or(body.len(), |at| {
            let stop = body.get(span.end + at..).and_then(|rest| rest.chars().next());
            span.end + at + stop.map_or(0, char::len_utf8)
        }),
    };
    body.get(start..end).unwrap_or_default().trim()
}

/// A line to the point, and the sentence below it.
impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Evidence { column, value, words, rule, start, end, .. } = self;
        write!(f, "{column:<20} {value:<24} 「{}」 [{start}..{end}] {rule}", short(words))
    }
}

/// Long words are shown by their beginning and end.
fn short(words: &str) -> String {
    let n_chars = words.chars().count();
    if n_chars <= 40 {
        return words.replace('\n', " ");
    }
    let head: String = words.chars().take(24).collect();
    let tail: String = words.chars().skip(n_chars - 12).collect();
    format!("{head}…{tail}").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        let body = "开头。警方抓获嫌疑人5名，查获信息3万条。结尾\n下一段";
        for (words, expected) in [
            ("5名", "警方抓获嫌疑人5名，查获信息3万条。"),
            ("开头。", "开头。"),
            ("结尾", "结尾"),
            ("下一段", "下一段"),
        ] {
            let start = body.find(words).unwrap();
            assert_eq!(sentence(body, &(start..start + words.len())), expected);
        }
        assert_eq!(sentence(body, &(1..2)), "");
        assert_eq!(sentence("", &(5..9)), "");
    }

    #[test]
    fn prices() {
        assert_eq!(price(Price { low: 0.4, high: 1.0 }), "0.4-1");
        assert_eq!(price(Price { low: 3.0, high: 3.0 }), "3");
    }
}
