//! How many subscriptions may be asked for: by one source, for one mailbox, for one mail domain, in all.
//!
//! Each limit is a bucket that is full at first and refilled steadily (the generic cell rate algorithm: a bucket is one
//! instant, that at which it is full again). Nothing here knows who subscribes: what is allowed depends on what was asked
//! before, never on what the database holds.
//!
//! What is remembered is bounded: a full bucket is like one that is not there, and where there are too many, those that
//! are nearest to full are forgotten.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::SignUpSettings;
use crate::domain::{EmailAddress, ipv6_home, is_large_mail_service};

/// How many buckets of one kind are remembered: about a megabyte.
const MOST_KEPT: usize = 16_384;
/// How many confirmations a day may go to what is probably one mailbox, written in different ways.
const PER_MAILBOX: u32 = 5;
/// How many times more a large mail service may get than another domain.
const FOR_LARGE_SERVICES: u32 = 10;
/// In what time the bucket of a source is refilled.
const AN_HOUR: TimeDelta = TimeDelta::hours(1);
/// In what time the others are.
const A_DAY: TimeDelta = TimeDelta::hours(24);
/// How often a limit that is not one source's own is worth a line in the log.
const BETWEEN_ALARMS: TimeDelta = TimeDelta::hours(1);

/// Where a visitor comes from, as far as an address tells: of IPv6 the first half, which is one household's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// The network of 64 bits that an IPv6 address belongs to.
    V6(Ipv6Addr),
}

impl Source {
    /// What a proof of consent may say of it: the network that it belongs to, without the last part.
    #[must_use]
    pub fn masked(self) -> String {
        match self {
            Self::V4(address) => {
                let [a, b, c, _] = address.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            Self::V6(address) => {
                let [a, b, c, ..] = address.segments();
                format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
            }
        }
    }
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(ipv6_home(address)),
        }
    }
}

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUpLimit {
    /// That of the source.
    Source,
    /// That of the mailbox.
    Mailbox,
    /// That of the mail domain.
    Domain,
    /// That of all together.
    Overall,
}

/// A subscription that may not be asked for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub limit: SignUpLimit,
    /// How long it takes until one more is allowed.
    pub wait: TimeDelta,
    /// Whether the office's administrator should hear of it; at most once an hour.
    pub is_alarm: bool,
}

/// How much of a bucket somebody may empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    Whole,
    Half,
}

/// So many in so much time.
#[derive(Debug, Clone, Copy)]
struct Rate {
    size: u32,
    period: TimeDelta,
}

impl Rate {
    /// In what time one is refilled.
    fn step(self) -> TimeDelta {
        self.period / i32::try_from(self.size.max(1)).unwrap_or(i32::MAX)
    }

    /// How long it takes until one more may be taken out of a bucket that is full again at `full`.
    fn wait(self, full: Option<DateTime<Utc>>, share: Share, now: DateTime<Utc>) -> Option<TimeDelta> {
        let room = match share {
            Share::Whole => self.period,
            // A bucket of one has no half.
            Share::Half => (self.period / 2).max(self.step()),
        };
        let wait = self.gone(full, now) + self.step() - room;
        (wait > TimeDelta::zero()).then_some(wait)
    }

    /// When the bucket is full again once one more is taken.
    fn take(self, full: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
        now + self.gone(full, now) + self.step()
    }

    /// How far the bucket is from full. No more can be gone than there is: whatever a clock that went back makes of it.
    fn gone(self, full: Option<DateTime<Utc>>, now: DateTime<Utc>) -> TimeDelta {
        full.map_or(TimeDelta::zero(), |full| full - now).clamp(TimeDelta::zero(), self.period)
    }
}

/// Buckets of one kind: when each is full again.
#[derive(Debug)]
struct Buckets<K>(HashMap<K, DateTime<Utc>>);

impl<K: Eq + Hash> Buckets<K> {
    fn take(&mut self, key: K, rate: Rate, now: DateTime<Utc>) {
        if self.0.len() >= MOST_KEPT && !self.0.contains_key(&key) {
            self.make_room(now);
        }
        let full = rate.take(self.0.get(&key).copied(), now);
        self.0.insert(key, full);
    }

    /// Forgets buckets that are full; where that is not enough, the half that was used least.
    fn make_room(&mut self, now: DateTime<Utc>) {
        self.0.retain(|_, full| *full > now);
        if self.0.len() <= MOST_KEPT / 2 {
            return;
        }
        let mut instants: Vec<_> = self.0.values().copied().collect();
        let middle = instants.len() / 2;
        let (_, middle, _) = instants.select_nth_unstable(middle);
        let middle = *middle;
        self.0.retain(|_, full| *full > middle);
    }
}

/// What was asked for of late, and how much more may be.
#[derive(Debug)]
pub struct SignUps {
    per_source: Rate,
    per_domain: u32,
    overall: Rate,
    sources: Buckets<Source>,
    mailboxes: Buckets<String>,
    domains: Buckets<String>,
    all: Option<DateTime<Utc>>,
    alarmed: Option<DateTime<Utc>>,
}

impl SignUps {
    /// Nothing was asked for yet.
    #[must_use]
    pub fn new(settings: &SignUpSettings) -> Self {
        let SignUpSettings { per_source, per_domain, overall } = *settings;
        Self {
            per_source: Rate { size: per_source, period: AN_HOUR },
            per_domain,
            overall: Rate { size: overall, period: A_DAY },
            sources: Buckets(HashMap::new()),
            mailboxes: Buckets(HashMap::new()),
            domains: Buckets(HashMap::new()),
            all: None,
            alarmed: None,
        }
    }

    /// Somebody at `source` asks for a subscription of `address`.
    ///
    /// A source that asked before may use half of what a domain, or everybody, is allowed: the other half is kept for those
    /// who ask for the first time, so that few sources cannot shut out all others. What is taken is not given back when no
    /// letter leaves: what is left would tell whether one did.
    ///
    /// # Errors
    /// [`Refused`] when a limit is reached. What the source took is gone all the same.
    pub fn ask(&mut self, source: Source, address: &EmailAddress, now: DateTime<Utc>) -> Result<(), Refused> {
        let before = self.sources.0.get(&source).copied();
        if let Some(wait) = self.per_source.wait(before, Share::Whole, now) {
            return Err(Refused { limit: SignUpLimit::Source, wait, is_alarm: false });
        }
        self.sources.take(source, self.per_source, now);
        let share = if before.is_none_or(|full| full <= now) { Share::Whole } else { Share::Half };
        let (mailbox, domain, of_domain) = (mailbox(address), address.domain(), self.of_domain(address.domain()));
        let (of_mailbox_now, of_domain_now) = (self.mailboxes.0.get(&mailbox), self.domains.0.get(domain));
        let waits = [
            (SignUpLimit::Mailbox, OF_A_MAILBOX.wait(of_mailbox_now.copied(), Share::Whole, now)),
            (SignUpLimit::Domain, of_domain.wait(of_domain_now.copied(), share, now)),
            (SignUpLimit::Overall, self.overall.wait(self.all, share, now)),
        ];
        if let Some((limit, wait)) = waits.into_iter().find_map(|(limit, wait)| Some((limit, wait?))) {
            let is_alarm = limit != SignUpLimit::Mailbox && self.is_alarm_due(now);
            return Err(Refused { limit, wait, is_alarm });
        }
        self.mailboxes.take(mailbox, OF_A_MAILBOX, now);
        self.domains.take(domain.to_owned(), of_domain, now);
        self.all = Some(self.overall.take(self.all, now));
        Ok(())
    }

    fn of_domain(&self, domain: &str) -> Rate {
        let times = if is_large_mail_service(domain) { FOR_LARGE_SERVICES } else { 1 };
        Rate { size: self.per_domain.saturating_mul(times), period: A_DAY }
    }

    fn is_alarm_due(&mut self, now: DateTime<Utc>) -> bool {
        let is_due = self.alarmed.is_none_or(|last| now - last >= BETWEEN_ALARMS || now < last);
        if is_due {
            self.alarmed = Some(now);
        }
        is_due
    }
}

/// The limit of one mailbox.
const OF_A_MAILBOX: Rate = Rate { size: PER_MAILBOX, period: A_DAY };

/// What different ways to write one mailbox have in common, as far as most mail servers go: what follows a `+`, dots and
/// capitals do not count. Only limits go by it, so two people who share it merely share a limit.
fn mailbox(address: &EmailAddress) -> String {
    let local = address.local();
    let bare = local.split('+').next().filter(|bare| !bare.is_empty()).unwrap_or(local);
    format!("{}@{}", bare.replace('.', "").to_lowercase(), address.domain())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: SignUpSettings = SignUpSettings { per_source: 20, per_domain: 100, overall: 2_000 };

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_426_200 + seconds, 0).unwrap()
    }

    fn source(number: u32) -> Source {
        Source::from(IpAddr::from(Ipv4Addr::from_bits(0xcb00_7100 + number)))
    }

    fn address(number: u32, domain: &str) -> EmailAddress {
        format!("lecteur{number}@{domain}").parse().unwrap()
    }

    fn ask(sign_ups: &mut SignUps, from: u32, number: u32, domain: &str, seconds: i64) -> Option<SignUpLimit> {
        sign_ups.ask(source(from), &address(number, domain), at(seconds)).err().map(|refused| refused.limit)
    }

    /// How many of `count` different people of domains of their own one source may ask for at once.
    fn burst(sign_ups: &mut SignUps, from: u32, count: u32, seconds: i64) -> usize {
        let asked = (0..count).map(|number| ask(sign_ups, from, number, &format!("d{number}.example"), seconds));
        asked.filter(Option::is_none).count()
    }

    #[test]
    fn a_source_has_so_many_and_gets_them_back_one_by_one() {
        let mut sign_ups = SignUps::new(&SETTINGS);
        assert_eq!(burst(&mut sign_ups, 1, 50, 0), 20);
        let refused = sign_ups.ask(source(1), &address(1, "d1.example"), at(1)).unwrap_err();
        assert_eq!(
            (refused.limit, refused.wait, refused.is_alarm),
            (SignUpLimit::Source, TimeDelta::seconds(179), false)
        );
        assert_eq!(burst(&mut sign_ups, 1, 50, 179), 0);
        assert_eq!(burst(&mut sign_ups, 1, 50, 180), 1);
        assert_eq!(burst(&mut sign_ups, 1, 50, 180 + 3_600), 20);
        assert_eq!(burst(&mut sign_ups, 2, 50, 180 + 3_600), 20, "another has its own");
    }

    #[test]
    fn one_household_is_one_source() {
        let source = |text: &str| Source::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(source("2001:db8:1:2::1"), source("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
        assert_eq!(source("192.0.2.1").masked(), "192.0.2.0/24");
        assert_eq!(source("2001:db8:1:2::1").masked(), "2001:db8:1::/48");
    }

    #[test]
    fn a_domain_gets_no_thousands_and_a_large_service_ten_times_as_many() {
        let mut sign_ups = SignUps::new(&SETTINGS);
        let mut taken = |domain: &str, first: u32| {
            (0..3_000).filter(|number| ask(&mut sign_ups, first + number, *number, domain, 0).is_none()).count()
        };
        assert_eq!(taken("journal.example", 10_000), 100);
        assert_eq!(taken("gmail.com", 20_000), 1_000);
        assert_eq!(taken("agence.example", 30_000), 100);
        let refused = sign_ups.ask(source(40_000), &address(1, "journal.example"), at(0)).unwrap_err();
        assert_eq!((refused.limit, refused.wait), (SignUpLimit::Domain, TimeDelta::seconds(864)));
    }

    #[test]
    fn whoever_asks_for_the_first_time_has_half_of_it_kept() {
        let mut sign_ups = SignUps::new(&SignUpSettings { per_source: 1_000, ..SETTINGS });
        let by_one = (0..1_000).filter(|number| ask(&mut sign_ups, 1, *number, "journal.example", 0).is_none()).count();
        assert_eq!(by_one, 50);
        assert_eq!(ask(&mut sign_ups, 2, 5_000, "journal.example", 0), None);
        assert_eq!(ask(&mut sign_ups, 2, 5_001, "journal.example", 0), Some(SignUpLimit::Domain));
        // Of everybody's, too: ten thousand by a thousand sources leave room for one more.
        let mut sign_ups = SignUps::new(&SETTINGS);
        let mut taken = 0;
        for number in 0..10_000 {
            let domain = format!("d{}.example", number % 500);
            taken += usize::from(ask(&mut sign_ups, number / 10, number, &domain, 0).is_none());
        }
        assert!((1_000..2_000).contains(&taken), "{taken}");
        assert_eq!(ask(&mut sign_ups, 5_000, 1, "ailleurs.example", 0), None);
        assert_eq!(ask(&mut sign_ups, 5_000, 2, "ailleurs.example", 0), Some(SignUpLimit::Overall));
    }

    #[test]
    fn a_mailbox_is_one_however_it_is_written() {
        let mut sign_ups = SignUps::new(&SETTINGS);
        let spellings = ["ann", "a.nn+1", "ANN+2", "an.n+x+y", "ann+3"];
        for (from, local) in (0..).zip(spellings) {
            let address = format!("{local}@gmail.com").parse().unwrap();
            assert!(sign_ups.ask(source(from), &address, at(0)).is_ok(), "{local}");
        }
        let refused = sign_ups.ask(source(9), &"ann+4@gmail.com".parse().unwrap(), at(0)).unwrap_err();
        assert_eq!((refused.limit, refused.is_alarm), (SignUpLimit::Mailbox, false));
        assert!(sign_ups.ask(source(10), &"+ann@gmail.com".parse().unwrap(), at(0)).is_ok());
    }

    #[test]
    fn one_mailbox_asked_for_again_and_again_costs_its_domain_no_more_than_its_own_share() {
        let mut sign_ups = SignUps::new(&SETTINGS);
        let mut often = |from: u32| ask(&mut sign_ups, from, 1, "journal.example", 0).is_none();
        assert_eq!((0..1_000).filter(|from| often(*from)).count(), 5);
        let left = (1_000..2_000).filter(|n| ask(&mut sign_ups, 2_000 + n, *n, "journal.example", 0).is_none()).count();
        assert_eq!(left, 95);
    }

    #[test]
    fn an_attack_is_told_once_an_hour() {
        let mut sign_ups = SignUps::new(&SignUpSettings { per_domain: 1, ..SETTINGS });
        let mut alarm = |from: u32, seconds: i64| {
            let asked = sign_ups.ask(source(from), &address(from, "journal.example"), at(seconds));
            asked.is_err_and(|refused| refused.is_alarm)
        };
        let told: Vec<bool> = (0..4).map(|from| alarm(from, i64::from(from))).collect();
        assert_eq!(told, [false, true, false, false]);
        assert!(!alarm(5, 3_600) && alarm(6, 3_601));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_worst_stay_known() {
        let mut sign_ups = SignUps::new(&SignUpSettings { overall: 1_000_000, ..SETTINGS });
        assert_eq!(burst(&mut sign_ups, 1, 50, 0), 20);
        for number in 0..100_000 {
            assert_eq!(ask(&mut sign_ups, 100 + number, number, &format!("d{number}.example"), 1), None);
        }
        let kept = [sign_ups.sources.0.len(), sign_ups.domains.0.len(), sign_ups.mailboxes.0.len()];
        assert!(kept.iter().all(|kept| *kept <= MOST_KEPT), "{kept:?}");
        assert_eq!(ask(&mut sign_ups, 1, 1, "d.example", 1), Some(SignUpLimit::Source));
        // Once their time is over all are forgotten for the next one.
        for number in 0..MOST_KEPT {
            ask(&mut sign_ups, 200_000 + u32::try_from(number).unwrap(), 1, "e.example", 200_000);
        }
        assert!(sign_ups.domains.0.len() < MOST_KEPT);
    }

    #[test]
    fn a_clock_that_goes_back_locks_nobody_out_for_longer() {
        let mut sign_ups = SignUps::new(&SETTINGS);
        assert_eq!(burst(&mut sign_ups, 1, 50, 1_000_000), 20);
        let refused = sign_ups.ask(source(1), &address(1, "d.example"), at(0)).unwrap_err();
        assert_eq!(refused.wait, TimeDelta::seconds(180));
    }
}
