//! Measure words: what may follow a number in a bulletin and what it counts.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, MatchKind};
use serde::Deserialize;
use toml::Spanned;

use super::problem::{Problem, parse_toml};

/// The file as the user knows it.
pub const FILE: &str = "measures.toml";
const BUILT_IN: &str = include_str!("measures.toml");

/// What a unit measures, and so what its base unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// Things and people.
    Count,
    /// Chinese money, in yuan.
    Yuan,
    /// Foreign money, in its main unit.
    Currency,
    /// Data volume, decimal.
    Bytes,
    /// Years and months, in months.
    Months,
    /// Days and weeks, in days.
    Days,
    /// Shares, as a fraction of one.
    Percent,
    /// 倍.
    Times,
    /// Age in years.
    Age,
    /// Length, weight and the like, as printed.
    Other,
    /// No unit at all (获利近8万).
    Bare,
}

/// One measure word.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// As printed.
    pub word: String,
    /// What it measures.
    pub kind: UnitKind,
    /// Base units in one.
    pub scale: f64,
    /// ISO 4217 code of a currency.
    pub iso: Option<String>,
    /// Characters that make another word of it: 名称, 条例.
    pub unless_next: String,
    /// A noun counted without a measure word: 3辅警.
    pub noun: bool,
    /// Words of which one must follow in the clause for a lone 一 to count.
    pub one_needs: Vec<String>,
}

/// Every measure word, and the words in which a numeral counts nothing.
#[derive(Debug)]
pub struct Measures {
    /// By first character, longest first.
    by_first: BTreeMap<char, Vec<Measure>>,
    /// First character and word of each currency that may stand before its number.
    currencies: Vec<(char, String)>,
    idioms: AhoCorasick,
    /// In bytes.
    longest_idiom: usize,
    examples: Vec<Example>,
}

/// A sentence that a test reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Line of its entry in the file.
    pub line: usize,
    /// The sentence.
    pub text: String,
    /// The one quantity it holds; `None` where it holds none.
    pub expected: Option<(f64, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    measure: Vec<Entry>,
    idiom: Vec<Idioms>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    words: Vec<Spanned<String>>,
    kind: UnitKind,
    #[serde(default = "one")]
    scale: f64,
    iso: Option<String>,
    #[serde(default)]
    noun: bool,
    #[serde(default)]
    one_needs: Vec<String>,
    #[serde(default)]
    unless_next: Vec<Spanned<String>>,
    finds: Vec<Spanned<Find>>,
    ignores: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Find {
    r#in: String,
    value: f64,
    unit: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Idioms {
    words: Vec<Spanned<String>>,
    ignores: Vec<Spanned<String>>,
}

fn one() -> f64 {
    1.0
}

impl Measures {
    /// Those that the program carries.
    ///
    /// # Errors
    /// Every problem of the file; a test shows that there is none.
    pub fn built_in() -> Result<Self, Vec<Problem>> {
        Measures::parse(FILE, BUILT_IN)
    }

    /// Reads a file of measure words, or says everything that is wrong with it.
    ///
    /// # Errors
    /// Unreadable TOML, an empty word, a word given twice, a trap for an unknown word, an entry without examples.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let parsed: File = parse_toml(file, text).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        let idioms =
            || parsed.idiom.iter().flat_map(|idiom| idiom.words.iter().map(Spanned::as_ref));
        let mut measures = Measures {
            longest_idiom: idioms().map(String::len).max().unwrap_or(0),
            by_first: BTreeMap::new(),
            currencies: Vec::new(),
            idioms: AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .build(idioms())
                .map_err(|error| vec![Problem::on_line(file, 0, error.to_string())])?,
            examples: Vec::new(),
        };
        for entry in &parsed.measure {
            for word in &entry.words {
                if let Err(message) = measures.add(entry, word.as_ref()) {
                    problems.push(Problem::at(file, text, word.span(), message));
                }
            }
            for trap in &entry.unless_next {
                if entry.trap(trap.as_ref()).is_none() {
                    let message = "expected `word:characters` with a word of this entry";
                    problems.push(Problem::at(file, text, trap.span(), message));
                }
            }
            let at = entry.words.first().map_or(0..0, Spanned::span);
            if entry.finds.is_empty() || entry.ignores.is_empty() {
                problems.push(Problem::at(file, text, at, "an entry needs `finds` and `ignores`"));
            }
            for find in &entry.finds {
                let expected = Some((find.as_ref().value, find.as_ref().unit.clone()));
                measures.example(text, find, find.as_ref().r#in.clone(), expected);
            }
            for ignore in &entry.ignores {
                measures.example(text, ignore, ignore.as_ref().clone(), None);
            }
        }
        for ignore in parsed.idiom.iter().flat_map(|idiom| &idiom.ignores) {
            measures.example(text, ignore, ignore.as_ref().clone(), None);
        }
        for list in measures.by_first.values_mut() {
            list.sort_by_key(|measure| std::cmp::Reverse(measure.word.len()));
        }
        measures.currencies.sort_by_key(|(_, word)| std::cmp::Reverse(word.len()));
        if problems.is_empty() { Ok(measures) } else { Err(problems) }
    }

    fn add(&mut self, entry: &Entry, word: &str) -> Result<(), String> {
        let Some(first) = word.chars().next().filter(|_| word.trim() == word) else {
            return Err("a measure word must not be empty or have blanks around it".to_owned());
        };
        let list = self.by_first.entry(first).or_default();
        if list.iter().any(|measure| measure.word == word) {
            return Err(format!("the measure word {word} is given twice"));
        }
        let money = matches!(entry.kind, UnitKind::Yuan | UnitKind::Currency);
        if money && word.chars().count() > 1 && first != '元' && first != '块' {
            self.currencies.push((first, word.to_owned()));
        }
        let trap = entry.unless_next.iter().filter_map(|trap| entry.trap(trap.as_ref()));
        list.push(Measure {
            word: word.to_owned(),
            kind: entry.kind,
            scale: entry.scale,
            iso: entry.iso.clone(),
            unless_next: trap.filter(|(of, _)| *of == word).map(|(_, next)| next).collect(),
            noun: entry.noun,
            one_needs: entry.one_needs.clone(),
        });
        Ok(())
    }

    fn example<T>(
        &mut self,
        text: &str,
        at: &Spanned<T>,
        sentence: String,
        expected: Option<(f64, String)>,
    ) {
        let line = text.get(..at.span().start).map_or(0, |t| t.matches('\n').count() + 1);
        self.examples.push(Example { line, text: sentence, expected });
    }

    /// The longest measure word that `text` opens with, if what follows does not make another word of it.
    pub fn opening(&self, text: &str) -> Option<&Measure> {
        let first = text.chars().next()?;
        self.by_first.get(&first)?.iter().find(|measure| {
            text.strip_prefix(measure.word.as_str()).is_some_and(|rest| {
                let ascii = measure.word.ends_with(|c: char| c.is_ascii_alphabetic());
                rest.chars().next().is_none_or(|next| {
                    !(measure.unless_next.contains(next) || ascii && next.is_ascii_alphanumeric())
                })
            })
        })
    }

    /// The currency that `text` ends with, for those printed before the number (人民币50元, 港币3万元).
    pub fn currency_before(&self, text: &str) -> Option<&Measure> {
        self.currencies.iter().find_map(|(first, word)| {
            let known = text.ends_with(word.as_str());
            let list = self.by_first.get(first).filter(|_| known)?;
            list.iter().find(|measure| measure.word == *word)
        })
    }

    /// Whether an idiom (万一, 一起来) covers byte `at` of `text`.
    pub fn in_idiom(&self, text: &str, at: usize) -> bool {
        let mut from = at.saturating_sub(self.longest_idiom);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let mut to = (at + self.longest_idiom).min(text.len());
        while !text.is_char_boundary(to) {
            to -= 1;
        }
        let window = text.get(from..to).unwrap_or("");
        self.idioms.find_overlapping_iter(window).any(|found| found.range().contains(&(at - from)))
    }

    /// The example sentences of the file.
    pub fn examples(&self) -> &[Example] {
        &self.examples
    }
}

impl Entry {
    /// `起:诉来` as the word and the characters that must not follow it.
    fn trap<'t>(&self, trap: &'t str) -> Option<(&'t str, &'t str)> {
        let (word, next) = trap.split_once(':')?;
        let known = self.words.iter().any(|w| w.as_ref() == word);
        (known && !next.is_empty()).then_some((word, next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let problems = Measures::parse("m.toml", text).err().unwrap_or_default();
        let printed: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(printed.iter().any(|p| p.contains(expected)), "{text}: {printed:?}");
    }

    #[test]
    fn built_in_loads() {
        assert_eq!(Measures::built_in().err(), None);
    }

    #[test]
    fn problems_are_reported() {
        check("measure = 3", "m.toml:1:");
        let entry = "idiom = []\n[[measure]]\nwords = [\"个\", \"个\"]\nkind = \"count\"\n";
        check(&format!("{entry}finds = []\nignores = []"), "m.toml:3:");
        check(&format!("{entry}finds = []\nignores = []"), "given twice");
        check(&format!("{entry}finds = []\nignores = []"), "needs `finds`");
        check(&format!("{entry}unless_next = [\"名:称\"]\nfinds = []\nignores = []"), "m.toml:5:");
        check(&format!("{entry}colour = 1"), "colour");
    }
}
