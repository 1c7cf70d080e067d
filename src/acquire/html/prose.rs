//! Prose: the block of a page that holds its prose, where one clearly does.

use super::lines::Line;
use super::tree::{Event, Tree};

/// A line of at least this many bytes that is not mostly links and has a comma or full stop is prose.
const PROSE: usize = 60;
/// Less prose than this proves nothing.
const LEAST: usize = 400;
/// The block holds this share of the page's prose.
const HELD: f64 = 0.8;
/// And is made of prose by this share, and of links by no more than that.
const PROSAIC: f64 = 0.6;
const LINKED: f64 = 0.15;

/// Whether a line is a part of a text rather than of a page.
pub(super) fn is_prose(line: &Line, source: &str) -> bool {
    PROSE <= line.size
        && line.linked * 2 < line.size
        && line.text(source).contains(['，', '。', '；', '！', '？', ',', '.'])
}

/// What stands in a block and in those inside it, in bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    parent: usize,
    size: usize,
    prose: usize,
    linked: usize,
}

/// The lines of the smallest block that holds nearly all prose of the page.
///
/// `None` where that block holds much else too, so that somebody must look closer.
pub(super) fn core(source: &str, tree: &Tree<'_>, body: &[Line]) -> Option<Vec<Line>> {
    let mut blocks = blocks(tree);
    for line in body {
        let block = blocks.get_mut(line.block)?;
        block.size += line.size;
        block.linked += line.linked;
        block.prose += if is_prose(line, source) { line.size } else { 0 };
    }
    // A block comes after the one that it is in.
    for at in (1..blocks.len()).rev() {
        let inner = *blocks.get(at)?;
        let outer = blocks.get_mut(inner.parent)?;
        outer.size += inner.size;
        outer.linked += inner.linked;
        outer.prose += inner.prose;
    }
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    let all = blocks.first()?.prose;
    let (mut core, mut inside) = (0, vec![false; blocks.len()]);
    for (at, block) in blocks.iter().enumerate().skip(1) {
        if block.parent == core && HELD <= share(block.prose, all) {
            core = at;
        }
    }
    let Block { size, prose, linked, .. } = *blocks.get(core)?;
    if prose < LEAST || share(prose, size) < PROSAIC || LINKED < share(linked, size) {
        return None;
    }
    *inside.get_mut(core)? = true;
    for (at, block) in blocks.iter().enumerate().skip(core + 1) {
        let is_inside = *inside.get(block.parent)?;
        *inside.get_mut(at)? = is_inside;
    }
    let kept = body.iter().filter(|line| inside.get(line.block) == Some(&true));
    Some(without_lists_of_links(kept.cloned().collect()))
}

/// All blocks in the order in which they open; the page itself is the first.
fn blocks(tree: &Tree<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::default()];
    let mut open = Vec::new();
    for event in tree.events() {
        match event {
            Event::Open { .. } => {
                let parent = open.last().copied().unwrap_or(0);
                open.push(blocks.len());
                blocks.push(Block { parent, ..Block::default() });
            }
            Event::Close { .. } => {
                open.pop();
            }
            Event::Text(_) | Event::OpenLink | Event::CloseLink | Event::Break(_) => {}
        }
    }
    blocks
}

/// A link alone may be quoted; one after another they lead elsewhere.
fn without_lists_of_links(lines: Vec<Line>) -> Vec<Line> {
    let is_link = |at: Option<usize>| {
        at.and_then(|at| lines.get(at)).is_some_and(|line| line.linked == line.size)
    };
    let kept: Vec<bool> = (0..lines.len())
        .map(|at| {
            let beside = is_link(at.checked_sub(1)) || is_link(Some(at + 1));
            !(is_link(Some(at)) && beside)
        })
        .collect();
    lines.into_iter().zip(kept).filter_map(|(line, kept)| kept.then_some(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    const A: &str =
        "近日，某省某市公安局网安支队成功侦破一起侵犯公民个人信息案，抓获犯罪嫌疑人七名。";
    const B: &str =
        "经查，犯罪嫌疑人利用职务之便查询客户的姓名、电话和住址，并以每条两元的价格出售。";

    fn check(html: &str, expected: Option<&[&str]>) {
        let tree = Tree::of(html, 99).unwrap();
        let found = core(html, &tree, &lines(html, &tree, false));
        let texts: Option<Vec<String>> =
            found.map(|lines| lines.iter().map(|line| line.text(html)).collect());
        assert_eq!(
            texts.as_deref(),
            expected
                .map(|texts| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>())
                .as_deref(),
            "{html}"
        );
    }

    #[test]
    fn the_block_with_the_prose() {
        let menu = "<ul><li><a href=/1>首页</a><li><a href=/2>新闻</a></ul>";
        let text = format!("<p>{A}<p>{B}<p>{A}<p>{B}");
        check(&format!("{menu}<div class=x>{text}</div>{menu}"), Some(&[A, B, A, B]));
        check(
            &format!("{menu}<table><tr><td><div>{text}</div><td>{menu}</table>"),
            Some(&[A, B, A, B]),
        );
        let related = "<ul><li><a href=/1>另一条</a><li><a href=/2>又一条</a></ul>";
        check(&format!("<div>{text}<p>短句</p>{related}</div>"), Some(&[A, B, A, B, "短句"]));
        // Not all of it in one block, too little, or among many links.
        check(&format!("<div><p>{A}<p>{B}</div>{}<div><p>{A}<p>{B}</div>", menu.repeat(9)), None);
        check(&format!("<div><p>{A}</div>"), None);
        check(&format!("<div>{}{text}</div>", related.repeat(20)), None);
        check("", None);
    }
}
