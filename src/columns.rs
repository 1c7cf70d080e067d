//! Columns: two articles side by side, what they share and what differs, for a terminal.

use std::fmt::Write as _;

use crate::dedupe::{Piece, PieceKind, beside};

/// Cells of a column; a Chinese character takes two.
const WIDTH: usize = 44;
/// Of a longer piece that is the same on both sides, only the first and the last lines are shown.
const SHOWN: usize = 4;

/// The two texts, line by line: `=` is the same on both sides, `~` is changed, `<` and `>` stand on
/// one side alone.
pub(crate) fn columns(left: &str, right: &str) -> String {
    let mut text = String::from("= same on both sides   ~ changed   < only left   > only right\n");
    let _ = writeln!(text, "  {} | the article itself", padded("the article it repeats"));
    for Piece { kind, left: in_left, right: in_right } in beside(left, right) {
        let mark = match kind {
            PieceKind::Same => '=',
            PieceKind::Changed => '~',
            PieceKind::Left => '<',
            PieceKind::Right => '>',
        };
        let lines = |text: &str, range| lines(text.get(range).unwrap_or_default());
        let (a, b) = (lines(left, in_left), lines(right, in_right));
        let rows = a.len().max(b.len());
        let skipped = if kind == PieceKind::Same { rows.saturating_sub(SHOWN) } else { 0 };
        for row in 0..rows {
            let hidden = skipped > 0 && (SHOWN / 2..rows - SHOWN / 2).contains(&row);
            if hidden && row == SHOWN / 2 {
                let _ = writeln!(text, "{mark} … {skipped} more lines");
            }
            if !hidden {
                let line = |lines: &[String]| lines.get(row).cloned().unwrap_or_default();
                let line = format!("{mark} {} | {}", padded(&line(&a)), line(&b));
                let _ = writeln!(text, "{}", line.trim_end());
            }
        }
    }
    text
}

/// A text in lines that fit a column.
fn lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines().map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        let mut line = String::new();
        for c in paragraph.chars() {
            if WIDTH < cells(&line) + width(c) {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
        lines.push(line);
    }
    lines
}

fn padded(line: &str) -> String {
    let space = WIDTH.saturating_sub(cells(line));
    format!("{line}{}", " ".repeat(space))
}

fn cells(line: &str) -> usize {
    line.chars().map(width).sum()
}

/// How many cells a terminal gives a character: two for those of Chinese texts, near enough.
fn width(c: char) -> usize {
    let wide = matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3fffd}'
        | '“' | '”' | '‘' | '’' | '…' | '—');
    if wide { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_is_shared_and_what_differs() {
        let left = "江城警方通报，近日破获一起倒卖快递面单的案件，抓获犯罪嫌疑人7名，查扣手机和电脑一批，冻结资金若干万元。";
        let right = format!("{}\n责任编辑：周某", left.replace('7', "9"));
        let text = columns(left, &right);
        let marks: String = text.lines().skip(2).filter_map(|line| line.chars().next()).collect();
        assert_eq!(marks, "==~=>", "{text}");
        assert!(text.contains("~ 7                                            | 9\n"), "{text}");
        let long = format!("{}。", "一段很长的文字，两边都一样".repeat(30));
        assert!(columns(&long, &long).contains("= … 14 more lines"), "{}", columns(&long, &long));
    }
}
