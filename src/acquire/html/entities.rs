//! Unescape: character references such as `&nbsp;`, `&#8220;` and `&#x4E2D;`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Names of U+00A0 to U+00FF, in order.
const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr \
    deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest \
    Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml \
    ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig \
    agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml \
    eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

/// The other names that pages use.
const NAMED: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("bdquo", '„'),
    ("lsaquo", '‹'),
    ("rsaquo", '›'),
    ("mdash", '—'),
    ("ndash", '–'),
    ("horbar", '―'),
    ("hellip", '…'),
    ("bull", '•'),
    ("permil", '‰'),
    ("prime", '′'),
    ("Prime", '″'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("zwnj", '\u{200c}'),
    ("zwj", '\u{200d}'),
    ("lrm", '\u{200e}'),
    ("rlm", '\u{200f}'),
    ("euro", '€'),
    ("trade", '™'),
    ("larr", '←'),
    ("uarr", '↑'),
    ("rarr", '→'),
    ("darr", '↓'),
    ("harr", '↔'),
    ("rArr", '⇒'),
    ("minus", '−'),
    ("lowast", '∗'),
    ("infin", '∞'),
    ("asymp", '≈'),
    ("ne", '≠'),
    ("le", '≤'),
    ("ge", '≥'),
    ("radic", '√'),
    ("sum", '∑'),
    ("loz", '◊'),
    ("spades", '♠'),
    ("clubs", '♣'),
    ("hearts", '♥'),
    ("diams", '♦'),
    ("star", '☆'),
    ("starf", '★'),
    ("check", '✓'),
    ("tilde", '˜'),
    ("circ", 'ˆ'),
    ("alpha", 'α'),
    ("beta", 'β'),
    ("gamma", 'γ'),
    ("delta", 'δ'),
    ("lambda", 'λ'),
    ("mu", 'μ'),
    ("pi", 'π'),
    ("sigma", 'σ'),
    ("omega", 'ω'),
    ("Omega", 'Ω'),
    ("Delta", 'Δ'),
    ("Sigma", 'Σ'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("excl", '!'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("lpar", '('),
    ("rpar", ')'),
    ("ast", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("semi", ';'),
    ("equals", '='),
    ("quest", '?'),
    ("commat", '@'),
    ("lsqb", '['),
    ("lbrack", '['),
    ("bsol", '\\'),
    ("rsqb", ']'),
    ("rbrack", ']'),
    ("lowbar", '_'),
    ("grave", '`'),
    ("lcub", '{'),
    ("verbar", '|'),
    ("vert", '|'),
    ("rcub", '}'),
];

/// What browsers make of `&#128;` to `&#159;`.
const WINDOWS_1252: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

/// The character that a reference at the start of `text` stands for, and the reference's length.
pub(super) fn reference(text: &str) -> Option<(char, usize)> {
    let body = text.strip_prefix('&')?;
    let length =
        body.bytes().take(32).take_while(|b| b.is_ascii_alphanumeric() || *b == b'#').count();
    let name = body.get(..length)?;
    let closed = usize::from(body.as_bytes().get(length) == Some(&b';'));
    let c = match name.strip_prefix('#') {
        Some(digits) => numbered(digits)?,
        // Old pages leave the semicolon out of the commonest ones.
        None if closed == 0 && !matches!(name, "nbsp" | "lt" | "gt" | "amp" | "quot") => {
            return None;
        }
        None => named(name)?,
    };
    Some((c, 1 + length + closed))
}

fn numbered(digits: &str) -> Option<char> {
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    Some(match code.ok()? {
        0 => '\u{fffd}',
        code @ 0x80..=0x9f => {
            let place = usize::try_from(code - 0x80).ok()?;
            WINDOWS_1252.chars().nth(place)?
        }
        code => char::from_u32(code).unwrap_or('\u{fffd}'),
    })
}

fn named(name: &str) -> Option<char> {
    static ALL: LazyLock<HashMap<&str, char>> = LazyLock::new(|| {
        let latin = LATIN.split_whitespace().zip('\u{a0}'..='\u{ff}');
        NAMED.iter().copied().chain(latin).collect()
    });
    ALL.get(name).copied()
}

/// The value of an attribute.
pub(in crate::acquire) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.find('&').and_then(|at| rest.split_at_checked(at)) {
        out.push_str(before);
        let (c, length) = reference(from).unwrap_or(('&', 1));
        out.push(c);
        rest = from.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let check = |text: &str, expected: &str| assert_eq!(unescape(text), expected, "{text}");
        check("一&nbsp;二", "一\u{a0}二");
        check("一&nbsp二", "一\u{a0}二");
        check("&ldquo;内鬼&rdquo;&hellip;&middot;", "“内鬼”…·");
        check("&#20013;&#x4e2D;&#8220", "中中“");
        check("&#0;&#xD800;&#147;&yuml;", "\u{fffd}\u{fffd}“ÿ");
        check("&amp;lt;", "&lt;");
        check("a&b=1&copy=2&unknown;&", "a&b=1&copy=2&unknown;&");
        check("&#99999999999;", "&#99999999999;");
    }

    #[test]
    fn latin_names_are_in_order() {
        assert_eq!(LATIN.split_whitespace().count(), 96);
        assert_eq!(named("times"), Some('×'));
        assert_eq!(named("divide"), Some('÷'));
    }
}
