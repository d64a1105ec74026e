//! Recording what became of one delivery and beginning the next in one commit, and the exchanges of all connections in
//! as few commits as possible.
//!
//! A task drains whatever waits into one transaction. Nobody hears of an exchange before its commit: what was
//! answered survives a kill.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use futures_util::TryStreamExt as _;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, AssertSqlSafe, Connection as _, Executor as _};
use tokio::sync::oneshot;

use super::engine::Engine;
use super::exchanged::{Begin, Exchanged, Fence, Finished, Hold, Request};
use super::health::{Health, in_time};
use super::marks::{Attempts, Marks, Statement};
use super::values::Bound;
use super::waiting_room::{Held, WaitingRoom};
use super::{Store, StoreError};
use crate::domain::DeliveryId;
use crate::metrics::DatabaseWork;

/// How many commits in a row share a connection: others that write have a turn then. To take one and to give it back costs
/// as much as a commit where the database is far.
const COMMITS_IN_A_ROW: u32 = 8;

impl Store {
    /// Records what became of one delivery and marks the next as in flight, in one commit. A finish that comes after
    /// its claim ran out still counts, as long as nobody claimed the delivery since: knowing is better than `unknown`.
    /// What a relay said is kept whether it counts or not. Nothing begins of an edition that was stopped.
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

/// Commits exchanges until every [`Store`] is gone. PostgreSQL has several at once who do so.
pub(super) async fn commit_in_groups(engine: Engine, pool: AnyPool, health: Arc<Health>, room: Arc<WaitingRoom>) {
    let mut group = Vec::new();
    let mut line = Line { engine, pool, held: None };
    while let Some(mut turn) = room.gather(&mut group).await {
        line.held = turn.held.take();
        let begun = Instant::now();
        let committed = line.commit(&group).await;
        if let Err(error) = &committed {
            health.note(error);
        }
        match committed {
            Ok(done) => {
                health.metrics.took(DatabaseWork::Exchange, begun.elapsed());
                for (request, exchanged) in group.drain(..).zip(done) {
                    room.learn(exchanged);
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
                let mut ailment = None;
                for request in group.drain(..) {
                    if let Some(ailment) = ailment {
                        answer(request, Err(StoreError::Ill(ailment)));
                        continue;
                    }
                    let one = std::slice::from_ref(&request);
                    let done = line.commit(one).await;
                    if let Err(error) = &done {
                        health.note(error);
                        ailment = error.ailment();
                    }
                    answer(request, done.map(|done| done[0]).inspect(|exchanged| room.learn(*exchanged)));
                }
            }
            Err(error) => {
                if let Some(request) = group.pop() {
                    answer(request, Err(error));
                }
            }
        }
        room.hand_on(turn, line.held.take());
    }
}

/// Tells the caller; one that has gone away meanwhile will find the state in the database.
fn answer(request: Request, done: Result<Exchanged, StoreError>) {
    drop(request.answer.send(done));
}

/// Over which groups are committed.
struct Line {
    engine: Engine,
    pool: AnyPool,
    held: Option<Held>,
}

impl Line {
    /// Commits a group. After an error, or when others have waited for long enough, the connection is not kept.
    async fn commit(&mut self, group: &[Request]) -> Result<Vec<Exchanged>, StoreError> {
        in_time(self.engine, async {
            let Held { connection, commits } = match self.held.take() {
                Some(held) => held,
                None => Held { connection: self.pool.acquire().await?, commits: 0 },
            };
            let (done, connection) = commit(self.engine, connection, group).await?;
            let commits = commits + 1;
            self.held = (commits < COMMITS_IN_A_ROW).then_some(Held { connection, commits });
            Ok(done)
        })
        .await
    }
}

async fn commit(
    engine: Engine,
    connection: PoolConnection<Any>,
    group: &[Request],
) -> Result<(Vec<Exchanged>, PoolConnection<Any>), StoreError> {
    let finished: Vec<&Finished> = group.iter().filter_map(|request| request.finished.as_ref()).collect();
    let begun: Vec<&Begin> = group.iter().filter_map(|request| request.next.as_ref()).collect();
    let changes =
        Changes { marks: [Marks::Finished(&finished), Marks::Begun(&begun)], attempts: Attempts::of(&finished) };
    let ([finished, begun], connection) = match engine {
        Engine::Sqlite => changes.commit_in_one_go(connection).await?,
        Engine::Postgres => changes.commit_step_by_step(connection).await?,
    };
    // By the claim, too: two of the same delivery may meet here, and one of them is over.
    let hold = |taken: &BTreeSet<(DeliveryId, u32)>, fence: &Fence| {
        if taken.contains(&(fence.delivery, fence.claim)) { Hold::Kept } else { Hold::Lost }
    };
    let exchanged = |request: &Request| Exchanged {
        finished: request.finished.as_ref().map(|own| hold(&finished, &own.fence)),
        begun: request.next.as_ref().map(|own| hold(&begun, &own.fence)),
    };
    Ok((group.iter().map(exchanged).collect(), connection))
}

/// What a group changes: what became of some deliveries, then which begin, and the tries that are kept.
struct Changes<'m> {
    marks: [Marks<'m>; 2],
    attempts: Attempts<'m>,
}

/// Of which deliveries, by which claims, the marks were taken.
type Taken = [BTreeSet<(DeliveryId, u32)>; 2];

impl Changes<'_> {
    async fn commit_step_by_step(
        &self,
        mut connection: PoolConnection<Any>,
    ) -> Result<(Taken, PoolConnection<Any>), StoreError> {
        let mut transaction = connection.begin().await?;
        let mut taken = Taken::default();
        for (marks, taken) in self.marks.into_iter().zip(&mut taken).filter(|(marks, _)| marks.len() > 0) {
            let Statement { text, values } = marks.statement(&transaction);
            let mark = values.bind(sqlx::query(AssertSqlSafe(text)));
            let changed = mark.execute(&mut *transaction).await?.rows_affected();
            *taken = marks.taken(changed, &mut transaction).await?;
        }
        if !self.attempts.is_empty() {
            let Statement { text, values } = self.attempts.statement(&transaction);
            values.bind(sqlx::query(AssertSqlSafe(text))).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok((taken, connection))
    }

    /// The same where each step goes to another thread and back: all of it as one text.
    async fn commit_in_one_go(
        &self,
        mut connection: PoolConnection<Any>,
    ) -> Result<(Taken, PoolConnection<Any>), StoreError> {
        let marks: Vec<(usize, Marks<'_>)> =
            self.marks.into_iter().enumerate().filter(|(_, marks)| marks.len() > 0).collect();
        let mut steps: Vec<Statement<'_>> = marks.iter().map(|(_, marks)| marks.statement(&connection)).collect();
        if !self.attempts.is_empty() {
            steps.push(self.attempts.statement(&connection));
        }
        let texts = steps.iter().map(|step| step.text.as_str());
        let text = ["BEGIN IMMEDIATE"].into_iter().chain(texts).chain(["COMMIT"]).collect::<Vec<_>>().join("; ");
        let query = steps.into_iter().fold(sqlx::query(AssertSqlSafe(text)), |query, step| step.values.bind(query));
        let changed = match changes_of(&mut connection, query).await {
            Ok(changed) => changed,
            Err(error) => {
                // It may have ended by itself, or never begun. Nobody else may find it open.
                if sqlx::query("ROLLBACK").execute(&mut *connection).await.is_err() {
                    drop(connection.close().await);
                }
                return Err(error.into());
            }
        };
        let mut taken = Taken::default();
        // The first step changes nothing.
        for ((number, marks), changed) in marks.into_iter().zip(changed.into_iter().skip(1)) {
            taken[number] = marks.taken(changed, &mut connection).await?;
        }
        Ok((taken, connection))
    }
}

/// Carries out a text of several statements; how many rows each of them changed.
async fn changes_of(connection: &mut AnyConnection, query: Bound<'_>) -> Result<Vec<u64>, sqlx::Error> {
    let steps = connection.fetch_many(query);
    steps.try_filter_map(async |step| Ok(step.left().map(|done| done.rows_affected()))).try_collect().await
}
