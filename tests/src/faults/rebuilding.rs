//! A `jangteo rebuild` that runs, and tells in JSON lines how far it is.

use super::{PATIENCE, scene::Scene};
use crate::service::command;
use serde_json::Value;
use std::process::Stdio;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout},
    time::timeout,
};

/// Killed when dropped.
pub struct Rebuilding {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Rebuilding {
    pub fn start(scene: &Scene, which: &[&str]) -> Self {
        let mut running = command(&scene.environment);
        running.arg("rebuild").args(which).stdout(Stdio::piped());
        let mut child = running.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Waits until it begins a stage.
    pub async fn comes_to(&mut self, stage: &str) {
        loop {
            let line = timeout(PATIENCE, self.lines.next_line()).await.expect("goes on").unwrap();
            let line = line.unwrap_or_else(|| panic!("it ends before {stage}"));
            let told: Value = serde_json::from_str(&line).unwrap();
            if told["stage"] == stage {
                return;
            }
        }
    }

    /// Kills it before it is at its end.
    pub async fn killed_early(mut self) {
        self.child.start_kill().unwrap();
        let ended = self.child.wait().await.unwrap();
        assert_eq!(ended.code(), None, "it had ended by itself");
    }

    /// Waits until it is through, which must go well.
    pub async fn ends(mut self) {
        let through = async {
            let mut last = String::new();
            while let Some(line) = self.lines.next_line().await.unwrap() {
                last = line;
            }
            (self.child.wait().await.unwrap(), last)
        };
        let (ended, last) = timeout(PATIENCE, through).await.expect("comes to its end");
        assert!(ended.success(), "{ended}: {last}");
    }
}
