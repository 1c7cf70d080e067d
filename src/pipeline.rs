//! Run: the stages in their order, from the files of `raw/` to the tables.

use std::path::Path;

use rayon::prelude::*;

use crate::acquire::{self, Entry};
use crate::assemble::{Told, assemble};
use crate::clean::clean;
use crate::config::Config;
use crate::dedupe::{Deduped, Sketch, dedupe, sketch};
use crate::error::Error;
use crate::extract::{self, extract};
use crate::knowledge::Knowledge;
use crate::label::label;
use crate::link::{Telling, link};
use crate::model::{Article, DuplicateRole, Reject};
use crate::publish::{Snapshot, Tables};
use crate::report::{Counts, Event, Stage};

/// Who is told how a run goes on. Nothing in the tables depends on it.
pub type Watch<'a> = &'a (dyn Fn(Event) + Sync);

/// What a run makes: the tables, and what they were made from.
#[derive(Debug)]
pub struct Made {
    /// The tables.
    pub tables: Tables,
    /// Gives the snapshot its name.
    pub snapshot: Snapshot,
}

/// Reads everything under `raw` and makes the tables.
///
/// Fails only when the folder as a whole cannot be read; a bad record ends in the rejects.
pub fn run(
    raw: &Path,
    config: &Config,
    knowledge: &Knowledge,
    watch: Watch<'_>,
) -> Result<Made, Error> {
    let entries = acquire::list(raw).map_err(|error| Error::list(raw, error))?;
    let (articles, rejects, inputs) = read(&entries, config, knowledge, watch);
    let sketches: Vec<Sketch> = articles.par_iter().map(sketch).collect();
    let deduped = find_repeats(&articles, &sketches, config, watch);
    let told = tell(&articles, &deduped, knowledge, watch);
    let cases = join(&articles, &told, watch);
    let counts =
        [("files", entries.len()), ("articles", articles.len()), ("rejects", rejects.len())];
    let snapshot = Snapshot {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        inputs,
        config: config.hash(),
        knowledge: Knowledge::hash(),
        counts: counts.iter().map(|(name, count)| ((*name).to_owned(), length(*count))).collect(),
    };
    let tables = assemble(&articles, &deduped, &told, &cases, &rejects, knowledge, config.body);
    Ok(Made { tables, snapshot })
}

/// Acquire and clean, file by file: articles and rejects in the order of the files, and a hash of all inputs.
fn read(
    entries: &[Entry],
    config: &Config,
    knowledge: &Knowledge,
    watch: Watch<'_>,
) -> (Vec<Article>, Vec<Reject>, String) {
    watch(Event::Started(Stage::Acquire, Some(length(entries.len()))));
    let read: Vec<(Vec<Result<Article, Reject>>, String)> = entries
        .par_iter()
        .map(|entry| {
            let records = read_entry(entry, config, knowledge);
            watch(Event::Advanced(Stage::Acquire, 1));
            records
        })
        .collect();
    let mut hasher = blake3::Hasher::new();
    let (mut articles, mut rejects) = (Vec::new(), Vec::new());
    for (records, hash) in read {
        hasher.update(hash.as_bytes());
        for record in records {
            match record {
                Ok(article) => articles.push(article),
                Err(reject) => rejects.push(reject),
            }
        }
    }
    let (given, rejected) = (length(articles.len()), length(rejects.len()));
    watch(Event::Finished(
        Stage::Acquire,
        Counts { taken: length(entries.len()), given: given + rejected, rejected: 0 },
    ));
    watch(Event::Finished(Stage::Clean, Counts { taken: given + rejected, given, rejected }));
    (articles, rejects, hasher.finalize().to_hex().to_string())
}

/// The records of one file, cleaned, and a hash of its path and content.
fn read_entry(
    entry: &Entry,
    config: &Config,
    knowledge: &Knowledge,
) -> (Vec<Result<Article, Reject>>, String) {
    let (path, full) = match entry {
        Entry::File { path, full, .. } => (path, full),
        Entry::Rejected(reject) => {
            return (vec![Err(reject.clone())], format!("{} {}\n", reject.id.file, reject.reason));
        }
    };
    match acquire::read(full, path.clone(), &config.acquire) {
        Ok(file) => {
            let hash = format!("{path} {}\n", blake3::hash(&file.bytes).to_hex());
            let records = acquire::decode(file, &config.acquire);
            let cleaned = records
                .into_iter()
                .map(|record| record.and_then(|raw| clean(raw, &knowledge.boilerplate)));
            (cleaned.collect(), hash)
        }
        Err(reject) => {
            let hash = format!("{path} {}\n", reject.reason);
            (vec![Err(reject)], hash)
        }
    }
}

fn find_repeats(
    articles: &[Article],
    sketches: &[Sketch],
    config: &Config,
    watch: Watch<'_>,
) -> Deduped {
    let taken = length(articles.len());
    watch(Event::Started(Stage::Dedupe, None));
    let bodies: Vec<&str> = articles.iter().map(|article| article.body.text()).collect();
    let deduped = dedupe(sketches, &bodies, &config.dedupe);
    let kept =
        deduped.verdicts.iter().filter(|verdict| verdict.role == DuplicateRole::Canonical).count();
    watch(Event::Finished(Stage::Dedupe, Counts { taken, given: length(kept), rejected: 0 }));
    deduped
}

/// Extract and label: what each canonical article tells; nothing for the others.
fn tell(
    articles: &[Article],
    deduped: &Deduped,
    knowledge: &Knowledge,
    watch: Watch<'_>,
) -> Vec<Told> {
    let rules = extract::Rules::new(knowledge);
    watch(Event::Started(Stage::Extract, Some(length(articles.len()))));
    let told: Vec<Told> = articles
        .par_iter()
        .zip(&deduped.verdicts)
        .map(|(article, verdict)| {
            watch(Event::Advanced(Stage::Extract, 1));
            if verdict.role == DuplicateRole::Canonical {
                tell_one(article, &rules, knowledge)
            } else {
                Told::default()
            }
        })
        .collect();
    let kept =
        deduped.verdicts.iter().filter(|verdict| verdict.role == DuplicateRole::Canonical).count();
    let mentions: usize = told.iter().map(|told| told.extracted.cases.len()).sum();
    let labels: usize = told.iter().flat_map(|told| &told.labels).map(Vec::len).sum();
    watch(Event::Finished(
        Stage::Extract,
        Counts { taken: length(kept), given: length(mentions), rejected: 0 },
    ));
    watch(Event::Finished(
        Stage::Label,
        Counts { taken: length(mentions), given: length(labels), rejected: 0 },
    ));
    told
}

/// What one article tells, with the labels of its cases.
pub fn tell_one(article: &Article, rules: &extract::Rules<'_>, knowledge: &Knowledge) -> Told {
    let extracted = extract(article, rules);
    let labels = extracted
        .cases
        .iter()
        .map(|case| label(case, article.body.text(), &knowledge.lexicon))
        .collect();
    Told { extracted, labels }
}

/// Link: for each case of each article, in order, the number of the telling that stands for it.
fn join(articles: &[Article], told: &[Told], watch: Watch<'_>) -> Vec<usize> {
    let tellings: Vec<Telling<'_>> = told
        .iter()
        .zip(articles)
        .enumerate()
        .flat_map(|(i, (told, article))| {
            let published = article.published.map(|published| published.date);
            told.extracted.cases.iter().map(move |case| Telling { article: i, case, published })
        })
        .collect();
    let first_of = link(&tellings);
    let cases = first_of.iter().enumerate().filter(|(i, first)| i == *first).count();
    watch(Event::Finished(
        Stage::Link,
        Counts { taken: length(tellings.len()), given: length(cases), rejected: 0 },
    ));
    first_of
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
