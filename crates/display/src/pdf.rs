//! A picture as a page of PDF: what LaTeX takes. nbconvert has Inkscape make one of every SVG that comes
//! without, and fails where there is none.

use std::fmt::Write;

/// Points of a page a pixel of a picture.
const POINTS: f64 = 0.75;

/// A page as large as the picture, which is this many pixels of a screen. A PDF holds rows of pixels
/// packed as a PNG does, so they are taken over as they are. Nothing where the PNG is not one of three
/// colours, eight bits each.
pub(crate) fn of_png(png: &[u8], width: u32, height: u32) -> Option<Vec<u8>> {
    let (columns, rows, packed) = packed(png)?;
    let (wide, high) = (f64::from(width) * POINTS, f64::from(height) * POINTS);
    let place = format!("{wide} 0 0 {high} 0 0 cm /Picture Do");
    let mut pdf = Pdf {
        bytes: b"%PDF-1.4\n%\xE2\xE3\xCF\xD3\n".to_vec(),
        starts: Vec::new(),
    };
    pdf.object("<< /Type /Catalog /Pages 2 0 R >>", None);
    pdf.object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>", None);
    let page = format!(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {wide} {high}] \
         /Resources << /XObject << /Picture 4 0 R >> >> /Contents 5 0 R >>"
    );
    pdf.object(&page, None);
    let picture = format!(
        "<< /Type /XObject /Subtype /Image /Width {columns} /Height {rows} \
         /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode \
         /DecodeParms << /Predictor 15 /Colors 3 /BitsPerComponent 8 /Columns {columns} >> \
         /Length {} >>",
        packed.len()
    );
    pdf.object(&picture, Some(&packed));
    pdf.object(
        &format!("<< /Length {} >>", place.len()),
        Some(place.as_bytes()),
    );
    Some(pdf.end())
}

struct Pdf {
    bytes: Vec<u8>,
    /// Where each object begins.
    starts: Vec<usize>,
}

impl Pdf {
    fn object(&mut self, words: &str, stream: Option<&[u8]>) {
        self.starts.push(self.bytes.len());
        let number = self.starts.len();
        self.bytes
            .extend(format!("{number} 0 obj\n{words}\n").bytes());
        if let Some(stream) = stream {
            self.bytes.extend(b"stream\n");
            self.bytes.extend(stream);
            self.bytes.extend(b"\nendstream\n");
        }
        self.bytes.extend(b"endobj\n");
    }

    fn end(mut self) -> Vec<u8> {
        let table = self.bytes.len();
        let count = self.starts.len() + 1;
        let mut out = format!("xref\n0 {count}\n0000000000 65535 f \n");
        for start in &self.starts {
            // Writing to a string does not fail.
            let _ = writeln!(out, "{start:010} 00000 n ");
        }
        let _ = write!(
            out,
            "trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"
        );
        self.bytes.extend(out.bytes());
        self.bytes
    }
}

/// A PNG's size and its packed rows.
fn packed(png: &[u8]) -> Option<(u32, u32, Vec<u8>)> {
    let mut rest = png.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let mut size = None;
    let mut packed = Vec::new();
    let number = |bytes: &[u8]| Some(u32::from_be_bytes(bytes.try_into().ok()?));
    while !rest.is_empty() {
        let (head, tail) = rest.split_at_checked(8)?;
        let (length, name) = head.split_at(4);
        let (data, tail) = tail.split_at_checked(number(length)? as usize)?;
        match (name, data) {
            // Eight bits, three colours, packed the one way there is, whole rows one after the other.
            (b"IHDR", [size_of @ .., 8, 2, 0, 0, 0]) => {
                let (columns, rows) = size_of.split_at_checked(4)?;
                size = Some((number(columns)?, number(rows)?));
            }
            (b"IDAT", data) => packed.extend(data),
            _ => {}
        }
        // A checksum follows.
        rest = tail.get(4..)?;
    }
    let (columns, rows) = size?;
    Some((columns, rows, packed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One red pixel.
    const RED: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\
        \0\0\0\x0cIDATx\x9cc\xf8\xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82";

    #[test]
    fn a_page_is_as_large_as_its_picture() {
        let pdf = of_png(RED, 4, 8).unwrap_or_default();
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.starts_with("%PDF-1.4\n"), "{text}");
        assert!(text.contains("/MediaBox [0 0 3 6]"), "{text}");
        assert!(text.contains("/Width 1 /Height 1"), "{text}");
        // Where it says that an object begins, one does.
        let table = text
            .split("startxref\n")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        let table: usize = table.and_then(|at| at.parse().ok()).unwrap_or_default();
        assert!(pdf[table..].starts_with(b"xref\n0 6\n"));
        let entries = std::str::from_utf8(&pdf[table..])
            .unwrap_or_default()
            .lines()
            .skip(3);
        for (number, entry) in entries.take(5).enumerate() {
            let at: usize = entry[..10].parse().unwrap_or_default();
            let begins = format!("{} 0 obj\n", number + 1);
            assert!(pdf[at..].starts_with(begins.as_bytes()), "{entry}");
        }
    }

    #[test]
    fn what_is_no_such_picture_is_none() {
        assert_eq!(of_png(b"", 1, 1), None);
        assert_eq!(of_png(&RED[..40], 1, 1), None);
    }
}
