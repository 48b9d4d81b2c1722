//! What all pages have in common: the frame around them, and how they are answered.

use super::{
    Console,
    assets::{MARK, SCRIPT, STYLE},
    language::Language,
    visitor::{Visitor, query_of},
};
use crate::http::{auth::Role, problem::Problem};
use askama::Template;
use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// What a page may load and where it may send to: this service, and nothing written into the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      form-action 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";

/// Around every page.
pub struct Frame {
    pub language: Language,
    pub title: String,
    pub style: &'static str,
    pub script: &'static str,
    pub mark: &'static str,
    pub links: Vec<Link>,
    /// The same page in the other language.
    pub other: String,
    /// The role of somebody who signed in.
    pub role: Option<&'static str>,
    /// Where changes are told, if anywhere.
    pub live: Option<String>,
    /// In how many seconds the page looks again by itself; 0 never.
    pub poll: u32,
}

/// To another page.
pub struct Link {
    pub address: String,
    pub text: String,
    pub is_here: bool,
}

impl Frame {
    pub fn new(visitor: &Visitor, title: impl Into<String>) -> Self {
        let role = visitor.caller.role().filter(|_| !visitor.caller.is_local());
        Self {
            language: visitor.language,
            title: title.into(),
            style: &STYLE.path,
            script: &SCRIPT.path,
            mark: &MARK.path,
            links: Vec::new(),
            other: in_language(visitor, visitor.language.other()),
            role: role.map(Role::as_str),
            live: None,
            poll: 0,
        }
    }

    pub fn say<'a>(&self, key: &'a str) -> &'a str {
        self.language.say(key)
    }

    pub fn say_role(&self, role: &'static str) -> &'static str {
        self.language.find(&format!("role.{role}")).unwrap_or(role)
    }

    pub fn say_health(&self, status: &'static str) -> &'static str {
        self.language.find(&format!("health.{status}")).unwrap_or(status)
    }

    /// The page looks again when something is told at `live`, and every so many seconds without.
    pub fn kept(mut self, live: Option<String>, poll: u32) -> Self {
        (self.live, self.poll) = (live, poll);
        self
    }
}

impl Console {
    /// Where changes of a list are told, if they are. That rows are there already need not be told.
    pub fn live(&self, list: &str) -> Option<String> {
        let live = format!("{list}/live");
        self.table.iter().any(|operation| operation.path == live).then(|| format!("{live}?limit=1"))
    }

    /// With the links that lead everywhere from everywhere.
    pub fn frame(&self, visitor: &Visitor, title: impl Into<String>) -> Frame {
        let path = visitor.uri.path();
        let link = |address: String, text: &str| {
            let is_here =
                path == address || (address != "/" && path.starts_with(&(address.clone() + "/")));
            Link { text: text.to_owned(), is_here, address }
        };
        let say = |key| visitor.language.say(key);
        let mut links = vec![link("/".to_owned(), say("nav.home"))];
        links.extend(self.contexts.iter().map(|context| {
            let name = visitor.language.find(&format!("context.{}", context.name()));
            link(format!("/console/{}", context.name()), name.unwrap_or(context.name()))
        }));
        if self.may_see_followers(visitor) {
            links.push(link("/console/projections".to_owned(), say("nav.projections")));
        }
        Frame { links, ..Frame::new(visitor, title) }
    }
}

/// Answers with a page.
pub fn page(visitor: &Visitor, status: StatusCode, page: &impl Template) -> Response {
    // Writing into memory cannot fail.
    let html = page.render().unwrap_or_default();
    let headers: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::VARY, HeaderValue::from_static("Cookie, Accept-Language")),
    ];
    let mut response = (status, headers, html).into_response();
    if let Some(language) = Language::asked(&visitor.uri) {
        response.headers_mut().insert(header::SET_COOKIE, language.cookie());
    }
    response
}

/// Why there is no page to see.
#[derive(Template)]
#[template(path = "console/problem.html")]
struct Trouble {
    frame: Frame,
    about: String,
    detail: String,
}

/// A page that says what is wrong, in words of the reader's language where there are some.
pub fn trouble(visitor: &Visitor, problem: &Problem) -> Response {
    let status = problem.status();
    let found = visitor.language.find(&format!("problem.{}", problem.code()));
    let found = found.or_else(|| visitor.language.find(&format!("status.{}", status.as_u16())));
    let about = found.unwrap_or(visitor.language.say("problem.internal"));
    let document = problem.document();
    let detail = document["detail"].as_str().unwrap_or_default();
    let title = status.as_u16().to_string();
    let frame = Frame::new(visitor, title);
    page(visitor, status, &Trouble { frame, about: about.to_owned(), detail: detail.to_owned() })
}

/// Whether a path is one of the console's pages.
pub fn is_page(path: &str) -> bool {
    path == "/" || path.starts_with("/console/")
}

/// Answers whoever may not ask this. Pages say so as pages; those who did not say who they are may
/// sign in first.
pub fn refused(request: Request, problem: Problem) -> Response {
    let (parts, _) = request.into_parts();
    if !is_page(parts.uri.path()) {
        return problem.into_response();
    }
    let visitor = Visitor::of(&parts);
    if problem.status() != StatusCode::UNAUTHORIZED {
        return trouble(&visitor, &problem);
    }
    let next = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    see_other(&format!("/login?{}", query_of([("next", next)])))
}

pub fn see_other(address: &str) -> Response {
    let location = HeaderValue::from_str(address).unwrap_or_else(|_| HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

fn in_language(visitor: &Visitor, language: Language) -> String {
    let query = visitor.query();
    let pairs = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let query = query_of(pairs.chain([("lang", language.code())]));
    format!("{}?{query}", visitor.uri.path())
}
