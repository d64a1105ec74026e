//! See `depeche_fuzz::asking`.
#![no_main]

use std::sync::LazyLock;

use depeche_fuzz::asking::Desk;

static DESK: LazyLock<Desk> = LazyLock::new(Desk::open);

libfuzzer_sys::fuzz_target!(|text: &str| {
    DESK.ask(text);
});
