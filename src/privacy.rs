//! Mask: identifiers of persons in a text become stars, one for each character, so that offsets stay.
//!
//! What is masked is what names one person or thing: identity cards whose check digit is right, bank cards
//! by Luhn's rule, mobile and fixed telephones, number plates, addresses of electronic mail; in half and full
//! width, and with the usual gaps. Names are left as printed, since bulletins print 某 already, unless asked.

use std::borrow::Cow;
use std::ops::Range;

use regex::Regex;

/// What leaves masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Whether identifiers are masked.
    pub mask: bool,
    /// Whether a full name of a person becomes the surname and 某.
    pub short_names: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config { mask: true, short_names: false }
    }
}

/// Finds and masks.
#[derive(Debug)]
pub struct Privacy {
    config: Config,
    digits: Regex,
    plate: Regex,
    mail: Regex,
}

/// Provinces as plates print them.
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

/// The lengths of the groups in which each kind is printed.
const CARD: [&[usize]; 4] = [&[18], &[6, 8, 4], &[6, 4, 4, 4], &[14, 4]];
const MOBILE: [&[usize]; 5] = [&[11], &[3, 4, 4], &[3, 8], &[7, 4], &[4, 4, 3]];
const FIXED: [&[usize]; 8] =
    [&[10], &[11], &[12], &[3, 8], &[4, 7], &[4, 8], &[3, 4, 4], &[4, 4, 4]];
const BANK: [&[usize]; 9] = [
    &[16],
    &[17],
    &[18],
    &[19],
    &[4, 4, 4, 4],
    &[4, 4, 4, 4, 3],
    &[4, 4, 4, 4, 1],
    &[4, 4, 4, 4, 2],
    &[6, 13],
];

impl Privacy {
    /// Ready to mask as configured.
    pub fn new(config: Config) -> Self {
        let compile = |pattern: &str| Regex::new(pattern).expect("the patterns are tested");
        Privacy {
            config,
            digits: compile(r"[0-9０-９](?:[-－—‑ 　\u{a0}·]?[0-9０-９]){6,24}[XxＸｘ]?"),
            plate: compile(&format!(
                "[{PROVINCES}][A-HJ-Za-hj-zＡ-Ｚａ-ｚ][-－ 　·•・]?[A-Za-z0-9Ａ-Ｚａ-ｚ０-９]{{5,6}}[挂学警港澳领]?"
            )),
            mail: compile(
                r"[A-Za-z0-9._%+\-Ａ-Ｚａ-ｚ０-９．＿－]+[@＠](?:[A-Za-z0-9\-Ａ-Ｚａ-ｚ０-９－]+[.．])+[A-Za-zＡ-Ｚａ-ｚ]{2,}",
            ),
        }
    }

    /// The text with stars.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        starred(text, &self.find(text))
    }

    /// The text with stars, if there is one.
    pub fn option(&self, text: Option<&String>) -> Option<String> {
        text.map(|text| self.text(text).into_owned())
    }

    /// The name of a person as it leaves.
    pub fn name(&self, name: &str) -> String {
        let masked = self.text(name);
        if self.config.short_names { shortened(&masked) } else { masked.into_owned() }
    }

    /// A text in which some persons are named.
    pub fn text_naming<'t>(&self, text: &'t str, names: &[&str]) -> Cow<'t, str> {
        let mut masked = self.text(text);
        if self.config.short_names {
            for name in names.iter().filter(|name| shortened(name) != **name) {
                if masked.contains(name) {
                    masked = masked.replace(name, &shortened(name)).into();
                }
            }
        }
        masked
    }

    /// Where the characters stand that become stars; sorted, without overlap.
    pub fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if !self.config.mask {
            return found;
        }
        if text.contains(['@', '＠']) {
            found.extend(self.mail.find_iter(text).map(|mail| mail.range()));
        }
        for run in self.digits.find_iter(text) {
            let own = Digits::new(text, run.range());
            found.extend(own.identifiers().into_iter().map(|at| own.bytes(&at)));
        }
        found.extend(
            self.plate.find_iter(text).filter_map(|plate| number_of_plate(text, plate.range())),
        );
        found.sort_by_key(|range| (range.start, range.end));
        found.dedup_by(|next, kept| {
            let overlap = next.start < kept.end;
            if overlap {
                kept.end = kept.end.max(next.end);
            }
            overlap
        });
        found
    }
}

/// Surname and 某, with as many characters as before; what is shortened already stays.
fn shortened(name: &str) -> String {
    let chars = name.chars().count();
    let printed = name.contains(['某', '×', '*', 'X', '·']) || !(2..=4).contains(&chars);
    if printed {
        return name.to_owned();
    }
    let compound = ["欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐"];
    let surname = if 2 < chars && compound.iter().any(|c| name.starts_with(c)) { 2 } else { 1 };
    name.chars().enumerate().map(|(i, c)| if i < surname { c } else { '某' }).collect()
}

fn starred<'t>(text: &'t str, ranges: &[Range<usize>]) -> Cow<'t, str> {
    if ranges.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for range in ranges {
        masked.push_str(text.get(at..range.start).unwrap_or_default());
        let hidden = text.get(range.clone()).unwrap_or_default();
        masked.extend(hidden.chars().map(|c| if is_gap(c) { c } else { '*' }));
        at = range.end;
    }
    masked.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(masked)
}

/// Full width becomes half.
fn half(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '　' | '\u{a0}' => ' ',
        '—' | '‑' => '-',
        c => c,
    }
}

fn is_gap(c: char) -> bool {
    matches!(half(c), '-' | ' ' | '·')
}

/// The part of a plate after province and letter, if it can be one.
fn number_of_plate(text: &str, plate: Range<usize>) -> Option<Range<usize>> {
    let words = text.get(plate.clone())?;
    let mut chars = words.char_indices().skip(2);
    let start = plate.start + chars.next()?.0;
    let digits = words.chars().filter(|c| half(*c).is_ascii_digit()).count();
    let next = text.get(plate.end..)?.chars().next().map(half);
    let ends = next.is_none_or(|next| !next.is_ascii_alphanumeric());
    (2 <= digits && ends).then_some(start..plate.end)
}

/// A run of digits with the gaps between them.
struct Digits {
    /// Each digit in half width, where it stands, and whether a gap comes before it.
    digits: Vec<(char, Range<usize>, bool)>,
    /// What stands beside the run.
    before: Option<char>,
    after: Option<char>,
}

impl Digits {
    fn new(text: &str, run: Range<usize>) -> Self {
        let mut digits = Vec::new();
        let mut gap = false;
        for (at, c) in text.get(run.clone()).unwrap_or_default().char_indices() {
            let start = run.start + at;
            if is_gap(c) {
                gap = true;
            } else {
                digits.push((half(c).to_ascii_uppercase(), start..start + c.len_utf8(), gap));
                gap = false;
            }
        }
        let before = text.get(..run.start).and_then(|text| text.chars().next_back()).map(half);
        let after = text.get(run.end..).and_then(|text| text.chars().next()).map(half);
        Digits { digits, before, after }
    }

    /// Ranges of digits that together are one identifier.
    fn identifiers(&self) -> Vec<Range<usize>> {
        let gaps = self.digits.iter().enumerate().filter(|(i, (_, _, gap))| *i == 0 || *gap);
        let mut starts: Vec<usize> = gaps.map(|(i, _)| i).collect();
        starts.push(self.digits.len());
        let mut found = Vec::new();
        let mut i = 0;
        while i + 1 < starts.len() {
            // The longest reading from here.
            let best = (i + 1..starts.len().min(i + 7)).rev().find_map(|j| {
                let bounds = starts.get(i..=j)?;
                let lengths: Vec<usize> = bounds
                    .iter()
                    .zip(bounds.iter().skip(1))
                    .map(|(start, end)| end - start)
                    .collect();
                let range = *bounds.first()?..*bounds.last()?;
                self.is_identifier(&range, &lengths).then_some((j, range))
            });
            match best {
                Some((j, range)) => {
                    found.push(range);
                    i = j;
                }
                None => i += 1,
            }
        }
        found
    }

    fn is_identifier(&self, range: &Range<usize>, lengths: &[usize]) -> bool {
        // Part of a longer name of letters and digits, such as a hash.
        let letter = |c: char| c.is_ascii_hexdigit() && c.is_ascii_alphabetic();
        let inside = (range.start == 0 && self.before.is_some_and(letter))
            || (range.end == self.digits.len()
                && self.after.is_some_and(|c| c.is_ascii_alphanumeric()));
        let Some(digits) = self.digits.get(range.clone()) else { return false };
        let digits: String = digits.iter().map(|(digit, _, _)| *digit).collect();
        if digits.get(..digits.len().saturating_sub(1)).is_none_or(|most| most.contains('X')) {
            return false;
        }
        let printed = |kinds: &[&[usize]]| kinds.contains(&lengths);
        if printed(&CARD) && is_identity_card(&digits) {
            return true;
        }
        if inside || digits.contains('X') {
            return false;
        }
        let mobile = |digits: &str, lengths: &[usize]| {
            MOBILE.contains(&lengths)
                && digits.starts_with('1')
                && digits.chars().nth(1).is_some_and(|c| ('3'..='9').contains(&c))
        };
        let abroad = || match (digits.strip_prefix("86"), lengths) {
            (Some(rest), [2, lengths @ ..]) => mobile(rest, lengths),
            (Some(rest), [13]) => mobile(rest, &[11]),
            (Some(rest), [5, lengths @ ..]) => mobile(rest, &[&[3], lengths].concat()),
            _ => false,
        };
        mobile(&digits, lengths)
            || abroad()
            || (printed(&FIXED) && is_fixed_line(&digits, lengths))
            || (printed(&BANK) && is_bank_card(&digits))
    }

    fn bytes(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.digits.get(range.start).map_or(0, |(_, at, _)| at.start);
        let end = self.digits.get(..range.end).and_then(<[_]>::last).map_or(0, |(_, at, _)| at.end);
        start..end.max(start)
    }
}

/// GB 11643: region, day of birth, number, check digit.
fn is_identity_card(digits: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let values = digits.chars().zip(WEIGHTS).map(|(c, weight)| c.to_digit(10).map(|d| d * weight));
    let Some(sum) = values.sum::<Option<u32>>() else { return false };
    let check = usize::try_from(sum % 11).ok().and_then(|i| "10X98765432".chars().nth(i));
    let part = |range: Range<usize>| digits.get(range).and_then(|part| part.parse::<i16>().ok());
    let born = |year: i16, month: i16, day: i16| {
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        jiff::civil::Date::new(year, month, day).ok()
    };
    let day = part(6..10).zip(part(10..12)).zip(part(12..14));
    let real = day.is_some_and(|((year, month), day)| {
        (1850..2100).contains(&year) && born(year, month, day).is_some()
    });
    digits.len() == 18 && real && digits.chars().next_back() == check
}

/// An area code that exists, then seven or eight digits.
fn is_fixed_line(digits: &str, lengths: &[usize]) -> bool {
    let Some(rest) = digits.strip_prefix('0') else { return false };
    let short = rest.starts_with("10") || rest.starts_with('2');
    let area = if short { 3 } else { 4 };
    let number = digits.len().saturating_sub(area);
    let first = digits.chars().nth(area);
    let split = lengths.len() == 1 || lengths.first() == Some(&area);
    let known = short || rest.starts_with(|c: char| ('3'..='9').contains(&c));
    split && known && (7..=8).contains(&number) && first.is_some_and(|c| ('2'..='9').contains(&c))
}

/// Luhn's rule, and a first digit that banks use.
fn is_bank_card(digits: &str) -> bool {
    let sum: Option<u32> = digits
        .chars()
        .rev()
        .enumerate()
        .map(|(i, c)| {
            let digit = c.to_digit(10)?;
            let doubled = if i.is_multiple_of(2) { digit } else { digit * 2 };
            Some(doubled / 10 + doubled % 10)
        })
        .sum();
    digits.starts_with(['3', '4', '5', '6', '9']) && sum.is_some_and(|sum| sum.is_multiple_of(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let masked = Privacy::new(Config::default()).text(text).into_owned();
        assert_eq!(masked, expected);
        assert_eq!(masked.chars().count(), text.chars().count());
    }

    #[test]
    fn identifiers() {
        check("身份证号11010519491231002X。", "身份证号******************。");
        check("证件１１０１０５１９４９１２３１００２Ｘ", "证件******************");
        check("证件110105 19491231 002x", "证件****** ******** ****");
        check("电话13812345678,", "电话***********,");
        check("电话138-1234-5678", "电话***-****-****");
        check("拨打+86 13812345678", "拨打+** ***********");
        check("微信wx13812345678", "微信wx***********");
        check("办公室0553-5891234", "办公室****-*******");
        check("卡号6222 0212 3456 7894 转账", "卡号**** **** **** **** 转账");
        check("卡号4111111111111111", "卡号****************");
        check("驾驶皖B12345号车", "驾驶皖B*****号车");
        check("驾驶粤B·D12345", "驾驶粤B·******");
        check("邮箱zhang.san@example.com、", "邮箱*********************、");
        check("ｚｈａｎｇ＠ｅｘａｍｐｌｅ．ｃｏｍ", "*****************");
    }

    #[test]
    fn what_is_no_identifier() {
        for text in [
            "身份证号110105194912310021。",
            "获利13812345元",
            "查获公民个人信息138123456789条",
            "2023年9月12日至2024年1月30日",
            "2023-09-12 2024-01-30",
            "卡号6222021234567890",
            "编号a13812345678b",
            "热线12377、95588、110",
            "（2023）皖0202刑初123号",
            "http://a.example/2247483651_1",
            "京A级景区",
            "版权@2023",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn names() {
        let privacy = Privacy::new(Config { mask: true, short_names: true });
        for (name, expected) in
            [("张三丰", "张某某"), ("欧阳锋", "欧阳某"), ("王某", "王某"), ("李", "李")]
        {
            assert_eq!(privacy.name(name), expected);
        }
        assert_eq!(privacy.text_naming("张三丰到案", &["张三丰"]), "张某某到案");
        let printed = Privacy::new(Config::default());
        assert_eq!(printed.text_naming("张三丰到案", &["张三丰"]), "张三丰到案");
    }

    #[test]
    fn masking_can_be_turned_off() {
        let open = Privacy::new(Config { mask: false, short_names: false });
        assert_eq!(open.text("电话13812345678"), "电话13812345678");
    }
}
