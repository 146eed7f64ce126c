//! Pictures that people send, made anew: whatever comes in is decoded within hard limits and encoded again by ourselves,
//! so that nothing of the original file survives but what can be seen. Bombs stop at the limits; what is a picture and
//! something else at once, places and devices in EXIF, and broken tails die on the way.
//!
//! The work is rationed as that of passwords is: few threads of its own, a short queue, and then "come back" (429).
//! What a file is shows in its content, never in its name or in what the browser says.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::PngDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, Limits, guess_format};
use model::ids::AccountId;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;
use web::extract::UploadLimits;

/// The most parts of a form with pictures.
const PARTS: usize = 24;
/// How fast such a form has to come in on average, in bytes a second: pictures as cameras make them do not arrive on
/// anything slower in the time that the listener gives them.
const LEAST_RATE: u32 = 16 * 1024;
/// How much of a text in such a form is read, in bytes.
const TEXT_BYTES: usize = 8 * 1024;
/// The shorter side of a picture on which something can be read, in pixels.
const SHORT_SIDE: u32 = 240;
/// Of every pixel that a picture may have, decoded, in bytes. Sixteen bits a colour are what no camera sends: such a
/// picture may have half as many.
const BYTES_PER_PIXEL: u64 = 4;
/// How many times that a decoder may take in all. That of JPEG keeps no count: a progressive one needs two bytes for
/// each colour of a pixel beside the picture, which is not more.
const DECODER: u64 = 3;

/// How pictures are taken. `[account.review.pictures]` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How large a file may be, in bytes.
    pub file_bytes: usize,
    /// How many pixels a picture may have.
    pub pixels: u64,
    /// The longer side of what is kept, in pixels.
    pub kept_side: u32,
    /// The quality of what is kept, from 1 to 100.
    pub quality: u8,
    /// How many forms with pictures are read at a time; each may take as much memory as the listener's limit.
    pub forms: usize,
    /// How many pictures are decoded at a time.
    pub threads: usize,
    /// How many pictures may wait to be decoded.
    pub queue: usize,
    /// How long they, and forms, wait, in milliseconds.
    pub wait_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            file_bytes: 8 * 1024 * 1024,
            pixels: 25_000_000,
            kept_side: 1800,
            quality: 82,
            forms: 8,
            threads: 1,
            queue: 24,
            wait_ms: 5000,
        }
    }
}

impl Config {
    /// What the form's reader keeps to.
    pub const fn upload_limits(&self) -> UploadLimits {
        UploadLimits {
            file_bytes: self.file_bytes,
            text_bytes: TEXT_BYTES,
            parts: PARTS,
            least_rate: LEAST_RATE,
        }
    }
}

/// What is wrong with a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Neither JPEG nor PNG.
    #[error("the file is neither JPEG nor PNG")]
    Format,
    /// It says that it is one, and cannot be read.
    #[error("the picture is broken")]
    Broken,
    /// More pixels than a picture may have.
    #[error("the picture has too many pixels")]
    Large,
    /// Nothing could be read on it.
    #[error("the picture is too small")]
    Small,
    /// Too many pictures at once.
    #[error("too many pictures are being read")]
    Busy,
}

type Work = Box<dyn FnOnce() + Send>;

/// Where the forms of each account wait for each other; an account is here while it has one.
type Lines = Arc<Mutex<BTreeMap<AccountId, Arc<Semaphore>>>>;

/// A turn to read a form with pictures. It ends when this is dropped.
#[derive(Debug)]
pub struct Turn {
    account: AccountId,
    lines: Lines,
    line: Arc<Semaphore>,
    own: Option<OwnedSemaphorePermit>,
    of_all: Option<OwnedSemaphorePermit>,
}

impl Turn {
    fn in_line(lines: &Lines, account: AccountId) -> Self {
        let mut known = lines.lock().unwrap_or_else(PoisonError::into_inner);
        let line = known
            .entry(account)
            .or_insert_with(|| Arc::new(Semaphore::new(1)));
        Self {
            account,
            lines: Arc::clone(lines),
            line: Arc::clone(line),
            own: None,
            of_all: None,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        self.own = None;
        // Nobody else is in line: it is known here and there alone.
        if Arc::strong_count(&self.line) <= 2 {
            lines.remove(&self.account);
        }
    }
}

/// The place where pictures are made anew. Its threads start with the first picture.
#[derive(Debug)]
pub struct Desk {
    config: Config,
    forms: Arc<Semaphore>,
    own: Lines,
    waiting: Arc<Semaphore>,
    threads: OnceLock<Option<Sender<Work>>>,
}

impl Desk {
    /// A desk that has no picture yet.
    pub fn new(config: &Config) -> Self {
        let places = config.threads.max(1).saturating_add(config.queue);
        Self {
            config: config.clone(),
            forms: Arc::new(Semaphore::new(config.forms.clamp(1, Semaphore::MAX_PERMITS))),
            own: Lines::default(),
            waiting: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            threads: OnceLock::new(),
        }
    }

    /// A turn to read a form with pictures of an account, which has one at a time; nothing when too many are being read.
    /// Keep it until the form is done with.
    pub async fn turn(&self, account: AccountId) -> Option<Turn> {
        let mut turn = Turn::in_line(&self.own, account);
        turn.own = Some(self.wait(&turn.line).await?);
        turn.of_all = Some(self.wait(&self.forms).await?);
        Some(turn)
    }

    async fn wait(&self, places: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
        let limit = Duration::from_millis(self.config.wait_ms);
        let place = timeout(limit, Arc::clone(places).acquire_owned()).await;
        place.ok().and_then(Result::ok)
    }

    /// Makes a picture anew: a JPEG without anything but the picture.
    pub async fn remake(&self, original: bytes::Bytes) -> Result<Vec<u8>, Fault> {
        let place = self.wait(&self.waiting).await.ok_or(Fault::Busy)?;
        let threads = self.threads.get_or_init(|| start(self.config.threads));
        let (answer, answered) = oneshot::channel();
        let config = self.config.clone();
        let work: Work = Box::new(move || {
            // The place is free when the work is done, also when whoever asked has gone away.
            let _place = place;
            let _ = answer.send(remake(&original, &config));
        });
        let sender = threads.as_ref().ok_or(Fault::Busy)?;
        sender.send(work).map_err(|_| Fault::Busy)?;
        // A decoder that panics has met something that is no picture.
        answered.await.unwrap_or(Err(Fault::Broken))
    }
}

fn start(number: usize) -> Option<Sender<Work>> {
    let (sender, receiver) = channel::<Work>();
    let receiver = Arc::new(Mutex::new(receiver));
    for index in 0..number.max(1) {
        let receiver = Arc::clone(&receiver);
        let started = thread::Builder::new()
            .name(format!("pictures-{index}"))
            .spawn(move || work(&receiver));
        if let Err(error) = started {
            tracing::error!(%error, "no thread for pictures");
            return None;
        }
    }
    Some(sender)
}

fn work(receiver: &Mutex<Receiver<Work>>) {
    loop {
        let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // A panic costs one answer, not the thread.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
    }
}

fn remake(original: &[u8], config: &Config) -> Result<Vec<u8>, Fault> {
    let (picture, upright) = decode(original, config)?;
    let kept = config.kept_side.max(SHORT_SIDE);
    let mut picture = if picture.width().max(picture.height()) > kept {
        picture.thumbnail(kept, kept)
    } else {
        picture
    };
    // Cameras write which side is up; a reviewer shall not have to turn their head. The small picture is turned: that
    // takes a second one.
    picture.apply_orientation(upright);
    let mut made = Vec::new();
    JpegEncoder::new_with_quality(&mut made, config.quality.clamp(1, 100))
        .encode_image(&flat(&picture))
        .map_err(|_| Fault::Broken)?;
    Ok(made)
}

fn decode(original: &[u8], config: &Config) -> Result<(DynamicImage, Orientation), Fault> {
    match guess_format(original) {
        Ok(ImageFormat::Jpeg) => {
            let decoder = JpegDecoder::new(Cursor::new(original)).map_err(|_| Fault::Broken)?;
            read(decoder, config)
        }
        Ok(ImageFormat::Png) => {
            // The header alone is read here, and its buffers are within the limit as well.
            let decoder = PngDecoder::with_limits(Cursor::new(original), limits(config));
            read(decoder.map_err(|_| Fault::Broken)?, config)
        }
        _ => Err(Fault::Format),
    }
}

/// Measures before anything is unpacked: a bomb is large in what it says about itself.
fn read(mut decoder: impl ImageDecoder, config: &Config) -> Result<(DynamicImage, Orientation), Fault> {
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width).saturating_mul(u64::from(height));
    let unpacked = config.pixels.saturating_mul(BYTES_PER_PIXEL);
    if pixels > config.pixels || decoder.total_bytes() > unpacked {
        return Err(Fault::Large);
    }
    if width.min(height) < SHORT_SIDE {
        return Err(Fault::Small);
    }
    decoder.set_limits(limits(config)).map_err(|_| Fault::Large)?;
    let upright = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(|_| Fault::Broken)?;
    Ok((picture, upright))
}

fn limits(config: &Config) -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(
        config
            .pixels
            .saturating_mul(BYTES_PER_PIXEL)
            .saturating_mul(DECODER),
    );
    limits
}

/// On white, because JPEG knows nothing that shines through.
fn flat(picture: &DynamicImage) -> DynamicImage {
    if !picture.color().has_alpha() {
        return DynamicImage::ImageRgb8(picture.to_rgb8());
    }
    let mut seen = picture.to_rgba8();
    for pixel in seen.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        let over_white = |part: u8| {
            let (part, alpha) = (u16::from(part), u16::from(alpha));
            let mixed = (part * alpha + 255 * (255 - alpha)).div_euclid(255);
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        pixel.0 = [over_white(red), over_white(green), over_white(blue), u8::MAX];
    }
    DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(seen).to_rgb8())
}

#[cfg(test)]
pub(crate) mod tests;
