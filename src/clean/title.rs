//! Name: the title of an article and who published it, from its text where metadata is silent.

use super::chars::{ends_sentence, has_sentence_mark, is_han};
use crate::knowledge::boilerplate::{Boilerplate, Kind};

/// A text, one paragraph a line, and how it was set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'a> {
    pub(super) text: &'a str,
    /// In columns, not as paragraphs.
    pub(super) wrapped: bool,
    /// The lines that began with an indent.
    pub(super) indents: &'a [usize],
}

/// The title that the text shows; `None` if the text begins with running prose.
pub(super) fn title(
    heading: Option<&str>,
    page: Page<'_>,
    boilerplate: &Boilerplate,
) -> Option<String> {
    let furniture = |line: &str| {
        boilerplate.matches(line).any(|rule| rule.kind != Kind::Head || line.chars().count() < 8)
    };
    if let Some(heading) =
        heading.filter(|heading| !furniture(heading) && heading.chars().any(is_han))
    {
        return Some(heading.to_owned());
    }
    let mut lines = page.text.split('\n').filter(|line| !line.is_empty() && !furniture(line));
    let first = lines.next()?;
    if is_headline(first) {
        let alone = lines.clone().next().is_none();
        let story = lines.any(|line| ends_sentence(line) && has_sentence_mark(line));
        return (alone || story).then(|| first.to_owned());
    }
    if page.wrapped { headline_inside(page) } else { None }
}

const LONGEST_TITLE: usize = 60;

/// Short, and not a sentence of running text.
fn is_headline(line: &str) -> bool {
    let length = line.chars().count();
    let commas = line.matches(['，', ',']).count();
    (5..=LONGEST_TITLE).contains(&length)
        && line.chars().any(is_han)
        && !line.contains(['。', '；', ';'])
        && !line.ends_with(['，', '、', '：', ',', ':'])
        && !line.starts_with(|c: char| c.is_ascii_digit() && length < 12)
        && commas <= 3
}

/// A page of columns: the headline stands above the paragraph that opens the report.
fn headline_inside(page: Page<'_>) -> Option<String> {
    let lines: Vec<&str> = page.text.split('\n').collect();
    let opens = |at: &&usize| lines.get(**at).is_some_and(|line| opens_report(line));
    let opening = *page.indents.iter().find(opens)?;
    let mut headline = None;
    // Up through subtitles to the first line of the heading.
    for line in lines.iter().take(opening).rev().take(3).copied() {
        let sentence = ends_sentence(line) || line.contains('。');
        if sentence {
            break;
        }
        headline = Some(line).filter(|line| is_headline(line)).or(headline);
    }
    headline.map(str::to_owned)
}

/// `10日，公安部召开…`, `本报讯`, `新华社…电`.
fn opens_report(paragraph: &str) -> bool {
    let head: String = paragraph.chars().take(12).collect();
    let months_and_day =
        head.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '年' | '月'));
    let dated = months_and_day.len() < head.len()
        && (months_and_day.starts_with("日，")
            || months_and_day.starts_with("日上午")
            || months_and_day.starts_with("日下午"));
    let wire = ["本报讯", "本报记者", "新华社", "中新社", "本报北京", "据新华社", "记者从"];
    dated || wire.iter().any(|words| head.starts_with(words))
}

/// The account in the line below a title: `原创 张三  某某安全   2024-04-27 17:52`, fields apart by two blanks.
///
/// Read before blanks are set, as an account's name may hold one.
pub(super) fn byline(text: &str) -> Option<String> {
    const NEAR_TITLE: usize = 4;
    text.split('\n').take(NEAR_TITLE).filter(|line| line.len() <= 180).find_map(account)
}

fn account(line: &str) -> Option<String> {
    let date = line.find("  20").or_else(|| line.find("  19"))?;
    let (names, time) = line.split_at_checked(date)?;
    let time = time.trim();
    let minutes =
        time.get(10..).is_some_and(|rest| rest.starts_with([' ', 'T']) && rest.contains(':'));
    let dated =
        time.get(..10).is_some_and(|date| date.bytes().all(|b| b.is_ascii_digit() || b == b'-'));
    let name = names.trim().rsplit("  ").next()?.trim();
    let name = name.strip_prefix("原创 ").unwrap_or(name);
    (minutes && dated && !name.is_empty() && !has_sentence_mark(name)).then(|| name.to_owned())
}

/// The publisher that a 来源 line names; `None` if it lists several.
pub(super) fn publisher(text: &str) -> Option<String> {
    const ENDS: usize = 8;
    let tail = text.rsplit('\n').take(ENDS);
    text.split('\n').take(ENDS).chain(tail).filter(|line| line.len() <= 180).find_map(source)
}

fn source(line: &str) -> Option<String> {
    const LABELS: [&str; 9] = [
        "来源：",
        "来源:",
        "来源 |",
        "来源|",
        "来源｜",
        "发布者：",
        "发布者:",
        "发布单位：",
        "发布机构：",
    ];
    if !line.contains("来源") && !line.contains("发布") {
        return masthead(line);
    }
    let (before, rest) = LABELS.iter().find_map(|label| line.split_once(label))?;
    // 图片来源 names a photographer's source; 数据来源 a report's.
    let before = before.trim_end().trim_start_matches(['（', '(', '【', '[', '\\']);
    let free = matches!(before, "" | "文章" | "信息" | "稿件" | "新闻" | "本文" | "内容")
        || before.ends_with(|c: char| c.is_ascii_digit() || c == ' ');
    if !free {
        return None;
    }
    let name = rest.trim().trim_end_matches(['）', ')', '】', ']']);
    let name = name.split_whitespace().next()?;
    let length = name.chars().count();
    let single = !name.contains(['、', '，', ',', '。', '/', '；', '+', '：', ':', '&', '.']);
    let real = name.chars().any(is_han) && !matches!(name, "网络" | "互联网" | "综合" | "网络综合");
    (single && real && (2..=20).contains(&length)).then(|| name.to_owned())
}

/// The newspaper above whose page a date stands: `江城日报 2023年3月16日 星期四`.
fn masthead(line: &str) -> Option<String> {
    let (name, date) = line.split_at_checked(line.find(|c: char| c.is_ascii_digit())?)?;
    let name = name.trim_end_matches([' ', '|', '｜', '·']);
    let year = date.get(..4).is_some_and(|year| year.starts_with("19") || year.starts_with("20"));
    let dated = year && date.get(4..).is_some_and(|rest| rest.starts_with(['年', '-', '/', '.']));
    let length = name.chars().count();
    (dated
        && name.ends_with('报')
        && (3..=11).contains(&length)
        && name.chars().all(is_han)
        && !name.starts_with('据')
        && !date.contains(['，', '。']))
    .then(|| name.to_owned())
}

/// Whether the name is no publisher's: a campaign, or what spam is sent under.
pub(super) fn is_no_publisher(name: &str, boilerplate: &Boilerplate) -> bool {
    boilerplate.matches(name).any(|rule| rule.kind == Kind::Name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles() {
        let boilerplate = Boilerplate::builtin().unwrap();
        let check = |heading: Option<&str>, text: &str, expected: Option<&str>| {
            let page = Page { text, wrapped: false, indents: &[] };
            assert_eq!(title(heading, page, &boilerplate).as_deref(), expected, "{text}");
        };
        check(
            None,
            "某县打掉贩卖信息团伙\n近日，某县警方通报一起案件。",
            Some("某县打掉贩卖信息团伙"),
        );
        check(None, "近日，某县警方通报一起案件。\n案情", None);
        check(
            None,
            "首页\n某县打掉贩卖信息团伙\n近日，某县警方通报一起案件。",
            Some("某县打掉贩卖信息团伙"),
        );
        check(None, "某县打掉贩卖信息团伙", Some("某县打掉贩卖信息团伙"));
        check(Some("通报二则"), "近日，某县警方通报一起案件。", Some("通报二则"));
        check(Some("往期回顾"), "近日，某县警方通报一起案件。", None);
    }

    #[test]
    fn headline_inside_a_page_of_columns() {
        let text = "警方提醒，勿向他人透露验证码。\n住户信息是谁卖的\n物业、装修、中介一条龙，三县警方半年抓获四十人\n12日，某市公安局召开发布会。";
        let page = Page { text, wrapped: true, indents: &[3] };
        let boilerplate = Boilerplate::builtin().unwrap();
        assert_eq!(title(None, page, &boilerplate).as_deref(), Some("住户信息是谁卖的"));
    }

    #[test]
    fn bylines() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(byline(text).as_deref(), expected, "{text}");
        };
        check("标题\n原创 张三  某某 CERT   2024-04-27 17:52", Some("某某 CERT"));
        check("标题\n某地网警   2024-04-27 17:52", Some("某地网警"));
        check("标题\n案发于某地  2024-04-27", None);
        check("标题\n近日，某地网警通报。", None);
    }

    #[test]
    fn publishers() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(publisher(text).as_deref(), expected, "{text}");
        };
        check("标题\n来源：某县日报", Some("某县日报"));
        check("2023-03-16 10:20 来源：县报 作者：李四", Some("县报"));
        check("正文。\n（来源：某县政府网）", Some("某县政府网"));
        check("来源：甲报、乙报", None);
        check("图片来源：某图库", None);
        check("信息来源：网络", None);
        check("警方查明信息来源：该公司员工", None);
        check("某县破案\n发布者：某县公安局", Some("某县公安局"));
        check("江城日报 2023年3月16日 星期四\n近日，警方破案。", Some("江城日报"));
        check("据江城日报2023年3月16日报道，警方破案", None);
        check("举报2023年3月16日的案件", None);
    }
}
