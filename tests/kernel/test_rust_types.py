"""Types of Rust cells that become others: what is gone is said, and nothing is read as what it is not."""

import re

import pytest
from support.kernel import Kernel

SLOW = 120  # seconds a Rust cell may take while the machine is busy


@pytest.fixture(scope="module")
def rust(kernelspec):
    """A kernel whose Rust cells the tests of this file share."""
    kernel = Kernel()
    yield kernel
    kernel.close()


def run(kernel, code):
    return kernel.run("%%rust\n" + code, timeout=SLOW)


def check(kernel, code):
    answer = run(kernel, code)
    assert answer.reply["status"] == "ok", answer.reply
    return answer


def gone(answer):
    """The variables that a cell says are gone."""
    names = re.findall(r"variables? (.*) (?:is|are) gone", answer.stdout)
    return [name for found in names for name in found.split(", ")]


def test_a_type_that_is_declared_anew_takes_its_variables_with_it(rust):
    check(
        rust,
        """struct W { a: i64 }
        impl Drop for W { fn drop(&mut self) { println!("dropped {}", self.a); } }
        struct B { w: W }
        #[derive(Clone, Copy)] struct C { a: i64 }
        let w = W { a: 1 };
        let b = vec![Some(B { w: W { a: 2 } })];
        let any: Box<dyn std::any::Any> = Box::new(W { a: 3 });
        let c = C { a: 4 };
        let n = 5;""",
    )
    # What does not compile costs nothing.
    assert run(rust, 'struct W { a: f64 }\nlet x: i32 = "";').error["ename"] == "E0308"
    assert check(rust, "w.a").texts == ["1"]
    # Nor does what does not change it.
    again = "#[derive(Debug)]\nstruct C2 { a: i64 } fn other() -> i64 { 1 }"
    assert gone(check(rust, again)) == []
    answer = check(rust, "struct W { a: f64 }\nlet w = W { a: 1.5 };\nw.a")
    assert answer.texts == ["1.5"]
    assert sorted(gone(answer)) == ["any", "b", "w"]
    assert sorted(re.findall("dropped (.)", answer.stdout)) == ["1", "2", "3"]
    assert check(rust, "w.a + n as f64").texts == ["6.5"]
    assert run(rust, "b.len()").error["ename"] == "E0425"
    # A value that is copied is none that can be moved away.
    answer = check(rust, "#[derive(Clone, Copy)] struct C { a: f64 }\nn")
    assert (gone(answer), answer.texts) == (["c"], ["5"])
    assert run(rust, "c.a").error["ename"] == "E0425"


def test_a_crate_and_a_setting_stay_and_say_what_they_cost(rust, tmp_path):
    crate = tmp_path / "tally"
    (crate / "src").mkdir(parents=True)
    (crate / "Cargo.toml").write_text('[package]\nname = "tally"\nversion = "1.0.0"\nedition = "2024"\n')
    (crate / "src/lib.rs").write_text("pub fn seven() -> i64 { 7 }\npub struct Thing { pub a: i64 }")
    check(rust, "struct V { a: i64 }\nlet v = V { a: 1 }; let m = 6;")
    answer = check(rust, f':dep tally = {{ path = "{crate}" }}\nlet v = V {{ a: tally::seven() }};\nv.a')
    assert answer.texts == ["7"]
    assert "v" in gone(answer) and "m" not in gone(answer)
    assert check(rust, "v.a + m as i64").texts == ["13"]
    rust.run("%%sql --as kept\nselect 1 as id, null::text as name")
    assert check(rust, "(kept.len(), tally::seven())").texts == ["(1, 7)"]
    # A crate that comes with the cell makes the rows others, and they are there all the same.
    (crate / "Cargo.toml").write_text((crate / "Cargo.toml").read_text() + "[features]\nmore = []\n")
    more = f':dep tally = {{ path = "{crate}", features = ["more"] }}'
    answer = check(rust, f"{more}\nlet v = V {{ a: 7 }};\nkept.len() as i64 + tally::seven()")
    assert answer.texts == ["8"]
    assert check(rust, "tally::seven() + v.a + kept.len() as i64").texts == ["15"]
    # Its source, edited: what was made with it is not read as what it is now.
    check(rust, "let thing = tally::Thing { a: 1 };")
    source = crate / "src/lib.rs"
    source.write_text(source.read_text().replace("a: i64", "a: f64"))
    answer = check(rust, "tally::Thing { a: 1.5 }.a")
    assert answer.texts == ["1.5"] and "thing" in gone(answer)
    assert run(rust, "thing.a").error["ename"] == "E0425"
    # One that cannot be had costs nothing.
    check(rust, "let v = V { a: 7 };")
    assert run(rust, ':dep absent = { path = "/nowhere/at/all" }\nv.a').error
    assert check(rust, "tally::seven() + v.a").texts == ["14"]
    run(rust, "std::process::exit(3);")
    assert check(rust, "tally::seven()").texts == ["7"]


def test_a_restart_and_a_clear_leave_cells_that_work(rust):
    check(rust, "fn two() -> i64 { 2 }\nlet r = two();")
    answer = check(rust, ":restart")
    assert check(rust, "two()").texts == ["2"]
    assert run(rust, "r").error["ename"] == "E0425"
    check(rust, "let r = two();")
    answer = check(rust, ':clear\ndb.query_one("select 3", &[])?.get::<i32>(0)?')
    assert answer.texts == ["3"]
    assert run(rust, "two()").error["ename"] == "E0425"


def test_a_kept_result_of_another_shape_is_there_at_once(rust):
    rust.run("%%sql --as people\nselect * from (values (1, 'Ada'), (2, null)) as p (id, name)")
    assert check(rust, "let before = people.clone();\nlet r = (people.len(), people[1].name.is_none());\nr").texts == ["(2, true)"]
    rust.run("%%sql --as people\nselect * from (values (1, 'Ada'), (2, 'Bob')) as p (id, name)")
    assert check(rust, "people.len()").texts == ["2"]
    assert check(rust, "(before[0].name.clone(), people[1].name.clone())").texts == ['(Some("Ada"), "Bob")']
    rust.run("%%sql --as people\nselect 1::bigint as id, 'Ada' as name, 2.5::float8 as more")
    assert check(rust, "let n: i64 = people[0].id; (n, people[0].more, before.len())").texts == ["(1, 2.5, 2)"]
    rust.run("%%sql --as folks\nselect 1::bigint as id, 'Eve' as name, 2.5::float8 as more")
    assert check(rust, "(folks[0].name.len(), People { id: 7, ..Default::default() })").texts == [
        '(3, People { id: 7, name: "", more: 0.0 })'
    ]
    # Names that are Rust's own.
    for name in ("let", "db", "self", "None"):
        assert rust.run(f"%%sql --as {name}\nselect 1 as id").reply["status"] == "ok"
    assert check(rust, 'let one = db.execute("select 1", &[])?; one').texts == ["1"]
    rust.run("%%sql --as type\nselect 4 as id")
    assert check(rust, "r#type[0].id").texts == ["4"]


def test_a_model_follows_its_table(rust):
    rust.run("create table person (id int primary key, name text not null default 'Ada', net inet not null default '10.0.0.1')")
    assert rust.run("%model person").reply["status"] == "ok"
    code = "let mut p = Person { id: 4, ..Default::default() };\np.insert(&db)?;\np.name.clone()"
    assert check(rust, code).texts == ['"Ada"']
    rust.run("alter table person alter id type bigint, add born date")
    rust.run("%model person")
    answer = check(rust, "let all = Person::all(&db)?; (all[0].id + 1_i64, all[0].born)")
    assert (gone(answer), answer.texts) == (["p"], ["(5, None)"])
