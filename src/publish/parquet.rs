//! Encode: rows to the bytes of a Parquet file, the same bytes for the same rows.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{DataType, Field as ArrowField, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::column::{Cell, Column, Field, Kind, Row, columns};

/// Rows in a row group: small enough to hold in memory, large enough to scan fast.
const ROW_GROUP: usize = 131_072;
/// Rows, and bytes of text, handed to the writer at once: an Arrow text column holds at most 2 GiB.
const BATCH_ROWS: usize = 8_192;
const BATCH_TEXT: usize = 64 << 20;
/// Bytes of distinct text that a dictionary may hold. A column with more in any row group is written without
/// one: a dictionary that overflows gives a chunk of mixed pages, of which fastparquet reads only the first.
const DICTIONARY: usize = 1 << 20;
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

/// A Parquet file of `rows`, which are sorted already.
pub(super) fn encode<R: Row>(rows: &[&R], stamp: Stamp<'_>) -> Result<Vec<u8>, ParquetError> {
    let columns = columns::<R>();
    let schema = Arc::new(schema(&columns));
    let options = ArrowWriterOptions::new()
        .with_properties(properties(rows, &columns, stamp)?)
        .with_schema_root(R::NAME.to_owned());
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), schema.clone(), options)?;
    let mut batch = Batch::new(columns.len());
    for row in rows {
        batch.push(*row);
        if batch.full() {
            writer.write(&batch.take(&columns, &schema)?)?;
        }
    }
    writer.write(&batch.take(&columns, &schema)?)?;
    writer.into_inner()
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

fn properties<R: Row>(
    rows: &[&R],
    columns: &[Column],
    stamp: Stamp<'_>,
) -> Result<WriterProperties, ParquetError> {
    let mut notes = vec![
        ("anjuan.version", stamp.version.to_owned()),
        ("anjuan.snapshot", stamp.snapshot.to_owned()),
        ("anjuan.table", R::NAME.to_owned()),
        ("anjuan.key", R::KEY.join(",")),
        ("description", R::DOC.to_owned()),
    ];
    if let Some(from) = R::MADE_FROM {
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
        .set_sorting_columns(Some(sorting::<R>(columns)))
        .set_key_value_metadata(Some(notes.collect()));
    for column in columns.iter().filter(|column| column.name.ends_with("_id")) {
        let path = ColumnPath::new(vec![column.name.to_owned()]);
        builder = builder.set_column_bloom_filter_fpp(path, BLOOM_RATE);
    }
    for (column, _) in columns.iter().zip(overflows(rows, columns.len())).filter(|(_, over)| *over)
    {
        let path = ColumnPath::new(vec![column.name.to_owned()]);
        builder = builder.set_column_dictionary_enabled(path, false);
    }
    Ok(builder.build())
}

/// For each column, whether the distinct texts of some row group are too many for a dictionary.
fn overflows<R: Row>(rows: &[&R], columns: usize) -> Vec<bool> {
    let mut overflows = vec![false; columns];
    let mut cells = Vec::new();
    for group in rows.chunks(ROW_GROUP) {
        let mut seen = vec![(HashSet::new(), 0); columns];
        for row in group {
            row.cells(&mut cells);
            for ((cell, over), (texts, bytes)) in cells.drain(..).zip(&mut overflows).zip(&mut seen)
            {
                if let (Cell::Str(text), false) = (cell, *over)
                    && texts.insert(text)
                {
                    // A dictionary page has four bytes of length before each text.
                    *bytes += text.len() + 4;
                    *over = *bytes > DICTIONARY;
                }
            }
        }
    }
    overflows
}

fn sorting<R: Row>(columns: &[Column]) -> Vec<SortingColumn> {
    let place = |key: &&str| columns.iter().position(|column| column.name == *key);
    R::KEY
        .iter()
        .filter_map(place)
        .filter_map(|place| i32::try_from(place).ok())
        .map(|column_idx| SortingColumn { column_idx, descending: false, nulls_first: true })
        .collect()
}

/// Cells by column, until there are enough for an Arrow batch.
struct Batch<'a> {
    columns: Vec<Vec<Cell<'a>>>,
    row: Vec<Cell<'a>>,
    rows: usize,
    text: usize,
}

impl<'a> Batch<'a> {
    fn new(columns: usize) -> Self {
        Batch { columns: vec![Vec::new(); columns], row: Vec::new(), rows: 0, text: 0 }
    }

    fn push(&mut self, row: &'a impl Field) {
        row.cells(&mut self.row);
        for (column, cell) in self.columns.iter_mut().zip(self.row.drain(..)) {
            self.text += cell.as_str().map_or(0, str::len);
            column.push(cell);
        }
        self.rows += 1;
    }

    fn full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.text >= BATCH_TEXT
    }

    fn take(
        &mut self,
        columns: &[Column],
        schema: &Arc<Schema>,
    ) -> Result<RecordBatch, ParquetError> {
        let arrays = columns.iter().zip(&self.columns).map(|(column, cells)| array(column, cells));
        let batch = RecordBatch::try_new(schema.clone(), arrays.collect())?;
        self.columns.iter_mut().for_each(Vec::clear);
        (self.rows, self.text) = (0, 0);
        Ok(batch)
    }
}

fn array(column: &Column, cells: &[Cell<'_>]) -> ArrayRef {
    let cells = cells.iter().copied();
    match column.kind {
        Kind::Str | Kind::Enum(_) => Arc::new(cells.map(Cell::as_str).collect::<StringArray>()),
        Kind::I64 => Arc::new(cells.map(Cell::as_i64).collect::<Int64Array>()),
        Kind::F64 => Arc::new(cells.map(Cell::as_f64).collect::<Float64Array>()),
        Kind::Bool => Arc::new(cells.map(Cell::as_bool).collect::<BooleanArray>()),
        Kind::Date => Arc::new(cells.map(Cell::as_date).collect::<Date32Array>()),
    }
}
