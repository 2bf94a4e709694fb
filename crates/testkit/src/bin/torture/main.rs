//! Kills a real server with -9 at random moments under load, again and again, and looks whether anything that it had
//! acknowledged is lost, doubled or out of order. The log of acknowledgements lies in this process, outside the victim.
//!
//! With --power, SQLite only, the power fails instead: see `power`. With --mail, mails arrive and leave meanwhile: see `mail`.
//!
//! usage: torture --binary PATH [--kills N] [--seed N]
//!        torture --binary PATH --mail ARRIVING --answers LEAVING [--kills N] [--seed N]
//!        torture --binary PATH --power SEEDS --shim PATH [--seed N]
//! PostgreSQL is used when `TEST_DATABASE_URL` names one, else SQLite.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a test program: a panic is the report")]

mod load;
mod mail;
mod power;
mod verify;
mod victim;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use ennakoi_kernel::{Clock, SeededEntropy, SystemClock};
use load::{Log, Target};
use victim::Victim;

/// Customers who write at the same time.
const VISITORS: usize = 16;
/// Agents who answer at the same time.
const AGENTS: usize = 3;

struct Arguments {
    binary: PathBuf,
    kills: usize,
    seed: u64,
    /// Images of a disk whose power failed, instead of kills.
    power: Option<u64>,
    shim: Option<PathBuf>,
    /// Mails that arrive, and answers that leave, meanwhile.
    mail: Option<usize>,
    answers: usize,
}

fn arguments() -> Arguments {
    let mut arguments = Arguments { binary: PathBuf::from("target/debug/ennakoi"), kills: 20, seed: 1, power: None, shim: None, mail: None, answers: 20 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().unwrap_or_else(|| panic!("{word} needs a value"));
        match word.as_str() {
            "--binary" => arguments.binary = PathBuf::from(value),
            "--kills" => arguments.kills = value.parse().expect("a number of kills"),
            "--power" => arguments.power = Some(value.parse().expect("a number of seeds")),
            "--shim" => arguments.shim = Some(PathBuf::from(value)),
            "--mail" => arguments.mail = Some(value.parse().expect("a number of mails")),
            "--answers" => arguments.answers = value.parse().expect("a number of answers"),
            "--seed" => arguments.seed = value.parse().expect("a seed"),
            other => panic!("unknown argument {other}"),
        }
    }
    arguments
}

/// Nanoseconds since 1970, to a microsecond.
fn nanoseconds() -> u64 {
    u64::try_from(SystemClock.now().0).expect("after 1970") * 1_000
}

/// A server that dies every second never finishes learning: it gets what the tests have learned.
fn bring_what_was_learned(folder: &Path) {
    for file in std::fs::read_dir(ennakoi_testkit::TestApp::learned()).expect("the folder of what was learned").flatten() {
        std::fs::copy(file.path(), folder.join(file.file_name())).expect("what was learned can be copied");
    }
}

#[tokio::main]
async fn main() {
    ennakoi_egress::choose_cryptography();
    let arguments = arguments();
    if let Some(seeds) = arguments.power {
        if !power::run(&arguments, seeds).await {
            std::process::exit(1);
        }
        return;
    }
    if let Some(arriving) = arguments.mail {
        if !mail::run(&arguments, arriving, arguments.answers).await {
            std::process::exit(1);
        }
        return;
    }
    let random = SeededEntropy::new(arguments.seed);
    let folder = tempfile::tempdir().expect("a temporary folder");
    bring_what_was_learned(folder.path());
    let mut victim = Victim::new(arguments.binary, folder.path()).await;
    victim.start().await;
    let target = Arc::new(Target::set_up(&victim).await);
    let log = Arc::new(Log::default());
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks: Vec<_> = (0..VISITORS).map(|number| tokio::spawn(load::visitor(target.clone(), log.clone(), stop.clone(), number))).collect();
    tasks.extend((0..AGENTS).map(|number| tokio::spawn(load::agent(target.clone(), log.clone(), stop.clone(), number))));

    let mut slowest = Duration::ZERO;
    for kill in 0..arguments.kills {
        tokio::time::sleep(Duration::from_millis(200 + random.next() % 900)).await;
        victim.kill().await;
        let started = Instant::now();
        victim.start().await;
        slowest = slowest.max(started.elapsed());
        eprintln!("kill {}: ready again after {:?}, {} acknowledged so far", kill + 1, started.elapsed(), log.count());
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    for task in tasks {
        task.await.expect("a load task does not panic");
    }
    let findings = verify::verify(&target, &log).await;
    victim.stop().await;
    let damage = victim.check().await;
    println!(
        "{}",
        serde_json::json!({
            "torture": if std::env::var("TEST_DATABASE_URL").is_ok() { "postgres" } else { "sqlite" },
            "kills": arguments.kills, "seed": arguments.seed, "acknowledged": log.count(), "slowest_ready_ms": slowest.as_millis(),
            "findings": findings, "check": damage,
        })
    );
    victim.remove().await;
    let failed = findings.len() + usize::from(damage != "all is well");
    println!("torture: {} passed, {failed} failed", arguments.kills);
    if failed > 0 {
        std::process::exit(1);
    }
}
