//! Generates the wire types from the schema, without protoc, and the descriptor set that reflection,
//! REST and OpenAPI are made from.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use tonic_prost_build::{Config, FileDescriptorSet};

/// Every other file of the schema is imported by one of these.
const SERVICES: [&str; 3] = [
    "goat/market/v1/market_data_service.proto",
    "goat/publisher/v1/publisher_service.proto",
    "goat/trading/v1/trading_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=goat");
    println!("cargo:rerun-if-changed=google");

    let mut compiler = protox::Compiler::new(["."])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(SERVICES)?;

    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.binpb"), compiler.encode_file_descriptor_set())?;

    let mut files = compiler.file_descriptor_set();
    // Options name types that need no Rust code: they are read by reflection.
    let options = ["google/api/", "goat/access/", "goat/rules/"];
    files.file.retain(|file| !options.iter().any(|folder| file.name().starts_with(folder)));
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
        .boxed(".goat.trading.v1.StreamTradingResponse.event.position")
        .boxed(".goat.trading.v1.StreamTradingResponse.event.decision")
        .boxed(".goat.market.v1.NewEvent.payload.book")
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
        .extern_path(".goat.publisher.v1", "crate::wire::publisher")
        .extern_path(".goat.trading.v1", "crate::wire::trading")
        .extern_path(".goat.market.v1.SubscribeResponse", "crate::wire::Frame")
        .out_dir(directory)
        .compile_fds_with_config(files, Config::new())?;
    Ok(())
}
