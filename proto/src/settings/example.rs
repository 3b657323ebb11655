//! `.deploy/goat.example.toml`: every key with its explanation and its default, written from the doc comments of the
//! settings and their defaults, so that it cannot say anything else than they do.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use figment::Jail;
use toml::{Table, Value};

use super::*;

/// Set to write the file instead of comparing it.
const UPDATE: &str = "UPDATE_EXAMPLE";
const LINE_LENGTH_MAX: usize = 110;
/// What is shown for a secret, and refused as a token.
const SECRET: &str = "\"…\"";
const TOP: &str = "\
# Every setting of Follow The Goat with its default. A key that is commented out has the value shown,
# or none where an example is shown: copy this file to goat.toml and take the # away from what you change.
# In the environment the key of a table is written GOAT_TABLE__KEY, such as GOAT_FEEDS__MODE=live; the environment
# counts more than the file. `data-engine --dump-config` prints what is in force.

";

/// What is shown for keys that have no default.
const EXAMPLES: [(&str, &str); 24] = [
    ("data_dir", "\"/var/lib/goat\""),
    ("feeds.jupiter.api_key", SECRET),
    ("feeds.jupiter.interval_ms", "1020"),
    ("feeds.webhook.tokens", "[\"…\"]"),
    ("archive.url", "\"postgres://goat:password@127.0.0.1/goat\""),
    ("ledger.url", "\"postgres://goat:password@127.0.0.1/goat\""),
    ("trading.stats_folder", "\"/var/lib/goat/stats\""),
    ("publisher.x.api_key", SECRET),
    ("publisher.x.api_secret", SECRET),
    ("publisher.x.access_token", SECRET),
    ("publisher.x.access_token_secret", SECRET),
    ("publisher.wording.url", "\"https://api.openai.com/v1/chat/completions\""),
    ("publisher.wording.api_key", SECRET),
    ("alerts.telegram.token", SECRET),
    ("alerts.discord.url", "\"https://discord.com/api/webhooks/…\""),
    ("alerts.slack.url", "\"https://hooks.slack.com/services/…\""),
    ("alerts.webhook.url", "\"https://example.org/goat\""),
    ("alerts.webhook.secret", SECRET),
    ("alerts.mail.password", SECRET),
    ("access.service_token", "\"services\""),
    ("tls.certificate", "\"/etc/goat/certificate.pem\""),
    ("tls.key", "\"/etc/goat/key.pem\""),
    ("tls.authority", "\"/etc/goat/authority.pem\""),
    ("tls.engine_name", "\"goat.internal\""),
];

/// A setting as its source describes it.
struct Field {
    name: String,
    /// Its type, without `Option`.
    kind: String,
    explanation: String,
}

/// The structs of the settings by name: what each says of itself, and its fields in their order.
type Sources = BTreeMap<String, (String, Vec<Field>)>;

fn manifest() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn file() -> PathBuf {
    manifest().join("../.deploy/goat.example.toml")
}

fn sources() -> Sources {
    let folder = std::fs::read_dir(manifest().join("src/settings")).unwrap();
    let files = folder.map(|entry| entry.unwrap().path()).chain([manifest().join("src/settings.rs")]);
    files.flat_map(|path| structs(&std::fs::read_to_string(path).unwrap())).collect()
}

/// Reads the public structs of a source file.
fn structs(source: &str) -> Sources {
    let mut found = Sources::new();
    let (mut explanation, mut open) = (String::new(), None);
    for line in source.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            explanation.push_str(text);
        } else if let Some(name) = line.strip_prefix("pub struct ").and_then(|rest| rest.strip_suffix(" {")) {
            found.insert(name.to_owned(), (std::mem::take(&mut explanation), Vec::new()));
            open = Some(name.to_owned());
        } else if line == "}" {
            open = None;
        } else if line.starts_with("#[") {
            // Stands between what is explained and its explanation.
        } else {
            let of = open.as_ref().and_then(|name| found.get_mut(name));
            let field = line.strip_prefix("pub ").and_then(|rest| rest.strip_suffix(',')?.split_once(": "));
            if let (Some((_, fields)), Some((name, kind))) = (of, field) {
                let kind =
                    kind.strip_prefix("Option<").and_then(|kind| kind.strip_suffix('>')).unwrap_or(kind);
                let (name, kind) = (name.to_owned(), kind.to_owned());
                fields.push(Field { name, kind, explanation: explanation.clone() });
            }
            explanation.clear();
        }
    }
    found
}

/// As comment lines of bounded length.
fn comment(text: &str) -> String {
    let mut lines = String::from("#");
    let mut length = 1;
    for word in text.replace('`', "").split_whitespace() {
        let word_length = word.chars().count();
        if length + 1 + word_length > LINE_LENGTH_MAX {
            lines.push_str("\n#");
            length = 1;
        }
        lines.push(' ');
        lines.push_str(word);
        length += 1 + word_length;
    }
    lines.push('\n');
    lines
}

fn example(key: &str) -> String {
    let known = EXAMPLES.iter().find(|(known, _)| *known == key);
    let (_, value) = known.unwrap_or_else(|| panic!("{key} has no default; give it an example here"));
    (*value).to_owned()
}

/// A table with its keys, then the tables in it.
fn write_table(out: &mut String, sources: &Sources, path: &str, kind: &str, defaults: &Table) {
    let (_, fields) = sources.get(kind).unwrap_or_else(|| panic!("{kind} is not explained"));
    let key_of = |field: &Field| {
        if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) }
    };
    let mut tables = Vec::new();
    for field in fields {
        let (key, value) = (key_of(field), defaults.get(&field.name));
        assert!(!field.explanation.is_empty(), "{key} is not explained");
        match value {
            Some(Value::Table(_)) => tables.push(field),
            Some(Value::Array(entries)) if entries.iter().any(Value::is_table) => tables.push(field),
            _ => {
                let shown = match value {
                    Some(value) if !EXAMPLES.iter().any(|(known, _)| *known == key) => value.to_string(),
                    _ => example(&key),
                };
                out.push_str(&comment(&field.explanation));
                writeln!(out, "#{} = {shown}\n", field.name).unwrap();
            }
        }
    }
    for field in tables {
        let key = key_of(field);
        match (field.kind.as_str(), defaults.get(&field.name)) {
            ("Strategies", Some(Value::Array(entries))) => write_strategies(out, sources, entries),
            ("BTreeMap<String, Token>", _) => write_tokens(out, sources, field),
            ("BTreeMap<String, String>", Some(Value::Table(entries))) => {
                out.push_str(&comment(&field.explanation));
                writeln!(out, "[{key}]").unwrap();
                for (name, value) in entries {
                    writeln!(out, "#{name} = {value}").unwrap();
                }
                out.push('\n');
            }
            (kind, Some(Value::Table(inner))) => {
                let (explanation, _) = sources.get(kind).unwrap_or_else(|| panic!("{kind} is not explained"));
                out.push_str(&comment(explanation));
                writeln!(out, "[{key}]\n").unwrap();
                write_table(out, sources, &key, kind, inner);
            }
            (kind, _) => panic!("{key} is a {kind}, which this test cannot write"),
        }
    }
}

/// The instances that run when the file names none: with the first one given, only those of the file run.
fn write_strategies(out: &mut String, sources: &Sources, entries: &[Value]) {
    let (explanation, fields) = &sources["Strategy"];
    out.push_str(&comment(explanation));
    out.push_str(&comment("The file's instances take the place of those shown. Of each:"));
    for field in fields {
        out.push_str(&comment(&format!("- {}: {}", field.name, field.explanation)));
    }
    for entry in entries {
        out.push_str("#[[strategies]]\n");
        for field in fields {
            writeln!(out, "#{} = {}", field.name, entry[&field.name]).unwrap();
        }
        out.push('\n');
    }
}

/// Tokens have names of the operator's own.
fn write_tokens(out: &mut String, sources: &Sources, field: &Field) {
    out.push_str(&comment(&field.explanation));
    for field in &sources["Token"].1 {
        out.push_str(&comment(&format!("- {}: {}", field.name, field.explanation)));
    }
    for (name, scope) in [("services", "read"), ("owner", "admin")] {
        writeln!(out, "#[access.tokens.{name}]\n#secret = \"…\"").unwrap();
        writeln!(out, "#scope = \"{scope}\"\n").unwrap();
    }
}

fn written() -> String {
    let defaults = Table::try_from(Settings::default()).unwrap();
    let mut out = TOP.to_owned();
    write_table(&mut out, &sources(), "", "Settings", &defaults);
    // A header is no heading of an empty line.
    out.trim_end().to_owned() + "\n"
}

/// The file with nothing commented out but sentences.
fn uncommented(text: &str) -> String {
    let is_key =
        |line: &&str| line.strip_prefix('#').is_some_and(|rest| !rest.is_empty() && !rest.starts_with(' '));
    text.lines().map(|line| if is_key(&line) { &line[1..] } else { line }).collect::<Vec<_>>().join("\n")
}

fn keys(path: &str, value: &Value, out: &mut BTreeMap<String, Value>) {
    if let Value::Table(table) = value {
        for (name, value) in table {
            keys(&format!("{path}.{name}"), value, out);
        }
    } else {
        out.insert(path.trim_start_matches('.').to_owned(), value.clone());
    }
}

#[test]
fn the_example_is_what_the_settings_say_of_themselves() {
    let written = written();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(file(), &written).unwrap();
    }
    let found = std::fs::read_to_string(file()).unwrap_or_default();
    let differs = written.lines().zip(found.lines()).find(|(written, found)| written != found);
    assert!(
        written == found,
        "{} is not what the settings say, at {differs:?}; {UPDATE}=1 cargo test -p goat --lib settings::example writes it",
        file().display()
    );
}

#[test]
fn every_key_of_the_example_is_taken_and_every_default_is_the_true_one() {
    let text = written();
    let (mut shown, mut defaults) = (BTreeMap::new(), BTreeMap::new());
    keys("", &Value::Table(uncommented(&text).parse().unwrap()), &mut shown);
    keys("", &Value::try_from(Settings::default()).unwrap(), &mut defaults);

    for (key, value) in &defaults {
        let is_example = EXAMPLES.iter().any(|(known, _)| known == key);
        assert!(
            is_example || shown.get(key) == Some(value),
            "{key} is {value}, and the file shows {:?}",
            shown.get(key)
        );
    }
    let without_default = shown.keys().filter(|key| !defaults.contains_key(*key));
    for key in without_default.filter(|key| !key.starts_with("access.tokens.")) {
        assert!(EXAMPLES.iter().any(|(known, _)| known == key), "{key} is no key, or has a default");
    }
    Jail::expect_with(|jail| {
        jail.create_file("goat.toml", &text)?;
        let untouched = Settings::load(None).map_err(|error| error.to_string())?;
        assert_eq!(
            untouched.dump().unwrap(),
            Settings::default().dump().unwrap(),
            "as it is, it changes something"
        );

        let needed = [("chat_id", "7"), ("user", "goat"), ("server", "mail.example.org"), ("model", "any")];
        let addressed = [("from", "goat@example.org"), ("to", "owner@example.org")];
        let whole = needed.iter().chain(&addressed).fold(uncommented(&text), |whole, (key, value)| {
            whole.replace(&format!("\n{key} = \"\"\n"), &format!("\n{key} = \"{value}\"\n"))
        });
        jail.create_file("goat.toml", &whole)?;
        let refused = Settings::load(None).map(|_| ()).unwrap_err().to_string();
        assert!(refused.starts_with("access.tokens.owner.secret is too short"), "{refused}");

        let mut pieces = whole.split(SECRET).enumerate();
        let first = pieces.next().map(|(_, text)| text.to_owned()).unwrap_or_default();
        let told = pieces
            .fold(first, |told, (number, piece)| told + &format!("\"a-secret-of-its-own-{number}\"") + piece);
        jail.create_file("goat.toml", &told)?;
        let taken = Settings::load(None).map_err(|error| error.to_string())?;
        assert_eq!(taken.access.tokens.len(), 2);
        assert_eq!(taken.strategies.0.len(), Settings::default().strategies.0.len());
        Ok(())
    });
}
