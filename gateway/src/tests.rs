//! The whole gateway over real HTTP, before engines of a few lines.

use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver};

mod engine;
mod mcp;
mod origin;
mod serving;

/// Compiles the body of a file of the package `test.v1`, which knows `google.api.http`.
pub(crate) fn compile(source: &str) -> Vec<u8> {
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

    let header = "syntax = \"proto3\"; package test.v1; import \"google/api/annotations.proto\";";
    let mut resolver = ChainFileResolver::new();
    resolver.add(Only(format!("{header}\n{source}")));
    resolver.add(IncludeFileResolver::new("../proto".into()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true).open_file("test.proto").unwrap();
    compiler.encode_file_descriptor_set()
}
