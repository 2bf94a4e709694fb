//! What the shim noted, read back.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

/// A file as long as it lives; its number in the file system may be given to another one afterwards.
pub(crate) type FileId = usize;

/// One call that the victim made and that succeeded.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    Create { file: FileId, path: PathBuf },
    Write { file: FileId, offset: usize, bytes: std::ops::Range<usize> },
    Truncate { file: FileId, length: usize },
    SyncFile { file: FileId },
    SyncFolder { path: PathBuf },
    Rename { from: PathBuf, to: PathBuf },
    Unlink { path: PathBuf },
    MakeFolder { path: PathBuf },
}

/// A call with the moments before and after it, in nanoseconds since 1970.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) call: Call,
    pub(crate) begun: u64,
}

/// All calls in the order of the operating system.
pub(crate) struct Record {
    bytes: Vec<u8>,
    pub(crate) notes: Vec<Note>,
    pub(crate) files: usize,
}

const HEAD: usize = 40;

impl Record {
    /// Reads the shim's log; `root` is the folder below which it noted.
    pub(crate) fn read(path: &Path, root: &Path) -> Self {
        let bytes = std::fs::read(path).expect("the shim's log");
        let mut reader = Reader { folders: HashSet::from([root.to_owned()]), ..Reader::default() };
        let mut at = 0;
        while at + HEAD <= bytes.len() {
            let number = |from: usize| u64::from_le_bytes(bytes[at + from..at + from + 8].try_into().expect("eight bytes"));
            let half = |from: usize| u32::from_le_bytes(bytes[at + from..at + from + 4].try_into().expect("four bytes"));
            let extra = at + HEAD..at + HEAD + half(4) as usize;
            // The victim was killed in the middle of a note.
            if extra.end > bytes.len() {
                break;
            }
            reader.take(half(0), number(8), number(16), number(24), extra.clone(), &bytes);
            at = extra.end;
        }
        let Reader { notes, next, .. } = reader;
        Self { bytes, notes, files: next }
    }

    pub(crate) fn written(&self, range: &std::ops::Range<usize>) -> &[u8] {
        &self.bytes[range.clone()]
    }
}

#[derive(Default)]
struct Reader {
    notes: Vec<Note>,
    next: FileId,
    files: HashMap<u64, FileId>,
    folders: HashSet<PathBuf>,
    folder_of: HashMap<u64, PathBuf>,
}

impl Reader {
    fn take(&mut self, kind: u32, inode: u64, offset: u64, begun: u64, extra: std::ops::Range<usize>, bytes: &[u8]) {
        let text = || String::from_utf8_lossy(&bytes[extra.clone()]).into_owned();
        let file = self.files.get(&inode).copied();
        let offset = usize::try_from(offset).expect("files fit into memory");
        let call = match (kind, file) {
            (1, _) => {
                let path = PathBuf::from(text());
                if self.folders.contains(&path) {
                    self.folder_of.insert(inode, path);
                    self.files.remove(&inode);
                }
                return;
            }
            (2, _) => {
                let file = self.next;
                self.next += 1;
                self.files.insert(inode, file);
                self.folder_of.remove(&inode);
                Call::Create { file, path: PathBuf::from(text()) }
            }
            (3, Some(file)) => Call::Write { file, offset, bytes: extra },
            (4, Some(file)) => Call::Truncate { file, length: offset },
            (5, Some(file)) => Call::SyncFile { file },
            (5, None) => match self.folder_of.get(&inode) {
                Some(path) => Call::SyncFolder { path: path.clone() },
                None => return,
            },
            (6, _) => {
                let both = text();
                let (from, to) = both.split_once('\0').expect("two paths");
                Call::Rename { from: PathBuf::from(from), to: PathBuf::from(to) }
            }
            (7, _) => Call::Unlink { path: PathBuf::from(text()) },
            (8, _) => {
                let path = PathBuf::from(text());
                self.folders.insert(path.clone());
                Call::MakeFolder { path }
            }
            // A file that was there before the record began.
            _ => return,
        };
        self.notes.push(Note { call, begun });
    }
}
