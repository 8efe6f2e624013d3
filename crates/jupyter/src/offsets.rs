//! Positions: Jupyter counts code points, Rust counts bytes. Any number is made to fit, since
//! some front ends count in UTF-16.

/// The byte offset of the code point at `position`; the end where there is none.
pub(crate) fn to_bytes(text: &str, position: Option<f64>) -> usize {
    let Some(position) = position else {
        return text.len();
    };
    // Saturates: a negative number is 0.
    let offset = text.char_indices().nth(position as usize);
    offset.map_or(text.len(), |(offset, _)| offset)
}

/// How many code points come before `offset`; one within a character counts as before it.
pub(crate) fn to_code_points(text: &str, offset: usize) -> usize {
    let offsets = text
        .char_indices()
        .map(|(start, char)| start + char.len_utf8());
    offsets.take_while(|end| *end <= offset).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "aé𝒳z"; // of 1, 2, 4 and 1 bytes

    #[test]
    fn code_points_become_bytes() {
        for (position, offset) in [(0.0, 0), (1.0, 1), (2.0, 3), (3.0, 7), (4.0, 8)] {
            assert_eq!(to_bytes(TEXT, Some(position)), offset);
            assert_eq!(to_code_points(TEXT, offset), position as usize);
        }
    }

    #[test]
    fn any_number_is_made_to_fit() {
        assert_eq!(to_bytes(TEXT, None), 8);
        for (position, offset) in [(-5.0, 0), (1.5, 1), (1e300, 8), (f64::NAN, 0)] {
            assert_eq!(to_bytes(TEXT, Some(position)), offset);
        }
        assert_eq!(to_code_points(TEXT, 2), 1, "within a character");
        assert_eq!(to_code_points(TEXT, usize::MAX), 4);
    }
}
