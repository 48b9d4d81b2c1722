use super::*;
use domain::{Id, Quantity};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Body {
    item_no: Need<Id>,
    qty: Need<Quantity>,
    _payment_status: ServerOwned,
}

fn item_and_qty(json: &str) -> Result<(Id, Quantity), Problem> {
    let body: Body = read_object(json.as_bytes())?;
    Ok((required("itemNo", body.item_no)?, required("qty", body.qty)?))
}

#[track_caller]
fn refused(json: &str, status: u16, field: Option<&str>) {
    let problem = item_and_qty(json).expect_err("refused");
    let document = problem.document();
    assert_eq!(document["status"], status, "{document}");
    assert_eq!(document.get("field").and_then(JsonValue::as_str), field, "{document}");
}

#[test]
fn numbers_come_as_numbers_or_text() {
    for json in [
        r#"{"itemNo": 1, "qty": 2}"#,
        r#"{"itemNo": "1", "qty": "2"}"#,
        r#" {"itemNo": 1, "qty": 2.0, "paymentStatus": {"any": [1]}} "#,
    ] {
        let (id, qty) = item_and_qty(json).expect("read");
        assert_eq!((id.as_str(), qty.get()), ("1", 2));
    }
}

#[test]
fn a_wrong_form_is_400_and_names_the_field() {
    refused(r#"{"itemNo": 1}"#, 400, Some("qty"));
    refused(r#"{"itemNo": 1, "qty": null}"#, 400, Some("qty"));
    refused(r#"{"itemNo": 1, "qty": 1.5}"#, 400, Some("qty"));
    refused(r#"{"itemNo": 1, "qty": "1.5"}"#, 400, Some("qty"));
    refused(r#"{"itemNo": 1, "qty": ""}"#, 400, Some("qty"));
    refused(r#"{"itemNo": 1, "qty": [1]}"#, 400, Some("qty"));
    refused(r#"{"itemNo": true, "qty": 1}"#, 400, Some("itemNo"));
    refused(r#"{"itemNo": 1, "qty": 1, "quantity": 1}"#, 400, Some("quantity"));
    refused(r#"{"itemNo": "\ud800", "qty": 1}"#, 400, Some("itemNo"));
    refused(r#"{"itemNo": 1, "qty": 1, "qty": 1}"#, 400, Some("qty"));
}

#[test]
fn what_is_no_object_is_400() {
    for json in [
        "[1, 2]",
        "1",
        "\"x\"",
        "null",
        "{",
        "{\"itemNo\": 1, \"qty\": 1} x",
        "\u{feff}{}",
        "nonsense",
    ] {
        assert_eq!(item_and_qty(json).expect_err(json).status(), 400);
    }
    refused("{} {}", 400, None);
}

#[test]
fn a_value_outside_its_rule_is_422_and_names_the_field() {
    let huge = format!(r#"{{"itemNo": 1, "qty": {}}}"#, "9".repeat(400));
    let long = format!(r#"{{"itemNo": "{}", "qty": 1}}"#, "x".repeat(65));
    for (json, field) in [
        (r#"{"itemNo": 1, "qty": 0}"#, "qty"),
        (r#"{"itemNo": 1, "qty": -1}"#, "qty"),
        (r#"{"itemNo": 1, "qty": 1000001}"#, "qty"),
        (r#"{"itemNo": 1, "qty": 18446744073709551615}"#, "qty"),
        (r#"{"itemNo": 1, "qty": 1e30}"#, "qty"),
        (r#"{"itemNo": 1, "qty": 1e400}"#, "qty"),
        (r#"{"itemNo": 1, "qty": "99999999999999999999999"}"#, "qty"),
        (r#"{"itemNo": "a b", "qty": 1}"#, "itemNo"),
        (r#"{"itemNo": "", "qty": 1}"#, "itemNo"),
        (huge.as_str(), "qty"),
        (long.as_str(), "itemNo"),
    ] {
        refused(json, 422, Some(field));
    }
}

mod query {
    use super::*;

    async fn of(uri: &str) -> Result<Body, Problem> {
        let request = Request::get(uri).body(()).expect("a request");
        let (mut parts, ()) = request.into_parts();
        Query::from_request_parts(&mut parts, &()).await.map(|Query(body)| body)
    }

    #[tokio::test]
    async fn is_read_like_a_body() {
        let body = of("/x?itemNo=a&qty=7").await.expect("read");
        let (id, qty) = (required("itemNo", body.item_no), required("qty", body.qty));
        assert_eq!((id.unwrap().as_str(), qty.unwrap().get()), ("a", 7));
        let body = of("/x?itemNo=%ED%95%9C&qty=7").await.expect("read");
        assert_eq!(required("itemNo", body.item_no).unwrap_err().status(), 422);
    }

    #[tokio::test]
    async fn refuses_what_it_does_not_know() {
        for (uri, field) in
            [("/x?limit=1", "limit"), ("/x?qty=a", "qty"), ("/x?qty=1&qty=2", "qty")]
        {
            let document = of(uri).await.expect_err(uri).document();
            assert_eq!((&document["status"], &document["field"]), (&400.into(), &field.into()));
        }
    }
}

#[test]
fn json_is_said_by_its_media_type() {
    let says = |text: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, text.parse().expect("a header"));
        says_json(&headers)
    };
    assert!(
        says("application/json")
            && says("Application/JSON; charset=utf-8")
            && says("application/merge-patch+json")
    );
    assert!(!says("text/plain") && !says("application/x-www-form-urlencoded"));
    assert!(!says_json(&HeaderMap::new()));
}
