//! Survey: which files are new, changed, as they were, or gone.

use rayon::prelude::*;

use crate::acquire::{self, Entry, RawFile};
use crate::config::Config;
use crate::knowledge::Knowledge;
use crate::model::Reject;
use crate::store::Store;

/// How a file stands to what is kept of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing is kept of it.
    New,
    /// It was read with another build, knowledge or settings.
    Again,
    /// Its content is another.
    Changed,
    /// Its content is as it was, though its times are not.
    Touched,
    /// It is as it was.
    Unchanged,
}

impl State {
    /// Whether its records must be read.
    pub fn is_read(self) -> bool {
        match self {
            State::New | State::Again | State::Changed => true,
            State::Touched | State::Unchanged => false,
        }
    }
}

/// Every file with its state.
#[derive(Debug)]
pub struct Surveyed<'a> {
    /// In the order of their paths.
    pub files: Vec<(&'a Entry, State)>,
    /// Files of which something is kept and that are gone, sorted.
    pub vanished: Vec<String>,
}

impl Surveyed<'_> {
    /// How many there are of each kind.
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        let count = |states: &[State]| {
            self.files.iter().filter(|(_, state)| states.contains(state)).count() as u64
        };
        vec![
            ("new", count(&[State::New])),
            ("changed", count(&[State::Changed])),
            ("again", count(&[State::Again])),
            ("unchanged", count(&[State::Touched, State::Unchanged])),
            ("vanished", self.vanished.len() as u64),
        ]
    }
}

/// Compares the chosen files with what is kept of them; `all` are those that have not vanished.
///
/// A file is opened only if its size, times or number differ from those kept, or were too new to be believed.
pub fn survey<'a>(
    chosen: &[&'a Entry],
    all: &[Entry],
    store: &Store,
    config: &Config,
) -> Surveyed<'a> {
    let files = chosen.par_iter().map(|entry| (*entry, state(entry, store, config))).collect();
    let here = |path: &str| all.binary_search_by(|entry| entry.path().cmp(path)).is_ok();
    let former = store.former().iter().map(|path| &**path);
    let mut vanished: Vec<String> =
        store.paths().chain(former).filter(|path| !here(path)).map(str::to_owned).collect();
    vanished.sort();
    vanished.dedup();
    Surveyed { files, vanished }
}

fn state(entry: &Entry, store: &Store, config: &Config) -> State {
    let Some(known) = store.find(entry.path()) else {
        return if store.former().contains(entry.path()) { State::Again } else { State::New };
    };
    let hash = match entry {
        Entry::File { stamp, .. } if known.settled && known.stamp == *stamp => {
            return State::Unchanged;
        }
        Entry::File { path, full, .. } => {
            let opened = acquire::open(full, path.clone(), &config.acquire);
            opened
                .and_then(|mut file| content(&mut file))
                .unwrap_or_else(|reject| hash_of_reject(&reject))
        }
        Entry::Rejected(reject) => hash_of_reject(reject),
    };
    let same_stamp = match entry {
        Entry::File { stamp, .. } => known.stamp == *stamp,
        Entry::Rejected(_) => true,
    };
    match (hash == known.hash, same_stamp) {
        (true, true) => State::Unchanged,
        (true, false) => State::Touched,
        (false, _) => State::Changed,
    }
}

/// The hash of a file's content.
pub(super) fn content(file: &mut RawFile) -> Result<[u8; 32], Reject> {
    let hex = file.hash()?;
    Ok(blake3::Hash::from_hex(hex.as_bytes()).map_or([0; 32], |hash| *hash.as_bytes()))
}

/// Stands for the content of a file that has none that could be read.
pub(super) fn hash_of_reject(reject: &Reject) -> [u8; 32] {
    let words = format!("reject {} {} {}", reject.reason, reject.detail, reject.bytes);
    *blake3::hash(words.as_bytes()).as_bytes()
}

/// What decides how a record is read, besides the record.
pub fn made_by(config: &Config) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    // Where the program lies decides nothing.
    let settings = format!("{:?}", acquire::Config { worker: None, ..config.acquire.clone() });
    let parts =
        [env!("CARGO_PKG_VERSION"), env!("ANJUAN_BUILD"), &Knowledge::hash(), settings.as_str()];
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    *hasher.finalize().as_bytes()
}
