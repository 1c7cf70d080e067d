//! Every test of the whole: the built binary, golden folders, laws, house rules.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that cannot go on should stop"
)]

mod cli;
mod formats;
mod golden;
mod hostile;
mod metamorphic;
mod mirrors;
mod properties;
mod readings;
mod score;
mod tidy;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anjuan::config::Config;
use anjuan::extract::Rules;
use anjuan::knowledge::Knowledge;
use anjuan::pipeline::{self, Job};
use anjuan::publish::Published;

/// The built-in knowledge, read once for all tests.
static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| Knowledge::load().unwrap());

/// The rules compiled from it.
static RULES: LazyLock<Rules<'static>> = LazyLock::new(|| Rules::new(&KNOWLEDGE));

/// A run that does nothing unusual.
fn job(config: &Config) -> Job<'_> {
    Job {
        config,
        knowledge: &KNOWLEDGE,
        watch: &|_| {},
        stop: &|| false,
        full: false,
        only: None,
        limit: None,
        publish: true,
        fail_on: &[],
    }
}

/// The snapshot of a folder of articles in another folder.
fn published(raw: &Path, out: &Path) -> Published {
    let config = Config { raw: raw.to_owned(), out: out.to_owned(), ..Config::default() };
    pipeline::run(&job(&config)).unwrap().published.unwrap()
}

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}
