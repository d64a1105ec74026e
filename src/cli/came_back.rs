//! What came back of a delivery, as lists show it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::subscribers::delivery_state;
use crate::domain::{Bounce, DeliveryId, EditionId, ReportAction};
use crate::store::StoreError;
use crate::task::Newsroom;

/// Something that came back, for programs.
#[derive(Debug, Serialize)]
pub(super) struct JsonBounce {
    at: String,
    kind: &'static str,
    action: Option<&'static str>,
    status: Option<String>,
    diagnostic: String,
}

impl From<&Bounce> for JsonBounce {
    fn from(bounce: &Bounce) -> Self {
        let Bounce { delivery: _, at, kind, action, status, diagnostic, digest: _ } = bounce;
        Self {
            at: at.to_rfc3339(),
            kind: kind.as_str(),
            action: action.map(ReportAction::as_str),
            status: status.map(|status| status.to_string()),
            diagnostic: diagnostic.clone(),
        }
    }
}

impl JsonBounce {
    /// For people, on one line.
    pub(super) fn line(&self) -> String {
        let Self { at, kind, action, status, diagnostic } = self;
        let said = [*action, status.as_deref(), Some(diagnostic.as_str())];
        let said: Vec<&str> = said.into_iter().flatten().filter(|word| !word.is_empty()).collect();
        format!("{at} came back, {kind}: {}", said.join(" "))
    }
}

/// One delivery of an edition with what came back of it, for programs.
#[derive(Debug, Serialize)]
pub(super) struct JsonRecipient {
    address: String,
    state: String,
    bounces: Vec<JsonBounce>,
}

impl JsonRecipient {
    /// For people.
    pub(super) fn lines(&self) -> Vec<String> {
        let own = format!("  {:<40} {}", self.address, self.state);
        std::iter::once(own).chain(self.bounces.iter().map(|bounce| format!("    {}", bounce.line()))).collect()
    }
}

/// The deliveries of an edition.
pub(super) async fn deliveries(newsroom: &Newsroom, id: EditionId) -> Result<Vec<JsonRecipient>, StoreError> {
    let mut returned: BTreeMap<DeliveryId, Vec<JsonBounce>> = BTreeMap::new();
    for bounce in newsroom.store.bounces_of_edition(id).await? {
        returned.entry(bounce.delivery).or_default().push(JsonBounce::from(&bounce));
    }
    let deliveries = newsroom.store.deliveries_of_edition(id).await?;
    let shown = deliveries.into_iter().map(|delivery| JsonRecipient {
        address: delivery.recipient.address.to_string(),
        state: delivery_state(&delivery.state),
        bounces: returned.remove(&delivery.id).unwrap_or_default(),
    });
    Ok(shown.collect())
}
