//! What is configured: told of in full, with secrets from files, and without showing them.

use crate::{
    database_tls::Authority,
    service::{Place, Service, run},
};
use std::{collections::BTreeMap, fs, path::Path};
use tempfile::TempDir;

#[tokio::test]
async fn the_table_that_is_written_down_is_the_one_in_force() {
    let (code, printed) = run(&BTreeMap::new(), &["config", "--table"]).await;
    assert_eq!(code, 0, "{printed}");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let text = fs::read_to_string(file).unwrap();
    let (_, rest) =
        text.split_once("<!-- configuration:begin -->\n").expect("where the table begins");
    let (written, _) = rest.split_once("<!-- configuration:end -->").expect("where it ends");
    let next = "the table of docs/configuration.md is what `jangteo config --table` prints";
    assert!(written.trim() == printed.trim(), "{next}:\n{printed}");
}

/// The variables of which the table says that a file may have them.
async fn secrets() -> Vec<String> {
    let (_, table) = run(&BTreeMap::new(), &["config", "--table"]).await;
    let files = table.lines().filter_map(|line| line.split_once(", or `")?.1.split_once("_FILE`"));
    files.map(|(name, _)| name.to_owned()).collect()
}

#[tokio::test]
async fn every_file_that_gives_no_secret_is_listed_with_all_other_mistakes() {
    let secrets = secrets().await;
    assert!(secrets.len() >= 7 && secrets.iter().any(|one| one == "JANGTEO_AUTH_SECRETS"));
    let files: Vec<_> = secrets.iter().map(|name| format!("{name}_FILE")).collect();
    let gone = files.iter().map(|name| (name.as_str(), "/nowhere/at-all".to_owned()));
    let wrong = [("JANGTEO_ROLE", "boss".to_owned())];
    let environment: BTreeMap<_, _> = gone.chain(wrong).collect();
    for command in ["config", "serve"] {
        let (code, printed) = run(&environment, &[command]).await;
        assert_ne!(code, 0, "{printed}");
        for name in environment.keys() {
            assert!(printed.contains(&format!("  {name} is ")), "{name} in {printed}");
        }
    }
    // Each command asks for what it needs, and for nothing else.
    let (_, printed) = run(&environment, &["views"]).await;
    assert!(printed.contains("DATABASE_URL_FILE") && !printed.contains("NOTICE_URL_FILE"));
}

#[tokio::test]
async fn what_is_in_effect_is_shown_without_a_secret() {
    let folder = TempDir::new().unwrap();
    let secrets = secrets().await;
    let hidden = "hunter2hunter2hunter2hunter2hunter2";
    let mut environment = BTreeMap::new();
    for name in &secrets {
        let value = match name.as_str() {
            "DATABASE_URL" => format!(
                "postgres://me:{hidden}@db/shop?sslmode=verify-full&application_name={hidden}"
            ),
            "DATABASE_CA" => Authority::new().certificate,
            "EVENTSTORE_URL" => format!("esdb://me:{hidden}@log:2113?tls=false&x={hidden}"),
            "NOTICE_SECRETS" => format!("k1:{hidden}"),
            "JANGTEO_MASTER_KEY" => format!("m1:{}", "5ec7e7a1".repeat(8)),
            "OTEL_EXPORTER_OTLP_HEADERS" => format!("key={hidden}"),
            name if name.ends_with("_URL") || name.ends_with("_ENDPOINT") => {
                format!("https://{hidden}@there.example/{hidden}")
            }
            _ => hidden.to_owned(),
        };
        fs::write(folder.path().join(name), format!("{value}\n")).unwrap();
        environment.insert(format!("{name}_FILE"), folder.path().join(name).display().to_string());
    }
    environment.insert("JANGTEO_CONTEXTS".to_owned(), "cafe".to_owned());
    let environment = environment.iter().map(|(name, value)| (name.as_str(), value.clone()));
    let environment: BTreeMap<_, _> = environment.collect();
    let (code, printed) = run(&environment, &["config", "--role", "api"]).await;
    assert_eq!(code, 0, "{printed}");
    assert!(!printed.contains("hunter2") && !printed.contains("5ec7e7"), "{printed}");
    let line = |name: &str| {
        let line = printed.lines().find(|line| line.starts_with(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("{name} in {printed}")).split_whitespace().collect::<Vec<_>>()
    };
    for name in &secrets {
        let file = folder.path().join(name).display().to_string();
        assert_eq!(line(name)[1..], ["#", "file", &file]);
    }
    assert_eq!(line("DATABASE_URL")[0], "DATABASE_URL=postgres://me:***@db/shop?***");
    assert_eq!(line("JANGTEO_CONTEXTS"), ["JANGTEO_CONTEXTS=cafe", "#", "environment"]);
    assert_eq!(line("JANGTEO_ROLE"), ["JANGTEO_ROLE=api", "#", "flag"]);
    assert_eq!(line("JANGTEO_COMMAND_LIMIT"), ["JANGTEO_COMMAND_LIMIT=256", "#", "default"]);
}

#[tokio::test]
async fn a_service_runs_and_is_looked_at_with_its_secrets_in_files() {
    let (place, folder) = (Place::new().await, TempDir::new().unwrap());
    let mut environment = place.environment();
    let file = |name: &str, value: &str| {
        let path = folder.path().join(name);
        fs::write(&path, format!("{value}\n")).unwrap();
        path.display().to_string()
    };
    let url = environment.remove("DATABASE_URL").unwrap();
    environment.insert("DATABASE_URL_FILE", file("url", &url));
    environment.insert("JANGTEO_AUTH_KEY_FILE", file("key", "a-key-that-opens-everything"));
    let service = Service::start(&environment).await;
    let ask = |key: &'static str| {
        let asked = reqwest::Client::new().get(format!("{}/cafe/menu", service.url));
        async move { asked.bearer_auth(key).send().await.unwrap().status().as_u16() }
    };
    assert_eq!([ask("another-key").await, ask("a-key-that-opens-everything").await], [401, 200]);
    let (code, printed) = run(&environment, &["views"]).await;
    assert!(code == 0 && printed.contains("cafe.order_status"), "{printed}");
    assert_eq!(service.terminate().await, Some(0));
}

#[tokio::test]
async fn a_variable_that_is_mistyped_is_told_of() {
    let environment = BTreeMap::from([("JANGTEO_LISTN", "127.0.0.1:9".to_owned())]);
    let (code, printed) = run(&environment, &["config"]).await;
    assert!(code == 0 && printed.contains("JANGTEO_LISTN"), "{printed}");
}
