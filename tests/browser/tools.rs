//! Tools from outside the project: where they are, and what a test does without them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Whether a program can be started.
fn runs(program: &str, argument: &str) -> bool {
    let said = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    said.is_ok_and(|status| status.success())
}

/// Says that `tool` is not here, or fails where everything is required.
#[track_caller]
fn missing<T>(tool: &str) -> Option<T> {
    assert_ne!(std::env::var("DEPECHE_REQUIRE").as_deref(), Ok("all"), "{tool} is required here");
    eprintln!("skipped: {tool} is not installed");
    None
}

/// Where `.ci/run` puts what npm gives.
fn npm_file(below: &str) -> Option<PathBuf> {
    let cache = || {
        let home = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        home.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cache")))
            .map(|home| home.join("depeche-tools"))
    };
    let tools = std::env::var_os("CI_TOOLS").map(PathBuf::from).or_else(cache)?;
    Some(tools.join("npm/node_modules").join(below)).filter(|path| path.exists())
}

/// Whether Chromium and its driver are here.
pub(crate) fn chromium() -> Option<()> {
    if runs("chromium", "--version") && runs("chromedriver", "--version") {
        return Some(());
    }
    missing("chromium with chromedriver")
}

/// The text of axe-core.
pub(crate) fn axe() -> Option<String> {
    match npm_file("axe-core/axe.min.js") {
        Some(path) => Some(std::fs::read_to_string(path).unwrap()),
        None => missing("axe-core"),
    }
}

/// What the Nu checker calls errors in the HTML files of a folder, each with the file's name; one run for all of them.
pub(crate) fn html_errors(folder: &Path) -> Option<Vec<String>> {
    let Some(jar) = npm_file("vnu-jar/build/dist/vnu.jar").filter(|_| runs("java", "-version")) else {
        return missing("the Nu checker (vnu-jar, java)");
    };
    let mut java = Command::new("java");
    java.args(["-Xss8m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar"]).arg(jar);
    let said =
        java.args(["--format", "json", "--exit-zero-always", "--stdout", "--skip-non-html"]).arg(folder).output();
    let said = said.unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let report: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    let messages = report["messages"].as_array().unwrap().iter();
    let error = |message: &serde_json::Value| {
        let words = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
        let file = words("url").rsplit('/').next().unwrap().to_owned();
        format!("{file}:{}: {} in `{}`", message["lastLine"], words("message"), words("extract").replace('\n', " "))
    };
    Some(messages.filter(|message| message["type"] != "info").map(error).collect())
}
