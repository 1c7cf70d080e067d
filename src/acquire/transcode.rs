//! Transcode: a stream of text in another encoding, as UTF-8.

use std::io::{self, BufRead, Read};

use encoding_rs::{CoderResult, Decoder};

use super::encoding::codec;
use super::input::Input;
use crate::model::Encoding;

const CHUNK: usize = 64 << 10;

/// The same text as UTF-8; damaged bytes become U+FFFD.
pub(super) fn utf8(input: Input<'_>, encoding: Encoding) -> Input<'_> {
    let decoder = codec(encoding).new_decoder_without_bom_handling();
    Input::stream(Utf8 { input, decoder, written: Vec::new(), at: 0, ended: false })
}

struct Utf8<'a> {
    input: Input<'a>,
    decoder: Decoder,
    written: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Utf8<'_> {
    fn fill(&mut self) -> io::Result<()> {
        while self.at == self.written.len() && !self.ended {
            self.at = 0;
            self.written.resize(CHUNK, 0);
            let chunk = self.input.fill_buf()?;
            let last = chunk.is_empty();
            let (result, read, written, _) =
                self.decoder.decode_to_utf8(chunk, &mut self.written, last);
            self.written.truncate(written);
            self.input.consume(read);
            self.ended = last && result == CoderResult::InputEmpty;
        }
        Ok(())
    }
}

impl Read for Utf8<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let read = self.written.get(self.at..).unwrap_or_default().read(out)?;
        self.at += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_encodings() {
        let text = "近日，警方通报一起案件。\n".repeat(10_000);
        for encoding in [Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Gb18030] {
            let bytes: Vec<u8> = match encoding {
                Encoding::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                Encoding::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
                Encoding::Utf8 | Encoding::Gb18030 | Encoding::Big5 => {
                    codec(encoding).encode(&text).0.into_owned()
                }
            };
            let read = utf8(Input::stream(bytes.as_slice()), encoding).bytes(1 << 30).unwrap();
            assert!(read == text.as_bytes(), "{encoding}");
            let cut = bytes.get(..bytes.len() - 1).unwrap();
            let read = utf8(Input::stream(cut), encoding).bytes(1 << 30).unwrap();
            assert!(String::from_utf8(read).unwrap().starts_with("近日，"), "{encoding}");
        }
    }
}
