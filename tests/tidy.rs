//! House rules that a compiler cannot see.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{files, root};

const STAGES: [&str; 7] = ["acquire", "clean", "dedupe", "extract", "label", "link", "publish"];

/// Every source file with its path below the root.
fn sources() -> Vec<(String, String)> {
    let all = files(&root().join("src")).into_iter().chain(files(&root().join("tests")));
    all.filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

#[test]
fn every_file_says_what_it_does() {
    for (name, text) in sources() {
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! ") && first.len() > 12, "{name} opens with {first:?}");
    }
}

#[test]
fn no_stage_knows_another() {
    for (name, text) in sources() {
        let Some(stage) =
            STAGES.into_iter().find(|stage| name.starts_with(&format!("src/{stage}/")))
        else {
            continue;
        };
        let others = STAGES.into_iter().filter(|other| *other != stage);
        for other in others.chain(["pipeline", "config", "report", "assemble", "error"]) {
            let used = text.contains(&format!("crate::{other}::"))
                || text.contains(&format!("crate::{other};"));
            assert!(!used, "{name} knows {other}");
        }
    }
}

#[test]
fn knowledge_knows_no_stage() {
    for (name, text) in sources().into_iter().filter(|(name, _)| name.starts_with("src/knowledge/"))
    {
        for stage in STAGES {
            assert!(!text.contains(&format!("crate::{stage}::")), "{name} knows {stage}");
        }
    }
}

#[test]
fn the_code_map_is_complete() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let name = if entry.path().is_dir() { format!("{name}/") } else { name };
        assert!(map.contains(&format!("`{name}`")), "ARCHITECTURE.md does not mention {name}");
    }
}

#[test]
fn the_readme_shows_the_help() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let help = Command::new(env!("CARGO_BIN_EXE_anjuan"))
        .arg("--help")
        .env_remove("COLUMNS")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(readme.contains(help.trim_end()), "the help is now\n{help}");
}

#[test]
fn no_file_is_too_long_to_read() {
    // Tables of cases and rows may be longer than code.
    for (name, text) in sources() {
        let n_lines = text.lines().count();
        assert!(n_lines <= 900, "{name} has {n_lines} lines: it probably holds two subjects");
    }
}

#[test]
fn lines_end_as_they_should() {
    let texts = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "pipeline.toml", "Cargo.toml"];
    let others =
        texts.map(|name| (name.to_owned(), fs::read_to_string(root().join(name)).unwrap()));
    for (name, text) in sources().into_iter().chain(others) {
        assert!(text.ends_with('\n'), "{name} does not end with a line feed");
        for (i, line) in text.lines().enumerate() {
            assert!(!line.ends_with([' ', '\t', '\r']), "{name}:{} ends with white space", i + 1);
        }
    }
}

#[test]
fn the_code_is_formatted() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["fmt", "--check"])
        .current_dir(Path::new(root()))
        .output()
        .unwrap();
    assert!(output.status.success(), "run cargo fmt:\n{}", String::from_utf8_lossy(&output.stdout));
}
