//! Write: `views.sql`, which gives `DuckDB` every table of a snapshot by its name.

use std::fmt::Write as _;

use super::schema::{comments, tables};

/// The script. It names no folder of this machine, so that a snapshot can be moved and compared.
pub(super) fn views() -> String {
    let mut text = String::from(
        "-- Every table of this snapshot as a DuckDB view. In the snapshot's folder:\n\
         --     duckdb -init views.sql\n\
         -- From anywhere else, say first where it is:\n\
         --     SET VARIABLE snapshot = '/data/out/snapshots/0123456789abcdef';\n\
         --     .read /data/out/snapshots/0123456789abcdef/views.sql\n\
         SET VARIABLE snapshot = coalesce(getvariable('snapshot'), '.');\n",
    );
    for table in tables() {
        let _ = write!(
            text,
            "\nCREATE OR REPLACE VIEW {} AS\nSELECT * FROM read_parquet(getvariable('snapshot') || '/{}');\n",
            table.name, table.path
        );
        text.push_str(&comments("VIEW", &table));
    }
    text
}
