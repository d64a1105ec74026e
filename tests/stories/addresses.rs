//! What stands at an address over time, and how it is asked for.

use std::io::Read as _;

use flate2::read::GzDecoder;

use crate::draft::{pdf, release};
use crate::newsroom::{SITE, TestNewsroom};

async fn begin(room: &mut TestNewsroom) {
    room.upload("plan.pdf", &pdf("plan"));
    let bridge = release("Un pont", "2026-11-20 10:00:00").labels("Discours", "Ponts");
    room.save("2026-11-20-pont.md", &bridge.document("/uploads/plan.pdf", "Le plan"));
    room.save("2026-11-21-bac.md", &release("Un bac", "2026-11-21 10:00:00").labels("Discours", "Bacs"));
    room.start("2026-11-23T09:30:00Z").await;
}

pub(crate) async fn a_withdrawn_release_leaves_the_feeds_and_its_page_is_gone(mut room: TestNewsroom) {
    begin(&mut room).await;
    room.subscriber("ann@example.org", "all").await;
    let draft = release("Un pont", "2026-11-20 10:00:00").labels("Discours", "Ponts");
    room.save("2026-11-20-pont.md", &draft.with("withdrawn: \"Le pont n’existe pas.\""));
    room.pass("1h").await;
    assert_eq!(room.titles().await, ["Un bac"]);
    assert_eq!(room.get("/espace-presse/pont/").await.status, 410);
    assert_eq!(room.get("/uploads/plan.pdf").await.status, 404);
    room.restart().await;
    assert_eq!(room.get("/espace-presse/pont/").await.status, 410);
}

pub(crate) async fn withdrawn_while_it_waits_nothing_leaves(mut room: TestNewsroom) {
    begin(&mut room).await;
    room.subscriber("ann@example.org", "all").await;
    let draft = release("Un quai", "2026-11-23 10:00:00");
    room.save("2026-11-23-quai.md", &draft);
    room.look().await;
    room.pass("5m").await;
    room.save("2026-11-23-quai.md", &draft.with("withdrawn: \"Trop tôt.\""));
    room.pass("1h").await;
    assert_eq!(room.state("Un quai").await, "held: unpublished");
}

pub(crate) async fn a_correction_is_read_in_feed_and_page(mut room: TestNewsroom) {
    begin(&mut room).await;
    let before = room.json_items().await;
    let draft = release("Un bac", "2026-11-21 10:00:00").labels("Discours", "Bacs");
    room.save("2026-11-21-bac.md", &draft.with("correction: \"Il part à huit heures, et non à neuf.\""));
    room.pass("1h").await;
    for path in ["/feeds/all.rss", "/feeds/all.atom", "/feeds/all.json", "/espace-presse/bac/"] {
        assert!(room.feed(path).await.contains("Il part à huit heures, et non à neuf."), "{path}");
    }
    let after = room.json_items().await;
    let moved = |before: &serde_json::Value, after: &serde_json::Value| {
        (before["id"] == after["id"], before["date_modified"] == after["date_modified"])
    };
    assert_eq!((moved(&before[0], &after[0]), moved(&before[1], &after[1])), ((true, false), (true, true)));
}

pub(crate) async fn an_old_address_leads_to_the_new_one(mut room: TestNewsroom) {
    begin(&mut room).await;
    let draft = release("Un bac", "2026-11-21 10:00:00").labels("Discours", "Bacs");
    room.rename("2026-11-21-bac.md", "2026-11-21-le-bac.md");
    room.look().await;
    room.save("2026-11-21-le-bac.md", &draft.clone().with("permalink: /bacs/le-bac/\nredirect_from: /vieux/bac.html"));
    room.look().await;
    room.restart().await;
    for old in
        ["/espace-presse/bac/", "/espace-presse/bac", "/espace-presse/le-bac/", "/vieux/bac.html", "/bacs/le-bac"]
    {
        let answer = room.get(old).await;
        assert_eq!((answer.status, answer.header("location")), (301, "/bacs/le-bac/"), "{old}");
    }
    assert_eq!(room.get("/bacs/le-bac/").await.status, 200);
}

pub(crate) async fn a_reader_asks_again_only_for_what_changed(mut room: TestNewsroom) {
    begin(&mut room).await;
    for path in
        ["/feeds/all.rss", "/feeds/tag/ponts.atom", "/feeds/category/discours.json", "/", "/espace-presse/pont/"]
    {
        let plain = room.get(path).await;
        let tag = plain.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10, "{tag}");
        assert_eq!((plain.header("vary"), plain.header("content-encoding")), ("Accept-Encoding", ""));
        let zipped = room.request("GET", path).header("Accept-Encoding", "gzip").send().await;
        assert_eq!((zipped.status, zipped.header("content-encoding")), (200, "gzip"));
        assert_ne!(zipped.header("etag"), tag);
        let mut unpacked = Vec::new();
        GzDecoder::new(zipped.body.as_slice()).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain.body);
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let same = room.request("GET", path).header("If-None-Match", &known).send().await;
            assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, tag.as_str()), "{path} {known}");
            assert_eq!((same.header("cache-control"), same.header("vary")), ("public, max-age=300", "Accept-Encoding"));
        }
        let other = room.request("GET", path).header("If-None-Match", "\"x\"").send().await;
        assert_eq!((other.status, other.body == plain.body), (200, true));
        let head = room.request("HEAD", path).send().await;
        assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, tag.as_str()));
        assert_eq!(head.header("content-length"), plain.body.len().to_string());
        for method in ["POST", "PUT", "DELETE"] {
            let refused = room.request(method, path).header("Content-Length", "0").send().await;
            assert_eq!((refused.status, refused.header("allow")), (405, "GET, HEAD"), "{method} {path}");
        }
    }
    let refused = room.request("DELETE", "/subscribe").send().await;
    assert_eq!((refused.status, refused.header("allow")), (405, "GET,HEAD,POST"));
    let tag = room.get("/feeds/tag/ponts.atom").await.header("etag").to_owned();
    let modified = room.get("/feeds/tag/ponts.atom").await.header("last-modified").to_owned();
    let since = room.request("GET", "/feeds/tag/ponts.atom").header("If-Modified-Since", &modified).send().await;
    assert_eq!(since.status, 304);
    room.restart().await;
    assert_eq!(room.get("/feeds/tag/ponts.atom").await.header("etag"), tag);
    room.save("2026-11-23-quai.md", &release("Un quai", "2026-11-23 10:00:00").labels("Discours", "Quais"));
    room.look().await;
    assert_eq!(room.get("/feeds/tag/ponts.atom").await.header("etag"), tag);
    let all = room.request("GET", "/feeds/category/discours.atom").header("If-Modified-Since", &modified).send().await;
    assert_eq!(all.status, 200);
    for path in ["/nothing", "/feeds/tag/nothing.rss", "/uploads/nothing.pdf", "/uploads/../depeche.sqlite"] {
        assert_eq!(room.get(path).await.status, 404, "{path}");
    }
}

pub(crate) async fn unpublished_on_its_way_nothing_more_leaves(mut room: TestNewsroom) {
    room.save("2026-11-01-ancien.md", &release("Un communiqué plus ancien", "2026-11-01 10:00:00"));
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    let bridge = release("Un pont neuf", "2026-11-23 10:00:00 +01:00");
    room.save("2026-11-23-pont.md", &bridge);
    room.look().await;
    room.pass_without_sending("10m").await;
    assert_eq!(room.state("Un pont neuf").await, "sending");
    room.save("2026-11-23-pont.md", &bridge.with("published: false"));
    room.pass_without_sending("1s").await;
    room.look().await;
    let edition = room.edition("Un pont neuf").await;
    assert_eq!((edition.state.as_str(), edition.tally.skipped, edition.tally.total()), ("cancelled", 1, 1));
    assert_eq!(room.unread(), [""; 0]);
}

pub(crate) async fn a_public_folder_that_could_not_be_written_is_tried_again(mut room: TestNewsroom) {
    room.configure("publish.folder", "public");
    let public = room.root().join("public");
    std::fs::create_dir_all(&public).unwrap();
    std::fs::write(public.join("feeds"), "in the way").unwrap();
    room.save("2026-11-01-ancien.md", &release("Un communiqué plus ancien", "2026-11-01 10:00:00"));
    room.start("2026-11-23T09:30:00Z").await;
    assert!(!public.join("feeds/all.rss").exists());
    std::fs::remove_file(public.join("feeds")).unwrap();
    room.look().await;
    assert_eq!(std::fs::read_to_string(public.join("feeds/all.rss")).unwrap(), room.feed("/feeds/all.rss").await);
}

pub(crate) async fn a_new_follower_reads_everything_by_the_archives(mut room: TestNewsroom) {
    room.configure("feeds.entries", "1");
    room.configure("publish.folder", "public");
    for (name, date) in
        [("un", "2024-05-01 10:00:00"), ("deux", "2025-12-31 23:30:00"), ("trois", "2026-01-01 00:30:00")]
    {
        room.save(&format!("{name}.md"), &release(&format!("Pont {name}"), date).labels("Discours", "Ponts"));
    }
    let secret = release("Pont secret", "2027-02-01 10:00:00").labels("Discours", "Ponts");
    room.save("secret.md", &secret);
    room.start("2026-11-23T09:30:00Z").await;
    for topic in ["all", "category/discours", "tag/ponts"] {
        let mut next = format!("/feeds/{topic}.json");
        let mut titles = Vec::new();
        loop {
            let feed: serde_json::Value = serde_json::from_str(&room.feed(&next).await).unwrap();
            let items = feed["items"].as_array().unwrap();
            titles.extend(items.iter().map(|item| item["title"].as_str().unwrap().to_owned()));
            let Some(url) = feed.get("next_url") else { break };
            url.as_str().unwrap().strip_prefix(SITE).unwrap().clone_into(&mut next);
        }
        assert_eq!(titles, ["Pont trois", "Pont trois", "Pont deux", "Pont un"]);
        for (period, status) in [("2025", 200), ("2027", 404), ("2023", 404), ("2025-1", 404), ("2025-2", 404)] {
            for ending in ["rss", "atom", "json"] {
                let path = format!("/feeds/{topic}/{period}.{ending}");
                assert_eq!(room.get(&path).await.status, status, "{path}");
            }
        }
    }
    let kept = room.get("/feeds/all/2025.atom").await;
    assert_eq!(kept.header("content-type"), "application/atom+xml; charset=utf-8");
    assert_eq!(std::fs::read(room.root().join("public/feeds/all/2025.atom")).unwrap(), kept.body);
    assert!(!room.root().join("public/feeds/all/2027.atom").exists());
    let before = room.get("/feeds/all/2026.rss").await;
    room.start_of("2027-02-01T09:00:00Z").await;
    assert!(room.feed("/feeds/all/2027.rss").await.contains("Pont secret"));
    assert_eq!(room.get("/feeds/all/2025.atom").await.header("etag"), kept.header("etag"));
    // The year that was the last one learns of its successor, and of nothing else.
    let after = room.feed("/feeds/all/2026.rss").await;
    assert!(!before.text().contains("next-archive"));
    assert!(after.contains("next-archive") && after.contains(&format!("{SITE}/feeds/all/2027.rss")), "{after}");
    room.restart().await;
    assert_eq!(room.feed("/feeds/all/2026.rss").await, after);
}

pub(crate) async fn merged_topics_lead_on_and_subscriptions_follow(mut room: TestNewsroom) {
    room.configure("publish.folder", "public");
    room.save("2026-11-20-pont.md", &release("Un pont", "2026-11-20 10:00:00").labels("Discours", "Web"));
    room.save("2026-11-21-bac.md", &release("Un bac", "2026-11-21 10:00:00").labels("Discours", "Internet"));
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "tag:web").await;
    room.subscriber("bob@example.org", "tag:web tag:internet").await;
    room.configure("topics.aliases", "{ 'tag:web' = 'tag:internet' }");
    room.configure("feeds.aliases", "{ '/feed.xml' = 'all.atom', '/blog/web.xml' = 'tag/web.rss' }");
    room.restart().await;
    for (old, new) in [
        ("/feeds/tag/web.rss", "/feeds/tag/internet.rss"),
        ("/feeds/tag/web.json", "/feeds/tag/internet.json"),
        ("/feeds/tag/web/2026.atom", "/feeds/tag/internet/2026.atom"),
        ("/feeds/tag/web/", "/feeds/tag/internet/"),
        ("/feed.xml", "/feeds/all.atom"),
        ("/blog/web.xml", "/feeds/tag/web.rss"),
    ] {
        let answer = room.get(old).await;
        assert_eq!((answer.status, answer.header("location")), (301, new), "{old}");
    }
    let merged = room.feed("/feeds/tag/internet.atom").await;
    assert!(merged.contains("Un pont") && merged.contains("Un bac") && !merged.contains("tag/web"), "{merged}");
    assert!(!room.feed("/feeds.opml").await.contains("tag/web"));
    assert_eq!(
        std::fs::read_to_string(room.root().join("public/feed.xml")).unwrap(),
        room.feed("/feeds/all.atom").await
    );
    room.save("2026-11-23-quai.md", &release("Un quai", "2026-11-23 10:00:00").labels("Discours", "Internet"));
    room.look().await;
    room.pass("11m").await;
    let (to_ann, to_bob) = (room.letter("ann@example.org"), room.letter("bob@example.org"));
    assert_eq!(to_bob.shown.text.matches("Internet").count(), to_ann.shown.text.matches("Internet").count());
    let page = room.get(&to_ann.link("/preferences/")).await.text();
    assert!(page.contains("value=\"tag:internet\" checked") && !page.contains("tag:web"), "{page}");
    let left =
        room.post(&to_ann.link("/preferences/"), "topic=category:discours&frequency=immediate&language=fr").await;
    assert_eq!(left.status, 200);
    room.save("2026-11-24-port.md", &release("Un port", "2026-11-23 10:30:00").labels("Voirie", "Web"));
    room.look().await;
    room.pass("11m").await;
    room.letter("bob@example.org");
}
