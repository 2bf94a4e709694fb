//! Signing in, sessions, two-step sign-in.

use ennakoi_kernel::Duration;
use ennakoi_testkit::{Client, TestApp};
use serde_json::json;
use totp_rs::{Builder, Secret};

use super::{Company, PASSWORD, address, audited, cookie, count, id_of, sign_in, text, try_sign_in};

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_installation_has_one_account_and_asks_to_be_set_up() {
    let app = TestApp::start().await;
    let first = ennakoi_people::first_start(&app.app).await.unwrap().unwrap();
    assert!(ennakoi_people::first_start(&app.app).await.unwrap().is_none(), "only once");
    let mut client = sign_in(&app, &first.email, &first.password).await;
    let session = client.get("session").await.expect(200);
    assert_eq!((&session["setup_needed"], &session["staff"]["operator"]), (&json!(true), &json!(true)));
    let membership = client.post("workspaces", json!({ "name": "Käpylän Kone Oy" })).await.expect(201);
    assert_eq!((&membership["role"], &membership["workspace"]["slug"]), (&json!("owner"), &json!("kapylan-kone-oy")));
    client.workspace = Some(text(&membership["workspace"]["id"]));
    let session = client.get("session").await.expect(200);
    assert_eq!(session["setup_needed"], false);
    assert!(session["memberships"][0]["permissions"].as_array().unwrap().contains(&json!("workspace:own")));
    client.put("profile/email", json!({ "email": "aino@example.fi", "password": first.password })).await.expect(200);
    sign_in(&app, "Aino@Example.fi ", &first.password).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_an_address_has_an_account_is_not_told() {
    let company = Company::start().await;
    company.colleague("aino", "agent").await;
    let stranger = company.app.stranger();
    let known = try_sign_in(&stranger, &address("aino"), "wrong password", None).await;
    let unknown = try_sign_in(&stranger, &address("nobody"), "wrong password", None).await;
    let malformed = try_sign_in(&stranger, "not an address", "wrong password", None).await;
    assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
    assert_eq!((known.status, &known.text), (malformed.status, &malformed.text));
    assert_eq!(known.expect(401)["code"], "credentials_wrong");
    // The slow hash is computed for both: the work of the unknown address is not a fraction of the known one's.
    let mut spans = Vec::new();
    for email in [address("aino"), address("nobody")] {
        let mut best = std::time::Duration::MAX;
        for _ in 0..5 {
            let begin = std::time::Instant::now();
            try_sign_in(&stranger, &email, "wrong password", None).await.expect(401);
            best = best.min(begin.elapsed());
        }
        spans.push(best);
    }
    assert!(spans[1] * 3 > spans[0], "an unknown address is refused in {:?}, a known one in {:?}", spans[1], spans[0]);
    let session_refusals = audited(&company.owner).await.into_iter().filter(|action| action == "session.refused").count();
    assert!(session_refusals >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slow_for_each_account_and_for_each_address() {
    let company = Company::start_with(|configuration| configuration.security.sign_in_attempts_per_minute = 5).await;
    company.app.clock.stop();
    let stranger = company.app.stranger();
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(try_sign_in(&stranger, "nobody@example.fi", "guess after guess", None).await.status.as_u16());
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    let refused = try_sign_in(&stranger, "nobody@example.fi", "guess after guess", None).await;
    assert!(refused.headers.contains_key("retry-after"));
    company.app.clock.advance(Duration::minutes(2));
    try_sign_in(&stranger, "nobody@example.fi", "guess after guess", None).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_cookie_never_becomes_a_session() {
    let company = Company::start().await;
    company.colleague("aino", "agent").await;
    let planted = format!("ennakoi_session={}", "ab".repeat(32));
    let mut victim = company.app.stranger();
    victim.cookie = Some(planted.clone());
    let answer = try_sign_in(&victim, &address("aino"), PASSWORD, None).await;
    let fresh = cookie(&answer).expect("a new cookie");
    answer.expect(200);
    assert_ne!(fresh, planted);
    victim.get("session").await.expect(401);
    // Signing in again ends the session that the browser held.
    let mut browser = company.app.stranger();
    browser.cookie = Some(fresh.clone());
    browser.get("session").await.expect(200);
    let again = try_sign_in(&browser, &address("aino"), PASSWORD, None).await;
    let newest = cookie(&again).unwrap();
    again.expect(200);
    browser.get("session").await.expect(401);
    browser.cookie = Some(newest);
    browser.get("session").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_closed_to_scripts_and_other_sites() {
    let company = Company::start_with(|configuration| configuration.server.public_url = "https://help.example.fi".to_owned()).await;
    let answer = try_sign_in(&company.app.stranger(), "owner@localhost", &company.owner_password, None).await;
    let set = answer.headers.get("set-cookie").unwrap().to_str().unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    // A browser sends the cookie for any page that asks; without our header a change is refused.
    let cookie = company.owner.cookie.clone().unwrap();
    let url = format!("{}/api/v1/profile", company.app.url);
    let forged = reqwest::Client::new().patch(url).header("cookie", cookie).header("content-type", "application/json").body("{}");
    assert_eq!(forged.send().await.unwrap().status(), 403);
    // A form of another site cannot sign somebody in: it cannot send JSON.
    let url = format!("{}/api/v1/session", company.app.url);
    let form = reqwest::Client::new().post(url).header("content-type", "text/plain").body(r#"{"email":"a@b.fi","password":"x"}"#);
    assert_eq!(form.send().await.unwrap().status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_not_in_the_database() {
    let company = Company::start().await;
    let token = company.owner.cookie.clone().unwrap().split_once('=').unwrap().1.to_owned();
    assert_eq!(count(&company.app, &format!("SELECT COUNT(*) FROM sessions WHERE token_hash = '{token}'")).await, 0);
    assert_eq!(count(&company.app, "SELECT COUNT(*) FROM sessions").await, 1);
    assert_eq!(count(&company.app, "SELECT COUNT(*) FROM staff WHERE password_hash NOT LIKE '$argon2id$%'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_ended_and_expire() {
    let company = Company::start().await;
    let aino = company.colleague("aino", "agent").await;
    let elsewhere = sign_in(&company.app, &address("aino"), PASSWORD).await;
    let third = sign_in(&company.app, &address("aino"), PASSWORD).await;
    let page = aino.get("sessions?limit=2").await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let rest = aino.get(&format!("sessions?limit=2&cursor={}", text(&page["next_cursor"]))).await.expect(200);
    let mut rows = page["items"].as_array().unwrap().clone();
    rows.extend(rest["items"].as_array().unwrap().clone());
    assert_eq!(rows.len(), 3);
    assert_eq!(rows.iter().filter(|row| row["current"] == true).count(), 1);
    // Nobody ends another person's session.
    let mine = text(&rows.iter().find(|row| row["current"] == true).unwrap()["id"]);
    company.owner.delete(&format!("sessions/{mine}")).await.expect(404);
    elsewhere.get("session").await.expect(200);
    let its_id = text(&elsewhere.get("session").await.expect(200)["id"]);
    aino.delete(&format!("sessions/{its_id}")).await.expect(204);
    elsewhere.get("session").await.expect(401);
    aino.delete("sessions").await.expect(204);
    third.get("session").await.expect(401);
    // Use keeps a session alive; disuse ends it.
    for _ in 0..3 {
        company.app.clock.advance(Duration::days(20));
        aino.get("session").await.expect(200);
    }
    company.app.clock.advance(Duration::days(31));
    aino.get("session").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn however_much_it_is_used_a_session_ends_after_half_a_year() {
    let company = Company::start().await;
    for _ in 0..8 {
        company.app.clock.advance(Duration::days(20));
        company.owner.get("session").await.expect(200);
    }
    company.app.clock.advance(Duration::days(21));
    company.owner.get("session").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_at_once() {
    let company = Company::start().await;
    let aino = company.colleague("aino", "agent").await;
    aino.get("session").await.expect(200);
    aino.delete("session").await.expect(204);
    aino.get("session").await.expect(401);
    aino.get("workspace").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_needs_the_old_one_and_ends_other_sessions() {
    let company = Company::start().await;
    let aino = company.colleague("aino", "agent").await;
    let elsewhere = sign_in(&company.app, &address("aino"), PASSWORD).await;
    let wrong = aino.put("profile/password", json!({ "current": "not this one", "new": "neljä vihreää koiraa" })).await.expect(422);
    assert_eq!(wrong["errors"][0]["field"], "current");
    let weak = aino.put("profile/password", json!({ "current": PASSWORD, "new": "salasana1" })).await.expect(422);
    assert_eq!(weak["errors"][0]["field"], "new");
    elsewhere.get("session").await.expect(200);
    aino.put("profile/password", json!({ "current": PASSWORD, "new": "neljä vihreää koiraa" })).await.expect(204);
    aino.get("session").await.expect(200);
    elsewhere.get("session").await.expect(401);
    try_sign_in(&company.app.stranger(), &address("aino"), PASSWORD, None).await.expect(401);
    sign_in(&company.app, &address("aino"), "neljä vihreää koiraa").await;
}

fn code(secret: &str, company: &Company) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).with_account_name("x").build().unwrap();
    totp.generate(u64::try_from(company.app.app.environment.now().seconds()).unwrap()).to_string()
}

async fn turn_on(company: &Company, client: &Client) -> (String, Vec<String>) {
    let begun = client.post("profile/totp", json!({})).await.expect(201);
    assert!(text(&begun["otpauth_url"]).starts_with("otpauth://totp/Ennakoi:"), "{begun}");
    assert!(text(&begun["qr_svg"]).contains("<svg"));
    let secret = text(&begun["secret"]);
    let confirmed = client.put("profile/totp", json!({ "code": code(&secret, company) })).await.expect(200);
    let codes = confirmed["recovery_codes"].as_array().unwrap().iter().map(text).collect();
    (secret, codes)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_step_is_asked_for_and_each_code_works_once() {
    let company = Company::start().await;
    let aino = company.colleague("aino", "agent").await;
    // A code is good for half a minute, which may end between two requests.
    company.app.clock.stop();
    aino.post("profile/totp", json!({})).await.expect(201);
    aino.put("profile/totp", json!({ "code": "000000" })).await.expect(422);
    let (secret, codes) = turn_on(&company, &aino).await;
    assert_eq!(codes.len(), 10);
    aino.post("profile/totp", json!({})).await.expect(409);
    let stranger = company.app.stranger();
    let email = address("aino");
    assert_eq!(try_sign_in(&stranger, &email, PASSWORD, None).await.expect(401)["code"], "second_factor_required");
    // Without the right password nothing is said about a second step.
    assert_eq!(try_sign_in(&stranger, &email, "wrong password", Some("123456")).await.expect(401)["code"], "credentials_wrong");
    assert_eq!(try_sign_in(&stranger, &email, PASSWORD, Some("000000")).await.expect(401)["code"], "second_factor_wrong");
    // The code that confirmed it was used up by that.
    assert_eq!(try_sign_in(&stranger, &email, PASSWORD, Some(&code(&secret, &company))).await.expect(401)["code"], "second_factor_wrong");
    company.app.clock.advance(Duration::seconds(60));
    let now = code(&secret, &company);
    let session = try_sign_in(&stranger, &email, PASSWORD, Some(&now)).await.expect(200);
    assert_eq!(session["second_factor"], true);
    assert_eq!(try_sign_in(&stranger, &email, PASSWORD, Some(&now)).await.expect(401)["code"], "second_factor_wrong", "replayed");
    try_sign_in(&stranger, &email, PASSWORD, Some(&codes[3])).await.expect(200);
    try_sign_in(&stranger, &email, PASSWORD, Some(&codes[3])).await.expect(401);
    aino.delete("session").await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn turning_the_second_step_off_needs_the_password() {
    let company = Company::start().await;
    let aino = company.colleague("aino", "agent").await;
    let (secret, _) = turn_on(&company, &aino).await;
    // What is stored is encrypted.
    let mut tx = company.app.app.db.read().await.unwrap();
    let stored: Vec<u8> = tx.scalar("SELECT totp_secret FROM staff WHERE totp_secret IS NOT NULL", &[]).await.unwrap();
    drop(tx);
    let plain = Secret::try_from_base32(&secret).unwrap();
    assert!(!stored.windows(plain.as_bytes().len()).any(|window| window == plain.as_bytes()));
    let request = |password: &str| aino.request(reqwest::Method::DELETE, "profile/totp").json(&json!({ "password": password }));
    aino.send(request("not the password")).await.expect(422);
    aino.send(request(PASSWORD)).await.expect(204);
    sign_in(&company.app, &address("aino"), PASSWORD).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_can_reset_a_password_and_make_an_owner() {
    let company = Company::start().await;
    let aino = company.colleague("aino", "agent").await;
    turn_on(&company, &aino).await;
    let password = ennakoi_people::reset_password(&company.app.app, &address("aino")).await.unwrap();
    aino.get("session").await.expect(401);
    let mut aino = sign_in(&company.app, &address("aino"), &password).await;
    aino.workspace = Some(company.workspace());
    aino.get("audit").await.expect(403);
    ennakoi_people::make_owner(&company.app.app, &address("aino"), "kapylan-kone-oy").await.unwrap();
    aino.get("audit").await.expect(200);
    assert!(ennakoi_people::reset_password(&company.app.app, "nobody@example.fi").await.is_err());
    assert_eq!(id_of(&aino).await.len(), 36);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_takes_only_what_is_a_persons_own() {
    let company = Company::start().await;
    let aino = company.colleague("aino", "agent").await;
    for (field, value) in [("operator", json!(true)), ("role", json!("owner")), ("email", json!("x@y.fi")), ("password_hash", json!("x")), ("id", json!("x"))] {
        let refused = aino.patch("profile", json!({ field: value })).await.expect(422);
        assert_eq!(refused["errors"][0]["code"], "unknown_field", "{field}");
    }
    let profile = aino.patch("profile", json!({ "name": "Aino Virtanen", "locale": "sv", "preferences": { "theme": "dark" } })).await.expect(200);
    assert_eq!((&profile["name"], &profile["locale"], &profile["preferences"]["theme"]), (&json!("Aino Virtanen"), &json!("sv"), &json!("dark")));
    let profile = aino.patch("profile", json!({ "preferences": { "theme": null, "density": "compact" } })).await.expect(200);
    assert_eq!(profile["preferences"], json!({ "density": "compact" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_pictures_and_served_as_nothing_else() {
    let company = Company::start().await;
    let aino = company.colleague("aino", "agent").await;
    let upload = |bytes: Vec<u8>, media_type: &str| {
        let part = reqwest::multipart::Part::bytes(bytes).file_name("x.png").mime_str(media_type).unwrap();
        aino.send(aino.request(reqwest::Method::PUT, "profile/avatar").multipart(reqwest::multipart::Form::new().part("file", part)))
    };
    let svg = br#"<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>"#.to_vec();
    upload(svg, "image/png").await.expect(422);
    upload(b"<html><script>alert(1)</script>".to_vec(), "image/png").await.expect(422);
    let mut bomb = png(1, 1);
    bomb[16..24].copy_from_slice(&[0, 0, 0x7F, 0xFF, 0, 0, 0x7F, 0xFF]);
    assert_eq!(upload(bomb, "image/png").await.expect(422)["errors"][0]["code"], "picture_large");
    let profile = upload(png(1, 1), "text/html").await.expect(200);
    let answer = company.app.stranger().get(&text(&profile["avatar_url"])).await;
    assert_eq!(answer.status, 200);
    let header = |name: &str| answer.headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!((header("content-type"), header("x-content-type-options")), ("image/png".to_owned(), "nosniff".to_owned()));
    assert!(header("content-security-policy").contains("sandbox"));
    let id = id_of(&aino).await;
    company.app.stranger().get(&format!("avatars/{id}/..%2F..%2Fsecret")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logo_is_the_companys_and_seen_by_its_customers() {
    let company = Company::start().await;
    let aino = company.colleague("aino", "agent").await;
    let upload = async |client: &ennakoi_testkit::Client, bytes: Vec<u8>| {
        let part = reqwest::multipart::Part::bytes(bytes).file_name("logo.png").mime_str("image/png").unwrap();
        client.send(client.request(reqwest::Method::PUT, "workspace/logo").multipart(reqwest::multipart::Form::new().part("file", part))).await
    };
    upload(&aino, png(1, 1)).await.expect(403);
    assert_eq!(upload(&company.owner, b"GIF89a".to_vec()).await.expect(422)["errors"][0]["field"], "file");
    let workspace = upload(&company.owner, png(2, 1)).await.expect(200);
    let address = text(&workspace["brand"]["logo_url"]);
    assert!(address.starts_with(&format!("/api/v1/logos/{}/", company.workspace())), "{address}");
    assert_eq!(company.app.stranger().get(&address).await.headers["content-type"], "image/png");
    company.app.stranger().get(&address.replace(char::is_numeric, "a")).await.expect(404);
    // The other looks stay, and changing them keeps the logo.
    let changed = company.owner.patch("workspace", json!({ "brand": { "color": "#0b6374" } })).await.expect(200);
    assert_eq!((&changed["brand"]["logo_url"], &changed["brand"]["color"]), (&json!(address), &json!("#0b6374")));
    assert_eq!(company.owner.delete("workspace/logo").await.expect(200)["brand"]["logo_url"], json!(null));
}

/// The head of a PNG file: enough to be recognised.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 6, 0, 0, 0, 0x1F, 0x15, 0xC4, 0x89]);
    bytes
}
