//! Requests as they go over the wire.

use crate::{auth, load::WriteRequest};
use std::{io::Write, sync::Arc};

/// Places order `<prefix>-<number>`.
pub fn place(prefix: &str, number: u64, request: &mut Vec<u8>) {
    let body = format!(
        r#"{{"orderId":"{prefix}-{number}","product":"IceAmericano","qty":1,"price":2000}}"#
    );
    post(request, "/cafe/orders", &body);
}

/// The store accepts order `<prefix>-<number>`.
pub fn accept(prefix: &str, number: u64, request: &mut Vec<u8>) {
    post(request, &format!("/cafe/tickets/{prefix}-{number}/accept"), "");
}

/// Registers item `<prefix>-<number>`.
pub fn register(prefix: &str, number: u64, request: &mut Vec<u8>) {
    let body =
        format!(r#"{{"itemNo":"{prefix}-{number}","itemName":"Camping tent","itemPrice":15000}}"#);
    post(request, "/market/items", &body);
}

/// Brings so much of a product into the warehouse.
pub fn deliver(product: &str, number: u64, qty: u64, request: &mut Vec<u8>) {
    let body =
        format!(r#"{{"deliveryId":"{product}-{number}","product":"{product}","qty":{qty}}}"#);
    post(request, "/warehouse/deliveries", &body);
}

/// Ships one of a product.
pub fn ship(product: &str, request: &mut Vec<u8>) {
    post(request, &format!("/warehouse/stock/{product}/ship"), r#"{"qty":1}"#);
}

/// Row `<prefix>-<number>` of a view of the café; `headers` are whole lines.
pub fn get(view: &str, prefix: &str, number: u64, headers: &str) -> Vec<u8> {
    let token = auth::load();
    format!(
        "GET /cafe/{view}/{prefix}-{number} HTTP/1.1\r\nhost: localhost\r\n{token}{headers}\r\n"
    )
    .into_bytes()
}

/// Writes the requests of a load, each with the load's prefix.
pub fn each(prefix: &'static str, write: fn(&str, u64, &mut Vec<u8>)) -> WriteRequest {
    Arc::new(move |number, request| write(prefix, number, request))
}

fn post(request: &mut Vec<u8>, path: &str, body: &str) {
    let (length, token) = (body.len(), auth::load());
    // Writing to memory does not fail.
    let _ = write!(
        request,
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{token}\r\n{body}"
    );
}
