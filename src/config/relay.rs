//! The list of relays.

use std::net::IpAddr;

use camino::Utf8Path;

use super::check::or;
use super::fault::{ConfigFault, Expected};
use super::file::RelayFile;
use super::setting::{Misplaced, Setting};
use super::settings::{RelayKind, RelaySettings};

/// How many connections a relay gets when nothing is said.
const CONNECTIONS: u32 = 4;
/// More connections than any relay welcomes from one sender.
const MOST_CONNECTIONS: u32 = 100;
/// The port of a mail server (RFC 5321 §4.5.4.2).
const SMTP_PORT: u32 = 25;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Directory,
    Smtp,
}

const KINDS: &[(&str, Kind)] = &[("directory", Kind::Directory), ("smtp", Kind::Smtp)];

/// The relays of `files`; without any, letters become files in `var/mail`.
pub(super) fn relays(files: Vec<RelayFile>, base: &Utf8Path) -> Result<Vec<RelaySettings>, Misplaced> {
    let files = if files.is_empty() { vec![RelayFile::default()] } else { files };
    files.into_iter().map(|file| relay(file, base)).collect()
}

fn relay(file: RelayFile, base: &Utf8Path) -> Result<RelaySettings, Misplaced> {
    let RelayFile { kind: kind_setting, folder, host, port, connections, rate } = file;
    let kind = or(kind_setting.as_ref(), Kind::Directory, |word| word.choice(KINDS))?;
    let (foreign, owner) = match kind {
        Kind::Directory => ([host.as_ref(), port.as_ref()], "smtp"),
        Kind::Smtp => ([folder.as_ref(), None], "directory"),
    };
    // A variable may turn the file's relay into one of the other kind; what the file says of the first is then void.
    let turned = kind_setting.is_some_and(|setting| setting.is_from_environment());
    if let Some(setting) = foreign.into_iter().flatten().find(|setting| !turned || setting.is_from_environment()) {
        let fault = ConfigFault::OtherRelay { key: setting.key.clone(), kind: owner };
        return Err((Some(setting.place.clone()), fault));
    }
    let kind = match kind {
        Kind::Directory => {
            RelayKind::Directory { folder: or(folder.as_ref(), base.join("var/mail"), |path| path.path(base))? }
        }
        Kind::Smtp => RelayKind::Smtp {
            host: or(host.as_ref(), "127.0.0.1".to_owned(), loopback)?,
            port: port_number(port.as_ref())?,
        },
    };
    let connections = or(connections.as_ref(), CONNECTIONS, |number| number.number(1, MOST_CONNECTIONS))?;
    let rate = or(rate.as_ref(), 0, |number| number.number(0, u32::MAX))?;
    Ok(RelaySettings {
        kind,
        rate: (rate > 0).then_some(rate),
        connections: usize::try_from(connections).unwrap_or(usize::MAX),
    })
}

fn port_number(setting: Option<&Setting>) -> Result<u16, Misplaced> {
    let number = or(setting, SMTP_PORT, |number| number.number(1, u32::from(u16::MAX)))?;
    Ok(u16::try_from(number).unwrap_or(u16::MAX))
}

/// A host of this machine: letters travel to it unencrypted.
fn loopback(setting: &Setting) -> Result<String, Misplaced> {
    let expected = Expected::Host;
    let host = setting.parsed(expected, |text| {
        let named = !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'));
        named.then(|| text.to_owned())
    })?;
    let local = host.parse::<IpAddr>().map_or(host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback());
    if local { Ok(host) } else { Err((Some(setting.place.clone()), ConfigFault::RemoteRelay { host })) }
}
