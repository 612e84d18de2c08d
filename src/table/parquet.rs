//! The files: how they are written, and how the one that is there is read.
//!
//! A file's bytes depend on its rows alone. They would also depend on where batches are cut, so
//! [`Writer`] insists on batches of exactly [`BATCH_ROWS`], and cuts row groups by what it has
//! encoded so far, never by how rows arrived.

use std::io::Write;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, new_null_array};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::reader::{ChunkReader, Length};

use super::schema::Table;

/// Rows of every batch that is written but the last.
pub const BATCH_ROWS: usize = 4096;

/// Rows of a row group: a multiple of [`BATCH_ROWS`].
const ROW_GROUP_ROWS: usize = 256 * BATCH_ROWS;

/// Encoded bytes after which a row group ends early: bounds the writer's memory.
const ROW_GROUP_BYTES: usize = 32 << 20;

/// Rows that are read at a time: texts of 16 KiB in every row still fit.
const READ_ROWS: usize = 1024;

/// Why rows cannot be read from or written to a file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not Parquet, damaged, or the sink failed.
    #[error("{0}")]
    Parquet(#[from] ParquetError),
    /// Arrow refused.
    #[error("{0}")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// A column that this version does not know: a newer tool wrote it.
    #[error("it has a column `{0}` that this version does not know")]
    UnknownColumn(String),
    /// A column without which there is no table.
    #[error("it has no column `{0}` of the expected type")]
    MissingColumn(String),
    /// Rows of newer rules.
    #[error("it has rows of extraction {0}, newer than this version writes")]
    NewerExtraction(i32),
}

/// Every property of the files, each with its reason; nothing is left to a library's default.
fn properties(table: &Table) -> WriterProperties {
    let ascending = |name: &String| SortingColumn {
        column_idx: table.index(name) as i32,
        descending: false,
        nulls_first: true,
    };
    WriterProperties::builder()
        // Redshift Spectrum reads Parquet v1 only, and every other reader does too.
        .set_writer_version(WriterVersion::PARQUET_1_0)
        // A file's bytes must not change with a release of a library.
        .set_created_by(format!("trailquet {} extraction {}", table.name, table.extraction))
        // Athena reads zstd; level 3 is where size stops falling faster than time rises.
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).expect("a level of zstd")))
        // The page index lets Trino, Spark and DuckDB skip pages inside a row group.
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_statistics_truncate_length(Some(64))
        .set_column_index_truncate_length(Some(64))
        .set_dictionary_enabled(true)
        .set_dictionary_page_size_limit(1 << 20)
        .set_data_page_size_limit(1 << 20)
        .set_data_page_row_count_limit(20_000)
        .set_write_batch_size(1024)
        .set_max_row_group_row_count(None)
        .set_max_row_group_bytes(None)
        .set_sorting_columns(Some(table.sort.iter().map(ascending).collect()))
        .build()
}

/// Writes one file.
#[derive(Debug)]
pub struct Writer<W: Write + Send> {
    inner: ArrowWriter<W>,
}

impl<W: Write + Send> Writer<W> {
    /// An empty file of `table`.
    ///
    /// # Errors
    /// The sink failed.
    pub fn new(table: &Table, sink: W) -> Result<Self, Error> {
        // The Arrow schema in the footer would tell readers nothing that Parquet's own does not.
        let options = ArrowWriterOptions::new()
            .with_properties(properties(table))
            .with_skip_arrow_metadata(true);
        Ok(Self { inner: ArrowWriter::try_new_with_options(sink, table.arrow(), options)? })
    }

    /// Adds a batch: [`BATCH_ROWS`] rows, fewer only in the last one.
    ///
    /// # Errors
    /// The sink failed.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.inner.write(batch)?;
        let is_full = self.inner.in_progress_rows() >= ROW_GROUP_ROWS
            || self.inner.in_progress_size() >= ROW_GROUP_BYTES;
        if is_full {
            self.inner.flush()?;
        }
        Ok(())
    }

    /// Writes the footer and gives the sink back.
    ///
    /// # Errors
    /// The sink failed.
    pub fn close(self) -> Result<W, Error> {
        Ok(self.inner.into_inner()?)
    }
}

/// The bytes of the file that is there, in memory or on disk; read several times over.
#[derive(Debug)]
pub enum Source {
    /// In memory.
    Bytes(Bytes),
    /// An open file that does not change.
    File(std::fs::File),
}

impl Source {
    fn share(&self) -> Result<Self, Error> {
        Ok(match self {
            Self::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Self::File(file) => Self::File(file.try_clone().map_err(ParquetError::from)?),
        })
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(file) => Length::len(file),
        }
    }
}

impl ChunkReader for Source {
    type T = Box<dyn std::io::Read>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(match self {
            Self::Bytes(bytes) => Box::new(bytes.get_read(start)?),
            Self::File(file) => Box::new(file.get_read(start)?),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        match self {
            Self::Bytes(bytes) => bytes.get_bytes(start, length),
            Self::File(file) => file.get_bytes(start, length),
        }
    }
}

/// Batches of a file.
pub type Batches<'a> = Box<dyn Iterator<Item = Result<RecordBatch, Error>> + 'a>;

/// The file that is there, checked against its table.
#[derive(Debug)]
pub struct Existing {
    table: &'static Table,
    source: Source,
}

impl Existing {
    /// A file of `table`.
    ///
    /// # Errors
    /// Not Parquet, or not of this table as this version knows it.
    pub fn open(table: &'static Table, source: Source) -> Result<Self, Error> {
        let existing = Self { table, source };
        let reader = existing.reader()?;
        let schema = reader.schema();
        for field in schema.fields() {
            if !table.columns.iter().any(|column| column.name == *field.name()) {
                return Err(Error::UnknownColumn(field.name().clone()));
            }
        }
        for column in &table.columns {
            let is_right = match schema.field_with_name(&column.name) {
                Ok(field) => *field.data_type() == column.kind.arrow(),
                Err(_) => column.nullable,
            };
            if !is_right {
                return Err(Error::MissingColumn(column.name.clone()));
            }
        }
        Ok(existing)
    }

    fn reader(&self) -> Result<ParquetRecordBatchReaderBuilder<Source>, Error> {
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        Ok(ParquetRecordBatchReaderBuilder::try_new_with_options(self.source.share()?, options)?)
    }

    /// All columns of all rows, in order; columns that the file does not have yet are NULL.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn rows(&self) -> Result<Batches<'_>, Error> {
        let batches = self.reader()?.with_batch_size(READ_ROWS).build()?;
        Ok(Box::new(batches.map(|batch| self.conform(&batch?))))
    }

    /// Some columns of all rows, in order.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn columns(&self, names: &[&str]) -> Result<Batches<'_>, Error> {
        let reader = self.reader()?;
        let mask = ProjectionMask::columns(reader.parquet_schema(), names.iter().copied());
        let batches = reader.with_projection(mask).with_batch_size(READ_ROWS).build()?;
        Ok(Box::new(batches.map(|batch| Ok(batch?))))
    }

    fn conform(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let column = |column: &super::schema::Column| -> ArrayRef {
            let found = batch.column_by_name(&column.name).map(Arc::clone);
            found.unwrap_or_else(|| new_null_array(&column.kind.arrow(), batch.num_rows()))
        };
        let columns = self.table.columns.iter().map(column).collect();
        Ok(RecordBatch::try_new(self.table.arrow(), columns)?)
    }
}
