//! Which release a person means.

use std::sync::Arc;

use anyhow::{anyhow, bail};

use crate::catalog::{Catalog, Published};

/// The release that `words` name: its id, address, file, file name, or part of its title when that is unique.
pub(super) fn find<'a>(catalog: &'a Catalog, words: &str) -> anyhow::Result<&'a Arc<Published>> {
    let all = || catalog.all();
    let by_name = |published: &&Arc<Published>| {
        let path = &published.release.path;
        published.id.as_str() == words
            || published.release.permalink.as_str().trim_end_matches('/') == words.trim_end_matches('/')
            || path.as_str() == words
            || path.file_name() == words.rsplit('/').next().unwrap_or(words)
            || path.stem() == words
    };
    if let Some(found) = all().find(by_name) {
        return Ok(found);
    }
    let lower = words.to_lowercase();
    let mut by_title = all().filter(|published| published.release.title.to_lowercase().contains(&lower));
    match (by_title.next(), by_title.next()) {
        (Some(found), None) => Ok(found),
        (Some(first), Some(second)) => {
            bail!(
                "`{words}` fits several releases, such as {} and {}: name its file",
                first.release.path,
                second.release.path
            )
        }
        (None, _) => Err(anyhow!("no release is called `{words}`: name its file, its address or part of its title")),
    }
}
