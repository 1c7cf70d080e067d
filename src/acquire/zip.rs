//! ZIP: files with a directory at the end.

use zip::ZipReadOptions;
use zip::read::{Config, OwnedZipFileEntry};
use zip::result::ZipError;
// The walk that keeps no list of all files; the version is pinned for it.
use zip::unstable::read::ZipIterable;

use super::Stop;
use super::input::Input;
use super::limits::Unpacked;
use super::walk::{Entry, Halt, Place, Seekable, Walk};
use crate::model::RejectReason;

/// What an Office document holds beside its text.
const OFFICE: &str = "[Content_Types].xml";

/// Everything in an archive, in the order of its directory.
pub(super) fn read(
    walk: &mut Walk<'_>,
    place: &mut Place,
    reader: impl Seekable,
    depth: u32,
) -> Result<(), Halt> {
    let mut archive = ZipIterable::try_new(reader, Config::default()).map_err(broken)?;
    let files = archive.files().map_err(broken)?;
    let mut first = true;
    while let Some(entry) = files.next() {
        // An entry that owns its data would read on to its end when dropped.
        let entry = OwnedZipFileEntry::from(entry.map_err(broken)?);
        let name = name(entry.name_raw(), true);
        if std::mem::take(&mut first) && name == OFFICE {
            let detail = "an Office document; save it as text or HTML";
            return Err(Stop::new(RejectReason::UnknownFormat, detail).into());
        }
        let kind = if entry.is_dir() {
            Entry::Ignored
        } else if entry.is_symlink() {
            Entry::Refused(Stop::new(RejectReason::SpecialFile, "a link"))
        } else if entry.encrypted() {
            Entry::Refused(Stop::new(RejectReason::Encrypted, "a password is needed"))
        } else {
            Entry::File
        };
        if !matches!(kind, Entry::File) {
            walk.entry(place, &name, kind, Input::memory(Vec::new()), depth)?;
            continue;
        }
        let budget = walk.budget;
        match entry.as_ref().with_reader(files.reader_mut(), ZipReadOptions::new()) {
            Ok(file) => {
                let input = Input::stream(Unpacked { inner: file, budget });
                walk.entry(place, &name, kind, input, depth)?;
            }
            Err(error) => {
                let kind = Entry::Refused(broken(error));
                walk.entry(place, &name, kind, Input::memory(Vec::new()), depth)?;
            }
        }
    }
    Ok(())
}

fn broken(error: ZipError) -> Stop {
    let detail = match error {
        ZipError::Io(error) => match error.downcast::<Stop>() {
            Ok(stop) => return stop,
            Err(error) => error.to_string(),
        },
        other => other.to_string(),
    };
    Stop::new(RejectReason::BadCompression, format!("the archive is damaged: {detail}"))
}

/// A path in an archive with `/` between its parts; what cannot be printed is written as `\xE4`.
///
/// Windows in China writes names in GBK and, `from_windows`, with `\`.
pub(super) fn name(bytes: &[u8], from_windows: bool) -> String {
    let slashes = |words: &str| match from_windows {
        true => words.replace('\\', "/"),
        false => words.to_owned(),
    };
    let (gbk, _, damaged) = encoding_rs::GBK.decode(bytes);
    let mut name = String::new();
    if str::from_utf8(bytes).is_err() && !damaged {
        name.push_str(&slashes(&gbk));
    } else {
        for chunk in bytes.utf8_chunks() {
            name.push_str(&slashes(chunk.valid()));
            name.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02X}")));
        }
    }
    let shown = |c: char| match c {
        c if c.is_control() => format!("\\x{:02X}", u32::from(c)),
        c => c.to_string(),
    };
    let name: String = name.chars().map(shown).collect();
    let parts = name.split('/').filter(|part| !matches!(*part, "" | "."));
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let check = |bytes: &[u8], expected: &str| assert_eq!(name(bytes, true), expected);
        check("通报/一.txt".as_bytes(), "通报/一.txt");
        check(b"a\\b.txt", "a/b.txt");
        check(b"./a//b", "a/b");
        check(b"../../etc/passwd", "../../etc/passwd");
        check(b"a\nb\0", "a\\x0Ab\\x00");
        check(&encoding_rs::GBK.encode("通报.txt").0, "通报.txt");
        check(b"a\xff.txt", "a\\xFF.txt");
        assert_eq!(name(b"a\\b", false), "a\\b");
    }
}
