//! Writes who looks, at which case and when, into a picture before it leaves the server, again and again across it: a
//! photo of the screen says whose screen it was. The glyphs are an 8 by 8 bitmap font of ASCII; a name in other
//! characters stands over the picture on the page.
//!
//! Decoding is work for threads of its own and rationed: [`Watermarks`] lets a few through at a time and answers
//! "come back" when the wait would be long.

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use font8x8::UnicodeFonts as _;
use image::codecs::jpeg::JpegEncoder;
use image::{ImageReader, Limits, Rgb, RgbImage};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// How many pictures are drawn on at a time.
const PERMITS: usize = 2;
/// How long a picture waits for its turn.
const WAIT: Duration = Duration::from_secs(5);
/// The longest side of what is decoded, in pixels.
const SIDE_MAX: u32 = 8000;
/// The most memory that decoding takes, in bytes.
const MEMORY_MAX: u64 = 200 * 1024 * 1024;
/// The quality of what goes out.
const QUALITY: u8 = 85;
/// So many characters fit across a picture.
const CHARACTERS_ACROSS: u32 = 48;
/// A glyph has so many rows and columns.
const GLYPH: u32 = 8;
/// Lines of text stand so many lines apart.
const LINES_APART: u32 = 6;

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WatermarkError {
    /// Too many at once: come back shortly.
    #[error("too many pictures are being drawn on")]
    Busy,
    /// It cannot be decoded.
    #[error("the picture cannot be drawn on")]
    Failed,
}

/// The queue of pictures.
#[derive(Clone, Debug)]
pub(crate) struct Watermarks(Arc<Semaphore>);

impl Default for Watermarks {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(PERMITS)))
    }
}

impl Watermarks {
    /// Draws a line of text over a picture, in turn; a JPEG.
    pub(crate) async fn draw(
        &self,
        picture: Zeroizing<Vec<u8>>,
        text: String,
    ) -> Result<Vec<u8>, WatermarkError> {
        let turn = Arc::clone(&self.0).acquire_owned();
        let permit = tokio::time::timeout(WAIT, turn)
            .await
            .map_err(|_| WatermarkError::Busy)?
            .map_err(|_| WatermarkError::Busy)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "behind permits; the permit goes with the work"
        )]
        let task = tokio::task::spawn_blocking(move || {
            let drawn = draw(&picture, &text);
            drop(permit);
            drawn
        });
        task.await.ok().flatten().ok_or(WatermarkError::Failed)
    }
}

fn draw(picture: &[u8], text: &str) -> Option<Vec<u8>> {
    let mut reader = ImageReader::new(Cursor::new(picture))
        .with_guessed_format()
        .ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits);
    let mut canvas = reader.decode().ok()?.to_rgb8();
    cover(&mut canvas, text);
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, QUALITY)
        .encode_image(&canvas)
        .ok()?;
    Some(out)
}

/// Writes the text in rows over the whole picture, every other row shifted by half of it.
fn cover(canvas: &mut RgbImage, text: &str) {
    let (width, height) = canvas.dimensions();
    let scale = (width / (CHARACTERS_ACROSS * GLYPH)).max(1);
    let cell = GLYPH * scale;
    let glyphs: Vec<[u8; 8]> = text.chars().filter_map(|c| font8x8::BASIC_FONTS.get(c)).collect();
    let length = u32::try_from(glyphs.len()).unwrap_or(u32::MAX).saturating_add(3);
    let run = length.saturating_mul(cell);
    let (mut top, mut row) = (cell, 0_u32);
    while top.saturating_add(cell) < height.max(cell + 2) {
        let shift = if row.is_multiple_of(2) { 0 } else { run / 2 };
        for (index, x) in (0..).map(|index: u32| (index, index.saturating_mul(cell))) {
            if x >= width {
                break;
            }
            let place = (index + shift / cell) % length;
            let glyph = usize::try_from(place).ok().and_then(|place| glyphs.get(place));
            if let Some(glyph) = glyph {
                stamp(canvas, *glyph, (x, top), scale);
            }
        }
        top = top.saturating_add(cell.saturating_mul(LINES_APART));
        row += 1;
    }
}

/// Lightens the dots of a glyph and darkens the dot below and beside each, so that it shows on any ground.
fn stamp(canvas: &mut RgbImage, glyph: [u8; 8], (left, top): (u32, u32), scale: u32) {
    for (line, bits) in (0_u32..).zip(glyph) {
        for column in 0..GLYPH {
            if bits & (1 << column) == 0 {
                continue;
            }
            for dy in 0..scale {
                for dx in 0..scale {
                    let (x, y) = (left + column * scale + dx, top + line * scale + dy);
                    shade(canvas, (x + scale, y + scale), 0);
                    shade(canvas, (x, y), 255);
                }
            }
        }
    }
}

fn shade(canvas: &mut RgbImage, (x, y): (u32, u32), towards: u16) {
    if let Some(Rgb(channels)) = canvas.get_pixel_mut_checked(x, y) {
        for channel in channels {
            let mixed = (u16::from(*channel) * 11 + towards * 9) / 20;
            *channel = u8::try_from(mixed).unwrap_or(u8::MAX);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn picture(width: u32, height: u32) -> Vec<u8> {
        let plain = RgbImage::from_pixel(width, height, Rgb([200, 180, 160]));
        let mut out = Vec::new();
        JpegEncoder::new_with_quality(&mut out, 90)
            .encode_image(&plain)
            .unwrap();
        out
    }

    fn decoded(bytes: &[u8]) -> RgbImage {
        image::load_from_memory(bytes).unwrap().to_rgb8()
    }

    #[tokio::test]
    async fn every_part_of_a_picture_says_who_looked() {
        for (width, height) in [(1600, 1000), (400, 300), (9, 40)] {
            let plain = decoded(&picture(width, height));
            let marked = Watermarks::default()
                .draw(
                    Zeroizing::new(picture(width, height)),
                    "wang.li 260601-48291375 2026-06-01 08:00".to_owned(),
                )
                .await
                .unwrap();
            let marked = decoded(&marked);
            assert_eq!(marked.dimensions(), (width, height));
            if width < 100 {
                continue;
            }
            // No quarter of the picture can be cut out without it.
            for (left, top) in [(0, 0), (width / 2, 0), (0, height / 2), (width / 2, height / 2)] {
                let changed = (0..width / 2)
                    .flat_map(|x| (0..height / 2).map(move |y| (left + x, top + y)))
                    .filter(|(x, y)| {
                        let (a, b) = (plain.get_pixel(*x, *y), marked.get_pixel(*x, *y));
                        a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 20)
                    })
                    .count();
                let pixels = usize::try_from(width * height / 4).unwrap();
                assert!(changed * 100 > pixels, "{changed} of {pixels} at {left},{top}");
            }
        }
    }

    #[tokio::test]
    async fn what_is_no_picture_is_refused_and_costs_no_thread() {
        let watermarks = Watermarks::default();
        for bad in [&b""[..], b"GIF89a", b"\xff\xd8\xff", &[0; 4096]] {
            let drawn = watermarks
                .draw(Zeroizing::new(bad.to_vec()), "x".to_owned())
                .await;
            assert_eq!(drawn, Err(WatermarkError::Failed));
        }
        let good = watermarks
            .draw(Zeroizing::new(picture(64, 64)), "x".to_owned())
            .await;
        assert!(good.is_ok());
    }
}
