//! Sentences of bulletins and the cells that they give: which of many numbers is which, and which date is whose.

use anjuan::acquire::RawFile;
use anjuan::config::Config;
use anjuan::evidence;
use anjuan::read::read;

use crate::{KNOWLEDGE, RULES};

/// The cells of the first case of a text published on 2023-06-20, those of `columns`, as `column value; …`.
fn cells(text: &str, columns: &[&str]) -> String {
    let article = format!("---\ntitle: 通报\ndate: 2023-06-20\n---\n\n{text}\n");
    let file = RawFile::in_memory("a.md".to_owned(), article.into_bytes());
    let (article, told) =
        read(file, &Config::default(), &RULES, &KNOWLEDGE).into_iter().next().unwrap().unwrap();
    let Some(case) = told.extracted.cases.first() else { return "no case".to_owned() };
    let cells: Vec<String> = evidence::of_case(&article, case, &[])
        .into_iter()
        .filter(|cell| columns.contains(&cell.column.as_str()))
        .map(|cell| format!("{} {}", cell.column, cell.value))
        .collect();
    cells.join("; ")
}

const NUMBERS: [&str; 13] = [
    "suspects",
    "insiders",
    "groups",
    "records",
    "data_bytes",
    "accounts",
    "victims",
    "prison_months",
    "illegal_gain_yuan",
    "amount_involved_yuan",
    "loss_yuan",
    "fine_yuan",
    "price",
];

#[test]
fn many_numbers_in_a_sentence() {
    let mut wrong = Vec::new();
    for (text, expected) in [
        (
            "近日，淮南市公安局网安支队破获一起侵犯公民个人信息案，抓获犯罪嫌疑人47名（其中快递公司员工1名），打掉团伙3个，查获公民个人信息300余万条，涉案金额1200余万元，扣押手机86部。",
            "suspects 47; insiders 1; groups 3; records 3000000 over; amount_involved_yuan 12000000 over",
        ),
        (
            "近日，淮南市公安局破获一起侵犯公民个人信息案，抓获犯罪嫌疑人宋某等三人，非法获利人民币一亿二千万元，查获公民个人信息12,345.6万条。",
            "suspects 3; records 123456000; illegal_gain_yuan 120000000",
        ),
        (
            "近日，滁州警方打掉一个贩卖公民个人信息团伙，抓获6人，该团伙累计出售公民个人信息2.3万余条，获利9千余元。",
            "suspects 6; groups 1; records 23000 over; illegal_gain_yuan 9000 over",
        ),
        (
            "近日，滁州警方打掉一个贩卖公民个人信息团伙，抓获6人，查获公民个人信息上百万条，涉案资金近千万元。",
            "suspects 6; groups 1; records 1000000 over; amount_involved_yuan 10000000 nearly",
        ),
        (
            "近日，滁州警方打掉一个贩卖公民个人信息团伙，抓获十余人，查获公民个人信息数以亿计，以每条0.3至0.6元的价格出售。",
            "suspects 10 over; groups 1; records 100000000 several; price 0.3-0.6",
        ),
        (
            "警方查明，宋某共出售公民个人信息3200条，其中征信信息450条、行踪轨迹信息120条、普通信息2630条，违法所得6.8万元。池州市贵池区人民法院以侵犯公民个人信息罪判处宋某有期徒刑二年六个月，缓刑三年，并处罚金七万元；判处樊某有期徒刑一年，并处罚金二万元。",
            "records 3200; prison_months 30; illegal_gain_yuan 68000; fine_yuan 70000",
        ),
        (
            "宣城市公安机关近日侦破一起案件，犯罪嫌疑人利用木马盗取网络账号60余万个，涉及全国28个省份，抓获违法犯罪嫌疑人共计112人，其中刑事拘留87人、取保候审25人，查扣“黑号”45万余个，涉案资金流水达2.6亿余元。",
            "suspects 112; accounts 600000 over; amount_involved_yuan 260000000 over",
        ),
        (
            "六安警方侦破一起侵犯公民个人信息案，从嫌疑人电脑中提取电子数据1.2T，内含公民个人信息约4.5亿条，涉及受害人2000余名，造成群众损失700余万元。",
            "records 450000000 about; data_bytes 1200000000000; victims 2000 over; loss_yuan 7000000 over",
        ),
        (
            "六安警方侦破一起侵犯公民个人信息案，抓获27人，涉案金额逾3000万元，查获公民个人信息不少于800万条。",
            "suspects 27; records 8000000 over; amount_involved_yuan 30000000 over",
        ),
        (
            "黄山市公安局破获一起案件，犯罪嫌疑人宋某将8万多份病历以每份两毛钱卖给月子中心，先后获利一万六千余元。",
            "records 80000 over; illegal_gain_yuan 16000 over; price 0.2",
        ),
        (
            "安庆市公安局网安支队抓获犯罪嫌疑人36人，其中“内鬼”14人，捣毁窝点5处，查扣作案设备200余台，查获快递面单信息1700余万单。",
            "suspects 36; insiders 14; groups 5; records 17000000 over",
        ),
        (
            "今年3月，安庆警方抓获嫌疑人宋某、樊某等7人，现场查获手机卡3000余张、猫池设备20台，涉及网络账号5万余个，涉案总金额约900万元。",
            "suspects 7; accounts 50000 over; amount_involved_yuan 9000000 about",
        ),
        (
            "法院经审理查明，宋某利用职务便利，先后31次查询并出售公民个人信息，获利三万一千五百元。2023年5月10日，亳州市谯城区人民法院以侵犯公民个人信息罪判处其有期徒刑十个月，并处罚金三万五千元。",
            "prison_months 10; illegal_gain_yuan 31500; fine_yuan 35000",
        ),
    ] {
        let found = cells(text, &NUMBERS);
        if found != expected {
            wrong.push(format!("{text}\n  wants {expected}\n  got   {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_date_of_the_latest_step() {
    let mut wrong = Vec::new();
    for (text, expected) in [
        (
            "2023年3月，亳州警方接到报案。4月8日，专案组在合肥将犯罪嫌疑人宋某抓获。",
            "stage arrest; action_date 2023-04-08",
        ),
        (
            "2021年5月至2022年11月，宋某非法获取公民个人信息2万条。次年3月，蚌埠市龙子湖区人民法院一审宣判，以侵犯公民个人信息罪判处宋某有期徒刑一年。",
            "stage trial; action_date 2023-03",
        ),
        (
            "2022年12月，蚌埠市公安局立案侦查。同年12月28日，民警将犯罪嫌疑人宋某抓获归案。",
            "stage arrest; action_date 2022-12-28",
        ),
        (
            "昨日，蚌埠市龙子湖区法院公开宣判一起侵犯公民个人信息案，宋某被判处有期徒刑一年。",
            "stage trial; action_date 2023-06-19",
        ),
        (
            "去年11月，宿州警方破获一起侵犯公民个人信息案，抓获犯罪嫌疑人8人。",
            "stage arrest; action_date 2022-11",
        ),
        ("近日，宿州警方破获一起侵犯公民个人信息案，抓获犯罪嫌疑人8人。", "stage arrest"),
        (
            "2022年7月，宋某入职某公司。2023年6月15日，宿州市埇桥区人民检察院依法对宋某以涉嫌侵犯公民个人信息罪提起公诉。",
            "stage prosecution; action_date 2023-06-15",
        ),
        (
            "上月底，宿州市公安局抓获犯罪嫌疑人宋某等5人，查获公民个人信息10万条。",
            "stage arrest; action_date 2023-05",
        ),
        (
            "2022年6月20日至22日，宿州市公安局组织收网行动，抓获犯罪嫌疑人宋某等25人。",
            "stage arrest; action_date 2022-06-20",
        ),
        (
            "2020年6月，宋某出售公民个人信息1万条。案发后，阜阳市颍泉区人民法院以侵犯公民个人信息罪判处宋某拘役五个月。",
            "stage trial",
        ),
        (
            "2022年9月，宿州公安机关工作发现，宋某非法获取公民个人信息，经过侦查，抓获犯罪嫌疑人9名。",
            "stage arrest",
        ),
        (
            "大同公安机关工作发现，宋某某编造虚假信息，侵犯公民个人信息，依法对宋某某采取治安拘留处罚。",
            "stage administrative",
        ),
    ] {
        let found = cells(text, &["stage", "action_date"]);
        if found != expected {
            wrong.push(format!("{text}\n  wants {expected}\n  got   {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn who_and_by_whom() {
    let mut wrong = Vec::new();
    for (text, expected) in [
        (
            "2022年3月15日，阜阳市颍州区人民法院以侵犯公民个人信息罪判处宋某有期徒刑三年；宋某不服提出上诉。2022年6月9日，阜阳市中级人民法院裁定驳回上诉，维持原判。",
            "lead 宋某; agency 阜阳市中级人民法院",
        ),
        (
            "宿州市公安局接群众葛某报警称，其公司财务褚某被冒充老板的骗子骗走80万元。经查，骗子对褚某电脑植入木马。警方抓获犯罪嫌疑人6名。",
            "agency 宿州市公安局",
        ),
        (
            "近日，上海警方通报，上海嘉定警方侦破一起侵犯公民个人信息案，犯罪嫌疑人宋某因涉嫌侵犯公民个人信息罪被刑事拘留。",
            "lead 宋某; agency 上海嘉定警方",
        ),
        ("近日，公安机关成功摧毁两个倒卖个人信息的团伙，抓获犯罪嫌疑人12名。", "agency 公安机关"),
        (
            "中医章建国长期售卖假药。经当地检察院提起公诉，法院依法作出判决，章建国因犯生产、销售假药罪，被判处有期徒刑十年。",
            "lead 章建国; agency 法院",
        ),
    ] {
        let found = cells(text, &["lead", "agency"]);
        if found != expected {
            wrong.push(format!("{text}\n  wants {expected}\n  got   {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_case() {
    for text in [
        "四川某市公安公布10起涉网违法犯罪典型案例",
        "9. 请分析嫌疑人手机，该案件团伙中，还有一名重要参与者警方未抓获，该嫌疑人所使用的账号是什么？",
        "去年3月，湖州市长兴县人民法院审理的一起名誉权纠纷案广受关注。宋某在视频平台发布褚某的照片，法院判决宋某赔礼道歉，支付精神损失抚慰金2000元。",
        "网传某地主播涉赌，涉案金额1900万",
        "比如，某法对侵害个人信息权益的违法行为，规定了处100万元以下的罚款。",
        "警方提醒：出售公民个人信息是犯罪行为，情节严重的，处三年以下有期徒刑。",
    ] {
        assert_eq!(cells(text, &["lead", "agency", "stage"]), "no case", "{text}");
    }
}
