//! Assemble: what the stages found becomes rows, with ids, names of divisions, labels and one row per case.
//!
//! A record is assembled by itself, so that only one of them need be in memory. What the other records say
//! of it, which is little, is in [`View`].

mod dimensions;
mod facts;
mod offsets;

pub use self::dimensions::add_dimensions;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use self::facts::{best_facts, conflicts, facts};
use self::offsets::Offsets;
use crate::dedupe::{Deduped, Scratch, Verdict};
use crate::error::Error;
use crate::knowledge::Knowledge;
use crate::model::{
    Article, Basis, Case, Date, DuplicateRole, Extracted, Figure, Label, LeadKind, Precision,
    Reject, Statistic,
};
use crate::privacy::Privacy;
use crate::publish::{Read, rows};
use crate::store::{self, Kept, Outcome, Records};

/// What one article tells: its cases and totals, and the labels of each case.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    /// Cases, totals, figures.
    pub extracted: Extracted,
    /// For each case its labels.
    pub labels: Vec<Vec<Label>>,
}

/// One telling of a case, by numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mention {
    /// The article that tells it, by its number among the articles.
    pub article: usize,
    /// Order in the article, from 1.
    pub ordinal: u32,
    /// The digits of its id.
    id: u64,
    /// The digits of the id of its case.
    case: u64,
}

/// What is known of each record beyond itself.
pub struct View<'a> {
    /// All records.
    pub records: &'a Records<'a>,
    /// For each article the number of its record.
    pub articles: &'a [usize],
    /// Which article repeats which.
    pub deduped: &'a Deduped,
    /// Where some of that is kept.
    pub scratch: &'a dyn Scratch,
    /// Every telling, in the order of articles.
    pub mentions: &'a [Mention],
    /// Names and codes.
    pub knowledge: &'a Knowledge,
    /// Masks what leaves.
    pub privacy: &'a Privacy,
    /// Whether `articles` keeps the text.
    pub with_body: bool,
}

/// The rows of one record.
#[derive(Debug, Default)]
pub struct Rows {
    /// Its article, without body.
    pub article: Option<rows::Article>,
    /// Why it gave none.
    pub reject: Option<rows::Reject>,
    /// What it repeats.
    pub duplicate: Option<rows::Duplicate>,
    /// The body as it leaves, where something was read from it.
    pub body: String,
    /// What was read from it.
    pub read: Read,
}

/// One telling with what its case needs of it.
struct Telling<'a> {
    id: String,
    article: &'a Article,
    case: &'a Case,
    facts: rows::Facts,
}

impl Telling<'_> {
    fn published(&self) -> i32 {
        self.article.published.map_or(i32::MIN, |published| published.date.days())
    }
}

/// The tellings of articles with their ids. `first_of` gives for each, in order, the one that stands for its case.
pub fn mentions(tellings: &[(usize, String, u32)], first_of: &[usize]) -> Vec<Mention> {
    let ids: Vec<u64> =
        tellings.iter().map(|(_, key, ordinal)| digits(&[key, &ordinal.to_string()])).collect();
    let case = |first: &usize| ids.get(*first).map_or(0, |id| digits(&[&named('m', *id)]));
    let cases = first_of.iter().map(case);
    let all = tellings.iter().zip(&ids).zip(cases);
    all.map(|(((article, _, ordinal), id), case)| Mention {
        article: *article,
        ordinal: *ordinal,
        id: *id,
        case,
    })
    .collect()
}

/// The tellings of each case, by their index; the cases in the order of their ids.
pub fn by_case(mentions: &[Mention]) -> Vec<Vec<usize>> {
    let case = |i: &usize| mentions.get(*i).map(|mention| mention.case);
    let mut order: Vec<usize> = (0..mentions.len()).collect();
    order.sort_by_key(|i| (case(i), *i));
    order.chunk_by(|a, b| case(a) == case(b)).map(<[usize]>::to_vec).collect()
}

/// The first 64 bits of a hash of the parts.
fn digits(parts: &[&str]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    let hash = hasher.finalize();
    hash.as_bytes().first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

/// A short stable name: a letter and 16 hexadecimal digits.
fn named(letter: char, digits: u64) -> String {
    format!("{letter}{digits:016x}")
}

/// A short stable name of the parts.
fn name(letter: char, parts: &[&str]) -> String {
    named(letter, digits(parts))
}

/// The facet under which a code is published. A code below another stands in a facet of its own
/// (`data_type_fine`), so that counting the codes of a facet counts nothing twice.
fn facet_of(knowledge: &Knowledge, facet: &str, code: &str) -> String {
    let parent = knowledge.taxonomy.get(facet, code).and_then(|term| term.parent.as_ref());
    if parent.is_some() { format!("{facet}_fine") } else { facet.to_owned() }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("with_body", &self.with_body).finish_non_exhaustive()
    }
}

impl View<'_> {
    fn record(&self, article: usize) -> usize {
        self.articles.get(article).copied().unwrap_or(usize::MAX)
    }

    fn kept(&self, article: usize) -> Result<Kept, store::Error> {
        let record = self.record(article);
        match self.records.outcome(record)? {
            Outcome::Article(kept) => Ok(*kept),
            Outcome::Reject(_) => Err(self.records.damaged(record)),
        }
    }

    /// The tellings of an article.
    fn mentions_of(&self, article: usize) -> &[Mention] {
        let start = self.mentions.partition_point(|mention| mention.article < article);
        let rest = self.mentions.get(start..).unwrap_or_default();
        let end = rest.partition_point(|mention| mention.article == article);
        rest.get(..end).unwrap_or_default()
    }

    /// The row of a record that gave no article.
    pub fn reject(&self, reject: &Reject) -> rows::Reject {
        rows::Reject {
            source_path: self.masked(&reject.id.file),
            source_ordinal: i64::from(reject.id.record),
            stage: reject.stage,
            reason: reject.reason,
            detail: self.masked(&reject.detail),
            bytes: i64::try_from(reject.bytes).unwrap_or(i64::MAX),
        }
    }

    /// The rows of an article, but for the body of its own.
    pub fn rows(&self, number: usize) -> Result<Rows, Error> {
        let kept = self.kept(number)?;
        let verdict = self.verdict(number)?;
        let key = kept.article.id.key();
        let mut rows = Rows {
            article: Some(self.article_row(number, &kept, &verdict)),
            duplicate: self.duplicate_row(&key, &verdict),
            ..Rows::default()
        };
        let Extracted { cases, statistics, figures } = &kept.told.extracted;
        let tells = !cases.is_empty() || !statistics.is_empty() || !figures.is_empty();
        if verdict.role == DuplicateRole::Canonical && tells {
            let raw = self.records.text(self.record(number))?;
            let body = Body::new(&raw, &kept.told, self.privacy);
            rows.read = self.read(&kept, &key, &body, self.mentions_of(number));
            rows.body = body.masked;
        }
        Ok(rows)
    }

    /// An article with its body.
    pub fn article(&self, number: usize) -> Result<rows::Article, Error> {
        let kept = self.kept(number)?;
        let mut row = self.article_row(number, &kept, &self.verdict(number)?);
        if self.with_body {
            let raw = self.records.text(self.record(number))?;
            row.body = Some(self.privacy.text_naming(&raw, &persons(&kept.told)).into_owned());
        }
        Ok(row)
    }

    fn verdict(&self, number: usize) -> Result<Verdict, Error> {
        let verdict = self.deduped.verdict(number, self.scratch);
        verdict.map_err(|source| Error::Scratch { source })
    }

    fn masked(&self, text: &str) -> String {
        self.privacy.text(text).into_owned()
    }

    fn article_row(&self, number: usize, kept: &Kept, verdict: &Verdict) -> rows::Article {
        let Kept { article, chars, told, .. } = kept;
        let repairs: Vec<&str> = article.repairs.iter().map(|repair| repair.name()).collect();
        let canonical = verdict.role == DuplicateRole::Canonical;
        let counted = |n: usize| if canonical { count(n) } else { 0 };
        rows::Article {
            article_id: article.id.key(),
            source_path: self.masked(&article.id.file),
            source_ordinal: i64::from(article.id.record),
            format: article.format,
            encoding: article.encoding,
            script: article.script,
            repairs: (!repairs.is_empty()).then(|| repairs.join(",")),
            title: self.privacy.option(article.title.as_ref()),
            publisher: self.privacy.option(article.publisher.as_ref()),
            url: self.privacy.option(article.url.as_ref()),
            published: article.published.map(|published| published.date.days()),
            published_precision: article.published.map(|published| published.date.precision()),
            published_basis: article.published.map_or(Basis::None, |published| published.basis),
            chars: i64::try_from(*chars).unwrap_or(i64::MAX),
            content_hash: article.content_hash.clone(),
            duplicate_role: verdict.role,
            canonical_id: if verdict.canonical == number {
                article.id.key()
            } else {
                self.records.key(self.record(verdict.canonical))
            },
            similarity: Some(verdict.similarity),
            self_repeats: i64::from(article.self_repeats),
            relevant: self.records.tells(self.record(verdict.canonical)),
            mention_count: counted(told.extracted.cases.len()),
            statistic_count: counted(told.extracted.statistics.len()),
            body: None,
        }
    }

    fn duplicate_row(&self, key: &str, verdict: &Verdict) -> Option<rows::Duplicate> {
        (verdict.role != DuplicateRole::Canonical).then(|| rows::Duplicate {
            article_id: key.to_owned(),
            canonical_id: self.records.key(self.record(verdict.canonical)),
            kind: verdict.role,
            jaccard: verdict.jaccard,
            containment: verdict.containment,
            shared_spans: i64::from(verdict.shared_spans),
            example: self.privacy.option(verdict.example.as_ref()),
            cluster_size: i64::from(verdict.cluster_size),
            changed: self.privacy.option(verdict.changed.as_ref()),
        })
    }

    /// The rows of what was read from an article.
    fn read(&self, kept: &Kept, key: &str, body: &Body<'_>, mentions: &[Mention]) -> Read {
        let Told { extracted, labels } = &kept.told;
        let mut read = Read::default();
        let all = extracted.cases.iter().zip(labels).zip(&kept.sources).zip(mentions);
        for (((case, labels), source), mention) in all {
            let mention_id = named('m', mention.id);
            let case_id = named('c', mention.case);
            let (facts, severity_rule) = facts(case, labels, self.knowledge, self.privacy);
            let (start, end) = body.chars(&case.span);
            read.labels.extend(self.label_rows(labels, &mention_id, &case_id, body));
            read.mentions.push(rows::Mention {
                mention_id,
                case_id,
                article_id: key.to_owned(),
                ordinal: i64::from(case.ordinal),
                headline: case
                    .headline
                    .as_ref()
                    .map(|headline| self.privacy.text_naming(&headline.value, &body.names))
                    .map(|headline| headline.into_owned()),
                facts,
                text: body.words(&case.span),
                start,
                end,
                source_start: count(source.start),
                source_end: count(source.end),
                severity_rule,
            });
        }
        // A masked number must not leave as a value.
        let open = |span: &Range<usize>| !body.is_masked(span);
        let figures = extracted.figures.iter().filter(|figure| open(&figure.number.span));
        read.figures = figures.map(|figure| self.figure_row(figure, key, body)).collect();
        let statistics = extracted.statistics.iter().filter(|s| open(&s.number.span));
        read.statistics = statistics.map(|s| self.statistic_row(s, key, body)).collect();
        read
    }

    fn label_rows(
        &self,
        labels: &[Label],
        mention_id: &str,
        case_id: &str,
        body: &Body<'_>,
    ) -> Vec<rows::Label> {
        let mut seen = BTreeSet::new();
        labels
            .iter()
            .filter(|label| seen.insert((&label.facet, &label.code)))
            .map(|label| {
                let span = label.span.0..label.span.1;
                let (start, end) = body.chars(&span);
                rows::Label {
                    mention_id: mention_id.to_owned(),
                    case_id: case_id.to_owned(),
                    facet: facet_of(self.knowledge, &label.facet, &label.code),
                    code: label.code.clone(),
                    evidence: body.words(&span),
                    start,
                    end,
                    rule: label.rule.to_string(),
                }
            })
            .collect()
    }

    fn figure_row(&self, figure: &Figure, key: &str, body: &Body<'_>) -> rows::Figure {
        let number = &figure.number;
        let (start, end) = body.chars(&number.span);
        rows::Figure {
            figure_id: name('f', &[key, &start.to_string(), &end.to_string()]),
            mention_id: figure.case.map(|ordinal| name('m', &[key, &ordinal.to_string()])),
            article_id: key.to_owned(),
            role: figure.role.clone(),
            value: number.value.value,
            low: number.value.low,
            high: number.value.high,
            qualifier: number.value.qualifier,
            unit: Some(self.masked(&figure.unit)).filter(|unit| !unit.is_empty()),
            subject: self.privacy.option(figure.subject.as_ref()),
            evidence: body.words(&number.span),
            start,
            end,
            rule: number.rule.to_string(),
        }
    }

    fn statistic_row(&self, statistic: &Statistic, key: &str, body: &Body<'_>) -> rows::Statistic {
        let number = &statistic.number;
        let (start, end) = body.chars(&number.span);
        let precise = |date: Option<Date>| date.map(Date::precision);
        let coarser = |a: Precision, b: Precision| a.max(b);
        rows::Statistic {
            statistic_id: name('s', &[key, &start.to_string(), &statistic.metric]),
            article_id: key.to_owned(),
            metric: statistic.metric.clone(),
            subject: self.privacy.option(statistic.subject.as_ref()),
            value: number.value.value,
            low: number.value.low,
            high: number.value.high,
            qualifier: number.value.qualifier,
            unit: self.privacy.option(statistic.unit.as_ref()),
            period_start: statistic.period_start.map(Date::days),
            period_end: statistic.period_end.map(Date::days),
            period_precision: precise(statistic.period_start)
                .into_iter()
                .chain(precise(statistic.period_end))
                .reduce(coarser),
            division_code: statistic.division.clone(),
            campaign: self.privacy.option(statistic.campaign.as_ref()),
            evidence: body.words(&number.span),
            start,
            end,
            rule: number.rule.to_string(),
        }
    }

    /// One case and the articles that tell it. `repeats` gives for an article those that tell its text.
    pub fn case<'r>(
        &self,
        tellings: &[usize],
        repeats: impl Fn(usize) -> &'r [(usize, usize)],
    ) -> Result<(rows::Case, Vec<rows::CaseSource>), Error> {
        let mentions: Vec<&Mention> =
            tellings.iter().filter_map(|i| self.mentions.get(*i)).collect();
        let kept = mentions
            .iter()
            .map(|mention| self.kept(mention.article))
            .collect::<Result<Vec<_>, _>>()?;
        let told: Vec<Telling<'_>> = mentions
            .iter()
            .zip(&kept)
            .filter_map(|(mention, kept)| {
                let all = kept.told.extracted.cases.iter().zip(&kept.told.labels);
                let (case, labels) =
                    all.into_iter().find(|(case, _)| case.ordinal == mention.ordinal)?;
                let (facts, _) = facts(case, labels, self.knowledge, self.privacy);
                Some(Telling { id: named('m', mention.id), article: &kept.article, case, facts })
            })
            .collect();
        let case_id = named('c', mentions.first().map_or(0, |mention| mention.case));
        let sources: BTreeSet<usize> = mentions
            .iter()
            .flat_map(|mention| repeats(mention.article))
            .map(|(_, repeat)| *repeat)
            .collect();
        let mut source_rows = Vec::new();
        for i in sources {
            let article = self.kept(i)?.article;
            source_rows.push(rows::CaseSource {
                case_id: case_id.clone(),
                article_id: article.id.key(),
                role: self.deduped.role(i),
                publisher: self.privacy.option(article.publisher.as_ref()),
                published: article.published.map(|published| published.date.days()),
            });
        }
        let dates = || source_rows.iter().filter_map(|row| row.published);
        let case = rows::Case {
            case_id,
            facts: best_facts(&told),
            mention_count: count(told.len()),
            article_count: count(source_rows.len()),
            first_reported: dates().min(),
            last_reported: dates().max(),
            conflicts: conflicts(&told),
        };
        Ok((case, source_rows))
    }
}

/// The persons that lead the cases of an article.
fn persons(told: &Told) -> Vec<&str> {
    let leads = told.extracted.cases.iter().filter_map(|case| case.lead.as_ref());
    let persons = leads.filter(|lead| lead.value.kind == LeadKind::Person);
    persons.map(|lead| lead.value.name.as_str()).collect()
}

/// A body as it was read and as it leaves.
struct Body<'a> {
    raw: &'a str,
    masked: String,
    /// What is masked in `raw`.
    ranges: Vec<Range<usize>>,
    offsets: Offsets,
    /// Whether bytes stand where they stood.
    same: bool,
    names: Vec<&'a str>,
}

impl<'a> Body<'a> {
    fn new(raw: &'a str, told: &'a Told, privacy: &Privacy) -> Self {
        let ranges = privacy.find(raw);
        let names = persons(told);
        let masked = privacy.text_naming(raw, &names).into_owned();
        let same = masked == raw;
        Body { raw, masked, ranges, offsets: Offsets::new(raw), same, names }
    }

    fn is_masked(&self, span: &Range<usize>) -> bool {
        self.ranges.iter().any(|range| range.start < span.end && span.start < range.end)
    }

    /// A byte range in characters.
    fn chars(&self, span: &Range<usize>) -> (i64, i64) {
        (self.offsets.chars(self.raw, span.start), self.offsets.chars(self.raw, span.end))
    }

    /// The words of a byte range as they leave.
    fn words(&self, span: &Range<usize>) -> String {
        if self.same {
            return self.raw.get(span.clone()).unwrap_or_default().to_owned();
        }
        let (start, end) = self.chars(span);
        let place = |chars: i64| usize::try_from(chars).unwrap_or(usize::MAX);
        self.masked.chars().skip(place(start)).take(place(end - start)).collect()
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
