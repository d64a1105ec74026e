//! The topics that were typed for subscribers.

use std::collections::BTreeSet;

use super::opening;
use super::terminal::Terminal;
use crate::domain::Topic;
use crate::language::say;
use crate::task::Newsroom;

/// What is to be followed: the topics `typed`, or every release where there are none. One that nothing is filed under is
/// told.
pub(super) async fn followed(
    newsroom: &Newsroom,
    typed: &[Topic],
    terminal: Terminal,
) -> anyhow::Result<BTreeSet<Topic>> {
    let topics = if typed.is_empty() { BTreeSet::from([Topic::All]) } else { typed.iter().cloned().collect() };
    warn_of_unknown(newsroom, &topics, terminal).await?;
    Ok(topics)
}

/// A topic nothing is filed under yet may come; more often it is a slip.
async fn warn_of_unknown(newsroom: &Newsroom, topics: &BTreeSet<Topic>, terminal: Terminal) -> anyhow::Result<()> {
    if topics.iter().all(|topic| *topic == Topic::All) {
        return Ok(());
    }
    let (current, _) = opening::look(&newsroom.config).await?;
    let live = current.resources.live();
    for topic in topics.iter().filter(|topic| !live.knows(topic)) {
        let near = live.topics().iter().map(|entry| entry.topic.to_string()).collect::<Vec<_>>().join(", ");
        let arguments = [("topic", topic.to_string()), ("near", near)];
        let arguments = arguments.each_ref().map(|(name, text)| (*name, text.as_str()));
        terminal.tell(say(newsroom.language(), "cli.subscribers.no-topic", &arguments));
    }
    Ok(())
}
