//! The edge: arguments in; results, messages and an exit code out.

mod args;

use std::fmt::Display;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anjuan::config::Config;
use anjuan::error::Error;
use anjuan::eval::{self, Judged};
use anjuan::extract::Rules;
use anjuan::extract::place::{Context, Places};
use anjuan::extract::spans::spans_line;
use anjuan::gold;
use anjuan::knowledge::Knowledge;
use anjuan::knowledge::problem::Problem;
use anjuan::model::RawFile;
use anjuan::pipeline::{self, Made};
use anjuan::plan::plan;
use anjuan::publish::{self, Published, RealDisk};
use anjuan::read;
use anjuan::report::{Progress, say};
use anjuan::table::Table;
use anjuan::why::why;
use clap::{CommandFactory as _, Parser as _};
use serde_json::json;

use crate::args::{Arguments, Base, Command, Place, SchemaFormat, Snapshots};

/// A panic is a bug; the message has been printed by then.
const BUG: u8 = 1;
/// Published, with more rejects than the configured share.
const MANY_REJECTS: u8 = 3;
/// `verify` found damage.
const DAMAGED: u8 = 6;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match std::panic::catch_unwind(|| answer(arguments.command)) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => {
            say(&format!("anjuan: {}", with_causes(&error)));
            ExitCode::from(error.exit_code())
        }
        Err(_) => ExitCode::from(BUG),
    }
}

fn answer(command: Command) -> Result<u8, Error> {
    match command {
        Command::Run { place, threads, json } => run(&place, threads, json),
        Command::Plan { place, json } => {
            let plan = plan(&settings(&place)?)?;
            if json { print(&json!(plan)) } else { print(&plan) }
        }
        Command::Read { base, file, json } => show(&base, &file, json),
        Command::Why { place, id, column } => {
            let (config, knowledge) = (settings(&place)?, knowledge()?);
            let snapshot = current_snapshot(&config.out)?;
            let text = why(&id, column.as_deref(), &snapshot, &config, &knowledge)?;
            print(&text.trim_end())
        }
        Command::Check { base } => check(&base),
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

/// Reads everything under raw/ and publishes it.
fn run(place: &Place, threads: Option<usize>, json: bool) -> Result<u8, Error> {
    let mut config = settings(place)?;
    config.threads = threads.unwrap_or(config.threads);
    let knowledge = knowledge()?;
    fs::metadata(&config.raw).map_err(|error| reading(&config.raw, error))?;
    let _lock = lock(&config.out)?;
    let made = make(&config, &knowledge)?;
    let published = publish::publish(&made.tables, &made.snapshot, &config.out, &mut RealDisk)?;

    let (articles, rejects) = (made.tables.articles.len(), made.tables.rejects.len());
    let records = articles + rejects;
    if records == 0 {
        say(&format!("{} holds no files", config.raw.display()));
    }
    let share = if records == 0 { 0.0 } else { rejects as f64 / records as f64 };
    let many = config.max_reject_share < share;
    if many {
        let (share, most) = (share * 100.0, config.max_reject_share * 100.0);
        say(&format!(
            "{rejects} of {records} records were rejected: {share:.1}%, more than {most:.1}%"
        ));
    }
    let Published { id, folder, reused, .. } = &published;
    let code = if many { MANY_REJECTS } else { 0 };
    if json {
        print(&json!({
            "snapshot": id, "folder": folder, "new": !reused, "articles": articles, "rejects": rejects,
            "mentions": made.tables.mentions.len(), "cases": made.tables.cases.len(),
            "statistics": made.tables.statistics.len(), "exit": code,
        }))?;
    } else if *reused {
        print(&format!("nothing new: {} is up to date", folder.display()))?;
    } else {
        print(&format!("published {}", folder.display()))?;
    }
    Ok(code)
}

/// The tables, with progress on stderr.
fn make(config: &Config, knowledge: &Knowledge) -> Result<Made, Error> {
    let progress = Progress::new();
    let watch = |event| progress.watch(event);
    let made = match rayon::ThreadPoolBuilder::new().num_threads(config.threads).build() {
        Ok(pool) => pool.install(|| pipeline::run(&config.raw, config, knowledge, &watch)),
        // No threads to be had: the calling one does.
        Err(_) => pipeline::run(&config.raw, config, knowledge, &watch),
    };
    progress.finish();
    made
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
    let readings = read::read(RawFile { path, bytes }, &config, &rules, &knowledge);
    if json {
        print(&read::as_json(&readings))
    } else {
        print(&read::as_text(&readings).trim_end())
    }
}

/// Every problem of the settings and of the knowledge at once.
fn check(base: &Base) -> Result<u8, Error> {
    let mut problems = Vec::new();
    for result in [base_settings(base).map(drop), knowledge().map(drop)] {
        match result {
            Ok(()) => {}
            Err(Error::Problems(found)) => problems.extend(found),
            Err(other) => return Err(other),
        }
    }
    if problems.is_empty() {
        print(&"settings and knowledge are in order")
    } else {
        Err(Error::Problems(problems))
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
        let made = make(&config, &knowledge()?)?;
        let scratch =
            Scratch(std::env::temp_dir().join(format!("anjuan-eval-{}", std::process::id())));
        let published = publish::publish(&made.tables, &made.snapshot, &scratch.0, &mut RealDisk)?;
        read_judged(&published.folder)?
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
    match action.unwrap_or(Snapshots::List { json: false }) {
        Snapshots::List { json } => list_snapshots(out, json),
        Snapshots::Use { id } => {
            let _lock = lock(out)?;
            publish::choose(&id, out, &mut RealDisk)?;
            print(&format!("{id} is current"))
        }
        Snapshots::Gc { keep } => {
            let _lock = lock(out)?;
            for id in publish::remove_old(keep, out, &mut RealDisk)? {
                print(&format!("removed {id}"))?;
            }
            Ok(0)
        }
    }
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
    if let Some(directory) = &base.directory {
        std::env::set_current_dir(directory).map_err(|error| reading(directory, error))?;
    }
    let file = base.config.clone().unwrap_or_else(|| PathBuf::from("pipeline.toml"));
    match fs::read_to_string(&file) {
        Ok(text) => Config::parse(&file.display().to_string(), &text).map_err(Error::Problems),
        Err(error) if error.kind() == io::ErrorKind::NotFound && base.config.is_none() => {
            Ok(Config::default())
        }
        Err(error) => Err(reading(&file, error)),
    }
}

fn knowledge() -> Result<Knowledge, Error> {
    Knowledge::load().map_err(Error::Problems)
}

/// Keeps every other run away from `out` until the file is dropped; a killed run keeps nobody away.
fn lock(out: &Path) -> Result<File, Error> {
    let path = out.join(".lock");
    let writing = |source| Error::Write { path: path.clone(), source };
    fs::create_dir_all(out).map_err(writing)?;
    let file =
        File::options().create(true).write(true).truncate(false).open(&path).map_err(writing)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked(out.to_owned())),
        Err(TryLockError::Error(error)) => Err(writing(error)),
    }
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
