//! A read-only connection: the server itself refuses what writes, for each statement runs in a
//! transaction that is read-only and stays so.
//!
//! A setting of the session would not do: any statement can take it back. A transaction that has
//! begun as a read-only one cannot be made another once its first query has run. So one is begun in
//! front of each statement, in the same message, with a query that reads nothing, and ended behind
//! it, all without waiting in between. In a transaction of the user's own the query stands in front
//! of each statement. What is shown is the answer to the statement alone, with its places in it.

use super::exchange::Ear;
use super::link::Link;
use crate::guard::{Place, place};
use crate::split::Dialect;
use crate::wire::{Event, Report, Transaction};

/// A transaction that can write no more, in front of a statement outside of any …
const HELD: &str = "begin transaction read only; select 1 where false; ";
/// … and in one of the user's, which begins as read-only as well, but may still be settled.
const QUERY: &str = "select 1 where false; ";

/// What is sent for a statement, and how its own answer is found in what comes back.
pub(super) struct Sent {
    /// The statement, with what stands in front of it.
    pub(super) sql: String,
    /// What is sent right behind it.
    pub(super) behind: Option<&'static str>,
    /// The characters in front of the statement, …
    shift: usize,
    /// … and the answers to them that are still to come.
    ahead: usize,
    /// The statement is done.
    done: bool,
}

impl Sent {
    /// What is sent of a statement where the transaction stands like this; `held`: in a transaction
    /// that is read-only.
    pub(super) fn new(sql: &str, held: bool, at: Transaction, dialect: Dialect) -> Self {
        let (front, ahead, behind) = match (at, place(sql, dialect)) {
            _ if !held => ("", 0, None),
            (Transaction::Idle, Place::Within) => (HELD, 2, Some("commit")),
            (Transaction::Idle, Place::Begins) => ("", 0, Some("set transaction read only")),
            (Transaction::Open, Place::Within) => (QUERY, 1, None),
            _ => ("", 0, None),
        };
        Sent {
            sql: format!("{front}{sql}"),
            behind,
            shift: front.len(),
            ahead,
            done: false,
        }
    }

    /// What is sent as it stands.
    pub(super) fn alone(sql: &str) -> Self {
        Sent {
            sql: sql.to_owned(),
            behind: None,
            shift: 0,
            ahead: 0,
            done: false,
        }
    }

    /// An event as the statement's own; nothing where it belongs to what stands around it.
    pub(super) fn own(&mut self, event: Event) -> Option<Event> {
        match event {
            Event::Ready(_) if self.behind.is_some() && !self.done => {
                self.done = true;
                None
            }
            Event::Error(report) => Some(Event::Error(Box::new(self.placed(*report)))),
            Event::Notice(report) if report.is_fatal() => Some(Event::Notice(report)),
            Event::Complete(_) if self.ahead > 0 => {
                self.ahead -= 1;
                None
            }
            Event::Columns(_) | Event::Rows(_) | Event::Complete(_) | Event::Notice(_)
                if self.ahead > 0 || self.done =>
            {
                None
            }
            Event::Notice(report) => Some(Event::Notice(Box::new(self.placed(*report)))),
            event => Some(event),
        }
    }

    /// A report with its place counted from the statement's start.
    fn placed(&self, report: Report) -> Report {
        let position = report.position.and_then(|at| at.checked_sub(self.shift));
        Report {
            position: position.filter(|at| *at > 0),
            ..report
        }
    }
}

impl Link {
    /// Finds out whether the server knows transactions that are read-only; where it does not, or is
    /// not to be `asked`, only the check of the words is left, and the user is told.
    pub(super) async fn hold(&mut self, asked: bool, ear: Ear) {
        // What the server says to the questions is nothing that the user is to hear.
        let greetings = std::mem::take(&mut self.greetings);
        self.held = asked && !self.is_query_service() && {
            let question = format!("{HELD}show transaction_read_only");
            let answer = self.ask(&question, ear).await;
            let _ = self.ask("rollback", ear).await;
            let rows = answer.unwrap_or_default();
            rows.last().and_then(|row| row.first()?.as_deref()) == Some("on")
        };
        self.greetings = greetings;
        if !self.held {
            self.greetings.keep(Event::Notice(Box::new(Report {
                severity: "WARNING".into(),
                code: "01000".into(),
                message: "read_only=on: this server knows no read-only transactions, so \
                          statements are checked by their words alone; a function may write"
                    .into(),
                ..Report::default()
            })));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(sql: &str, at: Transaction) -> Sent {
        Sent::new(sql, true, at, Dialect::default())
    }

    #[test]
    fn what_is_sent() {
        let check = |sql: &str, at, expected: &str, behind| {
            let sent = sent(sql, at);
            assert_eq!((&*sent.sql, sent.behind), (expected, behind), "{sql}");
        };
        let held = "begin transaction read only; select 1 where false; select 1";
        check("select 1", Transaction::Idle, held, Some("commit"));
        let within = "select 1 where false; select 1";
        check("select 1", Transaction::Open, within, None);
        check("select 1", Transaction::Failed, "select 1", None);
        let settle = Some("set transaction read only");
        check("begin", Transaction::Idle, "begin", settle);
        check("commit", Transaction::Open, "commit", None);
        check("commit", Transaction::Idle, "commit", None);
        let settles = "set transaction isolation level serializable";
        check(settles, Transaction::Open, settles, None);
        let free = Sent::new("select 1", false, Transaction::Idle, Dialect::default());
        assert_eq!((&*free.sql, free.behind), ("select 1", None));
    }

    #[test]
    fn only_the_statements_own_answer_is_told() {
        let mut sent = sent("insert into t values (1)", Transaction::Idle);
        let complete = |tag: &str| Event::Complete(tag.into());
        assert!(sent.own(complete("BEGIN")).is_none());
        assert!(sent.own(Event::Columns(Vec::new())).is_none());
        assert!(sent.own(complete("SELECT 0")).is_none());
        let error = Event::Error(Box::new(Report {
            position: Some(HELD.len() + 13),
            ..Report::default()
        }));
        let Some(Event::Error(report)) = sent.own(error) else {
            panic!("the error is the statement's");
        };
        assert_eq!(report.position, Some(13));
        assert!(sent.own(Event::Ready(Transaction::Failed)).is_none());
        assert!(sent.own(complete("ROLLBACK")).is_none());
        let ready = sent.own(Event::Ready(Transaction::Idle));
        assert!(matches!(ready, Some(Event::Ready(Transaction::Idle))));
    }
}
