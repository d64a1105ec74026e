//! The form for subscribing, as a daemon showed it.

use crate::http_client::Request;
use crate::press_room::{Daemon, text};

/// The form, with what it carries of when it was shown: it is not taken back sooner than a person is.
pub(crate) struct Form {
    started: String,
}

impl Form {
    pub(crate) fn of(daemon: &Daemon) -> Self {
        let (_, page) = daemon.get("/subscribe");
        let started =
            text(&page).split("name=\"started\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        Self { started }
    }

    /// Asks for a subscription of this reader at `journal.example`; the status that comes back.
    pub(crate) async fn send(&self, daemon: &Daemon, name: &str) -> u16 {
        let started = &self.started;
        let form = format!("started={started}&email={name}%40journal.example&topic=all&website=");
        let request = Request::new(daemon.public.port(), "127.0.0.1:8080", "POST", "/subscribe").form(&form);
        request.send().await.status
    }
}
