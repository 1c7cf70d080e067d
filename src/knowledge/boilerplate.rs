//! Know: the lines that a page adds to its article.

use std::ops::Range;

use regex::{RegexSet, RegexSetBuilder};
use serde::Deserialize;

use super::problem::{Problem, parse_toml};
use crate::model::RuleId;

/// Rules that tell a line of furniture from a line of the article.
#[derive(Debug)]
pub struct Boilerplate {
    /// For lines of up to [`LONGEST`] characters: every rule.
    short: RuleSet,
    /// For longer lines, which are most of a text: the few rules that match them.
    long: RuleSet,
    /// For lines without a Chinese character: the rules that have an example of one.
    ascii: RuleSet,
}

#[derive(Debug)]
struct RuleSet {
    set: RegexSet,
    rules: Vec<Rule>,
}

impl RuleSet {
    fn new<'a>(entries: impl Iterator<Item = &'a Entry>) -> Result<RuleSet, regex::Error> {
        let (patterns, rules): (Vec<&str>, Vec<Rule>) = entries.map(Entry::rule).unzip();
        Ok(RuleSet { set: set(&patterns)?, rules })
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

    fn rule(&self) -> (&str, Rule) {
        let rule =
            Rule { name: self.name.as_str().into(), kind: self.kind, longest: self.longest() };
        (&self.pattern, rule)
    }
}

/// Longest line that a rule without `longest` matches.
const LONGEST: usize = 60;
/// Characters of a line that are looked at: enough for every opening, and a bound for the time a line takes.
const LOOKED_AT: usize = 120;
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
            match set(&[entry.pattern.as_str()]) {
                Ok(_) => {}
                Err(error) => report(span, format!("rule {name}: {}", one_line(&error))),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let whole = |error: regex::Error| vec![Problem::on_line(file, 0, one_line(&error))];
        let entries = || parsed.rule.iter().map(|entry| entry.as_ref());
        let boilerplate = Boilerplate {
            short: RuleSet::new(entries()).map_err(whole)?,
            long: RuleSet::new(entries().filter(|entry| LONGEST < entry.longest()))
                .map_err(whole)?,
            ascii: RuleSet::new(entries().filter(|entry| entry.finds.iter().any(|l| l.is_ascii())))
                .map_err(whole)?,
        };
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

    /// The rules that match a line, in the order of the file.
    pub fn matches<'a>(&'a self, line: &str) -> impl Iterator<Item = &'a Rule> + use<'a> {
        let cut = if line.len() <= LOOKED_AT {
            line.len()
        } else {
            line.char_indices().nth(LOOKED_AT).map_or(line.len(), |(at, _)| at)
        };
        let length = if cut < line.len() { usize::MAX } else { line.chars().count() };
        let rules = match length {
            _ if line.is_ascii() => &self.ascii,
            ..=LONGEST => &self.short,
            _ => &self.long,
        };
        let words = line.get(..cut).unwrap_or(line);
        // Nearly no line matches, and only the full answer needs memory.
        let matched = rules.set.is_match(words).then(|| rules.set.matches(words));
        let fits = move |rule: &&Rule| length <= rule.longest || LONGEST_KNOWN <= rule.longest;
        let matched = matched.into_iter().flat_map(|matched| matched.into_iter());
        matched.filter_map(|i| rules.rules.get(i)).filter(fits)
    }
}

fn set(patterns: &[&str]) -> Result<RegexSet, regex::Error> {
    RegexSetBuilder::new(patterns).size_limit(1 << 25).dfa_size_limit(1 << 25).build()
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
