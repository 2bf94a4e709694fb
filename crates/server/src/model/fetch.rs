//! A file from an address, through the egress client: resumed where it broke off, redirected by hand, limited in size.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use ennakoi_egress::{Egress, Error, Limits, Method, Reach, Request, StatusCode, header};
use ennakoi_embedding::folder;
use url::Url;

/// Largest file that is fetched.
const FILE_LIMIT: usize = 2 << 30;
/// A slow line may take this long for one file; what is there is kept for the next try.
const TOTAL: Duration = Duration::from_secs(6 * 60 * 60);
/// Tries of one file, each going on where the last broke off.
const TRIES: u32 = 5;
const REDIRECTS: u32 = 5;

/// The client for models.
///
/// # Errors
/// The system's certificates cannot be read.
pub(super) fn client(reach: Reach) -> Result<Egress> {
    let limits = Limits { connect: Duration::from_secs(15), total: TOTAL, answer_bytes: FILE_LIMIT };
    Egress::new(reach, limits).context("cannot prepare the download")
}

/// Fetches `address` into a file below `folder` and returns its path. A part that an earlier try left there is continued.
///
/// # Errors
/// Says why in plain words.
pub(super) async fn fetch(egress: &Egress, address: &Url, folder: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let target = folder.join(format!(".part-{}", &folder::sha256(address.as_str().as_bytes())[..16]));
    let mut last = None;
    for number in 1..=TRIES {
        match once(egress, address, &target).await {
            Ok(()) => return Ok(target),
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::Passing(error)) => {
                eprintln!("try {number} of {TRIES}: {error:#}");
                last = Some(error);
            }
        }
    }
    let error = last.unwrap_or_else(|| anyhow::anyhow!("nothing was tried"));
    Err(error.context(format!("{address} could not be fetched; run the command again to go on where it broke off")))
}

enum Failure {
    /// Worth another try.
    Passing(anyhow::Error),
    Final(anyhow::Error),
}

/// One try, following redirects.
async fn once(egress: &Egress, address: &Url, target: &Path) -> Result<(), Failure> {
    let mut address = address.clone();
    for _ in 0..=REDIRECTS {
        match call(egress, &address, target).await? {
            None => return Ok(()),
            Some(next) => {
                let next = address.join(&next).map_err(|_| Failure::Final(anyhow::anyhow!("{address} sends on to an address that makes no sense")))?;
                if address.scheme() == "https" && next.scheme() != "https" {
                    return Err(Failure::Final(anyhow::anyhow!("{address} sends on to an address that is not encrypted")));
                }
                address = next;
            }
        }
    }
    Err(Failure::Final(anyhow::anyhow!("{address} sends on and on")))
}

/// One call; the address that the other side sends on to, if it does.
async fn call(egress: &Egress, address: &Url, target: &Path) -> Result<Option<String>, Failure> {
    let local = |error: std::io::Error| Failure::Final(anyhow::Error::new(error).context(format!("cannot write {}", target.display())));
    let mut sink = Sink::open(target).map_err(local)?;
    let headers = sink.conditions();
    let request = Request { method: Method::GET, url: address.clone(), headers, body: Default::default() };
    let outcome = egress.download(request, |head, bytes| sink.keep(head.status, &head.headers, bytes)).await;
    let head = outcome.map_err(|error| match error {
        Error::Timeout | Error::Failed(_) => Failure::Passing(anyhow::anyhow!("{address}: {error}")),
        Error::Private => Failure::Final(anyhow::anyhow!(
            "{address} is on a private network; allow that with `private_egress = true` in the configuration's [security], or fetch the file by hand"
        )),
        other => Failure::Final(anyhow::anyhow!("{address}: {other}")),
    })?;
    match head.status {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => sink.finish().map(|()| None).map_err(local),
        // What is there is all there is, or belongs to something else: begin again.
        StatusCode::RANGE_NOT_SATISFIABLE => {
            sink.forget().map_err(local)?;
            Err(Failure::Passing(anyhow::anyhow!("{address} has changed; it is fetched from its beginning")))
        }
        status if status.is_redirection() => {
            let next = head.headers.get(header::LOCATION).and_then(|next| next.to_str().ok());
            next.map(|next| Some(next.to_owned())).ok_or_else(|| Failure::Final(anyhow::anyhow!("{address} sends on without saying where")))
        }
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => Err(Failure::Passing(anyhow::anyhow!("{address} answered {status}"))),
        status => Err(Failure::Final(anyhow::anyhow!("{address} answered {status}"))),
    }
}

/// The file that is filled, with the mark (ETag) of what it is a part of beside it.
struct Sink {
    target: PathBuf,
    mark: PathBuf,
    have: u64,
    open: Option<File>,
}

impl Sink {
    fn open(target: &Path) -> std::io::Result<Self> {
        let mark = target.with_extension("mark");
        // Without a mark nobody can say that the rest would belong to the same file.
        let have = if mark.is_file() { std::fs::metadata(target).map_or(0, |metadata| metadata.len()) } else { 0 };
        Ok(Self { target: target.to_owned(), mark, have, open: None })
    }

    fn conditions(&self) -> header::HeaderMap {
        let mut headers = header::HeaderMap::new();
        let mark = std::fs::read_to_string(&self.mark).ok().and_then(|mark| mark.parse().ok());
        if let (Some(mark), true) = (mark, self.have > 0)
            && let Ok(range) = format!("bytes={}-", self.have).parse()
        {
            headers.insert(header::RANGE, range);
            headers.insert(header::IF_RANGE, mark);
        }
        headers
    }

    fn keep(&mut self, status: StatusCode, headers: &header::HeaderMap, bytes: &[u8]) -> std::io::Result<()> {
        if !status.is_success() {
            return Ok(());
        }
        if self.open.is_none() {
            let going_on = status == StatusCode::PARTIAL_CONTENT && self.have > 0;
            if !going_on {
                self.forget()?;
                // Only a strong mark names exactly these bytes.
                if let Some(mark) = headers.get(header::ETAG).and_then(|mark| mark.to_str().ok()).filter(|mark| !mark.starts_with("W/")) {
                    std::fs::write(&self.mark, mark)?;
                }
            }
            self.open = Some(OpenOptions::new().create(true).append(true).open(&self.target)?);
        }
        if self.have + bytes.len() as u64 > FILE_LIMIT as u64 {
            return Err(std::io::Error::other("it is larger than any model that is supported"));
        }
        self.have += bytes.len() as u64;
        self.open.as_mut().map_or(Ok(()), |file| file.write_all(bytes))
    }

    fn forget(&mut self) -> std::io::Result<()> {
        self.have = 0;
        for path in [&self.target, &self.mark] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> std::io::Result<()> {
        match self.open.take() {
            Some(file) => file.sync_all(),
            None => Err(std::io::Error::other("the answer was empty")),
        }
    }
}

/// Removes what was fetched, once it is installed.
pub(super) fn forget(path: &Path) {
    for path in [path.to_owned(), path.with_extension("mark")] {
        let _ = std::fs::remove_file(path);
    }
}

/// An address the operator typed.
///
/// # Errors
/// It is none.
pub(super) fn address(text: &str) -> Result<Url> {
    let address: Url = text.parse().with_context(|| format!("`{text}` is no address"))?;
    if !matches!(address.scheme(), "http" | "https") {
        bail!("`{text}`: only http and https addresses can be fetched");
    }
    Ok(address)
}
