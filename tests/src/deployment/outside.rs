//! What may be asked from outside: the same in the gateway's routes, the ingress and the proxy.

use super::{documents, program, text};
use domain::Context;
use serde_json::Value;
use std::{collections::BTreeSet, path::Path};

const ROUTE: &str = "deploy/k8s/components/httproute/route.yaml";
const INGRESS: &str = "deploy/k8s/components/ingress/ingress.yaml";

/// What begins like this is for those who run the service.
const INSIDE: [&str; 4] = ["/health", "/metrics", "/projections", "/notices"];

/// A path by itself, or with all below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Opened {
    path: String,
    below: bool,
}

impl Opened {
    fn new(kind: &Value, path: &Value) -> Self {
        let below = match kind.as_str() {
            Some("PathPrefix" | "Prefix") => true,
            Some("Exact") => false,
            kind => panic!("{kind:?}"),
        };
        Self { path: path.as_str().unwrap().to_owned(), below }
    }

    fn leads_to(&self, route: &str) -> bool {
        let rest = route.strip_prefix(&self.path);
        rest.is_some_and(|rest| rest.is_empty() || self.below && rest.starts_with('/'))
    }
}

fn read(path: &str) -> Value {
    documents(&text(path), Path::new(path)).remove(0)
}

fn of_gateway() -> BTreeSet<Opened> {
    let route = read(ROUTE);
    let rules = route["spec"]["rules"].as_array().unwrap();
    let matches = rules.iter().flat_map(|rule| rule["matches"].as_array().unwrap());
    matches.map(|one| Opened::new(&one["path"]["type"], &one["path"]["value"])).collect()
}

fn of_ingress() -> BTreeSet<Opened> {
    let ingress = read(INGRESS);
    let paths = ingress["spec"]["rules"][0]["http"]["paths"].as_array().unwrap().iter();
    paths.map(|one| Opened::new(&one["pathType"], &one["path"])).collect()
}

fn of_proxy() -> BTreeSet<Opened> {
    let config = text("deploy/haproxy.cfg");
    let mut opened = BTreeSet::new();
    for line in config.lines().filter_map(|line| line.trim().strip_prefix("acl ")) {
        let mut words = line.split(' ').skip(1);
        let below = words.next() == Some("path_beg");
        for path in words {
            let path = if below { path.strip_suffix('/').expect(path) } else { path };
            opened.insert(Opened { path: path.to_owned(), below });
        }
    }
    // A path beside all below it is one entry.
    let prefixes: Vec<_> = opened.iter().filter(|one| one.below).cloned().collect();
    opened.retain(|one| one.below || !prefixes.iter().any(|prefix| prefix.path == one.path));
    opened
}

#[test]
fn all_ways_in_lead_to_the_same() {
    assert_eq!(of_gateway(), of_ingress());
    assert_eq!(of_gateway(), of_proxy());
}

#[test]
fn every_context_the_console_and_the_description_are_reached() {
    let opened = of_gateway();
    let leads_to = |route: &str| opened.iter().any(|one| one.leads_to(route));
    for context in Context::ALL {
        let whole = Opened { path: format!("/{}", context.name()), below: true };
        assert!(opened.contains(&whole), "{}", context.name());
    }
    for route in program::routes() {
        let inside = INSIDE.iter().any(|path| route.starts_with(path));
        assert_ne!(leads_to(&route), inside, "{route}");
    }
    for route in ["/", "/login", "/logout", "/console", "/console/cafe/board", "/assets/x.css"] {
        assert!(leads_to(route), "{route}");
    }
    for route in ["/healthy", "/cafeteria", "/docs/x", "/anything"] {
        assert!(!leads_to(route), "{route}");
    }
}

#[test]
fn all_ways_in_lead_to_the_service() {
    let service = read("deploy/k8s/base/api/service.yaml");
    let name = &service["metadata"]["name"];
    let port = &service["spec"]["ports"][0];
    for rule in read(ROUTE)["spec"]["rules"].as_array().unwrap() {
        for to in rule["backendRefs"].as_array().unwrap() {
            assert_eq!((&to["name"], &to["port"]), (name, &port["port"]));
        }
    }
    for path in read(INGRESS)["spec"]["rules"][0]["http"]["paths"].as_array().unwrap() {
        let to = &path["backend"]["service"];
        assert_eq!((&to["name"], &to["port"]["name"]), (name, &port["name"]));
    }
}
