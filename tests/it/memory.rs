//! The memory limit is a limit of the process.

use std::process::Stdio;

use trailquet::sample::{Spec, write};

use crate::support::run::trailquet;

/// `VmHWM` of a process in KiB: the most that was resident at once. None once it has ended.
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The peak of an export, in MiB. The kernel keeps the maximum, so looking often enough is enough.
fn export_peak(spec: &Spec, more: &[&str]) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let (trail, target) = (folder.path().join("trail"), folder.path().join("tables"));
    write(spec, &trail).unwrap();
    let mut command = trailquet(&["export", "--quiet", "--source"]);
    command.arg(&trail).arg("--target").arg(&target).args(more).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut kib = 0;
    loop {
        kib = kib.max(peak(child.id()).unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return kib >> 10;
        }
        std::thread::yield_now();
    }
}

/// Two days of one account and region hold everything: the parts are as large as parts get.
fn dense(scale: f64) -> Spec {
    let one = |names: &[String]| names[..1].to_vec();
    let spec = Spec::dense(scale);
    Spec { days: 2, accounts: one(&spec.accounts), regions: one(&spec.regions), ..spec }
}

#[test]
fn peak_memory_does_not_grow_with_the_trail() {
    let half = export_peak(&dense(0.65), &[]);
    let whole = export_peak(&dense(1.3), &[]);
    assert!(whole < 640, "{whole} MiB on 2 GB of JSON at the default limit ({half} on half of it)");
}

#[test]
fn a_small_limit_makes_a_small_process() {
    let peak = export_peak(&dense(0.1), &["--memory-limit", "64MiB", "--requests-in-flight", "16"]);
    assert!(peak < 192, "{peak} MiB with a limit of 64 MiB");
}
