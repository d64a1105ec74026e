//! One letter, from `MAIL FROM` to the answer to the dot (RFC 5321 §3.3).
//!
//! Where the relay offers PIPELINING (RFC 2920), sender, recipient and `DATA` are one write, and the letter with its dot
//! another: two round trips. Those of the letter that comes next are said in the same write as the dot (§3.1 allows it), so
//! that in a row of letters each takes one round trip. Every answer is read all the same, each with its own patience, and
//! the first that is not the one we wanted says how the attempt ended.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Buf as _;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter, RcptParameter};
use lettre::transport::smtp::response::Severity;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

use super::Envelope;
use super::answer::{expect, silent, step};
use super::offer::{Extensions, Offer, Size};
use super::timeouts::Timeouts;
use super::wire::Wire;
use crate::domain::{Attempt, Phase, Reply};

/// How long the first answer is waited for to what was said together with the end of the letter before: nothing is lost when
/// it has to be said again.
const HEARD_WITHIN: Duration = Duration::from_secs(30);

/// A letter and what the relay is told of it.
pub(super) struct Transaction<'m> {
    opening: Opening,
    /// The letter as it is written, without its end.
    letter: Cow<'m, str>,
    /// What opens the letter after it.
    next: Option<Opening>,
    pipelining: bool,
}

/// What is said before a letter: its sender and its recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opening {
    mail: String,
    recipient: String,
}

/// How a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Ready for a letter.
    Ready,
    /// The relay was told the sender and the recipient of the next letter, and waits for it.
    Begun,
    /// The relay has a sender or a recipient that it must forget first.
    Unfinished,
    /// It is over.
    Over,
}

/// How a transaction ended, and how the conversation stands.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) end: End,
    pub(super) standing: Standing,
}

/// How a transaction ended.
#[derive(Debug)]
pub(super) enum End {
    /// The relay said something of this letter.
    Tried(Attempt),
    /// It did not: the conversation was over before.
    NotBegun(Attempt),
    /// It did not hear what was said together with the end of the letter before.
    NotHeard,
    /// Leave to write it was not given.
    Withheld,
}

impl Opening {
    /// What is said before this letter to a relay that makes this offer.
    ///
    /// # Errors
    /// The refusal that is certain beforehand: of an address beyond ASCII, or of a letter that is too large.
    pub(super) fn of(envelope: &Envelope, message: &str, offer: &Offer) -> Result<Self, Attempt> {
        let Envelope { from, to, id } = envelope;
        let refused = |phase, code, text: &str| Attempt::Refused { phase, reply: Reply::new(code, text) };
        let (mut of_mail, mut of_recipient) = (Vec::new(), Vec::new());
        if !(from.as_str().is_ascii() && to.as_str().is_ascii() && message.is_ascii()) {
            if !offer.takes_utf8() {
                let text = "5.6.7 the relay does not take addresses beyond ASCII (no SMTPUTF8)";
                return Err(refused(Phase::Recipient, 553, text));
            }
            of_mail.push(MailParameter::SmtpUtfEight);
            of_mail.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        if let Size::UpTo(limit) = offer.size
            && u64::try_from(message.len()).is_ok_and(|size| size > limit)
        {
            return Err(refused(Phase::MailFrom, 552, "5.3.4 the letter is larger than the relay takes"));
        }
        if offer.size != Size::NotOffered {
            of_mail.push(MailParameter::Size(message.len()));
        }
        if let Some(id) = id.as_ref().filter(|_| offer.has(Extensions::DSN)) {
            let other = |keyword: &str, value: &str| (keyword.to_owned(), Some(value.to_owned()));
            for (keyword, value) in [other("RET", "HDRS"), other("ENVID", id)] {
                of_mail.push(MailParameter::Other { keyword, value });
            }
            let (keyword, value) = other("NOTIFY", "FAILURE,DELAY");
            of_recipient.push(RcptParameter::Other { keyword, value });
        }
        let mail = Mail::new(Some(from.as_lettre().clone()), of_mail).to_string();
        let recipient = Rcpt::new(to.as_lettre().clone(), of_recipient).to_string();
        Ok(Self { mail, recipient })
    }

    /// All of it as one text.
    fn text(&self) -> String {
        [&self.mail, &self.recipient, Data.to_string().as_str()].concat()
    }
}

impl<'m> Transaction<'m> {
    /// What is to be said for this letter to a relay that makes this offer.
    ///
    /// # Errors
    /// As for [`Opening::of`].
    pub(super) fn new(envelope: &Envelope, message: &'m str, offer: &Offer) -> Result<Self, Attempt> {
        let opening = Opening::of(envelope, message, offer)?;
        Ok(Self { opening, letter: stuffed(message), next: None, pipelining: offer.has(Extensions::PIPELINING) })
    }

    /// The same; what opens the `next` letter goes with its dot.
    pub(super) fn before(self, next: Option<Opening>) -> Self {
        Self { next: next.filter(|_| self.pipelining), ..self }
    }

    pub(super) const fn opening(&self) -> &Opening {
        &self.opening
    }

    /// What opens the letter after it.
    pub(super) fn into_next(self) -> Option<Opening> {
        self.next
    }

    /// Hands the letter over in a conversation that stands so. The letter itself is not begun after `latest`, nor before
    /// `leave` is given; sender and recipient are said meanwhile, where they were not said before.
    pub(super) async fn run(
        &self,
        connection: &mut AsyncSmtpConnection,
        wire: &Wire,
        standing: Standing,
        latest: Instant,
        leave: impl Future<Output = bool>,
        timeouts: &Timeouts,
    ) -> Ended {
        let ended = |attempt, standing| Ended { end: End::Tried(attempt), standing };
        let not_begun = |attempt| Ended { end: End::NotBegun(attempt), standing: Standing::Over };
        // Whatever it said unasked would be taken for the answer to what is asked next.
        if standing != Standing::Begun && wire.has_more() {
            leave.await;
            return not_begun(out_of_turn(Phase::MailFrom));
        }
        let (envelope, may) = tokio::join!(self.envelope(connection, wire, standing, timeouts), leave);
        if !may {
            let standing = match envelope {
                Err((attempt, MayWrite::No)) if !ends(&attempt) => Standing::Unfinished,
                Ok(()) | Err(_) => Standing::Over,
            };
            return Ended { end: End::Withheld, standing };
        }
        let (attempt, may_write) = match envelope {
            Ok(()) if wire.has_more() => return ended(out_of_turn(Phase::Data), Standing::Over),
            Ok(()) if Instant::now() > latest => return ended(too_late(), Standing::Over),
            Ok(()) => {
                let next = self.next.as_ref().map(Opening::text);
                let standing = if next.is_some() { Standing::Begun } else { Standing::Ready };
                return match write(connection, wire, &self.letter, &next.unwrap_or_default(), timeouts).await {
                    Ok(reply) => ended(Attempt::Accepted(reply), standing),
                    Err(attempt) if ends(&attempt) => ended(attempt, Standing::Over),
                    Err(attempt) => ended(attempt, standing),
                };
            }
            Err(failure) => failure,
        };
        if standing == Standing::Begun && (matches!(may_write, MayWrite::NotHeard) || is_out_of_order(&attempt)) {
            return Ended { end: End::NotHeard, standing: Standing::Over };
        }
        let is_over = ends(&attempt);
        match may_write {
            MayWrite::NotBegun | MayWrite::NotHeard => not_begun(attempt),
            MayWrite::Unknown => ended(attempt, Standing::Over),
            MayWrite::No if is_over => ended(attempt, Standing::Over),
            MayWrite::No => ended(attempt, Standing::Unfinished),
            // It refused the recipient and yet waits for a letter: an empty one, which it has nobody to give to (RFC 2920
            // §3.1). Whatever else it refused, somebody might get that.
            MayWrite::Yes if is_over || !is_of_recipient(&attempt) => ended(attempt, Standing::Over),
            MayWrite::Yes => {
                let empty = connection.command(".\r\n");
                let answer = step(Phase::Dot, Severity::PositiveCompletion, timeouts.dot, empty).await;
                wire.answered();
                let is_over = answer.is_err_and(|attempt| ends(&attempt));
                ended(attempt, if is_over { Standing::Over } else { Standing::Ready })
            }
        }
    }

    /// Sender, recipient and leave to begin with the letter; where they were said before, the answers to them.
    async fn envelope(
        &self,
        connection: &mut AsyncSmtpConnection,
        wire: &Wire,
        standing: Standing,
        timeouts: &Timeouts,
    ) -> Result<(), (Attempt, MayWrite)> {
        use Severity::{PositiveCompletion, PositiveIntermediate};
        let commands = [
            (Phase::MailFrom, Rset.to_string(), PositiveCompletion, timeouts.command),
            (Phase::MailFrom, self.opening.mail.clone(), PositiveCompletion, timeouts.command),
            (Phase::Recipient, self.opening.recipient.clone(), PositiveCompletion, timeouts.command),
            (Phase::Data, Data.to_string(), PositiveIntermediate, timeouts.data),
        ];
        let resets = standing == Standing::Unfinished;
        let commands = if resets { &commands[..] } else { &commands[1..] };
        let of_mail = usize::from(resets);
        let texts = || commands.iter().map(|(_, text, ..)| text.as_str());
        let mut together = (self.pipelining && standing != Standing::Begun).then(|| texts().collect::<String>());
        let mut failure = None;
        for (index, (phase, text, wanted, limit)) in commands.iter().enumerate() {
            let asked = Instant::now();
            let was_said = standing == Standing::Begun && index == of_mail;
            let limit = if was_said { limit.min(&HEARD_WITHIN) } else { limit };
            let answer = if !self.pipelining {
                step(*phase, *wanted, *limit, connection.command(text)).await
            } else if let Some(all) = together.take() {
                step(*phase, *wanted, *limit, connection.command(all)).await
            } else {
                step(*phase, *wanted, *limit, connection.read_response()).await
            };
            if !matches!(answer, Err(Attempt::Lost { .. })) {
                wire.answered();
            }
            match answer {
                Ok(_) if *phase == Phase::Data => {
                    return failure.map_or(Ok(()), |attempt| Err((attempt, MayWrite::Yes)));
                }
                Ok(_) => {}
                // A relay that does not begin anew did not refuse this letter.
                Err(attempt) if index < of_mail => return Err((attempt, MayWrite::NotBegun)),
                Err(attempt @ Attempt::Lost { .. }) if index == of_mail => {
                    let may = if asked.elapsed() < *limit { MayWrite::NotBegun } else { MayWrite::NotHeard };
                    return Err((attempt, may));
                }
                Err(attempt) => {
                    let is_over = ends(&attempt);
                    let attempt = failure.unwrap_or(attempt);
                    if is_over {
                        return Err((attempt, MayWrite::Unknown));
                    }
                    if !self.pipelining {
                        return Err((attempt, MayWrite::No));
                    }
                    failure = Some(attempt);
                }
            }
        }
        failure.map_or(Ok(()), |attempt| Err((attempt, MayWrite::No)))
    }
}

/// The relay said something that nobody had asked.
fn out_of_turn(phase: Phase) -> Attempt {
    Attempt::Lost { phase, error: "it said more than it was asked".to_owned() }
}

/// The relay took so long for the envelope that the letter's answer could come after its claim has ended.
pub(super) fn too_late() -> Attempt {
    Attempt::Lost { phase: Phase::Data, error: "it took too long to begin".to_owned() }
}

/// Whether the recipient was refused.
const fn is_of_recipient(attempt: &Attempt) -> bool {
    matches!(attempt, Attempt::Refused { phase: Phase::Recipient, .. })
}

/// Whether the relay may hold that a command came where none may, not taking what opens a letter behind another's end: it
/// says so (RFC 5321 §4.2.4), or refuses for good a sender like the one before.
fn is_out_of_order(attempt: &Attempt) -> bool {
    let Attempt::Refused { phase, reply } = attempt else { return false };
    reply.code == 503 || (*phase == Phase::MailFrom && reply.code >= 500)
}

/// Whether the relay waits for a letter after it refused something else of it.
enum MayWrite {
    /// It said nothing of this letter.
    NotBegun,
    /// The same, and the conversation goes on.
    NotHeard,
    No,
    Yes,
    Unknown,
}

/// Whether nothing more can be said after this.
const fn ends(attempt: &Attempt) -> bool {
    match attempt {
        Attempt::Accepted(_) => false,
        Attempt::Refused { reply, .. } => reply.closes(),
        Attempt::Lost { .. } => true,
    }
}

/// Writes the letter with its dot and what opens the `next` one, and waits for the answer to the dot.
///
/// It is one write; how much of it has gone out tells where a loss happens. TLS makes it longer, so that once as many
/// bytes are out as the letter has, the dot may be among them: a doubt is never taken for certainty.
async fn write(
    connection: &mut AsyncSmtpConnection,
    wire: &Wire,
    letter: &str,
    next: &str,
    timeouts: &Timeouts,
) -> Result<Reply, Attempt> {
    let end = if letter.is_empty() || letter.ends_with("\r\n") { ".\r\n" } else { "\r\n.\r\n" };
    let behind = wire.written() + u64::try_from(letter.len() + end.len()).unwrap_or(u64::MAX);
    let now_at = || if wire.written() < behind { (Phase::Body, timeouts.block) } else { (Phase::Dot, timeouts.dot) };
    let mut answer = std::pin::pin!(async {
        // Past the library, which would copy it.
        let mut stream = wire.clone();
        let mut all = letter.as_bytes().chain(end.as_bytes()).chain(next.as_bytes());
        let written = async {
            stream.write_all_buf(&mut all).await?;
            stream.flush().await
        };
        match written.await {
            Ok(()) => expect(now_at().0, Severity::PositiveCompletion, connection.read_response().await),
            Err(error) => Err(Attempt::Lost { phase: now_at().0, error: error.to_string() }),
        }
    });
    loop {
        let (phase, limit) = now_at();
        tokio::select! {
            biased;
            result = &mut answer => {
                wire.answered();
                return result;
            }
            () = wire.more_written() => {}
            () = tokio::time::sleep(limit) => return Err(silent(phase, limit)),
        }
    }
}

/// A letter as it is written: a dot before each that begins a line (RFC 5321 §4.5.2).
fn stuffed(message: &str) -> Cow<'_, str> {
    if !message.starts_with('.') && memchr::memmem::find(message.as_bytes(), b"\n.").is_none() {
        return Cow::Borrowed(message);
    }
    let mut text = String::with_capacity(message.len() + 64);
    if message.starts_with('.') {
        text.push('.');
    }
    let mut rest = message;
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"\n.") {
        text.push_str(&rest[..=at]);
        text.push('.');
        rest = &rest[at + 1..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_doubled_where_a_line_begins_with_one() {
        for (letter, written) in [
            ("", ""),
            (".", ".."),
            ("a\r\n", "a\r\n"),
            ("a\r\n.\r\n..b\r\n.c.", "a\r\n..\r\n...b\r\n..c."),
            ("a.\r\n.\r\n", "a.\r\n..\r\n"),
            ("a\n.b", "a\n..b"),
        ] {
            assert_eq!(stuffed(letter), written, "{letter:?}");
        }
    }

    fn envelope() -> Envelope {
        Envelope {
            from: "presse@example.org".parse().unwrap(),
            to: "ann@journal.example".parse().unwrap(),
            id: Some("token".to_owned()),
        }
    }

    #[test]
    fn a_relay_is_told_what_it_offers_to_hear() {
        let offer = Offer { extensions: Extensions::DSN, size: Size::Unlimited };
        let told = Transaction::new(&envelope(), "four", &offer).unwrap();
        assert_eq!(told.opening.mail, "MAIL FROM:<presse@example.org> SIZE=4 RET=HDRS ENVID=token\r\n");
        assert_eq!(told.opening.recipient, "RCPT TO:<ann@journal.example> NOTIFY=FAILURE,DELAY\r\n");
        let plain = Transaction::new(&envelope(), "four", &Offer::default()).unwrap();
        assert_eq!(plain.opening.mail, "MAIL FROM:<presse@example.org>\r\n");
        assert_eq!(plain.opening.recipient, "RCPT TO:<ann@journal.example>\r\n");
    }

    #[test]
    fn a_letter_that_is_too_large_is_not_begun() {
        let offer = Offer { size: Size::UpTo(4), ..Offer::default() };
        assert!(Transaction::new(&envelope(), "four", &offer).is_ok());
        let refused = Transaction::new(&envelope(), "fifth", &offer).err();
        assert!(matches!(refused, Some(Attempt::Refused { phase: Phase::MailFrom, reply }) if reply.code == 552));
    }
}
