//! Summarise: small tables ready for a chart, made from the big ones with polars.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use polars::prelude::{
    DataFrame, DataType, Expr, IntoLazy, NamedFrom, PolarsResult, QuantileMethod, Series, col, len,
    lit,
};

use super::column::{Cell, Column, Field, Refer, Row, column_group, table};
use super::rows::{Article, Case, Division, Facts, Reject, Term, whole};
use crate::model::{DuplicateRole, Measure, Qualifier};

column_group! {
    /// What is counted for a group of cases. Sums take numbers as printed, which is the least that the
    /// words allow except for hedges such as 近 and 约; a sum is null where no case of the group tells the number.
    pub struct Totals {
        /// Cases in the group.
        pub n: i64,
        /// Tellings of these cases.
        pub mention_count: i64,
        /// Articles that tell them, repeats included.
        pub article_count: i64,
        /// Cases that tell suspects.
        pub suspects_n: i64,
        /// Sum of suspects.
        pub suspects: Option<i64>,
        /// Cases that tell records.
        pub records_n: i64,
        /// Sum of records.
        pub records: Option<i64>,
        /// Cases that tell an illegal gain.
        pub illegal_gain_yuan_n: i64,
        /// Sum of illegal gains in yuan.
        pub illegal_gain_yuan: Option<i64>,
    }
}

table! {
    "by_year", key(year, basis), refers(),
    made_from "cases: each row once, under the year of action_date, else of first_reported",
    /// Cases by year.
    pub struct ByYear {
        /// The year; null where nothing dates the case.
        pub year: Option<i64>,
        /// Which column gave the year: `action_date` or `first_reported`; null where none did.
        pub basis: Option<String>,
        /// What is counted.
        pub totals: Totals,
    }
}

table! {
    "by_province", key(province_code), refers((province_code) -> divisions(code)),
    made_from "cases: each row once, under the province of division_code",
    /// Cases by province.
    pub struct ByProvince {
        /// GB/T 2260 code of the province; null where no place is told.
        pub province_code: Option<String>,
        /// Its name.
        pub province: Option<String>,
        /// What is counted.
        pub totals: Totals,
    }
}

/// Declares the summary of one facet.
macro_rules! by_facet {
    ($name:literal, $row:ident, $from:literal, $about:literal) => {
        table! {
            $name, key(code), refers(), made_from $from,
            #[doc = $about]
            pub struct $row {
                /// Code of the label; null for cases without one.
                pub code: Option<String>,
                /// Chinese name.
                pub zh: Option<String>,
                /// English name.
                pub en: Option<String>,
                /// What is counted.
                pub totals: Totals,
            }
        }

        impl From<Labelled> for $row {
            fn from(Labelled { code, zh, en, totals }: Labelled) -> Self {
                $row { code, zh, en, totals }
            }
        }
    };
}

by_facet!(
    "by_method",
    ByMethod,
    "cases: each row once under each of its methods, so the counts add up to more than the cases",
    "Cases by method."
);
by_facet!(
    "by_data_type",
    ByDataType,
    "cases: each row once under each of its data_types, so the counts add up to more than the cases",
    "Cases by data type."
);
by_facet!(
    "by_industry",
    ByIndustry,
    "cases: each row once under each of its industries, so the counts add up to more than the cases",
    "Cases by industry."
);
by_facet!(
    "by_use",
    ByUse,
    "cases: each row once under each of its uses, so the counts add up to more than the cases",
    "Cases by use."
);

table! {
    "method_by_industry", key(method, industry), refers(),
    made_from "cases: each row once under each pair of its methods and industries",
    /// Cases by method and industry, in long form.
    pub struct MethodByIndustry {
        /// Code of the method; null for cases without one.
        pub method: Option<String>,
        /// Code of the industry; null for cases without one.
        pub industry: Option<String>,
        /// What is counted.
        pub totals: Totals,
    }
}

table! {
    "source_coverage", key(publisher), refers(),
    made_from "articles: each row once",
    /// Articles by publisher.
    pub struct SourceCoverage {
        /// The publisher; null where none is told.
        pub publisher: Option<String>,
        /// Articles.
        pub n: i64,
        /// Of them, those that repeat no other article.
        pub canonical: i64,
        /// Of them, those that tell a case or statistic.
        pub relevant: i64,
        /// Tellings of cases read from them.
        pub mention_count: i64,
        /// Earliest publication date.
        pub first_published: Option<i32>,
        /// Latest publication date.
        pub last_published: Option<i32>,
    }
}

table! {
    "measures", key(measure), refers(),
    made_from "cases: each row that tells the number",
    /// Distribution of every number over the cases that tell it.
    pub struct MeasureSummary {
        /// Column of `cases`.
        pub measure: String,
        /// Cases that tell it.
        pub n: i64,
        /// Of them, those that tell it without a hedge.
        pub exact_n: i64,
        /// Sum as printed: the least that the words allow except for hedges such as 近 and 约; null for prices.
        pub sum: Option<f64>,
        /// Median as printed.
        pub median: Option<f64>,
        /// 90th percentile as printed, interpolated.
        pub p90: Option<f64>,
        /// Smallest as printed.
        pub min: Option<f64>,
        /// Largest as printed.
        pub max: Option<f64>,
    }
}

/// All summaries.
#[derive(Debug, Clone, PartialEq)]
pub struct Summaries {
    /// Cases by year.
    pub by_year: Vec<ByYear>,
    /// Cases by province.
    pub by_province: Vec<ByProvince>,
    /// Cases by method.
    pub by_method: Vec<ByMethod>,
    /// Cases by data type.
    pub by_data_type: Vec<ByDataType>,
    /// Cases by industry.
    pub by_industry: Vec<ByIndustry>,
    /// Cases by use.
    pub by_use: Vec<ByUse>,
    /// Cases by method and industry.
    pub method_by_industry: Vec<MethodByIndustry>,
    /// Articles by publisher.
    pub source_coverage: Vec<SourceCoverage>,
    /// Distribution of every number.
    pub measures: Vec<MeasureSummary>,
}

/// What summaries and the report page need to know of the tables, taken in while these are written.
#[derive(Debug, Clone, Default)]
pub struct Gathered {
    /// Every case.
    pub cases: Vec<Case>,
    /// Every label that a case can carry.
    pub taxonomy: Vec<Term>,
    /// Every division.
    pub divisions: Vec<Division>,
    /// Articles by publisher.
    pub coverage: BTreeMap<Option<String>, SourceCoverage>,
    /// Rejects by stage and reason.
    pub rejects: BTreeMap<(&'static str, &'static str), usize>,
    /// Articles that repeat no other and are relevant.
    pub relevant: usize,
    /// Rows of each table.
    pub rows: BTreeMap<&'static str, u64>,
}

impl Gathered {
    /// Takes an article in; its text is not looked at.
    pub fn article(&mut self, article: &Article) {
        let canonical = article.duplicate_role == DuplicateRole::Canonical;
        self.relevant += usize::from(canonical && article.relevant);
        let publisher = &article.publisher;
        let row = self.coverage.entry(publisher.clone()).or_insert_with(|| SourceCoverage {
            publisher: publisher.clone(),
            n: 0,
            canonical: 0,
            relevant: 0,
            mention_count: 0,
            first_published: None,
            last_published: None,
        });
        row.n += 1;
        row.canonical += i64::from(canonical);
        row.relevant += i64::from(article.relevant);
        row.mention_count += article.mention_count;
        let days = [row.first_published, row.last_published, article.published];
        row.first_published = days.into_iter().flatten().min();
        row.last_published = days.into_iter().flatten().max();
    }

    /// Takes a reject in.
    pub fn reject(&mut self, reject: &Reject) {
        *self.rejects.entry((reject.stage.name(), reject.reason.name())).or_default() += 1;
    }

    /// Rows of a table.
    pub fn count(&self, table: &str) -> u64 {
        self.rows.get(table).copied().unwrap_or(0)
    }

    /// Articles that repeat no other.
    pub fn canonical(&self) -> i64 {
        self.coverage.values().map(|row| row.canonical).sum()
    }
}

/// The summaries of what was gathered.
pub fn summarise(tables: &Gathered) -> PolarsResult<Summaries> {
    let cases = &tables.cases;
    Ok(Summaries {
        by_year: by_year(cases)?,
        by_province: by_province(tables)?,
        by_method: by_facet(tables, "method", |facts| &facts.methods)?,
        by_data_type: by_facet(tables, "data_type", |facts| &facts.data_types)?,
        by_industry: by_facet(tables, "industry", |facts| &facts.industries)?,
        by_use: by_facet(tables, "use", |facts| &facts.uses)?,
        method_by_industry: method_by_industry(cases)?,
        source_coverage: tables.coverage.values().cloned().collect(),
        measures: measures(cases)?,
    })
}

fn by_year(cases: &[Case]) -> PolarsResult<Vec<ByYear>> {
    let groups = count(cases.iter().map(|case| {
        let action = case.facts.action_date.and_then(year).map(|year| (year, "action_date"));
        let reported = case.first_reported.and_then(year).map(|year| (year, "first_reported"));
        let (year, basis) = action.or(reported).unzip();
        ([year.map(|year| year.to_string()), basis.map(str::to_owned)], case)
    }))?;
    let row = |([year, basis], totals): Group<2>| {
        let year = year.and_then(|year| year.parse().ok());
        ByYear { year, basis, totals }
    };
    Ok(groups.into_iter().map(row).collect())
}

/// The year of a day counted from 1970-01-01.
fn year(days: i32) -> Option<i16> {
    let epoch = jiff::civil::date(1970, 1, 1);
    Some(epoch.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?.year())
}

fn by_province(tables: &Gathered) -> PolarsResult<Vec<ByProvince>> {
    let divisions = tables.divisions.iter();
    let names: BTreeMap<_, _> =
        divisions.map(|row| (row.code.as_str(), row.name.as_str())).collect();
    let groups = count(tables.cases.iter().map(|case| {
        let code = case.facts.division_code.as_deref().and_then(|code| code.get(..2));
        ([code.map(|code| format!("{code}0000"))], case)
    }))?;
    let row = |([province_code], totals): Group<1>| {
        let name = province_code.as_deref().and_then(|code| names.get(code));
        ByProvince { province: name.map(|name| (*name).to_owned()), province_code, totals }
    };
    Ok(groups.into_iter().map(row).collect())
}

/// A label with its names and totals.
struct Labelled {
    code: Option<String>,
    zh: Option<String>,
    en: Option<String>,
    totals: Totals,
}

fn by_facet<R: From<Labelled>>(
    tables: &Gathered,
    facet: &str,
    codes: fn(&Facts) -> &Option<String>,
) -> PolarsResult<Vec<R>> {
    let terms = tables.taxonomy.iter().filter(|term| term.facet == facet);
    let names: BTreeMap<_, _> = terms.map(|term| (term.code.as_str(), term)).collect();
    let cases = tables.cases.iter();
    let groups =
        count(cases.flat_map(|case| split(codes(&case.facts)).map(move |code| ([code], case))))?;
    let row = |([code], totals): Group<1>| {
        let term = code.as_deref().and_then(|code| names.get(code));
        let (zh, en) = term.map(|term| (term.zh.clone(), term.en.clone())).unzip();
        Labelled { code, zh, en, totals }.into()
    };
    Ok(groups.into_iter().map(row).collect())
}

fn method_by_industry(cases: &[Case]) -> PolarsResult<Vec<MethodByIndustry>> {
    let pairs = cases.iter().flat_map(|case| {
        split(&case.facts.methods).flat_map(move |method| {
            split(&case.facts.industries).map(move |industry| ([method.clone(), industry], case))
        })
    });
    let row =
        |([method, industry], totals): Group<2>| MethodByIndustry { method, industry, totals };
    Ok(count(pairs)?.into_iter().map(row).collect())
}

/// The codes of a comma list; one `None` where there is none.
fn split(codes: &Option<String>) -> impl Iterator<Item = Option<String>> {
    let none = codes.is_none().then_some(None);
    codes.iter().flat_map(|codes| codes.split(',')).map(|code| Some(code.to_owned())).chain(none)
}

/// The keys of a group and what is counted for it.
type Group<const N: usize> = ([Option<String>; N], Totals);

/// The measures that [`Totals`] adds up.
const SUMMED: [Measure; 3] = [Measure::Suspects, Measure::Records, Measure::IllegalGain];

/// Groups cases by their keys and counts each group. The order of groups is not settled.
fn count<'a, const N: usize>(
    rows: impl Iterator<Item = ([Option<String>; N], &'a Case)>,
) -> PolarsResult<Vec<Group<N>>> {
    let (keys, cases): (Vec<_>, Vec<_>) = rows.unzip();
    let key_name = |i: usize| format!("key{i}");
    let mut columns = Vec::new();
    for i in 0..N {
        let key: Vec<_> = keys.iter().map(|key| key.get(i).and_then(Option::as_deref)).collect();
        columns.push(Series::new(key_name(i).into(), key).into());
    }
    let mentions: Vec<_> = cases.iter().map(|case| case.mention_count).collect();
    columns.push(Series::new("mention_count".into(), mentions).into());
    let articles: Vec<_> = cases.iter().map(|case| case.article_count).collect();
    columns.push(Series::new("article_count".into(), articles).into());
    for measure in SUMMED {
        let told = cases.iter().map(|case| case.facts.measure(measure).0.map(float));
        columns.push(Series::new(measure.name().into(), told.collect::<Vec<_>>()).into());
    }

    let by: Vec<Expr> = (0..N).map(|i| col(key_name(i))).collect();
    let mut counted: Vec<Expr> = vec![whole_column(len(), "n")];
    counted.extend([col("mention_count").sum(), col("article_count").sum()]);
    for name in SUMMED.map(Measure::name) {
        counted.push(whole_column(col(name).count(), &format!("{name}_n")));
        counted.push(col(name).sum());
    }
    let groups =
        DataFrame::new(cases.len(), columns)?.lazy().group_by(by).agg(counted).collect()?;
    (0..groups.height())
        .map(|row| {
            let mut key = [const { None }; N];
            for (i, part) in key.iter_mut().enumerate() {
                *part = text_at(&groups, &key_name(i), row)?;
            }
            Ok((key, totals(&groups, row)?))
        })
        .collect()
}

fn totals(groups: &DataFrame, row: usize) -> PolarsResult<Totals> {
    let number = |name| PolarsResult::Ok(whole_at(groups, name, row)?.unwrap_or(0));
    let sum = |name, told| {
        let sum = float_at(groups, name, row)?.filter(|_| told > 0);
        // A sum above 2^53 would not be exact, so it is left out.
        PolarsResult::Ok(sum.and_then(whole))
    };
    let suspects_n = number("suspects_n")?;
    let records_n = number("records_n")?;
    let illegal_gain_yuan_n = number("illegal_gain_yuan_n")?;
    Ok(Totals {
        n: number("n")?,
        mention_count: number("mention_count")?,
        article_count: number("article_count")?,
        suspects_n,
        suspects: sum("suspects", suspects_n)?,
        records_n,
        records: sum("records", records_n)?,
        illegal_gain_yuan_n,
        illegal_gain_yuan: sum("illegal_gain_yuan", illegal_gain_yuan_n)?,
    })
}

fn measures(cases: &[Case]) -> PolarsResult<Vec<MeasureSummary>> {
    let whole_measures = Measure::ALL.iter().map(|&measure| {
        let told = cases.iter().filter_map(move |case| {
            let (number, qualifier) = case.facts.measure(measure);
            Some((float(number?), qualifier))
        });
        (measure.name(), true, told.collect::<Vec<_>>())
    });
    let low = cases.iter().map(|case| (case.facts.price_low_yuan, case.facts.price_low_yuan_q));
    let high = cases.iter().map(|case| (case.facts.price_high_yuan, case.facts.price_high_yuan_q));
    let told = |(price, hedge): (Option<f64>, _)| Some((price?, hedge));
    let prices = [
        ("price_low_yuan", false, low.filter_map(told).collect()),
        ("price_high_yuan", false, high.filter_map(told).collect()),
    ];
    whole_measures
        .chain(prices)
        .map(|(name, adds_up, told)| measure(name, adds_up, &told))
        .collect()
}

fn measure(
    name: &str,
    adds_up: bool,
    told: &[(f64, Option<Qualifier>)],
) -> PolarsResult<MeasureSummary> {
    let values: Vec<_> = told.iter().map(|(value, _)| *value).collect();
    let exact = told.iter().filter(|(_, hedge)| *hedge == Some(Qualifier::Exact)).count();
    let value = || col("value");
    let summary = DataFrame::new(values.len(), vec![Series::new("value".into(), values).into()])?
        .lazy()
        .select([
            value().sum().alias("sum"),
            value().median().alias("median"),
            value().quantile(lit(0.9), QuantileMethod::Linear).alias("p90"),
            value().min().alias("min"),
            value().max().alias("max"),
        ])
        .collect()?;
    let number = |name| float_at(&summary, name, 0);
    Ok(MeasureSummary {
        measure: name.to_owned(),
        n: size(told.len()),
        exact_n: size(exact),
        sum: number("sum")?.filter(|sum| adds_up && !told.is_empty() && whole(*sum).is_some()),
        median: number("median")?,
        p90: number("p90")?,
        min: number("min")?,
        max: number("max")?,
    })
}

/// A count that polars gives in a type of its own, as a whole number.
fn whole_column(count: Expr, name: &str) -> Expr {
    count.cast(DataType::Int64).alias(name)
}

fn text_at(frame: &DataFrame, name: &str, row: usize) -> PolarsResult<Option<String>> {
    Ok(frame.column(name)?.str()?.get(row).map(str::to_owned))
}

fn whole_at(frame: &DataFrame, name: &str, row: usize) -> PolarsResult<Option<i64>> {
    Ok(frame.column(name)?.i64()?.get(row))
}

fn float_at(frame: &DataFrame, name: &str, row: usize) -> PolarsResult<Option<f64>> {
    Ok(frame.column(name)?.f64()?.get(row))
}

/// Sums of floats that are whole and stay under 2^53 are exact in any order.
fn float(number: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "the tables hold whole numbers under 2^53")]
    let float = number as f64;
    float
}

fn size(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
