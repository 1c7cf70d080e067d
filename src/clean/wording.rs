//! Put right: words that a mirror, a machine or a scan exchanged -> the words that stood there.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::knowledge::wording::Wording;
use crate::model::{Mapped, Repair, Rewrite, Script};

/// The rules compiled in, which are checked with all other knowledge.
static RULES: LazyLock<Option<Wording>> = LazyLock::new(|| Wording::builtin().ok());

/// The text with every word that is certain to be another as that other.
pub(super) fn corrected(text: Mapped, script: Script, repairs: &mut BTreeSet<Repair>) -> Mapped {
    let traditional = matches!(script, Script::Hant | Script::Mixed);
    let mut text = text;
    let Some(rules) = &*RULES else { return text };
    for _ in 0..Wording::rounds() {
        let corrections = rules.corrections(text.text(), traditional);
        if corrections.is_empty() {
            break;
        }
        let mut out = Rewrite::new(&text);
        let mut kept = 0;
        for correction in corrections {
            out.keep(kept..correction.at.start);
            kept = correction.at.end;
            out.put(correction.becomes, correction.at);
            repairs.insert(correction.repair);
        }
        out.keep(kept..text.text().len());
        text = out.finish();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_put_right_where_they_stand() {
        let text = "警方捕获犯罪嫌疑人5名。（资料图片）";
        let mut repairs = BTreeSet::new();
        let out = corrected(Mapped::verbatim(text), Script::Hans, &mut repairs);
        assert_eq!(out.text(), "警方抓获犯罪嫌疑人5名。");
        let at = out.text().find("抓获").unwrap();
        assert_eq!(text.get(out.to_source(at..at + 6)), Some("捕获"));
        assert!(repairs.iter().eq(&[Repair::Boilerplate, Repair::Wording]));
    }
}
