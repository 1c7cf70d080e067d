//! Sketches: an article in at most 300 bytes, enough to find what may repeat it.

use crate::model::{Article, Date, Repair};

use super::bits;
use super::fold::{GRAM, fold, fold_into, gram_hashes, power, spread, step, unstep};

/// Kept hashes have 40 bits.
pub(super) const HASH_BITS: u32 = 40;
/// Hashes under this bound are kept: one in 64.
const BOUND: u64 = 1 << (HASH_BITS - 6);
/// A short text keeps at least this many of its smallest hashes, a long one no more than [`MOST`].
const LEAST: usize = 32;
const MOST: usize = 60;

/// What dedupe needs to know of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch {
    /// Stands for the article's id, and decides between articles that are equal in all else.
    pub key: u64,
    /// 128 bits of the folded body: equal means the same text but for case, punctuation and spacing.
    pub content_hash: u128,
    /// The smallest hashes of the body's shingles, of 40 bits, ascending.
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
    pub shape: u32,
    /// Characters of the folded title.
    pub chars: u16,
    /// A bit for each pair of characters, by hash: like titles have most in common.
    pub pairs: u128,
}

/// The sketch of an article.
pub fn sketch(article: &Article) -> Sketch {
    let mut units = Vec::new();
    fold_into(article.body.text(), &mut units);
    let (hashes, reach) = smallest(&units);
    Sketch {
        key: key(article),
        content_hash: content_hash(&units),
        hashes,
        reach,
        chars: u32::try_from(units.len()).unwrap_or(u32::MAX),
        title: article.title.as_deref().and_then(Title::new),
        damage: damage(article),
        published: article.published.map(|published| published.date),
    }
}

fn key(article: &Article) -> u64 {
    let seed = u64::from(article.id.record);
    xxhash_rust::xxh3::xxh3_64_with_seed(article.id.file.as_bytes(), seed)
}

/// A hash of the folded text, taken as bytes of UTF-16.
fn content_hash(units: &[u16]) -> u128 {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    let mut bytes = [0; 1024];
    for part in units.chunks(bytes.len() / 2) {
        for (pair, unit) in bytes.chunks_exact_mut(2).zip(part) {
            pair.copy_from_slice(&unit.to_le_bytes());
        }
        hasher.update(bytes.get(..part.len() * 2).unwrap_or_default());
    }
    hasher.digest128()
}

impl Sketch {
    /// The sketch in at most [`Sketch::MOST_BYTES`], for keeping it on disk.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::MOST_BYTES);
        bytes.extend(self.key.to_le_bytes());
        bytes.extend(self.content_hash.to_le_bytes());
        bytes.extend(self.chars.to_le_bytes());
        bytes.push(self.damage);
        let date = self.published.map_or((0, 0, 0), |date| {
            (date.year(), date.month().unwrap_or(0), date.day().unwrap_or(0))
        });
        bytes.extend(date.0.to_le_bytes());
        bytes.extend(date.1.to_le_bytes());
        bytes.extend(date.2.to_le_bytes());
        bytes.push(u8::from(self.title.is_some()));
        if let Some(title) = self.title {
            bytes.extend(title.hash.to_le_bytes());
            bytes.extend(title.shape.to_le_bytes());
            bytes.extend(title.chars.to_le_bytes());
            bytes.extend(title.pairs.to_le_bytes());
        }
        bytes.extend(self.reach.to_le_bytes().iter().take(5));
        let count = u8::try_from(self.hashes.len()).unwrap_or(u8::MAX);
        bytes.push(count);
        bits::write(self.hashes.get(..usize::from(count)).unwrap_or_default(), &mut bytes);
        bytes
    }

    /// The longest form that [`Sketch::encode`] gives.
    pub const MOST_BYTES: usize = 300;

    /// The sketch that was encoded; `None` if the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Option<Sketch> {
        let mut bytes = bytes;
        let mut sketch = Sketch {
            key: u64::from_le_bytes(take(&mut bytes)?),
            content_hash: u128::from_le_bytes(take(&mut bytes)?),
            hashes: Vec::new(),
            reach: 0,
            chars: u32::from_le_bytes(take(&mut bytes)?),
            damage: u8::from_le_bytes(take(&mut bytes)?),
            title: None,
            published: None,
        };
        let year = i16::from_le_bytes(take(&mut bytes)?);
        let part = |part: i8| (part != 0).then_some(part);
        let month = part(i8::from_le_bytes(take(&mut bytes)?));
        let day = part(i8::from_le_bytes(take(&mut bytes)?));
        sketch.published = Date::new(year, month, day);
        if take(&mut bytes)? != [0] {
            sketch.title = Some(Title {
                hash: u64::from_le_bytes(take(&mut bytes)?),
                shape: u32::from_le_bytes(take(&mut bytes)?),
                chars: u16::from_le_bytes(take(&mut bytes)?),
                pairs: u128::from_le_bytes(take(&mut bytes)?),
            });
        }
        let [a, b, c, d, e] = take(&mut bytes)?;
        sketch.reach = u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]);
        let [count] = take(&mut bytes)?;
        sketch.hashes = bits::read(usize::from(count), bytes)?;
        Some(sketch)
    }
}

/// The first `N` bytes, taken off.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}

impl Title {
    /// `None` if nothing is left of it.
    pub(super) fn new(title: &str) -> Option<Self> {
        let folded = fold(title);
        if folded.is_empty() {
            return None;
        }
        let digit = |unit: &u16| (u16::from(b'0')..=u16::from(b'9')).contains(unit);
        let shape: Vec<u16> = folded.iter().copied().filter(|unit| !digit(unit)).collect();
        // The title hash is compared with hashes of running text; only the first part of a very
        // long one counts.
        let chars = u16::try_from(folded.len()).unwrap_or(u16::MAX);
        Some(Title {
            hash: hash_units(folded.get(..usize::from(chars)).unwrap_or_default()),
            shape: upper(spread(hash_units(&shape))),
            chars,
            pairs: pairs(&folded),
        })
    }

    /// Whether one is the other but for a few words, such as the name of a column or a site.
    pub(super) fn is_like(&self, other: &Title) -> bool {
        let least = self.pairs.count_ones().min(other.pairs.count_ones());
        self.hash == other.hash
            || (least > 0 && (self.pairs & other.pairs).count_ones() * 3 >= least * 2)
    }

    /// Whether the folded text holds the title.
    pub(super) fn stands_in(&self, units: &[u16]) -> bool {
        let size = usize::from(self.chars);
        let power = power(self.chars);
        let mut hash = 0;
        let (first, rest) = units.split_at(units.len().min(size));
        if first.len() < size {
            return false;
        }
        for &unit in first {
            hash = step(hash, unit);
        }
        hash == self.hash
            || rest.iter().zip(units).any(|(&new, &old)| {
                hash = unstep(step(hash, new), old, power);
                hash == self.hash
            })
    }
}

fn pairs(units: &[u16]) -> u128 {
    let bit = |pair: &[u16]| 1_u128 << (spread(hash_units(pair)) >> 57);
    units.windows(2).map(bit).fold(0, |pairs, bit| pairs | bit)
}

/// A hash of all the units.
fn hash_units(units: &[u16]) -> u64 {
    units.iter().fold(0, |hash, &unit| step(hash, unit))
}

fn upper(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or(u32::MAX)
}

/// The smallest distinct hashes, ascending, and the bound up to which none is missing.
fn smallest(units: &[u16]) -> (Vec<u64>, u64) {
    let grams = (units.len() + 1).saturating_sub(GRAM);
    // A bound that leaves a short text enough hashes, most likely; sorting all would be slow.
    let likely = (1 << HASH_BITS) / (grams as u64 + 1) * 3 * LEAST as u64;
    let mut bound = likely.clamp(BOUND, 1 << HASH_BITS);
    let mut hashes = hashes_under(units, bound);
    if hashes.len() < LEAST && bound < 1 << HASH_BITS {
        bound = 1 << HASH_BITS;
        hashes = hashes_under(units, bound);
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

/// The bits of a shingle's hash that sketches keep.
pub(super) fn short(hash: u64) -> u64 {
    hash >> (64 - HASH_BITS)
}

/// The distinct hashes below `bound`, ascending.
fn hashes_under(units: &[u16], bound: u64) -> Vec<u64> {
    let mut hashes = Vec::with_capacity(4 * LEAST);
    for hash in gram_hashes(units) {
        if short(hash) < bound {
            hashes.push(short(hash));
        }
    }
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
            | Repair::LookAlike
            | Repair::Invisible => 1,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch_of(units: &[u16], title: Option<&str>) -> Sketch {
        let (hashes, reach) = smallest(units);
        Sketch {
            key: u64::MAX,
            content_hash: u128::MAX,
            hashes,
            reach,
            chars: u32::try_from(units.len()).unwrap(),
            title: title.and_then(Title::new),
            damage: 255,
            published: Date::new(2023, Some(5), Some(31)),
        }
    }

    /// Units that look like a text of this length.
    fn units(len: usize, seed: u64) -> Vec<u16> {
        let mut state = seed;
        let next = |_| {
            state = spread(state.wrapping_add(0x9e37_79b9_7f4a_7c15));
            0x4e00 + u16::try_from(state >> 53).unwrap()
        };
        (0..len).map(next).collect()
    }

    #[test]
    fn a_sketch_takes_at_most_300_bytes_and_comes_back() {
        let title = "一个相当长的题目，".repeat(40);
        for len in [0, 1, 4, 5, 36, 37, 60, 300, 800, 2_000, 2_500, 3_000, 3_800, 5_000, 100_000] {
            for seed in 0..40 {
                let sketch = sketch_of(&units(len, seed), Some(&title));
                let bytes = sketch.encode();
                assert!(bytes.len() <= Sketch::MOST_BYTES, "{len}: {} bytes", bytes.len());
                assert_eq!(Sketch::decode(&bytes).as_ref(), Some(&sketch), "{len}");
                for cut in 0..bytes.len() {
                    assert_ne!(Sketch::decode(&bytes[..cut]).as_ref(), Some(&sketch));
                }
            }
        }
    }

    #[test]
    fn what_two_texts_share_is_found_up_to_the_smaller_reach() {
        for (long, short) in [(400, 150), (3_000, 700), (40_000, 9_000)] {
            let text = units(long, 7);
            let part = text.get(50..50 + short).unwrap();
            let (whole, part) = (sketch_of(&text, None), sketch_of(part, None));
            let reach = whole.reach.min(part.reach);
            let under = part.hashes.iter().filter(|hash| **hash <= reach);
            assert!(under.clone().count() >= 4, "{long} {short}");
            assert!(under.clone().all(|hash| whole.hashes.contains(hash)));
        }
    }

    #[test]
    fn titles_are_known_in_a_text() {
        let title = Title::new("快递面单案告破").unwrap();
        assert!(title.stands_in(&fold("近日，快递面单案，告破了")));
        assert!(title.stands_in(&fold("快递面单案告破")));
        assert!(!title.stands_in(&fold("快递面单案已告破")));
        assert!(!title.stands_in(&fold("快递")));
        assert!(title.is_like(&Title::new("独家｜快递面单案告破").unwrap()));
        assert!(!title.is_like(&Title::new("离职管理员卖名单").unwrap()));
    }
}
