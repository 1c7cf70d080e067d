//! Name: what a snapshot was made from, what it holds, and which one is current.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a snapshot is made from. Equal facts give equal bytes, so they give the snapshot its id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Version of anjuan.
    pub version: String,
    /// Hash of the sources it was built from: two builds of one version can read differently.
    pub build: String,
    /// Hash of all inputs: paths and contents.
    pub inputs: String,
    /// Hash of the settings that can change a table.
    pub config: String,
    /// Hash of the knowledge, overlay included.
    pub knowledge: String,
    /// Counts of the run to publish with it, such as `files`; they must follow from the inputs.
    pub counts: BTreeMap<String, u64>,
}

impl Snapshot {
    /// The id: 16 hexadecimal digits of a hash of version, build, inputs, configuration and knowledge.
    pub fn id(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in [&self.version, &self.build, &self.inputs, &self.config, &self.knowledge] {
            hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().to_hex().chars().take(16).collect()
    }
}

/// `manifest.json`: every file of a snapshot with its hash. It holds no clock and no path of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this layout.
    pub format: u32,
    /// Id of the snapshot.
    pub id: String,
    /// Version of anjuan.
    pub version: String,
    /// Hash of the sources it was built from.
    #[serde(default)]
    pub build: String,
    /// Hash of all inputs.
    pub inputs: String,
    /// Hash of the settings.
    pub config: String,
    /// Hash of the knowledge.
    pub knowledge: String,
    /// Counts of the run.
    pub counts: BTreeMap<String, u64>,
    /// Every file but this one, sorted by path.
    pub files: Vec<FileEntry>,
}

/// One file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Relative to the snapshot's folder, with `/` between its parts.
    pub path: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256 of its bytes in hexadecimal.
    pub sha256: String,
    /// For a table: its rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// For a table: its columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<u64>,
}

/// The line in `out/CURRENT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// Id of the current snapshot.
    pub id: String,
    /// SHA-256 of its `manifest.json`.
    pub manifest: String,
}

impl Pointer {
    /// `None` unless it is exactly `<id> <sha256>` and a line feed.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, manifest) = text.strip_suffix('\n')?.split_once(' ')?;
        (is_id(id) && is_hex(manifest, 64))
            .then(|| Pointer { id: id.to_owned(), manifest: manifest.to_owned() })
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.id, self.manifest)
    }
}

/// Whether `text` has the shape of a snapshot id, and so is safe as the name of a folder.
pub fn is_id(text: &str) -> bool {
    is_hex(text, 16)
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// SHA-256 in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Size and SHA-256 of what a reader gives.
pub(super) fn sha256_of(mut reader: impl Read) -> io::Result<(u64, String)> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    let mut size = 0;
    loop {
        let n = match reader.read(&mut buffer) {
            Ok(0) => return Ok((size, hex(&hasher.finalize()))),
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(buffer.get(..n).unwrap_or_default());
        size += n as u64;
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_the_facts_alone() {
        let one = Snapshot { version: "0.1.0".into(), inputs: "ab".into(), ..Snapshot::default() };
        let counted = Snapshot { counts: [("files".to_owned(), 3)].into(), ..one.clone() };
        let shifted = Snapshot { inputs: "a".into(), config: "b".into(), ..one.clone() };
        assert!(is_id(&one.id()));
        assert_eq!(one.id(), counted.id());
        assert_ne!(one.id(), shifted.id());
    }

    #[test]
    fn pointers() {
        let pointer = Pointer { id: "0123456789abcdef".into(), manifest: sha256(b"") };
        assert_eq!(Pointer::parse(&pointer.to_string()), Some(pointer.clone()));
        for wrong in ["", "\n", "../../etc 00\n", "0123456789abcdef\n"] {
            assert_eq!(Pointer::parse(wrong), None, "{wrong:?}");
        }
        assert_eq!(Pointer::parse(pointer.to_string().trim_end()), None);
    }

    #[test]
    fn hashes() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), empty);
        assert_eq!(sha256_of(&b""[..]).unwrap(), (0, empty.to_owned()));
    }
}
