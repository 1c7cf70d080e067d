//! Label: the passage of a case and the rules in, labels with the words that prove them out.

mod examples;
mod shape;
mod unit;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::knowledge::lexicon::{About, Hit, Lexicon, Rule, Within};
use crate::model::{Case, Found, Label, LeadKind, Measure, RuleId};

pub use examples::failed_examples;
use shape::Board;
use unit::Sentence;

/// A rule that fired, and the words.
type Proposal = (usize, Range<usize>);

/// The labels of a case: one for each facet and code, with the first words that give it, sorted.
///
/// Only what tells of the case counts: warnings, quoted laws and comments in the passage are passed over.
pub fn label(case: &Case, body: &str, lexicon: &Lexicon) -> Vec<Label> {
    let mut told = Told::default();
    for range in passages(case) {
        told.read(body, range, lexicon);
    }
    let mut labels = chosen(&told, lexicon);
    if let Some(about) = lexicon.about()
        && !is_about(about, case, &told)
    {
        labels.retain(|(facet, _), _| !about.facets.contains(facet));
    }
    for (code, span, rule) in actors(case) {
        labels.entry(("actor".to_owned(), code.to_owned())).or_insert((span, RuleId::from(rule)));
    }
    labels
        .into_iter()
        .map(|((facet, code), (span, rule))| Label {
            facet,
            code,
            span: (span.start, span.end),
            rule,
        })
        .collect()
}

/// The headline, where it stands outside the passage, and the passage.
fn passages(case: &Case) -> Vec<Range<usize>> {
    let outside = case
        .headline
        .as_ref()
        .map(|headline| headline.span.clone())
        .filter(|headline| headline.end <= case.span.start || case.span.end <= headline.start);
    outside.into_iter().chain([case.span.clone()]).collect()
}

/// What was read of a case so far.
#[derive(Default)]
struct Told {
    proposals: Vec<Proposal>,
    /// Whether the words say what a case must be about.
    about: bool,
    /// Whether they say so if the charge does not speak against it.
    nearly: bool,
}

impl Told {
    /// Matches every rule in the sentences of one range that tell something.
    fn read(&mut self, body: &str, range: Range<usize>, lexicon: &Lexicon) {
        let hits = lexicon.hits(body, range.clone());
        let sentences = unit::sentences(body, range, lexicon);
        let mut board = Board::new(body, &sentences, lexicon);
        let mut spoken: Vec<Hit> = Vec::new();
        for sentence in &sentences {
            let inside = within(&hits, &sentence.span);
            board.fill(inside);
            if board.silenced() {
                continue;
            }
            spoken.extend(inside);
            board.matches(Within::Sentence, &mut self.proposals);
            for clause in sentence.clauses() {
                board.fill(within(&hits, &clause));
                board.matches(Within::Clause, &mut self.proposals);
                self.about = self.about || board.is_about();
                self.nearly = self.nearly || board.is_nearly_about();
            }
        }
        board.fill(&spoken);
        board.matches(Within::Passage, &mut self.proposals);
    }
}

/// The hits that start in `span`, of sorted hits.
fn within<'h>(hits: &'h [Hit], span: &Range<usize>) -> &'h [Hit] {
    let from = hits.partition_point(|hit| hit.start < span.start);
    let to = hits.partition_point(|hit| hit.start < span.end);
    hits.get(from..to).unwrap_or(&[])
}

type Chosen = BTreeMap<(String, String), (Range<usize>, RuleId)>;

/// For each label its first evidence, of rules whose needs are met by plain rules.
fn chosen(told: &Told, lexicon: &Lexicon) -> Chosen {
    let mut proposals: Vec<(&Proposal, &Rule)> = told
        .proposals
        .iter()
        .filter_map(|proposal| Some((proposal, lexicon.rules().get(proposal.0)?)))
        .collect();
    proposals.sort_by_key(|((index, span), _)| (span.start, *index, span.end));
    // First what plain rules say, then what is not spoken against, then what needs one of these.
    let given = |rules: &dyn Fn(&Rule) -> bool| {
        let mut given = vec![false; lexicon.codes().len()];
        for (_, rule) in proposals.iter().filter(|(_, rule)| rules(rule)) {
            for label in &rule.labels {
                if let Some(given) = given.get_mut(*label) {
                    *given = true;
                }
            }
        }
        given
    };
    let has = |given: &[bool], labels: &[usize]| {
        labels.iter().any(|label| given.get(*label) == Some(&true))
    };
    let plain = given(&|rule| rule.is_plain());
    let known = given(&|rule| rule.needs.is_empty() && !has(&plain, &rule.without));
    let met = |rule: &Rule| {
        (rule.needs.is_empty() || has(&known, &rule.needs)) && !has(&plain, &rule.without)
    };
    let mut chosen = Chosen::new();
    for ((_, span), rule) in proposals.into_iter().filter(|(_, rule)| met(rule)) {
        for code in rule.labels.iter().filter_map(|label| lexicon.codes().get(*label)) {
            let evidence = || (span.clone(), rule.id.clone());
            chosen.entry((code.facet.clone(), code.code.clone())).or_insert_with(evidence);
        }
    }
    chosen
}

/// Whether the case is about personal information or accounts at all.
fn is_about(about: &About, case: &Case, told: &Told) -> bool {
    let charge = case.offence.as_ref().map(|offence| offence.value.name.as_str());
    let charged_with = |words: &[String]| {
        charge.is_some_and(|charge| words.iter().any(|word| charge.contains(word)))
    };
    told.about
        || charged_with(&about.charges)
        || (told.nearly && (charge.is_none() || charged_with(&about.near_charges)))
}

/// What the fields of a case already say about who acted.
fn actors(case: &Case) -> Vec<(&'static str, Range<usize>, &'static str)> {
    let mut actors = Vec::new();
    let lead = case.lead.as_ref();
    if let Some(lead) = lead.filter(|lead| lead.value.kind == LeadKind::Company) {
        actors.push(("company", lead.span.clone(), "actor/lead"));
    }
    let one =
        |found: &&Found<crate::model::Number>| found.value.high.is_some_and(|high| high <= 1.0);
    if let Some(one) = case.numbers.get(&Measure::Suspects).filter(one)
        && lead.is_none_or(|lead| lead.value.kind == LeadKind::Person)
    {
        actors.push(("individual", one.span.clone(), "actor/suspects"));
    }
    if let Some(insiders) =
        case.numbers.get(&Measure::Insiders).filter(|found| found.value.value >= 1.0)
    {
        actors.push(("insider", insiders.span.clone(), "actor/insiders"));
    }
    actors
}
