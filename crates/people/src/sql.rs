//! Lists of ids as parameters.

use ennakoi_store::Value;

/// Places `$first, $first+1 …` for an IN list and its values. The list is padded to a power of two by repeating the last
/// value, so that a database sees few different statements. An empty list becomes one NULL, which matches nothing.
pub(crate) fn list<T: Into<Value> + Copy>(first: usize, items: &[T]) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = items.iter().map(|item| (*item).into()).collect();
    let last = values.last().cloned().unwrap_or(Value::Null);
    values.resize(values.len().next_power_of_two(), last);
    let places: Vec<String> = (first..first + values.len()).map(|number| format!("${number}")).collect();
    (places.join(", "), values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_padded_to_a_power_of_two() {
        let (places, values) = list(2, &[7i64, 8, 9]);
        assert_eq!(places, "$2, $3, $4, $5");
        assert_eq!(values, [7i64, 8, 9, 9].map(Value::from));
        assert_eq!(list::<i64>(1, &[]), ("$1".to_owned(), vec![Value::Null]));
    }
}
