//! Writing the page of a run into its folder.

use super::{Chart, Page, PlotError, html, png, svg};
use crate::store::{RunFolder, StoreError};

/// A page that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The run folder cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A picture cannot be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
}

/// In which forms the pictures of a page are written beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pictures {
    /// `plots/*.svg`.
    Scalable,
    /// `plots/*.svg` and `plots/*.png`.
    WithPng,
}

/// Writes `report.html` and `plots/*` into the folder, each file whole or not at all.
///
/// # Errors
/// When a picture cannot be drawn or a file cannot be written; those before it are there.
pub fn write_report(
    folder: &RunFolder,
    page: &Page,
    pictures: Pictures,
) -> Result<(), ReportError> {
    let sections = page.story.sections.iter();
    for chart in sections.flat_map(|section| &section.charts).filter(|chart| chart.has_points()) {
        folder.write(&picture(chart, "svg"), svg(chart)?)?;
        if pictures == Pictures::WithPng {
            folder.write(&picture(chart, "png"), png(chart)?)?;
        }
    }
    Ok(folder.write("report.html", html(page))?)
}

fn picture(chart: &Chart, ending: &str) -> String {
    format!("plots/{}.{ending}", chart.name)
}
