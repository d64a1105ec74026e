//! The intake: what a mail server leaves in the Maildir or hands over by LMTP, while the daemon runs.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info, warn};

use super::newsroom::Newsroom;
use super::returning::{ReturnError, TakenIn};
use crate::mail::LARGEST_RETURN;
use crate::returns::{Answer, Incoming, Maildir, Mark, Waiting};

/// How often the Maildir is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Takes in what comes by LMTP, one message after the other, until nobody brings any more.
pub async fn take_in_lmtp(newsroom: Arc<Newsroom>, mut incoming: mpsc::Receiver<Incoming>) {
    while let Some(Incoming { recipient, message, answer }) = incoming.recv().await {
        let answered = match newsroom.take_in(&message, Some(&recipient)).await {
            Ok(taken) => Answer::Taken(taken.to_string()),
            // Refused, it would come back to whoever sends reports, and from there to nobody.
            Err(ReturnError::Unreadable(_)) => Answer::Taken("what cannot be read is not kept".to_owned()),
            Err(ReturnError::Store(error)) => {
                newsroom.log_failure(&error, "what came back could not be taken in, and is asked for again");
                Answer::Later
            }
        };
        drop(answer.send(answered));
    }
}

/// Looks at a Maildir now and then.
#[derive(Debug)]
pub struct MaildirIntake {
    newsroom: Arc<Newsroom>,
    maildir: Maildir,
    /// What was already complained of, so that each is said once.
    told: HashSet<String>,
}

impl MaildirIntake {
    /// The intake of the configuration's Maildir; `None` when there is none.
    #[must_use]
    pub fn new(newsroom: Arc<Newsroom>) -> Option<Self> {
        let maildir = Maildir::new(newsroom.config.bounces.maildir.as_ref()?);
        Some(Self { newsroom, maildir, told: HashSet::new() })
    }

    /// Looks until told to stop.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        info!(maildir = %self.maildir.folder(), "what comes back is looked for in a Maildir");
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                _ = ticks.tick() => {}
            }
            self.round(&stop).await;
        }
    }

    /// Takes in what waits.
    async fn round(&mut self, stop: &watch::Receiver<bool>) {
        let maildir = self.maildir.clone();
        let waiting = match blocking(move || maildir.waiting()).await {
            Ok(waiting) => {
                self.told.retain(|name| waiting.iter().any(|message| message.name() == name));
                waiting
            }
            Err(error) => {
                let folder = self.maildir.folder();
                let advice = format!("`{folder}/new` (`bounces.maildir`) cannot be read, is it there? {error}");
                self.tell("", &advice);
                return;
            }
        };
        for message in waiting {
            if *stop.borrow() || !self.take_in(&message).await {
                return;
            }
        }
    }

    /// Takes in one message; `false` when the database does not answer: it waits where it is.
    async fn take_in(&mut self, message: &Waiting) -> bool {
        let (maildir, name) = (self.maildir.clone(), message.clone());
        let mark = match blocking(move || maildir.read(&name, LARGEST_RETURN)).await {
            Ok(Some(bytes)) => match self.newsroom.take_in(&bytes, None).await {
                Ok(TakenIn::Bounce { .. } | TakenIn::Known { .. } | TakenIn::Unsubscribed { .. }) => Mark::Seen,
                // Whoever wonders why finds the message by its file.
                Ok(taken @ (TakenIn::Unproven | TakenIn::SaysNothing | TakenIn::NotOurs)) => {
                    info!(file = message.name(), "`{}` in `bounces.maildir`: {taken}", message.name());
                    if taken == TakenIn::NotOurs { Mark::Unseen } else { Mark::Seen }
                }
                Err(ReturnError::Unreadable(error)) => {
                    warn!(%error, "`{}` in `bounces.maildir` is left flagged: failed to {error}", message.name());
                    Mark::Flagged
                }
                Err(ReturnError::Store(error)) => {
                    self.newsroom.log_failure(&error, "what came back waits for the database");
                    return false;
                }
            },
            Ok(None) => {
                let limit = LARGEST_RETURN / (1024 * 1024);
                warn!("`{}` in `bounces.maildir` is left flagged: it has more than {limit} MiB", message.name());
                Mark::Flagged
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return true,
            Err(error) => {
                self.tell(
                    message.name(),
                    &format!("`{}` in `bounces.maildir` cannot be read: {error}", message.name()),
                );
                return true;
            }
        };
        let (maildir, name) = (self.maildir.clone(), message.clone());
        if let Err(error) = blocking(move || maildir.put_away(&name, mark)).await {
            self.tell(message.name(), &format!("`{}` cannot be moved to `cur`: {error}", message.name()));
        }
        true
    }

    /// Says something of a message once, as long as it waits.
    fn tell(&mut self, name: &str, what: &str) {
        if self.told.insert(name.to_owned()) {
            error!("{what}");
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
