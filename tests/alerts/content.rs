//! What is wrong with releases, editions, visitors and the configuration, and a daemon that is started anew.

use std::fs;
use std::process::Command;
use std::time::Instant;

use chrono::TimeDelta;
use sqlx::{Connection as _, SqliteConnection};

use crate::NEWSLETTER;
use crate::admin::{admin_address, ready};
use crate::form::Form;
use crate::press_room::{DEADLINE, Daemon, PressRoom, until};
use crate::prometheus::{Prometheus, TOKEN};

pub(crate) const FIRED: [&str; 6] = [
    "DepecheReleaseErrors",
    "DepecheEditionHeld",
    "DepecheReleasesFell",
    "DepecheSignUpFlood",
    "DepecheConfigRefused",
    "DepecheRestarted",
];

pub(crate) const FIRED_WHERE_NOTHING_IS_WRITTEN: [&str; 2] = ["DepecheNotPublished", "DepecheBackupOld"];

/// Asks for subscriptions until more are asked for than everybody together may.
async fn flood(daemon: &Daemon) {
    let (begun, form) = (Instant::now(), Form::of(daemon));
    for visitor in 0_u32.. {
        if form.send(daemon, &format!("lectrice-{visitor}")).await == 429 {
            return;
        }
        assert!(begun.elapsed() < DEADLINE, "nobody has to wait");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_releases_visitors_and_starts_is_told() {
    let room = PressRoom::new(&format!(
        "{NEWSLETTER}approval = true\n[signup]\nper_source = 1000\nper_domain = 1000\noverall = 2\n\
         [[relay]]\nkind = \"directory\"\n"
    ));
    let config = fs::read_to_string(room.path("config.toml")).unwrap();
    let with_token = config.replace("[http]\n", "[http]\nadmin_token_file = \"jeton\"\n");
    fs::write(room.path("config.toml"), with_token).unwrap();
    fs::write(room.path("jeton"), TOKEN).unwrap();
    for day in 1..=5 {
        let text =
            format!("---\ntitle: Jour {day}\ndate: 2026-01-0{day} 09:00:00\nchapeau-text: Un jour.\n---\nUn jour.\n");
        room.save(&format!("content/2026-01-0{day}-jour-{day}.md"), &text);
    }
    let daemon = room.serve();
    let Some(prometheus) = Prometheus::start(&[("depeche", "salle", admin_address(&daemon))]) else { return };
    prometheus.is_quiet_but_for(1, &[]);

    let begun = Instant::now();
    room.save("content/2026-01-06-casse.md", "---\ntitle: [\n---\nTexte.\n");
    room.say(&["new", "--now", "Un pont neuf"]);
    fs::remove_file(room.path("content/2026-01-01-jour-1.md")).unwrap();
    fs::remove_file(room.path("content/2026-01-02-jour-2.md")).unwrap();
    flood(&daemon).await;
    prometheus.fires(begun, &FIRED[..4]);

    let begun = Instant::now();
    let config = fs::read_to_string(room.path("config.toml")).unwrap();
    fs::write(room.path("config.toml"), config.replace("approval = true", "approval = \"peut-être\"")).unwrap();
    let told = Command::new("kill").args(["-HUP", &daemon.pid().to_string()]).status().unwrap();
    assert!(told.success());
    prometheus.fires(begun, &FIRED[4..5]);
    fs::write(room.path("config.toml"), config).unwrap();

    let begun = Instant::now();
    daemon.kill();
    let daemon = room.serve();
    prometheus.watch(&[("depeche", "salle", admin_address(&daemon))]);
    prometheus.fires(begun, &FIRED[5..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_cannot_be_written_and_a_backup_that_is_old_are_told() {
    let room =
        PressRoom::new(&format!("{NEWSLETTER}[publish]\nfolder = \"public\"\n[[relay]]\nkind = \"directory\"\n"));
    let daemon = room.serve();
    room.say(&["backup", "copie"]);
    let Some(prometheus) = Prometheus::start(&[("depeche", "salle", admin_address(&daemon))]) else { return };
    prometheus.is_quiet_but_for(1, &[]);

    let begun = Instant::now();
    fs::remove_dir_all(room.path("public")).unwrap();
    fs::write(room.path("public"), "no folder").unwrap();
    room.say(&["new", "--now", "Un pont neuf"]);
    prometheus.fires(begun, &FIRED_WHERE_NOTHING_IS_WRITTEN[..1]);
    let why = ready(&daemon);
    assert!(why.contains("`publish.folder` could not be written since "), "{why}");

    let begun = Instant::now();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(room.path("var/depeche.sqlite"));
    let mut database = SqliteConnection::connect_with(&options).await.unwrap();
    let three_days = TimeDelta::days(3).num_microseconds().unwrap();
    let older = sqlx::query("UPDATE ticks SET last_run = last_run - $1 WHERE name = 'backup'").bind(three_days);
    assert_eq!(older.execute(&mut database).await.unwrap().rows_affected(), 1);
    prometheus.fires(begun, &FIRED_WHERE_NOTHING_IS_WRITTEN[1..]);

    // Both are over once somebody saw to it.
    fs::remove_file(room.path("public")).unwrap();
    room.say(&["backup", "copie"]);
    room.say(&["new", "--now", "Un quai neuf"]);
    for name in FIRED_WHERE_NOTHING_IS_WRITTEN {
        until(name, || (!prometheus.tells(name)).then_some(()));
    }
    assert_eq!(ready(&daemon), "ready\n");
}
