//! What commands and views spend their time on, as summaries without quantiles: written here, since
//! they are summed up elsewhere.

use crate::http::extract::PARSE;
use commands::stages;
use eventlog::Spent;
use projections::Work;
use std::{fmt::Write, sync::Arc};

const COMMANDS: &str = "jangteo_command_seconds";
const VIEWS: &str = "jangteo_view_seconds";
const EVENTS: &str = "jangteo_view_events_total";

pub(super) fn render(views: &[(&'static str, Arc<Work>)]) -> String {
    let mut text = format!("# TYPE {COMMANDS} summary\n");
    for (stage, spent) in [("parse", &PARSE)].into_iter().chain(stages::all()) {
        summary(&mut text, COMMANDS, &format!("stage=\"{stage}\""), spent);
    }
    text += &format!("# TYPE {VIEWS} summary\n");
    for (view, work) in views {
        for (stage, spent) in work.stages() {
            summary(&mut text, VIEWS, &format!("view=\"{view}\",stage=\"{stage}\""), spent);
        }
    }
    text += &format!("# TYPE {EVENTS} counter\n");
    for (view, work) in views {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{EVENTS}{{view=\"{view}\"}} {}", work.events());
    }
    text
}

fn summary(text: &mut String, name: &str, labels: &str, spent: &Spent) {
    let (times, took) = spent.told();
    // Writing to a string does not fail.
    let _ = writeln!(text, "{name}_sum{{{labels}}} {}", took.as_secs_f64());
    let _ = writeln!(text, "{name}_count{{{labels}}} {times}");
}
