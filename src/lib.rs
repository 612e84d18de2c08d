//! CloudTrail logs in, an Athena table of SageMaker Experiments metrics out.
//!
//! The map, in reading order, which is dependency order (each uses only what stands below it):
//!
//! - [`cli`]: arguments, exit codes, progress: the only part that prints.
//! - [`pipeline`]: the only file that knows every stage.
//! - [`source`], [`commit`], [`ledger`], [`target`]: the edge, on top of [`store`]: what there is to
//!   read, how rows become durable, what is consumed, whether the target can be trusted.
//! - [`extract`]: one log object's bytes to rows, joining the two pure halves:
//! - [`table`]: what Athena reads: schema, partitions, versions of events, merge, Parquet.
//! - [`trail`]: what CloudTrail writes: names, folders, gzip, JSON, records.
//! - [`budget`], [`summary`]: the bytes that may be held, and the numbers that must add up.
//! - [`sample`]: synthetic trails; knows none of the above.

pub mod cli;
pub mod pipeline;
pub mod source;
pub mod commit;
pub mod ledger;
pub mod target;
pub mod store;
pub mod extract;
pub mod table;
pub mod trail;
pub mod budget;
pub mod summary;
pub mod sample;
