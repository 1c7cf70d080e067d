//! Know: the lines that a page adds to its article.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError, Match};
use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use super::problem::{Problem, parse_toml};
use super::sieve::Sieve;
use crate::model::RuleId;

/// Rules that tell a line of furniture from a line of the article.
#[derive(Debug)]
pub struct Boilerplate {
    rules: Vec<Rule>,
    /// For lines of up to [`LONGEST`] Chinese characters: every rule.
    short: Words,
    /// For longer lines, which are most of a text: the few rules that match them.
    long: Words,
    /// What the rules say of the lines that are their examples, as these are in every other article.
    known: HashMap<Box<str>, Rules>,
}

/// Words that tell which rules a line may match.
#[derive(Debug)]
struct Words {
    /// Keeps most lines from the finder.
    sieve: Sieve,
    finder: AhoCorasick,
    /// For each word, the rules that know it.
    rules: Vec<Rules>,
    /// Rules without words.
    wordless: Rules,
    /// Those of them that are for lines of marks.
    marks: Rules,
}

/// A set of rules, a bit for each.
type Rules = u64;
const MOST_RULES: usize = 64;

impl Words {
    fn new<'a>(entries: impl Iterator<Item = (usize, &'a Entry)>) -> Result<Words, BuildError> {
        let mut by_word: BTreeMap<&str, Rules> = BTreeMap::new();
        let (mut wordless, mut marks) = (0, 0);
        for (i, entry) in entries {
            if entry.words.is_empty() {
                wordless |= 1 << i;
            }
            if entry.words.is_empty() && entry.marks {
                marks |= 1 << i;
            }
            for word in &entry.words {
                *by_word.entry(word).or_default() |= 1 << i;
            }
        }
        let (words, rules): (Vec<&str>, Vec<Rules>) = by_word.into_iter().unzip();
        let sieve = Sieve::new(words.iter().copied());
        let mut finder = AhoCorasick::builder();
        let finder = finder.ascii_case_insensitive(true);
        let finder = finder.kind(Some(AhoCorasickKind::DFA)).build(words)?;
        Ok(Words { sieve, finder, rules, wordless, marks })
    }

    /// The rules that may match, of a line that the sieve lets pass or not.
    fn candidates(&self, line: &str, passes: bool) -> Rules {
        let marks = if line.starts_with(char::is_alphanumeric) { self.marks } else { 0 };
        let wordless = self.wordless & !marks;
        if !passes {
            return wordless;
        }
        let known = |hit: Match| self.rules.get(hit.pattern().as_usize()).copied().unwrap_or(0);
        self.finder.find_overlapping_iter(line).map(known).fold(wordless, |all, one| all | one)
    }
}

/// One rule: what to do with a line that it matches.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name.
    pub name: RuleId,
    /// What it does.
    pub kind: Kind,
    /// Longer lines, in characters, do not match.
    longest: usize,
    pattern: Regex,
}

/// What follows from a matching line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The line goes, wherever it stands.
    Line,
    /// The line goes if it stands before the first sentence of the article.
    Head,
    /// The line goes with all that follows, if little follows.
    Tail,
    /// The line goes with all that follows.
    End,
    /// The line goes with the titles that follow it.
    List,
    /// No line: a name that is no publisher's.
    Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<toml::Spanned<Entry>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    kind: Kind,
    #[serde(default)]
    words: Vec<String>,
    /// For lines that begin with neither a letter nor a digit.
    #[serde(default)]
    marks: bool,
    #[serde(rename = "match")]
    pattern: String,
    longest: Option<usize>,
    finds: Vec<String>,
    ignores: Vec<String>,
}

impl Entry {
    fn longest(&self) -> usize {
        self.longest.unwrap_or(LONGEST)
    }

    fn rule(&self) -> Result<Rule, regex::Error> {
        let pattern = RegexBuilder::new(&self.pattern).size_limit(1 << 25).build()?;
        let name = self.name.as_str().into();
        Ok(Rule { name, kind: self.kind, longest: self.longest(), pattern })
    }
}

/// Longest line that a rule without `longest` matches.
const LONGEST: usize = 60;
/// Bytes of a line that are looked at: enough for every opening, and a bound for the time a line takes.
const LOOKED_AT: usize = 360;
/// Bytes of a long line in which a rule's words must stand.
const OPENING: usize = 120;
/// A rule that says so matches lines of any length.
const LONGEST_KNOWN: usize = 100_000;

impl Boilerplate {
    /// The rules compiled into the program.
    pub fn builtin() -> Result<Boilerplate, Vec<Problem>> {
        Boilerplate::parse("boilerplate.toml", include_str!("boilerplate.toml"))
    }

    /// Reads and checks a rule file; every rule must do what its examples say.
    pub fn parse(file: &str, text: &str) -> Result<Boilerplate, Vec<Problem>> {
        let parsed: File = parse_toml(file, text).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        let mut report = |span: Range<usize>, message: String| {
            problems.push(Problem::at(file, text, span, message));
        };
        let mut names: Vec<&str> = Vec::new();
        let mut rules = Vec::new();
        for entry in &parsed.rule {
            let (span, entry) = (entry.span(), entry.as_ref());
            let name = entry.name.as_str();
            if names.contains(&name) {
                report(span.clone(), format!("rule {name} is defined twice"));
            }
            names.push(name);
            if entry.finds.is_empty() || entry.ignores.is_empty() {
                report(
                    span.clone(),
                    format!("rule {name} needs an example under finds and one under ignores"),
                );
            }
            match entry.rule() {
                Ok(rule) => rules.push(rule),
                Err(error) => report(span, format!("rule {name}: {}", one_line(&error))),
            }
        }
        if MOST_RULES < parsed.rule.len() {
            report(0..0, format!("{} rules; at most {MOST_RULES} are read", parsed.rule.len()));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let whole = |error: BuildError| vec![Problem::on_line(file, 0, error.to_string())];
        let entries = || parsed.rule.iter().map(|entry| entry.as_ref()).enumerate();
        let boilerplate = Boilerplate {
            rules,
            short: Words::new(entries()).map_err(whole)?,
            long: Words::new(entries().filter(|(_, entry)| LONGEST < entry.longest()))
                .map_err(whole)?,
            known: HashMap::new(),
        };
        let boilerplate = boilerplate.with_known(entries().flat_map(|(_, entry)| &entry.finds));
        let problems = boilerplate.failed_examples(file, text, &parsed);
        if problems.is_empty() { Ok(boilerplate) } else { Err(problems) }
    }

    fn failed_examples(&self, file: &str, text: &str, parsed: &File) -> Vec<Problem> {
        let mut problems = Vec::new();
        for entry in &parsed.rule {
            let (span, entry) = (entry.span(), entry.as_ref());
            let name = entry.name.as_str();
            let hit = |line: &String| self.matches(line).any(|rule| &*rule.name == name);
            for line in entry.finds.iter().filter(|line| !hit(line)) {
                problems.push(Problem::at(
                    file,
                    text,
                    span.clone(),
                    format!("rule {name} does not find {line}"),
                ));
            }
            for line in entry.ignores.iter().filter(|line| hit(line)) {
                problems.push(Problem::at(
                    file,
                    text,
                    span.clone(),
                    format!("rule {name} does not ignore {line}"),
                ));
            }
        }
        problems
    }

    fn with_known<'a>(self, lines: impl Iterator<Item = &'a String>) -> Boilerplate {
        let number = |line| self.matching(line).fold(0, |rules, (i, _)| rules | 1 << i);
        let known = lines.map(|line| (line.as_str().into(), number(line))).collect();
        Boilerplate { known, ..self }
    }

    /// The rules that match a line, in the order of the file.
    pub fn matches<'a>(&'a self, line: &'a str) -> impl Iterator<Item = &'a Rule> {
        self.matching(line).map(|(_, rule)| rule)
    }

    /// The rules that match a line, and which they are.
    fn matching<'a>(&'a self, line: &'a str) -> impl Iterator<Item = (usize, &'a Rule)> {
        // In bytes, which are known: a longer line has more characters, unless it is full of emoji.
        let short = line.len() <= LONGEST * '一'.len_utf8();
        let line = if short { line } else { beginning(line, LOOKED_AT) };
        let (words, opening) = match short {
            true => (&self.short, line),
            false => (&self.long, beginning(line, OPENING)),
        };
        let passes = words.sieve.passes(opening);
        let known = if passes && short { self.known.get(line).copied() } else { None };
        let candidates = known.unwrap_or_else(|| words.candidates(opening, passes));
        let length = match candidates {
            0 => 0,
            _ if short => line.chars().count(),
            _ => usize::MAX,
        };
        let rules = self.rules.iter().enumerate();
        let rules = rules.skip(candidates.trailing_zeros() as usize);
        let fits = move |rule: &Rule| {
            let length_fits = length <= rule.longest || LONGEST_KNOWN <= rule.longest;
            known.is_some() || (length_fits && rule.pattern.is_match(line))
        };
        rules.filter(move |(i, rule)| candidates >> i & 1 == 1 && fits(rule))
    }
}

/// At most so many bytes of a line.
fn beginning(line: &str, most: usize) -> &str {
    line.get(..line.floor_char_boundary(most)).unwrap_or(line)
}

fn one_line(error: &regex::Error) -> String {
    error.to_string().lines().last().unwrap_or("is not a regular expression").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtin_rules_do_what_they_say() {
        Boilerplate::builtin().unwrap();
    }

    #[test]
    fn problems_are_all_reported() {
        let check = |text: &str, expected: &[&str]| {
            let problems = Boilerplate::parse("b.toml", text).unwrap_err();
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert_eq!(problems, expected);
        };
        check(
            "[[rule]]\nname = 'a'\nkind = 'line'\nmatch = '('\nfinds = []\nignores = ['x']\n",
            &[
                "b.toml:1:1: rule a needs an example under finds and one under ignores",
                "b.toml:1:1: rule a: error: unclosed group",
            ],
        );
        check(
            "[[rule]]\nname = 'a'\nkind = 'line'\nmatch = '^甲$'\nfinds = ['乙']\nignores = ['甲']\n",
            &["b.toml:1:1: rule a does not find 乙", "b.toml:1:1: rule a does not ignore 甲"],
        );
    }
}
