//! Real servers for tests: SeaweedFS, which checks credentials and compares, and moto, which knows
//! more of AWS but checks less. Each is started at most once a test process, on free ports of
//! 127.0.0.1, with its data in a folder of its own.
//!
//! A small shell supervises each server: its standard input is a pipe from the test process, and
//! when that ends, however it ends, the shell reads the pipe's end, kills the server and removes
//! the folder.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use trailquet::store::s3::{Options, S3};

use super::{skip, variable};

/// May do everything.
pub(crate) const ADMIN: (&str, &str) = ("test-admin", "test-admin-secret");
/// May list and get, on SeaweedFS. (moto does not ask.)
pub(crate) const READER: (&str, &str) = ("test-reader", "test-reader-secret");
/// There on every server from the start.
pub(crate) const BUCKET: &str = "test-bucket";

/// How long a server may take until it answers; it takes a second where nothing else runs.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// A port taken by somebody else between our look and the server's start is met by another try.
const STARTS_MAX: u32 = 3;
/// SeaweedFS listens for its own protocol this far above each port.
const GRPC_OFFSET: u16 = 10_000;

const SUPERVISOR: &str = r#"
trap '' INT HUP
folder=$1
shift
"$@" >"$folder/log" 2>&1 </dev/null &
server=$!
read -r end
kill -9 "$server"
wait "$server" 2>/dev/null
rm -rf "$folder"
"#;

/// A server that lives as long as this process.
pub(crate) struct Server {
    /// `http://127.0.0.1:PORT`, what `--endpoint-url` takes.
    pub(crate) url: String,
    /// Holds the pipe that the supervisor reads.
    _supervisor: Child,
}

/// SeaweedFS, or `None` where it cannot run and the test may be skipped.
pub(crate) fn seaweedfs(test: &str) -> Option<&'static Server> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    running(test, SERVER.get_or_init(|| started(start_seaweedfs)))
}

/// moto, or `None` where it cannot run and the test may be skipped.
pub(crate) fn moto(test: &str) -> Option<&'static Server> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    running(test, SERVER.get_or_init(|| started(start_moto)))
}

/// A program of the tests' Python environment: `TRAILQUET_TEST_VENV`, else `.venv` beside
/// `Cargo.toml`.
pub(crate) fn program(name: &str) -> Result<PathBuf, String> {
    let venv = match variable("TRAILQUET_TEST_VENV") {
        Some(venv) => PathBuf::from(venv),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv"),
    };
    let program = venv.join("bin").join(name);
    if program.is_file() { Ok(program) } else { Err(format!("no {}", program.display())) }
}

impl Server {
    /// Configuration for the SDK with one identity's credentials.
    pub(crate) fn config(&self, (key, secret): (&str, &str)) -> SdkConfig {
        let credentials = Credentials::new(key, secret, None, None, "tests");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .endpoint_url(&self.url)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build()
    }

    /// The part of the bucket below `prefix`, for one identity.
    pub(crate) fn store(&self, identity: (&str, &str), prefix: &str) -> S3 {
        let options = Options {
            bucket: BUCKET.to_owned(),
            prefix: prefix.to_owned(),
            path_style: Some(true),
            ..Options::default()
        };
        S3::new(&self.config(identity), options).unwrap()
    }

    /// The SDK's client, for what our own store cannot do.
    pub(crate) fn client(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config(ADMIN)).force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }
}

fn running(test: &str, server: &'static Result<Server, String>) -> Option<&'static Server> {
    match server {
        Ok(server) => Some(server),
        Err(why) => {
            skip(test, why);
            None
        }
    }
}

fn started(start: fn() -> Result<Server, String>) -> Result<Server, String> {
    let mut outcome = Err(String::new());
    for _ in 0..STARTS_MAX {
        outcome = start();
        if outcome.is_ok() {
            break;
        }
    }
    let server = outcome?;
    // In a thread of its own, since the caller's may be a runtime's already.
    let created = thread::scope(|scope| {
        scope
            .spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let create = server.client().create_bucket().bucket(BUCKET).send();
                runtime.unwrap().block_on(create).map_err(|error| format!("{error:?}"))
            })
            .join()
            .unwrap()
    });
    created.map(|_| server)
}

fn start_seaweedfs() -> Result<Server, String> {
    let program = program("weed")?;
    let folder = folder();
    let identities = folder.join("s3.json");
    let identity = |(key, secret): (&str, &str), actions: &str| {
        format!(
            r#"{{"name":"{key}","credentials":[{{"accessKey":"{key}","secretKey":"{secret}"}}],"actions":[{actions}]}}"#
        )
    };
    let admin = identity(ADMIN, r#""Admin","Read","Write","List","Tagging""#);
    let reader = identity(READER, r#""Read","List""#);
    std::fs::write(&identities, format!(r#"{{"identities":[{admin},{reader}]}}"#)).unwrap();
    let [s3, master, volume, filer, ui] = ports();
    let mut command = Command::new(program);
    command
        .args(["mini", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"])
        .arg(format!("-dir={}", folder.display()))
        .arg(format!("-s3.config={}", identities.display()))
        .args([format!("-s3.port={s3}"), format!("-master.port={master}")])
        .args([format!("-volume.port={volume}"), format!("-filer.port={filer}")])
        .args([format!("-admin.port={ui}"), "-admin.ui=false".to_owned()])
        .args(["-master.telemetry=false", "-webdav=false"])
        .args(["-s3.port.lance=0", "-s3.port.iceberg=0", "-s3.autoCreateBucket=false"]);
    start(&command, &folder, s3, "/healthz")
}

fn start_moto() -> Result<Server, String> {
    let [port] = ports();
    let mut command = Command::new(program("moto_server")?);
    command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
    start(&command, &folder(), port, "/moto-api/")
}

/// Starts a server under its supervisor, and waits until it answers.
fn start(server: &Command, folder: &Path, port: u16, ready: &str) -> Result<Server, String> {
    let mut supervisor = Command::new("sh")
        .args(["-c", SUPERVISOR, "supervisor"])
        .arg(folder)
        .arg(server.get_program())
        .args(server.get_args())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("sh: {error}"))?;
    let since = Instant::now();
    while !answers(port, ready) {
        if since.elapsed() > START_TIMEOUT {
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            drop(supervisor.stdin.take());
            let _ = supervisor.wait();
            return Err(format!("{:?} does not answer: {log}", server.get_program()));
        }
        // A pause between two polls, not a guess at how long the start takes.
        thread::park_timeout(Duration::from_millis(20));
    }
    Ok(Server { url: format!("http://127.0.0.1:{port}"), _supervisor: supervisor })
}

/// True where an HTTP server on the port answers 200.
fn answers(port: u16, path: &str) -> bool {
    let Ok(mut connection) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let _ = connection.set_read_timeout(Some(Duration::from_secs(5)));
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    let mut status = [0; 12];
    connection.write_all(request.as_bytes()).is_ok()
        && connection.read_exact(&mut status).is_ok()
        && status.ends_with(b" 200")
}

/// Free ports, with the one that SeaweedFS derives from each free too.
fn ports<const N: usize>() -> [u16; N] {
    let mut held = Vec::new();
    let mut found = [0; N];
    for port in &mut found {
        *port = loop {
            let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            let port = listener.local_addr().unwrap().port();
            let derived = port.checked_add(GRPC_OFFSET);
            let derived = derived.and_then(|port| TcpListener::bind(("127.0.0.1", port)).ok());
            held.push(listener);
            if let Some(derived) = derived {
                held.push(derived);
                break port;
            }
        };
    }
    found
}

/// A new folder; the supervisor removes it.
fn folder() -> PathBuf {
    tempfile::Builder::new().prefix("trailquet-test-").tempdir().unwrap().keep()
}
