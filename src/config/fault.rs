//! What can be wrong with a configuration.

use chrono::TimeDelta;

use crate::language::Language;

/// Why a configuration cannot be used. Shown in the site's language, as far as that could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words(self.language))]
pub struct ConfigError {
    /// The file's name, as it was given.
    pub file: String,
    /// Where; `None` when something is missing.
    pub place: Option<Place>,
    /// What.
    pub fault: Box<ConfigFault>,
    /// The language in which it is shown.
    pub language: Language,
}

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The line of the file, from 1.
    Line(usize),
    /// The variable of the environment.
    Variable(String),
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigFault {
    /// The file, or a list in a variable, is not TOML.
    Syntax {
        /// What the parser says; it quotes nothing of the file.
        message: String,
    },
    /// A section or key that does not exist.
    Unknown {
        /// Its name.
        name: String,
        /// The name that was probably meant.
        suggestion: Option<String>,
    },
    /// A section that is not written as one.
    NotASection {
        /// How it is written: `[site]` or `[[relay]]`.
        heading: String,
    },
    /// A key without default is not given.
    Missing {
        /// The key.
        key: String,
        /// A line that gives it.
        example: String,
    },
    /// A value is not what its key takes.
    Value {
        /// The key.
        key: String,
        /// The value, unless it is a secret or has no short form.
        shown: Option<String>,
        /// What the key takes.
        expected: Expected,
    },
    /// A topic is merged into one that is itself merged.
    ChainedTopics {
        /// The old topic.
        old: String,
        /// The one it leads to.
        new: String,
        /// The one that leads to.
        end: String,
    },
    /// `http.admin` can be reached from other machines and asks for no token.
    OpenAdmin,
    /// `bounces.lmtp` can be reached from other machines.
    OpenLmtp,
    /// `http.listen` and `http.admin` are one address.
    SameAddress,
    /// A key of a relay that is spoken to in clear needs TLS.
    NeedsTls {
        /// The key.
        key: String,
    },
    /// Signatures for a domain that is neither the sender's nor above it.
    ForeignSignature {
        /// The domain that signs.
        domain: String,
        /// The sender's.
        from: String,
    },
    /// A password stands in the file.
    SecretInFile {
        /// The key that may name a file with it.
        file_key: &'static str,
        /// The variable that may hold it.
        variable: &'static str,
    },
    /// A key asks for what this program was built without.
    NotBuilt {
        /// The key.
        key: &'static str,
        /// The feature of the build.
        feature: &'static str,
    },
    /// A key of one kind of relay is given for the other.
    OtherRelay {
        /// The key.
        key: String,
        /// The kind it belongs to.
        kind: &'static str,
    },
    /// A variable changes the relay, and the file lists several.
    SeveralRelays,
}

/// What a key takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// A string.
    Text,
    /// A string with something in it.
    SomeText,
    /// `true` or `false`.
    Boolean,
    /// A list of strings.
    List,
    /// A table.
    Table,
    /// A category or a tag.
    Topic,
    /// The address of a feed elsewhere than below Depeche's own addresses.
    OldFeed,
    /// The name of one of our feeds.
    Feed,
    /// A list that is not empty.
    SomeList,
    /// A duration.
    Duration {
        /// The shortest one.
        least: TimeDelta,
    },
    /// A whole number.
    Number {
        /// The smallest one.
        least: u32,
        /// The largest one.
        most: u32,
    },
    /// One of these words.
    OneOf(Vec<&'static str>),
    /// An e-mail address with or without a name.
    Mailbox,
    /// The address of a site.
    SiteUrl,
    /// The address of a page.
    WebAddress,
    /// A bucket, with or without a path in it.
    Bucket,
    /// A zone of the tz database.
    Zone {
        /// The zone that was probably meant.
        suggestion: Option<&'static str>,
    },
    /// A pattern of permalinks.
    Permalink,
    /// A path of the file system.
    Path,
    /// An IP address and a port.
    SocketAddress,
    /// IP addresses or networks.
    Networks,
    /// A host name or an IP address.
    Host,
    /// `sqlite://` or `postgres://`.
    Database,
    /// An hour of the day.
    Hour,
    /// The id of a list (RFC 2919).
    ListId,
    /// A domain.
    Domain,
}

/// What works and is probably not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigWarning {
    /// `site.url` leads to this machine, while people on others are served or written to.
    LocalAddress {
        /// The address.
        url: String,
    },
    /// `site.url` is not encrypted: links in letters can be read and changed on their way.
    PlainAddress {
        /// The address.
        url: String,
    },
    /// Letters and addresses travel to a relay on another machine in clear.
    OpenRelay {
        /// Its host.
        host: String,
    },
    /// A variable looks like one of ours and is not.
    IgnoredVariable {
        /// Its name.
        name: String,
    },
}
