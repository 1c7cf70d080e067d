//! Grouping: stars of texts around one that each of them repeats.

use std::io;
use std::rc::Rc;

use super::candidates::Edge;
use super::to_usize;
use super::verify::{Loaded, Relation, Verifier};
use crate::model::DuplicateRole;

/// A text and those that repeat it.
#[derive(Debug)]
pub(super) struct Star {
    pub(super) canonical: usize,
    pub(super) members: Vec<(usize, Relation)>,
}

/// Two texts of which each has this much of the other may stand for each other.
const ALIKE: f64 = 0.8;
/// How many texts are tried as canonical before the centre itself.
const TRIED: usize = 2;
/// After so many texts that do not repeat it, the others, which are less like it, are not read.
const MISSES: usize = 12;

/// Gathers each text's repeats around the one that covers most of its neighbours, and gives each star.
pub(super) fn stars(
    verifier: &Verifier<'_>,
    mut give: impl FnMut(Star) -> io::Result<()>,
) -> io::Result<()> {
    let mut taken = vec![false; verifier.order.len()];
    for &centre in &verifier.candidates.by_reach {
        let centre = to_usize(centre);
        if taken.get(centre) != Some(&false) {
            continue;
        }
        let star = star(centre, &taken, verifier)?;
        take(&mut taken, star.canonical);
        star.members.iter().for_each(|(member, _)| take(&mut taken, *member));
        if !star.members.is_empty() {
            give(star)?;
        }
    }
    Ok(())
}

fn take(taken: &mut [bool], text: usize) {
    if let Some(taken) = taken.get_mut(text) {
        *taken = true;
    }
}

/// The centre, or a better text that tells the same, and all that repeat it and are free.
fn star(centre: usize, taken: &[bool], verifier: &Verifier<'_>) -> io::Result<Star> {
    let free = |text: usize| taken.get(text) == Some(&false);
    let mut edges = verifier.candidates.edges(centre, verifier.scratch)?;
    edges.retain(|edge| free(edge.other));
    if edges.is_empty() {
        return Ok(Star { canonical: centre, members: Vec::new() });
    }
    let loaded = verifier.load(centre)?;
    let Some((canonical, relation)) = better(&loaded, &edges, verifier)? else {
        return gather(&loaded, edges, Vec::new(), verifier);
    };
    let mut edges = verifier.candidates.edges(canonical.text, verifier.scratch)?;
    edges.retain(|edge| free(edge.other) && edge.other != centre);
    gather(&canonical, edges, vec![(centre, relation)], verifier)
}

/// The best text that tells the same as the centre, if there is a better one, and how the centre
/// repeats it.
fn better(
    centre: &Loaded,
    edges: &[Edge],
    verifier: &Verifier<'_>,
) -> io::Result<Option<(Rc<Loaded>, Relation)>> {
    let alike = edges.iter().filter(|edge| edge.inside >= ALIKE && edge.around >= ALIKE);
    let mut best: Vec<usize> = alike.map(|edge| edge.other).chain([centre.text]).collect();
    // The most complete first, then by quality.
    let most = best.iter().map(|&text| verifier.order.chars(text)).max().unwrap_or(0);
    best.sort_by_cached_key(|&text| {
        let short = f64::from(verifier.order.chars(text)) < 0.95 * f64::from(most);
        (short, verifier.order.quality(text))
    });
    for text in best.into_iter().take_while(|&text| text != centre.text).take(TRIED) {
        let loaded = verifier.load(text)?;
        let relation = verifier.relation(&loaded, centre)?;
        if let Some(relation) = relation.filter(|found| found.role == DuplicateRole::Near) {
            return Ok(Some((loaded, relation)));
        }
    }
    Ok(None)
}

/// Adds the neighbours that repeat the canonical text, the most alike first.
fn gather(
    canonical: &Loaded,
    mut edges: Vec<Edge>,
    mut members: Vec<(usize, Relation)>,
    verifier: &Verifier<'_>,
) -> io::Result<Star> {
    let near = |edge: &Edge| edge.inside.max(edge.around);
    edges.sort_by(|x, y| near(y).total_cmp(&near(x)).then(x.other.cmp(&y.other)));
    let mut misses = 0;
    for edge in edges {
        match verifier.relation(canonical, &*verifier.load(edge.other)?)? {
            Some(relation) => {
                members.push((edge.other, relation));
                misses = 0;
            }
            None => misses += 1,
        }
        if misses > MISSES {
            break;
        }
    }
    Ok(Star { canonical: canonical.text, members })
}
