//! Why: a published row back to its sentences, file and rules.
//!
//! The tables say which record of which file a row came from. That file is read again, so that every
//! value can be shown with its sentence; where it has changed since, the evidence in the tables must do.

use std::fmt::Write as _;
use std::path::Path;

use crate::acquire;
use crate::columns::columns;
use crate::config::Config;
use crate::error::Error;
use crate::evidence::{self, Evidence};
use crate::extract::Rules;
use crate::knowledge::Knowledge;
use crate::read::{Reading, read};
use crate::table::{Row, Table};

/// The tables whose rows can be asked for, with the columns that name them.
const TABLES: [(&str, &str); 5] = [
    ("articles", "article_id"),
    ("mentions", "mention_id"),
    ("cases", "case_id"),
    ("figures", "figure_id"),
    ("statistics", "statistic_id"),
];

/// What stands behind the row `id` of a snapshot, or behind one column of it.
pub fn why(
    id: &str,
    column: Option<&str>,
    snapshot: &Path,
    config: &Config,
    knowledge: &Knowledge,
) -> Result<String, Error> {
    let rules = Rules::new(knowledge);
    let question = Question { column, snapshot, config, rules, knowledge };
    for (name, key) in TABLES {
        let table = Table::read(snapshot, name)?;
        let Some(row) = table.rows().find(|row| row.text(key) == Some(id)) else { continue };
        if let Some(column) = column
            && name != "cases"
            && !row.columns().any(|known| known == column)
        {
            let columns: Vec<&str> = row.columns().collect();
            let message = format!("{name} has no column {column}; it has {}", columns.join(", "));
            return Err(Error::Usage(message));
        }
        return match name {
            "articles" => question.article(row, &table),
            "mentions" => question.mention(row),
            "cases" => question.case(row),
            _ => question.number(row),
        };
    }
    let known: Vec<&str> = TABLES.iter().map(|(_, key)| *key).collect();
    Err(Error::Usage(format!("no row has the id {id}; ids are {}", known.join(", "))))
}

/// What is asked, and where to look.
struct Question<'a> {
    column: Option<&'a str>,
    snapshot: &'a Path,
    config: &'a Config,
    rules: Rules<'a>,
    knowledge: &'a Knowledge,
}

impl Question<'_> {
    /// An article; one that repeats another stands beside it.
    fn article(&self, row: Row<'_>, articles: &Table) -> Result<String, Error> {
        let mut text = self.cells(row, "article_id");
        self.say_source(&mut text, row);
        let (id, canonical) = (row.text("article_id"), row.text("canonical_id"));
        let duplicates = Table::read(self.snapshot, "duplicates")?;
        let why = duplicates.rows().find(|duplicate| duplicate.text("article_id") == id);
        let other = articles.rows().find(|article| article.text("article_id") == canonical);
        let (Some(why), Some(other)) = (why, other) else { return Ok(text) };
        let _ = write!(text, "\nrepeats\n{}", self.cells(why, "canonical_id"));
        self.say_source(&mut text, other);
        if let (Some(left), Some(right)) = (self.body(other), self.body(row)) {
            let _ = write!(text, "\n{}", columns(&left, &right));
        }
        Ok(text)
    }

    /// The clean body, from the table or, where it is not kept there, from the file.
    fn body(&self, article: Row<'_>) -> Option<String> {
        let kept = article.text("body").map(str::to_owned);
        kept.or_else(|| {
            let (again, _) = self.read_again(article)?.ok()?;
            Some(again.body.text().to_owned())
        })
    }

    /// A telling: every value with its sentence.
    fn mention(&self, row: Row<'_>) -> Result<String, Error> {
        let mut text = self.cells(row, "mention_id");
        let articles = Table::read(self.snapshot, "articles")?;
        let id = row.text("article_id");
        let Some(article) = articles.rows().find(|article| article.text("article_id") == id) else {
            return Ok(text);
        };
        self.say_source(&mut text, article);
        match self.read_again(article) {
            Some(Ok((again, told))) => {
                let ordinal = row.int("ordinal");
                for (case, labels) in evidence::cases(&told) {
                    if Some(i64::from(case.ordinal)) == ordinal {
                        self.say_evidence(&mut text, &evidence::of_case(&again, case, labels));
                    }
                }
            }
            Some(Err(_)) | None => {
                let _ = writeln!(text, "\nthe file is not as it was; from the tables:");
                self.say_tables(&mut text, row.text("mention_id").unwrap_or_default())?;
            }
        }
        Ok(text)
    }

    /// A case: each of its tellings.
    fn case(&self, row: Row<'_>) -> Result<String, Error> {
        let mut text = self.cells(row, "case_id");
        let id = row.text("case_id");
        let mentions = Table::read(self.snapshot, "mentions")?;
        for mention in mentions.rows().filter(|mention| mention.text("case_id") == id) {
            let _ = write!(text, "\n{}", self.mention(mention)?);
        }
        Ok(text)
    }

    /// A figure or statistic carries its own evidence.
    fn number(&self, row: Row<'_>) -> Result<String, Error> {
        let key = if row.text("figure_id").is_some() { "figure_id" } else { "statistic_id" };
        let mut text = self.cells(row, key);
        let articles = Table::read(self.snapshot, "articles")?;
        let id = row.text("article_id");
        if let Some(article) = articles.rows().find(|article| article.text("article_id") == id) {
            self.say_source(&mut text, article);
            if let Some(Ok((again, told))) = self.read_again(article) {
                let (start, end) = (row.int("start"), row.int("end"));
                let figures = told.extracted.figures.iter().map(|f| evidence::of_figure(&again, f));
                let statistics =
                    told.extracted.statistics.iter().map(|s| evidence::of_statistic(&again, s));
                let mut all: Vec<Evidence> = figures.chain(statistics).collect();
                let at = |chars: usize| i64::try_from(chars).ok();
                all.retain(|evidence| at(evidence.start) == start && at(evidence.end) == end);
                all.truncate(1);
                for evidence in &all {
                    let _ = writeln!(text, "sentence     {}", evidence.sentence);
                }
            }
        }
        Ok(text)
    }

    /// The id, then every cell that is known, or the one asked for. Long texts are left to the tables.
    fn cells(&self, row: Row<'_>, key: &str) -> String {
        let mut text = format!("{key:<24} {}\n", row.text(key).unwrap_or_default());
        for column in row.columns().filter(|column| !["body", "text", key].contains(column)) {
            let wanted = self.column.is_none_or(|wanted| wanted == column);
            let value = row.json(column);
            if wanted && !value.is_null() {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let _ = writeln!(text, "{column:<24} {value}");
            }
        }
        text
    }

    fn say_source(&self, text: &mut String, article: Row<'_>) {
        let path = article.text("source_path").unwrap_or_default();
        let full = self.config.raw.join(path);
        let _ = writeln!(text, "\nfile         {}", full.display());
        let record = article.int("source_ordinal").unwrap_or_default();
        if 0 < record {
            let _ = writeln!(text, "record       {record}, counted from 0");
        }
        let publisher = article.text("publisher");
        let published = article.date("published");
        if publisher.is_some() || published.is_some() {
            let parts = [publisher.map(str::to_owned), published];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            let _ = writeln!(text, "published    {}", parts.join(", "));
        }
    }

    /// The record as it is now; `None` if it is gone or tells something else.
    fn read_again(&self, article: Row<'_>) -> Option<Reading> {
        let path = article.text("source_path")?;
        let (full, file) = acquire::locate(&self.config.raw, path);
        let file = acquire::open(&full, file, &self.config.acquire).ok()?;
        let record = usize::try_from(article.int("source_ordinal")?).ok()?;
        let reading =
            read(file, self.config, &self.rules, self.knowledge).into_iter().find(|reading| {
                let id =
                    reading.as_ref().map_or_else(|reject| &reject.id, |(article, _)| &article.id);
                usize::try_from(id.record) == Ok(record) && id.file == path
            })?;
        let same = reading.as_ref().is_ok_and(|(again, _)| {
            Some(again.content_hash.as_str()) == article.text("content_hash")
        });
        same.then_some(reading)
    }

    fn say_evidence(&self, text: &mut String, all: &[Evidence]) {
        for evidence in all.iter().filter(|evidence| self.asks_for(&evidence.column)) {
            let Evidence { column, value, words, sentence, rule, start, end } = evidence;
            let _ = writeln!(text, "\n{column}: {value}\n  rule       {rule}");
            let _ = writeln!(
                text,
                "  words      「{}」, characters {start} to {end}",
                words.replace('\n', " ")
            );
            if sentence != words {
                let _ = writeln!(text, "  sentence   {sentence}");
            }
        }
    }

    /// What the tables keep: the evidence of numbers and labels.
    fn say_tables(&self, text: &mut String, mention: &str) -> Result<(), Error> {
        for (name, of) in [("figures", "role"), ("labels", "facet")] {
            let table = Table::read(self.snapshot, name)?;
            for row in table.rows().filter(|row| row.text("mention_id") == Some(mention)) {
                let column = row.text(of).unwrap_or_default();
                if self.asks_for(column) {
                    let value = row.real("value").map(|value| value.to_string());
                    let value =
                        value.or_else(|| row.text("code").map(str::to_owned)).unwrap_or_default();
                    let (words, rule) = (row.text("evidence"), row.text("rule"));
                    let _ = writeln!(
                        text,
                        "\n{column}: {value}\n  rule       {}",
                        rule.unwrap_or_default()
                    );
                    let _ = writeln!(text, "  words      「{}」", words.unwrap_or_default());
                }
            }
        }
        Ok(())
    }

    /// Is this evidence for the column asked for? Several columns can rest on one value.
    fn asks_for(&self, evidence: &str) -> bool {
        let Some(column) = self.column else { return true };
        let column = column.strip_suffix("_q").unwrap_or(column);
        let rests_on = match column {
            "lead_kind" => "lead",
            "agency_kind" => "agency",
            "province" | "city" | "county" => "division_code",
            "offence_code" => "offence",
            "action_date_precision" => "action_date",
            "price_low_yuan" | "price_high_yuan" => "price",
            "methods" => "method",
            "data_types" => "data_type",
            "industries" => "industry",
            "uses" => "use",
            "severity" => {
                return ["records", "illegal_gain_yuan", "data_type", "method"].contains(&evidence);
            }
            same => same,
        };
        rests_on == evidence
    }
}
