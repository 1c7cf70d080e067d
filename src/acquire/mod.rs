//! Acquire: `raw/` becomes raw articles - files found and read, unpacked, cut into records, decoded.

mod apart;
mod compression;
mod delimited;
mod encoding;
mod fields;
mod files;
mod format;
mod html;
mod input;
mod jsonl;
mod limits;
mod markdown;
mod pdf;
mod record;
mod table;
mod tar;
mod transcode;
mod walk;
mod warc;
mod zip;

use std::io;
use std::ops::ControlFlow;

use crate::model::{Mapped, Metadata, RawArticle, Reject, RejectReason};

pub use apart::serve;
pub use fields::Fields;
pub use files::{Entry, ListError, RawFile, Stamp, file_of, list, locate, open};
pub use limits::Config;
pub use record::{Record, decode};
pub use walk::{Each, records};

/// All records of a file, each decoded: for one file that a person looks at.
pub fn read_all(file: RawFile, config: &Config) -> Vec<Result<RawArticle, Reject>> {
    let mut all = Vec::new();
    records(file, config, &mut |record| {
        all.push(decode(record, config));
        ControlFlow::Continue(())
    });
    all
}

/// Why a file or record cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
struct Stop {
    reason: RejectReason,
    detail: String,
}

impl Stop {
    fn new(reason: RejectReason, detail: impl Into<String>) -> Self {
        Stop { reason, detail: detail.into() }
    }

    /// Over a limit of pipeline.toml.
    fn over(limit: &str, reason: RejectReason, detail: impl std::fmt::Display) -> Self {
        Stop::new(reason, format!("limits.{limit}: {detail}"))
    }

    /// Whether an error of reading carries one.
    fn is_in(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| inner.is::<Stop>())
    }
}

impl From<Stop> for io::Error {
    fn from(stop: Stop) -> Self {
        io::Error::other(stop)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        let detail = error.to_string();
        match error.downcast::<Stop>() {
            Ok(stop) => stop,
            Err(_) => Stop::new(RejectReason::Unreadable, detail),
        }
    }
}

/// What one document gives: its text, and what its source says beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Document {
    text: Mapped,
    meta: Metadata,
}

/// The byte order mark stays in the source, so that offsets in a UTF-8 file are offsets in the file.
fn without_mark(source: Mapped) -> Mapped {
    match source.text().strip_prefix('\u{feff}') {
        Some(_) => source.slice('\u{feff}'.len_utf8()..source.text().len()),
        None => source,
    }
}

fn blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

fn length(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
