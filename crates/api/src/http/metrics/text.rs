//! The text that Prometheus reads: families of numbers, each with what it is, and a line for each
//! number.

use eventlog::{Counted, Spent};
use std::fmt::{self, Display, Write};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    /// Without quantiles: how many, and how much in all.
    Summary,
    Histogram,
}

/// Names and values of what tells one number of a family from the others. They are never ids, or
/// there would be no end of them.
pub type Labels<'a> = [(&'a str, &'a str)];

#[derive(Debug, Default)]
pub struct Text(String);

/// One family, to be filled.
#[derive(Debug)]
pub struct Family<'a> {
    text: &'a mut Text,
    name: &'a str,
}

impl Text {
    pub fn family<'a>(&'a mut self, name: &'a str, kind: Kind, help: &str) -> Family<'a> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Summary => "summary",
            Kind::Histogram => "histogram",
        };
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
        Family { text: self, name }
    }

    pub fn into_string(self) -> String {
        self.0
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{line}");
    }
}

impl Family<'_> {
    pub fn tell(&mut self, labels: &Labels<'_>, value: impl Display) {
        self.sample("", labels, None, value);
    }

    pub fn summary(&mut self, labels: &Labels<'_>, spent: &Spent) {
        let (times, took) = spent.told();
        self.sample("_sum", labels, None, took.as_secs_f64());
        self.sample("_count", labels, None, times);
    }

    /// `unit` is what one of what was counted is, in what the name says.
    pub fn histogram(&mut self, labels: &Labels<'_>, counted: &Counted, unit: f64) {
        for (bound, count) in &counted.buckets {
            let bound = (*bound as f64 * unit).to_string();
            self.sample("_bucket", labels, Some(&bound), count);
        }
        self.sample("_bucket", labels, Some("+Inf"), counted.count);
        self.sample("_sum", labels, None, counted.sum as f64 * unit);
        self.sample("_count", labels, None, counted.count);
    }

    fn sample(&mut self, end: &str, labels: &Labels<'_>, le: Option<&str>, value: impl Display) {
        let bound = le.map(|le| ("le", le));
        let labels: Vec<_> = labels.iter().copied().chain(bound).map(label).collect();
        let name = self.name;
        match labels.as_slice() {
            [] => self.text.line(format_args!("{name}{end} {value}")),
            labels => {
                let labels = labels.join(",");
                self.text.line(format_args!("{name}{end}{{{labels}}} {value}"));
            }
        }
    }
}

fn label((name, value): (&str, &str)) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventlog::Histogram;

    #[test]
    fn is_written_as_prometheus_reads_it() {
        let mut text = Text::default();
        text.family("a_total", Kind::Counter, "What.").tell(&[], 3);
        text.family("b", Kind::Gauge, "Which.").tell(&[("of", "x\"\\\n")], 0.5);
        let histogram = Histogram::new([500, 1500]);
        [400, 1000, 2000].into_iter().for_each(|value| histogram.count(value));
        let mut family = text.family("c_seconds", Kind::Histogram, "Long.");
        family.histogram(&[("of", "y")], &histogram.told(), 1e-3);
        let expected = r#"# HELP a_total What.
# TYPE a_total counter
a_total 3
# HELP b Which.
# TYPE b gauge
b{of="x\"\\\n"} 0.5
# HELP c_seconds Long.
# TYPE c_seconds histogram
c_seconds_bucket{of="y",le="0.5"} 1
c_seconds_bucket{of="y",le="1.5"} 2
c_seconds_bucket{of="y",le="+Inf"} 3
c_seconds_sum{of="y"} 3.4
c_seconds_count{of="y"} 3
"#;
        assert_eq!(text.into_string(), expected);
    }
}
