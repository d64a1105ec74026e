//! Links from release to release: each leads to where the other stands, once that one is live, and is only its words
//! until then. Nothing is said of a release that is not public, not even its address.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use foldhash::HashMap;

use super::listing::Releases;
use super::published::Published;
use super::snapshot::Catalog;
use crate::domain::{Permalink, Release, ReleaseLink, SourcePath};

/// Where live releases stand, by the names of their files.
struct Places<'a>(HashMap<String, Vec<(&'a SourcePath, &'a Permalink)>>);

impl<'a> Places<'a> {
    fn of(releases: impl Iterator<Item = &'a Arc<Published>>, now: DateTime<Utc>) -> Self {
        let mut places: HashMap<String, Vec<_>> = HashMap::default();
        for published in releases.filter(|published| published.is_live_at(now)) {
            let Release { path, permalink, .. } = published.release.as_ref();
            places.entry(last_part(path.as_str()).to_owned()).or_default().push((path, permalink));
        }
        Self(places)
    }

    fn permalink(&self, named: &str) -> Option<&'a Permalink> {
        let link = ReleaseLink { named: named.to_owned(), place: (1, 1, 1) };
        let found = self.0.get(last_part(named))?;
        found.iter().find(|(path, _)| link.means(path)).map(|(_, permalink)| *permalink)
    }
}

/// The name of a file without its ending.
fn last_part(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let endings = [".markdown", ".md", ".html"];
    endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

impl Catalog {
    /// The same releases, their links to each other led to where each stands at `now`.
    #[must_use]
    pub fn with_links(self, now: DateTime<Utc>) -> Self {
        if self.all().all(|published| published.release.release_links.is_empty()) {
            return self;
        }
        let places = Places::of(self.all(), now);
        let address_of = |named: &str| places.permalink(named).map(Permalink::to_string);
        let linked = |published: &Arc<Published>| {
            let release = published.release.as_ref();
            if release.release_links.is_empty() {
                return Arc::clone(published);
            }
            let release = Release {
                chapeau: release.chapeau.link_releases(&address_of),
                body: release.body.link_releases(&address_of),
                ..release.clone()
            };
            Arc::new(Published { release: Arc::new(release), ..published.as_ref().clone() })
        };
        let releases: Releases = self.all().map(linked).collect();
        self.with_releases(releases)
    }

    /// The links that lead nowhere at `now`, each with the file it stands in.
    #[must_use]
    pub fn dead_links(&self, now: DateTime<Utc>) -> Vec<(SourcePath, ReleaseLink)> {
        let linking: Vec<_> = self.all().filter(|published| !published.release.release_links.is_empty()).collect();
        if linking.is_empty() {
            return Vec::new();
        }
        let places = Places::of(self.all(), now);
        let dead = |published: &&Arc<Published>| {
            let release = &published.release;
            let links = release.release_links.iter().filter(|link| places.permalink(&link.named).is_none());
            links.map(|link| (release.path.clone(), link.clone())).collect::<Vec<_>>()
        };
        linking.iter().flat_map(dead).collect()
    }
}
