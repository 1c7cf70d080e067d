//! Grouping: stars of articles around one that each of them repeats.

use std::ops::Range;

use super::candidates::Edge;
use super::verify::{Relation, Verifier};

/// An article and those that repeat it.
#[derive(Debug)]
pub(super) struct Star {
    pub(super) canonical: usize,
    pub(super) members: Vec<(usize, Relation)>,
}

/// Gathers each article's repeats around the one that covers most of its neighbours.
pub(super) fn stars(edges: &[Vec<Edge>], verifier: &Verifier<'_>) -> Vec<Star> {
    let mut taken = vec![false; edges.len()];
    let mut stars = Vec::new();
    for centre in by_reach(edges) {
        if taken.get(centre) != Some(&false) {
            continue;
        }
        take(&mut taken, centre);
        let mut star = Star { canonical: centre, members: Vec::new() };
        gather(&mut star, edges, &mut taken, verifier);
        star = settle(star, verifier);
        if star.canonical != centre {
            gather(&mut star, edges, &mut taken, verifier);
        }
        stars.push(star);
    }
    rehome(stars, edges, verifier)
}

/// How much less alike a member may be to the canonical article of a larger star and still join it.
const LESS: f64 = 0.1;

/// Moves members of small stars to larger ones whose canonical article they repeat as well: what was
/// gathered around an edited copy belongs with the story it was edited from.
fn rehome(mut stars: Vec<Star>, edges: &[Vec<Edge>], verifier: &Verifier<'_>) -> Vec<Star> {
    let mut led_by: Vec<Option<usize>> = vec![None; edges.len()];
    for (i, star) in stars.iter().enumerate() {
        if let Some(led_by) = led_by.get_mut(star.canonical) {
            *led_by = Some(i);
        }
    }
    let sizes: Vec<usize> = stars.iter().map(|star| star.members.len()).collect();
    let mut order: Vec<usize> = (0..stars.len()).filter(|&i| sizes.get(i) > Some(&0)).collect();
    order.sort_by_key(|&i| (sizes.get(i).copied(), i));
    for i in order {
        let members = stars.get_mut(i).map(|star| std::mem::take(&mut star.members));
        for (member, relation) in members.into_iter().flatten() {
            let larger = edges.get(member).into_iter().flatten().filter_map(|edge| {
                let home = led_by.get(edge.other).copied().flatten()?;
                (sizes.get(home) > sizes.get(i)).then_some((sizes.get(home), home, edge.other))
            });
            let better = larger.max().and_then(|(_, home, canonical)| {
                let found = verifier.relation(canonical, &verifier.index(canonical), member)?;
                (found.similarity >= relation.similarity - LESS).then_some((home, found))
            });
            let (home, relation) = better.unwrap_or((i, relation));
            if let Some(star) = stars.get_mut(home) {
                star.members.push((member, relation));
            }
        }
    }
    stars
}

/// Adds the free neighbours that repeat the canonical article.
fn gather(star: &mut Star, edges: &[Vec<Edge>], taken: &mut [bool], verifier: &Verifier<'_>) {
    let index = verifier.index(star.canonical);
    for edge in edges.get(star.canonical).into_iter().flatten() {
        if taken.get(edge.other) == Some(&false)
            && let Some(relation) = verifier.relation(star.canonical, &index, edge.other)
        {
            star.members.push((edge.other, relation));
            take(taken, edge.other);
        }
    }
}

fn take(taken: &mut [bool], article: usize) {
    if let Some(taken) = taken.get_mut(article) {
        *taken = true;
    }
}

/// Articles, first those in which most of their neighbours' text lies.
fn by_reach(edges: &[Vec<Edge>]) -> Vec<usize> {
    let weights: Vec<f64> =
        edges.iter().map(|edges| edges.iter().map(|edge| edge.around).sum()).collect();
    let weight = |i: usize| weights.get(i).copied().unwrap_or_default();
    let mut order: Vec<usize> = (0..edges.len()).collect();
    order.sort_by(|&i, &j| weight(j).total_cmp(&weight(i)).then(i.cmp(&j)));
    order
}

/// How many members are tried as canonical before the centre itself.
const TRIED: usize = 3;

/// Makes the best member canonical, if all the others repeat it too.
fn settle(star: Star, verifier: &Verifier<'_>) -> Star {
    let whole = star.members.iter().filter(|(_, relation)| relation.is_whole());
    let mut best: Vec<usize> = whole.map(|member| member.0).chain([star.canonical]).collect();
    verifier.sort_by_quality(&mut best);
    for canonical in best.into_iter().take(TRIED) {
        if canonical == star.canonical {
            break;
        }
        let index = verifier.index(canonical);
        let others = star.members.iter().map(|member| member.0).chain([star.canonical]);
        let members: Option<Vec<(usize, Relation)>> = others
            .filter(|&other| other != canonical)
            .map(|other| Some((other, verifier.relation(canonical, &index, other)?)))
            .collect();
        if let Some(members) = members {
            return Star { canonical, members };
        }
    }
    star
}

/// Which articles are digests of others.
pub(super) fn digests(edges: &[Vec<Edge>], verifier: &Verifier<'_>) -> Vec<bool> {
    (0..edges.len()).map(|article| is_digest(article, edges, verifier)).collect()
}

/// Whether the article holds others as items of a digest, rather than being repeated by them.
fn is_digest(article: usize, edges: &[Vec<Edge>], verifier: &Verifier<'_>) -> bool {
    let may_hold = |edge: &&Edge| edge.around >= 0.4 && verifier.may_hold(article, edge.other);
    let parts: Vec<usize> =
        edges.get(article).into_iter().flatten().filter(may_hold).map(|e| e.other).collect();
    if parts.is_empty() {
        return false;
    }
    let index = verifier.index(article);
    let mut items: Vec<(usize, Range<usize>)> = Vec::new();
    for part in parts {
        let Some(place) = verifier.place_in(&index, part) else { continue };
        if verifier.has_heading(&index, part) {
            return true;
        }
        let apart = |(other, taken): &(usize, Range<usize>)| {
            (taken.end <= place.start || place.end <= taken.start)
                && verifier.other_title(*other, part)
        };
        if items.iter().any(apart) {
            return true;
        }
        items.push((part, place));
    }
    false
}
