//! The list of relays.

use std::net::IpAddr;

use camino::Utf8Path;

use super::fault::{ConfigFault, Expected};
use super::file::RelayFile;
use super::setting::{Misplaced, Setting, or};
use super::settings::{LoginSettings, PasswordSource, RelayKind, RelaySettings, RelayTls, Secret, SmtpSettings};

/// How many connections a relay gets when nothing is said.
const CONNECTIONS: u32 = 4;
/// More connections than any relay welcomes from one sender.
const MOST_CONNECTIONS: u32 = 100;
/// The port of a mail server (RFC 5321 §4.5.4.2).
const SMTP_PORT: u32 = 25;
/// The port of one that speaks TLS from the first byte (RFC 8314 §7.3).
const SUBMISSIONS_PORT: u32 = 465;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Directory,
    Smtp,
}

const KINDS: &[(&str, Kind)] = &[("directory", Kind::Directory), ("smtp", Kind::Smtp)];

/// The words of `tls`; without any, it follows from the host.
const TLS: &[(&str, Option<RelayTls>)] =
    &[("", None), ("starttls", Some(RelayTls::StartTls)), ("tls", Some(RelayTls::Tls)), ("none", Some(RelayTls::None))];

/// The relays of `files`; without any, letters become files in `var/mail`.
pub(super) fn relays(files: Vec<RelayFile>, base: &Utf8Path) -> Result<Vec<RelaySettings>, Misplaced> {
    let files = if files.is_empty() { vec![RelayFile::default()] } else { files };
    files.into_iter().map(|file| relay(&file, base)).collect()
}

fn relay(file: &RelayFile, base: &Utf8Path) -> Result<RelaySettings, Misplaced> {
    let RelayFile { kind, folder, host, port, tls, ca_file, user, password_file, password, connections, rate } = file;
    let kind_setting = kind;
    let kind = or(kind.as_ref(), Kind::Directory, |word| word.choice(KINDS))?;
    let (foreign, owner) = match kind {
        Kind::Directory => (&[host, port, tls, ca_file, user, password_file, password][..], "smtp"),
        Kind::Smtp => (&[folder][..], "directory"),
    };
    // A variable may turn the file's relay into one of the other kind; what the file says of the first is then void.
    let turned = kind_setting.as_ref().is_some_and(Setting::is_from_environment);
    let mut foreign = foreign.iter().filter_map(|setting| setting.as_ref());
    if let Some(setting) = foreign.find(|setting| !turned || setting.is_from_environment()) {
        return Err(setting.wrong(ConfigFault::OtherRelay { key: setting.key.clone(), kind: owner }));
    }
    let kind = match kind {
        Kind::Directory => {
            RelayKind::Directory { folder: or(folder.as_ref(), base.join("var/mail"), |path| path.path(base))? }
        }
        Kind::Smtp => RelayKind::Smtp(smtp(file, base)?),
    };
    let connections = or(connections.as_ref(), CONNECTIONS, |number| number.number(1, MOST_CONNECTIONS))?;
    let rate = or(rate.as_ref(), 0, |number| number.number(0, u32::MAX))?;
    Ok(RelaySettings {
        kind,
        rate: (rate > 0).then_some(rate),
        connections: usize::try_from(connections).unwrap_or(usize::MAX),
    })
}

fn smtp(file: &RelayFile, base: &Utf8Path) -> Result<SmtpSettings, Misplaced> {
    let host = or(file.host.as_ref(), "127.0.0.1".to_owned(), host)?;
    let local = is_loopback(&host);
    let tls = match or(file.tls.as_ref(), None, |word| word.choice(TLS))? {
        None | Some(RelayTls::None) if local => RelayTls::OnThisMachine,
        None => RelayTls::StartTls,
        Some(tls) => tls,
    };
    let is_open = matches!(tls, RelayTls::OnThisMachine | RelayTls::None);
    let ca_file = or(file.ca_file.as_ref(), None, |path| path.optional_path(base))?;
    if let (Some(setting), Some(_), true) = (&file.ca_file, &ca_file, is_open) {
        return Err(setting.wrong(ConfigFault::NeedsTls { key: setting.key.clone() }));
    }
    let login = login(file, base)?;
    if let (Some(setting), Some(_), RelayTls::None) = (&file.user, &login, tls) {
        return Err(setting.wrong(ConfigFault::NeedsTls { key: setting.key.clone() }));
    }
    let usual = if tls == RelayTls::Tls { SUBMISSIONS_PORT } else { SMTP_PORT };
    let port = or(file.port.as_ref(), usual, |number| number.number(1, u32::from(u16::MAX)))?;
    Ok(SmtpSettings { host, port: u16::try_from(port).unwrap_or(u16::MAX), tls, ca_file, login })
}

/// Who we are: a name and its password, or neither.
fn login(file: &RelayFile, base: &Utf8Path) -> Result<Option<LoginSettings>, Misplaced> {
    let given = |setting: &Setting| setting.optional(Expected::Text, |text| Some(text.to_owned()));
    let user = or(file.user.as_ref(), None, given)?;
    let path = or(file.password_file.as_ref(), None, |path| path.optional_path(base))?;
    let password = match &file.password {
        Some(setting) if setting.is_from_environment() => {
            Some(setting.text()?.to_owned()).filter(|text| !text.is_empty()).map(Secret::new)
        }
        Some(setting) => {
            return Err(setting
                .wrong(ConfigFault::SecretInFile { file_key: "password_file", variable: "DEPECHE_RELAY__PASSWORD" }));
        }
        None => None,
    };
    let password = match (password, path) {
        (Some(secret), _) => Some(PasswordSource::Environment(secret)),
        (None, Some(path)) => Some(PasswordSource::File(path)),
        (None, None) => None,
    };
    match (user, password) {
        (Some(user), Some(password)) => Ok(Some(LoginSettings { user, password })),
        (None, None) => Ok(None),
        (Some(_), None) => {
            let lacks = |user: &Setting| user.lacks("relay.password_file", r#"password_file = "var/relay.password""#);
            file.user.as_ref().map(lacks).map_or(Ok(None), Err)
        }
        (None, Some(_)) => {
            let lacks = |password: &Setting| password.lacks("relay.user", r#"user = "presse""#);
            file.password.as_ref().or(file.password_file.as_ref()).map(lacks).map_or(Ok(None), Err)
        }
    }
}

/// A name or an address; that of IPv6 without its brackets.
fn host(setting: &Setting) -> Result<String, Misplaced> {
    setting.parsed(Expected::Host, |text| {
        let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        let is_address = text.parse::<IpAddr>().is_ok();
        let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        (is_address || (!text.is_empty() && text.bytes().all(named))).then(|| text.to_owned())
    })
}

/// Whether `host` means this machine, going by its name alone; the addresses it stands for are looked at when connecting.
fn is_loopback(host: &str) -> bool {
    host.parse::<IpAddr>()
        .map_or(host.eq_ignore_ascii_case("localhost"), |address| address.to_canonical().is_loopback())
}
