//! Documents for people: Chinese text and tables on A4 pages, as PDF.
//!
//! ```text
//!  Document (header, watermark, blocks) ──► lines and rows ──► pages with numbers ──► PDF, the typeface's subset embedded
//! ```
//!
//! **Invariants.** Every page has the header, its number of how many, and the watermark. The text can be searched and
//! copied: each glyph is mapped to the character it stands for. The same document gives the same bytes.
//! **Not here.** What a document says (`io::archive`, `report`). No scripts that are shaped or run from right to left.

mod font;
mod layout;
pub mod words;

pub use font::Face;
pub use font::FontError;
pub use font::USUAL_PLACES;
pub use layout::lines;

use krilla::color::rgb;
use krilla::geom::PathBuilder;
use krilla::geom::Point;
use krilla::geom::Rect;
use krilla::geom::Transform;
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::text::GlyphId;
use krilla::text::KrillaGlyph;

/// A4, points.
const PAGE: (f32, f32) = (595.28, 841.89);
/// Left and right margin, points.
const MARGIN: f32 = 48.0;
/// Where the content begins and ends, points from above.
const TOP: f32 = 72.0;
const BOTTOM: f32 = 790.0;
/// Room between a cell's border and its words, points.
const PADDING: f32 = 4.0;
/// Sizes of text, points.
const BODY: f32 = 9.5;
const SMALL: f32 = 8.0;
const TITLE: f32 = 16.0;
const HEADING: f32 = 12.0;
/// A line's height against its size.
const LEADING: f32 = 1.45;
/// Greys: words of a watermark, borders, heads of tables.
const FAINT: u8 = 150;
const BORDER: u8 = 170;
const SHADE: u8 = 235;
/// Most pages of one document; an order with all its facts has some dozens.
pub const PAGES_MAX: usize = 5_000;

/// Why a document was not made.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The library refused.
    #[error("the PDF could not be written: {0}")]
    Write(String),
    /// Too long.
    #[error("the document has more than {PAGES_MAX} pages")]
    TooLong,
}

/// A part of a document, one below the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// The document's title.
    Title(String),
    /// A heading.
    Heading(String),
    /// Words.
    Text(String),
    /// Rows of cells; a first row of heads is drawn again on every page it goes on to.
    Table {
        /// Widths of the columns, as shares.
        columns: Vec<u16>,
        /// Heads; empty for none.
        heads: Vec<String>,
        /// Cells by row.
        rows: Vec<Vec<String>>,
    },
}

/// A document before it is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// In the file's metadata.
    pub title: String,
    /// At the top of every page, on the left: the order's number.
    pub header: String,
    /// Across every page and at its foot: who made it and when.
    pub watermark: String,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// Something drawn on a page.
enum Mark {
    Words {
        x: f32,
        y: f32,
        size: f32,
        text: String,
    },
    Frame {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        shaded: bool,
    },
}

impl Document {
    /// Draws it.
    ///
    /// # Errors
    /// [`PdfError`].
    pub fn draw(&self, face: &Face) -> Result<Vec<u8>, PdfError> {
        let mut setter = Setter {
            face,
            pages: vec![Vec::new()],
            y: TOP,
        };
        for block in &self.blocks {
            setter.block(block);
            if PAGES_MAX < setter.pages.len() {
                return Err(PdfError::TooLong);
            }
        }
        let mut pdf = krilla::Document::new();
        let about = Metadata::new()
            .title(self.title.clone())
            .language("zh-CN".to_owned());
        pdf.set_metadata(about.producer("Rexian".to_owned()));
        let count = setter.pages.len();
        for (at, marks) in setter.pages.iter().enumerate() {
            let size = PageSettings::from_wh(PAGE.0, PAGE.1);
            let size = size.ok_or_else(|| PdfError::Write("the page has no size".to_owned()))?;
            let mut page = pdf.start_page_with(size);
            let mut surface = page.surface();
            self.furniture(&mut surface, face, at + 1, count);
            for mark in marks {
                draw(&mut surface, face, mark);
            }
            surface.finish();
            page.finish();
        }
        pdf.finish()
            .map_err(|error| PdfError::Write(format!("{error:?}")))
    }

    /// What every page has.
    fn furniture(&self, surface: &mut Surface<'_>, face: &Face, page: usize, of: usize) {
        let right = |text: &str, size: f32| PAGE.0 - MARGIN - face.width(text) * size;
        let number = format!("第 {page} 页 / 共 {of} 页");
        surface.set_fill(Some(grey(0, 0.11)));
        for (x, y) in [(90.0, 330.0), (90.0, 660.0)] {
            surface.push_transform(&Transform::from_rotate_at(-28.0, x, y));
            // Drawn as shapes: what is copied out of the page is its words, not the watermark across them.
            glyphs(surface, face, (x, y), 22.0, &self.watermark, true);
            surface.pop();
        }
        surface.set_fill(Some(grey(0, 1.0)));
        words(surface, face, (MARGIN, 44.0), BODY, &self.header);
        words(surface, face, (right(&number, BODY), 44.0), BODY, &number);
        surface.set_fill(Some(grey(FAINT, 1.0)));
        words(surface, face, (MARGIN, 815.0), SMALL, &self.watermark);
        frame(surface, (MARGIN, 52.0, PAGE.0 - 2.0 * MARGIN, 0.6), BORDER);
    }
}

fn grey(shade: u8, opacity: f32) -> Fill {
    Fill {
        paint: rgb::Color::new(shade, shade, shade).into(),
        opacity: NormalizedF32::new(opacity).unwrap_or(NormalizedF32::ONE),
        ..Fill::default()
    }
}

fn draw(surface: &mut Surface<'_>, face: &Face, mark: &Mark) {
    match mark {
        Mark::Words { x, y, size, text } => {
            surface.set_fill(Some(grey(0, 1.0)));
            words(surface, face, (*x, *y), *size, text);
        }
        Mark::Frame {
            x,
            y,
            width,
            height,
            shaded,
        } => {
            if *shaded {
                frame(surface, (*x, *y, *width, *height), SHADE);
            }
            let line = 0.5;
            frame(surface, (*x, *y, *width, line), BORDER);
            frame(surface, (*x, y + height, *width, line), BORDER);
            frame(surface, (*x, *y, line, *height), BORDER);
            frame(surface, (x + width, *y, line, *height), BORDER);
        }
    }
}

/// A filled rectangle.
fn frame(surface: &mut Surface<'_>, (x, y, width, height): (f32, f32, f32, f32), shade: u8) {
    let mut path = PathBuilder::new();
    if let Some(rect) = Rect::from_xywh(x, y, width, height) {
        path.push_rect(rect);
    }
    surface.set_fill(Some(grey(shade, 1.0)));
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}

fn words(surface: &mut Surface<'_>, face: &Face, at: (f32, f32), size: f32, text: &str) {
    glyphs(surface, face, at, size, text, false);
}

fn glyphs(surface: &mut Surface<'_>, face: &Face, at: (f32, f32), size: f32, text: &str, as_shapes: bool) {
    if text.is_empty() {
        return;
    }
    let glyphs: Vec<KrillaGlyph> = face
        .glyphs(text)
        .into_iter()
        .map(|(glyph, range, advance)| {
            KrillaGlyph::new(GlyphId::new(glyph), advance, 0.0, 0.0, 0.0, range, None)
        })
        .collect();
    let at = Point::from_xy(at.0, at.1);
    surface.draw_glyphs(at, &glyphs, face.font(), text, size, as_shapes);
}

/// Sets blocks on pages.
struct Setter<'a> {
    face: &'a Face,
    pages: Vec<Vec<Mark>>,
    /// Where the next thing goes, points from above.
    y: f32,
}

impl Setter<'_> {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Title(text) => self.text(text, TITLE, 10.0),
            Block::Heading(text) => {
                // A heading does not stand alone at the end of a page.
                self.room(HEADING * LEADING + 60.0);
                self.y += 8.0;
                self.text(text, HEADING, 4.0);
            }
            Block::Text(text) => self.text(text, BODY, 4.0),
            Block::Table { columns, heads, rows } => {
                let columns = layout::columns(columns, PAGE.0 - 2.0 * MARGIN);
                self.table(&columns, heads, rows);
                self.y += 6.0;
            }
        }
    }

    fn text(&mut self, text: &str, size: f32, after: f32) {
        for line in layout::lines(self.face, text, (PAGE.0 - 2.0 * MARGIN) / size) {
            self.room(size * LEADING);
            self.y += size * LEADING;
            let y = self.y - size * (LEADING - 1.0);
            self.mark(Mark::Words {
                x: MARGIN,
                y,
                size,
                text: line,
            });
        }
        self.y += after;
    }

    fn table(&mut self, columns: &[f32], heads: &[String], rows: &[Vec<String>]) {
        if !heads.is_empty() {
            self.room(4.0 * BODY * LEADING);
            self.head(columns, heads);
        }
        for row in rows {
            let mut cells = self.cells(columns, row);
            let mut fresh = self.y <= TOP;
            loop {
                let rest = fits(BOTTOM - self.y);
                let longest = cells.iter().map(Vec::len).max().unwrap_or(0);
                if longest <= rest {
                    self.row(columns, &cells, false);
                    break;
                }
                // A row that fits on a page of its own begins there; a longer one is cut, never into less than a line.
                if fresh || (2 <= rest && fits(BOTTOM - TOP) < longest) {
                    let cut = |lines: &mut Vec<String>| lines.drain(..rest.max(1).min(lines.len())).collect();
                    let cut: Vec<Vec<String>> = cells.iter_mut().map(cut).collect();
                    self.row(columns, &cut, false);
                }
                self.page();
                fresh = true;
                if !heads.is_empty() {
                    self.head(columns, heads);
                }
            }
        }
    }

    fn head(&mut self, columns: &[f32], heads: &[String]) {
        let cells = self.cells(columns, heads);
        self.row(columns, &cells, true);
    }

    fn cells(&self, columns: &[f32], row: &[String]) -> Vec<Vec<String>> {
        let of = |(width, text): (&f32, &String)| {
            let ems = ((width - 2.0 * PADDING) / BODY).max(1.0);
            layout::lines(self.face, text, ems)
        };
        columns.iter().zip(row).map(of).collect()
    }

    fn row(&mut self, columns: &[f32], cells: &[Vec<String>], shaded: bool) {
        let longest = cells.iter().map(Vec::len).max().unwrap_or(0);
        let height = (0..longest).map(|_| BODY * LEADING).sum::<f32>() + 2.0 * PADDING;
        let (mut x, top) = (MARGIN, self.y);
        for (at, width) in columns.iter().enumerate() {
            self.mark(Mark::Frame {
                x,
                y: top,
                width: *width,
                height,
                shaded,
            });
            let mut y = top + PADDING;
            for line in cells.get(at).into_iter().flatten() {
                y += BODY * LEADING;
                self.mark(Mark::Words {
                    x: x + PADDING,
                    y: y - BODY * (LEADING - 1.0),
                    size: BODY,
                    text: line.clone(),
                });
            }
            x += width;
        }
        self.y = top + height;
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    fn room(&mut self, height: f32) {
        if BOTTOM < self.y + height && TOP < self.y {
            self.page();
        }
    }

    fn page(&mut self) {
        self.pages.push(Vec::new());
        self.y = TOP;
    }
}

/// How many lines of a row fit in a height.
fn fits(height: f32) -> usize {
    let mut lines = 0;
    let mut used = 2.0 * PADDING + BODY * LEADING;
    while used <= height {
        lines += 1;
        used += BODY * LEADING;
    }
    lines
}
