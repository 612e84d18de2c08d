//! CloudTrail logs in, an Athena table of SageMaker Experiments metrics out.

pub mod trail;
pub mod store;
