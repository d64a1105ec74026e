//! What people see, in a real Chromium: the way from the form to the goodbye with and without scripts, on a desk and in a
//! hand, in both languages, and one flow for each other thing that readers do; every page and letter held against WCAG by axe-core, against HTML by the Nu checker, and against a keyboard.
//!
//! A test that lacks its tool is passed over with a line that says so; `DEPECHE_REQUIRE=all` forbids that.
//! `DEPECHE_SCREENSHOTS=folder` keeps a picture of each page at each width, light and dark.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stderr, reason = "what is skipped is said")]

mod addresses;
mod chromium;
mod data;
#[path = "../support/draft.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod draft;
mod flow;
mod flows;
#[path = "../support/http_client.rs"]
mod http_client;
mod inspection;
mod leaving;
mod mailbox;
#[path = "../support/newsroom.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod newsroom;
mod room;
mod searching;
mod tools;
mod walk;
mod wire;
