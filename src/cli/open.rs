//! Texts of the command line to values: locations, days, sizes.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::store::Store;
use crate::store::local::Local;
use crate::store::object::Objects;
use crate::store::s3::{self, S3};

use super::args::S3Args;
use super::error::Failure;

const LOCATION_HINT: &str = "use s3://bucket/prefix, file:///path, or a path";

/// Which end of the export a location is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Source,
    Target,
}

/// Opens a location. S3 is not spoken to yet.
pub(super) async fn open(uri: &str, end: End, s3: &S3Args) -> Result<Arc<dyn Store>, Failure> {
    let (scheme, rest) = uri.split_once("://").unwrap_or(("", uri));
    match (scheme, end) {
        ("s3", _) => Ok(Arc::new(S3::connect(s3_options(uri, rest, end, s3)?).await?)),
        ("gs" | "az", End::Source) => Ok(Arc::new(Objects::cloud(uri)?)),
        ("gs" | "az", End::Target) => Err(Failure::usage(
            format!("cannot write to {uri}: {scheme}:// can only be a source"),
            LOCATION_HINT,
        )),
        ("file" | "", _) if rest.is_empty() => {
            Err(Failure::usage(format!("cannot use {uri:?}: it names no folder"), LOCATION_HINT))
        }
        ("file", _) if !rest.starts_with('/') => Err(Failure::usage(
            format!("cannot use {uri}: a file URI has three slashes"),
            LOCATION_HINT,
        )),
        ("file" | "", End::Source) => Ok(Arc::new(Local::source(Path::new(rest))?)),
        ("file" | "", End::Target) => Ok(Arc::new(Local::target(Path::new(rest))?)),
        _ => Err(Failure::usage(
            format!("cannot use {uri}: unknown scheme {scheme}://"),
            LOCATION_HINT,
        )),
    }
}

fn s3_options(uri: &str, rest: &str, end: End, args: &S3Args) -> Result<s3::Options, Failure> {
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(Failure::usage(format!("cannot use {uri}: it names no bucket"), LOCATION_HINT));
    }
    let is_source = end == End::Source;
    let of_end = |source: &Option<String>, target: &Option<String>| {
        if is_source { source.clone() } else { target.clone() }
    };
    Ok(s3::Options {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
        endpoint_url: args.endpoint_url.clone(),
        path_style: args.path_style,
        region: of_end(&args.source_region, &args.target_region),
        profile: args.profile.clone(),
        role_arn: of_end(&args.source_role_arn, &args.target_role_arn),
        requester_pays: args.requester_pays && is_source,
        sse_kms_key_id: args.sse_kms_key_id.clone().filter(|_| !is_source),
    })
}

/// `YYYY-MM-DD`, or `7d`: so many days before `now`.
pub(super) fn day(flag: &str, text: &str, now: DateTime<Utc>) -> Result<NaiveDate, Failure> {
    let ago = text.strip_suffix('d').and_then(|days| days.parse().ok());
    let ago = ago.and_then(|days| now.date_naive().checked_sub_days(Days::new(days)));
    let written = || text.parse().ok().filter(|day: &NaiveDate| day.to_string() == text);
    ago.or_else(written).ok_or_else(|| {
        let message = format!("cannot use {flag} {text:?}: it is not a day");
        Failure::usage(message, "use YYYY-MM-DD, or 7d for seven days ago")
    })
}

/// Bytes: a number, or one with KiB, MiB, GiB, KB, MB or GB behind it.
pub(super) fn bytes(flag: &str, text: &str) -> Result<usize, Failure> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "k" | "kib" => Some(1 << 10),
        "m" | "mib" => Some(1 << 20),
        "g" | "gib" => Some(1 << 30),
        "kb" => Some(1000),
        "mb" => Some(1_000_000),
        "gb" => Some(1_000_000_000),
        _ => None,
    };
    let bytes = unit.and_then(|unit: usize| number.parse::<usize>().ok()?.checked_mul(unit));
    bytes.ok_or_else(|| {
        Failure::usage(
            format!("cannot use {flag} {text:?}: it is not a size"),
            "use 512MiB or 2GiB",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        let now = "2024-03-01T00:30:00Z".parse().unwrap();
        let day = |text| day("--from", text, now).map(|day| day.to_string()).ok();
        assert_eq!(day("2024-02-29").as_deref(), Some("2024-02-29"));
        assert_eq!(day("1d").as_deref(), Some("2024-02-29"));
        assert_eq!(day("0d").as_deref(), Some("2024-03-01"));
        for text in
            ["", "d", "-1d", "2024-02-30", "2024-2-1", "20240201", "yesterday", "99999999999d"]
        {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn sizes() {
        let bytes = |text| bytes("--memory-limit", text).ok();
        assert_eq!(bytes("512MiB"), Some(512 << 20));
        assert_eq!(bytes("1 GB"), Some(1_000_000_000));
        assert_eq!(bytes("4096"), Some(4096));
        for text in ["", "MiB", "1.5GiB", "-1", "1TiB", "99999999999999999999"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
