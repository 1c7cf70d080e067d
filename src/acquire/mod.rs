//! Acquire: `raw/` becomes raw articles - files found and read, unpacked, decoded, split into records.

mod compression;
mod encoding;
mod fields;
mod files;
mod format;
mod html;
mod jsonl;
mod markdown;

use std::collections::BTreeSet;

use crate::model::{
    ArticleId, Encoding, Format, Mapped, Metadata, RawArticle, RawFile, Reject, RejectReason,
    RejectStage, Repair,
};

pub use fields::Fields;
pub use files::{Entry, ListError, list, read};

/// Limits, and the names under which sources print their fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Larger files are not read.
    pub max_file_bytes: u64,
    /// Larger records are rejected.
    pub max_record_bytes: u64,
    /// A compressed file may become this large.
    pub max_decompressed_bytes: u64,
    /// A compressed file may become this many times larger; judged above 1 MiB of output.
    pub max_ratio: u64,
    /// Records beyond this number are rejected together.
    pub max_records: u32,
    /// HTML nested deeper is rejected.
    pub max_html_depth: usize,
    /// Where to look for text and metadata.
    pub fields: Fields,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            max_file_bytes: 256 << 20,
            max_record_bytes: 64 << 20,
            max_decompressed_bytes: 1 << 30,
            max_ratio: 200,
            max_records: 2_000_000,
            max_html_depth: 256,
            fields: Fields::default(),
        }
    }
}

/// The records of a file, in its order: each an article, or the reason why not.
///
/// There is always at least one: a file without a record is rejected itself.
pub fn decode(file: RawFile, config: &Config) -> Vec<Result<RawArticle, Reject>> {
    let RawFile { path, bytes } = file;
    let bytes_in_file = length(bytes.len());
    match records(&path, bytes, config) {
        Ok(records) => records,
        Err(stop) => vec![Err(stop.reject(&path, 0, bytes_in_file))],
    }
}

/// Why a file or record cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stop {
    reason: RejectReason,
    detail: String,
}

impl Stop {
    fn new(reason: RejectReason, detail: impl Into<String>) -> Self {
        Stop { reason, detail: detail.into() }
    }

    fn reject(self, path: &str, record: u32, bytes: u64) -> Reject {
        Reject {
            id: ArticleId { file: path.to_owned(), record },
            stage: RejectStage::Acquire,
            reason: self.reason,
            detail: self.detail,
            bytes,
        }
    }
}

/// What one document gives: its text, and what its source says beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Document {
    text: Mapped,
    meta: Metadata,
}

fn records(
    path: &str,
    bytes: Vec<u8>,
    config: &Config,
) -> Result<Vec<Result<RawArticle, Reject>>, Stop> {
    if bytes.is_empty() {
        return Err(Stop::new(RejectReason::Empty, "the file has no bytes"));
    }
    let bytes_in_file = length(bytes.len());
    let (bytes, name) = compression::unpack(bytes, path, config)?;
    if let Some(detail) = format::foreign(&bytes) {
        return Err(Stop::new(RejectReason::UnknownFormat, detail));
    }
    let decoded = encoding::decode(bytes)?;
    if decoded.text.trim_start_matches(blank).is_empty() {
        return Err(Stop::new(RejectReason::Empty, "nothing but white space"));
    }
    encoding::refuse_controls(&decoded.text)?;
    let layout = match format::of_file(&decoded.text, name)? {
        format::Kind::Json(layout) => layout,
        format::Kind::Document(format) => {
            within(bytes_in_file.max(length(decoded.text.len())), config)?;
            let document = read_document(Mapped::verbatim(decoded.text), format, config)?;
            let form = Form { format, encoding: decoded.encoding, damaged: decoded.damaged };
            return Ok(vec![Ok(form.article(path, 0, bytes_in_file, document))]);
        }
    };
    let found = jsonl::records(&decoded.text, layout, config);
    if found.is_empty() {
        return Err(Stop::new(RejectReason::Empty, "holds no records"));
    }
    let article = |record: jsonl::Record| {
        let form = Form { format: layout.format(), encoding: decoded.encoding, damaged: false };
        match record.document {
            Ok((document, damaged)) => {
                let damaged =
                    damaged || (decoded.damaged && document.text.text().contains('\u{fffd}'));
                Ok(Form { damaged, ..form }.article(path, record.index, record.bytes, document))
            }
            Err(stop) => Err(stop.reject(path, record.index, record.bytes)),
        }
    };
    Ok(found.into_iter().map(article).collect())
}

/// How a record was written.
struct Form {
    format: Format,
    encoding: Encoding,
    damaged: bool,
}

impl Form {
    fn article(self, path: &str, record: u32, bytes: u64, document: Document) -> RawArticle {
        let mut repairs = BTreeSet::new();
        if self.damaged {
            repairs.insert(Repair::Encoding);
        }
        RawArticle {
            id: ArticleId { file: path.to_owned(), record },
            format: self.format,
            encoding: self.encoding,
            text: document.text,
            meta: document.meta,
            repairs,
            bytes,
        }
    }
}

/// The text steps of one document; also those of a text inside a JSON record.
fn read_document(source: Mapped, format: Format, config: &Config) -> Result<Document, Stop> {
    let document = match format {
        Format::Html => html::read(source, config)?,
        Format::Markdown => markdown::read(source, config),
        Format::Txt
        | Format::Pdf
        | Format::Jsonl
        | Format::Json
        | Format::Csv
        | Format::Parquet
        | Format::Arrow
        | Format::Warc => Document { text: without_mark(source), meta: Metadata::default() },
    };
    if document.text.text().trim_start_matches(blank).is_empty() {
        return Err(Stop::new(RejectReason::NoText, "neither text nor title"));
    }
    Ok(document)
}

/// The byte order mark stays in the source, so that offsets in a UTF-8 file are offsets in the file.
fn without_mark(source: Mapped) -> Mapped {
    match source.text().strip_prefix('\u{feff}') {
        Some(_) => source.slice('\u{feff}'.len_utf8()..source.text().len()),
        None => source,
    }
}

fn within(bytes: u64, config: &Config) -> Result<(), Stop> {
    if bytes <= config.max_record_bytes {
        return Ok(());
    }
    let detail = format!("a record of {bytes} bytes, at most {} are read", config.max_record_bytes);
    Err(Stop::new(RejectReason::TooLarge, detail))
}

fn blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

fn length(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
