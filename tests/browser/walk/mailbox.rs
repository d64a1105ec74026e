//! The administration's side: what waits, letters, and every letter that could be sent.

use std::collections::BTreeSet;
use std::fs;

use chrono::TimeDelta;
use depeche::language::Language;
use depeche::template::{
    AnnouncementLetter, ConfirmationLetter, CorrectionLetter, DigestLetter, Letter, NoticeLetter, RequestLetter,
    Templates, WithdrawalLetter,
};

use super::Walk;

/// Letters of which there is one for each release: one of them is looked at, the checker reads all.
const OF_RELEASES: [&str; 4] = ["announcement", "correction", "office", "withdrawal"];

/// A letter's samples as HTML.
fn rendered<L: Letter>(language: Language) -> Vec<(&'static str, String)> {
    let templates = Templates::new([]).unwrap();
    L::samples(language).iter().map(|letter| (L::FOLDER, templates.letter(letter).unwrap().html)).collect()
}

impl Walk<'_> {
    /// What waits, and letters as the relay of the demonstration keeps them.
    pub(super) async fn mailbox(&mut self) {
        for name in ["mailbox", "letters-none"] {
            let address = self.admin(if name == "mailbox" { "/mailbox/" } else { "/mailbox/letters/" });
            self.visit(name, &address).await;
        }
        let folder = self.room.root().join("var/mail");
        fs::create_dir_all(&folder).unwrap();
        for (number, letter) in self.room.all_letters().into_iter().enumerate() {
            fs::write(folder.join(format!("20261123T09000{number}.000000Z-0123456789abcdef.eml")), letter).unwrap();
        }
        let letters = self.admin("/mailbox/letters/");
        self.visit("letters", &letters).await;
        let letter = self.links("/mailbox/letters/").await.remove(0);
        self.visit("letters-one", &letter).await;
        let missing = self.admin("/mailbox/letters/nothing");
        self.visit("letters-missing", &missing).await;
    }

    /// The letters of every release, and all others, where they can be looked at before they leave.
    pub(super) async fn previews(&mut self) {
        let list = self.admin("/mailbox/previews/");
        self.visit("previews", &list).await;
        let previews = self.links("/mailbox/previews/").await;
        assert!(previews.len() > 20, "{previews:?}");
        let mut kinds = BTreeSet::new();
        for (number, address) in previews.into_iter().enumerate() {
            let slug = address.rsplit('/').next().unwrap();
            let Some(slug) = slug.strip_suffix(&format!("-{}", self.language)) else { continue };
            let kind = OF_RELEASES.into_iter().find(|kind| slug.starts_with(kind)).unwrap_or(slug);
            let is_new = kinds.insert(kind.to_owned());
            let framed = format!("{address}/html");
            if is_new {
                self.browser.visit(&address).await;
                let name = format!("preview-{kind}");
                if kinds.len() == 1 {
                    self.see(&name).await;
                } else {
                    self.see_another(&name).await;
                }
                let shown = self.browser.ask("return document.querySelector('iframe.letter').src").await;
                assert_eq!(shown, framed);
            }
            self.browser.visit(&framed).await;
            let html = self.browser.source().await;
            if is_new {
                self.letter(&format!("preview-{kind}"), &html).await;
            } else {
                self.inspection.letter_for_checker(&format!("{}-letter-{number}-{kind}", self.language), &html);
            }
        }
        let expected = [
            "announcement",
            "confirmation",
            "correction",
            "digest-daily",
            "digest-weekly",
            "notice",
            "office",
            "request-address-new",
            "request-address-old",
            "request-erasure",
            "request-export",
            "request-known",
            "request-returned",
            "withdrawal",
        ];
        assert_eq!(kinds, expected.map(str::to_owned).into());
    }

    /// Every letter with everything that it can hold: each notice to the office, the office's copy of each edition.
    pub(super) async fn samples(&mut self) {
        let language: Language = self.language.parse().unwrap();
        let kinds = [
            rendered::<AnnouncementLetter>,
            rendered::<CorrectionLetter>,
            rendered::<WithdrawalLetter>,
            rendered::<DigestLetter>,
            rendered::<ConfirmationLetter>,
            rendered::<RequestLetter>,
            rendered::<NoticeLetter>,
        ];
        for (number, (kind, html)) in kinds.into_iter().flat_map(|samples| samples(language)).enumerate() {
            self.letter(&format!("sample-{number}-{kind}"), &html).await;
        }
    }

    /// A folder that loses most of its releases, and a machine whose clock jumps.
    pub(super) async fn alarms(&mut self) {
        let content = self.room.root().join("content");
        for entry in content.read_dir_utf8().unwrap().map(Result::unwrap) {
            if entry.file_name().starts_with("20") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        self.room.look().await;
        self.room.step_clock(TimeDelta::hours(25));
        self.room.look().await;
        let address = self.admin("/mailbox/");
        self.browser.visit(&address).await;
        assert!(self.browser.has("form[action$='/folder/confirm']").await);
        assert!(self.browser.has("form[action$='/clock/confirm']").await);
        self.see("mailbox-alarmed").await;
    }
}
