use super::*;

#[test]
fn a_traceparent_is_read_as_the_standard_says() {
    let (trace, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let expected = Some((Uuid::parse_str(trace).unwrap(), 0xb7ad_6b71_6920_3331));
    for good in [format!("00-{trace}-{span}-01"), format!("01-{trace}-{span}-00-more")] {
        assert_eq!(parse(&good), expected, "{good}");
    }
    for wrong in [
        String::new(),
        format!("00-{trace}-{span}"),
        format!("00-{trace}-{span}-01-more"),
        format!("ff-{trace}-{span}-01"),
        format!("00-{}-{span}-01", "0".repeat(32)),
        format!("00-{trace}-{}-01", "0".repeat(16)),
        format!("00-{}-{span}-01", trace.to_uppercase()),
        format!("00-+{}-{span}-01", &trace[1..]),
    ] {
        assert_eq!(parse(&wrong), None, "{wrong}");
    }
}

fn here_is(correlation: u128) -> Here {
    Here { correlation: Uuid::from_u128(correlation), span: 0, doing: "testing" }
}

#[tokio::test]
async fn what_a_task_works_for_is_known_there_and_where_it_is_carried() {
    assert_eq!(here(), None);
    let known = within(here_is(7), async {
        let elsewhere = tokio::spawn(carried(async { here() })).await.unwrap();
        let not_carried = tokio::spawn(async { here() }).await.unwrap();
        (here(), elsewhere, not_carried)
    });
    assert_eq!(known.await, (Some(here_is(7)), Some(here_is(7)), None));
}

#[tokio::test]
async fn without_a_collector_a_span_is_nothing() {
    let name = || -> &'static str { panic!("nobody asks for its name") };
    let span = Span::begin(Uuid::from_u128(7), 0, Kind::Internal, name);
    assert_eq!((span.id(), span.traceparent()), (0, None));
}

#[test]
fn a_share_of_all_traces_is_collected_whoever_is_asked() {
    let tracer = |share: f64| Tracer {
        threshold: (share * (RANDOM + 1) as f64) as u64,
        began: (Instant::now(), 5),
        ids: AtomicU64::new(1),
        sink: mpsc::channel(1).0,
        dropped: AtomicU64::new(0),
    };
    let ids: Vec<_> = (0..1000u128).map(|n| Uuid::new_v5(&Uuid::nil(), &n.to_be_bytes())).collect();
    let collected = |share: f64| ids.iter().filter(|id| tracer(share).collects(**id)).count();
    assert_eq!([collected(0.0), collected(1.0)], [0, 1000]);
    assert!((200..300).contains(&collected(0.25)), "{}", collected(0.25));
    assert!(tracer(1.0).now() >= 5);
    let (one, other) = (tracer(1.0), tracer(1.0));
    assert!((0..1000).all(|_| one.id() == other.id() && one.id() != 0 && other.id() != 0));
}
