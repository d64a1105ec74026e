//! Time as an argument: what the time is comes from a [`Clock`], never from the machine directly.
//!
//! [`SystemClock`] is the one place that asks the machine. [`SteadyClock`] does not follow it when it jumps forwards:
//! an embargo must not end because somebody set the clock wrong. Everything else receives a clock, or better, an
//! instant.

mod machine;
mod reckoning;
mod steady;

pub use machine::{Clock, FixedClock, SystemClock};
pub use reckoning::ClockDoubt;
pub use steady::SteadyClock;
