//! Work that is shared out among threads, where there are some for it.

use std::cmp::Ordering;

use rayon::slice::ParallelSliceMut as _;

/// Whether others may be called to help: whoever works outside a pool has little to do, or leaves the cores to readers.
pub(super) fn is_in_pool() -> bool {
    rayon::current_thread_index().is_some()
}

/// Sorts `items`, no two of which are equal.
pub(super) fn sort_by<T: Send>(items: &mut [T], order: impl Fn(&T, &T) -> Ordering + Sync) {
    if is_in_pool() { items.par_sort_unstable_by(order) } else { items.sort_unstable_by(order) }
}

/// What both come to.
pub(super) fn both<A: Send, B: Send>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B + Send) -> (A, B) {
    if is_in_pool() { rayon::join(one, other) } else { (one(), other()) }
}
