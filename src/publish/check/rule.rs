//! Rules of one's own: what pipeline.toml asks of the tables under `[[check]]`.

use std::collections::HashSet;

use super::super::column::Cell;
use super::super::schema::Table;
use super::{LISTED, hash_of, in_words, pick};

/// Something that the tables must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The table.
    pub table: String,
    /// The column; `None` for the number of rows.
    pub column: Option<String>,
    /// What must hold.
    pub test: Test,
    /// What follows if it does not.
    pub severity: Severity,
}

/// What becomes of a run whose tables break a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It says so and publishes.
    Warn,
    /// It does not publish.
    Error,
}

/// What must hold of a column or table.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// No cell is null.
    NotNull,
    /// No value stands in two rows.
    Unique,
    /// Every value is one of these.
    Accepted(Vec<String>),
    /// Every value lies between these; a date counts in days since 1970-01-01.
    Range(Bounds),
    /// Every value stands in that table and column.
    ForeignKey(String, String),
    /// The number of rows lies between these.
    RowCount(Bounds),
    /// The share of rows with one of these values, or with any if none is given, lies between these.
    Share(Vec<String>, Bounds),
}

/// The least and the most that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bounds {
    /// The least.
    pub min: Option<f64>,
    /// The most.
    pub max: Option<f64>,
}

impl Bounds {
    fn hold(self, value: f64) -> bool {
        self.min.is_none_or(|min| min <= value) && self.max.is_none_or(|max| value <= max)
    }

    fn in_words(self) -> String {
        match (self.min, self.max) {
            (Some(min), Some(max)) => format!("{min} to {max}"),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
            (None, None) => "anything".to_owned(),
        }
    }
}

/// A rule and what has been seen of its column.
pub(super) struct Watched {
    rule: Rule,
    rows: u64,
    counted: u64,
    broken: u64,
    listed: Vec<String>,
    /// Hashes of the values, where the rule compares rows or tables.
    seen: HashSet<u64>,
    /// For a reference: hashes of the values of the column referred to.
    there: HashSet<u64>,
}

impl Watched {
    pub(super) fn new(rule: &Rule) -> Self {
        Watched {
            rule: rule.clone(),
            rows: 0,
            counted: 0,
            broken: 0,
            listed: Vec::new(),
            seen: HashSet::new(),
            there: HashSet::new(),
        }
    }

    pub(super) fn row(&mut self, table: &Table, cells: &[Cell<'_>], name: impl Fn() -> String) {
        if let Test::ForeignKey(to, column) = &self.rule.test
            && to == table.name
        {
            let named = pick(table, &[column.as_str()], cells);
            self.there.insert(hash_of(&named));
        }
        if self.rule.table != table.name {
            return;
        }
        self.rows += 1;
        let Some(column) = &self.rule.column else { return };
        let named = pick(table, &[column.as_str()], cells);
        let Some(cell) = named.first().copied() else { return };
        let known = cell != Cell::Null;
        let one_of = |values: &[String]| {
            values.iter().any(|value| {
                cell.as_str().map_or_else(|| in_words(&[cell]) == *value, |text| text == value)
            })
        };
        let breaks = match &self.rule.test {
            Test::NotNull => !known,
            Test::Unique => known && !self.seen.insert(hash_of(&named)),
            Test::Accepted(values) => known && !one_of(values),
            Test::Range(bounds) => number(cell).is_some_and(|value| !bounds.hold(value)),
            Test::ForeignKey(..) => {
                if known {
                    self.seen.insert(hash_of(&named));
                }
                false
            }
            Test::Share(values, _) => {
                let counts = if values.is_empty() { known } else { one_of(values) };
                self.counted += u64::from(counts);
                false
            }
            Test::RowCount(_) => false,
        };
        if breaks {
            self.broken += 1;
            if self.listed.len() < LISTED {
                self.listed.push(name());
            }
        }
    }

    /// What is wrong, if something is.
    pub(super) fn verdict(self) -> Option<(Severity, String)> {
        let Watched { rule, rows, counted, broken, listed, seen, there } = self;
        let Rule { table, column, test, severity } = rule;
        let column = column.map(|column| format!(".{column}")).unwrap_or_default();
        let listed = |what: &str| {
            let more = broken - listed.len() as u64;
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            (0 < broken).then(|| format!("{what}: {}{more}", listed.join(", ")))
        };
        let problem = match test {
            Test::NotNull => listed("is null"),
            Test::Unique => listed("is used twice"),
            Test::Accepted(_) => listed("is none of the accepted values"),
            Test::Range(bounds) => listed(&format!("is not {}", bounds.in_words())),
            Test::ForeignKey(to, other) => {
                let lost = seen.difference(&there).count();
                (0 < lost).then(|| format!("{lost} values are not in {to}.{other}"))
            }
            Test::RowCount(bounds) => (!bounds.hold(rows as f64))
                .then(|| format!("{rows} rows, expected {}", bounds.in_words())),
            Test::Share(_, bounds) => {
                let share = if rows == 0 { 0.0 } else { counted as f64 / rows as f64 };
                let wrong = 0 < rows && !bounds.hold(share);
                wrong.then(|| format!("share is {share:.3}, expected {}", bounds.in_words()))
            }
        };
        problem.map(|problem| (severity, format!("{table}{column}: {problem}")))
    }
}

fn number(cell: Cell<'_>) -> Option<f64> {
    match cell {
        Cell::I64(number) => Some(number as f64),
        Cell::F64(number) => Some(number),
        Cell::Date(days) => Some(f64::from(days)),
        Cell::Null | Cell::Str(_) | Cell::Bool(_) => None,
    }
}
