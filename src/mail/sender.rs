//! Who writes: what every letter of one press office has in common.

use super::Signer;
use crate::config::Config;
use crate::domain::{EmailAddress, Mailbox, SiteUrl, TokenKey};

/// The sender's side of every letter.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The `From` of every letter; where letters that unsubscribe go, unless there is a domain for what comes back.
    pub from: Mailbox,
    /// The domain for what comes back.
    pub bounce_domain: Option<String>,
    /// Where answers go when the release has no press contact; `None`: to `from`.
    pub reply_to: Option<Mailbox>,
    /// The list's id (RFC 2919), without its angle brackets.
    pub list_id: String,
    /// What people call the list.
    pub list_name: String,
    /// Who answers for the list.
    pub owner: EmailAddress,
    /// Who helps with it.
    pub help: EmailAddress,
    /// The public site.
    pub site: SiteUrl,
    /// Signs Message-IDs.
    pub key: TokenKey,
    /// Signs letters; `None`: somebody else does, or nobody.
    pub signer: Option<Signer>,
}

impl Sender {
    /// The sender that the configuration describes: the office's first address answers for the list.
    #[must_use]
    pub fn of(config: &Config, key: TokenKey, signer: Option<Signer>) -> Self {
        let newsletter = &config.newsletter;
        let owner = config.office.first().unwrap_or(&newsletter.from).address.clone();
        let help = newsletter.reply_to.as_ref().unwrap_or(&newsletter.from).address.clone();
        Self {
            from: newsletter.from.clone(),
            bounce_domain: newsletter.bounce_domain.clone(),
            reply_to: newsletter.reply_to.clone(),
            list_id: newsletter.list_id.clone(),
            list_name: config.site.title.clone(),
            owner,
            help,
            site: config.site.url.clone(),
            key,
            signer,
        }
    }
}
