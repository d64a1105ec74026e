//! Where something stood once: for a server that has to know all such addresses beforehand, and cannot ask for each.

use std::collections::BTreeMap;

use super::{Address, Resources, Standing, pages, with_or_without_slash};
use crate::domain::Topic;
use crate::feed::{Archives, FeedFormat};

/// What became of an address at which nothing stands any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Former {
    /// It is at this address for ever (relative to the host, or absolute).
    Moved(String),
    /// A release that was withdrawn, or deleted a while ago.
    Gone,
}

impl Resources {
    /// The addresses below the site's at which nothing stands and that [`Resources::find`] knows all the same: old ones, and
    /// present ones with a slash too many or too few. Those of feeds in [`Resources::feed_aliases`] are not among them.
    ///
    /// A page beyond the last of a topic that was merged into another is left out: there is no end to them.
    #[must_use]
    pub fn former(&self) -> BTreeMap<String, Former> {
        let mut former = BTreeMap::new();
        let mut note = |path: String| {
            if let Standing::Former(became) = self.standing(&path) {
                former.insert(path, became);
            }
        };
        let present = self.live.releases();
        let present = present.iter().map(|published| &published.release.permalink);
        let old = self.named.keys().chain(self.aliases.keys()).chain(self.gone.iter());
        for permalink in present.chain(old).filter(|permalink| !self.feed_aliases.contains_key(permalink)) {
            note(permalink.as_str().to_owned());
            if let Some(other) = with_or_without_slash(permalink) {
                note(other.as_str().to_owned());
            }
        }
        for (old, _) in self.feed_aliases() {
            if let Some(other) = with_or_without_slash(old) {
                note(other.as_str().to_owned());
            }
        }
        note(bare(&Address::Feeds));
        for topic in self.live.followed() {
            for page in 1..=pages::pages_of(&self.live, &topic) {
                note(bare(&Address::FeedPage(topic.clone(), page)));
            }
            for old in self.live.merged_into(&topic) {
                for path in self.addresses_of(&topic, old) {
                    note(path);
                }
            }
        }
        former
    }

    /// The addresses that `old` had when it was a topic of its own, as far as `topic`, which goes on for it, has them.
    fn addresses_of(&self, topic: &Topic, old: &Topic) -> Vec<String> {
        let feeds = FeedFormat::ALL.map(|format| Address::Feed(old.clone(), format));
        let archives = Archives::of(&self.live, topic, self.site.timezone);
        let archives = archives
            .periods()
            .flat_map(|period| FeedFormat::ALL.map(|format| Address::Archive(old.clone(), period, format)));
        let pages: Vec<_> =
            (1..=pages::pages_of(&self.live, topic)).map(|page| Address::FeedPage(old.clone(), page)).collect();
        let bare: Vec<_> = pages.iter().map(bare).collect();
        feeds.into_iter().chain(archives).chain(pages).map(|address| address.path()).chain(bare).collect()
    }
}

/// An address that ends with a slash, without it.
fn bare(address: &Address) -> String {
    address.path().trim_end_matches('/').to_owned()
}
