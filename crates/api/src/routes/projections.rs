//! How the followers of the log stand, for staff.

use crate::{
    followers::{Followers, Shown},
    http::{
        access::OPERATORS,
        operation::{Routes, question},
        problem::Problem,
    },
};
use axum::{Json, extract::State};

pub fn routes() -> Routes<Followers> {
    Routes::default().get(
        "/projections",
        list,
        question("Views, the timeline and reactors: how far they are", OPERATORS)
            .gives::<Vec<Shown>>(),
    )
}

async fn list(State(followers): State<Followers>) -> Result<Json<Vec<Shown>>, Problem> {
    followers.shown().await.map(Json).map_err(|error| Problem::fault(&error))
}
