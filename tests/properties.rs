//! Laws of the whole pipeline, over the samples and over made-up input.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anjuan::acquire::RawFile;
use anjuan::config::Config;
use anjuan::read::read;
use anjuan::table::{Row, Table};
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use proptest::strategy::Strategy;
use tempfile::TempDir;

use crate::{KNOWLEDGE, RULES, files, published, root};

/// The published samples.
fn samples(out: &TempDir, threads: usize) -> std::path::PathBuf {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| published(&root().join("raw"), out.path())).folder
}

#[test]
fn every_record_ends_in_exactly_one_table() {
    let out = TempDir::new().unwrap();
    let snapshot = samples(&out, 0);
    let mut seen: BTreeMap<(String, i64), usize> = BTreeMap::new();
    for name in ["articles", "rejects"] {
        let table = Table::read(&snapshot, name).unwrap();
        for row in table.rows() {
            let key =
                (row.text("source_path").unwrap().to_owned(), row.int("source_ordinal").unwrap());
            *seen.entry(key).or_default() += 1;
        }
    }
    assert!(seen.values().all(|times| *times == 1), "{seen:?}");
    let raw = root().join("raw");
    let hidden = |path: &Path| path.file_name().unwrap().to_string_lossy().starts_with('.');
    let there: BTreeSet<String> = files(&raw)
        .iter()
        .filter(|path| !hidden(path))
        .map(|path| path.strip_prefix(&raw).unwrap().to_str().unwrap().replace('\\', "/"))
        .collect();
    let told: BTreeSet<String> = seen.into_keys().map(|(path, _)| path).collect();
    assert_eq!(there, told);
}

#[test]
fn evidence_is_exactly_the_words_of_the_body() {
    let out = TempDir::new().unwrap();
    let snapshot = samples(&out, 0);
    let articles = Table::read(&snapshot, "articles").unwrap();
    let mentions = Table::read(&snapshot, "mentions").unwrap();
    let bodies: BTreeMap<&str, Vec<char>> = articles
        .rows()
        .map(|row| (row.text("article_id").unwrap(), row.text("body").unwrap().chars().collect()))
        .collect();
    let article_of: BTreeMap<&str, &str> = mentions
        .rows()
        .map(|row| (row.text("mention_id").unwrap(), row.text("article_id").unwrap()))
        .collect();
    let mut n_checked = 0;
    for (name, words) in [
        ("mentions", "text"),
        ("figures", "evidence"),
        ("labels", "evidence"),
        ("statistics", "evidence"),
    ] {
        let table = Table::read(&snapshot, name).unwrap();
        for row in table.rows() {
            let article = row
                .text("article_id")
                .unwrap_or_else(|| article_of[row.text("mention_id").unwrap()]);
            let said: String = bodies[article][span(row)].iter().collect();
            assert_eq!(Some(said.as_str()), row.text(words), "{name} of {article}");
            n_checked += 1;
        }
    }
    assert!(100 < n_checked, "only {n_checked} spans were there to check");
}

fn span(row: Row<'_>) -> std::ops::Range<usize> {
    let at = |column| usize::try_from(row.int(column).unwrap()).unwrap();
    at("start")..at("end")
}

#[test]
fn one_and_four_threads_give_the_same_bytes() {
    let (one, four) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (a, b) = (samples(&one, 1), samples(&four, 4));
    assert_eq!(a.file_name(), b.file_name());
    let names = |folder: &Path| -> Vec<_> {
        files(folder).iter().map(|path| path.strip_prefix(folder).unwrap().to_owned()).collect()
    };
    assert_eq!(names(&a), names(&b));
    for name in names(&a) {
        assert!(
            fs::read(a.join(&name)).unwrap() == fs::read(b.join(&name)).unwrap(),
            "{} differs",
            name.display()
        );
    }
}

#[test]
fn the_order_of_files_does_not_change_what_is_told() {
    // The same articles under names in another order: ids differ, cases and statistics do not.
    let (forward, backward) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let raw = root().join("raw");
    let samples: Vec<_> = files(&raw)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    for (i, path) in samples.iter().enumerate() {
        fs::copy(path, forward.path().join(format!("{i:02}.md"))).unwrap();
        fs::copy(path, backward.path().join(format!("{:02}.md", 99 - i))).unwrap();
    }
    let told = |folder: &TempDir| {
        let out = TempDir::new().unwrap();
        let mentions =
            Table::read(&published(folder.path(), out.path()).folder, "mentions").unwrap();
        let mut texts: Vec<String> =
            mentions.rows().map(|row| row.text("text").unwrap().to_owned()).collect();
        texts.sort();
        texts
    };
    assert_eq!(told(&forward), told(&backward));
}

/// Pieces of the samples and bytes of any kind, in any order.
fn mixture() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<Vec<u8>> =
        files(&root().join("raw")).iter().map(|path| fs::read(path).unwrap()).collect();
    let piece = (0..pieces.len(), any::<prop::sample::Index>(), 0_usize..400).prop_map(
        move |(i, at, length)| {
            let piece = &pieces[i];
            let start = at.index(piece.len());
            piece[start..(start + length).min(piece.len())].to_vec()
        },
    );
    let noise = prop::collection::vec(any::<u8>(), 0..40);
    prop::collection::vec(proptest::prop_oneof![4 => piece, 1 => noise], 0..12)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_rejected(bytes in mixture(), extension in prop::sample::select(vec!["md", "txt", "html", "jsonl", "gz", "zst"])) {
        let file = RawFile::in_memory(format!("any.{extension}"), bytes);
        for (article, told) in read(file, &Config::default(), &RULES, &KNOWLEDGE).into_iter().flatten() {
            let body = article.body.text();
            let spans = told.extracted.figures.iter().map(|figure| &figure.number.span);
            let spans = spans.chain(told.extracted.statistics.iter().map(|statistic| &statistic.number.span));
            for span in spans.chain(told.extracted.cases.iter().map(|case| &case.span)) {
                assert!(body.get(span.clone()).is_some_and(|words| !words.is_empty()), "{span:?} of {body:?}");
            }
        }
    }
}
