//! Read: one document through the pipeline, for a person or as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::acquire::{self, RawFile};
use crate::assemble::Told;
use crate::clean::clean;
use crate::config::Config;
use crate::evidence::{self, Evidence};
use crate::extract::Rules;
use crate::knowledge::Knowledge;
use crate::model::{Article, Reject};
use crate::pipeline::tell_one;

/// A record of the document, and what it tells; or why it gives no article.
pub type Reading = Result<(Article, Told), Reject>;

/// Decodes, cleans, extracts and labels every record of a file.
pub fn read(
    file: RawFile,
    config: &Config,
    rules: &Rules<'_>,
    knowledge: &Knowledge,
) -> Vec<Reading> {
    acquire::read_all(file, &config.acquire)
        .into_iter()
        .map(|record| {
            let article = record.and_then(|raw| clean(raw, &knowledge.boilerplate))?;
            let told = tell_one(&article, rules, knowledge);
            Ok((article, told))
        })
        .collect()
}

/// What was repaired, found and labelled, then the clean text.
pub fn as_text(readings: &[Reading]) -> String {
    let mut text = String::new();
    for (i, reading) in readings.iter().enumerate() {
        if 0 < i {
            text.push('\n');
        }
        match reading {
            Ok((article, told)) => describe(&mut text, article, told),
            Err(Reject { id, stage, reason, detail, .. }) => {
                let _ = writeln!(text, "{id}\nrejected     {reason} by {stage}: {detail}");
            }
        }
    }
    text
}

fn describe(text: &mut String, article: &Article, told: &Told) {
    let body = article.body.text();
    let _ = writeln!(text, "{}", article.id);
    for (name, value) in facts(article) {
        let _ = writeln!(text, "{name:<12} {value}");
    }
    for (case, labels) in evidence::cases(told) {
        let _ = writeln!(text, "\ncase {} (confidence {:.2})", case.ordinal, case.confidence);
        list(text, &evidence::of_case(article, case, labels));
    }
    let statistics = &told.extracted.statistics;
    if !statistics.is_empty() {
        let _ = writeln!(text, "\nstatistics");
        let lines: Vec<_> = statistics.iter().map(|s| evidence::of_statistic(article, s)).collect();
        list(text, &lines);
    }
    let unused: Vec<_> = told
        .extracted
        .figures
        .iter()
        .filter(|figure| figure.role == "none")
        .map(|figure| evidence::of_figure(article, figure))
        .collect();
    if !unused.is_empty() {
        let _ = writeln!(text, "\nnumbers that feed no column");
        list(text, &unused);
    }
    let _ = writeln!(text, "\ntext");
    show(text, body, &notes(article, told));
}

/// What was found where: the characters of the words, and what they were read as.
struct Note {
    start: usize,
    end: usize,
    words: String,
    meaning: String,
}

/// Every value of every case, total and unused number, in the order of the text.
fn notes(article: &Article, told: &Told) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut add = |found: Evidence, of: String| {
        notes.push(Note {
            start: found.start,
            end: found.end,
            meaning: format!("{} {} ({of}{})", found.column, found.value, found.rule),
            words: found.words,
        });
    };
    for (case, labels) in evidence::cases(told) {
        for found in evidence::of_case(article, case, labels) {
            add(found, format!("case {}, ", case.ordinal));
        }
    }
    for statistic in &told.extracted.statistics {
        add(evidence::of_statistic(article, statistic), "total, ".to_owned());
    }
    for figure in told.extracted.figures.iter().filter(|figure| figure.role == "none") {
        add(evidence::of_figure(article, figure), String::new());
    }
    // A value that is read from a whole passage (a stage taken from the set) would repeat it.
    notes.retain(|note| !note.words.contains('\n'));
    notes.sort_by_key(|note| (note.start, note.end));
    notes
}

/// The text line by line, and below each line what was found in it.
fn show(text: &mut String, body: &str, notes: &[Note]) {
    let mut notes = notes.iter().peekable();
    let mut end = 0;
    for line in body.trim_end().split('\n') {
        end += line.chars().count() + 1;
        let _ = writeln!(text, "{line}");
        let mut words = "";
        while let Some(note) = notes.next_if(|note| note.start < end) {
            // Several values from the same words stand below each other.
            let mark = if note.words == words { "   " } else { " - " };
            let shown =
                if note.words == words { String::new() } else { format!("「{}」 ", note.words) };
            let _ = writeln!(text, "   {mark}{shown}{}", note.meaning);
            words = &note.words;
        }
    }
}

fn list(text: &mut String, lines: &[Evidence]) {
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
}

/// What the article says about itself, and what was repaired.
fn facts(article: &Article) -> Vec<(&'static str, String)> {
    let repairs: Vec<&str> = article.repairs.iter().map(|repair| repair.name()).collect();
    let published =
        article.published.map(|published| format!("{} ({})", published.date, published.basis));
    let repeats = (0 < article.self_repeats).then(|| format!("{} time(s)", article.self_repeats));
    let kind = format!("{}, {}, {}", article.format, article.encoding, article.script);
    [
        ("kind", Some(kind)),
        ("title", article.title.clone()),
        ("publisher", article.publisher.clone()),
        ("published", published),
        ("url", article.url.clone()),
        ("repairs", Some(repairs.join(", ")).filter(|repairs| !repairs.is_empty())),
        ("repeats", repeats),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

/// The same for programs: one object for each record.
pub fn as_json(readings: &[Reading]) -> Value {
    readings.iter().map(record).collect()
}

fn record(reading: &Reading) -> Value {
    let (article, told) = match reading {
        Ok(read) => read,
        Err(reject) => {
            return json!({
                "file": reject.id.file, "record": reject.id.record,
                "rejected": { "stage": reject.stage.name(), "reason": reject.reason.name(), "detail": reject.detail },
            });
        }
    };
    let cases: Vec<Value> = evidence::cases(told)
        .map(|(case, labels)| {
            json!({
                "ordinal": case.ordinal, "confidence": case.confidence,
                "values": evidence::of_case(article, case, labels),
            })
        })
        .collect();
    let extracted = &told.extracted;
    let statistics: Vec<_> =
        extracted.statistics.iter().map(|s| evidence::of_statistic(article, s)).collect();
    let figures: Vec<_> =
        extracted.figures.iter().map(|f| evidence::of_figure(article, f)).collect();
    json!({
        "file": article.id.file, "record": article.id.record,
        "format": article.format.name(), "encoding": article.encoding.name(), "script": article.script.name(),
        "title": article.title, "publisher": article.publisher, "url": article.url,
        "published": article.published.map(|published| published.date.to_string()),
        "published_basis": article.published.map(|published| published.basis.name()),
        "repairs": article.repairs.iter().map(|repair| repair.name()).collect::<Vec<_>>(),
        "self_repeats": article.self_repeats,
        "cases": cases, "statistics": statistics, "figures": figures,
        "body": article.body.text(),
    })
}
