//! The part of a report that machines read (RFC 3464 §2): groups of fields, the first about the letter, then one for each
//! recipient.

use super::address::names_address;
use super::fields::{Fields, without_end};
use crate::domain::{EmailAddress, ReportAction, StatusCode};

/// How many recipients of one report are read.
const MOST_RECIPIENTS: usize = 100;
/// How many groups of fields are looked at.
const MOST_GROUPS: usize = 2 * MOST_RECIPIENTS;
/// Longest diagnostic that is kept, in characters.
const LONGEST_DIAGNOSTIC: usize = 500;

/// What a report says of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientReport {
    /// What was done with the letter.
    pub action: ReportAction,
    /// Why; where the code says next to nothing (`5.0.0`), the one that the other server gave.
    pub status: Option<StatusCode>,
    /// The recipient in the end, type and all.
    pub final_recipient: String,
    /// The recipient as the sender named it, type and all; may be empty.
    pub original_recipient: String,
    /// What the other server said, on one line; may be empty.
    pub diagnostic: String,
}

/// All groups of fields, in order.
pub(super) fn groups(bytes: &[u8]) -> Vec<Fields> {
    let (mut found, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() && found.len() < MOST_GROUPS {
        let (fields, after) = Fields::parse(rest);
        if !fields.is_empty() {
            found.push(fields);
        }
        rest = skip_empty_lines(after);
    }
    found
}

fn skip_empty_lines(mut bytes: &[u8]) -> &[u8] {
    while let Some(end) = memchr::memchr(b'\n', bytes) {
        if !without_end(&bytes[..=end]).trim_ascii().is_empty() {
            break;
        }
        bytes = &bytes[end + 1..];
    }
    bytes
}

/// The recipients among the groups of a report. A group without an action that is known says nothing.
pub(super) fn recipients(groups: &[Fields]) -> Vec<RecipientReport> {
    groups.iter().filter_map(recipient).take(MOST_RECIPIENTS).collect()
}

fn recipient(fields: &Fields) -> Option<RecipientReport> {
    let word = |text: &str| text.split([' ', '(', ';']).next().unwrap_or_default().to_ascii_lowercase();
    let action = word(fields.get("Action")?).parse().ok()?;
    let text = |name: &'static str| fields.get(name).unwrap_or_default().to_owned();
    let diagnostic = text("Diagnostic-Code");
    let stated = fields.get("Status").and_then(|text| word(text).parse().ok());
    let said = said_by_server(&diagnostic);
    let words: Vec<&str> =
        diagnostic.split(|c: char| c.is_control() || c == ' ').filter(|word| !word.is_empty()).collect();
    Some(RecipientReport {
        action,
        status: more_precise(stated, said),
        final_recipient: text("Final-Recipient"),
        original_recipient: text("Original-Recipient"),
        diagnostic: words.join(" ").chars().take(LONGEST_DIAGNOSTIC).collect(),
    })
}

/// The enhanced code in `smtp; 550 5.1.1 …` or `smtp; 550-5.1.1 …`.
fn said_by_server(diagnostic: &str) -> Option<StatusCode> {
    let (kind, text) = diagnostic.split_once(';')?;
    let is_smtp = kind.trim().eq_ignore_ascii_case("smtp");
    let mut words = text.trim().split([' ', '-']).filter(|_| is_smtp);
    let code = words.next()?;
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    words.next().filter(|_| is_code)?.parse().ok()
}

/// The stated code, unless the server's own says more: `5.0.0` and no code at all say nothing.
fn more_precise(stated: Option<StatusCode>, said: Option<StatusCode>) -> Option<StatusCode> {
    match (stated, said) {
        (Some(StatusCode { class, subject: 0, detail: 0 }), Some(said)) if said.class == class => Some(said),
        (Some(stated), _) => Some(stated),
        (None, said) => said,
    }
}

/// What a report says of a letter, and of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said<'a> {
    /// Of the letter's own recipient, by name.
    OfOurs(&'a RecipientReport),
    /// Only of others: the address may have been an alias for theirs, or for them and many more.
    OfOthers(&'a RecipientReport),
}

impl RecipientReport {
    /// Whether it is about `ours`, by its first or last name.
    #[must_use]
    pub fn is_about(&self, ours: &EmailAddress) -> bool {
        names_address(&self.original_recipient, ours) || names_address(&self.final_recipient, ours)
    }
}

/// What a report says of the letter to `ours`. Of several recipients, those count that are ours by name, else all; of
/// those that count, the one for whom it went best: a letter that reached anybody behind an alias came back from none.
#[must_use]
pub fn settled<'a, K: Ord>(
    recipients: &'a [RecipientReport],
    ours: &EmailAddress,
    rank: impl Fn(&RecipientReport) -> K,
) -> Option<Said<'a>> {
    let own = recipients.iter().filter(|one| one.is_about(ours)).min_by_key(|one| rank(one));
    own.map(Said::OfOurs).or_else(|| recipients.iter().min_by_key(|one| rank(one)).map(Said::OfOthers))
}
