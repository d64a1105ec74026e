//! Letters as bytes: headers, MIME and each recipient's own links; an `.eml` file read back for people to look at; and
//! what comes back of letters, for the program.
//!
//! Pure: the same letter, recipient and sender give the same bytes, whenever and wherever. Standards: RFC 5322, 2045 to
//! 2047, 2046 §5.1.4, 2369, 2919, 3834, 6376, 8058, 8463. Not here: the words of a letter (templates), sending.

mod contents;
mod dkim;
mod encoded;
mod envelope;
mod list_headers;
mod plate;
mod printed;
mod quoted_printable;
mod reading;
mod recipient;
mod returned;
mod sender;
mod writing;

pub use contents::contents_of;
pub use dkim::{Algorithm, Signer, SigningError, SigningKey, SigningKeyError};
use envelope::{BOUNCES, UNSUBSCRIBE};
pub use envelope::{delivery_named_in, envelope_id, envelope_sender, message_id};
pub use plate::Plate;
pub use printed::Contents;
pub use reading::{ReadingError, ShownLetter, read_letter};
pub use recipient::{PersonalLinks, Recipient};
pub use returned::{
    DeliveryReport, FeedbackReport, FeedbackType, LARGEST_RETURN, Proofs, RecipientReport, Returned, Said,
    names_address, read_returned, settled,
};
pub use sender::Sender;
pub use writing::{Copied, Writer};
