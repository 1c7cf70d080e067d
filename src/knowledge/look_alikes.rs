//! Know: characters that look like others and stand for them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::problem::{Problem, parse_toml};

/// Which character stands for which.
#[derive(Debug)]
pub struct LookAlikes {
    of: BTreeMap<char, (char, Place)>,
}

/// Where a character stands for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Place {
    Anywhere,
    /// In a word that has a letter of ASCII too.
    Latin,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    set: Vec<toml::Spanned<Set>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    name: String,
    #[serde(rename = "where")]
    place: Place,
    from: String,
    to: String,
    finds: Vec<[String; 2]>,
    ignores: Vec<String>,
}

impl LookAlikes {
    /// The characters compiled into the program.
    pub fn builtin() -> Result<LookAlikes, Vec<Problem>> {
        LookAlikes::parse("look_alikes.toml", include_str!("look_alikes.toml"))
    }

    /// Reads and checks a file; every set must do what its examples say.
    pub fn parse(file: &str, text: &str) -> Result<LookAlikes, Vec<Problem>> {
        let parsed: File = parse_toml(file, text).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        let mut of = BTreeMap::new();
        for set in &parsed.set {
            let (span, set) = (set.span(), set.as_ref());
            let mut report = |message: String| {
                let message = format!("set {}: {message}", set.name);
                problems.push(Problem::at(file, text, span.clone(), message));
            };
            if set.from.chars().count() != set.to.chars().count() {
                report("from and to are not of one length".to_owned());
            }
            for (from, to) in set.from.chars().zip(set.to.chars()) {
                if of.insert(from, (to, set.place)).is_some() {
                    report(format!("{from} is there twice"));
                }
            }
            if set.finds.is_empty() || set.ignores.is_empty() {
                report("needs an example under finds and one under ignores".to_owned());
            }
        }
        let look_alikes = LookAlikes { of };
        for set in &parsed.set {
            let stays = set.as_ref().ignores.iter().map(|text| (text, text));
            let examples = set.as_ref().finds.iter().map(|[text, right]| (text, right));
            for (example, right) in examples.chain(stays) {
                let found = look_alikes.corrected(example);
                if found != *right {
                    let name = &set.as_ref().name;
                    let message = format!("set {name}: {example} becomes {found}, not {right}");
                    problems.push(Problem::at(file, text, set.span(), message));
                }
            }
        }
        if problems.is_empty() { Ok(look_alikes) } else { Err(problems) }
    }

    /// Whether the character stands for another somewhere.
    pub fn has(&self, c: char) -> bool {
        self.of.contains_key(&c)
    }

    /// The character that `c` stands for between what stands before and after it.
    pub fn meant(&self, c: char, before: &str, after: &str) -> Option<char> {
        let (meant, place) = self.of.get(&c)?;
        let fits = match place {
            Place::Anywhere => true,
            Place::Latin => {
                let in_word = |c: &char| c.is_alphabetic() && *c < '\u{2000}';
                let head = before.chars().rev().take_while(in_word).take(LONGEST_WORD);
                let tail = after.chars().take_while(in_word).take(LONGEST_WORD);
                let mut ascii = false;
                // A letter that looks like none of Latin shows that the word is of another language.
                let all = head.chain(tail).all(|c| {
                    ascii |= c.is_ascii();
                    c.is_ascii() || self.has(c)
                });
                all && ascii
            }
        };
        fits.then_some(*meant)
    }

    fn corrected(&self, text: &str) -> String {
        let meant = |(at, c): (usize, char)| {
            let (before, rest) = text.split_at(at);
            self.meant(c, before, rest.strip_prefix(c).unwrap_or_default()).unwrap_or(c)
        };
        text.char_indices().map(meant).collect()
    }
}

/// Letters of a word that are looked at on either side.
const LONGEST_WORD: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtin_sets_do_what_they_say() {
        LookAlikes::builtin().unwrap();
    }

    #[test]
    fn problems_are_all_reported() {
        let text = "[[set]]\nname = 'a'\nwhere = 'anywhere'\nfrom = 'ab'\nto = 'c'\nfinds = [['a', 'd']]\nignores = []\n";
        let problems = LookAlikes::parse("l.toml", text).unwrap_err();
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let expected = [
            "l.toml:1:1: set a: from and to are not of one length",
            "l.toml:1:1: set a: needs an example under finds and one under ignores",
            "l.toml:1:1: set a: a becomes c, not d",
        ];
        assert_eq!(problems, expected);
    }
}
