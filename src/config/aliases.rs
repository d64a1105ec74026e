//! `topics.aliases` and `feeds.aliases`: what topics and feeds were called before.

use std::collections::BTreeMap;

use super::fault::{ConfigFault, Expected};
use super::setting::{Misplaced, Setting};
use crate::domain::{Permalink, Topic, TopicAliasError, TopicAliases};

/// The endings of feeds' addresses.
const ENDINGS: [&str; 3] = ["rss", "atom", "json"];

/// Topics that were merged into others: `{ "tag:web" = "tag:internet" }`.
pub(super) fn topic_aliases(table: &Setting) -> Result<TopicAliases, Misplaced> {
    let topic = |setting: &Setting| {
        setting.parsed(Expected::Topic, |text| text.parse().ok().filter(|topic| *topic != Topic::All))
    };
    let mut pairs = Vec::new();
    for (old, new) in table.entries()? {
        pairs.push((topic(&old)?, topic(&new)?));
    }
    TopicAliases::new(pairs).map_err(|error| match error {
        TopicAliasError::Everything => table.refuse(Expected::Topic),
        TopicAliasError::Chain { old, new, end } => {
            let (old, new, end) = (old.to_string(), new.to_string(), end.to_string());
            (Some(table.place.clone()), ConfigFault::ChainedTopics { old, new, end })
        }
    })
}

/// Addresses at which readers knew a feed before: `{ "/feed.xml" = "all.atom" }`. The values are the feeds' paths.
pub(super) fn feed_aliases(table: &Setting) -> Result<BTreeMap<Permalink, String>, Misplaced> {
    let mut aliases = BTreeMap::new();
    for (old, feed) in table.entries()? {
        let old: Permalink = old.parsed(Expected::OldFeed, |text| text.parse().ok())?;
        aliases.insert(old, feed.parsed(Expected::Feed, feed_path)?);
    }
    Ok(aliases)
}

/// The path of the feed called `name`: `all.atom`, `tag/ponts.rss`.
fn feed_path(name: &str) -> Option<String> {
    let (topic, ending) = name.rsplit_once('.')?;
    let topic = Topic::from_path(topic)?;
    ENDINGS.contains(&ending).then(|| format!("/feeds/{}.{ending}", topic.path()))
}
