//! One numeral, read word by word from left to right.

use super::cursor::Cursor;
use super::hedge::Hedge;
use super::{Numeral, Style, digit, is_scale, opens_numeral, scale, tidy};

/// A quantity with a lower and an upper bound, and what is left of it without 几.
#[derive(Debug, Clone, Copy)]
struct Value {
    low: f64,
    high: f64,
    base: f64,
}

impl Value {
    const ZERO: Value = Value::exact(0.0);

    const fn exact(value: f64) -> Value {
        Value { low: value, high: value, base: value }
    }

    fn times(self, factor: f64) -> Value {
        Value { low: self.low * factor, high: self.high * factor, base: self.base * factor }
    }

    fn plus(self, other: Value) -> Value {
        Value {
            low: self.low + other.low,
            high: self.high + other.high,
            base: self.base + other.base,
        }
    }

    fn is_zero(self) -> bool {
        self.high == 0.0
    }
}

/// The state of reading one numeral from left to right.
#[derive(Debug)]
pub(super) struct Reader<'t> {
    cursor: Cursor<'t>,
    /// Sum of the parts that ended in 万 or 亿.
    total: Value,
    /// Sum of the parts since then.
    section: Value,
    /// A digit that waits for its scale.
    pending: Option<Value>,
    /// Scale of the last part of the section; later ones must be smaller.
    small: f64,
    /// The last 万 or 亿.
    large: f64,
    /// Scale that directly precedes the cursor; a digit after it may stand for its tenth (四百五).
    last: f64,
    /// A 零, or digits that stand for themselves, came since the last scale.
    zero: bool,
    /// 万 and 亿 since the number's only digits.
    shared: f64,
    /// 百 or 千 after the number's only digit.
    minor: f64,
    parts: u8,
    hedge: Option<Hedge>,
    several: bool,
    style: Style,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Reader {
            cursor: Cursor::new(text, at),
            total: Value::ZERO,
            section: Value::ZERO,
            pending: None,
            small: f64::INFINITY,
            large: f64::INFINITY,
            last: 1.0,
            zero: false,
            shared: 1.0,
            minor: 1.0,
            parts: 0,
            hedge: None,
            several: false,
            style: Style::default(),
        }
    }

    pub(super) fn read(mut self) -> Option<Numeral> {
        let start = self.cursor.at;
        while self.step() {}
        if self.cursor.at == start {
            return None;
        }
        if self.pending.is_some() {
            self.minor = 1.0;
        }
        let tail = self.pending.unwrap_or(Value::ZERO);
        let short =
            if self.last >= 100.0 && !self.several && !self.zero { self.last / 10.0 } else { 1.0 };
        let sum = self.total.plus(self.section).plus(tail.times(short));
        let word = self.cursor.text.get(start..self.cursor.at).unwrap_or("");
        let one = word.chars().count() == 1;
        self.style.lone = one && self.style.digits == 0;
        let divisor = self.cursor.rest().starts_with("分之");
        if one && !divisor && "肆伍陆拾佰仟".contains(word) {
            return None;
        }
        Some(Numeral {
            end: self.cursor.at,
            low: tidy(sum.low),
            high: tidy(sum.high),
            base: tidy(sum.base),
            hedge: self.hedge,
            shared: if self.parts == 1 { self.shared } else { 1.0 },
            minor: if self.parts == 1 { self.minor } else { 1.0 },
            style: self.style,
            several: self.several,
        })
    }

    fn started(&self) -> bool {
        self.pending.is_some() || self.parts > 0
    }

    /// Reads one word; false at the end of the numeral.
    fn step(&mut self) -> bool {
        let mut next = self.cursor;
        if self.started() {
            next.skip_spaces();
        }
        let spaced = next.at != self.cursor.at;
        let Some(c) = next.peek() else { return false };
        if self.hedge.is_some() && !is_scale(c) {
            return false;
        }
        if c.is_ascii_digit() {
            return !spaced && self.ascii();
        }
        if let Some(value) = scale(c) {
            self.cursor = next;
            return self.scale(value);
        }
        if spaced && !"余多".contains(c) {
            return false;
        }
        match c {
            '余' | '多' | '来' => self.inner(c, next),
            '几' | '数' => self.some(c),
            '点' => self.point(),
            _ if digit(c).is_some() => self.digits(),
            _ => false,
        }
    }

    /// 12, 12,345.6; after 万 four digits, or digits with a scale of their own (5万4千).
    fn ascii(&mut self) -> bool {
        if self.pending.is_some() {
            return false;
        }
        let Some(run) = ascii_run(self.cursor.rest()) else { return false };
        let end = self.cursor.at + run.len;
        if self.parts > 0 {
            let next = Cursor::new(self.cursor.text, end).peek();
            let bound = |s: f64| if s < 1e4 { self.small } else { self.large };
            let scaled = next.and_then(scale).is_some_and(|s| s < bound(s));
            let whole = self.last == 1e4 && run.digits == 4 && !run.point && next != Some('年');
            if run.value >= self.last || !(scaled || whole) {
                return false;
            }
            self.zero = true;
        }
        self.style.digits = self.style.digits.max(run.digits);
        self.style.point |= run.point;
        self.style.grouped |= run.grouped;
        self.pending = Some(Value::exact(run.value));
        self.cursor.at = end;
        if self.parts == 0 {
            self.letter();
        }
        true
    }

    /// The k and w of chat: 15k, 10w条.
    fn letter(&mut self) {
        let mut next = self.cursor;
        let value = match next.peek() {
            Some('k' | 'K') => 1e3,
            Some('w' | 'W') => 1e4,
            _ => return,
        };
        next.bump();
        if next.peek().is_some_and(|c| c.is_ascii_alphanumeric()) {
            return;
        }
        let digit = self.pending.take().unwrap_or(Value::ZERO);
        self.total = digit.times(value);
        self.shared = value;
        self.large = value;
        self.took_scale(value);
    }

    /// 二, 两三, 二〇二一; 零 after a scale only holds a place.
    fn digits(&mut self) -> bool {
        if self.pending.is_some() {
            return false;
        }
        let rest = self.cursor.rest();
        let row = rest.chars().map_while(|c| digit(c).map(|value| (c, value)));
        let len = row.clone().count();
        let first = row.clone().next().unwrap_or(('零', 0.0));
        let second = row.clone().nth(1);
        if self.parts > 0 && first.1 == 0.0 {
            let mut next = self.cursor;
            next.bump();
            if next.peek().is_none_or(|c| !opens_numeral(c)) {
                return false;
            }
            self.cursor = next;
            self.zero = true;
            return true;
        }
        let (value, taken) = match second {
            Some(second) if len == 2 && approximate(first, second) => {
                (Value { low: first.1, high: second.1, base: first.1 }, 2)
            }
            Some(_) if self.parts == 0 => {
                self.style.row = true;
                (Value::exact(row.fold(0.0, |sum, (_, d)| sum * 10.0 + d)), len)
            }
            _ => (Value::exact(first.1), 1),
        };
        for _ in 0..taken {
            self.cursor.bump();
        }
        self.pending = Some(value);
        true
    }

    /// 几 and 数: a digit that is not told. 数 only opens a number.
    fn some(&mut self, c: char) -> bool {
        let after = {
            let mut next = self.cursor;
            next.bump();
            next.peek()
        };
        let scaled = after.and_then(scale).is_some_and(|scale| scale < 1e4);
        let opens = !self.started();
        if self.pending.is_some() || (c == '数' && !opens) {
            return false;
        }
        if c == '数'
            && self
                .cursor
                .previous()
                .is_some_and(|p| "人总次件条户个本倍少多岁指函参代算系计笔额".contains(p))
        {
            return false;
        }
        if c == '几' && after == Some('乎') {
            return false;
        }
        let low = if opens || scaled { 2.0 } else { 1.0 };
        self.pending =
            Some(Value { low, high: 10.0, base: if opens || scaled { low } else { 0.0 } });
        self.several = true;
        self.cursor.bump();
        true
    }

    fn scale(&mut self, value: f64) -> bool {
        let started = self.started();
        if value >= 1e4 { self.large_scale(value) } else { self.small_scale(value, started) }
    }

    fn small_scale(&mut self, value: f64, started: bool) -> bool {
        let implied = !started || (value == 10.0 && self.zero);
        if value >= self.small || (self.pending.is_none() && !implied) || self.style.row {
            return false;
        }
        self.style.bare |= !started && value > 10.0;
        let digit = self.pending.take().unwrap_or(Value::exact(1.0));
        self.minor = if self.section.is_zero() && value > 10.0 { value } else { 1.0 };
        self.section = self.section.plus(digit.times(value));
        self.small = value;
        self.took_scale(value);
        true
    }

    fn large_scale(&mut self, value: f64) -> bool {
        if self.pending.is_some() {
            self.minor = 1.0;
        }
        let waiting = self.section.plus(self.pending.take().unwrap_or(Value::ZERO));
        let started = self.parts > 0 || !waiting.is_zero();
        let waiting = if started { waiting } else { Value::exact(1.0) };
        self.style.bare |= !started;
        if waiting.is_zero() || value >= self.large {
            self.total = self.total.plus(waiting).times(value);
        } else {
            self.total = self.total.plus(waiting.times(value));
        }
        let alone = self.shared > 1.0 && waiting.is_zero() || self.large == f64::INFINITY;
        self.shared = if alone { self.shared * value } else { 1.0 };
        self.section = Value::ZERO;
        self.small = f64::INFINITY;
        self.large = value;
        self.took_scale(value);
        self.parts = if alone { 1 } else { 2 };
        true
    }

    fn took_scale(&mut self, value: f64) {
        self.cursor.bump();
        self.style.scaled = true;
        self.last = value;
        self.zero = false;
        self.parts = self.parts.max(1);
    }

    /// 余 and 多 after a number, 来 after a scale: 3000余万, 2万多, 十来个.
    fn inner(&mut self, c: char, mut next: Cursor<'t>) -> bool {
        next.bump();
        let after = next.peek();
        let whole = self.pending.is_none() || self.style.digits > 0;
        let named = c == '余' && after == Some('某');
        if !self.started() || named || (!whole && !after.is_some_and(is_scale)) {
            return false;
        }
        if c == '来'
            && (self.pending.is_some()
                || !after.is_some_and(|c| "个名人条万岁天年块元次家".contains(c)))
        {
            return false;
        }
        self.hedge = Some(if c == '来' { Hedge::About } else { Hedge::Over });
        self.cursor = next;
        true
    }

    /// 点 and the digits after it; not 十点二十分, which is a time.
    fn point(&mut self) -> bool {
        let mut next = self.cursor;
        next.bump();
        let row: Vec<f64> = next
            .rest()
            .chars()
            .map_while(|c| c.to_digit(10).map(f64::from).or_else(|| digit(c).filter(|_| c != '两')))
            .collect();
        if row.is_empty() || !self.started() || self.style.point {
            return false;
        }
        for _ in &row {
            next.bump();
        }
        if next.peek().is_some_and(|c| "十分刻钟时".contains(c)) && !next.rest().starts_with("分之")
        {
            return false;
        }
        let fraction = row.iter().rev().fold(0.0, |sum, d| (sum + d) / 10.0);
        let whole = self.pending.unwrap_or(Value::ZERO);
        self.pending = Some(whole.plus(Value::exact(fraction)));
        self.style.point = true;
        self.zero = true;
        self.cursor = next;
        true
    }
}

/// 两三, 三四 and 三五 mean one or the other; 二一 is a row of digits.
fn approximate(first: (char, f64), second: (char, f64)) -> bool {
    second.0 != '两'
        && first.1 > 0.0
        && (second.1 == first.1 + 1.0 || (first.0 == '三' && second.0 == '五'))
}

/// Where 160 700元 ends: groups of three parted by single blanks, right before a word that counts.
fn spaced_groups(text: &str, first: usize) -> Option<usize> {
    let mut end = first;
    while let Some(rest) = text.get(end..)?.strip_prefix(' ') {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits != 3 {
            break;
        }
        end += 4;
    }
    let counts = text.get(end..)?.starts_with(['元', '万', '亿', '条', '余', '名', '人']);
    ((1..=3).contains(&first) && first < end && counts).then_some(end)
}

/// A run of ASCII digits with commas by threes and a decimal part.
#[derive(Debug)]
struct AsciiRun {
    len: usize,
    value: f64,
    digits: u8,
    point: bool,
    grouped: bool,
}

fn ascii_run(text: &str) -> Option<AsciiRun> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut len = digits(text);
    let mut whole = len;
    let mut grouped = false;
    while (1..=3).contains(&len) || grouped {
        let Some(rest) = text.get(len..)?.strip_prefix([',', '，']) else { break };
        let comma = text.len() - len - rest.len();
        if digits(rest) != 3 {
            break;
        }
        // A full-width comma also parts clauses: it joins only where a decimal part follows.
        if comma > 1 && !rest.get(3..)?.starts_with('.') {
            break;
        }
        len += comma + 3;
        whole += 3;
        grouped = true;
    }
    if let Some(spaced) = spaced_groups(text, len) {
        len = spaced;
        whole += 3 * (spaced - whole) / 4;
        grouped = true;
    }
    let mut point = false;
    if let Some(rest) = text.get(len..)?.strip_prefix('.') {
        let fraction = digits(rest);
        if fraction > 0 {
            len += 1 + fraction;
            point = true;
        }
    }
    let printed = text.get(..len)?;
    let value =
        if grouped { printed.replace([',', '，', ' '], "").parse() } else { printed.parse() }
            .ok()?;
    Some(AsciiRun { len, value, digits: u8::try_from(whole).unwrap_or(u8::MAX), point, grouped })
}
