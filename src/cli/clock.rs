//! The only place that reads the local clock.

use chrono::{DateTime, Utc};

/// Now.
#[expect(clippy::disallowed_methods, reason = "the one place")]
pub(super) fn now() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}
