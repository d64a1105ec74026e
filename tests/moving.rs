//! Moving a newsroom: backup and restore, a database carried into one of the other kind, and what the doctor says.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "moving/copying.rs"]
mod copying;
#[path = "moving/doctor.rs"]
mod doctor;
#[path = "support/postgres.rs"]
#[expect(dead_code, clippy::print_stderr, reason = "other tests use the rest; a skipped test says so")]
mod postgres;
#[path = "support/press_room.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod press_room;
#[path = "moving/restoring.rs"]
mod restoring;
