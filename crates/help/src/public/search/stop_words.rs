//! Words that stand in every question and distinguish none.

use ennakoi_language::Language;

const FINNISH: &[&str] = &[
    "ja", "tai", "on", "ei", "se", "ne", "en", "jos", "kun", "että", "niin", "mitä", "mikä", "mikäs", "mistä", "missä", "mihin", "miten", "kuinka", "miksi",
    "milloin", "koska", "kuka", "voi", "voiko", "voin", "voinko", "saa", "saako", "saan", "saanko", "haluan", "haluaisin", "minä", "mä", "minun", "mun", "sinä",
    "te", "me", "teillä", "minulla", "mulla", "olen", "oon", "ole", "onko", "olisi", "pitää", "täytyy", "tämä", "tää", "kanssa", "myös", "vain", "nyt", "vielä",
    "jo", "mut", "mutta", "sitten", "eli",
];
const SWEDISH: &[&str] = &[
    "och", "eller", "är", "inte", "det", "den", "de", "om", "när", "att", "så", "vad", "vilken", "vilket", "var", "vart", "hur", "varför", "vem", "kan", "får",
    "vill", "skulle", "jag", "mig", "min", "mitt", "mina", "du", "ni", "vi", "er", "har", "ska", "måste", "denna", "detta", "med", "också", "bara", "nu", "än",
    "men", "en", "ett", "i", "på", "av", "för", "till", "från",
];
const ENGLISH: &[&str] = &[
    "and", "or", "is", "are", "not", "it", "its", "if", "when", "that", "so", "what", "which", "where", "how", "why", "who", "can", "could", "may", "do", "does",
    "did", "want", "would", "will", "i", "me", "my", "you", "your", "we", "our", "have", "has", "should", "must", "this", "with", "also", "only", "now", "but",
    "a", "an", "the", "in", "on", "of", "for", "to", "from", "at", "be", "get", "am", "i'm",
];

pub(super) fn contains(language: Language, normalised: &str) -> bool {
    let words = match language {
        Language::Fi => FINNISH,
        Language::Sv => SWEDISH,
        Language::En => ENGLISH,
    };
    words.contains(&normalised)
}
