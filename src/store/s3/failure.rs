//! Turns the SDK's errors into ours: a cause by what the caller can do about it, and a sentence in
//! the service's words with its code. Knows S3's codes and those that other services use in their
//! place; sends nothing.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::store::{Cause, Error, sentence};

/// The service's refusal, as far as it matters here.
#[derive(Debug, Clone, Copy, Default)]
struct Answer<'a> {
    status: u16,
    code: Option<&'a str>,
    message: Option<&'a str>,
    /// Where the bucket is, if the answer says so.
    region: Option<&'a str>,
}

/// The error of one operation (`list`, `get` or `put`) on the object `name`.
pub(super) fn failure<E>(
    operation: &'static str,
    name: String,
    error: &SdkError<E, HttpResponse>,
) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    // Without an answer a put may have been written all the same.
    let unanswered = if operation == "put" { Cause::Unknown } else { Cause::Network };
    let (cause, told) = match error {
        SdkError::ServiceError(refused) => {
            let answer = Answer {
                status: refused.raw().status().as_u16(),
                code: refused.err().code(),
                message: refused.err().message(),
                region: refused.raw().headers().get("x-amz-bucket-region"),
            };
            (cause(operation, answer), told(answer))
        }
        _ if is_about_credentials(error) => {
            (Cause::Credentials, format!("the credentials cannot be loaded: {}", innermost(error)))
        }
        SdkError::TimeoutError(_) => (unanswered, "no answer within the time limit".to_owned()),
        SdkError::DispatchFailure(_) => (unanswered, innermost(error)),
        SdkError::ResponseError(_) => {
            (unanswered, format!("the answer cannot be read: {}", innermost(error)))
        }
        _ => (Cause::Other, innermost(error)),
    };
    Error::new(cause, operation, name, told)
}

fn cause(operation: &str, answer: Answer<'_>) -> Cause {
    let is_put = operation == "put";
    match (answer.code.unwrap_or_default(), answer.status) {
        ("NoSuchBucket", _) => Cause::NoContainer,
        // A success that says nothing we know: cut off, or from something in between.
        ("", 200..=299) if is_put => Cause::Unknown,
        ("", 200..=299) => Cause::Network,
        ("NoSuchKey", _) | ("", 404) if is_put => Cause::Conflict,
        ("NoSuchKey", _) | ("", 404) if operation == "get" => Cause::NotFound,
        ("InvalidObjectState", _) => Cause::Archived,
        (
            "InvalidAccessKeyId"
            | "InvalidToken"
            | "SignatureDoesNotMatch"
            | "ExpiredToken"
            | "TokenRefreshRequired"
            | "InvalidSecurity"
            | "NotSignedUp"
            | "RequestTimeTooSkewed",
            _,
        )
        | (_, 401) => Cause::Credentials,
        ("SlowDown" | "RequestTimeout" | "Throttling" | "ThrottlingException", _) | (_, 429) => {
            Cause::Busy
        }
        // Bytes were changed on their way, and nothing was written.
        ("BadDigest" | "XAmzContentSHA256Mismatch", _) => Cause::Network,
        (_, 409 | 412) if is_put => Cause::Conflict,
        (_, 403) => Cause::Denied,
        (_, 501) => Cause::Other,
        (_, 500..) if is_put => Cause::Unknown,
        (_, 408 | 500..) => Cause::Busy,
        _ => Cause::Other,
    }
}

fn told(answer: Answer<'_>) -> String {
    let Answer { status, code, message, region } = answer;
    let is_elsewhere = matches!(status, 301 | 307 | 400);
    if let (true, Some(region)) = (is_elsewhere, region) {
        let code = code.unwrap_or("redirected");
        return format!("the bucket is in the region {region}: set AWS_REGION to it ({code})");
    }
    match (message.map(sentence).filter(|message| !message.is_empty()), code) {
        (Some(message), Some(code)) => format!("{message} ({code})"),
        (Some(message), None) => format!("{message} (HTTP {status})"),
        (None, Some(code)) => format!("the store answered HTTP {status} ({code})"),
        (None, None) if status < 300 => "the store's answer cannot be read".to_owned(),
        (None, None) => format!("the store answered HTTP {status}"),
    }
}

fn is_about_credentials(error: &(dyn StdError + 'static)) -> bool {
    let mut error = Some(error);
    while let Some(this) = error {
        if this.is::<CredentialsError>() {
            return true;
        }
        error = this.source();
    }
    false
}

/// The last error of a chain, as the end of a sentence: the ones before it only say that there was
/// one.
pub(super) fn innermost(error: &dyn StdError) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    // Further lines list what was tried, without saying why it did not work.
    let line = text.lines().next().unwrap_or_default().trim_end_matches("Attempted:");
    sentence(line.split(" (os error").next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, code: &str) -> Answer<'_> {
        Answer { status, code: (!code.is_empty()).then_some(code), ..Answer::default() }
    }

    #[test]
    fn causes_say_what_to_do() {
        for (operation, status, code, expected) in [
            ("get", 404, "NoSuchKey", Cause::NotFound),
            ("get", 404, "NoSuchBucket", Cause::NoContainer),
            ("list", 404, "NoSuchBucket", Cause::NoContainer),
            ("put", 404, "NoSuchBucket", Cause::NoContainer),
            ("list", 404, "", Cause::Other),
            ("get", 403, "AccessDenied", Cause::Denied),
            ("get", 403, "InvalidObjectState", Cause::Archived),
            ("list", 403, "SignatureDoesNotMatch", Cause::Credentials),
            ("list", 403, "InvalidAccessKeyId", Cause::Credentials),
            ("put", 400, "ExpiredToken", Cause::Credentials),
            ("put", 412, "PreconditionFailed", Cause::Conflict),
            ("put", 409, "ConditionalRequestConflict", Cause::Conflict),
            ("put", 404, "NoSuchKey", Cause::Conflict),
            ("put", 503, "SlowDown", Cause::Busy),
            ("put", 503, "ServiceUnavailable", Cause::Unknown),
            ("put", 500, "InternalError", Cause::Unknown),
            ("put", 501, "NotImplemented", Cause::Other),
            ("put", 400, "EntityTooLarge", Cause::Other),
            ("get", 503, "", Cause::Busy),
            ("list", 500, "InternalError", Cause::Busy),
            ("list", 301, "PermanentRedirect", Cause::Other),
        ] {
            assert_eq!(
                cause(operation, answer(status, code)),
                expected,
                "{operation} {status} {code}"
            );
        }
    }

    #[test]
    fn tells_the_message_and_the_code() {
        let refused =
            Answer { message: Some("The bucket does not exist."), ..answer(404, "NoSuchBucket") };
        assert_eq!(told(refused), "the bucket does not exist (NoSuchBucket)");
        assert_eq!(told(answer(502, "")), "the store answered HTTP 502");
        let elsewhere = Answer { region: Some("eu-west-1"), ..answer(301, "PermanentRedirect") };
        assert_eq!(
            told(elsewhere),
            "the bucket is in the region eu-west-1: set AWS_REGION to it (PermanentRedirect)"
        );
    }
}
