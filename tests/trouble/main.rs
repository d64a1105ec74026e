//! Trouble that is really made: a full disk, a locked database, a database server that restarts, ends connections or is cut
//! off; and a reload in the middle of it. Each time letters stop before the dot and go on by themselves, none is lost or
//! repeated, and feeds are served.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/admin.rs"]
mod admin;
mod disk;
mod lock;
#[path = "../support/postgres.rs"]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
mod postgres;
#[path = "../support/press_room.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod press_room;
#[path = "../support/proxy.rs"]
mod proxy;
#[path = "../support/readers.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod readers;
mod relay;
mod reload;
#[expect(clippy::print_stdout, reason = "figures for whoever runs it with --nocapture")]
mod room;
mod server;
#[path = "../support/small_disk.rs"]
mod small_disk;
#[path = "../support/smtp_server.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod smtp_server;

/// Says that a test could not be made here.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
