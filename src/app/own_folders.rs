//! The folders people work in are never written to by publishing.

use anyhow::bail;
use camino::{Utf8Path, Utf8PathBuf};

use crate::config::{Config, RelayKind};

/// Refuses to publish into `out` when it is, holds or lies in a folder that people or Depeche itself keep files in.
///
/// # Errors
/// When it does; the message names both folders.
pub fn refuse_own_folders(config: &Config, out: &Utf8Path) -> anyhow::Result<()> {
    let out = settled(out);
    let mut own = vec![&config.content.folder, &config.content.uploads, &config.templates_folder];
    own.extend(config.relays.iter().filter_map(|relay| match &relay.kind {
        RelayKind::Directory { folder } => Some(folder),
        RelayKind::Smtp(_) => None,
    }));
    for folder in own {
        let folder = settled(folder);
        if out.starts_with(&folder) || folder.starts_with(&out) {
            bail!(
                "`{out}` cannot be published to: it overlaps `{folder}`, which holds your own files; name another folder"
            );
        }
    }
    Ok(())
}

/// The path without links and dots, as far as it exists.
fn settled(path: &Utf8Path) -> Utf8PathBuf {
    path.canonicalize_utf8().or_else(|_| camino::absolute_utf8(path)).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_of_its_own_is_published_to() {
        let folder = tempfile::tempdir().unwrap();
        let base = Utf8Path::from_path(folder.path()).unwrap();
        std::fs::create_dir(base.join("content")).unwrap();
        let text = "[site]\nurl = \"https://example.org\"\n[newsletter]\nfrom = \"presse@example.org\"\n";
        let (config, _) = Config::from_toml(text, "config.toml", base, std::iter::empty()).unwrap();
        for refused in ["content", "content/public", "content/../content/uploads", ".", "templates", "var/mail"] {
            assert!(refuse_own_folders(&config, &base.join(refused)).is_err(), "{refused}");
        }
        refuse_own_folders(&config, &base.join("public")).unwrap();
        refuse_own_folders(&config, &base.join("contents")).unwrap();
    }
}
