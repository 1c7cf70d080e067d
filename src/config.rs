//! Configure: pipeline.toml to checked settings, or every problem in it with its place.

use std::path::PathBuf;

use crate::knowledge::problem::Problem;
use crate::settings::{Document, Section};
use crate::{acquire, dedupe};

/// What a run should do. It exists only if it is valid.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where the articles are.
    pub raw: PathBuf,
    /// Where the tables go.
    pub out: PathBuf,
    /// Whether `articles` keeps the text.
    pub body: bool,
    /// A run that rejects a larger share of its records says so by its exit code.
    pub max_reject_share: f64,
    /// Limits on input, and the names of its fields.
    pub acquire: acquire::Config,
    /// What counts as a repeat.
    pub dedupe: dedupe::Config,
    /// A folder of knowledge files that add to those compiled in.
    pub overlay: Option<PathBuf>,
    /// Worker threads; 0 means one for each core.
    pub threads: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            raw: PathBuf::from("raw"),
            out: PathBuf::from("out"),
            body: true,
            max_reject_share: 0.2,
            acquire: acquire::Config::default(),
            dedupe: dedupe::Config::default(),
            overlay: None,
            threads: 0,
        }
    }
}

impl Config {
    /// Reads pipeline.toml; what it leaves out has its default. `file` is what problems call it.
    pub fn parse(file: &str, text: &str) -> Result<Config, Vec<Problem>> {
        let mut config = Config::default();
        let mut document = Document::parse(file, text);

        let mut input = document.section("input");
        input.path("raw", &mut config.raw);
        let mut fields = input.section("fields");
        read_fields(&mut fields, &mut config.acquire.fields);
        input.close(fields);
        document.close(input);

        let mut output = document.section("output");
        output.path("out", &mut config.out);
        output.flag("body", &mut config.body);
        output.share("max_reject_share", &mut config.max_reject_share);
        document.close(output);

        let mut limits = document.section("limits");
        read_limits(&mut limits, &mut config.acquire);
        document.close(limits);

        let mut dedupe = document.section("dedupe");
        read_dedupe(&mut dedupe, &mut config.dedupe);
        document.close(dedupe);

        let mut knowledge = document.section("knowledge");
        let mut overlay = String::new();
        knowledge.text("overlay", &mut overlay);
        config.overlay = (!overlay.is_empty()).then(|| PathBuf::from(overlay));
        document.close(knowledge);

        let mut run = document.section("run");
        run.count("threads", &mut config.threads, 0, 1024);
        document.close(run);

        document.finish().map(|()| config)
    }

    /// A hash of the settings that can change a table; those of paths and threads cannot.
    pub fn hash(&self) -> String {
        let Config { body, acquire, dedupe, .. } = self;
        let settings = format!("{:?}", (body, acquire, dedupe));
        blake3::hash(settings.as_bytes()).to_hex().to_string()
    }
}

/// Under which names sources print what.
fn read_fields(section: &mut Section<'_>, fields: &mut acquire::Fields) {
    section.names("text", &mut fields.text);
    section.names("title", &mut fields.title);
    section.names("publisher", &mut fields.publisher);
    section.names("url", &mut fields.url);
    section.names("published", &mut fields.published);
}

fn read_limits(section: &mut Section<'_>, limits: &mut acquire::Config) {
    section.size("max_file", &mut limits.max_file_bytes);
    section.size("max_record", &mut limits.max_record_bytes);
    section.size("max_decompressed", &mut limits.max_decompressed_bytes);
    section.count("max_ratio", &mut limits.max_ratio, 1, 1_000_000);
    section.count("max_records", &mut limits.max_records, 1, u32::MAX);
    section.count("max_html_depth", &mut limits.max_html_depth, 8, 4096);
}

fn read_dedupe(section: &mut Section<'_>, dedupe: &mut dedupe::Config) {
    section.share("jaccard", &mut dedupe.jaccard);
    section.share("covered", &mut dedupe.covered);
    section.share("containment", &mut dedupe.containment);
    section.share("covered_excerpt", &mut dedupe.covered_excerpt);
    section.share("excerpt_below", &mut dedupe.excerpt_below);
    section.share("changed", &mut dedupe.changed);
    section.count("shortest", &mut dedupe.shortest, 1, 1_000_000);
    section.count("spread", &mut dedupe.spread, 1, 1_000_000);
    section.count("evidence", &mut dedupe.evidence, 1, 1_000_000);
    section.share("candidate", &mut dedupe.candidate);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, problems: &[&str]) {
        let found = Config::parse("pipeline.toml", text).err().unwrap_or_default();
        assert_eq!(found.iter().map(Problem::to_string).collect::<Vec<_>>(), problems, "{text}");
    }

    #[test]
    fn good() {
        assert_eq!(Config::parse("pipeline.toml", ""), Ok(Config::default()));
        let text = "[input]\nraw = \"a\"\nfields.text = [\"t\"]\n[limits]\nmax_file = \"2 GiB\"\n\
                    [run]\nthreads = 4\n[knowledge]\noverlay = \"ours\"\n[dedupe]\ncovered = 1\n";
        let config = Config::parse("pipeline.toml", text).unwrap();
        assert_eq!((config.raw, config.threads), (PathBuf::from("a"), 4));
        assert_eq!(config.acquire.fields.text, ["t"]);
        assert_eq!(config.acquire.max_file_bytes, 2 << 30);
        assert_eq!(config.overlay, Some(PathBuf::from("ours")));
        assert!((config.dedupe.covered - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn every_problem_at_once() {
        check(
            "[dedupe]\ncoverd = 0.5\ncovered = 1.5\n\n[outptu]\n[run]\nthreads = \"four\"\n",
            &[
                "pipeline.toml:2:1: dedupe.coverd is not a setting; did you mean covered?",
                "pipeline.toml:3:11: dedupe.covered is 1.5, expected 0 to 1",
                "pipeline.toml:5:2: outptu is not a section; did you mean output?",
                "pipeline.toml:7:11: run.threads is \"four\", expected a whole number",
            ],
        );
        check(
            "[limits]\nmax_file = \"2 furlongs\"\nmax_ratio = 0\n[input]\nraw = \"\"\nfields.text = []",
            &[
                "pipeline.toml:2:12: limits.max_file is \"2 furlongs\", expected a size such as \"256 MiB\"",
                "pipeline.toml:3:13: limits.max_ratio is 0, expected 1 to 1000000",
                "pipeline.toml:5:7: input.raw is empty, expected a path",
                "pipeline.toml:6:15: input.fields.text is empty, expected at least one name",
            ],
        );
        check("runs = \"x\"", &["pipeline.toml:1:1: runs is not a section; did you mean run?"]);
        check(
            "run = 3\n[completely-else]",
            &[
                "pipeline.toml:1:7: run is 3, expected a section",
                "pipeline.toml:2:2: completely-else is not a section; \
                 there are dedupe, input, knowledge, limits, output, run",
            ],
        );
    }

    #[test]
    fn the_file_at_the_root_holds_the_defaults() {
        let text = include_str!("../pipeline.toml");
        assert_eq!(Config::parse("pipeline.toml", text), Ok(Config::default()));
    }

    #[test]
    fn broken_syntax_has_a_place() {
        let problems =
            Config::parse("pipeline.toml", "[input]\nraw = \n[run]\nthreads = 1\nx").unwrap_err();
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [2, 5]);
    }

    #[test]
    fn only_what_can_change_a_table_is_hashed() {
        let config = Config::default();
        let elsewhere = Config { out: PathBuf::from("b"), threads: 3, ..config.clone() };
        let bodiless = Config { body: false, ..config.clone() };
        assert_eq!(config.hash(), elsewhere.hash());
        assert_ne!(config.hash(), bodiless.hash());
    }
}
