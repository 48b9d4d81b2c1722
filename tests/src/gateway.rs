//! A payment gateway in a process of its own.

use crate::{client::Client, service::command};
use serde_json::Value;
use std::{collections::BTreeMap, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
};

/// A running `jangteo payment-simulator`, killed when dropped.
pub struct Gateway {
    pub url: String,
    child: Child,
}

impl Gateway {
    pub async fn start(arguments: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", arguments).await
    }

    pub async fn start_at(address: &str, arguments: &[&str]) -> Self {
        let mut child = command(&BTreeMap::new())
            .args(["payment-simulator", "--listen", address])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().expect("an address");
        let url = &line[line.find("http://").expect("an address")..];
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { url: url.trim().to_owned(), child }
    }

    /// Ends it, and gives its address, where nobody listens any more.
    pub async fn kill(mut self) -> String {
        self.child.kill().await.unwrap();
        self.url.trim_start_matches("http://").to_owned()
    }

    /// Every charge by its key.
    pub async fn charges(&self) -> BTreeMap<String, Value> {
        let charges = Client::new(&self.url).get("/charges").await.body;
        let list = charges["charges"].as_array().cloned().expect("a list");
        let count = list.len();
        let by_key: BTreeMap<_, _> =
            list.into_iter().map(|one| (one["key"].as_str().unwrap().to_owned(), one)).collect();
        assert_eq!(by_key.len(), count, "a key is charged once");
        by_key
    }
}
