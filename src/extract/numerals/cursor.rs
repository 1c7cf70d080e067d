//! A place in a text that moves forward.

/// A place in a text that moves forward.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'t> {
    pub(super) text: &'t str,
    /// Byte offset, always on a character boundary.
    pub(crate) at: usize,
}

impl<'t> Cursor<'t> {
    /// At a byte offset.
    pub(crate) fn new(text: &'t str, at: usize) -> Self {
        Cursor { text, at }
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// The next character.
    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The character before.
    pub(crate) fn previous(&self) -> Option<char> {
        self.text.get(..self.at).unwrap_or("").chars().next_back()
    }

    /// What lies behind.
    pub(crate) fn before(&self) -> &'t str {
        self.text.get(..self.at).unwrap_or("")
    }

    /// Steps over a character.
    pub(crate) fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    /// Steps over `word` if it is next.
    pub(crate) fn eat(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    /// Steps over the first of `words` that is next.
    pub(crate) fn eat_any<'w>(&mut self, words: &[&'w str]) -> Option<&'w str> {
        words.iter().copied().find(|word| self.eat(word))
    }

    /// Steps over blanks of the same line.
    pub(crate) fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\u{a0}']).len();
    }

    /// Whether the next character ends a word.
    pub(crate) fn at_punctuation(&self) -> bool {
        self.peek().is_none_or(|c| !c.is_alphanumeric())
    }
}
