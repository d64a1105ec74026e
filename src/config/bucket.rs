//! The bucket that everything public is put into, too.

use camino::Utf8Path;
use url::Url;

use super::fault::{ConfigFault, Expected};
use super::file::PublishFile;
use super::setting::{Misplaced, Setting, or};
use super::settings::{BucketSettings, PasswordSource, Secret};

/// What a bucket's address begins with.
const SCHEME: &str = "s3://";
/// Where Amazon keeps what says nothing; other stores mostly do not ask.
const REGION: &str = "us-east-1";

/// The bucket of `publish.bucket`; `None` when none is named. The other keys are then void.
pub(super) fn bucket(file: &PublishFile, base: &Utf8Path) -> Result<Option<BucketSettings>, Misplaced> {
    let PublishFile {
        folder: _,
        precompress: _,
        bucket,
        bucket_endpoint,
        bucket_region,
        bucket_key_id,
        bucket_secret_file,
        bucket_secret,
    } = file;
    if let Some(setting) = bucket_secret.as_ref().filter(|setting| !setting.is_from_environment()) {
        return Err(setting.wrong(ConfigFault::SecretInFile {
            file_key: "bucket_secret_file",
            variable: "DEPECHE_PUBLISH__BUCKET_SECRET",
        }));
    }
    let Some(setting) = bucket else { return Ok(None) };
    let Some((name, prefix)) = setting.optional(Expected::Bucket, address)? else { return Ok(None) };
    if !cfg!(feature = "bucket") {
        return Err(setting.wrong(ConfigFault::NotBuilt { key: "publish.bucket", feature: "bucket" }));
    }
    let given = |setting: &Setting| setting.optional(Expected::Text, |text| Some(text.to_owned()));
    let key_id = or(bucket_key_id.as_ref(), None, given)?
        .ok_or_else(|| setting.lacks("publish.bucket_key_id", r#"bucket_key_id = "AKIA…""#))?;
    let secret = match bucket_secret {
        Some(setting) => Some(setting.text()?.to_owned()).filter(|text| !text.is_empty()),
        None => None,
    };
    let path = or(bucket_secret_file.as_ref(), None, |path| path.optional_path(base))?;
    let secret = match (secret, path) {
        (Some(secret), _) => PasswordSource::Environment(Secret::new(secret)),
        (None, Some(path)) => PasswordSource::File(path),
        (None, None) => {
            return Err(setting.lacks("publish.bucket_secret_file", r#"bucket_secret_file = "var/bucket.secret""#));
        }
    };
    Ok(Some(BucketSettings {
        name,
        prefix,
        endpoint: or(bucket_endpoint.as_ref(), None, |text| text.optional(Expected::WebAddress, endpoint))?,
        region: or(bucket_region.as_ref(), None, given)?.unwrap_or_else(|| REGION.to_owned()),
        key_id,
        secret,
    }))
}

/// `s3://name` or `s3://name/a/path`. A name is of letters, digits, `.` and `-`.
fn address(text: &str) -> Option<(String, String)> {
    let rest = text.strip_prefix(SCHEME)?;
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.trim_end_matches('/');
    let named = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    let part = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(|c: char| c.is_control() || c == '\\');
    let is_plain = prefix.is_empty() || prefix.split('/').all(part);
    (!name.is_empty() && name.bytes().all(named) && is_plain).then(|| (name.to_owned(), prefix.to_owned()))
}

fn endpoint(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (is_web && is_bare).then(|| text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_a_name_and_perhaps_a_path() {
        for (text, name, prefix) in
            [("s3://presse", "presse", ""), ("s3://presse/", "presse", ""), ("s3://p.1/a/b/", "p.1", "a/b")]
        {
            assert_eq!(address(text), Some((name.to_owned(), prefix.to_owned())), "{text}");
        }
        for bad in ["", "presse", "s3://", "s3:///a", "s3://Presse", "s3://a/../b", "s3://a//b", "https://a/b"] {
            assert_eq!(address(bad), None, "{bad}");
        }
        assert_eq!(endpoint("https://s3.example.org/").as_deref(), Some("https://s3.example.org"));
        assert_eq!(endpoint("https://key:secret@s3.example.org"), None);
    }
}
