//! Words around a number that loosen it: 超过, 近, 约, 左右.

use super::cursor::Cursor;
use super::is_scale;

/// How words around a number loosen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hedge {
    /// 余, 多, 超, 以上.
    Over,
    /// 近, 不到, 以下.
    Nearly,
    /// 约, 左右.
    About,
}

const BEFORE: &[(&str, Hedge)] = &[
    ("不超过", Hedge::Nearly),
    ("不多于", Hedge::Nearly),
    ("不高于", Hedge::Nearly),
    ("不少于", Hedge::Over),
    ("不低于", Hedge::Over),
    ("不下于", Hedge::Over),
    ("不下", Hedge::Over),
    ("不到", Hedge::Nearly),
    ("不足", Hedge::Nearly),
    ("不满", Hedge::Nearly),
    ("未满", Hedge::Nearly),
    ("不超", Hedge::Nearly),
    ("将近", Hedge::Nearly),
    ("接近", Hedge::Nearly),
    ("逼近", Hedge::Nearly),
    ("小于", Hedge::Nearly),
    ("少于", Hedge::Nearly),
    ("低于", Hedge::Nearly),
    ("至多", Hedge::Nearly),
    ("最多", Hedge::Nearly),
    ("超过", Hedge::Over),
    ("超出", Hedge::Over),
    ("突破", Hedge::Over),
    ("多于", Hedge::Over),
    ("大于", Hedge::Over),
    ("高于", Hedge::Over),
    ("至少", Hedge::Over),
    ("最少", Hedge::Over),
    ("大约", Hedge::About),
    ("大概", Hedge::About),
    ("约为", Hedge::About),
    ("约合", Hedge::About),
    ("约有", Hedge::About),
    ("近乎", Hedge::Nearly),
    ("超", Hedge::Over),
    ("逾", Hedge::Over),
    ("近", Hedge::Nearly),
    ("约", Hedge::About),
    ("上", Hedge::Over),
];

/// The last characters of the words above.
const HEDGE_ENDS: &str = "过于下到足满超近多出破少约概为合有乎逾上";

/// A character before 近, 约 or 上 with which it is another word: 附近, 合约, 网上.
fn other_word(hedge: &str, previous: Option<char>, next: Option<char>) -> bool {
    let Some(previous) = previous else { return hedge == "上" && !next.is_some_and(is_scale) };
    match hedge {
        "近" => "附最临靠邻亲远相".contains(previous),
        "约" => "合违签预邀特节契制条公续婚履网租简".contains(previous),
        "超" => "高反".contains(previous),
        "上" => {
            !next.is_some_and(is_scale)
                || "网以之线身手路晚早马加会台街车船市海地脸".contains(previous)
        }
        _ => false,
    }
}

/// The hedge that ends right before `at`, and where it starts.
pub(crate) fn hedge_before(text: &str, at: usize) -> Option<(Hedge, usize)> {
    let before = text.get(..at)?;
    let trimmed = before.strip_suffix(' ').unwrap_or(before);
    if !trimmed.chars().next_back().is_some_and(|c| HEDGE_ENDS.contains(c)) {
        return None;
    }
    let next = Cursor::new(text, at).peek();
    for (word, hedge) in BEFORE {
        if let Some(rest) = trimmed.strip_suffix(word) {
            let known = !other_word(word, rest.chars().next_back(), next);
            return known.then_some((*hedge, rest.len()));
        }
    }
    None
}

/// The hedge that a text opens with, and where the number after it begins.
pub(super) fn hedge_from_start(text: &str) -> (Option<Hedge>, usize) {
    for (word, hedge) in BEFORE {
        if let Some(rest) = text.strip_prefix(word)
            && !other_word(word, None, rest.chars().next())
        {
            return (Some(*hedge), text.len() - rest.trim_start().len());
        }
    }
    (None, 0)
}

/// The hedge that begins at `at` (左右, 以上), and where it ends.
pub(crate) fn hedge_after(text: &str, at: usize) -> Option<(Hedge, usize)> {
    const AFTER: &[(&str, Hedge)] = &[
        ("左右", Hedge::About),
        ("上下", Hedge::About),
        ("以上", Hedge::Over),
        ("有余", Hedge::Over),
        ("开外", Hedge::Over),
        ("以下", Hedge::Nearly),
        ("以内", Hedge::Nearly),
        ("之内", Hedge::Nearly),
        ("许", Hedge::About),
    ];
    let mut cursor = Cursor::new(text, at);
    cursor.skip_spaces();
    for (word, hedge) in AFTER {
        if cursor.eat(word) {
            let name = *word == "许" && !cursor.rest().is_empty() && !cursor.at_punctuation();
            return (!name).then_some((*hedge, cursor.at));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hedge_is_reached() {
        for (word, _) in BEFORE {
            assert!(HEDGE_ENDS.contains(word.chars().next_back().unwrap()), "{word}");
        }
    }
}
