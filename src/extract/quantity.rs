//! Read: quantities, money, volumes, terms and shares of a text, `3000余万条`, `每条0.3至0.6元`, `近五成`.

mod money;
mod side;
mod trap;

use std::ops::Range;

pub use crate::knowledge::measure::UnitKind;

use self::money::{currency, foreign_tail, per_item};
use self::side::{Side, range_of_sides};
use self::trap::{counts, ordinal, part_of_name};
use super::numerals::{
    Cursor, Hedge, Numeral, hedge_after, hedge_before, numeral_at, opens_numeral,
};
use crate::knowledge::measure::Measures;
use crate::model::{Number, Qualifier};

/// A number with its hedges and its measure word.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// From the first hedge word to the unit or the hedge after it.
    pub span: Range<usize>,
    /// The numeral alone, with the hedges inside it.
    pub number_span: Range<usize>,
    /// In base units: yuan, bytes, months, days, a fraction of one; otherwise as printed.
    pub number: Number,
    /// The measure word as printed (条, 元, 个月), `分之` for a fraction, empty for [`UnitKind::Bare`].
    pub unit: String,
    /// What it measures.
    pub kind: UnitKind,
    /// 一名, 一个, 万人: may be an article or a figure of speech rather than a count.
    pub weak: bool,
    /// The measure word of a price per item: 条 in 每条3元 and 3元/条.
    pub per: Option<String>,
}

/// Every quantity of a text, left to right, not overlapping.
///
/// A number without a measure word is one where it is hedged or written with 万 or 亿 (获利近8万); a bare 12 is not.
/// Ordinals, dates, articles of laws, telephone numbers and the numbers of names and versions are none.
pub fn quantities(text: &str, measures: &Measures) -> Vec<Quantity> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next_numeral(text, at) {
        match quantity_at(text, start, measures) {
            Ok(quantity) => {
                at = quantity.span.end;
                found.push(quantity);
            }
            Err(end) => at = end.max(start + 1),
        }
    }
    found
}

/// The first byte from `at` on where a numeral can begin.
fn next_numeral(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..).or_else(|| text.get(at + 1..)).or_else(|| text.get(at + 2..))?;
    let from = text.len() - rest.len();
    rest.char_indices().find(|(_, c)| opens_numeral(*c)).map(|(offset, _)| from + offset)
}

/// The quantity whose numeral begins at `start`, or where to go on.
fn quantity_at(text: &str, start: usize, measures: &Measures) -> Result<Quantity, usize> {
    let Some(numeral) = numeral_at(text, start) else { return Err(start + 1) };
    if !numeral.high.is_finite() {
        return Err(numeral.end);
    }
    if let Some(end) = part_of_name(text, start, &numeral) {
        return Err(end);
    }
    if let Some(end) = ordinal(text, start, &numeral, measures) {
        return Err(end);
    }
    let before = hedge_before(text, start);
    if let Some(fraction) = fraction(text, start, &numeral, before) {
        return Ok(fraction);
    }
    let side = Side::read(text, &numeral, measures);
    let range = range_of_sides(text, &numeral, side.as_ref(), measures);
    let side = match &range {
        Some((_, second)) => Some(second.clone()),
        None => side.or_else(|| Side::priced(text, start, &numeral, measures)),
    };
    let Some(side) = side else { return bare(text, start, &numeral, before).ok_or(numeral.end) };
    if !counts(text, start, &numeral, &side, before.is_some(), measures) {
        return Err(numeral.end);
    }
    Ok(Reading { text, start, numeral, side, range: range.map(|(number, _)| number), before }
        .quantity(measures))
}

/// A numeral that counts, with what stands around it.
struct Reading<'t, 'm> {
    text: &'t str,
    start: usize,
    numeral: Numeral,
    /// The numeral with its measure word; the second one of a range.
    side: Side<'m>,
    range: Option<Number>,
    before: Option<(Hedge, usize)>,
}

impl Reading<'_, '_> {
    fn quantity(self, measures: &Measures) -> Quantity {
        let Reading { text, side, .. } = self;
        let after =
            hedge_after(text, side.end).or_else(|| loose_tail(text, side.end, side.measure.kind));
        let hedged = |hedge: Option<(Hedge, usize)>| hedge.map(|(hedge, _)| hedge);
        let number =
            self.range.unwrap_or_else(|| side.numeral.hedged(hedged(self.before), hedged(after)));
        let mut start = self.before.map_or(self.start, |(_, start)| start);
        let mut end = after.map_or(side.end, |(_, end)| end);
        let mut measure = side.measure;
        let mut per = None;
        if matches!(measure.kind, UnitKind::Yuan | UnitKind::Currency) {
            (measure, start) = currency(text, start, measure, measures);
            (measure, end) = foreign_tail(text, end, measure, measures);
            per = per_item(text, start, end, measures);
        }
        let style = self.numeral.style;
        let one = style.lone && self.numeral.low == 1.0;
        let figure_of_speech = style.bare && number.qualifier == Qualifier::Exact;
        Quantity {
            span: start..end,
            number_span: self.start..side.numeral.end,
            number,
            unit: measure.word.clone(),
            kind: measure.kind,
            weak: measure.kind == UnitKind::Count
                && self.range.is_none()
                && (one || figure_of_speech),
            per,
        }
    }
}

/// 百分之四十, 三分之一.
fn fraction(
    text: &str,
    start: usize,
    divisor: &Numeral,
    before: Option<(Hedge, usize)>,
) -> Option<Quantity> {
    let mut cursor = Cursor::new(text, divisor.end);
    if !cursor.eat("分之") || divisor.low == 0.0 {
        return None;
    }
    let numeral = numeral_at(text, cursor.at)?;
    let share = Numeral {
        low: numeral.low / divisor.low,
        high: numeral.high / divisor.low,
        base: numeral.base / divisor.low,
        ..numeral
    };
    let after = hedge_after(text, numeral.end);
    Some(Quantity {
        span: before.map_or(start, |(_, start)| start)..after.map_or(numeral.end, |(_, end)| end),
        number_span: start..numeral.end,
        number: share.hedged(before.map(|(hedge, _)| hedge), after.map(|(hedge, _)| hedge)),
        unit: "分之".to_owned(),
        kind: UnitKind::Percent,
        weak: false,
        per: None,
    })
}

/// A number without a measure word: 获利近8万, 涉及数百.
fn bare(
    text: &str,
    start: usize,
    numeral: &Numeral,
    before: Option<(Hedge, usize)>,
) -> Option<Quantity> {
    let after = hedge_after(text, numeral.end);
    let loose = numeral.hedge.is_some() || before.is_some() || after.is_some();
    let several = numeral.several && numeral.style.scaled;
    let lettered = text.get(start..numeral.end)?.ends_with(|c: char| c.is_ascii_alphabetic());
    let scaled = numeral.shared > 1.0 && !numeral.style.bare && !lettered;
    let large = scaled || numeral.style.grouped;
    let next = Cursor::new(text, numeral.end);
    let dated =
        next.peek().is_some_and(|c| "年月日号时点后%％".contains(c) || c.is_ascii_alphanumeric());
    let plain = !(loose || several || large);
    if plain || dated || numeral.style.row || numeral.style.lone {
        return None;
    }
    Some(Quantity {
        span: before.map_or(start, |(_, start)| start)..after.map_or(numeral.end, |(_, end)| end),
        number_span: start..numeral.end,
        number: numeral.hedged(before.map(|(hedge, _)| hedge), after.map(|(hedge, _)| hedge)),
        unit: String::new(),
        kind: UnitKind::Bare,
        weak: false,
        per: None,
    })
}

/// 余 or 多 after units that are not people or things: 3年多, 20元余.
fn loose_tail(text: &str, at: usize, kind: UnitKind) -> Option<(Hedge, usize)> {
    if kind == UnitKind::Count {
        return None;
    }
    let mut cursor = Cursor::new(text, at);
    cursor.eat_any(&["余", "多"])?;
    let word = cursor.peek().is_some_and(|c| "某次名个家人方地种年元条".contains(c));
    (!word).then_some((Hedge::Over, cursor.at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Quantity> {
        quantities(text, &Measures::built_in().unwrap())
    }

    /// `span value qualifier unit` of each quantity, joined by `; `.
    fn check(text: &str, expected: &str) {
        let found: Vec<String> = read(text)
            .iter()
            .map(|q| {
                let high = match q.number.qualifier {
                    Qualifier::Range => format!("-{}", q.number.high.unwrap()),
                    _ => String::new(),
                };
                let weak = if q.weak { " weak" } else { "" };
                let per = q.per.as_ref().map(|per| format!("/{per}")).unwrap_or_default();
                let span = text.get(q.span.clone()).unwrap();
                format!(
                    "{span} {}{high} {} {}{per}{weak}",
                    q.number.value, q.number.qualifier, q.unit
                )
            })
            .collect();
        assert_eq!(found.join("; "), expected, "{text}");
    }

    #[test]
    fn examples_of_the_file() {
        let measures = Measures::built_in().unwrap();
        for example in measures.examples() {
            let found: Vec<(f64, String)> = quantities(&example.text, &measures)
                .into_iter()
                .map(|q| (q.number.value, q.unit))
                .collect();
            let expected: Vec<(f64, String)> = example.expected.clone().into_iter().collect();
            assert_eq!(found, expected, "measures.toml:{}: {}", example.line, example.text);
        }
    }

    #[test]
    fn hedges() {
        check("查获数据3000余万条。", "3000余万条 30000000 over 条");
        check("近千万条", "近千万条 10000000 nearly 条");
        check("抓获约12名男子", "约12名 12 about 名");
        check("窝点20余个，涉案500万元以上", "20余个 20 over 个; 500万元以上 5000000 over 元");
        check("上百万条", "上百万条 1000000 over 条");
        check("网上百万条信息", "百万条 1000000 exact 条 weak");
        check("几十名、数百人", "几十名 20 several 名; 数百人 200 several 人");
        check("获利近8万", "近8万 80000 nearly ");
        check("12名许某", "12名 12 exact 名");
        check("附近3家门店", "3家 3 exact 家");
        check("人数百余名", "百余名 100 over 名");
    }

    #[test]
    fn money() {
        check("每条0.3至0.6元", "0.3至0.6元 0.3-0.6 range 元/条");
        check("0.4元到1元不等", "0.4元到1元 0.4-1 range 元");
        check("以3元/条出售", "3元 3 exact 元/条");
        check("人民币1万-5万元", "人民币1万-5万元 10000-50000 range 元");
        check("十块三毛", "十块三毛 10.3 exact 元");
        check("123元1角1分", "123元1角1分 123.11 exact 元");
        check("新台币177.1亿元", "新台币177.1亿元 17710000000 exact 新台币");
        check("￥300", "￥300 300 exact 元");
        check("3块硬盘", "3块 3 exact 块");
    }

    #[test]
    fn terms() {
        check("判处有期徒刑三年六个月，缓刑四年", "三年六个月 42 exact 年; 四年 48 exact 年");
        check("拘役五个月", "五个月 5 exact 个月");
        check("从业3年多", "3年多 36 over 年");
        check("3-7年", "3-7年 36-84 range 年");
        check("三年六个月至八个月不等", "三年六个月至八个月 8-42 range 个月");
        check("九个月至十二年三个月", "九个月至十二年三个月 9-147 range 年");
        check("5年8个月到12年", "5年8个月到12年 68-144 range 年");
        check("历时近一年", "近一年 12 nearly 年");
    }

    #[test]
    fn not_quantities() {
        for text in [
            "2021年3月16日发布",
            "拨打12345热线或110报警",
            "《刑法》第二百五十三条之一",
            "刑法第67条、第69条第3款",
            "7×24小时",
            "身份证号110101199003071234",
            "电话138-0013-8000",
            "汽车4S店用ChatGPT4处理5G网络",
            "1、2. （三）首先",
            "v1.2.3版",
            "2020国家网络安全宣传周",
            "统一部署，进一步打击",
            "120公司",
            "8时30分",
            "四川、九江、三亚、万宁",
        ] {
            check(text, "");
        }
    }

    #[test]
    fn neighbours() {
        check("47名（其中主犯1名）", "47名 47 exact 名; 1名 1 exact 名");
        check("一名男子", "一名 1 exact 名 weak");
        check("3辅警获刑", "3辅警 3 exact 辅警");
        check("占65.7%，近五成", "65.7% 0.657 exact %; 近五成 0.5 nearly 成");
    }
}
