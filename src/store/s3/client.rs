//! How the SDK's client is set up: where credentials and the region come from, how long anything
//! may take, and how often it is tried. Takes options, gives the SDK's configuration; sends nothing
//! to S3.

use std::time::Duration;

use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    Builder, RequestChecksumCalculation, ResponseChecksumValidation, SharedCredentialsProvider,
    StalledStreamProtectionConfig,
};
use aws_types::service_config::ServiceConfigKey;

use super::Options;

/// To open a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// From a read's request to the first byte of its answer.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// One attempt of a read, up to the answer's header.
const READ_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);
/// A body that does not move for this long has broken off.
const STALL_TIMEOUT: Duration = Duration::from_secs(20);
/// A put of nothing; each byte adds to it.
const PUT_TIMEOUT: Duration = Duration::from_secs(60);
/// The slowest line on which an upload is still waited for. (What stalls is noticed earlier.)
const PUT_BYTES_PER_SECOND_MIN: u64 = 256 * 1024;
/// Attempts of one read, the first included.
const READ_ATTEMPTS_MAX: u32 = 6;
/// Before a read's second attempt, at most; twice as long before each further one.
const READ_BACKOFF: Duration = Duration::from_millis(200);
/// Before any attempt of a read.
const READ_BACKOFF_MAX: Duration = Duration::from_secs(10);
/// Names us in CloudTrail where a role is assumed.
const SESSION: &str = "trailquet";
/// Where a custom endpoint is given and no region, since such stores mostly ignore it.
const DEFAULT_REGION: &str = "us-east-1";

/// What the environment, the shared files and the options say, by the SDK's own chain.
pub(super) async fn configuration(options: &Options) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12());
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &options.region {
        loader = loader.region(Region::new(region.clone()));
    } else if options.endpoint_url.is_some() {
        // The machine's metadata service is not asked: it takes seconds where there is none.
        let mut profile = ProfileFileRegionProvider::builder();
        if let Some(name) = &options.profile {
            profile = profile.profile_name(name);
        }
        let chain = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new());
        loader = loader.region(chain.or_else(profile.build()).or_else(Region::new(DEFAULT_REGION)));
    }
    let shared = loader.load().await;
    let Some(role) = &options.role_arn else { return shared };
    let role = AssumeRoleProvider::builder(role).session_name(SESSION);
    let provider = SharedCredentialsProvider::new(role.configure(&shared).build().await);
    shared.into_builder().credentials_provider(provider).build()
}

/// The option, else `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` and their like in the profile. The
/// SDK would find the latter by itself, but then nobody could say where the objects came from.
pub(super) fn endpoint(shared: &SdkConfig, options: &Options) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id("S3")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .expect("all three parts are given");
    let configured = || shared.service_config().and_then(|config| config.load_config(key));
    let given = options.endpoint_url.clone().or_else(configured);
    given.or_else(|| shared.endpoint_url().map(str::to_owned))
}

/// The configured region; at a custom endpoint any will do.
pub(super) fn region(shared: &SdkConfig, endpoint: Option<&str>) -> Option<Region> {
    shared.region().cloned().or_else(|| endpoint.map(|_| Region::new(DEFAULT_REGION)))
}

/// Limits and retries of reads.
pub(super) fn builder(shared: &SdkConfig) -> Builder {
    Builder::from(shared)
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(READ_ATTEMPTS_MAX)
                .with_initial_backoff(READ_BACKOFF)
                .with_max_backoff(READ_BACKOFF_MAX),
        )
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(READ_TIMEOUT)
                .operation_attempt_timeout(READ_ATTEMPT_TIMEOUT)
                .build(),
        )
        .stalled_stream_protection(
            StalledStreamProtectionConfig::enabled().grace_period(STALL_TIMEOUT).build(),
        )
        // Older services fail on the checksums that the SDK sends and expects by default.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
}

/// What a put has instead: no second attempt, and time in proportion to what is sent.
pub(super) fn one_attempt(payload_bytes: u64) -> Builder {
    let upload = Duration::from_secs(payload_bytes / PUT_BYTES_PER_SECOND_MIN);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        // It runs while the body is sent, so it would limit the size of what can be put.
        .disable_read_timeout()
        .operation_attempt_timeout(PUT_TIMEOUT + upload);
    Builder::new().retry_config(RetryConfig::disabled()).timeout_config(timeouts.build())
}
