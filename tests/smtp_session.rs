//! Sessions with a relay that misbehaves at every phase: what is reported, and whether the session goes on.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use depeche::clock::SystemClock;
use depeche::config::{LoginSettings, PasswordSource, RelayKind, RelaySettings, RelayTls, SmtpSettings};
use depeche::domain::{Attempt, EmailAddress, Phase, Reply};
use depeche::smtp::{Envelope, Handed, Relay, Session, Timeouts};
use tokio::time::Instant;

#[path = "support/authority.rs"]
mod authority;
#[path = "support/smtp_server.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod smtp_server;

use authority::{Authority, Validity};
use smtp_server::{Act, Habit, Script, SmtpServer, TlsFrom};

const LETTER: &str = "Message-ID: <1@example.org>\r\nSubject: Bonjour\r\n\r\n.un\r\n..\r\ndeux\r\n";

/// Far longer than a test takes, so that only what must time out does.
const PATIENT: Duration = Duration::from_mins(1);
/// What is waited for an answer that never comes.
const SHORT: Duration = Duration::from_millis(400);

fn patient() -> Timeouts {
    Timeouts {
        connect: PATIENT,
        greeting: PATIENT,
        command: PATIENT,
        data: PATIENT,
        block: PATIENT,
        dot: PATIENT,
        noop: PATIENT,
        quit: PATIENT,
    }
}

/// A relay on this machine, with `change` of the usual settings.
fn relay_to(port: u16, change: impl FnOnce(&mut SmtpSettings)) -> Relay {
    let (host, tls) = ("127.0.0.1".to_owned(), RelayTls::OnThisMachine);
    let mut settings = SmtpSettings { host, port, tls, ca_file: None, login: None };
    change(&mut settings);
    let settings = RelaySettings { kind: RelayKind::Smtp(settings), rate: None, connections: 1 };
    Relay::open(&settings, &address("presse@example.org"), Arc::new(SystemClock)).unwrap().with_timeouts(patient())
}

fn relay_at(port: u16) -> Relay {
    relay_to(port, |_| {})
}

fn relay_with(server: &SmtpServer, change: impl FnOnce(&mut SmtpSettings)) -> Relay {
    relay_to(server.address().port(), change)
}

fn relay(server: &SmtpServer) -> Relay {
    relay_at(server.address().port())
}

fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

fn to(local: &str) -> Envelope {
    Envelope { from: address("presse@example.org"), to: address(&format!("{local}@journal.example")), id: None }
}

/// Hands a letter over in a session that has not ended.
async fn send(session: &mut Session, envelope: &Envelope, letter: &str) -> Attempt {
    match session.send(envelope, &letter.into(), Instant::now() + PATIENT).await {
        Handed::Over(attempt) => attempt,
        ended @ (Handed::NotBegun | Handed::Withheld) => panic!("the session had ended: {ended:?}"),
    }
}

/// Hands a letter over with what opens one to `next`; the session has not ended.
async fn send_before(session: &mut Session, local: &str, next: &str) -> Attempt {
    let (envelope, following, latest) = (to(local), to(next), Instant::now() + PATIENT);
    let (message, following_message) = (LETTER.into(), LETTER.into());
    let next = Some((&following, &following_message));
    match session.send_by_leave(&envelope, &message, next, latest, async { true }).await {
        Handed::Over(attempt) => attempt,
        ended @ (Handed::NotBegun | Handed::Withheld) => panic!("the session had ended: {ended:?}"),
    }
}

/// Whether the session has ended, so that no letter begins.
async fn has_ended(session: &mut Session) -> bool {
    session.send(&to("bob"), &LETTER.into(), Instant::now() + PATIENT).await == Handed::NotBegun
}

fn refused(phase: Phase, code: u16, text: &str) -> Attempt {
    Attempt::Refused { phase, reply: Reply::new(code, text) }
}

/// The phase of a loss.
#[track_caller]
fn lost_at(attempt: &Attempt) -> Phase {
    match attempt {
        Attempt::Lost { phase, .. } => *phase,
        Attempt::Accepted(_) | Attempt::Refused { .. } => panic!("not lost: {attempt}"),
    }
}

#[tokio::test]
async fn letters_arrive_one_after_the_other_byte_for_byte() {
    let server = SmtpServer::start(Script::default()).await;
    let mut session = relay(&server).connect().await.unwrap();
    let long = "Subject: long\r\n\r\n".to_owned() + &"...x\r\n".repeat(40_000);
    for (local, letter) in [("ann", LETTER), ("bob", &long), ("cat", "Subject: no last line end")] {
        let attempt = send(&mut session, &to(local), letter).await;
        assert_eq!(attempt, Attempt::Accepted(Reply::new(250, "2.0.0 taken")));
    }
    session.quit().await;

    let accepted = server.accepted();
    assert_eq!(
        accepted.iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(),
        ["ann@journal.example", "bob@journal.example", "cat@journal.example"]
    );
    assert_eq!(accepted[0].data, LETTER.as_bytes());
    assert_eq!((accepted[0].from.as_str(), accepted[0].message_id.as_str()), ("presse@example.org", "<1@example.org>"));
    assert!(accepted[1].data == long.as_bytes(), "the long letter changed");
    assert_eq!(accepted[2].data, b"Subject: no last line end\r\n");
    assert_eq!((server.connections(), accepted[2].connection), (1, 1));
    assert_eq!(server.commands().first().unwrap(), "EHLO example.org");
    assert_eq!(server.commands().last().unwrap(), "QUIT");
}

#[tokio::test]
async fn a_refusal_at_any_phase_leaves_the_session_usable() {
    let script = Script::default()
        .at(Phase::MailFrom, "stranger", Act::Say("550 5.7.1 not you"))
        .at(Phase::Recipient, "gone", Act::Say("550 5.1.1 no such user"))
        .at(Phase::Recipient, "grey", Act::Say("451-4.7.1 come\r\n451 4.7.1 later"))
        .at(Phase::Data, "full", Act::Say("452 4.3.1 no room"))
        .at(Phase::Dot, "policy", Act::Say("554 5.7.1 not this"));
    let server = SmtpServer::start(script).await;
    let mut session = relay(&server).connect().await.unwrap();
    let stranger = Envelope { from: address("stranger@example.org"), to: address("ann@journal.example"), id: None };
    let cases = [
        (stranger, refused(Phase::MailFrom, 550, "5.7.1 not you")),
        (to("gone"), refused(Phase::Recipient, 550, "5.1.1 no such user")),
        (to("grey"), refused(Phase::Recipient, 451, "4.7.1 come later")),
        (to("full"), refused(Phase::Data, 452, "4.3.1 no room")),
        (to("policy"), refused(Phase::Dot, 554, "5.7.1 not this")),
    ];
    for (envelope, expected) in cases {
        assert_eq!(send(&mut session, &envelope, LETTER).await, expected);
        assert!(session.is_open());
        assert!(matches!(send(&mut session, &to("ann"), LETTER).await, Attempt::Accepted(_)), "after {expected}");
    }
    assert_eq!((server.connections(), server.accepted_count()), (1, 5));
}

#[tokio::test]
async fn a_421_ends_the_session_and_is_the_relay_s_fault() {
    for phase in [Phase::MailFrom, Phase::Recipient, Phase::Data, Phase::Dot] {
        let who = if phase == Phase::MailFrom { "presse" } else { "ann" };
        let script = Script::default().at(phase, who, Act::SayAndClose("421 4.3.2 closing"));
        let server = SmtpServer::start(script).await;
        let mut session = relay(&server).connect().await.unwrap();
        let attempt = send(&mut session, &to("ann"), LETTER).await;
        assert_eq!(attempt, refused(phase, 421, "4.3.2 closing"));
        assert!(attempt.is_relay_fault() && !session.is_open());
        assert!(server.accepted().is_empty());
    }
}

#[tokio::test]
async fn a_connection_lost_at_any_phase_is_reported_there_and_never_used_again() {
    for phase in [Phase::MailFrom, Phase::Recipient, Phase::Data, Phase::Body, Phase::Dot] {
        for act in [Act::Drop, Act::Hang] {
            let who = if phase == Phase::MailFrom { "presse" } else { "ann" };
            let server = SmtpServer::start(Script::default().at(phase, who, act.clone())).await;
            let mut timeouts = patient();
            if matches!(act, Act::Hang) {
                match phase {
                    Phase::Data => timeouts.data = SHORT,
                    Phase::Body => timeouts.block = SHORT,
                    Phase::Dot => timeouts.dot = SHORT,
                    Phase::MailFrom | Phase::Recipient => timeouts.command = SHORT,
                    Phase::Connect | Phase::Greeting | Phase::Hello | Phase::Tls | Phase::Auth => {
                        unreachable!("not in this test")
                    }
                }
            }
            let mut session = relay(&server).with_timeouts(timeouts).connect().await.unwrap();
            // More than the machine's buffers hold, so that a relay that stops reading is noticed while writing.
            let letter = LETTER.to_owned() + &"x\r\n".repeat(8_000_000);
            let attempt = send(&mut session, &to("ann"), if phase == Phase::Body { &letter } else { LETTER }).await;
            assert_eq!(lost_at(&attempt), phase, "{act:?}: {attempt}");
            assert_eq!(attempt.may_have_been_accepted(), phase == Phase::Dot);
            assert_eq!(server.accepted().len(), usize::from(phase == Phase::Dot));

            let commands = server.commands().len();
            assert!(has_ended(&mut session).await);
            assert!(!session.is_open());
            session.quit().await;
            assert_eq!((server.commands().len(), server.connections()), (commands, 1));
        }
    }
}

#[tokio::test]
async fn a_relay_that_does_not_want_us_says_so_before_any_letter() {
    for phase in [Phase::Greeting, Phase::Hello] {
        for (act, expected) in [
            (Act::SayAndClose("554 5.3.2 not today"), Some(refused(phase, 554, "5.3.2 not today"))),
            (Act::SayAndClose("421 4.3.2 busy"), Some(refused(phase, 421, "4.3.2 busy"))),
            (Act::Drop, None),
            (Act::Hang, None),
        ] {
            let server = SmtpServer::start(Script::default().at(phase, "", act.clone())).await;
            let timeouts = Timeouts { greeting: SHORT, command: SHORT, ..patient() };
            let attempt = relay(&server).with_timeouts(timeouts).connect().await.err().unwrap();
            match expected {
                Some(expected) => assert_eq!(attempt, expected),
                None => assert_eq!(lost_at(&attempt), phase, "{act:?}: {attempt}"),
            }
            assert!(attempt.is_relay_fault());
        }
    }
}

#[tokio::test]
async fn nobody_listening_is_a_loss_at_connect() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_eq!(lost_at(&relay_at(port).connect().await.err().unwrap()), Phase::Connect);
}

#[tokio::test]
async fn slow_and_dripping_answers_are_waited_for() {
    let script = Script::default()
        .at(Phase::Greeting, "", Act::Drip)
        .at(Phase::Hello, "", Act::Drip)
        .at(Phase::Recipient, "ann", Act::Late(SHORT))
        .at(Phase::Data, "ann", Act::Drip)
        .at(Phase::Dot, "ann", Act::Late(SHORT));
    let server = SmtpServer::start(script).await;
    let mut session = relay(&server).connect().await.unwrap();
    assert!(matches!(send(&mut session, &to("ann"), LETTER).await, Attempt::Accepted(_)));
    assert_eq!(server.accepted().len(), 1);
}

#[tokio::test]
async fn answers_out_of_place_end_the_session() {
    let script = Script::default()
        .at(Phase::Data, "ann", Act::Say("250 2.0.0 sure"))
        .at(Phase::Recipient, "bob", Act::Say("hello there"))
        .at(Phase::Dot, "cat", Act::Say("what was that?"));
    let server = SmtpServer::start(script).await;
    for (local, phase) in [("ann", Phase::Data), ("bob", Phase::Recipient), ("cat", Phase::Dot)] {
        let mut session = relay(&server).connect().await.unwrap();
        assert_eq!(lost_at(&send(&mut session, &to(local), LETTER).await), phase);
        assert!(!session.is_open());
    }
}

#[tokio::test]
async fn a_session_abandoned_in_the_middle_is_over() {
    let server = SmtpServer::start(Script::default().at(Phase::Data, "ann", Act::Hang)).await;
    let mut session = relay(&server).connect().await.unwrap();
    let envelope = to("ann");
    assert!(tokio::time::timeout(SHORT, send(&mut session, &envelope, LETTER)).await.is_err());
    assert!(!session.is_open());
    assert!(has_ended(&mut session).await);
}

#[tokio::test]
async fn an_address_beyond_ascii_goes_where_it_is_offered_and_nowhere_else() {
    let envelope = to("zoé");
    let plain = SmtpServer::start(Script::default()).await;
    let mut session = relay(&plain).connect().await.unwrap();
    match send(&mut session, &envelope, LETTER).await {
        Attempt::Refused { phase: Phase::Recipient, reply } => assert_eq!(reply.enhanced, "5.6.7".parse().ok()),
        other @ (Attempt::Accepted(_) | Attempt::Refused { .. } | Attempt::Lost { .. }) => panic!("{other}"),
    }
    assert!(session.is_open());
    assert!(!plain.commands().iter().any(|line| line.starts_with("MAIL")));

    let offering = SmtpServer::start(Script::default().with_utf8()).await;
    let mut session = relay(&offering).connect().await.unwrap();
    assert!(matches!(send(&mut session, &envelope, LETTER).await, Attempt::Accepted(_)));
    assert_eq!(offering.accepted()[0].to, "zoé@journal.example");
    assert_eq!(offering.commands()[1], "MAIL FROM:<presse@example.org> SMTPUTF8 BODY=8BITMIME");
}

#[tokio::test]
async fn further_connections_than_the_relay_wants_are_its_fault() {
    let server = SmtpServer::start(Script::default().with_connection_limit(1)).await;
    let relay = relay(&server);
    let first = relay.connect().await.unwrap();
    let second = relay.connect().await.err().unwrap();
    assert_eq!(second, refused(Phase::Greeting, 421, "4.7.0 too many connections"));
    first.quit().await;
}

#[tokio::test]
async fn where_it_is_offered_a_letter_takes_two_round_trips() {
    let server = SmtpServer::start(Script::default().offering("PIPELINING")).await;
    let mut session = relay(&server).connect().await.unwrap();
    for local in ["ann", "bob"] {
        assert_eq!(send(&mut session, &to(local), LETTER).await, Attempt::Accepted(Reply::new(250, "2.0.0 taken")));
    }
    assert_eq!(server.accepted()[1].data, LETTER.as_bytes());
    let ahead = server.commands_sent_ahead();
    let told = |local: &str| format!("RCPT TO:<{local}@journal.example>");
    let mail = "MAIL FROM:<presse@example.org>".to_owned();
    assert_eq!(ahead, [mail.clone(), told("ann"), mail, told("bob")]);

    let plain = SmtpServer::start(Script::default()).await;
    let mut session = relay(&plain).connect().await.unwrap();
    assert!(matches!(send(&mut session, &to("ann"), LETTER).await, Attempt::Accepted(_)));
    assert!(plain.commands_sent_ahead().is_empty());
}

#[tokio::test]
async fn what_was_sent_ahead_of_a_refusal_does_no_harm() {
    let script = Script::default()
        .offering("PIPELINING")
        .at(Phase::MailFrom, "stranger", Act::Say("550 5.7.1 not you"))
        .at(Phase::Recipient, "gone", Act::Say("550 5.1.1 no such user"))
        .at(Phase::Data, "full", Act::Say("452 4.3.1 no room"))
        .at(Phase::Dot, "policy", Act::Say("554 5.7.1 not this"));
    let server = SmtpServer::start(script).await;
    let mut session = relay(&server).connect().await.unwrap();
    let stranger = Envelope { from: address("stranger@example.org"), to: address("ann@journal.example"), id: None };
    for (envelope, expected) in [
        (stranger, refused(Phase::MailFrom, 550, "5.7.1 not you")),
        (to("gone"), refused(Phase::Recipient, 550, "5.1.1 no such user")),
        (to("full"), refused(Phase::Data, 452, "4.3.1 no room")),
        (to("policy"), refused(Phase::Dot, 554, "5.7.1 not this")),
    ] {
        assert_eq!(send(&mut session, &envelope, LETTER).await, expected);
        assert!(session.is_open(), "after {expected}");
        assert!(matches!(send(&mut session, &to("ann"), LETTER).await, Attempt::Accepted(_)), "after {expected}");
    }
    let accepted = server.accepted();
    assert!(accepted.len() == 4 && accepted.iter().all(|letter| letter.to == "ann@journal.example"));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_relay_that_waits_for_a_letter_to_nobody_gets_an_empty_one() {
    let script = Script::default()
        .offering("PIPELINING")
        .at(Phase::Recipient, "gone", Act::Say("550 5.1.1 no such user"))
        .with(Habit::IsCareless);
    let server = SmtpServer::start(script).await;
    let mut session = relay(&server).connect().await.unwrap();
    assert_eq!(send(&mut session, &to("gone"), LETTER).await, refused(Phase::Recipient, 550, "5.1.1 no such user"));
    assert!(matches!(send(&mut session, &to("ann"), LETTER).await, Attempt::Accepted(_)));
    let letters = server.accepted();
    assert_eq!(
        letters.iter().map(|letter| (letter.to.as_str(), letter.data.len())).collect::<Vec<_>>(),
        [("", 0), ("ann@journal.example", LETTER.len())]
    );
}

#[tokio::test]
async fn nobody_gets_an_empty_letter_from_a_sender_that_was_refused() {
    let script = Script::default()
        .offering("PIPELINING")
        .at(Phase::MailFrom, "presse", Act::Say("550 5.7.1 not you"))
        .with(Habit::IsCareless);
    let server = SmtpServer::start(script).await;
    let mut session = relay(&server).connect().await.unwrap();
    assert_eq!(send(&mut session, &to("ann"), LETTER).await, refused(Phase::MailFrom, 550, "5.7.1 not you"));
    assert!(!session.is_open() && server.accepted().is_empty());
}

#[tokio::test]
async fn a_connection_lost_in_what_was_sent_ahead_leaves_no_letter() {
    for phase in [Phase::MailFrom, Phase::Recipient, Phase::Data] {
        let who = if phase == Phase::MailFrom { "presse" } else { "ann" };
        for act in [Act::Drop, Act::SayAndClose("421 4.3.2 closing"), Act::Say("hello there")] {
            let script = Script::default().offering("PIPELINING").at(phase, who, act.clone());
            let server = SmtpServer::start(script).await;
            let mut session = relay(&server).connect().await.unwrap();
            let attempt = send(&mut session, &to("ann"), LETTER).await;
            if matches!(act, Act::SayAndClose(_)) {
                assert_eq!(attempt, refused(phase, 421, "4.3.2 closing"));
            } else {
                assert_eq!(lost_at(&attempt), phase, "{act:?}: {attempt}");
            }
            assert!(!attempt.may_have_been_accepted() && !session.is_open());
            assert!(server.accepted().is_empty());
        }
    }
}

fn pipelining() -> Script {
    Script::default().offering("PIPELINING")
}

fn accepted() -> Attempt {
    Attempt::Accepted(Reply::new(250, "2.0.0 taken"))
}

/// Whom the server has letters to.
fn reached(server: &SmtpServer) -> Vec<String> {
    server.accepted().iter().map(|letter| letter.to.split('@').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn in_a_row_of_letters_each_takes_one_round_trip() {
    let server = SmtpServer::start(pipelining()).await;
    let mut session = relay(&server).connect().await.unwrap();
    assert!(session.takes_next());
    assert_eq!(send_before(&mut session, "ann", "bob").await, accepted());
    assert_eq!(send_before(&mut session, "bob", "cat").await, accepted());
    // What is asked in between would become a letter.
    session.check().await;
    assert_eq!(send(&mut session, &to("cat"), LETTER).await, accepted());
    session.check().await;
    session.quit().await;
    assert_eq!((reached(&server), server.letters_followed()), (["ann", "bob", "cat"].map(str::to_owned).into(), 2));
    assert!(
        server.accepted().iter().all(|letter| letter.data == LETTER.as_bytes() && letter.from == "presse@example.org")
    );
    assert_eq!(server.commands().len(), 1 + 3 * 3 + 2);

    let plain = SmtpServer::start(Script::default()).await;
    let mut session = relay(&plain).connect().await.unwrap();
    assert!(!session.takes_next());
    assert_eq!(send_before(&mut session, "ann", "bob").await, accepted());
    assert_eq!((plain.letters_followed(), plain.commands().len()), (0, 4));
}

#[tokio::test]
async fn a_letter_that_was_opened_is_refused_or_lost_as_any_other() {
    for phase in [Phase::MailFrom, Phase::Recipient, Phase::Data, Phase::Dot] {
        let who = if phase == Phase::MailFrom { "stranger" } else { "bob" };
        let from = address(if phase == Phase::MailFrom { "stranger@example.org" } else { "presse@example.org" });
        let bob = Envelope { from, ..to("bob") };
        for (act, goes_on) in [
            (Act::Say("450 4.2.0 later"), true),
            (Act::SayAndClose("421 4.3.2 closing"), false),
            (Act::Drop, false),
            (Act::Say("hello there"), false),
        ] {
            let server = SmtpServer::start(pipelining().at(phase, who, act.clone())).await;
            let mut session = relay(&server).connect().await.unwrap();
            let latest = Instant::now() + PATIENT;
            let first = session
                .send_by_leave(&to("ann"), &LETTER.into(), Some((&bob, &LETTER.into())), latest, async { true })
                .await;
            assert_eq!(first, Handed::Over(accepted()), "{phase:?} {act:?}");
            let second = session.send_by_leave(&bob, &LETTER.into(), None, latest, async { true }).await;
            match (&act, second) {
                // It had ended before: another session may have it at once.
                (Act::Drop | Act::Say("hello there"), Handed::NotBegun) if phase == Phase::MailFrom => {}
                (Act::Say("450 4.2.0 later"), Handed::Over(attempt)) => {
                    assert_eq!(attempt, refused(phase, 450, "4.2.0 later"));
                }
                (Act::SayAndClose(_), Handed::Over(attempt)) => {
                    assert_eq!(attempt, refused(phase, 421, "4.3.2 closing"));
                }
                (Act::Drop | Act::Say(_), Handed::Over(attempt)) => assert_eq!(lost_at(&attempt), phase, "{attempt}"),
                (act, handed) => panic!("{phase:?} {act:?}: {handed:?}"),
            }
            assert_eq!(session.is_open(), goes_on, "{phase:?} {act:?}");
            if goes_on {
                assert_eq!(send(&mut session, &to("cat"), LETTER).await, accepted(), "{phase:?}");
            }
            let taken = if matches!((phase, &act), (Phase::Dot, Act::Drop)) { 2 } else { 1 };
            assert_eq!(server.accepted_count(), taken + usize::from(goes_on), "{phase:?} {act:?}");
        }
    }
}

#[tokio::test]
async fn whatever_becomes_of_a_letter_the_next_is_opened_or_not_begun() {
    for (act, ended) in [
        (Act::Say("554 5.7.1 not this"), false),
        (Act::SayAndClose("421 4.3.2 closing"), true),
        (Act::Drop, true),
        (Act::Add("250 2.0.0 and once more"), false),
    ] {
        let server = SmtpServer::start(pipelining().at(Phase::Dot, "ann", act.clone())).await;
        let mut session = relay(&server).connect().await.unwrap();
        let first = send_before(&mut session, "ann", "bob").await;
        assert_eq!(first.may_have_been_accepted(), matches!(act, Act::Drop), "{first}");
        assert_eq!(session.is_open(), !ended, "{act:?}");
        let handed = session.send(&to("bob"), &LETTER.into(), Instant::now() + PATIENT).await;
        match (&act, handed) {
            (Act::Say(_), Handed::Over(attempt)) => assert_eq!(attempt, accepted()),
            (Act::SayAndClose(_) | Act::Drop, Handed::NotBegun) => {}
            // An answer too many is no leave to write.
            (Act::Add(_), Handed::Over(attempt)) => assert_eq!(lost_at(&attempt), Phase::Data),
            (act, handed) => panic!("{act:?}: {handed:?}"),
        }
        let of_bob = reached(&server).iter().filter(|local| *local == "bob").count();
        assert_eq!(of_bob, usize::from(matches!(act, Act::Say(_))), "{act:?}");
    }
}

#[tokio::test]
async fn a_relay_that_does_not_take_two_letters_together_is_told_one_at_a_time() {
    for (phase, who, reply) in [
        (Phase::MailFrom, "second", "554 SMTP synchronization error"),
        (Phase::Recipient, "bob", "503 5.5.1 bad sequence"),
    ] {
        let server = SmtpServer::start(pipelining().at(phase, who, Act::Say(reply))).await;
        let relay = relay(&server);
        let mut session = relay.connect().await.unwrap();
        let (second, latest) =
            (Envelope { from: address("second@example.org"), ..to("bob") }, Instant::now() + PATIENT);
        let first = session
            .send_by_leave(&to("ann"), &LETTER.into(), Some((&second, &LETTER.into())), latest, async { true })
            .await;
        assert_eq!(first, Handed::Over(accepted()));
        assert_eq!(session.send(&second, &LETTER.into(), latest).await, Handed::NotBegun, "{reply}");
        assert!(!session.is_open());
        // Alone, it is refused in truth.
        let mut session = relay.connect().await.unwrap();
        assert!(!session.takes_next());
        assert_eq!(send_before(&mut session, "cat", "dan").await, accepted());
        let refused = send(&mut session, &second, LETTER).await;
        assert!(matches!(refused, Attempt::Refused { .. }), "{refused}");
        assert_eq!((reached(&server), server.letters_followed()), (vec!["ann".to_owned(), "cat".to_owned()], 1));
    }
}

#[tokio::test]
async fn what_is_not_heard_behind_a_letter_is_said_again() {
    let server = SmtpServer::start(pipelining().with(Habit::DropsWhatFollows)).await;
    let relay = relay(&server).with_timeouts(Timeouts { command: SHORT, ..patient() });
    let mut session = relay.connect().await.unwrap();
    assert_eq!(send_before(&mut session, "ann", "bob").await, accepted());
    assert_eq!(session.send(&to("bob"), &LETTER.into(), Instant::now() + PATIENT).await, Handed::NotBegun);
    let mut session = relay.connect().await.unwrap();
    for local in ["bob", "cat"] {
        assert_eq!(send_before(&mut session, local, "dan").await, accepted());
    }
    assert_eq!(reached(&server), ["ann", "bob", "cat"]);
}

#[tokio::test]
async fn no_other_letter_is_taken_for_the_one_that_was_opened() {
    let latest = Instant::now() + PATIENT;
    for case in ["another", "longer", "no leave", "goodbye", "dropped"] {
        let server = SmtpServer::start(pipelining().offering("SIZE 1000000")).await;
        let mut session = relay(&server).connect().await.unwrap();
        assert_eq!(send_before(&mut session, "ann", "bob").await, accepted());
        match case {
            "another" => assert_eq!(session.send(&to("cat"), &LETTER.into(), latest).await, Handed::NotBegun),
            "longer" => {
                let longer = [LETTER, "more\r\n"].concat();
                assert_eq!(session.send(&to("bob"), &longer.as_str().into(), latest).await, Handed::NotBegun);
            }
            "no leave" => {
                let handed = session.send_by_leave(&to("bob"), &LETTER.into(), None, latest, async { false }).await;
                assert_eq!(handed, Handed::Withheld);
            }
            "goodbye" => session.quit().await,
            _ => drop(session),
        }
        server.settled().await;
        assert_eq!(reached(&server), ["ann"], "{case}");
        assert!(!server.commands().iter().any(|line| line == "QUIT"), "{case}");
    }
}

#[tokio::test]
async fn what_is_refused_beforehand_is_not_opened() {
    let server = SmtpServer::start(pipelining().offering("SIZE 100")).await;
    let mut session = relay(&server).connect().await.unwrap();
    let (latest, large) = (Instant::now() + PATIENT, "x".repeat(101));
    let next = to("bob");
    let first = session
        .send_by_leave(&to("ann"), &LETTER.into(), Some((&next, &large.as_str().into())), latest, async { true })
        .await;
    assert_eq!((first, server.letters_followed()), (Handed::Over(accepted()), 0));
    let second = send(&mut session, &next, &large).await;
    assert_eq!(second, refused(Phase::MailFrom, 552, "5.3.4 the letter is larger than the relay takes"));
    assert_eq!(send(&mut session, &to("cat"), LETTER).await, accepted());
}

#[tokio::test]
async fn reports_and_sizes_are_told_where_they_are_offered() {
    let server = SmtpServer::start(Script::default().offering("DSN").offering("SIZE 100")).await;
    let mut session = relay(&server).connect().await.unwrap();
    let envelope = Envelope { id: Some("AbC-_9".to_owned()), ..to("ann") };
    assert!(matches!(send(&mut session, &envelope, LETTER).await, Attempt::Accepted(_)));
    let told = format!("MAIL FROM:<presse@example.org> SIZE={} RET=HDRS ENVID=AbC-_9", LETTER.len());
    assert_eq!(server.commands()[1..3], [told, "RCPT TO:<ann@journal.example> NOTIFY=FAILURE,DELAY".to_owned()]);
    let large = send(&mut session, &envelope, &"x".repeat(101)).await;
    assert_eq!(large, refused(Phase::MailFrom, 552, "5.3.4 the letter is larger than the relay takes"));
    assert!(session.is_open());
}

#[tokio::test]
async fn a_relay_that_went_away_while_nothing_was_sent_is_noticed() {
    let server = SmtpServer::start(Script::default()).await;
    let mut session = relay(&server).connect().await.unwrap();
    session.check().await;
    assert!(session.is_open());
    assert_eq!(server.commands().last().unwrap(), "NOOP");
    server.hang_up().await;
    session.check().await;
    assert!(!session.is_open());
}

/// An authority, and the file that names it.
fn authority() -> (Authority, tempfile::NamedTempFile) {
    let authority = Authority::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), authority.pem()).unwrap();
    (authority, file)
}

fn path_of(file: &tempfile::NamedTempFile) -> camino::Utf8PathBuf {
    file.path().to_owned().try_into().unwrap()
}

const BEGINNINGS: [(TlsFrom, RelayTls); 2] =
    [(TlsFrom::StartTls, RelayTls::StartTls), (TlsFrom::TheFirstByte, RelayTls::Tls)];

#[tokio::test]
async fn letters_travel_under_tls() {
    let (authority, file) = authority();
    for (from, tls) in BEGINNINGS {
        let config = authority.server("127.0.0.1", Validity::Long);
        let server = SmtpServer::start(Script::default().offering("PIPELINING").with_tls(config, from)).await;
        let relay = relay_with(&server, |settings| {
            settings.tls = tls;
            settings.ca_file = Some(path_of(&file));
        });
        let mut session = relay.connect().await.unwrap();
        let long = "Subject: long\r\n\r\n".to_owned() + &"...x\r\n".repeat(40_000);
        assert_eq!(send_before(&mut session, "ann", "bob").await, accepted());
        let (latest, next) = (Instant::now() + PATIENT, to("cat"));
        for letter in [LETTER, long.as_str()] {
            let local = to(if letter == LETTER { "bob" } else { "cat" });
            let long = long.as_str().into();
            let next = (letter == LETTER).then_some((&next, &long));
            let handed = session.send_by_leave(&local, &letter.into(), next, latest, async { true }).await;
            assert_eq!(handed, Handed::Over(accepted()));
        }
        session.quit().await;
        assert!(server.accepted()[2].data == long.as_bytes(), "the long letter changed");
        let begun = server.commands().iter().position(|line| line == "STARTTLS");
        assert_eq!(begun, (from == TlsFrom::StartTls).then_some(1));
    }
}

#[tokio::test]
async fn no_letter_goes_to_a_relay_whose_certificate_is_not_right() {
    let (authority, file) = authority();
    let cases = [
        (authority.server("relay.example", Validity::Long), Some(path_of(&file))),
        (authority.server("127.0.0.1", Validity::Over), Some(path_of(&file))),
        (Authority::new().server("127.0.0.1", Validity::Long), Some(path_of(&file))),
        (authority.server("127.0.0.1", Validity::Long), None),
    ];
    for (config, ca_file) in cases {
        for (from, tls) in BEGINNINGS {
            let server = SmtpServer::start(Script::default().with_tls(Arc::clone(&config), from)).await;
            let relay = relay_with(&server, |settings| {
                settings.tls = tls;
                settings.ca_file.clone_from(&ca_file);
            });
            let attempt = relay.connect().await.err().unwrap();
            assert_eq!(lost_at(&attempt), Phase::Tls, "{attempt}");
            assert!(attempt.to_string().contains("certificate"), "{attempt}");
            assert!(attempt.is_relay_fault() && !server.commands().iter().any(|line| line.starts_with("MAIL")));
        }
    }
}

#[tokio::test]
async fn a_look_at_a_relay_says_what_it_offers_and_begins_no_letter() {
    let (authority, file) = authority();
    for (from, tls) in BEGINNINGS {
        let config = authority.server("127.0.0.1", Validity::Long);
        let script = Script::default().offering("PIPELINING").offering("SIZE 1000000").offering("DSN");
        let server = SmtpServer::start(script.with_tls(config, from)).await;
        let relay = relay_with(&server, |settings| {
            settings.tls = tls;
            settings.ca_file = Some(path_of(&file));
        });
        let look = relay.look().await.unwrap();
        assert_eq!((look.extensions, look.largest), (vec!["PIPELINING", "DSN", "SIZE"], Some(1_000_000)));
        assert_eq!((look.tls, look.logged_in), (Some("TLS 1.3"), false));
        assert_eq!(look.certificate_until, Some("2999-01-01T00:00:00Z".parse().unwrap()));
        let commands = server.commands();
        assert!(!commands.iter().any(|line| line.starts_with("MAIL")), "{commands:?}");
        assert_eq!(commands.last().map(String::as_str), Some("QUIT"));
    }
    let server = SmtpServer::start(Script::default().at(Phase::Hello, "", Act::Say("554 5.7.1 not you"))).await;
    let attempt = relay(&server).look().await.unwrap_err();
    assert_eq!(attempt, refused(Phase::Hello, 554, "5.7.1 not you"));
    let plain = relay(&SmtpServer::start(Script::default()).await).look().await.unwrap();
    assert_eq!((plain.tls, plain.certificate_until), (None, None));
}

#[tokio::test]
async fn starttls_cannot_be_taken_away_or_slipped_into() {
    let (authority, file) = authority();
    let encrypted = |script: Script| script.with_tls(authority.server("127.0.0.1", Validity::Long), TlsFrom::StartTls);
    let slipped_in = "250-server.example\r\n250 AUTH PLAIN";
    for (script, expected) in [
        (Script::default(), None),
        (encrypted(Script::default().at(Phase::Tls, "", Act::Add(slipped_in))), None),
        (encrypted(Script::default().at(Phase::Tls, "", Act::Drop)), None),
        (
            encrypted(Script::default().at(Phase::Tls, "", Act::Say("454 4.7.0 not now"))),
            Some(refused(Phase::Tls, 454, "4.7.0 not now")),
        ),
    ] {
        let server = SmtpServer::start(script).await;
        let relay = relay_with(&server, |settings| {
            settings.tls = RelayTls::StartTls;
            settings.ca_file = Some(path_of(&file));
        });
        let attempt = relay.connect().await.err().unwrap();
        match expected {
            Some(expected) => assert_eq!(attempt, expected),
            None => assert_eq!(lost_at(&attempt), Phase::Tls, "{attempt}"),
        }
        assert!(attempt.is_relay_fault());
        assert!(server.commands().iter().all(|line| line.starts_with("EHLO") || line == "STARTTLS"));
    }
}

#[tokio::test]
async fn a_relay_is_told_who_we_are_in_the_way_it_offers() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "open sesame\n").unwrap();
    let login = || LoginSettings { user: "presse".to_owned(), password: PasswordSource::File(path_of(&file)) };
    // "\0presse\0open sesame", and the same in two parts.
    let (plain, parts) = ("AHByZXNzZQBvcGVuIHNlc2FtZQ==", "cHJlc3Nl b3BlbiBzZXNhbWU=");
    for (offer, answer) in [("AUTH LOGIN PLAIN", plain), ("AUTH LOGIN", parts)] {
        let server = SmtpServer::start(Script::default().offering(offer).with_login(answer)).await;
        let mut session = relay_with(&server, |settings| settings.login = Some(login())).connect().await.unwrap();
        assert!(matches!(send(&mut session, &to("ann"), LETTER).await, Attempt::Accepted(_)), "{offer}");
        let unknown = send(&mut relay(&server).connect().await.unwrap(), &to("ann"), LETTER).await;
        assert_eq!(unknown, refused(Phase::MailFrom, 530, "5.7.0 who are you?"));
    }
    let refusing = SmtpServer::start(Script::default().offering("AUTH PLAIN").with_login("other")).await;
    let attempt = relay_with(&refusing, |settings| settings.login = Some(login())).connect().await.err().unwrap();
    // Not the relay's own words: they may quote what it was told.
    assert_eq!(attempt, refused(Phase::Auth, 535, "5.7.8"));
    assert!(attempt.is_relay_fault() && !attempt.to_string().contains("sesame"));
    for offer in ["HELP", "AUTH CRAM-MD5"] {
        let server = SmtpServer::start(Script::default().offering(offer)).await;
        let attempt = relay_with(&server, |settings| settings.login = Some(login())).connect().await.err().unwrap();
        assert_eq!(lost_at(&attempt), Phase::Auth);
    }
}

#[tokio::test]
async fn a_session_that_ended_meanwhile_costs_the_next_letter_nothing() {
    let scripts = [
        Script::default().closing_after(1),
        Script::default()
            .at(Phase::Recipient, "gone", Act::Say("550 5.1.1 no such user"))
            .with(Habit::ClosesAfterRefusals),
        Script::default().at(Phase::Recipient, "gone", Act::Say("550 5.1.1 no such user")).with(Habit::NeverForgets),
    ];
    for script in scripts {
        for script in [script.clone(), script.offering("PIPELINING")] {
            let server = SmtpServer::start(script).await;
            let mut session = relay(&server).connect().await.unwrap();
            let first = send(&mut session, &to("gone"), LETTER).await;
            assert!(!matches!(first, Attempt::Lost { .. }), "{first}");
            server.settled().await;
            assert!(has_ended(&mut session).await && !session.is_open());
            assert!(server.accepted().iter().all(|letter| letter.to == "gone@journal.example"));
        }
    }
}

#[tokio::test]
async fn a_letter_is_not_begun_when_its_answer_could_come_too_late() {
    let server = SmtpServer::start(Script::default()).await;
    let mut session = relay(&server).connect().await.unwrap();
    let handed = session.send(&to("ann"), &LETTER.into(), Instant::now()).await;
    assert!(matches!(handed, Handed::Over(Attempt::Lost { phase: Phase::Data, .. })), "{handed:?}");
    assert!(server.accepted().is_empty() && !session.is_open());
}

#[tokio::test]
async fn a_letter_is_written_only_by_leave() {
    for script in [Script::default(), Script::default().offering("PIPELINING")] {
        let server = SmtpServer::start(script).await;
        let mut session = relay(&server).connect().await.unwrap();
        assert!(matches!(send(&mut session, &to("ann"), LETTER).await, Attempt::Accepted(_)));
        let latest = Instant::now() + PATIENT;
        let handed = session.send_by_leave(&to("bob"), &LETTER.into(), None, latest, async { false }).await;
        assert_eq!(handed, Handed::Withheld);
        assert!(!session.is_open(), "it waits for a letter");
        server.settled().await;
        // Sender and recipient are said before it is given.
        let mut session = relay(&server).connect().await.unwrap();
        let asked = async {
            while !server.commands().iter().any(|line| line.starts_with("RCPT TO:<carl@")) {
                tokio::task::yield_now().await;
            }
            true
        };
        let handed = session.send_by_leave(&to("carl"), &LETTER.into(), None, latest, asked).await;
        assert!(matches!(handed, Handed::Over(Attempt::Accepted(_))), "{handed:?}");
        let reached: Vec<String> = server.accepted().into_iter().map(|letter| letter.to).collect();
        assert_eq!(reached, ["ann@journal.example", "carl@journal.example"]);
    }
}

#[tokio::test]
async fn answers_are_understood_as_relays_write_them() {
    let script = Script::default().at(Phase::Dot, "bare", Act::SayTaken("250")).at(
        Phase::Recipient,
        "latin",
        Act::SayBytes(b"250 accept\xe9\n"),
    );
    let server = SmtpServer::start(script).await;
    let mut session = relay(&server).connect().await.unwrap();
    for local in ["bare", "latin", "ann"] {
        let attempt = send(&mut session, &to(local), LETTER).await;
        assert!(matches!(attempt, Attempt::Accepted(_)), "{local}: {attempt}");
    }
    assert_eq!(server.accepted_count(), 3);
}

#[tokio::test]
async fn a_relay_that_never_ends_its_line_is_left() {
    const ENDLESS: &[u8] = &[b'x'; 1 << 20];
    let server = SmtpServer::start(Script::default().at(Phase::MailFrom, "presse", Act::SayBytes(ENDLESS))).await;
    let mut session = relay(&server).connect().await.unwrap();
    assert_eq!(lost_at(&send(&mut session, &to("ann"), LETTER).await), Phase::MailFrom);
}

#[tokio::test]
async fn what_a_relay_says_unasked_answers_no_letter() {
    let script = Script::default().at(Phase::Data, "ann", Act::Add("250 2.0.0 taken"));
    let server = SmtpServer::start(script).await;
    let mut session = relay(&server).connect().await.unwrap();
    let attempt = send(&mut session, &to("ann"), LETTER).await;
    assert_eq!(lost_at(&attempt), Phase::Data);
    assert!(server.accepted().is_empty() && !session.is_open());
}

#[tokio::test]
async fn a_relay_that_refuses_our_name_and_no_goodbye_is_left_at_once() {
    let script = Script::default().at(Phase::Hello, "", Act::Say("550 5.7.1 not you")).with(Habit::SaysNoGoodbye);
    let server = SmtpServer::start(script).await;
    let attempt = relay(&server).connect().await.err().unwrap();
    assert_eq!(attempt, refused(Phase::Hello, 550, "5.7.1 not you"));
}
