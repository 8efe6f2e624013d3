"""Results kept for the cells after them: by name, larger than what is shown, and interrupted."""

MANY = "select n, n * 2 as twice from generate_series(1, 50000) as n"


def test_a_named_result_outlives_what_is_shown(remote):
    answer = remote.check(f"%%sql --as numbers --limit 3\n{MANY}")
    assert answer.texts[-1].splitlines()[-1] == "(3 of 50000 rows shown)"
    remote.check("select 7 as seven")

    listed = [line.split("|") for line in remote.check("%results").texts[-1].splitlines()[2:4]]
    assert [[cell.strip() for cell in cells[:4]] for cells in listed] == [
        ["1", "numbers", "50000", "2"],
        ["2", "", "1", "1"],
    ]
    one = remote.check("%results numbers")
    assert one.stdout == f"{MANY}\n"
    assert "50000 rows" in one.texts[-1] and "on disk" in one.texts[-1]
    assert "did you mean numbers?" in remote.run("%results number").error["evalue"]


def test_all_rows_of_a_result_are_kept(remote, tmp_path):
    """Also those that are not shown, and without asking the server again."""
    remote.check(f"%%sql --as numbers\n{MANY}")
    remote.check("%disconnect")
    file = tmp_path / "numbers.csv"
    remote.check(f"%export {file} from numbers")
    lines = file.read_text().splitlines()
    assert (len(lines), lines[0], lines[-1]) == (50001, "n,twice", "50000,100000")


def test_an_interrupt_leaves_what_has_come(remote, tmp_path):
    slow = "select n, repeat('x', 9000) as text, pg_sleep(case when n > 50 then 0.1 else 0 end)"
    running = remote.send(f"%%sql --as some\n{slow} from generate_series(1, 100000) as n")
    remote.until(running, "update_display_data")
    remote.interrupt()
    answer = remote.answer(running)
    assert answer.error["ename"] == "57014 query_canceled"

    assert "an error ended the statement" in remote.check("%results some").texts[-1]
    file = tmp_path / "some.csv"
    remote.check(f"%export {file} from some")
    numbers = [line.split(",")[0] for line in file.read_text().splitlines()[1:]]
    assert len(numbers) >= 50
    assert numbers == [str(n + 1) for n in range(len(numbers))]
