//! Markdown and its front matter: read or rejected.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    anjuan_fuzz::read("a.md", bytes);
});
