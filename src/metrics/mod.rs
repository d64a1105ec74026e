//! What is counted while Depeche runs, in the words of Prometheus.
//!
//! Counting decides nothing and waits for nothing. Labels come from lists that end: a recipient's domain has a name of its
//! own only when it is a large one, an address never has. What the database knows is not counted here; whoever renders
//! the page brings it along ([`Figures`]).

mod database;
mod domains;
mod figures;
mod letters;
mod page;
mod requests;
mod sign_ups;

pub use database::{DatabaseMetrics, DatabaseWork};
pub use figures::Figures;
pub use letters::{LetterEnd, LetterMetrics, OpenConnection};
pub use page::{CONTENT_TYPE, Metrics};
pub use requests::{RequestCounts, RequestKind};
pub use sign_ups::{SignUpCounts, SignUpEnd};
