//! Lunar calendar: the day of the civil calendar that a lunar date of 1900 to 2099 falls on.

use jiff::ToSpan as _;
use jiff::civil::Date;

/// Months of each lunar year from 1900: the low four bits number the month that is repeated (0: none), bits 15 to 4
/// tell which of the twelve have 30 days, bit 16 whether the repeated one has.
const YEARS: [u32; 200] = [
    0x04bd8, 0x04ae0, 0x0a570, 0x054d5, 0x0d260, 0x0d950, 0x16554, 0x056a0, 0x09ad0, 0x055d2,
    0x04ae0, 0x0a5b6, 0x0a4d0, 0x0d250, 0x1d255, 0x0b540, 0x0d6a0, 0x0ada2, 0x095b0, 0x14977,
    0x04970, 0x0a4b0, 0x0b4b5, 0x06a50, 0x06d40, 0x1ab54, 0x02b60, 0x09570, 0x052f2, 0x04970,
    0x06566, 0x0d4a0, 0x0ea50, 0x06e95, 0x05ad0, 0x02b60, 0x186e3, 0x092e0, 0x1c8d7, 0x0c950,
    0x0d4a0, 0x1d8a6, 0x0b550, 0x056a0, 0x1a5b4, 0x025d0, 0x092d0, 0x0d2b2, 0x0a950, 0x0b557,
    0x06ca0, 0x0b550, 0x15355, 0x04da0, 0x0a5d0, 0x14573, 0x052b0, 0x0a9a8, 0x0e950, 0x06aa0,
    0x0aea6, 0x0ab50, 0x04b60, 0x0aae4, 0x0a570, 0x05260, 0x0f263, 0x0d950, 0x05b57, 0x056a0,
    0x096d0, 0x04dd5, 0x04ad0, 0x0a4d0, 0x0d4d4, 0x0d250, 0x0d558, 0x0b540, 0x0b5a0, 0x195a6,
    0x095b0, 0x049b0, 0x0a974, 0x0a4b0, 0x0b27a, 0x06a50, 0x06d40, 0x0af46, 0x0ab60, 0x09570,
    0x04af5, 0x04970, 0x064b0, 0x074a3, 0x0ea50, 0x06b58, 0x05ac0, 0x0ab60, 0x096d5, 0x092e0,
    0x0c960, 0x0d954, 0x0d4a0, 0x0da50, 0x07552, 0x056a0, 0x0abb7, 0x025d0, 0x092d0, 0x0cab5,
    0x0a950, 0x0b4a0, 0x0baa4, 0x0ad50, 0x055d9, 0x04ba0, 0x0a5b0, 0x15176, 0x052b0, 0x0a930,
    0x07954, 0x06aa0, 0x0ad50, 0x05b52, 0x04b60, 0x0a6e6, 0x0a4e0, 0x0d260, 0x0ea65, 0x0d530,
    0x05aa0, 0x076a3, 0x096d0, 0x04afb, 0x04ad0, 0x0a4d0, 0x1d0b6, 0x0d250, 0x0d520, 0x0dd45,
    0x0b5a0, 0x056d0, 0x055b2, 0x049b0, 0x0a577, 0x0a4b0, 0x0aa50, 0x1b255, 0x06d20, 0x0ada0,
    0x14b63, 0x09370, 0x049f8, 0x04970, 0x064b0, 0x168a6, 0x0ea50, 0x06aa0, 0x1a6c4, 0x0aae0,
    0x092e0, 0x0d2e3, 0x0c960, 0x0d557, 0x0d4a0, 0x0da50, 0x05d55, 0x056a0, 0x0a6d0, 0x055d4,
    0x052d0, 0x0a9b8, 0x0a950, 0x0b4a0, 0x0b6a6, 0x0ad50, 0x055a0, 0x0aba4, 0x0a5b0, 0x052b0,
    0x0b273, 0x06930, 0x07337, 0x06aa0, 0x0ad50, 0x14b55, 0x04b60, 0x0a570, 0x054e4, 0x0d160,
    0x0e968, 0x0d520, 0x0daa0, 0x16aa6, 0x056d0, 0x04ae0, 0x0a9d4, 0x0a2d0, 0x0d150, 0x0f242,
];

/// A lunar month, the repeated one (闰) or the plain one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Month {
    /// The year in which its lunar year begins.
    pub(super) year: i16,
    /// 1 to 12.
    pub(super) number: i8,
    /// 闰.
    pub(super) repeated: bool,
}

/// The first and last day of a lunar month; `None` outside the table, or where no such month is repeated.
pub(super) fn month(wanted: Month) -> Option<(Date, Date)> {
    let mut first = jiff::civil::date(1900, 1, 31);
    for year in 1900..=wanted.year {
        let months = *YEARS.get(usize::try_from(year - 1900).ok()?)?;
        for number in 1..=12 {
            for repeated in [false, true] {
                if repeated && months & 0xf != number {
                    continue;
                }
                let bit = if repeated { 16 } else { 16 - number };
                let days: i64 = if months >> bit & 1 == 1 { 30 } else { 29 };
                let found =
                    u32::try_from(wanted.number) == Ok(number) && repeated == wanted.repeated;
                if year == wanted.year && found {
                    return Some((first, first.checked_add((days - 1).days()).ok()?));
                }
                first = first.checked_add(days.days()).ok()?;
            }
        }
    }
    None
}

/// The civil day of a lunar day.
pub(super) fn day(wanted: Month, day: i8) -> Option<Date> {
    let (first, last) = month(wanted)?;
    let day = first.checked_add((i64::from(day) - 1).days()).ok()?;
    (first <= day && day <= last).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(year: i16, number: i8, repeated: bool, expected: &str) {
        let first = month(Month { year, number, repeated }).map(|(first, _)| first.to_string());
        assert_eq!(first.unwrap_or_default(), expected, "{year} {number} {repeated}");
    }

    #[test]
    fn first_days() {
        check(1900, 1, false, "1900-01-31");
        check(1990, 1, false, "1990-01-27");
        check(2020, 4, true, "2020-05-23");
        check(2021, 6, false, "2021-07-10");
        check(2023, 12, false, "2024-01-11");
        check(2021, 4, true, "");
        check(2150, 1, false, "");
    }
}
