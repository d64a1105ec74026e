//! What `config.toml` says, key by key, before it is believed.
//!
//! One list names every key there is; the structures, the search for unknown keys and the variables of the environment
//! follow from it.

use super::setting::Setting;

macro_rules! config_file {
    ($($section:ident: $name:ident { $($key:ident),+ $(,)? })+) => {
        $(
            #[doc = concat!("`[", stringify!($section), "]` as it is written.")]
            #[derive(Debug, Default)]
            pub(super) struct $name {
                $(pub(super) $key: Option<Setting>,)+
            }

            impl $name {
                /// The place of `key`, when there is such a key.
                pub(super) fn slot(&mut self, key: &str) -> Option<&mut Option<Setting>> {
                    match key {
                        $(stringify!($key) => Some(&mut self.$key),)+
                        _ => None,
                    }
                }
            }
        )+

        /// Every section with its keys, in the order of `config.toml`.
        pub(super) const SECTIONS: &[(&str, &[&str])] = &[$((stringify!($section), &[$(stringify!($key)),+])),+];
    };
}

config_file! {
    site: SiteFile { title, description, url, releases_url, language, timezone, permalink }
    content: ContentFile { folder, uploads, documents, jekyll_config, quiet, rescan, poll }
    feeds: FeedsFile { entries, ttl, rights, icon, hub, aliases }
    topics: TopicsFile { aliases }
    publish: PublishFile {
        folder, precompress, bucket, bucket_endpoint, bucket_region, bucket_key_id, bucket_secret_file, bucket_secret,
    }
    database: DatabaseFile { url, sync }
    http: HttpFile { listen, admin, admin_token_file, trusted_proxies, connections }
    signup: SignupFile { per_source, per_domain, overall }
    privacy: PrivacyFile { controller, contact, policy_url }
    fetch: FetchFile { private }
    newsletter: NewsletterFile {
        from, reply_to, list_id, bounce_domain, grace, max_age, hold_above, approval, digest_at, digest_days, weekly_on,
        on_lost_reply, resend_after, retry,
    }
    bounces: BouncesFile { maildir, lmtp }
    office: OfficeFile { copies }
    relay: RelayFile {
        kind, folder, host, port, tls, ca_file, user, password_file, password, connections, rate,
    }
    dkim: DkimFile { domain, rsa, ed25519 }
    templates: TemplatesFile { folder }
    secrets: SecretsFile { key_file, previous_key_files }
    keep: KeepFile { deliveries, unconfirmed }
    log: LogFile { format, level }
}

/// Everything `config.toml` and the environment say.
#[derive(Debug, Default)]
pub(super) struct ConfigFile {
    pub(super) site: SiteFile,
    pub(super) content: ContentFile,
    pub(super) feeds: FeedsFile,
    pub(super) topics: TopicsFile,
    pub(super) publish: PublishFile,
    pub(super) database: DatabaseFile,
    pub(super) http: HttpFile,
    pub(super) signup: SignupFile,
    pub(super) privacy: PrivacyFile,
    pub(super) fetch: FetchFile,
    pub(super) newsletter: NewsletterFile,
    pub(super) bounces: BouncesFile,
    pub(super) office: OfficeFile,
    pub(super) relays: Vec<RelayFile>,
    pub(super) dkim: DkimFile,
    pub(super) templates: TemplatesFile,
    pub(super) secrets: SecretsFile,
    pub(super) keep: KeepFile,
    pub(super) log: LogFile,
}

/// The section of relays, the one that is a list.
pub(super) const RELAY: &str = "relay";

impl ConfigFile {
    /// The place of `section.key`; for a relay, that of the last one listed.
    pub(super) fn slot(&mut self, section: &str, key: &str) -> Option<&mut Option<Setting>> {
        match section {
            "site" => self.site.slot(key),
            "content" => self.content.slot(key),
            "feeds" => self.feeds.slot(key),
            "topics" => self.topics.slot(key),
            "publish" => self.publish.slot(key),
            "database" => self.database.slot(key),
            "http" => self.http.slot(key),
            "signup" => self.signup.slot(key),
            "privacy" => self.privacy.slot(key),
            "fetch" => self.fetch.slot(key),
            "newsletter" => self.newsletter.slot(key),
            "bounces" => self.bounces.slot(key),
            "office" => self.office.slot(key),
            RELAY => self.relays.last_mut()?.slot(key),
            "dkim" => self.dkim.slot(key),
            "templates" => self.templates.slot(key),
            "secrets" => self.secrets.slot(key),
            "keep" => self.keep.slot(key),
            "log" => self.log.slot(key),
            _ => None,
        }
    }
}

/// The keys of a section, when there is such a section.
pub(super) fn keys_of(section: &str) -> Option<&'static [&'static str]> {
    SECTIONS.iter().find(|(name, _)| *name == section).map(|(_, keys)| *keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_place() {
        let mut file = ConfigFile { relays: vec![RelayFile::default()], ..ConfigFile::default() };
        for (section, keys) in SECTIONS {
            for key in *keys {
                assert!(file.slot(section, key).is_some(), "{section}.{key}");
            }
            assert!(file.slot(section, "colour").is_none());
        }
    }
}
