//! Compile: checks the rule files and turns them into classes, shapes and one automaton.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use toml::Spanned;

use super::file::{CodeEntry, File, FrameEntry, OrderEntry, RuleEntry, SilenceEntry, WithinEntry};
use super::{About, Class, Code, Lexicon, Rule, Shape, Within};
use crate::knowledge::problem::{Problem, parse_toml};
use crate::model::RuleId;

/// Reads every file, then everything in them, so that all problems are told at once.
pub(super) fn compile(files: &[(&str, &str)]) -> Result<Lexicon, Vec<Problem>> {
    let mut compiler = Compiler::default();
    let mut parsed = Vec::new();
    for (name, text) in files {
        match parse_toml::<File>(name, text) {
            Ok(file) => parsed.push((Source { name, text }, file)),
            Err(problem) => compiler.problems.push(problem),
        }
    }
    for (source, file) in &parsed {
        compiler.names(*source, file);
    }
    for (source, file) in &parsed {
        compiler.rules(*source, file);
    }
    compiler.finish()
}

/// A rule file, for pointing into it.
#[derive(Debug, Clone, Copy)]
struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

/// The keys of a shape, wherever it is written.
struct Frame<'f> {
    groups: &'f [Vec<Spanned<String>>],
    within: WithinEntry,
    gap: Option<usize>,
    order: OrderEntry,
}

#[derive(Default)]
struct Compiler<'f> {
    problems: Vec<Problem>,
    lists: BTreeMap<&'f str, &'f [Spanned<String>]>,
    frames: BTreeMap<&'f str, &'f FrameEntry>,
    /// `facet/code` to its index.
    code_index: BTreeMap<String, usize>,
    codes: Vec<Code>,
    rules: Vec<Rule>,
    rule_names: BTreeMap<String, ()>,
    silences: Vec<Shape>,
    aside_opens: Vec<String>,
    aside_closes: Vec<String>,
    about: Option<About>,
    /// Sorted word lists to their class.
    class_index: BTreeMap<Vec<String>, Class>,
    /// Facet and word for words that fire all by themselves, and the labels of the facet that they give.
    bare: BTreeMap<(String, String), Vec<usize>>,
}

impl<'f> Compiler<'f> {
    fn problem(&mut self, source: Source<'_>, at: &Spanned<String>, message: impl Into<String>) {
        self.problems.push(Problem::at(source.name, source.text, at.span(), message));
    }

    /// Takes in what other entries refer to by name: lists, frames and codes.
    fn names(&mut self, source: Source<'_>, file: &'f File) {
        for (name, words) in &file.words {
            if self.lists.insert(name.get_ref(), words).is_some() {
                self.problem(
                    source,
                    name,
                    format!("word list `{}` exists already", name.get_ref()),
                );
            }
        }
        for frame in &file.frame {
            if self.frames.insert(frame.name.get_ref(), frame).is_some() {
                self.problem(
                    source,
                    &frame.name,
                    format!("frame `{}` exists already", frame.name.get_ref()),
                );
            }
            if !frame.groups.iter().flatten().any(|word| word.get_ref() == "{*}") {
                self.problem(
                    source,
                    &frame.name,
                    "frame without `{*}`, the place of the rule's words",
                );
            }
        }
        let Some(facet) = &file.facet else {
            for code in &file.code {
                self.problem(source, &code.code, "code in a file without `facet`");
            }
            return;
        };
        for code in &file.code {
            self.code(source, facet.get_ref(), code, &file.code);
        }
    }

    fn code(&mut self, source: Source<'_>, facet: &str, entry: &CodeEntry, all: &[CodeEntry]) {
        let code = entry.code.get_ref();
        if let Some(parent) = &entry.parent
            && !all.iter().any(|other| other.code.get_ref() == parent.get_ref())
        {
            self.problem(source, parent, format!("unknown parent `{}`", parent.get_ref()));
        }
        if self.code_index.insert(format!("{facet}/{code}"), self.codes.len()).is_some() {
            self.problem(source, &entry.code, format!("code `{code}` exists already"));
        }
        self.codes.push(Code {
            facet: facet.to_owned(),
            code: code.clone(),
            zh: entry.zh.get_ref().clone(),
            en: entry.en.get_ref().clone(),
            parent: entry.parent.as_ref().map(|parent| parent.get_ref().clone()),
        });
    }

    fn rules(&mut self, source: Source<'_>, file: &'f File) {
        for entry in &file.silence {
            self.silence(source, entry);
        }
        if let Some(aside) = &file.aside {
            self.aside_opens.extend(aside.opens.iter().map(|word| word.get_ref().clone()));
            self.aside_closes.extend(aside.closes.iter().map(|word| word.get_ref().clone()));
        }
        if let Some(about) = &file.about {
            if self.about.is_some() {
                self.problems.push(Problem::on_line(source.name, 1, "a second [about]"));
            }
            self.about = self.class(source, &about.words, &[]).map(|words| About {
                facets: about.facets.iter().map(|facet| facet.get_ref().clone()).collect(),
                charges: about.charges.clone(),
                or_facet: about.or_facet.clone(),
                near_charges: about.near_charges.clone(),
                words,
            });
        }
        for entry in &file.rule {
            match &file.facet {
                Some(facet) => self.rule(source, facet.get_ref(), entry),
                None => self.problem(source, &entry.name, "rule in a file without `facet`"),
            }
        }
    }

    fn silence(&mut self, source: Source<'_>, entry: &SilenceEntry) {
        let frame = Frame {
            groups: &entry.groups,
            within: WithinEntry::Sentence,
            gap: entry.gap,
            order: OrderEntry::Given,
        };
        let unless = self.class(source, &entry.unless, &[]);
        match self.shape(source, &frame, &[], unless, None) {
            Some(shape) => self.silences.push(shape),
            None => self.problem(source, &entry.name, "silence without words"),
        }
    }

    fn rule(&mut self, source: Source<'_>, facet: &str, entry: &RuleEntry) {
        let id = format!("{facet}/{}", entry.name.get_ref());
        if self.rule_names.insert(id.clone(), ()).is_some() {
            self.problem(source, &entry.name, format!("rule `{id}` exists already"));
        }
        if entry.finds.len() < 2 || entry.ignores.is_empty() {
            self.problem(
                source,
                &entry.name,
                "a rule needs two examples in `finds` and one in `ignores`",
            );
        }
        let mut labels = Vec::new();
        labels.extend(self.label(source, facet, &entry.label));
        for label in &entry.also {
            labels.extend(self.label(source, facet, label));
        }
        let mut needs = Vec::new();
        for label in &entry.needs {
            needs.extend(self.label(source, facet, label));
        }
        let mut without = Vec::new();
        for label in &entry.without {
            without.extend(self.label(source, facet, label));
        }
        let shapes = self.shapes(source, entry);
        if shapes.is_empty() {
            self.problem(source, &entry.name, "a rule needs `words` or `groups`");
        }
        if entry.frames.is_empty() && needs.is_empty() && without.is_empty() {
            self.bare_words(source, facet, entry, &labels);
        }
        self.rules.push(Rule {
            id: RuleId::from(id),
            labels,
            needs,
            without,
            shapes,
            finds: entry.finds.clone(),
            ignores: entry.ignores.clone(),
        });
    }

    /// A label written `code`, or `facet/code` where it belongs to another facet.
    fn label(&mut self, source: Source<'_>, facet: &str, label: &Spanned<String>) -> Option<usize> {
        let written = label.get_ref();
        let full =
            if written.contains('/') { written.clone() } else { format!("{facet}/{written}") };
        let index = self.code_index.get(&full).copied();
        if index.is_none() {
            self.problem(source, label, format!("unknown label `{full}`"));
        }
        index
    }

    fn shapes(&mut self, source: Source<'_>, entry: &RuleEntry) -> Vec<Shape> {
        let unless = self.class(source, &entry.unless, &[]);
        let except = self.class(source, &entry.except, &[]);
        let mut shapes = Vec::new();
        for name in &entry.frames {
            let Some(frame) = self.frames.get(name.get_ref().as_str()).copied() else {
                self.problem(source, name, format!("unknown frame `{}`", name.get_ref()));
                continue;
            };
            let all: Vec<Spanned<String>> =
                entry.unless.iter().chain(&frame.unless).cloned().collect();
            let spoilers = self.class(source, &all, &[]);
            let (within, gap, order) = (frame.within, frame.gap, frame.order);
            let frame = Frame { groups: &frame.groups, within, gap, order };
            shapes.extend(self.shape(source, &frame, &entry.words, spoilers, except));
        }
        if entry.frames.is_empty() && !entry.words.is_empty() {
            let groups = [entry.words.clone()];
            let (within, order) = (WithinEntry::Clause, OrderEntry::Given);
            let frame = Frame { groups: &groups, within, gap: None, order };
            shapes.extend(self.shape(source, &frame, &[], unless, except));
        }
        if !entry.groups.is_empty() {
            let (within, gap, order) = (entry.within, entry.gap, entry.order);
            let frame = Frame { groups: &entry.groups, within, gap, order };
            shapes.extend(self.shape(source, &frame, &entry.words, unless, except));
        }
        shapes
    }

    fn shape(
        &mut self,
        source: Source<'_>,
        frame: &Frame<'_>,
        slot: &[Spanned<String>],
        unless: Option<Class>,
        except: Option<Class>,
    ) -> Option<Shape> {
        let mut groups = Vec::new();
        for words in frame.groups {
            groups.push(self.class(source, words, slot)?);
        }
        let any_order = matches!(frame.order, OrderEntry::Any);
        if any_order && groups.len() != 2 {
            let words = frame.groups.first().and_then(|group| group.first())?;
            self.problem(source, words, "order = \"any\" is for two groups");
        }
        let within = match frame.within {
            WithinEntry::Clause => Within::Clause,
            WithinEntry::Sentence => Within::Sentence,
            WithinEntry::Passage => Within::Passage,
        };
        (!groups.is_empty()).then_some(Shape {
            groups,
            any_order,
            within,
            gap: frame.gap,
            unless,
            except,
        })
    }

    /// The class of a word list, with lists named in it and `{*}` written out. `None` where it is empty.
    fn class(
        &mut self,
        source: Source<'_>,
        words: &[Spanned<String>],
        slot: &[Spanned<String>],
    ) -> Option<Class> {
        let mut all = Vec::new();
        for word in words {
            self.expand(source, word, slot, 0, &mut all);
        }
        all.sort_unstable();
        all.dedup();
        if all.is_empty() {
            return None;
        }
        let next = self.class_index.len();
        Some(*self.class_index.entry(all).or_insert(next))
    }

    fn expand(
        &mut self,
        source: Source<'_>,
        word: &Spanned<String>,
        slot: &[Spanned<String>],
        depth: usize,
        all: &mut Vec<String>,
    ) {
        let written = word.get_ref();
        let Some(name) = written.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            if let Some(fault) = word_fault(written) {
                self.problem(source, word, format!("word `{written}` {fault}"));
            }
            all.push(written.clone());
            return;
        };
        if depth > 8 {
            self.problem(source, word, format!("word list `{name}` refers to itself"));
        } else if name == "*" {
            for word in slot {
                self.expand(source, word, &[], depth + 1, all);
            }
        } else if let Some(list) = self.lists.get(name).copied() {
            for word in list {
                self.expand(source, word, slot, depth + 1, all);
            }
        } else {
            self.problem(source, word, format!("unknown word list `{name}`"));
        }
    }

    /// Refuses a word that by itself gives one code of a facet here and another elsewhere, unless both rules
    /// say so with `also`.
    fn bare_words(&mut self, source: Source<'_>, facet: &str, entry: &RuleEntry, labels: &[usize]) {
        let mut labels = labels.to_vec();
        labels.retain(|label| self.codes.get(*label).is_some_and(|code| code.facet == facet));
        labels.sort_unstable();
        for word in &entry.words {
            let key = (facet.to_owned(), word.get_ref().clone());
            let known = self.bare.entry(key).or_insert_with(|| labels.clone());
            if *known != labels {
                let message =
                    format!("word `{}` gives another code in another rule", word.get_ref());
                self.problem(source, word, message);
            }
        }
    }

    fn finish(mut self) -> Result<Lexicon, Vec<Problem>> {
        let mut words: BTreeMap<&str, Vec<Class>> = BTreeMap::new();
        for (list, class) in &self.class_index {
            for word in list {
                words.entry(word).or_default().push(*class);
            }
        }
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(words.keys());
        match automaton {
            Ok(automaton) if self.problems.is_empty() => Ok(Lexicon {
                automaton,
                classes: words.into_values().collect(),
                class_count: self.class_index.len(),
                codes: self.codes,
                rarest: rarest(&self.rules, self.class_index.len()),
                rules: self.rules,
                silences: self.silences,
                aside_opens: self.aside_opens,
                aside_closes: self.aside_closes,
                about: self.about,
            }),
            Ok(_) => Err(sorted(self.problems)),
            Err(error) => {
                self.problems.push(Problem::on_line("lexicon", 0, error.to_string()));
                Err(sorted(self.problems))
            }
        }
    }
}

/// For each class the shapes of which it is the member that the fewest shapes share.
fn rarest(rules: &[Rule], class_count: usize) -> Vec<Vec<(usize, usize)>> {
    let mut counts = vec![0_usize; class_count];
    for class in rules.iter().flat_map(|rule| &rule.shapes).flat_map(|shape| &shape.groups) {
        if let Some(count) = counts.get_mut(*class) {
            *count += 1;
        }
    }
    let mut rarest = vec![Vec::new(); class_count];
    for (i, rule) in rules.iter().enumerate() {
        for (j, shape) in rule.shapes.iter().enumerate() {
            let class = shape.groups.iter().min_by_key(|class| counts.get(**class));
            if let Some(list) = class.and_then(|class| rarest.get_mut(*class)) {
                list.push((i, j));
            }
        }
    }
    rarest
}

fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_unstable();
    problems.dedup();
    problems
}

/// What is wrong with a word that could never match, or not as meant.
fn word_fault(word: &str) -> Option<&'static str> {
    if word.trim() != word || word.is_empty() {
        return Some("is empty or has stray spaces");
    }
    if word.chars().any(|c| {
        ('０'..='９').contains(&c) || ('Ａ'..='Ｚ').contains(&c) || ('ａ'..='ｚ').contains(&c)
    }) {
        return Some("has full-width letters or digits, which cleaning makes half-width");
    }
    word.chars()
        .any(|c| "，。！？；,!?;\n".contains(c))
        .then_some("has punctuation, at which clauses are cut")
}
