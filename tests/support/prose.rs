//! Invented press releases in any number: the same ones at every run, each clearly unlike the others.

/// The words of one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prose {
    pub(crate) title: String,
    pub(crate) chapeau: String,
    /// The text, a sentence each.
    pub(crate) sentences: Vec<String>,
    /// Two words of the title as they stand in a file's name; no two releases of fewer than 320 share them.
    pub(crate) slug: String,
}

/// How many sentences a text has.
const SENTENCES: usize = 10;

const NOUNS: &str = "la passerelle, le viaduc, le bac, la digue, le quai, le phare, la halle, le moulin, la gare, le verger, la \
    carrière, le lavoir, la serre, le musée, la chorale, le marché, la régie, le canal, la forge, le théâtre, la \
    crèche, le stade, la piscine, le belvédère, la fontaine, le tunnel, la tourbière, le colombier, la bibliothèque, \
    le préau, la scierie, le funiculaire, la patinoire, le kiosque, la saline, le potager, la ruche, le beffroi, la \
    cantine, le vélodrome, la tannerie, le refuge, la chapelle, le barrage, la pépinière, le sémaphore, la filature, \
    le manège, la bergerie, le planétarium, la poterie, le ponton, la verrerie, le dispensaire, la laiterie, le \
    rempart, la brasserie, le hangar, la roseraie, le clocher, la péniche, le tramway, la source, le chantier, la \
    falaise, le conservatoire, la mairie, le lycée, la plage, le sentier, la grange, le pavillon";
const ADJECTIVES: &str = "agricole, aimable, bleuâtre, calme, célèbre, champêtre, commode, communautaire, discrète, énorme, fertile, \
    fidèle, fragile, frugale, historique, humide, immense, insulaire, jaune, lointaine, magnifique, maritime, \
    mobile, modeste, moderne, nocturne, paisible, pittoresque, provisoire, rapide, robuste, rustique, silencieuse, \
    solide, superbe, touristique, tranquille, utile, vaste, volontaire";
const VERBS: &str = "abrite, accueille, admire, agrandit, améliore, anime, approvisionne, attend, borde, chauffe, complète, console, \
    contourne, décore, défend, dessert, domine, éclaire, emprunte, encourage, enrichit, entoure, finance, fournit, \
    héberge, imite, inspire, inquiète, longe, modernise, nettoie, observe, oublie, partage, précède, prolonge, \
    protège, raconte, rejoint, relie, remplace, répare, retrouve, salue, soutient, surprend, surveille, traverse";
const TAILS: &str = "avant midi, sans attendre, pour longtemps, chaque dimanche, depuis avril, malgré tout, en silence, à pied, par \
    beau temps, comme autrefois, jusqu’en octobre, une fois encore, à moindre coût, avec prudence, au fil des \
    saisons, dès lundi, sous la pluie, en toute simplicité, loin du bruit, à tour de rôle, contre vents et marées, \
    faute de mieux, grâce aux bénévoles, selon la coutume, presque partout, deux heures durant, entre voisins, à \
    ciel ouvert, dans la bonne humeur, après la crue, vers le soir, au grand complet";
const PLACE_STARTS: &str = "Brume, Sombre, Claire, Haute, Roche, Vire, Marne, Olive, Tourne, Passe, Belle, Corne, Dure, Épine, Fougère, \
    Givre, Lande, Mousse, Noire, Perche";
const PLACE_ENDS: &str =
    "val, mont, rive, fontaine, court, ville, lac, pierre, combe, garde, bois, fort, mare, champ, porte, sable";

/// Numbers that look drawn by lot and are the same at every run (`SplitMix64`).
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: usize) -> Self {
        Self(seed as u64)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut drawn = self.0;
        drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((drawn ^ (drawn >> 31)) % limit as u64).unwrap()
    }

    fn of(&mut self, words: &'static str) -> &'static str {
        let words: Vec<&str> = words.split(", ").collect();
        words[self.below(words.len())]
    }
}

/// The `number`-th release.
pub(crate) fn prose(number: usize) -> Prose {
    let mut dice = Dice::new(number.wrapping_mul(7_919) + 1);
    let place = place(number);
    let (noun, adjective) = (dice.of(NOUNS), dice.of(ADJECTIVES));
    let title = format!("{} {adjective} de {place} {}", capital(noun), dice.of(TAILS));
    let bare = noun.split(' ').next_back().unwrap();
    Prose {
        title,
        chapeau: format!("À {place}, {}", sentence(&mut dice)),
        sentences: (0..SENTENCES).map(|_| capital(&sentence(&mut dice))).collect(),
        slug: format!("{bare}-{}", place.to_lowercase()),
    }
}

/// Another sentence, the `seed`-th of all.
pub(crate) fn another_sentence(seed: usize) -> String {
    capital(&sentence(&mut Dice::new(seed.wrapping_mul(104_729) + 5)))
}

/// A word for a file's name.
pub(crate) fn another_word(dice: &mut Dice) -> &'static str {
    dice.of(ADJECTIVES)
}

/// A place that no other release of fewer than 320 is about; numbered beyond that.
fn place(number: usize) -> String {
    let (starts, ends): (Vec<&str>, Vec<&str>) = (PLACE_STARTS.split(", ").collect(), PLACE_ENDS.split(", ").collect());
    let (start, end) = (starts[number % starts.len()], ends[number / starts.len() % ends.len()]);
    match number / (starts.len() * ends.len()) {
        0 => format!("{start}{end}"),
        round => format!("{start}{end}-{round}"),
    }
}

fn sentence(dice: &mut Dice) -> String {
    let (subject, object) = (dice.of(NOUNS), dice.of(NOUNS));
    let (one, other) = (dice.of(ADJECTIVES), dice.of(ADJECTIVES));
    format!("{subject} {one} {} {object} {other} {}.", dice.of(VERBS), dice.of(TAILS))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
