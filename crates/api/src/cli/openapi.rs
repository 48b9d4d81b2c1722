//! `openapi`: the description of the HTTP interface.

use super::Failure;
use crate::{http::openapi, routes};
use std::io::{Write, stdout};

pub fn run() -> Result<(), Failure> {
    let document = openapi::document(&routes::operations());
    let mut out = stdout();
    out.write_all(openapi::printed(&document).as_bytes())?;
    Ok(out.flush()?)
}
