//! Writes a flow as readable TOML: what the visual editor changes stays a text that people can read, compare and keep in their own files.

use std::fmt::Write as _;

use super::definition::{Act, Begins, Flow, FlowTest, Slot, Texts, Who};

/// The definition as text; [`read`](super::read) gives the same flow again.
#[must_use]
pub fn write(flow: &Flow) -> String {
    let mut out = String::new();
    line(&mut out, "id", &quoted(&flow.id));
    line(&mut out, "needs", &list(&flow.needs));
    line(&mut out, "confidence", &decimal(flow.confidence));
    if flow.begins == Begins::AfterArticles {
        line(&mut out, "begins", "\"after_articles\"");
    }
    if let Some(kind) = flow.requires {
        line(&mut out, "requires", &quoted(kind.as_str()));
    }
    out.push_str("\n[title]\n");
    texts(&mut out, "", &flow.title);
    if !flow.values.is_empty() {
        out.push_str("\n[values]\n");
        for (name, value) in &flow.values {
            line(&mut out, name, &value.to_string());
        }
    }
    for (name, slot) in &flow.slots {
        write_slot(&mut out, name, slot);
    }
    for step in &flow.steps {
        out.push_str("\n[[step]]\n");
        line(&mut out, "id", &quoted(&step.id));
        line(&mut out, "do", &quoted(step.act.kind()));
        act(&mut out, &step.act);
    }
    for test in &flow.tests {
        write_test(&mut out, test);
    }
    out
}

fn line(out: &mut String, name: &str, value: &str) {
    writeln!(out, "{name} = {value}").expect("a string takes everything");
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => write!(out, "\\u{:04X}", u32::from(c)).expect("a string takes everything"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn list(words: &[String]) -> String {
    format!("[{}]", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", "))
}

fn decimal(number: f64) -> String {
    let text = number.to_string();
    if text.contains(['.', 'e']) { text } else { format!("{text}.0") }
}

fn texts(out: &mut String, prefix: &str, texts: &Texts) {
    for (locale, text) in [("fi", &texts.fi), ("sv", &texts.sv), ("en", &texts.en)] {
        if !text.is_empty() {
            line(out, &format!("{prefix}{locale}"), &quoted(text));
        }
    }
}

fn write_slot(out: &mut String, name: &str, slot: &Slot) {
    let plain = |value: serde_json::Value| value.as_str().map(quoted).unwrap_or_default();
    writeln!(out, "\n[slots.{name}]").expect("a string takes everything");
    line(out, "kind", &plain(serde_json::json!(slot.kind)));
    if let Some(when) = slot.when {
        line(out, "when", &plain(serde_json::json!(when)));
    }
    if let Some(days) = slot.within_days {
        line(out, "within_days", &days.to_string());
    }
    if let Some(least) = slot.at_least {
        line(out, "at_least", &least.to_string());
    }
    texts(out, "title.", &slot.title);
    for choice in &slot.choices {
        writeln!(out, "[[slots.{name}.choices]]").expect("a string takes everything");
        line(out, "key", &quoted(&choice.key));
        texts(out, "label.", &choice.label);
        if !choice.words.is_empty() {
            line(out, "words", &list(&choice.words));
        }
    }
}

fn act(out: &mut String, act: &Act) {
    match act {
        Act::Ask { slot, optional, .. } => {
            line(out, "slot", &quoted(slot));
            if *optional {
                line(out, "optional", "true");
            }
        }
        Act::Find { item, only, .. } => {
            line(out, "item", &quoted(item.as_str()));
            if !only.is_empty() {
                line(out, "only", &list(only));
            }
        }
        Act::Request { kind, hand_over, .. } => {
            line(out, "kind", &quoted(kind));
            if !hand_over {
                line(out, "hand_over", "false");
            }
        }
        Act::Person { reason, .. } => line(out, "reason", &quoted(reason)),
        Act::Say { .. } | Act::Branch { .. } | Act::Confirm { .. } | Act::End { .. } => {}
    }
    if let Some(text) = act.text() {
        texts(out, "text.", text);
    }
    if let Act::Branch { cases, otherwise } = act {
        line(out, "otherwise", &quoted(otherwise));
        for case in cases {
            out.push_str("[[step.cases]]\n");
            line(out, "value", &quoted(&case.value));
            if !case.is.is_empty() {
                line(out, "is", &list(&case.is));
            }
            if let Some(most) = &case.at_most {
                line(out, "at_most", &quoted(most));
            }
            if let Some(present) = case.present {
                line(out, "present", &present.to_string());
            }
            line(out, "next", &quoted(&case.next));
        }
        return;
    }
    for (way, to) in act.ways() {
        line(out, &way, &quoted(to));
    }
}

fn write_test(out: &mut String, test: &FlowTest) {
    out.push_str("\n[[test]]\n");
    line(out, "name", &quoted(&test.name));
    line(out, "locale", &quoted(test.locale.as_str()));
    if test.customer == Who::Stranger {
        line(out, "customer", "\"stranger\"");
    }
    for turn in &test.turns {
        out.push_str("[[test.turns]]\n");
        for (name, value) in [("says", &turn.says), ("taps", &turn.taps), ("at", &turn.at), ("hears", &turn.hears), ("request", &turn.request)] {
            if let Some(value) = value {
                line(out, name, &quoted(value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{definition::read, ready};

    #[test]
    fn what_is_written_reads_back_as_the_same_flow() {
        for (flow, text) in ready::all() {
            let written = super::write(flow);
            assert_eq!(read(&written).as_ref(), Ok(flow), "{written}");
            // As people wrote it, so it is written: the editor changes nothing by the way.
            assert_eq!(written.lines().filter(|line| !line.is_empty()).count(), text.lines().filter(|line| !line.is_empty()).count(), "{}", flow.id);
        }
    }

    #[test]
    fn what_is_no_flow_is_told_where_it_is_wrong() {
        let flaws = read("id = \"x\"\ntitle = { fi = \"a\" }\n[[step]]\nid = \"a\"\ndo = \"sey\"\n").unwrap_err();
        assert_eq!(flaws[0].step.as_deref(), Some("a"));
        assert_eq!(read("id = \n").unwrap_err()[0].line, Some(1));
    }
}
