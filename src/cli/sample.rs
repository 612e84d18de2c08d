//! `trailquet sample`.

use std::io::ErrorKind;
use std::path::Path;

use indicatif::{HumanBytes, HumanCount};

use crate::sample::{Layout, Spec, write};
use crate::store;

use super::args::{SampleArgs, SampleLayout, Shape};
use super::clock::now;
use super::error::Failure;
use super::open::day;
use super::{Exit, report};

pub(super) fn run(args: &SampleArgs) -> Result<Exit, Failure> {
    let spec = spec(args)?;
    let written = write(&spec, &args.out).map_err(|error| refused("--out", &args.out, error))?;
    let source = args.out.join(spec.layout.source());
    report::say(format_args!(
        "wrote {} log objects ({}, {} of JSON) with {} calls, {} points",
        HumanCount(written.objects),
        HumanBytes(written.compressed_bytes),
        HumanBytes(written.decompressed_bytes),
        HumanCount(written.calls),
        HumanCount(written.points),
    ));
    report::print(source.display());
    Ok(Exit::Done)
}

/// Why a sample was not written to the folder that `flag` names.
pub(super) fn refused(flag: &str, out: &Path, error: std::io::Error) -> Failure {
    if error.kind() == ErrorKind::InvalidInput {
        return Failure::usage(
            format!("cannot make such a sample: {error}"),
            "--help says what the numbers mean",
        );
    }
    let told = store::Error::io("write", out.to_string_lossy(), error).told;
    Failure {
        hint: Some(format!("check the path after {flag}, and who may write there")),
        ..Failure::new(format!("cannot write a sample to {}: {told}", out.display()))
    }
}

fn spec(args: &SampleArgs) -> Result<Spec, Failure> {
    if !(args.scale > 0.0 && args.scale <= 1e6) {
        let message = format!("cannot use --scale {}: it must be above 0", args.scale);
        return Err(Failure::usage(message, "1 is the shape's own size"));
    }
    let shape = match args.shape {
        Shape::Demo => Spec::demo(),
        Shape::Dense => Spec::dense(args.scale),
        Shape::Sparse => Spec::sparse(args.scale),
        Shape::Rare => Spec::rare(args.scale),
        Shape::Tiny => Spec::tiny(args.scale),
        Shape::Odd => Spec::odd(),
    };
    let layout = match args.layout {
        SampleLayout::Plain => Layout::Plain,
        SampleLayout::Organization => Layout::Organization,
        SampleLayout::ControlTower => Layout::ControlTower,
        SampleLayout::Flat => Layout::Flat,
    };
    let first_day = match &args.first_day {
        Some(text) => day("--first-day", text, now())?,
        None => shape.first_day,
    };
    Ok(Spec {
        seed: args.seed,
        layout,
        first_day,
        days: args.days.unwrap_or(shape.days),
        objects: args.objects.unwrap_or(shape.objects),
        oddities: args.oddities || shape.oddities,
        ..shape
    })
}
