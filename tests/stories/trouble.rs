//! Trouble that begins and ends: what is said of it, to whom, and what goes on meanwhile.

use chrono::TimeDelta;
use depeche::config::OnLostReply;
use depeche::store::{Ailment, Begin, Fence, Finished, Hold, Outcome, StoreError};
use depeche::task::{BrokenFile, Watchman};
use sqlx::{Connection as _, Executor as _, SqliteConnection};

use crate::draft::release;
use crate::newsroom::{OFFICE, TestNewsroom};

const TITLE: &str = "Les bacs de nuit reprennent";

async fn opened(room: &mut TestNewsroom) {
    room.save("2026-11-23-bacs.md", &release(TITLE, "2026-11-23 10:00:00"));
    room.start("2026-11-23T09:30:00Z").await;
}

pub(crate) async fn trouble_is_told_once_it_is_over(mut room: TestNewsroom) {
    opened(&mut room).await;
    let mut watchman = Watchman::new(room.newsroom().clone());
    watchman.round().await;
    assert_eq!(room.admin_get("/ready").await.text(), "ready\n");

    let path = room.root().join("depeche.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    watchman.round().await;
    let answer = room.admin_get("/ready").await;
    assert_eq!(answer.status, 503);
    let said = answer.text();
    assert!(
        said.starts_with("the database cannot be written: another program holds it locked since 2026-11-23T09:30"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(room.admin_get("/metrics").await.text().contains("\ndepeche_database_up 0\n"));
    assert_eq!(room.admin_get("/health").await.status, 200);
    assert_eq!(room.titles().await, [TITLE]);

    room.clock().advance(TimeDelta::minutes(20));
    other.execute("ROLLBACK").await.unwrap();
    watchman.round().await;
    room.look().await;
    assert_eq!(room.admin_get("/ready").await.status, 200);
    let told = room.letter(OFFICE);
    assert_eq!(told.shown.subject, "La base de données était verrouillée\u{a0}: les envois ont attendu");
    let text = told.shown.text.replace(['\u{a0}', '\u{202f}'], " ");
    assert!(text.contains("10 h 30 au") && text.contains("10 h 50"), "{text}");
    // Not again, whoever asks and whatever starts anew.
    watchman.round().await;
    room.restart().await;
    Watchman::new(room.newsroom().clone()).round().await;
    room.look().await;
    assert_eq!(room.office(), [""; 0]);
}

pub(crate) async fn short_trouble_is_no_news(mut room: TestNewsroom) {
    opened(&mut room).await;
    let mut watchman = Watchman::new(room.newsroom().clone());
    for (minutes, letters) in [(0, 0), (1, 0), (2, 1)] {
        room.newsroom().store.suspect(&StoreError::Ill(Ailment::Failing));
        assert!(room.admin_get("/ready").await.text().contains("the database fails"));
        watchman.see();
        room.clock().advance(TimeDelta::minutes(minutes));
        watchman.round().await;
        room.look().await;
        assert_eq!(room.office().len(), letters, "after {minutes} minutes");
    }
}

pub(crate) async fn what_is_measured_agrees_with_what_happened(mut room: TestNewsroom) {
    opened(&mut room).await;
    room.subscriber("ann@example.org", "all").await;
    room.subscriber("bob@gmail.com", "all").await;
    room.save("2026-11-24-quai.md", &release("Un quai de plus", "2026-11-23 10:30:00"));
    room.look().await;
    room.pass_without_sending("40m").await;
    let page = room.admin_get("/metrics").await.text();
    for line in
        ["depeche_oldest_due_delivery_seconds 0.0", "depeche_releases_live 2", "depeche_editions{state=\"sending\"} 1"]
    {
        assert!(page.lines().any(|found| found == line), "{line}:\n{page}");
    }
    room.clock().advance(TimeDelta::minutes(10));
    let page = room.admin_get("/metrics").await.text();
    assert!(page.contains("\ndepeche_oldest_due_delivery_seconds 600.0\n"), "{page}");
    let ready = room.admin_get("/ready").await.text();
    assert!(ready.contains("sending stands still: letters are due since 2026-11-23T10:10:00"), "{ready}");
    // The lead of this instance ran out meanwhile.
    assert_eq!(ready.contains("no instance leads"), room.newsroom().store.is_shared(), "{ready}");
    room.look().await;
    assert_eq!(room.admin_get("/ready").await.status, 200);
    room.letter("ann@example.org");
    room.letter("bob@gmail.com");
    let page = room.admin_get("/metrics").await.text();
    for line in [
        "depeche_oldest_due_delivery_seconds 0.0",
        "depeche_letters_by_domain_total{domain=\"gmail.com\",outcome=\"sent\"} 1",
        "depeche_letters_by_reply_total{phase=\"accepted\",code=\"250\",enhanced=\"2.0\"}",
        "depeche_letter_seconds_count{relay=\"memory\"}",
        "depeche_outbox_seconds_count{work=\"exchange\"}",
        "depeche_ready 1",
        "depeche_leads 1",
        "depeche_clock_doubt_seconds 0.0",
    ] {
        assert!(page.lines().any(|found| found.starts_with(line)), "{line}:\n{page}");
    }
    assert!(!page.contains('@') && !page.contains("example.org"), "{page}");

    let kinds = ["/feeds/all.rss", "/", "/subscribe", "/uploads/nothing.pdf", "/feeds/all.rss"];
    for path in kinds {
        room.get(path).await;
    }
    let page = room.admin_get("/metrics").await.text();
    for (line, at_least) in [
        ("depeche_requests_total{kind=\"feed\",status=\"2xx\"} ", 2),
        ("depeche_requests_total{kind=\"page\",status=\"2xx\"} ", 1),
        ("depeche_requests_total{kind=\"form\",status=\"2xx\"} ", 1),
        ("depeche_requests_total{kind=\"upload\",status=\"4xx\"} ", 1),
    ] {
        let count =
            page.lines().find_map(|found| found.strip_prefix(line)).unwrap_or_else(|| panic!("{line}:\n{page}"));
        assert_eq!(count.parse::<u64>().unwrap(), at_least, "{line}");
    }
    room.office();
}

pub(crate) async fn a_folder_that_is_gone_is_said(mut room: TestNewsroom) {
    opened(&mut room).await;
    std::fs::rename(room.root().join("content"), room.root().join("elsewhere")).unwrap();
    let answer = room.admin_get("/ready").await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().starts_with("the content folder "), "{}", answer.text());
    assert_eq!(room.titles().await, [TITLE], "what is public is served on");
    std::fs::rename(room.root().join("elsewhere"), room.root().join("content")).unwrap();
    assert_eq!(room.admin_get("/ready").await.status, 200);
    room.clock().advance(TimeDelta::minutes(6));
    assert!(room.admin_get("/ready").await.text().starts_with("the folder was not taken in for 360 s"));
    room.look().await;
    let json = room.admin_json("/ready").await;
    assert_eq!((json["ready"].as_bool(), json["releases"].as_u64()), (Some(true), Some(1)));
}

/// A letter is with the relay while the machine's clock is set: whatever that does to leases, nobody gets it twice and its
/// answer counts.
pub(crate) async fn a_letter_in_hand_while_the_clock_is_set_is_sent_once(mut room: TestNewsroom) {
    opened(&mut room).await;
    let lease = TimeDelta::minutes(15);
    for step in [TimeDelta::minutes(50), TimeDelta::hours(3), -TimeDelta::hours(3)] {
        let newsroom = room.newsroom().clone();
        newsroom.tell_broken(&newsroom.current(), &broken(step), newsroom.now()).await.unwrap();
        let claimed = newsroom.store.claim("other", 8, newsroom.now(), lease).await.unwrap();
        assert_eq!(claimed.len(), 1);
        let delivery = &claimed[0];
        let fence = Fence { delivery: delivery.id, owner: "other".to_owned(), claim: delivery.claim };
        let now = newsroom.now();
        let begin = Begin {
            fence: fence.clone(),
            letter: delivery.letter,
            contents: delivery.contents.clone(),
            until: now + lease,
            at: now,
        };
        // A begin whose answer was lost is asked for again, and is the same one.
        for _ in 0..2 {
            let exchanged = newsroom.store.exchange(None, Some(begin.clone())).await.unwrap();
            assert_eq!(exchanged.begun, Some(Hold::Kept), "{step}");
        }
        room.step_clock(step);
        let swept = |after| newsroom.store.sweep(newsroom.now(), OnLostReply::Resend, after);
        swept(TimeDelta::minutes(15)).await.unwrap();
        assert_eq!(newsroom.store.claim("story", 8, newsroom.now(), lease).await.unwrap().len(), 0, "{step}");
        let finished = Finished { fence, outcome: Outcome::Sent, attempt: None, at: newsroom.now() };
        let done = newsroom.store.exchange(Some(finished), None).await.unwrap();
        assert_eq!(done.finished, Some(Hold::Kept), "{step}");
        room.clock().advance(TimeDelta::hours(1));
        swept(TimeDelta::minutes(15)).await.unwrap();
        assert_eq!(newsroom.store.claim("story", 8, newsroom.now(), lease).await.unwrap().len(), 0, "{step}");
        room.step_clock(-step);
    }
}

pub(crate) async fn a_retry_is_not_early_by_a_clock_that_jumps(mut room: TestNewsroom) {
    opened(&mut room).await;
    let newsroom = room.newsroom().clone();
    let (lease, pause) = (TimeDelta::minutes(15), TimeDelta::minutes(5));
    newsroom.tell_broken(&newsroom.current(), &broken(pause), newsroom.now()).await.unwrap();
    let claim = || async { newsroom.store.claim("other", 8, newsroom.now(), lease).await.unwrap() };
    let delivery = claim().await.remove(0);
    let fence = Fence { delivery: delivery.id, owner: "other".to_owned(), claim: delivery.claim };
    let now = newsroom.now();
    let finished = Finished { fence, outcome: Outcome::Later { due: now + pause }, attempt: None, at: now };
    newsroom.store.exchange(Some(finished), None).await.unwrap();
    room.step_clock(TimeDelta::days(30));
    assert_eq!(claim().await.len(), 0, "the pause is not over");
    room.clock().advance(pause);
    assert_eq!(claim().await.len(), 1);
}

fn broken(step: TimeDelta) -> BrokenFile {
    BrokenFile {
        path: "2026-11-23-bacs.md".to_owned(),
        digest: step.to_string(),
        still_shown: true,
        problems: vec!["1:1: …".to_owned()],
    }
}
