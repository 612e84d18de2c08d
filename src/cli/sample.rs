//! `trailquet sample`.

use indicatif::{HumanBytes, HumanCount};

use crate::sample::{Layout, Spec, write};

use super::args::{SampleArgs, SampleLayout, Shape};
use super::clock::now;
use super::error::Failure;
use super::open::day;
use super::{Exit, report};

pub(super) fn run(args: &SampleArgs) -> Result<Exit, Failure> {
    let spec = spec(args)?;
    let written = write(&spec, &args.out).map_err(|error| {
        Failure::new(format!("cannot write a sample to {}: {error}", args.out.display()))
    })?;
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
