//! Every alert rule of `monitoring/alerts.yml`, fired on purpose: real daemons in trouble that is really made, a private
//! Prometheus that asks them, and what it says of the rules before and afterwards. Rules and documents say the same, too.
//!
//! The rules are loaded as they stand but for how long an alert must last (`for:`), which is two seconds here.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/admin.rs"]
mod admin;
mod content;
mod database;
#[path = "../support/form.rs"]
mod form;
#[path = "../support/http_client.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod http_client;
mod instances;
mod letters;
#[path = "../support/postgres.rs"]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
#[expect(dead_code, reason = "other tests use the rest")]
mod postgres;
#[path = "../support/press_room.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod press_room;
#[expect(clippy::print_stdout, reason = "figures for whoever runs it with --nocapture")]
mod prometheus;
#[path = "../support/readers.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod readers;
mod rules;
#[path = "../support/smtp_server.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod smtp_server;
#[path = "../support/small_disk.rs"]
mod small_disk;
mod time;

/// What each test fires.
const FIRED: [&[&str]; 7] = [
    &content::FIRED,
    &content::FIRED_WHERE_NOTHING_IS_WRITTEN,
    &database::FIRED,
    &database::FIRED_ON_A_SMALL_DISK,
    &instances::FIRED,
    &letters::FIRED,
    &time::FIRED,
];

/// A room's `[newsletter]`, without a pause before letters leave.
const NEWSLETTER: &str = "[newsletter]\nfrom = \"Salle de presse <presse@ministere.example>\"\ngrace = \"0s\"\n";

/// Says that a test could not be made here.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
