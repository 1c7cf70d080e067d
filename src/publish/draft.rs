//! Draft: a snapshot while it is written, table by table, under a name that no reader looks at.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use parquet::errors::ParquetError;
use sha2::{Digest as _, Sha256};

use super::check::{Checker, Findings, Rule, Span};
use super::column::{Cell, Row, cells};
use super::disk::{Disk, Output};
use super::error::Error;
use super::manifest::{FileEntry, Manifest, Pointer, Snapshot, hex, sha256};
use super::parquet::{Encoder, Stamp};
use super::pile::{Pile, Room, Texts, key_of, unpack};
use super::rows::{
    Article, Case, CaseSource, Division, Duplicate, Figure, Label, Mention, Offence, Reject,
    Statistic, Term,
};
use super::schema::Table;
use super::summary::{Gathered, Summaries, summarise};
use super::verify::{check_snapshot, in_words};
use super::{
    Published, STAGING, datapackage, install, link_to, page, path, point_to, remove_leftovers,
    schema, views,
};

/// How a snapshot is written; none of it but the rules can change what is in it.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the tables must hold.
    pub rules: Vec<Rule>,
    /// Bytes of rows of one table that wait in memory to be sorted.
    pub room: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { rules: Vec::new(), room: 8 << 20 }
    }
}

/// A snapshot that is being written. Dropped unfinished it leaves nothing that counts.
pub struct Draft<'a> {
    made_from: &'a Snapshot,
    id: String,
    out: &'a Path,
    staging: PathBuf,
    scratch: PathBuf,
    room: usize,
    disk: &'a mut dyn Disk,
    piles: BTreeMap<&'static str, Pile>,
    checker: Checker,
    gathered: Gathered,
    files: Vec<FileEntry>,
    summaries: Option<Summaries>,
}

/// What stands in one article's rows under a span, all of it checked against the body.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// Tellings of cases.
    pub mentions: Vec<Mention>,
    /// Their labels.
    pub labels: Vec<Label>,
    /// Numbers.
    pub figures: Vec<Figure>,
    /// Totals and shares.
    pub statistics: Vec<Statistic>,
}

impl<'a> Draft<'a> {
    /// Begins the snapshot that `made_from` names.
    pub fn new(
        made_from: &'a Snapshot,
        options: &Options,
        out: &'a Path,
        disk: &'a mut dyn Disk,
    ) -> Result<Self, Error> {
        let id = made_from.id();
        let snapshots = out.join("snapshots");
        disk.create_dir_all(&snapshots).map_err(|error| Error::write(&snapshots, error))?;
        remove_leftovers(out, disk)?;
        let staging = out.join(format!("{STAGING}{id}"));
        let scratch = out.join(format!("{STAGING}scratch"));
        for folder in [&staging.join("summary"), &scratch] {
            disk.create_dir_all(folder).map_err(|error| Error::write(folder, error))?;
        }
        Ok(Draft {
            made_from,
            id,
            out,
            staging,
            scratch,
            room: options.room,
            disk,
            piles: BTreeMap::new(),
            checker: Checker::new(&options.rules),
            gathered: Gathered::default(),
            files: Vec::new(),
            summaries: None,
        })
    }

    /// Adds a row; the rows of a table may come in any order.
    pub fn add<R: Row>(&mut self, row: &R) -> Result<(), Error> {
        let pile = self.piles.entry(R::NAME).or_insert_with(Pile::of::<R>);
        let mut room = Room { bytes: self.room, scratch: &self.scratch, disk: &mut *self.disk };
        pile.add(row, &mut room)
    }

    /// Adds what was read from an article; every span is checked against its body.
    pub fn read(&mut self, body: &str, read: &Read) -> Result<(), Error> {
        let Read { mentions, labels, figures, statistics } = read;
        let spans = mentions
            .iter()
            .map(|row| (&row.mention_id, row.start, row.end, &row.text))
            .chain(labels.iter().map(|row| (&row.mention_id, row.start, row.end, &row.evidence)))
            .chain(figures.iter().map(|row| (&row.figure_id, row.start, row.end, &row.evidence)))
            .chain(
                statistics.iter().map(|row| (&row.statistic_id, row.start, row.end, &row.evidence)),
            );
        let spans: Vec<Span<'_>> =
            spans.map(|(row, start, end, evidence)| Span { row, start, end, evidence }).collect();
        self.checker.spans(body, &spans);
        mentions.iter().try_for_each(|row| self.add(row))?;
        labels.iter().try_for_each(|row| self.add(row))?;
        figures.iter().try_for_each(|row| self.add(row))?;
        statistics.iter().try_for_each(|row| self.add(row))
    }

    /// Adds a case.
    pub fn case(&mut self, case: Case) -> Result<(), Error> {
        self.add(&case)?;
        self.gathered.cases.push(case);
        Ok(())
    }

    /// Adds a reject.
    pub fn reject(&mut self, reject: &Reject) -> Result<(), Error> {
        self.gathered.reject(reject);
        self.add(reject)
    }

    /// Adds a label that a case can carry.
    pub fn term(&mut self, term: Term) -> Result<(), Error> {
        self.add(&term)?;
        self.gathered.taxonomy.push(term);
        Ok(())
    }

    /// Adds a division.
    pub fn division(&mut self, division: Division) -> Result<(), Error> {
        self.add(&division)?;
        self.gathered.divisions.push(division);
        Ok(())
    }

    /// Looks at an article that will come, without its body, so that its file can be laid out.
    pub fn expect(&mut self, article: &Article) {
        let pile = self.piles.entry(<Article as Row>::NAME).or_insert_with(Pile::of::<Article>);
        pile.texts.note(&cells(article));
    }

    /// Writes the articles, which come in the order of their ids and were all expected.
    pub fn articles<E: From<Error>>(
        &mut self,
        articles: impl Iterator<Item = Result<Article, E>>,
    ) -> Result<(), E> {
        let pile = self.piles.remove(<Article as Row>::NAME);
        let pile = pile.unwrap_or_else(Pile::of::<Article>);
        let (table, mut texts) = (pile.table, pile.texts);
        texts.overflow(&table, "body");
        let mut file = self.begin(&table, &texts)?;
        let mut key = Vec::new();
        for article in articles {
            let article = article?;
            self.gathered.article(&article);
            let cells = cells(&article);
            key.clear();
            key_of(Cell::Str(&article.article_id), &mut key);
            self.checker.row(&table, &key, &cells);
            file.push(&cells)?;
        }
        Ok(self.end(&table, file)?)
    }

    /// Writes the table that `R` is a row of, with all rows added.
    fn table<R: Row>(&mut self) -> Result<(), Error> {
        let pile = self.piles.remove(R::NAME).unwrap_or_else(Pile::of::<R>);
        let mut room = Room { bytes: self.room, scratch: &self.scratch, disk: &mut *self.disk };
        let (table, texts, mut rows) = pile.sorted(&mut room)?;
        let mut file = self.begin(&table, &texts)?;
        let reading = |error| Error::read(&self.scratch, error);
        while let Some((key, row)) = rows.next().map_err(reading)? {
            let damaged = || io::Error::from(io::ErrorKind::InvalidData);
            let cells = unpack(&row).ok_or_else(damaged).map_err(reading)?;
            self.checker.row(&table, &key, &cells);
            file.push(&cells)?;
        }
        self.end(&table, file)
    }

    fn begin(&mut self, table: &Table, texts: &Texts) -> Result<TableFile, Error> {
        let path = self.staging.join(&table.path);
        let output = self.disk.create(&path).map_err(|error| Error::write(&path, error))?;
        let trouble = Arc::default();
        let into =
            Hashed { output, hasher: Sha256::new(), bytes: 0, trouble: Arc::clone(&trouble) };
        let stamp = Stamp { snapshot: &self.id, version: &self.made_from.version };
        let encoder = Encoder::new(table, texts, stamp, into);
        let encoder = encoder.map_err(|error| failed(&path, table.name, &trouble, error))?;
        Ok(TableFile { path, name: table.name, rows: 0, encoder, trouble })
    }

    fn end(&mut self, table: &Table, file: TableFile) -> Result<(), Error> {
        self.checker.end(table);
        self.gathered.rows.insert(table.name, file.rows);
        let (rows, (bytes, sha256)) = (file.rows, file.finish()?);
        self.files.push(FileEntry {
            path: table.path.clone(),
            bytes,
            sha256,
            rows: Some(rows),
            columns: Some(table.columns.len() as u64),
        });
        Ok(())
    }
}

impl Draft<'_> {
    /// Writes the tables and summaries as far as they are not; nothing can be added then.
    pub fn complete(&mut self) -> Result<(), Error> {
        if self.summaries.is_none() {
            self.tables()?;
            let summaries = summarise(&self.gathered).map_err(Error::Summary)?;
            self.add_summaries(&summaries)?;
            self.summaries = Some(summaries);
        }
        Ok(())
    }

    /// Rows of a table that is written.
    pub fn count(&self, table: &str) -> u64 {
        self.gathered.count(table)
    }

    /// What the rules found but let pass; the snapshot is given up.
    pub fn check(mut self) -> Result<Vec<String>, Error> {
        self.complete()?;
        self.findings()
    }

    fn findings(&mut self) -> Result<Vec<String>, Error> {
        let Findings { errors, warnings } = std::mem::take(&mut self.checker).finish();
        if errors.is_empty() { Ok(warnings) } else { Err(Error::Check(errors)) }
    }

    /// Writes what is left, reads everything back, and makes the snapshot the current one.
    ///
    /// Also gives what the rules found but let pass. If this snapshot was there already, it must be the same.
    pub fn publish(mut self) -> Result<(Published, Vec<String>), Error> {
        self.complete()?;
        let warnings = self.findings()?;
        let Some(summaries) = self.summaries.take() else { return Err(Error::Check(Vec::new())) };
        let version = &self.made_from.version;
        let package = datapackage::datapackage(version, &self.files);
        let dictionary = schema::dictionary(&self.gathered.taxonomy);
        let report = page::page(&self.gathered, &summaries, self.made_from);
        for (path, text) in [
            ("datapackage.json", &package),
            ("views.sql", &views::views()),
            ("dictionary.md", &dictionary),
            ("report.html", &report),
        ] {
            self.text(path, text)?;
        }
        let manifest = self.manifest()?;
        // Before the commit: what is left behind after it would stay until the next run.
        let scratch = &self.scratch;
        self.disk.remove_dir_all(scratch).map_err(|error| Error::write(scratch, error))?;
        let folder = self.out.join("snapshots").join(&self.id);
        let reused = match super::whole_manifest(&self.id, self.out, self.disk) {
            Some(old) if old == manifest => true,
            Some(_) => return Err(Error::NotTheSame { id: self.id.clone() }),
            None => {
                install(&self.staging, &folder, self.out, self.disk)?;
                false
            }
        };
        let id = self.id.clone();
        point_to(&Pointer { id: id.clone(), manifest }, self.out, self.disk)?;
        let linked = link_to(&id, self.out, self.disk).is_ok();
        let rows = self.gathered.rows.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        Ok((Published { id, folder, reused, linked, rows }, warnings))
    }

    /// The tables in such an order that what is referred to comes first, where there is one.
    fn tables(&mut self) -> Result<(), Error> {
        self.table::<Term>()?;
        self.table::<Division>()?;
        self.table::<Offence>()?;
        if !self.files.iter().any(|file| file.path == path::<Article>()) {
            self.articles::<Error>(std::iter::empty())?;
        }
        self.table::<Case>()?;
        self.table::<Mention>()?;
        self.table::<Duplicate>()?;
        self.table::<CaseSource>()?;
        self.table::<Figure>()?;
        self.table::<Label>()?;
        self.table::<Statistic>()?;
        self.table::<Reject>()
    }

    fn add_summaries(&mut self, summaries: &Summaries) -> Result<(), Error> {
        self.all(&summaries.by_year)?;
        self.all(&summaries.by_province)?;
        self.all(&summaries.by_method)?;
        self.all(&summaries.by_data_type)?;
        self.all(&summaries.by_industry)?;
        self.all(&summaries.by_use)?;
        self.all(&summaries.method_by_industry)?;
        self.all(&summaries.source_coverage)?;
        self.all(&summaries.measures)
    }

    /// A table of these rows.
    fn all<R: Row>(&mut self, rows: &[R]) -> Result<(), Error> {
        rows.iter().try_for_each(|row| self.add(row))?;
        self.table::<R>()
    }

    fn text(&mut self, path: &str, text: &str) -> Result<(), Error> {
        let full = self.staging.join(path);
        self.disk.write(&full, text.as_bytes()).map_err(|error| Error::write(&full, error))?;
        self.files.push(FileEntry {
            path: path.to_owned(),
            bytes: text.len() as u64,
            sha256: sha256(text.as_bytes()),
            rows: None,
            columns: None,
        });
        Ok(())
    }

    /// Writes the manifest, reads everything back, and gives the manifest's hash.
    fn manifest(&mut self) -> Result<String, Error> {
        let Snapshot { version, build, inputs, config, knowledge, counts } = self.made_from.clone();
        let mut files = std::mem::take(&mut self.files);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let id = self.id.clone();
        let manifest =
            Manifest { format: 1, id, version, build, inputs, config, knowledge, counts, files };
        let json = schema::to_json(&manifest);
        let path = self.staging.join("manifest.json");
        self.disk.write(&path, json.as_bytes()).map_err(|error| Error::write(&path, error))?;
        for folder in [self.staging.join("summary"), self.staging.clone()] {
            self.disk.sync_dir(&folder).map_err(|error| Error::write(&folder, error))?;
        }
        let hash = sha256(json.as_bytes());
        let (_, damage) = check_snapshot(&self.staging, &manifest.id, Some(&hash), self.disk);
        if damage.is_empty() {
            Ok(hash)
        } else {
            let problems = in_words(&damage);
            Err(Error::Changed { path: self.staging.clone(), problems })
        }
    }
}

impl fmt::Debug for Draft<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        // Gives the space back; if that fails, the next run does it.
        for folder in [&self.staging, &self.scratch] {
            let _ = self.disk.remove_dir_all(folder);
        }
    }
}

/// The file of a table, taking rows.
struct TableFile {
    path: PathBuf,
    name: &'static str,
    rows: u64,
    encoder: Encoder<Hashed>,
    trouble: Arc<Mutex<Option<io::Error>>>,
}

impl TableFile {
    fn push(&mut self, cells: &[Cell<'_>]) -> Result<(), Error> {
        self.rows += 1;
        let pushed = self.encoder.push(cells);
        pushed.map_err(|error| failed(&self.path, self.name, &self.trouble, error))
    }

    /// Waits until the disk has it, and gives its size and hash.
    fn finish(self) -> Result<(u64, String), Error> {
        let TableFile { path, name, encoder, trouble, .. } = self;
        let hashed = encoder.finish().map_err(|error| failed(&path, name, &trouble, error))?;
        let Hashed { output, hasher, bytes, .. } = hashed;
        output.finish().map_err(|error| Error::write(&path, error))?;
        Ok((bytes, hex(&hasher.finalize())))
    }
}

/// The disk's error where there was one: the encoder keeps only its words.
fn failed(
    path: &Path,
    table: &'static str,
    trouble: &Mutex<Option<io::Error>>,
    error: ParquetError,
) -> Error {
    match trouble.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Error::write(path, error),
        None => Error::Encode { table, source: error },
    }
}

/// Hashes what goes to the disk.
struct Hashed {
    output: Box<dyn Output>,
    hasher: Sha256,
    bytes: u64,
    /// The first error of the disk.
    trouble: Arc<Mutex<Option<io::Error>>>,
}

impl Hashed {
    /// Keeps the error, and gives another that says the same.
    fn keep(&self, error: io::Error) -> io::Error {
        let said = io::Error::new(error.kind(), error.to_string());
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.get_or_insert(error);
        said
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.output.write(bytes).map_err(|error| self.keep(error))?;
        self.hasher.update(bytes.get(..n).unwrap_or_default());
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush().map_err(|error| self.keep(error))
    }
}
