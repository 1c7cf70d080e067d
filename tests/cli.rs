//! The built binary: help, results, messages, exit codes.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::root;

/// The binary, to be run in `folder` with nothing in its environment that sets it.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_anjuan"));
    command.current_dir(folder).args(arguments);
    for variable in ["ANJUAN_RAW", "ANJUAN_OUT", "ANJUAN_CONFIG", "ANJUAN_THREADS", "COLUMNS"] {
        command.env_remove(variable);
    }
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Runs, and expects an exit code and words on stderr.
fn check(folder: &Path, arguments: &[&str], code: i32, words: &str) -> Output {
    let output = run(folder, arguments);
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {message}");
    assert!(message.contains(words), "{arguments:?}: {message}");
    assert!(!message.contains("panicked"), "{arguments:?}: {message}");
    output
}

/// A folder with two articles that tell one case each, and one without any.
fn small() -> TempDir {
    let folder = TempDir::new().unwrap();
    let raw = folder.path().join("raw");
    fs::create_dir(&raw).unwrap();
    fs::write(raw.join("a.txt"), "芜湖警方侦破一起买卖信息案\n\n2023年9月12日，安徽省芜湖市公安局镜湖分局抓获犯罪嫌疑人滕某等5人，查获公民个人信息1.7万条。目前，滕某因涉嫌侵犯公民个人信息罪被刑事拘留。\n").unwrap();
    fs::write(raw.join("b.txt"), "2024年1月30日，浙江省台州市椒江区人民法院作出一审判决，被告人卢某犯侵犯公民个人信息罪，判处有期徒刑三年二个月，并处罚金十万元。\n").unwrap();
    fs::write(raw.join("c.txt"), "周末天气晴好，公园里的菊花开了，游客比往年多。\n").unwrap();
    folder
}

/// The rows of a table of the current snapshot.
fn table(folder: &Path, name: &str) -> anjuan::table::Table {
    anjuan::table::Table::read(&folder.join("out/current"), name).unwrap()
}

#[test]
fn help_names_every_command() {
    let folder = TempDir::new().unwrap();
    let help = stdout(&run(folder.path(), &["--help"]));
    for command in [
        "run",
        "plan",
        "read",
        "why",
        "check",
        "config",
        "verify",
        "eval",
        "snapshots",
        "schema",
        "spans",
        "completions",
        "man",
    ] {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is missing in\n{help}");
        let own = run(folder.path(), &[command, "--help"]);
        assert_eq!(own.status.code(), Some(0), "{command}");
    }
    assert_eq!(run(folder.path(), &[]).status.code(), Some(2));
    let version = stdout(&run(folder.path(), &["--version"]));
    assert_eq!(version, format!("anjuan {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_wrong_command_line() {
    let folder = small();
    check(folder.path(), &["snapshot"], 2, "'snapshots'");
    check(folder.path(), &["run", "--row", "x"], 2, "--raw");
    check(folder.path(), &["run", "--threads", "many"], 2, "many");
    check(folder.path(), &["schema", "--format", "xml"], 2, "markdown");
    check(folder.path(), &["eval"], 2, "GOLD.jsonl");
}

#[test]
fn runs_and_then_has_nothing_to_do() {
    let folder = small();
    let first = check(folder.path(), &["run"], 0, "stage");
    assert!(stdout(&first).starts_with("published out/snapshots/"), "{}", stdout(&first));
    let again = check(folder.path(), &["run"], 0, "");
    assert!(stdout(&again).starts_with("nothing new: out/snapshots/"), "{}", stdout(&again));
    assert_eq!(table(folder.path(), "articles").rows().count(), 3);
    assert_eq!(table(folder.path(), "mentions").rows().count(), 2);
    let whole = check(folder.path(), &["verify"], 0, "");
    assert!(stdout(&whole).contains("is whole"), "{}", stdout(&whole));
    let listed = stdout(&check(folder.path(), &["snapshots"], 0, ""));
    assert_eq!(listed.lines().count(), 1);
    assert!(listed.starts_with("* "), "{listed}");
}

#[test]
fn input_that_is_missing_or_empty() {
    let folder = TempDir::new().unwrap();
    check(folder.path(), &["run"], 5, "anjuan: cannot read raw\n  because ");
    assert!(!folder.path().join("out").exists(), "a run without input leaves nothing behind");
    check(folder.path(), &["verify"], 5, "nothing is published in out");
    check(folder.path(), &["why", "a0000000000000000"], 5, "nothing is published in out");
    check(folder.path(), &["read", "nothing.md"], 5, "cannot read nothing.md");
    check(folder.path(), &["run", "--config", "none.toml"], 5, "cannot read none.toml");
    check(folder.path(), &["run", "-C", "nowhere"], 5, "cannot read nowhere");
    fs::write(folder.path().join("raw"), "a file").unwrap();
    check(folder.path(), &["run"], 5, "cannot read raw");
    fs::remove_file(folder.path().join("raw")).unwrap();
    fs::create_dir(folder.path().join("raw")).unwrap();
    check(folder.path(), &["run"], 0, "raw holds no files");
    assert_eq!(table(folder.path(), "cases").rows().count(), 0);
    check(folder.path(), &["verify"], 0, "");
}

#[test]
fn a_wrong_pipeline_toml() {
    let folder = small();
    let text = "[dedupe]\ncoverd = 0.5\n\n[run]\nthreads = \"four\"\n";
    fs::write(folder.path().join("pipeline.toml"), text).unwrap();
    for arguments in [&["run"][..], &["check"], &["verify"]] {
        let output = check(folder.path(), arguments, 2, "");
        assert_eq!(
            stderr(&output),
            "anjuan: pipeline.toml:2:1: dedupe.coverd is not a setting; did you mean covered?\n\
             pipeline.toml:5:11: run.threads is \"four\", expected a whole number\n"
        );
    }
    fs::write(folder.path().join("pipeline.toml"), "[run\n").unwrap();
    check(folder.path(), &["run"], 2, "pipeline.toml:1:");
    let good = check(root(), &["check"], 0, "");
    assert_eq!(stdout(&good), "settings and knowledge are in order\n");
}

#[test]
fn flags_come_before_variables_and_those_before_the_file() {
    let folder = small();
    fs::write(folder.path().join("pipeline.toml"), "[output]\nout = \"file\"\n").unwrap();
    check(folder.path(), &["run"], 0, "");
    assert!(folder.path().join("file/CURRENT").exists());
    let by_variable =
        command(folder.path(), &["run"]).env("ANJUAN_OUT", "variable").output().unwrap();
    assert_eq!(by_variable.status.code(), Some(0));
    assert!(folder.path().join("variable/CURRENT").exists());
    let arguments = ["run", "--out", "flag"];
    let by_flag =
        command(folder.path(), &arguments).env("ANJUAN_OUT", "variable2").output().unwrap();
    assert_eq!(by_flag.status.code(), Some(0));
    assert!(folder.path().join("flag/CURRENT").exists());
    assert!(!folder.path().join("variable2").exists());
    let elsewhere = TempDir::new().unwrap();
    let there = folder.path().to_str().unwrap();
    check(elsewhere.path(), &["verify", "-C", there, "--out", "flag"], 0, "");
}

#[test]
fn another_run_holds_the_lock() {
    let folder = small();
    fs::create_dir(folder.path().join("out")).unwrap();
    let held = fs::File::create(folder.path().join("out/.lock")).unwrap();
    held.lock().unwrap();
    check(folder.path(), &["run"], 75, "another run is writing to out");
    drop(held);
    check(folder.path(), &["run"], 0, "");
}

#[test]
fn reads_only_what_is_new() {
    let folder = small();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let age = |name: &str| {
        let file = fs::File::options().write(true).open(folder.path().join("raw").join(name));
        file.unwrap().set_modified(old).unwrap();
    };
    ["a.txt", "b.txt", "c.txt"].into_iter().for_each(age);
    let inputs = |arguments: &[&str]| -> serde_json::Value {
        let outcome = stdout(&check(folder.path(), arguments, 0, ""));
        serde_json::from_str::<serde_json::Value>(&outcome).unwrap()["inputs"].clone()
    };
    assert_eq!(inputs(&["run", "--json"])["new"], 3);
    fs::write(folder.path().join("raw/d.txt"), "又一篇关于菊花的文章，没有案件。\n").unwrap();
    fs::write(folder.path().join("raw/c.txt"), "菊花谢了，公园里的游客比往年少。\n").unwrap();
    fs::remove_file(folder.path().join("raw/b.txt")).unwrap();
    let plan = stdout(&check(folder.path(), &["plan"], 0, ""));
    assert!(plan.starts_with("+ d.txt\n~ c.txt\n- b.txt\n"), "{plan}");
    let counts = inputs(&["run", "--json"]);
    let expected =
        serde_json::json!({"new": 1, "changed": 1, "again": 0, "unchanged": 1, "vanished": 1});
    assert_eq!(counts, expected);
    // The same bytes as a run that knows nothing.
    let anew = ["run", "--out", "anew"];
    check(folder.path(), &anew, 0, "");
    let current = |out: &str| fs::read(folder.path().join(out).join("CURRENT")).unwrap();
    assert_eq!(current("out"), current("anew"));
    let full = stdout(&check(folder.path(), &["run", "--full"], 0, ""));
    assert!(full.starts_with("nothing new"), "{full}");
}

#[test]
fn inputs_that_are_gone() {
    let folder = small();
    fs::write(folder.path().join("pipeline.toml"), "[input]\nvanished = \"keep\"\n").unwrap();
    check(folder.path(), &["run"], 0, "");
    fs::remove_file(folder.path().join("raw/b.txt")).unwrap();
    fs::write(folder.path().join("raw/d.txt"), "又一篇关于菊花的文章，没有案件。\n").unwrap();
    check(folder.path(), &["run"], 0, "");
    assert_eq!(table(folder.path(), "articles").rows().count(), 4);
    fs::write(folder.path().join("pipeline.toml"), "[input]\nvanished = \"error\"\n").unwrap();
    check(folder.path(), &["run"], 5, "gone that were there before");
    fs::write(folder.path().join("pipeline.toml"), "").unwrap();
    check(folder.path(), &["run"], 0, "");
    assert_eq!(table(folder.path(), "articles").rows().count(), 3);
}

#[test]
fn a_damaged_store_is_made_again() {
    let folder = small();
    check(folder.path(), &["run"], 0, "");
    let current = fs::read(folder.path().join("out/CURRENT")).unwrap();
    let state = folder.path().join("out/.state");
    let segment = fs::read_dir(&state).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&segment).unwrap();
    fs::write(folder.path().join("raw/d.txt"), "又一篇关于菊花的文章，没有案件。\n").unwrap();
    for at in [3, 50, 60, whole.len() / 2, whole.len() - 30, whole.len() - 3] {
        let mut damaged = whole.clone();
        damaged[at] ^= 16;
        fs::remove_dir_all(&state).unwrap();
        fs::create_dir(&state).unwrap();
        fs::write(&segment, damaged).unwrap();
        check(folder.path(), &["run", "--full"], 0, "");
        fs::remove_dir_all(&state).unwrap();
        fs::create_dir(&state).unwrap();
        fs::write(&segment, &whole[..at]).unwrap();
        check(folder.path(), &["run"], 0, "");
    }
    fs::remove_file(folder.path().join("raw/d.txt")).unwrap();
    check(folder.path(), &["run"], 0, "");
    assert_eq!(fs::read(folder.path().join("out/CURRENT")).unwrap(), current);
}

#[test]
fn part_of_a_run() {
    let folder = small();
    check(folder.path(), &["run", "--no-publish"], 0, "");
    assert!(!folder.path().join("out/CURRENT").exists());
    check(folder.path(), &["run", "--only", "[ab].txt", "--limit", "1"], 0, "");
    assert_eq!(table(folder.path(), "articles").rows().count(), 1);
    check(folder.path(), &["run", "--fail-on", "cases>1"], 4, "cases>1: cases are 2 of 3 records");
    check(folder.path(), &["run", "--fail-on", "rejects>1%"], 0, "");
    check(folder.path(), &["run", "--no-op-exit-code", "99"], 99, "");
    check(folder.path(), &["run", "--fail-on", "colours>1"], 2, "counts are articles");
    check(folder.path(), &["run", "--memory", "1 furlong"], 2, "4 GiB");
}

#[test]
fn rules_of_ones_own() {
    let folder = small();
    let rule = |severity: &str| {
        let text = format!(
            "[[check]]\ntable = \"cases\"\ntest = \"row_count\"\nmin = 3\nseverity = \"{severity}\"\n"
        );
        fs::write(folder.path().join("pipeline.toml"), text).unwrap();
    };
    rule("error");
    check(folder.path(), &["run"], 4, "cases: 2 rows, expected at least 3");
    assert!(!folder.path().join("out/CURRENT").exists());
    rule("warn");
    check(folder.path(), &["run"], 0, "warning: cases: 2 rows, expected at least 3");
}

#[test]
fn identifiers_leave_masked() {
    let folder = small();
    let text = "芜湖警方通报\n\n2023年9月12日，芜湖市公安局抓获犯罪嫌疑人滕某等5人，其手机号为13812345678，查获公民个人信息1.7万条。\n";
    fs::write(folder.path().join("raw/a 13912345678.txt"), text).unwrap();
    let output = check(folder.path(), &["run", "--log-format", "json"], 0, "");
    let articles = table(folder.path(), "articles");
    let all: String = articles
        .rows()
        .flat_map(|row| ["body", "source_path"].map(|column| row.text(column).unwrap().to_owned()))
        .collect();
    assert!(all.contains("***********") && !all.contains("12345678"), "{all}");
    assert!(!stderr(&output).contains("12345678"));
    let last = stderr(&output).lines().last().unwrap().to_owned();
    let last: serde_json::Value = serde_json::from_str(&last).unwrap();
    assert_eq!((&last["event"], &last["reason"]), (&"exit".into(), &"published".into()));
    let read = stdout(&check(folder.path(), &["read", "raw/a 13912345678.txt"], 0, ""));
    assert!(!read.contains("12345678"), "{read}");
    fs::write(folder.path().join("pipeline.toml"), "[privacy]\nmask = false\n").unwrap();
    check(folder.path(), &["run"], 0, "");
    let articles = table(folder.path(), "articles");
    assert!(articles.rows().any(|row| row.text("body").unwrap().contains("13812345678")));
}

#[test]
fn what_watchers_read() {
    let folder = small();
    let arguments = ["run", "--metrics", "run.prom", "--lineage", "run.jsonl"];
    check(folder.path(), &arguments, 0, "");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    for words in [
        "anjuan_rows{table=\"articles\"} 3\n",
        "anjuan_inputs{status=\"new\"} 3\n",
        "anjuan_exit_code 0\n# EOF\n",
        "anjuan_stage_duration_seconds{stage=\"dedupe\"}",
    ] {
        assert!(read("run.prom").contains(words), "{words}: {}", read("run.prom"));
    }
    check(folder.path(), &[&arguments[..], &["--fail-on", "cases>1"]].concat(), 4, "");
    assert!(read("run.prom").contains("anjuan_exit_code 4\n"), "{}", read("run.prom"));
    assert!(read("run.prom").contains("anjuan_rows{table=\"articles\"} 3\n"));
    let events: Vec<serde_json::Value> =
        read("run.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> =
        events.iter().map(|event| event["eventType"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["START", "COMPLETE", "START", "FAIL"]);
    assert_eq!(events[0]["run"]["runId"], events[1]["run"]["runId"]);
    let outputs = events[1]["outputs"].as_array().unwrap();
    let articles =
        outputs.iter().find(|output| output["name"].as_str().unwrap().ends_with("/articles"));
    assert_eq!(articles.unwrap()["outputFacets"]["outputStatistics"]["rowCount"], 3);
}

#[test]
fn settings_and_where_they_come_from() {
    let folder = small();
    fs::write(folder.path().join("pipeline.toml"), "[run]\nthreads = 2\n").unwrap();
    let text = stdout(&check(folder.path(), &["config", "--out", "there"], 0, ""));
    for line in [
        "run.threads = 2  # pipeline.toml:2",
        "output.out = \"there\"  # flag or variable",
        "privacy.mask = true  # default",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
}

#[cfg(unix)]
#[test]
fn rights_of_files() {
    use std::os::unix::fs::PermissionsExt;
    let folder = small();
    fs::write(folder.path().join("pipeline.toml"), "[output]\nmode = \"0640\"\n").unwrap();
    check(folder.path(), &["run"], 0, "");
    let mode =
        |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("out/current/cases.parquet"), mode("out/current/")), (0o640, 0o750));
    assert_eq!(mode("out/.state"), 0o700);
}

#[test]
fn many_rejects() {
    let folder = small();
    for name in ["x", "y", "z"] {
        fs::write(folder.path().join(format!("raw/{name}.jsonl")), "{broken\n").unwrap();
    }
    check(folder.path(), &["run"], 3, "3 of 6 records were rejected: 50.0%, more than 20.0%");
    assert_eq!(table(folder.path(), "rejects").rows().count(), 3);
    fs::write(folder.path().join("pipeline.toml"), "[output]\nmax_reject_share = 0.5\n").unwrap();
    check(folder.path(), &["run"], 0, "");
}

#[test]
fn no_place_to_write() {
    let folder = small();
    fs::write(folder.path().join("out"), "a file").unwrap();
    check(folder.path(), &["run"], 7, "anjuan: cannot write out");
}

#[test]
fn damage_is_found_and_an_older_snapshot_can_be_used() {
    let folder = small();
    check(folder.path(), &["run"], 0, "");
    fs::remove_file(folder.path().join("raw/c.txt")).unwrap();
    let plan = stdout(&check(folder.path(), &["plan"], 0, ""));
    assert!(plan.starts_with("- c.txt\n"), "{plan}");
    check(folder.path(), &["run"], 0, "");
    let list = stdout(&check(folder.path(), &["snapshots", "list"], 0, ""));
    let older =
        list.lines().find(|line| line.starts_with("  ")).unwrap().trim().split(' ').next().unwrap();
    check(folder.path(), &["snapshots", "use", older], 0, "");
    assert_eq!(table(folder.path(), "articles").rows().count(), 3);
    check(folder.path(), &["snapshots", "use", "0123456789abcdef"], 2, "holds no snapshot");

    let cases = folder.path().join("out/current/cases.parquet");
    let mut bytes = fs::read(&cases).unwrap();
    bytes[10] ^= 1;
    fs::write(&cases, bytes).unwrap();
    let output = check(folder.path(), &["verify"], 6, "");
    assert!(stdout(&output).contains("cases.parquet"), "{}", stdout(&output));
    check(folder.path(), &["snapshots", "gc", "--keep", "0"], 0, "");
    let list = stdout(&check(folder.path(), &["snapshots", "list", "--json"], 0, ""));
    assert_eq!(list.lines().count(), 1);
    serde_json::from_str::<serde_json::Value>(&list).unwrap();
}

#[test]
fn reads_one_document() {
    let folder = small();
    let text = stdout(&check(folder.path(), &["read", "raw/a.txt"], 0, ""));
    for words in ["a.txt#0", "case 1", "滕某", "340202", "侵犯公民个人信息"] {
        assert!(text.contains(words), "{words} is missing in\n{text}");
    }
    let mut reader = command(folder.path(), &["read", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let article = fs::read(folder.path().join("raw/b.txt")).unwrap();
    reader.stdin.take().unwrap().write_all(&article).unwrap();
    let output = reader.wait_with_output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let values = json[0]["cases"][0]["values"].as_array().unwrap();
    let prison = values.iter().find(|value| value["column"] == "prison_months").unwrap();
    assert_eq!((&prison["value"], &prison["words"]), (&"38".into(), &"三年二个月".into()));
}

#[test]
fn says_why() {
    let folder = small();
    check(folder.path(), &["run"], 0, "");
    let mentions = table(folder.path(), "mentions");
    let row = mentions.rows().find(|row| row.text("lead") == Some("滕某")).unwrap();
    let (mention, case, article) = (
        row.text("mention_id").unwrap(),
        row.text("case_id").unwrap(),
        row.text("article_id").unwrap(),
    );
    let text = stdout(&check(folder.path(), &["why", mention, "--column", "suspects"], 0, ""));
    for words in ["raw/a.txt", "suspects: 5", "sentence   ", "抓获犯罪嫌疑人滕某等5人", "rule   "]
    {
        assert!(text.contains(words), "{words} is missing in\n{text}");
    }
    assert!(!text.contains("records: "), "{text}");
    for id in [case, article] {
        let text = stdout(&check(folder.path(), &["why", id], 0, ""));
        assert!(text.contains("raw/a.txt"), "{text}");
    }
    let figures = table(folder.path(), "figures");
    let figure = figures.rows().next().and_then(|row| row.text("figure_id")).unwrap();
    check(folder.path(), &["why", figure], 0, "");
    check(
        folder.path(),
        &["why", mention, "--column", "colour"],
        2,
        "mentions has no column colour",
    );
    check(folder.path(), &["why", "m0"], 2, "no row has the id m0");

    fs::write(folder.path().join("raw/a.txt"), "另一篇文章。\n").unwrap();
    let text = stdout(&check(folder.path(), &["why", mention], 0, ""));
    assert!(text.contains("the file is not as it was"), "{text}");
    assert!(text.contains("suspects: 5"), "{text}");
}

#[test]
fn scores_against_annotations() {
    let folder = small();
    check(folder.path(), &["run"], 0, "");
    let gold = r#"{"file":"b.txt","title":null,"publisher":null,"published":null,"relevant":true,"cases":[{"lead":"卢某","agency":"浙江省台州市椒江区人民法院","division":"331002","offence":"侵犯公民个人信息","stage":"trial","action_date":"2024-01-30","fine_yuan":{"v":100000,"q":"exact"},"prison_months":{"v":99,"q":"exact"},"labels":{}}],"statistics":[]}"#;
    fs::write(folder.path().join("gold.jsonl"), gold).unwrap();
    for arguments in [
        &["eval", "gold.jsonl", "--misses", "9"][..],
        &["eval", "gold.jsonl", "--misses", "9", "--raw", "raw"],
    ] {
        let text = stdout(&check(folder.path(), arguments, 0, ""));
        assert!(
            text.starts_with(
                "what                           P       R      F1  right  wrong missed\n"
            ),
            "{text}"
        );
        assert!(
            text.contains(
                "\ncase                       1.000   1.000   1.000      1      0      0\n"
            ),
            "{text}"
        );
        assert!(text.contains("\n  b.txt: prison_months: got 38 want 99 (卢某)"), "{text}");
    }
    let json = stdout(&check(folder.path(), &["eval", "gold.jsonl", "--json"], 0, ""));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["case"]["tp"], 1);
    fs::write(folder.path().join("gold.jsonl"), "{}\n").unwrap();
    check(folder.path(), &["eval", "gold.jsonl"], 2, "gold.jsonl:1:2: missing field `file`");
}

#[test]
fn prints_what_shells_and_tools_read() {
    let folder = TempDir::new().unwrap();
    for (arguments, words) in [
        (&["schema"][..], "## mentions"),
        (&["schema", "--format", "json"], "\"mentions\""),
        (&["schema", "--format", "sql"], "CREATE TABLE"),
        (&["completions", "bash"], "_anjuan"),
        (&["completions", "fish"], "complete -c anjuan"),
        (&["man"], ".TH anjuan"),
    ] {
        let text = stdout(&check(folder.path(), arguments, 0, ""));
        assert!(text.contains(words), "{arguments:?}: {text}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let folder = TempDir::new().unwrap();
    let mut reader = command(folder.path(), &["schema"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(reader.stdout.take());
    let output = reader.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn finds_spans_in_lines() {
    let folder = TempDir::new().unwrap();
    let mut finder = command(folder.path(), &["spans"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = "{\"id\":1,\"text\":\"获利12万元\"}\nnothing\n{\"id\":2,\"text\":\"芜湖市\"}\n";
    finder.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = finder.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("anjuan: standard input:2:1: "), "{}", stderr(&output));
    let answers: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mentions = answers[0]["mentions"].as_array().unwrap();
    let money = mentions.iter().find(|mention| mention["kind"] == "money").unwrap();
    assert_eq!((&money["start"], &money["end"]), (&2.into(), &6.into()));
    assert_eq!(answers[1]["mentions"][0]["value"], "340200");
}

#[test]
fn json_for_programs() {
    let folder = small();
    let outcome = stdout(&check(folder.path(), &["run", "--json"], 0, ""));
    let outcome: serde_json::Value = serde_json::from_str(&outcome).unwrap();
    assert_eq!(
        (&outcome["articles"], &outcome["cases"], &outcome["exit"]),
        (&3.into(), &2.into(), &0.into())
    );
    for arguments in [&["plan", "--json"][..], &["verify", "--json"]] {
        let text = stdout(&check(folder.path(), arguments, 0, ""));
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
    }
}
