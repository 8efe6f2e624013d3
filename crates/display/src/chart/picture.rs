//! A specification's picture: Vega's own code turns it into SVG.
//!
//! Vega runs in a small JavaScript engine that is made for one chart and freed after it. It has no
//! way out: nothing to read, nothing to fetch, bounded memory. A build that found no npm has no
//! picture; front ends draw the specification themselves.

use serde_json::Value;

use crate::{Bundle, Problem};

const VEGA_LITE: &str = "application/vnd.vegalite.v5+json";

/// Adds the specification to a bundle, and its picture.
pub(super) fn add(
    bundle: Bundle,
    spec: Value,
    stop: impl Fn() -> bool + Send + 'static,
) -> Result<Bundle, Problem> {
    #[cfg(vega)]
    let bundle = vega::add(bundle, &spec, stop)?;
    #[cfg(not(vega))]
    drop(stop);
    Ok(bundle.with(VEGA_LITE, spec))
}

#[cfg(vega)]
mod vega {
    use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Function, Promise, Runtime};
    use serde_json::Value;
    use skrifa::instance::{LocationRef, Size};
    use skrifa::{FontRef, MetadataProvider};

    use crate::chart::layout::problem;
    use crate::picture::{self, BOLD, SANS, WIDE};
    use crate::{Bundle, Problem};

    const VEGA: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/vega.js"));
    /// The engine's memory: a chart of our own needs 20 MB.
    const MEMORY: usize = 256 << 20;
    const STACK: usize = 1 << 20;

    pub(super) fn add(
        bundle: Bundle,
        spec: &Value,
        stop: impl Fn() -> bool + Send + 'static,
    ) -> Result<Bundle, Problem> {
        let svg = svg(spec, stop).map_err(|why| {
            problem(
                format!("the chart cannot be drawn: {why}"),
                "Vega-Lite's documentation says what a specification may hold.",
            )
        })?;
        picture::add(bundle, &svg)
            .ok_or_else(|| problem("the picture has no size", "Give it a width and a height."))
    }

    /// What Vega draws.
    fn svg(spec: &Value, stop: impl Fn() -> bool + Send + 'static) -> Result<String, String> {
        let engine = Runtime::new().map_err(|error| error.to_string())?;
        engine.set_memory_limit(MEMORY);
        engine.set_max_stack_size(STACK);
        engine.set_interrupt_handler(Some(Box::new(stop)));
        let context = Context::full(&engine).map_err(|error| error.to_string())?;
        context.with(|ctx| run(&ctx, spec).catch(&ctx).map_err(|error| said(&error)))
    }

    fn run(ctx: &Ctx, spec: &Value) -> rquickjs::Result<String> {
        let fonts = Fonts::new();
        let measure = move |text: String, size: f64, bold: bool| fonts.width(&text, size, bold);
        ctx.globals()
            .set("measure", Function::new(ctx.clone(), measure)?)?;
        ctx.eval::<(), _>(VEGA)?;
        let draw: Function = ctx.globals().get("draw")?;
        let drawn: Promise = draw.call((spec.to_string(),))?;
        drawn.finish()
    }

    /// What went wrong, in one line.
    fn said(error: &CaughtError) -> String {
        match error {
            CaughtError::Exception(exception) => exception.message().unwrap_or_default(),
            error => error.to_string(),
        }
    }

    /// The fonts that texts are measured with.
    struct Fonts {
        sans: Vec<FontRef<'static>>,
        bold: Vec<FontRef<'static>>,
    }

    impl Fonts {
        fn new() -> Self {
            let read = |files: [&'static [u8]; 2]| {
                files
                    .iter()
                    .filter_map(|file| FontRef::new(file).ok())
                    .collect()
            };
            Fonts {
                sans: read([SANS, WIDE]),
                bold: read([BOLD, WIDE]),
            }
        }

        /// How wide a text is, in pixels. A character that no font has is as wide as it is high.
        fn width(&self, text: &str, size: f64, bold: bool) -> f64 {
            let fonts = if bold { &self.bold } else { &self.sans };
            let advance = |c: char| {
                let font = fonts
                    .iter()
                    .find_map(|font| Some((font, font.charmap().map(c)?)));
                let (font, glyph) = font?;
                font.glyph_metrics(Size::unscaled(), LocationRef::default())
                    .advance_width(glyph)
                    .map(|width| f64::from(width) / units(font))
            };
            text.chars().map(|c| advance(c).unwrap_or(1.0) * size).sum()
        }
    }

    fn units(font: &FontRef) -> f64 {
        let metrics = font.metrics(Size::unscaled(), LocationRef::default());
        f64::from(metrics.units_per_em.max(1))
    }
}
