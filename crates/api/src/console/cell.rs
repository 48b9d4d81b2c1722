//! A field of a row as people read it.

use super::{language::Language, things::thing_of};
use crate::http::operation::percent_encoded;
use chrono::{DateTime, FixedOffset, Utc};
use domain::Context;
use serde_json::{Map, Value};

/// A row as the API answers it.
pub type Row = Map<String, Value>;

/// Seconds that Korea is ahead of UTC.
const KOREA: i32 = 9 * 3600;

/// A field, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    pub label: String,
    pub text: String,
    /// The page of the thing that it names.
    pub link: Option<String>,
    /// How it looks: `id`, `number`, `time`, `text`, or of a status how good it is: `good`, `busy`,
    /// `bad`, `plain`.
    pub kind: &'static str,
    /// What it is to machines.
    pub raw: Option<String>,
}

impl Cell {
    pub fn is_status(&self) -> bool {
        ["good", "busy", "bad", "plain"].contains(&self.kind)
    }
}

pub fn cell(language: Language, context: Context, field: &str, value: &Value) -> Cell {
    let label = label(language, field);
    let cell =
        |text: String, kind| Cell { label: label.clone(), text, link: None, kind, raw: None };
    match value {
        Value::Null => cell("–".to_owned(), "text"),
        Value::Bool(is) => {
            cell(language.say(if *is { "word.yes" } else { "word.no" }).to_owned(), "text")
        }
        Value::Number(number) if is_money(field) => {
            cell(won(language, number.as_i64().unwrap_or_default()), "number")
        }
        Value::Number(number) => cell(grouped(number.as_i64().unwrap_or_default()), "number"),
        Value::String(text) => text_cell(language, context, field, text, cell),
        Value::Array(_) | Value::Object(_) => cell(value.to_string(), "text"),
    }
}

fn text_cell(
    language: Language,
    context: Context,
    field: &str,
    text: &str,
    cell: impl Fn(String, &'static str) -> Cell,
) -> Cell {
    if let Some(at) = time_of(field, text) {
        return Cell { raw: Some(text.to_owned()), ..cell(time(at), "time") };
    }
    if let Some(thing) = thing_of(context, field) {
        let link = format!("/console/{}/{}/{}", context.name(), thing.name, percent_encoded(text));
        return Cell { link: Some(link), ..cell(text.to_owned(), "id") };
    }
    if ["lastEvent", "event"].contains(&field) {
        let text = text.to_owned();
        return Cell { raw: Some(text.clone()), ..cell(event(language, context, &text), "text") };
    }
    match language.find(&format!("word.{text}")).filter(|_| is_word(field)) {
        Some(word) => Cell { raw: Some(text.to_owned()), ..cell(word.to_owned(), tone(text)) },
        None => cell(text.to_owned(), if field.ends_with("Id") { "id" } else { "text" }),
    }
}

/// What a field is called.
pub fn label(language: Language, field: &str) -> String {
    language.find(&format!("field.{field}")).map_or_else(|| field.to_owned(), str::to_owned)
}

/// What happened, as people say it: `name` is that of the event, without its context.
pub fn event(language: Language, context: Context, name: &str) -> String {
    let key = format!("event.{}.{name}", context.name());
    language.find(&key).map_or_else(|| name.to_owned(), str::to_owned)
}

/// In Korea's time, for the business is there.
pub fn time(at: DateTime<Utc>) -> String {
    let korea = FixedOffset::east_opt(KOREA).map(|offset| at.with_timezone(&offset));
    korea.map_or_else(|| at.to_rfc3339(), |at| at.format("%m-%d %H:%M:%S").to_string())
}

pub fn time_of(field: &str, text: &str) -> Option<DateTime<Utc>> {
    let is_time = field == "at" || field.ends_with("At");
    is_time.then(|| text.parse().ok()).flatten()
}

/// `1,234,567`
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn won(language: Language, amount: i64) -> String {
    match language {
        Language::Ko => format!("{}원", grouped(amount)),
        Language::En => format!("₩{}", grouped(amount)),
    }
}

fn is_money(field: &str) -> bool {
    ["price", "amount", "itemPrice", "unitFee", "refundedAmount"].contains(&field)
}

/// Whether a field holds one of a closed set of words.
fn is_word(field: &str) -> bool {
    field.to_ascii_lowercase().ends_with("status")
        || ["rejectReason", "cancelledBy"].contains(&field)
}

/// Whether a status is the good end, the bad one, or on the way.
fn tone(word: &str) -> &'static str {
    match word {
        "made"
        | "picked_up"
        | "paid"
        | "Paid"
        | "Rentable"
        | "Confirmed"
        | "Returned"
        | "completed"
        | "COOKED"
        | "DELIVERY : DELIVERY FIN"
        | "delivered" => "good",
        "pay_fail"
        | "order_rejected"
        | "order_cancel"
        | "reject"
        | "order_canceled"
        | "Rejected"
        | "Cancelled"
        | "cancelled"
        | "refunded"
        | "Refunded"
        | "failed"
        | "declined"
        | "ORDER : ORDER CANCELED"
        | "ORDER : QTY OVER CANCELED"
        | "COOK : ORDER CANCELED"
        | "COOK : QTY OVER"
        | "DELIVERY : ORDER CANCELED"
        | "DELIVERY : QTY OVER" => "bad",
        "init"
        | "pay_success"
        | "order_received"
        | "order_get"
        | "receive"
        | "order_cancel_request"
        | "Requested"
        | "Renting"
        | "requested"
        | "confirmed"
        | "ORDER : ORDERED"
        | "COOK : ORDER RECEIPT"
        | "DELIVERY : COOK FIN" => "busy",
        _ => "plain",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_shown_as_people_write_them() {
        let shown = |field: &str, value: Value| {
            let cell = cell(Language::En, Context::Cafe, field, &value);
            (cell.text, cell.kind)
        };
        assert_eq!(shown("amount", json!(1_234_567)), ("₩1,234,567".to_owned(), "number"));
        assert_eq!(shown("qty", json!(-1000)), ("-1,000".to_owned(), "number"));
        assert_eq!(shown("paidAt", json!("2026-01-02T23:04:05Z")).0, "01-03 08:04:05");
        assert_eq!(shown("paidAt", json!("soon")).0, "soon");
        assert_eq!(shown("valid", json!(true)).0, "Yes");
        assert_eq!(shown("status", json!("picked_up")).1, "good");
        assert_eq!(shown("product", json!("made")).1, "id");
        assert_eq!(shown("customerName", json!(null)).0, "–");
    }

    #[test]
    fn what_names_a_thing_leads_to_its_page() {
        let cell = cell(Language::Ko, Context::Warehouse, "product", &json!("사과/1?"));
        assert_eq!(
            cell.link.as_deref(),
            Some("/console/warehouse/stock/%EC%82%AC%EA%B3%BC%2F1%3F")
        );
    }
}
