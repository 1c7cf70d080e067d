//! Declare: one struct per table; its fields and their docs are the schema.

use std::cmp::Ordering;

use super::column::{
    Cell, Column, Field, Kind, Refer, Row, Scalar, column_group, scalar, scalar_enum, table,
};
use crate::model::{
    AgencyKind, Basis, CaseStage, DuplicateRole, Encoding, Format, LeadKind, Measure, Number,
    Precision, Qualifier, RejectReason, RejectStage, Script,
};

/// How grave a case is under the judicial interpretation of 2017 (法释〔2017〕10号).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// 情节严重.
    Serious,
    /// 情节特别严重.
    EspeciallySerious,
    /// The numbers told do not decide it.
    #[default]
    Unknown,
}

impl Severity {
    /// Every member, in declaration order.
    pub const ALL: &'static [Severity] =
        &[Severity::Serious, Severity::EspeciallySerious, Severity::Unknown];

    /// The name that stands in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Serious => "serious",
            Severity::EspeciallySerious => "especially_serious",
            Severity::Unknown => "unknown",
        }
    }
}

/// The level of an administrative division.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The nation, code 000000.
    Nation,
    /// A province, autonomous region or municipality.
    Province,
    /// A prefecture or city.
    City,
    /// A county, district or county-level city.
    County,
}

impl Level {
    /// Every member, in declaration order.
    pub const ALL: &'static [Level] = &[Level::Nation, Level::Province, Level::City, Level::County];

    /// The name that stands in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Level::Nation => "nation",
            Level::Province => "province",
            Level::City => "city",
            Level::County => "county",
        }
    }
}

scalar_enum!(Severity, Level);

table! {
    "articles", key(article_id), refers((canonical_id) -> articles(article_id)),
    /// One row per input document that could be read, repeats and irrelevant ones too.
    pub struct Article {
        /// Stable name, derived from source path and ordinal.
        pub article_id: String,
        /// File relative to `raw/`, with `/` between its parts.
        pub source_path: String,
        /// Index inside a container (line of a JSONL file, from 0); 0 where the file is one document.
        pub source_ordinal: i64,
        /// What kind of document it was.
        pub format: Format,
        /// How its bytes were written.
        pub encoding: Encoding,
        /// Which Chinese script it was written in; `body` is simplified.
        pub script: Script,
        /// Comma list of repairs made, sorted; null where none was needed.
        pub repairs: Option<String>,
        /// Title as printed, in simplified script.
        pub title: Option<String>,
        /// Publisher as printed, in simplified script.
        pub publisher: Option<String>,
        /// Address.
        pub url: Option<String>,
        /// Publication date; the first day of the period where only a month or year is told.
        pub published: Option<i32>,
        /// How exactly the publication date is known.
        pub published_precision: Option<Precision>,
        /// Where the publication date was found.
        pub published_basis: Basis,
        /// Characters of the clean body.
        pub chars: i64,
        /// Hash of the clean body: equal means the same text.
        pub content_hash: String,
        /// How it stands to the other articles that tell the same text.
        pub duplicate_role: DuplicateRole,
        /// The article it repeats; itself where it is canonical.
        pub canonical_id: String,
        /// How much of it the canonical article holds, 0 to 1.
        pub similarity: Option<f64>,
        /// How many times the body repeated itself inside the file; 0 where it did not.
        pub self_repeats: i64,
        /// Whether a mention or statistic was found in it, or in the article it repeats.
        pub relevant: bool,
        /// Rows of `mentions` read from it.
        pub mention_count: i64,
        /// Rows of `statistics` read from it.
        pub statistic_count: i64,
        /// The clean body: simplified script, one paragraph a line; null where turned off.
        pub body: Option<String>,
    }
}

table! {
    "duplicates", key(article_id),
    refers((article_id) -> articles(article_id), (canonical_id) -> articles(article_id)),
    /// One row per article that repeats another.
    pub struct Duplicate {
        /// The article that repeats.
        pub article_id: String,
        /// The article it repeats.
        pub canonical_id: String,
        /// How it repeats: exact, near or excerpt; never canonical.
        pub kind: DuplicateRole,
        /// Shared pieces of text over all pieces of both, 0 to 1.
        pub jaccard: f64,
        /// Share of the shorter text that stands in the longer one, 0 to 1.
        pub containment: f64,
        /// Passages that both share.
        pub shared_spans: i64,
        /// A short shared passage.
        pub example: Option<String>,
        /// Articles in its group, the canonical one included.
        pub cluster_size: i64,
        /// Comma list of facts that differ between the two; null where none does.
        pub changed: Option<String>,
    }
}

column_group! {
    /// What is told of a case: the columns that `mentions` and `cases` share.
    #[derive(Default)]
    pub struct Facts {
        /// First named suspect, defendant or company as printed, in simplified script.
        pub lead: Option<String>,
        /// Who the lead is.
        pub lead_kind: Option<LeadKind>,
        /// The body that handled the latest stage told, as printed.
        pub agency: Option<String>,
        /// What kind of body it is.
        pub agency_kind: Option<AgencyKind>,
        /// GB/T 2260 code of the most specific division told.
        pub division_code: Option<String>,
        /// Name of its province.
        pub province: Option<String>,
        /// Name of its city.
        pub city: Option<String>,
        /// Name of its county or district.
        pub county: Option<String>,
        /// Charge as printed, without 罪 or 案.
        pub offence: Option<String>,
        /// Article of the Criminal Law, such as 253-1.
        pub offence_code: Option<String>,
        /// How far the case had gone when it was reported.
        pub stage: Option<CaseStage>,
        /// Latest enforcement action; the first day of the period where only a month or year is told.
        pub action_date: Option<i32>,
        /// How exactly that date is known.
        pub action_date_precision: Option<Precision>,
        /// Persons arrested or sentenced, as printed.
        pub suspects: Option<i64>,
        /// How `suspects` is hedged.
        pub suspects_q: Option<Qualifier>,
        /// Of them, insiders of the leaking industry.
        pub insiders: Option<i64>,
        /// How `insiders` is hedged.
        pub insiders_q: Option<Qualifier>,
        /// Gangs, dens or networks dismantled.
        pub groups: Option<i64>,
        /// How `groups` is hedged.
        pub groups_q: Option<Qualifier>,
        /// Items of personal information, the largest total told.
        pub records: Option<i64>,
        /// How `records` is hedged.
        pub records_q: Option<Qualifier>,
        /// Volume of the data in bytes, decimal units.
        pub data_bytes: Option<i64>,
        /// How `data_bytes` is hedged.
        pub data_bytes_q: Option<Qualifier>,
        /// Network accounts and black phone numbers involved.
        pub accounts: Option<i64>,
        /// How `accounts` is hedged.
        pub accounts_q: Option<Qualifier>,
        /// Persons deceived or affected.
        pub victims: Option<i64>,
        /// How `victims` is hedged.
        pub victims_q: Option<Qualifier>,
        /// Prison term of the lead in months.
        pub prison_months: Option<i64>,
        /// How `prison_months` is hedged.
        pub prison_months_q: Option<Qualifier>,
        /// Illegal gain in whole yuan: the total of the case, else of the lead.
        pub illegal_gain_yuan: Option<i64>,
        /// How `illegal_gain_yuan` is hedged.
        pub illegal_gain_yuan_q: Option<Qualifier>,
        /// Sum involved in whole yuan.
        pub amount_involved_yuan: Option<i64>,
        /// How `amount_involved_yuan` is hedged.
        pub amount_involved_yuan_q: Option<Qualifier>,
        /// Loss of the victims in whole yuan.
        pub loss_yuan: Option<i64>,
        /// How `loss_yuan` is hedged.
        pub loss_yuan_q: Option<Qualifier>,
        /// Fine on the lead in whole yuan.
        pub fine_yuan: Option<i64>,
        /// How `fine_yuan` is hedged.
        pub fine_yuan_q: Option<Qualifier>,
        /// Price per item in yuan, the lowest told.
        pub price_low_yuan: Option<f64>,
        /// How `price_low_yuan` is hedged.
        pub price_low_yuan_q: Option<Qualifier>,
        /// Price per item in yuan, the highest told; equal to the lowest where one price is told.
        pub price_high_yuan: Option<f64>,
        /// How `price_high_yuan` is hedged.
        pub price_high_yuan_q: Option<Qualifier>,
        /// Comma list of `method` codes, sorted.
        pub methods: Option<String>,
        /// Comma list of `data_type` codes, sorted.
        pub data_types: Option<String>,
        /// Comma list of `industry` codes, sorted.
        pub industries: Option<String>,
        /// Comma list of `use` codes, sorted.
        pub uses: Option<String>,
        /// Tier under the judicial interpretation of 2017, where the numbers allow; null where it does not apply.
        pub severity: Option<Severity>,
        /// Campaign it belongs to, such as 净网2021.
        pub campaign: Option<String>,
        /// How far the row can be trusted, 0 to 1.
        pub confidence: f64,
    }
}

impl Facts {
    /// The columns of a whole-number measure: the number and its hedge.
    pub fn measure_mut(&mut self, measure: Measure) -> (&mut Option<i64>, &mut Option<Qualifier>) {
        match measure {
            Measure::Suspects => (&mut self.suspects, &mut self.suspects_q),
            Measure::Insiders => (&mut self.insiders, &mut self.insiders_q),
            Measure::Groups => (&mut self.groups, &mut self.groups_q),
            Measure::Records => (&mut self.records, &mut self.records_q),
            Measure::DataBytes => (&mut self.data_bytes, &mut self.data_bytes_q),
            Measure::Accounts => (&mut self.accounts, &mut self.accounts_q),
            Measure::Victims => (&mut self.victims, &mut self.victims_q),
            Measure::PrisonMonths => (&mut self.prison_months, &mut self.prison_months_q),
            Measure::IllegalGain => (&mut self.illegal_gain_yuan, &mut self.illegal_gain_yuan_q),
            Measure::AmountInvolved => {
                (&mut self.amount_involved_yuan, &mut self.amount_involved_yuan_q)
            }
            Measure::Loss => (&mut self.loss_yuan, &mut self.loss_yuan_q),
            Measure::Fine => (&mut self.fine_yuan, &mut self.fine_yuan_q),
        }
    }

    /// A whole-number measure and its hedge.
    pub fn measure(&self, measure: Measure) -> (Option<i64>, Option<Qualifier>) {
        match measure {
            Measure::Suspects => (self.suspects, self.suspects_q),
            Measure::Insiders => (self.insiders, self.insiders_q),
            Measure::Groups => (self.groups, self.groups_q),
            Measure::Records => (self.records, self.records_q),
            Measure::DataBytes => (self.data_bytes, self.data_bytes_q),
            Measure::Accounts => (self.accounts, self.accounts_q),
            Measure::Victims => (self.victims, self.victims_q),
            Measure::PrisonMonths => (self.prison_months, self.prison_months_q),
            Measure::IllegalGain => (self.illegal_gain_yuan, self.illegal_gain_yuan_q),
            Measure::AmountInvolved => (self.amount_involved_yuan, self.amount_involved_yuan_q),
            Measure::Loss => (self.loss_yuan, self.loss_yuan_q),
            Measure::Fine => (self.fine_yuan, self.fine_yuan_q),
        }
    }

    /// Fills in a measure. A number that is not whole or not between 0 and 2^53 is left out, as no
    /// reader could be sure to take it unchanged.
    pub fn set_measure(&mut self, measure: Measure, number: &Number) {
        if let Some(whole) = whole(number.value) {
            let (value, qualifier) = self.measure_mut(measure);
            *value = Some(whole);
            *qualifier = Some(number.qualifier);
        }
    }
}

/// The number as an integer, if it is one that a 64-bit float holds exactly.
pub(super) fn whole(number: f64) -> Option<i64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0; // 2^53
    let fits = (0.0..=LIMIT).contains(&number) && number.fract() == 0.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
    fits.then_some(number as i64)
}

table! {
    "mentions", key(mention_id),
    refers((case_id) -> cases(case_id), (article_id) -> articles(article_id),
        (division_code) -> divisions(code), (offence_code) -> offences(code)),
    /// One row per telling of a case in one canonical article.
    pub struct Mention {
        /// Stable name.
        pub mention_id: String,
        /// The case told; the same for every telling of it.
        pub case_id: String,
        /// The article that tells it.
        pub article_id: String,
        /// Order in the article, from 1.
        pub ordinal: i64,
        /// The case's own heading, if any.
        pub headline: Option<String>,
        /// What is told.
        pub facts: Facts,
        /// The passage that tells it.
        pub text: String,
        /// Where the passage starts in the body, in characters.
        pub start: i64,
        /// Where it ends in the body, in characters.
        pub end: i64,
        /// Where it starts in the source document decoded to UTF-8, in bytes.
        pub source_start: i64,
        /// Where it ends there, in bytes.
        pub source_end: i64,
        /// The rule that decided `severity`; null where it is unknown.
        pub severity_rule: Option<String>,
    }
}

table! {
    "cases", key(case_id),
    refers((division_code) -> divisions(code), (offence_code) -> offences(code)),
    /// One row per distinct case, linked across articles; count these to count cases.
    pub struct Case {
        /// Stable name.
        pub case_id: String,
        /// What is told of it; each measure is the latest told, or a more precise one that agrees with it.
        pub facts: Facts,
        /// Rows of `mentions` that tell it.
        pub mention_count: i64,
        /// Articles that tell it, repeats included.
        pub article_count: i64,
        /// Earliest publication date of an article that tells it.
        pub first_reported: Option<i32>,
        /// Latest publication date of an article that tells it.
        pub last_reported: Option<i32>,
        /// Measures on which its tellings disagree.
        pub conflicts: i64,
    }
}

table! {
    "case_sources", key(case_id, article_id),
    refers((case_id) -> cases(case_id), (article_id) -> articles(article_id)),
    /// One row per case and article that tells it, repeats included: how widely a case was reported.
    pub struct CaseSource {
        /// The case.
        pub case_id: String,
        /// The article.
        pub article_id: String,
        /// How the article stands to the others that tell the same text.
        pub role: DuplicateRole,
        /// Publisher of the article.
        pub publisher: Option<String>,
        /// Publication date of the article.
        pub published: Option<i32>,
    }
}

table! {
    "figures", key(figure_id),
    refers((article_id) -> articles(article_id), (mention_id) -> mentions(mention_id)),
    /// One row per number read, whatever became of it.
    pub struct Figure {
        /// Stable name.
        pub figure_id: String,
        /// The article it stands in.
        pub article_id: String,
        /// The mention it stands in; null outside one.
        pub mention_id: Option<String>,
        /// The column it feeds, another role such as `seized_phones`, or `none`.
        pub role: String,
        /// The number; the lower bound where several or a range is told.
        pub value: f64,
        /// The least that the words allow; null where they leave it open.
        pub low: Option<f64>,
        /// The most that the words allow; null where they leave it open.
        pub high: Option<f64>,
        /// How it is hedged.
        pub qualifier: Qualifier,
        /// Measure word as printed, or the unit it was converted to.
        pub unit: Option<String>,
        /// What it counts, in the words of the article.
        pub subject: Option<String>,
        /// The words it was read from.
        pub evidence: String,
        /// Where they start in the body, in characters.
        pub start: i64,
        /// Where they end in the body, in characters.
        pub end: i64,
        /// The rule that gave it its role.
        pub rule: String,
    }
}

table! {
    "labels", key(mention_id, facet, code),
    refers((mention_id) -> mentions(mention_id), (case_id) -> cases(case_id),
        (facet, code) -> taxonomy(facet, code)),
    /// One row per mention, facet and code.
    pub struct Label {
        /// The mention.
        pub mention_id: String,
        /// Its case.
        pub case_id: String,
        /// Such as method.
        pub facet: String,
        /// Such as insider.
        pub code: String,
        /// The words that support it.
        pub evidence: String,
        /// Where they start in the body, in characters.
        pub start: i64,
        /// Where they end in the body, in characters.
        pub end: i64,
        /// The rule that fired.
        pub rule: String,
    }
}

table! {
    "statistics", key(statistic_id),
    refers((article_id) -> articles(article_id), (division_code) -> divisions(code)),
    /// One row per published total or share about more than one case; never add them to cases.
    pub struct Statistic {
        /// Stable name.
        pub statistic_id: String,
        /// The article that prints it.
        pub article_id: String,
        /// What is measured, such as `cases_solved` or `share`.
        pub metric: String,
        /// What it counts, in the words of the article.
        pub subject: Option<String>,
        /// The number; a share is a fraction.
        pub value: f64,
        /// The least that the words allow; null where they leave it open.
        pub low: Option<f64>,
        /// The most that the words allow; null where they leave it open.
        pub high: Option<f64>,
        /// How it is hedged.
        pub qualifier: Qualifier,
        /// Measure word as printed.
        pub unit: Option<String>,
        /// First day of the period it covers.
        pub period_start: Option<i32>,
        /// First day of the last day, month or year it covers.
        pub period_end: Option<i32>,
        /// How exactly the period is known.
        pub period_precision: Option<Precision>,
        /// GB/T 2260 code of the place it covers; 000000 for the nation.
        pub division_code: Option<String>,
        /// Campaign it belongs to, such as 净网2021.
        pub campaign: Option<String>,
        /// The words it was read from.
        pub evidence: String,
        /// Where they start in the body, in characters.
        pub start: i64,
        /// Where they end in the body, in characters.
        pub end: i64,
        /// The rule that read it.
        pub rule: String,
    }
}

table! {
    "rejects", key(source_path, source_ordinal), refers(),
    /// One row per input document that gave no article; every input is in `articles` or here.
    pub struct Reject {
        /// File relative to `raw/`, with `/` between its parts.
        pub source_path: String,
        /// Index inside a container, from 0; 0 where the file is one document.
        pub source_ordinal: i64,
        /// The stage that could not use it.
        pub stage: RejectStage,
        /// Why.
        pub reason: RejectReason,
        /// What exactly, for a person.
        pub detail: String,
        /// Size in bytes of what was rejected.
        pub bytes: i64,
    }
}

table! {
    "taxonomy", key(facet, code), refers(),
    /// One row per label that a case can carry.
    pub struct Term {
        /// Such as method.
        pub facet: String,
        /// Stable code.
        pub code: String,
        /// Code of the wider label in the same facet, if any.
        pub parent: Option<String>,
        /// Chinese name.
        pub zh: String,
        /// English name.
        pub en: String,
        /// What counts.
        pub definition: Option<String>,
        /// Codes of published standards that mean the same or nearly so.
        pub standard: Option<String>,
    }
}

table! {
    "divisions", key(code), refers(),
    /// One row per administrative division of GB/T 2260, abolished ones too.
    pub struct Division {
        /// Six digits.
        pub code: String,
        /// Official name.
        pub name: String,
        /// Its level.
        pub level: Level,
        /// Code of the division it belongs to.
        pub parent_code: Option<String>,
        /// Name of its province.
        pub province: Option<String>,
        /// Name of its city.
        pub city: Option<String>,
        /// Name of its county or district.
        pub county: Option<String>,
        /// Whether it has been abolished.
        pub retired: bool,
        /// Code that took its place.
        pub successor_code: Option<String>,
    }
}

table! {
    "offences", key(code), refers(),
    /// One row per offence that a charge is matched to.
    pub struct Offence {
        /// Article of the Criminal Law, such as 253-1.
        pub code: String,
        /// Chinese name.
        pub zh: String,
        /// English name.
        pub en: String,
        /// The law and article in full.
        pub law: String,
    }
}
