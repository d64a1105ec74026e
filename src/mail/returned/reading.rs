//! A message that came back → what it is, and which proofs it carries.

use mail_parser::parsers::MessageStream;

use super::address::addresses_in;
use super::fields::Fields;
use super::parts::{Part, parts};
use super::status::{RecipientReport, groups, recipients};
use crate::domain::Digest;
use crate::mail::{BOUNCES, ReadingError, UNSUBSCRIBE};

/// Largest message that is taken in, in bytes: a report with a letter of ours in it has some hundred thousand.
pub const LARGEST_RETURN: usize = 10 * 1024 * 1024;

/// How many tokens of one message are handed out.
const MOST_TOKENS: usize = 20;
/// How many recipients a complaint may name.
const MOST_NAMED: usize = 20;
/// Longest type of feedback that is kept, in characters.
const LONGEST_WORD: usize = 40;
/// Longest Message-ID (RFC 5322 §2.1.1).
const LONGEST_ID: usize = 998;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Returned {
    /// A mail server reports what became of a letter.
    Report(DeliveryReport),
    /// A provider reports what a reader thinks of it.
    Feedback(FeedbackReport),
    /// Somebody wants no more letters: what may be the tokens that say who.
    Unsubscribe(Vec<String>),
    /// Something else: an answer, a vacation note. It is not for us.
    Other,
}

/// What may prove that a letter of ours is meant, the strongest first. Nothing here was checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proofs {
    /// What may be signed tokens that name a delivery.
    pub tokens: Vec<String>,
    /// The Message-ID of the letter, with its angle brackets.
    pub message_id: Option<String>,
}

/// A delivery status notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReport {
    /// Which letter it is about.
    pub proofs: Proofs,
    /// What it says of each recipient; may be empty.
    pub recipients: Vec<RecipientReport>,
    /// Tells it from other reports, whichever way it comes.
    pub digest: Digest,
}

/// An abuse feedback report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedbackReport {
    /// Which letter it is about.
    pub proofs: Proofs,
    /// To whom the letter was, as far as the provider tells: addresses, which it may have made unreadable (RFC 6590).
    pub recipients: Vec<String>,
    /// What its reader thinks.
    pub kind: FeedbackType,
    /// The same in the report's own word.
    pub word: String,
    /// Tells it from other reports, whichever way it comes.
    pub digest: Digest,
}

/// What a feedback report is about (RFC 5965 §7.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedbackType {
    /// The reader does not want such letters: `abuse`, `fraud`, `opt-out`.
    Complaint,
    /// Something else, such as `not-spam`, `virus`, or reports of signatures.
    Other,
}

/// Reads what came back. `recipient` is whom the message was for, where the way it came says so; headers say it, too.
///
/// # Errors
/// [`ReadingError::NoHeaders`] when this is no message at all.
pub fn read_returned(bytes: &[u8], recipient: Option<&str>) -> Result<Returned, ReadingError> {
    let (fields, body) = Fields::parse(without_mbox_line(bytes));
    if fields.is_empty() {
        return Err(ReadingError::NoHeaders);
    }
    let envelope: Vec<&str> = recipient.into_iter().chain(addressed_to(&fields)).collect();
    for part in parts(&fields, body) {
        match part.media_type.as_str() {
            "message/delivery-status" | "message/global-delivery-status" => {
                return Ok(Returned::Report(report(&fields, body, &part, &envelope)));
            }
            "message/feedback-report" => return Ok(Returned::Feedback(feedback(&fields, body, &part, &envelope))),
            _ => {}
        }
    }
    let tokens = unsubscribing(&fields, &envelope);
    Ok(if tokens.is_empty() { Returned::Other } else { Returned::Unsubscribe(tokens) })
}

/// Some delivery programs put the line of an mbox file first.
fn without_mbox_line(bytes: &[u8]) -> &[u8] {
    if !bytes.starts_with(b"From ") {
        return bytes;
    }
    memchr::memchr(b'\n', bytes).map_or(bytes, |end| &bytes[end + 1..])
}

/// Whom the headers say the message was for, the one nearest to delivery first.
fn addressed_to(fields: &Fields) -> impl Iterator<Item = &str> {
    ["Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc"].into_iter().flat_map(|name| fields.all(name))
}

fn report(fields: &Fields, body: &[u8], part: &Part<'_>, envelope: &[&str]) -> DeliveryReport {
    let status = part.decoded();
    let groups = groups(&status);
    let named: Vec<&str> = groups.iter().filter_map(|group| group.get("Original-Envelope-Id")).collect();
    let recipients = recipients(&groups);
    let mut told = vec![fields.get("Message-ID").unwrap_or_default(), fields.get("Date").unwrap_or_default()];
    for one in &recipients {
        told.extend([one.action.as_str(), one.final_recipient.as_str(), one.diagnostic.as_str()]);
    }
    let digest = Digest::of_fields(told.into_iter().map(str::as_bytes));
    let letter = letter(fields, body);
    DeliveryReport { proofs: proofs(&letter, envelope, &named, &[]), recipients, digest }
}

fn feedback(fields: &Fields, body: &[u8], part: &Part<'_>, envelope: &[&str]) -> FeedbackReport {
    let status = part.decoded();
    let groups = groups(&status);
    let all = |name: &'static str| groups.iter().filter_map(move |group| group.get(name));
    let (named, senders): (Vec<&str>, Vec<&str>) =
        (all("Original-Envelope-Id").collect(), all("Original-Mail-From").collect());
    let stated = all("Feedback-Type").next().unwrap_or_default().chars();
    let word: String = stated.filter(|character| !character.is_control()).take(LONGEST_WORD).collect();
    let word = word.trim().to_ascii_lowercase();
    let kind = match word.as_str() {
        "abuse" | "fraud" | "opt-out" | "opt-out-list" => FeedbackType::Complaint,
        _ => FeedbackType::Other,
    };
    let told = [fields.get("Message-ID").unwrap_or_default(), fields.get("Date").unwrap_or_default(), word.as_str()];
    let digest = Digest::of_fields(told.into_iter().map(str::as_bytes));
    let letter = letter(fields, body);
    let recipients = all("Original-Rcpt-To").chain(letter.all("To")).flat_map(addresses_in);
    let recipients = recipients.take(MOST_NAMED).map(str::to_owned).collect();
    FeedbackReport { proofs: proofs(&letter, envelope, &named, &senders), recipients, kind, word, digest }
}

/// The head of the letter that a report carries; empty when it carries none.
fn letter(fields: &Fields, body: &[u8]) -> Fields {
    let letter = parts(fields, body).into_iter().rev().find(|part| {
        let kind = part.media_type.as_str();
        matches!(kind, "message/rfc822" | "text/rfc822-headers" | "message/global" | "message/global-headers")
    });
    letter.map(|part| Fields::parse(without_mbox_line(&part.decoded())).0).unwrap_or_default()
}

/// The proofs in their order: whom the report was sent to, the envelope's id, then what the letter itself says.
fn proofs(letter: &Fields, envelope: &[&str], named: &[&str], senders: &[&str]) -> Proofs {
    let sent_to = envelope.iter().flat_map(|text| tokens_after(BOUNCES, text));
    let ids = named.iter().map(|id| (*id).trim_matches(['<', '>', ' ']).to_owned());
    let sent_by = senders.iter().copied().chain(letter.get("Return-Path"));
    let mut tokens: Vec<String> = Vec::new();
    for token in sent_to.chain(ids).chain(sent_by.flat_map(|text| tokens_after(BOUNCES, text))) {
        if tokens.len() < MOST_TOKENS && !token.is_empty() && !tokens.contains(&token) {
            tokens.push(token);
        }
    }
    let message_id = letter.get("Message-ID").and_then(|value| {
        let (begin, end) = (value.find('<')?, value.find('>')?);
        value.get(begin..=end).filter(|id| id.len() <= LONGEST_ID)
    });
    Proofs { tokens, message_id: message_id.map(str::to_owned) }
}

/// The tokens in addresses such as `bounces+{token}@…`; `name` is what stands before them, with its plus sign.
fn tokens_after(name: &str, text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let found = lower.match_indices(name).filter_map(|(at, _)| {
        let rest = &text[at + name.len()..];
        let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let (token, after) = rest.split_at(rest.find(|c| !is_token(c))?);
        (!token.is_empty() && after.starts_with('@')).then(|| token.to_owned())
    });
    found.take(MOST_TOKENS).collect()
}

/// The tokens by which a message asks for an end: in whom it is for, or in its subject. A machine's answer to a letter of
/// ours asks for nothing (RFC 3834 §2).
fn unsubscribing(fields: &Fields, envelope: &[&str]) -> Vec<String> {
    let is_answer =
        fields.get("Auto-Submitted").is_some_and(|how| how.to_ascii_lowercase().starts_with("auto-replied"));
    if is_answer {
        return Vec::new();
    }
    let mut tokens: Vec<String> = envelope.iter().flat_map(|text| tokens_after(UNSUBSCRIBE, text)).collect();
    let subject = fields.get("Subject").map(plain).unwrap_or_default();
    let mut words = subject.split_ascii_whitespace();
    if words.next().is_some_and(|word| word.eq_ignore_ascii_case("unsubscribe")) {
        tokens.extend(words.next().map(str::to_owned));
    }
    tokens.truncate(MOST_TOKENS);
    tokens
}

/// A field's value with its encoded words decoded.
fn plain(value: &str) -> String {
    let ended = format!("{value}\n");
    MessageStream::new(ended.as_bytes()).parse_unstructured().as_text().unwrap_or_default().to_owned()
}
