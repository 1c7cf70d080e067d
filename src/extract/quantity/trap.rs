//! What looks like a quantity and is none: names, codes, versions, ordinals, articles of laws, dates, idioms.

use crate::extract::numerals::{Cursor, Numeral, numeral_at};
use crate::extract::time::counts_back;
use crate::knowledge::measure::{Measures, UnitKind};

use super::side::Side;

/// Where a numeral that is part of a name, a code or a version ends: `ChatGPT4`, `7×24`, `1.2.3`.
pub(super) fn part_of_name(text: &str, start: usize, numeral: &Numeral) -> Option<usize> {
    let cursor = Cursor::new(text, start);
    let previous = cursor.previous();
    if previous == Some('之') && numeral.style.lone {
        return Some(numeral.end);
    }
    if numeral.style.digits == 0 {
        return None;
    }
    let joins = |c: char| c.is_ascii_alphanumeric() || "._/@#×*=+:&%".contains(c);
    let dashed = previous == Some('-')
        && text.get(..start - 1).unwrap_or("").ends_with(|c: char| c.is_ascii_alphanumeric());
    let word = text.get(start..).unwrap_or("");
    let zeros = word.starts_with('0') && numeral.style.digits > 1;
    let long = numeral.style.digits > 10 && !numeral.style.grouped && !numeral.style.scaled;
    let next = text.get(numeral.end..).unwrap_or("");
    let dotted = next
        .strip_prefix(['.', ':', '×', '_'])
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let named = previous.is_some_and(joins) || dashed || zeros || long || dotted;
    named.then(|| {
        let tail = |c: char| !(c.is_ascii_alphanumeric() || "._-/@:×".contains(c));
        word.find(tail).map_or(text.len(), |len| start + len.max(1))
    })
}

/// Where `第三、四条` ends, if the numeral is an ordinal; so too 刑法253条.
pub(super) fn ordinal(
    text: &str,
    start: usize,
    numeral: &Numeral,
    measures: &Measures,
) -> Option<usize> {
    let before = text.get(..start)?.trim_end_matches(' ');
    let mut cursor = Cursor::new(text, numeral.end);
    let unit = measures.opening(cursor.rest()).map(|measure| measure.word.as_str());
    let law = before.ends_with(['》', '法']) && matches!(unit, Some("条" | "款" | "项"));
    if !before.ends_with('第') && !law {
        return None;
    }
    loop {
        cursor.eat(unit.unwrap_or("\0"));
        let mut next = cursor;
        next.eat_any(&["、", "，", "和", "及", "至", "到", "-", "—"]);
        if next.at == cursor.at {
            return Some(cursor.at);
        }
        let Some(another) = numeral_at(text, next.at) else { return Some(cursor.at) };
        let mut end = Cursor::new(text, another.end);
        let listed = end.eat(unit.unwrap_or("\0"))
            || unit.is_some() && "、，和及至到".contains(end.peek().unwrap_or(' '));
        if !listed {
            return Some(cursor.at);
        }
        cursor.at = another.end;
    }
}

/// How far the noun of 一起…案 is looked for, in characters.
const CLAUSE: usize = 60;

/// Whether this is a quantity rather than a date, a name or a figure of speech.
pub(super) fn counts(
    text: &str,
    start: usize,
    numeral: &Numeral,
    side: &Side<'_>,
    hedged: bool,
    measures: &Measures,
) -> bool {
    let measure = side.measure;
    let style = numeral.style;
    let rest = text.get(side.end..).unwrap_or("");
    if style.row && measure.word != "折" {
        return false;
    }
    let year = measure.word == "年" && (is_year(numeral, text, start) || month_follows(rest));
    if year || measure.kind == UnitKind::Months && counts_back(text.get(..start).unwrap_or("")) {
        return false;
    }
    let money = matches!(measure.kind, UnitKind::Yuan | UnitKind::Currency);
    let lone_scale = style.bare && style.lone && !hedged && numeral.hedge.is_none();
    if lone_scale && (money || measure.kind == UnitKind::Percent) {
        return false;
    }
    if measure.noun && !hedged && !style.scaled && numeral.low >= 100.0 {
        return false;
    }
    let generation = measure.word == "G" && style.digits == 1 && !style.point && !hedged;
    if generation && numeral.hedge.is_none() && !data_follows(rest) {
        return false;
    }
    let one = style.lone && numeral.low == 1.0;
    let needs = measure.one_needs.as_slice();
    if one && !needs.is_empty() {
        let clause =
            rest.char_indices().nth(CLAUSE).and_then(|(end, _)| rest.get(..end)).unwrap_or(rest);
        let clause = clause.split(['，', '。', '；', '\n', ',']).next().unwrap_or("");
        if !needs.iter().any(|need| clause.contains(need.as_str())) {
            return false;
        }
    }
    !(style.digits == 0 && measures.in_idiom(text, start))
}

/// 2021年, 二〇二一年, 98年: a year rather than a duration.
fn is_year(numeral: &Numeral, text: &str, start: usize) -> bool {
    let printed = text.get(start..numeral.end).unwrap_or("");
    let zero = printed.starts_with(['0', '零', '〇']);
    zero || numeral.style.row
        || numeral.low > 100.0 && !numeral.style.scaled
        || numeral.low >= 1900.0
}

/// 21年3月 is a date, 一年六个月 a term.
fn month_follows(rest: &str) -> bool {
    let Some(month) = numeral_at(rest, 0) else { return false };
    rest.get(month.end..).is_some_and(|rest| rest.starts_with('月'))
}

/// 5G is a network where no data is named after it.
fn data_follows(rest: &str) -> bool {
    ["数据", "的数据", "公民", "个人", "电子", "资料", "余", "多", "左右", "以上", "文件", "容量"]
        .iter()
        .any(|word| rest.starts_with(word))
}
