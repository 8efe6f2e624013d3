//! CSV as the server's COPY writes it: NULL is nothing, an empty text is `""`.

use crate::Field;

/// The line of names.
pub(crate) fn header(fields: &[Field], delimiter: u8, to: &mut Vec<u8>) {
    let names = fields.iter().map(|field| Some(field.name.as_bytes()));
    row(names, fields.len() == 1, delimiter, to);
}

/// A row; `alone` where it has one column only.
pub(crate) fn row<'v>(
    values: impl Iterator<Item = Option<&'v [u8]>>,
    alone: bool,
    delimiter: u8,
    to: &mut Vec<u8>,
) {
    for (number, value) in values.enumerate() {
        if number > 0 {
            to.push(delimiter);
        }
        let Some(value) = value else { continue };
        // `\.` on a line of its own would end the data of a COPY.
        let quoted = value.is_empty()
            || alone && value == b"\\."
            || value
                .iter()
                .any(|byte| *byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r'));
        if !quoted {
            to.extend_from_slice(value);
            continue;
        }
        to.push(b'"');
        for byte in value {
            if *byte == b'"' {
                to.push(b'"');
            }
            to.push(*byte);
        }
        to.push(b'"');
    }
    to.push(b'\n');
}
