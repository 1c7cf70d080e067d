//! Lists: words that single steps of extraction ask for, from `patterns/lists.toml`.

use regex::Regex;
use serde::Deserialize;

/// Every list, by the step that asks for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lists {
    /// Where a case begins and ends.
    pub split: Split,
    /// Names.
    pub people: People,
    /// Bodies.
    pub agency: Agency,
    /// Stage and date.
    pub outcome: Outcome,
    /// Charges.
    pub charge: Charge,
    /// Published totals.
    pub statistic: Statistic,
}

/// Words, any of which will do.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct List(Vec<String>);

impl List {
    /// Whether `text` starts with one of them.
    pub fn opens(&self, text: &str) -> bool {
        self.0.iter().any(|word| text.starts_with(word.as_str()))
    }

    /// Whether `text` ends with one of them.
    pub fn ends(&self, text: &str) -> bool {
        self.0.iter().any(|word| text.ends_with(word.as_str()))
    }

    /// Whether one of them stands in `text`.
    pub fn stands_in(&self, text: &str) -> bool {
        self.0.iter().any(|word| text.contains(word.as_str()))
    }

    /// Whether `text` is one of them.
    pub fn holds(&self, text: &str) -> bool {
        self.0.iter().any(|word| word == text)
    }

    /// The words.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The words as one alternative of a regular expression, the longest first.
    pub fn pattern(&self) -> String {
        let mut words: Vec<&str> = self.iter().collect();
        words.sort_by_key(|word| (usize::MAX - word.len(), *word));
        let words: Vec<String> = words.into_iter().map(regex::escape).collect();
        format!("(?:{})", words.join("|"))
    }

    /// What matches `shape`, in which `{}` stands for any of the words.
    pub fn regex(&self, shape: &str) -> Regex {
        Regex::new(&shape.replace("{}", &self.pattern())).expect("escaped words in a valid shape")
    }
}

/// Words about where a case begins and ends.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// How a sentence opens that draws a conclusion: the example before it has ended.
    pub conclusions: List,
    /// Headings of the parts of one case (基本案情, 裁判结果): they open no case of their own.
    pub sections: List,
    /// How a sentence opens that goes on with the example before it.
    pub goes_on: List,
}

/// Words around and in names.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// Right before a surname that is also a word (被告人于某), and before one that no list has.
    pub roles: List,
    /// Surnames that are prepositions and conjunctions far more often (从某平台).
    pub function_words: List,
    /// Behind 某: characters that follow names too often to be a given name even where a text always has them.
    pub never_given: String,
    /// Behind 某: characters that tell namesakes apart.
    pub namesakes: String,
    /// Behind a name and a digit or letter that is then a number (李某3人).
    pub counted: String,
    /// Behind 某, within a few characters: it is no person (某公司, 某市, 某APP).
    pub things: List,
    /// Right behind 某: a verb or mark after which the thing comes later (王某通过某网站).
    pub verbs: String,
    /// Between 某 and a thing: the thing is another one's (张某疑似被电信网络诈骗).
    pub particles: String,
    /// Behind a surname: characters that are no given name.
    pub not_given: String,
    /// How the name of a firm or another place of business ends.
    pub firms: List,
    /// How words open that name no firm in particular.
    pub generic_firms: List,
    /// Before the name of a firm in the same run of words: the name begins behind them.
    pub before_firms: List,
    /// Right before the name of a firm that is not the one acting.
    pub of_others: List,
    /// Shortly behind the name of a firm on which an office acts (对某公司处以罚款).
    pub acted_on: List,
    /// Right behind the name of a firm: somebody or something of it acts, not the firm.
    pub parts_of_firms: List,
    /// Shortly behind a name: the person was accused, caught or sentenced.
    pub accused: List,
    /// Right behind a name: the person speaks or reports, and is no suspect.
    pub speaks: List,
}

/// Words around and in the names of bodies.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// Bodies only behind their place.
    pub short: List,
    /// Between a place and the core of a body's name (南京市中级人民法院).
    pub fillers: List,
    /// A sub-office that continues the name of the office before it (抚州市公安局临川分局).
    pub sub_offices: List,
    /// A unit inside a body rather than the body itself.
    pub units: List,
    /// An office by its proper name rather than 警方 of a place.
    pub offices: List,
    /// A verb of enforcement between a body and an office: the office is another's.
    pub acts: List,
    /// Shortly behind a court: it decided last.
    pub appeals: List,
    /// Right before a body that handles nothing.
    pub posed: List,
    /// Before a body that a journalist asked (从某市公安局获悉).
    pub asked: List,
    /// Shortly behind a body that a journalist asked.
    pub told: List,
    /// Right behind a body that is only somebody's workplace.
    pub workplaces: List,
}

/// Words about stage and date.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Words of law and of advice: a term or a verdict in such a sentence is nobody's.
    pub general: List,
    /// Right before a word of enforcement: it has not happened.
    pub denied: List,
    /// Right before a word of arrest: it is a penalty without a charge.
    pub no_arrest: List,
    /// Before the cases of a set: all were judged.
    pub judged_sets: List,
    /// Before the cases of a set: all were prosecuted.
    pub prosecuted_sets: List,
    /// Words of enforcement that open or tell an inquiry: a date before them is no arrest's.
    pub inquiry: List,
    /// Right behind a date: when the crime went on.
    pub of_crime: List,
    /// Anywhere in the sentence: the date is of an earlier case.
    pub earlier: List,
    /// Between a date and the act: the date is that of the report or the discovery.
    pub discovery: List,
    /// How a sentence opens that goes on after a served term: the verdict before it was an earlier one.
    pub released: List,
    /// Between a date and the act: the act is dated by these, which date nothing.
    pub undated: List,
}

/// Words around charges.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// Never inside the name of a charge.
    pub not_inside: List,
    /// A charge begins behind the last of these.
    pub before: List,
}

/// Words around published totals.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statistic {
    /// Around a share that is about crime.
    pub of_crime: List,
    /// In the sentence: its numbers are those of one case.
    pub of_one_case: List,
    /// In a sentence of a case: its numbers are totals all the same.
    pub of_many: List,
    /// Metrics that no single case has.
    pub metrics_of_many: List,
    /// In the sentence: one case grew into a campaign, and its numbers are totals.
    pub campaign_of_case: List,
    /// In a sentence outside the cases: its numbers are those of the country.
    pub whole_country: List,
    /// The whole nation.
    pub nation: List,
    /// What a number counts begins behind these words.
    pub before_subject: List,
    /// What a number counts ends before these.
    pub after_subject: List,
}
