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
