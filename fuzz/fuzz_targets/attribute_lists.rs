//! See `depeche_fuzz::attribute_list`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| depeche_fuzz::attribute_list(text));
