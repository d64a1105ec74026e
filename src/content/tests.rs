//! The reader on every rule of the release file: what each key means, what is said of each mistake.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::config::DocumentsAt;
use crate::domain::{Digest, DocumentState, FileKind, Label, Release, SourcePath, UploadFacts, UploadPath};
use crate::language::{Diagnosis, Language, Severity};

fn settings() -> ReadingSettings {
    ReadingSettings {
        language: Language::French,
        timezone: chrono_tz::Europe::Paris,
        permalink: "/presse/:title/".parse().unwrap(),
        site: "https://presse.example.org".parse().unwrap(),
        documents: DocumentsAt::File,
        jekyll: None,
    }
}

fn uploads() -> BTreeMap<UploadPath, UploadFacts> {
    let facts = |bytes, kind| UploadFacts { bytes, digest: Digest::of(b"x"), kind };
    let path = |text| UploadPath::from_decoded(text).unwrap();
    BTreeMap::from([
        (path("pont été.pdf"), facts(312, FileKind::Pdf)),
        (path("a%20b.pdf"), facts(5, FileKind::Pdf)),
        (path("vide.pdf"), facts(0, FileKind::Other)),
        (path("faux.pdf"), facts(9, FileKind::Other)),
        (path("pont.png"), facts(70, FileKind::Image { width: 4, height: 3 })),
    ])
}

fn read_text(text: &str) -> Reading {
    let path = SourcePath::new("2026-03-09-un-pont.md");
    read(&SourceFile::new(path, text.as_bytes().to_vec()), &uploads(), &settings())
}

/// A release with `head` added to a title, and `body`.
fn release(head: &str, body: &str) -> Release {
    let reading = read_text(&format!("---\ntitle: Un pont\n{head}\n---\n{body}"));
    reading.release.unwrap_or_else(|| panic!("{:?}", reading.diagnostics))
}

/// What is said of a file, as `line:column+length code`.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let reading = read_text(text);
    let said: Vec<String> = reading
        .diagnostics
        .iter()
        .map(|found| format!("{}:{}+{} {}", found.line, found.column, found.length, found.diagnosis.code()))
        .collect();
    assert_eq!(said, expected, "{text}");
    let errors = reading.diagnostics.iter().any(|found| found.diagnosis.severity() == Severity::Error);
    let skipped = reading.diagnostics.iter().any(|found| found.diagnosis == Diagnosis::NoFrontMatter);
    assert_eq!(reading.release.is_none(), errors || skipped);
}

#[track_caller]
fn check_body(body: &str, expected: &str) {
    assert_eq!(release("", body).body().unwrap().as_str(), expected, "{body}");
}

#[test]
fn front_matter_is_found_or_its_fault_told() {
    check("Un texte.", &["1:1+1 no-front-matter"]);
    check("---\ntitle: x\n", &["1:1+3 front-matter-unclosed"]);
    check("--- \r\ntitle: x\r\n... \r\nTexte.\r\n", &[]);
    check("\u{FEFF}---\ntitle: x\n---\nTexte.", &[]);
    check("---\n- a\n---\nTexte.", &["2:1+1 front-matter-not-keys"]);
    check("---\n---\nTexte.", &["1:1+3 title-missing"]);
    check("---\ntitle: x\ntitle: y\n---\nT", &["3:1+5 duplicate-key"]);
    check("---\ntitle: Un pont : et une route: oui\n---\nT", &["2:8+27 unquoted-colon"]);
    check("---\ntitle: x\nfiles:\n\t- a\n---\nT", &["4:1+1 tab-indent"]);
}

#[test]
fn wrong_values_are_told_where_they_stand() {
    check("---\ntitle: x\npublished: yes\n---\nT", &["3:12+3 not-a-boolean"]);
    check("---\ntitle: x\nnewsletter: \"false\"\n---\nT", &["3:13+7 not-a-boolean"]);
    check("---\ntitle: [a]\n---\nT", &["2:8+1 value-refused"]);
    check("---\ntitle: x\ndate: demain\n---\nT", &["3:7+6 date-invalid"]);
    check("---\ntitle: x\ndate: 2026-03-29 02:30\n---\nT", &["3:7+16 date-skipped"]);
    check("---\ntitle: x\nid: un pont\n---\nT", &["3:5+7 id-invalid"]);
    check("---\ntitle: x\npermalink: /feeds/x/\n---\nT", &["3:12+9 permalink-reserved"]);
    check("---\ntitle: x\npermalink: x\n---\nT", &["3:12+1 permalink-invalid"]);
    check("---\ntitle: x\nlang: de\n---\nT", &["3:7+2 language-unknown"]);
    check("---\ntitle: x\nchapeau-texte: y\n---\nT", &["3:1+13 key-near-miss"]);
    check("---\ntitle: x\nlayout: y\nposition: 0\n---\nT", &[]);
    check("---\ntitle: x\ntags: a, b\n---\nT", &["3:7+4 label-with-comma"]);
    check("---\ntitle: x\n---\n", &["1:1+3 no-text"]);
    check("---\ntitle: x\nwithdrawn: true\n---\nT", &["3:12+4 withdrawn-without-reason"]);
    check("---\ntitle: \"a\u{7}b\"\n---\nT", &["2:10+1 illegal-characters"]);
}

#[test]
fn bytes_that_are_not_utf8_are_told() {
    let path = SourcePath::new("x.md");
    let bytes = b"---\ntitle: \xE9t\xE9\n---\n".to_vec();
    let reading = read(&SourceFile::new(path, bytes), &uploads(), &settings());
    let found = &reading.diagnostics[0];
    assert_eq!((found.line, found.column, found.diagnosis.code()), (2, 8, "not-utf8"));
    assert_eq!(reading.release, None);
}

#[test]
fn a_release_keeps_what_its_front_matter_says() {
    let release = release(
        "categories: Communiqué de presse\ntags: [Pont, PONT, Route]\nfiles:\n- lien: /uploads/pont%20e%CC%81te%CC%81.pdf\n  \
         nom: Lire\n- /uploads/vide.pdf\n- /uploads/faux.pdf\n- /uploads/a%20b.pdf\n- lien: https://example.com/x.pdf\n\
         une-ou-diaporama:\n- image: /uploads/pont.png\n- alternative-textuelle: Le pont\n- legende: Vu du *nord*\n\
         contact-presse:\n  name: Ann\n  tel: [0102030405, null]\n  mail: ann@example.org\n\
         redirect_from: https://presse.example.org/vieux/",
        "Texte.",
    );
    assert_eq!(release.categories, [Label::new("Communiqué de presse").unwrap()]);
    assert_eq!(release.tags.len(), 2);
    let states: Vec<_> = release.documents.iter().map(|document| (document.title.as_str(), document.state)).collect();
    let present = |bytes| DocumentState::Present { bytes, digest: Digest::of(b"x") };
    assert_eq!(
        states,
        [
            ("Lire", present(312)),
            ("vide", DocumentState::Missing),
            ("faux", DocumentState::Missing),
            ("a%20b", present(5)),
            ("x", DocumentState::Elsewhere),
        ]
    );
    let image = &release.images[0];
    assert_eq!((image.alternative.as_str(), image.caption.as_deref()), ("Le pont", Some("Vu du nord")));
    let contact = release.contact.unwrap();
    assert_eq!(contact.telephones, ["0102030405"]);
    assert_eq!(release.redirect_from[0].as_str(), "/vieux/");
    assert_eq!(release.permalink.as_str(), "/presse/un-pont/");
    assert_eq!(release.chapeau.as_str(), "<p>Texte.</p>");
}

#[test]
fn old_addresses_are_a_text_or_a_list() {
    let old = |head: &str| {
        let release = release(head, "Texte.");
        release.redirect_from.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(old("redirect_from: /vieux/"), "/vieux/");
    assert_eq!(old("redirect_from: [/a/, /b.html, /a/]"), "/a/ /b.html");
    assert_eq!(old("redirect_from:\n- /a/\n- https://presse.example.org/c/"), "/a/ /c/");
    assert_eq!(old("redirect_from:"), "");
}

#[test]
fn kramdown_attribute_lists_find_their_elements() {
    check_body(
        "[a](/x){: target=\"_blank\" .y}, *b*{:.c}",
        "<p><a href=\"/x\" class=\"y\" target=\"_blank\" rel=\"noopener\">a</a>, <em class=\"c\">b</em></p>",
    );
    check_body(
        "> a\n{: .q}\n> b\n{: .r}",
        "<blockquote class=\"q\"><p>a</p></blockquote>\n<blockquote class=\"r\"><p>b</p></blockquote>",
    );
    check_body("a\n\n{: .n}\nb", "<p>a</p>\n<p class=\"n\">b</p>");
    check_body("> « a »,{: .citation}", "<blockquote><p class=\"citation\">« a »,</p></blockquote>");
    check_body("{:fort: .f}\na\n{: fort}", "<p class=\"f\">a</p>");
    check_body("# A {#haut}\n## B", "<h2 id=\"presse-un-pont-haut\">A</h2>\n<h3 id=\"presse-un-pont-b\">B</h3>");
    check_body("Sommaire\n\n* TOC\n{:toc}\n\nb", "<p>Sommaire</p>\n<p>b</p>");
    check_body(
        "* TOC\n{:toc}\n\n## B",
        "<ul id=\"presse-un-pont-markdown-toc\"><li><a href=\"/presse/un-pont/#presse-un-pont-b\" \
         id=\"presse-un-pont-markdown-toc-b\">B</a></li></ul>\n<h2 id=\"presse-un-pont-b\">B</h2>",
    );
}

#[test]
fn kramdown_habits_are_read_as_meant() {
    check_body("**a,**b **« c »**", "<p><strong>a,</strong>b <strong>« c »</strong></p>");
    check_body("mot**(x)**y", "<p>mot<strong>(x)</strong>y</p>");
    check_body("a\\\\\nb", "<p>a<br>\nb</p>");
    check_body("a ~~b~~ ~c~", "<p>a <del>b</del> ~c~</p>");
    check_body("[a]({{ site.url }}/uploads/pont.png)", "<p><a href=\"/uploads/pont.png\">a</a></p>");
}

#[test]
fn whatever_is_dropped_is_told() {
    check("---\ntitle: x\n---\nA {% include y %} b <blink>c</blink>", &["4:3+15 liquid-dropped", "4:21+7 tag-dropped"]);
    check(
        "---\ntitle: x\n---\nA <a href=\"javascript:x\" onclick=\"y\">b</a>",
        &["4:6+19 address-refused", "4:26+11 attribute-dropped"],
    );
    check(
        "---\ntitle: x\n---\nA ![](/uploads/rien.png)",
        &["4:3+22 linked-upload-missing", "4:3+22 image-without-alternative"],
    );
    check("---\ntitle: x\n---\nA {: .b} c", &["4:3+6 attribute-list-orphan"]);
    check("---\ntitle: x\n---\nA\n\n<!-- b -->", &["6:1+10 comment-dropped"]);
    check("---\ntitle: x\nchapeau: |-\n  Un <u onclick=\"x\">b</u>\n---\n", &["4:9+11 attribute-dropped"]);
    check_body("a<script>b</script>c", "<p>ac</p>");
}

#[test]
fn pathological_nesting_is_refused_quickly() {
    for text in [
        ">".repeat(200_000),
        "- ".repeat(20_000),
        "<div>".repeat(20_000),
        "[".repeat(50_000),
        "{:".repeat(50_000),
        "*a ".repeat(20_000),
    ] {
        let reading = read_text(&format!("---\ntitle: x\n---\n{text}"));
        assert!(reading.release.is_some() || !reading.diagnostics.is_empty());
    }
    check(&format!("---\ntitle: x\n---\n{}a", ">".repeat(300)), &["4:102+200 too-deep"]);
}

#[test]
fn a_rich_release_as_html_and_text() {
    let release = release(
        "chapeau-text: |-\n  **Un pont** sur [la Loire](https://example.com/loire).\n  Il ouvre lundi.",
        "## Le pont\n\nIl a *deux* voies[^1], voir [le plan](/uploads/pont%20%C3%A9t%C3%A9.pdf){:target=\"_blank\"} et <presse@example.org>.\n\n\
         1. Un\n2. Deux\n   * trois\n\n| Voie | Longueur |\n|---|---:|\n| A | 12 m |\n\nTablier\n: Ce qui porte\n\n\
         > Une citation\n{: .citation}\n\n![Le pont](/uploads/pont.png)\n\n[^1]: Deux dans chaque sens.\n",
    );
    let shown = format!(
        "{}\n\n{}\n\n{}\n\n{}",
        release.chapeau.as_str(),
        release.body().unwrap().as_str(),
        plain_text(release.chapeau.as_str()),
        plain_text(release.body().unwrap().as_str())
    );
    insta::assert_snapshot!(shown);
    assert_eq!(release.linked_uploads.len(), 2);
}

#[test]
fn a_call_of_a_footnote_that_is_nowhere_is_reported_and_left_out() {
    let head = "---\ntitle: Un pont\n---\n";
    check(&format!("{head}Deux voies[^deux] et `[^a]`.\n"), &["4:11+7 footnote-orphan"]);
    check_body("Deux voies[^deux] et `[^a]`.", "<p>Deux voies et <code>[^a]</code>.</p>");
    check_body("[^] [^a b] [^é]", "<p>[^] [^a b]</p>");
}

#[test]
fn a_raw_element_that_is_never_closed_is_reported() {
    let head = "---\ntitle: Un pont\n---\n";
    check(&format!("{head}<ul><li><b>Un</ul>\n"), &["4:1+4 tag-unclosed", "4:9+3 tag-unclosed"]);
    // kramdown takes no end tag but that of the innermost element.
    check(&format!("{head}<ul><li>Un<li><b>Deux</b></ul>\n\nUn <i>mot</i>.\n"), &["4:1+4 tag-unclosed"]);
    check(&format!("{head}<ul><li>Un</li><li><b>Deux</b></li></ul>\n\nUn <i>mot</i>.\n"), &[]);
}

#[test]
fn a_new_file_reads_back_clean() {
    let date = "2026-11-23T08:00:00Z".parse().unwrap();
    for title in ["Un pont: \"neuf\" \\ *à* <b> & l’eau &amp; #1", "1. Le [plan](x) {{ a }} _b_ `c`"] {
        let (name, text) = new_release_file(title, date, chrono_tz::Europe::Paris, Language::French, false);
        assert!(name.starts_with("2026-11-23-") && is_release_name(&SourcePath::new(name.clone())), "{name}");
        let reading = read(&SourceFile::new(SourcePath::new(name), text.into_bytes()), &uploads(), &settings());
        assert_eq!(reading.diagnostics, []);
        let release = reading.release.unwrap();
        assert_eq!((&*release.title, release.date, release.published), (title, date, false));
    }
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(title in "\\PC{0,40}", head in "[a-z:\\-\\[\\]{}&*\"' \n]{0,60}", body in any::<String>(), markup in "[\\[\\](){}:.#*_<>a/ \"=\n`%|~^\\\\-]{0,200}") {
        let quoted = title.replace('\\', "\\\\").replace('"', "\\\"");
        for text in [
            format!("---\ntitle: \"{quoted}\"\n---\n{body}\n\n{markup}"),
            format!("---\ntitle: x\nchapeau-text: |\n  {}\n{head}\n---\n{body}", markup.replace('\n', "\n  ")),
            format!("---\n{head}\n---\n{body}"),
        ] {
            let reading = read_text(&text);
            if let Some(release) = reading.release {
                for html in [release.chapeau.as_str(), release.body().unwrap().as_str(), &release.title] {
                    prop_assert!(!html.chars().any(super::source::is_illegal), "{html:?}");
                }
                for html in [release.chapeau.as_str(), release.body().unwrap().as_str()] {
                    prop_assert!(!html.contains("<script") && !html.contains("{:"), "{html:?}");
                    let _ = plain_text(html);
                }
            }
        }
    }
}
