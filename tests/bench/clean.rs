//! Clean: Markdown of public accounts and plain text, from raw articles in memory to articles.

use std::path::PathBuf;
use std::sync::Arc;

use anjuan::acquire::{self, Entry, RawFile};
use anjuan::clean::clean;
use anjuan::knowledge::boilerplate::Boilerplate;
use anjuan::model::RawArticle;

use crate::Measure;
use crate::read::articles;

/// Two sets of our own writing, and the files of the folder that `ANJUAN_BENCH` names, if it does.
pub(crate) fn measures() -> Vec<Measure> {
    let markdown = (0..1500).map(|n| file(n, "md", account_page(n))).collect();
    let text = (0..1500).map(|n| file(n, "txt", bulletin(n))).collect();
    let mut measures = vec![measure("clean markdown", markdown), measure("clean text", text)];
    if let Some(folder) = std::env::var_os("ANJUAN_BENCH").map(PathBuf::from) {
        let config = acquire::Config::default();
        let entries = acquire::list(&folder).unwrap().into_iter();
        let files = entries.filter_map(|entry| match entry {
            Entry::File { path, full, .. } => acquire::open(&full, path, &config).ok(),
            Entry::Rejected(_) => None,
        });
        measures.push(measure("clean folder", files.collect()));
    }
    measures
}

fn measure(name: &'static str, files: Vec<RawFile>) -> Measure {
    let articles: Vec<RawArticle> = files.into_iter().flat_map(articles).collect();
    let bytes = articles.iter().map(|article| article.text.text().len()).sum();
    let boilerplate = Arc::new(Boilerplate::builtin().unwrap());
    // The copies take a thirtieth of the time.
    Measure::new(name, bytes, move || {
        let cleaned = articles.iter().filter_map(|raw| clean(raw.clone(), &boilerplate).ok());
        cleaned.map(|article| article.body.text().len()).sum()
    })
}

fn file(n: usize, ending: &str, text: String) -> RawFile {
    RawFile::in_memory(format!("{n}.{ending}"), text.into_bytes())
}

const PLACES: [&str; 6] = ["江城", "临川", "北岭", "石门", "东浦", "清源"];
const DEEDS: [&str; 5] = [
    "利用在物流公司工作的便利，将收件人的姓名、电话和住址导出后出售给他人",
    "以招聘为名骗取求职者的身份证照片，再转卖给注册网店的中介",
    "编写爬虫程序，从多个网站抓取车主资料，每条加价0.3元卖给保险推销人员",
    "冒充银行客服，骗取客户的验证码后登录其账户，查询余额和交易记录",
    "在社交软件上组建交流群，与同行交换小区业主名单共计12万余条",
];

/// Paragraphs that differ from article to article, as no two real ones are alike.
fn paragraphs(n: usize) -> impl Iterator<Item = String> {
    (0..12).map(move |i| {
        let (place, deed) = (PLACES[(n + i) % 6], DEEDS[(n * 7 + i * 3) % 5]);
        let (day, people, sum) = (i + 1, (n + i) % 40 + 2, (n * 13 + i * 37) % 900 + 3);
        format!(
            "{day}月{day}日，{place}市公安局网安支队民警在工作中发现，犯罪嫌疑人钱某{deed}。经查，该团伙先后作案{people}起，涉案金额{sum}万元，共有{people}人被依法采取刑事强制措施，查扣手机{day}部、电脑 {people} 台。警方提醒，请妥善保管个人信息，不要随意点击陌生链接。"
        )
    })
}

fn bulletin(n: usize) -> String {
    let body: Vec<String> = paragraphs(n).map(|words| format!("　　{words}")).collect();
    format!("{}警方通报一批案件\n\n{}\n", PLACES[n % 6], body.join("\n\n"))
}

/// As exports of public accounts are: pictures between the paragraphs, buttons below them.
fn account_page(n: usize) -> String {
    let image = "![](https://mmbiz.example.cn/sz_mmbiz_png/Abc1DefGhi2JklMno3PqrStu4VwxYz5AbcDefGhiJkl/640?wx_fmt=png&from=appmsg)";
    let title = format!("{}警方通报一批案件（第{n}期）", PLACES[n % 6]);
    let mut page = format!(
        "---\ntitle: {title}\nurl: https://news.example.cn/{n}\nsource: {}网安\ndate: 2024-05-17\n---\n\n# {title}\n\n原创\n\n{}网安\n\n",
        PLACES[n % 6],
        PLACES[n % 6]
    );
    for (i, words) in paragraphs(n).enumerate() {
        page += &match i % 4 {
            0 => format!("{image}\n\n**{}、案情回顾**\n\n{words}\n\n", i + 1),
            1 => format!("{words}\n\n\u{a0}\n\n"),
            2 => format!("详见[此前通报](https://news.example.cn/{n}/{i}.html)。{words}\n\n"),
            _ => format!("{words}\n\n{image}\n\n"),
        };
    }
    let buttons = "预览时标签不可点\n\n微信扫一扫\n关注该公众号\n\n继续滑动看下一个\n\n轻触阅读原文\n\n向上滑动看下一个\n\n[知道了](javascript:;)\n\n微信扫一扫\n使用小程序\n\n[取消](javascript:void(0);)\n[允许](javascript:void(0);)\n\n：\n，\n。\n\n视频\n小程序\n赞\n，轻点两下取消赞\n在看\n，轻点两下取消在看\n";
    page + buttons
}
