//! Metrics: what a run did, as an OpenMetrics text file that a collector picks up.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anjuan::error::Error;
use anjuan::pipeline::Done;
use anjuan::publish::{Disk as _, RealDisk};
use anjuan::report::{Finished, timestamp};

/// Writes the file beside its place and renames it there, so that no collector reads half of it.
///
/// After a run that failed the numbers of the last success stay, and only the exit code is new.
pub(super) fn write(
    path: &Path,
    done: Option<&Done>,
    stages: &[Finished],
    code: u8,
) -> Result<(), Error> {
    let text = match done {
        Some(done) => successful(done, stages, code),
        None => failed(&fs::read_to_string(path).unwrap_or_default(), code),
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let written = RealDisk.write(&new, text.as_bytes()).and_then(|()| fs::rename(&new, path));
    written.map_err(|source| Error::Write { path: path.to_owned(), source })
}

fn successful(done: &Done, stages: &[Finished], code: u8) -> String {
    let mut text = String::new();
    let now = timestamp().as_millisecond() as f64 / 1000.0;
    gauge(&mut text, "last_success_timestamp_seconds", "When a run last succeeded.", &[("", now)]);
    let stages: Vec<(String, f64)> = stages
        .iter()
        .map(|(stage, _, took)| (format!("stage=\"{}\"", stage.name()), took.as_secs_f64()))
        .collect();
    gauge(&mut text, "stage_duration_seconds", "How long each stage took.", &borrowed(&stages));
    let inputs: Vec<(String, f64)> =
        done.inputs.iter().map(|(status, n)| (format!("status=\"{status}\""), float(*n))).collect();
    gauge(&mut text, "inputs", "Files by what was found of them.", &borrowed(&inputs));
    let rejects: Vec<(String, f64)> = done
        .rejects
        .iter()
        .map(|(reason, n)| (format!("reason=\"{reason}\""), float(*n)))
        .collect();
    gauge(&mut text, "rejects", "Records that gave no article.", &borrowed(&rejects));
    let rows = done.published.iter().flat_map(|published| &published.rows);
    let rows: Vec<(String, f64)> =
        rows.map(|(table, n)| (format!("table=\"{table}\""), float(*n))).collect();
    gauge(&mut text, "rows", "Rows of each table.", &borrowed(&rows));
    if let Some(peak) = peak_memory() {
        let help = "The most memory that the last successful run had.";
        gauge(&mut text, "peak_memory_bytes", help, &[("", peak)]);
    }
    text + &exit_code(code)
}

/// The old text with another exit code.
fn failed(old: &str, code: u8) -> String {
    let kept = old.lines().filter(|line| !line.contains("anjuan_exit_code") && *line != "# EOF");
    let mut text: String = kept.flat_map(|line| [line, "\n"]).collect();
    text.push_str(&exit_code(code));
    text
}

fn exit_code(code: u8) -> String {
    let mut text = String::new();
    gauge(&mut text, "exit_code", "The exit code of the last run.", &[("", f64::from(code))]);
    text + "# EOF\n"
}

fn borrowed(values: &[(String, f64)]) -> Vec<(&str, f64)> {
    values.iter().map(|(labels, value)| (labels.as_str(), *value)).collect()
}

fn gauge(text: &mut String, name: &str, help: &str, values: &[(&str, f64)]) {
    let _ = writeln!(text, "# TYPE anjuan_{name} gauge\n# HELP anjuan_{name} {help}");
    for (labels, value) in values {
        let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        let _ = writeln!(text, "anjuan_{name}{labels} {value}");
    }
}

fn float(n: u64) -> f64 {
    n as f64
}

/// The most memory that the process had, where the system tells.
fn peak_memory() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(float(kibibytes * 1024))
}

#[test]
fn a_failure_keeps_the_last_success() {
    let mut text = String::new();
    gauge(&mut text, "rows", "Rows of each table.", &[("table=\"cases\"", 3.0)]);
    text.push_str(&exit_code(0));
    let after = failed(&text, 7);
    assert_eq!(
        after,
        "# TYPE anjuan_rows gauge\n# HELP anjuan_rows Rows of each table.\nanjuan_rows{table=\"cases\"} 3\n\
         # TYPE anjuan_exit_code gauge\n# HELP anjuan_exit_code The exit code of the last run.\n\
         anjuan_exit_code 7\n# EOF\n"
    );
}
