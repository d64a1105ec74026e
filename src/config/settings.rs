//! The configuration as the rest of the program sees it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use camino::Utf8PathBuf;
use chrono::{NaiveTime, TimeDelta, Weekday};
use chrono_tz::Tz;

use crate::domain::{EmailAddress, Mailbox, Network, Permalink, PermalinkPattern, SiteUrl, TopicAliases};
use crate::language::Language;

/// Everything `config.toml` may say, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `[site]`
    pub site: SiteSettings,
    /// `[content]`
    pub content: ContentSettings,
    /// `[feeds]`
    pub feeds: FeedSettings,
    /// `topics.aliases`: topics that were merged into others.
    pub topic_aliases: Arc<TopicAliases>,
    /// `[publish]`
    pub publish: PublishSettings,
    /// `[database]`
    pub database: DatabaseSettings,
    /// `[http]`
    pub http: HttpSettings,
    /// `[signup]`
    pub sign_ups: SignUpSettings,
    /// `[privacy]`
    pub privacy: PrivacySettings,
    /// `[fetch]`
    pub fetch: FetchSettings,
    /// `[newsletter]`
    pub newsletter: NewsletterSettings,
    /// `[bounces]`
    pub bounces: BounceSettings,
    /// `office.copies`, or the address of `newsletter.from`; never empty.
    pub office: Vec<Mailbox>,
    /// `[[relay]]`, tried in order; never empty.
    pub relays: Vec<RelaySettings>,
    /// `[dkim]`; `None`: letters are not signed.
    pub dkim: Option<DkimSettings>,
    /// `templates.folder`
    pub templates_folder: Utf8PathBuf,
    /// `[secrets]`
    pub secrets: SecretSettings,
    /// `[keep]`
    pub keep: KeepSettings,
    /// `[log]`
    pub log: LogSettings,
}

/// `[site]`: what the site is called and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteSettings {
    /// The name of feeds, pages and letters.
    pub title: String,
    /// One sentence below the title; may be empty.
    pub description: String,
    /// Depeche's public address.
    pub url: SiteUrl,
    /// An existing site that shows the releases; `None`: Depeche shows them.
    pub releases_url: Option<SiteUrl>,
    /// The language of pages, letters and diagnostics.
    pub language: Language,
    /// The zone of dates without one and of civil hours.
    pub timezone: Tz,
    /// How permalinks are made.
    pub permalink: PermalinkPattern,
    /// Where some of these come from.
    pub origins: SiteOrigins,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `config.toml` or the environment says it.
    Config,
    /// The `_config.yml` of a Jekyll site says it.
    Jekyll,
    /// Nobody says it.
    Default,
}

impl Origin {
    /// The first of those that say something.
    pub(super) fn of(config: bool, jekyll: bool) -> Self {
        match (config, jekyll) {
            (true, _) => Self::Config,
            (false, true) => Self::Jekyll,
            (false, false) => Self::Default,
        }
    }
}

/// Where the values of `[site]` come from that a Jekyll site may say, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SiteOrigins {
    /// `site.url`
    pub url: Origin,
    /// `site.timezone`
    pub timezone: Origin,
    /// `site.permalink`
    pub permalink: Origin,
}

/// What a Jekyll site says of itself; `config.toml` wins where it says something, too.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SiteDefaults {
    /// Its address.
    pub url: Option<SiteUrl>,
    /// Its zone.
    pub timezone: Option<Tz>,
    /// The permalinks of its posts.
    pub permalink: Option<PermalinkPattern>,
    /// The file that says so.
    pub file: Option<JekyllFile>,
}

/// The `_config.yml` of a Jekyll site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JekyllFile {
    /// Where it is.
    pub path: Utf8PathBuf,
    /// Its text.
    pub text: String,
    /// Where the content folder lies below the site; empty when it is the site itself.
    pub folder: String,
}

/// `[content]`: where releases and documents are.
#[derive(Debug, Clone, PartialEq)]
pub struct ContentSettings {
    /// The folder of releases.
    pub folder: Utf8PathBuf,
    /// The folder of documents and images.
    pub uploads: Utf8PathBuf,
    /// Where documents must be found.
    pub documents: DocumentsAt,
    /// Where the configuration of the Jekyll site is that the releases belong to.
    pub jekyll_config: JekyllConfigAt,
    /// That file, when there is one.
    pub jekyll: Option<JekyllFile>,
    /// How long the folder must be still before it is read.
    pub quiet: TimeDelta,
    /// How often a full look is taken even when no event came.
    pub rescan: TimeDelta,
    /// Whether to look often rather than wait for events.
    pub poll: PollMode,
}

/// Settings for unit tests: these folders and nothing else, read as soon as something happens, and looked at by time once an
/// hour.
#[cfg(test)]
pub(crate) fn sample_content(folder: Utf8PathBuf, uploads: Utf8PathBuf) -> ContentSettings {
    ContentSettings {
        folder,
        uploads,
        documents: DocumentsAt::File,
        jekyll_config: JekyllConfigAt::Nowhere,
        jekyll: None,
        quiet: TimeDelta::zero(),
        rescan: TimeDelta::hours(1),
        poll: PollMode::Never,
    }
}

/// `content.jekyll_config`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JekyllConfigAt {
    /// In the content folder; or beside it, when its name begins with `_`.
    Auto,
    /// Nowhere: the releases belong to no Jekyll site.
    Nowhere,
    /// In this file.
    Path(Utf8PathBuf),
}

/// `content.documents`: where a document is looked for before a letter leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentsAt {
    /// Files below uploads are looked for there; links elsewhere are not asked for.
    File,
    /// Every document must answer at its public address.
    Http,
    /// Below uploads, else at its public address.
    Any,
}

/// `content.poll`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollMode {
    /// Look often where events do not come.
    Auto,
    /// Look often.
    Always,
    /// Rely on events and the periodic look.
    Never,
}

/// `[feeds]`
#[derive(Debug, Clone, PartialEq)]
pub struct FeedSettings {
    /// How many entries a feed holds.
    pub entries: usize,
    /// How long a reader may keep a feed without asking again.
    pub ttl: TimeDelta,
    /// Who may do what with the feeds.
    pub rights: Option<String>,
    /// The absolute address of a small square picture.
    pub icon: Option<String>,
    /// A WebSub hub to name and ping.
    pub hub: Option<String>,
    /// Addresses at which readers knew a feed before, each with the path of the feed it leads to.
    pub aliases: BTreeMap<Permalink, String>,
}

/// `[publish]`: where everything public is also written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PublishSettings {
    /// The folder of a static server.
    pub folder: Option<Utf8PathBuf>,
    /// Whether compressed forms of documents stand beside them there.
    pub precompress: bool,
    /// The bucket of an object store.
    pub bucket: Option<BucketSettings>,
}

/// A place that `[publish]` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PublishPlace {
    /// `publish.folder`
    Folder,
    /// `publish.bucket`
    Bucket,
}

impl PublishPlace {
    /// Its key there.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Bucket => "bucket",
        }
    }
}

/// `publish.bucket`: where everything public is also put, in a store that speaks S3.
#[derive(Debug, Clone, PartialEq)]
pub struct BucketSettings {
    /// Its name.
    pub name: String,
    /// Where the site lies in it: empty, or a path without slashes at its ends.
    pub prefix: String,
    /// The address of the store; `None`: Amazon's, in the region.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// Who we are to it: the id of our key.
    pub key_id: String,
    /// Where the key's secret is.
    pub secret: PasswordSource,
}

/// `[database]`
#[derive(Debug, Clone, PartialEq)]
pub struct DatabaseSettings {
    /// Where it is.
    pub url: DatabaseUrl,
    /// How hard SQLite makes sure.
    pub sync: SqliteSync,
}

/// `database.url`
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite://PATH`
    Sqlite(Utf8PathBuf),
    /// `postgres://…`, password included.
    Postgres(String),
}

/// Without the password.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{path}"),
            Self::Postgres(url) => {
                let address = url.rsplit_once('@').map_or("…", |(_, rest)| rest);
                write!(f, "postgres://…@{}", address.split('?').next().unwrap_or_default())
            }
        }
    }
}

/// `database.sync`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqliteSync {
    /// A kill loses nothing; a power cut may repeat the last commits.
    Normal,
    /// A power cut loses nothing either.
    Full,
}

/// `[http]`
#[derive(Debug, Clone, PartialEq)]
pub struct HttpSettings {
    /// The public side.
    pub listen: SocketAddr,
    /// Health, readiness, mailbox.
    pub admin: SocketAddr,
    /// The file with the token that the admin side asks for; required beyond loopback.
    pub admin_token_file: Option<Utf8PathBuf>,
    /// Whose `Forwarded` and `X-Forwarded-For` are believed.
    pub trusted_proxies: Vec<Network>,
    /// How many connections the public side has at once.
    pub connections: usize,
}

/// `[signup]`: how many subscriptions may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignUpSettings {
    /// By one source, in an hour.
    pub per_source: u32,
    /// For one mail domain, in a day.
    pub per_domain: u32,
    /// In all, in a day.
    pub overall: u32,
}

/// `[privacy]`: what people are told of who keeps their data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrivacySettings {
    /// Who answers for it.
    pub controller: Option<String>,
    /// Where to ask.
    pub contact: Option<EmailAddress>,
    /// Where the policy can be read.
    pub policy_url: Option<String>,
}

/// `[fetch]`: what may be asked of other servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchSettings {
    /// Whether documents and pages may be asked for at private and loopback addresses.
    pub private: bool,
}

/// `[newsletter]`
#[derive(Debug, Clone, PartialEq)]
pub struct NewsletterSettings {
    /// The sender.
    pub from: Mailbox,
    /// Where answers go when the release has no press contact; `None`: to the sender.
    pub reply_to: Option<Mailbox>,
    /// The list's id (RFC 2919), without its angle brackets.
    pub list_id: String,
    /// The domain of envelope senders that carry a token; `None`: the sender's address.
    pub bounce_domain: Option<String>,
    /// How long a release published on the spot waits before its letters leave.
    pub grace: TimeDelta,
    /// How long after its date a release is still news.
    pub max_age: TimeDelta,
    /// How many releases may appear within ten minutes before all of them are held.
    pub hold_above: u32,
    /// Whether every edition waits for a person.
    pub approval: bool,
    /// When digests leave.
    pub digest: DigestSettings,
    /// What follows a reply lost after the final dot.
    pub on_lost_reply: OnLostReply,
    /// How long after a lost reply the letter is sent once more.
    pub resend_after: TimeDelta,
    /// Pauses before each further attempt.
    pub retry: Vec<TimeDelta>,
}

/// When digests leave, in the site's zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestSettings {
    /// The hour of both.
    pub at: NaiveTime,
    /// The days of the daily one.
    pub days: Vec<Weekday>,
    /// The day of the weekly one.
    pub weekly_on: Weekday,
}

/// `newsletter.on_lost_reply`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnLostReply {
    /// Send once more after 15 minutes, with the same Message-ID.
    Resend,
    /// Never repeat.
    Hold,
}

/// `[bounces]`: the ways in for what comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BounceSettings {
    /// A Maildir that is looked at.
    pub maildir: Option<Utf8PathBuf>,
    /// Where LMTP is spoken; always on this machine.
    pub lmtp: Option<SocketAddr>,
}

/// One `[[relay]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct RelaySettings {
    /// What it is.
    pub kind: RelayKind,
    /// How many letters a second at most; `None`: as fast as it takes them.
    pub rate: Option<u32>,
    /// How many connections at most.
    pub connections: usize,
}

/// Where letters go.
#[derive(Debug, Clone, PartialEq)]
pub enum RelayKind {
    /// `.eml` files in a folder.
    Directory {
        /// The folder.
        folder: Utf8PathBuf,
    },
    /// An SMTP server.
    Smtp(SmtpSettings),
}

/// A relay that is an SMTP server.
#[derive(Debug, Clone, PartialEq)]
pub struct SmtpSettings {
    /// Its name or address, an IPv6 address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the conversation is kept from others.
    pub tls: RelayTls,
    /// The authority that signed its certificate; `None`: one that browsers know.
    pub ca_file: Option<Utf8PathBuf>,
    /// Who we are to it; `None`: it does not ask.
    pub login: Option<LoginSettings>,
}

/// `[dkim]`: how letters are signed, with at least one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DkimSettings {
    /// The domain that vouches for them.
    pub domain: String,
    /// The key of `rsa-sha256`.
    pub rsa: Option<DkimKey>,
    /// The key of `ed25519-sha256`.
    pub ed25519: Option<DkimKey>,
}

/// A key that signs letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DkimKey {
    /// Below which name its public half stands in the DNS.
    pub selector: String,
    /// The file of its private half.
    pub file: Utf8PathBuf,
}

/// How the conversation with a relay is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayTls {
    /// It never leaves this machine.
    OnThisMachine,
    /// Not at all: whoever stands between reads every letter.
    None,
    /// `starttls`: TLS is begun before anything else is said, or nothing is.
    StartTls,
    /// `tls`: TLS from the first byte.
    Tls,
}

/// Who we are to a relay.
#[derive(Debug, Clone, PartialEq)]
pub struct LoginSettings {
    /// The name of our account.
    pub user: String,
    /// Where its password is.
    pub password: PasswordSource,
}

/// Where a password is.
#[derive(Debug, Clone, PartialEq)]
pub enum PasswordSource {
    /// In a file, alone.
    File(Utf8PathBuf),
    /// In the environment.
    Environment(Secret),
}

/// A text that no message and no log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` to itself from now on.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// `[secrets]`
#[derive(Debug, Clone, PartialEq)]
pub struct SecretSettings {
    /// The file of the key that signs.
    pub key_file: Utf8PathBuf,
    /// Files of keys whose signatures still count.
    pub previous_key_files: Vec<Utf8PathBuf>,
}

/// `[keep]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeepSettings {
    /// How long deliveries are kept one by one.
    pub deliveries: TimeDelta,
    /// How long a subscription may wait for its confirmation.
    pub unconfirmed: TimeDelta,
}

/// `[log]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSettings {
    /// How lines look.
    pub format: LogFormat,
    /// What is worth a line.
    pub level: LogLevel,
}

/// `log.format`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text at a terminal, JSON elsewhere.
    Auto,
    /// Text.
    Text,
    /// A JSON object a line.
    Json,
}

/// `log.level`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// What stops something.
    Error,
    /// What an administrator should look at.
    Warn,
    /// What was decided and done.
    Info,
    /// How it came about.
    Debug,
}

impl NewsletterSettings {
    /// Where answers to a letter go, given the release's own contact.
    #[must_use]
    pub fn reply_to<'a>(&'a self, contact: Option<&'a EmailAddress>) -> &'a EmailAddress {
        contact.unwrap_or_else(|| &self.reply_to.as_ref().unwrap_or(&self.from).address)
    }
}
