use super::*;

#[test]
fn a_table_has_a_name_of_its_own_and_a_key_and_an_age_among_its_columns() {
    for (at, table) in TABLES.iter().enumerate() {
        assert!(TABLES.iter().skip(at + 1).all(|other| other.name != table.name), "{}", table.name);
        let has = |column: &str| table.position(column).is_some();
        assert!(table.key.iter().all(|column| has(column)), "{}", table.name);
        if let Some(Shown::Hours { age, .. }) = table.shown {
            assert!(has(age), "{}", table.name);
        }
        match table.kept {
            // What is put in by its key must have one; what is carried must be rebuilt from something.
            Some(kept) => {
                assert!(!table.key.is_empty(), "{}", table.name);
                assert!(
                    matches!(kept.carried, Carried::Never | Carried::SameLog) || table.has_documents(),
                    "{}",
                    table.name
                );
            }
            None => assert!(table.shown.is_some(), "{}", table.name),
        }
        if table.key.is_empty() {
            assert!(table.columns.iter().all(|column| column.kind != Kind::Money), "{}", table.name);
        }
    }
}

const MONEY: Table = Table {
    name: "money",
    columns: &[
        required("id", Kind::Text),
        optional("amount", Kind::Money),
        optional("moment", Kind::Timestamp),
    ],
    key: &["id"],
    shown: Some(Shown::Always),
    kept: None,
};

#[test]
fn of_rows_with_one_key_the_last_stays_and_money_is_exact() {
    let layout = Layout::of_workspace(&MONEY);
    let mut connection = duckdb::Connection::open_in_memory().unwrap();
    connection.execute_batch(&(duck::create(layout) + &duck::create_stage(layout))).unwrap();
    let row = |id: &str, millionths: i64| vec![id.into(), Value::Money(millionths), Value::Null];
    for rows in [vec![row("a", 1), row("b", 2)], vec![row("b", -999_999_999_999_999_999), row("c", 7)]] {
        let mut batch = Batch::default();
        for row in rows {
            batch.put_row(&MONEY, row);
        }
        let transaction = connection.transaction().unwrap();
        for (_, rows) in batch.tables() {
            duck::upsert(&transaction, layout, "", &rows).unwrap();
        }
        transaction.commit().unwrap();
    }

    let rows = duck::rows(&connection, layout, "ORDER BY id", &[]).unwrap();
    assert_eq!(rows, [row("a", 1), row("b", -999_999_999_999_999_999), row("c", 7)]);
    let sum: String =
        connection.query_row("SELECT sum(amount)::VARCHAR FROM money", [], |row| row.get(0)).unwrap();
    assert_eq!(sum, "-999999999999.999991");
}
