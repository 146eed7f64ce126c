//! The unit that figures of different machines can be compared in: the processor time of one ES256 token.

use std::time::Duration;

use jose::alg::SigningAlg;
use jose::key::PrivateKey;
use jose::ring::{KeyState, Ring};
use jose::sign::TokenType;

use crate::meter;

/// For how long tokens are signed: the meter's ticks are 10 ms.
const TRIED_FOR: Duration = Duration::from_millis(500);

/// Milliseconds of this process for a token with a few hundred bytes of claims, signer kept.
pub fn signature() -> anyhow::Result<f64> {
    let ring = Ring::new([(KeyState::Current, PrivateKey::generate(SigningAlg::Es256)?)])?;
    let claims = format!(r#"{{"iss":"https://id.example.gov","filler":"{}"}}"#, "x".repeat(580));
    let own = std::process::id();
    let (begun, before, mut made) = (std::time::Instant::now(), meter::processor_ms(own)?, 0_u32);
    while begun.elapsed() < TRIED_FOR {
        ring.sign(SigningAlg::Es256, TokenType::Jwt, &claims)?;
        made += 1;
    }
    Ok((meter::processor_ms(own)? - before) / f64::from(made))
}
