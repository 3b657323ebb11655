//! The path of a binding: words and captured fields.

use std::fmt;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

/// A part of a path between two slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// Stands for itself.
    Word(String),
    /// Fills a field of the request, through these fields.
    Capture(Vec<FieldDescriptor>),
}

/// A path with captures, such as `/price/{token}/history`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Segment>);

impl Template {
    /// Parses a path of an annotation on an RPC that takes `request`.
    ///
    /// # Errors
    ///
    /// When it is no plain path, or captures what the request does not have.
    pub(super) fn parse(path: &str, request: &MessageDescriptor) -> Result<Self, String> {
        let rest =
            path.strip_prefix('/').ok_or_else(|| format!("the path {path:?} does not begin with a slash"))?;
        let segments: Result<Vec<_>, String> = rest
            .split('/')
            .map(|segment| match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(name) => field_path(request, name).map(Segment::Capture).ok_or_else(|| {
                    format!("the path {path} captures {name}, which {} does not have", request.full_name())
                }),
                None if is_word(segment) => Ok(Segment::Word(segment.to_owned())),
                None => {
                    Err(format!("the path {path:?} has the segment {segment:?}, which is not understood"))
                }
            })
            .collect();
        segments.map(Self)
    }

    /// The captured fields, in order.
    pub(crate) fn captures(&self) -> impl Iterator<Item = &[FieldDescriptor]> {
        self.0.iter().filter_map(|segment| match segment {
            Segment::Word(_) => None,
            Segment::Capture(fields) => Some(fields.as_slice()),
        })
    }

    /// The path without the names of its captures: two bindings of one shape match the same requests.
    pub(super) fn shape(&self) -> String {
        let word = |segment: &Segment| match segment {
            Segment::Word(word) => format!("/{word}"),
            Segment::Capture(_) => "/{}".to_owned(),
        };
        self.0.iter().map(word).collect()
    }
}

impl fmt::Display for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.0 {
            match segment {
                Segment::Word(word) => write!(formatter, "/{word}")?,
                Segment::Capture(fields) => write!(formatter, "/{{{}}}", dotted(fields))?,
            }
        }
        Ok(())
    }
}

/// The name of a nested field, as the schema writes it.
pub(crate) fn dotted(fields: &[FieldDescriptor]) -> String {
    fields.iter().map(FieldDescriptor::name).collect::<Vec<_>>().join(".")
}

fn is_word(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !segment.is_empty() && segment.bytes().all(plain)
}

/// The fields that a dotted name goes through, by their names in the schema or in JSON.
pub(crate) fn field_path(message: &MessageDescriptor, name: &str) -> Option<Vec<FieldDescriptor>> {
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let field = message.get_field_by_name(first).or_else(|| message.get_field_by_json_name(first))?;
    let Some(rest) = rest else {
        return Some(vec![field]);
    };
    match field.kind() {
        Kind::Message(inner) if !field.is_list() && !field.is_map() => {
            let mut fields = vec![field];
            fields.extend(field_path(&inner, rest)?);
            Some(fields)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schema::Schema;

    fn history_request() -> MessageDescriptor {
        Schema::load().unwrap().pool.get_message_by_name("goat.market.v1.GetPriceHistoryRequest").unwrap()
    }

    #[test]
    fn a_capture_may_stand_between_words() {
        let template = Template::parse("/price/{token}/history", &history_request()).unwrap();

        assert_eq!(template.captures().map(dotted).collect::<Vec<_>>(), ["token"]);
        assert_eq!(template.shape(), "/price/{}/history");
    }

    proptest! {
        /// A template is written as it was read.
        #[test]
        fn a_template_displays_as_it_was_parsed(segments in prop::collection::vec("[a-z0-9_.-]{1,8}|\\{token\\}", 1..6)) {
            let path = format!("/{}", segments.join("/"));

            let template = Template::parse(&path, &history_request()).unwrap();

            prop_assert_eq!(template.to_string(), path);
        }

        /// No text makes the parser panic.
        #[test]
        fn any_text_is_a_template_or_refused(path in "\\PC{0,40}") {
            let _ = Template::parse(&path, &history_request());
        }
    }
}
