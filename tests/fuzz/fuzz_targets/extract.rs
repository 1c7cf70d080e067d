//! A text: every value is the words at its place.

#![no_main]

use anjuan_fuzz::extract::extract;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Some(article) = anjuan_fuzz::article(text) else { return };
    let told = extract(&article, &anjuan_fuzz::RULES);
    let figures = told.figures.iter().map(|figure| &figure.number.span);
    let statistics = told.statistics.iter().map(|statistic| &statistic.number.span);
    for span in figures.chain(statistics).chain(told.cases.iter().map(|case| &case.span)) {
        let words = article.body.text().get(span.clone());
        assert!(words.is_some_and(|words| !words.is_empty()), "{span:?}");
    }
});
