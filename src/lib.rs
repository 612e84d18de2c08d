//! CloudTrail logs in, an Athena table of SageMaker Experiments metrics out.

pub mod sample;
pub mod store;
pub mod table;
pub mod trail;
