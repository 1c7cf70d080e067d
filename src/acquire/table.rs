//! Tables: Parquet and Arrow, one record a row.

use std::io::{BufReader, Cursor, Read, Seek};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use arrow::ipc::reader::{FileReader, StreamReader};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes as Shared;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::ChunkReader;
use serde::{Deserialize, Serialize};

use super::apart::{self, Bytes, Reply, Task, Work};
use super::fields::{Row, same};
use super::input::Input;
use super::record::{Content, Form};
use super::walk::{Halt, Place, Walk};
use super::{Stop, length};
use crate::model::{Encoding, Format, RejectReason};

/// Rows decoded at a time: their texts may be long.
const BATCH: usize = 64;
/// What a row costs even if nothing is in it.
const ROW: u64 = 16;

/// How rows are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Layout {
    Parquet,
    ArrowFile,
    ArrowStream,
}

/// Cuts a table into its rows.
pub(super) fn read(
    walk: &mut Walk<'_>,
    place: &mut Place,
    input: Input<'_>,
    layout: Layout,
) -> Result<(), Halt> {
    let config = walk.config;
    let (bytes, size) = match input.file() {
        Some(file) => (Bytes::Disk(file.try_clone()?), input.size().unwrap_or(0)),
        None => {
            let bytes = input.bytes(config.max_record_bytes)?;
            let size = length(bytes.len());
            (Bytes::Memory(bytes), size)
        }
    };
    let format = match layout {
        Layout::Parquet => Format::Parquet,
        Layout::ArrowFile | Layout::ArrowStream => Format::Arrow,
    };
    let task = Task::new(Work::Table(layout), size, config);
    apart::run(&task, bytes, config, &mut |reply| {
        let Reply::Row(row) = reply else { return Ok(()) };
        let bytes: u64 = row.iter().map(|(_, value)| length(value.len())).sum();
        // A table may say little very often.
        walk.budget.unpack(bytes + ROW)?;
        let content = if bytes <= config.max_record_bytes {
            let form = Form { encoding: Encoding::Utf8, damaged: false };
            Content::Row { row, format, form }
        } else {
            let most = config.max_record_bytes;
            let detail = format!("a row of {bytes} bytes, at most {most} are read");
            Content::Rejected(Stop::over("max_record", RejectReason::TooLarge, detail))
        };
        walk.give_next(place, bytes, content)
    })
}

/// Answers with every row.
pub(super) fn rows(
    task: &Task,
    layout: Layout,
    bytes: Bytes,
    each: &mut dyn FnMut(Reply) -> Result<(), Halt>,
) -> Result<(), Halt> {
    match (layout, bytes) {
        (Layout::Parquet, Bytes::Disk(file)) => parquet(task, file, each),
        (Layout::Parquet, Bytes::Memory(bytes)) => parquet(task, Shared::from(bytes), each),
        (Layout::ArrowFile, Bytes::Disk(file)) => arrow_file(task, &file, each),
        (Layout::ArrowFile, Bytes::Memory(bytes)) => arrow_file(task, Cursor::new(bytes), each),
        (Layout::ArrowStream, Bytes::Disk(mut file)) => {
            file.rewind()?;
            arrow_stream(task, file, each)
        }
        (Layout::ArrowStream, Bytes::Memory(bytes)) => arrow_stream(task, Cursor::new(bytes), each),
    }
}

fn parquet(
    task: &Task,
    reader: impl ChunkReader + 'static,
    each: &mut dyn FnMut(Reply) -> Result<(), Halt>,
) -> Result<(), Halt> {
    let damaged = |error: parquet::errors::ParquetError| damaged(&error);
    let builder = ParquetRecordBatchReaderBuilder::try_new(reader).map_err(damaged)?;
    let rows = builder.metadata().file_metadata().num_rows();
    within(task, u64::try_from(rows).unwrap_or(u64::MAX))?;
    let columns = wanted(builder.schema(), task)?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), columns);
    let batches = builder.with_projection(mask).with_batch_size(BATCH).build().map_err(damaged)?;
    all(batches, each)
}

fn arrow_file(
    task: &Task,
    reader: impl Read + Seek,
    each: &mut dyn FnMut(Reply) -> Result<(), Halt>,
) -> Result<(), Halt> {
    let mut reader = BufReader::new(reader);
    let damaged = |error: ArrowError| damaged(&error);
    let schema = FileReader::try_new(&mut reader, None).map_err(damaged)?.schema();
    let columns = wanted(&schema, task)?;
    all(FileReader::try_new(reader, Some(columns)).map_err(damaged)?, each)
}

fn arrow_stream(
    task: &Task,
    reader: impl Read,
    each: &mut dyn FnMut(Reply) -> Result<(), Halt>,
) -> Result<(), Halt> {
    let damaged = |error: ArrowError| damaged(&error);
    let batches = StreamReader::try_new(BufReader::new(reader), None).map_err(damaged)?;
    wanted(&batches.schema(), task)?;
    all(batches, each)
}

fn damaged(error: &dyn std::error::Error) -> Stop {
    Stop::new(RejectReason::BadRecord, format!("the table is damaged: {error}"))
}

/// Refuses a table with more rows than are read, before any is.
fn within(task: &Task, rows: u64) -> Result<(), Stop> {
    let most = task.max_records;
    if rows <= u64::from(most) {
        return Ok(());
    }
    let detail = format!("a table of {rows} rows, at most {most} are read");
    Err(Stop::over("max_records", RejectReason::TooManyRecords, detail))
}

/// The places of the columns with a name that somebody looks for.
fn wanted(schema: &Arc<Schema>, task: &Task) -> Result<Vec<usize>, Stop> {
    let names = schema.fields().iter().map(|field| field.name());
    let looked_for = |name: &String| task.names.iter().any(|wanted| same(wanted, name));
    let columns: Vec<usize> = { names.clone() }
        .enumerate()
        .filter(|(_, name)| looked_for(name))
        .map(|(i, _)| i)
        .collect();
    if columns.is_empty() {
        let names: Vec<&str> = names.take(12).map(String::as_str).collect();
        let detail = format!("no column of texts or titles among {}", names.join(", "));
        return Err(Stop::new(RejectReason::UnknownFormat, detail));
    }
    Ok(columns)
}

fn all(
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    each: &mut dyn FnMut(Reply) -> Result<(), Halt>,
) -> Result<(), Halt> {
    for batch in batches {
        let batch = batch.map_err(|error| damaged(&error))?;
        let schema = batch.schema();
        for at in 0..batch.num_rows() {
            let mut row = Row::new();
            for (field, column) in schema.fields().iter().zip(batch.columns()) {
                row.push((field.name().clone(), words(column, at)?));
            }
            each(Reply::Row(row))?;
        }
    }
    Ok(())
}

/// What a cell prints; the members of a list are paragraphs.
fn words(column: &dyn Array, at: usize) -> Result<String, Stop> {
    if column.is_null(at) {
        return Ok(String::new());
    }
    Ok(match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(at).to_owned(),
        DataType::LargeUtf8 => column.as_string::<i64>().value(at).to_owned(),
        DataType::Utf8View => column.as_string_view().value(at).to_owned(),
        DataType::Binary => {
            String::from_utf8_lossy(column.as_binary::<i32>().value(at)).into_owned()
        }
        DataType::LargeBinary => {
            String::from_utf8_lossy(column.as_binary::<i64>().value(at)).into_owned()
        }
        DataType::List(_) => paragraphs(&column.as_list::<i32>().value(at))?,
        DataType::LargeList(_) => paragraphs(&column.as_list::<i64>().value(at))?,
        _ => {
            let options = FormatOptions::default();
            let shown =
                ArrayFormatter::try_new(column, &options).map_err(|error| damaged(&error))?;
            shown.value(at).try_to_string().map_err(|error| damaged(&error))?
        }
    })
}

fn paragraphs(members: &dyn Array) -> Result<String, Stop> {
    let all: Result<Vec<String>, Stop> = (0..members.len()).map(|at| words(members, at)).collect();
    Ok(all?.join("\n"))
}
