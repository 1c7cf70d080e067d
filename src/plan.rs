//! Plan: what a run would read and whether it would publish anything new.

use serde::Serialize;

use crate::acquire;
use crate::config::Config;
use crate::error::Error;
use crate::knowledge::Knowledge;
use crate::pipeline::{State, made_by, survey};
use crate::publish::{self, RealDisk};
use crate::store::Store;

/// What a run would do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Plan {
    /// Files to be read for the first time.
    pub new: Vec<String>,
    /// Files to be read because their content is another.
    pub changed: Vec<String>,
    /// Files to be read again though they did not change.
    pub again: Vec<String>,
    /// How many files need not be read.
    pub unchanged: usize,
    /// Files that are gone.
    pub vanished: Vec<String>,
    /// What else makes a new snapshot: `version`, `build`, `configuration`, `knowledge`.
    pub reasons: Vec<&'static str>,
    /// The snapshot that is current.
    pub current: Option<String>,
}

/// Compares `raw` and the settings with what was kept and published last.
pub fn plan(config: &Config) -> Result<Plan, Error> {
    let entries = acquire::list(&config.raw).map_err(|error| Error::list(&config.raw, error))?;
    let store = Store::open(&config.state(), made_by(config))?;
    let chosen: Vec<_> = entries.iter().collect();
    let surveyed = survey(&chosen, &entries, &store, config);
    let paths = |wanted: State| -> Vec<String> {
        let found = surveyed.files.iter().filter(|(_, state)| *state == wanted);
        found.map(|(entry, _)| entry.path().to_owned()).collect()
    };
    let unchanged = surveyed.files.iter().filter(|(_, state)| !state.is_read()).count();
    let listed = publish::list(&config.out, &mut RealDisk)?;
    let current = listed.into_iter().find(|listed| listed.current);
    let manifest = current.as_ref().and_then(|current| current.manifest.as_ref());
    let reasons = manifest.map_or_else(Vec::new, |manifest| {
        [
            ("version", manifest.version != env!("CARGO_PKG_VERSION")),
            ("build", manifest.build != env!("ANJUAN_BUILD")),
            ("configuration", manifest.config != config.hash()),
            ("knowledge", manifest.knowledge != Knowledge::hash()),
        ]
        .into_iter()
        .filter_map(|(what, changed)| changed.then_some(what))
        .collect()
    });
    Ok(Plan {
        new: paths(State::New),
        changed: paths(State::Changed),
        again: paths(State::Again),
        unchanged,
        reasons,
        current: current.map(|current| current.id),
        vanished: surveyed.vanished,
    })
}

/// A line for each file that is new, changed or gone, then the sum.
impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (sign, paths) in [("+", &self.new), ("~", &self.changed), ("-", &self.vanished)] {
            for path in paths {
                writeln!(f, "{sign} {path}")?;
            }
        }
        for what in &self.reasons {
            writeln!(f, "the {what} changed")?;
        }
        match &self.current {
            None => writeln!(f, "nothing is published yet")?,
            Some(id) => writeln!(f, "the current snapshot is {id}")?,
        }
        let (new, changed, again) = (self.new.len(), self.changed.len(), self.again.len());
        let (unchanged, vanished) = (self.unchanged, self.vanished.len());
        write!(
            f,
            "{} file(s) to read: {new} new, {changed} changed, {again} again; {unchanged} unchanged, {vanished} vanished",
            new + changed + again
        )
    }
}
