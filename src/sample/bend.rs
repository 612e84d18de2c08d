//! How a call is made odd.
//!
//! Owns [`Change`] and its application. Takes a spec, a place, the number of a call and an
//! oddity; gives the records to write, each with what is wanted of it. Does not know which
//! oddities there are, nor how single ones are made.

use fastrand::Rng;

use super::call::call;
use super::json::Json;
use super::oddity::{Oddity, Wanted};
use super::place::Place;
use super::scene::rng;
use super::spec::Spec;

/// A level of a call.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    /// The record.
    Record,
    /// Its `requestParameters`.
    Params,
    /// One of its points.
    Point,
}

/// Which event a record beside a call tells of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose {
    /// The call's own.
    Own,
    /// One of an object delivered before.
    Earlier,
    /// One of an object delivered after.
    Later,
}

/// What makes a record odd. Keys are as they are in the text, values are JSON or what goes for it.
pub(super) enum Change {
    /// A member has this value.
    Set(At, &'static str, &'static str),
    /// A member is missing.
    Drop(At, &'static str),
    /// A member's key is written like this.
    Key(At, &'static str, &'static str),
    /// Before a member there is another one with the same key.
    Before(At, &'static str, &'static str),
    /// After it.
    After(At, &'static str, &'static str),
    /// A point is this.
    Whole(&'static str),
    /// The call is what this makes of it.
    Call(fn(&mut Json, &mut Stage<'_>)),
    /// The call is written with white space.
    Spaced,
    /// Beside the call there is this.
    Element(&'static str),
    /// Beside the call there are these, made from the event on the stage.
    Beside(Whose, fn(&mut Stage<'_>) -> Vec<Json>),
}

/// Where a change happens.
pub(super) struct Stage<'a> {
    pub(super) spec: &'a Spec,
    pub(super) place: &'a Place<'a>,
    pub(super) rng: Rng,
    /// The event that records beside a call tell of.
    pub(super) event: Json,
}

/// One record to write.
pub(super) struct Told {
    pub(super) json: Json,
    pub(super) wanted: Wanted,
    /// Whether it is written with white space.
    pub(super) spaced: bool,
}

impl Told {
    fn new(json: Json, wanted: Wanted) -> Self {
        Self { json, wanted, spaced: false }
    }
}

/// Call number `number` of an object, as the oddity makes it, and what there is beside it.
pub(super) fn tell(
    spec: &Spec,
    place: &Place<'_>,
    number: u32,
    oddity: Option<Oddity>,
) -> Vec<Told> {
    let mut told = vec![Told::new(call(spec, place, number), Wanted::Row)];
    let Some(oddity) = oddity else { return told };
    let rng = rng(&[spec.seed, place.index, number.into(), 0x0DD]);
    let other = match oddity.change() {
        Change::Beside(Whose::Earlier, _) => place.neighbour(spec, -1),
        Change::Beside(Whose::Later, _) => place.neighbour(spec, 1),
        _ => None,
    };
    let event =
        other.map_or_else(|| told[0].json.clone(), |other| call(spec, &other, spec.calls - 1));
    let mut stage = Stage { spec, place, rng, event };
    let wanted = oddity.wanted();
    match oddity.change() {
        Change::Element(text) => told.push(Told::new(Json::from(*text), wanted)),
        Change::Beside(_, make) => {
            told.extend(make(&mut stage).into_iter().map(|json| Told::new(json, wanted)));
            // A reader must not depend on which comes first.
            stage.rng.shuffle(&mut told);
        }
        change => {
            bend(&mut told[0].json, change, &mut stage);
            told[0].wanted = wanted;
            told[0].spaced = matches!(change, Change::Spaced);
        }
    }
    told
}

fn bend(call: &mut Json, change: &Change, stage: &mut Stage<'_>) {
    match *change {
        Change::Set(at, key, value) => level(call, at, stage).set(key, value),
        Change::Drop(at, key) => level(call, at, stage).remove(key),
        Change::Key(at, key, written) => {
            let members = level(call, at, stage).members();
            members
                .iter_mut()
                .filter(|(name, _)| *name == key)
                .for_each(|(name, _)| *name = written);
        }
        Change::Before(at, key, value) => {
            level(call, at, stage).members().insert(0, (key, value.into()));
        }
        Change::After(at, key, value) => level(call, at, stage).members().push((key, value.into())),
        Change::Whole(value) => *level(call, At::Point, stage) = value.into(),
        Change::Call(edit) => edit(call, stage),
        Change::Spaced | Change::Element(_) | Change::Beside(..) => {}
    }
}

/// The object of that level; one of the points at random.
fn level<'a>(call: &'a mut Json, at: At, stage: &mut Stage<'_>) -> &'a mut Json {
    match at {
        At::Record => call,
        At::Params => call.get("requestParameters").expect("every call has parameters"),
        At::Point => {
            let points = points(call);
            let index = stage.rng.usize(..points.len());
            &mut points[index]
        }
    }
}

/// The points of a sound call.
pub(super) fn points(call: &mut Json) -> &mut Vec<Json> {
    let data = call.get("requestParameters").and_then(|parameters| parameters.get("metricData"));
    match data {
        Some(Json::Array(points)) => points,
        _ => unreachable!("every call has points before it is changed"),
    }
}
