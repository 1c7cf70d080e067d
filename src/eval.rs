//! Evaluate: published tables and annotated articles to precision, recall and F1 per field.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::gold::{Gold, GoldCase};
use crate::model::Measure;
use crate::table::{Row, Table};

/// The tables that are judged.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// One row per input document.
    pub articles: Table,
    /// One row per telling of a case.
    pub mentions: Table,
    /// One row per mention, facet and code.
    pub labels: Table,
    /// One row per published total or share.
    pub statistics: Table,
}

const TEXTS: [&str; 6] = ["lead", "agency", "division", "offence", "stage", "action_date"];
const FACETS: [&str; 4] = ["method", "data_type", "industry", "use"];
const PRICE: &str = "price";

/// The measures in the order of the report: the prison term last.
fn measures() -> impl Iterator<Item = &'static str> {
    let others = Measure::ALL.iter().filter(|measure| **measure != Measure::PrisonMonths);
    others.chain([&Measure::PrisonMonths]).map(|measure| measure.name())
}

/// The fields of a case in the order of the report.
fn fields() -> impl Iterator<Item = &'static str> {
    TEXTS.into_iter().chain(measures()).chain([PRICE])
}

/// The value of one field of a case, ready to be compared.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    Number(f64),
    Price(Option<f64>, Option<f64>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Number(number) => write!(f, "{number}"),
            Value::Price(low, high) => {
                write!(f, "{}-{}", shown(low.as_ref()), shown(high.as_ref()))
            }
        }
    }
}

/// One side of a comparison: the fields that a case states, with the hedges of its numbers.
#[derive(Debug, Default)]
struct Fields {
    values: BTreeMap<&'static str, Value>,
    qualifiers: BTreeMap<&'static str, String>,
}

impl Fields {
    fn get(&self, field: &str) -> Option<&Value> {
        self.values.get(field)
    }

    fn put_text(&mut self, field: &'static str, text: Option<String>) {
        if let Some(text) = text {
            self.values.insert(field, Value::Text(text));
        }
    }

    fn put_price(&mut self, low: Option<f64>, high: Option<f64>) {
        if low.is_some() || high.is_some() {
            self.values.insert(PRICE, Value::Price(low, high));
        }
    }
}

/// What the pipeline read.
fn predicted(row: Row<'_>) -> Fields {
    let mut fields = Fields::default();
    fields.put_text("lead", row.text("lead").map(normal));
    fields.put_text("agency", row.text("agency").map(normal));
    fields.put_text("division", row.text("division_code").map(str::to_owned));
    fields.put_text("offence", row.text("offence").map(normal));
    fields.put_text("stage", row.text("stage").map(str::to_owned));
    fields.put_text("action_date", action_date(row));
    for measure in measures() {
        if let Some(number) = row.real(measure) {
            fields.values.insert(measure, Value::Number(number));
        }
        if let Some(qualifier) = row.text(&format!("{measure}_q")) {
            fields.qualifiers.insert(measure, qualifier.to_owned());
        }
    }
    fields.put_price(row.real("price_low_yuan"), row.real("price_high_yuan"));
    fields
}

/// As much of the date as is known.
fn action_date(row: Row<'_>) -> Option<String> {
    let date = row.date("action_date")?;
    let known = match row.text("action_date_precision") {
        Some("year") => 4,
        Some("month") => 7,
        _ => 10,
    };
    Some(date.chars().take(known).collect())
}

/// What the annotator read.
fn expected(case: &GoldCase) -> Fields {
    let mut fields = Fields::default();
    fields.put_text("lead", case.lead.as_deref().map(normal));
    fields.put_text("agency", case.agency.as_deref().map(normal));
    fields.put_text("division", case.division.clone());
    fields.put_text("offence", case.offence.as_deref().map(normal));
    fields.put_text("stage", case.stage.clone());
    fields.put_text("action_date", case.action_date.clone());
    for measure in measures() {
        let Some(number) = case.number(measure) else { continue };
        fields.values.insert(measure, Value::Number(number.v));
        if let Some(qualifier) = number.q {
            fields.qualifiers.insert(measure, qualifier);
        }
    }
    if let Some(price) = case.price_yuan {
        fields.put_price(price.lo.or(price.v), price.hi.or(price.v));
    }
    fields
}

/// Without spaces and without the 罪 or 案 at the end.
fn normal(text: &str) -> String {
    let text = text.trim().replace([' ', '\u{3000}'], "");
    let text = text.strip_suffix('罪').unwrap_or(&text);
    text.strip_suffix('案').unwrap_or(text).to_owned()
}

fn same_number(a: f64, b: f64) -> bool {
    (a - b).abs() <= f64::max(1e-6 * f64::max(a.abs(), b.abs()), 1e-6)
}

/// The printed name may carry a longer or shorter place prefix or unit suffix.
fn same_agency(a: &str, b: &str) -> bool {
    let one_in_other = a.ends_with(b) || b.ends_with(a) || a.starts_with(b) || b.starts_with(a);
    a == b || (one_in_other && 4 <= a.chars().count().min(b.chars().count()))
}

fn same(field: &str, a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) if field == "agency" => same_agency(a, b),
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => same_number(*a, *b),
        (Value::Price(Some(low), Some(high)), Value::Price(Some(want_low), Some(want_high))) => {
            same_number(*low, *want_low) && same_number(*high, *want_high)
        }
        _ => false,
    }
}

/// How much two cases have in common; prices say too little to count.
fn similarity(got: &Fields, want: &Fields) -> f64 {
    fields()
        .filter(|field| *field != PRICE)
        .filter(|field| match (got.get(field), want.get(field)) {
            (Some(got), Some(want)) => same(field, got, want),
            _ => false,
        })
        .map(|field| if field != "lead" && TEXTS.contains(&field) { 1.0 } else { 2.0 })
        .sum()
}

/// Pairs of (got, wanted) cases: the most similar first, each used once, ties by their order in the article.
fn assign(got: &[Fields], want: &[Fields]) -> Vec<(usize, usize)> {
    let mut candidates: Vec<(f64, usize, usize)> = Vec::new();
    for (i, p) in got.iter().enumerate() {
        candidates.extend(want.iter().enumerate().map(|(j, g)| (similarity(p, g), i, j)));
    }
    candidates.sort_by(|(s, i, j), (t, k, l)| {
        t.partial_cmp(s)
            .unwrap_or(Ordering::Equal)
            .then(i.abs_diff(*j).cmp(&k.abs_diff(*l)))
            .then((k, l).cmp(&(i, j)))
    });
    let (mut used_got, mut used_want) = (BTreeSet::new(), BTreeSet::new());
    let mut pairs = Vec::new();
    for (similarity, i, j) in candidates {
        if 0.0 < similarity && !used_got.contains(&i) && !used_want.contains(&j) {
            used_got.insert(i);
            used_want.insert(j);
            pairs.push((i, j));
        }
    }
    pairs
}

/// Right, wrong and missed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Found, and in the gold.
    pub right: usize,
    /// Found, and not in the gold.
    pub wrong: usize,
    /// In the gold, and not found.
    pub missed: usize,
}

impl Tally {
    /// Precision, recall and F1 to four places; precision and recall are 1 where there was nothing to find.
    pub fn scores(self) -> (f64, f64, f64) {
        let share = |of: usize| match self.right + of {
            0 => 1.0,
            all => self.right as f64 / all as f64,
        };
        let (precision, recall) = (share(self.wrong), share(self.missed));
        let sum = precision + recall;
        let f1 = if sum == 0.0 { 0.0 } else { 2.0 * precision * recall / sum };
        (rounded(precision), rounded(recall), rounded(f1))
    }

    fn add(&mut self, other: Tally) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.missed += other.missed;
    }

    /// Counts a value that one side or both may state; true if they agree.
    fn judge(&mut self, got: bool, want: bool, same: bool) -> bool {
        match (got, want) {
            (false, false) => return true,
            (true, true) if same => self.right += 1,
            _ => {
                self.wrong += usize::from(got);
                self.missed += usize::from(want);
                return false;
            }
        }
        true
    }
}

/// The tally of every field, and what was not right.
#[derive(Debug, Clone, Default)]
pub struct Scores {
    tallies: BTreeMap<String, Tally>,
    /// Each difference as `(file, what)`, in the order of the gold.
    pub misses: Vec<(String, String)>,
}

/// Judges tables by annotated articles.
///
/// Articles are matched by the last part of `source_path`, cases inside an article by what they have in common.
/// The fields of a missed case count as missed, those of a case too many as wrong. An article that repeats
/// another annotated one is judged there.
pub fn score(judged: &Judged, gold: &[Gold]) -> Scores {
    let mut by_file: HashMap<&str, &Gold> = HashMap::new();
    let mut files = Vec::new();
    for article in gold {
        // Annotated again further down: the last counts.
        if by_file.insert(&article.file, article).is_none() {
            files.push(article.file.as_str());
        }
    }
    let view = View::of(judged);
    let mut scores = Scores::default();
    for file in files {
        let Some(gold) = by_file.get(file) else { continue };
        let Some(article) = view.by_file.get(file) else {
            scores.miss(file, "article not in output".to_owned());
            scores.tally("case").missed += gold.cases.len();
            scores.tally("statistic").missed += gold.statistics.len();
            continue;
        };
        if view.canonical_file(*article).is_some_and(|canonical| by_file.contains_key(canonical)) {
            continue;
        }
        scores.article(*article, gold);
        let id = article.text("article_id").unwrap_or_default();
        scores.cases(view.mentions.get(id).map_or(&[], Vec::as_slice), &view.labels, gold);
        scores.statistics(view.statistics.get(id).map_or(&[], Vec::as_slice), gold);
    }
    scores
}

/// The tables by the keys they are asked for.
struct View<'a> {
    by_file: HashMap<&'a str, Row<'a>>,
    by_id: HashMap<&'a str, Row<'a>>,
    mentions: HashMap<&'a str, Vec<Row<'a>>>,
    labels: Labels<'a>,
    statistics: HashMap<&'a str, Vec<Row<'a>>>,
}

/// The codes of each mention and facet.
type Labels<'a> = HashMap<(&'a str, &'a str), BTreeSet<&'a str>>;

impl<'a> View<'a> {
    fn of(judged: &'a Judged) -> Self {
        let (mut by_file, mut by_id) = (HashMap::new(), HashMap::new());
        for row in judged.articles.rows() {
            by_file.insert(base_name(row), row);
            by_id.insert(row.text("article_id").unwrap_or_default(), row);
        }
        let mut labels = Labels::new();
        for row in judged.labels.rows() {
            if let (Some(mention), Some(facet), Some(code)) =
                (row.text("mention_id"), row.text("facet"), row.text("code"))
            {
                labels.entry((mention, facet)).or_default().insert(code);
            }
        }
        let mut mentions = by_article(&judged.mentions);
        #[expect(clippy::iter_over_hash_type, reason = "each value is sorted by itself")]
        for rows in mentions.values_mut() {
            rows.sort_by_key(|row| row.int("ordinal"));
        }
        View { by_file, by_id, mentions, labels, statistics: by_article(&judged.statistics) }
    }

    /// The file of the article that this one repeats.
    fn canonical_file(&self, article: Row<'_>) -> Option<&'a str> {
        if article.text("duplicate_role") == Some("canonical") {
            return None;
        }
        self.by_id.get(article.text("canonical_id")?).map(|row| base_name(*row))
    }
}

fn by_article(table: &Table) -> HashMap<&str, Vec<Row<'_>>> {
    let mut rows: HashMap<&str, Vec<Row<'_>>> = HashMap::new();
    for row in table.rows() {
        rows.entry(row.text("article_id").unwrap_or_default()).or_default().push(row);
    }
    rows
}

/// The last part of the path of an article's file.
fn base_name<'a>(article: Row<'a>) -> &'a str {
    let path = article.text("source_path").unwrap_or_default();
    path.rsplit('/').next().unwrap_or(path)
}

impl Scores {
    fn tally(&mut self, what: &str) -> &mut Tally {
        self.tallies.entry(what.to_owned()).or_default()
    }

    fn miss(&mut self, file: &str, what: String) {
        self.misses.push((file.to_owned(), what));
    }

    /// Is it relevant, and what does it say about itself.
    fn article(&mut self, row: Row<'_>, gold: &Gold) {
        let file = gold.file.as_str();
        let relevant = row.flag("relevant") == Some(true);
        if !self.tally("relevant").judge(relevant, gold.relevant, true) {
            let what =
                if relevant { "relevant, gold says not" } else { "not relevant, gold says it is" };
            self.miss(file, what.to_owned());
        }
        let own = |column: &str| row.text(column).map(str::to_owned);
        let facts = [
            ("title", own("title"), &gold.title),
            ("publisher", own("publisher"), &gold.publisher),
            ("published", row.date("published"), &gold.published),
        ];
        for (name, got, want) in facts {
            let same = got.as_deref().map(normal) == want.as_deref().map(normal);
            let tally = self.tally(&format!("article.{name}"));
            if !tally.judge(got.is_some(), want.is_some(), same) {
                let (got, want) = (shown(got.as_ref()), shown(want.as_ref()));
                self.miss(file, format!("{name}: got {got} want {want}"));
            }
        }
    }

    fn cases(&mut self, rows: &[Row<'_>], labels: &Labels<'_>, gold: &Gold) {
        let got: Vec<Fields> = rows.iter().copied().map(predicted).collect();
        let want: Vec<Fields> = gold.cases.iter().map(expected).collect();
        let pairs = assign(&got, &want);
        self.tally("case").right += pairs.len();
        let paired_want: BTreeSet<usize> = pairs.iter().map(|(_, j)| *j).collect();
        for (j, (case, want)) in gold.cases.iter().zip(&want).enumerate() {
            if !paired_want.contains(&j) && !case.optional_row {
                self.case_missed(&gold.file, case, want);
            }
        }
        let paired_got: BTreeSet<usize> = pairs.iter().map(|(i, _)| *i).collect();
        for (i, (row, got)) in rows.iter().zip(&got).enumerate() {
            if !paired_got.contains(&i) {
                self.case_too_many(&gold.file, *row, got, labels);
            }
        }
        for (i, j) in pairs {
            if let (Some(row), Some(got), Some(case), Some(want)) =
                (rows.get(i), got.get(i), gold.cases.get(j), want.get(j))
            {
                self.case_found(&gold.file, got, case, want);
                self.case_labels(&gold.file, *row, labels, case);
            }
        }
    }

    fn case_missed(&mut self, file: &str, case: &GoldCase, want: &Fields) {
        self.tally("case").missed += 1;
        for field in want.values.keys().filter(|field| !case.disputes_field(field)) {
            self.tally(field).missed += 1;
        }
        for facet in FACETS.into_iter().filter(|facet| !case.disputes_facet(facet)) {
            self.tally(&format!("label.{facet}")).missed +=
                case.labels.get(facet).map_or(0, Vec::len);
        }
        let (lead, agency) = (shown(want.get("lead")), shown(want.get("agency")));
        self.miss(file, format!("case missed: {lead} {agency}"));
    }

    fn case_too_many(&mut self, file: &str, row: Row<'_>, got: &Fields, labels: &Labels<'_>) {
        self.tally("case").wrong += 1;
        for field in got.values.keys() {
            self.tally(field).wrong += 1;
        }
        let id = row.text("mention_id").unwrap_or_default();
        for facet in FACETS {
            let n_codes = labels.get(&(id, facet)).map_or(0, BTreeSet::len);
            self.tally(&format!("label.{facet}")).wrong += n_codes;
        }
        let (lead, agency) = (shown(got.get("lead")), shown(got.get("agency")));
        self.miss(file, format!("case too many: {lead} {agency}"));
    }

    fn case_found(&mut self, file: &str, got: &Fields, case: &GoldCase, want: &Fields) {
        let lead = shown(want.get("lead"));
        for field in fields().filter(|field| !case.disputes_field(field)) {
            let (p, g) = (got.get(field), want.get(field));
            let agree = matches!((p, g), (Some(p), Some(g)) if same(field, p, g));
            if !self.tally(field).judge(p.is_some(), g.is_some(), agree) {
                self.miss(file, format!("{field}: got {} want {} ({lead})", shown(p), shown(g)));
            }
            if agree && matches!(p, Some(Value::Number(_))) {
                let (p, g) = (got.qualifiers.get(field), want.qualifiers.get(field));
                // A number without a hedge is wrong as well as missed where one is wanted.
                if !self.tally("qualifier").judge(true, true, p == g) {
                    self.miss(file, format!("{field}_q: got {} want {}", shown(p), shown(g)));
                }
            }
        }
    }

    fn case_labels(&mut self, file: &str, row: Row<'_>, labels: &Labels<'_>, case: &GoldCase) {
        let id = row.text("mention_id").unwrap_or_default();
        for facet in FACETS.into_iter().filter(|facet| !case.disputes_facet(facet)) {
            let got = labels.get(&(id, facet)).cloned().unwrap_or_default();
            let want: BTreeSet<&str> =
                case.labels.get(facet).into_iter().flatten().map(String::as_str).collect();
            let too_many: Vec<_> = got.difference(&want).copied().collect();
            let missing: Vec<_> = want.difference(&got).copied().collect();
            self.tally(&format!("label.{facet}")).add(Tally {
                right: got.intersection(&want).count(),
                wrong: too_many.len(),
                missed: missing.len(),
            });
            if got != want {
                let lead = shown(case.lead.as_ref());
                self.miss(
                    file,
                    format!("{facet}: too many {too_many:?} missing {missing:?} ({lead})"),
                );
            }
        }
    }

    fn statistics(&mut self, rows: &[Row<'_>], gold: &Gold) {
        let file = gold.file.as_str();
        let mut used = BTreeSet::new();
        for row in rows {
            let metric = row.text("metric").unwrap_or_default();
            let value = row.real("value");
            let hit = gold.statistics.iter().enumerate().find(|(k, want)| {
                let same_value = value.is_some_and(|value| same_number(value, want.value.v));
                !used.contains(k) && want.metric == metric && same_value
            });
            if let Some((k, _)) = hit {
                used.insert(k);
                self.tally("statistic").right += 1;
            } else {
                self.tally("statistic").wrong += 1;
                let (value, subject) = (shown(value.as_ref()), shown(row.text("subject").as_ref()));
                self.miss(file, format!("statistic too many: {metric} {value} {subject}"));
            }
        }
        for (k, want) in gold.statistics.iter().enumerate() {
            if !used.contains(&k) && !want.optional_row {
                self.tally("statistic").missed += 1;
                let subject = shown(want.subject.as_ref());
                self.miss(
                    file,
                    format!("statistic missed: {} {} {subject}", want.metric, want.value.v),
                );
            }
        }
    }

    /// Every line of the report: articles, cases, fields, labels, then the sums.
    pub fn lines(&self) -> Vec<(String, Tally)> {
        let of = |what: &str| self.tallies.get(what).copied().unwrap_or_default();
        let sum = |names: &[String]| {
            let mut all = Tally::default();
            names.iter().for_each(|name| all.add(of(name)));
            all
        };
        let fields: Vec<String> = fields().map(str::to_owned).collect();
        let labels: Vec<String> = FACETS.iter().map(|facet| format!("label.{facet}")).collect();
        let heads = ["article.title", "article.publisher", "article.published", "relevant", "case"];
        let heads = heads.into_iter().chain(["qualifier", "statistic"]).map(str::to_owned);
        let names = heads.chain(fields.iter().cloned()).chain(labels.iter().cloned());
        let mut lines: Vec<_> = names.map(|name| (name.clone(), of(&name))).collect();
        lines.push(("all fields".to_owned(), sum(&fields)));
        lines.push(("all labels".to_owned(), sum(&labels)));
        lines
    }
}

/// A table with a line for everything that was judged.
impl fmt::Display for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ("what", "P", "R", "F1", "right", "wrong", "missed");
        let (what, p, r, f1, right, wrong, missed) = head;
        write!(f, "{what:24}{p:>8}{r:>8}{f1:>8}{right:>7}{wrong:>7}{missed:>7}")?;
        for (name, tally) in self.lines() {
            if tally != Tally::default() {
                let (p, r, f1) = tally.scores();
                let Tally { right, wrong, missed } = tally;
                write!(f, "\n{name:24}{p:8.3}{r:8.3}{f1:8.3}{right:7}{wrong:7}{missed:7}")?;
            }
        }
        Ok(())
    }
}

/// `{"case": {"p": 0.9, "r": 0.8, "f1": 0.847, "tp": 9, "fp": 1, "fn": 2}, ...}`
impl Serialize for Scores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let lines = self.lines();
        let mut map = serializer.serialize_map(Some(lines.len()))?;
        for (name, tally) in lines {
            let (p, r, f1) = tally.scores();
            let Tally { right, wrong, missed } = tally;
            let line = serde_json::json!({
                "p": p, "r": r, "f1": f1, "tp": right, "fp": wrong, "fn": missed
            });
            map.serialize_entry(&name, &line)?;
        }
        map.end()
    }
}

/// To four places, as it is printed.
fn rounded(share: f64) -> f64 {
    format!("{share:.4}").parse().unwrap_or(share)
}

fn shown<T: fmt::Display>(value: Option<&T>) -> String {
    value.map_or_else(|| "nothing".to_owned(), T::to_string)
}
