//! Where a chunked body ends (RFC 9112, 7.1), so that the guard finds the next head. Sizes of one to eight digits;
//! extensions and trailers, which no client of ours sends and proxies disagree about, are refused.

use crate::listen::head::Refusal;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Size { value: u64, digits: u8 },
    SizeFeed { value: u64 },
    Data { left: u64 },
    DataReturn,
    DataFeed,
    LastReturn,
    LastFeed,
}

/// A place in a chunked body.
#[derive(Debug)]
pub(super) struct Chunks(At);

impl Default for Chunks {
    fn default() -> Self {
        Self(At::Size { value: 0, digits: 0 })
    }
}

impl Chunks {
    /// Walks over bytes: how many belong to the body, and whether it ended with them.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Result<(usize, bool), Refusal> {
        let mut rest = bytes;
        while let Some((byte, after)) = rest.split_first() {
            if let At::Data { left } = self.0 {
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                let left = left.saturating_sub(u64::try_from(here).unwrap_or(u64::MAX));
                self.0 = if left == 0 {
                    At::DataReturn
                } else {
                    At::Data { left }
                };
                rest = rest.get(here..).unwrap_or_default();
                continue;
            }
            let ended = self.0 == At::LastFeed;
            self.0 = self.0.step(*byte).ok_or(Refusal::BadRequest("chunk"))?;
            rest = after;
            if ended {
                return Ok((bytes.len() - rest.len(), true));
            }
        }
        Ok((bytes.len(), false))
    }
}

impl At {
    fn step(self, byte: u8) -> Option<Self> {
        let start = Self::Size { value: 0, digits: 0 };
        match (self, byte) {
            (Self::Size { value, digits: 1.. }, b'\r') => Some(Self::SizeFeed { value }),
            (Self::Size { value, digits }, digit) if digits < 8 => {
                let digit = char::from(digit).to_digit(16)?;
                Some(Self::Size {
                    value: value * 16 + u64::from(digit),
                    digits: digits + 1,
                })
            }
            (Self::SizeFeed { value: 0 }, b'\n') => Some(Self::LastReturn),
            (Self::SizeFeed { value }, b'\n') => Some(Self::Data { left: value }),
            (Self::DataReturn, b'\r') => Some(Self::DataFeed),
            (Self::LastReturn, b'\r') => Some(Self::LastFeed),
            (Self::DataFeed | Self::LastFeed, b'\n') => Some(start),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(bytes: &[u8], step: usize) -> Result<(usize, bool), Refusal> {
        let mut chunks = Chunks::default();
        let mut total = 0;
        for piece in bytes.chunks(step) {
            let (here, ended) = chunks.advance(piece)?;
            total += here;
            if ended {
                return Ok((total, true));
            }
        }
        Ok((total, false))
    }

    #[test]
    fn a_body_ends_where_it_says_however_it_is_cut() {
        let body = b"3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\nGET / HTTP/1.1";
        for step in 1..=body.len() {
            assert_eq!(walk(body, step), Ok((body.len() - 14, true)), "{step}");
        }
        assert_eq!(walk(b"3\r\nab", 2), Ok((5, false)));
    }

    #[test]
    fn attack_198_odd_chunks_are_refused() {
        for odd in [
            &b"\r\n"[..],
            b"g\r\n",
            b"3;x=y\r\nabc\r\n",
            b"3\nabc",
            b"3\r\nabcd\r\n",
            b"+3\r\nabc\r\n",
            b"0x3\r\n",
            b"000000003\r\nabc\r\n",
            b"0\r\nX: y\r\n\r\n",
            b" 3\r\n",
            b"3 \r\n",
        ] {
            assert!(walk(odd, 1).is_err(), "{odd:?}");
        }
    }
}
