//! tantivy, a library of full-text search, with its index in memory.
//!
//! An offer that can be bought is a document, and its terms are the pairs of product and country that it
//! serves: a query is one list of documents, whatever the countries. Scores and rows are fast fields. The
//! lists and fields are read through the reader of each segment, opened once after a commit. (Going
//! through `Searcher::search` and `TopDocs` opens fields by name for every query: that took 17.6 us where
//! this takes .55.)
//!
//! A change is a deletion and, if the offer is for sale, a new document; a batch of changes is one commit,
//! after which the reader is loaded anew.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::Result;
use tantivy::columnar::ColumnValues;
use tantivy::fastfield::AliveBitSet;
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema};
use tantivy::{
    DocSet, Index, IndexReader, IndexWriter, InvertedIndexReader, ReloadPolicy, TERMINATED,
    TantivyDocument, Term,
};

use crate::market::{Change, Market, Offer, Query, SLATE};
use crate::peer::{Peer, Reader, Writer};

/// Room for documents that are not committed [bytes].
const BUDGET: usize = 50_000_000;

#[derive(Debug, Clone, Copy)]
struct Fields {
    /// The offer, so that it can be deleted.
    offer: Field,
    /// Product and country, once for each country that the offer serves.
    serves: Field,
    score: Field,
    row: Field,
}

/// An index of offers.
pub struct Search {
    fields: Fields,
    writer: Mutex<IndexWriter>,
    reader: IndexReader,
    view: RwLock<Arc<View>>,
}

/// One segment of the index, ready to be read.
struct Segment {
    lists: Arc<InvertedIndexReader>,
    score: Arc<dyn ColumnValues<f64>>,
    row: Arc<dyn ColumnValues<u64>>,
    alive: Option<AliveBitSet>,
}

/// What was committed last.
struct View {
    segments: Vec<Segment>,
}

impl Search {
    /// The offers of a market.
    ///
    /// # Errors
    /// If tantivy fails.
    pub fn of(market: &Market) -> Result<Search> {
        let mut schema = Schema::builder();
        let fields = Fields {
            offer: schema.add_u64_field("offer", INDEXED),
            serves: schema.add_u64_field("serves", INDEXED),
            score: schema.add_f64_field("score", FAST),
            row: schema.add_u64_field("row", FAST),
        };
        let index = Index::create_in_ram(schema.build());
        // One thread fills one segment.
        let mut writer: IndexWriter = index.writer_with_num_threads(1, BUDGET)?;
        for (product, offers) in (0u32..).zip(&market.products) {
            for (row, offer) in (0u32..).zip(offers).filter(|(_, offer)| offer.stock > 0) {
                writer.add_document(document(fields, product, row, offer))?;
            }
        }
        writer.commit()?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let view = RwLock::new(Arc::new(View::of(&reader, fields)?));
        Ok(Search { fields, writer: Mutex::new(writer), reader, view })
    }
}

impl View {
    fn of(reader: &IndexReader, fields: Fields) -> Result<View> {
        let mut segments = Vec::new();
        for segment in reader.searcher().segment_readers() {
            segments.push(Segment {
                lists: segment.inverted_index(fields.serves)?,
                score: segment.fast_fields().column_first_or_default("score")?,
                row: segment.fast_fields().column_first_or_default("row")?,
                alive: segment.alive_bitset().cloned(),
            });
        }
        Ok(View { segments })
    }
}

fn offer_term(fields: Fields, product: u32, row: u32) -> Term {
    Term::from_field_u64(fields.offer, u64::from(product) << 32 | u64::from(row))
}

fn served(product: u32, country: u8) -> u64 {
    u64::from(product) << 8 | u64::from(country)
}

fn document(fields: Fields, product: u32, row: u32, offer: &Offer) -> TantivyDocument {
    let mut document = TantivyDocument::new();
    document.add_u64(fields.offer, u64::from(product) << 32 | u64::from(row));
    for country in offer.countries() {
        document.add_u64(fields.serves, served(product, country));
    }
    document.add_f64(fields.score, offer.score.into());
    document.add_u64(fields.row, row.into());
    document
}

impl Peer for Search {
    type Reader<'a> = SearchReader<'a>;
    type Writer<'a> = SearchWriter<'a>;

    fn reader(&self) -> Result<SearchReader<'_>> {
        Ok(SearchReader { peer: self, found: vec![] })
    }

    fn writer(&self) -> Result<SearchWriter<'_>> {
        Ok(SearchWriter { peer: self })
    }
}

/// Reads one list in each segment and selects.
pub struct SearchReader<'a> {
    peer: &'a Search,
    found: Vec<(f64, u32)>,
}

impl Reader for SearchReader<'_> {
    fn top10(&mut self, query: Query) -> Result<usize> {
        let found = &mut self.found;
        found.clear();
        let view = Arc::clone(&self.peer.view.read().unwrap_or_else(PoisonError::into_inner));
        let served = served(query.product, query.country);
        let term = Term::from_field_u64(self.peer.fields.serves, served);
        for segment in &view.segments {
            let list = segment.lists.read_postings(&term, IndexRecordOption::Basic)?;
            let Some(mut list) = list else { continue };
            let mut doc = list.doc();
            while doc != TERMINATED {
                if segment.alive.as_ref().is_none_or(|alive| alive.is_alive(doc)) {
                    found.push((segment.score.get_val(doc), segment.row.get_val(doc) as u32));
                }
                doc = list.advance();
            }
        }
        let better = |a: &(f64, u32), b: &(f64, u32)| b.0.total_cmp(&a.0);
        if found.len() > SLATE {
            found.select_nth_unstable_by(SLATE, better);
            found.truncate(SLATE);
        }
        found.sort_unstable_by(better);
        Ok(found.len())
    }

    fn rows(&self, rows: &mut Vec<u32>) {
        rows.clear();
        rows.extend(self.found.iter().map(|(_, row)| row));
    }
}

/// Replaces documents and commits.
pub struct SearchWriter<'a> {
    peer: &'a Search,
}

impl Writer for SearchWriter<'_> {
    fn apply(&mut self, changes: &[Change]) -> Result<()> {
        let Search { fields, writer, reader, view } = self.peer;
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        for Change { product, row, offer, .. } in changes {
            writer.delete_term(offer_term(*fields, *product, *row));
            if offer.stock > 0 {
                writer.add_document(document(*fields, *product, *row, offer))?;
            }
        }
        writer.commit()?;
        reader.reload()?;
        let fresh = Arc::new(View::of(reader, *fields)?);
        *view.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}
