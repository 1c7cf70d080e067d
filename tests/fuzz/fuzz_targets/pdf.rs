//! A PDF: read or rejected.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    anjuan_fuzz::read("a.pdf", &[b"%PDF-1.5\n", bytes].concat());
});
