//! Read: dates and periods of news text, `2020年6月至11月`, `去年3月`, `次日`, `前三季度`.

mod loose;
mod lunar;
mod printed;
mod resolve;

use std::ops::Range;

pub use self::loose::{Days, loose_moments};

use self::printed::{
    Place, Point, Slot, alone, bare_day, bound_after, day_at, month_at, month_part, months_of_year,
    numeric, opens_date, part_of_name, plain, range_to, range_to_year, short_numeric, whole,
    year_part,
};
use self::resolve::{move_days, move_months};
use super::numerals::{Cursor, numeral_at};
use crate::knowledge::timewords::{TimeWords, Unit};
use crate::model::Date;

/// A date or period as a text tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Byte range, from the first word that dates to the last (以来, 左右 included).
    pub span: Range<usize>,
    /// What it is.
    pub kind: MomentKind,
    /// The date, or the first of a period; as precise as told. `None` where nothing tells what it is counted from.
    pub start: Option<Date>,
    /// The last of a period, as precise as told; `None` for a date and where a period is open.
    pub end: Option<Date>,
    /// Which part of the year or month is meant.
    pub part: Option<Part>,
    /// Whether it is the time itself, or one side of it.
    pub bound: Bound,
    /// Counted from the day of publication or from the date before it.
    pub relative: bool,
}

/// What a moment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MomentKind {
    /// A day, a month or a year.
    Date,
    /// From one date to another, or open (2020年以来).
    Period,
    /// 近日, 日前: says when and dates nothing.
    Vague,
}

/// A part of a year or month, which the date is not made more precise by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// 初.
    Early,
    /// 年中.
    Middle,
    /// 底, 末.
    Late,
    /// 上旬.
    FirstTen,
    /// 中旬.
    MiddleTen,
    /// 下旬.
    LastTen,
}

/// Which side of a date is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The date itself.
    At,
    /// 以来, 起, 至今.
    Since,
    /// 以前, 截至.
    Until,
    /// 以后.
    After,
}

/// Every date and period of a text, left to right, not overlapping.
///
/// 去年 and 昨日 are counted from `reference`, the day of publication; 次年, 当日 and a date without its year from
/// the date told before, or else a date without its year is the latest such day not after `reference`.
pub fn moments(text: &str, reference: Option<Date>, words: &TimeWords) -> Vec<Moment> {
    let mut reader = Reader { text, reference, words, story: None, loose: false };
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = reader.candidate(at) {
        match reader.moment(start) {
            Ok(moment) => {
                at = moment.span.end;
                found.push(moment);
            }
            Err(end) => at = end,
        }
    }
    found
}

#[derive(Debug)]
struct Reader<'t> {
    text: &'t str,
    reference: Option<Date>,
    words: &'t TimeWords,
    /// The last date told.
    story: Option<Date>,
    /// Also reads what news hardly prints: 三三年, 1月3, 12号 alone.
    loose: bool,
}

impl Reader<'_> {
    /// The first byte from `at` on where a moment can begin.
    fn candidate(&self, at: usize) -> Option<usize> {
        let rest = self.text.get(at..)?;
        rest.char_indices().find(|(_, c)| self.opens(*c)).map(|(offset, _)| at + offset)
    }

    fn opens(&self, c: char) -> bool {
        c.is_ascii_digit() || c >= '\u{3007}' && (opens_date(c) || self.words.opens(c))
    }

    /// The moment at `start`, or where to go on.
    fn moment(&mut self, start: usize) -> Result<Moment, usize> {
        let cursor = Cursor::new(self.text, start);
        let next = start + cursor.peek().map_or(1, char::len_utf8);
        if let Some(period) = self.last_years(start) {
            return Ok(period);
        }
        if let Some(word) = self.words.at(self.text, start).filter(|word| word.unit == Unit::Vague)
        {
            return Ok(Moment::vague(start..start + word.word.len()));
        }
        let digits = cursor.peek().is_some_and(|c| c.is_ascii_digit());
        let run = start + cursor.rest().bytes().take_while(u8::is_ascii_digit).count();
        let resume = if digits { run } else { next };
        if digits && part_of_name(cursor) {
            return Err(resume);
        }
        let numeral = numeral_at(self.text, start);
        let past = numeral.filter(|_| !digits).map_or(resume, |numeral| numeral.end);
        if numeral.is_some_and(|numeral| !printed::dates(self.text, &numeral, self.loose)) {
            return Err(past);
        }
        let first = self.point(start, Place::Opening).ok_or(past)?;
        self.finish(start, first).ok_or(first.end.max(resume))
    }

    /// Range, modifiers and resolution of a moment whose first point is read.
    fn finish(&mut self, start: usize, mut first: Point) -> Option<Moment> {
        let mut cursor = Cursor::new(self.text, first.end);
        let second = self.second(&mut first, &mut cursor);
        if first.pending.is_some() {
            return None;
        }
        let before = self.text.get(..start).unwrap_or("");
        let mut bound = bound_after(&mut cursor);
        cursor.eat_any(&["左右", "前后", "期间", "之间", "间"]);
        if ["截至", "截止", "截止到", "截至到"].iter().any(|word| before.ends_with(word))
        {
            bound = Bound::Until;
        }
        let fresh = opens_report(before);
        let (low, high) = self.resolve(&first, fresh).unzip();
        let high = high.flatten();
        let until = second.and_then(|second| self.resolve_end(&second, &first, low));
        let since = bound == Bound::Since;
        let period = second.is_some() || first.months.is_some() || since;
        let end = if since {
            None
        } else if second.is_some() {
            until
        } else {
            high
        };
        let relative =
            [first.year, first.month, first.day].iter().any(|s| matches!(s, Slot::Word { .. }))
                || !first.year.is_some();
        // 2016年以来 tells how far back a matter goes, not when the story plays.
        let background = since && low.is_some_and(|date| date.month().is_none());
        if let Some(date) = end.or(low).filter(|_| !background) {
            self.story = Some(date);
        }
        Some(Moment {
            span: start..cursor.at,
            kind: if period { MomentKind::Period } else { MomentKind::Date },
            start: low,
            end: if period { end } else { None },
            part: second.map_or(first.part, |second| second.part),
            bound,
            relative,
        })
    }

    /// The other end of 6月至11月; gives the first end its unit where that waits for it.
    fn second(&self, first: &mut Point, cursor: &mut Cursor<'_>) -> Option<Point> {
        let mut next = *cursor;
        next.skip_spaces();
        let paired = next.eat_any(&["与", "和"]).is_some();
        if !paired {
            next.eat_any(&["至", "到", "--", "-", "——", "—", "~", "～", "－", "–"])?;
        }
        next.skip_spaces();
        let mut second = self.point(next.at, Place::Closing)?;
        let between = Cursor::new(self.text, second.end);
        if second.pending.is_some() || paired && !between.rest().starts_with(['间', '之']) {
            return None;
        }
        if let Some(number) = first.pending.take() {
            let slot = Slot::Given(number);
            if second.year.is_some() && !first.year.is_some() {
                first.year = slot;
            } else if second.month.is_some() && !first.month.is_some() {
                first.month = slot;
            } else if second.day.is_some() && !second.month.is_some() {
                first.day = slot;
            } else {
                return None;
            }
        }
        if !second.year.is_some() {
            second.year = first.year;
            if !second.month.is_some() && second.day.is_some() {
                second.month = first.month;
            }
        }
        cursor.at = second.end;
        Some(second)
    }

    /// 近三年, 过去6个月, 近半年, 近10天: up to the day of publication.
    fn last_years(&self, start: usize) -> Option<Moment> {
        let mut cursor = Cursor::new(self.text, start);
        cursor.eat_any(&["最近", "近", "过去"])?;
        if !counts_back(self.text.get(..cursor.at)?) {
            return None;
        }
        let count = if cursor.rest().starts_with("半年") {
            6
        } else {
            let numeral = numeral_at(self.text, cursor.at).filter(plain)?;
            cursor.at = numeral.end;
            cursor.skip_spaces();
            whole(numeral.low, 99)?
        };
        let unit = cursor.eat_any(&["半年", "个月", "年", "天", "周", "个星期"])?;
        if cursor.peek().is_some_and(|c| "级代龄期岁".contains(c)) {
            return None;
        }
        let mut tail = cursor;
        tail.eat_any(&["以来", "来", "间", "内"]);
        if tail.peek() != Some('隔') {
            cursor = tail;
        }
        let first = self.reference.and_then(|date| match unit {
            "年" => move_months(date, count * -12),
            "半年" | "个月" => move_months(date, -count),
            "天" => move_days(date, -count),
            _ => move_days(date, count * -7),
        });
        Some(Moment {
            span: start..cursor.at,
            kind: MomentKind::Period,
            start: first,
            end: first.and(self.reference),
            part: None,
            bound: Bound::At,
            relative: true,
        })
    }

    /// The date printed at `at`.
    fn point(&self, at: usize, place: Place) -> Option<Point> {
        if let Some(point) = numeric(self.text, at, self.loose) {
            return Some(point);
        }
        if let Some(point) = short_numeric(self.text, at).filter(|_| self.loose) {
            return Some(point);
        }
        let mut point = Point::default();
        let mut cursor = Cursor::new(self.text, at);
        self.year(&mut point, &mut cursor);
        if point.pending.is_none() && !(point.year.is_some() && year_part(&mut point, &mut cursor))
        {
            let alone = !point.year.is_some();
            if alone && months_of_year(&mut point, &mut cursor) {
                point.end = cursor.at;
                return Some(point);
            }
            self.month(&mut point, &mut cursor, place);
            if point.pending.is_none() && point.part.is_none() {
                self.day(&mut point, &mut cursor, place);
            }
        }
        point.end = cursor.at;
        let some = point.year.is_some() || point.month.is_some() || point.day.is_some();
        (some || point.pending.is_some()).then_some(point)
    }

    fn year(&self, point: &mut Point, cursor: &mut Cursor<'_>) {
        if let Some(word) = self.words.at(self.text, cursor.at).filter(|w| w.unit == Unit::Year) {
            point.year = Slot::Word { shift: word.shift, from: word.from };
            cursor.at += word.word.len();
            cursor.skip_spaces();
            return;
        }
        let Some(numeral) =
            numeral_at(self.text, cursor.at).filter(|n| !n.several && n.hedge.is_none())
        else {
            return;
        };
        let Some(number) = whole(numeral.low, 2100) else { return };
        let printed = self.text.get(cursor.at..numeral.end).unwrap_or("").chars().count();
        let mut next = Cursor::new(self.text, numeral.end);
        next.skip_spaces();
        let full = number >= 1900 && (printed == 4 || numeral.style.scaled) && !numeral.style.point;
        if full && range_to_year(next, self.loose) {
            point.pending = Some(number);
            cursor.at = numeral.end;
            return;
        }
        if !next.eat("年") || next.peek().is_some_and(|c| "级代龄轻".contains(c)) {
            return;
        }
        next.skip_spaces();
        let month =
            month_at(self.text, next.at).is_some() || self.loose && next.rest().starts_with("前");
        let short = printed == 2 && !numeral.style.scaled && month;
        let zero = self.text.as_bytes().get(cursor.at) == Some(&b'0');
        let spoken = self.loose && printed == 2 && (numeral.style.row || zero);
        if full {
            point.year = Slot::Given(number);
        } else if short || spoken {
            point.year = Slot::Given(self.century(number));
        } else {
            return;
        }
        cursor.at = next.at;
    }

    /// 98 is 1998, 21 is 2021: not more than ten years after publication.
    fn century(&self, short: i16) -> i16 {
        let latest = self.reference.map_or(2050, |date| date.year() + 10);
        if 2000 + short <= latest { 2000 + short } else { 1900 + short }
    }

    fn month(&self, point: &mut Point, cursor: &mut Cursor<'_>, place: Place) {
        if let Some(word) = self.words.at(self.text, cursor.at).filter(|w| w.unit == Unit::Month) {
            if !point.year.is_some() {
                point.month = Slot::Word { shift: word.shift, from: word.from };
                cursor.at += word.word.len();
                month_part(point, cursor);
            }
            return;
        }
        if let Some((number, end)) = month_at(self.text, cursor.at)
            .filter(|(_, end)| self.loose || point.year.is_some() || !self.length(cursor.at, *end))
        {
            point.month = Slot::Given(number);
            cursor.at = end;
            cursor.skip_spaces();
            if !self.has_day(cursor.at) {
                cursor.at = end;
            }
            month_part(point, cursor);
            return;
        }
        if place == Place::Opening
            && let Some(numeral) = numeral_at(self.text, cursor.at)
            && let Some(number) = whole(numeral.low, 12).filter(|_| plain(&numeral))
            && range_to(self.text, numeral.end, month_at)
        {
            point.pending = Some(number);
            cursor.at = numeral.end;
        }
    }

    /// 断网一月 is how long, not when: a month in Chinese digits needs a year or a day.
    fn length(&self, start: usize, end: usize) -> bool {
        let ascii = self.text.as_bytes().get(start).is_some_and(u8::is_ascii_digit);
        !ascii && !self.has_day(end)
    }

    fn has_day(&self, at: usize) -> bool {
        day_at(self.text, at, true).is_some()
    }

    fn day(&self, point: &mut Point, cursor: &mut Cursor<'_>, place: Place) {
        let dated = point.month.is_some();
        if let Some(word) = self.words.at(self.text, cursor.at).filter(|w| w.unit == Unit::Day) {
            if !dated && !point.year.is_some() {
                point.day = Slot::Word { shift: word.shift, from: word.from };
                cursor.at += word.word.len();
            }
            return;
        }
        if point.year.is_some() && !dated {
            return;
        }
        let known = dated || place == Place::Closing;
        if let Some((number, end)) = day_at(self.text, cursor.at, known || self.loose) {
            if known || self.loose || alone(self.text, cursor.at, end) {
                point.day = Slot::Given(number);
                cursor.at = end;
            }
            return;
        }
        if self.loose
            && matches!(point.month, Slot::Given(_))
            && let Some((number, end)) = bare_day(self.text, cursor.at)
        {
            point.day = Slot::Given(number);
            cursor.at = end;
            return;
        }
        if place == Place::Opening
            && let Some(numeral) = numeral_at(self.text, cursor.at)
            && let Some(number) = whole(numeral.low, 31).filter(|_| plain(&numeral))
            && range_to(self.text, numeral.end, |text, at| day_at(text, at, dated))
        {
            point.pending = Some(number);
            cursor.at = numeral.end;
        }
    }
}

impl Moment {
    fn vague(span: Range<usize>) -> Moment {
        Moment {
            span,
            kind: MomentKind::Vague,
            start: None,
            end: None,
            part: None,
            bound: Bound::At,
            relative: true,
        }
    }
}

/// Whether a text ends in 近 or 过去 as they stand in 近三年, and not in 经过近三年, which is nearly three years.
pub(crate) fn counts_back(before: &str) -> bool {
    const LASTS: &[&str] = &[
        "经过", "经", "历时", "历经", "长达", "达", "持续", "潜伏", "耗时", "时隔", "影响", "潜逃",
        "用时", "了",
    ];
    let before = before.trim_end_matches(' ');
    let words = ["最近", "近", "过去", "此前", "未来", "今后"];
    let Some(rest) = words.iter().find_map(|word| before.strip_suffix(word)) else { return false };
    !rest.ends_with(['附', '将', '接', '临', '靠'])
        && !LASTS.iter().any(|word| rest.ends_with(word))
}

/// Whether a date that follows `before` opens a report: at the start of a paragraph, or after its dateline.
fn opens_report(before: &str) -> bool {
    let told = before.trim_end_matches(|c: char| c != '\n' && !c.is_alphanumeric());
    told.is_empty() || told.ends_with(['\n', '讯']) || told.ends_with("消息")
}

/// The last day that a date can mean.
pub fn last_day(date: Date) -> jiff::civil::Date {
    let first = date.first_day();
    match (date.month(), date.day()) {
        (Some(_), Some(_)) => first,
        (Some(_), None) => first.last_of_month(),
        (None, _) => first.last_of_year(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        let mut parts = text.split('-').map(|part| part.parse::<i16>().unwrap());
        let year = parts.next().unwrap();
        let mut small = || parts.next().map(|part| i8::try_from(part).unwrap());
        Date::new(year, small(), small()).unwrap()
    }

    fn print(moment: &Moment) -> String {
        let start = moment.start.map_or("?".to_owned(), |date| date.to_string());
        match moment.kind {
            MomentKind::Vague => "vague".to_owned(),
            MomentKind::Date => start,
            MomentKind::Period => {
                format!("{start}/{}", moment.end.map(|date| date.to_string()).unwrap_or_default())
            }
        }
    }

    fn read(text: &str, published: Option<&str>) -> Vec<Moment> {
        moments(text, published.map(date), &TimeWords::built_in().unwrap())
    }

    /// `span date` of each moment, joined by `; `, of a text published on 2023-08-11.
    fn check(text: &str, expected: &str) {
        let found: Vec<String> = read(text, Some("2023-08-11"))
            .iter()
            .map(|m| format!("{} {}", text.get(m.span.clone()).unwrap(), print(m)))
            .collect();
        assert_eq!(found.join("; "), expected, "{text}");
    }

    #[test]
    fn examples_of_the_file() {
        for example in TimeWords::built_in().unwrap().examples() {
            let found = read(&example.text, example.published.as_deref());
            let last = found.iter().rev().find(|m| m.kind != MomentKind::Vague).map(print);
            assert_eq!(last, example.expected, "timewords.toml:{}: {}", example.line, example.text);
        }
    }

    #[test]
    fn dates() {
        check("2023年3月16日宣判", "2023年3月16日 2023-03-16");
        check("2021.3.5和2021-03-05", "2021.3.5 2021-03-05; 2021-03-05 2021-03-05");
        check("二〇二一年三月", "二〇二一年三月 2021-03");
        check("2021 年 3 月 16 日", "2021 年 3 月 16 日 2021-03-16");
        check("1.2021年3月，王某", "2021年3月 2021-03");
        check("21年3月", "21年3月 2021-03");
        check("2021年底", "2021年底 2021");
        check("2021年10月下旬", "2021年10月下旬 2021-10");
    }

    #[test]
    fn years_left_out() {
        check("10月8日", "10月8日 2022-10-08");
        check("2021年3月，王某……10日，被抓", "2021年3月 2021-03; 10日 2021-03-10");
        check("2021年3月\n10日，公安部通报", "2021年3月 2021-03; 10日 2023-08-10");
        check("2021年3月，同年8月11日", "2021年3月 2021-03; 同年8月11日 2021-08-11");
        check("2021年3月\n8月8日，法院宣判", "2021年3月 2021-03; 8月8日 2023-08-08");
        check("2021年3月\n5月8日，警方立案", "2021年3月 2021-03; 5月8日 2021-05-08");
        check("去年3月", "去年3月 2022-03");
        assert_eq!(read("10月8日", None)[0].start, None);
    }

    #[test]
    fn periods() {
        check("2020年6月至11月", "2020年6月至11月 2020-06/2020-11");
        check("2020年11月至3月", "2020年11月至3月 2020-11/2021-03");
        check("2016-2018年", "2016-2018年 2016/2018");
        check("2016年至2018年", "2016年至2018年 2016/2018");
        check("2016年以来", "2016年以来 2016/");
        check("6月12日至17日", "6月12日至17日 2023-06-12/2023-06-17");
        check("2019年4月12-19日", "2019年4月12-19日 2019-04-12/2019-04-19");
        check("今年1-7月", "今年1-7月 2023-01/2023-07");
        check("2025年前三季度", "2025年前三季度 2025-01/2025-09");
        check("上半年", "上半年 2023-01/2023-06");
        check("一季度", "一季度 2023-01/2023-03");
        check("近三年", "近三年 2020-08-11/2023-08-11");
        check("近10天", "近10天 2023-08-01/2023-08-11");
        check("近半年来", "近半年来 2023-02-11/2023-08-11");
        check("历时近三年，断网一月", "");
        check("2007年与2009年间", "2007年与2009年间 2007/2009");
        check("2014年11月到去年3月", "2014年11月到去年3月 2014-11/2022-03");
    }

    #[test]
    fn not_dates() {
        for text in [
            "拘留10日",
            "处十日以上十五日以下拘留",
            "三年有期徒刑",
            "三个月内",
            "第3日",
            "12号楼",
            "CVE-2021-44228",
            "净网2021专项行动",
            "90年代",
            "2000元",
            "v2021.03",
            "12月饼",
        ] {
            check(text, "");
        }
        check("近日，警方", "近日 vague");
    }
}
