//! A customer.

use crate::error::Error;

/// What the models know of a customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Customer {
    /// Repeat purchases.
    pub x: f64,
    /// When the last one was, since the first purchase; 0 if there was none.
    pub t_x: f64,
    /// Time since the first purchase.
    pub age: f64,
}

impl Customer {
    /// One of whom nothing is known yet.
    pub const NEW: Customer = Customer { x: 0.0, t_x: 0.0, age: 0.0 };
}

/// Can these be the numbers of a customer?
#[inline]
pub fn check(c: Customer) -> Result<Customer, Error> {
    let Customer { x, t_x, age } = c;
    let is_count = f64::from(x as u32) == x && x < 1e9;
    let is_time = 0.0 <= t_x && t_x <= age && age.is_finite();
    if is_count && is_time && (x > 0.0 || t_x == 0.0) {
        // No negative zeros.
        return Ok(Customer { x: x + 0.0, t_x: t_x + 0.0, age: age + 0.0 });
    }
    Err(what_is_wrong(c))
}

#[cold]
fn what_is_wrong(Customer { x, t_x, age }: Customer) -> Error {
    let wrong = |message: String, hint| Error::bad(message, hint);
    if !(x >= 0.0 && x.fract() == 0.0 && x < 1e9) {
        return wrong(
            format!("x = {x} is not a number of repeat purchases"),
            "Take 0 or more whole purchases, without the first one.",
        );
    }
    if !(age >= 0.0 && age.is_finite()) {
        return wrong(
            format!("age = {age} is not a time since the first purchase"),
            "Take a finite number of units of time, 0 or more.",
        );
    }
    if !(t_x >= 0.0 && t_x <= age) {
        return wrong(
            format!("t_x = {t_x} does not lie between 0 and the age, {age}"),
            "t_x is the time from the first to the last purchase, age that from the first purchase \
             to the end of the data.",
        );
    }
    wrong(
        format!("t_x = {t_x} without a repeat purchase"),
        "Where x is 0, t_x is 0 too: x counts the purchases after the first one.",
    )
}
