//! What customers of shops and services need, and how they say it: the corpus that the product ships.
//!
//! One TOML file per need under `corpus/needs/`, packed and embedded at build time.

mod recognise;

use std::sync::LazyLock;

pub(crate) use recognise::{Lesson, NeedModel, built_in as model, lessons};
pub use recognise::{Recognition, fingerprint, rehearse, restore, snapshot};

use crate::Language;
use crate::safety::Reason;

static PACKED: &str = include_str!(concat!(env!("OUT_DIR"), "/corpus.txt"));
static BUILT_IN: LazyLock<Corpus> = LazyLock::new(|| Corpus::unpack(PACKED));

/// One need: an id and its titles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Stable id in snake case, such as `track_order`.
    pub id: &'static str,
    /// The group it belongs to, such as `delivery`.
    pub area: &'static str,
    titles: [&'static str; 3],
}

impl Need {
    /// The need as a question or heading in one language.
    #[must_use]
    pub fn title(&self, language: Language) -> &'static str {
        self.titles[language.index()]
    }
}

/// Who speaks in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A company: an article's title, heading or sentence.
    Article,
    /// A customer, in their own words.
    Customer,
}

/// Who must answer a line, whatever need it has: read and marked one by one, since a need's label is not always its lines' label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answerer {
    /// Nothing is marked: whoever the need goes to.
    AsNeed,
    Bot,
    /// It could be meant either way, and says nothing to either side.
    Either,
    Person(Reason),
}

impl Answerer {
    fn marked(mark: &str) -> Self {
        match mark {
            "bot" => Self::Bot,
            "?" => Self::Either,
            reason => Reason::named(reason).map_or(Self::AsNeed, Self::Person),
        }
    }
}

/// One line of the corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Index into [`Corpus::needs`]; `None` for a line that no need serves.
    pub need: Option<usize>,
    pub side: Side,
    pub language: Language,
    pub answerer: Answerer,
    pub text: &'static str,
}

/// One wording of a sensitive matter, or a line that only looks like one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SensitiveLine {
    /// File name of the reason under `corpus/safety/`.
    pub(crate) reason: &'static str,
    pub(crate) language: Language,
    pub(crate) sensitive: bool,
    pub(crate) text: &'static str,
}

/// The corpus of needs.
#[derive(Debug, Default)]
pub struct Corpus {
    needs: Vec<Need>,
    lines: Vec<Line>,
    sensitive: Vec<SensitiveLine>,
}

impl Corpus {
    /// The corpus embedded in the program; unpacked once.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// All needs, ordered by id.
    #[must_use]
    pub fn needs(&self) -> &[Need] {
        &self.needs
    }

    /// All lines, grouped by need; lines outside all needs come last.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The index of a need by id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<usize> {
        self.needs.binary_search_by(|need| need.id.cmp(id)).ok()
    }

    pub(crate) fn sensitive(&self) -> &[SensitiveLine] {
        &self.sensitive
    }

    fn unpack(packed: &'static str) -> Self {
        let mut corpus = Self::default();
        let mut need = None;
        let mut reason = None;
        let mut answerer = Answerer::AsNeed;
        for line in packed.lines() {
            let Some(tag) = line.chars().next() else {
                continue;
            };
            let content = &line[tag.len_utf8()..];
            match tag {
                'N' => {
                    let mut fields = content.split('\t');
                    let mut field = || fields.next().unwrap_or("");
                    let (id, area) = (field(), field());
                    corpus.needs.push(Need { id, area, titles: [field(), field(), field()] });
                    need = Some(corpus.needs.len() - 1);
                    corpus.push_titles();
                }
                'O' => need = None,
                'S' => reason = Some(content),
                '!' => answerer = Answerer::marked(content),
                _ => corpus.push(tag, content, need.map(|need| (need, std::mem::replace(&mut answerer, Answerer::AsNeed))), reason),
            }
        }
        corpus
    }

    /// The titles of the need just read are lines of its articles too.
    fn push_titles(&mut self) {
        if let Some(need) = self.needs.last() {
            let line =
                |language| Line { need: Some(self.needs.len() - 1), side: Side::Article, language, answerer: Answerer::AsNeed, text: need.title(language) };
            let lines = Language::ALL.map(line);
            self.lines.extend(lines.into_iter().filter(|line| !line.text.is_empty()));
        }
    }

    fn push(&mut self, tag: char, text: &'static str, need: Option<(usize, Answerer)>, reason: Option<&'static str>) {
        let language = match tag.to_ascii_lowercase() {
            'a' | 'x' => Language::Fi,
            'b' | 'y' => Language::Sv,
            _ => Language::En,
        };
        if let Some(reason) = reason {
            self.sensitive.push(SensitiveLine { reason, language, sensitive: tag < 'x', text });
            return;
        }
        let side = if tag.is_ascii_uppercase() { Side::Article } else { Side::Customer };
        let (need, answerer) = need.map_or((None, Answerer::AsNeed), |(need, answerer)| (Some(need), answerer));
        self.lines.push(Line { need, side, language, answerer, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_lines_are_read_back() {
        let corpus = Corpus::unpack("Ntrack\tdelivery\tMissä?\tVar?\tWhere?\nAOtsikko\n!fraud\nbVar är det\nOfar\ncweather\nSfraud\nahuijaus\nxhuijari-peli\n");
        assert_eq!(corpus.needs()[0].title(Language::Sv), "Var?");
        assert_eq!(corpus.find("track"), Some(0));
        assert_eq!(corpus.lines().len(), 6);
        let marked = Line { need: Some(0), side: Side::Customer, language: Language::Sv, answerer: Answerer::Person(Reason::Fraud), text: "Var är det" };
        assert_eq!(corpus.lines()[4], marked);
        assert_eq!((corpus.lines()[5].need, corpus.lines()[5].answerer), (None, Answerer::AsNeed));
        assert_eq!(corpus.sensitive().iter().map(|line| line.sensitive).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn built_in_needs_are_ordered() {
        assert!(Corpus::built_in().needs().windows(2).all(|pair| pair[0].id < pair[1].id));
    }
}
