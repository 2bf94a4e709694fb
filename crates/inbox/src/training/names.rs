//! Names of people in a text: known ones in all their forms, common ones, and whatever else is written like a name.

use std::{collections::HashSet, sync::LazyLock};

/// How much longer than a name its inflected forms are: `Liisallekin`.
const ENDING_MAX: usize = 7;
/// Letters of a common name with its ending: what is longer is none.
const FORM_MAX: usize = 24;

/// Common given names and surnames of Finland and Sweden, and some of elsewhere. Those that are everyday words as well (Onni, Satu) are left to the
/// capital letter in the middle of a sentence.
const COMMON: &str = "aada aaro aatu aino aleksi alexander alma amanda anders andreas anette anita anja anna anne anneli anni annika annikki annina annukka antero \
    anton antti ari arja arto arttu asta astrid axel birgitta björn bo britta carina carl carolina caroline charlotta charlotte christian christina daniel david \
    eemil eerika eero eetu eeva eija eila eino elias elina elisa elisabet elisabeth ella elli elsa emil emilia emma emmi erik erika erkki ester esa eva eveliina \
    fanny fredrik gunilla gunnar göran hanna hannele hannes hannu hans harri heidi heikki heini helena heli helmi henri henrik henna hilkka hilla iida iines iiris \
    ilkka ilona ilpo inga ingrid inka irina irja irma isabella ismo jaakko jaana jan jani janina janne jari jarkko jarmo jarno jenna jenni jenny jere jesse jessica \
    joakim joel johan johanna johannes jonas jonna joona joonas jorma jouko jouni juha juhani juho jukka julia jussi jyrki kaarina kaija kalle kari karin karita \
    karl karoliina katarina kati katja katri kauko kerttu kim kimmo kirsi kirsti klaus krista kristian kristiina kristina kyösti lars lasse lassi lauri leena leif \
    leo lena lennart liisa linda linnea lotta lovisa lukas maarit maija maj magnus mailis maire malin mari maria marianne marika marita mariitta marja marjatta \
    marjo marjut markku marko markus martin martta martti mathias matias mats matti mauri maxim mervi mia miika miikka mika mikael mikaela mikko milla minna minttu \
    mira mirja mirjami mirka nathalie nea niina niilo niklas niko nina noora olavi olga oliver olli olof oona oskar oskari otto outi paavo pasi patrik pauli \
    pauliina paula pekka pentti pernilla pertti peter petra petri petteri pia piia pirjo pirkko raija raili raimo raisa rasmus rauno reijo reima riikka riitta \
    rikard risto robert robin roosa saana saara saija saila saku samu samuel sami samuli sanna santeri sara sari saana seija seppo simo sini sinikka sirkka sirpa \
    sofia sofie sonja stefan stina susanna susanne suvi sven sylvi taina tapani tapio taru teemu teija teppo terhi teresa terttu tero tiia tiina timo tommi toni tony \
    topias topi tuomas tuomo tuija tuire tuula tuulia tytti ulla ulrika urho urpo väinö valtteri vappu veera veijo veikko venla vesa viivi viktor vilho vilja ville \
    vilma virpi vuokko yrjö åke åsa james john mary michael jennifer william elizabeth thomas sarah mohammed mohamed muhammad ahmed ali fatima abdi hassan hussein \
    olena oksana natalia svetlana tatjana irina sergei vladimir igor dmitri ivan yuki nguyen \
    korhonen virtanen mäkinen nieminen mäkelä hämäläinen laine heikkinen koskinen järvinen lehtonen lehtinen saarinen salminen heinonen heikkilä niemi kinnunen \
    salonen turunen salo laitinen tuominen rantanen karjalainen jokinen mattila savolainen lahtinen ahonen ojala leppänen hiltunen väisänen pitkänen leinonen \
    laaksonen kallio miettinen anttila pesonen manninen hakala laakso nurmi lindholm johansson andersson karlsson nilsson eriksson larsson olsson persson svensson \
    gustafsson pettersson jonsson jansson hansson bengtsson jönsson lindberg jakobsson magnusson olofsson lindström lindqvist lindgren axelsson berglund fredriksson \
    sandberg henriksson forsberg sjöberg wallin engström eklund danielsson lundgren håkansson bergström holmberg nyström lundberg nyman österberg söderholm sundström \
    smith jones taylor brown wilson ivanov petrov";

/// Words with a capital letter in the middle of a sentence that point at nobody.
const PUBLIC: &str = "i i'm i’m i've i’ve i'll i’ll i'd i’d te teidän teille teillä teiltä teistä teitä teihin sinä sinun sinulle sinua du dig din ditt dina ni er ert era \
    you your monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december \
    english finnish swedish ok pdf sms ip eu euro iban bic tv usb wifi ps alv vat html gps nfc led oled ssd ram cd dvd xs xl xxl xxxl ohje huom nb fyi asap \
    ei en et emme ette eivät on ole se tämä nyt heti todella aina kaikki vielä erittäin jo ja tai inte nu alltid mycket och not no never now all very and";
/// Common names that are everyday words as well, and forms of names that are: in lower case they are names only where somebody is introduced.
const EVERYDAY: &str = "aino ali anna antia axel björn bo brown hans heini helmi hilla ilona inga inka jan jouko kallein kallio kari kauko kirsi laakso laine maj \
    maire marja marjo mika mikaan milla minttu neat niemi nurmi ojala otto pia riitaa roosa salo sini suvi tapani taru terttu tuulia urho urpo vappu vesa vilja \
    ville vuokko";
/// The same with any ending: carriers, ways to pay, what devices are called.
const PUBLIC_STEMS: [&str; 22] = [
    "posti",
    "matkahuol",
    "dhl",
    "postnord",
    "klarna",
    "mobilepay",
    "mastercard",
    "paypal",
    "google",
    "apple",
    "iphone",
    "android",
    "samsung",
    "windows",
    "instagram",
    "facebook",
    "whatsapp",
    "suome",
    "finland",
    "ruotsi",
    "sverige",
    "sweden",
];

static COMMON_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| COMMON.split_whitespace().collect());
static EVERYDAY_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| EVERYDAY.split_whitespace().collect());
static PUBLIC_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| PUBLIC.split_whitespace().collect());

/// A word of somebody's name, in lower case, with the stems that it has in other forms.
pub(super) struct Name {
    word: String,
    stems: Vec<String>,
}

impl Name {
    pub(super) fn new(word: &str) -> Self {
        let word = word.to_lowercase();
        Self { stems: stems(&word), word }
    }

    pub(super) fn word(&self) -> &str {
        &self.word
    }

    /// Whether a word is the name, or the name with an ending. Capital letters are believed sooner, because stems change: Virta, Virran.
    #[cfg(test)]
    fn is_in(&self, word: &str) -> bool {
        self.is_form(word, &word.to_lowercase())
    }

    /// The same for a word whose small letters are known: a case has many words, and a company many people.
    pub(super) fn is_form(&self, word: &str, lower: &str) -> bool {
        // Whatever ending it has, it begins alike.
        if lower.chars().next() != self.word.chars().next() {
            return false;
        }
        if lower == self.word {
            return true;
        }
        let length = self.word.chars().count();
        let longer = lower.chars().count().saturating_sub(length);
        if length <= 2 || longer > ENDING_MAX {
            return false;
        }
        if self.stems.iter().any(|stem| lower.strip_prefix(stem.as_str()).is_some_and(is_ending)) {
            return true;
        }
        let beginning: String = self.word.chars().take(length.saturating_sub(1).max(4)).collect();
        is_capital(word) && length > 3 && lower.starts_with(&beginning)
    }
}

/// The name itself; with the weak grade of its last consonants (Pekka, Pekan; Mäki, Mäen; Virta, Virran); and of -nen the stem -se-.
fn stems(word: &str) -> Vec<String> {
    let mut all = vec![word.to_owned()];
    let letters: Vec<char> = word.chars().collect();
    let count = letters.len();
    if let Some(base) = word.strip_suffix("nen") {
        all.extend([format!("{base}se"), format!("{base}si"), format!("{base}s")]);
    }
    if count >= 4 {
        let (before, stop, vowel) = (letters[count - 3], letters[count - 2], letters[count - 1]);
        let front: String = letters[..count - 2].iter().collect();
        let ends = if vowel == 'i' { vec!['i', 'e'] } else { vec![vowel] };
        for end in ends {
            match (before, stop) {
                ('k', 'k') | ('p', 'p') | ('t', 't') => all.push(format!("{front}{end}")),
                ('r', 't') => all.push(format!("{front}r{end}")),
                ('l', 't') => all.push(format!("{front}l{end}")),
                ('n', 't') => all.push(format!("{front}n{end}")),
                (_, 't') => all.push(format!("{front}d{end}")),
                (_, 'p') => all.push(format!("{front}v{end}")),
                (_, 'k') if before != 's' => all.push(format!("{front}{end}")),
                _ => all.push(format!("{front}{stop}{end}")),
            }
        }
    }
    all
}

const CASES: [&str; 53] = [
    "", "n", "a", "ä", "ta", "tä", "lle", "lla", "llä", "lta", "ltä", "ssa", "ssä", "sta", "stä", "an", "en", "in", "on", "un", "yn", "än", "ön", "ksi", "na",
    "nä", "tta", "ttä", "t", "ja", "jä", "ia", "iä", "ien", "ille", "illa", "illä", "ilta", "iltä", "hin", "s", "'s", "’s", "ns", "sta", "seen", "tten", "iin",
    "oa", "ea", "eä", "ua", "yä",
];
const POSSESSIVES: [&str; 6] = ["ni", "si", "nsa", "nsä", "mme", "nne"];
const CLITICS: [&str; 9] = ["kin", "kaan", "kään", "ko", "kö", "han", "hän", "pa", "pä"];

/// Whether this is what Finnish and Swedish put behind a name.
fn is_ending(rest: &str) -> bool {
    let clitics = std::iter::once("").chain(CLITICS);
    clitics.filter_map(|clitic| rest.strip_suffix(clitic)).any(|rest| {
        let possessives = std::iter::once("").chain(POSSESSIVES);
        possessives.filter_map(|possessive| rest.strip_suffix(possessive)).any(|rest| CASES.contains(&rest))
    })
}

pub(super) fn is_capital(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

/// Whether a word is a common name as it stands, even one that is an everyday word: for places where a name is expected.
pub(super) fn is_given(word: &str) -> bool {
    COMMON_SET.contains(word.to_lowercase().as_str())
}

/// Whether a word is a common name in any form. Many write without capital letters, so only everyday words need one.
pub(super) fn is_common(word: &str) -> bool {
    let lower = word.to_lowercase();
    let capital = is_capital(word);
    if !capital && EVERYDAY_SET.contains(lower.as_str()) {
        return false;
    }
    let is_name = |name: &str| COMMON_SET.contains(name) && (capital || !EVERYDAY_SET.contains(name));
    if is_name(&lower) {
        return true;
    }
    // The name is the word without an ending, or its strong grade; no ending is longer than these.
    lower.char_indices().skip(3).take(FORM_MAX).any(|(at, _)| {
        let (stem, ending) = lower.split_at(at);
        is_ending(ending) && strong(stem).iter().any(|name| is_name(name))
    })
}

/// Ends of surnames in Finland and Sweden, as they are and in the genitive.
const SURNAME_ENDS: [&str; 26] = [
    "nen", "sen", "lainen", "läinen", "pää", "pään", "mäki", "mäen", "järvi", "järven", "niemi", "niemen", "ranta", "rannan", "lahti", "lahden", "koski",
    "kosken", "son", "sson", "berg", "ström", "lund", "qvist", "gren", "holm",
];
/// Letters of a surname before its end.
const SURNAME_BEFORE: usize = 3;

/// Whether a word behind a given name is written like a surname, in whatever case.
pub(super) fn is_like_a_surname(word: &str) -> bool {
    let lower = word.to_lowercase();
    SURNAME_ENDS.iter().any(|end| lower.strip_suffix(end).is_some_and(|before| before.chars().count() >= SURNAME_BEFORE))
}

/// Whether a text is written in capital letters, which then tell nothing.
pub(super) fn is_shouted(text: &str) -> bool {
    let (large, small) = text
        .chars()
        .fold((0_usize, 0_usize), |(large, small), character| (large + usize::from(character.is_uppercase()), small + usize::from(character.is_lowercase())));
    // Three of five: a signature in small letters does not make a text a calm one, nor a surname in capitals a loud one.
    large * 2 > small * 3
}

/// Whether a word is written in capital letters alone; a single letter and what holds a digit is a size or a model.
pub(super) fn is_upper(word: &str) -> bool {
    word.chars().filter(|character| character.is_uppercase()).count() >= 2 && !word.chars().any(|character| character.is_lowercase() || character.is_numeric())
}

/// What a stem may be a form of.
fn strong(stem: &str) -> Vec<String> {
    let mut all = vec![stem.to_owned()];
    if let Some(base) = stem.strip_suffix("se").or_else(|| stem.strip_suffix("si")).or_else(|| stem.strip_suffix('s')) {
        all.push(format!("{base}nen"));
    }
    if let Some((at, vowel)) = stem.char_indices().next_back() {
        let front = &stem[..at];
        if let Some(stop) = front.chars().next_back().filter(|one| matches!(one, 'k' | 'p' | 't')) {
            all.push(format!("{front}{stop}{vowel}"));
        }
    }
    all
}

/// Whether a word in the middle of a sentence is written like a name and is none that everybody knows.
pub(super) fn is_like_a_name(word: &str, public: &[String], shouted: bool) -> bool {
    // In a text that shouts, capital letters tell nothing; in another one a word in capitals is often a surname.
    let written = word.chars().any(char::is_lowercase) || !shouted && is_upper(word);
    if !is_capital(word) || !written {
        return false;
    }
    let lower = word.to_lowercase();
    let known = PUBLIC_SET.contains(lower.as_str()) || PUBLIC_STEMS.iter().any(|stem| lower.starts_with(stem));
    !known && !public.iter().any(|own| lower.strip_prefix(own.as_str()).is_some_and(is_ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_in_its_forms() {
        for (name, forms) in [
            ("Virta", &["Virran", "virta", "Virralle", "VIRTA", "Virtaa"][..]),
            ("Korhonen", &["Korhosen", "korhoselle", "Korhostakin", "Korhonen"]),
            ("Mäki", &["Mäen", "Mäelle", "mäki"]),
            ("Pekka", &["Pekan", "pekalle", "Pekkaa", "Pekallehan"]),
            ("Liisa", &["liisallekin", "Liisan", "Liisaa"]),
            ("Lahti", &["Lahden", "lahdelle"]),
            ("Ek", &["Ek", "ek"]),
        ] {
            let name = Name::new(name);
            for form in forms {
                assert!(name.is_in(form), "{form} of {}", name.word());
            }
        }
        for (name, other) in [("Onni", "onnittelut"), ("Ek", "ekologinen"), ("Virta", "virhe")] {
            assert!(!Name::new(name).is_in(other), "{other} is not {name}");
        }
    }

    #[test]
    fn common_names_are_names_wherever_they_stand() {
        for word in [
            "Matti",
            "Matin",
            "Pekalle",
            "Korhosen",
            "Virtaselta",
            "Johanna",
            "Johannalle",
            "Andersson",
            "Anderssons",
            "Liisa",
            "matti",
            "matin",
            "pekalle",
            "korhosen",
            "liisa",
        ] {
            assert!(is_common(word), "{word}");
        }
        for word in [
            "matto", "Paketti", "Missä", "Tilaus", "Kiitos", "Hei", "Onko", "Lasku", "Palautus", "Var", "When", "Hur", "Kaikki", "anna", "pian", "sinistä",
            "marjoja", "joukossa", "kallein",
        ] {
            assert!(!is_common(word), "{word}");
        }
    }

    #[test]
    fn a_text_shouts_as_a_whole() {
        assert!(is_shouted("MISSÄ PAKETTI ON") && is_shouted("MISSÄ PAKETTI ON terv matti"));
        assert!(!is_shouted("Maksaja on JÄRVENPÄÄ Tiina") && !is_shouted("") && !is_shouted("12 345"));
        for (word, is) in [("JÄRVENPÄÄ", true), ("OK", false), ("SMS", false), ("M", false), ("A4", false), ("Kuulas", true)] {
            assert_eq!(is_like_a_name(word, &[], false), is, "{word}");
        }
        assert!(!is_like_a_name("PAKETTI", &[], true) && is_like_a_name("Kuulas", &[], true));
    }
}
