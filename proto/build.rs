//! Generates the wire types from the schema, without protoc, and the descriptor set that reflection,
//! REST and OpenAPI are made from.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use tonic_prost_build::{Config, FileDescriptorSet};

const SCHEMA: [&str; 11] = [
    "goat/market/v1/event.proto",
    "goat/market/v1/market_data_service.proto",
    "goat/market/v1/status.proto",
    "goat/trading/v1/cycle.proto",
    "goat/trading/v1/decision.proto",
    "goat/trading/v1/pattern.proto",
    "goat/trading/v1/play.proto",
    "goat/trading/v1/position.proto",
    "goat/trading/v1/profile.proto",
    "goat/trading/v1/status.proto",
    "goat/trading/v1/trading_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=goat");
    println!("cargo:rerun-if-changed=google");

    let mut compiler = protox::Compiler::new(["."])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(SCHEMA)?;

    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.binpb"), compiler.encode_file_descriptor_set())?;

    let mut files = compiler.file_descriptor_set();
    // Method options name types of google.api that need no Rust code.
    files.file.retain(|file| !file.name().starts_with("google/api/"));
    generate_messages(&files, &out)?;
    generate_services(files, &out)
}

fn generate_messages(files: &FileDescriptorSet, out: &std::path::Path) -> Result<(), Box<dyn Error>> {
    let directory = out.join("messages");
    fs::create_dir_all(&directory)?;
    tonic_prost_build::configure()
        .build_client(false)
        .build_server(false)
        .boxed(".goat.market.v1.MarketEvent.payload.book")
        .out_dir(directory)
        .compile_fds_with_config(files.clone(), Config::new())?;
    Ok(())
}

/// Services speak the same messages, but for the log's own stream: its batches are bytes that were
/// encoded when they were recorded, so there the message is a frame of bytes.
fn generate_services(files: FileDescriptorSet, out: &std::path::Path) -> Result<(), Box<dyn Error>> {
    let directory = out.join("services");
    fs::create_dir_all(&directory)?;
    tonic_prost_build::configure()
        .extern_path(".goat.market.v1", "crate::wire::market")
        .extern_path(".goat.trading.v1", "crate::wire::trading")
        .extern_path(".goat.market.v1.SubscribeResponse", "crate::wire::Frame")
        .out_dir(directory)
        .compile_fds_with_config(files, Config::new())?;
    Ok(())
}
