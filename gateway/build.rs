//! Refuses to build a gateway without its dashboard.

use std::path::Path;

fn main() {
    for built_in in ["web/dist", "guide", "pictures"] {
        println!("cargo::rerun-if-changed={built_in}");
    }
    if !Path::new("web/dist/index.html").is_file() {
        println!("cargo::error=the dashboard is not built: run `make web`");
    }
}
