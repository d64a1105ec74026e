//! Links that lead nowhere, and what a form of ours never sends.

use chrono::TimeDelta;
use depeche::domain::{AddressChangeId, EditionId, SubscriberId, Token};

use super::{ANN, Walk};
use crate::newsroom::Letter;
use crate::room::{link, site};

impl Walk<'_> {
    /// Links of letters that are cut short, swapped or late.
    pub(super) async fn lost_links(&mut self) {
        let subscriber = self.room.newsroom().store.find(&ANN.parse().unwrap()).await.unwrap().unwrap().id;
        let (change, edition) = (AddressChangeId::new(1), EditionId::new(1));
        let expires = self.room.now() - TimeDelta::minutes(1);
        let late = [
            ("confirm", Token::Confirm { subscriber, expires }),
            ("preferences/address", Token::AddressOld { change, expires }),
            ("preferences/export", Token::Export { subscriber, expires }),
            ("preferences/erase", Token::Erase { subscriber, expires }),
            ("office", Token::Office { edition, expires }),
        ];
        let nobody = SubscriberId::new(i64::MAX);
        let wrong = [
            ("u", Token::Preferences { subscriber }),
            ("preferences", Token::Unsubscribe { subscriber }),
            ("preferences/export", Token::Preferences { subscriber: nobody }),
        ];
        let key = self.room.newsroom().key().clone();
        let name = |kind: &str, page: &str| format!("{kind}-{}", page.replace('/', "-"));
        for (kind, links) in [("late", late.as_slice()), ("wrong", wrong.as_slice())] {
            for (page, token) in links {
                self.browser.visit(&format!("{}/{page}/{}", site(), token.signed(&key))).await;
                self.see_another(&name(kind, page)).await;
            }
        }
        for page in ["confirm", "preferences", "preferences/address", "preferences/erase", "u", "office"] {
            self.browser.visit(&format!("{}/{page}/nothing", site())).await;
            self.see_another(&name("forged", page)).await;
        }
    }

    /// What only programs send; and the page for a database that is away, after which there is none.
    pub(super) async fn mistakes(&mut self, letter: &Letter) {
        self.browser.visit(&format!("{}/", site())).await;
        self.browser.send("/feeds/", &[]).await;
        self.see_another("wrong-method").await;
        self.browser.send("/subscribe", &[("name", &"x".repeat(70_000))]).await;
        self.see_another("too-large").await;
        let erased = link(letter, "/u/").replace(&site(), "");
        self.browser.send(&erased, &[("do", "back")]).await;
        self.see_another("back-after-erasure").await;
        self.room.newsroom().store.close().await;
        self.browser.visit(&link(letter, "/u/")).await;
        self.see_another("away").await;
    }
}
