//! How far a case had gone, and when the latest step was taken.

use std::ops::Range;

use super::scan::Scan;
use super::split::Passage;
use super::text::{head, piece, sentence_at};
use super::time::{Bound, Moment};
use crate::knowledge::patterns::{Hit, Patterns};
use crate::model::{CaseStage, Date, Found, Precision};

/// The latest stage that the passages tell, with the word that says so.
pub(super) fn stage(
    text: &str,
    passages: &[Range<usize>],
    sentences: &[Range<usize>],
    hits: &[Hit],
    public_interest: bool,
    patterns: &Patterns,
) -> Option<Found<CaseStage>> {
    const ORDER: [(&str, CaseStage); 6] = [
        ("judge", CaseStage::Trial),
        ("prosecute", CaseStage::Prosecution),
        ("arrest", CaseStage::Arrest),
        ("administrative", CaseStage::Administrative),
        ("solve", CaseStage::Investigation),
        ("public_interest", CaseStage::PublicInterest),
    ];
    let find = |name: &str| -> Option<&Hit> {
        let class = patterns.words.class(name)?;
        hits.iter().find(|hit| {
            hit.class == class
                && passages.iter().any(|passage| passage.contains(&hit.span.start))
                && !is_general(text, sentences, hit, patterns)
        })
    };
    if public_interest && let Some(hit) = find("public_interest") {
        return Some(Found::new(
            CaseStage::PublicInterest,
            hit.span.clone(),
            "stage-public_interest",
        ));
    }
    ORDER.iter().find_map(|(name, stage)| {
        let hit = find(name)?;
        Some(Found::new(*stage, hit.span.clone(), format!("stage-{name}")))
    })
}

/// The stage of a case that tells none itself: that of the set it illustrates (cases of a procuratorate's or a court's report).
pub(super) fn stage_of_set(scan: &Scan<'_>, passage: &Passage) -> Option<Found<CaseStage>> {
    let before = 0..passage.span.start;
    let words = piece(scan.text, before);
    let span = passage.span.clone();
    let lists = &scan.patterns.lists.outcome;
    let judged = lists.judged_sets.stands_in(words);
    let prosecuted = lists.prosecuted_sets.stands_in(words);
    let defendant = piece(scan.text, span.clone()).contains("被告人");
    let stage = if judged {
        CaseStage::Trial
    } else if prosecuted || defendant {
        CaseStage::Prosecution
    } else {
        return None;
    };
    Some(Found::new(stage, span.start..span.end, "stage-of-set"))
}

/// Whether a hit stands in a sentence about the law, or in words that deny it (择期宣判, 未起诉).
fn is_general(text: &str, sentences: &[Range<usize>], hit: &Hit, patterns: &Patterns) -> bool {
    let lists = &patterns.lists.outcome;
    let sentence = sentence_at(sentences, hit.span.start);
    lists.general.stands_in(piece(text, sentence.clone()))
        || lists.denied.ends(piece(text, sentence.start..hit.span.start))
        || (patterns.words.class("arrest") == Some(hit.class)
            && lists.no_arrest.ends(piece(text, sentence.start..hit.span.start)))
        || piece(text, hit.span.end..sentence.end).starts_with("标准")
}

/// Whether a sentence tells an earlier verdict, after which somebody was released.
fn is_earlier_verdict(
    text: &str,
    sentences: &[Range<usize>],
    sentence: &Range<usize>,
    patterns: &Patterns,
) -> bool {
    let next = sentence_at(sentences, sentence.end);
    next.start == sentence.end
        && patterns.lists.outcome.released.stands_in(head(piece(text, next), 12))
}

/// The date of the latest enforcement step: the last dated moment in a clause of an enforcement word of the case's stage.
///
/// `None` where the latest step is undated, though earlier ones have dates.
pub(super) fn action_date(
    text: &str,
    passages: &[Range<usize>],
    sentences: &[Range<usize>],
    hits: &[Hit],
    moments: &[Moment],
    stage: CaseStage,
    patterns: &Patterns,
) -> Option<Found<Date>> {
    let names: &[&str] = match stage {
        CaseStage::Trial => &["judge", "hearing"],
        CaseStage::Prosecution => &["prosecute"],
        CaseStage::Arrest | CaseStage::Investigation => &["arrest", "solve"],
        CaseStage::Administrative => &["administrative"],
        CaseStage::PublicInterest => &["public_interest", "judge"],
    };
    let classes: Vec<usize> = names.iter().filter_map(|name| patterns.words.class(name)).collect();
    let lists = &patterns.lists.outcome;
    let mut best: Option<Found<Date>> = None;
    for hit in hits {
        if !classes.contains(&hit.class)
            || !passages.iter().any(|passage| passage.contains(&hit.span.start))
        {
            continue;
        }
        let sentence = sentence_at(sentences, hit.span.start);
        // The moment nearest before the word in its sentence dates the step.
        let moment = moments.iter().rfind(|moment| {
            sentence.start <= moment.span.start && moment.span.end <= hit.span.start
        });
        let Some(moment) = moment else { continue };
        let between = piece(text, moment.span.end..hit.span.start);
        let crime_between = moment.bound == Bound::Since
            || lists.inquiry.holds(piece(text, hit.span.clone()))
            || lists.earlier.stands_in(piece(text, sentence.clone()))
            || lists.of_crime.opens(between)
            || lists.discovery.stands_in(between)
            || is_earlier_verdict(text, sentences, &sentence, patterns)
            || lists.undated.stands_in(between);
        // 2022年10月至2024年2月，法院先后判处: the latest step is at the end.
        let last = moment.end.filter(|end| end.precision() != Precision::Day);
        let Some(date) = last.or(moment.start) else { continue };
        if crime_between || 60 < between.chars().count() {
            continue;
        }
        if best.as_ref().is_none_or(|best| best.value.first_day() <= date.first_day()) {
            best = Some(Found::new(date, moment.span.clone(), "action-date"));
        }
    }
    best
}
