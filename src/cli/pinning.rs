//! `register pin`: ids written into the files, each file replaced whole.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;

use anyhow::{Context as _, bail};
use camino::{Utf8Path, Utf8PathBuf};

use super::terminal::Terminal;
use super::{Exit, opening, release};
use crate::content::{Pinned, pin_id};
use crate::domain::{ReleaseId, SourcePath};
use crate::register::Register;
use crate::watch::Folder;

pub(super) async fn run(file: &Utf8Path, releases: &[String], terminal: Terminal) -> anyhow::Result<Exit> {
    let config = opening::config(file, terminal)?;
    let (current, known) = opening::look_beside(&config).await?;
    let mut chosen = Vec::new();
    for words in releases {
        chosen.push(release::find(&current.catalog, words)?);
    }
    if releases.is_empty() {
        chosen.extend(current.catalog.all());
    }
    let folder = Folder::new(&config.content);
    let (mut written, mut already, mut left) = (0_usize, 0_usize, 0_usize);
    for published in chosen {
        let (id, path) = (&published.id, &published.release.path);
        let digest = current.register.records.get(id).map(|record| record.file_digest);
        let pinned = if is_settled(&known, id) {
            pin(&folder, &config.content.folder, path, id, digest)
        } else {
            Err(anyhow::anyhow!("it is not known yet: let the daemon see it first"))
        };
        match pinned {
            Ok(true) => {
                written += 1;
                terminal.line(format!("{path}: {id}"));
            }
            Ok(false) => already += 1,
            Err(error) => {
                left += 1;
                terminal.tell(format!("depeche: {path} is left as it is: {error:#}"));
            }
        }
    }
    terminal.tell(format!("{written} pinned, {already} pinned before, {left} left"));
    Ok(if left == 0 { Exit::Done } else { Exit::Failed })
}

/// Whether the id can be relied on: the register knows it, or there is no register yet and it would be minted so.
fn is_settled(known: &Register, id: &ReleaseId) -> bool {
    known.started.is_none() || known.records.contains_key(id)
}

/// Pins `id` in the file at `path`; `false` when it was pinned before.
fn pin(
    folder: &Folder,
    root: &Utf8Path,
    path: &SourcePath,
    id: &ReleaseId,
    expected: Option<crate::domain::Digest>,
) -> anyhow::Result<bool> {
    let found = folder.read(path).context("it cannot be read")?;
    if Some(found.digest) != expected {
        bail!("it is being changed, or has errors");
    }
    let Pinned::Bytes(bytes) = pin_id(&found.bytes, id)? else { return Ok(false) };
    // What a link leads to is replaced, not the link.
    let target = root.join(path.as_str()).canonicalize_utf8().context("it cannot be found")?;
    replace(&target, &bytes, || folder.read(path).is_ok_and(|now| now.digest == found.digest))?;
    Ok(true)
}

/// Writes `bytes` beside `target` and puts them in its place, if it still is as it was.
fn replace(target: &Utf8Path, bytes: &[u8], is_unchanged: impl FnOnce() -> bool) -> anyhow::Result<()> {
    let name = target.file_name().unwrap_or_default();
    let draft: Utf8PathBuf = target.with_file_name(format!(".{name}.pin-{}", std::process::id()));
    let done = write_like(target, &draft, bytes).and_then(|()| {
        if !is_unchanged() {
            bail!("it was changed just now");
        }
        fs::rename(&draft, target).context("it cannot be replaced")
    });
    if done.is_err() {
        let _ = fs::remove_file(&draft);
    }
    done
}

/// Writes `bytes` to `draft`, with the permissions of `target` and, as far as that is allowed, its owner.
fn write_like(target: &Utf8Path, draft: &Utf8Path, bytes: &[u8]) -> anyhow::Result<()> {
    let metadata = fs::metadata(target).context("it cannot be read")?;
    let mut file = File::create_new(draft).with_context(|| format!("`{draft}` cannot be written"))?;
    let _ = std::os::unix::fs::fchown(&file, Some(metadata.uid()), Some(metadata.gid()));
    file.set_permissions(metadata.permissions())
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| file.sync_all())
        .with_context(|| format!("`{draft}` cannot be written"))
}
