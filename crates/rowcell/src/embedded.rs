//! The embedded PostgreSQL servers of this process, as the engine asks for them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use local::{Place, Server};
use query::Embedding;
use tokio::sync::Mutex;

/// By folder; the one without is kept for this process only.
#[derive(Clone, Default)]
pub(crate) struct Servers(Arc<Mutex<HashMap<Option<PathBuf>, Server>>>);

impl Servers {
    /// Ends all of them in good order.
    pub(crate) async fn stop(&self) {
        for (_, server) in self.0.lock().await.drain() {
            server.stop().await;
        }
    }
}

impl query::Embedded for Servers {
    fn start(&self, folder: Option<&Path>) -> BoxFuture<'static, Result<Embedding, String>> {
        let servers = self.0.clone();
        let folder = folder.map(Path::to_owned);
        Box::pin(async move {
            let mut servers = servers.lock().await;
            let mut gone = None;
            if let Some(server) = servers.get_mut(&folder) {
                let alive = match server.alive() {
                    true => Ok(()),
                    false => server.restart().await,
                };
                match (alive, &folder) {
                    (Ok(()), _) => return Ok(embedding(server, None)),
                    // What it has written may itself be what fills the disk.
                    (Err(local::Error::Child { said, .. }), None) => {
                        servers.remove(&folder);
                        gone = Some(format!(
                            "its temporary database is gone, and this is a new, empty one, because it did not start again: {said}"
                        ));
                    }
                    (Err(error), _) => return Err(error.to_string()),
                }
            }
            let place = folder.clone().map_or(Place::Temporary, Place::Folder);
            let server = Server::start(place)
                .await
                .map_err(|error| error.to_string())?;
            Ok(embedding(servers.entry(folder).or_insert(server), gone))
        })
    }

    fn kill(&self, folder: Option<&Path>) -> BoxFuture<'static, ()> {
        let servers = self.0.clone();
        let folder = folder.map(Path::to_owned);
        Box::pin(async move {
            if let Some(server) = servers.lock().await.get_mut(&folder) {
                server.kill();
            }
        })
    }
}

fn embedding(server: &Server, gone: Option<String>) -> Embedding {
    Embedding {
        gone,
        socket: server.socket_folder().to_owned(),
        port: server.port(),
        user: server.user().to_owned(),
        database: server.database().to_owned(),
    }
}
