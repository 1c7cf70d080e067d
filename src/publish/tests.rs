//! Test: a snapshot is whole or not there, says the same for the same rows, and damage is found.

use std::fs;
use std::path::Path;

use ::parquet::basic::Encoding as PageEncoding;
use ::parquet::file::metadata::RowGroupMetaData;
use ::parquet::file::reader::{FileReader, SerializedFileReader};

use super::rows::{
    Article, Case, CaseSource, Division, Duplicate, Facts, Figure, Label, Level, Mention, Offence,
    Reject, Severity, Statistic, Term,
};
use super::*;
use crate::model::{
    AgencyKind, Basis, CaseStage, DuplicateRole, Encoding, Format, LeadKind, Measure, Number,
    Precision, Qualifier, RejectReason, RejectStage, Script,
};

/// The rows of a snapshot, in any order.
#[derive(Debug, Clone, Default, PartialEq)]
struct Tables {
    articles: Vec<Article>,
    duplicates: Vec<Duplicate>,
    mentions: Vec<Mention>,
    cases: Vec<Case>,
    case_sources: Vec<CaseSource>,
    figures: Vec<Figure>,
    labels: Vec<Label>,
    statistics: Vec<Statistic>,
    rejects: Vec<Reject>,
    taxonomy: Vec<Term>,
    divisions: Vec<Division>,
    offences: Vec<Offence>,
}

/// Publishes `tables` as a run would.
fn publish(
    tables: &Tables,
    made_from: &Snapshot,
    out: &Path,
    disk: &mut dyn Disk,
) -> Result<Published, Error> {
    if let Some(published) = standing(made_from, out, disk)? {
        return Ok(published);
    }
    let mut draft = Draft::new(made_from, &Options::default(), out, disk)?;
    for article in &tables.articles {
        draft.expect(article);
        let of = |id: &str| id == article.article_id;
        let told = |id: &str| {
            tables.mentions.iter().any(|row| row.mention_id == id && of(&row.article_id))
        };
        let read = Read {
            mentions: tables.mentions.iter().filter(|row| of(&row.article_id)).cloned().collect(),
            labels: tables.labels.iter().filter(|row| told(&row.mention_id)).cloned().collect(),
            figures: tables.figures.iter().filter(|row| of(&row.article_id)).cloned().collect(),
            statistics: tables
                .statistics
                .iter()
                .filter(|row| of(&row.article_id))
                .cloned()
                .collect(),
        };
        draft.read(article.body.as_deref().unwrap_or_default(), &read)?;
    }
    tables.duplicates.iter().try_for_each(|row| draft.add(row))?;
    tables.case_sources.iter().try_for_each(|row| draft.add(row))?;
    tables.offences.iter().try_for_each(|row| draft.add(row))?;
    tables.cases.iter().try_for_each(|row| draft.case(row.clone()))?;
    tables.taxonomy.iter().try_for_each(|row| draft.term(row.clone()))?;
    tables.divisions.iter().try_for_each(|row| draft.division(row.clone()))?;
    tables.rejects.iter().try_for_each(|row| draft.reject(row))?;
    draft.articles::<Error>(sorted(&tables.articles).into_iter().cloned().map(Ok))?;
    draft.publish().map(|(published, _)| published)
}

const BODY: &str = "南京警方抓获嫌疑人12名,查获公民个人信息3000余万条。";

fn article(n: i64, role: DuplicateRole) -> Article {
    Article {
        article_id: format!("a{n:016x}"),
        source_path: "2024/daily.jsonl".into(),
        source_ordinal: n,
        format: Format::Jsonl,
        encoding: Encoding::Utf8,
        script: Script::Hans,
        repairs: (n == 0).then(|| "hard_wraps,width".into()),
        title: Some("警方<b>通报</b>".into()),
        publisher: (n > 0).then(|| "江城日报".into()),
        url: None,
        published: Some(19_724),
        published_precision: Some(Precision::Day),
        published_basis: Basis::Metadata,
        chars: 28,
        content_hash: "00".into(),
        duplicate_role: role,
        canonical_id: "a0000000000000000".into(),
        similarity: Some(1.0),
        self_repeats: 0,
        relevant: true,
        mention_count: i64::from(n == 0),
        statistic_count: 0,
        body: Some(BODY.into()),
    }
}

fn facts() -> Facts {
    let mut facts = Facts {
        lead: Some("王某某".into()),
        lead_kind: Some(LeadKind::Person),
        agency: Some("南京警方".into()),
        agency_kind: Some(AgencyKind::Police),
        division_code: Some("320100".into()),
        province: Some("江苏省".into()),
        city: Some("南京市".into()),
        offence: Some("侵犯公民个人信息".into()),
        offence_code: Some("253-1".into()),
        stage: Some(CaseStage::Arrest),
        methods: Some("insider,trade".into()),
        severity: Some(Severity::EspeciallySerious),
        confidence: 0.9,
        price_low_yuan: Some(0.5),
        price_low_yuan_q: Some(Qualifier::Exact),
        ..Facts::default()
    };
    facts.set_measure(Measure::Suspects, &Number::exact(12.0));
    let records = Number { qualifier: Qualifier::Over, high: None, ..Number::exact(3e7) };
    facts.set_measure(Measure::Records, &records);
    facts
}

/// One row or more in every table.
fn sample() -> Tables {
    let a0 = || "a0000000000000000".to_owned();
    let division = |code: &str, name: &str, level| Division {
        code: code.into(),
        name: name.into(),
        level,
        parent_code: None,
        province: Some("江苏省".into()),
        city: None,
        county: None,
        retired: false,
        successor_code: None,
    };
    let term = |code: &str, zh: &str| Term {
        facet: "method".into(),
        code: code.into(),
        parent: None,
        zh: zh.into(),
        en: code.into(),
        definition: Some("a | b".into()),
        standard: None,
    };
    Tables {
        articles: vec![article(1, DuplicateRole::Exact), article(0, DuplicateRole::Canonical)],
        duplicates: vec![Duplicate {
            article_id: "a0000000000000001".into(),
            canonical_id: a0(),
            kind: DuplicateRole::Exact,
            jaccard: 1.0,
            containment: 1.0,
            shared_spans: 1,
            example: Some("南京警方".into()),
            cluster_size: 2,
            changed: None,
        }],
        mentions: vec![Mention {
            mention_id: "m1".into(),
            case_id: "c1".into(),
            article_id: a0(),
            ordinal: 1,
            headline: None,
            facts: facts(),
            text: BODY.into(),
            start: 0,
            end: i64::try_from(BODY.chars().count()).unwrap(),
            source_start: 0,
            source_end: 70,
            severity_rule: Some("items-c".into()),
        }],
        cases: vec![Case {
            case_id: "c1".into(),
            facts: facts(),
            mention_count: 1,
            article_count: 2,
            first_reported: Some(19_724),
            last_reported: Some(19_724),
            conflicts: 0,
        }],
        case_sources: vec![CaseSource {
            case_id: "c1".into(),
            article_id: a0(),
            role: DuplicateRole::Canonical,
            publisher: None,
            published: Some(19_724),
        }],
        figures: vec![Figure {
            figure_id: "f1".into(),
            article_id: a0(),
            mention_id: Some("m1".into()),
            role: "suspects".into(),
            value: 12.0,
            low: Some(12.0),
            high: Some(12.0),
            qualifier: Qualifier::Exact,
            unit: Some("名".into()),
            subject: Some("嫌疑人".into()),
            evidence: "12名".into(),
            start: 9,
            end: 12,
            rule: "suspects-caught".into(),
        }],
        labels: vec![Label {
            mention_id: "m1".into(),
            case_id: "c1".into(),
            facet: "method".into(),
            code: "insider".into(),
            evidence: "南京".into(),
            start: 0,
            end: 2,
            rule: "insider-1".into(),
        }],
        statistics: vec![Statistic {
            statistic_id: "s1".into(),
            article_id: a0(),
            metric: "share".into(),
            subject: None,
            value: 0.5,
            low: None,
            high: Some(0.5),
            qualifier: Qualifier::Nearly,
            unit: None,
            period_start: None,
            period_end: None,
            period_precision: None,
            division_code: Some("320000".into()),
            campaign: None,
            evidence: "南京".into(),
            start: 0,
            end: 2,
            rule: "share-1".into(),
        }],
        rejects: vec![Reject {
            source_path: "bad.gz".into(),
            source_ordinal: 0,
            stage: RejectStage::Acquire,
            reason: RejectReason::BadCompression,
            detail: "invalid gzip header".into(),
            bytes: 3,
        }],
        taxonomy: vec![term("trade", "倒卖信息"), term("insider", "内鬼泄露")],
        divisions: vec![
            division("320100", "南京市", Level::City),
            division("320000", "江苏省", Level::Province),
        ],
        offences: vec![Offence {
            code: "253-1".into(),
            zh: "侵犯公民个人信息罪".into(),
            en: "infringing citizens' personal information".into(),
            law: "刑法第253条之一".into(),
        }],
    }
}

fn made_from(inputs: &str) -> Snapshot {
    let counts = [("files".to_owned(), 2)].into();
    Snapshot { version: "0.1.0".into(), inputs: inputs.into(), counts, ..Snapshot::default() }
}

fn real(tables: &Tables, inputs: &str, out: &Path) -> Published {
    publish(tables, &made_from(inputs), out, &mut RealDisk).unwrap()
}

fn write(path: &Path, bytes: &[u8]) {
    RealDisk.write(path, bytes).unwrap();
}

/// Every file under `folder` with its bytes.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| (entry.path().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|(path, bytes)| (path.replace(&*folder.to_string_lossy(), ""), bytes))
        .collect()
}

#[test]
fn sample_is_whole_and_then_reused() {
    let out = tempfile::tempdir().unwrap();
    let first = real(&sample(), "one", out.path());
    assert!(!first.reused && first.linked);
    let report = verify(out.path()).unwrap();
    assert_eq!((report.damage, report.files), (vec![], 25));
    assert_eq!(report.id, Some(first.id.clone()));
    assert_eq!(
        fs::read_link(out.path().join("current")).unwrap(),
        Path::new("snapshots").join(&first.id)
    );
    let before = contents(out.path());
    assert!(real(&sample(), "one", out.path()).reused);
    assert_eq!(before, contents(out.path()));
}

#[test]
fn order_of_rows_and_place_of_out_change_no_byte() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut turned = sample();
    turned.articles.reverse();
    turned.taxonomy.reverse();
    turned.divisions.reverse();
    real(&sample(), "same", one.path());
    real(&turned, "same", two.path());
    assert_eq!(contents(one.path()), contents(two.path()));
}

#[test]
fn empty_tables_are_published() {
    let out = tempfile::tempdir().unwrap();
    real(&Tables::default(), "none", out.path());
    assert_eq!(verify(out.path()).unwrap().damage, []);
}

/// A chunk that starts with a dictionary and goes on without one is read wrongly by fastparquet.
#[test]
fn no_chunk_mixes_dictionary_and_plain_pages() {
    let reject = sample().rejects.remove(0);
    let row = |n: i64| Reject {
        source_path: format!("2024/{n:040}.txt"),
        source_ordinal: n,
        bytes: n,
        ..reject.clone()
    };
    let rows: Vec<_> = (0..140_000).map(row).collect();
    let out = tempfile::tempdir().unwrap();
    let tables = Tables { rejects: rows, ..Tables::default() };
    let path = real(&tables, "many", out.path()).folder.join("rejects.parquet");
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let groups = reader.metadata().row_groups();
    assert_eq!(groups.iter().map(RowGroupMetaData::num_rows).collect::<Vec<_>>(), [131_072, 8_928]);
    for column in groups.iter().flat_map(RowGroupMetaData::columns) {
        let name = column.column_path().string();
        let expected =
            if name == "source_path" { PageEncoding::PLAIN } else { PageEncoding::RLE_DICTIONARY };
        assert!(column.page_encoding_stats_mask().unwrap().is_only(expected), "{name}");
    }
}

#[test]
fn the_old_snapshot_stands_after_every_fault() {
    let out = tempfile::tempdir().unwrap();
    real(&Tables::default(), "old", out.path());
    let mut faults = 0;
    for left in 0.. {
        let mut disk = FaultyDisk::new(left, io::ErrorKind::StorageFull);
        let result = publish(&sample(), &made_from("new"), out.path(), &mut disk);
        let report = verify(out.path()).unwrap();
        assert_eq!(report.damage, [], "after {left} operations");
        let old = report.id == Some(made_from("old").id());
        match result {
            Ok(published) if published.linked => break,
            // The commit is done, only the link is not.
            Ok(_) => assert!(!old),
            Err(Error::NoSpace { .. }) => faults += 1,
            // A fault while reading back.
            Err(Error::Changed { .. } | Error::Read { .. }) => assert!(old),
            Err(error) => panic!("{error}"),
        }
        assert!(left < 1_000);
    }
    assert!(faults > 30, "{faults}");
    assert_eq!(verify(out.path()).unwrap().id, Some(made_from("new").id()));
    let left_over = RealDisk.list(out.path()).unwrap();
    assert!(!left_over.iter().any(|(name, _)| name.starts_with(STAGING)), "{left_over:?}");
}

#[test]
fn a_damaged_snapshot_of_the_same_id_is_made_again() {
    let out = tempfile::tempdir().unwrap();
    let published = real(&sample(), "one", out.path());
    let whole = contents(out.path());
    write(&published.folder.join("cases.parquet"), b"PAR1");
    fs::remove_file(published.folder.join("views.sql")).unwrap();
    write(&published.folder.join("stray.txt"), b"");
    assert!(!real(&sample(), "one", out.path()).reused);
    assert_eq!(whole, contents(out.path()));
}

#[test]
fn every_flipped_bit_is_found() {
    let out = tempfile::tempdir().unwrap();
    let published = real(&sample(), "one", out.path());
    for (name, bytes) in contents(out.path()) {
        let path = out.path().join(name.trim_start_matches('/'));
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 4;
            write(&path, &flipped);
            let found = verify(out.path()).unwrap();
            assert!(!found.damage.is_empty(), "{name} at {at}");
        }
        write(&path, &bytes);
    }
    assert_eq!(verify(out.path()).unwrap().damage, []);
    assert_eq!(verify(out.path()).unwrap().id, Some(published.id));
}

#[test]
fn every_damage_is_listed() {
    let out = tempfile::tempdir().unwrap();
    let folder = real(&sample(), "one", out.path()).folder;
    fs::remove_file(folder.join("articles.parquet")).unwrap();
    write(&folder.join("report.html"), b"x");
    write(&folder.join("summary/extra"), b"x");
    fs::create_dir(folder.join("labels")).unwrap();
    let damage = verify(out.path()).unwrap().damage;
    let words: Vec<_> = damage.iter().map(ToString::to_string).collect();
    assert_eq!(words[0], "articles.parquet is missing");
    assert!(words[1].starts_with("report.html: holds 1 bytes, expected "), "{words:?}");
    assert_eq!(words[2], "summary/extra is not in the manifest");
}

#[test]
fn nothing_published_and_unknown_ids_are_errors() {
    let out = tempfile::tempdir().unwrap();
    assert!(matches!(verify(out.path()), Err(Error::NothingPublished { .. })));
    assert!(matches!(
        remove_old(0, None, out.path(), &mut RealDisk),
        Err(Error::NothingPublished { .. })
    ));
    for id in ["..", "0123456789abcdef"] {
        let chosen = choose(id, out.path(), &mut RealDisk);
        assert!(matches!(chosen, Err(Error::NoSuchSnapshot { .. })), "{id}");
    }
}

#[test]
fn going_back_and_clearing_up() {
    let out = tempfile::tempdir().unwrap();
    let old = real(&Tables::default(), "old", out.path()).id;
    real(&sample(), "middle", out.path());
    real(&sample(), "new", out.path());
    choose(&old, out.path(), &mut RealDisk).unwrap();
    assert_eq!(verify(out.path()).unwrap().id, Some(old.clone()));
    assert_eq!(remove_old(1, None, out.path(), &mut RealDisk).unwrap().len(), 1);
    let listed = list(out.path(), &mut RealDisk).unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed.iter().find(|listed| listed.current).map(|listed| &listed.id), Some(&old));
    assert!(listed.iter().all(|listed| listed.manifest.is_some() && listed.written.is_some()));
    let other = listed.iter().find(|listed| !listed.current).unwrap().id.clone();
    write(&out.path().join("snapshots").join(&other).join("cases.parquet"), b"");
    assert!(matches!(choose(&other, out.path(), &mut RealDisk), Err(Error::Damaged { .. })));
    assert_eq!(verify(out.path()).unwrap().id, Some(old));
}

#[test]
fn tables_that_contradict_themselves_are_refused() {
    let check = |change: fn(&mut Tables), expected: &str| {
        let mut tables = sample();
        change(&mut tables);
        let out = tempfile::tempdir().unwrap();
        match publish(&tables, &made_from("x"), out.path(), &mut RealDisk) {
            Err(Error::Check(problems)) => assert_eq!(problems, [expected]),
            other => panic!("expected {expected}, got {other:?}"),
        }
        assert!(matches!(verify(out.path()), Err(Error::NothingPublished { .. })));
    };
    check(
        |tables| tables.cases[0].facts.lead = Some(String::new()),
        "cases.lead: empty text, expected null or some: c1",
    );
    check(|tables| tables.figures[0].value = f64::NAN, "figures.value: not a finite number: f1");
    check(
        |tables| tables.cases[0].facts.records = Some(i64::MAX),
        "cases.records: larger than 2^53: c1",
    );
    check(
        |tables| tables.labels[0].code = "gone".into(),
        "labels.facet+code: not in taxonomy: method/gone of m1/method/gone",
    );
    check(
        |tables| tables.offences.push(tables.offences[0].clone()),
        "offences: key is used twice: 253-1",
    );
    check(
        |tables| tables.figures[0].start += 1,
        "body[start..end] is not the evidence: f1 at 10..12",
    );
    check(|tables| tables.figures[0].end = 99, "body[start..end] is not the evidence: f1 at 9..99");
    check(
        |tables| {
            tables.rejects[0] =
                Reject { source_path: "2024/daily.jsonl".into(), ..tables.rejects[0].clone() }
        },
        "articles, rejects: input is told of twice: 2024/daily.jsonl#0",
    );
}

#[test]
fn numbers_that_are_not_whole_are_left_out() {
    for (value, expected) in [
        (12.0, Some(12)),
        (1.5, None),
        (-1.0, None),
        (1e17, None),
        (f64::NAN, None),
        (f64::INFINITY, None),
    ] {
        let mut facts = Facts::default();
        facts.set_measure(Measure::Fine, &Number::exact(value));
        assert_eq!(facts.fine_yuan, expected, "{value}");
        assert_eq!(facts.fine_yuan_q.is_some(), expected.is_some());
    }
}

#[test]
fn every_measure_has_its_column_and_hedge() {
    let columns = columns::<Case>();
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    for measure in Measure::ALL {
        let at = names.iter().position(|name| *name == measure.name()).unwrap();
        assert_eq!(names[at + 1], format!("{measure}_q"));
    }
}

#[test]
fn summaries_count_what_is_told() {
    let tables = sample();
    let mut gathered = summary::Gathered {
        cases: tables.cases,
        taxonomy: tables.taxonomy,
        divisions: tables.divisions,
        ..summary::Gathered::default()
    };
    tables.articles.iter().for_each(|article| gathered.article(article));
    let summaries = summary::summarise(&gathered).unwrap();
    let year = &summaries.by_year[0];
    assert_eq!((year.year, year.basis.as_deref()), (Some(2024), Some("first_reported")));
    assert_eq!((year.totals.n, year.totals.suspects), (1, Some(12)));
    // Nothing tells a gain, so there is no sum, not a sum of zero.
    assert_eq!((year.totals.illegal_gain_yuan_n, year.totals.illegal_gain_yuan), (0, None));
    assert_eq!(summaries.by_province[0].province.as_deref(), Some("江苏省"));
    let methods = sorted(&summaries.by_method);
    let codes: Vec<_> =
        methods.iter().map(|row| (row.code.as_deref(), row.zh.as_deref())).collect();
    assert_eq!(codes, [(Some("insider"), Some("内鬼泄露")), (Some("trade"), Some("倒卖信息"))]);
    assert_eq!((summaries.by_use[0].code.clone(), summaries.by_use[0].totals.n), (None, 1));
    assert_eq!(summaries.method_by_industry.len(), 2);
    let coverage: Vec<_> = sorted(&summaries.source_coverage)
        .into_iter()
        .map(|row| (row.publisher.as_deref(), row.n, row.canonical, row.first_published))
        .collect();
    assert_eq!(coverage, [(None, 1, 1, Some(19_724)), (Some("江城日报"), 1, 0, Some(19_724))]);
    let suspects = summaries.measures.iter().find(|row| row.measure == "suspects").unwrap();
    assert_eq!(
        (suspects.n, suspects.exact_n, suspects.sum, suspects.median),
        (1, 1, Some(12.0), Some(12.0))
    );
    let price = summaries.measures.iter().find(|row| row.measure == "price_low_yuan").unwrap();
    assert_eq!((price.n, price.sum, price.p90), (1, None, Some(0.5)));
    let fine = summaries.measures.iter().find(|row| row.measure == "fine_yuan").unwrap();
    assert_eq!((fine.n, fine.sum, fine.median), (0, None, None));
}

#[test]
fn schema_names_every_table_in_every_format() {
    for format in
        [SchemaFormat::Markdown, SchemaFormat::Json, SchemaFormat::Sql, SchemaFormat::Mermaid]
    {
        let text = schema(format);
        for table in schema::tables() {
            assert!(text.contains(table.name), "{format:?} {}", table.name);
            for column in table.columns {
                assert!(text.contains(column.name), "{format:?} {}.{}", table.name, column.name);
                assert!(
                    column.doc.ends_with('.'),
                    "{}.{}: {:?}",
                    table.name,
                    column.name,
                    column.doc
                );
            }
        }
    }
}

#[test]
fn nothing_from_an_article_becomes_markup() {
    let mut tables = sample();
    tables.taxonomy[0].zh = "<script>|`".into();
    let out = tempfile::tempdir().unwrap();
    let folder = real(&tables, "one", out.path()).folder;
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
    let dictionary = fs::read_to_string(folder.join("dictionary.md")).unwrap();
    assert!(dictionary.contains("&lt;script>\\|") && !dictionary.contains("<script"));
}
