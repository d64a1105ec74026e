//! Reports as servers write them, and as strangers might.

use proptest::prelude::*;

use super::*;
use crate::domain::{BounceKind, EmailAddress, ReportAction};
use crate::mail::ReadingError;
use crate::policy::{bounce_kind, of_others};

/// A report on a letter of `TOKEN`, with this machine-readable part and these headers of the letter.
fn dsn(status: &str, letter: &str) -> String {
    format!(
        "Date: Mon, 23 Nov 2026 10:00:00 +0000\nFrom: MAILER-DAEMON@mx.example\nTo: bounces+TOKEN@retours.example\n\
         Subject: Undelivered Mail\nMessage-ID: <r1@mx.example>\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"b=1\"\n\n\
         A preamble.\n--b=1\nContent-Type: text/plain\n\nIt did not arrive.\n\n\
         --b=1\nContent-Type: message/delivery-status\n\n{status}\n\
         --b=1\nContent-Type: text/rfc822-headers\n\n{letter}\n--b=1--\n"
    )
}

/// The groups of a report on Ann alone.
fn about_ann(action: &str, status: &str, diagnostic: &str) -> String {
    format!(
        "Reporting-MTA: dns; mx.example\nOriginal-Envelope-Id: ENVID\n\nFinal-Recipient: rfc822; ann@journal.example\n\
         Action: {action}\nStatus: {status}\nDiagnostic-Code: {diagnostic}\n"
    )
}

fn report(text: &str) -> DeliveryReport {
    match read_returned(text.as_bytes(), None) {
        Ok(Returned::Report(report)) => report,
        other => panic!("{other:?} in {text}"),
    }
}

fn ann() -> EmailAddress {
    "ann@journal.example".parse().unwrap()
}

fn kind(one: &RecipientReport) -> BounceKind {
    bounce_kind(one.action, one.status)
}

/// Which sort of news that is of the letter itself.
fn news(said: Option<Said<'_>>) -> Option<BounceKind> {
    match said? {
        Said::OfOurs(one) => Some(kind(one)),
        Said::OfOthers(one) => Some(of_others(kind(one))),
    }
}

/// What the report says of Ann's letter.
#[track_caller]
fn check(text: &str, expected: BounceKind) {
    for text in [text.to_owned(), text.replace('\n', "\r\n")] {
        let report = report(&text);
        assert_eq!(news(settled(&report.recipients, &ann(), kind)), Some(expected), "{text}");
    }
}

#[test]
fn a_report_is_read_with_its_proofs() {
    let letter = "Return-Path: <bounces+OLDER@retours.example>\nSubject: x\nMessage-ID:\n <abc@presse.example>\n";
    let text = dsn(&about_ann("failed", "5.1.1", "smtp; 550 5.1.1 <ann@journal.example>: User\n    unknown"), letter);
    for text in [text.clone(), text.replace('\n', "\r\n"), format!("From MAILER-DAEMON Mon Nov 23\n{text}")] {
        let found = report(&text);
        assert_eq!(found.proofs.tokens, ["TOKEN", "ENVID", "OLDER"]);
        assert_eq!(found.proofs.message_id.as_deref(), Some("<abc@presse.example>"));
        let [one] = &found.recipients[..] else { panic!("{found:?}") };
        assert_eq!(one.action, ReportAction::Failed);
        assert_eq!(one.status, "5.1.1".parse().ok());
        assert_eq!(one.diagnostic, "smtp; 550 5.1.1 <ann@journal.example>: User unknown");
        assert_eq!(one.final_recipient, "rfc822; ann@journal.example");
        assert_eq!(found.digest, report(&dsn_again(&text)).digest, "trace headers are no other report");
    }
}

/// The same report as it comes another way.
fn dsn_again(text: &str) -> String {
    let text = text.split_once('\n').filter(|(first, _)| first.starts_with("From ")).map_or(text, |(_, rest)| rest);
    format!("Delivered-To: x@retours.example\nReceived: by lmtp\n{text}")
}

#[test]
fn the_envelope_is_believed_before_the_headers() {
    let text = dsn(&about_ann("failed", "5.1.1", ""), "");
    let Ok(Returned::Report(found)) = read_returned(text.as_bytes(), Some("Bounces+FIRST@retours.example")) else {
        panic!("no report")
    };
    assert_eq!(found.proofs.tokens, ["FIRST", "TOKEN", "ENVID"]);
    assert_eq!(found.proofs.message_id, None);
}

#[test]
fn action_and_status_tell_what_happened() {
    for (action, status, expected) in [
        ("failed", "5.1.1", BounceKind::Hard),
        ("Failed", "5.2.2", BounceKind::Soft),
        ("failed (bounced)", "5.2.1 (disabled)", BounceKind::Closed),
        ("failed", "5.7.1", BounceKind::Fault),
        ("failed", "4.4.1", BounceKind::Soft),
        ("delayed", "4.4.1", BounceKind::Delayed),
        ("delivered", "2.0.0", BounceKind::Arrived),
        ("relayed", "2.0.0", BounceKind::Arrived),
        ("expanded", "2.0.0", BounceKind::Arrived),
    ] {
        check(&dsn(&about_ann(action, status, ""), ""), expected);
    }
}

#[test]
fn a_code_that_says_nothing_gives_way_to_the_servers_own() {
    for (status, diagnostic, expected) in [
        ("5.0.0", "smtp; 550 5.1.1 no such user", BounceKind::Hard),
        ("5.0.0", "smtp; 550-5.1.1 no such user", BounceKind::Hard),
        ("5.0.0", "smtp; 550 no such user", BounceKind::Soft),
        ("5.0.0", "X-Unix; 550 5.1.1 no", BounceKind::Soft),
        ("5.0.0", "smtp; 450 4.7.1 later", BounceKind::Soft),
        ("5.2.2", "smtp; 550 5.1.1 no", BounceKind::Soft),
        ("nonsense", "smtp; 550 5.7.1 no", BounceKind::Fault),
        ("", "", BounceKind::Soft),
    ] {
        check(&dsn(&about_ann("failed", status, diagnostic), ""), expected);
    }
}

/// A group about one recipient.
fn group(original: &str, last: &str, action: &str, status: &str) -> String {
    format!(
        "Original-Recipient: rfc822;{original}\nFinal-Recipient: rfc822; {last}\nAction: {action}\nStatus: {status}\n\n"
    )
}

#[test]
fn of_several_recipients_ours_counts() {
    let bob = group("bob@journal.example", "bob@journal.example", "failed", "5.1.1");
    let ann = group("Ann@Journal.example", "a.o@other.example", "failed", "5.2.2");
    check(&dsn(&format!("Reporting-MTA: x\n\n{bob}{ann}"), ""), BounceKind::Soft);
    // Behind an alias, a letter that reached somebody came back from nobody.
    let half = group("ann@journal.example", "one@other.example", "failed", "5.1.1")
        + &group("ann@journal.example", "two@other.example", "delivered", "2.0.0");
    check(&dsn(&half, ""), BounceKind::Arrived);
    // Where nobody is known, all are meant: the address was forwarded. Others may read what it stands for.
    for status in ["5.1.1", "5.2.1", "5.2.2"] {
        check(&dsn(&group("", "someone@else.example", "failed", status), ""), BounceKind::Soft);
    }
    check(&dsn(&group("", "someone@else.example", "failed", "5.7.1"), ""), BounceKind::Fault);
    check(&dsn(&group("ann@journal.example", "someone@else.example", "failed", "5.1.1"), ""), BounceKind::Hard);
}

#[test]
fn what_is_missing_is_done_without() {
    // No group about the letter, no closing boundary.
    let text = "Final-Recipient: rfc822; ann@journal.example\nAction: failed\nStatus: 5.1.1\n";
    check(&dsn(text, "").replace("--b=1--\n", ""), BounceKind::Hard);
    // No recipient: it may be anybody.
    check(&dsn("Action: failed\nStatus: 5.1.1\n", ""), BounceKind::Soft);
    // Nothing that machines can read.
    assert!(report(&dsn("Reporting-MTA: dns; mx.example\n", "")).recipients.is_empty());
    assert!(report(&dsn(&about_ann("exploded", "5.1.1", ""), "")).recipients.is_empty());
    assert!(report(&dsn("", "")).recipients.is_empty());
}

#[test]
fn reports_beyond_ascii_are_read() {
    let ours: EmailAddress = "zoé@écoles.example".parse().unwrap();
    for (encoding, body) in [
        ("8bit", "Final-Recipient: utf-8; zoé@écoles.example\nAction: failed\nStatus: 5.1.1\n".to_owned()),
        ("7bit", "Final-Recipient: utf-8;zo\\x{E9}@xn--coles-9ra.example\nAction: failed\nStatus: 5.1.1\n".to_owned()),
        (
            "quoted-printable",
            "Final-Recipient: utf-8; zo=C3=A9@=\n=C3=A9coles.example\nAction: failed\nStatus: 5.1.1\n".to_owned(),
        ),
        (
            "base64",
            "RmluYWwtUmVjaXBpZW50OiB1dGYtODsgem/DqUDDqWNvbGVzLmV4YW1wbGUKQWN0aW9uOiBm\nYWlsZWQKU3RhdHVzOiA1LjEuMQo=\n"
                .to_owned(),
        ),
    ] {
        let other = group("bob@x.example", "bob@x.example", "delivered", "2.0.0");
        let text = dsn(&body, "").replace(
            "message/delivery-status",
            &format!("message/global-delivery-status\nContent-Transfer-Encoding: {encoding}"),
        );
        let found = report(&text);
        assert_eq!(news(settled(&found.recipients, &ours, kind)), Some(BounceKind::Hard), "{text}");
        let both =
            dsn(&format!("{other}Final-Recipient: utf-8; zoé@écoles.example\nAction: failed\nStatus: 5.1.1\n"), "");
        assert_eq!(news(settled(&report(&both).recipients, &ours, kind)), Some(BounceKind::Hard));
    }
}

/// A feedback report of this type.
fn arf(kind: &str) -> String {
    format!(
        "From: fbl@provider.example\nTo: plaintes@presse.example\nSubject: FW: Un pont\nMessage-ID: <f1@provider.example>\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=f\n\n\
         --f\nContent-Type: text/plain\n\nThis is a report.\n--f\nContent-Type: message/feedback-report\n\n\
         Feedback-Type: {kind}\nUser-Agent: x/1\nVersion: 1\nOriginal-Mail-From: <bounces+TOKEN@retours.example>\n\
         Original-Rcpt-To: <redacted@provider.example>\n\n--f\nContent-Type: message/rfc822\n\n\
         From: Presse <presse@presse.example>\nTo: Ann <ann@journal.example>, Hidden <x>\nMessage-ID: <abc@presse.example>\n\n\
         Un pont.\n--f--\n"
    )
}

#[test]
fn a_complaint_is_told_from_other_feedback() {
    for (word, expected) in [
        ("abuse", FeedbackType::Complaint),
        ("Abuse", FeedbackType::Complaint),
        ("fraud", FeedbackType::Complaint),
        ("opt-out", FeedbackType::Complaint),
        ("not-spam", FeedbackType::Other),
        ("virus", FeedbackType::Other),
        ("auth-failure", FeedbackType::Other),
        ("", FeedbackType::Other),
    ] {
        let Ok(Returned::Feedback(found)) = read_returned(arf(word).as_bytes(), None) else { panic!("{word}") };
        assert_eq!(found.kind, expected, "{word}");
        assert_eq!(found.proofs.tokens, ["TOKEN"]);
        assert_eq!(found.recipients, ["redacted@provider.example", "ann@journal.example"]);
        assert_eq!(found.proofs.message_id.as_deref(), Some("<abc@presse.example>"));
    }
}

#[track_caller]
fn unsubscribes(headers: &str, recipient: Option<&str>, expected: &[&str]) {
    let found = read_returned(format!("From: ann@journal.example\n{headers}\n\nStop.\n").as_bytes(), recipient);
    let tokens = expected.iter().map(|token| (*token).to_owned()).collect();
    let expected = if expected.is_empty() { Returned::Other } else { Returned::Unsubscribe(tokens) };
    assert_eq!(found, Ok(expected), "{headers}");
}

#[test]
fn a_letter_may_unsubscribe() {
    unsubscribes("To: unsubscribe+AbC-_1@retours.example\nSubject: unsubscribe", None, &["AbC-_1"]);
    unsubscribes("To: list@x.example", Some("unsubscribe+AbC@retours.example"), &["AbC"]);
    unsubscribes("Delivered-To: Unsubscribe+AbC@retours.example", None, &["AbC"]);
    unsubscribes("To: presse@presse.example\nSubject: unsubscribe AbC-_1", None, &["AbC-_1"]);
    unsubscribes("To: presse@presse.example\nSubject: Unsubscribe\n AbC", None, &["AbC"]);
    unsubscribes("To: presse@presse.example\nSubject: =?utf-8?q?unsubscribe_AbC?=", None, &["AbC"]);
    // A program that unsubscribes for its user is no answer.
    unsubscribes("To: unsubscribe+AbC@r.example\nAuto-Submitted: auto-generated", None, &["AbC"]);
}

#[test]
fn what_is_not_for_us_is_left() {
    unsubscribes("To: bounces+TOKEN@retours.example\nSubject: Absent\nAuto-Submitted: auto-replied", None, &[]);
    unsubscribes("To: unsubscribe+AbC@r.example\nAuto-Submitted: Auto-Replied (vacation)", None, &[]);
    unsubscribes("To: presse@presse.example\nSubject: Re: unsubscribe AbC", None, &[]);
    unsubscribes("To: presse@presse.example\nSubject: unsubscribe", None, &[]);
    unsubscribes("To: unsubscribe+@r.example, unsubscribe+x y@r.example", None, &[]);
    // Somebody forwards a report: it came back to them, not to us.
    let inside = dsn(&about_ann("failed", "5.1.1", ""), "");
    let forwarded = format!(
        "From: ann@journal.example\nTo: presse@presse.example\nContent-Type: multipart/mixed; boundary=m\n\n\
         --m\n\nLook.\n--m\nContent-Type: message/rfc822\n\n{inside}\n--m--\n"
    );
    assert_eq!(read_returned(forwarded.as_bytes(), None), Ok(Returned::Other));
}

#[test]
fn what_is_no_message_is_said_so() {
    for bytes in [&b""[..], b"\n", b"\r\n\r\nTo: x", b"no header\n", b"\xff\xfe\0", b"From x\n"] {
        assert_eq!(read_returned(bytes, None), Err(ReadingError::NoHeaders), "{bytes:?}");
    }
}

#[test]
fn bombs_are_survived() {
    let nested = (0..500)
        .fold(String::new(), |text, n| text + &format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"));
    let many = format!("Content-Type: multipart/report; boundary=b\n\n{}", "--b\n\nx\n".repeat(200_000));
    let groups = dsn(&group("a@x.example", "a@x.example", "failed", "5.1.1").repeat(20_000), "");
    let folded = format!("Subject: x\n{}\n", " y\n".repeat(1_000_000));
    let fields = "A: b\n".repeat(500_000);
    for text in [&nested, &many, &folded, &fields] {
        assert_eq!(read_returned(text.as_bytes(), None), Ok(Returned::Other));
    }
    assert_eq!(report(&groups).recipients.len(), 100);
}

proptest! {
    /// No bytes at all make it panic; and no bytes but a proof are handed out as one.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), recipient in ".{0,40}") {
        let _ = read_returned(&bytes, Some(&recipient));
    }

    /// Nor any change to a report.
    #[test]
    fn any_damage_to_a_report_is_survived(
        at in 0.0..1.0_f64,
        cut in 0_usize..80,
        put in prop_oneof!["[ -~\r\n]{0,30}", ".{0,20}", Just("--b=1".to_owned()), Just("\n\n".to_owned())],
    ) {
        let letter = "Return-Path: <bounces+OLDER@retours.example>\nMessage-ID: <abc@presse.example>\n";
        let text = dsn(&about_ann("failed", "5.1.1", "smtp; 550 5.1.1 no"), letter).into_bytes();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
            reason = "a place in a short text")]
        let at = (at * text.len() as f64) as usize;
        let end = (at + cut).min(text.len());
        let changed = [&text[..at], put.as_bytes(), &text[end..]].concat();
        if let Ok(Returned::Report(report)) = read_returned(&changed, None) {
            let _ = settled(&report.recipients, &ann(), kind);
            prop_assert!(report.proofs.tokens.len() <= 20);
        }
    }
}
