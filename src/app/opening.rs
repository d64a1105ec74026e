//! What commands and the daemon work with: configuration, templates, database, key.

use std::cell::RefCell;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, anyhow, bail};
use camino::Utf8Path;
use tokio::sync::{Notify, watch};
use walkdir::WalkDir;

use super::secrets::{read_key, read_or_make_key, read_own_key, read_signer};
use crate::catalog::Catalog;
use crate::clock::{Clock, SteadyClock};
use crate::config::{Config, ConfigWarning, ContentSettings, JekyllConfigAt, JekyllFile, SiteDefaults};
use crate::content::JekyllConfig;
use crate::domain::TokenKey;
use crate::fetch::Fetcher;
use crate::mail::Signer;
use crate::metrics::Metrics;
use crate::policy::SignUps;
use crate::register::{Register, SharedMap};
use crate::resource::{Resources, ServedFeeds};
use crate::store::Store;
use crate::task::{Current, Doubts, LinkDesk, Newsroom, Standing, feed_site, longest_silence};
use crate::template::Templates;
use crate::watch::UploadsFolder;

/// Reads the configuration in `file`, with the environment's changes.
///
/// # Errors
/// When it cannot be read, or says something that does not hold.
pub fn read_config(file: &Utf8Path) -> anyhow::Result<(Config, Vec<ConfigWarning>)> {
    let text = fs::read_to_string(file)
        .with_context(|| format!("failed to read the configuration `{file}`: name another with --config FILE"))?;
    let absolute = camino::absolute_utf8(file).with_context(|| format!("failed to find `{file}`"))?;
    let folder = absolute.parent().unwrap_or(Utf8Path::new("/"));
    let environment =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let fault = RefCell::new(None);
    let beside = |content: &ContentSettings| {
        jekyll_site(content).unwrap_or_else(|error| {
            fault.replace(Some(error));
            SiteDefaults::default()
        })
    };
    let read = Config::from_toml_beside(&text, file.as_str(), folder, environment, &beside);
    match fault.into_inner() {
        Some(error) => Err(error),
        None => read.map_err(|error| anyhow!("{error}")),
    }
}

/// What the Jekyll site says of itself that the releases belong to, when there is one.
fn jekyll_site(content: &ContentSettings) -> anyhow::Result<SiteDefaults> {
    const NAME: &str = "_config.yml";
    let above =
        content.folder.parent().filter(|_| content.folder.file_name().is_some_and(|name| name.starts_with('_')));
    let candidates = match &content.jekyll_config {
        JekyllConfigAt::Nowhere => Vec::new(),
        JekyllConfigAt::Path(path) => vec![path.clone()],
        JekyllConfigAt::Auto => {
            [Some(content.folder.as_path()), above].into_iter().flatten().map(|at| at.join(NAME)).collect()
        }
    };
    for path in candidates {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && content.jekyll_config == JekyllConfigAt::Auto => {
                continue;
            }
            Err(error) => return Err(error).with_context(|| unreadable(content, &path)),
        };
        let site = path.parent().unwrap_or(Utf8Path::new(""));
        let folder = content.folder.strip_prefix(site).map(Utf8Path::to_string).unwrap_or_default();
        let jekyll =
            JekyllConfig::parse(&text, &folder).map_err(|error| anyhow!("failed to read `{path}`: {error}"))?;
        return Ok(SiteDefaults {
            url: jekyll.url.clone(),
            timezone: jekyll.timezone,
            permalink: jekyll.permalink.clone(),
            file: Some(JekyllFile { path, text, folder }),
        });
    }
    Ok(SiteDefaults::default())
}

/// What is said of a site's configuration that cannot be read: mostly it is the whole folder.
fn unreadable(content: &ContentSettings, path: &Utf8Path) -> String {
    let folder = &content.folder;
    if fs::read_dir(folder).is_err() && path.starts_with(folder) {
        return format!(
            "the content folder `{folder}` (`content.folder`) cannot be read: let Depeche's user enter and read it"
        );
    }
    format!("failed to read `{path}`")
}

/// The templates: the built-in ones, and those in `folder` that replace them.
///
/// # Errors
/// When one cannot be read.
pub fn read_templates(folder: &Utf8Path) -> anyhow::Result<Templates> {
    let unreadable = || format!("failed to read the templates in `{folder}`");
    let mut overrides = Vec::new();
    let mut entries = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        let (depth, path) = match &entry {
            Ok(entry) => (entry.depth(), Some(entry.path())),
            Err(error) => (error.depth(), error.path()),
        };
        let is_folder = entry.as_ref().is_ok_and(|entry| entry.file_type().is_dir());
        if depth > 0 && path.is_some_and(is_left_behind) {
            if is_folder {
                entries.skip_current_dir();
            }
            continue;
        }
        match entry {
            Err(error) if depth == 0 && error.io_error().is_some_and(|error| error.kind() == ErrorKind::NotFound) => {
                break;
            }
            Ok(_) if is_folder => {}
            Ok(_) if depth == 0 => bail!("the templates `{folder}` (`templates.folder`) are no folder"),
            entry => {
                let entry = entry.with_context(unreadable)?;
                let path = <&Utf8Path>::try_from(entry.path()).with_context(unreadable)?;
                let text = fs::read_to_string(path).with_context(|| format!("failed to read the template `{path}`"))?;
                let name = path.strip_prefix(folder).unwrap_or(path).as_str().to_owned();
                overrides.push((name, text));
            }
        }
    }
    Ok(Templates::new(overrides)?)
}

/// Whether this is a copy or a hidden file that an editor left behind, be it a link that leads nowhere.
fn is_left_behind(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || name.ends_with('~')
}

/// Opens everything: the key is made and the database set up when they are not there yet. Nothing is read of the
/// content folder, and nothing is sent.
///
/// # Errors
/// When the database does not open, belongs to another key, or a template cannot be read.
pub async fn open_newsroom(config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<Newsroom>> {
    let materials = Materials::read(&config)?;
    open_with(config, materials, clock).await
}

/// What a newsroom reads of files besides the configuration.
#[derive(Debug, Clone)]
pub(super) struct Materials {
    pub(super) templates: Arc<Templates>,
    /// The key that signs; `None`: it is read once it is known which one the database has.
    pub(super) key: Option<TokenKey>,
    previous: Vec<TokenKey>,
    signer: Option<Signer>,
}

impl Materials {
    /// Reads them, but for the key that signs.
    ///
    /// # Errors
    /// When one cannot be read.
    pub(super) fn read(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            templates: Arc::new(read_templates(&config.templates_folder)?),
            key: None,
            previous: config.secrets.previous_key_files.iter().map(|file| read_key(file)).collect::<Result<_, _>>()?,
            signer: config.dkim.as_ref().map(read_signer).transpose()?,
        })
    }

    /// Those that `newsroom` has.
    pub(super) fn of(newsroom: &Newsroom) -> Self {
        let (key, previous) = newsroom.keys.clone();
        Self { templates: newsroom.templates.clone(), key: Some(key), previous, signer: newsroom.signer.clone() }
    }
}

/// The same as [`open_newsroom`], with what was read of files before.
pub(super) async fn open_with(
    config: Config,
    materials: Materials,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Arc<Newsroom>> {
    let Materials { templates, key, previous, signer } = materials;
    let (machine, clock) = (clock.clone(), Arc::new(SteadyClock::new(clock)));
    let now = clock.now();
    let store = Store::open(&config.database, now).await?;
    // Another key than the database's would be of no use, and in the way of the right one.
    let key = match (key, store.key_fingerprint().await?) {
        (Some(key), _) => key,
        (None, Some(fingerprint)) => read_own_key(&config.secrets.key_file, &fingerprint)?,
        (None, None) => read_or_make_key(&config.secrets.key_file)?,
    };
    store.bind_key(&key).await?;
    store.hold_after(longest_silence(&config));
    if let Some(doubt) = store.clock_doubt().await? {
        clock.resume(doubt);
    }
    let now = clock.now();
    // The times of files are the machine's own.
    let uploads = Arc::new(UploadsFolder::new(&config.content, machine));
    let served = ServedFeeds::default();
    served.take_up(store.served_feeds().await?);
    let links = LinkDesk::new(Fetcher::new(&config.fetch), clock.clone());
    let site = feed_site(&config, &Register::default(), now);
    let nothing = Catalog::default();
    let resources = Resources::new(
        nothing.live(now),
        SharedMap::default(),
        std::collections::BTreeSet::new(),
        templates.clone(),
        site,
        Arc::default(),
    );
    let current = Current {
        catalog: nothing,
        resources,
        register: Register::default(),
        diagnostics: Arc::default(),
        doubts: Doubts::default(),
        looked: now,
    };
    let current = Arc::new(current);
    let metrics = Metrics::new(store.metrics(), now);
    let sign_ups = Mutex::new(SignUps::new(&config.sign_ups));
    Ok(Arc::new(Newsroom {
        config,
        clock,
        store,
        templates,
        keys: (key, previous),
        signer,
        uploads,
        links,
        current: watch::Sender::new(current.clone()),
        shown: watch::Sender::new(current),
        served,
        metrics,
        sign_ups,
        standing: Standing::default(),
        told: Mutex::default(),
        letters_queued: Notify::new(),
        look_wanted: Notify::new(),
        folder_look_wanted: Notify::new(),
    }))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn templates_are_read_through_links_and_a_link_that_leads_back_is_named() {
        let room = tempfile::tempdir().unwrap();
        let place = Utf8Path::from_path(room.path()).unwrap();
        assert!(read_templates(&place.join("absent")).is_ok());
        let (templates, shared) = (place.join("templates"), place.join("shared"));
        for folder in [&templates, &shared] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(shared.join("front.html"), "{{ wrong").unwrap();
        fs::write(shared.join(".front.html.swp"), "{{ wrong").unwrap();
        symlink(&shared, templates.join("page")).unwrap();
        // As Emacs leaves one for a file with changes that are not saved, and one that leads upwards.
        symlink("ann@salle.example:123", templates.join(".#front.html")).unwrap();
        symlink(&templates, templates.join(".git")).unwrap();
        let broken = read_templates(&templates).unwrap_err();
        assert!(format!("{broken:#}").contains("page/front.html"), "{broken:#}");
        fs::remove_file(shared.join("front.html")).unwrap();
        read_templates(&templates).unwrap();
        symlink(&templates, shared.join("back")).unwrap();
        assert!(read_templates(&shared.join(".front.html.swp")).unwrap_err().to_string().contains("are no folder"));
        let ring = format!("{:#}", read_templates(&templates).unwrap_err());
        assert!(ring.contains("page/back points to an ancestor") && ring.len() < 400, "{ring}");
    }
}
