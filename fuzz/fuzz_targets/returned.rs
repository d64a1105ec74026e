//! See `depeche_fuzz::returned`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| depeche_fuzz::returned(bytes));
