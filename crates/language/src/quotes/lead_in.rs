//! Recognising the line that introduces a quoted message: "On … wrote:", "Den … skrev …:", "ma 20. lokakuuta 2025 klo
//! 9.12 … kirjoitti:", header blocks and separators.

use std::sync::LazyLock;

use regex::Regex;

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("the pattern is constant"));
    };
}

// A lead-in carries something of a date or an address before its verb: a person who writes "hän kirjoitti:" does not.
pattern!(ENGLISH, r"(?i)^(?:on\s.*|.*<[^<>\s]+@[^<>\s]+>.*|.*\d.*)\bwrote\s?:\s*$");
pattern!(SWEDISH, r"(?i)^.*(?:\d|<[^<>\s]+@[^<>\s]+>).*\bskrev\b[^.!?]*:\s*$");
pattern!(SWEDISH_LATE, r"(?i)^.*\bskrev\b.*(?:\d|@).*:\s*$");
pattern!(FINNISH, r"(?i)^.*(?:\d|<[^<>\s]+@[^<>\s]+>).*\bkirjoitti\b[^.!?]*:\s*$");
pattern!(FINNISH_LATE, r"(?i)^.*\bkirjoitti\b.*(?:\d|@).*:\s*$");
pattern!(
    SEPARATOR,
    r"(?i)^(?:[-_*=]{2,}\s*(?:original message|original appointment|alkuperäinen viesti|ursprungligt meddelande|ursprungsmeddelande|originalmeddelande|forwarded message|forwarded by .*|reply message|välitetty viesti|edelleenlähetetty viesti|lähetetty edelleen|vidarebefordrat meddelande|vidarebefordrat mail|original mail|viesti(?:\s.*)?alkaa|svar)\s*[-_*=]{2,}|_{20,}|-{3,}\s*(?:reply above this line|kirjoita vastauksesi tämän rivin yläpuolelle|skriv ditt svar ovanför denna rad|svara ovanför denna rad)\s*-{0,}|(?:begin forwarded message|välitetty viesti alkaa|lähetetty viesti alkaa|vidarebefordrat brev|vidarebefordrat meddelande)\s*:?)$"
);
pattern!(
    ABOVE_THIS_LINE,
    r"(?i)^[-–—#*=\s]*(?:(?:please )?(?:type|write)? ?(?:your )?reply above this line|kirjoita vastauksesi tämän rivin yläpuolelle|(?:skriv (?:ditt )?)?svar[a]? ovanför (?:den här|denna) rad(?:en)?)[-–—#*=\s]*$"
);
pattern!(
    HEADER,
    r"(?i)^\s*\*?(from|sent|to|cc|bcc|subject|date|reply-to|lähettäjä|lähetetty|vastaanottaja|vastaanottajat|kopio|piilokopio|aihe|päivämäärä|päiväys|pvm|från|skickat|till|kopia|ämne|datum)\s?\*?\s?:\*?(?:\s.*|$)"
);
pattern!(SENDER, r"(?i)^\s*\*?(?:from|lähettäjä|från)\s?\*?\s?:");
pattern!(
    FOOTER,
    r"(?i)^(?:sent from (?:my|the|outlook|mail|yahoo|samsung|proton)|sent with proton|sent via |get outlook for|get bluemail|skickat från|skickad från|skickat med|hämta outlook för|hanki outlook |hae outlook |lataa outlook |lähetetty (?:\S+stani|\S+stäni|\S+ltani|\S+ltäni|\S*phonesta|\S*padista|iphone|ipad|android|samsung|galaxy|huawei|nokia|oneplus|xiaomi|pixel|outlook|gmail|yahoo|proton|puhelimesta|matkapuhelim|kännykä|mobiili|laitteesta|windows|mail\S*sta|sähköposti|minun )|downloaded from|hanki bluemail|envoyé de).{0,80}$"
);

// One large webmail lets the quotation begin on the line of its lead-in, after a gap.
pattern!(QUOTING_AT_ONCE, r"(?i)^\s*(?:on\s|den\s|\p{L}{2,4},?\s).*\d.*<[^<>\s]+@[^<>\s]+>\s(?:wrote|kirjoitti|skrev)\s?:\s{2,}\S");
// Another one puts the lead-in between rulers.
pattern!(BETWEEN_RULERS, r"(?i)^-{3,}\s.*\d.*<[^<>\s]+@[^<>\s]+>\s(?:wrote|kirjoitti|skrev)\s-{3,}$");

// The first words of a lead-in, to join lines only where one can begin.
pattern!(
    BEGINNING,
    r"(?i)^\s*(?:on\s|den\s|(?:må|ti|on|to|fr|lö|sö)[nsre]?n?\.?\s?(?:den\s)?\d|(?:mån|tis|ons|tors|fre|lör|sön)(?:dag(?:en)?)?\.?,?\s|(?:ma|ti|ke|to|pe|la|su)\.?,?\s\d|(?:maanantai|tiistai|keskiviikko|torstai|perjantai|lauantai|sunnuntai)(?:na)?,?\s|\d{1,4}[./-]\d{1,2}|\d{1,2}\.?\s\p{L}{3,}|.{0,80}<[^<>\s]+@|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s)"
);

/// What a line, or a line joined with the next ones, introduces.
pub(super) fn is_lead_in(line: &str) -> bool {
    if line.len() <= 600 && QUOTING_AT_ONCE.is_match(line) {
        return true;
    }
    let line = line.trim();
    if line.len() > 400 || !line.ends_with(':') {
        return false;
    }
    [&*ENGLISH, &*SWEDISH, &*SWEDISH_LATE, &*FINNISH, &*FINNISH_LATE].iter().any(|pattern| pattern.is_match(line))
}

/// Whether a lead-in wrapped over several lines may begin here.
pub(super) fn may_begin(line: &str) -> bool {
    line.len() <= 200 && BEGINNING.is_match(line)
}

pub(super) fn is_separator(line: &str) -> bool {
    line.len() <= 200 && (SEPARATOR.is_match(line.trim()) || ABOVE_THIS_LINE.is_match(line.trim()) || BETWEEN_RULERS.is_match(line.trim()))
}

/// The name of the header a line of a forwarded header block carries.
pub(super) fn is_header(line: &str) -> bool {
    line.len() <= 1_000 && HEADER.is_match(line)
}

/// Whether the header names the sender: header blocks begin with it.
pub(super) fn is_sender(line: &str) -> bool {
    line.len() <= 1_000 && SENDER.is_match(line)
}

pub(super) fn is_footer(line: &str) -> bool {
    line.len() <= 160 && FOOTER.is_match(line.trim().trim_start_matches(['-', '–', ' ']))
}
