//! A list from elsewhere: what its lines do, and that the same list again does nothing.

use depeche::domain::{DeliveryState, EndReason, Frequency, Pause, SkipReason, SubscriberState, SuppressionReason};
use depeche::import::{Defaults, Entry, Outcome, Standing, Why};
use depeche::language::Language;
use depeche::store::{Added, ConsentAction, Names, Preferences, SubscriberFilter, Unblocked};

use super::room::{Room, address, confirmation, minute, newcomer, proof, question, topics};

fn entry(text: &str, standing: Standing) -> Entry {
    Entry { standing, ..Entry::new(address(text)) }
}

fn defaults() -> Defaults {
    Defaults {
        language: Language::French,
        frequency: Frequency::Immediate,
        topics: topics(&["all"]),
        source: "liste de 2025".to_owned(),
    }
}

const LEFT: Standing = Standing::Left(EndReason::Unsubscribed);
const BLOCKED: Standing = Standing::Barred(SuppressionReason::Blocked);

impl Room {
    /// Takes lines in, as was foreseen.
    async fn import(&self, entries: &[Entry]) -> Vec<Outcome> {
        let entries: Vec<&Entry> = entries.iter().collect();
        let foreseen = self.store.foresee_import(&entries).await.unwrap();
        let done = self.store.import(&entries, &defaults(), minute(10)).await.unwrap();
        assert_eq!(done, foreseen);
        done
    }
}

pub(crate) async fn a_list_is_taken_in_and_again_changes_nothing(room: Room) {
    let ann = Entry {
        name: Some("Ann".to_owned()),
        organisation: Some("Le Fil".to_owned()),
        language: Some(Language::English),
        frequency: Some(Frequency::Weekly),
        topics: topics(&["tag:eau", "category:discours"]),
        consent: "2020-01-02".to_owned(),
        ..entry("ann@example.org", Standing::Subscribed)
    };
    let gone = Entry { name: Some("Bob".to_owned()), ..entry("bob@example.org", LEFT) };
    let entries = [
        ann.clone(),
        gone,
        entry("cy@example.org", BLOCKED),
        entry("di@example.org", Standing::Unconfirmed),
        entry("eve@example.org", Standing::Subscribed),
    ];
    let first = [
        Outcome::Added,
        Outcome::Ended(EndReason::Unsubscribed),
        Outcome::Suppressed(SuppressionReason::Blocked),
        Outcome::LeftAlone(Why::Unconfirmed),
        Outcome::Added,
    ];
    assert_eq!(room.import(&entries).await, first);
    let listed = room.store.list(&SubscriberFilter::default()).await.unwrap();
    let again = [
        Outcome::AlreadyThere,
        Outcome::AlreadyOut,
        Outcome::AlreadyOut,
        Outcome::LeftAlone(Why::Unconfirmed),
        Outcome::AlreadyThere,
    ];
    assert_eq!(room.import(&entries).await, again);
    assert_eq!(room.store.list(&SubscriberFilter::default()).await.unwrap(), listed);
    assert_eq!(room.import(&[]).await, []);

    let kept = room.store.find(&ann.address).await.unwrap().unwrap();
    assert_eq!((kept.name.as_deref(), kept.organisation.as_deref()), (Some("Ann"), Some("Le Fil")));
    assert_eq!((kept.language, kept.frequency, &kept.topics), (Language::English, Frequency::Weekly, &ann.topics));
    assert_eq!((kept.state, kept.created), (SubscriberState::Active { since: minute(10) }, minute(10)));
    let consents = room.store.consents_of(kept.id).await.unwrap();
    assert_eq!(consents.len(), 1);
    assert_eq!((consents[0].action, consents[0].at), (ConsentAction::Vouched, minute(10)));
    assert_eq!((consents[0].proof.words.as_str(), consents[0].proof.source.as_str()), ("2020-01-02", "liste de 2025"));

    let bob = room.store.find(&address("bob@example.org")).await.unwrap().unwrap();
    assert_eq!(bob.state, SubscriberState::Ended { at: minute(10), reason: EndReason::Unsubscribed });
    assert_eq!((bob.name, bob.topics), (None, topics(&[])));
    let cy = address("cy@example.org");
    assert_eq!(room.store.find(&cy).await.unwrap(), None);
    assert_eq!(room.store.is_suppressed(&cy).await.unwrap(), Some(SuppressionReason::Blocked));
    let eve = room.store.find(&address("eve@example.org")).await.unwrap().unwrap();
    assert_eq!((eve.topics, eve.language), (topics(&["all"]), Language::French));
}

pub(crate) async fn a_list_brings_nobody_back_and_overrules_nobody(room: Room) {
    // She confirmed here, he was vouched for, one left, one was erased, one is being asked, one had left and is asked again.
    let asked = |text: &'static str| {
        let store = room.store.clone();
        async move {
            store.subscribe_pending(&newcomer(text, &["tag:eau"]), &proof(), minute(0), confirmation).await.unwrap().id
        }
    };
    let own = asked("own@example.org").await;
    room.store.confirm(own, &proof(), minute(1)).await.unwrap();
    let vouched = room.subscriber("vouched@example.org", &["tag:eau"]).await;
    let left = room.subscriber("left@example.org", &["all"]).await;
    room.store.end(left, EndReason::Unsubscribed, minute(1)).await.unwrap();
    let erased = room.subscriber("erased@example.org", &["all"]).await;
    room.store.end(erased, EndReason::Erased, minute(1)).await.unwrap();
    let pending = asked("asked@example.org").await;
    let again = room.subscriber("again@example.org", &["all"]).await;
    room.store.end(again, EndReason::Unsubscribed, minute(1)).await.unwrap();
    assert!(asked("again@example.org").await == again);

    let yes = |text| entry(text, Standing::Subscribed);
    let outcomes = room
        .import(&[
            yes("OWN@example.org"),
            yes("vouched@example.org"),
            yes("left@example.org"),
            yes("erased@example.org"),
            yes("asked@example.org"),
            yes("again@example.org"),
        ])
        .await;
    let had_left = Outcome::LeftAlone(Why::HadLeft(EndReason::Unsubscribed));
    let suppressed = Outcome::LeftAlone(Why::Suppressed(SuppressionReason::Erased));
    assert_eq!(
        outcomes,
        [Outcome::AlreadyThere, Outcome::AlreadyThere, had_left, suppressed, Outcome::Added, had_left]
    );
    let asked = room.store.subscriber(pending).await.unwrap().unwrap();
    assert_eq!((asked.state, asked.topics), (SubscriberState::Active { since: minute(10) }, topics(&["all"])));
    assert_eq!(room.store.subscriber(own).await.unwrap().unwrap().topics, topics(&["tag:eau"]));

    let no = |text| entry(text, LEFT);
    let outcomes = room
        .import(&[no("own@example.org"), no("vouched@example.org"), no("erased@example.org"), no("again@example.org")])
        .await;
    let ended = Outcome::Ended(EndReason::Unsubscribed);
    let own_will = Outcome::LeftAlone(Why::OwnWill);
    assert_eq!(outcomes, [own_will, ended, Outcome::AlreadyOut, Outcome::AlreadyOut]);
    assert_eq!(room.store.find(&address("erased@example.org")).await.unwrap(), None);
    let ended = SubscriberState::Ended { at: minute(10), reason: EndReason::Unsubscribed };
    assert_eq!(room.store.subscriber(vouched).await.unwrap().unwrap().state, ended);

    // What she changed herself is her own will, too.
    let changed = room.subscriber("changed@example.org", &["all"]).await;
    let preferences = Preferences {
        topics: topics(&["tag:eau"]),
        frequency: Frequency::Daily,
        language: Language::French,
        names: Names::Stay,
    };
    room.store.change_preferences(changed, &preferences, &proof(), minute(5)).await.unwrap();
    let barred = entry("changed@example.org", Standing::Barred(SuppressionReason::Complained));
    assert_eq!(room.import(std::slice::from_ref(&barred)).await, [own_will]);

    // So is coming back.
    let returned = Entry { address: address("vouched@example.org"), ..barred };
    let back = room.subscriber("vouched@example.org", &["all"]).await;
    assert!(room.store.leave(back, &proof(), minute(20)).await.unwrap());
    let letter = || question("back@example.org");
    assert!(room.store.come_back(back, minute(20), &proof(), minute(21), letter).await.unwrap());
    assert_eq!(room.import(&[returned]).await, [own_will]);
}

pub(crate) async fn a_pause_comes_along(room: Room) {
    let until = |text, minutes| Entry { paused_until: Some(minute(minutes)), ..entry(text, Standing::Subscribed) };
    let new = newcomer("asked@example.org", &["all"]);
    room.store.subscribe_pending(&new, &proof(), minute(0), confirmation).await.unwrap();
    let gone = Entry { standing: LEFT, ..until("gone@example.org", 100) };
    let entries = [until("ann@example.org", 100), until("asked@example.org", 100), until("back@example.org", 10), gone];
    room.import(&entries).await;
    let pause = Some(Pause { since: minute(10), until: minute(100) });
    for (entry, expected) in entries.iter().zip([pause, pause, None, None]) {
        let one = room.store.find(&entry.address).await.unwrap().unwrap();
        assert_eq!(one.pause, expected, "{:?}", one.address);
    }
    room.import(&[until("ann@example.org", 200)]).await;
    assert_eq!(
        room.store.find(&entries[0].address).await.unwrap().unwrap().pause,
        pause,
        "the same list changes nothing"
    );
}

pub(crate) async fn who_left_elsewhere_is_not_brought_in_by_the_form_and_a_list(room: Room) {
    let ann = "ann@example.org";
    assert_eq!(room.import(&[entry(ann, LEFT)]).await, [Outcome::Ended(EndReason::Unsubscribed)]);
    let asked =
        room.store.subscribe_pending(&newcomer(ann, &["all"]), &proof(), minute(11), confirmation).await.unwrap();
    let had_left = Outcome::LeftAlone(Why::HadLeft(EndReason::Unsubscribed));
    assert_eq!(room.import(&[entry(ann, Standing::Subscribed)]).await, [had_left]);
    assert!(room.store.confirm(asked.id, &proof(), minute(12)).await.unwrap(), "her own word counts");
}

pub(crate) async fn a_no_of_a_list_is_remembered_of_who_is_asked(room: Room) {
    let ask = |text: &'static str, at| {
        let store = room.store.clone();
        async move {
            let new = newcomer(text, &["all"]);
            store.subscribe_pending(&new, &proof(), minute(at), confirmation).await.unwrap().id
        }
    };
    let (ann, bob) = (ask("ann@example.org", 0).await, ask("bob@example.org", 0).await);
    let bounced = Standing::Barred(SuppressionReason::Bounced);
    let outcomes = room.import(&[entry("ann@example.org", LEFT), entry("bob@example.org", bounced)]).await;
    assert_eq!(outcomes, [Outcome::Ended(EndReason::Unsubscribed), Outcome::Ended(EndReason::Bounced)]);
    for (id, why) in [(ann, EndReason::Unsubscribed), (bob, EndReason::Bounced)] {
        let asked = room.store.subscriber(id).await.unwrap().unwrap();
        let state = SubscriberState::Pending { since: minute(0), left: Some(why) };
        assert_eq!(asked.state, state, "the letter may still be answered");
    }
    let yes = ["ann@example.org", "bob@example.org"].map(|text| entry(text, Standing::Subscribed));
    let had_left = [EndReason::Unsubscribed, EndReason::Bounced].map(|why| Outcome::LeftAlone(Why::HadLeft(why)));
    assert_eq!(room.import(&yes).await, had_left);
    let last = room.store.consents_of(ann).await.unwrap().pop().unwrap();
    assert_eq!((last.action, last.proof.source.as_str()), (ConsentAction::Declined, "liste de 2025"));
    let again = [Outcome::AlreadyOut, Outcome::AlreadyOut];
    assert_eq!(room.import(&[entry("ann@example.org", LEFT), entry("bob@example.org", bounced)]).await, again);

    // Nobody answers the letter: the no stays.
    assert_eq!(room.store.purge_unconfirmed(minute(20)).await.unwrap(), 0);
    assert_eq!(room.import(&yes).await, had_left);
    ask("ann@example.org", 2000).await;
    assert!(room.store.confirm(ann, &proof(), minute(2001)).await.unwrap());
    let active = room.store.subscriber(ann).await.unwrap().unwrap();
    assert_eq!(active.state, SubscriberState::Active { since: minute(2001) });
}

pub(crate) async fn who_is_forgotten_while_a_list_is_taken_in_stays_forgotten(room: Room) {
    for turn in 0..40 {
        let text = format!("a{turn}@example.org");
        if turn % 2 == 0 {
            let new = newcomer(&text, &["all"]);
            room.store.subscribe_pending(&new, &proof(), minute(0), confirmation).await.unwrap();
        }
        let who = address(&text);
        let yes = entry(&text, Standing::Subscribed);
        let (defaults, entries) = (defaults(), [&yes]);
        let (taken, forgotten) = futures_util::future::join(
            room.store.import(&entries, &defaults, minute(10)),
            room.store.erase(&who, minute(10)),
        )
        .await;
        taken.unwrap();
        forgotten.unwrap();
        assert_eq!(room.store.find(&who).await.unwrap(), None, "turn {turn}");
        assert_eq!(room.store.is_suppressed(&who).await.unwrap(), Some(SuppressionReason::Erased));
    }
    let listed = room.store.list(&SubscriberFilter::default()).await.unwrap();
    assert_eq!(listed, [], "nobody is left, not even without an address");
}

pub(crate) async fn a_no_stops_the_letters_of_whom_the_office_vouched_for(room: Room) {
    let ids = room.subscribers(3).await;
    let edition = room.sending("bridge").await;
    let who = room.store.subscriber(ids[0]).await.unwrap().unwrap().address;
    let barred = Entry { standing: Standing::Barred(SuppressionReason::Complained), ..Entry::new(who.clone()) };
    assert_eq!(room.import(&[barred]).await, [Outcome::Suppressed(SuppressionReason::Complained)]);
    assert_eq!(room.tally(edition).await, [2, 0, 0, 0, 0, 1, 0]);
    let skipped = room.store.deliveries_of_edition(edition, None, 1000).await.unwrap();
    let skipped: Vec<_> = skipped.iter().filter(|one| one.subscriber == Some(ids[0])).map(|one| &one.state).collect();
    assert_eq!(skipped, [&DeliveryState::Skipped(SkipReason::Suppressed)]);
    assert_eq!(room.store.is_suppressed(&who).await.unwrap(), Some(SuppressionReason::Complained));
}

pub(crate) async fn the_office_blocks_and_takes_it_back(room: Room) {
    let id = room.subscriber("ann@example.org", &["all"]).await;
    let edition = room.sending("bridge").await;
    let ann = address("ANN@example.org");
    assert_eq!(room.store.block(&ann, minute(1)).await.unwrap(), None);
    assert_eq!(room.store.block(&ann, minute(2)).await.unwrap(), Some(SuppressionReason::Blocked));
    let ended = SubscriberState::Ended { at: minute(1), reason: EndReason::Removed };
    assert_eq!(room.store.subscriber(id).await.unwrap().unwrap().state, ended);
    assert_eq!(room.tally(edition).await, [0, 0, 0, 0, 0, 1, 0]);
    let asked = room
        .store
        .subscribe_pending(&newcomer("ann@example.org", &["all"]), &proof(), minute(3), confirmation)
        .await
        .unwrap();
    assert!(!asked.is_written_to);
    assert_eq!(room.store.unblock(&ann, minute(4)).await.unwrap(), Unblocked::Lifted(SuppressionReason::Blocked));
    assert_eq!(room.store.unblock(&ann, minute(5)).await.unwrap(), Unblocked::WasFree);
    let last = room.store.consents_of(id).await.unwrap().pop().unwrap();
    assert_eq!((last.action, last.at, last.proof.words.as_str()), (ConsentAction::Unblocked, minute(4), "blocked"));
    assert_eq!(room.store.is_suppressed(&ann).await.unwrap(), None);
    assert_eq!(room.store.subscriber(id).await.unwrap().unwrap().state, ended);

    // An address that could not be reached may work again.
    let eve = address("eve@example.org");
    room.store.suppress(&eve, SuppressionReason::Bounced, minute(1)).await.unwrap();
    assert_eq!(room.store.unblock(&eve, minute(2)).await.unwrap(), Unblocked::Lifted(SuppressionReason::Bounced));
    assert!(matches!(
        room.store.add_active(&newcomer("eve@example.org", &["all"]), minute(3)).await.unwrap(),
        Added::New(_)
    ));
    let complained = address("fay@example.org");
    room.store.suppress(&complained, SuppressionReason::Complained, minute(1)).await.unwrap();
    assert_eq!(
        room.store.unblock(&complained, minute(2)).await.unwrap(),
        Unblocked::Kept(SuppressionReason::Complained)
    );

    // An erasure is not lifted by the office; a block keeps its owner from asking again, and leaves the erasure when it goes.
    let bob = address("bob@example.org");
    room.store.suppress(&bob, SuppressionReason::Erased, minute(1)).await.unwrap();
    assert_eq!(room.store.unblock(&bob, minute(2)).await.unwrap(), Unblocked::Kept(SuppressionReason::Erased));
    assert_eq!(room.store.block(&bob, minute(2)).await.unwrap(), None);
    let ask = |at| {
        let store = room.store.clone();
        async move {
            let new = newcomer("bob@example.org", &["all"]);
            store.subscribe_pending(&new, &proof(), minute(at), confirmation).await.unwrap().is_written_to
        }
    };
    assert!(!ask(3).await);
    assert_eq!(room.store.unblock(&bob, minute(4)).await.unwrap(), Unblocked::Erased(SuppressionReason::Blocked));
    assert_eq!(room.store.is_suppressed(&bob).await.unwrap(), Some(SuppressionReason::Erased));
    let yes = entry("bob@example.org", Standing::Subscribed);
    let erased = Outcome::LeftAlone(Why::Suppressed(SuppressionReason::Erased));
    assert_eq!(room.import(std::slice::from_ref(&yes)).await, [erased]);
    assert!(ask(5).await, "its owner may");

    // In the other order, too, and when a bounce comes late.
    for (who, why) in [("cy@example.org", SuppressionReason::Blocked), ("di@example.org", SuppressionReason::Bounced)] {
        room.subscriber(who, &["all"]).await;
        room.store.suppress(&address(who), why, minute(6)).await.unwrap();
        room.store.erase(&address(who), minute(7)).await.unwrap();
        room.store.suppress(&address(who), SuppressionReason::Bounced, minute(8)).await.unwrap();
        assert_eq!(room.store.is_suppressed(&address(who)).await.unwrap(), Some(why));
        assert_eq!(room.store.unblock(&address(who), minute(9)).await.unwrap(), Unblocked::Erased(why));
        let yes = Entry { address: address(who), ..yes.clone() };
        assert_eq!(room.import(&[yes]).await, [erased]);
    }
}

pub(crate) async fn subscribers_are_read_page_by_page(room: Room) {
    let entries: Vec<Entry> = (0..1201).map(|n| entry(&format!("r{n:04}@example.org"), Standing::Subscribed)).collect();
    for some in entries.chunks(256) {
        assert_eq!(room.import(some).await, vec![Outcome::Added; some.len()]);
    }
    let first = room.store.page(&SubscriberFilter::default(), None).await.unwrap();
    assert_eq!((first.subscribers.len(), first.next.as_deref()), (500, Some("r0499@example.org")));
    let all = room.store.list(&SubscriberFilter::default()).await.unwrap();
    let addresses: Vec<&str> = all.iter().map(|one| one.address.as_str()).collect();
    assert_eq!(addresses, entries.iter().map(|one| one.address.as_str()).collect::<Vec<_>>());
    assert!(all.iter().all(|one| one.topics == topics(&["all"])));
}
