//! Comparing: two folded texts laid side by side, passage by passage.

use std::cell::OnceCell;
use std::ops::Range;

use super::fold::{GRAM, fold, gram_hashes};

/// Characters that two passages may differ by and still count as one passage with edits.
const BRIDGE: usize = 28;
/// How far the two sides of such a difference may differ in length.
const SLACK: usize = 14;
/// Shorter shared passages are phrases that any two articles may share.
const PASSAGE: usize = 24;
/// Characters that must agree after a small difference, and after a larger one.
const RESUME: usize = 4;
const RESUME_FAR: usize = 6;
/// A difference up to this, both sides added up, is a small one.
const SMALL: usize = 8;
/// A run found by its shingle alone, out of the blue, must be this long.
const ANCHOR: usize = 8;

/// A folded text that others are compared with.
#[derive(Debug)]
pub(super) struct Folded {
    units: Vec<u16>,
    /// Made when it is needed first.
    places: OnceCell<Places>,
    /// Which parts are the text's own and which are furniture, in order.
    parts: Vec<Part>,
}

/// A part of a text, from the end of the one before it.
#[derive(Debug, Clone, Copy)]
struct Part {
    end: usize,
    own: bool,
}

/// Characters that are the same on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) a: usize,
    pub(super) b: usize,
    pub(super) len: usize,
}

impl Run {
    fn end_a(&self) -> usize {
        self.a + self.len
    }

    fn end_b(&self) -> usize {
        self.b + self.len
    }
}

/// A passage told on both sides, but for small edits: the runs that make it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passage {
    pub(super) runs: Vec<Run>,
}

/// How two texts stand to each other.
#[derive(Debug, Clone)]
pub(super) struct Comparison {
    /// Shared shingles over all shingles.
    pub(super) jaccard: f64,
    /// Shared shingles over those of the shorter text.
    pub(super) containment: f64,
    /// Share of what is `a`'s own and of what is `b`'s own that lies in shared passages.
    pub(super) covered: (f64, f64),
    /// The same of all of `a` and all of `b`, furniture included.
    pub(super) told: (f64, f64),
    /// Characters of the longest stretch of `a`, and of `b`, outside of shared passages.
    pub(super) apart: (usize, usize),
    /// The shared passages, in the order of `b`.
    pub(super) passages: Vec<Passage>,
}

impl Passage {
    /// The characters of `a` from its first run to its last.
    pub(super) fn in_a(&self) -> Range<usize> {
        let start = self.runs.first().map_or(0, |run| run.a);
        start..self.runs.last().map_or(start, Run::end_a).max(start)
    }

    /// The same of `b`.
    pub(super) fn in_b(&self) -> Range<usize> {
        let start = self.runs.first().map_or(0, |run| run.b);
        start..self.runs.last().map_or(start, Run::end_b).max(start)
    }

    fn shared(&self) -> usize {
        self.runs.iter().map(|run| run.len).sum()
    }
}

impl Folded {
    /// Folds a text. `furniture` tells of a shingle's hash whether it is furniture, and `None` where
    /// that is not known; it is itself `None` if no shingle is.
    pub(super) fn new(text: &str, furniture: Option<&dyn Fn(u64) -> Option<bool>>) -> Self {
        let units = fold(text);
        let parts = match furniture {
            Some(furniture) => parts(&units, furniture),
            None => vec![Part { end: units.len(), own: true }],
        };
        Folded { places: OnceCell::new(), parts, units }
    }

    /// The folded characters.
    pub(super) fn units(&self) -> &[u16] {
        &self.units
    }

    /// How many characters of the range are the text's own, not furniture.
    pub(super) fn own_in(&self, range: &Range<usize>) -> usize {
        let mut own = 0;
        let mut start = 0;
        for part in &self.parts {
            if part.own {
                let end = part.end.min(range.end);
                own += end.saturating_sub(start.max(range.start));
            }
            start = part.end;
        }
        own
    }

    /// How many of its characters are its own.
    pub(super) fn own_len(&self) -> usize {
        self.own_in(&(0..self.units.len()))
    }

    /// Lays `b` beside this text, which is `a`.
    pub(super) fn compare(&self, b: &Folded) -> Comparison {
        let runs = self.runs(b);
        let grams = |len: usize| (len + 1).saturating_sub(GRAM);
        let in_b: usize = runs.iter().map(|run| grams(run.len)).sum();
        let in_a = union(runs.iter().map(|run| run.a..run.a + grams(run.len)));
        let shared = in_b.min(in_a.iter().map(ExactSizeIterator::len).sum());
        let (all_a, all_b) = (grams(self.units.len()), grams(b.units.len()));
        let passages = passages(&runs);
        let in_a = union(passages.iter().map(Passage::in_a));
        let in_b = union(passages.iter().map(Passage::in_b));
        let own = |text: &Folded, ranges: &[Range<usize>]| {
            let own: usize = ranges.iter().map(|range| text.own_in(range)).sum();
            ratio(own, text.own_len())
        };
        let told = |text: &Folded, ranges: &[Range<usize>]| {
            ratio(ranges.iter().map(ExactSizeIterator::len).sum(), text.units.len())
        };
        Comparison {
            jaccard: ratio(shared, all_a + all_b - shared),
            containment: ratio(shared, all_a.min(all_b)),
            covered: (own(self, &in_a), own(b, &in_b)),
            told: (told(self, &in_a), told(b, &in_b)),
            apart: (longest_gap(&in_a, self.units.len()), longest_gap(&in_b, b.units.len())),
            passages,
        }
    }

    /// Equal runs in the order of `b`, each character of `b` in one at most.
    ///
    /// After a run the two texts are followed on both sides past small differences. Where that ends,
    /// the next shingle of `b` that stands anywhere in `a` is looked for.
    fn runs(&self, b: &Folded) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let (mut at_a, mut at_b) = (0, 0);
        loop {
            let next = self.resume(b, at_a, at_b).or_else(|| self.search(b, at_a, at_b));
            let Some((a, b_at)) = next else { return runs };
            let run = self.extend(b, a, b_at, runs.last());
            (at_a, at_b) = (run.end_a(), run.end_b());
            runs.push(run);
        }
    }

    /// The nearest place after these two where both texts go on alike.
    fn resume(&self, b: &Folded, at_a: usize, at_b: usize) -> Option<(usize, usize)> {
        let rest_a = self.units.get(at_a..)?;
        let rest_b = b.units.get(at_b..)?;
        for size in 0..2 * BRIDGE {
            let needed = if size <= SMALL { RESUME } else { RESUME_FAR };
            // From equal lengths outwards: words are mostly replaced by words as long.
            let least = size.saturating_sub(BRIDGE).max((size + 1).saturating_sub(SLACK) / 2);
            for skip_a in least..=size - least {
                let skip_b = size - skip_a;
                let (Some(a), Some(b)) = (rest_a.get(skip_a..), rest_b.get(skip_b..)) else {
                    continue;
                };
                if a.first() == b.first()
                    && a.get(..needed).is_some_and(|a| b.get(..needed) == Some(a))
                {
                    return Some((at_a + skip_a, at_b + skip_b));
                }
            }
        }
        None
    }

    /// The next shingle of `b` in the sample that stands in this text, and where.
    fn search(&self, b: &Folded, at_a: usize, at_b: usize) -> Option<(usize, usize)> {
        let rest = b.units.get(at_b..)?;
        if rest.len() < GRAM {
            return None;
        }
        let places = self.places.get_or_init(|| Places::new(&self.units));
        for (skip, hash) in gram_hashes(rest).enumerate() {
            if !is_sampled(hash) {
                continue;
            }
            // Of several places, the one nearest to where the texts would go on together.
            let (expected, here) = (at_a + skip, at_b + skip);
            if let Some(place) = places.nearest(hash, expected)
                && self.stands(b, place, here)
            {
                return Some((place, here));
            }
        }
        None
    }

    /// Whether a run found out of the blue is long enough.
    fn stands(&self, b: &Folded, a: usize, b_at: usize) -> bool {
        let forward = common(self.units.get(a..), b.units.get(b_at..));
        if forward < GRAM {
            return false;
        }
        forward >= ANCHOR || {
            let back = common_back(self.units.get(..a), b.units.get(..b_at), ANCHOR);
            forward + back >= ANCHOR
        }
    }

    /// The whole run around two places that are alike, but for what the last run took.
    fn extend(&self, b: &Folded, a: usize, b_at: usize, last: Option<&Run>) -> Run {
        let forward = common(self.units.get(a..), b.units.get(b_at..));
        let free = b_at - last.map_or(0, Run::end_b);
        // In `a` the run may begin before the last one ends only if it is elsewhere.
        let free = match last {
            Some(last) if last.end_a() <= a => free.min(a - last.end_a()),
            _ => free,
        };
        let back = common_back(self.units.get(..a), b.units.get(..b_at), free);
        Run { a: a - back, b: b_at - back, len: forward + back }
    }
}

/// How many units agree from the beginning.
fn common(a: Option<&[u16]>, b: Option<&[u16]>) -> usize {
    let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
    // Whole chunks are compared at once.
    let chunks = a.chunks_exact(16).zip(b.chunks_exact(16));
    let equal = 16 * chunks.take_while(|(a, b)| a == b).count();
    let (a, b) = (a.get(equal..).unwrap_or_default(), b.get(equal..).unwrap_or_default());
    equal + a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// How many units agree from the end, up to a limit.
fn common_back(a: Option<&[u16]>, b: Option<&[u16]>, limit: usize) -> usize {
    let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
    a.iter().rev().zip(b.iter().rev()).take(limit).take_while(|(a, b)| a == b).count()
}

/// Where some of a text's shingles stand: about one in four, the same ones in every text.
#[derive(Debug)]
struct Places {
    /// Open-addressed: number + 1 of the first place of a shingle, 0 where empty.
    slots: Vec<u32>,
    places: Vec<Place>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    hash: u64,
    at: u32,
    /// Number + 1 of the next place of the same shingle.
    next: u32,
}

/// Of a shingle that stands in very many places only the first are looked at.
const LOOKED_AT: usize = 64;

fn is_sampled(hash: u64) -> bool {
    hash >> 62 == 0
}

impl Places {
    fn new(units: &[u16]) -> Self {
        let sampled = |(_, hash): &(usize, u64)| is_sampled(*hash);
        let mut places: Vec<Place> = Vec::with_capacity(units.len() / 3);
        for (at, hash) in gram_hashes(units).enumerate().filter(sampled) {
            places.push(Place { hash, at: u32::try_from(at).unwrap_or(u32::MAX), next: 0 });
        }
        let slots = vec![0; (places.len() * 2).next_power_of_two().max(2)];
        let mut index = Places { slots, places };
        // Backwards, so that chains run forwards.
        for i in (0..index.places.len()).rev() {
            let Some(hash) = index.places.get(i).map(|place| place.hash) else { continue };
            let slot = index.slot(hash);
            let number = u32::try_from(i + 1).unwrap_or(0);
            if let (Some(first), Some(place)) = (index.slots.get_mut(slot), index.places.get_mut(i))
            {
                place.next = std::mem::replace(first, number);
            }
        }
        index
    }

    /// The slot that holds `hash` or would take it.
    fn slot(&self, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = usize::try_from(hash >> 20 & 0xffff_ffff).unwrap_or(0) & mask;
        loop {
            match self.slots.get(slot).and_then(|&number| self.place(number)) {
                Some(place) if place.hash != hash => slot = (slot + 1) & mask,
                _ => return slot,
            }
        }
    }

    fn place(&self, number: u32) -> Option<&Place> {
        self.places.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// The place of a shingle that is nearest to the expected one.
    fn nearest(&self, hash: u64, expected: usize) -> Option<usize> {
        let first = self.slots.get(self.slot(hash)).and_then(|&number| self.place(number));
        let all = std::iter::successors(first, |place| self.place(place.next));
        let all = all.take(LOOKED_AT).map(|place| usize::try_from(place.at).unwrap_or(0));
        all.min_by_key(|at| at.abs_diff(expected))
    }
}

/// Joins runs that follow each other on both sides with a small difference between.
fn passages(runs: &[Run]) -> Vec<Passage> {
    let mut passages: Vec<Passage> = Vec::new();
    for &run in runs {
        let goes_on = passages.last().and_then(|passage| passage.runs.last()).is_some_and(|last| {
            let gap_a = run.a.checked_sub(last.end_a());
            let gap_b = run.b - last.end_b();
            gap_a.is_some_and(|gap_a| {
                gap_a <= BRIDGE && gap_b <= BRIDGE && gap_a.abs_diff(gap_b) <= SLACK
            })
        });
        match passages.last_mut() {
            Some(passage) if goes_on => passage.runs.push(run),
            _ => passages.push(Passage { runs: vec![run] }),
        }
    }
    passages.retain(|passage| passage.shared() >= PASSAGE);
    passages
}

/// Which parts of a text are furniture.
///
/// Only a sample of shingles is known to be furniture or not; what lies between two of them goes
/// with the nearer.
fn parts(units: &[u16], furniture: &dyn Fn(u64) -> Option<bool>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut before = None;
    for (i, hash) in gram_hashes(units).enumerate() {
        let Some(is_furniture) = furniture(hash) else { continue };
        if let Some((place, was)) = before.replace((i, is_furniture))
            && was != is_furniture
        {
            parts.push(Part { end: (place + i + GRAM) / 2, own: !was });
        }
    }
    parts.push(Part { end: units.len(), own: before.is_none_or(|(_, was)| !was) });
    parts
}

/// The same characters in ranges that do not overlap.
fn union(ranges: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = ranges.collect();
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut end = 0;
    for range in &mut ranges {
        *range = range.start.max(end)..range.end.max(end);
        end = range.end;
    }
    ranges
}

/// The longest stretch outside of ranges that are in order and do not overlap.
fn longest_gap(ranges: &[Range<usize>], len: usize) -> usize {
    let starts = ranges.iter().map(|range| range.start).chain([len]);
    let ends = std::iter::once(0).chain(ranges.iter().map(|range| range.end));
    ends.zip(starts).map(|(end, start)| start.saturating_sub(end)).max().unwrap_or(0)
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
