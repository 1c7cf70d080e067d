//! What a printed date means: counted from the day of publication or from the date told before.

use jiff::ToSpan as _;

use super::printed::{Point, Slot};
use super::{Reader, last_day};
use crate::knowledge::timewords::From;
use crate::model::Date;

impl Reader<'_> {
    /// The dates that a point means: itself, and the last month of 上半年 and the like.
    pub(super) fn resolve(&self, point: &Point, fresh: bool) -> Option<(Date, Option<Date>)> {
        if let Some((first, last)) = point.months {
            let year = match point.year {
                Slot::None => self.year_of(first)?,
                year => self.year_number(year)?,
            };
            return Some((
                Date::new(year, Some(first), None)?,
                Some(Date::new(year, Some(last), None)?),
            ));
        }
        self.date(point, fresh).map(|date| (date, None))
    }

    fn date(&self, point: &Point, fresh: bool) -> Option<Date> {
        if let Slot::Word { shift, from } = point.day {
            return move_days(self.anchor(from)?, shift);
        }
        let day = match point.day {
            Slot::Given(day) => Some(i8::try_from(day).ok()?),
            Slot::None | Slot::Word { .. } => None,
        };
        match point.month {
            Slot::Word { shift, from } => {
                let anchor = self.anchor(from)?;
                anchor.month()?;
                let month = move_months(Date::new(anchor.year(), anchor.month(), None)?, shift)?;
                Date::new(month.year(), month.month(), day)
            }
            Slot::Given(month) => {
                let month = i8::try_from(month).ok()?;
                match point.year {
                    Slot::None => {
                        let recent = day.filter(|_| fresh).and_then(|day| self.recent(month, day));
                        recent.or_else(|| self.without_year(month, day))
                    }
                    year => Date::new(self.year_number(year)?, Some(month), day),
                }
            }
            Slot::None => match day {
                Some(day) => self.day_alone(day, fresh),
                None => Date::new(self.year_number(point.year)?, None, None),
            },
        }
    }

    fn anchor(&self, from: From) -> Option<Date> {
        match from {
            From::Publication => self.reference,
            From::Story => self.story,
        }
    }

    fn year_number(&self, slot: Slot) -> Option<i16> {
        match slot {
            Slot::None => None,
            Slot::Given(year) => Some(year),
            Slot::Word { shift, from } => Some(self.anchor(from)?.year() + shift),
        }
    }

    /// The year of a month that has none.
    fn year_of(&self, month: i8) -> Option<i16> {
        self.without_year(month, None).map(Date::year)
    }

    /// A day and month that open a report, where they are those of its last weeks.
    fn recent(&self, month: i8, day: i8) -> Option<Date> {
        const WEEKS: i32 = 4;
        let published = self.reference.filter(|date| date.day().is_some())?;
        (0..=1).find_map(|back| {
            let date = Date::new(published.year() - back, Some(month), Some(day))?;
            (0..=7 * WEEKS).contains(&(published.days() - date.days())).then_some(date)
        })
    }

    /// The year of the story unless that lies after publication, else the latest such day up to publication.
    fn without_year(&self, month: i8, day: Option<i8>) -> Option<Date> {
        let told = self.story.and_then(|story| Date::new(story.year(), Some(month), day));
        let Some(reference) = self.reference else { return told };
        let past = |date: &Date| date.first_day() <= last_day(reference);
        told.filter(past).or_else(|| {
            // Eight years reach the leap day before 1904 and 2000.
            (0..=8)
                .find_map(|back| Date::new(reference.year() - back, Some(month), day).filter(past))
        })
    }

    /// 10日: in the month of the story; where it opens a paragraph or nothing was told, the latest up to publication.
    fn day_alone(&self, day: i8, fresh: bool) -> Option<Date> {
        let told = self.story.filter(|story| story.month().is_some());
        let latest = self.reference.filter(|date| date.month().is_some()).and_then(|reference| {
            (0..=2).find_map(|back| {
                let month =
                    move_months(Date::new(reference.year(), reference.month(), None)?, -back)?;
                let date = Date::new(month.year(), month.month(), Some(day))?;
                (date.first_day() <= last_day(reference)).then_some(date)
            })
        });
        let told = told.and_then(|story| Date::new(story.year(), story.month(), Some(day)));
        if fresh { latest.or(told) } else { told.or(latest) }
    }

    /// The end of a range; 11月至3月 without a year of its own reaches into the next.
    pub(super) fn resolve_end(
        &self,
        second: &Point,
        first: &Point,
        low: Option<Date>,
    ) -> Option<Date> {
        let low = low?;
        let mut second = *second;
        let inherited = second.year == first.year;
        if inherited {
            second.year = Slot::Given(low.year());
            if !second.month.is_some() && second.day.is_some() {
                second.month = low.month().map_or(Slot::None, |month| Slot::Given(month.into()));
            }
        }
        let (date, last) = self.resolve(&second, false)?;
        let date = last.unwrap_or(date);
        if last_day(date) >= low.first_day() {
            return Some(date);
        }
        if inherited { Date::new(date.year() + 1, date.month(), date.day()) } else { None }
    }
}

/// A date some months later, with the same day or the last of a shorter month.
pub(super) fn move_months(date: Date, months: i16) -> Option<Date> {
    let moved = date.first_day().checked_add(i64::from(months).months()).ok()?;
    Date::new(moved.year(), date.month().map(|_| moved.month()), date.day().map(|_| moved.day()))
}

/// A day some days later; `None` where the day is not known.
pub(super) fn move_days(date: Date, days: i16) -> Option<Date> {
    date.day()?;
    Date::from_civil(date.first_day().checked_add(i64::from(days).days()).ok()?)
}
