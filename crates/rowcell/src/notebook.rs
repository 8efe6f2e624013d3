//! A notebook file: its cells in, its outputs back. Everything else in it stays as it is.
//!
//! Format: nbformat 4.

use display::Page;
use serde_json::{Value, json};

use crate::nbformat;
use crate::terminal::Output;

/// An `.ipynb` file, or a `.sql` file taken as a notebook of one cell.
pub(crate) struct Notebook {
    json: Value,
}

/// A code cell.
pub(crate) struct Cell {
    /// Its place among all cells.
    pub(crate) index: usize,
    /// Its text.
    pub(crate) source: String,
    /// Its language, where that is said and not the notebook's.
    pub(crate) language: Option<String>,
    /// Whether it is meant to fail.
    pub(crate) raises: bool,
}

impl Notebook {
    /// Reads an `.ipynb` file's text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let json: Value =
            serde_json::from_str(text).map_err(|error| format!("this is no notebook: {error}"))?;
        if json.get("nbformat").and_then(Value::as_u64) != Some(4) || !json["cells"].is_array() {
            return Err("this is no notebook of format 4".into());
        }
        Ok(Notebook { json })
    }

    /// A notebook of one cell.
    pub(crate) fn of_sql(text: &str) -> Self {
        let cell = json!({
            "cell_type": "code",
            "id": "sql",
            "metadata": {},
            "execution_count": null,
            "source": text,
            "outputs": [],
        });
        Notebook {
            json: json!({
                "cells": [cell],
                "metadata": {
                    "kernelspec": {"name": "rowcell", "display_name": "SQL (Rowcell)", "language": "sql"},
                    "language_info": crate::interpreter::sql().info(),
                },
                "nbformat": 4,
                "nbformat_minor": 5,
            }),
        }
    }

    /// The code cells, in order.
    pub(crate) fn code(&self) -> Vec<Cell> {
        let code = self
            .cells()
            .iter()
            .enumerate()
            .filter(|(_, cell)| is_code(cell));
        code.map(|(index, cell)| Cell {
            index,
            source: text(&cell["source"]),
            language: cell["metadata"]["vscode"]["languageId"]
                .as_str()
                .map(str::to_owned),
            raises: is_tagged(cell, "raises-exception"),
        })
        .collect()
    }

    /// Takes all outputs away, as before a run.
    pub(crate) fn clear(&mut self) {
        if let Some(cells) = self.json["cells"].as_array_mut() {
            for cell in cells.iter_mut().filter(|cell| is_code(cell)) {
                cell["outputs"] = json!([]);
                cell["execution_count"] = Value::Null;
            }
        }
    }

    /// Keeps a cell's outputs.
    pub(crate) fn fill(&mut self, index: usize, count: usize, outputs: &[Output]) {
        let cell = &mut self.json["cells"][index];
        cell["execution_count"] = count.into();
        cell["outputs"] = outputs.iter().map(|output| saved(output, count)).collect();
    }

    /// The file's text, as Jupyter writes it.
    pub(crate) fn to_ipynb(&self) -> Result<String, String> {
        nbformat::text(&self.json)
    }

    /// Behind which cell parameters are set, by its place among all cells: the one that holds
    /// parameters of an earlier run, else the one of the defaults, as papermill chooses.
    pub(crate) fn parameters(&self) -> Option<usize> {
        let tagged = |tag: &str| self.cells().iter().position(|cell| is_tagged(cell, tag));
        tagged("injected-parameters").or_else(|| tagged("parameters"))
    }

    /// A page for a browser.
    pub(crate) fn to_html(&self, title: &str) -> String {
        let mut page = Page::new(title);
        for cell in self.cells() {
            let source = text(&cell["source"]);
            match cell["cell_type"].as_str() {
                Some("markdown") => page.markdown(&source),
                Some("code") => {
                    page.code(&source);
                    for output in cell["outputs"].as_array().into_iter().flatten() {
                        add(&mut page, output);
                    }
                }
                _ => page.code(&source),
            }
        }
        page.html()
    }

    fn cells(&self) -> &[Value] {
        self.json["cells"].as_array().map_or(&[], Vec::as_slice)
    }
}

fn is_code(cell: &Value) -> bool {
    cell["cell_type"] == "code"
}

fn is_tagged(cell: &Value, tag: &str) -> bool {
    let tags = cell["metadata"]["tags"].as_array();
    tags.is_some_and(|tags| tags.iter().any(|known| known == tag))
}

fn add(page: &mut Page, output: &Value) {
    match output["output_type"].as_str() {
        Some("stream") => page.text(&text(&output["text"]), output["name"] == "stderr"),
        Some("error") => {
            let lines: Vec<_> = output["traceback"]
                .as_array()
                .into_iter()
                .flatten()
                .map(text)
                .collect();
            page.text(&lines.join("\n"), true);
        }
        _ => {
            let words = text(&output["data"]["text/plain"]);
            match (&output["data"]["text/html"], &output["data"]["image/png"]) {
                (Value::Null, Value::Null) => page.text(&words, false),
                (Value::Null, png) => {
                    let width = output["metadata"]["image/png"]["width"].as_u64();
                    page.picture(&text(png), width, &words);
                }
                (html, _) => page.trusted(&text(html)),
            }
        }
    }
}

/// An output as the file has it.
fn saved(output: &Output, count: usize) -> Value {
    match output {
        Output::Stream(name, text) => {
            json!({"output_type": "stream", "name": name, "text": text})
        }
        Output::Result(bundle) => json!({
            "output_type": "execute_result",
            "data": bundle.data,
            "metadata": bundle.metadata,
            "execution_count": count,
        }),
        Output::Display(bundle, _) => json!({
            "output_type": "display_data",
            "data": bundle.data,
            "metadata": bundle.metadata,
        }),
        Output::Problem(problem) => json!({
            "output_type": "error",
            "ename": problem.name,
            "evalue": problem.message,
            "traceback": problem.traceback(),
        }),
    }
}

/// A text that may be kept as its lines.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}
