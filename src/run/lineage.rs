//! Lineage: that a run began and how it ended, as OpenLineage events, one JSON object a line.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anjuan::config::Config;
use anjuan::error::Error;
use anjuan::pipeline::Done;
use anjuan::publish::columns_of;
use anjuan::report::timestamp;
use serde_json::{Value, json};

const SCHEMA: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
const SCHEMA_FACET: &str =
    "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet";
const COUNT_FACET: &str = "https://openlineage.io/spec/facets/1-0-2/OutputStatisticsOutputDatasetFacet.json\
                           #/$defs/OutputStatisticsOutputDatasetFacet";
const ERROR_FACET: &str = "https://openlineage.io/spec/facets/1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet";

/// A run whose events go to a file.
pub(super) struct Lineage {
    path: PathBuf,
    run: String,
    input: Value,
    out: String,
}

impl Lineage {
    /// Says that a run begins.
    pub(super) fn start(path: &Path, config: &Config) -> Result<Self, Error> {
        let full = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let lineage = Lineage {
            path: path.to_owned(),
            run: run_id(),
            input: json!({ "namespace": "file", "name": full(&config.raw).display().to_string() }),
            out: full(&config.out).display().to_string(),
        };
        lineage.write("START", &json!({}), &[])?;
        Ok(lineage)
    }

    /// Says that it ended well, with every table and its rows.
    pub(super) fn complete(&self, done: &Done) -> Result<(), Error> {
        let rows = done.published.iter().flat_map(|published| &published.rows);
        let outputs: Vec<Value> = rows.map(|(table, rows)| self.output(table, *rows)).collect();
        self.write("COMPLETE", &json!({}), &outputs)
    }

    /// Says that it did not.
    pub(super) fn fail(&self, message: &str) -> Result<(), Error> {
        let facet = json!({
            "_producer": producer(), "_schemaURL": ERROR_FACET, "message": message,
            "programmingLanguage": "Rust",
        });
        self.write("FAIL", &json!({ "errorMessage": facet }), &[])
    }

    fn output(&self, table: &str, rows: u64) -> Value {
        let columns = columns_of(table).unwrap_or_default();
        let fields: Vec<Value> = columns
            .iter()
            .map(|column| {
                let (name, kind) = (column.name, column.kind.name());
                json!({ "name": name, "type": kind, "description": column.doc })
            })
            .collect();
        json!({
            "namespace": "file",
            "name": format!("{}/{table}", self.out),
            "facets": { "schema": {
                "_producer": producer(), "_schemaURL": SCHEMA_FACET, "fields": fields,
            } },
            "outputFacets": { "outputStatistics": {
                "_producer": producer(), "_schemaURL": COUNT_FACET, "rowCount": rows,
            } },
        })
    }

    fn write(&self, kind: &str, facets: &Value, outputs: &[Value]) -> Result<(), Error> {
        let event = json!({
            "eventType": kind,
            "eventTime": timestamp().to_string(),
            "run": { "runId": self.run, "facets": facets },
            "job": { "namespace": "anjuan", "name": "run" },
            "inputs": [self.input],
            "outputs": outputs,
            "producer": producer(),
            "schemaURL": SCHEMA,
        });
        // One write, so that the lines of two runs do not mix.
        let line = format!("{event}\n");
        let opened = File::options().create(true).append(true).open(&self.path);
        let written = opened.and_then(|mut file| file.write_all(line.as_bytes()));
        written.map_err(|source| Error::Write { path: self.path.clone(), source })
    }
}

fn producer() -> String {
    format!("urn:anjuan:{}", env!("CARGO_PKG_VERSION"))
}

/// A UUID of version 7: the time, then what tells two runs of one millisecond apart.
fn run_id() -> String {
    let now = timestamp().as_millisecond().unsigned_abs();
    let mut hasher = blake3::Hasher::new();
    hasher.update(&now.to_le_bytes());
    hasher.update(&std::process::id().to_le_bytes());
    let hex = hasher.finalize().to_hex();
    let part = |range: std::ops::Range<usize>| hex.as_str().get(range).unwrap_or_default();
    format!(
        "{:08x}-{:04x}-7{}-8{}-{}",
        (now >> 16) & 0xffff_ffff,
        now & 0xffff,
        part(0..3),
        part(3..6),
        part(6..18)
    )
}

#[test]
fn ids_have_the_shape_of_a_uuid() {
    let id = run_id();
    let lengths: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12]);
    assert!(id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()), "{id}");
}
