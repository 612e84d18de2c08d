//! Numbers as they are written, read exactly: decimal digits and a power of ten, never a detour
//! over binary fractions. `1670366870.0005` seconds is half a millisecond past, in any language.

/// A decimal number: `0.DIGITS x 10^point`, with neither leading nor trailing zeros in DIGITS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    point: i64,
}

impl Decimal {
    /// Reads a JSON number, or a numeric string, which may also have a leading `+`, leading zeros,
    /// and nothing before or behind its point. No white space, no `NaN`.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (whole, rest) = split_digits(rest);
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => split_digits(rest),
            rest => (&[][..], rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', rest @ ..] => parse_exponent(rest)?,
            _ => return None,
        };
        let mut digits = [whole, fraction].concat();
        let leading = digits.iter().take_while(|&&digit| digit == b'0').count();
        digits.drain(..leading);
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let point = exponent.saturating_add(whole.len() as i64 - leading as i64);
        Some(Self { negative, digits, point })
    }

    /// The number where it is integral and fits into 64 bits.
    pub fn to_i64(&self) -> Option<i64> {
        if self.digits.is_empty() {
            return Some(0);
        }
        if self.point < self.digits.len() as i64 || self.point > 19 {
            return None;
        }
        let magnitude = self.whole(self.point);
        i64::try_from(if self.negative { -magnitude } else { magnitude }).ok()
    }

    /// True below 10^`power`; `power` is positive.
    pub fn is_below_power(&self, power: i64) -> bool {
        self.negative || self.digits.is_empty() || self.point <= power
    }

    /// The number times 10^`power`, rounded to an integer, half away from zero; `None` beyond 10^18.
    pub fn scaled(&self, power: i64) -> Option<i64> {
        let point = self.point.saturating_add(power);
        if self.digits.is_empty() || point < 0 {
            return Some(0);
        }
        if point > 18 {
            return None;
        }
        let round_up = self.digits.get(point as usize).is_some_and(|&digit| digit >= b'5');
        let magnitude = self.whole(point) + i128::from(round_up);
        i64::try_from(if self.negative { -magnitude } else { magnitude }).ok()
    }

    /// The first `count` digits as an integer, zeros where the digits end.
    fn whole(&self, count: i64) -> i128 {
        let digits = self.digits.iter().copied().chain(std::iter::repeat(b'0'));
        digits.take(count as usize).fold(0, |whole, digit| whole * 10 + i128::from(digit - b'0'))
    }
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

/// An exponent beyond anything that matters saturates.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        digits => (1, digits),
    };
    let (digits, rest) = split_digits(digits);
    if digits.is_empty() || !rest.is_empty() {
        return None;
    }
    let grow = |value: i64, digit: &u8| (value * 10 + i64::from(digit - b'0')).min(1 << 40);
    Some(sign * digits.iter().fold(0, grow))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn integer(text: &str) -> Option<i64> {
        Decimal::parse(text).and_then(|number| number.to_i64())
    }

    fn scaled(text: &str, power: i64) -> Option<i64> {
        Decimal::parse(text).and_then(|number| number.scaled(power))
    }

    #[test]
    fn integers() {
        assert_eq!(integer("101"), Some(101));
        assert_eq!(integer("-0.0"), Some(0));
        assert_eq!(integer("1e3"), Some(1000));
        assert_eq!(integer("0.25e2"), Some(25));
        assert_eq!(integer("1.5"), None);
        assert_eq!(integer("9223372036854775807"), Some(i64::MAX));
        assert_eq!(integer("9223372036854775808"), None);
        assert_eq!(integer("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(integer("1e99999999999999999999"), None);
        assert_eq!(integer("0e99999999999999999999"), Some(0));
    }

    #[test]
    fn not_numbers() {
        for text in
            ["", "-", ".", "e3", "1e", "1e+", " 1", "1 ", "0x10", "1_0", "NaN", "--1", "1.2.3"]
        {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn rounding_is_half_away_from_zero_and_exact() {
        assert_eq!(scaled("1670366870.0005", 3), Some(1_670_366_870_001));
        assert_eq!(scaled("1670366870.00049999999999999", 3), Some(1_670_366_870_000));
        assert_eq!(scaled("-0.0005", 3), Some(-1));
        assert_eq!(scaled("0.0004", 3), Some(0));
        assert_eq!(scaled("1e-400", 3), Some(0));
        assert_eq!(scaled("1e16", 3), None);
    }

    #[test]
    fn below_a_power() {
        let below = |text: &str| Decimal::parse(text).unwrap().is_below_power(11);
        assert!(below("99999999999.999") && below("0") && below("-1e30"));
        assert!(!below("1e11") && !below("100000000000"));
    }

    proptest! {
        #[test]
        fn agrees_with_integers(value in any::<i64>()) {
            prop_assert_eq!(integer(&value.to_string()), Some(value));
        }
    }
}
