//! The package holds together: its configuration is one that Depeche reads, its units, its folders and the document that
//! says how to install it name the same things. Whether it works is seen by `packaging/try-in-debootstrap`.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::process::Command;

use camino::Utf8Path;
use depeche::config::{Config, ConfigFault, DatabaseUrl, RelayKind};

#[expect(dead_code, reason = "each test uses its part")]
#[path = "support/press_room.rs"]
mod press_room;

use press_room::{PressRoom, text};

/// Where the daemon may write.
const STATE: &str = "/var/lib/depeche";

fn project_text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The configuration of the package, once its lines of these keys (`section.key`) are those.
fn filled(lines: &[(&str, &str)]) -> String {
    let (mut section, mut out) = ("", String::new());
    let text = project_text("packaging/debian/config.toml");
    for line in text.lines() {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
        }
        let key = line.split_once(" =").map(|(key, _)| format!("{section}.{key}"));
        let other = lines.iter().find(|(name, _)| key.as_deref() == Some(*name)).map(|(_, line)| *line);
        out += other.unwrap_or(line);
        out.push('\n');
    }
    out
}

/// As the document says.
fn installed() -> Config {
    let lines = install_blocks("toml").concat();
    let table: toml::Table = lines.parse().unwrap();
    let line = |section: &str, key: &str| format!("{key} = {}", table[section][key]);
    let (url, from) = (line("site", "url"), line("newsletter", "from"));
    read(&filled(&[("site.url", &url), ("newsletter.from", &from)])).unwrap()
}

fn read(text: &str) -> Result<Config, ConfigFault> {
    let read = Config::from_toml(text, "config.toml", Utf8Path::new("/etc/depeche"), std::iter::empty());
    let (config, warnings) = read.map_err(|error| *error.fault)?;
    assert!(warnings.is_empty(), "{warnings:?}");
    Ok(config)
}

/// The blocks of this kind in the sections *Install* and *Upgrade*; those of a numbered step are moved to the margin.
fn install_blocks(kind: &str) -> Vec<String> {
    let document = project_text("docs/OPERATIONS.md");
    let section = document.split("\n## ").find(|section| section.starts_with("Install\n")).unwrap();
    let fence = format!("```{kind}\n");
    let blocks = section.split(&fence).skip(1).map(|rest| rest.split_once("```").unwrap().0);
    blocks.map(|block| block.lines().map(str::trim_start).collect::<Vec<_>>().join("\n")).collect()
}

/// The values of a setting in a unit, in order.
fn settings(unit: &str, name: &str) -> Vec<String> {
    let text = project_text(&format!("packaging/debian/{unit}"));
    let lines = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    lines.map(str::to_owned).collect()
}

#[test]
fn the_configuration_asks_for_two_lines_and_no_more() {
    let from = "from = \"presse@presse.example.org\"";
    let url = "url = \"https://presse.example.org\"";
    installed();
    assert!(read(&filled(&[("site.url", url), ("newsletter.from", from)])).is_ok());
    for lines in [&[][..], &[("site.url", url)], &[("newsletter.from", from)]] {
        let fault = read(&filled(lines)).unwrap_err();
        let missing = if lines.iter().any(|(key, _)| *key == "site.url") { "newsletter.from" } else { "site.url" };
        assert!(format!("{fault:?}").contains(missing), "{fault:?}");
    }
    let marked = project_text("packaging/debian/config.toml").matches("TO FILL IN").count();
    assert_eq!(marked, 2);
}

#[test]
fn every_key_of_it_stands_in_the_reference() {
    let reference: toml::Table = project_text("config.toml").parse().unwrap();
    let packaged: toml::Table = project_text("packaging/debian/config.toml").parse().unwrap();
    let table = |value: &toml::Value| value.as_array().map_or(value, |list| &list[0]).as_table().unwrap().clone();
    // Those of the other kind of relay are comments in the reference.
    let commented = project_text("config.toml");
    for (section, keys) in &packaged {
        let known = table(&reference[section]);
        for key in table(keys).keys() {
            let is_known =
                known.contains_key(key) || (section == "relay" && commented.contains(&format!("\n# {key} = ")));
            assert!(is_known, "`{section}.{key}` is no key");
        }
    }
}

#[test]
fn what_is_written_lies_where_the_unit_allows_it() {
    let config = installed();
    let DatabaseUrl::Sqlite(database) = &config.database.url else { panic!("{:?}", config.database.url) };
    let folders = [database, &config.secrets.key_file, &config.content.folder, &config.content.uploads];
    for path in folders {
        assert!(path.starts_with(STATE), "{path}");
    }
    assert!(config.publish.folder.is_none() && config.bounces.maildir.is_none());
    assert!(config.relays.iter().all(|relay| matches!(relay.kind, RelayKind::Smtp(_))), "{:?}", config.relays);
    let one = |name| settings("depeche.service", name).join(" ");
    assert_eq!((one("StateDirectory"), one("WorkingDirectory")), ("depeche".to_owned(), STATE.to_owned()));
    assert_eq!((one("ProtectSystem"), one("StateDirectoryMode")), ("strict".to_owned(), "0750".to_owned()));
    assert_eq!(one("ReadWritePaths"), "");
}

#[test]
fn the_units_start_what_the_package_holds() {
    let manifest: toml::Table = project_text("Cargo.toml").parse().unwrap();
    let package = &manifest["package"]["metadata"]["deb"];
    let assets: Vec<[&str; 2]> = package["assets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|asset| [asset[0].as_str().unwrap(), asset[1].as_str().unwrap()])
        .collect();
    for (file, place) in [
        ("target/release/depeche", "usr/bin/"),
        ("packaging/debian/config.toml", "etc/depeche/"),
        ("packaging/debian/depeche.service", "usr/lib/systemd/system/"),
        ("packaging/debian/depeche.socket", "usr/lib/systemd/system/"),
    ] {
        assert!(assets.contains(&[file, place]), "{file} is not put into {place}");
    }
    let started = settings("depeche.service", "ExecStart");
    assert_eq!(started, ["/usr/bin/depeche --config /etc/depeche/config.toml serve"]);
    let arguments: Vec<&str> = started[0].split(' ').skip(3).chain(["--help"]).collect();
    assert!(PressRoom::new("").run(&arguments).status.success());
}

#[test]
fn the_socket_stands_open_where_the_daemon_listens() {
    let http = installed().http;
    let open = settings("depeche.socket", "ListenStream");
    assert_eq!(open, [http.listen.to_string(), http.admin.to_string()]);
    assert_eq!(settings("depeche.service", "Requires"), ["depeche.socket"]);
    assert_eq!(settings("depeche.service", "Also"), ["depeche.socket"]);
}

#[test]
fn the_package_is_of_this_version() {
    let changelog = project_text("packaging/debian/changelog");
    let begins = format!("depeche ({}-", env!("CARGO_PKG_VERSION"));
    assert!(changelog.starts_with(&begins), "{begins} is not what packaging/debian/changelog begins with");
}

#[test]
fn the_document_says_commands_that_exist() {
    let room = PressRoom::new("");
    let mut seen = 0;
    for block in install_blocks("sh") {
        for line in block.lines().filter_map(|line| line.strip_prefix("depeche ")) {
            let words: Vec<String> = line
                .split('"')
                .enumerate()
                .flat_map(|(place, part)| match place % 2 {
                    0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
                    _ => vec![part.to_owned()],
                })
                .collect();
            let arguments: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
            let said = room.run(&arguments);
            assert!(said.status.success(), "`depeche {line}` is not taken: {}", text(&said.stderr));
            seen += 1;
        }
    }
    assert!(seen >= 6, "{seen}");
}

#[test]
fn the_scripts_can_be_read_by_their_shells() {
    for (shell, script) in [
        ("sh", "packaging/debian/scripts/postinst"),
        ("sh", "packaging/debian/scripts/prerm"),
        ("sh", "packaging/debian/scripts/postrm"),
        ("bash", "packaging/deb"),
        ("bash", "packaging/container-root"),
        ("bash", "packaging/third-party"),
        ("bash", "packaging/try-in-debootstrap"),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
        let read = Command::new(shell).arg("-n").arg(&path).output().unwrap();
        assert!(read.status.success(), "{script}: {}", text(&read.stderr));
    }
}
