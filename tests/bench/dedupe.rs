//! Benches of dedupe: from raw text to clusters, and how it grows.

use std::collections::BTreeSet;

use anjuan::acquire::{self, Entry, RawFile};
use anjuan::clean::clean;
use anjuan::dedupe::{Config, Filed, Held, Memory, Sketch, dedupe, sketch};
use anjuan::knowledge::Knowledge;
use anjuan::model::{Article, ArticleId, Encoding, Format, Mapped, Script};
use anjuan::scratch::Folder;

use crate::corpus;
use crate::read::articles;
use crate::{Asked, cpu_seconds, memory, tell};

/// Raw text to clusters on one thread: reading, cleaning, sketches, comparing.
pub(crate) fn clusters(asked: &Asked) {
    let knowledge = Knowledge::load().unwrap();
    let settings = acquire::Config::default();
    let files: Vec<RawFile> = match &asked.raw {
        Some(raw) => acquire::list(raw)
            .unwrap()
            .into_iter()
            .filter_map(|entry| match entry {
                Entry::File { path, full, .. } => acquire::open(&full, path, &settings).ok(),
                Entry::Rejected(_) => None,
            })
            .collect(),
        None => (0..10_000).map(|number| made_file(number, 10_000)).collect(),
    };
    let mut times = vec![cpu_seconds()];
    let records: Vec<_> = files.into_iter().flat_map(articles).collect();
    let bytes: u64 = records.iter().map(|record| record.bytes).sum();
    times.push(cpu_seconds());
    let cleaned: Vec<Article> =
        records.into_iter().filter_map(|raw| clean(raw, &knowledge.boilerplate).ok()).collect();
    times.push(cpu_seconds());
    let sketches: Vec<Sketch> = cleaned.iter().map(sketch).collect();
    times.push(cpu_seconds());
    let held = Held { sketches: &sketches, articles: &cleaned };
    let deduped = dedupe(&held, &Memory::default(), &Config::default()).unwrap();
    times.push(cpu_seconds());
    let rate = |seconds: f64| bytes as f64 / 1e6 / seconds.max(1e-9);
    let steps = ["acquire", "clean", "sketch", "compare"];
    for (step, pair) in steps.iter().zip(times.windows(2)) {
        tell(&format!("dedupe-clusters {step}"), rate(pair[1] - pair[0]), "MB/s");
    }
    tell("dedupe-clusters sketch+compare", rate(times[4] - times[2]), "MB/s");
    tell("dedupe-clusters in all", rate(times[4] - times[0]), "MB/s");
    tell("dedupe-clusters kept", deduped.kept() as f64, "articles");
}

fn made_file(number: usize, of: usize) -> RawFile {
    let corpus::Made { title, body } = corpus::article(number, of);
    RawFile::in_memory(format!("{number}.md"), format!("# {title}\n\n{body}").into_bytes())
}

/// CPU and memory for each article, from 10,000 to 1,000,000 of them, sketches and all else on disk.
pub(crate) fn growth(_asked: &Asked) {
    for count in [10_000, 100_000, 1_000_000] {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Folder::new(&folder.path().join("scratch")).unwrap();
        let text = move |number: usize| {
            let corpus::Made { title, body } = corpus::article(number, count);
            Ok((Some(title), body))
        };
        let mut filed = Filed::new(&scratch, "sketches", text);
        for number in 0..count {
            filed.push(&sketch(&made_article(number, count))).unwrap();
        }
        let (before, held) = (cpu_seconds(), memory("VmRSS"));
        let config = Config::default();
        let deduped = dedupe(&filed, &scratch, &config).unwrap();
        let each = |amount: f64| amount / count as f64;
        let name = format!("dedupe-growth {count}");
        tell(&format!("{name} CPU"), each((cpu_seconds() - before) * 1e6), "us an article");
        tell(&format!("{name} memory"), (memory("VmHWM") - held) / 1e6, "MB");
        tell(&format!("{name} sketches"), each(filed.bytes() as f64), "bytes an article");
        tell(&format!("{name} kept"), deduped.kept() as f64, "articles");
    }
}

/// As it would come out of cleaning.
fn made_article(number: usize, of: usize) -> Article {
    let corpus::Made { title, body } = corpus::article(number, of);
    Article {
        id: ArticleId { file: format!("{number}.md"), record: 0 },
        format: Format::Markdown,
        encoding: Encoding::Utf8,
        script: Script::Hans,
        repairs: BTreeSet::new(),
        title: Some(title),
        publisher: None,
        url: None,
        published: None,
        bytes: body.len() as u64,
        body: Mapped::verbatim(&body),
        content_hash: String::new(),
        self_repeats: 0,
    }
}
