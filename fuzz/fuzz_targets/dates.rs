//! See `depeche_fuzz::date`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| depeche_fuzz::date(text));
