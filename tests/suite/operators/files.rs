//! Files in an S3-compatible store.

use ennakoi_testkit::s3::FakeS3;
use serde_json::json;

use super::{refused, run};
use crate::{
    inbox::Desk,
    people::{Company, text},
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x00\x80\0\0\x00\xe0\x08\x06\0\0\0\0\0\0\0";

#[tokio::test(flavor = "multi_thread")]
async fn attachments_and_pictures_live_in_the_bucket() {
    let store = FakeS3::start().await;
    let company = Company::start_with(|configuration| store.configure(&mut configuration.files, "live")).await;
    let desk = Desk::of(company).await;
    // A busy store is asked again.
    store.refuse_next(2);
    let file = desk.owner().upload("attachments", "kuva.png", "image/png", PNG.to_vec()).await.expect(201);
    let keys = store.keys();
    assert!(keys.len() == 1 && keys[0].starts_with(&format!("live/{}/", desk.company.workspace().replace('-', ""))), "{keys:?}");
    let read = desk.owner().get(&text(&file["url"])).await;
    assert_eq!((read.status.as_u16(), read.headers["content-type"].to_str().unwrap()), (200, "image/png"));
    let me = desk.owner().request(reqwest::Method::PUT, "profile/avatar");
    let part = reqwest::multipart::Part::bytes(PNG.to_vec()).file_name("mina.png");
    let me = desk.owner().send(me.multipart(reqwest::multipart::Form::new().part("file", part))).await.expect(200);
    assert_eq!(store.keys().len(), 2, "{me}");
    desk.owner().delete("profile/avatar").await.expect(204);
    assert_eq!(store.keys(), keys);
    assert_eq!(store.refused(), 0, "every request was signed rightly");
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_goes_on_while_the_store_is_down() {
    let store = FakeS3::start().await;
    let company = Company::start_with(|configuration| store.configure(&mut configuration.files, "")).await;
    let desk = Desk::of(company).await;
    let talk = desk.talk("Liisa", "Hei").await;
    // A connection that was open may outlive the store's door.
    store.refuse_next(1_000);
    drop(store);
    let refused = desk.owner().upload("attachments", "kuva.png", "image/png", PNG.to_vec()).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (503, &json!("try_again")));
    desk.owner().post(&talk.path("/messages"), json!({ "client_key": "k1", "body": "Hei!", "visibility": "public" })).await.expect(201);
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_bucket_or_key_is_named_at_the_start() {
    let store = FakeS3::start().await;
    let company = Company::start_with(|configuration| store.configure(&mut configuration.files, "live")).await;
    let right = company.app.app.configuration.clone();
    let mut wrong = right.clone();
    wrong.files.url = "s3://nobody/live".to_owned();
    refused(&run(&["check"], &wrong).await, "NoSuchBucket");
    let mut wrong = right.clone();
    wrong.files.s3_secret_key = "other".to_owned();
    refused(&run(&["check"], &wrong).await, "SignatureDoesNotMatch");
    let mut wrong = right.clone();
    wrong.files.s3_access_key = String::new();
    refused(&run(&["check"], &wrong).await, "files.s3_access_key must be set");
    let mut wrong = right;
    wrong.files.url = "ftp://files".to_owned();
    refused(&run(&["check"], &wrong).await, "files.url must be file:PATH or s3://bucket/prefix");
}
