//! A bucket in memory.

use std::sync::Arc;

use object_store::memory::InMemory;

use super::*;

struct Site {
    store: Arc<InMemory>,
    bucket: Bucket,
}

fn stage(path: &str) -> Stage {
    if path.starts_with("feeds/") { Stage::Feed } else { Stage::Page }
}

fn head(path: &str) -> ObjectHead {
    ObjectHead {
        media_type: if path.contains(".rss") { "application/rss+xml" } else { "text/html" }.to_owned(),
        cache_control: "public, max-age=300".to_owned(),
        is_attachment: path.contains(".csv"),
    }
}

impl Site {
    fn new() -> Self {
        let store = Arc::new(InMemory::new());
        Self { bucket: Bucket::in_memory(store.clone(), "presse/site"), store }
    }

    /// Publishes `files`; the report as written, unchanged, removed.
    async fn publish(&self, files: &[(&str, &'static str)]) -> (usize, usize, usize) {
        let files: Vec<_> = files.iter().map(|(path, text)| Ok((path.to_string(), *text))).collect();
        let done: Result<_, BucketError> = self
            .bucket
            .publish(|_| files, &|path, _| (!path.starts_with('.')).then(|| head(path)), stage, &|| false)
            .await;
        let report = done.unwrap();
        (report.written, report.unchanged, report.removed)
    }

    async fn read(&self, path: &str) -> Option<String> {
        let found = self.store.get(&Path::parse(path).unwrap()).await.ok()?;
        Some(String::from_utf8(found.bytes().await.unwrap().to_vec()).unwrap())
    }
}

#[tokio::test]
async fn only_what_changed_is_put_and_only_what_is_ours_is_removed() {
    let site = Site::new();
    site.store.put(&Path::parse("presse/site/mine.txt").unwrap(), "mine".into()).await.unwrap();
    let first = [("a.html", "a"), ("100 %/é.csv", "1;2"), ("feeds/all.rss", "one"), (".depeche/x.map", "x")];
    assert_eq!(site.publish(&first).await, (3, 0, 0));
    assert_eq!(site.publish(&first).await, (0, 3, 0));
    assert_eq!(site.read("presse/site/100 %/é.csv").await.as_deref(), Some("1;2"));
    assert_eq!(site.read("presse/site/.depeche/x.map").await, None);
    let got = site.store.get(&Path::parse("presse/site/100 %/é.csv").unwrap()).await.unwrap();
    assert_eq!(got.attributes.get(&Attribute::ContentType).map(AsRef::as_ref), Some("text/html"));
    assert_eq!(got.attributes.get(&Attribute::CacheControl).map(AsRef::as_ref), Some("public, max-age=300"));
    assert_eq!(got.attributes.get(&Attribute::ContentDisposition).map(AsRef::as_ref), Some("attachment"));
    assert_eq!(site.publish(&[("a.html", "a"), ("feeds/all.rss", "two")]).await, (1, 1, 1));
    assert_eq!(site.read("presse/site/100 %/é.csv").await, None);
    assert_eq!(site.read("presse/site/mine.txt").await.as_deref(), Some("mine"));
}

#[tokio::test]
async fn what_was_on_its_way_when_a_run_was_killed_is_put_again_and_owned() {
    let site = Site::new();
    site.publish(&[("a.html", "a"), ("b.html", "b")]).await;
    // As after a kill: the list names what is about to change, and nothing of it did.
    let mut list = List::read(site.bucket.get(MANIFEST).await.unwrap().as_deref());
    list.add("a.html", digest_of(&"aa", &head("a.html")));
    list.add("new.html", digest_of(&"new", &head("new.html")));
    site.store.put(&Path::parse("presse/site/.depeche-manifest").unwrap(), list.text().into()).await.unwrap();
    assert_eq!(site.publish(&[("a.html", "aa"), ("b.html", "b"), ("new.html", "new")]).await, (2, 1, 0));
    assert_eq!(site.read("presse/site/new.html").await.as_deref(), Some("new"));
    assert_eq!(site.publish(&[]).await, (0, 0, 3));
}

#[tokio::test]
async fn what_is_said_of_an_object_is_part_of_it() {
    let site = Site::new();
    site.publish(&[("a.html", "a")]).await;
    let said = |_: &str, _: &&str| Some(ObjectHead { cache_control: "no-store".to_owned(), ..head("a.html") });
    let done: Result<_, BucketError> =
        site.bucket.publish(|_| [Ok(("a.html".to_owned(), "a"))], &said, stage, &|| false).await;
    assert_eq!(done.unwrap().written, 1);
}
