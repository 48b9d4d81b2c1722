//! `openapi`: the description of the HTTP interface.

use super::Failure;
use crate::{
    http::{access, openapi},
    routes,
};
use clap::Args;
use std::io::{Write, stdout};

#[derive(Args, Clone, Debug)]
pub struct OpenapiArgs {
    /// Print who may do what instead, as docs/security.md has it.
    #[arg(long)]
    rights: bool,
}

pub fn run(args: &OpenapiArgs) -> Result<(), Failure> {
    let operations = routes::operations();
    let printed = match args.rights {
        true => access::table(&operations),
        false => openapi::printed(&openapi::document(&operations)),
    };
    let mut out = stdout();
    out.write_all(printed.as_bytes())?;
    Ok(out.flush()?)
}
