//! A long list of tags: searched in where scripts run, whole where they do not.

use serde_json::json;
use thirtyfour::Key;

use crate::chromium::Scripts;
use crate::flow::{ANN, Flow, Way, ways};
use crate::room::link;

const SCHOOL: &str = "École d’été";
const SCHOOL_BOX: &str = "input[name=topic][value='tag:ecole-d-ete']";
const FIELD: &str = ".search input";

/// A newsroom with thirty tags and the one that is looked for, and its form with everything unticked.
async fn begin(way: Way) -> Flow {
    let mut tags: Vec<String> = (1..=30).map(|number| format!("Canton {number}")).collect();
    tags.insert(20, SCHOOL.to_owned());
    let flow = Flow::begin_with(way, &tags.join("|")).await;
    flow.open_form().await;
    flow.browser.press("input[name=topic][value=all]").await;
    flow
}

/// The tags that can be seen, in their order.
async fn tags(flow: &Flow) -> Vec<String> {
    const SEEN: &str = "return [...document.querySelectorAll('.searchable .choice')]
        .filter(choice => choice.checkVisibility()).map(choice => choice.innerText.trim());";
    serde_json::from_value(flow.browser.ask(SEEN).await).unwrap()
}

/// Subscribes with what is ticked: what that is, the confirmation tells.
async fn subscribe(flow: &mut Flow, topics: &[&str]) {
    flow.browser.fill("#email", ANN).await;
    flow.submit().await;
    flow.room.look().await;
    let letter = flow.room.letter(ANN);
    flow.browser.visit(&link(&letter, "/confirm/")).await;
    let listed = flow.browser.ask("return [...document.querySelectorAll('main li')].map(item => item.innerText)").await;
    assert_eq!(listed, json!(topics));
}

async fn a_tag_is_searched_for(way: Way) {
    let mut flow = begin(way).await;
    assert_eq!(tags(&flow).await.len(), 32);
    // However it is typed, and the return key does not send the form.
    flow.browser.fill(FIELD, &format!("ETE  ecole{}", Key::Enter.value())).await;
    assert_eq!(tags(&flow).await, [SCHOOL]);
    assert!(flow.browser.text(".searchable [role=status]").await.starts_with('1'));
    flow.browser.press(SCHOOL_BOX).await;
    flow.browser.fill(FIELD, "canton 30").await;
    assert_eq!(tags(&flow).await, [SCHOOL, "Canton 30"], "what is chosen stays in sight, and first");
    flow.browser.press("input[name=topic][value='tag:canton-30']").await;
    flow.browser.fill(FIELD, "viaduc").await;
    assert_eq!(tags(&flow).await, ["Canton 30", SCHOOL]);
    // What is mistaken elsewhere loses nothing that was ticked.
    flow.browser.fill("#email", "ann").await;
    flow.submit().await;
    assert_eq!(tags(&flow).await[..2], ["Canton 30", SCHOOL]);
    subscribe(&mut flow, &["Canton 30", SCHOOL]).await;
    flow.browser.end().await;
}

async fn every_tag_is_there_without_scripts(way: Way) {
    assert_eq!(way.scripts, Scripts::Forbidden);
    let mut flow = begin(way).await;
    assert!(!flow.browser.has(FIELD).await);
    assert_eq!(tags(&flow).await.len(), 32);
    flow.browser.press(SCHOOL_BOX).await;
    flow.browser.press("input[name=topic][value='tag:canton-30']").await;
    subscribe(&mut flow, &["Canton 30", SCHOOL]).await;
    flow.browser.end().await;
}

ways! { a_tag_is_searched_for in
    a_tag_is_found_in_french_in_a_hand: "fr", Run, HAND;
}

ways! { every_tag_is_there_without_scripts in
    every_tag_is_there_in_english_at_a_desk_without_scripts: "en", Forbidden, DESK;
}
