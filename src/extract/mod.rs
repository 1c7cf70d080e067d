//! Extract: a clean article becomes its cases, totals and figures, each value with its words and its rule.

mod agency;
mod charge;
mod figure;
mod numerals;
mod outcome;
mod people;
pub mod place;
pub mod quantity;
mod scan;
pub mod spans;
mod split;
mod statistic;
mod text;
pub mod time;

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use self::charge::Charge;
use self::place::{Context, Places};
use self::scan::Scan;
use self::split::Passage;
use self::text::{piece, within};
use crate::knowledge::Knowledge;
use crate::knowledge::lists;
use crate::knowledge::measure::Measures;
use crate::knowledge::patterns::Patterns;
use crate::knowledge::timewords::TimeWords;
use crate::model::{Article, Case, CaseStage, Extracted, Found, Lead, LeadKind, Offence};

/// What extraction is judged by, compiled once.
#[derive(Debug)]
pub struct Rules<'k> {
    patterns: &'k Patterns,
    measures: &'k Measures,
    time: &'k TimeWords,
    names: people::Shapes,
    /// Finds places.
    pub places: Places,
    charges: ChargeWords,
}

impl<'k> Rules<'k> {
    /// Compiles the knowledge that extraction uses.
    pub fn new(knowledge: &'k Knowledge) -> Self {
        Rules {
            patterns: &knowledge.patterns,
            measures: &knowledge.measures,
            time: &knowledge.timewords,
            names: people::Shapes::new(&knowledge.patterns),
            places: Places::new(&knowledge.divisions),
            charges: ChargeWords::new(knowledge),
        }
    }
}

/// All names of charges in one automaton.
#[derive(Debug)]
struct ChargeWords {
    automaton: Option<AhoCorasick>,
    codes: Vec<Option<String>>,
}

impl ChargeWords {
    fn new(knowledge: &Knowledge) -> Self {
        let phrases: Vec<(String, Option<String>)> = knowledge
            .offences
            .phrases()
            .map(|(phrase, code)| (phrase.to_owned(), Some(code.to_owned())))
            .collect();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(phrases.iter().map(|(phrase, _)| phrase))
            .ok();
        ChargeWords { automaton, codes: phrases.into_iter().map(|(_, code)| code).collect() }
    }

    /// The charges of a text with their codes: known ones, and words in the place of a charge (以…罪, 涉嫌…案).
    fn find(&self, text: &str, lists: &lists::Charge) -> Vec<(Range<usize>, Option<String>)> {
        let known =
            self.automaton.iter().flat_map(|automaton| automaton.find_iter(text)).map(|found| {
                let code = self.codes.get(found.pattern().as_usize()).cloned().flatten();
                (found.range(), code)
            });
        let mut all: Vec<(Range<usize>, Option<String>)> = known.collect();
        for span in charge::unlisted(text, lists) {
            let overlaps = |other: &Range<usize>| other.start < span.end && span.start < other.end;
            if !all.iter().any(|(other, _)| overlaps(other)) {
                all.push((span, None));
            }
        }
        all.sort_by_key(|(span, _)| span.start);
        all
    }
}

/// Reads the cases, totals and figures of an article. A field that is not found is `None`.
pub fn extract(article: &Article, rules: &Rules<'_>) -> Extracted {
    let text = article.body.text();
    if !may_tell_cases(text, rules.patterns) {
        return Extracted::default();
    }
    let scan = Scan::new(text, article.published.map(|published| published.date), rules);
    let passages = split::split(&scan);
    let of_set = charge_of_set(&scan, &passages);
    let statistics = statistic::statistics(&scan, &passages);
    // A number that is a published total is no figure of a case.
    let totals: Vec<usize> =
        statistics.iter().map(|statistic| statistic.number.span.start).collect();
    let mut extracted = Extracted { statistics, ..Extracted::default() };
    for (ordinal, passage) in (1..).zip(&passages) {
        let (case, figures) = read_case(&scan, passage, ordinal, of_set, &totals, rules);
        extracted.cases.push(case);
        extracted.figures.extend(figures);
    }
    extracted.figures.extend(loose_figures(&scan, &passages, &extracted));
    extracted.figures.sort_by_key(|figure| (figure.number.span.start, figure.case));
    extracted.figures.dedup_by_key(|figure| (figure.number.span.start, figure.number.span.end));
    extracted
}

/// A cheap look: an article without a word of enforcement tells no case and no total.
fn may_tell_cases(text: &str, patterns: &Patterns) -> bool {
    patterns.gate.passes(text)
}

/// The charge of the set that the cases illustrate, from the words before the first of them.
fn charge_of_set<'s>(scan: &'s Scan<'_>, passages: &[Passage]) -> Option<&'s Charge> {
    let first = passages.first()?.span.start;
    let before = within(&scan.charges, 0..first.max(1));
    before
        .iter()
        .max_by_key(|charge| charge.form)
        .filter(|charge| charge::Form::Kind <= charge.form)
}

/// One case from its passages, with every figure in them.
fn read_case(
    scan: &Scan<'_>,
    passage: &Passage,
    ordinal: u32,
    of_set: Option<&Charge>,
    totals: &[usize],
    rules: &Rules<'_>,
) -> (Case, Vec<crate::model::Figure>) {
    let text = scan.text;
    let ranges = passage.ranges();
    let lead = ranges.iter().find_map(|range| scan.first_lead(range));
    let lead_name = lead.map(|name| piece(text, name.span.clone()));
    let public_interest = is_public_interest(scan, passage);
    let stage =
        outcome::stage(text, &ranges, &scan.sentences, &scan.hits, public_interest, scan.patterns);
    let stage = stage.or_else(|| outcome::stage_of_set(scan, passage));
    let stage_value = stage.as_ref().map(|found| found.value);
    let agency = agency::agency(scan, &ranges, passage.headline.as_ref(), stage_value);
    let division = division(scan, &ranges, agency.as_ref().map(|agency| &agency.span), rules);
    let action_date = stage_value.and_then(|stage| {
        outcome::action_date(
            text,
            &ranges,
            &scan.sentences,
            &scan.hits,
            &scan.moments,
            stage,
            scan.patterns,
        )
    });
    let figures = figure::figures(scan, passage, lead_name, ordinal, totals);
    let offence: Option<Found<Offence>> =
        charge::offence(text, passage.case_name.as_ref(), &ranges, &scan.charges, of_set);
    let mut case = Case {
        ordinal,
        span: passage.span.clone(),
        headline: passage
            .headline
            .clone()
            .map(|range| Found::new(piece(text, range.clone()).to_owned(), range, "headline")),
        lead: lead.map(|name| {
            Found::new(
                Lead { name: piece(text, name.span.clone()).to_owned(), kind: name.kind },
                name.span.clone(),
                name.rule,
            )
        }),
        agency,
        division,
        offence,
        stage,
        action_date,
        numbers: figures.numbers,
        price: figures.price,
        campaign: statistic::campaign(scan, &(0..text.len()), &passage.span),
        confidence: 0.0,
    };
    case.confidence = confidence(&case);
    (case, figures.all)
}

/// A case of public-interest litigation says so in its name or heading, or its passage tells of nothing else.
fn is_public_interest(scan: &Scan<'_>, passage: &Passage) -> bool {
    let heading = passage
        .headline
        .clone()
        .or(passage.case_name.clone())
        .map_or("", |range| piece(scan.text, range));
    let words = piece(scan.text, passage.span.clone());
    let judged = scan.hits_of(&passage.span, "judge").next().is_some()
        || scan.hits_of(&passage.span, "arrest").next().is_some();
    heading.contains("公益诉讼")
        || (!judged
            && (words.contains("检察建议") || words.contains("公益诉讼"))
            && !words.contains("被告人"))
}

/// The division of the handling body, else of the place named first.
fn division(
    scan: &Scan<'_>,
    ranges: &[Range<usize>],
    agency: Option<&Range<usize>>,
    rules: &Rules<'_>,
) -> Option<Found<String>> {
    // 黑龙江公安机关 in the heading, 哈尔滨网安部门 in the text: the narrower body of the same kind handled it.
    let narrower = agency.and_then(|span| {
        let handling = scan.bodies.iter().find(|body| body.span == *span)?;
        let code = scan.code_of(handling)?;
        let province = code.get(..2).filter(|_| code.ends_with("0000"))?;
        let bodies = ranges.iter().flat_map(|range| within(&scan.bodies, range.clone()));
        bodies
            .filter(|body| body.kind == handling.kind && !body.speaker)
            .filter_map(|body| Some((scan.code_of(body)?, body.span.clone())))
            .find(|(other, _)| other.starts_with(province) && !other.ends_with("0000"))
    });
    if let Some((code, span)) = narrower {
        return Some(Found::new(code, span, "division-of-agency"));
    }
    if let Some(span) = agency {
        let context = Context::default();
        let named = within(&scan.places, span.clone()).iter().max_by_key(|place| place.level);
        if let Some(place) = named.filter(|place| place.code != "000000") {
            return Some(Found::new(place.code.clone(), span.clone(), "division-of-agency"));
        }
        if let Some(code) = rules.places.of_agency(piece(scan.text, span.clone()), &context) {
            return Some(Found::new(code, span.clone(), "division-of-agency"));
        }
    }
    let bodies = ranges.iter().flat_map(|range| within(&scan.bodies, range.clone()));
    let of_body = bodies.filter_map(|body| Some((scan.code_of(body)?, body.span.clone()))).next();
    let of_place = || {
        let place = ranges
            .iter()
            .flat_map(|range| within(&scan.places, range.clone()))
            .find(|place| place.code != "000000")?;
        Some((place.code.clone(), place.span.clone()))
    };
    let (code, span) = of_body.or_else(of_place)?;
    Some(Found::new(code, span, "division-of-place"))
}

/// Numbers outside every case: totals keep their metric, the others have the role `none`.
fn loose_figures(
    scan: &Scan<'_>,
    passages: &[Passage],
    extracted: &Extracted,
) -> Vec<crate::model::Figure> {
    scan.quantities
        .iter()
        .filter(|quantity| {
            !passages.iter().any(|passage| {
                passage.ranges().iter().any(|range| range.contains(&quantity.span.start))
            })
        })
        .filter(|quantity| !quantity.weak)
        .map(|quantity| {
            let statistic = extracted
                .statistics
                .iter()
                .find(|statistic| statistic.number.span == quantity.span);
            let mut figure = figure::figure(scan, quantity, None, 0);
            figure.case = None;
            if let Some(statistic) = statistic {
                figure.role.clone_from(&statistic.metric);
                figure.number.rule = statistic.number.rule.clone();
            }
            figure
        })
        .collect()
}

/// How sure the reading is, from what was found and by which rules.
fn confidence(case: &Case) -> f64 {
    let mut score = 0.35;
    let mut add = |found: bool, weight: f64| {
        if found {
            score += weight;
        }
    };
    add(case.agency.as_ref().is_some_and(|agency| &*agency.rule == "agency-named"), 0.2);
    add(case.lead.as_ref().is_some_and(|lead| lead.value.kind == LeadKind::Person), 0.12);
    add(case.division.is_some(), 0.1);
    add(case.offence.is_some(), 0.1);
    add(!case.numbers.is_empty(), 0.1);
    add(case.stage.as_ref().is_some_and(|stage| stage.value != CaseStage::Investigation), 0.03);
    f64::min(score, 1.0)
}
