//! Unpack: gzip, zstd, bzip2 and xz, known by their first bytes, as they are read.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::input::Input;
use super::limits::{Budget, Unpacked};
use super::{Config, Stop};
use crate::model::RejectReason;

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

/// Endings that tell of compression, and what is left of a name without them.
const ENDINGS: &[(&str, &str)] = &[
    ("gz", ""),
    ("gzip", ""),
    ("zst", ""),
    ("zstd", ""),
    ("bz2", ""),
    ("xz", ""),
    ("tgz", ".tar"),
    ("tzst", ".tar"),
    ("tbz2", ".tar"),
    ("tbz", ".tar"),
    ("txz", ".tar"),
];

/// What the first bytes show.
pub(super) fn packing(bytes: &[u8]) -> Option<Packing> {
    match bytes {
        [0x1f, 0x8b, ..] => Some(Packing::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Packing::Zstd),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Packing::Bzip2),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Packing::Xz),
        _ => None,
    }
}

/// The name without `.gz` and the like.
pub(super) fn bare(name: &str) -> String {
    let mut name = name.to_owned();
    while let Some((stem, end)) = name.rsplit_once('.')
        && let Some((_, left)) = ENDINGS.iter().find(|(packed, _)| end.eq_ignore_ascii_case(packed))
    {
        name = format!("{stem}{left}");
    }
    name
}

/// The bytes without one layer of compression, never beyond the limits.
pub(super) fn unpack<'a>(
    input: Input<'a>,
    packing: Packing,
    budget: &'a Budget<'a>,
) -> Result<Input<'a>, Stop> {
    let config = budget.config;
    Ok(match packing {
        Packing::Gzip => limited(Members { member: Some(GzDecoder::new(input)) }, budget),
        Packing::Zstd => {
            let mut frames = zstd::Decoder::with_buffer(input).map_err(Stop::from)?;
            frames.window_log_max(window_log(config)).map_err(Stop::from)?;
            limited(Named { inner: frames, packing, config }, budget)
        }
        Packing::Bzip2 => {
            let members = bzip2::bufread::MultiBzDecoder::new(input);
            limited(Named { inner: members, packing, config }, budget)
        }
        Packing::Xz => {
            let memory = u32::try_from(config.max_window_bytes >> 10).unwrap_or(u32::MAX);
            let streams = lzma_rust2::XzReader::new_mem_limit(input, true, memory);
            limited(Named { inner: streams, packing, config }, budget)
        }
    })
}

fn limited<'a>(decoder: impl Read + 'a, budget: &'a Budget<'a>) -> Input<'a> {
    Input::stream(Unpacked { inner: decoder, budget })
}

/// The largest window that fits into the memory granted, as a power of two.
fn window_log(config: &Config) -> u32 {
    config.max_window_bytes.max(1).ilog2().clamp(10, 31)
}

fn damaged(detail: impl Into<String>) -> io::Error {
    Stop::new(RejectReason::BadCompression, detail).into()
}

fn broken(error: &io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged("the compressed data ends early"),
        _ => damaged(error.to_string()),
    }
}

/// A decoder whose errors say what is wrong with the compressed bytes.
struct Named<'a, R> {
    inner: R,
    packing: Packing,
    config: &'a Config,
}

impl<R: Read> Read for Named<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| {
            if Stop::is_in(&error) {
                return error;
            }
            let greedy = match self.packing {
                Packing::Zstd => error.to_string().contains("too much memory"),
                Packing::Xz => error.kind() == io::ErrorKind::OutOfMemory,
                Packing::Gzip | Packing::Bzip2 => false,
            };
            if greedy {
                let most = self.config.max_window_bytes;
                let detail = format!("asks for a window of more than {most} bytes");
                return Stop::over("max_window", RejectReason::TooLarge, detail).into();
            }
            broken(&error)
        })
    }
}

/// All members of a gzip file. Zeros after the last are padding; anything else there is damage.
struct Members<R> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member
                .read(buffer)
                .map_err(|error| if Stop::is_in(&error) { error } else { broken(&error) })?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(mut rest) = self.member.take().map(GzDecoder::into_inner) else { break };
            if rest.fill_buf()?.first() == Some(&0x1f) {
                self.member = Some(GzDecoder::new(rest));
            } else if !only_zeros(&mut rest)? {
                return Err(damaged("more bytes after the end of the compressed data"));
            }
        }
        Ok(0)
    }
}

fn only_zeros(rest: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let chunk = rest.fill_buf()?;
        if chunk.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        match chunk.len() {
            0 => return Ok(true),
            n => rest.consume(n),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::super::limits::Taken;
    use super::*;

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zst(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).unwrap()
    }

    fn bz2(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn xz(bytes: &[u8]) -> Vec<u8> {
        let options = lzma_rust2::XzOptions::with_preset(3);
        let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// All layers taken off.
    fn unpacked(bytes: &[u8], config: &Config) -> Result<Vec<u8>, Stop> {
        let budget = Budget::new(config);
        let mut input = Input::stream(Taken { inner: bytes, budget: &budget });
        while let Some(packing) = packing(input.peek(6)) {
            input = unpack(input, packing, &budget)?;
        }
        input.bytes(u64::MAX)
    }

    fn check(bytes: &[u8], expected: Result<&str, (RejectReason, &str)>) {
        match (unpacked(bytes, &Config::default()), expected) {
            (Ok(bytes), Ok(text)) => assert_eq!(str::from_utf8(&bytes).unwrap(), text),
            (Err(stop), Err((reason, detail))) => {
                assert_eq!((stop.reason, stop.detail.as_str()), (reason, detail));
            }
            (got, expected) => panic!("got {got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn unpacks() {
        let text = "侵犯公民个人信息";
        for pack in [gz, zst, bz2, xz] {
            check(&pack(text.as_bytes()), Ok(text));
            let halves = [pack("侵犯公民".as_bytes()), pack("个人信息".as_bytes())];
            check(&halves.concat(), Ok(text));
            check(&gz(&pack(text.as_bytes())), Ok(text));
            check(&pack(b""), Ok(""));
        }
        check(text.as_bytes(), Ok(text));
        check(&[gz(text.as_bytes()), vec![0; 512]].concat(), Ok(text));
    }

    #[test]
    fn refuses_damage() {
        let bad = RejectReason::BadCompression;
        let text = "案件".repeat(100);
        for (pack, cut) in [(gz as fn(&[u8]) -> Vec<u8>, 9), (zst, 3), (bz2, 9), (xz, 30)] {
            let mut packed = pack(text.as_bytes());
            packed.truncate(packed.len() - cut);
            check(&packed, Err((bad, "the compressed data ends early")));
        }
        check(b"\x1f\x8b\x09no gzip at all", Err((bad, "invalid gzip header")));
        let packed = [gz(b"x"), b"rest".to_vec()].concat();
        check(&packed, Err((bad, "more bytes after the end of the compressed data")));
    }

    #[test]
    fn names_without_endings() {
        for (name, expected) in [
            ("a.txt", "a.txt"),
            ("a.md.GZ", "a.md"),
            ("a.jsonl.gz.xz", "a.jsonl"),
            ("a.tgz", "a.tar"),
            ("gz", "gz"),
        ] {
            assert_eq!(bare(name), expected);
        }
    }

    #[test]
    fn stops_bombs_early() {
        let zeros = vec![0; 64 << 20];
        for packed in [gz(&zeros), zst(&zeros), bz2(&zeros), xz(&zeros), gz(&gz(&zeros))] {
            let stop = unpacked(&packed, &Config::default()).unwrap_err();
            assert_eq!(stop.reason, RejectReason::RatioExceeded);
            assert!(stop.detail.starts_with("limits.max_ratio: "), "{}", stop.detail);
        }
        let config = Config { max_decompressed_bytes: 1000, ..Config::default() };
        let stop = unpacked(&gz(&zeros), &config).unwrap_err();
        assert_eq!(stop.reason, RejectReason::TooLarge);
        assert!(stop.detail.starts_with("limits.max_decompressed: "), "{}", stop.detail);
    }

    #[test]
    fn grants_no_large_window() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
        encoder.window_log(26).unwrap();
        let noise = (0..40_000_u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let noise: Vec<u8> = noise.flat_map(u64::to_le_bytes).collect();
        encoder.write_all(&noise).unwrap();
        let wide = encoder.finish().unwrap();
        let xz = xz(&noise);
        let config = Config { max_window_bytes: 1 << 20, ..Config::default() };
        for packed in [wide, xz] {
            assert_eq!(unpacked(&packed, &Config::default()).unwrap(), noise);
            let stop = unpacked(&packed, &config).unwrap_err();
            assert_eq!(stop.reason, RejectReason::TooLarge);
            assert!(stop.detail.starts_with("limits.max_window: "), "{}", stop.detail);
        }
    }
}
