//! An SMTP server that does as it is told: for tests of what happens when a relay misbehaves.
//!
//! A [`Script`] says what happens at a phase, for a local part: the sender's at `MailFrom`, the recipient's afterwards,
//! anybody's at `Greeting`, `Hello`, `Tls` and `Auth`. Everything else is answered as RFC 5321 has it. Letters that were taken are
//! kept, those whose acceptance was never said included.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use depeche::domain::Phase;
use rustls::ServerConfig;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// What the server does instead of going on.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Answers with this reply.
    Say(&'static str),
    /// Answers with these bytes, and goes on as usual.
    SayBytes(&'static [u8]),
    /// Takes the letter and answers so.
    SayTaken(&'static str),
    /// Answers what it would have, and adds this in the same breath.
    Add(&'static str),
    /// Answers with this reply and closes the connection.
    SayAndClose(&'static str),
    /// Closes the connection without a word: at `Body` in the middle of the letter, at `Dot` after it was taken.
    Drop,
    /// Never answers again.
    Hang,
    /// Answers what it would have, after a while.
    Late(Duration),
    /// Answers what it would have, byte by byte.
    Drip,
}

/// What the server does when; empty: it takes every letter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    acts: HashMap<(Phase, String), Act>,
    unanswered: Vec<usize>,
    stops_after: Option<usize>,
    offers: Vec<&'static str>,
    connection_limit: Option<usize>,
    tls: Option<(Arc<ServerConfig>, TlsFrom)>,
    logins: Vec<String>,
    habits: BTreeSet<Habit>,
    closes_after: Option<usize>,
    silent_from: Option<usize>,
}

/// What a server does all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Habit {
    /// Takes letters without a sender or a recipient.
    IsCareless,
    /// Closes a connection after a recipient was refused.
    ClosesAfterRefusals,
    /// Does not know RSET.
    NeverForgets,
    /// Never answers to QUIT.
    SaysNoGoodbye,
    /// Loses what came together with the end of a letter.
    DropsWhatFollows,
}

/// When TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsFrom {
    /// After STARTTLS.
    StartTls,
    /// With the first byte.
    TheFirstByte,
}

impl Script {
    /// At `phase`, for this local part (any, for the first phases), do `act`.
    pub(crate) fn at(mut self, phase: Phase, local: &str, act: Act) -> Self {
        self.acts.insert((phase, local.to_owned()), act);
        self
    }

    /// Close the connection instead of answering for these of the letters that are taken, counted from 1.
    pub(crate) fn never_answering_for(mut self, letters: &[usize]) -> Self {
        letters.clone_into(&mut self.unanswered);
        self
    }

    /// Say nothing more after the dot once this many letters were taken, until [`SmtpServer::go_on`].
    pub(crate) fn stopping_after(mut self, letters: usize) -> Self {
        self.stops_after = Some(letters);
        self
    }

    /// Offer SMTPUTF8 and 8BITMIME.
    pub(crate) fn with_utf8(self) -> Self {
        self.offering("SMTPUTF8").offering("8BITMIME")
    }

    /// Offer this, too.
    pub(crate) fn offering(mut self, line: &'static str) -> Self {
        self.offers.push(line);
        self
    }

    /// Speak TLS; STARTTLS is offered where it begins so.
    pub(crate) fn with_tls(mut self, config: Arc<ServerConfig>, from: TlsFrom) -> Self {
        self.tls = Some((config, from));
        self
    }

    /// Take letters from those alone who answer to AUTH, or its questions, with one of these, in base64.
    pub(crate) fn with_login(mut self, answer: &str) -> Self {
        self.logins.push(answer.to_owned());
        self
    }

    /// Do this all the time.
    pub(crate) fn with(mut self, habit: Habit) -> Self {
        self.habits.insert(habit);
        self
    }

    fn has(&self, habit: Habit) -> bool {
        self.habits.contains(&habit)
    }

    /// Greet no connection from this one on, counted from 1.
    pub(crate) fn silent_from(mut self, connection: usize) -> Self {
        self.silent_from = Some(connection);
        self
    }

    /// Close a connection once it carried so many letters.
    pub(crate) fn closing_after(mut self, letters: usize) -> Self {
        self.closes_after = Some(letters);
        self
    }

    /// Greet further connections than this many at a time with 421.
    pub(crate) fn with_connection_limit(mut self, limit: usize) -> Self {
        self.connection_limit = Some(limit);
        self
    }

    fn act(&self, phase: Phase, local: &str) -> Option<Act> {
        self.acts.get(&(phase, local.to_owned())).cloned()
    }
}

/// A letter that the server has.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    /// The envelope's sender.
    pub(crate) from: String,
    /// The envelope's recipient.
    pub(crate) to: String,
    /// The letter, dots unstuffed.
    pub(crate) data: Vec<u8>,
    /// On which connection it came, from 1.
    pub(crate) connection: usize,
    /// Its Message-ID, or nothing.
    pub(crate) message_id: String,
}

/// A line that the server was told outside letters.
#[derive(Debug, Clone)]
struct Command {
    line: String,
    /// More had come when it was read.
    more: bool,
}

#[derive(Default)]
struct Records {
    accepted: Vec<Accepted>,
    commands: Vec<Command>,
    connections: usize,
    open: usize,
    /// How many letters had more behind their dot.
    followed: usize,
    /// How many letters were taken and not answered for, since the server stopped.
    waiting: usize,
    /// How many of those are never answered for: their connections close.
    to_drop: usize,
}

/// The server; it stops when dropped.
pub(crate) struct SmtpServer {
    address: SocketAddr,
    records: Arc<Mutex<Records>>,
    goes_on: watch::Sender<bool>,
    hangs_up: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl SmtpServer {
    /// Starts on a free port of this machine.
    pub(crate) async fn start(script: Script) -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), script).await
    }

    /// Starts on this address; on port 0, a free one.
    pub(crate) async fn start_at(address: SocketAddr, script: Script) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let records = Arc::new(Mutex::new(Records::default()));
        let (script, kept) = (Arc::new(script), Arc::clone(&records));
        let (goes_on, gate) = watch::channel(false);
        let (hangs_up, ends) = watch::channel(false);
        let task = tokio::spawn(async move {
            let mut conversations = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let number = {
                    let mut records = kept.lock().unwrap();
                    records.connections += 1;
                    records.open += 1;
                    records.connections
                };
                let conversation = Conversation {
                    stream: BufReader::new(Box::new(stream)),
                    is_encrypted: false,
                    is_known: script.logins.is_empty(),
                    script: Arc::clone(&script),
                    records: Arc::clone(&kept),
                    gate: gate.clone(),
                    number,
                    from: String::new(),
                    to: String::new(),
                    carried: 0,
                };
                conversations.spawn(conversation.hold(ends.clone()));
            }
        });
        Self { address, records, goes_on, hangs_up, task }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The letters it has, in order.
    pub(crate) fn accepted(&self) -> Vec<Accepted> {
        self.records.lock().unwrap().accepted.clone()
    }

    /// How many letters it has.
    pub(crate) fn accepted_count(&self) -> usize {
        self.records.lock().unwrap().accepted.len()
    }

    /// The lines it was told outside letters, in order, on all connections.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.records.lock().unwrap().commands.iter().map(|command| command.line.clone()).collect()
    }

    /// Those of the lines that did not come alone: others were behind them already.
    pub(crate) fn commands_sent_ahead(&self) -> Vec<String> {
        let records = self.records.lock().unwrap();
        records.commands.iter().filter(|command| command.more).map(|command| command.line.clone()).collect()
    }

    /// How many letters did not come alone: what opens the next was behind their dots already.
    pub(crate) fn letters_followed(&self) -> usize {
        self.records.lock().unwrap().followed
    }

    /// How many letters it took and says nothing about, having stopped.
    pub(crate) fn waiting(&self) -> usize {
        self.records.lock().unwrap().waiting
    }

    /// Goes on where it stopped; `dropping` of the letters it took are never answered for.
    pub(crate) fn go_on(&self, dropping: usize) {
        self.records.lock().unwrap().to_drop = dropping;
        self.goes_on.send_replace(true);
    }

    /// Returns once every connection is closed that is about to be.
    pub(crate) async fn settled(&self) {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    /// Closes every connection, and returns once they are closed.
    pub(crate) async fn hang_up(&self) {
        self.hangs_up.send_replace(true);
        while self.records.lock().unwrap().open > 0 {
            tokio::task::yield_now().await;
        }
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.records.lock().unwrap().connections
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The conversation is over.
struct Closed;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

struct Conversation {
    stream: BufReader<Box<dyn Stream>>,
    is_encrypted: bool,
    is_known: bool,
    script: Arc<Script>,
    records: Arc<Mutex<Records>>,
    gate: watch::Receiver<bool>,
    number: usize,
    from: String,
    to: String,
    /// How many letters it carried.
    carried: usize,
}

impl Conversation {
    async fn hold(mut self, mut ends: watch::Receiver<bool>) {
        tokio::select! {
            _ = self.run() => {}
            _ = ends.wait_for(|ends| *ends) => {}
        }
        let records = Arc::clone(&self.records);
        drop(self);
        records.lock().unwrap().open -= 1;
    }

    async fn run(&mut self) -> Result<(), Closed> {
        let open = self.records.lock().unwrap().open;
        if self.script.connection_limit.is_some_and(|limit| open > limit) {
            return self.write("421 4.7.0 too many connections").await;
        }
        if matches!(self.script.tls, Some((_, TlsFrom::TheFirstByte))) {
            self.encrypt().await?;
        }
        if self.script.silent_from.is_some_and(|first| self.number >= first) {
            return std::future::pending().await;
        }
        self.answer(Phase::Greeting, "", "220 server.example ESMTP").await?;
        loop {
            let line = self.line().await?;
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let command = Command { line: line.clone(), more: !self.stream.buffer().is_empty() };
            self.records.lock().unwrap().commands.push(command);
            let upper = line.to_ascii_uppercase();
            if upper.starts_with("EHLO ") {
                let mut hello = vec!["server.example"];
                hello.extend(&self.script.offers);
                if !self.is_encrypted && self.script.tls.is_some() {
                    hello.push("STARTTLS");
                }
                hello.push("HELP");
                let (last, others) = hello.split_last().unwrap();
                let others: Vec<String> = others.iter().map(|line| format!("250-{line}\r\n")).collect();
                self.answer(Phase::Hello, "", &format!("{}250 {last}", others.concat())).await?;
            } else if upper == "STARTTLS" && self.script.tls.is_some() {
                if self.answer(Phase::Tls, "", "220 2.0.0 go").await? {
                    self.encrypt().await?;
                }
            } else if let Some(words) = line.strip_prefix("AUTH ") {
                let words = words.to_owned();
                self.log_in(&words).await?;
            } else if !self.is_known {
                self.write("530 5.7.0 who are you?").await?;
            } else if upper == "NOOP" {
                self.write("250 2.0.0 here").await?;
            } else if upper.starts_with("MAIL FROM:") {
                let from = address(&line);
                self.to.clear();
                let is_taken = self.answer(Phase::MailFrom, &from, "250 2.1.0 sender ok").await?;
                self.from = if is_taken { from } else { String::new() };
            } else if upper.starts_with("RCPT TO:") && self.from.is_empty() && !self.script.has(Habit::IsCareless) {
                self.write("503 5.5.1 from whom?").await?;
            } else if upper.starts_with("RCPT TO:") {
                let to = address(&line);
                if self.answer(Phase::Recipient, &to, "250 2.1.5 recipient ok").await? {
                    self.to = to;
                } else if self.script.has(Habit::ClosesAfterRefusals) {
                    return Err(Closed);
                }
            } else if upper == "DATA" {
                self.data().await?;
                if self.script.closes_after.is_some_and(|limit| self.carried >= limit) {
                    return Err(Closed);
                }
            } else if upper == "RSET" && self.script.has(Habit::NeverForgets) {
                self.write("502 5.5.1 no").await?;
            } else if upper == "QUIT" && self.script.has(Habit::SaysNoGoodbye) {
                return std::future::pending().await;
            } else if upper == "RSET" {
                self.to.clear();
                self.write("250 2.0.0 forgotten").await?;
            } else if upper == "QUIT" {
                self.write("221 2.0.0 bye").await?;
                return Err(Closed);
            } else {
                self.write("500 5.5.2 what?").await?;
            }
        }
    }

    /// Puts the conversation under TLS. What came in clear beyond the last command is lost with it.
    async fn encrypt(&mut self) -> Result<(), Closed> {
        let Some((config, _)) = self.script.tls.clone() else { return Err(Closed) };
        let empty: Box<dyn Stream> = Box::new(tokio::io::empty());
        let stream = std::mem::replace(&mut self.stream, BufReader::new(empty)).into_inner();
        let stream = TlsAcceptor::from(config).accept(stream).await.map_err(|_| Closed)?;
        self.stream = BufReader::new(Box::new(stream));
        self.is_encrypted = true;
        Ok(())
    }

    /// AUTH PLAIN with an initial answer, or AUTH LOGIN with its two questions (RFC 4954).
    async fn log_in(&mut self, words: &str) -> Result<(), Closed> {
        let answer = if let Some((_, answer)) = words.split_once(' ') {
            answer.to_owned()
        } else {
            let mut answers = Vec::new();
            for question in ["VXNlcm5hbWU6", "UGFzc3dvcmQ6"] {
                self.write(&format!("334 {question}")).await?;
                answers.push(String::from_utf8_lossy(&self.line().await?).trim_end().to_owned());
            }
            answers.join(" ")
        };
        if self.script.logins.contains(&answer) {
            self.is_known = self.answer(Phase::Auth, "", "235 2.7.0 welcome").await?;
            return Ok(());
        }
        self.write("535 5.7.8 not you").await
    }

    async fn data(&mut self) -> Result<(), Closed> {
        let to = self.to.clone();
        if to.is_empty() && !self.script.has(Habit::IsCareless) {
            return self.write("503 5.5.1 nobody to send to").await;
        }
        if !self.answer(Phase::Data, &to, "354 go on").await? {
            return Ok(());
        }
        let body = self.script.act(Phase::Body, local(&to));
        let mut data = Vec::new();
        loop {
            match body {
                Some(Act::Drop) if !data.is_empty() => return Err(Closed),
                Some(Act::Hang) if !data.is_empty() => return std::future::pending().await,
                _ => {}
            }
            let line = self.line().await?;
            if line == b".\r\n" {
                self.records.lock().unwrap().followed += usize::from(!self.stream.buffer().is_empty());
                if self.script.has(Habit::DropsWhatFollows) {
                    let length = self.stream.buffer().len();
                    self.stream.consume(length);
                }
                break;
            }
            data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        if !matches!(self.script.act(Phase::Dot, local(&to)), Some(Act::Say(_) | Act::SayAndClose(_))) {
            let number = self.keep(data);
            self.carried += 1;
            self.wait_at_the_gate(number).await?;
            if self.script.unanswered.contains(&number) {
                return Err(Closed);
            }
        }
        self.answer(Phase::Dot, &to, "250 2.0.0 taken").await?;
        Ok(())
    }

    /// Waits with the `number`-th letter as long as the server has stopped.
    async fn wait_at_the_gate(&mut self, number: usize) -> Result<(), Closed> {
        if *self.gate.borrow() || self.script.stops_after.is_none_or(|limit| number <= limit) {
            return Ok(());
        }
        self.records.lock().unwrap().waiting += 1;
        self.gate.wait_for(|open| *open).await.map_err(|_| Closed)?;
        let mut records = self.records.lock().unwrap();
        records.waiting -= 1;
        if records.to_drop > 0 {
            records.to_drop -= 1;
            return Err(Closed);
        }
        Ok(())
    }

    /// Keeps a letter, and counts it.
    fn keep(&self, data: Vec<u8>) -> usize {
        let text = String::from_utf8_lossy(&data);
        let id = text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap_or_default().to_owned();
        let (from, to) = (self.from.clone(), self.to.clone());
        let accepted = Accepted { from, to, data, connection: self.number, message_id: id };
        let mut records = self.records.lock().unwrap();
        records.accepted.push(accepted);
        records.accepted.len()
    }

    /// Does what the script has for this phase, else says `usual`; whether it went as usual.
    async fn answer(&mut self, phase: Phase, who: &str, usual: &str) -> Result<bool, Closed> {
        match self.script.act(phase, local(who)) {
            None => self.write(usual).await?,
            Some(Act::Say(reply)) => {
                self.write(reply).await?;
                return Ok(false);
            }
            Some(Act::SayBytes(bytes)) => self.stream.get_mut().write_all(bytes).await.map_err(|_| Closed)?,
            Some(Act::SayTaken(reply)) => self.write(reply).await?,
            Some(Act::Add(more)) => self.write(&format!("{usual}\r\n{more}")).await?,
            Some(Act::SayAndClose(reply)) => {
                self.write(reply).await?;
                return Err(Closed);
            }
            Some(Act::Drop) => return Err(Closed),
            Some(Act::Hang) => return std::future::pending().await,
            Some(Act::Late(pause)) => {
                tokio::time::sleep(pause).await;
                self.write(usual).await?;
            }
            Some(Act::Drip) => {
                for byte in format!("{usual}\r\n").bytes() {
                    self.stream.get_mut().write_all(&[byte]).await.map_err(|_| Closed)?;
                    tokio::task::yield_now().await;
                }
            }
        }
        Ok(true)
    }

    async fn write(&mut self, reply: &str) -> Result<(), Closed> {
        self.stream.get_mut().write_all(format!("{reply}\r\n").as_bytes()).await.map_err(|_| Closed)
    }

    async fn line(&mut self) -> Result<Vec<u8>, Closed> {
        let mut line = Vec::new();
        match self.stream.read_until(b'\n', &mut line).await {
            Ok(length) if length > 0 => Ok(line),
            _ => Err(Closed),
        }
    }
}

/// What stands between the angle brackets.
fn address(line: &str) -> String {
    line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(address, _)| address).to_owned()
}

/// The part before the `@`.
fn local(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(local, _)| local)
}
