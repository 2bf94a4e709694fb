//! Our DKIM signature, verified by somebody else: the canonical form is computed here from RFC 6376, and OpenSSL checks it.

use std::{path::Path, process::Command};

use base64::{Engine, prelude::BASE64_STANDARD};
use ennakoi_testkit::{SmtpSink, TakenMail};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::people::Company;

fn openssl(arguments: &[&str]) -> bool {
    Command::new("openssl").args(arguments).output().expect("openssl runs").status.success()
}

/// A header's value in the relaxed form: unfolded, single spaces, none at the ends.
fn relaxed(value: &str) -> String {
    value.replace("\r\n", "").split([' ', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Headers in order, as name and raw value with its folds.
fn headers(mail: &str) -> Vec<(String, String)> {
    let head = mail.split("\r\n\r\n").next().unwrap();
    let mut found: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        if line.starts_with([' ', '\t']) {
            let last = found.last_mut().unwrap();
            last.1.push_str("\r\n");
            last.1.push_str(line);
        } else {
            let (name, value) = line.split_once(':').unwrap();
            found.push((name.to_lowercase(), value.to_owned()));
        }
    }
    found
}

fn tag(signature: &str, name: &str) -> String {
    let tags = signature.split(';').filter_map(|pair| pair.trim().split_once('='));
    tags.filter(|(its, _)| *its == name)
        .map(|(_, value)| value.split_whitespace().collect::<String>())
        .next()
        .unwrap_or_else(|| panic!("no {name}= in {signature}"))
}

fn body_hash(mail: &str) -> String {
    let body = mail.split_once("\r\n\r\n").unwrap().1;
    let mut lines: Vec<String> = body
        .split("\r\n")
        .map(|line| {
            let squeezed = line.split([' ', '\t']).fold(String::new(), |mut all, word| {
                if !all.is_empty() && !word.is_empty() && !all.ends_with(' ') {
                    all.push(' ');
                }
                if all.is_empty() && word.is_empty() {
                    all.push(' ');
                }
                all.push_str(word);
                all
            });
            squeezed.trim_end().to_owned()
        })
        .collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let canonical = if lines.is_empty() { String::new() } else { format!("{}\r\n", lines.join("\r\n")) };
    BASE64_STANDARD.encode(Sha256::digest(canonical.as_bytes()))
}

/// What was signed: the named headers from the last upwards, and the signature itself with nothing in `b=`.
fn signed_data(mail: &str, signature: &str) -> String {
    let mut left = headers(mail);
    left.remove(0);
    let mut data = String::new();
    for name in tag(signature, "h").split(':') {
        if let Some(at) = left.iter().rposition(|(its, _)| its.eq_ignore_ascii_case(name)) {
            let (its, value) = left.remove(at);
            data.push_str(&format!("{its}:{}\r\n", relaxed(&value)));
        }
    }
    let flat = relaxed(signature);
    let start = flat.match_indices("b=").map(|(at, _)| at).find(|at| *at == 0 || flat[..*at].trim_end().ends_with(';')).unwrap();
    let end = flat[start..].find(';').map_or(flat.len(), |length| start + length);
    data.push_str(&format!("dkim-signature:{}{}", &flat[..start + 2], &flat[end..]));
    data
}

fn verify(folder: &Path, public: &Path, mail: &TakenMail) -> bool {
    let text = mail.text();
    let signature = headers(&text).first().filter(|(name, _)| name == "dkim-signature").expect("the signature stands first").1.clone();
    assert_eq!(tag(&signature, "bh"), body_hash(&text));
    assert_eq!((tag(&signature, "d").as_str(), tag(&signature, "s").as_str(), tag(&signature, "a").as_str()), ("kone.example", "posti", "rsa-sha256"));
    assert_eq!(tag(&signature, "c"), "relaxed/relaxed");
    let (data, bytes) = (folder.join("data"), folder.join("signature"));
    std::fs::write(&data, signed_data(&text, &signature)).unwrap();
    std::fs::write(&bytes, BASE64_STANDARD.decode(tag(&signature, "b")).unwrap()).unwrap();
    let name = |path: &Path| path.display().to_string();
    openssl(&["dgst", "-sha256", "-verify", &name(public), "-signature", &name(&bytes), &name(&data)])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_independent_verifier_accepts_the_signature() {
    let folder = tempfile::tempdir().unwrap();
    let (private, public) = (folder.path().join("private.pem"), folder.path().join("public.pem"));
    let name = |path: &Path| path.display().to_string();
    assert!(openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", &name(&private)]));
    assert!(openssl(&["pkey", "-in", &name(&private), "-pubout", "-out", &name(&public)]));
    let sink = SmtpSink::start().await;
    let (url, key) = (format!("smtp+plain://{}", sink.address), name(&private));
    let company = Company::start_with(move |configuration| {
        configuration.mail.smtp_url = url;
        configuration.mail.from = "Käpylän Kone <ilmoitukset@kone.example>".to_owned();
        configuration.mail.dkim_domain = "kone.example".to_owned();
        configuration.mail.dkim_selector = "posti".to_owned();
        configuration.mail.dkim_key_file = key;
    })
    .await;
    company.owner.post("invitations", json!({ "email": "aino@example.fi", "role": "agent" })).await.expect(201);
    let mail = sink.mail(1).await;
    assert!(verify(folder.path(), &public, &mail), "{}", mail.text());
    let mut forged = mail;
    let text = forged.text().replace("aino@example.fi", "eino@example.fi");
    forged.bytes = text.into_bytes();
    assert!(!verify(folder.path(), &public, &forged), "a changed recipient breaks it");
}
