//! How much memory a fit takes at its peak, as a host counts it: linear in the customers who differ.

use allocator_api2::alloc::{AllocError, Allocator, Global, Layout};
use pg_retention_model::clv::Customer;
use pg_retention_model::clv::aggregate::FitState;
use pg_retention_model::host::Host;
use pg_retention_model::numeric::SplitMix64;
use std::cell::Cell;
use std::collections::HashSet;
use std::ptr::NonNull;
use std::rc::Rc;

/// A host that counts the bytes that are allocated, now and at most.
#[derive(Debug, Clone, Default)]
struct Counting(Rc<(Cell<usize>, Cell<usize>)>);

// SAFETY: memory is Global's, and clones count in one place. A block that grows is counted twice
// while it is copied, as the methods provided do it.
unsafe impl Allocator for Counting {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let (now, most) = &*self.0;
        now.set(now.get() + layout.size());
        most.set(most.get().max(now.get()));
        Global.allocate(layout)
    }

    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        self.0.0.set(self.0.0.get() - layout.size());
        // SAFETY: by the contract of this function, since `allocate` is Global's.
        unsafe { Global.deallocate(ptr, layout) }
    }
}

impl Host for Counting {
    fn poll(&self) {}
}

/// Two years of customers whose rates and probabilities to leave differ, with times in days.
fn customer(random: &mut SplitMix64) -> Customer {
    let exponential = |random: &mut SplitMix64| -random.open_unit().ln();
    let age = 1.0 + 729.0 * random.open_unit();
    let rate = exponential(random) / 40.0;
    let leaves = 1.0 - random.open_unit().powf(0.1);
    let (mut x, mut t_x, mut now) = (0.0, 0.0, 0.0);
    loop {
        now += exponential(random) / rate;
        if now > age {
            return Customer { x, t_x, age };
        }
        (x, t_x) = (x + 1.0, now);
        if random.open_unit() < leaves {
            return Customer { x, t_x, age };
        }
    }
}

/// The bytes at the peak for every customer who differs, and how many these are.
fn peak(model: &str, customers: impl Iterator<Item = Customer>) -> (f64, usize) {
    let host = Counting::default();
    let mut state = FitState::new(host.clone());
    state.ask(Some(model), Some("day")).unwrap();
    let mut distinct = HashSet::new();
    for c in customers {
        state.push(c, None, None, &[]).unwrap();
        distinct.insert([c.x, c.t_x, c.age].map(f64::to_bits));
    }
    let text = state.fit().unwrap().unwrap();
    assert!(text.contains("\"converged\":true"), "{text}");
    (host.0.1.get() as f64 / distinct.len() as f64, distinct.len())
}

#[test]
fn at_most_100_bytes_for_every_customer_who_differs() {
    let mut random = SplitMix64::new(1);
    let whole_days = (0..2_000_000).map(|_| {
        let c = customer(&mut random);
        let age = c.age.ceil();
        Customer { t_x: c.t_x.ceil().min(age), age, ..c }
    });
    let (bytes, distinct) = peak("bg/nbd", whole_days);
    assert!(distinct > 900_000, "{distinct}");
    assert!(bytes < 100.0, "{bytes} bytes for each of {distinct}");
}

/// Where all times differ the memory is linear too.
#[test]
fn as_little_where_no_two_times_are_alike() {
    for model in ["bg/nbd", "pareto/nbd"] {
        for customers in [70_000, 90_000, 110_000, 130_000] {
            let mut random = SplitMix64::new(2);
            let (bytes, distinct) = peak(model, (0..customers).map(|_| customer(&mut random)));
            assert_eq!(distinct, customers);
            assert!(bytes < 100.0, "{model}: {bytes} bytes for each of {distinct}");
        }
    }
}
