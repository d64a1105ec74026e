//! The configuration: what `config.toml` and the environment say, and what it means.
//!
//! [`Config`] is checked and typed; nothing below this module reads a raw value. Durations are written `500ms`, `10m`,
//! `48h`; relative paths are relative to the file. Reading the file itself is the caller's.

mod aliases;
mod check;
mod bucket;
mod dkim;
mod document;
mod duration;
mod fault;
mod file;
mod reading;
mod relay;
mod setting;
mod settings;
mod suggestion;
mod words;

pub use check::database_url;
pub use duration::parse_duration;
pub use fault::{ConfigError, ConfigFault, ConfigWarning, Expected, Place};
#[cfg(test)]
pub(crate) use settings::sample_content;
pub use settings::{
    BounceSettings, BucketSettings, Config, ContentSettings, DatabaseSettings, DatabaseUrl, DigestSettings, DkimKey,
    DkimSettings, DocumentsAt, FeedSettings, FetchSettings, HttpSettings, JekyllConfigAt, JekyllFile, KeepSettings,
    LogFormat, LogLevel, LogSettings, LoginSettings, NewsletterSettings, OnLostReply, Origin, PasswordSource, PollMode,
    PrivacySettings, PublishPlace, PublishSettings, RelayKind, RelaySettings, RelayTls, Secret, SecretSettings,
    SignUpSettings, SiteDefaults, SiteOrigins, SiteSettings, SmtpSettings, SqliteSync,
};
