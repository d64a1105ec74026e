//! What subscribers do by themselves: subscribe, confirm, change preferences, leave, come back, be forgotten. `GET` shows,
//! `POST` acts: mail scanners follow every link.

mod language_choice;
mod visit;
mod wishes;
mod even;
mod limit;
pub(super) mod subscribe;
pub(super) mod confirm;
pub(super) mod preferences;
pub(super) mod address;
pub(super) mod export;
pub(super) mod erase;
pub(super) mod unsubscribe;
