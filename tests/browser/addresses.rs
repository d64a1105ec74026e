//! Another address: asked for on the page of preferences, agreed to or refused behind the letters to both sides.

use crate::flow::{ANN, Flow, Way, ways};
use crate::room::link;

const NEW: &str = "ann@example.net";

/// Asks for another address, and gives the links in the letters to the present one and to the new one.
async fn ask(flow: &mut Flow) -> (String, String) {
    flow.announce("Un pont de plus", "Ponts").await;
    let letter = flow.room.letter(ANN);
    flow.browser.visit(&link(&letter, "/preferences/")).await;
    // What is no address is said beside the field, and stays in it.
    flow.browser.fill("#email", "ann").await;
    flow.press("button[value=address]").await;
    assert!(flow.browser.has("#email[aria-invalid=true][value=ann]").await);
    flow.browser.fill("#email", NEW).await;
    flow.press("button[value=address]").await;
    assert!(flow.shows("a…@example.org").await && !flow.shows(NEW).await, "this link may be in other hands");
    flow.room.look().await;
    let (old, new) = (flow.room.letter(ANN), flow.room.letter(NEW));
    assert_eq!(old.header("Content-Language"), new.header("Content-Language"));
    (link(&old, "/preferences/address/"), link(&new, "/preferences/address/"))
}

async fn both_sides_agree(way: Way) {
    let mut flow = Flow::begin_subscribed(way).await;
    let (old, new) = ask(&mut flow).await;
    flow.browser.visit(&new).await;
    assert!(!flow.shows("example.org").await, "a stranger there learns nothing");
    flow.submit().await;
    assert!(flow.shows("a…@example.net").await);
    flow.announce("Encore un pont", "Ponts").await;
    flow.room.letter(ANN);

    flow.browser.visit(&old).await;
    assert!(flow.is_active().await, "one side alone changes nothing, and a look neither");
    flow.press("button[value=agree]").await;
    assert!(!flow.is_active().await);
    flow.announce("Un dernier pont", "Ponts").await;
    let letter = flow.room.letter(NEW);
    assert_eq!(letter.header("Content-Language"), way.language);
    flow.browser.visit(&link(&letter, "/preferences/")).await;
    assert!(flow.shows("a…@example.net").await);
    flow.browser.end().await;
}

async fn the_present_side_refuses(way: Way) {
    let mut flow = Flow::begin_subscribed(way).await;
    let (old, new) = ask(&mut flow).await;
    flow.browser.visit(&new).await;
    flow.submit().await;
    flow.browser.visit(&old).await;
    flow.press("button[value=refuse]").await;
    assert!(flow.shows("a…@example.org").await);
    // Nobody can agree any more, on either side.
    for link in [&old, &new] {
        flow.browser.visit(link).await;
        assert!(flow.browser.has(".kicker").await && !flow.browser.has("main form").await);
    }
    flow.announce("Encore un pont", "Ponts").await;
    flow.room.letter(ANN);
    flow.browser.end().await;
}

ways! { both_sides_agree in
    an_address_changes_in_french_in_a_hand: "fr", Run, HAND;
}

ways! { the_present_side_refuses in
    an_address_stays_in_english_at_a_desk_without_scripts: "en", Forbidden, DESK;
}
