//! Packs the corpus (one TOML file per need) into one compact text that the crate embeds.
//!
//! Line format of the packed text: one tag character, then the content; line breaks inside a content are U+0001.
//! `N id \t area \t title fi \t title sv \t title en` opens a need, `O id` a file of lines outside all needs, `S id` a
//! sensitive reason; `A`, `B`, `C` are article wordings in fi, sv, en; `a`, `b`, `c` customers' wordings; `x`, `y`, `z`
//! in a sensitive reason are lines that look like it and are not. `!mark` speaks of the line after it: who must answer it when its need
//! does not tell (a sensitive reason, `bot`, or `?` when it could be either); in the files the line begins with `[mark]`.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Need {
    need: String,
    area: String,
    title: Titles,
    articles_fi: Vec<String>,
    articles_sv: Vec<String>,
    articles_en: Vec<String>,
    fi: Vec<String>,
    sv: Vec<String>,
    en: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Titles {
    fi: String,
    sv: String,
    en: String,
}

/// Lines that no need serves; other keys describe the file to its reader.
#[derive(Deserialize)]
struct Outside {
    #[serde(default)]
    fi: Vec<String>,
    #[serde(default)]
    sv: Vec<String>,
    #[serde(default)]
    en: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sensitive {
    fi: Vec<String>,
    sv: Vec<String>,
    en: Vec<String>,
    #[serde(default)]
    near_fi: Vec<String>,
    #[serde(default)]
    near_sv: Vec<String>,
    #[serde(default)]
    near_en: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=corpus");
    println!("cargo::rerun-if-changed=build.rs");
    let mut packed = String::new();
    let reasons = files("corpus/safety")?.into_iter().map(|(name, _)| name).filter(|name| !name.starts_with("everyday"));
    let marks: Vec<String> = reasons.chain(["bot".to_owned(), "?".to_owned()]).collect();
    for (name, content) in files("corpus/needs")? {
        let need: Need = toml::from_str(&content).map_err(|error| format!("corpus/needs/{name}.toml: {error}"))?;
        if need.need != name {
            return Err(format!("corpus/needs/{name}.toml: the need is called `{}`", need.need).into());
        }
        let titles = [&need.title.fi, &need.title.sv, &need.title.en].map(|title| one_line(title));
        writeln!(packed, "N{}\t{}\t{}", need.need, need.area, titles.join("\t"))?;
        for (tag, lines) in [('A', &need.articles_fi), ('B', &need.articles_sv), ('C', &need.articles_en), ('a', &need.fi), ('b', &need.sv), ('c', &need.en)] {
            write_lines(&mut packed, tag, lines, &marks)?;
        }
    }
    for (name, content) in files("corpus/out_of_scope")? {
        let outside: Outside = toml::from_str(&content).map_err(|error| format!("corpus/out_of_scope/{name}.toml: {error}"))?;
        writeln!(packed, "O{name}")?;
        for (tag, lines) in [('a', &outside.fi), ('b', &outside.sv), ('c', &outside.en)] {
            write_lines(&mut packed, tag, lines, &[])?;
        }
    }
    for (name, content) in files("corpus/safety")? {
        let reason: Sensitive = toml::from_str(&content).map_err(|error| format!("corpus/safety/{name}.toml: {error}"))?;
        writeln!(packed, "S{name}")?;
        for (tag, lines) in [('a', &reason.fi), ('b', &reason.sv), ('c', &reason.en), ('x', &reason.near_fi), ('y', &reason.near_sv), ('z', &reason.near_en)] {
            write_lines(&mut packed, tag, lines, &[])?;
        }
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("corpus.txt"), packed)?;
    Ok(())
}

/// Name (without extension) and content of the TOML files of a folder, by name. A missing folder has none.
fn files(folder: &str) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join(folder);
    let mut found = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
                found.push((name, fs::read_to_string(&path)?));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Writes lines, each after its mark if it begins with one of `marks`.
fn write_lines(packed: &mut String, tag: char, lines: &[String], marks: &[String]) -> Result<(), Box<dyn Error>> {
    for line in lines {
        let (mark, text) = match line.trim().strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((mark, text)) if marks.iter().any(|known| known == mark) => (Some(mark), text),
            Some((mark, _)) => return Err(format!("no such mark: [{mark}] in {line}").into()),
            None => (None, line.as_str()),
        };
        let text = one_line(text);
        if text.is_empty() {
            continue;
        }
        if let Some(mark) = mark {
            writeln!(packed, "!{mark}")?;
        }
        writeln!(packed, "{tag}{text}")?;
    }
    Ok(())
}

fn one_line(text: &str) -> String {
    text.trim().replace('\r', "").replace('\n', "\u{1}").replace('\t', " ")
}
