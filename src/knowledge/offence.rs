//! Load: the charges of the Criminal Law, and the code of a charge as bulletins print it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use super::problem::{Problem, parse_toml};
use crate::model::Date;

/// A charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The article, with the paragraph where the article has several charges: `253-1`, `285(2)`.
    pub code: String,
    /// Official names without 罪; more than one where an article names several charges.
    pub zh: Vec<String>,
    /// English name.
    pub en: String,
    /// Where it stands.
    pub law: String,
    /// First day in force, where that matters.
    pub from: Option<Date>,
    /// Last day in force.
    pub until: Option<Date>,
    /// The charge that took its place.
    pub after: Option<String>,
    /// Other ways in which it is printed.
    pub aliases: Vec<String>,
}

/// Every charge, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offences {
    charges: Vec<Charge>,
    by_name: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    offence: Vec<Spanned<RawCharge>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCharge {
    code: String,
    zh: Vec<String>,
    en: String,
    law: String,
    from: Option<String>,
    until: Option<String>,
    after: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
}

impl Offences {
    /// The compiled-in charges.
    pub fn builtin() -> Result<Offences, Vec<Problem>> {
        Offences::parse("offences.toml", include_str!("offences.toml"))
    }

    /// Reads an offences file; all its problems at once.
    ///
    /// Refused: unknown keys, a code or a printed name used twice, a name with 罪 or 案 at its end, a day that is
    /// none, an `after` that is not in the file or not there where `until` is.
    pub fn parse(file: &str, text: &str) -> Result<Offences, Vec<Problem>> {
        let raw: RawFile = parse_toml(file, text).map_err(|problem| vec![problem])?;
        let codes: Vec<String> = raw.offence.iter().map(|raw| raw.as_ref().code.clone()).collect();
        let mut problems = Vec::new();
        let mut offences = Offences::default();
        let mut seen = BTreeSet::new();
        for (i, spanned) in raw.offence.into_iter().enumerate() {
            let span = spanned.span();
            let raw = spanned.into_inner();
            let mut report =
                |message: String| problems.push(Problem::at(file, text, span.clone(), message));
            if codes.iter().take(i).any(|code| *code == raw.code) {
                report(format!("the code {} stands twice", raw.code));
            }
            if raw.zh.is_empty() {
                report(format!("{} has no name", raw.code));
            }
            if raw.until.is_some() != raw.after.is_some() {
                report(format!("{} needs both until and after, or neither", raw.code));
            }
            if let Some(after) = &raw.after
                && !codes.contains(after)
            {
                report(format!("after of {}: {after} is not in the file", raw.code));
            }
            for name in raw.zh.iter().chain(&raw.aliases) {
                if name != bare(name) || key(name).is_empty() {
                    report(format!("`{name}`: write the name without 罪 or 案 and without spaces"));
                } else if offences.by_name.insert(key(name), i).is_some_and(|other| other != i)
                    || !seen.insert(name.clone())
                {
                    report(format!("`{name}` stands twice"));
                }
            }
            let mut day = |text: Option<String>| {
                let text = text?;
                let day = parse_day(&text);
                if day.is_none() {
                    report(format!("`{text}` is no day, write 2015-11-01"));
                }
                day
            };
            let (from, until) = (day(raw.from), day(raw.until));
            let RawCharge { code, zh, en, law, after, aliases, .. } = raw;
            offences.charges.push(Charge { code, zh, en, law, from, until, after, aliases });
        }
        if problems.is_empty() { Ok(offences) } else { Err(problems) }
    }

    /// The code of a charge as printed, such as `非法获取公民个人信息` or `帮信罪`.
    ///
    /// A charge abolished on `date`, or without a date, gives the one that took its place. `None` for words that
    /// are no charge of the file, and for a charge that did not exist yet on `date`.
    pub fn code_of(&self, printed: &str, date: Option<Date>) -> Option<&str> {
        let mut charge = self.charges.get(*self.by_name.get(&key(bare(printed)))?)?;
        let abolished = |charge: &Charge| {
            let until = charge.until.map(Date::first_day);
            until.is_some_and(|until| date.is_none_or(|date| until < date.first_day()))
        };
        if abolished(charge)
            && let Some(after) = charge.after.as_deref().and_then(|code| self.get(code))
        {
            charge = after;
        }
        let exists = match (charge.from, date) {
            (Some(from), Some(date)) => from.first_day() <= last_day(date),
            (_, _) => true,
        };
        exists.then_some(charge.code.as_str())
    }

    /// The charge with this code.
    pub fn get(&self, code: &str) -> Option<&Charge> {
        self.charges.iter().find(|charge| charge.code == code)
    }

    /// Every charge, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Charge> {
        self.charges.iter()
    }

    /// Every printed name with the code of its charge, names before aliases, in the order of the file.
    pub fn phrases(&self) -> impl Iterator<Item = (&str, &str)> {
        self.charges.iter().flat_map(|charge| {
            let names = charge.zh.iter().chain(&charge.aliases);
            names.map(|name| (name.as_str(), charge.code.as_str()))
        })
    }
}

/// Without the ending that says it is a crime or a case.
fn bare(printed: &str) -> &str {
    let mut name = printed.trim();
    while let Some(rest) =
        ["犯罪案件", "犯罪", "罪", "案件", "案"].iter().find_map(|end| name.strip_suffix(end))
    {
        if rest.is_empty() {
            break;
        }
        name = rest;
    }
    name
}

/// What two ways to print the same name have in common.
fn key(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace() && !"、，,·的".contains(*c)).collect()
}

fn parse_day(text: &str) -> Option<Date> {
    Date::from_civil(text.parse().ok()?)
}

/// The last day that a date can mean.
fn last_day(date: Date) -> jiff::civil::Date {
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

    #[test]
    fn builtin_loads() {
        let offences = Offences::builtin().unwrap();
        assert_eq!(offences.iter().count(), 46);
        assert!(offences.phrases().any(|found| found == ("帮信", "287-2")));
        for (phrase, code) in offences.phrases() {
            let charge = offences.get(code).unwrap();
            let expected = charge.after.as_deref().unwrap_or(code);
            assert_eq!(offences.code_of(phrase, None), Some(expected), "{phrase}");
        }
    }

    #[test]
    fn codes_of_their_time() {
        let offences = Offences::builtin().unwrap();
        let check = |printed: &str, year: Option<i16>, expected: Option<&str>| {
            let date = year.and_then(|year| Date::new(year, None, None));
            assert_eq!(offences.code_of(printed, date), expected, "{printed} {year:?}");
        };
        check("侵犯公民个人信息", None, Some("253-1"));
        check("侵犯公民个人信息罪", Some(2023), Some("253-1"));
        check("侵犯公民个人信息案", Some(2015), Some("253-1"));
        check("侵犯公民个人信息", Some(2012), None);
        check("非法获取公民个人信息", Some(2012), Some("253-1(2)"));
        check("非法获取公民个人信息", Some(2022), Some("253-1"));
        check("非法获取公民个人信息", None, Some("253-1"));
        check("出售公民个人信息罪", Some(2010), Some("253-1(1)"));
        check("出售公民个人信息罪", Some(2005), None);
        check("帮信罪", Some(2021), Some("287-2"));
        check("帮助信息网络犯罪活动罪", Some(2021), Some("287-2"));
        check("掩饰隐瞒犯罪所得罪", None, Some("312"));
        check("掩饰、隐瞒犯罪所得、犯罪所得收益", None, Some("312"));
        check("提供侵入、非法控制计算机信息系统的程序、工具", None, Some("285(3)"));
        check("诽谤", None, Some("246"));
        check("催收非法债务", Some(2019), None);
        check("盗窃案件", None, Some("264"));
        check("个人信息", None, None);
        check("罪", None, None);
        check("", None, None);
    }

    #[test]
    fn files_are_refused() {
        let entry =
            "[[offence]]\ncode = \"264\"\nzh = [\"盗窃\"]\nen = \"theft\"\nlaw = \"art. 264\"\n";
        let check = |text: &str, expected: &str| {
            let found = match Offences::parse("o.toml", text) {
                Ok(_) => String::new(),
                Err(problems) => problems.first().map(|p| p.message.clone()).unwrap_or_default(),
            };
            assert_eq!(found, expected);
        };
        check(entry, "");
        check(&entry.repeat(2), "the code 264 stands twice");
        check(
            &entry.replace("盗窃", "盗窃罪"),
            "`盗窃罪`: write the name without 罪 or 案 and without spaces",
        );
        check(&format!("{entry}aliases = [\"盗窃\"]\n"), "`盗窃` stands twice");
        check(&format!("{entry}from = \"2015\"\n"), "`2015` is no day, write 2015-11-01");
        check(
            &format!("{entry}until = \"2015-01-01\"\n"),
            "264 needs both until and after, or neither",
        );
        check(
            &format!("{entry}until = \"2015-01-01\"\nafter = \"1\"\n"),
            "after of 264: 1 is not in the file",
        );
    }
}
