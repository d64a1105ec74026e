//! What is mailed after a release was announced: corrections and withdrawals, to those who had it, once.

use chrono::TimeDelta;
use depeche::domain::{Delivery, EditionKind, EndReason, Frequency};
use depeche::store::{Begin, Fence, Finished, Hold, Outcome};
use depeche::task::{OfficeDecision, ResendError, decide};

use crate::draft::{Draft, pdf, release};
use crate::newsroom::{OFFICE, TestNewsroom};

const FILE: &str = "2026-11-23-bac.md";
const TITLE: &str = "Le bac de Vire change d’horaire";

fn ferry() -> Draft {
    release(TITLE, "2026-11-23 10:30:00").body("Il part à huit heures du quai nord.").labels("Agenda", "Bacs")
}

fn corrected() -> Draft {
    ferry().body("Il part à neuf heures du quai nord.").with("correction: \"Il part à neuf heures, non à huit.\"")
}

/// A newsroom in which the release was announced to two readers.
async fn announced(room: &mut TestNewsroom) -> Vec<String> {
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.subscriber("bob@example.org", "tag:bacs").await;
    room.subscriber("other@example.org", "tag:ponts").await;
    room.save(FILE, &ferry());
    room.look().await;
    room.pass("10m").await;
    room.subscriber("late@example.org", "all").await;
    let letters = ["ann@example.org", "bob@example.org"].map(|address| room.letter(address));
    room.office();
    letters.iter().map(|letter| letter.header("Message-ID").to_owned()).collect()
}

pub(crate) async fn a_correction_reaches_those_who_had_the_release_once(mut room: TestNewsroom) {
    let ids = announced(&mut room).await;
    let gone = room.subscriber("gone@example.org", "all").await;
    room.end(gone, EndReason::Unsubscribed).await;
    let before = room.json_items().await[0]["date_modified"].clone();
    room.pass("1h").await;
    room.save(FILE, &corrected());
    room.look().await;
    // The office sees it at once, and nobody else before `grace` is over.
    assert_eq!(room.office(), [format!("[Copie] Correctif\u{a0}: {TITLE}")]);
    room.pass("599s").await;
    assert_eq!(room.unread(), [""; 0]);
    room.pass("1s").await;
    for (address, id) in ["ann@example.org", "bob@example.org"].into_iter().zip(&ids) {
        let letter = room.letter(address);
        assert_eq!(letter.shown.subject, format!("Correctif\u{a0}: {TITLE}"));
        assert_eq!((letter.header("In-Reply-To"), letter.header("References")), (id.as_str(), id.as_str()));
        let text = &letter.shown.text;
        assert!(text.find("non à huit").unwrap() < text.find("En bref").unwrap(), "{text}");
        assert!(letter.link("/u/").len() > 3);
    }
    assert_ne!(room.json_items().await[0]["date_modified"], before);
    assert!(room.json_items().await[0]["content_html"].as_str().unwrap().contains("non à huit"));
    assert_eq!(room.office(), [format!("Correctif envoyé\u{a0}: {TITLE}")]);
    // Saved again, renamed, restarted, with other labels: the same text is mailed once.
    room.save(FILE, &corrected().with("lang: fr"));
    room.pass("1h").await;
    room.rename(FILE, "2026-11-23-le-bac.md");
    room.pass("1h").await;
    room.restart().await;
    room.pass("24h").await;
    assert_eq!(room.unread(), [""; 0]);
    // Another text is another correction.
    let again = ferry().with("correction: \"Il part à dix heures, non à neuf.\"");
    room.save("2026-11-23-le-bac.md", &again);
    room.look().await;
    room.pass("10m").await;
    for (address, id) in ["ann@example.org", "bob@example.org"].into_iter().zip(&ids) {
        assert_eq!(room.letter(address).header("In-Reply-To"), id);
    }
    room.office();
}

pub(crate) async fn a_correction_in_time_goes_with_the_announcement(mut room: TestNewsroom) {
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.save(FILE, &ferry());
    room.look().await;
    room.pass("5m").await;
    room.save(FILE, &corrected());
    room.look().await;
    room.pass("5m").await;
    let letter = room.letter("ann@example.org");
    assert!(letter.shown.subject == TITLE && letter.header("In-Reply-To").is_empty());
    room.pass("24h").await;
    assert_eq!(room.editions().await.len(), 1);
    room.office();
}

pub(crate) async fn a_correction_taken_back_in_time_is_not_sent(mut room: TestNewsroom) {
    announced(&mut room).await;
    room.save(FILE, &corrected());
    room.look().await;
    room.pass("5m").await;
    room.save(FILE, &ferry());
    room.pass("1h").await;
    assert_eq!(room.unread(), [""; 0]);
    // Asked for once more, it is due once more.
    room.save(FILE, &corrected());
    room.look().await;
    room.pass("10m").await;
    for address in ["ann@example.org", "bob@example.org"] {
        assert_eq!(room.letter(address).shown.subject, format!("Correctif\u{a0}: {TITLE}"));
    }
    room.office();
}

pub(crate) async fn a_withdrawal_tells_those_who_had_it_and_takes_everything_away(mut room: TestNewsroom) {
    room.upload("CP_bac.pdf", &pdf("bac"));
    let with_pdf = || ferry().document("/uploads/CP_bac.pdf", "Le communiqué");
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.save(FILE, &with_pdf());
    room.look().await;
    room.pass("10m").await;
    let announcement = room.letter("ann@example.org");
    assert_eq!(room.get("/uploads/CP_bac.pdf").await.status, 200);
    room.save(FILE, &with_pdf().with("withdrawn: \"Le bac ne change pas d’horaire.\""));
    room.look().await;
    assert_eq!(room.get("/espace-presse/bac/").await.status, 410);
    assert_eq!(room.get("/uploads/CP_bac.pdf").await.status, 404);
    assert_eq!(room.titles().await, [""; 0]);
    room.pass("10m").await;
    let notice = room.letter("ann@example.org");
    assert_eq!(notice.shown.subject, format!("Retrait\u{a0}: {TITLE}"));
    assert!(notice.shown.text.contains("ne change pas d’horaire") && !notice.shown.text.contains("CP_bac"));
    assert_eq!(notice.header("In-Reply-To"), announcement.header("Message-ID"));
    room.pass("24h").await;
    room.restart().await;
    room.pass("24h").await;
    assert_eq!(room.unread(), [""; 0]);
    room.office();
}

pub(crate) async fn the_office_may_stop_a_correction_and_hurry_a_withdrawal(mut room: TestNewsroom) {
    announced(&mut room).await;
    room.save(FILE, &corrected());
    room.look().await;
    let page = room.inbox(OFFICE).remove(0).link("/office/");
    assert_eq!(room.post(&page, "do=cancel").await.status, 200);
    room.pass("1h").await;
    assert_eq!(room.unread(), [""; 0]);
    room.save(FILE, &ferry().with("withdrawn: \"Rien ne change.\""));
    room.look().await;
    let page = room.inbox(OFFICE).pop().unwrap().link("/office/");
    assert_eq!(room.post(&page, "do=send").await.status, 200);
    room.look().await;
    for address in ["ann@example.org", "bob@example.org"] {
        assert_eq!(room.letter(address).shown.subject, format!("Retrait\u{a0}: {TITLE}"));
    }
    room.office();
}

pub(crate) async fn who_had_it_in_a_digest_gets_the_correction_too(mut room: TestNewsroom) {
    room.configure("newsletter.digest_at", "08:30");
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber_with("day@example.org", "all", Frequency::Daily).await;
    room.subscriber_with("other@example.org", "tag:ponts", Frequency::Daily).await;
    room.save(FILE, &ferry());
    room.look().await;
    room.pass("10m").await;
    assert_eq!(room.unread(), [""; 0]);
    room.start_of("2026-11-24T07:30:00Z").await;
    let digest = room.letter("day@example.org");
    assert!(digest.shown.text.contains(TITLE), "{}", digest.shown.text);
    room.save(FILE, &corrected());
    room.look().await;
    room.pass("10m").await;
    let correction = room.letter("day@example.org");
    assert_eq!(correction.shown.subject, format!("Correctif\u{a0}: {TITLE}"));
    assert_eq!(correction.header("In-Reply-To"), digest.header("Message-ID"));
    room.office();
}

pub(crate) async fn a_document_that_changes_after_sending_is_a_question_to_the_office(mut room: TestNewsroom) {
    room.upload("CP_bac.pdf", &pdf("bac"));
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.save(FILE, &ferry().document("/uploads/CP_bac.pdf", "Le communiqué"));
    room.look().await;
    room.pass("10m").await;
    room.letter("ann@example.org");
    room.office();
    let before = room.json_items().await[0]["date_modified"].clone();
    room.pass("1h").await;
    room.upload("CP_bac.pdf", &pdf("bac, corrigé"));
    room.look().await;
    let told = room.office();
    assert!(told.len() == 1 && told[0].contains(TITLE), "{told:?}");
    assert_ne!(room.json_items().await[0]["date_modified"], before);
    room.pass("24h").await;
    room.restart().await;
    assert_eq!((room.office().len(), room.unread().len()), (0, 0));
}

pub(crate) async fn an_edition_is_paused_resumed_and_repeated_by_hand(mut room: TestNewsroom) {
    announced(&mut room).await;
    let store = room.newsroom().store.clone();
    let edition = room.edition(TITLE).await;
    let bob = store.find(&"bob@example.org".parse().unwrap()).await.unwrap().unwrap();
    let repeat = depeche::task::resend(room.newsroom(), &room.newsroom().current(), edition.id, &[bob.id], "story")
        .await
        .unwrap();
    assert_eq!(repeat.tally.total(), 1);
    assert!(decide(&store, repeat.id, OfficeDecision::Pause, "story", room.now()).await.unwrap().unwrap().1);
    room.pass("1h").await;
    assert_eq!(room.unread(), [""; 0]);
    assert!(decide(&store, repeat.id, OfficeDecision::Resume, "story", room.now()).await.unwrap().unwrap().1);
    room.look().await;
    let letter = room.letter("bob@example.org");
    assert_eq!(letter.shown.subject, TITLE);
    assert!(letter.link("/u/").len() > 3 && !letter.shown.text.contains("mark-"), "{}", letter.shown.text);
    let kept = store.decisions_about(edition.id).await.unwrap();
    let last = kept.last().unwrap();
    assert_eq!((last.what.as_str(), last.who.as_str()), ("resent", "story"));
    let words: Vec<_> = store.decisions_about(repeat.id).await.unwrap().into_iter().map(|made| made.what).collect();
    assert_eq!(words, ["opened", "paused", "resumed"]);
    room.office();
}

pub(crate) async fn a_correction_is_repeated_by_hand(mut room: TestNewsroom) {
    announced(&mut room).await;
    room.save(FILE, &corrected());
    room.look().await;
    room.pass("10m").await;
    for address in ["ann@example.org", "bob@example.org"] {
        room.letter(address);
    }
    let editions = room.editions().await;
    let correction = editions.iter().find(|edition| edition.kind == EditionKind::Correction).unwrap();
    depeche::task::resend(room.newsroom(), &room.newsroom().current(), correction.id, &[], "story").await.unwrap();
    // The round before its letters leave must not take it for an outdated correction.
    room.pass_without_sending("1s").await;
    room.look().await;
    for address in ["ann@example.org", "bob@example.org"] {
        assert_eq!(room.letter(address).shown.subject, format!("Correctif\u{a0}: {TITLE}"));
    }
    room.office();
}

pub(crate) async fn a_release_put_off_is_corrected_once_it_is_public_again(mut room: TestNewsroom) {
    announced(&mut room).await;
    let later = release(TITLE, "2026-11-24 10:00:00").body("Il part à neuf heures.");
    room.save(FILE, &later.with("correction: \"Il part à neuf heures.\""));
    room.look().await;
    room.pass("10m").await;
    room.pass("1h").await;
    assert_eq!(room.unread(), [""; 0], "under embargo nothing leaves");
    room.start_of("2026-11-24T09:00:00Z").await;
    for address in ["ann@example.org", "bob@example.org"] {
        assert_eq!(room.letter(address).shown.subject, format!("Correctif\u{a0}: {TITLE}"));
    }
    room.office();
}

pub(crate) async fn a_claim_from_before_a_correction_is_lost(mut room: TestNewsroom) {
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.save(FILE, &ferry());
    room.look().await;
    room.pass_without_sending("10m").await;
    let (store, lease) = (room.newsroom().store.clone(), TimeDelta::minutes(15));
    let claim = || store.claim("other", 32, room.now(), lease);
    let old = claim().await.unwrap().into_iter().find(|delivery| delivery.subscriber.is_some()).unwrap();
    room.save(FILE, &corrected());
    room.pass_without_sending("1s").await;
    let claim = || store.claim("other", 32, room.now(), lease);
    let new = claim().await.unwrap().into_iter().find(|delivery| delivery.id == old.id).unwrap();
    assert_ne!(old.letter, new.letter);
    let begin = |delivery: &Delivery| Begin {
        fence: Fence { delivery: delivery.id, owner: "other".to_owned(), claim: delivery.claim },
        letter: delivery.letter,
        contents: delivery.contents.clone(),
        until: room.now() + lease,
        at: room.now(),
    };
    assert_eq!(store.exchange(None, Some(begin(&old))).await.unwrap().begun, Some(Hold::Lost));
    assert_eq!(store.exchange(None, Some(begin(&new))).await.unwrap().begun, Some(Hold::Kept));
    room.office();
}

pub(crate) async fn a_digest_that_comes_back_no_longer_holds_what_was_withdrawn(mut room: TestNewsroom) {
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber_with("day@example.org", "all", Frequency::Daily).await;
    room.subscriber_with("also@example.org", "all", Frequency::Daily).await;
    room.save(FILE, &ferry());
    room.look().await;
    room.pass("10m").await;
    room.at("2026-11-24T07:30:00Z");
    room.pass_without_sending("0s").await;
    let (store, lease) = (room.newsroom().store.clone(), TimeDelta::minutes(15));
    let claimed = store.claim("other", 32, room.now(), lease).await.unwrap();
    let digest = claimed.into_iter().find(|delivery| delivery.subscriber.is_some()).unwrap();
    let fence = Fence { delivery: digest.id, owner: "other".to_owned(), claim: digest.claim };
    let (letter, contents) = (digest.letter, digest.contents.clone());
    let begin = Begin { fence: fence.clone(), letter, contents, until: room.now() + lease, at: room.now() };
    assert_eq!(store.exchange(None, Some(begin)).await.unwrap().begun, Some(Hold::Kept));
    room.save(FILE, &ferry().with("withdrawn: \"Le bac ne part pas.\""));
    room.pass_without_sending("1s").await;
    // The relay did not take it: it is queued again.
    let due = room.now() + TimeDelta::minutes(5);
    let finished = Finished { fence, outcome: Outcome::Later { due }, attempt: None, at: room.now() };
    assert_eq!(store.exchange(Some(finished), None).await.unwrap().finished, Some(Hold::Kept));
    room.pass("1s").await;
    room.pass("1h").await;
    assert_eq!(room.unread(), [""; 0]);
    room.office();
}

pub(crate) async fn a_repeat_has_the_text_of_today_or_does_not_leave(mut room: TestNewsroom) {
    announced(&mut room).await;
    room.subscriber_with("day@example.org", "all", Frequency::Daily).await;
    room.save("2026-11-23-pont.md", &release("Un pont", "2026-11-23 11:00:00"));
    room.look().await;
    room.pass("2h").await;
    room.start_of("2026-11-24T07:30:00Z").await;
    let announcement = room.edition(TITLE).await;
    room.save(FILE, &corrected());
    room.look().await;
    room.pass("10m").await;
    for address in ["ann@example.org", "bob@example.org", "late@example.org", "day@example.org"] {
        room.inbox(address);
    }
    let (newsroom, current) = (room.newsroom(), room.newsroom().current());
    let repeat = depeche::task::resend(newsroom, &current, announcement.id, &[], "story").await.unwrap();
    assert_eq!(repeat.tally.total(), 2);
    let letters = newsroom.store.letters_of(repeat.id).await.unwrap();
    assert!(letters.iter().all(|letter| !letter.carries.is_empty()), "the text of today");
    assert!(matches!(
        depeche::task::retry(newsroom, &current, announcement.id, "story").await,
        Err(ResendError::Corrected(_))
    ));
    room.look().await;
    for address in ["ann@example.org", "bob@example.org"] {
        room.letter(address);
    }
    // What was withdrawn since is not sent again, alone or in a digest.
    room.save("2026-11-23-pont.md", &release("Un pont", "2026-11-23 11:00:00").with("withdrawn: \"Faux.\""));
    room.look().await;
    room.pass("10m").await;
    for address in ["ann@example.org", "late@example.org", "day@example.org"] {
        room.inbox(address);
    }
    let (newsroom, current) = (room.newsroom(), room.newsroom().current());
    let editions = room.editions().await;
    let bridge =
        editions.iter().find(|edition| edition.title == "Un pont" && edition.kind == EditionKind::Announcement);
    let bridge = bridge.unwrap().id;
    for refused in [
        depeche::task::resend(newsroom, &current, bridge, &[], "story").await.err(),
        depeche::task::retry(newsroom, &current, bridge, "story").await.err(),
    ] {
        assert!(matches!(refused, Some(ResendError::NotPublic(_))), "{refused:?}");
    }
    let digest = editions.iter().find(|edition| edition.kind == EditionKind::Digest && edition.tally.total() > 0);
    depeche::task::resend(newsroom, &current, digest.unwrap().id, &[], "story").await.unwrap();
    room.look().await;
    assert_eq!(room.inbox("day@example.org").len(), 0, "nothing is left of it");
    room.office();
}

pub(crate) async fn mending_the_words_of_a_held_correction_does_not_let_it_go(mut room: TestNewsroom) {
    announced(&mut room).await;
    room.save(FILE, &corrected());
    room.look().await;
    let store = room.newsroom().store.clone();
    let correction = async |room: &TestNewsroom| {
        let mut editions = room.editions().await;
        editions.retain(|edition| edition.kind == EditionKind::Correction);
        editions.remove(0)
    };
    let held = correction(&room).await.id;
    assert!(decide(&store, held, OfficeDecision::Hold, "story", room.now()).await.unwrap().unwrap().1);
    room.look().await;
    room.save(FILE, &ferry().with("correction: \"Il part à neuf heures.\""));
    room.pass("1h").await;
    assert_eq!(room.unread(), [""; 0]);
    let mended = correction(&room).await.id;
    assert_ne!(mended, held);
    assert!(decide(&store, mended, OfficeDecision::Approve, "story", room.now()).await.unwrap().unwrap().1);
    room.look().await;
    for address in ["ann@example.org", "bob@example.org"] {
        room.letter(address);
    }
    room.office();
}

pub(crate) async fn a_file_that_is_away_for_a_while_stops_its_letters_for_that_while(mut room: TestNewsroom) {
    room.save("2026-11-01-ancien.md", &release("Un communiqué plus ancien", "2026-11-01 10:00:00"));
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    for (name, is_back) in [("2026-11-23-un.md", true), ("2026-11-23-deux.md", false)] {
        let title = format!("Le bac {name}");
        let file = release(&title, "2026-11-23 10:30:00").body(&format!("Un texte sur {name}, et rien d’autre."));
        room.save(name, &file);
        room.pass_without_sending("0s").await;
        room.pass_without_sending("10m").await;
        assert_eq!(room.state(&title).await, "sending");
        room.remove(name);
        room.pass("1m").await;
        assert_eq!((room.state(&title).await.as_str(), room.unread().len()), ("paused", 0));
        room.restart().await;
        if is_back {
            room.pass("10m").await;
            room.save("2026-11-23-sous-un-autre-nom.md", &file);
            room.look().await;
            assert_eq!(room.letter("ann@example.org").shown.subject, title);
        } else {
            room.pass("15m").await;
            room.save(name, &file);
            room.pass("1h").await;
            assert_eq!((room.state(&title).await.as_str(), room.unread().len()), ("cancelled", 0));
        }
    }
    room.office();
}
