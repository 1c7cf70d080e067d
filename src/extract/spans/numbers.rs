//! Numbers of any text, unhedged: signs, fractions, powers, and words that stand for a number.

use std::ops::Range;

use crate::extract::numerals::{Cursor, Numeral, numeral_at, opens_numeral};
use crate::knowledge::measure::{Measures, UnitKind};

/// Every number and its value, left to right.
pub(super) fn numbers(text: &str, measures: &Measures) -> Vec<(Range<usize>, f64)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next(text, at) {
        let number = number_at(text, start, measures).filter(|(_, value)| value.is_finite());
        let Some((mut span, value)) = number else {
            let width = Cursor::new(text, start).peek().map_or(1, char::len_utf8);
            at = numeral_at(text, start).map_or(start + width, |numeral| numeral.end);
            continue;
        };
        at = span.end;
        let minus = minus_before(text, span.start);
        span.start = minus.unwrap_or(span.start);
        found.push((span, if minus.is_some() { -value } else { value }));
    }
    found
}

/// 第三: byte ranges and values of ordinals.
pub(super) fn ordinals(text: &str) -> Vec<(Range<usize>, f64)> {
    let read = |(start, word): (usize, &str)| {
        let numeral = numeral_at(text, start + word.len()).filter(|n| n.base.is_finite())?;
        Some((start..numeral.end, numeral.base))
    };
    text.match_indices('第').filter_map(read).collect()
}

/// Shares with words of their own: 半成, 对折.
pub(super) fn named_shares(text: &str) -> Vec<(Range<usize>, f64)> {
    let shares = [("半成", 0.05), ("半折", 0.5), ("对折", 0.5)];
    let found = |(word, share): (&'static str, f64)| {
        text.match_indices(word)
            .filter(|(at, _)| {
                !text.get(at + word.len()..).is_some_and(|rest| rest.starts_with(['品', '叠']))
            })
            .map(move |(at, _)| (at..at + word.len(), share))
    };
    shares.into_iter().flat_map(found).collect()
}

/// Where a minus sign or 负 right before `at` stands; not the dash between two words.
pub(super) fn minus_before(text: &str, at: usize) -> Option<usize> {
    let before = text.get(..at)?;
    let sign = ["负", "-"].into_iter().find(|sign| before.ends_with(sign))?;
    let rest = before.strip_suffix(sign)?;
    let word = rest.ends_with(|c: char| c.is_alphanumeric() || c == '-');
    (sign == "负" && !rest.ends_with("胜")
        || sign == "-"
            && (!word || !rest.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-')))
    .then_some(rest.len())
}

fn next(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let opens = |c: char| opens_numeral(c) || c == '.' || c == '半';
    rest.char_indices().find(|(_, c)| opens(*c)).map(|(offset, _)| at + offset)
}

fn number_at(text: &str, start: usize, measures: &Measures) -> Option<(Range<usize>, f64)> {
    let cursor = Cursor::new(text, start);
    if cursor.previous() == Some('第') {
        return None;
    }
    let rest = cursor.rest();
    if rest.starts_with("半百") {
        return Some((start..start + "半百".len(), 50.0));
    }
    if rest.starts_with('.') {
        let digits = rest.bytes().skip(1).take_while(u8::is_ascii_digit).count();
        let point = cursor.previous().is_none_or(|c| !c.is_ascii_alphanumeric());
        let value = rest.get(..=digits)?.parse().ok()?;
        return (digits > 0 && point).then_some((start..start + 1 + digits, value));
    }
    let first = numeral_at(text, start)?;
    if let Some(found) = power(text, start, &first).or_else(|| slash(text, start, &first)) {
        return Some(found);
    }
    if let Some(found) = fraction(text, start, &first) {
        return Some(found);
    }
    if let Some(found) = mixed(text, start, &first) {
        return Some(found);
    }
    plain(text, start, &first, measures)
}

/// A numeral by itself; those of 一切 and 万 are none, a lone digit before a currency or 折 neither.
fn plain(
    text: &str,
    start: usize,
    numeral: &Numeral,
    measures: &Measures,
) -> Option<(Range<usize>, f64)> {
    let mut cursor = Cursor::new(text, numeral.end);
    let printed = text.get(start..numeral.end)?;
    let scales_only = numeral.style.bare && printed.chars().all(|c| "百千万亿兆佰仟".contains(c));
    let lone = numeral.style.lone && printed != "十";
    let priced = measures
        .opening(cursor.rest())
        .is_some_and(|measure| matches!(measure.kind, UnitKind::Currency | UnitKind::Percent));
    let name =
        lone && (priced || cursor.rest().starts_with('％') || measures.in_idiom(text, start));
    let short = printed.chars().count() <= 2 && numeral.style.digits == 0;
    let name = name || short && measures.in_idiom(text, start) && !priced;
    if scales_only
        || name
        || printed.starts_with('数')
        || numeral.several && printed.chars().count() == 1
    {
        return None;
    }
    let mut value = numeral.base;
    if cursor.eat("打") && !cursor.peek().is_some_and(|c| "击掉工开印造".contains(c)) {
        value *= 12.0;
    } else {
        cursor.at = numeral.end;
        let mut next = cursor;
        next.skip_spaces();
        let letter = next.eat_any(&["M", "m", "G", "g", "T", "t"]);
        if numeral.style.digits > 0 && next.at_punctuation() {
            value *= match letter {
                Some("M" | "m") => 1e6,
                Some("G" | "g") => 1e9,
                Some(_) => 1e12,
                None => 1.0,
            };
            cursor.at = if letter.is_some() { next.at } else { cursor.at };
        }
    }
    Some((start..cursor.at, value))
}

/// 2e5, 2^-1.
fn power(text: &str, start: usize, first: &Numeral) -> Option<(Range<usize>, f64)> {
    let mut cursor = Cursor::new(text, first.end);
    let mark = cursor.eat_any(&["e", "E", "^"]).filter(|_| first.style.digits > 0)?;
    let mut sign = 1.0;
    while let Some(c) = cursor.eat_any(&["-", "+"]) {
        sign = if c == "-" { -sign } else { sign };
    }
    let exponent = numeral_at(text, cursor.at).filter(|n| n.style.digits > 0 && !n.style.scaled)?;
    let exponent_value = sign * exponent.low;
    let value = if mark == "^" {
        first.low.powf(exponent_value)
    } else {
        first.low * 10f64.powf(exponent_value)
    };
    Some((start..exponent.end, value))
}

/// 3/5, 1 4/3.
fn slash(text: &str, start: usize, first: &Numeral) -> Option<(Range<usize>, f64)> {
    let over = |from: &Numeral| {
        let mut cursor = Cursor::new(text, from.end);
        let divisor = cursor.eat("/").then(|| numeral_at(text, cursor.at)).flatten()?;
        let whole = |n: &Numeral| n.style.digits > 0 && !n.style.point && !n.style.scaled;
        let another = text.get(divisor.end..).is_some_and(|rest| rest.starts_with('/'));
        (whole(from) && whole(&divisor) && divisor.low > 0.0 && !another)
            .then_some((divisor.end, from.low / divisor.low))
    };
    if let Some((end, value)) = over(first) {
        return Some((start..end, value));
    }
    let mut cursor = Cursor::new(text, first.end);
    let blank = cursor.eat(" ") && first.style.digits > 0 && !first.style.point;
    let second = numeral_at(text, cursor.at).filter(|_| blank)?;
    over(&second).map(|(end, value)| (start..end, first.low + value))
}

/// 三分之一; of 百分之五 only the 五 is a number.
fn fraction(text: &str, start: usize, divisor: &Numeral) -> Option<(Range<usize>, f64)> {
    let mut cursor = Cursor::new(text, divisor.end);
    if !cursor.eat("分之") || divisor.low == 0.0 {
        return None;
    }
    let sign = if cursor.eat("负") { -1.0 } else { 1.0 };
    let numeral = numeral_at(text, cursor.at)?;
    if divisor.style.bare && divisor.style.lone {
        return Some((cursor.at..numeral.end, numeral.base));
    }
    Some((start..numeral.end, sign * numeral.base / divisor.low))
}

/// 三百五又三分之一.
fn mixed(text: &str, start: usize, first: &Numeral) -> Option<(Range<usize>, f64)> {
    let mut cursor = Cursor::new(text, first.end);
    if !cursor.eat("又") {
        return None;
    }
    let divisor = numeral_at(text, cursor.at)?;
    let (span, value) = fraction(text, cursor.at, &divisor)?;
    Some((start..span.end, first.base + value))
}
