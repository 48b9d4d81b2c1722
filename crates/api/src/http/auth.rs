//! Who asks. With no means of authentication the service listens on loopback only, where everybody
//! may do everything; with one, every request but those that are open to everybody must show a token
//! or key: the key of this service, a JWT of a secret of ours or of an issuer, or an API key.

pub mod api_keys;
mod browser;
mod caller;
mod credential;
mod jwks;
pub mod jwt;
mod refusal;
mod session;
mod settings;

pub use caller::{Caller, Role};
pub use credential::Credential;
pub use refusal::Refusal;
pub use session::{PATHS as SESSION_PATHS, came_by_https, routes as session_routes};
pub use settings::{AUDIENCE, Settings};

use super::{
    health,
    problem::{Causes, Problem},
    rates::{self, FailedLogins},
};
use api_keys::{ApiKeys, Table};
use axum::extract::Request;
use chrono::{DateTime, Utc};
use commands::clock::Clock;
use credential::{Hash, hash};
use deadpool_postgres::Pool;
use jsonwebtoken::{Algorithm, decode_header};
use jwks::{Jwks, JwksError};
use jwt::{Believed, Disbelief, Key, Rules, seconds};
use quick_cache::sync::Cache;
use std::{net::IpAddr, sync::Arc, time::Duration};
use subtle::ConstantTimeEq;
use tokio_util::sync::CancellationToken;

/// How many tokens are remembered.
const REMEMBERED: usize = 8192;

/// For how long, in seconds.
const REMEMBERED_FOR: f64 = 30.0;

/// When to ask again while an issuer is away.
const RETRY_AFTER: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    #[error("a secret of JANGTEO_AUTH_SECRETS cannot be used")]
    Secret(#[from] jsonwebtoken::errors::Error),
    #[error("JANGTEO_AUTH_JWKS_URL cannot be used")]
    Jwks(#[from] reqwest::Error),
}

/// Finds out who asks.
pub struct Authenticator {
    /// Without any, everybody is somebody on this machine.
    means: Option<Means>,
}

/// What is believed.
struct Means {
    /// Of the key of this service.
    key: Option<Hash>,
    secrets: Vec<Key>,
    jwks: Option<Arc<Jwks>>,
    api_keys: Option<ApiKeys>,
    rules: Rules,
    clock: Arc<dyn Clock>,
    /// Tokens that were believed a moment ago, for verifying one costs as much as a small query.
    known: Cache<Hash, (f64, u64, Believed)>,
    logins: Arc<FailedLogins>,
}

impl Authenticator {
    pub fn new(
        settings: &Settings,
        pool: Pool,
        clock: Arc<dyn Clock>,
        logins: Arc<FailedLogins>,
    ) -> Result<Arc<Self>, AuthError> {
        if !settings.has_means() {
            return Ok(Arc::new(Self { means: None }));
        }
        let jwks = settings.jwks_url.clone().map(|url| Jwks::new(url, settings.jwks_refresh));
        let means = Means {
            key: settings.key.as_deref().map(hash),
            secrets: settings.secrets.iter().map(Key::of).collect::<Result<_, _>>()?,
            jwks: jwks.transpose()?.map(Arc::new),
            api_keys: settings.api_keys.then(|| ApiKeys::new(Table::new(pool))),
            rules: Rules::of(settings),
            clock,
            known: Cache::new(REMEMBERED),
            logins,
        };
        Ok(Arc::new(Self { means: Some(means) }))
    }

    /// Whether nothing has to be shown.
    pub fn admits_everybody(&self) -> bool {
        self.means.is_none()
    }

    /// Keeps an issuer's keys up to date, until `stop`.
    pub async fn follow_issuer(self: Arc<Self>, stop: CancellationToken) {
        if let Some(jwks) = self.means.as_ref().and_then(|means| means.jwks.clone()) {
            jwks.follow(stop).await;
        }
    }

    /// Finds out who asks, and tells whoever comes after. What is open to everybody is answered to
    /// somebody unknown as well.
    pub async fn admit(&self, request: &mut Request, is_open: bool) -> Result<(), Refusal> {
        let caller = match &self.means {
            None => {
                browser::refuse_foreign_host(request)?;
                browser::refuse_cross_site(request)?;
                Caller::local()
            }
            // The state of the service is told without asking anybody.
            Some(_) if request.uri().path().starts_with(health::PATH) => Caller::nobody(),
            Some(means) => {
                let peer = rates::peer(request.extensions());
                let shown = shown(request);
                let found = match shown {
                    Ok(credential) => means.find(&credential, peer).await.map(|found| found.caller),
                    Err(refusal) => Err(refusal),
                };
                found
                    .or_else(|refusal| if is_open { Ok(Caller::nobody()) } else { Err(refusal) })?
            }
        };
        request.extensions_mut().insert(caller);
        Ok(())
    }

    /// Whether a credential that opened this service still does, for the same caller. While that
    /// cannot be found out, it does.
    pub async fn still_believes(&self, caller: &Caller, credential: &Credential) -> bool {
        let Some(means) = &self.means else { return true };
        match means.find(credential, None).await {
            Ok(found) => found.caller == *caller,
            Err(refusal) => matches!(refusal, Refusal::Other(_)),
        }
    }

    /// Whether a credential opens this service, and for how many seconds, if that is known.
    async fn check(
        &self,
        credential: &Credential,
        peer: Option<IpAddr>,
    ) -> Result<Option<i64>, Refusal> {
        let Some(means) = &self.means else { return Ok(None) };
        let found = means.find(credential, peer).await?;
        let left = found.until - seconds(means.clock.now());
        Ok(left.is_finite().then_some(left as i64))
    }
}

/// A session counts only for what its own pages ask.
fn shown(request: &Request) -> Result<Credential, Refusal> {
    let credential = Credential::of(request.headers())?;
    if credential.is_session {
        browser::refuse_cross_site(request)?;
    }
    Ok(credential)
}

impl Means {
    /// What is known to be right opens always. Anything else is looked at only if not too much that
    /// came from there was wrong.
    async fn find(
        &self,
        credential: &Credential,
        peer: Option<IpAddr>,
    ) -> Result<Believed, Refusal> {
        let hash = credential.hash();
        if let Some(believed) = self.recall(&hash) {
            return Ok(believed);
        }
        if let Some(peer) = peer {
            self.logins.check(peer)?;
        }
        let found = self.look_at(credential, hash).await;
        if let (Err(Refusal::Wrong), Some(peer)) = (&found, peer) {
            self.logins.note(peer);
        }
        found
    }

    fn recall(&self, hash: &Hash) -> Option<Believed> {
        if self.key.is_some_and(|key| bool::from(key.ct_eq(hash))) {
            return Some(for_now(Caller::key_holder()));
        }
        if let Some(caller) = self.api_keys.as_ref().and_then(|api_keys| api_keys.recall(hash)) {
            return Some(for_now(caller));
        }
        let (until, of, believed) = self.known.get(hash)?;
        let is_so = seconds(self.clock.now()) < until && of == self.generation();
        is_so.then_some(believed)
    }

    /// What an issuer's keys have verified counts for as long as these are its keys.
    fn generation(&self) -> u64 {
        self.jwks.as_ref().map_or(0, |jwks| jwks.generation())
    }

    async fn look_at(&self, credential: &Credential, hash: Hash) -> Result<Believed, Refusal> {
        if let Some(api_keys) =
            self.api_keys.as_ref().filter(|_| api_keys::is_key(credential.text()))
        {
            let found = api_keys.find(hash).await.map_err(|error| Problem::fault(&error))?;
            return found.map(for_now).ok_or(Refusal::Wrong);
        }
        let now = self.clock.now();
        let generation = self.generation();
        let believed = self.verify(credential.text(), now).await?;
        let until = believed.until.min(seconds(now) + REMEMBERED_FOR);
        self.known.insert(hash, (until, generation, believed.clone()));
        Ok(believed)
    }

    async fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Believed, Refusal> {
        // Its header alone says which keys may have signed it, so no key is taken for one of another
        // kind.
        let header = decode_header(token).map_err(|_| wrong(&Disbelief::Invalid))?;
        let verified = match (header.alg, &self.jwks) {
            (Algorithm::HS256, _) => {
                let fitting = self.secrets.iter().filter(|key| key.fits(&header));
                self.rules.verify(token, fitting, now)
            }
            (Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA, Some(jwks)) => {
                let keys = jwks.fitting(&header).await.map_err(|error| away(&error))?;
                self.rules.verify(token, keys.iter(), now)
            }
            _ => Err(Disbelief::NoKey),
        };
        verified.map_err(|disbelief| wrong(&disbelief))
    }
}

/// Believed as long as it is looked up with each request.
fn for_now(caller: Caller) -> Believed {
    Believed { caller, until: f64::INFINITY }
}

fn wrong(disbelief: &Disbelief) -> Refusal {
    tracing::debug!(%disbelief, "a token is not believed");
    Refusal::Wrong
}

fn away(error: &JwksError) -> Refusal {
    tracing::debug!(error = %Causes(error), "a token cannot be verified");
    let detail = "the keys that tokens are verified with cannot be had now; ask again in a moment";
    Refusal::Other(Problem::unavailable("unavailable", detail, RETRY_AFTER))
}
