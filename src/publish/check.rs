//! Check: tables that contradict themselves are not published.

use std::collections::{BTreeMap, BTreeSet};

use super::Tables;
use super::column::{Cell, Column, Row, cells, columns};
use super::sorted;

/// Problems listed for one check; more are only counted.
const LISTED: usize = 5;

/// Every rule that the tables break: keys are unique, references exist, what is not known is null, numbers
/// are finite and exact, spans lie in the body and hold the evidence, and every input is told of once.
pub(super) fn check(tables: &Tables) -> Vec<String> {
    let mut problems = Problems::default();
    let keys = Keys::of(tables);
    check_table(&tables.articles, &keys, &mut problems);
    check_table(&tables.duplicates, &keys, &mut problems);
    check_table(&tables.mentions, &keys, &mut problems);
    check_table(&tables.cases, &keys, &mut problems);
    check_table(&tables.case_sources, &keys, &mut problems);
    check_table(&tables.figures, &keys, &mut problems);
    check_table(&tables.labels, &keys, &mut problems);
    check_table(&tables.statistics, &keys, &mut problems);
    check_table(&tables.rejects, &keys, &mut problems);
    check_table(&tables.taxonomy, &keys, &mut problems);
    check_table(&tables.divisions, &keys, &mut problems);
    check_table(&tables.offences, &keys, &mut problems);
    check_inputs(tables, &mut problems);
    check_spans(tables, &mut problems);
    problems.list()
}

/// Problems by the rule that is broken.
#[derive(Default)]
struct Problems(BTreeMap<String, Vec<String>>);

impl Problems {
    fn add(&mut self, rule: impl Into<String>, row: impl Into<String>) {
        self.0.entry(rule.into()).or_default().push(row.into());
    }

    fn list(self) -> Vec<String> {
        let line = |(rule, rows): (String, Vec<String>)| {
            let more = rows.len().saturating_sub(LISTED);
            let first = rows.into_iter().take(LISTED).collect::<Vec<_>>().join(", ");
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{rule}: {first}{more}")
        };
        self.0.into_iter().map(line).collect()
    }
}

/// The key columns that other tables refer to, with the keys that exist.
struct Keys<'a>(BTreeMap<&'static str, BTreeSet<Vec<&'a str>>>);

impl<'a> Keys<'a> {
    fn of(tables: &'a Tables) -> Self {
        let mut keys = Keys(BTreeMap::new());
        keys.add(&tables.articles);
        keys.add(&tables.mentions);
        keys.add(&tables.cases);
        keys.add(&tables.taxonomy);
        keys.add(&tables.divisions);
        keys.add(&tables.offences);
        keys
    }

    fn add<R: Row>(&mut self, rows: &'a [R]) {
        let places = places(&columns::<R>(), R::KEY);
        let key = |row: &'a R| pick(&cells(row), &places);
        self.0.insert(R::NAME, rows.iter().filter_map(key).collect());
    }
}

fn places(columns: &[Column], names: &[&str]) -> Vec<usize> {
    names.iter().filter_map(|name| columns.iter().position(|column| column.name == *name)).collect()
}

/// The text cells at these places; `None` if one is null.
fn pick<'a>(cells: &[Cell<'a>], places: &[usize]) -> Option<Vec<&'a str>> {
    places.iter().map(|&place| cells.get(place).copied().and_then(Cell::as_str)).collect()
}

fn check_table<R: Row>(rows: &[R], keys: &Keys<'_>, problems: &mut Problems) {
    let columns = columns::<R>();
    let key = places(&columns, R::KEY);
    let name = |cells: &[Cell<'_>]| {
        key.iter().filter_map(|&place| cells.get(place)).map(in_words).collect::<Vec<_>>().join("/")
    };
    let table = R::NAME;
    let sorted = sorted(rows);
    for (row, next) in sorted.iter().zip(sorted.iter().skip(1)) {
        if row.order(next).is_eq() {
            problems.add(format!("{table}: key is used twice"), name(&cells(*row)));
        }
    }
    for row in sorted {
        let cells = cells(row);
        for (column, cell) in columns.iter().zip(&cells) {
            if let Some(wrong) = wrong_cell(*cell) {
                problems.add(format!("{table}.{}: {wrong}", column.name), name(&cells));
            }
        }
        for refer in R::REFERS {
            let known = keys.0.get(refer.table);
            let named = pick(&cells, &places(&columns, refer.columns));
            if let (Some(known), Some(named)) = (known, named)
                && !known.contains(&named)
            {
                let rule = format!("{table}.{}: not in {}", refer.columns.join("+"), refer.table);
                problems.add(rule, format!("{} of {}", named.join("/"), name(&cells)));
            }
        }
    }
}

fn in_words(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Str(text) => (*text).to_owned(),
        Cell::I64(number) => number.to_string(),
        Cell::F64(number) => number.to_string(),
        Cell::Bool(value) => value.to_string(),
        Cell::Date(days) => days.to_string(),
    }
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

/// Every input is one row of `articles` or `rejects`.
fn check_inputs(tables: &Tables, problems: &mut Problems) {
    let articles = tables.articles.iter().map(|row| (&row.source_path, row.source_ordinal));
    let rejects = tables.rejects.iter().map(|row| (&row.source_path, row.source_ordinal));
    let mut seen = BTreeSet::new();
    for (path, ordinal) in articles.chain(rejects) {
        if !seen.insert((path, ordinal)) {
            problems.add("articles, rejects: input is told of twice", format!("{path}#{ordinal}"));
        }
    }
}

/// A span of a body and the words it should hold.
struct Span<'a> {
    row: &'a str,
    start: i64,
    end: i64,
    evidence: &'a str,
}

fn check_spans(tables: &Tables, problems: &mut Problems) {
    let mut spans: BTreeMap<&str, Vec<Span<'_>>> = BTreeMap::new();
    let mut add = |article, row, start, end, evidence| {
        spans.entry(article).or_default().push(Span { row, start, end, evidence });
    };
    for row in &tables.mentions {
        add(
            row.article_id.as_str(),
            row.mention_id.as_str(),
            row.start,
            row.end,
            row.text.as_str(),
        );
    }
    for row in &tables.figures {
        add(&row.article_id, &row.figure_id, row.start, row.end, &row.evidence);
    }
    for row in &tables.statistics {
        add(&row.article_id, &row.statistic_id, row.start, row.end, &row.evidence);
    }
    let article_of: BTreeMap<_, _> =
        tables.mentions.iter().map(|row| (&row.mention_id, &row.article_id)).collect();
    for row in &tables.labels {
        if let Some(article) = article_of.get(&row.mention_id) {
            add(article, &row.mention_id, row.start, row.end, &row.evidence);
        }
    }
    for article in &tables.articles {
        let Some(body) = &article.body else { continue };
        let Some(spans) = spans.get(article.article_id.as_str()) else { continue };
        let mut starts: Vec<usize> = body.char_indices().map(|(at, _)| at).collect();
        starts.push(body.len());
        let at = |place: i64| starts.get(usize::try_from(place).ok()?).copied();
        for span in spans {
            let words = at(span.start).zip(at(span.end)).and_then(|(from, to)| body.get(from..to));
            // Masking replaces characters, so that masked words still have their length.
            let holds = |words: &str| words == span.evidence || span.evidence.contains('*');
            if !words.is_some_and(holds) {
                let rule = "body[start..end] is not the evidence";
                problems.add(rule, format!("{} at {}..{}", span.row, span.start, span.end));
            }
        }
    }
}
