//! Names and addresses as words of the search index. They are not stemmed: a name is looked for as it is written.

use ennakoi_language::text::normalise;

/// Words in lower case, letters and digits only, each once. A pasted address is taken apart the same way and so is found.
pub(crate) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for text in texts {
        for word in normalise(text).split(|c: char| !c.is_alphanumeric()) {
            if !word.is_empty() && !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_and_addresses_become_words() {
        assert_eq!(super::of(["A\u{30a}ke"]), ["åke"], "letters and their accents are composed");
        assert_eq!(super::of(["Åke O'Brien-Mäki", "ake@example.fi", "åke"]), ["åke", "o", "brien", "mäki", "ake", "example", "fi"]);
    }
}
