//! A newsroom, a browser in it, and somebody who reads: what every flow is played with.

use std::collections::BTreeSet;

use depeche::domain::{Frequency, NewSubscriber, SubscriberState, Topic};

use crate::chromium::{Chromium, Scripts, View};
use crate::draft::release;
use crate::newsroom::{SITE, TestNewsroom};
use crate::room::{browser, newsroom, site};

/// Who subscribes.
pub(crate) const ANN: &str = "ann@example.org";

/// How somebody reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    pub(crate) language: &'static str,
    pub(crate) scripts: Scripts,
    pub(crate) view: View,
}

/// A newsroom and a browser in it.
pub(crate) struct Flow {
    pub(crate) room: TestNewsroom,
    pub(crate) browser: Chromium,
}

impl Flow {
    /// A newsroom that nobody has subscribed to.
    pub(crate) async fn begin(way: Way) -> Self {
        Self::begin_with(way, "Ponts").await
    }

    /// The same, in which releases are about these tags, separated by `|`.
    pub(crate) async fn begin_with(way: Way, tags: &str) -> Self {
        Self::open(newsroom(way.language), way, tags).await
    }

    /// A newsroom in which Ann follows everything.
    pub(crate) async fn begin_subscribed(way: Way) -> Self {
        Box::pin(Self::subscribed(newsroom(way.language), way)).await
    }

    /// The same, which the world knows under an address with `https`: a proxy, which is not here, has the certificate.
    pub(crate) async fn begin_behind_a_proxy(way: Way) -> Self {
        let mut room = newsroom(way.language);
        room.configure("site.url", SITE);
        Box::pin(Self::subscribed(room, way)).await
    }

    async fn open(mut room: TestNewsroom, way: Way, tags: &str) -> Self {
        let Way { language, scripts, view } = way;
        room.save("2026-11-20-a.md", &release("Un pont", "2026-11-20 10:00:00").labels("Discours", tags));
        room.save("2026-11-21-b.md", &release("Un bac", "2026-11-21 10:00:00").labels("Discours", "Bacs"));
        room.start("2026-11-23T09:30:00Z").await;
        let browser = browser(&room, scripts, language).await;
        browser.look(view).await;
        Self { room, browser }
    }

    async fn subscribed(room: TestNewsroom, way: Way) -> Self {
        let flow = Self::open(room, way, "Ponts").await;
        let new = NewSubscriber {
            address: ANN.parse().unwrap(),
            name: None,
            organisation: None,
            language: way.language.parse().unwrap(),
            frequency: Frequency::Immediate,
            topics: BTreeSet::from([Topic::All]),
            source: "flow".to_owned(),
        };
        flow.room.newsroom().store.add_active(&new, flow.room.now()).await.unwrap();
        flow
    }

    /// Opens the form to subscribe.
    pub(crate) async fn open_form(&self) {
        self.browser.visit(&format!("{}/subscribe", site())).await;
    }

    /// Presses the one button of the page, and waits as long as a person would.
    pub(crate) async fn submit(&mut self) {
        self.press("main form button.button").await;
    }

    /// The same with one button of several.
    pub(crate) async fn press(&mut self, button: &str) {
        self.room.clock().advance(chrono::TimeDelta::minutes(1));
        self.browser.follow(button).await;
    }

    /// Saves a release about `tag`, which is announced to whoever follows that.
    pub(crate) async fn announce(&mut self, title: &str, tag: &str) {
        let date = self.room.now().format("%Y-%m-%d %H:%M:%SZ").to_string();
        self.room.save(&format!("{title}.md"), &release(title, &date).labels("Discours", tag));
        self.room.look().await;
        self.room.pass("10m").await;
    }

    /// Whether letters go to Ann's address.
    pub(crate) async fn is_active(&self) -> bool {
        let found = self.room.newsroom().store.find(&ANN.parse().unwrap()).await.unwrap();
        found.is_some_and(|found| matches!(found.state, SubscriberState::Active { .. }))
    }

    /// Whether the page says these words. What holds a masked address together is nothing to see.
    pub(crate) async fn shows(&self, words: &str) -> bool {
        self.browser.text("main").await.replace('\u{2060}', "").contains(words)
    }
}

/// A test of a story for each way of reading.
macro_rules! ways {
    ($story:ident in $($name:ident: $language:literal, $scripts:ident, $view:ident;)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let Some(()) = crate::tools::chromium() else { return };
            let (scripts, view) = (crate::chromium::Scripts::$scripts, crate::chromium::View::$view);
            Box::pin($story(crate::flow::Way { language: $language, scripts, view })).await;
        })+
    };
}

pub(crate) use ways;
