//! What the service tells of itself.

use super::{
    Mistakes,
    values::{or_default, set, web_url},
};
use crate::telemetry::{logs::Format, traces::Settings};
use clap::Args;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

/// What `serve` logs unless it is told otherwise.
const LOGGED: &str = "info,refinery_core=warn,tokio_postgres=warn";
const FORMAT: &str = "text";
const SHARE: &str = "1";
const SERVICE: &str = "jangteo";

/// As flags and variables.
#[derive(Args, Clone, Debug, Default)]
pub struct ObservingArgs {
    /// What is logged to standard error, as info or info,commands=debug.
    #[arg(long = "log", env = "RUST_LOG", default_value = LOGGED)]
    pub(super) log: String,
    /// How it is logged: text, for people, or json, an object for each line.
    #[arg(long, env = "JANGTEO_LOG_FORMAT", default_value = FORMAT)]
    pub(super) log_format: String,
    /// A collector of traces (OTLP over HTTP), as http://127.0.0.1:4318; without it, there are none.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", hide_env_values = true)]
    pub(super) otlp_endpoint: Option<String>,
    /// Headers for it, as name=value with commas between.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_HEADERS", hide_env_values = true)]
    pub(super) otlp_headers: Option<String>,
    /// Which share of all traces is collected, from 0 to 1.
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", default_value = SHARE)]
    pub(super) trace_share: String,
    /// What this service is called in traces.
    #[arg(long, env = "OTEL_SERVICE_NAME", default_value = SERVICE)]
    pub(super) service_name: String,
}

impl ObservingArgs {
    /// What is logged.
    pub fn log(&self) -> &str {
        or_default(&self.log, LOGGED)
    }

    /// How it is logged. What is no format is text, for the mistake is to be read.
    pub fn format(&self) -> Format {
        format(or_default(&self.log_format, FORMAT)).unwrap_or_default()
    }

    pub(super) fn check_into(self, mistakes: &mut Mistakes) -> Option<Option<Settings>> {
        mistakes.note(format(or_default(&self.log_format, FORMAT)));
        let endpoint =
            mistakes.note(web_url("OTEL_EXPORTER_OTLP_ENDPOINT", set(self.otlp_endpoint)));
        let headers = headers(&set(self.otlp_headers).unwrap_or_default());
        let headers = mistakes.note(headers);
        let share = mistakes.note(share(or_default(&self.trace_share, SHARE)));
        let (headers, share) = (headers?, share?);
        let service = or_default(&self.service_name, SERVICE).to_owned();
        Some(endpoint?.map(|endpoint| Settings { endpoint, headers, share, service }))
    }
}

fn format(text: &str) -> Result<Format, String> {
    match text {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        _ => Err(format!("JANGTEO_LOG_FORMAT is {text:?}: give text or json")),
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| {
        format!("OTEL_TRACES_SAMPLER_ARG is {text:?}: give a number from 0 to 1, as 0.01")
    })
}

/// Never repeats one.
fn headers(text: &str) -> Result<HeaderMap, String> {
    let all = text.split(',').map(str::trim).filter(|one| !one.is_empty());
    let header = |one: &str| {
        let (name, value) = one.split_once('=')?;
        let mut value = HeaderValue::try_from(value.trim()).ok()?;
        value.set_sensitive(true);
        Some((HeaderName::try_from(name.trim()).ok()?, value))
    };
    all.map(header).collect::<Option<_>>().ok_or_else(|| {
        "OTEL_EXPORTER_OTLP_HEADERS must be name=value with commas between".to_owned()
    })
}
