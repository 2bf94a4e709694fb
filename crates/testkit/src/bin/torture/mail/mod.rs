//! Kill -9 while mails arrive and answers leave. Both mail servers live outside the victim: Dovecot holds what arrived, and an SMTP
//! server counts what left.

mod load;
mod verify;

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use ennakoi_kernel::SeededEntropy;
use ennakoi_testkit::{DOVECOT_PASSWORD, Dovecot, SmtpSink};
use load::{Load, Plan};
use serde_json::json;

use crate::{Arguments, bring_what_was_learned, load::Target, victim::Victim};

/// The company's address.
const ADDRESS: &str = "tuki@kone.example";
/// A server scans a mail before it says that it has it: the moment at which a kill leaves its fate unknown.
const SCAN: Duration = Duration::from_millis(40);
/// The longest time in which nothing at all may happen.
const STALL: Duration = Duration::from_secs(90);

/// A company with a mailbox, and both its servers.
struct Office {
    target: Target,
    dovecot: Dovecot,
    sink: SmtpSink,
    mailbox: String,
    channel: String,
}

/// Runs `arguments.kills` kills; returns whether all was well.
pub(crate) async fn run(arguments: &Arguments, arriving: usize, leaving: usize) -> bool {
    let random = SeededEntropy::new(arguments.seed);
    let folder = tempfile::tempdir().expect("a temporary folder");
    bring_what_was_learned(folder.path());
    let mut victim = Victim::new(arguments.binary.clone(), folder.path()).await;
    for (name, value) in [("PRIVATE_EGRESS", "true"), ("MEMBER_REQUESTS_PER_SECOND", "100000")] {
        victim.settings.push((format!("ENNAKOI_SECURITY_{name}"), value.to_owned()));
    }
    victim.start().await;
    let office = Arc::new(set_up(&victim).await);
    let load = Arc::new(Load::new(Plan { arriving, leaving, rounds: arguments.kills + 1 }));
    let tasks = [tokio::spawn(load::deliver(office.clone(), load.clone())), tokio::spawn(load::answer(office.clone(), load.clone()))];
    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    for kill in 0..arguments.kills {
        load.round.store(kill, Ordering::SeqCst);
        work_is_under_way(&office).await;
        tokio::time::sleep(Duration::from_millis(random.next() % 400)).await;
        victim.kill().await;
        let started = Instant::now();
        victim.start().await;
        slowest = slowest.max(started.elapsed());
        eprintln!("kill {}: ready again after {:?}, {} mails out", kill + 1, started.elapsed(), office.sink.count());
    }
    load.round.store(arguments.kills, Ordering::SeqCst);
    for task in tasks {
        task.await.expect("a load task does not panic");
    }
    let finished = verify::wait(&office, &load, STALL).await;
    let seconds = begun.elapsed().as_secs();
    let mut report = verify::verify(&office, &load).await;
    if !finished {
        report.findings.push(format!("nothing happened for {STALL:?}, and not everything was done"));
    }
    victim.stop().await;
    let damage = victim.check().await;
    println!(
        "{}",
        json!({
            "torture": if std::env::var("TEST_DATABASE_URL").is_ok() { "mail, postgres" } else { "mail, sqlite" },
            "kills": arguments.kills, "seed": arguments.seed, "arrived": report.arrived, "delivered_twice": load.again(), "answers": report.answers,
            "left": report.left, "unknown_listed": report.listed, "out_again_and_listed": report.out_again, "slowest_ready_ms": slowest.as_millis(),
            "seconds": seconds, "findings": report.findings, "check": damage,
        })
    );
    victim.remove().await;
    let failed = report.findings.len() + usize::from(damage != "all is well");
    println!("torture, mail: {} passed, {failed} failed", arguments.kills);
    failed == 0
}

async fn set_up(victim: &Victim) -> Office {
    let (dovecot, sink) = (Dovecot::start().await, SmtpSink::start().await);
    sink.scan_for(SCAN);
    let target = Target::set_up(victim).await;
    let settings = json!({
        "name": "Käpylän Kone",
        "incoming": { "host": "127.0.0.1", "port": dovecot.imap, "security": "plain" },
        "outgoing": { "host": "127.0.0.1", "port": sink.address.port(), "security": "plain" },
        "sign_in": "password", "undo_seconds": 0,
    });
    let new = json!({ "address": ADDRESS, "settings": settings, "secrets": { "password": DOVECOT_PASSWORD } });
    let made = target.staff.post("mailboxes", new).await.expect(201);
    let text = |field: &str| made[field].as_str().expect("an id").to_owned();
    let office = Office { mailbox: text("id"), channel: text("channel_id"), target, dovecot, sink };
    let path = format!("mailboxes/{}", office.mailbox);
    for _ in 0..1_200 {
        if office.target.staff.get(&path).await.expect(200)["state"] == "connected" {
            return office;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the mailbox is not read: {}", office.target.staff.get(&path).await.text);
}

/// Waits until this process has something in its hands: a mail has left since it started. A slow machine only takes longer.
async fn work_is_under_way(office: &Office) {
    let (before, started) = (office.sink.count(), Instant::now());
    while office.sink.count() == before && started.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
