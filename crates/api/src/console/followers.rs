//! `/console/projections`: how far the views, the timeline and the reactors are, and what they could
//! not handle.

use super::{
    Console,
    cell::{grouped, time},
    page::{Frame, page, trouble},
    visitor::Visitor,
};
use crate::{
    followers::{Shown as Follower, ShownParked},
    http::problem::Problem,
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use std::sync::Arc;

/// What the table of a view that is being rebuilt is called.
const SHADOW: &str = "__shadow";

#[derive(Template)]
#[template(path = "console/projections.html")]
struct Projections {
    frame: Frame,
    rows: Vec<Shown>,
    parked: Vec<Parked>,
}

/// A follower of the log.
struct Shown {
    name: String,
    label: String,
    /// How it stands: `good`, `busy` or `bad`, and a text for it.
    tone: &'static str,
    standing: String,
    behind: String,
    seconds: String,
    owner: String,
    fence: String,
    position: String,
    progress: String,
    raw_progress: String,
    waiting: i64,
    poisoned: i64,
}

/// What it could not handle.
struct Parked {
    follower: String,
    stream: String,
    version: u64,
    event_type: String,
    state: String,
    tone: &'static str,
    reason: String,
    attempts: i32,
    since: String,
}

pub async fn show(State(console): State<Arc<Console>>, visitor: Visitor) -> Response {
    match console.followers.shown().await {
        Ok(followers) => page(&visitor, StatusCode::OK, &console.projections(&visitor, &followers)),
        Err(error) => trouble(&visitor, &Problem::fault(&error)),
    }
}

impl Console {
    pub fn may_see_followers(&self, visitor: &Visitor) -> bool {
        self.may_ask(visitor, "/projections")
    }

    fn projections(&self, visitor: &Visitor, followers: &[Follower]) -> Projections {
        let parked = followers
            .iter()
            .flat_map(|follower| follower.parked.iter().map(|one| parked(visitor, follower, one)));
        Projections {
            frame: self.frame(visitor, visitor.language.say("projections.title")).kept(None, 2),
            rows: followers.iter().map(|follower| shown(visitor, follower)).collect(),
            parked: parked.collect(),
        }
    }
}

fn shown(visitor: &Visitor, follower: &Follower) -> Shown {
    let (tone, standing) = standing(follower);
    Shown {
        label: named(visitor, &follower.name),
        tone,
        standing: visitor.language.say(standing).to_owned(),
        behind: format!(
            "{}{}",
            grouped(i64::try_from(follower.events_behind).unwrap_or(i64::MAX)),
            if follower.is_all { "" } else { "+" }
        ),
        seconds: format!("{:.1}", follower.seconds_behind),
        owner: follower.owner.map_or_else(|| "–".to_owned(), |owner| owner.to_string()),
        fence: follower.fence.to_string(),
        position: follower.position.clone(),
        progress: time(follower.last_progress_at),
        raw_progress: follower.last_progress_at.to_rfc3339(),
        waiting: follower.waiting_streams,
        poisoned: follower.poisoned_streams,
        name: follower.name.clone(),
    }
}

/// What a follower is called: a view with its context.
fn named(visitor: &Visitor, name: &str) -> String {
    let view = name.split('#').next().unwrap_or_default().trim_end_matches(SHADOW);
    let context = view.split('.').next().unwrap_or_default();
    let context = visitor.language.find(&format!("context.{context}"));
    let table = visitor.language.find(&format!("table.{view}"));
    match (context, table) {
        (Some(context), Some(table)) => format!("{context} · {table}"),
        (None, Some(table)) => table.to_owned(),
        (_, None) => view.to_owned(),
    }
}

/// How it stands, as `/health/ready` sees it: the worst first.
fn standing(follower: &Follower) -> (&'static str, &'static str) {
    if follower.name.contains(SHADOW) {
        return ("busy", "standing.rebuilding");
    }
    if follower.owner.is_none() {
        return ("bad", "standing.unowned");
    }
    if follower.poisoned_streams > 0 {
        return ("bad", "standing.poisoned");
    }
    if follower.seconds_behind > 5.0 {
        return ("busy", "standing.behind");
    }
    if follower.waiting_streams > 0 {
        return ("busy", "standing.waiting");
    }
    ("good", "standing.good")
}

fn parked(visitor: &Visitor, follower: &Follower, one: &ShownParked) -> Parked {
    let state = visitor.language.find(&format!("parked.{}", one.state));
    Parked {
        follower: follower.name.clone(),
        stream: one.stream.clone(),
        version: one.version,
        event_type: one.event_type.clone(),
        state: state.unwrap_or(&one.state).to_owned(),
        tone: if one.state == "poison" { "bad" } else { "busy" },
        reason: one.reason.clone(),
        attempts: one.attempts,
        since: time(one.since),
    }
}
