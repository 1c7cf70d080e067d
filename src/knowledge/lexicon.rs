//! Lexicon: the words and shapes that propose labels, read from rule files and compiled to one automaton.

mod compile;
mod file;

use std::ops::Range;

use aho_corasick::AhoCorasick;

use crate::knowledge::problem::Problem;
use crate::model::RuleId;

/// The rule files that are compiled in, with the names that problems and `check` give them.
pub const BUILTIN: &[(&str, &str)] = &[
    ("lexicon/common.toml", include_str!("lexicon/common.toml")),
    ("lexicon/method.toml", include_str!("lexicon/method.toml")),
    ("lexicon/data_type.toml", include_str!("lexicon/data_type.toml")),
    ("lexicon/industry.toml", include_str!("lexicon/industry.toml")),
    ("lexicon/use.toml", include_str!("lexicon/use.toml")),
    ("lexicon/channel.toml", include_str!("lexicon/channel.toml")),
    ("lexicon/technique.toml", include_str!("lexicon/technique.toml")),
    ("lexicon/actor.toml", include_str!("lexicon/actor.toml")),
    ("lexicon/victim.toml", include_str!("lexicon/victim.toml")),
];

/// A set of words that mean the same to some rule, by its number in the lexicon.
pub type Class = usize;

/// A label of the taxonomy, as `method` and `trade`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    /// The facet.
    pub facet: String,
    /// The code.
    pub code: String,
    /// Its Chinese name.
    pub zh: String,
    /// Its English name.
    pub en: String,
    /// The coarser code of the same facet that it refines.
    pub parent: Option<String>,
}

/// How far apart the words of a shape may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// Between two commas.
    Clause,
    /// Between two full stops.
    Sentence,
    /// Anywhere in the passage.
    Passage,
}

/// Words that must stand together, one of each class, and what spoils them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// The classes, in the order of the text.
    pub groups: Vec<Class>,
    /// Two groups that may also stand the other way round.
    pub any_order: bool,
    /// The unit of text that holds them all.
    pub within: Within,
    /// The most characters between one group and the next.
    pub gap: Option<usize>,
    /// Words that spoil the match where they stand in a clause it touches.
    pub unless: Option<Class>,
    /// Longer words inside which a hit does not count.
    pub except: Option<Class>,
}

/// A rule: the label it proposes, and when.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name in the tables, as `method/bought`.
    pub id: RuleId,
    /// Index of the label in `codes`, then those that the same words give too.
    pub labels: Vec<usize>,
    /// Labels of which the passage must have one for this rule to count.
    pub needs: Vec<usize>,
    /// Labels that speak against it: the passage must have none of them.
    pub without: Vec<usize>,
    /// The shapes, any of which fires.
    pub shapes: Vec<Shape>,
    /// Sentences in which the rule must fire.
    pub finds: Vec<String>,
    /// Sentences in which the label must not be found.
    pub ignores: Vec<String>,
}

/// The rules, ready to be matched.
#[derive(Debug, Clone)]
pub struct Lexicon {
    automaton: AhoCorasick,
    /// By word of the automaton.
    classes: Vec<Vec<Class>>,
    class_count: usize,
    codes: Vec<Code>,
    rules: Vec<Rule>,
    /// By class: the shapes of which it is the rarest member, as indexes of rule and shape.
    rarest: Vec<Vec<(usize, usize)>>,
    silences: Vec<Shape>,
    aside_opens: Vec<String>,
    aside_closes: Vec<String>,
    about: Option<About>,
}

/// What a case must be about to have labels of some facets at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The facets that depend on it.
    pub facets: Vec<String>,
    /// Words that say so in the passage.
    pub words: Class,
    /// Words that say so in the charge.
    pub charges: Vec<String>,
    /// The facet of which any label does instead,
    pub or_facet: String,
    /// if no charge is printed or it has one of these words.
    pub near_charges: Vec<String>,
}

/// A word of the lexicon in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Where it starts.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    word: usize,
}

impl Rule {
    /// Whether the rule counts whatever else the passage says.
    pub fn is_plain(&self) -> bool {
        self.needs.is_empty() && self.without.is_empty()
    }
}

impl Lexicon {
    /// The rules that are compiled in.
    pub fn builtin() -> Result<Lexicon, Vec<Problem>> {
        Lexicon::parse(BUILTIN)
    }

    /// Reads rule files, given as name and text, or tells every problem in them.
    ///
    /// Files may use words, frames and codes of one another, so an overlay is read together with [`BUILTIN`].
    pub fn parse(files: &[(&str, &str)]) -> Result<Lexicon, Vec<Problem>> {
        compile::compile(files)
    }

    /// Every word in `body[range]`, sorted by place. Words may overlap.
    ///
    /// Empty for a range that does not lie on character boundaries.
    pub fn hits(&self, body: &str, range: Range<usize>) -> Vec<Hit> {
        let Some(passage) = body.get(range.clone()) else { return Vec::new() };
        let mut hits: Vec<Hit> = self
            .automaton
            .find_overlapping_iter(passage)
            .map(|found| Hit {
                start: range.start + found.start(),
                end: range.start + found.end(),
                word: found.pattern().as_usize(),
            })
            .collect();
        hits.sort_unstable();
        hits
    }

    /// The classes that the word of a hit belongs to.
    pub fn classes(&self, hit: Hit) -> &[Class] {
        self.classes.get(hit.word).map_or(&[], Vec::as_slice)
    }

    /// Classes are numbered from 0 to this.
    pub fn class_count(&self) -> usize {
        self.class_count
    }

    /// The labels that rules can give, in the order of the files.
    pub fn codes(&self) -> &[Code] {
        &self.codes
    }

    /// The rules, in the order of the files.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The shapes to try where a word of this class stands, with the index of their rule.
    ///
    /// Each shape belongs to one of its classes, the one that the fewest shapes share.
    pub fn shapes_with(&self, class: Class) -> impl Iterator<Item = (usize, &Shape)> {
        let tries = self.rarest.get(class).into_iter().flatten();
        tries.filter_map(|(rule, shape)| Some((*rule, self.rules.get(*rule)?.shapes.get(*shape)?)))
    }

    /// Shapes that make their whole sentence say nothing about the case.
    pub fn silences(&self) -> &[Shape] {
        &self.silences
    }

    /// Whether a line opens a comment on the case (典型意义, 警方提醒).
    pub fn opens_aside(&self, line: &str) -> bool {
        starts_with_any(line, &self.aside_opens)
    }

    /// Whether a line ends such a comment.
    pub fn closes_aside(&self, line: &str) -> bool {
        starts_with_any(line, &self.aside_closes)
    }

    /// What a case must be about, if the rule files say so.
    pub fn about(&self) -> Option<&About> {
        self.about.as_ref()
    }
}

fn starts_with_any(line: &str, words: &[String]) -> bool {
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || "【[（(#*".contains(c));
    words.iter().any(|word| line.starts_with(word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "facet = \"f\"\n[[code]]\ncode = \"a\"\nzh = \"甲\"\nen = \"A\"\n[[rule]]\nname = \"n\"\nlabel = \"a\"\n";
    const EXAMPLES: &str = "finds = [\"买\", \"买来\"]\nignores = [\"卖\"]\n";

    fn check(rule: &str, expected: &str) {
        let text = format!("{RULE}{rule}{EXAMPLES}");
        let problems = Lexicon::parse(&[("x.toml", &text)]).map(|_| ()).unwrap_err();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|problem| problem.contains(expected)), "{told:?}");
    }

    #[test]
    fn the_rules_that_are_compiled_in_are_sound() {
        if let Err(problems) = Lexicon::builtin() {
            panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        }
    }

    #[test]
    fn refusals() {
        check("words = [\" 买\"]\n", "x.toml:9:10: word ` 买` is empty or has stray spaces");
        check("words = [\"{buy}\"]\n", "unknown word list `buy`");
        check("words = [\"买\"]\nframes = [\"f\"]\n", "unknown frame `f`");
        check("words = [\"买\"]\nneeds = [\"b\"]\n", "unknown label `f/b`");
        check("words = [\"买，卖\"]\n", "has punctuation");
        check("words = [\"ＡＰＰ\"]\n", "full-width");
        check("", "a rule needs `words` or `groups`");
        check("wrods = [\"买\"]\n", "unknown field `wrods`");
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let text = format!("{RULE}words = [\" 买\"]\nneeds = [\"b\"]\nfinds = []\nignores = []\n");
        let problems =
            Lexicon::parse(&[("x.toml", &text), ("y.toml", "facet = 1")]).map(|_| ()).unwrap_err();
        assert_eq!(problems.len(), 4, "{problems:?}");
    }
}
