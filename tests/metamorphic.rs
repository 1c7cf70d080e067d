//! Changes to an article of which the effect is known: exactly the expected cells change, and nothing else.
//!
//! On an article of our own every cell is compared. The same changes are made to the annotated bulletins where they
//! lie beside the repository; otherwise that part says so and is left out.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anjuan::acquire::RawFile;
use anjuan::config::Config;
use anjuan::evidence;
use anjuan::read::read;

use crate::{KNOWLEDGE, RULES, files, root};

/// Column by column what each case says; the totals last.
type Cells = Vec<BTreeMap<String, String>>;

/// What an article tells. Labels and rules are not compared: their words may move with the change.
fn tell(text: &str) -> Cells {
    let file = RawFile::in_memory("article.md".to_owned(), text.as_bytes().to_vec());
    let mut cells = Cells::new();
    let mut totals = BTreeMap::new();
    for (article, told) in
        read(file, &Config::default(), &RULES, &KNOWLEDGE).into_iter().map(Result::unwrap)
    {
        for case in &told.extracted.cases {
            let values = evidence::of_case(&article, case, &[]);
            cells.push(values.into_iter().map(|value| (value.column, value.value)).collect());
        }
        for statistic in &told.extracted.statistics {
            let value = evidence::of_statistic(&article, statistic);
            totals.insert(format!("{} {}", value.column, value.value), String::new());
        }
    }
    cells.push(totals);
    cells
}

/// The cells that differ, as `case column: before -> after`.
fn difference(before: &Cells, after: &Cells) -> Vec<String> {
    let mut differing = Vec::new();
    if before.len() != after.len() {
        differing.push(format!("{} cases -> {}", before.len() - 1, after.len() - 1));
        return differing;
    }
    for (i, (x, y)) in before.iter().zip(after).enumerate() {
        let columns: std::collections::BTreeSet<&String> = x.keys().chain(y.keys()).collect();
        for column in columns {
            let (x, y) = (x.get(column), y.get(column));
            if x != y {
                let print = |cell: Option<&String>| cell.cloned().unwrap_or_else(|| "-".to_owned());
                differing.push(format!("{} {column}: {} -> {}", i + 1, print(x), print(y)));
            }
        }
    }
    differing
}

const TOTALS: &str =
    "今年以来，全省公安机关共侦破侵犯公民个人信息案件420余起，抓获犯罪嫌疑人1300余名。";

const CASES: [&str; 3] = [
    "一、淮南市公安局侦破宋某等人侵犯公民个人信息案\n2023年3月12日，淮南市公安局网安支队抓获犯罪嫌疑人宋某等47人，查获公民个人信息300余万条，涉案金额1200万元。经查，宋某利用木马程序窃取电商平台订单信息后贩卖牟利，获利约80万元。\n",
    "二、滁州警方破获樊某某诈骗案\n2023年4月，滁州市公安局打掉一个冒充客服实施诈骗的团伙，抓获犯罪嫌疑人樊某某等9人，骗取被害人60余人共计90万元。\n",
    "三、芜湖市镜湖区人民法院审结褚某侵犯公民个人信息案\n被告人褚某系快递公司员工，将面单信息1.2万条以每条2元的价格出售。2023年5月8日，芜湖市镜湖区人民法院以侵犯公民个人信息罪判处褚某有期徒刑一年二个月，并处罚金三万元。\n",
];

fn article(cases: &[&str]) -> String {
    format!(
        "---\ntitle: 安徽公安公布三起典型案例\nsource: 皖江新讯\ndate: 2023-06-20\n---\n\n{TOTALS}\n\n{}",
        cases.join("\n")
    )
}

/// A change of one word, and the cells that change with it.
fn check(from: &str, to: &str, expected: &[&str]) {
    let text = article(&CASES);
    assert!(text.contains(from), "{from}");
    let found = difference(&tell(&text), &tell(&text.replace(from, to)));
    assert_eq!(found, expected, "{from} -> {to}");
}

#[test]
fn the_article_itself() {
    let cells = tell(&article(&CASES));
    let leads: Vec<_> = cells.iter().filter_map(|case| case.get("lead")).collect();
    assert_eq!(leads, ["宋某", "樊某某", "褚某"]);
    assert_eq!(cells.last().unwrap().len(), 2, "{cells:?}");
}

#[test]
fn a_surname() {
    check(
        "宋某",
        "葛某",
        &[
            "1 headline: 一、淮南市公安局侦破宋某等人侵犯公民个人信息案 -> 一、淮南市公安局侦破葛某等人侵犯公民个人信息案",
            "1 lead: 宋某 -> 葛某",
        ],
    );
    check(
        "褚某",
        "欧阳某某",
        &[
            "3 headline: 三、芜湖市镜湖区人民法院审结褚某侵犯公民个人信息案 -> 三、芜湖市镜湖区人民法院审结欧阳某某侵犯公民个人信息案",
            "3 lead: 褚某 -> 欧阳某某",
        ],
    );
}

#[test]
fn a_city() {
    check(
        "淮南市",
        "宿州市",
        &[
            "1 agency: 淮南市公安局 -> 宿州市公安局",
            "1 division_code: 340400 -> 341300",
            "1 headline: 一、淮南市公安局侦破宋某等人侵犯公民个人信息案 -> 一、宿州市公安局侦破宋某等人侵犯公民个人信息案",
        ],
    );
}

#[test]
fn a_number_and_its_hedge() {
    check("300余万条", "500余万条", &["1 records: 3000000 over -> 5000000 over"]);
    check("300余万条", "近300万条", &["1 records: 3000000 over -> 3000000 nearly"]);
    check("300余万条", "三百万条", &["1 records: 3000000 over -> 3000000"]);
    check("约80万元", "八十余万元", &["1 illegal_gain_yuan: 800000 about -> 800000 over"]);
    check("47人", "四十余人", &["1 suspects: 47 -> 40 over"]);
    check("一年二个月", "十个月", &["3 prison_months: 14 -> 10"]);
    check("每条2元", "每条1元至3元", &["3 price: 2 -> 1-3"]);
    check(
        "420余起",
        "560余起",
        &["4 cases_solved 420 over:  -> -", "4 cases_solved 560 over: - -> "],
    );
}

#[test]
fn a_date() {
    check("2023年3月12日", "2022年11月", &["1 action_date: 2023-03-12 -> 2022-11"]);
    check("2023年5月8日", "5月9日", &["3 action_date: 2023-05-08 -> 2023-05-09"]);
}

#[test]
fn the_order_of_the_cases() {
    let renumbered = |case: &str, mark: &str| {
        let rest: String = case.chars().skip(1).collect();
        format!("{mark}{rest}")
    };
    let swapped = [renumbered(CASES[2], "一"), CASES[1].to_owned(), renumbered(CASES[0], "三")];
    let swapped: Vec<&str> = swapped.iter().map(String::as_str).collect();
    let (mut before, mut after) = (tell(&article(&CASES)), tell(&article(&swapped)));
    for cells in [&mut before, &mut after] {
        for case in cells.iter_mut() {
            case.remove("headline");
        }
    }
    after.swap(0, 2);
    assert_eq!(difference(&before, &after), Vec::<String>::new());
}

/// What has nothing to do with the cases: a reading list, and news of another kind.
const UNRELATED: [&str; 3] = [
    "阅读推荐\n\n[【安全圈】某地警方抓获黑客12名](https://mp.weixin.qq.com/s?a=1)\n\n[【安全圈】三名男子贩卖信息获刑](https://mp.weixin.qq.com/s?a=2)\n",
    "本周末全省大部分地区以晴到多云天气为主，最高气温28度左右，适宜户外活动。\n",
    "某安全厂商发布新一代终端防护产品，支持300余种设备，首批用户超过2000家。\n",
];

#[test]
fn something_unrelated() {
    let text = article(&CASES);
    for unrelated in UNRELATED {
        let found = difference(&tell(&text), &tell(&format!("{text}\n{unrelated}")));
        assert_eq!(found, Vec::<String>::new(), "{unrelated}");
    }
}

/// The annotated bulletins, where they lie beside the repository.
fn bulletins() -> Vec<PathBuf> {
    let shared = root().join("../shared");
    let folders = ["seeds", "corpus/dev"].map(|folder| shared.join(folder));
    folders.iter().filter(|folder| folder.is_dir()).flat_map(|folder| files(folder)).collect()
}

/// A bulletin as clean text behind a head of its own, so that a change hits what was read.
fn plain(path: &PathBuf) -> Option<String> {
    let file = RawFile::in_memory(
        path.file_name()?.to_string_lossy().into_owned(),
        fs::read(path).unwrap(),
    );
    let (article, told) =
        read(file, &Config::default(), &RULES, &KNOWLEDGE).into_iter().next()?.ok()?;
    if told.extracted.cases.is_empty() {
        return None;
    }
    let date = article.published.map(|published| published.date.to_string()).unwrap_or_default();
    Some(format!("---\ntitle: 通报\ndate: {date}\n---\n\n{}\n", article.body.text()))
}

/// Makes a change to every bulletin; `expected` turns the cells before into those after, headlines left out.
fn on_bulletins(
    name: &str,
    change: impl Fn(&str, &Cells) -> Option<String>,
    expected: impl Fn(&mut Cells),
) {
    let bulletins = bulletins();
    if bulletins.is_empty() {
        println!("{name}: no bulletins beside the repository, left out");
        return;
    }
    let (mut tried, mut wrong) = (0, Vec::new());
    for path in &bulletins {
        let Some(text) = plain(path) else { continue };
        let mut before = tell(&text);
        let Some(changed) = change(&text, &before) else { continue };
        let mut after = tell(&changed);
        expected(&mut before);
        for cells in [&mut before, &mut after] {
            for case in cells.iter_mut() {
                case.remove("headline");
            }
        }
        tried += 1;
        let found = difference(&before, &after);
        if !found.is_empty() {
            wrong.push(format!("{}: {}", path.display(), found.join("; ")));
        }
    }
    println!("{name}: {tried} bulletins changed, {} with other cells than expected", wrong.len());
    assert!(wrong.is_empty(), "{name}\n{}", wrong.join("\n"));
}

#[test]
fn bulletins_with_something_unrelated() {
    for unrelated in UNRELATED {
        on_bulletins("unrelated", |text, _| Some(format!("{text}\n{unrelated}")), |_| {});
    }
}

#[test]
fn bulletins_with_other_surnames() {
    // Every 王某 becomes 缪某: a surname that no bulletin has.
    on_bulletins(
        "surname",
        |text, _| text.contains("王某").then(|| text.replace("王某", "缪某")),
        |cells| {
            for case in cells.iter_mut() {
                if let Some(lead) = case.get_mut("lead") {
                    *lead = lead.replace("王某", "缪某");
                }
            }
        },
    );
}

#[test]
fn bulletins_with_other_hedges() {
    // 余 and 多 say the same.
    on_bulletins(
        "hedge",
        |text, _| text.contains("余万").then(|| text.replace("余万", "多万")),
        |_| {},
    );
}
