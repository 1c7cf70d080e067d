//! Candidates: which texts share rare shingles, found by joining sketches on their hashes.
//!
//! The join is a chain of sorts: hashes with their texts, texts with those they might go with, pairs
//! of texts, neighbours of each text. Each is put into parts that go to disk where there are many.

use std::io;

use super::order::{NONE, Order, to_u32};
use super::scratch::Scratch;
use super::sketch::{HASH_BITS, Title};
use super::spill::{PARTS, Parted, Rows};
use super::{Articles, Config, to_usize};

/// A text that may repeat another, by their sketches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Edge {
    /// The other text.
    pub(super) other: usize,
    /// Share of this text's shingles that the other has, estimated.
    pub(super) inside: f64,
    /// Share of the other's shingles that this one has, estimated.
    pub(super) around: f64,
}

/// Which texts may repeat which, and what is no evidence for it.
#[derive(Debug)]
pub(super) struct Candidates {
    /// Edges in both directions, by text.
    edges: Rows<8>,
    /// Per text and one more: where its edges begin.
    starts: Vec<u32>,
    /// Texts with edges, first those in which most of their neighbours' shingles stand.
    pub(super) by_reach: Vec<u32>,
    /// Hashes that stand in many unlike articles: menus, notices, quoted law. Ascending.
    furniture: Vec<u64>,
    /// Per text, up to which hash its sketch is complete; in units of 2^8.
    reach: Vec<u32>,
    /// Per text: how many of its hashes are not furniture, and how many are.
    counts: Vec<[u8; 2]>,
}

impl Candidates {
    /// The texts that may repeat this one or be repeated by it.
    pub(super) fn edges(&self, text: usize, scratch: &dyn Scratch) -> io::Result<Vec<Edge>> {
        let start = self.starts.get(text).copied().unwrap_or(0);
        let end = self.starts.get(text + 1).copied().unwrap_or(start);
        let rows = self.edges.read(u64::from(start), to_usize(end - start), scratch)?;
        Ok(rows.into_iter().map(Edge::unpack).collect())
    }

    /// Whether a shingle's hash is furniture; `None` if it is not known of this text's hashes.
    pub(super) fn is_furniture(&self, text: usize, hash: u64) -> Option<bool> {
        let reach = self.reach.get(text).copied().unwrap_or(0);
        (hash >> 8 <= u64::from(reach)).then(|| self.furniture.binary_search(&hash).is_ok())
    }

    /// Whether a part of a text that matters is furniture.
    pub(super) fn has_furniture(&self, text: usize) -> bool {
        self.counts.get(text).is_some_and(|&[own, furniture]| {
            furniture > 1 && u32::from(furniture) * 10 > u32::from(own)
        })
    }

    /// Forgets what is in scratch files.
    pub(super) fn end(self, scratch: &dyn Scratch) -> io::Result<()> {
        self.edges.end(scratch)
    }
}

impl Edge {
    fn unpack(row: [u8; 8]) -> Edge {
        let [a, b, c, d, inside, around, ..] = row;
        let share = |byte: u8| f64::from(byte) / SHARE;
        let other = to_usize(u32::from_le_bytes([a, b, c, d]));
        Edge { other, inside: share(inside), around: share(around) }
    }
}

/// Shares are kept as bytes.
const SHARE: f64 = 250.0;

/// Shorter titles, such as `通知`, are no evidence.
const TITLE: u16 = 8;

/// A hash is joined to the first texts that have it, and to no more.
const HUBS: usize = 32;

/// Texts that a text votes for as its leader, for each hash.
const VOTES: usize = 3;

/// Joins texts that share enough hashes which are not found all over the collection.
///
/// Texts are numbered from the longest: where very many share a hash, each is joined to the first of
/// them only.
pub(super) fn candidates(
    articles: &dyn Articles,
    order: &Order,
    room: usize,
    config: &Config,
    scratch: &dyn Scratch,
) -> io::Result<Candidates> {
    let mut join = Join::new(articles, order, room, scratch)?;
    let leaders = join.leaders(scratch)?;
    let pairs = join.pairs(&leaders, config, scratch)?;
    drop(leaders);
    join.edges(pairs, config, scratch)
}

/// The hashes of all texts.
struct Join {
    texts: usize,
    room: usize,
    /// Hash and text, by part: hashes of shingles, then of titles.
    postings: [Parted<u64>; 2],
    /// As in [`Candidates`].
    reach: Vec<u32>,
    counts: Vec<[u8; 2]>,
    /// Per text: a hash of the title, 0 if it has none.
    titles: Vec<u32>,
    furniture: Vec<u64>,
}

impl Join {
    /// Reads every sketch once more.
    fn new(
        articles: &dyn Articles,
        order: &Order,
        room: usize,
        scratch: &dyn Scratch,
    ) -> io::Result<Self> {
        let texts = order.len();
        let mut join = Join {
            texts,
            room,
            postings: [Parted::new("hashes", room), Parted::new("titles-by-hash", room / 8)],
            reach: vec![0; texts],
            counts: vec![[0; 2]; texts],
            titles: vec![0; texts],
            furniture: Vec::new(),
        };
        for (sketch, text) in articles.sketches().zip(order.text_of()) {
            let sketch = sketch?;
            if text == NONE {
                continue;
            }
            for &hash in &sketch.hashes {
                let [shingles, _] = &mut join.postings;
                shingles.push(part_of_hash(hash), posting(hash, text), scratch)?;
            }
            if let Some(title) = sketch.title.filter(|title| title.chars >= TITLE) {
                let hash = title_hash(&title);
                let [_, titles] = &mut join.postings;
                titles.push(part_of_hash(hash), posting(hash, text), scratch)?;
            }
            let text = to_usize(text);
            let title = sketch.title.map_or(0, |title| to_u32_hash(title.hash).max(1));
            let count = u8::try_from(sketch.hashes.len()).unwrap_or(u8::MAX);
            let reach = u32::try_from(sketch.reach >> 8).unwrap_or(u32::MAX);
            set(&mut join.titles, text, title);
            set(&mut join.counts, text, [count, 0]);
            set(&mut join.reach, text, reach);
        }
        Ok(join)
    }

    /// A first, rough grouping: each text goes with the nearest of those before it, or leads.
    fn leaders(&mut self, scratch: &dyn Scratch) -> io::Result<Vec<u32>> {
        let mut votes: Parted<u64> = Parted::new("votes", self.room);
        let [shingles, _] = &self.postings;
        for part in 0..PARTS {
            let postings = shingles.sorted(part, scratch)?;
            for same in postings.chunk_by(same_hash) {
                for (i, &posting) in same.iter().enumerate() {
                    for first in same.iter().take(VOTES.min(i)) {
                        let pair = pair(text(posting), text(*first));
                        votes.push(self.part_of_text(text(posting)), pair, scratch)?;
                    }
                }
            }
        }
        let mut leaders: Vec<u32> = (0..to_u32(self.texts)).collect();
        for part in 0..PARTS {
            let pairs = votes.sorted(part, scratch)?;
            for of_text in pairs.chunk_by(|x, y| x >> 32 == y >> 32) {
                self.lead(of_text, &mut leaders);
            }
            votes.drop_part(part);
        }
        votes.end(scratch)?;
        Ok(leaders)
    }

    /// Chooses a leader for one text from its votes.
    fn lead(&self, votes: &[u64], leaders: &mut [u32]) {
        let mut best = (0.0, None);
        for same in votes.chunk_by(PartialEq::eq) {
            let Some(&pair) = same.first() else { continue };
            let (text, other) = (upper(pair), lower(pair));
            let (inside, around) = self.shares(text, other, same.len());
            let near = inside.max(around);
            // Under other titles, pages of one site may have most of their menus in common.
            let title = |text: u32| self.titles.get(to_usize(text)).copied().unwrap_or(0);
            let (a, b) = (title(text), title(other));
            let alike = if a == b || a == 0 || b == 0 { 0.3 } else { 0.9 };
            if same.len() >= 4 && near >= alike && near > best.0 {
                best = (near, Some((text, other)));
            }
        }
        if let (_, Some((text, other))) = best {
            // The other comes before this one, so its own leader is known.
            let leader = leaders.get(to_usize(other)).copied().unwrap_or(other);
            set(leaders, to_usize(text), leader);
        }
    }

    /// How much of each lies in the other, from the hashes under the smaller of the two bounds.
    fn shares(&self, a: u32, b: u32, shared: usize) -> (f64, f64) {
        let reach =
            |text: u32| f64::from(self.reach.get(to_usize(text)).copied().unwrap_or(0)) + 1.0;
        let count = |text: u32| {
            f64::from(self.counts.get(to_usize(text)).map_or(0, |counts| counts[0]).max(1))
        };
        let least = reach(a).min(reach(b));
        let under = |text: u32| (count(text) * least / reach(text)).max(1.0);
        let share = |text: u32| (shared as f64 / under(text)).min(1.0);
        (share(a), share(b))
    }

    /// Pairs of texts, once for each hash that both have and that is not furniture, which is set apart.
    fn pairs(
        &mut self,
        leaders: &[u32],
        config: &Config,
        scratch: &dyn Scratch,
    ) -> io::Result<Parted<u64>> {
        let mut pairs: Parted<u64> = Parted::new("pairs", self.room);
        for (kind, times) in [(0, 1), (1, config.evidence)] {
            for part in 0..PARTS {
                let Some(postings) = self.postings.get_mut(kind) else { continue };
                let sorted = postings.sorted(part, scratch)?;
                postings.drop_part(part);
                for same in sorted.chunk_by(same_hash) {
                    if is_furniture(same, leaders, config.spread) {
                        if kind == 0 {
                            self.set_apart(part, same);
                        }
                        continue;
                    }
                    for (i, &posting) in same.iter().enumerate() {
                        let to = self.part_of_text(text(posting));
                        for &first in same.iter().take(HUBS.min(i)) {
                            for _ in 0..times {
                                pairs.push(to, pair(text(posting), text(first)), scratch)?;
                            }
                        }
                    }
                }
            }
        }
        self.furniture.sort_unstable();
        scratch.remove("hashes")?;
        scratch.remove("titles-by-hash")?;
        Ok(pairs)
    }

    /// Notes that a hash is furniture.
    fn set_apart(&mut self, part: usize, same: &[u64]) {
        self.furniture.extend(same.first().map(|first| (first >> 32) << 8 | part as u64));
        for &posting in same {
            if let Some([own, furniture]) = self.counts.get_mut(to_usize(text(posting))) {
                *own = own.saturating_sub(1);
                *furniture = furniture.saturating_add(1);
            }
        }
    }

    fn edges(
        self,
        mut pairs: Parted<u64>,
        config: &Config,
        scratch: &dyn Scratch,
    ) -> io::Result<Candidates> {
        let mut both: Parted<u128> = Parted::new("edges-by-text", self.room);
        for part in 0..PARTS {
            let sorted = pairs.sorted(part, scratch)?;
            pairs.drop_part(part);
            for same in sorted.chunk_by(PartialEq::eq) {
                let Some(&pair) = same.first() else { continue };
                let (a, b) = (upper(pair), lower(pair));
                let (inside, around) = self.shares(a, b, same.len());
                let enough = inside.max(around) >= config.candidate;
                if enough && to_u32(same.len()) >= config.evidence {
                    let from = self.part_of_text(a);
                    both.push(from, edge(a, b, inside, around), scratch)?;
                    both.push(self.part_of_text(b), edge(b, a, around, inside), scratch)?;
                }
            }
        }
        pairs.end(scratch)?;
        let mut edges: Rows<8> = Rows::new("edges", self.room);
        let mut starts = Vec::with_capacity(self.texts + 1);
        let mut reached: Vec<(u32, u32)> = Vec::new();
        for part in 0..PARTS {
            let sorted = both.sorted(part, scratch)?;
            both.drop_part(part);
            for same in sorted.chunk_by(|x, y| x >> 96 == y >> 96) {
                let from = same.first().map_or(0, |edge| lower_128(edge >> 96));
                starts.resize(to_usize(from) + 1, to_u32_from(edges.len()));
                let mut weight = 0_u32;
                for &edge in same {
                    let [inside, around] = [edge >> 8, edge].map(|bits| bits.to_le_bytes()[0]);
                    let [a, b, c, d] = lower_128(edge >> 64).to_le_bytes();
                    edges.push(&[a, b, c, d, inside, around, 0, 0], scratch)?;
                    weight = weight.saturating_add(u32::from(around));
                }
                reached.push((!weight, from));
            }
        }
        both.end(scratch)?;
        starts.resize(self.texts + 1, to_u32_from(edges.len()));
        reached.sort_unstable();
        let by_reach = reached.into_iter().map(|(_, text)| text).collect();
        let Join { furniture, reach, counts, .. } = self;
        Ok(Candidates { edges, starts, by_reach, furniture, reach, counts })
    }

    /// Parts of texts follow each other, so that all texts come in order.
    fn part_of_text(&self, text: u32) -> usize {
        let part = u64::from(text) * PARTS as u64 / self.texts.max(1) as u64;
        usize::try_from(part).unwrap_or(0)
    }
}

/// Whether postings of one hash are of many unlike texts.
fn is_furniture(same: &[u64], leaders: &[u32], spread: usize) -> bool {
    if same.len() <= spread {
        return false;
    }
    let leader = |posting: &u64| leaders.get(to_usize(text(*posting))).copied();
    let mut seen: Vec<u32> = same.iter().filter_map(leader).collect();
    seen.sort_unstable();
    let groups = seen.chunk_by(|x, y| x == y);
    let largest = groups.clone().map(<[u32]>::len).max().unwrap_or(0);
    // A story told very often leaves some copies outside its group; it is not furniture.
    groups.count() > spread && largest * 4 < same.len() * 3
}

/// The lower bits of a hash choose the part, since sketches keep hashes with low upper bits.
fn part_of_hash(hash: u64) -> usize {
    usize::from(hash.to_le_bytes()[0])
}

/// The other bits of a hash, and the text.
fn posting(hash: u64, text: u32) -> u64 {
    (hash >> 8) << 32 | u64::from(text)
}

fn title_hash(title: &Title) -> u64 {
    super::fold::spread(title.hash) >> (64 - HASH_BITS)
}

fn same_hash(x: &u64, y: &u64) -> bool {
    x >> 32 == y >> 32
}

fn text(posting: u64) -> u32 {
    lower(posting)
}

/// The later text first.
fn pair(text: u32, before: u32) -> u64 {
    u64::from(text) << 32 | u64::from(before)
}

fn edge(from: u32, to: u32, inside: f64, around: f64) -> u128 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 250")]
    let byte = |share: f64| u128::from((share * SHARE).round() as u8);
    u128::from(from) << 96 | u128::from(to) << 64 | byte(inside) << 8 | byte(around)
}

fn upper(number: u64) -> u32 {
    u32::try_from(number >> 32).unwrap_or(u32::MAX)
}

fn lower(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

fn lower_128(number: u128) -> u32 {
    u32::try_from(number & u128::from(u32::MAX)).unwrap_or(u32::MAX)
}

fn to_u32_hash(hash: u64) -> u32 {
    upper(super::fold::spread(hash))
}

fn to_u32_from(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn set<T>(values: &mut [T], at: usize, value: T) {
    if let Some(slot) = values.get_mut(at) {
        *slot = value;
    }
}
