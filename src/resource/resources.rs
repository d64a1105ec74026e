//! Everything public at one instant, by address.

mod former;
mod ready;

pub use former::Former;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::address::Address;
use super::cards::layout;
use super::document::PublicDocument;
use super::pages;
use super::shelf::{Ingredients, Shelf};
use super::site_map::{parts_of, robots, site_map, site_map_part};
use super::words::Wording;
use crate::catalog::{Listing, Live};
use crate::domain::{BodyGone, Permalink, ReleaseId, Topic, UploadPath};
use crate::feed::opml::opml_of;
use crate::feed::{Archives, Feed, FeedFormat, FeedSite, HeldEntries, archive_of, feed_of, feed_since};
use crate::register::SharedMap;
use crate::template::{Layout, Page, ProblemPage, TemplateError, Templates};

/// Everything public at one instant. Documents are made when they are first asked for, and kept.
#[derive(Debug, Clone)]
pub struct Resources {
    live: Live,
    aliases: SharedMap<Permalink, ReleaseId>,
    /// Old addresses that live releases name themselves.
    named: Arc<HashMap<Permalink, ReleaseId>>,
    gone: Arc<BTreeSet<Permalink>>,
    /// Addresses at which readers knew a feed elsewhere, and the feed's own.
    feed_aliases: Arc<BTreeMap<Permalink, String>>,
    templates: Arc<Templates>,
    site: FeedSite,
    shelf: Arc<Shelf>,
    /// Which state of the site it is.
    state: u64,
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// The current document of a feed.
    Feed(FeedFormat),
    /// An archive of a feed.
    Archive(FeedFormat),
    /// A page, or what belongs to pages: their style, their map, the list of feeds.
    Page,
    /// A file below uploads that a release offers or shows.
    Upload,
}

/// What stands at an address.
#[derive(Debug, Clone)]
pub enum Found {
    /// A document.
    Document(Arc<PublicDocument>),
    /// A file below uploads, which a live release refers to.
    Upload(UploadPath),
    /// Nothing any more: it is at this address for ever (relative to the host, or absolute).
    Moved(String),
    /// A release that was withdrawn, or deleted a while ago.
    Gone,
    /// Nothing.
    Missing,
}

/// The same, before a document is made.
enum Standing {
    Document(Address),
    Upload(UploadPath),
    Former(Former),
    Nothing,
}

/// Why a document cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ResourceError {
    /// A template that replaces a built-in one cannot be rendered.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A file changed while its text was asked for: a look at the folder is due.
    #[error(transparent)]
    Body(#[from] BodyGone),
}

impl Resources {
    /// Everything public in `live`. `aliases` are old addresses; `gone` are those of releases that are public no more. What
    /// is made is kept on `shelf`, which is for one site and its templates.
    #[must_use]
    pub fn new(
        live: Live,
        aliases: SharedMap<Permalink, ReleaseId>,
        gone: BTreeSet<Permalink>,
        templates: Arc<Templates>,
        site: FeedSite,
        shelf: Arc<Shelf>,
    ) -> Self {
        // Of two that name one address, the older release has it.
        let mut named = HashMap::new();
        for published in live.releases().iter() {
            named.extend(published.release.redirect_from.iter().map(|old| (old.clone(), published.id.clone())));
        }
        let state = shelf.next_state();
        Self {
            live,
            aliases,
            named: Arc::new(named),
            gone: Arc::new(gone),
            feed_aliases: Arc::default(),
            templates,
            site,
            shelf,
            state,
        }
    }

    /// The same, with addresses at which readers knew feeds before; each leads to the path of a feed.
    #[must_use]
    pub fn with_feed_aliases(self, feed_aliases: BTreeMap<Permalink, String>) -> Self {
        Self { feed_aliases: Arc::new(feed_aliases), ..self }
    }

    /// The same, but for `live`, whose releases stand as these do and differ in their words.
    #[must_use]
    pub fn with(&self, live: Live) -> Self {
        Self { live, state: self.shelf.next_state(), ..self.clone() }
    }

    /// The addresses at which readers knew feeds before and where nothing else stands, with the feed's path.
    pub fn feed_aliases(&self) -> impl Iterator<Item = (&Permalink, &str)> {
        let free = self.feed_aliases.iter().filter(|(old, _)| self.live.by_permalink(old).is_none());
        free.map(|(old, feed)| (old, feed.as_str()))
    }

    /// The addresses at which a release is gone, unless a live one has them now.
    #[must_use]
    pub fn gone(&self) -> &BTreeSet<Permalink> {
        &self.gone
    }

    /// What is live.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// The site it belongs to.
    #[must_use]
    pub fn site(&self) -> &FeedSite {
        &self.site
    }

    /// What stands at `path`, below the site's own path.
    ///
    /// # Errors
    /// When a template that replaces a built-in one cannot be rendered, or a file changed while its text was asked for.
    pub fn find(&self, path: &str) -> Result<Found, ResourceError> {
        Ok(match self.standing(path) {
            Standing::Document(address) => self.document(&address)?.map_or(Found::Missing, Found::Document),
            Standing::Upload(upload) => Found::Upload(upload),
            Standing::Former(Former::Moved(address)) => Found::Moved(address),
            Standing::Former(Former::Gone) => Found::Gone,
            Standing::Nothing => Found::Missing,
        })
    }

    /// What stands at `path`, told without making a document.
    fn standing(&self, path: &str) -> Standing {
        let Some(address) = Address::parse(path) else {
            let slashed = Address::parse(&format!("{path}/")).filter(|address| self.stands(address));
            return slashed.map_or(Standing::Nothing, |address| self.moved(&address));
        };
        if let Some(topic) = address.topic() {
            let topic = self.live.canonical(topic).clone();
            if address.topic() != Some(&topic) {
                return self.moved(&address.of_topic(topic));
            }
        }
        match &address {
            Address::Upload(upload) if self.live.refers_to(upload) => Standing::Upload(upload.clone()),
            Address::Release(permalink)
                if self.live.by_permalink(permalink).is_none() || self.site.releases_url.is_some() =>
            {
                self.old_address(permalink)
            }
            Address::Front
            | Address::Stylesheet
            | Address::Script
            | Address::Feeds
            | Address::Opml
            | Address::Robots
            | Address::SiteMap
            | Address::SiteMapPart(_)
            | Address::FeedPage(..)
            | Address::Feed(..)
            | Address::Archive(..)
            | Address::Upload(_)
            | Address::Release(_) => {
                if self.stands(&address) {
                    Standing::Document(address)
                } else {
                    Standing::Nothing
                }
            }
        }
    }

    /// Whether the current document of a feed stands at `path`.
    #[must_use]
    pub fn is_feed(&self, path: &str) -> bool {
        matches!(Address::parse(path), Some(Address::Feed(..)))
    }

    /// What the current document of a feed at `path` holds; `None` for any other document.
    #[must_use]
    pub fn held(&self, path: &str) -> Option<HeldEntries> {
        let address = Address::parse(path).filter(|address| matches!(address, Address::Feed(..)))?;
        Some(HeldEntries::of(&self.live, address.topic()?, &self.site))
    }

    /// The addresses of the current documents of all feeds with their entity tags; those of topics that look the same in
    /// `before` are left out. Nothing that is made for this is kept.
    ///
    /// # Errors
    /// When a file changed while its text was asked for.
    pub fn feed_tags(&self, before: Option<&Self>) -> Result<Vec<(String, String)>, ResourceError> {
        let same = |topic: &Topic| {
            // The address of the newest archive stands in the feed, too.
            let newest = |live| Archives::newest_of(live, topic, self.site.timezone);
            before.is_some_and(|before| {
                self.live.shows_as(&before.live, topic, self.site.entries) && newest(&self.live) == newest(&before.live)
            })
        };
        let mut tags = Vec::new();
        for topic in self.live.followed().into_iter().filter(|topic| !same(topic)) {
            let feed = feed_of(&self.live, &topic, &self.site);
            for format in FeedFormat::ALL {
                let tag = self.feed(&feed, format)?.tag().to_owned();
                tags.push((Address::Feed(topic.clone(), format).path(), tag));
            }
        }
        Ok(tags)
    }

    /// The feed at `path` with only what is new or changed since it had `tag` and held `known`; `None` when the whole of
    /// it must be given instead.
    ///
    /// # Errors
    /// When a file changed while its text was asked for.
    pub fn since(
        &self,
        path: &str,
        tag: &str,
        known: &HeldEntries,
    ) -> Result<Option<Arc<PublicDocument>>, ResourceError> {
        let Some(Address::Feed(topic, format)) = Address::parse(path) else { return Ok(None) };
        // A path holds no space: no address has this name.
        let name = format!("{path} {tag}");
        let ingredients = || Ingredients::State(self.state);
        if let Some(made) = self.shelf.find(&name, self.state, ingredients) {
            return Ok(Some(made));
        }
        let Some(feed) = feed_since(&self.live, &topic, &self.site, known) else { return Ok(None) };
        let document = Arc::new(self.feed(&feed, format)?);
        self.shelf.keep(name, &document, ingredients(), self.state);
        Ok(Some(document))
    }

    /// The document at `path`, one of [`Resources::paths`]; unlike with [`Resources::find`], it is not kept.
    ///
    /// # Errors
    /// When a template that replaces a built-in one cannot be rendered.
    pub fn render(&self, path: &str) -> Result<Option<Arc<PublicDocument>>, ResourceError> {
        let Some(address) = Address::parse(path).filter(|address| self.stands(address)) else { return Ok(None) };
        match self.shelf.find(path, self.state, || self.ingredients(&address)) {
            Some(kept) => Ok(Some(kept)),
            None => Ok(self.make(&address)?.map(Arc::new)),
        }
    }

    /// The addresses of all documents of these kinds, in order.
    #[must_use]
    pub fn paths(&self, wanted: &dyn Fn(DocumentKind) -> bool) -> Vec<String> {
        let mut addresses = Vec::new();
        let has_pages = wanted(DocumentKind::Page);
        if has_pages {
            addresses.extend([Address::Front, Address::Stylesheet, Address::Script, Address::Feeds]);
            addresses.extend([Address::Opml, Address::Robots, Address::SiteMap]);
            let map_parts = parts_of(&self.site, &self.live);
            addresses.extend((1..=map_parts).filter(|_| map_parts > 1).map(Address::SiteMapPart));
        }
        let feeds = FeedFormat::ALL.into_iter().filter(|format| wanted(DocumentKind::Feed(*format)));
        let archives: Vec<_> =
            FeedFormat::ALL.into_iter().filter(|format| wanted(DocumentKind::Archive(*format))).collect();
        for topic in self.live.followed() {
            addresses.extend(feeds.clone().map(|format| Address::Feed(topic.clone(), format)));
            if !archives.is_empty() {
                for period in Archives::of(&self.live, &topic, self.site.timezone).periods() {
                    addresses.extend(archives.iter().map(|format| Address::Archive(topic.clone(), period, *format)));
                }
            }
            if has_pages {
                let pages = pages::pages_of(&self.live, &topic);
                addresses.extend((1..=pages).map(|page| Address::FeedPage(topic.clone(), page)));
            }
        }
        if has_pages && self.site.releases_url.is_none() {
            let releases = self.live.releases();
            addresses.extend(releases.iter().map(|published| Address::Release(published.release.permalink.clone())));
        }
        addresses.iter().map(Address::path).collect()
    }

    /// The files below uploads that are public.
    #[must_use]
    pub fn uploads(&self) -> BTreeSet<UploadPath> {
        self.live.releases().iter().flat_map(|published| published.release.uploads().cloned()).collect()
    }

    /// Whether a document stands at `address`.
    fn stands(&self, address: &Address) -> bool {
        match address {
            Address::Front
            | Address::Stylesheet
            | Address::Script
            | Address::Feeds
            | Address::Opml
            | Address::Robots
            | Address::SiteMap => true,
            Address::SiteMapPart(part) => {
                let parts = parts_of(&self.site, &self.live);
                parts > 1 && (1..=parts).contains(part)
            }
            Address::FeedPage(topic, page) => {
                self.live.knows(topic) && (1..=pages::pages_of(&self.live, topic)).contains(page)
            }
            Address::Feed(topic, _) => self.live.knows(topic),
            Address::Archive(topic, period, _) => {
                Archives::of(&self.live, topic, self.site.timezone).get(*period).is_some()
            }
            Address::Upload(_) => false,
            Address::Release(permalink) => {
                self.site.releases_url.is_none() && self.live.by_permalink(permalink).is_some()
            }
        }
    }

    /// What became of an address at which no release's page stands.
    fn old_address(&self, permalink: &Permalink) -> Standing {
        let other = with_or_without_slash(permalink);
        let candidates = || std::iter::once(permalink).chain(&other);
        for candidate in candidates() {
            if let Some(feed) = self.feed_aliases.get(candidate).filter(|_| self.live.by_permalink(candidate).is_none())
            {
                return Standing::Former(Former::Moved(Wording::of_pages(&self.site).own_address(feed)));
            }
            let led = |to: &ReleaseId| self.live.get(to);
            let named = || self.named.get(candidate).and_then(led);
            let renamed = || self.aliases.get(candidate).and_then(led);
            if let Some(published) = self.live.by_permalink(candidate).or_else(named).or_else(renamed) {
                return self.moved(&Address::Release(published.release.permalink.clone()));
            }
        }
        if candidates().any(|candidate| self.gone.contains(candidate)) {
            Standing::Former(Former::Gone)
        } else {
            Standing::Nothing
        }
    }

    fn moved(&self, address: &Address) -> Standing {
        let (words, path) = (Wording::of_pages(&self.site), address.path());
        Standing::Former(Former::Moved(if matches!(address, Address::Release(_)) {
            words.address(&path)
        } else {
            words.own_address(&path)
        }))
    }

    /// The page that a server gives with `status` (404 or 410), in place of what was asked for.
    ///
    /// # Errors
    /// When a template that replaces a built-in one cannot be rendered.
    pub fn problem(&self, status: u16) -> Result<PublicDocument, ResourceError> {
        self.page(&ProblemPage::new(Layout { noindex: true, ..layout(&self.site, "") }, status))
    }

    fn document(&self, address: &Address) -> Result<Option<Arc<PublicDocument>>, ResourceError> {
        let path = address.path();
        if let Some(made) = self.shelf.find(&path, self.state, || self.ingredients(address)) {
            return Ok(Some(made));
        }
        if !self.stands(address) {
            return Ok(None);
        }
        let Some(document) = self.make(address)?.map(Arc::new) else { return Ok(None) };
        self.shelf.keep(path, &document, self.ingredients(address), self.state);
        Ok(Some(document))
    }

    /// What the document at `address` is made of.
    fn ingredients(&self, address: &Address) -> Ingredients {
        let (live, zone) = (&self.live, self.site.timezone);
        let labels = |releases: Listing<'_>| -> Vec<(Topic, String)> {
            let entries = releases.iter().flat_map(|published| live.topics_of(&published.id));
            entries.map(|entry| (entry.topic.clone(), entry.label.clone())).collect()
        };
        match address {
            Address::Feed(topic, _) => {
                let newest = live.of(topic).newest(self.site.entries);
                let older = Archives::newest_of(live, topic, zone);
                Ingredients::of(newest.iter(), (live.topic_label(topic), older, labels(newest)))
            }
            Address::Archive(topic, period, _) => match Archives::of(live, topic, zone).get(*period) {
                Some(archive) => {
                    let others = (live.topic_label(topic), archive.older, archive.newer, labels(archive.releases));
                    Ingredients::of(archive.releases.iter(), others)
                }
                None => Ingredients::State(self.state),
            },
            Address::FeedPage(topic, page) => {
                let shown = pages::on_page(live, topic, *page);
                Ingredients::of(shown.iter(), (live.topic_label(topic), live.of(topic).len(), labels(shown)))
            }
            Address::Release(permalink) => {
                let published = live.by_permalink(permalink);
                let labels: Vec<_> =
                    published.into_iter().flat_map(|published| live.topics_of(&published.id)).collect();
                let labels: Vec<_> = labels.into_iter().map(|entry| (&entry.topic, &entry.label)).collect();
                Ingredients::of(published, labels)
            }
            Address::Stylesheet | Address::Script | Address::Robots => Ingredients::of([], ()),
            Address::Front
            | Address::Feeds
            | Address::Opml
            | Address::SiteMap
            | Address::SiteMapPart(_)
            | Address::Upload(_) => Ingredients::State(self.state),
        }
    }

    fn make(&self, address: &Address) -> Result<Option<PublicDocument>, ResourceError> {
        let (site, live) = (&self.site, &self.live);
        Ok(Some(match address {
            Address::Front => self.page(&pages::front(site, live))?,
            Address::Feeds => self.page(&pages::feeds(site, live))?,
            Address::FeedPage(topic, page) => self.page(&pages::feed(site, live, topic, *page))?,
            Address::Opml => self.text("text/x-opml; charset=utf-8", opml_of(live, site), None),
            Address::Robots => self.text("text/plain; charset=utf-8", robots(site), None),
            Address::SiteMap => self.text("application/xml; charset=utf-8", site_map(site, live), None),
            Address::SiteMapPart(part) => match site_map_part(site, live, *part) {
                Some(bytes) => self.text("application/xml; charset=utf-8", bytes, None),
                None => return Ok(None),
            },
            Address::Feed(topic, format) => self.feed(&feed_of(live, topic, site), *format)?,
            Address::Archive(topic, period, format) => match archive_of(live, topic, *period, site) {
                Some(archive) => self.feed(&archive, *format)?,
                None => return Ok(None),
            },
            Address::Stylesheet => {
                self.text("text/css; charset=utf-8", self.templates.stylesheet().as_bytes().to_vec(), None)
            }
            Address::Script => {
                self.text("text/javascript; charset=utf-8", self.templates.script().as_bytes().to_vec(), None)
            }
            Address::Release(permalink) => match live.by_permalink(permalink) {
                Some(published) => self.page(&pages::release(site, live, published)?)?,
                None => return Ok(None),
            },
            Address::Upload(_) => return Ok(None),
        }))
    }

    fn feed(&self, feed: &Feed, format: FeedFormat) -> Result<PublicDocument, ResourceError> {
        let media_type = match format {
            FeedFormat::Rss => "application/rss+xml; charset=utf-8",
            FeedFormat::Atom => "application/atom+xml; charset=utf-8",
            FeedFormat::Json => "application/feed+json; charset=utf-8",
        };
        let bytes = self.shelf.entries.feed(feed, &self.live, &self.site, format)?;
        Ok(self.text(media_type, bytes, Some(feed.updated.to_utc())))
    }

    fn page(&self, page: &impl Page) -> Result<PublicDocument, ResourceError> {
        let html = self.templates.page(page)?;
        Ok(self.text("text/html; charset=utf-8", html.into_bytes(), None))
    }

    fn text(&self, media_type: &'static str, bytes: Vec<u8>, modified: Option<DateTime<Utc>>) -> PublicDocument {
        PublicDocument::new(media_type, bytes, modified, self.site.ttl)
    }
}

/// The same address with a slash at its end, or without the one it has.
fn with_or_without_slash(permalink: &Permalink) -> Option<Permalink> {
    let path = permalink.as_str();
    match path.strip_suffix('/') {
        Some(bare) => bare.parse().ok(),
        None => format!("{path}/").parse().ok(),
    }
}
