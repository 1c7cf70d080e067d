//! Arguments: the commands of anjuan and what can be said to each.

use std::path::PathBuf;
use std::time::Duration;

use anjuan::pipeline::FailOn;
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
    Run(Box<RunArguments>),
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
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Check pipeline.toml and the knowledge files
    Check {
        #[command(flatten)]
        base: Base,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show every setting, and where it comes from
    Config {
        #[command(flatten)]
        place: Place,
        /// Print as JSON
        #[arg(long)]
        json: bool,
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
    /// Read one file for another process of this program
    #[command(hide = true)]
    ReadApart {
        /// What to read, as JSON
        task: String,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Read every file anew, and compare with what is published
    #[arg(long)]
    pub(crate) full: bool,
    /// Only files whose path under raw/ matches; the tables then hold only these
    #[arg(long, value_name = "GLOB")]
    pub(crate) only: Option<glob::Pattern>,
    /// Only the first N files; the tables then hold only these
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Do everything but publish
    #[arg(long)]
    pub(crate) no_publish: bool,
    /// Do not publish, and exit with 4, if a count is beyond a limit, as 'rejects>1%'
    #[arg(long, value_name = "LIMIT", value_parser = crate::run::fail_on)]
    pub(crate) fail_on: Vec<FailOn>,
    /// Wait so long for another run to end
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = crate::run::duration)]
    pub(crate) wait_lock: Duration,
    /// Exit with this code if there is nothing new
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) no_op_exit_code: u8,
    /// Worker threads; 0 for one per core
    #[arg(long, value_name = "N", env = "ANJUAN_THREADS")]
    pub(crate) threads: Option<usize>,
    /// About how much memory to take, as "4 GiB"
    #[arg(long, value_name = "SIZE", env = "ANJUAN_MEMORY", value_parser = anjuan::config::memory)]
    pub(crate) memory: Option<u64>,
    /// How to talk on stderr
    #[arg(long, value_enum, default_value_t = LogFormat::Human, env = "ANJUAN_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
    /// Write OpenMetrics to this file
    #[arg(long, value_name = "FILE", env = "ANJUAN_METRICS")]
    pub(crate) metrics: Option<PathBuf>,
    /// Add OpenLineage events to this file
    #[arg(long, value_name = "FILE", env = "ANJUAN_LINEAGE")]
    pub(crate) lineage: Option<PathBuf>,
    /// Print the outcome as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Human,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Snapshots {
    /// List them, the latest first
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what one holds; the current one if none is named
    Show {
        /// Its id
        id: Option<String>,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Make one the current one
    Use {
        /// Its id
        id: String,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove all but the current one and the latest others
    Gc {
        /// How many others to keep
        #[arg(long, value_name = "N", default_value_t = 2)]
        keep: usize,
        /// Also keep what is younger than this, as 7d
        #[arg(long, value_name = "TIME", default_value = "0s", value_parser = crate::run::duration)]
        min_age: Duration,
        /// Print as JSON
        #[arg(long)]
        json: bool,
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
