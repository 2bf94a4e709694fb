//! Identities that are only claimed, and merges.

use ennakoi_kernel::ids::{ContactId, WorkspaceId};
use ennakoi_people::contacts::{self, IdentityKind, NewContact, Verified};
use ennakoi_store::{Engine, Tx};
use serde_json::{Value, json};

use super::{Company, count, events, text};

async fn ensure(tx: &mut Tx, company: &Company, value: &str, verified: Verified) -> ContactId {
    let environment = &company.app.app.environment;
    let new = NewContact { source: "widget".to_owned(), ..NewContact::default() };
    contacts::ensure_by_identity(tx, environment, workspace(company), IdentityKind::Email, value, verified, new).await.unwrap()
}

fn workspace(company: &Company) -> WorkspaceId {
    company.workspace().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_an_address_opens_nobodys_history() {
    let company = Company::start().await;
    let mut tx = company.app.app.db.begin().await.unwrap();
    let liisa = ensure(&mut tx, &company, "liisa@example.fi", Verified::Yes).await;
    let typed = ensure(&mut tx, &company, "LIISA@example.fi", Verified::No).await;
    let typed_again = ensure(&mut tx, &company, "liisa@example.fi", Verified::No).await;
    assert!(liisa != typed && typed != typed_again, "a claim never finds a contact");
    assert_eq!(ensure(&mut tx, &company, " Liisa@Example.fi ", Verified::Yes).await, liisa, "proof finds her");
    let environment = &company.app.app.environment;
    let claimed = contacts::add_identity(
        &mut tx,
        environment,
        workspace(&company),
        ennakoi_store::timeline::Actor::System,
        typed,
        IdentityKind::Email,
        "liisa@example.fi",
        Verified::Yes,
        "widget",
    );
    let refused = claimed.await.unwrap_err();
    assert!(matches!(&refused, ennakoi_store::Error::Problem(problem) if problem.code == "identity_taken"), "{refused}");
    tx.commit().await.unwrap();
    let found = company.owner.get("contacts?email=liisa@example.fi").await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 3);
    let contact = company.owner.get(&format!("contacts/{typed}")).await.expect(200);
    assert_eq!(contact["identities"][0]["verified"], false);
    let duplicates = company.owner.get(&format!("contacts/{typed}/duplicates")).await.expect(200);
    assert!(duplicates["items"].as_array().unwrap().iter().any(|it| it["contact"]["id"] == liisa.to_string() && it["reasons"] == json!(["email"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_proof_at_the_same_moment_makes_one_contact() {
    let company = std::sync::Arc::new(Company::start().await);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let company = company.clone();
            tokio::spawn(async move {
                let mut tx = company.app.app.db.begin().await.unwrap();
                let id = ensure(&mut tx, &company, "liisa@example.fi", Verified::Yes).await;
                tx.commit().await.unwrap();
                id
            })
        })
        .collect();
    let mut ids = Vec::new();
    for task in tasks {
        ids.push(task.await.unwrap());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(count(&company.app, "SELECT COUNT(*) FROM contacts").await, 1);
}

/// The contact as the API shows it, without what every change moves.
async fn shown(company: &Company, id: &str) -> Value {
    let mut contact = company.owner.get(&format!("contacts/{id}")).await.expect(200);
    for moving in ["version", "last_seen_at", "first_seen_at"] {
        contact.as_object_mut().unwrap().remove(moving);
    }
    contact
}

async fn contact(company: &Company, body: Value) -> String {
    text(&company.owner.post("contacts", body).await.expect(201)["id"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_redirects_and_its_undoing_gives_back_exactly_what_was() {
    let company = Company::start().await;
    let a = contact(&company, json!({ "name": "Liisa Meri", "email": "liisa@example.fi", "verified": true, "attributes": { "tier": "gold" } })).await;
    let b = contact(&company, json!({ "phone": "040 123 4567", "verified": true, "locale": "sv", "attributes": { "tier": "silver", "city": "Turku" } })).await;
    let c = contact(&company, json!({ "name": "L. Meri", "email": "meri@example.fi", "verified": true })).await;
    let (a0, b0, c0) = (shown(&company, &a).await, shown(&company, &b).await, shown(&company, &c).await);
    let b_into_c = text(&company.owner.post(&format!("contacts/{c}/merges"), json!({ "loser": b })).await.expect(201)["id"]);
    let c1 = shown(&company, &c).await;
    let c_into_a = text(&company.owner.post(&format!("contacts/{a}/merges"), json!({ "loser": c })).await.expect(201)["id"]);

    let merged = company.owner.get(&format!("contacts/{a}")).await.expect(200);
    assert_eq!(merged["identities"].as_array().unwrap().len(), 3, "{merged}");
    assert_eq!(merged["attributes"], json!({ "tier": "gold", "city": "Turku" }));
    assert_eq!((&merged["locale"], &merged["phone"], &merged["email"]), (&json!("sv"), &json!("040 123 4567"), &json!("liisa@example.fi")));
    assert_eq!(company.owner.get(&format!("contacts/{b}")).await.expect(200)["merged_into"], json!(a));
    assert_eq!(company.owner.get("contacts").await.expect(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(company.owner.get("contacts?q=meri").await.expect(200)["items"].as_array().unwrap().len(), 1);
    // Proof of the loser's identity leads to the winner now.
    let mut tx = company.app.app.db.begin().await.unwrap();
    assert_eq!(ensure(&mut tx, &company, "meri@example.fi", Verified::Yes).await.to_string(), a);
    let asked: ContactId = b.parse().unwrap();
    let briefs = contacts::briefs(&mut tx, workspace(&company), &[asked]).await.unwrap();
    assert_eq!((briefs[&asked].id.to_string(), briefs[&asked].name.as_str()), (a.clone(), "Liisa Meri"));
    drop(tx);
    company.owner.post(&format!("contacts/{a}/merges"), json!({ "loser": c })).await.expect(409);
    company.owner.post(&format!("contacts/{a}/merges"), json!({ "loser": a })).await.expect(422);
    company.owner.post(&format!("contacts/{c}/merges"), json!({ "loser": a })).await.expect(409);
    assert_eq!(company.owner.get(&format!("contacts/{a}/merges")).await.expect(200)["items"].as_array().unwrap().len(), 1);

    company.owner.delete(&format!("contacts/{a}/merges/{c_into_a}")).await.expect(204);
    company.owner.delete(&format!("contacts/{a}/merges/{c_into_a}")).await.expect(204);
    assert_eq!((shown(&company, &a).await, shown(&company, &c).await), (a0.clone(), c1));
    assert_eq!(company.owner.get(&format!("contacts/{b}")).await.expect(200)["merged_into"], json!(c));
    company.owner.delete(&format!("contacts/{c}/merges/{b_into_c}")).await.expect(204);
    assert_eq!((shown(&company, &a).await, shown(&company, &b).await, shown(&company, &c).await), (a0, b0, c0));
    let kinds = events(&company).await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "contact.merged").count(), 2);
    assert_eq!(kinds.iter().filter(|kind| *kind == "contact.merge_undone").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_is_no_way_around_a_block() {
    let company = Company::start().await;
    let a = contact(&company, json!({ "name": "A" })).await;
    let b = contact(&company, json!({ "name": "B" })).await;
    company.owner.patch(&format!("contacts/{b}"), json!({ "blocked": true })).await.expect(200);
    company.owner.post(&format!("contacts/{a}/merges"), json!({ "loser": b })).await.expect(201);
    assert_eq!(company.owner.get(&format!("contacts/{a}")).await.expect(200)["blocked"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_do_not_merge_and_nobody_merges_across_workspaces() {
    let company = Company::start().await;
    let a = contact(&company, json!({ "name": "A" })).await;
    let b = contact(&company, json!({ "name": "B" })).await;
    let aino = company.colleague("aino", "agent").await;
    aino.post(&format!("contacts/{a}/merges"), json!({ "loser": b })).await.expect(403);
    let neighbour = company.neighbour().await;
    let theirs = text(&neighbour.post("contacts", json!({ "name": "N" })).await.expect(201)["id"]);
    company.owner.post(&format!("contacts/{a}/merges"), json!({ "loser": theirs })).await.expect(422);
    neighbour.post(&format!("contacts/{theirs}/merges"), json!({ "loser": a })).await.expect(422);
    let merge = text(&company.owner.post(&format!("contacts/{a}/merges"), json!({ "loser": b })).await.expect(201)["id"]);
    neighbour.delete(&format!("contacts/{theirs}/merges/{merge}")).await.expect(404);
    neighbour.delete(&format!("contacts/{a}/merges/{merge}")).await.expect(404);
    for path in ["", "/timeline", "/pages", "/merges", "/duplicates"] {
        neighbour.get(&format!("contacts/{a}{path}")).await.expect(404);
    }
    neighbour.patch(&format!("contacts/{a}"), json!({ "name": "X" })).await.expect(404);
    neighbour.post(&format!("contacts/{a}/identities"), json!({ "kind": "email", "value": "x@example.fi" })).await.expect(404);
    // The same identity may be verified in each workspace.
    let body = json!({ "email": "sama@example.fi", "verified": true });
    company.owner.post("contacts", body.clone()).await.expect(201);
    neighbour.post("contacts", body.clone()).await.expect(201);
    assert_eq!(company.owner.post("contacts", body).await.expect(409)["code"], "identity_taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_are_added_proven_and_removed() {
    let company = Company::start().await;
    let id = contact(&company, json!({ "name": "Liisa" })).await;
    let path = format!("contacts/{id}/identities");
    let claimed = company.owner.post(&path, json!({ "kind": "phone", "value": "0401234567" })).await.expect(201);
    assert_eq!((&claimed["verified"], &claimed["source"]), (&json!(false), &json!("staff")));
    let proven = company.owner.post(&path, json!({ "kind": "phone", "value": "+358 40 123 4567", "verified": true })).await.expect(201);
    assert_eq!((&proven["id"], &proven["verified"]), (&claimed["id"], &json!(true)));
    let wrong = company.owner.post(&path, json!({ "kind": "email", "value": "not an address" })).await.expect(422);
    assert_eq!(wrong["errors"][0]["code"], "email_invalid");
    assert_eq!(company.owner.get("contacts?phone=00358401234567").await.expect(200)["items"][0]["id"], json!(id));
    assert_eq!(company.owner.get("contacts?q=040 123 45 67").await.expect(200)["items"][0]["id"], json!(id));
    company.owner.delete(&format!("{path}/{}", text(&proven["id"]))).await.expect(204);
    company.owner.delete(&format!("{path}/{}", text(&proven["id"]))).await.expect(404);
    assert_eq!(company.owner.get(&format!("contacts/{id}")).await.expect(200)["phone"], Value::Null);
    let kinds = events(&company).await;
    for kind in ["identity.added", "identity.verified", "identity.removed"] {
        assert!(kinds.contains(&kind.to_owned()), "{kind}");
    }
}

/// Two proofs of one new address at the same moment, as two nodes may bring them, make one contact.
#[tokio::test(flavor = "multi_thread")]
async fn two_who_prove_the_same_address_at_once_find_one_contact() {
    let company = std::sync::Arc::new(Company::start().await);
    let mut first = company.app.app.db.begin().await.unwrap();
    let liisa = ensure(&mut first, &company, "liisa@example.fi", Verified::Yes).await;
    let other = company.clone();
    let second = tokio::spawn(async move {
        let mut tx = other.app.app.db.begin().await.unwrap();
        let found = ensure(&mut tx, &other, "liisa@example.fi", Verified::Yes).await;
        tx.commit().await.unwrap();
        found
    });
    // On PostgreSQL the second comes as far as the same row; SQLite has one writer, and it has to wait before it begins.
    if company.app.app.db.engine() == Engine::Postgres {
        let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        for _ in 0..3_000 {
            if company.app.app.db.read().await.unwrap().scalar::<i64>(waiting, &[]).await.unwrap() > 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
    first.commit().await.unwrap();
    assert_eq!(second.await.unwrap(), liisa);
    let contacts = company.owner.get("contacts?limit=10").await.expect(200);
    assert_eq!(contacts["items"].as_array().unwrap().len(), 1);
}
