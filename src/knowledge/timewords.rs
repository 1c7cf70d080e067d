//! Time words: 去年, 上月, 次日, 近日 and what each is counted from.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::problem::{Problem, parse_toml};

/// The file as the user knows it.
pub const FILE: &str = "timewords.toml";
const BUILT_IN: &str = include_str!("timewords.toml");

/// What a time word names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 去年.
    Year,
    /// 上月.
    Month,
    /// 昨日.
    Day,
    /// 近日: a time that dates nothing.
    Vague,
}

/// What a time word is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// The day of publication: 去年, 昨日.
    Publication,
    /// The date told before: 次年, 当日.
    Story,
}

/// One time word.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeWord {
    /// As printed.
    pub word: String,
    /// What it names.
    pub unit: Unit,
    /// How many units after what it is counted from.
    pub shift: i16,
    /// What it is counted from.
    pub from: From,
    unless_before: String,
    unless_next: String,
}

/// The calendar that a festival is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    /// Month and day.
    Civil,
    /// Lunar month and day.
    Lunar,
    /// `day` is which Sunday of the month.
    Sunday,
    /// `day` is which Thursday of the month.
    Thursday,
}

/// A feast of each year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Festival {
    /// As printed.
    pub word: String,
    /// What month and day are counted in.
    pub calendar: Calendar,
    /// 1 to 12.
    pub month: i8,
    /// Day of the month, or which Sunday or Thursday.
    pub day: i8,
}

/// Every time word.
#[derive(Debug)]
pub struct TimeWords {
    by_first: BTreeMap<char, Vec<TimeWord>>,
    /// One bit for each character below U+10000 with which a word begins.
    opens: Vec<u64>,
    /// Longest first.
    festivals: Vec<Festival>,
    examples: Vec<Example>,
}

/// A sentence that a test reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Line of its entry in the file.
    pub line: usize,
    /// The sentence.
    pub text: String,
    /// When it was published, as `2023-08-11`.
    pub published: Option<String>,
    /// The last moment's start, or `start/end` of a period; `None` where the sentence dates nothing.
    pub expected: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    word: Vec<Entry>,
    #[serde(default)]
    festival: Vec<Feast>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Feast {
    words: Vec<Spanned<String>>,
    calendar: Calendar,
    month: i8,
    day: i8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    words: Vec<Spanned<String>>,
    unit: Unit,
    #[serde(default)]
    shift: i16,
    #[serde(default = "publication")]
    from: From,
    #[serde(default)]
    unless_before: String,
    #[serde(default)]
    unless_next: String,
    finds: Vec<Spanned<Find>>,
    ignores: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Find {
    r#in: String,
    published: Option<String>,
    date: String,
}

fn publication() -> From {
    From::Publication
}

impl TimeWords {
    /// Those that the program carries.
    ///
    /// # Errors
    /// Every problem of the file; a test shows that there is none.
    pub fn built_in() -> Result<Self, Vec<Problem>> {
        TimeWords::parse(FILE, BUILT_IN)
    }

    /// Reads a file of time words, or says everything that is wrong with it.
    ///
    /// # Errors
    /// Unreadable TOML, an empty word, a word given twice, an entry without examples.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let parsed: File = parse_toml(file, text).map_err(|problem| vec![problem])?;
        let mut words = TimeWords {
            by_first: BTreeMap::new(),
            opens: vec![0; 0x10000 / 64],
            festivals: Vec::new(),
            examples: Vec::new(),
        };
        let mut problems = Vec::new();
        for entry in &parsed.word {
            for word in &entry.words {
                if let Err(message) = words.add(entry, word.as_ref()) {
                    problems.push(Problem::at(file, text, word.span(), message));
                }
            }
            // A vague word dates nothing, so it has no sentence in which it is found.
            let silent = entry.finds.is_empty() && entry.unit != Unit::Vague;
            if silent || entry.ignores.is_empty() {
                let at = entry.words.first().map_or(0..0, Spanned::span);
                problems.push(Problem::at(file, text, at, "an entry needs `finds` and `ignores`"));
            }
            words.add_examples(text, entry);
        }
        for feast in &parsed.festival {
            problems.extend(
                words.add_feast(feast).map(|(at, message)| Problem::at(file, text, at, message)),
            );
        }
        words.festivals.sort_by_key(|festival| std::cmp::Reverse(festival.word.len()));
        for list in words.by_first.values_mut() {
            list.sort_by_key(|word| std::cmp::Reverse(word.word.len()));
        }
        if problems.is_empty() { Ok(words) } else { Err(problems) }
    }

    fn add(&mut self, entry: &Entry, word: &str) -> Result<(), String> {
        let Some(first) = word.chars().next().filter(|_| word.trim() == word) else {
            return Err("a time word must not be empty or have blanks around it".to_owned());
        };
        if let Some(bits) = self.opens.get_mut(first as usize / 64) {
            *bits |= 1 << (first as usize % 64);
        }
        let list = self.by_first.entry(first).or_default();
        if list.iter().any(|known| known.word == word) {
            return Err(format!("the time word {word} is given twice"));
        }
        list.push(TimeWord {
            word: word.to_owned(),
            unit: entry.unit,
            shift: entry.shift,
            from: entry.from,
            unless_before: entry.unless_before.clone(),
            unless_next: entry.unless_next.clone(),
        });
        Ok(())
    }

    /// Adds a festival, or says where and what is wrong with it.
    fn add_feast(&mut self, feast: &Feast) -> Option<(std::ops::Range<usize>, String)> {
        for word in &feast.words {
            let known = self.festivals.iter().any(|festival| festival.word == *word.as_ref());
            if known || word.as_ref().is_empty() {
                return Some((
                    word.span(),
                    format!("the festival {} is given twice", word.as_ref()),
                ));
            }
            if !(1..=12).contains(&feast.month) || !(1..=31).contains(&feast.day) {
                return Some((word.span(), "expected a month from 1 to 12 and a day".to_owned()));
            }
            self.festivals.push(Festival {
                word: word.as_ref().clone(),
                calendar: feast.calendar,
                month: feast.month,
                day: feast.day,
            });
        }
        None
    }

    fn add_examples(&mut self, text: &str, entry: &Entry) {
        let line = |at: usize| text.get(..at).map_or(0, |t| t.matches('\n').count() + 1);
        for find in &entry.finds {
            self.examples.push(Example {
                line: line(find.span().start),
                text: find.as_ref().r#in.clone(),
                published: find.as_ref().published.clone(),
                expected: Some(find.as_ref().date.clone()),
            });
        }
        for ignore in &entry.ignores {
            self.examples.push(Example {
                line: line(ignore.span().start),
                text: ignore.as_ref().clone(),
                published: Some("2023-08-11".to_owned()),
                expected: None,
            });
        }
    }

    /// The longest time word at byte `at` of `text`, unless its neighbours make another word of it.
    pub fn at(&self, text: &str, at: usize) -> Option<&TimeWord> {
        let rest = text.get(at..)?;
        let first = rest.chars().next().filter(|c| self.opens(*c))?;
        let list = self.by_first.get(&first)?;
        let before = text.get(..at).unwrap_or("").chars().next_back();
        list.iter().find(|word| {
            rest.strip_prefix(word.word.as_str()).is_some_and(|rest| {
                !before.is_some_and(|c| word.unless_before.contains(c))
                    && !rest.chars().next().is_some_and(|c| word.unless_next.contains(c))
            })
        })
    }

    /// The festival that `text` opens with.
    pub fn festival(&self, text: &str) -> Option<&Festival> {
        self.festivals.iter().find(|festival| text.starts_with(festival.word.as_str()))
    }

    /// Whether a time word can begin with this character.
    pub fn opens(&self, c: char) -> bool {
        let bits = self.opens.get(c as usize / 64).copied().unwrap_or(0);
        bits >> (c as usize % 64) & 1 == 1
    }

    /// The example sentences of the file.
    pub fn examples(&self) -> &[Example] {
        &self.examples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let problems = TimeWords::parse("t.toml", text).err().unwrap_or_default();
        let printed: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(printed.iter().any(|p| p.contains(expected)), "{text}: {printed:?}");
    }

    #[test]
    fn built_in_loads() {
        assert_eq!(TimeWords::built_in().err(), None);
    }

    #[test]
    fn problems_are_reported() {
        check("word = 3", "t.toml:1:");
        let entry =
            "[[word]]\nwords = [\"去年\", \"去年\"]\nunit = \"year\"\nfinds = []\nignores = []";
        check(entry, "t.toml:2:");
        check(entry, "given twice");
        check(entry, "needs `finds`");
    }
}
