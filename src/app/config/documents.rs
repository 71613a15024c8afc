//! Where archives lie and which typeface documents have, from `[documents]` of `server.toml`.
//!
//! ```toml
//! [documents]
//! archives = "/srv/archives"    # packages of closed orders [<data>/archives]
//! font = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"   # a face with Chinese [where fonts-noto-cjk puts it]
//! ```
//!
//! **Not here.** Using it (`io::pdf`, `engine::archiver`).

use std::path::PathBuf;

use crate::app::config::document::Table;
use crate::app::config::notify::section;

/// Where archives lie and which typeface documents have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentsConfig {
    /// Folder of archives; none is `archives` in the data folder.
    pub archives: Option<PathBuf>,
    /// A font file; none is looked for in the usual places.
    pub font: Option<PathBuf>,
}

/// Reads the settings.
pub(super) fn read(root: &Table<'_>) -> DocumentsConfig {
    let Some(table) = section(root, "documents") else {
        return DocumentsConfig::default();
    };
    let path = |name: &'static str| {
        let path = table.optional::<String>(name)?;
        if path.is_empty() {
            table.fault(name, "no path", "write a path, or leave it out");
            return None;
        }
        Some(PathBuf::from(path))
    };
    let config = DocumentsConfig {
        archives: path("archives"),
        font: path("font"),
    };
    table.finish();
    config
}
