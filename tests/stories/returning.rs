//! What comes back of letters, and what it does to their readers.

use depeche::domain::{BounceKind, EndReason, SubscriberState, SuppressionReason, Token, TokenKey};
use depeche::mail::{envelope_id, envelope_sender};
use depeche::returns::Incoming;
use depeche::store::Added;
use depeche::task::{TakenIn, take_in_lmtp};
use tokio::sync::{mpsc, oneshot};

use crate::draft::release;
use crate::newsroom::{Letter, OFFICE, TestNewsroom};
use crate::report::{dsn, feedback};

const ANN: &str = "ann@example.org";
const BOB: &str = "bob@example.org";

/// A newsroom in which Ann and Bob follow everything.
async fn begin(room: &mut TestNewsroom) {
    room.start("2026-11-23T09:30:00Z").await;
    for address in [ANN, BOB] {
        room.subscriber(address, "all").await;
    }
}

/// Announces a release; Ann's letter, if she still gets any. Bob reads his.
async fn announce(room: &mut TestNewsroom, name: &str) -> Option<Letter> {
    let date = room.now().format("%Y-%m-%d %H:%M:%SZ").to_string();
    room.save(&format!("{name}.md"), &release(&format!("Du nouveau : {name}"), &date).labels("Discours", "Ponts"));
    room.look().await;
    room.pass("10m").await;
    assert_eq!(room.inbox(BOB).len(), 1, "Bob is never concerned");
    room.inbox(ANN).pop()
}

/// The envelope sender of Ann's latest letter, as with a domain for what comes back.
async fn envelope(room: &TestNewsroom) -> String {
    let newsroom = room.newsroom();
    let ann = newsroom.store.find(&ANN.parse().unwrap()).await.unwrap().unwrap();
    let delivery = newsroom.store.deliveries_of_subscriber(ann.id, 1).await.unwrap()[0].id;
    let mut newsletter = newsroom.config.newsletter.clone();
    newsletter.bounce_domain = Some("retours.example.org".to_owned());
    envelope_sender(&newsletter, &envelope_id(delivery, newsroom.key())).to_string()
}

async fn take_in(room: &TestNewsroom, message: &str) -> TakenIn {
    room.newsroom().take_in(message.as_bytes(), None).await.unwrap()
}

/// Why Ann's subscription ended; `None` while it goes on.
async fn ended(room: &TestNewsroom) -> Option<EndReason> {
    match room.newsroom().store.find(&ANN.parse().unwrap()).await.unwrap().unwrap().state {
        SubscriberState::Ended { reason, .. } => Some(reason),
        SubscriberState::Active { .. } | SubscriberState::Pending { .. } => None,
    }
}

async fn suppressed(room: &TestNewsroom) -> Option<SuppressionReason> {
    room.newsroom().store.is_suppressed(&ANN.parse().unwrap()).await.unwrap()
}

/// A report on Ann's latest letter.
async fn report(room: &TestNewsroom, action: &str, status: &str, id: &str) -> String {
    dsn(&envelope(room).await, ANN, [action, status, &format!("smtp; 550 {status} words")], "Subject: x", id)
}

pub(crate) async fn an_address_that_does_not_exist_is_given_up_at_once(mut room: TestNewsroom) {
    begin(&mut room).await;
    announce(&mut room, "un").await.unwrap();
    let message = report(&room, "failed", "5.1.1", "r").await;
    let taken = take_in(&room, &message).await;
    assert!(matches!(taken, TakenIn::Bounce { kind: BounceKind::Hard, ended: true, .. }), "{taken:?}");
    assert_eq!(ended(&room).await, Some(EndReason::Bounced));
    assert_eq!(suppressed(&room).await, Some(SuppressionReason::Bounced));
    // The same report by another way, and another one afterwards.
    let again = take_in(&room, &format!("Received: by another way\r\n{message}")).await;
    assert!(matches!(again, TakenIn::Known { .. }), "{again:?}");
    let later = take_in(&room, &report(&room, "failed", "5.1.1", "r2").await).await;
    assert!(matches!(later, TakenIn::Bounce { ended: false, .. }), "{later:?}");
    assert!(announce(&mut room, "deux").await.is_none());
    let store = &room.newsroom().store;
    let ann = store.find(&ANN.parse().unwrap()).await.unwrap().unwrap();
    let delivery = store.deliveries_of_subscriber(ann.id, 1).await.unwrap()[0].id;
    let bounces = store.bounces_of(delivery).await.unwrap();
    assert_eq!(bounces.len(), 2);
    assert_eq!(bounces[0].diagnostic, "smtp; 550 5.1.1 words");
    // The office's word does not lift it.
    let new = depeche::domain::NewSubscriber {
        address: ANN.parse().unwrap(),
        name: None,
        organisation: None,
        language: depeche::language::Language::French,
        frequency: depeche::domain::Frequency::Immediate,
        topics: std::collections::BTreeSet::from([depeche::domain::Topic::All]),
        source: "office".to_owned(),
    };
    assert_eq!(store.add_active(&new, room.now()).await.unwrap(), Added::Refused(SuppressionReason::Bounced));
}

pub(crate) async fn a_full_mailbox_is_given_up_after_five_days(mut room: TestNewsroom) {
    begin(&mut room).await;
    for (day, name) in ["un", "deux", "trois", "quatre", "cinq"].into_iter().enumerate() {
        assert!(announce(&mut room, name).await.is_some());
        for time in 0..3 {
            // An expired queue says failed with a code that sounds temporary: it counts as any other.
            let status = if time == 0 { "5.2.2" } else { "4.4.7" };
            assert_eq!(ended(&room).await, (day == 4 && time > 0).then_some(EndReason::Bounced), "{name} {time}");
            take_in(&room, &report(&room, "failed", status, &format!("{name}{time}")).await).await;
        }
        room.pass("24h").await;
    }
    assert_eq!(ended(&room).await, Some(EndReason::Bounced));
    // The mailbox may be emptied: the address is not barred for ever, and starts anew.
    assert_eq!(suppressed(&room).await, None);
    room.subscriber(ANN, "all").await;
    announce(&mut room, "six").await.unwrap();
    take_in(&room, &report(&room, "failed", "5.2.2", "six").await).await;
    assert_eq!(ended(&room).await, None);
}

pub(crate) async fn a_closed_mailbox_is_given_up_at_the_second_letter(mut room: TestNewsroom) {
    begin(&mut room).await;
    for (name, expected) in [("un", None), ("deux", Some(EndReason::Bounced))] {
        announce(&mut room, name).await.unwrap();
        take_in(&room, &report(&room, "failed", "5.2.1", name).await).await;
        assert_eq!(ended(&room).await, expected);
    }
    assert_eq!(suppressed(&room).await, Some(SuppressionReason::Bounced));
}

pub(crate) async fn what_is_no_failure_changes_nothing(mut room: TestNewsroom) {
    begin(&mut room).await;
    announce(&mut room, "un").await.unwrap();
    for day in 0..8 {
        for (action, status) in
            [("delayed", "4.4.1"), ("relayed", "2.0.0"), ("delivered", "2.1.5"), ("expanded", "5.1.1")]
        {
            let taken = take_in(&room, &report(&room, action, status, &format!("{action}{day}")).await).await;
            assert!(matches!(taken, TakenIn::Bounce { ended: false, .. }), "{taken:?}");
        }
        room.pass("24h").await;
    }
    assert_eq!(ended(&room).await, None);
    assert!(announce(&mut room, "deux").await.is_some());
}

pub(crate) async fn what_is_our_own_fault_is_told_to_the_office_once_a_day(mut room: TestNewsroom) {
    begin(&mut room).await;
    announce(&mut room, "un").await.unwrap();
    room.office();
    let refused =
        |subjects: Vec<String>| subjects.into_iter().filter(|one| one.contains("refusé par")).collect::<Vec<_>>();
    for id in ["a", "b", "a"] {
        take_in(&room, &report(&room, "failed", "5.7.1", id).await).await;
    }
    room.look().await;
    assert_eq!(refused(room.office()), ["Courriel refusé par example.org (5.7.1)"]);
    take_in(&room, &report(&room, "failed", "5.6.7", "c").await).await;
    room.look().await;
    assert_eq!(refused(room.office()), ["Courriel refusé par example.org (5.6.7)"]);
    for day in 0..7 {
        room.pass("24h").await;
        take_in(&room, &report(&room, "failed", "5.7.1", &format!("d{day}")).await).await;
        room.look().await;
        assert_eq!(refused(room.office()).len(), 1);
    }
    assert_eq!(ended(&room).await, None);
    // Whom it went to, the office is not told.
    room.pass("24h").await;
    let quoting = ["failed", "5.7.1", "smtp; 550 <ANN@example.org> ann is no reader; \"Ann\"@example.org"];
    take_in(&room, &dsn(&envelope(&room).await, ANN, quoting, "Subject: x", "q")).await;
    room.look().await;
    let notices = room.inbox(OFFICE);
    let told = notices.iter().find(|letter| letter.shown.subject.contains("refusé par")).unwrap();
    for words in ["<A…@example.org> a… is no reader", " A…@example.org"] {
        assert!(told.shown.text.contains(words), "{words}: {}", told.shown.text);
    }
    assert!(!told.shown.text.to_lowercase().contains("ann@"), "{}", told.shown.text);
    // A letter to the office that comes back is told to nobody, and bars nobody.
    let notice = room.newsroom().store.delivery(depeche::domain::DeliveryId::new(1)).await.unwrap().unwrap();
    assert_eq!(notice.subscriber, None);
    for status in ["5.7.1", "5.1.1"] {
        let to = format!("bounces+{}@r.example", envelope_id(notice.id, room.newsroom().key()));
        let message = dsn(&to, notice.recipient.address.as_str(), ["failed", status, ""], "Subject: x", status);
        take_in(&room, &message).await;
    }
    assert_eq!(room.newsroom().store.is_suppressed(&notice.recipient.address).await.unwrap(), None);
    room.look().await;
    assert_eq!(refused(room.office()), Vec::<String>::new());
}

pub(crate) async fn a_complaint_ends_everything_at_once(mut room: TestNewsroom) {
    begin(&mut room).await;
    let letter = announce(&mut room, "un").await.unwrap();
    let message_id = format!("Message-ID: {}", letter.header("Message-ID"));
    let desk = "plaintes@presse.example.org";
    for kind in ["not-spam", "virus", "auth-failure"] {
        assert_eq!(take_in(&room, &feedback(kind, desk, &message_id)).await, TakenIn::SaysNothing);
    }
    let guess = "Message-ID: <0123456789abcdef@presse.example.org>";
    assert_eq!(take_in(&room, &feedback("abuse", desk, guess)).await, TakenIn::Unproven);
    assert_eq!(ended(&room).await, None);
    let taken = take_in(&room, &feedback("abuse", desk, &message_id)).await;
    assert!(matches!(taken, TakenIn::Bounce { kind: BounceKind::Complaint, ended: true, .. }), "{taken:?}");
    assert_eq!(ended(&room).await, Some(EndReason::Complained));
    assert_eq!(suppressed(&room).await, Some(SuppressionReason::Complained));
    // A bounce afterwards does not make less of it.
    take_in(&room, &report(&room, "failed", "5.1.1", "r").await).await;
    assert_eq!(suppressed(&room).await, Some(SuppressionReason::Complained));
    assert!(announce(&mut room, "deux").await.is_none());
}

pub(crate) async fn without_a_domain_of_its_own_a_report_is_known_by_its_ids(mut room: TestNewsroom) {
    begin(&mut room).await;
    let letter = announce(&mut room, "un").await.unwrap();
    let by_message_id = format!("Subject: x\r\nMessage-ID: {}", letter.header("Message-ID"));
    let message = dsn("presse@presse.example.org", ANN, ["failed", "5.2.2", ""], &by_message_id, "m");
    assert!(matches!(take_in(&room, &message).await, TakenIn::Bounce { kind: BounceKind::Soft, .. }));
    let envelope = envelope(&room).await;
    let id = envelope.strip_prefix("bounces+").unwrap().split('@').next().unwrap();
    let message = dsn("presse@presse.example.org", ANN, ["failed", "5.1.1", ""], "Subject: x", "e").replace(
        "Reporting-MTA: dns; mx.example",
        &format!("Reporting-MTA: dns; mx.example\r\nOriginal-Envelope-Id: {id}"),
    );
    assert!(matches!(take_in(&room, &message).await, TakenIn::Bounce { kind: BounceKind::Hard, ended: true, .. }));
}

pub(crate) async fn with_a_domain_of_its_own_a_message_id_proves_complaints_alone(mut room: TestNewsroom) {
    room.configure("newsletter.bounce_domain", "retours.example.org");
    begin(&mut room).await;
    let letter = announce(&mut room, "un").await.unwrap();
    // Whoever is answered by Ann knows it.
    let message_id = format!("Message-ID: {}", letter.header("Message-ID"));
    let forged = envelope(&room).await.replace("bounces+B", "bounces+C");
    for envelope in ["bounces@retours.example.org", "presse@presse.example.org", &forged] {
        let message = dsn(envelope, ANN, ["failed", "5.1.1", ""], &message_id, "m");
        assert_eq!(take_in(&room, &message).await, TakenIn::Unproven, "{envelope}");
    }
    let taken = take_in(&room, &report(&room, "failed", "5.2.2", "true").await).await;
    assert!(matches!(taken, TakenIn::Bounce { kind: BounceKind::Soft, .. }), "{taken:?}");
    assert_eq!(ended(&room).await, None);
    let taken = take_in(&room, &feedback("abuse", "plaintes@presse.example.org", &message_id)).await;
    assert!(matches!(taken, TakenIn::Bounce { kind: BounceKind::Complaint, ended: true, .. }), "{taken:?}");
}

pub(crate) async fn a_forged_token_is_not_made_good_by_a_message_id(mut room: TestNewsroom) {
    begin(&mut room).await;
    let letter = announce(&mut room, "un").await.unwrap();
    let message_id = format!("Message-ID: {}", letter.header("Message-ID"));
    let forged = envelope(&room).await.replace("bounces+B", "bounces+C");
    let message = dsn(&forged, ANN, ["failed", "5.1.1", ""], &message_id, "f");
    assert_eq!(take_in(&room, &message).await, TakenIn::Unproven);
    // The name that another relay gives a letter is no token.
    let message = dsn("presse@presse.example.org", ANN, ["failed", "5.1.1", ""], &message_id, "e").replace(
        "Reporting-MTA: dns; mx.example",
        "Reporting-MTA: dns; mx.example\r\nOriginal-Envelope-Id: 4g8Xyz1Zq1z3Vxk",
    );
    let taken = take_in(&room, &message).await;
    assert!(matches!(taken, TakenIn::Bounce { kind: BounceKind::Hard, ended: true, .. }), "{taken:?}");
}

pub(crate) async fn who_is_gone_behind_an_alias_does_not_bar_it(mut room: TestNewsroom) {
    begin(&mut room).await;
    announce(&mut room, "un").await.unwrap();
    for (status, id) in [("5.1.1", "a"), ("5.2.1", "b"), ("5.2.1", "c")] {
        let message = dsn(&envelope(&room).await, "left@example.org", ["failed", status, ""], "Subject: x", id);
        let taken = take_in(&room, &message).await;
        assert!(matches!(taken, TakenIn::Bounce { kind: BounceKind::Soft, ended: false, .. }), "{status}: {taken:?}");
    }
    assert_eq!((ended(&room).await, suppressed(&room).await), (None, None));
    assert!(announce(&mut room, "deux").await.is_some());
}

pub(crate) async fn a_complaint_about_a_letter_of_a_lost_database_bars_nobody(mut room: TestNewsroom) {
    begin(&mut room).await;
    let letter = announce(&mut room, "un").await.unwrap();
    let id = letter.header("Message-ID").to_owned();
    let envelope = envelope(&room).await;
    // What was given under the same number, by the same key, to somebody else.
    let earlier = format!("<{}{}", "0".repeat(32), &id[1 + 32..]);
    for letter in [
        format!("To: Carl <carl@other.example>\r\nMessage-ID: {earlier}"),
        format!("To: <xxxx@other.example>\r\nMessage-ID: {earlier}"),
        format!("To: <xxxx@example.org>\r\nMessage-ID: {earlier}"),
        format!("Message-ID: {earlier}"),
        "To: carl@other.example\r\nMessage-ID: <changed@relay.example>".to_owned(),
        "To: carl@other.example".to_owned(),
    ] {
        assert_eq!(take_in(&room, &feedback("abuse", &envelope, &letter)).await, TakenIn::Unproven, "{letter}");
    }
    assert_eq!((ended(&room).await, suppressed(&room).await), (None, None));
    // A provider that hides whose letter it was, and a relay that renamed it, contradict nothing.
    for letter in [
        format!("To: redacted@redacted.invalid\r\nMessage-ID: {id}"),
        "To: <xxxx@example.org>\r\nMessage-ID: <changed@relay.example>".to_owned(),
        "Subject: x".to_owned(),
        format!("To: Ann <{ANN}>\r\nMessage-ID: {earlier}"),
    ] {
        // Each is another report, or it would be known.
        let message = feedback("abuse", &envelope, &letter).replace("<abuse@", &format!("<{}@", letter.len()));
        let taken = take_in(&room, &message).await;
        assert!(matches!(taken, TakenIn::Bounce { kind: BounceKind::Complaint, .. }), "{letter}: {taken:?}");
    }
    assert_eq!(suppressed(&room).await, Some(SuppressionReason::Complained));
}

pub(crate) async fn a_forged_report_changes_nothing(mut room: TestNewsroom) {
    begin(&mut room).await;
    announce(&mut room, "un").await.unwrap();
    let before = crate::subscribing::dump(&room).await;
    let true_one = envelope(&room).await;
    let other_key = Token::Bounce { delivery: depeche::domain::DeliveryId::new(1) }.signed(&TokenKey::new([1; 32]));
    let ann = room.newsroom().store.find(&ANN.parse().unwrap()).await.unwrap().unwrap();
    let leave = Token::Unsubscribe { subscriber: ann.id }.signed(room.newsroom().key());
    for envelope in [
        "bounces@retours.example.org".to_owned(),
        format!("bounces+{other_key}@retours.example.org"),
        format!("bounces+{leave}@retours.example.org"),
        true_one.replace("bounces+B", "bounces+C"),
        true_one.to_lowercase(),
        true_one.replace("bounces+", ""),
    ] {
        assert_ne!(envelope, true_one);
        let message = dsn(&envelope, ANN, ["failed", "5.1.1", ""], "Subject: x\r\nMessage-ID: <guess@x.example>", "f");
        assert_eq!(take_in(&room, &message).await, TakenIn::Unproven, "{envelope}");
    }
    // A token of an earlier database, whose deliveries were counted, too: letter and recipient are others.
    let message = dsn(&true_one, "carl@other.example", ["failed", "5.1.1", ""], "Message-ID: <other@x.example>", "o");
    assert_eq!(take_in(&room, &message).await, TakenIn::Unproven);
    // A token that bounces does not unsubscribe.
    let token = true_one.strip_prefix("bounces+").unwrap().split('@').next().unwrap();
    for unsubscribe in [token, &other_key, "x"] {
        let message = format!("From: {ANN}\r\nTo: presse@x.example\r\nSubject: unsubscribe {unsubscribe}\r\n\r\n");
        assert_eq!(take_in(&room, &message).await, TakenIn::Unproven);
    }
    let vacation =
        format!("From: {ANN}\r\nTo: {true_one}\r\nSubject: Absente\r\nAuto-Submitted: auto-replied\r\n\r\n5.1.1");
    assert_eq!(take_in(&room, &vacation).await, TakenIn::NotOurs);
    assert_eq!(crate::subscribing::dump(&room).await, before);
    // An address that is an alias, or a relay that gives letters other ids, contradicts nothing.
    let message = dsn(&true_one, "carl@other.example", ["failed", "5.2.2", ""], "Subject: x", "alias");
    assert!(matches!(take_in(&room, &message).await, TakenIn::Bounce { .. }));
    let message = dsn(&true_one, ANN, ["failed", "5.2.2", ""], "Message-ID: <other@x.example>", "relay");
    assert!(matches!(take_in(&room, &message).await, TakenIn::Bounce { .. }));
}

pub(crate) async fn what_comes_back_while_the_database_is_away_is_asked_for_again(mut room: TestNewsroom) {
    begin(&mut room).await;
    announce(&mut room, "un").await.unwrap();
    let message = report(&room, "failed", "5.1.1", "r").await;
    for (is_away, expected) in [(true, "Later"), (false, "hard (5.1.1), its subscription ended")] {
        if is_away {
            room.newsroom().store.close().await;
        } else {
            room.close().await;
            let now = room.now().to_rfc3339();
            room.start(&now).await;
        }
        let (intake, incoming) = mpsc::channel(1);
        let taking = tokio::spawn(take_in_lmtp(room.newsroom().clone(), incoming));
        let (answer, answered) = oneshot::channel();
        let recipient = "somebody@presse.example.org".to_owned();
        intake.send(Incoming { recipient, message: message.as_bytes().into(), answer }).await.unwrap();
        let answer = format!("{:?}", answered.await.unwrap());
        assert!(answer.contains(expected), "{answer}");
        drop(intake);
        taking.await.unwrap();
    }
    assert_eq!(ended(&room).await, Some(EndReason::Bounced));
}

pub(crate) async fn a_letter_to_the_lists_address_unsubscribes(mut room: TestNewsroom) {
    room.configure("newsletter.bounce_domain", "retours.example.org");
    begin(&mut room).await;
    let letter = announce(&mut room, "un").await.unwrap();
    let header = letter.header("List-Unsubscribe").replace("%2B", "+");
    let address = header.split("<mailto:").nth(1).unwrap().split('?').next().unwrap().to_owned();
    assert!(address.starts_with("unsubscribe+") && address.ends_with("@retours.example.org"), "{address}");
    let message = "From: Somebody <x@elsewhere.example>\r\nSubject: unsubscribe\r\n\r\n";
    let taken = room.newsroom().take_in(message.as_bytes(), Some(&address)).await.unwrap();
    assert!(matches!(taken, TakenIn::Unsubscribed { ended: true, .. }), "{taken:?}");
    assert_eq!(ended(&room).await, Some(EndReason::Unsubscribed));
    assert_eq!(suppressed(&room).await, None);
    let message = format!("To: {address}\r\n\r\n");
    let taken = take_in(&room, &message).await;
    assert!(matches!(taken, TakenIn::Unsubscribed { ended: false, .. }), "{taken:?}");
    assert!(announce(&mut room, "deux").await.is_none());
}

pub(crate) async fn a_letter_to_the_sender_unsubscribes_by_its_subject(mut room: TestNewsroom) {
    begin(&mut room).await;
    let letter = announce(&mut room, "un").await.unwrap();
    let header = letter.header("List-Unsubscribe").replace("%20", " ");
    let (address, rest) = header.split("<mailto:").nth(1).unwrap().split_once("?subject=").unwrap();
    assert_eq!(address, crate::newsroom::OFFICE);
    let message = format!("From: {ANN}\r\nTo: {address}\r\nSubject: {}\r\n\r\n", rest.trim_end_matches('>'));
    let taken = take_in(&room, &message).await;
    assert!(matches!(taken, TakenIn::Unsubscribed { ended: true, .. }), "{taken:?}");
    assert_eq!(ended(&room).await, Some(EndReason::Unsubscribed));
}
