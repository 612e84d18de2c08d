//! Lists a folder, page by page. Owns the walk's order and its token, the stack of folders still
//! to be read; gives objects and folders by key. It opens no file and writes nothing.
//!
//! Memory is bounded by the depth of the tree and by [`NAMES_MAX`], not by how much lies there: a
//! folder with more names than that is read once for each such batch.

use std::collections::BinaryHeap;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{Folder, tag};
use crate::store::{Cause, Depth, Error, Object, Page};

/// A page ends with the folder in which it reaches this many objects.
const PAGE_OBJECTS: usize = 1_000;
/// Folders read for one page, so that a tree without files does not become one long call.
const PAGE_FOLDERS: usize = 1_000;
/// Names of one folder that are held at a time.
const NAMES_MAX: usize = 20_000;

/// A folder to be read: its key (empty, or ending in `/`) and the name after which to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pending {
    prefix: String,
    after: String,
}

/// What one name in a folder is.
enum Entry {
    File(Metadata),
    Folder,
    /// A link that leads nowhere: an object that cannot be had, rather than none.
    Dangling,
    /// Gone since it was listed, or neither file nor folder.
    Nothing,
}

impl Folder {
    /// One page below `prefix`; `name` is the prefix as people know it.
    pub(super) fn page(
        &self,
        prefix: &str,
        depth: Depth,
        next: Option<&str>,
        name: &str,
    ) -> Result<Page, Error> {
        self.check(prefix, name)?;
        let mut stack = match next {
            Some(token) => parse(token),
            None => vec![Pending { prefix: prefix.to_owned(), after: String::new() }],
        };
        let mut page = Page::default();
        for _ in 0..PAGE_FOLDERS {
            let Some(pending) = stack.pop() else { break };
            let (folders, rest) = self.read(&pending, &mut page, name)?;
            stack.extend(rest);
            match depth {
                Depth::Folder => page.folders.extend(folders),
                // Reversed: the first is read next.
                Depth::Tree => stack.extend(
                    folders
                        .into_iter()
                        .rev()
                        .map(|prefix| Pending { prefix, after: String::new() }),
                ),
            }
            if page.objects.len() >= PAGE_OBJECTS || depth == Depth::Folder {
                break;
            }
        }
        page.next = (!stack.is_empty()).then(|| print(&stack));
        Ok(page)
    }

    /// The prefix stays below the root, and a source's root is there.
    fn check(&self, prefix: &str, name: &str) -> Result<(), Error> {
        if let Some(key) = prefix.strip_suffix('/') {
            self.path(key, "list", name)?;
        }
        if self.writer.is_some() {
            return Ok(());
        }
        let missing = |told: &str| {
            let root = self.root.to_string_lossy();
            Err(Error::new(Cause::NoContainer, "list", root, told))
        };
        match std::fs::metadata(&self.root) {
            Ok(meta) if meta.is_dir() => Ok(()),
            Ok(_) => missing("it is a file, not a folder"),
            Err(error) if is_missing(error.kind()) => missing("no such folder"),
            Err(error) => Err(Error::io("list", name, error)),
        }
    }

    /// Puts a folder's files on the page; gives the folders in it, and the folder itself once more
    /// where it holds more names than we hold at a time.
    fn read(
        &self,
        pending: &Pending,
        page: &mut Page,
        name: &str,
    ) -> Result<(Vec<String>, Option<Pending>), Error> {
        let path = self.root.join(&pending.prefix);
        let (names, is_all) = match names_after(&path, &pending.after) {
            Ok(names) => names,
            Err(error) if is_missing(error.kind()) => return Ok((Vec::new(), None)),
            Err(error) => {
                let shown =
                    if pending.prefix.is_empty() { name.into() } else { path.to_string_lossy() };
                return Err(Error::io("list", shown, error));
            }
        };
        let rest = names
            .last()
            .filter(|_| !is_all)
            .map(|last| Pending { prefix: pending.prefix.clone(), after: last.clone() });
        let mut folders = Vec::new();
        for file_name in names {
            let key = format!("{}{file_name}", pending.prefix);
            let path = self.root.join(&key);
            if self.hides(&key) {
                continue;
            }
            let entry = self
                .entry(&path)
                .map_err(|error| Error::io("list", path.to_string_lossy(), error))?;
            match entry {
                Entry::File(meta) => {
                    let (size, tag) = (meta.len(), tag(&meta));
                    page.objects.push(Object { key, size, tag, archived: false });
                }
                Entry::Dangling => {
                    page.objects.push(Object { key, size: 0, tag: String::new(), archived: false });
                }
                Entry::Folder => folders.push(format!("{key}/")),
                Entry::Nothing => {}
            }
        }
        Ok((folders, rest))
    }

    fn entry(&self, path: &Path) -> std::io::Result<Entry> {
        let itself = match std::fs::symlink_metadata(path) {
            Ok(meta) => meta,
            Err(error) if is_missing(error.kind()) => return Ok(Entry::Nothing),
            Err(error) => return Err(error),
        };
        if !itself.is_symlink() {
            return Ok(match itself {
                meta if meta.is_file() => Entry::File(meta),
                meta if meta.is_dir() => Entry::Folder,
                _ => Entry::Nothing,
            });
        }
        match std::fs::metadata(path) {
            Ok(meta) if meta.is_file() => Ok(Entry::File(meta)),
            Ok(meta) if meta.is_dir() && self.is_above(path, &meta) => {
                tracing::warn!(path = %path.display(), "left out: the link leads back above itself");
                Ok(Entry::Nothing)
            }
            Ok(meta) if meta.is_dir() => Ok(Entry::Folder),
            Ok(_) => Ok(Entry::Nothing),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(error),
            Err(_) => Ok(Entry::Dangling),
        }
    }

    /// True where a folder that a link leads to is one of those on the way to the link.
    fn is_above(&self, link: &Path, target: &Metadata) -> bool {
        link.ancestors()
            .skip(1)
            .take_while(|path| path.starts_with(&self.root))
            .filter_map(|path| std::fs::metadata(path).ok())
            .any(|meta| (meta.dev(), meta.ino()) == (target.dev(), target.ino()))
    }
}

/// The first names of a folder after `after`, in order, and whether these are all.
fn names_after(path: &Path, after: &str) -> std::io::Result<(Vec<String>, bool)> {
    let mut first = BinaryHeap::new();
    let mut is_all = true;
    for entry in std::fs::read_dir(path)? {
        let name = match entry?.file_name().into_string() {
            Ok(name) if name.as_str() > after => name,
            Ok(_) => continue,
            Err(name) => {
                if after.is_empty() {
                    tracing::warn!(path = %path.join(&name).display(), "left out: the name is not UTF-8");
                }
                continue;
            }
        };
        first.push(name);
        if first.len() > NAMES_MAX {
            first.pop();
            is_all = false;
        }
    }
    Ok((first.into_sorted_vec(), is_all))
}

fn is_missing(kind: ErrorKind) -> bool {
    // A file where the prefix has a folder holds nothing either.
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// The stack as a token. No name holds a NUL.
fn print(stack: &[Pending]) -> String {
    let parts: Vec<&str> = stack
        .iter()
        .flat_map(|pending| [pending.prefix.as_str(), pending.after.as_str()])
        .collect();
    parts.join("\0")
}

fn parse(token: &str) -> Vec<Pending> {
    let parts: Vec<&str> = token.split('\0').collect();
    parts
        .chunks_exact(2)
        .map(|pair| Pending { prefix: pair[0].to_owned(), after: pair[1].to_owned() })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_gives_back_its_stack(pairs in prop::collection::vec(("[^\0]*", "[^\0]*"), 1..9)) {
            let stack: Vec<Pending> =
                pairs.into_iter().map(|(prefix, after)| Pending { prefix, after }).collect();
            prop_assert_eq!(parse(&print(&stack)), stack);
        }
    }
}
