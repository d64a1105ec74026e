//! See `depeche_fuzz::front_matter`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| depeche_fuzz::front_matter(text));
