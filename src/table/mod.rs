//! What Athena reads: the tables, their partitions, the versions of events, the merge, the files.
//!
//! Everything here is pure and synchronous: rows and old files in, new files out. It knows neither
//! stores nor the network, the clock nor the environment.

pub mod batch;
mod contest;
pub mod merge;
pub mod metrics;
pub mod parquet;
pub mod partition;
pub mod rejects;
pub mod schema;
pub mod version;
