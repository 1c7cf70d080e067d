//! Load: the taxonomy, every facet and label code with its names, definition and standards.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use super::problem::{Problem, parse_toml};

/// A question that labels answer, such as `method`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// Snake case.
    pub code: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// One line.
    pub definition: String,
    /// A case has one code of it at most.
    pub single: bool,
}

/// A code of a facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The facet it belongs to.
    pub facet: String,
    /// Snake case, stable.
    pub code: String,
    /// The wider code of the same facet.
    pub parent: Option<String>,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// One line.
    pub definition: String,
    /// Where it stands in other classifications, in the order of the file: (`GB/T 4754-2017`, `I631`).
    pub standard: Vec<(String, String)>,
}

impl Term {
    /// The standards as the tables print them: `VERIS data=Medical; PIPL 28=医疗健康`.
    pub fn standard_text(&self) -> String {
        let pair = |(name, code): &(String, String)| format!("{name}={code}");
        self.standard.iter().map(pair).collect::<Vec<_>>().join("; ")
    }
}

/// Every facet and code, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taxonomy {
    facets: Vec<Facet>,
    terms: Vec<Term>,
    places: BTreeMap<(String, String), usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    facet: Vec<Spanned<RawFacet>>,
    #[serde(default)]
    label: Vec<Spanned<RawTerm>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFacet {
    code: String,
    zh: String,
    en: String,
    definition: String,
    single: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTerm {
    facet: String,
    code: String,
    parent: Option<String>,
    zh: String,
    en: String,
    definition: String,
    standard: Option<String>,
}

impl Taxonomy {
    /// The compiled-in taxonomy.
    pub fn builtin() -> Result<Taxonomy, Vec<Problem>> {
        Taxonomy::with(None)
    }

    /// The compiled-in taxonomy with another file (name and text) on top of it.
    pub fn with(overlay: Option<(&str, &str)>) -> Result<Taxonomy, Vec<Problem>> {
        let builtin = ("taxonomy.toml", include_str!("taxonomy.toml"));
        Taxonomy::parse_all(std::iter::once(builtin).chain(overlay))
    }

    /// Reads a taxonomy file; all its problems at once.
    pub fn parse(file: &str, text: &str) -> Result<Taxonomy, Vec<Problem>> {
        Taxonomy::parse_all([(file, text)])
    }

    /// Reads taxonomy files, given as name and text; all their problems at once.
    ///
    /// A facet or code takes the place of the one of an earlier file that has its name. Refused: unknown keys,
    /// a code used twice in a file, a facet or parent that is not there (a parent stands before its children),
    /// codes that are not snake case, empty names.
    fn parse_all<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Taxonomy, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut taxonomy = Taxonomy::default();
        for (file, text) in files {
            match parse_toml(file, text) {
                Ok(raw) => taxonomy.add(file, text, raw, &mut problems),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(taxonomy) } else { Err(problems) }
    }

    /// Takes in one file.
    fn add(&mut self, file: &str, text: &str, raw: RawFile, problems: &mut Vec<Problem>) {
        let mut here = BTreeSet::new();
        for spanned in raw.facet {
            let span = spanned.span();
            let facet = spanned.into_inner();
            let mut report =
                |message: String| problems.push(Problem::at(file, text, span.clone(), message));
            check_names(&facet.code, [&facet.zh, &facet.en, &facet.definition], &mut report);
            if !here.insert(facet.code.clone()) {
                report(format!("the facet {} stands twice", facet.code));
            }
            let RawFacet { code, zh, en, definition, single } = facet;
            let facet = Facet { code, zh, en, definition, single };
            match self.facets.iter_mut().find(|known| known.code == facet.code) {
                Some(known) => *known = facet,
                None => self.facets.push(facet),
            }
        }
        let mut here = BTreeSet::new();
        for spanned in raw.label {
            let span = spanned.span();
            let raw = spanned.into_inner();
            let mut report =
                |message: String| problems.push(Problem::at(file, text, span.clone(), message));
            check_names(&raw.code, [&raw.zh, &raw.en, &raw.definition], &mut report);
            if !self.facets.iter().any(|facet| facet.code == raw.facet) {
                report(format!("the facet {} of {} is not in the file", raw.facet, raw.code));
            }
            if let Some(parent) = &raw.parent
                && self.get(&raw.facet, parent).is_none_or(|_| *parent == raw.code)
            {
                report(format!(
                    "the parent {parent} of {} is no earlier code of {}",
                    raw.code, raw.facet
                ));
            }
            let standard = raw.standard.as_deref().map_or_else(|| Ok(Vec::new()), parse_standard);
            let standard = standard.unwrap_or_else(|message| {
                report(message);
                Vec::new()
            });
            if !here.insert((raw.facet.clone(), raw.code.clone())) {
                report(format!("the code {} stands twice in {}", raw.code, raw.facet));
            }
            let RawTerm { facet, code, parent, zh, en, definition, .. } = raw;
            let key = (facet.clone(), code.clone());
            let term = Term { facet, code, parent, zh, en, definition, standard };
            match self.places.get(&key).and_then(|place| self.terms.get_mut(*place)) {
                Some(known) => *known = term,
                None => {
                    self.places.insert(key, self.terms.len());
                    self.terms.push(term);
                }
            }
        }
    }

    /// The code of a facet.
    pub fn get(&self, facet: &str, code: &str) -> Option<&Term> {
        let place = self.places.get(&(facet.to_owned(), code.to_owned()))?;
        self.terms.get(*place)
    }

    /// The facets, in the order of the file.
    pub fn facets(&self) -> impl Iterator<Item = &Facet> {
        self.facets.iter()
    }

    /// The codes of all facets, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Term> {
        self.terms.iter()
    }
}

fn check_names(code: &str, names: [&String; 3], report: &mut impl FnMut(String)) {
    let snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !code.starts_with(|c: char| c.is_ascii_lowercase()) || !code.chars().all(snake) {
        report(format!("the code `{code}` is not snake case"));
    }
    if names.iter().any(|name| name.is_empty() || name.trim() != name.as_str()) {
        report(format!("a name or the definition of {code} is empty or has stray spaces"));
    }
}

/// `name=code; name=code`.
fn parse_standard(text: &str) -> Result<Vec<(String, String)>, String> {
    let pair = |part: &str| match part.split_once('=') {
        Some((name, code)) if !name.is_empty() && !code.is_empty() => {
            Ok((name.to_owned(), code.to_owned()))
        }
        _ => Err(format!("standard: `{part}` is not `name=code`")),
    };
    text.split("; ").map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtin_loads() {
        let taxonomy = Taxonomy::builtin().unwrap();
        let count = |facet: &str| taxonomy.iter().filter(|term| term.facet == facet).count();
        let counts: Vec<(&str, usize)> =
            taxonomy.facets().map(|facet| (facet.code.as_str(), count(&facet.code))).collect();
        let expected = [
            ("method", 6),
            ("data_type", 26),
            ("industry", 23),
            ("use", 18),
            ("channel", 10),
            ("technique", 21),
            ("actor", 6),
            ("victim", 15),
            ("stage", 6),
        ];
        assert_eq!(counts, expected);
        let lodging = taxonomy.get("data_type", "lodging").unwrap();
        assert_eq!(lodging.parent.as_deref(), Some("travel"));
        let telecom = taxonomy.get("industry", "telecom").unwrap();
        assert_eq!(telecom.standard_text(), "GB/T 4754-2017=I631");
        assert!(taxonomy.get("method", "telecom").is_none());
        assert!(taxonomy.facets().all(|facet| facet.single == (facet.code == "stage")));
    }

    #[test]
    fn files_are_refused() {
        let facet = "[[facet]]\ncode = \"use\"\nzh = \"用途\"\nen = \"use\"\ndefinition = \"d\"\nsingle = false\n";
        let label = "[[label]]\nfacet = \"use\"\ncode = \"resale\"\nzh = \"转卖\"\nen = \"resale\"\ndefinition = \"d\"\n";
        let check = |rest: &str, expected: &str| {
            let found = match Taxonomy::parse("t.toml", &format!("{facet}{rest}")) {
                Ok(_) => String::new(),
                Err(problems) => problems.first().map(|p| p.message.clone()).unwrap_or_default(),
            };
            assert_eq!(found, expected);
        };
        check(label, "");
        check(&format!("{label}{label}"), "the code resale stands twice in use");
        check(
            &format!("{label}parent = \"sale\"\n"),
            "the parent sale of resale is no earlier code of use",
        );
        check(
            &label.replace("facet = \"use\"", "facet = \"user\""),
            "the facet user of resale is not in the file",
        );
        check(
            &label.replace("\"resale\"\nzh", "\"Re sale\"\nzh"),
            "the code `Re sale` is not snake case",
        );
        check(&format!("{label}standard = \"I631\"\n"), "standard: `I631` is not `name=code`");
        let problem =
            Taxonomy::parse("t.toml", &format!("{facet}{label}colour = 1\n")).unwrap_err();
        assert!(problem.first().unwrap().message.contains("unknown field `colour`"));
    }

    #[test]
    fn a_second_file_adds_and_replaces() {
        let term = |facet: &str, code: &str, zh: &str| {
            format!(
                "[[label]]\nfacet = \"{facet}\"\ncode = \"{code}\"\nzh = \"{zh}\"\nen = \"e\"\ndefinition = \"d\"\n"
            )
        };
        let facet = "[[facet]]\ncode = \"area\"\nzh = \"领域\"\nen = \"area\"\ndefinition = \"d\"\nsingle = false\n";
        let ours =
            format!("{facet}{}{}", term("area", "rural", "农村"), term("method", "trade", "买卖"));
        let (builtin, with) =
            (Taxonomy::builtin().unwrap(), Taxonomy::with(Some(("ours.toml", &ours))).unwrap());
        assert_eq!(with.iter().count(), builtin.iter().count() + 1);
        assert_eq!(with.get("method", "trade").unwrap().zh, "买卖");
        assert_eq!(with.facets().last().unwrap().code, "area");
        let place = |taxonomy: &Taxonomy| taxonomy.iter().position(|term| term.code == "trade");
        assert_eq!(place(&with), place(&builtin));
        let problems =
            Taxonomy::with(Some(("ours.toml", &term("aera", "rural", "农村")))).unwrap_err();
        let told = problems.first().unwrap().to_string();
        assert_eq!(told, "ours.toml:1:1: the facet aera of rural is not in the file");
    }
}
