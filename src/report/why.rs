//! A slate with its scores taken apart, for a terminal of 100 columns.

use std::fmt::Write;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::numbers::{NONE, count, fixed};
use crate::experiment::{Placing, Slate};
use crate::ranking::Term;

/// Columns of a terminal that everything fits in.
const WIDTH: usize = 100;

/// The offers of a slate, the terms of their scores, and who is not among them.
pub fn why_text(slate: &Slate) -> String {
    let mut text = String::new();
    let Slate { week, product, category, grade, country, class, .. } = slate;
    let price = fixed(slate.reference_eur, 2);
    let _ = writeln!(
        text,
        "Product {product} ({category}, {grade}, reference {price} EUR) at the start of week {week}, \
         for {class} in {country}\n"
    );
    wrap(&mut text, &format!("{}: {}", slate.policy, slate.formula));
    let (session, per_query) = (&slate.session, slate.per_query);
    wrap(
        &mut text,
        &if per_query {
            format!(
                "The scores are those of one query, session {session}: its number keys the draws, and \
                 its shopper is of the class above. Prices to win are told with chance taken out."
            )
        } else {
            format!("Equal scores are ordered by a draw that session {session} keys.")
        },
    );
    text.push('\n');
    if slate.offers.is_empty() {
        text.push_str("Nobody sells it there now.\n");
    } else {
        text.push_str(&offers(&slate.offers));
        text.push('\n');
        let told = slate.offers.len();
        let _ = writeln!(
            text,
            "{told} of {} offers that can be bought; shoppers see {}.",
            slate.candidates, slate.slate_length
        );
        wrap(
            &mut text,
            "To win: the price at which an offer draws level with its best rival (first: it stands \
             first but for chance; none: no price is low enough; no: price does not decide).",
        );
        terms(&mut text, &slate.offers);
    }
    absent(&mut text, slate);
    text
}

fn offers(offers: &[Placing]) -> String {
    let header = [
        "place", "seller", "kind", "from", "price", "stars", "reviews", "days", "stock", "score",
        "to win",
    ];
    let rows = offers.iter().map(|offer| {
        vec![
            offer.place.to_string(),
            offer.seller.to_string(),
            offer.kind.to_owned(),
            clip(&offer.country),
            fixed(offer.price_eur.into(), 2),
            fixed(offer.stars.into(), 2),
            count(offer.reviews.into()),
            fixed(offer.promised_days, 1),
            count(offer.stock.into()),
            score(offer.score),
            to_win(offer),
        ]
    });
    table(header.map(str::to_owned).to_vec(), &[2, 3], rows.collect())
}

/// The price at which an offer would draw level with the best.
fn to_win(offer: &Placing) -> String {
    match offer.level_eur {
        _ if offer.place == 1 => NONE.to_owned(),
        _ if offer.stands_first => "first".to_owned(),
        Some(price) => fixed(price.into(), 2),
        None if offer.price_decides => "none".to_owned(),
        None => "no".to_owned(),
    }
}

/// Terms offer by offer; those that are the same for all are said once.
fn terms(text: &mut String, offers: &[Placing]) {
    let mut names: Vec<&str> = Vec::new();
    for term in offers.iter().flat_map(|offer| &offer.terms) {
        if term.name != "score" && !names.contains(&term.name) {
            names.push(term.name);
        }
    }
    let value = |offer: &Placing, name: &str| {
        let term = offer.terms.iter().rfind(|term: &&Term| term.name == name);
        term.map_or_else(|| NONE.to_owned(), |term| digits(term.value))
    };
    let same = |name: &&str| offers.iter().all(|o| value(o, name) == value(&offers[0], name));
    let (alike, apart): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| same(name));
    if !alike.is_empty() {
        let alike: Vec<_> =
            alike.iter().map(|name| format!("{name} {}", value(&offers[0], name))).collect();
        wrap(text, &format!("The same for all: {}.", alike.join(", ")));
    }
    if !apart.is_empty() {
        text.push('\n');
        let header = ["place", "seller"].iter().chain(&apart).map(|name| (*name).to_owned());
        let row = |offer: &Placing| {
            let who = [offer.place.to_string(), offer.seller.to_string()];
            who.into_iter().chain(apart.iter().map(|name| value(offer, name))).collect()
        };
        text.push_str(&table(header.collect(), &[], offers.iter().map(row).collect()));
    }
}

fn absent(text: &mut String, slate: &Slate) {
    if slate.absent.is_empty() {
        return;
    }
    text.push_str("\nListed, but not among them:\n");
    let header = ["seller", "kind", "from", "price", "stock", "why"].map(str::to_owned);
    let rows = slate.absent.iter().map(|absent| {
        vec![
            absent.seller.to_string(),
            absent.kind.to_owned(),
            clip(&absent.country),
            fixed(absent.price_eur.into(), 2),
            count(absent.stock.into()),
            absent.reasons.join(", "),
        ]
    });
    text.push_str(&table(header.to_vec(), &[1, 2, 5], rows.collect()));
}

/// Columns without lines: those of `left` to the left, the others to the right.
fn table(header: Vec<String>, left: &[usize], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    table.add_rows(rows);
    for (i, column) in table.column_iter_mut().enumerate() {
        let side = if left.contains(&i) { CellAlignment::Left } else { CellAlignment::Right };
        column.set_cell_alignment(side);
        column.set_padding((u16::from(i > 0) + u16::from((1..5).contains(&i)), 0));
    }
    format!("{}\n", table.trim_fmt())
}

/// A name in the columns that there are for it.
fn clip(name: &str) -> String {
    const LONGEST: usize = 14;
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// Writes words in lines that fit.
fn wrap(text: &mut String, words: &str) {
    let mut length = 0;
    for word in words.split(' ') {
        let width = word.chars().count();
        if length > 0 && length + 1 + width > WIDTH {
            text.push('\n');
            length = 0;
        }
        if length > 0 {
            text.push(' ');
            length += 1;
        }
        text.push_str(word);
        length += width;
    }
    text.push('\n');
}

/// A score with every digit that tells it from its neighbours.
fn score(score: f32) -> String {
    let plain = score == 0.0 || (1e-4..1e7).contains(&score.abs());
    if plain { score.to_string() } else { format!("{score:e}") }
}

/// A term with six digits that count.
fn digits(value: f64) -> String {
    if value != 0.0 && !(1e-4..1e7).contains(&value.abs()) {
        return format!("{value:.5e}");
    }
    let whole = format!("{:.0}", value.abs()).len();
    let text = format!("{value:.*}", 7_usize.saturating_sub(whole).min(6));
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}
