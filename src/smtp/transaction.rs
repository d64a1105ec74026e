//! One letter, from `MAIL FROM` to the answer to the dot (RFC 5321 §3.3).
//!
//! Where the relay offers PIPELINING (RFC 2920), sender, recipient and `DATA` are one write, and the letter with its dot
//! another: two round trips. Those of the letter that comes next are said in the same write as the dot (§3.1 allows it), so
//! that in a row of letters each takes one round trip. Every answer is read all the same, each with its own patience, and
//! the first that is not the one we wanted says how the attempt ended.

use std::io::{self, IoSlice};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::MailParameter;
use lettre::transport::smtp::response::Severity;
use memchr::memmem;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

use super::Envelope;
use super::answer::{expect, reply_of, silent, step};
use super::offer::{Extensions, Offer, Size};
use super::timeouts::Timeouts;
use super::wire::Wire;
use crate::domain::{Attempt, Message, Phase, Reply, Segment};

/// How long the first answer is waited for to what was said together with the end of the letter before: nothing is lost when
/// it has to be said again.
const HEARD_WITHIN: Duration = Duration::from_secs(30);

/// Forgets what was said of a letter.
const RSET: &str = "RSET\r\n";
/// Begins the letter itself.
const DATA: &str = "DATA\r\n";

/// A letter and what the relay is told of it.
pub(super) struct Transaction<'m> {
    opening: Opening,
    /// The letter as it is written, without its end.
    letter: Vec<&'m [u8]>,
    /// What opens the letter after it.
    next: Option<Opening>,
    pipelining: bool,
}

/// What is said before a letter: its sender, its recipient and `DATA`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opening {
    text: String,
    /// Where the recipient begins, and where `DATA`.
    recipient: usize,
    data: usize,
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
    pub(super) fn of(envelope: &Envelope, message: &Message, offer: &Offer) -> Result<Self, Attempt> {
        /// What it takes, nearly always.
        const ROOM: usize = 256;
        let Envelope { from, to, id } = envelope;
        let refused = |phase, code, text: &str| Attempt::Refused { phase, reply: Reply::new(code, text) };
        let mut text = String::with_capacity(ROOM);
        text.extend(["MAIL FROM:<", from.as_str(), ">"]);
        if !(from.as_str().is_ascii() && to.as_str().is_ascii() && message.is_ascii()) {
            if !offer.takes_utf8() {
                let text = "5.6.7 the relay does not take addresses beyond ASCII (no SMTPUTF8)";
                return Err(refused(Phase::Recipient, 553, text));
            }
            text.push_str(" SMTPUTF8 BODY=8BITMIME");
        }
        let size = message.size();
        if let Size::UpTo(limit) = offer.size
            && u64::try_from(size).is_ok_and(|size| size > limit)
        {
            return Err(refused(Phase::MailFrom, 552, "5.3.4 the letter is larger than the relay takes"));
        }
        if offer.size != Size::NotOffered {
            text.extend([" SIZE=", &size.to_string()]);
        }
        let id = id.as_ref().filter(|_| offer.has(Extensions::DSN));
        if let Some(id) = id {
            // It is written as the standard asks (RFC 3461 §4).
            let id = MailParameter::Other { keyword: "ENVID".to_owned(), value: Some(id.clone()) };
            text.extend([" RET=HDRS ", &id.to_string()]);
        }
        let recipient = text.len() + "\r\n".len();
        text.extend(["\r\nRCPT TO:<", to.as_str(), ">"]);
        if id.is_some() {
            text.push_str(" NOTIFY=FAILURE,DELAY");
        }
        let data = text.len() + "\r\n".len();
        text.extend(["\r\n", DATA]);
        Ok(Self { text, recipient, data })
    }

    fn mail(&self) -> &str {
        &self.text[..self.recipient]
    }

    fn recipient(&self) -> &str {
        &self.text[self.recipient..self.data]
    }
}

impl<'m> Transaction<'m> {
    /// What is to be said for this letter to a relay that makes this offer.
    ///
    /// # Errors
    /// As for [`Opening::of`].
    pub(super) fn new(envelope: &Envelope, message: &'m Message, offer: &Offer) -> Result<Self, Attempt> {
        let opening = Opening::of(envelope, message, offer)?;
        let letter = stuffed(message.segments());
        Ok(Self { opening, letter, next: None, pipelining: offer.has(Extensions::PIPELINING) })
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
                let standing = if self.next.is_some() { Standing::Begun } else { Standing::Ready };
                let next = self.next.as_ref().map_or("", |next| next.text.as_str());
                return match write(connection, wire, &self.letter, next, timeouts).await {
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
            (Phase::MailFrom, RSET, PositiveCompletion, timeouts.command),
            (Phase::MailFrom, self.opening.mail(), PositiveCompletion, timeouts.command),
            (Phase::Recipient, self.opening.recipient(), PositiveCompletion, timeouts.command),
            (Phase::Data, DATA, PositiveIntermediate, timeouts.data),
        ];
        let resets = standing == Standing::Unfinished;
        let commands = if resets { &commands[..] } else { &commands[1..] };
        let of_mail = usize::from(resets);
        let texts = || commands.iter().map(|(_, text, ..)| *text);
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
                Ok(()) if *phase == Phase::Data => {
                    return failure.map_or(Ok(()), |attempt| Err((attempt, MayWrite::Yes)));
                }
                Ok(()) => {}
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
    letter: &[&[u8]],
    next: &str,
    timeouts: &Timeouts,
) -> Result<Reply, Attempt> {
    let end = if ends_its_line(letter) { ".\r\n" } else { "\r\n.\r\n" };
    let size = letter.iter().map(|stretch| stretch.len()).sum::<usize>() + end.len();
    let behind = wire.written() + u64::try_from(size).unwrap_or(u64::MAX);
    let now_at = || if wire.written() < behind { (Phase::Body, timeouts.block) } else { (Phase::Dot, timeouts.dot) };
    let mut answer = std::pin::pin!(async {
        // Past the library, which would copy it.
        let mut stream = wire.clone();
        let mut all: Vec<&[u8]> = Vec::with_capacity(letter.len() + 2);
        all.extend(letter);
        all.extend([end.as_bytes(), next.as_bytes()]);
        match write_all(&mut stream, &all).await {
            Ok(()) => {
                let response = connection.read_response().await;
                expect(now_at().0, Severity::PositiveCompletion, response).map(|response| reply_of(&response))
            }
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

/// Writes all of these `stretches`, with as few writes as there can be; none is tried again that failed.
async fn write_all(wire: &mut Wire, stretches: &[&[u8]]) -> io::Result<()> {
    let mut slices: Vec<_> = stretches.iter().map(|stretch| IoSlice::new(stretch)).collect();
    let mut left = slices.as_mut_slice();
    // None is left that is empty.
    IoSlice::advance_slices(&mut left, 0);
    while !left.is_empty() {
        match wire.write_vectored(left).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => IoSlice::advance_slices(&mut left, written),
        }
    }
    wire.flush().await
}

/// Whether a letter ends with the end of a line, if with anything.
fn ends_its_line(letter: &[&[u8]]) -> bool {
    let mut last = letter.iter().rev().flat_map(|stretch| stretch.iter().rev()).take(2).peekable();
    last.peek().is_none() || last.eq(b"\n\r")
}

/// A letter as it is written: a dot before each that begins a line (RFC 5321 §4.5.2).
fn stuffed(segments: &[Segment]) -> Vec<&[u8]> {
    const DOT: &[u8] = b".";
    let mut written = Vec::with_capacity(segments.len() + 2);
    let mut is_at_line = true;
    for segment in segments.iter().filter(|segment| !segment.bytes().is_empty()) {
        let bytes = segment.bytes();
        if is_at_line && bytes.starts_with(DOT) {
            written.push(DOT);
        }
        let mut start = 0;
        if segment.has_dotted_line() {
            for at in memmem::find_iter(bytes, b"\n.") {
                written.extend([&bytes[start..=at], DOT]);
                start = at + 1;
            }
        }
        written.push(&bytes[start..]);
        is_at_line = bytes.ends_with(b"\n");
    }
    written
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
            // However it is cut.
            for size in 1..=letter.len() + 1 {
                let (whole, cuts) = (Segment::from(letter), (0..letter.len()).step_by(size));
                let end = |start: usize| letter.len().min(start + size);
                let segments: Vec<_> = cuts.map(|start| whole.slice(start..end(start))).collect();
                let stretches = stuffed(&segments);
                assert_eq!(stretches.concat(), written.as_bytes(), "{letter:?} by {size}");
                assert_eq!(ends_its_line(&stretches), letter.is_empty() || letter.ends_with("\r\n"), "{letter:?}");
            }
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
        let told = Opening::of(&envelope(), &"four".into(), &offer).unwrap();
        assert_eq!(told.mail(), "MAIL FROM:<presse@example.org> SIZE=4 RET=HDRS ENVID=token\r\n");
        assert_eq!(told.recipient(), "RCPT TO:<ann@journal.example> NOTIFY=FAILURE,DELAY\r\n");
        let plain = Opening::of(&envelope(), &"four".into(), &Offer::default()).unwrap();
        assert_eq!(plain.mail(), "MAIL FROM:<presse@example.org>\r\n");
        assert_eq!(plain.recipient(), "RCPT TO:<ann@journal.example>\r\n");
    }

    #[test]
    fn a_letter_that_is_too_large_is_not_begun() {
        let offer = Offer { size: Size::UpTo(4), ..Offer::default() };
        assert!(Opening::of(&envelope(), &"four".into(), &offer).is_ok());
        let refused = Opening::of(&envelope(), &"fifth".into(), &offer).err();
        assert!(matches!(refused, Some(Attempt::Refused { phase: Phase::MailFrom, reply }) if reply.code == 552));
    }
}
