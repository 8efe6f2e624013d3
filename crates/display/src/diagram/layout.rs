//! Where cards stand. Those that are linked stand together: in columns, each card to the right of those
//! it refers to, ordered so that few lines cross, at heights near to those it is linked with. A line
//! that passes a column bends there. These groups fill a page like lines of a text.

/// The gaps between columns, between what stands in one, and between groups.
const ACROSS: f64 = 70.0;
const BETWEEN: f64 = 22.0;
const APART: f64 = 40.0;
/// A column may be so high before the next one is begun: within these, the picture is a bit wider
/// than high.
const LEAST: f64 = 500.0;
const MOST: f64 = 2_400.0;
/// How often order and heights are made better.
const SWEEPS: usize = 6;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The upper left corner of each card.
    pub(super) corners: Vec<(f64, f64)>,
    /// The column of each card.
    pub(super) columns: Vec<usize>,
    /// For each link the points where it passes a column, from left to right: on the left edge of the
    /// column, and on its right one.
    pub(super) bends: Vec<Vec<[(f64, f64); 2]>>,
    pub(super) size: (f64, f64),
}

/// A card, or the place where a link passes.
#[derive(Clone, Debug)]
struct Node {
    column: usize,
    width: f64,
    height: f64,
    top: f64,
    /// Nodes of the columns before and after it.
    before: Vec<usize>,
    after: Vec<usize>,
}

/// Finds places for cards of these sizes; a link is from one card, which stands further right, to
/// another.
pub(super) fn layout(sizes: &[(f64, f64)], links: &[(usize, usize)]) -> Layout {
    let mut whole = Layout {
        corners: vec![(0.0, 0.0); sizes.len()],
        columns: vec![0; sizes.len()],
        bends: vec![Vec::new(); links.len()],
        size: (0.0, 0.0),
    };
    let mut groups: Vec<(Vec<usize>, Vec<usize>, Layout)> = Vec::new();
    for cards in groups_of(sizes.len(), links) {
        let place = |card: usize| cards.binary_search(&card).ok();
        let link = |(number, (from, to)): (usize, &(usize, usize))| {
            Some((number, (place(*from)?, place(*to)?)))
        };
        let (numbers, links): (Vec<usize>, Vec<(usize, usize)>) =
            links.iter().enumerate().filter_map(link).unzip();
        let sizes: Vec<(f64, f64)> = cards.iter().map(|card| sizes[*card]).collect();
        groups.push((cards, numbers, layered(&sizes, &links)));
    }
    // Large groups first, then cards of alike heights beside each other.
    let rank = |cards: &[usize]| std::cmp::Reverse(cards.len());
    groups.sort_by(|one, other| {
        let by_height = other.2.size.1.total_cmp(&one.2.size.1);
        rank(&one.0).cmp(&rank(&other.0)).then(by_height)
    });
    let area = |group: &Layout| (group.size.0 + APART) * (group.size.1 + BETWEEN);
    let area: f64 = groups.iter().map(|(_, _, group)| area(group)).sum();
    let widest = groups.iter().map(|(_, _, group)| group.size.0);
    let room = widest.fold((area * 1.6).sqrt(), f64::max);
    let (mut left, mut top, mut bottom) = (0.0, 0.0, 0.0);
    for (cards, numbers, group) in groups {
        if left > 0.0 && left + group.size.0 > room {
            (left, top) = (0.0, bottom + BETWEEN);
        }
        let shift = |(x, y): (f64, f64)| (x + left, y + top);
        for (at, card) in cards.into_iter().enumerate() {
            whole.corners[card] = shift(group.corners[at]);
            whole.columns[card] = group.columns[at];
        }
        for (bends, number) in group.bends.into_iter().zip(numbers) {
            whole.bends[number] = bends.into_iter().map(|bend| bend.map(shift)).collect();
        }
        bottom = f64::max(bottom, top + group.size.1);
        whole.size = (whole.size.0.max(left + group.size.0), bottom);
        left += group.size.0 + APART;
    }
    whole
}

/// The cards that are linked with each other, directly or by way of others.
fn groups_of(count: usize, links: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut seen = vec![false; count];
    for first in 0..count {
        let mut group = Vec::new();
        let mut next = vec![first];
        while let Some(card) = next.pop() {
            if !std::mem::replace(&mut seen[card], true) {
                group.push(card);
                for (from, to) in links {
                    next.extend((*from == card).then_some(*to));
                    next.extend((*to == card).then_some(*from));
                }
            }
        }
        group.sort_unstable();
        groups.extend(Some(group).filter(|group| !group.is_empty()));
    }
    groups
}

/// Finds places for cards that are all linked.
fn layered(sizes: &[(f64, f64)], links: &[(usize, usize)]) -> Layout {
    let columns = columns(sizes, links);
    let card = |(column, (width, height)): (&usize, &(f64, f64))| Node {
        column: *column,
        width: *width,
        height: *height,
        top: 0.0,
        before: Vec::new(),
        after: Vec::new(),
    };
    let mut nodes: Vec<Node> = columns.iter().zip(sizes).map(card).collect();
    let passing: Vec<Vec<usize>> = links.iter().map(|link| chain(&mut nodes, *link)).collect();
    let count = columns.iter().max().map_or(0, |last| last + 1);
    let mut order: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (at, node) in nodes.iter().enumerate() {
        order[node.column].push(at);
    }
    uncross(&nodes, &mut order);
    align(&mut nodes, &order);

    let mut lefts = Vec::new();
    let mut x = 0.0;
    for column in &order {
        let width = column.iter().map(|at| nodes[*at].width).fold(0.0, f64::max);
        lefts.push((x, width));
        x += width + ACROSS;
    }
    let bend = |at: &usize| {
        let (left, width) = lefts[nodes[*at].column];
        let y = nodes[*at].top;
        [(left, y), (left + width, y)]
    };
    let bottom = nodes.iter().map(|node| node.top + node.height);
    Layout {
        corners: (0..sizes.len())
            .map(|at| (lefts[nodes[at].column].0, nodes[at].top))
            .collect(),
        bends: passing
            .iter()
            .map(|passing| passing.iter().map(bend).collect())
            .collect(),
        columns,
        size: ((x - ACROSS).max(0.0), bottom.fold(0.0, f64::max)),
    }
}

/// The column of each card: behind all those it refers to, in the first one that has room.
fn columns(sizes: &[(f64, f64)], links: &[(usize, usize)]) -> Vec<usize> {
    let area: f64 = sizes
        .iter()
        .map(|(width, height)| (width + ACROSS) * (height + BETWEEN))
        .sum();
    let room = (area / 1.6).sqrt().clamp(LEAST, MOST);
    let mut columns: Vec<Option<usize>> = vec![None; sizes.len()];
    let mut filled: Vec<f64> = Vec::new();
    for at in after_what_they_refer_to(sizes.len(), links) {
        let mine = links.iter().filter(|(from, to)| *from == at && *to != at);
        let behind = mine.filter_map(|(_, to)| Some(columns[*to]? + 1));
        let first = behind.max().unwrap_or(0);
        let height = sizes[at].1 + BETWEEN;
        let has_room = |column: &usize| {
            let filled = filled.get(*column).copied().unwrap_or(0.0);
            filled == 0.0 || filled + height <= room
        };
        let column = (first..).find(has_room).unwrap_or(first);
        filled.resize(filled.len().max(column + 1), 0.0);
        filled[column] += height;
        columns[at] = Some(column);
    }
    columns.into_iter().map(Option::unwrap_or_default).collect()
}

/// The cards, each after those it refers to (where these do not refer to it in turn).
fn after_what_they_refer_to(count: usize, links: &[(usize, usize)]) -> Vec<usize> {
    fn visit(at: usize, links: &[(usize, usize)], seen: &mut [bool], order: &mut Vec<usize>) {
        if std::mem::replace(&mut seen[at], true) {
            return;
        }
        for (_, to) in links.iter().filter(|(from, _)| *from == at) {
            visit(*to, links, seen, order);
        }
        order.push(at);
    }
    let (mut seen, mut order) = (vec![false; count], Vec::new());
    for at in 0..count {
        visit(at, links, &mut seen, &mut order);
    }
    order
}

/// Links two cards by way of the columns between them; answers the nodes where it passes these, from
/// left to right.
fn chain(nodes: &mut Vec<Node>, (from, to): (usize, usize)) -> Vec<usize> {
    let (left, right) = match nodes[from].column <= nodes[to].column {
        true => (from, to),
        false => (to, from),
    };
    if nodes[left].column == nodes[right].column {
        return Vec::new();
    }
    let mut passing = Vec::new();
    let mut last = left;
    for column in nodes[left].column + 1..nodes[right].column {
        nodes.push(Node {
            column,
            width: 0.0,
            height: 0.0,
            top: 0.0,
            before: vec![last],
            after: Vec::new(),
        });
        let here = nodes.len() - 1;
        nodes[last].after.push(here);
        passing.push(here);
        last = here;
    }
    nodes[last].after.push(right);
    nodes[right].before.push(last);
    passing
}

/// Orders each column by where its neighbours stand in the one before, then in the one after, again
/// and again.
fn uncross(nodes: &[Node], order: &mut [Vec<usize>]) {
    let mut places = vec![0.0; nodes.len()];
    let place = |column: &[usize], places: &mut [f64]| {
        for (place, at) in column.iter().enumerate() {
            places[*at] = (place as f64 + 0.5) / column.len() as f64;
        }
    };
    for column in order.iter() {
        place(column, &mut places);
    }
    for sweep in 0..SWEEPS {
        let forwards = sweep % 2 == 0;
        let count = order.len();
        for step in 0..count {
            let column = &mut order[if forwards { step } else { count - 1 - step }];
            let wanted = |at: &usize| {
                let node = &nodes[*at];
                let neighbours = if forwards { &node.before } else { &node.after };
                mean(neighbours.iter().map(|other| places[*other])).unwrap_or(places[*at])
            };
            let mut wished: Vec<(f64, usize)> = column.iter().map(|at| (wanted(at), *at)).collect();
            wished.sort_by(|one, other| one.0.total_cmp(&other.0));
            *column = wished.into_iter().map(|(_, at)| at).collect();
            place(column, &mut places);
        }
    }
}

/// Moves each node to the height of its neighbours, as far as the order of its column lets it.
fn align(nodes: &mut [Node], order: &[Vec<usize>]) {
    for column in order {
        let mut top = 0.0;
        for at in column {
            nodes[*at].top = top;
            top += nodes[*at].height + BETWEEN;
        }
    }
    for _ in 0..SWEEPS {
        for column in order {
            let wanted = |at: &usize| {
                let node = &nodes[*at];
                let neighbours = node.before.iter().chain(&node.after);
                let middles = neighbours.map(|at| nodes[*at].top + nodes[*at].height / 2.0);
                mean(middles).map_or(node.top, |middle| middle - node.height / 2.0)
            };
            let wishes: Vec<f64> = column.iter().map(wanted).collect();
            let mut tops = Vec::with_capacity(wishes.len());
            let mut free = f64::NEG_INFINITY;
            for (wish, at) in wishes.iter().zip(column) {
                let top = wish.max(free);
                free = top + nodes[*at].height + BETWEEN;
                tops.push(top);
            }
            // What stood in the way has pushed them all down.
            let pushed = mean(tops.iter().zip(&wishes).map(|(top, wish)| top - wish));
            for (top, at) in tops.iter().zip(column) {
                nodes[*at].top = top - pushed.unwrap_or(0.0);
            }
        }
    }
    let highest = nodes
        .iter()
        .map(|node| node.top)
        .fold(f64::INFINITY, f64::min);
    for node in nodes {
        node.top -= highest;
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0);
    for value in values {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (f64, f64) = (100.0, 80.0);

    #[test]
    fn each_stands_right_of_what_it_refers_to() {
        let links = [(1, 0), (2, 1), (2, 0), (3, 3), (4, 5), (5, 4)];
        let found = layout(&[SIZE; 7], &links);
        assert_eq!(found.columns, [0, 1, 2, 0, 1, 0, 0]);
        // From 2 to 0 past 1, which is not in the way.
        let [[before, behind]] = found.bends[2].as_slice() else {
            panic!("{:?}", found.bends);
        };
        assert_eq!(before.1, behind.1);
        let (_, top) = found.corners[1];
        assert!(before.1 <= top || before.1 >= top + SIZE.1);
    }

    #[test]
    fn cards_do_not_overlap_and_fill_a_page() {
        let links: Vec<_> = (1..60).map(|n| (n, (n * 7) % n)).collect();
        let found = layout(&[SIZE; 60], &links);
        for (at, one) in found.corners.iter().enumerate() {
            for other in &found.corners[at + 1..] {
                let apart = (one.0 - other.0).abs() >= SIZE.0 || (one.1 - other.1).abs() >= SIZE.1;
                assert!(apart, "{one:?} {other:?}");
            }
        }
        let (width, height) = found.size;
        assert!(width < 4_000.0 && height < 4_000.0, "{width} × {height}");
    }
}
