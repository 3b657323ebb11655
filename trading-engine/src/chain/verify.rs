//! `trading-engine verify-stats`: whether a bundle is what was signed, and its figures follow from its links.
//!
//! Nothing is needed but the bundle. Every line has one way to be written, every link has the hash over itself and the
//! one before, every figure is computed again, and the signature covers every byte. The first that does not fit is
//! named.

use std::path::PathBuf;
use std::process::ExitCode;

use ed25519_dalek::{Signature, VerifyingKey};
use goat::values::{Seq, UnixMicros};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::bundle::{Bundle, BundleError, FORMAT, HeaderLine, LinkLine, SignatureLine, day_name, day_of};
use super::{Entry, Link, Published};

/// Which bundle.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file
    bundle: PathBuf,
    /// The public key that it must be signed with, in hexadecimal; its own when absent
    #[arg(long)]
    public_key: Option<String>,
}

/// A bundle that is what was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// As in 2026-01-31.
    pub day: String,
    /// How many.
    pub links: usize,
    /// How many subjects have figures.
    pub subjects: usize,
    /// The last link's hash.
    pub head: String,
    /// Who signed, in hexadecimal.
    pub public_key: String,
}

/// The first thing that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{record}: {problem}")]
pub struct Changed {
    /// What was changed.
    pub record: String,
    /// How it shows.
    pub problem: String,
}

fn changed(record: impl Into<String>, problem: impl Into<String>) -> Changed {
    Changed { record: record.into(), problem: problem.into() }
}

/// Verifies, says what came of it, and returns the exit code: 65 when something does not fit, 74 when the file cannot
/// be read.
#[must_use]
#[allow(clippy::print_stdout, reason = "what the command is for")]
pub fn run(arguments: &Arguments) -> ExitCode {
    let bytes = match std::fs::read(&arguments.bundle) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("{}: {error}", arguments.bundle.display());
            return ExitCode::from(74);
        }
    };
    match verify(&bytes, arguments.public_key.as_deref()) {
        Ok(Verified { day, links, subjects, head, public_key }) => {
            println!(
                "{day}: {links} records, the figures of {subjects} subjects computed again, all as signed by {public_key}; \
                 head {head}"
            );
            ExitCode::SUCCESS
        }
        Err(changed) => {
            eprintln!("{}: {changed}", arguments.bundle.display());
            ExitCode::from(65)
        }
    }
}

/// Checks every byte of a bundle.
///
/// # Errors
///
/// When something was changed; names the first.
pub fn verify(bytes: &[u8], wanted_key: Option<&str>) -> Result<Verified, Changed> {
    let body = bytes.strip_suffix(b"\n").ok_or_else(|| changed("the end", "the last line is not whole"))?;
    let rows: Vec<&[u8]> = body.split(|byte| *byte == b'\n').collect();
    let (signature, rest) = rows.split_last().ok_or_else(|| changed("the bundle", "it is empty"))?;
    let (header, rest) = rest.split_first().ok_or_else(|| changed("the header", "it is not there"))?;
    let header: HeaderLine = canonical("the header", header)?;
    if header.bundle != FORMAT {
        return Err(changed("the header", format!("the format is {}, not {FORMAT}", header.bundle)));
    }
    let (records, figures) = rest.split_at(rest.iter().take_while(|record| is_link(record)).count());
    let (links, titles) = links_of(&header, records)?;
    let day = links.first().map_or(0, |link| day_of(link.time));
    if links.iter().any(|link| day_of(link.time) != day) || day_name(day) != header.day {
        return Err(changed("the header", format!("the records are not those of {}", header.day)));
    }
    let bundle = Bundle { day, previous: header.previous, links };
    let subjects = compare_figures(&bundle, figures, &titles)?;
    let signature: SignatureLine = canonical("the signature", signature)?;
    let head = bundle.links.last().map_or_else(|| bundle.previous.clone(), |link| link.hash.clone());
    if signature.head != head {
        return Err(changed("the signature", format!("it is for the head {}, not {head}", signature.head)));
    }
    let signed = bytes.len() - rows.last().map_or(0, |line| line.len()) - 1;
    check_signature(bytes.get(..signed).unwrap_or_default(), &signature, wanted_key)?;
    Ok(Verified {
        day: header.day,
        links: bundle.links.len(),
        subjects,
        head,
        public_key: signature.public_key,
    })
}

/// One altered byte cannot hide both signs of a link.
fn is_link(line: &[u8]) -> bool {
    line.starts_with(b"{\"link\":") || line.windows(8).any(|part| part == b"\"hash\":\"")
}

/// A line that is written as it would be written again.
fn canonical<T: Serialize + DeserializeOwned>(name: &str, line: &[u8]) -> Result<T, Changed> {
    let text = std::str::from_utf8(line).map_err(|error| changed(name, error.to_string()))?;
    let read: T = serde_json::from_str(text).map_err(|error| changed(name, error.to_string()))?;
    let again = serde_json::to_string(&read).map_err(|error| changed(name, error.to_string()))?;
    if again == text { Ok(read) } else { Err(changed(name, "it is not written as it was")) }
}

/// The links, each with the hash that it must have, and what each is about.
fn links_of(header: &HeaderLine, records: &[&[u8]]) -> Result<(Vec<Link>, Vec<String>), Changed> {
    let (mut links, mut titles, mut previous) = (Vec::new(), Vec::new(), header.previous.clone());
    for (number, record) in (header.first..).zip(records) {
        let name = format!("record {number}");
        let read: LinkLine = canonical(&name, record)?;
        let title = serde_json::from_str::<Entry>(read.entry.get()).map(|entry| entry.title());
        let name = title.as_ref().map_or_else(|_| name.clone(), |title| format!("{name} ({title})"));
        let time = UnixMicros::new(read.micros).map_err(|error| changed(name.as_str(), error.to_string()))?;
        let seq = Seq::new(read.seq);
        let link = Link {
            number: read.link,
            seq,
            time,
            entry: read.entry,
            previous: std::mem::take(&mut previous),
            hash: read.hash,
        };
        let expected = link.expected_hash();
        if link.hash != expected {
            return Err(changed(name, format!("its hash is {expected}, not {}", link.hash)));
        }
        if link.number != number {
            // It is whole, so what says where the numbers begin was changed; or a record before it is missing.
            let culprit = if number == header.first { "the header".to_owned() } else { name };
            return Err(changed(culprit, format!("the number is {}, {number} comes next", link.number)));
        }
        titles.push(title.map_err(|error| changed(name, error.to_string()))?);
        previous.clone_from(&link.hash);
        links.push(link);
    }
    if links.is_empty() {
        return Err(changed("record 1", "there is no record"));
    }
    Ok((links, titles))
}

fn compare_figures(bundle: &Bundle, lines: &[&[u8]], titles: &[String]) -> Result<usize, Changed> {
    let expected = bundle.figures().map_err(|error| match error {
        BundleError::Entry(number, error) => changed(format!("record {number}"), error.to_string()),
        other => changed("the figures", other.to_string()),
    })?;
    for (place, expected) in expected.iter().enumerate() {
        let name = format!("the figures of {}", expected.subject);
        let line = lines.get(place).ok_or_else(|| changed(name.as_str(), "they are not there"))?;
        let told: Published = canonical(&name, line)?;
        if let Some(problem) = difference(&told, expected) {
            return Err(changed(name, problem));
        }
    }
    if lines.len() > expected.len() {
        let (more, after) = (lines.len() - expected.len(), titles.len());
        return Err(changed("the figures", format!("{more} more than follow from the {after} records")));
    }
    Ok(expected.len())
}

/// The first figure that is told otherwise than it is computed.
fn difference(told: &Published, computed: &Published) -> Option<String> {
    if (&told.subject, told.from_link) != (&computed.subject, computed.from_link) {
        return Some(format!("they are said to be of {} from record {}", told.subject, told.from_link));
    }
    let names = computed.figures.as_object()?;
    let of = |published: &Published, name: &str| published.figures.get(name).cloned().unwrap_or_default();
    let wrong = names.keys().find(|name| of(told, name) != of(computed, name));
    if let Some(name) = wrong {
        return Some(format!("{name} is told as {}, computed as {}", of(told, name), of(computed, name)));
    }
    (told != computed).then(|| "there are others than can be computed".to_owned())
}

fn check_signature(signed: &[u8], line: &SignatureLine, wanted: Option<&str>) -> Result<(), Changed> {
    let wrong = |problem: &str| changed("the signature", problem);
    if wanted.is_some_and(|wanted| !wanted.eq_ignore_ascii_case(&line.public_key)) {
        return Err(wrong("it is of another key than the one that was asked for"));
    }
    let key = bytes_of::<32>(&line.public_key).ok_or_else(|| wrong("the public key is no key"))?;
    let key = VerifyingKey::from_bytes(&key).map_err(|_| wrong("the public key is no key"))?;
    let signature = bytes_of::<64>(&line.signature).ok_or_else(|| wrong("it is no signature"))?;
    key.verify_strict(signed, &Signature::from_bytes(&signature))
        .map_err(|_| wrong("it does not fit the bytes before it"))
}

/// Lower case only: one way to write it.
fn bytes_of<const LENGTH: usize>(hexadecimal: &str) -> Option<[u8; LENGTH]> {
    let digits = hexadecimal.as_bytes();
    if digits.len() != 2 * LENGTH || digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(pair).collect();
    bytes?.try_into().ok()
}
