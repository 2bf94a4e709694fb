//! Short names in addresses.

/// Characters of a slug, at most.
const MOST: usize = 80;

/// `Missä pakettini on?` → `missa-pakettini-on`. Never empty.
#[must_use]
pub fn of(title: &str) -> String {
    let mut slug = String::new();
    for character in title.to_lowercase().chars() {
        let plain = match character {
            'å' | 'ä' | 'á' | 'à' | 'â' => 'a',
            'ö' | 'ó' | 'ò' | 'ô' | 'ø' => 'o',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'ü' | 'ú' => 'u',
            'š' => 's',
            'ž' => 'z',
            other => other,
        };
        if plain.is_ascii_alphanumeric() {
            slug.push(plain);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
        if slug.len() >= MOST {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "article".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn titles_become_addresses() {
        assert_eq!(super::of("Missä pakettini on?"), "missa-pakettini-on");
        assert_eq!(super::of("  Åter & byte – så här!  "), "ater-byte-sa-har");
        assert_eq!(super::of("???"), "article");
        assert!(super::of(&"pitkä ".repeat(100)).len() <= super::MOST);
    }
}
