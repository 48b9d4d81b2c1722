//! `demo`: plays a context's walkthrough over HTTP against a running server.

mod cafe;
mod market;
mod notices;
mod player;
mod rental;
mod restaurant;
mod warehouse;

use super::Failure;
use clap::{Args, ValueEnum};
use commands::clock::SystemClock;
use player::Player;
use reqwest::Url;

#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Which walkthrough; all of them when absent.
    context: Option<Walkthrough>,
    /// Where the server is.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: Url,
    /// The server's key, if it has one.
    #[arg(long, env = "JANGTEO_AUTH_KEY", hide_env_values = true)]
    auth_key: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Walkthrough {
    Warehouse,
    Market,
    Rental,
    Restaurant,
    Cafe,
}

/// Fails at the first step that is not as it should be.
pub async fn run(args: DemoArgs) -> Result<(), Failure> {
    let walkthroughs = args.context.map_or(Walkthrough::value_variants().to_vec(), |one| vec![one]);
    let key = args.auth_key.filter(|key| !key.is_empty());
    let mut player = Player::new(args.url, key, SystemClock::shared())?;
    for walkthrough in walkthroughs {
        match walkthrough {
            Walkthrough::Warehouse => warehouse::play(&mut player).await?,
            Walkthrough::Market => market::play(&mut player).await?,
            Walkthrough::Rental => rental::play(&mut player).await?,
            Walkthrough::Restaurant => restaurant::play(&mut player).await?,
            Walkthrough::Cafe => cafe::play(&mut player).await?,
        }
    }
    player.say("Every step went as it should.")
}
