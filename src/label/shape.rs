//! Matches shapes: which rules have all their words together in one sentence, clause or passage.

use std::ops::Range;

use super::{Proposal, Sentence};
use crate::knowledge::lexicon::{Class, Hit, Lexicon, Shape, Within};

/// A stretch of the body.
type Span = (usize, usize);

/// The words of one unit of text, sorted by what they mean, and the shapes they may fill.
pub(super) struct Board<'a> {
    body: &'a str,
    lexicon: &'a Lexicon,
    /// Sorted starts of all clauses, and the end of the last.
    cuts: Vec<usize>,
    /// By class: where its words stand, sorted by start.
    spans: Vec<Vec<Span>>,
    /// The classes that have any.
    touched: Vec<Class>,
}

impl<'a> Board<'a> {
    pub(super) fn new(body: &'a str, sentences: &[Sentence], lexicon: &'a Lexicon) -> Self {
        let mut cuts: Vec<usize> = sentences
            .iter()
            .flat_map(|sentence| sentence.starts.iter().copied().chain([sentence.span.end]))
            .collect();
        cuts.sort_unstable();
        Board {
            body,
            lexicon,
            cuts,
            spans: vec![Vec::new(); lexicon.class_count()],
            touched: Vec::new(),
        }
    }

    /// Puts these words on the board in place of those that were there.
    pub(super) fn fill(&mut self, hits: &[Hit]) {
        for class in self.touched.drain(..) {
            if let Some(spans) = self.spans.get_mut(class) {
                spans.clear();
            }
        }
        for hit in hits {
            for class in self.lexicon.classes(*hit) {
                let Some(spans) = self.spans.get_mut(*class) else { continue };
                if spans.is_empty() {
                    self.touched.push(*class);
                }
                spans.push((hit.start, hit.end));
            }
        }
    }

    /// Whether the words say that the sentence warns, supposes or quotes.
    pub(super) fn silenced(&self) -> bool {
        self.lexicon.silences().iter().any(|shape| self.first(shape).is_some())
    }

    /// Whether the words say what a case must be about to have labels of every facet.
    pub(super) fn is_about(&self) -> bool {
        self.lexicon.about().is_some_and(|about| {
            !self.at(about.words).is_empty()
                || about.shapes.iter().any(|shape| self.first(shape).is_some())
        })
    }

    /// Whether they say so if the charge does not speak against it.
    pub(super) fn is_nearly_about(&self) -> bool {
        let about = self.lexicon.about();
        about.is_some_and(|about| about.near_shapes.iter().any(|shape| self.first(shape).is_some()))
    }

    /// Adds every rule that has a shape of this reach on the board, with its words.
    pub(super) fn matches(&self, within: Within, proposals: &mut Vec<Proposal>) {
        for class in &self.touched {
            for (rule, shape) in self.lexicon.shapes_with(*class) {
                if shape.within == within
                    && let Some(span) = self.first(shape)
                {
                    proposals.push((rule, span));
                }
            }
        }
    }

    fn at(&self, class: Class) -> &[Span] {
        self.spans.get(class).map_or(&[], Vec::as_slice)
    }

    /// The first place where the shape holds and nothing spoils it.
    fn first(&self, shape: &Shape) -> Option<Range<usize>> {
        if shape.groups.iter().any(|class| self.at(*class).is_empty()) {
            return None;
        }
        let groups: Vec<Vec<Span>> =
            shape.groups.iter().map(|class| self.counted(*class, shape.except)).collect();
        let mut chains = chains(self.body, groups.iter(), shape.gap);
        if shape.any_order {
            chains.extend(self::chains(self.body, groups.iter().rev(), shape.gap));
        }
        chains.retain(|chain| !self.spoiled(*chain, shape.unless));
        chains.into_iter().min().map(|(start, end)| start..end)
    }

    /// The words of a class that do not lie inside a longer word that means something else.
    fn counted(&self, class: Class, except: Option<Class>) -> Vec<Span> {
        let all = self.at(class);
        let Some(except) = except else { return all.to_vec() };
        let mut covers: Vec<Span> = Vec::new();
        for (start, end) in self.at(except) {
            match covers.last_mut() {
                Some(last) if *start < last.1 => last.1 = last.1.max(*end),
                _ => covers.push((*start, *end)),
            }
        }
        let covered = |(start, end): &Span| {
            let after = covers.partition_point(|cover| cover.0 <= *start);
            after.checked_sub(1).and_then(|i| covers.get(i)).is_some_and(|cover| *end <= cover.1)
        };
        all.iter().copied().filter(|span| !covered(span)).collect()
    }

    /// Whether a spoiling word stands in one of the clauses that the match touches.
    fn spoiled(&self, (start, end): Span, unless: Option<Class>) -> bool {
        let Some(unless) = unless else { return false };
        let i = self.cuts.partition_point(|cut| *cut <= start);
        let from = i.checked_sub(1).and_then(|i| self.cuts.get(i)).copied().unwrap_or(start);
        let to = self.cuts.get(self.cuts.partition_point(|cut| *cut < end)).copied().unwrap_or(end);
        let spoilers = self.at(unless);
        let first = spoilers.partition_point(|spoiler| spoiler.0 < from);
        spoilers.get(first).is_some_and(|spoiler| spoiler.0 < to)
    }
}

/// Every way to take one span of each group in order, none overlapping, with at most `gap` characters between
/// neighbours; for each last span the nearest way.
///
/// One merge over each pair of neighbours, so the time grows with the number of spans and not with its square.
fn chains<'s>(
    body: &str,
    mut groups: impl Iterator<Item = &'s Vec<Span>>,
    gap: Option<usize>,
) -> Vec<Span> {
    let mut chains = groups.next().cloned().unwrap_or_default();
    for group in groups {
        chains.sort_by_key(|(start, end)| (*end, *start));
        let mut longer = Vec::new();
        let mut next = 0;
        let mut nearest: Option<Span> = None;
        for (start, end) in group {
            while let Some(chain) = chains.get(next).filter(|chain| chain.1 <= *start) {
                nearest = Some(*chain);
                next += 1;
            }
            if let Some(chain) = nearest
                && gap.is_none_or(|gap| at_most(body, chain.1..*start, gap))
            {
                longer.push((chain.0, *end));
            }
        }
        chains = longer;
    }
    chains
}

/// Whether a stretch of the body has at most `limit` characters.
fn at_most(body: &str, range: Range<usize>, limit: usize) -> bool {
    body.get(range).is_some_and(|between| between.chars().nth(limit).is_none())
}
