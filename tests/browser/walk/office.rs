//! What the press office sees before, while and after letters leave.

use chrono::TimeDelta;

use super::{ANN, Walk};
use crate::draft::{pdf, release};
use crate::newsroom::{Letter, OFFICE};
use crate::room::link;

const TITLE: &str = "Les bacs de nuit reprennent";

/// The button that decides this.
fn button(decision: &str) -> String {
    format!("main form:has(input[value={decision}]) button")
}

impl Walk<'_> {
    /// A release is announced, after each of the office's pages about it; the letter that comes.
    pub(super) async fn announce(&mut self) -> Letter {
        let date = self.room.now().format("%Y-%m-%d %H:%M:%SZ").to_string();
        self.room.upload("CP_bacs-de-nuit.pdf", &pdf("bacs"));
        let text = release(TITLE, &date).labels("Discours", "Bacs");
        self.room.save("bacs-de-nuit.md", &text.document("/uploads/CP_bacs-de-nuit.pdf", "Le communiqué"));
        self.room.look().await;
        let copy = self.room.letter(OFFICE);
        self.read("office", &copy).await;
        let address = link(&copy, "/office/");
        self.visit("office", &address).await;
        let admin = self.admin("/mailbox/");
        self.visit("mailbox-waiting", &admin).await;
        self.browser.visit(&address).await;
        self.press("office-held", &button("hold")).await;
        self.visit("office-while-held", &address).await;
        self.press_another("office-sent", &button("send")).await;
        self.room.pass_without_sending("1m").await;
        self.visit("office-while-sending", &address).await;
        self.press_another("office-paused", &button("pause")).await;
        self.visit("office-while-paused", &address).await;
        let admin = self.admin("/mailbox/");
        self.visit("mailbox-paused", &admin).await;
        self.browser.visit(&address).await;
        self.press_another("office-resumed", &button("resume")).await;
        self.room.look().await;
        let letter = self.room.letter(ANN);
        self.read("announcement", &letter).await;
        let summary = self.room.letter(OFFICE);
        self.read("summary", &summary).await;
        self.visit("office-afterwards", &address).await;
        letter
    }

    /// Decisions that come too late, before an embargo, and about many releases at once.
    pub(super) async fn decide(&mut self) {
        drop(self.room.inbox(OFFICE));
        let later = (self.room.now() + TimeDelta::hours(2)).format("%Y-%m-%d %H:%M:%SZ").to_string();
        self.room.save("bac-demain.md", &release("Un bac sous embargo", &later).labels("Discours", "Bacs"));
        self.room.look().await;
        let copy = self.room.letter(OFFICE);
        self.read("office-embargo", &copy).await;
        let address = link(&copy, "/office/");
        self.browser.visit(&address).await;
        self.browser.follow(&button("hold")).await;
        self.browser.visit(&address).await;
        self.press_another("office-freed", &button("send")).await;
        self.browser.visit(&address).await;
        self.press_another("office-cancelled", &button("cancel")).await;
        self.browser.send(&address, &[("do", "send")]).await;
        self.see_another("office-late").await;

        for number in 1..=5 {
            self.publish(&format!("Le bac numéro {number} change de rive"), &format!("bac-{number}"));
        }
        self.room.look().await;
        let notice = self.room.letter(OFFICE);
        self.read("crowd", &notice).await;
        let address = link(&notice, "/office/");
        self.visit("office-crowd", &address).await;
        let admin = self.admin("/mailbox/");
        self.visit("mailbox-crowd", &admin).await;
        self.browser.visit(&address).await;
        self.press_another("office-all-cancelled", &button("cancel-all")).await;
    }
}
