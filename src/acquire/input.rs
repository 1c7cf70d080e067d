//! Input: bytes that are read once, from memory, disk or a decoder, and can be looked at before.

use std::fs::File;
use std::io::{self, BufRead, Read};

use super::{Stop, length};
use crate::model::RejectReason;

const CHUNK: u64 = 64 << 10;

/// Bytes to be read once.
pub(super) struct Input<'a> {
    buffer: Vec<u8>,
    at: usize,
    rest: Box<dyn Read + 'a>,
    /// `rest` has no more to give.
    ended: bool,
    /// What `rest` failed with, to be told when the buffer has been read.
    failed: Option<io::Error>,
    /// The file on disk that this is the whole of.
    file: Option<&'a File>,
    /// How many bytes to expect.
    size: Option<u64>,
}

impl<'a> Input<'a> {
    pub(super) fn memory(bytes: Vec<u8>) -> Self {
        let size = Some(length(bytes.len()));
        Input {
            buffer: bytes,
            at: 0,
            rest: Box::new(io::empty()),
            ended: true,
            failed: None,
            file: None,
            size,
        }
    }

    pub(super) fn stream(reader: impl Read + 'a) -> Self {
        Input {
            buffer: Vec::new(),
            at: 0,
            rest: Box::new(reader),
            ended: false,
            failed: None,
            file: None,
            size: None,
        }
    }

    /// A file on disk, which `reader` reads from its start.
    pub(super) fn disk(file: &'a File, size: u64, reader: impl Read + 'a) -> Self {
        Input { file: Some(file), size: Some(size), ..Input::stream(reader) }
    }

    /// The file on disk that this is the whole of.
    pub(super) fn file(&self) -> Option<&'a File> {
        self.file
    }

    /// How many bytes there are, where that is known.
    pub(super) fn size(&self) -> Option<u64> {
        self.size
    }

    /// The next `n` bytes, fewer at the end; they stay to be read.
    pub(super) fn peek(&mut self, n: usize) -> &[u8] {
        while self.left().len() < n && !self.ended {
            match (&mut self.rest).take(CHUNK).read_to_end(&mut self.buffer) {
                Ok(0) => self.ended = true,
                Ok(_) => {}
                Err(error) => {
                    self.failed = Some(error);
                    self.ended = true;
                }
            }
        }
        let left = self.left();
        left.get(..n).unwrap_or(left)
    }

    fn left(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    /// Whether the last `peek` has seen everything to the end.
    pub(super) fn is_whole(&self) -> bool {
        self.ended && self.failed.is_none()
    }

    /// All bytes that are left, unless they are more than a record may have.
    pub(super) fn bytes(mut self, limit: u64) -> Result<Vec<u8>, Stop> {
        let too_large = |size: u64| {
            let detail = format!("a record of {size} bytes, at most {limit} are read");
            Stop::over("max_record", RejectReason::TooLarge, detail)
        };
        if let Some(size) = self.size.filter(|size| *size > limit) {
            return Err(too_large(size));
        }
        if let Some(size) = self.size {
            self.buffer
                .reserve(usize::try_from(size).unwrap_or(0).saturating_sub(self.buffer.len()));
        }
        while !self.ended && length(self.left().len()) <= limit {
            self.peek(self.left().len() + 1);
        }
        if length(self.left().len()) > limit {
            return Err(too_large(length(self.left().len())));
        }
        if let Some(error) = self.failed.take() {
            return Err(error.into());
        }
        self.buffer.drain(..self.at);
        Ok(self.buffer)
    }
}

impl Read for Input<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left().is_empty() && !self.ended {
            self.buffer.clear();
            self.at = 0;
            self.peek(1);
        }
        if self.left().is_empty()
            && let Some(error) = self.failed.take()
        {
            return Err(error);
        }
        Ok(self.left())
    }

    fn consume(&mut self, n: usize) {
        self.at = (self.at + n).min(self.buffer.len());
    }
}

/// How a line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// At a line feed or the end of the input.
    Whole,
    /// It was longer than the limit; the rest of it has been passed over.
    Cut,
    /// There was no more line.
    None,
}

/// Reads a line without its line feed into `line`; how many bytes it had with it, and how it ended.
pub(super) fn read_line(
    input: &mut impl BufRead,
    line: &mut Vec<u8>,
    limit: u64,
) -> io::Result<(u64, LineEnd)> {
    line.clear();
    let mut size = 0;
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            let end = if size == 0 { LineEnd::None } else { LineEnd::Whole };
            return Ok((size, if size > limit { LineEnd::Cut } else { end }));
        }
        let feed = memchr::memchr(b'\n', chunk);
        let (words, used) = match feed {
            Some(at) => (chunk.get(..at).unwrap_or_default(), at + 1),
            None => (chunk, chunk.len()),
        };
        if size.saturating_add(length(words.len())) <= limit {
            line.extend_from_slice(words);
        }
        size += length(used);
        input.consume(used);
        if feed.is_some() {
            let cut = size.saturating_sub(1) > limit;
            return Ok((size, if cut { LineEnd::Cut } else { LineEnd::Whole }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_ahead_and_reads_on() {
        let text: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        for mut input in [Input::memory(text.clone()), Input::stream(text.as_slice())] {
            assert_eq!(input.peek(4), [0, 0, 0, 0]);
            let mut first = [0; 6];
            input.read_exact(&mut first).unwrap();
            assert_eq!(input.peek(100_000), &text[6..100_006]);
            let mut rest = Vec::new();
            input.read_to_end(&mut rest).unwrap();
            assert_eq!(rest, text[6..]);
        }
        assert_eq!(Input::stream(text.as_slice()).bytes(1 << 20).unwrap(), text);
        let stop = Input::stream(text.as_slice()).bytes(1000).unwrap_err();
        assert_eq!(stop.reason, RejectReason::TooLarge);
    }

    #[test]
    fn an_error_comes_after_the_bytes_before_it() {
        struct Breaks(usize);
        impl Read for Breaks {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                let n = self.0.min(out.len());
                self.0 -= n;
                if n == 0 { Err(io::Error::other("torn")) } else { Ok(n) }
            }
        }
        let mut input = Input::stream(Breaks(100_000));
        assert_eq!(input.peek(200_000).len(), 100_000);
        assert!(!input.is_whole());
        let mut read = Vec::new();
        assert_eq!(input.read_to_end(&mut read).unwrap_err().to_string(), "torn");
        assert_eq!(read.len(), 100_000);
    }

    #[test]
    fn lines() {
        let check = |text: &str, expected: &[(&str, u64, LineEnd)]| {
            let mut input = text.as_bytes();
            let mut line = Vec::new();
            for (words, size, end) in expected {
                let got = read_line(&mut input, &mut line, 5).unwrap();
                assert_eq!((got, line.as_slice()), ((*size, *end), words.as_bytes()), "{text:?}");
            }
            assert_eq!(read_line(&mut input, &mut line, 5).unwrap(), (0, LineEnd::None));
        };
        check(
            "a\n\nbc",
            &[("a", 2, LineEnd::Whole), ("", 1, LineEnd::Whole), ("bc", 2, LineEnd::Whole)],
        );
        check("12345\nb\n", &[("12345", 6, LineEnd::Whole), ("b", 2, LineEnd::Whole)]);
        check("123456\nb", &[("", 7, LineEnd::Cut), ("b", 1, LineEnd::Whole)]);
        check("123456", &[("", 6, LineEnd::Cut)]);
    }
}
