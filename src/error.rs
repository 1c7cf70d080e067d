//! Errors: why a command as a whole cannot go on, and the exit code that says so.

use std::io;
use std::path::{Path, PathBuf};

use crate::acquire::ListError;
use crate::knowledge::problem::Problem;
use crate::{publish, store};

/// Why a command stops. A record that cannot be used is a [`Reject`](crate::model::Reject), not an error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Input that is missing or that the disk does not give.
    #[error("cannot read {}", .path.display())]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// Why it could not be.
        source: io::Error,
    },
    /// Output that the disk does not take.
    #[error("cannot write {}", .path.display())]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// Why it could not be.
        source: io::Error,
    },
    /// Everything that is wrong in files that people write: settings, knowledge, annotations.
    #[error("{}", listed(.0))]
    Problems(Vec<Problem>),
    /// A command line that cannot be meant.
    #[error("{0}")]
    Usage(String),
    /// Another run is writing to the same folder.
    #[error("another run is writing to {}", .0.display())]
    Locked(PathBuf),
    /// The scratch files of a run, or an article that is needed again.
    #[error("cannot use the scratch files")]
    Scratch {
        /// Why not.
        source: io::Error,
    },
    /// What was kept of earlier runs cannot be read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Inputs that are gone, where the configuration calls that an error.
    #[error("{} file(s) are gone that were there before; input.vanished says that this is an error:\n{}",
        .0.len(), .0.join("\n"))]
    Vanished(Vec<String>),
    /// Counts that were not to be published.
    #[error("not published: {}", .0.join("; "))]
    Refused(Vec<String>),
    /// Somebody asked the run to stop.
    #[error("stopped; what was read is kept, and the old snapshot stands")]
    Stopped,
    /// A snapshot that cannot be written, read or chosen.
    #[error(transparent)]
    Snapshot(#[from] publish::Error),
}

impl Error {
    /// The folder of articles cannot be listed.
    pub fn list(raw: &Path, error: ListError) -> Self {
        let source = match error {
            ListError::Unreadable { source, .. } => source,
            ListError::NotAFolder { .. } => io::Error::from(io::ErrorKind::NotADirectory),
        };
        Error::Read { path: raw.to_owned(), source }
    }

    /// The exit code of the process, as the README lists them.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Problems(_) | Error::Usage(_) => 2,
            Error::Refused(_) => 4,
            Error::Read { .. } | Error::Vanished(_) => 5,
            Error::Write { .. } | Error::Scratch { .. } | Error::Store(_) => 7,
            Error::Stopped => 130,
            Error::Locked(_) => 75,
            Error::Snapshot(error) => match error {
                publish::Error::Encode { .. }
                | publish::Error::Summary(_)
                | publish::Error::NotTheSame { .. } => 1,
                publish::Error::NoSuchSnapshot { .. } => 2,
                publish::Error::Check(_) => 4,
                publish::Error::Read { .. } | publish::Error::NothingPublished { .. } => 5,
                publish::Error::Damaged { .. } => 6,
                publish::Error::NoSpace { .. }
                | publish::Error::Permission { .. }
                | publish::Error::Write { .. }
                | publish::Error::Changed { .. } => 7,
            },
        }
    }
}

impl Error {
    /// The same in a word, for programs.
    pub fn reason(&self) -> &'static str {
        match self.exit_code() {
            1 => "bug",
            2 => "configuration",
            4 => "check_failed",
            5 => "input",
            6 => "damaged",
            7 => "disk",
            75 => "locked",
            _ => "stopped",
        }
    }
}

/// A line for each problem.
fn listed(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}
