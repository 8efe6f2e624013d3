//! Results are written and read again; what does not fit goes or is counted.

use std::fs::File;
use std::time::{Duration, Instant};

use display::Kind;

use super::*;
use crate::rows::tests::{block, message};

fn results(cap: u64) -> Results {
    Results::with(std::env::temp_dir(), cap, None)
}

fn about(name: Option<&str>) -> About {
    About {
        name: name.map(str::to_owned),
        sql: "select".into(),
        connection: "local".into(),
        columns: vec![display::Column::new("n", "integer", Kind::Number)],
        fields: Vec::new(),
        cut: None,
    }
}

/// Keeps `count` rows of their number and some more bytes.
async fn keep(
    results: &Results,
    name: Option<&str>,
    count: u64,
    more: usize,
) -> (Arc<Kept>, Option<String>) {
    let mut writer = Writer::new(results);
    let filling = "x".repeat(more);
    let rows: Vec<u64> = (0..count).collect();
    for rows in rows.chunks(100) {
        let row = |n: &u64| message(&[Some(&n.to_string()), None, Some(&filling)]);
        writer.write(block(&rows.iter().map(row).collect::<Vec<_>>()));
    }
    writer.keep(about(name)).await
}

fn numbers(kept: &Arc<Kept>, from: u64, most: usize) -> Vec<String> {
    let mut reader = kept.read(from).unwrap();
    let mut numbers = Vec::new();
    while numbers.len() < most
        && let Some(row) = reader.next().unwrap()
    {
        assert_eq!((row.len(), row.get(1)), (3, None));
        numbers.push(row.get(0).unwrap().to_owned());
    }
    numbers
}

#[tokio::test]
async fn rows_are_read_from_anywhere() {
    let results = results(1 << 30);
    for (count, on_disk) in [(0, false), (1, false), (1000, false), (250_000, true)] {
        let (kept, stopped) = keep(&results, None, count, 10).await;
        assert_eq!(stopped, None);
        assert_eq!((kept.rows(), kept.stored()), (count, count));
        assert_eq!(kept.is_on_disk(), on_disk, "{count}");
        for from in [0, 1, 99, 100, 777, 249_999, 250_000, u64::MAX] {
            let expected: Vec<_> = (from..count).take(5).map(|n| n.to_string()).collect();
            assert_eq!(numbers(&kept, from, 5), expected, "{from} of {count}");
        }
    }
    let started = Instant::now();
    let last = results.latest().unwrap();
    assert_eq!(numbers(&last, 240_000, usize::MAX).len(), 10_000);
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn large_rows_between_small_ones() {
    let results = results(1 << 30);
    let mut writer = Writer::new(&results);
    let large = "é".repeat(1 << 20);
    for n in 0..6 {
        let value = if n % 2 == 0 { "small" } else { &large };
        writer.write(block(&[message(&[Some(value)])]));
    }
    let (kept, _) = writer.keep(about(None)).await;
    let mut reader = kept.read(1).unwrap();
    let mut lengths = Vec::new();
    while let Some(row) = reader.next().unwrap() {
        lengths.push(row.get(0).unwrap().len());
    }
    assert_eq!(lengths, [2 << 20, 5, 2 << 20, 5, 2 << 20]);
}

#[tokio::test]
async fn the_oldest_make_room_and_the_named_stay() {
    let results = results(1 << 20);
    keep(&results, Some("stays"), 300, 1000).await;
    keep(&results, None, 300, 1000).await;
    let (_, stopped) = keep(&results, None, 600, 1000).await;
    assert_eq!(stopped, None);
    let numbers =
        |results: &Results| -> Vec<u64> { results.list().iter().map(|kept| kept.number).collect() };
    assert_eq!(numbers(&results), [1, 3]);

    // More than there is room for beside the named one: the first rows are kept.
    let (kept, stopped) = keep(&results, None, 2000, 1000).await;
    assert!(stopped.unwrap().contains("their cap of 1 MiB"));
    assert_eq!(numbers(&results), [1, 4]);
    assert_eq!(kept.rows(), 2000);
    assert!(
        kept.stored() > 600 && kept.stored() < 750,
        "{}",
        kept.stored()
    );
    assert!(results.used() <= 1 << 20);

    // Who still reads a result has its rows; the room comes back with the last reader.
    let reader = kept.read(0).unwrap();
    drop(kept);
    results.clear();
    assert!(results.used() > 0);
    drop(reader);
    assert_eq!(results.used(), 0);
}

#[tokio::test]
async fn a_name_is_of_one_result() {
    let results = results(1 << 20);
    assert!(results.latest().is_err());
    keep(&results, Some("people"), 1, 0).await;
    keep(&results, None, 2, 0).await;
    assert_eq!(results.named("people").unwrap().rows(), 1);
    keep(&results, Some("people"), 3, 0).await;
    assert_eq!(results.named("people").unwrap().rows(), 3);
    assert_eq!(results.from(Some("2")).unwrap().rows(), 2);
    assert_eq!(results.from(None).unwrap().rows(), 3);
    assert_eq!(results.list().len(), 2);
    let problem = results.named("poeple").err().unwrap();
    assert!(
        problem.message.ends_with("did you mean people?"),
        "{problem:?}"
    );
}

#[tokio::test]
async fn many_small_ones_do_not_fill_the_memory() {
    let results = results(1 << 20);
    for _ in 0..300 {
        keep(&results, None, 60, 1000).await;
    }
    assert_eq!(results.list().len(), MOST);
    let long = About {
        sql: "x".repeat(10 << 20),
        ..about(None)
    };
    Writer::new(&results).keep(long).await;
    let memory: usize = results.list().iter().map(|kept| kept.memory()).sum();
    assert!(memory <= MEMORY, "{memory}");
}

#[tokio::test]
async fn a_disk_that_takes_nothing() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let results = Results::with(file.path().into(), 1 << 30, None);
    let (kept, stopped) = keep(&results, None, 200, 1000).await;
    assert!(stopped.unwrap().contains(file.path().to_str().unwrap()));
    assert_eq!(kept.rows(), 200);
    let stored = kept.stored();
    assert_eq!(numbers(&kept, 0, 1000).len() as u64, stored);
}

/// A file on a full disk: what is written before stays readable.
#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let (send, blocks) = tokio::sync::mpsc::unbounded_channel();
    send.send(block(&[message(&[Some("1")])])).unwrap();
    drop(send);
    let results = results(1 << 30);
    let written = writer::fill(
        &results,
        results.share(),
        full,
        writer::Stored::default(),
        blocks,
    );
    assert!(written.stopped.unwrap().contains("No space left"));
    assert_eq!(written.stored.rows, 0);
}

#[test]
fn sizes_are_read() {
    let check = |text: &str, expected: Option<u64>| assert_eq!(bytes(text), expected, "{text:?}");
    check("0", Some(0));
    check(" 2 GiB ", Some(2 << 30));
    check("512MB", Some(512_000_000));
    check("64k", Some(65536));
    check("", None);
    check("2 TB!", None);
    check("99999999999999999999", None);
    check("99999999999GiB", None);
}
