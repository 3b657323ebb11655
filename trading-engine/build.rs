//! Where a dynamic `DuckDB` lies is written into what is linked, so that it starts without being told.

fn main() -> std::io::Result<()> {
    use std::io::Write;

    let mut cargo = std::io::stdout();
    writeln!(cargo, "cargo:rerun-if-env-changed=DUCKDB_LIB_DIR")?;
    if let Some(folder) = std::env::var_os("DUCKDB_LIB_DIR") {
        writeln!(cargo, "cargo:rustc-link-arg=-Wl,-rpath,{}", folder.display())?;
    }
    Ok(())
}
