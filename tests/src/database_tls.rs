//! A PostgreSQL that is reached over TLS only, as somebody else's is.

use crate::{
    cafe::coffee,
    client::Client,
    own_postgres::OwnPostgres,
    service::{Place, Service, run},
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use reqwest::StatusCode;
use std::collections::BTreeMap;
use tokio_postgres::NoTls;

/// Whoever signs certificates.
pub struct Authority {
    pub certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// A server that shows a certificate for this name.
    async fn server(&self, name: &str) -> OwnPostgres {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        OwnPostgres::start_over_tls(&certificate, &key.serialize_pem()).await
    }
}

fn environment(
    place: &Place,
    postgres: &OwnPostgres,
    mode: &str,
    authority: Option<&Authority>,
) -> BTreeMap<&'static str, String> {
    let mut environment = place.environment();
    let url = format!(
        "postgresql://jangteo@localhost:{}/postgres?sslmode={mode}&connect_timeout=5",
        postgres.port()
    );
    environment.insert("DATABASE_URL", url);
    if let Some(authority) = authority {
        environment.insert("DATABASE_CA", authority.certificate.clone());
    }
    environment
}

#[tokio::test]
async fn everything_is_said_over_tls() {
    let (place, authority) = (Place::new().await, Authority::new());
    let postgres = authority.server("localhost").await;
    for mode in ["verify-full", "require"] {
        let service = Service::start(&environment(&place, &postgres, mode, Some(&authority))).await;
        let client = Client::new(&service.url);
        let placed = client.post("/cafe/orders", coffee(mode)).await;
        assert_eq!(placed.status, StatusCode::CREATED, "{placed:?}");
        let path = format!("/cafe/order-status/{mode}");
        let shown = client.get_at(&path, placed.position.as_deref().unwrap()).await;
        assert_eq!(shown.body["paymentStatus"], "paid", "{shown:?}");
        let (mine, connection) = postgres.config().connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        let asked = "select count(*), count(*) filter (where ssl)
             from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'jangteo'";
        let row = mine.query_one(asked, &[]).await.unwrap();
        let (all, private): (i64, i64) = (row.get(0), row.get(1));
        assert!(all >= 3 && private == all, "{private} of {all}");
        assert_eq!(service.terminate().await, Some(0));
    }
}

#[tokio::test]
async fn a_server_that_does_not_show_who_it_is_is_not_spoken_with() {
    let (place, authority) = (Place::new().await, Authority::new());
    let postgres = authority.server("localhost").await;
    let other = authority.server("elsewhere.example").await;
    let stranger = Authority::new();
    let tried = [
        (environment(&place, &postgres, "verify-full", None), "certificate"),
        (environment(&place, &postgres, "require", Some(&stranger)), "invalid peer certificate"),
        (environment(&place, &other, "require", Some(&authority)), "not valid for name"),
        (environment(&place, &postgres, "disable", None), "no encryption"),
        (environment(&place, &postgres, "disable", Some(&authority)), "sslmode=verify-full"),
        (environment(&place, &postgres, "verify-ca", Some(&authority)), "verify-full"),
    ];
    for (environment, expected) in tried {
        let (code, printed) = run(&environment, &["migrate"]).await;
        assert!(code != 0 && printed.contains(expected), "{expected} in {printed}");
    }
}
