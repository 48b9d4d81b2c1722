//! Notices to customers, for staff: which were sent, which were given up, and sending these again.

use crate::http::{
    extract::{Integer, Path, Query, Raw, RawId, optional},
    page::Page,
    problem::Problem,
    views::Listed,
};
use axum::{
    Json, Router,
    extract::State as Of,
    http::{StatusCode, Uri},
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use commands::notices::{self, Channel, Letter, Resent, Select, State};
use deadpool_postgres::Pool;
use domain::InvalidValue;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub fn routes(pool: Pool) -> Router {
    Router::new()
        .route("/notices", get(list))
        .route("/notices/{eventId}/resend", post(resend))
        .with_state(pool)
}

/// A notice; its recipient is masked.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    number: i64,
    event_id: Uuid,
    channel: &'static str,
    recipient: String,
    text: String,
    state: &'static str,
    attempts: i32,
    created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_try_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filter {
    state: Option<String>,
    channel: Option<String>,
    limit: Option<Integer>,
    after: Option<RawId>,
}

/// A word as it was sent.
struct Word(String);

/// `GET /notices?state=&channel=&limit=&after=`: oldest first; `after` is a number.
async fn list(
    Of(pool): Of<Pool>,
    Query(filter): Query<Filter>,
    uri: Uri,
) -> Result<Listed<Shown>, Problem> {
    let state: Option<State> = optional("state", filter.state.map(Word))?;
    let channel: Option<Channel> = optional("channel", filter.channel.map(Word))?;
    let page = Page::of(filter.limit, filter.after)?;
    let after = page.after.as_deref().map_or(Ok(0), str::parse);
    let after = after.map_err(|_| Problem::invalid_value("after", "the number of a notice"))?;
    let filters = [("state", state.map(State::as_str)), ("channel", channel.map(Channel::as_str))];
    let filters = filters.into_iter().filter_map(|(name, word)| Some((name, word?)));
    let filters: Vec<_> = filters.map(|(name, word)| (name.to_owned(), word.to_owned())).collect();
    let select = Select { state, channel, after, limit: i64::from(page.limit) + 1 };
    let letters = notices::list(&pool, &select).await.map_err(|error| Problem::fault(&error))?;
    let rows = letters.into_iter().map(Shown::of).collect();
    Ok(Listed::of(rows, &uri, &filters, page.limit, |row| row.number.to_string()))
}

/// `POST /notices/{eventId}/resend`: a dead letter gets all its tries again.
async fn resend(
    Of(pool): Of<Pool>,
    Path(EventId(id)): Path<EventId>,
) -> Result<Json<Shown>, Problem> {
    match notices::resend(&pool, id).await.map_err(|error| Problem::fault(&error))? {
        Resent::Pending(letter) => Ok(Json(Shown::of(letter))),
        Resent::AlreadySent => {
            let detail = "the notice was sent; only one that was given up is sent again";
            Err(Problem::new(StatusCode::CONFLICT, "already-sent", detail))
        }
        Resent::Unknown => {
            Err(Problem::unknown("unknown-notice", format!("no notice tells of event {id}")))
        }
    }
}

impl Shown {
    fn of(letter: Letter) -> Self {
        Self {
            number: letter.number,
            event_id: letter.fact_id,
            channel: letter.channel.as_str(),
            recipient: letter.recipient,
            text: letter.body,
            state: letter.state.as_str(),
            attempts: letter.attempts,
            created_at: letter.created_at,
            next_try_at: letter.due,
            sent_at: letter.sent_at,
            last_error: letter.last_error,
        }
    }
}

/// The id of the event that a notice tells of.
struct EventId(Uuid);

impl TryFrom<String> for EventId {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Uuid::parse_str(&text).map(Self).map_err(|_| InvalidValue { must_be: "a UUID" })
    }
}

impl Raw<State> for Word {
    fn read(self) -> Result<State, InvalidValue> {
        State::named(&self.0).ok_or(InvalidValue { must_be: "pending, sent or dead" })
    }
}

impl Raw<Channel> for Word {
    fn read(self) -> Result<Channel, InvalidValue> {
        Channel::named(&self.0).ok_or(InvalidValue { must_be: "sms or kakaotalk" })
    }
}
