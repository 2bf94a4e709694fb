//! Against real listeners on this machine.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

/// Answers each connection with the next of the given texts, and counts connections.
async fn listener(answers: Vec<String>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let number = counter.fetch_add(1, Ordering::SeqCst);
            let answer = answers[number.min(answers.len() - 1)].clone();
            tokio::spawn(async move {
                let mut buffer = [0u8; 4096];
                let _ = socket.read(&mut buffer).await;
                let _ = socket.write_all(answer.as_bytes()).await;
            });
        }
    });
    (address, count)
}

fn get(url: &str) -> Request {
    Request { method: Method::GET, url: url.parse().unwrap(), headers: header::HeaderMap::new(), body: Bytes::new() }
}

struct Says(Vec<SocketAddr>);

impl Lookup for Says {
    fn lookup(&self, _: String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> {
        let addresses = self.0.clone();
        Box::pin(async move { Ok(addresses) })
    }
}

/// Says a public address first and a private one afterwards, as a rebinding attack does.
struct Rebinds(AtomicUsize, SocketAddr);

impl Lookup for Rebinds {
    fn lookup(&self, _: String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> {
        let first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
        // 192.0.2.0/24 is for documentation and refused, so a public address that does not answer stands in for the first.
        let address = if first { "1.2.3.4:9".parse().unwrap() } else { self.1 };
        Box::pin(async move { Ok(vec![address]) })
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi";

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_before_a_connection_is_made() {
    let (address, connections) = listener(vec![OK.to_owned()]).await;
    for found in [vec![address], vec!["1.1.1.1:0".parse().unwrap(), address]] {
        let egress = Egress::with_lookup(Reach::Public, Limits::default(), Arc::new(Says(found))).unwrap();
        let refused = egress.call(get(&format!("http://shop.example:{}/", address.port()))).await.unwrap_err();
        assert!(matches!(refused, Error::Private), "{refused:?}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_address_in_numbers_is_judged_in_every_spelling() {
    let egress = Egress::new(Reach::Public, Limits::default()).unwrap();
    for spelling in ["127.0.0.1", "0x7f.1", "2130706433", "017700000001", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "169.254.169.254"] {
        let refused = egress.call(get(&format!("http://{spelling}/"))).await.unwrap_err();
        assert!(matches!(refused, Error::Private), "{spelling}: {refused:?}");
    }
    for other in ["ftp://example.fi/", "http://user:secret@example.fi/", "file:///etc/passwd"] {
        assert!(matches!(egress.call(get(other)).await.unwrap_err(), Error::Address(_)), "{other}");
    }
}

#[tokio::test]
async fn a_name_that_changes_its_answer_gains_nothing() {
    let (address, connections) = listener(vec![OK.to_owned()]).await;
    let limits = Limits { connect: Duration::from_millis(200), total: Duration::from_millis(400), ..Limits::default() };
    let egress = Egress::with_lookup(Reach::Public, limits, Arc::new(Rebinds(AtomicUsize::new(0), address))).unwrap();
    let url = format!("http://rebinding.example:{}/", address.port());
    assert!(egress.call(get(&url)).await.is_err(), "the public address does not answer");
    assert!(matches!(egress.call(get(&url)).await.unwrap_err(), Error::Private));
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn redirects_are_answers_and_not_followed() {
    let (inside, connections) = listener(vec![OK.to_owned()]).await;
    let redirect = format!("HTTP/1.1 302 Found\r\nlocation: http://{inside}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let (address, _) = listener(vec![redirect]).await;
    let egress = Egress::with_lookup(Reach::Anywhere, Limits::default(), Arc::new(Says(vec![address]))).unwrap();
    let answer = egress.call(get(&format!("http://shop.example:{}/", address.port()))).await.unwrap();
    assert_eq!(answer.status, 302);
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn answers_have_a_size_and_a_time_limit() {
    let lie = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(5_000));
    let honest = format!("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\nconnection: close\r\n\r\n{}", "x".repeat(5_000));
    let limits = Limits { answer_bytes: 1_000, total: Duration::from_millis(300), ..Limits::default() };
    for answer in [lie, honest] {
        let (address, _) = listener(vec![answer]).await;
        let egress = Egress::new(Reach::Anywhere, limits).unwrap();
        assert!(matches!(egress.call(get(&format!("http://{address}/"))).await.unwrap_err(), Error::TooLarge));
    }
    let (address, _) = listener(vec!["HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nslow".to_owned()]).await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let egress = Egress::new(Reach::Anywhere, limits).unwrap();
    assert!(matches!(egress.call(get(&format!("http://{}/", silent.local_addr().unwrap()))).await.unwrap_err(), Error::Timeout));
    assert!(egress.call(get(&format!("http://{address}/"))).await.is_err(), "an answer that breaks off is not an answer");
}
