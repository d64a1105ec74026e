//! What the office does on the local mailbox: each button does what it says, in a browser that tells nobody where a form
//! comes from.

use depeche::store::EditionFilter;

use crate::chromium::{Scripts, View};
use crate::draft::release;
use crate::newsroom::TestNewsroom;
use crate::room::{browser, newsroom};

/// The state of the newest edition.
async fn state(room: &TestNewsroom) -> &'static str {
    let editions = room.newsroom().store.editions(&EditionFilter::default()).await.unwrap();
    editions.into_iter().max_by_key(|edition| edition.id).unwrap().state.as_str()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_buttons_hold_send_pause_and_cancel() {
    let Some(()) = crate::tools::chromium() else { return };
    let mut room = newsroom("fr");
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    let browser = browser(&room, Scripts::Forbidden, "fr").await;
    browser.look(View::DESK).await;
    let mailbox = format!("http://127.0.0.1:{}/mailbox/", room.ports().1);
    for (name, buttons) in [("un", ["hold", "send"]), ("deux", ["hold", "cancel"])] {
        let date = room.now().format("%Y-%m-%d %H:%M:%SZ").to_string();
        room.save(&format!("{name}.md"), &release(name, &date).labels("Discours", "Ponts"));
        room.look().await;
        browser.visit(&mailbox).await;
        for button in buttons {
            browser.follow(&format!("main form:has(input[value={button}]) button")).await;
            assert!(browser.has("main h1").await, "{button}: {}", browser.text("body").await);
            let expected = match button {
                "hold" => "held",
                "send" => "waiting",
                _ => "cancelled",
            };
            assert_eq!(state(&room).await, expected, "{button}");
        }
    }
    room.look().await;
    assert_eq!(room.letter("ann@example.org").shown.subject, "un");
    browser.end().await;
}
