//! The integration tests: one binary, a module for each subject.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod cli;
mod cli_errors;
mod docs;
mod failed;
mod interrupted;
mod law_two;
mod laws;
mod memory;
mod resume;
mod round_trip;
mod s3_export;
mod store;
mod support;
mod tidy;
