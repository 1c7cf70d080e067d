//! One number with its measure word, in base units; two of them as a range.

use crate::extract::numerals::{Cursor, Numeral, numeral_at, range, separator_at, tidy};
use crate::knowledge::measure::{Measure, Measures, UnitKind};
use crate::model::{Number, Qualifier};

use super::money::small_money;

/// A numeral and its measure word, with what that adds: 六个月 after 一年, 半 after 两倍, 3角 after 5元.
#[derive(Debug, Clone)]
pub(super) struct Side<'m> {
    /// In base units.
    pub(super) numeral: Numeral,
    pub(super) measure: &'m Measure,
    pub(super) end: usize,
}

impl<'m> Side<'m> {
    pub(super) fn read(text: &str, numeral: &Numeral, measures: &'m Measures) -> Option<Self> {
        let mut cursor = Cursor::new(text, numeral.end);
        cursor.skip_spaces();
        let mut measure = measures.opening(cursor.rest())?;
        cursor.at += measure.word.len();
        let tail = match measure.kind {
            UnitKind::Yuan if measure.scale < 1.0 => last_digit(&mut cursor) * measure.scale / 10.0,
            UnitKind::Yuan | UnitKind::Currency => small_money(&mut cursor).unwrap_or(0.0),
            UnitKind::Count if measure.word == "块" => {
                let small = small_money(&mut cursor).or_else(|| {
                    let digit = last_digit(&mut cursor);
                    (digit > 0.0).then_some(digit / 10.0)
                });
                measure = small.and_then(|_| measures.opening("元")).unwrap_or(measure);
                small.unwrap_or(0.0)
            }
            UnitKind::Months => months_tail(&mut cursor, measure),
            UnitKind::Percent | UnitKind::Days | UnitKind::Times if eat_half(&mut cursor) => {
                measure.scale / 2.0
            }
            UnitKind::Percent if measure.word == "成" => last_digit(&mut cursor) / 100.0,
            _ => 0.0,
        };
        let base = |value: f64| add(in_base(value, numeral, measure), tail);
        let scaled = Numeral { low: base(numeral.low), high: base(numeral.high), ..*numeral };
        Some(Side { numeral: scaled, measure, end: cursor.at })
    }

    /// ¥, $ or 人民币 before a number that no unit follows.
    pub(super) fn priced(
        text: &str,
        start: usize,
        numeral: &Numeral,
        measures: &'m Measures,
    ) -> Option<Self> {
        let before = text.get(..start)?.trim_end_matches(' ');
        let next = Cursor::new(text, numeral.end).peek();
        let unit = if before.ends_with('$') {
            "美元"
        } else if before.ends_with(['¥', '￥']) || before.ends_with("人民币") && next != Some('年')
        {
            "元"
        } else {
            return None;
        };
        let measure = measures.opening(unit)?;
        Some(Side { numeral: *numeral, measure, end: numeral.end })
    }
}

/// 2到50元, 0.4元到1元, 三年至六个月: the range, and its second number with its measure word.
///
/// Terms are told from long to short as often as the other way round.
pub(super) fn range_of_sides<'m>(
    text: &str,
    first: &Numeral,
    side: Option<&Side<'m>>,
    measures: &'m Measures,
) -> Option<(Number, Side<'m>)> {
    let at = separator_at(text, side.map_or(first.end, |side| side.end))?;
    let printed = numeral_at(text, at)?;
    let second = Side::read(text, &printed, measures)?;
    let Some(side) = side else {
        let number = range(first, &printed)?;
        let base = |value: f64| in_base(value, first, second.measure);
        let (low, high) = (number.low.map(base), number.high.map(base));
        return Some((Number { value: base(number.value), low, high, ..number }, second));
    };
    let kind = side.measure.kind;
    let same = side.measure.word == second.measure.word
        || kind == second.measure.kind && kind != UnitKind::Count;
    let (mut low, mut high) = (side.numeral.low, second.numeral.high);
    if kind == UnitKind::Months && high < low {
        (low, high) = (high, low);
    }
    let number =
        Number { value: low, low: Some(low), high: Some(high), qualifier: Qualifier::Range };
    (same && low < high).then_some((number, second))
}

/// A printed value in base units. Shares are divided, which is exact where a product is not.
fn in_base(value: f64, numeral: &Numeral, measure: &Measure) -> f64 {
    if measure.kind != UnitKind::Percent {
        return tidy(value * measure.scale);
    }
    // 九九折 is 9.9.
    let value = if numeral.style.row && value >= 10.0 { value / 10.0 } else { value };
    value / (1.0 / measure.scale).round()
}

fn add(value: f64, tail: f64) -> f64 {
    if tail == 0.0 { value } else { tidy(value + tail) }
}

/// 六个月 after 一年, 半 after 两年, the half of 个半月.
fn months_tail(cursor: &mut Cursor<'_>, measure: &Measure) -> f64 {
    if measure.word.contains('半') {
        return 0.5;
    }
    if measure.word != "年" {
        return 0.0;
    }
    if eat_half(cursor) {
        return 6.0;
    }
    let mut next = *cursor;
    next.eat_any(&["零", "又", "有"]);
    let text = next.rest();
    let Some(numeral) = numeral_at(text, 0) else { return 0.0 };
    next.at += numeral.end;
    next.skip_spaces();
    if !next.eat("个月") {
        return 0.0;
    }
    *cursor = next;
    numeral.low
}

/// The 六 of 七成六.
pub(super) fn last_digit(cursor: &mut Cursor<'_>) -> f64 {
    let rest = cursor.rest();
    let Some(numeral) = numeral_at(rest, 0).filter(|numeral| numeral.style.lone) else {
        return 0.0;
    };
    let next = rest.get(numeral.end..).unwrap_or("").chars().next();
    if numeral.low >= 10.0 || next.is_some_and(char::is_alphanumeric) {
        return 0.0;
    }
    cursor.at += numeral.end;
    numeral.low
}

/// 半 after a unit, but not 半年 or 半数.
fn eat_half(cursor: &mut Cursor<'_>) -> bool {
    let mut next = *cursor;
    let half = next.eat("半") && !next.peek().is_some_and(|c| "年个天数月价夜日".contains(c));
    if half {
        *cursor = next;
    }
    half
}
