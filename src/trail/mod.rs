//! What CloudTrail writes: names, folders, gzip members, JSON records.
//!
//! Everything here is pure: bytes and strings in, values out. It knows neither stores nor tables,
//! the clock nor the environment.

pub mod key;
pub mod layout;
pub mod window;
pub mod decode;
pub mod json;
pub mod number;
pub mod time;
pub mod scan;
pub mod record;
