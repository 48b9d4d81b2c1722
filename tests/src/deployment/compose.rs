//! `docker-compose.yml` and `compose.cluster.yml`.

use super::{
    between, documents, is_pinned,
    program::{Process, connections, grace},
    text, texts,
};
use crate::service::root;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, path::Path};

const FILES: [&str; 2] = ["docker-compose.yml", "compose.cluster.yml"];

/// The services of a file, by name.
fn services(file: &str) -> Map<String, Value> {
    let documents = documents(&text(file), Path::new(file));
    documents[0]["services"].as_object().expect("services").clone()
}

/// As compose fills it in: what must be given is, and nothing else.
fn filled(text: &str) -> String {
    let Some((before, rest)) = text.split_once("${") else { return text.to_owned() };
    let (variable, rest) = rest.split_once('}').expect("a closed variable");
    let given = "0123456789abcdef".repeat(4);
    let given = match variable.starts_with("JANGTEO_MASTER_KEY") {
        true => format!("m1:{given}"),
        false => given,
    };
    let value = match variable.split_once(":-") {
        Some((_, default)) => default,
        None => variable.split_once(":?").map(|_| &given[..]).expect("a default, or an error"),
    };
    format!("{before}{value}{}", filled(rest))
}

fn environment(service: &Value) -> BTreeMap<String, String> {
    let all = service["environment"].as_object().into_iter().flatten();
    all.map(|(name, value)| (name.clone(), filled(value.as_str().expect("a text")))).collect()
}

/// Those of our image.
fn ours(file: &str) -> Vec<(String, Value, Process)> {
    let services = services(file).into_iter();
    let ours = services.filter(|(_, service)| service["build"] == ".");
    ours.map(|(name, service)| {
        let process = Process {
            place: format!("{file}, {name}"),
            image: service["image"].as_str().unwrap().to_owned(),
            arguments: texts(&service["command"]),
            environment: environment(&service),
        };
        (name, service, process)
    })
    .collect()
}

fn seconds(time: &Value) -> u64 {
    time.as_str().and_then(|time| time.strip_suffix('s')).expect("seconds").parse().unwrap()
}

#[test]
fn what_is_started_of_ours_is_what_the_program_knows() {
    for file in FILES {
        let ours = ours(file);
        let names: Vec<_> = ours.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["api", "migrate", "payment", "worker"], "{file}");
        for (name, service, process) in &ours {
            process.check();
            if !process.serves() {
                continue;
            }
            process.is_configured();
            assert_eq!(process.environment["JANGTEO_ROLE"], *name);
            assert!(process.environment.contains_key("PAYMENT_URL"), "a file of its own: {name}");
            assert!(seconds(&service["stop_grace_period"]) >= grace() + 5, "{file}, {name}");
        }
    }
}

#[test]
fn health_is_asked_where_it_is_told() {
    for file in FILES {
        for (name, service, process) in ours(file) {
            let Some(port) = process.port() else {
                assert_eq!(service["healthcheck"]["disable"], true, "{file}, {name}");
                continue;
            };
            let asked = texts(&service["healthcheck"]["test"]).pop().unwrap();
            let asked = asked.strip_prefix("http://127.0.0.1:").unwrap();
            let (asked_port, path) = asked.split_once('/').unwrap();
            assert_eq!(asked_port, port.to_string(), "{file}, {name}");
            assert!(process.has_route(&format!("/{path}")), "{file}, {name}: /{path}");
        }
    }
}

#[test]
fn what_is_published_is_listened_on_and_stays_on_this_machine() {
    let proxy = text("deploy/haproxy.cfg");
    let proxy: u16 = between(&proxy, "    bind :", "\n").parse().unwrap();
    for file in FILES {
        let ours = ours(file);
        for (name, service) in services(file) {
            for published in texts(&service["ports"]) {
                let (host, target) = published.rsplit_once(':').unwrap();
                assert!(host.starts_with("127.0.0.1:"), "{file}, {name}: {published}");
                let of_ours = ours.iter().find(|(one, ..)| *one == name);
                let port = of_ours.map_or(proxy, |(.., process)| process.port().unwrap());
                assert_eq!(target, port.to_string(), "{file}, {name}");
            }
        }
    }
}

/// The services, and the ports that they are reached at by others.
fn places(file: &str) -> BTreeMap<String, String> {
    let ours = ours(file).into_iter();
    let ports = ours.filter_map(|(name, _, process)| Some((name, process.port()?.to_string())));
    let mut places: BTreeMap<_, _> = ports.collect();
    for (name, service) in services(file) {
        if let Some(port) = environment(&service).get("KURRENTDB_NODE_PORT") {
            places.insert(name, port.clone());
        } else if name == "postgres" {
            places.insert(name, "5432".to_owned());
        }
    }
    places
}

#[test]
fn an_address_is_that_of_a_service() {
    for file in FILES {
        let places = places(file);
        for (name, _, process) in ours(file) {
            for variable in ["DATABASE_URL", "EVENTSTORE_URL", "PAYMENT_URL"] {
                let Some(url) = process.environment.get(variable) else { continue };
                let (_, rest) = url.split_once("://").unwrap();
                let hosts = rest.split(['/', '?']).next().unwrap().split('@').next_back().unwrap();
                for address in hosts.split(',') {
                    let (host, port) = address.split_once(':').unwrap();
                    let known = places.get(host).is_some_and(|known| known == port);
                    assert!(known, "{file}, {name}: {variable} names {address}");
                }
            }
        }
    }
}

#[test]
fn nodes_of_the_log_know_each_other_and_say_where_they_are() {
    let services = services("compose.cluster.yml");
    let nodes: Vec<_> =
        services.iter().filter(|(name, _)| name.starts_with("eventstore")).collect();
    assert_eq!(nodes.len(), 3);
    let address = |node: &Value| {
        node["networks"]["default"]["ipv4_address"].as_str().expect("an address").to_owned()
    };
    for (name, node) in &nodes {
        let environment = environment(node);
        assert_eq!(environment["KURRENTDB_CLUSTER_SIZE"], "3");
        assert_eq!(environment["KURRENTDB_REPLICATION_IP"], address(node));
        assert_eq!(environment["KURRENTDB_ADVERTISE_HOST_TO_CLIENT_AS"], **name);
        let others = nodes.iter().filter(|(one, _)| one != name);
        let others: Vec<_> = others.map(|(_, one)| format!("{}:2113", address(one))).collect();
        assert_eq!(environment["KURRENTDB_GOSSIP_SEED"], others.join(","));
    }
}

#[test]
fn what_is_named_within_a_file_is_there() {
    for file in FILES {
        let all = documents(&text(file), Path::new(file)).remove(0);
        for (name, service) in services(file) {
            let image = service["image"].as_str().unwrap();
            assert!(is_pinned(image), "{file}, {name}: {image}");
            for (needed, _) in service["depends_on"].as_object().into_iter().flatten() {
                assert!(all["services"].get(needed).is_some(), "{file}, {name}: {needed}");
            }
            for volume in texts(&service["volumes"]) {
                let source = volume.split(':').next().unwrap();
                let is_there = match source.strip_prefix("./") {
                    Some(path) => root().join(path).is_file(),
                    None => all["volumes"].get(source).is_some(),
                };
                assert!(is_there, "{file}, {name}: {volume}");
            }
        }
    }
}

#[test]
fn the_database_has_connections_for_all_that_start() {
    for file in FILES {
        let postgres = texts(&services(file)["postgres"]["command"]).join(" ");
        let most: u64 = postgres.rsplit_once("max_connections=").unwrap().1.parse().unwrap();
        let each = |(_, service, process): &(String, Value, Process)| match process.serves() {
            true => service["deploy"]["replicas"].as_u64().unwrap_or(1),
            false => 1,
        };
        let processes: u64 = ours(file).iter().map(each).sum();
        assert!(most >= processes * connections(), "{file}: {processes} processes");
    }
}
