//! Editions from the moment they are seen coming to their last letter: what policy plans is carried out here.

mod announcement;
mod delivering;
mod digest;
mod follow_up;
mod journal;
mod missed;
mod planned;
mod recall;
mod resend;
mod round;
mod steering;
mod writing;

pub use delivering::recipients;
pub use missed::{MissedEdition, missed_by};
pub use resend::{ResendError, resend, retry};
pub use round::see_to_editions;
pub use steering::{OfficeDecision, Scope, crowd_with, decide, decide_for_crowd};
