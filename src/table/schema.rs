//! The tables' columns, read from `schemas/*.toml`: the only list there is. The Arrow schema, the
//! column docs, and later every DDL and catalog entry derive from it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use serde::Deserialize;

/// A table: its columns in order, and the order of its rows.
#[derive(Debug, Clone, Deserialize)]
pub struct Table {
    /// Name of the table and of its folder.
    pub name: String,
    /// Version of the rules that make its rows; rises when columns or meaning change.
    pub extraction: i32,
    /// One sentence.
    pub meaning: String,
    /// The columns that rows are sorted by; together they tell any two rows of a partition apart.
    pub sort: Vec<String>,
    /// The columns in order.
    #[serde(rename = "column")]
    pub columns: Vec<Column>,
}

/// One column.
#[derive(Debug, Clone, Deserialize)]
pub struct Column {
    /// Lower snake case.
    pub name: String,
    /// Type.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// May be NULL.
    #[serde(default)]
    pub nullable: bool,
    /// What it says, with its unit.
    pub meaning: String,
    /// Where it comes from.
    pub source: String,
}

/// A column's type, by its name in Hive DDL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// UTF-8 text.
    String,
    /// 64 bits, signed.
    Bigint,
    /// 32 bits, signed.
    Int,
    /// IEEE 754, 64 bits.
    Double,
    /// True or false.
    Boolean,
    /// UTC, milliseconds: more would make Athena fail, less would lose data.
    Timestamp,
}

impl Kind {
    /// The array type of a column: always the same one, since a file's bytes depend on it.
    pub fn arrow(self) -> DataType {
        match self {
            Self::String => DataType::Utf8,
            Self::Bigint => DataType::Int64,
            Self::Int => DataType::Int32,
            Self::Double => DataType::Float64,
            Self::Boolean => DataType::Boolean,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        }
    }

    /// Its name in Hive DDL.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Bigint => "bigint",
            Self::Int => "int",
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::Timestamp => "timestamp",
        }
    }
}

impl Table {
    fn read(text: &str) -> Self {
        toml::from_str(text).expect("schemas/*.toml is read by a test")
    }

    /// The columns as Arrow sees them.
    pub fn arrow(&self) -> SchemaRef {
        let field =
            |column: &Column| Field::new(&column.name, column.kind.arrow(), column.nullable);
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    /// Position of a column.
    ///
    /// # Panics
    /// There is no such column.
    pub fn index(&self, name: &str) -> usize {
        let found = self.columns.iter().position(|column| column.name == name);
        found.unwrap_or_else(|| panic!("no column {name} in {}", self.name))
    }

    /// The columns as a Markdown table, for the documentation.
    pub fn markdown(&self) -> String {
        let mut text = String::from("| column | type | meaning |\n|---|---|---|\n");
        for Column { name, kind, nullable, meaning, .. } in &self.columns {
            let optional = if *nullable { "?" } else { "" };
            let _ = writeln!(text, "| `{name}` | {}{optional} | {meaning} |", kind.name());
        }
        text
    }
}

/// The metrics table.
pub static METRICS: LazyLock<Table> =
    LazyLock::new(|| Table::read(include_str!("../../schemas/metrics.toml")));

/// The rejects table.
pub static REJECTS: LazyLock<Table> =
    LazyLock::new(|| Table::read(include_str!("../../schemas/rejects.toml")));

/// Every table, in the order of the documentation.
pub fn tables() -> [&'static Table; 2] {
    [&METRICS, &REJECTS]
}

/// Versions of the tables, by name.
pub type Extractions = BTreeMap<String, i32>;

/// The versions that this tool writes.
pub fn extractions() -> Extractions {
    tables().iter().map(|table| (table.name.clone(), table.extraction)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_reads_and_sorts_by_its_own_columns() {
        for table in tables() {
            assert!(table.extraction >= 1);
            assert!(table.sort.iter().all(|name| table.index(name) < table.columns.len()));
            let lower = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            assert!(table.columns.iter().all(|column| lower(&column.name)));
        }
        assert_eq!(METRICS.columns.len(), 25);
    }
}
