//! Text with holes: a record's circumstances, and the templates they fill.
//!
//! Owns [`Scene`] and the meaning of the tokens: `$A` account, `$R` region, `$P` ARN partition,
//! `$T` event time, `$S` start of the session, `$M` epoch milliseconds, `$W` who (a whole
//! userIdentity), `$U` UUID, `$H` 17 hex digits, `$X` 16 capitals, `$I` IP address,
//! `$N` number, `$B` 20 to 300 characters of base64, `$K` an S3 key. Takes templates, gives text;
//! does not know what a record is.

use std::fmt::Write;

use chrono::DateTime;
use fastrand::Rng;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const ROLES: [&str; 4] = ["DataPlatform", "DeployPipeline", "FeatureStoreSync", "NightlyBackup"];
const FOLDERS: [&str; 6] = ["raw", "features", "checkpoints", "train", "year=2024", "part"];

/// A generator of its own for whatever the parts name, so that contents do not depend on the
/// order of writing.
pub(super) fn rng(parts: &[u64]) -> Rng {
    // SplitMix64's finisher over each part: neighbouring numbers must not give similar streams.
    let seed = parts.iter().fold(0x9E37_79B9_7F4A_7C15_u64, |seed, part| {
        let mixed = (seed ^ part).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed ^ (mixed >> 29)).wrapping_mul(0x94D0_49BB_1331_11EB).rotate_left(31)
    });
    Rng::with_seed(seed)
}

/// `2024-05-01T12:00:00Z`
pub(super) fn iso(seconds: i64) -> String {
    let time = DateTime::from_timestamp(seconds, 0).expect("a spec's days are in the calendar");
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `aws`, or what it is called in China and in GovCloud.
pub(super) fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// The circumstances of one record.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    /// Event time, in seconds since 1970.
    pub(super) time: i64,
    pub(super) rng: Rng,
}

impl Scene<'_> {
    /// Appends the template, its tokens replaced.
    pub(super) fn fill(&mut self, out: &mut String, template: &str) {
        let mut parts = template.split('$');
        out.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let (token, rest) = part.split_at(1);
            self.token(out, token);
            out.push_str(rest);
        }
    }

    /// The template as a text of its own.
    pub(super) fn text(&mut self, template: &str) -> String {
        let mut out = String::with_capacity(2 * template.len());
        self.fill(&mut out, template);
        out
    }

    fn token(&mut self, out: &mut String, token: &str) {
        match token {
            "A" => out.push_str(self.account),
            "R" => out.push_str(self.region),
            "P" => out.push_str(partition(self.region)),
            "T" => out.push_str(&iso(self.time)),
            "S" => out.push_str(&iso(self.time - self.time.rem_euclid(3600))),
            "M" => push(out, format_args!("{}", self.time * 1000)),
            "W" => {
                let role = self.rng.usize(..ROLES.len());
                self.role(out, role as u64, ROLES[role], "botocore-session-1714521600");
            }
            "U" => self.uuid(out),
            "H" => push(out, format_args!("0{:016x}", self.rng.u64(..))),
            "X" => (0..16).for_each(|_| out.push(char::from(BASE64[self.rng.usize(..26)]))),
            "I" => {
                let [b, c, d, _] = self.rng.u32(..).to_be_bytes();
                push(out, format_args!("10.{b}.{c}.{d}"));
            }
            "N" => push(out, format_args!("{}", self.rng.u32(1..100_000))),
            "B" => (0..self.rng.u32(20..300))
                .for_each(|_| out.push(char::from(BASE64[self.rng.usize(..64)]))),
            "K" => self.key(out),
            _ => unreachable!("no template of ours has the token ${token}"),
        }
    }

    /// An assumed role's userIdentity; role `id` of an account always has the same principal.
    pub(super) fn role(&mut self, out: &mut String, id: u64, role: &str, session: &str) {
        let account = self.account.bytes().map(u64::from).collect::<Vec<_>>();
        let mut stable = Scene { rng: rng(&[&account[..], &[id]].concat()), ..*self };
        let (id, key) = (stable.text("AROA$X"), self.text("ASIA$X"));
        let (account, partition) = (self.account, partition(self.region));
        push(
            out,
            format_args!(
                r#"{{"type":"AssumedRole","principalId":"{id}:{session}","arn":"arn:{partition}:sts::{account}:assumed-role/{role}/{session}","accountId":"{account}","accessKeyId":"{key}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"{id}","arn":"arn:{partition}:iam::{account}:role/{role}","accountId":"{account}","userName":"{role}"}},"attributes":{{"creationDate":""#
            ),
        );
        self.fill(out, r#"$S","mfaAuthenticated":"false"}}}"#);
    }

    fn uuid(&mut self, out: &mut String) {
        let (high, low) = (self.rng.u64(..), self.rng.u64(..));
        let (a, b, c) = (high >> 32, (high >> 16) & 0xFFFF, high & 0xFFF);
        let (d, e) = (0x8000 | (low >> 48) & 0x3FFF, low & 0xFFFF_FFFF_FFFF);
        push(out, format_args!("{a:08x}-{b:04x}-4{c:03x}-{d:04x}-{e:012x}"));
    }

    fn key(&mut self, out: &mut String) {
        for _ in 0..self.rng.u32(1..6) {
            out.push_str(FOLDERS[self.rng.usize(..FOLDERS.len())]);
            out.push('/');
        }
        push(out, format_args!("{:032x}.parquet", self.rng.u128(..)));
    }
}

/// Appends what `format!` would give.
pub(super) fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes any text");
}
