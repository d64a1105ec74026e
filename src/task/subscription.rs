//! Letters to one subscriber: the one that asks to confirm, those that ask whether it was really they who asked, and the
//! one that says they are back.

use chrono::{DateTime, TimeDelta, Utc};
use tracing::field::display;
use tracing::info;

use super::newsroom::{Newsroom, new_letter};
use super::office::OfficeError;
use crate::domain::{
    EmailAddress, LetterKind, Mailbox, NewSubscriber, RenderedLetter, Subscriber, SubscriberId, Token,
};
use crate::language::Language;
use crate::resource::Wording;
use crate::store::{AskedAddress, ConsentAction, Proof, Question, StoreError, Wished};
use crate::template::RequestKind;

/// How long the link to a copy of what is kept, or to be forgotten, works.
const DATA_LINK_LASTS: TimeDelta = TimeDelta::hours(24);

/// How long both sides may think about a new address.
const ADDRESS_LINK_LASTS: TimeDelta = TimeDelta::days(7);

impl Newsroom {
    /// Keeps what `new` wishes and asks whoever owns the address to confirm it; one that has a subscription is told so, and
    /// where to change it. `false` when no letter leaves.
    ///
    /// # Errors
    /// When the letter cannot be rendered, or nothing be kept.
    pub async fn ask_to_confirm(&self, new: &NewSubscriber, proof: &Proof) -> Result<bool, OfficeError> {
        let now = self.now();
        let letter = |Wished { id, is_active }| {
            if is_active {
                let token = Token::Preferences { subscriber: id };
                self.request(new.language, RequestKind::Known, "", &token, now)
            } else {
                self.confirmation(id, new, now)
            }
        };
        let asked = self.store.subscribe_pending(new, proof, now, letter).await?;
        if asked.is_written_to {
            self.letters_queued.notify_waiters();
        }
        let (to, source, is_written_to) = (new.address.masked(), &proof.source, asked.is_written_to);
        // Of an address that may not be written to, nobody is kept.
        let id = is_written_to.then(|| display(asked.id));
        info!(subscriber.id = id, to, source, is_written_to, "a subscription is asked for");
        Ok(asked.is_written_to)
    }

    /// The letter that asks `new`, who has the row `id`, to confirm. The link lasts as long as an unconfirmed row does.
    fn confirmation(
        &self,
        id: SubscriberId,
        new: &NewSubscriber,
        now: DateTime<Utc>,
    ) -> Result<RenderedLetter, OfficeError> {
        let current = self.current();
        let site = current.resources.site();
        let words = Wording::of_letters(site, new.language);
        let topics = new.topics.iter().map(|topic| words.topic(current.resources.live(), topic)).collect();
        let expires = now + self.config.keep.unconfirmed;
        let url = self.token_url("confirm", &Token::Confirm { subscriber: id, expires });
        let parts = self.writer(site).confirmation(new.language, topics, &url, expires)?;
        Ok(new_letter(LetterKind::Confirmation, new.language, parts, now))
    }

    /// Somebody with the link of `subscriber` asks that the subscription have the `new` address: both sides are asked, the new
    /// one only when it may be written to.
    ///
    /// # Errors
    /// When a letter cannot be rendered, or nothing be kept.
    pub async fn ask_for_address(
        &self,
        subscriber: &Subscriber,
        new: &EmailAddress,
        proof: &Proof,
    ) -> Result<(), OfficeError> {
        let now = self.now();
        let expires = now + self.config.keep.unconfirmed.min(ADDRESS_LINK_LASTS);
        let questions = |AskedAddress { change, write_to_new }| {
            let token = Token::AddressOld { change, expires };
            let mut questions = vec![Question {
                letter: self.request(subscriber.language, RequestKind::AddressOld, new.as_str(), &token, now)?,
                recipient: owner(subscriber),
            }];
            if write_to_new {
                // Whoever reads there may be a stranger: neither the name nor the present address is told.
                let token = Token::AddressNew { change, expires };
                questions.push(Question {
                    letter: self.request(subscriber.language, RequestKind::AddressNew, new.as_str(), &token, now)?,
                    recipient: Mailbox::new(None, new.clone()),
                });
            }
            Ok::<_, OfficeError>(questions)
        };
        if self.store.ask_address(subscriber.id, new, proof, now, questions).await?.is_some() {
            self.letters_queued.notify_waiters();
            let (id, what) = (subscriber.id, "address");
            info!(subscriber.id = %id, what, to = new.masked(), "subscriber {id} is asked by letter: {what}");
        }
        Ok(())
    }

    /// Sends `subscriber` the link to a copy of what is kept of them.
    ///
    /// # Errors
    /// When the letter cannot be rendered, or nothing be kept.
    pub async fn ask_for_copy(&self, subscriber: &Subscriber, proof: &Proof) -> Result<(), OfficeError> {
        let token = Token::Export { subscriber: subscriber.id, expires: self.now() + DATA_LINK_LASTS };
        self.ask_owner(subscriber, RequestKind::Export, &token, ConsentAction::ExportAsked, proof).await
    }

    /// Asks `subscriber` whether they want to be forgotten.
    ///
    /// # Errors
    /// When the letter cannot be rendered, or nothing be kept.
    pub async fn ask_for_erasure(&self, subscriber: &Subscriber, proof: &Proof) -> Result<(), OfficeError> {
        let token = Token::Erase { subscriber: subscriber.id, expires: self.now() + DATA_LINK_LASTS };
        self.ask_owner(subscriber, RequestKind::Erasure, &token, ConsentAction::ErasureAsked, proof).await
    }

    /// Whether a link to one's data, which ends at `expires`, went to an address that `subscriber` has no more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_moved_since_link(
        &self,
        subscriber: SubscriberId,
        expires: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let sent = expires - DATA_LINK_LASTS;
        Ok(self.store.former_addresses_of(subscriber).await?.iter().any(|former| former.gone >= sent))
    }

    /// Takes `subscriber`, who left at `since` or later, back, and writes to them that the subscription goes on: it may be
    /// somebody else who has the link. `false` when that cannot be.
    ///
    /// # Errors
    /// When the letter cannot be rendered, or nothing be kept.
    pub async fn take_back(
        &self,
        subscriber: &Subscriber,
        since: DateTime<Utc>,
        proof: &Proof,
    ) -> Result<bool, OfficeError> {
        let now = self.now();
        let letter = || {
            let token = Token::Unsubscribe { subscriber: subscriber.id };
            let letter = self.request(subscriber.language, RequestKind::Returned, "", &token, now)?;
            Ok::<_, OfficeError>(Question { letter, recipient: owner(subscriber) })
        };
        let is_back = self.store.come_back(subscriber.id, since, proof, now, letter).await?;
        if is_back {
            self.letters_queued.notify_waiters();
            info!(subscriber.id = %subscriber.id, "subscriber {} is back after leaving", subscriber.id);
        }
        Ok(is_back)
    }

    async fn ask_owner(
        &self,
        subscriber: &Subscriber,
        kind: RequestKind,
        token: &Token,
        action: ConsentAction,
        proof: &Proof,
    ) -> Result<(), OfficeError> {
        let now = self.now();
        let question = || {
            let letter = self.request(subscriber.language, kind, "", token, now)?;
            Ok::<_, OfficeError>(Question { letter, recipient: owner(subscriber) })
        };
        if self.store.ask_owner(subscriber.id, action, proof, now, question).await? {
            self.letters_queued.notify_waiters();
            let (id, what) = (subscriber.id, action.as_str());
            info!(subscriber.id = %id, what, "subscriber {id} is asked by letter: {what}");
        }
        Ok(())
    }

    /// A letter with a link that answers something asked for in the recipient's name.
    fn request(
        &self,
        language: Language,
        kind: RequestKind,
        address: &str,
        token: &Token,
        now: DateTime<Utc>,
    ) -> Result<RenderedLetter, OfficeError> {
        let current = self.current();
        let below = match kind {
            RequestKind::AddressOld | RequestKind::AddressNew => "preferences/address",
            RequestKind::Export => "preferences/export",
            RequestKind::Erasure => "preferences/erase",
            RequestKind::Known => "preferences",
            RequestKind::Returned => "u",
        };
        let url = self.token_url(below, token);
        let parts = self.writer(current.resources.site()).request(language, kind, address, &url, token.expires())?;
        Ok(new_letter(LetterKind::Request, language, parts, now))
    }
}

/// Who has a subscription, as letters name them.
fn owner(subscriber: &Subscriber) -> Mailbox {
    Mailbox::new(subscriber.name.as_deref(), subscriber.address.clone())
}
