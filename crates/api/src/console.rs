//! The console: pages for those who run the business, served by the program itself. They need nothing
//! from elsewhere, work without the script, and keep themselves up to date with it.
//!
//! The pages have entries like all routes, so that who may see them is decided in one place; but they
//! are for people, and no part of what `/openapi.json` describes.

mod ask;
mod assets;
mod board;
mod cell;
mod context;
mod followers;
mod home;
mod language;
mod login;
mod page;
mod tables;
mod texts;
mod thing;
mod things;
mod visitor;

pub use page::refused;

use crate::{
    followers::Followers,
    http::{
        access::{Access, OPERATORS, STAFF},
        health::Health,
        operation::{Operation, Routes, question},
        views::Views,
    },
};
use axum::{Router, response::Redirect, routing::get};
use commands::clock::Clock;
use domain::Context;
use std::sync::Arc;

const HTML: &str = "text/html; charset=utf-8";

/// What the pages are made from.
pub struct Console {
    /// Those that are served here.
    pub contexts: Vec<Context>,
    /// Their routes, without the layers around.
    pub api: Router,
    /// What there is to know about all routes.
    pub table: Vec<Operation>,
    pub views: Arc<Views>,
    pub followers: Followers,
    pub health: Arc<Health>,
    pub clock: Arc<dyn Clock>,
}

/// The URL table of the pages.
pub fn pages() -> Routes<Arc<Console>> {
    let page = |summary, access: Access| question(summary, access).gives_text(HTML);
    let board = "Where staff works";
    Routes::default()
        .get("/", home::show, page("All contexts at a glance", STAFF))
        .get("/login", login::show, page("Where a token is asked for", Access::Open))
        .get("/console/projections", followers::show, page("How far the views are", OPERATORS))
        .get("/console/{context}", context::show, page("The views of a context", STAFF))
        .get("/console/{context}/board", board::show, page(board, STAFF))
        .post("/console/{context}/board", board::act, page(board, STAFF).without_versions())
        .get("/console/{context}/{thing}/{id}", thing::show, page("A thing and its facts", STAFF))
        .merge(assets::routes())
        .map(|router| router.route("/console", get(async || Redirect::permanent("/"))))
}
