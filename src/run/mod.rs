//! Run, as a command: the lock, signals, progress, what came of it, and the exit code.

mod lineage;
mod metrics;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anjuan::config::Config;
use anjuan::error::Error;
use anjuan::knowledge::Knowledge;
use anjuan::pipeline::{self, Done, FailOn, Job};
use anjuan::report::{Finished, Log, Progress};
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use self::lineage::Lineage;
use crate::args::RunArguments;
use crate::{knowledge, print, reading, settings};

/// Published, with more rejects than the configured share.
const MANY_REJECTS: u8 = 3;
/// What a shell adds to the number of the signal that stopped a process.
const SIGNALLED: usize = 128;

/// Reads what is new under raw/, publishes, and gives the exit code with its reason.
pub(crate) fn run(arguments: &RunArguments, log: &Log) -> Result<(u8, &'static str), Error> {
    let mut config = settings(&arguments.place)?;
    config.threads = arguments.threads.unwrap_or(config.threads);
    config.memory = arguments.memory.unwrap_or(config.memory);
    let metrics = arguments.metrics.clone().or_else(|| config.metrics.clone());
    let lineage = arguments.lineage.clone().or_else(|| config.lineage.clone());
    let knowledge = knowledge()?;
    fs::metadata(&config.raw).map_err(|error| reading(&config.raw, error))?;
    let signals = Signals::listen();
    let _lock = lock(&config.out, arguments.wait_lock, &signals)?;
    let lineage = lineage.map(|path| Lineage::start(&path, &config)).transpose()?;

    let (done, stages) = bring_up_to_date(&config, &knowledge, arguments, &signals, log);
    let ended = match &done {
        Ok(done) => tell(&config, arguments, done, log)?,
        Err(Error::Stopped) => {
            log.say(&format!("anjuan: {}", Error::Stopped));
            (signals.exit_code(), "stopped")
        }
        Err(error) => (error.exit_code(), error.reason()),
    };
    if let Some(path) = metrics {
        metrics::write(&path, done.as_ref().ok(), &stages, ended.0)?;
    }
    match (lineage, &done) {
        (Some(lineage), Ok(done)) => lineage.complete(done)?,
        (Some(lineage), Err(error)) => lineage.fail(&log.masked(&error.to_string()))?,
        (None, _) => {}
    }
    match done {
        Ok(_) | Err(Error::Stopped) => Ok(ended),
        Err(error) => Err(error),
    }
}

fn bring_up_to_date(
    config: &Config,
    knowledge: &Knowledge,
    arguments: &RunArguments,
    signals: &Signals,
    log: &Log,
) -> (Result<Done, Error>, Vec<Finished>) {
    let progress = Progress::new(log);
    let job = Job {
        config,
        knowledge,
        watch: &|event| progress.watch(event),
        stop: &|| signals.asked(),
        full: arguments.full,
        only: arguments.only.as_ref(),
        limit: arguments.limit,
        publish: !arguments.no_publish,
        fail_on: &arguments.fail_on,
    };
    let done = in_threads(config.threads, || pipeline::run(&job));
    (done, progress.finish())
}

/// Does the work with so many threads; 0 for one per core.
pub(crate) fn in_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.install(work),
        // No threads to be had: the calling one does.
        Err(_) => work(),
    }
}

/// Says what came of it, and gives the exit code with its reason.
fn tell(
    config: &Config,
    arguments: &RunArguments,
    done: &Done,
    log: &Log,
) -> Result<(u8, &'static str), Error> {
    let counts = |name: &str| done.snapshot.counts.get(name).copied().unwrap_or(0);
    let (articles, rejects) = (counts("articles"), counts("rejects"));
    let records = articles + rejects;
    if records == 0 {
        log.say(&format!("{} holds no files", config.raw.display()));
    }
    for warning in &done.warnings {
        log.say(&format!("warning: {warning}"));
    }
    let share = if records == 0 { 0.0 } else { rejects as f64 / records as f64 };
    let many = config.max_reject_share < share;
    if many {
        let (share, most) = (share * 100.0, config.max_reject_share * 100.0);
        log.say(&format!(
            "{rejects} of {records} records were rejected: {share:.1}%, more than {most:.1}%"
        ));
    }
    let new = done.published.as_ref().is_some_and(|published| !published.reused);
    let (code, reason) = match (many, new, arguments.no_publish) {
        (true, ..) => (MANY_REJECTS, "many_rejects"),
        (false, true, _) => (0, "published"),
        (false, false, true) => (0, "checked"),
        (false, false, false) => (arguments.no_op_exit_code, "nothing_new"),
    };
    let rows = done.published.as_ref().map(|published| &published.rows);
    let rows = |name: &str| rows.and_then(|rows| rows.get(name)).copied();
    let folder = done.published.as_ref().map(|published| published.folder.display().to_string());
    if arguments.json {
        let inputs: serde_json::Map<_, _> =
            done.inputs.iter().map(|(name, n)| ((*name).to_owned(), (*n).into())).collect();
        print(&json!({
            "snapshot": done.snapshot.id(), "folder": folder, "new": new, "articles": articles,
            "rejects": rejects, "mentions": rows("mentions"), "cases": rows("cases"),
            "statistics": rows("statistics"), "inputs": inputs, "warnings": done.warnings,
            "exit": code, "reason": reason,
        }))?;
        return Ok((code, reason));
    }
    match (folder, new) {
        (Some(folder), true) => print(&format!("published {folder}"))?,
        (Some(folder), false) => print(&format!("nothing new: {folder} is up to date"))?,
        (None, _) => print(&format!("snapshot {} can be published", done.snapshot.id()))?,
    };
    Ok((code, reason))
}

/// What the system was asked to do with this process.
pub(crate) struct Signals {
    asked: Arc<AtomicUsize>,
}

impl Signals {
    /// The first SIGINT or SIGTERM asks the run to stop at the next good moment, the second ends it.
    pub(crate) fn listen() -> Self {
        let (asked, second) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        for signal in [SIGINT, SIGTERM] {
            let number = usize::try_from(signal).unwrap_or(0);
            let exit = i32::try_from(SIGNALLED + number).unwrap_or(1);
            // A system that cannot tell of signals ends the process at the first, which loses nothing either.
            let _ = flag::register_conditional_shutdown(signal, exit, Arc::clone(&second));
            let _ = flag::register(signal, Arc::clone(&second));
            let _ = flag::register_usize(signal, Arc::clone(&asked), number);
        }
        Signals { asked }
    }

    pub(crate) fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed) != 0
    }

    fn exit_code(&self) -> u8 {
        u8::try_from(SIGNALLED + self.asked.load(Ordering::Relaxed)).unwrap_or(1)
    }
}

/// How often a waiting run looks whether the lock is free.
const LOOK: Duration = Duration::from_millis(100);

/// Keeps every other run away from `out` until the file is dropped; a killed run keeps nobody away.
pub(crate) fn lock(out: &Path, wait: Duration, signals: &Signals) -> Result<File, Error> {
    let path = out.join(".lock");
    let writing = |source| Error::Write { path: path.clone(), source };
    fs::create_dir_all(out).map_err(writing)?;
    let file =
        File::options().create(true).write(true).truncate(false).open(&path).map_err(writing)?;
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(writing(error)),
            Err(TryLockError::WouldBlock) if wait <= waited || signals.asked() => {
                return Err(Error::Locked(out.to_owned()));
            }
            Err(TryLockError::WouldBlock) => {
                std::thread::sleep(LOOK);
                waited += LOOK;
            }
        }
    }
}

/// `rejects>1%` or `cases<100`.
pub(crate) fn fail_on(text: &str) -> Result<FailOn, String> {
    const COUNTS: [&str; 6] =
        ["articles", "rejects", "duplicates", "mentions", "cases", "statistics"];
    let wrong = || {
        format!(
            "expected a count, < or >, and a limit, as \"rejects>1%\"; counts are {}",
            COUNTS.join(", ")
        )
    };
    let at = text.find(['<', '>']).ok_or_else(wrong)?;
    let (count, rest) = text.split_at(at);
    let (above, limit) = (rest.starts_with('>'), rest.trim_start_matches(['<', '>']).trim());
    let (limit, share) = match limit.strip_suffix('%') {
        Some(limit) => (limit, true),
        None => (limit, false),
    };
    let limit: f64 = limit.trim().parse().map_err(|_| wrong())?;
    let limit = if share { limit / 100.0 } else { limit };
    let count = count.trim().to_owned();
    if !COUNTS.contains(&count.as_str()) || !limit.is_finite() {
        return Err(wrong());
    }
    Ok(FailOn { count, above, limit, share, text: text.to_owned() })
}

/// `90s`, `10m`, `2h` or `7d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.strip_prefix(digits).unwrap_or_default() {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err("expected a time such as 90s, 10m, 2h or 7d".to_owned()),
    };
    let seconds = digits.parse::<u64>().ok().and_then(|n| n.checked_mul(unit));
    seconds.map(Duration::from_secs).ok_or_else(|| "expected a time such as 90s or 10m".to_owned())
}

#[test]
fn limits() {
    let parsed = fail_on("rejects > 1.5%").unwrap();
    assert_eq!((parsed.count.as_str(), parsed.above, parsed.share), ("rejects", true, true));
    assert!((parsed.limit - 0.015).abs() < 1e-12);
    assert!(!fail_on("cases<100").unwrap().above);
    for wrong in ["rejects", "rejects>", "rejects>x%", "colours>1", ">1"] {
        assert!(fail_on(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn durations() {
    for (text, seconds) in [("90", 90), ("90s", 90), ("10m", 600), ("2h", 7200), ("7d", 604_800)] {
        assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
    }
    for wrong in ["", "m", "1y", "-1s", "1.5h", "99999999999999999999s"] {
        assert!(duration(wrong).is_err(), "{wrong}");
    }
}
