//! Public keys that anyone can forge signatures for, although they look like keys.
//!
//! RSA: moduli of the kind that CVE-2017-15361 (ROCA) factors. They are recognised by their remainders: for each of
//! the first odd primes the modulus is a power of 65537, which happens to an honest modulus about once in 2^27.
//! Ed25519: the points of small order, for which one signature fits many messages.

/// The odd primes whose remainders give such a modulus away.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether an RSA modulus (big-endian) was made by the generator of CVE-2017-15361.
pub(crate) fn is_roca_modulus(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|&prime| {
        let remainder = modulus
            .iter()
            .fold(0, |rest, &byte| (rest * 256 + u32::from(byte)) % prime);
        is_power_of_65537(remainder, prime)
    })
}

fn is_power_of_65537(remainder: u32, prime: u32) -> bool {
    let base = 65_537 % prime;
    let mut power = 1;
    for _ in 0..prime {
        if power == remainder {
            return true;
        }
        power = power * base % prime;
    }
    false
}

/// Whether an Ed25519 public key (RFC 8032 encoding) is one of the points of order 1, 2, 4 or 8, whichever sign and
/// whether or not its coordinate is reduced.
pub(crate) fn is_small_order_point(encoded: &[u8]) -> bool {
    let Some((&last, rest)) = encoded.split_last() else {
        return true;
    };
    // The highest bit is the sign.
    let last = last & 0x7f;
    let near_p = |first: u8| {
        last == 0x7f
            && rest
                .split_first()
                .is_some_and(|(&f, middle)| f == first && middle.iter().all(|&b| b == 0xff))
    };
    let small = |first: u8| {
        last == 0
            && rest
                .split_first()
                .is_some_and(|(&f, middle)| f == first && middle.iter().all(|&b| b == 0))
    };
    let listed = |point: &[u8; 32]| point.split_last().is_some_and(|(&l, r)| l == last && r == rest);
    small(0) || small(1) || near_p(0xec) || near_p(0xed) || near_p(0xee) || ORDER_EIGHT.iter().any(listed)
}

/// The two y-coordinates of the points of order 8.
const ORDER_EIGHT: [[u8; 32]; 2] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_order_points_are_recognised_in_every_spelling() {
        for (first, middle, last) in [
            (0, 0, 0),
            (1, 0, 0),
            (0xec, 0xff, 0x7f),
            (0xed, 0xff, 0x7f),
            (0xee, 0xff, 0x7f),
        ] {
            for sign in [0, 0x80] {
                let mut point = [middle; 32];
                point[0] = first;
                point[31] = last | sign;
                assert!(is_small_order_point(&point), "{point:x?}");
            }
        }
        for mut point in ORDER_EIGHT {
            assert!(is_small_order_point(&point));
            point[31] |= 0x80;
            assert!(is_small_order_point(&point));
        }
        let mut base = [0x66; 32];
        base[0] = 0x58;
        assert!(!is_small_order_point(&base), "the base point");
        assert!(!is_small_order_point(&[2; 32]));
    }
}
