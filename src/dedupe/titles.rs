//! Titles: whether two articles go under one title, and whether a text tells what a title says.

use super::fold::fold;

/// How two titles stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Titles {
    /// The same, or one with the name of a column or a site added; or one of them is not known.
    Same,
    /// The same but for digits: two issues of one column.
    OtherIssue,
    /// Each says something that the other does not.
    Other,
}

/// Compares two titles as printed.
pub(super) fn compare(a: Option<&str>, b: Option<&str>) -> Titles {
    let (Some(a), Some(b)) = (a, b) else { return Titles::Same };
    let (a, b) = (fold(a), fold(b));
    if a == b || a.is_empty() || b.is_empty() {
        return Titles::Same;
    }
    let words = |units: &[u16]| -> Vec<u16> {
        units.iter().copied().filter(|unit| !is_digit(*unit)).collect()
    };
    if words(&a) == words(&b) {
        return Titles::OtherIssue;
    }
    let before = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let short = a.len().min(b.len());
    let after = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    // One is the other with words put in; a few characters could be any title's.
    let added = short <= before + after || holds(&a, &b) || holds(&b, &a);
    if added && short >= SHORT { Titles::Same } else { Titles::Other }
}

/// Shorter titles, such as `通知`, stand in many others.
const SHORT: usize = 6;

/// Of what the title says beyond another title, the share that stands in a folded text.
///
/// 1 if it says nothing more.
pub(super) fn told(title: &str, other: &str, text: &[u16]) -> f64 {
    let other = fold(other);
    let mut all = 0;
    let mut told = 0;
    for word in words(title).iter().filter(|word| !holds(&other, word)) {
        // Of Latin words each letter counts as half a Chinese character.
        let weight = if word.iter().all(|unit| *unit < 0x250) { word.len() } else { 4 };
        all += weight;
        told += if holds(text, word) { weight } else { 0 };
    }
    if all == 0 { 1.0 } else { f64::from(to_u32(told)) / f64::from(to_u32(all)) }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Folded Latin words and numbers, and pairs of Chinese characters.
fn words(title: &str) -> Vec<Vec<u16>> {
    let mut words = Vec::new();
    for part in title.split(|c: char| !c.is_alphanumeric()) {
        let units = fold(part);
        for same in units.chunk_by(|a, b| is_latin(*a) == is_latin(*b)) {
            if same.first().is_some_and(|unit| is_latin(*unit)) || same.len() == 1 {
                words.push(same.to_vec());
            } else {
                words.extend(same.windows(2).map(<[u16]>::to_vec));
            }
        }
    }
    words
}

fn is_latin(unit: u16) -> bool {
    unit < 0x250
}

fn is_digit(unit: u16) -> bool {
    (u16::from(b'0')..=u16::from(b'9')).contains(&unit)
}

fn holds(text: &[u16], word: &[u16]) -> bool {
    text.windows(word.len().max(1)).any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &str, b: &str, expected: Titles) {
        assert_eq!(compare(Some(a), Some(b)), expected);
        assert_eq!(compare(Some(b), Some(a)), expected);
    }

    #[test]
    fn titles() {
        check("快递面单案告破", "快递面单案，告破！", Titles::Same);
        check("快递面单案告破", "【警方发布】快递面单案告破", Titles::Same);
        check("快递面单案告破", "快递面单案近日告破", Titles::Same);
        check("反诈周报第12期", "反诈周报第13期", Titles::OtherIssue);
        check("快递面单案告破", "一临时工倒卖快递面单", Titles::Other);
        check("安全论坛东部专场议程", "安全论坛西部专场议程", Titles::Other);
        check("通知", "放假通知", Titles::Other);
        assert_eq!(compare(None, Some("通知")), Titles::Same);
    }

    #[test]
    fn what_a_title_says_is_looked_for() {
        let text = fold("临时工钱某用手机拍摄快递面单，转手卖给诈骗团伙。Tool X 2.1");
        let told = |title: &str| told(title, "快递面单", &text);
        assert!((told("临时工卖快递面单") - 0.5).abs() < 0.2);
        assert!(told("医院系统被黑") < 0.01);
        assert!(told("tool X 快递面单") > 0.99);
        assert!(told("Gallery X") < 0.2);
    }
}
