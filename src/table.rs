//! Read back: a published table as rows whose cells are asked for by column name.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::Error;

/// A table that was written before, possibly by another version: a column may be missing.
#[derive(Debug, Clone, Default)]
pub struct Table {
    batches: Vec<RecordBatch>,
}

/// One row of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    batch: &'a RecordBatch,
    at: usize,
}

impl Table {
    /// Reads `name`.parquet of a snapshot.
    pub fn read(snapshot: &Path, name: &str) -> Result<Table, Error> {
        let path = snapshot.join(format!("{name}.parquet"));
        let file =
            File::open(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .and_then(|builder| builder.build())
            .map_err(|error| unreadable(&path, error))?;
        let batches =
            reader.collect::<Result<Vec<_>, _>>().map_err(|error| unreadable(&path, error))?;
        Ok(Table { batches })
    }

    /// Rows that are still in memory.
    pub fn from_batches(batches: Vec<RecordBatch>) -> Table {
        Table { batches }
    }

    /// Its rows, in the order they were written.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |at| Row { batch, at }))
    }
}

impl<'a> Row<'a> {
    /// The names of the columns, in order.
    pub fn columns(self) -> impl Iterator<Item = &'a str> {
        let schema = self.batch.schema_ref();
        schema.fields().iter().map(|field| field.name().as_str())
    }

    /// A cell of text; `None` if it is null, missing or not text.
    pub fn text(self, column: &str) -> Option<&'a str> {
        Some(self.cell(column)?.as_string_opt::<i32>()?.value(self.at))
    }

    /// A whole number.
    pub fn int(self, column: &str) -> Option<i64> {
        Some(self.cell(column)?.as_primitive_opt::<Int64Type>()?.value(self.at))
    }

    /// A number, whole or not.
    pub fn real(self, column: &str) -> Option<f64> {
        let cell = self.cell(column)?;
        if let Some(values) = cell.as_primitive_opt::<Float64Type>() {
            return Some(values.value(self.at));
        }
        // Exact: the tables keep whole numbers below 2^53.
        Some(self.int(column)? as f64)
    }

    /// True or false.
    pub fn flag(self, column: &str) -> Option<bool> {
        Some(self.cell(column)?.as_boolean_opt()?.value(self.at))
    }

    /// A day as `2023-05-17`.
    pub fn date(self, column: &str) -> Option<String> {
        let days = self.cell(column)?.as_primitive_opt::<Date32Type>()?.value(self.at);
        let epoch = jiff::civil::date(1970, 1, 1);
        let day = epoch.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
        Some(day.to_string())
    }

    /// Any cell as a JSON value; null where it is null or missing.
    pub fn json(self, column: &str) -> serde_json::Value {
        let Some(cell) = self.cell(column) else { return serde_json::Value::Null };
        match cell.data_type() {
            DataType::Utf8 => self.text(column).into(),
            DataType::Int64 => self.int(column).into(),
            DataType::Float64 => self.real(column).into(),
            DataType::Boolean => self.flag(column).into(),
            DataType::Date32 => self.date(column).into(),
            // No published table has another type.
            _ => serde_json::Value::Null,
        }
    }

    /// The column, if it exists and is not null in this row.
    fn cell(self, column: &str) -> Option<&'a dyn Array> {
        let cells = self.batch.column_by_name(column)?;
        (self.at < cells.len() && cells.is_valid(self.at)).then_some(cells.as_ref())
    }
}

fn unreadable(path: &Path, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Read { path: PathBuf::from(path), source: std::io::Error::other(error) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray,
    };

    use super::*;

    #[test]
    fn cells() {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("name", Arc::new(StringArray::from(vec![Some("卢某"), None]))),
            ("n", Arc::new(Int64Array::from(vec![3, 4]))),
            ("price", Arc::new(Float64Array::from(vec![Some(0.8), None]))),
            ("ok", Arc::new(BooleanArray::from(vec![true, false]))),
            ("day", Arc::new(Date32Array::from(vec![Some(19_752), None]))),
        ];
        let table = Table::from_batches(vec![RecordBatch::try_from_iter(columns).unwrap()]);
        let rows: Vec<_> = table.rows().collect();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].text("name"), rows[1].text("name")), (Some("卢某"), None));
        assert_eq!((rows[0].int("n"), rows[0].real("n")), (Some(3), Some(3.0)));
        assert_eq!((rows[0].real("price"), rows[1].real("price")), (Some(0.8), None));
        assert_eq!(rows[1].flag("ok"), Some(false));
        assert_eq!(rows[0].date("day").as_deref(), Some("2024-01-30"));
        assert_eq!((rows[0].text("n"), rows[0].text("absent")), (None, None));
        assert_eq!(rows[0].json("day"), serde_json::json!("2024-01-30"));
    }
}
