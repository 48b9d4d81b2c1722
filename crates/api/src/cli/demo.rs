//! `demo`: plays a context's walkthrough over HTTP against a running server.

mod cafe;
mod market;
mod notices;
mod player;
mod rental;
mod restaurant;
mod warehouse;

use super::Failure;
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use commands::clock::SystemClock;
use domain::Context;
use player::Player;
use reqwest::Url;

#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Which walkthrough; all of them when absent.
    #[arg(value_parser = names().try_map(|name| Context::named(&name).ok_or("no such context")))]
    context: Option<Context>,
    /// Where the server is.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: Url,
    /// The server's key, if it has one.
    #[arg(long, env = "JANGTEO_AUTH_KEY", hide_env_values = true)]
    auth_key: Option<String>,
}

/// Fails at the first step that is not as it should be.
pub async fn run(args: DemoArgs) -> Result<(), Failure> {
    let contexts = args.context.map_or(Context::ALL.to_vec(), |one| vec![one]);
    let key = args.auth_key.filter(|key| !key.is_empty());
    let mut player = Player::new(args.url, key, SystemClock::shared())?;
    for context in contexts {
        match context {
            Context::Warehouse => warehouse::play(&mut player).await?,
            Context::Market => market::play(&mut player).await?,
            Context::Rental => rental::play(&mut player).await?,
            Context::Restaurant => restaurant::play(&mut player).await?,
            Context::Cafe => cafe::play(&mut player).await?,
        }
    }
    player.say("Every step went as it should.")
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(Context::ALL.map(Context::name))
}
