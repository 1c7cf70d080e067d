//! pipeline.toml: taken or refused with a place.

#![no_main]

use anjuan_fuzz::config::Config;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(problems) = Config::parse("pipeline.toml", text) {
        assert!(!problems.is_empty());
    }
});
