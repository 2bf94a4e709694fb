//! Files: whose they are, what they claim, how they come back.

use ennakoi_inbox::messages::{Direction, NewMessage};
use ennakoi_store::timeline::Actor;
use serde_json::json;

use super::Desk;
use crate::people::text;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0\0\0\0\0\0";

#[tokio::test]
async fn a_file_is_sent_once_by_its_uploader_and_read_by_colleagues() {
    let desk = Desk::open().await;
    let (aino, onni) = (desk.company.colleague("aino", "agent").await, desk.company.colleague("onni", "agent").await);
    let talk = desk.talk("Liisa", "Hei").await;
    let file = aino.upload("attachments", "../../kuva päivä\".png", "text/html", PNG.to_vec()).await.expect(201);
    assert_eq!(
        (&file["media_type"], &file["width"], &file["height"], &file["name"]),
        (&json!("image/png"), &json!(640), &json!(480), &json!("kuva päivä.png"))
    );
    let url = text(&file["url"]);
    // Before it is sent it is its uploader's alone.
    aino.get(&url).await.expect(200);
    onni.get(&url).await.expect(404);
    let send = |key: &str| json!({ "client_key": key, "body": "", "visibility": "public", "attachment_ids": [file["id"]] });
    assert_eq!(onni.post(&talk.path("/messages"), send("o1")).await.expect(422)["errors"][0]["field"], "attachment_ids[0]");
    let message = aino.post(&talk.path("/messages"), send("a1")).await.expect(201);
    assert_eq!(message["attachments"][0]["id"], file["id"]);
    aino.post(&talk.path("/messages"), send("a2")).await.expect(422);
    let answer = onni.get(&url).await;
    let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "image/png");
    assert_eq!(header("content-disposition"), "inline; filename=\"kuva p_iv_.png\"; filename*=UTF-8''kuva%20p%C3%A4iv%C3%A4.png");
    assert_eq!((header("x-content-type-options").as_str(), header("content-security-policy").as_str()), ("nosniff", "sandbox; default-src 'none'"));
    let neighbour = desk.company.neighbour().await;
    let theirs = url.replace(&desk.company.workspace(), neighbour.workspace.as_ref().unwrap());
    neighbour.get(&theirs).await.expect(404);
    neighbour.get(&url).await.expect(404);
    let mut stranger = desk.company.app.stranger();
    stranger.workspace = Some(desk.company.workspace());
    stranger.get(&url).await.expect(401);
    desk.settle().await;
}

#[tokio::test]
async fn what_could_run_is_a_download() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    for (name, media_type, bytes) in [
        ("kuva.svg", "image/svg+xml", &b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"[..]),
        ("sivu.html", "text/html", b"<!doctype html><script>alert(1)</script>"),
        ("kuva.png", "image/png", b"<html><script>alert(1)</script>"),
        ("lasku.pdf", "application/pdf", b"%PDF-1.7 x"),
        // The header of a picture that would need gigabytes of memory.
        ("pommi.png", "image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\x01\0\0\0\x01\0\0\x08\x06\0\0\0\0\0\0\0"),
        ("ohjelma.exe", "application/x-msdownload", b"MZ\0\x01\x02"),
    ] {
        let file = aino.upload("attachments", name, media_type, bytes.to_vec()).await.expect(201);
        let answer = aino.get(&text(&file["url"])).await;
        assert!(answer.headers["content-disposition"].to_str().unwrap().starts_with("attachment;"), "{name}");
        assert!(!["text/html", "image/svg+xml"].contains(&answer.headers["content-type"].to_str().unwrap()), "{name}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
    aino.upload("attachments", "tyhjä.txt", "text/plain", Vec::new()).await.expect(422);
    aino.upload("attachments", "iso.bin", "application/octet-stream", vec![1; (20 << 20) + 1]).await.expect(413);
    desk.settle().await;
}

#[tokio::test]
async fn files_of_notes_are_not_the_customers() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let (talk, other) = (desk.talk("Liisa", "Hei").await, desk.talk("Matti", "Hei").await);
    let mut files = Vec::new();
    for visibility in ["public", "private"] {
        let file = aino.upload("attachments", "a.png", "image/png", PNG.to_vec()).await.expect(201);
        let body = json!({ "client_key": visibility, "body": "", "visibility": visibility, "attachment_ids": [file["id"]] });
        aino.post(&talk.path("/messages"), body).await.expect(201);
        files.push(text(&file["id"]).parse().unwrap());
    }
    let workspace = desk.workspace();
    let may = async |file, conversation| {
        let mut tx = desk.company.app.app.db.read().await.unwrap();
        ennakoi_inbox::attachments::for_contact(&mut tx, workspace, file, conversation).await.is_ok()
    };
    assert!(may(files[0], talk.id).await);
    assert!(!may(files[1], talk.id).await, "a note's file");
    assert!(!may(files[0], other.id).await, "another conversation");
    // A customer cannot send a colleague's file.
    let stolen = aino.upload("attachments", "b.png", "image/png", PNG.to_vec()).await.expect(201);
    let new = NewMessage { attachments: vec![text(&stolen["id"]).parse().unwrap()], ..NewMessage::text(Actor::Contact(talk.contact), Direction::In, "") };
    let mut tx = desk.company.app.app.db.begin().await.unwrap();
    assert!(ennakoi_inbox::messages::add(&mut tx, &desk.company.app.app.environment, workspace, talk.id, new).await.is_err());
    drop(tx);
    desk.settle().await;
}
