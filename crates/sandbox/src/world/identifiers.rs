//! Check digits of citizen ids (GB 11643-1999, ISO 7064 MOD 11-2), written independently of the provider's, so that a
//! mistake there does not pass here. Only the shape and the digit; calendars and regions are the provider's business.

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: &str = "10X98765432";

/// The 18-character number for 17 digits.
pub(crate) fn complete(body: &str) -> Option<String> {
    if body.len() != WEIGHTS.len() {
        return None;
    }
    let sum = body
        .chars()
        .zip(WEIGHTS)
        .try_fold(0, |sum, (c, weight)| Some(sum + c.to_digit(10)? * weight))?;
    let check = CHECKS.chars().nth(usize::try_from(sum % 11).ok()?)?;
    Some(format!("{body}{check}"))
}

/// Whether this is a number in its normal form.
pub(crate) fn is_citizen_id(text: &str) -> bool {
    text.get(..17)
        .and_then(complete)
        .is_some_and(|whole| whole == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_a_swapped_digit_does_not() {
        assert!(is_citizen_id("11010519491231002X"));
        assert!(is_citizen_id("440524188001010014"));
        assert!(!is_citizen_id("340000199003072134"));
        assert!(!is_citizen_id("34000019930510007x"));
        assert!(!is_citizen_id("３40000199003070012"));
        assert!(!is_citizen_id(""));
    }
}
