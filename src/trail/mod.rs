//! What CloudTrail writes: names, folders, gzip members, JSON records.
//!
//! Everything here is pure: bytes and strings in, values out. It knows neither stores nor tables,
//! the clock nor the environment.

pub mod decode;
pub mod json;
pub mod key;
pub mod layout;
pub mod number;
pub mod record;
pub mod scan;
pub mod time;
pub mod window;
