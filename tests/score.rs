//! The reading of annotated bulletins does not fall below the level it has reached.
//!
//! The bulletins belong to others and lie beside the repository where they lie at all; without them this says so.

use std::fs;

use anjuan::eval::{self, Judged};
use anjuan::gold;
use anjuan::table::Table;
use tempfile::TempDir;

use crate::{files, published, root};

/// What was reached, by the lines of the report; a change that costs more than rounding must say why.
const REACHED: [(&str, f64); 6] = [
    ("relevant", 0.99),
    ("case", 0.985),
    ("qualifier", 0.99),
    ("statistic", 0.95),
    ("all fields", 0.98),
    ("all labels", 0.97),
];

#[test]
fn annotated_bulletins_are_read_as_well_as_before() {
    let shared = root().join("../shared");
    let folders = [shared.join("seeds"), shared.join("corpus/dev")];
    let annotated = [shared.join("gold/seeds.jsonl"), shared.join("gold/dev.jsonl")];
    if !folders.iter().chain(&annotated).all(|path| path.exists()) {
        println!("no annotated bulletins beside the repository, left out");
        return;
    }
    let scratch = TempDir::new().unwrap();
    let raw = scratch.path().join("raw");
    fs::create_dir(&raw).unwrap();
    for file in folders.iter().flat_map(|folder| files(folder)) {
        fs::copy(&file, raw.join(file.file_name().unwrap())).unwrap();
    }
    let published = published(&raw, &scratch.path().join("out"));
    let read = |name| Table::read(&published.folder, name).unwrap();
    let judged = Judged {
        articles: read("articles"),
        mentions: read("mentions"),
        labels: read("labels"),
        statistics: read("statistics"),
    };
    let gold: Vec<_> = annotated
        .iter()
        .flat_map(|path| {
            gold::parse(&path.display().to_string(), &fs::read_to_string(path).unwrap()).unwrap()
        })
        .collect();
    let scores = eval::score(&judged, &gold);
    let lines = scores.lines();
    let fallen: Vec<String> = REACHED
        .iter()
        .filter_map(|(name, least)| {
            let (_, tally) = lines.iter().find(|(line, _)| line == name).unwrap();
            let (_, _, f1) = tally.scores();
            (f1 < *least).then(|| format!("{name}: F1 {f1:.3}, reached was {least}"))
        })
        .collect();
    assert!(fallen.is_empty(), "{}\n{scores}", fallen.join("\n"));
}
