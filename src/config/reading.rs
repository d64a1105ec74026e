//! From the text of `config.toml` to a [`Config`].

use std::net::IpAddr;

use camino::Utf8Path;

use super::check::check;
use super::document::{Document, override_from};
use super::fault::{ConfigError, ConfigWarning};
use super::setting::{Misplaced, Value};
use super::settings::{Config, ContentSettings, RelayKind, RelayTls, SiteDefaults, SmtpSettings};
use crate::domain::SiteUrl;
use crate::language::Language;

impl Config {
    /// Reads the text of the file called `file_name`, with the variables of the environment (`DEPECHE_SECTION__KEY`)
    /// laid over it. Relative paths start from `base_folder`, the file's own.
    ///
    /// # Errors
    /// The first thing that is wrong, in the site's language as far as that can be read.
    pub fn from_toml(
        text: &str,
        file_name: &str,
        base_folder: &Utf8Path,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<(Self, Vec<ConfigWarning>), ConfigError> {
        Self::from_toml_beside(text, file_name, base_folder, env, &|_| SiteDefaults::default())
    }

    /// The same, with what `beside` finds that a Jekyll site says of itself, once it is known where the releases are.
    ///
    /// # Errors
    /// The first thing that is wrong, in the site's language as far as that can be read.
    pub fn from_toml_beside(
        text: &str,
        file_name: &str,
        base_folder: &Utf8Path,
        env: impl Iterator<Item = (String, String)>,
        beside: &dyn Fn(&ContentSettings) -> SiteDefaults,
    ) -> Result<(Self, Vec<ConfigWarning>), ConfigError> {
        let document = Document::parse(text);
        let mut language = document.language().unwrap_or_default();
        read(&document, base_folder, env, &mut language, beside).map_err(|(place, fault)| ConfigError {
            file: file_name.to_owned(),
            place,
            fault: Box::new(fault),
            language,
        })
    }
}

fn read(
    document: &Document<'_>,
    base: &Utf8Path,
    env: impl Iterator<Item = (String, String)>,
    language: &mut Language,
    beside: &dyn Fn(&ContentSettings) -> SiteDefaults,
) -> Result<(Config, Vec<ConfigWarning>), Misplaced> {
    let mut file = document.read()?;
    let ignored = override_from(&mut file, env)?;
    if let Some(Value::Text(text)) = file.site.language.as_ref().map(|setting| &setting.value) {
        *language = text.parse().unwrap_or(*language);
    }
    let config = check(file, base, beside)?;
    let mut warnings = address_warnings(&config);
    warnings.extend(relay_warnings(&config));
    warnings.extend(ignored.into_iter().map(|name| ConfigWarning::IgnoredVariable { name }));
    Ok((config, warnings))
}

/// What is doubtful about `site.url`, once anyone but this machine is served or written to.
fn address_warnings(config: &Config) -> Vec<ConfigWarning> {
    let url = config.site.url.as_str().to_owned();
    let writes = config.relays.iter().any(|relay| matches!(relay.kind, RelayKind::Smtp(_)));
    if is_local(&config.site.url) {
        let reached = writes || !config.http.listen.ip().is_loopback() || config.publish.folder.is_some();
        return if reached { vec![ConfigWarning::LocalAddress { url }] } else { Vec::new() };
    }
    if url.starts_with("https:") { Vec::new() } else { vec![ConfigWarning::PlainAddress { url }] }
}

/// Relays elsewhere that letters travel to in clear.
fn relay_warnings(config: &Config) -> impl Iterator<Item = ConfigWarning> {
    config.relays.iter().filter_map(|relay| match &relay.kind {
        RelayKind::Smtp(SmtpSettings { host, tls: RelayTls::None, .. }) => {
            Some(ConfigWarning::OpenRelay { host: host.clone() })
        }
        RelayKind::Smtp(_) | RelayKind::Directory { .. } => None,
    })
}

fn is_local(url: &SiteUrl) -> bool {
    let host = url.host().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::file::SECTIONS;
    use super::*;
    use crate::config::{
        ConfigFault, DatabaseUrl, JekyllConfigAt, LoginSettings, Origin, PasswordSource, Place, PollMode, RelayTls,
        SiteOrigins, SmtpSettings,
    };

    const REFERENCE: &str = include_str!("../../config.toml");
    const LEAST: &str =
        "[site]\nurl = 'https://press.example.net'\nlanguage = 'en'\n[newsletter]\nfrom = 'p@example.net'\n";

    fn read_with(text: &str, env: &[(&str, &str)]) -> Result<(Config, Vec<ConfigWarning>), ConfigError> {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::from_toml(text, "config.toml", Utf8Path::new("/srv/press"), env)
    }

    fn config(text: &str, env: &[(&str, &str)]) -> Config {
        read_with(text, env).unwrap().0
    }

    /// The least configuration, with `line` put below `[section]`.
    fn least_with(section: &str, line: &str) -> String {
        let heading = format!("[{section}]\n");
        if LEAST.contains(&heading) {
            LEAST.replace(&heading, &format!("{heading}{line}\n"))
        } else {
            format!("{LEAST}{heading}{line}\n")
        }
    }

    #[track_caller]
    fn refused(text: &str, env: &[(&str, &str)], expected: &str) {
        assert_eq!(read_with(text, env).unwrap_err().to_string(), expected);
    }

    /// Lines of the reference that give a key: section, key, whole line.
    fn reference_lines() -> Vec<(&'static str, &'static str, &'static str)> {
        let mut section = "";
        let mut lines = Vec::new();
        for line in REFERENCE.lines() {
            if let Some(heading) = line.strip_prefix('[') {
                section = heading.trim_start_matches('[').split(']').next().unwrap();
            } else if let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ") {
                lines.push((section, key, line));
            }
        }
        lines
    }

    #[test]
    fn the_reference_shows_the_defaults() {
        let whole = config(REFERENCE, &[]);
        let given: Vec<_> = reference_lines().into_iter().filter(|(_, _, line)| !line.starts_with('#')).collect();
        assert!(given.len() > 40);
        for (section, key, line) in given {
            if !line.contains("# demo") {
                let mut without = config(&REFERENCE.replacen(line, "", 1), &[]);
                without.site.origins = whole.site.origins;
                assert_eq!(without, whole, "{section}.{key}");
            }
        }
    }

    #[test]
    fn the_reference_mentions_every_key_and_explains_it() {
        let lines = reference_lines();
        for (section, keys) in SECTIONS {
            for key in *keys {
                assert!(lines.iter().any(|(s, k, _)| s == section && k == key), "{section}.{key}");
            }
        }
        for (section, key, line) in lines {
            assert!(line.starts_with('#') || line.contains(" # "), "{section}.{key} is not explained");
        }
    }

    #[test]
    fn lines_for_the_demonstration_are_known() {
        let demo: Vec<_> = reference_lines().into_iter().filter(|(_, _, line)| line.contains("# demo")).collect();
        let keys: Vec<_> = demo.iter().map(|(section, key, _)| format!("{section}.{key}")).collect();
        assert_eq!(keys, ["site.url", "newsletter.from", "newsletter.grace"]);
        assert!(read_with(REFERENCE, &[]).unwrap().1.is_empty());
    }

    #[test]
    fn a_bucket_needs_a_program_that_was_built_for_it_and_its_secret_elsewhere() {
        let lines = "bucket = 's3://presse'\nbucket_key_id = 'a'\nbucket_secret_file = 'b'";
        let read = read_with(&least_with("publish", lines), &[]);
        if cfg!(feature = "bucket") {
            assert_eq!(read.unwrap().0.publish.bucket.map(|bucket| bucket.name).as_deref(), Some("presse"));
        } else {
            let fault = ConfigFault::NotBuilt { key: "publish.bucket", feature: "bucket" };
            assert_eq!(*read.unwrap_err().fault, fault);
        }
        let secret = read_with(&least_with("publish", "bucket_secret = 'sesame'"), &[]).unwrap_err();
        assert!(matches!(*secret.fault, ConfigFault::SecretInFile { file_key: "bucket_secret_file", .. }));
    }

    #[test]
    fn paths_start_from_the_folder_of_the_file() {
        let config = config(&least_with("content", "folder = '../site'\nuploads = '/data/up'"), &[]);
        assert_eq!(config.content.folder, "/srv/press/../site");
        assert_eq!(config.content.uploads, "/data/up");
        assert_eq!(config.database.url, DatabaseUrl::Sqlite("/srv/press/var/depeche.sqlite".into()));
        assert_eq!(config.publish.folder, None);
    }

    #[test]
    fn a_jekyll_site_says_what_the_file_does_not() {
        let beside = |content: &ContentSettings| {
            assert_eq!(content.jekyll_config, JekyllConfigAt::Path("/srv/press/site/_config.yml".into()));
            SiteDefaults {
                url: "https://www.example.net/press".parse().ok(),
                timezone: Some(chrono_tz::Europe::Brussels),
                ..SiteDefaults::default()
            }
        };
        let read = |text: &str| {
            Config::from_toml_beside(text, "c", Utf8Path::new("/srv/press"), std::iter::empty(), &beside)
                .unwrap()
                .0
                .site
        };
        let text = "[newsletter]\nfrom = 'p@example.net'\n[content]\njekyll_config = 'site/_config.yml'\n[site]\n";
        let site = read(text);
        assert_eq!((site.url.as_str(), site.timezone.name()), ("https://www.example.net/press", "Europe/Brussels"));
        let origins = SiteOrigins { url: Origin::Jekyll, timezone: Origin::Jekyll, permalink: Origin::Default };
        assert_eq!(site.origins, origins);
        let site = read(&format!("{text}url = 'https://press.example.net'\ntimezone = 'Europe/Paris'\n"));
        assert_eq!((site.url.as_str(), site.timezone.name()), ("https://press.example.net", "Europe/Paris"));
        assert_eq!(site.origins.url, Origin::Config);
    }

    #[test]
    fn what_is_not_said_follows_from_the_sender() {
        let config = config(LEAST, &[]);
        assert_eq!(config.newsletter.list_id, "example.net");
        assert_eq!(config.office, std::slice::from_ref(&config.newsletter.from));
        assert_eq!(config.newsletter.grace, TimeDelta::minutes(10));
        assert_eq!(config.relays[0].kind, RelayKind::Directory { folder: "/srv/press/var/mail".into() });
    }

    #[test]
    fn variables_lie_over_the_file() {
        let env = [
            ("DEPECHE_NEWSLETTER__GRACE", "1s"),
            ("DEPECHE_NEWSLETTER__APPROVAL", "true"),
            ("DEPECHE_FEEDS__ENTRIES", "7"),
            ("DEPECHE_FETCH__PRIVATE", "true"),
            ("DEPECHE_NEWSLETTER__RETRY", "1s, 2s"),
            ("DEPECHE_OFFICE__COPIES", r#"["Ann, chief <ann@example.net>"]"#),
            ("DEPECHE_HTTP__LISTEN", "[::1]:0"),
            ("DEPECHE_REQUIRE", "postgres"),
            ("DEPECHE_COLOUR", "blue"),
            ("HOME", "/root"),
        ];
        let (config, warnings) = read_with(&least_with("feeds", "entries = 3"), &env).unwrap();
        assert_eq!((config.newsletter.grace, config.newsletter.approval), (TimeDelta::seconds(1), true));
        assert_eq!((config.feeds.entries, config.fetch.private), (7, true));
        assert_eq!(config.newsletter.retry, [TimeDelta::seconds(1), TimeDelta::seconds(2)]);
        assert_eq!(config.office[0].name.as_deref(), Some("Ann, chief"));
        assert_eq!(config.http.listen.to_string(), "[::1]:0");
        assert_eq!(warnings, [ConfigWarning::IgnoredVariable { name: "DEPECHE_COLOUR".to_owned() }]);
    }

    #[test]
    fn a_variable_turns_the_relay() {
        let env = [("DEPECHE_RELAY__KIND", "smtp"), ("DEPECHE_RELAY__PORT", "2525")];
        let expected = RelayKind::Smtp(smtp("127.0.0.1", 2525, RelayTls::OnThisMachine));
        assert_eq!(config(LEAST, &env).relays[0].kind, expected);
        assert_eq!(config(REFERENCE, &env).relays[0].kind, expected);
        let two = format!("{LEAST}[[relay]]\nkind='smtp'\n[[relay]]\nfolder='a'\n");
        assert_eq!(config(&two, &[]).relays.len(), 2);
        refused(
            &two,
            &env,
            "environment variable DEPECHE_RELAY__KIND: several relays are listed in the file, so a variable cannot say \
             which it means: change the file",
        );
    }

    #[test]
    fn unknown_names_get_a_suggestion() {
        refused(
            &least_with("newsletter", "graec = '1s'"),
            &[],
            "config.toml, line 5: `newsletter.graec` does not exist: did you mean `newsletter.grace`?",
        );
        refused(
            &least_with("site", "grace = '1s'"),
            &[],
            "config.toml, line 2: `site.grace` does not exist: did you mean `newsletter.grace`?",
        );
        refused(
            &format!("{LEAST}[newsleter]\n"),
            &[],
            "config.toml, line 6: `newsleter` does not exist: did you mean `newsletter`?",
        );
        refused(
            LEAST,
            &[("DEPECHE_SITE__TITEL", "x")],
            "environment variable DEPECHE_SITE__TITEL: `site.titel` does not exist: did you mean `site.title`?",
        );
        refused(
            &format!("{LEAST}[weather]\n"),
            &[],
            "config.toml, line 6: `weather` does not exist: take the line out, or see config.toml for every key there is",
        );
        assert!(read_with(&format!("{LEAST}[[relay]]\nkind = 'smtp'\ntlss = 'tls'\n"), &[]).is_err());
    }

    #[test]
    fn wrong_values_are_shown_with_what_to_write() {
        let cases = [
            (
                "newsletter",
                "grace = '10 min'",
                "`newsletter.grace` is `10 min`: write a duration such as `500ms`, `10m`, `48h` or `400d`",
            ),
            (
                "newsletter",
                "grace = 10",
                "`newsletter.grace` is `10`: write a duration such as `500ms`, `10m`, `48h` or `400d`",
            ),
            ("newsletter", "retry = []", "`newsletter.retry` has a wrong value: write a list with at least one item"),
            (
                "newsletter",
                "retry = ['0s']",
                "`newsletter.retry` is `0s`: write a duration such as `500ms`, `10m`, `48h` or `400d`, at least `1s`",
            ),
            (
                "newsletter",
                "digest_days = ['lundi']",
                "`newsletter.digest_days` is `lundi`: write `mon` or `tue` or `wed` or `thu` or `fri` or `sat` or `sun`",
            ),
            (
                "newsletter",
                "list_id = 'a b'",
                "`newsletter.list_id` is `a b`: write the list's id in letters, digits, `.`, `-` and `_`, such as `presse.example.org`",
            ),
            ("feeds", "entries = 0", "`feeds.entries` is `0`: write a whole number from 1 to 1000"),
            ("feeds", "entries = '20'", "`feeds.entries` is `20`: write a whole number from 1 to 1000"),
            ("feeds", "entries = 1.5", "`feeds.entries` has a wrong value: write a whole number from 1 to 1000"),
            (
                "site",
                "timezone = 'Europe/Pari'",
                "`site.timezone` is `Europe/Pari`: write a time zone: perhaps `Europe/Paris`",
            ),
            (
                "site",
                "permalink = '/feeds/:title/'",
                "`site.permalink` is `/feeds/:title/`: write a path with `:title`, `:slug` or `:path` that lies under no reserved address, such as `/espace-presse/:title/`",
            ),
            ("content", "folder = ''", "`content.folder` is ``: write the path of a file or folder"),
            (
                "http",
                "trusted_proxies = ['proxy']",
                "`http.trusted_proxies` is `proxy`: write IP addresses or networks such as `[\"127.0.0.1\", \"10.0.0.0/8\"]`",
            ),
        ];
        for (section, line, expected) in cases {
            let message = read_with(&least_with(section, line), &[]).unwrap_err().to_string();
            assert_eq!(message.split_once(": ").unwrap().1, expected);
        }
    }

    #[test]
    fn old_names_lead_on_in_one_step() {
        let config = config(
            &least_with("feeds", "[feeds.aliases]\n'/feed.xml' = 'all.atom'\n'/blog/tag.rss' = 'tag/ponts.rss'"),
            &[("DEPECHE_TOPICS__ALIASES", "{ 'tag:web' = 'tag:internet', 'category:a' = 'category:b' }")],
        );
        let paths: Vec<_> = config.feeds.aliases.iter().map(|(old, feed)| (old.as_str(), feed.as_str())).collect();
        assert_eq!(paths, [("/blog/tag.rss", "/feeds/tag/ponts.rss"), ("/feed.xml", "/feeds/all.atom")]);
        let topic = |text: &str| text.parse::<crate::domain::Topic>().unwrap();
        assert_eq!(*config.topic_aliases.canonical(&topic("tag:web")), topic("tag:internet"));
        for (section, line, expected) in [
            (
                "topics",
                "aliases = { 'tag:a' = 'tag:b', 'tag:b' = 'tag:c' }",
                "`topics.aliases` leads from `tag:a` to `tag:b`, which is merged itself: write the topic where it ends, `tag:c`",
            ),
            (
                "topics",
                "aliases = { 'tag:a' = 'tag:b', 'tag:b' = 'tag:a' }",
                "`topics.aliases` merges `tag:a` and `tag:b` in a circle: keep the one line that leads to the topic that goes on",
            ),
            (
                "topics",
                "aliases = { 'tag:a' = 'all' }",
                "`topics.aliases.\"tag:a\"` is `all`: write a category or tag such as `category:discours` or `tag:open-data`",
            ),
            (
                "topics",
                "aliases = 'tag:a'",
                "`topics.aliases` is `tag:a`: write a table such as `{ \"old\" = \"new\" }`",
            ),
            (
                "feeds",
                "aliases = { '/feeds/x.rss' = 'all.rss' }",
                "`feeds.aliases` is `/feeds/x.rss`: write a path outside Depeche's own addresses such as `/feed.xml`",
            ),
            (
                "feeds",
                "aliases = { '/feed.xml' = 'all.xml' }",
                "`feeds.aliases.\"/feed.xml\"` is `all.xml`: write a feed such as `all.atom` or `tag/open-data.rss`",
            ),
        ] {
            let message = read_with(&least_with(section, line), &[]).unwrap_err().to_string();
            assert_eq!(message.split_once(": ").unwrap().1, expected);
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for url in ["postgers://u:hunter2@db/x", "postgres:hunter2", "sqlite://hunter2?mode=ro"] {
            let error = read_with(&least_with("database", &format!("url = '{url}'")), &[]).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
        let config = config(LEAST, &[("DEPECHE_DATABASE__URL", "postgres://u:hunter2@db.example.net/x")]);
        assert!(matches!(&config.database.url, DatabaseUrl::Postgres(url) if url.contains("hunter2")));
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn messages_speak_the_language_of_the_site() {
        let french = LEAST.replace("language = 'en'\n", "");
        refused(
            &french.replace("[newsletter]", "[newsletter]\nhold_above = 0"),
            &[],
            "config.toml, ligne 4 : `newsletter.hold_above` vaut `0` : écrivez un nombre entier, 1 ou plus",
        );
        let broken = read_with(&format!("{LEAST}grace = = 3\n"), &[]).unwrap_err();
        assert!(broken.to_string().starts_with("config.toml, line 6: this is not TOML: "), "{broken}");
        let missing = read_with("", &[("DEPECHE_SITE__LANGUAGE", "en")]).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "config.toml: `site.url` is missing and has no default: write `url = \"https://presse.example.org\"`"
        );
    }

    #[test]
    fn sections_are_written_as_such() {
        refused("site = 3", &[], "config.toml, ligne 1 : écrivez cette section `[site]`, ses clés au-dessous");
        refused("[relay]\n", &[], "config.toml, ligne 1 : écrivez cette section `[[relay]]`, ses clés au-dessous");
    }

    #[test]
    fn what_comes_back_comes_from_this_machine() {
        let lines = "[bounces]\nlmtp = '127.0.0.1:2424'\nmaildir = 'var/back'\n";
        let bounces = config(&format!("{LEAST}{lines}"), &[]).bounces;
        assert_eq!(bounces.lmtp.unwrap().port(), 2424);
        assert_eq!(bounces.maildir.unwrap(), "/srv/press/var/back");
        refused(
            &format!("{LEAST}[bounces]\nlmtp = '0.0.0.0:2424'\n"),
            &[],
            "config.toml, line 7: `bounces.lmtp` can be reached from other machines, and anybody could send there: write a \
             loopback address such as `127.0.0.1:2424`",
        );
    }

    #[test]
    fn the_admin_side_is_not_left_open() {
        let open = read_with(&least_with("http", "admin = '0.0.0.0:8081'"), &[]).unwrap_err();
        assert_eq!((open.place, *open.fault), (Some(Place::Line(7)), ConfigFault::OpenAdmin));
        let guarded = least_with("http", "admin = '0.0.0.0:8081'\nadmin_token_file = 'var/token'");
        assert_eq!(config(&guarded, &[]).http.admin_token_file.unwrap(), "/srv/press/var/token");
        let same = read_with(&least_with("http", "admin = '127.0.0.1:8080'"), &[]).unwrap_err();
        assert_eq!(*same.fault, ConfigFault::SameAddress);
        assert_eq!(
            config(&least_with("http", "admin = '127.0.0.1:0'\nlisten = '127.0.0.1:0'"), &[]).http.admin.port(),
            0
        );
    }

    fn smtp(host: &str, port: u16, tls: RelayTls) -> SmtpSettings {
        SmtpSettings { host: host.to_owned(), port, tls, ca_file: None, login: None }
    }

    /// The relay of these lines.
    fn relay(lines: &str) -> SmtpSettings {
        let config = config(&format!("{LEAST}[[relay]]\nkind = 'smtp'\n{lines}\n"), &[]);
        match &config.relays[0].kind {
            RelayKind::Smtp(settings) => settings.clone(),
            RelayKind::Directory { .. } => panic!("{config:?}"),
        }
    }

    #[test]
    fn letters_travel_unencrypted_within_this_machine_alone() {
        for host in ["localhost", "127.1.2.3", "::1"] {
            for tls in ["", "none"] {
                let expected = smtp(host, 25, RelayTls::OnThisMachine);
                assert_eq!(relay(&format!("host = '{host}'\ntls = '{tls}'")), expected);
            }
        }
        assert_eq!(relay("host = '[::1]'").host, "::1");
        for host in ["relay.example.net", "192.0.2.1", "localhost.example.net"] {
            assert_eq!(relay(&format!("host = '{host}'")), smtp(host, 25, RelayTls::StartTls));
        }
        assert_eq!(relay("tls = 'starttls'"), smtp("127.0.0.1", 25, RelayTls::StartTls));
        assert_eq!(relay("tls = 'tls'"), smtp("127.0.0.1", 465, RelayTls::Tls));
        let open = "[[relay]]\nkind = 'smtp'\nhost = 'r.example'\ntls = 'none'\n";
        let (config, warnings) = read_with(&format!("{LEAST}{open}"), &[]).unwrap();
        assert_eq!(config.relays[0].kind, RelayKind::Smtp(smtp("r.example", 25, RelayTls::None)));
        assert_eq!(warnings, [ConfigWarning::OpenRelay { host: "r.example".to_owned() }]);
        let mixed = read_with(&format!("{LEAST}[[relay]]\nkind = 'smtp'\nfolder = 'x'\n"), &[]).unwrap_err();
        assert!(matches!(*mixed.fault, ConfigFault::OtherRelay { kind: "directory", .. }));
    }

    #[test]
    fn a_relay_knows_us_by_name_and_password() {
        let login = relay("user = 'presse'\npassword_file = 'var/word'\nhost = 'r.example'\nca_file = 'ca.pem'");
        let expected =
            LoginSettings { user: "presse".to_owned(), password: PasswordSource::File("/srv/press/var/word".into()) };
        assert_eq!((login.login, login.ca_file.unwrap().as_str()), (Some(expected), "/srv/press/ca.pem"));
        let env = [
            ("DEPECHE_RELAY__KIND", "smtp"),
            ("DEPECHE_RELAY__USER", "presse"),
            ("DEPECHE_RELAY__PASSWORD", "open sesame"),
        ];
        let told = format!("{:?}", config(LEAST, &env).relays);
        assert!(told.contains("presse") && !told.contains("sesame"), "{told}");
        for (lines, key) in [("user = 'a'", "relay.password_file"), ("password_file = 'a'", "relay.user")] {
            let text = format!("{LEAST}[[relay]]\nkind = 'smtp'\n{lines}\n");
            let fault = read_with(&text, &[]).unwrap_err().fault;
            assert!(matches!(&*fault, ConfigFault::Missing { key: missing, .. } if missing == key), "{fault:?}");
        }
    }

    #[test]
    fn no_password_stands_in_the_file_or_travels_in_clear() {
        let fault =
            |lines: &str| read_with(&format!("{LEAST}[[relay]]\nkind = 'smtp'\n{lines}\n"), &[]).unwrap_err().fault;
        let secret = fault("user = 'a'\npassword = 'sesame'");
        assert!(matches!(*secret, ConfigFault::SecretInFile { file_key: "password_file", .. }));
        let clear = "host = 'r.example'\ntls = 'none'\n";
        let needs = |key: &str| ConfigFault::NeedsTls { key: key.to_owned() };
        assert_eq!(*fault(&format!("{clear}user = 'a'\npassword_file = 'b'")), needs("relay.user"));
        assert_eq!(*fault(&format!("{clear}ca_file = 'ca.pem'")), needs("relay.ca_file"));
        assert_eq!(*fault("ca_file = 'ca.pem'"), needs("relay.ca_file"));
    }

    #[test]
    fn a_doubtful_address_is_mentioned() {
        let local = LEAST.replace("https://press.example.net", "http://[::1]:8080");
        assert!(read_with(&local, &[]).unwrap().1.is_empty());
        let (_, warnings) = read_with(&local, &[("DEPECHE_RELAY__KIND", "smtp")]).unwrap();
        assert!(matches!(&warnings[..], [ConfigWarning::LocalAddress { .. }]));
        let (_, warnings) = read_with(&LEAST.replace("https:", "http:"), &[]).unwrap();
        assert!(matches!(&warnings[..], [ConfigWarning::PlainAddress { .. }]));
    }

    #[test]
    fn polling_has_three_words() {
        assert_eq!(config(&least_with("content", "poll = 'never'"), &[]).content.poll, PollMode::Never);
        assert!(read_with(&least_with("content", "poll = 'often'"), &[]).is_err());
    }
}
