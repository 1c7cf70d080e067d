//! Layout: glyphs on pages become paragraphs, column after column.

use super::draw::Mark;

/// A gutter between columns is at least this wide, in characters.
const GUTTER: f64 = 0.8;
/// Columns have at least so many lines, of so many characters; a table has shorter cells.
const COLUMN_LINES: usize = 3;
const COLUMN_CHARACTERS: usize = 6;
/// What is this much larger than the text is a heading.
const HEADING: f64 = 1.15;
/// Running heads and page numbers stand in this share of the page at its top and bottom.
const MARGIN: f64 = 0.12;
/// A page with more lines is no page.
const MOST_ROWS: usize = 2000;
/// Columns inside columns.
const MAX_DEPTH: usize = 8;

/// A paragraph, and whether it is a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paragraph {
    pub(super) text: String,
    pub(super) is_heading: bool,
}

/// Glyphs on one line across the page.
#[derive(Debug, Clone)]
struct Row {
    y: f64,
    marks: Vec<Mark>,
}

/// A line of text in its column.
#[derive(Debug, Clone)]
struct Line {
    text: String,
    x: (f64, f64),
    y: f64,
    size: f64,
    /// The edges of the column.
    column: (f64, f64),
    page: usize,
}

/// The paragraphs of a document, from the glyphs of its pages.
pub(super) fn paragraphs(pages: Vec<Vec<Mark>>) -> Vec<Paragraph> {
    let mut pages: Vec<Vec<Row>> = pages.into_iter().map(rows).collect();
    drop_running(&mut pages);
    let mut lines = Vec::new();
    for (number, rows) in pages.iter().enumerate() {
        read(rows, number, 0, &mut lines);
    }
    let body = body_size(&lines);
    let leading = leading(&lines, body);
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    let mut last: Option<Line> = None;
    for line in lines {
        let is_heading = line.size > HEADING * body;
        match (paragraphs.last_mut(), &last) {
            (Some(paragraph), Some(last)) if continues(last, &line, body, leading) => {
                join(&mut paragraph.text, &line.text);
            }
            _ => paragraphs.push(Paragraph { text: line.text.clone(), is_heading }),
        }
        last = Some(line);
    }
    paragraphs
}

/// Glyphs with the same base line, from top to bottom, each row from left to right.
fn rows(mut marks: Vec<Mark>) -> Vec<Row> {
    marks.sort_by(|a, b| b.y.total_cmp(&a.y));
    let mut rows: Vec<Row> = Vec::new();
    for mark in marks {
        match rows.last_mut() {
            Some(row) if (row.y - mark.y).abs() < 0.3 * mark.size => row.marks.push(mark),
            _ => rows.push(Row { y: mark.y, marks: vec![mark] }),
        }
    }
    for row in &mut rows {
        row.marks.sort_by(|a, b| a.x.total_cmp(&b.x));
        // Some programs draw a glyph twice to make it bold.
        row.marks.dedup_by(|b, a| a.text == b.text && (b.x - a.x).abs() < 0.3 * a.size);
    }
    rows
}

/// The glyphs that a reader would read first come first.
fn read(rows: &[Row], page: usize, depth: usize, lines: &mut Vec<Line>) {
    let column = rows.iter().fold((f64::MAX, f64::MIN), |(left, right), row| {
        let (from, to) = extent(&row.marks);
        (left.min(from), right.max(to))
    });
    let mut rest = rows;
    while let Some((first, after)) = rest.split_first() {
        let block = if depth < MAX_DEPTH { columned(rest) } else { None };
        let Some((n, gutters)) = block else {
            lines.push(line(first, column, page));
            rest = after;
            continue;
        };
        let (block, below) = rest.split_at(n.min(rest.len()));
        let edges = { gutters.iter().copied() }.chain([f64::INFINITY]);
        let mut left = f64::NEG_INFINITY;
        for right in edges {
            let inside = |mark: &&Mark| (left..right).contains(&(mark.x + mark.width / 2.0));
            let part = block.iter().filter_map(|row| {
                let marks: Vec<Mark> = row.marks.iter().filter(inside).cloned().collect();
                (!marks.is_empty()).then_some(Row { y: row.y, marks })
            });
            read(&part.collect::<Vec<Row>>(), page, depth + 1, lines);
            left = right;
        }
        rest = below;
    }
}

fn extent(marks: &[Mark]) -> (f64, f64) {
    marks.iter().fold((f64::MAX, f64::MIN), |(left, right), mark| {
        (left.min(mark.x), right.max(mark.x + mark.width))
    })
}

/// How many rows from the first stand in columns, and the middles of the gutters between them.
fn columned(rows: &[Row]) -> Option<(usize, Vec<f64>)> {
    if MOST_ROWS < rows.len() {
        return None;
    }
    let size = rows.iter().take(60).flat_map(|row| &row.marks).map(|mark| mark.size);
    let mut sizes: Vec<f64> = size.collect();
    sizes.sort_by(f64::total_cmp);
    let size = *sizes.get(sizes.len() / 2)?;
    // What is covered by glyphs, from left to right.
    let mut covered: Vec<(f64, f64)> = Vec::new();
    let (mut gaps, mut rows_with_gaps) = (Vec::new(), 0);
    for (n, row) in (1..).zip(rows) {
        covered.extend(row.marks.iter().map(|mark| (mark.x, mark.x + mark.width)));
        covered.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut joined: Vec<(f64, f64)> = Vec::new();
        for (from, to) in covered {
            match joined.last_mut() {
                Some(last) if from - last.1 < GUTTER * size => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        covered = joined;
        if covered.len() > 1 {
            let pairs = covered.iter().zip(covered.iter().skip(1));
            gaps = pairs.map(|(left, right)| f64::midpoint(left.1, right.0)).collect();
            rows_with_gaps = n;
        } else if rows_with_gaps > 0 || COLUMN_LINES * 2 < n {
            // A line reaches across everything: there are no columns below it either.
            break;
        }
    }
    let block = rows.get(..rows_with_gaps)?;
    gaps.retain(|at| separates(block, *at));
    (!gaps.is_empty()).then_some((rows_with_gaps, gaps))
}

/// Whether there are lines of text, not cells of a table, on both sides.
fn separates(rows: &[Row], at: f64) -> bool {
    let (mut lines, mut characters) = ([0_usize; 2], [0_usize; 2]);
    for row in rows {
        let left = row.marks.iter().filter(|mark| mark.x < at).count();
        for (side, n) in [left, row.marks.len() - left].into_iter().enumerate() {
            if let (Some(lines), Some(characters)) = (lines.get_mut(side), characters.get_mut(side))
            {
                *lines += usize::from(n > 0);
                *characters += n;
            }
        }
    }
    lines.iter().zip(&characters).all(|(lines, characters)| {
        COLUMN_LINES <= *lines && COLUMN_CHARACTERS * lines <= *characters
    })
}

fn line(row: &Row, column: (f64, f64), page: usize) -> Line {
    let mut text = String::new();
    let mut last: Option<&Mark> = None;
    let mut size = 0.0_f64;
    for mark in &row.marks {
        if let Some(last) = last {
            let gap = (mark.x - last.x - last.width) / mark.size;
            let ends = last.text.chars().next_back().zip(mark.text.chars().next());
            let latin = ends.is_some_and(|(a, b)| a.is_ascii() || b.is_ascii());
            match gap {
                gap if gap > 2.0 => text.push('\t'),
                gap if gap > 0.4 || (gap > 0.2 && latin) => text.push(' '),
                _ => {}
            }
        }
        text.push_str(&mark.text);
        size = size.max(mark.size);
        last = Some(mark);
    }
    Line { text, x: extent(&row.marks), y: row.y, size, column, page }
}

/// The size of most of the text.
fn body_size(lines: &[Line]) -> f64 {
    let mut sizes: Vec<(f64, usize)> =
        lines.iter().map(|line| (line.size, line.text.chars().count())).collect();
    sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = sizes.iter().map(|(_, n)| n).sum::<usize>() / 2;
    let mut seen = 0;
    let middle = sizes.iter().find(|(_, n)| {
        seen += n;
        seen > half
    });
    middle.map_or(1.0, |(size, _)| *size)
}

/// The usual distance between lines of the text.
fn leading(lines: &[Line], body: f64) -> f64 {
    let steps = lines.iter().zip(lines.iter().skip(1)).map(|(a, b)| a.y - b.y);
    let mut steps: Vec<f64> =
        steps.filter(|step| (0.8 * body..3.0 * body).contains(step)).collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len() / 3).copied().unwrap_or(1.5 * body)
}

/// Whether a line goes on with the paragraph of the last.
fn continues(last: &Line, line: &Line, body: f64, leading: f64) -> bool {
    let step = last.y - line.y;
    let same_column = last.page == line.page && last.column == line.column && step > 0.0;
    if (last.size - line.size).abs() > 0.1 * last.size {
        return false;
    }
    if line.size > HEADING * body {
        return same_column && step < 1.8 * line.size;
    }
    let is_full = last.column.1 - last.x.1 < 1.6 * last.size;
    let is_indented = line.x.0 - line.column.0 > 1.2 * line.size;
    let is_table = last.text.contains('\t') || line.text.contains('\t');
    let is_ended = last.text.ends_with(['。', '！', '？', '”', '：', '；']);
    // A narrow column is full at once.
    let is_line = last.x.1 - last.x.0 > 4.0 * last.size;
    is_full
        && is_line
        && !is_indented
        && !is_table
        && if same_column { step < 1.5 * leading } else { !is_ended }
}

/// Appends a line: with a space between two words, without one between Chinese characters.
fn join(text: &mut String, line: &str) {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if word(text.chars().next_back()) && word(line.chars().next()) {
        let digits = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        // A number may be torn at the end of a line.
        if !(digits(text.chars().next_back()) && digits(line.chars().next())) {
            text.push(' ');
        }
    }
    text.push_str(line);
}

/// Leaves out page numbers, and what stands on most pages at the same end.
fn drop_running(pages: &mut [Vec<Row>]) {
    let marginal: Vec<Vec<(usize, String)>> = pages.iter().map(|rows| margins(rows)).collect();
    let repeated = |words: &str| {
        let pages = marginal.iter().filter(|page| page.iter().any(|(_, other)| other == words));
        let times = pages.count();
        times > 2 && times * 2 > marginal.len()
    };
    for (rows, marginal) in pages.iter_mut().zip(&marginal) {
        let dropped = |row: usize| {
            let mut here = marginal.iter().filter(|(at, _)| *at == row);
            here.any(|(_, words)| is_page_number(words) || repeated(words))
        };
        let mut at = 0;
        rows.retain(|_| {
            at += 1;
            !dropped(at - 1)
        });
    }
}

/// The rows at the top and bottom of a page, each as its words with `0` for every number.
fn margins(rows: &[Row]) -> Vec<(usize, String)> {
    let (Some(top), Some(bottom)) = (rows.first(), rows.last()) else { return Vec::new() };
    let height = (top.y - bottom.y).max(1.0);
    let outside = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| top.y - row.y < MARGIN * height || row.y - bottom.y < MARGIN * height);
    let words = |row: &Row| {
        let mut words = String::new();
        for c in row.marks.iter().flat_map(|mark| mark.text.chars()) {
            match c {
                '0'..='9' if words.ends_with('0') => {}
                '0'..='9' => words.push('0'),
                c => words.push(c),
            }
        }
        words
    };
    outside.map(|(at, row)| (at, words(row))).collect()
}

fn is_page_number(words: &str) -> bool {
    words.contains('0')
        && words.chars().all(|c| c == '0' || c.is_whitespace() || "-—–－·•/|第页頁共".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten points high, from the left at `x`, at the height `y`.
    fn put(marks: &mut Vec<Mark>, text: &str, x: f64, y: f64, size: f64) {
        let mut x = x;
        for c in text.chars() {
            let width = if c.is_ascii() { size / 2.0 } else { size };
            if c != '\u{3000}' {
                marks.push(Mark { text: c.to_string(), x, y, width, size });
            }
            x += width;
        }
    }

    fn check(pages: Vec<Vec<Mark>>, expected: &[&str]) {
        let shown: Vec<String> = paragraphs(pages)
            .into_iter()
            .map(|paragraph| {
                if paragraph.is_heading { format!("# {}", paragraph.text) } else { paragraph.text }
            })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn columns_under_a_heading() {
        let mut marks = Vec::new();
        put(&mut marks, "警方破获一起案件的通报", 40.0, 800.0, 20.0);
        let left = [
            "　　近日，某市警方破获一起",
            "侵犯公民个人信息案，抓获犯",
            "罪嫌疑人三名。",
            "　　经查，嫌疑人利用职务之",
        ];
        let right = [
            "便出售信息，共计三十万条，",
            "获利五万元。",
            "　　法院判处其有期徒刑三年",
            "并处罚金人民币五万元。",
        ];
        for (i, (left, right)) in (0_u32..).zip(left.iter().zip(right)) {
            let y = 760.0 - 15.0 * f64::from(i);
            // The right column is drawn first, and a little lower.
            put(&mut marks, right, 180.0, y - 4.0, 10.0);
            put(&mut marks, left, 40.0, y, 10.0);
        }
        check(
            vec![marks],
            &[
                "# 警方破获一起案件的通报",
                "近日，某市警方破获一起侵犯公民个人信息案，抓获犯罪嫌疑人三名。",
                "经查，嫌疑人利用职务之便出售信息，共计三十万条，获利五万元。",
                "法院判处其有期徒刑三年并处罚金人民币五万元。",
            ],
        );
    }

    #[test]
    fn a_table_is_read_row_by_row() {
        let mut marks = Vec::new();
        for (i, row) in (0_u32..).zip([
            ["地区", "案件", "人数"],
            ["甲市", "12", "30"],
            ["乙市", "7", "15"],
            ["丙市", "3", "5"],
        ]) {
            for (x, cell) in [40.0, 140.0, 240.0].into_iter().zip(row) {
                put(&mut marks, cell, x, 700.0 - 15.0 * f64::from(i), 10.0);
            }
        }
        check(vec![marks], &["地区\t案件\t人数", "甲市\t12\t30", "乙市\t7\t15", "丙市\t3\t5"]);
    }

    #[test]
    fn running_heads_and_page_numbers_go() {
        let pages = (1_u8..=4).map(|page| {
            let mut marks = Vec::new();
            put(&mut marks, "某某日报法治版", 40.0, 820.0, 8.0);
            for line in 0..10 {
                let y = 780.0 - 40.0 * f64::from(line);
                let name = "甲乙丙丁".chars().nth(usize::from(page) - 1).unwrap();
                let first = format!("　　{name}页的第{line}段文字很长，一行写不");
                put(&mut marks, &first, 40.0, y, 10.0);
                put(&mut marks, &format!("完，{name}到此为止。"), 40.0, y - 20.0, 10.0);
            }
            put(&mut marks, &format!("— {page} —"), 150.0, 380.0, 8.0);
            marks
        });
        let read = paragraphs(pages.collect());
        assert_eq!(read.len(), 40, "{read:?}");
        assert!(read.iter().all(|paragraph| paragraph.text.ends_with("到此为止。")), "{read:?}");
    }

    #[test]
    fn paragraphs_go_on_over_the_page() {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        put(&mut first, "　　近日，某市警方破获一起侵犯", 40.0, 800.0, 10.0);
        put(&mut first, "公民个人信息案，抓获犯罪嫌疑人", 40.0, 785.0, 10.0);
        put(&mut second, "三名，缴获2023年以来的信息50", 40.0, 800.0, 10.0);
        put(&mut second, "万条。", 40.0, 785.0, 10.0);
        check(
            vec![first, second],
            &[
                "近日，某市警方破获一起侵犯公民个人信息案，抓获犯罪嫌疑人三名，缴获2023年以来的信息50万条。",
            ],
        );
    }

    #[test]
    fn nothing_and_hostile_places() {
        check(vec![], &[]);
        check(vec![Vec::new()], &[]);
        let marks = (0..300_u32).map(|i| Mark {
            text: "一".into(),
            x: f64::from(i % 7) * 1e300,
            y: f64::from(i),
            width: -1.0,
            size: 1e-3,
        });
        paragraphs(vec![marks.collect()]);
    }
}
