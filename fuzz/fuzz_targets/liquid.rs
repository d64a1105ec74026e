//! See `depeche_fuzz::body`; each text stands in a tag, in an output and beside them.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| depeche_fuzz::body(&format!("{{% {text} %}} {text} {{{{ {text} }}}}")));
