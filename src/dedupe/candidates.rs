//! Candidates: which articles share rare shingles, found by joining sketches on their hashes.

use super::Config;
use super::sketch::{Sketch, Title};

/// An article that may repeat another, by their sketches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Edge {
    /// The other article.
    pub(super) other: usize,
    /// Hashes that both have.
    pub(super) shared: u32,
    /// Share of this article's shingles that the other has, estimated.
    pub(super) inside: f64,
    /// Share of the other's shingles that this one has, estimated.
    pub(super) around: f64,
}

/// Which articles may repeat which, and what is no evidence for it.
#[derive(Debug)]
pub(super) struct Candidates {
    /// Per article, by number; edges go both ways.
    pub(super) edges: Vec<Vec<Edge>>,
    /// Hashes that stand in many unlike articles: menus, notices, quoted law. Ascending.
    pub(super) furniture: Vec<u64>,
}

/// Joins sketches that share enough hashes which are not found all over the collection.
///
/// The sketches are numbered from the longest text: where very many articles share a hash, each is
/// joined to the first of them only.
pub(super) fn candidates(sketches: &[&Sketch], config: &Config) -> Candidates {
    let all = Join::new(sketches.iter().map(|sketch| keys(sketch, config.evidence)).collect());
    let furniture = all.furniture(sketches, config);
    let rare = all.without(&furniture);
    let mut edges: Vec<Vec<Edge>> = vec![Vec::new(); sketches.len()];
    let mut counter = Counter::new(sketches.len());
    for article in 0..sketches.len() {
        for (other, shared) in counter.count(&rare, article) {
            let Some(edge) = rare.edge(sketches, article, other, shared) else { continue };
            let enough = edge.inside.max(edge.around) >= config.candidate;
            if shared < config.evidence || !enough {
                continue;
            }
            if let Some(edges) = edges.get_mut(article) {
                edges.push(edge);
            }
            if let Some(edges) = edges.get_mut(other) {
                let (inside, around) = (edge.around, edge.inside);
                edges.push(Edge { other: article, shared, inside, around });
            }
        }
    }
    edges.iter_mut().for_each(|edges| edges.sort_by_key(|edge| edge.other));
    Candidates { edges, furniture }
}

/// The hashes of a sketch, and its title as often as makes it evidence enough to read the texts.
///
/// Keys of titles are above all hashes of shingles.
fn keys(sketch: &Sketch, evidence: u32) -> Vec<u64> {
    let title = sketch.title.filter(|title| title.chars >= TITLE);
    let copies =
        |title: Title| (0..u64::from(evidence)).map(move |i| title.hash & !7 | 1 << 63 | i);
    let mut keys = sketch.hashes.clone();
    keys.extend(title.into_iter().flat_map(copies));
    keys
}

/// Shorter titles, such as `通知`, are no evidence.
const TITLE: u16 = 8;

/// A hash is joined to the first articles that have it, and to no more.
const HUBS: usize = 32;

/// The hashes of each article, and the articles of each hash.
struct Join {
    /// Ascending, per article.
    hashes: Vec<Vec<u64>>,
    /// Each hash and article once, by hash.
    postings: Vec<(u64, u32)>,
    /// Per article and hash: where the hash begins in `postings`.
    starts: Vec<Vec<u32>>,
}

impl Join {
    fn new(hashes: Vec<Vec<u64>>) -> Self {
        let mut postings: Vec<(u64, u32)> = Vec::new();
        for (article, hashes) in (0_u32..).zip(&hashes) {
            postings.extend(hashes.iter().map(|&hash| (hash, article)));
        }
        postings.sort_unstable();
        let mut starts: Vec<Vec<u32>> =
            hashes.iter().map(|hashes| Vec::with_capacity(hashes.len())).collect();
        let mut start = 0_u32;
        for same in postings.chunk_by(|x, y| x.0 == y.0) {
            for &(_, article) in same {
                if let Some(starts) = starts.get_mut(index(article)) {
                    starts.push(start);
                }
            }
            start = start.saturating_add(u32::try_from(same.len()).unwrap_or(u32::MAX));
        }
        Join { hashes, postings, starts }
    }

    /// The first articles with the hash that begins here.
    fn articles(&self, start: u32) -> impl Iterator<Item = usize> + '_ {
        let rest = self.postings.get(index(start)..).unwrap_or_default();
        let hash = rest.first().map(|posting| posting.0);
        rest.iter()
            .take(HUBS)
            .take_while(move |posting| Some(posting.0) == hash)
            .map(|posting| index(posting.1))
    }

    /// How much of each lies in the other, from the hashes under the smaller of the two bounds.
    fn edge(&self, sketches: &[&Sketch], a: usize, b: usize, shared: u32) -> Option<Edge> {
        let reach = sketches.get(a)?.reach.min(sketches.get(b)?.reach);
        let under = |article: usize| {
            self.hashes.get(article).map(|hashes| hashes.partition_point(|&hash| hash <= reach))
        };
        let share = |of: usize| (f64::from(shared) / (of.max(1) as f64)).min(1.0);
        Some(Edge { other: b, shared, inside: share(under(a)?), around: share(under(b)?) })
    }

    /// Hashes that stand in many unlike articles, ascending.
    fn furniture(&self, sketches: &[&Sketch], config: &Config) -> Vec<u64> {
        let leaders = self.leaders(sketches);
        let mut furniture: Vec<u64> = Vec::new();
        for same in self.postings.chunk_by(|x, y| x.0 == y.0) {
            let mut seen: Vec<usize> =
                same.iter().filter_map(|p| leaders.get(index(p.1)).copied()).collect();
            seen.sort_unstable();
            let groups = seen.chunk_by(|x, y| x == y);
            let largest = groups.clone().map(<[usize]>::len).max().unwrap_or(0);
            // A story told very often leaves some copies outside its group; it is not furniture.
            if groups.count() > config.spread && largest * 4 < same.len() * 3 {
                furniture.extend(same.first().map(|posting| posting.0));
            }
        }
        furniture
    }

    fn without(self, furniture: &[u64]) -> Join {
        let mut hashes = self.hashes;
        for hashes in &mut hashes {
            hashes.retain(|hash| furniture.binary_search(hash).is_err());
        }
        Join::new(hashes)
    }

    /// A first, rough grouping: each article goes with the nearest of the leaders before it, or leads.
    fn leaders(&self, sketches: &[&Sketch]) -> Vec<usize> {
        let mut counter = Counter::new(sketches.len());
        let mut leaders: Vec<usize> = Vec::with_capacity(sketches.len());
        for article in 0..sketches.len() {
            let mut best = (0.0, article);
            for (other, shared) in counter.count(self, article) {
                let Some(edge) = self.edge(sketches, article, other, shared) else { continue };
                let near = edge.inside.max(edge.around);
                let leads = leaders.get(other) == Some(&other);
                // Under other titles, pages of one site may have most of their menus in common.
                let alike = if same_title(sketches, article, other) { 0.3 } else { 0.9 };
                if leads && shared >= 4 && near >= alike && near > best.0 {
                    best = (near, other);
                }
            }
            leaders.push(best.1);
        }
        leaders
    }
}

/// Whether titles do not speak against telling the same.
fn same_title(sketches: &[&Sketch], a: usize, b: usize) -> bool {
    let title = |i: usize| sketches.get(i).and_then(|sketch| sketch.title);
    title(a).zip(title(b)).is_none_or(|(a, b)| a.hash == b.hash)
}

/// Counts shared hashes, one article at a time.
struct Counter {
    counts: Vec<u32>,
    touched: Vec<usize>,
}

impl Counter {
    fn new(articles: usize) -> Self {
        Counter { counts: vec![0; articles], touched: Vec::new() }
    }

    /// The articles before this one that share hashes with it, in order, and how many.
    fn count(&mut self, join: &Join, article: usize) -> Vec<(usize, u32)> {
        let starts = join.starts.get(article).map_or(&[] as &[u32], Vec::as_slice);
        for &start in starts {
            for other in join.articles(start).take_while(|&other| other < article) {
                let Some(count) = self.counts.get_mut(other) else { continue };
                if *count == 0 {
                    self.touched.push(other);
                }
                *count += 1;
            }
        }
        self.touched.sort_unstable();
        let counts = &mut self.counts;
        let taken = self.touched.drain(..);
        taken.filter_map(|other| Some((other, std::mem::take(counts.get_mut(other)?)))).collect()
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
