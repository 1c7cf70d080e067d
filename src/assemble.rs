//! Assemble: what the stages found becomes rows, with ids, names of divisions, labels and one row per case.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::dedupe::Deduped;
use crate::knowledge::Knowledge;
use crate::knowledge::division::Level;
use crate::knowledge::severity::{Facts as Grounds, Tier};
use crate::link::{agrees, precision};
use crate::model::{
    Article, Basis, Case, Date, DuplicateRole, Extracted, Figure, Label, Measure, Number,
    Precision, Qualifier, Reject, Statistic,
};
use crate::publish::{Tables, rows};

/// What one article tells: its cases and totals, and the labels of each case.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Cases, totals, figures.
    pub extracted: Extracted,
    /// For each case its labels.
    pub labels: Vec<Vec<Label>>,
}

/// One telling with everything its rows need.
struct Mention<'a> {
    id: String,
    case_id: String,
    article: usize,
    case: &'a Case,
    labels: &'a [Label],
    facts: rows::Facts,
    severity_rule: Option<String>,
}

/// Makes the tables. `first_of` gives for each telling, in order, the one that stands for its case.
pub fn assemble(
    articles: &[Article],
    deduped: &Deduped,
    told: &[Told],
    first_of: &[usize],
    rejects: &[Reject],
    knowledge: &Knowledge,
    with_body: bool,
) -> Tables {
    let keys: Vec<String> = articles.iter().map(|article| article.id.key()).collect();
    let offsets: Vec<Offsets> = articles
        .iter()
        .zip(told)
        .map(|(article, told)| {
            let tells = !told.extracted.figures.is_empty()
                || !told.extracted.cases.is_empty()
                || !told.extracted.statistics.is_empty();
            if tells { Offsets::new(article.body.text()) } else { Offsets::default() }
        })
        .collect();
    let mentions = mentions(&keys, told, first_of, knowledge);
    let view = View { articles, keys: &keys, offsets: &offsets, deduped, told, knowledge };
    Tables {
        articles: view.article_rows(with_body),
        duplicates: view.duplicate_rows(),
        mentions: mentions.iter().map(|mention| view.mention_row(mention)).collect(),
        cases: view.case_rows(&mentions),
        case_sources: view.source_rows(&mentions),
        figures: view.figure_rows(),
        labels: mentions.iter().flat_map(|mention| view.label_rows(mention)).collect(),
        statistics: view.statistic_rows(),
        rejects: rejects.iter().map(reject_row).collect(),
        taxonomy: taxonomy_rows(knowledge),
        divisions: division_rows(knowledge),
        offences: offence_rows(knowledge),
    }
}

/// A short stable name: a letter and 16 hexadecimal digits of a hash of the parts.
fn name(letter: char, parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    let hex = hasher.finalize().to_hex();
    std::iter::once(letter).chain(hex.chars().take(16)).collect()
}

/// The facet under which a code is published. A code below another stands in a facet of its own
/// (`data_type_fine`), so that counting the codes of a facet counts nothing twice.
fn facet_of(knowledge: &Knowledge, facet: &str, code: &str) -> String {
    let parent = knowledge.taxonomy.get(facet, code).and_then(|term| term.parent.as_ref());
    if parent.is_some() { format!("{facet}_fine") } else { facet.to_owned() }
}

fn mention_id(article_key: &str, ordinal: u32) -> String {
    name('m', &[article_key, &ordinal.to_string()])
}

fn mentions<'a>(
    keys: &[String],
    told: &'a [Told],
    first_of: &[usize],
    knowledge: &Knowledge,
) -> Vec<Mention<'a>> {
    let mut mentions: Vec<Mention<'a>> = Vec::new();
    for (i, (told, key)) in told.iter().zip(keys).enumerate() {
        for (case, labels) in told.extracted.cases.iter().zip(&told.labels) {
            let (facts, severity_rule) = facts(case, labels, knowledge);
            mentions.push(Mention {
                id: mention_id(key, case.ordinal),
                case_id: String::new(),
                article: i,
                case,
                labels,
                facts,
                severity_rule,
            });
        }
    }
    let ids: Vec<String> = first_of
        .iter()
        .map(|first| mentions.get(*first).map_or(String::new(), |first| name('c', &[&first.id])))
        .collect();
    for (mention, id) in mentions.iter_mut().zip(ids) {
        mention.case_id = id;
    }
    mentions
}

/// The columns that mentions and cases share, from one telling.
fn facts(case: &Case, labels: &[Label], knowledge: &Knowledge) -> (rows::Facts, Option<String>) {
    let codes = |facet: &str| -> BTreeSet<&str> {
        labels
            .iter()
            .filter(|label| facet_of(knowledge, &label.facet, &label.code) == facet)
            .map(|label| label.code.as_str())
            .collect()
    };
    let joined = |facet: &str| {
        let codes: Vec<&str> = codes(facet).into_iter().collect();
        (!codes.is_empty()).then(|| codes.join(","))
    };
    let division = case.division.as_ref().and_then(|code| knowledge.divisions.get(&code.value));
    let mut facts = rows::Facts {
        lead: case.lead.as_ref().map(|lead| lead.value.name.clone()),
        lead_kind: case.lead.as_ref().map(|lead| lead.value.kind),
        agency: case.agency.as_ref().map(|agency| agency.value.name.clone()),
        agency_kind: case.agency.as_ref().map(|agency| agency.value.kind),
        division_code: case.division.as_ref().map(|code| code.value.clone()),
        province: division.map(|division| division.province.clone()),
        city: division.and_then(|division| division.city.clone()),
        county: division.and_then(|division| division.county.clone()),
        offence: case.offence.as_ref().map(|offence| offence.value.name.clone()),
        offence_code: case.offence.as_ref().and_then(|offence| offence.value.code.clone()),
        stage: case.stage.as_ref().map(|stage| stage.value),
        action_date: case.action_date.as_ref().map(|date| date.value.days()),
        action_date_precision: case.action_date.as_ref().map(|date| date.value.precision()),
        price_low_yuan: case.price.as_ref().map(|price| price.value.low),
        price_high_yuan: case.price.as_ref().map(|price| price.value.high),
        methods: joined("method"),
        data_types: joined("data_type"),
        industries: joined("industry"),
        uses: joined("use"),
        campaign: case.campaign.as_ref().map(|campaign| campaign.value.clone()),
        confidence: case.confidence,
        ..rows::Facts::default()
    };
    let hedge = case.price.as_ref().map(|price| {
        if price.value.low < price.value.high { Qualifier::Range } else { Qualifier::Exact }
    });
    (facts.price_low_yuan_q, facts.price_high_yuan_q) = (hedge, hedge);
    for (measure, number) in &case.numbers {
        facts.set_measure(*measure, &number.value);
    }
    let low = |measure: Measure| {
        case.numbers.get(&measure).map(|number| number.value.low.unwrap_or(number.value.value))
    };
    let data_types: Vec<&str> =
        codes("data_type").into_iter().chain(codes("data_type_fine")).collect();
    let tier = knowledge.severity.tier(&Grounds {
        data_types: &data_types,
        records: low(Measure::Records),
        illegal_gain: low(Measure::IllegalGain),
        insider: codes("method").contains("insider"),
        business_buyer: false,
        action_date: case.action_date.as_ref().map(|date| date.value),
        offence_code: case.offence.as_ref().and_then(|offence| offence.value.code.as_deref()),
    });
    let rule = tier.map(|(tier, rule)| {
        facts.severity = Some(match tier {
            Tier::Serious => rows::Severity::Serious,
            Tier::EspeciallySerious => rows::Severity::EspeciallySerious,
            Tier::Unknown => rows::Severity::Unknown,
        });
        rule.to_owned()
    });
    (facts, rule)
}

/// What the rows of all tables are made from.
struct View<'a> {
    articles: &'a [Article],
    keys: &'a [String],
    offsets: &'a [Offsets],
    deduped: &'a Deduped,
    told: &'a [Told],
    knowledge: &'a Knowledge,
}

impl View<'_> {
    fn key(&self, i: usize) -> String {
        self.keys.get(i).cloned().unwrap_or_default()
    }

    /// A byte range of an article's body in characters.
    fn chars(&self, i: usize, span: &Range<usize>) -> (i64, i64) {
        let (Some(article), Some(offsets)) = (self.articles.get(i), self.offsets.get(i)) else {
            return (0, 0);
        };
        let text = article.body.text();
        (offsets.chars(text, span.start), offsets.chars(text, span.end))
    }

    fn words(&self, i: usize, span: &Range<usize>) -> String {
        self.articles
            .get(i)
            .and_then(|article| article.body.text().get(span.clone()))
            .unwrap_or("")
            .to_owned()
    }

    fn article_rows(&self, with_body: bool) -> Vec<rows::Article> {
        let all = self.articles.iter().zip(&self.deduped.verdicts).zip(self.told).enumerate();
        all.map(|(i, ((article, verdict), told))| {
            let canonical = self.told.get(verdict.canonical).unwrap_or(told);
            let tells = |told: &Told| {
                !told.extracted.cases.is_empty() || !told.extracted.statistics.is_empty()
            };
            let repairs: Vec<&str> = article.repairs.iter().map(|repair| repair.name()).collect();
            rows::Article {
                article_id: self.key(i),
                source_path: article.id.file.clone(),
                source_ordinal: i64::from(article.id.record),
                format: article.format,
                encoding: article.encoding,
                script: article.script,
                repairs: (!repairs.is_empty()).then(|| repairs.join(",")),
                title: article.title.clone(),
                publisher: article.publisher.clone(),
                url: article.url.clone(),
                published: article.published.map(|published| published.date.days()),
                published_precision: article.published.map(|published| published.date.precision()),
                published_basis: article.published.map_or(Basis::None, |published| published.basis),
                chars: count(article.body.text().chars().count()),
                content_hash: article.content_hash.clone(),
                duplicate_role: verdict.role,
                canonical_id: self.key(verdict.canonical),
                similarity: Some(verdict.similarity),
                self_repeats: i64::from(article.self_repeats),
                relevant: tells(canonical),
                mention_count: count(told.extracted.cases.len()),
                statistic_count: count(told.extracted.statistics.len()),
                body: with_body.then(|| article.body.text().to_owned()),
            }
        })
        .collect()
    }

    fn duplicate_rows(&self) -> Vec<rows::Duplicate> {
        let repeats = self
            .deduped
            .verdicts
            .iter()
            .enumerate()
            .filter(|(_, verdict)| verdict.role != DuplicateRole::Canonical);
        repeats
            .map(|(i, verdict)| rows::Duplicate {
                article_id: self.key(i),
                canonical_id: self.key(verdict.canonical),
                kind: verdict.role,
                jaccard: verdict.jaccard,
                containment: verdict.containment,
                shared_spans: i64::from(verdict.shared_spans),
                example: verdict.example.clone(),
                cluster_size: i64::from(verdict.cluster_size),
                changed: verdict.changed.clone(),
            })
            .collect()
    }

    fn mention_row(&self, mention: &Mention<'_>) -> rows::Mention {
        let case = mention.case;
        let (start, end) = self.chars(mention.article, &case.span);
        let source = self
            .articles
            .get(mention.article)
            .map_or(0..0, |article| article.body.to_source(case.span.clone()));
        rows::Mention {
            mention_id: mention.id.clone(),
            case_id: mention.case_id.clone(),
            article_id: self.key(mention.article),
            ordinal: i64::from(case.ordinal),
            headline: case.headline.as_ref().map(|headline| headline.value.clone()),
            facts: mention.facts.clone(),
            text: self.words(mention.article, &case.span),
            start,
            end,
            source_start: count(source.start),
            source_end: count(source.end),
            severity_rule: mention.severity_rule.clone(),
        }
    }

    fn label_rows<'m>(
        &'m self,
        mention: &'m Mention<'_>,
    ) -> impl Iterator<Item = rows::Label> + 'm {
        let mut seen = BTreeSet::new();
        mention
            .labels
            .iter()
            .filter(move |label| seen.insert((label.facet.clone(), label.code.clone())))
            .map(|label| {
                let span = label.span.0..label.span.1;
                let (start, end) = self.chars(mention.article, &span);
                rows::Label {
                    mention_id: mention.id.clone(),
                    case_id: mention.case_id.clone(),
                    facet: facet_of(self.knowledge, &label.facet, &label.code),
                    code: label.code.clone(),
                    evidence: self.words(mention.article, &span),
                    start,
                    end,
                    rule: label.rule.to_string(),
                }
            })
    }

    fn figure_rows(&self) -> Vec<rows::Figure> {
        let mut all = Vec::new();
        for (i, told) in self.told.iter().enumerate() {
            all.extend(told.extracted.figures.iter().map(|figure| self.figure_row(i, figure)));
        }
        all
    }

    fn figure_row(&self, i: usize, figure: &Figure) -> rows::Figure {
        let key = self.key(i);
        let number = &figure.number;
        let (start, end) = self.chars(i, &number.span);
        rows::Figure {
            figure_id: name('f', &[&key, &start.to_string(), &end.to_string()]),
            mention_id: figure.case.map(|ordinal| mention_id(&key, ordinal)),
            article_id: key,
            role: figure.role.clone(),
            value: number.value.value,
            low: number.value.low,
            high: number.value.high,
            qualifier: number.value.qualifier,
            unit: Some(figure.unit.clone()).filter(|unit| !unit.is_empty()),
            subject: figure.subject.clone(),
            evidence: self.words(i, &number.span),
            start,
            end,
            rule: number.rule.to_string(),
        }
    }

    fn statistic_rows(&self) -> Vec<rows::Statistic> {
        let mut all = Vec::new();
        for (i, told) in self.told.iter().enumerate() {
            all.extend(
                told.extracted.statistics.iter().map(|statistic| self.statistic_row(i, statistic)),
            );
        }
        all
    }

    fn statistic_row(&self, i: usize, statistic: &Statistic) -> rows::Statistic {
        let key = self.key(i);
        let number = &statistic.number;
        let (start, end) = self.chars(i, &number.span);
        let precise = |date: Option<Date>| date.map(Date::precision);
        let coarser = |a: Precision, b: Precision| a.max(b);
        rows::Statistic {
            statistic_id: name('s', &[&key, &start.to_string(), &statistic.metric]),
            article_id: key,
            metric: statistic.metric.clone(),
            subject: statistic.subject.clone(),
            value: number.value.value,
            low: number.value.low,
            high: number.value.high,
            qualifier: number.value.qualifier,
            unit: statistic.unit.clone(),
            period_start: statistic.period_start.map(Date::days),
            period_end: statistic.period_end.map(Date::days),
            period_precision: precise(statistic.period_start)
                .into_iter()
                .chain(precise(statistic.period_end))
                .reduce(coarser),
            division_code: statistic.division.clone(),
            campaign: statistic.campaign.clone(),
            evidence: self.words(i, &number.span),
            start,
            end,
            rule: number.rule.to_string(),
        }
    }

    /// One row per case: each measure from its most precise telling, then the latest.
    fn case_rows(&self, mentions: &[Mention<'_>]) -> Vec<rows::Case> {
        let repeats = self.repeats();
        by_case(mentions)
            .into_iter()
            .map(|(case_id, tellings)| {
                let sources: BTreeSet<usize> = tellings
                    .iter()
                    .flat_map(|mention| {
                        repeats.get(&mention.article).into_iter().flatten().copied()
                    })
                    .collect();
                let dates: Vec<i32> = sources
                    .iter()
                    .filter_map(|i| self.articles.get(*i)?.published)
                    .map(|published| published.date.days())
                    .collect();
                rows::Case {
                    case_id: case_id.to_owned(),
                    facts: self.best_facts(&tellings),
                    mention_count: count(tellings.len()),
                    article_count: count(sources.len()),
                    first_reported: dates.iter().min().copied(),
                    last_reported: dates.iter().max().copied(),
                    conflicts: conflicts(&tellings),
                }
            })
            .collect()
    }

    fn published(&self, i: usize) -> i32 {
        self.articles
            .get(i)
            .and_then(|article| article.published)
            .map_or(i32::MIN, |published| published.date.days())
    }

    /// The words come from the most trusted telling, then the latest; each measure from the most precise, then the latest.
    fn best_facts(&self, tellings: &[&Mention<'_>]) -> rows::Facts {
        let trusted = tellings.iter().max_by(|a, b| {
            let order = a.case.confidence.total_cmp(&b.case.confidence);
            order
                .then(self.published(a.article).cmp(&self.published(b.article)))
                .then(b.id.cmp(&a.id))
        });
        let Some(trusted) = trusted else { return rows::Facts::default() };
        let mut facts = trusted.facts.clone();
        for measure in Measure::ALL {
            let numbers = tellings
                .iter()
                .filter_map(|mention| Some((mention, &mention.case.numbers.get(measure)?.value)));
            let best = numbers.max_by_key(|(mention, number)| {
                (
                    precision(number),
                    self.published(mention.article),
                    std::cmp::Reverse(mention.id.clone()),
                )
            });
            if let Some((_, number)) = best {
                facts.set_measure(*measure, number);
            }
        }
        facts
    }

    /// For each canonical article the articles that tell its text, itself included.
    fn repeats(&self) -> BTreeMap<usize, Vec<usize>> {
        let mut repeats: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (i, verdict) in self.deduped.verdicts.iter().enumerate() {
            repeats.entry(verdict.canonical).or_default().push(i);
        }
        repeats
    }

    fn source_rows(&self, mentions: &[Mention<'_>]) -> Vec<rows::CaseSource> {
        let repeats = self.repeats();
        let mut seen = BTreeSet::new();
        let mut sources = Vec::new();
        for mention in mentions {
            for i in repeats.get(&mention.article).into_iter().flatten() {
                let (Some(article), Some(verdict)) =
                    (self.articles.get(*i), self.deduped.verdicts.get(*i))
                else {
                    continue;
                };
                if seen.insert((mention.case_id.clone(), *i)) {
                    sources.push(rows::CaseSource {
                        case_id: mention.case_id.clone(),
                        article_id: self.key(*i),
                        role: verdict.role,
                        publisher: article.publisher.clone(),
                        published: article.published.map(|published| published.date.days()),
                    });
                }
            }
        }
        sources
    }
}

fn by_case<'m, 'a>(mentions: &'m [Mention<'a>]) -> BTreeMap<&'m str, Vec<&'m Mention<'a>>> {
    let mut cases: BTreeMap<&str, Vec<&Mention<'_>>> = BTreeMap::new();
    for mention in mentions {
        cases.entry(&mention.case_id).or_default().push(mention);
    }
    cases
}

/// On how many measures two tellings of a case cannot both be right.
fn conflicts(tellings: &[&Mention<'_>]) -> i64 {
    let disagree = |measure: &&Measure| {
        let numbers: Vec<&Number> = tellings
            .iter()
            .filter_map(|mention| Some(&mention.case.numbers.get(measure)?.value))
            .collect();
        numbers.iter().enumerate().any(|(i, a)| numbers.iter().skip(i + 1).any(|b| !agrees(a, b)))
    };
    count(Measure::ALL.iter().filter(disagree).count())
}

fn reject_row(reject: &Reject) -> rows::Reject {
    rows::Reject {
        source_path: reject.id.file.clone(),
        source_ordinal: i64::from(reject.id.record),
        stage: reject.stage,
        reason: reject.reason,
        detail: reject.detail.clone(),
        bytes: i64::try_from(reject.bytes).unwrap_or(i64::MAX),
    }
}

fn taxonomy_rows(knowledge: &Knowledge) -> Vec<rows::Term> {
    let terms = knowledge.taxonomy.iter().map(|term| rows::Term {
        facet: facet_of(knowledge, &term.facet, &term.code),
        code: term.code.clone(),
        parent: term.parent.clone(),
        zh: term.zh.clone(),
        en: term.en.clone(),
        definition: Some(term.definition.clone()).filter(|text| !text.is_empty()),
        standard: Some(term.standard_text()).filter(|text| !text.is_empty()),
    });
    terms.collect()
}

fn division_rows(knowledge: &Knowledge) -> Vec<rows::Division> {
    let divisions = knowledge.divisions.iter().map(|division| rows::Division {
        code: division.code.clone(),
        name: division.name.clone(),
        level: match division.level {
            Level::Nation => rows::Level::Nation,
            Level::Province => rows::Level::Province,
            Level::City => rows::Level::City,
            Level::County => rows::Level::County,
        },
        parent_code: division.parent.clone(),
        province: Some(division.province.clone()),
        city: division.city.clone(),
        county: division.county.clone(),
        retired: division.retired.is_some(),
        successor_code: (!division.successors.is_empty()).then(|| division.successors.join(",")),
    });
    // Totals of the whole country refer to this row.
    let nation = rows::Division {
        code: "000000".to_owned(),
        name: "全国".to_owned(),
        level: rows::Level::Nation,
        parent_code: None,
        province: None,
        city: None,
        county: None,
        retired: false,
        successor_code: None,
    };
    std::iter::once(nation).chain(divisions).collect()
}

fn offence_rows(knowledge: &Knowledge) -> Vec<rows::Offence> {
    let offences = knowledge.offences.iter().map(|offence| rows::Offence {
        code: offence.code.clone(),
        zh: offence.zh.join(" / "),
        en: offence.en.clone(),
        law: offence.law.clone(),
    });
    offences.collect()
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Character positions of a text, found fast: how many characters stand before every 256th byte.
#[derive(Debug, Default)]
struct Offsets {
    before: Vec<usize>,
}

const BLOCK: usize = 256;

impl Offsets {
    fn new(text: &str) -> Self {
        let mut total = 0;
        let before = text.as_bytes().chunks(BLOCK).map(|block| {
            let here = total;
            total += starts(block);
            here
        });
        Offsets { before: before.collect() }
    }

    /// The number of characters before byte `at`.
    fn chars(&self, text: &str, at: usize) -> i64 {
        let block = (at / BLOCK).min(self.before.len().saturating_sub(1));
        let known = self.before.get(block).copied().unwrap_or(0);
        let rest = text.as_bytes().get(block * BLOCK..at).map_or(0, starts);
        count(known + rest)
    }
}

/// How many characters start in these bytes of UTF-8.
fn starts(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

#[test]
fn counts_characters() {
    let text = "个人信息abc".repeat(100);
    let offsets = Offsets::new(&text);
    for (chars, (at, _)) in text.char_indices().enumerate() {
        assert_eq!(offsets.chars(&text, at), i64::try_from(chars).unwrap());
    }
    assert_eq!(offsets.chars(&text, text.len()), 700);
}
