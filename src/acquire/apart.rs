//! Apart: PDF and tables are read in a process of their own, which may run out of memory, time or stack alone.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::table::{self, Layout};
use super::walk::Halt;
use super::{Config, Stop, pdf};
use crate::model::RejectReason;

/// What the command is called that reads one file apart.
const COMMAND: &str = "read-apart";
/// Where the process finds its file; opened anew, so that it can be read from anywhere.
const STANDARD_INPUT: &str = "/dev/stdin";
/// How the process ends when its time is up.
const OUT_OF_TIME: u8 = 75;
/// A file of this size has one more helping of time.
const BYTES_FOR_TIME: u64 = 4 << 20;
/// No more of what the process complains is read.
const COMPLAINT: u64 = 4 << 10;

/// What the process shall do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) work: Work,
    seconds: u64,
    memory: u64,
    pub(super) max_pages: u32,
    pub(super) max_records: u32,
    /// The columns that are wanted.
    pub(super) names: Vec<String>,
}

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Work {
    Pdf,
    Table(Layout),
}

/// What the process answers, one to a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Reply {
    /// The cells of a row under the names of their columns.
    Row(Vec<(String, String)>),
    /// The text of a document.
    Text { title: Option<String>, text: String },
    /// Why no more can be read: a reason and its detail.
    Stop(String, String),
    /// There is no more.
    End,
}

impl Task {
    pub(super) fn new(work: Work, size: u64, config: &Config) -> Self {
        let helpings = match work {
            Work::Pdf => 1,
            Work::Table(_) => 1 + size / BYTES_FOR_TIME,
        };
        let fields = &config.fields;
        let names =
            [&fields.text, &fields.title, &fields.publisher, &fields.url, &fields.published];
        Task {
            work,
            seconds: u64::from(config.max_seconds) * helpings,
            memory: config.max_memory_bytes,
            max_pages: config.max_pages,
            max_records: config.max_records,
            names: names.into_iter().flatten().cloned().collect(),
        }
    }
}

/// Where the bytes are.
pub(super) enum Bytes {
    Disk(File),
    Memory(Vec<u8>),
}

/// Gives the file to the process and each of its answers to `each`.
pub(super) fn run(
    task: &Task,
    bytes: Bytes,
    config: &Config,
    each: &mut dyn FnMut(Reply) -> Result<(), Halt>,
) -> Result<(), Halt> {
    let Some(worker) = &config.worker else {
        return work(task, bytes, each);
    };
    let mut process = match bytes {
        Bytes::Disk(file) => start(worker, task, file.into())?,
        Bytes::Memory(bytes) => {
            let mut process = start(worker, task, Stdio::piped())?;
            if let Some(mut input) = process.stdin.take() {
                // A process that ends before it has read everything has said why, or will be asked below.
                let _ = input.write_all(&bytes);
            }
            process
        }
    };
    let heard = listen(&mut process, each);
    if !matches!(heard, Ok(true)) {
        // It may be busy, or waiting for somebody to listen.
        let _ = process.kill();
    }
    let mut complaint = String::new();
    if let Some(stderr) = process.stderr.take() {
        let _ = stderr.take(COMPLAINT).read_to_string(&mut complaint);
    }
    let status = process.wait().map_err(|error| broken(&error.to_string()))?;
    match heard? {
        true => Ok(()),
        false => Err(died(task, status, &complaint).into()),
    }
}

fn start(worker: &Path, task: &Task, stdin: Stdio) -> Result<Child, Stop> {
    let unstarted = |error: &dyn std::fmt::Display| {
        broken(&format!("cannot start {}: {error}", worker.display()))
    };
    let task = serde_json::to_string(task).map_err(|error| unstarted(&error))?;
    let mut command = Command::new(worker);
    command.arg(COMMAND).arg(task).env_clear();
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().map_err(|error| unstarted(&error))
}

fn broken(detail: &str) -> Stop {
    Stop::new(RejectReason::ReaderFailed, detail)
}

/// Hands the answers on; whether the last has come.
fn listen(
    process: &mut Child,
    each: &mut dyn FnMut(Reply) -> Result<(), Halt>,
) -> Result<bool, Halt> {
    let Some(output) = process.stdout.take() else { return Ok(false) };
    for line in BufReader::with_capacity(64 << 10, output).split(b'\n') {
        match serde_json::from_slice(&line?) {
            Ok(Reply::End) => return Ok(true),
            Ok(Reply::Stop(reason, detail)) => {
                let reason = RejectReason::from_name(&reason);
                let reason = reason.unwrap_or(RejectReason::ReaderFailed);
                return Err(Stop::new(reason, detail).into());
            }
            Ok(reply) => each(reply)?,
            // The last line of a process that died.
            Err(_) => return Ok(false),
        }
    }
    Ok(false)
}

/// Why a process ended before its last answer.
fn died(task: &Task, status: ExitStatus, complaint: &str) -> Stop {
    if status.code() == Some(i32::from(OUT_OF_TIME)) || is_out_of_time(status) {
        let detail = format!("took more than {} s", task.seconds);
        return Stop::over("max_seconds", RejectReason::TimeLimit, detail);
    }
    if complaint.contains("memory allocation") {
        let detail = format!("took more than {} bytes", task.memory);
        return Stop::over("max_memory", RejectReason::TooLarge, detail);
    }
    broken(&format!("its reader failed ({status})"))
}

#[cfg(unix)]
fn is_out_of_time(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    /// The signal for too much processor time.
    const SIGXCPU: i32 = 24;
    status.signal() == Some(SIGXCPU)
}

#[cfg(not(unix))]
fn is_out_of_time(_: ExitStatus) -> bool {
    false
}

/// The whole life of the process: reads standard input as `task` says and answers on standard output.
///
/// Gives back whether it understood its task.
pub fn serve(task: &str) -> bool {
    let Ok(task) = serde_json::from_str::<Task>(task) else { return false };
    confine(&task);
    let mut output = io::BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let mut answer = |reply: &Reply| -> io::Result<()> {
        serde_json::to_writer(&mut output, reply)?;
        output.write_all(b"\n")
    };
    let mut each = |reply: Reply| answer(&reply).map_err(Halt::from);
    let end = match File::open(STANDARD_INPUT) {
        Ok(file) if file.metadata().is_ok_and(|found| found.is_file()) => {
            work(&task, Bytes::Disk(file), &mut each)
        }
        Ok(_) | Err(_) => {
            let mut bytes = Vec::new();
            match io::stdin().lock().read_to_end(&mut bytes) {
                Ok(_) => work(&task, Bytes::Memory(bytes), &mut each),
                Err(error) => Err(error.into()),
            }
        }
    };
    let last = match end {
        Ok(()) => Reply::End,
        Err(Halt::Stop(stop)) => Reply::Stop(stop.reason.name().to_owned(), stop.detail),
        Err(Halt::Enough) => return true,
    };
    // Who no longer listens needs no answer.
    let _ = answer(&last).and_then(|()| output.flush());
    true
}

/// Bounds memory and processor time of this process, and the time it may wait.
fn confine(task: &Task) {
    #[cfg(unix)]
    {
        use rlimit::Resource;
        // Where the system has no such limit the others must do.
        let _ = rlimit::setrlimit(Resource::AS, task.memory, task.memory);
        let _ = rlimit::setrlimit(Resource::CPU, task.seconds, task.seconds + 1);
        let _ = rlimit::setrlimit(Resource::CORE, 0, 0);
    }
    // Rows wait for whoever takes them, so only a document has an end in time.
    if task.work == Work::Pdf {
        let most = Duration::from_secs(task.seconds.saturating_mul(10));
        if most.is_zero() {
            // A small document would otherwise be read before the clock is looked at.
            std::process::exit(i32::from(OUT_OF_TIME));
        }
        thread::spawn(move || {
            thread::sleep(most);
            std::process::exit(i32::from(OUT_OF_TIME));
        });
    }
}

/// What the process does; without one, this one does it.
fn work(
    task: &Task,
    bytes: Bytes,
    each: &mut dyn FnMut(Reply) -> Result<(), Halt>,
) -> Result<(), Halt> {
    match task.work {
        Work::Pdf => {
            let bytes = match bytes {
                Bytes::Memory(bytes) => bytes,
                Bytes::Disk(mut file) => {
                    let mut bytes = Vec::new();
                    file.read_to_end(&mut bytes)?;
                    bytes
                }
            };
            each(pdf::text(&bytes, task.max_pages)?)
        }
        Work::Table(layout) => table::rows(task, layout, bytes, each),
    }
}
