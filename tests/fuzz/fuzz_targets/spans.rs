//! A line of text with a question: answered or refused.

#![no_main]

use anjuan_fuzz::extract::spans::{Places, spans_line};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let places: &Places<'_> = &|_: &str| Vec::new();
    let question = serde_json::json!({"id": "1", "text": text, "ref_date": "2023-03-16"});
    let _ = spans_line(&question.to_string(), places);
    let _ = spans_line(text, places);
});
