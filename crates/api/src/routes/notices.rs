//! Notices to customers, for staff: which were sent, which were given up, and sending these again.

use crate::http::{
    access::OPERATORS,
    extract::{Maybe, Path, Query, Text, Value, optional},
    operation::{Routes, question},
    page::{Limit, Page},
    problem::Problem,
    schema,
    views::Listed,
};
use axum::{
    Json,
    extract::State as Of,
    http::{StatusCode, Uri},
};
use chrono::{DateTime, Utc};
use commands::{
    People,
    notices::{self, Channel, Letter, Resent, Select, State},
};
use deadpool_postgres::Pool;
use domain::{InvalidValue, shared::Name};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What these handlers need.
#[derive(Clone)]
pub struct Notices {
    pub pool: Pool,
    pub people: People,
}

pub fn routes() -> Routes<Notices> {
    Routes::default()
        .get(
            "/notices",
            list,
            question("Notices to customers, oldest first", OPERATORS)
                .asks::<Filter>("state=pending&limit=50")
                .gives::<Vec<Shown>>(),
        )
        .post(
            "/notices/{eventId}/resend",
            resend,
            question("Send a notice again that was given up", OPERATORS)
                .of::<EventId>("0192f0c1-2345-7abc-8def-0123456789ab")
                .gives::<Shown>()
                .or_unknown("unknown-notice")
                .or_refused(&["already-sent"]),
        )
}

/// A notice; its recipient is masked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Notice")]
struct Shown {
    number: i64,
    event_id: Uuid,
    channel: &'static str,
    /// Null when it cannot be opened: its person is forgotten.
    recipient: Option<String>,
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

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filter {
    state: Maybe<State>,
    channel: Maybe<Channel>,
    limit: Maybe<Limit>,
    /// The number of a notice.
    after: Maybe<Name>,
}

async fn list(
    Of(Notices { pool, people }): Of<Notices>,
    Query(filter): Query<Filter>,
    uri: Uri,
) -> Result<Listed<Shown>, Problem> {
    let state = optional("state", filter.state)?;
    let channel = optional("channel", filter.channel)?;
    let page = Page::of(filter.limit, filter.after)?;
    let after = page.after.as_deref().map_or(Ok(0), str::parse);
    let after = after.map_err(|_| Problem::invalid_value("after", "the number of a notice"))?;
    let filters = [("state", state.map(State::as_str)), ("channel", channel.map(Channel::as_str))];
    let filters = filters.into_iter().filter_map(|(name, word)| Some((name, word?)));
    let filters: Vec<_> = filters.map(|(name, word)| (name.to_owned(), word.to_owned())).collect();
    let select = Select { state, channel, after, limit: i64::from(page.limit) + 1 };
    let mut letters =
        notices::list(&pool, &select).await.map_err(|error| Problem::fault(&error))?;
    open(&people, &mut letters).await?;
    let rows = letters.into_iter().map(Shown::of).collect();
    Ok(Listed::of(rows, &uri, &filters, page.limit, |row| row.number.to_string()))
}

/// A dead letter gets all its tries again.
async fn resend(
    Of(Notices { pool, people }): Of<Notices>,
    Path(EventId(id)): Path<EventId>,
) -> Result<Json<Shown>, Problem> {
    match notices::resend(&pool, id).await.map_err(|error| Problem::fault(&error))? {
        Resent::Pending(mut letter) => {
            open(&people, std::slice::from_mut(&mut letter)).await?;
            Ok(Json(Shown::of(letter)))
        }
        Resent::AlreadySent => {
            let detail = "the notice was sent; only one that was given up is sent again";
            Err(Problem::new(StatusCode::CONFLICT, "already-sent", detail))
        }
        Resent::Unknown => {
            Err(Problem::unknown("unknown-notice", format!("no notice tells of event {id}")))
        }
    }
}

async fn open(people: &People, letters: &mut [Letter]) -> Result<(), Problem> {
    let recipients = letters.iter_mut().map(|letter| &mut letter.recipient);
    people.open(recipients.collect()).await.map_err(|error| Problem::fault(&error))
}

impl Shown {
    fn of(letter: Letter) -> Self {
        Self {
            number: letter.number,
            event_id: letter.fact_id,
            channel: letter.channel.as_str(),
            recipient: notices::masked(&letter.recipient),
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
#[derive(Debug)]
struct EventId(Uuid);

impl TryFrom<String> for EventId {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Uuid::parse_str(&text).map(Self).map_err(|_| InvalidValue { must_be: "a UUID" })
    }
}

impl Value for EventId {
    type Sent = Text;

    fn read(Text(text): Text) -> Result<Self, InvalidValue> {
        text.try_into()
    }

    fn schema() -> Schema {
        schema::uuid("The event that the notice tells of.")
    }
}

impl Value for State {
    type Sent = Text;

    fn read(Text(word): Text) -> Result<Self, InvalidValue> {
        Self::named(&word).ok_or(InvalidValue { must_be: "pending, sent or dead" })
    }

    fn schema() -> Schema {
        schema::words("How it stands.", &["pending", "sent", "dead"])
    }
}

impl Value for Channel {
    type Sent = Text;

    fn read(Text(word): Text) -> Result<Self, InvalidValue> {
        Self::named(&word).ok_or(InvalidValue { must_be: "sms or kakaotalk" })
    }

    fn schema() -> Schema {
        schema::words("Which way it goes.", &["sms", "kakaotalk"])
    }
}
