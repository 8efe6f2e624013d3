//! An SVG as a PNG: what shows where an SVG does not.
//!
//! A build that found no npm has no fonts to draw with, and makes none.

#[cfg(not(vega))]
pub(crate) fn add(bundle: crate::Bundle, _: &str) -> Option<crate::Bundle> {
    Some(bundle)
}

#[cfg(not(vega))]
pub(crate) use add as add_with_page;

#[cfg(vega)]
pub(crate) use drawn::{BOLD, SANS, WIDE, add, add_with_page};

#[cfg(vega)]
mod drawn {
    use std::sync::Arc;

    use resvg::tiny_skia::{Color, Pixmap, Transform};
    use resvg::usvg::{self, ImageHrefResolver};
    use serde_json::json;
    use skrifa::{FontRef, MetadataProvider};

    use crate::{Bundle, pdf};

    pub(crate) const SANS: &[u8] =
        include_bytes!(concat!(env!("OUT_DIR"), "/Arimo_400Regular.ttf"));
    pub(crate) const BOLD: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/Arimo_700Bold.ttf"));
    /// For scripts that the first two do not have.
    pub(crate) const WIDE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/DejaVuSans.ttf"));

    /// What the first font calls itself.
    const FAMILY: &str = "Arimo";
    /// Pixels of the PNG a pixel of the picture: fine on screens of high density.
    const DENSITY: f32 = 2.0;
    /// A longer side is drawn less finely.
    const LONGEST: f32 = 6_000.0;

    /// Adds the picture of an SVG to a bundle; nothing where it has no size.
    pub(crate) fn add(bundle: Bundle, svg: &str) -> Option<Bundle> {
        Some(added(bundle, &png(svg)?))
    }

    /// Adds it as a page of PDF, too, which a bundle with an SVG in it needs to be printed.
    pub(crate) fn add_with_page(bundle: Bundle, svg: &str) -> Option<Bundle> {
        let drawn = png(svg)?;
        let bundle = added(bundle, &drawn);
        let (png, width, height) = drawn;
        let page = pdf::of_png(&png, width, height)?;
        Some(bundle.with("application/pdf", base64(&page)))
    }

    fn added(bundle: Bundle, (png, width, height): &(Vec<u8>, u32, u32)) -> Bundle {
        let mut bundle = bundle.with("image/png", base64(png));
        let size = json!({"width": width, "height": height});
        bundle.metadata.insert("image/png".into(), size);
        bundle
    }

    /// The picture of an SVG, on white, with its size in pixels of the SVG.
    fn png(svg: &str) -> Option<(Vec<u8>, u32, u32)> {
        let mut fonts = fontdb::Database::new();
        for file in [SANS, BOLD, WIDE] {
            fonts.load_font_source(fontdb::Source::Binary(Arc::new(file)));
        }
        if lacks_glyphs(svg) {
            fonts.load_system_fonts();
        }
        fonts.set_sans_serif_family(FAMILY);
        let options = usvg::Options {
            fontdb: Arc::new(fonts),
            font_family: FAMILY.into(),
            // A specification may name pictures; none is read from this machine.
            image_href_resolver: ImageHrefResolver {
                resolve_data: Box::new(|_, _, _| None),
                resolve_string: Box::new(|_, _| None),
            },
            ..usvg::Options::default()
        };
        let tree = usvg::Tree::from_str(svg, &options).ok()?;
        let (width, height) = (tree.size().width(), tree.size().height());
        let density = DENSITY.min(LONGEST / width.max(height));
        let pixels = |length: f32| (length * density).ceil() as u32;
        let mut picture = Pixmap::new(pixels(width), pixels(height))?;
        picture.fill(Color::WHITE);
        let scale = Transform::from_scale(density, density);
        resvg::render(&tree, scale, &mut picture.as_mut());
        Some((
            encoded(&picture)?,
            width.ceil() as u32,
            height.ceil() as u32,
        ))
    }

    /// The PNG of a picture through which nothing shines.
    fn encoded(picture: &Pixmap) -> Option<Vec<u8>> {
        let colors: Vec<u8> = picture
            .pixels()
            .iter()
            .flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
            .collect();
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, picture.width(), picture.height());
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder
            .write_header()
            .ok()?
            .write_image_data(&colors)
            .ok()?;
        Some(png)
    }

    /// Whether there are characters that our fonts do not have: Chinese, Japanese and Korean are ten
    /// megabytes and more of glyphs, which not every program is to carry. The system may have them.
    fn lacks_glyphs(svg: &str) -> bool {
        let fonts: Vec<_> = [SANS, WIDE].into_iter().flat_map(FontRef::new).collect();
        let has = |c: char| fonts.iter().any(|font| font.charmap().map(c).is_some());
        svg.chars().any(|c| !c.is_ascii() && !has(c))
    }

    fn base64(bytes: &[u8]) -> String {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(bytes)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_system_is_asked_for_what_our_fonts_lack() {
            assert!(!lacks_glyphs(
                "<text>Größe, Ελλάδα, Київ, שלום, → 1\u{a0}€</text>"
            ));
            assert!(lacks_glyphs("<text>東京</text>"));
            assert!(lacks_glyphs("<text>서울</text>"));
        }
    }
}
