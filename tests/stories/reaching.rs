//! How everything public is found: lists in pages, the list of feeds, the map of the site, what a page says of itself.

use std::collections::BTreeSet;

use crate::draft::{png, release};
use crate::newsroom::{SITE, TestNewsroom};

/// The values of all attributes that `attribute` ends and that begin with `start`, in order.
fn addresses(html: &str, attribute: &str, start: &str) -> Vec<String> {
    let before = format!("{attribute}=\"");
    let values = html.split(&before).skip(1).map(|rest| rest.split('"').next().unwrap());
    values.filter(|value| value.starts_with(start)).map(str::to_owned).collect()
}

pub(crate) async fn every_release_is_reached_from_the_front_page(mut room: TestNewsroom) {
    for number in 0..45 {
        let draft = release(&format!("Pont {number}"), &format!("2026-01-{:02} 10:00:00", number % 28 + 1));
        room.save(&format!("p{number}.md"), &draft.labels("Discours", if number < 21 { "Ponts" } else { "Bacs" }));
    }
    room.start("2026-11-23T09:30:00Z").await;
    for (first, topic, count) in [
        ("/", "all", 45_usize),
        ("/feeds/all/", "all", 45),
        ("/feeds/category/discours/", "category/discours", 45),
        ("/feeds/tag/ponts/", "tag/ponts", 21),
        ("/feeds/tag/bacs/", "tag/bacs", 24),
    ] {
        let mut path = first.to_owned();
        let (mut seen, mut pages) = (BTreeSet::new(), 0);
        loop {
            let html = room.feed(&path).await;
            assert!(html.contains(&format!("<link rel=\"canonical\" href=\"{SITE}{path}\">")), "{path}");
            let found = addresses(&html, "<h2><a href", "/espace-presse/");
            assert!(found.len() <= 20);
            seen.extend(found);
            pages += 1;
            let next = addresses(&html, "<link rel=\"next\" href", "/");
            assert_eq!(addresses(&html, "<a rel=\"next\" href", "/"), next);
            let newer = addresses(&html, "<link rel=\"prev\" href", "/");
            assert_eq!(newer.len(), usize::from(pages > 1), "{path}: {newer:?}");
            let Some(next) = next.into_iter().next() else { break };
            assert_eq!(next, format!("/feeds/{topic}/page/{}/", pages + 1));
            path = next;
        }
        assert_eq!((seen.len(), pages), (count, count.div_ceil(20)), "{first}");
    }
    for (path, status) in [
        ("/feeds/all/page/4/", 404),
        ("/feeds/all/page/1/", 404),
        ("/feeds/all/page/2", 301),
        ("/feeds/tag/nothing/page/2/", 404),
    ] {
        assert_eq!(room.get(path).await.status, status, "{path}");
    }
}

pub(crate) async fn a_reader_takes_in_all_feeds_at_once(mut room: TestNewsroom) {
    room.save("a.md", &release("Un pont", "2026-11-20 10:00:00").labels("Discours", "Ponts|L’été"));
    room.save("b.md", &release("Un secret", "2027-11-20 10:00:00").labels("Secrets", "Secrets"));
    room.start("2026-11-23T09:30:00Z").await;
    assert!(room.feed("/feeds/").await.contains("<a href=\"/feeds.opml\">"));
    let answer = room.get("/feeds.opml").await;
    assert_eq!(answer.header("content-type"), "text/x-opml; charset=utf-8");
    let text = answer.text();
    assert!(!text.to_lowercase().contains("secret"), "{text}");
    let (feeds, pages) = (addresses(&text, "xmlUrl", SITE), addresses(&text, "htmlUrl", SITE));
    assert_eq!((feeds.len(), pages.len()), (4, 4));
    for address in feeds.iter().chain(&pages) {
        room.feed(address.strip_prefix(SITE).unwrap()).await;
    }
}

pub(crate) async fn search_engines_find_what_is_public_and_nothing_else(mut room: TestNewsroom) {
    room.upload("pont.png", &png("pont"));
    let draft = release("Un pont </script> & plus", "2026-11-20 10:00:00").labels("Discours", "Ponts");
    let draft = draft.with("image: /uploads/pont.png").chapeau("Le <b>pont</b> & ses rives.");
    room.save("2026-11-20-pont.md", &draft);
    room.save("b.md", &release("Un secret", "2027-11-20 10:00:00").labels("Secrets", "Secrets"));
    room.start("2026-11-23T09:30:00Z").await;
    let robots = room.feed("/robots.txt").await;
    assert!(robots.ends_with(&format!("Sitemap: {SITE}/sitemap.xml\n")), "{robots}");
    let map = room.feed("/sitemap.xml").await;
    let places: Vec<&str> = map.split("<loc>").skip(1).map(|rest| rest.split("</loc>").next().unwrap()).collect();
    let expected =
        ["/", "/feeds/", "/espace-presse/pont/", "/feeds/all/", "/feeds/category/discours/", "/feeds/tag/ponts/"];
    assert_eq!(places, expected.map(|path| format!("{SITE}{path}")));
    for path in ["/sitemap-1.xml", "/sitemap-2.xml"] {
        assert_eq!(room.get(path).await.status, 404);
    }
    let html = room.feed("/espace-presse/pont/").await;
    let canonical = format!("{SITE}/espace-presse/pont/");
    for piece in [
        format!("<link rel=\"canonical\" href=\"{canonical}\">"),
        format!("<meta property=\"og:url\" content=\"{canonical}\">"),
        format!("<meta property=\"og:image\" content=\"{SITE}/uploads/pont.png\">"),
        "<meta property=\"og:type\" content=\"article\">".to_owned(),
        "<meta property=\"article:section\" content=\"Discours\">".to_owned(),
    ] {
        assert!(html.contains(&piece), "{piece}\n{html}");
    }
    let script = html.split("<script type=\"application/ld+json\">").nth(1).unwrap();
    let article: serde_json::Value = serde_json::from_str(script.split("</script>").next().unwrap()).unwrap();
    assert_eq!((article["@type"].as_str(), article["url"].as_str()), (Some("NewsArticle"), Some(canonical.as_str())));
    assert_eq!(article["image"][0], format!("{SITE}/uploads/pont.png"));
    assert_eq!(article["datePublished"], "2026-11-20T10:00:00+01:00");
    assert_eq!(article["keywords"][0], "Ponts");
    assert_eq!(html.matches("<script").count(), 1);
    for path in ["/subscribe", "/"] {
        assert!(!room.feed(path).await.contains("noindex"), "{path}");
    }
    for path in ["/preferences/x", "/u/x", "/confirm/x", "/office/x"] {
        let page = room.get(path).await;
        assert!(page.status == 404 && page.text().contains("content=\"noindex\""), "{path}");
    }
}
