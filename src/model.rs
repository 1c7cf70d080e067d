//! The nouns that travel between stages: records, articles, found values, cases, rejects.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

pub use crate::mapped::{Mapped, Rewrite, SourceMap};

/// The name of the rule (an entry of a knowledge file) that read a value.
pub type RuleId = Arc<str>;

/// Names one record of one raw file, as `2024-05/daily.jsonl#17`.
///
/// It is the article's identity in every table, so a row can always be traced to its source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArticleId {
    /// Path relative to `raw/`, with `/` between its parts.
    pub file: String,
    /// Index inside a container (line of a JSONL file, from 0); 0 where the file is one record.
    pub record: u32,
}

impl ArticleId {
    /// The key used in the tables: `a` and 16 hexadecimal digits of a BLAKE3 hash of file and record.
    pub fn key(&self) -> String {
        ArticleId::named(self.digits())
    }

    /// The digits of the key as a number.
    pub fn digits(&self) -> u64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.file.as_bytes());
        hasher.update(&[0]);
        hasher.update(&self.record.to_le_bytes());
        let hash = hasher.finalize();
        hash.as_bytes().first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
    }

    /// The key with these digits.
    pub fn named(digits: u64) -> String {
        format!("a{digits:016x}")
    }
}

impl fmt::Display for ArticleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.file, self.record)
    }
}

/// Declares an enum whose members have a stable name in the tables.
macro_rules! named_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every member, in declaration order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The name that stands in the tables.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            /// The member with this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some($name::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.name()) }
        }
    };
}

named_enum! {
    /// What kind of document a record was.
    Format { Txt = "txt", Markdown = "markdown", Html = "html", Pdf = "pdf", Jsonl = "jsonl", Json = "json",
        Csv = "csv", Parquet = "parquet", Arrow = "arrow", Warc = "warc" }
}

named_enum! {
    /// How the bytes of a record were written.
    Encoding { Utf8 = "utf-8", Utf16Le = "utf-16le", Utf16Be = "utf-16be", Gb18030 = "gb18030", Big5 = "big5" }
}

named_enum! {
    /// Which Chinese script the source was written in.
    Script { Hans = "hans", Hant = "hant", Mixed = "mixed", Other = "other" }
}

named_enum! {
    /// A repair that cleaning made.
    Repair { PinyinArtifacts = "pinyin_artifacts", DamagedBytes = "damaged_bytes", Encoding = "encoding",
        Traditional = "traditional", Width = "width", Spacing = "spacing", HardWraps = "hard_wraps",
        Columns = "columns", Boilerplate = "boilerplate", SelfRepeat = "self_repeat", Markup = "markup",
        Invisible = "invisible", Truncated = "truncated", Privacy = "privacy", Wording = "wording",
        LookAlike = "look_alike" }
}

named_enum! {
    /// How exactly a date is known.
    Precision { Day = "day", Month = "month", Year = "year" }
}

named_enum! {
    /// Where a publication date was found.
    Basis { Metadata = "metadata", Dateline = "dateline", Text = "text", Path = "path", None = "none" }
}

named_enum! {
    /// How a number was hedged: 3000余 is `Over`, 近万 `Nearly`, 约 `About`, 数十 `Several`, 3至5 `Range`.
    Qualifier { Exact = "exact", Over = "over", Nearly = "nearly", About = "about", Several = "several", Range = "range" }
}

named_enum! {
    /// How an article stands to the others that tell the same text.
    DuplicateRole { Canonical = "canonical", Exact = "exact", Near = "near", Excerpt = "excerpt" }
}

named_enum! {
    /// Who the lead of a case is.
    LeadKind { Person = "person", Company = "company" }
}

named_enum! {
    /// What kind of body handled a case.
    AgencyKind { Police = "police", Procuratorate = "procuratorate", Court = "court", Regulator = "regulator", Other = "other" }
}

named_enum! {
    /// How far a case had gone when it was reported.
    CaseStage { Investigation = "investigation", Arrest = "arrest", Prosecution = "prosecution", Trial = "trial",
        Administrative = "administrative", PublicInterest = "public_interest" }
}

named_enum! {
    /// The whole-number measures of a case, in the order of the table's columns.
    Measure { Suspects = "suspects", Insiders = "insiders", Groups = "groups", Records = "records",
        DataBytes = "data_bytes", Accounts = "accounts", Victims = "victims", PrisonMonths = "prison_months",
        IllegalGain = "illegal_gain_yuan", AmountInvolved = "amount_involved_yuan", Loss = "loss_yuan", Fine = "fine_yuan" }
}

named_enum! {
    /// The stage at which a record was rejected.
    RejectStage { Acquire = "acquire", Clean = "clean" }
}

named_enum! {
    /// Why a record gave no article.
    RejectReason { Unreadable = "unreadable", UnknownFormat = "unknown_format", UnknownEncoding = "unknown_encoding",
        BadCompression = "bad_compression", BadRecord = "bad_record", TooLarge = "too_large", TooDeep = "too_deep",
        TooManyRecords = "too_many_records", RatioExceeded = "ratio_exceeded", Empty = "empty", NoText = "no_text", NotChinese = "not_chinese",
        SpecialFile = "special_file", BadName = "bad_name", TimeLimit = "time_limit", NoTextLayer = "no_text_layer",
        Encrypted = "encrypted", ReaderFailed = "reader_failed" }
}

/// A value read from a text, with the bytes it was read from and the rule that read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    /// What was read.
    pub value: T,
    /// Byte range in the clean body.
    pub span: Range<usize>,
    /// The rule that read it.
    pub rule: RuleId,
}

impl<T> Found<T> {
    /// A value with its evidence.
    pub fn new(value: T, span: Range<usize>, rule: impl Into<RuleId>) -> Self {
        Found { value, span, rule: rule.into() }
    }
}

/// A calendar date of which the month or the day may be unknown. It exists only if it is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
}

impl Date {
    /// `None` for a day without a month, a day that the month does not have, or a year outside 1900..=2100.
    pub fn new(year: i16, month: Option<i8>, day: Option<i8>) -> Option<Self> {
        if !(1900..=2100).contains(&year) || (day.is_some() && month.is_none()) {
            return None;
        }
        jiff::civil::Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).ok()?;
        Some(Date { year, month, day })
    }

    /// A whole day.
    pub fn from_civil(day: jiff::civil::Date) -> Option<Self> {
        Date::new(day.year(), Some(day.month()), Some(day.day()))
    }

    /// The year.
    pub fn year(self) -> i16 {
        self.year
    }

    /// The month, 1 to 12, where known.
    pub fn month(self) -> Option<i8> {
        self.month
    }

    /// The day of the month, where known.
    pub fn day(self) -> Option<i8> {
        self.day
    }

    /// How exactly the date is known.
    pub fn precision(self) -> Precision {
        match (self.month, self.day) {
            (Some(_), Some(_)) => Precision::Day,
            (Some(_), None) => Precision::Month,
            (None, _) => Precision::Year,
        }
    }

    /// The first day that the date can mean.
    pub fn first_day(self) -> jiff::civil::Date {
        jiff::civil::Date::new(self.year, self.month.unwrap_or(1), self.day.unwrap_or(1))
            .expect("a Date was checked when it was made")
    }

    /// Days since 1970-01-01 of the first day.
    pub fn days(self) -> i32 {
        let epoch = jiff::civil::date(1970, 1, 1);
        (self.first_day() - epoch).get_days()
    }
}

/// `2023`, `2023-05` or `2023-05-17`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if let Some(month) = self.month {
            write!(f, "-{month:02}")?;
        }
        if let Some(day) = self.day {
            write!(f, "-{day:02}")?;
        }
        Ok(())
    }
}

/// A quantity as the text hedges it. `value` is what the tables print; `low` and `high` bound what was said
/// (`None` where the words leave that side open).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    /// The printed number; the lower bound for `Several` and `Range`.
    pub value: f64,
    /// The least the words allow.
    pub low: Option<f64>,
    /// The most the words allow.
    pub high: Option<f64>,
    /// The hedge.
    pub qualifier: Qualifier,
}

impl Number {
    /// A number without a hedge.
    pub fn exact(value: f64) -> Self {
        Number { value, low: Some(value), high: Some(value), qualifier: Qualifier::Exact }
    }
}

/// What a source says about an article outside its text, as printed there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The title.
    pub title: Option<String>,
    /// The publisher (`source`, `author`, account name).
    pub publisher: Option<String>,
    /// The address.
    pub url: Option<String>,
    /// The publication date, not yet parsed.
    pub published: Option<String>,
}

/// One article's worth of a raw file, decoded to UTF-8 but not yet cleaned.
#[derive(Debug, Clone)]
pub struct RawArticle {
    /// Where it came from.
    pub id: ArticleId,
    /// What it was.
    pub format: Format,
    /// How it was written.
    pub encoding: Encoding,
    /// The text, with a map to the bytes of the source document as decoded to UTF-8
    /// (the whole file; for a container the record's text).
    pub text: Mapped,
    /// What the source says outside the text.
    pub meta: Metadata,
    /// Repairs made while decoding.
    pub repairs: BTreeSet<Repair>,
    /// Size of the record in its file, in bytes.
    pub bytes: u64,
}

/// When an article was published, and where that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// The date.
    pub date: Date,
    /// Where it stood.
    pub basis: Basis,
}

/// A cleaned record. Outside tests it only comes from `clean`.
#[derive(Debug, Clone)]
pub struct Article {
    /// Where it came from.
    pub id: ArticleId,
    /// What it was.
    pub format: Format,
    /// How it was written.
    pub encoding: Encoding,
    /// Which script it was written in.
    pub script: Script,
    /// Repairs made while decoding and cleaning.
    pub repairs: BTreeSet<Repair>,
    /// The title as printed, in simplified script.
    pub title: Option<String>,
    /// The publisher as printed, in simplified script.
    pub publisher: Option<String>,
    /// The address.
    pub url: Option<String>,
    /// The publication date.
    pub published: Option<Published>,
    /// The clean text: simplified script, one paragraph a line, no navigation; with a map to the decoded source.
    pub body: Mapped,
    /// 128 bits of BLAKE3 of the body in hexadecimal: equal means the same text.
    pub content_hash: String,
    /// How many times the body repeated itself inside the file (the repeats are not in `body`).
    pub self_repeats: u32,
    /// Size of the record in its file, in bytes.
    pub bytes: u64,
}

/// The name of a suspect, defendant or company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    /// As printed, simplified script.
    pub name: String,
    /// Person or company.
    pub kind: LeadKind,
}

/// The body that handled a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// As printed.
    pub name: String,
    /// Its kind.
    pub kind: AgencyKind,
}

/// A price per item in yuan; `low` equals `high` where one price is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// Yuan.
    pub low: f64,
    /// Yuan.
    pub high: f64,
}

/// A charge as printed, without 罪 or 案, and the article of the Criminal Law where it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offence {
    /// As printed.
    pub name: String,
    /// Such as `253-1`.
    pub code: Option<String>,
}

/// One case told of in one article.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Order in the article, from 1.
    pub ordinal: u32,
    /// The passage that tells it: byte range in the clean body.
    pub span: Range<usize>,
    /// Its own heading, if any.
    pub headline: Option<Found<String>>,
    /// The first named suspect, defendant or company.
    pub lead: Option<Found<Lead>>,
    /// The body of the latest stage told.
    pub agency: Option<Found<Agency>>,
    /// GB/T 2260 code of the most specific division.
    pub division: Option<Found<String>>,
    /// The charge.
    pub offence: Option<Found<Offence>>,
    /// How far it had gone.
    pub stage: Option<Found<CaseStage>>,
    /// The latest enforcement action.
    pub action_date: Option<Found<Date>>,
    /// The measures that were told.
    pub numbers: BTreeMap<Measure, Found<Number>>,
    /// Price per item.
    pub price: Option<Found<Price>>,
    /// The campaign it belongs to, such as 净网2021.
    pub campaign: Option<Found<String>>,
    /// 0 to 1.
    pub confidence: f64,
}

/// A number read, whatever became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Ordinal of the case it stands in, `None` outside a case.
    pub case: Option<u32>,
    /// The column it feeds, another role such as `seized_phones`, or `none`.
    pub role: String,
    /// The number, its words and the rule that gave it its role.
    pub number: Found<Number>,
    /// The measure word as printed (条, 万元), or the unit it was converted to (yuan, months).
    pub unit: String,
    /// What it counts, in the article's words.
    pub subject: Option<String>,
}

/// A published total or share about more than one case.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistic {
    /// One of the metrics of the annotation guide (`cases_solved`, `share`...).
    pub metric: String,
    /// What it counts, in the article's words.
    pub subject: Option<String>,
    /// The number, its words and rule; a share is a fraction.
    pub number: Found<Number>,
    /// The measure word as printed.
    pub unit: Option<String>,
    /// First period it covers.
    pub period_start: Option<Date>,
    /// Last period it covers.
    pub period_end: Option<Date>,
    /// GB/T 2260 code; `000000` for the nation.
    pub division: Option<String>,
    /// Such as 净网2021.
    pub campaign: Option<String>,
}

/// What one article tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extracted {
    /// Its cases, in order.
    pub cases: Vec<Case>,
    /// Its totals and shares.
    pub statistics: Vec<Statistic>,
    /// Every number read.
    pub figures: Vec<Figure>,
}

/// A taxonomy code on a case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Such as `method`.
    pub facet: String,
    /// Such as `insider`.
    pub code: String,
    /// The evidence: byte range in the clean body.
    pub span: (usize, usize),
    /// The rule that fired.
    pub rule: RuleId,
}

/// A record that stops here, and why. Rejects are published; they are results, not errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Where it came from.
    pub id: ArticleId,
    /// The stage that could not use it.
    pub stage: RejectStage,
    /// Why.
    pub reason: RejectReason,
    /// What exactly, for a person: `invalid gzip header`.
    pub detail: String,
    /// Size in bytes of what was rejected.
    pub bytes: u64,
}
