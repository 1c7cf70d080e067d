//! The parts of anjuan that meet foreign bytes, and what the targets share.
//!
//! The files are those of the product; only what writes the tables is left out, so that a build with
//! instrumentation does not have to build what that needs. With a stable compiler:
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz -s none html -- -runs=1000000 -timeout=2`.

#![allow(dead_code, unreachable_pub, reason = "not all of the product is here")]

#[path = "../../../src/acquire/mod.rs"]
pub mod acquire;
#[path = "../../../src/clean/mod.rs"]
pub mod clean;
#[path = "../../../src/config.rs"]
pub mod config;
#[path = "../../../src/dedupe/mod.rs"]
pub mod dedupe;
#[path = "../../../src/extract/mod.rs"]
pub mod extract;
#[path = "../../../src/knowledge/mod.rs"]
pub mod knowledge;
#[path = "../../../src/mapped.rs"]
pub mod mapped;
#[path = "../../../src/model.rs"]
pub mod model;
#[path = "../../../src/settings.rs"]
mod settings;

use std::sync::LazyLock;

use acquire::{Config, RawFile};
use extract::Rules;
use knowledge::Knowledge;
use model::Article;

/// The built-in knowledge.
pub static KNOWLEDGE: LazyLock<Knowledge> =
    LazyLock::new(|| Knowledge::load().expect("the built-in knowledge is right"));

/// The rules compiled from it.
pub static RULES: LazyLock<Rules<'static>> = LazyLock::new(|| Rules::new(&KNOWLEDGE));

/// Reads a file, as long as there is at least one record and none comes twice.
pub fn read(path: &str, bytes: &[u8]) -> Vec<model::RawArticle> {
    let config = Config { max_record_bytes: 1 << 20, max_records: 1000, ..Config::default() };
    let records = acquire::read_all(RawFile::in_memory(path.to_owned(), bytes.to_vec()), &config);
    assert!(!records.is_empty(), "no record and no reject");
    let id = |record: &Result<model::RawArticle, model::Reject>| match record {
        Ok(article) => article.id.clone(),
        Err(reject) => reject.id.clone(),
    };
    let mut ids: Vec<_> = records.iter().map(id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), records.len(), "two records with one name");
    records.into_iter().flatten().collect()
}

/// Cleans a text, as far as it is an article.
pub fn article(text: &str) -> Option<Article> {
    let article = read("fuzz.txt", text.as_bytes()).pop()?;
    clean::clean(article, &KNOWLEDGE.boilerplate).ok()
}
