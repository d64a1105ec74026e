//! What is due: pure decisions that a task carries out.

mod announce;
mod audience;
mod retry;

pub use announce::{CROWD_WINDOW, Plan, Situation, crowd, lifted_by_approval, plan};
pub use audience::Audience;
pub use retry::{Verdict, verdict};
