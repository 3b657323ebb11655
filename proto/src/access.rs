//! Who may call what.
//!
//! An RPC declares its scope in the schema; [`Methods`] reads it there. The [`Guard`] knows the tokens.

mod failures;
mod guard;

use std::collections::HashMap;

use prost_reflect::{DescriptorError, DescriptorPool, MethodDescriptor, Value};

pub use crate::settings::Scope;
use crate::wire::DESCRIPTORS;
pub(crate) use guard::{AUDIT, FAILURES};
pub use guard::{Caller, Guard, audit};

const OPTION: &str = "goat.access.v1.scope";
const READ: &str = "SCOPE_READ";
/// What HTTP tells who shows no token, in `WWW-Authenticate`.
pub const CHALLENGE: &str = "Bearer realm=\"follow-the-goat\"";

/// What is known of an RPC before it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// What a token must be allowed.
    pub scope: Scope,
    /// Whether it answers with many messages.
    pub streams: bool,
}

impl Method {
    /// What a path means that the schema does not know, such as reflection.
    pub const UNKNOWN: Self = Self { scope: Scope::Read, streams: false };
}

/// Every RPC of the schema by its path `/package.Service/Method`.
#[derive(Debug, Clone)]
pub struct Methods(HashMap<String, Method>);

impl Methods {
    /// Reads our own schema.
    ///
    /// # Errors
    ///
    /// When the descriptors are damaged.
    pub fn of_schema() -> Result<Self, DescriptorError> {
        let pool = DescriptorPool::decode(DESCRIPTORS)?;
        let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
        let named = methods.map(|rpc| {
            let path = format!("/{}/{}", rpc.parent_service().full_name(), rpc.name());
            (path, Method { scope: scope(&rpc), streams: rpc.is_server_streaming() })
        });
        Ok(Self(named.collect()))
    }

    /// All of them, with their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Method)> {
        self.0.iter().map(|(path, method)| (path.as_str(), *method))
    }

    /// The RPC at a path.
    #[must_use]
    pub fn at(&self, path: &str) -> Method {
        self.0.get(path).copied().unwrap_or(Method::UNKNOWN)
    }
}

impl From<HashMap<String, Method>> for Methods {
    fn from(methods: HashMap<String, Method>) -> Self {
        Self(methods)
    }
}

/// The scope that an RPC needs.
#[must_use]
pub fn scope(rpc: &MethodDescriptor) -> Scope {
    declared_scope(rpc).unwrap_or_default()
}

/// The scope that an RPC declares. Whatever is declared and is not `SCOPE_READ` needs everything.
#[must_use]
pub fn declared_scope(rpc: &MethodDescriptor) -> Option<Scope> {
    let option = rpc.parent_pool().get_extension_by_name(OPTION)?;
    let options = rpc.options();
    if !options.has_extension(&option) {
        return None;
    }
    let declared = match (options.get_extension(&option).as_ref(), option.kind()) {
        (Value::EnumNumber(number), prost_reflect::Kind::Enum(scopes)) => scopes.get_value(*number),
        _ => None,
    };
    let reads = declared.is_some_and(|value| value.name() == READ);
    Some(if reads { Scope::Read } else { Scope::Admin })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verb of an RPC's canonical path, read from its annotation without the gateway's code.
    fn verb(rpc: &MethodDescriptor) -> Option<&'static str> {
        let http = rpc.parent_pool().get_extension_by_name("google.api.http")?;
        let rule = rpc.options().get_extension(&http).into_owned();
        let rule = rule.as_message().cloned()?;
        ["get", "put", "post", "delete", "patch"].into_iter().find(|verb| rule.has_field_by_name(verb))
    }

    #[test]
    fn every_rpc_that_is_no_get_declares_its_scope() {
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
        let rpcs: Vec<_> =
            pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
        assert!(rpcs.len() > 15);

        let silent: Vec<_> = rpcs
            .iter()
            .filter(|rpc| verb(rpc) != Some("get") && declared_scope(rpc).is_none())
            .map(|rpc| rpc.full_name().to_owned())
            .collect();

        assert!(silent.is_empty(), "these change something or nothing: they have to say which: {silent:?}");
    }

    #[test]
    fn a_get_never_needs_admin() {
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
        for rpc in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
            if verb(&rpc) == Some("get") {
                assert_eq!(scope(&rpc), Scope::Read, "{}", rpc.full_name());
            }
        }
    }

    #[test]
    fn an_rpc_is_known_by_its_path() {
        let methods = Methods::of_schema().unwrap();

        let prices = methods.at("/goat.market.v1.MarketDataService/StreamPrices");
        let query = methods.at("/goat.market.v1.MarketDataService/Query");

        assert_eq!(prices, Method { scope: Scope::Read, streams: true });
        assert_eq!(query, Method { scope: Scope::Read, streams: false });
        assert_eq!(methods.at("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"), Method::UNKNOWN);
    }

    #[test]
    fn what_is_declared_is_found() {
        let source = r#"syntax = "proto3"; package test.v1; import "goat/access/v1/scope.proto";
            message M {}
            service S {
                rpc Silent(M) returns (M);
                rpc Reads(M) returns (M) { option (goat.access.v1.scope) = SCOPE_READ; }
                rpc Changes(M) returns (M) { option (goat.access.v1.scope) = SCOPE_ADMIN; }
                rpc Says(M) returns (M) { option (goat.access.v1.scope) = SCOPE_UNSPECIFIED; }
            }"#;
        let pool = compile(source);
        let service = pool.get_service_by_name("test.v1.S").unwrap();

        let declared: Vec<_> = service.methods().map(|rpc| declared_scope(&rpc)).collect();

        assert_eq!(declared, [None, Some(Scope::Read), Some(Scope::Admin), Some(Scope::Admin)]);
    }

    fn compile(source: &str) -> DescriptorPool {
        use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver};
        struct Only(String);
        impl FileResolver for Only {
            fn open_file(&self, name: &str) -> Result<File, protox::Error> {
                if name == "test.proto" {
                    File::from_source(name, &self.0)
                } else {
                    Err(protox::Error::file_not_found(name))
                }
            }
        }
        let mut resolver = ChainFileResolver::new();
        resolver.add(Only(source.to_owned()));
        resolver.add(IncludeFileResolver::new(".".into()));
        resolver.add(GoogleFileResolver::new());
        let mut compiler = protox::Compiler::with_file_resolver(resolver);
        compiler.include_imports(true).open_file("test.proto").unwrap();
        DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice()).unwrap()
    }
}
