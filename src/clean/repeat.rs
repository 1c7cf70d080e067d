//! Collapse: a body that is printed twice or more -> its first copy.

use std::collections::BTreeSet;
use std::ops::Range;

use super::chars::{behind_ascii, is_word};
use crate::model::{Mapped, Repair, Rewrite};

/// A shorter text that recurs, in letters and digits, is a quotation, a table or a menu.
const LEAST: usize = 100;
/// A copy is at least this share of the text: one in five.
const SHARE: usize = 5;
/// How often the rest of the text is searched again.
const ROUNDS: usize = 8;

/// The text without later copies of itself, and how many there were.
pub(super) fn collapsed(text: Mapped, repairs: &mut BTreeSet<Repair>) -> (Mapped, u32) {
    let copies = if may_repeat(text.text()) { copies(text.text()) } else { Vec::new() };
    if copies.is_empty() {
        return (text, 0);
    }
    let copied: usize = copies.iter().map(Range::len).sum();
    let kept = (text.text().len() - copied).max(1);
    let count = ((copied + kept / 2) / kept).max(1);
    repairs.insert(Repair::SelfRepeat);
    (without(&text, &copies), u32::try_from(count).unwrap_or(u32::MAX))
}

/// The text without some ranges of it, in order; what stood on two lines still does.
fn without(text: &Mapped, ranges: &[Range<usize>]) -> Mapped {
    let source = text.text();
    let mut out = Rewrite::new(text);
    let ends = ranges.iter().map(|range| range.start).chain([source.len()]);
    let starts = std::iter::once(0).chain(ranges.iter().map(|range| range.end));
    let mut last = 0;
    for range in starts.zip(ends).map(|(start, end)| start..end) {
        let words = source.get(range.clone()).unwrap_or_default();
        let start = range.start + (words.len() - words.trim_start().len());
        let end = range.start + words.trim_end().len();
        if end <= start {
            continue;
        }
        let between = source.get(last..start).unwrap_or_default();
        if let Some(line_break) = between.find('\n').filter(|_| 0 < last) {
            out.keep(last + line_break..last + line_break + 1);
        }
        out.keep(start..end);
        last = end;
    }
    out.finish()
}

/// Cheap test: enough of what a copy would show twice is there twice.
///
/// Looks at one Chinese character in eight, chosen by what it is, with the bytes behind it.
fn may_repeat(text: &str) -> bool {
    const SEEN: usize = 24;
    let bytes = text.as_bytes();
    if bytes.len() < LEAST * 4 {
        // Text of Latin letters may be a third as long in bytes; it is rare enough to be searched.
        return LEAST * 2 <= bytes.len();
    }
    let bits = (bytes.len() / 2).next_power_of_two();
    let mut table = vec![0_u64; bits / 64 + 1];
    let (mut looked_at, mut again) = (0_usize, 0_usize);
    let mut next = 0;
    while let Some(&[lead, middle, last]) = bytes.get(next..).and_then(|rest| rest.first_chunk()) {
        let at = next;
        if !(0xe4..=0xe9).contains(&lead) {
            next = if lead < 0x80 { behind_ascii(bytes, at + 1) } else { at + 1 };
            continue;
        }
        next = at + 3;
        if (middle ^ last) & 7 != 0 {
            continue;
        }
        let Some(seen) = bytes.get(at..).and_then(|rest| rest.first_chunk::<SEEN>()) else { break };
        let hash =
            seen.as_chunks().0.iter().fold(0, |hash, word| mixed(hash ^ u64::from_le_bytes(*word)));
        let slot = usize::try_from(hash & (bits as u64 - 1)).unwrap_or(0);
        let Some(word) = table.get_mut(slot / 64) else { continue };
        looked_at += 1;
        again += usize::from(*word >> (slot % 64) & 1 == 1);
        *word |= 1 << (slot % 64);
    }
    looked_at <= again * SHARE * 2
}

/// Spreads a number over all bits.
fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value ^ (value >> 31)
}

/// The byte ranges of later copies of what the text has told before, in order.
///
/// A copy is a long part of the text, nearly every character of which stands at the same distance
/// from its first telling.
fn copies(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| is_word(*c)).collect();
    let least = LEAST.max(words.len() / SHARE);
    let mut found: Vec<Range<usize>> = Vec::new();
    for _ in 0..ROUNDS {
        let chars: Vec<char> = words.iter().map(|(_, c)| *c).collect();
        let Some(copy) = common_lag(&chars, least).and_then(|lag| copy(&chars, lag, least)) else {
            break;
        };
        let at = |i: usize| words.get(i).map_or(text.len(), |(at, _)| *at);
        found.push(with_marks(text, at(copy.start), at(copy.end)));
        words.drain(copy);
    }
    found.sort_by_key(|range| range.start);
    found
}

/// From the first character of a copy to the first behind it: opening marks go with what they open.
fn with_marks(text: &str, start: usize, behind: usize) -> Range<usize> {
    const OPENING: [char; 9] = ['“', '‘', '《', '〈', '（', '【', '「', '『', '('];
    let opening = |at: usize| {
        let before = text.get(..at).unwrap_or_default();
        before.trim_end_matches(OPENING).len()
    };
    opening(start)..opening(behind)
}

/// The distance at which most shingles come again, if it is enough of them.
fn common_lag(chars: &[char], least: usize) -> Option<usize> {
    /// Of this many shingles, one is looked at.
    const SAMPLE: usize = 8;
    const SHINGLE: usize = 5;
    let hash = |shingle: &[char]| shingle.iter().fold(0, |hash, c| mixed(hash ^ u64::from(*c)));
    let hashes = chars.windows(SHINGLE).map(hash).enumerate();
    let mut sample: Vec<(u64, usize)> = hashes
        .filter(|(_, hash)| hash.is_multiple_of(SAMPLE as u64))
        .map(|(i, hash)| (hash, i))
        .collect();
    sample.sort_unstable();
    let again = sample.iter().zip(sample.iter().skip(1)).filter(|(x, y)| x.0 == y.0);
    let mut lags: Vec<usize> = again.map(|(x, y)| y.1 - x.1).filter(|&lag| least <= lag).collect();
    lags.sort_unstable();
    let common = lags.chunk_by(|x, y| x == y).max_by_key(|same| same.len())?;
    // Half of what a copy of the least length would show.
    let enough = least / (2 * SAMPLE) <= common.len();
    common.first().copied().filter(|_| enough)
}

/// The longest part that tells again what stands `lag` before it.
fn copy(chars: &[char], lag: usize, least: usize) -> Option<Range<usize>> {
    /// Fewer characters that agree do so by chance.
    const RUN: usize = 3;
    /// Characters that may differ inside a copy before it ends.
    const GAP: usize = 8;
    let later = chars.get(lag..).unwrap_or_default();
    let agrees: Vec<bool> = later.iter().zip(chars).map(|(c, before)| c == before).collect();
    let (mut best, mut part) = (Part::default(), Part::default());
    let mut at = lag;
    for run in agrees.chunk_by(|x, y| x == y) {
        let agrees = run.first() == Some(&true) && RUN <= run.len();
        if agrees && (part.agreed == 0 || GAP < at - part.end) {
            part = Part { start: at, end: at, agreed: 0 };
        }
        at += run.len();
        if agrees {
            part.end = at;
            part.agreed += run.len();
        }
        if best.len() < part.len() {
            best = part;
        }
    }
    // A form filled in twice differs in more than one character of twenty.
    let copy = least <= best.len() && best.len() * 19 <= best.agreed * 20;
    copy.then_some(best.start..best.end)
}

/// A part of a text, in characters, and how many of them agree with what stands before it.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    start: usize,
    end: usize,
    agreed: usize,
}

impl Part {
    fn len(self) -> usize {
        self.end - self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(n: usize) -> String {
        let places = ["甲县", "乙市", "丙州", "丁区", "戊镇", "己旗"];
        let deeds = [
            "从物业公司购得业主名单",
            "向装修公司出售住户电话",
            "用木马窃取快递面单",
            "冒充客服骗取验证码",
        ];
        let (place, deed) = (places[n % 6], deeds[n % 4]);
        format!(
            "{n}月{n}日，{place}警方通报称，嫌疑人第{n}次{deed}，涉及{n}万余条，民警循线追查后将其抓获归案。"
        )
    }

    const STORY: &str = "江城市公安局近日破获一起侵犯公民个人信息案。\n经查，某物流公司员工钱某利用职务之便，\
        将客户的收货地址、联系电话等资料私自导出，通过即时通讯软件出售给他人，从中牟利。\n民警循线追踪，\
        在外省将其上家孙某抓获，当场查扣手机六部、电脑两台。\n目前，两名嫌疑人均已被依法采取刑事强制措施，\
        案件正在进一步侦办之中。警方提醒，处理个人信息应当遵循合法、正当、必要的原则。";

    #[track_caller]
    fn check(text: &str, expected: &str, copies: u32) {
        let source = Mapped::verbatim(text);
        let (out, found) = collapsed(source, &mut BTreeSet::new());
        assert_eq!((out.text(), found), (expected, copies));
        let (again, found) = collapsed(Mapped::verbatim(expected), &mut BTreeSet::new());
        assert_eq!((again.text(), found), (expected, 0));
    }

    #[test]
    fn bodies_printed_twice() {
        let body: Vec<String> = (1..9).map(story).collect();
        let body = format!("案情\n{}", body.join("\n"));
        check(&body, &body, 0);
        check(&format!("{body}\n{body}"), &body, 1);
        check(&format!("{body}\n{body}\n{body}"), &body, 2);
    }

    #[test]
    fn copies_with_another_head_or_tail() {
        check(STORY, STORY, 0);
        check(
            &format!("首页 > 法治\n{STORY}\n责任编辑：甲\n{STORY}"),
            &format!("首页 > 法治\n{STORY}\n责任编辑：甲"),
            1,
        );
        check(
            &format!("{STORY}\n两人卖快递单被抓\n转自江城晚报\n{STORY}\n全文到此"),
            &format!("{STORY}\n两人卖快递单被抓\n转自江城晚报\n全文到此"),
            1,
        );
    }

    #[test]
    fn copies_inside_a_line() {
        let line = STORY.replace('\n', "");
        check(&format!("{line}{line}"), &line, 1);
        check(
            &format!("{line}“双节”将至。{line}“春运”又到。"),
            &format!("{line}“双节”将至。“春运”又到。"),
            1,
        );
    }

    #[test]
    fn copies_with_small_changes() {
        let again = STORY.replace("六部", "大部").replace('，', ",");
        check(&format!("{STORY}\n{again}"), STORY, 1);
    }

    #[test]
    fn a_quoted_paragraph_is_no_copy() {
        let body: Vec<String> = (1..9).map(story).collect();
        let text = format!("{}\n{}", body.join("\n"), story(3));
        check(&text, &text, 0);
    }

    #[test]
    fn refrains_are_no_copies() {
        let refrain = "警方提醒广大市民注意保护个人信息。";
        let text: Vec<String> =
            (1..40).map(|i| format!("第{i}条：{}{refrain}", "甲乙丙丁".repeat(i % 3))).collect();
        let text = text.join("\n");
        check(&text, &text, 0);
        check("", "", 0);
        check("哈哈哈哈哈哈哈哈哈哈", "哈哈哈哈哈哈哈哈哈哈", 0);
    }

    #[test]
    fn what_is_kept_maps_to_its_place() {
        let text = format!("{STORY}\n{STORY}\n完");
        let (out, _) = collapsed(Mapped::verbatim(text.as_str()), &mut BTreeSet::new());
        let end = out.text().len();
        assert_eq!(out.to_source(end - 3..end), text.len() - 3..text.len());
    }
}
