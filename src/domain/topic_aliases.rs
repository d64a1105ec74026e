//! Topics that were merged into others: an old name and the topic that goes on for it.

use std::collections::BTreeMap;

use super::Topic;

/// Old topics, each with the one it was merged into. One step leads from the old to the new: no chains, no circles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicAliases(BTreeMap<Topic, Topic>);

/// Why topics cannot be merged so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopicAliasError {
    /// Everything is no topic to merge, nor one to merge others into.
    #[error("`all` cannot be merged")]
    Everything,
    /// The topic that is to go on is merged into another one, too.
    #[error("`{old}` leads to `{new}`, which leads to `{end}`")]
    Chain {
        /// The old topic.
        old: Topic,
        /// The one it leads to.
        new: Topic,
        /// The one that leads to.
        end: Topic,
    },
}

impl TopicAliases {
    /// The aliases of `pairs`, each an old topic and the new one.
    ///
    /// # Errors
    /// When [`Topic::All`] is among them, or one leads to a topic that is itself merged.
    ///
    /// ```
    /// use depeche::domain::{Topic, TopicAliases};
    ///
    /// let topic = |text: &str| text.parse::<Topic>().unwrap();
    /// let merged = TopicAliases::new([(topic("tag:web"), topic("tag:internet"))]).unwrap();
    /// assert_eq!(*merged.canonical(&topic("tag:web")), topic("tag:internet"));
    /// assert!(TopicAliases::new([(topic("tag:a"), topic("tag:a"))]).is_err());
    /// ```
    pub fn new(pairs: impl IntoIterator<Item = (Topic, Topic)>) -> Result<Self, TopicAliasError> {
        let aliases: BTreeMap<Topic, Topic> = pairs.into_iter().collect();
        for (old, new) in &aliases {
            if *old == Topic::All || *new == Topic::All {
                return Err(TopicAliasError::Everything);
            }
            if let Some(end) = aliases.get(new) {
                return Err(TopicAliasError::Chain { old: old.clone(), new: new.clone(), end: end.clone() });
            }
        }
        Ok(Self(aliases))
    }

    /// The topic that goes on for `topic`: itself unless it was merged.
    #[must_use]
    pub fn canonical<'t>(&'t self, topic: &'t Topic) -> &'t Topic {
        self.0.get(topic).unwrap_or(topic)
    }

    /// Whether `topic` goes on for others.
    #[must_use]
    pub fn leads_to(&self, topic: &Topic) -> bool {
        self.0.values().any(|new| new == topic)
    }

    /// The old names of `topic`.
    pub fn old_names<'t>(&'t self, topic: &'t Topic) -> impl Iterator<Item = &'t Topic> {
        self.0.iter().filter(move |(_, new)| *new == topic).map(|(old, _)| old)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aliases(pairs: &[(&str, &str)]) -> Result<TopicAliases, TopicAliasError> {
        let topic = |text: &str| text.parse::<Topic>().unwrap();
        TopicAliases::new(pairs.iter().map(|(old, new)| (topic(old), topic(new))))
    }

    #[test]
    fn chains_circles_and_everything_are_refused() {
        assert!(aliases(&[("tag:a", "tag:c"), ("tag:b", "tag:c"), ("category:a", "category:c")]).is_ok());
        let chained = [("tag:a", "tag:b"), ("tag:b", "tag:c")];
        assert!(matches!(aliases(&chained), Err(TopicAliasError::Chain { .. })));
        assert!(matches!(aliases(&[("tag:a", "tag:b"), ("tag:b", "tag:a")]), Err(TopicAliasError::Chain { .. })));
        assert_eq!(aliases(&[("tag:a", "all")]), Err(TopicAliasError::Everything));
        assert_eq!(aliases(&[("all", "tag:a")]), Err(TopicAliasError::Everything));
    }

    #[test]
    fn a_topic_knows_its_old_names() {
        let merged = aliases(&[("tag:a", "tag:c"), ("tag:b", "tag:c")]).unwrap();
        let c: Topic = "tag:c".parse().unwrap();
        assert_eq!(merged.old_names(&c).map(ToString::to_string).collect::<Vec<_>>(), ["tag:a", "tag:b"]);
        assert!(merged.leads_to(&c) && !merged.leads_to(&"tag:a".parse().unwrap()));
        assert_eq!(*merged.canonical(&c), c);
    }
}
