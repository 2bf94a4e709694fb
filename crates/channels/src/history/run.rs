//! Imports at work: the dry run, and the writing, batch by batch.

use std::{sync::Arc, time::Duration as StdDuration};

use ennakoi_http::App;
use ennakoi_kernel::{Duration, Problem, Timestamp};
use ennakoi_store::{
    Result, Tx, files,
    outbox::work::{self, Claim, Pace, Work},
    timeline::{self, NewEvent},
};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{
    PastConversation, Reader, Records, Rejection, Who, formats,
    store::{self, Import, Phase},
    write::{self, Brought, Colleagues},
};

/// Conversations written in one transaction: few enough that conversations of today do not wait for an import.
const BATCH: usize = 20;
/// Conversations that a dry run shows.
const SHOWN: usize = 20;
const PACE: Pace = Pace { at_once: 1, lease: Duration::minutes(2), idle: StdDuration::from_millis(500) };

pub(super) async fn run(app: App, readers: Arc<[Arc<dyn Reader>]>, stop: watch::Receiver<bool>) {
    let (db, environment) = (app.db.clone(), app.environment.clone());
    work::run(db, environment, Imports { app, readers, stop: stop.clone() }, stop).await;
}

struct Imports {
    app: App,
    readers: Arc<[Arc<dyn Reader>]>,
    stop: watch::Receiver<bool>,
}

impl Work for Imports {
    type Item = Import;

    fn name(&self) -> &'static str {
        "history"
    }

    fn pace(&self) -> Pace {
        PACE
    }

    async fn due(&self, tx: &mut Tx, now: Timestamp) -> Result<bool> {
        store::due(tx, now).await
    }

    async fn claim(&self, tx: &mut Tx, claim: Claim<'_>) -> Result<Vec<Import>> {
        store::claim(tx, claim).await
    }

    async fn reclaim(&self, tx: &mut Tx) -> Result<()> {
        store::reclaim(tx).await
    }

    async fn attempt(&self, owner: &str, import: Import) -> Result<()> {
        match (self.records(&import).await?, import.phase) {
            (Err(problem), _) => self.fail(import, &problem).await,
            (Ok(records), Phase::Checking) => self.check(owner, import, &records).await,
            (Ok(records), _) => self.write(owner, import, records).await,
        }
    }
}

impl Imports {
    /// The file, taken apart on a thread of its own.
    async fn records(&self, import: &Import) -> Result<std::result::Result<Records, Problem>> {
        let bytes = self.app.blobs.get(&files::key(import.workspace, &import.sha256)).await?;
        let (readers, format) = (self.readers.clone(), import.format);
        let reading = tokio::task::spawn_blocking(move || match readers.iter().find(|reader| reader.format() == format) {
            Some(reader) => reader.read(&bytes).and_then(formats::checked),
            None => formats::read(format, &bytes),
        });
        reading.await.map_err(|error| ennakoi_store::Error::Other(format!("a file could not be read: {error}")))
    }

    async fn fail(&self, import: Import, problem: &Problem) -> Result<()> {
        let code = problem.fields.first().map_or_else(|| problem.code.to_owned(), |field| format!("{}: {}", field.code, field.message));
        let mut tx = self.app.db.begin().await?;
        store::settle(&mut tx, &import, Phase::Failed, Some(&code), Some(self.app.environment.now())).await?;
        tx.commit().await
    }

    /// The dry run: what would come of it.
    async fn check(&self, owner: &str, mut import: Import, records: &Records) -> Result<()> {
        let mut tx = self.app.db.begin().await?;
        store::forget_rejections(&mut tx, &import).await?;
        let mut counts = store::Counts { total: i64::try_from(records.len()).unwrap_or(i64::MAX), ..store::Counts::default() };
        let mut shown = Vec::new();
        for (place, record) in records.iter().enumerate() {
            match record {
                Ok(record) => {
                    let known = store::known(&mut tx, &import, &record.id).await?.is_some();
                    counts.created += i64::from(!known);
                    counts.unchanged += i64::from(known);
                    counts.messages += i64::try_from(record.messages.len()).unwrap_or(0);
                    if shown.len() < SHOWN {
                        shown.push(glimpse(record, known));
                    }
                }
                Err(rejection) => {
                    counts.rejected += 1;
                    store::reject(&mut tx, &import, i64::try_from(place).unwrap_or(i64::MAX), rejection).await?;
                }
            }
        }
        (import.counts, import.preview) = (counts, Value::Array(shown));
        let until = self.app.environment.now() + PACE.lease;
        if store::advance(&mut tx, &import, owner, until).await? {
            store::settle(&mut tx, &import, Phase::Checked, None, None).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Writes what is left, batch by batch, each with how far it has come.
    async fn write(&self, owner: &str, mut import: Import, records: Records) -> Result<()> {
        let app = &self.app;
        let colleagues = write::colleagues(&mut app.db.read().await?, &import).await?;
        import.counts.total = i64::try_from(records.len()).unwrap_or(i64::MAX);
        let from = usize::try_from(import.counts.done).unwrap_or(0).min(records.len());
        for (batch, records) in records[from..].chunks(BATCH).enumerate() {
            // Somebody else goes on with it.
            if *self.stop.borrow() {
                let mut tx = app.db.begin().await?;
                store::turn(&mut tx, &import, Phase::Running).await?;
                return tx.commit().await;
            }
            if !self.write_batch(owner, &mut import, &colleagues, from + batch * BATCH, records).await? {
                return Ok(());
            }
        }
        let mut tx = app.db.begin().await?;
        store::settle(&mut tx, &import, Phase::Finished, None, Some(app.environment.now())).await?;
        let payload = json!({ "kind": "history", "import": import.id, "created": import.counts.created, "updated": import.counts.updated, "rejected": import.counts.rejected });
        timeline::append(&mut tx, &app.environment, import.workspace, vec![NewEvent::new("import.finished", import.started_by, payload)]).await?;
        tx.commit().await
    }

    /// False when the import was held or is another's by now: then nothing of the batch is written.
    async fn write_batch(
        &self,
        owner: &str,
        import: &mut Import,
        colleagues: &Colleagues,
        first: usize,
        records: &[std::result::Result<PastConversation, Rejection>],
    ) -> Result<bool> {
        let app = &self.app;
        let mut prepared = Vec::with_capacity(records.len());
        for record in records {
            prepared.push(match record {
                Ok(record) => write::prepare(app, import, record).await?,
                Err(_) => Vec::new(),
            });
        }
        let mut tx = app.db.begin().await?;
        let mut counts = import.counts;
        for ((at, record), files) in records.iter().enumerate().zip(prepared) {
            let brought = match record {
                Ok(record) => write::bring(&mut tx, app, import, colleagues, record, files).await?,
                Err(rejection) => Err(rejection.clone()),
            };
            counts.done += 1;
            match brought {
                Ok(Brought::Created(messages)) => (counts.created, counts.messages) = (counts.created + 1, counts.messages + messages),
                Ok(Brought::Updated(messages)) => (counts.updated, counts.messages) = (counts.updated + 1, counts.messages + messages),
                Ok(Brought::Unchanged) => counts.unchanged += 1,
                Err(rejection) => {
                    counts.rejected += 1;
                    store::reject(&mut tx, import, i64::try_from(first + at).unwrap_or(i64::MAX), &rejection).await?;
                }
            }
        }
        let before = std::mem::replace(&mut import.counts, counts);
        if !store::advance(&mut tx, import, owner, app.environment.now() + PACE.lease).await? {
            import.counts = before;
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// What a dry run shows of a record.
fn glimpse(record: &PastConversation, known: bool) -> Value {
    let first = record.messages.first();
    let beginning: String = first.map(|message| message.text.chars().take(160).collect()).unwrap_or_default();
    let by_customer = record.messages.iter().filter(|message| matches!(message.who, Who::Customer(_))).count();
    json!({
        "record": record.id,
        "subject": record.subject,
        "customer": if record.customer.name.is_empty() { record.customer.email.clone().or_else(|| record.customer.phone.clone()) } else { Some(record.customer.name.clone()) },
        "created_at": record.created_at,
        "state": record.state,
        "messages": record.messages.len(),
        "by_customer": by_customer,
        "beginning": beginning,
        "known": known,
    })
}
