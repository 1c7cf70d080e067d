//! Take settings out of a TOML document one by one, and note what is wrong or left over.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Display};
use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::knowledge::problem::Problem;

/// A TOML document: sections of settings.
pub(crate) struct Document<'t> {
    file: &'t str,
    text: &'t str,
    root: Section<'t>,
}

/// The settings of one section that have not been taken yet.
pub(crate) struct Section<'t> {
    /// Such as `input.fields`; empty for the document.
    name: String,
    entries: BTreeMap<String, (Range<usize>, Spanned<DeValue<'t>>)>,
    /// Where it begins, if it is one of a list.
    span: Range<usize>,
    known: BTreeSet<&'static str>,
    problems: Vec<(Range<usize>, String)>,
}

/// On which line each setting stands; lists of sections are left out.
pub(crate) fn lines(text: &str) -> BTreeMap<String, usize> {
    fn walk(text: &str, prefix: &str, table: &DeTable<'_>, lines: &mut BTreeMap<String, usize>) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            if let DeValue::Table(inner) = value.get_ref() {
                walk(text, &format!("{name}."), inner, lines);
                continue;
            }
            let sections = value.get_ref().as_array().is_some_and(|list| {
                list.iter().any(|value| matches!(value.get_ref(), DeValue::Table(_)))
            });
            let before = text.get(..key.span().start).unwrap_or_default();
            if !sections {
                lines.insert(name, before.matches('\n').count() + 1);
            }
        }
    }
    let (table, _) = DeTable::parse_recoverable(text);
    let mut lines = BTreeMap::new();
    walk(text, "", table.get_ref(), &mut lines);
    lines
}

impl<'t> Document<'t> {
    pub(crate) fn parse(file: &'t str, text: &'t str) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut root = Section::of(String::new(), table.into_inner());
        root.problems.extend(
            errors.iter().map(|error| {
                (error.span().unwrap_or_default(), error.message().replace('\n', "; "))
            }),
        );
        Document { file, text, root }
    }

    pub(crate) fn section(&mut self, name: &'static str) -> Section<'t> {
        self.root.section(name)
    }

    /// The sections of a list, as `[[check]]` begins them.
    pub(crate) fn sections(&mut self, name: &'static str) -> Vec<Section<'t>> {
        self.root.sections(name)
    }

    /// Notes the problems of a section that has been read.
    pub(crate) fn close(&mut self, section: Section<'t>) {
        self.root.close(section);
    }

    /// Every problem, in the order of the document.
    pub(crate) fn finish(mut self) -> Result<(), Vec<Problem>> {
        self.root.note_left_over("a section");
        let mut problems = self.root.problems;
        problems.sort_by_key(|(span, _)| span.start);
        let mut problems: Vec<Problem> = problems
            .into_iter()
            .map(|(span, message)| Problem::at(self.file, self.text, span, message))
            .collect();
        // One slip can be noticed at several places of its line.
        problems.dedup_by_key(|problem| (problem.line, problem.column));
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

impl<'t> Section<'t> {
    fn of(name: String, table: DeTable<'t>) -> Self {
        let entries = table
            .into_iter()
            .map(|(key, value)| (key.get_ref().to_string(), (key.span(), value)))
            .collect();
        Section { name, entries, span: 0..0, known: BTreeSet::new(), problems: Vec::new() }
    }

    /// A section inside this one; empty if it is not there.
    pub(crate) fn section(&mut self, key: &'static str) -> Section<'t> {
        let name = self.full_name(key);
        let Some(value) = self.take(key) else { return Section::of(name, DeTable::new()) };
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Section::of(name, table),
            other => {
                self.problems
                    .push((span, format!("{name} is {}, expected a section", shown(&other))));
                Section::of(name, DeTable::new())
            }
        }
    }

    /// The sections of a list; none if it is not there.
    fn sections(&mut self, key: &'static str) -> Vec<Section<'t>> {
        let name = self.full_name(key);
        let Some(value) = self.take(key) else { return Vec::new() };
        let span = value.span();
        let DeValue::Array(list) = value.into_inner() else {
            self.problems.push((span, format!("{name} is no list, expected [[{name}]]")));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for value in list {
            let span = value.span();
            match value.into_inner() {
                DeValue::Table(table) => {
                    let mut section = Section::of(name.clone(), table);
                    section.span = span;
                    sections.push(section);
                }
                other => {
                    let is = shown(&other);
                    self.problems.push((span, format!("{name} is {is}, expected a section")));
                }
            }
        }
        sections
    }

    /// Notes the problems of a section inside this one.
    pub(crate) fn close(&mut self, mut section: Section<'t>) {
        section.note_left_over("a setting");
        self.problems.append(&mut section.problems);
    }

    pub(crate) fn text(&mut self, key: &'static str, into: &mut String) {
        self.read(key, "a text", |value| value.as_str().map(str::to_owned), into);
    }

    pub(crate) fn path(&mut self, key: &'static str, into: &mut PathBuf) {
        let span = self.span(key);
        let mut path = into.display().to_string();
        self.text(key, &mut path);
        if path.is_empty() {
            self.problems
                .push((span, format!("{} is empty, expected a path", self.full_name(key))));
        } else {
            *into = PathBuf::from(path);
        }
    }

    pub(crate) fn flag(&mut self, key: &'static str, into: &mut bool) {
        self.read(key, "true or false", DeValue::as_bool, into);
    }

    /// The rights of files, written `"0640"`; an empty text leaves them.
    pub(crate) fn mode(&mut self, key: &'static str, into: &mut Option<u32>) {
        let read = |value: &DeValue<'t>| match value.as_str()? {
            "" => Some(None),
            text => u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777).map(Some),
        };
        self.read(key, "rights of files such as \"0640\"", read, into);
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        into: &mut T,
        choices: &[(&str, T)],
    ) {
        let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let read = |value: &DeValue<'t>| {
            let given = value.as_str()?;
            choices.iter().find(|(word, _)| *word == given).map(|(_, choice)| *choice)
        };
        self.read(key, &listed(&words), read, into);
    }

    /// One of a few words, which must be there.
    pub(crate) fn needed_choice<T: Copy>(
        &mut self,
        key: &'static str,
        into: &mut T,
        choices: &[(&str, T)],
    ) {
        if self.entries.contains_key(key) {
            return self.choice(key, into, choices);
        }
        self.known.insert(key);
        self.problems.push((self.span.clone(), format!("{} is missing", self.full_name(key))));
    }

    /// A number that may be left out; a day is taken as days since 1970-01-01.
    pub(crate) fn bound(&mut self, key: &'static str, into: &mut Option<f64>) {
        let day = |text: &str| {
            let day: jiff::civil::Date = text.parse().ok()?;
            let epoch = jiff::civil::date(1970, 1, 1);
            Some(f64::from((day - epoch).get_days()))
        };
        let read = |value: &DeValue<'t>| match value.as_str() {
            Some(text) => day(text).map(Some),
            None => number(value).map(Some),
        };
        self.read(key, "a number or a day such as \"2020-01-01\"", read, into);
    }

    /// Notes what is wrong with a setting that was taken.
    pub(crate) fn note(&mut self, key: &str, message: &str) {
        let name = self.full_name(key);
        self.problems.push((self.span.clone(), format!("{name}: {message}")));
    }

    /// A number from 0 to 1.
    pub(crate) fn share(&mut self, key: &'static str, into: &mut f64) {
        let span = self.span(key);
        let mut share = *into;
        self.read(key, "a number", number, &mut share);
        self.within(key, span, share, 0.0, 1.0, into);
    }

    /// A whole number between two bounds, both allowed.
    pub(crate) fn count<T>(&mut self, key: &'static str, into: &mut T, low: T, high: T)
    where
        T: TryFrom<i128> + TryInto<i128> + PartialOrd + Display + Copy,
    {
        let span = self.span(key);
        let Ok(mut count) = (*into).try_into() else { return };
        self.read(key, "a whole number", whole, &mut count);
        match T::try_from(count) {
            Ok(count) => self.within(key, span, count, low, high, into),
            Err(_) => self.outside(key, span, count, low, high),
        }
    }

    /// A size in bytes, written `268435456` or `"256 MiB"`.
    pub(crate) fn size(&mut self, key: &'static str, into: &mut u64) {
        let read = |value: &DeValue<'t>| match value.as_str() {
            Some(text) => size(text),
            None => whole(value).and_then(|bytes| u64::try_from(bytes).ok()),
        };
        self.read(key, "a size such as \"256 MiB\"", read, into);
    }

    /// A list of texts.
    pub(crate) fn list(&mut self, key: &'static str, into: &mut Vec<String>) {
        let read = |value: &DeValue<'t>| {
            let texts = value.as_array()?.iter();
            texts.map(|text| text.get_ref().as_str().map(str::to_owned)).collect()
        };
        self.read(key, "a list of texts", read, into);
    }

    /// A list of names.
    pub(crate) fn names(&mut self, key: &'static str, into: &mut Vec<String>) {
        let span = self.span(key);
        self.list(key, into);
        if into.is_empty() {
            let name = self.full_name(key);
            self.problems.push((span, format!("{name} is empty, expected at least one name")));
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'t>>> {
        self.known.insert(key);
        self.entries.remove(key).map(|(_, value)| value)
    }

    /// Where the value stands.
    fn span(&self, key: &str) -> Range<usize> {
        self.entries.get(key).map_or(0..0, |(_, value)| value.span())
    }

    fn full_name(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn read<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&DeValue<'t>) -> Option<T>,
        into: &mut T,
    ) {
        let Some(value) = self.take(key) else { return };
        match read(value.get_ref()) {
            Some(read) => *into = read,
            None => {
                let (name, is) = (self.full_name(key), shown(value.get_ref()));
                self.problems.push((value.span(), format!("{name} is {is}, expected {expected}")));
            }
        }
    }

    fn within<T: PartialOrd + Display>(
        &mut self,
        key: &str,
        span: Range<usize>,
        value: T,
        low: T,
        high: T,
        into: &mut T,
    ) {
        if low <= value && value <= high {
            *into = value;
        } else {
            self.outside(key, span, value, low, high);
        }
    }

    fn outside(
        &mut self,
        key: &str,
        span: Range<usize>,
        value: impl Display,
        low: impl Display,
        high: impl Display,
    ) {
        let name = self.full_name(key);
        self.problems.push((span, format!("{name} is {value}, expected {low} to {high}")));
    }

    /// What nobody took is no setting of ours.
    fn note_left_over(&mut self, what: &str) {
        for (key, (span, _)) in std::mem::take(&mut self.entries) {
            let name = self.full_name(&key);
            let hint = match nearest(&key, &self.known) {
                Some(known) => format!("did you mean {known}?"),
                None => {
                    format!(
                        "there are {}",
                        self.known.iter().copied().collect::<Vec<_>>().join(", ")
                    )
                }
            };
            self.problems.push((span, format!("{name} is not {what}; {hint}")));
        }
    }
}

/// `a, b or c`.
fn listed(words: &[String]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

fn whole(value: &DeValue<'_>) -> Option<i128> {
    let integer = value.as_integer()?;
    i128::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value.as_float() {
        Some(float) => float.as_str().parse().ok(),
        None => value.as_integer()?.to_string().parse().ok(),
    }
}

/// `"256 MiB"` in bytes.
pub(crate) fn size(text: &str) -> Option<u64> {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
    let number: u64 = text.strip_suffix(digits)?.replace('_', "").parse().ok()?;
    let unit: u64 = match digits.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// A value as a message quotes it.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a section".to_owned(),
    }
}

/// The known key that was probably meant: at most a third of its letters differ.
fn nearest<'k>(key: &str, known: &BTreeSet<&'k str>) -> Option<&'k str> {
    let (distance, nearest) = known
        .iter()
        .map(|known| (edits(key, known), *known))
        .min_by_key(|(distance, _)| *distance)?;
    (distance <= nearest.chars().count().div_ceil(3)).then_some(nearest)
}

/// How many letters must be added, left out, changed or swapped with their neighbour.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX - 1);
            let mut best = at(&last, j) + usize::from(x != y);
            best = best.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = 0 < i && 0 < j && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

/// Says nothing of the values, which may be long.
impl Debug for Section<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Section").field("name", &self.name).finish_non_exhaustive()
    }
}

#[test]
fn distances() {
    for (a, b, expected) in
        [("raw", "raw", 0), ("outptu", "output", 1), ("coverd", "covered", 1), ("x", "", 1)]
    {
        assert_eq!(edits(a, b), expected, "{a} {b}");
    }
}

#[test]
fn sizes() {
    for (text, bytes) in [
        ("256 MiB", Some(256 << 20)),
        ("1_000", Some(1000)),
        ("2GB", Some(2_000_000_000)),
        ("", None),
        ("MiB", None),
        ("1.5 GiB", None),
        ("99999999999 TiB", None),
    ] {
        assert_eq!(size(text), bytes, "{text}");
    }
}
