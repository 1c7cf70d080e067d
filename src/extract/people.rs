//! Names: 王某, 何某某, 张某甲, 周某信, full names of defendants, and companies with 某 or a firm's suffix.

use std::collections::BTreeSet;
use std::ops::Range;

use regex::Regex;

use super::place::Place;
use super::text::{Spanned, head, is_han, piece, tail};
use crate::knowledge::patterns::Patterns;
use crate::model::LeadKind;

/// A name and whether it can be the lead of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) span: Range<usize>,
    pub(super) kind: LeadKind,
    /// A victim, a witness, a policeman, a journalist.
    pub(super) bystander: bool,
    pub(super) rule: &'static str,
}

impl Spanned for Name {
    fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

/// The shapes of names, compiled once.
#[derive(Debug)]
pub(super) struct Shapes {
    role: Regex,
    thing: Regex,
    company: Regex,
    longer: Regex,
    generic: Regex,
    before_firm: Regex,
    part_of_firm: Regex,
    sentenced: Regex,
}

impl Shapes {
    /// Compiles the shapes that the lists of words fill.
    pub(super) fn new(patterns: &Patterns) -> Self {
        let lists = &patterns.lists.people;
        Shapes {
            role: lists.roles.regex("{}[：:]?"),
            thing: lists.things.regex(r"^[\p{Han}A-Za-z]{0,8}?{}"),
            company: lists.firms.regex(r"[\p{Han}A-Za-z0-9*＊×（）()]{2,24}?{}"),
            sentenced: Regex::new(
                r"(?:^|[，。；、：\n“”])(\p{Han}{2,4}?)(?:因犯|犯)[\p{Han}、（）]{2,24}?罪",
            )
            .expect("valid"),
            longer: Regex::new(r"^\p{Han}{1,6}?公司").expect("valid"),
            generic: lists.generic_firms.regex("^(?:[0-9]|{})"),
            before_firm: lists.before_firms.regex("{}"),
            part_of_firm: lists
                .parts_of_firms
                .regex("^(?:的)?(?:原|前|某|一名|两名|多名|数名|一|内部|部分|外包|等)*{}"),
        }
    }
}

/// Every name of the text, in order. Overlapping readings do not occur.
pub(super) fn names(
    text: &str,
    places: &[Place],
    patterns: &Patterns,
    shapes: &Shapes,
) -> Vec<Name> {
    let mut names = masked(text, places, patterns, shapes);
    let others = full(text, patterns, shapes).into_iter().chain(companies(text, patterns, shapes));
    for name in others {
        if !names
            .iter()
            .any(|known| known.span.start < name.span.end && name.span.start < known.span.end)
        {
            names.push(name);
        }
    }
    names.sort_by_key(|name| name.span.start);
    names
}

/// The surname that ends at `end`, two characters before one.
fn surname_before(text: &str, end: usize, patterns: &Patterns) -> Option<usize> {
    let before = piece(text, 0..end);
    [2, 1].into_iter().find_map(|length| {
        let candidate = tail(before, length);
        (candidate.chars().count() == length && patterns.surnames.contains(candidate))
            .then(|| end - candidate.len())
    })
}

/// The character before 某 directly behind a role is a surname, however rare.
fn accused_before(text: &str, end: usize, patterns: &Patterns) -> Option<usize> {
    let surname = piece(text, 0..end).chars().next_back().filter(|mark| is_han(*mark))?;
    let start = end - surname.len_utf8();
    let before = piece(text, 0..start);
    patterns.lists.people.roles.ends(before).then_some(start)
}

/// Names with 某: a surname, one to three 某, then perhaps one character or number that tells namesakes apart.
fn masked(text: &str, places: &[Place], patterns: &Patterns, shapes: &Shapes) -> Vec<Name> {
    let mut found = Vec::new();
    let mut last = 0;
    for (at, _) in text.match_indices('某') {
        if at < last {
            continue;
        }
        let Some(start) =
            surname_before(text, at, patterns).or_else(|| accused_before(text, at, patterns))
        else {
            continue;
        };
        // 江苏某法院: the surname would be the end of a place.
        let in_place = places
            .get(..places.partition_point(|place| place.span.start < start))
            .and_then(<[Place]>::last)
            .is_some_and(|place| start < place.span.end);
        if in_place || is_function_word(text, start, at, patterns) {
            continue;
        }
        let masks =
            piece(text, at..text.len()).chars().take_while(|mark| *mark == '某').count().min(3);
        let mut end = at + masks * '某'.len_utf8();
        let rest = piece(text, end..text.len());
        let mut following = rest.chars();
        if let Some(mark) = following.next() {
            let next = following.next();
            let stem = piece(text, start..end);
            if is_disambiguator(mark, next, patterns)
                || (masks == 1 && is_given_name(text, stem, mark, next, patterns))
            {
                end += mark.len_utf8();
            }
        }
        // 杨某公司 names no person, and a surname such as 从 or 在 before 某 is none (从某平台).
        let rest = piece(text, end..text.len());
        let is_thing = masks == 1 && starts_thing(rest, patterns, shapes);
        if is_thing {
            continue;
        }
        last = end;
        found.push(Name {
            bystander: is_bystander(text, start, end, patterns),
            span: start..end,
            kind: LeadKind::Person,
            rule: "name-masked",
        });
    }
    found
}

/// 于某网站, 从某平台: a surname that is also a preposition is one only behind a mark or a role (被告人于某).
fn is_function_word(text: &str, start: usize, end: usize, patterns: &Patterns) -> bool {
    let surname = piece(text, start..end);
    let before = piece(text, 0..start).chars().next_back();
    let after = piece(text, end..text.len()).trim_start_matches('某').chars().next();
    !after.is_some_and(|mark| matches!(mark, '、' | '等' | '（'))
        && patterns.lists.people.function_words.holds(surname)
        && before.is_some_and(|mark| is_han(mark) && !matches!(mark, '人' | '员' | '告'))
}

/// 甲 in 张某甲, 1 in 李某1, A in 王某A.
fn is_disambiguator(mark: char, next: Option<char>, patterns: &Patterns) -> bool {
    let lists = &patterns.lists.people;
    let letter = lists.namesakes.contains(mark)
        || (mark.is_ascii_alphanumeric() && !next.is_some_and(|next| next.is_ascii_alphanumeric()));
    letter && !(mark.is_ascii_digit() && next.is_some_and(|next| lists.counted.contains(next)))
}

/// 军 in 刘某军利用…: no word that follows names, and behind it one that does, or every 刘某 of the text goes on so.
///
/// Where the text also has the bare 刘某, that is the name.
fn is_given_name(
    text: &str,
    stem: &str,
    mark: char,
    next: Option<char>,
    patterns: &Patterns,
) -> bool {
    if !is_han(mark) || patterns.lists.people.never_given.contains(mark) {
        return false;
    }
    let following: Vec<Option<char>> = text
        .match_indices(stem)
        .map(|(at, _)| piece(text, at + stem.len()..text.len()).chars().next())
        .collect();
    let alike = following.iter().filter(|other| **other == Some(mark)).count();
    if 2 <= alike && (alike == following.len() || !patterns.name_stops.contains(&mark)) {
        return true;
    }
    // 颜某平、颜某建: namesakes told apart, each before a mark of a list.
    if next.is_some_and(|next| matches!(next, '、' | '等' | '（')) {
        return true;
    }
    let bare = following.iter().any(|other| {
        other.is_none_or(|other| !is_han(other) || patterns.name_stops.contains(&other))
    });
    !bare
        && !patterns.name_stops.contains(&mark)
        && next.is_none_or(|next| !is_han(next) || patterns.name_stops.contains(&next))
}

/// Whether the words behind 某 say that it is no person: 某公司, 某平台, 某市, 某APP.
///
/// In 王某通过某网站 the thing comes later, behind a verb.
fn starts_thing(rest: &str, patterns: &Patterns, shapes: &Shapes) -> bool {
    let lists = &patterns.lists.people;
    shapes.thing.find(head(rest, 12)).is_some_and(|thing| {
        !rest.starts_with(|mark| lists.verbs.contains(mark))
            && !thing.as_str().contains(|mark| lists.particles.contains(mark))
    })
}

/// Full names behind 被告人 or 犯罪嫌疑人 and before 犯…罪, wherever the text has them.
fn full(text: &str, patterns: &Patterns, shapes: &Shapes) -> Vec<Name> {
    let mut words = BTreeSet::new();
    for role in shapes.role.find_iter(text) {
        let mut at = role.end();
        loop {
            let rest = piece(text, at..text.len());
            let Some(length) = full_name(rest, patterns) else { break };
            let end = at + length;
            words.insert(piece(text, at..end));
            // 被告人李明、王芳犯…: the list goes on.
            if !piece(text, end..text.len()).starts_with('、') {
                break;
            }
            at = end + '、'.len_utf8();
        }
    }
    for sentenced in shapes.sentenced.captures_iter(text).filter_map(|found| found.get(1)) {
        let rest = piece(text, sentenced.start()..text.len());
        if full_name(rest, patterns) == Some(sentenced.len()) {
            words.insert(sentenced.as_str());
        }
    }
    let found = words.into_iter().flat_map(|name| {
        text.match_indices(name).map(move |(at, _)| Name {
            span: at..at + name.len(),
            kind: LeadKind::Person,
            bystander: false,
            rule: "name-full",
        })
    });
    found.collect()
}

/// The length in bytes of a full name at the start of `rest`: a surname and one or two more characters, then a word or mark that follows names.
fn full_name(rest: &str, patterns: &Patterns) -> Option<usize> {
    let surname = [2, 1]
        .into_iter()
        .map(|length| head(rest, length))
        .find(|surname| patterns.surnames.contains(*surname))?;
    // 被告人通过…, 被告人向…: a surname that is also such a word starts no name here.
    if surname.chars().count() == 1
        && surname.chars().all(|mark| patterns.name_stops.contains(&mark))
    {
        return None;
    }
    let marks: Vec<char> = piece(rest, surname.len()..rest.len()).chars().take(3).collect();
    let ends = |mark: Option<&char>| {
        mark.is_none_or(|mark| !is_han(*mark) || patterns.name_stops.contains(mark))
    };
    let plain = |mark: Option<&char>| {
        mark.is_some_and(|mark| is_han(*mark) && !patterns.lists.people.not_given.contains(*mark))
    };
    let given = if plain(marks.first()) && plain(marks.get(1)) && ends(marks.get(2)) {
        marks.get(..2)
    } else if plain(marks.first()) && ends(marks.get(1)) {
        marks.get(..1)
    } else {
        None
    }?;
    // 人员, 到案, 主动 and other words do not start with a surname and a free character as often as names do.
    let name_length = surname.len() + given.iter().map(|mark| mark.len_utf8()).sum::<usize>();
    Some(name_length)
}

/// Firms and other places of business; a bare 某公司 is no name.
fn companies(text: &str, patterns: &Patterns, shapes: &Shapes) -> Vec<Name> {
    let mut found = Vec::new();
    for company in shapes.company.find_iter(text) {
        let words = company.as_str();
        let skip = shapes.before_firm.find_iter(words).last().map_or(0, |stop| stop.end());
        let start = company.start() + skip;
        // 某物业服务公司: the firm's name goes on behind the first word that could end it.
        let rest = piece(text, company.end()..text.len());
        let end = company.end()
            + if words.ends_with("公司") {
                0
            } else {
                shapes.longer.find(rest).map_or(0, |more| more.end())
            };
        let name = piece(text, start..end);
        let has_mask = name.contains('某');
        let long = name.chars().count() >= if has_mask { 5 } else { 6 };
        if shapes.generic.is_match(name)
            || !long
            || !(has_mask || name.ends_with("有限公司") || name.ends_with("责任公司"))
        {
            continue;
        }
        if shapes.part_of_firm.is_match(piece(text, end..text.len())) {
            continue;
        }
        // “甲地某调查公司”的网站: a name in quotes that something else is called by.
        if piece(text, end..text.len()).starts_with(['”', '的', '’']) {
            continue;
        }
        let lists = &patterns.lists.people;
        let acted_on = piece(text, 0..start).ends_with('对')
            && lists.acted_on.stands_in(head(piece(text, end..text.len()), 60));
        if !acted_on && lists.of_others.ends(piece(text, 0..start)) {
            continue;
        }
        found.push(Name {
            bystander: is_bystander(text, start, end, patterns),
            span: start..end,
            kind: LeadKind::Company,
            rule: "name-company",
        });
    }
    found
}

/// Whether the words around a name say that it is a victim, a witness or somebody who speaks.
fn is_bystander(text: &str, start: usize, end: usize, patterns: &Patterns) -> bool {
    let Some(class) = patterns.words.class("bystander") else { return false };
    let before = tail(piece(text, 0..start), 8);
    let after = head(piece(text, end..text.len()), 6);
    let word_before = patterns
        .words
        .find(before)
        .iter()
        .any(|hit| hit.class == class && hit.span.end == before.len());
    let speaks = patterns.lists.people.speaks.opens(after);
    let pseudonym_victim = after.starts_with("（化名）") && !tail(before, 4).ends_with('人');
    word_before || speaks || pseudonym_victim
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let patterns = Patterns::builtin().unwrap();
        let shapes = Shapes::new(&patterns);
        let found: Vec<&str> = names(text, &[], &patterns, &shapes)
            .into_iter()
            .filter(|name| !name.bystander)
            .map(|name| piece(text, name.span))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn reads_names() {
        check("犯罪嫌疑人丁某等人为牟取利益", &["丁某"]);
        check("被告人何某某、张某甲合谋", &["何某某", "张某甲"]);
        check("抓获刘某军、周某辉两人", &["刘某军", "周某辉"]);
        check("欧阳某通过网络购买", &["欧阳某"]);
        check("李某1与李某2另案处理", &["李某1", "李某2"]);
        check("从某平台购买数据", &[]);
        check("被害人赵某报案称", &[]);
        check("被告人孙建国犯侵犯公民个人信息罪", &["孙建国"]);
        check("某公司非法收集数据", &[]);
        check("宁波某信息咨询公司非法收集数据", &["宁波某信息咨询公司"]);
        check("苏州某快递公司员工林某下载数据", &["林某"]);
        check("王某涉嫌诈骗", &["王某"]);
        check("医师章建国售药。章建国犯销售假药罪，被判刑", &["章建国", "章建国"]);
        check("以谷某昭为首，谷某昭把网址给了谷某、石某", &["谷某昭", "谷某昭", "谷某", "石某"]);
        check("南昌某高校泄露数据被罚", &["南昌某高校"]);
        check("辖区内某人力资源公司收购店铺", &[]);
        check("宋某共出售公民个人信息3200条", &["宋某"]);
        check("张某疑似被电信网络诈骗", &["张某"]);
        check("网信办对蓝鲸出行股份有限公司处以80万元罚款", &["蓝鲸出行股份有限公司"]);
        check("原告王某产生不满。王某产生纠纷", &["王某"]);
        check("被告人丁某犯侵犯公民个人信息罪", &["丁某"]);
        check("一个名为“泉州某调查公司”的网站", &[]);
        check("储存于某网盘", &[]);
        check("被告人通过网络软件非法获取文件", &[]);
        check("员工吴某操作异常，民警将吴某抓获", &["吴某", "吴某"]);
        check("周某信找到上家，周某信获利", &["周某信", "周某信"]);
        check("民警锁定李某等人", &["李某"]);
        check("常州某文化公司从某APP维护人员手中购买信息", &["常州某文化公司"]);
    }
}
