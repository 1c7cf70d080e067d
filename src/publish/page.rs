//! Show: the counts of a snapshot as one static page, `report.html`.

use std::fmt::Write as _;

use super::manifest::Snapshot;
use super::sorted;
use super::summary::{Gathered, Summaries, Totals};

const STYLE: &str = "\
:root { color-scheme: light dark; --text: #1c1c1c; --page: #fdfdfb; --line: #c9c9c4; --faint: #63635e; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e6e1; --page: #1b1b1a; --line: #4a4a46; --faint: #a3a39c; }
}
body { max-width: 60rem; margin: 0 auto; padding: 1rem; color: var(--text); background: var(--page);
  font: 1rem/1.5 system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--faint); padding-bottom: 0.25rem; }
th, td { padding: 0.2rem 0.8rem 0.2rem 0; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child { text-align: left; }
dt { color: var(--faint); }
dd { margin: 0 0 0.4rem; overflow-wrap: anywhere; }
";

/// The page. Everything that comes from articles is escaped, and nothing is fetched or run.
pub(super) fn page(tables: &Gathered, summaries: &Summaries, made_from: &Snapshot) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>anjuan: {} cases</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>Cases of crimes against personal information</h1>\n",
        tables.cases.len()
    );
    page.push_str(
        "<p>Counts of what was read from the articles given, not of crime: a case that no article tells is \
         not here, and a number that no article prints is counted as not told, never as zero.</p>\n",
    );
    page.push_str(&funnel(tables));
    page.push_str(&by_year(summaries));
    page.push_str(&by_province(summaries));
    page.push_str(&facets(summaries));
    page.push_str(&measures(summaries));
    page.push_str(&rejects(tables));
    page.push_str(&origin(made_from));
    page.push_str("</body>\n</html>\n");
    page
}

/// A section with one table; the first column holds names, the others numbers.
fn section(title: &str, caption: &str, head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("<section>\n<h2>{}</h2>\n", escape(title));
    if rows.is_empty() {
        text.push_str("<p>None.</p>\n</section>\n");
        return text;
    }
    let _ =
        writeln!(text, "<div class=\"scroll\">\n<table>\n<caption>{}</caption>", escape(caption));
    let head: String =
        head.iter().map(|name| format!("<th scope=\"col\">{}</th>", escape(name))).collect();
    let _ = writeln!(text, "<thead><tr>{head}</tr></thead>\n<tbody>");
    for row in rows {
        let cells: String = row.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
        let _ = writeln!(text, "<tr>{cells}</tr>");
    }
    text.push_str("</tbody>\n</table>\n</div>\n</section>\n");
    text
}

/// From inputs to cases.
fn funnel(tables: &Gathered) -> String {
    let (articles, rejects) = (tables.count("articles"), tables.count("rejects"));
    let steps = [
        ("documents given", (articles + rejects).to_string()),
        ("rejected, with a reason", rejects.to_string()),
        ("articles read", articles.to_string()),
        ("articles without repeats", tables.canonical().to_string()),
        ("of them relevant", tables.relevant.to_string()),
        ("tellings of cases", tables.count("mentions").to_string()),
        ("distinct cases", tables.count("cases").to_string()),
        ("published totals and shares", tables.count("statistics").to_string()),
    ];
    let rows: Vec<_> = steps.map(|(name, n)| vec![name.to_owned(), n]).into();
    section("From documents to cases", "one row per step", &["step", "n"], &rows)
}

const TOTALS: [&str; 5] = ["cases", "articles", "suspects", "records", "illegal gain (yuan)"];

fn totals(totals: &Totals) -> Vec<String> {
    vec![
        totals.n.to_string(),
        totals.article_count.to_string(),
        told(totals.suspects, totals.suspects_n),
        told(totals.records, totals.records_n),
        told(totals.illegal_gain_yuan, totals.illegal_gain_yuan_n),
    ]
}

/// A sum and how many cases it comes from.
fn told(sum: Option<i64>, n: i64) -> String {
    sum.map_or_else(|| "–".to_owned(), |sum| format!("{} (n={n})", grouped(sum)))
}

/// Digits in groups of three.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A section of totals by name; rows without a name come last.
fn totals_section<'a>(
    title: &str,
    from: Option<&str>,
    name: &str,
    rows: impl Iterator<Item = (Option<String>, &'a Totals)>,
) -> String {
    let (named, unnamed): (Vec<_>, Vec<_>) = rows.partition(|(name, _)| name.is_some());
    let rows: Vec<Vec<String>> = named
        .into_iter()
        .chain(unnamed)
        .map(|(name, row)| {
            let mut cells = vec![name.unwrap_or_else(|| "not told".to_owned())];
            cells.extend(totals(row));
            cells
        })
        .collect();
    let head: Vec<&str> = [name].into_iter().chain(TOTALS).collect();
    let caption = format!(
        "from {}; sums as printed, of the n cases that print the number",
        from.unwrap_or("")
    );
    section(title, &caption, &head, &rows)
}

fn by_year(summaries: &Summaries) -> String {
    let rows = sorted(&summaries.by_year);
    let from = made_from(&summaries.by_year);
    let rows = rows.into_iter().map(|row| {
        let basis = row.basis.as_deref().unwrap_or("");
        (row.year.map(|year| format!("{year} ({})", basis.replace('_', " "))), &row.totals)
    });
    totals_section("By year", from, "year", rows)
}

fn by_province(summaries: &Summaries) -> String {
    let rows = sorted(&summaries.by_province);
    let name =
        |row: &super::summary::ByProvince| row.province.clone().or(row.province_code.clone());
    let rows = rows.into_iter().map(|row| (name(row), &row.totals));
    totals_section("By province", made_from(&summaries.by_province), "province", rows)
}

fn made_from<R: super::column::Row>(_: &[R]) -> Option<&'static str> {
    R::MADE_FROM
}

fn facets(summaries: &Summaries) -> String {
    /// One facet's section, the largest groups first.
    macro_rules! facet {
        ($title:literal, $rows:expr) => {{
            let mut rows = sorted($rows);
            rows.sort_by_key(|row| std::cmp::Reverse(row.totals.n));
            let name = |code: &Option<String>, zh: &Option<String>| {
                code.as_ref()
                    .map(|code| format!("{} {code}", zh.as_deref().unwrap_or("")).trim().to_owned())
            };
            let rows = rows.into_iter().map(|row| (name(&row.code, &row.zh), &row.totals));
            totals_section($title, made_from($rows), "label", rows)
        }};
    }
    [
        facet!("By method", &summaries.by_method),
        facet!("By data type", &summaries.by_data_type),
        facet!("By industry", &summaries.by_industry),
        facet!("By use", &summaries.by_use),
    ]
    .concat()
}

fn measures(summaries: &Summaries) -> String {
    let number =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| value.to_string());
    let rows: Vec<_> = summaries
        .measures
        .iter()
        .map(|row| {
            let (n, exact) = (row.n.to_string(), row.exact_n.to_string());
            vec![
                row.measure.clone(),
                n,
                exact,
                number(row.median),
                number(row.p90),
                number(row.max),
            ]
        })
        .collect();
    let head = ["number", "cases that print it", "without a hedge", "median", "p90", "largest"];
    section("Numbers", "from cases that print the number; as printed", &head, &rows)
}

fn rejects(tables: &Gathered) -> String {
    let rows: Vec<_> = tables
        .rejects
        .iter()
        .map(|((stage, reason), n)| vec![format!("{stage}: {reason}"), n.to_string()])
        .collect();
    section("Rejects", "documents that gave no article", &["stage and reason", "n"], &rows)
}

fn origin(made_from: &Snapshot) -> String {
    let mut text = String::from("<section>\n<h2>Made from</h2>\n<dl>\n");
    let facts = [
        ("snapshot", &made_from.id()),
        ("anjuan", &made_from.version),
        ("inputs", &made_from.inputs),
        ("configuration", &made_from.config),
        ("knowledge", &made_from.knowledge),
    ];
    for (name, value) in facts {
        let _ = writeln!(text, "<dt>{name}</dt><dd>{}</dd>", escape(value));
    }
    text.push_str("</dl>\n</section>\n");
    text
}

/// Text that cannot become markup, in an element or an attribute. Control characters, which HTML has no
/// way to write, are replaced.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() && c != '\n' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_groups() {
        for (number, expected) in
            [(0, "0"), (999, "999"), (1_000, "1 000"), (-12_345_678, "-12 345 678")]
        {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn markup_is_text() {
        assert_eq!(
            escape("<a title='x'>&\"\u{8}"),
            "&lt;a title=&#39;x&#39;&gt;&amp;&quot;\u{fffd}"
        );
    }
}
