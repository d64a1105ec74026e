//! The dispatcher: claims due deliveries, hands each to a relay, records what it said.
//!
//! No transaction is open while a relay is spoken to: lease, commit, send, record. Each connection has at most one
//! letter in flight, so a kill makes at most one extra copy a connection.

mod claimed;
mod composer;
mod pace;
mod refusals;
mod relays;
mod rests;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::field::display;
use tracing::{debug, error, info, warn};

use self::claimed::Claimed;
use self::composer::{Composed, Composer, Ready};
use self::refusals::Refusals;
use self::relays::{Line, Relays};
use super::newsroom::Newsroom;
use crate::domain::{Attempt, Delivery, Phase};
use crate::metrics::LetterEnd;
use crate::policy::{Verdict, verdict};
use crate::smtp::{Handed, Relay};
use crate::store::{AttemptMade, Begin, Exchanged, Fence, Finished, Hold, Outcome, StoreError};

/// How long a claim lasts: the ten minutes a relay may take after the dot (RFC 5321 §4.5.3.2.6), and five more.
const LEASE: TimeDelta = TimeDelta::minutes(15);
/// How long after its claim began a letter may be begun at the latest, so that the answer to its dot comes before the end.
const LATEST: Duration = Duration::from_mins(5);
/// How long a relay that hung up is tried again before the letter goes back to the outbox.
const AGAIN: Duration = Duration::from_mins(1);
/// How often the outbox is looked at when nothing wakes the dispatcher: other processes queue letters too.
const IDLE_LOOK: Duration = Duration::from_millis(500);
/// A connection on which nothing was handed over for so long is closed.
const IDLE_CLOSE: Duration = Duration::from_secs(10);
/// After so long a pause the relay is asked whether it is still there.
const ASK_AFTER: Duration = Duration::from_secs(2);
/// How long the database may take over what a letter is made of.
const READING: Duration = Duration::from_secs(20);
/// How long a connection waits that found no relay, or found what it had claimed stopped or corrected.
const PAUSE: Duration = Duration::from_secs(1);
/// What is kept of a delivery whose letter is not there.
const NO_LETTER: &str = "its letter is missing or cannot be read";

/// Sends what is due until it is stopped.
#[derive(Debug)]
pub struct Dispatcher {
    newsroom: Arc<Newsroom>,
    relays: Relays,
    composer: Composer,
    connections: usize,
    owner: String,
    claimed: Claimed,
    refusals: Refusals,
}

impl Dispatcher {
    /// A dispatcher named `owner`, sending through `relays` in order over as many connections as each may have.
    #[must_use]
    pub fn new(newsroom: Arc<Newsroom>, relays: Vec<Relay>, owner: String) -> Self {
        let relays = Relays::new(Arc::clone(&newsroom), relays, owner.clone());
        let composer = Composer::new(Arc::clone(&newsroom));
        let connections = relays.connections();
        let claimed = Claimed::new(Arc::clone(&newsroom), owner.clone(), connections, LEASE);
        let refusals = Refusals::new(Arc::clone(&newsroom));
        Self { newsroom, relays, composer, connections, owner, claimed, refusals }
    }

    /// Sends until `stop` says so, then up to `drain` for letters in flight; what is cut off then is unknown.
    pub async fn run(self: Arc<Self>, stop: watch::Receiver<bool>, drain: Duration) {
        self.run_until(stop, async move { sleep(drain).await }).await;
    }

    /// The same with letters in flight until `given_up` ends, which is asked only once it was told to stop.
    pub async fn run_until(self: Arc<Self>, stop: watch::Receiver<bool>, given_up: impl Future<Output = ()>) {
        let mut connections = JoinSet::new();
        for _ in 0..self.connections {
            connections.spawn(self.clone().connection(stop.clone()));
        }
        let mut stopping = stop.clone();
        loop {
            let error = tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => break,
                Some(Err(error)) = connections.join_next() => error,
            };
            // The letter it had is taken up once its claim runs out; the others must not wait for that.
            error!(%error, "a connection broke down, another takes its place: {error}");
            connections.spawn(self.clone().connection(stop.clone()));
        }
        let all_ended = async { while connections.join_next().await.is_some() {} };
        tokio::select! {
            () = all_ended => {}
            () = given_up => warn!("connections are given up: whether letters that were being handed over left is unknown"),
        }
        let left = self.claimed.take_all().await;
        if let Err(error) = self.newsroom.store.give_back(&self.owner, &left, None).await {
            self.newsroom.log_failure(&error, "claimed letters could not be given back");
        }
    }

    /// Sends everything due now over one connection, and returns: for tests and commands.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn send_due(self: &Arc<Self>) -> Result<(), StoreError> {
        let (_keep, stop) = watch::channel(false);
        let mut desk = Connection::default();
        while let Some(ready) = self.next(&mut desk).await? {
            self.hand_over(&mut desk, ready, &stop).await?;
        }
        self.close(&mut desk).await
    }

    /// One connection's life: hand over what is due, sleep when nothing is.
    async fn connection(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let mut desk = Connection::default();
        // What the relay was told of is handed over to the end.
        while !*stop.borrow() || desk.next.is_some() {
            // Whoever queues a letter from now on wakes us, even before we wait.
            let woken = self.newsroom.letters_queued.notified();
            let may_send = desk.line.is_some() || self.relays.have_room().await;
            let handled = match if may_send { self.next(&mut desk).await } else { Ok(None) } {
                Ok(Some(ready)) => self.hand_over(&mut desk, ready, &stop).await,
                Ok(None) => {
                    let is_over = desk.was_used.is_none_or(|at| at.elapsed() > IDLE_CLOSE);
                    let recorded = if is_over { self.close(&mut desk).await } else { self.record(&mut desk).await };
                    let mut stopping = stop.clone();
                    tokio::select! {
                        () = woken => {}
                        () = sleep(IDLE_LOOK) => {}
                        _ = stopping.wait_for(|stop| *stop) => {}
                    }
                    recorded
                }
                Err(error) => Err(error),
            };
            if let Err(error) = handled {
                self.newsroom.log_failure(&error, "the outbox does not answer");
                sleep(Duration::from_secs(1)).await;
            }
        }
        // What the relay said last is known here alone: it is recorded, or we are given up.
        let mut was_told = false;
        while let Err(error) = self.close(&mut desk).await {
            if !std::mem::replace(&mut was_told, true) {
                self.newsroom.log_failure(&error, "the last outcome could not be recorded");
            }
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// The next letter: the one that the relay was told of, else the next delivery's.
    async fn next(&self, desk: &mut Connection) -> Result<Option<Box<Ready>>, StoreError> {
        if let Some(ready) = desk.next.take() {
            return Ok(Some(ready));
        }
        while let Some(delivery) = self.claimed.next().await? {
            if let Some(ready) = self.compose(desk, delivery).await? {
                return Ok(Some(ready));
            }
        }
        Ok(None)
    }

    /// The letter of a delivery; `None` for one that is given up as it cannot be composed. While the database does not
    /// answer, it is the next to be tried then.
    async fn compose(&self, desk: &mut Connection, delivery: Delivery) -> Result<Option<Box<Ready>>, StoreError> {
        let error = match self.newsroom.store.patiently(READING, self.composer.prepare(&delivery)).await {
            Ok(Composed::Ready(letter)) => return Ok(Some(Box::new(Ready { delivery, letter }))),
            Ok(Composed::Unsigned(error)) => error.to_string(),
            Ok(Composed::Missing) => NO_LETTER.to_owned(),
            Err(error @ StoreError::Row { .. }) => format!("{NO_LETTER}: {error}"),
            Err(error) => {
                self.claimed.put_back(delivery).await;
                return Err(error);
            }
        };
        let done = self.give_up(desk, &delivery, error).await;
        if done.is_err() {
            self.claimed.put_back(delivery).await;
        }
        done.map(|()| None)
    }

    /// The letter after the one that is about to be handed over, where it is at hand and the relay can be told of it already.
    /// Not where letters have a pace: each waits for its turn.
    async fn look_ahead(&self, desk: &mut Connection, stop: &watch::Receiver<bool>) -> Result<(), StoreError> {
        let tells = |line: &Line| line.session.takes_next() && !self.relays.is_paced(line.relay);
        if !*stop.borrow()
            && desk.line.as_ref().is_some_and(tells)
            && let Some(delivery) = self.claimed.at_hand().await
        {
            desk.next = self.compose(desk, delivery).await?;
        }
        Ok(())
    }

    /// Hands one letter over. While the database does not take its beginning, none is written: it is the next to be tried
    /// then.
    async fn hand_over(
        &self,
        desk: &mut Connection,
        ready: Box<Ready>,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), StoreError> {
        let done = self.try_to_hand_over(desk, &ready, stop).await;
        // Nobody was told of it any more: another connection may have it.
        if desk.line.is_none()
            && let Some(next) = desk.next.take()
        {
            self.claimed.put_back(next.delivery).await;
        }
        if done.is_err() {
            self.claimed.put_back(ready.delivery).await;
        }
        done
    }

    /// Hands one letter over; an error comes before it is written. What became of the one before it is committed together
    /// with this one's beginning.
    async fn try_to_hand_over(
        &self,
        desk: &mut Connection,
        ready: &Ready,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), StoreError> {
        let delivery = &ready.delivery;
        if !self.be_ready(desk, stop).await? {
            self.newsroom.store.give_back(&self.owner, std::slice::from_ref(delivery), None).await?;
            pause(stop).await;
            return Ok(());
        }
        self.look_ahead(desk, stop).await?;
        // In this order: should we be paused in between, the claim ends late, and not the time to begin.
        let latest = Instant::now() + LATEST;
        let now = self.newsroom.now();
        let fence = Fence { delivery: delivery.id, owner: self.owner.clone(), claim: delivery.claim };
        let (letter, contents) = (delivery.letter, delivery.contents.clone());
        let begin = Begin { fence: fence.clone(), letter, contents, until: now + LEASE, at: now };
        let handed = Instant::now();
        let Some((attempt, relay)) = self.send(desk, ready, begin, latest, stop).await? else {
            debug!(delivery.id = %delivery.id, "the claim on delivery {} is lost", delivery.id);
            if let Some(next) = desk.next.take() {
                self.claimed.put_back(next.delivery).await;
            }
            self.claimed.give_back_with_all(delivery).await?;
            pause(stop).await;
            return Ok(());
        };
        desk.was_used = Some(Instant::now());
        let name = self.relays.name(relay);
        let finished = self.judge(ready, name, fence, &attempt, handed.elapsed());
        if finished.outcome == Outcome::Failed
            && let Err(error) = Box::pin(self.newsroom.take_refusal(&ready.delivery, name, &attempt)).await
        {
            self.newsroom.log_failure(&error, &format!("why delivery {} was refused is not kept", delivery.id));
        }
        self.refusals.learn(name, &attempt);
        desk.finished = Some(finished);
        desk.line.take_if(|line| !line.session.is_open());
        self.relays.learn(relay, &attempt).await;
        self.claimed.learn(delivery, &attempt).await;
        Ok(())
    }

    /// Sees to a session and waits for its turn; `false` when there is none to be had, or it is time to stop. Before anything
    /// that may take long, what became of the last letter is recorded: it must not be sent again should we be stopped.
    async fn be_ready(&self, desk: &mut Connection, stop: &watch::Receiver<bool>) -> Result<bool, StoreError> {
        if desk.line.is_some() && desk.was_used.is_some_and(|at| at.elapsed() > ASK_AFTER) {
            self.settle(desk).await?;
            if let Some(line) = &mut desk.line {
                line.session.check().await;
            }
        }
        desk.line.take_if(|line| !line.session.is_open());
        if desk.line.is_none() {
            self.settle(desk).await?;
            let mut stopping = stop.clone();
            desk.line = tokio::select! {
                line = Box::pin(self.relays.connect()) => line,
                _ = stopping.wait_for(|stop| *stop) => None,
            };
        }
        desk.was_used = Some(Instant::now());
        let Some(line) = &desk.line else { return Ok(false) };
        let Some(turn) = self.relays.turn(line.relay).await?.filter(|turn| *turn > Instant::now()) else {
            return Ok(true);
        };
        self.settle(desk).await?;
        let mut stopping = stop.clone();
        tokio::select! {
            () = sleep_until(turn) => Ok(true),
            _ = stopping.wait_for(|stop| *stop) => Ok(false),
        }
    }

    /// Hands the letter over in the session there is; in another one when that had ended before. It is written once its
    /// beginning is committed, for which sender and recipient do not wait. Says with which relay; `None` when it is not ours
    /// any more.
    async fn send(
        &self,
        desk: &mut Connection,
        ready: &Ready,
        begin: Begin,
        latest: Instant,
        stop: &watch::Receiver<bool>,
    ) -> Result<Option<(Attempt, usize)>, StoreError> {
        let Connection { line: current, next, finished, .. } = desk;
        let Some(line) = current else { return Ok(None) };
        let mut with = line.relay;
        let mut exchanged = None;
        let leave = async {
            let done = self.exchange(finished, Some(begin)).await;
            let may = done.as_ref().is_ok_and(|done| done.begun == Some(Hold::Kept));
            exchanged = Some(done);
            may
        };
        let (envelope, message) = (&ready.letter.envelope, &ready.letter.message);
        let next = next.as_ref().map(|next| (&next.letter.envelope, &next.letter.message));
        let mut handed = line.session.send_by_leave(envelope, message, next, latest, leave).await;
        current.take_if(|line| !line.session.is_open());
        let is_ours = exchanged.transpose()?.is_some_and(|done| done.begun == Some(Hold::Kept));
        if !is_ours {
            return Ok(None);
        }
        if handed == Handed::NotBegun {
            // Before another is opened, this one makes room.
            *current = None;
            let mut stopping = stop.clone();
            *current = tokio::select! {
                line = Box::pin(self.relays.connect()) => line,
                () = sleep(AGAIN) => None,
                _ = stopping.wait_for(|stop| *stop) => None,
            };
            if let Some(line) = current {
                with = line.relay;
                // Without a turn it goes too early rather than never: its beginning is committed.
                if let Ok(Some(turn)) = self.relays.turn(with).await {
                    sleep_until(turn).await;
                }
                handed = line.session.send(envelope, message, latest).await;
            }
        }
        Ok(Some(match handed {
            Handed::Over(attempt) => (attempt, with),
            Handed::NotBegun | Handed::Withheld => {
                let error = "it hung up, and cannot be reached again".to_owned();
                (Attempt::Lost { phase: Phase::Connect, error }, with)
            }
        }))
    }

    /// Records what is left to record and closes the connection.
    async fn close(&self, desk: &mut Connection) -> Result<(), StoreError> {
        let recorded = self.record(desk).await;
        desk.was_used = None;
        if let Some(line) = desk.line.take() {
            line.session.quit().await;
        }
        recorded
    }

    /// Records what became of the last letter.
    async fn settle(&self, desk: &mut Connection) -> Result<(), StoreError> {
        if desk.finished.is_some() {
            self.exchange(&mut desk.finished, None).await?;
        }
        Ok(())
    }

    /// The same when no other letter follows at once.
    async fn record(&self, desk: &mut Connection) -> Result<(), StoreError> {
        if desk.finished.is_some() {
            self.settle(desk).await?;
            // The last letter of an edition may have left: it can be finished now.
            self.newsroom.look_wanted.notify_waiters();
        }
        Ok(())
    }

    /// Commits what became of the last letter and the beginning of the next. What the relay said is not forgotten when
    /// the database does not answer: it is recorded with the next exchange, or the letter would be sent again.
    async fn exchange(&self, finished: &mut Option<Finished>, next: Option<Begin>) -> Result<Exchanged, StoreError> {
        let exchanged = self.newsroom.store.exchange(finished.clone(), next).await?;
        if let Some(late) = finished.take().filter(|_| exchanged.finished == Some(Hold::Lost)) {
            let id = late.fence.delivery;
            warn!(delivery.id = %id, "what became of delivery {id} comes too late to count: somebody took it up meanwhile");
        }
        Ok(exchanged)
    }

    /// Ends a delivery that cannot be composed, whatever the relay: it would come back for ever.
    async fn give_up(&self, desk: &mut Connection, delivery: &Delivery, why: String) -> Result<(), StoreError> {
        let edition = delivery.edition.map(display);
        error!(delivery.id = %delivery.id, edition.id = edition, why, "delivery {} is given up: {why}", delivery.id);
        self.record(desk).await?;
        let at = self.newsroom.now();
        let fence = Fence { delivery: delivery.id, owner: self.owner.clone(), claim: delivery.claim };
        let made = AttemptMade {
            attempt: delivery.attempt,
            relay: String::new(),
            at,
            phase: "compose".to_owned(),
            code: None,
            enhanced: None,
            reply: why,
            message_id: String::new(),
            verdict: "failed".to_owned(),
        };
        desk.finished = Some(Finished { fence, outcome: Outcome::Failed, attempt: Some(made.into()), at });
        self.record(desk).await
    }

    /// What follows from an attempt.
    fn judge(&self, ready: &Ready, relay: &str, fence: Fence, attempt: &Attempt, took: Duration) -> Finished {
        let (now, delivery) = (self.newsroom.now(), &ready.delivery);
        // After a letter that was taken, nothing waits.
        let jitter = if matches!(attempt, Attempt::Accepted(_)) { 0.0 } else { jitter() };
        let verdict = verdict(attempt, delivery.attempt, &self.newsroom.config.newsletter.retry, jitter);
        let (outcome, word) = match verdict {
            Verdict::Sent => (Outcome::Sent, "sent"),
            Verdict::RetryAfter(pause) => (Outcome::Later { due: now + pause }, "later"),
            Verdict::RelayRest(pause) => (Outcome::LaterUncounted { due: now + pause }, "relay"),
            Verdict::GiveUp => (Outcome::Failed, "failed"),
            Verdict::Unknown => (Outcome::Unknown, "unknown"),
        };
        let domain = delivery.recipient.address.domain();
        self.newsroom.metrics.letters.ended(&LetterEnd { relay, domain, attempt, outcome: word, took });
        log_judgement(ready, relay, attempt, &outcome, word, took);
        let (phase, reply) = match attempt {
            Attempt::Accepted(reply) => ("accepted".to_owned(), Some(reply)),
            Attempt::Refused { phase, reply } => (phase.to_string(), Some(reply)),
            Attempt::Lost { phase, .. } => (phase.to_string(), None),
        };
        let made = AttemptMade {
            attempt: delivery.attempt,
            relay: relay.to_owned(),
            at: now,
            phase,
            code: reply.map(|reply| reply.code),
            enhanced: reply.and_then(|reply| reply.enhanced).map(|status| status.to_string()),
            reply: attempt.to_string(),
            message_id: ready.letter.message_id.clone(),
            verdict: word.to_owned(),
        };
        Finished { fence, outcome, attempt: Some(made.into()), at: now }
    }
}

/// Logs what becomes of a letter. What goes well is a line an edition, for there may be a hundred thousand; a line a letter
/// is for those who look for something.
fn log_judgement(ready: &Ready, relay: &str, attempt: &Attempt, outcome: &Outcome, verdict: &str, took: Duration) {
    if *outcome == Outcome::Sent && !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let Delivery { id, edition, subscriber, attempt: number, recipient, .. } = &ready.delivery;
    let (edition, subscriber) = (edition.map(display), subscriber.map(display));
    let (to, how) = (recipient.address.masked(), attempt.without_words().to_string());
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let due = match outcome {
        Outcome::Later { due } | Outcome::LaterUncounted { due } => Some(due.to_rfc3339()),
        Outcome::Sent | Outcome::Failed | Outcome::Unknown => None,
    };
    if *outcome == Outcome::Sent {
        debug!(
            delivery.id = %id, edition.id = edition, subscriber.id = subscriber, attempt = number, relay, verdict, to,
            how, took_ms, "delivery {id}: {verdict}"
        );
    } else {
        info!(
            delivery.id = %id, edition.id = edition, subscriber.id = subscriber, attempt = number, relay, verdict, to,
            how, took_ms, due, "delivery {id}: {verdict}"
        );
    }
}

/// One connection's open session, and what is not recorded yet of its last letter.
#[derive(Default)]
struct Connection {
    line: Option<Line>,
    /// The letter after the one that is handed over, of which the relay is told with the end of that.
    next: Option<Box<Ready>>,
    /// When it was used last.
    was_used: Option<Instant>,
    finished: Option<Finished>,
}

/// Waits a moment, unless it is time to stop.
async fn pause(stop: &watch::Receiver<bool>) {
    let mut stopping = stop.clone();
    tokio::select! {
        () = sleep(PAUSE) => {}
        _ = stopping.wait_for(|stop| *stop) => {}
    }
}

/// A number in 0..1, drawn anew for each pause.
fn jitter() -> f64 {
    let mut bytes = [0; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0),
        Err(_) => 0.0,
    }
}
