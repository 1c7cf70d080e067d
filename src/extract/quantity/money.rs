//! Money: small coins, currencies around a sum, and what one item costs.

use crate::extract::numerals::{Cursor, numeral_at};
use crate::knowledge::measure::{Measure, Measures, UnitKind};

use super::side::last_digit;

/// 3角2分 after 元, in yuan, or 三美分 after 美元; `None` where no coin is told.
pub(super) fn small_money(cursor: &mut Cursor<'_>) -> Option<f64> {
    let mut sum = None;
    for (words, value) in [(["角", "毛", "角"], 0.1), (["美分", "日本钱", "分"], 0.01)] {
        let mut next = *cursor;
        next.eat_any(&["又", "零"]);
        let text = next.rest();
        let Some(numeral) = numeral_at(text, 0).filter(|n| n.low < 100.0) else { continue };
        next.at += numeral.end;
        if next.eat_any(&words).is_some() {
            sum = Some(sum.unwrap_or(0.0) + numeral.low * value);
            *cursor = next;
        }
    }
    if let Some(coins) = sum {
        if cursor.before().ends_with('毛') {
            sum = Some(coins + last_digit(cursor) / 100.0);
        }
        cursor.eat("钱");
    }
    sum
}

/// The currency printed before the number, and where the sum then begins.
pub(super) fn currency<'m>(
    text: &str,
    start: usize,
    measure: &'m Measure,
    measures: &'m Measures,
) -> (&'m Measure, usize) {
    let before = text.get(..start).unwrap_or("").trim_end_matches(' ');
    if before.ends_with(['¥', '￥', '$']) {
        return (measure, before.trim_end_matches(['¥', '￥', '$']).len());
    }
    match measures.currency_before(before) {
        Some(named) if named.kind == UnitKind::Yuan => (measure, before.len() - named.word.len()),
        Some(named) if measure.kind == UnitKind::Yuan => (named, before.len() - named.word.len()),
        _ => (measure, start),
    }
}

/// 人民币 or a foreign currency right after 元 (三万元欧元), and where the sum then ends.
pub(super) fn foreign_tail<'m>(
    text: &str,
    end: usize,
    measure: &'m Measure,
    measures: &'m Measures,
) -> (&'m Measure, usize) {
    match measures.opening(text.get(end..).unwrap_or("")) {
        Some(next) if next.kind == UnitKind::Currency && measure.kind == UnitKind::Yuan => {
            (next, end + next.word.len())
        }
        Some(next) if next.word == "人民币" => (measure, end + next.word.len()),
        _ => (measure, end),
    }
}

/// The measure word of 每条3元, 3元/条, 3元一条.
pub(super) fn per_item(
    text: &str,
    start: usize,
    end: usize,
    measures: &Measures,
) -> Option<String> {
    let count = |text: &str| {
        measures
            .opening(text)
            .filter(|m| m.kind == UnitKind::Count && !m.noun)
            .map(|m| m.word.clone())
    };
    let mut after = Cursor::new(text, end);
    if after.eat_any(&["/", "每", "一"]).is_some()
        && let Some(word) = count(after.rest())
    {
        return Some(word);
    }
    let before = text.get(..start)?;
    let reach: usize = before.chars().rev().take(8).map(char::len_utf8).sum();
    let window = before.get(before.len() - reach..)?;
    let clause = window.rsplit(['，', '。', '；', '、', '\n', ',']).next()?;
    clause.rsplit_once('每').and_then(|(_, rest)| count(rest))
}
