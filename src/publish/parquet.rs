//! Encode: rows to a Parquet file, the same bytes for the same rows.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, RecordBatch,
    StringBuilder,
};
use arrow::datatypes::{DataType, Field as ArrowField, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::column::{Cell, Column, Kind};
use super::pile::Texts;
use super::schema::Table;

/// Rows in a row group, and about how many bytes it may have: small enough to hold in memory, large enough to
/// scan fast.
const ROW_GROUP: usize = 131_072;
const ROW_GROUP_BYTES: usize = 64 << 20;
/// Rows, and bytes of text, handed to the writer at once.
const BATCH_ROWS: usize = 8_192;
const BATCH_TEXT: usize = 8 << 20;
/// Bytes of distinct text that a dictionary may hold. A column with more is written without one: a dictionary
/// that overflows gives a chunk of mixed pages, of which fastparquet reads only the first.
pub(super) const DICTIONARY: usize = 1 << 20;
/// The false-positive rate of a bloom filter.
const BLOOM_RATE: f64 = 0.01;

/// What a file says about the snapshot it belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp<'a> {
    /// Id of the snapshot.
    pub(super) snapshot: &'a str,
    /// Version of anjuan.
    pub(super) version: &'a str,
}

/// A Parquet file that takes rows in the order of their keys.
pub(super) struct Encoder<W: Write + Send> {
    writer: ArrowWriter<W>,
    schema: Arc<Schema>,
    batch: Batch,
}

impl<W: Write + Send> Encoder<W> {
    pub(super) fn new(
        table: &Table,
        texts: &Texts,
        stamp: Stamp<'_>,
        into: W,
    ) -> Result<Self, ParquetError> {
        let schema = Arc::new(schema(&table.columns));
        let options = ArrowWriterOptions::new()
            .with_properties(properties(table, texts, stamp)?)
            .with_schema_root(table.name.to_owned());
        let writer = ArrowWriter::try_new_with_options(into, schema.clone(), options)?;
        Ok(Encoder { writer, schema, batch: Batch::new(&table.columns) })
    }

    pub(super) fn push(&mut self, cells: &[Cell<'_>]) -> Result<(), ParquetError> {
        self.batch.push(cells);
        if self.batch.full() { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), ParquetError> {
        self.writer.write(&self.batch.take(&self.schema)?)?;
        if ROW_GROUP_BYTES < self.writer.in_progress_size() { self.writer.flush() } else { Ok(()) }
    }

    /// Writes what is left, and the footer.
    pub(super) fn finish(mut self) -> Result<W, ParquetError> {
        self.write()?;
        self.writer.into_inner()
    }
}

/// The Arrow schema: flat, plain text columns, docs as field metadata.
fn schema(columns: &[Column]) -> Schema {
    let fields: Vec<ArrowField> = columns
        .iter()
        .map(|column| {
            let data_type = match column.kind {
                Kind::Str | Kind::Enum(_) => DataType::Utf8,
                Kind::I64 => DataType::Int64,
                Kind::F64 => DataType::Float64,
                Kind::Bool => DataType::Boolean,
                Kind::Date => DataType::Date32,
            };
            ArrowField::new(column.name, data_type, column.nullable)
                .with_metadata([("description".to_owned(), column.doc.to_owned())])
        })
        .collect();
    Schema::new(fields)
}

fn properties(
    table: &Table,
    texts: &Texts,
    stamp: Stamp<'_>,
) -> Result<WriterProperties, ParquetError> {
    let mut notes = vec![
        ("anjuan.version", stamp.version.to_owned()),
        ("anjuan.snapshot", stamp.snapshot.to_owned()),
        ("anjuan.table", table.name.to_owned()),
        ("anjuan.key", table.key.join(",")),
        ("description", table.doc.to_owned()),
    ];
    if let Some(from) = table.made_from {
        notes.push(("anjuan.made_from", from.to_owned()));
    }
    let notes = notes.into_iter().map(|(key, value)| KeyValue::new(key.to_owned(), value));
    // Readers take the application and its version from `created_by` and distrust what they cannot parse.
    let mut builder = WriterProperties::builder()
        .set_created_by(format!("anjuan version {}", stamp.version))
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        // Twice what text may take, and what as many numbers as a row group has rows do take.
        .set_dictionary_page_size_limit(2 * DICTIONARY)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_sorting_columns(Some(sorting(table)))
        .set_key_value_metadata(Some(notes.collect()));
    let path = |column: &Column| ColumnPath::new(vec![column.name.to_owned()]);
    for column in table.columns.iter().filter(|column| column.name.ends_with("_id")) {
        builder = builder.set_column_bloom_filter_fpp(path(column), BLOOM_RATE);
    }
    for (column, _) in table.columns.iter().zip(texts.overflows()).filter(|(_, over)| *over) {
        builder = builder.set_column_dictionary_enabled(path(column), false);
    }
    Ok(builder.build())
}

fn sorting(table: &Table) -> Vec<SortingColumn> {
    let place = |key: &&str| table.columns.iter().position(|column| column.name == *key);
    let places = table.key.iter().filter_map(place);
    places
        .filter_map(|place| i32::try_from(place).ok())
        .map(|column_idx| SortingColumn { column_idx, descending: false, nulls_first: true })
        .collect()
}

/// Cells by column, until there are enough for an Arrow batch.
struct Batch {
    columns: Vec<Builder>,
    rows: usize,
    text: usize,
}

enum Builder {
    Text(StringBuilder),
    Whole(Int64Builder),
    Number(Float64Builder),
    Flag(BooleanBuilder),
    Day(Date32Builder),
}

impl Batch {
    fn new(columns: &[Column]) -> Self {
        let builder = |column: &Column| match column.kind {
            Kind::Str | Kind::Enum(_) => Builder::Text(StringBuilder::new()),
            Kind::I64 => Builder::Whole(Int64Builder::new()),
            Kind::F64 => Builder::Number(Float64Builder::new()),
            Kind::Bool => Builder::Flag(BooleanBuilder::new()),
            Kind::Date => Builder::Day(Date32Builder::new()),
        };
        Batch { columns: columns.iter().map(builder).collect(), rows: 0, text: 0 }
    }

    fn push(&mut self, cells: &[Cell<'_>]) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            self.text += cell.as_str().map_or(0, str::len);
            match column {
                Builder::Text(builder) => builder.append_option(cell.as_str()),
                Builder::Whole(builder) => builder.append_option(cell.as_i64()),
                Builder::Number(builder) => builder.append_option(cell.as_f64()),
                Builder::Flag(builder) => builder.append_option(cell.as_bool()),
                Builder::Day(builder) => builder.append_option(cell.as_date()),
            }
        }
        self.rows += 1;
    }

    fn full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.text >= BATCH_TEXT
    }

    fn take(&mut self, schema: &Arc<Schema>) -> Result<RecordBatch, ParquetError> {
        let array = |builder: &mut Builder| -> ArrayRef {
            match builder {
                Builder::Text(builder) => Arc::new(builder.finish()),
                Builder::Whole(builder) => Arc::new(builder.finish()),
                Builder::Number(builder) => Arc::new(builder.finish()),
                Builder::Flag(builder) => Arc::new(builder.finish()),
                Builder::Day(builder) => Arc::new(builder.finish()),
            }
        };
        let batch =
            RecordBatch::try_new(schema.clone(), self.columns.iter_mut().map(array).collect())?;
        (self.rows, self.text) = (0, 0);
        Ok(batch)
    }
}
