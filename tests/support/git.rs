//! The `git` program on a folder of its own: nobody's settings, fixed names and dates, no network.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A repository and its work tree.
pub(crate) struct Git {
    folder: PathBuf,
}

impl Git {
    /// A new repository in `folder`; `None`, with a line that says so, when git is not installed. `DEPECHE_REQUIRE=all`
    /// forbids that.
    pub(crate) fn init(folder: &Path) -> Option<Self> {
        if Command::new("git").arg("--version").output().is_err() {
            assert_ne!(std::env::var("DEPECHE_REQUIRE").as_deref(), Ok("all"), "git is required here");
            eprintln!("skipped: git is not installed");
            return None;
        }
        let git = Self { folder: folder.to_owned() };
        git.run(&["init", "--quiet", "--initial-branch=main"]);
        Some(git)
    }

    /// Commits whatever the work tree holds; its hash.
    pub(crate) fn commit(&self, subject: &str) -> String {
        self.run(&["add", "--all"]);
        self.run(&["commit", "--quiet", "--message", subject]);
        self.run(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Makes the work tree that of a revision.
    pub(crate) fn checkout(&self, revision: &str) {
        self.run(&["checkout", "--quiet", revision]);
    }

    /// Runs a command that must succeed; its standard output.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Service presse");
            command.env(format!("GIT_{who}_EMAIL"), "presse@presse.example.org");
            command.env(format!("GIT_{who}_DATE"), "2019-03-04T06:00:00Z");
        }
        command.envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")]);
        let done = command.args(arguments).current_dir(&self.folder).output().unwrap();
        assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }
}
