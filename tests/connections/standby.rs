//! Several servers of which one follows another: a session of the kind that is wanted is found.

use crate::notebook::Notebook;
use crate::server::{psql, server};

#[tokio::test]
async fn a_session_of_the_kind_that_is_wanted() {
    let (primary, standby) = (server(), server().standby());
    let target = |ports: &[u16], kind: &str| {
        let hosts = vec!["localhost"; ports.len()].join(",");
        let ports: Vec<_> = ports.iter().map(u16::to_string).collect();
        let password = &primary.password;
        format!(
            "host={hosts} port={} dbname=postgres user=by_scram password={password} \
             target_session_attrs={kind}",
            ports.join(",")
        )
    };
    let both = [primary.port, standby.port];
    let turned = [standby.port, primary.port];
    const IS_STANDBY: &str = "select pg_is_in_recovery()";
    for ports in [&both, &turned] {
        let first = if ports == &both { "f" } else { "t" };
        for (kind, expected) in [
            ("any", first),
            ("primary", "f"),
            ("read-write", "f"),
            ("standby", "t"),
            ("prefer-standby", "t"),
            ("read-only", "t"),
        ] {
            let target = target(ports, kind);
            let notebook = Notebook::with(&target);
            assert_eq!(notebook.value(IS_STANDBY).await, expected, "{target}");
            let judged = psql(&target, IS_STANDBY).stdout;
            assert_eq!(
                String::from_utf8(judged).unwrap().trim(),
                expected,
                "{target}"
            );
        }
    }
    for (port, kind) in [
        (primary.port, "standby"),
        (primary.port, "read-only"),
        (standby.port, "primary"),
        (standby.port, "read-write"),
    ] {
        let target = target(&[port], kind);
        assert!(!psql(&target, IS_STANDBY).status.success(), "{target}");
        Notebook::with(&target)
            .fails(IS_STANDBY, "target_session_attrs")
            .await;
    }
    let lonely = target(&[primary.port], "prefer-standby");
    assert_eq!(Notebook::with(&lonely).value(IS_STANDBY).await, "f");
}
