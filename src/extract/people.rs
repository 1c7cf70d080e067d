//! Names: 王某, 何某某, 张某甲, 周某信, full names of defendants, and companies with 某 or a firm's suffix.

use std::ops::Range;
use std::sync::LazyLock;

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

static ROLE: LazyLock<Regex> = LazyLock::new(|| {
    regex("(?:被告人|犯罪嫌疑人|嫌疑人|被告|涉案人员|被不起诉人|违法行为人|违法嫌疑人)[：:]?")
});
static COMPANY: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"[\p{Han}A-Za-z0-9*＊×（）()]{2,24}?(?:有限责任公司|股份有限公司|有限公司|分公司|公司|健身房|健身中心|医院|酒店|售楼处|售楼部|事务所|旅行社|培训学校|培训机构|幼儿园|银行支行|服务部|经营部|工作室|商行|超市|物业|美容院|门店|诊所)",
    )
});

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of this file is valid")
}

/// Every name of the text, in order. Overlapping readings do not occur.
pub(super) fn names(text: &str, places: &[Place], patterns: &Patterns) -> Vec<Name> {
    let mut names = masked(text, places, patterns);
    for name in full(text, patterns).into_iter().chain(companies(text, patterns)) {
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
fn accused_before(text: &str, end: usize) -> Option<usize> {
    let surname = piece(text, 0..end).chars().next_back().filter(|mark| is_han(*mark))?;
    let start = end - surname.len_utf8();
    let before = piece(text, 0..start);
    ["被告人", "嫌疑人"].iter().any(|role| before.ends_with(role)).then_some(start)
}

/// Names with 某: a surname, one to three 某, then perhaps one character or number that tells namesakes apart.
fn masked(text: &str, places: &[Place], patterns: &Patterns) -> Vec<Name> {
    let mut found = Vec::new();
    let mut last = 0;
    for (at, _) in text.match_indices('某') {
        if at < last {
            continue;
        }
        let Some(start) = surname_before(text, at, patterns).or_else(|| accused_before(text, at))
        else {
            continue;
        };
        // 江苏某法院: the surname would be the end of a place.
        let in_place = places
            .get(..places.partition_point(|place| place.span.start < start))
            .and_then(<[Place]>::last)
            .is_some_and(|place| start < place.span.end);
        if in_place || is_function_word(text, start, at) {
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
            if is_disambiguator(mark, next)
                || (masks == 1 && is_given_name(text, stem, mark, next, patterns))
            {
                end += mark.len_utf8();
            }
        }
        // 杨某公司 names no person, and a surname such as 从 or 在 before 某 is none (从某平台).
        let rest = piece(text, end..text.len());
        let is_thing = masks == 1 && starts_thing(rest);
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
fn is_function_word(text: &str, start: usize, end: usize) -> bool {
    let surname = piece(text, start..end);
    let before = piece(text, 0..start).chars().next_back();
    let after = piece(text, end..text.len()).trim_start_matches('某').chars().next();
    !after.is_some_and(|mark| matches!(mark, '、' | '等' | '（'))
        && matches!(
            surname,
            "于" | "从"
                | "向"
                | "和"
                | "与"
                | "到"
                | "由"
                | "时"
                | "对"
                | "在"
                | "以"
                | "同"
                | "及"
                | "为"
                | "将"
                | "由于"
        )
        && before.is_some_and(|mark| is_han(mark) && !matches!(mark, '人' | '员' | '告'))
}

/// 甲 in 张某甲, 1 in 李某1, A in 王某A.
fn is_disambiguator(mark: char, next: Option<char>) -> bool {
    let letter = matches!(mark, '甲' | '乙' | '丙' | '丁' | '戊' | '己')
        || (mark.is_ascii_alphanumeric() && !next.is_some_and(|next| next.is_ascii_alphanumeric()));
    letter
        && !(mark.is_ascii_digit()
            && next.is_some_and(|next| {
                matches!(next, '名' | '人' | '万' | '余' | '年' | '月' | '日' | '.' | '个')
            }))
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
    if !is_han(mark) || NEVER_GIVEN.contains(mark) {
        return false;
    }
    let following: Vec<Option<char>> = text
        .match_indices(stem)
        .map(|(at, _)| piece(text, at + stem.len()..text.len()).chars().next())
        .collect();
    if 2 <= following.len() && following.iter().all(|other| *other == Some(mark)) {
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

/// Characters that follow names too often to be a given name even where a text always has them.
const NEVER_GIVEN: &str = "等在因将以为从向的和与及被犯于到是有通利非涉某伙经作获购出";

/// Whether the words behind 某 say that it is no person: 某公司, 某平台, 某市, 某APP.
fn starts_thing(rest: &str) -> bool {
    static THING: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"^(?:[\p{Han}A-Za-z]{0,8}?(?:公司|平台|网站|软件|APP|App|银行|医院|学校|酒店|快递|电商|通讯|通信|营业厅|小区|市|县|区|省|地|些|个|种|宝|企业|机构|单位|游戏|论坛|群|店|中心|网络|科技|信息|健身|物业|房地产|支付|社交|短视频|直播|大学|高校|楼盘|品牌|项目|产品|国|征信|债务|电力|互联网|知名|大型|头部|写字楼|境外|法院|检察院|用户|分局|派出所|单位))",
        )
    });
    THING.is_match(head(rest, 12)) && {
        let mark = rest.chars().next();
        // 王某通过某网站: the thing comes later, behind a verb.
        !mark.is_some_and(|mark| {
            matches!(
                mark,
                '等' | '、'
                    | '，'
                    | '在'
                    | '通'
                    | '利'
                    | '从'
                    | '以'
                    | '为'
                    | '将'
                    | '向'
                    | '与'
                    | '和'
                    | '的'
                    | '是'
                    | '因'
                    | '系'
                    | '担'
                    | '经'
                    | '到'
                    | '于'
                    | '非'
                    | '入'
                    | '作'
                    | '伙'
                    | '受'
                    | '犯'
                    | '侵'
                    | '获'
                    | '购'
                    | '买'
                    | '卖'
                    | '出'
                    | '被'
                    | '违'
                    | '擅'
                    | '及'
                    | '先'
                    | '曾'
                    | '自'
                    | '交'
                    | '供'
                    | '涉'
                    | '盗'
                    | '窃'
                    | '骗'
                    | '雇'
                    | '用'
                    | '使'
                    | '（'
            )
        })
    }
}

/// Full names behind 被告人 or 犯罪嫌疑人.
fn full(text: &str, patterns: &Patterns) -> Vec<Name> {
    let mut found = Vec::new();
    for role in ROLE.find_iter(text) {
        let mut at = role.end();
        loop {
            let rest = piece(text, at..text.len());
            let Some(length) = full_name(rest, patterns) else { break };
            let end = at + length;
            found.push(Name {
                span: at..end,
                kind: LeadKind::Person,
                bystander: false,
                rule: "name-full",
            });
            // 被告人李明、王芳犯…: the list goes on.
            if !piece(text, end..text.len()).starts_with('、') {
                break;
            }
            at = end + '、'.len_utf8();
        }
    }
    found
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
        mark.is_some_and(|mark| {
            is_han(*mark)
                && *mark != '某'
                && !matches!(
                    mark,
                    '等' | '的'
                        | '在'
                        | '被'
                        | '犯'
                        | '及'
                        | '与'
                        | '和'
                        | '因'
                        | '将'
                        | '对'
                        | '为'
                        | '均'
                        | '还'
                        | '是'
                )
        })
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
fn companies(text: &str, patterns: &Patterns) -> Vec<Name> {
    static GENERIC: LazyLock<Regex> = LazyLock::new(|| {
        regex("^(?:某|该|本|其|这|一|多|两|三|数|几|各|涉案|相关|有关|上述|空壳|[0-9])")
    });
    static STOP: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            "(?:的是|公安机关|网安部门|警方|侦破|运营主体|被告单位|当事人|侦办|侵害|针对|攻击|入侵|查处|约谈|处罚|成立|组建|注册|开设|购买|一家|这家|多家|通过|利用|担任|入职|勾结|获取|显示|发现|查明|来自|作为|任职于|就职于|供职于|受雇于|冒充|经营的|破获|以|从|向|在|由|对|与|和|及|为|将|被|把|是|给|系|的|了|到|于|诉|让|称)",
        )
    });
    static LONGER: LazyLock<Regex> = LazyLock::new(|| regex(r"^\p{Han}{1,6}?公司"));
    static NOT_SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            "^(?:的)?(?:原|前|某|一名|两名|多名|数名|一|内部|部分|外包|等)*(?:工作人员|员工|职员|负责人|法定代表人|法人|客服|经理|老板|股东|实际控制人|内部|系统|后台|数据库|服务器|网站|主管|业务员|销售|合伙人|程序员|技术人员|维护人员|客户|用户|名下|等处|处购|平台|App|APP|外包)",
        )
    });
    let mut found = Vec::new();
    for company in COMPANY.find_iter(text) {
        let words = company.as_str();
        let skip = STOP.find_iter(words).last().map_or(0, |stop| stop.end());
        let start = company.start() + skip;
        // 某物业服务公司: the firm's name goes on behind the first word that could end it.
        let rest = piece(text, company.end()..text.len());
        let end = company.end()
            + if words.ends_with("公司") {
                0
            } else {
                LONGER.find(rest).map_or(0, |more| more.end())
            };
        let name = piece(text, start..end);
        let has_mask = name.contains('某');
        let long = name.chars().count() >= 6;
        if GENERIC.is_match(name)
            || !long
            || !(has_mask || name.ends_with("有限公司") || name.ends_with("责任公司"))
        {
            continue;
        }
        if NOT_SUBJECT.is_match(piece(text, end..text.len())) {
            continue;
        }
        // “甲地某调查公司”的网站: a name in quotes that something else is called by.
        if piece(text, end..text.len()).starts_with(['”', '的', '’']) {
            continue;
        }
        let before = tail(piece(text, 0..start), 2);
        if before.ends_with([
            '从', '向', '在', '与', '和', '被', '对', '给', '于', '为', '系', '是', '到', '由',
            '及',
        ]) || before.ends_with("勾结")
            || before.ends_with("入侵")
            || before.ends_with("购买")
            || before.ends_with("担任")
        {
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
    let speaks = after.starts_with("介绍")
        || after.starts_with("表示")
        || after.starts_with("说：")
        || after.starts_with("女士")
        || after.starts_with("先生")
        || after.starts_with("报警")
        || after.starts_with("报案");
    let pseudonym_victim = after.starts_with("（化名）") && !tail(before, 4).ends_with('人');
    word_before || speaks || pseudonym_victim
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let patterns = Patterns::builtin().unwrap();
        let found: Vec<&str> = names(text, &[], &patterns)
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
