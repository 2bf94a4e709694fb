//! Files of a conversation, both ways.

use ennakoi_kernel::Duration;
use ennakoi_testkit::Answer;
use serde_json::{Value, json};

use super::{Shop, Visitor};
use crate::people::text;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0\0\0\0\0\0";

async fn upload(visitor: &Visitor<'_>, name: &str, media_type: &str, bytes: &[u8]) -> Answer {
    visitor.client.upload("/widget/v1/attachments", name, media_type, bytes.to_vec()).await
}

/// Sends a file in a message; returns the file as its customer sees it.
async fn sent(visitor: &Visitor<'_>, key: &str, name: &str, media_type: &str, bytes: &[u8]) -> Value {
    let file = upload(visitor, name, media_type, bytes).await.expect(201);
    let message = json!({ "client_key": key, "body": "", "attachment_ids": [file["id"]] });
    let message = visitor.client.post("/widget/v1/messages", message).await.expect(201);
    message["message"]["attachments"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_goes_both_ways_by_a_signed_address() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    let file = sent(&visitor, "1", "kuva.png", "image/png", PNG).await;
    let url = text(&file["url"]);
    // A picture in a page carries no token: the address is enough.
    let stranger = shop.company.app.stranger();
    let answer = stranger.get(&url).await;
    assert_eq!((answer.status.as_u16(), answer.headers["content-type"].to_str().unwrap()), (200, "image/png"));
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    let talk = text(&visitor.conversation().await["id"]);
    let staff = shop.owner().get(&format!("conversations/{talk}/messages")).await.expect(200);
    let for_staff = staff["items"].as_array().unwrap().iter().find(|message| !message["attachments"].as_array().unwrap().is_empty()).unwrap();
    shop.owner().get(&text(&for_staff["attachments"][0]["url"])).await.expect(200);
    let uploaded = shop.owner().upload("attachments", "ohje.pdf", "application/pdf", b"%PDF-1.7 x".to_vec()).await.expect(201);
    let body = json!({ "client_key": "a", "body": "Ohje", "visibility": "public", "attachment_ids": [uploaded["id"]] });
    shop.owner().post(&format!("conversations/{talk}/messages"), body).await.expect(201);
    let last = visitor.messages().await.pop().unwrap();
    stranger.get(&text(&last["attachments"][0]["url"])).await.expect(200);
    shop.company.app.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_good_for_its_file_its_conversation_and_its_days() {
    let shop = Shop::open().await;
    let (liisa, veikko) = (shop.visitor().await, shop.visitor().await);
    let first = text(&sent(&liisa, "1", "liisa.png", "image/png", PNG).await["url"]);
    let second = text(&sent(&veikko, "1", "veikko.png", "image/png", PNG).await["url"]);
    let stranger = shop.company.app.stranger();
    let (path, proof) = first.split_once('?').unwrap();
    let (other_path, other_proof) = second.split_once('?').unwrap();
    let conversation = |proof: &str| proof.split('&').next().unwrap().to_owned();
    let until = proof.split('&').find_map(|part| part.strip_prefix("until=")).unwrap();
    let later = (until.parse::<i64>().unwrap() + 86_400_000_000).to_string();
    for forged in [
        path.to_owned(),
        format!("{path}?{other_proof}"),
        format!("{other_path}?{proof}"),
        format!("{path}?{}", proof.replace(&conversation(proof), &conversation(other_proof))),
        format!("{path}?{}", proof.replace(until, &later)),
        format!("{path}?{}", &proof[..proof.len() - 2]),
        format!("{path}?{}{}", &proof[..proof.len() - 2], if proof.ends_with("00") { "11" } else { "00" }),
        format!("{path}?{proof}0"),
        format!("{path}?{}", proof.replace("signature=", "signature=zz")),
        format!("{path}?{}", proof.split("&signature=").next().unwrap()),
    ] {
        let answer = stranger.get(&forged).await;
        assert!(matches!(answer.status.as_u16(), 404 | 422), "{forged}: {}", answer.status);
    }
    stranger.get(&first).await.expect(200);
    shop.company.app.clock.advance(Duration::days(3));
    stranger.get(&first).await.expect(404);
    // The customer gets a fresh address with the message.
    let fresh = liisa.messages().await.into_iter().find(|message| message["mine"] == true).unwrap();
    stranger.get(&text(&fresh["attachments"][0]["url"])).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_by_its_uploader_only() {
    let shop = Shop::open().await;
    let (liisa, veikko) = (shop.visitor().await, shop.visitor().await);
    let file = upload(&liisa, "kuva.png", "image/png", PNG).await.expect(201);
    let body = |key: &str| json!({ "client_key": key, "body": "", "attachment_ids": [file["id"]] });
    assert_eq!(veikko.client.post("/widget/v1/messages", body("1")).await.expect(422)["errors"][0]["field"], "attachment_ids[0]");
    // Nor does the upload's own address open it before it is sent, to anybody without a session.
    let stranger = shop.company.app.stranger();
    assert!(matches!(stranger.get(&text(&file["url"])).await.status.as_u16(), 401 | 404));
    liisa.client.post("/widget/v1/messages", body("1")).await.expect(201);
    liisa.client.post("/widget/v1/messages", body("2")).await.expect(422);
    shop.company.app.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_run_in_a_browser_is_a_download() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    let stranger = shop.company.app.stranger();
    for (n, (name, media_type, bytes)) in [
        ("kuva.svg", "image/svg+xml", &b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"[..]),
        ("kuva.png", "image/png", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"),
        ("sivu.html", "text/html", b"<!doctype html><script>alert(1)</script>"),
        ("sivu.png", "image/png", b"<!doctype html><script>alert(1)</script>"),
        ("sivu.xhtml", "application/xhtml+xml", b"<html xmlns=\"http://www.w3.org/1999/xhtml\"><script>alert(1)</script></html>"),
        ("koodi.js", "text/javascript", b"alert(1)"),
        ("tyyli.css", "text/css", b"*{}"),
        ("a.pdf", "application/pdf", b"%PDF-1.7 /JS (x)"),
    ]
    .into_iter()
    .enumerate()
    {
        let file = sent(&visitor, &n.to_string(), name, media_type, bytes).await;
        let answer = stranger.get(&text(&file["url"])).await;
        let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
        assert!(header("content-disposition").starts_with("attachment"), "{name}: {}", header("content-disposition"));
        assert!(!header("content-type").contains("html") && !header("content-type").contains("svg"), "{name}: {}", header("content-type"));
        assert!(header("content-security-policy").contains("sandbox"), "{name}");
    }
    upload(&visitor, "iso.bin", "application/octet-stream", &vec![0u8; 21 << 20]).await.expect(413);
    shop.company.app.settle().await;
}
