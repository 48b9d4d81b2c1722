//! Forgetting people: `docs/personal-data.md`.

use crate::http::{
    access::RENTERS,
    auth::Caller,
    extract::{Path, Text, Value},
    operation::{Routes, question},
    problem::{Causes, Problem},
    schema,
    views::Views,
};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use commands::{
    People,
    people::{AGE, Receipt},
};
use domain::{InvalidValue, shared::personal::Person};
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;
use uuid::Uuid;

/// What these handlers need.
#[derive(Clone)]
pub struct Keys {
    pub people: People,
    pub views: Arc<Views>,
}

pub fn routes() -> Routes<Keys> {
    Routes::default().post(
        "/people/{id}/forget",
        forget,
        question("Destroy the key of a person, so that nobody reads their names any more", RENTERS)
            .of::<Person>("min")
            .gives::<Shown>()
            .or_unknown("unknown-person"),
    )
}

/// What is kept of having forgotten somebody.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ForgetReceipt")]
struct Shown {
    receipt_id: Uuid,
    person: String,
    /// How many keys were destroyed.
    keys: i64,
    at: DateTime<Utc>,
}

/// Again gives the same receipt, unless something was kept of the person since.
async fn forget(
    State(keys): State<Keys>,
    caller: Caller,
    Path(person): Path<Person>,
) -> Result<Json<Shown>, Problem> {
    let is_another = |customer| Person::customer(customer) != person;
    if caller.customer().is_some_and(is_another) {
        return Err(unknown(&person));
    }
    let forgotten = keys.people.forget(&person).await.map_err(|error| Problem::fault(&error))?;
    let forgotten = forgotten.ok_or_else(|| unknown(&person))?;
    if forgotten.just_now {
        tokio::spawn(have_listeners_read_anew(keys.views));
    }
    Ok(Json(Shown::of(forgotten.receipt)))
}

/// Now, and again when no process has the key in mind any more.
async fn have_listeners_read_anew(views: Arc<Views>) {
    for pause in [Duration::ZERO, AGE] {
        sleep(pause).await;
        if let Err(error) = views.live.read_anew().await {
            tracing::warn!(error = %Causes(&error), "those who listen are not told that somebody is forgotten");
        }
    }
}

fn unknown(person: &Person) -> Problem {
    Problem::unknown("unknown-person", format!("nothing is sealed of {person}"))
}

impl Shown {
    fn of(receipt: Receipt) -> Self {
        let Receipt { receipt_id, person, keys, at } = receipt;
        Self { receipt_id, person, keys, at }
    }
}

impl Value for Person {
    type Sent = Text;

    fn read(Text(text): Text) -> Result<Self, InvalidValue> {
        text.try_into()
    }

    fn schema() -> Schema {
        schema::text("A customer, or category and id of what a guest asked for, as cafe.order:o-1.")
    }
}
