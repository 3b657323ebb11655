//! The RPCs that have an HTTP path, read from the descriptors and their `google.api.http` annotations.

use std::collections::BTreeMap;

use axum::http::Method;
use goat::wire::DESCRIPTORS;
use prost_reflect::{DescriptorPool, FieldDescriptor, MethodDescriptor};

mod comment;
mod field_rule;
mod rule;
mod template;

pub(crate) use comment::{Comments, summary};
pub(crate) use field_rule::{FieldRule, example, example_of, is_deprecated, one_is_required};
pub(crate) use template::{Template, dotted, field_path};

/// The schema cannot be served over HTTP.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadSchema {
    /// The descriptors themselves are damaged.
    #[error("the schema cannot be read: {0}")]
    Unreadable(#[from] prost_reflect::DescriptorError),
    /// An annotation says something that is not understood.
    #[error("{rpc}: {problem}")]
    BadRule {
        /// The full name of the RPC.
        rpc: String,
        /// What is wrong with its annotation.
        problem: String,
    },
}

/// What the body of a request fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BodyRule {
    /// Nothing: the body is not read, and every field can stand in the query.
    Nothing,
    /// The whole request: no field can stand in the query.
    Whole,
    /// One field of the request.
    Field(FieldDescriptor),
}

/// One way to reach an RPC over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub(crate) verb: Method,
    pub(crate) template: Template,
    pub(crate) body: BodyRule,
}

/// An RPC with its bindings; the first is the canonical one.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) rpc: MethodDescriptor,
    pub(crate) bindings: Vec<Binding>,
}

/// The annotated RPCs in the order of the schema.
pub(crate) struct Schema {
    pub(crate) pool: DescriptorPool,
    pub(crate) operations: Vec<Operation>,
}

impl Schema {
    /// Reads our own schema.
    ///
    /// # Errors
    ///
    /// When an annotation is not understood, or two of them claim the same path.
    pub(crate) fn load() -> Result<Self, BadSchema> {
        Self::read(DESCRIPTORS)
    }

    /// Reads an encoded `FileDescriptorSet`.
    pub(crate) fn read(descriptors: &[u8]) -> Result<Self, BadSchema> {
        let pool = DescriptorPool::decode(descriptors)?;
        let mut operations = Vec::new();
        for rpc in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
            let bad = |problem| BadSchema::BadRule { rpc: rpc.full_name().to_owned(), problem };
            let bindings = rule::bindings(&pool, &rpc).map_err(bad)?;
            if rpc.is_client_streaming() && !bindings.is_empty() {
                return Err(bad("takes a stream, which HTTP cannot send".to_owned()));
            }
            if !bindings.is_empty() {
                operations.push(Operation { rpc, bindings });
            }
        }
        refuse_conflicts(&operations)?;
        Ok(Self { pool, operations })
    }

    /// Every binding with its operation.
    pub(crate) fn bindings(&self) -> impl Iterator<Item = (&Operation, &Binding)> {
        self.operations
            .iter()
            .flat_map(|operation| operation.bindings.iter().map(move |binding| (operation, binding)))
    }
}

/// A path belongs to one RPC for each verb, and its captures have one name.
fn refuse_conflicts(operations: &[Operation]) -> Result<(), BadSchema> {
    let mut owners: BTreeMap<String, Vec<(&Method, String, &str)>> = BTreeMap::new();
    for operation in operations {
        for binding in &operation.bindings {
            let path = binding.template.to_string();
            let rpc = operation.rpc.full_name();
            let owners = owners.entry(binding.template.shape()).or_default();
            let clash = owners.iter().find(|(verb, other, _)| **verb == binding.verb || *other != path);
            if let Some((verb, other, owner)) = clash {
                let problem = format!("{} {path} clashes with {verb} {other} of {owner}", binding.verb);
                return Err(BadSchema::BadRule { rpc: rpc.to_owned(), problem });
            }
            owners.push((&binding.verb, path, rpc));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::compile;

    fn refusal(rpcs: &str) -> String {
        let source = format!("service S {{ {rpcs} }} message In {{ string name = 1; }} message Out {{}}");
        Schema::read(&compile(&source)).err().unwrap().to_string()
    }

    #[test]
    fn every_annotated_rpc_of_our_schema_is_there_with_its_additional_bindings() {
        let schema = Schema::load().unwrap();

        let paths = |rpc: &str| -> Vec<String> {
            let operation = schema.operations.iter().find(|operation| operation.rpc.name() == rpc).unwrap();
            operation
                .bindings
                .iter()
                .map(|binding| format!("{} {}", binding.verb, binding.template))
                .collect()
        };

        assert_eq!(paths("ListCycles"), ["GET /api/v1/cycles", "GET /cycles", "GET /cycle_tracker"]);
        assert_eq!(
            paths("GetPriceHistory"),
            ["GET /api/v1/price/{token}/history", "GET /price/{token}/history"]
        );
    }

    #[test]
    fn two_rpcs_cannot_claim_one_path() {
        let refusal = refusal(
            r#"rpc A(In) returns (Out) { option (google.api.http) = {get: "/a/{name}"}; }
               rpc B(In) returns (Out) { option (google.api.http) = {get: "/a/{name}"}; }"#,
        );

        assert_eq!(refusal, "test.v1.S.B: GET /a/{name} clashes with GET /a/{name} of test.v1.S.A");
    }

    #[test]
    fn a_capture_of_no_field_is_refused_by_name() {
        let refusal =
            refusal(r#"rpc A(In) returns (Out) { option (google.api.http) = {get: "/a/{nobody}"}; }"#);

        assert_eq!(
            refusal,
            "test.v1.S.A: the path /a/{nobody} captures nobody, which test.v1.In does not have"
        );
    }

    #[test]
    fn a_pattern_in_a_capture_is_refused() {
        let refusal =
            refusal(r#"rpc A(In) returns (Out) { option (google.api.http) = {get: "/a/{name=b/*}"}; }"#);

        assert_eq!(
            refusal,
            r#"test.v1.S.A: the path "/a/{name=b/*}" has the segment "{name=b", which is not understood"#
        );
    }

    #[test]
    fn a_body_of_no_field_is_refused_by_name() {
        let refusal =
            refusal(r#"rpc A(In) returns (Out) { option (google.api.http) = {post: "/a" body: "nobody"}; }"#);

        assert_eq!(refusal, "test.v1.S.A: the body fills nobody, which test.v1.In does not have");
    }
}
