//! Dedupe: sketches of all articles in, who repeats whom and why out.

mod beside;
mod bits;
mod candidates;
mod compare;
mod facts;
mod filed;
mod fold;
mod group;
mod order;
mod scratch;
mod sketch;
mod spill;
#[cfg(test)]
mod tests;
mod titles;
mod verify;

use std::borrow::Cow;
use std::io;

pub use beside::{Piece, PieceKind, beside};
pub use filed::{Filed, Told};
pub use scratch::{Memory, Scratch};
pub use sketch::{Sketch, Title, sketch};

use crate::model::{Article, DuplicateRole};
use group::Star;
use order::{Order, to_u32};
use spill::Rows;
use verify::Verifier;

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
    /// Bytes that may be held beside a few for each article; more goes to scratch files.
    pub memory: u64,
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
            memory: 64 << 20,
        }
    }
}

/// A collection as dedupe asks for it: every sketch in order, and the texts of articles to compare.
///
/// Sketches are asked for more than once and texts by number, so neither need be held in memory.
pub trait Articles {
    /// How many articles there are.
    fn len(&self) -> usize;
    /// Every sketch, in the order of the articles.
    fn sketches(&self) -> Box<dyn Iterator<Item = io::Result<Sketch>> + '_>;
    /// The clean body of an article, by its number from 0.
    fn text(&self, article: usize) -> io::Result<Cow<'_, str>>;
    /// Its title.
    fn title(&self, article: usize) -> io::Result<Option<Cow<'_, str>>>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Sketches and articles held in memory.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// One per article.
    pub sketches: &'a [Sketch],
    /// In the same order.
    pub articles: &'a [Article],
}

impl Articles for Held<'_> {
    fn len(&self) -> usize {
        self.sketches.len()
    }

    fn sketches(&self) -> Box<dyn Iterator<Item = io::Result<Sketch>> + '_> {
        Box::new(self.sketches.iter().cloned().map(Ok))
    }

    fn text(&self, article: usize) -> io::Result<Cow<'_, str>> {
        Ok(Cow::Borrowed(self.articles.get(article).map_or("", |article| article.body.text())))
    }

    fn title(&self, article: usize) -> io::Result<Option<Cow<'_, str>>> {
        let title = self.articles.get(article).and_then(|article| article.title.as_deref());
        Ok(title.map(Cow::Borrowed))
    }
}

/// Every article's place among those that tell the same text.
#[derive(Debug)]
pub struct Deduped {
    /// Per article: the one that is kept in its place.
    canonical: Vec<u32>,
    roles: Vec<DuplicateRole>,
    /// Per article: its row in `details`; [`NONE`] for an article by itself.
    rows: Vec<u32>,
    details: Rows<DETAIL>,
    /// Examples and changed facts, one after the other.
    words: Rows<1>,
}

/// No row.
const NONE: u32 = u32::MAX;
/// Bytes of a row of details.
const DETAIL: usize = 44;

impl Deduped {
    /// How many articles there are.
    pub fn len(&self) -> usize {
        self.canonical.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.canonical.is_empty()
    }

    /// The article that is kept in the place of this one; itself where it is kept.
    pub fn canonical(&self, article: usize) -> usize {
        self.canonical.get(article).map_or(article, |canonical| to_usize(*canonical))
    }

    /// What the article is to the one kept in its place.
    pub fn role(&self, article: usize) -> DuplicateRole {
        self.roles.get(article).copied().unwrap_or(DuplicateRole::Canonical)
    }

    /// How many articles are kept.
    pub fn kept(&self) -> usize {
        self.roles.iter().filter(|role| **role == DuplicateRole::Canonical).count()
    }

    /// Everything about how the article stands to the one kept in its place.
    ///
    /// `scratch` is the one that [`dedupe`] was given, unless all of it fitted into memory.
    pub fn verdict(&self, article: usize, scratch: &dyn Scratch) -> io::Result<Verdict> {
        let mut verdict = Verdict::alone(article);
        verdict.canonical = self.canonical(article);
        verdict.role = self.role(article);
        let row = self.rows.get(article).copied().unwrap_or(NONE);
        if row != NONE {
            let rows = self.details.read(u64::from(row), 1, scratch)?;
            if let Some((example, changed)) = rows.first().and_then(|row| verdict.unpack(row)) {
                verdict.example = self.read_words(example, scratch)?;
                verdict.changed = self.read_words(changed, scratch)?;
            }
        }
        Ok(verdict)
    }

    /// The same of every article, in order.
    pub fn verdicts<'a>(
        &'a self,
        scratch: &'a dyn Scratch,
    ) -> impl Iterator<Item = io::Result<Verdict>> + 'a {
        (0..self.len()).map(move |article| self.verdict(article, scratch))
    }

    /// Forgets what is in scratch files.
    pub fn end(self, scratch: &dyn Scratch) -> io::Result<()> {
        self.details.end(scratch)?;
        self.words.end(scratch)
    }

    /// Notes who repeats whom: everything in a star, and all that are equal to one of it.
    fn note(
        &mut self,
        star: &Star,
        order: &Order,
        verifier: &Verifier<'_>,
        scratch: &dyn Scratch,
    ) -> io::Result<()> {
        let canonical = order.article(star.canonical);
        let texts = star.members.iter().map(|(text, _)| *text).chain([star.canonical]);
        let size: usize = texts.map(|text| order.articles(text).len()).sum();
        if size < 2 {
            return Ok(());
        }
        let mut verdict = Verdict { cluster_size: to_u32(size), ..Verdict::alone(canonical) };
        let row = self.add(&verdict, scratch)?;
        for &article in order.articles(star.canonical) {
            let same = to_usize(article) == canonical;
            let role = if same { DuplicateRole::Canonical } else { DuplicateRole::Exact };
            self.set(article, canonical, role, row);
        }
        for (text, relation) in &star.members {
            verdict.similarity = relation.similarity;
            verdict.jaccard = relation.jaccard;
            verdict.containment = relation.containment;
            verdict.shared_spans = relation.shared_spans;
            verdict.changed.clone_from(&relation.changed);
            verdict.example = verifier.passage(*text, &relation.example)?;
            let row = self.add(&verdict, scratch)?;
            for &article in order.articles(*text) {
                self.set(article, canonical, relation.role, row);
            }
        }
        Ok(())
    }

    fn set(&mut self, article: u32, canonical: usize, role: DuplicateRole, row: u32) {
        let article = to_usize(article);
        if let Some(slot) = self.canonical.get_mut(article) {
            *slot = to_u32(canonical);
        }
        if let Some(slot) = self.roles.get_mut(article) {
            *slot = role;
        }
        if let Some(slot) = self.rows.get_mut(article) {
            *slot = row;
        }
    }

    /// Puts down what is not held for each article; the number of its row.
    fn add(&mut self, verdict: &Verdict, scratch: &dyn Scratch) -> io::Result<u32> {
        let row = u32::try_from(self.details.len()).unwrap_or(NONE);
        let start = self.words.len();
        let words = [&verdict.example, &verdict.changed].map(|words| words.as_deref());
        for words in words.into_iter().flatten() {
            self.words.extend(words.as_bytes().as_chunks::<1>().0, scratch)?;
        }
        self.details
            .push(&verdict.pack(start, words.map(|words| words.map_or(0, str::len))), scratch)?;
        Ok(row)
    }

    fn read_words(&self, range: Words, scratch: &dyn Scratch) -> io::Result<Option<String>> {
        let len = usize::try_from(range.end - range.start).unwrap_or(0);
        if len == 0 {
            return Ok(None);
        }
        let bytes = self.words.read(range.start, len, scratch)?;
        Ok(String::from_utf8(bytes.into_flattened()).ok())
    }
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
    /// The beginning of a long passage that they share word for word, as printed.
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
///
/// Fails only where `articles` or `scratch` does.
pub fn dedupe(
    articles: &dyn Articles,
    scratch: &dyn Scratch,
    config: &Config,
) -> io::Result<Deduped> {
    // A few kinds of records are held at a time.
    let room = usize::try_from(config.memory / 4).unwrap_or(usize::MAX);
    let order = Order::new(articles, room, scratch)?;
    let candidates = candidates::candidates(articles, &order, room, config, scratch)?;
    let mut deduped = Deduped {
        canonical: (0..to_u32(articles.len())).collect(),
        roles: vec![DuplicateRole::Canonical; articles.len()],
        rows: vec![NONE; articles.len()],
        details: Rows::new("details", room / 2),
        words: Rows::new("words", room / 2),
    };
    let verifier = Verifier::new(articles, &order, &candidates, scratch, config);
    group::stars(&verifier, |star| deduped.note(&star, &order, &verifier, scratch))?;
    for text in 0..order.len() {
        let alone = deduped.rows.get(order.article(text)) == Some(&NONE);
        if alone {
            let star = Star { canonical: text, members: Vec::new() };
            deduped.note(&star, &order, &verifier, scratch)?;
        }
    }
    drop(verifier);
    candidates.end(scratch)?;
    order.end(scratch)?;
    Ok(deduped)
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

    /// The numbers of a verdict, and where its words are put down.
    fn pack(&self, start: u64, words: [usize; 2]) -> [u8; DETAIL] {
        let mut row = [0; DETAIL];
        let [example, changed] = words.map(to_u32);
        let shares = [self.similarity, self.jaccard, self.containment];
        let bytes = shares.into_iter().flat_map(f64::to_le_bytes);
        let bytes = bytes.chain(self.shared_spans.to_le_bytes());
        let bytes = bytes.chain(self.cluster_size.to_le_bytes()).chain(start.to_le_bytes());
        let lengths = [example, changed].map(|len| u16::try_from(len).unwrap_or(u16::MAX));
        let bytes = bytes.chain(lengths.into_iter().flat_map(u16::to_le_bytes));
        row.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = byte);
        row
    }

    /// Takes the numbers from a row; where the example and the changed facts are.
    fn unpack(&mut self, row: &[u8; DETAIL]) -> Option<(Words, Words)> {
        let (similarity, rest) = row.split_first_chunk()?;
        let (jaccard, rest) = rest.split_first_chunk()?;
        let (containment, rest) = rest.split_first_chunk()?;
        let (shared_spans, rest) = rest.split_first_chunk()?;
        let (cluster_size, rest) = rest.split_first_chunk()?;
        let (start, rest) = rest.split_first_chunk()?;
        let (example, rest) = rest.split_first_chunk()?;
        let (changed, _) = rest.split_first_chunk()?;
        self.similarity = f64::from_le_bytes(*similarity);
        self.jaccard = f64::from_le_bytes(*jaccard);
        self.containment = f64::from_le_bytes(*containment);
        self.shared_spans = u32::from_le_bytes(*shared_spans);
        self.cluster_size = u32::from_le_bytes(*cluster_size);
        let start = u64::from_le_bytes(*start);
        let middle = start + u64::from(u16::from_le_bytes(*example));
        let end = middle + u64::from(u16::from_le_bytes(*changed));
        Some((start..middle, middle..end))
    }
}

/// Where words are put down.
type Words = std::ops::Range<u64>;

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
