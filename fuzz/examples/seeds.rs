//! Writes good values of every type below a folder, as `corpus/` has them: `cargo run --example seeds FOLDER`.

fn main() -> std::io::Result<()> {
    let folder = std::path::PathBuf::from(std::env::args().nth(1).expect("a folder"));
    for (target, name, bytes) in pg_retention_fuzz::seeds::all() {
        std::fs::create_dir_all(folder.join(target))?;
        std::fs::write(folder.join(target).join(name), bytes)?;
    }
    Ok(())
}
