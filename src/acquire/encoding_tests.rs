//! Texts of all sizes in all encodings, whole and damaged.

use super::*;

const HANS: &str = "近日，江苏省某市公安局网安支队破获一起侵犯公民个人信息案，抓获犯罪嫌疑人12名，\
    查获公民个人信息3000余万条，涉案金额200余万元。经查，嫌疑人赵某利用职务之便，将客户的姓名、电话、住址等信息出售给他人牟利。\n\
    法院经审理认为，被告人的行为已构成侵犯公民个人信息罪，判处有期徒刑三年，并处罚金人民币五万元。\n";
const HANT: &str = "近日，臺北市政府警察局偵破一起販賣個人資料案件，逮捕嫌犯12名，查扣個人資料3000餘萬筆，\
    不法所得200餘萬元。警方表示，嫌犯利用職務之便，將客戶的姓名、電話、住址等資料出售給詐騙集團牟利。\n\
    全案訊後依違反個人資料保護法等罪嫌移送地檢署偵辦。\n";

fn bytes(text: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        Encoding::Utf8 | Encoding::Gb18030 | Encoding::Big5 => {
            let (bytes, _, unmappable) = codec(encoding).encode(text);
            assert!(!unmappable, "{encoding} cannot write {text}");
            bytes.into_owned()
        }
    }
}

fn check(text: &str, encoding: Encoding) {
    let decoded = decode(bytes(text, encoding)).unwrap_or_else(|stop| panic!("{text}: {stop:?}"));
    assert_eq!(decoded, Decoded { text: text.to_owned(), encoding, damaged: false }, "{encoding}");
}

fn check_stop(bytes: &[u8], reason: RejectReason) {
    match decode(bytes.to_vec()).and_then(|decoded| {
        refuse_controls(&decoded.text)?;
        Ok(decoded)
    }) {
        Ok(decoded) => panic!("read as {}: {:?}", decoded.encoding, decoded.text),
        Err(stop) => assert_eq!(stop.reason, reason, "{}", stop.detail),
    }
}

#[test]
fn whole_articles() {
    for &encoding in Encoding::ALL {
        if encoding != Encoding::Big5 {
            check(HANS, encoding);
        }
        check(HANT, encoding);
        check(&HANT.repeat(400), encoding);
        check(
            &format!("\u{feff}{HANT}")
                .replace('\u{feff}', if encoding == Encoding::Big5 { "" } else { "\u{feff}" }),
            encoding,
        );
    }
    // Traditional text written in GBK.
    check(HANT, Encoding::Gb18030);
}

#[test]
fn short_texts() {
    for text in [
        "警方通报",
        "案情通报",
        "公安部：依法打击侵犯公民个人信息犯罪",
        "某市公安局抓获犯罪嫌疑人3名。",
        "上海一公司被罚5万元",
        "个人信息被卖",
    ] {
        check(text, Encoding::Gb18030);
        check(text, Encoding::Utf8);
        check(text, Encoding::Utf16Le);
        check(text, Encoding::Utf16Be);
    }
    for text in [
        "警方通報",
        "個人資料外洩",
        "臺北市警局破獲詐騙集團",
        "檢方起訴被告3人。",
        "香港私隱專員公署",
    ] {
        check(text, Encoding::Big5);
        check(text, Encoding::Utf8);
        check(text, Encoding::Utf16Le);
    }
}

#[test]
fn every_length() {
    for (text, encoding) in [
        (HANS, Encoding::Gb18030),
        (HANT, Encoding::Big5),
        (HANS, Encoding::Utf16Le),
        (HANT, Encoding::Utf16Be),
    ] {
        let characters: Vec<char> = text.chars().collect();
        for size in [6, 8, 12, 20, 40, 80] {
            for window in characters.windows(size).step_by(3) {
                let text: String = window.iter().collect();
                if text.chars().filter(|c| !c.is_ascii()).count() >= 6 {
                    check(&text, encoding);
                }
            }
        }
    }
}

#[test]
fn foreign_characters_inside() {
    check(&format!("{HANS}品牌Café的数据，价格80€，微信号😀。"), Encoding::Utf8);
    check(&format!("{HANS}名字里的生僻字：㛃、䶮、𬭎。"), Encoding::Gb18030);
    check("plain ASCII only\n", Encoding::Utf8);
    check("ASCII in two bytes each\r\n", Encoding::Utf16Le);
}

#[test]
fn pages_lie_about_their_encoding() {
    let page = |charset: &str| {
        let markup = "<div class='item'><a href='/index.html'>".repeat(20);
        format!(
            "<html><head><meta charset=\"{charset}\"></head><body>{markup}<p>{HANS}</p></body></html>"
        )
    };
    check(&page("utf-8"), Encoding::Gb18030);
    check(&page("gb2312"), Encoding::Gb18030);
    check(&page("big5"), Encoding::Gb18030);
    check(&page("gbk"), Encoding::Utf8);
    check(&page("gbk"), Encoding::Utf16Le);
    // The page's word settles what is too short to judge.
    check("<meta charset=big5><p>警方", Encoding::Big5);
    check("<meta charset=gbk><p>通报", Encoding::Gb18030);
}

#[test]
fn damage_is_repaired() {
    for (text, encoding) in
        [(HANS, Encoding::Utf8), (HANS, Encoding::Gb18030), (HANT, Encoding::Big5)]
    {
        for at in [10, 31, 100, 101, 102] {
            let mut damaged = bytes(text, encoding);
            damaged[at] = 0xff;
            let decoded = decode(damaged).unwrap();
            assert_eq!((decoded.encoding, decoded.damaged), (encoding, true), "{at}");
            assert!(decoded.text.contains('\u{fffd}') && decoded.text.contains("200"));
        }
        let mut cut = bytes(&text.repeat(3), encoding);
        cut.truncate(cut.len() - 2);
        let decoded = decode(cut).unwrap();
        assert_eq!((decoded.encoding, decoded.damaged), (encoding, true), "cut");
    }
    let mut odd = bytes(&format!("\u{feff}{HANS}"), Encoding::Utf16Le);
    odd.push(0x41);
    assert!(decode(odd).unwrap().damaged);
    // An English page with the quotation marks of an old editor.
    let decoded =
        decode([&b"It doesn\x92t say much about it. "[..], &[b'x'; 200]].concat()).unwrap();
    assert_eq!((decoded.encoding, decoded.damaged), (Encoding::Utf8, true));
}

#[test]
fn undecidable_bytes_are_refused() {
    let korean = encoding_rs::EUC_KR.encode("경찰은 개인정보를 판매한 혐의로 세 명을 체포했다고 밝혔다. 이들은 개인정보를 불법으로 수집했다.").0.into_owned();
    check_stop(&korean, RejectReason::UnknownEncoding);
    let japanese = encoding_rs::SHIFT_JIS
        .encode("警察は個人情報を売買した疑いで三人を逮捕したと発表しました。")
        .0
        .into_owned();
    check_stop(&japanese, RejectReason::UnknownEncoding);
    let russian = encoding_rs::WINDOWS_1251
        .encode("Полиция задержала троих подозреваемых по делу о продаже данных")
        .0
        .into_owned();
    check_stop(&russian, RejectReason::UnknownEncoding);
    // Both encodings in one line: no line tells its own.
    let mixed = [bytes(HANS, Encoding::Utf8), bytes(HANS, Encoding::Gb18030)].concat();
    let mixed: Vec<u8> = mixed.into_iter().filter(|byte| *byte != b'\n').collect();
    check_stop(&mixed, RejectReason::UnknownEncoding);
    check_stop(&[0xff, 0xfe, 0, 0, 0x41, 0, 0, 0], RejectReason::UnknownEncoding);
    let noise: Vec<u8> =
        (0..5000u32).map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
    check_stop(&noise, RejectReason::UnknownFormat);
    check_stop(&[0; 3000], RejectReason::UnknownFormat);
    check_stop(&[b'a', 0, 0, 0].repeat(300), RejectReason::UnknownFormat);
}

#[test]
fn lines_in_two_encodings() {
    let story = "近日，江城警方破获一起侵犯公民个人信息的案件，抓获犯罪嫌疑人九名。";
    let notice = "警方提醒：不要把自己的身份信息交给不认识的人。";
    let (gbk, ..) = GB18030.encode(story);
    for times in [(1, 4), (4, 1)] {
        let mut bytes = Vec::new();
        let mut expected = String::new();
        for _ in 0..times.0 {
            bytes.extend_from_slice(&gbk);
            bytes.push(b'\n');
            expected += &format!("{story}\n");
        }
        for _ in 0..times.1 {
            bytes.extend_from_slice(format!("{notice}\n").as_bytes());
            expected += &format!("{notice}\n");
        }
        let decoded = decode(bytes).unwrap();
        assert_eq!(decoded.text, expected);
        assert!(decoded.damaged);
    }
    // One encoding all through is no damage.
    let (gbk, ..) = GB18030.encode(notice);
    assert!(!decode(gbk.into_owned()).unwrap().damaged);
}

#[test]
fn readings_behind_characters() {
    let text = "江(jiāng)城警(jǐng)方破(pò)獲一(yī)起侵(qīn)犯公(gōng)民個(gè)人信(xìn)息案(àn)，抓(zhuā)獲九(jiǔ)人。";
    check(text, Encoding::Gb18030);
}
