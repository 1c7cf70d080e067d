//! Run: the stages in their order, from the files of `raw/` to a published snapshot.
//!
//! Acquire, clean, extract and label depend on one record alone: what they gave is kept in the store, so that
//! a run reads only what is new. Dedupe, link and publish look at all records, which stream from the store.

mod gate;
mod survey;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

pub use self::survey::{State, Surveyed, made_by, survey};

use self::gate::Gate;
use crate::acquire::{self, Entry};
use crate::assemble::{Mention, Rows, Told, View, add_dimensions, by_case, mentions};
use crate::clean::clean;
use crate::config::{Config, Vanished};
use crate::dedupe::{Articles, Deduped, Scratch, Sketch, dedupe, sketch};
use crate::error::Error;
use crate::extract::{self, extract};
use crate::knowledge::Knowledge;
use crate::label::label;
use crate::link::{Telling, link};
use crate::model::{Article, Case, Date, DuplicateRole, Reject, RejectReason};
use crate::privacy::Privacy;
use crate::publish::{self, Draft, Published, RealDisk, Snapshot};
use crate::report::{Counts, Event, Stage};
use crate::scratch::Folder;
use crate::store::{self, Filler, Outcome, Record, Records, Store};

/// Who is told how a run goes on. Nothing in the tables depends on it.
pub type Watch<'a> = &'a (dyn Fn(Event) + Sync);

/// What is asked of a run.
pub struct Job<'a> {
    /// What to do.
    pub config: &'a Config,
    /// What is true of cases.
    pub knowledge: &'a Knowledge,
    /// Who is told how it goes on.
    pub watch: Watch<'a>,
    /// Whether to stop at the next good moment. What is done by then is kept.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Read everything, whatever is kept of it.
    pub full: bool,
    /// Only files that these words match; all if there are none.
    pub only: Option<&'a glob::Pattern>,
    /// Only so many files, the first ones.
    pub limit: Option<usize>,
    /// Whether to publish, or only to see whether it could be.
    pub publish: bool,
    /// What the counts of the run must hold to be published.
    pub fail_on: &'a [FailOn],
}

impl fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Job { config, full, limit, publish, .. } = self;
        f.debug_struct("Job")
            .field("config", config)
            .field("full", full)
            .field("limit", limit)
            .field("publish", publish)
            .finish_non_exhaustive()
    }
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The snapshot; `None` if it was not to be published.
    pub published: Option<Published>,
    /// What the snapshot is made from.
    pub snapshot: Snapshot,
    /// Files by what was found of them: `new`, `changed`, `unchanged`, `vanished`.
    pub inputs: Vec<(&'static str, u64)>,
    /// Rejects by reason.
    pub rejects: BTreeMap<&'static str, u64>,
    /// What the rules of the configuration found but let pass.
    pub warnings: Vec<String>,
}

/// A limit to a count of the run.
#[derive(Debug, Clone, PartialEq)]
pub struct FailOn {
    /// Such as `rejects`.
    pub count: String,
    /// Whether more than the limit is wrong, or less.
    pub above: bool,
    /// The limit.
    pub limit: f64,
    /// Whether it is a share of the records.
    pub share: bool,
    /// As it was written.
    pub text: String,
}

/// Damaged parts of the store are dropped and made again, but not without end.
const ATTEMPTS: usize = 3;
/// Records that are looked at together, in parallel.
const CHUNK: usize = 256;

/// Brings the tables up to date with the files of `raw/`. One process at a time may do so.
///
/// A bad record ends in the rejects; an error means that the folder as a whole cannot be read, or that the
/// disk does not take what was made.
pub fn run(job: &Job<'_>) -> Result<Done, Error> {
    let raw = &job.config.raw;
    let entries = acquire::list(raw).map_err(|error| Error::list(raw, error))?;
    let mut attempt = 1;
    loop {
        match attempt_run(job, &entries) {
            Err(Error::Store(store::Error::Damaged(segment))) if attempt < ATTEMPTS => {
                Store::drop_segment(&job.config.state(), segment)?;
                attempt += 1;
            }
            done => return done,
        }
    }
}

fn attempt_run(job: &Job<'_>, entries: &[Entry]) -> Result<Done, Error> {
    let config = job.config;
    let folder = config.state();
    let mut store = if job.full {
        Store::anew(&folder, made_by(config))?
    } else {
        Store::open(&folder, made_by(config))?
    };
    let chosen: Vec<&Entry> = entries
        .iter()
        .filter(|entry| job.only.is_none_or(|only| only.matches(entry.path())))
        .take(job.limit.unwrap_or(usize::MAX))
        .collect();
    let surveyed = survey(&chosen, entries, &store, config);
    if config.vanished == Vanished::Error && !surveyed.vanished.is_empty() {
        return Err(Error::Vanished(surveyed.vanished));
    }
    fill(job, &mut store, &surveyed)?;

    let kept = surveyed.vanished.iter().filter(|_| config.vanished == Vanished::Keep);
    let mut paths: Vec<&str> = chosen.iter().map(|entry| entry.path()).collect();
    paths.extend(kept.map(String::as_str).filter(|path| store.find(path).is_some()));
    paths.sort_unstable();
    let records = store.records(paths.iter().copied());
    let snapshot = snapshot(&paths, &store, &records, config);
    let rejects = rejects(&records)?;
    let done = |published, warnings| Done {
        published,
        rejects: rejects.clone(),
        snapshot: snapshot.clone(),
        inputs: surveyed.counts(),
        warnings,
    };
    if job.publish
        && !job.full
        && let Some(published) = publish::standing(&snapshot, &config.out, &mut RealDisk)?
    {
        refuse(job, &published.rows)?;
        return Ok(done(Some(published), Vec::new()));
    }
    let (published, warnings) = make(job, &records, &snapshot)?;
    let live: BTreeSet<&str> =
        entries.iter().map(Entry::path).chain(paths.iter().copied()).collect();
    let done = done(published, warnings);
    store.compact(&live)?;
    Ok(done)
}

/// Acquire, clean, extract and label: takes in what the store does not have.
fn fill(job: &Job<'_>, store: &mut Store, surveyed: &Surveyed<'_>) -> Result<(), Error> {
    let to_read: Vec<_> = surveyed.files.iter().filter(|(_, state)| state.is_read()).collect();
    if to_read.is_empty() {
        return Ok(());
    }
    let watch = job.watch;
    watch(Event::Started(Stage::Acquire, Some(length(to_read.len()))));
    let reader = Reader {
        job,
        rules: extract::Rules::new(job.knowledge),
        gate: Gate::new(job.config.memory / 4),
        given: AtomicU64::new(0),
        rejected: AtomicU64::new(0),
    };
    let filler = store.filler()?;
    let read = to_read.par_iter().try_for_each(|(entry, _)| {
        if (job.stop)() {
            return Ok(());
        }
        let read = reader.read(entry, &filler);
        watch(Event::Advanced(Stage::Acquire, 1));
        read
    });
    let restamped = surveyed.files.iter().filter(|(_, state)| *state == State::Touched);
    let kept = restamped.map(|(entry, _)| match (entry, store.find(entry.path())) {
        (Entry::File { path, stamp, .. }, Some(known)) => filler.keep(path, *stamp, known),
        (Entry::File { .. } | Entry::Rejected(_), _) => Ok(()),
    });
    let kept = read.and_then(|()| kept.collect::<Result<(), _>>().map_err(Error::from));
    // What was read is kept even if the run stops here.
    let filled = filler.finish()?;
    store.take(filled)?;
    kept?;
    let (given, rejected) = (reader.given.into_inner(), reader.rejected.into_inner());
    let taken = length(to_read.len());
    watch(Event::Finished(Stage::Acquire, Counts { taken, given: given + rejected, rejected: 0 }));
    watch(Event::Finished(Stage::Clean, Counts { taken: given + rejected, given, rejected }));
    if (job.stop)() { Err(Error::Stopped) } else { Ok(()) }
}

/// Reads files, record by record.
struct Reader<'a> {
    job: &'a Job<'a>,
    rules: extract::Rules<'a>,
    gate: Gate,
    given: AtomicU64,
    rejected: AtomicU64,
}

/// Records of one file wait in memory until there are so many bytes of them.
const PART: usize = 4 << 20;

impl Reader<'_> {
    fn read(&self, entry: &Entry, filler: &Filler<'_>) -> Result<(), Error> {
        let config = &self.job.config.acquire;
        let (path, stamp, full) = match entry {
            Entry::File { path, stamp, full } => (path, *stamp, full),
            Entry::Rejected(reject) => {
                self.rejected.fetch_add(1, Ordering::Relaxed);
                let hash = survey::hash_of_reject(reject);
                let mut parts =
                    filler.file(&reject.id.file, acquire::Stamp::default(), hash, false);
                return Ok(parts.add(vec![Record::reject(reject.clone())], true)?);
            }
        };
        let _room = self.gate.enter(stamp.size);
        let opened = acquire::open(full, path.clone(), config)
            .and_then(|mut file| Ok((survey::content(&mut file)?, file)));
        let (hash, file) = match opened {
            Ok(opened) => opened,
            Err(reject) => {
                self.rejected.fetch_add(1, Ordering::Relaxed);
                let hash = survey::hash_of_reject(&reject);
                let mut parts = filler.file(path, stamp, hash, lasts(&reject));
                return Ok(parts.add(vec![Record::reject(reject)], true)?);
            }
        };
        let mut taking = Taking {
            parts: filler.file(path, stamp, hash, true),
            records: Vec::new(),
            bytes: 0,
            failed: None,
        };
        acquire::records(file, config, &mut |record| {
            let record = self.record(record, &mut taking.parts);
            taking.take(record)
        });
        taking.finish()
    }

    /// Acquire, clean, sketch, extract and label one record.
    fn record(&self, record: acquire::Record, parts: &mut store::Parts<'_>) -> Record {
        let knowledge = self.job.knowledge;
        let raw = acquire::decode(record, &self.job.config.acquire);
        match raw.and_then(|raw| clean(raw, &knowledge.boilerplate)) {
            Ok(article) => {
                self.given.fetch_add(1, Ordering::Relaxed);
                let told = tell_one(&article, &self.rules, knowledge);
                let sketch = sketch(&article);
                Record::article(article, &sketch, told)
            }
            Err(reject) => {
                self.rejected.fetch_add(1, Ordering::Relaxed);
                if !lasts(&reject) {
                    parts.unsettle();
                }
                Record::reject(reject)
            }
        }
    }
}

/// Whether the same file is sure to be rejected again: a disk or a clock may be kinder the next time.
fn lasts(reject: &Reject) -> bool {
    !matches!(
        reject.reason,
        RejectReason::Unreadable | RejectReason::TimeLimit | RejectReason::ReaderFailed
    )
}

/// The records of one file on their way into the store.
struct Taking<'a> {
    parts: store::Parts<'a>,
    records: Vec<Record>,
    bytes: usize,
    failed: Option<store::Error>,
}

impl Taking<'_> {
    fn take(&mut self, record: Record) -> ControlFlow<()> {
        self.bytes += record.bytes();
        self.records.push(record);
        if self.bytes <= PART {
            return ControlFlow::Continue(());
        }
        self.bytes = 0;
        match self.parts.add(std::mem::take(&mut self.records), false) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn finish(mut self) -> Result<(), Error> {
        match self.failed {
            Some(error) => Err(error.into()),
            None => Ok(self.parts.add(self.records, true)?),
        }
    }
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

/// What the snapshot is made from: every input with its content, and what it is read with.
fn snapshot(paths: &[&str], store: &Store, records: &Records<'_>, config: &Config) -> Snapshot {
    let mut hasher = blake3::Hasher::new();
    for path in paths {
        let Some(known) = store.find(path) else { continue };
        hasher.update(path.as_bytes());
        hasher.update(&[0]);
        hasher.update(&known.hash);
    }
    let articles = (0..records.len()).filter(|i| records.is_article(*i)).count();
    let counts =
        [("files", paths.len()), ("articles", articles), ("rejects", records.len() - articles)];
    Snapshot {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        build: env!("ANJUAN_BUILD").to_owned(),
        inputs: hasher.finalize().to_hex().to_string(),
        config: config.hash(),
        knowledge: Knowledge::hash(),
        counts: counts.iter().map(|(name, count)| ((*name).to_owned(), length(*count))).collect(),
    }
}

/// How many records were rejected for each reason.
fn rejects(records: &Records<'_>) -> Result<BTreeMap<&'static str, u64>, Error> {
    let mut reasons = BTreeMap::new();
    for record in (0..records.len()).filter(|record| !records.is_article(*record)) {
        match records.outcome(record)? {
            Outcome::Reject(reject) => *reasons.entry(reject.reason.name()).or_default() += 1,
            Outcome::Article(_) => return Err(records.damaged(record).into()),
        }
    }
    Ok(reasons)
}

/// Dedupe, link and publish: the tables of all records.
fn make(
    job: &Job<'_>,
    records: &Records<'_>,
    snapshot: &Snapshot,
) -> Result<(Option<Published>, Vec<String>), Error> {
    let config = job.config;
    let articles: Vec<usize> = (0..records.len()).filter(|i| records.is_article(*i)).collect();
    let folder = Folder::new(&config.scratch()).map_err(|source| Error::Scratch { source })?;
    let deduped = find_repeats(job, records, &articles, &folder)?;
    let mentions = join(job, records, &articles, &deduped)?;
    let privacy = Privacy::new(config.privacy);
    let view = View {
        records,
        articles: &articles,
        deduped: &deduped,
        scratch: &folder,
        mentions: &mentions,
        knowledge: job.knowledge,
        privacy: &privacy,
        with_body: config.body,
    };
    let disk = &mut RealDisk;
    let mut draft = Draft::new(snapshot, &config.publish_options(), &config.out, disk)?;
    add_dimensions(job.knowledge, &mut draft)?;
    (job.watch)(Event::Started(Stage::Publish, Some(length(records.len()))));
    add_rows(job, &view, &mut draft)?;
    add_cases(job, &view, &mut draft)?;
    add_articles(job, &view, &mut draft)?;
    let counts = |rows: &dyn Fn(&str) -> u64| {
        ["articles", "rejects", "duplicates", "mentions", "cases", "statistics"]
            .map(|name| (name.to_owned(), rows(name)))
            .into_iter()
            .collect()
    };
    draft.complete()?;
    refuse(job, &counts(&|name| draft.count(name)))?;
    if !job.publish {
        return Ok((None, draft.check()?));
    }
    let (published, warnings) = draft.publish()?;
    let given = published.rows.values().sum();
    let taken = length(records.len());
    (job.watch)(Event::Finished(Stage::Publish, Counts { taken, given, rejected: 0 }));
    Ok((Some(published), warnings))
}

fn find_repeats(
    job: &Job<'_>,
    records: &Records<'_>,
    articles: &[usize],
    scratch: &dyn Scratch,
) -> Result<Deduped, Error> {
    let taken = length(articles.len());
    (job.watch)(Event::Started(Stage::Dedupe, None));
    let deduped = dedupe(&Kept { records, articles }, scratch, &job.config.dedupe());
    let deduped = deduped.map_err(|source| match source.downcast::<store::Error>() {
        Ok(error) => Error::Store(error),
        Err(source) => Error::Scratch { source },
    })?;
    let given = length(deduped.kept());
    (job.watch)(Event::Finished(Stage::Dedupe, Counts { taken, given, rejected: 0 }));
    if (job.stop)() { Err(Error::Stopped) } else { Ok(deduped) }
}

/// The articles among the records, read from the store as they are asked for.
struct Kept<'a> {
    records: &'a Records<'a>,
    articles: &'a [usize],
}

impl Articles for Kept<'_> {
    fn len(&self) -> usize {
        self.articles.len()
    }

    fn sketches(&self) -> Box<dyn Iterator<Item = io::Result<Sketch>> + '_> {
        let sketch = |record: &usize| self.records.sketch(*record).map_err(io::Error::other);
        Box::new(self.articles.iter().map(sketch))
    }

    fn text(&self, article: usize) -> io::Result<Cow<'_, str>> {
        let record = self.articles.get(article).copied().unwrap_or(usize::MAX);
        self.records.text(record).map(Cow::Owned).map_err(io::Error::other)
    }

    fn title(&self, article: usize) -> io::Result<Option<Cow<'_, str>>> {
        let record = self.articles.get(article).copied().unwrap_or(usize::MAX);
        match self.records.outcome(record).map_err(io::Error::other)? {
            Outcome::Article(kept) => Ok(kept.article.title.map(Cow::Owned)),
            Outcome::Reject(_) => Ok(None),
        }
    }
}

/// One telling, with as much of its case as linking asks for.
struct Slim {
    article: usize,
    key: String,
    case: Case,
    published: Option<Date>,
}

/// Link: which tellings of canonical articles tell the same case.
fn join(
    job: &Job<'_>,
    records: &Records<'_>,
    articles: &[usize],
    deduped: &Deduped,
) -> Result<Vec<Mention>, Error> {
    let tells = |number: &usize| {
        deduped.role(*number) == DuplicateRole::Canonical
            && articles.get(*number).is_some_and(|record| records.tells(*record))
    };
    let telling: Vec<usize> = (0..articles.len()).filter(tells).collect();
    let kept = deduped.kept();
    let mut slims: Vec<Slim> = Vec::new();
    let mut labels = 0;
    in_order(
        job,
        &telling,
        |number| {
            let record = articles.get(number).copied().unwrap_or(usize::MAX);
            match records.outcome(record)? {
                Outcome::Article(kept) => Ok((number, kept)),
                Outcome::Reject(_) => Err(records.damaged(record).into()),
            }
        },
        |(number, kept)| {
            labels += kept.told.labels.iter().map(Vec::len).sum::<usize>();
            let published = kept.article.published.map(|published| published.date);
            let key = kept.article.id.key();
            slims.extend(kept.told.extracted.cases.into_iter().map(|case| Slim {
                article: number,
                key: key.clone(),
                case: Case { headline: None, price: None, campaign: None, stage: None, ..case },
                published,
            }));
            Ok(())
        },
    )?;
    let tellings: Vec<Telling<'_>> = slims
        .iter()
        .map(|slim| Telling { article: slim.article, case: &slim.case, published: slim.published })
        .collect();
    let first_of = link(&tellings);
    let cases = first_of.iter().enumerate().filter(|(i, first)| i == *first).count();
    let counts = |taken, given| Counts { taken: length(taken), given: length(given), rejected: 0 };
    (job.watch)(Event::Finished(Stage::Extract, counts(kept, slims.len())));
    (job.watch)(Event::Finished(Stage::Label, counts(slims.len(), labels)));
    (job.watch)(Event::Finished(Stage::Link, counts(slims.len(), cases)));
    let named: Vec<(usize, String, u32)> =
        slims.into_iter().map(|slim| (slim.article, slim.key, slim.case.ordinal)).collect();
    Ok(mentions(&named, &first_of))
}

/// What was read from each record, and what each article is without its body.
fn add_rows(job: &Job<'_>, view: &View<'_>, draft: &mut Draft<'_>) -> Result<(), Error> {
    let records: Vec<usize> = (0..view.records.len()).collect();
    in_order(
        job,
        &records,
        |record| match view.articles.binary_search(&record) {
            Ok(number) => Ok(view.rows(number)?),
            Err(_) => match view.records.outcome(record)? {
                Outcome::Reject(reject) => {
                    Ok(Rows { reject: Some(view.reject(&reject)), ..Rows::default() })
                }
                Outcome::Article(_) => Err(view.records.damaged(record).into()),
            },
        },
        |rows| {
            (job.watch)(Event::Advanced(Stage::Publish, 1));
            if let Some(article) = &rows.article {
                draft.expect(article);
            }
            if let Some(reject) = &rows.reject {
                draft.reject(reject)?;
            }
            if let Some(duplicate) = &rows.duplicate {
                draft.add(duplicate)?;
            }
            Ok(draft.read(&rows.body, &rows.read)?)
        },
    )
}

fn add_cases(job: &Job<'_>, view: &View<'_>, draft: &mut Draft<'_>) -> Result<(), Error> {
    let told: BTreeSet<usize> = view.mentions.iter().map(|mention| mention.article).collect();
    let mut repeats: Vec<(usize, usize)> = (0..view.articles.len())
        .map(|number| (view.deduped.canonical(number), number))
        .filter(|(canonical, _)| told.contains(canonical))
        .collect();
    repeats.sort_unstable();
    let repeats_of = |article: usize| {
        let start = repeats.partition_point(|(canonical, _)| *canonical < article);
        let rest = repeats.get(start..).unwrap_or_default();
        let end = rest.partition_point(|(canonical, _)| *canonical == article);
        rest.get(..end).unwrap_or_default()
    };
    let groups = by_case(view.mentions);
    let numbers: Vec<usize> = (0..groups.len()).collect();
    in_order(
        job,
        &numbers,
        |i| {
            let group = groups.get(i).map(Vec::as_slice).unwrap_or_default();
            view.case(group, repeats_of)
        },
        |(case, sources)| {
            draft.case(case)?;
            Ok(sources.iter().try_for_each(|source| draft.add(source))?)
        },
    )
}

/// The articles with their bodies, in the order of their ids.
fn add_articles(job: &Job<'_>, view: &View<'_>, draft: &mut Draft<'_>) -> Result<(), Error> {
    let mut order: Vec<usize> = (0..view.articles.len()).collect();
    order.sort_by_key(|number| {
        view.articles.get(*number).map(|record| view.records.digits(*record))
    });
    let rows = order.chunks(CHUNK).flat_map(|chunk| {
        let row = |number: &usize| {
            if (job.stop)() { Err(Error::Stopped) } else { Ok(view.article(*number)?) }
        };
        chunk.par_iter().map(row).collect::<Vec<_>>()
    });
    draft.articles(rows)
}

/// Makes something of each number in parallel, and takes it in order; little waits in between.
fn in_order<T: Send>(
    job: &Job<'_>,
    numbers: &[usize],
    make: impl Fn(usize) -> Result<T, Error> + Sync,
    mut take: impl FnMut(T) -> Result<(), Error>,
) -> Result<(), Error> {
    for chunk in numbers.chunks(CHUNK) {
        if (job.stop)() {
            return Err(Error::Stopped);
        }
        let made: Vec<Result<T, Error>> = chunk.par_iter().map(|number| make(*number)).collect();
        made.into_iter().try_for_each(|made| take(made?))?;
    }
    Ok(())
}

/// Counts that the caller will not have published.
fn refuse(job: &Job<'_>, rows: &BTreeMap<String, u64>) -> Result<(), Error> {
    let count = |name: &str| rows.get(name).copied().unwrap_or(0) as f64;
    let records = count("articles") + count("rejects");
    let broken = job.fail_on.iter().filter_map(|limit| {
        let n = count(&limit.count);
        let value = if limit.share && 0.0 < records { n / records } else { n };
        let wrong = if limit.above { limit.limit < value } else { value < limit.limit };
        wrong.then(|| format!("{}: {} are {n} of {records} records", limit.text, limit.count))
    });
    let broken: Vec<String> = broken.collect();
    if broken.is_empty() { Ok(()) } else { Err(Error::Refused(broken)) }
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
