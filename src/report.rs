//! Report: the events of a run, the counts of each stage, and how a person is shown them.

use std::fmt;
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

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

/// How often a run speaks where there is no terminal.
const EVERY: Duration = Duration::from_secs(30);

/// Shows the events of a run on stderr: a bar on a terminal, otherwise a line every 30 seconds.
pub struct Progress {
    bar: Option<ProgressBar>,
    state: Mutex<State>,
}

/// What has been heard so far.
struct State {
    stage: Option<Stage>,
    total: Option<u64>,
    done: u64,
    spoke: Instant,
    finished: Vec<(Stage, Counts)>,
}

impl Progress {
    /// A watcher that says nothing yet.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let state = State { stage: None, total: None, done: 0, spoke: now(), finished: Vec::new() };
        Progress { bar, state: Mutex::new(state) }
    }

    /// Takes one event; cheap enough to be called for every record from every thread.
    pub fn watch(&self, event: Event) {
        // A watcher that panicked must not take the run with it.
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match event {
            Event::Started(stage, total) => {
                (state.stage, state.total, state.done) = (Some(stage), total, 0);
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
                        say(&progress_line(stage, state.done, state.total));
                    }
                    None => {}
                }
            }
            Event::Finished(stage, counts) => state.finished.push((stage, counts)),
        }
    }

    /// Takes the bar away and prints one line per stage: in, out, rejected.
    pub fn finish(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let state = self.state.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !state.finished.is_empty() {
            say(&stage_table(&state.finished));
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Progress::new()
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

/// Writes a line to stderr; a reader that has gone away is no reason to stop.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
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
fn stage_table(finished: &[(Stage, Counts)]) -> String {
    let mut lines = vec![format!("{:8} {:>10} {:>10} {:>10}", "stage", "in", "out", "rejected")];
    lines.extend(finished.iter().map(|(stage, counts)| {
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
        stage_table(&[(Stage::Acquire, counts)]),
        "stage            in        out   rejected\nacquire          16         14          2"
    );
}
