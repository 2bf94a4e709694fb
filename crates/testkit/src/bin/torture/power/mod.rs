//! A power failure, SQLite. A real server runs under load while a shim notes everything that it writes. Afterwards, for each seed,
//! the disk is built as it may look when the power fails at a random moment, the database is opened, and everything that had been
//! acknowledged before that moment must be there.

mod image;
mod record;
mod verify;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use ennakoi_kernel::SeededEntropy;
use image::Disk;
use record::{Call, Record};

use crate::{
    AGENTS, Arguments, VISITORS,
    load::{self, Log, Target},
    nanoseconds,
    victim::Victim,
};

/// Acknowledgements of one run, or the time after which it ends anyway.
const ACKNOWLEDGED: usize = 2_500;
const LONGEST: Duration = Duration::from_secs(15);
/// Images on which the program's own check runs too.
const CHECKED: u64 = 4;
/// Images of a disk that lies.
const LIES: u64 = 8;

/// A file that was acknowledged, and when.
pub(super) struct Upload {
    sha256: String,
    at: u64,
}

/// What the run left behind.
struct Run {
    root: PathBuf,
    record: Record,
    log: Arc<Log>,
    uploads: Vec<Upload>,
    secret: Vec<u8>,
    /// Numbers of the first and last note under load.
    window: std::ops::Range<usize>,
}

pub(super) async fn run(arguments: &Arguments, seeds: u64) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = record(arguments, folder.path()).await;
    let mut points: Vec<(usize, u64)> = (0..seeds).map(|seed| (moment(&run, arguments.seed * 1_000_003 + seed), seed)).collect();
    points.sort_unstable();
    let mut findings = Vec::new();
    let mut disk = Disk::new(&run.record);
    let mut played = 0;
    for (next, seed) in &points {
        (played..*next).for_each(|number| disk.play(number));
        played = *next;
        let image = tempfile::tempdir().expect("a temporary folder");
        disk.image(*next, *seed, &run.root, image.path());
        let mut wrong = verify::verify(image.path(), &run.log, &run.uploads, &run.secret, run.record.notes[*next].begun);
        if seed % (seeds / CHECKED).max(1) == 0 {
            let said = check(&arguments.binary, image.path()).await;
            wrong.extend((said != "all is well").then_some(said));
        }
        findings.extend(wrong.into_iter().map(|finding| format!("seed {seed}, note {next}: {finding}")));
    }
    let noticed = lies_are_noticed(&run);
    println!(
        "{}",
        serde_json::json!({
            "torture": "power", "seeds": seeds, "seed": arguments.seed, "acknowledged": run.log.count(), "uploads": run.uploads.len(),
            "calls": run.window.len(), "lies_noticed": noticed, "findings": findings.iter().take(20).collect::<Vec<_>>(),
        })
    );
    println!("power: {} passed, {} failed", seeds, findings.len() + usize::from(noticed == 0));
    findings.is_empty() && noticed > 0
}

/// Runs the server under load and notes what it writes.
async fn record(arguments: &Arguments, folder: &Path) -> Run {
    let (root, noted) = (folder.join("data"), folder.join("noted"));
    std::fs::create_dir(&root).expect("a folder for the victim");
    crate::bring_what_was_learned(&root);
    let mut victim = Victim::new(arguments.binary.clone(), &root).await;
    let shim = arguments.shim.as_ref().expect("--power needs --shim");
    victim.settings = vec![
        ("LD_PRELOAD".to_owned(), shim.display().to_string()),
        ("POWER_LOG".to_owned(), noted.display().to_string()),
        ("POWER_PREFIX".to_owned(), root.display().to_string()),
    ];
    victim.start().await;
    let target = Arc::new(Target::set_up(&victim).await);
    let (log, stop) = (Arc::new(Log::default()), Arc::new(AtomicBool::new(false)));
    let uploads = Arc::<Mutex<Vec<Upload>>>::default();
    let begun = nanoseconds();
    let mut tasks: Vec<_> = (0..VISITORS).map(|number| tokio::spawn(load::visitor(target.clone(), log.clone(), stop.clone(), number))).collect();
    tasks.extend((0..AGENTS).map(|number| tokio::spawn(load::agent(target.clone(), log.clone(), stop.clone(), number))));
    // Two, because the same bytes come at nearly the same moment then: neither may lean on what the other has not finished.
    tasks.extend((0..2).map(|_| tokio::spawn(upload(target.clone(), uploads.clone(), stop.clone()))));
    let started = Instant::now();
    while log.count() < ACKNOWLEDGED && started.elapsed() < LONGEST {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let ended = nanoseconds();
    stop.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.expect("a load task does not panic");
    }
    victim.kill().await;
    let secret = std::fs::read(root.join("secret")).expect("the secret");
    let record = Record::read(&noted, &root);
    let first = record.notes.partition_point(|note| note.begun < begun);
    let last = record.notes.partition_point(|note| note.begun < ended);
    assert!(last - first > 100, "the shim noted {} calls under load", last - first);
    let uploads = std::mem::take(&mut *uploads.lock().expect("no panic"));
    Run { root, record, log, uploads, secret, window: first..last }
}

/// An agent who uploads files of their own.
async fn upload(target: Arc<Target>, uploads: Arc<Mutex<Vec<Upload>>>, stop: Arc<AtomicBool>) {
    let mut number = 0usize;
    while !stop.load(Ordering::SeqCst) {
        let bytes = format!("liite {number} ").repeat(1 + number * 37 % 900).into_bytes();
        let sha256 = ennakoi_store::files::digest(&bytes);
        let answer = target.staff.upload("attachments", "liite.txt", "text/plain", bytes).await;
        if answer.status.is_success() {
            uploads.lock().expect("no panic").push(Upload { sha256, at: nanoseconds() });
        }
        number += 1;
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}

/// When the power fails: at any call, or right after a sync, when acknowledgements have just gone out.
fn moment(run: &Run, seed: u64) -> usize {
    let random = SeededEntropy::new(seed);
    let any = |length: usize| usize::try_from(random.next() % length as u64).expect("small");
    let start = run.window.start + any(run.window.len());
    if seed.is_multiple_of(2) {
        return start;
    }
    let is_sync = |number: &usize| matches!(run.record.notes[*number].call, Call::SyncFile { .. });
    (start..run.window.end).find(is_sync).map_or(start, |number| (number + 1).min(run.window.end - 1))
}

/// In how many images the losses of a disk that only pretends to sync are found: none would mean that this test sees nothing.
fn lies_are_noticed(run: &Run) -> usize {
    let mut disk = Disk::new(&run.record);
    (0..run.window.start).for_each(|number| disk.play(number));
    disk.lies = true;
    (run.window.clone()).for_each(|number| disk.play(number));
    let last = run.window.end - 1;
    let noticed = (0..LIES).filter(|seed| {
        let image = tempfile::tempdir().expect("a temporary folder");
        disk.image(last, *seed, &run.root, image.path());
        !verify::verify(image.path(), &run.log, &run.uploads, &run.secret, run.record.notes[last].begun).is_empty()
    });
    noticed.count()
}

/// What `ennakoi check` says about an image.
async fn check(binary: &Path, folder: &Path) -> String {
    let mut command = tokio::process::Command::new(binary);
    command
        .arg("check")
        .env("DATABASE_URL", format!("sqlite:{}", folder.join("test.db").display()))
        .env("ENNAKOI_FILES_URL", format!("file:{}", folder.join("files").display()))
        .env("ENNAKOI_SECURITY_SECRET_FILE", folder.join("secret"))
        .env("ENNAKOI_LOG_LEVEL", "error");
    let output = command.output().await.expect("the check runs");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)).trim().to_owned()
}
