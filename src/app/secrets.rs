//! The files of secrets: made at first start, their owner's alone.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use anyhow::{Context as _, bail};
use camino::{Utf8Path, Utf8PathBuf};

use crate::config::{DkimKey, DkimSettings, SecretSettings};
use crate::domain::{TokenKey, from_hex, to_hex};
use crate::mail::{Algorithm, Signer, SigningKey};
use crate::store::BackupKey;
use crate::task::random_boundary;

/// How many bytes a key has; the file holds them as hexadecimal digits.
const KEY_BYTES: usize = 32;

/// The key in `file`, made now when there is none.
///
/// # Errors
/// When the file cannot be read or written, or holds something else.
pub fn read_or_make_key(file: &Utf8Path) -> anyhow::Result<TokenKey> {
    match read_key(file) {
        Err(error) if is_missing(&error) => {
            let mut bytes = [0; KEY_BYTES];
            getrandom::fill(&mut bytes).context("this machine has no source of random bytes")?;
            match write_key(file, &to_hex(&bytes)) {
                Ok(()) => Ok(TokenKey::new(bytes)),
                // Another process was faster: its key is the one.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => read_key(file),
                Err(error) => Err(error).with_context(|| format!("failed to make the key file `{file}`")),
            }
        }
        found => found,
    }
}

/// The key in `file`.
///
/// # Errors
/// When the file cannot be read or holds something else.
pub fn read_key(file: &Utf8Path) -> anyhow::Result<TokenKey> {
    let text = fs::read_to_string(file).map_err(|error| unread(file, error))?;
    parse_key(&text)
        .with_context(|| format!("`{file}` is not a key: it must hold {} hexadecimal digits", 2 * KEY_BYTES))
}

/// A key file that was not read, and what to do where that is known.
fn unread(file: &Utf8Path, error: std::io::Error) -> anyhow::Error {
    let advice = if error.kind() == ErrorKind::PermissionDenied {
        ": give it to the user that Depeche runs as (chown), and let nobody else read it (chmod 600)"
    } else {
        ""
    };
    anyhow::Error::new(error).context(format!("failed to read the key file `{file}`{advice}"))
}

/// The key in `file` of a database that belongs to the key with this `fingerprint`.
///
/// # Errors
/// When the file is missing or cannot be read, or holds something else. Which key it holds is not looked at.
pub(super) fn read_own_key(file: &Utf8Path, fingerprint: &str) -> anyhow::Result<TokenKey> {
    let found = read_key(file);
    match &found {
        Err(error) if is_missing(error) => found.with_context(|| {
            format!(
                "the key of this database (fingerprint {fingerprint}) is missing: put its file back, from a backup if need be, \
                 or say where it is by `secrets.key_file`"
            )
        }),
        Ok(_) | Err(_) => found,
    }
}

fn parse_key(text: &str) -> Option<TokenKey> {
    from_hex(text.trim()).map(TokenKey::new)
}

/// The keys that sign letters.
///
/// # Errors
/// When a file cannot be read, or holds no key of its kind.
pub(super) fn read_signer(settings: &DkimSettings) -> anyhow::Result<Signer> {
    let DkimSettings { domain, rsa, ed25519 } = settings;
    let described = [(rsa, Algorithm::Rsa), (ed25519, Algorithm::Ed25519)];
    let mut keys = Vec::new();
    for (key, algorithm) in described {
        let Some(DkimKey { selector, file }) = key else { continue };
        let text = fs::read(file).map_err(|error| unread(file, error))?;
        let key = SigningKey::from_pem(&text, algorithm)
            .with_context(|| format!("`{file}` cannot sign letters: see `[dkim]`"))?;
        keys.push((selector.clone(), key));
    }
    Ok(Signer::new(domain.clone(), keys))
}

/// The keys as their files hold them, the one that signs first.
///
/// # Errors
/// When a file cannot be read or holds something else.
pub fn keys_to_back_up(settings: &SecretSettings) -> anyhow::Result<Vec<BackupKey>> {
    let files = std::iter::once(&settings.key_file).chain(&settings.previous_key_files);
    let key = |(number, file): (usize, &Utf8PathBuf)| {
        read_key(file)?;
        let text = fs::read_to_string(file).with_context(|| format!("failed to read the key file `{file}`"))?;
        Ok(BackupKey { name: key_name(number), text })
    };
    files.enumerate().map(key).collect()
}

/// Compares the keys of a backup with those that are there, and gives the one that signs.
///
/// # Errors
/// When one is no key, the one that signs is missing, a file holds another, or the configuration names no file for one.
pub fn check_keys(settings: &SecretSettings, keys: &[BackupKey]) -> anyhow::Result<TokenKey> {
    for (file, key) in places(settings, keys) {
        let found = parse_key(&key.text).with_context(|| format!("the backup's `{}` is no key", key.name))?;
        match read_key(file) {
            Ok(there) if there == found => {}
            Ok(there) => bail!(
                "`{file}` holds another key (fingerprint {}) than the backup (fingerprint {}): move it away, if nothing \
                 else needs it",
                there.fingerprint(),
                found.fingerprint()
            ),
            Err(error) if is_missing(&error) => {}
            Err(error) => return Err(error),
        }
    }
    let homeless = keys.len().saturating_sub(places(settings, keys).count());
    if homeless > 0 {
        bail!(
            "{homeless} of the backup's {} keys have no place: name a file for each earlier key in \
             `secrets.previous_key_files`, {} in all, and restore again (they are made; nothing was changed)",
            keys.len(),
            keys.len().saturating_sub(1)
        );
    }
    let signs = keys.iter().find(|key| key.name == key_name(0)).context("the backup holds no key")?;
    parse_key(&signs.text).context("the backup's key is none")
}

/// Writes the keys of a backup to the files that the configuration names, where those are missing.
///
/// # Errors
/// When a file cannot be written.
pub fn put_keys_back(settings: &SecretSettings, keys: &[BackupKey]) -> anyhow::Result<()> {
    for (file, key) in places(settings, keys) {
        if !file.exists() {
            write_key(file, key.text.trim()).with_context(|| format!("failed to write the key file `{file}`"))?;
        }
    }
    Ok(())
}

/// The keys of a backup, each with the file that the configuration names for it.
fn places<'a>(
    settings: &'a SecretSettings,
    keys: &'a [BackupKey],
) -> impl Iterator<Item = (&'a Utf8PathBuf, &'a BackupKey)> {
    let files = std::iter::once(&settings.key_file).chain(&settings.previous_key_files).enumerate();
    files.filter_map(|(number, file)| Some((file, keys.iter().find(|key| key.name == key_name(number))?)))
}

fn key_name(number: usize) -> String {
    if number == 0 { "key".to_owned() } else { format!("previous {number}") }
}

/// Makes a key's file, which is its owner's alone; fails when there is one. It is written under another name first, so that
/// nobody ever finds a part of it.
fn write_key(file: &Utf8Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    fs::create_dir_all(folder)?;
    let name = file.file_name().unwrap_or_default();
    let draft = folder.join(format!(".{name}.{}", random_boundary()));
    let mut made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = made.write_all(format!("{text}\n").as_bytes()).and_then(|()| made.sync_all());
    // Unlike a renaming, a second name replaces no key that another process made meanwhile.
    let named = written.and_then(|()| fs::hard_link(&draft, file));
    fs::remove_file(&draft)?;
    named?;
    fs::File::open(folder)?.sync_all()
}

fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(folder.path()).unwrap().join("var/secret.key");
        let key = read_or_make_key(&file).unwrap();
        assert_eq!(read_or_make_key(&file).unwrap(), key);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn whoever_comes_at_the_same_time_finds_a_whole_key() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        for round in 0..100 {
            let file = folder.join(format!("{round}.key"));
            let keys: Vec<TokenKey> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| read_or_make_key(&file).unwrap())).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(keys.iter().all(|key| *key == keys[0]));
        }
        assert_eq!(fs::read_dir(folder).unwrap().count(), 100, "nothing else is left");
    }

    #[test]
    fn a_key_that_cannot_sign_letters_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(folder.path()).unwrap().join("dkim.pem");
        let key = Some(DkimKey { selector: "press".to_owned(), file: file.clone() });
        let settings = DkimSettings { domain: "example.org".to_owned(), rsa: None, ed25519: key };
        let said = || format!("{:#}", read_signer(&settings).unwrap_err());
        assert!(said().contains("failed to read the key file"), "{}", said());
        fs::write(&file, "nothing").unwrap();
        assert!(said().contains("dkim.pem` cannot sign letters: see `[dkim]`: it holds no private key"), "{}", said());
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        fs::write(&file, key.serialize_pem()).unwrap();
        let told = format!("{:?}", read_signer(&settings).unwrap());
        assert!(told.contains("press") && told.contains("ed25519-sha256"), "{told}");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(folder.path()).unwrap().join("secret.key");
        fs::write(&file, "short").unwrap();
        assert!(read_or_make_key(&file).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "short");
    }
}
