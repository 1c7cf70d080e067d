//! Strip: characters with their reading behind them -> the characters alone (網(wǎng) -> 網).

use std::collections::BTreeSet;

use pinyin::ToPinyinMulti;

use super::chars::is_han;
use crate::model::{Mapped, Repair, Rewrite};

/// Drops readings in parentheses; a real parenthesis such as (AI) or (2021) stays.
pub(super) fn without_glosses(text: Mapped, repairs: &mut BTreeSet<Repair>) -> Mapped {
    let source = text.text();
    let mut out: Option<Rewrite<'_>> = None;
    let mut kept = 0;
    // The character before a gloss that was dropped.
    let mut glossed: Option<char> = None;
    // The last bytes of both parentheses.
    for at in memchr::memchr2_iter(b'(', 0x88, source.as_bytes()) {
        let wide = at.checked_sub(2).and_then(|start| source.get(start..at + 1));
        let at = match wide {
            Some("（") => at - 2,
            _ if source.as_bytes().get(at) == Some(&b'(') => at,
            _ => continue,
        };
        if at < kept {
            continue;
        }
        let before = match glossed {
            Some(han) if at == kept => Some(han),
            _ => source.get(..at).and_then(|head| head.chars().next_back()),
        };
        if let Some(han) = before.filter(|c| is_han(*c))
            && let Some(gloss) = syllable_at(source, at)
            && reads(han, gloss.syllable)
        {
            let out = out.get_or_insert_with(|| Rewrite::new(&text));
            out.keep(kept..at);
            kept = gloss.end;
            glossed = Some(han);
        }
    }
    match out {
        None => text,
        Some(mut out) => {
            out.keep(kept..source.len());
            repairs.insert(Repair::PinyinArtifacts);
            out.finish()
        }
    }
}

/// Cheap test: a letter with a tone mark closes a parenthesis nowhere else in Chinese text.
pub(super) fn may_have_glosses(text: &str) -> bool {
    const LONGEST: usize = 16;
    let bytes = text.as_bytes();
    let closes = |behind: &str| {
        let mut behind = behind.chars().skip_while(|c| untoned(*c).is_some() || c.is_whitespace());
        matches!(behind.next(), Some(')' | '）'))
    };
    let toned = |at: usize| {
        let near = text.get(at..text.ceil_char_boundary(at + LONGEST)).unwrap_or_default();
        let letter = near.chars().next().filter(|c| !c.is_ascii());
        letter.is_some_and(|c| untoned(c).is_some()) && closes(near)
    };
    memchr::memchr2_iter(0xc3, 0xc4, bytes).any(toned)
        || memchr::memchr2_iter(0xc5, 0xc7, bytes).any(toned)
}

/// `(wǎng)`: a syllable in parentheses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gloss<'a> {
    pub(super) syllable: &'a str,
    /// Behind the closing parenthesis.
    pub(super) end: usize,
}

/// The gloss whose opening parenthesis stands at `at`; it has a tone mark.
pub(super) fn gloss_at(text: &str, at: usize) -> Option<Gloss<'_>> {
    syllable_at(text, at).filter(|gloss| !gloss.syllable.is_ascii())
}

/// The gloss whose syllable starts at `at`, perhaps after a blank; it has a tone mark.
pub(super) fn gloss_inside(text: &str, at: usize) -> Option<Gloss<'_>> {
    syllable_inside(text, at).filter(|gloss| !gloss.syllable.is_ascii())
}

/// The same, perhaps without a tone.
fn syllable_at(text: &str, at: usize) -> Option<Gloss<'_>> {
    let rest = text.get(at..)?;
    let inside = rest.strip_prefix('(').or_else(|| rest.strip_prefix('（'))?;
    syllable_inside(text, text.len() - inside.len())
}

fn syllable_inside(text: &str, at: usize) -> Option<Gloss<'_>> {
    let rest = text.get(at..)?;
    let blank = |c: char| c == ' ' || c == '\u{a0}' || c == '\u{3000}';
    let trimmed = rest.trim_start_matches(blank);
    let len: usize =
        trimmed.chars().take_while(|c| untoned(*c).is_some()).take(7).map(char::len_utf8).sum();
    let syllable = trimmed.get(..len)?;
    let after = trimmed.get(len..)?.trim_start_matches(blank);
    let tail = after.strip_prefix(')').or_else(|| after.strip_prefix('）'))?;
    (!syllable.is_empty()).then_some(Gloss { syllable, end: text.len() - tail.len() })
}

/// The letter below the tone mark; `None` if no syllable is written with this letter.
fn untoned(c: char) -> Option<char> {
    Some(match c {
        'ā' | 'á' | 'ǎ' | 'à' => 'a',
        'ē' | 'é' | 'ě' | 'è' => 'e',
        'ī' | 'í' | 'ǐ' | 'ì' => 'i',
        'ō' | 'ó' | 'ǒ' | 'ò' => 'o',
        'ū' | 'ú' | 'ǔ' | 'ù' => 'u',
        'ǖ' | 'ǘ' | 'ǚ' | 'ǜ' | 'ü' => 'v',
        'a'..='z' => c,
        _ => return None,
    })
}

/// Whether the syllable can be the reading of the character: the tone may differ, as dictionaries do.
///
/// Without a tone mark it is a word such as (an), unless the character is read without a tone: 么(me).
fn reads(han: char, syllable: &str) -> bool {
    if syllable.is_ascii() {
        return reads_exactly(han, syllable);
    }
    han.to_pinyin_multi().is_some_and(|readings| {
        readings.into_iter().any(|reading| {
            reading.with_tone().chars().filter_map(untoned).eq(syllable.chars().filter_map(untoned))
        })
    })
}

/// Whether the syllable with its tone is a reading of the character.
pub(super) fn reads_exactly(han: char, syllable: &str) -> bool {
    han.to_pinyin_multi()
        .is_some_and(|readings| readings.into_iter().any(|reading| reading.with_tone() == syllable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glosses() {
        let check = |text: &str, expected: &str| {
            let out = without_glosses(Mapped::verbatim(text), &mut BTreeSet::new());
            assert_eq!(out.text(), expected);
        };
        check("網(wǎng)絡(luò)安全", "網絡安全");
        check("會（huì\u{a0}）議", "會議");
        check("人工智能(AI)與大數(shù)據(2021)", "人工智能(AI)與大數據(2021)");
        check("甲(café)店", "甲(café)店");
        check("女(nǚ)性", "女性");
        check("什么（me）案(àn)件，他们(men)的(de)", "什么案件，他们的");
        check("案（an）件，第（e）项，调用(call)", "案（an）件，第（e）项，调用(call)");
    }
}
