//! Who asks for subscriptions of others: programs that fill the form in, sources that ask for many, addresses that are
//! asked for again and again. And who is merely one of many, and must not pay for it.

use chrono::TimeDelta;
use tokio::task::JoinSet;

use crate::draft::release;
use crate::http_client::Answer;
use crate::newsroom::TestNewsroom;

const ANN: &str = "ann@example.org";
const FORM: &str = "email=ann%40example.org&name=Ann+%22%3Cb%3E&topic=all&website=";

async fn begin(room: &mut TestNewsroom) {
    room.save("2026-11-20-a.md", &release("Un pont", "2026-11-20 10:00:00"));
    room.start("2026-11-23T09:30:00Z").await;
}

/// The stamp in a form that was answered.
fn stamp_in(page: &str) -> String {
    let (_, after) = page.split_once("name=\"started\" value=\"").expect("a form carries when it was shown");
    after.split('"').next().unwrap().to_owned()
}

/// Posts `form` as it is.
async fn send(room: &TestNewsroom, form: &str) -> Answer {
    room.request("POST", "/subscribe").form(form).send().await
}

pub(crate) async fn what_no_person_can_have_sent_is_asked_for_once_more(mut room: TestNewsroom) {
    begin(&mut room).await;
    let shown = stamp_in(&room.feed("/subscribe").await);
    let refused = [
        String::new(),
        "&started=".to_owned(),
        "&started=1795426200".to_owned(),
        format!("&started={}", shown.replace('.', ".A")),
        format!("&started={shown}"),
        format!("&started={}", room.shown_since(TimeDelta::seconds(2))),
        format!("&started={}", room.shown_since(TimeDelta::hours(24) + TimeDelta::seconds(1))),
        format!("&started={}", room.shown_since(TimeDelta::seconds(-60))),
    ];
    for started in &refused {
        let answer = send(&room, &format!("{FORM}{started}")).await;
        assert_eq!(answer.status, 422, "{started}");
        let page = answer.text();
        assert!(page.contains("encore une fois") && page.contains("value=\"ann@example.org\""), "{page}");
        assert!(page.contains("value=\"Ann &quot;&lt;b&gt;\"") && page.contains("value=\"all\" checked"), "{page}");
    }
    let foreign = room.request("POST", "/subscribe").header("Sec-Fetch-Site", "cross-site");
    let page = foreign.form(&format!("{FORM}&started={}", room.shown_since(TimeDelta::minutes(1)))).send().await;
    assert_eq!(page.status, 422);
    room.look().await;
    assert_eq!(room.unread(), Vec::<String>::new());
    // A person presses once more, however fast.
    let again = stamp_in(&page.text());
    assert_eq!(send(&room, &format!("{FORM}&started={again}")).await.status, 200);
    room.look().await;
    let letter = room.letter(ANN);
    assert!(!letter.header("To").contains("Ann"), "a stranger's words are in no letter: {}", letter.header("To"));
    // What is kept of it proves that somebody agreed, and to what, and is no whole network address.
    let store = &room.newsroom().store;
    let ann = store.find(&ANN.parse().unwrap()).await.unwrap().unwrap();
    let consents = store.consents_of(ann.id).await.unwrap();
    assert_eq!((consents.len(), consents[0].proof.source.as_str()), (1, "web, 127.0.0.0/24"));
    assert!(consents[0].proof.words.starts_with("S’abonner – Votre adresse ne sert qu’à"), "{:?}", consents[0].proof);
    // Whoever takes three seconds, or a day, is not asked at all.
    for age in [TimeDelta::seconds(3), TimeDelta::hours(24)] {
        assert_eq!(send(&room, &format!("{FORM}&started={}", room.shown_since(age))).await.status, 200);
    }
}

/// Posts for `address`, from `source` where it is given.
async fn ask(room: &TestNewsroom, source: Option<&str>, address: &str) -> Answer {
    let form = format!("email={address}&topic=all&website=&started={}", room.shown_since(TimeDelta::minutes(1)));
    let request = room.request("POST", "/subscribe");
    let request = if let Some(source) = source { request.header("X-Forwarded-For", source) } else { request };
    request.form(&form).send().await
}

pub(crate) async fn a_source_that_asks_for_many_is_told_to_wait(mut room: TestNewsroom) {
    room.configure("signup.per_source", "3");
    begin(&mut room).await;
    for (number, status) in [(1, 200), (2, 200), (3, 200), (4, 429), (5, 429)] {
        // Nobody is believed who names another source.
        let named = format!("192.0.2.{number}");
        let answer = ask(&room, Some(&named), &format!("lecteur{number}@journal{number}.example")).await;
        assert_eq!(answer.status, status, "{number}");
    }
    let refused = ask(&room, None, "lecteur9@journal.example").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "1200"));
    let page = refused.text();
    assert!(page.contains("value=\"lecteur9@journal.example\"") && page.contains("dans 20\u{a0}min"), "{page}");
    room.pass("20m").await;
    assert_eq!(ask(&room, None, "lecteur9@journal.example").await.status, 200);
    room.look().await;
    let mut written = room.unread();
    written.sort();
    let expected = ["1@journal1", "2@journal2", "3@journal3", "9@journal"];
    assert_eq!(written, expected.map(|who| format!("lecteur{who}.example")));
    for address in &written {
        drop(room.letter(address));
    }
}

pub(crate) async fn a_domain_is_not_bombed_and_an_honest_visitor_gets_through(mut room: TestNewsroom) {
    room.configure("http.trusted_proxies", "127.0.0.1");
    room.configure("signup.per_domain", "10");
    room.configure("signup.overall", "60");
    begin(&mut room).await;
    // Forty sources ask for five people of one domain each, all at once.
    let mut asking = JoinSet::new();
    for number in 0..200 {
        let form = format!(
            "email=lecteur{number}%40bombe.example&topic=all&website=&started={}",
            room.shown_since(TimeDelta::minutes(1))
        );
        let source = format!("198.51.100.{}", number % 40);
        asking.spawn(room.request("POST", "/subscribe").header("X-Forwarded-For", &source).form(&form).send());
    }
    let answers = asking.join_all().await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(200), count(429)), (10, 190));
    let told = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert!(told.text().contains("presse@presse.example.org"), "whom to write to is said");
    let seconds: u32 = told.header("retry-after").parse().unwrap();
    assert!((1..=8_640 * 6).contains(&seconds), "{seconds}");
    // A colleague of the same domain waits; anybody else does not.
    assert_eq!(ask(&room, Some("203.0.113.1"), "honnete@bombe.example").await.status, 429);
    assert_eq!(ask(&room, Some("203.0.113.1"), "honnete@ailleurs.example").await.status, 200);
    room.look().await;
    let written = room.unread();
    assert_eq!((written.len(), written.iter().filter(|to| to.ends_with("@bombe.example")).count()), (11, 10));
    for address in &written {
        drop(room.letter(address));
    }
    // One more of the domain a tenth of a day later, and not two.
    room.pass("144m").await;
    assert_eq!(ask(&room, Some("203.0.113.7"), "honnete@bombe.example").await.status, 200);
    assert_eq!(ask(&room, Some("203.0.113.8"), "autre@bombe.example").await.status, 429);
    room.look().await;
    drop(room.letter("honnete@bombe.example"));
    let metrics = room.admin_get("/metrics").await.text();
    for line in ["outcome=\"asked\"} 12", "outcome=\"limited_domain\"} 192", "outcome=\"silent\"} 0"] {
        assert!(metrics.contains(&format!("depeche_sign_ups_total{{{line}\n")), "{line}: {metrics}");
    }
}

pub(crate) async fn one_address_asked_for_many_times_gets_one_letter_and_costs_its_domain_little(
    mut room: TestNewsroom,
) {
    room.configure("http.trusted_proxies", "127.0.0.1");
    room.configure("signup.per_domain", "10");
    begin(&mut room).await;
    assert_eq!(ask(&room, Some("203.0.113.1"), "ann%40example.org").await.status, 200);
    let mut asking = JoinSet::new();
    for number in 0..100 {
        let form = format!("{FORM}&started={}", room.shown_since(TimeDelta::minutes(1)));
        let source = format!("198.51.100.{number}");
        asking.spawn(room.request("POST", "/subscribe").header("X-Forwarded-For", &source).form(&form).send());
    }
    let answers = asking.join_all().await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(200), count(429)), (4, 96), "a mailbox has its own share, and takes no more of the domain's");
    for number in 0..5 {
        let address = format!("collegue{number}@example.org");
        assert_eq!(ask(&room, Some(&format!("192.0.2.{number}")), &address).await.status, 200, "{number}");
    }
    assert_eq!(ask(&room, Some("192.0.2.100"), "collegue6@example.org").await.status, 429);
    room.look().await;
    drop(room.letter(ANN));
    assert_eq!(room.unread().len(), 5);
    for address in room.unread() {
        drop(room.letter(&address));
    }
}

pub(crate) async fn what_a_domain_has_left_tells_nobody_whether_a_letter_left(mut room: TestNewsroom) {
    room.configure("http.trusted_proxies", "127.0.0.1");
    room.configure("signup.per_domain", "4");
    begin(&mut room).await;
    room.newsroom().store.block(&"lecteur@barred.example".parse().unwrap(), room.now()).await.unwrap();
    let mut left = Vec::new();
    for (number, domain, trap) in [(1, "new.example", ""), (2, "barred.example", ""), (3, "trapped.example", "x")] {
        let started = room.shown_since(TimeDelta::minutes(1));
        let form = format!("email=lecteur@{domain}&topic=all&website={trap}&started={started}");
        let from = |last: u32| format!("203.0.{number}.{last}");
        let first = room.request("POST", "/subscribe").header("X-Forwarded-For", &from(1));
        assert_eq!(first.form(&form).send().await.status, 200, "{domain}");
        let mut more = 0;
        while ask(&room, Some(&from(2 + more)), &format!("autre{more}@{domain}")).await.status == 200 {
            more += 1;
        }
        left.push(more);
    }
    assert_eq!(left, [3, 3, 3]);
    room.look().await;
    let written = room.unread();
    assert_eq!((written.len(), written.contains(&"lecteur@new.example".to_owned())), (10, true));
    for address in &written {
        drop(room.letter(address));
    }
}
