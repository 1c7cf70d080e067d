//! Patterns: words by class, boundaries, and the rules that give a number its role, from data files.

mod gate;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;
use serde::Deserialize;

pub use self::gate::Gate;
use super::lists::Lists;
use super::problem::{Problem, parse_toml};
use crate::model::RuleId;

/// A class of words, such as `arrest`; an index into [`Words`].
pub type Class = usize;

/// An occurrence of a word of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Byte range in the text.
    pub span: Range<usize>,
    /// Its class.
    pub class: Class,
}

/// The words of all classes, matched in one pass.
#[derive(Debug, Clone)]
pub struct Words {
    names: Vec<String>,
    automaton: AhoCorasick,
    class_of: Vec<Class>,
}

impl Words {
    /// The class with this name.
    pub fn class(&self, name: &str) -> Option<Class> {
        self.names.iter().position(|known| known == name)
    }

    /// Every occurrence of every word; where several start at one place the longest of each class is given.
    pub fn find(&self, text: &str) -> Vec<Hit> {
        let mut hits: Vec<Hit> = self
            .automaton
            .find_overlapping_iter(text)
            .filter_map(|found| {
                let class = *self.class_of.get(found.pattern().as_usize())?;
                Some(Hit { span: found.range(), class })
            })
            .collect();
        hits.sort_by_key(|hit| (hit.span.start, hit.class, usize::MAX - hit.span.end));
        hits.dedup_by_key(|hit| (hit.span.start, hit.class));
        hits
    }
}

/// A named pattern over the opening of a paragraph or sentence.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The rule's name.
    pub name: RuleId,
    /// Matches at the start.
    pub regex: Regex,
}

/// Gives a number its role from the words around it.
#[derive(Debug, Clone)]
pub struct RoleRule {
    /// The rule's name.
    pub name: RuleId,
    /// The measure, metric or other role.
    pub role: String,
    units: BTreeSet<String>,
    before: Option<Regex>,
    after: Option<Regex>,
    not_before: Option<Regex>,
    not_after: Option<Regex>,
    /// What the number counts, where the words around do not say it.
    pub subject: Option<String>,
    /// Preferred among several candidates for one role: higher first.
    pub rank: i64,
    /// Sentences in which the rule finds a value.
    pub finds: Vec<Example>,
    /// Sentences in which it finds none.
    pub ignores: Vec<String>,
}

impl RoleRule {
    /// Whether the rule fires on a number with this unit between these words of its sentence.
    pub fn fires(&self, unit: &str, before: &str, after: &str) -> bool {
        self.units.contains(unit)
            && self.before.as_ref().is_none_or(|regex| regex.is_match(before))
            && self.after.as_ref().is_none_or(|regex| regex.is_match(after))
            && !self.not_before.as_ref().is_some_and(|regex| regex.is_match(before))
            && !self.not_after.as_ref().is_some_and(|regex| regex.is_match(after))
    }
}

/// A sentence and the value a rule reads from it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The sentence.
    #[serde(rename = "in")]
    pub text: String,
    /// The number's value.
    pub value: f64,
}

/// Everything that the extraction knows of how bulletins are written.
#[derive(Debug, Clone)]
pub struct Patterns {
    /// Words by class.
    pub words: Words,
    /// What an article must say to tell a case or a total.
    pub gate: Gate,
    /// Characters that follow a name and are no part of it.
    pub name_stops: BTreeSet<char>,
    /// Chinese surnames.
    pub surnames: BTreeSet<String>,
    /// What ends a case.
    pub boundaries: Vec<Opening>,
    /// What parts the items of a digest.
    pub breaks: Vec<Opening>,
    /// What opens a case told as an example.
    pub exemplars: Vec<Opening>,
    /// Words that speak of one case or one gang.
    pub one_case: Vec<Opening>,
    /// Words that bring up a case.
    pub new_case: Vec<Opening>,
    /// A verdict of an earlier proceeding.
    pub earlier_verdict: Vec<Opening>,
    /// A line that only announces that cases were published.
    pub announcements: Vec<Opening>,
    /// A suit between private parties.
    pub civil: Vec<Opening>,
    /// A task, a question or a rumour.
    pub questions: Vec<Opening>,
    /// A campaign; its first group is the name.
    pub campaigns: Vec<Opening>,
    /// Words that single steps ask for.
    pub lists: Lists,
    /// Roles of the numbers of a case, in order of preference.
    pub roles: Vec<RoleRule>,
    /// Metrics of published totals, in order of preference.
    pub metrics: Vec<RoleRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordsFile {
    name_stops: String,
    words: BTreeMap<String, Vec<String>>,
    macros: BTreeMap<String, String>,
    boundary: Vec<OpeningEntry>,
    exemplar: Vec<OpeningEntry>,
    r#break: Vec<OpeningEntry>,
    one_case: Vec<OpeningEntry>,
    new_case: Vec<OpeningEntry>,
    earlier_verdict: Vec<OpeningEntry>,
    campaign: Vec<OpeningEntry>,
    announcement: Vec<OpeningEntry>,
    civil: Vec<OpeningEntry>,
    question: Vec<OpeningEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpeningEntry {
    name: String,
    r#match: String,
    finds: Vec<String>,
    ignores: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RolesFile {
    rule: Vec<RoleEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleEntry {
    name: String,
    role: String,
    units: Vec<String>,
    before: Option<String>,
    after: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    subject: Option<String>,
    #[serde(default)]
    rank: i64,
    finds: Vec<Example>,
    ignores: Vec<String>,
}

/// Expands `{name}` to a class or macro and collects what is wrong.
struct Expander<'a> {
    table: &'a BTreeMap<String, String>,
    file: &'a str,
    text: &'a str,
    problems: Vec<Problem>,
}

impl Expander<'_> {
    fn problem(&mut self, entry: &str, message: String) {
        let needle = format!("\"{entry}\"");
        let at = self.text.find(&needle).unwrap_or(0);
        self.problems.push(Problem::at(self.file, self.text, at..at, message));
    }

    fn regex(&mut self, entry: &str, pattern: &str) -> Option<Regex> {
        let mut expanded = pattern.to_owned();
        for (name, words) in self.table {
            expanded = expanded.replace(&format!("{{{name}}}"), words);
        }
        match Regex::new(&expanded) {
            Ok(regex) => Some(regex),
            Err(error) => {
                let reason = error.to_string().lines().last().unwrap_or("bad pattern").to_owned();
                self.problem(entry, format!("{entry}: cannot read pattern {pattern}: {reason}"));
                None
            }
        }
    }

    fn openings(&mut self, entries: Vec<OpeningEntry>) -> Vec<Opening> {
        let mut openings = Vec::new();
        for entry in entries {
            if entry.finds.is_empty() || entry.ignores.is_empty() {
                self.problem(
                    &entry.name,
                    format!("{}: a rule needs finds and ignores", entry.name),
                );
            }
            let Some(regex) = self.regex(&entry.name, &entry.r#match) else { continue };
            for example in &entry.finds {
                if !regex.is_match(example) {
                    self.problem(&entry.name, format!("{}: does not find {example}", entry.name));
                }
            }
            for example in &entry.ignores {
                if regex.is_match(example) {
                    self.problem(&entry.name, format!("{}: does not ignore {example}", entry.name));
                }
            }
            openings.push(Opening { name: entry.name.into(), regex });
        }
        openings
    }

    fn roles(&mut self, entries: Vec<RoleEntry>) -> Vec<RoleRule> {
        let mut rules = Vec::new();
        let mut names = BTreeSet::new();
        for entry in entries {
            let name = entry.name.as_str();
            if !names.insert(name.to_owned()) {
                self.problem(name, format!("{name}: a name used twice"));
            }
            if entry.finds.is_empty() || entry.ignores.is_empty() {
                self.problem(name, format!("{name}: a rule needs finds and ignores"));
            }
            let mut part = |pattern: &Option<String>| {
                pattern.as_ref().and_then(|pattern| self.regex(name, pattern))
            };
            let (before, after) = (part(&entry.before), part(&entry.after));
            let (not_before, not_after) = (part(&entry.not_before), part(&entry.not_after));
            rules.push(RoleRule {
                name: name.into(),
                role: entry.role,
                units: entry.units.into_iter().collect(),
                before,
                after,
                not_before,
                not_after,
                subject: entry.subject,
                rank: entry.rank,
                finds: entry.finds,
                ignores: entry.ignores,
            });
        }
        rules
    }
}

impl Patterns {
    /// The patterns compiled into the binary.
    pub fn builtin() -> Result<Self, Vec<Problem>> {
        Patterns::parse(
            ("patterns/words.toml", include_str!("patterns/words.toml")),
            ("patterns/roles.toml", include_str!("patterns/roles.toml")),
            ("patterns/metrics.toml", include_str!("patterns/metrics.toml")),
            ("patterns/lists.toml", include_str!("patterns/lists.toml")),
        )
    }

    /// Reads the four files (name, text), or says everything that is wrong in them.
    pub fn parse(
        words: (&str, &str),
        roles: (&str, &str),
        metrics: (&str, &str),
        lists: (&str, &str),
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut keep = |problem: Problem| problems.push(problem);
        let words_file: Option<WordsFile> = parse_toml(words.0, words.1).map_err(&mut keep).ok();
        let roles_file: Option<RolesFile> = parse_toml(roles.0, roles.1).map_err(&mut keep).ok();
        let metrics_file: Option<RolesFile> =
            parse_toml(metrics.0, metrics.1).map_err(&mut keep).ok();
        let lists: Option<Lists> = parse_toml(lists.0, lists.1).map_err(&mut keep).ok();
        let (Some(words_file), Some(roles_file), Some(metrics_file), Some(lists)) =
            (words_file, roles_file, metrics_file, lists)
        else {
            return Err(problems);
        };
        let table = expansions(&words_file);
        let mut expander = Expander { table: &table, file: words.0, text: words.1, problems };
        let boundaries = expander.openings(words_file.boundary);
        let exemplars = expander.openings(words_file.exemplar);
        let breaks = expander.openings(words_file.r#break);
        let one_case = expander.openings(words_file.one_case);
        let new_case = expander.openings(words_file.new_case);
        let earlier_verdict = expander.openings(words_file.earlier_verdict);
        let campaigns = expander.openings(words_file.campaign);
        let announcements = expander.openings(words_file.announcement);
        let civil = expander.openings(words_file.civil);
        let questions = expander.openings(words_file.question);
        (expander.file, expander.text) = roles;
        let roles = expander.roles(roles_file.rule);
        (expander.file, expander.text) = metrics;
        let metrics = expander.roles(metrics_file.rule);
        let mut problems = expander.problems;
        match compile_words(&words_file.words)
            .and_then(|words| Ok((words, compile_gate(&words_file.words)?)))
        {
            Ok((words, gate)) if problems.is_empty() => Ok(Patterns {
                words,
                gate,
                name_stops: words_file.name_stops.chars().collect(),
                surnames: include_str!("surnames.txt")
                    .lines()
                    .filter(|line| !line.starts_with('#'))
                    .flat_map(str::split_whitespace)
                    .map(str::to_owned)
                    .collect(),
                boundaries,
                breaks,
                exemplars,
                one_case,
                new_case,
                earlier_verdict,
                campaigns,
                announcements,
                civil,
                questions,
                lists,
                roles,
                metrics,
            }),
            Ok(_) => Err(problems),
            Err(reason) => {
                problems.push(Problem {
                    file: words.0.to_owned(),
                    line: 0,
                    column: 0,
                    message: reason,
                });
                Err(problems)
            }
        }
    }
}

fn expansions(file: &WordsFile) -> BTreeMap<String, String> {
    let mut table = file.macros.clone();
    for (class, phrases) in &file.words {
        // Longest first, since a regular expression takes the first alternative that fits.
        let mut phrases: Vec<&str> = phrases.iter().map(String::as_str).collect();
        phrases.sort_by_key(|phrase| (usize::MAX - phrase.len(), *phrase));
        let words: Vec<String> = phrases.into_iter().map(regex::escape).collect();
        table.insert(class.clone(), format!("(?:{})", words.join("|")));
    }
    table
}

fn compile_gate(words: &BTreeMap<String, Vec<String>>) -> Result<Gate, String> {
    Gate::new(words).map_err(|error| format!("words cannot be compiled: {error}"))
}

fn compile_words(words: &BTreeMap<String, Vec<String>>) -> Result<Words, String> {
    let mut names = Vec::new();
    let mut phrases = Vec::new();
    let mut class_of = Vec::new();
    for (class, list) in words {
        for phrase in list {
            phrases.push(phrase.clone());
            class_of.push(names.len());
        }
        names.push(class.clone());
    }
    let automaton = AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .build(&phrases)
        .map_err(|error| format!("words cannot be compiled: {error}"))?;
    Ok(Words { names, automaton, class_of })
}
