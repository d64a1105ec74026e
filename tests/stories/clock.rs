//! A clock that is set: an hour, a year, backwards.

use chrono::TimeDelta;

use crate::draft::{Draft, pdf, release};
use crate::newsroom::{OFFICE, TestNewsroom};

const TITLE: &str = "La digue des Saules est consolidée";
const CANARY: &str = "consolid";

fn dam() -> Draft {
    release(TITLE, "2026-11-24 09:00:00").labels("Travaux", "Digue").document("/uploads/CP_digue.pdf", "Le communiqué")
}

async fn prepared(room: &mut TestNewsroom) {
    room.upload("CP_digue.pdf", &pdf("digue"));
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.save("2026-11-24-digue.md", &dam());
    room.look().await;
    room.office();
}

/// Whether nothing of the release is public.
async fn is_hidden(room: &TestNewsroom) -> bool {
    let mut hidden = true;
    for path in ["/", "/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json", "/feeds/"] {
        hidden &= !room.feed(path).await.contains(CANARY);
    }
    for path in ["/espace-presse/digue/", "/uploads/CP_digue.pdf", "/feeds/tag/digue.atom"] {
        hidden &= room.get(path).await.status == 404;
    }
    hidden
}

pub(crate) async fn a_clock_that_jumps_ahead_lets_nothing_out(mut room: TestNewsroom) {
    prepared(&mut room).await;
    for step in [TimeDelta::hours(25), TimeDelta::days(365)] {
        room.step_clock(step);
        room.look().await;
        assert!(is_hidden(&room).await && room.unread().is_empty(), "{step}");
        assert_eq!(room.state(TITLE).await, "held: clock-step");
        assert!(room.office().iter().any(|subject| subject.contains("horloge")), "{step}");
        let page = room.admin_get("/mailbox/").await.text();
        assert!(page.contains("/mailbox/clock/confirm"), "{page}");
        assert_eq!(room.admin_get("/ready").await.status, 503);
        // A restart believes it no more than before.
        room.restart().await;
        room.pass("1h").await;
        assert!(is_hidden(&room).await && room.unread().is_empty(), "{step}");
        room.step_clock(-step);
        room.look().await;
        assert_eq!((room.state(TITLE).await.as_str(), room.admin_get("/ready").await.status), ("waiting", 200));
    }
    // By the right clock it leaves at its second.
    room.at("2026-11-24T07:59:59Z");
    room.look().await;
    assert!(is_hidden(&room).await && room.unread().is_empty());
    room.pass("1s").await;
    assert_eq!(room.letter("ann@example.org").shown.subject, TITLE);
    assert!(!is_hidden(&room).await);
    room.office();
}

pub(crate) async fn a_new_time_counts_once_a_person_confirms_it(mut room: TestNewsroom) {
    prepared(&mut room).await;
    room.step_clock(TimeDelta::hours(25));
    room.look().await;
    assert!(room.inbox(OFFICE).iter().any(|letter| letter.shown.subject.contains("horloge")));
    // No word to send lifts it: the embargo stands by the time that is believed.
    let edition = room.edition(TITLE).await.id;
    assert_eq!(room.admin_post(&format!("/mailbox/editions/{edition}"), "do=send").await.status, 303);
    room.look().await;
    assert!(is_hidden(&room).await && room.unread().is_empty());
    assert_eq!(room.admin_post("/mailbox/clock/confirm", "").await.status, 303);
    room.look().await;
    assert_eq!(room.letter("ann@example.org").shown.subject, TITLE);
    room.restart().await;
    assert!(!is_hidden(&room).await);
    room.office();
}

pub(crate) async fn a_clock_that_goes_back_unmakes_and_repeats_nothing(mut room: TestNewsroom) {
    prepared(&mut room).await;
    room.at("2026-11-24T08:00:00Z");
    room.look().await;
    assert_eq!(room.letter("ann@example.org").shown.subject, TITLE);
    for step in [TimeDelta::hours(3), TimeDelta::days(400)] {
        room.step_clock(-step);
        room.look().await;
        assert!(!is_hidden(&room).await, "{step}");
        room.restart().await;
        room.pass("10m").await;
        assert!(!is_hidden(&room).await, "{step}");
        room.step_clock(step);
        room.look().await;
        if room.newsroom().clock.doubt().is_some() {
            assert_eq!(room.admin_post("/mailbox/clock/confirm", "").await.status, 303);
            room.look().await;
        }
    }
    assert_eq!((room.unread().len(), room.editions().await.len()), (0, 1));
    room.office();
}
