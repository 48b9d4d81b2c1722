//! How many requests there were of each route, how they were answered, and how long that took. What
//! there is to count is made with the table of routes: a request only adds to it.

use super::text::{Kind, Text};
use crate::http::operation::Operation;
use axum::{
    extract::{MatchedPath, Request},
    http::{Method, StatusCode},
};
use eventlog::Durations;
use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// From the first of these on, by hundreds.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Of all routes.
#[derive(Debug)]
pub struct Requests {
    /// By path, as the router has it: few methods of each.
    routes: HashMap<&'static str, Vec<Route>>,
    /// Of what is in no table.
    other: Route,
}

#[derive(Debug)]
pub struct Route {
    /// As the router has it.
    pub path: &'static str,
    method: Method,
    answered: [AtomicU64; 5],
    took: Durations,
}

impl Requests {
    pub fn of<'a>(operations: impl IntoIterator<Item = &'a Operation>) -> Self {
        let mut routes: HashMap<_, Vec<_>> = HashMap::new();
        for operation in operations {
            let route = Route::new(operation.path, operation.method.clone());
            routes.entry(operation.path).or_default().push(route);
        }
        Self { routes, other: Route::new("other", Method::GET) }
    }

    /// The one that a request is for.
    pub fn route(&self, request: &Request) -> &Route {
        let method = match *request.method() {
            Method::HEAD => &Method::GET,
            ref method => method,
        };
        let path = request.extensions().get::<MatchedPath>();
        let known = path.and_then(|path| self.routes.get(path.as_str()));
        let known = known.and_then(|routes| routes.iter().find(|route| route.method == method));
        known.unwrap_or(&self.other)
    }

    pub fn tell(&self, text: &mut Text) {
        let mut known: Vec<_> = self.routes.iter().collect();
        known.sort_by_key(|(path, _)| **path);
        let known = known.into_iter().flat_map(|(path, routes)| {
            routes.iter().map(|route| (*path, route.method.as_str(), route))
        });
        let all: Vec<_> = known.chain([("other", "any", &self.other)]).collect();
        let help = "Requests that were answered, by route, method and class of status.";
        let mut family = text.family("jangteo_http_requests_total", Kind::Counter, help);
        for (path, method, route) in &all {
            for (class, times) in CLASSES.iter().zip(&route.answered) {
                let times = times.load(Relaxed);
                if times > 0 {
                    let labels = [("route", *path), ("method", *method), ("status", *class)];
                    family.tell(&labels, times);
                }
            }
        }
        let help = "Until a request was answered; of an event stream, until it began.";
        let mut family = text.family("jangteo_http_request_seconds", Kind::Histogram, help);
        for (path, method, route) in &all {
            let took = route.took.told();
            if took.count > 0 {
                family.histogram(&[("route", *path), ("method", *method)], &took, 1e-9);
            }
        }
    }
}

impl Route {
    fn new(path: &'static str, method: Method) -> Self {
        let answered = [const { AtomicU64::new(0) }; CLASSES.len()];
        Self { path, method, answered, took: Durations::durations() }
    }

    pub fn count(&self, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        self.answered[class.min(CLASSES.len() - 1)].fetch_add(1, Relaxed);
        self.took.took(took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes;
    use axum::body::Body;

    #[test]
    fn what_is_in_no_table_has_one_name() {
        let requests = Requests::of(&routes::operations());
        for path in ["/nowhere", "/cafe/orders/o1"] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            requests.route(&request).count(StatusCode::NOT_FOUND, Duration::from_millis(3));
        }
        let mut text = Text::default();
        requests.tell(&mut text);
        let told = text.into_string();
        let line = "jangteo_http_requests_total{route=\"other\",method=\"any\",status=\"4xx\"} 2\n";
        assert!(told.contains(line), "{told}");
        assert!(!told.contains("nowhere") && !told.contains("o1"));
    }
}
