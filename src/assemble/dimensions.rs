//! Dimensions: what is known of labels, divisions and offences, as rows.

use super::facet_of;
use crate::knowledge::Knowledge;
use crate::knowledge::division::Level;
use crate::publish::{self, Draft, rows};

/// Adds the rows of the tables that follow from knowledge alone.
pub fn add_dimensions(knowledge: &Knowledge, draft: &mut Draft<'_>) -> Result<(), publish::Error> {
    taxonomy_rows(knowledge).into_iter().try_for_each(|row| draft.term(row))?;
    division_rows(knowledge).into_iter().try_for_each(|row| draft.division(row))?;
    offence_rows(knowledge).iter().try_for_each(|row| draft.add(row))
}

fn taxonomy_rows(knowledge: &Knowledge) -> Vec<rows::Term> {
    let terms = knowledge.taxonomy.iter().map(|term| rows::Term {
        facet: facet_of(knowledge, &term.facet, &term.code),
        code: term.code.clone(),
        parent: term.parent.clone(),
        zh: term.zh.clone(),
        en: term.en.clone(),
        definition: Some(term.definition.clone()).filter(|text| !text.is_empty()),
        standard: Some(term.standard_text()).filter(|text| !text.is_empty()),
    });
    terms.collect()
}

fn division_rows(knowledge: &Knowledge) -> Vec<rows::Division> {
    let divisions = knowledge.divisions.iter().map(|division| rows::Division {
        code: division.code.clone(),
        name: division.name.clone(),
        level: match division.level {
            Level::Nation => rows::Level::Nation,
            Level::Province => rows::Level::Province,
            Level::City => rows::Level::City,
            Level::County => rows::Level::County,
        },
        parent_code: division.parent.clone(),
        province: Some(division.province.clone()),
        city: division.city.clone(),
        county: division.county.clone(),
        retired: division.retired.is_some(),
        successor_code: (!division.successors.is_empty()).then(|| division.successors.join(",")),
    });
    // Totals of the whole country refer to this row.
    let nation = rows::Division {
        code: "000000".to_owned(),
        name: "全国".to_owned(),
        level: rows::Level::Nation,
        parent_code: None,
        province: None,
        city: None,
        county: None,
        retired: false,
        successor_code: None,
    };
    std::iter::once(nation).chain(divisions).collect()
}

fn offence_rows(knowledge: &Knowledge) -> Vec<rows::Offence> {
    let offences = knowledge.offences.iter().map(|offence| rows::Offence {
        code: offence.code.clone(),
        zh: offence.zh.join(" / "),
        en: offence.en.clone(),
        law: offence.law.clone(),
    });
    offences.collect()
}
