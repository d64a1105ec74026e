//! Addresses never written to again.

use std::fmt;
use std::str::FromStr;

super::subscriber::words! {
    /// Why an address is never written to again.
    SuppressionReason {
        /// Letters to it came back for good.
        Bounced = "bounced",
        /// Its owner reported a letter as unwanted.
        Complained = "complained",
        /// Its owner asked to be forgotten; a new double opt-in lifts this.
        Erased = "erased",
        /// The office blocked it.
        Blocked = "blocked",
    }
}
