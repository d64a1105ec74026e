//! Keys and passwords: the ones that are meant, whole, and their owner's alone.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;

use camino::Utf8Path;

use super::super::secrets::{read_key, read_signer};
use super::finding::Finding;
use crate::config::{Config, DkimSettings, PasswordSource, RelayKind};

/// The permissions of everybody but the owner.
const OTHERS: u32 = 0o077;

/// Looks at the keys; the database belongs to the one with this `fingerprint`.
pub(super) fn look(config: &Config, fingerprint: Option<&str>) -> Vec<Finding> {
    let mut found = vec![signing_key(&config.secrets.key_file, fingerprint)];
    let mut secret = vec![("secrets.key_file", config.secrets.key_file.as_path())];
    for file in &config.secrets.previous_key_files {
        secret.push(("secrets.previous_key_files", file));
        if let Err(error) = read_key(file) {
            found.push(broken("secrets.previous_key_files", file, &format!("{error:#}")));
        }
    }
    let signers: Vec<_> = config.dkim.iter().flat_map(one_by_one).collect();
    for (key, settings) in &signers {
        let file = settings.rsa.as_ref().or(settings.ed25519.as_ref()).map(|key| key.file.as_path());
        let Some(file) = file else { continue };
        secret.push((key, file));
        found.push(match read_signer(settings) {
            Ok(_) => Finding::ok("dkim-key", &[("key", key), ("path", file.as_str())]),
            Err(error) => broken(key, file, &format!("{error:#}")),
        });
    }
    for relay in &config.relays {
        if let RelayKind::Smtp(smtp) = &relay.kind
            && let Some(PasswordSource::File(file)) = smtp.login.as_ref().map(|login| &login.password)
        {
            secret.push(("relay.password_file", file));
        }
    }
    if let Some(PasswordSource::File(file)) = config.publish.bucket.as_ref().map(|bucket| &bucket.secret) {
        secret.push(("publish.bucket_secret_file", file));
    }
    secret.extend(config.http.admin_token_file.as_deref().map(|file| ("http.admin_token_file", file)));
    found.extend(secret.into_iter().filter_map(|(key, file)| open_to_others(key, file)));
    found
}

fn signing_key(file: &Utf8Path, fingerprint: Option<&str>) -> Finding {
    let path = ("path", file.as_str());
    match (fs::metadata(file), fingerprint) {
        (Err(error), None) if error.kind() == io::ErrorKind::NotFound => Finding::ok("key-new", &[path]),
        (Err(error), Some(stored)) if error.kind() == io::ErrorKind::NotFound => {
            Finding::problem("key-lost", &[path, ("stored", stored)])
        }
        (Ok(_) | Err(_), _) => match (read_key(file), fingerprint) {
            (Err(error), _) => broken("secrets.key_file", file, &format!("{error:#}")),
            (Ok(key), Some(stored)) if key.fingerprint() != stored => {
                Finding::problem("key-other", &[path, ("given", &key.fingerprint()), ("stored", stored)])
            }
            (Ok(key), _) => Finding::ok("key", &[path, ("fingerprint", &key.fingerprint())]),
        },
    }
}

fn broken(key: &str, file: &Utf8Path, why: &str) -> Finding {
    Finding::problem("key-broken", &[("key", key), ("path", file.as_str()), ("why", why)])
}

fn open_to_others(key: &str, file: &Utf8Path) -> Option<Finding> {
    let mode = fs::metadata(file).ok()?.permissions().mode() & 0o777;
    let mode_words = format!("{mode:03o}");
    let arguments = [("key", key), ("path", file.as_str()), ("mode", &mode_words)];
    (mode & OTHERS != 0).then(|| Finding::warning("secret-open", &arguments))
}

/// Each key that signs letters as if it were the only one.
fn one_by_one(dkim: &DkimSettings) -> Vec<(&'static str, DkimSettings)> {
    let DkimSettings { domain, rsa, ed25519 } = dkim;
    let mut keys = Vec::new();
    if rsa.is_some() {
        keys.push(("dkim.rsa", DkimSettings { domain: domain.clone(), rsa: rsa.clone(), ed25519: None }));
    }
    if ed25519.is_some() {
        keys.push(("dkim.ed25519", DkimSettings { domain: domain.clone(), rsa: None, ed25519: ed25519.clone() }));
    }
    keys
}
