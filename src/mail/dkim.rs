//! Signatures of letters (DKIM): who vouches for a letter, and that nothing of it was changed on its way.
//!
//! RFC 6376, with the algorithms of RFC 8301 (rsa-sha256) and RFC 8463 (ed25519-sha256), both on one letter where both keys
//! are there; relaxed canonicalization of header and body. No `l=`, which would let others add to a letter, and no `t=` or
//! `x=`: a letter that is sent again has the same bytes. Both algorithms are deterministic.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr, memchr_iter, memchr3};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

/// The fields that are signed, each as often as a letter has it (RFC 6376 §5.4.1).
const SIGNED: [&str; 20] = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
    "Auto-Submitted",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Help",
    "List-Owner",
    "List-Archive",
    "List-Post",
    "List-Subscribe",
];

/// Those of them that nobody may add one of: signed once more than they are there (RFC 6376 §8.15).
const NEVER_ADDED: [&str; 7] =
    ["From", "To", "Reply-To", "Subject", "Date", "List-Unsubscribe", "List-Unsubscribe-Post"];

/// How many signs of base64 stand on a line.
const LINE: usize = 72;

/// Signs letters for one domain. Copies share their keys.
#[derive(Clone)]
pub struct Signer {
    domain: String,
    keys: Arc<[(String, SigningKey)]>,
}

/// A private key.
pub struct SigningKey(Key);

enum Key {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
    /// One with which the library fails.
    #[cfg(test)]
    Broken,
}

/// A letter could not be signed: without its signature, others would throw it away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it cannot be signed by `dkim` with the key of selector `{0}`")]
pub struct SigningError(String);

/// Why a text is no key that letters can be signed with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// It holds no private key.
    #[error(
        "it holds no private key: write one as PEM, in PKCS#8 (`BEGIN PRIVATE KEY`) or PKCS#1 (`BEGIN RSA PRIVATE KEY`)"
    )]
    NoKey,
    /// A passphrase protects it.
    #[error("its key is encrypted, and nobody is there to type a passphrase: write it without one (`openssl pkey`)")]
    Encrypted,
    /// A key of another kind, or a weak one.
    #[error("its key is none for {0}")]
    OtherKind(Algorithm),
}

/// How a letter is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// `rsa-sha256`, with 2048 to 8192 bits.
    Rsa,
    /// `ed25519-sha256`
    Ed25519,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa => "RSA with at least 2048 bits",
            Self::Ed25519 => "Ed25519",
        })
    }
}

impl SigningKey {
    /// The key in a PEM file's text, which must be one for `algorithm`.
    ///
    /// # Errors
    /// When there is none, or one of another kind.
    pub fn from_pem(pem: &[u8], algorithm: Algorithm) -> Result<Self, SigningKeyError> {
        // Either way of writing one says so before the key (RFC 7468 §11, RFC 1421 §4.6.1.1).
        let text = String::from_utf8_lossy(pem);
        if ["BEGIN ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED"].iter().any(|mark| text.contains(mark)) {
            return Err(SigningKeyError::Encrypted);
        }
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| SigningKeyError::NoKey)?;
        let other = |_| SigningKeyError::OtherKind(algorithm);
        Ok(Self(match (algorithm, &key) {
            (Algorithm::Rsa, PrivateKeyDer::Pkcs1(key)) => {
                Key::Rsa(RsaKeyPair::from_der(key.secret_pkcs1_der()).map_err(other)?)
            }
            (Algorithm::Rsa, PrivateKeyDer::Pkcs8(key)) => {
                Key::Rsa(RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).map_err(other)?)
            }
            (Algorithm::Ed25519, PrivateKeyDer::Pkcs8(key)) => {
                Key::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_pkcs8_der()).map_err(other)?)
            }
            (Algorithm::Rsa | Algorithm::Ed25519, _) => return Err(SigningKeyError::OtherKind(algorithm)),
        }))
    }

    /// The name of the algorithm in a signature.
    const fn algorithm(&self) -> &'static str {
        match &self.0 {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
            #[cfg(test)]
            Key::Broken => "broken",
        }
    }

    /// The record that tells this key's public half, for the name `{selector}._domainkey.{domain}` in the DNS (RFC 6376
    /// §3.6.1, RFC 8463 §4).
    ///
    /// # Errors
    /// When the library cannot tell it.
    pub fn record(&self) -> Result<String, SigningKeyError> {
        use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
        Ok(match &self.0 {
            Key::Rsa(key) => {
                let public: PublicKeyX509Der<'_> =
                    key.public_key().as_der().map_err(|_| SigningKeyError::OtherKind(Algorithm::Rsa))?;
                format!("v=DKIM1; k=rsa; p={}", STANDARD.encode(public.as_ref()))
            }
            Key::Ed25519(key) => format!("v=DKIM1; k=ed25519; p={}", STANDARD.encode(key.public_key().as_ref())),
            #[cfg(test)]
            Key::Broken => return Err(SigningKeyError::NoKey),
        })
    }

    /// The signature of `signed`; `None` when the library fails.
    fn sign(&self, signed: &[u8]) -> Option<Vec<u8>> {
        match &self.0 {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed, &mut signature).ok()?;
                Some(signature)
            }
            // RFC 8463 §3: what is signed is the SHA-256 of what RSA signs.
            Key::Ed25519(key) => Some(key.sign(&Sha256::digest(signed)).as_ref().to_vec()),
            #[cfg(test)]
            Key::Broken => None,
        }
    }
}

impl Signer {
    /// A signer for `domain` with `keys`, each with its selector.
    #[must_use]
    pub fn new(domain: String, keys: Vec<(String, SigningKey)>) -> Self {
        Self { domain, keys: keys.into() }
    }

    /// Where the record of each key stands in the DNS, and what it holds.
    ///
    /// # Errors
    /// When the library cannot tell a public key.
    pub fn records(&self) -> Result<Vec<(String, String)>, SigningKeyError> {
        let name = |selector: &str| format!("{selector}._domainkey.{}", self.domain);
        self.keys.iter().map(|(selector, key)| Ok((name(selector), key.record()?))).collect()
    }

    /// The signatures of a message with these fields, as fields that go before them; `body_hash` is the SHA-256 of the body
    /// as [`relaxed_lines`] has it, in base64. The body's last line must not be empty.
    ///
    /// # Errors
    /// When the library fails with any of the keys.
    pub(super) fn signatures(&self, header: &str, body_hash: &str) -> Result<String, SigningError> {
        /// What a signature takes, nearly always.
        const ROOM: usize = 1024;
        let fields = fields_of(header);
        let mut signed = Vec::with_capacity(header.len() + ROOM);
        let mut listed = String::with_capacity(ROOM);
        let mut column = " h=".len();
        for name in SIGNED {
            let mut times = usize::from(NEVER_ADDED.contains(&name));
            for (_, field) in fields.iter().rev().filter(|(own, _)| own.eq_ignore_ascii_case(name)) {
                push_relaxed(field, &mut signed);
                signed.extend_from_slice(b"\r\n");
                times += 1;
            }
            for _ in 0..times {
                list(name, &mut listed, &mut column);
            }
        }
        let mut signatures = String::with_capacity(self.keys.len() * ROOM);
        for (selector, key) in self.keys.iter() {
            let start = signatures.len();
            signatures.extend([
                "DKIM-Signature: v=1; a=",
                key.algorithm(),
                "; c=relaxed/relaxed;\r\n d=",
                &self.domain,
                "; s=",
                selector,
                ";\r\n h=",
                &listed,
                ";\r\n bh=",
                body_hash,
                ";\r\n b=",
            ]);
            let end = signed.len();
            push_relaxed(&signatures[start..], &mut signed);
            let signature = key.sign(&signed);
            signed.truncate(end);
            let signature = STANDARD.encode(signature.ok_or_else(|| SigningError(selector.clone()))?);
            for start in (0..signature.len()).step_by(LINE) {
                let end = signature.len().min(start + LINE);
                signatures.extend([if start > 0 { "\r\n " } else { "" }, &signature[start..end]]);
            }
            signatures.push_str("\r\n");
        }
        Ok(signatures)
    }
}

/// Selectors and the domain; never a key.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.keys.iter().map(|(selector, key)| (selector, key.algorithm())).collect();
        f.debug_struct("Signer").field("domain", &self.domain).field("keys", &keys).finish()
    }
}

/// Of the fields of a header: name and the whole field, without its end.
fn fields_of(header: &str) -> Vec<(&str, &str)> {
    /// How many a letter has, nearly always.
    const FIELDS: usize = 24;
    let mut fields = Vec::with_capacity(FIELDS);
    let mut rest = header;
    while !rest.is_empty() {
        let length = length_of_first(rest);
        let field = &rest[..length];
        if let Some(colon) = memchr(b':', field.as_bytes()) {
            fields.push((field[..colon].trim_end(), field));
        }
        rest = &rest[(length + 2).min(rest.len())..];
    }
    fields
}

/// How long the first of these fields is, without its end: a line that begins with white space goes on with the line before.
fn length_of_first(fields: &str) -> usize {
    let fields = fields.as_bytes();
    let is_end = |at: &usize| fields[at + 1..].starts_with(b"\n") && !matches!(fields.get(at + 2), Some(b' ' | b'\t'));
    memchr_iter(b'\r', fields).find(is_end).unwrap_or(fields.len())
}

/// Adds a name to the value of `h=`, folded where the line is at its end.
fn list(name: &str, listed: &mut String, column: &mut usize) {
    if !listed.is_empty() {
        listed.push(':');
        *column += 1;
    }
    // Between two names white space means nothing (RFC 6376 §3.5).
    if *column + name.len() > LINE {
        listed.push_str("\r\n  ");
        *column = 2;
    }
    listed.push_str(name);
    *column += name.len();
}

/// Adds a field, relaxed (RFC 6376 §3.4.2): its name in lower case, unfolded, runs of white space as one space, none around
/// the value. Without its end. No line feed stands alone in a header.
fn push_relaxed(field: &str, relaxed: &mut Vec<u8>) {
    let (name, value) = field.split_once(':').unwrap_or((field, ""));
    let start = relaxed.len();
    relaxed.extend_from_slice(name.trim_end_matches([' ', '\t']).as_bytes());
    relaxed[start..].make_ascii_lowercase();
    relaxed.push(b':');
    let mut rest = value.as_bytes();
    let mut is_first = true;
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    while let Some(start) = rest.iter().position(|byte| !is_space(byte)) {
        rest = &rest[start..];
        let (word, after) = rest.split_at(memchr3(b' ', b'\t', b'\r', rest).unwrap_or(rest.len()));
        if !std::mem::take(&mut is_first) {
            relaxed.push(b' ');
        }
        relaxed.extend_from_slice(word);
        rest = after;
    }
}

/// Lines of a body, relaxed (RFC 6376 §3.4.4): no white space at their ends, runs of it as one space. That a body's empty last
/// lines are left out is the caller's to see to.
pub(super) fn relaxed_lines(lines: &str) -> String {
    let mut relaxed = String::with_capacity(lines.len());
    for line in lines.split_inclusive("\r\n") {
        let line = line.strip_suffix("\r\n").unwrap_or(line).trim_end_matches([' ', '\t']);
        let mut was_space = false;
        for part in line.split_inclusive([' ', '\t']) {
            let word = part.trim_end_matches([' ', '\t']);
            if !word.is_empty() || !was_space {
                relaxed.push_str(word);
                if word.len() < part.len() {
                    relaxed.push(' ');
                }
            }
            was_space = word.len() < part.len();
        }
        relaxed.push_str("\r\n");
    }
    relaxed
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashMap;

    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    fn pem(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
    }

    fn rsa(size: KeySize) -> String {
        let key = RsaKeyPair::generate(size).unwrap();
        let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
        pem("PRIVATE KEY", der.as_ref())
    }

    fn ed25519() -> String {
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        pem("PRIVATE KEY", der.as_ref())
    }

    /// A signer with a key of each kind, made now.
    pub(in crate::mail) fn signer() -> Signer {
        let key = |pem: String, algorithm| SigningKey::from_pem(pem.as_bytes(), algorithm).unwrap();
        let keys = vec![
            ("r".to_owned(), key(rsa(KeySize::Rsa2048), Algorithm::Rsa)),
            ("e".to_owned(), key(ed25519(), Algorithm::Ed25519)),
        ];
        Signer::new("example.org".to_owned(), keys)
    }

    /// The same, and a key with which the library fails.
    pub(in crate::mail) fn broken_signer() -> Signer {
        let good = ("r".to_owned(), SigningKey::from_pem(rsa(KeySize::Rsa2048).as_bytes(), Algorithm::Rsa).unwrap());
        Signer::new("example.org".to_owned(), vec![good, ("x".to_owned(), SigningKey(Key::Broken))])
    }

    /// The signatures of a whole message.
    fn signatures(office: &Signer, message: &str) -> String {
        let (header, body) = message.split_once("\r\n\r\n").unwrap_or((message, ""));
        let mut relaxed = relaxed_lines(body);
        while relaxed == "\r\n" || relaxed.ends_with("\r\n\r\n") {
            relaxed.truncate(relaxed.len() - 2);
        }
        office.signatures(header, &STANDARD.encode(Sha256::digest(relaxed))).unwrap()
    }

    /// What stands behind `name=` in a list of tags, white space apart.
    fn tag<'t>(tags: &'t str, name: &str) -> &'t str {
        tags.split(';').find_map(|tag| tag.trim().strip_prefix(name)?.trim_start().strip_prefix('=')).unwrap().trim()
    }

    /// How many of a letter's signatures hold, by the records of who signed it: written from the standard anew, character by
    /// character.
    pub(in crate::mail) fn holding(letter: &str, by: &Signer) -> usize {
        let records: HashMap<String, String> = by.records().unwrap().into_iter().collect();
        let (header, body) = letter.split_once("\r\n\r\n").unwrap();
        let unfolded = header.replace("\r\n\t", "\t").replace("\r\n ", " ");
        let squeeze =
            |text: &str| text.split([' ', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let fields: Vec<(String, String)> = unfolded
            .split("\r\n")
            .map(|field| {
                let (name, value) = field.split_once(':').unwrap();
                (name.trim().to_lowercase(), squeeze(value))
            })
            .collect();
        let mut lines: Vec<String> = Vec::new();
        for line in body.split("\r\n") {
            let mut relaxed = String::new();
            for c in line.chars() {
                match c {
                    ' ' | '\t' if relaxed.ends_with(' ') => {}
                    ' ' | '\t' => relaxed.push(' '),
                    c => relaxed.push(c),
                }
            }
            lines.push(relaxed.trim_end_matches(' ').to_owned());
        }
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        let relaxed: Vec<String> = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let body_hash = STANDARD.encode(Sha256::digest(relaxed.concat()));
        let holds = |signature: &str| {
            if tag(signature, "bh") != body_hash {
                return false;
            }
            let (mut taken, mut signed) = (HashMap::<String, usize>::new(), String::new());
            for name in tag(signature, "h").split(':').map(|name| name.trim().to_lowercase()) {
                let same: Vec<_> = fields.iter().filter(|(own, _)| *own == name).rev().collect();
                let index = taken.entry(name.clone()).or_default();
                if let Some((_, value)) = same.get(*index) {
                    signed.extend([name.as_str(), ":", value, "\r\n"]);
                }
                *index += 1;
            }
            let value = tag(signature, "b");
            signed.extend(["dkim-signature:", &squeeze(&signature.replace(value, ""))]);
            let value = STANDARD.decode(value.replace(' ', "")).unwrap();
            let record = &records[&format!("{}._domainkey.{}", tag(signature, "s"), tag(signature, "d"))];
            let public = STANDARD.decode(tag(record, "p")).unwrap();
            match tag(signature, "a") {
                "rsa-sha256" => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
                    .verify(signed.as_bytes(), &value)
                    .is_ok(),
                "ed25519-sha256" => {
                    UnparsedPublicKey::new(&ED25519, public).verify(&Sha256::digest(signed), &value).is_ok()
                }
                other => panic!("{other}"),
            }
        };
        fields.iter().filter(|(name, value)| name == "dkim-signature" && holds(value)).count()
    }

    const LETTER: &str = "From: Presse <presse@example.org>\r\nTo: ann@journal.example\r\nSubject: Un pont\r\n  neuf\r\n\
        Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nList-Id: Presse <presse.example.org>\r\n\
        MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nUn  pont \r\n\r\n\t neuf.\r\n\r\n\r\n";

    #[test]
    fn both_signatures_hold_and_no_change_passes() {
        let office = signer();
        let signed = signatures(&office, LETTER) + LETTER;
        assert_eq!(holding(&signed, &office), 2, "{signed}");
        assert_eq!(signatures(&office, LETTER) + LETTER, signed, "a repeat has the same bytes");
        let start = signed.len() - LETTER.len();
        for (at, c) in signed.char_indices().skip(start) {
            if c.is_ascii_graphic() && c != ':' {
                let other = if c == 'x' { "y" } else { "x" };
                let changed = [&signed[..at], other, &signed[at + 1..]].concat();
                assert_eq!(holding(&changed, &office), 0, "changed at {at}");
            }
        }
    }

    #[test]
    fn nothing_is_added_that_readers_would_see() {
        let office = signer();
        let signatures = signatures(&office, LETTER);
        for name in NEVER_ADDED {
            let added = format!("{signatures}{name}: mallory@example.net\r\n{LETTER}");
            assert_eq!(holding(&added, &office), 0, "{name}");
        }
        let signed = format!("{signatures}{LETTER}");
        assert_eq!(holding(&(signed.clone() + "P.S.\r\n"), &office), 0);
        let relayed = format!("Received: from b.example\r\n{}", signed.replace("Un  pont \r\n", "Un pont\r\n"));
        assert_eq!(holding(&relayed, &office), 2);
    }

    #[test]
    fn lines_of_a_signature_are_short() {
        let lists: Vec<String> = SIGNED.iter().map(|name| format!("{name}: x\r\n")).collect();
        let office = signer();
        let letter = format!("{}\r\nbody\r\n", lists.concat());
        let signatures = signatures(&office, &letter);
        assert!(signatures.split("\r\n").all(|line| line.len() <= 78), "{signatures}");
        assert_eq!(holding(&(signatures + &letter), &office), 2);
    }

    #[test]
    fn empty_bodies_and_lone_fields_are_signed_as_the_standard_has_it() {
        assert_eq!(relaxed_lines(""), "");
        assert_eq!(relaxed_lines("\r\n \r\n"), "\r\n\r\n");
        assert_eq!(relaxed_lines(" a\t b \r\n\r\nc"), " a b\r\n\r\nc\r\n");
        let mut relaxed = Vec::new();
        push_relaxed("Subject \t:\ta\r\n  b\t\tc ", &mut relaxed);
        assert_eq!(relaxed, b"subject:a b c");
        let office = signer();
        for letter in ["From: a@example.org\r\n\r\n", "From: a@example.org\r\n\r\n\r\n"] {
            assert_eq!(holding(&(signatures(&office, letter) + letter), &office), 2, "{letter:?}");
        }
    }

    #[test]
    fn a_key_is_of_its_kind_and_strong() {
        let read = |pem: &str, algorithm| SigningKey::from_pem(pem.as_bytes(), algorithm).map(drop);
        let (strong, edwards) = (rsa(KeySize::Rsa2048), ed25519());
        assert_eq!(read(&strong, Algorithm::Ed25519), Err(SigningKeyError::OtherKind(Algorithm::Ed25519)));
        assert_eq!(read(&edwards, Algorithm::Rsa), Err(SigningKeyError::OtherKind(Algorithm::Rsa)));
        for text in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n",
        ] {
            assert_eq!(read(text, Algorithm::Rsa), Err(SigningKeyError::Encrypted));
        }
        for text in ["", "no key", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert_eq!(read(text, Algorithm::Rsa), Err(SigningKeyError::NoKey), "{text}");
        }
        let hex = rcgen::KeyPair::generate().unwrap().serialize_pem();
        assert_eq!(read(&hex, Algorithm::Rsa), Err(SigningKeyError::OtherKind(Algorithm::Rsa)));
    }
}
