//! Letters as their recipients get them, with what editions share kept while it is of use.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::domain::{Delivery, EditionId, Fragment, LetterId, Piece, RenderedLetter, Token};
use crate::language::Language;
use crate::mail::{PersonalLinks, Recipient, Sender, compose, contents_of, envelope_id, envelope_sender, message_id};
use crate::smtp::Envelope;
use crate::store::StoreError;
use crate::task::newsroom::Newsroom;

/// Composes letters.
#[derive(Debug)]
pub(super) struct Composer {
    newsroom: Arc<Newsroom>,
    sender: Sender,
    letters: Mutex<HashMap<LetterId, Arc<RenderedLetter>>>,
    fragments: Mutex<HashMap<(EditionId, Language), Arc<Fragments>>>,
}

/// A digest's fragments in one language, by number.
type Fragments = BTreeMap<u32, Fragment>;

/// What a connection is to hand over next.
pub(super) struct Ready {
    pub(super) delivery: Delivery,
    pub(super) envelope: Envelope,
    pub(super) bytes: Vec<u8>,
    pub(super) message_id: String,
}

impl Composer {
    pub(super) fn new(newsroom: Arc<Newsroom>) -> Self {
        let sender = newsroom.sender();
        Self { newsroom, sender, letters: Mutex::default(), fragments: Mutex::default() }
    }

    /// The letter as this recipient gets it; `None` when there is none.
    pub(super) async fn prepare(&self, delivery: &Delivery) -> Result<Option<Ready>, StoreError> {
        let Some(letter) = self.letter(delivery.letter).await? else { return Ok(None) };
        let newsroom = &self.newsroom;
        let topics = letter.words_of(&delivery.topics);
        let links = delivery.subscriber.filter(|_| delivery.edition.is_some()).map(|subscriber| {
            let token = Token::Unsubscribe { subscriber };
            (newsroom.token_url("u", &token), token.signed(newsroom.key()), newsroom.preferences_url(subscriber))
        });
        let contents = self.contents(delivery, letter.language).await?;
        let in_reply_to = self.followed(delivery).await?;
        let recipient = Recipient {
            mailbox: &delivery.recipient,
            topics_words: &topics,
            links: links.as_ref().map(|(unsubscribe_url, unsubscribe_token, preferences_url)| PersonalLinks {
                unsubscribe_url,
                unsubscribe_token,
                preferences_url,
            }),
            contents: contents.as_ref(),
            in_reply_to: in_reply_to.as_deref(),
        };
        let bytes = compose(&letter, &recipient, &self.sender);
        let envelope = Envelope {
            from: envelope_sender(&newsroom.config.newsletter, delivery.id, newsroom.key()),
            to: delivery.recipient.address.clone(),
            id: Some(envelope_id(delivery.id, newsroom.key())),
        };
        let message_id = message_id(&letter, &delivery.recipient.address, &self.sender);
        Ok(Some(Ready { delivery: delivery.clone(), envelope, bytes, message_id }))
    }

    /// A rendered letter, kept while it is of use.
    async fn letter(&self, id: LetterId) -> Result<Option<Arc<RenderedLetter>>, StoreError> {
        /// How many letters are kept: those of a few editions.
        const KEPT: usize = 32;
        if let Some(letter) = self.letters.lock().await.get(&id) {
            return Ok(Some(letter.clone()));
        }
        let Some(letter) = self.newsroom.store.letter(id).await? else { return Ok(None) };
        let letter = Arc::new(letter);
        let mut letters = self.letters.lock().await;
        if letters.len() >= KEPT {
            letters.clear();
        }
        letters.insert(id, letter.clone());
        Ok(Some(letter))
    }

    /// The releases of a digest that one delivery holds, put together; `None` for any other letter.
    async fn contents(&self, delivery: &Delivery, language: Language) -> Result<Option<Piece>, StoreError> {
        /// How many digests' fragments are kept.
        const KEPT: usize = 8;
        let Some(edition) = delivery.edition.filter(|_| !delivery.contents.is_empty()) else { return Ok(None) };
        let key = (edition, language);
        let mut fragments = self.fragments.lock().await.get(&key).cloned();
        // A text that was corrected on its way has a number that was not there before.
        let is_whole = |known: &Arc<Fragments>| delivery.contents.iter().all(|n| known.contains_key(n));
        if !fragments.as_ref().is_some_and(is_whole) {
            let loaded = Arc::new(self.newsroom.store.fragments(edition, language).await?);
            let mut kept = self.fragments.lock().await;
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(key, loaded.clone());
            fragments = Some(loaded);
        }
        let fragments = fragments.unwrap_or_default();
        let mut own: Vec<&Fragment> = delivery.contents.iter().filter_map(|number| fragments.get(number)).collect();
        own.sort_by_key(|fragment| fragment.ordinal);
        Ok(Some(contents_of(own)))
    }

    /// The Message-ID of the letter that a delivery follows up.
    async fn followed(&self, delivery: &Delivery) -> Result<Option<String>, StoreError> {
        let Some(earlier) = delivery.follows else { return Ok(None) };
        let Some(earlier) = self.newsroom.store.delivery(earlier).await? else { return Ok(None) };
        let Some(letter) = self.letter(earlier.letter).await? else { return Ok(None) };
        Ok(Some(message_id(&letter, &earlier.recipient.address, &self.sender)))
    }
}
