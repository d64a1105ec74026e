//! What every page and letter must hold, whatever it says: collected, so that one run tells of every fault.

use std::collections::BTreeSet;

use serde_json::Value;
use tempfile::TempDir;

use crate::chromium::{Chromium, View};
use crate::tools;

/// What axe-core looks for.
const RULES: &str = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']";

/// The ways in which a page must fit its window: a phone; a desk at 200 % (WCAG 1.4.4) and at 400 % (WCAG 1.4.10).
const NARROW: [View; 3] = [View::HAND, View::DESK.zoomed(200), View::DESK.zoomed(400)];

/// The ways in which axe-core looks at a page; what is like another one in all but its words, and a letter, is looked at once:
/// letters are always light.
const LIGHT: [View; 1] = [View::DESK];
const BOTH: [View; 2] = [View::DESK.dark(), View::DESK];

/// Names of what sticks out to the right of the window, and of what has to be scrolled sideways in it.
const TOO_WIDE: &str = "
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const out = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > root.clientWidth);
    return [`${root.scrollWidth} pixels in ${root.clientWidth}`,
        ...out.slice(0, 3).map(e => e.outerHTML.slice(0, 120))];";

/// Notes what has the focus from now on; gives how many steps a keyboard takes through the page.
const FOLLOW_FOCUS: &str = "
    const named = e => e.outerHTML.slice(0, 90);
    const reached = e => e.tabIndex >= 0 && !e.disabled && e.tagName !== 'IFRAME' && e.checkVisibility();
    const grouped = e => e.type !== 'radio' || e.checked
        || !document.querySelector(`input[type=radio][name='${e.name}']:checked`);
    const all = document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]');
    window.expectedStops = [...all].filter(e => e.type !== 'hidden' && reached(e) && grouped(e)).map(named);
    window.stops = [];
    document.addEventListener('focusin', ({target}) => {
        if (target.tabIndex < 0 || target.tagName === 'IFRAME') return;
        const {outlineStyle, outlineWidth} = getComputedStyle(target);
        const box = target.getBoundingClientRect();
        const seen = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && box.width > 0 && box.left >= 0;
        // Coming back from a frame, a stop is told twice.
        if (target !== window.lastStop) window.stops.push([named(target), seen]);
        window.lastStop = target;
    });
    // A date has stops within: its day, its month, its year, and the calendar.
    return window.expectedStops.length + 3 * document.querySelectorAll('input[type=date]').length;";

/// What differs between the stops of a keyboard and what stands on the page, and whether each shows where it is.
const STOPS: &str = "
    const wrong = [], stops = window.stops.slice(0, window.expectedStops.length);
    const text = stops.map(([name]) => name);
    window.expectedStops.forEach((name, at) => {
        if (text[at] !== name) wrong.push(`stop ${at} is ${text[at]}, not ${name}`);
    });
    stops.filter(([, seen]) => !seen).forEach(([name]) => wrong.push(`the focus cannot be seen: ${name}`));
    return wrong.slice(0, 5);";

/// How many stops the letter in a frame may have.
const STOPS_IN_A_FRAME: usize = 90;

/// What was found so far.
pub(crate) struct Inspection {
    axe: Option<String>,
    /// Every page and letter, as it was sent.
    html: TempDir,
    names: BTreeSet<String>,
    faults: Vec<String>,
}

impl Inspection {
    pub(crate) fn new() -> Self {
        let html = tempfile::tempdir().unwrap();
        Self { axe: tools::axe(), html, names: BTreeSet::new(), faults: Vec::new() }
    }

    fn add(&mut self, name: &str, view: View, found: &Value) {
        let found = found.as_array().unwrap().iter().map(|fault| fault.as_str().unwrap());
        self.faults.extend(found.map(|fault| format!("{name} at {} pixels: {fault}", view.width * 100 / view.zoom)));
    }

    /// Keeps HTML for the checker, under a name that nothing else has.
    fn keep(&mut self, name: &str, html: &str) {
        assert!(self.names.insert(name.to_owned()), "{name} is inspected twice");
        std::fs::write(self.html.path().join(format!("{name}.html")), html).unwrap();
    }

    async fn run_axe(&mut self, browser: &Chromium, name: &str, view: View) {
        let Some(axe) = &self.axe else { return };
        if browser.ask("return typeof axe === 'undefined'").await == true {
            browser.ask(axe).await;
        }
        let run = format!(
            "axe.run(document, {{iframes: false, resultTypes: ['violations'], runOnly: {RULES}}}).then(
                ({{violations}}) => done(violations.flatMap(({{id, nodes}}) => nodes.map(
                    node => `${{id}}: ${{node.html.slice(0, 160)}} (${{node.failureSummary}})`))),
                error => done([`axe: ${{error}}`]));"
        );
        let found = browser.ask_later(&run).await;
        self.add(&format!("{name}{}", if view.is_dark { ", dark" } else { "" }), view, &found);
    }

    /// Whether everything fits, for a phone and magnified, and what axe-core says of it in these views.
    async fn measure(&mut self, browser: &Chromium, name: &str, views: &[View]) {
        for view in NARROW {
            browser.look(view).await;
            let found = browser.ask(TOO_WIDE).await;
            self.add(name, view, &found);
            browser.picture(name, view).await;
        }
        if Chromium::takes_pictures() {
            for view in [View::HAND.dark(), View::DESK.dark(), View::DESK] {
                browser.look(view).await;
                browser.picture(name, view).await;
            }
        }
        for view in views {
            browser.look(*view).await;
            self.run_axe(browser, name, *view).await;
        }
    }

    /// Inspects the page that the browser shows. What was filled in stays, the focus does not.
    pub(crate) async fn page(&mut self, browser: &Chromium, name: &str) {
        let source = browser.source().await;
        self.keep(name, &source);
        let steps = browser.ask(FOLLOW_FOCUS).await.as_u64().unwrap();
        let framed = if browser.has("iframe").await { STOPS_IN_A_FRAME } else { 0 };
        browser.tabulate(usize::try_from(steps).unwrap() + framed).await;
        let found = browser.ask(STOPS).await;
        self.add(name, View::DESK, &found);
        self.measure(browser, name, &BOTH).await;
    }

    /// Inspects a page that is like one that was inspected in all but its words.
    pub(crate) async fn page_like_another(&mut self, browser: &Chromium, name: &str) {
        let source = browser.source().await;
        self.keep(name, &source);
        self.measure(browser, name, &LIGHT).await;
    }

    /// Inspects the HTML of a letter, as a mail program shows it: alone.
    pub(crate) async fn letter(&mut self, browser: &Chromium, name: &str, html: &str) {
        self.keep(name, html);
        let file = self.html.path().join(format!("{name}.html"));
        browser.visit(&format!("file://{}", file.display())).await;
        self.measure(browser, name, &LIGHT).await;
    }

    /// Keeps the HTML of a letter for the checker alone.
    pub(crate) fn letter_for_checker(&mut self, name: &str, html: &str) {
        self.keep(name, html);
    }

    /// Takes over what another one found.
    pub(crate) fn join(&mut self, other: Self) {
        for name in other.names {
            let html = std::fs::read_to_string(other.html.path().join(format!("{name}.html"))).unwrap();
            self.keep(&name, &html);
        }
        self.faults.extend(other.faults);
    }

    /// How many pages and letters were inspected, once the checker has read all of them, too.
    #[track_caller]
    pub(crate) fn end(mut self) -> usize {
        self.faults.extend(tools::html_errors(self.html.path()).unwrap_or_default());
        assert!(self.faults.is_empty(), "{} faults:\n{}", self.faults.len(), self.faults.join("\n"));
        self.names.len()
    }
}
