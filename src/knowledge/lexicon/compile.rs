//! Compile: checks the rule files and turns them into classes, shapes and one automaton.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use toml::Spanned;

use super::file::{File, FrameEntry, OrderEntry, RuleEntry, SilenceEntry, WithinEntry};
use super::{About, Class, Code, Lexicon, Rule, Shape, Within};
use crate::knowledge::problem::{Problem, parse_toml};
use crate::knowledge::taxonomy::Taxonomy;
use crate::model::RuleId;

/// Reads every file, then everything in them, so that all problems are told at once.
///
/// A list, frame, silence or rule of `overlay` takes the place of one of `builtin` with its name.
pub(super) fn compile(
    builtin: &[(&str, &str)],
    overlay: &[(&str, &str)],
    taxonomy: &Taxonomy,
) -> Result<Lexicon, Vec<Problem>> {
    let mut compiler = Compiler::new(taxonomy);
    let mut parsed = Vec::new();
    for (layer, files) in [builtin, overlay].into_iter().enumerate() {
        for (name, text) in files {
            match parse_toml::<File>(name, text) {
                Ok(file) => parsed.push((Source { name, text, layer }, file)),
                Err(problem) => compiler.problems.push(problem),
            }
        }
    }
    for (source, file) in &parsed {
        compiler.names(*source, file);
    }
    for (source, file) in &parsed {
        compiler.entries(*source, file);
    }
    compiler.rules();
    compiler.finish()
}

/// A rule file, for pointing into it, and whether it is compiled in (0) or of an overlay (1).
#[derive(Debug, Clone, Copy)]
struct Source<'a> {
    name: &'a str,
    text: &'a str,
    layer: usize,
}

/// The keys of a shape, wherever it is written.
struct Frame<'f> {
    groups: &'f [Vec<Spanned<String>>],
    within: WithinEntry,
    gap: Option<usize>,
    order: OrderEntry,
}

/// What later entries refer to by name, and the layer that it stands in.
struct Named<T> {
    layer: usize,
    entry: T,
}

/// A rule before its words are looked up.
struct Entry<'f> {
    source: Source<'f>,
    facet: &'f str,
    entry: RuleEntry,
}

struct Compiler<'f> {
    taxonomy: &'f Taxonomy,
    problems: Vec<Problem>,
    /// A list and, where an overlay has replaced it, the one it replaced before it.
    lists: BTreeMap<&'f str, Vec<Named<&'f [Spanned<String>]>>>,
    frames: BTreeMap<&'f str, Named<&'f FrameEntry>>,
    /// `facet/code` to its index.
    code_index: BTreeMap<String, usize>,
    codes: Vec<Code>,
    /// In the order of the files; an overlay's rule stands where the one stood that it replaces.
    entries: Vec<Entry<'f>>,
    entry_index: BTreeMap<String, usize>,
    rules: Vec<Rule>,
    silences: Vec<Shape>,
    silence_index: BTreeMap<&'f str, Named<usize>>,
    aside_opens: Vec<String>,
    aside_closes: Vec<String>,
    about: Option<(usize, About)>,
    /// Sorted word lists to their class.
    class_index: BTreeMap<Vec<String>, Class>,
    /// Facet and word for words that fire all by themselves, and the labels of the facet that they give.
    bare: BTreeMap<(String, String), Vec<usize>>,
}

impl<'f> Compiler<'f> {
    fn new(taxonomy: &'f Taxonomy) -> Self {
        Compiler {
            taxonomy,
            problems: Vec::new(),
            lists: BTreeMap::new(),
            frames: BTreeMap::new(),
            code_index: BTreeMap::new(),
            codes: Vec::new(),
            entries: Vec::new(),
            entry_index: BTreeMap::new(),
            rules: Vec::new(),
            silences: Vec::new(),
            silence_index: BTreeMap::new(),
            aside_opens: Vec::new(),
            aside_closes: Vec::new(),
            about: None,
            class_index: BTreeMap::new(),
            bare: BTreeMap::new(),
        }
    }

    fn problem(&mut self, source: Source<'_>, at: &Spanned<String>, message: impl Into<String>) {
        self.problems.push(Problem::at(source.name, source.text, at.span(), message));
    }

    /// Takes in what other entries refer to by name: lists and frames.
    fn names(&mut self, source: Source<'f>, file: &'f File) {
        let layer = source.layer;
        for (name, words) in &file.words {
            let versions = self.lists.entry(name.get_ref()).or_default();
            let twice = versions.last().is_some_and(|last| last.layer == layer);
            versions.push(Named { layer, entry: words });
            if twice {
                let message = format!("word list `{}` exists already", name.get_ref());
                self.problem(source, name, message);
            }
        }
        for frame in &file.frame {
            let name = frame.name.get_ref();
            let known = self.frames.insert(name, Named { layer, entry: frame });
            if known.is_some_and(|known| known.layer == layer) {
                self.problem(source, &frame.name, format!("frame `{name}` exists already"));
            }
            if !frame.groups.iter().flatten().any(|word| word.get_ref() == "{*}") {
                let message = "frame without `{*}`, the place of the rule's words";
                self.problem(source, &frame.name, message);
            }
        }
    }

    /// Takes in silences, asides and what cases must be about, and the rules as they are written.
    fn entries(&mut self, source: Source<'f>, file: &'f File) {
        for entry in &file.silence {
            self.silence(source, entry);
        }
        if let Some(aside) = &file.aside {
            self.aside_opens.extend(aside.opens.iter().map(|word| word.get_ref().clone()));
            self.aside_closes.extend(aside.closes.iter().map(|word| word.get_ref().clone()));
        }
        if let Some(about) = &file.about {
            if self.about.as_ref().is_some_and(|(layer, _)| *layer == source.layer) {
                self.problems.push(Problem::on_line(source.name, 1, "a second [about]"));
            }
            let (mut shapes, mut near_shapes) = (Vec::new(), Vec::new());
            for entry in &about.shape {
                let (within, order) = (WithinEntry::Clause, OrderEntry::Given);
                let frame = Frame { groups: &entry.groups, within, gap: entry.gap, order };
                let shape = self.shape(source, &frame, &[], None, None);
                if entry.near { &mut near_shapes } else { &mut shapes }.extend(shape);
            }
            self.about = self.class(source, &about.words, &[]).map(|words| {
                let about = About {
                    facets: about.facets.iter().map(|facet| facet.get_ref().clone()).collect(),
                    charges: about.charges.clone(),
                    near_charges: about.near_charges.clone(),
                    words,
                    shapes,
                    near_shapes,
                };
                (source.layer, about)
            });
        }
        for entry in &file.rule {
            let Some(facet) = &file.facet else {
                self.problem(source, &entry.name, "rule in a file without `facet`");
                continue;
            };
            for entry in self.written_out(source, facet.get_ref(), entry) {
                self.entry(Entry { source, facet: facet.get_ref(), entry });
            }
        }
    }

    /// A rule `each = "at"` stands for one rule for each code of its facet that has a list `at_CODE`.
    fn written_out(
        &mut self,
        source: Source<'f>,
        facet: &str,
        entry: &RuleEntry,
    ) -> Vec<RuleEntry> {
        let Some(each) = &entry.each else { return vec![entry.clone()] };
        let mut all = Vec::new();
        for term in self.taxonomy.iter().filter(|term| term.facet == facet) {
            let list = format!("{}_{}", each.get_ref(), term.code);
            let skipped = entry.skip.iter().any(|code| *code.get_ref() == term.code);
            let words = self.lists.get(list.as_str()).and_then(|versions| versions.last());
            if let Some(words) = words.filter(|_| !skipped) {
                let first = words.entry.iter().find(|word| !word.get_ref().starts_with('{'));
                let first = first.map_or("", |word| word.get_ref());
                let is_list = |name: &str| self.lists.contains_key(name);
                all.push(entry.of_code(each.get_ref(), &term.code, first, is_list));
            }
        }
        if all.is_empty() {
            let message = format!("no list `{}_CODE` for any code of {facet}", each.get_ref());
            self.problem(source, each, message);
        }
        all
    }

    /// Keeps a rule, in place of one of an earlier layer that has its name.
    fn entry(&mut self, entry: Entry<'f>) {
        let id = format!("{}/{}", entry.facet, entry.entry.name.get_ref());
        let known = self.entry_index.get(&id).and_then(|i| self.entries.get_mut(*i));
        match known {
            Some(known) if known.source.layer < entry.source.layer => *known = entry,
            Some(_) => {
                let message = format!("rule `{id}` exists already");
                self.problem(entry.source, &entry.entry.name, message);
            }
            None => {
                self.entry_index.insert(id, self.entries.len());
                self.entries.push(entry);
            }
        }
    }

    fn silence(&mut self, source: Source<'f>, entry: &'f SilenceEntry) {
        let frame = Frame {
            groups: &entry.groups,
            within: WithinEntry::Sentence,
            gap: entry.gap,
            order: OrderEntry::Given,
        };
        let unless = self.class(source, &entry.unless, &[]);
        let Some(shape) = self.shape(source, &frame, &[], unless, None) else {
            self.problem(source, &entry.name, "silence without words");
            return;
        };
        let (name, layer) = (entry.name.get_ref().as_str(), source.layer);
        match self.silence_index.get(name) {
            Some(known) if known.layer < layer => {
                if let Some(replaced) = self.silences.get_mut(known.entry) {
                    *replaced = shape;
                }
            }
            Some(_) => {
                self.problem(source, &entry.name, format!("silence `{name}` exists already"));
            }
            None => {
                self.silence_index.insert(name, Named { layer, entry: self.silences.len() });
                self.silences.push(shape);
            }
        }
    }

    fn rules(&mut self) {
        for Entry { source, facet, entry } in std::mem::take(&mut self.entries) {
            self.rule(source, facet, &entry);
        }
    }

    fn rule(&mut self, source: Source<'_>, facet: &str, entry: &RuleEntry) {
        let id = format!("{facet}/{}", entry.name.get_ref());
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
            place: Problem::at(source.name, source.text, entry.name.span(), ""),
        });
    }

    /// A label written `code`, or `facet/code` where it belongs to another facet.
    fn label(&mut self, source: Source<'_>, facet: &str, label: &Spanned<String>) -> Option<usize> {
        let written = label.get_ref().as_str();
        let (facet, code) = written.split_once('/').unwrap_or((facet, written));
        let full = format!("{facet}/{code}");
        if self.taxonomy.get(facet, code).is_none() {
            let message = format!("unknown label `{full}`, which is not in taxonomy.toml");
            self.problem(source, label, message);
            return None;
        }
        let next = self.codes.len();
        let index = *self.code_index.entry(full).or_insert(next);
        if index == next {
            self.codes.push(Code { facet: facet.to_owned(), code: code.to_owned() });
        }
        Some(index)
    }

    fn shapes(&mut self, source: Source<'_>, entry: &RuleEntry) -> Vec<Shape> {
        let unless = self.class(source, &entry.unless, &[]);
        let except = self.class(source, &entry.except, &[]);
        let mut shapes = Vec::new();
        for name in &entry.frames {
            let Some(frame) = self.frames.get(name.get_ref().as_str()).map(|named| named.entry)
            else {
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
            self.expand(source, word, slot, &[], &mut all);
        }
        all.sort_unstable();
        all.dedup();
        if all.is_empty() {
            return None;
        }
        let next = self.class_index.len();
        Some(*self.class_index.entry(all).or_insert(next))
    }

    /// `inside` has the lists that are being written out: name and version.
    fn expand(
        &mut self,
        source: Source<'_>,
        word: &Spanned<String>,
        slot: &[Spanned<String>],
        inside: &[(&str, usize)],
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
        if name == "*" {
            for word in slot {
                self.expand(source, word, &[], inside, all);
            }
            return;
        }
        let Some(versions) = self.lists.get(name) else {
            self.problem(source, word, format!("unknown word list `{name}`"));
            return;
        };
        // Inside a list that an overlay replaces, its own name means the list that was there before.
        let above = inside.iter().rev().find(|(other, _)| *other == name);
        let version = above.map_or(versions.len(), |(_, version)| *version).checked_sub(1);
        let found = version.and_then(|version| Some((version, versions.get(version)?.entry)));
        match found {
            Some((version, list)) => {
                let inside: Vec<(&str, usize)> =
                    inside.iter().copied().chain([(name, version)]).collect();
                for word in list {
                    self.expand(source, word, slot, &inside, all);
                }
            }
            None => self.problem(source, word, format!("word list `{name}` refers to itself")),
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
                about: self.about.map(|(_, about)| about),
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
