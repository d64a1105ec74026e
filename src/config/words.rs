//! What is said of a configuration, in French and English.

use chrono::TimeDelta;

use super::fault::{ConfigError, ConfigFault, ConfigWarning, Expected, Place};
use crate::language::Language;

impl ConfigError {
    /// The whole message: file, line or variable, key, and what to write instead.
    #[must_use]
    pub fn words(&self, language: Language) -> String {
        let place = match (&self.place, language) {
            (Some(Place::Line(line)), Language::French) => format!("{}, ligne {line} : ", self.file),
            (Some(Place::Line(line)), Language::English) => format!("{}, line {line}: ", self.file),
            (Some(Place::Variable(name)), Language::French) => format!("variable d’environnement {name} : "),
            (Some(Place::Variable(name)), Language::English) => format!("environment variable {name}: "),
            (None, Language::French) => format!("{} : ", self.file),
            (None, Language::English) => format!("{}: ", self.file),
        };
        let fault = match language {
            Language::French => self.fault.french(),
            Language::English => self.fault.english(),
        };
        place + &fault
    }
}

impl ConfigFault {
    fn english(&self) -> String {
        match self {
            Self::Syntax { message } => format!("this is not TOML: {message}"),
            Self::Unknown { name, suggestion: Some(meant) } => {
                format!("`{name}` does not exist: did you mean `{meant}`?")
            }
            Self::Unknown { name, suggestion: None } => {
                format!("`{name}` does not exist: take the line out, or see config.toml for every key there is")
            }
            Self::NotASection { heading } => format!("write this section as `{heading}`, with its keys below it"),
            Self::Missing { key, example } => format!("`{key}` is missing and has no default: write `{example}`"),
            Self::Value { key, shown, expected } => {
                let is = shown.as_ref().map_or("has a wrong value".to_owned(), |shown| format!("is `{shown}`"));
                format!("`{key}` {is}: write {}", expected.words(Language::English))
            }
            Self::ChainedTopics { old, new, end } if old == end => format!(
                "`topics.aliases` merges `{old}` and `{new}` in a circle: keep the one line that leads to the topic that goes on"
            ),
            Self::ChainedTopics { old, new, end } => format!(
                "`topics.aliases` leads from `{old}` to `{new}`, which is merged itself: write the topic where it ends, `{end}`"
            ),
            Self::OpenAdmin => "`http.admin` can be reached from other machines: write a loopback address such as \
                `127.0.0.1:8081`, or name the file of its token in `http.admin_token_file`"
                .to_owned(),
            Self::OpenLmtp => {
                "`bounces.lmtp` can be reached from other machines, and anybody could send there: write a \
                loopback address such as `127.0.0.1:2424`"
                    .to_owned()
            }
            Self::SameAddress => {
                "`http.listen` and `http.admin` are the same address: give one of them another port".to_owned()
            }
            Self::NeedsTls { key } => format!(
                "`{key}` is of use over TLS alone, and this relay is spoken to in clear: take it out, or write \
                 `tls = \"starttls\"`"
            ),
            Self::ForeignSignature { domain, from } => format!(
                "`dkim.domain` is `{domain}`, which proves nothing about letters from `{from}`: write `{from}`, or a \
                 domain above it"
            ),
            Self::SecretInFile { file_key, variable } => format!(
                "a password does not belong into this file: write it into a file of its own, named by `{file_key}`, or \
                 into the variable {variable}"
            ),
            Self::NotBuilt { key, feature } => format!(
                "`{key}` needs a program that was built for it: `cargo build --release --features {feature}`; or take the \
                 line out"
            ),
            Self::OtherRelay { key, kind } => {
                format!("`{key}` belongs to a relay of the kind `{kind}`: take it out, or write `kind = \"{kind}\"`")
            }
            Self::SeveralRelays => {
                "several relays are listed in the file, so a variable cannot say which it means: change the file"
                    .to_owned()
            }
        }
    }

    fn french(&self) -> String {
        match self {
            Self::Syntax { message } => format!("ce n’est pas du TOML : {message}"),
            Self::Unknown { name, suggestion: Some(meant) } => {
                format!("`{name}` n’existe pas : vouliez-vous écrire `{meant}` ?")
            }
            Self::Unknown { name, suggestion: None } => {
                format!("`{name}` n’existe pas : retirez la ligne, ou voyez toutes les clés dans config.toml")
            }
            Self::NotASection { heading } => format!("écrivez cette section `{heading}`, ses clés au-dessous"),
            Self::Missing { key, example } => {
                format!("`{key}` manque et n’a pas de valeur par défaut : écrivez `{example}`")
            }
            Self::Value { key, shown, expected } => {
                let is =
                    shown.as_ref().map_or("n’a pas une bonne valeur".to_owned(), |shown| format!("vaut `{shown}`"));
                format!("`{key}` {is} : écrivez {}", expected.words(Language::French))
            }
            Self::ChainedTopics { old, new, end } if old == end => format!(
                "`topics.aliases` réunit `{old}` et `{new}` en cercle : gardez la seule ligne qui mène au sujet qui demeure"
            ),
            Self::ChainedTopics { old, new, end } => format!(
                "`topics.aliases` mène de `{old}` à `{new}`, lui-même réuni à un autre : écrivez le sujet d’arrivée, `{end}`"
            ),
            Self::OpenAdmin => {
                "`http.admin` est accessible depuis d’autres machines : écrivez une adresse locale comme \
                `127.0.0.1:8081`, ou indiquez le fichier de son jeton dans `http.admin_token_file`"
                    .to_owned()
            }
            Self::OpenLmtp => {
                "`bounces.lmtp` est accessible depuis d’autres machines, et n’importe qui pourrait y écrire : \
                écrivez une adresse locale comme `127.0.0.1:2424`"
                    .to_owned()
            }
            Self::SameAddress => {
                "`http.listen` et `http.admin` sont la même adresse : donnez un autre port à l’une des deux".to_owned()
            }
            Self::NeedsTls { key } => format!(
                "`{key}` ne sert qu’avec TLS, et les échanges avec ce relais se font en clair : retirez-la, ou écrivez \
                 `tls = \"starttls\"`"
            ),
            Self::ForeignSignature { domain, from } => format!(
                "`dkim.domain` vaut `{domain}`, qui ne prouve rien des lettres de `{from}` : écrivez `{from}`, ou un \
                 domaine au-dessus"
            ),
            Self::SecretInFile { file_key, variable } => format!(
                "un mot de passe n’a pas sa place dans ce fichier : écrivez-le seul dans un fichier, indiqué par \
                 `{file_key}`, ou dans la variable {variable}"
            ),
            Self::NotBuilt { key, feature } => format!(
                "`{key}` demande un programme construit pour cela : `cargo build --release --features {feature}` ; sinon, \
                 retirez la ligne"
            ),
            Self::OtherRelay { key, kind } => {
                format!("`{key}` appartient à un relais de type `{kind}` : retirez-la, ou écrivez `kind = \"{kind}\"`")
            }
            Self::SeveralRelays => {
                "le fichier énumère plusieurs relais, une variable ne peut donc pas dire lequel elle \
                modifie : modifiez le fichier"
                    .to_owned()
            }
        }
    }
}

impl Expected {
    fn words(&self, language: Language) -> String {
        match language {
            Language::French => self.french(),
            Language::English => self.english(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Text => "a text between quotes".to_owned(),
            Self::SomeText => "a text that is not empty".to_owned(),
            Self::Boolean => "`true` or `false`".to_owned(),
            Self::List => "a list such as `[\"a\", \"b\"]`".to_owned(),
            Self::Table => "a table such as `{ \"old\" = \"new\" }`".to_owned(),
            Self::Topic => "a category or tag such as `category:discours` or `tag:open-data`".to_owned(),
            Self::OldFeed => "a path outside Depeche's own addresses such as `/feed.xml`".to_owned(),
            Self::Feed => "a feed such as `all.atom` or `tag/open-data.rss`".to_owned(),
            Self::SomeList => "a list with at least one item".to_owned(),
            Self::Duration { least } if *least <= TimeDelta::zero() => {
                "a duration such as `500ms`, `10m`, `48h` or `400d`".to_owned()
            }
            Self::Duration { least } => {
                format!("a duration such as `500ms`, `10m`, `48h` or `400d`, at least {}", shown(*least))
            }
            Self::Number { least, most: u32::MAX } => format!("a whole number, {least} or more"),
            Self::Number { least, most } => format!("a whole number from {least} to {most}"),
            Self::OneOf(words) => one_of(words, " or "),
            Self::Mailbox => "an e-mail address such as `Press office <press@example.org>`".to_owned(),
            Self::SiteUrl => {
                "an address such as `https://presse.example.org`, without `?`, `#` or user name".to_owned()
            }
            Self::WebAddress => "an address such as `https://hub.example.org/`".to_owned(),
            Self::Bucket => "a bucket such as `s3://presse` or `s3://presse/site`".to_owned(),
            Self::Zone { suggestion: Some(zone) } => format!("a time zone: perhaps `{zone}`"),
            Self::Zone { suggestion: None } => "a time zone such as `Europe/Paris`".to_owned(),
            Self::Permalink => "a path with `:title`, `:slug` or `:path` that lies under no reserved address, such as \
                `/espace-presse/:title/`"
                .to_owned(),
            Self::Path => "the path of a file or folder".to_owned(),
            Self::SocketAddress => "an IP address and a port such as `127.0.0.1:8080`".to_owned(),
            Self::Networks => "IP addresses or networks such as `[\"127.0.0.1\", \"10.0.0.0/8\"]`".to_owned(),
            Self::Host => "a host such as `127.0.0.1` or `localhost`".to_owned(),
            Self::Database => "`sqlite://` and a path, or `postgres://user@host/database`".to_owned(),
            Self::Hour => "an hour such as `08:30`".to_owned(),
            Self::ListId => {
                "the list's id in letters, digits, `.`, `-` and `_`, such as `presse.example.org`".to_owned()
            }
            Self::Domain => "a domain such as `bounces.example.org`".to_owned(),
        }
    }

    fn french(&self) -> String {
        match self {
            Self::Text => "un texte entre guillemets".to_owned(),
            Self::SomeText => "un texte qui ne soit pas vide".to_owned(),
            Self::Boolean => "`true` (oui) ou `false` (non)".to_owned(),
            Self::List => "une liste comme `[\"a\", \"b\"]`".to_owned(),
            Self::Table => "une table comme `{ \"ancien\" = \"nouveau\" }`".to_owned(),
            Self::Topic => "une catégorie ou un mot-clé comme `category:discours` ou `tag:open-data`".to_owned(),
            Self::OldFeed => "un chemin hors des adresses de Depeche, comme `/feed.xml`".to_owned(),
            Self::Feed => "un flux comme `all.atom` ou `tag/open-data.rss`".to_owned(),
            Self::SomeList => "une liste d’au moins un élément".to_owned(),
            Self::Duration { least } if *least <= TimeDelta::zero() => {
                "une durée comme `500ms`, `10m`, `48h` ou `400d`".to_owned()
            }
            Self::Duration { least } => {
                format!("une durée comme `500ms`, `10m`, `48h` ou `400d`, d’au moins {}", shown(*least))
            }
            Self::Number { least, most: u32::MAX } => format!("un nombre entier, {least} ou plus"),
            Self::Number { least, most } => format!("un nombre entier de {least} à {most}"),
            Self::OneOf(words) => one_of(words, " ou "),
            Self::Mailbox => "une adresse électronique comme `Service presse <presse@example.org>`".to_owned(),
            Self::SiteUrl => {
                "une adresse comme `https://presse.example.org`, sans `?`, ni `#`, ni nom d’utilisateur".to_owned()
            }
            Self::WebAddress => "une adresse comme `https://hub.example.org/`".to_owned(),
            Self::Bucket => "un espace de stockage comme `s3://presse` ou `s3://presse/site`".to_owned(),
            Self::Zone { suggestion: Some(zone) } => format!("un fuseau horaire : peut-être `{zone}`"),
            Self::Zone { suggestion: None } => "un fuseau horaire comme `Europe/Paris`".to_owned(),
            Self::Permalink => "un chemin avec `:title`, `:slug` ou `:path`, hors des adresses réservées, comme \
                `/espace-presse/:title/`"
                .to_owned(),
            Self::Path => "le chemin d’un fichier ou d’un dossier".to_owned(),
            Self::SocketAddress => "une adresse IP et un port comme `127.0.0.1:8080`".to_owned(),
            Self::Networks => "des adresses IP ou des réseaux comme `[\"127.0.0.1\", \"10.0.0.0/8\"]`".to_owned(),
            Self::Host => "un hôte comme `127.0.0.1` ou `localhost`".to_owned(),
            Self::Database => "`sqlite://` et un chemin, ou `postgres://utilisateur@hôte/base`".to_owned(),
            Self::Hour => "une heure comme `08:30`".to_owned(),
            Self::ListId => {
                "l’identifiant de la liste en lettres, chiffres, `.`, `-` et `_`, comme `presse.example.org`".to_owned()
            }
            Self::Domain => "un domaine comme `bounces.example.org`".to_owned(),
        }
    }
}

impl ConfigWarning {
    /// The warning, with what to do.
    #[must_use]
    pub fn words(&self, language: Language) -> String {
        match (self, language) {
            (Self::LocalAddress { url }, Language::English) => format!(
                "`site.url` is `{url}`, which leads every reader to their own machine: write the public address there"
            ),
            (Self::LocalAddress { url }, Language::French) => format!(
                "`site.url` vaut `{url}`, qui mène chaque lecteur à sa propre machine : écrivez-y l’adresse publique"
            ),
            (Self::PlainAddress { url }, Language::English) => format!(
                "`site.url` is `{url}`: without `https` the links in letters can be read and changed on their way"
            ),
            (Self::PlainAddress { url }, Language::French) => format!(
                "`site.url` vaut `{url}` : sans `https`, les liens des lettres peuvent être lus et modifiés en chemin"
            ),
            (Self::OpenRelay { host }, Language::English) => format!(
                "letters travel to the relay `{host}` in clear, where anyone on the way can read and change them: write \
                 `tls = \"starttls\"`"
            ),
            (Self::OpenRelay { host }, Language::French) => format!(
                "les lettres vont au relais `{host}` en clair, et peuvent être lues et modifiées en chemin : écrivez \
                 `tls = \"starttls\"`"
            ),
            (Self::IgnoredVariable { name }, Language::English) => format!(
                "the environment variable {name} is ignored: a key is written `DEPECHE_SECTION__KEY`, with two underscores"
            ),
            (Self::IgnoredVariable { name }, Language::French) => format!(
                "la variable d’environnement {name} est ignorée : une clé s’écrit `DEPECHE_SECTION__CLE`, avec deux tirets bas"
            ),
        }
    }
}

fn one_of(words: &[&str], or: &str) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(or)
}

/// A shortest duration as it would be written.
fn shown(duration: TimeDelta) -> String {
    if duration.subsec_nanos() == 0 {
        format!("`{}s`", duration.num_seconds())
    } else {
        format!("`{}ms`", duration.num_milliseconds())
    }
}
