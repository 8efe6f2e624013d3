//! What is there: the candidates for what fits, from the catalog and from what is in scope.

mod columns;
mod objects;

pub(crate) use self::objects::signature;

use super::Candidate;
use super::cursor::{Kind, Statement, Token};
use super::fits::{Fits, Wanted};
use super::keywords;
use super::offer::{Offer, Rank};
use super::scope::{Scope, scope};
use super::shape::Shape;
use super::syntax;
use crate::catalog::{Function, Names};

/// The candidates at the place of a statement.
pub(crate) fn candidates(statement: &Statement, fits: &Fits, names: &Names) -> Offer {
    let shape = Shape::new(&statement.tokens);
    let mut finder = Finder {
        names,
        scope: scope(&shape, statement.at, names),
        fits,
        statement,
        offer: Offer::new(&statement.typed),
    };
    finder.find();
    finder.keywords();
    finder.offer
}

struct Finder<'a> {
    names: &'a Names,
    scope: Scope,
    fits: &'a Fits,
    statement: &'a Statement<'a>,
    offer: Offer,
}

impl Finder<'_> {
    fn find(&mut self) {
        if !self.fits.qualifier.is_empty() {
            return self.qualified();
        }
        match &self.fits.wanted {
            Wanted::Nothing => {}
            Wanted::Relations => {
                self.with();
                self.relations(None);
                self.schemas();
                self.functions(None, |function| function.returns_set);
            }
            Wanted::Tables => {
                self.relations(None);
                self.schemas();
            }
            Wanted::Condition => {
                self.conditions();
                self.values();
            }
            Wanted::Values => self.values(),
            Wanted::Columns(path) => self.columns_of(path),
            Wanted::Common => self.common(),
            Wanted::Types => {
                self.types(None);
                self.schemas();
            }
            Wanted::Functions => {
                self.functions(None, |_| true);
                self.schemas();
            }
            Wanted::Schemas => self.schemas(),
            Wanted::Settings => self.settings(),
            Wanted::SettingValues(name) => self.setting_values(name),
        }
    }

    /// What is behind the dot of a schema, a table or an alias.
    fn qualified(&mut self) {
        let path = &self.fits.qualifier;
        let Some(last) = path.last() else { return };
        let schema = (path.len() == 1).then_some(last.as_str());
        match self.fits.wanted {
            Wanted::Relations => {
                self.relations(schema);
                self.functions(schema, |function| function.returns_set);
            }
            Wanted::Tables => {
                self.relations(schema);
                self.columns_of(path);
            }
            Wanted::Types => self.types(schema),
            Wanted::Functions => self.functions(schema, |_| true),
            Wanted::Values | Wanted::Condition => {
                if schema.is_some_and(|name| self.columns_of_source(name)) {
                    return;
                }
                self.columns_of(path);
                self.relations(schema);
                self.functions(schema, Function::gives_value);
            }
            _ => {}
        }
    }

    /// SQL's own words, written as the user writes them.
    fn keywords(&mut self) {
        if self.statement.typed.text.starts_with('"') {
            return;
        }
        let upper = is_upper(self.statement);
        for keyword in &self.fits.keywords {
            self.offer.add(Rank::Keyword, keyword, || {
                let text = if upper {
                    keyword.to_uppercase()
                } else {
                    keyword.clone()
                };
                Candidate::new(text, "keyword", "")
            });
        }
    }
}

/// Whether the user writes keywords in upper case: as the word being typed, else as the last one.
fn is_upper(statement: &Statement) -> bool {
    /// A keyword is not farther away, unless there is none.
    const NEAR: usize = 200;
    let is_keyword = |token: &&Token| {
        token.kind == Kind::Word
            && (keywords::is_reserved(&token.text.to_lowercase())
                || syntax::page(&[&token.text.to_uppercase()]).is_some())
    };
    let before = statement.tokens[..statement.at].iter().rev().take(NEAR);
    let keywords = before.filter(is_keyword).map(|token| token.text);
    let mut written = std::iter::once(statement.typed.text)
        .chain(keywords)
        .filter(|text| text.contains(char::is_alphabetic));
    written
        .next()
        .is_some_and(|text| !text.contains(char::is_lowercase))
}
