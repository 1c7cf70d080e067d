//! Configure: pipeline.toml to checked settings, or every problem in it with its place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::knowledge::problem::Problem;
use crate::publish::{self, Bounds, Rule, Severity, Test};
use crate::settings::{self, Document, Section, size};
use crate::{acquire, dedupe, privacy};

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
    /// About how many bytes a run may have in memory.
    pub memory: u64,
    /// What becomes of articles whose file is gone.
    pub vanished: Vanished,
    /// What leaves masked.
    pub privacy: privacy::Config,
    /// What the tables must hold to be published.
    pub rules: Vec<Rule>,
    /// The rights of the files that are written, as `0o640`; `None` leaves them to the process.
    pub mode: Option<u32>,
    /// Where to write metrics.
    pub metrics: Option<PathBuf>,
    /// Where to add lineage events.
    pub lineage: Option<PathBuf>,
}

/// What becomes of articles whose file is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vanished {
    /// They are gone too.
    Drop,
    /// They stay, as long as they need not be read again.
    Keep,
    /// The run stops.
    Error,
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
            memory: 4 << 30,
            vanished: Vanished::Drop,
            privacy: privacy::Config::default(),
            rules: Vec::new(),
            mode: None,
            metrics: None,
            lineage: None,
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
        let vanished =
            [("drop", Vanished::Drop), ("keep", Vanished::Keep), ("error", Vanished::Error)];
        input.choice("vanished", &mut config.vanished, &vanished);
        let mut fields = input.section("fields");
        read_fields(&mut fields, &mut config.acquire.fields);
        input.close(fields);
        document.close(input);

        let mut output = document.section("output");
        output.path("out", &mut config.out);
        output.flag("body", &mut config.body);
        output.share("max_reject_share", &mut config.max_reject_share);
        output.mode("mode", &mut config.mode);
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
        run.size("memory", &mut config.memory);
        if config.memory < LEAST_MEMORY {
            run.note("memory", "expected at least \"64 MiB\"");
        }
        for (key, path) in [("metrics", &mut config.metrics), ("lineage", &mut config.lineage)] {
            let mut text = String::new();
            run.text(key, &mut text);
            *path = (!text.is_empty()).then(|| PathBuf::from(text));
        }
        document.close(run);

        let mut privacy = document.section("privacy");
        privacy.flag("mask", &mut config.privacy.mask);
        let names = [("printed", false), ("surname", true)];
        privacy.choice("names", &mut config.privacy.short_names, &names);
        document.close(privacy);

        for mut check in document.sections("check") {
            config.rules.extend(read_rule(&mut check));
            document.close(check);
        }

        document.finish().map(|()| config)
    }

    /// On which line of pipeline.toml each setting stands that is in it; `[[check]]` is not one.
    pub fn lines(text: &str) -> BTreeMap<String, usize> {
        settings::lines(text)
    }

    /// Every setting as pipeline.toml would write it; `[[check]]` is not among them.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let text = |path: &Path| format!("{:?}", path.display().to_string());
        let option =
            |path: &Option<PathBuf>| path.as_deref().map_or_else(|| "\"\"".to_owned(), text);
        let acquire::Config {
            max_file_bytes,
            max_record_bytes,
            max_decompressed_bytes,
            max_ratio,
            max_window_bytes,
            max_records,
            max_entries,
            max_archive_depth,
            max_html_depth,
            max_json_depth,
            max_pages,
            max_seconds,
            max_memory_bytes,
            fields,
            ..
        } = &self.acquire;
        let dedupe = &self.dedupe;
        let vanished = match self.vanished {
            Vanished::Drop => "drop",
            Vanished::Keep => "keep",
            Vanished::Error => "error",
        };
        let names = if self.privacy.short_names { "surname" } else { "printed" };
        let mode = self.mode.map(|mode| format!("{mode:04o}")).unwrap_or_default();
        vec![
            ("input.raw", text(&self.raw)),
            ("input.vanished", format!("{vanished:?}")),
            ("input.fields.text", format!("{:?}", fields.text)),
            ("input.fields.title", format!("{:?}", fields.title)),
            ("input.fields.publisher", format!("{:?}", fields.publisher)),
            ("input.fields.url", format!("{:?}", fields.url)),
            ("input.fields.published", format!("{:?}", fields.published)),
            ("output.out", text(&self.out)),
            ("output.body", self.body.to_string()),
            ("output.max_reject_share", self.max_reject_share.to_string()),
            ("output.mode", format!("{mode:?}")),
            ("limits.max_file", max_file_bytes.to_string()),
            ("limits.max_record", max_record_bytes.to_string()),
            ("limits.max_decompressed", max_decompressed_bytes.to_string()),
            ("limits.max_ratio", max_ratio.to_string()),
            ("limits.max_window", max_window_bytes.to_string()),
            ("limits.max_records", max_records.to_string()),
            ("limits.max_entries", max_entries.to_string()),
            ("limits.max_archive_depth", max_archive_depth.to_string()),
            ("limits.max_html_depth", max_html_depth.to_string()),
            ("limits.max_json_depth", max_json_depth.to_string()),
            ("limits.max_pages", max_pages.to_string()),
            ("limits.max_seconds", max_seconds.to_string()),
            ("limits.max_memory", max_memory_bytes.to_string()),
            ("dedupe.jaccard", dedupe.jaccard.to_string()),
            ("dedupe.covered", dedupe.covered.to_string()),
            ("dedupe.containment", dedupe.containment.to_string()),
            ("dedupe.covered_excerpt", dedupe.covered_excerpt.to_string()),
            ("dedupe.excerpt_below", dedupe.excerpt_below.to_string()),
            ("dedupe.changed", dedupe.changed.to_string()),
            ("dedupe.shortest", dedupe.shortest.to_string()),
            ("dedupe.spread", dedupe.spread.to_string()),
            ("dedupe.evidence", dedupe.evidence.to_string()),
            ("dedupe.candidate", dedupe.candidate.to_string()),
            ("dedupe.memory", dedupe.memory.to_string()),
            ("knowledge.overlay", option(&self.overlay)),
            ("privacy.mask", self.privacy.mask.to_string()),
            ("privacy.names", format!("{names:?}")),
            ("run.threads", self.threads.to_string()),
            ("run.memory", self.memory.to_string()),
            ("run.metrics", option(&self.metrics)),
            ("run.lineage", option(&self.lineage)),
        ]
    }

    /// Where what was read is kept from run to run.
    pub fn state(&self) -> PathBuf {
        self.out.join(".state")
    }

    /// What counts as a repeat, and the memory for finding out.
    pub fn dedupe(&self) -> dedupe::Config {
        let memory = self.dedupe.memory.min(self.memory / 8);
        dedupe::Config { memory, ..self.dedupe.clone() }
    }

    /// Where a run puts down what does not fit into memory.
    pub fn scratch(&self) -> PathBuf {
        self.out.join(".scratch")
    }

    /// How a snapshot is written.
    pub fn publish_options(&self) -> publish::Options {
        // A dozen tables wait at a time, and sorting takes as much again.
        let room = usize::try_from(self.memory / 512).unwrap_or(usize::MAX);
        publish::Options { rules: self.rules.clone(), room: room.max(1 << 16) }
    }

    /// A hash of the settings that can change a table; those of paths and threads cannot.
    pub fn hash(&self) -> String {
        let Config { body, acquire, dedupe, privacy, .. } = self;
        let acquire = acquire::Config { worker: None, ..acquire.clone() };
        let dedupe = dedupe::Config { memory: 0, ..dedupe.clone() };
        let settings = format!("{:?}", (body, acquire, dedupe, privacy));
        blake3::hash(settings.as_bytes()).to_hex().to_string()
    }
}

/// A size of memory, as "4 GiB"; less than 64 MiB is no use.
pub fn memory(text: &str) -> Result<u64, String> {
    let bytes = size(text).filter(|bytes| LEAST_MEMORY <= *bytes);
    bytes.ok_or_else(|| "expected a size such as \"4 GiB\", at least \"64 MiB\"".to_owned())
}

const LEAST_MEMORY: u64 = 64 << 20;

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
    section.size("max_window", &mut limits.max_window_bytes);
    section.count("max_records", &mut limits.max_records, 1, u32::MAX);
    section.count("max_entries", &mut limits.max_entries, 1, u32::MAX);
    section.count("max_archive_depth", &mut limits.max_archive_depth, 0, 16);
    section.count("max_html_depth", &mut limits.max_html_depth, 8, 4096);
    section.count("max_json_depth", &mut limits.max_json_depth, 1, 100);
    section.count("max_pages", &mut limits.max_pages, 1, 1_000_000);
    section.count("max_seconds", &mut limits.max_seconds, 1, 86_400);
    section.size("max_memory", &mut limits.max_memory_bytes);
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
    section.size("memory", &mut dedupe.memory);
}

/// A rule of one's own; `None` if it is not one, which is noted.
fn read_rule(section: &mut Section<'_>) -> Option<Rule> {
    let tables = publish::table_names();
    let tables: Vec<(&str, &str)> = tables.into_iter().map(|name| (name, name)).collect();
    let mut table = "";
    section.needed_choice("table", &mut table, &tables);
    let columns = publish::columns_of(table).unwrap_or_default();
    let columns: Vec<(&str, &str)> =
        columns.iter().map(|column| (column.name, column.name)).collect();
    let tests = ["not_null", "unique", "accepted", "range", "foreign_key", "row_count", "share"];
    let mut test = "";
    section.needed_choice("test", &mut test, &tests.map(|name| (name, name)));
    let mut severity = Severity::Error;
    section.choice(
        "severity",
        &mut severity,
        &[("warn", Severity::Warn), ("error", Severity::Error)],
    );
    let mut column = "";
    if test != "row_count" && !table.is_empty() {
        section.needed_choice("column", &mut column, &columns);
    }
    let (mut values, mut bounds, mut to) = (Vec::new(), Bounds::default(), String::new());
    if ["accepted", "share"].contains(&test) {
        section.list("values", &mut values);
    }
    if ["range", "row_count", "share"].contains(&test) {
        section.bound("min", &mut bounds.min);
        section.bound("max", &mut bounds.max);
    }
    if test == "foreign_key" {
        section.text("to", &mut to);
    }
    let test = match test {
        "not_null" => Test::NotNull,
        "unique" => Test::Unique,
        "accepted" => Test::Accepted(values),
        "range" => Test::Range(bounds),
        "foreign_key" => {
            let known = to.split_once('.').filter(|(table, column)| {
                let columns = publish::columns_of(table).unwrap_or_default();
                columns.iter().any(|known| known.name == *column)
            });
            let Some((table, column)) = known else {
                section.note("to", "expected a table and its column, as \"articles.article_id\"");
                return None;
            };
            Test::ForeignKey(table.to_owned(), column.to_owned())
        }
        "row_count" => Test::RowCount(bounds),
        "share" => Test::Share(values, bounds),
        _ => return None,
    };
    let bounded = matches!(test, Test::Range(_) | Test::RowCount(_) | Test::Share(..));
    if bounded && bounds == Bounds::default() {
        section.note("test", "expected min, max or both beside it");
    }
    if table.is_empty() {
        return None;
    }
    let column = (!column.is_empty()).then(|| column.to_owned());
    Some(Rule { table: table.to_owned(), column, test, severity })
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
                 there are check, dedupe, input, knowledge, limits, output, privacy, run",
            ],
        );
    }

    #[test]
    fn the_file_at_the_root_holds_the_defaults() {
        let text = include_str!("../pipeline.toml");
        assert_eq!(Config::parse("pipeline.toml", text), Ok(Config::default()));
    }

    #[test]
    fn every_setting_is_shown_with_its_line() {
        let text = include_str!("../pipeline.toml");
        let config = Config::default();
        let lines = Config::lines(text);
        let shown: Vec<&str> = config.settings().into_iter().map(|(name, _)| name).collect();
        let known: Vec<&str> = lines.keys().map(String::as_str).collect();
        let mut sorted = shown.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, known);
        assert_eq!(Config::lines("[run]\nthreads = 1\n")["run.threads"], 2);
    }

    #[test]
    fn rules_of_ones_own() {
        let rule = |body: &str| Config::parse("p.toml", &format!("[[check]]\n{body}"));
        let config = rule(
            "table = \"cases\"\ncolumn = \"division_code\"\ntest = \"share\"\nmin = 0.5\nseverity = \"warn\"\n",
        );
        let expected = Rule {
            table: "cases".into(),
            column: Some("division_code".into()),
            test: Test::Share(vec![], Bounds { min: Some(0.5), max: None }),
            severity: Severity::Warn,
        };
        assert_eq!(config.unwrap().rules, [expected]);
        let day = rule(
            "table = \"articles\"\ncolumn = \"published\"\ntest = \"range\"\nmin = \"1970-01-02\"\n",
        );
        let bounds = Bounds { min: Some(1.0), max: None };
        assert_eq!(
            day.unwrap().rules.first().map(|rule| rule.test.clone()),
            Some(Test::Range(bounds))
        );
        for (body, problem) in [
            ("test = \"unique\"\n", "check.table is missing"),
            ("table = \"case\"\ntest = \"row_count\"\nmin = 1\n", "check.table is \"case\""),
            ("table = \"cases\"\ntest = \"unique\"\n", "check.column is missing"),
            ("table = \"cases\"\ntest = \"row_count\"\n", "expected min, max or both"),
            (
                "table = \"cases\"\ncolumn = \"case_id\"\ntest = \"foreign_key\"\nto = \"x\"\n",
                "expected a table",
            ),
        ] {
            let problems = rule(body).unwrap_err();
            let text = problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n");
            assert!(text.contains(problem), "{body}: {text}");
        }
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
