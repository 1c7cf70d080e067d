//! PDF: the text layer of a document as the lines of its article.

mod draw;
mod font;
mod layout;

use lopdf::{Document as Pdf, LoadOptions};

use super::apart::{self, Bytes, Reply, Task, Work};
use super::{Config, Document, Stop, length};
use crate::model::{Mapped, Metadata, RejectReason};
use draw::Fonts;

/// No stream of a document may become larger while it is loaded.
const MAX_STREAM: usize = 256 << 20;
/// A page with fewer characters is a picture with a stamp on it.
const SHORTEST: usize = 10;

/// Whether the bytes are a PDF.
pub(super) fn is_pdf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF-")
}

/// The article of a document, read apart.
pub(super) fn read(bytes: Vec<u8>, config: &Config) -> Result<Document, Stop> {
    let mut document = Document::default();
    let task = Task::new(Work::Pdf, length(bytes.len()), config);
    let end = apart::run(&task, Bytes::Memory(bytes), config, &mut |reply| {
        if let Reply::Text { title, text } = reply {
            let meta = Metadata { title, ..Metadata::default() };
            document = Document { text: Mapped::verbatim(text), meta };
        }
        Ok(())
    });
    end.map_err(|halt| halt.stop())?;
    Ok(document)
}

/// The paragraphs of a document, a line each, and its first heading.
pub(super) fn text(bytes: &[u8], max_pages: u32) -> Result<Reply, Stop> {
    let options = LoadOptions::with_max_decompressed_size(MAX_STREAM);
    let pdf = Pdf::load_mem_with_options(bytes, options).map_err(|error| refused(&error))?;
    if pdf.is_encrypted() {
        return Err(Stop::new(RejectReason::Encrypted, "a password is needed"));
    }
    let most = usize::try_from(max_pages).unwrap_or(usize::MAX);
    let ids: Vec<_> = pdf.page_iter().take(most.saturating_add(1)).collect();
    if ids.len() > most {
        let detail = format!("more than {most} pages");
        return Err(Stop::over("max_pages", RejectReason::TooLarge, detail));
    }
    let mut fonts = Fonts::new();
    let (mut pages, mut unknown, mut images) = (Vec::new(), 0, 0);
    for id in &ids {
        let drawn = draw::page(&pdf, *id, &mut fonts);
        unknown += drawn.unknown;
        images += drawn.images;
        pages.push(drawn.marks);
    }
    let marks: usize = pages.iter().map(Vec::len).sum();
    if marks < SHORTEST || marks < unknown {
        let detail = match (unknown, images) {
            (0, 0) => "no text on its pages".to_owned(),
            (0, images) => {
                format!("no text layer: {images} images on {} pages, perhaps scanned", ids.len())
            }
            (unknown, _) => format!("its fonts do not tell which characters {unknown} glyphs are"),
        };
        return Err(Stop::new(RejectReason::NoTextLayer, detail));
    }
    let paragraphs = layout::paragraphs(pages);
    let title = paragraphs.iter().take(3).find(|paragraph| paragraph.is_heading);
    let title = title.map(|paragraph| paragraph.text.replace('\t', " "));
    let text: Vec<&str> = paragraphs.iter().map(|paragraph| paragraph.text.as_str()).collect();
    Ok(Reply::Text { title, text: text.join("\n") })
}

fn refused(error: &lopdf::Error) -> Stop {
    match error {
        lopdf::Error::InvalidPassword | lopdf::Error::Decryption(_) => {
            Stop::new(RejectReason::Encrypted, "a password is needed")
        }
        other => Stop::new(RejectReason::BadRecord, format!("the PDF is damaged: {other}")),
    }
}
