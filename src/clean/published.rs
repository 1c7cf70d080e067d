//! Date: what a source wrote about its publication -> a date, and where it stood.

use std::sync::LazyLock;

use jiff::tz::Offset;
use regex::{Captures, Regex};

use crate::model::{Basis, Date, Published};

/// Where a date of publication may be told, best place first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) metadata: Option<&'a str>,
    /// The article's text, one paragraph a line.
    pub(super) text: &'a str,
    pub(super) url: Option<&'a str>,
    /// The raw file's path.
    pub(super) path: &'a str,
}

/// The date of publication; `None` where nothing states it: 近日 and 10日 date nothing.
pub(super) fn published(places: Places<'_>) -> Option<Published> {
    let at = |basis| move |date| Published { date, basis };
    places
        .metadata
        .and_then(date_of)
        .map(at(Basis::Metadata))
        .or_else(|| in_text(places.text))
        .or_else(|| places.url.and_then(in_path).map(at(Basis::Path)))
        .or_else(|| in_path(places.path).map(at(Basis::Path)))
}

fn pattern(source: &str) -> Regex {
    Regex::new(source).expect("the patterns of this file are valid")
}

/// `2023-03-16`, `2023年3月16日`, `2021 09/ 18`, `2023-03-16T08:00:00+08:00`.
static YEAR_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:^|[^\d])((?:19|20)\d{2})\s*(?:[-/.年]|\s)\s*(\d{1,2})\s*(?:[-/.月]|\s)\s*(\d{1,2})(?:日|号|T|[^\d]|$)",
    )
});
/// `23.06.2016`, `23/06/2016`.
static DAY_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:^|[^\d])(\d{1,2})[./-](\d{1,2})[./-]((?:19|20)\d{2})(?:[^\d]|$)")
});
/// `20230316`.
static COMPACT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:^|[^\d])((?:19|20)\d{2})(\d{2})(\d{2})(?:[^\d]|$)"));
/// `16 Mar 2023`, `March 16, 2023`.
static ENGLISH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:(\d{1,2})\s+)?\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?((?:19|20)\d{2})\b",
    )
});
/// `二〇二三年三月十六日`.
static NUMERALS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "([一二][〇○零一二三四五六七八九]{3})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})日",
    )
});
/// `2023-03`, `2023年3月`, `2023`.
static NO_DAY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^((?:19|20)\d{2})(?:\s*[-/.年]\s*(\d{1,2})?\s*月?)?$"));
/// Seconds or milliseconds since 1970.
static EPOCH: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\d{10})(?:\d{3})?$"));

/// The date that a value of metadata states.
fn date_of(words: &str) -> Option<Date> {
    let words = words.trim();
    if let Some(date) = plain_date(words) {
        return Some(date);
    }
    full_date(words)
        .map(|(date, _)| date)
        .or_else(|| {
            NO_DAY.captures(words).and_then(|c| Date::new(number(&c, 1)?, number(&c, 2), None))
        })
        .or_else(|| EPOCH.captures(words).and_then(|c| epoch(c.get(1)?.as_str())))
}

/// `2023-03-16`, as nearly all metadata has it, and what may stand behind.
fn plain_date(words: &str) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| {
        let digits = words.get(range)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let (date, rest) = words.as_bytes().split_at_checked(10)?;
    let year = number(0..4).filter(|year| (1900..2100).contains(year))?;
    let behind = rest.first().is_none_or(|b| b.is_ascii() && !b.is_ascii_digit());
    if date.get(4) != Some(&b'-') || date.get(7) != Some(&b'-') || !behind {
        return None;
    }
    Date::new(year, i8::try_from(number(5..7)?).ok(), i8::try_from(number(8..10)?).ok())
}

/// Seconds since 1970 as the day it was in China.
fn epoch(seconds: &str) -> Option<Date> {
    let time = jiff::Timestamp::from_second(seconds.parse().ok()?).ok()?;
    Date::from_civil(Offset::constant(8).to_datetime(time).date())
}

/// The first date with a day, and where it ends.
fn full_date(words: &str) -> Option<(Date, usize)> {
    let day = |pattern: &Regex, [year, month, day]: [usize; 3]| {
        let captures = pattern.captures(words)?;
        let date = Date::new(
            number(&captures, year)?,
            Some(number(&captures, month)?),
            Some(number(&captures, day)?),
        )?;
        let end =
            [year, month, day].iter().filter_map(|i| captures.get(*i)).map(|m| m.end()).max()?;
        Some((date, end))
    };
    day(&YEAR_FIRST, [1, 2, 3])
        .or_else(|| day(&DAY_FIRST, [3, 2, 1]))
        .or_else(|| day(&COMPACT, [1, 2, 3]))
        .or_else(|| english(words))
        .or_else(|| numerals(words))
}

/// A captured number that fits.
fn number<T: std::str::FromStr>(captures: &Captures<'_>, group: usize) -> Option<T> {
    captures.get(group)?.as_str().parse().ok()
}

fn english(words: &str) -> Option<(Date, usize)> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let captures = ENGLISH.captures(words)?;
    let name = captures.get(2)?.as_str().to_ascii_lowercase();
    let month = MONTHS.iter().position(|month| *month == name)? + 1;
    let day = number(&captures, 1).or_else(|| number(&captures, 3))?;
    let date = Date::new(number(&captures, 4)?, i8::try_from(month).ok(), Some(day))?;
    Some((date, captures.get(0)?.end()))
}

fn numerals(words: &str) -> Option<(Date, usize)> {
    let captures = NUMERALS.captures(words)?;
    let value = |c: char| {
        "〇一二三四五六七八九".chars().position(|d| d == c).or("○零".contains(c).then_some(0))
    };
    let year =
        captures.get(1)?.as_str().chars().try_fold(0, |sum, c| Some(sum * 10 + value(c)?))?;
    let small = |group: usize| {
        let words = captures.get(group)?.as_str();
        let (tens, ones) = words.split_once('十').map_or((0, words), |(tens, ones)| {
            (tens.chars().next().and_then(value).unwrap_or(1), ones)
        });
        i8::try_from(tens * 10 + ones.chars().next().and_then(value).unwrap_or(0)).ok()
    };
    let date = Date::new(i16::try_from(year).ok()?, Some(small(2)?), Some(small(3)?))?;
    Some((date, captures.get(3)?.end() + "日".len()))
}

/// `某某安全 2024-04-27 17:52`: names, a date and a time, and nothing else.
static BYLINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^[^。，：]{0,40} ((?:19|20)\d{2}[-/.]\d{1,2}[-/.]\d{1,2}) \d{1,2}:\d{2}(?::\d{2})?(?: [^。，]{1,12})?$",
    )
});

/// `中新网江城2023年3月16日电`, `（江城日报2023年3月16日讯）`: how a report opens.
static WIRE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^[（(【]?(?:新华社|新华网|中新社|中新网|人民网|央视网|本报|\p{Han}{2,8}(?:日报|晚报|早报|时报|法治报))\p{Han}{0,8}((?:19|20)\d{2}年\d{1,2}月\d{1,2}日)[电讯]",
    )
});
/// `江城日报 2023年3月16日 星期四 A06版`: a newspaper's name above its page.
static MASTHEAD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\p{Han}{1,10}报 ?[|｜·]? ?((?:19|20)\d{2}(?:年|[-/.])\d{1,2}(?:月|[-/.])\d{1,2}日?)(?: ?[|｜·]? ?星期[一二三四五六日天])?(?: ?[|｜·]? ?第?[A-Z]?\d{1,2}版?)?(?: ?\p{Han}{0,8})?$",
    )
});

const HEAD_LINES: usize = 10;
const TAIL_LINES: usize = 4;

/// A line near either end that is a date, or that says 发布时间.
fn in_text(text: &str) -> Option<Published> {
    let tail = text.rsplit('\n').take(TAIL_LINES);
    text.split('\n').take(HEAD_LINES).chain(tail).filter(|line| line.len() <= 240).find_map(in_line)
}

fn in_line(line: &str) -> Option<Published> {
    if !line.bytes().any(|b| b.is_ascii_digit()) && !line.contains('年') {
        return None;
    }
    let line = line.trim();
    const LABELS: [&str; 9] = [
        "发布时间",
        "发布日期",
        "发表时间",
        "发表于",
        "发布于",
        "更新时间",
        "日期",
        "时间",
        "刊发时间",
    ];
    if let Some(rest) = LABELS.iter().find_map(|label| behind_label(line, label)) {
        let (date, _) = full_date(rest.get(..rest.len().min(64)).unwrap_or(rest))?;
        return Some(Published { date, basis: Basis::Text });
    }
    if let Some(captures) = BYLINE.captures(line) {
        let (date, _) = full_date(captures.get(1)?.as_str())?;
        return Some(Published { date, basis: Basis::Dateline });
    }
    if let Some(captures) = WIRE.captures(line).or_else(|| MASTHEAD.captures(line)) {
        let (date, _) = full_date(captures.get(1)?.as_str())?;
        return Some(Published { date, basis: Basis::Dateline });
    }
    // What is left of a comment that a page opened elsewhere.
    let bare = line.strip_prefix("-->").unwrap_or(line).trim_start();
    let bare = bare.trim_start_matches(['（', '(', '[', '【', '□']).trim_start();
    if !bare.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '一' | '二')) {
        return None;
    }
    let (date, end) = full_date(bare)?;
    let opening = bare.get(..end).is_some_and(|date| date.chars().count() <= 12);
    let after = bare.get(end..)?.trim_start_matches('日');
    let closes =
        |c: char| matches!(c, '）' | ')' | ']' | '】' | ' ' | 'T' | '星' | '来' | '|' | '第');
    (opening && !after.contains(['。', '，']) && (after.is_empty() || after.starts_with(closes)))
        .then_some(Published { date, basis: Basis::Dateline })
}

/// What stands behind `发布时间：`, which begins the line or follows a blank.
fn behind_label<'a>(line: &'a str, label: &str) -> Option<&'a str> {
    let at = line.find(label)?;
    let rest = line.get(at + label.len()..)?.trim_start();
    let rest = rest.strip_prefix('：').or_else(|| rest.strip_prefix(':'));
    let free = line.get(..at)?.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
    if free {
        rest.or_else(|| label.ends_with('于').then_some(line.get(at + label.len()..)?))
    } else {
        None
    }
}

/// `2023-05/12`, `2023/03/16`, `20230316`, `t20230316_1.html`; a year and month alone may be anything.
static PATH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:^|[/_.\-A-Za-z=])((?:19|20)\d{2})(?:[-/_.](\d{1,2})[-/_.](\d{1,2})|(\d{2})(\d{2})|(\d{2})/(\d{2})|[-/](\d{2})(\d{2}))(?:[^\d]|$)",
    )
});

fn in_path(path: &str) -> Option<Date> {
    if !path.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let captures = PATH.captures(path)?;
    let pair = [2, 4, 6, 8].into_iter().find(|group| captures.get(*group).is_some())?;
    Date::new(
        number(&captures, 1)?,
        Some(number(&captures, pair)?),
        Some(number(&captures, pair + 1)?),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata() {
        let check = |words: &str, expected: &str| {
            let date = date_of(words).map_or_else(String::new, |date| date.to_string());
            assert_eq!(date, expected, "{words}");
        };
        check("2023-03-16", "2023-03-16");
        check("2023年3月16日", "2023-03-16");
        check("2023/3/16 08:00", "2023-03-16");
        check("23.06.2016", "2016-06-23");
        check("2021 09/ 18", "2021-09-18");
        check("2023-03-16T23:30:00+08:00", "2023-03-16");
        check("2023-03-16T23:30:00.000Z", "2023-03-16");
        check("Thu, 16 Mar 2023 10:00:00 GMT", "2023-03-16");
        check("March 16, 2023", "2023-03-16");
        check("二〇二三年十月二十一日", "2023-10-21");
        check("20230316", "2023-03-16");
        check("1678924800", "2023-03-16");
        check("1678924800000", "2023-03-16");
        check("2023年3月", "2023-03");
        check("2023", "2023");
        check("2023-02-30", "");
        check("昨天 10:00", "");
        check("", "");
    }

    #[test]
    fn text() {
        let check = |text: &str, expected: &str| {
            let found =
                in_text(text).map_or_else(String::new, |p| format!("{} {}", p.date, p.basis));
            assert_eq!(found, expected, "{text}");
        };
        check("某县破案\n2023年3月16日\n近日，", "2023-03-16 dateline");
        check("（2023年3月16日）", "2023-03-16 dateline");
        check("原创 张三 某某安全 2024-04-27 17:52", "2024-04-27 dateline");
        check("2023-03-16 10:22 来源：县报", "2023-03-16 dateline");
        check("发布时间：2023-03-16 浏览：3", "2023-03-16 text");
        check("来源：县报 时间：2023/03/16", "2023-03-16 text");
        check("某县破案\n-->2023-08-10", "2023-08-10 dateline");
        check("某县破案\n23.06.2016", "2016-06-23 dateline");
        check("某县破案\n2021 09/ 18", "2021-09-18 dateline");
        check("中新网江城2023年3月16日电（记者张三）近日，警方通报", "2023-03-16 dateline");
        check("（江城日报2023年3月16日讯）近日，警方通报", "2023-03-16 dateline");
        check("本报江城3月16日电", "");
        check("江城日报 2023年3月16日 星期四 A06版", "2023-03-16 dateline");
        check("江城晚报2023-03-16", "2023-03-16 dateline");
        check("据江城日报2023年3月16日报道，警方破案", "");
        check("2021年11月1日，个人信息保护法施行", "");
        check("2021年11月1日个人信息保护法施行", "");
        check("2023年3月16日至18日", "");
        check("10日，警方通报", "");
        check("作案时间：不详", "");
        check("近日", "");
    }

    #[test]
    fn paths() {
        let check = |path: &str, expected: &str| {
            assert_eq!(
                in_path(path).map_or_else(String::new, |d| d.to_string()),
                expected,
                "{path}"
            );
        };
        check("html/2023-05/12/content_1.htm", "2023-05-12");
        check("2023/03/16/a.md", "2023-03-16");
        check("art/t20230316_99.html", "2023-03-16");
        check("https://a.cn/n1/2023/0316/c1.html", "2023-03-16");
        check("2024-05/daily.jsonl", "");
        check("a/20239999.txt", "");
    }
}
