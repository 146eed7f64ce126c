//! (stub until the tests of this module land)
