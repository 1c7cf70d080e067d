//! TAR: files one after another.

use std::cell::Cell;
use std::rc::Rc;

use tar::{Archive, EntryType};

use super::Stop;
use super::input::Input;
use super::limits::Rationed;
use super::walk::{Entry, Halt, Place, Walk};
use crate::model::RejectReason;

/// No name, link or attribute is longer.
const HEADERS: u64 = 1 << 20;

/// Everything in an archive.
pub(super) fn read(
    walk: &mut Walk<'_>,
    place: &mut Place,
    input: Input<'_>,
    depth: u32,
) -> Result<(), Halt> {
    let left = Rc::new(Cell::new(HEADERS));
    let stop = broken("a header of more than 1 MiB");
    let mut archive = Archive::new(Rationed { inner: input, left: Rc::clone(&left), stop });
    for entry in archive.entries()? {
        let mut entry = entry.map_err(|error| unreadable(&error))?;
        let name = super::zip::name(&entry.path_bytes(), false);
        let kind = match entry.header().entry_type() {
            EntryType::Directory | EntryType::XGlobalHeader => Entry::Ignored,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => Entry::File,
            EntryType::Symlink | EntryType::Link => {
                Entry::Refused(Stop::new(RejectReason::SpecialFile, "a link"))
            }
            _ => Entry::Refused(Stop::new(RejectReason::SpecialFile, "not a regular file")),
        };
        left.set(u64::MAX);
        walk.entry(place, &name, kind, Input::stream(&mut entry), depth)?;
        // What was left unread must not count as a header.
        std::io::copy(&mut entry, &mut std::io::sink()).map_err(|error| unreadable(&error))?;
        left.set(HEADERS);
    }
    Ok(())
}

fn broken(detail: &str) -> Stop {
    Stop::new(RejectReason::BadCompression, format!("the archive is damaged: {detail}"))
}

fn unreadable(error: &std::io::Error) -> Stop {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Stop>()) {
        Some(stop) => stop.clone(),
        None => broken(&error.to_string()),
    }
}
