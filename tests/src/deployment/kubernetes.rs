//! `deploy/k8s`, as it is written; what kustomize makes of it is `make deploy-check`'s.

use super::{
    between, documents, is_pinned,
    program::{Process, grace},
    text, texts,
};
use crate::service::root;
use domain::Context;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const FOLDER: &str = "deploy/k8s";
const OVERLAYS: [&str; 2] = ["trial", "production"];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// Every object below a folder, with the file that has it.
fn objects(folder: &str) -> Vec<(String, Value)> {
    let yaml = files(&root().join(folder)).into_iter();
    let yaml = yaml.filter(|path| path.extension().is_some_and(|kind| kind == "yaml"));
    yaml.flat_map(|path| {
        let place = path.strip_prefix(root()).unwrap().display().to_string();
        let read = documents(&fs::read_to_string(&path).unwrap(), &path);
        read.into_iter().map(move |one| (place.clone(), one))
    })
    .collect()
}

fn kind(object: &Value) -> &str {
    object["kind"].as_str().expect("a kind")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn overlay(name: &str) -> Value {
    let path = format!("{FOLDER}/overlays/{name}/kustomization.yaml");
    documents(&text(&path), Path::new(&path)).remove(0)
}

fn assignments(lines: impl IntoIterator<Item = String>) -> BTreeMap<String, String> {
    let pairs = lines.into_iter().filter(|line| !line.is_empty());
    pairs
        .map(|line| line.split_once('=').map(|(name, value)| (name.into(), value.into())).unwrap())
        .collect()
}

/// The ConfigMap of an overlay.
fn settings(of: &str) -> BTreeMap<String, String> {
    let base = text(&format!("{FOLDER}/base/common/jangteo.env"));
    let mut settings = assignments(base.lines().map(str::to_owned));
    for generator in list(&overlay(of)["configMapGenerator"]) {
        assert_eq!(
            (&generator["name"], &generator["behavior"]),
            (&"jangteo".into(), &"merge".into())
        );
        settings.extend(assignments(texts(&generator["literals"])));
    }
    settings
}

/// The Secrets of an overlay's example, filled in.
fn secrets(of: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let path = format!("{FOLDER}/overlays/{of}/secret.example.yaml");
    let given = "0123456789abcdef".repeat(4);
    let all = documents(&text(&path), Path::new(&path)).into_iter();
    all.map(|secret| {
        assert_eq!(kind(&secret), "Secret");
        let data = secret["stringData"].as_object().unwrap().iter();
        let filled = data.map(|(key, value)| {
            let value = value.as_str().unwrap();
            let mut value = value.replace("change-this-master", &format!("m1:{given}"));
            for blank in ["change-this-password", "change-this-key", "change-me"] {
                value = value.replace(blank, &given);
            }
            (key.clone(), value)
        });
        (secret["metadata"]["name"].as_str().unwrap().to_owned(), filled.collect())
    })
    .collect()
}

/// The variables of a container, and whether every name that they come from is there.
fn environment(container: &Value, of: &str) -> BTreeMap<String, String> {
    let (settings, secrets) = (settings(of), secrets(of));
    let mut all = BTreeMap::new();
    for source in list(&container["envFrom"]) {
        if let Some(name) = source["configMapRef"]["name"].as_str() {
            assert_eq!(name, "jangteo", "there is no other ConfigMap");
            all.extend(settings.clone());
        } else {
            let name = source["secretRef"]["name"].as_str().unwrap();
            all.extend(
                secrets.get(name).unwrap_or_else(|| panic!("{of}: no Secret {name}")).clone(),
            );
        }
    }
    for variable in list(&container["env"]) {
        let name = variable["name"].as_str().unwrap().to_owned();
        let value = match variable["value"].as_str() {
            Some(value) => value.to_owned(),
            None => {
                let from = &variable["valueFrom"]["secretKeyRef"];
                let (secret, key) = (from["name"].as_str().unwrap(), from["key"].as_str().unwrap());
                match secrets.get(secret).and_then(|secret| secret.get(key)) {
                    Some(known) => known.clone(),
                    None if from["optional"] == true => continue,
                    None => panic!("{of}: no key {key} in Secret {secret}"),
                }
            }
        };
        all.insert(name, value);
    }
    all
}

/// What runs pods: place, object.
fn workloads() -> Vec<(String, Value)> {
    let all = objects(FOLDER).into_iter();
    all.filter(|(_, object)| !object["spec"]["template"].is_null()).collect()
}

/// The containers of our image, with the pods they are in, as they are in an overlay.
fn ours(of: &str) -> Vec<(Value, Value, Process)> {
    let mut found = vec![];
    for (place, object) in workloads() {
        let applies = place.starts_with(&format!("{FOLDER}/base"))
            || place.starts_with(&format!("{FOLDER}/overlays/{of}"));
        let pod = object["spec"]["template"]["spec"].clone();
        for container in list(&pod["containers"]) {
            let image = container["image"].as_str().unwrap().to_owned();
            if !applies || !image.starts_with("jangteo:") {
                continue;
            }
            let place = format!("{place}, {of}");
            let arguments = texts(&container["args"]);
            let environment = environment(container, of);
            let process = Process { place, image, arguments, environment };
            found.push((container.clone(), pod.clone(), process));
        }
    }
    found
}

#[test]
fn what_is_started_of_ours_is_what_the_program_knows() {
    for (of, most) in OVERLAYS.into_iter().zip([4, 3]) {
        let ours = ours(of);
        assert_eq!(ours.len(), most, "{of}");
        for (_, _, process) in &ours {
            process.check();
            if process.serves() {
                process.is_configured();
                assert!(process.environment.contains_key("PAYMENT_URL"), "{}", process.place);
            }
        }
        let roles = ours.iter().filter_map(|(.., one)| one.environment.get("JANGTEO_ROLE"));
        assert_eq!(roles.collect::<Vec<_>>(), ["api", "worker"], "{of}");
    }
}

#[test]
fn probes_ask_what_is_told_at_the_port_that_is_listened_on() {
    for (container, _, process) in OVERLAYS.into_iter().flat_map(ours) {
        let place = &process.place;
        let ports = list(&container["ports"]);
        let Some(port) = process.port() else {
            assert!(ports.is_empty(), "{place}");
            continue;
        };
        assert_eq!(ports.len(), 1, "{place}");
        assert_eq!(ports[0]["containerPort"], port, "{place}");
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            if !process.serves() && container[probe].is_null() {
                continue;
            }
            let asked = &container[probe]["httpGet"];
            assert_eq!(asked["port"], ports[0]["name"], "{place}, {probe}");
            let path = asked["path"].as_str().unwrap_or_else(|| panic!("{place}: no {probe}"));
            assert!(process.has_route(path), "{place}, {probe}: {path}");
        }
        if process.serves() {
            assert_eq!(container["readinessProbe"]["httpGet"]["path"], "/health/ready");
            assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/health/live");
        }
    }
}

#[test]
fn a_process_is_given_the_time_that_it_takes_to_stop() {
    for (container, pod, process) in OVERLAYS.into_iter().flat_map(ours) {
        if process.serves() {
            let before =
                container["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64().unwrap_or(0);
            let given = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
            assert!(given >= before + grace() + 5, "{}: {given} s", process.place);
            let is_told_first = process.environment["JANGTEO_ROLE"] == "api";
            assert_eq!(before > 0, is_told_first, "{}", process.place);
        }
    }
}

#[test]
fn pods_may_do_what_they_need_and_no_more() {
    let user = text("Dockerfile");
    let user: u64 = between(&user, "USER ", ":").parse().unwrap();
    for (place, object) in workloads() {
        let pod = &object["spec"]["template"]["spec"];
        assert_eq!(pod["automountServiceAccountToken"], false, "{place}");
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{place}");
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{place}");
        for container in list(&pod["containers"]) {
            let image = container["image"].as_str().unwrap();
            assert!(is_pinned(image), "{place}: {image}");
            let may = &container["securityContext"];
            assert_eq!(may["allowPrivilegeEscalation"], false, "{place}");
            assert_eq!(texts(&may["capabilities"]["drop"]), ["ALL"], "{place}");
            for bound in ["/requests/cpu", "/requests/memory", "/limits/cpu", "/limits/memory"] {
                assert!(container["resources"].pointer(bound).is_some(), "{place}: {bound}");
            }
            if image.starts_with("jangteo:") {
                assert_eq!(may["readOnlyRootFilesystem"], true, "{place}");
                assert_eq!(pod["securityContext"]["runAsUser"], user, "{place}");
            }
        }
    }
}

/// Whether labels have all that is selected by.
fn selects(selector: &Value, labels: &Value) -> bool {
    selector.as_object().unwrap().iter().all(|(key, value)| labels[key] == *value)
}

#[test]
fn what_selects_pods_finds_them_and_their_ports() {
    let workloads = workloads();
    let pods: Vec<_> = workloads.iter().map(|(_, object)| &object["spec"]["template"]).collect();
    let found = |selector: &Value, place: &str| {
        let selected = pods.iter().filter(|pod| selects(selector, &pod["metadata"]["labels"]));
        let selected: Vec<_> = selected.copied().collect();
        assert!(!selected.is_empty(), "{place}: {selector}");
        selected
    };
    let mut seen = BTreeSet::new();
    for (place, object) in objects(FOLDER) {
        seen.insert(kind(&object).to_owned());
        match kind(&object) {
            "Service" => {
                let port = &object["spec"]["ports"][0]["targetPort"];
                for pod in found(&object["spec"]["selector"], &place) {
                    assert_eq!(pod["spec"]["containers"][0]["ports"][0]["name"], *port, "{place}");
                }
            }
            "PodDisruptionBudget" => {
                found(&object["spec"]["selector"]["matchLabels"], &place);
            }
            "NetworkPolicy" if object["spec"]["podSelector"]["matchLabels"].is_object() => {
                let pods = found(&object["spec"]["podSelector"]["matchLabels"], &place);
                let inward = list(&object["spec"]["ingress"]).iter();
                for port in inward.flat_map(|rule| list(&rule["ports"])) {
                    let listens = |pod: &&Value| {
                        pod["spec"]["containers"][0]["ports"][0]["containerPort"] == port["port"]
                    };
                    assert!(pods.iter().any(listens), "{place}: {port}");
                }
            }
            "HorizontalPodAutoscaler" => {
                let named = |(_, one): &(String, Value)| {
                    one["kind"] == object["spec"]["scaleTargetRef"]["kind"]
                        && one["metadata"]["name"] == object["spec"]["scaleTargetRef"]["name"]
                };
                assert!(workloads.iter().any(named), "{place}");
            }
            _ => {}
        }
    }
    for kind in ["Service", "PodDisruptionBudget", "NetworkPolicy", "HorizontalPodAutoscaler"] {
        assert!(seen.contains(kind), "{kind}");
    }
}

#[test]
fn each_context_can_have_workers_of_its_own() {
    let known = super::program::variables("serve");
    let component = format!("{FOLDER}/components/workers-by-context");
    for context in Context::ALL {
        let path = format!("{component}/{}/kustomization.yaml", context.name());
        let one = documents(&text(&path), Path::new(&path)).remove(0);
        assert_eq!(one["nameSuffix"], format!("-{}", context.name()));
        let patch = one["patches"][0]["patch"].as_str().unwrap();
        let added = &documents(patch, Path::new(&path))[0][0]["value"];
        assert!(known.contains(added["name"].as_str().unwrap()), "{path}: {added}");
        assert_eq!(
            (&added["name"], &added["value"]),
            (&"JANGTEO_CONTEXTS".into(), &context.name().into())
        );
    }
    let all = documents(&text(&format!("{component}/kustomization.yaml")), Path::new(&component));
    let mut listed = texts(&all[0]["resources"]);
    listed.sort();
    let mut names = Context::ALL.map(|context| context.name().to_owned());
    names.sort();
    assert_eq!(listed, names);
}

#[test]
fn what_a_kustomization_lists_is_there() {
    for (place, object) in objects(FOLDER) {
        let folder = Path::new(&place).parent().unwrap();
        for listed in ["resources", "components"].iter().flat_map(|kind| texts(&object[*kind])) {
            assert!(root().join(folder).join(&listed).exists(), "{place}: {listed}");
        }
        for image in list(&object["images"]) {
            assert_eq!(image["newTag"], env!("CARGO_PKG_VERSION"), "{place}");
        }
    }
}
