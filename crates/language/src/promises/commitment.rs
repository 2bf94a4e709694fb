//! Whether a sentence commits its writer to do something.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use crate::Language;

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("the pattern is constant"));
    };
}

// First persons and passives of what service people do. Forms that are also nouns (viestin, tilaan, tuon) are left out.
pattern!(
    FINNISH,
    r"(?x)\b(?:
        pala(?:an|amme|ilen|ilemme|taan) | soit(?:an|amme|etaan|telen|telemme|ellaan) | lähet(?:än|ämme|etään) | lait(?:an|amme|etaan) |
        ilmoit(?:an|amme|etaan|telen|telemme) | vastaamme | vastataan | selvit(?:än|ämme|etään|telen|telemme|ellään) | tarkist(?:an|amme|etaan) | tarkast(?:an|amme|etaan) |
        hoid(?:an|amme|etaan) | toimit(?:an|amme|etaan) | korja(?:an|amme|taan) | järjest(?:än|ämme|etään) | varmist(?:an|amme|etaan) |
        vahvist(?:an|amme|etaan) | kerro(?:n|mme|taan) | hyvit(?:än|ämme|etään) | palaut(?:an|amme|etaan) | maks(?:an|amme|etaan) |
        kysy(?:n|mme|tään) | tutki(?:n|mme|taan) | postit(?:an|amme|etaan) | päivit(?:än|ämme|etään) | käsitt(?:elen|elemme) | käsitellään |
        te(?:en|emme) | tehdään | noud(?:an|amme|etaan) | viest(?:imme|itään) | vara(?:an|amme|taan) | tila(?:amme|taan) | vaihd(?:an|amme|etaan) |
        ot(?:an|amme|etaan)\b.{0,60}\byhteyttä | ol(?:en|emme|laan)\b.{0,60}\byhteydessä |
        saat(?:te)?\b.{0,80}\b(?:vastau\p{L}* | tie(?:don|toa|dot) | rahat | hyvity\p{L}* | paketin | lähetyksen | tilauksen | laskun | soiton | ratkaisun | päätöksen | yhteydenoton | uuden) |
        lupa(?:an|amme)
    )\b"
);
// "Vastaan" is also "against" and half of "to receive": only where it stands as a verb.
pattern!(
    FINNISH_ANSWERS,
    r"(?:^|[,;:–-]\s*|\b(?:minä|mä|ja|niin|kyllä|viimeistään|sinulle|teille|hänelle|tähän|asiaan|viestiisi|viestiinne|heti)\s+)(vastaan)\b"
);
pattern!(
    FINNISH_NOT,
    r"(?:^|\s)(?:jos|mikäli|ellei|ellet|ellette|jollei|jollet|jollette)\s|\b(?:en|emme)\s+(?:\p{L}+\s+){0,2}(?:voi|pysty|osaa|lupaa|ehdi|tiedä|uskalla)\b"
);
pattern!(FINNISH_AWAY, r"\b(?:lomalta|lomalle|töihin|toimistolle|sairaslomalta|vapailta|virkavapaalta|matkoilta)\b");

pattern!(
    SWEDISH,
    r"(?x)
        \b(?:jag|vi)\s(?:\p{L}+\s){0,2}?(?:återkommer|ringer|skickar|mejlar|mailar|svarar|meddelar|kontaktar|kollar|ordnar|fixar|undersöker|utreder|löser|återbetalar|betalar|levererar|bekräftar|krediterar|åtgärdar|informerar|uppdaterar|skriver|rättar|byter|hör\sav\s(?:mig|oss)|tar\skontakt|ser\still|lovar)\b
      | \b(?:återkommer|ringer|skickar|mejlar|mailar|svarar|meddelar|kontaktar|kollar|ordnar|fixar|undersöker|utreder|löser|återbetalar|betalar|levererar|bekräftar|krediterar|åtgärdar|informerar|uppdaterar|hör|tar|lovar)\s(?:jag|vi)\b
      | ^(?:återkommer|ringer|skickar|mejlar|mailar|svarar|meddelar|kontaktar|kollar|ordnar|fixar|hör\sav\s(?:mig|oss))\b
      | \b(?:(?:jag|vi)\s(?:ska|skall|kommer\satt|lovar\satt)|(?:ska|skall|kommer|lovar)\s(?:jag|vi)(?:\satt)?)\b.{0,40}\b(?:återkomma|ringa|skicka|mejla|maila|svara|meddela|kontakta|kolla|ordna|fixa|undersöka|utreda|lösa|återbetala|betala|leverera|bekräfta|kreditera|åtgärda|informera|uppdatera|höra\sav|ta\skontakt|se\still|skriva|rätta|byta)\b
      | \b(?:(?:du|ni)\s(?:får|hör|ska\sfå|kommer\satt\sfå|kommer\satt\shöra)|(?:får|hör)\s(?:du|ni))\b.{0,80}\b(?:svar|besked|pengarna|återbetalning\p{L}*|paketet|leverans\p{L}*|faktura\p{L}*|återkoppling|lösning|från\soss|från\smig|av\smig|av\soss)\b"
);
pattern!(SWEDISH_NOT, r"\binte\b|\b(?:ifall|såvida)\b|(?:^|,\s*)om\s+(?:du|ni|det|jag|vi|man|han|hon|de|den|allt|ingen|inget|något)\b");
pattern!(SWEDISH_AWAY, r"\b(?:semester\p{L}*|ledighet\p{L}*|tjänstledig\p{L}*|tillbaka\spå\s(?:jobbet|kontoret))\b");

pattern!(
    ENGLISH,
    r"(?x)
        \b(?:i|we)(?:['’]ll|\swill|\sshall|['’]m\sgoing\sto|\sam\sgoing\sto|['’]re\sgoing\sto|\sare\sgoing\sto|\spromise\sto|\saim\sto|\splan\sto)\s(?:\p{L}+\s){0,3}?
          (?:get\sback|come\sback\sto|call|ring|phone|contact|reach\sout|be\sin\stouch|get\sin\stouch|let\syou|send|ship|post|mail|email|e-mail|write|reply|respond|answer|check|look\sinto|follow\sup|
             update|fix|sort|resolve|solve|arrange|refund|return|confirm|deliver|process|credit|pay|forward|handle|have\s(?:a|an|the|your|it|this|that|news)|make\ssure|finish|investigate|find\sout|
             inform|provide|replace|repair|take\scare|give\syou|text|book|ask|tell\syou|issue|know)\b
      | \byou(?:['’]ll|\swill|\sshould)\s(?:\p{L}+\s){0,2}?(?:hear|receive|get|have)\b
      | \bexpect\s(?:a|an|our|my|your|the|to\shear)\b
      | \blet\sme\s(?:get\sback|check|look|call|find\sout)\b"
);
pattern!(
    ENGLISH_NOT,
    r"\b(?:won['’]t|can['’]t|cannot|not|never|unable)\b|^(?:if|unless|in\scase)\b|\b(?:if|unless)\s(?:you|we|i|it)\s(?:do|don['’]t|haven['’]t|can|have|would|want|need|like|still|does)\b"
);
pattern!(ENGLISH_AWAY, r"\b(?:out\sof\s(?:the\s)?office|on\s(?:holiday|vacation|leave)|back\s(?:at|in)\s(?:the\s)?(?:office|work))\b");

/// The language of the commitment and where it stands in the sentence (lower case).
pub(super) fn find(sentence: &str) -> Option<(Language, Range<usize>)> {
    for (language, says, not, away) in [
        (Language::Fi, &FINNISH, &FINNISH_NOT, &FINNISH_AWAY),
        (Language::Sv, &SWEDISH, &SWEDISH_NOT, &SWEDISH_AWAY),
        (Language::En, &ENGLISH, &ENGLISH_NOT, &ENGLISH_AWAY),
    ] {
        let said = says.find(sentence).map(|found| found.range()).or_else(|| answers(language, sentence));
        if let Some(said) = said {
            return (!not.is_match(sentence) && !away.is_match(sentence)).then_some((language, said));
        }
    }
    None
}

fn answers(language: Language, sentence: &str) -> Option<Range<usize>> {
    let captures = FINNISH_ANSWERS.captures(sentence).filter(|_| language == Language::Fi)?;
    captures.get(1).map(|verb| verb.range())
}
