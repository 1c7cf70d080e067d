//! Bodies: 南京市鼓楼区人民法院, 四川公安网安部门, 闵行警方; which of several handled the latest stage.

use std::ops::Range;

use super::place::Place;
use super::scan::Scan;
use super::text::{Spanned, head, piece, within};
use crate::knowledge::lists;
use crate::knowledge::patterns::{Hit, Patterns};
use crate::model::{Agency, AgencyKind, CaseStage, Found};

/// A body named in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) span: Range<usize>,
    pub(super) kind: AgencyKind,
    /// Named with a place or a number, not just 法院 or 警方.
    pub(super) specific: bool,
    /// Only where somebody works who speaks (某市公安局副局长某某介绍).
    pub(super) speaker: bool,
}

impl Spanned for Body {
    fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

const KINDS: [(&str, AgencyKind); 4] = [
    ("police", AgencyKind::Police),
    ("procuratorate", AgencyKind::Procuratorate),
    ("court", AgencyKind::Court),
    ("regulator", AgencyKind::Regulator),
];

/// Every body of the text, in order; of nested words the longest name counts.
pub(super) fn bodies(text: &str, hits: &[Hit], places: &[Place], patterns: &Patterns) -> Vec<Body> {
    let kinds: Vec<(usize, AgencyKind)> = KINDS
        .iter()
        .filter_map(|(name, kind)| Some((patterns.words.class(name)?, *kind)))
        .collect();
    let mut bodies: Vec<Body> = Vec::new();
    for hit in hits {
        let Some((_, kind)) = kinds.iter().find(|(class, _)| *class == hit.class) else { continue };
        let start = extend_left(text, hit.span.start, places, patterns);
        let placed = within(places, start..hit.span.start)
            .iter()
            .any(|place| place.code != "000000" && place.rule != "place-pointer");
        // 公安 or 中院 alone is a body only behind its place (琼海公安), not in 公安内网 or 公安民警.
        if !placed && patterns.lists.agency.short.holds(piece(text, hit.span.clone())) {
            continue;
        }
        let body = Body {
            span: start..hit.span.end,
            kind: *kind,
            specific: placed,
            speaker: is_speaker(text, hit.span.end, hits, patterns),
        };
        match bodies.last_mut() {
            // 公安局 inside 公安局临川分局, or 法院 inside 人民法院: one body.
            Some(last)
                if body.span.start < last.span.end
                    || joins(text, last, &body, &hit.span, patterns) =>
            {
                if last.span.end < body.span.end {
                    last.span.end = body.span.end;
                    last.speaker = body.speaker;
                    last.specific |= body.specific;
                    last.kind = body.kind;
                    last.span.start = last.span.start.min(body.span.start);
                }
            }
            _ => bodies.push(body),
        }
    }
    bodies
}

/// Whether an office follows a body within the same run of words.
fn is_speaker(text: &str, end: usize, hits: &[Hit], patterns: &Patterns) -> bool {
    let office = patterns.words.class("office");
    within(hits, end..end + 48).iter().filter(|hit| Some(hit.class) == office).any(|hit| {
        piece(text, end..hit.span.start)
            .chars()
            .all(|mark| super::text::is_han(mark) || mark == '、')
            && !patterns.lists.agency.acts.stands_in(piece(text, end..hit.span.start))
    })
}

/// 抚州市公安局 + 临川分局: a sub-office behind the office.
fn joins(text: &str, last: &Body, body: &Body, core: &Range<usize>, patterns: &Patterns) -> bool {
    patterns.lists.agency.sub_offices.holds(piece(text, core.clone()))
        && last.kind == body.kind
        && last.span.end <= core.start
        && {
            let between = piece(text, last.span.end..core.start);
            between.chars().count() <= 4 && between.chars().all(super::text::is_han)
        }
        && piece(text, last.span.clone()).ends_with("公安局")
}

/// Where a body's name starts, given where its core starts: places and fillers directly before it belong to it.
fn extend_left(text: &str, core: usize, places: &[Place], patterns: &Patterns) -> usize {
    let fillers = &patterns.lists.agency.fillers;
    let mut start = core;
    loop {
        let before = piece(text, 0..start);
        if let Some(place) = ending_at(places, start) {
            start = place.span.start;
            continue;
        }
        let filler = fillers.iter().find(|filler| {
            before.ends_with(*filler) && {
                let rest = start - filler.len();
                ending_at(places, rest).is_some() || fillers.ends(piece(text, 0..rest))
            }
        });
        match filler {
            Some(filler) => start -= filler.len(),
            None => return start,
        }
    }
}

/// The place that ends at a byte.
fn ending_at(places: &[Place], end: usize) -> Option<&Place> {
    let i = places.partition_point(|place| place.span.end < end);
    places.get(i).filter(|place| place.span.end == end)
}

/// How late in a case's way a kind of body acts.
fn level(kind: AgencyKind) -> u8 {
    match kind {
        AgencyKind::Court => 4,
        AgencyKind::Procuratorate => 3,
        AgencyKind::Police => 2,
        AgencyKind::Regulator => 1,
        AgencyKind::Other => 0,
    }
}

/// The body that handled the case at its latest stage, in its fullest printed form; a generic word only where
/// the case has nothing fuller.
pub(super) fn agency(
    scan: &Scan<'_>,
    passages: &[Range<usize>],
    heading: Option<&Range<usize>>,
    stage: Option<CaseStage>,
) -> Option<Found<Agency>> {
    let text = scan.text;
    let lists = &scan.patterns.lists.agency;
    let candidates: Vec<&Body> = passages
        .iter()
        .flat_map(|passage| within(&scan.bodies, passage.clone()))
        .filter(|body| !is_other_role(text, body, lists) && !body.speaker)
        .collect();
    let best = candidates.iter().max_by_key(|body| {
        let name = piece(text, body.span.clone());
        let in_heading = heading.is_some_and(|heading| heading.contains(&body.span.start));
        let clause = head(piece(text, body.span.end..text.len()), 14);
        let clause = clause.split(['，', '；', '。']).next().unwrap_or("");
        (
            lists.appeals.stands_in(clause),
            body.specific,
            is_fitting(body.kind, stage),
            level(body.kind),
            !lists.units.stands_in(name),
            lists.offices.stands_in(name),
            in_heading,
            is_acting(scan, body),
            name.chars().count(),
            usize::MAX - body.span.start,
        )
    })?;
    let best = fullest(text, narrower(scan, best, &candidates), &scan.bodies);
    Some(Found::new(
        Agency { name: piece(text, best.span.clone()).to_owned(), kind: best.kind },
        best.span.clone(),
        if best.specific { "agency-named" } else { "agency-generic" },
    ))
}

/// Whether a kind of body acts at a stage.
fn is_fitting(kind: AgencyKind, stage: Option<CaseStage>) -> bool {
    match stage {
        Some(CaseStage::PublicInterest) => kind == AgencyKind::Procuratorate,
        Some(CaseStage::Administrative) => {
            kind == AgencyKind::Regulator || kind == AgencyKind::Police
        }
        Some(CaseStage::Investigation | CaseStage::Arrest) => kind == AgencyKind::Police,
        Some(CaseStage::Prosecution | CaseStage::Trial) | None => true,
    }
}

/// Whether a verb of enforcement follows a body shortly, or the list of bodies that it opens (甲法院、乙法院分别判处).
fn is_acting(scan: &Scan<'_>, body: &Body) -> bool {
    const REACH: usize = 30;
    let mut end = body.span.end;
    for other in within(&scan.bodies, body.span.end..body.span.end + 4 * REACH) {
        if !matches!(piece(scan.text, end..other.span.start), "、" | "和" | "与" | "及") {
            break;
        }
        end = other.span.end;
    }
    ["arrest", "solve", "prosecute", "judge", "administrative", "public_interest"].iter().any(
        |class| {
            scan.hits_of(&(end..end + REACH), class)
                .any(|hit| !piece(scan.text, end..hit.span.start).contains('。'))
        },
    )
}

/// 上海警方 in the heading, 上海松江警方 in the telling: of bodies of one kind the one of the smaller place.
fn narrower<'b>(scan: &'b Scan<'_>, body: &'b Body, candidates: &[&'b Body]) -> &'b Body {
    let lists = &scan.patterns.lists.agency;
    let is_unit = |body: &Body| lists.units.stands_in(piece(scan.text, body.span.clone()));
    let Some(code) = scan.code_of(body) else { return body };
    let inside = |other: &&&Body| {
        other.kind == body.kind
            && body.kind == AgencyKind::Police
            && is_unit(other) == is_unit(body)
            && scan.code_of(other).is_some_and(|inner| inner != code && contains(&code, &inner))
    };
    candidates.iter().find(inside).copied().unwrap_or(body)
}

/// Whether a division lies in another.
fn contains(outer: &str, inner: &str) -> bool {
    let length = outer.trim_end_matches('0').len().div_ceil(2) * 2;
    outer.get(..length).is_some_and(|prefix| inner.starts_with(prefix))
}

/// The longest printed form of the same body anywhere in the text: 甲县检察院 is 乙省甲县人民检察院 (以下简称…),
/// and 甲公安分局 is 乙市公安局甲分局.
fn fullest<'b>(text: &str, body: &'b Body, bodies: &'b [Body]) -> &'b Body {
    let bare = |body: &Body| piece(text, body.span.clone()).replace("人民", "");
    let name = bare(body);
    let turned = name.strip_suffix("公安分局").map(|place| format!("公安局{place}分局"));
    let same = bodies.iter().filter(|other| {
        let other_name = bare(other);
        other.kind == body.kind
            && 2 < name.chars().count()
            && (other_name.ends_with(&name)
                || turned.as_ref().is_some_and(|turned| other_name.ends_with(turned.as_str())))
    });
    same.max_by_key(|other| {
        (piece(text, other.span.clone()).chars().count(), usize::MAX - other.span.start)
    })
    .unwrap_or(body)
}

/// A body that is not handling the case: one that is sued, impersonated, worked for, or a victim.
fn is_other_role(text: &str, body: &Body, lists: &lists::Agency) -> bool {
    let before = piece(text, 0..body.span.start);
    let after = piece(text, body.span.end..text.len());
    lists.posed.ends(before)
        || (lists.asked.ends(before) && lists.told.stands_in(head(after, 8)))
        || lists.workplaces.opens(after)
}
