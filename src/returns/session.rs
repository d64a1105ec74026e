//! One conversation in LMTP (RFC 2033): as SMTP, but for `LHLO`, and an answer for each recipient after the dot.
//!
//! Offered: PIPELINING, 8BITMIME, SMTPUTF8, ENHANCEDSTATUSCODES, SIZE. Every recipient is accepted: which ones come here
//! is the mail server's configuration. Refused for good is only what is too large.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};

use super::answers::Answers;
use super::data::Data;
use super::incoming::{Answer, Incoming, pass_on};
use super::lines::{End, Line, Lines};

/// How many recipients a message may have (RFC 5321 §4.5.3.1.8).
const MOST_RECIPIENTS: usize = 100;
/// How many commands may be wrong before the session ends.
const MOST_MISTAKES: usize = 20;
const TOO_LARGE: &str = "552 5.3.4 the message is larger than is taken in here";

/// Where a session stands.
#[derive(Debug, Default)]
struct Session {
    limit: usize,
    was_greeted: bool,
    has_sender: bool,
    recipients: Vec<String>,
    mistakes: usize,
}

/// What follows a command.
enum Step {
    Say(String),
    Receive,
    Quit,
}

/// How much one session may bring, and how slowly.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Largest message, in bytes.
    pub(super) limit: usize,
    /// How long an answer may be left unread.
    pub(super) unread: Duration,
}

/// Holds a conversation to its end.
///
/// # Errors
/// When the other side cannot be written to, or does not read.
pub(super) async fn converse<R, W>(
    from: R,
    to: W,
    bounds: Bounds,
    intake: &mpsc::Sender<Incoming>,
    stop: watch::Receiver<bool>,
) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let Bounds { limit, unread } = bounds;
    let mut answers = Answers::new(to, unread, stop.clone());
    let mut lines = Lines::new(from, stop);
    let mut session = Session { limit, ..Session::default() };
    answers.add("220 depeche LMTP");
    loop {
        // Answers to commands that came together leave together (RFC 2920 §3.2).
        if !lines.has_more() || answers.are_many() {
            answers.say().await?;
        }
        let line = match lines.next().await {
            Ok(line) => line,
            Err(end) => return part(answers, &end).await,
        };
        match session.step(&line) {
            Step::Say(answer) => answers.add(&answer),
            Step::Receive => {
                answers.add("354 go ahead, end with a dot");
                answers.say().await?;
                match receive(&mut lines, limit).await {
                    Ok(message) => {
                        for answer in session.deliver(message, intake).await {
                            answers.add(&answer);
                        }
                    }
                    Err(end) => return part(answers, &end).await,
                }
            }
            Step::Quit => {
                answers.add("221 2.0.0 goodbye");
                return answers.end().await;
            }
        }
        if session.mistakes > MOST_MISTAKES {
            answers.add("421 4.5.0 too many mistakes");
            return answers.end().await;
        }
    }
}

/// Says why the session ends, where anybody may still hear it.
async fn part<W: AsyncWrite + Unpin>(mut answers: Answers<W>, end: &End) -> io::Result<()> {
    match end {
        End::Gone => return Ok(()),
        End::Silent => answers.add("421 4.4.2 silent for too long"),
        End::Stopping => answers.add("421 4.3.2 depeche stops, come back later"),
    }
    answers.end().await
}

/// The message after `DATA`; `None` when it is too large.
async fn receive<R: AsyncRead + Unpin>(lines: &mut Lines<R>, limit: usize) -> Result<Option<Vec<u8>>, End> {
    let mut data = Data::new(limit);
    loop {
        let piece = lines.piece().await?;
        let length = piece.len();
        match data.take_in(piece) {
            Some(used) => {
                lines.take(used);
                return Ok(data.whole());
            }
            None => lines.take(length),
        }
    }
}

impl Session {
    fn step(&mut self, line: &Line) -> Step {
        let Line::Whole(line) = line else { return self.mistake("500 5.5.2 the line is too long") };
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "LHLO" if rest.trim().is_empty() => self.mistake("501 5.5.4 LHLO and who you are"),
            "LHLO" => {
                self.reset();
                self.was_greeted = true;
                Step::Say(format!(
                    "250-depeche\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n\
                     250 SIZE {}",
                    self.limit
                ))
            }
            "HELO" | "EHLO" => self.mistake("500 5.5.1 this is LMTP: say LHLO"),
            "MAIL" => self.mail(rest),
            "RCPT" => self.rcpt(rest),
            "DATA" if self.recipients.is_empty() => self.mistake("503 5.5.1 no recipients"),
            "DATA" => Step::Receive,
            "RSET" => {
                self.reset();
                Step::Say("250 2.0.0 forgotten".to_owned())
            }
            "NOOP" => Step::Say("250 2.0.0 here".to_owned()),
            "VRFY" => Step::Say("252 2.0.0 try it".to_owned()),
            "QUIT" => Step::Quit,
            _ => self.mistake("500 5.5.2 no such command"),
        }
    }

    fn mail(&mut self, rest: &str) -> Step {
        if !self.was_greeted || self.has_sender {
            return self.mistake("503 5.5.1 not now");
        }
        let Some((_, parameters)) = path(rest, "FROM:") else { return self.mistake("501 5.5.4 MAIL FROM:<address>") };
        for parameter in parameters.split_ascii_whitespace().map(str::to_ascii_uppercase) {
            match parameter.split_once('=').unwrap_or((&parameter, "")) {
                ("SIZE", size) => match size.parse::<usize>() {
                    Ok(size) if size <= self.limit => {}
                    Ok(_) => return Step::Say(TOO_LARGE.to_owned()),
                    Err(_) => return self.mistake("501 5.5.4 SIZE is a number"),
                },
                ("BODY", "7BIT" | "8BITMIME") | ("SMTPUTF8", "") => {}
                _ => return self.mistake("555 5.5.4 no such parameter"),
            }
        }
        self.has_sender = true;
        Step::Say("250 2.1.0 go on".to_owned())
    }

    fn rcpt(&mut self, rest: &str) -> Step {
        if !self.has_sender {
            return self.mistake("503 5.5.1 first MAIL");
        }
        let Some((address, parameters)) = path(rest, "TO:") else { return self.mistake("501 5.5.4 RCPT TO:<address>") };
        if address.is_empty() {
            return self.mistake("501 5.1.3 RCPT TO:<address>");
        }
        if !parameters.trim().is_empty() {
            return self.mistake("555 5.5.4 no such parameter");
        }
        if self.recipients.len() >= MOST_RECIPIENTS {
            return Step::Say("452 4.5.3 too many recipients at once".to_owned());
        }
        self.recipients.push(address.to_owned());
        Step::Say("250 2.1.5 go on".to_owned())
    }

    /// Passes a message on, once for each recipient, and gives their answers.
    async fn deliver(&mut self, message: Option<Vec<u8>>, intake: &mpsc::Sender<Incoming>) -> Vec<String> {
        let recipients = std::mem::take(&mut self.recipients);
        self.reset();
        let mut answers = Vec::with_capacity(recipients.len());
        let message: Option<Arc<[u8]>> = message.map(Arc::from);
        for recipient in recipients {
            let Some(message) = &message else {
                answers.push(TOO_LARGE.to_owned());
                continue;
            };
            answers.push(match pass_on(intake, recipient, message.clone()).await {
                Answer::Taken(what) => format!("250 2.0.0 {what}"),
                Answer::Later => "451 4.3.0 it cannot be dealt with now, bring it again".to_owned(),
            });
        }
        answers
    }

    fn reset(&mut self) {
        self.has_sender = false;
        self.recipients.clear();
    }

    fn mistake(&mut self, answer: &str) -> Step {
        self.mistakes += 1;
        Step::Say(answer.to_owned())
    }
}

/// The address between the brackets after `word`, and what follows them.
fn path<'a>(rest: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let after = rest.get(..word.len()).filter(|start| start.eq_ignore_ascii_case(word)).map(|_| &rest[word.len()..])?;
    let inside = after.trim_start().strip_prefix('<')?;
    inside.rsplit_once('>')
}
