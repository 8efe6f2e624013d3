//! The items of the cells, and which variables a new declaration of one concerns.
//!
//! evcxr tells types apart by what Rust says of them: their names, and those of their fields. So a
//! value of `struct W { a: i64 }` passes for one of `struct W { a: f64 }`, and is read as such. Here
//! it is known what every item says that can change how a type lies in memory, and which other items
//! it says that by; code is read by evcxr's own parser, as evcxr reads it.

use std::collections::{BTreeMap, BTreeSet};

use ra_ap_syntax::ast::{self, HasModuleItem, HasName};
use ra_ap_syntax::{AstNode, Edition, NodeOrToken, SourceFile, SyntaxKind, SyntaxNode};

/// As evcxr parses cells.
const EDITION: Edition = Edition::Edition2024;
/// What a cell's statements are put into to be parsed.
const BEFORE: &str = "fn f(){";

/// Attributes that have no say in how a type lies in memory.
const WITHOUT_SAY: &[&str] = &[
    "allow",
    "default",
    "deny",
    "deprecated",
    "derive",
    "doc",
    "error",
    "expect",
    "forbid",
    "from",
    "must_use",
    "serde",
    "source",
    "warn",
];

/// Types that may hold a value of any other one, which can be got out again by naming that.
const HIDING: &[&str] = &["Any", "Error"];

/// Types that are there without a word, and not by way of `use m::*`.
const KNOWN: &[&str] = &[
    "Box", "Option", "Result", "String", "Vec", "bool", "char", "dyn", "f32", "f64", "fn", "i8",
    "i16", "i32", "i64", "i128", "isize", "mut", "static", "str", "u8", "u16", "u32", "u64",
    "u128", "usize",
];

/// What a type can depend on of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Item {
    /// Its words, without what makes no difference.
    text: String,
    /// The names it says.
    mentions: BTreeSet<String>,
    /// The names whose implementations in it say what a type is.
    speaks_for: BTreeSet<String>,
    /// Whether it is another item's name.
    is_use: bool,
}

/// The items of all cells so far, or those of one cell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Items {
    named: BTreeMap<String, Item>,
    /// Implementations on their own, and what is used without a name.
    unnamed: Vec<Item>,
}

impl Items {
    /// Those of a cell.
    pub(crate) fn of(code: &str) -> Self {
        let mut items = Items::default();
        // evcxr keeps an implementation with the item before it.
        let mut before: Option<String> = None;
        for (_, statement) in statements(code) {
            let Some(item) = ast::Item::cast(statement) else {
                continue;
            };
            match &item {
                ast::Item::Use(used) => {
                    if let Some(tree) = used.use_tree() {
                        items.import(&tree, "");
                    }
                    continue;
                }
                ast::Item::ExternCrate(_) => continue,
                _ => {}
            }
            let mut read = Item::default();
            read.read(item.syntax(), false);
            match (name(&item), &before) {
                (Some(name), _) => {
                    if !matches!(item, ast::Item::MacroRules(_)) {
                        before = Some(name.clone());
                    }
                    items.named.insert(name, read);
                }
                (None, Some(before)) => {
                    if let Some(there) = items.named.get_mut(before) {
                        there.text += &read.text;
                        there.mentions.append(&mut read.mentions);
                        there.speaks_for.append(&mut read.speaks_for);
                    }
                }
                (None, None) => items.unnamed.push(read),
            }
        }
        items
    }

    /// Each name that is used is an item of its own, as evcxr has it.
    fn import(&mut self, tree: &ast::UseTree, before: &str) {
        let path = tree.path().map(|path| path.syntax().text().to_string());
        let path = match (before, path) {
            ("", Some(path)) => path,
            (before, Some(path)) => format!("{before}::{path}"),
            (before, None) => before.to_owned(),
        };
        if let Some(list) = tree.use_tree_list() {
            list.use_trees().for_each(|tree| self.import(&tree, &path));
            return;
        }
        let path = path.strip_suffix("::self").unwrap_or(&path);
        let last = path.rsplit("::").next().unwrap_or_default();
        let name = match tree.rename() {
            Some(rename) => rename.name().map(|name| name.text().to_string()),
            None => (tree.star_token().is_none()).then(|| last.to_owned()),
        };
        let item = Item {
            text: path.to_owned(),
            mentions: words(path).map(str::to_owned).collect(),
            speaks_for: BTreeSet::new(),
            is_use: true,
        };
        match name {
            Some(name) => {
                self.named.insert(plain(&name).to_owned(), item);
            }
            None => self.unnamed.push(item),
        }
    }

    /// Of these variables, with their types, those whose types these new items make others.
    pub(crate) fn concerned<'v>(
        &self,
        new: &Items,
        variables: impl Iterator<Item = (&'v str, &'v str)>,
    ) -> Vec<String> {
        let old = |name: &String| self.named.get(name).map_or("", |item| item.text.as_str());
        let changed = new
            .named
            .iter()
            .filter(|(name, item)| item.text != old(name));
        let changed: BTreeSet<&str> = changed.map(|(name, _)| name.as_str()).collect();
        let mut replaced = changed.iter().copied();
        let hides = replaced.any(|name| self.named.get(name).is_some_and(|item| !item.is_use));
        let mut concerned: Vec<String> = match changed.is_empty() {
            true => Vec::new(),
            false => variables
                .filter(|(_, kind)| self.reaches(kind, &changed, hides))
                .map(|(name, _)| name.to_owned())
                .collect(),
        };
        concerned.sort();
        concerned
    }

    /// Whether one of these variables, with their types, has something of these crates.
    pub(crate) fn reach<'v>(
        &self,
        crates: &BTreeSet<String>,
        mut variables: impl Iterator<Item = (&'v str, &'v str)>,
    ) -> bool {
        let crates: BTreeSet<&str> = crates.iter().map(String::as_str).collect();
        !crates.is_empty() && variables.any(|(_, kind)| self.reaches(kind, &crates, true))
    }

    /// Whether a type is made of one of these, or may hold it unseen.
    fn reaches(&self, kind: &str, changed: &BTreeSet<&str>, hides: bool) -> bool {
        let item_of = |name: &str| self.named.get(name);
        let mut seen: BTreeSet<&str> = words(kind).collect();
        let mut rest: Vec<&str> = seen.iter().copied().collect();
        while let Some(name) = rest.pop() {
            let item = item_of(name);
            let own = item.is_some_and(|item| !item.is_use);
            if changed.contains(name) || hides && !own && HIDING.contains(&name) {
                return true;
            }
            // What is said for the types and traits of others is said for each of them alone.
            let speaks = |item: &Item| own && item.speaks_for.contains(name);
            let spoken = self.named.iter().filter(|(_, item)| speaks(item));
            let spoken = spoken.map(|(name, _)| name.as_str());
            let alone = self.unnamed.iter().filter(|item| match item.is_use {
                // What comes of `use m::*` has no name here.
                true => item_of(name).is_none() && !KNOWN.contains(&name),
                false => speaks(item),
            });
            let next = item.into_iter().chain(alone);
            let next = next.flat_map(|item| &item.mentions).map(String::as_str);
            for name in next.chain(spoken) {
                if seen.insert(name) {
                    rest.push(name);
                }
            }
        }
        false
    }

    /// Takes over the items of a cell that has run.
    pub(crate) fn take(&mut self, new: Items) {
        self.named.extend(new.named);
        for item in new.unnamed {
            if !self.unnamed.contains(&item) {
                self.unnamed.push(item);
            }
        }
    }

    /// Forgets those that are there no more.
    pub(crate) fn keep<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        let names: BTreeSet<&str> = names.map(plain).collect();
        self.named.retain(|name, _| names.contains(name.as_str()));
        if names.is_empty() {
            self.unnamed.clear();
        }
    }
}

impl Item {
    /// Reads what can change how a type lies in memory: all of a type, of a function nothing but the
    /// types inside of it, unless it is one that the compiler runs.
    fn read(&mut self, node: &SyntaxNode, in_trait: bool) {
        match node.kind() {
            SyntaxKind::ATTR if has_no_say(node) => {}
            SyntaxKind::FN if has_token(node, SyntaxKind::CONST_KW) => self.copy(node),
            SyntaxKind::FN if !in_trait => self.read_inner(node),
            // How the functions of a trait are called, not what they do.
            SyntaxKind::BLOCK_EXPR if in_trait => self.read_inner(node),
            SyntaxKind::IMPL => self.read_impl(node),
            SyntaxKind::TRAIT => self.each(node, true),
            SyntaxKind::CONST | SyntaxKind::STATIC => self.copy(node),
            _ => self.each(node, in_trait),
        }
    }

    /// The items inside of code.
    fn read_inner(&mut self, node: &SyntaxNode) {
        for child in node.children() {
            match ast::Item::can_cast(child.kind()) {
                true => self.read(&child, false),
                false => self.read_inner(&child),
            }
        }
    }

    /// The types and constants that an implementation says.
    fn read_impl(&mut self, node: &SyntaxNode) {
        let mut list = node.children().filter_map(ast::AssocItemList::cast);
        let items = list.next().into_iter();
        let items = items.flat_map(|list| list.syntax().children().collect::<Vec<_>>());
        let mut says = false;
        for item in items {
            match item.kind() {
                SyntaxKind::TYPE_ALIAS | SyntaxKind::CONST | SyntaxKind::MACRO_CALL => {
                    says = true;
                    self.copy(&item);
                }
                _ => self.read(&item, false),
            }
        }
        if says {
            for child in node.children() {
                if child.kind() != SyntaxKind::ASSOC_ITEM_LIST {
                    let text = child.text().to_string();
                    self.text += &text;
                    self.speaks_for.extend(words(&text).map(str::to_owned));
                }
            }
        }
    }

    fn copy(&mut self, node: &SyntaxNode) {
        for element in node.descendants_with_tokens() {
            if let NodeOrToken::Token(token) = element {
                self.token(&token);
            }
        }
    }

    fn each(&mut self, node: &SyntaxNode, in_trait: bool) {
        for child in node.children_with_tokens() {
            match child {
                NodeOrToken::Node(node) => self.read(&node, in_trait),
                NodeOrToken::Token(token) => self.token(&token),
            }
        }
    }

    fn token(&mut self, token: &ra_ap_syntax::SyntaxToken) {
        if token.kind().is_trivia() {
            return;
        }
        self.text.push_str(token.text());
        self.text.push(' ');
        // A name that is declared is none that is said.
        let declared = token
            .parent()
            .is_some_and(|node| node.kind() == SyntaxKind::NAME);
        if token.kind() == SyntaxKind::IDENT && !declared {
            self.mentions.insert(plain(token.text()).to_owned());
        }
    }
}

/// The statements of a cell, behind evcxr's own commands; each with where it begins, in bytes.
pub(crate) fn statements(code: &str) -> Vec<(usize, SyntaxNode)> {
    let at = commands(code);
    let (_, code) = code.split_at(at);
    let parsed = SourceFile::parse(&format!("{BEFORE}{code}\n}}"), EDITION);
    let function = parsed.tree().items().next().and_then(|item| match item {
        ast::Item::Fn(function) => function.body(),
        _ => None,
    });
    let statements = function.and_then(|body| body.stmt_list());
    let statements = statements.map(|list| list.syntax().children().collect::<Vec<_>>());
    let statements = statements.unwrap_or_default().into_iter();
    statements
        .map(|statement| {
            let start = usize::from(statement.text_range().start());
            (at + start.saturating_sub(BEFORE.len()), statement)
        })
        .collect()
}

/// Where the commands have ended with which a cell may begin, in bytes.
pub(crate) fn commands(code: &str) -> usize {
    let mut at = 0;
    for line in code.split_inclusive('\n') {
        let is_command = line.starts_with('!') || line.trim_start_matches(' ').starts_with(':');
        if !is_command && !line.starts_with("//") && !line.trim().is_empty() {
            break;
        }
        at += line.len();
    }
    at
}

/// evcxr's commands behind which cells stand on other ground: the crate that each cell is becomes
/// another one, and so do all of its types; or nothing is there any more.
const GROUND: [&str; 8] = [
    ":dep",
    ":opt",
    ":toolchain",
    ":allow_static_linking",
    ":codegen_backend",
    ":build_env",
    ":clear",
    ":restart",
];

/// Where the commands have ended with which a cell may begin, in bytes, if some of them change the
/// ground that cells stand on; else 0.
pub fn ground(code: &str) -> usize {
    let at = commands(code);
    let (commands, _) = code.split_at(at);
    let changes = told(commands).any(|(command, _)| GROUND.contains(&command));
    if changes { at } else { 0 }
}

/// Commands, each with what stands behind it.
pub(crate) fn told(commands: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = commands.lines().map(str::trim);
    let lines = lines.filter(|line| line.starts_with(':'));
    lines.map(|line| line.split_once(' ').unwrap_or((line, "")))
}

fn name(item: &ast::Item) -> Option<String> {
    let name = match item {
        ast::Item::Const(item) => item.name(),
        ast::Item::Enum(item) => item.name(),
        ast::Item::Fn(item) => item.name(),
        ast::Item::MacroDef(item) => item.name(),
        ast::Item::MacroRules(item) => item.name(),
        ast::Item::Module(item) => item.name(),
        ast::Item::Static(item) => item.name(),
        ast::Item::Struct(item) => item.name(),
        ast::Item::Trait(item) => item.name(),
        ast::Item::TypeAlias(item) => item.name(),
        ast::Item::Union(item) => item.name(),
        _ => None,
    };
    name.map(|name| plain(name.text()).to_owned())
}

fn has_no_say(attribute: &SyntaxNode) -> bool {
    let text = attribute.text().to_string();
    let text = text.trim_start_matches(['#', '!', '[', ' ']);
    words(text)
        .next()
        .is_some_and(|word| WITHOUT_SAY.contains(&word) && !text.starts_with("cfg_attr"))
}

fn has_token(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    let mut tokens = node.children_with_tokens();
    tokens.any(|child| child.kind() == kind)
}

/// The names in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty() && *word != "r")
}

/// A name without the `r#` that some are written with.
fn plain(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of the variables are concerned when the second cell comes after the first.
    fn concerned(first: &str, second: &str, variables: &[(&str, &str)]) -> Vec<String> {
        let mut items = Items::default();
        items.take(Items::of(first));
        items.concerned(&Items::of(second), variables.iter().copied())
    }

    #[test]
    fn a_type_that_becomes_another_one_concerns_its_variables() {
        let w = "struct W { a: i64 }";
        let cases: &[(&str, &str, &str)] = &[
            (w, "struct W { a: f64 }", "W"),
            (w, "struct W { pub a: i64 }", "W"),
            (w, "struct W { b: i64 }", "Vec<Option<(W, u8)>>"),
            (w, "#[repr(C)] struct W { a: i64 }", "W"),
            (w, "enum W { A }", "W"),
            (w, "type W = i64;", "W"),
            (w, "use std::string::String as W;", "W"),
            (w, ":dep x = \"1\"\n\n// a\nstruct W { a: f64 }", "W"),
            (w, "struct W { a: f64 } /* } */ let r = r#\"}\"#;", "W"),
            ("struct W<T>(T);", "struct W<T>(T, T);", "W<i64>"),
            ("enum E { A(i64) }", "enum E { A(f64) }", "E"),
            ("enum E { A = 1 }", "enum E { A = 2 }", "E"),
            ("union U { a: i64, b: f64 }", "union U { a: i64 }", "U"),
            // By way of another one.
            (
                "struct W { a: i64 } struct B { w: W }",
                "struct W { a: f64 }",
                "B",
            ),
            ("type T = i64; struct B { t: T }", "type T = f64;", "B"),
            (
                "const N: usize = 1; struct B([u8; N]);",
                "const N: usize = 2;",
                "B",
            ),
            (
                "const fn n() -> usize { 1 } struct B([u8; n()]);",
                "const fn n() -> usize { 2 }",
                "B",
            ),
            (
                "mod m { pub struct W { pub a: i64 } }",
                "mod m { pub struct W { pub a: f64 } }",
                "m::W",
            ),
            (
                "mod m { pub struct W(i64); } use m::W;",
                "mod m { pub struct W(f64); }",
                "W",
            ),
            (
                "mod m { pub struct W(i64); } use m::{self as n, W as V};",
                "mod m { pub struct W(f64); }",
                "V",
            ),
            (
                "mod m { pub struct W(i64); } use m::*;",
                "mod m { pub struct W(f64); }",
                "W",
            ),
            (
                "use std::rc::Rc as P; struct B(P<i64>);",
                "use std::sync::Arc as P;",
                "B",
            ),
            (
                "macro_rules! t { () => { i64 } } struct B(t!());",
                "macro_rules! t { () => { f64 } }",
                "B",
            ),
            (
                "mod m { use super::*; make! { struct W { a: i64 } } } use m::W;",
                "mod m { use super::*; make! { struct W { a: f64 } } } use m::W;",
                "W",
            ),
            // What is behind a trait.
            (
                "trait T { fn a(&self); }",
                "trait T { fn a(&self); fn b(&self); }",
                "Box<dyn T>",
            ),
            (
                "struct W(i64); trait T { fn a(&self) -> W; }",
                "struct W(f64);",
                "Box<dyn T>",
            ),
            (
                "trait T { type A; } struct W; impl T for W { type A = i64; } struct B(<W as T>::A);",
                "struct W; impl T for W { type A = f64; }",
                "B",
            ),
            (
                "trait T { type A; } struct W; fn other() {} impl T for W { type A = i64; } struct B(<W as T>::A);",
                "fn other() {} impl T for W { type A = f64; }",
                "B",
            ),
            (
                "trait T { type A; } fn other() {} impl T for i64 { type A = i64; } struct B(<i64 as T>::A);",
                "fn other() {} impl T for i64 { type A = f64; }",
                "B",
            ),
            // What may hold it unseen.
            (w, "struct W { a: f64 }", "Box<dyn Any>"),
            (
                w,
                "struct W { a: f64 }",
                "Result<i64, Box<dyn Error + Send>>",
            ),
            (
                "struct W(i64); trait T: std::any::Any {}",
                "struct W(f64);",
                "Vec<Box<dyn T>>",
            ),
            (
                "fn f() { struct L(i64); }",
                "fn f() { struct L(f64); }",
                "Box<dyn Any>",
            ),
        ];
        for (first, second, kind) in cases {
            let found = concerned(first, second, &[("v", kind), ("n", "Vec<i64>")]);
            assert_eq!(found, ["v"], "{first} → {second}: {kind}");
        }
    }

    #[test]
    fn what_makes_no_difference_concerns_nobody() {
        let w = "#[derive(Debug)] struct W { a: i64 } impl W { fn f(&self) -> i64 { 1 } }";
        let cases: &[(&str, &str, &str)] = &[
            (w, w, "W"),
            (
                w,
                "/// A W.\n#[derive(Debug, Clone)]\nstruct W {\n  a: i64 // it\n}",
                "W",
            ),
            (
                w,
                "struct W { a: i64 } impl W { fn f(&self) -> i64 { 2 } fn g() {} }",
                "W",
            ),
            (w, "struct V { a: f64 }", "W"),
            (w, "fn a() {} const a_b: i64 = 1;", "W"),
            (w, "fn i() -> W { todo!() }", "W"),
            (
                "struct W(i64); fn f(w: W) -> i64 { 1 }",
                "fn f(w: W, n: i64) -> i64 { 2 }",
                "W",
            ),
            (
                "trait T { fn a(&self) { 1; } }",
                "trait T { fn a(&self) { 2; } }",
                "Box<dyn T>",
            ),
            (
                "mod m { pub struct W(i64); fn f() {} }",
                "mod m { pub struct W(i64); fn f() { 1; } }",
                "m::W",
            ),
            ("struct W(i64);", "struct W(f64);", "Box<dyn Fn() -> i64>"),
            ("enum Error { A } struct W(i64);", "struct W(f64);", "Error"),
            (
                "struct W(i64); impl db::Record for W { const A: db::Field = 1; }",
                "struct V(f64); impl db::Record for V { const A: db::Field = 2; }",
                "W",
            ),
            (
                w,
                "let a = 1; println!(\"struct W { a: f64 }\"); // struct W;",
                "W",
            ),
            (
                w,
                "let s = r#\"struct W { a: f64 }\"#; /* /* */ struct W; */",
                "W",
            ),
        ];
        for (first, second, kind) in cases {
            let found = concerned(first, second, &[("v", kind)]);
            assert!(found.is_empty(), "{first} → {second}: {kind}");
        }
    }

    #[test]
    fn a_crate_is_reached_by_what_is_used_of_it() {
        let items = Items::of("use tally::{Thing, other as o}; struct B(Thing); use more::*;");
        let crates = |name: &str| BTreeSet::from([name.to_owned()]);
        let check = |kind: &str, name: &str, expected: bool| {
            let reached = items.reach(&crates(name), [("v", kind)].into_iter());
            assert_eq!(reached, expected, "{kind}");
        };
        check("Vec<tally::Thing>", "tally", true);
        check("Thing", "tally", true);
        check("B", "tally", true);
        check("Box<dyn Any>", "tally", true);
        check("Something", "more", true);
        check("o::Thing", "tally", true);
        check("Vec<i64>", "tally", false);
    }

    #[test]
    fn what_changes_the_ground_is_known() {
        assert_eq!(ground(":dep a = \"1\"\n// b\n\nlet a = 1;"), 19);
        assert_eq!(ground(":clear"), 6);
        for code in [
            "let a = 1;\n:dep b",
            ":vars\nlet a = 1;",
            "!ls\n",
            "::std::f()",
            "",
        ] {
            assert_eq!(ground(code), 0, "{code}");
        }
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let mut items = Items::of("struct W { a: i64 } use std::rc::Rc;");
        items.keep(["Rc"].into_iter());
        let w = [("w", "W")].into_iter();
        // A name that had nobody: whatever the type is, it is no longer what it says.
        assert_eq!(items.concerned(&Items::of("struct W;"), w), ["w"]);
        items.keep(std::iter::empty());
        assert!(items.named.is_empty());
    }
}
