//! Training runs: what is logged, under which name, and how the curves go.
//!
//! Owns the names and the curves. Takes a spec, a lane and the number of a call in it; gives the
//! run that the call belongs to and its points. Every part of a trail can be told without the
//! others, which is what lets objects be written in any order. Does not know JSON.

use std::f64::consts::PI;

use fastrand::Rng;

use super::scene::rng;
use super::spec::Spec;

/// Points of one call: the SDK sends as soon as it has ten, and the remainder at the end.
pub(super) const BATCH: u32 = 10;

const EXPERIMENTS: [&str; 6] =
    ["churn-xgboost", "mnist-cnn", "bert-finetune", "demand-forecast", "fraud-gnn", "ranker"];

/// A metric: its name, whether its points have steps, and its value after this share of the run.
pub(super) type Metric = (&'static str, bool, fn(&Run, f64, &mut Rng) -> f64);

/// Every metric there is; a run has the first few.
pub(super) const METRICS: [Metric; 8] = [
    ("train:loss", true, |run, at, rng| run.loss(at) * (1.0 + 0.08 * noise(rng))),
    ("train:accuracy", true, |run, at, rng| (run.accuracy(at) + 0.01 * noise(rng)).min(1.0)),
    ("validation:loss", true, |run, at, rng| {
        run.loss(at) * 1.15 + 0.12 * at * at + 0.02 * noise(rng)
    }),
    ("validation:accuracy", true, |run, at, rng| run.accuracy(at) * 0.96 + 0.008 * noise(rng)),
    ("learning_rate", true, |run, at, _| run.rate * (1.0 + (PI * at).cos()) / 2.0),
    ("samples_per_second", false, |run, _, rng| 900.0 * run.rate.sqrt() * (10.0 + noise(rng))),
    ("gradient norm/L2", true, |run, at, rng| run.loss(at) * (2.0 + noise(rng))),
    ("gpu:memory_gib", false, |run, _, _| (run.rate * 1e5).floor() / 8.0),
];

/// One training run.
#[derive(Debug)]
pub(super) struct Run {
    /// Tells this run from every other of the trail.
    pub(super) seed: u64,
    /// The experiment, lower case.
    pub(super) experiment: &'static str,
    /// The part of the trial component's name after the experiment.
    pub(super) name: String,
    start: f64,
    floor: f64,
    speed: f64,
    rate: f64,
}

/// One point.
#[derive(Debug)]
pub(super) struct Point {
    pub(super) metric: &'static str,
    pub(super) step: u32,
    /// Whether the step is sent with it.
    pub(super) stepped: bool,
    pub(super) value: f64,
}

/// A call's place in its run.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) run: Run,
    /// Number of the call within the run.
    pub(super) number: u64,
    /// Whether the run ends with it.
    pub(super) last: bool,
}

impl Batch {
    /// Call number `call` of a lane: its parallel runs take turns, and the next ones start
    /// together when they are over.
    pub(super) fn of(spec: &Spec, lane: u64, call: u64) -> Self {
        let points = u64::from(spec.steps) * u64::from(spec.metrics);
        let calls = points.div_ceil(BATCH.into());
        let parallel = u64::from(spec.parallel_runs);
        let generation = call / (parallel * calls);
        let number = call / parallel % calls;
        let run = Run::new(spec.seed, lane, generation * parallel + call % parallel);
        Self { run, number, last: number + 1 == calls }
    }

    /// The trial component's name, as the SDK makes it.
    pub(super) fn trial_component(&self) -> String {
        format!("{}-{}", self.run.experiment, self.run.name)
    }

    /// The points: all metrics of a step, then the next step.
    pub(super) fn points(&self, spec: &Spec) -> Vec<Point> {
        let (metrics, steps) = (u64::from(spec.metrics), u64::from(spec.steps));
        let first = self.number * u64::from(BATCH);
        let count = (metrics * steps - first).min(BATCH.into());
        let point = |point: u64| {
            let (metric, stepped, curve) = METRICS[(point % metrics) as usize];
            let step = (point / metrics) as u32;
            let mut rng = rng(&[self.run.seed, point]);
            let value = curve(&self.run, f64::from(step) / f64::from(spec.steps), &mut rng);
            Point { metric, step, stepped, value }
        };
        (first..first + count).map(point).collect()
    }
}

impl Run {
    fn new(seed: u64, lane: u64, number: u64) -> Self {
        let mut rng = rng(&[seed, lane, number]);
        Self {
            seed: rng.u64(..),
            experiment: EXPERIMENTS[rng.usize(..EXPERIMENTS.len())],
            name: format!("run-{number:04}-{:04x}", rng.u16(..)),
            start: 0.8 + 1.6 * rng.f64(),
            floor: 0.03 + 0.25 * rng.f64(),
            speed: 3.0 + 5.0 * rng.f64(),
            rate: 10f64.powf(-4.0 + 2.0 * rng.f64()),
        }
    }

    fn loss(&self, at: f64) -> f64 {
        self.floor + self.start * (-self.speed * at).exp()
    }

    fn accuracy(&self, at: f64) -> f64 {
        0.98 - self.floor * 0.4 - 0.8 * (-self.speed * at).exp()
    }
}

/// Between -1 and 1.
fn noise(rng: &mut Rng) -> f64 {
    2.0 * rng.f64() - 1.0
}
