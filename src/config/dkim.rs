//! `[dkim]`: who signs letters, and with which keys.

use camino::Utf8Path;

use super::fault::{ConfigFault, Expected};
use super::file::DkimFile;
use super::setting::{Misplaced, Setting};
use super::settings::{DkimKey, DkimSettings};
use super::suggestion::nearest;
use crate::domain::EmailAddress;

/// What a key is described by.
const KEYS: [&str; 2] = ["selector", "key_file"];

/// The signatures of letters that come from `from`; `None`: letters are not signed.
pub(super) fn dkim(file: &DkimFile, from: &EmailAddress, base: &Utf8Path) -> Result<Option<DkimSettings>, Misplaced> {
    let DkimFile { domain, rsa, ed25519 } = file;
    let name =
        |setting: &Setting| setting.optional(Expected::Domain, |text| is_name(text).then(|| text.to_ascii_lowercase()));
    let signs = domain.as_ref().map(name).transpose()?.flatten();
    let key = |table: &Option<Setting>| table.as_ref().map(|table| key(table, base)).transpose().map(Option::flatten);
    let (rsa_key, ed25519_key) = (key(rsa)?, key(ed25519)?);
    let Some((setting, signs)) = domain.as_ref().zip(signs) else {
        let keyed = [(rsa, &rsa_key), (ed25519, &ed25519_key)].into_iter().find(|(_, key)| key.is_some());
        let lacks = |table: &Setting| table.lacks("dkim.domain", &format!("domain = \"{}\"", from.domain()));
        return keyed.and_then(|(table, _)| table.as_ref()).map(lacks).map_or(Ok(None), Err);
    };
    if rsa_key.is_none() && ed25519_key.is_none() {
        return Err(setting.lacks("dkim.rsa", r#"rsa = { selector = "presse1", key_file = "var/dkim-rsa.pem" }"#));
    }
    // A signature that is not for the domain of `from`, or one above it, proves nothing to DMARC (RFC 7489 §3.1.1).
    let own = from.domain().to_ascii_lowercase();
    if own != signs && !own.ends_with(&format!(".{signs}")) {
        return Err(setting.wrong(ConfigFault::ForeignSignature { domain: signs, from: own }));
    }
    Ok(Some(DkimSettings { domain: signs, rsa: rsa_key, ed25519: ed25519_key }))
}

/// `{ selector = "…", key_file = "…" }`; `None` when both are empty.
fn key(table: &Setting, base: &Utf8Path) -> Result<Option<DkimKey>, Misplaced> {
    let (mut selector, mut key_file) = (None, None);
    for (name, value) in table.entries()? {
        match name.text()? {
            "selector" => selector = value.optional(Expected::Domain, |text| is_name(text).then(|| text.to_owned()))?,
            "key_file" => key_file = value.optional_path(base)?,
            other => {
                let suggestion = nearest(other, KEYS).map(str::to_owned);
                return Err(table.wrong(ConfigFault::Unknown { name: format!("{}.{other}", table.key), suggestion }));
            }
        }
    }
    match (selector, key_file) {
        (Some(selector), Some(file)) => Ok(Some(DkimKey { selector, file })),
        (None, None) => Ok(None),
        (selector, _) => {
            let lacking = if selector.is_none() { "selector" } else { "key_file" };
            let example = format!("{} = {{ selector = \"presse1\", key_file = \"var/dkim.pem\" }}", table.key);
            Err(table.lacks(&format!("{}.{lacking}", table.key), example.trim_start_matches("dkim.")))
        }
    }
}

/// Names of the DNS as a signature holds them: labels of letters, digits and `-`.
fn is_name(text: &str) -> bool {
    text.split('.').all(|label| {
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(is_sign)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, ConfigError};

    fn read(lines: &str) -> Result<Config, ConfigError> {
        let text = format!(
            "[site]\nurl = 'https://press.example.net'\n[newsletter]\nfrom = 'p@news.example.net'\n[dkim]\n{lines}\n"
        );
        Config::from_toml(&text, "config.toml", "/srv/press".into(), std::iter::empty()).map(|(config, _)| config)
    }

    #[test]
    fn keys_have_their_selectors() {
        assert_eq!(read("domain = ''\nrsa = { selector = '', key_file = '' }").unwrap().dkim, None);
        let key = |selector: &str, file: &str| Some(DkimKey { selector: selector.to_owned(), file: file.into() });
        let expected = DkimSettings {
            domain: "example.net".to_owned(),
            rsa: key("a.b", "/srv/press/rsa.pem"),
            ed25519: key("e", "/keys/ed.pem"),
        };
        let lines = "domain = 'Example.net'\nrsa = { selector = 'a.b', key_file = 'rsa.pem' }\n\
            ed25519 = { selector = 'e', key_file = '/keys/ed.pem' }";
        assert_eq!(read(lines).unwrap().dkim, Some(expected));
    }

    #[test]
    fn what_could_not_sign_is_said_at_once() {
        let key = "rsa = { selector = 'a', key_file = 'k' }";
        let fault = |lines: &str| *read(lines).unwrap_err().fault;
        let missing = |lines: &str, lacking: &str| {
            let fault = fault(lines);
            assert!(matches!(&fault, ConfigFault::Missing { key, .. } if key == lacking), "{fault:?}");
        };
        missing(key, "dkim.domain");
        missing("domain = 'example.net'", "dkim.rsa");
        missing("domain = 'example.net'\nrsa = { selector = 'a' }", "dkim.rsa.key_file");
        missing("domain = 'example.net'\ned25519 = { key_file = 'a' }", "dkim.ed25519.selector");
        for foreign in ["example.org", "s.example.net", "ample.net"] {
            let fault = fault(&format!("domain = '{foreign}'\n{key}"));
            assert!(matches!(fault, ConfigFault::ForeignSignature { .. }), "{fault:?}");
        }
        assert!(matches!(fault("domain = 'exa mple.net'"), ConfigFault::Value { .. }));
        let unknown = fault("domain = 'example.net'\nrsa = { selectr = 'a', key_file = 'k' }");
        assert!(matches!(unknown, ConfigFault::Unknown { suggestion: Some(meant), .. } if meant == "selector"));
    }
}
