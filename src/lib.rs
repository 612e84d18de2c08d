//! CloudTrail logs in, an Athena table of SageMaker Experiments metrics out.

pub mod pipeline;
pub mod extract;
pub mod summary;
pub mod budget;
pub mod store;
pub mod source;
pub mod commit;
pub mod ledger;
pub mod target;
pub mod table;
pub mod trail;
