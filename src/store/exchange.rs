//! Recording what became of one delivery and beginning the next in one commit, and the exchanges of all connections in
//! as few commits as possible.
//!
//! One task drains whatever waits into one transaction. Nobody hears of an exchange before its commit: what was
//! answered survives a kill.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use sqlx::{Any, AnyConnection, AnyPool, Transaction};
use tokio::sync::{mpsc, oneshot};

use super::connection::Engine;
use super::deliveries::{AttemptMade, numbers_text};
use super::health::{Health, in_time};
use super::row::{clean, micros};
use super::{Store, StoreError, ids};
use crate::domain::{DeliveryId, LetterId};
use crate::metrics::DatabaseWork;

/// How many exchanges share a commit at most.
const LARGEST_GROUP: usize = 256;

/// Who believes to hold a delivery: what every later change of it must show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// Who claimed it.
    pub owner: String,
    /// The attempt it was claimed for.
    pub attempt: u32,
}

/// Asks for a claimed delivery to be marked as in flight: the next thing said to the relay could make a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begin {
    /// Who holds it.
    pub fence: Fence,
    /// The letter that was composed: one that a correction has overtaken does not begin, whoever claimed it since.
    pub letter: LetterId,
    /// What was composed of a digest; empty otherwise.
    pub contents: Vec<u32>,
    /// When the claim ends from now on.
    pub until: DateTime<Utc>,
    /// The present instant.
    pub at: DateTime<Utc>,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Who holds it.
    pub fence: Fence,
    /// What follows.
    pub outcome: Outcome,
    /// What is kept of the try; `None` when nothing was said to a relay.
    pub attempt: Option<AttemptMade>,
    /// The present instant.
    pub at: DateTime<Utc>,
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The relay accepted it.
    Sent,
    /// Queued again; the attempt counts.
    Later {
        /// Until when it waits.
        due: DateTime<Utc>,
    },
    /// Queued again; the attempt does not count, for it was the relay's fault.
    LaterUncounted {
        /// Until when it waits.
        due: DateTime<Utc>,
    },
    /// Given up.
    Failed,
    /// The connection was lost after the final dot.
    Unknown,
}

/// Whether the caller held what it changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It did, and the change is committed.
    Kept,
    /// It did not any more: nothing was changed, and nothing more may be said to a relay about it.
    Lost,
}

/// What became of an exchange, once it is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchanged {
    /// For what was finished, when something was.
    pub finished: Option<Hold>,
    /// For what was to begin, when something was.
    pub begun: Option<Hold>,
}

/// An exchange on its way to the task that commits.
#[derive(Debug)]
pub(super) struct Request {
    finished: Option<Finished>,
    next: Option<Begin>,
    answer: oneshot::Sender<Result<Exchanged, StoreError>>,
}

impl Store {
    /// Records what became of one delivery and marks the next as in flight, in one commit. A finish that comes after
    /// its lease ran out in flight still counts, as long as nobody claimed the delivery since: knowing is better than
    /// `unknown`.
    ///
    /// # Errors
    /// When the database does not answer: then neither happened, as far as one can tell.
    pub async fn exchange(&self, finished: Option<Finished>, next: Option<Begin>) -> Result<Exchanged, StoreError> {
        let (answer, answered) = oneshot::channel();
        let request = Request { finished, next, answer };
        self.exchanges.send(request).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

/// Commits exchanges until every [`Store`] is gone.
pub(super) async fn commit_in_groups(
    engine: Engine,
    pool: AnyPool,
    health: Arc<Health>,
    mut waiting: mpsc::Receiver<Request>,
) {
    let mut group = Vec::with_capacity(LARGEST_GROUP);
    while waiting.recv_many(&mut group, LARGEST_GROUP).await > 0 {
        // Rows are locked in one order, so that instances do not wait for each other in a circle.
        group.sort_by_key(|request| request.finished.as_ref().map(|finished| finished.fence.delivery));
        let begun = Instant::now();
        match in_time(engine, commit(engine, &pool, &group)).await.inspect_err(|error| health.note(error)) {
            Ok(done) => {
                health.metrics.took(DatabaseWork::Exchange, begun.elapsed());
                for (request, exchanged) in group.drain(..).zip(done) {
                    answer(request, Ok(exchanged));
                }
            }
            // None of them is at fault, and each would wait as long again.
            Err(error) if let Some(ailment) = error.ailment() => {
                for request in group.drain(1..) {
                    answer(request, Err(StoreError::Ill(ailment)));
                }
                if let Some(request) = group.pop() {
                    answer(request, Err(error));
                }
            }
            // One of them may be at fault: each on its own, so that it stops no other.
            Err(_) if group.len() > 1 => {
                for request in group.drain(..) {
                    let done = commit(engine, &pool, std::slice::from_ref(&request)).await;
                    answer(request, done.map(|done| done[0]));
                }
            }
            Err(error) => {
                if let Some(request) = group.pop() {
                    answer(request, Err(error));
                }
            }
        }
    }
}

/// Tells the caller; one that has gone away meanwhile will find the state in the database.
fn answer(request: Request, done: Result<Exchanged, StoreError>) {
    drop(request.answer.send(done));
}

async fn commit(engine: Engine, pool: &AnyPool, group: &[Request]) -> Result<Vec<Exchanged>, StoreError> {
    let mut transaction: Transaction<'static, Any> = engine.begin(pool).await?;
    let mut done = Vec::with_capacity(group.len());
    for request in group {
        let finished = match &request.finished {
            Some(finished) => Some(finish(&mut transaction, finished).await?),
            None => None,
        };
        let begun = match &request.next {
            Some(next) => Some(begin(&mut transaction, next).await?),
            None => None,
        };
        done.push(Exchanged { finished, begun });
    }
    transaction.commit().await?;
    Ok(done)
}

const fn hold(rows: u64) -> Hold {
    if rows == 1 { Hold::Kept } else { Hold::Lost }
}

/// Beginning twice is beginning once: a commit whose answer was lost is asked for again.
async fn begin(connection: &mut AnyConnection, next: &Begin) -> Result<Hold, StoreError> {
    let done = sqlx::query(
        "UPDATE deliveries SET state = 'in_flight', lease_until = $4, since = $5 \
         WHERE id = $1 AND owner = $2 AND attempt = $3 AND state IN ('leased', 'in_flight') \
         AND lease_until > $5 \
         AND letter = $6 AND contents = $7",
    )
    .bind(next.fence.delivery.number())
    .bind(&next.fence.owner)
    .bind(i64::from(next.fence.attempt))
    .bind(micros(next.until))
    .bind(micros(next.at))
    .bind(next.letter.number())
    .bind(numbers_text(&next.contents))
    .execute(connection)
    .await?;
    Ok(hold(done.rows_affected()))
}

async fn finish(connection: &mut AnyConnection, finished: &Finished) -> Result<Hold, StoreError> {
    // What is set beside state and time: the due time, the attempt's count, how often a reply was lost, the owner.
    let (state, due, uncounted, lost) = match finished.outcome {
        Outcome::Sent => ("sent", None, 0, 0),
        Outcome::Later { due } => ("queued", Some(micros(due)), 0, 0),
        Outcome::LaterUncounted { due } => ("queued", Some(micros(due)), 1, 0),
        Outcome::Failed => ("failed", None, 0, 0),
        Outcome::Unknown => ("unknown", None, 0, 1),
    };
    let done = sqlx::query(
        "UPDATE deliveries SET state = $4, since = $5, due = COALESCE($6, due), attempt = attempt - $7, \
         lost = lost + CASE WHEN state = 'unknown' THEN 0 ELSE $8 END, owner = NULL, lease_until = NULL \
         WHERE id = $1 AND owner = $2 AND attempt = $3 AND state IN ('leased', 'in_flight', 'unknown')",
    )
    .bind(finished.fence.delivery.number())
    .bind(&finished.fence.owner)
    .bind(i64::from(finished.fence.attempt))
    .bind(state)
    .bind(micros(finished.at))
    .bind(due)
    .bind(uncounted)
    .bind(lost)
    .execute(&mut *connection)
    .await?;
    let hold = hold(done.rows_affected());
    if let (Hold::Kept, Some(attempt)) = (hold, &finished.attempt) {
        keep_attempt(connection, finished.fence.delivery, attempt).await?;
    }
    Ok(hold)
}

async fn keep_attempt(
    connection: &mut AnyConnection,
    delivery: DeliveryId,
    made: &AttemptMade,
) -> Result<(), StoreError> {
    let id = ids::next(connection, "attempts").await?;
    let AttemptMade { attempt, relay, at, phase, code, enhanced, reply, message_id, verdict } = made;
    sqlx::query(
        "INSERT INTO attempts (id, delivery, attempt, relay, at, phase, code, enhanced, reply, message_id, verdict) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(id)
    .bind(delivery.number())
    .bind(i64::from(*attempt))
    .bind(clean(relay))
    .bind(micros(*at))
    .bind(clean(phase))
    .bind(code.map(i64::from))
    .bind(enhanced.as_deref().map(clean))
    .bind(clean(reply))
    .bind(clean(message_id))
    .bind(clean(verdict))
    .execute(connection)
    .await?;
    Ok(())
}
