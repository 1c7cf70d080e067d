//! Check: every label rule against the sentences that it says it finds and ignores.

use std::collections::BTreeMap;

use super::{Told, label};
use crate::knowledge::lexicon::Lexicon;
use crate::knowledge::problem::Problem;
use crate::model::{Case, Found, Offence};

/// Where a rule does not do what its examples say.
///
/// An example is read as the whole telling of a case of infringing personal information.
pub fn failed_examples(lexicon: &Lexicon) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, rule) in lexicon.rules().iter().enumerate() {
        let mut report = |message| problems.push(Problem { message, ..rule.place.clone() });
        let codes = |labels: &[usize]| -> Vec<String> {
            let codes = labels.iter().filter_map(|label| lexicon.codes().get(*label));
            codes.map(|code| format!("{}/{}", code.facet, code.code)).collect()
        };
        let wanted = codes(&rule.labels);
        for text in &rule.finds {
            let mut told = Told::default();
            told.read(text, 0..text.len(), lexicon);
            if !told.proposals.iter().any(|(fired, _)| *fired == index) {
                report(format!("{} does not fire in {text}", rule.id));
            }
            let found = names(text, lexicon);
            if !wanted.iter().all(|label| found.contains(label)) {
                report(format!("{} does not find {wanted:?} in {text}: {found:?}", rule.id));
            }
        }
        let main = wanted.first();
        for text in &rule.ignores {
            if main.is_some_and(|main| names(text, lexicon).contains(main)) {
                report(format!("{} is not ignored in {text}", rule.id));
            }
        }
    }
    problems
}

fn names(text: &str, lexicon: &Lexicon) -> Vec<String> {
    let labels = label(&whole(text, Some("侵犯公民个人信息")), text, lexicon);
    labels.into_iter().map(|label| format!("{}/{}", label.facet, label.code)).collect()
}

/// A case of this charge that is told by the whole of `text`.
pub(super) fn whole(text: &str, charge: Option<&str>) -> Case {
    let offence = charge.map(|charge| Offence { name: charge.to_owned(), code: None });
    Case {
        ordinal: 1,
        span: 0..text.len(),
        headline: None,
        lead: None,
        agency: None,
        division: None,
        offence: offence.map(|offence| Found::new(offence, 0..0, "example")),
        stage: None,
        action_date: None,
        numbers: BTreeMap::new(),
        price: None,
        campaign: None,
        confidence: 1.0,
    }
}
