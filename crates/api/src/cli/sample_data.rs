//! `sample-data`: something to begin with.

use super::Failure;
use crate::{config::StoreArgs, sample_data, store::Store, wiring};
use std::io::{Write, stdout};

/// Again changes nothing.
pub async fn run(store: StoreArgs) -> Result<(), Failure> {
    let store = Store::attach(store).await?;
    let contexts =
        wiring::contexts_for_staff(&store).await.map_err(|error| store.failed(&error))?;
    sample_data::load(&contexts).await.map_err(|error| store.failed(&error))?;
    writeln!(stdout(), "The sample data is there.")?;
    store.close().await
}
