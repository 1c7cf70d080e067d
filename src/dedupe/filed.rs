//! Filed sketches: a collection whose sketches are in a scratch file and whose texts are given by number.

use std::borrow::Cow;
use std::io;

use super::scratch::Scratch;
use super::sketch::Sketch;
use super::{Articles, to_usize};

/// Sketches put down one after the other, and a function that gives texts.
pub struct Filed<'a, F> {
    scratch: &'a dyn Scratch,
    file: &'a str,
    text: F,
    /// Sketches not put down yet, each after its length.
    held: Vec<u8>,
    written: u64,
    len: u32,
}

/// Title and body of an article.
pub type Told = (Option<String>, String);

/// Bytes that are written and read at a time.
const BLOCK: usize = 1 << 16;

impl<F> std::fmt::Debug for Filed<'_, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filed").field("file", &self.file).field("len", &self.len).finish()
    }
}

impl<'a, F: Fn(usize) -> io::Result<Told>> Filed<'a, F> {
    /// No articles yet; their sketches will be in `file`, which does not exist before.
    pub fn new(scratch: &'a dyn Scratch, file: &'a str, text: F) -> Self {
        Filed { scratch, file, text, held: Vec::new(), written: 0, len: 0 }
    }

    /// Adds the next article.
    pub fn push(&mut self, sketch: &Sketch) -> io::Result<()> {
        let bytes = sketch.encode();
        let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        self.held.extend(len.to_le_bytes());
        self.held.extend(bytes);
        self.len += 1;
        if self.held.len() < BLOCK {
            return Ok(());
        }
        self.scratch.append(self.file, &self.held)?;
        self.written += self.held.len() as u64;
        self.held.clear();
        Ok(())
    }

    /// Bytes of all sketches, with their lengths.
    pub fn bytes(&self) -> u64 {
        self.written + self.held.len() as u64
    }
}

impl<F: Fn(usize) -> io::Result<Told>> Articles for Filed<'_, F> {
    fn len(&self) -> usize {
        to_usize(self.len)
    }

    fn sketches(&self) -> Box<dyn Iterator<Item = io::Result<Sketch>> + '_> {
        let mut reader = Reader {
            scratch: self.scratch,
            file: self.file,
            offset: 0,
            left: self.written,
            rest: &self.held,
            block: Vec::new(),
            at: 0,
        };
        Box::new((0..self.len).map(move |_| reader.next_sketch()))
    }

    fn text(&self, article: usize) -> io::Result<Cow<'_, str>> {
        (self.text)(article).map(|(_, body)| Cow::Owned(body))
    }

    fn title(&self, article: usize) -> io::Result<Option<Cow<'_, str>>> {
        (self.text)(article).map(|(title, _)| title.map(Cow::Owned))
    }
}

/// Reads sketches block by block: those put down, then the rest.
struct Reader<'a> {
    scratch: &'a dyn Scratch,
    file: &'a str,
    offset: u64,
    left: u64,
    rest: &'a [u8],
    block: Vec<u8>,
    at: usize,
}

impl Reader<'_> {
    fn next_sketch(&mut self) -> io::Result<Sketch> {
        let len = match self.take(2)? {
            &[a, b] => usize::from(u16::from_le_bytes([a, b])),
            _ => 0,
        };
        Sketch::decode(self.take(len)?).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn take(&mut self, len: usize) -> io::Result<&[u8]> {
        if self.block.len() < self.at + len {
            self.block.drain(..self.at);
            self.at = 0;
            let held = self.block.len();
            let more = usize::try_from(self.left).unwrap_or(usize::MAX).min(BLOCK);
            self.block.resize(held + more, 0);
            if let Some(into) = self.block.get_mut(held..)
                && more > 0
            {
                self.scratch.read(self.file, self.offset, into)?;
            }
            self.offset += more as u64;
            self.left -= more as u64;
            if self.left == 0 {
                self.block.extend(std::mem::take(&mut self.rest));
            }
        }
        let taken = self.block.get(self.at..self.at + len);
        self.at += len;
        taken.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
