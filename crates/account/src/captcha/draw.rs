//! Draws and speaks captchas, on threads of their own and few at a time.

use std::sync::Arc;
use std::time::Duration;

use ::captcha::Captcha;
use ::captcha::filters::{Dots, Noise, Wave};
use tokio::sync::Semaphore;

use super::Config;

/// The width of a picture, in pixels.
pub(super) const WIDTH: u32 = 216;
/// The height of a picture, in pixels.
pub(super) const HEIGHT: u32 = 76;
/// The length of the header of a WAV file as we write it, in bytes.
const WAV_HEADER_BYTES: u32 = 44;
/// The rate of the recordings, in samples of 16 bits a second, one channel.
const SAMPLES_PER_SECOND: u32 = 22_050;

/// The form in which the answer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// A PNG picture.
    Picture,
    /// A WAV recording of the characters, in English.
    Sound,
}

/// Why there is no picture or sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// Too many at once: come back shortly.
    #[error("too many captchas are being drawn")]
    Busy,
    /// The characters cannot be drawn.
    #[error("the captcha could not be drawn")]
    Failed,
}

/// The queue of drawings.
#[derive(Debug)]
pub struct Drawing {
    permits: Arc<Semaphore>,
    wait: Duration,
}

impl Drawing {
    /// A queue as wide as configured.
    pub fn new(config: &Config) -> Self {
        let permits = config.permits.clamp(1, 64);
        Self {
            permits: Arc::new(Semaphore::new(permits)),
            wait: Duration::from_millis(config.wait_ms),
        }
    }

    /// Draws or speaks an answer, in turn.
    pub async fn make(&self, answer: String, medium: Medium) -> Result<Vec<u8>, DrawError> {
        let turn = Arc::clone(&self.permits).acquire_owned();
        let permit = tokio::time::timeout(self.wait, turn)
            .await
            .map_err(|_| DrawError::Busy)?;
        let permit = permit.map_err(|_| DrawError::Busy)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "behind permits; the permit goes with the work"
        )]
        let task = tokio::task::spawn_blocking(move || {
            let made = match medium {
                Medium::Picture => picture(&answer),
                Medium::Sound => sound(&answer),
            };
            drop(permit);
            made
        });
        task.await.ok().flatten().ok_or(DrawError::Failed)
    }
}

/// The characters set side by side; `None` when the font lacks one.
fn lettering(answer: &str) -> Option<Captcha> {
    let mut captcha = Captcha::new();
    for character in answer.chars() {
        captcha.set_chars(&[character]).add_char();
    }
    (captcha.chars_as_string() == answer).then_some(captcha)
}

fn picture(answer: &str) -> Option<Vec<u8>> {
    lettering(answer)?
        .apply_filter(Noise::new(0.08))
        .apply_filter(Wave::new(2.0, 8.0).horizontal())
        .apply_filter(Wave::new(2.0, 6.0).vertical())
        .view(WIDTH, HEIGHT)
        .apply_filter(Dots::new(6).min_radius(2).max_radius(5))
        .as_png()
}

/// The recordings of the characters one after another in one file.
fn sound(answer: &str) -> Option<Vec<u8>> {
    let recordings: Vec<Vec<u8>> = lettering(answer)?.as_wav().into_iter().collect::<Option<_>>()?;
    let samples: Vec<&[u8]> = recordings.iter().map(|wav| samples(wav)).collect::<Option<_>>()?;
    let samples = samples.concat();
    let mut file = header(u32::try_from(samples.len()).ok()?);
    file.extend_from_slice(&samples);
    Some(file)
}

/// The samples of a WAV file: what follows the head of its `data` chunk.
fn samples(wav: &[u8]) -> Option<&[u8]> {
    let at = wav.windows(4).position(|window| window == b"data")?;
    wav.get(at.checked_add(8)?..)
}

fn header(data_bytes: u32) -> Vec<u8> {
    let riff_bytes = data_bytes.saturating_add(WAV_HEADER_BYTES - 8);
    let bytes_per_second = SAMPLES_PER_SECOND * 2;
    [
        &b"RIFF"[..],
        &riff_bytes.to_le_bytes(),
        b"WAVEfmt ",
        &16_u32.to_le_bytes(),
        &1_u16.to_le_bytes(), // PCM
        &1_u16.to_le_bytes(), // one channel
        &SAMPLES_PER_SECOND.to_le_bytes(),
        &bytes_per_second.to_le_bytes(),
        &2_u16.to_le_bytes(),  // bytes of a sample
        &16_u16.to_le_bytes(), // bits of a sample
        b"data",
        &data_bytes.to_le_bytes(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::captcha::CHARACTERS;

    #[test]
    fn every_character_can_be_drawn_and_spoken() {
        let all = std::str::from_utf8(CHARACTERS).unwrap();
        for character in all.chars() {
            assert!(lettering(&character.to_string()).is_some(), "{character}");
        }
        assert!(lettering("A0").is_none());
        assert!(lettering(all).unwrap().as_wav().iter().all(Option::is_some));
    }

    #[tokio::test]
    async fn source_hb_11_a_picture_is_a_png_and_a_sound_one_wav() {
        let drawing = Drawing::new(&Config::default());
        let png = drawing.make("AB3K7".to_owned(), Medium::Picture).await.unwrap();
        assert!(png.starts_with(b"\x89PNG\r\n"));
        let wav = drawing.make("AB".to_owned(), Medium::Sound).await.unwrap();
        assert!(wav.starts_with(b"RIFF") && wav.get(8..16) == Some(b"WAVEfmt "));
        let says = u32::from_le_bytes(wav.get(40..44).unwrap().try_into().unwrap());
        assert_eq!(usize::try_from(says).unwrap() + 44, wav.len());
        assert!(wav.len() > 100_000);
    }

    #[tokio::test]
    async fn attack_315_drawings_wait_for_their_turn_and_not_for_ever() {
        let drawing = Drawing::new(&Config {
            permits: 1,
            wait_ms: 1,
            ..Config::default()
        });
        let held = Arc::clone(&drawing.permits).acquire_owned().await.unwrap();
        let refused = drawing.make("AB".to_owned(), Medium::Picture).await;
        assert_eq!(refused, Err(DrawError::Busy));
        drop(held);
    }
}
