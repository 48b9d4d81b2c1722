//! The examples do what they say: the script with curl, and the requests for HTTP clients.

use crate::{cafe::Cafe, service::root};
use domain::Context;
use std::{collections::BTreeMap, fs, process::Output, time::Duration};
use tokio::{
    process::Command,
    time::{Instant, sleep, timeout},
};

const KEY: &str = "0123456789abcdef0123456789abcdef";

async fn script(variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(root().join("examples/walkthroughs.sh"));
    command.env_remove("JANGTEO_TOKEN").envs(variables.iter().copied()).kill_on_drop(true);
    timeout(Duration::from_secs(180), command.output()).await.expect("ends").unwrap()
}

fn printed(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat()
}

#[tokio::test]
async fn the_script_plays_all_walkthroughs_twice() {
    let cafe = Cafe::open().await;
    for _ in 0..2 {
        let output = script(&[("JANGTEO_URL", &cafe.service.url)]).await;
        let printed = printed(&output);
        assert!(output.status.success() && printed.ends_with("as expected\n"), "{printed}");
    }
}

#[tokio::test]
async fn the_script_shows_its_token_where_one_is_asked_for_and_fails_without() {
    let cafe = Cafe::open_with(&[("JANGTEO_AUTH_KEY", KEY.to_owned())]).await;
    let url = ("JANGTEO_URL", cafe.service.url.as_str());
    let without = script(&[url]).await;
    assert_eq!(without.status.code(), Some(1), "{}", printed(&without));
    assert!(printed(&without).contains("unauthorized"), "{}", printed(&without));
    let with = script(&[url, ("JANGTEO_TOKEN", KEY)]).await;
    assert!(with.status.success(), "{}", printed(&with));
}

#[tokio::test]
async fn the_script_fails_when_a_step_is_not_as_expected() {
    let cafe = Cafe::open().await;
    assert_eq!(cafe.run(&["pause", "warehouse.delivery"]).await.0, 0);
    let output = script(&[("JANGTEO_URL", &cafe.service.url)]).await;
    assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
    assert!(printed(&output).contains("not as expected: POST /warehouse/deliveries"));
}

/// A request of a file, with what it is answered with.
#[derive(Debug)]
struct Step {
    status: u16,
    text: String,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// The requests of a file, with `host` and `token` as given and other variables as in the file.
fn steps(file: &str, host: &str, token: &str) -> Vec<Step> {
    let defined = file.lines().filter_map(|line| line.strip_prefix('@')?.split_once(" = "));
    let mut variables: BTreeMap<_, _> = defined.collect();
    assert!(variables.insert("host", host).is_some() && variables.insert("token", token).is_some());
    let fill = |text: String, (name, value): (&&str, &&str)| {
        text.replace(&format!("{{{{{name}}}}}"), value)
    };
    let filled = variables.iter().fold(file.to_owned(), fill);
    assert!(!filled.contains("{{"), "a variable is not defined");
    filled.split("\n### ").skip(1).map(step).collect()
}

fn step(text: &str) -> Step {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines().skip(1);
    let expected = lines.next().and_then(|line| line.strip_prefix("# ")).expect("a status");
    let (status, text) = expected.split_once(' ').unwrap_or((expected, ""));
    let (method, url) = lines.next().and_then(|line| line.split_once(' ')).expect("a request");
    let headers = lines.filter_map(|line| line.split_once(": "));
    Step {
        status: status.parse().expect("a status"),
        text: text.to_owned(),
        method: method.to_owned(),
        url: url.to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body: body.trim().to_owned(),
    }
}

/// A view may show it a moment later.
async fn play(client: &reqwest::Client, step: &Step) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let mut request = client.request(step.method.parse().unwrap(), &step.url);
        for (name, value) in &step.headers {
            request = request.header(name, value);
        }
        let answer = request.body(step.body.clone()).send().await.unwrap();
        let (status, body) = (answer.status().as_u16(), answer.text().await.unwrap());
        if status == step.status && body.contains(&step.text) {
            return;
        }
        let may_follow = step.method == "GET" && Instant::now() < deadline;
        assert!(may_follow, "{step:?} was answered {status} {body}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn each_file_of_requests_is_answered_as_it_says() {
    let cafe = Cafe::open_with(&[("JANGTEO_AUTH_KEY", KEY.to_owned())]).await;
    let client = reqwest::Client::new();
    for context in Context::ALL {
        let path = root().join(format!("examples/{}.http", context.name()));
        let file = fs::read_to_string(&path).expect("each context has a file");
        let steps = steps(&file, &cafe.service.url, KEY);
        assert!(steps.len() >= 9, "{}", path.display());
        for step in &steps {
            assert!(step.headers.iter().any(|(name, _)| name == "Authorization"), "{step:?}");
            play(&client, step).await;
        }
    }
}
