//! Comparing: two folded texts laid side by side, passage by passage.

use std::ops::Range;

use super::fold::{GRAM, fold, gram_hashes};

/// Characters that two passages may differ by and still count as one passage with edits.
const BRIDGE: usize = 28;
/// How far the two sides of such a difference may differ in length.
const SLACK: usize = 14;
/// Shorter shared passages are phrases that any two articles may share.
const PASSAGE: usize = 24;

/// Folded characters of a long sentence.
const SENTENCE: usize = 120;

/// A folded text that can be searched by shingle.
#[derive(Debug)]
pub(super) struct Indexed {
    chars: Vec<char>,
    hashes: Vec<u64>,
    /// Open-addressed: position + 1 of the first shingle with a hash, 0 where empty.
    slots: Vec<u32>,
    /// Position + 1 of the next shingle with the same hash.
    next: Vec<u32>,
    /// Number of distinct shingles.
    distinct: usize,
    /// How many sentences end in it.
    sentences: usize,
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

/// A passage told on both sides, but for small edits: the runs that make it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passage {
    pub(super) runs: Vec<Run>,
}

/// How two texts stand to each other. `a` is the indexed one.
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
    /// The shared passages, in the order of `b`.
    pub(super) passages: Vec<Passage>,
}

impl Passage {
    /// The characters of `a` from its first run to its last.
    pub(super) fn in_a(&self) -> Range<usize> {
        let start = self.runs.first().map_or(0, |run| run.a);
        start..self.runs.last().map_or(start, |run| run.a + run.len).max(start)
    }

    /// The same of `b`.
    pub(super) fn in_b(&self) -> Range<usize> {
        let start = self.runs.first().map_or(0, |run| run.b);
        start..self.runs.last().map_or(start, |run| run.b + run.len).max(start)
    }

    fn shared(&self) -> usize {
        self.runs.iter().map(|run| run.len).sum()
    }
}

impl Indexed {
    /// Folds and indexes a text. `furniture` tells of a shingle's hash whether it is furniture,
    /// and `None` where that is not known.
    pub(super) fn new(text: &str, furniture: impl Fn(u64) -> Option<bool>) -> Self {
        let chars: Vec<char> = fold(text).chars().collect();
        let hashes: Vec<u64> = gram_hashes(&chars).collect();
        let parts = parts(chars.len(), &hashes, furniture);
        let mut index = Indexed {
            slots: vec![0; (hashes.len() * 2).next_power_of_two().max(2)],
            next: vec![0; hashes.len()],
            distinct: 0,
            sentences: sentences(text),
            parts,
            chars,
            hashes,
        };
        // Backwards, so that chains run forwards.
        for (i, &hash) in index.hashes.iter().enumerate().rev() {
            let slot = find_slot(&index.slots, &index.hashes, hash);
            let position = u32::try_from(i + 1).unwrap_or(0);
            if let (Some(first), Some(next)) = (index.slots.get_mut(slot), index.next.get_mut(i)) {
                index.distinct += usize::from(*first == 0);
                *next = std::mem::replace(first, position);
            }
        }
        index
    }

    /// The folded characters.
    pub(super) fn chars(&self) -> &[char] {
        &self.chars
    }

    /// Whether it is written in sentences, unlike a menu or a list of links.
    pub(super) fn is_prose(&self) -> bool {
        self.sentences * SENTENCE >= self.chars.len()
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
        self.own_in(&(0..self.chars.len()))
    }

    /// Where shingles with this hash stand, in order.
    fn positions(&self, hash: u64) -> impl Iterator<Item = usize> + '_ {
        let slot = find_slot(&self.slots, &self.hashes, hash);
        let step = |&at: &u32| self.next.get(to_index(at)?).copied().filter(|&next| next != 0);
        let first = self.slots.get(slot).copied().filter(|&first| first != 0);
        std::iter::successors(first, step).filter_map(to_index)
    }

    /// Whether the texts share a passage of this length hash; `title` as [`Title::hash`](super::Title).
    pub(super) fn compare(&self, b: &Indexed) -> Comparison {
        let runs = self.runs(b);
        let passages = passages(&runs);
        let shared = b
            .slots
            .iter()
            .filter_map(|&at| b.hashes.get(to_index(at)?))
            .filter(|&&hash| self.positions(hash).next().is_some())
            .count();
        let all = self.distinct + b.distinct - shared;
        let in_a = || passages.iter().map(Passage::in_a);
        let in_b = || passages.iter().map(Passage::in_b);
        Comparison {
            jaccard: ratio(shared, all),
            containment: ratio(shared, self.distinct.min(b.distinct)),
            covered: (
                ratio(self.own_in_all(in_a()), self.own_len()),
                ratio(b.own_in_all(in_b()), b.own_len()),
            ),
            told: (
                ratio(union_len(in_a()), self.chars.len()),
                ratio(union_len(in_b()), b.chars.len()),
            ),
            passages,
        }
    }

    /// How much of its own lies in the ranges, each character counted once.
    fn own_in_all(&self, ranges: impl Iterator<Item = Range<usize>>) -> usize {
        union(ranges).iter().map(|range| self.own_in(range)).sum()
    }

    /// Maximal equal runs in the order of `b`, each char of `b` in one at most.
    fn runs(&self, b: &Indexed) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut at = 0;
        while let Some(&hash) = b.hashes.get(at) {
            // Of several places, the one nearest to where the last run would go on.
            let expected = runs.last().map_or(at, |run| run.a + at - run.b);
            let place = self.nearest(hash, expected);
            let Some(run) = place.and_then(|place| self.extend(b, place, at, runs.last())) else {
                at += 1;
                continue;
            };
            at = run.b + run.len;
            runs.push(run);
        }
        runs
    }

    /// The place of a shingle that is nearest to the expected one.
    ///
    /// Of a shingle that stands in very many places only those close by and the first are looked at.
    fn nearest(&self, hash: u64, expected: usize) -> Option<usize> {
        let mut places = self.positions(hash);
        let first = places.next()?;
        if places.next().is_none() {
            return Some(first);
        }
        let here = |&at: &usize| self.hashes.get(at) == Some(&hash);
        let close = (0..BRIDGE).flat_map(|d| [Some(expected + d), expected.checked_sub(d)]);
        let close = close.flatten().find(here);
        close.or_else(|| self.positions(hash).take(64).min_by_key(|&p| p.abs_diff(expected)))
    }

    /// The run around a shared shingle; `None` if only the hashes are equal.
    fn extend(&self, b: &Indexed, at_a: usize, at_b: usize, last: Option<&Run>) -> Option<Run> {
        let ahead_a = self.chars.get(at_a..).unwrap_or_default();
        let ahead_b = b.chars.get(at_b..).unwrap_or_default();
        let forward = ahead_a.iter().zip(ahead_b).take_while(|(a, b)| a == b).count();
        // Characters before it that are too few for a shingle, but not those of the last run.
        let (floor_a, floor_b) = last.map_or((0, 0), |run| (run.a + run.len, run.b + run.len));
        let floor_a = if floor_a <= at_a { floor_a } else { 0 };
        let before_a = self.chars.get(floor_a..at_a).unwrap_or_default();
        let before_b = b.chars.get(floor_b..at_b).unwrap_or_default();
        let back = before_a
            .iter()
            .rev()
            .zip(before_b.iter().rev())
            .take(GRAM)
            .take_while(|(a, b)| a == b)
            .count();
        (forward >= GRAM).then(|| Run { a: at_a - back, b: at_b - back, len: forward + back })
    }
}

fn to_index(position: u32) -> Option<usize> {
    usize::try_from(position).ok()?.checked_sub(1)
}

/// The slot that holds `hash` or would take it.
fn find_slot(slots: &[u32], hashes: &[u64], hash: u64) -> usize {
    let mask = slots.len() - 1;
    let mut slot = usize::try_from(hash >> 32).unwrap_or(0) & mask;
    loop {
        match slots.get(slot).copied().and_then(to_index) {
            Some(at) if hashes.get(at) != Some(&hash) => slot = (slot + 1) & mask,
            _ => return slot,
        }
    }
}

/// Joins runs that follow each other on both sides with a small difference between.
fn passages(runs: &[Run]) -> Vec<Passage> {
    let mut passages: Vec<Passage> = Vec::new();
    for &run in runs {
        let goes_on = passages.last().and_then(|passage| passage.runs.last()).is_some_and(|last| {
            let gap_a = run.a.checked_sub(last.a + last.len);
            let gap_b = run.b - (last.b + last.len);
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

fn sentences(text: &str) -> usize {
    let ends = |c: char| matches!(c, '。' | '！' | '？' | '；' | '!' | '?');
    text.chars().filter(|&c| ends(c)).count() + text.matches(". ").count()
}

/// Which parts of a text are furniture.
///
/// Only a sample of shingles is known to be furniture or not; what lies between two of them goes
/// with the nearer.
fn parts(len: usize, hashes: &[u64], furniture: impl Fn(u64) -> Option<bool>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut before = None;
    for (i, &hash) in hashes.iter().enumerate() {
        let Some(is_furniture) = furniture(hash) else { continue };
        if let Some((place, was)) = before.replace((i, is_furniture))
            && was != is_furniture
        {
            parts.push(Part { end: (place + i + GRAM) / 2, own: !was });
        }
    }
    parts.push(Part { end: len, own: before.is_none_or(|(_, was)| !was) });
    parts
}

/// The same characters in ranges that do not overlap.
fn union(ranges: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = ranges.collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut end = 0;
    for range in &mut ranges {
        *range = range.start.max(end)..range.end.max(end);
        end = range.end;
    }
    ranges
}

fn union_len(ranges: impl Iterator<Item = Range<usize>>) -> usize {
    union(ranges).into_iter().map(|range| range.len()).sum()
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
