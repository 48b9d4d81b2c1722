//! `people`: the keys that seal names and telephone numbers.

use super::Failure;
use crate::{
    config::{MasterArgs, StoreArgs},
    people::{MasterError, people},
    store::Store,
};
use clap::{Args, Subcommand};
use commands::{PeopleError, clock::SystemClock};
use std::io::{Write, stdout};

#[derive(Args, Clone, Debug)]
pub struct PeopleArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    /// Wrap all keys by the first of JANGTEO_MASTER_KEY, so that the others can be given up.
    Rewrap {
        #[command(flatten)]
        store: StoreArgs,
        #[command(flatten)]
        master: MasterArgs,
    },
}

pub async fn run(args: PeopleArgs) -> Result<(), Failure> {
    let What::Rewrap { store, master } = args.what;
    let masters = store.clone().check().and_then(|config| master.check(&config));
    let masters = masters.map_err(|mistakes| Failure::of(&mistakes, ""))?;
    let store = Store::attach(store).await?;
    let rewrapped = async {
        let people = people(masters, &store, SystemClock::shared()).await?;
        Ok::<_, MasterError>(people.rewrap().await?)
    };
    let rewrapped = rewrapped.await.map_err(|error| unsealed(&store, &error));
    let closed = store.close().await;
    let count = rewrapped?;
    writeln!(
        stdout(),
        "{count} keys were wrapped anew; other master keys are not needed any more"
    )?;
    closed
}

/// What a master key that cannot be used is reported as.
pub(super) fn unsealed(store: &Store, error: &MasterError) -> Failure {
    let next = match error {
        MasterError::People(PeopleError::WrongMaster(_) | PeopleError::MissingMaster(_)) => {
            "Give it in JANGTEO_MASTER_KEY as it was, after the one that shall wrap from now on."
        }
        MasterError::Lost(_) | MasterError::Invalid(..) => {
            "Bring it back from where it was kept: what it wrapped cannot be read without it."
        }
        MasterError::File(..) => "See that the data directory can be written.",
        MasterError::People(_) | MasterError::Random(_) => return store.failed(error),
    };
    Failure::of(error, next)
}
