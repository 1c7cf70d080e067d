//! Test: what is kept reads back, and what is damaged, foreign or half written is not believed.

use std::fs;
use std::path::Path;

use super::*;
use crate::model::{RejectReason, RejectStage};

const MADE_BY: MadeBy = [7; 32];

fn reject(file: &str, record: u32) -> Reject {
    Reject {
        id: ArticleId { file: file.to_owned(), record },
        stage: RejectStage::Acquire,
        reason: RejectReason::Empty,
        detail: format!("record {record}"),
        bytes: 3,
    }
}

/// Keeps files with so many records each, in parts of two.
fn fill(folder: &Path, files: &[(&str, u32)]) -> Store {
    let mut store = Store::open(folder, MADE_BY).unwrap();
    let filler = store.filler().unwrap();
    for (file, n) in files {
        let mut parts = filler.file(file, Stamp::default(), [1; 32], true);
        let records: Vec<Record> = (0..*n).map(|i| Record::reject(reject(file, i))).collect();
        let mut records = records.chunks(2).map(<[Record]>::to_vec).peekable();
        while let Some(part) = records.next() {
            parts.add(part, records.peek().is_none()).unwrap();
        }
    }
    let filled = filler.finish().unwrap();
    store.take(filled).unwrap();
    store
}

fn details(store: &Store, paths: &[&str]) -> Result<Vec<String>, Error> {
    let records = store.records(paths.iter().copied());
    let detail = |i| match records.outcome(i)? {
        Outcome::Reject(reject) => Ok(format!("{} {}", reject.id.file, reject.detail)),
        Outcome::Article(_) => panic!("no articles here"),
    };
    (0..records.len()).map(detail).collect()
}

#[test]
fn what_is_kept_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let expected = ["b record 0", "b record 1", "b record 2", "a record 0"];
    let store = fill(folder.path(), &[("a", 1), ("b", 3)]);
    assert_eq!(details(&store, &["b", "a"]).unwrap(), expected);
    let again = Store::open(folder.path(), MADE_BY).unwrap();
    assert_eq!(details(&again, &["b", "a"]).unwrap(), expected);
    assert_eq!(again.find("b").map(Known::records), Some(3));
    assert_eq!(again.paths().collect::<Vec<_>>(), ["a", "b"]);
    let key = ArticleId { file: "b".into(), record: 2 }.key();
    assert_eq!(again.records(["b"].into_iter()).key(2), key);
}

#[test]
fn later_segments_know_better() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), &[("a", 5), ("b", 1)]);
    let store = fill(folder.path(), &[("a", 1)]);
    assert_eq!(details(&store, &["a", "b"]).unwrap(), ["a record 0", "b record 0"]);
}

#[test]
fn every_flipped_bit_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), &[("a", 3)]);
    let path = folder.path().join(name_of(0));
    let whole = fs::read(&path).unwrap();
    let expected = details(&Store::open(folder.path(), MADE_BY).unwrap(), &["a"]).unwrap();
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&path, flipped).unwrap();
        let store = Store::open(folder.path(), MADE_BY).unwrap();
        match details(&store, &["a"]) {
            Ok(found) => assert!(found.is_empty(), "byte {at}: {found:?}"),
            Err(Error::Damaged(0)) => {}
            Err(error) => panic!("byte {at}: {error}"),
        }
    }
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(Store::open(folder.path(), MADE_BY).unwrap().find("a").is_none(), "{length}");
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(details(&Store::open(folder.path(), MADE_BY).unwrap(), &["a"]).unwrap(), expected);
}

#[test]
fn another_build_begins_anew_and_knows_what_there_was() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), &[("a", 1)]);
    let store = Store::open(folder.path(), [8; 32]).unwrap();
    assert!(store.find("a").is_none());
    assert_eq!(store.former().iter().map(|path| &**path).collect::<Vec<_>>(), ["a"]);
    drop(store.filler().unwrap());
    assert!(Store::open(folder.path(), MADE_BY).unwrap().find("a").is_none());
}

#[test]
fn what_a_killed_run_left_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), &[("a", 1)]);
    fs::write(folder.path().join("00000001.new"), b"half").unwrap();
    let store = Store::open(folder.path(), MADE_BY).unwrap();
    assert_eq!(details(&store, &["a"]).unwrap(), ["a record 0"]);
    drop(store.filler().unwrap());
    assert!(!folder.path().join("00000001.new").exists());
}

#[test]
fn a_file_of_which_a_part_is_missing_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), MADE_BY).unwrap();
    let filler = store.filler().unwrap();
    let mut parts = filler.file("a", Stamp::default(), [1; 32], true);
    parts.add(vec![Record::reject(reject("a", 0))], false).unwrap();
    filler.finish().unwrap();
    assert!(Store::open(folder.path(), MADE_BY).unwrap().find("a").is_none());
}

#[test]
fn fresh_files_are_not_settled() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path(), MADE_BY).unwrap();
    let filler = store.filler().unwrap();
    let at = |modified| Stamp { modified, ..Stamp::default() };
    for (file, stamp) in [("old", at(filler.now - 2 * STEP)), ("fresh", at(filler.now - STEP / 2))]
    {
        filler.file(file, stamp, [1; 32], true).add(Vec::new(), true).unwrap();
    }
    let mut parts = filler.file("doubtful", at(0), [1; 32], true);
    parts.unsettle();
    parts.add(Vec::new(), true).unwrap();
    let filled = filler.finish().unwrap();
    store.take(filled).unwrap();
    let settled = |file| store.find(file).map(|known| known.settled);
    assert_eq!(
        [settled("old"), settled("fresh"), settled("doubtful")],
        [Some(true), Some(false), Some(false)]
    );
}

#[test]
fn what_is_out_of_date_is_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), &[("a", 9), ("b", 1)]);
    let mut store = fill(folder.path(), &[("a", 2)]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    store.compact(&["a", "b"].into()).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    assert!(!folder.path().join(name_of(0)).exists());
    let expected = ["a record 0", "a record 1", "b record 0"];
    assert_eq!(details(&store, &["a", "b"]).unwrap(), expected);
    let mut again = Store::open(folder.path(), MADE_BY).unwrap();
    assert_eq!(details(&again, &["a", "b"]).unwrap(), expected);
    again.compact(&["a"].into()).unwrap();
    assert!(Store::open(folder.path(), MADE_BY).unwrap().find("b").is_none());
}

#[test]
fn many_small_segments_become_one() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..20).map(|i| format!("f{i:02}")).collect();
    for name in &names {
        fill(folder.path(), &[(name, 1)]);
    }
    let mut store = Store::open(folder.path(), MADE_BY).unwrap();
    let live: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    store.compact(&live).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(Store::open(folder.path(), MADE_BY).unwrap().paths().count(), 20);
}
