//! Lexicon: the words and shapes that propose labels, read from rule files and compiled to one automaton.

mod compile;
mod file;

use std::ops::Range;

use aho_corasick::AhoCorasick;

use crate::knowledge::problem::Problem;
use crate::knowledge::taxonomy::Taxonomy;
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
    /// Where it is written: a problem of it without its message.
    pub place: Problem,
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
    /// Words that together say so in a clause.
    pub shapes: Vec<Shape>,
    /// Words that together say so in a clause, of a case without a charge or with a near one.
    pub near_shapes: Vec<Shape>,
    /// Words of near charges.
    pub near_charges: Vec<String>,
    /// Words that say so in the charge.
    pub charges: Vec<String>,
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
        Lexicon::parse(BUILTIN, &[], &Taxonomy::builtin()?)
    }

    /// Reads rule files, given as name and text, or tells every problem in them.
    ///
    /// Files may use words and frames of one another. What an overlay names as another file does replaces it.
    pub fn parse(
        builtin: &[(&str, &str)],
        overlay: &[(&str, &str)],
        taxonomy: &Taxonomy,
    ) -> Result<Lexicon, Vec<Problem>> {
        compile::compile(builtin, overlay, taxonomy)
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

    /// The labels that rules can give.
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

    const TAXONOMY: &str = "[[facet]]\ncode = \"f\"\nzh = \"面\"\nen = \"F\"\ndefinition = \"d\"\nsingle = false\n\
        [[label]]\nfacet = \"f\"\ncode = \"a\"\nzh = \"甲\"\nen = \"A\"\ndefinition = \"d\"\n\
        [[label]]\nfacet = \"f\"\ncode = \"b\"\nzh = \"乙\"\nen = \"B\"\ndefinition = \"d\"\n";
    const RULE: &str = "facet = \"f\"\n[[rule]]\nname = \"n\"\nlabel = \"a\"\n";
    const EXAMPLES: &str = "finds = [\"买\", \"买来\"]\nignores = [\"卖\"]\n";

    fn parse(builtin: &[(&str, &str)], overlay: &[(&str, &str)]) -> Result<Lexicon, Vec<String>> {
        let taxonomy = Taxonomy::parse("taxonomy.toml", TAXONOMY).unwrap();
        let told = |problems: Vec<Problem>| problems.iter().map(ToString::to_string).collect();
        Lexicon::parse(builtin, overlay, &taxonomy).map_err(told)
    }

    fn check(rule: &str, expected: &str) {
        let text = format!("{RULE}{rule}{EXAMPLES}");
        let told = parse(&[("x.toml", &text)], &[]).map(|_| ()).unwrap_err();
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
        check("words = [\" 买\"]\n", "x.toml:5:10: word ` 买` is empty or has stray spaces");
        check("words = [\"{buy}\"]\n", "unknown word list `buy`");
        check("words = [\"买\"]\nframes = [\"f\"]\n", "unknown frame `f`");
        check("words = [\"买\"]\nneeds = [\"c\"]\n", "unknown label `f/c`");
        check("words = [\"买，卖\"]\n", "has punctuation");
        check("words = [\"ＡＰＰ\"]\n", "full-width");
        check("", "a rule needs `words` or `groups`");
        check("wrods = [\"买\"]\n", "unknown field `wrods`");
        check("words = [\"买\"]\neach = \"at\"\n", "no list `at_CODE` for any code of f");
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let text = format!("{RULE}words = [\" 买\"]\nneeds = [\"c\"]\nfinds = []\nignores = []\n");
        let problems =
            parse(&[("x.toml", &text), ("y.toml", "facet = 1")], &[]).map(|_| ()).unwrap_err();
        assert_eq!(problems.len(), 4, "{problems:?}");
    }

    #[test]
    fn an_overlay_adds_and_replaces() {
        let builtin = "[words]\nbuy = [\"买\"]\n";
        let rule = format!("{RULE}words = [\"{{buy}}\"]\n{EXAMPLES}");
        let files = [("w.toml", builtin), ("x.toml", rule.as_str())];
        let words = |overlay: &str| {
            let lexicon = parse(&files, &[("ours.toml", overlay)]).unwrap();
            let found = lexicon.hits("买租", 0..6).len();
            (lexicon.rules().len(), found)
        };
        assert_eq!(words(""), (1, 1));
        assert_eq!(words("[words]\nbuy = [\"租\"]\n"), (1, 1));
        assert_eq!(words("[words]\nbuy = [\"{buy}\", \"租\"]\n"), (1, 2));
        let other = rule.replace("\"n\"", "\"m\"");
        assert_eq!(words(&other).0, 2);
        let same = rule.replace("\"a\"", "\"b\"");
        let lexicon = parse(&files, &[("ours.toml", &same)]).unwrap();
        assert_eq!((lexicon.rules().len(), lexicon.codes().len()), (1, 1));
        assert_eq!(lexicon.codes()[0].code, "b");
        let twice = parse(&files, &[("ours.toml", &other), ("more.toml", &other)]).unwrap_err();
        assert_eq!(twice, ["more.toml:3:8: rule `f/m` exists already"]);
        let itself = parse(
            &files,
            &[(
                "ours.toml",
                "[words]\na = [\"{b}\"]\nb = [\"{a}\"]\n\
            [[silence]]\nname = \"s\"\ngroups = [[\"{a}\"]]\n",
            )],
        )
        .unwrap_err();
        assert!(itself[0].contains("refers to itself"), "{itself:?}");
    }

    #[test]
    fn a_rule_for_each_code_with_a_list() {
        let text = "facet = \"f\"\n[words]\nat_a = [\"甲店\"]\nat_b = [\"乙店\"]\nat_except_b = [\"乙店铺\"]\n\
            [[rule]]\nname = \"n\"\nlabel = \"*\"\neach = \"at\"\ngroups = [[\"{at}\"], [\"买\"]]\n\
            except = [\"{at_except}\"]\nfinds = [\"{at}买\", \"{at}来买\"]\nignores = [\"卖\"]\n";
        let lexicon = parse(&[("x.toml", text)], &[]).unwrap();
        let rules: Vec<(&str, &str)> =
            lexicon.rules().iter().map(|rule| (&*rule.id, rule.finds[0].as_str())).collect();
        assert_eq!(rules, [("f/n-a", "甲店买"), ("f/n-b", "乙店买")]);
        let excepted = |rule: &Rule| rule.shapes[0].except.is_some();
        assert_eq!(lexicon.rules().iter().map(excepted).collect::<Vec<_>>(), [false, true]);
    }
}
