//! Say why a snapshot could not be published or read; the old one stands in every case.

use std::io;
use std::path::{Path, PathBuf};

/// Why publishing, verifying or choosing a snapshot could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk or the quota is full.
    #[error("no space to write {path}; the old snapshot stands: free some space and run again")]
    NoSpace {
        /// What was to be written.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Not allowed to write.
    #[error(
        "no permission to write {path}; the old snapshot stands: check the owner and mode of the folder"
    )]
    Permission {
        /// What was to be written.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Any other failure to write.
    #[error("cannot write {path}; the old snapshot stands")]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A failure to read what was published.
    #[error("cannot read {path}")]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A table could not be turned into Parquet.
    #[error("cannot encode table {table}")]
    Encode {
        /// The table.
        table: &'static str,
        /// The cause.
        source: parquet::errors::ParquetError,
    },
    /// The summaries could not be made.
    #[error("cannot summarise the tables")]
    Summary(#[source] polars::error::PolarsError),
    /// The tables contradict themselves; nothing was written.
    #[error("the tables fail {} check(s); nothing was published:\n{}", .0.len(), .0.join("\n"))]
    Check(Vec<String>),
    /// The same inputs gave other tables than before.
    #[error("snapshot {id} was made again and is not the same: this is a bug; the old one stands")]
    NotTheSame {
        /// The id of both.
        id: String,
    },
    /// What was read back is not what was written.
    #[error(
        "{path} does not read back as written ({problems}); the old snapshot stands: the disk may be failing"
    )]
    Changed {
        /// The folder that was written.
        path: PathBuf,
        /// What is wrong with it.
        problems: String,
    },
    /// There is no snapshot yet.
    #[error("nothing is published in {out}: run `anjuan run` first")]
    NothingPublished {
        /// The folder looked into.
        out: PathBuf,
    },
    /// There is no such snapshot.
    #[error("{out} holds no snapshot {id}: `anjuan snapshots` lists them")]
    NoSuchSnapshot {
        /// The folder looked into.
        out: PathBuf,
        /// The id asked for.
        id: String,
    },
    /// A snapshot that was to be used is damaged.
    #[error("snapshot {id} is damaged ({problems}); it was not chosen")]
    Damaged {
        /// The id asked for.
        id: String,
        /// What is wrong with it.
        problems: String,
    },
}

impl Error {
    /// The disk could not write `path`.
    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Error::NoSpace { path, source }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Error::Permission { path, source }
            }
            _ => Error::Write { path, source },
        }
    }

    /// The disk could not read `path`.
    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        Error::Read { path: path.to_owned(), source }
    }
}
