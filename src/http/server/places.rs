//! Places for connections: so many, and the oldest is asked to leave when someone waits for one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

use super::limits::Limits;

/// The places of one listener.
#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    /// The number of the next connection.
    next: u64,
    /// Those not asked to leave yet, the oldest first; dropping the sender asks.
    by_age: BTreeMap<u64, oneshot::Sender<()>>,
    /// Whether everyone was asked.
    is_closed: bool,
}

/// A place in use, free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    number: u64,
    places: Arc<Places>,
    _permit: OwnedSemaphorePermit,
    /// Ends when the connection is asked to leave.
    pub(super) asked_to_leave: oneshot::Receiver<()>,
}

/// What a new connection gets.
#[derive(Debug)]
pub(super) enum Welcome {
    /// A place.
    Place(Place),
    /// A seat from which to wait for a place.
    Seat(OwnedSemaphorePermit),
    /// Nothing: too many are waiting.
    Full,
}

impl Places {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        let semaphore = |size: usize| Arc::new(Semaphore::new(size.min(Semaphore::MAX_PERMITS)));
        let (free, waiting) = (semaphore(limits.connections), semaphore(limits.waiting));
        Arc::new(Self { free, waiting, taken: Mutex::default() })
    }

    /// Whether everyone was asked to leave.
    pub(super) fn are_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Takes in a new connection.
    pub(super) fn welcome(self: &Arc<Self>) -> Welcome {
        if let Ok(permit) = self.free.clone().try_acquire_owned() {
            return Welcome::Place(self.take(permit));
        }
        self.make_room();
        self.waiting.clone().try_acquire_owned().map_or(Welcome::Full, Welcome::Seat)
    }

    /// A place as soon as there is one; `None` when that takes longer than `limits` allow.
    pub(super) async fn wait(self: &Arc<Self>, limits: &Limits) -> Option<Place> {
        let permit = timeout(limits.wait, self.free.clone().acquire_owned()).await.ok()?.ok()?;
        Some(self.take(permit))
    }

    /// Asks the oldest connection to leave: an idle one closes at once, another after its answer.
    pub(super) fn make_room(&self) {
        self.lock().by_age.pop_first();
    }

    /// Asks everyone to leave, also whoever comes later.
    pub(super) fn close(&self) {
        let mut taken = self.lock();
        taken.is_closed = true;
        taken.by_age.clear();
    }

    fn take(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Place {
        let (ask, asked_to_leave) = oneshot::channel();
        let mut taken = self.lock();
        let number = taken.next;
        taken.next += 1;
        if !taken.is_closed {
            taken.by_age.insert(number, ask);
        }
        Place { number, places: self.clone(), _permit: permit, asked_to_leave }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Whether everyone was asked to leave, and not this connection alone.
    pub(super) fn is_closed(&self) -> bool {
        self.places.are_closed()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().by_age.remove(&self.number);
    }
}
