//! Sketches: an article in a few hundred bytes, enough to find what may repeat it.

use crate::model::{Article, ArticleId, Date, Repair};

use super::fold::{BASE, GRAM, fold, gram_hashes, step, value};

/// Kept hashes have 48 bits.
const HASH_BITS: u32 = 48;
/// Hashes under this bound are kept: one in 64.
const BOUND: u64 = 1 << (HASH_BITS - 6);
/// A short text keeps at least this many of its smallest hashes, a long one no more than [`MOST`].
const LEAST: usize = 32;
const MOST: usize = 128;

/// What dedupe needs to know of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch {
    /// The article.
    pub id: ArticleId,
    /// 128 bits of the folded body: equal means the same text but for case, punctuation and spacing.
    pub content_hash: u128,
    /// The smallest 48-bit hashes of the body's shingles, ascending.
    pub hashes: Vec<u64>,
    /// Every shingle that hashes to this or less is among `hashes`.
    pub reach: u64,
    /// Characters of the folded body.
    pub chars: u32,
    /// The title, if there is one.
    pub title: Option<Title>,
    /// How much cleaning had to repair; less is better.
    pub damage: u8,
    /// The day of publication.
    pub published: Option<Date>,
}

/// A title reduced to what dedupe asks of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Title {
    /// Hash of the folded title.
    pub hash: u64,
    /// The same without digits: issues of a weekly column share it.
    pub shape: u64,
    /// Characters of the folded title.
    pub chars: u16,
    /// A bit for each pair of characters, by hash: like titles have most in common.
    pub pairs: u128,
}

/// The sketch of an article.
pub fn sketch(article: &Article) -> Sketch {
    let folded = fold(article.body.text());
    let chars: Vec<char> = folded.chars().collect();
    let (hashes, reach) = smallest(&chars);
    Sketch {
        id: article.id.clone(),
        content_hash: xxhash_rust::xxh3::xxh3_128(folded.as_bytes()),
        hashes,
        reach,
        chars: u32::try_from(chars.len()).unwrap_or(u32::MAX),
        title: article.title.as_deref().and_then(Title::new),
        damage: damage(article),
        published: article.published.map(|published| published.date),
    }
}

impl Title {
    /// `None` if nothing is left of it.
    pub(super) fn new(title: &str) -> Option<Self> {
        let folded: Vec<char> = fold(title).chars().collect();
        if folded.is_empty() {
            return None;
        }
        let shape: Vec<char> = folded.iter().copied().filter(|c| !c.is_ascii_digit()).collect();
        Some(Title {
            hash: hash_chars(&folded),
            shape: hash_chars(&shape),
            chars: u16::try_from(folded.len()).unwrap_or(u16::MAX),
            pairs: pairs(&folded),
        })
    }

    /// Whether one is the other but for a few words, such as the name of a column or a site.
    pub(super) fn is_like(&self, other: &Title) -> bool {
        let least = self.pairs.count_ones().min(other.pairs.count_ones());
        self.hash == other.hash
            || (least > 0 && (self.pairs & other.pairs).count_ones() * 3 >= least * 2)
    }

    /// Whether the folded characters hold the title.
    pub(super) fn stands_in(&self, chars: &[char]) -> bool {
        let size = usize::from(self.chars);
        let drop = BASE.wrapping_pow(u32::from(self.chars));
        let mut hash = 0;
        chars.iter().enumerate().any(|(i, &c)| {
            let old = i.checked_sub(size).and_then(|i| chars.get(i));
            let old = old.map_or(0, |&c| value(c).wrapping_mul(drop));
            hash = step(hash, c).wrapping_sub(old);
            i + 1 >= size && hash == self.hash
        })
    }
}

fn pairs(chars: &[char]) -> u128 {
    let bit = |pair: &[char]| 1_u128 << (hash_chars(pair).wrapping_mul(BASE) >> 57);
    chars.windows(2).map(bit).fold(0, |pairs, bit| pairs | bit)
}

/// A hash of all the characters.
fn hash_chars(chars: &[char]) -> u64 {
    chars.iter().fold(0, |hash, &c| step(hash, c))
}

/// The smallest distinct hashes, ascending, and the bound up to which none is missing.
fn smallest(chars: &[char]) -> (Vec<u64>, u64) {
    let grams = (chars.len() + 1).saturating_sub(GRAM);
    // A bound that leaves a short text enough hashes, most likely; sorting all would be slow.
    let likely = (1 << HASH_BITS) / (grams as u64 + 1) * 3 * LEAST as u64;
    let mut bound = likely.max(BOUND);
    let mut hashes = hashes_under(chars, bound);
    if hashes.len() < LEAST && bound < 1 << HASH_BITS {
        bound = 1 << HASH_BITS;
        hashes = hashes_under(chars, bound);
    }
    let under = hashes.partition_point(|&hash| hash < BOUND);
    let keep = under.clamp(LEAST, MOST);
    let reach = match hashes.get(keep.wrapping_sub(1)) {
        // Cut at `MOST` or raised to `LEAST`, the last hash is the bound; else the usual one is.
        Some(_) if keep == under => BOUND - 1,
        Some(&last) if keep < hashes.len() => last,
        _ => bound - 1,
    };
    hashes.truncate(keep);
    (hashes, reach)
}

/// The 48 bits of a shingle's hash that sketches keep.
pub(super) fn short(hash: u64) -> u64 {
    hash >> (64 - HASH_BITS)
}

/// The distinct hashes below `bound`, ascending.
fn hashes_under(chars: &[char], bound: u64) -> Vec<u64> {
    let mut hashes = Vec::with_capacity(4 * LEAST);
    gram_hashes(chars).map(short).filter(|&hash| hash < bound).for_each(|hash| hashes.push(hash));
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// Damage that may have changed words weighs more than a clean conversion.
fn damage(article: &Article) -> u8 {
    article.repairs.iter().fold(0, |damage: u8, repair| {
        damage.saturating_add(match repair {
            Repair::DamagedBytes | Repair::Truncated => 16,
            Repair::PinyinArtifacts | Repair::Wording | Repair::Privacy | Repair::SelfRepeat => 4,
            Repair::Traditional | Repair::HardWraps | Repair::Columns => 2,
            Repair::Encoding
            | Repair::Width
            | Repair::Spacing
            | Repair::Boilerplate
            | Repair::Markup
            | Repair::Invisible => 1,
        })
    })
}
