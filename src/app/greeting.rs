//! What the daemon says first at a terminal: what it found, where to look, and one line to try.

use std::net::SocketAddr;

use crate::config::RelayKind;
use crate::domain::Taxonomy;
use crate::language::{Counted, Language, counted};
use crate::task::{Doubts, Newsroom};

/// The greeting, a line each. `program` is how the program was called.
#[must_use]
pub fn greeting(newsroom: &Newsroom, public: SocketAddr, admin: SocketAddr, program: &str) -> Vec<String> {
    let current = newsroom.current();
    let live = current.resources.live();
    let french = newsroom.language() == Language::French;
    let say = |fr: String, en: String| if french { fr } else { en };
    let count = |number, thing| counted(number, thing, newsroom.language());
    let releases = count(live.releases().len(), Counted::Releases);
    let coming = current.catalog.coming(newsroom.now()).count();
    let categories = count(live.topics_in(Taxonomy::Category).len(), Counted::Categories);
    let tags = count(live.topics_in(Taxonomy::Tag).len(), Counted::Tags);
    let Doubts { errors, warnings } = current.doubts;
    let folder = &newsroom.config.content.folder;
    let root = newsroom.config.site.url.path();
    let mut lines = vec![
        format!("{} — depeche {}", newsroom.config.site.title, env!("CARGO_PKG_VERSION")),
        say(
            format!("  en ligne : {releases}, {categories}, {tags} ; à venir ou non publiés : {coming} ({folder})"),
            format!("  live: {releases}, {categories}, {tags}; coming or unpublished: {coming} ({folder})"),
        ),
    ];
    if errors + warnings > 0 {
        // Texts that nobody asked for are not read yet.
        let (errors, warnings) = (count(errors, Counted::Errors), count(warnings, Counted::Warnings));
        lines.push(say(
            format!("  {errors}, au moins {warnings} : `{program} check` dit où et comment les corriger"),
            format!("  {errors}, at least {warnings}: `{program} check` says where and how to mend them"),
        ));
    }
    let places = if french { ["accueil", "flux", "courriels"] } else { ["front page", "feeds", "mailbox"] };
    lines.push(String::new());
    lines.push(format!("  {:<11} http://{public}{root}/", places[0]));
    lines.push(format!("  {:<11} http://{public}{root}/feeds/", places[1]));
    lines.push(format!("  {:<11} http://{admin}/mailbox/", places[2]));
    lines.push(String::new());
    let relays = &newsroom.config.relays;
    if relays.iter().all(|relay| matches!(relay.kind, RelayKind::Directory { .. })) {
        lines.push(say(
            "  aucun courriel ne quitte cette machine (relay: directory)".to_owned(),
            "  no mail leaves this machine (relay: directory)".to_owned(),
        ));
    }
    lines.push(say(
        format!("  à essayer dans un autre terminal : {program} new --now \"Un pont neuf\""),
        format!("  try in another terminal: {program} new --now \"A new bridge\""),
    ));
    lines.push(String::new());
    lines
}
