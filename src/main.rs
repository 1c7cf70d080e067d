//! The edge: arguments in; results, messages and an exit code out.

mod args;
mod run;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anjuan::acquire::{self, RawFile};
use anjuan::config::Config;
use anjuan::error::Error;
use anjuan::eval::{self, Judged};
use anjuan::extract::Rules;
use anjuan::extract::place::{Context, Places};
use anjuan::extract::spans::spans_line;
use anjuan::gold;
use anjuan::knowledge::Knowledge;
use anjuan::knowledge::problem::Problem;
use anjuan::pipeline::{self, Job};
use anjuan::plan::plan;
use anjuan::privacy::Privacy;
use anjuan::publish::{self, RealDisk};
use anjuan::read;
use anjuan::report::{Log, LogFormat, timestamp};
use anjuan::table::Table;
use anjuan::why::why;
use clap::{CommandFactory as _, Parser as _};
use serde_json::json;

use crate::args::{Arguments, Base, Command, Place, SchemaFormat, Snapshots};
use crate::run::{Signals, in_threads, lock};

/// A panic is a bug; the message has been printed by then.
const BUG: u8 = 1;
/// `verify` found damage.
const DAMAGED: u8 = 6;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let log = Log::new(log_format(&arguments.command));
    let ended =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| answer(arguments.command, &log)));
    let (code, reason) = match ended {
        Ok(Ok(ended)) => ended,
        Ok(Err(error)) => {
            log.say(&format!("anjuan: {}", with_causes(&error)));
            (error.exit_code(), error.reason())
        }
        Err(_) => (BUG, "bug"),
    };
    log.exit(code, reason);
    ExitCode::from(code)
}

fn log_format(command: &Command) -> LogFormat {
    match command {
        Command::Run(arguments) if arguments.log_format == args::LogFormat::Json => LogFormat::Json,
        _ => LogFormat::Human,
    }
}

/// The exit code and, in a word, why.
fn answer(command: Command, log: &Log) -> Result<(u8, &'static str), Error> {
    if let Command::Run(arguments) = &command {
        return run::run(arguments, log);
    }
    let code = answer_question(command)?;
    Ok((code, if code == DAMAGED { "damaged" } else { "done" }))
}

fn answer_question(command: Command) -> Result<u8, Error> {
    match command {
        // Answered before.
        Command::Run(_) => Ok(0),
        Command::Plan { place, json } => {
            let config = settings(&place)?;
            let plan = plan(&config)?;
            let text = if json { json!(plan).to_string() } else { plan.to_string() };
            print(&Privacy::new(config.privacy).text(&text))
        }
        Command::Read { base, file, json } => show(&base, &file, json),
        Command::Why { place, id, column, json } => {
            let (config, knowledge) = (settings(&place)?, knowledge()?);
            let snapshot = current_snapshot(&config.out)?;
            let text = why(&id, column.as_deref(), &snapshot, &config, &knowledge)?;
            let text = Privacy::new(config.privacy).text(text.trim_end()).into_owned();
            if json { print(&json!({ "id": id, "why": text })) } else { print(&text) }
        }
        Command::Check { base, json } => check(&base, json),
        Command::Config { place, json } => show_settings(&place, json),
        Command::Verify { place, json } => verify(&settings(&place)?.out, json),
        Command::Eval { place, gold, misses, json } => evaluate(&place, &gold, misses, json),
        Command::Snapshots { place, action } => snapshots(&settings(&place)?.out, action),
        Command::Schema { format } => print(
            &publish::schema(match format {
                SchemaFormat::Markdown => publish::SchemaFormat::Markdown,
                SchemaFormat::Json => publish::SchemaFormat::Json,
                SchemaFormat::Sql => publish::SchemaFormat::Sql,
                SchemaFormat::Mermaid => publish::SchemaFormat::Mermaid,
            })
            .trim_end(),
        ),
        Command::Spans => spans(),
        Command::ReadApart { task } => Ok(if acquire::serve(&task) { 0 } else { BUG }),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "anjuan", &mut script);
            write_out(&script)
        }
        Command::Man => {
            let mut page = Vec::new();
            // Writing to memory does not fail.
            let _ = clap_mangen::Man::new(Arguments::command()).render(&mut page);
            write_out(&page)
        }
    }
}

fn show(base: &Base, file: &Path, json: bool) -> Result<u8, Error> {
    let (config, knowledge) = (base_settings(base)?, knowledge()?);
    let mut bytes = Vec::new();
    let (path, size) = if file == Path::new("-") {
        ("-".to_owned(), io::stdin().lock().read_to_end(&mut bytes))
    } else {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (name, File::open(file).and_then(|mut file| file.read_to_end(&mut bytes)))
    };
    size.map_err(|error| reading(file, error))?;
    let rules = Rules::new(&knowledge);
    let readings = read::read(RawFile::in_memory(path, bytes), &config, &rules, &knowledge);
    let text = if json {
        read::as_json(&readings).to_string()
    } else {
        read::as_text(&readings).trim_end().to_owned()
    };
    print(&Privacy::new(config.privacy).text(&text))
}

/// Every setting with its value and where that comes from.
fn show_settings(place: &Place, json: bool) -> Result<u8, Error> {
    let (file, lines) = settings_lines(&place.base)?;
    let config = settings(place)?;
    let given = [("input.raw", place.raw.is_some()), ("output.out", place.out.is_some())];
    let source = |name: &str| {
        if given.contains(&(name, true)) {
            "flag or variable".to_owned()
        } else {
            let line = lines.get(name);
            line.map_or_else(|| "default".to_owned(), |line| format!("{}:{line}", file.display()))
        }
    };
    let all = config.settings();
    if json {
        let all: Vec<_> = all
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value, "source": source(name) }))
            .collect();
        return print(&json!(all));
    }
    let lines: Vec<String> =
        all.iter().map(|(name, value)| format!("{name} = {value}  # {}", source(name))).collect();
    print(&lines.join("\n"))
}

/// Every problem of the settings and of the knowledge at once.
fn check(base: &Base, json: bool) -> Result<u8, Error> {
    let mut problems = Vec::new();
    for result in [base_settings(base).map(drop), knowledge().map(drop)] {
        match result {
            Ok(()) => {}
            Err(Error::Problems(found)) => problems.extend(found),
            Err(other) => return Err(other),
        }
    }
    if json {
        let all: Vec<_> = problems
            .iter()
            .map(|problem| {
                let Problem { file, line, column, message } = problem;
                json!({ "file": file, "line": line, "column": column, "message": message })
            })
            .collect();
        print(&json!({ "problems": all }))?;
    }
    match (problems.is_empty(), json) {
        (true, true) => Ok(0),
        (true, false) => print(&"settings and knowledge are in order"),
        (false, _) => Err(Error::Problems(problems)),
    }
}

fn verify(out: &Path, json: bool) -> Result<u8, Error> {
    let report = publish::verify(out)?;
    let damage: Vec<String> = report.damage.iter().map(ToString::to_string).collect();
    let code = if damage.is_empty() { 0 } else { DAMAGED };
    if json {
        print(&json!({
            "snapshot": report.id, "files": report.files, "bytes": report.bytes, "damage": damage, "exit": code,
        }))?;
    } else if damage.is_empty() {
        let id = report.id.unwrap_or_default();
        print(&format!("snapshot {id} is whole: {} files, {} bytes", report.files, report.bytes))?;
    } else {
        print(&damage.join("\n"))?;
    }
    Ok(code)
}

fn evaluate(place: &Place, files: &[PathBuf], misses: usize, json: bool) -> Result<u8, Error> {
    let config = settings(place)?;
    let (mut gold, mut problems) = (Vec::new(), Vec::new());
    for file in files {
        let text = fs::read_to_string(file).map_err(|error| reading(file, error))?;
        match gold::parse(&file.display().to_string(), &text) {
            Ok(articles) => gold.extend(articles),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(Error::Problems(problems));
    }
    let judged = if place.raw.is_some() {
        let (_scratch, snapshot) = afresh(&config)?;
        read_judged(&snapshot)?
    } else {
        read_judged(&current_snapshot(&config.out)?)?
    };
    let scores = eval::score(&judged, &gold);
    if json {
        return print(&json!(scores));
    }
    print(&scores)?;
    for (file, what) in scores.misses.iter().take(misses) {
        print(&format!("  {file}: {what}"))?;
    }
    Ok(0)
}

/// Reads everything into a folder that goes with the first value; the second is the snapshot in it.
fn afresh(config: &Config) -> Result<(Scratch, PathBuf), Error> {
    let out = std::env::temp_dir().join(format!("anjuan-eval-{}", std::process::id()));
    let (scratch, config) = (Scratch(out.clone()), Config { out, ..config.clone() });
    let knowledge = knowledge()?;
    let job = Job {
        config: &config,
        knowledge: &knowledge,
        watch: &|_| {},
        stop: &|| false,
        full: false,
        only: None,
        limit: None,
        publish: true,
        fail_on: &[],
    };
    let done = in_threads(config.threads, || pipeline::run(&job))?;
    let published = done
        .published
        .ok_or_else(|| publish::Error::NothingPublished { out: config.out.clone() })?;
    Ok((scratch, published.folder))
}

fn read_judged(snapshot: &Path) -> Result<Judged, Error> {
    Ok(Judged {
        articles: Table::read(snapshot, "articles")?,
        mentions: Table::read(snapshot, "mentions")?,
        labels: Table::read(snapshot, "labels")?,
        statistics: Table::read(snapshot, "statistics")?,
    })
}

/// A folder that goes when it is no longer needed.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Answers standard input line by line; a line that is no question is a problem at the end.
fn spans() -> Result<u8, Error> {
    let places = Places::new(&knowledge()?.divisions);
    let places = |text: &str| {
        let readings = places.readings(text, &Context::default()).into_iter();
        let name = |span: std::ops::Range<usize>| text.get(span).unwrap_or_default().to_owned();
        let place = |reading: anjuan::extract::place::Reading| match reading.codes.as_slice() {
            [code] => (reading.span.clone(), code.clone()),
            // The words alone do not say which of several places is meant: province and city stay open.
            _ => (reading.span.clone(), format!("//{}", name(reading.span))),
        };
        readings.map(place).collect()
    };
    let mut problems = Vec::new();
    for (line, number) in io::stdin().lock().lines().zip(1..) {
        let line = line.map_err(|error| reading(Path::new("standard input"), error))?;
        match spans_line(&line, &places) {
            Ok(answer) => print(&answer).map(drop)?,
            Err(message) => problems.push(Problem::on_line("standard input", number, message)),
        }
    }
    if problems.is_empty() { Ok(0) } else { Err(Error::Problems(problems)) }
}

fn snapshots(out: &Path, action: Option<Snapshots>) -> Result<u8, Error> {
    let locked = || lock(out, Duration::ZERO, &Signals::listen());
    match action.unwrap_or(Snapshots::List { json: false }) {
        Snapshots::List { json } => list_snapshots(out, json),
        Snapshots::Show { id, json } => show_snapshot(out, id, json),
        Snapshots::Use { id, json } => {
            let _lock = locked()?;
            publish::choose(&id, out, &mut RealDisk)?;
            if json { print(&json!({ "current": id })) } else { print(&format!("{id} is current")) }
        }
        Snapshots::Gc { keep, min_age, json } => {
            let _lock = locked()?;
            let young = (!min_age.is_zero()).then(|| SystemTime::from(timestamp()) - min_age);
            let removed = publish::remove_old(keep, young, out, &mut RealDisk)?;
            if json {
                return print(&json!({ "removed": removed }));
            }
            for id in removed {
                print(&format!("removed {id}"))?;
            }
            Ok(0)
        }
    }
}

fn show_snapshot(out: &Path, id: Option<String>, json: bool) -> Result<u8, Error> {
    let listed = publish::list(out, &mut RealDisk)?;
    let wanted = |listed: &publish::Listed| match &id {
        Some(id) => listed.id == *id,
        None => listed.current,
    };
    let Some(found) = listed.into_iter().find(wanted) else {
        let out = out.to_owned();
        return Err(Error::Snapshot(match id {
            Some(id) => publish::Error::NoSuchSnapshot { out, id },
            None => publish::Error::NothingPublished { out },
        }));
    };
    let Some(manifest) = found.manifest else {
        let (id, problems) = (found.id, "its manifest cannot be read".to_owned());
        return Err(Error::Snapshot(publish::Error::Damaged { id, problems }));
    };
    if json {
        return print(&json!(manifest));
    }
    let mut lines: Vec<String> = [
        ("snapshot", &manifest.id),
        ("anjuan", &manifest.version),
        ("build", &manifest.build),
        ("inputs", &manifest.inputs),
        ("configuration", &manifest.config),
        ("knowledge", &manifest.knowledge),
    ]
    .map(|(name, value)| format!("{name:<14} {value}"))
    .into();
    for file in &manifest.files {
        let rows = file.rows.map(|rows| format!("{rows} rows")).unwrap_or_default();
        lines.push(
            format!("{:<32} {:>12} bytes  {rows}", file.path, file.bytes).trim_end().to_owned(),
        );
    }
    print(&lines.join("\n"))
}

fn list_snapshots(out: &Path, json: bool) -> Result<u8, Error> {
    let listed = publish::list(out, &mut RealDisk)?;
    let mut lines = Vec::new();
    for publish::Listed { id, current, written, manifest } in listed {
        let written = written.and_then(|time| jiff::Timestamp::try_from(time).ok());
        let written = written.and_then(|time| time.round(jiff::Unit::Second).ok());
        let written = written.map(|time| time.to_string()).unwrap_or_default();
        let counts = manifest.map(|manifest| manifest.counts).unwrap_or_default();
        lines.push(if json {
            json!({ "id": id, "current": current, "written": written, "counts": counts })
                .to_string()
        } else {
            let counts: Vec<String> =
                counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
            format!("{} {id}  {written}  {}", if current { "*" } else { " " }, counts.join(", "))
        });
    }
    if lines.is_empty() { Ok(0) } else { print(&lines.join("\n")) }
}

/// Flags and variables over pipeline.toml over defaults.
fn settings(place: &Place) -> Result<Config, Error> {
    let mut config = base_settings(&place.base)?;
    config.raw = place.raw.clone().unwrap_or(config.raw);
    config.out = place.out.clone().unwrap_or(config.out);
    Ok(config)
}

/// Goes to the folder to work in and reads pipeline.toml, which need not exist unless it was named.
fn base_settings(base: &Base) -> Result<Config, Error> {
    let (file, text) = settings_text(base)?;
    let mut config = Config::parse(&file.display().to_string(), &text).map_err(Error::Problems)?;
    config.acquire.worker = std::env::current_exe().ok();
    if let Some(mode) = config.mode {
        set_mode(mode);
    }
    Ok(config)
}

/// The file of settings and what it says, which is nothing if there is none.
fn settings_text(base: &Base) -> Result<(PathBuf, String), Error> {
    if let Some(directory) = &base.directory {
        std::env::set_current_dir(directory).map_err(|error| reading(directory, error))?;
    }
    let file = base.config.clone().unwrap_or_else(|| PathBuf::from("pipeline.toml"));
    match fs::read_to_string(&file) {
        Ok(text) => Ok((file, text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && base.config.is_none() => {
            Ok((file, String::new()))
        }
        Err(error) => Err(reading(&file, error)),
    }
}

/// On which line of the file each setting stands that it has.
fn settings_lines(base: &Base) -> Result<(PathBuf, BTreeMap<String, usize>), Error> {
    let (file, text) = settings_text(base)?;
    let lines = Config::lines(&text);
    Ok((file, lines))
}

/// Files get these rights, and folders can be entered by who can read them.
fn set_mode(mode: u32) {
    #[cfg(unix)]
    {
        let entered = mode | (mode & 0o444) >> 2;
        let mask = (0o777 & !entered) as rustix::fs::RawMode;
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(mask));
    }
    #[cfg(not(unix))]
    let _ = mode;
}

fn knowledge() -> Result<Knowledge, Error> {
    Knowledge::load().map_err(Error::Problems)
}

fn current_snapshot(out: &Path) -> Result<PathBuf, Error> {
    let current = publish::current(out, &mut RealDisk)?;
    let current =
        current.ok_or_else(|| publish::Error::NothingPublished { out: out.to_owned() })?;
    Ok(out.join("snapshots").join(current.id))
}

fn reading(path: &Path, source: io::Error) -> Error {
    Error::Read { path: path.to_owned(), source }
}

/// Writes a result and a line feed to stdout.
fn print(result: &dyn Display) -> Result<u8, Error> {
    write_out(format!("{result}\n").as_bytes())
}

/// A reader that has seen enough, as in `anjuan schema | head`, is no error.
fn write_out(bytes: &[u8]) -> Result<u8, Error> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(0),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        Err(source) => Err(Error::Write { path: PathBuf::from("standard output"), source }),
    }
}

/// The message, then each cause on a line of its own.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n  because {error}"));
        cause = error.source();
    }
    text
}
