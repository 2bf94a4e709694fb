//! What a disk may hold after the power has failed.
//!
//! The model is the harsh one of POSIX: bytes are safe after their file was synced, names after their folder was. Of what was not
//! synced any part may be there: each write wholly, partly by sectors, or not at all, in any order; of the names of one folder the
//! first few, because file systems keep a journal of names.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use ennakoi_kernel::SeededEntropy;

use super::record::{Call, FileId, Note, Record};

/// What a disk writes as a whole.
const SECTOR: usize = 512;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    File(FileId),
    Folder,
}

#[derive(Clone)]
enum Naming {
    Add(PathBuf, Entry),
    Move(PathBuf, PathBuf),
    Remove(PathBuf),
}

/// What happens to the writes that were not synced.
#[derive(Clone, Copy)]
enum Fate {
    AllLost,
    AllKept,
    EachByLot,
    EarlierLost,
}

/// A disk while the record is played.
pub(crate) struct Disk<'a> {
    record: &'a Record,
    /// Content that is safe.
    safe: Vec<Vec<u8>>,
    /// Numbers of notes that are not.
    unsafe_writes: Vec<Vec<usize>>,
    names: BTreeMap<PathBuf, Entry>,
    unsafe_names: BTreeMap<PathBuf, Vec<Naming>>,
    /// From here on a sync changes nothing: a disk that lies, to prove that the test can fail.
    pub(crate) lies: bool,
}

impl<'a> Disk<'a> {
    pub(crate) fn new(record: &'a Record) -> Self {
        let files = record.files;
        Self {
            record,
            safe: vec![Vec::new(); files],
            unsafe_writes: vec![Vec::new(); files],
            names: BTreeMap::new(),
            unsafe_names: BTreeMap::new(),
            lies: false,
        }
    }

    /// Plays one note.
    pub(crate) fn play(&mut self, number: usize) {
        let record = self.record;
        match &record.notes[number].call {
            Call::Write { file, .. } | Call::Truncate { file, .. } => self.unsafe_writes[*file].push(number),
            Call::SyncFile { .. } | Call::SyncFolder { .. } if self.lies => {}
            Call::SyncFile { file } => {
                for write in std::mem::take(&mut self.unsafe_writes[*file]) {
                    apply(record, &record.notes[write], &mut self.safe[*file], |_| true);
                }
            }
            Call::SyncFolder { path } => {
                for naming in self.unsafe_names.remove(path).unwrap_or_default() {
                    rename(&mut self.names, naming);
                }
            }
            Call::Create { file, path } => self.name(path, Naming::Add(path.clone(), Entry::File(*file))),
            Call::MakeFolder { path } => self.name(path, Naming::Add(path.clone(), Entry::Folder)),
            Call::Rename { from, to } => self.name(to, Naming::Move(from.clone(), to.clone())),
            Call::Unlink { path } => self.name(path, Naming::Remove(path.clone())),
        }
    }

    fn name(&mut self, path: &Path, naming: Naming) {
        let folder = path.parent().expect("below the root").to_owned();
        self.unsafe_names.entry(folder).or_default().push(naming);
    }

    /// Writes into `target` what may be found below `root` when the power fails now, in the middle of note `next`.
    pub(crate) fn image(&self, next: usize, seed: u64, root: &Path, target: &Path) {
        let random = SeededEntropy::new(seed.wrapping_mul(0x9E37_79B9) + next as u64);
        let fate = [Fate::AllLost, Fate::AllKept, Fate::EachByLot, Fate::EarlierLost][(seed % 4) as usize];
        let mut names = self.names.clone();
        for namings in self.unsafe_names.values() {
            let kept = match fate {
                Fate::AllLost => 0,
                Fate::AllKept => namings.len(),
                Fate::EachByLot | Fate::EarlierLost => below(&random, namings.len() + 1),
            };
            for naming in &namings[..kept] {
                rename(&mut names, naming.clone());
            }
        }
        for (path, entry) in &names {
            let path = target.join(path.strip_prefix(root).expect("below the root"));
            match entry {
                Entry::Folder => std::fs::create_dir_all(&path).expect("a folder of the image"),
                // Shared memory is gone with the power.
                Entry::File(_) if path.to_string_lossy().ends_with("-shm") => {}
                Entry::File(file) => {
                    // A file whose folder was lost is lost with it.
                    let _ = std::fs::write(&path, self.content(*file, next, fate, &random));
                }
            }
        }
    }

    fn content(&self, file: FileId, next: usize, fate: Fate, random: &SeededEntropy) -> Vec<u8> {
        let mut content = self.safe[file].clone();
        let mut writes = self.unsafe_writes[file].clone();
        match &self.record.notes[next].call {
            Call::Write { file: begun, .. } | Call::Truncate { file: begun, .. } if *begun == file => writes.push(next),
            _ => {}
        }
        let kept_from = below(random, writes.len() + 1);
        for (at, write) in writes.iter().enumerate() {
            let note = &self.record.notes[*write];
            match fate {
                Fate::AllLost => {}
                Fate::AllKept => apply(self.record, note, &mut content, |_| true),
                Fate::EarlierLost if at < kept_from => {}
                Fate::EarlierLost => apply(self.record, note, &mut content, |_| true),
                Fate::EachByLot => match below(random, 3) {
                    0 => {}
                    1 => apply(self.record, note, &mut content, |_| true),
                    _ => apply(self.record, note, &mut content, |_| below(random, 2) == 0),
                },
            }
        }
        content
    }
}

/// Changes the content of a file as the call did; `reaches` says for each sector of a write whether it reached the disk.
fn apply(record: &Record, note: &Note, content: &mut Vec<u8>, reaches: impl Fn(usize) -> bool) {
    match &note.call {
        Call::Truncate { length, .. } => content.resize(*length, 0),
        Call::Write { offset, bytes, .. } => {
            let bytes = record.written(bytes);
            let mut from = 0;
            while from < bytes.len() {
                let sector = (offset + from) / SECTOR;
                let to = ((sector + 1) * SECTOR - offset).min(bytes.len());
                if reaches(sector) {
                    if content.len() < offset + to {
                        content.resize(offset + to, 0);
                    }
                    content[offset + from..offset + to].copy_from_slice(&bytes[from..to]);
                }
                from = to;
            }
        }
        _ => {}
    }
}

fn rename(names: &mut BTreeMap<PathBuf, Entry>, naming: Naming) {
    match naming {
        Naming::Add(path, entry) => {
            names.insert(path, entry);
        }
        Naming::Move(from, to) => {
            if let Some(entry) = names.remove(&from) {
                names.insert(to, entry);
            }
        }
        Naming::Remove(path) => {
            names.remove(&path);
        }
    }
}

fn below(random: &SeededEntropy, limit: usize) -> usize {
    usize::try_from(random.next() % limit.max(1) as u64).expect("small")
}
