//! The arguments, as close to the command line as they can be. Flags first, then the environment
//! (`TRAILQUET_*`), then the default.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

/// CloudTrail logs in, an Athena table of SageMaker Experiments metrics out.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, propagate_version = true, after_help = EXIT_CODES)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,

    /// What to log on stderr: error, warn, info, debug, or per module as in `trailquet=debug`.
    #[arg(long, global = true, env = "TRAILQUET_LOG", value_name = "FILTER")]
    pub(super) log: Option<String>,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 failed; 2 usage; 3 done, but with new rejects, newly failed or unavailable
objects; 130 interrupted. Whatever the end, what is durable stays, and running again does the rest.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read a trail's log objects and write what is new into the tables.
    Export(Box<ExportArgs>),
    /// Write a synthetic trail into a local folder.
    Sample(SampleArgs),
    /// Sample, export and a look at the result, in one local folder. Needs no AWS account.
    Demo(DemoArgs),
}

const EXPORT_HELP: &str = "\
Examples:
  trailquet export --source s3://my-trail-bucket --target s3://my-lake/sagemaker
      everything that is new since the last run; the first run reads the whole trail
  trailquet export --source s3://my-trail-bucket --target s3://my-lake/sagemaker --from 7d
      the last seven days only; a later run without --from brings the rest
  trailquet export --source ./downloaded --target ./tables --layout flat
      loose log files, in whatever folders";

#[derive(Debug, Args)]
#[command(after_help = EXPORT_HELP)]
pub(super) struct ExportArgs {
    /// The folder that holds AWSLogs/: s3://bucket/prefix, file:///path, a path, gs:// or az://.
    #[arg(long, env = "TRAILQUET_SOURCE", value_name = "URI")]
    pub(super) source: String,

    /// Where the tables go: s3://bucket/prefix, file:///path or a path.
    #[arg(long, env = "TRAILQUET_TARGET", value_name = "URI")]
    pub(super) target: String,

    #[command(flatten)]
    pub(super) selection: SelectionArgs,

    #[command(flatten)]
    pub(super) s3: S3Args,

    #[command(flatten)]
    pub(super) limits: LimitArgs,

    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Selection")]
pub(super) struct SelectionArgs {
    /// First delivery day: YYYY-MM-DD, or 7d for seven days ago. UTC, included.
    #[arg(long, env = "TRAILQUET_FROM", value_name = "DAY")]
    pub(super) from: Option<String>,

    /// Last delivery day, like --from. By default there is none.
    #[arg(long, env = "TRAILQUET_TO", value_name = "DAY")]
    pub(super) to: Option<String>,

    /// Only this account; may be given several times.
    #[arg(long, env = "TRAILQUET_ACCOUNT", value_name = "ID", value_delimiter = ',')]
    pub(super) account: Vec<String>,

    /// Only this region; may be given several times.
    #[arg(long, env = "TRAILQUET_REGION", value_name = "NAME", value_delimiter = ',')]
    pub(super) region: Vec<String>,

    /// How the source is laid out.
    #[arg(long, env = "TRAILQUET_LAYOUT", value_enum, default_value_t = LayoutArg::Tree)]
    pub(super) layout: LayoutArg,

    /// A day's folder counts as complete so many days after the day's end; at least 1.
    #[arg(long, env = "TRAILQUET_LOOKBACK_DAYS", value_name = "N", default_value_t = 3,
          value_parser = clap::value_parser!(u32).range(0..=36500))]
    pub(super) lookback_days: u32,

    /// Look at days again that were complete: finds files that were copied in later.
    #[arg(long, env = "TRAILQUET_RELIST", action = ArgAction::SetTrue,
          value_parser = BoolishValueParser::new())]
    pub(super) relist: bool,

    /// Read objects again that failed before.
    #[arg(long, env = "TRAILQUET_RETRY_FAILED", action = ArgAction::SetTrue,
          value_parser = BoolishValueParser::new())]
    pub(super) retry_failed: bool,

    /// Archived objects do not make the run end with exit code 3.
    #[arg(long, env = "TRAILQUET_SKIP_ARCHIVED", action = ArgAction::SetTrue,
          value_parser = BoolishValueParser::new())]
    pub(super) skip_archived: bool,

    /// Read objects of several gzip members, as some tools re-pack them. CloudTrail's signed
    /// digests cover the first member only.
    #[arg(long, env = "TRAILQUET_ALLOW_MULTI_MEMBER", action = ArgAction::SetTrue,
          value_parser = BoolishValueParser::new())]
    pub(super) allow_multi_member: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LayoutArg {
    /// AWSLogs/[o-ORG/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/, as CloudTrail writes it.
    Tree,
    /// Any folders; file names alone say what is what.
    Flat,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "S3")]
pub(super) struct S3Args {
    /// Another service than AWS's, for source and target.
    #[arg(long, env = "TRAILQUET_ENDPOINT_URL", value_name = "URL")]
    pub(super) endpoint_url: Option<String>,

    /// The bucket in the path, not in the host name; by default where --endpoint-url is given.
    #[arg(long, env = "TRAILQUET_PATH_STYLE", value_name = "BOOL", num_args = 0..=1,
          default_missing_value = "true")]
    pub(super) path_style: Option<bool>,

    /// Profile in the shared AWS configuration.
    #[arg(long, env = "TRAILQUET_PROFILE", value_name = "NAME")]
    pub(super) profile: Option<String>,

    /// The source bucket's AWS region, where the environment and the profile do not say it.
    #[arg(long, env = "TRAILQUET_SOURCE_REGION", value_name = "NAME")]
    pub(super) source_region: Option<String>,

    /// The target bucket's AWS region, likewise.
    #[arg(long, env = "TRAILQUET_TARGET_REGION", value_name = "NAME")]
    pub(super) target_region: Option<String>,

    /// Role to assume for the source.
    #[arg(long, env = "TRAILQUET_SOURCE_ROLE_ARN", value_name = "ARN")]
    pub(super) source_role_arn: Option<String>,

    /// Role to assume for the target.
    #[arg(long, env = "TRAILQUET_TARGET_ROLE_ARN", value_name = "ARN")]
    pub(super) target_role_arn: Option<String>,

    /// Pay for requests to the source bucket.
    #[arg(long, env = "TRAILQUET_REQUESTER_PAYS", action = ArgAction::SetTrue,
          value_parser = BoolishValueParser::new())]
    pub(super) requester_pays: bool,

    /// Encrypt what is written with this KMS key; by default as the bucket says.
    #[arg(long, env = "TRAILQUET_SSE_KMS_KEY_ID", value_name = "ID")]
    pub(super) sse_kms_key_id: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
    /// Memory for what is fetched, decoded, held and encoded together; at least 32MiB. An object's
    /// text may take half of it, at most 256MiB; an object as stored an eighth.
    #[arg(long, env = "TRAILQUET_MEMORY_LIMIT", value_name = "BYTES", default_value = "512MiB")]
    pub(super) memory_limit: String,

    /// GETs of log objects under way at once.
    #[arg(long, env = "TRAILQUET_REQUESTS_IN_FLIGHT", value_name = "N", default_value_t = 128,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) requests_in_flight: u32,

    /// For merged files that do not fit into memory; by default the system's folder.
    #[arg(long, env = "TRAILQUET_TEMP_DIR", value_name = "PATH")]
    pub(super) temp_dir: Option<PathBuf>,

    /// Split every partition of metrics into so many files; fixed when a target is created.
    #[arg(long, env = "TRAILQUET_BUCKETS", value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) buckets: Option<u16>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// Print the summary as one JSON object on the last line of stdout.
    #[arg(long, env = "TRAILQUET_JSON", action = ArgAction::SetTrue,
          value_parser = BoolishValueParser::new())]
    pub(super) json: bool,

    /// No progress and no summary for people; problems are still told.
    #[arg(long, short, env = "TRAILQUET_QUIET", action = ArgAction::SetTrue,
          value_parser = BoolishValueParser::new())]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct SampleArgs {
    /// The folder to write to; it becomes a source.
    #[arg(long, env = "TRAILQUET_OUT", value_name = "DIR")]
    pub(super) out: PathBuf,

    /// What kind of trail.
    #[arg(long, env = "TRAILQUET_SHAPE", value_enum, default_value_t = Shape::Demo)]
    pub(super) shape: Shape,

    /// How much of it: 1 is the shape's own size. The demo and odd shapes have one size.
    #[arg(long, env = "TRAILQUET_SCALE", value_name = "FACTOR", default_value_t = 1.0)]
    pub(super) scale: f64,

    /// Another seed gives another trail of the same shape; the same seed the same bytes.
    #[arg(long, env = "TRAILQUET_SEED", value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,

    /// First delivery day: YYYY-MM-DD, or 7d for seven days ago.
    #[arg(long, env = "TRAILQUET_FIRST_DAY", value_name = "DAY")]
    pub(super) first_day: Option<String>,

    /// Number of delivery days; by default the shape's.
    #[arg(long, env = "TRAILQUET_DAYS", value_name = "N")]
    pub(super) days: Option<u32>,

    /// Number of log objects; by default the shape's.
    #[arg(long, env = "TRAILQUET_OBJECTS", value_name = "N")]
    pub(super) objects: Option<u64>,

    /// Sprinkle every oddity that logs can have over it.
    #[arg(long, env = "TRAILQUET_ODDITIES", action = ArgAction::SetTrue,
          value_parser = BoolishValueParser::new())]
    pub(super) oddities: bool,

    /// How the files lie.
    #[arg(long, env = "TRAILQUET_SAMPLE_LAYOUT", value_enum, default_value_t = SampleLayout::Plain)]
    pub(super) layout: SampleLayout,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shape {
    /// Small and pretty: some thirty training runs in a week.
    Demo,
    /// Nearly every record is a metrics call: 600 objects, 1.5 GB of JSON.
    Dense,
    /// One record in a hundred is: 1,000 objects, 1.8 GB of JSON.
    Sparse,
    /// As sparse, but one object in a hundred holds any.
    Rare,
    /// What most trails are: 50,000 objects of some 2 KB.
    Tiny,
    /// Everything that a reader must bear, in 480 objects.
    Odd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SampleLayout {
    /// AWSLogs/ACCOUNT/…
    Plain,
    /// AWSLogs/o-ORG/ACCOUNT/…
    Organization,
    /// o-ORG/AWSLogs/o-ORG/ACCOUNT/…
    ControlTower,
    /// Loose files.
    Flat,
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// The folder to work in.
    #[arg(long, env = "TRAILQUET_DEMO_DIR", value_name = "DIR", default_value = "trailquet-demo")]
    pub(super) dir: PathBuf,
}
