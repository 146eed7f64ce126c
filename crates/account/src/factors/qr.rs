//! Pictures that phones read (ISO/IEC 18004), drawn on the server: neither a script nor somebody else's service sees what
//! is in them.

use std::fmt::Write as _;

use qrcode::{Color, QrCode};
use web::Markup;

/// The quiet zone around a code, in modules.
const QUIET: usize = 4;

/// The picture of a text, with a label for those who do not see it. `None` for a text that is too long.
pub fn picture(text: &str, label: &str) -> Option<Markup> {
    let code = QrCode::new(text.as_bytes()).ok()?;
    let width = code.width();
    let size = width + 2 * QUIET;
    let mut path = String::new();
    for (index, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (x, y) = (index % width + QUIET, index / width + QUIET);
            // Writing to a text does not fail.
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
    }
    Some(Markup::of(&Picture {
        size,
        path: &path,
        label,
    }))
}

#[derive(askama::Template)]
#[template(
    source = r##"<svg xmlns="http://www.w3.org/2000/svg" width="240" height="240" viewBox="0 0 {{ size }} {{ size }}" role="img" aria-label="{{ label }}" shape-rendering="crispEdges" data-qr><rect width="100%" height="100%" fill="#ffffff"/><path d="{{ path }}" fill="#000000"/></svg>"##,
    ext = "html"
)]
struct Picture<'a> {
    size: usize,
    path: &'a str,
    label: &'a str,
}
