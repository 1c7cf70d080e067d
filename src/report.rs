//! Report: the events of a run, the counts of each stage, and how a person is shown them.

use std::fmt;
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::privacy::{self, Privacy};

/// The stages of a run, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Files to records.
    Acquire,
    /// Records to articles.
    Clean,
    /// Articles to canonical articles.
    Dedupe,
    /// Canonical articles to tellings of cases.
    Extract,
    /// Tellings to labels.
    Label,
    /// Tellings to cases.
    Link,
    /// Tables to a snapshot.
    Publish,
}

impl Stage {
    /// The name of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Acquire => "acquire",
            Stage::Clean => "clean",
            Stage::Dedupe => "dedupe",
            Stage::Extract => "extract",
            Stage::Label => "label",
            Stage::Link => "link",
            Stage::Publish => "publish",
        }
    }
}

/// What went into a stage and what became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// What it took.
    pub taken: u64,
    /// What it gave.
    pub given: u64,
    /// What it stopped, with a reason.
    pub rejected: u64,
}

/// What a run tells whoever watches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A stage begins; `total` is how much it will take, where that is known.
    Started(Stage, Option<u64>),
    /// A stage has taken this many more.
    Advanced(Stage, u64),
    /// A stage is over.
    Finished(Stage, Counts),
}

/// How what is said to stderr is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// Speaks on stderr. Identifiers of persons, which a path or message can hold, are masked.
#[derive(Debug)]
pub struct Log {
    format: LogFormat,
    privacy: Privacy,
}

impl Log {
    /// Says nothing yet.
    pub fn new(format: LogFormat) -> Self {
        Log { format, privacy: Privacy::new(privacy::Config::default()) }
    }

    /// Says a line.
    pub fn say(&self, line: &str) {
        match self.format {
            LogFormat::Human => self.write(line),
            LogFormat::Json => self.event(json!({ "event": "message", "message": line })),
        }
    }

    /// A text as it may leave.
    pub fn masked(&self, text: &str) -> String {
        self.privacy.text(text).into_owned()
    }

    /// The last line: why the process ends. People have been told by then.
    pub fn exit(&self, code: u8, reason: &str) {
        if self.format == LogFormat::Json {
            self.event(json!({ "event": "exit", "code": code, "reason": reason }));
        }
    }

    fn event(&self, mut event: Value) {
        if let Some(event) = event.as_object_mut() {
            event.insert("time".to_owned(), timestamp().to_string().into());
        }
        self.write(&event.to_string());
    }

    /// A reader that has gone away is no reason to stop.
    fn write(&self, line: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{}", self.privacy.text(line));
    }
}

/// The time, for people and for what watches a run; no table knows it.
#[expect(clippy::disallowed_methods, reason = "for whoever watches, and in no table")]
pub fn timestamp() -> Timestamp {
    let now = Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH);
    now.round(jiff::Unit::Millisecond).unwrap_or(now)
}

/// How often a run speaks where there is no terminal.
const EVERY: Duration = Duration::from_secs(30);

/// What a stage did, and how long it took.
pub type Finished = (Stage, Counts, Duration);

/// Shows the events of a run on stderr: a bar on a terminal, otherwise a line every 30 seconds.
pub struct Progress<'a> {
    log: &'a Log,
    bar: Option<ProgressBar>,
    state: Mutex<State>,
}

/// What has been heard so far.
struct State {
    total: Option<u64>,
    done: u64,
    spoke: Instant,
    began: Instant,
    finished: Vec<Finished>,
}

impl<'a> Progress<'a> {
    /// A watcher that says nothing yet.
    pub fn new(log: &'a Log) -> Self {
        let shown = log.format == LogFormat::Human && std::io::stderr().is_terminal();
        let bar = shown.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let state =
            State { total: None, done: 0, spoke: now(), began: now(), finished: Vec::new() };
        Progress { log, bar, state: Mutex::new(state) }
    }

    /// Takes one event; cheap enough to be called for every record from every thread.
    pub fn watch(&self, event: Event) {
        // A watcher that panicked must not take the run with it.
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match event {
            Event::Started(stage, total) => {
                (state.total, state.done) = (total, 0);
                if let Some(bar) = &self.bar {
                    bar.set_style(style(total.is_some()));
                    bar.set_length(total.unwrap_or(0));
                    bar.set_position(0);
                    bar.set_message(stage.name());
                }
            }
            Event::Advanced(stage, by) => {
                state.done += by;
                match &self.bar {
                    Some(bar) => bar.inc(by),
                    None if EVERY <= state.spoke.elapsed() => {
                        state.spoke = now();
                        self.say_progress(stage, state.done, state.total);
                    }
                    None => {}
                }
            }
            Event::Finished(stage, counts) => {
                let took = state.began.elapsed();
                state.began = now();
                if self.log.format == LogFormat::Json {
                    let Counts { taken, given, rejected } = counts;
                    self.log.event(json!({
                        "event": "stage", "stage": stage.name(), "in": taken, "out": given,
                        "rejected": rejected, "seconds": took.as_secs_f64(),
                    }));
                }
                state.finished.push((stage, counts, took));
            }
        }
    }

    fn say_progress(&self, stage: Stage, done: u64, total: Option<u64>) {
        match self.log.format {
            LogFormat::Human => self.log.say(&progress_line(stage, done, total)),
            LogFormat::Json => self.log.event(json!({
                "event": "progress", "stage": stage.name(), "done": done, "total": total,
            })),
        }
    }

    /// Takes the bar away, prints one line per stage (in, out, rejected), and gives what was heard.
    pub fn finish(self) -> Vec<Finished> {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let state = self.state.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !state.finished.is_empty() && self.log.format == LogFormat::Human {
            self.log.say(&stage_table(&state.finished));
        }
        state.finished
    }
}

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

#[expect(clippy::disallowed_methods, reason = "progress is for a person and reaches no table")]
fn now() -> Instant {
    Instant::now()
}

fn style(known: bool) -> ProgressStyle {
    let template =
        if known { "{msg:8} {wide_bar} {pos}/{len} {eta}" } else { "{msg:8} {spinner} {pos}" };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn progress_line(stage: Stage, done: u64, total: Option<u64>) -> String {
    match total {
        Some(total) => format!("{}: {done} of {total}", stage.name()),
        None => format!("{}: {done}", stage.name()),
    }
}

/// One line per stage under a heading.
fn stage_table(finished: &[Finished]) -> String {
    let mut lines = vec![format!("{:8} {:>10} {:>10} {:>10}", "stage", "in", "out", "rejected")];
    lines.extend(finished.iter().map(|(stage, counts, _)| {
        let Counts { taken, given, rejected } = counts;
        format!("{:8} {taken:>10} {given:>10} {rejected:>10}", stage.name())
    }));
    lines.join("\n")
}

#[test]
fn lines() {
    assert_eq!(progress_line(Stage::Clean, 5, Some(20)), "clean: 5 of 20");
    assert_eq!(progress_line(Stage::Acquire, 5, None), "acquire: 5");
    let counts = Counts { taken: 16, given: 14, rejected: 2 };
    assert_eq!(
        stage_table(&[(Stage::Acquire, counts, Duration::ZERO)]),
        "stage            in        out   rejected\nacquire          16         14          2"
    );
}
