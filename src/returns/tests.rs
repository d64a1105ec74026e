//! Conversations as a mail server holds them, and a Maildir.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use camino::Utf8Path;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::session::{Bounds, converse};
use super::{Answer, Incoming, Maildir, Mark, serve_lmtp};

/// How large a message may be here.
const LIMIT: usize = 1000;
const BOUNDS: Bounds = Bounds { limit: LIMIT, unread: Duration::from_mins(1) };
/// What must end by itself is not waited for longer.
const NEVER: Duration = Duration::from_secs(20);

/// What came in: whom for, and what.
type Taken = Arc<Mutex<Vec<(String, String)>>>;

/// Somebody who takes everything in, but for what is for `later@…`.
fn desk() -> (mpsc::Sender<Incoming>, Taken) {
    let (intake, mut incoming) = mpsc::channel::<Incoming>(1);
    let taken = Taken::default();
    let kept = taken.clone();
    tokio::spawn(async move {
        while let Some(Incoming { recipient, message, answer }) = incoming.recv().await {
            let is_late = recipient.starts_with("later@");
            let said = if is_late { Answer::Later } else { Answer::Taken("noted".to_owned()) };
            if !is_late {
                kept.lock().unwrap().push((recipient, String::from_utf8_lossy(&message).into_owned()));
            }
            answer.send(said).unwrap();
        }
    });
    (intake, taken)
}

/// What is answered when all of this is said at once, and what came in.
async fn said(commands: &str) -> (String, Vec<(String, String)>) {
    let (intake, taken) = desk();
    let (_stop, stopped) = watch::channel(false);
    let (ours, theirs) = duplex(64 * 1024 * 1024);
    let (from, to) = split(theirs);
    let talking = tokio::spawn(async move { converse(from, to, BOUNDS, &intake, stopped).await });
    let (mut answers, mut commanding) = split(ours);
    commanding.write_all(commands.as_bytes()).await.unwrap();
    commanding.shutdown().await.unwrap();
    let mut answered = String::new();
    answers.read_to_string(&mut answered).await.unwrap();
    talking.await.unwrap().unwrap();
    let taken = taken.lock().unwrap().clone();
    (answered, taken)
}

/// The codes of the answers, without those of the greeting and the first `LHLO`.
async fn codes(commands: &str) -> Vec<String> {
    let (answered, _) = said(&format!("LHLO mx\r\n{commands}")).await;
    let last_lines = answered.lines().filter(|line| line.as_bytes()[3] == b' ');
    last_lines.skip(2).map(|line| line[..3].to_owned()).collect()
}

#[tokio::test]
async fn each_recipient_has_an_answer_of_its_own() {
    let (answered, taken) = said(
        "LHLO mx.example\r\nMAIL FROM:<> BODY=8BITMIME SMTPUTF8 SIZE=10\r\nRCPT TO:<a@r.example>\r\n\
         rcpt to: <later@r.example>\r\nRCPT TO:<é@r.example>\r\nDATA\r\nTo: x\r\n\r\n..\r\n.\r\nNOOP\r\nQUIT\r\n",
    )
    .await;
    insta::assert_snapshot!(answered.replace('\r', ""), @r"
    220 depeche LMTP
    250-depeche
    250-PIPELINING
    250-8BITMIME
    250-SMTPUTF8
    250-ENHANCEDSTATUSCODES
    250 SIZE 1000
    250 2.1.0 go on
    250 2.1.5 go on
    250 2.1.5 go on
    250 2.1.5 go on
    354 go ahead, end with a dot
    250 2.0.0 noted
    451 4.3.0 it cannot be dealt with now, bring it again
    250 2.0.0 noted
    250 2.0.0 here
    221 2.0.0 goodbye
    ");
    let message = "To: x\r\n\r\n.\r\n".to_owned();
    assert_eq!(taken, [("a@r.example".to_owned(), message.clone()), ("é@r.example".to_owned(), message)]);
}

#[tokio::test]
async fn what_is_out_of_order_is_refused_and_the_session_goes_on() {
    let begin = "MAIL FROM:<>\r\nRCPT TO:<a@r.example>\r\n";
    assert_eq!(codes("RCPT TO:<a@r.example>\r\nDATA\r\nQUIT\r\n").await, ["503", "503", "221"]);
    assert_eq!(codes(&format!("{begin}RSET\r\nDATA\r\n")).await, ["250", "250", "250", "503"]);
    assert_eq!(codes(&format!("{begin}MAIL FROM:<>\r\n")).await, ["250", "250", "503"]);
    assert_eq!(
        codes("EHLO x\r\nHELO x\r\nLHLO\r\nVRFY a\r\nfoo\r\n\r\n").await,
        ["500", "500", "501", "252", "500", "500"]
    );
    assert_eq!(codes("MAIL FROM:<> RET=HDRS\r\nMAIL FROM:a\r\nMAIL é\r\nMAIL\r\n").await, ["555", "501", "501", "501"]);
    assert_eq!(codes("MAIL FROM:<>\r\nRCPT TO:<>\r\nRCPT TO:<a> NOTIFY=NEVER\r\n").await, ["250", "501", "555"]);
    let (answered, _) = said("MAIL FROM:<>\r\n").await;
    assert!(answered.ends_with("503 5.5.1 not now\r\n"), "{answered}");
    // A second message in one session knows nothing of the first.
    let message = format!("{begin}DATA\r\nTo: x\r\n.\r\n");
    assert_eq!(codes(&format!("{message}DATA\r\n{message}")).await.join(" "), "250 250 354 250 503 250 250 354 250");
}

#[tokio::test]
async fn what_is_too_large_is_refused_for_good() {
    assert_eq!(codes("MAIL FROM:<> SIZE=1001\r\nMAIL FROM:<> SIZE=x\r\n").await, ["552", "501"]);
    let long = format!("x: {}\r\n", "y".repeat(60)).repeat(20);
    let commands = format!("MAIL FROM:<>\r\nRCPT TO:<a@r>\r\nRCPT TO:<b@r>\r\nDATA\r\n{long}.\r\nNOOP\r\n");
    assert_eq!(codes(&commands).await, ["250", "250", "250", "354", "552", "552", "250"]);
    let (_, taken) = said(&format!("LHLO x\r\n{commands}")).await;
    assert_eq!(taken, []);
    assert_eq!(codes(&format!("NOOP {}\r\nNOOP\r\n", "x".repeat(100_000))).await, ["500", "250"]);
}

#[tokio::test]
async fn a_session_ends_for_who_makes_nothing_but_mistakes() {
    let (answered, _) = said(&"what?\r\n".repeat(1000)).await;
    assert!(answered.ends_with("421 4.5.0 too many mistakes\r\n"));
    assert_eq!(answered.lines().count(), 23);
    let recipients = "RCPT TO:<a@r.example>\r\n".repeat(101);
    let answers = codes(&format!("MAIL FROM:<>\r\n{recipients}")).await;
    assert_eq!(answers[99..].join(" "), "250 250 452");
}

#[tokio::test]
async fn a_listener_has_its_bounds_and_stops() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (intake, _taken) = desk();
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(serve_lmtp(listener, LIMIT, intake, stopped));
    let mut open = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut greeting = [0; 18];
        stream.read_exact(&mut greeting).await.unwrap();
        open.push(stream);
    }
    let mut told = String::new();
    TcpStream::connect(address).await.unwrap().read_to_string(&mut told).await.unwrap();
    assert!(told.starts_with("421 4.3.2 "), "{told}");
    stop.send_replace(true);
    serving.await.unwrap();
    let mut told = String::new();
    open[0].read_to_string(&mut told).await.unwrap();
    assert_eq!(told, "421 4.3.2 depeche stops, come back later\r\n");
}

#[tokio::test]
async fn who_never_reads_keeps_no_place() {
    let (intake, _taken) = desk();
    let (_stop, stopped) = watch::channel(false);
    let (ours, theirs) = duplex(1024);
    let (from, to) = split(theirs);
    let bounds = Bounds { unread: Duration::from_millis(20), ..BOUNDS };
    let talking = tokio::spawn(async move { converse(from, to, bounds, &intake, stopped).await });
    let (_unread, mut commanding) = split(ours);
    // Nothing of the answers is ever taken; at some time nothing more is taken of this either.
    let commands = "VRFY somebody\r\n".repeat(10_000);
    assert!(timeout(NEVER, commanding.write_all(commands.as_bytes())).await.unwrap().is_err(), "the session is over");
    assert_eq!(timeout(NEVER, talking).await.unwrap().unwrap().unwrap_err().kind(), std::io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn who_goes_on_talking_is_answered_meanwhile() {
    let (intake, _taken) = desk();
    let (_stop, stopped) = watch::channel(false);
    let (ours, theirs) = duplex(64 * 1024);
    let (from, to) = split(theirs);
    tokio::spawn(async move { converse(from, to, BOUNDS, &intake, stopped).await });
    let (mut answers, mut commanding) = split(ours);
    // Of lengths that no buffer ends with, and the last of them not to its end: there is always more to come.
    let command = format!("NOOP {}\r\n", "x".repeat(4093 - 7));
    let commands = format!("{}NOOP", command.repeat(2000));
    let talking = tokio::spawn(async move {
        commanding.write_all(commands.as_bytes()).await.unwrap();
        commanding
    });
    let mut answered = vec![0; 16 * 1024];
    timeout(NEVER, answers.read_exact(&mut answered)).await.unwrap().unwrap();
    drop(talking);
}

#[tokio::test]
async fn who_never_reads_delays_no_stop() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (intake, _taken) = desk();
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(serve_lmtp(listener, LIMIT, intake, stopped));
    let mut stream = TcpStream::connect(address).await.unwrap();
    // Until both ways are full.
    let commands = "VRFY somebody\r\n".repeat(10_000);
    while timeout(Duration::from_millis(500), stream.write_all(commands.as_bytes())).await.is_ok() {}
    stop.send_replace(true);
    timeout(NEVER, serving).await.expect("the stop waits for nobody").unwrap();
}

#[test]
fn a_maildir_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    let maildir = Maildir::new(root);
    assert!(maildir.waiting().is_err(), "there is none yet");
    fs::create_dir_all(root.join("new/folder")).unwrap();
    for (name, text) in [("2.b.mx", "b"), ("1.a.mx:2,", "a"), (".hidden", "h"), ("3.c.mx", "cccc")] {
        fs::write(root.join("new").join(name), text).unwrap();
    }
    std::os::unix::fs::symlink(root.join("new/2.b.mx"), root.join("new/4.link")).unwrap();
    let waiting = maildir.waiting().unwrap();
    let names: Vec<&str> = waiting.iter().map(super::Waiting::name).collect();
    assert_eq!(names, ["1.a.mx:2,", "2.b.mx", "3.c.mx"]);
    assert_eq!(maildir.read(&waiting[0], 3).unwrap(), Some(b"a".to_vec()));
    assert_eq!(maildir.read(&waiting[2], 3).unwrap(), None);
    for (message, mark) in waiting.iter().zip([Mark::Seen, Mark::Unseen, Mark::Flagged]) {
        maildir.put_away(message, mark).unwrap();
        // Another may have been faster.
        maildir.put_away(message, mark).unwrap();
    }
    for (name, text) in [("1.a.mx:2,S", "a"), ("2.b.mx:2,", "b"), ("3.c.mx:2,F", "cccc")] {
        assert_eq!(fs::read_to_string(root.join("cur").join(name)).unwrap(), text);
    }
    assert_eq!(maildir.waiting().unwrap(), []);
}
