//! What may be typed: commands, options and the help that teaches them.

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::domain::{EditionId, EmailAddress, Frequency, Topic};
use crate::language::Language;

/// A press office's publisher: one folder of releases becomes feeds and letters.
#[derive(Debug, Parser)]
#[command(
    name = "depeche",
    version,
    propagate_version = true,
    after_help = "Start with `depeche serve`: it says what it found and where to look. \
                  Every command works while the daemon runs."
)]
pub(crate) struct Arguments {
    /// The configuration; relative paths in it are relative to it
    #[arg(long, global = true, value_name = "FILE", default_value = "config.toml")]
    pub(crate) config: Utf8PathBuf,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// One command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch the folder, serve feeds and pages, send letters (the daemon)
    #[command(
        after_help = "Stops on Ctrl-C or SIGTERM once letters on their way have been handed over. SIGHUP reads the \
                      configuration and the templates anew, unless it runs at a terminal; what does not do is refused."
    )]
    Serve(ServeArguments),
    /// Write everything public to a folder, for a static server or CDN
    #[command(after_help = "Writes changed files only, each atomically; removes only files it wrote. \
                            Sends nothing and never counts as a first start.")]
    Build(BuildArguments),
    /// Read every release and say what is wrong or doubtful, with its place and how to mend it
    #[command(after_help = "Exit code: 0 clean, 1 warnings with --strict, 2 errors.")]
    Check(CheckArguments),
    /// Begin a release: a file with its front matter, ready to be written on
    #[command(
        after_help = "Example: depeche new \"Un pont neuf\" writes a file that nobody sees until `published: true`."
    )]
    New(NewArguments),
    /// Show the letter of a release without sending it
    Preview(PreviewArguments),
    /// Send the letter of a release to the office, marked as a test
    SendTest(SendTestArguments),
    /// Who receives letters
    #[command(subcommand)]
    Subscribers(SubscribersCommand),
    /// What was sent, and what is about to be
    #[command(subcommand)]
    Editions(EditionsCommand),
    /// Take in a message that came back: a report, a complaint, a request to unsubscribe, on standard input
    #[command(
        after_help = "For the pipe of a mail server, as in `depeche bounce --recipient ${recipient}`. Exit code: 0 done, or \
                      nothing of ours; 65 no message, or larger than 10 MiB; 75 bring it again."
    )]
    Bounce(BounceArguments),
    /// What is remembered of each release, and why
    #[command(subcommand)]
    Register(RegisterCommand),
    /// Look at everything the daemon needs, and print the DNS records to publish
    #[command(
        after_help = "Speaks to the relays and the database and sends nothing. Exit code: 0 when nothing keeps the \
                            daemon from working, 2 when something does."
    )]
    Doctor {
        /// How to say it
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Write the database and the key to one file that only its owner may read
    #[command(
        after_help = "The file is whole or not there: one of the same name is replaced at the end. It holds every \
                            address and the key that signs: keep it as you keep those. Works while the daemon runs."
    )]
    Backup(BackupArguments),
    /// Put a backup back, into an empty database
    #[command(after_help = "Nothing is changed when the file is damaged, the database is not empty, another key is \
                            there, or a daemon works. At the next start every edition on its way is held until you \
                            let it go: it may have left since the backup was made.")]
    Restore(RestoreArguments),
    /// Move the database
    #[command(subcommand)]
    Database(DatabaseCommand),
    /// Write what a shell needs to complete commands and options, to standard output
    #[command(after_help = "Example: depeche completions bash > /usr/share/bash-completion/completions/depeche")]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Write the manual pages, one for each command, to a folder
    #[command(after_help = "Example: depeche man /usr/local/share/man/man1, then `man depeche-serve`.")]
    Man {
        /// The folder; made if it is not there
        #[arg(value_name = "DIR")]
        folder: Utf8PathBuf,
    },
}

/// `backup`
#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// The file to write
    #[arg(value_name = "FILE")]
    pub(crate) file: Utf8PathBuf,
}

/// `restore`
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The file that `depeche backup` wrote
    #[arg(value_name = "FILE")]
    pub(crate) file: Utf8PathBuf,
}

/// `database …`
#[derive(Debug, Subcommand)]
pub(crate) enum DatabaseCommand {
    /// Copy everything to another database, SQLite or PostgreSQL, which takes the place of this one
    #[command(
        after_help = "Stop the daemon first. This database is closed from then on, so that nobody is written to \
                            twice: write the new address into `database.url`. Run it again after a kill: it goes on \
                            where it was."
    )]
    Copy {
        /// Where to: `postgres://…` or `sqlite://PATH`, relative to where you are
        #[arg(long, value_name = "URL")]
        to: String,
    },
    /// Go on with a database that was moved away, or whose move was begun
    Reopen {
        /// Also when the move was finished. Only if the other one was never served: two that send write to all twice
        #[arg(long)]
        force: bool,
    },
}

/// `serve`
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Listen here instead of `http.listen`
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<std::net::SocketAddr>,
}

/// `build`
#[derive(Debug, Args)]
pub(crate) struct BuildArguments {
    /// The folder to write to
    #[arg(long, value_name = "DIR", default_value = "public")]
    pub(crate) out: Utf8PathBuf,
    /// Write these alone, as in `--only rss,atom`; archives are those of the formats named, or of all
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KINDS")]
    pub(crate) only: Vec<BuildPart>,
}

/// What `build` may be asked for alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BuildPart {
    /// Feeds in RSS
    Rss,
    /// Feeds in Atom
    Atom,
    /// Feeds in JSON Feed
    Json,
    /// The feeds' archives by year
    Archives,
    /// Pages, with the list of feeds and the site's map
    Pages,
    /// The documents and images that releases refer to
    Uploads,
}

/// `check`
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// How to say it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Warnings count: exit code 1
    #[arg(long)]
    pub(crate) strict: bool,
}

/// `new`
#[derive(Debug, Args)]
pub(crate) struct NewArguments {
    /// Publish it at once instead of writing `published: false`
    #[arg(long)]
    pub(crate) now: bool,
    /// The release's title
    pub(crate) title: String,
}

/// `preview`
#[derive(Debug, Args)]
pub(crate) struct PreviewArguments {
    /// The release: its file, file name, address or id
    pub(crate) release: String,
    /// Write the whole letter to this file instead of showing its text
    #[arg(long, value_name = "FILE")]
    pub(crate) eml: Option<Utf8PathBuf>,
}

/// `send-test`
#[derive(Debug, Args)]
pub(crate) struct SendTestArguments {
    /// The release: its file, file name, address or id
    pub(crate) release: String,
    /// One of the office's addresses; all of them when left out
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) to: Option<EmailAddress>,
    /// Send it to that address although it is not one of the office's
    #[arg(long, requires = "to")]
    pub(crate) force: bool,
}

/// `subscribers …`
#[derive(Debug, Subcommand)]
pub(crate) enum SubscribersCommand {
    /// Add a subscriber, active at once: you vouch for their consent
    Add(AddArguments),
    /// End a subscription
    Remove {
        /// Whose
        address: EmailAddress,
    },
    /// List subscribers
    List {
        /// How to say it
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show one subscriber: what they follow and what they were sent
    Show {
        /// Whom
        address: EmailAddress,
        /// How to say it
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Write all subscribers as CSV to standard output
    Export,
    /// Take in a list: the CSV of listmonk, Mailchimp, Sympa, Mailman or a spreadsheet, or one address a line
    #[command(
        after_help = "Separator, encoding and columns are found out. Whoever subscribes here keeps what they chose; \
                            whoever left, is blocked, or was erased here stays so; whoever the list says left, bounced or \
                            was blocked is never written to. Each line that was not simply added is told on standard \
                            error, with its number. The same list again changes nothing. Exit code 1 when a line could \
                            not be read: the others are in."
    )]
    Import(ImportArguments),
    /// Forget somebody: their subscription ends, and a keyed hash of the address is all that stays
    Erase {
        /// Whom
        address: EmailAddress,
    },
    /// Never write to an address, whoever asks for it
    Block {
        /// Which
        address: EmailAddress,
    },
    /// Take a block back; who was subscribed is not by that
    Unblock {
        /// Which
        address: EmailAddress,
    },
}

/// `subscribers import`
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The list; `-`: standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: Utf8PathBuf,
    /// How you came by their consent, for the record
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) source: String,
    /// Say what would happen, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What lines follow that name no topic of ours; may be repeated [default: all]
    #[arg(long = "topic", value_name = "TOPIC")]
    pub(crate) topics: Vec<Topic>,
    /// When letters are sent, where a line does not say
    #[arg(long, default_value_t = Frequency::Immediate)]
    pub(crate) frequency: Frequency,
    /// The language of letters, where a line does not say [default: the site's]
    #[arg(long)]
    pub(crate) language: Option<Language>,
    /// Leave the column with this heading unread, even if it may tell who receives no letters; may be repeated
    #[arg(long = "ignore-column", value_name = "NAME")]
    pub(crate) ignored: Vec<String>,
    /// Write what became of lines to this new file, as CSV, instead of standard error
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<Utf8PathBuf>,
    /// How to sum it up
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// `subscribers add`
#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    /// The address
    pub(crate) address: EmailAddress,
    /// What to follow: `all`, `category:SLUG` or `tag:SLUG`; may be repeated [default: all]
    #[arg(long = "topic", value_name = "TOPIC")]
    pub(crate) topics: Vec<Topic>,
    /// When letters are sent: `immediate`, or in a digest, `daily` or `weekly`
    #[arg(long, default_value_t = Frequency::Immediate)]
    pub(crate) frequency: Frequency,
    /// The language of letters: `fr` or `en` [default: the site's]
    #[arg(long)]
    pub(crate) language: Option<Language>,
    /// The name shown beside the address
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The paper, agency or office
    #[arg(long)]
    pub(crate) organisation: Option<String>,
    /// How you came by their consent, for the record
    #[arg(long, value_name = "TEXT", default_value = "office")]
    pub(crate) source: String,
}

/// `editions …`
#[derive(Debug, Subcommand)]
pub(crate) enum EditionsCommand {
    /// List editions with their deliveries by state
    List {
        /// How to say it
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show one edition
    Show {
        /// Its number, as `editions list` shows it
        edition: EditionId,
        /// And each of its deliveries, with what came back of it
        #[arg(long)]
        deliveries: bool,
        /// How to say it
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Stop an edition before it leaves
    Hold {
        /// Its number
        edition: EditionId,
    },
    /// Let an edition go now: lifts what holds it and the wait it is in; never an embargo
    Approve {
        /// Its number
        edition: EditionId,
        /// And every edition held with it because many releases appeared at once
        #[arg(long)]
        crowd: bool,
    },
    /// Never send an edition; letters on their way are stopped
    Cancel {
        /// Its number
        edition: EditionId,
        /// And every edition held with it because many releases appeared at once
        #[arg(long)]
        crowd: bool,
    },
    /// Stop an edition on its way for a time: nothing more is handed over until it is resumed
    Pause {
        /// Its number
        edition: EditionId,
    },
    /// Let a paused edition go on where it was
    Resume {
        /// Its number
        edition: EditionId,
    },
    /// Try again the letters of an edition that were given up
    Retry {
        /// Its number
        edition: EditionId,
    },
    /// Send an edition once more, on purpose: its readers get it twice
    #[command(
        after_help = "Name readers with --to, or everybody it was opened for with --all. The repeat is an edition of its \
                      own, and both keep who asked for it."
    )]
    Resend {
        /// Its number
        edition: EditionId,
        /// Only to this reader, who was among its recipients; may be repeated
        #[arg(long, value_name = "ADDRESS", required_unless_present = "all", conflicts_with = "all")]
        to: Vec<EmailAddress>,
        /// To everybody it was opened for and who may still be written to
        #[arg(long)]
        all: bool,
    },
}

/// `bounce`
#[derive(Debug, Args)]
pub(crate) struct BounceArguments {
    /// Whom the message was for; its headers say it, too
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) recipient: Option<String>,
}

/// `register …`
#[derive(Debug, Subcommand)]
pub(crate) enum RegisterCommand {
    /// List every release ever seen: its id, its file, what was decided about it
    List {
        /// Add every decision with its time and its reason
        #[arg(long)]
        why: bool,
        /// How to say it
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Take over the ids that readers know from an earlier feed, so that nothing is shown to them twice
    #[command(
        after_help = "Entries are recognised by their link, else by title and day. Says what would be done; `--write` \
                      does it, while no daemon runs. On an empty database this is the first look: what is live then \
                      counts as announced. Exit code 1 when an entry was left."
    )]
    Adopt {
        /// The earlier feed, saved as a file: Atom or RSS
        #[arg(value_name = "FEED.xml")]
        feed: Utf8PathBuf,
        /// Do it
        #[arg(long)]
        write: bool,
        /// Also for releases that were announced, or took an id over before
        #[arg(long)]
        force: bool,
    },
    /// Write each release's id into its file, so that it keeps it even if this database is lost
    #[command(
        after_help = "Adds one line, `id: \"…\"`, to the front matter and touches no other byte. A release stays \
                            the same and nothing is mailed. Exit code 1 when a file had to be left."
    )]
    Pin {
        /// The releases: their file, file name, address, id or part of the title; all of them when left out
        #[arg(value_name = "RELEASE")]
        releases: Vec<String>,
    },
}

/// How a list is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
