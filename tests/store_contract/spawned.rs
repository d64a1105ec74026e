//! Every call may be made from a spawned task: the compiler checks it.

use chrono::TimeDelta;
use depeche::config::OnLostReply;
use depeche::domain::{
    EditionId, EditionState, EndReason, Frequency, LetterKind, Mailbox, SubscriberId, SuppressionReason,
};
use depeche::language::Language;
use depeche::register::{KeptRegister, NoTexts, RegisterChanges};
use depeche::store::{ConsentAction, EditionFilter, Names, Preferences, SingleLetter, SubscriberFilter};

use super::room::{
    CAUSE, Room, address, announcement, confirmation, everybody, letter, minute, newcomer, nobody_asked, proof,
    question, release, topics,
};

const fn is_send<T: Send>(_: &T) {}

pub(crate) async fn futures_may_be_spawned(room: Room) {
    let (store, id, who) = (&room.store, EditionId::new(1), SubscriberId::new(1));
    let new = newcomer("ann@example.org", &["all"]);
    let (all, follow, ann, told) = (everybody(&[], minute(0)), topics(&["all"]), address("ann@example.org"), proof());
    is_send(&store.load_register());
    is_send(&store.refresh_register(&mut KeptRegister::default(), &mut None));
    is_send(&store.save_register(&RegisterChanges::default(), minute(0), &NoTexts));
    is_send(&store.decisions_of(&release("bridge")));
    is_send(&store.create_edition(&announcement("bridge", EditionState::Sending), &follow, minute(0)));
    is_send(&store.revise_edition(id, "", &follow));
    is_send(&store.editions(&EditionFilter::default()));
    is_send(&store.edition(id));
    is_send(&store.change_edition(id, &["held"], &EditionState::Cancelled, CAUSE, minute(0)));
    is_send(&store.approve_edition(id, &[], minute(0), CAUSE, minute(0)));
    is_send(&store.open_edition(id, &[], None, minute(0)));
    is_send(&store.deliver_chunk(id, &all, 1, minute(0)));
    is_send(&store.finish_editions(OnLostReply::Hold, minute(0)));
    is_send(&store.claim("a", 1, minute(0), TimeDelta::minutes(1)));
    is_send(&store.give_back("a", &[], None));
    is_send(&store.exchange(None, None));
    is_send(&store.sweep(minute(0), OnLostReply::Hold, TimeDelta::minutes(1)));
    is_send(&store.void_leases(None, minute(0)));
    is_send(&store.next_due());
    is_send(&store.add_active(&new, minute(0)));
    is_send(&store.subscribe_pending(&new, &told, minute(0), confirmation));
    is_send(&store.ask_address(who, &ann, &told, minute(0), nobody_asked));
    is_send(&store.ask_owner(who, ConsentAction::ExportAsked, &told, minute(0), || question("ann@example.org")));
    is_send(&store.confirm(who, &told, minute(0)));
    is_send(&store.list(&SubscriberFilter::default()));
    is_send(&store.subscriber(who));
    is_send(&store.find(&ann));
    is_send(&store.end(who, EndReason::Removed, minute(0)));
    is_send(&store.suppress(&ann, SuppressionReason::Blocked, minute(0)));
    is_send(&store.take_lead("register", "a", minute(0), TimeDelta::minutes(1)));
    let spawned = room.store.clone();
    tokio::spawn(async move {
        let filter = EditionFilter { states: vec!["held"], release: None };
        assert_eq!(spawned.editions(&filter).await.unwrap(), []);
        assert_eq!(spawned.edition(id).await.unwrap(), None);
        assert_eq!(spawned.list(&SubscriberFilter::default()).await.unwrap(), []);
        assert_eq!(spawned.load_register().await.unwrap(), depeche::register::Register::default());
        spawned.save_register(&RegisterChanges::default(), minute(0), &NoTexts).await.unwrap();
        assert!(!spawned.open_edition(id, &[], None, minute(0)).await.unwrap());
        assert!(!spawned.change_edition(id, &["held"], &EditionState::Cancelled, CAUSE, minute(0)).await.unwrap());
        assert!(spawned.deliver_chunk(id, &all, 1, minute(0)).await.unwrap().end.is_some());
        assert_eq!(spawned.claim("a", 1, minute(0), TimeDelta::minutes(1)).await.unwrap(), []);
        assert_eq!(spawned.finish_editions(OnLostReply::Hold, minute(0)).await.unwrap(), []);
        assert!(!spawned.end(who, EndReason::Removed, minute(0)).await.unwrap());
        let preferences =
            Preferences { topics: follow, frequency: Frequency::Daily, language: Language::French, names: Names::Stay };
        assert!(!spawned.change_preferences(who, &preferences, &told, minute(0)).await.unwrap());
        let recipient = Mailbox::new(None, ann);
        let letter = letter(LetterKind::Notice, Language::French);
        let single =
            SingleLetter { letter: &letter, recipient: &recipient, subscriber: None, due: minute(0), cause: None };
        assert!(spawned.post_letter(&single, minute(0)).await.unwrap().is_some());
    })
    .await
    .unwrap();
}
