//! Lines of the log on standard error, for people or for programs. Each says for which request it
//! was written: its correlation id, and the trace if that is collected.

use eventlog::trace::{self, Here};
use serde_json::{Map, Value};
use std::{
    fmt::{self, Debug},
    io::{IsTerminal, stderr},
    panic::{self, PanicHookInfo},
};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format as Lines, Writer},
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

/// How they look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Text,
    /// An object for each line.
    Json,
}

/// From now on, all that is logged is written.
pub fn begin(format: Format, filter: EnvFilter) {
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match format {
        Format::Text => logs.event_format(Text { is_coloured: stderr().is_terminal() }).init(),
        Format::Json => {
            logs.event_format(Json).init();
            panic::set_hook(Box::new(tell_panic));
        }
    }
}

/// What a panic says may have been made of anything; a text of the program itself is told.
fn tell_panic(panic: &PanicHookInfo<'_>) {
    let text = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("a panic");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "panicked: {text}");
}

/// As people read it, with the ids at the end.
struct Text {
    is_coloured: bool,
}

struct Json;

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        let lines = Lines::default().with_ansi(self.is_coloured);
        lines.format_event(context, Writer::new(&mut line), event)?;
        let line = line.trim_end_matches('\n');
        match trace::here() {
            None => writeln!(writer, "{line}"),
            Some(Here { correlation, doing, .. }) => {
                writeln!(writer, "{line} correlation_id={correlation} doing={doing}")
            }
        }
    }
}

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let line = line(fields, time, event.metadata(), trace::here());
        writeln!(writer, "{}", Value::Object(line))
    }
}

fn line(
    Fields(mut line): Fields,
    time: String,
    of: &tracing::Metadata<'_>,
    here: Option<Here>,
) -> Map<String, Value> {
    // What came by the library `log` says so in its fields.
    let target = line.get("log.target").and_then(Value::as_str).map(str::to_owned);
    line.retain(|name, _| !name.starts_with("log."));
    let mut set = |name: &str, value: String| _ = line.insert(name.to_owned(), value.into());
    set("timestamp", time);
    set("level", of.level().to_string());
    set("target", target.unwrap_or_else(|| of.target().to_owned()));
    if let Some(Here { correlation, span, doing }) = here {
        set("correlation_id", correlation.to_string());
        set("doing", doing.to_owned());
        if trace::is_collected(correlation) {
            set("trace_id", correlation.simple().to_string());
            set("span_id", format!("{span:016x}"));
        }
    }
    line
}

struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }
}
