//! `token`: a token for somebody, as the service believes it.

use super::Failure;
use crate::{
    config::{SigningArgs, lifetime},
    http::auth::{Role, jwt::Rules},
};
use clap::Args;
use commands::clock::{Clock, SystemClock};
use domain::Id;
use std::io::{Write, stdout};

#[derive(Args, Clone, Debug)]
pub struct TokenArgs {
    /// Whom it speaks of: a customer's id, for example.
    #[arg(long)]
    sub: String,
    /// customer, store, kitchen, courier, manager or operator.
    #[arg(long)]
    role: String,
    /// How long it is valid, as 15m or 8h.
    #[arg(long = "for", default_value = "1h")]
    lifetime: String,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Prints the token and nothing else.
pub fn run(args: TokenArgs) -> Result<(), Failure> {
    let settings = args.signing.check().map_err(|mistakes| Failure::of(&mistakes, ""))?;
    let (role, subject) = (role(&args.role)?, id("--sub", args.sub)?);
    let lifetime = lifetime("--for", &args.lifetime).map_err(|what| Failure::new(what, ""))?;
    let secret = settings.secrets.first().ok_or_else(|| {
        Failure::new(
            "there is no secret to sign a token with",
            "Set JANGTEO_AUTH_SECRETS as it is for `jangteo serve` (`openssl rand -hex 32` makes one), and start the service with it.",
        )
    })?;
    let now = SystemClock.now();
    let token = Rules::of(&settings).mint(secret, role, &subject, now, lifetime);
    let token = token.map_err(|error| Failure::of(&error, "Try another secret."))?;
    writeln!(stdout(), "{token}")?;
    Ok(())
}

pub(super) fn role(name: &str) -> Result<Role, Failure> {
    Role::named(name).ok_or_else(|| {
        let known = Role::ALL.map(Role::as_str).join(", ");
        Failure::new(format!("no role is named {name:?}"), format!("The roles are {known}."))
    })
}

pub(super) fn id(what: &str, text: String) -> Result<Id, Failure> {
    Id::new(text).map_err(|invalid| Failure::new(format!("{what} {invalid}"), ""))
}
