//! How the followers of the log stand, for staff.

use crate::{
    followers::{Followers, Shown},
    http::problem::Problem,
};
use axum::{Json, Router, extract::State, routing::get};

pub fn routes(followers: Followers) -> Router {
    Router::new().route("/projections", get(list)).with_state(followers)
}

/// `GET /projections`: views, the timeline and reactors, by name.
async fn list(State(followers): State<Followers>) -> Result<Json<Vec<Shown>>, Problem> {
    followers.shown().await.map(Json).map_err(|error| Problem::fault(&error))
}
