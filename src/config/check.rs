//! [`ConfigFile`] → [`Config`]: every value read, every default given, in the order of `config.toml`.
//!
//! Each section is taken apart exhaustively, so that a new key cannot be forgotten.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use camino::Utf8Path;
use chrono::{NaiveTime, TimeDelta, Weekday};
use chrono_tz::Tz;
use url::Url;

use super::aliases::{feed_aliases, topic_aliases};
use super::bucket::bucket;
use super::dkim::dkim;
use super::fault::{ConfigFault, Expected};
use super::file::{
    BouncesFile, ConfigFile, ContentFile, DatabaseFile, FeedsFile, FetchFile, HttpFile, KeepFile, LogFile,
    NewsletterFile, OfficeFile, PrivacyFile, PublishFile, SecretsFile, SignupFile, SiteFile, TemplatesFile, TopicsFile,
};
use super::relay::relays;
use super::setting::{Misplaced, Setting, or};
use super::settings::{
    BounceSettings, Config, ContentSettings, DatabaseSettings, DatabaseUrl, DigestSettings, DocumentsAt, FeedSettings,
    FetchSettings, HttpSettings, JekyllConfigAt, KeepSettings, LogFormat, LogLevel, LogSettings, NewsletterSettings,
    OnLostReply, Origin, PollMode, PrivacySettings, PublishSettings, SecretSettings, SignUpSettings, SiteDefaults,
    SiteOrigins, SiteSettings, SqliteSync,
};
use super::suggestion::nearest;
use crate::domain::{EmailAddress, Mailbox, Network, PermalinkPattern, SiteUrl};
use crate::language::Language;

/// Most entries a feed may hold: readers fetch the whole of it each time.
const MOST_ENTRIES: u32 = 1_000;
/// How many connections the public side has when nothing is said: some tens of megabytes when all are busy.
const CONNECTIONS: u32 = 4_096;
/// More connections than one process serves well.
const MOST_CONNECTIONS: u32 = 100_000;
/// A limit of sign-ups that limits nothing any more.
const MOST_SIGN_UPS: u32 = 1_000_000;
/// The shortest pause between two full looks, so that looking is not all that is done.
const SHORTEST_RESCAN: TimeDelta = TimeDelta::seconds(1);
/// The shortest of durations that must not be nothing.
const A_SECOND: TimeDelta = TimeDelta::seconds(1);

const DOCUMENTS: &[(&str, DocumentsAt)] =
    &[("file", DocumentsAt::File), ("http", DocumentsAt::Http), ("any", DocumentsAt::Any)];
const POLL: &[(&str, PollMode)] = &[("auto", PollMode::Auto), ("always", PollMode::Always), ("never", PollMode::Never)];
const SYNC: &[(&str, SqliteSync)] = &[("normal", SqliteSync::Normal), ("full", SqliteSync::Full)];
const LOST: &[(&str, OnLostReply)] = &[("resend", OnLostReply::Resend), ("hold", OnLostReply::Hold)];
const FORMAT: &[(&str, LogFormat)] = &[("auto", LogFormat::Auto), ("text", LogFormat::Text), ("json", LogFormat::Json)];
const LEVEL: &[(&str, LogLevel)] =
    &[("error", LogLevel::Error), ("warn", LogLevel::Warn), ("info", LogLevel::Info), ("debug", LogLevel::Debug)];
const DAYS: &[(&str, Weekday)] = &[
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];
/// The days of the daily digest when none are given: the working ones.
const WORKING_DAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

/// What the whole file means; `base` is the folder relative paths start from.
pub(super) fn check(
    file: ConfigFile,
    base: &Utf8Path,
    beside: &dyn Fn(&ContentSettings) -> SiteDefaults,
) -> Result<Config, Misplaced> {
    let ConfigFile {
        site,
        content,
        feeds,
        topics: TopicsFile { aliases },
        publish,
        database,
        http,
        signup,
        privacy,
        fetch: FetchFile { private },
        newsletter,
        bounces,
        office: OfficeFile { copies },
        relays: relay_files,
        dkim: dkim_file,
        templates: TemplatesFile { folder: templates_folder },
        secrets,
        keep,
        log,
    } = file;
    let mut content = content_settings(content, base)?;
    let mut defaults = beside(&content);
    content.jekyll = defaults.file.take();
    let site = site_settings(site, defaults)?;
    let newsletter = newsletter_settings(newsletter)?;
    let copies = or(copies.as_ref(), Vec::new(), |copies| each(copies, &Expected::Mailbox, |text| text.parse().ok()))?;
    let sender = Mailbox { name: newsletter.from.name.clone(), address: newsletter.from.address.clone() };
    Ok(Config {
        site,
        content,
        feeds: feed_settings(feeds)?,
        topic_aliases: or(aliases.as_ref(), Arc::default(), |table| topic_aliases(table).map(Arc::new))?,
        publish: publish_settings(&publish, base)?,
        database: database_settings(database, base)?,
        http: http_settings(http, base)?,
        sign_ups: sign_up_settings(&signup)?,
        privacy: privacy_settings(&privacy)?,
        fetch: FetchSettings { private: or(private.as_ref(), false, Setting::boolean)? },
        dkim: dkim(&dkim_file, &newsletter.from.address, base)?,
        newsletter,
        bounces: bounce_settings(bounces, base)?,
        office: if copies.is_empty() { vec![sender] } else { copies },
        relays: relays(relay_files, base)?,
        templates_folder: or(templates_folder.as_ref(), base.join("templates"), |path| path.path(base))?,
        secrets: secret_settings(secrets, base)?,
        keep: keep_settings(keep)?,
        log: log_settings(log)?,
    })
}

/// The site; `beside` is what the Jekyll site says that the releases belong to.
fn site_settings(file: SiteFile, beside: SiteDefaults) -> Result<SiteSettings, Misplaced> {
    let SiteFile { title, description, url, releases_url, language, timezone, permalink } = file;
    let SiteDefaults { url: jekyll_url, timezone: jekyll_timezone, permalink: jekyll_permalink, file: _ } = beside;
    let site_url = |text: &str| text.parse::<SiteUrl>().ok();
    let origins = SiteOrigins {
        url: Origin::of(url.is_some(), jekyll_url.is_some()),
        timezone: Origin::of(timezone.is_some(), jekyll_timezone.is_some()),
        permalink: Origin::of(permalink.is_some(), jekyll_permalink.is_some()),
    };
    let url = match (url, jekyll_url) {
        (None, Some(url)) => url,
        (url, _) => {
            required(url, "site.url", r#"url = "https://presse.example.org""#)?.parsed(Expected::SiteUrl, site_url)?
        }
    };
    let permalink_default = "/espace-presse/:title/".parse().expect("the default is a pattern");
    Ok(SiteSettings {
        title: or(title.as_ref(), "Espace presse".to_owned(), some_text)?,
        description: or(description.as_ref(), String::new(), |text| Ok(text.text()?.trim().to_owned()))?,
        url,
        releases_url: or(releases_url.as_ref(), None, |url| url.optional(Expected::SiteUrl, site_url))?,
        language: or(language.as_ref(), Language::French, |text| {
            text.parsed(Expected::OneOf(vec!["fr", "en"]), |text| text.parse().ok())
        })?,
        timezone: or(timezone.as_ref(), jekyll_timezone.unwrap_or(Tz::Europe__Paris), zone)?,
        permalink: or(permalink.as_ref(), jekyll_permalink.unwrap_or(permalink_default), |text| {
            text.parsed(Expected::Permalink, |text| text.parse::<PermalinkPattern>().ok())
        })?,
        origins,
    })
}

fn content_settings(file: ContentFile, base: &Utf8Path) -> Result<ContentSettings, Misplaced> {
    let ContentFile { folder, uploads, documents, jekyll_config, quiet, rescan, poll } = file;
    Ok(ContentSettings {
        folder: or(folder.as_ref(), base.join("content"), |path| path.path(base))?,
        uploads: or(uploads.as_ref(), base.join("content/uploads"), |path| path.path(base))?,
        documents: or(documents.as_ref(), DocumentsAt::File, |word| word.choice(DOCUMENTS))?,
        jekyll_config: or(jekyll_config.as_ref(), JekyllConfigAt::Auto, |text| jekyll_config_at(text, base))?,
        jekyll: None,
        quiet: or(quiet.as_ref(), TimeDelta::milliseconds(500), |text| text.duration(TimeDelta::zero()))?,
        rescan: or(rescan.as_ref(), TimeDelta::seconds(30), |text| text.duration(SHORTEST_RESCAN))?,
        poll: or(poll.as_ref(), PollMode::Auto, |word| word.choice(POLL))?,
    })
}

/// `"auto"`, `""` or a path.
fn jekyll_config_at(setting: &Setting, base: &Utf8Path) -> Result<JekyllConfigAt, Misplaced> {
    if setting.text()? == "auto" {
        return Ok(JekyllConfigAt::Auto);
    }
    Ok(setting.optional_path(base)?.map_or(JekyllConfigAt::Nowhere, JekyllConfigAt::Path))
}

fn feed_settings(file: FeedsFile) -> Result<FeedSettings, Misplaced> {
    let FeedsFile { entries, ttl, rights, icon, hub, aliases } = file;
    let some_words = |text: &Setting| Ok(Some(text.text()?.trim().to_owned()).filter(|text| !text.is_empty()));
    let entries = or(entries.as_ref(), 20, |number| number.number(1, MOST_ENTRIES))?;
    Ok(FeedSettings {
        entries: usize::try_from(entries).unwrap_or(usize::MAX),
        ttl: or(ttl.as_ref(), TimeDelta::minutes(5), |text| text.duration(TimeDelta::zero()))?,
        rights: or(rights.as_ref(), None, some_words)?,
        icon: or(icon.as_ref(), None, |text| text.optional(Expected::WebAddress, web_address))?,
        hub: or(hub.as_ref(), None, |text| text.optional(Expected::WebAddress, web_address))?,
        aliases: or(aliases.as_ref(), BTreeMap::new(), feed_aliases)?,
    })
}

fn publish_settings(file: &PublishFile, base: &Utf8Path) -> Result<PublishSettings, Misplaced> {
    Ok(PublishSettings {
        folder: or(file.folder.as_ref(), None, |path| path.optional_path(base))?,
        precompress: or(file.precompress.as_ref(), false, Setting::boolean)?,
        bucket: bucket(file, base)?,
    })
}

fn database_settings(file: DatabaseFile, base: &Utf8Path) -> Result<DatabaseSettings, Misplaced> {
    let DatabaseFile { url, sync } = file;
    let default = DatabaseUrl::Sqlite(base.join("var/depeche.sqlite"));
    Ok(DatabaseSettings {
        url: or(url.as_ref(), default, |text| text.parsed(Expected::Database, |text| database_url(text, base)))?,
        sync: or(sync.as_ref(), SqliteSync::Normal, |word| word.choice(SYNC))?,
    })
}

/// The database at an address, as `database.url` has it; a relative path starts from `base`.
#[must_use]
pub fn database_url(text: &str, base: &Utf8Path) -> Option<DatabaseUrl> {
    if let Some(path) = text.strip_prefix("sqlite://") {
        let plain = !path.is_empty() && !path.ends_with('/') && !path.contains(['?', '#', '\0']);
        return plain.then(|| DatabaseUrl::Sqlite(base.join(path)));
    }
    let url = Url::parse(text).ok()?;
    let postgres = matches!(url.scheme(), "postgres" | "postgresql") && url.has_host();
    postgres.then(|| DatabaseUrl::Postgres(text.to_owned()))
}

fn http_settings(file: HttpFile, base: &Utf8Path) -> Result<HttpSettings, Misplaced> {
    let HttpFile { listen, admin, admin_token_file, trusted_proxies, connections } = file;
    let socket = |setting: &Setting| setting.parsed(Expected::SocketAddress, |text| text.parse::<SocketAddr>().ok());
    let token_file = or(admin_token_file.as_ref(), None, |path| path.optional_path(base))?;
    let proxies = or(trusted_proxies.as_ref(), Vec::new(), |list| {
        each(list, &Expected::Networks, |text| text.parse::<Network>().ok())
    })?;
    let listen = or(listen.as_ref(), SocketAddr::from(([127, 0, 0, 1], 8080)), socket)?;
    let place = admin.as_ref().map(|admin| admin.place.clone());
    let admin = or(admin.as_ref(), SocketAddr::from(([127, 0, 0, 1], 8081)), socket)?;
    if !admin.ip().is_loopback() && token_file.is_none() {
        return Err((place, ConfigFault::OpenAdmin));
    }
    if admin == listen && admin.port() != 0 {
        return Err((place, ConfigFault::SameAddress));
    }
    let connections = or(connections.as_ref(), CONNECTIONS, |number| number.number(1, MOST_CONNECTIONS))?;
    let connections = usize::try_from(connections).unwrap_or(usize::MAX);
    Ok(HttpSettings { listen, admin, admin_token_file: token_file, trusted_proxies: proxies, connections })
}

fn sign_up_settings(file: &SignupFile) -> Result<SignUpSettings, Misplaced> {
    let SignupFile { per_source, per_domain, overall } = file;
    let limit = |setting: &Setting| setting.number(1, MOST_SIGN_UPS);
    Ok(SignUpSettings {
        per_source: or(per_source.as_ref(), 20, limit)?,
        per_domain: or(per_domain.as_ref(), 100, limit)?,
        overall: or(overall.as_ref(), 2_000, limit)?,
    })
}

fn privacy_settings(file: &PrivacyFile) -> Result<PrivacySettings, Misplaced> {
    let PrivacyFile { controller, contact, policy_url } = file;
    let some_words = |text: &Setting| Ok(Some(text.text()?.trim().to_owned()).filter(|text| !text.is_empty()));
    Ok(PrivacySettings {
        controller: or(controller.as_ref(), None, some_words)?,
        contact: or(contact.as_ref(), None, |text| text.optional(Expected::Mailbox, |text| text.parse().ok()))?,
        policy_url: or(policy_url.as_ref(), None, |text| text.optional(Expected::WebAddress, web_address))?,
    })
}

fn newsletter_settings(file: NewsletterFile) -> Result<NewsletterSettings, Misplaced> {
    let NewsletterFile {
        from,
        reply_to,
        list_id: id,
        bounce_domain,
        grace,
        max_age,
        hold_above,
        approval,
        digest_at,
        digest_days,
        weekly_on,
        on_lost_reply,
        resend_after,
        retry: pauses,
    } = file;
    let mailbox = |text: &str| text.parse::<Mailbox>().ok();
    let from = required(from, "newsletter.from", r#"from = "Service presse <presse@presse.example.org>""#)?;
    let from = from.parsed(Expected::Mailbox, mailbox)?;
    let digest = DigestSettings {
        at: or(digest_at.as_ref(), NaiveTime::from_hms_opt(8, 30, 0).unwrap_or_default(), |text| {
            text.parsed(Expected::Hour, |text| NaiveTime::parse_from_str(text, "%H:%M").ok())
        })?,
        days: or(digest_days.as_ref(), WORKING_DAYS.to_vec(), days)?,
        weekly_on: or(weekly_on.as_ref(), Weekday::Mon, |word| word.choice(DAYS))?,
    };
    Ok(NewsletterSettings {
        reply_to: or(reply_to.as_ref(), None, |text| text.optional(Expected::Mailbox, mailbox))?,
        list_id: or(id.as_ref(), from.address.domain().to_owned(), |text| text.parsed(Expected::ListId, list_id))?,
        bounce_domain: or(bounce_domain.as_ref(), None, |text| text.optional(Expected::Domain, domain))?,
        grace: or(grace.as_ref(), TimeDelta::minutes(10), |text| text.duration(TimeDelta::zero()))?,
        max_age: or(max_age.as_ref(), TimeDelta::hours(48), |text| text.duration(A_SECOND))?,
        hold_above: or(hold_above.as_ref(), 3, |number| number.number(1, u32::MAX))?,
        approval: or(approval.as_ref(), false, Setting::boolean)?,
        digest,
        on_lost_reply: or(on_lost_reply.as_ref(), OnLostReply::Resend, |word| word.choice(LOST))?,
        resend_after: or(resend_after.as_ref(), TimeDelta::minutes(15), |text| text.duration(A_SECOND))?,
        retry: or(pauses.as_ref(), default_retry(), retry)?,
        from,
    })
}

fn bounce_settings(file: BouncesFile, base: &Utf8Path) -> Result<BounceSettings, Misplaced> {
    let BouncesFile { maildir, lmtp } = file;
    let socket = |text: &str| text.parse::<SocketAddr>().ok();
    let address = or(lmtp.as_ref(), None, |setting| setting.optional(Expected::SocketAddress, socket))?;
    if let (Some(setting), Some(address)) = (&lmtp, address)
        && !address.ip().is_loopback()
    {
        return Err(setting.wrong(ConfigFault::OpenLmtp));
    }
    Ok(BounceSettings { maildir: or(maildir.as_ref(), None, |path| path.optional_path(base))?, lmtp: address })
}

fn secret_settings(file: SecretsFile, base: &Utf8Path) -> Result<SecretSettings, Misplaced> {
    let SecretsFile { key_file, previous_key_files } = file;
    Ok(SecretSettings {
        key_file: or(key_file.as_ref(), base.join("var/secret.key"), |path| path.path(base))?,
        previous_key_files: or(previous_key_files.as_ref(), Vec::new(), |list| {
            list.items()?.iter().map(|path| path.path(base)).collect()
        })?,
    })
}

fn keep_settings(file: KeepFile) -> Result<KeepSettings, Misplaced> {
    let KeepFile { deliveries, unconfirmed } = file;
    Ok(KeepSettings {
        deliveries: or(deliveries.as_ref(), TimeDelta::days(400), |text| text.duration(A_SECOND))?,
        unconfirmed: or(unconfirmed.as_ref(), TimeDelta::days(7), |text| text.duration(A_SECOND))?,
    })
}

fn log_settings(file: LogFile) -> Result<LogSettings, Misplaced> {
    let LogFile { format, level } = file;
    Ok(LogSettings {
        format: or(format.as_ref(), LogFormat::Auto, |word| word.choice(FORMAT))?,
        level: or(level.as_ref(), LogLevel::Info, |word| word.choice(LEVEL))?,
    })
}

fn required(setting: Option<Setting>, key: &str, example: &str) -> Result<Setting, Misplaced> {
    setting.ok_or_else(|| (None, ConfigFault::Missing { key: key.to_owned(), example: example.to_owned() }))
}

fn each<T>(list: &Setting, expected: &Expected, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Misplaced> {
    list.items()?.iter().map(|item| item.parsed(expected.clone(), &read)).collect()
}

fn some_text(setting: &Setting) -> Result<String, Misplaced> {
    setting.parsed(Expected::SomeText, |text| (!text.is_empty()).then(|| text.to_owned()))
}

fn zone(setting: &Setting) -> Result<Tz, Misplaced> {
    let text = setting.text()?.trim();
    text.parse().map_err(|_| {
        let suggestion = nearest(text, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        setting.refuse(Expected::Zone { suggestion })
    })
}

fn web_address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| text.to_owned())
}

/// RFC 2919 §2: labels of letters, digits, `-` and `_` with dots between them, at most 255 characters.
fn list_id(text: &str) -> Option<String> {
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    (text.len() <= 255 && text.split('.').all(label)).then(|| text.to_owned())
}

fn domain(text: &str) -> Option<String> {
    let address: EmailAddress = format!("bounces@{text}").parse().ok()?;
    (!text.contains('@')).then(|| address.domain().to_owned())
}

fn days(list: &Setting) -> Result<Vec<Weekday>, Misplaced> {
    let mut days: Vec<Weekday> = list.items()?.iter().map(|item| item.choice(DAYS)).collect::<Result<_, _>>()?;
    days.sort_by_key(Weekday::num_days_from_monday);
    days.dedup();
    if days.is_empty() { Err(list.refuse(Expected::SomeList)) } else { Ok(days) }
}

fn default_retry() -> Vec<TimeDelta> {
    vec![
        TimeDelta::minutes(5),
        TimeDelta::minutes(15),
        TimeDelta::hours(1),
        TimeDelta::hours(4),
        TimeDelta::hours(12),
        TimeDelta::hours(24),
        TimeDelta::hours(48),
    ]
}

fn retry(list: &Setting) -> Result<Vec<TimeDelta>, Misplaced> {
    let pauses: Vec<TimeDelta> = list.items()?.iter().map(|item| item.duration(A_SECOND)).collect::<Result<_, _>>()?;
    if pauses.is_empty() { Err(list.refuse(Expected::SomeList)) } else { Ok(pauses) }
}
