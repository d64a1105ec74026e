//! The letter that asks a new subscriber to confirm.

use super::newsroom::{Newsroom, new_letter};
use super::office::OfficeError;
use crate::domain::{LetterKind, Mailbox, NewSubscriber, SubscriberId, Token};
use crate::resource::Wording;
use crate::store::SingleLetter;

impl Newsroom {
    /// Asks `new`, who has the row `id`, to confirm. The link lasts as long as an unconfirmed row does.
    ///
    /// # Errors
    /// When the letter cannot be rendered or queued.
    pub async fn post_confirmation(&self, id: SubscriberId, new: &NewSubscriber) -> Result<(), OfficeError> {
        let (now, current) = (self.now(), self.current());
        let site = current.resources.site();
        let words = Wording::of_letters(site, new.language);
        let topics = new.topics.iter().map(|topic| words.topic(current.resources.live(), topic)).collect();
        let expires = now + self.config.keep.unconfirmed;
        let url = self.token_url("confirm", &Token::Confirm { subscriber: id, expires });
        let parts = self.writer(site).confirmation(new.language, topics, &url, expires)?;
        let letter = new_letter(LetterKind::Confirmation, new.language, parts, now);
        // Whoever typed the address typed the name, too: a letter to somebody who asked for nothing carries no words of theirs.
        let recipient = Mailbox::new(None, new.address.clone());
        let single =
            SingleLetter { letter: &letter, recipient: &recipient, subscriber: Some(id), due: now, cause: None };
        self.store.post_letter(&single, now).await?;
        self.letters_queued.notify_waiters();
        Ok(())
    }
}
