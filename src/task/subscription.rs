//! Letters to one subscriber: the one that asks to confirm, and those that ask whether it was really they who asked.

use chrono::{DateTime, TimeDelta, Utc};

use super::newsroom::{Newsroom, new_letter};
use super::office::OfficeError;
use crate::domain::{
    EmailAddress, LetterKind, Mailbox, NewSubscriber, RenderedLetter, Subscriber, SubscriberId, Token,
};
use crate::language::Language;
use crate::resource::Wording;
use crate::store::{AskedAddress, Proof, SingleLetter, Wished};
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

    /// Asks both sides whether the subscription of `subscriber` is to have the `new` address; the new one only when it may be
    /// written to.
    ///
    /// # Errors
    /// When a letter cannot be rendered or queued.
    pub async fn post_address_questions(
        &self,
        subscriber: &Subscriber,
        new: &EmailAddress,
        asked: AskedAddress,
    ) -> Result<(), OfficeError> {
        let AskedAddress { change, write_to_new } = asked;
        let expires = self.now() + self.config.keep.unconfirmed.min(ADDRESS_LINK_LASTS);
        let token = Token::AddressOld { change, expires };
        let present = Mailbox::new(subscriber.name.as_deref(), subscriber.address.clone());
        self.post_request(subscriber, &present, RequestKind::AddressOld, new.as_str(), &token).await?;
        if write_to_new {
            // Whoever reads there may be a stranger: neither the name nor the present address is told.
            let token = Token::AddressNew { change, expires };
            let recipient = Mailbox::new(None, new.clone());
            self.post_request(subscriber, &recipient, RequestKind::AddressNew, new.as_str(), &token).await?;
        }
        Ok(())
    }

    /// Sends `subscriber` the link to a copy of what is kept of them.
    ///
    /// # Errors
    /// When the letter cannot be rendered or queued.
    pub async fn post_export_link(&self, subscriber: &Subscriber) -> Result<(), OfficeError> {
        let token = Token::Export { subscriber: subscriber.id, expires: self.now() + DATA_LINK_LASTS };
        self.post_to_owner(subscriber, RequestKind::Export, &token).await
    }

    /// Asks `subscriber` whether they want to be forgotten.
    ///
    /// # Errors
    /// When the letter cannot be rendered or queued.
    pub async fn post_erasure_question(&self, subscriber: &Subscriber) -> Result<(), OfficeError> {
        let token = Token::Erase { subscriber: subscriber.id, expires: self.now() + DATA_LINK_LASTS };
        self.post_to_owner(subscriber, RequestKind::Erasure, &token).await
    }

    async fn post_to_owner(
        &self,
        subscriber: &Subscriber,
        kind: RequestKind,
        token: &Token,
    ) -> Result<(), OfficeError> {
        let recipient = Mailbox::new(subscriber.name.as_deref(), subscriber.address.clone());
        self.post_request(subscriber, &recipient, kind, "", token).await
    }

    async fn post_request(
        &self,
        subscriber: &Subscriber,
        recipient: &Mailbox,
        kind: RequestKind,
        address: &str,
        token: &Token,
    ) -> Result<(), OfficeError> {
        let now = self.now();
        let letter = self.request(subscriber.language, kind, address, token, now)?;
        self.post_single(subscriber.id, &letter, recipient, now).await
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
        };
        let url = self.token_url(below, token);
        let parts = self.writer(current.resources.site()).request(language, kind, address, &url, token.expires())?;
        Ok(new_letter(LetterKind::Request, language, parts, now))
    }

    async fn post_single(
        &self,
        id: SubscriberId,
        letter: &RenderedLetter,
        recipient: &Mailbox,
        now: DateTime<Utc>,
    ) -> Result<(), OfficeError> {
        let single = SingleLetter { letter, recipient, subscriber: Some(id), due: now, cause: None };
        self.store.post_letter(&single, now).await?;
        self.letters_queued.notify_waiters();
        Ok(())
    }
}
