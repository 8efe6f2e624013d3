//! A file of rows that is read: looked through from end to end first, so that the columns' types
//! are known and nothing of a file with a bad line is loaded.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::damage::heard;
use crate::infer::{Class, Inferred, Shape, Takes};
use crate::names::distinct;
use crate::options::{Options, What};
use crate::read_columns::{Batches, Columns};
use crate::read_csv::Records;
use crate::read_json::Objects;
use crate::separated::Separated;
use crate::text::{GoOn, Text, failed};
use crate::{Error, Format, copy};

/// About as many bytes are handed out at once.
const BLOCK: usize = 1 << 17;
/// A table has no more columns.
const COLUMNS: usize = 1600;

/// A file that has been looked through. What its columns are called may depend on where they go:
/// [`Looked::settle`].
pub struct Looked {
    path: PathBuf,
    options: Options,
    go_on: GoOn,
    remarks: Vec<String>,
    kind: Kind,
}

enum Kind {
    /// Values with a delimiter between them.
    Separated(Separated),
    /// Objects: their keys and what each holds; and how many there are.
    Objects(Vec<(String, Shape)>, u64),
    /// Parquet or Arrow.
    Columns(Columns),
}

/// A file whose columns are settled.
pub struct Import {
    file: Looked,
    /// What the columns that are loaded are called and hold.
    pub columns: Vec<Inferred>,
    /// Whether the file names its columns.
    pub named: bool,
    /// Rows in it.
    pub rows: u64,
    /// What was made of it that is not plain, a sentence each.
    pub remarks: Vec<String>,
    /// Of each column its place in the file, and what it takes.
    places: Vec<(usize, Takes)>,
}

impl Looked {
    /// Looks through a file. Asks now and then whether to go on.
    ///
    /// # Errors
    /// It cannot be read, is none of the formats, or has a bad line; or `go_on` has said no.
    pub fn read(path: &Path, options: Options, go_on: GoOn) -> Result<Self, Error> {
        let format = Format::of(path)?;
        options.fit(format)?;
        let read = || match format {
            Format::Csv | Format::Tsv => {
                let (found, remarks) = Separated::look(path, format, &options, &go_on)?;
                Ok((Kind::Separated(found), remarks))
            }
            Format::JsonLines => objects(path, &options, &go_on),
            Format::Parquet | Format::Arrow => {
                let columns = Columns::look(path, format, &go_on)?;
                Ok((Kind::Columns(columns), Vec::new()))
            }
            _ => Err(Error::new(format!("{} cannot be imported", path.display()))
                .advise("Files that can: .csv, .tsv, .jsonl, .parquet and .arrow.")),
        };
        let (kind, remarks) = heard(path, read)?;
        Ok(Looked {
            path: path.to_owned(),
            options,
            go_on,
            remarks,
            kind,
        })
    }

    /// Decides what the columns are called and which are loaded, for a table with these columns; for
    /// one that is to be made, where there are none.
    ///
    /// # Errors
    /// A column is chosen that the file has not; or there are more than a table can have.
    pub fn settle(self, present: Option<&[&str]>) -> Result<Import, Error> {
        let mut remarks = self.remarks.clone();
        let (named, rows, mut columns, takes) = match &self.kind {
            Kind::Separated(found) => {
                let named = found.is_named(&self.options, present);
                remarks.extend(found.decision(&self.options, named));
                let takes = vec![Takes::Text; found.width()];
                (named, found.rows(named), found.columns(named), takes)
            }
            Kind::Objects(columns, rows) => {
                let names = distinct(columns.iter().map(|(key, _)| Some(key.as_str())));
                let columns = names.into_iter().zip(columns);
                let (columns, takes) = columns
                    .map(|(name, (_, shape))| {
                        let type_name = shape.type_name();
                        (Inferred { name, type_name }, shape.takes())
                    })
                    .unzip();
                (true, *rows, columns, takes)
            }
            Kind::Columns(found) => {
                let names = distinct(found.columns.iter().map(|column| Some(&*column.name)));
                let columns = names.into_iter().zip(&found.columns);
                let columns = columns.map(|(name, column)| Inferred {
                    name,
                    type_name: column.type_name.clone(),
                });
                (true, found.rows, columns.collect(), found.takes())
            }
        };
        let mut places: Vec<(usize, Takes)> = takes.into_iter().enumerate().collect();
        self.choose(named, &mut columns, &mut places)?;
        if present.is_none() && columns.len() > COLUMNS {
            let what = format!(
                "{} has {} columns, and a table has no more than {COLUMNS}",
                self.path.display(),
                columns.len()
            );
            return Err(Error::new(what).advise("columns=NAME:- leaves a column out."));
        }
        Ok(Import {
            file: self,
            columns,
            named,
            rows,
            remarks,
            places,
        })
    }

    /// Heeds `columns=`: by name, or in order where the file names none.
    fn choose(
        &self,
        named: bool,
        columns: &mut Vec<Inferred>,
        places: &mut Vec<(usize, Takes)>,
    ) -> Result<(), Error> {
        let chosen = &self.options.columns;
        if chosen.is_empty() {
            return Ok(());
        }
        let path = self.path.display();
        if !named && chosen.len() != columns.len() {
            return Err(Error::new(format!(
                "columns= has {} names, and {path} has {} columns and names none",
                chosen.len(),
                columns.len()
            )));
        }
        let mut stays = vec![true; columns.len()];
        for (number, choice) in chosen.iter().enumerate() {
            let place = match named {
                false => number,
                true => columns
                    .iter()
                    .position(|column| column.name == choice.name)
                    .ok_or_else(|| {
                        let what = format!("{path} has no column \"{}\"", choice.name);
                        Error::new(what).advise("columns= takes the names as the file has them.")
                    })?,
            };
            if !named {
                columns[place].name = choice.name.clone();
            }
            match &choice.what {
                What::Found => {}
                What::Not => stays[place] = false,
                What::Type(type_name) => {
                    columns[place].type_name = type_name.clone();
                    places[place].1 = fitting(places[place].1, Takes::of(type_name));
                }
            }
        }
        let mut kept = stays.iter();
        columns.retain(|_| kept.next().copied().unwrap_or(true));
        places.retain(|(place, _)| stays[*place]);
        match columns.is_empty() {
            true => Err(Error::new("columns= leaves no column to load")),
            false => Ok(()),
        }
    }
}

/// What a column of a table takes of a column of a file.
fn fitting(file: Takes, table: Takes) -> Takes {
    match (file, table) {
        // A text of an array in a file says more as JSON.
        (Takes::Json | Takes::Array, Takes::Text) => Takes::Json,
        (_, table) => table,
    }
}

impl Import {
    /// Says what the columns of a table take that its own, in their order, go to.
    pub fn fit(&mut self, columns: &[Takes]) {
        if let Kind::Separated(_) = self.file.kind {
            return;
        }
        for ((_, takes), column) in self.places.iter_mut().zip(columns) {
            *takes = fitting(*takes, *column);
        }
    }

    /// Whether a type of its own was said for a column.
    pub fn is_told_types(&self) -> bool {
        let mut chosen = self.file.options.columns.iter();
        chosen.any(|chosen| matches!(chosen.what, What::Type(_)))
    }

    /// Whether its columns have names, from the file or from `columns=`.
    pub fn has_names(&self) -> bool {
        self.named || !self.file.options.columns.is_empty()
    }

    /// Whether the first line was taken for the names of the columns, and may be a row.
    pub fn may_have_no_names(&self) -> bool {
        let is_text = matches!(self.file.kind, Kind::Separated(_));
        is_text && self.named && self.file.options.header.is_none()
    }

    /// Whether the bytes of the file can go to the server as they are.
    fn is_plain(&self) -> bool {
        match &self.file.kind {
            Kind::Separated(found) => found.plain && self.places.len() == found.width(),
            _ => false,
        }
    }

    /// Has its data handed out as COPY's text, also where its bytes could go to a server as they are.
    pub fn as_text(&mut self) {
        if let Kind::Separated(found) = &mut self.file.kind {
            found.plain = false;
        }
    }

    /// The options of `COPY … FROM STDIN` that fit its blocks.
    pub fn options(&self) -> String {
        match &self.file.kind {
            Kind::Separated(found) if self.is_plain() => {
                let header = if self.named { ", header" } else { "" };
                let delimiter = match found.delimiter {
                    b',' => String::new(),
                    b'\t' => ", delimiter e'\\t'".into(),
                    b'\'' => ", delimiter ''''".into(),
                    other => format!(", delimiter '{}'", char::from(other)),
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
    pub fn blocks(&self) -> Result<Blocks<'_>, Error> {
        let Looked {
            path,
            options,
            go_on,
            kind,
            ..
        } = &self.file;
        let open = || {
            Ok(match kind {
                Kind::Separated(_) if self.is_plain() => {
                    Rows::Plain(Text::open(path, options.encoding, go_on)?)
                }
                Kind::Separated(found) => {
                    let records = found.records(path, options, self.named, go_on)?;
                    Rows::Records(found, Box::new(records))
                }
                Kind::Objects(columns, _) => {
                    let key = |(place, takes): &(usize, Takes)| (&*columns[*place].0, *takes);
                    let objects = Objects::open(path, options.encoding, go_on)?;
                    let keys = self.places.iter().map(key).collect();
                    Rows::Objects(Box::new(objects), keys)
                }
                Kind::Columns(found) => Rows::Columns(Box::new(found.open(path, go_on)?)),
            })
        };
        Ok(Blocks {
            rows: heard(path, open)?,
            import: self,
            block: Vec::new(),
            written: 0,
        })
    }

    /// The line of the file that the server calls line `counted` of the data; none where the file
    /// has no lines.
    pub fn line(&self, counted: u64) -> Option<u64> {
        let Looked {
            path,
            options,
            go_on,
            kind,
            ..
        } = &self.file;
        match kind {
            Kind::Separated(_) if self.is_plain() => Some(counted),
            Kind::Columns(..) => None,
            Kind::Separated(found) => {
                let mut records = found.records(path, options, self.named, go_on).ok()?;
                let mut left = counted;
                loop {
                    let record = records.next().ok()??;
                    left = left.checked_sub(1)?;
                    if left == 0 {
                        return Some(record.line);
                    }
                }
            }
            Kind::Objects(..) => {
                let mut objects = Objects::open(path, options.encoding, go_on).ok()?;
                for _ in 0..counted {
                    objects.next().ok()??;
                }
                Some(objects.line)
            }
        }
    }
}

fn objects(path: &Path, options: &Options, go_on: &GoOn) -> Result<(Kind, Vec<String>), Error> {
    let mut objects = Objects::open(path, options.encoding, go_on)?;
    let mut columns: Vec<(String, Shape)> = Vec::new();
    let mut places = HashMap::new();
    let mut rows = 0;
    while let Some(members) = objects.next()? {
        for member in members {
            let place = match places.get(&*member.key) {
                Some(place) => *place,
                None => {
                    let key = member.key.clone().into_owned();
                    places.insert(key.clone(), columns.len());
                    columns.push((key, Shape::Value(Class::NOTHING)));
                    columns.len() - 1
                }
            };
            let (_, shape) = &mut columns[place];
            *shape = shape.join(member.shape());
        }
        rows += 1;
    }
    if rows == 0 {
        return Err(Error::new(format!("{} is empty", path.display())));
    }
    let remarks = objects.remark.into_iter().collect();
    Ok((Kind::Objects(columns, rows), remarks))
}

/// A file's data for COPY, block by block.
pub struct Blocks<'i> {
    rows: Rows<'i>,
    import: &'i Import,
    block: Vec<u8>,
    /// Rows handed out.
    written: u64,
}

enum Rows<'i> {
    /// As they are.
    Plain(Text),
    Records(&'i Separated, Box<Records<Text>>),
    /// With the keys of the columns.
    Objects(Box<Objects>, Vec<(&'i str, Takes)>),
    Columns(Box<Batches<'i>>),
}

impl Blocks<'_> {
    /// The next block; `None` when all rows have been handed out.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or is not what it was when it was looked through.
    #[allow(clippy::should_implement_trait)] // a block lends from the buffer
    pub fn next(&mut self) -> Result<Option<&[u8]>, Error> {
        let path = &self.import.file.path;
        heard(path, || self.fill())?;
        if self.block.is_empty() && self.written != self.import.rows {
            return Err(Error::new(format!(
                "{} has {} rows, and has said that it has {}",
                path.display(),
                self.written,
                self.import.rows
            ))
            .advise("Nothing was loaded. Is the file whole, and nobody writing to it?"));
        }
        Ok(Some(&*self.block).filter(|block| !block.is_empty()))
    }

    fn fill(&mut self) -> Result<(), Error> {
        let path = &self.import.file.path;
        let places = &self.import.places;
        self.block.clear();
        match &mut self.rows {
            Rows::Plain(file) => {
                self.block.resize(BLOCK, 0);
                let count = file.read(&mut self.block);
                let count = count.map_err(|error| failed(path, &error))?;
                self.block.truncate(count);
                // The server counts them.
                self.written = self.import.rows;
            }
            Rows::Records(found, records) => {
                let null = self.import.file.options.null.as_deref().map(str::as_bytes);
                let all = places.len() == found.width();
                while self.block.len() < BLOCK
                    && let Some(record) = records.next()?
                {
                    if record.len() != found.width() {
                        return Err(found.ragged(path, &record));
                    }
                    if all {
                        copy::write_row(record.values(null), &mut self.block);
                    } else {
                        let values: Vec<_> = record.values(null).collect();
                        let some = places.iter().map(|(place, _)| values[*place]);
                        copy::write_row(some, &mut self.block);
                    }
                    self.written += 1;
                }
            }
            Rows::Objects(objects, keys) => {
                while self.block.len() < BLOCK && objects.write_next(keys, &mut self.block)? {
                    self.written += 1;
                }
            }
            Rows::Columns(batches) => {
                while self.block.len() < BLOCK && batches.write_next(places, &mut self.block)? {
                    self.written += 1;
                }
            }
        }
        Ok(())
    }

    /// Rows handed out so far; of a file that goes as it is, those that it has.
    pub fn rows(&self) -> u64 {
        self.written
    }
}
