//! `register adopt`: ids that readers know from an earlier feed, taken over before they see anything twice.

use std::collections::{BTreeMap, HashSet};

use anyhow::{Context as _, bail};
use camino::Utf8Path;

use super::opening;
use super::{Exit, terminal::Terminal};
use crate::clock::Clock as _;
use crate::config::Config;
use crate::content::JekyllConfig;
use crate::domain::{Permalink, ReleaseId, SiteUrl};
use crate::feed::known_entries;
use crate::register::{Adoption, Circumstances, KnownEntry, Recognised, Refusal, Register};
use crate::task::{Current, Ingest, LastGood, Newsroom};
use crate::watch::{Cores, Hint};

/// Earlier feeds are smaller than this.
const LARGEST_FEED: u64 = 64 * 1024 * 1024;

/// What is to be done, and to what.
#[derive(Clone, Copy)]
pub(super) struct How {
    pub(super) write: bool,
    pub(super) force: bool,
}

pub(super) async fn run(file: &Utf8Path, feed: &Utf8Path, how: How, terminal: Terminal) -> anyhow::Result<Exit> {
    let entries = read_feed(feed)?;
    if !how.write {
        let config = opening::config(file, terminal)?;
        let (current, known) = opening::look_beside(&config).await?;
        let adopted = opening::adopted_before(&config).await?;
        let register = if known.started.is_some() { &known } else { &current.register };
        let decided = decide(&config, register, &current, &adopted, &entries, how.force);
        let left = tell(&entries, &decided, terminal);
        terminal.tell("nothing was changed: `--write` does it");
        return Ok(if left == 0 { Exit::Done } else { Exit::Failed });
    }
    let newsroom = opening::newsroom(file, terminal).await?;
    let done = adopt(&newsroom, &entries, how, terminal).await;
    newsroom.store.close().await;
    done
}

async fn adopt(newsroom: &Newsroom, entries: &[KnownEntry], how: How, terminal: Terminal) -> anyhow::Result<Exit> {
    let (store, now) = (&newsroom.store, newsroom.clock.now());
    let _alone = store.lock_daemon().context("stop the daemon first: it would go on with the old ids")?;
    if store.is_shared() && store.lead_is_held(now).await? {
        bail!("stop every daemon first: they would go on with the old ids");
    }
    let known = store.load_register().await?;
    let first = known.started.is_none();
    let mut ingest = Ingest::new(&newsroom.config, newsroom.uploads.clone(), newsroom.templates.clone(), Cores::All);
    let last_good = LastGood::of(store);
    let looking = tokio::task::spawn_blocking(move || {
        let ingested = ingest.look(&known, &last_good, now, &Hint::Everything);
        (ingest, ingested, known, last_good)
    });
    let (ingest, ingested, known, last_good) = looking.await?;
    last_good.check()?;
    if first {
        if ingested.current.register.started.is_none() {
            bail!("there is no content folder to look at");
        }
        store.save_register(&ingested.changes, now, &ingest.texts(&LastGood::default())).await?;
    }
    let register = if first { &ingested.current.register } else { &known };
    let adopted = opening::adopted(store).await?;
    let decided = decide(&newsroom.config, register, &ingested.current, &adopted, entries, how.force);
    let left = tell(entries, &decided, terminal);
    let pairs: Vec<_> = decided
        .into_iter()
        .filter_map(|adoption| match adoption {
            Adoption::Takes { from, to, .. } => Some((from, to)),
            Adoption::Has(_)
            | Adoption::Unknown
            | Adoption::Doubtful(_)
            | Adoption::NoUri(_)
            | Adoption::Refused(..) => None,
        })
        .collect();
    store.adopt_ids(&pairs, now, "terminal").await?;
    terminal.tell(format!("{} taken over; `depeche register pin` writes them into the files", pairs.len()));
    Ok(if left == 0 { Exit::Done } else { Exit::Failed })
}

fn read_feed(feed: &Utf8Path) -> anyhow::Result<Vec<KnownEntry>> {
    let size = std::fs::metadata(feed).with_context(|| format!("failed to read `{feed}`"))?.len();
    if size > LARGEST_FEED {
        bail!("`{feed}` is no feed: it has {size} bytes");
    }
    let bytes = std::fs::read(feed).with_context(|| format!("failed to read `{feed}`"))?;
    known_entries(&bytes).with_context(|| format!("`{feed}` is neither Atom nor RSS"))
}

fn decide(
    config: &Config,
    register: &Register,
    current: &Current,
    adopted: &HashSet<ReleaseId>,
    entries: &[KnownEntry],
    force: bool,
) -> Vec<Adoption> {
    let by_path: BTreeMap<_, _> = register.records.values().map(|record| (&record.path, &record.id)).collect();
    let mut pinned = HashSet::new();
    let mut old_addresses: BTreeMap<Permalink, ReleaseId> = BTreeMap::new();
    for published in current.catalog.all() {
        let Some(id) = by_path.get(&published.release.path) else { continue };
        if published.release.pinned_id.is_some() {
            pinned.insert((*id).clone());
        }
        old_addresses.extend(published.release.redirect_from.iter().map(|old| (old.clone(), (*id).clone())));
    }
    let jekyll = JekyllConfig::of(&config.content).and_then(|jekyll| jekyll.url);
    let sites = [Some(&config.site.url), config.site.releases_url.as_ref(), jekyll.as_ref()];
    let base_paths: Vec<String> =
        sites.into_iter().flatten().map(SiteUrl::path).filter(|path| !path.is_empty()).map(str::to_owned).collect();
    register.adoptions(
        entries,
        &Circumstances {
            zone: config.site.timezone,
            base_paths: &base_paths,
            pinned: &|id| pinned.contains(id),
            old_addresses: &old_addresses,
            adopted: &|id| adopted.contains(id),
            force,
        },
    )
}

/// Says a line for each entry; returns how many are left as they were though they should not be.
fn tell(entries: &[KnownEntry], decided: &[Adoption], terminal: Terminal) -> usize {
    let mut left = 0;
    for (entry, adoption) in entries.iter().zip(decided) {
        let (id, title) = (&entry.id, &entry.title);
        let (words, is_left) = match adoption {
            Adoption::Takes { from, to, by } => {
                let by = match by {
                    Recognised::Link => "by its link",
                    Recognised::TitleAndDay => "by its title and day",
                };
                (format!("{from} -> {to} ({by})"), false)
            }
            Adoption::Has(release) => (format!("{release} has it already"), false),
            Adoption::Unknown => (format!("{id}: no release is like it"), true),
            Adoption::Doubtful(releases) => {
                let names = releases.iter().map(ReleaseId::as_str).collect::<Vec<_>>().join(", ");
                (format!("{id}: it may be any of {names}"), true)
            }
            Adoption::NoUri(release) => (format!("{id}: {release} cannot have it, it is no absolute URI"), true),
            Adoption::Refused(release, refusal) => {
                let why = match refusal {
                    Refusal::Announced => "it was announced under its own id: `--force` changes it nevertheless",
                    Refusal::Again => "it took over an id before: `--force` changes it again",
                    Refusal::Pinned => "its file pins another id",
                    Refusal::TakenElsewhere => "another release has that id, or it gets another one",
                };
                (format!("{id}: {release} keeps its own, {why}"), true)
            }
        };
        left += usize::from(is_left);
        terminal.line(format!("{title}\n    {words}"));
    }
    left
}
