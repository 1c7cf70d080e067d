//! Golden folders: `suite/<name>/raw` through the whole pipeline gives `suite/<name>/expected.txt`.
//!
//! `UPDATE=1 cargo test --release golden` writes the files anew; read the difference before committing.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anjuan::table::{Row, Table};
use tempfile::TempDir;

use crate::{published, root};

#[test]
fn golden() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut different = Vec::new();
    for folder in fs::read_dir(root().join("tests/suite")).unwrap() {
        let folder = folder.unwrap().path();
        let own = folder.join("raw");
        // The suite named `samples` is the sample corpus itself.
        let raw = if own.exists() { own } else { root().join("raw") };
        let text = tables(&raw);
        let expected = folder.join("expected.txt");
        if update {
            fs::write(&expected, text).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != text {
            let got =
                std::env::temp_dir().join(format!("{}.txt", folder.file_name().unwrap().display()));
            fs::write(&got, text).unwrap();
            different.push(format!("diff {} {}", expected.display(), got.display()));
        }
    }
    assert!(different.is_empty(), "other tables than expected; look at\n{}", different.join("\n"));
}

/// The tables of a folder of articles as text that a person can read and compare.
fn tables(raw: &Path) -> String {
    let out = TempDir::new().unwrap();
    let published = published(raw, out.path());
    let read = |name| Table::read(&published.folder, name).unwrap();
    let (articles, mentions, labels, statistics, rejects) =
        (read("articles"), read("mentions"), read("labels"), read("statistics"), read("rejects"));
    let file_of: BTreeMap<_, _> =
        articles.rows().map(|row| (row.text("article_id").unwrap(), source(row))).collect();

    let mut text = String::new();
    for article in sorted(&articles, |row| (row.text("source_path"), row.int("source_ordinal"))) {
        let id = article.text("article_id");
        writeln!(text, "{}", source(article)).unwrap();
        let facts = [
            "format",
            "encoding",
            "script",
            "repairs",
            "title",
            "publisher",
            "published",
            "published_precision",
            "published_basis",
            "self_repeats",
        ];
        cells(&mut text, article, "  ", &facts);
        if article.text("duplicate_role") != Some("canonical") {
            let of = file_of[article.text("canonical_id").unwrap()].as_str();
            writeln!(text, "  {} of {of}", article.text("duplicate_role").unwrap()).unwrap();
        }
        let own = |row: &Row<'_>| row.text("article_id") == id;
        for mention in sorted(&mentions, |row| row.int("ordinal")).into_iter().filter(own) {
            writeln!(text, "  case {}", mention.int("ordinal").unwrap()).unwrap();
            let left_out = [
                "mention_id",
                "case_id",
                "article_id",
                "ordinal",
                "text",
                "start",
                "end",
                "source_start",
                "source_end",
                "confidence",
                "methods",
                "data_types",
                "industries",
                "uses",
            ];
            let columns: Vec<&str> =
                mention.columns().filter(|column| !left_out.contains(column)).collect();
            cells(&mut text, mention, "    ", &columns);
            for label in
                labels.rows().filter(|row| row.text("mention_id") == mention.text("mention_id"))
            {
                let cell = |column| label.text(column).unwrap();
                writeln!(text, "    {}/{} 「{}」", cell("facet"), cell("code"), cell("evidence"))
                    .unwrap();
            }
        }
        for statistic in sorted(&statistics, |row| row.int("start")).into_iter().filter(own) {
            writeln!(text, "  statistic {}", statistic.text("metric").unwrap()).unwrap();
            let columns = [
                "subject",
                "value",
                "qualifier",
                "unit",
                "period_start",
                "period_end",
                "division_code",
                "campaign",
                "evidence",
            ];
            cells(&mut text, statistic, "    ", &columns);
        }
        text.push('\n');
    }
    for reject in sorted(&rejects, |row| (row.text("source_path"), row.int("source_ordinal"))) {
        writeln!(
            text,
            "{}\n  rejected by {}: {}\n",
            source(reject),
            reject.text("stage").unwrap(),
            reject.text("reason").unwrap()
        )
        .unwrap();
    }
    text
}

fn source(row: Row<'_>) -> String {
    format!("{}#{}", row.text("source_path").unwrap(), row.int("source_ordinal").unwrap())
}

fn sorted<'t, K: Ord>(table: &'t Table, key: impl Fn(&Row<'t>) -> K) -> Vec<Row<'t>> {
    let mut rows: Vec<_> = table.rows().collect();
    rows.sort_by_key(key);
    rows
}

/// A line for every cell that says something; an exact number needs no word for it.
fn cells(text: &mut String, row: Row<'_>, indent: &str, columns: &[&str]) {
    for column in columns {
        let value = row.json(column);
        let said = match value.as_str() {
            Some("exact") | Some("") => continue,
            Some(words) => words.replace('\n', " ⏎ "),
            None if value.is_null() || value == 0 => continue,
            None => value.to_string(),
        };
        writeln!(text, "{indent}{column} {said}").unwrap();
    }
}
