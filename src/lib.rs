//! Depeche is a press office's publisher: one folder of press releases becomes **feeds** that journalists follow and
//! **letters** that subscribed journalists receive. A release is announced once, to everyone who asked, never before
//! its embargo, whatever is renamed, edited, killed or restarted.
//!
//! # From a file to a feed reader
//!
//! An editor saves a Markdown file. [`watch`] notices and reads it once the folder is still. [`content`] turns it into
//! a [`domain::Release`], or into diagnostics that say where it is wrong and what to do. [`register`] finds out which
//! known release it is and gives a new one its lasting id. All releases make a [`catalog`]; what is live now makes
//! [`feed`]s and pages, found by address in [`resource`]. [`http`] answers from them, [`publish`] writes them to a
//! folder: the same bytes.
//!
//! # From the same file to an inbox
//!
//! [`policy`] says when the release is announced and what stops it until a person has looked. [`task`] shows the office
//! its copy first, opens the edition at its time and writes one delivery per subscriber into the [`store`]'s outbox.
//! The dispatcher claims deliveries, [`mail`] composes each letter from its [`template`]s, [`smtp`] hands it to a relay,
//! and policy decides from the answer: done, later, never, or unknown. What comes back days later comes in through
//! [`returns`]; a signed token says of which delivery, and policy what follows.
//!
//! # How to read the code
//!
//! The modules below stand in reading order, and each names only those above it; a test enforces that. From [`clock`]
//! to [`mail`] they are pure: no IO, no async, the time an argument. From [`metrics`] to [`cache`] each wraps one thing
//! of the outside world. The rest runs: tasks, HTTP, the daemon, the command line.

pub mod clock;
pub mod language;
pub mod domain;
pub mod config;
pub mod content;
pub mod register;
pub mod catalog;
pub mod feed;
pub mod template;
pub mod resource;
pub mod policy;
pub mod import;
pub mod mail;

pub mod metrics;
pub mod store;
pub mod smtp;
pub mod returns;
pub mod watch;
pub mod fetch;
pub mod publish;
pub mod cache;

pub mod task;
pub mod http;
pub mod app;
pub mod cli;
