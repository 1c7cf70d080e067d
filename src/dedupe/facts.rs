//! Facts: where two texts agree word for word but for numbers and names, what differs.

use std::collections::BTreeSet;

use super::compare::{Indexed, Passage, Run};

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
    /// Numbers that stand in both.
    pub(super) same: BTreeSet<String>,
    /// What stands in the first and what stands there in the second.
    pub(super) changed: BTreeSet<(String, String)>,
}

impl Facts {
    /// Reads the differences inside shared passages.
    pub(super) fn of(a: &Indexed, b: &Indexed, passages: &[Passage]) -> Self {
        let mut facts = Facts::default();
        let mut renamed: Vec<(String, String)> = Vec::new();
        for passage in passages {
            facts.read(a, b, passage, &mut renamed);
        }
        // A name changes wherever it stands; a misprint or an edit does not come twice.
        renamed.sort_unstable();
        for pair in renamed.chunk_by(|x, y| x == y).filter(|pairs| pairs.len() > 1) {
            facts.changed.extend(pair.first().cloned());
        }
        facts
    }

    /// Whether they are two stories in the same words: most of what could differ does.
    pub(super) fn differ(&self, share: f64) -> bool {
        let changed = self.changed.len();
        changed >= 2 && changed as f64 >= share * (changed + self.same.len()) as f64
    }

    /// Such as `3 → 5; 王某 → 李某`; `None` if nothing changed.
    pub(super) fn told(&self) -> Option<String> {
        let told: Vec<String> =
            self.changed.iter().take(TOLD).map(|(a, b)| format!("{a} → {b}")).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    fn read(
        &mut self,
        a: &Indexed,
        b: &Indexed,
        passage: &Passage,
        renamed: &mut Vec<(String, String)>,
    ) {
        let own = |run: &Run| b.own_in(&(run.b..run.b + run.len)) > 0;
        let mut runs = passage.runs.iter().copied().filter(own);
        let (a, b) = (a.chars(), b.chars());
        let Some(mut last) = runs.next() else { return };
        let mut cut = 0;
        for run in runs {
            let (slot_a, slot_b, tail, head) = slot(a, b, last, run);
            self.keep(inside(b, last, cut, tail));
            cut = head;
            let (numbers_a, numbers_b) = (numbers(&slot_a), numbers(&slot_b));
            let flanked = last.len >= FLANK && run.len >= FLANK;
            let small = slot_a.len().max(slot_b.len()) <= SLOT;
            self.compare(numbers_a, numbers_b, small);
            if flanked && are_names(&slot_a, &slot_b) {
                renamed.push((slot_a.iter().collect(), slot_b.iter().collect()));
            }
            last = run;
        }
        self.keep(inside(b, last, cut, 0));
    }

    fn keep(&mut self, chars: &[char]) {
        self.same.extend(numbers(chars));
    }

    /// What stands on both sides is the same; what is left is paired in order.
    fn compare(&mut self, a: Vec<String>, b: Vec<String>, small: bool) {
        let mut only_b = b;
        let mut only_a = Vec::new();
        for number in a {
            match only_b.iter().position(|other| *other == number) {
                Some(at) => {
                    only_b.remove(at);
                    self.same.insert(number);
                }
                None => only_a.push(number),
            }
        }
        if small {
            let pairs = only_a.into_iter().zip(only_b);
            self.changed.extend(pairs.filter(|(a, b)| !is_piece(a, b)));
        }
    }
}

/// The two sides between runs, widened to whole numbers; how many characters that took of each run.
fn slot(a: &[char], b: &[char], last: Run, next: Run) -> (Vec<char>, Vec<char>, usize, usize) {
    let digits_before = |chars: &[char], end: usize| {
        let run = chars.get(end - last.len..end).unwrap_or_default();
        run.iter().rev().take_while(|c| c.is_ascii_digit()).count()
    };
    let digits_after = |chars: &[char], start: usize| {
        let run = chars.get(start..start + next.len).unwrap_or_default();
        run.iter().take_while(|c| c.is_ascii_digit()).count()
    };
    let gap = |chars: &[char], from: usize, to: usize| -> Vec<char> {
        chars.get(from..to).unwrap_or_default().to_vec()
    };
    let (end_a, end_b) = (last.a + last.len, last.b + last.len);
    let tail = digits_before(b, end_b);
    let head = digits_after(b, next.b);
    // Digits of the runs count only where the difference touches them as part of a number.
    let touches = |c: Option<&char>| c.is_some_and(char::is_ascii_digit);
    let first = |chars: &[char], at: usize| touches(chars.get(at));
    let before =
        |chars: &[char], at: usize| touches(at.checked_sub(1).and_then(|at| chars.get(at)));
    let tail = if first(a, end_a) || first(b, end_b) { tail } else { 0 };
    let head = if before(a, next.a) || before(b, next.b) { head } else { 0 };
    (gap(a, end_a - tail, next.a + head), gap(b, end_b - tail, next.b + head), tail, head)
}

/// A run without the characters at its ends that belong to differences.
fn inside(b: &[char], run: Run, cut: usize, tail: usize) -> &[char] {
    b.get(run.b + cut..(run.b + run.len).saturating_sub(tail)).unwrap_or_default()
}

/// Runs of digits.
fn numbers(chars: &[char]) -> Vec<String> {
    chars
        .split(|c| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.iter().collect())
        .collect()
}

/// Two to eight characters without digits on each side, and none of them on both.
fn are_names(a: &[char], b: &[char]) -> bool {
    let name =
        |chars: &[char]| (2..=8).contains(&chars.len()) && !chars.iter().any(char::is_ascii_digit);
    name(a) && name(b) && !a.iter().any(|c| b.contains(c))
}

/// Whether one is the other with a piece broken off, as a line wrap does to a long number.
fn is_piece(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    short.len() >= PIECE && (long.starts_with(short) || long.ends_with(short))
}
