//! Benches: one number for each stage, in CPU seconds of one thread.
//!
//! `cargo bench -- [NAME]... [--raw DIR]` runs those whose names begin with one of the given, over a
//! made-up collection or over the files below DIR.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench that cannot go on should stop"
)]

mod corpus;
mod dedupe;
mod read;

use std::path::PathBuf;

/// A bench and its name, which begins with its stage.
type Bench = (&'static str, fn(&Asked));

const BENCHES: &[Bench] =
    &[("dedupe-clusters", dedupe::clusters), ("dedupe-growth", dedupe::growth)];

/// What the command line asks for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    names: Vec<String>,
    /// A folder of articles; a made-up collection where there is none.
    pub(crate) raw: Option<PathBuf>,
}

fn main() {
    let mut asked = Asked::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--raw" => asked.raw = arguments.next().map(PathBuf::from),
            // What cargo adds by itself.
            "--bench" => {}
            name => asked.names.push(name.to_owned()),
        }
    }
    for (name, bench) in BENCHES {
        if asked.names.is_empty() || asked.names.iter().any(|asked| name.starts_with(asked)) {
            bench(&asked);
        }
    }
}

/// Prints one figure.
pub(crate) fn tell(name: &str, figure: f64, unit: &str) {
    println!("{name:<32} {figure:>12.2} {unit}");
}

/// CPU seconds of this process so far.
pub(crate) fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("benches need Linux's /proc");
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks =
        |field: usize| fields.split_whitespace().nth(field).unwrap().parse::<f64>().unwrap();
    // User and system time, in hundredths of a second.
    (ticks(11) + ticks(12)) / 100.0
}

/// A field of the process's status in bytes, such as `VmHWM`, the most memory it held so far.
pub(crate) fn memory(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("benches need Linux's /proc");
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0
}
