//! CloudTrail logs in, an Athena table of SageMaker Experiments metrics out.

pub mod store;
pub mod table;
pub mod trail;
