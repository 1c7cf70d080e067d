//! Limits: what a file may cost, and what has been spent of it.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::path::PathBuf;
use std::rc::Rc;

use super::{Fields, Stop, length};
use crate::model::RejectReason;

/// Small outputs are harmless whatever their ratio.
const RATIO_JUDGED_ABOVE: u64 = 1 << 20;

/// Limits, and the names under which sources print their fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Larger files are not read.
    pub max_file_bytes: u64,
    /// Larger records are rejected.
    pub max_record_bytes: u64,
    /// All that is unpacked from a file, in all its layers, may become this large.
    pub max_decompressed_bytes: u64,
    /// And this many times larger than what was read of the file; judged above 1 MiB of output.
    pub max_ratio: u64,
    /// Memory that a zstd or xz stream may ask for.
    pub max_window_bytes: u64,
    /// Records of a container beyond this number are rejected together.
    pub max_records: u32,
    /// Files in an archive beyond this number are rejected together.
    pub max_entries: u32,
    /// Archives and compressions inside each other.
    pub max_archive_depth: u32,
    /// HTML nested deeper is rejected.
    pub max_html_depth: usize,
    /// JSON nested deeper is rejected.
    pub max_json_depth: usize,
    /// A PDF with more pages is rejected.
    pub max_pages: u32,
    /// Processor time for a record that is read in a process of its own.
    pub max_seconds: u32,
    /// Memory for a record that is read in a process of its own.
    pub max_memory_bytes: u64,
    /// Where to look for text and metadata.
    pub fields: Fields,
    /// The program that reads PDF and tables in a process of its own; without it they are read in this one.
    pub worker: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            max_file_bytes: 16 << 30,
            max_record_bytes: 64 << 20,
            max_decompressed_bytes: 16 << 30,
            max_ratio: 200,
            max_window_bytes: 128 << 20,
            max_records: 2_000_000,
            max_entries: 100_000,
            max_archive_depth: 4,
            max_html_depth: 256,
            max_json_depth: 64,
            max_pages: 1000,
            max_seconds: 10,
            max_memory_bytes: 1 << 30,
            fields: Fields::default(),
            worker: None,
        }
    }
}

/// What has been read of a file and unpacked from it, in all layers together.
#[derive(Debug)]
pub(super) struct Budget<'a> {
    pub(super) config: &'a Config,
    taken: Cell<u64>,
    unpacked: Cell<u64>,
    exceeded: RefCell<Option<Stop>>,
}

impl<'a> Budget<'a> {
    pub(super) fn new(config: &'a Config) -> Self {
        Budget { config, taken: Cell::new(0), unpacked: Cell::new(0), exceeded: RefCell::new(None) }
    }

    /// Notes that so much of the file lies open.
    pub(super) fn take(&self, bytes: u64) {
        self.taken.set(self.taken.get().saturating_add(bytes));
    }

    /// Why nothing more of this file is read, once that is so.
    pub(super) fn exceeded(&self) -> Option<Stop> {
        self.exceeded.borrow().clone()
    }

    /// Notes that so much more has been unpacked.
    pub(super) fn unpack(&self, bytes: u64) -> Result<(), Stop> {
        let unpacked = self.unpacked.get().saturating_add(bytes);
        self.unpacked.set(unpacked);
        let Config { max_decompressed_bytes: most, max_ratio: ratio, .. } = *self.config;
        let stop = if unpacked > most {
            let detail = format!("unpacks to more than {most} bytes");
            Stop::over("max_decompressed", RejectReason::TooLarge, detail)
        } else if unpacked > RATIO_JUDGED_ABOVE && unpacked / self.taken.get().max(1) >= ratio {
            let taken = self.taken.get();
            let detail = format!("unpacks to more than {ratio} times its {taken} bytes");
            Stop::over("max_ratio", RejectReason::RatioExceeded, detail)
        } else {
            return Ok(());
        };
        *self.exceeded.borrow_mut() = Some(stop.clone());
        Err(stop)
    }
}

/// Counts what is read of the file itself.
pub(super) struct Taken<'a, R> {
    pub(super) inner: R,
    pub(super) budget: &'a Budget<'a>,
}

impl<R: Read> Read for Taken<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.budget.take(length(read));
        Ok(read)
    }
}

/// Counts what a decoder gives, and ends it at the limits.
pub(super) struct Unpacked<'a, R> {
    pub(super) inner: R,
    pub(super) budget: &'a Budget<'a>,
}

impl<R: Read> Read for Unpacked<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(stop) = self.budget.exceeded() {
            return Err(stop.into());
        }
        let read = self.inner.read(buffer)?;
        self.budget.unpack(length(read))?;
        Ok(read)
    }
}

/// Ends a reader when more than an allowance is read before somebody renews it.
pub(super) struct Rationed<R> {
    pub(super) inner: R,
    pub(super) left: Rc<Cell<u64>>,
    /// What to say then.
    pub(super) stop: Stop,
}

impl<R: Read> Read for Rationed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.get().checked_sub(length(read)) {
            Some(left) => self.left.set(left),
            None => return Err(self.stop.clone().into()),
        }
        Ok(read)
    }
}
