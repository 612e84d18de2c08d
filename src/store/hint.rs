//! One helpful line for each kind of failure: which flag, permission or setting to look at. Owns
//! nothing; takes an [`Error`], gives a sentence for people. It knows the names of flags, and is
//! the only file below `cli` that does.

use super::{Cause, Error};

impl Error {
    /// What to check or to change, as one line without a full stop; `None` where there is no
    /// better advice than the error itself.
    pub fn hint(&self) -> Option<String> {
        let hint = match self.cause {
            Cause::NotFound | Cause::Conflict | Cause::Other => return None,
            Cause::NoContainer => self.no_container(),
            Cause::Denied => self.denied(),
            Cause::Credentials => {
                "check the credentials: AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY, or the role that --source-role-arn names; \
                 `aws sts get-caller-identity` shows who you are"
            }
            Cause::Archived => {
                "restore the object (aws s3api restore-object) and run again, or leave archived \
                 objects out with --skip-archived"
            }
            Cause::Unknown => "it may have been written; running again settles it",
            Cause::Busy => {
                "the store asks for fewer requests; running again continues where this \
                            run stopped"
            }
            Cause::Network => {
                "check the network, the region and --endpoint-url; running again continues where \
                 this run stopped"
            }
            Cause::Full => "make room, or choose another --target or --temp-dir",
            Cause::ReadOnly => "choose a --target on a device that can be written to",
        };
        Some(hint.to_owned())
    }

    fn no_container(&self) -> &'static str {
        match (self.is_s3(), self.operation) {
            (true, _) => {
                "check the bucket's name, the region and --endpoint-url; buckets are never created"
            }
            (false, "put") => "check the path after --target",
            (false, _) => "check the path after --source",
        }
    }

    fn denied(&self) -> &'static str {
        match (self.is_s3(), self.operation) {
            (true, "list") => {
                "the identity needs s3:ListBucket on the bucket; for another account's bucket see \
                 --source-role-arn, or --requester-pays"
            }
            (true, "get") => {
                "the identity needs s3:GetObject on the object, and kms:Decrypt on its key where \
                 it is encrypted with one"
            }
            (true, _) => {
                "the identity needs s3:PutObject on the target, and kms:GenerateDataKey and \
                 kms:Decrypt where --sse-kms-key-id is given"
            }
            (false, "put") => "check who may write to the target's folder",
            (false, _) => "check who may read the source's folder",
        }
    }

    fn is_s3(&self) -> bool {
        self.object.starts_with("s3://")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_permission_that_is_missing() {
        let hint = |operation, object: &str| {
            Error::new(Cause::Denied, operation, object, "").hint().unwrap()
        };
        assert!(hint("list", "s3://logs/x").contains("s3:ListBucket"));
        assert!(hint("get", "s3://logs/x").contains("s3:GetObject"));
        assert!(hint("put", "s3://logs/x").contains("s3:PutObject"));
        assert!(hint("put", "/data/x").contains("folder"));
    }

    #[test]
    fn archived_objects_can_be_skipped() {
        let error = Error::new(Cause::Archived, "get", "s3://logs/x", "");
        assert!(error.hint().unwrap().contains("--skip-archived"));
    }
}
