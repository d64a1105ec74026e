//! The diagnoses in French.

use super::diagnosis::{Diagnosis as D, Expected};

fn expected(what: Expected) -> &'static str {
    match what {
        Expected::Text => "un texte",
        Expected::Texts => "un texte ou une liste de textes",
        Expected::Items => "une liste dont chaque élément a ses propres clés",
        Expected::Keys => "ses propres clés, en retrait en dessous",
    }
}

#[expect(clippy::too_many_lines, reason = "a line for each diagnosis, and nothing else")]
pub(super) fn what(diagnosis: &D) -> String {
    match diagnosis {
        D::TooLarge { bytes, limit } => format!("Le fichier contient {bytes} octets ; {limit} au plus sont lus."),
        D::NotUtf8 => "Des octets ne sont pas de l’UTF-8 à cet endroit.".to_owned(),
        D::FrontMatterUnclosed => "L’en-tête commence ici et n’est jamais fermé.".to_owned(),
        D::FrontMatterSyntax { detail } => {
            format!("L’en-tête n’est pas du YAML valable (le lecteur dit : « {detail} »).")
        }
        D::UnquotedColon => "Une valeur sans guillemets contient un deux-points suivi d’une espace.".to_owned(),
        D::TabIndent => "Cette ligne commence par une tabulation, ce que YAML interdit.".to_owned(),
        D::FrontMatterNotKeys => "L’en-tête n’est pas une suite de clés et de valeurs.".to_owned(),
        D::FrontMatterTooComplex => "L’en-tête est plus grand ou plus profond que ce qui est lu.".to_owned(),
        D::DuplicateKey { key, first } => {
            format!("La clé `{key}` figure deux fois ; elle est déjà à la ligne {first}.")
        }
        D::TitleMissing => "Le communiqué n’a pas de titre.".to_owned(),
        D::ValueRefused { key, expected: kind } | D::ValueIgnored { key, expected: kind } => {
            format!("`{key}` devrait contenir {}.", expected(*kind))
        }
        D::NotABoolean { key, written } => format!("`{key}: {written}` n’est ni true ni false."),
        D::DateMissing => "Le communiqué n’a pas de date.".to_owned(),
        D::DateInvalid { written } => format!("`{written}` n’est pas une date."),
        D::PermalinkInvalid { written } => format!("`{written}` n’est pas une adresse du site."),
        D::PermalinkReserved { written } => format!("L’adresse `{written}` est réservée."),
        D::PermalinkImpossible { from } => format!("Aucune adresse ne peut être tirée de `{from}`."),
        D::IdInvalid { written } => format!("`{written}` n’est pas un identifiant durable."),
        D::NoText => "Le communiqué n’a ni chapeau ni texte.".to_owned(),
        D::TooManyParts => "Le texte a plus de parties qu’un communiqué ne peut en avoir.".to_owned(),
        D::TooDeep => "Des citations, des listes ou des balises sont trop profondément imbriquées.".to_owned(),
        D::DuplicatePermalink { permalink, other } => {
            format!("L’adresse `{permalink}` est déjà celle de `{other}`.")
        }
        D::DuplicateId { id, other } => format!("L’identifiant `{id}` est déjà celui de `{other}`."),
        D::IllegalCharacters { count } => {
            format!("Des caractères invisibles interdits dans un flux ont été retirés : {count}.")
        }
        D::DateSkipped { written, zone, taken } => {
            format!("`{written}` n’existe pas dans le fuseau {zone} (passage à l’heure d’été) ; {taken} a été retenu.")
        }
        D::DateAmbiguous { written, zone } => {
            format!(
                "`{written}` a eu lieu deux fois dans le fuseau {zone} (retour à l’heure d’hiver) ; la première est retenue."
            )
        }
        D::ModifiedInvalid { written } => {
            format!("`last_modified_at: {written}` n’est pas une date et a été laissé de côté.")
        }
        D::KeyNearMiss { key, suggestion } => format!("La clé `{key}` est inconnue et ressemble à `{suggestion}`."),
        D::KeyShadowed { key, by } => format!("`{key}` ne sert pas, puisque `{by}` est là."),
        D::LanguageUnknown { written } => {
            format!("`{written}` n’est pas une langue connue ; celle du site est retenue.")
        }
        D::RedirectInvalid { written } => format!("L’ancienne adresse `{written}` n’est pas une adresse du site."),
        D::ItemWithoutAddress { key } => {
            format!("Cet élément de `{key}` ne désigne aucun fichier et a été laissé de côté.")
        }
        D::DocumentMissing { path } => format!("Le document `{path}` n’est pas dans le dossier uploads."),
        D::DocumentEmpty { path } => format!("Le fichier `{path}` est vide."),
        D::DocumentNotPdf { path } => format!("Le fichier `{path}` porte le nom d’un PDF et n’en est pas un."),
        D::OutsideUploads { address } => format!("`{address}` n’est pas sous `/uploads/` : on n’en sait rien."),
        D::DocumentUntitled { title } => format!("Le document n’a pas de nom ; il est proposé sous « {title} »."),
        D::ItemRepeated { address } => format!("`{address}` figure deux fois et n’est montré qu’une fois."),
        D::ImageMissing { path } => format!("L’image `{path}` n’est pas dans le dossier uploads."),
        D::ImageWithoutAlternative => "L’image n’a pas de texte de remplacement.".to_owned(),
        D::LinkedUploadMissing { path } => {
            format!("Le texte renvoie à `{path}`, qui n’est pas dans le dossier uploads.")
        }
        D::EmailInvalid { written } => format!("`{written}` n’est pas une adresse électronique."),
        D::ContactExtra => "Un seul contact presse est gardé, avec une seule adresse électronique.".to_owned(),
        D::AddressRefused { written } => format!("L’adresse `{written}` ne peut pas être gardée."),
        D::AddressEmpty => "Un lien ou une image n’a pas d’adresse.".to_owned(),
        D::AddressWithoutScheme { written, taken } => {
            format!("L’adresse `{written}` ne commence pas par `https://` ; `{taken}` est retenue.")
        }
        D::TagDropped { tag } => format!("L’élément HTML `<{tag}>` a été retiré."),
        D::AttributeDropped { attribute } => format!("L’attribut `{attribute}` a été retiré."),
        D::CommentDropped => "Ce commentaire ne paraît ni dans les flux ni dans les courriels.".to_owned(),
        D::DeclarationDropped => "Cette déclaration ou instruction de traitement a été retirée.".to_owned(),
        D::AttributeListOrphan { written } => format!("La liste d’attributs `{written}` ne se rapporte à rien."),
        D::AttributeListUnread { written } => format!("`{written}` ne veut rien dire dans une liste d’attributs."),
        D::ReleaseLinkDead { named } => {
            format!("Le lien vers `{named}` a été retiré : ce communiqué n’est pas public.")
        }
        D::LiquidDropped { written } => format!("Le code Liquid `{written}` a été retiré."),
        D::ExtensionDropped { written } => format!("L’extension kramdown `{written}` a été retirée."),
        D::FootnoteOrphan { name } => format!("La note `{name}` n’a pas d’appel ou pas de texte."),
        D::TagUnclosed { tag } => format!("`<{tag}>` n’est jamais fermé et prend ce qui le suit."),
        D::WithdrawnWithoutReason => "Le communiqué est retiré sans motif.".to_owned(),
        D::CorrectionWithoutWords => "La correction ne dit pas ce qui a changé et a été laissée de côté.".to_owned(),
        D::LabelFolded { shown, other } => {
            format!("« {other} » et « {shown} » sont un même sujet, montré sous « {shown} ».")
        }
        D::SlugShared { label, other, slug } => {
            format!("« {label} » et « {other} » auraient la même adresse ; « {label} » a `{slug}`.")
        }
        D::LabelRepeated { label } => format!("« {label} » répète une étiquette de ce communiqué."),
        D::LabelWithComma { label } => format!("« {label} » est pris pour une seule étiquette."),
        D::LabelEmpty => "Une étiquette est vide ou n’est pas un texte.".to_owned(),
        D::ConflictCopy => {
            "Le fichier est une copie en conflit, laissée par un logiciel de synchronisation : il est écarté."
                .to_owned()
        }
        D::NoFrontMatter => "Le fichier n’a pas d’en-tête : ce n’est pas un communiqué.".to_owned(),
    }
}

pub(super) fn advice(diagnosis: &D) -> String {
    let text = match diagnosis {
        D::TooLarge { .. } => "Déplacez images et annexes dans le dossier uploads et faites des liens vers elles.",
        D::NotUtf8 => "Enregistrez de nouveau le fichier dans l’encodage UTF-8.",
        D::FrontMatterUnclosed => "Mettez une ligne `---` après la dernière clé.",
        D::FrontMatterSyntax { .. } => "Vérifiez guillemets, deux-points et retraits à cet endroit.",
        D::UnquotedColon => "Mettez toute la valeur entre guillemets droits doubles.",
        D::TabIndent => "Mettez des espaces.",
        D::FrontMatterNotKeys => "Écrivez une `clé: valeur` par ligne, par exemple `title: Un pont neuf`.",
        D::FrontMatterTooComplex => "Ne gardez que les clés du communiqué ; son texte va sous le second `---`.",
        D::DuplicateKey { .. } => "N’en gardez qu’une.",
        D::TitleMissing => "Ajoutez `title:` suivi du titre.",
        D::ValueRefused { .. } => {
            "Corrigez la valeur ; d’ici là le communiqué n’est pas publié à partir de ce fichier."
        }
        D::ValueIgnored { .. } => "Corrigez la valeur ; elle a été laissée de côté.",
        D::NotABoolean { .. } => "Écrivez true ou false, sans guillemets.",
        D::DateMissing => {
            "Ajoutez une date telle que `date: 2026-11-23 09:00:00 +01:00`, ou mettez-la au début du nom du fichier."
        }
        D::DateInvalid { .. } | D::ModifiedInvalid { .. } => "Écrivez une date telle que `2026-11-23 09:00:00 +01:00`.",
        D::PermalinkInvalid { .. } => "Écrivez un chemin tel que `/espace-presse/un-pont/`.",
        D::PermalinkReserved { .. } => "Choisissez une autre adresse.",
        D::PermalinkImpossible { .. } => "Renommez le fichier, ou ajoutez `permalink`.",
        D::IdInvalid { .. } => {
            "Écrivez un URI absolu tel que `tag:presse.example.org,2026:un-pont`, ou retirez la clé."
        }
        D::NoText => "Ajoutez `chapeau-text`, ou un texte sous l’en-tête.",
        D::TooManyParts => "Vérifiez que ce fichier est un communiqué, ou coupez-le en plusieurs.",
        D::TooDeep => "Simplifiez l’imbrication.",
        D::DuplicatePermalink { .. } => "Changez le `permalink` ou le nom de l’un des deux fichiers.",
        D::DuplicateId { .. } => "Retirez `id` de la copie.",
        D::IllegalCharacters { .. } => "Supprimez-les ; ils viennent souvent d’un texte collé depuis un PDF.",
        D::DateSkipped { .. } | D::DateAmbiguous { .. } => {
            "Ajoutez le décalage, par exemple `+01:00`, pour dire de quelle heure il s’agit."
        }
        D::KeyNearMiss { suggestion, .. } => return format!("Vouliez-vous dire `{suggestion}` ?"),
        D::KeyShadowed { .. } => "Ne gardez que l’une des deux.",
        D::LanguageUnknown { .. } => "Écrivez `fr` ou `en`.",
        D::RedirectInvalid { .. } => "Écrivez un chemin tel que `/espace-presse/ancien-nom/`.",
        D::ItemWithoutAddress { .. } => "Désignez un fichier, par exemple `/uploads/pont.pdf`.",
        D::DocumentMissing { .. } | D::ImageMissing { .. } | D::LinkedUploadMissing { .. } => {
            "Mettez-y le fichier, ou corrigez son nom : majuscules, accents et espaces comptent."
        }
        D::DocumentEmpty { .. } | D::DocumentNotPdf { .. } => "Déposez de nouveau le fichier.",
        D::OutsideUploads { .. } => "Mettez le fichier dans le dossier uploads s’il appartient à ce communiqué.",
        D::DocumentUntitled { .. } => "Ajoutez `nom`, par exemple `nom: Télécharger le communiqué de presse`.",
        D::ItemRepeated { .. } | D::LabelRepeated { .. } => "Retirez la répétition.",
        D::ImageWithoutAlternative => "Décrivez l’image en quelques mots pour qui ne peut pas la voir.",
        D::EmailInvalid { .. } => "Écrivez une adresse telle que `presse@example.org`.",
        D::ContactExtra => "Gardez celui à qui les journalistes doivent écrire.",
        D::AddressRefused { .. } => "Utilisez une adresse qui commence par `https://`, `mailto:`, `tel:` ou `/`.",
        D::AddressEmpty => "Donnez une adresse, ou retirez le lien.",
        D::AddressWithoutScheme { .. } => "Écrivez l’adresse entière.",
        D::TagDropped { .. } | D::AttributeDropped { .. } => "Retirez-le, ou dites la même chose en Markdown.",
        D::CommentDropped => "Rien à faire, sauf s’il devait être lu.",
        D::DeclarationDropped => "Retirez-la.",
        D::AttributeListOrphan { .. } => "Placez-la juste après un lien, ou seule sur une ligne sous un paragraphe.",
        D::AttributeListUnread { .. } => "Écrivez `.classe`, `#identifiant` ou `nom=\"valeur\"`.",
        D::ReleaseLinkDead { .. } => "Vérifiez le nom du fichier ; un communiqué à venir est lié dès qu’il est public.",
        D::LiquidDropped { .. } | D::ExtensionDropped { .. } => "Écrivez ce qu’il représente.",
        D::FootnoteOrphan { .. } => "Écrivez `[^nom]` dans le texte et `[^nom]: …` sur une ligne à part.",
        D::TagUnclosed { .. } => "Écrivez sa balise fermante là où il doit finir.",
        D::WithdrawnWithoutReason => "Écrivez le motif : `withdrawn: \"publié par erreur\"`.",
        D::CorrectionWithoutWords => "Écrivez ce qui a changé : `correction: \"la date d’ouverture\"`.",
        D::LabelFolded { .. } => "Utilisez partout la même graphie.",
        D::SlugShared { .. } => "Renommez l’une des deux si elles veulent dire la même chose.",
        D::LabelWithComma { .. } => "Pour plusieurs étiquettes, faites une liste : une par ligne, commençant par `- `.",
        D::LabelEmpty => "Retirez-la, ou écrivez ses mots.",
        D::ConflictCopy => "Reportez ce qu’il contient dans le fichier du communiqué, puis supprimez-le.",
        D::NoFrontMatter => "Pour en faire un, commencez le fichier par `---`, des clés telles que `title:`, et `---`.",
    };
    text.to_owned()
}
