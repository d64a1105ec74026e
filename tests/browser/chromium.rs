//! A headless Chromium of its own for one test, its driver beside it; both end with the test, whatever becomes of that.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::DesiredCapabilities;
use thirtyfour::prelude::*;

use crate::wire::Wire;

/// What Chromium is started with: no window, no sandbox (which root cannot have), nothing asked of the network.
const ARGUMENTS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,OptimizationHints,Translate",
    "--hide-scrollbars",
];

/// What a content setting says to forbid.
const FORBIDDEN: u8 = 2;

/// Names the folder for pictures.
const PICTURES: &str = "DEPECHE_SCREENSHOTS";

/// How long a page may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Whether pages may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scripts {
    Run,
    Forbidden,
}

/// How a page is looked at: as wide as a window of so many pixels shows it at a zoom in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) width: u32,
    pub(crate) zoom: u32,
    pub(crate) is_dark: bool,
}

impl View {
    pub(crate) const DESK: Self = Self { width: 1280, zoom: 100, is_dark: false };
    pub(crate) const HAND: Self = Self { width: 360, zoom: 100, is_dark: false };

    pub(crate) const fn dark(self) -> Self {
        Self { is_dark: true, ..self }
    }

    pub(crate) const fn zoomed(self, zoom: u32) -> Self {
        Self { zoom, ..self }
    }
}

/// A browser with one page.
pub(crate) struct Chromium {
    driver: WebDriver,
    process: Driver,
    profile: TempDir,
}

/// Where a browser with this profile puts what it downloads.
fn downloads(profile: &TempDir) -> PathBuf {
    profile.path().join("downloads")
}

/// chromedriver, and through it Chromium.
struct Driver {
    child: Child,
    address: String,
}

impl Driver {
    fn start() -> Self {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.process_group(0).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let said = lines.find(|line| line.contains("started successfully on port")).expect("chromedriver starts");
        let port = said.trim_end_matches('.').rsplit(' ').next().unwrap();
        let address = format!("http://127.0.0.1:{port}");
        Self { child, address }
    }
}

impl Drop for Driver {
    /// Told to shut down, the driver ends its browser too.
    fn drop(&mut self) {
        Wire::new().tell(&format!("{}/shutdown", self.address));
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Chromium {
    /// Starts one in which `host` stands for that port of this machine, and which knows no other host by name.
    pub(crate) async fn start(host: &str, port: u16, scripts: Scripts, language: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let process = Driver::start();
        let mut wanted = DesiredCapabilities::chrome();
        for argument in ARGUMENTS {
            wanted.add_arg(argument).unwrap();
        }
        let rules = format!("MAP {host}:80 127.0.0.1:{port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1");
        wanted.add_arg(&format!("--host-resolver-rules={rules}")).unwrap();
        wanted.add_arg(&format!("--user-data-dir={}", profile.path().display())).unwrap();
        let mut preferences =
            json!({"intl.accept_languages": language, "download.default_directory": downloads(&profile)});
        if scripts == Scripts::Forbidden {
            preferences["profile.managed_default_content_settings.javascript"] = FORBIDDEN.into();
        }
        wanted.add_experimental_option("prefs", preferences).unwrap();
        let driver = WebDriver::builder(&process.address, wanted).client(Wire::new()).await.unwrap();
        let started = Self { driver, process, profile };
        // What is sent is kept for `source`.
        started.command("Network.enable", json!({})).await;
        started
    }

    /// Ends both in good order.
    pub(crate) async fn end(self) {
        let Self { driver, process, .. } = self;
        driver.quit().await.unwrap();
        drop(process);
    }

    async fn command(&self, name: &str, parameters: Value) -> Value {
        self.driver.cdp().send_raw(name, parameters).await.unwrap()
    }

    /// Looks at pages this way from now on; nothing moves that need not.
    pub(crate) async fn look(&self, view: View) {
        let View { width, zoom, is_dark } = view;
        let metrics = json!({
            "width": width * 100 / zoom,
            "height": 900 * 100 / zoom,
            "deviceScaleFactor": f64::from(zoom) / 100.0,
            "mobile": false,
        });
        self.command("Emulation.setDeviceMetricsOverride", metrics).await;
        let scheme = if is_dark { "dark" } else { "light" };
        let features = json!([
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]);
        self.command("Emulation.setEmulatedMedia", json!({"features": features})).await;
    }

    /// Goes to an address.
    pub(crate) async fn visit(&self, address: &str) {
        self.driver.goto(address).await.unwrap();
    }

    /// Where it is.
    pub(crate) async fn address(&self) -> String {
        self.driver.current_url().await.unwrap().to_string()
    }

    /// The one element of a selector.
    async fn element(&self, selector: &str) -> WebElement {
        let mut found = self.driver.find_all(By::Css(selector)).await.unwrap();
        assert_eq!(found.len(), 1, "{selector} on {}", self.address().await);
        found.remove(0)
    }

    /// Whether something like this is on the page.
    pub(crate) async fn has(&self, selector: &str) -> bool {
        !self.driver.find_all(By::Css(selector)).await.unwrap().is_empty()
    }

    /// Presses a box, a button of a group or what else stays on the page, as a hand does: it must be in sight, and
    /// nothing above it.
    pub(crate) async fn press(&self, selector: &str) {
        self.element(selector).await.click().await.unwrap();
    }

    /// Presses a button or a link that leads to another page, and waits until that takes the place of this one.
    pub(crate) async fn follow(&self, selector: &str) {
        let page = self.element("html").await;
        self.press(selector).await;
        let begun = Instant::now();
        while page.tag_name().await.is_ok() {
            assert!(begun.elapsed() < PATIENCE, "{selector} leads nowhere on {}", self.address().await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Asked in a page that is still on its way, the driver answers once it has come.
        self.element("html").await;
    }

    /// Sends a form that the page does not have.
    pub(crate) async fn send(&self, path: &str, fields: &[(&str, &str)]) {
        const WRITE: &str = "
            const form = Object.assign(document.createElement('form'), {method: 'post', action: arguments[0]});
            for (const [name, value] of arguments[1]) {
                form.append(Object.assign(document.createElement('input'), {type: 'hidden', name, value}));
            }
            form.append(Object.assign(document.createElement('button'), {id: 'send', textContent: 'send'}));
            document.querySelector('main').prepend(form);";
        self.driver.execute(WRITE, vec![json!(path), json!(fields)]).await.unwrap();
        self.follow("#send").await;
    }

    /// What a file holds that the press of a button downloaded: it has that name only once it is whole.
    pub(crate) async fn downloaded(&self, name: &str) -> String {
        let file = downloads(&self.profile).join(name);
        let begun = Instant::now();
        while !file.exists() {
            assert!(begun.elapsed() < PATIENCE, "{name} is not downloaded from {}", self.address().await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        std::fs::read_to_string(file).unwrap()
    }

    /// Types into a field, in place of what stands there.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let field = self.element(selector).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// The words of an element.
    pub(crate) async fn text(&self, selector: &str) -> String {
        self.element(selector).await.text().await.unwrap()
    }

    /// Whether a box or a button of a group is chosen.
    pub(crate) async fn is_chosen(&self, selector: &str) -> bool {
        self.element(selector).await.is_selected().await.unwrap()
    }

    /// Presses the tabulator so many times.
    pub(crate) async fn tabulate(&self, times: usize) {
        let keys = Key::Tab.value().to_string().repeat(times);
        self.driver.action_chain().send_keys(keys).perform().await.unwrap();
    }

    /// What a function's body gives, asked of the page from outside: no policy of the page forbids that.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        self.driver.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// The same, where the answer is handed to `done` later.
    pub(crate) async fn ask_later(&self, script: &str) -> Value {
        let script = format!("const done = arguments[arguments.length - 1];\n{script}");
        self.driver.execute_async(script, Vec::new()).await.unwrap().json().clone()
    }

    /// The page's HTML as the server sent it, also as the answer to a form.
    pub(crate) async fn source(&self) -> String {
        let tree = self.command("Page.getFrameTree", json!({})).await;
        // The request for a page is called like what loads it.
        let request = json!({"requestId": tree["frameTree"]["frame"]["loaderId"]});
        let content = self.command("Network.getResponseBody", request).await;
        assert_eq!(content["base64Encoded"], false);
        content["body"].as_str().unwrap().to_owned()
    }

    /// Whether somebody asked for pictures.
    pub(crate) fn takes_pictures() -> bool {
        std::env::var_os(PICTURES).is_some()
    }

    /// Keeps a picture of the whole page, where somebody asked for that.
    pub(crate) async fn picture(&self, name: &str, view: View) {
        let Some(folder) = std::env::var_os(PICTURES) else { return };
        let mut name = format!("{name}-{}", view.width);
        if view.zoom != 100 {
            write!(name, "-{}", view.zoom).unwrap();
        }
        name.push_str(if view.is_dark { "-dark.png" } else { ".png" });
        let size = self.command("Page.getLayoutMetrics", json!({})).await["cssContentSize"].clone();
        let clip = json!({"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1});
        let parameters = json!({"captureBeyondViewport": true, "clip": clip});
        let shot = self.command("Page.captureScreenshot", parameters).await;
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, shot["data"].as_str().unwrap());
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(std::path::Path::new(&folder).join(name), bytes.unwrap()).unwrap();
    }
}
