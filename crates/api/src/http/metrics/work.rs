//! What commands and views spend their time on, and what comes of commands.

use super::text::{Kind, Text};
use crate::http::extract::PARSE;
use commands::{outcomes, stages};
use eventlog::postgres::BATCHES;
use projections::Work;
use std::sync::Arc;

pub(super) fn tell_commands(text: &mut Text) {
    let help = "Commands, by what came of them; a refusal by its code.";
    let mut family = text.family("jangteo_commands_total", Kind::Counter, help);
    for outcome in outcomes::all().iter().filter(|outcome| outcome.times > 0) {
        let context = outcome.part.split('.').next().unwrap_or(outcome.part);
        let labels = [
            ("context", context),
            ("part", outcome.part),
            ("command", &outcome.command),
            ("outcome", outcome.outcome),
            ("code", outcome.code),
        ];
        family.tell(&labels, outcome.times);
    }
    let help = "What commands spend their time on, by stage.";
    let mut family = text.family("jangteo_command_seconds", Kind::Summary, help);
    for (stage, spent) in [("parse", &PARSE)].into_iter().chain(stages::all()) {
        family.summary(&[("stage", stage)], spent);
    }
    let help = "Until the log said that an append is stored, or why it is not.";
    let mut family = text.family("jangteo_append_seconds", Kind::Histogram, help);
    family.histogram(&[], &stages::APPENDS.told(), 1e-9);
    let help = "Appends that shared a commit of the PostgreSQL log.";
    let mut family = text.family("jangteo_append_batch_size", Kind::Histogram, help);
    family.histogram(&[], &BATCHES.told(), 1.0);
}

pub(super) fn tell_views(text: &mut Text, views: &[(&'static str, Arc<Work>)]) {
    let help = "What a view's worker in this process spends its time on, by stage.";
    let mut family = text.family("jangteo_view_seconds", Kind::Summary, help);
    for (view, work) in views {
        for (stage, spent) in work.stages() {
            family.summary(&[("view", *view), ("stage", stage)], spent);
        }
    }
    let help = "Events that a view's worker in this process has folded.";
    let mut family = text.family("jangteo_view_events_total", Kind::Counter, help);
    for (view, work) in views {
        family.tell(&[("view", *view)], work.events());
    }
}
