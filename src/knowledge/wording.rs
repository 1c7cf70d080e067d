//! Know: words that stand in the place of others, and what stood there.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;
use serde::Deserialize;

use super::problem::{Problem, parse_toml};
use super::sieve::Sieve;
use crate::model::Repair;

/// Rules that put words right.
#[derive(Debug)]
pub struct Wording {
    /// Lets few texts through that have nothing to put right.
    sieve: Sieve,
    finder: AhoCorasick,
    /// For each word of the finder, its rule.
    owners: Vec<usize>,
    rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug)]
struct Rule {
    pattern: Regex,
    becomes: String,
    repair: Repair,
    /// Only for texts that were in traditional script.
    traditional: bool,
}

/// Words to be replaced by others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction<'a> {
    /// Where they stand.
    pub at: Range<usize>,
    /// What stood there.
    pub becomes: &'a str,
    /// What is counted.
    pub repair: Repair,
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
    words: Vec<String>,
    #[serde(rename = "match")]
    pattern: String,
    becomes: String,
    repair: String,
    script: Option<String>,
    finds: Vec<[String; 2]>,
    ignores: Vec<String>,
}

impl Entry {
    fn rule(&self) -> Result<Rule, String> {
        let pattern = Regex::new(&self.pattern)
            .map_err(|_| "match is not a regular expression".to_owned())?;
        if pattern.captures_len() < 2 {
            return Err("match needs a group for what is put right".to_owned());
        }
        let repair = Repair::from_name(&self.repair)
            .ok_or_else(|| format!("there is no repair {}", self.repair))?;
        let traditional = match self.script.as_deref() {
            None => false,
            Some("hant") => true,
            Some(other) => return Err(format!("script is {other}, expected hant")),
        };
        if self.words.is_empty() || self.finds.is_empty() || self.ignores.is_empty() {
            return Err("needs words, and an example under finds and one under ignores".to_owned());
        }
        Ok(Rule { pattern, becomes: self.becomes.clone(), repair, traditional })
    }
}

/// Rules may work on each other's words, and on the same ones again, so often at most.
const ROUNDS: usize = 4;

impl Wording {
    /// The rules compiled into the program.
    pub fn builtin() -> Result<Wording, Vec<Problem>> {
        Wording::parse("wording.toml", include_str!("wording.toml"))
    }

    /// Reads and checks a rule file; every rule must do what its examples say.
    pub fn parse(file: &str, text: &str) -> Result<Wording, Vec<Problem>> {
        let parsed: File = parse_toml(file, text).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        let (mut rules, mut words, mut owners) = (Vec::new(), Vec::new(), Vec::new());
        for entry in &parsed.rule {
            let (span, entry) = (entry.span(), entry.as_ref());
            match entry.rule() {
                Ok(rule) => {
                    words.extend(entry.words.iter().map(String::as_str));
                    owners.resize(words.len(), rules.len());
                    rules.push(rule);
                }
                Err(problem) => {
                    let message = format!("rule {}: {problem}", entry.name);
                    problems.push(Problem::at(file, text, span, message));
                }
            }
        }
        let finder = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&words);
        let finder = finder.map_err(|error| vec![Problem::on_line(file, 0, error.to_string())])?;
        let sieve = Sieve::new(words.iter().copied());
        let wording = Wording { sieve, finder, owners, rules };
        if !problems.is_empty() {
            return Err(problems);
        }
        for entry in &parsed.rule {
            let examples = entry.as_ref().finds.iter().map(|[text, right]| (text, right));
            let others = entry.as_ref().ignores.iter().map(|text| (text, text));
            for (example, right) in examples.chain(others) {
                let found = wording.corrected(example);
                if found != *right {
                    let name = &entry.as_ref().name;
                    let message = format!("rule {name}: {example} becomes {found}, not {right}");
                    problems.push(Problem::at(file, text, entry.span(), message));
                }
            }
        }
        if problems.is_empty() { Ok(wording) } else { Err(problems) }
    }

    /// What is to be put right in a text, in order. What is put right may show more.
    pub fn corrections(&self, text: &str, traditional: bool) -> Vec<Correction<'_>> {
        if !self.sieve.passes(text) {
            return Vec::new();
        }
        let hits = self.finder.find_overlapping_iter(text);
        let mut shown: Vec<usize> =
            hits.filter_map(|hit| self.owners.get(hit.pattern().as_usize()).copied()).collect();
        shown.sort_unstable();
        shown.dedup();
        let rules = shown.into_iter().filter_map(|i| self.rules.get(i));
        let rules = rules.filter(|rule| traditional || !rule.traditional);
        let mut found: Vec<Correction<'_>> = rules
            .flat_map(|rule| {
                rule.pattern.captures_iter(text).filter_map(|captures| {
                    let group = captures.iter().skip(1).flatten().next()?;
                    Some(Correction {
                        at: group.range(),
                        becomes: &rule.becomes,
                        repair: rule.repair,
                    })
                })
            })
            .collect();
        found.sort_by_key(|correction| correction.at.start);
        let mut end = 0;
        found.retain(|correction| {
            let free = end <= correction.at.start;
            if free {
                end = correction.at.end;
            }
            free
        });
        found
    }

    /// How often [`Wording::corrections`] is worth asking again.
    pub fn rounds() -> usize {
        ROUNDS
    }

    fn corrected(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..ROUNDS {
            let mut out = text.clone();
            for correction in self.corrections(&text, true).into_iter().rev() {
                out.replace_range(correction.at, correction.becomes);
            }
            text = out;
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtin_rules_do_what_they_say() {
        Wording::builtin().unwrap();
    }

    #[test]
    fn some_rules_are_for_traditional_script_only() {
        let wording = Wording::builtin().unwrap();
        assert!(wording.corrections("网路警察", false).is_empty());
        assert_eq!(wording.corrections("网路警察", true).len(), 1);
    }

    #[test]
    fn problems_are_all_reported() {
        let check = |rule: &str, expected: &str| {
            let text = format!(
                "[[rule]]\nname = 'a'\nwords = ['甲']\nfinds = [['甲', '乙']]\nignores = ['丙']\n{rule}\n"
            );
            let problems = Wording::parse("w.toml", &text).unwrap_err();
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert_eq!(problems, [format!("w.toml:1:1: rule a: {expected}")]);
        };
        let tail = "becomes = '乙'\nrepair = 'wording'";
        check(&format!("match = '('\n{tail}"), "match is not a regular expression");
        check(&format!("match = '甲'\n{tail}"), "match needs a group for what is put right");
        check("match = '(甲)'\nbecomes = '乙'\nrepair = 'luck'", "there is no repair luck");
        check(&format!("match = '(甲)'\n{tail}\nscript = 'x'"), "script is x, expected hant");
        check(&format!("match = '甲(丁)'\n{tail}"), "甲 becomes 甲, not 乙");
    }
}
