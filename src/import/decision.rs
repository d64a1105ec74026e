//! Whose will wins: what a line of a list does, as its address stands here.
//!
//! What somebody confirmed or changed here themselves outweighs the list; a "no" of the list outweighs what the office
//! vouched for, and what somebody typed into the form; nothing of the list brings back who left, or lifts a suppression. So
//! neither the order of lines nor that of lists matters to who is written to, and the same list again changes nothing.

use super::Standing;
use crate::domain::{EndReason, SuppressionReason};

/// How an address stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Here {
    /// Its subscriber.
    pub known: Known,
    /// Why nothing is sent to it, when that is so.
    pub suppressed: Option<SuppressionReason>,
}

/// Who has an address here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nobody.
    Nobody,
    /// Somebody who was asked to confirm.
    Pending {
        /// Why nothing was sent to them before they were asked: they had left, or a list said no.
        left: Option<EndReason>,
    },
    /// A subscriber.
    Active {
        /// Whether they said so themselves, and not the office alone for them.
        own_will: bool,
    },
    /// Somebody whose subscription ended.
    Ended(EndReason),
}

/// What a line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// They are a subscriber from now on.
    Added,
    /// They are one already, and keep what they have.
    AlreadyThere,
    /// They are known as somebody who receives no letters, and whom no list brings back. Who is just being asked may still
    /// confirm.
    Ended(EndReason),
    /// Nothing is sent to the address from now on.
    Suppressed(SuppressionReason),
    /// They receive nothing already.
    AlreadyOut,
    /// Nothing, for a reason.
    LeftAlone(Why),
    /// Nothing: the address stood in an earlier line.
    Duplicate,
}

/// Why a line does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Nothing is sent to the address any more.
    Suppressed(SuppressionReason),
    /// They had left here.
    HadLeft(EndReason),
    /// They never confirmed where the list comes from.
    Unconfirmed,
    /// The list says no, and they said yes here themselves.
    OwnWill,
}

/// What a line with this `standing` does to an address that stands as `here`.
#[must_use]
pub const fn decide(standing: Standing, here: Here) -> Outcome {
    match (standing, here.known) {
        (Standing::Unconfirmed, _) => Outcome::LeftAlone(Why::Unconfirmed),
        (Standing::Subscribed, known) => subscribe(known, here.suppressed),
        (_, Known::Active { own_will: true }) => Outcome::LeftAlone(Why::OwnWill),
        (Standing::Left(reason), known) => leave(reason, known, here.suppressed),
        (Standing::Barred(reason), known) => bar(reason, known, here.suppressed),
    }
}

const fn subscribe(known: Known, suppressed: Option<SuppressionReason>) -> Outcome {
    if let Some(reason) = suppressed {
        return Outcome::LeftAlone(Why::Suppressed(reason));
    }
    match known {
        Known::Nobody | Known::Pending { left: None } => Outcome::Added,
        Known::Active { .. } => Outcome::AlreadyThere,
        Known::Pending { left: Some(reason) } | Known::Ended(reason) => Outcome::LeftAlone(Why::HadLeft(reason)),
    }
}

const fn leave(reason: EndReason, known: Known, suppressed: Option<SuppressionReason>) -> Outcome {
    match known {
        // An erased address is not to be readable again.
        Known::Nobody if suppressed.is_some() => Outcome::AlreadyOut,
        Known::Nobody | Known::Active { .. } | Known::Pending { left: None } => Outcome::Ended(reason),
        Known::Pending { left: Some(_) } | Known::Ended(_) => Outcome::AlreadyOut,
    }
}

const fn bar(reason: SuppressionReason, known: Known, suppressed: Option<SuppressionReason>) -> Outcome {
    use SuppressionReason::{Blocked, Bounced, Complained, Erased};

    match (reason, suppressed) {
        // Their own mail server will tell, once they confirm.
        (Bounced, _) if matches!(known, Known::Pending { .. }) => leave(EndReason::Bounced, known, suppressed),
        (Bounced | Complained | Blocked, None | Some(Erased))
        | (Erased, None)
        | (Complained, Some(Bounced | Blocked)) => Outcome::Suppressed(reason),
        (_, Some(_)) => Outcome::AlreadyOut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Option<SuppressionReason> = None;
    const ALL_KNOWN: [Known; 7] = [
        Known::Nobody,
        Known::Pending { left: None },
        Known::Pending { left: Some(EndReason::Unsubscribed) },
        Known::Active { own_will: false },
        Known::Active { own_will: true },
        Known::Ended(EndReason::Unsubscribed),
        Known::Ended(EndReason::Bounced),
    ];

    #[track_caller]
    fn check(standing: Standing, known: Known, suppressed: Option<SuppressionReason>, expected: Outcome) {
        assert_eq!(decide(standing, Here { known, suppressed }), expected, "{standing:?}, {known:?}, {suppressed:?}");
    }

    #[test]
    fn who_is_new_is_added_and_who_subscribes_keeps_what_they_have() {
        check(Standing::Subscribed, Known::Nobody, FREE, Outcome::Added);
        check(Standing::Subscribed, Known::Pending { left: None }, FREE, Outcome::Added);
        check(Standing::Subscribed, Known::Active { own_will: false }, FREE, Outcome::AlreadyThere);
        check(Standing::Subscribed, Known::Active { own_will: true }, FREE, Outcome::AlreadyThere);
    }

    #[test]
    fn nobody_is_brought_back() {
        for reason in EndReason::ALL {
            let left = Outcome::LeftAlone(Why::HadLeft(*reason));
            check(Standing::Subscribed, Known::Ended(*reason), FREE, left);
        }
        let left = Outcome::LeftAlone(Why::HadLeft(EndReason::Bounced));
        check(Standing::Subscribed, Known::Pending { left: Some(EndReason::Bounced) }, FREE, left);
        for (reason, known) in SuppressionReason::ALL.iter().flat_map(|reason| ALL_KNOWN.map(|known| (*reason, known)))
        {
            let left = Outcome::LeftAlone(Why::Suppressed(reason));
            check(Standing::Subscribed, known, Some(reason), left);
        }
    }

    #[test]
    fn a_no_outweighs_the_offices_word_and_not_their_own() {
        let (gone, barred) = (Standing::Left(EndReason::Unsubscribed), Standing::Barred(SuppressionReason::Complained));
        check(gone, Known::Active { own_will: false }, FREE, Outcome::Ended(EndReason::Unsubscribed));
        check(barred, Known::Active { own_will: false }, FREE, Outcome::Suppressed(SuppressionReason::Complained));
        for standing in [gone, barred] {
            check(standing, Known::Active { own_will: true }, FREE, Outcome::LeftAlone(Why::OwnWill));
        }
        check(gone, Known::Pending { left: None }, FREE, Outcome::Ended(EndReason::Unsubscribed));
        let bounced = Standing::Barred(SuppressionReason::Bounced);
        check(bounced, Known::Pending { left: None }, FREE, Outcome::Ended(EndReason::Bounced));
    }

    #[test]
    fn an_erased_address_is_not_written_down_again() {
        let gone = Standing::Left(EndReason::Unsubscribed);
        check(gone, Known::Nobody, Some(SuppressionReason::Erased), Outcome::AlreadyOut);
        check(gone, Known::Nobody, FREE, Outcome::Ended(EndReason::Unsubscribed));
    }

    /// How an address stands after an outcome.
    fn after(outcome: Outcome, here: Here) -> Here {
        match outcome {
            Outcome::Added => Here { known: Known::Active { own_will: false }, ..here },
            Outcome::Ended(reason) => {
                let known = match here.known {
                    Known::Pending { .. } => Known::Pending { left: Some(reason) },
                    Known::Nobody | Known::Active { .. } | Known::Ended(_) => Known::Ended(reason),
                };
                Here { known, ..here }
            }
            Outcome::Suppressed(reason) => {
                let known = match here.known {
                    Known::Nobody => Known::Nobody,
                    Known::Pending { .. } | Known::Active { .. } => Known::Ended(EndReason::Bounced),
                    Known::Ended(reason) => Known::Ended(reason),
                };
                Here { known, suppressed: Some(reason) }
            }
            Outcome::AlreadyThere | Outcome::AlreadyOut | Outcome::LeftAlone(_) | Outcome::Duplicate => here,
        }
    }

    fn all_standings() -> Vec<Standing> {
        let mut standings = vec![Standing::Subscribed, Standing::Unconfirmed];
        standings.extend([EndReason::Unsubscribed, EndReason::Removed].map(Standing::Left));
        standings.extend(SuppressionReason::ALL.iter().map(|reason| Standing::Barred(*reason)));
        standings
    }

    fn all_here() -> Vec<Here> {
        let suppressed = || std::iter::once(None).chain(SuppressionReason::ALL.iter().map(|reason| Some(*reason)));
        let here = |known| suppressed().map(move |suppressed| Here { known, suppressed });
        ALL_KNOWN.into_iter().flat_map(here).collect()
    }

    #[test]
    fn the_same_line_again_changes_nothing_whatever_stood_there() {
        for (standing, here) in all_standings().iter().flat_map(|one| all_here().into_iter().map(|here| (*one, here))) {
            let then = after(decide(standing, here), here);
            assert_eq!(after(decide(standing, then), then), then, "{standing:?}, {here:?}");
        }
    }

    #[test]
    fn who_is_written_to_does_not_depend_on_which_list_came_first() {
        let is_written_to = |here: Here| matches!(here.known, Known::Active { .. }) && here.suppressed.is_none();
        let both = |first, second, here| {
            let then = after(decide(first, here), here);
            after(decide(second, then), then)
        };
        for here in all_here() {
            for (one, other) in
                all_standings().into_iter().flat_map(|one| all_standings().into_iter().map(move |o| (one, o)))
            {
                let (so, or_so) = (both(one, other, here), both(other, one, here));
                assert_eq!(
                    is_written_to(so),
                    is_written_to(or_so),
                    "{one:?} and {other:?}, {here:?}: {so:?}, {or_so:?}"
                );
            }
        }
    }
}
