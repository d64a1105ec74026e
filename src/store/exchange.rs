//! Recording what became of one delivery and beginning the next in one commit, and the exchanges of all connections in
//! as few commits as possible.
//!
//! One task drains whatever waits into one transaction. Nobody hears of an exchange before its commit: what was
//! answered survives a kill.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, AssertSqlSafe, Connection as _, Executor as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout_at;

use super::engine::Engine;
use super::exchanged::{Begin, Exchanged, Fence, Finished, Hold, Request};
use super::health::{Health, in_time};
use super::marks::{Attempts, Marks};
use super::values::Bound;
use super::{Store, StoreError};
use crate::domain::DeliveryId;
use crate::metrics::DatabaseWork;

/// How many exchanges share a commit at most.
const LARGEST_GROUP: usize = 256;
/// How many commits in a row share a connection: others that write have a turn then. To take one and to give it back costs
/// as much as a commit where the database is far.
const COMMITS_IN_A_ROW: u32 = 8;
/// After so many looks, with everybody else having had a turn, at which nobody joined, a group is committed…
const LOOKS_IN_VAIN: u32 = 4;
/// …unless relays have more than so many letters, for with few there is little to gain…
const FEW_AWAY: usize = 8;
/// …and more than so many for each that waits in it: then it waits for others…
const AWAY_FOR_EACH: usize = 2;
/// …for so long.
const PATIENCE: Duration = Duration::from_millis(1);
/// How many groups do without that at most, after nobody joined in that time again and again.
const MOST_IN_HASTE: u32 = 64;

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

/// Commits exchanges until every [`Store`] is gone.
pub(super) async fn commit_in_groups(
    engine: Engine,
    pool: AnyPool,
    health: Arc<Health>,
    mut waiting: mpsc::Receiver<Request>,
) {
    let mut group = Vec::with_capacity(LARGEST_GROUP);
    let mut line = Line { engine, pool, held: None, commits: 0 };
    let mut company = Company::default();
    while waiting.recv_many(&mut group, LARGEST_GROUP).await > 0 {
        company.join(&mut group, &mut waiting).await;
        let begun = Instant::now();
        let committed = line.commit(&group).await;
        if let Err(error) = &committed {
            health.note(error);
        }
        match committed {
            Ok(done) => {
                health.metrics.took(DatabaseWork::Exchange, begun.elapsed());
                for (request, exchanged) in group.drain(..).zip(done) {
                    company.learn(exchanged);
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
                    answer(request, done.map(|done| done[0]).inspect(|exchanged| company.learn(*exchanged)));
                }
            }
            Err(error) => {
                if let Some(request) = group.pop() {
                    answer(request, Err(error));
                }
            }
        }
        if waiting.is_empty() {
            line.let_go();
        }
    }
}

/// Tells the caller; one that has gone away meanwhile will find the state in the database.
fn answer(request: Request, done: Result<Exchanged, StoreError>) {
    drop(request.answer.send(done));
}

/// Who else will want to share a commit: whoever has a letter with a relay now.
#[derive(Debug, Default)]
struct Company {
    /// How many letters were begun and are not finished.
    away: usize,
    /// How many groups in a row waited, and nobody joined.
    in_vain: u32,
    /// How many groups do not wait from now on.
    in_haste: u32,
}

impl Company {
    /// Lets others join `group`: whoever is about to ask, and whoever comes while relays have many more letters than wait
    /// here. They are busy meanwhile, and a commit for many costs little more than one for few. Where relays take long over
    /// each letter, groups soon stop waiting.
    async fn join(&mut self, group: &mut Vec<Request>, waiting: &mut mpsc::Receiver<Request>) {
        let mut in_vain = 0;
        while group.len() < LARGEST_GROUP && in_vain < LOOKS_IN_VAIN {
            tokio::task::yield_now().await;
            let before = group.len();
            while group.len() < LARGEST_GROUP
                && let Ok(request) = waiting.try_recv()
            {
                group.push(request);
            }
            in_vain = if group.len() == before { in_vain + 1 } else { 0 };
        }
        if self.in_haste > 0 {
            self.in_haste -= 1;
            return;
        }
        let until = tokio::time::Instant::now() + PATIENCE;
        let (alone, mut has_waited) = (group.len(), false);
        while group.len() < LARGEST_GROUP && self.still_away(group) > FEW_AWAY.max(group.len() * AWAY_FOR_EACH) {
            has_waited = true;
            let room = LARGEST_GROUP - group.len();
            if timeout_at(until, waiting.recv_many(group, room)).await.unwrap_or(0) == 0 {
                break;
            }
        }
        if group.len() > alone {
            self.in_vain = 0;
        } else if has_waited {
            self.in_vain = (self.in_vain + 1).min(MOST_IN_HASTE.ilog2());
            self.in_haste = 1 << self.in_vain;
        }
    }

    /// How many letters relays have when those of `group` are back.
    fn still_away(&self, group: &[Request]) -> usize {
        self.away.saturating_sub(group.iter().filter(|request| request.finished.is_some()).count())
    }

    /// Takes note of what was committed.
    fn learn(&mut self, exchanged: Exchanged) {
        self.away = self.away.saturating_sub(usize::from(exchanged.finished.is_some()));
        self.away += usize::from(exchanged.begun == Some(Hold::Kept));
    }
}

/// A connection that is kept while exchanges come one after the other.
struct Line {
    engine: Engine,
    pool: AnyPool,
    held: Option<PoolConnection<Any>>,
    /// How many commits it has seen.
    commits: u32,
}

impl Line {
    /// Commits a group. After an error, or when others have waited for long enough, the connection is not kept.
    async fn commit(&mut self, group: &[Request]) -> Result<Vec<Exchanged>, StoreError> {
        in_time(self.engine, async {
            let connection = match self.held.take() {
                Some(connection) => connection,
                None => self.pool.acquire().await?,
            };
            let (done, connection) = commit(self.engine, connection, group).await?;
            self.commits += 1;
            if self.commits < COMMITS_IN_A_ROW {
                self.held = Some(connection);
            } else {
                self.commits = 0;
            }
            Ok(done)
        })
        .await
    }

    /// Gives the connection back.
    fn let_go(&mut self) {
        (self.held, self.commits) = (None, 0);
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
            let mark = marks.bind(sqlx::query(AssertSqlSafe(marks.statement(&transaction))));
            let changed = mark.execute(&mut *transaction).await?.rows_affected();
            *taken = marks.taken(changed, &mut transaction).await?;
        }
        if !self.attempts.is_empty() {
            let keep = AssertSqlSafe(self.attempts.statement(&transaction));
            self.attempts.bind(sqlx::query(keep)).execute(&mut *transaction).await?;
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
        let mut steps = vec!["BEGIN IMMEDIATE".to_owned()];
        steps.extend(marks.iter().map(|(_, marks)| marks.statement(&connection)));
        if !self.attempts.is_empty() {
            steps.push(self.attempts.statement(&connection));
        }
        steps.push("COMMIT".to_owned());
        let query = sqlx::query(AssertSqlSafe(steps.join("; ")));
        let mut query = marks.iter().fold(query, |query, (_, marks)| marks.bind(query));
        if !self.attempts.is_empty() {
            query = self.attempts.bind(query);
        }
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

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::store::Outcome;

    fn request(number: i64) -> Request {
        let fence = Fence { delivery: DeliveryId::new(number), owner: "here".to_owned(), claim: 1 };
        let finished = Finished { fence, outcome: Outcome::Sent, attempt: None, at: DateTime::UNIX_EPOCH };
        Request { finished: Some(finished), next: None, answer: oneshot::channel().0 }
    }

    /// How many share a commit when `others` wait behind one.
    async fn joined(company: &mut Company, others: i64) -> usize {
        let (sender, mut waiting) = mpsc::channel(64);
        for number in 1..=others {
            sender.send(request(number)).await.unwrap();
        }
        let mut group = vec![request(0)];
        company.join(&mut group, &mut waiting).await;
        group.len()
    }

    #[tokio::test]
    async fn a_group_waits_for_its_share_of_what_relays_have() {
        for (away, others, expected) in [
            (0, 0, (1, 0)),
            // Eight are away then, which are few.
            (9, 0, (1, 0)),
            (10, 0, (1, 1)),
            (10, 3, (4, 0)),
            (30, 8, (9, 1)),
            // Twenty are away then.
            (30, 9, (10, 0)),
        ] {
            let mut company = Company { away, ..Company::default() };
            let size = joined(&mut company, others).await;
            assert_eq!((size, company.in_vain), expected, "{others} of {away}");
        }
        let mut company = Company { away: 2, ..Company::default() };
        company.learn(Exchanged { finished: Some(Hold::Kept), begun: Some(Hold::Kept) });
        company.learn(Exchanged { finished: None, begun: Some(Hold::Kept) });
        company.learn(Exchanged { finished: None, begun: Some(Hold::Lost) });
        company.learn(Exchanged { finished: Some(Hold::Lost), begun: None });
        assert_eq!(company.away, 2);
    }

    #[tokio::test]
    async fn slow_relays_are_not_waited_for_again_and_again() {
        let mut company = Company { away: 30, ..Company::default() };
        let mut waits = 0;
        for _ in 0..1000 {
            waits += u32::from(company.in_haste == 0);
            assert_eq!(joined(&mut company, 0).await, 1);
        }
        assert!((16..=24).contains(&waits), "{waits}");

        // Somebody comes in time: they are fast again.
        company.in_haste = 0;
        let (sender, mut waiting) = mpsc::channel(64);
        let late = tokio::spawn(async move {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            for number in 1..=9 {
                sender.send(request(number)).await.unwrap();
            }
        });
        let mut group = vec![request(0)];
        company.join(&mut group, &mut waiting).await;
        late.await.unwrap();
        assert_eq!((group.len(), company.in_vain, company.in_haste), (10, 0, 0));
    }
}
