//! The endpoint as browsers and sub-sites meet it: real router, real database, clock in hand.

mod agreement;
mod asking;
mod attacks;
pub(crate) mod browser;
mod forms;
mod objects;
mod offline;
mod resources;
pub(crate) mod signing;
mod silent;
mod strength;
mod visits;

#[test]
fn the_texts_are_complete_in_every_language() {
    let texts = web::language::Texts::new(&[web::language::MESSAGES, crate::MESSAGES]).expect("texts");
    assert_eq!(texts.missing(), Vec::new());
}
