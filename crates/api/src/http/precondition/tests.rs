use super::*;
use axum::response::IntoResponse;

fn sent(fields: &[&[u8]], primary: bool) -> Result<Option<Versions>, u16> {
    let field = |value: &&[u8]| (header::IF_MATCH, HeaderValue::from_bytes(value).unwrap());
    let headers: HeaderMap = fields.iter().map(field).collect();
    let mut extensions = Extensions::new();
    if primary {
        extensions.insert(Primary("cafe.order"));
    }
    let expected = expected(&headers, &extensions);
    expected.map(|one| one.map(|one| one.versions)).map_err(|problem| problem.status().as_u16())
}

fn of(field: &str) -> Result<Option<Versions>, u16> {
    sent(&[field.as_bytes()], true)
}

fn one_of(versions: &[u64]) -> Result<Option<Versions>, u16> {
    Ok(Some(Versions::OneOf(versions.to_vec())))
}

#[test]
fn nothing_sent_is_nothing_expected() {
    assert_eq!([sent(&[], true), sent(&[], false)], [Ok(None), Ok(None)]);
}

#[test]
fn strong_tags_are_versions() {
    assert_eq!(of("\"7\""), one_of(&[7]));
    assert_eq!(of(" \"7\" ,\t\"12\""), one_of(&[7, 12]));
    assert_eq!(of(",, \"7\",,\"8\","), one_of(&[7, 8]));
    assert_eq!(sent(&[b"\"7\"", b"\"8\", \"9\""], true), one_of(&[7, 8, 9]));
    assert_eq!(of("\"18446744073709551615\""), one_of(&[u64::MAX]));
    assert_eq!([of("*"), of(" * ")], [Ok(Some(Versions::Any)), Ok(Some(Versions::Any))]);
}

#[test]
fn weak_tags_and_those_of_others_match_nothing() {
    for tags in [
        "W/\"7\"",
        "\"\"",
        "\"07\"",
        "\"+7\"",
        "\"-7\"",
        "\" 7\"",
        "\"7 \"",
        "\"a,b\"",
        "\"*\"",
        "\"18446744073709551616\"",
    ] {
        let read = of(tags);
        let is_blank = tags.contains(' ');
        assert_eq!(read, if is_blank { Err(400) } else { one_of(&[]) }, "{tags}");
    }
    assert_eq!(of("W/\"7\", \"8\""), one_of(&[8]));
    assert_eq!(sent(&[b"\"\xff\""], true), one_of(&[]));
}

#[test]
fn what_is_no_list_of_tags_is_400() {
    for tags in [
        "",
        " ",
        ",",
        "7",
        "\"7",
        "7\"",
        "'7'",
        "\"7\" \"8\"",
        "\"7\"\"8\"",
        "*, \"7\"",
        "\"7\", *",
        "**",
        "w/\"7\"",
        "W/7",
        "W/ \"7\"",
        "W\"7\"",
        "\"7\"x",
        "\"7\";x",
    ] {
        assert_eq!(of(tags), Err(400), "{tags:?}");
    }
    assert_eq!(sent(&[b"*", b"*"], true), Err(400));
    assert_eq!(sent(&[b"*", b"\"7\""], true), Err(400));
}

#[test]
fn where_nothing_has_versions_no_tag_matches() {
    assert_eq!(sent(&[b"*"], false), Ok(None));
    assert_eq!(sent(&[b"\"7\""], false), Err(412));
    assert_eq!(sent(&[b"7"], false), Err(400));
}

#[test]
fn a_version_is_a_tag_unless_there_is_nothing() {
    assert_eq!(entity_tag(12).unwrap(), "\"12\"");
    assert_eq!(entity_tag(0), None);
}

fn asked(known: &[&str], tag: Option<&'static str>, status: StatusCode) -> Response {
    let headers = known.iter().map(|value| (header::IF_NONE_MATCH, value.parse().unwrap()));
    let mut answer = (status, axum::Json("row")).into_response();
    let tag = tag.map(|tag| (header::ETAG, HeaderValue::from_static(tag)));
    answer.headers_mut().extend(tag);
    Known::of(&headers.collect()).unless_known(answer)
}

#[test]
fn what_the_client_has_is_not_sent_again() {
    for known in [&["\"7\""][..], &["W/\"7\""], &["*"], &["\"1\", \"7\""], &["\"1\"", "\"7\""]] {
        let answer = asked(known, Some("\"7\""), StatusCode::OK);
        assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{known:?}");
        assert_eq!(answer.headers()[header::ETAG], "\"7\"");
        assert!(answer.headers().get(header::CONTENT_TYPE).is_none());
    }
    for known in [&[][..], &["\"8\""], &["7"], &["\"7"], &["\"77\""]] {
        let answer = asked(known, Some("\"7\""), StatusCode::OK);
        assert_eq!(answer.status(), StatusCode::OK, "{known:?}");
    }
    assert_eq!(asked(&["*"], None, StatusCode::OK).status(), StatusCode::OK);
    let unknown = asked(&["*"], None, StatusCode::NOT_FOUND);
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
}
