//! WARC: what servers answered, one after another; requests and notes between them are passed over.

use std::io::{BufRead, Read};

use flate2::read::{GzDecoder, ZlibDecoder};

use super::input::{Input, LineEnd, read_line};
use super::limits::Unpacked;
use super::record::{Content, Served};
use super::walk::{Halt, Place, Walk};
use super::{Stop, fields};
use crate::model::RejectReason;

/// All headers of a record or answer together are not longer.
const MAX_HEADERS: u64 = 1 << 20;

/// Names in lower case, and values.
type Headers = Vec<(String, String)>;

/// Every answer in a web archive.
pub(super) fn read(
    walk: &mut Walk<'_>,
    place: &mut Place,
    mut input: Input<'_>,
) -> Result<(), Halt> {
    while let Some(headers) = record_headers(&mut input)? {
        let size: u64 = value(&headers, "content-length")
            .and_then(|size| size.parse().ok())
            .ok_or_else(|| torn("a record without a length"))?;
        let kind = value(&headers, "warc-type").unwrap_or_default();
        let mut block = (&mut input).take(size);
        if matches!(kind, "response" | "resource" | "conversion") {
            let content = answer(walk, &headers, kind == "response", &mut block)?;
            walk.give_next(place, size, content.unwrap_or_else(Content::Rejected))?;
        }
        std::io::copy(&mut block, &mut std::io::sink())?;
        if block.limit() > 0 {
            return Err(torn("the last record ends early").into());
        }
    }
    Ok(())
}

fn torn(detail: &str) -> Stop {
    Stop::new(RejectReason::BadRecord, format!("the web archive is damaged: {detail}"))
}

/// The headers of the next record; `None` at the end.
fn record_headers(input: &mut Input<'_>) -> Result<Option<Headers>, Halt> {
    let mut line = Vec::new();
    loop {
        match read_line(input, &mut line, MAX_HEADERS)? {
            (_, LineEnd::None) => return Ok(None),
            (_, LineEnd::Whole) if line.trim_ascii().is_empty() => {}
            (_, LineEnd::Whole) if line.starts_with(b"WARC/") => break,
            (_, LineEnd::Whole | LineEnd::Cut) => {
                return Err(torn("something else where a record should start").into());
            }
        }
    }
    headers(input).map(Some)
}

/// Lines of `Name: value` up to an empty one.
fn headers(input: &mut impl BufRead) -> Result<Headers, Halt> {
    let mut headers = Headers::new();
    let (mut line, mut size) = (Vec::new(), 0);
    loop {
        let (read, end) = read_line(input, &mut line, MAX_HEADERS)?;
        size += read;
        let text = String::from_utf8_lossy(line.trim_ascii());
        if end == LineEnd::None || text.is_empty() {
            return Ok(headers);
        }
        if size > MAX_HEADERS {
            return Err(torn("headers of more than 1 MiB").into());
        }
        if let Some((name, value)) = text.split_once(':') {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
}

fn value<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The document in an answer; the inner error is why there is none.
fn answer(
    walk: &Walk<'_>,
    record: &Headers,
    over_http: bool,
    block: &mut impl BufRead,
) -> Result<Result<Content, Stop>, Halt> {
    let url = value(record, "warc-target-uri");
    let url = url.map(|url| url.trim_matches(['<', '>'])).filter(|url| fields::is_address(url));
    let mut answered = Headers::new();
    if over_http {
        let mut line = Vec::new();
        read_line(block, &mut line, MAX_HEADERS)?;
        let status = String::from_utf8_lossy(&line);
        let status = status.split_whitespace().nth(1).unwrap_or("none").to_owned();
        answered = headers(block)?;
        if !status.starts_with('2') {
            let detail = format!("the server answered with status {status}");
            return Ok(Err(Stop::new(RejectReason::BadRecord, detail)));
        }
    }
    let kind =
        value(if over_http { &answered } else { record }, "content-type").unwrap_or_default();
    let (kind, options) = kind.split_once(';').unwrap_or((kind, ""));
    let kind = kind.trim().to_ascii_lowercase();
    let name = match kind.as_str() {
        "text/html" | "application/xhtml+xml" | "text/xml" | "application/xml" => "page.html",
        "text/markdown" => "page.md",
        "" | "text/plain" | "application/pdf" | "application/octet-stream" => "page",
        _ => {
            let detail = format!("an answer of type {kind}");
            return Ok(Err(Stop::new(RejectReason::UnknownFormat, detail)));
        }
    };
    let charset = options.to_ascii_lowercase();
    let charset =
        charset.split_once("charset=").map(|(_, name)| name.trim_matches(['"', '\'', ' ']));
    let charset = charset.and_then(|name| encoding_rs::Encoding::for_label(name.as_bytes()));
    let bytes = match body(walk, &answered, block) {
        Ok(bytes) => bytes,
        Err(stop) => return Ok(Err(stop)),
    };
    let served = Some(Served { url: url.map(str::to_owned), charset });
    Ok(Ok(Content::Document { name: name.to_owned(), bytes, served }))
}

/// What was sent, without what sending it took.
fn body(walk: &Walk<'_>, headers: &Headers, block: &mut impl BufRead) -> Result<Vec<u8>, Stop> {
    let limit = walk.config.max_record_bytes;
    let whole = Input::stream(block).bytes(limit)?;
    let chunked = value(headers, "transfer-encoding").is_some_and(|how| how.contains("chunked"));
    // Some programs store the chunks joined and keep the header.
    let sent = if chunked { joined(&whole).unwrap_or(whole) } else { whole };
    let budget = walk.budget;
    let unpack = |reader: Box<dyn Read + '_>| {
        Input::stream(Unpacked { inner: reader, budget }).bytes(limit).map_err(|stop| {
            match stop.reason {
                RejectReason::Unreadable => Stop { reason: RejectReason::BadCompression, ..stop },
                _ => stop,
            }
        })
    };
    match value(headers, "content-encoding").unwrap_or_default() {
        "gzip" | "x-gzip" if sent.starts_with(b"\x1f\x8b") => {
            unpack(Box::new(GzDecoder::new(sent.as_slice())))
        }
        "deflate" => unpack(Box::new(ZlibDecoder::new(sent.as_slice()))),
        other @ ("br" | "zstd" | "compress") => {
            let detail = format!("an answer compressed with {other}");
            Err(Stop::new(RejectReason::BadCompression, detail))
        }
        _ => Ok(sent),
    }
}

/// Chunks of an answer, each behind its length; `None` if they are no chunks.
fn joined(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::with_capacity(chunks.len());
    loop {
        let end = memchr::memchr(b'\n', chunks)?;
        let (line, rest) = chunks.split_at_checked(end + 1)?;
        let digits = str::from_utf8(line).ok()?.split(';').next()?.trim();
        match usize::from_str_radix(digits, 16).ok()? {
            0 => return Some(whole),
            size => {
                // An answer that broke off is as long as it is.
                whole.extend_from_slice(rest.get(..size).unwrap_or(rest));
                let rest = rest.get(size..).unwrap_or_default();
                chunks = rest.strip_prefix(b"\r\n").or(rest.strip_prefix(b"\n")).unwrap_or(rest);
                if chunks.is_empty() {
                    return Some(whole);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acquire::{Config, RawFile, read_all};
    use crate::model::Format;

    const PAGE: &str = "<html><head><title>警方通报一起案件</title></head><body><p>近日，某市警方通报一起侵犯公民个人信息案。</p></body></html>";

    fn entry(kind: &str, headers: &str, block: &[u8]) -> Vec<u8> {
        let head = format!(
            "WARC/1.0\r\nWARC-Type: {kind}\r\n{headers}Content-Length: {}\r\n\r\n",
            block.len()
        );
        [head.as_bytes(), block, b"\r\n\r\n"].concat()
    }

    fn response(headers: &str, body: &[u8]) -> Vec<u8> {
        let block = [format!("HTTP/1.1 {headers}\r\n\r\n").as_bytes(), body].concat();
        entry("response", "WARC-Target-URI: https://example.com/a.html\r\n", &block)
    }

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        let mut encoder = flate2::read::GzEncoder::new(bytes, flate2::Compression::fast());
        encoder.read_to_end(&mut packed).unwrap();
        packed
    }

    fn check(parts: &[Vec<u8>], expected: &[Result<&str, (RejectReason, &str)>]) {
        let file = RawFile::in_memory("crawl.warc".to_owned(), parts.concat());
        let records = read_all(file, &Config::default());
        let shown: Vec<_> = records
            .iter()
            .map(|record| match record {
                Ok(article) => {
                    assert_eq!(article.format, Format::Warc);
                    assert_eq!(article.meta.url.as_deref(), Some("https://example.com/a.html"));
                    Ok(article.text.text())
                }
                Err(reject) => Err((reject.reason, reject.detail.as_str())),
            })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn answers() {
        let text = "近日，某市警方通报一起侵犯公民个人信息案。";
        let html = "200 OK\r\nContent-Type: text/html; charset=utf-8";
        let (gb, ..) = encoding_rs::GBK.encode(PAGE);
        let (first, second) = PAGE.split_at(5);
        let chunks = format!("5\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n", second.len());
        check(
            &[
                entry("warcinfo", "", b"software: x"),
                entry("request", "", b"GET / HTTP/1.1\r\n\r\n"),
                response(html, PAGE.as_bytes()),
                response("200 OK\r\ncontent-type: text/html; charset=gbk", &gb),
                response(&format!("{html}\r\nTransfer-Encoding: chunked"), chunks.as_bytes()),
                response(&format!("{html}\r\nTransfer-Encoding: chunked"), PAGE.as_bytes()),
                response(&format!("{html}\r\nContent-Encoding: gzip"), &gz(PAGE.as_bytes())),
                entry(
                    "conversion",
                    "WARC-Target-URI: <https://example.com/a.html>\r\nContent-Type: text/plain\r\n",
                    text.as_bytes(),
                ),
            ],
            &[Ok(text); 6],
        );
    }

    #[test]
    fn answers_that_are_no_documents() {
        check(
            &[
                response("404 Not Found\r\nContent-Type: text/html", b"<p>404</p>"),
                response("200 OK\r\nContent-Type: image/png", b"\x89PNG"),
                response("200 OK\r\nContent-Encoding: br", b"x"),
                response("200 OK\r\nContent-Encoding: gzip", b"\x1f\x8b\x09 no gzip at all"),
                response("200 OK\r\nContent-Type: text/html", b""),
                b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 100\r\n\r\nHTTP/1.1 404 x"
                    .to_vec(),
            ],
            &[
                Err((RejectReason::BadRecord, "the server answered with status 404")),
                Err((RejectReason::UnknownFormat, "an answer of type image/png")),
                Err((RejectReason::BadCompression, "an answer compressed with br")),
                Err((RejectReason::BadCompression, "invalid gzip header")),
                Err((RejectReason::Empty, "the file has no bytes")),
                Err((RejectReason::BadRecord, "the server answered with status 404")),
                Err((
                    RejectReason::BadRecord,
                    "the web archive is damaged: the last record ends early",
                )),
            ],
        );
        check(
            &[response("404 x", b""), b"rubbish\r\n".to_vec()],
            &[
                Err((RejectReason::BadRecord, "the server answered with status 404")),
                Err((
                    RejectReason::BadRecord,
                    "the web archive is damaged: something else where a record should start",
                )),
            ],
        );
    }
}
