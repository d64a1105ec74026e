//! The sample releases in `content/`: every file they refer to is there and is what its ending says, and nothing lies
//! about unused. What the releases themselves say is tested where releases are read.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use depeche::domain::{SourcePath, UploadPath};

/// Pictures larger than this make the first clone slow.
const LARGEST_IMAGE: u64 = 60_000;

fn content() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("content")
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (folders, mut files): (Vec<_>, Vec<_>) =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).partition(|path| path.is_dir());
    files.extend(folders.iter().flat_map(|folder| files_below(folder)));
    files
}

/// The text of every release: files with front matter, outside uploads and drafts.
fn releases() -> Vec<String> {
    let (uploads, drafts) = (content().join("uploads"), content().join("_drafts"));
    let files = files_below(&content()).into_iter();
    let texts = files.filter(|path| !path.starts_with(&uploads) && !path.starts_with(&drafts));
    texts.map(|path| fs::read_to_string(path).unwrap()).filter(|text| text.starts_with("---\n")).collect()
}

/// Every file below uploads that the releases name.
fn named_uploads() -> BTreeSet<String> {
    let releases = releases();
    let addresses = releases.iter().flat_map(|text| {
        let starts = text.match_indices("/uploads/").map(|(at, _)| &text[at..]);
        starts.map(|rest| rest.split(['"', ')', ' ', '\n']).next().unwrap())
    });
    addresses.map(|address| UploadPath::from_address(address).expect(address).as_str().to_owned()).collect()
}

fn kept_uploads() -> BTreeSet<String> {
    let folder = content().join("uploads");
    let files = files_below(&folder);
    let names = files.iter().map(|path| path.strip_prefix(&folder).unwrap().to_str().unwrap());
    names.map(|name| UploadPath::from_decoded(name).unwrap().as_str().to_owned()).collect()
}

#[test]
fn every_named_file_is_there_and_every_file_is_named() {
    assert_eq!(named_uploads(), kept_uploads());
}

#[test]
fn files_are_what_their_ending_says() {
    for path in files_below(&content().join("uploads")) {
        let bytes = fs::read(&path).unwrap();
        match path.extension().and_then(|ending| ending.to_str()).unwrap() {
            "pdf" => assert!(bytes.starts_with(b"%PDF-") && bytes.trim_ascii_end().ends_with(b"%%EOF"), "{path:?}"),
            "png" | "jpg" => {
                let size = imagesize::blob_size(&bytes).unwrap();
                assert!(size.width >= 600 && size.height >= 300, "{path:?} is too small to lead a page");
                assert!(bytes.len() as u64 <= LARGEST_IMAGE, "{path:?} has {} bytes", bytes.len());
            }
            "csv" => assert!(std::str::from_utf8(&bytes).unwrap().lines().count() > 1, "{path:?}"),
            other => panic!("{path:?}: nobody looks at `.{other}` files here"),
        }
    }
}

#[test]
fn the_format_is_shown() {
    let all = releases().join("\n");
    let features = [
        // One of each spelling of a date.
        "date: 2025-03-03 09:30:00 +01:00\n",
        "date: 2025-04-22T08:00:00Z\n",
        "date: 2025-06-18T07:15:00+02:00\n",
        "date: 2025-09-08 10:00:00 +0200\n",
        "date: 2025-11-17 14:00:00\n",
        "date: 2026-01-14\n",
        "date: 2099-",
        // Keys.
        "\ncategories:\n- ",
        "\ncategories: [",
        "\ncategory: ",
        "\ntags:\n- ",
        "\ntags: [",
        "\ntag: ",
        "\nchapeau-text: ",
        "\nchapeau: ",
        "\nexcerpt: ",
        "\ndescription: ",
        "\nimage: ",
        "\nune-ou-diaporama:\n",
        "- alternative-textuelle: ",
        "  legende: ",
        "- legende: ",
        "- file: ",
        "- lien: ",
        "  nom: ",
        "\ncommunique_file: ",
        "\ncontact-presse:\n---",
        "  tel: null\n",
        "  tel:\n  - ",
        "  tel: 0",
        "  email: ",
        "  mail: ",
        "\npublished: false\n",
        "\npermalink: ",
        "\nslug: ",
        "\nlang: en\n",
        "\nid: tag:",
        "\nredirect_from:\n",
        "\nredirect_from: /",
        "\nlast_modified_at: ",
        "\nnewsletter: false\n",
        "\ncorrection: ",
        "\nwithdrawn: ",
        // kramdown.
        "{:target=\"_blank\"}",
        ".lien-important}",
        "\n{: .citation}",
        "{: .auteur-citation}\n",
        "|----",
        "[^dimanche]:",
        "\n: ",
        "<details>",
        "<sup>",
        "<abbr ",
        "\n1. ",
        "\n   - ",
        "  \n",
        "&nbsp;",
        "{:toc}",
        "\n*[PMR]: ",
        " markdown=\"1\">",
        // Liquid.
        "{% post_url ",
    ];
    let missing: Vec<_> = features.into_iter().filter(|feature| !all.contains(feature)).collect();
    assert!(missing.is_empty(), "no sample shows {missing:#?}");
    assert!(releases().len() >= 12);
}

#[test]
fn links_between_releases_lead_somewhere() {
    let texts = releases();
    let value = |text: &str, key: &str| text.lines().find_map(|line| line.strip_prefix(key).map(str::to_owned));
    let mut addresses: BTreeSet<String> = texts.iter().filter_map(|text| value(text, "permalink: ")).collect();
    let slugs = texts.iter().filter_map(|text| value(text, "slug: "));
    let paths = files_below(&content());
    let names = paths.iter().map(|path| SourcePath::new(path.to_str().unwrap()).title_part());
    addresses.extend(names.chain(slugs).map(|name| format!("/espace-presse/{name}/")));
    let links: Vec<&str> = texts
        .iter()
        .flat_map(|text| text.match_indices("](/espace-presse/").map(|(at, _)| &text[at + 2..]))
        .map(|rest| rest.split(')').next().unwrap())
        .collect();
    assert!(links.len() >= 3, "samples should link to each other");
    for link in links {
        assert!(addresses.contains(link), "{link} leads nowhere");
    }
}
