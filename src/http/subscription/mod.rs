//! What subscribers do by themselves: subscribe, confirm, change preferences, leave. `GET` shows, `POST` acts: mail
//! scanners follow every link.

mod form;
pub(super) mod confirm;
pub(super) mod preferences;
pub(super) mod subscribe;
pub(super) mod unsubscribe;
