//! Verifying: whether one article repeats another, read in their texts, and how.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::compare::{Comparison, Indexed};
use super::facts::Facts;
use super::fold::unfold;
use super::sketch::{Sketch, short};
use super::{Config, Texts};
use crate::model::DuplicateRole;

/// How an article repeats another.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Relation {
    pub(super) role: DuplicateRole,
    pub(super) similarity: f64,
    pub(super) jaccard: f64,
    pub(super) containment: f64,
    pub(super) shared_spans: u32,
    /// Where the longest shared run stands in the repeating article, in folded characters.
    pub(super) longest: Range<usize>,
    pub(super) changed: Option<String>,
}

impl Relation {
    /// Whether it repeats the whole article, not a part.
    pub(super) fn is_whole(&self) -> bool {
        self.role != DuplicateRole::Excerpt
    }
}

/// Indexes of texts read lately, since articles are compared with several others in turn.
#[derive(Default)]
pub(super) struct Recent {
    indexes: HashMap<usize, Rc<Indexed>>,
    chars: usize,
}

/// About 60 MB of indexes.
const RECENT_CHARS: usize = 2_000_000;

impl Recent {
    fn keep(&mut self, article: usize, index: &Rc<Indexed>) {
        self.chars += index.chars().len();
        if self.chars > RECENT_CHARS {
            self.indexes.clear();
            self.chars = index.chars().len();
        }
        self.indexes.insert(article, Rc::clone(index));
    }
}

/// Reads texts on demand and judges pairs of articles.
pub(super) struct Verifier<'a> {
    /// Numbered as in the whole collection.
    pub(super) sketches: &'a [Sketch],
    /// The numbers of the articles to judge.
    pub(super) articles: &'a [usize],
    pub(super) texts: &'a dyn Texts,
    /// Hashes that are no evidence, ascending.
    pub(super) furniture: &'a [u64],
    pub(super) config: &'a Config,
    /// Which articles are digests: no part of one is repeated by an article that is an item of it.
    pub(super) digests: Vec<bool>,
    /// Texts read lately.
    pub(super) recent: RefCell<Recent>,
}

/// A digest repeats another only if each tells this much of the other.
const DIGEST: f64 = 0.8;

/// Under another title so much more of a text must be told.
const OTHER_TITLE: f64 = 0.15;
/// And two whole articles must each tell so much of the other.
const TOLD_BY_BOTH: f64 = 0.8;
/// Characters of the example passage.
const EXAMPLE: usize = 40;

impl Verifier<'_> {
    fn sketch(&self, article: usize) -> Option<&Sketch> {
        self.sketches.get(*self.articles.get(article)?)
    }

    /// The text of an article, folded and indexed.
    pub(super) fn index(&self, article: usize) -> Rc<Indexed> {
        if let Some(index) = self.recent.borrow().indexes.get(&article) {
            return Rc::clone(index);
        }
        let index = Rc::new(self.read(article));
        self.recent.borrow_mut().keep(article, &index);
        index
    }

    fn read(&self, article: usize) -> Indexed {
        let text = self.articles.get(article).map(|&i| self.texts.text(i)).unwrap_or_default();
        let reach = self.sketch(article).map_or(0, |sketch| sketch.reach);
        Indexed::new(&text, |hash| {
            let hash = short(hash);
            (hash <= reach).then(|| self.furniture.binary_search(&hash).is_ok())
        })
    }

    /// How article `number` repeats `canonical`; `None` if it does not.
    pub(super) fn relation(
        &self,
        canonical: usize,
        index: &Indexed,
        number: usize,
    ) -> Option<Relation> {
        let (a, b) = (self.sketch(canonical)?, self.sketch(number)?);
        let other = self.index(number);
        let found = index.compare(&other);
        let (own_a, own_b) = (index.own_len(), other.own_len());
        let covered = found.covered.0.max(found.covered.1);
        let other_title = self.other_title(canonical, number);
        let doubt = if other_title { OTHER_TITLE } else { 0.0 };
        let role = self.role(own_a, own_b, &found, covered - doubt)?;
        let both = found.told.0.min(found.told.1);
        if (self.is_digest(canonical) || self.is_digest(number)) && both < DIGEST {
            return None;
        }
        let facts = Facts::of(index, &other, &found.passages);
        // Pages that say nothing but what their site says everywhere have little else in common.
        let parts = role == DuplicateRole::Near && both < TOLD_BY_BOTH;
        let menus = other_title && (parts || !(index.is_prose() && other.is_prose()));
        if menus || is_other_issue(a, b) || facts.differ(self.config.changed) {
            return None;
        }
        let longest = found.passages.iter().flat_map(|passage| &passage.runs);
        let longest = longest.max_by_key(|run| (run.len, std::cmp::Reverse(run.b)));
        Some(Relation {
            role,
            similarity: covered,
            jaccard: found.jaccard,
            containment: found.containment,
            shared_spans: u32::try_from(found.passages.len()).unwrap_or(u32::MAX),
            longest: longest.map_or(0..0, |run| run.b..run.b + run.len),
            changed: facts.told(),
        })
    }

    fn is_digest(&self, article: usize) -> bool {
        self.digests.get(article) == Some(&true)
    }

    fn role(&self, a: usize, b: usize, f: &Comparison, covered: f64) -> Option<DuplicateRole> {
        let config = self.config;
        let (small, large) = (a.min(b), a.max(b));
        if small < config.shortest {
            return None;
        }
        if (small as f64) < config.excerpt_below * large as f64 {
            let inside = f.containment >= config.containment && covered >= config.covered_excerpt;
            return inside.then_some(DuplicateRole::Excerpt);
        }
        let near = f.jaccard >= config.jaccard && covered >= config.covered;
        near.then_some(DuplicateRole::Near)
    }

    /// Whether `part` is short enough to be an item of `whole` and has a title of its own.
    pub(super) fn may_hold(&self, whole: usize, part: usize) -> bool {
        let (Some(a), Some(b)) = (self.sketch(whole), self.sketch(part)) else { return false };
        let small = f64::from(b.chars) < 0.85 * f64::from(a.chars);
        small && self.other_title(whole, part)
    }

    /// Whether both have titles and the titles are not alike.
    pub(super) fn other_title(&self, a: usize, b: usize) -> bool {
        let title = |i: usize| self.sketch(i).and_then(|sketch| sketch.title);
        title(a).zip(title(b)).is_some_and(|(a, b)| !a.is_like(&b))
    }

    /// Where nearly all of `part` stands in the indexed article.
    pub(super) fn place_in(&self, whole: &Indexed, part: usize) -> Option<Range<usize>> {
        let found = whole.compare(&self.index(part));
        let start = found.passages.iter().map(|passage| passage.in_a().start).min()?;
        let end = found.passages.iter().map(|passage| passage.in_a().end).max()?;
        (found.covered.1 >= self.config.covered_excerpt).then_some(start..end)
    }

    /// Whether the title of `part` stands in the indexed article, other than at its very beginning.
    pub(super) fn has_heading(&self, whole: &Indexed, part: usize) -> bool {
        let title = self.sketch(part).and_then(|sketch| sketch.title);
        let after_opening = whole.chars().get(40..).unwrap_or_default();
        title.is_some_and(|title| title.chars >= 6 && title.stands_in(after_opening))
    }

    /// The most complete first, then the least repaired, then the earliest, then by content.
    pub(super) fn sort_by_quality(&self, articles: &mut [usize]) {
        let chars = |i: usize| self.sketch(i).map_or(0, |sketch| sketch.chars);
        let most = articles.iter().map(|&i| chars(i)).max().unwrap_or(0);
        articles.sort_by_cached_key(|&i| {
            let short = f64::from(chars(i)) < 0.95 * f64::from(most);
            (short, self.sketch(i).map(quality))
        });
    }

    /// The words of a range of folded characters, as printed.
    pub(super) fn passage(&self, article: usize, range: &Range<usize>) -> Option<String> {
        let text = self.texts.text(*self.articles.get(article)?);
        let range = range.start..range.end.min(range.start + EXAMPLE);
        text.get(unfold(&text, &range)?).map(str::to_owned)
    }
}

/// What decides between two texts equally complete.
pub(super) fn quality(sketch: &Sketch) -> impl Ord + use<> {
    let undated = sketch.published.is_none();
    (sketch.damage, undated, sketch.published, sketch.content_hash, sketch.id.clone())
}

/// Titles that differ in digits alone: two issues of one column.
fn is_other_issue(a: &Sketch, b: &Sketch) -> bool {
    matches!((a.title, b.title), (Some(a), Some(b)) if a.shape == b.shape && a.hash != b.hash)
}
