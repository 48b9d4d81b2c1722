use super::*;

fn args() -> ServeArgs {
    ServeArgs { listen: LISTEN.to_owned(), ..ServeArgs::default() }
}

#[test]
fn nothing_configured_or_empty_is_a_configuration() {
    let config = args().check().expect("usable");
    assert!(matches!(config.store.database, Database::Embedded));
    assert_eq!((config.role, config.cafe_accept_timeout), (Role::All, Duration::from_secs(900)));
    assert_eq!(config.contexts, Context::ALL);
}

#[test]
fn every_mistake_is_listed() {
    let store = StoreArgs {
        database_url: Some("nonsense".to_owned()),
        eventstore_url: Some("http://x".to_owned()),
        ..StoreArgs::default()
    };
    let wrong = ServeArgs {
        store,
        listen: "here".to_owned(),
        payment_url: Some("ftp://x".to_owned()),
        role: "boss".to_owned(),
        contexts: "cafe,spa".to_owned(),
        cafe_accept_timeout: "soon".to_owned(),
        ..args()
    };
    let text = wrong.check().expect_err("wrong").to_string();
    for name in [
        "DATABASE_URL",
        "EVENTSTORE_URL",
        "JANGTEO_LISTEN",
        "PAYMENT_URL",
        "JANGTEO_ROLE",
        "JANGTEO_CONTEXTS",
        "CAFE_ACCEPT_TIMEOUT",
    ] {
        assert!(text.contains(name), "{name} in {text}");
    }
}

#[test]
fn only_a_key_opens_the_service_to_other_machines() {
    let open = ServeArgs { listen: "0.0.0.0:8080".to_owned(), ..args() };
    let refused = open.clone().check().expect_err("no key").to_string();
    assert!(refused.contains("JANGTEO_AUTH_KEY"));
    let keyed = ServeArgs { auth_key: Some("0123456789abcdef".to_owned()), ..open };
    assert!(keyed.check().expect("usable").key.is_set());
}

#[test]
fn times_have_units() {
    let parsed = |text| duration("T", text).ok();
    assert_eq!(parsed("90"), Some(Duration::from_secs(90)));
    assert_eq!(parsed("500ms"), Some(Duration::from_millis(500)));
    assert_eq!(parsed("2h"), Some(Duration::from_secs(7200)));
    assert_eq!(
        [parsed("0"), parsed("-1s"), parsed("1d"), parsed(""), parsed("99999999999999999h")],
        [None; 5]
    );
}
