//! A file of rows that is read: looked through from end to end first, so that the columns' types
//! are known and nothing of a file with a bad line is loaded.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::infer::{Class, Inferred, Shape, Takes};
use crate::read_csv::{self, Records, Text};
use crate::read_json::Objects;
use crate::read_parquet::Batches;
use crate::{Error, Format, copy};

/// About as many bytes are handed out at once.
const BLOCK: usize = 1 << 17;

/// A file that has been looked through.
#[derive(Debug)]
pub struct Import {
    path: PathBuf,
    /// What its columns are called and hold.
    pub columns: Vec<Inferred>,
    /// Whether the file names its columns.
    pub named: bool,
    /// Rows in it.
    pub rows: u64,
    /// What was made of it that is not plain, a sentence each.
    pub remarks: Vec<String>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Values with this byte between them.
    Separated {
        delimiter: u8,
        /// Its bytes can go to the server as they are.
        plain: bool,
    },
    /// Objects, and what each column takes.
    Objects(Vec<Takes>),
    Parquet(Vec<Takes>),
}

/// Whether to go on, told bytes read so far.
pub type GoOn<'g> = &'g mut (dyn FnMut(u64) -> bool + Send);

impl Import {
    /// Looks through a file.
    ///
    /// # Errors
    /// It cannot be read, is none of the formats, or has a bad line; or `go_on` has said no.
    pub fn read(path: &Path, go_on: GoOn<'_>) -> Result<Self, Error> {
        match Format::of(path)? {
            Format::Csv => Import::separated(path, None, go_on),
            Format::Tsv => Import::separated(path, Some(b'\t'), go_on),
            Format::JsonLines => Import::objects(path, go_on),
            Format::Parquet => Import::parquet(path),
            _ => Err(Error::new(format!("{} cannot be imported", path.display()))
                .advise("Files that can: .csv, .tsv, .jsonl and .parquet.")),
        }
    }

    /// Says what the columns of a table take that its own, in their order, go to.
    pub fn fit(&mut self, columns: &[Takes]) {
        let (Kind::Objects(takes) | Kind::Parquet(takes)) = &mut self.kind else {
            return;
        };
        for (takes, column) in takes.iter_mut().zip(columns) {
            *takes = match (*takes, column) {
                // A text of an array in a file says more as JSON.
                (Takes::Json | Takes::Array, Takes::Text) => Takes::Json,
                (_, column) => *column,
            };
        }
    }

    /// The options of `COPY … FROM STDIN` that fit its blocks.
    pub fn options(&self) -> String {
        match &self.kind {
            Kind::Separated {
                delimiter,
                plain: true,
            } => {
                let header = if self.named { ", header" } else { "" };
                let delimiter = match delimiter {
                    b',' => String::new(),
                    b'\t' => ", delimiter e'\\t'".into(),
                    other => format!(", delimiter '{}'", char::from(*other)),
                };
                format!("format csv{header}{delimiter}")
            }
            _ => "format text".into(),
        }
    }

    /// Its data for COPY, from the start.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn blocks(&self) -> Result<Blocks, Error> {
        let rows = match &self.kind {
            Kind::Separated { plain: true, .. } => Rows::Plain(read_csv::open(&self.path)?),
            Kind::Separated { delimiter, .. } => {
                let text = Text::open(&self.path)?;
                let mut records = Records::new(text, &self.path, *delimiter);
                if self.named {
                    records.next()?;
                }
                Rows::Records(Box::new(records))
            }
            Kind::Objects(takes) => {
                let names = self.columns.iter().map(|column| column.name.clone());
                let names = names.zip(takes.iter().copied()).collect();
                Rows::Objects(Box::new(Objects::open(&self.path)?), names)
            }
            Kind::Parquet(takes) => {
                Rows::Parquet(Box::new(Batches::open(&self.path)?), takes.clone())
            }
        };
        Ok(Blocks {
            rows,
            path: self.path.clone(),
            block: Vec::new(),
        })
    }

    /// The line of the file that the server calls line `counted` of the data; none where the file
    /// has no lines.
    pub fn line(&self, counted: u64) -> Option<u64> {
        match &self.kind {
            Kind::Separated { plain: true, .. } => Some(counted),
            Kind::Parquet(_) => None,
            Kind::Separated { delimiter, .. } => {
                let text = Text::open(&self.path).ok()?;
                let mut records = Records::new(text, &self.path, *delimiter);
                let mut left = counted + u64::from(self.named);
                loop {
                    let record = records.next().ok()??;
                    left -= 1;
                    if left == 0 {
                        return Some(record.line);
                    }
                }
            }
            Kind::Objects(_) => {
                let mut objects = Objects::open(&self.path).ok()?;
                for _ in 0..counted {
                    objects.next().ok()??;
                }
                Some(objects.line)
            }
        }
    }

    fn separated(path: &Path, delimiter: Option<u8>, go_on: GoOn<'_>) -> Result<Self, Error> {
        let text = Text::open(path)?;
        let (marked, remark) = (text.marked, text.remark);
        let delimiter = match delimiter {
            Some(delimiter) => delimiter,
            None => sniff(path)?,
        };
        let mut records = Records::new(text, path, delimiter);
        let Some(first) = records.next()? else {
            return Err(Error::new(format!("{} is empty", path.display())));
        };
        let head: Vec<Option<String>> = first
            .values()
            .map(|value| value.map(|value| String::from_utf8_lossy(value).into_owned()))
            .collect();
        let named = is_header(&head);
        let mut classes = vec![Class::default(); head.len()];
        if !named {
            look(&first, &mut classes);
        }
        let (mut rows, mut plain) = (u64::from(!named), !marked);
        while let Some(record) = records.next()? {
            if record.len() != classes.len() {
                return Err(ragged(
                    path,
                    record.line,
                    record.len(),
                    classes.len(),
                    named,
                ));
            }
            look(&record, &mut classes);
            // A line of its own that COPY would take for the end of the data.
            plain &= record.raw != b"\\.";
            rows += 1;
            if rows % 4096 == 0 && !go_on(records.read) {
                return Err(stopped());
            }
        }
        let kinds = records.endings.iter().filter(|seen| **seen).count();
        plain &= kinds <= 1 && records.blank == 0;
        let mut remarks: Vec<String> = remark.into_iter().map(str::to_owned).collect();
        match records.blank {
            0 => {}
            1 => remarks.push("A blank line was passed over.".into()),
            blank => remarks.push(format!("{blank} blank lines were passed over.")),
        }
        if !named {
            remarks.push("The first line names no columns: it is taken as a row.".into());
        }
        Ok(Import {
            path: path.to_owned(),
            columns: columns(&head, named, &classes),
            named,
            rows,
            remarks,
            kind: Kind::Separated { delimiter, plain },
        })
    }

    fn objects(path: &Path, go_on: GoOn<'_>) -> Result<Self, Error> {
        let mut objects = Objects::open(path)?;
        let mut names: Vec<String> = Vec::new();
        let mut places = std::collections::HashMap::new();
        let mut shapes: Vec<Shape> = Vec::new();
        let mut rows = 0;
        while let Some(members) = objects.next()? {
            for member in members {
                let place = match places.get(&*member.key) {
                    Some(place) => *place,
                    None => {
                        let key = member.key.clone().into_owned();
                        places.insert(key.clone(), names.len());
                        names.push(key);
                        shapes.push(Shape::Value(Class::Nothing));
                        names.len() - 1
                    }
                };
                shapes[place] = shapes[place].join(member.shape());
            }
            rows += 1;
            if rows % 4096 == 0 && !go_on(objects.read) {
                return Err(stopped());
            }
        }
        if rows == 0 {
            return Err(Error::new(format!("{} is empty", path.display())));
        }
        let columns = names
            .into_iter()
            .zip(&shapes)
            .map(|(name, shape)| Inferred {
                name,
                type_name: shape.type_name(),
            });
        Ok(Import {
            path: path.to_owned(),
            columns: columns.collect(),
            named: true,
            rows,
            remarks: objects.remark.map(str::to_owned).into_iter().collect(),
            kind: Kind::Objects(shapes.into_iter().map(Shape::takes).collect()),
        })
    }

    fn parquet(path: &Path) -> Result<Self, Error> {
        let batches = Batches::open(path)?;
        Ok(Import {
            path: path.to_owned(),
            rows: batches.rows,
            remarks: batches.remarks.clone(),
            columns: batches.columns.clone(),
            named: true,
            kind: Kind::Parquet(batches.takes()),
        })
    }
}

/// A file's data for COPY, block by block.
pub struct Blocks {
    rows: Rows,
    path: PathBuf,
    block: Vec<u8>,
}

enum Rows {
    /// As they are.
    Plain(std::fs::File),
    Records(Box<Records<Text>>),
    /// With the columns' names.
    Objects(Box<Objects>, Vec<(String, Takes)>),
    Parquet(Box<Batches>, Vec<Takes>),
}

impl Blocks {
    /// The next block; `None` after the last.
    ///
    /// # Errors
    /// The file cannot be read on.
    #[allow(clippy::should_implement_trait)] // a block is lent
    pub fn next(&mut self) -> Result<Option<&[u8]>, Error> {
        self.block.clear();
        match &mut self.rows {
            Rows::Plain(file) => {
                self.block.resize(BLOCK, 0);
                let count = file.read(&mut self.block);
                let count = count.map_err(|error| Error::io(&self.path, &error))?;
                self.block.truncate(count);
            }
            Rows::Records(records) => {
                while self.block.len() < BLOCK
                    && let Some(record) = records.next()?
                {
                    copy::write_row(record.values(), &mut self.block);
                }
            }
            Rows::Objects(objects, columns) => {
                while self.block.len() < BLOCK && objects.write_next(columns, &mut self.block)? {}
            }
            Rows::Parquet(batches, takes) => {
                while self.block.len() < BLOCK && batches.write_next(takes, &mut self.block)? {}
            }
        }
        Ok(Some(&*self.block).filter(|block| !block.is_empty()))
    }
}

/// The byte between values: of those that others use, the one that the first record has most of.
fn sniff(path: &Path) -> Result<u8, Error> {
    const DELIMITERS: [u8; 4] = *b",;\t|";
    let mut best = (0, b',');
    for delimiter in DELIMITERS {
        let mut records = Records::new(Text::open(path)?, path, delimiter);
        let count = records.next()?.map_or(0, |record| record.len());
        if count > best.0 {
            best = (count, delimiter);
        }
    }
    Ok(best.1)
}

/// Whether the first record names the columns: all texts, no two alike, none of them a value that
/// has a type of its own.
fn is_header(values: &[Option<String>]) -> bool {
    let mut seen = std::collections::HashSet::new();
    values.iter().all(|value| match value {
        // Tables of statistics leave the name of their first column away.
        None => true,
        Some(text) => Class::of(text.as_bytes()) == Class::Text && seen.insert(text.trim()),
    }) && values.iter().any(Option::is_some)
}

fn look(record: &read_csv::Record<'_>, classes: &mut [Class]) {
    for (value, class) in record.values().zip(classes) {
        if let Some(value) = value
            && !class.fits(value)
        {
            *class = class.join(Class::of(value));
        }
    }
}

/// The columns, each with a name of its own.
fn columns(head: &[Option<String>], named: bool, classes: &[Class]) -> Vec<Inferred> {
    let mut taken = std::collections::HashSet::new();
    let name = |(number, value): (usize, &Option<String>)| {
        let name = value.as_deref().unwrap_or_default().trim();
        let name = match name {
            "" => format!("column{}", number + 1),
            _ if !named => format!("column{}", number + 1),
            name => name.to_owned(),
        };
        let mut unique = name.clone();
        let mut count = 1;
        while !taken.insert(unique.clone()) {
            count += 1;
            unique = format!("{name}_{count}");
        }
        unique
    };
    let names: Vec<String> = head.iter().enumerate().map(name).collect();
    names
        .into_iter()
        .zip(classes)
        .map(|(name, class)| Inferred {
            name,
            type_name: class.type_name().into(),
        })
        .collect()
}

fn ragged(path: &Path, line: u64, found: usize, expected: usize, named: bool) -> Error {
    let values = if found == 1 { "value" } else { "values" };
    let first = if named { "header" } else { "first line" };
    Error::new(format!(
        "{}, line {line}: {found} {values} where the {first} has {expected}",
        path.display()
    ))
    .advise("Nothing was loaded. A value that holds the delimiter stands in double quotes.")
}

fn stopped() -> Error {
    Error::new("interrupted; nothing was loaded")
}
