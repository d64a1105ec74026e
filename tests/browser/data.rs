//! What is kept of somebody: downloaded by themselves, and forgotten when they ask for that.

use crate::flow::{ANN, Flow, Way, ways};
use crate::room::link;

async fn somebody_reads_what_is_kept_and_is_forgotten(way: Way) {
    let mut flow = Flow::begin_subscribed(way).await;
    flow.announce("Un pont de plus", "Ponts").await;
    let letter = flow.room.letter(ANN);
    let preferences = link(&letter, "/preferences/");
    flow.browser.visit(&preferences).await;
    flow.browser.fill("#name", "Ann Bell").await;
    flow.press("main form.form button.button").await;
    assert!(flow.shows("A…").await && !flow.shows("Bell").await, "letters get forwarded, and this link with them");

    flow.press("button[value=export]").await;
    assert!(flow.shows("a…@example.org").await);
    flow.room.look().await;
    let asked = flow.room.letter(ANN);
    assert_eq!(asked.header("Content-Language"), way.language);
    flow.browser.visit(&link(&asked, "/preferences/export/")).await;
    flow.browser.press("button[value=download]").await;
    let copy: serde_json::Value = serde_json::from_str(&flow.browser.downloaded("subscription.json").await).unwrap();
    assert_eq!(copy["subscriber"]["address"], ANN);
    assert_eq!(copy["subscriber"]["name"], "Ann Bell");
    assert_eq!(copy["deliveries"][1]["subject"], "Un pont de plus");

    flow.browser.visit(&preferences).await;
    flow.press("button[value=erase]").await;
    flow.room.look().await;
    let asked = flow.room.letter(ANN);
    flow.browser.visit(&link(&asked, "/preferences/erase/")).await;
    assert!(flow.is_active().await, "a look forgets nobody");
    flow.press("button[value=erase]").await;
    assert!(!flow.browser.has("main form").await);
    assert!(flow.room.newsroom().store.find(&ANN.parse().unwrap()).await.unwrap().is_none());
    flow.announce("Encore un pont", "Ponts").await;
    flow.browser.visit(&preferences).await;
    assert!(!flow.browser.has("main form").await && !flow.shows("example.org").await);
    flow.browser.end().await;
}

ways! { somebody_reads_what_is_kept_and_is_forgotten in
    data_are_read_and_forgotten_in_english_in_a_hand: "en", Run, HAND;
}
