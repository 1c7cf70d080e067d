//! Read: the raw articles of a file, for the benches that begin behind it.

use std::ops::ControlFlow;

use anjuan::acquire::{Config, RawFile, decode, records};
use anjuan::model::RawArticle;

/// Every record that can be decoded.
pub(crate) fn articles(file: RawFile) -> Vec<RawArticle> {
    let config = Config::default();
    let mut articles = Vec::new();
    records(file, &config, &mut |record| {
        articles.extend(decode(record, &config));
        ControlFlow::Continue(())
    });
    articles
}
