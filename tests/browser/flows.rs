//! What a journalist does with pages and letters, from the form to the goodbye.

use depeche::domain::SubscriberState;

use crate::chromium::{Chromium, Scripts, View};
use crate::draft::release;
use crate::newsroom::TestNewsroom;
use crate::room::{browser, link, newsroom, site};

const ANN: &str = "ann@example.org";

/// How somebody reads.
#[derive(Debug, Clone, Copy)]
struct Way {
    language: &'static str,
    scripts: Scripts,
    view: View,
}

/// A newsroom and a browser in it.
struct Flow {
    room: TestNewsroom,
    browser: Chromium,
}

impl Flow {
    async fn begin(Way { language, scripts, view }: Way) -> Self {
        let mut room = newsroom(language);
        room.save("2026-11-20-a.md", &release("Un pont", "2026-11-20 10:00:00").labels("Discours", "Ponts"));
        room.save("2026-11-21-b.md", &release("Un bac", "2026-11-21 10:00:00").labels("Discours", "Bacs"));
        room.start("2026-11-23T09:30:00Z").await;
        let browser = browser(&room, scripts, language).await;
        browser.look(view).await;
        Self { room, browser }
    }

    /// Presses the one button of the page, and waits as long as a person would.
    async fn submit(&mut self) {
        self.press("main form button.button").await;
    }

    /// The same with one button of several.
    async fn press(&mut self, button: &str) {
        self.room.clock().advance(chrono::TimeDelta::minutes(1));
        self.browser.follow(button).await;
    }

    /// Saves a release about `tag`, which is announced to whoever follows that.
    async fn announce(&mut self, title: &str, tag: &str) {
        let date = self.room.now().format("%Y-%m-%d %H:%M:%SZ").to_string();
        self.room.save(&format!("{title}.md"), &release(title, &date).labels("Discours", tag));
        self.room.look().await;
        self.room.pass("10m").await;
    }

    async fn is_active(&self) -> bool {
        let found = self.room.newsroom().store.find(&ANN.parse().unwrap()).await.unwrap();
        found.is_some_and(|found| matches!(found.state, SubscriberState::Active { .. }))
    }

    /// Whether the page says these words.
    async fn shows(&self, words: &str) -> bool {
        self.browser.text("main").await.contains(words)
    }
}

async fn somebody_subscribes_changes_and_leaves(way: Way) {
    let mut flow = Flow::begin(way).await;
    flow.browser.visit(&format!("{}/subscribe", site())).await;
    let scripts = flow.browser.ask("return matchMedia('(scripting: enabled)').matches").await;
    assert_eq!(scripts, way.scripts == Scripts::Run);
    let language = flow.browser.ask("return document.documentElement.lang").await;
    assert_eq!(language, way.language);

    // What is missing is said beside the form, and what was given stays.
    flow.browser.press("input[name=topic][value=all]").await;
    flow.browser.fill("#email", "ann").await;
    flow.browser.press("input[name=topic][value='tag:ponts']").await;
    flow.submit().await;
    assert!(flow.browser.has("#email[aria-invalid=true]").await);
    assert!(flow.browser.is_chosen("input[name=topic][value='tag:ponts']").await);
    flow.browser.fill("#email", ANN).await;
    flow.submit().await;
    assert!(flow.shows(ANN).await);
    flow.room.look().await;
    let confirmation = flow.room.letter(ANN);
    assert_eq!(confirmation.header("Content-Language"), way.language);

    flow.browser.visit(&link(&confirmation, "/confirm/")).await;
    assert!(!flow.is_active().await, "a look confirms nothing");
    flow.submit().await;
    assert!(flow.is_active().await);

    flow.announce("Un pont de plus", "Ponts").await;
    let letter = flow.room.letter(ANN);
    assert_eq!(letter.shown.subject, "Un pont de plus");
    flow.browser.visit(&link(&letter, "/preferences/")).await;
    flow.browser.press("input[name=topic][value='tag:ponts']").await;
    flow.browser.press("input[name=topic][value='tag:bacs']").await;
    let other = if way.language == "fr" { "en" } else { "fr" };
    flow.browser.press(&format!("input[name=language][value={other}]")).await;
    flow.press("main form.form button.button").await;
    assert!(flow.browser.has("[role=status]").await);
    assert!(flow.browser.is_chosen("input[name=topic][value='tag:bacs']").await);
    assert!(!flow.browser.is_chosen("input[name=topic][value='tag:ponts']").await);
    flow.press("button[value=pause]").await;
    assert!(flow.browser.has("[role=status]").await);
    flow.press("button[value=resume]").await;
    assert!(!flow.browser.has("button[value=resume]").await);
    flow.announce("Encore un pont", "Ponts").await;
    flow.announce("Encore un bac", "Bacs").await;
    let letter = flow.room.letter(ANN);
    assert_eq!((letter.shown.subject.as_str(), letter.header("Content-Language")), ("Encore un bac", other));

    flow.browser.visit(&link(&letter, "/u/")).await;
    assert!(flow.is_active().await, "a look ends nothing");
    flow.submit().await;
    assert!(!flow.is_active().await);
    flow.press("button[value=back]").await;
    assert!(flow.is_active().await, "it was a mistake");
    flow.browser.visit(&link(&letter, "/u/")).await;
    flow.submit().await;
    assert!(!flow.is_active().await);
    flow.announce("Un dernier bac", "Bacs").await;
    flow.browser.visit(&link(&letter, "/preferences/")).await;
    assert!(!flow.browser.has("main form").await, "nothing is left to prefer");
    flow.browser.end().await;
}

/// A test for each way of reading.
macro_rules! ways {
    ($($name:ident: $language:literal, $scripts:ident, $view:ident;)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let Some(()) = crate::tools::chromium() else { return };
            let way = Way { language: $language, scripts: Scripts::$scripts, view: View::$view };
            Box::pin(somebody_subscribes_changes_and_leaves(way)).await;
        })+
    };
}

ways! {
    in_french_at_a_desk: "fr", Run, DESK;
    in_french_at_a_desk_without_scripts: "fr", Forbidden, DESK;
    in_french_in_a_hand: "fr", Run, HAND;
    in_french_in_a_hand_without_scripts: "fr", Forbidden, HAND;
    in_english_at_a_desk: "en", Run, DESK;
    in_english_at_a_desk_without_scripts: "en", Forbidden, DESK;
    in_english_in_a_hand: "en", Run, HAND;
    in_english_in_a_hand_without_scripts: "en", Forbidden, HAND;
}
