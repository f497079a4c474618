//! Who acts: sellers, shoppers and the marketplace's staff. Agents know the market only by what the
//! protocol tells them; sellers, shoppers and staff do not see one another's code.

pub mod sellers;
pub mod shoppers;
pub mod staff;
