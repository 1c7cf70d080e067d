//! Report: what is wrong in a settings or knowledge file, with file, line and column.

use std::fmt;
use std::ops::Range;

/// One thing wrong in a file that a person wrote.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file as the user knows it.
    pub file: String,
    /// From 1; 0 where the whole file is meant.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong, lower case, no full stop, with a hint where there is one.
    pub message: String,
}

impl Problem {
    /// A problem at a byte range of `text`.
    pub fn at(file: &str, text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        Problem { file: file.to_owned(), line, column, message: message.into() }
    }

    /// A problem of a whole line, from 1.
    pub fn on_line(file: &str, line: usize, message: impl Into<String>) -> Self {
        Problem { file: file.to_owned(), line, column: 1, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.file, self.message)
        } else {
            write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
        }
    }
}

/// Parses a TOML file into a serde value, or says where and why it cannot be.
pub fn parse_toml<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, Problem> {
    toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        Problem::at(file, text, span, error.message().replace('\n', "; "))
    })
}
