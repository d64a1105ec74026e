//! What somebody sees who subscribes, chooses, moves, asks for their data and leaves.

use chrono::TimeDelta;

use super::{ANN, Walk};
use crate::newsroom::Letter;
use crate::room::{link, site};

const NEW: &str = "ann@example.net";
const LAST: &str = "ann@example.com";

impl Walk<'_> {
    /// From the form to the confirmed subscription.
    pub(super) async fn subscribe(&mut self) {
        let form = format!("{}/subscribe", site());
        self.browser.visit(&form).await;
        self.browser.press("input[name=topic][value=all]").await;
        self.press("subscribe-mistaken", "main form.form button.button").await;
        // No person is so fast.
        self.browser.visit(&format!("{form}?topic=tag:bacs")).await;
        self.browser.fill("#email", ANN).await;
        self.press("subscribe-once-more", "main form.form button.button").await;
        self.press("check-inbox", "main form.form button.button").await;
        self.browser.visit(&form).await;
        self.browser.fill("#email", "bob@example.org").await;
        self.wait();
        self.press("subscribe-later", "main form.form button.button").await;

        self.room.look().await;
        let letter = self.room.letter(ANN);
        self.read("confirmation", &letter).await;
        self.visit("confirm", &link(&letter, "/confirm/")).await;
        self.press("confirmed", "main form button.button").await;
    }

    /// Preferences, what is wrong with them, a pause, a copy of one's data.
    pub(super) async fn prefer(&mut self, letter: &Letter) {
        let preferences = link(letter, "/preferences/");
        self.visit("preferences", &preferences).await;
        self.browser.send(&preferences, &[("do", "fly")]).await;
        self.see_another("bad-request").await;
        self.browser.visit(&preferences).await;
        self.browser.press("input[name=topic][value='tag:bacs']").await;
        self.press("preferences-mistaken", "main form.form button.button").await;
        self.browser.press("input[name=topic][value=all]").await;
        self.browser.fill("#name", "Ann Bell").await;
        self.browser.fill("#organisation", "La Gazette du fleuve").await;
        self.press("preferences-saved", "main form.form button.button").await;
        self.browser.press("input[name=pause][value=day]").await;
        self.press("preferences-no-day", "button[value=pause]").await;
        self.browser.fill("#email", "ann@").await;
        self.press("preferences-no-address", "button[value=address]").await;
        self.browser.press("input[name=pause][value=month]").await;
        self.press("preferences-paused", "button[value=pause]").await;
        self.visit("unsubscribe-paused", &link(letter, "/u/")).await;
        self.browser.visit(&preferences).await;
        self.press("preferences-resumed", "button[value=resume]").await;

        self.press("asked-for-data", "button[value=export]").await;
        self.room.look().await;
        let asked = self.room.letter(ANN);
        self.read("export", &asked).await;
        self.visit("export", &link(&asked, "/preferences/export/")).await;
    }

    /// Asks for another address, and gives the links in the letters to the present one and to the new one.
    async fn ask_for_address(&mut self, name: &str, letter: &Letter, address: &str) -> (String, String) {
        // Only so many letters an hour are written to one person.
        self.room.pass("61m").await;
        self.browser.visit(&link(letter, "/preferences/")).await;
        self.browser.fill("#email", address).await;
        self.press(&format!("asked-for-address-{name}"), "button[value=address]").await;
        self.room.look().await;
        let (old, new) = (self.room.letter(ANN), self.room.letter(address));
        self.read(&format!("address-old-{name}"), &old).await;
        self.read(&format!("address-new-{name}"), &new).await;
        (link(&old, "/preferences/address/"), link(&new, "/preferences/address/"))
    }

    /// Both sides of a change of address: one that is refused, and one that is agreed to.
    pub(super) async fn change_address(&mut self, letter: &Letter) {
        let (old, new) = self.ask_for_address("refused", letter, NEW).await;
        self.visit("address-new", &new).await;
        self.press("address-new-waiting", "button[value=agree]").await;
        self.visit("address-old", &old).await;
        self.press("address-old-refused", "button[value=refuse]").await;
        self.visit("address-over", &new).await;
        let (old, new) = self.ask_for_address("agreed", letter, LAST).await;
        self.browser.visit(&old).await;
        self.press("address-old-waiting", "button[value=agree]").await;
        self.browser.visit(&new).await;
        self.press("address-changed", "button[value=agree]").await;
    }

    /// Leaving, coming back, leaving for good, being forgotten.
    pub(super) async fn leave(&mut self, letter: &Letter) {
        let (leave, preferences) = (link(letter, "/u/"), link(letter, "/preferences/"));
        self.visit("unsubscribe", &leave).await;
        self.press("unsubscribed", "main form button.button").await;
        self.press("back", "button[value=back]").await;
        self.room.look().await;
        let told = self.room.letter(LAST);
        self.read("returned", &told).await;
        self.browser.visit(&link(&told, "/u/")).await;
        self.browser.follow("main form button.button").await;
        self.visit("preferences-over", &preferences).await;
        self.room.clock().advance(TimeDelta::days(8));
        self.visit("unsubscribed-long-ago", &leave).await;
        self.press("asked-for-erasure", "button[value=erase]").await;
        self.room.look().await;
        let asked = self.room.letter(LAST);
        self.read("erasure", &asked).await;
        self.visit("erase", &link(&asked, "/preferences/erase/")).await;
        self.press("erased", "button[value=erase]").await;
        self.visit("forgotten", &preferences).await;
    }
}
