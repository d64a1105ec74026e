//! Daemons that are killed, paused and cut off at any moment, alone on SQLite and three on one PostgreSQL: no letter is lost,
//! extra copies are at most the connections open at each kill, each the same to the byte, and the states add up at every
//! look.
//!
//! `DEPECHE_KILLS=20 DEPECHE_LETTERS=10000` makes as many as a release should stand; `DEPECHE_SEED` repeats the moments of a
//! run; `DEPECHE_PAUSE=360` pauses an instance for so many seconds in truth, beyond the last moment to begin a letter, and
//! leads run out by themselves then.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::str::FromStr;

#[path = "../support/admin.rs"]
mod admin;
mod anything;
mod chance;
mod cut_off;
#[expect(clippy::print_stdout, reason = "figures for whoever runs it with --nocapture")]
mod house;
mod killed;
mod leading;
mod moved;
mod paused;
#[path = "../support/postgres.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
mod postgres;
#[path = "../support/press_room.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod press_room;
#[path = "../support/proxy.rs"]
mod proxy;
#[path = "../support/readers.rs"]
mod readers;
#[path = "../support/smtp_server.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod smtp_server;

/// A number from the environment.
fn asked_for<T: FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is `{text}`, and should be a number")))
}
