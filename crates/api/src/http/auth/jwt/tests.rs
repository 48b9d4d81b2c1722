use super::*;
use jsonwebtoken::decode_header;
use serde_json::Value;

const NOW: f64 = 1_790_000_000.0;
const OLD: &str = "0123456789abcdef0123456789abcdef";
const NEW: &str = "fedcba9876543210fedcba9876543210";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW as i64, 0).unwrap()
}

fn secret(kid: Option<&str>, secret: &str) -> Secret {
    Secret { kid: kid.map(str::to_owned), secret: secret.to_owned() }
}

fn rules() -> Rules {
    Rules { audience: "jangteo".to_owned(), issuer: None }
}

fn good() -> Value {
    json!({ "sub": "min", "role": "customer", "aud": "jangteo", "exp": NOW + 60.0 })
}

/// Good claims with this instead; null takes one away.
fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    claims[name] = value;
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn signed(header: &Header, claims: &Value, secret: &str) -> String {
    encode(header, claims, &EncodingKey::from_secret(secret.as_bytes()).unwrap()).unwrap()
}

fn believes(rules: &Rules, secrets: &[Secret], token: &str) -> Result<Believed, Disbelief> {
    let keys: Vec<_> = secrets.iter().map(|secret| Key::of(secret).unwrap()).collect();
    let header = decode_header(token).map_err(|_| Disbelief::Invalid)?;
    rules.verify(token, keys.iter().filter(|key| key.fits(&header)), now())
}

fn says(rules: &Rules, claims: &Value) -> Result<Believed, Disbelief> {
    believes(rules, &[secret(None, OLD)], &signed(&Header::new(Algorithm::HS256), claims, OLD))
}

#[test]
fn a_good_token_speaks_of_somebody_until_its_time() {
    let found = says(&rules(), &good()).unwrap();
    let min = Caller::known(Role::Customer, Id::new("min").unwrap());
    assert_eq!(found, Believed { caller: min, until: NOW + 90.0 });
    for claims in [
        with("aud", json!(["other", "jangteo"])),
        with("exp", json!(NOW - 29.0)),
        with("nbf", json!(NOW + 29.5)),
        with("iss", json!("https://issuer.example")),
        with("name", json!("a claim of others")),
    ] {
        assert!(says(&rules(), &claims).is_ok(), "{claims}");
    }
}

#[test]
fn claims_that_are_missing_or_wrong_are_not_believed() {
    for claims in [
        with("sub", Value::Null),
        with("sub", json!("")),
        with("sub", json!("not an id")),
        with("sub", json!(7)),
        with("role", Value::Null),
        with("role", json!("boss")),
        with("role", json!("Operator")),
        with("role", json!(["operator"])),
        with("exp", Value::Null),
        with("exp", json!("4000000000")),
        with("exp", json!(-1)),
        with("exp", json!(NOW - 30.0)),
        with("nbf", json!(NOW + 31.0)),
        with("nbf", json!("soon")),
        with("aud", Value::Null),
        with("aud", json!("other")),
        with("aud", json!([])),
        json!({}),
        json!("min"),
    ] {
        assert!(says(&rules(), &claims).is_err(), "{claims}");
    }
}

#[test]
fn an_issuer_that_is_named_must_be_the_tokens() {
    let rules = Rules { issuer: Some("https://issuer.example".to_owned()), ..rules() };
    assert!(says(&rules, &with("iss", json!("https://issuer.example"))).is_ok());
    for other in [json!("https://other.example"), json!(1), Value::Null] {
        assert!(says(&rules, &with("iss", other)).is_err());
    }
}

#[test]
fn secrets_are_changed_one_after_the_other() {
    let (old, new) = (secret(Some("old"), OLD), secret(Some("new"), NEW));
    let both = [new.clone(), old.clone()];
    let minted = |secret: &Secret| {
        let id = Id::new("min").unwrap();
        rules().mint(secret, Role::Manager, &id, now(), Duration::from_secs(60)).unwrap()
    };
    let (by_old, by_new) = (minted(&old), minted(&new));
    assert!(believes(&rules(), &both, &by_old).is_ok());
    assert!(believes(&rules(), &both, &by_new).is_ok());
    assert!(believes(&rules(), std::slice::from_ref(&old), &by_new).is_err());
    // Without names each is tried.
    let unnamed = [secret(None, NEW), secret(None, OLD)];
    for token in [&by_old, &by_new, &signed(&Header::new(Algorithm::HS256), &good(), OLD)] {
        assert!(believes(&rules(), &unnamed, token).is_ok());
    }
    // A name does not make a key.
    let wrong = secret(Some("old"), NEW);
    assert!(believes(&rules(), &both, &minted(&wrong)).is_err());
}

#[test]
fn headers_that_ask_for_something_else_are_not_believed() {
    let hs256 = Header::new(Algorithm::HS256);
    for header in [
        Header { crit: Some(vec!["exp".to_owned()]), ..hs256.clone() },
        Header { crit: Some(Vec::new()), ..hs256.clone() },
        Header::new(Algorithm::HS384),
        Header::new(Algorithm::HS512),
    ] {
        let token = signed(&header, &good(), OLD);
        assert!(believes(&rules(), &[secret(None, OLD)], &token).is_err(), "{header:?}");
    }
    let token = signed(&hs256, &good(), OLD);
    let (_, rest) = token.split_once('.').unwrap();
    for none in ["eyJhbGciOiJub25lIn0", "eyJhbGciOiJOb25lIn0", "e30", ""] {
        for token in [format!("{none}.{rest}"), format!("{none}.{}.", &rest[..20]), none.to_owned()]
        {
            assert!(believes(&rules(), &[secret(None, OLD)], &token).is_err(), "{token}");
        }
    }
}
