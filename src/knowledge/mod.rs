//! Knowledge: what is true of cases, from data files that are compiled in and checked together.

pub mod boilerplate;
pub mod division;
pub mod lexicon;
pub mod lists;
pub mod look_alikes;
pub mod measure;
pub mod offence;
pub mod patterns;
pub mod problem;
pub mod severity;
mod sieve;
pub mod taxonomy;
pub mod timewords;
pub mod wording;

use self::boilerplate::Boilerplate;
use self::division::Divisions;
use self::lexicon::Lexicon;
use self::look_alikes::LookAlikes;
use self::measure::Measures;
use self::offence::Offences;
use self::patterns::Patterns;
use self::problem::Problem;
use self::severity::Severity;
use self::taxonomy::Taxonomy;
use self::timewords::TimeWords;
use self::wording::Wording;

/// Everything that is known of cases, checked.
#[derive(Debug)]
pub struct Knowledge {
    /// Facets and codes.
    pub taxonomy: Taxonomy,
    /// GB/T 2260.
    pub divisions: Divisions,
    /// Charges.
    pub offences: Offences,
    /// Tiers of the 2017 interpretation.
    pub severity: Severity,
    /// Phrases that propose labels.
    pub lexicon: Lexicon,
    /// How bulletins are written.
    pub patterns: Patterns,
    /// Measure words.
    pub measures: Measures,
    /// Words of time.
    pub timewords: TimeWords,
    /// What is no part of an article.
    pub boilerplate: Boilerplate,
}

impl Knowledge {
    /// Reads every file and reports every problem of all of them at once.
    pub fn load() -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let taxonomy = keep(Taxonomy::builtin(), &mut problems);
        let divisions = keep(Divisions::builtin(), &mut problems);
        let offences = keep(Offences::builtin(), &mut problems);
        let severity = keep(Severity::builtin(), &mut problems);
        let lexicon = keep(Lexicon::builtin(), &mut problems);
        let patterns = keep(Patterns::builtin(), &mut problems);
        let measures = keep(Measures::built_in(), &mut problems);
        let timewords = keep(TimeWords::built_in(), &mut problems);
        let boilerplate = keep(Boilerplate::builtin(), &mut problems);
        // Kept by the stage that puts characters and words right.
        let repairs =
            keep(LookAlikes::builtin(), &mut problems).zip(keep(Wording::builtin(), &mut problems));
        let all = (
            repairs,
            taxonomy,
            divisions,
            offences,
            severity,
            lexicon,
            patterns,
            measures,
            timewords,
            boilerplate,
        );
        let (
            Some(_),
            Some(taxonomy),
            Some(divisions),
            Some(offences),
            Some(severity),
            Some(lexicon),
            Some(patterns),
            Some(measures),
            Some(timewords),
            Some(boilerplate),
        ) = all
        else {
            problems.sort();
            return Err(problems);
        };
        let knowledge = Knowledge {
            taxonomy,
            divisions,
            offences,
            severity,
            lexicon,
            patterns,
            measures,
            timewords,
            boilerplate,
        };
        let problems = knowledge.contradictions();
        if problems.is_empty() { Ok(knowledge) } else { Err(problems) }
    }

    /// What the files say against each other: a label that the taxonomy does not have.
    fn contradictions(&self) -> Vec<Problem> {
        let unknown = self
            .lexicon
            .codes()
            .iter()
            .filter(|code| self.taxonomy.get(&code.facet, &code.code).is_none());
        unknown
            .map(|code| Problem {
                file: format!("lexicon/{}.toml", code.facet),
                line: 0,
                column: 0,
                message: format!("{}/{} is not in taxonomy.toml", code.facet, code.code),
            })
            .collect()
    }

    /// A hash of every knowledge file: rows made with equal knowledge can be compared.
    pub fn hash() -> String {
        let mut hasher = blake3::Hasher::new();
        for (name, text) in FILES.iter().chain(lexicon::BUILTIN) {
            for part in [name, text] {
                hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
                hasher.update(part.as_bytes());
            }
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// Takes the value, or notes what is wrong.
fn keep<T>(loaded: Result<T, Vec<Problem>>, problems: &mut Vec<Problem>) -> Option<T> {
    loaded.map_err(|found| problems.extend(found)).ok()
}

/// Every file by name but those of the lexicon, which lists its own, for the hash.
const FILES: &[(&str, &str)] = &[
    ("boilerplate.toml", include_str!("boilerplate.toml")),
    ("divisions.tsv", include_str!("divisions.tsv")),
    ("look_alikes.toml", include_str!("look_alikes.toml")),
    ("measures.toml", include_str!("measures.toml")),
    ("offences.toml", include_str!("offences.toml")),
    ("patterns/lists.toml", include_str!("patterns/lists.toml")),
    ("patterns/metrics.toml", include_str!("patterns/metrics.toml")),
    ("patterns/roles.toml", include_str!("patterns/roles.toml")),
    ("patterns/words.toml", include_str!("patterns/words.toml")),
    ("place_words.toml", include_str!("place_words.toml")),
    ("severity.toml", include_str!("severity.toml")),
    ("surnames.txt", include_str!("surnames.txt")),
    ("taxonomy.toml", include_str!("taxonomy.toml")),
    ("timewords.toml", include_str!("timewords.toml")),
    ("wording.toml", include_str!("wording.toml")),
];

#[test]
fn the_hash_covers_every_file() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/knowledge");
    let known: Vec<&str> = FILES.iter().chain(lexicon::BUILTIN).map(|(name, _)| *name).collect();
    for inner in ["", "lexicon", "patterns"] {
        for entry in std::fs::read_dir(folder.join(inner)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
            let is_data = [".toml", ".tsv", ".txt"].iter().any(|ending| name.ends_with(ending));
            assert!(!is_data || known.contains(&name.as_str()), "{name} is not hashed");
        }
    }
}
