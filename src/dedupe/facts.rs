//! Facts: where two texts agree word for word but for numbers and names, what differs.

use std::collections::BTreeSet;

use super::compare::{Folded, Passage, Run};

/// Equal characters that must stand on both sides of a difference for it to be one place in a template.
const FLANK: usize = 6;
/// A longer difference is a rewritten sentence, not another fact in the same words.
const SLOT: usize = 24;
/// Digits by which a broken number is known again.
const PIECE: usize = 5;
/// How many changed facts are told.
const TOLD: usize = 6;

/// What two texts say in the same places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// How many different numbers stand in both; counted only where two facts or more changed.
    pub(super) same: usize,
    /// What stands in the first and what stands there in the second.
    pub(super) changed: BTreeSet<(String, String)>,
}

/// A difference between two runs of a passage, widened to whole numbers.
struct Slot<'a> {
    a: &'a [u16],
    b: &'a [u16],
    /// Equal characters before and after it.
    flank: usize,
}

impl Facts {
    /// Reads the differences inside shared passages.
    pub(super) fn of(a: &Folded, b: &Folded, passages: &[Passage]) -> Self {
        let mut changed = BTreeSet::new();
        let mut same: Vec<&[u16]> = Vec::new();
        let mut renamed: Vec<(&[u16], &[u16])> = Vec::new();
        for slot in passages.iter().flat_map(|passage| slots(a, b, passage)) {
            slot.compare(&mut same, &mut changed);
            if slot.flank >= FLANK && are_names(slot.a, slot.b) {
                renamed.push((slot.a, slot.b));
            }
        }
        // A name changes wherever it stands; a misprint or an edit does not come twice.
        renamed.sort_unstable();
        for pair in renamed.chunk_by(|x, y| x == y).filter(|pairs| pairs.len() > 1) {
            changed.extend(pair.first().map(|(a, b)| (text(a), text(b))));
        }
        if changed.len() > 1 {
            let runs = passages.iter().flat_map(|passage| &passage.runs);
            for run in runs.filter(|run| is_own(b, run)) {
                same.extend(numbers(whole_numbers(b.units(), run)));
            }
        }
        same.sort_unstable();
        same.dedup();
        Facts { same: same.len(), changed }
    }

    /// Whether they are two stories in the same words: most of what could differ does.
    pub(super) fn differ(&self, share: f64) -> bool {
        let changed = self.changed.len();
        changed >= 2 && changed as f64 >= share * (changed + self.same) as f64
    }

    /// Such as `3 → 5; 王某 → 李某`; `None` if nothing changed.
    pub(super) fn told(&self) -> Option<String> {
        let told: Vec<String> =
            self.changed.iter().take(TOLD).map(|(a, b)| format!("{a} → {b}")).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}

impl<'a> Slot<'a> {
    /// Numbers that stand on both sides are the same; what is left is paired in order.
    fn compare(&self, same: &mut Vec<&'a [u16]>, changed: &mut BTreeSet<(String, String)>) {
        let mut only_b: Vec<&[u16]> = numbers(self.b).collect();
        let mut only_a: Vec<&[u16]> = Vec::new();
        for number in numbers(self.a) {
            match only_b.iter().position(|other| *other == number) {
                Some(at) => {
                    only_b.remove(at);
                    same.push(number);
                }
                None => only_a.push(number),
            }
        }
        if self.a.len().max(self.b.len()) <= SLOT {
            let pairs = only_a.into_iter().zip(only_b).filter(|(a, b)| !is_piece(a, b));
            changed.extend(pairs.map(|(a, b)| (text(a), text(b))));
        }
    }
}

/// The differences inside a passage.
fn slots<'a>(a: &'a Folded, b: &'a Folded, passage: &'a Passage) -> impl Iterator<Item = Slot<'a>> {
    let next = passage.runs.iter().skip(1);
    let pairs = passage.runs.iter().zip(next);
    let own = move |(last, next): &(&Run, &Run)| is_own(b, last) && is_own(b, next);
    pairs.filter(own).map(move |(last, next)| {
        let (a, b) = (a.units(), b.units());
        // Digits of the runs count only where the difference touches them as part of a number.
        let gap_a = last.a + last.len..next.a;
        let gap_b = last.b + last.len..next.b;
        let digit = |units: &[u16], at: usize| units.get(at).is_some_and(|unit| is_digit(*unit));
        let first = digit(a, gap_a.start) && !gap_a.is_empty()
            || digit(b, gap_b.start) && !gap_b.is_empty();
        let last_one = gap_a.end.checked_sub(1).is_some_and(|at| digit(a, at)) && !gap_a.is_empty()
            || gap_b.end.checked_sub(1).is_some_and(|at| digit(b, at)) && !gap_b.is_empty();
        let tail = if first { digits_before(b, gap_b.start, last.len) } else { 0 };
        let head = if last_one { digits_after(b, gap_b.end, next.len) } else { 0 };
        let widened = |units: &'a [u16], gap: &std::ops::Range<usize>| {
            units.get(gap.start - tail..gap.end + head).unwrap_or_default()
        };
        let flank = last.len.min(next.len);
        Slot { a: widened(a, &gap_a), b: widened(b, &gap_b), flank }
    })
}

fn is_own(b: &Folded, run: &Run) -> bool {
    b.own_in(&(run.b..run.b + run.len)) > 0
}

fn digits_before(units: &[u16], end: usize, limit: usize) -> usize {
    let before = units.get(..end).unwrap_or_default();
    before.iter().rev().take(limit).take_while(|unit| is_digit(**unit)).count()
}

fn digits_after(units: &[u16], start: usize, limit: usize) -> usize {
    let after = units.get(start..).unwrap_or_default();
    after.iter().take(limit).take_while(|unit| is_digit(**unit)).count()
}

/// A run without digits at its ends that may be parts of numbers which go on in differences.
fn whole_numbers<'a>(b: &'a [u16], run: &Run) -> &'a [u16] {
    let units = b.get(run.b..run.b + run.len).unwrap_or_default();
    let digit = |at: Option<usize>| at.and_then(|at| b.get(at)).is_some_and(|u| is_digit(*u));
    let cut = if digit(run.b.checked_sub(1)) { digits_after(units, 0, units.len()) } else { 0 };
    let units = units.get(cut..).unwrap_or_default();
    let end = units.len();
    let tail = if digit(Some(run.b + run.len)) { digits_before(units, end, end) } else { 0 };
    units.get(..end - tail).unwrap_or_default()
}

fn is_digit(unit: u16) -> bool {
    (u16::from(b'0')..=u16::from(b'9')).contains(&unit)
}

/// Runs of digits.
fn numbers(units: &[u16]) -> impl Iterator<Item = &[u16]> {
    units.split(|unit| !is_digit(*unit)).filter(|digits| !digits.is_empty())
}

/// Two to eight characters without digits on each side, and none of them on both.
fn are_names(a: &[u16], b: &[u16]) -> bool {
    let name =
        |units: &[u16]| (2..=8).contains(&units.len()) && !units.iter().any(|unit| is_digit(*unit));
    name(a) && name(b) && !a.iter().any(|unit| b.contains(unit))
}

/// Whether one is the other with a piece broken off, as a line wrap does to a long number.
fn is_piece(a: &[u16], b: &[u16]) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    short.len() >= PIECE && (long.starts_with(short) || long.ends_with(short))
}

fn text(units: &[u16]) -> String {
    String::from_utf16_lossy(units)
}
