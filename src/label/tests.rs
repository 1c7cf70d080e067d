//! Every example of every rule, and how passages are read.

use super::examples::whole as case;
use super::{failed_examples, label};
use crate::knowledge::lexicon::Lexicon;
use crate::model::{Found, Lead, LeadKind};

#[test]
fn every_example_of_every_rule() {
    let lexicon = Lexicon::builtin().unwrap_or_else(|problems| panic!("{problems:#?}"));
    let wrong: Vec<String> = failed_examples(&lexicon).iter().map(ToString::to_string).collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Checks which labels of `method` and `use` a passage has, under a charge or none.
fn check(text: &str, charge: Option<&str>, expected: &[&str]) {
    let lexicon = Lexicon::builtin().unwrap();
    let found: Vec<String> = label(&case(text, charge), text, &lexicon)
        .into_iter()
        .filter(|label| label.facet == "method" || label.facet == "use")
        .map(|label| format!("{}/{}", label.facet, label.code))
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn only_cases_about_information_have_a_method() {
    check("他冒充客服打电话，诈骗老人三万元。", Some("诈骗"), &[]);
    check(
        "他从网上购买公民个人信息，冒充客服打电话，诈骗老人三万元。",
        Some("诈骗"),
        &["method/trade", "use/telecom_fraud"],
    );
    check("他用木马窃取面单信息。", Some("非法获取计算机信息系统数据"), &["method/theft"]);
    check("他用木马窃取面单信息。", None, &["method/theft"]);
    check("他用木马窃取面单信息。", Some("敲诈勒索"), &[]);
}

#[test]
fn warnings_laws_and_comments_say_nothing() {
    check("警方提醒，切勿出售个人信息。", None, &[]);
    check("《刑法》第二百五十三条之一规定，向他人出售公民个人信息，构成犯罪。", None, &[]);
    check(
        "冯某窃取学员信息。\n警方提醒\n不法分子常出售个人信息。",
        Some("侵犯公民个人信息"),
        &["method/theft"],
    );
    check(
        "【典型意义】\n近年倒卖个人信息多发。\n案例二\n冯某窃取学员信息。",
        Some("侵犯公民个人信息"),
        &["method/theft"],
    );
}

#[test]
fn evidence_is_the_words_that_fired() {
    let lexicon = Lexicon::builtin().unwrap();
    let text = "前一案已结。冯某购买客户名单。";
    let mut case = case(text, Some("侵犯公民个人信息"));
    case.span = "前一案已结。".len()..text.len();
    let found = label(&case, text, &lexicon);
    let trade = found.iter().find(|label| label.code == "trade").unwrap();
    assert_eq!(text.get(trade.span.0..trade.span.1), Some("购买客户名单"));
    assert_eq!(&*trade.rule, "method/bought");
    case.span = 1..text.len(); // Inside a character: nothing is read, nothing breaks.
    assert!(label(&case, text, &lexicon).is_empty());
    case.span = text.len()..text.len() + 10;
    assert!(label(&case, text, &lexicon).is_empty());
}

#[test]
fn fields_of_the_case_say_who_acted() {
    let lexicon = Lexicon::builtin().unwrap();
    let text = "青禾咨询公司的个人信息案。";
    let mut case = case(text, None);
    let name = "青禾咨询公司".to_owned();
    case.lead = Some(Found::new(Lead { name, kind: LeadKind::Company }, 0..18, "lead"));
    let found = label(&case, text, &lexicon);
    assert!(found.iter().any(|label| label.facet == "actor" && label.code == "company"));
}

#[expect(clippy::disallowed_methods, reason = "the test is about time")]
#[test]
fn time_grows_with_the_passage() {
    let lexicon = Lexicon::builtin().unwrap();
    for text in ["购买".repeat(40_000), "举报电话".repeat(20_000), "出售个人信息、".repeat(10_000)]
    {
        let started = std::time::Instant::now();
        label(&case(&text, None), &text, &lexicon);
        assert!(started.elapsed().as_secs() < 5, "{}", text.len());
    }
}
