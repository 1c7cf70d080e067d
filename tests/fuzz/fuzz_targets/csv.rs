//! Cells under names that are looked for: read or rejected.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    anjuan_fuzz::read("a.csv", &[b"title,text,date\n", bytes].concat());
    anjuan_fuzz::read("a.tsv", bytes);
});
