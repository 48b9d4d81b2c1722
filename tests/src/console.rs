//! The console, as a browser asks for it.

use crate::cafe::{Cafe, coffee};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header, redirect::Policy};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      form-action 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";

const SECRET: &str = "0123456789abcdef0123456789abcdef";

const EVIL: &str = "<script>alert(\"1\")</script>";

/// A browser that follows no redirect, keeps no cookie, and has a token or none.
struct Browser<'a> {
    url: &'a str,
    http: Client,
    token: Option<String>,
}

struct Page {
    status: StatusCode,
    headers: header::HeaderMap,
    text: String,
}

impl<'a> Browser<'a> {
    fn of(cafe: &'a Cafe) -> Self {
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { url: &cafe.service.url, http, token: None }
    }

    async fn with(cafe: &'a Cafe, role: &str) -> Self {
        let (code, token) = cafe.run(&["token", "--sub", "min", "--role", role]).await;
        assert_eq!(code, 0, "{token}");
        Self { token: Some(token.trim().to_owned()), ..Self::of(cafe) }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.header("Cookie", format!("jangteo_session={token}")),
            None => request,
        }
    }

    async fn get(&self, path: &str) -> Page {
        read(self.request(Method::GET, path)).await
    }

    /// What a form sends.
    async fn post(&self, path: &str, form: &str) -> Page {
        let request = self.request(Method::POST, path).body(form.to_owned());
        read(request.header("Content-Type", "application/x-www-form-urlencoded")).await
    }
}

async fn read(request: RequestBuilder) -> Page {
    let response: Response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Page { status, headers, text: response.text().await.unwrap() }
}

impl Page {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// What stands between the quotes after each of these.
    fn after(&self, mark: &str) -> Vec<&str> {
        self.text.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
    }
}

fn text_of(key: &str, language: usize) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let texts = fs::read_to_string(root.join("crates/api/templates/console/texts.txt")).unwrap();
    let line = texts.lines().find(|line| line.split(" | ").next() == Some(key));
    line.unwrap_or_else(|| panic!("no text {key}")).split(" | ").nth(language).unwrap().to_owned()
}

/// Something of each kind, with names that a page must not run.
async fn filled(cafe: &Cafe) {
    let client = &cafe.client;
    let delivery = json!({ "deliveryId": "d-1", "product": EVIL, "qty": 5, "customerId": "min" });
    let item = json!({ "itemNo": "i-1", "itemName": EVIL, "itemPrice": 100 });
    let dish = json!({ "restaurantId": "k", "menuId": "b", "name": EVIL, "stock": 9 });
    let product = json!({ "productId": "p-1", "productName": EVIL, "qty": 5 });
    let member = json!({ "customerId": "min", "name": EVIL, "validated": true });
    let mut order = coffee("o-1");
    order["product"] = json!(EVIL);
    order["customerId"] = json!("min");
    let meal = json!({ "orderId": "m-1", "restaurantId": "k", "restaurantMenuId": "b", "customerId": "min", "qty": 2 });
    let rent = json!({ "orderId": "q-1", "productId": "p-1", "qty": 1, "amount": 10 });
    let holder = json!({ "reservationNo": "r-1", "itemNo": "i-1", "customerId": "min", "customerName": EVIL });
    for (path, body) in [
        ("/warehouse/deliveries", delivery),
        ("/market/items", item),
        ("/market/reservations", holder),
        ("/restaurant/menus", dish),
        ("/restaurant/orders", meal),
        ("/rental/inventories", product),
        ("/rental/orders", rent),
        ("/cafe/members", member),
        ("/cafe/orders", order),
    ] {
        let answer = client.post(path, body).await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
    }
    client.becomes("/cafe/tickets/o-1", "status", "order_get").await;
    client.becomes("/market/reservations/r-1", "reservationStatus", "Confirmed").await;
    client.becomes("/restaurant/my-page/m-1", "cookStatus", "COOK : ORDER RECEIPT").await;
    client.becomes("/rental/total-view/q-1", "status", "confirmed").await;
}

/// Every page there is, and for each of the tables and things.
fn pages() -> Vec<String> {
    let tables = [
        ("warehouse", vec!["stock", "lots", "movements"]),
        ("market", vec!["item_info", "reservations", "payments", "reviews"]),
        ("rental", vec!["total_view", "orders", "inventory"]),
        ("restaurant", vec!["my_page", "menus"]),
        ("cafe", vec!["order_status", "tickets", "points", "point_ledger", "menu"]),
    ];
    let tables = tables.iter().flat_map(|(context, views)| {
        views.iter().map(move |view| format!("/console/{context}?view={view}"))
    });
    let others = [
        "/",
        "/login",
        "/console/projections",
        "/console/cafe",
        "/console/cafe/board",
        "/console/restaurant/board",
        "/console/warehouse/lots/d-1",
        "/console/market/items/i-1",
        "/console/market/reservations/r-1",
        "/console/rental/orders/q-1",
        "/console/rental/inventories/p-1",
        "/console/restaurant/orders/m-1",
        "/console/restaurant/menus/k.b",
        "/console/cafe/orders/o-1",
        "/console/cafe/members/min",
        "/console/warehouse/stock/%3Cscript%3Ealert(%221%22)%3C%2Fscript%3E",
    ];
    tables.chain(others.map(str::to_owned)).collect()
}

#[tokio::test]
async fn every_page_stands_by_itself_in_both_languages_and_runs_nothing_of_what_it_shows() {
    let cafe = Cafe::open().await;
    filled(&cafe).await;
    let browser = Browser::of(&cafe);
    let mut shown = 0;
    for path in pages() {
        for language in ["ko", "en"] {
            let request = browser.request(Method::GET, &path).header("Accept-Language", language);
            let page = read(request).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            assert_eq!(page.header("content-security-policy"), POLICY, "{path}");
            assert_eq!(page.header("cache-control"), "no-store");
            assert_eq!(page.header("x-content-type-options"), "nosniff");
            assert_eq!(page.after("<html lang=\""), [language], "{path}");
            assert!(!page.text.contains("<script>") && !page.text.contains("alert(\""), "{path}");
            assert!(!page.text.contains(" style=\"") && !page.text.contains(" onclick"), "{path}");
            for mark in ["href=\"", "src=\"", "action=\""] {
                for address in page.after(mark) {
                    let is_own = address.starts_with(['/', '#', '?']);
                    assert!(is_own && !address.starts_with("//"), "{path}: {address}");
                }
            }
            shown += usize::from(page.text.contains("&#60;script&#62;"));
        }
    }
    assert!(shown >= 30, "names are shown, and escaped: {shown}");
}

#[tokio::test]
async fn the_language_is_kept() {
    let cafe = Cafe::open().await;
    let browser = Browser::of(&cafe);
    assert_eq!(browser.get("/").await.after("<html lang=\""), ["ko"]);
    let chosen = browser.get("/?lang=en").await;
    assert_eq!(chosen.after("<html lang=\""), ["en"]);
    assert!(chosen.text.contains(&text_of("home.title", 2)));
    let cookie = chosen.header("set-cookie");
    assert!(
        cookie.starts_with("jangteo_lang=en; Path=/;") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let kept = browser.request(Method::GET, "/").header("Cookie", "jangteo_lang=en");
    let kept = read(kept.header("Accept-Language", "ko")).await;
    assert_eq!(kept.after("<html lang=\""), ["en"]);
    assert!(kept.headers.get("set-cookie").is_none());
    // The other language is a link away, with what the page was asked for.
    let table = browser.get("/console/cafe?view=tickets&status=made").await;
    assert!(
        table.text.contains("/console/cafe?status=made&#38;view=tickets&#38;lang=en"),
        "{}",
        table.text
    );
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_the_name_of_what_is_in_them() {
    let cafe = Cafe::open().await;
    let browser = Browser::of(&cafe);
    let page = browser.get("/").await;
    let assets: BTreeSet<_> =
        [page.after("href=\""), page.after("src=\"")].concat().into_iter().collect();
    let assets = assets.into_iter().filter(|address| address.starts_with("/assets/"));
    let mut types = BTreeSet::new();
    for address in assets {
        let asset = browser.get(address).await;
        assert_eq!(asset.status, StatusCode::OK);
        assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
        types.insert(asset.header("content-type").to_owned());
        assert!(!asset.text.contains("http://") || asset.text.contains("www.w3.org"), "{address}");
        assert!(!asset.text.contains("https://"), "{address}");
        let other = address.replacen('.', ".0", 1);
        assert_eq!(browser.get(&other).await.status, StatusCode::NOT_FOUND);
    }
    let expected = ["image/svg+xml", "text/css; charset=utf-8", "text/javascript; charset=utf-8"];
    assert_eq!(types.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn what_is_not_there_has_a_page_that_says_so() {
    let cafe = Cafe::open().await;
    let browser = Browser::of(&cafe);
    for (path, status) in [
        ("/console/spa", 404),
        ("/console/cafe?view=nothing", 404),
        ("/console/cafe/orders/nothing", 404),
        ("/console/cafe/spoons/1", 404),
        ("/console/warehouse/board", 404),
        ("/console/cafe?status=nothing", 422),
        ("/console/cafe?limit=99999", 422),
        ("/console/cafe?spoon=1", 400),
        ("/console/cafe?after=%00", 422),
        ("/console/cafe/menu/x?after=%3Cscript%3E", 404),
        ("/console/cafe/orders/%3Cscript%3E", 422),
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status.as_u16(), status, "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert!(!page.text.contains("<script>"), "{path}");
    }
    assert_eq!(browser.get("/console").await.header("location"), "/");
    let problem = browser.get("/consoles").await;
    assert_eq!(problem.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn tables_have_filters_and_pages() {
    let cafe = Cafe::open().await;
    for order in ["o-1", "o-2", "o-3"] {
        assert_eq!(
            cafe.client.post("/cafe/orders", coffee(order)).await.status,
            StatusCode::CREATED
        );
        cafe.client.becomes(&format!("/cafe/tickets/{order}"), "status", "order_get").await;
    }
    assert_eq!(
        cafe.client.post("/cafe/tickets/o-2/accept", json!({})).await.status,
        StatusCode::OK
    );
    cafe.client.becomes("/cafe/tickets/o-2", "status", "receive").await;
    let browser = Browser::of(&cafe);
    let ids = |page: &Page| -> Vec<String> {
        let links = page.after("class=\"id\" href=\"/console/cafe/orders/");
        links.into_iter().map(str::to_owned).collect()
    };
    let first = browser.get("/console/cafe?view=tickets&limit=2").await;
    assert_eq!(ids(&first), ["o-3", "o-2"]);
    let next = first.after("rel=\"next\" href=\"")[0].replace("&#38;", "&");
    let second = browser.get(&next).await;
    assert_eq!(ids(&second), ["o-1"]);
    assert!(second.after("rel=\"next\" href=\"").is_empty());
    let filtered = browser.get("/console/cafe?view=tickets&status=receive").await;
    assert_eq!(ids(&filtered), ["o-2"]);
    assert!(filtered.text.contains("value=\"receive\" selected"));
}

/// The fields of the form of a button.
fn form(page: &Page, action: &str, id: &str) -> String {
    let command = format!("data-command=\"/cafe/tickets/{id}/{action}\" data-key=\"");
    let key = page.after(&command)[0];
    format!("action={action}&id={id}&key={key}")
}

#[tokio::test]
async fn a_board_works_without_the_script_and_a_form_that_comes_twice_is_done_once() {
    let cafe = Cafe::open().await;
    assert_eq!(cafe.client.post("/cafe/orders", coffee("o-1")).await.status, StatusCode::CREATED);
    cafe.client.becomes("/cafe/tickets/o-1", "status", "order_get").await;
    let browser = Browser::of(&cafe);
    let board = browser.get("/console/cafe/board").await;
    assert!(!board.text.contains("/cafe/tickets/o-1/make"), "not accepted yet");
    let reject = form(&board, "reject", "o-1") + "&reason=%EB%8B%AB%EC%95%98%EC%96%B4%EC%9A%94";
    for _ in 0..2 {
        let done = browser.post("/console/cafe/board", &reject).await;
        assert_eq!(
            (done.status, done.header("location")),
            (StatusCode::SEE_OTHER, "/console/cafe/board")
        );
    }
    let rejected = cafe.client.becomes("/cafe/tickets/o-1", "status", "reject").await;
    assert_eq!(rejected.body["reason"], "닫았어요");
    let facts = cafe.client.get("/cafe/orders/o-1/timeline").await.body;
    let of =
        |name: &str| facts.as_array().unwrap().iter().filter(|fact| fact["type"] == name).count();
    assert_eq!(of("cafe.OrderRejected"), 1);
    // What the business refuses is said in the reader's language.
    let refused = browser.post("/console/cafe/board", &form(&board, "accept", "o-1")).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains(&text_of("problem.already-rejected", 1)), "{}", refused.text);
    for wrong in ["action=spoon&id=o-1&key=1", "action=accept&id=%2F&key=1", "action=accept&id=o-1"]
    {
        let refused = browser.post("/console/cafe/board", wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
}

#[tokio::test]
async fn a_page_of_another_site_presses_no_button() {
    let cafe = Cafe::open().await;
    assert_eq!(cafe.client.post("/cafe/orders", coffee("o-1")).await.status, StatusCode::CREATED);
    cafe.client.becomes("/cafe/tickets/o-1", "status", "order_get").await;
    let browser = Browser::of(&cafe);
    let board = browser.get("/console/cafe/board").await;
    let request = browser.request(Method::POST, "/console/cafe/board");
    let request = request.header("Origin", "https://evil.example");
    let refused = read(request.body(form(&board, "accept", "o-1"))).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains(&text_of("problem.cross-site", 1)));
    assert_eq!(cafe.client.get("/cafe/tickets/o-1").await.body["status"], "order_get");
}

async fn with_secret() -> Cafe {
    Cafe::open_with(&[("JANGTEO_AUTH_SECRETS", SECRET.to_owned())]).await
}

#[tokio::test]
async fn whoever_did_not_sign_in_is_led_there_and_back() {
    let cafe = with_secret().await;
    let browser = Browser::of(&cafe);
    for path in ["/", "/console/cafe?view=tickets&status=made", "/console/projections"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}");
        let login = page.header("location").to_owned();
        let next = login.strip_prefix("/login?next=").expect("to the login");
        let page = browser.get(&login).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.after("name=\"next\" value=\"")[0].replace("&#38;", "&"), path);
        assert!(!next.contains('/'), "{next}");
    }
    let style = browser.get("/login").await.after("stylesheet\" href=\"")[0].to_owned();
    assert_eq!(browser.get(&style).await.status, StatusCode::OK);
    let (code, token) = cafe.run(&["token", "--sub", "min", "--role", "manager"]).await;
    assert_eq!(code, 0, "{token}");
    let wrong = browser.post("/login", "token=wrong&next=%2F").await;
    assert!(
        wrong.header("location").starts_with("/login?refused=1"),
        "{}",
        wrong.header("location")
    );
    let page = browser.get(wrong.header("location")).await;
    assert!(page.text.contains(&text_of("login.refused", 1)));
    let entered =
        browser.post("/login", &format!("token={}&next=%2Fconsole%2Fcafe", token.trim())).await;
    assert_eq!(entered.header("location"), "/console/cafe");
    let cookie = entered.header("set-cookie").split(';').next().unwrap().to_owned();
    let page = read(browser.request(Method::GET, "/console/cafe").header("Cookie", cookie)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.after("action=\"").contains(&"/logout"), "who signed in may leave");
    let elsewhere = browser.get("/login?next=%2F%2Fevil.example").await;
    assert_eq!(elsewhere.after("name=\"next\" value=\""), ["/"]);
}

/// Path, and the roles that see it.
const SEEN: [(&str, &[&str]); 9] = [
    ("/", &["store", "kitchen", "courier", "manager", "operator"]),
    ("/console/cafe", &["store", "kitchen", "courier", "manager", "operator"]),
    ("/console/cafe?view=tickets", &["store", "kitchen", "manager", "operator"]),
    ("/console/cafe?view=points", &["store", "manager", "operator"]),
    ("/console/cafe/board", &["store", "kitchen", "manager", "operator"]),
    ("/console/restaurant/board", &["store", "kitchen", "courier", "manager", "operator"]),
    ("/console/market?view=payments", &["manager", "operator"]),
    ("/console/cafe/orders/o-1", &["store", "kitchen", "manager", "operator"]),
    ("/console/projections", &["operator"]),
];

#[tokio::test]
async fn each_role_sees_what_it_may_ask_and_customers_nothing() {
    let cafe = with_secret().await;
    let operator = Browser::with(&cafe, "operator").await;
    let order = operator.request(Method::POST, "/cafe/orders").json(&coffee("o-1"));
    assert_eq!(read(order).await.status, StatusCode::CREATED);
    for role in ["customer", "store", "kitchen", "courier", "manager", "operator"] {
        let browser = Browser::with(&cafe, role).await;
        for (path, roles) in SEEN {
            let page = browser.get(path).await;
            let is_seen = page.status == StatusCode::OK;
            assert_eq!(is_seen, roles.contains(&role), "{role} {path}: {}", page.status);
            assert!(page.header("content-type").starts_with("text/html"), "{role} {path}");
            if role == "customer" {
                assert_eq!(page.status, StatusCode::FORBIDDEN);
                assert!(page.text.contains(&text_of("problem.forbidden", 1)), "{path}");
            }
        }
    }
}

/// Buttons ask for the same commands as anybody, with the same rights.
#[tokio::test]
async fn a_card_offers_what_its_reader_may_do() {
    let cafe = with_secret().await;
    let operator = Browser::with(&cafe, "operator").await;
    let meal = json!({ "orderId": "m-1", "restaurantId": "k", "restaurantMenuId": "b", "customerId": "min", "qty": 2 });
    let dish = json!({ "restaurantId": "k", "menuId": "b", "name": "비빔밥", "stock": 9 });
    for (path, body) in [("/restaurant/menus", dish), ("/restaurant/orders", meal)] {
        let answer = read(operator.request(Method::POST, path).json(&body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    }
    let (cooked, cancel) = ("/restaurant/cooks/m-1/complete", "/restaurant/orders/m-1/cancel");
    let mut board = operator.get("/console/restaurant/board").await;
    for _ in 0..1000 {
        if board.text.contains(cooked) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        board = operator.get("/console/restaurant/board").await;
    }
    assert_eq!(board.after("data-command=\""), [cooked, cancel]);
    let kitchen = Browser::with(&cafe, "kitchen").await.get("/console/restaurant/board").await;
    assert_eq!(kitchen.after("data-command=\""), [cooked]);
    let courier = Browser::with(&cafe, "courier").await;
    assert!(courier.get("/console/restaurant/board").await.after("data-command=\"").is_empty());
    let refused = courier.post("/console/restaurant/board", "action=cooked&id=m-1&key=1").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

/// Each stored event has a name in both languages.
#[test]
fn every_event_has_a_text() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    for context in domain::Context::ALL {
        for entry in fs::read_dir(golden.join(context.name())).unwrap() {
            let event: Value =
                serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
            let text = text_of(&format!("event.{}", event["type"].as_str().unwrap()), 1);
            assert!(!text.is_empty());
        }
    }
}
