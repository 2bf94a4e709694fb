//! A company's brand colour made readable: contrast by WCAG 2.2 relative luminance.

/// A colour of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colour([u8; 3]);

/// What text needs against what is behind it (WCAG 2.2, 1.4.3).
const READABLE: f64 = 4.5;
/// The pages' backgrounds, as in `help.css`: page and card, light and dark.
const LIGHT: [Colour; 3] = [Colour([0xFF, 0xFF, 0xFF]), Colour([0xF7, 0xF8, 0xFA]), Colour([0xEE, 0xF1, 0xF5])];
const DARK: [Colour; 3] = [Colour([0x11, 0x14, 0x19]), Colour([0x1A, 0x1F, 0x27]), Colour([0x25, 0x2B, 0x35])];
const WHITE: Colour = Colour([0xFF, 0xFF, 0xFF]);
const BLACK: Colour = Colour([0x10, 0x12, 0x16]);

impl Colour {
    /// Reads `#rrggbb`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let channel = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
        Some(Self([channel(0)?, channel(2)?, channel(4)?]))
    }

    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0[0]) + 0.7152 * linear(self.0[1]) + 0.0722 * linear(self.0[2])
    }

    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    fn mixed(self, other: Self, share: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of two bytes is a byte")]
        let mix = |one: u8, two: u8| f64::from(two).mul_add(share, f64::from(one) * (1.0 - share)).round() as u8;
        Self(std::array::from_fn(|at| mix(self.0[at], other.0[at])))
    }

    /// This colour, moved towards `end` just as far as it takes to be readable on all of `behind`.
    fn readable_on(self, behind: &[Self], end: Self) -> Self {
        (0..=50)
            .map(|step| self.mixed(end, f64::from(step) / 50.0))
            .find(|colour| behind.iter().all(|other| colour.contrast(*other) >= READABLE))
            .unwrap_or(end)
    }

    /// White or near-black, whichever is easier to read on this colour.
    fn text_on(self) -> Self {
        if self.contrast(WHITE) >= READABLE || self.contrast(WHITE) >= self.contrast(BLACK) { WHITE } else { BLACK }
    }
}

impl std::fmt::Display for Colour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0[0], self.0[1], self.0[2])
    }
}

/// The style sheet that gives a page its company's colours, in both themes.
pub(super) fn style_sheet(brand: &str) -> String {
    let brand = Colour::read(brand).unwrap_or(Colour([0x24, 0x57, 0xD6]));
    let mut band = brand;
    // A middling colour carries neither white nor black text well: it is darkened until white is readable.
    if band.contrast(band.text_on()) < READABLE {
        band = band.readable_on(&[WHITE], BLACK);
    }
    let dark_band = if brand.luminance() > 0.25 { brand.readable_on(&[WHITE], BLACK) } else { band };
    let (link, dark_link) = (brand.readable_on(&LIGHT, BLACK), brand.readable_on(&DARK, WHITE));
    format!(
        ":root{{--band:{band};--on-band:{};--link:{link}}}@media(prefers-color-scheme:dark){{:root{{--band:{dark_band};--on-band:{};--link:{dark_link}}}}}",
        band.text_on(),
        dark_band.text_on(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_brand_colour_becomes_readable() {
        assert!((Colour([0, 0, 0]).contrast(WHITE) - 21.0).abs() < 0.01);
        let levels = [0x00, 0x20, 0x48, 0x70, 0x80, 0x98, 0xC0, 0xE8, 0xFF];
        for red in levels {
            for green in levels {
                for blue in levels {
                    let sheet = style_sheet(&Colour([red, green, blue]).to_string());
                    let colours: Vec<Colour> = sheet.match_indices('#').map(|(at, _)| Colour::read(&sheet[at..at + 7]).unwrap()).collect();
                    let [band, on_band, link, dark_band, on_dark_band, dark_link] = colours[..] else { panic!("{sheet}") };
                    assert!(band.contrast(on_band) >= READABLE && dark_band.contrast(on_dark_band) >= READABLE, "{sheet}");
                    assert!(LIGHT.iter().all(|behind| link.contrast(*behind) >= READABLE), "{sheet}");
                    assert!(DARK.iter().all(|behind| dark_link.contrast(*behind) >= READABLE), "{sheet}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_colour_is_not_written_into_the_page() {
        for attack in ["#12345", "red;}</style><script>", "#12345g", "#ä12345", ""] {
            assert_eq!(style_sheet(attack), style_sheet("#2457d6"));
        }
    }
}
