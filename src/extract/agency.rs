//! Bodies: 南京市鼓楼区人民法院, 四川公安网安部门, 闵行警方; which of several handled the latest stage.

use std::ops::Range;

use super::place::Place;
use super::text::{Spanned, piece, tail, within};
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

/// Words between a place and the core of a body's name: 南京市中级人民法院, 广州铁路运输检察院, 市公安局城东分局.
const FILLERS: [&str; 20] = [
    "中级",
    "高级",
    "第一",
    "第二",
    "第三",
    "第四",
    "第五",
    "基层",
    "铁路运输",
    "铁路",
    "互联网",
    "公安",
    "公安局",
    "市",
    "区",
    "县",
    "省",
    "网安",
    "两级",
    "海上",
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
        let start = extend_left(text, hit.span.start, places);
        let placed = within(places, start..hit.span.start)
            .iter()
            .any(|place| place.code != "000000" && place.rule != "place-pointer");
        // 公安 alone is a body only behind its place (琼海公安), not in 公安内网 or 公安民警.
        if !placed && piece(text, hit.span.clone()) == "公安" {
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
                if body.span.start < last.span.end || joins(text, last, &body, &hit.span) =>
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
            && !acts_in(piece(text, end..hit.span.start))
    })
}

/// Whether words hold a verb of enforcement, so that an office behind them is another's.
fn acts_in(words: &str) -> bool {
    ["破获", "抓获", "侦破", "判处", "起诉", "办理", "审理", "接到", "对", "向", "将"]
        .iter()
        .any(|verb| words.contains(verb))
}

/// 抚州市公安局 + 临川分局: a sub-office behind the office.
fn joins(text: &str, last: &Body, body: &Body, core: &Range<usize>) -> bool {
    let core_word = piece(text, core.clone());
    matches!(
        core_word,
        "分局" | "派出所" | "网安大队" | "刑侦支队" | "刑侦大队" | "刑警大队" | "网安支队"
    ) && last.kind == body.kind
        && last.span.end <= core.start
        && {
            let between = piece(text, last.span.end..core.start);
            between.chars().count() <= 4 && between.chars().all(super::text::is_han)
        }
        && piece(text, last.span.clone()).ends_with("公安局")
}

/// Where a body's name starts, given where its core starts: places and fillers directly before it belong to it.
fn extend_left(text: &str, core: usize, places: &[Place]) -> usize {
    let mut start = core;
    loop {
        let before = piece(text, 0..start);
        if let Some(place) = ending_at(places, start) {
            start = place.span.start;
            continue;
        }
        let filler = FILLERS.iter().find(|filler| {
            before.ends_with(*filler) && {
                let rest = start - filler.len();
                ending_at(places, rest).is_some()
                    || FILLERS.iter().any(|more| piece(text, 0..rest).ends_with(more))
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
    text: &str,
    passages: &[Range<usize>],
    heading: Option<&Range<usize>>,
    bodies: &[Body],
    hits: &[Hit],
    stage: Option<CaseStage>,
    patterns: &Patterns,
) -> Option<Found<Agency>> {
    let acts: Vec<usize> =
        ["arrest", "solve", "prosecute", "judge", "administrative", "public_interest"]
            .iter()
            .filter_map(|name| patterns.words.class(name))
            .collect();
    let candidates: Vec<&Body> =
        passages.iter().flat_map(|passage| within(bodies, passage.clone())).collect();
    let best = candidates
        .iter()
        .filter(|body| !is_other_role(text, body) && !body.speaker)
        .max_by_key(|body| {
            let name = piece(text, body.span.clone());
            let acting = within(hits, body.span.end..body.span.end + 30).iter().any(|hit| {
                acts.contains(&hit.class)
                    && !piece(text, body.span.end..hit.span.start).contains('。')
            });
            let fitting = match stage {
                Some(CaseStage::PublicInterest) => body.kind == AgencyKind::Procuratorate,
                Some(CaseStage::Administrative) => {
                    body.kind == AgencyKind::Regulator || body.kind == AgencyKind::Police
                }
                Some(CaseStage::Investigation | CaseStage::Arrest) => {
                    body.kind == AgencyKind::Police
                }
                Some(CaseStage::Prosecution | CaseStage::Trial) | None => true,
            };
            let in_heading = heading.is_some_and(|heading| heading.contains(&body.span.start));
            let appeal = ["二审", "终审", "裁定驳回", "维持原判", "改判"].iter().any(|word| {
                super::text::head(piece(text, body.span.end..text.len()), 14).contains(word)
            });
            (
                appeal,
                body.specific,
                fitting,
                level(body.kind),
                !is_unit(name),
                is_office(name),
                in_heading,
                acting,
                name.chars().count(),
                usize::MAX - body.span.start,
            )
        })?;
    let best = fullest(text, best, bodies);
    Some(Found::new(
        Agency { name: piece(text, best.span.clone()).to_owned(), kind: best.kind },
        best.span.clone(),
        if best.specific { "agency-named" } else { "agency-generic" },
    ))
}

/// A unit inside a body (网安部门, 刑侦支队) rather than the body itself.
fn is_unit(name: &str) -> bool {
    ["网安", "网警", "大队", "支队"].iter().any(|unit| name.contains(unit))
}

/// An office by its proper name rather than 警方 or 公安机关 of a place.
fn is_office(name: &str) -> bool {
    name.contains("公安局") || name.contains("公安分局")
}

/// The longest printed form of the same body anywhere in the text: 甲县检察院 is 乙省甲县人民检察院 (以下简称…).
fn fullest<'b>(text: &str, body: &'b Body, bodies: &'b [Body]) -> &'b Body {
    let bare = |body: &Body| piece(text, body.span.clone()).replace("人民", "");
    let name = bare(body);
    let same = bodies.iter().filter(|other| {
        other.kind == body.kind && 2 < name.chars().count() && bare(other).ends_with(&name)
    });
    same.max_by_key(|other| {
        (piece(text, other.span.clone()).chars().count(), usize::MAX - other.span.start)
    })
    .unwrap_or(body)
}

/// A body that is not handling the case: one that is sued, impersonated, worked for, or a victim.
fn is_other_role(text: &str, body: &Body) -> bool {
    let before = tail(piece(text, 0..body.span.start), 3);
    let after = piece(text, body.span.end..text.len());
    ["冒充", "假冒", "谎称", "自称", "伪造"].iter().any(|word| before.ends_with(word))
        || (["从", "据"].iter().any(|word| before.ends_with(word))
            && ["获悉", "了解", "消息", "介绍"]
                .iter()
                .any(|word| super::text::head(after, 8).contains(word)))
        || ["辅警", "工作人员的", "网站发布", "民警身份"].iter().any(|word| after.starts_with(word))
}
