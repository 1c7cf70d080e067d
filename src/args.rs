//! Arguments: the commands of anjuan and what can be said to each.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Turns raw Chinese articles about crimes against personal information into case tables in Parquet.
///
/// Settings come from flags, then ANJUAN_* variables, then pipeline.toml in the current folder, then defaults.
#[derive(Debug, Parser)]
#[command(name = "anjuan", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring out/ up to date with raw/
    #[command(after_help = "Example: anjuan run --raw articles --out tables")]
    Run {
        #[command(flatten)]
        place: Place,
        /// Worker threads; 0 for one per core
        #[arg(long, value_name = "N", env = "ANJUAN_THREADS")]
        threads: Option<usize>,
        /// Print the outcome as JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what a run would do, and why
    Plan {
        #[command(flatten)]
        place: Place,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one document: what was repaired, found and labelled
    #[command(
        after_help = "Example: anjuan read article.md\n         curl … | anjuan read - --json"
    )]
    Read {
        #[command(flatten)]
        base: Base,
        /// The document; - for standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Trace a published row to its sentence, file and rule
    #[command(after_help = "Example: anjuan why m0123456789abcdef --column records")]
    Why {
        #[command(flatten)]
        place: Place,
        /// Id of an article, mention, case, figure or statistic
        id: String,
        /// Only this column
        #[arg(long, value_name = "C")]
        column: Option<String>,
    },
    /// Check pipeline.toml and the knowledge files
    Check {
        #[command(flatten)]
        base: Base,
    },
    /// Check the published snapshot against its manifest
    Verify {
        #[command(flatten)]
        place: Place,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Score the published tables by annotated articles
    #[command(
        after_help = "With --raw (or ANJUAN_RAW) that folder is read afresh, and nothing is published."
    )]
    Eval {
        #[command(flatten)]
        place: Place,
        /// Annotated articles, one JSON object a line
        #[arg(required = true, value_name = "GOLD.jsonl")]
        gold: Vec<PathBuf>,
        /// Also list this many differences
        #[arg(long, value_name = "N", default_value_t = 0)]
        misses: usize,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// List the snapshots, go back to one, or drop old ones
    Snapshots {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        action: Option<Snapshots>,
    },
    /// Print the tables, columns, types and codes
    Schema {
        /// For people, programs, databases or diagrams
        #[arg(long, value_enum, default_value_t = SchemaFormat::Markdown)]
        format: SchemaFormat,
    },
    /// Find numbers, sums, dates and places in lines of text
    #[command(after_help = "Reads lines {\"id\", \"text\", \"ref_date\"} and answers each with \
                            {\"id\", \"mentions\": [{\"start\", \"end\", \"kind\", ...}]}; \
                            offsets are in characters.")]
    Spans,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Snapshots {
    /// List them, the latest first
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Make one the current one
    Use {
        /// Its id
        id: String,
    },
    /// Remove all but the current one and the latest others
    Gc {
        /// How many others to keep
        #[arg(long, value_name = "N", default_value_t = 2)]
        keep: usize,
    },
}

/// Where to work, and with which settings.
#[derive(Debug, Clone, Args)]
pub(crate) struct Base {
    /// Work in this folder
    #[arg(short = 'C', value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// Read settings from this file instead of pipeline.toml
    #[arg(long, value_name = "FILE", env = "ANJUAN_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

/// Where articles come from and tables go to.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    #[command(flatten)]
    pub(crate) base: Base,
    /// Folder of articles [default: raw]
    #[arg(long, value_name = "DIR", env = "ANJUAN_RAW")]
    pub(crate) raw: Option<PathBuf>,
    /// Folder of tables [default: out]
    #[arg(long, value_name = "DIR", env = "ANJUAN_OUT")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaFormat {
    Markdown,
    Json,
    Sql,
    Mermaid,
}
