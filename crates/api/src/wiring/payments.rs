//! The payment gateway, and the breaker in front of it.

use super::WiringError;
use crate::{config::Config, store::Store};
use commands::payment::{
    Breaker, HttpGateway, PaymentGateway, Simulator, http::Limits, simulator::Behaviour,
};
use reqwest::Url;
use std::{path::Path, sync::Arc};

/// The charges of the simulator, in the data directory.
const CHARGES: &str = "charges.jsonl";

/// The payment gateway, which all contexts share.
pub(super) struct Payments {
    /// Behind the breaker, unless that is off.
    pub gateway: Arc<dyn PaymentGateway>,
    pub breaker: Option<Arc<Breaker>>,
}

impl Payments {
    pub fn new(config: &Config, store: &Store) -> Result<Self, WiringError> {
        let gateway = gateway(config.payment_url.as_ref(), &store.data_dir)?;
        let Some(settings) = config.limits.breaker.clone() else {
            return Ok(Self { gateway, breaker: None });
        };
        let breaker = Arc::new(Breaker::new(gateway, settings));
        Ok(Self { gateway: breaker.clone(), breaker: Some(breaker) })
    }
}

fn gateway(url: Option<&Url>, data_dir: &Path) -> Result<Arc<dyn PaymentGateway>, WiringError> {
    if let Some(url) = url {
        return Ok(Arc::new(HttpGateway::new(url.as_str(), Limits::default())?));
    }
    tracing::info!("there is no PAYMENT_URL: payments are simulated, and no money moves");
    std::fs::create_dir_all(data_dir)?;
    let journal = data_dir.join(CHARGES);
    Ok(Arc::new(Simulator::open(Some(journal), Behaviour::default())?))
}
