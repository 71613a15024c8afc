//! The typeface of documents: read from a file once, shared by every document.
//!
//! **Invariants.** A character the face does not have is drawn as the replacement sign, never dropped. Widths are those
//! that are drawn.
//! **Not here.** Subsetting and embedding, which the PDF library does from the glyphs that were drawn.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use skrifa::FontRef;
use skrifa::MetadataProvider as _;
use skrifa::instance::LocationRef;
use skrifa::instance::Size;
use skrifa::string::StringId;

/// Where Debian's `fonts-noto-cjk` and its likes put a face with Chinese, in the order they are looked for.
pub const USUAL_PLACES: &[&str] = &[
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
];
/// What is drawn for a character without a glyph.
const REPLACEMENT: char = '□';
/// Largest font file, bytes.
const FILE_BYTES_MAX: u64 = 200 << 20;
/// Most faces of a collection that are looked through.
const FACES_MAX: u32 = 64;

/// Why there is no typeface.
#[derive(Debug, thiserror::Error)]
pub enum FontError {
    /// None of the usual places has one.
    #[error(
        "no typeface with Chinese: install fonts-noto-cjk, or name a font file in the setting documents.font; looked at {}",
        USUAL_PLACES.join(", ")
    )]
    Missing,
    /// The file could not be read.
    #[error("{}: {error} (setting documents.font)", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is no font, or has no Chinese.
    #[error("{}: {reason} (setting documents.font)", path.display())]
    Unfit {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
}

/// A typeface, cheap to clone.
#[derive(Clone)]
pub struct Face {
    inner: Arc<Inner>,
}

struct Inner {
    data: Arc<Vec<u8>>,
    index: u32,
    font: krilla::text::Font,
    /// Glyph and advance (in ems) by character, as far as they were asked for.
    known: Mutex<BTreeMap<char, (u32, f32)>>,
}

impl std::fmt::Debug for Face {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Face({} bytes)", self.inner.data.len())
    }
}

impl Face {
    /// Reads the face named, or the first of the usual places.
    ///
    /// # Errors
    /// [`FontError`], which says what to install or to set.
    pub fn find(named: Option<&Path>) -> Result<Self, FontError> {
        if let Some(path) = named {
            return Self::read(path);
        }
        let usual = USUAL_PLACES.iter().map(Path::new).find(|path| path.is_file());
        Self::read(usual.ok_or(FontError::Missing)?)
    }

    /// Reads a font file; of a collection, the face for simplified Chinese.
    ///
    /// # Errors
    /// [`FontError`].
    pub fn read(path: &Path) -> Result<Self, FontError> {
        let fail = |error| FontError::Read {
            path: path.to_owned(),
            error,
        };
        let unfit = |reason| FontError::Unfit {
            path: path.to_owned(),
            reason,
        };
        if FILE_BYTES_MAX < std::fs::metadata(path).map_err(fail)?.len() {
            return Err(unfit("is larger than a font"));
        }
        let data = Arc::new(std::fs::read(path).map_err(fail)?);
        let index = chinese_face(&data).ok_or_else(|| unfit("has no face with Chinese"))?;
        let shared: Arc<dyn AsRef<[u8]> + Send + Sync> = data.clone();
        let font = krilla::text::Font::new(shared.into(), index);
        let font = font.ok_or_else(|| unfit("is no font that can be embedded"))?;
        Ok(Self {
            inner: Arc::new(Inner {
                data,
                index,
                font,
                known: Mutex::default(),
            }),
        })
    }

    /// The width of a text, in ems.
    pub fn width(&self, text: &str) -> f32 {
        self.glyphs(text).iter().map(|(_, _, advance)| advance).sum()
    }

    /// The glyphs of a text: each with its place in the text and its advance in ems.
    pub(super) fn glyphs(&self, text: &str) -> Vec<(u32, std::ops::Range<usize>, f32)> {
        let mut known = self.inner.known.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown = text.chars().any(|it| !known.contains_key(&it));
        if unknown {
            self.learn(&mut known, text);
        }
        let glyph = |(at, it): (usize, char)| {
            let (glyph, advance) = known.get(&it).copied().unwrap_or((0, 1.0));
            (glyph, at..at + it.len_utf8(), advance)
        };
        text.char_indices().map(glyph).collect()
    }

    /// The font for the PDF library.
    pub(super) fn font(&self) -> krilla::text::Font {
        self.inner.font.clone()
    }

    fn learn(&self, known: &mut BTreeMap<char, (u32, f32)>, text: &str) {
        let Ok(font) = FontRef::from_index(&self.inner.data, self.inner.index) else {
            return;
        };
        let map = font.charmap();
        let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
        for it in text.chars() {
            let glyph = map.map(it).or_else(|| map.map(REPLACEMENT)).unwrap_or_default();
            let advance = metrics.advance_width(glyph).unwrap_or(1.0);
            known.insert(it, (glyph.to_u32(), advance));
        }
    }
}

/// Which face of a file has Chinese: in a collection the one for simplified Chinese, else the first that has any.
fn chinese_face(data: &[u8]) -> Option<u32> {
    let mut first = None;
    for index in 0..FACES_MAX {
        let Ok(font) = FontRef::from_index(data, index) else {
            break;
        };
        if font.charmap().map('热').is_none() {
            continue;
        }
        first = first.or(Some(index));
        let names = font.localized_strings(StringId::FAMILY_NAME);
        if names.into_iter().any(|name| name.to_string().ends_with(" SC")) {
            return Some(index);
        }
    }
    first
}
