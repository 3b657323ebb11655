//! Refuses to build a gateway without its dashboard.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=web/dist");
    if !Path::new("web/dist/index.html").is_file() {
        println!("cargo::error=the dashboard is not built: run `make web`");
    }
}
