//! Reaching PostgreSQL: one connection tells at once why it cannot be had, where a pool would wait and say nothing.

use std::io;
use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, Connection as _};
use tokio::time::timeout;

use super::{DriverError, StoreError};

/// Connects once, and says what stands in the way.
pub(super) async fn try_out(options: &AnyConnectOptions, name: &str, patience: Duration) -> Result<(), StoreError> {
    let tried = timeout(patience, AnyConnection::connect_with(options)).await;
    let error = match tried {
        Ok(Ok(connection)) => {
            let _ = connection.close().await;
            return Ok(());
        }
        Ok(Err(error)) => error,
        Err(_) => sqlx::Error::Io(io::ErrorKind::TimedOut.into()),
    };
    Err(StoreError::Unreached { database: name.to_owned(), advice: advice(&error), source: DriverError(error) })
}

/// What to look at when a connection fails so.
fn advice(error: &sqlx::Error) -> &'static str {
    if let sqlx::Error::Io(error) = error {
        of_network(error.kind())
    } else if let sqlx::Error::Database(error) = error {
        of_code(error.code().as_deref().unwrap_or_default())
    } else if matches!(error, sqlx::Error::Tls(_)) {
        "TLS cannot be agreed on: see `sslmode` in the address, and its certificate"
    } else if matches!(error, sqlx::Error::Protocol(_)) {
        "what answers there is no PostgreSQL: are host and port right?"
    } else {
        "is PostgreSQL started, and are host, port and user right?"
    }
}

fn of_network(kind: io::ErrorKind) -> &'static str {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, NotFound, TimedOut, UnexpectedEof};

    let known = [
        (ConnectionRefused, "nothing listens there: is PostgreSQL started, and are host and port right?"),
        (NotFound, "there is no socket: is PostgreSQL started, and is its folder right?"),
        (TimedOut, "nothing answers: is the host right, and does a firewall let us through?"),
        (ConnectionReset, "it hangs up: is it a PostgreSQL, and does it run?"),
        (UnexpectedEof, "it hangs up: is it a PostgreSQL, and does it run?"),
    ];
    let advice = known.into_iter().find(|(one, _)| *one == kind).map(|(_, advice)| advice);
    advice.unwrap_or("its host is not found or not reached: is its name right, and is the network there?")
}

/// SQLSTATE codes of a greeting that fails.
fn of_code(code: &str) -> &'static str {
    match code {
        "28P01" | "28000" => "it does not let us in: are user and password right, and does its pg_hba.conf allow them?",
        "3D000" => "there is no such database: make it (`createdb`), or mend the name",
        "42501" => "the user may not use this database: GRANT it",
        "53300" => "all its connections are taken: raise its `max_connections`, or stop who takes them",
        "57P03" => "it is starting or stopping: try again in a moment",
        _ => "it refuses: is the address right, and does its log say more?",
    }
}
