//! Unpack: gzip and zstd, known by their first bytes, never beyond the limits.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;

use super::{Config, Stop, length};
use crate::model::RejectReason;

/// A compressed file inside a compressed file is unpacked, but no deeper.
const MAX_LAYERS: usize = 2;
/// Small outputs are harmless whatever their ratio.
const RATIO_JUDGED_ABOVE: u64 = 1 << 20;
const CHUNK: u64 = 64 << 10;
/// The largest window (128 MiB) that is granted to a zstd frame.
const ZSTD_WINDOW_LOG: u32 = 27;

#[derive(Debug, Clone, Copy)]
enum Packing {
    Gzip,
    Zstd,
}

/// The bytes without their compression, and the name without `.gz` or `.zst`.
pub(super) fn unpack<'a>(
    bytes: Vec<u8>,
    name: &'a str,
    config: &Config,
) -> Result<(Vec<u8>, &'a str), Stop> {
    let budget = Budget { packed: length(bytes.len()).max(1), config };
    let mut bytes = bytes;
    for _ in 0..MAX_LAYERS {
        bytes = match packing(&bytes) {
            Some(Packing::Gzip) => gunzip(&bytes, &budget)?,
            Some(Packing::Zstd) => unzstd(&bytes, &budget)?,
            None => break,
        };
    }
    if packing(&bytes).is_some() {
        let detail = format!("compressed more than {MAX_LAYERS} times");
        return Err(Stop::new(RejectReason::BadCompression, detail));
    }
    Ok((bytes, bare(name)))
}

fn packing(bytes: &[u8]) -> Option<Packing> {
    match bytes {
        [0x1f, 0x8b, ..] => Some(Packing::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Packing::Zstd),
        _ => None,
    }
}

fn bare(name: &str) -> &str {
    let mut name = name;
    while let Some((stem, end)) = name.rsplit_once('.')
        && ["gz", "gzip", "zst", "zstd"].iter().any(|packed| end.eq_ignore_ascii_case(packed))
    {
        name = stem;
    }
    name
}

/// How much may come out of this file.
struct Budget<'a> {
    packed: u64,
    config: &'a Config,
}

impl Budget<'_> {
    fn check(&self, unpacked: u64) -> Result<(), Stop> {
        let limit = self.config.max_decompressed_bytes;
        if unpacked > limit {
            let detail = format!("unpacks to more than {limit} bytes");
            return Err(Stop::new(RejectReason::TooLarge, detail));
        }
        let ratio = self.config.max_ratio;
        if unpacked > RATIO_JUDGED_ABOVE && unpacked / self.packed >= ratio {
            let detail = format!("unpacks to more than {ratio} times its {} bytes", self.packed);
            return Err(Stop::new(RejectReason::RatioExceeded, detail));
        }
        Ok(())
    }

    /// Appends everything that `packed` gives.
    fn drain(&self, packed: &mut impl Read, out: &mut Vec<u8>) -> Result<(), Stop> {
        loop {
            let read = packed.take(CHUNK).read_to_end(out).map_err(|error| broken(&error))?;
            self.check(length(out.len()))?;
            if read == 0 {
                return Ok(());
            }
        }
    }
}

fn broken(error: &io::Error) -> Stop {
    let detail = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the compressed data ends early".to_owned(),
        _ => error.to_string(),
    };
    Stop::new(RejectReason::BadCompression, detail)
}

/// All members of a gzip file. Zeros after the last are padding; anything else there is damage.
fn gunzip(bytes: &[u8], budget: &Budget<'_>) -> Result<Vec<u8>, Stop> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let mut member = GzDecoder::new(rest);
        budget.drain(&mut member, &mut out)?;
        rest = member.into_inner();
        if rest.iter().all(|byte| *byte == 0) {
            break;
        }
        if !matches!(packing(rest), Some(Packing::Gzip)) {
            let detail = format!("{} bytes after the end of the compressed data", rest.len());
            return Err(Stop::new(RejectReason::BadCompression, detail));
        }
    }
    Ok(out)
}

fn unzstd(bytes: &[u8], budget: &Budget<'_>) -> Result<Vec<u8>, Stop> {
    let mut frames = zstd::Decoder::with_buffer(bytes).map_err(|error| broken(&error))?;
    frames.window_log_max(ZSTD_WINDOW_LOG).map_err(|error| broken(&error))?;
    let mut out = Vec::new();
    budget.drain(&mut frames, &mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zst(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).unwrap()
    }

    fn check(bytes: Vec<u8>, expected: Result<&str, (RejectReason, &str)>) {
        match (unpack(bytes, "a.txt.gz", &Config::default()), expected) {
            (Ok((bytes, name)), Ok(text)) => {
                assert_eq!((str::from_utf8(&bytes).unwrap(), name), (text, "a.txt"));
            }
            (Err(stop), Err((reason, detail))) => {
                assert_eq!((stop.reason, stop.detail.as_str()), (reason, detail));
            }
            (got, expected) => panic!("got {got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn unpacks() {
        let text = "侵犯公民个人信息";
        check(text.into(), Ok(text));
        check(gz(text.as_bytes()), Ok(text));
        check(zst(text.as_bytes()), Ok(text));
        check([gz("侵犯公民".as_bytes()), gz("个人信息".as_bytes())].concat(), Ok(text));
        check([zst("侵犯公民".as_bytes()), zst("个人信息".as_bytes())].concat(), Ok(text));
        check(gz(&gz(text.as_bytes())), Ok(text));
        check(gz(&zst(text.as_bytes())), Ok(text));
        check([gz(text.as_bytes()), vec![0; 512]].concat(), Ok(text));
        check(gz(b""), Ok(""));
    }

    #[test]
    fn refuses_damage() {
        let bad = RejectReason::BadCompression;
        let mut packed = gz("案件".repeat(100).as_bytes());
        packed.truncate(packed.len() - 9);
        check(packed, Err((bad, "the compressed data ends early")));
        let mut packed = zst("案件".repeat(100).as_bytes());
        packed.truncate(packed.len() - 3);
        check(packed, Err((bad, "the compressed data ends early")));
        check(b"\x1f\x8b\x09no gzip at all".to_vec(), Err((bad, "invalid gzip header")));
        let packed = [gz(b"x"), b"rest".to_vec()].concat();
        check(packed, Err((bad, "4 bytes after the end of the compressed data")));
        check(gz(&gz(&gz(b"x"))), Err((bad, "compressed more than 2 times")));
    }

    #[test]
    fn stops_bombs_early() {
        let zeros = vec![0; 64 << 20];
        for packed in [gz(&zeros), zst(&zeros), gz(&gz(&zeros))] {
            let stop = unpack(packed, "bomb", &Config::default()).unwrap_err();
            assert_eq!(stop.reason, RejectReason::RatioExceeded);
        }
        let config = Config { max_decompressed_bytes: 1000, ..Config::default() };
        let stop = unpack(gz(&zeros), "bomb", &config).unwrap_err();
        assert_eq!(stop.reason, RejectReason::TooLarge);
    }
}
