//! A kept result as one looks at it: in pages, sorted, filtered, searched, summed up. All of it
//! reads the result's file and blocks: it belongs on a thread where that may be.

mod filter;
mod summary;
mod weight;

use std::cmp::Ordering;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use display::{Column, Kind, Money, Row};

use crate::rows::Row as Values;
use crate::spool::Kept;
use filter::{Filter, Search};
pub use summary::{Bar, Summary};
use weight::{Weigh, decimal_order, shown};

/// Rows beyond this many are not sorted or filtered here: each takes some 20 bytes of memory.
const MOST_ROWS: u64 = 10_000_000;
/// The bytes of text that sorting may hold.
const MOST_TEXT: usize = 256 << 20;
/// A text sorts by as many of its bytes.
const SORTED_BY: usize = 128;
/// A value on a page has at most this many bytes; a row by itself has all.
const VALUE_SHOWN: usize = 400;

/// A kept result, open to be looked at for as long as it is kept.
#[derive(Clone)]
pub struct Browser {
    kept: Weak<Kept>,
    columns: Vec<Column>,
    rows: u64,
    title: String,
}

/// How one wants to see a result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wish {
    /// The column to sort by, and whether the largest comes first.
    pub sort: Option<(usize, bool)>,
    /// What is asked of single columns: `berlin`, `>= 10`, `not null`.
    pub filters: Vec<(usize, String)>,
    /// What any of the columns has to contain.
    pub search: String,
}

/// Why there is no view.
#[derive(Debug)]
pub enum Unseen {
    /// The result is not kept any more.
    Gone,
    /// Nobody wants it any more.
    Stopped,
    /// It is too large, in words.
    TooLarge(String),
    /// It is not clear what is asked for, in words.
    Unclear(String),
    /// [`Unseen`]
    Unreadable(io::Error),
}

/// The same is the same kept result.
impl PartialEq for Browser {
    fn eq(&self, other: &Self) -> bool {
        self.kept.ptr_eq(&other.kept)
    }
}

impl std::fmt::Debug for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Browser of {}: {} rows", self.title, self.rows)
    }
}

impl std::fmt::Display for Unseen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unseen::Gone => f.write_str("the result is no longer kept: run its cell again"),
            Unseen::Stopped => f.write_str("not wanted any more"),
            Unseen::TooLarge(why) | Unseen::Unclear(why) => f.write_str(why),
            Unseen::Unreadable(error) => write!(f, "the kept result cannot be read: {error}"),
        }
    }
}

/// A result in the order, and with the rows, that were wished for.
pub struct View {
    kept: Weak<Kept>,
    stored: u64,
    /// The rows by number; all of them as they came where there is none.
    order: Option<Vec<u32>>,
}

impl Browser {
    pub(crate) fn new(kept: &Arc<Kept>) -> Self {
        Browser {
            kept: Arc::downgrade(kept),
            columns: kept.columns().to_vec(),
            rows: kept.stored(),
            title: match &kept.name {
                Some(name) => name.clone(),
                None => format!("result {}", kept.number),
            },
        }
    }

    /// Its columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many rows can be looked at.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// What the user calls it: its name, or its number in the notebook.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Sorts and selects. `stop` is looked at every so often.
    ///
    /// # Errors
    /// [`Unseen`]
    pub fn view(&self, wish: &Wish, stop: &AtomicBool) -> Result<View, Unseen> {
        let kept = self.kept.upgrade().ok_or(Unseen::Gone)?;
        if *wish == Wish::default() {
            return Ok(self.seen(None));
        }
        if self.rows() > MOST_ROWS {
            return Err(Unseen::TooLarge(format!(
                "more than {MOST_ROWS} rows are not sorted or filtered here: let the server do it"
            )));
        }
        let money = self.money(&kept, wish, stop)?;
        let wanted = Wanted::new(wish, self.columns(), &money).map_err(Unseen::Unclear)?;
        let mut entries = Entries::new(wish.sort.and_then(|(column, _)| {
            let weigh = Weigh::new(self.columns().get(column)?);
            Some((column, weigh))
        }));
        each(&kept, stop, |number, row| {
            if wanted.holds(row) {
                entries.push(number, row)?;
            }
            Ok(())
        })?;
        let descending = wish.sort.is_some_and(|(_, descending)| descending);
        Ok(self.seen(Some(entries.sorted(descending))))
    }

    /// What the columns of money that are asked for tell of their amounts.
    fn money(
        &self,
        kept: &Arc<Kept>,
        wish: &Wish,
        stop: &AtomicBool,
    ) -> Result<Vec<Money>, Unseen> {
        let mut money = vec![Money::default(); self.columns().len()];
        let asked = wish.filters.iter().map(|(at, _)| *at);
        let is_money = |at: &usize| {
            let column = self.columns().get(*at);
            column.is_some_and(|column| Weigh::new(column) == Weigh::Money)
        };
        let asked: Vec<usize> = asked.filter(is_money).collect();
        if !asked.is_empty() {
            each(kept, stop, |_, row| {
                for at in &asked {
                    if let (Some(money), Some(value)) = (money.get_mut(*at), row.get(*at)) {
                        money.see(value);
                    }
                }
                Ok(())
            })?;
        }
        Ok(money)
    }

    fn seen(&self, order: Option<Vec<u32>>) -> View {
        View {
            kept: self.kept.clone(),
            stored: self.rows,
            order,
        }
    }
}

impl View {
    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        match &self.order {
            Some(order) => order.len() as u64,
            None => self.stored,
        }
    }

    /// The rows `from..from + count`, as far as there are any; long values are cut, with an
    /// ellipsis.
    ///
    /// # Errors
    /// [`Unseen`]
    pub fn page(&self, from: u64, count: usize) -> Result<Vec<Row>, Unseen> {
        let mut rows = self.whole(from, count)?;
        for value in rows.iter_mut().flatten().flatten() {
            if value.len() > VALUE_SHOWN {
                value.truncate(value.floor_char_boundary(VALUE_SHOWN));
                value.push('…');
            }
        }
        Ok(rows)
    }

    /// The same with values of any length.
    ///
    /// # Errors
    /// [`Unseen`]
    pub fn whole(&self, from: u64, count: usize) -> Result<Vec<Row>, Unseen> {
        let kept = self.kept()?;
        let mut rows = Vec::new();
        let Some(order) = &self.order else {
            let mut reader = kept.read(from)?;
            while rows.len() < count
                && let Some(row) = reader.next()?
            {
                rows.push(row.texts());
            }
            return Ok(rows);
        };
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        for number in order.iter().skip(from).take(count) {
            let mut reader = kept.read(u64::from(*number))?;
            if let Some(row) = reader.next()? {
                rows.push(row.texts());
            }
        }
        Ok(rows)
    }

    /// These rows and columns as tab-separated text, of at most so many bytes; and how many rows
    /// that is.
    ///
    /// # Errors
    /// [`Unseen`]
    pub fn tsv(
        &self,
        from: u64,
        count: u64,
        columns: &[usize],
        bytes: usize,
    ) -> Result<(String, u64), Unseen> {
        const AT_ONCE: usize = 1000;
        let mut text = String::new();
        let mut done = 0;
        while done < count {
            let step = usize::try_from(count - done).map_or(AT_ONCE, |left| left.min(AT_ONCE));
            let rows = self.whole(from + done, step)?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                let start = text.len();
                for (place, column) in columns.iter().enumerate() {
                    if place > 0 {
                        text.push('\t');
                    }
                    // What would break the cell of a spreadsheet becomes a blank.
                    let value = row.get(*column).and_then(Option::as_deref);
                    text.push_str(&value.unwrap_or_default().replace(['\t', '\n', '\r'], " "));
                }
                text.push('\n');
                if text.len() > bytes {
                    text.truncate(start);
                    return Ok((text, done));
                }
                done += 1;
            }
        }
        Ok((text, done))
    }

    /// Sums a column up.
    ///
    /// # Errors
    /// [`Unseen`]
    pub fn summary(&self, column: usize, stop: &AtomicBool) -> Result<Summary, Unseen> {
        let kept = self.kept()?;
        let Some(of) = kept.columns().get(column) else {
            return Ok(Summary::default());
        };
        let mut within = vec![self.order.is_none(); self.stored as usize];
        for number in self.order.iter().flatten() {
            if let Some(is_within) = within.get_mut(*number as usize) {
                *is_within = true;
            }
        }
        let is_within = |number: u32| within.get(number as usize) == Some(&true);
        let mut facts = summary::Facts::new(of);
        each(&kept, stop, |number, row| {
            if is_within(number) {
                facts.take(row.get(column));
            }
            Ok(())
        })?;
        let mut bars = facts.bars();
        if bars.want_rows() {
            each(&kept, stop, |number, row| {
                if is_within(number) {
                    bars.take(row.get(column));
                }
                Ok(())
            })?;
        }
        Ok(facts.summary(bars))
    }

    fn kept(&self) -> Result<Arc<Kept>, Unseen> {
        self.kept.upgrade().ok_or(Unseen::Gone)
    }
}

impl From<io::Error> for Unseen {
    fn from(error: io::Error) -> Self {
        Unseen::Unreadable(error)
    }
}

fn each(
    kept: &Arc<Kept>,
    stop: &AtomicBool,
    mut take: impl FnMut(u32, Values<'_>) -> Result<(), Unseen>,
) -> Result<(), Unseen> {
    let mut reader = kept.read(0)?;
    let mut number = 0;
    while let Some(row) = reader.next()? {
        if number % 4096 == 0 && stop.load(Relaxed) {
            return Err(Unseen::Stopped);
        }
        take(number, row)?;
        number += 1;
    }
    Ok(())
}

/// The filters and the search of a wish.
struct Wanted {
    filters: Vec<(usize, Filter)>,
    kinds: Vec<Kind>,
    search: Option<Search>,
}

impl Wanted {
    fn new(wish: &Wish, columns: &[Column], money: &[Money]) -> Result<Self, String> {
        let mut filters = Vec::new();
        for (at, text) in &wish.filters {
            if filter::is_begun(text) {
                continue;
            }
            if let Some(column) = columns.get(*at) {
                let money = money.get(*at).copied().unwrap_or_default();
                filters.push((*at, Filter::new(text, column, money)?));
            }
        }
        Ok(Wanted {
            filters,
            kinds: columns.iter().map(|column| column.kind).collect(),
            search: (!wish.search.is_empty()).then(|| Search::new(&wish.search)),
        })
    }

    fn holds(&self, row: Values<'_>) -> bool {
        let found = |search: &Search| {
            let mut kinds = self.kinds.iter().enumerate();
            kinds.any(|(at, kind)| {
                row.get(at)
                    .is_some_and(|value| search.finds(shown(*kind, value)))
            })
        };
        self.filters
            .iter()
            .all(|(at, filter)| filter.holds(row.get(*at)))
            && self.search.as_ref().is_none_or(found)
    }
}

/// The rows of a view, with what they are sorted by.
struct Entries {
    by: Option<(usize, Weigh)>,
    rows: Vec<Entry>,
    nulls: Vec<u32>,
    /// What the weights do not tell apart.
    texts: String,
}

struct Entry {
    weight: f64,
    number: u32,
    start: u32,
    length: u32,
}

impl Entries {
    fn new(by: Option<(usize, Weigh)>) -> Self {
        Entries {
            by,
            rows: Vec::new(),
            nulls: Vec::new(),
            texts: String::new(),
        }
    }

    fn push(&mut self, number: u32, row: Values<'_>) -> Result<(), Unseen> {
        let (weight, text) = match &self.by {
            None => (0.0, ""),
            Some((column, weigh)) => match row.get(*column) {
                None => {
                    self.nulls.push(number);
                    return Ok(());
                }
                Some(value) => weigh.of(value),
            },
        };
        let text = &text[..text.floor_char_boundary(SORTED_BY)];
        if self.texts.len() + text.len() > MOST_TEXT {
            return Err(Unseen::TooLarge(
                "the column holds too much text to be sorted here: let the server do it".into(),
            ));
        }
        let start = self.texts.len();
        // Letters are made small once, and not at every comparison.
        match text.is_ascii() {
            true => self.texts.push_str(text),
            false => self.texts.extend(text.chars().flat_map(char::to_lowercase)),
        }
        if let Some(texts) = self.texts.get_mut(start..) {
            texts.make_ascii_lowercase();
        }
        self.rows.push(Entry {
            weight,
            number,
            start: start as u32,
            length: (self.texts.len() - start) as u32,
        });
        Ok(())
    }

    /// The numbers of the rows in order: NULL counts as the largest, as on the server.
    fn sorted(mut self, descending: bool) -> Vec<u32> {
        if let Some((_, weigh)) = &self.by {
            let text = |entry: &Entry| &self.texts[entry.start as usize..][..entry.length as usize];
            let order = |a: &Entry, b: &Entry| {
                a.weight.total_cmp(&b.weight).then_with(|| match weigh {
                    Weigh::Number => decimal_order(text(a), text(b)),
                    _ => text(a).cmp(text(b)),
                })
            };
            // Rows that are alike stay in the order in which they came.
            self.rows.sort_unstable_by(|a, b| {
                let order: Ordering = match descending {
                    true => order(b, a),
                    false => order(a, b),
                };
                order.then(a.number.cmp(&b.number))
            });
        }
        let rows = self.rows.iter().map(|entry| entry.number);
        match descending {
            true => self.nulls.iter().copied().chain(rows).collect(),
            false => rows.chain(self.nulls.iter().copied()).collect(),
        }
    }
}
