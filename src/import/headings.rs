//! What headings of tables mean: in any case, with or without accents, in English and French.

use crate::domain::Label;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Address,
    /// Perhaps an address, perhaps a street.
    PerhapsAddress,
    Name,
    FirstName,
    LastName,
    Organisation,
    Language,
    Status,
    /// Whether they receive letters: an empty cell is no "yes".
    Subscribed,
    /// Perhaps the same, perhaps a person or the name of a letter.
    PerhapsSubscribed,
    /// Why a subscription ended.
    Reason,
    Frequency,
    /// Mailman's `digest`.
    Digest,
    Topics,
    /// Mailman's `nomail`.
    NoMail,
    /// Sympa's `reception`.
    Reception,
    /// Whether they left, or when.
    Left,
    /// Why they left.
    LeftWhy,
    /// Whether their address was found dead, or when.
    Bounced,
    /// Whether nothing may be sent to them, or since when.
    Blocked,
    /// Whether they complained, or when.
    Complained,
    /// Whether nothing is delivered for a time.
    Suspended,
    /// Until when they pause, as an export of Depeche says.
    PausedUntil,
    /// Further values, as JSON.
    Attributes,
    /// When or how they consented: of no further meaning here.
    Consent,
    /// Their consent, or that they gave none.
    Agreement,
}

/// The headings of each, folded.
const HEADINGS: [(Column, &str); 26] = [
    (
        Column::Address,
        "email emailaddress emails mail mel courriel courrielelectronique adresseemail adressemail adressemel \
         adressecourriel adresseelectronique adressedemessagerie adressedecourriel contactemail emailcontact \
         emailprofessionnel primaryemail subscriberemail useremail memberemail memberaddress email1 email1value \
         emailpro",
    ),
    (Column::PerhapsAddress, "address adresse addresses contact"),
    (
        Column::Name,
        "name fullname nomcomplet nometprenom prenomnom prenometnom nomprenom displayname realname membername \
         gecos journaliste",
    ),
    (Column::FirstName, "firstname prenom givenname fname forename"),
    (Column::LastName, "lastname surname familyname lname nom nomdefamille nomdusage"),
    (
        Column::Organisation,
        "organisation organization organisme company companyname entreprise societe media medias nomdumedia \
         redaction structure journal support titredepresse publication outlet employer agence",
    ),
    (Column::Language, "language langue lang locale preferredlanguage languepreferee languedecorrespondance"),
    (
        Column::Status,
        "status statut state etat subscriptionstatus subscriberstatus statutabonnement statutdelabonnement \
         emailstatus emailmarketingstatus memberstatus deliverystatus abonnement emailsubscriptionstatus \
         emailsubscriberstatus",
    ),
    (
        Column::Subscribed,
        "subscribed issubscribed optin optedin emailoptin inscrit inscrite abonnee acceptsmarketing \
         acceptsemailmarketing actif active enabled confirmed confirme",
    ),
    (
        Column::PerhapsSubscribed,
        "abonne subscriber member membre newsletter infolettre lettre lettredinformation mailing emailing envoi",
    ),
    (Column::Agreement, "consent consentement accord rgpd gdpr consentementrgpd gdprconsent marketingconsent"),
    (Column::Reason, "reason raison endreason"),
    (Column::Frequency, "frequency frequence rythme periodicite"),
    (Column::Digest, "digest"),
    (
        Column::Topics,
        "topics topic sujets themes thematiques categories lists list listes liste tags interests groups groupes \
         segments",
    ),
    (Column::NoMail, "nomail nomailreason"),
    (Column::Reception, "reception"),
    (
        Column::Left,
        "unsub unsubtime unsubscribe unsubscribed isunsubscribed unsubscribedat unsubscribedon unsubscribetime \
         unsubscribedate unsubscribeddate unsubscriptiondate dateunsubscribed unsubscribedfromallemail optout \
         optedout emailoptout hasoptedout hasoptedoutofemail optouttime optoutdate optoutat left leftat lefton \
         stop desabonne desabonnee desabonnement desabonnele datedesabonnement datededesabonnement desinscrit \
         desinscrite desinscription desinscritle datedesinscription datededesinscription resilie resiliele \
         donotemail neplusecrire",
    ),
    (
        Column::LeftWhy,
        "unsubreason unsubreasonother unsubscribereason motifdedesabonnement motifdudesabonnement \
         raisondudesabonnement",
    ),
    (
        Column::Bounced,
        "cleantime cleaned cleanedat bounce bounced isbounced bouncedat bouncedate bouncedon emailbounceddate \
         hardbounce hardbounced hardbouncedat nettoye nettoyele npai invalid invalide",
    ),
    (
        Column::Blocked,
        "blacklist blacklisted isblacklisted blacklistedat emailblacklisted emailblacklist blocklist blocklisted \
         blocklistedat emailblocklisted emailblocklist blocked bloque bloquee listenoire suppressed banned",
    ),
    (Column::Complained, "complained complaint complainedat plainte spam spamreport markedasspam abuse"),
    (Column::Suspended, "suspend suspended"),
    (Column::PausedUntil, "pauseduntil"),
    (Column::Attributes, "attributes attribs"),
    (
        Column::Consent,
        "optintime confirmtime createdat subscribedat dateinscription datedinscription since source optindate",
    ),
];

/// What is part of a heading that tells who receives no letters.
const OF_A_NO: &str = "unsub optout optedout desabo desinscri blacklist blocklist listenoire blocked bloqu bounce rebond clean \
    nettoy nomail noemail nocontact donot dontemail dontcontact dontsend neplus plusrecevoir plusdecourriel plusdemail nepas \
    neveutp nesouhaitep veutplus souhaiteplus quitte stop exclu excluded refus oppos resili radie suppress supprime complain \
    plainte spam invalid npai inacti disabled desactiv deactiv findabonn finabonn datedefin datefin enddate endof retir \
    deleted removed archiv deced deceas erased efface cancel annul clotur closed obsolet perime banned banni \
    datededepart datedepart departle departure partile partiele leftdate dateleft";

/// What is part of a heading that may ask for a "yes", if one of its cells says "no".
const OF_A_YES: &str = "abonn inscri subscri newsletter infolettre lettre mail courriel optin statut status etat consent \
    accord agree allow rgpd gdpr recoit recev receive diffusion contactable autoris permission permit permis accept souhait \
    veut desire want envoi communique";

/// Headings that have such a part, and say nothing of letters: Mailchimp's, beside those that do, and of other ways to write
/// to people.
const OF_NO_NO: &str = "unsubcampaigntitle unsubcampaignid cleancampaigntitle cleancampaignid smsblacklisted smsblocklisted \
    whatsappblacklisted whatsappblocklisted";

/// Headings whose cells may look like answers and are none: Mailman's and Mailchimp's, numbers, and what people are.
const OF_OTHER_THINGS: &str = "mod hide ack notmetoo nodupes plain memberrating rating leid euid gmtoff dstoff id contactid \
    subscriberid userid memberid numero rang row line ligne priorite priority sexe sex genre gender civilite title titre \
    updatedat lastchanged";

/// What a heading says of letters that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// It looks as if it told who receives none.
    OfANo,
    /// It looks as if it asked who receives some.
    OfAYes,
    /// Nothing: what its cells say may tell.
    Silent,
    /// Nothing, and that its cells look like answers says nothing either.
    OfOtherThings,
    /// It is known to be about something else.
    Else,
}

impl Unknown {
    pub(super) fn of(heading: &str) -> Self {
        let heading = folded(heading);
        let has = |parts: &str| parts.split(' ').any(|part| heading.contains(part));
        let is = |known: &str| known.split(' ').any(|known| known == heading);
        if is(OF_NO_NO) {
            Self::Else
        } else if is(OF_OTHER_THINGS) {
            Self::OfOtherThings
        } else if has(OF_A_NO) {
            Self::OfANo
        } else if has(OF_A_YES) {
            Self::OfAYes
        } else {
            Self::Silent
        }
    }
}

/// A heading without case, accents, spaces and signs.
pub(super) fn folded(heading: &str) -> String {
    let folded = Label::new(heading).map(|label| label.folded()).unwrap_or_default();
    folded.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// What stands under a heading, as far as that is known.
pub(super) fn column(heading: &str) -> Option<Column> {
    let heading = folded(heading);
    HEADINGS.iter().find(|(_, known)| known.split(' ').any(|known| known == heading)).map(|(column, _)| *column)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Every heading that is known by itself, with what it means.
    pub(in crate::import) fn known() -> impl Iterator<Item = (Column, &'static str)> {
        HEADINGS.iter().flat_map(|(column, headings)| headings.split(' ').map(|heading| (*column, heading)))
    }

    #[test]
    fn each_heading_has_one_meaning_and_is_folded() {
        let mut all: Vec<&str> = known().map(|(_, heading)| heading).collect();
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(all.iter().all(|heading| folded(heading) == *heading && !heading.is_empty()));
    }
}
