//! Bytes on their way through: in memory while they are few, else in a temporary file that goes
//! away by itself.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use futures::StreamExt;
use tempfile::NamedTempFile;

use super::{Body, Cause, Error, Fetched, Payload};

/// What is larger goes to disk.
pub const SPOOL_MEMORY_BYTES: usize = 2 << 20;

/// Something to write to that ends up as a [`Payload`].
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    bytes: Vec<u8>,
    file: Option<NamedTempFile>,
    written: u64,
}

/// A payload, and the file it may lie in: as long as this lives, so does the file.
#[derive(Debug)]
pub struct Spooled {
    /// What was written.
    pub payload: Payload,
    _file: Option<NamedTempFile>,
}

impl Spool {
    /// Empty; `folder` is where a file would go.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), bytes: Vec::new(), file: None, written: 0 }
    }

    /// All that was written.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn close(mut self) -> io::Result<Spooled> {
        self.flush()?;
        let payload = match &self.file {
            Some(file) => Payload::File(file.path().to_owned(), self.written),
            None => Payload::Bytes(self.bytes.into()),
        };
        Ok(Spooled { payload, _file: self.file })
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.file.is_none() && self.bytes.len() + bytes.len() > SPOOL_MEMORY_BYTES {
            let mut file = NamedTempFile::new_in(&self.folder)?;
            file.write_all(&std::mem::take(&mut self.bytes))?;
            self.file = Some(file);
        }
        let taken = match &mut self.file {
            Some(file) => file.write(bytes)?,
            None => self.bytes.write(bytes)?,
        };
        self.written += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

/// An object's content in a form that can be read at any place, several times over.
#[derive(Debug)]
pub enum Seekable {
    /// In memory.
    Bytes(bytes::Bytes),
    /// An open file that nobody changes.
    File(File),
}

/// Brings an object here: a local file as it is, a small one into memory, a large one to `folder`.
///
/// # Errors
/// The transfer breaks off, or there is no room in `folder`.
pub async fn seekable(fetched: Fetched, name: &str, folder: &Path) -> Result<Seekable, Error> {
    let size = fetched.size;
    let mut pieces = match fetched.body {
        Body::File(file) => return Ok(Seekable::File(file)),
        Body::Stream(pieces) if size > SPOOL_MEMORY_BYTES as u64 => pieces,
        body => {
            let small = Fetched { body, ..fetched };
            return Ok(Seekable::Bytes(small.bytes(name).await?));
        }
    };
    let full = |error| no_room(folder, error);
    let mut file = tempfile::tempfile_in(folder).map_err(full)?;
    let mut arrived = 0;
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        arrived += piece.len() as u64;
        file = write_piece(file, piece).await.map_err(full)?;
    }
    if arrived != size {
        let told = format!("the transfer broke off: {arrived} of {size} bytes arrived");
        return Err(Error::new(Cause::Network, "get", name, told));
    }
    Ok(Seekable::File(file))
}

async fn write_piece(mut file: File, piece: bytes::Bytes) -> io::Result<File> {
    let write = move || file.write_all(&piece).map(|()| file);
    tokio::task::spawn_blocking(write).await.unwrap_or_else(|stopped| Err(stopped.into()))
}

/// The error of a temporary file, which names the flag that chooses another place.
pub fn no_room(folder: &Path, error: io::Error) -> Error {
    let mut error = Error::io("write a temporary file in", folder.to_string_lossy(), error);
    if error.cause == Cause::Full {
        error.told.push_str(" (--temp-dir names another place)");
    }
    error
}
