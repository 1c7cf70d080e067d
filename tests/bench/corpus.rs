//! A made-up collection of any size: stories, and copies of each kind, each made from its number alone.
//!
//! Of every 100 articles 30 are stories of their own, 60 are copies (exact, re-punctuated, framed,
//! with 2 to 15% of the characters edited, shortened, shuffled, excerpts of 30 to 70%), 6 fill one of
//! a few templates with other facts, and 4 are pages of a site that carry its menu.

use std::fmt::Write as _;

/// A generator of numbers; the same seed gives the same numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// An article of the collection.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) title: String,
    pub(crate) body: String,
}

/// Characters that words are made of.
const CHARACTERS: &str = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严";
const NAMES: &[&str] = &["赵某", "钱某", "孙某", "李某", "周某", "吴某", "郑某", "王某"];
const PLACES: &[&str] = &["江城", "白云", "清河", "石桥", "南岭", "东港", "柳林", "平湖"];

/// The article with this number in a collection of `of`.
pub(crate) fn article(number: usize, of: usize) -> Made {
    let mut random = Random::new(number as u64);
    let stories = (of * 3 / 10).max(1);
    match number % 10 {
        0..3 => story((number / 10 * 3 + number % 10) % stories),
        3..9 => copy(random.below(stories), &mut random),
        _ if number / 10 % 10 < 6 => template(&mut random),
        _ => page(&mut random),
    }
}

/// A story with its title; a longer tail of long ones.
fn story(number: usize) -> Made {
    let mut random = Random::new(number as u64 ^ 0x5707_1e50);
    let characters: Vec<char> = CHARACTERS.chars().collect();
    let paragraphs = 3 + random.below(6) + if random.below(8) == 0 { 12 } else { 0 };
    let mut body = String::new();
    for _ in 0..paragraphs {
        for _ in 0..2 + random.below(4) {
            let words = 6 + random.below(12);
            for word in 0..words {
                match random.below(14) {
                    0 => body.push_str(random.pick(NAMES)),
                    1 => body.push_str(random.pick(PLACES)),
                    2 => drop(write!(body, "{}", 1 + random.below(900))),
                    _ => (0..2).for_each(|_| body.push(characters[random.below(characters.len())])),
                }
                if word % 5 == 4 && word + 1 < words {
                    body.push('，');
                }
            }
            body.push('。');
        }
        body.push('\n');
    }
    let title: String = (0..12).map(|_| characters[random.below(characters.len())]).collect();
    Made { title, body }
}

fn copy(of: usize, random: &mut Random) -> Made {
    let Made { title, body } = story(of);
    let body = match random.below(12) {
        0..3 => body,
        3 => body.replace('，', ", ").replace('。', ". "),
        4 => format!("当前位置：首页 > 法治 > 正文\n{body}责任编辑：周某　来源：江城晚报\n"),
        5 => edited(&body, 50, random),
        6 => edited(&body, 20, random),
        7 => edited(&body, 10, random),
        8 => edited(&body, 7, random),
        9 => {
            let mut lines: Vec<&str> = body.lines().collect();
            lines.remove(random.below(lines.len()));
            let middle = lines.len() / 2;
            lines.swap(0, middle);
            lines.join("\n")
        }
        part => {
            let characters: Vec<char> = body.chars().collect();
            let len = characters.len() * (30 + 20 * random.below(3)) / 100;
            let start = if part == 10 { 0 } else { random.below(characters.len() - len) };
            characters[start..start + len].iter().collect()
        }
    };
    Made { title, body }
}

/// About one character in `every` left out, replaced or doubled.
fn edited(body: &str, every: usize, random: &mut Random) -> String {
    let mut edited = String::with_capacity(body.len());
    for c in body.chars() {
        match random.below(every * 3) {
            0 => {}
            1 => edited.push('某'),
            2 => edited.extend([c, c]),
            _ => edited.push(c),
        }
    }
    edited
}

/// The same words, other facts.
fn template(random: &mut Random) -> Made {
    let (name, place) = (random.pick(NAMES), random.pick(PLACES));
    let mut number = |below| 1 + random.below(below);
    let body = format!(
        "{place}人民法院近日公开审理并宣判一起案件。经审理查明，20{}年{}月间，被告人{name}明知他人利用信息网络实施犯罪，仍将本人的银行卡{}张、\
        手机卡{}张提供给他人使用，支付结算金额共计人民币{}元，从中非法获利{}元。案发后，被告人{name}经电话通知主动到案，如实供述了自己的犯罪事实，\
        并退缴全部违法所得。法院认为，被告人的行为已构成犯罪，依法应予惩处，判处有期徒刑{}个月，并处罚金人民币{}元。法官提醒，切勿因贪图小利出租出借\
        银行卡和电话卡，以免沦为犯罪分子的帮凶。",
        10 + number(14),
        number(12),
        number(60),
        number(60),
        number(900_000),
        number(90_000),
        number(60),
        number(90) * 1_000,
    );
    Made { title: "法院宣判一起案件".to_owned(), body }
}

/// A short page under the menu of its site.
fn page(random: &mut Random) -> Made {
    let site = random.below(40);
    let menu = story(usize::MAX / 2 + site).body;
    let menu: String = menu.chars().filter(|c| !"，。".contains(*c)).take(240).collect();
    let own = story(usize::MAX / 4 + random.below(1 << 40));
    let own_body: String = own.body.chars().take(90).collect();
    Made { title: own.title, body: format!("{menu}\n{own_body}\n{menu}") }
}
