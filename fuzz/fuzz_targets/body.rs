//! See `depeche_fuzz::body`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| depeche_fuzz::body(text));
