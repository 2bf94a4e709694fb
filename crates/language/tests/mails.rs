//! Mails of the usual programs in three languages, with what a reader would call the new text. The measure is that of
//! `ennakoi eval quotes`: equal after folding white space.

use std::path::Path;

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn new_text_of_real_shaped_mails() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mails");
    let (mut count, mut missed) = (0, Vec::new());
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".txt") || name.ends_with(".expected.txt") {
            continue;
        }
        count += 1;
        let stripped = ennakoi_language::quotes::strip(&std::fs::read_to_string(&path).unwrap()).text;
        let expected = std::fs::read_to_string(path.with_extension("expected.txt")).unwrap();
        if folded(&stripped) != folded(&expected) {
            missed.push(format!("{name}: {stripped:?} instead of {expected:?}"));
        }
    }
    missed.sort();
    assert!(count >= 80, "{count} mails");
    assert!(missed.len() * 20 <= count, "{} of {count}:\n{}", missed.len(), missed.join("\n"));
    println!("exact {}/{count}\n{}", count - missed.len(), missed.join("\n"));
}
