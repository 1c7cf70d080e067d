//! Mirror: the rule files as they are written, before anything in them is checked.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// One rule file. `common.toml` has the words, frames and silences; each facet has a file of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The facet that the codes and rules of this file belong to.
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
    pub code: Vec<CodeEntry>,
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
    pub or_facet: String,
    pub near_charges: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeEntry {
    pub code: Spanned<String>,
    pub zh: Spanned<String>,
    pub en: Spanned<String>,
    pub parent: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleEntry {
    pub name: Spanned<String>,
    pub label: Spanned<String>,
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
