//! What is due: pure decisions that a task carries out.

mod announce;
mod audience;
mod bounce;
mod crowd;
mod digest;
mod revision;
mod follow_up;
mod missed;
mod pause;
mod retry;
mod sign_ups;
#[cfg(test)]
mod properties;

pub use announce::{Links, Plan, Situation, held_for_a_person, is_lifted, lifted_by_approval, plan};
pub use audience::{Audience, DigestRun, Followers};
pub use bounce::{Consequence, bounce_kind, consequence, of_others, refusal_kind};
pub use crowd::{CROWD_WINDOW, crowd, crowd_of};
pub use digest::{CAUGHT_UP, DigestEntry, DigestReader, DigestTurn, reach, turns};
pub use follow_up::{FollowUpPlan, FollowUpSituation, plan_follow_up};
pub use missed::{Missed, Reader, missed};
pub use pause::PauseLength;
pub use retry::{DOMAIN_REST, Verdict, domain_rest, is_domain_busy, verdict};
pub use revision::{Revision, carried};
pub use sign_ups::{Refused, SignUpLimit, SignUps, Source};
