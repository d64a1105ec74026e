//! Depeche is a press office's publisher: one folder of press releases becomes feeds and letters.

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
pub mod mail;
pub mod store;
pub mod smtp;
pub mod watch;
pub mod publish;
pub mod task;
pub mod http;
