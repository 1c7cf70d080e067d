//! Clean: a raw article -> one paragraph a line in simplified script, with title, publisher and date.

mod boilerplate;
mod chars;
mod damage;
mod fold;
mod gloss;
mod layout;
mod lines;
mod markup;
mod published;
mod recode;
mod repeat;
mod script;
mod spacing;
mod title;
mod wording;
mod wrap;

use std::collections::BTreeSet;

use crate::knowledge::boilerplate::Boilerplate;
use crate::model::{
    Article, Mapped, RawArticle, Reject, RejectReason, RejectStage, Repair, Script,
};

/// Repairs the text and reads what it says about itself.
///
/// A record is rejected only if nothing is left of it: no body and no title.
pub fn clean(mut raw: RawArticle, boilerplate: &Boilerplate) -> Result<Article, Reject> {
    if raw.text.text().is_empty() && raw.meta.title.is_none() {
        return Err(reject(&raw, RejectReason::Empty, "the record is empty"));
    }
    let mut repairs = raw.repairs.clone();
    if is_cut_off(raw.text.text()) {
        repairs.insert(Repair::Truncated);
    }
    let text = recode::recoded(std::mem::take(&mut raw.text), &mut repairs);
    let text = wrap::unwrapped(text, &mut repairs);
    let text = without_debris(text, &mut repairs);
    let plain = markup::plain(text, raw.format, boilerplate, &mut repairs);
    let (text, script) = script::simplified(plain.text, &mut repairs);
    // Conversion may change how many characters a line has.
    let shape = plain.shape.filter(|_| !repairs.contains(&Repair::Traditional));
    let layout = layout::layout(text, shape, &mut repairs);
    let real = |name: &String| !title::is_no_publisher(name, boilerplate);
    let publisher = named(raw.meta.publisher.as_deref()).filter(real);
    let publisher = publisher.or_else(|| title::byline(layout.text.text()).filter(real));
    let text = spacing::spacing(layout.text, &mut repairs);
    let text = wording::corrected(text, script, &mut repairs);

    let page = title::Page { text: text.text(), wrapped: layout.wrapped, indents: &layout.indents };
    let title = named(raw.meta.title.as_deref());
    let title = title.or_else(|| {
        let heading = plain.heading.as_deref().map(printed);
        title::title(heading.as_deref(), page, boilerplate)
    });
    let publisher = publisher.or_else(|| title::publisher(text.text()).filter(real));
    let published = published::published(published::Places {
        metadata: raw.meta.published.as_deref(),
        text: text.text(),
        url: raw.meta.url.as_deref(),
        path: &raw.id.file,
    });

    let (body, self_repeats) = match script {
        // All that is known of page furniture is known of Chinese pages.
        Script::Other => (text, 0),
        Script::Hans | Script::Hant | Script::Mixed => {
            let names = boilerplate::Names {
                title: title.as_deref(),
                publisher: publisher.as_deref(),
                wrapped: layout.wrapped,
            };
            let text = boilerplate::pruned(text, names, boilerplate, &mut repairs);
            repeat::collapsed(text, &mut repairs)
        }
    };
    if body.text().is_empty() && title.is_none() {
        return Err(reject(&raw, RejectReason::NoText, "nothing but markup and page furniture"));
    }
    Ok(Article {
        id: raw.id,
        format: raw.format,
        encoding: raw.encoding,
        script,
        repairs,
        title,
        publisher,
        url: raw.meta.url,
        published,
        content_hash: content_hash(body.text()),
        body,
        self_repeats,
        bytes: raw.bytes,
    })
}

/// Characters only: glosses and torn bytes, then odd forms.
fn without_debris(text: Mapped, repairs: &mut BTreeSet<Repair>) -> Mapped {
    let mut text = text;
    // Before widths are folded: a wide letter may be two torn bytes.
    if gloss::may_have_glosses(text.text()) {
        text = damage::mended(text, repairs);
        text = gloss::without_glosses(text, repairs);
    }
    fold::characters(text, repairs)
}

/// A title or name from metadata, if there is one.
fn named(words: Option<&str>) -> Option<String> {
    words.map(printed).filter(|words| !words.is_empty())
}

/// As printed, but in simplified script and without invisible characters and readings.
fn printed(words: &str) -> String {
    if !words.contains(['(', '（'])
        && !recode::may_be_recoded(words)
        && !fold::has_odd(words)
        && script::kind(words) != script::Kind::Traditional
    {
        return words.trim().to_owned();
    }
    let mut repairs = BTreeSet::new();
    let words = recode::recoded(Mapped::verbatim(words), &mut repairs);
    let words = gloss::without_glosses(words, &mut repairs);
    let words = fold::characters(words, &mut repairs);
    script::simplified_words(words.text().trim())
}

/// The record stops inside a sentence, at the dots of a program that cut it.
fn is_cut_off(text: &str) -> bool {
    let text = text.trim_end();
    text.strip_suffix("...").or_else(|| text.strip_suffix("…")).is_some_and(|text| {
        text.chars().next_back().is_some_and(|c| c.is_alphanumeric() || matches!(c, '，' | '、'))
    })
}

/// 128 bits of BLAKE3 in hexadecimal.
fn content_hash(body: &str) -> String {
    blake3::hash(body.as_bytes()).to_hex().chars().take(32).collect()
}

fn reject(raw: &RawArticle, reason: RejectReason, detail: &str) -> Reject {
    Reject {
        id: raw.id.clone(),
        stage: RejectStage::Clean,
        reason,
        detail: detail.to_owned(),
        bytes: raw.bytes,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop_oneof};
    use proptest::test_runner::Config;
    use proptest::{prop_assert, prop_assert_eq, prop_assume, proptest};

    use std::sync::LazyLock;

    use super::*;
    use crate::model::{ArticleId, Encoding, Format, Metadata};

    fn raw(format: Format, text: &str, meta: Metadata) -> RawArticle {
        RawArticle {
            id: ArticleId { file: "a.md".to_owned(), record: 0 },
            format,
            encoding: Encoding::Utf8,
            text: Mapped::verbatim(text),
            meta,
            repairs: BTreeSet::new(),
            bytes: 0,
        }
    }

    fn cleaned(format: Format, text: &str, meta: Metadata) -> Result<Article, Reject> {
        static BOILERPLATE: LazyLock<Boilerplate> =
            LazyLock::new(|| Boilerplate::builtin().unwrap());
        clean(raw(format, text, meta), &BOILERPLATE)
    }

    #[test]
    fn a_mirror_page() {
        let text = "## 某縣警方通報\n\n![](http://a.cn/1.png)\n近日，某縣網(wǎng)安大隊破獲一宗著名案件,抓獲 5 人,查獲煤?qì)狻⒕W(wǎng)購等信息。\n\n來源：縣報\n\n推薦閱讀\n[另一案](http://b.cn)";
        let article = cleaned(Format::Markdown, text, Metadata::default()).unwrap();
        assert_eq!(
            article.body.text(),
            "某县警方通报\n近日，某县网安大队破获一宗著名案件，抓获5人，查获煤气、网购等信息。"
        );
        assert_eq!(article.title.as_deref(), Some("某县警方通报"));
        assert_eq!(article.publisher.as_deref(), Some("县报"));
        assert_eq!(article.script, Script::Hant);
        let names: Vec<&str> = article.repairs.iter().map(|r| r.name()).collect();
        assert_eq!(
            names,
            [
                "pinyin_artifacts",
                "damaged_bytes",
                "traditional",
                "width",
                "spacing",
                "boilerplate",
                "markup"
            ]
        );
        let at = article.body.text().find("5人").unwrap();
        let source = article.body.to_source(at..at + 4);
        assert_eq!(text.get(source), Some("5 人"));
    }

    #[test]
    fn a_second_copy_behind_the_footer() {
        let story = "江城市警方近日破获一起侵犯公民个人信息案。\n经查，某物流公司员工钱某利用职务之便，将客户的收货地址、联系电话等资料私自导出，通过聊天软件出售给他人，从中牟利。\n民警循线追踪，在外省将其上家孙某抓获，当场查扣手机六部、电脑两台。目前两人均已被依法采取强制措施。";
        let footer = "预览时标签不可点\n\n微信扫一扫\n关注该公众号\n\n轻触阅读原文\n\n江城网安\n\n：\n，\n。\n\n视频\n小程序\n赞";
        let text = format!(
            "# 江城侦破一案\n\n江城网安\n\n{story}\n\n{footer}\n\n# 江城侦破一案\n\n{story}\n\n{footer}"
        );
        let article = cleaned(Format::Markdown, &text, Metadata::default()).unwrap();
        let body = format!("江城侦破一案\n江城网安\n{story}");
        assert_eq!((article.body.text(), article.self_repeats), (body.as_str(), 1));
        assert!(article.repairs.contains(&Repair::SelfRepeat));
    }

    #[test]
    fn glosses_in_a_title() {
        let meta = Metadata {
            title: Some("瀏覽(lǎn)器被劫持怎么(me)辦？".to_owned()),
            publisher: Some("江城網(wǎng)安".to_owned()),
            ..Metadata::default()
        };
        let article =
            cleaned(Format::Txt, "為什么（me）要實名？警方說，這是為了保護(hù)用戶。", meta)
                .unwrap();
        assert_eq!(article.title.as_deref(), Some("浏览器被劫持怎么办？"));
        assert_eq!(article.publisher.as_deref(), Some("江城网安"));
        assert_eq!(article.body.text(), "为什么要实名？警方说，这是为了保护用户。");
    }

    #[test]
    fn names_that_are_no_publishers() {
        let text = "江城警方通报\n发布者：江城晚报\n近日，江城警方破获一起侵犯公民个人信息案，抓获犯罪嫌疑人五名，扣押电脑三台。";
        for name in ["净网2023", "“清朗”专项行动", "金彩棋牌官网"] {
            let meta = Metadata { publisher: Some(name.to_owned()), ..Metadata::default() };
            let article = cleaned(Format::Txt, text, meta).unwrap();
            assert_eq!(article.publisher.as_deref(), Some("江城晚报"), "{name}");
        }
    }

    #[test]
    fn nothing_left() {
        let reason =
            |text: &str| cleaned(Format::Markdown, text, Metadata::default()).unwrap_err().reason;
        assert_eq!(reason(""), RejectReason::Empty);
        assert_eq!(reason("![](http://a.cn/1.png)\n\n在看"), RejectReason::NoText);
        let meta = Metadata { title: Some("某案宣判".to_owned()), ..Metadata::default() };
        assert_eq!(cleaned(Format::Markdown, "在看", meta).unwrap().body.text(), "");
    }

    /// Pieces of pages, so that random text meets every step.
    fn page() -> impl Strategy<Value = String> {
        const PIECES: &[&str] = &[
            "近日，某县警方通报一起侵犯公民个人信息案，抓获犯罪嫌疑人五名。",
            "\n",
            "\n\n",
            "# ",
            "**",
            "*",
            "![](http://a.cn/1.png)",
            "[标题](http://a.cn)",
            "網(wǎng)絡(luò)",
            "?qì)狻⒕W(wǎng)",
            " 3100 余条",
            "“",
            "\"",
            "(九)",
            ",",
            "。",
            "往期回顾\n",
            "来源：县报\n",
            "在看\n",
            "２０２３年",
            "\u{200b}",
            "\u{3000}",
            "&amp;",
            "<br>",
            "|甲|乙|\n",
            "---\n",
            "END\n",
            "声明\n",
            "张**",
            "A b",
            "著 名",
            "隨著",
            "?",
            "\u{fffd}",
            "1、",
            "\r\n",
        ];
        let piece = prop_oneof![
            6 => (0..PIECES.len()).prop_map(|i| PIECES[i].to_owned()),
            1 => any::<String>(),
            1 => Just("公安机关\n".to_owned()),
        ];
        proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(200) })]

        #[test]
        fn every_span_maps_into_the_source(text in page(), markdown in any::<bool>()) {
            let format = if markdown { Format::Markdown } else { Format::Txt };
            if let Ok(article) = cleaned(format, &text, Metadata::default()) {
                let body = article.body.text();
                prop_assert!(!body.contains("\n\n") && body.trim() == body, "{body:?}");
                let mut last = 0;
                for (at, c) in body.char_indices() {
                    let source = article.body.to_source(at..at + c.len_utf8());
                    prop_assert!(text.get(source.clone()).is_some_and(|words| !words.is_empty()), "{c} {source:?}");
                    prop_assert!(last <= source.start);
                    last = source.start;
                }
            }
        }

        #[test]
        fn cleaning_twice_is_cleaning_once(text in page()) {
            if let Ok(article) = cleaned(Format::Txt, &text, Metadata::default()) {
                let meta = Metadata { title: article.title.clone(), publisher: article.publisher.clone(), ..Metadata::default() };
                let body = article.body.text();
                // A page about markup shows markup; clean, it looks like a page to be cleaned.
                prop_assume!(!body.contains(['&', '<', '\\', '[']));
                let again = cleaned(Format::Txt, body, meta);
                prop_assert_eq!(again.map(|again| again.body.text().to_owned()).unwrap_or_default(), body);
            }
        }
    }
}
