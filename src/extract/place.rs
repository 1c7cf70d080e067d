//! Place: `江苏省无锡市锡山区`, `重庆奉节警方` or `本市` in a text becomes the code of a division.

use std::collections::BTreeMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::knowledge::division::{Division, Divisions, Form, Level, PlaceWords, Pointer};

const NATION: &str = "000000";

/// How many different places before and after a shared name are asked: a text of nothing but places costs no more.
const NEIGHBOURS: usize = 32;

/// For how many years an abolished division is still told of under its name.
const MEMORY: i16 = 10;

/// What is known outside the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// The division that the text is about, where that is known: it settles shared names.
    pub division: Option<String>,
    /// The year of publication: codes are those in force then. Without it, those in force today.
    pub year: Option<i16>,
}

/// A place that a text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Byte range in the text.
    pub span: Range<usize>,
    /// GB/T 2260 code; `000000` for the whole country.
    pub code: String,
    /// How large it is.
    pub level: Level,
    /// `place-name`, `place-short`, `place-joined` or `place-pointer`.
    pub rule: &'static str,
}

/// A place that a text names, with every division that its words may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Byte range in the text.
    pub span: Range<usize>,
    /// Codes, sorted; more than one where nothing in the text settles a shared name.
    pub codes: Vec<String>,
}

/// Finds places: an automaton over the names and short forms of all divisions.
#[derive(Debug)]
pub struct Places {
    automaton: AhoCorasick,
    /// What each pattern of the automaton means.
    meanings: Vec<Meaning>,
    /// The pattern of a short form, for names that are cut.
    short: BTreeMap<String, usize>,
    entries: Vec<Entry>,
    /// The year of the table's last change: today, as far as it knows.
    last_change: i16,
    words: PlaceWords,
}

/// A division as far as finding needs it.
#[derive(Debug)]
struct Entry {
    code: String,
    name: String,
    level: Level,
    parent: Option<usize>,
    /// The first year in which the code no longer holds.
    until: i16,
    /// Its only successor.
    successor: Option<usize>,
}

#[derive(Debug)]
enum Meaning {
    /// A word that only looks like a place.
    Hidden,
    Pointer(Pointer),
    Names(Vec<Name>),
}

/// A name that a division bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    entry: usize,
    form: Form,
}

/// Parts that stand together and what they may mean, smallest division last.
#[derive(Debug)]
struct Chain {
    span: Range<usize>,
    names: Vec<Name>,
    rule: &'static str,
    pointer: Option<Pointer>,
}

impl Places {
    /// Builds the automaton over all names of the table.
    pub fn new(divisions: &Divisions) -> Places {
        let words = divisions.words().clone();
        let entries = entries(divisions);
        let mut names: BTreeMap<String, Vec<Name>> = BTreeMap::new();
        for (entry, division) in divisions.iter().enumerate() {
            for (text, form) in divisions.forms(division) {
                names.entry(text).or_default().push(Name { entry, form });
            }
        }
        let mut meanings: BTreeMap<String, Meaning> =
            names.into_iter().map(|(text, names)| (text, Meaning::Names(names))).collect();
        for (word, pointer) in &words.pointers {
            meanings.insert(word.clone(), Meaning::Pointer(*pointer));
        }
        for word in &words.hides {
            meanings.entry(word.clone()).or_insert(Meaning::Hidden);
        }
        let (patterns, meanings): (Vec<String>, Vec<Meaning>) = meanings.into_iter().unzip();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&patterns)
            .expect("some ten thousand short names fit an automaton");
        let short = patterns.into_iter().enumerate().map(|(i, text)| (text, i)).collect();
        let last_change = divisions.iter().filter_map(|division| division.retired).max();
        let last_change = last_change.map_or(i16::MAX, |year| year + 1);
        Places { automaton, meanings, short, entries, last_change, words }
    }

    /// All places of a text, in order; adjacent parts are one place with the code of the smallest.
    ///
    /// A name that several places share takes the one whose city or province is named nearest before, else
    /// nearest after, else the one in `context.division`; else it is left out. An abolished name takes the
    /// code in force in `context.year` where it has exactly one successor then.
    pub fn find(&self, text: &str, context: &Context) -> Vec<Place> {
        let chains = self.chains(text);
        let settled = self.settle(&chains, context);
        let place = |(chain, set): (&Chain, Vec<usize>)| match (chain.pointer, set.as_slice()) {
            (Some(Pointer::Level(Level::Nation)), _) => Some(Place {
                span: chain.span.clone(),
                code: NATION.to_owned(),
                level: Level::Nation,
                rule: chain.rule,
            }),
            (_, [one]) => self.entries.get(*one).map(|entry| Place {
                span: chain.span.clone(),
                code: entry.code.clone(),
                level: entry.level,
                rule: chain.rule,
            }),
            _ => None,
        };
        chains.iter().zip(settled).filter_map(place).collect()
    }

    /// All places of a text, also those whose name several divisions share; pointers (本市) left out.
    pub fn readings(&self, text: &str, context: &Context) -> Vec<Reading> {
        let chains = self.chains(text);
        let settled = self.settle(&chains, context);
        let reading = |(chain, set): (&Chain, Vec<usize>)| {
            let codes = set.iter().filter_map(|i| self.entries.get(*i)).map(|e| e.code.clone());
            chain
                .pointer
                .is_none()
                .then(|| Reading { span: chain.span.clone(), codes: codes.collect() })
        };
        chains.iter().zip(settled).filter_map(reading).collect()
    }

    /// The code of the division that an agency's printed name tells: 南京市鼓楼区人民法院 is 320106.
    ///
    /// `None` where it names no division (检察机关) or one of several that share the name (鼓楼区法院).
    pub fn of_agency(&self, name: &str, context: &Context) -> Option<String> {
        let mut found: Option<Place> = None;
        for place in self.find(name, context) {
            let smaller = found.as_ref().is_none_or(|other| self.within(&place.code, &other.code));
            if smaller && place.code != NATION {
                found = Some(place);
            }
        }
        found.map(|place| place.code)
    }

    /// Is `small` the division `large` or inside it?
    fn within(&self, small: &str, large: &str) -> bool {
        match (self.index(small), self.index(large)) {
            (Some(small), Some(large)) => self.under(small, large),
            _ => false,
        }
    }

    fn index(&self, code: &str) -> Option<usize> {
        self.entries.binary_search_by(|entry| entry.code.as_str().cmp(code)).ok()
    }

    fn under(&self, mut small: usize, large: usize) -> bool {
        loop {
            if small == large {
                return true;
            }
            match self.entries.get(small).and_then(|entry| entry.parent) {
                Some(parent) => small = parent,
                None => return false,
            }
        }
    }

    /// The division of `level` that `entry` is or belongs to.
    fn ancestor(&self, entry: usize, level: Level) -> Option<usize> {
        let mut at = entry;
        loop {
            let here = self.entries.get(at)?;
            if here.level <= level {
                return (here.level == level).then_some(at);
            }
            at = here.parent?;
        }
    }
}

/// Finding: from text to chains of names.
impl Places {
    fn chains(&self, text: &str) -> Vec<Chain> {
        let mut chains: Vec<Chain> = Vec::new();
        let mut end = 0;
        for found in self.automaton.find_iter(text) {
            if found.start() < end {
                continue;
            }
            let Some(meaning) = self.meanings.get(found.pattern().as_usize()) else { continue };
            match meaning {
                Meaning::Hidden => {}
                Meaning::Pointer(pointer) => chains.push(Chain {
                    span: found.range(),
                    names: Vec::new(),
                    rule: "place-pointer",
                    pointer: Some(*pointer),
                }),
                Meaning::Names(names) => {
                    let (names, span) = self.cut(text, names, found.range());
                    end = span.end;
                    self.link(text, &mut chains, names, span);
                }
            }
        }
        chains.retain(|chain| chain.pointer.is_some() || !chain.names.is_empty());
        chains
    }

    /// A name without the last character where that begins another word (广州|市场).
    fn cut<'a>(
        &'a self,
        text: &str,
        names: &'a [Name],
        span: Range<usize>,
    ) -> (&'a [Name], Range<usize>) {
        let last = text.get(span.clone()).and_then(|name| name.char_indices().next_back());
        let Some(at) = last.map(|(i, _)| span.start + i) else { return (names, span) };
        let rest = text.get(at..).unwrap_or_default();
        if !self.words.cuts.iter().any(|word| rest.starts_with(word.as_str())) {
            return (names, span);
        }
        let short = text.get(span.start..at).and_then(|short| self.short.get(short));
        match short.and_then(|i| self.meanings.get(*i)) {
            Some(Meaning::Names(names)) => (names, span.start..at),
            _ => (&[], span),
        }
    }

    /// Adds a name to the chain before it where it continues that, else starts a chain.
    fn link(&self, text: &str, chains: &mut Vec<Chain>, names: &[Name], span: Range<usize>) {
        let rest = text.get(span.end..).unwrap_or_default();
        let names: Vec<Name> = if self.other_name(rest) {
            names.iter().copied().filter(|name| name.form == Form::Whole).collect()
        } else {
            names.to_vec()
        };
        if let Some(last) = chains.last_mut()
            && last.span.end == span.start
            && last.pointer.is_none()
        {
            let inside = |name: &Name| {
                last.names
                    .iter()
                    .any(|up| self.under(name.entry, up.entry) && name.entry != up.entry)
            };
            let smaller: Vec<Name> = names.iter().copied().filter(inside).collect();
            if !smaller.is_empty() {
                *last = Chain {
                    span: last.span.start..span.end,
                    names: smaller,
                    rule: "place-joined",
                    pointer: None,
                };
                return;
            }
        }
        // A name that needs company may still find it in the next name; `settle` drops it if not.
        let agency = self.words.agencies.iter().any(|word| rest.starts_with(word.as_str()));
        let starts = |name: &Name| match name.form {
            Form::Whole | Form::Alone => true,
            Form::Near | Form::AfterCity => agency,
        };
        let alone: Vec<Name> = names.iter().copied().filter(starts).collect();
        let rule = match alone.first().map(|name| name.form) {
            Some(Form::Whole) => "place-name",
            _ => "place-short",
        };
        chains.push(Chain { span, names: alone, rule, pointer: None });
    }

    /// Is a short form before `rest` part of another name: 南京路, 北京银行?
    fn other_name(&self, rest: &str) -> bool {
        if self.words.not_before.iter().any(|word| rest.starts_with(word.as_str())) {
            return true;
        }
        let bare = rest.trim_start_matches(|c: char| {
            "东西南北中一二三四五六七八九十".contains(c) || c.is_ascii_digit()
        });
        let skipped = rest.get(..rest.len() - bare.len()).unwrap_or_default().chars().count();
        skipped <= 2
            && ["路", "街", "大道", "大街", "胡同"].iter().any(|road| bare.starts_with(road))
            && !self.words.not_roads.iter().any(|word| bare.starts_with(word.as_str()))
    }
}

/// Settling: from what names may mean to what they mean.
impl Places {
    /// The divisions that each chain may mean, one where it is settled.
    fn settle(&self, chains: &[Chain], context: &Context) -> Vec<Vec<usize>> {
        let about = context.division.as_deref().and_then(|code| self.index(code));
        let mut sets: Vec<Vec<usize>> =
            chains.iter().map(|chain| self.meant(&chain.names, context.year)).collect();
        let mut before: Vec<usize> = about.into_iter().collect();
        for (set, chain) in sets.iter_mut().zip(chains) {
            if let Some(pointer) = chain.pointer {
                set.extend(before.last().and_then(|last| self.pointed(*last, pointer)));
            } else {
                self.narrow(set, before.iter().rev().copied());
            }
            remember(&mut before, set);
        }
        let mut after: Vec<usize> = Vec::new();
        for (set, chain) in sets.iter_mut().zip(chains).rev() {
            if chain.pointer.is_none() {
                self.narrow(set, after.iter().rev().copied());
                self.prefer_current(set, context.year);
            }
            remember(&mut after, set);
        }
        sets
    }

    /// The divisions that names may mean in a year, those abolished not long before it included.
    fn meant(&self, names: &[Name], year: Option<i16>) -> Vec<usize> {
        let year = year.unwrap_or(self.last_change);
        let entry = |name: &Name| self.entries.get(name.entry);
        let holds = |name: &Name, year: i16| entry(name).is_some_and(|entry| year <= entry.until);
        let level = |name: &Name| entry(name).map_or(Level::County, |entry| entry.level);
        // Of short forms that stand alone a province is meant before a city, a city before a county.
        let alone = names.iter().filter(|name| name.form == Form::Alone);
        let best = alone.clone().filter(|name| holds(name, year)).map(level).min();
        let best = best.or(alone.map(level).min());
        let mut set: Vec<Name> = names.to_vec();
        set.retain(|name| name.form == Form::Whole || best.is_none_or(|best| level(name) == best));
        if set.iter().any(|name| holds(name, year - MEMORY)) {
            set.retain(|name| holds(name, year - MEMORY));
        }
        // While 梁平县 was in force there was no 梁平区.
        let now = set.iter().filter(|name| holds(name, year));
        let later: Vec<usize> = now.filter_map(|name| entry(name)?.successor).collect();
        set.retain(|name| !later.contains(&name.entry));
        let mut set: Vec<usize> = set.into_iter().map(|name| name.entry).collect();
        set.sort_unstable();
        set.dedup();
        set
    }

    /// Of what is left, those in force; an abolished one alone becomes its successor.
    ///
    /// Without a year only a successor of the same name counts: the text may be as old as the name.
    fn prefer_current(&self, set: &mut Vec<usize>, year: Option<i16>) {
        let holds = |i: &usize| {
            let year = year.unwrap_or(self.last_change);
            self.entries.get(*i).is_some_and(|entry| year <= entry.until)
        };
        if set.iter().any(holds) {
            set.retain(holds);
            return;
        }
        for i in set.iter_mut() {
            let successor = |entry: &Entry| {
                let next = entry.successor.and_then(|next| self.entries.get(next))?;
                let later = year.map_or(entry.name == next.name, |year| entry.until < year);
                later.then_some(entry.successor).flatten()
            };
            if let Some(next) = self.entries.get(*i).and_then(successor) {
                *i = next;
            }
        }
        set.sort_unstable();
        set.dedup();
    }

    /// Keeps those of several divisions that lie nearest to the places named around, nearest first.
    fn narrow(&self, set: &mut Vec<usize>, around: impl Iterator<Item = usize>) {
        for other in around {
            if set.len() <= 1 {
                return;
            }
            let best = set.iter().map(|entry| self.nearness(*entry, other)).max().unwrap_or(0);
            if 0 < best {
                set.retain(|entry| self.nearness(*entry, other) == best);
            }
        }
    }

    /// 3 for the same division or one inside it, 2 for the same city, 1 for the same province, else 0.
    fn nearness(&self, entry: usize, other: usize) -> u8 {
        let same = |level: Level| {
            let division = self.ancestor(entry, level);
            division.is_some() && division == self.ancestor(other, level)
        };
        match () {
            () if self.under(entry, other) => 3,
            () if same(Level::City) => 2,
            () if same(Level::Province) => 1,
            () => 0,
        }
    }

    /// The division that 本市 points at after `last` was named.
    fn pointed(&self, last: usize, pointer: Pointer) -> Option<usize> {
        match pointer {
            Pointer::Same => Some(last),
            Pointer::Level(Level::Nation) => None,
            Pointer::Level(level @ (Level::Province | Level::County)) => self.ancestor(last, level),
            Pointer::Level(Level::City) => {
                // 该市 after 瑞安市 is that; after 上海市 the municipality.
                let entry = self.entries.get(last)?;
                let itself = entry.name.ends_with('市') && entry.level != Level::City;
                if itself { Some(last) } else { self.ancestor(last, Level::City) }
            }
        }
    }
}

/// Puts the one division of a settled set last among the places remembered.
fn remember(places: &mut Vec<usize>, set: &[usize]) {
    if let &[one] = set {
        places.retain(|place| *place != one);
        if places.len() == NEIGHBOURS {
            places.remove(0);
        }
        places.push(one);
    }
}

/// The table as far as finding needs it, in its order.
fn entries(divisions: &Divisions) -> Vec<Entry> {
    let codes: Vec<&str> = divisions.iter().map(|division| division.code.as_str()).collect();
    let index = |code: &str| codes.binary_search(&code).ok();
    let entry = |division: &Division| Entry {
        code: division.code.clone(),
        name: division.name.clone(),
        level: division.level,
        parent: division.parent.as_deref().and_then(index),
        until: division.retired.unwrap_or(i16::MAX),
        successor: match division.successors.as_slice() {
            [one] => index(one),
            _ => None,
        },
    };
    divisions.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        Places::new(&Divisions::builtin().unwrap())
    }

    fn codes(places: &Places, text: &str, context: &Context) -> String {
        let found = places.find(text, context);
        for place in &found {
            assert!(text.get(place.span.clone()).is_some());
        }
        found.iter().map(|place| place.code.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn joined_and_short() {
        let places = places();
        let check = |text: &str, expected: &str| {
            assert_eq!(codes(&places, text, &Context::default()), expected, "{text}");
        };
        check("江苏省无锡市锡山区", "320205");
        check("重庆奉节警方通报", "500236");
        check("广东省湛江市霞山区人民法院", "440803");
        check("江苏南京和浙江杭州两地", "320100 330100");
        check("内蒙古通辽市科尔沁左翼后旗", "150522");
        check("恩施州公安局", "422800");
        check("延边某公司", "222400");
        check("吉林省吉林市", "220200");
        check("吉林警方", "220000");
        check("湖南湘潭市湘潭县", "430321");
        check("湖北仙桃、河南济源", "429004 419001");
        check("新疆石河子市", "659001");
        check("广东东莞某公司", "441900");
        check("济南市市中区、济南市中区、青岛市北区", "370103 370103 370203");
        check("柳州地区忻城县", "451321");
        check("没有地名的句子。", "");
        check("", "");
    }

    #[test]
    fn words_that_only_look_like_places() {
        let places = places();
        let check = |text: &str, expected: &str| {
            assert_eq!(codes(&places, text, &Context::default()), expected, "{text}");
        };
        check("大同小异", "");
        check("中南海附近", "");
        check("黄河南岸的仓库", "");
        check("上海南站", "310000");
        check("中山东路和南京西路", "");
        check("某男子在北京银行办卡", "");
        check("广州市场监管部门", "440100");
        check("海南区块链公司", "460000");
        check("沿海城市", "");
        check("公安机关和平安产险", "");
        check("阿里巴巴", "");
        check("朝阳产业", "");
        check("陕西安康", "610900");
        check("河南通报", "410000");
        check("城区多处", "");
    }

    #[test]
    fn shared_names_take_their_neighbours_word() {
        let places = places();
        let check = |text: &str, expected: &str| {
            assert_eq!(codes(&places, text, &Context::default()), expected, "{text}");
        };
        check("鼓楼区人民法院", "");
        check("南京市的一家公司被鼓楼区人民法院判处罚金", "320100 320106");
        check("鼓楼区的刘某从福州逃到厦门", "350102 350100 350200");
        check("北京朝阳警方", "110105");
        check("朝阳区法院，北京市", "110105 110000");
        check("西湖区公安分局将其带回杭州", "330106 330100");
        check("徐州一家公司在南京被查，鼓楼区警方介入", "320300 320100 320106");
        let context = Context { division: Some("320300".to_owned()), year: None };
        assert_eq!(codes(&places, "鼓楼区人民法院", &context), "320302");
    }

    #[test]
    fn pointers() {
        let places = places();
        let check = |text: &str, expected: &str| {
            assert_eq!(codes(&places, text, &Context::default()), expected, "{text}");
        };
        check("南京市玄武区警方称，该市共破案3起，全省10起", "320102 320100 320000");
        check("瑞安警方抓获该市居民", "330381 330381");
        check("上海警方说，本市", "310000 310000");
        check("在扬州，当地警方", "321000 321000");
        check("当地警方", "");
        check("全国公安机关", "000000");
    }

    #[test]
    fn names_of_their_time() {
        let places = places();
        let check = |text: &str, year: Option<i16>, expected: &str| {
            assert_eq!(codes(&places, text, &Context { division: None, year }), expected, "{text}");
        };
        check("莱芜", None, "370116");
        check("山东莱芜警方", Some(2016), "371200");
        check("莱芜市", Some(2023), "371200");
        check("重庆市江北区", Some(2023), "500105");
        check("重庆市公安局江北分局", None, "500000 500105");
        check("江干区", None, "330104");
        check("重庆市梁平县", Some(2014), "500228");
        check("重庆梁平", Some(2014), "500228");
        check("重庆梁平", Some(2022), "500155");
        check("杭州市江干区", Some(2020), "330104");
        check("杭州市江干区", Some(2023), "330102");
        check("襄樊市", Some(2023), "420600");
    }

    #[test]
    fn any_text_returns() {
        let places = places();
        for text in
            ["市", "\u{feff}南京\0市", "朝阳区，南京市，上海市，", "🙂江🙂苏省", "本市当地全国"]
        {
            codes(&places, &text.repeat(2000), &Context::default());
        }
    }

    #[test]
    fn agencies() {
        let places = places();
        let check = |name: &str, expected: Option<&str>| {
            let found = places.of_agency(name, &Context::default());
            assert_eq!(found.as_deref(), expected, "{name}");
        };
        check("四川公安网安部门", Some("510000"));
        check("南京市鼓楼区人民法院", Some("320106"));
        check("闵行警方", Some("310112"));
        check("浦东警方", Some("310115"));
        check("灞桥法院", Some("610111"));
        check("临沂河东警方", Some("371312"));
        check("黑龙江鸡西市公安局", Some("230300"));
        check("福建龙岩公安机关", Some("350800"));
        check("北京市公安局朝阳分局", Some("110105"));
        check("福州市公安局鼓楼分局", Some("350102"));
        check("上海静安区人民法院", Some("310106"));
        check("成都高新技术产业开发区人民法院", Some("510100"));
        check("最高人民法院", None);
        check("公安网安", None);
        check("检察机关", None);
    }
}
