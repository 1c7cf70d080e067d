//! Hostile input: bombs and poison stop at their limit, soon and in little memory; broken files harm nobody.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;

use anjuan::acquire::RawFile;
use anjuan::config::Config;
use anjuan::read::read;
use anjuan::table::Table;
use tempfile::TempDir;

use crate::{KNOWLEDGE, RULES, files, root};

/// Processor time that a run over one bomb may take, in seconds.
const SECONDS: u64 = 2;
/// Address space that it may take, in KiB; the program alone takes half of that.
const MEMORY: u64 = 768 << 10;

/// Runs over a folder within the bounds above; the reason and detail of every reject.
fn rejects(raw: &Path) -> Vec<(String, String)> {
    let out = TempDir::new().unwrap();
    let script = format!("ulimit -t {SECONDS} -v {MEMORY}; exec \"$0\" \"$@\"");
    let run = Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_anjuan"), "run", "--threads", "1", "--raw"])
        .arg(raw)
        .arg("--out")
        .arg(out.path())
        .current_dir(raw)
        .output()
        .unwrap();
    let code = run.status.code();
    assert!(code == Some(0) || code == Some(3), "{raw:?}: {run:?}");
    let table = Table::read(&out.path().join("current"), "rejects").unwrap();
    let text = |row: anjuan::table::Row<'_>, name| row.text(name).unwrap_or_default().to_owned();
    table.rows().map(|row| (text(row, "reason"), text(row, "detail"))).collect()
}

fn check(name: &str, bytes: &[u8], reason: &str, detail: &str) {
    let raw = TempDir::new().unwrap();
    fs::write(raw.path().join(name), bytes).unwrap();
    let found = rejects(raw.path());
    let [(got, said)] = found.as_slice() else { panic!("{name}: {} rejects", found.len()) };
    assert!(got == reason && said.contains(detail), "{name}: {got}: {said}");
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn bombs() {
    let zeros = vec![0; 256 << 20];
    let small = zstd::encode_all(zeros.as_slice(), 19).unwrap();
    assert!(small.len() < 10 << 10, "{}", small.len());
    check("a.txt.zst", &small, "ratio_exceeded", "limits.max_ratio: ");
    let zeros = gz(&zeros);
    check("a.txt.gz", &zeros, "ratio_exceeded", "limits.max_ratio: ");
    check("b.txt.gz", &gz(&zeros), "ratio_exceeded", "limits.max_ratio: ");
    let layers = (0..9).fold(b"x".to_vec(), |inner, _| gz(&inner));
    check("c.gz", &layers, "too_deep", "limits.max_archive_depth: ");
}

#[test]
fn bombs_in_archives() {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    archive.start_file("a.txt", options).unwrap();
    archive.write_all(&vec![b' '; 64 << 20]).unwrap();
    let zipped = archive.finish().unwrap().into_inner();
    check("a.zip", &zipped, "ratio_exceeded", "limits.max_ratio: ");
    let mut header = tar::Header::new_gnu();
    header.set_size(64 << 20);
    header.set_cksum();
    let mut archive = tar::Builder::new(Vec::new());
    let blanks = std::io::repeat(b' ').take(64 << 20);
    archive.append_data(&mut header, "a.txt", blanks).unwrap();
    let tarred = gz(&archive.into_inner().unwrap());
    check("a.tgz", &tarred, "ratio_exceeded", "limits.max_ratio: ");
}

#[test]
fn rows_without_end() {
    use arrow::array::{RecordBatch, StringArray};
    let texts = std::sync::Arc::new(StringArray::from(vec!["一"; 1 << 20]));
    let batch = RecordBatch::try_from_iter([("text", texts as arrow::array::ArrayRef)]).unwrap();
    let mut bytes = Vec::new();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    assert!(bytes.len() < 40 << 10, "{}", bytes.len());
    check("a.parquet", &bytes, "too_many_records", "limits.max_records: ");
}

#[test]
fn deep_documents() {
    let list = "<ul><li>".repeat(64 << 10);
    check("a.html", list.as_bytes(), "too_deep", "limits.max_html_depth: ");
    let json = format!("{{\"text\": {}", "[".repeat(10 << 20));
    check("a.jsonl", json.as_bytes(), "too_deep", "limits.max_json_depth: ");
}

#[test]
fn long_lines_and_many_lines() {
    let line = "一".repeat((100 << 20) / 3);
    check("a.txt", line.as_bytes(), "too_large", "limits.max_record: ");
    let record = format!("{{\"text\": \"{line}\"}}");
    check("a.jsonl", record.as_bytes(), "too_large", "limits.max_record: ");
    let raw = TempDir::new().unwrap();
    fs::write(raw.path().join("a.txt"), "一起案件。\n".repeat(1_000_000)).unwrap();
    rejects(raw.path());
}

#[cfg(unix)]
#[test]
fn what_is_no_file() {
    use std::os::unix::{ffi::OsStrExt as _, fs::symlink};
    let raw = TempDir::new().unwrap();
    let at = |name: &str| raw.path().join(name);
    fs::create_dir(at("folder")).unwrap();
    symlink("..", at("folder/up")).unwrap();
    symlink("b", at("a")).unwrap();
    symlink("a", at("b")).unwrap();
    symlink("/dev/zero", at("zero")).unwrap();
    fs::write(raw.path().join(std::ffi::OsStr::from_bytes(b"\xb9\xe3.txt")), "x").unwrap();
    let mut expected =
        vec!["bad_name", "special_file", "special_file", "special_file", "special_file"];
    if Command::new("mkfifo").arg(at("pipe")).status().is_ok_and(|made| made.success()) {
        expected.push("special_file");
    }
    // Only an administrator can make a device.
    if Command::new("mknod")
        .arg(at("null"))
        .args(["c", "1", "3"])
        .output()
        .is_ok_and(|made| made.status.success())
    {
        expected.push("special_file");
    }
    let mut reasons: Vec<String> =
        rejects(raw.path()).into_iter().map(|(reason, _)| reason).collect();
    reasons.sort();
    assert_eq!(reasons, expected);
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n.max(1)
    }
}

/// A file with bits flipped, pieces cut out, doubled or taken from another.
fn mutant(samples: &[(String, Vec<u8>)], dice: &mut Dice) -> (String, Vec<u8>) {
    let (name, bytes) = samples[dice.below(samples.len())].clone();
    let mut bytes = bytes;
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        let end = (at + dice.below(200)).min(bytes.len());
        match dice.below(5) {
            0 => (0..=dice.below(8)).for_each(|_| {
                let at = dice.below(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                let (_, other) = &samples[dice.below(samples.len())];
                let from = dice.below(other.len());
                let piece = other[from..(from + dice.below(2000)).min(other.len())].to_vec();
                bytes.splice(at..end, piece);
            }
        }
    }
    (name, bytes)
}

/// `ANJUAN_MUTANTS=20000 cargo test --release mutants` makes more of them.
#[test]
fn mutants_are_read_or_rejected() {
    let wanted = std::env::var("ANJUAN_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(400);
    let folders = [root().join("raw"), root().join("tests/formats")];
    let all = folders.iter().flat_map(|folder| files(folder));
    let samples: Vec<(String, Vec<u8>)> = all
        .filter(|path| path.extension().is_none_or(|ending| ending != "rs"))
        .map(|path| {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())
        })
        .filter(|(_, bytes)| !bytes.is_empty())
        .collect();
    let mut config = Config::default();
    config.acquire.worker = Some(env!("CARGO_BIN_EXE_anjuan").into());
    let mut dice = Dice(20_230_316);
    for n in 0..wanted {
        let (name, bytes) = mutant(&samples, &mut dice);
        // What kills this process can be looked at afterwards.
        let kept = std::env::temp_dir().join("anjuan-mutant");
        if wanted > 1000 {
            File::create(&kept).and_then(|mut file| file.write_all(&bytes)).unwrap();
        }
        let readings = read(RawFile::in_memory(name.clone(), bytes), &config, &RULES, &KNOWLEDGE);
        let ids: BTreeSet<_> = readings
            .iter()
            .map(|reading| match reading {
                Ok((article, _)) => article.id.clone(),
                Err(reject) => reject.id.clone(),
            })
            .collect();
        assert!(!readings.is_empty() && ids.len() == readings.len(), "mutant {n} of {name}");
    }
}

/// A process that reads a PDF is stopped by its limits, and the record says by which.
#[test]
fn a_reader_apart_has_limits() {
    let pdf = fs::read(root().join("tests/formats/read/newspaper.pdf")).unwrap();
    let reject = |change: fn(&mut Config)| {
        let mut config = Config::default();
        config.acquire.worker = Some(env!("CARGO_BIN_EXE_anjuan").into());
        change(&mut config);
        let file = RawFile::in_memory("a.pdf".to_owned(), pdf.clone());
        read(file, &config, &RULES, &KNOWLEDGE).remove(0).err()
    };
    assert_eq!(reject(|_| {}), None);
    let detail = |change| reject(change).map(|reject| (reject.reason.name(), reject.detail));
    let (reason, said) = detail(|config| config.acquire.max_memory_bytes = 40 << 20).unwrap();
    assert!(["too_large", "reader_failed"].contains(&reason), "{reason}: {said}");
    let (reason, said) = detail(|config| config.acquire.max_seconds = 0).unwrap();
    assert_eq!((reason, said.as_str()), ("time_limit", "limits.max_seconds: took more than 0 s"));
    let (reason, said) =
        detail(|config| config.acquire.worker = Some("/nowhere/anjuan".into())).unwrap();
    assert_eq!(reason, "reader_failed");
    assert!(said.starts_with("cannot start /nowhere/anjuan: "), "{said}");
    let (reason, said) =
        detail(|config| config.acquire.worker = Some("/bin/false".into())).unwrap();
    assert_eq!((reason, said.as_str()), ("reader_failed", "its reader failed (exit status: 1)"));
}
