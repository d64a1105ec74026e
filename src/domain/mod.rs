//! The words of a press office as types: what a value may be is settled when it is made.
//!
//! Nothing here reads files, asks the time, or knows a wire format: feeds, letters, rows and templates have their own
//! structs beside the code that needs them. A message is bytes that `mail` has written and relays are given.

mod address;
mod status_code;
mod attempt;
mod bounce;
mod characters;
mod delivery;
mod hex;
mod digest;
mod document;
mod edition;
mod form_stamp;
mod fragment;
mod html;
mod ids;
mod label;
mod letter;
mod mail_services;
mod message;
mod network;
mod permalink;
mod release;
mod release_link;
mod significance;
mod site_url;
mod slug;
mod source_path;
mod subscriber;
mod suppression;
mod token;
mod topic;
mod topic_aliases;
mod upload;
mod word_hash;

pub use address::{AddressError, EmailAddress, Mailbox, mask_addresses};
pub use attempt::{Attempt, Phase, Reply};
pub use bounce::{Bounce, BounceKind, ReportAction};
pub use characters::{ByteSet, composed, is_unsuspicious, lines, one_line, squeezed, turns_direction};
pub use delivery::{Delivery, DeliveryState, DeliveryTally, SkipReason};
pub use digest::{Digest, Digesting};
pub use document::{Document, DocumentState, Image, PDF, Target};
pub use edition::{DigestRound, Edition, EditionKind, EditionState, HoldReason, NewEdition};
pub use form_stamp::FormStamp;
pub use fragment::{Fragment, Piece};
pub use hex::{from_hex, to_hex};
pub use html::{SafeHtml, character_reference};
pub use ids::{AddressChangeId, DeliveryId, EditionId, LetterId, ReleaseId, ReleaseIdError, SubscriberId};
pub use label::Label;
pub use letter::{LetterKind, RenderedLetter, SpliceMarks};
pub use mail_services::is_large_mail_service;
pub use message::{Message, Segment};
pub use network::{Network, NetworkError, ipv6_home};
pub use permalink::{Permalink, PermalinkError, PermalinkPattern};
#[cfg(test)]
pub(crate) use release::sample_release;
pub use release::{Bodies, Body, BodyGone, LinkedUpload, PressContact, Release};
pub use release_link::ReleaseLink;
pub use significance::Significance;
pub use site_url::{SiteUrl, SiteUrlError};
pub use slug::{Slug, SlugError};
pub use source_path::SourcePath;
pub use status_code::{StatusCode, StatusCodeError};
#[cfg(test)]
pub(crate) use subscriber::sample_subscriber;
pub(crate) use subscriber::words;
pub use subscriber::{EndReason, Frequency, NewSubscriber, Pause, Subscriber, SubscriberState};
pub use suppression::SuppressionReason;
pub use token::{Token, TokenError, TokenKey};
pub use topic::{Taxonomy, Topic, TopicError};
pub use topic_aliases::{TopicAliasError, TopicAliases};
pub use upload::{FileKind, UploadFacts, UploadPath, Uploads, is_shown_by_browsers};
pub use word_hash::WordHash;
