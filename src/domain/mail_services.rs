//! The mail services that most people have: a domain of theirs is not one newsroom, but a whole country.

/// Their domains, in order.
const LARGE: [&str; 34] = [
    "aol.com",
    "bbox.fr",
    "free.fr",
    "gmail.com",
    "gmx.com",
    "gmx.de",
    "gmx.fr",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "hotmail.fr",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "live.com",
    "live.fr",
    "mac.com",
    "me.com",
    "msn.com",
    "neuf.fr",
    "numericable.fr",
    "orange.fr",
    "outlook.com",
    "outlook.fr",
    "pm.me",
    "proton.me",
    "protonmail.com",
    "sfr.fr",
    "skynet.be",
    "t-online.de",
    "wanadoo.fr",
    "web.de",
    "yahoo.com",
    "yahoo.fr",
];

/// Whether `domain`, in lower case, belongs to a large mail service.
#[must_use]
pub fn is_large_mail_service(domain: &str) -> bool {
    LARGE.binary_search(&domain).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order() {
        assert!(LARGE.is_sorted());
        assert!(is_large_mail_service("gmail.com") && !is_large_mail_service("journal.example"));
    }
}
