//! The real program as a process of its own, beside the one of the test on the same data.

use std::{net::SocketAddr, process::Stdio, sync::Arc, time::Duration};

use ennakoi_testkit::{Client, TestApp};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
    sync::Mutex,
    task::JoinHandle,
};

use super::program_with;
use crate::people::Company;

pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    child: Child,
    said: Arc<Mutex<String>>,
    reading: JoinHandle<()>,
}

impl Serving {
    /// Starts it and waits until it is ready.
    pub(crate) async fn beside(company: &Company, settings: &[(&str, &str)]) -> Self {
        let mut configuration = company.app.app.configuration.clone();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        configuration.server.listen = address.to_string();
        drop(free);
        // Learning would take longer than the test.
        let folder = std::path::Path::new(&configuration.security.secret_file).parent().unwrap().to_owned();
        for file in std::fs::read_dir(tokio::task::spawn_blocking(TestApp::learned).await.unwrap()).unwrap().flatten() {
            std::fs::copy(file.path(), folder.join(file.file_name())).unwrap();
        }
        let mut command = program_with(&["serve"], &configuration);
        command.env("ENNAKOI_SECURITY_SIGN_IN_ATTEMPTS_PER_MINUTE", "1000").envs(settings.iter().copied());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = Arc::<Mutex<String>>::default();
        let into = said.clone();
        let reading = tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let mut said = into.lock().await;
                said.push_str(&line);
                said.push('\n');
            }
        });
        let probe = Client::new(&format!("http://{address}"));
        for _ in 0..3_000 {
            if probe.request(reqwest::Method::GET, "/readyz").send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Self { address, child, said, reading };
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("not ready within thirty seconds: {}", said.lock().await);
    }

    /// The same person at this process.
    pub(crate) fn client(&self, of: &Client) -> Client {
        let mut client = Client::new(&format!("http://{}", self.address));
        client.cookie.clone_from(&of.cookie);
        client.workspace.clone_from(&of.workspace);
        client
    }

    /// `SIGTERM`.
    pub(crate) async fn ask_to_stop(&self) {
        let id = self.child.id().expect("it runs").to_string();
        assert!(tokio::process::Command::new("kill").arg(id).status().await.unwrap().success());
    }

    /// Waits for its end; returns whether it ended well and what it logged.
    pub(crate) async fn end(mut self) -> (bool, String) {
        let status = tokio::time::timeout(Duration::from_secs(60), self.child.wait()).await.expect("it ends").unwrap();
        self.reading.await.unwrap();
        let said = self.said.lock().await.clone();
        (status.success(), said)
    }

    pub(crate) async fn stop(self) -> (bool, String) {
        self.ask_to_stop().await;
        self.end().await
    }
}
