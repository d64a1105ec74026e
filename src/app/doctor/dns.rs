//! What to publish in the DNS, ready to copy into a zone. Nothing is asked there.

use super::super::secrets::read_signer;
use super::finding::Finding;
use crate::config::{Config, RelayKind};

/// A text in the DNS is made of strings of at most so many bytes (RFC 1035 §3.3).
const LONGEST_STRING: usize = 255;

pub(super) fn look(config: &Config) -> Vec<Finding> {
    let mut found = vec![dkim(config)];
    let from = config.newsletter.from.address.domain();
    let envelope = config.newsletter.bounce_domain.as_deref().unwrap_or(from);
    let hosts: Vec<&str> = config
        .relays
        .iter()
        .filter_map(|relay| match &relay.kind {
            RelayKind::Smtp(smtp) => Some(smtp.host.as_str()),
            RelayKind::Directory { .. } => None,
        })
        .collect();
    let spf = text_record(envelope, "v=spf1 ip4:192.0.2.1 include:_spf.relay.example -all");
    let named = if hosts.is_empty() { String::new() } else { format!(" ({})", hosts.join(", ")) };
    found.push(Finding::ok("dns-spf", &[("domain", envelope), ("relays", &named)]).with(vec![spf]));
    let dmarc = format!("v=DMARC1; p=none; rua=mailto:postmaster@{from}");
    let dmarc = text_record(&format!("_dmarc.{from}"), &dmarc);
    found.push(Finding::ok("dns-dmarc", &[("domain", from)]).with(vec![dmarc]));
    if let Some(domain) = &config.newsletter.bounce_domain {
        let record = format!("{domain}. IN MX 10 mail.example.");
        found.push(Finding::ok("dns-mx", &[("domain", domain)]).with(vec![record]));
    }
    let unsubscribe = config.site.url.join("/u/");
    let address = [("address", unsubscribe.as_str())];
    found.push(if unsubscribe.starts_with("https://") {
        Finding::ok("unsubscribe", &address)
    } else {
        Finding::warning("unsubscribe-clear", &address)
    });
    found
}

fn dkim(config: &Config) -> Finding {
    let Some(settings) = &config.dkim else { return Finding::warning("dns-unsigned", &[]) };
    let domain = [("domain", settings.domain.as_str())];
    let records = read_signer(settings).ok().and_then(|signer| signer.records().ok());
    match records {
        Some(records) => {
            let lines = records.iter().map(|(name, text)| text_record(name, text)).collect();
            Finding::ok("dns-dkim", &domain).with(lines)
        }
        None => Finding::problem("dns-dkim-none", &domain),
    }
}

/// A TXT record as zone files have it (RFC 1035 §5.1): long texts are cut into several strings.
fn text_record(name: &str, text: &str) -> String {
    let mut strings = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        // Keys and the rest are ASCII.
        let (string, after) = rest.split_at(rest.floor_char_boundary(LONGEST_STRING));
        strings.push(format!("\"{}\"", string.replace('\\', "\\\\").replace('"', "\\\"")));
        rest = after;
    }
    match strings.as_slice() {
        [one] => format!("{name}. IN TXT {one}"),
        several => format!("{name}. IN TXT ( {} )", several.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_into_strings_and_nothing_is_lost() {
        assert_eq!(text_record("a.example", "v=1"), "a.example. IN TXT \"v=1\"");
        let record = text_record("a.example", &"k".repeat(600));
        let strings: Vec<&str> = record.split('"').skip(1).step_by(2).collect();
        assert_eq!(strings.iter().map(|string| string.len()).collect::<Vec<_>>(), [255, 255, 90]);
        assert!(record.starts_with("a.example. IN TXT ( \"") && record.ends_with("\" )"), "{record}");
    }
}
