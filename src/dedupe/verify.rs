//! Verifying: whether one text repeats another, read word by word, and how.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::rc::Rc;

use super::candidates::Candidates;
use super::compare::{Comparison, Folded};
use super::facts::Facts;
use super::fold::unfold;
use super::order::Order;
use super::scratch::Scratch;
use super::sketch::{Title, short};
use super::titles::{self, Titles};
use super::{Articles, Config};
use crate::model::DuplicateRole;

/// How a text repeats another.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Relation {
    pub(super) role: DuplicateRole,
    pub(super) similarity: f64,
    pub(super) jaccard: f64,
    pub(super) containment: f64,
    pub(super) shared_spans: u32,
    /// Where a long shared run stands in the repeating text, in folded characters.
    pub(super) example: Range<usize>,
    pub(super) changed: Option<String>,
}

/// A text as it is compared.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) text: usize,
    pub(super) folded: Folded,
    pub(super) title: Option<Title>,
    own_len: usize,
}

/// Texts read lately, since texts are compared with several others in turn.
#[derive(Debug, Default)]
struct Recent {
    texts: HashMap<usize, Rc<Loaded>>,
    units: usize,
}

/// About 10 MB.
const RECENT: usize = 1 << 20;

impl Recent {
    fn keep(&mut self, loaded: &Rc<Loaded>) {
        self.units += loaded.folded.units().len();
        if self.units > RECENT {
            self.texts.clear();
            self.units = loaded.folded.units().len();
        }
        self.texts.insert(loaded.text, Rc::clone(loaded));
    }
}

/// Reads texts on demand and judges pairs of them.
pub(super) struct Verifier<'a> {
    pub(super) articles: &'a dyn Articles,
    pub(super) order: &'a Order,
    pub(super) candidates: &'a Candidates,
    pub(super) scratch: &'a dyn Scratch,
    pub(super) config: &'a Config,
    /// Which texts are digests, where that has been asked: no part of one is repeated by an article
    /// that is an item of it.
    digests: RefCell<HashMap<usize, bool>>,
    recent: RefCell<Recent>,
}

/// A digest repeats another only if each tells this much of the other.
const DIGEST: f64 = 0.8;
/// Under another title so much more of a text must be told.
const OTHER_TITLE: f64 = 0.15;
/// And two whole articles must each tell so much of the other.
const TOLD_BY_BOTH: f64 = 0.8;
/// With so much told by both, a heading is a headline of the other and not an item of it.
const TOLD_BY_BOTH_FULLY: f64 = 0.9;
/// So much of what the title of each says alone must stand in the text of the other.
const TOLD_TITLE: f64 = 0.4;
/// One of two near copies tells so much of the other, or neither has a stretch of so many
/// characters of its own; less may be the frame of a page.
const TOLD_MOST: f64 = 0.9;
const STRETCH: usize = 300;
/// Characters of the example passage.
const EXAMPLE: usize = 40;
/// Folded characters of a long sentence.
const SENTENCE: usize = 120;

impl<'a> Verifier<'a> {
    pub(super) fn new(
        articles: &'a dyn Articles,
        order: &'a Order,
        candidates: &'a Candidates,
        scratch: &'a dyn Scratch,
        config: &'a Config,
    ) -> Self {
        let (digests, recent) = (RefCell::default(), RefCell::default());
        Verifier { articles, order, candidates, scratch, config, digests, recent }
    }

    /// The text, folded.
    pub(super) fn load(&self, text: usize) -> io::Result<Rc<Loaded>> {
        if let Some(loaded) = self.recent.borrow().texts.get(&text) {
            return Ok(Rc::clone(loaded));
        }
        let body = self.articles.text(self.order.article(text))?;
        let furniture = |hash| self.candidates.is_furniture(text, short(hash));
        let has_furniture = self.candidates.has_furniture(text);
        let folded = Folded::new(&body, has_furniture.then_some(&furniture));
        let title = self.order.title(text, self.scratch)?;
        let own_len = folded.own_len();
        let loaded = Rc::new(Loaded { text, folded, title, own_len });
        self.recent.borrow_mut().keep(&loaded);
        Ok(loaded)
    }

    /// How text `b` repeats `a`; `None` if it does not.
    pub(super) fn relation(&self, a: &Loaded, b: &Loaded) -> io::Result<Option<Relation>> {
        let found = a.folded.compare(&b.folded);
        let covered = found.covered.0.max(found.covered.1);
        let Some(role) = self.role(a.own_len, b.own_len, &found, covered) else {
            return Ok(None);
        };
        let both = found.told.0.min(found.told.1);
        if both < DIGEST && (self.is_digest(a)? || self.is_digest(b)?) {
            return Ok(None);
        }
        // Each has much that is its own: two compositions with a part in common.
        let (apart_a, apart_b) = found.apart;
        let told_most = found.told.0.max(found.told.1) >= TOLD_MOST;
        if role == DuplicateRole::Near && !told_most && apart_a.min(apart_b) >= STRETCH {
            return Ok(None);
        }
        if !self.titles_agree(a, b, role, covered, both)? {
            return Ok(None);
        }
        let facts = Facts::of(&a.folded, &b.folded, &found.passages);
        if facts.differ(self.config.changed) {
            return Ok(None);
        }
        let mut runs = found.passages.iter().flat_map(|passage| &passage.runs);
        let first = runs.clone().find(|run| run.len >= EXAMPLE);
        let example = first.or_else(|| runs.by_ref().max_by_key(|run| run.len));
        Ok(Some(Relation {
            role,
            similarity: covered,
            jaccard: found.jaccard,
            containment: found.containment,
            shared_spans: u32::try_from(found.passages.len()).unwrap_or(u32::MAX),
            example: example.map_or(0..0, |run| run.b..run.b + run.len),
            changed: facts.told(),
        }))
    }

    /// Whether titles do not speak against telling the same. Under other titles more is asked for.
    fn titles_agree(
        &self,
        a: &Loaded,
        b: &Loaded,
        role: DuplicateRole,
        covered: f64,
        both: f64,
    ) -> io::Result<bool> {
        if same_title(a.title, b.title) {
            return Ok(true);
        }
        let [title_a, title_b] = [a, b].map(|text| {
            let title = self.articles.title(self.order.article(text.text))?;
            Ok::<_, io::Error>(title.unwrap_or_default().into_owned())
        });
        let (title_a, title_b) = (title_a?, title_b?);
        match titles::compare(Some(&title_a), Some(&title_b)) {
            Titles::Same => return Ok(true),
            Titles::OtherIssue => return Ok(false),
            Titles::Other => {}
        }
        let (long, short) =
            if self.order.chars(a.text) < self.order.chars(b.text) { (b, a) } else { (a, b) };
        // An article under its own heading in a longer one is an item of it.
        let item = role == DuplicateRole::Excerpt || both < TOLD_BY_BOTH_FULLY;
        if item && has_heading(&long.folded, short.title) {
            return Ok(false);
        }
        let enough = match role {
            DuplicateRole::Excerpt => covered >= self.config.covered_excerpt + OTHER_TITLE,
            _ => both >= TOLD_BY_BOTH,
        };
        // Pages that say nothing but what their site says everywhere do not tell their own titles.
        let told = [(&title_a, &title_b, b), (&title_b, &title_a, a)]
            .map(|(title, other, text)| titles::told(title, other, text.folded.units()));
        let least = told.iter().copied().fold(1.0, f64::min);
        let most = told.iter().copied().fold(0.0, f64::max);
        // A headline says in its own words what a text tells; of equal texts less is asked for.
        let tells = least >= TOLD_TITLE
            || both >= TOLD_BY_BOTH_FULLY && least >= TOLD_TITLE / 4.0 && most >= TOLD_TITLE;
        Ok(enough && tells && self.is_prose(a)? && self.is_prose(b)?)
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

    /// Whether it is written in sentences, unlike a menu or a list of links.
    fn is_prose(&self, loaded: &Loaded) -> io::Result<bool> {
        let body = self.articles.text(self.order.article(loaded.text))?;
        let ends = |c: char| matches!(c, '。' | '！' | '？' | '；' | '!' | '?');
        let sentences = body.chars().filter(|&c| ends(c)).count() + body.matches(". ").count();
        Ok(sentences * SENTENCE >= loaded.folded.units().len())
    }

    /// Whether the text holds others as items of a digest, rather than being repeated by them.
    fn is_digest(&self, whole: &Loaded) -> io::Result<bool> {
        if let Some(&known) = self.digests.borrow().get(&whole.text) {
            return Ok(known);
        }
        let is_digest = self.holds_items(whole)?;
        self.digests.borrow_mut().insert(whole.text, is_digest);
        Ok(is_digest)
    }

    fn holds_items(&self, whole: &Loaded) -> io::Result<bool> {
        let mut items: Vec<(Option<Title>, Range<usize>)> = Vec::new();
        for edge in self.candidates.edges(whole.text, self.scratch)? {
            let small = f64::from(self.order.chars(edge.other))
                < 0.85 * f64::from(self.order.chars(whole.text));
            if edge.around < 0.4 || !small {
                continue;
            }
            let title = self.order.title(edge.other, self.scratch)?;
            if !are_unlike(whole.title, title) {
                continue;
            }
            let part = self.load(edge.other)?;
            let Some(place) = self.place_in(whole, &part) else { continue };
            if has_heading(&whole.folded, title) {
                return Ok(true);
            }
            let apart = |(other, taken): &(Option<Title>, Range<usize>)| {
                (taken.end <= place.start || place.end <= taken.start) && are_unlike(*other, title)
            };
            if items.iter().any(apart) {
                return Ok(true);
            }
            items.push((title, place));
        }
        Ok(false)
    }

    /// Where nearly all of `part` stands in `whole`.
    fn place_in(&self, whole: &Loaded, part: &Loaded) -> Option<Range<usize>> {
        let found = whole.folded.compare(&part.folded);
        let start = found.passages.iter().map(|passage| passage.in_a().start).min()?;
        let end = found.passages.iter().map(|passage| passage.in_a().end).max()?;
        (found.covered.1 >= self.config.covered_excerpt).then_some(start..end)
    }

    /// The words of a range of folded characters, as printed.
    pub(super) fn passage(&self, text: usize, range: &Range<usize>) -> io::Result<Option<String>> {
        let body = self.articles.text(self.order.article(text))?;
        let range = range.start..range.end.min(range.start + EXAMPLE);
        Ok(unfold(&body, &range).and_then(|range| body.get(range)).map(str::to_owned))
    }
}

/// Whether both have titles and the titles are not alike.
fn are_unlike(a: Option<Title>, b: Option<Title>) -> bool {
    a.zip(b).is_some_and(|(a, b)| !a.is_like(&b))
}

/// Whether the title stands in the text, other than at its very beginning.
fn has_heading(whole: &Folded, title: Option<Title>) -> bool {
    let after_opening = whole.units().get(40..).unwrap_or_default();
    title.is_some_and(|title| title.chars >= 6 && title.stands_in(after_opening))
}

/// Whether titles are equal, or one is not known.
fn same_title(a: Option<Title>, b: Option<Title>) -> bool {
    a.zip(b).is_none_or(|(a, b)| a.hash == b.hash)
}
