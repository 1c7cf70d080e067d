//! Gate: a cheap look at a text before anything in it is read.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError, MatchKind};

/// Bodies and persons that enforcement is about.
const WHO: [&str; 5] = ["suspect", "police", "procuratorate", "court", "regulator"];
/// What is done in a case.
const ACTS: [&str; 8] = [
    "arrest",
    "solve",
    "prosecute",
    "judge",
    "administrative",
    "public_interest",
    "enforcement",
    "hearing",
];
/// What is said of cases only.
const TOLD: [&str; 2] = ["involved", "enforced"];

const BOTH: u8 = 3;

/// Knows the texts that can tell a case or a total: they name a body or a suspect and an act of enforcement, or
/// use a word that is said of cases only (`涉案金额`).
#[derive(Debug, Clone)]
pub struct Gate {
    words: AhoCorasick,
    /// For each word: 1 for whom, 2 for an act, 3 for both.
    says: Vec<u8>,
}

impl Gate {
    /// From the words of bulletins by class.
    pub(super) fn new(classes: &BTreeMap<String, Vec<String>>) -> Result<Gate, BuildError> {
        let mut says: BTreeMap<&str, u8> = BTreeMap::new();
        for (class, words) in classes {
            let who = u8::from(WHO.contains(&class.as_str()));
            let act = u8::from(ACTS.contains(&class.as_str())) << 1;
            let both = if TOLD.contains(&class.as_str()) { BOTH } else { who | act };
            if both != 0 {
                for word in words {
                    *says.entry(word).or_default() |= both;
                }
            }
        }
        // A table of transitions takes one look-up for each byte, and these words make a small one.
        let words = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::Standard)
            .build(says.keys())?;
        Ok(Gate { words, says: says.into_values().collect() })
    }

    /// Whether a text can tell a case or a total.
    pub fn passes(&self, text: &str) -> bool {
        let mut said = 0;
        self.words.find_overlapping_iter(text).any(|hit| {
            said |= self.says.get(hit.pattern().as_usize()).copied().unwrap_or(0);
            said == BOTH
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::knowledge::patterns::Patterns;

    #[test]
    fn what_can_tell_a_case() {
        let patterns = Patterns::builtin().unwrap();
        let check = |text: &str, expected: bool| {
            assert_eq!(patterns.gate.passes(text), expected, "{text}");
        };
        check("河湾县公安局抓获三人。", true);
        check("被告人谭某获刑一年。", true);
        check("一起外挂案，涉案金额达十万元。", true);
        check("两处窝点被捣毁，检察机关介入。", true);
        check("公安部门发布防范指南。", false);
        check("某软件存在漏洞，攻击者可窃取信息。", false);
        check("", false);
    }
}
