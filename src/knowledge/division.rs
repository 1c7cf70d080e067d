//! Load: the administrative divisions of GB/T 2260, current and retired, and how their names stand in a text.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::problem::{Problem, parse_toml};

const TABLE: &str = "divisions.tsv";
const WORDS: &str = "place_words.toml";
const COLUMNS: [&str; 7] =
    ["code", "name", "level", "parent_code", "retired_year", "successor_code", "former_names"];

/// How large a division is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The whole country, code `000000`: no row of the table, but a place that texts name.
    Nation,
    /// A province, autonomous region, municipality or special administrative region.
    Province,
    /// A prefecture-level city, prefecture, league or autonomous prefecture.
    City,
    /// A county, district, banner or county-level city.
    County,
}

impl Level {
    /// The name that stands in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Level::Nation => "nation",
            Level::Province => "province",
            Level::City => "city",
            Level::County => "county",
        }
    }

    /// What the shape of a code says: `320000`, `320100`, `320106`.
    fn of_code(code: &str) -> Option<Level> {
        let digits = code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit());
        match (code.get(..2)?, code.get(2..4)?, code.get(4..)?) {
            _ if !digits => None,
            ("00", _, _) => None,
            (_, "00", "00") => Some(Level::Province),
            (_, _, "00") => Some(Level::City),
            (_, _, _) => Some(Level::County),
        }
    }
}

/// One division.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Division {
    /// Six digits.
    pub code: String,
    /// The full name without those above it, such as 鼓楼区.
    pub name: String,
    /// How large it is.
    pub level: Level,
    /// The code of the division it belongs to; `None` for a province.
    pub parent: Option<String>,
    /// The name of its province; a municipality is a province (上海市).
    pub province: String,
    /// The name of its city; `None` for a province, for a municipality's districts and for counties that the
    /// province runs itself (仙桃市).
    pub city: Option<String>,
    /// Its own name where it is a county.
    pub county: Option<String>,
    /// The year its code was abolished; `None` while in force.
    pub retired: Option<i16>,
    /// The current codes that took its place, where that is certain.
    pub successors: Vec<String>,
    /// Names that the same code had before.
    pub former_names: Vec<String>,
}

/// Which division a word such as 本市 points at: the place named before, or its city or province.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointer {
    /// The province, city or county of the place named before.
    Level(Level),
    /// The place named before itself.
    Same,
}

/// What a way to write a division needs beside it to be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// 鼓楼区: nothing.
    Whole,
    /// 城区: its city right before it.
    AfterCity,
    /// 南京: nothing, but a larger division that bears the same short form is meant first.
    Alone,
    /// 河东: its city or province right before it, or a word of an agency right after it.
    Near,
}

/// How the names stand in a text: which short forms may stand alone, and what hides or cuts a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlaceWords {
    /// What a short form leaves out at its end; the first that fits.
    pub endings: Vec<String>,
    /// Peoples in the names of autonomous divisions, left out too.
    pub peoples: Vec<String>,
    /// Short forms of cities that need company.
    pub near: BTreeSet<String>,
    /// Short forms of counties, of two characters, that need none.
    pub alone: BTreeSet<String>,
    /// Short forms that are never a place.
    pub never: BTreeSet<String>,
    /// Whole names that count only after their city.
    pub after_city: BTreeSet<String>,
    /// What a short form that needs company may stand before.
    pub agencies: Vec<String>,
    /// What makes a short form before it part of another name.
    pub not_before: Vec<String>,
    /// What looks like a road after a short form and is none.
    pub not_roads: Vec<String>,
    /// Words that begin with the last character of a name, which then ends before it.
    pub cuts: Vec<String>,
    /// Words that contain what looks like a name.
    pub hides: Vec<String>,
    /// Words that point at a place told of before.
    pub pointers: BTreeMap<String, Pointer>,
}

/// Every division, sorted by code.
#[derive(Debug, Clone)]
pub struct Divisions {
    list: Vec<Division>,
    words: PlaceWords,
}

impl Divisions {
    /// The compiled-in table and words.
    pub fn builtin() -> Result<Divisions, Vec<Problem>> {
        let words = PlaceWords::parse(WORDS, include_str!("place_words.toml"));
        match (Divisions::parse(TABLE, include_str!("divisions.tsv")), words) {
            (Ok(divisions), Ok(words)) => Ok(Divisions { words, ..divisions }),
            (divisions, words) => {
                let mut problems = divisions.err().unwrap_or_default();
                problems.extend(words.err());
                Err(problems)
            }
        }
    }

    /// Reads a table with the columns of `divisions.tsv`; all its problems at once.
    ///
    /// It has no place words: texts are read with those of `builtin` and `with_words`.
    pub fn parse(file: &str, text: &str) -> Result<Divisions, Vec<Problem>> {
        let (list, mut problems) = parse_rows(file, text);
        problems.extend(check_rows(file, &list));
        if !problems.is_empty() {
            problems.sort();
            return Err(problems);
        }
        let mut list: Vec<Division> = list.into_iter().map(|row| row.division).collect();
        name_parents(&mut list);
        Ok(Divisions { list, words: PlaceWords::default() })
    }

    /// The same table with other place words.
    pub fn with_words(self, words: PlaceWords) -> Divisions {
        Divisions { words, ..self }
    }

    /// The division with this code.
    pub fn get(&self, code: &str) -> Option<&Division> {
        let i = self.list.binary_search_by(|division| division.code.as_str().cmp(code)).ok()?;
        self.list.get(i)
    }

    /// Every division, by code.
    pub fn iter(&self) -> impl Iterator<Item = &Division> {
        self.list.iter()
    }

    /// The ways to write a division, with what each needs beside it.
    pub fn forms(&self, division: &Division) -> Vec<(String, Form)> {
        let words = &self.words;
        let mut forms = Vec::new();
        for name in std::iter::once(&division.name).chain(&division.former_names) {
            let after_city = words.after_city.contains(name);
            forms.push((name.clone(), if after_city { Form::AfterCity } else { Form::Whole }));
            // 济南市中区 is 济南 and 市中区, though 济南市 is the longer match.
            let city = division.parent.as_deref().and_then(|code| self.get(code));
            if let Some(city) = city
                && name.starts_with('市')
            {
                forms.push((format!("{}{name}", words.short_form(&city.name)), Form::Whole));
            }
            let short = words.short_form(name);
            let length = short.chars().count();
            if short == name || length < 2 || short.ends_with('族') || words.never.contains(short)
            {
                continue;
            }
            if name.ends_with("自治州") {
                forms.push((format!("{short}州"), Form::Whole));
            }
            let alone = match division.level {
                Level::Nation | Level::Province => true,
                Level::City => !words.near.contains(short),
                Level::County => {
                    words.alone.contains(short) || (2 < length && !words.near.contains(short))
                }
            };
            forms.push((short.to_owned(), if alone { Form::Alone } else { Form::Near }));
        }
        forms
    }

    /// How their names stand in a text.
    pub fn words(&self) -> &PlaceWords {
        &self.words
    }
}

/// A division and the line it stands on, from 1.
struct Row {
    line: usize,
    division: Division,
}

fn parse_rows(file: &str, text: &str) -> (Vec<Row>, Vec<Problem>) {
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for (i, line) in text.lines().enumerate() {
        let fields: Vec<&str> = line.split('\t').collect();
        if i == 0 {
            if fields != COLUMNS {
                let message = format!("the columns are not {}", COLUMNS.join(" "));
                problems.push(Problem::on_line(file, 1, message));
            }
            continue;
        }
        match parse_row(&fields) {
            Ok(division) => rows.push(Row { line: i + 1, division }),
            Err(message) => problems.push(Problem::on_line(file, i + 1, message)),
        }
    }
    (rows, problems)
}

fn parse_row(fields: &[&str]) -> Result<Division, String> {
    let &[code, name, level, parent, retired, successors, former] = fields else {
        return Err(format!("{} fields, expected {}", fields.len(), COLUMNS.len()));
    };
    if let Some(field) = fields.iter().find(|field| field.trim() != **field) {
        return Err(format!("white space around `{field}`"));
    }
    if name.is_empty() {
        return Err("no name".to_owned());
    }
    let shape = Level::of_code(code).ok_or_else(|| format!("`{code}` is no division code"))?;
    if shape.name() != level {
        return Err(format!("level is {level}, but {code} is the code of a {}", shape.name()));
    }
    let retired = match retired {
        "" => None,
        year => match year.parse() {
            Ok(year) if (1980..=2100).contains(&year) => Some(year),
            _ => return Err(format!("retired_year is {year}, expected 1980 to 2100")),
        },
    };
    let list = |field: &str| -> Vec<String> {
        field.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    Ok(Division {
        code: code.to_owned(),
        name: name.to_owned(),
        level: shape,
        parent: (!parent.is_empty()).then(|| parent.to_owned()),
        province: String::new(),
        city: None,
        county: None,
        retired,
        successors: list(successors),
        former_names: list(former),
    })
}

/// What can only be seen with the other rows in view.
fn check_rows(file: &str, rows: &[Row]) -> Vec<Problem> {
    let levels: BTreeMap<&str, (Level, bool)> = rows
        .iter()
        .map(|row| {
            (row.division.code.as_str(), (row.division.level, row.division.retired.is_some()))
        })
        .collect();
    let mut problems = Vec::new();
    let mut previous = "";
    for Row { line, division } in rows {
        let mut report = |message: String| problems.push(Problem::on_line(file, *line, message));
        if division.code == previous {
            report(format!("{} stands twice", division.code));
        } else if division.code.as_str() < previous {
            report(format!("{} comes after {previous}: sort by code", division.code));
        }
        previous = &division.code;
        match (division.level, &division.parent) {
            (Level::Province, Some(parent)) => {
                report(format!("a province with the parent {parent}"));
            }
            (Level::City | Level::County, None) => report("no parent".to_owned()),
            (_, Some(parent)) => match levels.get(parent.as_str()) {
                None => report(format!("the parent {parent} is not in the table")),
                Some((level, _)) if *level >= division.level => {
                    report(format!("the parent {parent} is a {}", level.name()));
                }
                Some(_) if parent.get(..2) != division.code.get(..2) => {
                    report(format!("the parent {parent} is in another province"));
                }
                Some(_) => {}
            },
            (_, None) => {}
        }
        if division.retired.is_none() && !division.successors.is_empty() {
            report("a division in force has no successor".to_owned());
        }
        for successor in &division.successors {
            if levels.get(successor.as_str()).is_none_or(|(_, retired)| *retired) {
                report(format!("the successor {successor} is not a division in force"));
            }
        }
    }
    problems
}

/// Fills in the names of province, city and county.
fn name_parents(list: &mut [Division]) {
    let names: BTreeMap<String, String> =
        list.iter().map(|division| (division.code.clone(), division.name.clone())).collect();
    let name = |code: &str| names.get(code).cloned();
    for division in list {
        let province = division.code.get(..2).unwrap_or_default();
        division.province = name(&format!("{province}0000")).unwrap_or_default();
        match division.level {
            Level::Nation | Level::Province => {}
            Level::City => division.city = Some(division.name.clone()),
            Level::County => {
                let parent = division.parent.as_deref().unwrap_or_default();
                division.city = (!parent.ends_with("0000")).then(|| name(parent)).flatten();
                division.county = Some(division.name.clone());
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWords {
    endings: Vec<String>,
    peoples: Vec<String>,
    near: BTreeSet<String>,
    alone: BTreeSet<String>,
    never: BTreeSet<String>,
    after_city: BTreeSet<String>,
    agencies: Vec<String>,
    not_before: Vec<String>,
    not_roads: Vec<String>,
    cuts: Vec<String>,
    hides: Vec<String>,
    pointer: Vec<RawPointer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPointer {
    words: Vec<String>,
    level: RawLevel,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum RawLevel {
    Nation,
    Province,
    City,
    County,
    Same,
}

impl PlaceWords {
    /// A name without its ending and peoples: 浦东新区 is 浦东, 恩施土家族苗族自治州 is 恩施.
    pub fn short_form<'a>(&self, name: &'a str) -> &'a str {
        let ending = self.endings.iter().find(|ending| name.ends_with(ending.as_str()));
        let Some(ending) = ending else { return name };
        let mut short = name.strip_suffix(ending.as_str()).unwrap_or(name);
        if ending.starts_with("自治") {
            let strip = |short: &'a str| {
                let people = |people: &String| short.strip_suffix(people.as_str());
                self.peoples.iter().find_map(people).filter(|rest| 2 <= rest.chars().count())
            };
            while let Some(rest) = strip(short) {
                short = rest;
            }
        }
        short
    }

    /// Reads a file with the keys of `place_words.toml`.
    pub fn parse(file: &str, text: &str) -> Result<PlaceWords, Problem> {
        let raw: RawWords = parse_toml(file, text)?;
        if let Some(word) = raw.near.intersection(&raw.alone).next() {
            let at = text.rfind(word.as_str()).unwrap_or_default();
            let message = format!("`{word}` is in near and in alone");
            return Err(Problem::at(file, text, at..at, message));
        }
        let mut pointers = BTreeMap::new();
        for RawPointer { words, level } in raw.pointer {
            let pointer = match level {
                RawLevel::Nation => Pointer::Level(Level::Nation),
                RawLevel::Province => Pointer::Level(Level::Province),
                RawLevel::City => Pointer::Level(Level::City),
                RawLevel::County => Pointer::Level(Level::County),
                RawLevel::Same => Pointer::Same,
            };
            pointers.extend(words.into_iter().map(|word| (word, pointer)));
        }
        Ok(PlaceWords {
            endings: raw.endings,
            peoples: raw.peoples,
            near: raw.near,
            alone: raw.alone,
            never: raw.never,
            after_city: raw.after_city,
            agencies: raw.agencies,
            not_before: raw.not_before,
            not_roads: raw.not_roads,
            cuts: raw.cuts,
            hides: raw.hides,
            pointers,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "code\tname\tlevel\tparent_code\tretired_year\tsuccessor_code\tformer_names\n";

    fn problems(rows: &str) -> String {
        match Divisions::parse("d.tsv", &format!("{HEAD}{rows}")) {
            Ok(_) => String::new(),
            Err(problems) => {
                problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
            }
        }
    }

    #[test]
    fn builtin_loads() {
        let divisions = Divisions::builtin().unwrap();
        let check = |code: &str, province: &str, city: Option<&str>, county: Option<&str>| {
            let d = divisions.get(code).unwrap();
            assert_eq!(
                (d.province.as_str(), d.city.as_deref(), d.county.as_deref()),
                (province, city, county),
                "{code}"
            );
        };
        check("320000", "江苏省", None, None);
        check("320106", "江苏省", Some("南京市"), Some("鼓楼区"));
        check("310110", "上海市", None, Some("杨浦区"));
        check("429004", "湖北省", None, Some("仙桃市"));
        check("441900", "广东省", Some("东莞市"), None);
        check("659001", "新疆维吾尔自治区", None, Some("石河子市"));
        check("710000", "台湾省", None, None);
        check("371202", "山东省", Some("莱芜市"), Some("莱城区"));
        assert!(divisions.get("999999").is_none());
        assert_eq!(divisions.iter().filter(|d| d.retired.is_none()).count(), 3214);
    }

    #[test]
    fn retired_codes_know_their_successors() {
        let divisions = Divisions::builtin().unwrap();
        let check = |code: &str, name: &str, year: i16, successors: &str| {
            let d = divisions.get(code).unwrap();
            let found = (d.name.as_str(), d.retired, d.successors.join(","));
            assert_eq!(found, (name, Some(year), successors.to_owned()));
        };
        check("371200", "莱芜市", 2018, "370116,370117");
        check("330104", "江干区", 2021, "330102");
        check("110103", "崇文区", 2010, "110101");
        check("310108", "闸北区", 2015, "310106");
        check("500234", "开县", 2016, "500154");
        check("140203", "矿区", 2018, "");
        assert_eq!(divisions.get("420600").unwrap().former_names, ["襄樊市"]);
    }

    #[test]
    fn tables_are_refused() {
        let check = |rows: &str, expected: &str| assert_eq!(problems(rows), expected);
        check("320000\t江苏省\tprovince\t\t\t\t\n", "");
        check("320000\t江苏省\tprovince\t\t\t\n", "d.tsv:2:1: 6 fields, expected 7");
        check("32\t江苏省\tprovince\t\t\t\t\n", "d.tsv:2:1: `32` is no division code");
        check("3２00\t江苏省\tprovince\t\t\t\t\n", "d.tsv:2:1: `3２00` is no division code");
        check(
            "320000\t江苏省\tcity\t\t\t\t\n",
            "d.tsv:2:1: level is city, but 320000 is the code of a province",
        );
        check(
            "320100\t南京市\tcity\t320000\t\t\t\n",
            "d.tsv:2:1: the parent 320000 is not in the table",
        );
        check(
            "330000\t浙江省\tprovince\t\t\t\t\n320000\t江苏省\tprovince\t\t\t\t\n",
            "d.tsv:3:1: 320000 comes after 330000: sort by code",
        );
        check(
            "320000\t江苏省\tprovince\t\t\t\t\n320000\t江苏省\tprovince\t\t\t\t\n",
            "d.tsv:3:1: 320000 stands twice",
        );
        check(
            "320000\t江苏省\tprovince\t\t1\t\t\n",
            "d.tsv:2:1: retired_year is 1, expected 1980 to 2100",
        );
        check(
            "320000\t江苏省\tprovince\t\t1999\t330000\t\n",
            "d.tsv:2:1: the successor 330000 is not a division in force",
        );
        check("320000\t江苏省 \tprovince\t\t\t\t\n", "d.tsv:2:1: white space around `江苏省 `");
    }

    #[test]
    fn short_forms() {
        let divisions = Divisions::builtin().unwrap();
        let check = |name: &str, expected: &str| {
            assert_eq!(divisions.words().short_form(name), expected);
        };
        check("江苏省", "江苏");
        check("内蒙古自治区", "内蒙古");
        check("新疆维吾尔自治区", "新疆");
        check("恩施土家族苗族自治州", "恩施");
        check("延边朝鲜族自治州", "延边");
        check("巴音郭楞蒙古自治州", "巴音郭楞");
        check("浦东新区", "浦东");
        check("开县", "开");
        check("香港特别行政区", "香港");
    }

    #[test]
    fn place_words_are_short_forms() {
        let divisions = Divisions::builtin().unwrap();
        let words = divisions.words();
        let short: BTreeSet<&str> = divisions.iter().map(|d| words.short_form(&d.name)).collect();
        for word in words.near.iter().chain(&words.alone) {
            assert!(short.contains(word.as_str()), "{word}");
        }
    }

    #[test]
    fn place_words_are_refused() {
        let text = include_str!("place_words.toml").replace("alone = [", "alone = [\"阿里\",");
        let problem = PlaceWords::parse("w.toml", &text).unwrap_err();
        assert_eq!(problem.message, "`阿里` is in near and in alone");
        assert!(PlaceWords::parse("w.toml", "colour = 1").is_err());
    }
}
