//! Who shares a commit: exchanges that come at about the same time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::Any;
use sqlx::pool::PoolConnection;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit, mpsc};
use tokio::time::{Instant, timeout_at};

use super::engine::Engine;
use super::exchanged::{Exchanged, Hold, Request};

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

/// Where exchanges wait until a group of them is committed.
#[derive(Debug)]
pub(super) struct WaitingRoom {
    /// Who gathers a group has it; those that commit do not.
    door: Mutex<Door>,
    handed_on: std::sync::Mutex<HandedOn>,
    /// How many letters were begun, of which nobody has come back.
    away: AtomicUsize,
    /// How many share a commit at most.
    largest_group: usize,
    /// Who may commit now.
    commits: Semaphore,
    /// How many may at once.
    most_commits: u32,
}

/// Where they come in.
#[derive(Debug)]
struct Door {
    waiting: mpsc::Receiver<Request>,
    company: Company,
}

/// A connection that goes from one group to the next.
#[derive(Debug, Default)]
struct HandedOn {
    /// Whether a group waits for its turn.
    is_wanted: bool,
    held: Option<Held>,
}

/// A connection that is kept while exchanges come one after the other.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) connection: PoolConnection<Any>,
    /// How many commits it has seen.
    pub(super) commits: u32,
}

/// Leave to commit a group, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'r> {
    leave: SemaphorePermit<'r>,
    /// What the group before has left.
    pub(super) held: Option<Held>,
}

/// How it went with the groups before; who else will want to share a commit is whoever has a letter with a relay now.
#[derive(Debug, Default)]
struct Company {
    /// How many groups in a row waited, and nobody joined.
    in_vain: u32,
    /// How many groups do not wait from now on.
    in_haste: u32,
}

impl WaitingRoom {
    pub(super) fn new(engine: Engine, waiting: mpsc::Receiver<Request>) -> Self {
        let door = Mutex::new(Door { waiting, company: Company::default() });
        let most_commits = engine.commits_at_once();
        let commits = Semaphore::new(most_commits as usize);
        Self {
            door,
            handed_on: std::sync::Mutex::default(),
            away: AtomicUsize::new(0),
            largest_group: engine.largest_group(),
            commits,
            most_commits,
        }
    }

    /// Lets the next ones into `group`, which is empty, and gives it its turn; `None`: nobody will come any more.
    pub(super) async fn gather(&self, group: &mut Vec<Request>) -> Option<Turn<'_>> {
        let mut door = self.door.lock().await;
        if door.waiting.recv_many(group, self.largest_group).await == 0 {
            return None;
        }
        self.handed_on().is_wanted = true;
        let mut leave = self.leave(&mut door, group).await?;
        self.join(&mut door, group).await;
        if self.is_large(group) {
            drop(leave.split(leave.num_permits() - 1));
        }
        let without = |away: usize| Some(away.saturating_sub(returned(group)));
        // It always changes it.
        let _ = self.away.fetch_update(Ordering::Relaxed, Ordering::Relaxed, without);
        let HandedOn { held, .. } = std::mem::take(&mut *self.handed_on());
        Some(Turn { leave, held })
    }

    /// Hands `held` on to the group that waits for its turn, if there is one or will be at once; else it is given back. The turn
    /// ends.
    pub(super) fn hand_on(&self, turn: Turn<'_>, held: Option<Held>) {
        let comes_at_once = self.door.try_lock().is_ok_and(|door| !door.waiting.is_empty());
        let mut handed_on = self.handed_on();
        if comes_at_once || handed_on.is_wanted {
            handed_on.held = held;
        }
        drop(handed_on);
        drop(turn.leave);
    }

    fn handed_on(&self) -> MutexGuard<'_, HandedOn> {
        self.handed_on.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `group` may be committed, and lets in who comes meanwhile: only a large one gains from going beside another.
    async fn leave(&self, door: &mut Door, group: &mut Vec<Request>) -> Option<SemaphorePermit<'_>> {
        loop {
            let wanted = if self.is_large(group) { 1 } else { self.most_commits };
            let room = self.largest_group - group.len();
            tokio::select! {
                biased;
                leave = self.commits.acquire_many(wanted) => return leave.ok(),
                1.. = door.waiting.recv_many(group, room), if room > 0 => {}
            }
        }
    }

    /// Whether `group` is worth a commit beside another.
    const fn is_large(&self, group: &[Request]) -> bool {
        group.len() >= self.largest_group / 2
    }

    /// Takes note of what was committed.
    pub(super) fn learn(&self, exchanged: Exchanged) {
        self.away.fetch_add(usize::from(exchanged.begun == Some(Hold::Kept)), Ordering::Relaxed);
    }

    /// Lets others join `group`: whoever is about to ask, and whoever comes while relays have many more letters than wait
    /// here. They are busy meanwhile, and a commit for many costs little more than one for few. Where relays take long over
    /// each letter, groups soon stop waiting.
    async fn join(&self, Door { waiting, company }: &mut Door, group: &mut Vec<Request>) {
        let largest = self.largest_group;
        let mut in_vain = 0;
        while group.len() < largest && in_vain < LOOKS_IN_VAIN {
            tokio::task::yield_now().await;
            let before = group.len();
            while group.len() < largest
                && let Ok(request) = waiting.try_recv()
            {
                group.push(request);
            }
            in_vain = if group.len() == before { in_vain + 1 } else { 0 };
        }
        if company.in_haste > 0 {
            company.in_haste -= 1;
            return;
        }
        let until = Instant::now() + PATIENCE;
        let (alone, mut has_waited) = (group.len(), false);
        while group.len() < largest && self.still_away(group) > FEW_AWAY.max(group.len() * AWAY_FOR_EACH) {
            has_waited = true;
            let room = largest - group.len();
            if timeout_at(until, waiting.recv_many(group, room)).await.unwrap_or(0) == 0 {
                break;
            }
        }
        if group.len() > alone {
            company.in_vain = 0;
        } else if has_waited {
            company.in_vain = (company.in_vain + 1).min(MOST_IN_HASTE.ilog2());
            company.in_haste = 1 << company.in_vain;
        }
    }

    /// How many letters relays have when those of `group` are back.
    fn still_away(&self, group: &[Request]) -> usize {
        self.away.load(Ordering::Relaxed).saturating_sub(returned(group))
    }
}

/// How many letters of a group have come back.
fn returned(group: &[Request]) -> usize {
    group.iter().filter(|request| request.finished.is_some()).count()
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::{Pin, pin};
    use std::task::Poll;

    use chrono::DateTime;
    use tokio::sync::oneshot;

    use super::*;
    use crate::domain::DeliveryId;
    use crate::store::connection::settings_in;
    use crate::store::exchanged::{Fence, Finished};
    use crate::store::{Outcome, Store};

    fn request(number: i64) -> Request {
        let fence = Fence { delivery: DeliveryId::new(number), owner: "here".to_owned(), claim: 1 };
        let finished = Finished { fence, outcome: Outcome::Sent, attempt: None, at: DateTime::UNIX_EPOCH };
        Request { finished: Some(finished), next: None, answer: oneshot::channel().0 }
    }

    /// One with so many away.
    fn room(away: usize) -> (WaitingRoom, mpsc::Sender<Request>) {
        let (sender, waiting) = mpsc::channel(64);
        let room = WaitingRoom::new(Engine::Sqlite, waiting);
        room.away.store(away, Ordering::Relaxed);
        (room, sender)
    }

    /// How many share a commit when so many wait, and how often nobody joined in a row, and how many do not wait next.
    async fn gathered(room: &WaitingRoom, sender: &mpsc::Sender<Request>, waiting: i64) -> (usize, u32, u32) {
        for number in 0..waiting {
            sender.send(request(number)).await.unwrap();
        }
        let mut group = Vec::new();
        let turn = room.gather(&mut group).await.unwrap();
        room.hand_on(turn, None);
        let Company { in_vain, in_haste } = room.door.lock().await.company;
        (group.len(), in_vain, in_haste)
    }

    async fn is_pending(mut future: Pin<&mut impl Future>) -> bool {
        poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
    }

    #[tokio::test]
    async fn a_group_waits_for_its_share_of_what_relays_have() {
        for (away, waiting, expected) in [
            (0, 1, (1, 0)),
            // Eight are away then, which are few.
            (9, 1, (1, 0)),
            (10, 1, (1, 1)),
            (10, 4, (4, 0)),
            (30, 9, (9, 1)),
            // Twenty are away then.
            (30, 10, (10, 0)),
        ] {
            let (room, sender) = room(away);
            let (size, in_vain, _) = gathered(&room, &sender, waiting).await;
            assert_eq!((size, in_vain), expected, "{waiting} of {away}");
        }
        let (room, sender) = room(2);
        room.learn(Exchanged { finished: Some(Hold::Kept), begun: Some(Hold::Kept) });
        room.learn(Exchanged { finished: None, begun: Some(Hold::Kept) });
        room.learn(Exchanged { finished: None, begun: Some(Hold::Lost) });
        room.learn(Exchanged { finished: Some(Hold::Lost), begun: None });
        assert_eq!(gathered(&room, &sender, 3).await.0, 3);
        assert_eq!(room.away.into_inner(), 1);
    }

    #[tokio::test]
    async fn slow_relays_are_not_waited_for_again_and_again() {
        let (room, sender) = room(30);
        let mut waits = 0;
        for _ in 0..1000 {
            room.away.store(30, Ordering::Relaxed);
            waits += u32::from(room.door.lock().await.company.in_haste == 0);
            assert_eq!(gathered(&room, &sender, 1).await.0, 1);
        }
        assert!((16..=24).contains(&waits), "{waits}");

        // Somebody comes in time: they are fast again.
        room.away.store(30, Ordering::Relaxed);
        room.door.lock().await.company.in_haste = 0;
        sender.send(request(0)).await.unwrap();
        let late = tokio::spawn({
            let sender = sender.clone();
            async move {
                for _ in 0..50 {
                    tokio::task::yield_now().await;
                }
                for number in 1..=9 {
                    sender.send(request(number)).await.unwrap();
                }
            }
        });
        assert_eq!(gathered(&room, &sender, 0).await, (10, 0, 0));
        late.await.unwrap();
    }

    #[tokio::test]
    async fn a_large_group_goes_beside_another_and_a_small_one_lets_others_in_meanwhile() {
        let (sender, waiting) = mpsc::channel(512);
        let room = WaitingRoom::new(Engine::Postgres, waiting);
        for number in 0..200 {
            sender.send(request(number)).await.unwrap();
        }
        let (mut first, mut second, mut third) = (Vec::new(), Vec::new(), Vec::new());
        let committing = room.gather(&mut first).await.unwrap();
        let beside = room.gather(&mut second).await.unwrap();
        assert_eq!((first.len(), second.len()), (128, 72));

        sender.send(request(0)).await.unwrap();
        {
            let mut waits = pin!(room.gather(&mut third));
            for late in 1..=3 {
                for _ in 0..10 {
                    assert!(is_pending(waits.as_mut()).await, "two are committed");
                }
                sender.send(request(late)).await.unwrap();
            }
            room.hand_on(committing, None);
            assert!(is_pending(waits.as_mut()).await, "one is committed, and this one is small");
            room.hand_on(beside, None);
            assert_eq!(waits.await.unwrap().leave.num_permits(), 2);
        }
        assert_eq!(third.len(), 4);

        drop(sender);
        assert!(room.gather(&mut Vec::new()).await.is_none());
    }

    #[tokio::test]
    async fn a_connection_is_handed_on_only_to_a_group_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&settings_in(&folder), DateTime::UNIX_EPOCH).await.unwrap();
        let held = async || Held { connection: store.read.acquire().await.unwrap(), commits: 3 };
        let (sender, waiting) = mpsc::channel(8);
        let room = WaitingRoom::new(Engine::Postgres, waiting);
        let first = async || {
            sender.send(request(0)).await.unwrap();
            room.gather(&mut Vec::new()).await.unwrap()
        };

        let turn = first().await;
        assert!(turn.held.is_none());
        room.hand_on(turn, Some(held().await));
        assert!(room.handed_on().held.is_none(), "nobody is there");

        let turn = first().await;
        sender.send(request(1)).await.unwrap();
        room.hand_on(turn, Some(held().await));
        let turn = room.gather(&mut Vec::new()).await.unwrap();
        assert_eq!(turn.held.as_ref().map(|held| held.commits), Some(3), "who comes in at once");

        let mut group = Vec::new();
        sender.send(request(2)).await.unwrap();
        let mut waits = pin!(room.gather(&mut group));
        assert!(is_pending(waits.as_mut()).await);
        room.hand_on(turn, Some(held().await));
        let turn = waits.await.unwrap();
        assert!(turn.held.is_some(), "who waited at the door");
        room.hand_on(turn, Some(held().await));
        assert!(room.handed_on().held.is_none(), "nobody is there any more");
    }
}
