//! Times of any text, as days: weeks, weekdays, decades, festivals, lunar dates, 三年半以前, besides those of news.

use std::ops::Range;

use jiff::ToSpan as _;
use jiff::civil::{Date as Day, Weekday};

use super::printed::{day_at, month_at};
use super::{Bound, Moment, MomentKind, Part, Reader, last_day, lunar};
use crate::extract::numerals::{Cursor, numeral_at, separator_at};
use crate::knowledge::timewords::{Calendar, Festival, TimeWords};
use crate::model::Date;

/// A stretch of days; a side is `None` where it is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    /// Byte range.
    pub span: Range<usize>,
    /// The first day.
    pub first: Option<Day>,
    /// The last day; equal to `first` for a single day.
    pub last: Option<Day>,
}

/// Every time that a text tells, resolved against `reference` to days.
///
/// Reads more than [`super::moments`], and guesses where news would not: `三三年`, `1月3`, `星期天`.
pub fn loose_moments(text: &str, reference: Option<Date>, words: &TimeWords) -> Vec<Days> {
    let strict = Reader { text, reference, words, story: reference, loose: true };
    let mut reader = Loose { text, reference, words, strict, past: 0 };
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        reader.past = at + c.len_utf8();
        let Some(days) = reader.period(at) else {
            at = reader.past(at).max(reader.past);
            continue;
        };
        at = days.span.end.max(at + c.len_utf8());
        found.push(days);
    }
    found
}

#[derive(Debug)]
struct Loose<'t> {
    text: &'t str,
    reference: Option<Date>,
    words: &'t TimeWords,
    strict: Reader<'t>,
    /// Where to go on where nothing was found.
    past: usize,
}

impl Loose<'_> {
    /// A time, or one 到 another.
    fn period(&mut self, at: usize) -> Option<Days> {
        let first = self.single(at)?;
        let to = separator_at(self.text, first.span.end);
        let Some(second) = to.and_then(|at| self.second(at, &first)) else { return Some(first) };
        Some(Days { span: at..second.span.end, first: first.first, last: second.last })
    }

    /// The end of a period, which a missing year does not put before its start.
    fn second(&mut self, at: usize, first: &Days) -> Option<Days> {
        let rises = |second: &Days| first.first.is_some() && first.first <= second.last;
        let second = self.single(at).filter(rises);
        second.or_else(|| {
            let told = first.first.and_then(Date::from_civil);
            let reference = self.strict.reference.take();
            self.strict.story = told;
            let second = self.single(at).filter(rises);
            self.strict.reference = reference;
            second
        })
    }

    fn single(&mut self, at: usize) -> Option<Days> {
        self.week(at)
            .or_else(|| self.distance(at))
            .or_else(|| self.decade(at))
            .or_else(|| self.old_year(at))
            .or_else(|| self.quarter(at))
            .or_else(|| self.edge(at))
            .or_else(|| self.within(at, at, None))
            .or_else(|| self.news(at))
    }

    /// Where to go on after nothing was found: past the numeral, if one begins here.
    fn past(&self, at: usize) -> usize {
        numeral_at(self.text, at).map_or(at, |numeral| numeral.end)
    }

    /// What news would tell, and what may follow a year or month there (第二周, 春节).
    fn news(&mut self, at: usize) -> Option<Days> {
        self.text.get(at..)?.chars().next().filter(|c| self.strict.opens(*c))?;
        let moment = self.strict.moment(at).ok()?;
        self.past = self.past.max(moment.span.end);
        let start = moment.start?;
        if moment.kind == MomentKind::Date && moment.bound == Bound::At && start.day().is_none() {
            let inner = self.within(at, moment.span.end, Some(start));
            if inner.is_some() {
                return inner;
            }
        }
        self.days(&moment)
    }

    /// The days of a moment.
    fn days(&self, moment: &Moment) -> Option<Days> {
        let span = moment.span.clone();
        let start = moment.start?;
        let (mut first, mut last) = (start.first_day(), last_day(moment.end.unwrap_or(start)));
        if let Some(part) = moment.part.filter(|_| moment.kind == MomentKind::Date) {
            (first, last) = part_of(start, part)?;
        }
        let now = self.reference.map(last_day);
        let (first, last) = match moment.bound {
            Bound::At => (Some(first), Some(last)),
            Bound::Since => (Some(first), now),
            Bound::Until if moment.kind == MomentKind::Period => (Some(first), Some(last)),
            Bound::Until => (None, Some(last)),
            Bound::After => (Some(first), None),
        };
        Some(Days { span, first, last })
    }

    /// 上上周, 下周末, 星期天, 上周一.
    fn week(&self, at: usize) -> Option<Days> {
        let today = self.reference?.first_day();
        let mut cursor = Cursor::new(self.text, at);
        let mut shift = 0;
        let mut told = false;
        // 上上上周 is as far as anyone goes.
        for _ in 0..3 {
            shift += match cursor.eat_any(&["上", "下", "这", "本"]) {
                Some("上") => -1,
                Some("下") => 1,
                Some(_) => 0,
                None => break,
            };
            told = true;
        }
        if told {
            cursor.eat_any(&["一个", "个", "一"]);
        }
        let word = cursor.eat_any(&["周", "星期", "礼拜"])?;
        let monday = today.checked_sub(weekday_number(today).days()).ok()?;
        let start = monday.checked_add((7 * i64::from(shift)).days()).ok()?;
        let span = |cursor: Cursor<'_>| at..cursor.at;
        if cursor.eat("末") && (told || word == "周") {
            let saturday = start.checked_add(5.days()).ok()?;
            return Some(days(span(cursor), saturday, saturday.tomorrow().ok()?));
        }
        if let Some(number) = weekday(&mut cursor) {
            let mut day = start.checked_add(number.days()).ok()?;
            // A weekday alone is the next one.
            if !told && day < today {
                day = day.checked_add(7.days()).ok()?;
            }
            return Some(days(span(cursor), day, day));
        }
        told.then(|| Some(days(span(cursor), start, start.checked_add(6.days()).ok()?)))?
    }

    /// 20天后, 一年半以前, 未来2个月, 17天内.
    fn distance(&self, at: usize) -> Option<Days> {
        let reference = self.reference?;
        let mut cursor = Cursor::new(self.text, at);
        let ahead = cursor.eat_any(&["未来", "今后", "过"]);
        let mut count = 1;
        if !cursor.rest().starts_with('半') {
            let numeral = numeral_at(self.text, cursor.at).filter(|n| !n.several)?;
            if numeral.style.row || numeral.low >= 1000.0 {
                return None;
            }
            cursor.at = numeral.end;
            count = i64::from(whole(numeral.low)?);
        }
        let unit = cursor.eat_any(&[
            "半年",
            "个月",
            "个星期",
            "个礼拜",
            "周",
            "天",
            "日",
            "年半",
            "年",
        ])?;
        let months = match unit {
            "半年" => 6,
            "年半" => count * 12 + 6,
            "年" => count * 12,
            "个月" => count,
            _ => 0,
        };
        let days_away = match unit {
            "天" | "日" => count,
            "个星期" | "个礼拜" | "周" => count * 7,
            _ => 0,
        };
        if months + days_away == 0 {
            return None;
        }
        let today = reference.first_day();
        let away = |sign: i64| {
            let day = today.checked_add((sign * months).months()).ok()?;
            day.checked_add((sign * days_away).days()).ok()
        };
        let (first, last) = match (ahead, after(&mut cursor)) {
            (Some("过"), _) => (away(1), None),
            (Some(_), _) if months > 0 => (Some(today), away(1)?.yesterday().ok()),
            (Some(_), _) => (today.tomorrow().ok(), away(1)),
            (None, Some(After::Before)) if unit == "天" && self.plain_after(cursor) => {
                (away(-1), away(-1))
            }
            (None, Some(After::Before)) if unit == "年" && self.plain_after(cursor) => {
                (Some(away(-1)?.first_of_year()), Some(away(-1)?.last_of_year()))
            }
            (None, Some(After::Before)) if months > 0 => (None, Some(away(-1)?.last_of_month())),
            (None, Some(After::Before)) => (None, away(-1)),
            (None, Some(After::Later)) if unit == "天" && self.plain_after(cursor) => {
                (away(1), away(1))
            }
            (None, Some(After::Later)) => match unit {
                "年" => (Some(away(1)?.first_of_year()), Some(away(1)?.last_of_year())),
                "半年" | "年半" | "个月" => {
                    (Some(away(1)?.first_of_month()), Some(away(1)?.last_of_month()))
                }
                "天" | "日" => (away(1), None),
                _ => (away(1), away(1)?.checked_add(6.days()).ok()),
            },
            (None, Some(After::Within)) if months > 0 => {
                (Some(today), Some(away(1)?.last_of_month()))
            }
            (None, Some(After::Within)) => (Some(today), away(1)),
            (None, Some(After::Since)) if months > 0 => {
                (Some(away(-1)?.first_of_month()), Some(last_day(reference)))
            }
            (None, Some(After::Since)) => (away(-1), Some(today)),
            (None, None) => return None,
        };
        Some(Days { span: at..cursor.at, first, last })
    }

    /// 20天后 is that day, 20天以后 any after it; likewise 前 and 以前.
    fn plain_after(&self, cursor: Cursor<'_>) -> bool {
        let before = self.text.get(..cursor.at).unwrap_or("");
        !["以后", "之后", "以前", "之前"].iter().any(|word| before.ends_with(word))
    }

    /// 二十世纪九十年代末期, 60年代, 18世纪.
    fn decade(&self, at: usize) -> Option<Days> {
        let mut cursor = Cursor::new(self.text, at);
        let number = |cursor: &mut Cursor<'_>, most: f64| {
            let numeral = numeral_at(self.text, cursor.at).filter(|n| n.low <= most)?;
            cursor.at = numeral.end;
            whole(numeral.low)
        };
        let first = number(&mut cursor, 2100.0)?;
        let mut century = 1900;
        let mut tens = Some(first);
        if first < 100 && cursor.eat("世纪") {
            century = (first - 1) * 100;
            let mut next = cursor;
            tens = number(&mut next, 90.0).filter(|_| next.eat("年代"));
            if tens.is_some() {
                cursor = next;
            }
        } else if (100..1000).contains(&first) || !cursor.eat("年代") {
            return None;
        }
        let Some(tens) = tens else {
            let year = i16::try_from(century).ok()?;
            return Some(years(at..cursor.at, year, year + 99));
        };
        let full = (1000..2100).contains(&tens);
        let start = if full { tens } else { century + tens };
        let year = i16::try_from(start).ok().filter(|_| tens % 10 == 0)?;
        let (from, to) = match cursor
            .eat_any(&["初期", "前期", "早期", "中期", "末期", "后期", "晚期"])
        {
            Some("初期" | "前期" | "早期") => (year, year + 2),
            Some("中期") => (year + 3, year + 6),
            Some(_) => (year + 7, year + 9),
            None => (year, year + 9),
        };
        Some(years(at..cursor.at, from, to))
    }

    /// 民国三年, 三六七年一月一日: years that no news tells.
    fn old_year(&self, at: usize) -> Option<Days> {
        let mut cursor = Cursor::new(self.text, at);
        let republic = cursor.eat("民国");
        let numeral = numeral_at(self.text, cursor.at)?;
        let mut year = i16::try_from(whole(numeral.low)?).ok()?;
        let row = numeral.style.row && numeral.end - cursor.at == 3 * '一'.len_utf8();
        cursor.at = numeral.end;
        if !(republic || row) || !cursor.eat("年") {
            return None;
        }
        if republic {
            year += 1911;
        }
        let Some((month, end)) = month_at(self.text, cursor.at) else {
            return Some(years(at..cursor.at, year, year));
        };
        let (day, end) = day_at(self.text, end, true)?;
        let date = Day::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        Some(days(at..end, date, date))
    }

    /// 上个季度, 本季度末.
    fn quarter(&self, at: usize) -> Option<Days> {
        let reference = self.reference?;
        let mut cursor = Cursor::new(self.text, at);
        let shift: i64 = match cursor.eat_any(&["上", "下", "这", "本"])? {
            "上" => -1,
            "下" => 1,
            _ => 0,
        };
        cursor.eat_any(&["一个", "个"]);
        if !cursor.eat("季度") {
            return None;
        }
        let month = reference.month()?;
        let first = Day::new(reference.year(), (month - 1) / 3 * 3 + 1, 1).ok()?;
        let mut first = first.checked_add((3 * shift).months()).ok()?;
        let last = first.checked_add(2.months()).ok()?.last_of_month();
        if cursor.eat("末") {
            first = last.first_of_month();
        } else if cursor.eat("初") {
            return Some(days(at..cursor.at, first, first.last_of_month()));
        }
        Some(days(at..cursor.at, first, last))
    }

    /// 年初, 月底 of this year or month.
    fn edge(&self, at: usize) -> Option<Days> {
        let today = self.reference?;
        let mut cursor = Cursor::new(self.text, at);
        let word = cursor.eat_any(&["年初", "年底", "年末", "月初", "月底", "月末"])?;
        let part = if word.ends_with('初') { Part::Early } else { Part::Late };
        let month = today.month().filter(|_| word.starts_with('月'));
        let (first, last) = part_of(Date::new(today.year(), month, None)?, part)?;
        Some(days(at..cursor.at, first, last))
    }

    /// What a year or month can be followed by, or `reference` be taken for: 春节, 农历八月, 第二周, 前两天.
    fn within(&self, start: usize, at: usize, base: Option<Date>) -> Option<Days> {
        let mut cursor = Cursor::new(self.text, at);
        cursor.eat("的");
        if let Some(base) = base
            && let Some((first, last, end)) = nth_week(self.text, cursor, base)
        {
            return Some(days(start..end, first, last));
        }
        let year = base.filter(|base| base.month().is_none()).map(Date::year);
        let year = if base.is_none() { self.reference.map(Date::year) } else { year }?;
        if let Some(festival) = self.words.festival(cursor.rest()) {
            let day = festival_day(festival, year)?;
            return Some(days(start..cursor.at + festival.word.len(), day, day));
        }
        let (first, last, end) = lunar_date(self.text, cursor, year, base.is_some())?;
        Some(days(start..end, first, last))
    }
}

fn days(span: Range<usize>, first: Day, last: Day) -> Days {
    Days { span, first: Some(first), last: Some(last) }
}

fn years(span: Range<usize>, first: i16, last: i16) -> Days {
    Days { span, first: Day::new(first, 1, 1).ok(), last: Day::new(last, 12, 31).ok() }
}

#[expect(clippy::cast_possible_truncation, reason = "whole and below 10 000")]
fn whole(value: f64) -> Option<i32> {
    (value.fract() == 0.0 && (0.0..10_000.0).contains(&value)).then_some(value as i32)
}

/// Days since Monday.
fn weekday_number(day: Day) -> i64 {
    i64::from(day.weekday().to_monday_zero_offset())
}

fn weekday(cursor: &mut Cursor<'_>) -> Option<i64> {
    let names = ["一", "二", "三", "四", "五", "六", "日"];
    let found = names.iter().position(|name| cursor.eat(name));
    let sunday = || cursor.eat("天").then_some(6);
    found.or_else(sunday).and_then(|number| i64::try_from(number).ok())
}

/// What stands after a distance in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Before,
    Later,
    Within,
    Since,
}

fn after(cursor: &mut Cursor<'_>) -> Option<After> {
    let word = cursor.eat_any(&[
        "以前", "之前", "前", "以后", "之后", "后", "以内", "之内", "内", "以来", "来",
    ])?;
    Some(match word {
        "以前" | "之前" | "前" => After::Before,
        "以后" | "之后" | "后" => After::Later,
        "以来" | "来" => After::Since,
        _ => After::Within,
    })
}

/// The days of 年初, 月底, 中旬.
fn part_of(date: Date, part: Part) -> Option<(Day, Day)> {
    let year = date.year();
    let (from, to) = match date.month() {
        Some(month) => {
            let day = |day: i8| Day::new(year, month, day).ok();
            let end = day(1)?.last_of_month();
            return Some(match part {
                Part::Early => (day(1)?, day(5)?),
                Part::FirstTen => (day(1)?, day(10)?),
                Part::Middle | Part::MiddleTen => (day(11)?, day(20)?),
                Part::LastTen => (day(21)?, end),
                Part::Late => (day(25)?, end),
            });
        }
        None => match part {
            Part::Early | Part::FirstTen => (1, 2),
            Part::Middle | Part::MiddleTen => (6, 7),
            Part::Late | Part::LastTen => (11, 12),
        },
    };
    Some((Day::new(year, from, 1).ok()?, Day::new(year, to, 1).ok()?.last_of_month()))
}

/// 第二周, 第一个周二, 最后一个星期一, 前两天 of a month; 第三十七个星期 of a year.
fn nth_week(text: &str, mut cursor: Cursor<'_>, base: Date) -> Option<(Day, Day, usize)> {
    let start = base.first_day();
    let end = last_day(base);
    let first = cursor.eat("前");
    let last = !first && cursor.eat("最后");
    if !first && !last && !cursor.eat("第") {
        return None;
    }
    let numeral = numeral_at(text, cursor.at).filter(|n| n.low <= 60.0)?;
    let count = i64::from(whole(numeral.low)?);
    cursor.at = numeral.end;
    if first {
        let days = cursor.eat("天").then_some(count - 1)?;
        return Some((start, start.checked_add(days.days()).ok()?, cursor.at));
    }
    cursor.eat("个");
    cursor.eat_any(&["周", "星期", "礼拜"])?;
    let day = weekday(&mut cursor);
    let wanted = day.unwrap_or(0);
    let found = if last {
        let back = (weekday_number(end) - wanted).rem_euclid(7);
        end.checked_sub((back + 7 * (count - 1)).days()).ok()?
    } else {
        let ahead = (wanted - weekday_number(start)).rem_euclid(7);
        start.checked_add((ahead + 7 * (count - 1)).days()).ok()?
    };
    let length = if day.is_some() { 0.days() } else { 6.days() };
    Some((found, found.checked_add(length).ok()?, cursor.at))
}

fn festival_day(festival: &Festival, year: i16) -> Option<Day> {
    match festival.calendar {
        Calendar::Civil => Day::new(year, festival.month, festival.day).ok(),
        Calendar::Lunar => {
            let month = lunar::Month { year, number: festival.month, repeated: false };
            lunar::day(month, festival.day)
        }
        Calendar::Sunday => nth_weekday(year, festival.month, Weekday::Sunday, festival.day),
        Calendar::Thursday => nth_weekday(year, festival.month, Weekday::Thursday, festival.day),
    }
}

fn nth_weekday(year: i16, month: i8, weekday: Weekday, count: i8) -> Option<Day> {
    Day::new(year, month, 1).ok()?.nth_weekday_of_month(count, weekday).ok()
}

/// 农历八月廿三, 正月初八, 腊月, 闰四月, 大年初十; after a year the words that tell a lunar date may be missing.
fn lunar_date(
    text: &str,
    mut cursor: Cursor<'_>,
    year: i16,
    dated: bool,
) -> Option<(Day, Day, usize)> {
    let marked = cursor.eat_any(&["农历", "阴历"]).is_some();
    let eve = cursor.eat_any(&["大年三十", "除夕"]).is_some();
    if eve {
        let (_, last) = lunar::month(lunar::Month { year: year - 1, number: 12, repeated: false })?;
        return Some((last, last, cursor.at));
    }
    if cursor.eat("大年") {
        let day = lunar_day(text, &mut cursor).filter(|(_, old)| *old)?.0;
        let month = lunar::Month { year, number: 1, repeated: false };
        let day = lunar::day(month, day)?;
        return Some((day, day, cursor.at));
    }
    let mut year = year;
    if marked && let Some(numeral) = numeral_at(text, cursor.at).filter(|n| n.low >= 1900.0) {
        let mut next = Cursor::new(text, numeral.end);
        if next.eat("年") {
            year = i16::try_from(whole(numeral.low)?).ok()?;
            cursor.at = next.at;
        }
    }
    let repeated = cursor.eat("闰");
    let named = cursor.eat_any(&["正月", "腊月", "冬月"]);
    let number = match named {
        Some("正月") => 1,
        Some("冬月") => 11,
        Some(_) => 12,
        None => {
            let (number, end) = month_at(text, cursor.at)?;
            cursor.at = end;
            i8::try_from(number).ok()?
        }
    };
    let month = lunar::Month { year, number, repeated };
    let day = lunar_day(text, &mut cursor);
    let old = day.is_some_and(|(_, old)| old);
    if !(marked || repeated || named.is_some() || old && !dated) {
        return None;
    }
    match day {
        Some((day, _)) => lunar::day(month, day).map(|day| (day, day, cursor.at)),
        None => lunar::month(month).map(|(first, last)| (first, last, cursor.at)),
    }
}

/// A day of a lunar month, and whether it is written as only those are (初八, 廿三).
fn lunar_day(text: &str, cursor: &mut Cursor<'_>) -> Option<(i8, bool)> {
    let old = cursor.eat_any(&["初", "廿"]);
    let numeral = numeral_at(text, cursor.at).filter(|n| n.low <= 30.0)?;
    cursor.at = numeral.end;
    cursor.eat_any(&["日", "号"]);
    let tens = if old == Some("廿") { 20 } else { 0 };
    let day = i8::try_from(whole(numeral.low)?).ok()? + tens;
    Some((day, old.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `first/last` of the first time in a text that is read on 2021-06-14, a Monday.
    fn check(text: &str, expected: &str) {
        let words = TimeWords::built_in().unwrap();
        let found = loose_moments(text, Date::new(2021, Some(6), Some(14)), &words);
        let side = |day: Option<Day>| day.map_or(String::new(), |day| day.to_string());
        let printed = found.first().map(|d| format!("{}/{}", side(d.first), side(d.last)));
        assert_eq!(printed.unwrap_or_default(), expected, "{text}");
    }

    #[test]
    fn weeks() {
        check("上上周", "2021-05-31/2021-06-06");
        check("下周三开会", "2021-06-23/2021-06-23");
        check("本周末", "2021-06-19/2021-06-20");
        check("2月第二周", "2021-02-08/2021-02-14");
        check("10月最后一个周五", "2020-10-30/2020-10-30");
    }

    #[test]
    fn distances() {
        check("20天后", "2021-07-04/2021-07-04");
        check("20天以后", "2021-07-04/");
        check("一年半以前", "/2019-12-31");
        check("七年后", "2028-01-01/2028-12-31");
        check("几十年之后", "");
    }

    #[test]
    fn years_and_parts() {
        check("二十世纪九十年代末期", "1997-01-01/1999-12-31");
        check("民国三年", "1914-01-01/1914-12-31");
        check("上季度末", "2021-03-01/2021-03-31");
        check("2018年10月底", "2018-10-25/2018-10-31");
    }

    #[test]
    fn lunar_and_feasts() {
        check("2012年正月初八", "2012-01-30/2012-01-30");
        check("农历五月初五", "2021-06-14/2021-06-14");
        check("去年春节", "2020-01-25/2020-01-25");
        check("2019年感恩节到2021年母亲节", "2019-11-28/2021-05-09");
        check("2019年2月29日", "");
    }
}
