//! A page: read or rejected.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    anjuan_fuzz::read("a.html", bytes);
});
