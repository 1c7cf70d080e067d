//! Dedupe: sketches of all articles in, who repeats whom and why out.

mod candidates;
mod compare;
mod facts;
mod fold;
mod group;
mod sketch;
#[cfg(test)]
mod tests;
mod verify;

use std::borrow::Cow;
use std::cell::RefCell;

pub use sketch::{Sketch, Title, sketch};

use crate::model::DuplicateRole;
use verify::{Relation, Verifier};

/// What counts as a repeat.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Texts of like length: least share of shingles in both that are shared.
    pub jaccard: f64,
    /// Texts of like length: least share of the shorter that lies in shared passages, small edits included.
    pub covered: f64,
    /// Excerpts: least share of its shingles that the longer text has.
    pub containment: f64,
    /// Excerpts: least share of it that lies in shared passages.
    pub covered_excerpt: f64,
    /// A text shorter than this share of the other is an excerpt of it, if anything.
    pub excerpt_below: f64,
    /// Two texts with this share of their numbers and names changed tell two stories.
    pub changed: f64,
    /// Shorter texts, in folded characters, repeat another only if they are equal.
    pub shortest: usize,
    /// A shingle found in more unlike articles than this is furniture, and no evidence.
    pub spread: usize,
    /// Least number of hashes that two sketches must share.
    pub evidence: u32,
    /// Least share of one sketch's hashes that the other must have.
    pub candidate: f64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            jaccard: 0.12,
            covered: 0.6,
            containment: 0.3,
            covered_excerpt: 0.8,
            excerpt_below: 0.75,
            changed: 0.3,
            shortest: 60,
            spread: 4,
            evidence: 3,
            candidate: 0.15,
        }
    }
}

/// Gives the bodies of articles when they are needed, so that they need not be held.
pub trait Texts {
    /// The body of the article whose sketch has this index.
    fn text(&self, index: usize) -> Cow<'_, str>;
}

/// Bodies held in memory.
impl<T: AsRef<str>> Texts for Vec<T> {
    fn text(&self, index: usize) -> Cow<'_, str> {
        Cow::Borrowed(self.get(index).map_or("", AsRef::as_ref))
    }
}

/// Every article's place among those that tell the same text.
#[derive(Debug, Clone, PartialEq)]
pub struct Deduped {
    /// One per sketch, in the same order.
    pub verdicts: Vec<Verdict>,
}

/// How one article stands to the one that is kept in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Index of the article that is kept; its own where it is kept itself.
    pub canonical: usize,
    /// What it is to that article.
    pub role: DuplicateRole,
    /// Share of the shorter text that the other tells, small edits included; 1 for equal texts.
    pub similarity: f64,
    /// Shared shingles over all shingles of the two.
    pub jaccard: f64,
    /// Shared shingles over those of the shorter.
    pub containment: f64,
    /// How many passages they share.
    pub shared_spans: u32,
    /// The beginning of the longest passage that they share word for word, as printed.
    pub example: Option<String>,
    /// Numbers and names that differ in the same words, as `3 → 5; 王某 → 李某`: kept, then repeated.
    pub changed: Option<String>,
    /// How many articles tell this text, the kept one included.
    pub cluster_size: u32,
}

/// Finds exact copies, then near copies and excerpts, and keeps one article of each group.
///
/// Who is grouped and kept depends on the articles alone, not on their order. Every article that is
/// not kept was compared, text with text, with the one kept in its place.
pub fn dedupe(sketches: &[Sketch], texts: &dyn Texts, config: &Config) -> Deduped {
    let groups = equal(sketches);
    let articles: Vec<usize> = groups.iter().filter_map(|group| group.first().copied()).collect();
    let refs: Vec<&Sketch> = articles.iter().filter_map(|&i| sketches.get(i)).collect();
    let found = candidates::candidates(&refs, config);
    let mut verifier = Verifier {
        sketches,
        articles: &articles,
        texts,
        furniture: &found.furniture,
        config,
        digests: Vec::new(),
        recent: RefCell::default(),
    };
    verifier.digests = group::digests(&found.edges, &verifier);
    let mut verdicts: Vec<Verdict> = (0..sketches.len()).map(Verdict::alone).collect();
    for star in group::stars(&found.edges, &verifier) {
        let members = star.members.iter().map(|(i, relation)| (*i, Some(relation)));
        let members: Vec<_> = members.chain([(star.canonical, None)]).collect();
        let equals = |i: usize| groups.get(i).map_or(&[] as &[usize], Vec::as_slice);
        let size: usize = members.iter().map(|&(i, _)| equals(i).len()).sum();
        let Some(&canonical) = equals(star.canonical).first() else { continue };
        for (i, relation) in members {
            let example = relation.and_then(|relation| verifier.passage(i, &relation.longest));
            for &article in equals(i) {
                let Some(verdict) = verdicts.get_mut(article) else { continue };
                verdict.canonical = canonical;
                verdict.cluster_size = u32::try_from(size).unwrap_or(u32::MAX);
                match relation {
                    Some(relation) => verdict.repeats(relation, example.clone()),
                    None if article != canonical => verdict.role = DuplicateRole::Exact,
                    None => {}
                }
            }
        }
    }
    Deduped { verdicts }
}

impl Verdict {
    /// An article that repeats no other.
    fn alone(index: usize) -> Self {
        Verdict {
            canonical: index,
            role: DuplicateRole::Canonical,
            similarity: 1.0,
            jaccard: 1.0,
            containment: 1.0,
            shared_spans: 1,
            example: None,
            changed: None,
            cluster_size: 1,
        }
    }

    fn repeats(&mut self, relation: &Relation, example: Option<String>) {
        self.role = relation.role;
        self.similarity = relation.similarity;
        self.jaccard = relation.jaccard;
        self.containment = relation.containment;
        self.shared_spans = relation.shared_spans;
        self.changed.clone_from(&relation.changed);
        self.example = example;
    }
}

/// Articles with equal folded texts, the best of each first; the longest texts first.
///
/// A page too short to tell from others like it must have the same title as well.
fn equal(sketches: &[Sketch]) -> Vec<Vec<usize>> {
    let key = |sketch: &Sketch| {
        let title = sketch.title.filter(|_| sketch.chars < 60).map(|title| title.hash);
        (std::cmp::Reverse(sketch.chars), sketch.content_hash, title)
    };
    let mut order: Vec<usize> = (0..sketches.len()).collect();
    order.sort_by_cached_key(|&i| sketches.get(i).map(|s| (key(s), verify::quality(s))));
    let same = |&i: &usize, &j: &usize| sketches.get(i).map(key) == sketches.get(j).map(key);
    order.chunk_by(same).map(<[usize]>::to_vec).collect()
}
