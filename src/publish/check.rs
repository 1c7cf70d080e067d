//! Check: tables that contradict themselves, or what the configuration asks of them, are not published.

mod rule;

use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use self::rule::Watched;
pub use self::rule::{Bounds, Rule, Severity, Test};
use super::column::Cell;
use super::pile::key_of;
use super::schema::{Table, tables};

/// Problems listed for one check; more are only counted.
const LISTED: usize = 5;

/// Looks at every row as it is written: keys are unique, references exist, what is not known is null, numbers
/// are finite and exact, spans lie in the body and hold the evidence, and every input is told of once.
#[derive(Default)]
pub(super) struct Checker {
    problems: Problems,
    /// Hashes of the keys of each table that others refer to.
    keys: BTreeMap<&'static str, Vec<u64>>,
    /// Hashes of path and ordinal of every article, sorted once they are complete.
    inputs: Vec<u64>,
    /// The tables of which all keys are known.
    complete: BTreeSet<&'static str>,
    /// References into a table that was not written yet, as hashes.
    open: BTreeMap<(String, &'static str), BTreeSet<u64>>,
    rules: Vec<Watched>,
    /// The key of the row before.
    last: Option<Vec<u8>>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) errors: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// Problems by the rule that is broken.
#[derive(Default)]
struct Problems(BTreeMap<String, (Vec<String>, usize)>);

impl Problems {
    fn add(&mut self, rule: impl Into<String>, row: impl Into<String>) {
        let (rows, n) = self.0.entry(rule.into()).or_default();
        *n += 1;
        if rows.len() < LISTED {
            rows.push(row.into());
        }
    }

    fn list(self) -> Vec<String> {
        let line = |(rule, (rows, n)): (String, (Vec<String>, usize))| {
            let more = n - rows.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{rule}: {}{more}", rows.join(", "))
        };
        self.0.into_iter().map(line).collect()
    }
}

impl Checker {
    pub(super) fn new(rules: &[Rule]) -> Self {
        let referred = tables().into_iter().flat_map(|table| table.refers);
        let keys = referred.map(|refer| (refer.table, Vec::new())).collect();
        Checker { rules: rules.iter().map(Watched::new).collect(), keys, ..Checker::default() }
    }

    /// Looks at a row; the rows of a table come in the order of their keys.
    pub(super) fn row(&mut self, table: &Table, key: &[u8], cells: &[Cell<'_>]) {
        let name = || in_words(&pick(table, table.key, cells));
        if self.last.as_deref() == Some(key) {
            self.problems.add(format!("{}: key is used twice", table.name), name());
        }
        let last = self.last.get_or_insert_default();
        last.clear();
        last.extend(key);
        if let Some(keys) = self.keys.get_mut(table.name) {
            keys.push(xxh3_64(key));
        }
        for (column, cell) in table.columns.iter().zip(cells) {
            let unknown = *cell == Cell::Null && !column.nullable;
            let wrong = if unknown { Some("is null") } else { wrong_cell(*cell) };
            if let Some(wrong) = wrong {
                self.problems.add(format!("{}.{}: {wrong}", table.name, column.name), name());
            }
        }
        for refer in table.refers {
            let named = pick(table, refer.columns, cells);
            if named.contains(&Cell::Null) {
                continue;
            }
            let rule =
                format!("{}.{}: not in {}", table.name, refer.columns.join("+"), refer.table);
            let hash = hash_of(&named);
            let complete = self.complete.contains(refer.table);
            match self.keys.get(refer.table).filter(|_| complete) {
                Some(keys) if keys.binary_search(&hash).is_ok() => {}
                Some(_) => {
                    self.problems.add(rule, format!("{} of {}", in_words(&named), name()));
                }
                None if xxh3_64(key) == hash => {}
                None => {
                    self.open.entry((rule, refer.table)).or_default().insert(hash);
                }
            }
        }
        for rule in &mut self.rules {
            rule.row(table, cells, name);
        }
        self.input(table, cells);
    }

    /// The table is complete.
    pub(super) fn end(&mut self, table: &Table) {
        self.last = None;
        self.inputs.sort_unstable();
        if let Some(keys) = self.keys.get_mut(table.name) {
            keys.sort_unstable();
            self.complete.insert(table.name);
        }
    }

    /// Every input is one row of `articles` or `rejects`.
    fn input(&mut self, table: &Table, cells: &[Cell<'_>]) {
        let input = pick(table, &["source_path", "source_ordinal"], cells);
        let hash = hash_of(&input);
        match table.name {
            "articles" => self.inputs.push(hash),
            "rejects" if self.inputs.binary_search(&hash).is_ok() => {
                let name =
                    input.iter().map(|cell| in_words(&[*cell])).collect::<Vec<_>>().join("#");
                self.problems.add("articles, rejects: input is told of twice", name);
            }
            _ => {}
        }
    }

    /// Whether the words of each span stand there in the body.
    pub(super) fn spans(&mut self, body: &str, spans: &[Span<'_>]) {
        if spans.is_empty() {
            return;
        }
        let mut starts: Vec<usize> = body.char_indices().map(|(at, _)| at).collect();
        starts.push(body.len());
        let at = |place: i64| starts.get(usize::try_from(place).ok()?).copied();
        for span in spans {
            let words = at(span.start).zip(at(span.end)).and_then(|(from, to)| body.get(from..to));
            if words != Some(span.evidence) {
                let rule = "body[start..end] is not the evidence";
                self.problems.add(rule, format!("{} at {}..{}", span.row, span.start, span.end));
            }
        }
    }

    pub(super) fn finish(mut self) -> Findings {
        for ((rule, table), hashes) in self.open {
            let keys = self.keys.get(table).map(Vec::as_slice).unwrap_or_default();
            let lost = hashes.iter().filter(|hash| keys.binary_search(hash).is_err()).count();
            if 0 < lost {
                self.problems.add(rule, format!("{lost} keys"));
            }
        }
        let mut findings = Findings { errors: self.problems.list(), warnings: Vec::new() };
        for (severity, problem) in self.rules.into_iter().filter_map(Watched::verdict) {
            match severity {
                Severity::Error => findings.errors.push(problem),
                Severity::Warn => findings.warnings.push(problem),
            }
        }
        findings
    }
}

/// A span of a body and the words it should hold.
pub(super) struct Span<'a> {
    pub(super) row: &'a str,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) evidence: &'a str,
}

/// The cells of these columns.
fn pick<'a>(table: &Table, names: &[&str], cells: &[Cell<'a>]) -> Vec<Cell<'a>> {
    let place = |name: &&str| table.columns.iter().position(|column| column.name == *name);
    names.iter().filter_map(place).filter_map(|place| cells.get(place).copied()).collect()
}

/// The hash of a key with these cells.
fn hash_of(cells: &[Cell<'_>]) -> u64 {
    let mut hasher = Xxh3::new();
    let mut bytes = Vec::new();
    for cell in cells {
        bytes.clear();
        key_of(*cell, &mut bytes);
        hasher.update(&bytes);
    }
    hasher.digest()
}

fn in_words(cells: &[Cell<'_>]) -> String {
    let word = |cell: &Cell<'_>| match cell {
        Cell::Null => "null".to_owned(),
        Cell::Str(text) => (*text).to_owned(),
        Cell::I64(number) => number.to_string(),
        Cell::F64(number) => number.to_string(),
        Cell::Bool(value) => value.to_string(),
        Cell::Date(days) => days.to_string(),
    };
    cells.iter().map(word).collect::<Vec<_>>().join("/")
}

fn wrong_cell(cell: Cell<'_>) -> Option<&'static str> {
    match cell {
        Cell::Str("") => Some("empty text, expected null or some"),
        Cell::I64(number) if number.unsigned_abs() > 1 << 53 => Some("larger than 2^53"),
        Cell::F64(number) if !number.is_finite() => Some("not a finite number"),
        Cell::Null | Cell::Str(_) | Cell::I64(_) | Cell::F64(_) | Cell::Bool(_) | Cell::Date(_) => {
            None
        }
    }
}
