//! The layout: which columns part a chart's rows, and which are computed within the parts.

use crate::chart::labels::one_line;
use crate::chart::survey::Tally;
use crate::chart::value::{Nature, Reading};
use crate::chart::{By, Channel, Chart, Function, Kind, Sort};
use crate::{Column, Problem};

/// Where something is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    X,
    Y,
    Color,
    Facet,
    Size,
}

impl Place {
    /// Its name in the command, and in the chart's data.
    pub(super) fn name(self) -> &'static str {
        match self {
            Place::X => "x",
            Place::Y => "y",
            Place::Color => "color",
            Place::Facet => "facet",
            Place::Size => "size",
        }
    }
}

/// A column that parts the rows.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) place: Place,
    /// Its place among [`Layout::columns`].
    pub(super) at: usize,
    pub(super) name: String,
    pub(super) nature: Nature,
}

/// What is computed of a group of rows.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    pub(super) place: Place,
    /// Its column's place among [`Layout::columns`]; none counts rows.
    pub(super) at: Option<usize>,
    pub(super) name: String,
    pub(super) nature: Nature,
    pub(super) function: Function,
    /// The function was asked for by name.
    pub(super) asked: bool,
}

/// A chart held against its columns.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) chart: Chart,
    /// The columns that are read, by their places in the result, and how.
    pub(super) columns: Vec<(usize, Reading)>,
    /// At most four: x, y, colour, facet.
    pub(super) parts: Vec<Part>,
    pub(super) measures: Vec<Measure>,
    /// The column by which names are sorted, among `columns`.
    pub(super) sorter: Option<usize>,
}

impl Layout {
    pub(super) fn new(chart: &Chart, columns: &[Column]) -> Result<Self, Problem> {
        let mut builder = Builder {
            columns,
            layout: Layout {
                chart: chart.clone(),
                columns: Vec::new(),
                parts: Vec::new(),
                measures: Vec::new(),
                sorter: None,
            },
        };
        builder.build(chart)?;
        Ok(builder.layout)
    }

    /// How a column is read, by its place among those that are.
    pub(super) fn reading(&self, at: usize) -> Option<&Reading> {
        self.columns.get(at).map(|(_, reading)| reading)
    }

    /// Takes over what was found out about the columns.
    pub(super) fn settle(&mut self, tallies: &[Tally]) {
        for ((_, reading), tally) in self.columns.iter_mut().zip(tallies) {
            *reading = tally.reading.clone();
        }
        let nature = |at: usize| tallies.get(at).map(|tally| tally.reading.nature);
        for part in &mut self.parts {
            part.nature = nature(part.at).unwrap_or(part.nature);
        }
        for measure in &mut self.measures {
            measure.nature = measure.at.and_then(nature).unwrap_or(measure.nature);
        }
    }

    pub(super) fn part(&self, place: Place) -> Option<usize> {
        self.parts.iter().position(|part| part.place == place)
    }

    /// The first thing that is computed, which gives axes of names their order.
    pub(super) fn measure(&self) -> Option<&Measure> {
        self.measures.first()
    }

    /// Bars and boxes that lie: their numbers are on x.
    pub(super) fn lies(&self) -> bool {
        self.measure()
            .is_some_and(|measure| measure.place == Place::X)
    }
}

struct Builder<'a> {
    columns: &'a [Column],
    layout: Layout,
}

impl Builder<'_> {
    fn build(&mut self, chart: &Chart) -> Result<(), Problem> {
        match chart.kind {
            Kind::Bar => self.bar(chart)?,
            Kind::Line | Kind::Area => self.line(chart)?,
            Kind::Histogram => {
                let x = need(chart, chart.x, "x")?;
                self.part(Place::X, x)?;
                self.count(Place::Y);
            }
            Kind::Box => self.spread(chart)?,
            Kind::Point => self.point(chart)?,
            Kind::Heatmap => {
                let (x, y) = (need(chart, chart.x, "x")?, need(chart, chart.y, "y")?);
                self.part(Place::X, x)?;
                self.part(Place::Y, y)?;
                self.measure_or_count(Place::Color, chart.color, Function::Avg)?;
            }
            Kind::Arc => {
                let slices = chart.color.or(chart.x);
                self.part(Place::Color, need(chart, slices, "color")?)?;
                self.measure_or_count(Place::Y, chart.y, Function::Sum)?;
            }
        }
        if let (Some(color), Kind::Bar | Kind::Line | Kind::Area | Kind::Histogram) =
            (chart.color, chart.kind)
        {
            self.part(Place::Color, color)?;
        }
        if let Some(facet) = chart.facet {
            self.part(Place::Facet, facet)?;
        }
        if let Some(Sort {
            by: By::Column(column),
            ..
        }) = chart.sort
        {
            let (at, _) = self.read(column)?;
            self.layout.sorter = Some(at);
        }
        if chart.stacked && (chart.log_x || chart.log_y) {
            return Err(problem(
                "stacked lengths add up, and a logarithmic scale does not",
                "Leave out stacked or log.",
            ));
        }
        Ok(())
    }

    fn bar(&mut self, chart: &Chart) -> Result<(), Problem> {
        match (chart.x, chart.y) {
            (None, None) => Err(missing(chart, "x")),
            (Some(names), None) if names.function.is_none() => {
                self.part(Place::X, names)?;
                self.count(Place::Y);
                Ok(())
            }
            (None, Some(names)) if names.function.is_none() => {
                self.part(Place::Y, names)?;
                self.count(Place::X);
                Ok(())
            }
            (None, Some(_)) => Err(missing(chart, "x")),
            (Some(_), None) => Err(missing(chart, "y")),
            (Some(x), Some(y)) => {
                let stands = y.function.is_some() || y.column.is_none();
                let lies = x.function.is_some() || x.column.is_none();
                let (x_adds, y_adds) = (self.adds(x)?, self.adds(y)?);
                if stands || y_adds && !lies {
                    self.part(Place::X, x)?;
                    self.measure(Place::Y, y, Function::Sum)
                } else if lies || x_adds {
                    self.part(Place::Y, y)?;
                    self.measure(Place::X, x, Function::Sum)
                } else {
                    Err(self.no_number(y, "a bar's length"))
                }
            }
        }
    }

    fn line(&mut self, chart: &Chart) -> Result<(), Problem> {
        self.part(Place::X, need(chart, chart.x, "x")?)?;
        let function = match chart.kind {
            Kind::Area => Function::Sum,
            _ => Function::Avg,
        };
        self.measure_or_count(Place::Y, chart.y, function)
    }

    fn spread(&mut self, chart: &Chart) -> Result<(), Problem> {
        let (numbers, names, place) = match (chart.x, chart.y) {
            (None, None) => return Err(missing(chart, "y")),
            (names, Some(y)) if self.adds(y)? => (y, names.map(|x| (Place::X, x)), Place::Y),
            (Some(x), names) if self.adds(x)? => (x, names.map(|y| (Place::Y, y)), Place::X),
            (x, y) => {
                let tried = y.or(x).unwrap_or(Channel::column(0));
                return Err(self.no_number(tried, "what a box shows the spread of"));
            }
        };
        if numbers.function.is_some() || numbers.column.is_none() {
            return Err(problem(
                "a box shows all values of a column, not one that is computed of them",
                "Give the column alone: y=COLUMN.",
            ));
        }
        if let Some((place, names)) = names {
            self.part(place, names)?;
        }
        self.measure(place, numbers, Function::Avg)
    }

    fn point(&mut self, chart: &Chart) -> Result<(), Problem> {
        self.part(Place::X, need(chart, chart.x, "x")?)?;
        self.part(Place::Y, need(chart, chart.y, "y")?)?;
        if let Some(color) = chart.color {
            match self.adds(color)? {
                true => self.measure(Place::Color, color, Function::Avg)?,
                false => self.part(Place::Color, color)?,
            }
        }
        match chart.size {
            Some(size) => self.measure(Place::Size, size, Function::Avg),
            None => Ok(()),
        }
    }

    /// A column that parts the rows.
    fn part(&mut self, place: Place, channel: Channel) -> Result<(), Problem> {
        let Channel {
            column: Some(column),
            function: None,
        } = channel
        else {
            return Err(problem(
                format!("{} takes a column, not one that is computed", place.name()),
                "What is computed is the number drawn, such as y=sum(COLUMN).",
            ));
        };
        let (at, nature) = self.read(column)?;
        let name = self.name(column);
        self.layout.parts.push(Part {
            place,
            at,
            name,
            nature,
        });
        Ok(())
    }

    fn measure_or_count(
        &mut self,
        place: Place,
        channel: Option<Channel>,
        function: Function,
    ) -> Result<(), Problem> {
        match channel {
            Some(channel) => self.measure(place, channel, function),
            None => {
                self.count(place);
                Ok(())
            }
        }
    }

    fn measure(
        &mut self,
        place: Place,
        channel: Channel,
        function: Function,
    ) -> Result<(), Problem> {
        let Some(column) = channel.column else {
            self.count(place);
            return Ok(());
        };
        let (at, nature) = self.read(column)?;
        let function_asked = channel.function.unwrap_or(function);
        if function_asked != Function::Count && !nature.is_quantity() {
            return Err(self.no_number(channel, &format!("what {} shows", place.name())));
        }
        let name = self.name(column);
        self.layout.measures.push(Measure {
            place,
            at: Some(at),
            name,
            nature,
            function: function_asked,
            asked: channel.function.is_some(),
        });
        Ok(())
    }

    fn count(&mut self, place: Place) {
        self.layout.measures.push(Measure {
            place,
            at: None,
            name: "rows".into(),
            nature: Nature::Number,
            function: Function::Count,
            asked: false,
        });
    }

    /// The place of a column among those that are read.
    fn read(&mut self, column: usize) -> Result<(usize, Nature), Problem> {
        let known = self.columns.get(column).ok_or_else(|| {
            problem(
                format!("the result has no column {}", column + 1),
                "Choose one it has.",
            )
        })?;
        let nature = Nature::of(known);
        let reading = Reading::of(known);
        let columns = &mut self.layout.columns;
        let at = columns.iter().position(|(known, _)| *known == column);
        let at = at.unwrap_or_else(|| {
            columns.push((column, reading));
            columns.len() - 1
        });
        Ok((at, nature))
    }

    /// Whether a channel gives numbers.
    fn adds(&mut self, channel: Channel) -> Result<bool, Problem> {
        match channel.column {
            Some(column) if channel.function != Some(Function::Count) => {
                Ok(self.read(column)?.1.is_quantity())
            }
            _ => Ok(true),
        }
    }

    fn name(&self, column: usize) -> String {
        let name = self.columns.get(column).map(|column| column.name.as_str());
        match name {
            Some("") | None => format!("column {}", column + 1),
            Some(name) => one_line(name),
        }
    }

    fn no_number(&self, channel: Channel, what: &str) -> Problem {
        let column = channel.column.unwrap_or_default();
        let type_name = self
            .columns
            .get(column)
            .map_or("", |column| &column.type_name);
        let numbers: Vec<&str> = self
            .columns
            .iter()
            .filter(|column| Nature::of(column).is_quantity())
            .map(|column| column.name.as_str())
            .take(5)
            .collect();
        let advice = match numbers.as_slice() {
            [] => "The result has no column of numbers; count counts its rows.".to_owned(),
            numbers => format!(
                "Columns of numbers: {}. count counts rows.",
                numbers.join(", ")
            ),
        };
        problem(
            format!(
                "{what} is a number, and {} is {type_name}",
                self.name(column)
            ),
            advice,
        )
    }
}

fn need(chart: &Chart, channel: Option<Channel>, name: &str) -> Result<Channel, Problem> {
    channel.ok_or_else(|| missing(chart, name))
}

fn missing(chart: &Chart, name: &str) -> Problem {
    let kind = chart.kind.name();
    problem(
        format!("a {kind} chart needs {name}"),
        format!("Such as: %chart {kind} {}", example(chart.kind)),
    )
}

fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Bar | Kind::Line | Kind::Area | Kind::Point => "x=COLUMN y=COLUMN",
        Kind::Histogram => "x=COLUMN",
        Kind::Box => "x=COLUMN y=COLUMN",
        Kind::Heatmap => "x=COLUMN y=COLUMN color=COLUMN",
        Kind::Arc => "y=COLUMN color=COLUMN",
    }
}

/// A problem with what the chart is to show.
pub(super) fn problem(message: impl Into<String>, advice: impl Into<String>) -> Problem {
    let mut problem = Problem::new("chart_error", message);
    problem.advice = vec![advice.into()];
    problem
}
