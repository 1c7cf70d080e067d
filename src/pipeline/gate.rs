//! Gate: large files wait for each other, so that the memory for reading keeps within its budget.

use std::sync::{Condvar, Mutex, PoisonError};

/// A file takes several times its size while it is read.
const TIMES: u64 = 12;

/// Lets as many files in as there is memory for, and at least one.
#[derive(Debug)]
pub(super) struct Gate {
    budget: u64,
    taken: Mutex<u64>,
    freed: Condvar,
}

/// The room that a file has, until it is dropped.
#[derive(Debug)]
pub(super) struct Room<'a> {
    gate: &'a Gate,
    bytes: u64,
}

impl Gate {
    pub(super) fn new(budget: u64) -> Self {
        Gate { budget, taken: Mutex::new(0), freed: Condvar::new() }
    }

    /// Waits until there is room for a file of this size.
    pub(super) fn enter(&self, size: u64) -> Room<'_> {
        let bytes = size.saturating_mul(TIMES).min(self.budget);
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |taken: &mut u64| 0 < *taken && self.budget < taken.saturating_add(bytes);
        let mut taken = self.freed.wait_while(taken, full).unwrap_or_else(PoisonError::into_inner);
        *taken += bytes;
        Room { gate: self, bytes }
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        *self.gate.taken.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.gate.freed.notify_all();
    }
}

#[test]
fn the_budget_holds_and_nobody_waits_for_ever() {
    let gate = Gate::new(120);
    let (inside, most) = (Mutex::new(0_u64), Mutex::new(0_u64));
    std::thread::scope(|scope| {
        for size in [4, 4, 4, 1000, 2, 7, 10, 0] {
            let (gate, inside, most) = (&gate, &inside, &most);
            scope.spawn(move || {
                let room = gate.enter(size);
                let mut now = inside.lock().unwrap();
                *now += room.bytes;
                let mut most = most.lock().unwrap();
                *most = (*most).max(*now);
                drop((now, most));
                *inside.lock().unwrap() -= room.bytes;
            });
        }
    });
    assert!(*most.lock().unwrap() <= 120);
}
