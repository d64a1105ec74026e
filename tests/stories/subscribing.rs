//! From `/subscribe` to the last letter, and what mail scanners cannot do.

use std::time::{Duration, Instant};

use depeche::domain::SubscriberState;
use sqlx::{AssertSqlSafe, Column as _, Connection as _, Row as _, ValueRef as _};

use crate::draft::{pdf, release};
use crate::newsroom::{OFFICE, SITE, TestNewsroom};

const ANN: &str = "ann@example.org";

async fn announce(room: &mut TestNewsroom, name: &str, tag: &str) {
    let date = room.now().format("%Y-%m-%d %H:%M:%SZ").to_string();
    room.save(&format!("{name}.md"), &release(&format!("Du nouveau : {name}"), &date).labels("Discours", tag));
    room.look().await;
    room.pass("10m").await;
}

/// Whether Ann is active.
async fn is_active(room: &TestNewsroom) -> bool {
    let found = room.newsroom().store.find(&ANN.parse().unwrap()).await.unwrap().unwrap();
    matches!(found.state, SubscriberState::Active { .. })
}

async fn begin(room: &mut TestNewsroom) {
    room.save("2026-11-20-a.md", &release("Un pont", "2026-11-20 10:00:00").labels("Discours", "Ponts"));
    room.save("2026-11-21-b.md", &release("Un bac", "2026-11-21 10:00:00").labels("Discours", "Bacs"));
    room.start("2026-11-23T09:30:00Z").await;
}

pub(crate) async fn somebody_subscribes_changes_and_leaves(mut room: TestNewsroom) {
    begin(&mut room).await;
    let form = room.feed("/subscribe").await;
    assert!(form.contains("value=\"tag:ponts\"") && form.contains("value=\"tag:bacs\""), "{form}");
    let answer =
        room.post("/subscribe", "email=ann%40example.org&topic=tag%3Aponts&frequency=immediate&website=").await;
    assert_eq!(answer.status, 200);
    room.look().await;
    let confirmation = room.letter(ANN);
    let link = confirmation.link("/confirm/");
    assert_eq!(confirmation.header("List-Unsubscribe"), "");
    for method in ["GET", "HEAD"] {
        assert_eq!(room.request(method, &link).send().await.status, 200);
    }
    assert!(!is_active(&room).await);
    announce(&mut room, "un", "Ponts").await;
    assert_eq!(room.post(&link, "").await.status, 200);
    assert!(is_active(&room).await);

    announce(&mut room, "deux", "Ponts").await;
    let letter = room.letter(ANN);
    assert_eq!(letter.shown.subject, "Du nouveau : deux");
    announce(&mut room, "trois", "Bacs").await;
    let preferences = letter.link("/preferences/");
    assert_eq!(room.get(&preferences).await.status, 200);
    let changed = room.post(&preferences, "topic=tag%3Abacs&frequency=immediate&language=en").await;
    assert_eq!(changed.status, 200);
    announce(&mut room, "quatre", "Ponts").await;
    announce(&mut room, "cinq", "Bacs").await;
    let letter = room.letter(ANN);
    assert_eq!((letter.shown.subject.as_str(), letter.header("Content-Language")), ("Du nouveau : cinq", "en"));
    // Whoever asks for a summary gets no letter for each release, until they ask for that again.
    let saved = room.post(&preferences, "topic=all&frequency=daily&language=fr").await.text();
    assert!(saved.contains("value=\"daily\" checked") && saved.contains("du lundi au vendredi à 8\u{a0}h\u{a0}30"));
    announce(&mut room, "cinq et demi", "Bacs").await;
    let unsaid = room.post(&preferences, "topic=all").await.text();
    assert!(unsaid.contains("value=\"daily\" checked"), "{unsaid}");
    assert_eq!(room.post(&preferences, "topic=all&frequency=immediate&language=fr").await.status, 200);
    announce(&mut room, "six", "Bacs").await;
    let letter = room.letter(ANN);
    assert_eq!((letter.shown.subject.as_str(), letter.header("Content-Language")), ("Du nouveau : six", "fr"));

    assert_eq!(letter.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let leave = letter.link("/u/");
    assert!(letter.header("List-Unsubscribe").contains(&leave));
    assert_eq!(room.get(&leave).await.status, 200);
    assert!(is_active(&room).await);
    let left = room.post(&leave, "List-Unsubscribe=One-Click").await;
    assert_eq!((left.status, left.header("set-cookie"), left.header("location")), (200, "", ""));
    assert!(!is_active(&room).await);
    announce(&mut room, "sept", "Bacs").await;
    assert_eq!(room.post(&leave, "List-Unsubscribe=One-Click").await.status, 200);
    assert_eq!(room.post(&preferences, "topic=all&frequency=immediate&language=fr").await.status, 410);
    assert_eq!(room.post(&link, "").await.status, 410);
    announce(&mut room, "huit", "Bacs").await;
}

pub(crate) async fn who_leaves_while_a_letter_waits_does_not_get_it(mut room: TestNewsroom) {
    begin(&mut room).await;
    room.subscriber(ANN, "all").await;
    announce(&mut room, "un", "Ponts").await;
    let leave = room.letter(ANN).link("/u/");
    room.save("deux.md", &release("Du nouveau : deux", "2026-11-23 10:00:00"));
    room.look().await;
    room.post(&leave, "List-Unsubscribe=One-Click").await;
    room.pass("1h").await;
    assert_eq!(room.edition("Du nouveau : deux").await.tally.sent, 0);
}

pub(crate) async fn nobody_learns_who_subscribes(mut room: TestNewsroom) {
    begin(&mut room).await;
    let form = "email=ann%40example.org&topic=all&website=";
    let first = room.post("/subscribe", form).await;
    let again = room.post("/subscribe", form).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    room.look().await;
    let link = room.letter(ANN).link("/confirm/");
    room.post(&link, "").await;
    // A day later a letter leaves again: it is another one, and the answer is the same.
    room.pass("24h").await;
    let known = room.post("/subscribe", form).await;
    assert_eq!((first.status, &first.body), (known.status, &known.body));
    room.look().await;
    assert!(room.letter(ANN).shown.text.contains("rien n’y a été changé"));
    // Whoever may not be written to is no exception.
    room.newsroom().store.block(&ANN.parse().unwrap(), room.now()).await.unwrap();
    let blocked = room.post("/subscribe", form).await;
    assert_eq!((first.status, &first.body), (blocked.status, &blocked.body));
    room.look().await;
    // A program that fills the field people do not see is told the same, and nothing is sent.
    let trapped = room.post("/subscribe", "email=bot%40example.org&topic=all&website=x").await;
    assert_eq!(trapped.status, 200);
    room.look().await;
    assert_eq!(room.post("/subscribe", "email=ann&topic=all&website=").await.status, 422);
    assert_eq!(room.post("/subscribe", "email=ann%40example.org&website=").await.status, 422);
    for forged in ["/confirm/x", "/u/x", "/preferences/x", "/office/x"] {
        assert_eq!((room.get(forged).await.status, room.post(forged, "").await.status), (404, 404), "{forged}");
    }
}

pub(crate) async fn an_answer_takes_as_long_whatever_is_done(mut room: TestNewsroom) {
    const LEAST: Duration = Duration::from_millis(250);
    room.configure("signup.per_source", "1000");
    room.configure("signup.per_domain", "1000");
    begin(&mut room).await;
    for kind in ["new", "asked", "active", "blocked", "trapped"] {
        let mut seen = Vec::new();
        // The machine may be busy with something else now and then: some try is answered as soon as it may be.
        while seen.len() < 10 && seen.iter().all(|took| *took >= LEAST + Duration::from_millis(50)) {
            let address = format!("{kind}{}@example.net", seen.len());
            let trap = if kind == "trapped" { "x" } else { "" };
            let form = format!("email={}&topic=all&website={trap}", address.replace('@', "%40"));
            match kind {
                "asked" => drop(room.post("/subscribe", &form).await),
                "active" => drop(room.subscriber(&address, "all").await),
                "blocked" => drop(room.newsroom().store.block(&address.parse().unwrap(), room.now()).await.unwrap()),
                _ => {}
            }
            let began = Instant::now();
            assert_eq!(room.post("/subscribe", &form).await.status, 200);
            seen.push(began.elapsed());
        }
        assert!(seen.iter().all(|took| *took >= LEAST), "{kind}: {seen:?}");
        assert!(seen.last().unwrap() < &(LEAST + Duration::from_millis(50)), "{kind}: {seen:?}");
    }
    room.look().await;
    for address in room.unread() {
        room.inbox(&address);
    }
}

/// Every row of every table, as text.
pub(crate) async fn dump(room: &TestNewsroom) -> Vec<String> {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", room.root().join("depeche.sqlite"));
    let mut database = sqlx::AnyConnection::connect(&url).await.unwrap();
    let schema = include_str!("../../migrations/0001_first_form.sql");
    let tables = schema.lines().filter_map(|line| line.strip_prefix("CREATE TABLE ")?.split(' ').next());
    let mut rows = Vec::new();
    for table in tables {
        let statement = AssertSqlSafe(format!("SELECT * FROM {table}"));
        for row in sqlx::query(statement).fetch_all(&mut database).await.unwrap() {
            let mut line = table.to_owned();
            for column in row.columns() {
                let at = column.ordinal();
                let value = if row.try_get_raw(at).unwrap().is_null() {
                    "NULL".to_owned()
                } else if let Ok(number) = row.try_get::<i64, _>(at) {
                    number.to_string()
                } else if let Ok(text) = row.try_get::<String, _>(at) {
                    text
                } else {
                    format!("{:?}", row.get::<Vec<u8>, _>(at))
                };
                line.extend([" ", column.name(), "=", &value]);
            }
            rows.push(line);
        }
    }
    database.close().await.unwrap();
    rows.sort();
    rows
}

pub(crate) async fn looking_a_hundred_times_at_every_link_changes_no_row(mut room: TestNewsroom) {
    begin(&mut room).await;
    room.subscriber(ANN, "all").await;
    room.upload("plan.pdf", &pdf("plan"));
    let draft = release("Un bac de plus", "2026-11-23 10:00:00").document("/uploads/plan.pdf", "Le plan");
    room.save("2026-11-23-bac.md", &draft);
    room.look().await;
    room.pass("10m").await;
    room.post("/subscribe", "email=bob%40example.org&topic=all&website=").await;
    room.save("2026-11-24-quai.md", &release("Un quai", "2026-11-24 10:00:00"));
    let ann = room.newsroom().store.find(&ANN.parse().unwrap()).await.unwrap().unwrap();
    let preferences = room.newsroom().preferences_url(ann.id).replace(SITE, "");
    for wish in ["do=address&email=new%40example.org", "do=export", "do=erase"] {
        assert_eq!(room.post(&preferences, wish).await.status, 200);
    }
    room.look().await;
    let new = room.inbox("new@example.org");
    let letters = [room.inbox(ANN), new, room.inbox("bob@example.org"), room.inbox(OFFICE)].concat();
    let mut links: Vec<String> = letters.iter().flat_map(crate::newsroom::Letter::links).collect();
    links.sort();
    links.dedup();
    let asking = ["/preferences/address/", "/preferences/export/", "/preferences/erase/"];
    for start in ["/u/", "/preferences/", "/confirm/", "/office/", "/uploads/", "/espace-presse/"].iter().chain(&asking)
    {
        assert!(links.iter().any(|link| link.starts_with(start)), "no {start} among {links:?}");
    }
    let before = dump(&room).await;
    assert!(before.iter().any(|row| row.starts_with("subscribers ")) && before.len() > 20, "{before:#?}");
    for link in &links {
        for _ in 0..50 {
            for (method, purpose) in [("GET", ""), ("HEAD", ""), ("GET", "prefetch;prerender")] {
                let status = room.request(method, link).header("Sec-Purpose", purpose).send().await.status;
                // The release under embargo has no page yet.
                assert!(status == 200 || link.contains("/quai/"), "{method} {link}: {status}");
            }
        }
    }
    assert_eq!(dump(&room).await, before);
}

pub(crate) async fn a_topic_that_is_empty_today_is_still_followed(mut room: TestNewsroom) {
    room.save("2026-11-01-bac.md", &release("Un bac", "2026-11-01 10:00:00").labels("Discours", "Bacs"));
    room.save("2026-11-02-pont.md", &release("Un pont", "2026-11-02 10:00:00").labels("Discours", "Ponts"));
    room.start("2026-11-23T09:30:00Z").await;
    let ann = room.subscriber("ann@example.org", "tag:bacs tag:ponts").await;
    room.remove("2026-11-01-bac.md");
    room.look().await;
    let path = room.newsroom().preferences_url(ann).replace(SITE, "");
    assert_eq!(room.post(&path, "topic=tag%3Aponts&language=en").await.status, 200);
    let ann = room.newsroom().store.subscriber(ann).await.unwrap().unwrap();
    assert_eq!(ann.topics.iter().map(ToString::to_string).collect::<Vec<_>>(), ["tag:bacs", "tag:ponts"]);
}

pub(crate) async fn whoever_is_subscribed_is_told_so_and_loses_nothing(mut room: TestNewsroom) {
    begin(&mut room).await;
    room.subscriber(ANN, "tag:ponts").await;
    let before = room.newsroom().store.find(&ANN.parse().unwrap()).await.unwrap();
    let asked = room.post("/subscribe", "email=ann%40example.org&topic=all&frequency=daily&website=").await;
    assert_eq!(asked.status, 200);
    room.look().await;
    let letter = room.letter(ANN);
    assert!(letter.shown.text.contains("rien n’y a été changé"), "{}", letter.shown.text);
    assert!(letter.links().iter().all(|link| !link.starts_with("/confirm/")), "{:?}", letter.links());
    assert_eq!(room.newsroom().store.find(&ANN.parse().unwrap()).await.unwrap(), before);
    let preferences = letter.link("/preferences/");
    assert_eq!(room.post(&preferences, "topic=all&frequency=daily&language=fr").await.status, 200);
}

pub(crate) async fn whoever_confirms_sees_which_name_was_given(mut room: TestNewsroom) {
    begin(&mut room).await;
    let form = "email=ann%40example.org&topic=all&name=Gagnez+%3Cb%3E&organisation=La+Gazette&website=";
    assert_eq!(room.post("/subscribe", form).await.status, 200);
    room.look().await;
    let letter = room.letter(ANN);
    assert!(!letter.shown.to.contains("Gagnez") && !letter.shown.text.contains("Gagnez"), "{}", letter.shown.text);
    let link = letter.link("/confirm/");
    let page = room.get(&link).await.text();
    assert!(page.contains("Gagnez &lt;b&gt;") && page.contains("La Gazette"), "{page}");
    assert_eq!(room.post(&link, "").await.status, 200);
    let after = room.get(&link).await.text();
    assert!(!after.contains("Gagnez"), "whoever gets the letter later learns no name: {after}");
}

pub(crate) async fn an_address_that_only_a_neighbour_could_reach_is_none(mut room: TestNewsroom) {
    begin(&mut room).await;
    for address in ["root@localhost", "ann@intranet", "ann"] {
        let form = format!("email={}&topic=all&frequency=immediate&website=", address.replace('@', "%40"));
        let answer = room.post("/subscribe", &form).await;
        assert_eq!(answer.status, 422, "{address}");
        assert!(answer.text().contains(address), "what was typed stays: {address}");
    }
    room.look().await;
    assert!(room.inbox("root@localhost").is_empty());
}
