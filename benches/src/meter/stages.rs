//! The stages of commands and views, from how much the numbers of `/metrics` have grown.

use crate::{auth, client::Client, report::Stage};
use std::{collections::BTreeMap, io, net::SocketAddr};

/// By name and labels, as `/metrics` has them.
pub type Numbers = BTreeMap<String, f64>;

const OF_COMMANDS: [&str; 5] = ["parse", "queue", "read", "decide", "append"];
const OF_VIEWS: [&str; 4] = ["decode", "read", "fold", "write"];

const FOLDED: &str = "jangteo_view_events_total";

/// Of a service, as it tells them now.
pub async fn ask(address: SocketAddr) -> io::Result<Numbers> {
    let token = auth::numbers();
    let asked = format!("GET /metrics HTTP/1.1\r\nhost: localhost\r\n{token}\r\n");
    let answer = Client::new(address).send(asked.as_bytes()).await?;
    let text = String::from_utf8_lossy(&answer.body);
    Ok(text.lines().filter_map(number).collect())
}

/// How long the view that was at work longest was at work, in seconds.
pub fn longest_view(numbers: &Numbers) -> f64 {
    let mut by_view = BTreeMap::<&str, f64>::new();
    for (name, seconds) in numbers {
        let view = name.strip_prefix("jangteo_view_seconds_sum{view=\"");
        if let Some((view, _)) = view.and_then(|labels| labels.split_once('"')) {
            *by_view.entry(view).or_default() += seconds;
        }
    }
    by_view.into_values().fold(0.0, f64::max)
}

/// From `name{labels} number`.
fn number(line: &str) -> Option<(String, f64)> {
    let (name, number) = line.rsplit_once(' ').filter(|_| !line.starts_with('#'))?;
    Some((name.to_owned(), number.parse().ok()?))
}

/// `grown` is how much the numbers have grown with each command. Views with nothing to fold only
/// move their checkpoints: they are shown together.
pub fn stages(grown: &Numbers) -> Vec<Stage> {
    let commands = OF_COMMANDS
        .iter()
        .map(|stage| seconds(grown, "command", "", stage, &format!("stage=\"{stage}\"")));
    let mut stages: Vec<_> = commands.collect();
    let mut others = Stage { stage: "checkpoint", ..Stage::none("other views") };
    let views = grown.iter().filter_map(|(name, facts)| Some((view_in(name)?, *facts)));
    for (view, facts) in views {
        let labels = |stage| format!("view=\"{view}\",stage=\"{stage}\"");
        let stage = |stage| seconds(grown, "view", view, stage, &labels(stage));
        if facts > 0.0 {
            stages.push(Stage { times: Some(facts), ..Stage::none(view) });
            stages.extend(OF_VIEWS.map(stage));
        } else {
            others.add(&stage("write"));
        }
    }
    stages.push(others);
    stages.retain(|stage| stage.times.is_none_or(|times| times > 0.0));
    stages
}

/// From `jangteo_view_events_total{view="cafe.tickets"}`.
fn view_in(name: &str) -> Option<&str> {
    name.strip_prefix(FOLDED)?.strip_prefix("{view=\"")?.strip_suffix("\"}")
}

fn seconds(grown: &Numbers, what: &str, of: &str, stage: &'static str, labels: &str) -> Stage {
    let number = |kind: &str| {
        let name = format!("jangteo_{what}_seconds_{kind}{{{labels}}}");
        grown.get(&name).copied().unwrap_or(0.0)
    };
    let (times, amount) = (Some(number("count")), number("sum") * 1e6);
    Stage { stage, times, amount, ..Stage::none(of) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_with_nothing_to_fold_are_shown_together() {
        let text = r#"# TYPE jangteo_command_seconds summary
jangteo_command_seconds_sum{stage="append"} 0.5
jangteo_command_seconds_count{stage="append"} 2
jangteo_view_seconds_sum{view="a.b",stage="fold"} 0.25
jangteo_view_seconds_count{view="a.b",stage="fold"} 1
jangteo_view_seconds_sum{view="c.d",stage="write"} 0.125
jangteo_view_seconds_count{view="c.d",stage="write"} 4
jangteo_view_events_total{view="a.b"} 3
jangteo_view_events_total{view="c.d"} 0
"#;
        let numbers: Numbers = text.lines().filter_map(number).collect();
        assert_eq!(longest_view(&numbers), 0.25);
        let stages = stages(&numbers);
        let told: Vec<_> = stages
            .iter()
            .map(|stage| (&*stage.of, stage.stage, stage.times.unwrap(), stage.amount))
            .collect();
        let expected = [
            ("", "append", 2.0, 500_000.0),
            ("a.b", "facts", 3.0, 0.0),
            ("a.b", "fold", 1.0, 250_000.0),
            ("other views", "checkpoint", 4.0, 125_000.0),
        ];
        assert_eq!(told, expected);
    }
}
