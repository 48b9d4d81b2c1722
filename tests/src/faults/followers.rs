//! Who works on what, as `GET /projections` tells.

use crate::client::{Answer, Client};
use eventlog::Position;
use reqwest::StatusCode;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// By name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Followers(pub BTreeMap<String, Follower>);

#[derive(Clone, Debug, PartialEq)]
pub struct Follower {
    /// Who holds its lease.
    pub owner: Option<String>,
    pub fence: i64,
    /// Everything up to here is done.
    pub at: Position,
}

impl Followers {
    pub async fn now(client: &Client) -> Self {
        let Answer { status, body, .. } = client.get("/projections").await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let all = body.as_array().expect("a list").iter().map(named);
        // What is being rebuilt has an owner of its own.
        Self(all.filter(|(name, _)| !name.ends_with("__shadow")).collect())
    }

    /// The followers once each has an owner, and none of those there were here; or those that have
    /// not.
    pub async fn taken_over(&self, client: &Client) -> Result<Self, Vec<String>> {
        let now = Self::now(client).await;
        let before = self.owners();
        let is_open = |follower: &Follower| {
            follower.owner.as_ref().is_none_or(|owner| before.contains(owner))
        };
        let open = now.0.iter().filter(|(_, follower)| is_open(follower));
        let open: Vec<_> = open.map(|(name, _)| name.clone()).collect();
        let is_complete = !now.0.is_empty() && self.0.keys().all(|name| now.0.contains_key(name));
        if open.is_empty() && is_complete { Ok(now) } else { Err(open) }
    }

    /// Those that have not come as far as `end`.
    pub fn behind(&self, end: Position) -> Vec<&String> {
        self.0.iter().filter(|(_, one)| one.at < end).map(|(name, _)| name).collect()
    }

    fn owners(&self) -> BTreeSet<&String> {
        self.0.values().filter_map(|follower| follower.owner.as_ref()).collect()
    }
}

fn named(shown: &Value) -> (String, Follower) {
    let text = |field: &str| shown[field].as_str().map(str::to_owned);
    let follower = Follower {
        owner: text("owner"),
        fence: shown["fence"].as_i64().expect("a number"),
        at: text("position").expect("a position").parse().unwrap(),
    };
    (text("name").expect("a name"), follower)
}
