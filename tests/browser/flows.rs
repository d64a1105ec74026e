//! What a journalist does with pages and letters, from the form to the goodbye.

use crate::chromium::Scripts;
use crate::flow::{ANN, Flow, Way, ways};
use crate::room::link;

async fn somebody_subscribes_changes_and_leaves(way: Way) {
    let mut flow = Flow::begin(way).await;
    flow.open_form().await;
    let scripts = flow.browser.ask("return matchMedia('(scripting: enabled)').matches").await;
    assert_eq!(scripts, way.scripts == Scripts::Run);
    let language = flow.browser.ask("return document.documentElement.lang").await;
    assert_eq!(language, way.language);

    // What is missing is said beside the form, and what was given stays.
    flow.browser.press("input[name=topic][value=all]").await;
    flow.browser.fill("#email", "ann").await;
    flow.browser.press("input[name=topic][value='tag:ponts']").await;
    flow.submit().await;
    assert!(flow.browser.has("#email[aria-invalid=true]").await);
    assert!(flow.browser.is_chosen("input[name=topic][value='tag:ponts']").await);
    flow.browser.fill("#email", ANN).await;
    flow.submit().await;
    assert!(flow.shows(ANN).await);
    flow.room.look().await;
    let confirmation = flow.room.letter(ANN);
    assert_eq!(confirmation.header("Content-Language"), way.language);

    flow.browser.visit(&link(&confirmation, "/confirm/")).await;
    assert!(!flow.is_active().await, "a look confirms nothing");
    flow.submit().await;
    assert!(flow.is_active().await);

    flow.announce("Un pont de plus", "Ponts").await;
    let letter = flow.room.letter(ANN);
    assert_eq!(letter.shown.subject, "Un pont de plus");
    flow.browser.visit(&link(&letter, "/preferences/")).await;
    flow.browser.press("input[name=topic][value='tag:ponts']").await;
    flow.browser.press("input[name=topic][value='tag:bacs']").await;
    let other = if way.language == "fr" { "en" } else { "fr" };
    flow.browser.press(&format!("input[name=language][value={other}]")).await;
    flow.press("main form.form button.button").await;
    assert!(flow.browser.has("[role=status]").await);
    assert!(flow.browser.is_chosen("input[name=topic][value='tag:bacs']").await);
    assert!(!flow.browser.is_chosen("input[name=topic][value='tag:ponts']").await);
    // A day that is named counts, and with scripts is chosen at once: month, day and year, as this browser asks for them.
    flow.browser.fill("#until", "12012026").await;
    assert_eq!(flow.browser.is_chosen("input[name=pause][value=day]").await, way.scripts == Scripts::Run);
    flow.press("button[value=pause]").await;
    assert!(flow.browser.has("[role=status]").await && flow.browser.has("button[value=resume]").await);
    assert!(flow.shows(if other == "fr" { "mardi 1er décembre 2026" } else { "Tuesday 1 December 2026" }).await);
    flow.press("button[value=resume]").await;
    assert!(!flow.browser.has("button[value=resume]").await);
    flow.announce("Encore un pont", "Ponts").await;
    flow.announce("Encore un bac", "Bacs").await;
    let letter = flow.room.letter(ANN);
    assert_eq!((letter.shown.subject.as_str(), letter.header("Content-Language")), ("Encore un bac", other));

    flow.browser.visit(&link(&letter, "/u/")).await;
    assert!(flow.is_active().await, "a look ends nothing");
    flow.submit().await;
    assert!(!flow.is_active().await);
    flow.press("button[value=back]").await;
    assert!(flow.is_active().await, "it was a mistake");
    flow.browser.visit(&link(&letter, "/u/")).await;
    flow.submit().await;
    assert!(!flow.is_active().await);
    flow.announce("Un dernier bac", "Bacs").await;
    flow.browser.visit(&link(&letter, "/preferences/")).await;
    assert!(!flow.browser.has("main form").await, "nothing is left to prefer");
    flow.browser.end().await;
}

ways! { somebody_subscribes_changes_and_leaves in
    in_french_at_a_desk: "fr", Run, DESK;
    in_french_at_a_desk_without_scripts: "fr", Forbidden, DESK;
    in_french_in_a_hand: "fr", Run, HAND;
    in_french_in_a_hand_without_scripts: "fr", Forbidden, HAND;
    in_english_at_a_desk: "en", Run, DESK;
    in_english_at_a_desk_without_scripts: "en", Forbidden, DESK;
    in_english_in_a_hand: "en", Run, HAND;
    in_english_in_a_hand_without_scripts: "en", Forbidden, HAND;
}
