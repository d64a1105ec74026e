//! `restore`: a backup put back, with its key.

use anyhow::bail;
use camino::Utf8Path;

use super::terminal::Terminal;
use super::transferring::Bar;
use super::{Exit, opening};
use crate::app::{check_keys, put_keys_back};
use crate::clock::{Clock as _, SystemClock};
use crate::language::{Language, instant_words};
use crate::store::{Backup, Store, describe};

pub(super) async fn run(file: &Utf8Path, from: &Utf8Path, terminal: Terminal) -> anyhow::Result<Exit> {
    let config = opening::config(file, terminal)?;
    let (language, now) = (config.site.language, SystemClock.now());
    let backup = Backup::open(from)?;
    let key = check_keys(&config.secrets, &backup.keys)?;
    if backup.fingerprint().is_some_and(|fingerprint| fingerprint != key.fingerprint()) {
        bail!("`{from}` holds another key than the one that its database belongs to: use another backup");
    }
    let name = describe(&config.database.url);
    let store = Store::open_closed(&config.database, now).await?;
    store.begin_restore(&name, now).await?;
    put_keys_back(&config.secrets, &backup.keys)?;
    let bar = Bar::new(terminal, language);
    let restored = store.restore(backup, &name, now, &|progress| bar.show(progress)).await;
    drop(bar);
    store.close().await;
    let restored = restored?;
    let made = instant_words(&restored.made.with_timezone(&config.site.timezone), language);
    terminal.line(match language {
        Language::French => format!(
            "{name} : {} lignes, comme dans {} le {made}\nAu prochain `depeche serve`, ce qui était en cours est retenu : \
             c’est peut-être parti depuis. `depeche editions list` le montre.",
            restored.rows, restored.source
        ),
        Language::English => format!(
            "{name}: {} rows, as in {} on {made}\nAt the next `depeche serve`, what was under way is held: it may have \
             left since. `depeche editions list` shows it.",
            restored.rows, restored.source
        ),
    });
    Ok(Exit::Done)
}
