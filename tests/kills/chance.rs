//! Chance that can be repeated.

use std::hash::{BuildHasher as _, RandomState};

use crate::asked_for;

/// Numbers that look like chance and follow from a seed (`SplitMix64`).
pub(crate) struct Chance {
    state: u64,
    /// What all of them follow from.
    pub(crate) seed: u64,
}

impl Chance {
    /// From `DEPECHE_SEED`, else from anything.
    pub(crate) fn new() -> Self {
        let seed = asked_for("DEPECHE_SEED").unwrap_or_else(|| RandomState::new().hash_one(0_u8) >> 32);
        Self { state: seed, seed }
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }
}
