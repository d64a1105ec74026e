//! Letters as their recipients get them, with what editions share kept while it is of use.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::domain::{Delivery, EditionId, Fragment, LetterId, Message, Token};
use crate::language::Language;
use crate::mail::{
    Contents, PersonalLinks, Plate, Recipient, Sender, SigningError, contents_of, envelope_id, envelope_sender,
};
use crate::smtp::Envelope;
use crate::store::StoreError;
use crate::task::newsroom::Newsroom;

/// Composes letters.
#[derive(Debug)]
pub(super) struct Composer {
    newsroom: Arc<Newsroom>,
    sender: Sender,
    plates: Mutex<HashMap<LetterId, Arc<Plate>>>,
    fragments: Mutex<HashMap<(EditionId, Language), Arc<Fragments>>>,
    contents: Mutex<HashMap<Holding, Arc<Contents>>>,
}

/// What a letter of a digest holds: which digest, in which language, and the numbers of its fragments.
type Holding = (EditionId, Language, Vec<u32>);

/// A digest's fragments in one language, by number.
type Fragments = BTreeMap<u32, Fragment>;

/// What a connection is to hand over next.
pub(super) struct Ready {
    pub(super) delivery: Delivery,
    pub(super) letter: ReadyLetter,
}

/// A letter that can be handed over.
pub(super) struct ReadyLetter {
    pub(super) envelope: Envelope,
    pub(super) message: Message,
    pub(super) message_id: String,
}

/// What came of composing a letter.
pub(super) enum Composed {
    /// It can be handed over.
    Ready(ReadyLetter),
    /// There is no such letter.
    Missing,
    /// It is to be signed and cannot be: without its signature, others would throw it away.
    Unsigned(SigningError),
}

impl Composer {
    pub(super) fn new(newsroom: Arc<Newsroom>) -> Self {
        let sender = newsroom.sender();
        let (plates, fragments, contents) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { newsroom, sender, plates, fragments, contents }
    }

    /// The letter as this recipient gets it.
    pub(super) async fn prepare(&self, delivery: &Delivery) -> Result<Composed, StoreError> {
        let Some(plate) = self.plate(delivery.letter).await? else { return Ok(Composed::Missing) };
        let (newsroom, letter) = (&self.newsroom, plate.letter());
        let topics = letter.words_of(&delivery.topics);
        let links = delivery.subscriber.filter(|_| delivery.edition.is_some()).map(|subscriber| {
            let token = Token::Unsubscribe { subscriber }.signed(newsroom.key());
            (newsroom.signed_url("u", &token), token, newsroom.preferences_url(subscriber))
        });
        let contents = self.contents(delivery, letter.language).await?;
        let in_reply_to = self.followed(delivery).await?;
        let message_id = plate.message_id(&delivery.recipient, delivery.id);
        let recipient = Recipient {
            message_id: &message_id,
            mailbox: &delivery.recipient,
            topics_words: &topics,
            links: links.as_ref().map(|(unsubscribe_url, unsubscribe_token, preferences_url)| PersonalLinks {
                unsubscribe_url,
                unsubscribe_token,
                preferences_url,
            }),
            contents: contents.as_deref(),
            in_reply_to: in_reply_to.as_deref(),
        };
        let message = match plate.print(&recipient) {
            Ok(message) => message,
            Err(error) => return Ok(Composed::Unsigned(error)),
        };
        let id = envelope_id(delivery.id, newsroom.key());
        let envelope = Envelope {
            from: envelope_sender(&newsroom.config.newsletter, &id),
            to: delivery.recipient.address.clone(),
            id: Some(id),
        };
        Ok(Composed::Ready(ReadyLetter { envelope, message, message_id }))
    }

    /// A letter laid out, kept while it is of use.
    async fn plate(&self, id: LetterId) -> Result<Option<Arc<Plate>>, StoreError> {
        /// How many letters are kept: those of a few editions.
        const KEPT: usize = 32;
        if let Some(plate) = self.plates.lock().await.get(&id) {
            return Ok(Some(plate.clone()));
        }
        let Some(letter) = self.newsroom.store.letter(id).await? else { return Ok(None) };
        let plate = Arc::new(Plate::new(letter, self.sender.clone()));
        keep(&mut *self.plates.lock().await, KEPT, id, &plate);
        Ok(Some(plate))
    }

    /// The releases of a digest that one delivery holds, put together; `None` for any other letter. Many follow the same.
    async fn contents(&self, delivery: &Delivery, language: Language) -> Result<Option<Arc<Contents>>, StoreError> {
        const KEPT: usize = 128;
        let Some(edition) = delivery.edition.filter(|_| !delivery.contents.is_empty()) else { return Ok(None) };
        let key = (edition, language, delivery.contents.clone());
        if let Some(contents) = self.contents.lock().await.get(&key) {
            return Ok(Some(contents.clone()));
        }
        let fragments = self.fragments(edition, language, &delivery.contents).await?;
        let mut own: Vec<&Fragment> = delivery.contents.iter().filter_map(|number| fragments.get(number)).collect();
        own.sort_by_key(|fragment| fragment.ordinal);
        let contents = Arc::new(Contents::of(&contents_of(own)));
        keep(&mut *self.contents.lock().await, KEPT, key, &contents);
        Ok(Some(contents))
    }

    /// The fragments of a digest, among them those with these `numbers`.
    async fn fragments(
        &self,
        edition: EditionId,
        language: Language,
        numbers: &[u32],
    ) -> Result<Arc<Fragments>, StoreError> {
        /// How many digests' fragments are kept.
        const KEPT: usize = 8;
        let key = (edition, language);
        // A text that was corrected on its way has a number that was not there before.
        let is_whole = |known: &&Arc<Fragments>| numbers.iter().all(|number| known.contains_key(number));
        if let Some(fragments) = self.fragments.lock().await.get(&key).filter(is_whole) {
            return Ok(fragments.clone());
        }
        let loaded = Arc::new(self.newsroom.store.fragments(edition, language).await?);
        keep(&mut *self.fragments.lock().await, KEPT, key, &loaded);
        Ok(loaded)
    }

    /// The Message-ID of the letter that a delivery follows up.
    async fn followed(&self, delivery: &Delivery) -> Result<Option<String>, StoreError> {
        let Some(earlier) = delivery.follows else { return Ok(None) };
        let Some(earlier) = self.newsroom.store.delivery(earlier).await? else { return Ok(None) };
        let Some(plate) = self.plate(earlier.letter).await? else { return Ok(None) };
        Ok(Some(plate.message_id(&earlier.recipient, earlier.id)))
    }
}

/// Keeps `value`; nothing else once there are `most`.
fn keep<K: Eq + Hash, V>(kept: &mut HashMap<K, Arc<V>>, most: usize, key: K, value: &Arc<V>) {
    if kept.len() >= most {
        kept.clear();
    }
    kept.insert(key, value.clone());
}
