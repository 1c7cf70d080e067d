//! Print: the tables, columns, types and codes, as markdown, JSON, SQL or a diagram.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::column::{Column, Kind, Refer, Row, columns};
use super::rows::{
    Article, Case, CaseSource, Division, Duplicate, Figure, Label, Mention, Offence, Reject,
    Statistic, Term,
};
use super::summary::{
    ByDataType, ByIndustry, ByMethod, ByProvince, ByUse, ByYear, MeasureSummary, MethodByIndustry,
    SourceCoverage,
};

/// How to print the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaFormat {
    /// For people.
    Markdown,
    /// For programs.
    Json,
    /// `CREATE TABLE` statements with comments.
    Sql,
    /// An entity-relationship diagram in Mermaid.
    Mermaid,
}

/// One table as the documentation sees it.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) path: String,
    pub(super) doc: &'static str,
    pub(super) made_from: Option<&'static str>,
    pub(super) key: &'static [&'static str],
    pub(super) refers: &'static [Refer],
    pub(super) columns: Vec<Column>,
}

pub(super) fn table<R: Row>() -> Table {
    Table {
        name: R::NAME,
        path: super::path::<R>(),
        doc: R::DOC,
        made_from: R::MADE_FROM,
        key: R::KEY,
        refers: R::REFERS,
        columns: columns::<R>(),
    }
}

/// Every table, in the order of the documentation.
pub(super) fn tables() -> Vec<Table> {
    vec![
        table::<Article>(),
        table::<Duplicate>(),
        table::<Mention>(),
        table::<Case>(),
        table::<CaseSource>(),
        table::<Figure>(),
        table::<Label>(),
        table::<Statistic>(),
        table::<Reject>(),
        table::<Term>(),
        table::<Division>(),
        table::<Offence>(),
        table::<ByYear>(),
        table::<ByProvince>(),
        table::<ByMethod>(),
        table::<ByDataType>(),
        table::<ByIndustry>(),
        table::<ByUse>(),
        table::<MethodByIndustry>(),
        table::<SourceCoverage>(),
        table::<MeasureSummary>(),
    ]
}

/// The columns of a table that is published; `None` if there is no such table.
pub fn columns_of(name: &str) -> Option<Vec<Column>> {
    tables().into_iter().find(|table| table.name == name).map(|table| table.columns)
}

/// The names of all tables, summaries too.
pub fn table_names() -> Vec<&'static str> {
    tables().into_iter().map(|table| table.name).collect()
}

/// All tables, columns and types.
pub fn schema(format: SchemaFormat) -> String {
    match format {
        SchemaFormat::Markdown => markdown(),
        SchemaFormat::Json => json(),
        SchemaFormat::Sql => sql(),
        SchemaFormat::Mermaid => mermaid(),
    }
}

/// The schema and every label code: `dictionary.md`.
pub(super) fn dictionary(taxonomy: &[Term]) -> String {
    let mut facets: BTreeMap<&str, Vec<&Term>> = BTreeMap::new();
    for term in super::sorted(taxonomy) {
        facets.entry(&term.facet).or_default().push(term);
    }
    let mut text = markdown();
    text.push_str("\n# Label codes\n");
    for (facet, terms) in facets {
        let _ = writeln!(text, "\n## {}\n\n| code | zh | en | what counts |", escape(facet));
        text.push_str("| --- | --- | --- | --- |\n");
        for term in terms {
            let definition = term.definition.as_deref().unwrap_or("");
            let cells = [&term.code, &term.zh, &term.en, definition].map(escape);
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
    text
}

fn markdown() -> String {
    let mut text = String::from(
        "# Tables\n\nA value that is not known is null. Types: `str` text, `enum` text out of the codes listed, \
         `i64` whole number under 2^53, `f64` number, `date` day, `bool` yes or no. Rows are sorted by key.\n",
    );
    for table in tables() {
        let _ = writeln!(text, "\n## {}\n\n{}", table.name, escape(table.doc));
        if let Some(from) = table.made_from {
            let _ = writeln!(text, "\nMade from {}.", escape(from));
        }
        let _ = writeln!(text, "\nFile `{}`, key {}.\n", table.path, code_list(table.key));
        text.push_str("| column | type | null | meaning |\n| --- | --- | --- | --- |\n");
        for column in &table.columns {
            let null = if column.nullable { "yes" } else { "no" };
            let meaning = escape(&meaning(column, table.refers));
            let _ =
                writeln!(text, "| {} | {} | {null} | {meaning} |", column.name, column.kind.name());
        }
    }
    text
}

/// The doc of a column, with its codes and what it refers to.
fn meaning(column: &Column, refers: &[Refer]) -> String {
    let mut text = column.doc.to_owned();
    if let Kind::Enum(codes) = &column.kind {
        let _ = write!(text, " One of {}.", code_list(codes));
    }
    if let Some(refer) = refers.iter().find(|refer| refer.columns.contains(&column.name)) {
        let _ = write!(text, " Refers to `{}`.", refer.table);
    }
    text
}

fn code_list(codes: &[&str]) -> String {
    codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ")
}

/// Text that stays in its cell of a Markdown table.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ")
}

#[derive(Serialize)]
struct JsonTable {
    name: &'static str,
    path: String,
    description: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    made_from: Option<&'static str>,
    key: &'static [&'static str],
    refers: Vec<JsonRefer>,
    columns: Vec<JsonColumn>,
}

#[derive(Serialize)]
struct JsonRefer {
    columns: &'static [&'static str],
    table: &'static str,
    to: &'static [&'static str],
}

#[derive(Serialize)]
struct JsonColumn {
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    nullable: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    codes: Vec<&'static str>,
    description: &'static str,
}

fn json() -> String {
    let refer =
        |refer: &Refer| JsonRefer { columns: refer.columns, table: refer.table, to: refer.to };
    let column = |column: Column| JsonColumn {
        name: column.name,
        kind: column.kind.name(),
        nullable: column.nullable,
        codes: if let Kind::Enum(codes) = column.kind { codes } else { Vec::new() },
        description: column.doc,
    };
    let table = |table: Table| JsonTable {
        name: table.name,
        path: table.path,
        description: table.doc,
        made_from: table.made_from,
        key: table.key,
        refers: table.refers.iter().map(refer).collect(),
        columns: table.columns.into_iter().map(column).collect(),
    };
    to_json(&tables().into_iter().map(table).collect::<Vec<_>>())
}

/// JSON for people too: indented, with a line feed at the end.
pub(super) fn to_json(value: &impl Serialize) -> String {
    let mut text =
        serde_json::to_string_pretty(value).expect("structs of text and numbers always serialise");
    text.push('\n');
    text
}

fn sql() -> String {
    let mut text = String::new();
    for table in tables() {
        let _ = writeln!(text, "CREATE TABLE {} (", table.name);
        let mut lines: Vec<String> = table.columns.iter().map(sql_column).collect();
        // A key of a summary can be null, which SQL does not allow.
        if table.made_from.is_none() {
            lines.push(format!("    PRIMARY KEY ({})", table.key.join(", ")));
        }
        let _ = writeln!(text, "{}\n);", lines.join(",\n"));
        text.push_str(&comments("TABLE", &table));
        text.push('\n');
    }
    text
}

fn sql_column(column: &Column) -> String {
    let kind = match column.kind {
        Kind::Str | Kind::Enum(_) => "VARCHAR",
        Kind::I64 => "BIGINT",
        Kind::F64 => "DOUBLE",
        Kind::Bool => "BOOLEAN",
        Kind::Date => "DATE",
    };
    let null = if column.nullable { "" } else { " NOT NULL" };
    let check = match &column.kind {
        Kind::Enum(codes) => {
            let codes: Vec<_> = codes.iter().map(|code| quote(code)).collect();
            format!(" CHECK (\"{}\" IN ({}))", column.name, codes.join(", "))
        }
        Kind::Str | Kind::I64 | Kind::F64 | Kind::Bool | Kind::Date => String::new(),
    };
    format!("    \"{}\" {kind}{null}{check}", column.name)
}

/// `COMMENT ON` statements for a table or view and its columns.
pub(super) fn comments(kind: &str, table: &Table) -> String {
    let mut text = format!("COMMENT ON {kind} {} IS {};\n", table.name, quote(table.doc));
    for column in &table.columns {
        let (name, doc) = (column.name, quote(column.doc));
        let _ = writeln!(text, "COMMENT ON COLUMN {}.\"{name}\" IS {doc};", table.name);
    }
    text
}

/// A text literal of SQL.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn mermaid() -> String {
    let tables = tables();
    let mut text = String::from("erDiagram\n");
    for table in tables.iter().filter(|table| table.made_from.is_none()) {
        for refer in table.refers {
            let (to, from, columns) = (refer.table, table.name, refer.columns.join(", "));
            let nullable =
                |column: &&Column| column.nullable && refer.columns.contains(&column.name);
            let one =
                if table.columns.iter().any(|column| nullable(&column)) { "|o" } else { "||" };
            let _ = writeln!(text, "    {to} {one}--o{{ {from} : \"{columns}\"");
        }
    }
    for table in &tables {
        let _ = writeln!(text, "    {} {{", table.name);
        for column in &table.columns {
            let key = table.key.contains(&column.name);
            let refers = table.refers.iter().any(|refer| refer.columns.contains(&column.name));
            let mark = match (key, refers) {
                (true, true) => " PK, FK",
                (true, false) => " PK",
                (false, true) => " FK",
                (false, false) => "",
            };
            let _ = writeln!(text, "        {} {}{mark}", column.kind.name(), column.name);
        }
        text.push_str("    }\n");
    }
    text
}
