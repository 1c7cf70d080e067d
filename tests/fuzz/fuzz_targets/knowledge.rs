//! Knowledge files: taken or refused with a place.

#![no_main]

use anjuan_fuzz::knowledge::{
    boilerplate::Boilerplate, division::Divisions, lexicon::Lexicon, measure::Measures, offence::Offences,
    severity::Severity, taxonomy::Taxonomy, timewords::TimeWords,
};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = Boilerplate::parse("fuzz.toml", text);
    let _ = Divisions::parse("fuzz.tsv", text);
    let _ = Taxonomy::builtin().map(|taxonomy| Lexicon::parse(&[("fuzz.toml", text)], &[], &taxonomy));
    let _ = Measures::parse("fuzz.toml", text);
    let _ = Offences::parse("fuzz.toml", text);
    let _ = Severity::parse("fuzz.toml", text);
    let _ = Taxonomy::parse("fuzz.toml", text);
    let _ = TimeWords::parse("fuzz.toml", text);
});
