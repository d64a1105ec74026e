//! The command line: a file for each command, and what several share.

mod arguments;
mod exit;
mod terminal;
mod opening;
mod findings;
mod serve;
mod bounce;
mod build;
mod check;
mod jekyll_site;
mod new;
mod release;
mod preview;
mod send_test;
mod wording;
mod outcomes;
mod sheet;
mod columns;
mod topics;
mod subscriber;
mod importing;
mod subscribers;
mod editions;
mod register;
mod pinning;
mod adopting;
mod transferring;
mod backup;
mod restore;
mod database;
mod doctor;
mod completions;
mod man;
mod run;

pub use exit::Exit;
pub use run::run;
