//! Draw: the content of a page becomes glyphs with their places.

use std::collections::BTreeMap;
use std::rc::Rc;

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Object, ObjectId};

use super::font::{Font, get, number, resolve};

/// The content of a page may not become larger.
const MAX_CONTENT: usize = 64 << 20;
/// A page does not draw more.
const MAX_GLYPHS: usize = 500_000;
/// Forms drawn inside forms.
const MAX_FORMS: usize = 8;
/// Steps that a page may take in all its forms.
const MAX_STEPS: usize = 5_000_000;

/// Some characters at a place; up is more.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mark {
    pub(super) text: String,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) size: f64,
}

/// What a page shows.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    pub(super) marks: Vec<Mark>,
    /// Glyphs of which the font does not tell the characters.
    pub(super) unknown: usize,
    pub(super) images: usize,
}

/// `[a b c d e f]` of PDF: x' = ax + cy + e, y' = bx + dy + f.
#[derive(Debug, Clone, Copy)]
struct Matrix([f64; 6]);

impl Matrix {
    const UNIT: Matrix = Matrix([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// First this, then `other`.
    fn then(self, other: Matrix) -> Matrix {
        let ([a, b, c, d, e, f], [g, h, i, j, k, l]) = (self.0, other.0);
        Matrix([
            a * g + b * i,
            a * h + b * j,
            c * g + d * i,
            c * h + d * j,
            e * g + f * i + k,
            e * h + f * j + l,
        ])
    }

    fn point(self, x: f64, y: f64) -> (f64, f64) {
        let [a, b, c, d, e, f] = self.0;
        (a * x + c * y + e, b * x + d * y + f)
    }

    fn of(operands: &[Object]) -> Option<Matrix> {
        let numbers: Vec<f64> = operands.iter().map(number).collect::<Option<_>>()?;
        Some(Matrix(numbers.try_into().ok()?))
    }
}

#[derive(Debug, Clone)]
struct State {
    matrix: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    character_spacing: f64,
    word_spacing: f64,
    scale: f64,
    leading: f64,
    rise: f64,
}

/// Everything a page shows.
pub(super) fn page(document: &Document, page: ObjectId, fonts: &mut Fonts) -> Drawn {
    let mut pen = Pen { document, fonts, drawn: Drawn::default(), turned: Vec::new(), steps: 0 };
    let Ok(content) = document.get_page_content_with_limit(page, MAX_CONTENT) else {
        return pen.drawn;
    };
    let (inline, shared) = document.get_page_resources(page).unwrap_or_default();
    let shared = shared.iter().filter_map(|id| document.get_dictionary(*id).ok());
    let resources: Vec<&Dictionary> = inline.into_iter().chain(shared).collect();
    pen.run(&content, &resources, Matrix::UNIT, 0);
    pen.finish()
}

/// Fonts that have been read.
pub(super) type Fonts = BTreeMap<ObjectId, Rc<Font>>;

struct Pen<'a> {
    document: &'a Document,
    fonts: &'a mut Fonts,
    drawn: Drawn,
    /// The direction in which each mark runs.
    turned: Vec<(f64, f64)>,
    steps: usize,
}

impl Pen<'_> {
    fn run(&mut self, content: &[u8], resources: &[&Dictionary], start: Matrix, depth: usize) {
        let Ok(Content { operations }) = Content::decode(content) else { return };
        let mut state = State {
            matrix: start,
            font: None,
            size: 1.0,
            character_spacing: 0.0,
            word_spacing: 0.0,
            scale: 1.0,
            leading: 0.0,
            rise: 0.0,
        };
        let mut saved: Vec<State> = Vec::new();
        let (mut text, mut line) = (Matrix::UNIT, Matrix::UNIT);
        for Operation { operator, operands } in &operations {
            self.steps += 1;
            if self.steps > MAX_STEPS || self.drawn.marks.len() > MAX_GLYPHS {
                return;
            }
            let at = |i: usize| operands.get(i).and_then(number);
            match operator.as_str() {
                "q" if saved.len() < 256 => saved.push(state.clone()),
                "Q" => state = saved.pop().unwrap_or(state),
                "cm" => {
                    if let Some(matrix) = Matrix::of(operands) {
                        state.matrix = matrix.then(state.matrix);
                    }
                }
                "BT" => (text, line) = (Matrix::UNIT, Matrix::UNIT),
                "Tf" => {
                    if let Some(Object::Name(name)) = operands.first() {
                        state.font = self.font(name, resources);
                    }
                    state.size = at(1).unwrap_or(1.0);
                }
                "Tc" => state.character_spacing = at(0).unwrap_or(0.0),
                "Tw" => state.word_spacing = at(0).unwrap_or(0.0),
                "Tz" => state.scale = at(0).unwrap_or(100.0) / 100.0,
                "TL" => state.leading = at(0).unwrap_or(0.0),
                "Ts" => state.rise = at(0).unwrap_or(0.0),
                "Tm" => {
                    if let Some(matrix) = Matrix::of(operands) {
                        (text, line) = (matrix, matrix);
                    }
                }
                "Td" | "TD" => {
                    let (x, y) = (at(0).unwrap_or(0.0), at(1).unwrap_or(0.0));
                    if operator == "TD" {
                        state.leading = -y;
                    }
                    line = Matrix([1.0, 0.0, 0.0, 1.0, x, y]).then(line);
                    text = line;
                }
                "T*" | "'" | "\"" => {
                    line = Matrix([1.0, 0.0, 0.0, 1.0, 0.0, -state.leading]).then(line);
                    text = line;
                    if operator == "\"" {
                        state.word_spacing = at(0).unwrap_or(0.0);
                        state.character_spacing = at(1).unwrap_or(0.0);
                    }
                    if let Some(Object::String(string, _)) = operands.last() {
                        self.show(string, &state, &mut text);
                    }
                }
                "Tj" => {
                    if let Some(Object::String(string, _)) = operands.first() {
                        self.show(string, &state, &mut text);
                    }
                }
                "TJ" => {
                    let parts = operands.first().and_then(|parts| parts.as_array().ok());
                    for part in parts.into_iter().flatten() {
                        match part {
                            Object::String(string, _) => self.show(string, &state, &mut text),
                            other => {
                                let back = number(other).unwrap_or(0.0) / 1000.0 * state.size;
                                text = advance(&state, -back).then(text);
                            }
                        }
                    }
                }
                "Do" => {
                    if let Some(Object::Name(name)) = operands.first() {
                        self.draw(name, resources, state.matrix, depth);
                    }
                }
                "BI" => self.drawn.images += 1,
                _ => {}
            }
        }
    }

    /// An image or a form.
    fn draw(&mut self, name: &[u8], resources: &[&Dictionary], start: Matrix, depth: usize) {
        let object = resources.iter().find_map(|resources| {
            get(get(resources, b"XObject", self.document)?.as_dict().ok()?, name, self.document)
        });
        let Some(Ok(stream)) = object.map(Object::as_stream) else { return };
        if !stream.dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|kind| kind == b"Form")
        {
            self.drawn.images += 1;
            return;
        }
        let Ok(content) = stream.get_plain_content_with_limit(MAX_CONTENT) else { return };
        if depth >= MAX_FORMS {
            return;
        }
        let matrix = get(&stream.dict, b"Matrix", self.document)
            .and_then(|matrix| Matrix::of(matrix.as_array().ok()?))
            .unwrap_or(Matrix::UNIT);
        let own = get(&stream.dict, b"Resources", self.document).and_then(|own| own.as_dict().ok());
        let resources: Vec<&Dictionary> =
            own.into_iter().chain(resources.iter().copied()).collect();
        self.run(&content, &resources, matrix.then(start), depth + 1);
    }

    fn font(&mut self, name: &[u8], resources: &[&Dictionary]) -> Option<Rc<Font>> {
        let entry = resources.iter().find_map(|resources| {
            get(resources, b"Font", self.document)?.as_dict().ok()?.get(name).ok()
        })?;
        let read = |document| {
            let font = resolve(entry, document)?.as_dict().ok()?;
            Some(Rc::new(Font::of(font, document)))
        };
        let Ok(id) = entry.as_reference() else { return read(self.document) };
        if let Some(font) = self.fonts.get(&id) {
            return Some(Rc::clone(font));
        }
        let font = read(self.document)?;
        self.fonts.insert(id, Rc::clone(&font));
        Some(font)
    }

    fn show(&mut self, string: &[u8], state: &State, text: &mut Matrix) {
        let Some(font) = &state.font else { return };
        for glyph in font.glyphs(string) {
            let spacing =
                state.character_spacing + if glyph.is_space { state.word_spacing } else { 0.0 };
            let step = match font.vertical {
                true => -state.size,
                false => glyph.width * state.size,
            };
            let whole = text.then(state.matrix);
            let start = whole.point(0.0, state.rise);
            let end = match font.vertical {
                true => whole.point(0.0, state.rise + step),
                false => whole.point(step * state.scale, state.rise),
            };
            let up = whole.point(0.0, state.rise + state.size);
            let size = (up.0 - start.0).hypot(up.1 - start.1);
            let along = (end.0 - start.0, end.1 - start.1);
            *text = match font.vertical {
                true => Matrix([1.0, 0.0, 0.0, 1.0, 0.0, step - spacing]),
                false => advance(state, step + spacing),
            }
            .then(*text);
            let blank = glyph.text.chars().all(|c| c.is_whitespace() || c.is_control());
            if glyph.text.is_empty() {
                self.drawn.unknown += 1;
            } else if !blank
                && self.drawn.marks.len() <= MAX_GLYPHS
                && size.is_finite()
                && size > 0.5
            {
                let width = along.0.hypot(along.1);
                self.turned.push(along);
                self.drawn.marks.push(Mark {
                    text: glyph.text,
                    x: start.0,
                    y: start.1,
                    width,
                    size,
                });
            }
        }
    }

    /// The marks as they stand when the page is held so that most of its lines can be read.
    fn finish(mut self) -> Drawn {
        let turn = |along: &(f64, f64)| match along {
            (x, y) if x.abs() >= y.abs() => usize::from(*x < 0.0) * 2,
            (_, y) => 1 + usize::from(*y < 0.0) * 2,
        };
        let mut turns = [0_usize; 4];
        for along in &self.turned {
            if let Some(count) = turns.get_mut(turn(along)) {
                *count += 1;
            }
        }
        let most = (0..4).max_by_key(|turn| (turns.get(*turn), 4 - turn)).unwrap_or(0);
        // What runs across the rest is a mark on the margin.
        let mut along = self.turned.iter();
        self.drawn.marks.retain(|_| along.next().is_some_and(|along| turn(along) == most));
        for mark in &mut self.drawn.marks {
            (mark.x, mark.y) = match most {
                0 => (mark.x, mark.y),
                1 => (mark.y, -mark.x),
                2 => (-mark.x, -mark.y),
                _ => (-mark.y, mark.x),
            };
        }
        self.drawn
    }
}

fn advance(state: &State, by: f64) -> Matrix {
    let vertical = state.font.as_ref().is_some_and(|font| font.vertical);
    match vertical {
        true => Matrix([1.0, 0.0, 0.0, 1.0, 0.0, by]),
        false => Matrix([1.0, 0.0, 0.0, 1.0, by * state.scale, 0.0]),
    }
}
