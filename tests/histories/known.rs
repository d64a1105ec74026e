//! Histories that broke a rule once.

use crate::history::{History, Machine, Step, What};

/// The only way to live one: steps of the machine, each with its amount.
#[track_caller]
fn check(steps: &[(Machine, usize)]) {
    let step = |(machine, amount): &(Machine, usize)| Step {
        what: What::Machine(*machine),
        who: 0,
        other: 0,
        amount: *amount,
        look: true,
    };
    let history = History { first: 4, steps: steps.iter().map(step).collect() };
    if let Err(broken) = crate::lived(&history) {
        panic!("{broken}");
    }
}

/// The first was remembered, the second was not: whoever started next believed it, and let go of every embargo.
#[test]
fn the_last_of_two_jumps_of_the_clock_is_not_believed_after_a_restart() {
    let (an_hour, a_year) = ((Machine::StepClock, 1), (Machine::StepClock, 4));
    check(&[an_hour, a_year, (Machine::Restart, 0)]);
}
