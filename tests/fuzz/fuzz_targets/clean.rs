//! A text: what is left of it stands where the map says.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Some(article) = anjuan_fuzz::article(text) {
        let body = article.body.text();
        let whole = article.body.to_source(0..body.len());
        assert!(whole.end <= text.len(), "{whole:?} of {}", text.len());
    }
});
