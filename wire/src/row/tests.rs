//! Rows are read back as PostgreSQL reads them: heap_deform_tuple, written down again.

use super::*;
use pg_retention_model::amount;
use pg_retention_model::host::Global;
use proptest::prelude::*;

/// A value in the terms of SQL.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Bool(bool),
    Int4(i32),
    Int8(i64),
    Float8(u64),
    Amount(i64),
    Text(std::vec::Vec<u8>),
    Uuid([u8; 16]),
}

impl Value {
    fn of(&self) -> Type {
        match self {
            Value::Bool(_) => Type::Bool,
            Value::Int4(_) => Type::Int4,
            Value::Int8(_) => Type::Int8,
            Value::Float8(_) => Type::Float8,
            Value::Amount(_) => Type::Numeric,
            Value::Text(_) => Type::Text,
            Value::Uuid(_) => Type::Uuid,
        }
    }

    fn write<H: Host>(of: Type, value: Option<&Value>, row: &mut Row<'_, H>) {
        match (of, value) {
            (Type::Bool, Some(Value::Bool(value))) => row.bool(Some(*value)),
            (Type::Bool, _) => row.bool(None),
            (Type::Int4, Some(Value::Int4(value))) => row.int4(Some(*value)),
            (Type::Int4, _) => row.int4(None),
            (Type::Int8, Some(Value::Int8(value))) => row.int8(Some(*value)),
            (Type::Int8, _) => row.int8(None),
            (Type::Float8, Some(Value::Float8(value))) => row.float8(Some(f64::from_bits(*value))),
            (Type::Float8, _) => row.float8(None),
            (Type::Numeric, Some(Value::Amount(value))) => {
                row.decimal(Some(&amount::to_base_10000(*value)));
            }
            (Type::Numeric, _) => row.decimal(None),
            (Type::Text, Some(Value::Text(value))) => row.text(Some(value)),
            (Type::Text, _) => row.text(None),
            (Type::Uuid, Some(Value::Uuid(value))) => row.uuid(Some(*value)),
            (Type::Uuid, _) => row.uuid(None),
            (of, value) => unreachable!("{of:?} {value:?}"),
        }
    }
}

/// The values of a tuple, read step by step as the comment of `row` says.
fn read(tuple: &[u8], columns: &[Type]) -> std::vec::Vec<Option<Value>> {
    let word = |at: usize| u16::from_ne_bytes([tuple[at], tuple[at + 1]]);
    assert_eq!(usize::from(word(18)), columns.len());
    let flags = word(20);
    let mut at = usize::from(tuple[22]);
    assert_eq!(at % 8, 0);
    assert!(at >= 23 + columns.len().div_ceil(8));
    let mut varies = false;
    let mut values = std::vec::Vec::new();
    for (i, of) in columns.iter().enumerate() {
        let is_null = flags & 1 != 0 && tuple[23 + i / 8] >> (i % 8) & 1 == 0;
        if is_null {
            values.push(None);
            continue;
        }
        let (align, len) = match of {
            Type::Bool => (1, 1),
            Type::Int4 => (4, 4),
            Type::Int8 | Type::Float8 => (8, 8),
            Type::Uuid => (1, 16),
            // att_align_pointer: a byte that is not zero is a short header, and not aligned.
            _ if tuple[at] != 0 && tuple[at] & 1 == 1 => (1, usize::from(tuple[at] >> 1)),
            _ => {
                at = at.next_multiple_of(4);
                let header = u32::from_le_bytes(tuple[at..at + 4].try_into().unwrap());
                assert_eq!(header & 3, 0);
                (4, header as usize >> 2)
            }
        };
        assert!(tuple[at..at.next_multiple_of(align)].iter().all(|pad| *pad == 0), "padding");
        at = at.next_multiple_of(align);
        let bytes = &tuple[at..at + len];
        at += len;
        let body = || if bytes[0] & 1 == 1 { &bytes[1..] } else { &bytes[4..] };
        values.push(Some(match of {
            Type::Bool => Value::Bool(bytes[0] == 1),
            Type::Int4 => Value::Int4(i32::from_ne_bytes(bytes.try_into().unwrap())),
            Type::Int8 => Value::Int8(i64::from_ne_bytes(bytes.try_into().unwrap())),
            Type::Float8 => Value::Float8(u64::from_ne_bytes(bytes.try_into().unwrap())),
            Type::Uuid => Value::Uuid(bytes.try_into().unwrap()),
            Type::Text => Value::Text(body().to_vec()),
            Type::Numeric => Value::Amount(numeric::read(body()).unwrap()),
            other => unreachable!("{other:?}"),
        }));
        varies |= matches!(of, Type::Text | Type::Numeric);
    }
    assert_eq!(at, tuple.len());
    assert_eq!(flags & 1 != 0, values.iter().any(Option::is_none));
    assert_eq!(flags & 2 != 0, varies);
    values
}

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        8 => proptest::collection::vec(any::<u8>(), 0..40),
        2 => proptest::collection::vec(any::<u8>(), 120..135),
        1 => proptest::collection::vec(any::<u8>(), 0..30_000),
    ];
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(Value::Int4),
        any::<i64>().prop_map(Value::Int8),
        any::<u64>().prop_map(Value::Float8),
        (i64::MIN + 1..=i64::MAX).prop_map(Value::Amount),
        text.prop_map(Value::Text),
        any::<[u8; 16]>().prop_map(Value::Uuid),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        pattern in proptest::collection::vec((value(), any::<bool>()), 1..20),
        repeat in 1usize..5,
    ) {
        let mut columns = Vec::new_in(Global);
        columns.extend(pattern.iter().map(|(value, _)| value.of()));
        let mut batch = Batch::new(columns.clone(), Global);
        // The second time over a buffer that was in use.
        for round in 0..2 {
            let mut rows = std::vec::Vec::new();
            for i in 0..repeat {
                let mut row = batch.row();
                let mut values = std::vec::Vec::new();
                for (value, is_null) in &pattern {
                    let value = (*is_null != ((i + round) % 2 == 0)).then_some(value);
                    Value::write(pattern[values.len()].0.of(), value, &mut row);
                    values.push(value.cloned());
                }
                prop_assert_eq!(row.finish(), Ok(()));
                rows.push(values);
            }
            let read: std::vec::Vec<_> = batch.tuples().map(|tuple| read(tuple, &columns)).collect();
            prop_assert_eq!(read, rows);
            batch.clear();
            prop_assert_eq!(batch.tuples().count(), 0);
        }
    }
}

fn batch(columns: &[Type]) -> Batch<Global> {
    let mut types = Vec::new_in(Global);
    types.extend_from_slice(columns);
    Batch::new(types, Global)
}

/// A batch that is full, and not handed over, takes more rows.
#[test]
fn a_row_behind_a_full_batch_is_kept() {
    let mut batch = batch(&[Type::Text]);
    for value in [Some(&[b'a'; 13_000][..]), None, None] {
        let mut row = batch.row();
        row.text(value);
        assert_eq!(row.finish(), Ok(()));
    }
    assert_eq!(batch.tuples().count(), 3);
}

#[test]
fn another_column_than_the_declared_one_is_told() {
    let mut batch = batch(&[Type::Int8, Type::Text]);
    let mut row = batch.row();
    row.int8(Some(1));
    row.float8(None);
    assert_eq!(row.finish(), Err(Mismatch { column: 1, written: Some(Type::Float8) }));

    let mut row = batch.row();
    row.int8(Some(1));
    assert_eq!(row.finish(), Err(Mismatch { column: 1, written: None }));

    let mut row = batch.row();
    row.int8(None);
    row.text(Some(b"a"));
    row.bool(Some(true));
    assert_eq!(row.finish(), Err(Mismatch { column: 2, written: Some(Type::Bool) }));
    assert_eq!(batch.tuples().count(), 0, "none of them counts");
}

/// The numbers of an array, as PostgreSQL reads them (ARR_NULLBITMAP and ARR_DATA_PTR of src/include/utils/array.h).
fn numbers(array: &[u8]) -> std::vec::Vec<Option<f64>> {
    let word = |place: usize| i32::from_ne_bytes(array[4 * place..][..4].try_into().unwrap());
    let [size, dimensions, offset, of, len, first] = [0, 1, 2, 3, 4, 5].map(word);
    assert_eq!((size as usize >> 2, size & 3), (array.len(), 0));
    assert_eq!((dimensions, of, first), (1, 701, 1));
    let (header, len) = (24, len as usize);
    let begin = if offset == 0 { header } else { offset as usize };
    let is_known = |i: usize| offset == 0 || array[header + i / 8] >> (i % 8) & 1 == 1;
    assert_eq!(
        begin,
        if offset == 0 { header } else { (header + len.div_ceil(8)).next_multiple_of(8) }
    );
    let mut values = array[begin..].chunks(8);
    let mut next = || f64::from_ne_bytes(values.next().unwrap().try_into().unwrap());
    let found = (0..len).map(|i| is_known(i).then(&mut next)).collect();
    assert!(values.next().is_none());
    found
}

#[test]
fn an_array_has_bits_if_something_in_it_is_null() {
    for len in [1, 7, 8, 9, 16, 17, 29] {
        let known = |i: usize| i as f64 - 2.5;
        let none = std::iter::repeat_n(f64::NAN, len).collect::<std::vec::Vec<_>>();
        let all = (0..len).map(known).collect::<std::vec::Vec<_>>();
        let mut cases = vec![all.clone(), none];
        for null in 0..len {
            let mut one = all.clone();
            one[null] = f64::NAN;
            cases.push(one);
        }
        let mut batch = batch(&[Type::Bool, Type::Float8Array, Type::Bool]);
        for values in &cases {
            let mut row = batch.row();
            row.bool(Some(true));
            row.float8s(values);
            row.bool(Some(true));
            assert_eq!(row.finish(), Ok(()));
        }
        assert_eq!(batch.tuples().count(), cases.len());
        for (tuple, values) in batch.tuples().zip(&cases) {
            // A truth value on either side of it; it begins at a multiple of eight bytes.
            assert_eq!((tuple[24], tuple.last()), (1, Some(&1)));
            let array = &tuple[32..tuple.len() - 1];
            let expected = values.iter().map(|value| Some(*value).filter(|value| !value.is_nan()));
            assert_eq!(numbers(array), expected.collect::<std::vec::Vec<_>>());
            let has_null = values.iter().any(|value| value.is_nan());
            assert_eq!(array[8..12] != [0; 4], has_null, "{values:?}");
        }
    }
}

#[test]
fn days_and_instants_have_bounds() {
    assert_eq!(date(-2_451_545), Some(-2_451_545));
    assert_eq!(date(-2_451_546), None);
    assert_eq!(date(i64::from(i32::MAX) + 1), None);
    assert_eq!(timestamp(-211_813_488_000_000_000), Some(-211_813_488_000_000_000));
    assert_eq!(timestamp(-211_813_488_000_000_001), None);
    assert_eq!(timestamp(i64::MAX), None);
}
