//! What callers may show to be let in.

use super::{
    Mistakes,
    values::{duration, on_or_off, or_default, set, web_url},
};
use crate::http::auth::{
    AUDIENCE, Settings,
    jwt::{LEAST_SECRET, Secret},
};
use clap::Args;
use domain::Id;
use std::collections::HashSet;

const REFRESH: &str = "5m";

/// What tokens of ours are signed and verified with, as flags and variables.
#[derive(Args, Clone, Debug, Default)]
pub struct SigningArgs {
    /// Secrets that sign tokens (HS256), with commas between, each as it is or as name:secret. The
    /// first signs, all of them are believed.
    #[arg(long, env = "JANGTEO_AUTH_SECRETS", hide_env_values = true)]
    auth_secrets: Option<String>,
    /// Whom tokens must be meant for (`aud`).
    #[arg(long, env = "JANGTEO_AUTH_AUDIENCE", default_value = AUDIENCE)]
    auth_audience: String,
    /// Whom tokens must come from (`iss`); without it, from anybody whose key is known.
    #[arg(long, env = "JANGTEO_AUTH_ISSUER")]
    auth_issuer: Option<String>,
}

#[derive(Args, Clone, Debug, Default)]
pub struct AuthArgs {
    /// A key that opens everything, sent as Authorization: Bearer. This, or one of the other means,
    /// is needed to listen beyond this machine.
    #[arg(long, env = "JANGTEO_AUTH_KEY", hide_env_values = true)]
    pub(super) auth_key: Option<String>,
    #[command(flatten)]
    pub(super) tokens: SigningArgs,
    /// Where an issuer of tokens publishes its keys (RS256, ES256, EdDSA).
    #[arg(long, env = "JANGTEO_AUTH_JWKS_URL", hide_env_values = true)]
    pub(super) auth_jwks_url: Option<String>,
    /// How often these are looked at, as 5m.
    #[arg(long, env = "JANGTEO_AUTH_JWKS_REFRESH", default_value = REFRESH)]
    pub(super) auth_jwks_refresh: String,
    /// on or off: whether keys of `jangteo key create` are believed. On where there is another means.
    #[arg(long, env = "JANGTEO_AUTH_API_KEYS")]
    pub(super) auth_api_keys: Option<String>,
}

impl SigningArgs {
    /// Only what is about tokens.
    pub fn check(self) -> Result<Settings, Mistakes> {
        let mut mistakes = Mistakes::default();
        let settings = self.check_into(&mut mistakes);
        mistakes.or(settings)
    }

    fn check_into(self, mistakes: &mut Mistakes) -> Option<Settings> {
        let secrets = set(self.auth_secrets).map_or(Ok(Vec::new()), |text| secrets(&text));
        Some(Settings {
            secrets: mistakes.note(secrets)?,
            audience: or_default(&self.auth_audience, AUDIENCE).to_owned(),
            issuer: set(self.auth_issuer),
            ..Settings::default()
        })
    }
}

impl AuthArgs {
    pub(super) fn check_into(self, mistakes: &mut Mistakes) -> Option<Settings> {
        let key = mistakes.note(key(set(self.auth_key)));
        let tokens = self.tokens.check_into(mistakes);
        let url = mistakes.note(web_url("JANGTEO_AUTH_JWKS_URL", set(self.auth_jwks_url)));
        let refresh = or_default(&self.auth_jwks_refresh, REFRESH);
        let refresh = mistakes.note(duration("JANGTEO_AUTH_JWKS_REFRESH", refresh));
        let api_keys = set(self.auth_api_keys);
        let api_keys =
            api_keys.map(|text| on_or_off("JANGTEO_AUTH_API_KEYS", text.trim())).transpose();
        let api_keys = mistakes.note(api_keys);
        let others = Settings { key: key?, jwks_url: url?, jwks_refresh: refresh?, ..tokens? };
        Some(Settings { api_keys: api_keys?.unwrap_or(others.has_means()), ..others })
    }
}

fn key(key: Option<String>) -> Result<Option<String>, String> {
    match key {
        Some(key) if !is_printable(&key) => Err("JANGTEO_AUTH_KEY must be printable ASCII without spaces, as `openssl rand -hex 32` makes it".to_owned()),
        key => Ok(key),
    }
}

/// Never repeats one.
fn secrets(text: &str) -> Result<Vec<Secret>, String> {
    let mut names = HashSet::new();
    let secrets = text.split(',').map(|one| secret(one.trim()));
    let secrets = secrets
        .map(|one| one.filter(|one| one.kid.as_ref().is_none_or(|kid| names.insert(kid.clone()))));
    secrets.collect::<Option<_>>().ok_or_else(|| {
        format!("JANGTEO_AUTH_SECRETS must be secrets with commas between, each as it is or as name:secret, each name once, each secret {LEAST_SECRET} printable ASCII characters or more without spaces, as `openssl rand -hex 32` makes it")
    })
}

fn secret(text: &str) -> Option<Secret> {
    let (kid, secret) = match text.split_once(':') {
        Some((kid, secret)) => (Some(Id::new(kid).ok()?.into()), secret),
        None => (None, text),
    };
    let is_strong = secret.len() >= LEAST_SECRET && is_printable(secret);
    is_strong.then(|| Secret { kid, secret: secret.to_owned() })
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ServeArgs;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn checked(auth: AuthArgs, listen: &str) -> Result<Settings, String> {
        let args = ServeArgs { auth, listen: listen.to_owned(), ..ServeArgs::default() };
        args.check().map(|config| config.auth).map_err(|mistakes| mistakes.to_string())
    }

    fn with(secrets: &str) -> AuthArgs {
        let tokens =
            SigningArgs { auth_secrets: Some(secrets.to_owned()), ..SigningArgs::default() };
        AuthArgs { tokens, ..AuthArgs::default() }
    }

    #[test]
    fn only_a_means_opens_the_service_to_other_machines() {
        let everywhere = "0.0.0.0:8080";
        let refused = checked(AuthArgs::default(), everywhere).unwrap_err();
        assert!(refused.contains("JANGTEO_AUTH_KEY") && refused.contains("JANGTEO_AUTH_API_KEYS"));
        let some = |text: &str| Some(text.to_owned());
        let off = AuthArgs { auth_api_keys: some("off"), ..AuthArgs::default() };
        assert!(checked(off.clone(), everywhere).is_err());
        for means in [
            AuthArgs { auth_key: some("0123456789abcdef"), ..off.clone() },
            AuthArgs { auth_jwks_url: some("https://issuer.example/jwks"), ..off.clone() },
            AuthArgs { auth_api_keys: some("on"), ..off },
            with(SECRET),
        ] {
            assert!(checked(means, everywhere).unwrap().has_means());
        }
    }

    #[test]
    fn keys_for_machines_count_where_another_means_does() {
        let here = "127.0.0.1:8080";
        assert!(!checked(AuthArgs::default(), here).unwrap().has_means());
        assert!(checked(with(SECRET), here).unwrap().api_keys);
        let off = AuthArgs { auth_api_keys: Some("off".to_owned()), ..with(SECRET) };
        assert!(!checked(off, here).unwrap().api_keys);
        let maybe = AuthArgs { auth_api_keys: Some("maybe".to_owned()), ..with(SECRET) };
        assert!(checked(maybe, here).unwrap_err().contains("JANGTEO_AUTH_API_KEYS"));
    }

    #[test]
    fn secrets_are_strong_and_may_have_names() {
        let here = "127.0.0.1:8080";
        let settings = checked(with(&format!("new:{SECRET}, {SECRET}x")), here).unwrap();
        let kids: Vec<_> = settings.secrets.iter().map(|one| one.kid.as_deref()).collect();
        assert_eq!(kids, [Some("new"), None]);
        assert_eq!(settings.audience, "jangteo");
        assert_eq!(format!("{settings:?}"), r#"["secrets", "api keys"]"#);
        for wrong in [
            "short",
            &SECRET[1..],
            &format!("{SECRET},"),
            &format!("a b:{SECRET}"),
            &format!(":{SECRET}"),
            &format!("a:{SECRET},a:{SECRET}"),
            &format!("{SECRET} and more"),
        ] {
            let refused = checked(with(wrong), here).unwrap_err();
            assert!(refused.contains("JANGTEO_AUTH_SECRETS") && !refused.contains("cdef0"));
        }
    }
}
