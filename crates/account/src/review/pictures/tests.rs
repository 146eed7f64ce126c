use bytes::Bytes;
use image::{ExtendedColorType, ImageEncoder as _, Rgb, RgbImage, Rgba, RgbaImage};

use super::*;

fn config() -> Config {
    Config {
        pixels: 1_000_000,
        kept_side: 400,
        ..Config::default()
    }
}

/// A picture with a light top and a dark bottom.
pub(crate) fn drawn(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |_, y| {
        if y < height / 2 {
            Rgb([250, 250, 250])
        } else {
            Rgb([5, 5, 5])
        }
    })
}

pub(crate) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut made = Vec::new();
    JpegEncoder::new(&mut made)
        .encode_image(&drawn(width, height))
        .unwrap();
    made
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut made = Vec::new();
    drawn(width, height)
        .write_to(&mut Cursor::new(&mut made), ImageFormat::Png)
        .unwrap();
    made
}

fn again(original: &[u8]) -> Result<Vec<u8>, Fault> {
    remake(original, &config())
}

#[test]
fn both_kinds_of_picture_become_a_small_jpeg() {
    for original in [jpeg(600, 500), png(600, 500)] {
        let made = again(&original).unwrap();
        assert_eq!(guess_format(&made).unwrap(), ImageFormat::Jpeg);
        let seen = image::load_from_memory(&made).unwrap();
        assert_eq!(seen.width().max(seen.height()), 400);
        assert!(seen.to_rgb8().get_pixel(10, 10).0[0] > 200);
    }
    let kept = image::load_from_memory(&again(&jpeg(300, 260)).unwrap()).unwrap();
    assert_eq!((kept.width(), kept.height()), (300, 260), "what is small stays");
}

#[test]
fn attack_319_what_is_no_picture_by_its_content_is_refused_whatever_it_is_called() {
    let gif = b"GIF89a\x01\x00\x01\x00\x80\x00\x00";
    let webp = b"RIFF\x1a\x00\x00\x00WEBPVP8 ";
    let bmp = b"BM\x3a\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00";
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    for other in [
        &b""[..],
        gif,
        webp,
        bmp,
        svg,
        b"%PDF-1.7",
        b"\x00\x00\x00\x18ftypheic",
    ] {
        assert_eq!(again(other), Err(Fault::Format), "{other:?}");
    }
    for broken in [
        &jpeg(600, 500)[..100],
        &png(600, 500)[..60],
        b"\xff\xd8\xff\xe0 and nothing",
        b"\x89PNG\r\n\x1a\nnothing",
    ] {
        assert_eq!(again(broken), Err(Fault::Broken));
    }
}

#[test]
fn attack_310_a_bomb_is_refused_by_what_it_says_about_itself() {
    let mut header = png(600, 500);
    // Thirty thousand by thirty thousand pixels in IHDR, with its checksum.
    header[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let sum = crc32(&header[12..29]);
    header[29..33].copy_from_slice(&sum.to_be_bytes());
    assert!(matches!(again(&header), Err(Fault::Large | Fault::Broken)));
    // A frame header that promises the most that a JPEG can be.
    let mut frame = jpeg(600, 500);
    let at = frame.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    frame[at + 5..at + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    assert!(matches!(again(&frame), Err(Fault::Large | Fault::Broken)));
    assert_eq!(again(&png(1200, 900)), Err(Fault::Large));
    assert_eq!(again(&png(200, 900)), Err(Fault::Small));
}

/// A picture of sixteen bits a colour that is all black: next to nothing as a file.
fn deep(width: u32, height: u32) -> Vec<u8> {
    let mut made = Vec::new();
    let picture = image::ImageBuffer::<Rgba<u16>, Vec<u16>>::new(width, height);
    DynamicImage::ImageRgba16(picture)
        .write_to(&mut Cursor::new(&mut made), ImageFormat::Png)
        .unwrap();
    made
}

#[test]
fn attack_310_what_takes_more_memory_than_its_pixels_is_refused_before_it_is_unpacked() {
    assert_eq!(again(&deep(900, 900)), Err(Fault::Large));
    assert!(again(&deep(600, 600)).is_ok());
    assert!(again(&png(999, 999)).is_ok());
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 {
                (sum >> 1) ^ 0xedb8_8320
            } else {
                sum >> 1
            };
        }
    }
    !sum
}

#[test]
fn source_hb_23_nothing_that_was_hidden_in_the_file_is_in_what_is_kept() {
    let mut original = jpeg(600, 500);
    // An EXIF part that says: turned by a quarter; with a place in it.
    let exif =
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0GPS 31.8,117.2 Denizen-Test";
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let segment = [&[0xff, 0xe1][..], &length, exif].concat();
    original.splice(2..2, segment);
    original.extend_from_slice(b"<script>alert(1)</script>PK\x03\x04 a second file");
    let made = again(&original).unwrap();
    for hidden in [&b"Exif"[..], b"GPS", b"Denizen", b"script", b"PK\x03\x04"] {
        assert!(
            !made.windows(hidden.len()).any(|piece| piece == hidden),
            "{hidden:?}"
        );
    }
    let seen = image::load_from_memory(&made).unwrap();
    assert!(seen.height() > seen.width(), "it was turned upright first");
}

#[test]
fn what_shines_through_is_white() {
    let clear = RgbaImage::from_pixel(300, 300, Rgba([0, 0, 0, 0]));
    let mut original = Vec::new();
    image::codecs::png::PngEncoder::new(&mut original)
        .write_image(clear.as_raw(), 300, 300, ExtendedColorType::Rgba8)
        .unwrap();
    let seen = image::load_from_memory(&again(&original).unwrap()).unwrap();
    assert!(
        seen.to_rgb8()
            .get_pixel(150, 150)
            .0
            .iter()
            .all(|part| *part > 250)
    );
}

#[tokio::test]
async fn attack_301_one_account_has_one_form_at_a_time_and_the_others_have_theirs() {
    let desk = Desk::new(&Config {
        forms: 3,
        wait_ms: 1,
        ..config()
    });
    let [one, other] = [1, 2].map(|id| AccountId::from_uuid(uuid::Uuid::from_u128(id)));
    let turn = desk.turn(one).await.unwrap();
    assert!(desk.turn(one).await.is_none());
    assert!(desk.turn(other).await.is_some());
    drop(turn);
    assert!(desk.turn(one).await.is_some());
    assert!(desk.own.lock().unwrap().is_empty(), "nobody is remembered");
}

#[tokio::test]
async fn attack_301_few_threads_make_pictures_and_a_full_queue_says_so() {
    let desk = Desk::new(&Config {
        forms: 1,
        threads: 1,
        queue: 0,
        wait_ms: 1,
        ..config()
    });
    let [one, other] = [1, 2].map(|id| AccountId::from_uuid(uuid::Uuid::from_u128(id)));
    let turn = desk.turn(one).await.unwrap();
    assert!(desk.turn(other).await.is_none());
    drop(turn);
    assert!(desk.turn(other).await.is_some());
    let place = Arc::clone(&desk.waiting).acquire_owned().await.unwrap();
    let picture = Bytes::from(png(300, 300));
    assert_eq!(desk.remake(picture.clone()).await, Err(Fault::Busy));
    drop(place);
    assert!(desk.remake(picture).await.is_ok());
    assert_eq!(desk.remake(Bytes::from_static(b"no")).await, Err(Fault::Format));
}

proptest::proptest! {
    #[test]
    fn any_bytes_behind_a_pictures_beginning_are_taken_without_harm(
        tail in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
        is_jpeg in proptest::prelude::any::<bool>(),
    ) {
        let head: &[u8] = if is_jpeg { b"\xff\xd8\xff\xe0" } else { b"\x89PNG\r\n\x1a\n" };
        let result = again(&[head, &tail].concat());
        proptest::prop_assert!(result.is_err());
    }
}
