//! Whole files, in each tool's form.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::{Entry, KnownTopics, Line, Listing};
use crate::domain::Topic;

fn topics() -> KnownTopics {
    let topics: Vec<(Topic, &str)> = [("tag:eau", "Eau"), ("category:discours", "Discours")]
        .map(|(topic, label)| (topic.parse().unwrap(), label))
        .into();
    KnownTopics::new(topics.iter().map(|(topic, label)| (topic, *label)))
}

fn lines(bytes: &[u8], name: &str) -> Vec<Line> {
    let mut listing = Listing::new(bytes, name).unwrap().knowing(topics());
    let mut lines = Vec::new();
    while let Some(line) = listing.next_line().unwrap() {
        lines.push(line);
    }
    lines
}

/// A line as one text: its number, then what it says, with nothing for what it does not say.
fn told(Line { number, said }: &Line) -> String {
    let mut out = format!("{number} ");
    match said {
        Err(fault) => write!(out, "{} {}", fault.as_str(), fault.detail()).unwrap(),
        Ok(Entry {
            address,
            name,
            organisation,
            language,
            frequency,
            topics,
            foreign,
            standing,
            consent,
            paused_until,
        }) => {
            write!(out, "{address} {standing:?}").unwrap();
            let texts = [name, organisation].map(|text| text.as_deref().unwrap_or_default().to_owned());
            let words = [language.map(|word| word.to_string()), frequency.map(|word| word.to_string())];
            let topics: BTreeSet<String> =
                topics.iter().map(ToString::to_string).chain(foreign.iter().cloned()).collect();
            let topics: Vec<String> = topics.into_iter().collect();
            let until = paused_until.map(|until| format!("until {}", until.to_rfc3339()));
            let said = texts
                .into_iter()
                .chain(words.into_iter().flatten())
                .chain(topics)
                .chain([consent.clone()])
                .chain(until);
            for text in said.filter(|text| !text.is_empty()) {
                write!(out, " | {text}").unwrap();
            }
        }
    }
    out.trim_end().to_owned()
}

#[track_caller]
fn check(text: &str, name: &str, expected: &[&str]) {
    let found: Vec<String> = lines(text.as_bytes(), name).iter().map(told).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_depeche_exports() {
    check(
        "address,name,organisation,language,frequency,state,since,reason,topics,source,paused_until\n\
         ann@example.org,Ann,Le Fil,en,weekly,active,2026-01-02T03:04:05+00:00,,tag:eau,form,2026-02-03T04:05:06+00:00\n\
         bob@example.org,,,fr,immediate,pending,2026-01-02T03:04:05+00:00,unsubscribed,all,form,\n\
         cy@example.org,,,fr,immediate,pending,2026-01-02T03:04:05+00:00,,all,form,\n\
         di@example.org,,,fr,immediate,ended,2026-01-02T03:04:05+00:00,bounced,,form,\n\
         eve@example.org,,,fr,immediate,active,2026-01-02T03:04:05+00:00,,all,form,for ever\n",
        "export.csv",
        &[
            "2 ann@example.org Subscribed | Ann | Le Fil | en | weekly | tag:eau | 2026-01-02T03:04:05+00:00; form | until 2026-02-03T04:05:06+00:00",
            "3 bob@example.org Left(Unsubscribed) | fr | immediate | all | 2026-01-02T03:04:05+00:00; form",
            "4 cy@example.org Unconfirmed | fr | immediate | all | 2026-01-02T03:04:05+00:00; form",
            "5 di@example.org Barred(Bounced) | fr | immediate | 2026-01-02T03:04:05+00:00; form",
            "6 unknown-status for ever",
        ],
    );
}

#[test]
fn listmonk() {
    check(
        "uuid,email,name,attributes,status,created_at,updated_at\n\
         5f-1,ann@example.org,Ann Lee,\"{\"\"company\"\": \"\"Le Fil\"\", \"\"lang\"\": \"\"en\"\"}\",enabled,2026-01-02 03:04:05 +0000 UTC,x\n\
         5f-2,bob@example.org,Bob,{},blocklisted,2026-01-02,x\n\
         5f-3,cy@example.org,Cy,{},disabled,2026-01-02,x\n",
        "subscribers.csv",
        &[
            "2 ann@example.org Subscribed | Ann Lee | Le Fil | en | 2026-01-02 03:04:05 +0000 UTC",
            "3 bob@example.org Barred(Blocked) | Bob | 2026-01-02",
            "4 cy@example.org Left(Removed) | Cy | 2026-01-02",
        ],
    );
    check(
        "email,name,status,lists\n\
         ann@example.org,Ann,enabled,\"[{\"\"name\"\": \"\"Eau\"\", \"\"subscription_status\"\": \"\"confirmed\"\"}, {\"\"name\"\": \"\"VIP\"\"}]\"\n\
         bob@example.org,Bob,enabled,\"[{\"\"name\"\": \"\"Eau\"\", \"\"subscription_status\"\": \"\"unsubscribed\"\"}]\"\n\
         cy@example.org,Cy,enabled,\"[{\"\"name\"\": \"\"Eau\"\", \"\"subscription_status\"\": \"\"unconfirmed\"\"}]\"\n",
        "s.csv",
        &[
            "2 ann@example.org Subscribed | Ann | VIP | tag:eau",
            "3 bob@example.org Left(Unsubscribed) | Bob",
            "4 cy@example.org Unconfirmed | Cy",
        ],
    );
}

#[test]
fn mailchimp() {
    const SUBSCRIBED: &str = "Email Address,First Name,Last Name,Address,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,\
        CONFIRM_IP,GMTOFF,LAST_CHANGED,LEID,EUID,NOTES,TAGS\n\
        ann@example.org,Ann,Lee,\"1 rue du Pont\nNantes\",2,2020-01-02 03:04:05,192.0.2.1,2020-01-03 03:04:05,192.0.2.1,,,1,a,,\"\"\"Eau\"\",\"\"VIP\"\"\"\n";
    let ann = "2 ann@example.org Subscribed | Ann Lee | VIP | tag:eau | 2020-01-02 03:04:05; 2020-01-03 03:04:05";
    check(SUBSCRIBED, "subscribed_email_audience_export_1a2b.csv", &[ann]);
    let never = ann.replace("Subscribed", "Unconfirmed");
    check(SUBSCRIBED, "nonsubscribed_email_audience_export_1a2b.csv", &[&never]);
    check(
        "Email Address,First Name,OPTIN_TIME,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,LEID\n\
         ann@example.org,Ann,,2021-05-06 07:08:09,Lettre,1,NORMAL,,1\n\
         bob@example.org,Bob,,2021-05-06 07:08:09,Lettre,1,SPAM,,2\n\
         cy@example.org,Cy,,,,,,,3\n",
        "export.csv",
        &[
            "2 ann@example.org Left(Unsubscribed) | Ann",
            "3 bob@example.org Barred(Complained) | Bob",
            "4 cy@example.org Left(Unsubscribed) | Cy",
        ],
    );
    check(
        "Email Address,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,LEID\nann@example.org,2021-05-06 07:08:09,Lettre,1,1\n",
        "x.csv",
        &["2 ann@example.org Barred(Bounced)"],
    );
    check(
        "Email Address,UNSUB_TIME,CLEAN_TIME,LEID\nann@example.org,,,1\nbob@example.org,2021-05-06,,2\n",
        "all.csv",
        &["2 ann@example.org Subscribed", "3 bob@example.org Left(Unsubscribed)"],
    );
}

#[test]
fn sympa() {
    let both = ["1 ann@example.org Subscribed", "2 bob@example.org Subscribed"];
    check("ann@example.org\nbob@example.org\n", "presse.txt", &both);
    check(
        "# Exported subscribers with search filter \"example\"\nann@example.org\tAnn Lee\nbob@example.org\t\n",
        "presse.txt",
        &["2 ann@example.org Subscribed | Ann Lee", "3 bob@example.org Subscribed"],
    );
    check(
        "date 1600000000\nemail ann@example.org\ngecos Ann Lee\nreception digest\nvisibility noconceal\n\n\
         date 1600000001\nemail bob@example.org\nreception nomail\n\n\
         email cy@example.org\nsuspend 1\ntopics eau,autre\n",
        "member.dump",
        &[
            "1 ann@example.org Subscribed | Ann Lee | daily | 1600000000",
            "7 bob@example.org Left(Unsubscribed) | 1600000001",
            "11 cy@example.org Left(Unsubscribed) | autre | tag:eau",
        ],
    );
}

#[track_caller]
fn standings(text: &str, expected: &[&str]) {
    let told = |line: &Line| match &line.said {
        Ok(entry) => format!("{:?}", entry.standing),
        Err(fault) => format!("{} {}", fault.as_str(), fault.detail()),
    };
    assert_eq!(lines(text.as_bytes(), "x.csv").iter().map(told).collect::<Vec<_>>(), expected, "{text}");
}

#[test]
fn a_no_in_a_column_of_its_own_is_one() {
    const YES: &str = "Subscribed";
    const GONE: &str = "Left(Unsubscribed)";
    standings(
        "Email;Désabonné\na@b.example;oui\nb@b.example;non\nc@b.example;\nd@b.example;peut-être\ne@b.example\n",
        &[GONE, YES, YES, "unknown-status peut-être", YES],
    );
    standings(
        "email,unsubscribed,bounced\na@b.example,true,false\nb@b.example,false,2024-03-01\nc@b.example,false,0\nd@b.example,false,3\n",
        &[GONE, "Barred(Bounced)", YES, "unknown-status 3"],
    );
    standings("Email;Désinscrit le\na@b.example;2024-01-01\nb@b.example;\nc@b.example;0000-00-00\n", &[GONE, YES, YES]);
    standings(
        "CONTACT ID,EMAIL,EMAIL_BLACKLISTED,SMS_BLACKLISTED\n1,a@b.example,true,true\n2,b@b.example,false,true\n",
        &["Barred(Blocked)", YES],
    );
    standings(
        "Email;Inscrit\na@b.example;non\nb@b.example;oui\nc@b.example;\nd@b.example;x\ne@b.example;FAUX\nf@b.example\n",
        &[GONE, YES, "Unconfirmed", YES, GONE, "Unconfirmed"],
    );
    standings("email,subscribed\na@b.example,2024-01-02 03:04\nb@b.example,0000-00-00\n", &[YES, "Unconfirmed"]);
    standings("Email;Abonné\na@b.example;non\nb@b.example;oui\n", &[GONE, YES]);
    standings("Email;Abonné\na@b.example;Ann Lee\n", &[YES]);
    standings("Email;Consentement\na@b.example;refusé\nb@b.example;oui\nc@b.example;non\n", &[GONE, YES, GONE]);
    // Whatever else says yes.
    standings("Email;Statut;Inscrit;Désabonné\na@b.example;actif;non;\nb@b.example;actif;oui;oui\n", &[GONE, GONE]);
    standings(
        "Email;Statut;État\na@b.example;actif;désabonné\nb@b.example;actif;pigiste\n",
        &[GONE, "unknown-status pigiste"],
    );
    // Without headings.
    standings("a@b.example;Ann;désabonnée\nb@b.example;Bob;oui\n", &[GONE, YES]);
    standings("a@b.example,unsubscribed\nb@b.example,Bob\n", &[GONE, YES]);
}

#[test]
fn a_day_beside_a_no_makes_no_yes() {
    standings(
        "Email;Inscrite\na@b.example;désinscrite depuis le 7 juin 2022\nb@b.example;non, vu le 7/6/2022\n\
         c@b.example;a refusé 07-06-2022\nd@b.example;Retirée le 2022-06-07\ne@b.example;never confirmed 2022-06-07\n\
         f@b.example;2022-06-07 ?\ng@b.example;rappelée le 7 juin 2022\nh@b.example;2020-01-01 - 2022-06-07\n\
         i@b.example;jusqu’au 7 juin 2022\nj@b.example;n’est plus abonnée 2022\n",
        &[
            "Left(Unsubscribed)",
            "Left(Unsubscribed)",
            "Left(Unsubscribed)",
            "Left(Unsubscribed)",
            "Unconfirmed",
            "unknown-status 2022-06-07 ?",
            "unknown-status rappelée le 7 juin 2022",
            "unknown-status 2020-01-01 - 2022-06-07",
            "unknown-status jusqu’au 7 juin 2022",
            "unknown-status n’est plus abonnée 2022",
        ],
    );
    standings(
        "email,opted in\na@b.example,since 7 June 2022\nb@b.example,le 1er févr. 2022 à 12h30\n\
         c@b.example,2022-06-07T08:09:10Z\nd@b.example,1654588800\ne@b.example,44719\nf@b.example,oui (7/6/22)\n\
         g@b.example,12345\n",
        &["Subscribed", "Subscribed", "Subscribed", "Subscribed", "Subscribed", "Subscribed", "unknown-status 12345"],
    );
    standings(
        "Email;Statut\na@b.example;désabonnée le 7/6/2022\nb@b.example;abonnée depuis le 7/6/2022\nc@b.example;7/6/2022\n",
        &["Left(Unsubscribed)", "Subscribed", "unknown-status 7/6/2022"],
    );
}

#[test]
fn consent_that_is_not_given_is_none() {
    const NONE: &str = "Unconfirmed";
    standings(
        "Email;Accord\na@b.example;\nb@b.example;en attente\nc@b.example;à rappeler\nd@b.example;oui ?\ne@b.example;pas répondu\n\
         f@b.example;ne veut plus\ng@b.example;oui\nh@b.example;le 7 juin 2022\ni@b.example;x\nj@b.example\n\
         k@b.example;accord retiré\nl@b.example;salon de mai\n",
        &[
            NONE,
            NONE,
            "unknown-status à rappeler",
            "unknown-status oui ?",
            "unknown-status pas répondu",
            "Left(Unsubscribed)",
            "Subscribed",
            "Subscribed",
            "Subscribed",
            NONE,
            "Left(Removed)",
            "unknown-status salon de mai",
        ],
    );
}

#[test]
fn who_wants_letters_never_wants_none() {
    const GONE: &str = "Left(Unsubscribed)";
    standings(
        "Email;Périodicité\na@b.example;Jamais\nb@b.example;AUCUNE\nc@b.example;never\nd@b.example;off\ne@b.example;désinscrite\n\
         f@b.example;hebdomadaire\ng@b.example;mensuelle\nh@b.example;\ni@b.example;jamais plus\nj@b.example;N/A\n\
         k@b.example;quotidienne ?\n",
        &[
            GONE,
            GONE,
            GONE,
            GONE,
            GONE,
            "Subscribed",
            "unknown-frequency mensuelle",
            "Subscribed",
            GONE,
            "Subscribed",
            "unknown-frequency quotidienne ?",
        ],
    );
    standings(
        "email,reception\na@b.example,NoMail\nb@b.example,not_me\nc@b.example,suspended\nd@b.example,notice\n\
         e@b.example,sometimes\n",
        &[GONE, "Subscribed", GONE, "Subscribed", "unknown-frequency sometimes"],
    );
    // With Mailman it says that each letter comes by itself.
    check(
        "email,digest\na@b.example,off\nb@b.example,on\nc@b.example,unsubscribed\nd@b.example,No\n",
        "members.csv",
        &[
            "2 a@b.example Subscribed",
            "3 b@b.example Subscribed | daily",
            "4 c@b.example Left(Unsubscribed)",
            "5 d@b.example Subscribed",
        ],
    );
}

#[test]
fn a_cell_beyond_the_headings_is_never_passed_over() {
    standings(
        "Email,Rédaction,Désabonnée\na@b.example,Le Phare,,oui\nb@b.example,\"Le Phare\",non,\nc@b.example,Le Phare,, ,\n\
         d@b.example,Le Phare,oui,non\n",
        &["too-many-cells oui", "Subscribed", "Subscribed", "Left(Unsubscribed)"],
    );
    standings("Email\na@b.example,unsubscribed\n", &["bad-address a@b.example,unsubscribed"]);
}

#[test]
fn who_left_our_list_stays_away_whatever_other_lists_say() {
    let lists = |lists: &[(&str, &str)]| {
        let lists: Vec<String> = lists
            .iter()
            .map(|(name, how)| format!("{{\"\"name\"\": \"\"{name}\"\", \"\"subscription_status\"\": \"\"{how}\"\"}}"))
            .collect();
        format!("\"[{}]\"", lists.join(", "))
    };
    let row = |address: &str, named: &[(&str, &str)]| format!("{address},enabled,{}\n", lists(named));
    let text = [
        "email,status,lists\n".to_owned(),
        row("a@b.example", &[("Eau", "unsubscribed"), ("Club", "confirmed")]),
        row("b@b.example", &[("Eau", "confirmed"), ("Club", "unsubscribed")]),
        row("c@b.example", &[("Eau", "unsubscribed"), ("Discours", "unconfirmed"), ("Club", "confirmed")]),
        row("d@b.example", &[("Eau", "unconfirmed"), ("Club", "confirmed")]),
        row("e@b.example", &[("Club", "unsubscribed"), ("Cercle", "confirmed")]),
    ]
    .concat();
    let gone = "Left(Unsubscribed)";
    standings(&text, &[gone, "Subscribed", gone, "Unconfirmed", "Subscribed"]);
    standings("Email;Groupes\na@b.example;Eau, désabonnés\nb@b.example;Club\n", &[gone, "Subscribed"]);
}

#[test]
fn a_no_among_the_words_of_somebody_is_no_yes() {
    standings(
        "Email;Nom;Rédaction\na@b.example;Ann Lee (désabonnée);\nb@b.example;Bob;unsubscribed\nc@b.example;Cy;Stop Bruit\n",
        &["may-be-a-no Ann Lee (désabonnée)", "may-be-a-no unsubscribed", "Subscribed"],
    );
    standings(
        "Email;Raison\na@b.example;bounced\nb@b.example;partie\nc@b.example;\n",
        &["Barred(Bounced)", "may-be-a-no partie", "Subscribed"],
    );
    standings(
        "Email;Thèmes;Date d’inscription\na@b.example;aucun;\nb@b.example;;jamais\nc@b.example;eau;2020-01-02\n",
        &["may-be-a-no aucun", "may-be-a-no jamais", "Subscribed"],
    );
    standings(
        "email,attributes\na@b.example,\"{\"\"optout\"\": true}\"\nb@b.example,{}\n",
        &["may-be-a-no {\"optout\": true}", "Subscribed"],
    );
    standings("Ann (désabonnée) <a@b.example>\nBob <b@b.example>\n", &["may-be-a-no Ann (désabonnée)", "Subscribed"]);
    standings(
        "a@b.example;Ann;désinscrite le 7 juin\nb@b.example;Bob;non\nc@b.example;Cy;Le Phare\n",
        &["Left(Unsubscribed)", "may-be-a-no non", "Subscribed"],
    );
}

#[test]
fn what_may_be_a_no_is_told() {
    let kind = |text: &str, ignored: &[&str]| {
        let ignored: Vec<String> = ignored.iter().map(ToString::to_string).collect();
        Listing::without(text.as_bytes(), "x.csv", &ignored).unwrap().kind().clone()
    };
    let text = "Email;Exclu des envois;Ville\na@b.example;oui;Nantes\n";
    assert_eq!(kind(text, &[]).doubtful, ["Exclu des envois"]);
    let ignoring = kind(text, &["EXCLU des envois"]);
    assert_eq!((ignoring.doubtful, ignoring.unread), (vec![], vec!["Exclu des envois".to_owned(), "Ville".to_owned()]));
    assert!(
        kind("uuid,email,name,attributes,status,created_at,updated_at\n1,a@b.example,A,{},enabled,x,x\n", &[])
            .hides_who_left
    );
    assert!(
        !kind("uuid,email,attributes,status,created_at,lists\n1,a@b.example,{},enabled,x,Eau\n", &[]).hides_who_left
    );
}

#[test]
fn only_quotes_around_the_whole_are_taken_off_a_name() {
    let name = |cell: &str| {
        let cell = cell.replace('"', "\"\"");
        let found = lines(format!("email,organisation\na@b.example,\"{cell}\"\n").as_bytes(), "x");
        found[0].said.as_ref().unwrap().organisation.clone().unwrap_or_default()
    };
    for (cell, expected) in [
        ("L'Écho ; du \"Nord\"", "L'Écho ; du \"Nord\""),
        ("\"L'Écho\"", "L'Écho"),
        ("\"Sud", "Sud"),
        ("du \"Nord\"", "du \"Nord\""),
        ("\"Est\" et \"Ouest\"", "\"Est\" et \"Ouest\""),
        ("\"\"", ""),
    ] {
        assert_eq!(name(cell), expected);
    }
}

#[test]
fn mailman() {
    check(
        "Ann Lee <ann@example.org>\n\"Dupont, Jo\" <jo@example.org>\nDurand, Zoé <zoe@example.org>\n<cy@example.org>\nbob@example.org\nnobody\n",
        "members.txt",
        &[
            "1 ann@example.org Subscribed | Ann Lee",
            "2 jo@example.org Subscribed | Dupont, Jo",
            "3 zoe@example.org Subscribed | Durand, Zoé",
            "4 cy@example.org Subscribed",
            "5 bob@example.org Subscribed",
            "6 bad-address nobody",
        ],
    );
    check(
        "\"Full name\",\"email address\",\"mod\",\"hide\",\"nomail\",\"ack\",\"not metoo\",\"nodupes\",\"digest\",\"plain\"\n\
         \"Ann\",\"ann@example.org\",\"off\",\"off\",\"off\",\"off\",\"off\",\"on\",\"on\",\"on\"\n\
         \"\",\"bob@example.org\",\"off\",\"off\",\"[B]\",\"off\",\"off\",\"on\",\"off\",\"on\"\n\
         \"\",\"cy@example.org\",\"off\",\"off\",\"[U]\",\"off\",\"off\",\"on\",\"off\",\"on\"\n\
         \"\",\"di@example.org\",\"off\",\"off\",\"[A]\",\"off\",\"off\",\"on\",\"off\",\"on\"\n",
        "members.csv",
        &[
            "2 ann@example.org Subscribed | Ann | daily",
            "3 bob@example.org Barred(Bounced)",
            "4 cy@example.org Left(Unsubscribed)",
            "5 di@example.org Left(Removed)",
        ],
    );
    // As the page of members has it.
    check(
        "member address,member name,nomail [reason],digest\n\
         ann@example.org,Ann,off,off\nbob@example.org,,on [U],off\ncy@example.org,,on [B],off\ndi@example.org,,on [Z],on\n",
        "members.csv",
        &[
            "2 ann@example.org Subscribed | Ann",
            "3 bob@example.org Left(Unsubscribed)",
            "4 cy@example.org Barred(Bounced)",
            "5 unknown-status on [Z]",
        ],
    );
    check("ann@example.org\n", "nomail.txt", &["1 ann@example.org Left(Unsubscribed)"]);
}

#[test]
fn a_french_spreadsheet() {
    let text = "sep=;\r\nNom;Prénom;Adresse;Adresse e-mail;Rédaction;Statut;Langue;Thèmes\r\n\
        Œuvrard;Zoé;1 rue du Pont;ZOE@Médias.Example;« Le Fil »;Abonnée;français;Eau, Discours\r\n\
        ;;;;;;;\r\n\
        Ali;;;ali@example.org;;pigiste;;\r\n\
        Léa;;;lea(at)example.org;;actif;;\r\n";
    let expected = [
        "3 ZOE@xn--mdias-bsa.example Subscribed | Zoé Œuvrard | « Le Fil » | fr | category:discours | tag:eau",
        "5 unknown-status pigiste",
        "6 bad-address lea(at)example.org",
    ];
    check(text, "presse.csv", &expected);
    let windows = in_windows_1252(text);
    let found: Vec<String> = lines(&windows, "presse.csv").iter().map(told).collect();
    assert_eq!(found, expected);
    let wide: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(text.replace(';', "\t").replace("sep=\t\r\n", "\r\n").encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let found: Vec<String> = lines(&wide, "presse.csv").iter().map(told).collect();
    assert_eq!(found, expected);
}

/// `text` as Windows-1252.
fn in_windows_1252(text: &str) -> Vec<u8> {
    let bytes = text.chars().map(|c| match c {
        'Œ' => 0x8C,
        c => u8::try_from(u32::from(c)).unwrap(),
    });
    bytes.collect()
}

#[test]
fn an_unclosed_quote_hides_nobody() {
    check(
        "email,name\nann@example.org,\"Ann\nbob@example.org,Bob\ncy@example.org,\"Cy \"\"C\"\"\nLee\"\ndi@example.org,Di\n",
        "x.csv",
        &[
            "2 ann@example.org Subscribed | Ann",
            "3 bob@example.org Subscribed | Bob",
            "4 cy@example.org Subscribed | Cy \"C\" Lee",
            "6 di@example.org Subscribed | Di",
        ],
    );
    let mut text = "email,name\nann@example.org,\"Ann\n".to_owned();
    for number in 0..300 {
        writeln!(text, "reader{number}@example.org,R").unwrap();
    }
    assert_eq!(lines(text.as_bytes(), "x.csv").len(), 301);
}

#[test]
fn odd_lists() {
    check(
        "\"ann@example.org\"\n\" mailto:bob@example.org \"\n",
        "x",
        &["1 ann@example.org Subscribed", "2 bob@example.org Subscribed"],
    );
    check("Email\nDupont, Jo <jo@example.org>\n", "x", &["2 jo@example.org Subscribed | Dupont, Jo"]);
    check("X;Y\nAnn;ann@example.org\n", "x", &["2 ann@example.org Subscribed"]);
    check(
        "Ann;ann@example.org\nBob;bob@example.org\n",
        "x",
        &["1 ann@example.org Subscribed | Ann", "2 bob@example.org Subscribed | Bob"],
    );
    check("email,email\n,ann@example.org\n", "x", &["2 ann@example.org Subscribed"]);
    check("email\n'=ann@example.org\n", "x", &["2 =ann@example.org Subscribed"]);
    check("ann@example.org\n", "Désabonnés 2026.csv", &["1 ann@example.org Left(Unsubscribed)"]);
    for nothing in ["", "\n \n", "\u{feff}"] {
        assert!(Listing::new(nothing.as_bytes(), "x").is_err());
    }
    for other in [&b"PK\x03\x04rest"[..], b"a\0b"] {
        assert!(Listing::new(other, "x").is_err());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), name in "\\PC{0,8}") {
        if let Ok(mut listing) = Listing::new(bytes.as_slice(), &name) {
            while listing.next_line().unwrap().is_some() {}
        }
    }

    #[test]
    fn any_list_is_read_to_its_end(text in "(email|name|status|[,;\t\"\n\r|' ]|ann@example\\.org|#|sep=|[\\[{}\\]:]|\\PC){0,60}") {
        if let Ok(mut listing) = Listing::new(text.as_bytes(), "x") {
            let mut last = 0;
            while let Some(line) = listing.next_line().unwrap() {
                prop_assert!(line.number > last);
                last = line.number;
            }
        }
    }

    #[test]
    fn nobody_is_lost_whatever_stands_beside_them(notes in prop::collection::vec("[a\"\n;,é]{0,6}", 1..12)) {
        let mut text = "email;note\n".to_owned();
        for (number, note) in notes.iter().enumerate() {
            let note = note.replace('"', "\"\"");
            writeln!(text, "reader{number}@example.org;\"{note}\"").unwrap();
        }
        let found = lines(text.as_bytes(), "x").iter().filter(|line| line.said.is_ok()).count();
        prop_assert_eq!(found, notes.len());
    }
}
