//! What notices say, in the reader's language. Only the kind and the case's number, unless the person wants more.

use ennakoi_people::Locale;

use crate::kinds::NoticeKind;

/// One line about one notice. `about` is the case's number (`#12`), or the queue's name.
pub(crate) fn line(kind: NoticeKind, locale: Locale, about: &str, detail: &str) -> String {
    match locale {
        Locale::Fi => finnish(kind, about, detail),
        Locale::Sv => swedish(kind, about, detail),
        Locale::En => english(kind, about, detail),
    }
}

fn finnish(kind: NoticeKind, about: &str, detail: &str) -> String {
    match kind {
        NoticeKind::Assigned => format!("Sait hoidettavaksesi tapauksen {about}"),
        NoticeKind::Mentioned => format!("Sinut mainittiin tapauksessa {about}"),
        NoticeKind::CustomerAnswered => format!("Asiakas vastasi tapauksessa {about}"),
        NoticeKind::ClockWarned => format!("Määräaika lähestyy tapauksessa {about}"),
        NoticeKind::ClockBreached => format!("Määräaika ylittyi tapauksessa {about}"),
        NoticeKind::PromiseDue if detail == "breached" => format!("Lupauksesi aika meni tapauksessa {about}"),
        NoticeKind::PromiseDue => format!("Lupauksesi aika lähestyy tapauksessa {about}"),
        NoticeKind::ApprovalAsked => format!("Hyväksyntääsi odotetaan tapauksessa {about}"),
        NoticeKind::ApprovalDecided if detail == "declined" => format!("Pyyntösi hylättiin tapauksessa {about}"),
        NoticeKind::ApprovalDecided => format!("Pyyntösi hyväksyttiin tapauksessa {about}"),
        NoticeKind::Review if detail == "disputed" => format!("Arvioitasi vastustetaan, tapaus {about}"),
        NoticeKind::Review if detail == "coaching" => "Sait valmennusviestin".to_owned(),
        NoticeKind::Review if detail == "resolved" => format!("Erimielisyys arviosta on ratkaistu, tapaus {about}"),
        NoticeKind::Review => format!("Työtäsi arvioitiin, tapaus {about}"),
        NoticeKind::TeamBreached => format!("Määräaika ylittyi tiimin tapauksessa {about}"),
        NoticeKind::QueueFull => format!("Jonossa {about} odottaa paljon"),
    }
}

fn swedish(kind: NoticeKind, about: &str, detail: &str) -> String {
    match kind {
        NoticeKind::Assigned => format!("Du fick ärende {about}"),
        NoticeKind::Mentioned => format!("Du nämndes i ärende {about}"),
        NoticeKind::CustomerAnswered => format!("Kunden svarade i ärende {about}"),
        NoticeKind::ClockWarned => format!("Tidsgränsen närmar sig i ärende {about}"),
        NoticeKind::ClockBreached => format!("Tidsgränsen överskreds i ärende {about}"),
        NoticeKind::PromiseDue if detail == "breached" => format!("Tiden för ditt löfte gick ut i ärende {about}"),
        NoticeKind::PromiseDue => format!("Tiden för ditt löfte närmar sig i ärende {about}"),
        NoticeKind::ApprovalAsked => format!("Ditt godkännande väntas i ärende {about}"),
        NoticeKind::ApprovalDecided if detail == "declined" => format!("Din begäran avslogs i ärende {about}"),
        NoticeKind::ApprovalDecided => format!("Din begäran godkändes i ärende {about}"),
        NoticeKind::Review if detail == "disputed" => format!("Din bedömning bestrids, ärende {about}"),
        NoticeKind::Review if detail == "coaching" => "Du fick en coachningsanteckning".to_owned(),
        NoticeKind::Review if detail == "resolved" => format!("Tvisten om bedömningen är avgjord, ärende {about}"),
        NoticeKind::Review => format!("Ditt arbete bedömdes, ärende {about}"),
        NoticeKind::TeamBreached => format!("Tidsgränsen överskreds i teamets ärende {about}"),
        NoticeKind::QueueFull => format!("Många väntar i kön {about}"),
    }
}

fn english(kind: NoticeKind, about: &str, detail: &str) -> String {
    match kind {
        NoticeKind::Assigned => format!("You were given case {about}"),
        NoticeKind::Mentioned => format!("You were mentioned in case {about}"),
        NoticeKind::CustomerAnswered => format!("The customer answered in case {about}"),
        NoticeKind::ClockWarned => format!("A target comes near in case {about}"),
        NoticeKind::ClockBreached => format!("A target was missed in case {about}"),
        NoticeKind::PromiseDue if detail == "breached" => format!("Your promise is overdue in case {about}"),
        NoticeKind::PromiseDue => format!("Your promise comes due in case {about}"),
        NoticeKind::ApprovalAsked => format!("Your approval is awaited in case {about}"),
        NoticeKind::ApprovalDecided if detail == "declined" => format!("Your request was declined in case {about}"),
        NoticeKind::ApprovalDecided => format!("Your request was approved in case {about}"),
        NoticeKind::Review if detail == "disputed" => format!("Your review is disputed, case {about}"),
        NoticeKind::Review if detail == "coaching" => "You got a note of coaching".to_owned(),
        NoticeKind::Review if detail == "resolved" => format!("The dispute about a review is settled, case {about}"),
        NoticeKind::Review => format!("Your work was reviewed, case {about}"),
        NoticeKind::TeamBreached => format!("A target was missed in the team's case {about}"),
        NoticeKind::QueueFull => format!("Many wait in the queue {about}"),
    }
}

/// The subject of a letter with several notices, and what a screen says of those that it does not show.
pub(crate) fn several(locale: Locale, count: usize) -> String {
    match locale {
        Locale::Fi => format!("{count} uutta ilmoitusta"),
        Locale::Sv => format!("{count} nya aviseringar"),
        Locale::En => format!("{count} new notices"),
    }
}

pub(crate) fn and_more(locale: Locale, count: usize) -> String {
    match locale {
        Locale::Fi => format!("ja {count} muuta"),
        Locale::Sv => format!("och {count} till"),
        Locale::En => format!("and {count} more"),
    }
}

/// The end of a letter.
pub(crate) fn why(locale: Locale, link: &str) -> String {
    match locale {
        Locale::Fi => format!("Valitset itse, mistä ja miten sinulle ilmoitetaan: {link}"),
        Locale::Sv => format!("Du väljer själv vad du får veta och hur: {link}"),
        Locale::En => format!("You choose what you are told, and how: {link}"),
    }
}

pub(crate) fn open(locale: Locale) -> &'static str {
    match locale {
        Locale::Fi => "Avaa",
        Locale::Sv => "Öppna",
        Locale::En => "Open",
    }
}

pub(crate) fn trial(locale: Locale) -> &'static str {
    match locale {
        Locale::Fi => "Kokeilu onnistui: ilmoitukset tulevat tänne",
        Locale::Sv => "Provet lyckades: aviseringarna kommer hit",
        Locale::En => "It works: notices come here",
    }
}
