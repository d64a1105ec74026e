//! Documents made ready before a state of the site is shown in which very much is otherwise.
//!
//! After a single edit, whoever asks first waits for one document, and nobody would gain by more. After a change of
//! everything each document is to be made anew, and all readers come at once.

use std::time::{Duration, Instant};

use rayon::ThreadPool;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use crate::resource::{Ready, Resources};

/// How many documents are made ready at most.
const MOST: usize = 2_048;
/// How long the change may wait for them.
const LONGEST: Duration = Duration::from_secs(5);

/// The documents of `coming` that readers asked for when `shown` was shown, and shortly before.
pub(super) fn make_ready(shown: &Resources, coming: &Resources, threads: &ThreadPool) -> Vec<Ready> {
    let until = Instant::now() + LONGEST;
    let asked = shown.asked_for(MOST);
    let make = |(path, codings): &(String, Vec<_>)| {
        if Instant::now() >= until {
            return None;
        }
        // What cannot be made now is made, or its failure told, when somebody asks for it.
        coming.make_ready(path, codings).ok().flatten()
    };
    threads.install(|| asked.par_iter().filter_map(make).collect())
}
