//! Statistics: published totals and shares about more than one case, with period, place and campaign.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::quantity::Quantity;
use super::scan::{Scan, unit};
use super::split::Passage;
use super::text::{piece, sentence_at, tail, within};
use crate::knowledge::patterns::RoleRule;
use crate::model::{Date, Found, Statistic};

/// The totals and shares of a text, apart from the figures of its cases.
pub(super) fn statistics(scan: &Scan<'_>, passages: &[Passage]) -> Vec<Statistic> {
    let mut found: Vec<Statistic> = Vec::new();
    for quantity in &scan.quantities {
        let Some(rule) = scan.role(quantity, &scan.patterns.metrics) else { continue };
        let inside = passages.iter().any(|passage| passage.span.contains(&quantity.span.start));
        if !is_published_total(scan, quantity, rule, inside) {
            continue;
        }
        let value = quantity.number.value;
        let told = found.iter().any(|known| {
            known.metric == rule.role && known.number.value.value.total_cmp(&value).is_eq()
        });
        if !told {
            found.push(statistic(scan, quantity, rule));
        }
    }
    found
}

/// Whether a number is about many cases: its sentence or paragraph counts cases or speaks of a country, a province or a period.
fn is_published_total(scan: &Scan<'_>, quantity: &Quantity, rule: &RoleRule, inside: bool) -> bool {
    let sentence = sentence_at(&scan.sentences, quantity.span.start);
    let line = scan.line_at(quantity.span.start);
    let has = |range: &Range<usize>, class: &str| scan.hits_of(range, class).next().is_some();
    let counts = |range: &Range<usize>| {
        within(&scan.quantities, range.clone()).iter().any(|other| scan.is_case_count(other))
    };
    if has(&sentence, "foreign") || quantity.weak {
        return false;
    }
    if rule.role == "share" {
        let of_crime = ["案件", "犯罪", "被告人", "嫌疑人", "裁判"];
        let around = two_before(scan, &line).start..line.end;
        return !inside
            && of_crime.iter().any(|word| piece(scan.text, around.clone()).contains(word));
    }
    let of_enforcement = ["arrest", "solve", "prosecute", "judge", "enforcement"]
        .iter()
        .any(|class| has(&sentence, class));
    if !of_enforcement {
        return false;
    }
    if rule.role.starts_with("cases_") && quantity.number.value < 2.0 {
        return false;
    }
    let words = piece(scan.text, sentence.clone());
    let of_one_case = ["该团伙", "该案", "此案", "本案", "一起", "该公司", "等人"]
        .iter()
        .any(|word| words.contains(word));
    if inside {
        let many = [
            "全国公安",
            "全国检察",
            "全国法院",
            "各地公安",
            "全省公安",
            "全市公安",
            "以来",
            "全年",
            "该院",
            "累计",
            "净网",
            "专项行动",
        ];
        return counts(&sentence)
            && many.iter().any(|word| words.contains(word))
            && !words.contains("涉及全国")
            && !of_one_case;
    }
    let of_justice = matches!(
        rule.role.as_str(),
        "judgments"
            | "cases_prosecuted"
            | "persons_prosecuted"
            | "cases_accepted"
            | "persons_accepted"
            | "persons_arrest_approved"
    );
    (of_justice
        || counts(&sentence)
        || counts(&line)
        || has(&sentence, "scope")
        || has(&line, "scope"))
        && !of_one_case
}

fn statistic(scan: &Scan<'_>, quantity: &Quantity, rule: &RoleRule) -> Statistic {
    let sentence = sentence_at(&scan.sentences, quantity.span.start);
    let line = scan.line_at(quantity.span.start);
    let (period_start, period_end) = period(scan, line.start..quantity.span.start);
    Statistic {
        metric: rule.role.clone(),
        subject: rule.subject.clone().or_else(|| subject(scan, quantity)),
        number: Found::new(quantity.number, quantity.span.clone(), rule.name.clone()),
        unit: Some(unit(quantity).to_owned()).filter(|unit| !unit.is_empty()),
        period_start,
        period_end,
        division: division(scan, &sentence)
            .or_else(|| division(scan, &(line.start..quantity.span.start))),
        campaign: campaign(scan.text, &two_before(scan, &line), &line).map(|found| found.value),
    }
}

/// The two lines before a line.
fn two_before(scan: &Scan<'_>, line: &Range<usize>) -> Range<usize> {
    let i = scan.lines.partition_point(|other| other.start < line.start);
    let start = scan.lines.get(i.saturating_sub(2)).map_or(line.start, |other| other.start);
    start..line.start.max(start)
}

/// The period nearest before a number. 2020年以来 has a start and no end; 2021年 is its own start and end.
fn period(scan: &Scan<'_>, range: Range<usize>) -> (Option<Date>, Option<Date>) {
    let Some(moment) =
        within(&scan.moments, range).iter().rev().find(|moment| moment.start.is_some())
    else {
        return (None, None);
    };
    let after = piece(scan.text, moment.span.end..scan.text.len());
    let since = after.starts_with("以来")
        || after.starts_with('起')
        || piece(scan.text, moment.span.clone()).ends_with("以来");
    let end = if since { None } else { moment.end.or(moment.start) };
    (moment.start, end)
}

fn division(scan: &Scan<'_>, range: &Range<usize>) -> Option<String> {
    let body = within(&scan.bodies, range.clone()).iter().find_map(|body| scan.code_of(body));
    let nation = ["全国", "公安部", "最高人民检察院", "最高检", "最高人民法院", "最高法"];
    let words = piece(scan.text, range.clone());
    if nation.iter().any(|word| words.contains(word)) && body.is_none() {
        return Some("000000".to_owned());
    }
    body.or_else(|| within(&scan.places, range.clone()).first().map(|place| place.code.clone()))
}

/// The campaign named in a line, else the only one named in the whole text.
pub(super) fn campaign(
    text: &str,
    whole: &Range<usize>,
    near: &Range<usize>,
) -> Option<Found<String>> {
    static CAMPAIGN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[“‘「]([\p{Han}]{2,6}(?:20[0-9]{2}|[0-9]{1,2}号)?)[”’」](?:系列|等)?(?:专项|集群|收网|统一|集中|打击|整治|打击整治|治理)*(?:行动|战役)|(?:^|[^维守保监爱呵掩])((?:净网|护网|清朗|断卡|云剑|昆仑)(?:20[0-9]{2})?)(?:专项|系列)?(?:行动)?").expect("valid")
    });
    let first = |range: &Range<usize>| {
        let captures = CAMPAIGN.captures(piece(text, range.clone()))?;
        let name = captures.get(1).or_else(|| captures.get(2))?;
        Some(Found::new(
            name.as_str().to_owned(),
            range.start + name.start()..range.start + name.end(),
            "campaign",
        ))
    };
    first(near).or_else(|| first(whole))
}

/// What a number counts, in the article's words: the run of words before it (案件3.6万起) or behind it (79起换脸案件).
pub(super) fn subject(scan: &Scan<'_>, quantity: &Quantity) -> Option<String> {
    static LEADING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("^.*(?:共|累计|合计|先后|破获|侦破|侦办|抓获|查获|查扣|缴获|收缴|打掉|捣毁|摧毁|关停|起诉|受理|办理|审结|立案|骗取|诈骗|获取|出售|购买|扣押|涉及|的)").expect("valid")
    });
    static TRAILING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("(?:共计|共|达|累计|约|超过|多达|合计|人民币)+$").expect("valid")
    });
    let (before, after) = scan.around(quantity);
    let clause = before.rsplit(['，', '。', '；', '、', '：', '\n', '（']).next().unwrap_or("");
    let words = LEADING.replace(clause, "");
    let words = TRAILING.replace(&words, "");
    let words = tail(&words, 24);
    let words = words.trim_matches(['“', '”', ' ']);
    if 2 <= words.chars().count() {
        return Some(words.to_owned());
    }
    let following: String = after
        .chars()
        .take_while(|mark| {
            super::text::is_han(*mark) || matches!(mark, '“' | '”') || mark.is_ascii_alphanumeric()
        })
        .take(24)
        .collect();
    (2 <= following.chars().count()).then(|| following.trim_matches(['“', '”']).to_owned())
}
