//! What became of deliveries, as lists show it: an edition's page by page, for it may have a million.

use std::fmt::Write as _;

use super::arguments::Format;
use super::terminal::Terminal;
use super::wording::{attempt_line, bounce_line, delivery_words};
use crate::domain::EditionId;
use crate::store::DeliveryOutcome;
use crate::task::{DeliveryAccount, Newsroom};

/// How many deliveries are read and printed at once.
const PAGE: u32 = 500;

/// The tries and what came back of a delivery, for people.
pub(super) fn lines(newsroom: &Newsroom, outcome: &DeliveryOutcome) -> impl Iterator<Item = String> {
    let attempts = outcome.attempts.iter().map(|made| attempt_line(newsroom, made));
    attempts.chain(outcome.bounces.iter().map(|bounce| bounce_line(newsroom, bounce)))
}

/// Prints the deliveries of an edition: lines for people, for programs the elements of an array.
pub(super) async fn print(
    newsroom: &Newsroom,
    id: EditionId,
    format: Format,
    terminal: Terminal,
) -> anyhow::Result<()> {
    let (mut after, mut is_first) = (None, true);
    loop {
        let page = newsroom.store.outcomes_of_edition(id, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.delivery.subscriber;
        let mut printed = String::new();
        for outcome in &page {
            match format {
                Format::Text => {
                    let delivery = &outcome.delivery;
                    let stands = delivery_words(newsroom, &delivery.state);
                    let _ = writeln!(printed, "  {:<40} {stands}", delivery.recipient.address.to_string());
                    for line in lines(newsroom, outcome) {
                        let _ = writeln!(printed, "    {line}");
                    }
                }
                Format::Json => {
                    let one = DeliveryAccount::new(outcome, None);
                    printed.push_str(if is_first { "\n    " } else { ",\n    " });
                    printed.push_str(&serde_json::to_string_pretty(&one)?.replace('\n', "\n    "));
                }
            }
            is_first = false;
        }
        terminal.text(&printed);
    }
}
