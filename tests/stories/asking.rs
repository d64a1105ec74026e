//! How feeds are asked for again and again: codings, validators, changes alone, methods. Each story is a rule.

use std::io::Read as _;

use sqlx::Connection as _;

use crate::draft::release;
use crate::http_client::Answer;
use crate::newsroom::TestNewsroom;

async fn begin(room: &mut TestNewsroom) {
    for (name, day) in [("pont", 20), ("bac", 21)] {
        let draft = release(&format!("Un {name}"), &format!("2026-11-{day} 10:00:00"));
        room.save(&format!("2026-11-{day}-{name}.md"), &draft.labels("Discours", "Ponts"));
    }
    room.start("2026-11-23T09:30:00Z").await;
}

async fn with(room: &TestNewsroom, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = room.request("GET", path);
    headers.iter().fold(request, |request, (name, value)| request.header(name, value)).send().await
}

/// The titles in an answer, in whatever format.
fn titles(answer: &Answer, all: &[&str]) -> Vec<String> {
    let text = answer.text();
    all.iter()
        .filter(|title| text.contains(&format!("{title}<")) || text.contains(&format!("\"title\":\"{title}\"")))
        .map(|title| (*title).to_owned())
        .collect()
}

const ALL: [&str; 4] = ["Un pont", "Un bac", "Un quai", "Un port"];

pub(crate) async fn each_coding_has_its_own_strong_tag_and_the_same_bytes(mut room: TestNewsroom) {
    begin(&mut room).await;
    for path in [
        "/feeds/all.rss",
        "/feeds/tag/ponts.atom",
        "/feeds/category/discours.json",
        "/feeds/all/2026.rss",
        "/",
        "/feeds.opml",
    ] {
        let plain = room.get(path).await;
        let tag = plain.header("etag").trim_matches('"').to_owned();
        for (accepted, coding, suffix) in [
            ("gzip", "gzip", "-gz"),
            ("br", "br", "-br"),
            ("gzip, deflate, br", "br", "-br"),
            ("br;q=0.1, gzip", "gzip", "-gz"),
        ] {
            let answer = with(&room, path, &[("Accept-Encoding", accepted)]).await;
            assert_eq!((answer.status, answer.header("content-encoding")), (200, coding), "{path}");
            assert_eq!(answer.header("etag"), format!("\"{tag}{suffix}\""));
            assert_eq!(answer.header("vary"), "Accept-Encoding");
            assert_eq!(answer.header("content-length"), answer.body.len().to_string());
            assert!(answer.body.len() < plain.body.len());
            let mut unpacked = Vec::new();
            match coding {
                "gzip" => flate2::read::GzDecoder::new(answer.body.as_slice()).read_to_end(&mut unpacked),
                _ => brotli::Decompressor::new(answer.body.as_slice(), 4096).read_to_end(&mut unpacked),
            }
            .unwrap();
            assert_eq!(unpacked, plain.body, "{path} {coding}");
            for known in [format!("\"{tag}{suffix}\""), format!("W/\"{tag}{suffix}\", \"x\""), "*".to_owned()] {
                let same = with(&room, path, &[("Accept-Encoding", accepted), ("If-None-Match", &known)]).await;
                assert_eq!((same.status, same.body.len()), (304, 0), "{path} {known}");
                for name in ["etag", "cache-control", "vary"] {
                    assert_eq!(same.header(name), answer.header(name), "{path} {name}");
                }
                assert_eq!((same.header("content-encoding"), same.header("content-type")), ("", ""));
            }
            let other =
                with(&room, path, &[("Accept-Encoding", accepted), ("If-None-Match", &format!("\"{tag}\""))]).await;
            assert_eq!(other.status, 200, "another coding is another representation");
        }
    }
}

pub(crate) async fn feeds_say_how_long_they_may_be_kept_and_who_may_read_them(mut room: TestNewsroom) {
    room.configure("feeds.ttl", "15m");
    begin(&mut room).await;
    for (path, media_type) in [
        ("/feeds/all.rss", "application/rss+xml; charset=utf-8"),
        ("/feeds/all.atom", "application/atom+xml; charset=utf-8"),
        ("/feeds/all.json", "application/feed+json; charset=utf-8"),
        ("/feeds/all/2026.rss", "application/rss+xml; charset=utf-8"),
        ("/feeds.opml", "text/x-opml; charset=utf-8"),
    ] {
        let answer = room.get(path).await;
        assert_eq!(answer.header("content-type"), media_type);
        assert_eq!(answer.header("cache-control"), "public, max-age=900");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("set-cookie"), "");
        let head = room.request("HEAD", path).send().await;
        let without_date =
            |answer: &Answer| -> Vec<_> { answer.headers.iter().filter(|(name, _)| name != "date").cloned().collect() };
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(without_date(&head), without_date(&answer), "{path}: HEAD is GET without a body");
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let refused = room.request(method, path).header("Content-Length", "0").send().await;
            assert_eq!((refused.status, refused.header("allow")), (405, "GET, HEAD"), "{method} {path}");
        }
    }
    assert!(room.feed("/feeds/all.rss").await.contains("<ttl>15</ttl>"));
}

pub(crate) async fn what_is_asked_for_again_is_answered_the_same_until_it_changes(mut room: TestNewsroom) {
    room.configure("feeds.hub", "https://hub.example/");
    begin(&mut room).await;
    let headers = |answer: &Answer| {
        let mut headers = answer.headers.clone();
        headers.retain(|(name, _)| name != "date");
        headers.sort();
        headers
    };
    for path in ["/feeds/all.rss", "/feeds/tag/ponts.json", "/", "/feeds.opml", "/assets/press.css"] {
        let first = room.get(path).await;
        let again = room.get(path).await;
        assert_eq!((first.status, headers(&first), &first.body), (200, headers(&again), &again.body), "{path}");
        let head = room.request("HEAD", path).send().await;
        assert_eq!((head.status, headers(&head), head.body), (200, headers(&first), Vec::new()), "{path}");
        assert_eq!(room.request("POST", path).send().await.status, 405, "{path}");
    }
    room.save("2026-11-23-quai.md", &release("Un quai", "2026-11-23 10:00:00").labels("Discours", "Ponts"));
    room.look().await;
    assert_eq!(titles(&room.get("/feeds/all.rss").await, &ALL), ["Un pont", "Un bac", "Un quai"]);
    room.remove("2026-11-23-quai.md");
    room.look().await;
    assert_eq!(titles(&room.get("/feeds/all.rss").await, &ALL), ["Un pont", "Un bac"]);
}

pub(crate) async fn last_modified_is_the_real_change_of_this_document(mut room: TestNewsroom) {
    begin(&mut room).await;
    let modified = |answer: &Answer| answer.header("last-modified").to_owned();
    let first = room.get("/feeds/all.atom").await;
    assert_eq!(modified(&first), "Sat, 21 Nov 2026 09:00:00 GMT");
    room.restart().await;
    assert_eq!(modified(&room.get("/feeds/all.atom").await), modified(&first));
    let quiet = with(&room, "/feeds/all.atom", &[("If-Modified-Since", &modified(&first))]).await;
    assert_eq!((quiet.status, modified(&quiet)), (304, modified(&first)));
    // What goes away is a change, too, though no entry is newer by it.
    room.at("2026-11-24T10:00:00Z");
    room.save(
        "2026-11-20-pont.md",
        &release("Un pont", "2026-11-20 10:00:00").labels("Discours", "Ponts").with("published: false"),
    );
    room.look().await;
    let after = with(&room, "/feeds/all.atom", &[("If-Modified-Since", &modified(&first))]).await;
    assert_eq!((after.status, modified(&after).as_str()), (200, "Tue, 24 Nov 2026 10:00:00 GMT"));
    // Nor does a restart take a date back, whatever was changed meanwhile: a reader would never see it.
    room.at("2026-11-25T09:00:00Z");
    room.save("2026-11-19-quai.md", &release("Un quai", "2026-11-19 10:00:00").labels("Discours", "Ponts"));
    room.restart().await;
    let anew = with(&room, "/feeds/all.atom", &[("If-Modified-Since", &modified(&after))]).await;
    assert_eq!((anew.status, modified(&anew).as_str()), (200, "Wed, 25 Nov 2026 09:00:00 GMT"));
    let both = [("If-Modified-Since", "Wed, 25 Nov 2026 10:00:00 GMT"), ("If-None-Match", "\"x\"")];
    assert_eq!(with(&room, "/feeds/all.atom", &both).await.status, 200, "a tag wins over a date");
}

pub(crate) async fn whoever_asks_for_changes_gets_only_what_is_new_or_changed(mut room: TestNewsroom) {
    begin(&mut room).await;
    let paths = ["/feeds/all.rss", "/feeds/tag/ponts.atom", "/feeds/category/discours.json"];
    let mut first = Vec::new();
    for path in paths {
        let plain = with(&room, path, &[("A-IM", "feed")]).await;
        assert_eq!((plain.status, titles(&plain, &ALL).len()), (200, 2), "nothing is known of this reader");
        let zipped = with(&room, path, &[("Accept-Encoding", "gzip")]).await;
        let known = with(&room, path, &[("A-IM", "feed"), ("If-None-Match", plain.header("etag"))]).await;
        assert_eq!(known.status, 304);
        first.push((plain.header("etag").to_owned(), zipped.header("etag").to_owned()));
    }
    room.at("2026-11-23T10:00:00Z");
    room.save("2026-11-23-quai.md", &release("Un quai", "2026-11-23 10:30:00").labels("Discours", "Ponts"));
    room.save(
        "2026-11-20-pont.md",
        &release("Un pont", "2026-11-20 10:00:00").labels("Discours", "Ponts").body("Autre texte."),
    );
    room.look().await;
    for (path, (tag, zipped)) in paths.iter().zip(&first) {
        let whole = room.get(path).await;
        let asked = [("A-IM", "vcdiff, feed"), ("If-None-Match", tag.as_str())];
        let changes = with(&room, path, &asked).await;
        assert_eq!((changes.status, changes.header("im")), (226, "feed"), "{path}");
        assert_eq!(titles(&changes, &ALL), ["Un pont", "Un quai"]);
        assert_eq!(changes.header("etag"), whole.header("etag"));
        assert_eq!(changes.header("cache-control"), "no-store, im, max-age=300");
        assert_eq!(changes.header("vary"), "Accept-Encoding, A-IM, If-None-Match");
        assert_eq!(changes.header("content-type"), whole.header("content-type"));
        let small =
            with(&room, path, &[("A-IM", "feed"), ("If-None-Match", zipped), ("Accept-Encoding", "gzip")]).await;
        assert_eq!((small.status, small.header("content-encoding")), (226, "gzip"));
        let again = with(&room, path, &[("A-IM", "feed"), ("If-None-Match", changes.header("etag"))]).await;
        assert_eq!(again.status, 304);
        let head = room.request("HEAD", path).header("A-IM", "feed").header("If-None-Match", tag).send().await;
        assert_eq!((head.status, head.body.len()), (226, 0));
        assert_eq!(head.header("content-length"), changes.body.len().to_string());
        for other in ["\"unknown\"", "W/\"x\", \"y\""] {
            let unknown = with(&room, path, &[("A-IM", "feed"), ("If-None-Match", other)]).await;
            assert_eq!((unknown.status, titles(&unknown, &ALL).len(), unknown.header("im")), (200, 3, ""));
        }
        let unasked = with(&room, path, &[("If-None-Match", tag)]).await;
        assert_eq!((unasked.status, unasked.body == whole.body), (200, true));
    }
    // A page has no entries.
    let page = with(&room, "/", &[("A-IM", "feed"), ("If-None-Match", "\"x\"")]).await;
    assert_eq!(page.status, 200);
}

pub(crate) async fn whoever_asks_for_changes_learns_what_was_withdrawn(mut room: TestNewsroom) {
    begin(&mut room).await;
    let tag = room.get("/feeds/all.rss").await.header("etag").to_owned();
    room.at("2026-11-23T10:00:00Z");
    room.save("2026-11-23-quai.md", &release("Un quai", "2026-11-23 10:30:00").labels("Discours", "Ponts"));
    let bridge = release("Un pont", "2026-11-20 10:00:00").labels("Discours", "Ponts");
    room.save("2026-11-20-pont.md", &bridge.with("withdrawn: \"Le pont n’existe pas.\""));
    room.look().await;
    let answer = with(&room, "/feeds/all.rss", &[("A-IM", "feed"), ("If-None-Match", &tag)]).await;
    assert_eq!((answer.status, titles(&answer, &ALL)), (200, vec!["Un bac".to_owned(), "Un quai".to_owned()]));
}

pub(crate) async fn only_documents_and_raster_images_are_shown_inline(mut room: TestNewsroom) {
    for name in ["a.pdf", "b.png", "c.svg", "d.html", "e.docx"] {
        room.upload(name, format!("%PDF-{name}").as_bytes());
    }
    let links: String =
        ["a.pdf", "b.png", "c.svg", "d.html", "e.docx"].map(|name| format!("[{name}](/uploads/{name}) ")).concat();
    room.save("2026-11-20-pont.md", &release("Un pont", "2026-11-20 10:00:00").body(&links));
    room.start("2026-11-23T09:30:00Z").await;
    for (name, shown) in [("a.pdf", true), ("b.png", true), ("c.svg", false), ("d.html", false), ("e.docx", false)] {
        let answer = room.get(&format!("/uploads/{name}")).await;
        assert_eq!(answer.status, 200, "{name}");
        let expected = if shown { ("", "") } else { ("attachment", "sandbox; default-src 'none'") };
        assert_eq!(
            (answer.header("content-disposition"), answer.header("content-security-policy")),
            expected,
            "{name}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

/// A release whose text is left in its file until somebody asks for it, and a look at it.
async fn bridge(room: &mut TestNewsroom, text: &str) {
    save_bridge(room, text);
    room.look().await;
}

fn save_bridge(room: &TestNewsroom, text: &str) {
    let draft = release("Un pont", "2026-11-20 10:00:00").labels("Discours", "Ponts").chapeau("Il rouvre.").body(text);
    room.save("2026-11-20-pont.md", &draft);
}

pub(crate) async fn whoever_asks_for_a_text_that_just_changed_has_the_one_that_is_shown(mut room: TestNewsroom) {
    begin(&mut room).await;
    bridge(&mut room, "Le texte du matin.").await;
    save_bridge(&room, "Le texte du soir.");
    // Nobody asked before: the file says something else by now, and the database what is shown.
    for path in ["/feeds/tag/ponts.atom", "/feeds/all.rss"] {
        let answer = room.get(path).await;
        assert_eq!((answer.status, answer.text().contains("Le texte du matin.")), (200, true), "{path}");
    }
    room.look().await;
    assert!(room.get("/feeds/tag/ponts.atom").await.text().contains("Le texte du soir."));
}

pub(crate) async fn whoever_asks_for_a_text_that_just_changed_waits_for_the_look(mut room: TestNewsroom) {
    begin(&mut room).await;
    bridge(&mut room, "Le texte du matin.").await;
    // Nobody asked before, so the text is still in the file, which says something else by now; so does the database.
    save_bridge(&room, "Le texte du soir.");
    forget_texts(&room).await;
    let asking = tokio::spawn(room.request("GET", "/feeds/tag/ponts.atom").send());
    room.newsroom().folder_look_wanted.notified().await;
    room.look().await;
    let answer = asking.await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("Le texte du soir."));
}

/// Another process saved other texts since the look.
async fn forget_texts(room: &TestNewsroom) {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", room.root().join("depeche.sqlite"));
    let mut database = sqlx::AnyConnection::connect(&url).await.unwrap();
    sqlx::query("UPDATE releases SET source = X''").execute(&mut database).await.unwrap();
}
