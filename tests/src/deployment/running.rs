//! What a roll-out relies on, with the real program.

use crate::service::{Place, Service, run};
use futures::future::join_all;
use std::{collections::BTreeSet, fs};

#[tokio::test]
async fn migrations_at_once_make_each_change_once_and_again_none() {
    let place = Place::new().await;
    let environment = place.environment();
    let runs = join_all((0..5).map(|_| run(&environment, &["migrate"]))).await;
    let mut made = vec![];
    for (code, said) in &runs {
        assert_eq!(*code, 0, "{said}");
        made.extend(said.lines().filter(|line| line.contains(": V")).map(str::to_owned));
        assert!(said.contains("up to date"), "{said}");
    }
    let distinct: BTreeSet<_> = made.iter().collect();
    assert_eq!(made.len(), distinct.len(), "{made:?}");
    for schema in ["eventlog", "consumers", "commands", "projections", "shared", "api"] {
        assert!(made.iter().any(|change| change.starts_with(schema)), "{schema}: {made:?}");
    }
    let again = run(&environment, &["migrate"]).await;
    assert_eq!(again, (0, "The schemas were up to date.\n".to_owned()));
    let service = Service::start(&environment).await;
    assert_eq!(service.terminate().await, Some(0));
}

#[tokio::test]
async fn a_database_that_cannot_be_prepared_fails_the_migration() {
    let mut environment = Place::new().await.environment();
    environment.insert("DATABASE_URL", "postgresql://jangteo@127.0.0.1:1/jangteo".to_owned());
    let (code, said) = run(&environment, &["migrate"]).await;
    assert_eq!(code, 1);
    assert!(said.contains("the database cannot be reached"), "{said}");
}

/// Its root file system can be read-only.
#[tokio::test]
async fn a_process_with_a_gateway_and_a_database_keeps_nothing_in_files() {
    let place = Place::new().await;
    let mut environment = place.environment();
    let nowhere = format!("{}/nowhere", environment["JANGTEO_DATA_DIR"]);
    environment.insert("JANGTEO_DATA_DIR", nowhere.clone());
    environment.insert("PAYMENT_URL", "http://127.0.0.1:1".to_owned());
    for role in ["api", "worker"] {
        environment.insert("JANGTEO_ROLE", role.to_owned());
        let service = Service::start(&environment).await;
        let open = fs::read_dir(format!("/proc/{}/fd", service.pid())).unwrap();
        let open = open.map(|one| one.unwrap());
        // Beside its inputs and outputs.
        let open = open.filter(|one| one.file_name().to_str().unwrap().parse::<u32>().unwrap() > 2);
        let open = open.filter_map(|one| fs::read_link(one.path()).ok());
        let files: Vec<_> = open.filter(|path| path.is_file()).collect();
        assert!(files.is_empty(), "{role}: {files:?}");
        assert_eq!(service.terminate().await, Some(0));
        assert!(!fs::exists(&nowhere).unwrap(), "{role}");
    }
}
