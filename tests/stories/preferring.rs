//! What subscribers do with the link to their preferences, and what somebody else cannot do with it: pauses, another
//! address, a copy of one's data, being forgotten, coming back; in which language pages answer.

use depeche::domain::{EndReason, Frequency, Subscriber, SubscriberState, Token};
use depeche::store::{Proof, StoreError};
use depeche::task::missed_by;

use crate::draft::release;
use crate::newsroom::{SITE, TestNewsroom};

const ANN: &str = "ann@example.org";
const NEW: &str = "ann@example.net";

async fn begin(room: &mut TestNewsroom) {
    room.save("2026-11-20-a.md", &release("Un pont", "2026-11-20 10:00:00").labels("Discours", "Ponts"));
    room.start("2026-11-23T09:30:00Z").await;
}

async fn announce(room: &mut TestNewsroom, name: &str) {
    let date = room.now().format("%Y-%m-%d %H:%M:%SZ").to_string();
    room.save(&format!("{name}.md"), &release(&format!("Du nouveau : {name}"), &date).labels("Discours", "Ponts"));
    room.look().await;
    room.pass("10m").await;
}

async fn find(room: &TestNewsroom, address: &str) -> Option<Subscriber> {
    room.newsroom().store.find(&address.parse().unwrap()).await.unwrap()
}

/// The path of somebody's preferences.
async fn preferences(room: &TestNewsroom, address: &str) -> String {
    let subscriber = find(room, address).await.unwrap();
    room.newsroom().preferences_url(subscriber.id).replace(SITE, "")
}

pub(crate) async fn a_pause_ends_by_itself_and_nothing_is_sent_later(mut room: TestNewsroom) {
    begin(&mut room).await;
    let ann = room.subscriber(ANN, "all").await;
    let page = preferences(&room, ANN).await;
    announce(&mut room, "un").await;
    room.letter(ANN);
    // A letter that is on its way when the pause begins is not sent.
    room.save("deux.md", &release("Du nouveau : deux", "2026-11-23 10:42:00").labels("Discours", "Ponts"));
    room.look().await;
    let answer = room.post(&page, "do=pause&pause=week&until=2026-11-25").await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("mercredi 25 novembre 2026"), "{}", answer.text());
    room.pass("20m").await;
    room.pass("12h").await;
    announce(&mut room, "trois").await;
    let why = |room: &TestNewsroom| {
        let newsroom = room.newsroom().clone();
        async move {
            let ann = newsroom.store.subscriber(ann).await.unwrap().unwrap();
            let missed = missed_by(&newsroom, &ann, 20).await.unwrap();
            missed.into_iter().map(|one| (one.edition.title, one.why.as_str())).collect::<Vec<_>>()
        }
    };
    assert!(why(&room).await.iter().any(|(title, why)| title == "Du nouveau : trois" && *why == "paused"));
    // Midnight in Paris, a day later: it is over, and what came meanwhile stays away.
    room.start_of("2026-11-24T23:00:00Z").await;
    announce(&mut room, "quatre").await;
    assert_eq!(room.letter(ANN).shown.subject, "Du nouveau : quatre");
    assert!(why(&room).await.iter().any(|(title, why)| title == "Du nouveau : trois" && *why == "paused"));

    // The button ends the next one at once.
    assert_eq!(room.post(&page, "do=pause&pause=month").await.status, 200);
    announce(&mut room, "cinq").await;
    assert!(room.get(&page).await.text().contains("value=\"resume\""));
    assert_eq!(room.post(&page, "do=resume").await.status, 200);
    assert_eq!(room.post(&page, "do=resume").await.status, 200);
    announce(&mut room, "six").await;
    assert_eq!(room.letter(ANN).shown.subject, "Du nouveau : six");
    for wrong in ["do=pause&pause=day&until=", "do=pause&pause=day&until=2026-11-25", "do=pause&until=2040-01-01"] {
        let answer = room.post(&page, wrong).await;
        assert_eq!((answer.status, answer.text().contains("href=\"#until\"")), (422, true), "{wrong}");
    }
    assert_eq!(room.post(&page, "do=fly").await.status, 400);
}

pub(crate) async fn digests_leave_out_a_pause(mut room: TestNewsroom) {
    begin(&mut room).await;
    room.subscriber_with(ANN, "all", Frequency::Weekly).await;
    room.subscriber_with("bob@example.org", "all", Frequency::Weekly).await;
    let page = preferences(&room, ANN).await;
    announce(&mut room, "un").await;
    room.pass("24h").await;
    room.post(&page, "do=pause&pause=day&until=2026-11-26").await;
    announce(&mut room, "deux").await;
    room.pass("48h").await;
    announce(&mut room, "trois").await;
    room.pass("72h").await;
    room.pass("24h").await;
    let mine = room.letter(ANN).shown.text;
    let titles = ["un", "deux", "trois"].map(|name| mine.contains(&format!("Du nouveau : {name}\n")));
    assert_eq!(titles, [true, false, true], "{mine}");
    let other = room.letter("bob@example.org").shown.text;
    assert!(other.contains("Du nouveau : deux"), "{other}");
}

pub(crate) async fn an_address_changes_when_both_sides_agree(mut room: TestNewsroom) {
    begin(&mut room).await;
    room.subscriber(ANN, "tag:ponts").await;
    let page = preferences(&room, ANN).await;
    assert_eq!(room.post(&page, "do=address&email=ann").await.status, 422);
    let asked = room.post(&page, "do=address&email=ann%40example.net").await;
    room.look().await;
    assert!(!asked.text().contains("example.net"), "{}", asked.text());
    let (old, new) = (room.letter(ANN), room.letter(NEW));
    assert!(old.shown.text.contains(NEW));
    assert!(!new.shown.text.contains(ANN) && new.header("List-Unsubscribe").is_empty(), "{}", new.shown.text);
    let (old, new) = (old.link("/preferences/address/"), new.link("/preferences/address/"));
    for link in [&old, &new] {
        assert_eq!(room.get(link).await.status, 200);
    }
    // The new side alone changes nothing, however often.
    for _ in 0..2 {
        assert_eq!(room.post(&new, "do=agree").await.status, 200);
    }
    assert_eq!(room.post(&new, "do=refuse").await.status, 400);
    announce(&mut room, "un").await;
    let leave = room.letter(ANN).link("/u/");
    assert_eq!(room.post(&old, "do=agree").await.status, 200);
    assert!(find(&room, ANN).await.is_none());
    // Both may press again; nothing is left to refuse.
    assert_eq!(room.post(&old, "do=agree").await.status, 200);
    assert_eq!(room.get(&new).await.status, 200);
    assert_eq!(room.post(&old, "do=refuse").await.status, 410);
    announce(&mut room, "deux").await;
    room.letter(NEW);
    // Links of letters from before lead on.
    assert_eq!(room.post(&leave, "List-Unsubscribe=One-Click").await.status, 200);
    announce(&mut room, "trois").await;
}

pub(crate) async fn who_holds_a_forwarded_link_cannot_take_over_a_subscription(mut room: TestNewsroom) {
    begin(&mut room).await;
    let ann = room.subscriber(ANN, "all").await;
    room.subscriber("bob@example.org", "all").await;
    let page = preferences(&room, ANN).await;
    let ask = |address: &str| format!("do=address&email={}", address.replace('@', "%40"));
    // The owner refuses, or does not answer.
    let first = room.post(&page, &ask("eve@example.net")).await.text();
    room.look().await;
    let (old, new) = (room.letter(ANN), room.letter("eve@example.net"));
    let (old, new) = (old.link("/preferences/address/"), new.link("/preferences/address/"));
    room.post(&new, "do=agree").await;
    assert_eq!(room.post(&old, "do=refuse").await.status, 200);
    for link in [&old, &new] {
        assert_eq!((room.get(link).await.status, room.post(link, "do=agree").await.status), (410, 410));
    }
    assert!(find(&room, ANN).await.is_some());
    // Whatever stands behind the new address, the answer is the same; one that was just asked is left in peace.
    for address in ["bob@example.org", "eve@example.net"] {
        assert_eq!(room.post(&page, &ask(address)).await.text(), first, "{address}");
    }
    room.look().await;
    assert_eq!(room.inbox(ANN).len(), 2);
    room.letter("bob@example.org");
    // After so many letters nothing more is written, and the answer is the same.
    for address in ["mallory@example.net", ANN] {
        assert_eq!(room.post(&page, &ask(address)).await.text(), first);
    }
    assert_eq!(room.post(&page, "do=erase").await.status, 200);
    assert_eq!(room.post(&page, "do=export").await.status, 200);
    room.look().await;
    assert_eq!((room.inbox(ANN).len(), room.inbox("mallory@example.net").len()), (0, 0));
    room.pass("61m").await;
    room.post(&page, "do=export").await;
    room.look().await;
    assert!(room.letter(ANN).links().iter().any(|link| link.starts_with("/preferences/export/")));
    // A week later nobody can agree any more, although the change is there still.
    let (new, proof) = ("zoe@example.net".parse().unwrap(), Proof { words: String::new(), source: "web".to_owned() });
    let unasked = |_| Ok::<_, StoreError>(Vec::new());
    let asked = room.newsroom().store.ask_address(ann, &new, &proof, room.now(), unasked).await.unwrap().unwrap();
    let expires = room.now() + chrono::TimeDelta::days(7);
    let link = |token: Token| format!("/preferences/address/{}", token.signed(room.newsroom().key()));
    let links =
        [Token::AddressOld { change: asked.change, expires }, Token::AddressNew { change: asked.change, expires }];
    let links = links.map(link);
    for link in &links {
        assert_eq!(room.get(link).await.status, 200);
    }
    room.pass("169h").await;
    assert!(room.newsroom().store.address_change(asked.change).await.unwrap().is_some());
    for link in &links {
        assert_eq!((room.get(link).await.status, room.post(link, "do=agree").await.status), (410, 410));
    }
}

pub(crate) async fn data_are_shown_and_erased_by_the_address_itself_alone(mut room: TestNewsroom) {
    begin(&mut room).await;
    room.subscriber(ANN, "all").await;
    let page = preferences(&room, ANN).await;
    let named = room.post(&page, "topic=all&name=Ann+Bell&organisation=Gazette&language=fr").await.text();
    assert!(named.contains("A…") && !named.contains("Bell") && !named.contains("Gazette"), "{named}");
    assert_eq!(room.post(&page, "topic=all&name=&organisation=").await.status, 200);
    let ann = find(&room, ANN).await.unwrap();
    assert_eq!((ann.name.as_deref(), ann.organisation.as_deref()), (Some("Ann Bell"), Some("Gazette")));
    announce(&mut room, "un").await;
    room.letter(ANN);

    let answer = room.post(&page, "do=export").await.text();
    assert!(answer.contains("a…\u{2060}@example.org") && !answer.contains("\"subscriber\""), "{answer}");
    room.look().await;
    let export = room.letter(ANN).link("/preferences/export/");
    assert!(room.get(&export).await.text().contains("value=\"download\""));
    let copy = room.post(&export, "do=download").await;
    assert_eq!(
        (copy.header("content-type"), copy.header("cache-control")),
        ("application/json; charset=utf-8", "no-store")
    );
    assert!(copy.header("content-disposition").starts_with("attachment"));
    let copy: serde_json::Value = serde_json::from_str(&copy.text()).unwrap();
    assert_eq!(copy["subscriber"]["address"], ANN);
    assert_eq!(copy["subscriber"]["name"], "Ann Bell");
    let actions: Vec<_> =
        copy["consents"].as_array().unwrap().iter().map(|kept| kept["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["vouched", "changed", "export-asked"], "what changes nothing is not noted");
    assert_eq!(copy["deliveries"][1]["subject"], "Du nouveau : un");
    assert_eq!(copy["deliveries"][1]["state"], "sent");
    assert!(copy["deliveries"][1]["attempts"][0]["reply"].is_string());

    assert_eq!(room.post(&page, "do=erase").await.status, 200);
    room.look().await;
    let erase = room.letter(ANN).link("/preferences/erase/");
    assert_eq!(room.get(&erase).await.status, 200);
    assert!(find(&room, ANN).await.is_some(), "nothing is erased before the button");
    // A token of one purpose is of no use for another.
    let token = |link: &str| link.rsplit('/').next().unwrap().to_owned();
    for (path, link) in [("erase", &export), ("export", &erase), ("address", &erase), ("erase", &page)] {
        let swapped = format!("/preferences/{path}/{}", token(link));
        assert_eq!(
            (room.get(&swapped).await.status, room.post(&swapped, "do=agree").await.status),
            (404, 404),
            "{path}"
        );
    }
    room.post(&page, "do=address&email=ann%40example.net").await;
    room.look().await;
    let pending = room.letter(NEW).link("/preferences/address/");
    room.inbox(ANN);
    assert_eq!(room.post(&erase, "do=erase").await.status, 200);
    assert_eq!(room.post(&erase, "do=erase").await.status, 200);
    assert_eq!(room.get(&erase).await.status, 200);
    assert!(find(&room, ANN).await.is_none());
    assert_eq!((room.get(&page).await.status, room.get(&export).await.status), (404, 404));
    assert_eq!(room.get(&pending).await.status, 410);
    let rows = crate::subscribing::dump(&room).await;
    let telling: Vec<_> = rows.iter().filter(|row| row.contains("ann@example") || row.contains("Bell")).collect();
    assert!(telling.is_empty(), "{telling:#?}");
    announce(&mut room, "deux").await;
}

pub(crate) async fn whoever_left_by_mistake_comes_back_at_once(mut room: TestNewsroom) {
    begin(&mut room).await;
    let ann = room.subscriber(ANN, "tag:ponts").await;
    announce(&mut room, "un").await;
    let leave = room.letter(ANN).link("/u/");
    assert!(room.post(&leave, "").await.text().contains("value=\"back\""));
    assert!(room.get(&leave).await.text().contains("value=\"back\""));
    // Asking to come back is not leaving, and twice is once. It may be somebody else who asks: the owner is told.
    for _ in 0..2 {
        assert_eq!(room.post(&leave, "do=back").await.status, 200);
    }
    room.look().await;
    let told = room.letter(ANN);
    assert_eq!(told.shown.subject, "Votre abonnement reprend – Espace presse");
    let back = find(&room, ANN).await.unwrap();
    assert_eq!(back.topics.iter().map(ToString::to_string).collect::<Vec<_>>(), ["tag:ponts"]);
    let actions: Vec<_> = room.newsroom().store.consents_of(ann).await.unwrap();
    let actions: Vec<_> = actions.iter().map(|kept| kept.action.as_str()).collect();
    assert_eq!(actions, ["vouched", "left", "returned"]);
    announce(&mut room, "deux").await;
    room.letter(ANN);
    // By that letter she leaves at once, and whoever has the other link cannot undo it that day.
    assert_eq!(room.post(&told.link("/u/"), "").await.status, 200);
    assert!(!room.get(&leave).await.text().contains("value=\"back\""));
    assert_eq!(room.post(&leave, "do=back").await.status, 410);
    room.pass("24h").await;
    assert_eq!(room.post(&leave, "do=back").await.status, 200);
    room.look().await;
    room.letter(ANN);
    // A week later somebody else may have the letter.
    room.post(&leave, "List-Unsubscribe=One-Click").await;
    room.pass("169h").await;
    assert!(!room.get(&leave).await.text().contains("value=\"back\""));
    assert_eq!(room.post(&leave, "do=back").await.status, 410);
    // Who ended otherwise does not come back by this link.
    for (address, reason) in [
        ("a@example.org", EndReason::Complained),
        ("b@example.org", EndReason::Removed),
        ("c@example.org", EndReason::Bounced),
    ] {
        let id = room.subscriber(address, "all").await;
        let link = format!("/u/{}", Token::Unsubscribe { subscriber: id }.signed(room.newsroom().key()));
        room.end(id, reason).await;
        assert!(!room.get(&link).await.text().contains("value=\"back\""));
        assert_eq!(room.post(&link, "do=back").await.status, 410, "{address}");
        assert!(matches!(find(&room, address).await.unwrap().state, SubscriberState::Ended { .. }));
    }
}

pub(crate) async fn pages_speak_the_language_that_is_asked_for(mut room: TestNewsroom) {
    begin(&mut room).await;
    let id = room.subscriber(ANN, "all").await;
    let page = preferences(&room, ANN).await;
    let of = async |path: &str, accepts: &str| {
        let answer = room.request("GET", path).header("Accept-Language", accepts).send().await;
        assert!(answer.header("vary").contains("Accept-Language"), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store");
        answer.text().split("<html lang=\"").nth(1).unwrap()[..2].to_owned()
    };
    for (path, accepts, expected) in [
        ("/subscribe", "", "fr"),
        ("/subscribe", "en-GB,fr;q=0.5", "en"),
        ("/subscribe?lang=fr", "en", "fr"),
        ("/subscribe?lang=en", "fr", "en"),
        (page.as_str(), "en", "fr"),
        (&format!("{page}?lang=en"), "fr", "en"),
        ("/preferences/x", "en", "en"),
        ("/confirm/x?lang=en", "fr", "en"),
        ("/u/x", "de", "fr"),
    ] {
        assert_eq!(of(path, accepts).await, expected, "{path} {accepts}");
    }
    // The choice stays while the form is sent, and the way to the other language keeps the topics.
    let form = room.get("/subscribe?lang=en&topic=tag%3Aponts").await.text();
    assert!(form.contains("action=\"/subscribe?lang=en\""), "{form}");
    assert!(form.contains("href=\"/subscribe?lang=fr&amp;topic=tag%3Aponts\""), "{form}");
    let asked = room.post("/subscribe?lang=en", "email=bob%40example.org&topic=all&language=fr&website=").await;
    assert!(asked.text().contains("<html lang=\"en\">"));
    room.look().await;
    let bob = room.letter("bob@example.org");
    assert_eq!(bob.header("Content-Language"), "fr");
    let consents = room.newsroom().store.consents_of(find(&room, "bob@example.org").await.unwrap().id).await.unwrap();
    assert!(consents[0].proof.words.starts_with("Subscribe – "), "{}", consents[0].proof.words);
    // Public pages stay in the site's language.
    let front = room.request("GET", "/").header("Accept-Language", "en").send().await.text();
    assert!(front.contains("<html lang=\"fr\">"));
    let consents = room.newsroom().store.consents_of(id).await.unwrap();
    assert_eq!(consents.len(), 1, "looking is no consent");
}

pub(crate) async fn lost_links_say_what_to_do(mut room: TestNewsroom) {
    begin(&mut room).await;
    room.post("/subscribe", "email=ann%40example.org&topic=all&website=").await;
    room.look().await;
    let confirm = room.letter(ANN).link("/confirm/");
    for _ in 0..2 {
        assert_eq!(room.post(&confirm, "").await.status, 200);
    }
    assert!(room.get(&confirm).await.text().contains("Abonnement confirmé"));
    let leave = room.get(&confirm).await.text();
    assert!(!leave.contains("Confirmer mon abonnement"));
    room.pass("169h").await;
    for answer in [room.get(&confirm).await, room.post(&confirm, "").await] {
        assert_eq!(answer.status, 410);
        let text = answer.text();
        assert!(text.contains("a expiré") && text.contains("href=\"/subscribe?lang=fr\""), "{text}");
    }
    // Of another page it says nothing, also when its time is over.
    let token = confirm.rsplit('/').next().unwrap();
    for page in ["u", "preferences", "preferences/address", "preferences/export", "preferences/erase", "office"] {
        let swapped = format!("/{page}/{token}");
        assert_eq!((room.get(&swapped).await.status, room.post(&swapped, "").await.status), (404, 404), "{page}");
    }
    let cut = &confirm[..confirm.len() - 3];
    let text = room.get(cut).await.text();
    assert!(text.contains("copiez-le en entier"), "{text}");
}

pub(crate) async fn the_script_is_an_asset_of_our_own(mut room: TestNewsroom) {
    begin(&mut room).await;
    let script = room.get("/assets/press.js").await;
    assert_eq!((script.status, script.header("content-type")), (200, "text/javascript; charset=utf-8"));
    let tag = script.header("etag").to_owned();
    let again = room.request("GET", "/assets/press.js").header("If-None-Match", &tag).send().await;
    assert_eq!(again.status, 304);
    let form = room.get("/subscribe").await;
    assert!(form.header("content-security-policy").contains("script-src 'self'"));
    let text = form.text();
    assert_eq!((text.matches("<script").count(), text.contains("src=\"/assets/press.js\" defer></script>")), (1, true));
    assert!(!room.get("/").await.text().contains("press.js"));
}

pub(crate) async fn a_mailbox_is_asked_as_often_by_links_as_by_the_form(mut room: TestNewsroom) {
    begin(&mut room).await;
    let mut answers = Vec::new();
    for owner in ["ann@example.org", "bob@example.org"] {
        room.subscriber(owner, "all").await;
        let page = preferences(&room, owner).await;
        for number in 0..3 {
            let form = format!("do=address&email=victim%2B{owner:.3}{number}%40example.net");
            answers.push(room.post(&page, &form).await.status);
        }
    }
    assert_eq!(answers, [200, 200, 200, 200, 200, 422]);
    let again = room.post("/subscribe", "email=victim%40example.net&topic=all&frequency=immediate&website=").await;
    assert_eq!(again.status, 429);
}

pub(crate) async fn proofs_say_from_which_network_a_button_was_pressed(mut room: TestNewsroom) {
    begin(&mut room).await;
    room.subscriber(ANN, "all").await;
    let page = preferences(&room, ANN).await;
    assert_eq!(room.post(&page, "do=pause&pause=week").await.status, 200);
    assert_eq!(room.post(&page, "do=export").await.status, 200);
    let ann = find(&room, ANN).await.unwrap();
    let kept = room.newsroom().store.consents_of(ann.id).await.unwrap();
    let sources: Vec<_> = kept.iter().rev().take(2).map(|kept| kept.proof.source.as_str()).collect();
    assert_eq!(sources, ["web, 127.0.0.0/24", "web, 127.0.0.0/24"]);
}

pub(crate) async fn a_move_ends_the_links_to_data_that_the_address_before_was_sent(mut room: TestNewsroom) {
    begin(&mut room).await;
    room.subscriber(ANN, "all").await;
    let page = preferences(&room, ANN).await;
    let links = async |room: &mut TestNewsroom, owner: &str| {
        let mut links = Vec::new();
        for wish in ["export", "erase"] {
            assert_eq!(room.post(&page, &format!("do={wish}")).await.status, 200);
            room.look().await;
            links.push(room.letter(owner).link(&format!("/preferences/{wish}/")));
        }
        links
    };
    let before = links(&mut room, ANN).await;
    room.post(&page, "do=address&email=ann%40example.net").await;
    room.look().await;
    let sides = [room.letter(ANN).link("/preferences/address/"), room.letter(NEW).link("/preferences/address/")];
    room.pass("1h").await;
    for side in &sides {
        for link in &before {
            assert_eq!(room.get(link).await.status, 200);
        }
        assert_eq!(room.post(side, "do=agree").await.status, 200);
    }
    for link in &before {
        let answers = (room.get(link).await.status, room.post(link, "do=erase").await.status);
        assert_eq!(answers, (410, 410), "{link}");
    }
    room.pass("1h").await;
    let after = links(&mut room, NEW).await;
    let copy = room.post(&after[0], "do=download").await;
    let copy: serde_json::Value = serde_json::from_str(&copy.text()).unwrap();
    let former = copy["former_addresses"].as_array().unwrap();
    assert_eq!(former.len(), 1);
    assert_eq!(
        (former[0]["left"].as_str(), former[0]["address_hash"].as_str().unwrap().len()),
        (Some("2026-11-23T10:30:00+00:00"), 64)
    );
    assert_eq!(room.post(&after[1], "do=erase").await.status, 200);
    assert!(find(&room, NEW).await.is_none());
}

pub(crate) async fn whoever_posts_the_same_again_and_again_adds_no_row(mut room: TestNewsroom) {
    begin(&mut room).await;
    let ann = room.subscriber(ANN, "tag:ponts").await;
    let page = preferences(&room, ANN).await;
    let proofs = async |room: &TestNewsroom| room.newsroom().store.consents_of(ann).await.unwrap().len();
    let mut statuses = Vec::new();
    for number in 0..60 {
        let form =
            if number % 2 == 0 { "topic=tag%3Aponts&frequency=daily&language=fr" } else { "do=pause&pause=week" };
        statuses.push(room.post(&page, form).await.status);
    }
    assert_eq!((statuses.iter().filter(|status| **status == 200).count(), proofs(&room).await), (50, 3));
    assert_eq!(statuses[50..], [429; 10]);
    let refused = room.post(&page, "do=resume").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "86400"));
    assert!(refused.text().contains("Trop de changements aujourd’hui"), "{}", refused.text());
    // Looking, one's data, and leaving are no changes.
    assert_eq!(room.get(&page).await.status, 200);
    assert_eq!(room.post(&page, "do=export").await.status, 200);
    room.look().await;
    room.letter(ANN);
    let leave = format!("/u/{}", Token::Unsubscribe { subscriber: ann }.signed(room.newsroom().key()));
    for _ in 0..5 {
        assert_eq!(room.post(&leave, "").await.status, 200);
    }
    assert_eq!(proofs(&room).await, 5, "vouched, changed, paused, asked for a copy, left");
}

pub(crate) async fn a_change_of_address_tells_nobody_who_subscribes(mut room: TestNewsroom) {
    begin(&mut room).await;
    room.subscriber("bob@example.org", "all").await;
    room.newsroom().store.block(&"barred@example.org".parse().unwrap(), room.now()).await.unwrap();
    let mut answers = Vec::new();
    for (owner, new) in [
        ("a1@example.org", "new@example.net"),
        ("a2@example.org", "bob@example.org"),
        ("a3@example.org", "barred@example.org"),
        ("a4@example.org", "new@example.net"),
        ("a5@example.org", "a5@example.org"),
    ] {
        room.subscriber(owner, "all").await;
        let page = preferences(&room, owner).await;
        let began = std::time::Instant::now();
        let answer = room.post(&page, &format!("do=address&email={}", new.replace('@', "%40"))).await;
        assert!(began.elapsed() >= std::time::Duration::from_millis(250), "{new}: {:?}", began.elapsed());
        let token = page.rsplit('/').next().unwrap();
        answers.push((answer.status, answer.text().replace(token, "…")));
        for wish in ["do=export", "do=erase"] {
            let began = std::time::Instant::now();
            assert_eq!(room.post(&page, wish).await.status, 200);
            assert!(began.elapsed() >= std::time::Duration::from_millis(250), "{wish}: {:?}", began.elapsed());
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    room.look().await;
    assert_eq!((room.inbox("new@example.net").len(), room.inbox("bob@example.org").len()), (1, 1));
    assert_eq!(room.inbox("barred@example.org").len(), 0);
    for owner in ["a1", "a2", "a3", "a4", "a5"] {
        room.inbox(&format!("{owner}@example.org"));
    }
}
