use super::*;
use crate::http::intake;
use commands::{notices::webhook::Secret, payment::breaker};

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
        drain_delay: "never".to_owned(),
        limits: LimitArgs {
            command_limit: "0".to_owned(),
            command_queue: "-1".to_owned(),
            query_limit: "many".to_owned(),
            stream_limit: "all".to_owned(),
            streams_per_caller: "0".to_owned(),
            payment_breaker: "maybe".to_owned(),
            payment_limit: "1.5".to_owned(),
            connection_limit: "none".to_owned(),
            header_timeout: "0s".to_owned(),
            idle_timeout: "long".to_owned(),
            write_timeout: "-1s".to_owned(),
            body_timeout: "1x".to_owned(),
            rate_limit: "often".to_owned(),
            login_limit: "0".to_owned(),
        },
        observing: ObservingArgs {
            log_format: "xml".to_owned(),
            otlp_endpoint: Some("grpc://x".to_owned()),
            otlp_headers: Some("hush".to_owned()),
            trace_share: "2".to_owned(),
            ..ObservingArgs::default()
        },
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
        "JANGTEO_DRAIN_DELAY",
        "JANGTEO_COMMAND_LIMIT",
        "JANGTEO_COMMAND_QUEUE",
        "JANGTEO_QUERY_LIMIT",
        "JANGTEO_STREAM_LIMIT",
        "JANGTEO_STREAMS_PER_CALLER",
        "PAYMENT_BREAKER",
        "PAYMENT_LIMIT",
        "JANGTEO_CONNECTION_LIMIT",
        "JANGTEO_HEADER_TIMEOUT",
        "JANGTEO_IDLE_TIMEOUT",
        "JANGTEO_WRITE_TIMEOUT",
        "JANGTEO_BODY_TIMEOUT",
        "JANGTEO_RATE_LIMIT",
        "JANGTEO_LOGIN_LIMIT",
        "JANGTEO_LOG_FORMAT",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_TRACES_SAMPLER_ARG",
    ] {
        assert!(text.contains(name), "{name} in {text}");
    }
}

#[test]
fn a_rate_has_a_burst_that_is_not_below_it() {
    let rate = |text: &str| {
        let rate = values::rate(text);
        rate.map(|rate| rate.map(|rate| (rate.per_second.get(), rate.burst.get())))
    };
    assert_eq!([rate("5:5"), rate("200:400")], [Ok(Some((5, 5))), Ok(Some((200, 400)))]);
    assert_eq!(rate("off"), Ok(None));
    for wrong in ["5:4", "0:1", "1:0", "5", "-1:5", "a:b", "5:5:5", "on"] {
        assert!(rate(wrong).is_err_and(|told| told.contains("JANGTEO_RATE_LIMIT")), "{wrong}");
    }
}

#[test]
fn times_have_units() {
    let parsed = |text| duration("T", text).ok();
    let none = ["0", "0s", "5s"].map(|text| values::duration_or_none("T", text));
    assert_eq!(none, [0, 0, 5].map(|seconds| Ok(Duration::from_secs(seconds))));
    assert_eq!(parsed("90"), Some(Duration::from_secs(90)));
    assert_eq!(parsed("500ms"), Some(Duration::from_millis(500)));
    assert_eq!(parsed("2h"), Some(Duration::from_secs(7200)));
    assert_eq!(
        [parsed("0"), parsed("-1s"), parsed("1d"), parsed(""), parsed("99999999999999999h")],
        [None; 5]
    );
}

#[test]
fn notices_are_signed_with_the_first_of_their_secrets() {
    let with = |url: &str, secrets: &str| {
        let (notice_url, notice_secrets) = (Some(url.to_owned()), Some(secrets.to_owned()));
        ServeArgs { notice_url, notice_secrets, ..args() }.check()
    };
    let url = "https://sms.example/in";
    let secret = |id: &str| Secret { id: id.to_owned(), secret: "0123456789abcdef".to_owned() };
    let both = with(url, "k2:0123456789abcdef, k1:0123456789abcdef").expect("usable");
    let expected = Secrets::new(secret("k2"), vec![secret("k1")]);
    assert_eq!(both.notices.map(|(_, secrets)| secrets), Some(expected));
    for wrong in [
        "",
        "0123456789abcdef",
        "k1:short",
        "k 1:0123456789abcdef",
        "k1:0123456789abcde ",
        "k1:0123456789abcdef,",
        "k1:0123456789abcdef,k1:0123456789abcdef",
    ] {
        let refused = with(url, wrong).expect_err(wrong).to_string();
        assert!(refused.contains("NOTICE_SECRETS") && !refused.contains("0123456"), "{refused}");
    }
    assert!(with("", "k1:0123456789abcdef").expect("usable").notices.is_none());
    assert!(with("sms.example", "").expect_err("no address").to_string().contains("NOTICE_URL"));
}

#[test]
fn limits_are_as_given_or_as_they_were_thought_of() {
    let config = args().check().expect("usable");
    assert_eq!(config.limits.intake, intake::Limits::default());
    assert_eq!(config.limits.breaker, Some(breaker::Settings::default()));

    let (command_limit, command_queue) = ("4".to_owned(), "8".to_owned());
    let payment_breaker = "off".to_owned();
    let limits =
        LimitArgs { command_limit, command_queue, payment_breaker, ..LimitArgs::default() };
    let config = ServeArgs { limits, ..args() }.check().expect("usable");
    let expected = intake::Limits { commands: 4, waiting: 8, ..intake::Limits::default() };
    assert_eq!((config.limits.intake, config.limits.breaker), (expected, None));
}

#[test]
fn a_database_of_yours_needs_a_master_key() {
    let check = |database_url: Option<&str>, master_key: Option<String>| {
        let database_url = database_url.map(str::to_owned);
        let store = StoreArgs { database_url, ..StoreArgs::default() };
        ServeArgs { store, master: MasterArgs { master_key }, ..args() }.check()
    };
    let yours = Some("postgres://127.0.0.1/jangteo");
    let key = Some(format!("m1:{}", "5e".repeat(32)));
    let masters = |checked: Result<Config, Mistakes>| checked.expect("usable").masters.is_some();
    assert_eq!([check(None, None), check(None, key.clone())].map(masters), [false, true]);
    assert!(masters(check(yours, key)));
    let missing = check(yours, None).expect_err("missing").to_string();
    assert!(missing.contains("openssl rand -hex 32"), "{missing}");
    let wrong = check(yours, Some("m1:a-secret".to_owned())).expect_err("wrong").to_string();
    assert!(wrong.contains("JANGTEO_MASTER_KEY") && !wrong.contains("a-secret"), "{wrong}");
}
