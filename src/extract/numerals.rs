//! Read: numbers as bulletins print and hedge them, `3000余万`, `一亿二千万`, `十几万`, `2到50`.

mod cursor;
mod hedge;
mod reader;

pub(crate) use self::cursor::Cursor;
use self::hedge::hedge_from_start;
pub(crate) use self::hedge::{Hedge, hedge_after, hedge_before};
use self::reader::Reader;
use crate::model::{Number, Qualifier};

/// The number that the whole of `text` is, hedges and range included.
///
/// `3000余万` is over 30 000 000, `十几万` at least 110 000, `近千万` nearly 10 000 000, `3-5万` a range.
/// `None` where anything but a number is left over.
pub(crate) fn parse_number(text: &str) -> Option<Number> {
    let text = text.trim();
    if text == "半" {
        return Some(Number::exact(0.5));
    }
    let (before, start) = hedge_from_start(text);
    let first = numeral_at(text, start)?;
    let mut end = first.end;
    let second = separator_at(text, end).and_then(|at| numeral_at(text, at));
    if let Some(second) = &second {
        end = second.end;
    }
    let after = hedge_after(text, end);
    let end = after.map_or(end, |(_, end)| end);
    if end != text.len() {
        return None;
    }
    if !first.high.is_finite() {
        return None;
    }
    if before.is_none() && first.style.bare && first.end - start <= '万'.len_utf8() {
        return None;
    }
    match second {
        Some(second) => range(&first, &second),
        None => Some(first.hedged(before, after.map(|(hedge, _)| hedge))),
    }
}

/// A number without the hedges around it; those between its own words (3000余万, 十几) are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Numeral {
    /// Byte after its last word.
    pub(crate) end: usize,
    /// What the words say at least.
    pub(crate) low: f64,
    /// What they say at most; more than `low` for 几, 数 and 两三.
    pub(crate) high: f64,
    /// As printed, with nothing for 几: 二十几 is 20 here.
    pub(crate) base: f64,
    /// A hedge inside or right after it.
    pub(crate) hedge: Option<Hedge>,
    /// 10 000 for 3千万, so that 2至3千万 can share it; 1 where there is none to share.
    pub(crate) shared: f64,
    /// 1000 for 3千 or 3千万, to share likewise (两到三千); 1 where there is none.
    pub(crate) minor: f64,
    /// How it is written.
    pub(crate) style: Style,
    /// It holds 几 or 数.
    pub(crate) several: bool,
}

/// How a numeral is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Style {
    /// Digits 0-9 in the first ASCII run before a point.
    pub(crate) digits: u8,
    /// A decimal point, in either script.
    pub(crate) point: bool,
    /// Groups of three parted by commas.
    pub(crate) grouped: bool,
    /// 十, 百, 千, 万 and the like.
    pub(crate) scaled: bool,
    /// A scale with no digit before it: 百余, 万名.
    pub(crate) bare: bool,
    /// A row of Chinese digits: 二〇二一.
    pub(crate) row: bool,
    /// One Chinese digit and nothing else.
    pub(crate) lone: bool,
}

impl Numeral {
    /// The number with what the words before and after it add. The hedge inside wins, then the one before.
    pub(crate) fn hedged(&self, before: Option<Hedge>, after: Option<Hedge>) -> Number {
        let value = self.low;
        if self.several {
            let high = Some(self.high).filter(|_| self.hedge.is_none());
            return Number { value, low: Some(value), high, qualifier: Qualifier::Several };
        }
        if self.low < self.high {
            return Number {
                value,
                low: Some(value),
                high: Some(self.high),
                qualifier: Qualifier::Range,
            };
        }
        match self.hedge.or(before).or(after) {
            None => Number::exact(value),
            Some(Hedge::Over) => {
                Number { value, low: Some(value), high: None, qualifier: Qualifier::Over }
            }
            Some(Hedge::Nearly) => {
                Number { value, low: None, high: Some(value), qualifier: Qualifier::Nearly }
            }
            Some(Hedge::About) => {
                Number { value, low: None, high: None, qualifier: Qualifier::About }
            }
        }
    }
}

/// `first至second` as one number; 3至5万 shares the 万. `None` where it does not rise.
pub(crate) fn range(first: &Numeral, second: &Numeral) -> Option<Number> {
    let mut low = first.low;
    if first.shared == 1.0 {
        let shares = [second.shared * second.minor, second.shared];
        let fits = |share: &f64| *share > 1.0 && low < second.low / share;
        low = tidy(low * shares.into_iter().find(fits).unwrap_or(1.0));
    }
    let high = second.high;
    (low < high).then_some(Number {
        value: low,
        low: Some(low),
        high: Some(high),
        qualifier: Qualifier::Range,
    })
}

/// Where the number after a range's 至, 到 or dash begins.
pub(crate) fn separator_at(text: &str, at: usize) -> Option<usize> {
    let mut cursor = Cursor::new(text, at);
    cursor.skip_spaces();
    let word = ["至", "到", "--", "-", "——", "—", "－", "–", "~", "～"];
    cursor.eat_any(&word)?;
    cursor.skip_spaces();
    Some(cursor.at)
}

/// The numeral that begins at `at`. Blanks between its words are allowed where one cannot end there.
pub(crate) fn numeral_at(text: &str, at: usize) -> Option<Numeral> {
    counted_by(text, at).or_else(|| Reader::new(text, at).read())
}

/// 数以亿计, 数以百万计: at least so many, and not ten times as many.
fn counted_by(text: &str, at: usize) -> Option<Numeral> {
    let mut cursor = Cursor::new(text, at);
    if !cursor.eat("数以") {
        return None;
    }
    let mut low = 1.0;
    while let Some(step) = cursor.peek().and_then(scale) {
        low *= step;
        cursor.bump();
    }
    (1.0 < low && cursor.eat("计")).then_some(Numeral {
        end: cursor.at,
        low,
        high: low * 10.0,
        base: low,
        hedge: None,
        shared: 1.0,
        minor: 1.0,
        style: Style { scaled: true, ..Style::default() },
        several: true,
    })
}

/// Whether a numeral can begin with this character.
pub(crate) fn opens_numeral(c: char) -> bool {
    c.is_ascii_digit() || digit(c).is_some() || scale(c).is_some() || c == '几' || c == '数'
}

/// A Chinese digit.
fn digit(c: char) -> Option<f64> {
    Some(match c {
        '〇' | '零' => 0.0,
        '一' | '壹' => 1.0,
        '二' | '两' | '贰' => 2.0,
        '三' | '叁' => 3.0,
        '四' | '肆' => 4.0,
        '五' | '伍' => 5.0,
        '六' | '陆' => 6.0,
        '七' | '柒' => 7.0,
        '八' | '捌' => 8.0,
        '九' | '玖' => 9.0,
        _ => return None,
    })
}

fn scale(c: char) -> Option<f64> {
    Some(match c {
        '十' | '拾' => 10.0,
        '百' | '佰' => 100.0,
        '千' | '仟' => 1000.0,
        '万' => 1e4,
        '亿' => 1e8,
        '兆' => 1e12,
        _ => return None,
    })
}

fn is_scale(c: char) -> bool {
    scale(c).is_some_and(|scale| scale > 10.0)
}

/// Undoes the noise of binary fractions: 1.3153 x 10000 is 13153.
pub(crate) fn tidy(value: f64) -> f64 {
    let grain = match value.abs() {
        size if size < 1e6 => 1e9,
        size if size < 1e9 => 1e6,
        _ => 1e2,
    };
    if value.abs() < 1e13 { (value * grain).round() / grain } else { value.round() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Qualifier::{About, Exact, Nearly, Over, Range, Several};

    fn check(text: &str, value: f64, qualifier: Qualifier) {
        let number = parse_number(text).unwrap_or_else(|| panic!("{text} is no number"));
        assert_eq!((number.value, number.qualifier), (value, qualifier), "{text}");
    }

    #[test]
    fn exact() {
        check("12", 12.0, Exact);
        check("一万二千", 12_000.0, Exact);
        check("1.1亿", 110_000_000.0, Exact);
        check("12,345.6万", 123_456_000.0, Exact);
        check("160 700余", 160_700.0, Over);
        check("一亿二千万", 120_000_000.0, Exact);
        check("1.3153万", 13_153.0, Exact);
        check("九十二万四", 924_000.0, Exact);
        check("两千零五", 2005.0, Exact);
        check("1万5000", 15_000.0, Exact);
        check("5亿1万4千6百", 500_014_600.0, Exact);
        check("二十万亿", 2e13, Exact);
        check("四万万", 4e8, Exact);
        check("十五点七亿", 1.57e9, Exact);
        check("二〇二一", 2021.0, Exact);
        check("一千零一十", 1010.0, Exact);
    }

    #[test]
    fn hedged() {
        check("3000余万", 30_000_000.0, Over);
        check("3000 余万", 30_000_000.0, Over);
        check("2.3万余", 23_000.0, Over);
        check("9千余", 9000.0, Over);
        check("百余", 100.0, Over);
        check("上百万", 1_000_000.0, Over);
        check("上万", 10_000.0, Over);
        check("近千万", 10_000_000.0, Nearly);
        check("约3万", 30_000.0, About);
        check("3万左右", 30_000.0, About);
        check("至少500", 500.0, Over);
        check("500以上", 500.0, Over);
        check("不足20万", 200_000.0, Nearly);
        check("一千多万", 10_000_000.0, Over);
    }

    #[test]
    fn several() {
        check("十几万", 110_000.0, Several);
        check("几十", 20.0, Several);
        check("数十", 20.0, Several);
        check("数百万", 2_000_000.0, Several);
        check("数万余", 20_000.0, Several);
        check("数以亿计", 1e8, Several);
        check("数以百万计", 1e6, Several);
        check("几", 2.0, Several);
        check("二十几", 21.0, Several);
    }

    #[test]
    fn ranges() {
        check("两三百", 200.0, Range);
        check("十五六", 15.0, Range);
        check("2到50", 2.0, Range);
        check("3-5万", 30_000.0, Range);
        check("十八至三十万", 180_000.0, Range);
        check("一千到两千万", 10_000_000.0, Range);
        check("5000至1万", 5000.0, Range);
        check("两到三千", 2000.0, Range);
    }

    #[test]
    fn none() {
        for text in ["", "万", "陆", "三名", "12a", "人", "几乎", "99-12"] {
            assert_eq!(parse_number(text).map(|n| n.value), None, "{text}");
        }
    }
}
