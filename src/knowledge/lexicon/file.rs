//! Mirror: the rule files as they are written, before anything in them is checked.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// One rule file. `common.toml` has the words, frames and silences; each facet has a file of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The facet that the rules of this file belong to.
    pub facet: Option<Spanned<String>>,
    /// Named lists; `{name}` in a word list stands for all of them.
    #[serde(default)]
    pub words: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    #[serde(default)]
    pub frame: Vec<FrameEntry>,
    #[serde(default)]
    pub silence: Vec<SilenceEntry>,
    pub aside: Option<AsideEntry>,
    pub about: Option<AboutEntry>,
    #[serde(default)]
    pub rule: Vec<RuleEntry>,
}

/// A shape with a place `{*}` for the words of the rule that uses it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FrameEntry {
    pub name: Spanned<String>,
    pub groups: Vec<Vec<Spanned<String>>>,
    #[serde(default)]
    pub within: WithinEntry,
    pub gap: Option<usize>,
    #[serde(default)]
    pub order: OrderEntry,
    #[serde(default)]
    pub unless: Vec<Spanned<String>>,
}

/// A shape that makes its whole sentence say nothing: a warning, a quoted law, a supposition.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SilenceEntry {
    pub name: Spanned<String>,
    pub groups: Vec<Vec<Spanned<String>>>,
    pub gap: Option<usize>,
    #[serde(default)]
    pub unless: Vec<Spanned<String>>,
}

/// Headings of passages that comment and do not tell.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AsideEntry {
    pub opens: Vec<Spanned<String>>,
    pub closes: Vec<Spanned<String>>,
}

/// What a case must be about for the facets named to have labels at all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AboutEntry {
    pub facets: Vec<Spanned<String>>,
    pub words: Vec<Spanned<String>>,
    pub charges: Vec<String>,
    #[serde(default)]
    pub near_charges: Vec<String>,
    #[serde(default)]
    pub shape: Vec<AboutShape>,
}

/// Words that together say so in one clause.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AboutShape {
    pub groups: Vec<Vec<Spanned<String>>>,
    pub gap: Option<usize>,
    /// It counts only where the charge is none or a near one.
    #[serde(default)]
    pub near: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleEntry {
    pub name: Spanned<String>,
    /// The code; `*` in a rule with `each`.
    pub label: Spanned<String>,
    /// One rule for each code that has a list of this name: `at` for `at_telecom`, `at_logistics`.
    ///
    /// `{at}` is that list in word lists, and its first word in examples; `{at_except}` is the list
    /// `at_except_telecom`, if there is one, and nothing otherwise.
    pub each: Option<Spanned<String>>,
    /// Codes that a rule with `each` leaves out.
    #[serde(default)]
    pub skip: Vec<Spanned<String>>,
    /// What fires by itself, or stands at `{*}` of the frames.
    #[serde(default)]
    pub words: Vec<Spanned<String>>,
    #[serde(default)]
    pub frames: Vec<Spanned<String>>,
    /// A shape of the rule's own, beside `words`.
    #[serde(default)]
    pub groups: Vec<Vec<Spanned<String>>>,
    #[serde(default)]
    pub within: WithinEntry,
    pub gap: Option<usize>,
    #[serde(default)]
    pub order: OrderEntry,
    /// Longer words in which a word means something else (报警电话 for 电话).
    #[serde(default)]
    pub except: Vec<Spanned<String>>,
    /// Words that spoil the match in the clauses it touches.
    #[serde(default)]
    pub unless: Vec<Spanned<String>>,
    /// Labels of which the passage must have one.
    #[serde(default)]
    pub needs: Vec<Spanned<String>>,
    /// Labels of which the passage must have none.
    #[serde(default)]
    pub without: Vec<Spanned<String>>,
    /// Further labels, as `facet/code`, that the same words give.
    #[serde(default)]
    pub also: Vec<Spanned<String>>,
    pub finds: Vec<String>,
    pub ignores: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum WithinEntry {
    #[default]
    Clause,
    Sentence,
    Passage,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OrderEntry {
    #[default]
    Given,
    Any,
}

impl RuleEntry {
    /// The rule of one code that a rule with `each` stands for.
    ///
    /// `first` is the first word of the code's list; `is_list` says whether a list of some name exists.
    pub(super) fn of_code(
        &self,
        each: &str,
        code: &str,
        first: &str,
        is_list: impl Fn(&str) -> bool,
    ) -> RuleEntry {
        let named = |word: &Spanned<String>| {
            let written = word.get_ref().as_str();
            let name = written.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            let suffix = name.and_then(|name| name.strip_prefix(each));
            let of_code = suffix
                .filter(|suffix| suffix.is_empty() || suffix.starts_with('_'))
                .map(|suffix| format!("{each}{suffix}_{code}"));
            let written = match of_code {
                Some(of_code) if is_list(&of_code) => format!("{{{of_code}}}"),
                Some(_) if name.is_some_and(|name| !is_list(name)) => return None,
                Some(_) | None => written.to_owned(),
            };
            Some(Spanned::new(word.span(), written))
        };
        let words = |words: &[Spanned<String>]| words.iter().filter_map(named).collect();
        let slot = format!("{{{each}}}");
        let examples =
            |texts: &[String]| texts.iter().map(|text| text.replace(&slot, first)).collect();
        let mut rule = self.clone();
        rule.name = Spanned::new(self.name.span(), format!("{}-{code}", self.name.get_ref()));
        rule.label = Spanned::new(self.label.span(), code.to_owned());
        rule.words = words(&self.words);
        rule.groups = self.groups.iter().map(|group| words(group)).collect();
        rule.except = words(&self.except);
        rule.unless = words(&self.unless);
        rule.finds = examples(&self.finds);
        rule.ignores = examples(&self.ignores);
        rule
    }
}
