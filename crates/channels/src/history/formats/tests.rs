use super::*;
use crate::history::{PastConversation, State, Who};

fn taken(read: Read) -> (Vec<PastConversation>, Vec<String>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for record in read.unwrap() {
        match record {
            Ok(record) => good.push(record),
            Err(rejection) => bad.push(format!("{} {}", rejection.record, rejection.reason)),
        }
    }
    (good, bad)
}

#[test]
fn a_ticket_of_zendesk_with_its_comments() {
    let export =
        br#"{"users":[{"id":7,"name":"Liisa","email":"liisa@example.fi","role":"end-user"},{"id":9,"name":"Aino","email":"aino@kone.example","role":"agent"}],
        "tickets":[{"id":12,"subject":"Paketti","status":"solved","requester_id":7,"created_at":"2026-03-01T08:00:00Z","tags":["toimitus"],
        "comments":[{"id":2,"author_id":9,"plain_body":"Se on matkalla.","public":true,"created_at":"2026-03-01T09:00:00Z"},
        {"id":1,"author_id":7,"html_body":"<p>Miss\u00e4 se on?<br>Terv. Liisa</p>","public":true,"created_at":"2026-03-01T08:00:00Z"},
        {"id":3,"author_id":9,"body":"Soitin varastolle.","public":false,"created_at":"2026-03-01T09:10:00Z"}]},
        {"id":13,"requester_id":99,"status":"open","created_at":"nonsense"},{"subject":"x"}]}"#;
    let (good, bad) = taken(read(Format::Zendesk, export));
    assert_eq!(bad, ["13 date_invalid", "#3 id_missing"]);
    let ticket = &good[0];
    assert_eq!((ticket.state, ticket.customer.email.as_deref(), ticket.labels.len()), (State::Closed, Some("liisa@example.fi"), 1));
    let said: Vec<(&str, bool)> = ticket.messages.iter().map(|message| (message.text.as_str(), message.private)).collect();
    assert_eq!(said, [("Missä se on?\nTerv. Liisa", false), ("Se on matkalla.", false), ("Soitin varastolle.", true)], "oldest first");
    assert!(matches!(&ticket.messages[1].who, Who::Agent(agent) if agent.name == "Aino"));
}

#[test]
fn a_ticket_of_freshdesk() {
    let export = br#"[{"helpdesk_ticket":{"display_id":5,"subject":"Lasku","status":3,"created_at":"2026-03-01T08:00:00+02:00","description_html":"<div>Lasku on v\u00e4\u00e4rin</div>",
        "requester":{"id":1,"name":"Matti","email":"matti@example.fi"},"requester_id":1,
        "notes":[{"helpdesk_note":{"id":8,"incoming":false,"private":false,"user_id":4,"body":"Korjaamme.","created_at":"2026-03-01T10:00:00+02:00"}}]}}]"#;
    let (good, bad) = taken(read(Format::Freshdesk, export));
    assert!(bad.is_empty(), "{bad:?}");
    assert_eq!((good[0].id.as_str(), good[0].state, good[0].messages.len()), ("5", State::Waiting, 2));
    assert_eq!(good[0].messages[0].text, "Lasku on väärin");
    assert!(matches!(good[0].messages[1].who, Who::Agent(_)));
}

#[test]
fn a_conversation_of_chatwoot() {
    let export =
        br#"{"data":{"payload":[{"id":3,"status":"open","created_at":1772352000,"meta":{"sender":{"id":11,"name":"Kaisa","phone_number":"+358401234567"}},
        "messages":[{"id":1,"message_type":0,"content":"Hei","created_at":1772352000},{"id":2,"message_type":2,"content":"assigned","created_at":1772352001},
        {"id":3,"message_type":1,"content":"Hei Kaisa","created_at":1772352100,"sender":{"name":"Aino","type":"user"}},
        {"id":4,"message_type":3,"content":"Automaatti","created_at":1772352200}]}]}}"#;
    let (good, bad) = taken(read(Format::Chatwoot, export));
    assert!(bad.is_empty(), "{bad:?}");
    let who: Vec<u8> = good[0]
        .messages
        .iter()
        .map(|message| match message.who {
            Who::Customer(_) => 0,
            Who::Agent(_) => 1,
            Who::Machine => 2,
        })
        .collect();
    assert_eq!((who, good[0].customer.phone.as_deref()), (vec![0, 1, 2], Some("+358401234567")));
}

#[test]
fn a_ticket_of_zammad_with_articles_beside_it() {
    let export = br#"{"tickets":[{"id":1,"number":"72001","title":"Reklamaatio","state":"closed","customer_id":5,"created_at":"2026-03-01T08:00:00.000Z"}],
        "users":[{"id":5,"firstname":"Liisa","lastname":"Meri","email":"liisa@example.fi"},{"id":6,"firstname":"Aino","email":"aino@kone.example"}],
        "articles":[{"id":31,"ticket_id":1,"sender":"Customer","content_type":"text/html","body":"Rikki<br>tuli","internal":false,"created_at":"2026-03-01T08:00:00.000Z"},
        {"id":32,"ticket_id":1,"sender":"Agent","content_type":"text/plain","body":"Pahoittelut","internal":false,"created_by_id":6,"created_at":"2026-03-01T09:00:00.000Z"}]}"#;
    let (good, bad) = taken(read(Format::Zammad, export));
    assert!(bad.is_empty(), "{bad:?}");
    assert_eq!((good[0].id.as_str(), good[0].customer.name.as_str(), good[0].messages[0].text.as_str()), ("72001", "Liisa Meri", "Rikki\ntuli"));
}

#[test]
fn a_spreadsheet_names_every_row_that_it_cannot_give() {
    let table = "conversation;date;direction;text;customer_email;name;agent;subject\nA;2026-03-01 08:00;in;Hei;liisa@example.fi;Liisa;;Paketti\n\
                 B;2026-03-02;in;Moi;;;;\nA;2026-03-01T09:00:00Z;out;Hei Liisa;;;aino@kone.example;\n;2026-03-01;in;Yksin;;;;\nC;eilen;in;Hei;c@example.fi;;;\n\
                 D;2026-03-01;sideways;Hei;d@example.fi;;;\n";
    let (good, bad) = taken(read(Format::Csv, table.as_bytes()));
    assert_eq!(good.len(), 1);
    assert_eq!((good[0].messages.len(), good[0].subject.as_deref()), (2, Some("Paketti")));
    assert_eq!(bad.len(), 4, "{bad:?}");
    assert!(bad.iter().any(|it| it == "line 5 id_missing") && bad.iter().any(|it| it.ends_with("date_invalid")), "{bad:?}");
    assert!(bad.contains(&"D (line 7) direction_unknown".to_owned()), "{bad:?}");
    assert!(read(Format::Csv, b"a;b\n1;2\n").is_err() && read(Format::Zendesk, b"{ nonsense").is_err() && read(Format::Zendesk, b"[]").is_err());
}
