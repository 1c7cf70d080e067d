//! Beside: two texts laid side by side, what they share and what differs.

use std::ops::Range;

use super::compare::{Folded, Passage};
use super::fold::places;

/// What a piece of two texts is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// The same words on both sides, but for case, punctuation and spacing.
    Same,
    /// Inside a shared passage: other words on the two sides.
    Changed,
    /// On the left side alone.
    Left,
    /// On the right side alone.
    Right,
}

/// A piece of two texts, as byte ranges; empty on a side where it does not stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: PieceKind,
    /// Where it stands in the left text.
    pub left: Range<usize>,
    /// Where it stands in the right text.
    pub right: Range<usize>,
}

/// Both texts in pieces, in the order of the right one; every character of the left one that is not
/// shared comes before the shared passage that it stands before.
pub fn beside(left: &str, right: &str) -> Vec<Piece> {
    let (folded, other) = (Folded::new(left, None), Folded::new(right, None));
    let passages = folded.compare(&other).passages;
    let mut pieces = Pieces { left: places(left), right: places(right), pieces: Vec::new() };
    let mut gaps = gaps(&passages, folded.units().len());
    let mut done = 0;
    for passage in &passages {
        let (in_a, in_b) = (passage.in_a(), passage.in_b());
        pieces.push(PieceKind::Right, 0..0, done..in_b.start);
        gaps.retain(|gap| {
            let here = gap.end == in_a.start;
            if here {
                pieces.push(PieceKind::Left, gap.clone(), 0..0);
            }
            !here
        });
        pieces.push_passage(passage);
        done = in_b.end;
    }
    pieces.push(PieceKind::Right, 0..0, done..other.units().len());
    for gap in gaps {
        pieces.push(PieceKind::Left, gap, 0..0);
    }
    pieces.pieces
}

/// What lies between the passages on the left.
fn gaps(passages: &[Passage], len: usize) -> Vec<Range<usize>> {
    let mut taken: Vec<Range<usize>> = passages.iter().map(Passage::in_a).collect();
    taken.sort_by_key(|range| range.start);
    let mut gaps = Vec::new();
    let mut end = 0;
    for range in taken {
        if end < range.start {
            gaps.push(end..range.start);
        }
        end = end.max(range.end);
    }
    if end < len {
        gaps.push(end..len);
    }
    gaps
}

/// Pieces being made, and where each unit of the folded texts stands.
struct Pieces {
    left: Vec<usize>,
    right: Vec<usize>,
    pieces: Vec<Piece>,
}

impl Pieces {
    fn push_passage(&mut self, passage: &Passage) {
        let mut last: Option<(usize, usize)> = None;
        for run in &passage.runs {
            if let Some((a, b)) = last {
                self.push(PieceKind::Changed, a..run.a, b..run.b);
            }
            let (a, b) = (run.a + run.len, run.b + run.len);
            self.push(PieceKind::Same, run.a..a, run.b..b);
            last = Some((a, b));
        }
    }

    /// Ranges are of folded units; what stands between two units goes with the first.
    fn push(&mut self, kind: PieceKind, left: Range<usize>, right: Range<usize>) {
        if left.is_empty() && right.is_empty() {
            return;
        }
        let bytes = |places: &[usize], range: &Range<usize>| {
            let at = |unit: usize| places.get(unit).copied().unwrap_or(0);
            if range.is_empty() { 0..0 } else { at(range.start)..at(range.end) }
        };
        let (left, right) = (bytes(&self.left, &left), bytes(&self.right, &right));
        self.pieces.push(Piece { kind, left, right });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(left: &str, right: &str, expected: &[(PieceKind, &str, &str)]) {
        let pieces = beside(left, right);
        let told: Vec<_> = pieces
            .iter()
            .map(|piece| {
                let (left, right) = (left.get(piece.left.clone()), right.get(piece.right.clone()));
                (piece.kind, left.unwrap(), right.unwrap())
            })
            .collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn pieces() {
        use PieceKind::{Changed, Left, Right, Same};
        let first = "江城警方通报，近日破获一起倒卖快递面单的案件，抓获犯罪嫌疑人";
        let second = "名，查扣手机和电脑一批，冻结资金若干万元，案件还在侦办。";
        let (left, right) = (format!("{first}7{second}"), format!("{first}9{second}"));
        check(&left, &right, &[(Same, first, first), (Changed, "7", "9"), (Same, second, second)]);
        let (left, right) = (format!("首页，新闻。{first}"), format!("{first}。责编：周某"));
        let with_stop = format!("{first}。");
        let framed =
            [(Left, "首页，新闻。", ""), (Same, first, &with_stop), (Right, "", "责编：周某")];
        check(&left, &right, &framed);
        check("", "", &[]);
        check("甲", "", &[(Left, "甲", "")]);
    }
}
