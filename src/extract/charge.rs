//! Charges: 侵犯公民个人信息罪, 涉嫌诈骗, 王某等人非法获取公民个人信息案.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::text::{Spanned, head, is_han, piece, within};
use crate::knowledge::lists;
use crate::model::{Found, Offence};

/// A charge named in the text, without 罪 or 案.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Charge {
    pub(super) span: Range<usize>,
    pub(super) code: Option<String>,
    pub(super) form: Form,
}

/// How a charge is printed, the weightiest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// The bare words, which may describe what was done rather than name a charge.
    Bare,
    /// 侵犯公民个人信息犯罪: a kind of crime.
    Kind,
    /// …案.
    CaseName,
    /// 涉嫌….
    Suspected,
    /// …罪.
    Crime,
}

impl Spanned for Charge {
    fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

/// Every charge of the text: `phrases` gives the spans of known charges with their codes.
pub(super) fn charges(text: &str, phrases: Vec<(Range<usize>, Option<String>)>) -> Vec<Charge> {
    phrases
        .into_iter()
        .map(|(span, code)| {
            let after = piece(text, span.end..text.len());
            let before = piece(text, 0..span.start);
            let form = if after.starts_with('罪') {
                Form::Crime
            } else if before.ends_with("涉嫌") {
                Form::Suspected
            } else if of_a_case(after) {
                Form::CaseName
            } else if after.starts_with("犯罪") || after.starts_with("违法犯罪") {
                Form::Kind
            } else {
                Form::Bare
            };
            Charge { span, code, form }
        })
        .collect()
}

/// Words in the place of a charge that no list has: 以损害商业信誉罪判处, 涉嫌保险诈骗案.
pub(super) fn unlisted(text: &str, lists: &lists::Charge) -> Vec<Range<usize>> {
    static PLACE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?:以|犯|涉嫌|构成)([\p{Han}、（）]{2,24}?)罪|涉嫌([\p{Han}、]{2,20}?)(?:系列)?案",
        )
        .expect("valid")
    });
    PLACE
        .captures_iter(text)
        .filter_map(|captures| captures.get(1).or_else(|| captures.get(2)))
        .filter_map(|found| {
            let words = found.as_str();
            let skip = lists
                .before
                .iter()
                .filter_map(|word| Some(words.rfind(word)? + word.len()))
                .max()
                .unwrap_or(0);
            let name = words.get(skip..)?;
            let plain = 2 <= name.chars().count() && !lists.not_inside.stands_in(name);
            (plain && !name.starts_with('罪')).then(|| found.start() + skip..found.end())
        })
        .collect()
}

/// Whether the words behind a charge run on to 案: …案, …的案件, …传播违法信息的案件.
fn of_a_case(after: &str) -> bool {
    head(after, 14)
        .chars()
        .take_while(|mark| is_han(*mark) || matches!(mark, '“' | '”'))
        .any(|mark| mark == '案')
}

/// The charge of a case: the crime stated (…罪, 涉嫌…), else its own name's, else that of the set it illustrates.
///
/// A case name (丁某等人…案) that holds no charge gives `None` unless the telling states a crime.
pub(super) fn offence(
    text: &str,
    case_name: Option<&Range<usize>>,
    passages: &[Range<usize>],
    charges: &[Charge],
    of_set: Option<&Charge>,
) -> Option<Found<Offence>> {
    let told: Vec<&Charge> =
        passages.iter().flat_map(|passage| within(charges, passage.clone())).collect();
    let named = case_name.and_then(|name| within(charges, name.clone()).first());
    let crime = told
        .iter()
        .filter(|charge| Form::Suspected <= charge.form)
        .max_by_key(|charge| (charge.form, usize::MAX - charge.span.start))
        .copied();
    let weak = |least: Form| {
        told.iter()
            .filter(|charge| least <= charge.form)
            .max_by_key(|charge| (charge.form, usize::MAX - charge.span.start))
            .copied()
    };
    // 侵犯公民个人信息70余万条 names the charge though no 罪 follows; 诈骗 or 盗窃 alone only describe.
    let describes = |charge: &&Charge| piece(text, charge.span.clone()).ends_with("公民个人信息");
    let chosen = match (crime, named) {
        (Some(crime), _) => Some(crime),
        (None, Some(named)) => Some(named),
        (None, None) if case_name.is_some() => None,
        (None, None) => weak(Form::Kind).or(of_set).or_else(|| weak(Form::Bare).filter(describes)),
    }?;
    Some(Found::new(
        Offence { name: piece(text, chosen.span.clone()).to_owned(), code: chosen.code.clone() },
        chosen.span.clone(),
        "charge",
    ))
}
