//! A real mail server: Dovecot with IMAP and LMTP on ports of its own, run as an ordinary user, with a token endpoint beside it.

use std::{
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

use crate::{certificate::Certificate, ports::free_port};

/// Who it runs as when the tests are run by root, which Dovecot refuses for mail.
const NOBODY: u32 = 65_534;

#[derive(Default)]
struct Tokens {
    good: Vec<String>,
    /// What the token endpoint gives next, in order; an empty text is a refusal.
    next: Vec<String>,
    refreshes: usize,
}

/// The server; it ends when this is dropped.
pub struct Dovecot {
    pub imap: u16,
    /// Only with a certificate.
    pub imaps: u16,
    pub lmtp: u16,
    pub tokens_at: SocketAddr,
    folder: tempfile::TempDir,
    tokens: Arc<Mutex<Tokens>>,
    process: Option<Child>,
}

/// The password of every mailbox.
pub const DOVECOT_PASSWORD: &str = "salainen-sana";

impl Dovecot {
    pub async fn start() -> Self {
        Self::start_with(None).await
    }

    /// One that also speaks TLS: by STARTTLS, and on [`Dovecot::imaps`] from the first byte.
    pub async fn start_with_tls(certificate: &Certificate) -> Self {
        Self::start_with(Some(certificate)).await
    }

    async fn start_with(certificate: Option<&Certificate>) -> Self {
        let tokens = Arc::new(Mutex::new(Tokens::default()));
        let tokens_at = serve_tokens(tokens.clone()).await;
        let (imap, lmtp, imaps) = (free_port(), free_port(), free_port());
        let folder = tempfile::Builder::new().prefix("dovecot").tempdir().expect("a temporary folder");
        let mut server = Self { imap, imaps, lmtp, tokens_at, folder, tokens, process: None };
        server.write_configuration(certificate);
        server.run().await;
        server
    }

    fn base(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn write_configuration(&self, certificate: Option<&Certificate>) {
        let base = self.base();
        let tls = certificate.map_or_else(
            || "ssl = no".to_owned(),
            |certificate| {
                for (from, to) in [(certificate.path(), "cert.pem"), (certificate.key(), "key.pem")] {
                    std::fs::copy(from, base.join(to)).expect("copied");
                    std::fs::set_permissions(base.join(to), std::fs::Permissions::from_mode(0o644)).expect("permissions");
                }
                format!("ssl = yes\nssl_cert = <{0}/cert.pem\nssl_key = <{0}/key.pem", base.display())
            },
        );
        let (user, group, uid, gid) = identity();
        let text = CONFIGURATION
            .replace("@BASE@", &base.display().to_string())
            .replace("@TLS@", &tls)
            .replace("@IMAPS@", &if certificate.is_some() { self.imaps } else { 0 }.to_string())
            .replace("@IMAP@", &self.imap.to_string())
            .replace("@LMTP@", &self.lmtp.to_string())
            .replace("@USER@", &user)
            .replace("@GROUP@", &group)
            .replace("@UID@", &uid.to_string())
            .replace("@GID@", &gid.to_string());
        std::fs::write(base.join("dovecot.conf"), text).expect("the configuration is written");
        let oauth = format!(
            "introspection_mode = auth\nintrospection_url = http://{}/introspect\nusername_attribute = email\nactive_attribute = active\nactive_value = true\n",
            self.tokens_at
        );
        std::fs::write(base.join("oauth.conf"), oauth).expect("the configuration is written");
        std::fs::create_dir_all(base.join("mail")).expect("a folder");
        for name in ["", "mail"] {
            std::fs::set_permissions(base.join(name), std::fs::Permissions::from_mode(0o777)).expect("permissions");
        }
    }

    /// Starts it, or starts it again after [`Dovecot::stop`].
    pub async fn run(&mut self) {
        let configuration = self.base().join("dovecot.conf");
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args([&format!("--reuid={NOBODY}"), &format!("--regid={NOBODY}"), "--clear-groups", "/usr/sbin/dovecot"]);
            command
        } else {
            Command::new("/usr/sbin/dovecot")
        };
        command.arg("-F").arg("-c").arg(configuration).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        self.process = Some(command.spawn().expect("dovecot is installed (scripts/need.sh dovecot)"));
        for _ in 0..3_000 {
            if TcpStream::connect(("127.0.0.1", self.imap)).await.is_ok() && TcpStream::connect(("127.0.0.1", self.lmtp)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("dovecot did not start: {}", std::fs::read_to_string(self.base().join("log")).unwrap_or_default());
    }

    /// Ends it and every connection to it.
    pub async fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            if let Some(id) = process.id() {
                let _ = Command::new("kill").arg(id.to_string()).status().await;
            }
            let _ = tokio::time::timeout(Duration::from_secs(10), process.wait()).await;
        }
    }

    /// Gives the folder another UIDVALIDITY, as a restored backup would. While it is stopped.
    pub fn renumber(&self, address: &str) {
        let mail = self.base().join("mail").join(address);
        for entry in std::fs::read_dir(&mail).expect("the mailbox is there").flatten() {
            if entry.file_name().to_string_lossy().starts_with("dovecot") {
                std::fs::remove_file(entry.path()).expect("an index is removed");
            }
        }
    }

    /// Delivers a mail as another server would.
    pub async fn deliver(&self, from: &str, to: &str, mail: &str) {
        let answer = self.try_deliver(from, to, mail.as_bytes()).await;
        assert!(answer.starts_with("250"), "{answer}");
    }

    /// Delivers and gives the server's last answer.
    pub async fn try_deliver(&self, from: &str, to: &str, mail: &[u8]) -> String {
        let mut wire = BufReader::new(TcpStream::connect(("127.0.0.1", self.lmtp)).await.expect("LMTP answers"));
        answer(&mut wire).await;
        for line in ["LHLO test".to_owned(), format!("MAIL FROM:<{from}>"), format!("RCPT TO:<{to}>"), "DATA".to_owned()] {
            wire.write_all(format!("{line}\r\n").as_bytes()).await.expect("written");
            let said = answer(&mut wire).await;
            assert!(said.starts_with('2') || said.starts_with('3'), "{line}: {said}");
        }
        for line in mail.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.starts_with(b".") {
                wire.write_all(b".").await.expect("written");
            }
            wire.write_all(line).await.expect("written");
            wire.write_all(b"\r\n").await.expect("written");
        }
        wire.write_all(b".\r\n").await.expect("written");
        answer(&mut wire).await
    }

    /// Tokens that mailboxes open to.
    pub fn accept_tokens(&self, tokens: &[&str]) {
        self.tokens.lock().expect("no panic holds it").good = tokens.iter().map(|token| (*token).to_owned()).collect();
    }

    /// What refreshing gives, one after another; "" refuses for good.
    pub fn refresh_gives(&self, tokens: &[&str]) {
        self.tokens.lock().expect("no panic holds it").next = tokens.iter().map(|token| (*token).to_owned()).collect();
    }

    #[must_use]
    pub fn refreshes(&self) -> usize {
        self.tokens.lock().expect("no panic holds it").refreshes
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // Its children end with it when it is asked, not when it is killed.
        if let Some(id) = self.process.as_ref().and_then(Child::id) {
            let _ = std::process::Command::new("kill").arg(id.to_string()).status();
        }
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").map(|it| std::os::unix::fs::MetadataExt::uid(&it)).unwrap_or(NOBODY) == 0
}

/// Name, group, and their numbers, of whom it runs as.
fn identity() -> (String, String, u32, u32) {
    use std::os::unix::fs::MetadataExt;
    if is_root() {
        return ("nobody".to_owned(), "nogroup".to_owned(), NOBODY, NOBODY);
    }
    let me = std::fs::metadata("/proc/self").expect("who this is");
    let name = |file: &str, number: u32| {
        let text = std::fs::read_to_string(file).expect("names of users");
        let found = text.lines().find(|line| line.split(':').nth(2) == Some(&number.to_string())).expect("a name");
        found.split(':').next().unwrap_or_default().to_owned()
    };
    (name("/etc/passwd", me.uid()), name("/etc/group", me.gid()), me.uid(), me.gid())
}

async fn answer(wire: &mut BufReader<TcpStream>) -> String {
    loop {
        let mut line = String::new();
        wire.read_line(&mut line).await.expect("an answer");
        if line.as_bytes().get(3) != Some(&b'-') {
            return line.trim_end().to_owned();
        }
    }
}

/// The provider of tokens: Dovecot asks it whether one is good, and clients refresh theirs.
async fn serve_tokens(tokens: Arc<Mutex<Tokens>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tokens = tokens.clone();
            tokio::spawn(async move {
                let _ = answer_tokens(stream, &tokens).await;
            });
        }
    });
    address
}

async fn answer_tokens(stream: TcpStream, tokens: &Arc<Mutex<Tokens>>) -> std::io::Result<()> {
    let mut wire = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0usize);
    loop {
        let mut line = String::new();
        if wire.read_line(&mut line).await? == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    wire.read_exact(&mut body).await?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let (status, json) = if head.starts_with("POST /token") { refresh(tokens) } else { introspect(tokens, &format!("{head}{body}")) };
    let reply = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{json}", json.len());
    wire.write_all(reply.as_bytes()).await
}

fn refresh(tokens: &Arc<Mutex<Tokens>>) -> (&'static str, String) {
    let mut tokens = tokens.lock().expect("no panic holds it");
    tokens.refreshes += 1;
    let token = if tokens.next.len() > 1 { tokens.next.remove(0) } else { tokens.next.first().cloned().unwrap_or_default() };
    if token.is_empty() {
        return ("400 Bad Request", r#"{"error":"invalid_grant"}"#.to_owned());
    }
    ("200 OK", format!(r#"{{"access_token":"{token}","expires_in":3600,"token_type":"Bearer"}}"#))
}

fn introspect(tokens: &Arc<Mutex<Tokens>>, asked: &str) -> (&'static str, String) {
    let good = tokens.lock().expect("no panic holds it").good.iter().any(|token| asked.contains(token.as_str()));
    if good {
        return ("200 OK", r#"{"active":true,"email":"tuki@kone.example","username":"tuki@kone.example","scope":"imap"}"#.to_owned());
    }
    ("401 Unauthorized", r#"{"active":false}"#.to_owned())
}

const CONFIGURATION: &str = r"base_dir = @BASE@/run
state_dir = @BASE@/run
log_path = @BASE@/log
protocols = imap lmtp
listen = 127.0.0.1
@TLS@
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
mail_location = maildir:@BASE@/mail/%u
first_valid_uid = 1
recipient_delimiter = +
default_internal_user = @USER@
default_internal_group = @GROUP@
default_login_user = @USER@
mail_uid = @UID@
mail_gid = @GID@
mail_max_userip_connections = 100
service imap-login {
  chroot =
  inet_listener imap {
    port = @IMAP@
  }
  inet_listener imaps {
    port = @IMAPS@
    ssl = yes
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = @LMTP@
  }
}
passdb {
  driver = static
  args = password=salainen-sana
  mechanisms = plain login
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = @BASE@/oauth.conf
}
userdb {
  driver = static
  args = allow_all_users=yes uid=@UID@ gid=@GID@ home=@BASE@/mail/%u
}
";
