//! Bench: one named number for each stage and format, in MB of input for each second of one core.
//!
//! `cargo bench` prints all, `cargo bench -- html` those whose name has `html` in it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::string_slice,
    clippy::indexing_slicing,
    reason = "it measures, and stops where it cannot"
)]

mod acquire;
mod clean;
mod read;

use std::time::Instant;

/// What is measured: a name, how many bytes go in, and the work.
pub(crate) struct Measure {
    name: &'static str,
    bytes: usize,
    work: Box<dyn Fn() -> usize>,
}

impl Measure {
    /// `work` gives back a number that depends on all it did, so that nothing is left out.
    pub(crate) fn new(
        name: &'static str,
        bytes: usize,
        work: impl Fn() -> usize + 'static,
    ) -> Self {
        Measure { name, bytes, work: Box::new(work) }
    }
}

/// Each measure runs until this much time has gone.
const SECONDS: f64 = 1.5;

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    println!("{:<28} {:>10} {:>12}", "measure", "MB/s", "MB in");
    for measure in acquire::measures().into_iter().chain(clean::measures()) {
        let is_wanted = |part: &String| measure.name.contains(part.as_str());
        if wanted.is_empty() || wanted.iter().any(is_wanted) {
            let size = measure.bytes as f64 / 1e6;
            println!("{:<28} {:>10.0} {:>12.2}", measure.name, size / best(&measure), size);
        }
    }
}

/// The least processor time of several runs, in seconds.
fn best(measure: &Measure) -> f64 {
    let (mut best, mut all, mut sum) = (f64::MAX, 0.0, 0_usize);
    while all < SECONDS {
        let start = now();
        sum = sum.wrapping_add((measure.work)());
        let took = now() - start;
        best = best.min(took);
        all += took.max(1e-6);
    }
    std::hint::black_box(sum);
    best.max(1e-9)
}

/// Processor time of this thread where the system tells, so that others on the machine do not count.
fn now() -> f64 {
    thread_local!(static START: Instant = Instant::now());
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let told = told.and_then(|told| told.split(' ').next()?.parse::<f64>().ok());
    told.map_or_else(|| START.with(|start| start.elapsed().as_secs_f64()), |nanos| nanos / 1e9)
}
