//! Dates as they are printed, before they are counted from anything.

use super::{Bound, Part};
use crate::extract::numerals::{Cursor, Numeral, hedge_before, numeral_at, separator_at};
use crate::knowledge::timewords::From;
use crate::model::Date;

/// One part of a date as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Slot {
    #[default]
    None,
    Given(i16),
    Word {
        shift: i16,
        from: From,
    },
}

impl Slot {
    pub(super) fn is_some(self) -> bool {
        self != Slot::None
    }
}

/// A date as printed, before it is counted from anything.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Point {
    pub(super) year: Slot,
    pub(super) month: Slot,
    pub(super) day: Slot,
    pub(super) part: Option<Part>,
    /// First and last month of 上半年, 一季度, 前11个月.
    pub(super) months: Option<(i8, i8)>,
    /// A number that takes its unit from the other end of a range: the 1 of 1-9月.
    pub(super) pending: Option<i16>,
    pub(super) end: usize,
}

/// Where in a range a point stands: the second end may leave out what the first has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Opening,
    Closing,
}

/// The characters, besides those of the time words, with which a moment can begin.
pub(super) fn opens_date(c: char) -> bool {
    matches!(
        c,
        '〇' | '零'
            | '两'
            | '一'
            | '二'
            | '三'
            | '四'
            | '五'
            | '六'
            | '七'
            | '八'
            | '九'
            | '十'
            | '近'
            | '过'
            | '上'
            | '下'
            | '前'
            | '第'
            | '最'
    )
}

/// Whether what follows a numeral can make a date of it.
pub(super) fn dates(text: &str, numeral: &Numeral, loose: bool) -> bool {
    let mut cursor = Cursor::new(text, numeral.end);
    cursor.skip_spaces();
    let compact = loose && numeral.style.digits == 8;
    let split = |c: char| loose && (c.is_ascii_digit() || c == '·');
    if compact && cursor.peek().is_none_or(|c| !c.is_ascii_alphanumeric()) {
        return true;
    }
    numeral.style.point
        || cursor.peek().is_some_and(split)
        || cursor.peek().is_some_and(|c| "年月日号季-/.至到—–~～".contains(c))
}

/// A whole number from 1 to `most`.
#[expect(clippy::cast_possible_truncation, reason = "whole and between 1 and an i16")]
pub(super) fn whole(value: f64, most: i16) -> Option<i16> {
    (value.fract() == 0.0 && 1.0 <= value && value <= f64::from(most)).then_some(value as i16)
}

pub(super) fn plain(numeral: &Numeral) -> bool {
    numeral.hedge.is_none()
        && !numeral.several
        && !numeral.style.point
        && numeral.low == numeral.high
}

/// Digits that belong to a code, a version or a longer number; `1.2021年` is a list mark before a year.
pub(super) fn part_of_name(cursor: Cursor<'_>) -> bool {
    match cursor.previous() {
        Some('.') => !list_mark(cursor),
        Some(c) => c.is_ascii_alphanumeric() || "-_/#×第每".contains(c),
        None => false,
    }
}

/// One or two digits and a point right before, at the start of a line.
pub(super) fn list_mark(cursor: Cursor<'_>) -> bool {
    let Some(line) = cursor.before().strip_suffix('.') else { return false };
    let rest = line.trim_end_matches(|c: char| c.is_ascii_digit());
    (1..=2).contains(&(line.len() - rest.len())) && (rest.is_empty() || rest.ends_with('\n'))
}

/// 6月 with 份, and where it ends.
pub(super) fn month_at(text: &str, at: usize) -> Option<(i16, usize)> {
    let numeral = numeral_at(text, at).filter(plain)?;
    let number = whole(numeral.low, 12)?;
    let mut cursor = Cursor::new(text, numeral.end);
    cursor.skip_spaces();
    if !cursor.eat("月") || cursor.peek().is_some_and(|c| "饼球亮薪租光经饷嫂子销".contains(c))
    {
        return None;
    }
    cursor.eat("份");
    Some((number, cursor.at))
}

/// 16日, or 16号 after a month.
pub(super) fn day_at(text: &str, at: usize, dated: bool) -> Option<(i16, usize)> {
    let numeral = numeral_at(text, at).filter(plain)?;
    let number = whole(numeral.low, 31)?;
    let mut cursor = Cursor::new(text, numeral.end);
    cursor.skip_spaces();
    let day = cursor.eat("日") || (dated && cursor.eat("号"));
    day.then_some((number, cursor.at))
}

/// The 3 of 1月3, unless something is counted there (1月3个).
pub(super) fn bare_day(text: &str, at: usize) -> Option<(i16, usize)> {
    let numeral = numeral_at(text, at).filter(plain)?;
    let counts = |c: char| "个名人条家起万亿千百%.点年月季天周层-".contains(c);
    let next = Cursor::new(text, numeral.end).peek();
    let range = next == Some('至') || next == Some('到');
    (range || !next.is_some_and(counts)).then_some((whole(numeral.low, 31)?, numeral.end))
}

/// Whether a day without a month is a date: 10日, not 拘留10日, 十日以上 or 10日内.
pub(super) fn alone(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).unwrap_or("");
    let rest = text.get(end..).unwrap_or("");
    let after =
        ["以上", "以下", "以内", "之内", "内", "后", "前", "之后", "之前", "均", "游", "拘留"];
    let printed = text.get(start..end).unwrap_or("");
    printed.starts_with(|c: char| c.is_ascii_digit())
        && hedge_before(text, start).is_none()
        && !["拘留", "为期", "历时", "连续", "月", "年", "期限", "每"]
            .iter()
            .any(|w| before.ends_with(w))
        && !after.iter().any(|word| rest.starts_with(word))
}

/// Whether 至 or a dash and a month or day follow.
pub(super) fn range_to(
    text: &str,
    at: usize,
    read: impl Fn(&str, usize) -> Option<(i16, usize)>,
) -> bool {
    separator_at(text, at).is_some_and(|at| read(text, at).is_some())
}

/// Whether 至 and a year follow, as after the first number of 2016-2018年.
pub(super) fn range_to_year(cursor: Cursor<'_>, loose: bool) -> bool {
    let mut next = cursor;
    if next.eat_any(&["至", "到", "-", "—", "–", "~", "～"]).is_none() {
        return false;
    }
    let rest = next.rest();
    numeral_at(rest, 0).is_some_and(|year| {
        let short = loose && year.low < 100.0;
        (short || (1900.0..=2100.0).contains(&year.low))
            && rest.get(year.end..).is_some_and(|r| r.starts_with('年'))
    })
}

/// 12-11-10, 6·30 and 20210305, which only guesses make dates of.
pub(super) fn short_numeric(text: &str, at: usize) -> Option<Point> {
    let rest = text.get(at..)?;
    let len =
        rest.find(|c: char| !(c.is_ascii_digit() || c == '-' || c == '·')).unwrap_or(rest.len());
    let part = |part: &str| part.parse::<i16>().ok().filter(|_| part.len() <= 2);
    let point = Point { end: at + len, ..Point::default() };
    let printed = rest.get(..len)?;
    if let Some((month, day)) = printed.split_once('·') {
        let (month, day) = (part(month)?, part(day)?);
        let valid = (1..=12).contains(&month) && (1..=31).contains(&day);
        return valid.then_some(Point {
            month: Slot::Given(month),
            day: Slot::Given(day),
            ..point
        });
    }
    if printed.len() == 8 && printed.bytes().all(|b| b.is_ascii_digit()) {
        let (year, rest) = printed.split_at_checked(4)?;
        let (month, day) = rest.split_at_checked(2)?;
        let (year, month, day) = (year.parse().ok()?, part(month)?, part(day)?);
        Date::new(year, i8::try_from(month).ok(), i8::try_from(day).ok())?;
        let (month, day) = (Slot::Given(month), Slot::Given(day));
        return Some(Point { year: Slot::Given(year), month, day, ..point });
    }
    let parts: Option<Vec<i16>> = printed.split('-').map(part).collect();
    let [year, month, day] = *parts?.as_slice() else { return None };
    Date::new(2000 + year, i8::try_from(month).ok(), i8::try_from(day).ok())?;
    let (month, day) = (Slot::Given(month), Slot::Given(day));
    Some(Point { year: Slot::Given(2000 + year), month, day, ..point })
}

/// 2021-03-05, 2021.3.5, 2021/03/05, 2021-03.
pub(super) fn numeric(text: &str, at: usize, loose: bool) -> Option<Point> {
    let number = |text: &str, most: usize| {
        let len = text.bytes().take_while(u8::is_ascii_digit).count();
        let value = text.get(..len)?.parse::<i16>().ok()?;
        (1..=most).contains(&len).then_some((value, len))
    };
    let rest = text.get(at..)?;
    let (year, len) =
        number(rest, 4).filter(|(year, len)| *len == 4 && (1900..=2100).contains(year))?;
    let mark =
        rest.get(len..)?.chars().next().filter(|c| "-/.".contains(*c) || loose && *c == ' ')?;
    let rest = rest.get(len + 1..)?;
    let (month, month_len) = number(rest, 2).filter(|(month, _)| (1..=12).contains(month))?;
    let mut point = Point {
        year: Slot::Given(year),
        month: Slot::Given(month),
        end: at + len + 1 + month_len,
        ..Point::default()
    };
    let tail = rest.get(month_len..)?;
    let mixed = |c: char| c == mark || loose && "-/.".contains(c);
    if let Some(tail) = tail.strip_prefix(mixed)
        && let Some((day, day_len)) = number(tail, 2)
        && !(loose
            && tail
                .get(day_len..)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))
    {
        Date::new(year, i8::try_from(month).ok(), i8::try_from(day).ok())?;
        point.day = Slot::Given(day);
        point.end += 1 + day_len;
        return Some(point);
    }
    let range = loose && tail.starts_with('-') && numeric(tail, 1, false).is_some();
    let ends =
        range || !tail.starts_with(|c: char| c.is_ascii_alphanumeric() || "-/.万亿千%".contains(c));
    (month_len == 2 && ends && mark != ' ').then_some(point)
}

/// 初, 底, 上半年, 一季度 and the like right after a year.
pub(super) fn year_part(point: &mut Point, cursor: &mut Cursor<'_>) -> bool {
    cursor.eat("度");
    if months_of_year(point, cursor) {
        return true;
    }
    let part = match cursor.eat_any(&["年初", "年底", "年末", "年中", "初", "底", "末", "中旬"])
    {
        Some("年初" | "初") => Part::Early,
        Some("年底" | "年末" | "底" | "末") => Part::Late,
        Some("年中") => Part::Middle,
        _ => return false,
    };
    point.part = Some(part);
    true
}

/// 上半年, 第一季度, 前三季度, 前11个月.
pub(super) fn months_of_year(point: &mut Point, cursor: &mut Cursor<'_>) -> bool {
    let mut next = *cursor;
    let months = match next.eat_any(&["上半年", "下半年", "全年"]) {
        Some("上半年") => Some((1, 6)),
        Some("下半年") => Some((7, 12)),
        Some(_) if point.year.is_some() => None,
        Some(_) => return false,
        None => match quarters(&mut next) {
            Some(months) => Some(months),
            None => return false,
        },
    };
    point.months = months;
    *cursor = next;
    true
}

pub(super) fn quarters(cursor: &mut Cursor<'_>) -> Option<(i8, i8)> {
    let first = cursor.eat("前");
    let ordinal = !first && cursor.eat("第");
    let text = cursor.rest();
    let numeral = numeral_at(text, 0).filter(plain)?;
    let count = i8::try_from(whole(numeral.low, 12)?).ok()?;
    cursor.at += numeral.end;
    match cursor.eat_any(&["个季度", "季度", "个月"])? {
        "个月" => (first && !ordinal).then_some((1, count)),
        _ if count > 4 => None,
        _ if first => Some((1, count * 3)),
        _ => Some((count * 3 - 2, count * 3)),
    }
}

pub(super) fn month_part(point: &mut Point, cursor: &mut Cursor<'_>) {
    const PARTS: &[(&str, Part)] = &[
        ("上旬", Part::FirstTen),
        ("中旬", Part::MiddleTen),
        ("下旬", Part::LastTen),
        ("初", Part::Early),
        ("底", Part::Late),
        ("末", Part::Late),
    ];
    point.part = PARTS.iter().find(|(word, _)| cursor.eat(word)).map(|(_, part)| *part);
}

/// 以来, 起, 以前 and the like after a date.
pub(super) fn bound_after(cursor: &mut Cursor<'_>) -> Bound {
    const WORDS: &[(&str, &str, Bound)] = &[
        ("以来", "", Bound::Since),
        ("至今", "", Bound::Since),
        ("起至今", "", Bound::Since),
        ("开始", "", Bound::Since),
        ("起", "诉案来草获到点源", Bound::Since),
        ("以前", "", Bound::Until),
        ("之前", "", Bound::Until),
        ("前", "往去台夕期科女男后述提景者三两几四五六七八九十", Bound::Until),
        ("以后", "", Bound::After),
        ("之后", "", Bound::After),
        ("后", "台续勤果来期门", Bound::After),
    ];
    for (word, unless, bound) in WORDS {
        let mut next = *cursor;
        if next.eat(word) && !next.peek().is_some_and(|c| unless.contains(c)) {
            *cursor = next;
            return *bound;
        }
    }
    Bound::At
}
