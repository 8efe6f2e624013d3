//! COPY in a cell: the data that it shows, and the data that it sends.

use bytes::Bytes;

use crate::wire::CopyIn;

/// COPY data beyond this many bytes is counted, not shown.
const COPY_SHOWN: usize = 1 << 20;
/// COPY data goes to the server in pieces of this many bytes.
const PIECE: usize = 64 << 10;

/// COPY data on its way to the cell.
#[derive(Default)]
pub(super) struct CopyOut {
    /// The start of a character whose end has not come.
    cut: Vec<u8>,
    shown: usize,
    pub(super) left_out: usize,
    /// The command's tag goes unsaid, as in psql.
    pub(super) quiet: bool,
}

impl CopyOut {
    /// Of a command that has begun to send.
    pub(super) fn begun() -> Self {
        CopyOut {
            quiet: true,
            ..CopyOut::default()
        }
    }

    /// The text to show of a piece of data; pieces are cut anywhere, also inside a character.
    pub(super) fn text(&mut self, data: &Bytes) -> Option<String> {
        if self.shown >= COPY_SHOWN {
            self.left_out += data.len();
            return None;
        }
        let mut bytes = std::mem::take(&mut self.cut);
        bytes.extend_from_slice(data);
        if let Err(error) = std::str::from_utf8(&bytes)
            && error.error_len().is_none()
        {
            self.cut = bytes.split_off(error.valid_up_to());
        }
        self.shown += bytes.len();
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Sends a cell's lines as COPY data, in pieces, so that a server that stops reading stops it too.
pub(super) async fn send(mut to: CopyIn, data: &str) {
    for piece in data.as_bytes().chunks(PIECE) {
        if !to.data(piece).await {
            return;
        }
    }
    to.done().await;
}
