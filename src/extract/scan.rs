//! One pass over a body: its lines, sentences, words, numbers, dates, places, names, bodies and charges.

use std::ops::Range;

use super::Rules;
use super::agency::{Body, bodies};
use super::charge::{Charge, charges};
use super::people::{Name, names};
use super::place::{Context, Place};
use super::quantity::{Quantity, UnitKind, quantities};
use super::text::{Spanned, lines, piece, sentence_at, sentences, tail, within};
use super::time::{Moment, moments};
use crate::knowledge::patterns::{Hit, Patterns, RoleRule};
use crate::model::{Date, LeadKind};

/// Everything found in a body before it is known what belongs to which case.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    pub(super) text: &'a str,
    pub(super) patterns: &'a Patterns,
    pub(super) lines: Vec<Range<usize>>,
    pub(super) sentences: Vec<Range<usize>>,
    pub(super) hits: Vec<Hit>,
    pub(super) quantities: Vec<Quantity>,
    pub(super) moments: Vec<Moment>,
    pub(super) places: Vec<Place>,
    pub(super) names: Vec<Name>,
    pub(super) bodies: Vec<Body>,
    pub(super) charges: Vec<Charge>,
}

impl Spanned for Quantity {
    fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

impl Spanned for Moment {
    fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

impl Spanned for Place {
    fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

/// How far back and ahead of a number its words are looked at, in characters.
const REACH: usize = 60;

impl<'a> Scan<'a> {
    /// Scans a body published at `reference`.
    pub(super) fn new(text: &'a str, reference: Option<Date>, rules: &'a Rules<'a>) -> Self {
        let patterns = rules.patterns;
        let context = Context { division: None, year: reference.map(Date::year) };
        let places = rules.places.find(text, &context);
        let hits = patterns.words.find(text);
        let bodies = bodies(text, &hits, &places, patterns);
        Scan {
            lines: lines(text),
            sentences: sentences(text),
            quantities: quantities(text, rules.measures),
            moments: moments(text, reference, rules.time),
            names: names(text, &places, patterns, &rules.names),
            charges: charges(text, rules.charges.find(text, &patterns.lists.charge)),
            text,
            patterns,
            hits,
            places,
            bodies,
        }
    }

    /// The hits of a class of words inside a range.
    pub(super) fn hits_of(&self, range: &Range<usize>, class: &str) -> impl Iterator<Item = &Hit> {
        let class = self.patterns.words.class(class);
        within(&self.hits, range.clone()).iter().filter(move |hit| Some(hit.class) == class)
    }

    /// The line that holds byte `at`.
    pub(super) fn line_at(&self, at: usize) -> Range<usize> {
        sentence_at(&self.lines, at)
    }

    /// The words of its sentence before and after a number.
    pub(super) fn around(&self, quantity: &Quantity) -> (&'a str, &'a str) {
        let sentence = sentence_at(&self.sentences, quantity.span.start);
        let before = tail(piece(self.text, sentence.start..quantity.span.start), REACH);
        let after = super::text::head(piece(self.text, quantity.span.end..sentence.end), REACH);
        (before, after)
    }

    /// The first rule of `rules` that fires on a number.
    pub(super) fn role<'r>(
        &self,
        quantity: &Quantity,
        rules: &'r [RoleRule],
    ) -> Option<&'r RoleRule> {
        // 一万元以上十万元以下 is the law's, nobody's; so is 100万元以下的罚款.
        let words = piece(self.text, quantity.span.clone());
        let unit = unit(quantity);
        if words.contains("以下") && (words.contains("以上") || unit == "yuan") {
            return None;
        }
        let (before, after) = self.around(quantity);
        rules.iter().find(|rule| rule.fires(unit, before, after))
    }

    /// Whether a number counts two cases or more (案件36起).
    pub(super) fn is_case_count(&self, quantity: &Quantity) -> bool {
        matches!(quantity.unit.as_str(), "起" | "件" | "宗")
            && 2.0 <= quantity.number.value
            && self
                .role(quantity, &self.patterns.metrics)
                .is_some_and(|rule| rule.role.starts_with("cases_") || rule.role == "judgments")
    }

    /// The division that a body's name tells.
    pub(super) fn code_of(&self, body: &Body) -> Option<String> {
        let place =
            within(&self.places, body.span.clone()).iter().max_by_key(|place| place.level)?;
        (place.code != "000000").then(|| place.code.clone())
    }

    /// The first name in a range that can be a lead.
    pub(super) fn first_lead(&self, range: &Range<usize>) -> Option<&Name> {
        self.leads(range).next()
    }

    /// The words of the first person's name in a range.
    pub(super) fn first_name(&self, range: &Range<usize>) -> Option<&'a str> {
        self.leads(range)
            .find(|name| name.kind == LeadKind::Person)
            .map(|name| piece(self.text, name.span.clone()))
    }

    /// The names of a range that can be leads: who is introduced as a victim or witness stays one, unless accused.
    fn leads(&self, range: &Range<usize>) -> impl Iterator<Item = &Name> {
        let names = within(&self.names, range.clone());
        let text = self.text;
        names.iter().enumerate().filter_map(move |(i, name)| {
            let words = piece(text, name.span.clone());
            let same = |other: &&Name| piece(text, other.span.clone()) == words;
            let introduced = names.iter().take(i).find(same).is_some_and(|first| first.bystander);
            let accused = || names.iter().filter(same).any(|other| self.is_accused(other));
            (!name.bystander && (!introduced || accused())).then_some(name)
        })
    }

    /// Whether the words around a name say that it was accused, caught or sentenced.
    fn is_accused(&self, name: &Name) -> bool {
        let lists = &self.patterns.lists.people;
        let after = super::text::head(piece(self.text, name.span.end..self.text.len()), 8);
        lists.roles.ends(piece(self.text, 0..name.span.start)) || lists.accused.stands_in(after)
    }
}

/// The unit by which rules know a number: the measure word as printed, or the unit it was converted to.
pub(super) fn unit(quantity: &Quantity) -> &str {
    match quantity.kind {
        UnitKind::Yuan => "yuan",
        UnitKind::Bytes => "bytes",
        UnitKind::Months => "months",
        UnitKind::Percent => "share",
        _ => quantity.unit.as_str(),
    }
}
