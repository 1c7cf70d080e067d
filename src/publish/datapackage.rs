//! Describe: a snapshot as a Data Package (version 2), so that catalogues and validators read it.

use serde::Serialize;

use super::column::{Column, Kind, Refer};
use super::manifest::FileEntry;
use super::schema::{Table, tables, to_json};

const PROFILES: &str = "https://datapackage.org/profiles/2.0";

#[derive(Serialize)]
struct Package<'a> {
    #[serde(rename = "$schema")]
    profile: String,
    name: &'static str,
    title: &'static str,
    description: &'static str,
    version: &'a str,
    resources: Vec<Resource>,
}

#[derive(Serialize)]
struct Resource {
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    path: String,
    description: String,
    format: &'static str,
    mediatype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    schema: TableSchema,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TableSchema {
    #[serde(rename = "$schema")]
    profile: String,
    fields: Vec<FieldSchema>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_key: Option<&'static [&'static str]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    foreign_keys: Vec<ForeignKey>,
}

#[derive(Serialize)]
struct FieldSchema {
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    description: &'static str,
    constraints: Constraints,
}

#[derive(Serialize)]
struct Constraints {
    required: bool,
    #[serde(rename = "enum", skip_serializing_if = "Vec::is_empty")]
    codes: Vec<&'static str>,
}

#[derive(Serialize)]
struct ForeignKey {
    fields: &'static [&'static str],
    reference: Reference,
}

#[derive(Serialize)]
struct Reference {
    resource: &'static str,
    fields: &'static [&'static str],
}

/// `datapackage.json` for the table files written.
pub(super) fn datapackage(version: &str, files: &[FileEntry]) -> String {
    to_json(&Package {
        profile: format!("{PROFILES}/datapackage.json"),
        name: "anjuan",
        title: "Cases of crimes against personal information",
        description: "Cases, totals and their evidence, read from Chinese articles. Count rows of `cases` to count \
                      cases; `statistics` are published totals and are not to be added to them.",
        version,
        resources: tables().into_iter().map(|table| resource(table, files)).collect(),
    })
}

fn resource(table: Table, files: &[FileEntry]) -> Resource {
    let file = files.iter().find(|file| file.path == table.path);
    // A key of a summary can be null, which a primary key must not.
    let primary_key = table.made_from.is_none().then_some(table.key);
    let description = match table.made_from {
        Some(from) => format!("{} Made from {from}.", table.doc),
        None => table.doc.to_owned(),
    };
    Resource {
        name: table.name,
        kind: "table",
        path: table.path,
        description,
        format: "parquet",
        mediatype: "application/vnd.apache.parquet",
        bytes: file.map(|file| file.bytes),
        hash: file.map(|file| format!("sha256:{}", file.sha256)),
        schema: TableSchema {
            profile: format!("{PROFILES}/tableschema.json"),
            fields: table.columns.into_iter().map(field).collect(),
            primary_key,
            foreign_keys: table.refers.iter().map(foreign_key).collect(),
        },
    }
}

fn field(column: Column) -> FieldSchema {
    let kind = match column.kind {
        Kind::Str | Kind::Enum(_) => "string",
        Kind::I64 => "integer",
        Kind::F64 => "number",
        Kind::Bool => "boolean",
        Kind::Date => "date",
    };
    let codes = if let Kind::Enum(codes) = column.kind { codes } else { Vec::new() };
    let constraints = Constraints { required: !column.nullable, codes };
    FieldSchema { name: column.name, kind, description: column.doc, constraints }
}

fn foreign_key(refer: &Refer) -> ForeignKey {
    let reference = Reference { resource: refer.table, fields: refer.to };
    ForeignKey { fields: refer.columns, reference }
}
