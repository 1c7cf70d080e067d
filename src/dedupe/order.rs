//! Order: all articles by length, equal texts together and the best of them first.

use std::io;

use super::scratch::Scratch;
use super::sketch::{Sketch, Title};
use super::spill::Rows;
use super::{Articles, to_usize};

/// The distinct texts of a collection, numbered from the longest. Nothing in it depends on the
/// order in which the articles came.
#[derive(Debug)]
pub(super) struct Order {
    /// Numbers of articles by text, and of those with equal texts the best first.
    articles: Vec<u32>,
    /// Per text: where its articles begin in `articles`.
    starts: Vec<u32>,
    /// Per text: characters.
    chars: Vec<u32>,
    /// Per text: the lower the better.
    quality: Vec<u32>,
    /// Per article.
    titles: Rows<TITLE>,
}

/// No text.
pub(super) const NONE: u32 = u32::MAX;

/// Bytes of a title's row.
const TITLE: usize = 31;

/// Shorter pages, such as the title of a video alone, are too short to tell from others like them:
/// title and day must be the same as well.
const SHORT: u32 = 60;

impl Order {
    /// Reads every sketch once.
    pub(super) fn new(
        articles: &dyn Articles,
        room: usize,
        scratch: &dyn Scratch,
    ) -> io::Result<Self> {
        let mut titles = Rows::new("titles", room);
        let mut keys: Vec<u128> = Vec::with_capacity(articles.len());
        let mut best: Vec<u64> = Vec::with_capacity(articles.len());
        for (number, sketch) in (0_u32..).zip(articles.sketches()) {
            let sketch = sketch?;
            keys.push(key(&sketch, number));
            best.push(u64::from(quality(&sketch)) << 38 | sketch.key >> 26);
            titles.push(&pack(sketch.title), scratch)?;
        }
        keys.sort_unstable();
        let mut order = Order {
            articles: Vec::with_capacity(keys.len()),
            starts: Vec::new(),
            chars: Vec::new(),
            quality: Vec::new(),
            titles,
        };
        for same in keys.chunk_by(|x, y| x >> 32 == y >> 32) {
            order.starts.push(to_u32(order.articles.len()));
            order.chars.extend(same.first().map(|key| !upper(*key)));
            let from = order.articles.len();
            order.articles.extend(same.iter().map(|key| lower(*key)));
            let group = order.articles.get_mut(from..).unwrap_or_default();
            let of = |number: &u32| best.get(to_usize(*number)).copied().unwrap_or(u64::MAX);
            group.sort_by_key(|number| (of(number), *number));
            let first = group.first().map_or(u64::MAX, of);
            order.quality.push(u32::try_from(first >> 38).unwrap_or(u32::MAX));
        }
        Ok(order)
    }

    /// How many distinct texts there are.
    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    /// The articles with this text, the best first.
    pub(super) fn articles(&self, text: usize) -> &[u32] {
        let start = self.starts.get(text).map_or(self.articles.len(), |start| to_usize(*start));
        let end = self.starts.get(text + 1).map_or(self.articles.len(), |end| to_usize(*end));
        self.articles.get(start..end).unwrap_or_default()
    }

    /// The best article with this text.
    pub(super) fn article(&self, text: usize) -> usize {
        self.articles(text).first().map_or(0, |article| to_usize(*article))
    }

    /// Per article: its text, if it is the best article with it; else [`NONE`].
    pub(super) fn text_of(&self) -> Vec<u32> {
        let mut texts = vec![NONE; self.articles.len()];
        for text in 0..self.len() {
            if let Some(slot) = texts.get_mut(self.article(text)) {
                *slot = to_u32(text);
            }
        }
        texts
    }

    /// Characters of a folded text.
    pub(super) fn chars(&self, text: usize) -> u32 {
        self.chars.get(text).copied().unwrap_or(0)
    }

    /// Orders texts that are equally complete: the least damaged, then the earliest, then by content.
    pub(super) fn quality(&self, text: usize) -> impl Ord + use<> {
        (self.quality.get(text).copied(), text)
    }

    /// The title of the best article with this text.
    pub(super) fn title(&self, text: usize, scratch: &dyn Scratch) -> io::Result<Option<Title>> {
        let rows = self.titles.read(self.article(text) as u64, 1, scratch)?;
        Ok(rows.first().and_then(unpack))
    }

    /// Forgets what is in scratch files.
    pub(super) fn end(self, scratch: &dyn Scratch) -> io::Result<()> {
        self.titles.end(scratch)
    }
}

/// Sorts by length, then by content; the number comes last.
fn key(sketch: &Sketch, number: u32) -> u128 {
    let day = u64::from(day(sketch)) << 40;
    let page = sketch.title.map_or(0, |title| title.hash) ^ day;
    let page = if sketch.chars < SHORT { page } else { 0 };
    let [a, b, c, d, e, f, g, h, ..] = sketch.content_hash.to_le_bytes();
    let content = u64::from_le_bytes([a, b, c, d, e, f, g, h]) ^ page;
    u128::from(!sketch.chars) << 96 | u128::from(content) << 32 | u128::from(number)
}

/// 26 bits: damage, then the day of publication, the unknown one last.
fn quality(sketch: &Sketch) -> u32 {
    u32::from(sketch.damage) << 18 | day(sketch)
}

/// 18 bits that are in the order of days.
fn day(sketch: &Sketch) -> u32 {
    sketch.published.map_or(1 << 17, |date| {
        let year = u32::try_from(date.year() - 1900).unwrap_or(0) & 0xff;
        let part = |part: Option<i8>| part.and_then(|part| u32::try_from(part).ok()).unwrap_or(0);
        year << 9 | part(date.month()) << 5 | part(date.day())
    })
}

fn pack(title: Option<Title>) -> [u8; TITLE] {
    let mut row = [0; TITLE];
    if let Some(Title { hash, shape, chars, pairs }) = title {
        let parts = hash.to_le_bytes().into_iter().chain(shape.to_le_bytes());
        let parts = parts.chain(chars.to_le_bytes()).chain(pairs.to_le_bytes()).chain([1]);
        row.iter_mut().zip(parts).for_each(|(slot, byte)| *slot = byte);
    }
    row
}

fn unpack(row: &[u8; TITLE]) -> Option<Title> {
    let (hash, rest) = row.split_first_chunk()?;
    let (shape, rest) = rest.split_first_chunk()?;
    let (chars, rest) = rest.split_first_chunk()?;
    let (pairs, rest) = rest.split_first_chunk()?;
    (rest == [1]).then(|| Title {
        hash: u64::from_le_bytes(*hash),
        shape: u32::from_le_bytes(*shape),
        chars: u16::from_le_bytes(*chars),
        pairs: u128::from_le_bytes(*pairs),
    })
}

fn upper(key: u128) -> u32 {
    u32::try_from(key >> 96).unwrap_or(u32::MAX)
}

fn lower(key: u128) -> u32 {
    u32::try_from(key & u128::from(u32::MAX)).unwrap_or(u32::MAX)
}

pub(super) fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_come_back() {
        let title = Title::new("快递面单案告破");
        assert_eq!(unpack(&pack(title)), title);
        assert_eq!(unpack(&pack(None)), None);
    }
}
