//! A server that answers as a test tells it to, for what no real one does on demand: an answer that
//! never comes, a failure of its own, a redirection. It keeps the head of each request.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A server on a port of its own, which serves until the process ends.
pub(crate) struct Fake {
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    /// Gives each request this answer: status line, headers and body as they go over the wire,
    /// where nothing at all means to hang up.
    pub(crate) fn answering(answer: &'static str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heads);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let _ = serve(connection.unwrap(), answer, &kept);
            }
        });
        Self { url, heads }
    }

    /// The heads of all requests so far, header names in lower case.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn serve(
    mut connection: TcpStream,
    answer: &str,
    heads: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    for line in reader.by_ref().lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        let line = match line.split_once(": ") {
            Some((name, value)) => format!("{}: {value}\n", name.to_lowercase()),
            None => format!("{line}\n"),
        };
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    if head.contains("expect: 100-continue") {
        connection.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    heads.lock().unwrap().push(head);
    connection.write_all(answer.as_bytes())?;
    connection.shutdown(Shutdown::Both)
}
