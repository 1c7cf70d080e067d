//! anjuan: raw Chinese articles about crimes against personal information in, case tables in Parquet out.
//!
//! ```text
//! raw/ -> acquire -> clean -> dedupe -> extract -> label -> link -> publish -> out/
//!         RawArticle Article  canonical cases      codes    one id   one snapshot
//! ```
//!
//! Stages are plain functions from values to values; [`pipeline::run`] calls them in order.

pub mod acquire;
pub mod clean;
pub mod dedupe;
pub mod extract;
pub mod label;
pub mod link;
pub mod publish;

pub mod assemble;
mod columns;
pub mod config;
pub mod error;
pub mod eval;
pub mod evidence;
pub mod gold;
pub mod knowledge;
pub mod mapped;
pub mod model;
pub mod pipeline;
pub mod plan;
pub mod privacy;
pub mod read;
pub mod report;
pub mod scratch;
mod settings;
pub mod store;
pub mod table;
pub mod why;
