//! Every page there is, in both languages, one after the other, each inspected; and every letter.

mod lost;
mod mailbox;
mod office;
mod reader;

use crate::chromium::{Chromium, Scripts, View};
use crate::draft::release;
use crate::inspection::Inspection;
use crate::newsroom::{Letter, TestNewsroom};
use crate::room::{browser, newsroom_of_samples, site};

const ANN: &str = "ann@example.org";

/// Pages that anybody may ask for, and what they are answered with.
const PUBLIC: [(&str, &str, u16); 10] = [
    ("front", "/", 200),
    ("feeds", "/feeds/", 200),
    ("all", "/feeds/all/", 200),
    ("all-2", "/feeds/all/page/2/", 200),
    ("category", "/feeds/category/discours/", 200),
    ("tag", "/feeds/tag/bacs/", 200),
    ("subscribe", "/subscribe", 200),
    ("subscribe-to-one", "/subscribe?topic=tag:bacs", 200),
    ("withdrawn", "/espace-presse/peage-au-gue-des-moines/", 410),
    ("not-found", "/nowhere", 404),
];

/// A newsroom, a browser in it, and what is noted on the way.
struct Walk<'a> {
    language: &'a str,
    room: TestNewsroom,
    browser: Chromium,
    inspection: &'a mut Inspection,
}

impl Walk<'_> {
    /// Inspects the page that is shown.
    async fn see(&mut self, name: &str) {
        let name = format!("{}-{name}", self.language);
        self.inspection.page(&self.browser, &name).await;
    }

    /// The same for a page that is like another one in all but its words.
    async fn see_another(&mut self, name: &str) {
        let name = format!("{}-{name}", self.language);
        self.inspection.page_like_another(&self.browser, &name).await;
    }

    /// Goes to a page and inspects it.
    async fn visit(&mut self, name: &str, address: &str) {
        self.browser.visit(address).await;
        self.see(name).await;
    }

    /// Presses a button and inspects what comes.
    async fn press(&mut self, name: &str, selector: &str) {
        self.browser.follow(selector).await;
        self.see(name).await;
    }

    /// The same where that is like another page in all but its words.
    async fn press_another(&mut self, name: &str, selector: &str) {
        self.browser.follow(selector).await;
        self.see_another(name).await;
    }

    /// Inspects a letter that somebody got.
    async fn read(&mut self, name: &str, letter: &Letter) {
        self.letter(name, &letter.shown.html).await;
    }

    /// Inspects the HTML of a letter.
    async fn letter(&mut self, name: &str, html: &str) {
        let name = format!("{}-letter-{name}", self.language);
        self.inspection.letter(&self.browser, &name, html).await;
    }

    /// Somebody takes a minute.
    fn wait(&self) {
        self.room.clock().advance(chrono::TimeDelta::minutes(1));
    }

    fn admin(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.room.ports().1)
    }

    /// The addresses that links of the page lead to, those below `path`.
    async fn links(&self, path: &str) -> Vec<String> {
        let script = format!(
            "return [...document.querySelectorAll('main a[href]')].map(a => a.href)
            .filter(href => new URL(href).pathname.startsWith('{path}') && new URL(href).pathname !== '{path}');"
        );
        serde_json::from_value(self.browser.ask(&script).await).unwrap()
    }

    /// Saves a release that is live at once.
    fn publish(&self, title: &str, name: &str) {
        let date = self.room.now().format("%Y-%m-%d %H:%M:%SZ").to_string();
        self.room.save(&format!("{name}.md"), &release(title, &date).labels("Discours", "Bacs"));
    }

    /// Everything public: the table, and releases.
    async fn public(&mut self) {
        for (name, path, status) in PUBLIC {
            self.visit(name, &format!("{}{path}", site())).await;
            let answered = "return performance.getEntriesByType('navigation')[0].responseStatus";
            assert_eq!(self.browser.ask(answered).await, status, "{path}");
        }
        // The same texts in both languages: a few of them show what differs.
        let releases = if self.language == "fr" { 12 } else { 3 };
        for (number, item) in self.room.json_items().await.into_iter().enumerate().take(releases) {
            let address = item["url"].as_str().unwrap().to_owned();
            self.visit(&format!("release-{number}"), &address).await;
        }
    }
}

async fn everything(language: &str, inspection: &mut Inspection) {
    let mut room = newsroom_of_samples(language);
    room.configure("signup.per_source", "1");
    room.configure("privacy.controller", "Ministère des Ponts et Passages");
    room.configure("privacy.contact", "donnees@ponts-et-passages.example");
    room.configure("privacy.policy_url", "https://ponts-et-passages.example/donnees");
    for month in 1..=12 {
        let old = release(&format!("Le bac de {month} heures"), &format!("2024-{month:02}-02 10:00:00"));
        room.save(&format!("2024-{month:02}-02-bac-de-{month}-heures.md"), &old.labels("Discours", "Bacs"));
    }
    room.start("2026-11-23T09:30:00Z").await;
    let browser = browser(&room, Scripts::Run, language).await;
    browser.look(View::DESK).await;
    let mut walk = Walk { language, room, browser, inspection };
    Box::pin(walk.public()).await;
    Box::pin(walk.subscribe()).await;
    let letter = Box::pin(walk.announce()).await;
    Box::pin(walk.lost_links()).await;
    Box::pin(walk.prefer(&letter)).await;
    Box::pin(walk.mailbox()).await;
    Box::pin(walk.previews()).await;
    Box::pin(walk.samples()).await;
    Box::pin(walk.change_address(&letter)).await;
    Box::pin(walk.leave(&letter)).await;
    Box::pin(walk.decide()).await;
    Box::pin(walk.alarms()).await;
    Box::pin(walk.mistakes(&letter)).await;
    walk.browser.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_and_letter_is_for_everybody() {
    let Some(()) = crate::tools::chromium() else { return };
    let (mut french, mut english) = (Inspection::new(), Inspection::new());
    tokio::join!(everything("fr", &mut french), everything("en", &mut english));
    french.join(english);
    let inspected = french.end();
    assert!(inspected > 350, "{inspected} pages and letters");
}
