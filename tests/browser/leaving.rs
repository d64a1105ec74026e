//! Leaving without a look at any page: by the button of a mail program (RFC 8058), or by a letter. What the pages say then.

use depeche::task::TakenIn;
use url::Url;

use crate::flow::{ANN, Flow, Way, ways};
use crate::newsroom::{Letter, SITE};
use crate::room::site;

/// The addresses of the header that mail programs read.
fn ways_out(letter: &Letter) -> Vec<Url> {
    let header = letter.header("List-Unsubscribe");
    header.split(',').map(|way| way.trim().trim_matches(['<', '>']).parse().unwrap()).collect()
}

/// Where the browser finds what a link of a letter leads to.
fn found(letter: &Letter, start: &str) -> String {
    format!("{}{}", site(), letter.link(start))
}

/// The page of the subscription says that it is over, and leads to the form.
async fn preferences_are_over(flow: &mut Flow, letter: &Letter) {
    flow.browser.visit(&found(letter, "/preferences/")).await;
    assert!(!flow.browser.has("main form").await, "nothing is left to prefer");
    flow.press("main a.button").await;
    assert!(flow.browser.has("form.form #email").await);
}

/// Its way out says goodbye, and the button on it leads back.
async fn come_back(flow: &mut Flow, letter: &Letter) {
    flow.browser.visit(&found(letter, "/u/")).await;
    assert!(!flow.is_active().await && flow.shows("a…@example.org").await);
    flow.press("button[value=back]").await;
    assert!(flow.is_active().await);
    flow.room.look().await;
    drop(flow.room.letter(ANN).link("/u/"));
    flow.announce("Un dernier pont", "Ponts").await;
    flow.room.letter(ANN);
}

async fn a_mail_program_posts(way: Way) {
    let mut flow = Flow::begin_behind_a_proxy(way).await;
    flow.announce("Un pont de plus", "Ponts").await;
    let letter = flow.room.letter(ANN);
    let click = letter.header("List-Unsubscribe-Post");
    assert_eq!(click, "List-Unsubscribe=One-Click");
    let address = &ways_out(&letter)[0];
    assert_eq!(address.as_str().strip_prefix(SITE), Some(address.path()));
    let answer = flow.room.post(address.path(), click).await;
    assert_eq!((answer.status, answer.header("location"), answer.header("set-cookie")), (200, "", ""));
    assert!(!flow.is_active().await);
    flow.announce("Encore un pont", "Ponts").await;
    preferences_are_over(&mut flow, &letter).await;
    come_back(&mut flow, &letter).await;
    flow.browser.end().await;
}

async fn a_letter_asks_to_leave(way: Way) {
    let mut flow = Flow::begin_behind_a_proxy(way).await;
    flow.announce("Un pont de plus", "Ponts").await;
    let letter = flow.room.letter(ANN);
    let address = &ways_out(&letter)[1];
    let (to, subject) = (address.path(), address.query_pairs().find(|(name, _)| name == "subject").unwrap().1);
    let message = format!("From: Ann <{ANN}>\r\nTo: {to}\r\nSubject: {subject}\r\n\r\n");
    let taken = flow.room.newsroom().take_in(message.as_bytes(), Some(to)).await.unwrap();
    assert!(matches!(taken, TakenIn::Unsubscribed { ended: true, .. }), "{taken:?}");
    flow.announce("Encore un pont", "Ponts").await;
    preferences_are_over(&mut flow, &letter).await;
    come_back(&mut flow, &letter).await;
    flow.browser.end().await;
}

ways! { a_mail_program_posts in
    one_click_leaves_in_french_in_a_hand_without_scripts: "fr", Forbidden, HAND;
}

ways! { a_letter_asks_to_leave in
    a_letter_leaves_in_english_at_a_desk: "en", Run, DESK;
}
