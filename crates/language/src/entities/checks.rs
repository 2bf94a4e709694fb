//! Check digits and shapes of identifiers.

/// Remainder modulo 97 of the rearranged IBAN or RF reference (ISO 7064): letters count as 10–35. `None` for other
/// characters.
pub(super) fn mod_97(code: &str) -> Option<u32> {
    let split = code.len().min(4);
    let rearranged = code[split..].bytes().chain(code[..split].bytes());
    let mut remainder = 0_u32;
    for byte in rearranged {
        remainder = match byte {
            b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
            b'A'..=b'Z' => (remainder * 100 + u32::from(byte - b'A') + 10) % 97,
            _ => return None,
        };
    }
    Some(remainder)
}

/// Length of the IBANs of the countries customers of Nordic companies use (ISO 13616 registry).
pub(super) fn iban_length(country: &str) -> Option<usize> {
    Some(match country {
        "NO" => 15,
        "BE" => 16,
        "DK" | "FI" | "FO" | "GL" | "NL" => 18,
        "SI" => 19,
        "AT" | "EE" | "LT" | "LU" => 20,
        "CH" | "HR" | "LI" | "LV" => 21,
        "BG" | "DE" | "GB" | "GE" | "IE" => 22,
        "ES" | "RO" | "SE" | "SK" | "CZ" => 24,
        "PT" => 25,
        "IS" => 26,
        "FR" | "GR" | "IT" => 27,
        "HU" | "PL" | "CY" => 28,
        "MT" => 31,
        "UA" => 29,
        _ => return None,
    })
}

/// Luhn's check (ISO/IEC 7812) over digits.
pub(super) fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(position, byte)| {
            let digit = u32::from(byte - b'0');
            let doubled = if position % 2 == 1 { digit * 2 } else { digit };
            if doubled > 9 { doubled - 9 } else { doubled }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The Finnish domestic payment reference: 4–20 digits, the last being the check digit by weights 7, 3, 1 from the right.
pub(super) fn finnish_reference(digits: &str) -> bool {
    let digits = digits.trim_start_matches('0');
    if !(4..=20).contains(&digits.len()) {
        return false;
    }
    let (body, check) = digits.split_at(digits.len() - 1);
    let sum: u32 = body.bytes().rev().zip([7, 3, 1].into_iter().cycle()).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    check.parse() == Ok((10 - sum % 10) % 10)
}

/// The Finnish personal identity code `DDMMYYCZZZQ`: a calendar date, a century sign, and a check character by the
/// remainder modulo 31 of its nine digits. Upper case, without spaces.
pub(super) fn finnish_identity_code(code: &str) -> bool {
    const CHECKS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let bytes = code.as_bytes();
    if bytes.len() != 11 {
        return false;
    }
    let century = match bytes[6] {
        b'+' => 1800,
        b'-' | b'U'..=b'Y' => 1900,
        b'A'..=b'F' => 2000,
        _ => return false,
    };
    let digits: String = code[..6].chars().chain(code[7..10].chars()).collect();
    let Ok(number) = digits.parse::<u32>() else {
        return false;
    };
    let part = |range: std::ops::Range<usize>| code[range].parse::<u32>().unwrap_or(0);
    super::dates::is_date(century + part(4..6), part(2..4), part(0..2)) && CHECKS[(number % 31) as usize] == bytes[10]
}

/// A Swedish personal identity number as ten digits (`YYMMDDNNNC`): a possible month and day, and Luhn's check. The day
/// may have 60 added (coordination number).
pub(super) fn swedish_identity_number(digits: &str) -> bool {
    let part = |range: std::ops::Range<usize>| digits[range].parse::<u32>().unwrap_or(0);
    if digits.len() != 10 {
        return false;
    }
    let day = part(4..6);
    let day = if day > 60 { day - 60 } else { day };
    // The century is unknown: a leap year that fits every one is assumed for 29 February.
    super::dates::is_date(2000, part(2..4), day) && luhn(digits)
}
