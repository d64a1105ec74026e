//! From the live releases of a topic to its feed.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::address::Addresses;
use super::archive::{Archives, Period};
use super::clean_text::CleanText;
use super::date::local;
use super::full_text::full_text;
use super::model::{Attachment, Entry, EntryTopic, Feed, FeedFormat, FeedPart, FeedPlace, Picture, page_address};
use crate::catalog::{Live, Published, TopicEntry};
use crate::config::PrivacySettings;
use crate::domain::{BodyGone, DocumentState, FileKind, PDF, Release, SiteUrl, Target, Taxonomy, Topic};
use crate::language::{FeedSubject, Language, feed_subtitle, feed_title};

/// The date in feeds' `tag:` URIs (RFC 4151 §2.1). Fixed, so that neither a lost database nor a removed release
/// changes a feed's id.
const FEED_ID_YEAR: u16 = 2026;

/// What a feed says of its site, and how much it holds.
#[derive(Debug, Clone)]
pub struct FeedSite {
    /// The site's name.
    pub title: String,
    /// One sentence; may be empty.
    pub description: String,
    /// Depeche's public address.
    pub url: SiteUrl,
    /// Where releases have their pages; `None`: below `url`.
    pub releases_url: Option<SiteUrl>,
    /// The authority of ids, settled at first start: feeds keep their ids when `url` changes.
    pub authority: String,
    /// The language of the site.
    pub language: Language,
    /// The zone of dates.
    pub timezone: Tz,
    /// How many entries a feed holds.
    pub entries: usize,
    /// How long a reader may keep a feed.
    pub ttl: TimeDelta,
    /// What an empty feed was last changed at: a fixed instant, never the present one.
    pub started: DateTime<Utc>,
    /// Who may do what with the feeds.
    pub rights: Option<String>,
    /// The absolute address of a small square picture.
    pub icon: Option<String>,
    /// A WebSub hub that is told of changes.
    pub hub: Option<String>,
    /// Who keeps the data of subscribers: said on pages and in letters.
    pub privacy: PrivacySettings,
}

impl FeedSite {
    /// Where root-relative addresses lead.
    #[must_use]
    pub fn addresses(&self) -> Addresses<'_> {
        Addresses { site: &self.url, releases: self.releases_url.as_ref().unwrap_or(&self.url) }
    }

    /// The absolute address of the HTML page of `topic`'s feed.
    #[must_use]
    pub fn page_of(&self, topic: &Topic) -> String {
        self.url.join(&page_address(topic))
    }

    fn place(&self, address: impl Fn(FeedFormat) -> String) -> FeedPlace {
        let at = |format| self.url.join(&address(format));
        FeedPlace { rss: at(FeedFormat::Rss), atom: at(FeedFormat::Atom), json: at(FeedFormat::Json) }
    }

    fn feed_place(&self, topic: &Topic) -> FeedPlace {
        self.place(|format| format.address(topic))
    }

    fn archive_place(&self, topic: &Topic, period: Period) -> FeedPlace {
        self.place(|format| format.archive_address(topic, period))
    }
}

/// Which of a topic's releases a document of its feed holds, and where it stands among the others.
struct Excerpt {
    releases: Vec<Arc<Published>>,
    place: FeedPlace,
    part: FeedPart,
    older: Option<FeedPlace>,
}

/// The feed of `topic`: the newest of its live releases, none for a topic that is empty.
#[must_use]
pub fn feed_of(live: &Live, topic: &Topic, site: &FeedSite) -> Feed {
    excerpt_of(live, topic, site, live.of(topic).newest(site.entries).iter().cloned().collect())
}

/// The feed of `topic` with these of its releases alone.
pub(super) fn excerpt_of(live: &Live, topic: &Topic, site: &FeedSite, releases: Vec<Arc<Published>>) -> Feed {
    let newest = Archives::newest_of(live, topic, site.timezone);
    let excerpt = Excerpt {
        releases,
        place: site.feed_place(topic),
        part: FeedPart::Current,
        older: newest.map(|period| site.archive_place(topic, period)),
    };
    compose(live, topic, site, excerpt)
}

/// The archive of `topic`'s feed for `period`; `None` when the topic has no live release of that time.
#[must_use]
pub fn archive_of(live: &Live, topic: &Topic, period: Period, site: &FeedSite) -> Option<Feed> {
    let archive = Archives::of(live, topic, site.timezone).get(period)?;
    let place = |period| site.archive_place(topic, period);
    let excerpt = Excerpt {
        releases: archive.releases.iter().cloned().collect(),
        place: place(period),
        part: FeedPart::Archive { current: site.feed_place(topic), newer: archive.newer.map(place) },
        older: archive.older.map(place),
    };
    Some(compose(live, topic, site, excerpt))
}

/// What a topic's feed is called, in every document of it.
pub(super) struct Heading {
    pub(super) title: CleanText,
    pub(super) subtitle: CleanText,
    pub(super) author: CleanText,
}

/// The heading of `topic`'s feed.
pub(super) fn heading_of(live: &Live, topic: &Topic, site: &FeedSite) -> Heading {
    let label = live.topic_label(topic).map(CleanText::line).unwrap_or_default();
    let label = label.or(topic.slug().map_or("", |slug| slug.as_str()));
    let subject = match topic {
        Topic::All => FeedSubject::All,
        Topic::Category(_) => FeedSubject::Category(label.as_str()),
        Topic::Tag(_) => FeedSubject::Tag(label.as_str()),
    };
    let described = match topic {
        Topic::All => CleanText::line(&site.description),
        Topic::Category(_) | Topic::Tag(_) => CleanText::default(),
    };
    let author = author_of(site);
    Heading {
        title: CleanText::line(&feed_title(author.as_str(), subject, site.language)),
        subtitle: described.or(&feed_subtitle(subject, site.language)),
        author,
    }
}

fn compose(live: &Live, topic: &Topic, site: &FeedSite, excerpt: Excerpt) -> Feed {
    let Heading { title, subtitle, author } = heading_of(live, topic, site);
    // Nobody waits for news of what stays as it is.
    let is_current = excerpt.part == FeedPart::Current;
    let started = local(site.started, site.timezone);
    let changed = excerpt.releases.iter().map(|published| published.updated);
    Feed {
        id: format!("tag:{},{FEED_ID_YEAR}:feeds/{}", site.authority, topic.path()),
        title,
        subtitle,
        author,
        home: site.url.join("/"),
        page: site.page_of(topic),
        place: excerpt.place,
        part: excerpt.part,
        older: excerpt.older,
        language: site.language,
        updated: changed.max().map_or(started, |changed| local(changed, site.timezone)),
        ttl: site.ttl,
        rights: site.rights.as_deref().map(CleanText::line).filter(|rights| !rights.is_empty()),
        icon: site.icon.clone(),
        hub: site.hub.clone().filter(|_| is_current),
        releases: excerpt.releases,
    }
}

/// A live release as every feed carries it.
///
/// # Errors
/// When its text was left for later and its file changed meanwhile.
pub fn entry_of(published: &Published, live: &Live, site: &FeedSite) -> Result<Entry, BodyGone> {
    let release = &published.release;
    let addresses = site.addresses();
    let link = addresses.releases.join(release.permalink.as_str());
    let summary = CleanText::html(addresses.in_html(&release.chapeau));
    let content = CleanText::html(full_text(release, addresses)?);
    Ok(Entry {
        id: published.id.clone(),
        title: CleanText::line(&release.title).or(&link),
        link,
        language: release.language,
        published: local(release.date, site.timezone),
        updated: local(published.updated, site.timezone),
        summary_html: summary,
        content_html: content,
        picture: picture_of(release, addresses),
        attachments: attachments_of(release, addresses),
        topics: live.topics_of(&published.id).filter_map(|entry| topic_of(entry, site)).collect(),
        author: author_of(site),
        site_language: site.language,
    })
}

/// Who publishes.
fn author_of(site: &FeedSite) -> CleanText {
    CleanText::line(&site.title).or(site.url.host())
}

fn picture_of(release: &Release, addresses: Addresses<'_>) -> Option<Picture> {
    let image = release.images.iter().find(|image| image.is_there())?;
    let pixels = image.facts.as_ref().and_then(|facts| match facts.kind {
        FileKind::Image { width, height } => Some((width, height)),
        FileKind::Pdf | FileKind::Other => None,
    });
    Some(Picture {
        url: addresses.of_target(&image.target),
        media_type: image.target.media_type(),
        alternative: CleanText::line(&image.alternative),
        bytes: image.facts.as_ref().map(|facts| facts.bytes),
        pixels,
    })
}

/// The release's own documents, then the PDFs that its text links to.
fn attachments_of(release: &Release, addresses: Addresses<'_>) -> Vec<Attachment> {
    let mut attachments = Vec::new();
    for document in &release.documents {
        let bytes = match document.state {
            DocumentState::Present { bytes, .. } => Some(bytes),
            DocumentState::Elsewhere => None,
            DocumentState::Missing => continue,
        };
        let url = addresses.of_target(&document.target);
        attachments.push(Attachment {
            title: CleanText::line(&document.title).or(&url),
            url,
            media_type: document.target.media_type(),
            bytes,
        });
    }
    for linked in &release.linked_uploads {
        let Some(facts) = linked.facts.as_ref().filter(|facts| facts.kind == FileKind::Pdf && facts.bytes > 0) else {
            continue;
        };
        let url = addresses.of_target(&Target::Upload(linked.path.clone()));
        if attachments.iter().any(|other| other.url == url) {
            continue;
        }
        let name = linked.path.file_name();
        let title = name.rsplit_once('.').map_or(name, |(stem, _)| stem).replace('_', " ");
        attachments.push(Attachment {
            title: CleanText::line(&title).or(&url),
            url,
            media_type: PDF,
            bytes: Some(facts.bytes),
        });
    }
    attachments
}

fn topic_of(entry: &TopicEntry, site: &FeedSite) -> Option<EntryTopic> {
    let taxonomy = match entry.topic {
        Topic::All => return None,
        Topic::Category(_) => Taxonomy::Category,
        Topic::Tag(_) => Taxonomy::Tag,
    };
    let slug = entry.topic.slug()?.clone();
    Some(EntryTopic {
        taxonomy,
        label: CleanText::line(&entry.label).or(slug.as_str()),
        slug,
        page: site.page_of(&entry.topic),
    })
}
