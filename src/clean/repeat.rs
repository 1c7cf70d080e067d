//! Collapse: a body that is printed twice or more -> its first copy.

use std::collections::BTreeSet;

use super::chars::essence;
use super::markup::lines;
use crate::model::{Mapped, Repair, Rewrite};

/// The text without later copies of itself, and how many there were.
pub(super) fn collapsed(text: Mapped, repairs: &mut BTreeSet<Repair>) -> (Mapped, u32) {
    let source = text.text();
    if source.len() < SHORTEST_COPY * 2 {
        return (text, 0);
    }
    let ranges = lines(source);
    let mut shingles = Vec::with_capacity(source.len() / 24);
    let mut sketches = Vec::with_capacity(ranges.len());
    for (i, range) in ranges.iter().enumerate() {
        let line = source.get(range.clone()).unwrap_or_default();
        sketches.push(Sketch::of(line, |hash| shingles.push((hash, i))));
    }
    let Some(copies) = copies(&sketches, shingles) else { return (text, 0) };
    let mut out = Rewrite::new(&text);
    for (range, _) in ranges.iter().zip(&copies.repeated).filter(|(_, repeated)| !**repeated) {
        if !out.written().is_empty() {
            out.keep(range.start - 1..range.start);
        }
        out.keep(range.clone());
    }
    repairs.insert(Repair::SelfRepeat);
    (out.finish(), copies.count)
}

/// What is kept of a line; its shingles are gathered elsewhere.
struct Sketch {
    n_shingles: usize,
    /// Of the whole line.
    whole: u64,
    chars: usize,
}

impl Sketch {
    /// Long enough to tell a copy by.
    fn is_long(&self) -> bool {
        3 <= self.n_shingles
    }
}

/// Characters of one shingle: long enough not to recur by chance.
const SHINGLE: usize = 12;
/// How far a character has been rotated when it leaves the window.
const ROTATED: u32 = 12;
/// One shingle in this many is looked at.
const SAMPLE: u64 = 8;

impl Sketch {
    /// Calls `found` with some of the line's shingles, chosen by what they say and not by where they stand.
    fn of(line: &str, mut found: impl FnMut(u64)) -> Sketch {
        let mut window = [0_u64; SHINGLE];
        let mut n_shingles = 0;
        let mut chars = 0_usize;
        let mut rolling = 0_u64;
        let mut whole = 0_u64;
        for c in essence(line) {
            let value = mixed(u64::from(u32::from(c)));
            let Some(slot) = window.get_mut(chars % SHINGLE) else { break };
            whole = mixed(whole ^ value);
            rolling = rolling.rotate_left(1) ^ slot.rotate_left(ROTATED) ^ value;
            *slot = value;
            chars += 1;
            if SHINGLE <= chars && mixed(rolling).is_multiple_of(SAMPLE) {
                n_shingles += 1;
                found(rolling);
            }
        }
        Sketch { n_shingles, whole, chars }
    }
}

/// Spreads a number over all bits (the finalizer of splitmix64).
fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

struct Copies {
    repeated: Vec<bool>,
    count: u32,
}

/// A shorter text that recurs is a quotation or a summary.
const SHORTEST_COPY: usize = 120;

/// Which lines repeat earlier ones, if they amount to half of what is not repeated.
fn copies(sketches: &[Sketch], mut shingles: Vec<(u64, usize)>) -> Option<Copies> {
    shingles.sort_unstable();
    // How many of a line's shingles stand in an earlier line.
    let mut known = vec![0_usize; sketches.len()];
    for same in shingles.chunk_by(|(a, _), (b, _)| a == b) {
        let first = same.first().map_or(0, |(_, line)| *line);
        for (_, line) in same.iter().filter(|(_, line)| first < *line) {
            if let Some(count) = known.get_mut(*line) {
                *count += 1;
            }
        }
    }
    let mut repeated = Vec::with_capacity(sketches.len());
    let (mut copied, mut unique) = (0, 0);
    for (sketch, known) in sketches.iter().zip(known) {
        // Four in five: a copy may have been edited.
        let copy = sketch.is_long() && sketch.n_shingles * 4 <= known * 5;
        *(if copy { &mut copied } else { &mut unique }) += sketch.chars;
        repeated.push(copy);
    }
    if copied < SHORTEST_COPY || copied * 2 < unique {
        return None;
    }
    join_short_lines(sketches, &mut repeated);
    let chars = |copy: bool| -> usize {
        let lines = sketches.iter().zip(&repeated).filter(|(_, repeated)| **repeated == copy);
        lines.map(|(sketch, _)| sketch.chars).sum()
    };
    let kept = chars(false).max(1);
    let count = ((chars(true) + kept / 2) / kept).max(1);
    Some(Copies { repeated, count: u32::try_from(count).unwrap_or(u32::MAX) })
}

/// Lines too short for a shingle, such as headings, go with the copied lines around them.
fn join_short_lines(sketches: &[Sketch], repeated: &mut [bool]) {
    let is_long = |i: usize| sketches.get(i).is_some_and(Sketch::is_long);
    // Whether the nearest long line from each line on is a copy; what ends the text goes with what is before it.
    let mut copied_after = vec![true; repeated.len()];
    let mut copied = true;
    for (i, (after, repeated)) in copied_after.iter_mut().zip(repeated.iter()).enumerate().rev() {
        if is_long(i) {
            copied = *repeated;
        }
        *after = copied;
    }
    let mut copied_before = false;
    let mut seen = BTreeSet::new();
    for ((sketch, repeated), copied_after) in sketches.iter().zip(repeated).zip(copied_after) {
        let known = !seen.insert(sketch.whole);
        if sketch.is_long() {
            copied_before = *repeated;
        } else {
            *repeated = copied_after && (copied_before || known);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(n: usize) -> String {
        let places = ["甲县", "乙市", "丙州", "丁区", "戊镇", "己旗"];
        let deeds = [
            "从物业公司购得业主名单",
            "向装修公司出售住户电话",
            "用木马窃取快递面单",
            "冒充客服骗取验证码",
        ];
        let (place, deed) = (places[n % 6], deeds[n % 4]);
        format!(
            "{n}月{n}日，{place}警方通报称，嫌疑人第{n}次{deed}，涉及{n}万余条，民警循线追查后将其抓获归案。"
        )
    }

    fn check(text: &str, expected: &str, copies: u32) {
        let (out, found) = collapsed(Mapped::verbatim(text), &mut BTreeSet::new());
        assert_eq!((out.text(), found), (expected, copies));
    }

    #[test]
    fn bodies_printed_twice() {
        let body: Vec<String> = (1..9).map(story).collect();
        let body = format!("案情\n{}", body.join("\n"));
        check(&body, &body, 0);
        check(&format!("{body}\n{body}"), &body, 1);
        check(&format!("{body}\n{body}\n{body}"), &body, 2);
    }

    #[test]
    fn a_quoted_paragraph_is_no_copy() {
        let body: Vec<String> = (1..9).map(story).collect();
        let text = format!("{}\n{}", body.join("\n"), story(3));
        check(&text, &text, 0);
    }
}
