//! Every page there is, in both languages, one after the other, each inspected.

use std::collections::BTreeMap;

use crate::chromium::{Chromium, Scripts, View};
use crate::draft::{pdf, release};
use crate::inspection::Inspection;
use crate::newsroom::{OFFICE, TestNewsroom};
use crate::room::{browser, link, newsroom_of_samples, site};

const ANN: &str = "ann@example.org";
const TITLE: &str = "Les bacs de nuit reprennent";

/// Pages that anybody may ask for.
const PUBLIC: [(&str, &str); 11] = [
    ("front", "/"),
    ("front-2", "/page/2/"),
    ("feeds", "/feeds/"),
    ("all", "/feeds/all/"),
    ("category", "/feeds/category/discours/"),
    ("tag", "/feeds/tag/bacs/"),
    ("subscribe", "/subscribe"),
    ("subscribe-to-one", "/subscribe?topic=tag:bacs"),
    ("not-found", "/nowhere"),
    ("forged-confirmation", "/confirm/nothing"),
    ("forged-unsubscription", "/u/nothing"),
];

/// Pages of the mailbox that lead to the others.
const ADMIN: [(&str, &str); 3] =
    [("mailbox", "/mailbox/"), ("letters", "/mailbox/letters/"), ("previews", "/mailbox/previews/")];

/// How many letters of each kind are looked at in the browser; the checker reads all of them.
const LOOKED_AT: usize = 1;

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

    /// Everything public: the table, and releases.
    async fn public(&mut self) {
        for (name, path) in PUBLIC {
            self.visit(name, &format!("{}{path}", site())).await;
        }
        // The same texts in both languages: a few of them show what differs.
        let releases = if self.language == "fr" { usize::MAX } else { 3 };
        for (number, item) in self.room.json_items().await.into_iter().enumerate().take(releases) {
            let address = item["url"].as_str().unwrap().to_owned();
            self.visit(&format!("release-{number}"), &address).await;
        }
    }

    /// From the form to the goodbye.
    async fn subscription(&mut self) {
        self.browser.visit(&format!("{}/subscribe", site())).await;
        self.browser.press("input[name=topic][value=all]").await;
        self.press("subscribe-mistaken", "main form.form button.button").await;
        self.browser.press("input[name=topic][value='tag:bacs']").await;
        self.browser.fill("#email", ANN).await;
        self.room.clock().advance(chrono::TimeDelta::minutes(1));
        self.press("check-inbox", "main form.form button.button").await;
        self.room.look().await;
        let letter = self.room.letter(ANN);
        let name = format!("{}-letter-confirmation", self.language);
        self.inspection.letter(&self.browser, &name, &letter.shown.html).await;
        self.visit("confirm", &link(&letter, "/confirm/")).await;
        self.press("confirmed", "main form button.button").await;

        let copy = self.announce().await;
        self.room.pass("10m").await;
        let letter = self.room.letter(ANN);
        let name = format!("{}-letter-announcement", self.language);
        self.inspection.letter(&self.browser, &name, &letter.shown.html).await;
        self.visit("office-afterwards", &copy).await;
        self.visit("preferences", &link(&letter, "/preferences/")).await;
        self.browser.press("input[name=topic][value='tag:bacs']").await;
        self.press("preferences-mistaken", "main form.form button.button").await;
        self.browser.press("input[name=topic][value=all]").await;
        self.press("preferences-saved", "main form.form button.button").await;
        self.press("preferences-paused", "button[value=pause]").await;
        self.press("preferences-asked-for-data", "button[value=export]").await;
        self.room.look().await;
        let asked = self.room.letter(ANN);
        let name = format!("{}-letter-export", self.language);
        self.inspection.letter(&self.browser, &name, &asked.shown.html).await;
        self.visit("export", &link(&asked, "/preferences/export/")).await;
        self.visit("unsubscribe", &link(&letter, "/u/")).await;
        self.press("unsubscribed", "main form button.button").await;
        self.visit("preferences-over", &link(&letter, "/preferences/")).await;
    }

    /// A release that is about to be announced; where the office decides on it, after each of its pages.
    async fn announce(&mut self) -> String {
        let date = self.room.now().format("%Y-%m-%d %H:%M:%SZ").to_string();
        self.room.upload("CP_bacs-de-nuit.pdf", &pdf("bacs"));
        let text = release(TITLE, &date).labels("Discours", "Bacs");
        self.room.save("bacs-de-nuit.md", &text.document("/uploads/CP_bacs-de-nuit.pdf", "Le communiqué"));
        self.room.look().await;
        let copy = self.room.letter(OFFICE);
        let name = format!("{}-letter-office", self.language);
        self.inspection.letter(&self.browser, &name, &copy.shown.html).await;
        let address = link(&copy, "/office/");
        self.visit("office", &address).await;
        let admin = self.admin("/mailbox/");
        self.visit("mailbox-waiting", &admin).await;
        self.browser.visit(&address).await;
        self.press("office-held", "main form:has(input[value=hold]) button").await;
        self.visit("office-while-held", &address).await;
        self.press("office-sent", "main form:has(input[value=send]) button").await;
        address
    }

    /// The mailbox, one letter in it, and every letter that could be sent.
    async fn mailbox(&mut self) {
        for (name, path) in ADMIN {
            let address = self.admin(path);
            self.visit(name, &address).await;
        }
        let previews = self.links("/mailbox/previews/").await;
        assert!(previews.len() > 20, "{previews:?}");
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for (number, address) in previews.into_iter().enumerate() {
            let slug = address.rsplit('/').next().unwrap().to_owned();
            if !slug.ends_with(&format!("-{}", self.language)) {
                continue;
            }
            let kind = slug.split('-').next().unwrap().to_owned();
            self.browser.visit(&address).await;
            let looked_at = seen.entry(kind.clone()).or_default();
            *looked_at += 1;
            if *looked_at == 1 {
                self.see(&format!("preview-{kind}")).await;
            }
            let framed = self.browser.ask("return document.querySelector('iframe.letter').src").await;
            self.browser.visit(framed.as_str().unwrap()).await;
            let html = self.browser.source().await;
            let name = format!("{}-preview-{number}-{kind}", self.language);
            if *seen.get(&kind).unwrap() <= LOOKED_AT {
                self.inspection.letter(&self.browser, &format!("{name}-letter"), &html).await;
            } else {
                self.inspection.letter_for_checker(&format!("{name}-letter"), &html);
            }
        }
        let kinds: Vec<&str> = seen.keys().map(String::as_str).collect();
        for kind in ["announcement", "confirmation", "correction", "digest", "withdrawal"] {
            assert!(kinds.contains(&kind), "{kinds:?}");
        }
    }
}

async fn everything(language: &str, inspection: &mut Inspection) {
    let mut room = newsroom_of_samples(language);
    room.start("2026-11-23T09:30:00Z").await;
    let browser = browser(&room, Scripts::Run, language).await;
    browser.look(View::DESK).await;
    let mut walk = Walk { language, room, browser, inspection };
    Box::pin(walk.public()).await;
    Box::pin(walk.subscription()).await;
    Box::pin(walk.mailbox()).await;
    walk.browser.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_and_letter_is_for_everybody() {
    let Some(()) = crate::tools::chromium() else { return };
    let (mut french, mut english) = (Inspection::new(), Inspection::new());
    tokio::join!(everything("fr", &mut french), everything("en", &mut english));
    french.join(english);
    let inspected = french.end();
    assert!(inspected > 80, "{inspected} pages and letters");
}
