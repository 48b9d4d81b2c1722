//! Telling what a row is refused for from a database that fails.

use std::{error::Error as _, io};
use tokio_postgres::Error;

/// SQL state classes that speak of what is in a row: data exception, integrity constraint violation,
/// program limit exceeded (a text too long for its index).
const ABOUT_ROWS: [&str; 3] = ["22", "23", "54"];

/// Why a row can be neither written nor read, when that is what the error is about: trying again
/// does not help. `None` when the database failed in another way.
pub fn refused(error: &Error) -> Option<String> {
    if let Some(error) = error.as_db_error() {
        let code = error.code().code();
        let about_rows = ABOUT_ROWS.iter().any(|class| code.starts_with(class));
        return about_rows.then(|| error.message().to_owned());
    }
    // A value that has no form in the database, or a column that holds none of this program's: the
    // only errors of a connection in use that have a cause which is not one of input and output.
    let cause = error.source().filter(|cause| !cause.is::<io::Error>())?;
    Some(format!("{error}: {cause}"))
}
