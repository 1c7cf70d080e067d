//! Pairs of each kind, and what holds of every collection.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::model::{ArticleId, Basis, Date, Encoding, Format, Mapped, Published, Repair, Script};
use crate::scratch::Folder;

const STORY: &str = "江城市公安局网安支队近日破获一起侵犯公民个人信息案，抓获犯罪嫌疑人7名，查获公民个人信息120余万条。\n\
    今年3月，民警在工作中发现，有人在网络社交群内兜售快递面单，标价每条2元5角。经查，某快递公司分拣中心的临时工钱某\
    趁夜班无人看管，用手机拍摄面单，再由其表弟孙某汇总整理，转手卖给境外的诈骗团伙。\n\
    5月17日，专案组在清河、石桥两地同时收网，当场查扣手机26部、电脑9台，冻结涉案账户资金43万元。钱某到案后交代，\
    他最初只是想挣点零花钱，没料到几个月里就拍下了上万张面单。\n\
    目前，钱某、孙某等5人因涉嫌侵犯公民个人信息罪被检察机关批准逮捕，案件仍在进一步侦办之中。\n\
    民警提醒，收到快递后应先涂抹面单上的姓名和电话再丢弃；企业也要给分拣场地装好监控，给面单加上隐私号码。";

const OTHER: &str = "白云县人民法院昨天公开审理了一起非法获取计算机信息系统数据案。被告人李某是一家培训机构的网络管理员，\
    离职前在学员管理后台留下了一个隐藏账号。\n离职之后，李某多次登录后台，把学员的姓名、年级和家长电话导出成表格，\
    先后卖给三家竞争机构，获利8万6千元。案发后，培训机构的负责人报了警，民警根据登录日志锁定了李某的住处。\n\
    法庭上，李某对指控的事实没有异议，表示愿意退出全部违法所得。合议庭当庭宣判，以非法获取计算机信息系统数据罪判处其\
    有期徒刑1年6个月，缓刑2年，并处罚金3万元。主审法官在庭后说，员工离职时企业应当立即收回账号，不要留下后门。";

const THIRD: &str = "清河区市场监督管理局通报，辖区内一家美容会所的前台把顾客登记本转借给装修公司，\
    装修公司照着登记本逐个打电话推销，引来多名顾客投诉。\n执法人员调取了会所的监控和通话记录，确认登记本在两周里\
    被借出四次，上面写有九百多位顾客的住址和生日。会所负责人承认没有制定任何保管办法。\n依据消费者权益保护法，\
    该局对会所处以5万元罚款，对装修公司处以8万元罚款，并要求双方逐一向顾客道歉，销毁抄录的全部名单。";

fn article(file: &str, title: &str, body: &str) -> Article {
    Article {
        id: ArticleId { file: file.to_owned(), record: 0 },
        format: Format::Txt,
        encoding: Encoding::Utf8,
        script: Script::Hans,
        repairs: BTreeSet::new(),
        title: (!title.is_empty()).then(|| title.to_owned()),
        publisher: None,
        url: None,
        published: None,
        body: Mapped::verbatim(body),
        content_hash: String::new(),
        self_repeats: 0,
        bytes: 0,
    }
}

fn run(articles: &[Article]) -> Vec<Verdict> {
    let sketches: Vec<Sketch> = articles.iter().map(sketch).collect();
    let held = Held { sketches: &sketches, articles };
    let scratch = Memory::default();
    let deduped = dedupe(&held, &scratch, &Config::default()).unwrap();
    deduped.verdicts(&scratch).collect::<std::io::Result<_>>().unwrap()
}

/// Checks what the second text is to the first, or the first to the second.
#[track_caller]
fn check(first: (&str, &str), second: (&str, &str), role: Option<DuplicateRole>) -> Verdict {
    let verdicts = run(&[article("a.txt", first.0, first.1), article("b.txt", second.0, second.1)]);
    let repeat = verdicts.iter().find(|verdict| verdict.role != DuplicateRole::Canonical);
    assert_eq!(repeat.map(|verdict| verdict.role), role);
    repeat.unwrap_or(&verdicts[0]).clone()
}

/// Every `every`th character replaced by one that is not in the text.
fn edited(text: &str, every: usize) -> String {
    let edit = |(i, c): (usize, char)| if i % every == every - 1 && c > '一' { '口' } else { c };
    text.chars().enumerate().map(edit).collect()
}

#[test]
fn equal_texts_are_exact() {
    let same = STORY.replace('，', ", ").replace('\n', "\n\n");
    let verdict =
        check(("快递面单案告破", STORY), ("另一个题目", &same), Some(DuplicateRole::Exact));
    assert!((verdict.similarity - 1.0).abs() < f64::EPSILON);
    assert_eq!(verdict.cluster_size, 2);
    // Too short to tell from other pages like it: the title must agree as well.
    check(("甲", "请在微信客户端打开"), ("乙", "请在微信客户端打开"), None);
    check(("甲", "请在微信客户端打开"), ("甲", "请在微信客户端打开。"), Some(DuplicateRole::Exact));
}

#[test]
fn pages_of_a_title_alone_repeat_only_on_the_same_day() {
    let page = |file: &str, day| {
        let mut page = article(file, "在看｜本周要闻", "在看｜本周要闻");
        page.published = Date::new(2024, Some(5), Some(day))
            .map(|date| Published { date, basis: Basis::Metadata });
        page
    };
    let verdicts = run(&[page("a", 3), page("b", 10), page("c", 3)]);
    let canonical: Vec<usize> = verdicts.iter().map(|verdict| verdict.canonical).collect();
    assert!(canonical[0] == canonical[2] && canonical[1] == 1, "{canonical:?}");
}

#[test]
fn edited_texts_are_near() {
    for every in [50, 20, 10, 7] {
        let text = edited(STORY, every);
        let verdict = check(("", STORY), ("", &text), Some(DuplicateRole::Near));
        assert!(verdict.jaccard < 1.0 && verdict.similarity > 0.8, "{every}: {verdict:?}");
        assert!(verdict.example.is_some_and(|example| STORY.contains(&example)));
    }
    let mut paragraphs: Vec<&str> = STORY.lines().collect();
    paragraphs.swap(1, 3);
    paragraphs.truncate(4);
    check(("", STORY), ("", &paragraphs.join("\n")), Some(DuplicateRole::Near));
    let framed = format!("当前位置：首页 > 法治 > 正文\n{STORY}\n责任编辑：周某　来源：江城晚报");
    check(("", STORY), ("", &framed), Some(DuplicateRole::Near));
}

#[test]
fn parts_are_excerpts() {
    let part: Vec<&str> = STORY.lines().skip(1).take(2).collect();
    let verdict = check(("", STORY), ("", &part.join("\n")), Some(DuplicateRole::Excerpt));
    assert_eq!(verdict.canonical, 0);
    // A quotation in an article of its own is no excerpt.
    let quoting = format!("{OTHER}\n{}", STORY.lines().nth(2).unwrap());
    check(("", STORY), ("", &quoting), None);
}

#[test]
fn other_facts_in_the_same_words_are_another_story() {
    let other = STORY
        .replace("江城", "白云")
        .replace("7名", "12名")
        .replace("120余万", "35余万")
        .replace("钱某", "郑某")
        .replace("孙某", "冯某")
        .replace("5月17日", "9月2日")
        .replace("26部", "11部")
        .replace("9台", "4台")
        .replace("43万", "8万");
    check(("警方通报", STORY), ("警方通报", &other), None);
}

#[test]
fn a_correction_repeats_and_says_what_it_corrects() {
    let corrected = STORY.replace("26部", "28部");
    let verdict =
        check(("快递面单案告破", STORY), ("快递面单案告破", &corrected), Some(DuplicateRole::Near));
    let changed = verdict.changed.unwrap();
    assert!(changed == "26 → 28" || changed == "28 → 26", "{changed}");
    let renamed = STORY.replace("钱某", "周大海");
    let verdict = check(("", STORY), ("", &renamed), Some(DuplicateRole::Near));
    assert!(verdict.changed.is_some_and(|changed| changed.contains("周大海")));
}

#[test]
fn issues_of_a_column_stand_apart() {
    let issue = |figures: [&str; 3]| {
        let [a, b, c] = figures;
        format!(
            "本周全市反诈专班共接到群众报警{a}起，比上周有所变化。从发案类型看，刷单返利类最多，其次是冒充客服类。\n\
             专班提醒，凡是要求先行垫付资金的兼职都是诈骗，凡是自称客服要求转账的都要挂断电话再拨官方号码核实。\n\
             本周共止付涉案账户{b}个，为群众挽回损失{c}万元。请市民朋友继续关注，下周同一时间再见。"
        )
    };
    let (first, second) = (issue(["31", "18", "66"]), issue(["31", "18", "97"]));
    check(("反诈周报第12期", &first), ("反诈周报第13期", &second), None);
    check(("反诈周报第12期", &first), ("反诈周报第12期", &second), Some(DuplicateRole::Near));
}

#[test]
fn a_digest_holds_articles_and_repeats_none() {
    let digest = format!(
        "一周要闻\n1. 快递面单案告破\n{STORY}\n2. 离职管理员卖名单\n{OTHER}\n3. 登记本外借\n{THIRD}"
    );
    let verdicts = run(&[
        article("digest.txt", "一周要闻", &digest),
        article("a.txt", "快递面单案告破", STORY),
        article("b.txt", "离职管理员卖名单", OTHER),
        article("copy.txt", "快递面单案告破", &edited(STORY, 20)),
    ]);
    let canonical: Vec<usize> = verdicts.iter().map(|verdict| verdict.canonical).collect();
    assert_eq!(canonical[0], 0);
    assert_eq!(canonical[2], 2);
    assert_eq!(canonical[1], canonical[3]);
}

#[test]
fn the_best_of_a_group_is_kept() {
    let day = |day| {
        Date::new(2024, Some(5), Some(day)).map(|date| Published { date, basis: Basis::Metadata })
    };
    let part: Vec<&str> = STORY.lines().take(3).collect();
    let mut early = article("early.txt", "", STORY);
    early.published = day(3);
    let mut damaged = article("damaged.txt", "", &edited(STORY, 20));
    damaged.published = day(1);
    damaged.repairs.insert(Repair::DamagedBytes);
    let mut late = article("late.txt", "", STORY);
    late.published = day(9);
    let articles = [article("part.txt", "", &part.join("\n")), damaged, late, early];
    let verdicts = run(&articles);
    assert!(verdicts.iter().all(|verdict| verdict.canonical == 3 && verdict.cluster_size == 4));
    let roles: Vec<&str> = verdicts.iter().map(|verdict| verdict.role.name()).collect();
    assert_eq!(roles, ["excerpt", "near", "exact", "canonical"]);
}

#[test]
fn menus_are_no_evidence() {
    let menu = "首页 新闻中心 政务公开 办事大厅 互动交流 专题专栏 法律法规 数据开放 走进江城 网站地图 无障碍浏览\n\
        主办单位：江城市融媒体中心 技术支持：江城市大数据服务有限公司 备案编号见页底 公安机关联网备案信息 违法和不良信息举报电话 \
        适老化服务专区 建议使用主流浏览器访问本站 版权所有未经授权禁止转载 关于我们 联系我们 广告服务 人才招聘 友情链接";
    let words: Vec<char> = format!("{STORY}{OTHER}{THIRD}").chars().filter(|c| *c > '一').collect();
    let page = |i: usize| {
        let body: String = words.iter().skip(i * 80).take(80).collect();
        article(
            &format!("{i}.html"),
            &format!("第{i}页的题目各不相同"),
            &format!("{menu}\n{body}\n{menu}"),
        )
    };
    let verdicts = run(&(0..8).map(page).collect::<Vec<_>>());
    assert!(verdicts.iter().enumerate().all(|(i, verdict)| verdict.canonical == i));
}

/// A small collection drawn from a seed: stories, and copies of each kind.
fn collection(seed: u64) -> Vec<Article> {
    let mut state = seed;
    let mut random = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let stories = [STORY, OTHER, THIRD];
    (0..24)
        .map(|i| {
            let story = stories[random(3)];
            let lines: Vec<&str> = story.lines().collect();
            let body = match random(6) {
                0 => story.to_owned(),
                1 => edited(story, 6 + random(30)),
                2 => lines[random(2)..].join("\n"),
                3 => format!("{}\n{}", story, stories[random(3)]),
                4 => story.replace('3', "6").replace('5', "9"),
                _ => lines[random(lines.len())].to_owned(),
            };
            let title = ["", "案件通报", "一周要闻汇总二三事", "通报第1期", "通报第2期"][random(5)];
            article(&format!("{i}.txt"), title, &body)
        })
        .collect()
}

#[test]
fn order_does_not_matter_and_each_group_keeps_one() {
    for seed in 0..60 {
        let articles = collection(seed);
        let verdicts = run(&articles);
        let mut sizes: BTreeMap<usize, u32> = BTreeMap::new();
        for (i, verdict) in verdicts.iter().enumerate() {
            let kept = &verdicts[verdict.canonical];
            assert_eq!(kept.canonical, verdict.canonical, "seed {seed}");
            assert_eq!(kept.role, DuplicateRole::Canonical, "seed {seed}");
            assert_eq!(verdict.role == DuplicateRole::Canonical, verdict.canonical == i);
            *sizes.entry(verdict.canonical).or_default() += 1;
        }
        assert!(verdicts.iter().all(|verdict| sizes[&verdict.canonical] == verdict.cluster_size));

        let mut order: Vec<usize> = (0..articles.len()).collect();
        order.sort_by_key(|&i| (i as u64 + 7).wrapping_mul(seed * 2 + 0x9e37_79b9) % 1009);
        let shuffled: Vec<Article> = order.iter().map(|&i| articles[i].clone()).collect();
        for (place, verdict) in run(&shuffled).into_iter().enumerate() {
            let expected = verdicts[order[place]].clone();
            let verdict = Verdict { canonical: order[verdict.canonical], ..verdict };
            assert_eq!(verdict, expected, "seed {seed}");
        }
    }
}

#[test]
fn batches_and_memory_do_not_matter() {
    for seed in 100..120 {
        let articles = collection(seed);
        let expected = run(&articles);
        let folder = tempfile::tempdir().unwrap();
        let scratch = Folder::new(&folder.path().join("scratch")).unwrap();
        let text = |i: usize| Ok((articles[i].title.clone(), articles[i].body.text().to_owned()));
        // Sketches of earlier batches come back from disk.
        let mut filed = Filed::new(&scratch, "sketches", text);
        for batch in articles.chunks(1 + articles.len() / (1 + usize::try_from(seed % 10).unwrap()))
        {
            let sketches: Vec<Vec<u8>> = batch.iter().map(|one| sketch(one).encode()).collect();
            for bytes in sketches {
                filed.push(&Sketch::decode(&bytes).unwrap()).unwrap();
            }
        }
        for memory in [0, 1 << 12, 1 << 30] {
            let config = Config { memory, ..Config::default() };
            let deduped = dedupe(&filed, &scratch, &config).unwrap();
            let verdicts: Vec<Verdict> =
                deduped.verdicts(&scratch).collect::<std::io::Result<_>>().unwrap();
            assert_eq!(verdicts, expected, "seed {seed}, {memory} bytes");
            deduped.end(&scratch).unwrap();
        }
    }
}

#[test]
fn articles_under_other_titles_must_tell_what_these_say() {
    let told = "离职管理员卖学员名单获刑";
    check(
        ("网络管理员把学员信息卖给竞争机构", OTHER),
        (told, &edited(OTHER, 40)),
        Some(DuplicateRole::Near),
    );
    // A page that shows another page's text under its own title.
    check(("快递面单案告破", OTHER), ("离职管理员卖学员名单", &edited(OTHER, 40)), None);
    check(
        ("反诈论坛议程（东部专场）", STORY),
        ("反诈论坛议程（西部专场）", &edited(STORY, 40)),
        None,
    );
}

#[test]
fn a_digest_repeats_no_item_however_large() {
    let item = THIRD.lines().next().unwrap();
    let digest = format!("每日要闻\n1. 登记本外借\n{item}\n2. 快递面单案告破\n{STORY}");
    check(("每日要闻", &digest), ("快递面单案告破", STORY), None);
    let other =
        format!("每日要闻\n1. 离职管理员卖名单\n{OTHER}{OTHER}\n2. 快递面单案告破\n{STORY}{STORY}");
    let third =
        format!("每日要闻\n1. 登记本外借\n{THIRD}{THIRD}\n2. 快递面单案告破\n{STORY}{STORY}");
    check(("每日要闻", &other), ("每日要闻", &third), None);
}

#[test]
fn empty_and_odd_texts_pass() {
    let bodies =
        ["", "", "。", "a", "一二三四", "一二三四五", &"哈".repeat(5000), &"哈".repeat(5001)];
    let articles: Vec<Article> =
        bodies.iter().enumerate().map(|(i, body)| article(&format!("{i}"), "", body)).collect();
    assert_eq!(run(&articles).len(), bodies.len());
    assert_eq!(run(&[]), []);
}
