//! Events as they are sent.

use super::mark::Mark;
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;
use std::fmt::Write;

/// Why a listener begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// What changed since then is not known any more.
    TooOld,
    /// Rows changed otherwise than by events.
    Rewritten,
    /// More rows than are kept in mind for one listener.
    TooMany,
}

/// Why what a listener has may be stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behind {
    Unreachable,
    Unowned,
    Late,
    Parked,
}

impl Reason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::TooOld => "too-old",
            Self::Rewritten => "rewritten",
            Self::TooMany => "too-many",
        }
    }
}

impl Behind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Unowned => "unowned",
            Self::Late => "late",
            Self::Parked => "parked",
        }
    }
}

/// How long whoever lost the connection waits, in milliseconds.
pub(super) const RETRY: &str = "retry: 2000\n\n";

/// An event. Without a mark the one before holds.
pub(super) fn event(name: &str, mark: Option<Mark>, data: &impl Serialize) -> String {
    let mut text = format!("event: {name}\n");
    if let Some(mark) = mark {
        // Writing to a string does not fail.
        let _ = writeln!(text, "id: {mark}");
    }
    // Neither do rows, which have no line feeds as JSON.
    let data = serde_json::to_string(data).unwrap_or_default();
    let _ = write!(text, "data: {data}\n\n");
    text
}

/// Whoever has this and loses the connection begins anew: it takes back the last id.
pub(super) fn reset(reason: Reason) -> String {
    format!("event: reset\nid\ndata: {{\"reason\":\"{}\"}}\n\n", reason.as_str())
}

pub(super) fn ready(mark: Mark, is_all: bool) -> String {
    let mut data = json!({ "position": mark.position.to_string() });
    if !is_all {
        data["more"] = json!(true);
    }
    event("ready", Some(mark), &data)
}

pub(super) fn behind(why: Behind) -> String {
    event("behind", None, &json!({ "reason": why.as_str() }))
}

/// Shows that the connection lives, and how far what was told is. Without data it is no event.
pub(super) fn keep_alive(mark: Mark) -> Bytes {
    format!(":\nid: {mark}\n\n").into()
}
