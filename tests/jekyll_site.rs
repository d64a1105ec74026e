//! A Jekyll site as it is, pointed at by `content.folder`: posts and collections become releases at the addresses the
//! site gives them, with the values the site sets for them, and nothing else does.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[expect(dead_code, reason = "each test uses its part")]
#[path = "support/press_room.rs"]
mod press_room;

use press_room::{PressRoom, text};

const SITE: &str = "\
title: Un site
url: https://www.example.org
timezone: Europe/Brussels
permalink: /actualites/:categories/:year/:i_month/:title/
plugins: [jekyll-feed]
exclude: [docs]
collections:
  communiques:
    output: true
    permalink: /presse/:path/
  agents:
    output: false
defaults:
- scope: {path: \"\", type: communiques}
  values:
    categories: [Communiqué]
    contact-presse: {name: Ann, email: ann@example.org}
";

fn site() -> PressRoom {
    let room = PressRoom::new("[newsletter]\nfrom = \"presse@example.org\"\n");
    let config = "[site]\nlanguage = \"en\"\n[content]\nfolder = \"site\"\nuploads = \"site/assets\"\n\
                  [http]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[newsletter]\nfrom = \"presse@example.org\"\n";
    std::fs::write(room.path("config.toml"), config).unwrap();
    for folder in
        ["site/ponts/_posts", "site/_communiques/2026", "site/_agents", "site/_layouts", "site/docs", "site/assets"]
    {
        std::fs::create_dir_all(room.path(folder)).unwrap();
    }
    room.save("site/_config.yml", SITE);
    room.save("site/index.md", "---\ntitle: Accueil\n---\nBonjour.\n");
    room.save("site/_layouts/post.md", "---\n---\n{{ content }}\n");
    room.save("site/docs/guide.md", "---\ntitle: Guide\ndate: 2026-01-01\n---\nUn guide.\n");
    room.save("site/_agents/ann.md", "---\ntitle: Ann\ndate: 2026-01-01\n---\nAnn.\n");
    room.save("site/ponts/_posts/2026-03-09-un-pont.md", "---\ntitle: Un pont\n---\nVoir [l'avis]({% link _communiques/2026/avis.md %}) et [rien]({% post_url 2026-01-01-rien %}).\n");
    room.save(
        "site/_communiques/2026/avis.md",
        "---\ntitle: Avis\ndate: 2026-04-01\n---\nDepuis {{ site.url }}, \"l'avis\" {% include x.html %}.\n",
    );
    room
}

#[test]
fn posts_and_collections_stand_where_the_site_has_them() {
    let room = site();
    room.say(&["build", "--out", "public"]);
    let feed = std::fs::read_to_string(room.path("public/feeds/all.json")).unwrap();
    let feed: serde_json::Value = serde_json::from_str(&feed).unwrap();
    let items = feed["items"].as_array().unwrap();
    let addresses: Vec<&str> = items.iter().map(|item| item["url"].as_str().unwrap()).collect();
    assert_eq!(
        addresses,
        ["https://www.example.org/presse/2026/avis/", "https://www.example.org/actualites/ponts/2026/3/un-pont/"]
    );
    let avis = items[0]["content_html"].as_str().unwrap();
    assert!(avis.contains("Depuis https://www.example.org, “l’avis” ."), "{avis}");
    assert!(items[0]["tags"].to_string().contains("Communiqué") && avis.contains("ann@example.org"), "{}", items[0]);
    let post = items[1]["content_html"].as_str().unwrap();
    assert!(post.contains("<a href=\"https://www.example.org/presse/2026/avis/\">l’avis</a> et rien."), "{post}");
    assert_eq!(items[0]["date_published"], "2026-04-01T00:00:00+02:00");
}

#[test]
fn check_says_where_values_come_from_and_what_is_left_out() {
    let room = site();
    let said = text(&room.run(&["check"]).stdout);
    for words in [
        "site.url = https://www.example.org: from ",
        "site.timezone = Europe/Brussels: from ",
        "keys that are not read: title, plugins",
        "left out, since they are no releases of the site: _agents/ann.md, _layouts, docs, index.md",
        "The link to `2026-01-01-rien` was removed",
        "The Liquid code `{% include x.html %}` was removed.",
    ] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    let config = std::fs::read_to_string(room.path("config.toml")).unwrap();
    let own = config.replace("[site]\n", "[site]\nurl = \"https://presse.example.org\"\npermalink = \"/p/:title/\"\n");
    std::fs::write(room.path("config.toml"), own).unwrap();
    let said = text(&room.run(&["check"]).stdout);
    assert!(said.contains("site.permalink = /p/:title/: from Depeche's configuration"), "{said}");
    room.save("site/_config.yml", "collections: [\n");
    assert!(text(&room.run(&["check"]).stderr).contains("_config.yml"));
}

#[test]
fn one_collection_alone_is_a_content_folder() {
    let room = site();
    let config = std::fs::read_to_string(room.path("config.toml")).unwrap();
    std::fs::write(room.path("config.toml"), config.replace("folder = \"site\"", "folder = \"site/_communiques\""))
        .unwrap();
    room.say(&["build", "--out", "public"]);
    assert!(room.path("public/presse/2026/avis/index.html").exists());
    assert!(!room.path("public/actualites").exists());
}

/// A feed as jekyll-feed writes it, for the two releases of the site and one that is gone.
const FEED: &str = "\
<?xml version=\"1.0\" encoding=\"utf-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\">
<generator uri=\"https://jekyllrb.com/\" version=\"4.3.1\">Jekyll</generator>
<updated>2026-04-02T00:00:00+02:00</updated><id>https://www.example.org/feed.xml</id><title type=\"html\">Un site</title>
<entry><title type=\"html\">Avis</title>
<link href=\"https://www.example.org/presse/2026/avis/\" rel=\"alternate\" type=\"text/html\" title=\"Avis\" />
<published>2026-04-01T00:00:00+02:00</published><updated>2026-04-01T00:00:00+02:00</updated>
<id>https://www.example.org/presse/2026/avis</id></entry>
<entry><title type=\"html\">Un pont</title><link href=\"https://autre.example.org/1\" rel=\"alternate\" />
<published>2026-03-09T00:00:00+01:00</published><updated>2026-03-09T00:00:00+01:00</updated>
<id>https://www.example.org/1</id></entry>
<entry><title type=\"html\">Parti</title><link href=\"https://www.example.org/parti/\" rel=\"alternate\" />
<published>2026-01-09T00:00:00+01:00</published><updated>2026-01-09T00:00:00+01:00</updated>
<id>https://www.example.org/parti</id></entry>
</feed>
";

#[test]
fn ids_that_readers_know_are_taken_over_once() {
    let room = site();
    room.save("ancien.xml", FEED);
    let ids = || {
        room.say(&["build", "--out", "public"]);
        let feed = std::fs::read_to_string(room.path("public/feeds/all.json")).unwrap();
        let feed: serde_json::Value = serde_json::from_str(&feed).unwrap();
        let items = feed["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let minted = ids();
    let said = text(&room.run(&["register", "adopt", "ancien.xml"]).stdout);
    assert!(
        said.contains(&format!("{} -> https://www.example.org/presse/2026/avis (by its link)", minted[0])),
        "{said}"
    );
    assert!(said.contains("-> https://www.example.org/1 (by its title and day)"), "{said}");
    assert!(said.contains("https://www.example.org/parti: no release is like it"), "{said}");
    assert_eq!(ids(), minted, "nothing is written without --write");

    let done = room.run(&["register", "adopt", "ancien.xml", "--write"]);
    assert!(text(&done.stderr).contains("2 taken over"), "{}", text(&done.stderr));
    let taken = ["https://www.example.org/presse/2026/avis", "https://www.example.org/1"];
    assert_eq!(ids(), taken);
    // The ids stay through an edit and a rename, and are not changed again.
    std::fs::remove_file(room.path("site/_communiques/2026/avis.md")).unwrap();
    room.save(
        "site/_communiques/avis-2.md",
        "---\ntitle: Avis\ndate: 2026-04-01\n---\nDepuis {{ site.url }}, \"l'avis\" {% include x.html %}.\n",
    );
    let why = room.say(&["register", "list", "--why"]);
    assert!(why.contains("adopted: readers know it as `https://www.example.org/1`"), "{why}");
    let again = text(&room.run(&["register", "adopt", "ancien.xml", "--write"]).stdout);
    assert!(again.contains("has it already"), "{again}");
    room.save("ancien.xml", &FEED.replace("<id>https://www.example.org/1</id>", "<id>urn:autre:1</id>"));
    let again = text(&room.run(&["register", "adopt", "ancien.xml", "--write"]).stdout);
    assert!(again.contains("it took over an id before"), "{again}");
    assert_eq!(ids(), taken);
}

#[test]
fn no_id_changes_under_a_running_daemon() {
    let room = site();
    room.save("ancien.xml", FEED);
    let daemon = room.serve();
    let refused = room.run(&["register", "adopt", "ancien.xml", "--write"]);
    assert!(
        !refused.status.success() && text(&refused.stderr).contains("stop the daemon first"),
        "{}",
        text(&refused.stderr)
    );
    daemon.stop();
    assert!(text(&room.run(&["register", "adopt", "ancien.xml", "--write"]).stderr).contains("2 taken over"));
}
