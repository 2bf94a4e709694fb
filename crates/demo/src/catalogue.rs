//! What Pellavala sells.

use ennakoi_people::Locale;

/// A product.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) sku: &'static str,
    category: &'static str,
    /// Finnish, Swedish, English.
    names: [&'static str; 3],
    /// Cents.
    pub(crate) price_minor: i64,
    /// How often it is bought.
    pub(crate) weight: u32,
}

impl Item {
    pub(crate) const fn name(&self, locale: Locale) -> &'static str {
        self.names[locale as usize]
    }
    pub(crate) const fn category(&self) -> &'static str {
        self.category
    }
    pub(crate) fn url(&self) -> String {
        format!("https://kauppa.pellavala.example/tuotteet/{}", self.sku.to_lowercase())
    }
}

const fn item(sku: &'static str, category: &'static str, names: [&'static str; 3], price_minor: i64, weight: u32) -> Item {
    Item { sku, category, names, price_minor, weight }
}

/// Everything on the shelves.
pub(crate) const ITEMS: &[Item] = &[
    item("VU-AALTO-150", "Vuodevaatteet", ["Aalto-pussilakanasetti 150×210", "Aalto påslakanset 150×210", "Aalto duvet set 150×210"], 11_900, 9),
    item("VU-AALTO-240", "Vuodevaatteet", ["Aalto-pussilakanasetti 240×220", "Aalto påslakanset 240×220", "Aalto duvet set 240×220"], 18_900, 6),
    item("VU-HALLA-150", "Vuodevaatteet", ["Halla-pellavapussilakana 150×210", "Halla linnepåslakan 150×210", "Halla linen duvet cover 150×210"], 14_900, 8),
    item("VU-HALLA-240", "Vuodevaatteet", ["Halla-pellavapussilakana 240×220", "Halla linnepåslakan 240×220", "Halla linen duvet cover 240×220"], 22_900, 4),
    item("VU-SUVI-150", "Vuodevaatteet", ["Suvi-puuvillapussilakana 150×210", "Suvi bomullspåslakan 150×210", "Suvi cotton duvet cover 150×210"], 6_900, 9),
    item("VU-LAKANA-160", "Vuodevaatteet", ["Pellavalakana 160×270", "Linnelakan 160×270", "Linen flat sheet 160×270"], 8_900, 7),
    item("VU-MUOTO-90", "Vuodevaatteet", ["Muotoonommeltu lakana 90×200", "Dra-på-lakan 90×200", "Fitted sheet 90×200"], 3_990, 8),
    item("VU-MUOTO-160", "Vuodevaatteet", ["Muotoonommeltu lakana 160×200", "Dra-på-lakan 160×200", "Fitted sheet 160×200"], 5_490, 7),
    item("VU-TYYNY-50", "Vuodevaatteet", ["Halla-tyynyliina 50×60", "Halla örngott 50×60", "Halla pillowcase 50×60"], 2_990, 12),
    item("VU-TYYNY-65", "Vuodevaatteet", ["Halla-tyynyliina 65×65", "Halla örngott 65×65", "Halla pillowcase 65×65"], 3_290, 4),
    item("VU-LAPSI-85", "Vuodevaatteet", ["Hiiri-vauvanpussilakana 85×125", "Hiiri babypåslakan 85×125", "Hiiri baby duvet cover 85×125"], 4_490, 5),
    item("VU-LAPSI-120", "Vuodevaatteet", ["Metsä-lastenpussilakana 120×160", "Metsä barnpåslakan 120×160", "Metsä children's duvet cover 120×160"], 5_490, 5),
    item("PY-KASTE-50", "Pyyhkeet", ["Kaste-käsipyyhe 50×70", "Kaste handduk 50×70", "Kaste hand towel 50×70"], 1_490, 14),
    item("PY-KASTE-70", "Pyyhkeet", ["Kaste-kylpypyyhe 70×140", "Kaste badhandduk 70×140", "Kaste bath towel 70×140"], 2_990, 14),
    item("PY-KASTE-100", "Pyyhkeet", ["Kaste-jättipyyhe 100×150", "Kaste badlakan 100×150", "Kaste bath sheet 100×150"], 4_490, 6),
    item("PY-VOHVELI-70", "Pyyhkeet", ["Vohvelikylpypyyhe 70×130", "Våfflad badhandduk 70×130", "Waffle bath towel 70×130"], 3_490, 8),
    item("PY-LAUDE-60", "Pyyhkeet", ["Pellavalaudeliina 60×160", "Bastulakan i linne 60×160", "Linen sauna cover 60×160"], 3_990, 9),
    item("PY-LAUDE-46", "Pyyhkeet", ["Pefletti 46×60", "Bastusits 46×60", "Sauna seat cover 46×60"], 1_290, 11),
    item("PY-HAMAM", "Pyyhkeet", ["Ranta-hamampyyhe", "Ranta hamamhandduk", "Ranta hammam towel"], 3_290, 5),
    item("PY-SETTI-6", "Pyyhkeet", ["Kaste-pyyhesetti, 6 kpl", "Kaste handduksset, 6 st.", "Kaste towel set, 6 pieces"], 9_900, 6),
    item("VE-PELLAVA-140", "Verhot", ["Usva-pellavaverho 140×250", "Usva linnegardin 140×250", "Usva linen curtain 140×250"], 8_990, 7),
    item("VE-PELLAVA-280", "Verhot", ["Usva-pellavaverho 280×250", "Usva linnegardin 280×250", "Usva linen curtain 280×250"], 15_900, 3),
    item("VE-PIMENNYS", "Verhot", ["Kaamos-pimennysverho 140×250", "Kaamos mörkläggningsgardin 140×250", "Kaamos blackout curtain 140×250"], 7_990, 6),
    item("VE-KAPPA", "Verhot", ["Pihla-verhokappa 250×50", "Pihla gardinkappa 250×50", "Pihla valance 250×50"], 3_490, 4),
    item("VE-MITTA", "Verhot", ["Mittatilausverho, pellava", "Måttbeställd gardin, linne", "Made-to-measure curtain, linen"], 19_900, 3),
    item("VE-RENGAS", "Verhot", ["Verhorenkaat, 10 kpl", "Gardinringar, 10 st.", "Curtain rings, 10 pieces"], 990, 4),
    item("HU-LAMMAS-130", "Huovat ja peitot", ["Karitsa-villahuopa 130×180", "Karitsa ullpläd 130×180", "Karitsa wool blanket 130×180"], 12_900, 8),
    item("HU-LAMMAS-140", "Huovat ja peitot", ["Karitsa-villahuopa 140×200", "Karitsa ullpläd 140×200", "Karitsa wool blanket 140×200"], 15_900, 4),
    item("HU-ALPAKKA", "Huovat ja peitot", ["Sysi-alpakkahuopa", "Sysi alpackapläd", "Sysi alpaca throw"], 18_900, 3),
    item("HU-PUUVILLA", "Huovat ja peitot", ["Lauha-puuvillahuopa", "Lauha bomullspläd", "Lauha cotton throw"], 5_990, 6),
    item("HU-TORKKU", "Huovat ja peitot", ["Torkku-fleecepeitto", "Torkku fleecefilt", "Torkku fleece throw"], 2_990, 7),
    item(
        "HU-PEITTO-KESA",
        "Huovat ja peitot",
        ["Kesäpeitto 150×200, pellavatäyte", "Sommartäcke 150×200, linnefyllning", "Summer duvet 150×200, linen filling"],
        13_900,
        3,
    ),
    item("HU-PEITTO-VILLA", "Huovat ja peitot", ["Villapeitto 150×200", "Ulltäcke 150×200", "Wool duvet 150×200"], 17_900, 4),
    item("HU-VAUVA", "Huovat ja peitot", ["Nukka-vauvanhuopa", "Nukka babypläd", "Nukka baby blanket"], 4_990, 5),
    item("KE-KEITTIO-3", "Keittiö", ["Keittiöpyyhe Rivi, 3 kpl", "Kökshandduk Rivi, 3 st.", "Rivi tea towels, 3 pieces"], 2_790, 11),
    item("KE-PATALAPPU", "Keittiö", ["Patalaput, pari", "Grytlappar, par", "Pot holders, pair"], 1_490, 6),
    item("KE-ESILIINA", "Keittiö", ["Pellavaesiliina", "Linneförkläde", "Linen apron"], 4_990, 5),
    item("KE-LIINA-150", "Keittiö", ["Juhla-pöytäliina 150×250", "Juhla bordsduk 150×250", "Juhla tablecloth 150×250"], 9_990, 5),
    item("KE-LIINA-PYO", "Keittiö", ["Juhla-pöytäliina, pyöreä 180", "Juhla bordsduk, rund 180", "Juhla tablecloth, round 180"], 10_900, 3),
    item("KE-KAITALIINA", "Keittiö", ["Kaitaliina Ruis 50×150", "Löpare Ruis 50×150", "Ruis table runner 50×150"], 3_490, 6),
    item("KE-SERVETTI-4", "Keittiö", ["Pellavaservetit, 4 kpl", "Linneservetter, 4 st.", "Linen napkins, 4 pieces"], 2_990, 7),
    item("KE-TABLETTI-2", "Keittiö", ["Tabletit Ruis, 2 kpl", "Tabletter Ruis, 2 st.", "Ruis place mats, 2 pieces"], 2_490, 4),
    item("TY-SAMMAL", "Sisustustyynyt", ["Sammal-tyynynpäällinen 50×50", "Sammal kuddfodral 50×50", "Sammal cushion cover 50×50"], 3_490, 7),
    item("TY-SAMETTI", "Sisustustyynyt", ["Hämy-samettityynynpäällinen 50×50", "Hämy sammetskuddfodral 50×50", "Hämy velvet cushion cover 50×50"], 3_990, 5),
    item("TY-SISA-50", "Sisustustyynyt", ["Sisätyyny 50×50", "Innerkudde 50×50", "Cushion inner 50×50"], 1_490, 7),
    item("TY-LATTIA", "Sisustustyynyt", ["Kivi-lattiatyyny", "Kivi golvkudde", "Kivi floor cushion"], 8_990, 2),
    item("MA-VILLA-80", "Matot", ["Polku-villamatto 80×200", "Polku ullmatta 80×200", "Polku wool rug 80×200"], 19_900, 3),
    item("MA-VILLA-160", "Matot", ["Polku-villamatto 160×230", "Polku ullmatta 160×230", "Polku wool rug 160×230"], 44_900, 1),
    item("MA-PUUVILLA-70", "Matot", ["Räsymatto 70×150", "Trasmatta 70×150", "Rag rug 70×150"], 5_990, 5),
    item("MA-KYLPY-50", "Matot", ["Kylpyhuonematto 50×80", "Badrumsmatta 50×80", "Bath mat 50×80"], 3_290, 7),
    item("AS-KYLPYTAKKI", "Asusteet", ["Vohvelikylpytakki", "Våfflad badrock", "Waffle bathrobe"], 8_990, 6),
    item("AS-PELLAVATAKKI", "Asusteet", ["Pellavakylpytakki", "Badrock i linne", "Linen bathrobe"], 11_900, 3),
    item("AS-PYJAMA", "Asusteet", ["Uni-pellavapyjama", "Uni linnepyjamas", "Uni linen pyjamas"], 10_900, 4),
    item("AS-TOSSUT", "Asusteet", ["Huopatossut", "Filttofflor", "Felt slippers"], 4_990, 6),
    item("AS-SUKAT", "Asusteet", ["Villasukat Pakkanen", "Ullstrumpor Pakkanen", "Pakkanen wool socks"], 2_490, 9),
    item("HO-PESUAINE", "Hoito", ["Pellavanpesuaine 750 ml", "Linnetvättmedel 750 ml", "Linen detergent 750 ml"], 1_290, 7),
    item("HO-VILLAPESU", "Hoito", ["Villanpesuaine 500 ml", "Ulltvättmedel 500 ml", "Wool detergent 500 ml"], 1_390, 4),
    item("HO-PESUPUSSI", "Hoito", ["Pesupussi, 2 kpl", "Tvättpåse, 2 st.", "Laundry bag, 2 pieces"], 990, 4),
    item("LA-LAHJAKORTTI", "Lahjat", ["Lahjakortti 50 €", "Presentkort 50 €", "Gift card 50 €"], 5_000, 5),
    item("LA-SAUNASETTI", "Lahjat", ["Saunan lahjasetti", "Bastupresent", "Sauna gift set"], 7_900, 6),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    #[test]
    fn sixty_different_products() {
        let codes: HashSet<&str> = super::ITEMS.iter().map(|item| item.sku).collect();
        assert_eq!(codes.len(), 60);
    }
}
