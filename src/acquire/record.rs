//! Record: one article's worth of a file as it was cut out, and its decoding, which needs nothing else.

use std::collections::BTreeSet;

use super::encoding::{self, Decoded};
use super::fields::{self, Row};
use super::{
    Config, Document, Stop, blank, format, html, jsonl, length, markdown, pdf, without_mark,
};
use crate::model::{
    ArticleId, Encoding, Format, Mapped, Metadata, RawArticle, Reject, RejectReason, RejectStage,
    Repair,
};

/// One article's worth of a file, not yet decoded. Records are independent of each other.
#[derive(Debug)]
pub struct Record {
    /// Where it came from.
    pub id: ArticleId,
    /// Its size in its file, in bytes.
    pub bytes: u64,
    pub(super) content: Content,
}

impl Record {
    /// How many bytes of memory it holds.
    pub fn held(&self) -> usize {
        match &self.content {
            Content::Document { bytes, .. } | Content::Json { bytes, .. } => bytes.len(),
            Content::Row { row, .. } => {
                row.iter().map(|(name, value)| name.len() + value.len()).sum()
            }
            Content::Rejected(stop) => stop.detail.len(),
        }
    }
}

/// What was cut out.
#[derive(Debug)]
pub(super) enum Content {
    /// A document, with what its surroundings say of it.
    Document {
        /// The name that tells the format.
        name: String,
        bytes: Vec<u8>,
        /// What a server said.
        served: Option<Served>,
    },
    /// A JSON value, in a file that reads as `hint`.
    Json { bytes: Vec<u8>, layout: jsonl::Layout, hint: Option<Encoding> },
    /// A row of a table.
    Row { row: Row, format: Format, form: Form },
    /// Something that cannot be used.
    Rejected(Stop),
}

impl Content {
    pub(super) fn document(name: String, bytes: Vec<u8>) -> Self {
        Content::Document { name, bytes, served: None }
    }
}

/// What a server said of a document.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) url: Option<String>,
    /// The character set in its header.
    pub(super) charset: Option<&'static encoding_rs::Encoding>,
}

/// How the bytes of a record were written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) encoding: Encoding,
    pub(super) damaged: bool,
}

/// The article that a record is, or the reason why it is none.
pub fn decode(record: Record, config: &Config) -> Result<RawArticle, Reject> {
    let Record { id, bytes, content } = record;
    match read(content, &id, config) {
        Ok((document, format, form)) => {
            let mut repairs = BTreeSet::new();
            if form.damaged {
                repairs.insert(Repair::Encoding);
            }
            Ok(RawArticle {
                id,
                format,
                encoding: form.encoding,
                text: document.text,
                meta: document.meta,
                repairs,
                bytes,
            })
        }
        Err(Stop { reason, detail }) => {
            Err(Reject { id, stage: RejectStage::Acquire, reason, detail, bytes })
        }
    }
}

fn read(
    content: Content,
    id: &ArticleId,
    config: &Config,
) -> Result<(Document, Format, Form), Stop> {
    match content {
        Content::Document { name, bytes, served } => {
            let is_served = served.is_some();
            let (document, format, form) = whole(&name, bytes, served, config)?;
            Ok((document, if is_served { Format::Warc } else { format }, form))
        }
        Content::Json { bytes, layout, hint } => json(bytes, layout, hint, config)
            .map_err(|stop| Stop { detail: layout.place(id.record, &stop.detail), ..stop }),
        Content::Row { row, format, form } => {
            let document = fields::document(row, config).map_err(|stop| Stop {
                detail: format!("row {}: {}", u64::from(id.record) + 1, stop.detail),
                ..stop
            })?;
            Ok((document, format, form))
        }
        Content::Rejected(stop) => Err(stop),
    }
}

/// A document that is a file of its own.
fn whole(
    name: &str,
    bytes: Vec<u8>,
    served: Option<Served>,
    config: &Config,
) -> Result<(Document, Format, Form), Stop> {
    if bytes.is_empty() {
        return Err(Stop::new(RejectReason::Empty, "the file has no bytes"));
    }
    if pdf::is_pdf(&bytes) {
        let mut document = pdf::read(bytes, config)?;
        document.meta.url = served.and_then(|served| served.url);
        return Ok((document, Format::Pdf, Form { encoding: Encoding::Utf8, damaged: false }));
    }
    let charset = served.as_ref().and_then(|served| served.charset);
    let Decoded { text, encoding, damaged } = encoding::decode_declared(bytes, charset)?;
    if text.trim_start_matches(blank).is_empty() {
        return Err(Stop::new(RejectReason::Empty, "nothing but white space"));
    }
    encoding::refuse_controls(&text)?;
    let format = format::of_document(&text, name)?;
    within(length(text.len()), config)?;
    let mut document = read_document(Mapped::verbatim(text), format, config)?;
    if let Some(url) = served.and_then(|served| served.url) {
        document.meta.url.get_or_insert(url);
    }
    Ok((document, format, Form { encoding, damaged }))
}

/// A JSON value in a file of them.
fn json(
    bytes: Vec<u8>,
    layout: jsonl::Layout,
    hint: Option<Encoding>,
    config: &Config,
) -> Result<(Document, Format, Form), Stop> {
    let Decoded { text, encoding, damaged } = encoding::decode_within(bytes, hint)?;
    let (row, mended) = jsonl::row(text.trim_matches(blank), config)?;
    let document = fields::document(row, config)?;
    let damaged = mended || (damaged && document.text.text().contains('\u{fffd}'));
    Ok((document, layout.format(), Form { encoding, damaged }))
}

/// The text steps of one document; also those of a text inside a record.
pub(super) fn read_document(
    source: Mapped,
    format: Format,
    config: &Config,
) -> Result<Document, Stop> {
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

fn within(bytes: u64, config: &Config) -> Result<(), Stop> {
    if bytes <= config.max_record_bytes {
        return Ok(());
    }
    let detail = format!("a record of {bytes} bytes, at most {} are read", config.max_record_bytes);
    Err(Stop::over("max_record", RejectReason::TooLarge, detail))
}
