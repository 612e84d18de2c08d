//! A synthetic CloudTrail trail on the local disk: what `trailquet sample` writes, and what the
//! demo, the tests and the benches read.
//!
//! [`write()`] takes a [`Spec`] and a folder, and gives the trail and [`Written`]: what a reader
//! that keeps to the rules has to find in it. The same spec gives the same bytes on one platform,
//! however many threads write them; memory is bounded by one object a thread. With
//! [`Spec::oddities`] every [`Oddity`] and every [`Flaw`] is sprinkled in. Nothing here knows how
//! trailquet reads: this module depends on no other, so that the two agree only by being right.

mod bend;
mod call;
mod damage;
mod edits;
mod flaw;
mod json;
mod lineage;
mod object;
mod oddity;
mod other;
mod place;
mod run;
mod scene;
mod spec;
mod table;
#[cfg(test)]
mod tests;
mod trail;
mod written;

pub use flaw::{Flaw, Verdict};
pub use oddity::{Oddity, Wanted};
pub use spec::{Layout, Spec};
pub use trail::write;
pub use written::Written;
