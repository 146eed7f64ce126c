//! Collects the sources of evidence: every file in `src/evidence/sources` is a module with a `SOURCE`, and nothing
//! else has to name it.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

#[expect(
    clippy::disallowed_methods,
    reason = "a build script is told its folders by the environment"
)]
fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let folder = Path::new(&root).join("src/evidence/sources");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    let mut code = String::new();
    let mut all = String::new();
    for name in &names {
        let path = folder.join(format!("{name}.rs"));
        write!(
            code,
            "#[path = {:?}]\npub mod {name};\n",
            path.display().to_string()
        )
        .map_err(io::Error::other)?;
        write!(all, "&{name}::SOURCE, ").map_err(io::Error::other)?;
    }
    write!(
        code,
        "/// Every source that this program can speak to.\npub static ALL: &[&super::port::Definition] = &[{all}];\n"
    )
    .map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("sources.rs"), code)
}
