//! The population register: name and citizen ID number agree (`pop_2f`, facts in GB 11643 terms).

use model::language::Language;

use crate::evidence::port::{Definition, FormRoad, Road};

/// The source.
pub static SOURCE: Definition = Definition {
    id: "population_register",
    road: Road::Form(FormRoad {
        types_identity: true,
        with_phone: false,
        fields: &[],
    }),
    texts: &[(Language::ZhCn, ""), (Language::En, ""), (Language::Vi, "")],
    connect: |_, _| Err("is connected by its own section so far".to_owned()),
};
